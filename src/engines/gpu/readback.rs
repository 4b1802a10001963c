//! Staging buffers, kept between cases: allocating one for each readback costs more than the readback.

use crate::engines::RunError;

/// A buffer that the CPU can map, grown when a larger one is needed.
#[derive(Debug, Default)]
pub(super) struct Staging {
    buffer: Option<wgpu::Buffer>,
}

impl Staging {
    /// A buffer of at least `bytes`.
    pub(super) fn at_least(&mut self, device: &wgpu::Device, bytes: u64) -> &wgpu::Buffer {
        let fits = self.buffer.as_ref().is_some_and(|b| b.size() >= bytes);
        let kept = self.buffer.take().filter(|_| fits);
        self.buffer.insert(kept.unwrap_or_else(|| {
            device.create_buffer(&wgpu::BufferDescriptor {
                label: Some("staging"),
                size: bytes.next_power_of_two(),
                usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                mapped_at_creation: false,
            })
        }))
    }

    /// Waits for the work submitted so far, then gives the first `bytes` to `read`.
    pub(super) fn read<T>(
        &self,
        device: &wgpu::Device,
        bytes: u64,
        read: impl FnOnce(&[u8]) -> T,
    ) -> Result<T, RunError> {
        let buffer = self.buffer.as_ref().ok_or_else(|| RunError::Driver("no staging buffer".to_owned()))?;
        let slice = buffer.slice(..bytes);
        let (sender, receiver) = std::sync::mpsc::channel();
        slice.map_async(wgpu::MapMode::Read, move |result| {
            // The receiver is gone only when the wait below failed, and that is reported there.
            let _ = sender.send(result);
        });
        device.poll(wgpu::PollType::wait_indefinitely()).map_err(|e| RunError::Driver(format!("waiting: {e}")))?;
        receiver
            .recv()
            .map_err(|_| RunError::Driver("the readback never completed".to_owned()))?
            .map_err(|e| RunError::Driver(format!("mapping: {e}")))?;
        let range = slice.get_mapped_range().map_err(|e| RunError::Driver(format!("mapped range: {e}")))?;
        let value = read(&range);
        drop(range);
        buffer.unmap();
        Ok(value)
    }
}
