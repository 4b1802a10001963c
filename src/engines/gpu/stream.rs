//! A stream of outputs from one adapter: while one is read, the next ones are computed.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, channel};

use super::bind::Bound;
use super::runner::Runner;
use crate::engines::collect::POISON;
use crate::engines::stream::{Chunk, Stream};
use crate::engines::unsupported;
use crate::model::{RunError, Skip};
use crate::wgsl::specialise;

/// Outputs that are computed or read at the same time.
const IN_FLIGHT: usize = 3;

/// An output on its way.
struct Sent {
    index: usize,
    place: usize,
    submission: wgpu::SubmissionIndex,
    mapped: Receiver<Result<(), wgpu::BufferAsyncError>>,
}

impl Runner {
    /// As [`crate::engines::Engine::stream`].
    pub(in crate::engines) fn stream(&mut self, stream: &mut Stream<'_>) -> Result<Result<(), Skip>, RunError> {
        let special = specialise(stream.program)?;
        if let Some(skip) = unsupported(stream.program, &special, &self.features, &self.device.limits()) {
            return Ok(Err(skip));
        }
        self.checked(|runner| runner.stream_unchecked(stream)).map(Ok)
    }

    fn stream_unchecked(&mut self, stream: &mut Stream<'_>) -> Result<(), RunError> {
        let program = stream.program;
        let buffers: Vec<_> = program.buffers.iter().map(|b| self.buffer(b)).collect();
        let bound = Bound::new(&self.device, program, &buffers);
        let pipelines = self.compiled.pipelines(&self.device, program, &bound.layout);
        let output = &buffers[program.output.buffer].used;
        let bytes = 4 * program.output.span() as u64;
        let staging: Vec<_> = (0..IN_FLIGHT)
            .map(|_| {
                self.device.create_buffer(&wgpu::BufferDescriptor {
                    label: Some("staging"),
                    size: bytes,
                    usage: wgpu::BufferUsages::MAP_READ | wgpu::BufferUsages::COPY_DST,
                    mapped_at_creation: false,
                })
            })
            .collect();
        let mut on_their_way: VecDeque<Sent> = VecDeque::new();
        let mut sent = 0u32;
        loop {
            while on_their_way.len() < IN_FLIGHT
                && let Some(words) = stream.contents.next()
            {
                let place = sent as usize % IN_FLIGHT;
                self.queue.write_buffer(&buffers[stream.varied].used, 0, bytemuck::cast_slice(&words));
                let mut encoder = self.device.create_command_encoder(&wgpu::CommandEncoderDescriptor::default());
                self.encode(&mut encoder, program, &buffers, &bound, &pipelines, sent);
                encoder.copy_buffer_to_buffer(output, 0, &staging[place], 0, bytes);
                let submission = self.queue.submit([encoder.finish()]);
                let (sender, mapped) = channel();
                staging[place].slice(..).map_async(wgpu::MapMode::Read, move |result| {
                    // Nobody listens where another output failed before.
                    let _ = sender.send(result);
                });
                on_their_way.push_back(Sent { index: sent as usize, place, submission, mapped });
                sent += 1;
            }
            let Some(first) = on_their_way.pop_front() else { return Ok(()) };
            let wait = wgpu::PollType::Wait { submission_index: Some(first.submission), timeout: None };
            self.device.poll(wait).map_err(|e| RunError::Driver(format!("waiting: {e}")))?;
            first
                .mapped
                .recv()
                .map_err(|_| RunError::Driver("the readback never completed".to_owned()))?
                .map_err(|e| RunError::Driver(format!("mapping: {e}")))?;
            let buffer = &staging[first.place];
            let range = buffer.slice(..).get_mapped_range();
            let range = range.map_err(|e| RunError::Driver(format!("mapped range: {e}")))?;
            let poison = Some(POISON[first.index % 2]);
            let taken = match bytemuck::try_cast_slice(&range) {
                Ok(words) => (stream.take)(Chunk { index: first.index, words, poison }),
                Err(_) => {
                    let words: Vec<u32> = bytemuck::pod_collect_to_vec(&range);
                    (stream.take)(Chunk { index: first.index, words: &words, poison })
                }
            };
            drop(range);
            buffer.unmap();
            taken?;
        }
    }
}
