//! Finding adapters, and saying exactly which driver each is.

use super::identity;
use super::runner::Runner;
use crate::engines::RunError;
use crate::model::AdapterIdentity;

/// The backends that can exist on this platform, as typed.
#[must_use]
pub fn backend_names() -> &'static [&'static str] {
    if cfg!(target_os = "macos") {
        &["metal"]
    } else if cfg!(target_os = "windows") {
        &["vulkan", "dx12", "gl"]
    } else {
        &["vulkan", "gl"]
    }
}

fn backend(name: &str) -> Option<wgpu::Backends> {
    Some(match name {
        "vulkan" => wgpu::Backends::VULKAN,
        "gl" => wgpu::Backends::GL,
        "metal" => wgpu::Backends::METAL,
        "dx12" => wgpu::Backends::DX12,
        _ => return None,
    })
}

/// An instance with fixed flags: the defaults differ between debug and release builds, and on DirectX 12 that changes
/// what the compiler is told.
fn instance(backends: wgpu::Backends) -> wgpu::Instance {
    let mut descriptor = wgpu::InstanceDescriptor::new_without_display_handle();
    descriptor.backends = backends;
    descriptor.flags = wgpu::InstanceFlags::empty();
    wgpu::Instance::new(descriptor)
}

fn adapters(backend_name: &str) -> Vec<wgpu::Adapter> {
    let Some(backends) = backend(backend_name) else { return Vec::new() };
    pollster::block_on(instance(backends).enumerate_adapters(backends))
}

/// The adapters of one backend. Loads the drivers into this process, so it belongs in a child.
#[must_use]
pub fn enumerate(backend_name: &str) -> Vec<AdapterIdentity> {
    adapters(backend_name).iter().enumerate().map(|(index, a)| describe(a, backend_name, index)).collect()
}

/// Opens the adapter with this place among those of its backend.
///
/// # Errors
/// When there is none, or the driver gives no device.
pub fn open(backend_name: &str, index: usize) -> Result<(AdapterIdentity, Runner), RunError> {
    let adapter = adapters(backend_name)
        .into_iter()
        .nth(index)
        .ok_or_else(|| RunError::Gone(format!("backend {backend_name} has no adapter number {index} any more")))?;
    let identity = describe(&adapter, backend_name, index);
    let runner = Runner::open(&adapter)?;
    Ok((identity, runner))
}

fn describe(adapter: &wgpu::Adapter, backend_name: &str, index: usize) -> AdapterIdentity {
    let info = adapter.get_info();
    let device_type = match info.device_type {
        wgpu::DeviceType::Cpu => "cpu",
        wgpu::DeviceType::IntegratedGpu => "integrated-gpu",
        wgpu::DeviceType::DiscreteGpu => "discrete-gpu",
        wgpu::DeviceType::VirtualGpu => "virtual-gpu",
        wgpu::DeviceType::Other => "other",
    };
    let vulkan = identity::vulkan(adapter).unwrap_or_default();
    AdapterIdentity {
        name: info.name,
        backend: backend_name.to_owned(),
        index,
        vendor: info.vendor,
        device: info.device,
        device_type: device_type.to_owned(),
        driver: info.driver,
        driver_info: info.driver_info,
        driver_version: vulkan.driver_version,
        api_version: vulkan.api_version,
        conformance_version: vulkan.conformance_version,
        device_uuid: vulkan.device_uuid,
        driver_uuid: vulkan.driver_uuid,
        pipeline_cache_uuid: vulkan.pipeline_cache_uuid,
        float_controls: vulkan.float_controls,
        subgroup_sizes: [info.subgroup_min_size, info.subgroup_max_size],
        features: super::features(adapter),
    }
}
