//! What Vulkan tells of a driver beyond wgpu's `AdapterInfo`: versions, UUIDs and float controls, read through wgpu-hal.

use crate::model::FloatControls;

/// The Vulkan part of an identity; empty on other backends.
#[derive(Debug, Default)]
pub(super) struct VulkanIdentity {
    pub(super) driver_version: Option<String>,
    pub(super) api_version: Option<String>,
    pub(super) conformance_version: Option<String>,
    pub(super) device_uuid: Option<String>,
    pub(super) driver_uuid: Option<String>,
    pub(super) pipeline_cache_uuid: Option<String>,
    pub(super) float_controls: Option<FloatControls>,
}

#[cfg(not(any(target_os = "linux", target_os = "windows")))]
pub(super) fn vulkan(_: &wgpu::Adapter) -> Option<VulkanIdentity> {
    None
}

#[cfg(any(target_os = "linux", target_os = "windows"))]
pub(super) fn vulkan(adapter: &wgpu::Adapter) -> Option<VulkanIdentity> {
    use ash::vk;

    // SAFETY: the physical device and the instance are only read, and neither outlives `adapter`.
    let hal = unsafe { adapter.as_hal::<wgpu::hal::api::Vulkan>() }?;
    let physical = hal.raw_physical_device();
    let instance = hal.shared_instance().raw_instance();
    let mut id = vk::PhysicalDeviceIDProperties::default();
    let mut driver = vk::PhysicalDeviceDriverProperties::default();
    let mut floats = vk::PhysicalDeviceFloatControlsProperties::default();
    let mut properties =
        vk::PhysicalDeviceProperties2::default().push_next(&mut id).push_next(&mut driver).push_next(&mut floats);
    // SAFETY: `physical` belongs to `instance`. A driver older than Vulkan 1.2 leaves what it does not know at zero,
    // and only what a 1.2 driver defines is read below.
    unsafe { instance.get_physical_device_properties2(physical, &mut properties) };
    let base = properties.properties;
    let modern = base.api_version >= vk::API_VERSION_1_2;
    let conformance = driver.conformance_version;
    Some(VulkanIdentity {
        driver_version: Some(format!("0x{:08x}", base.driver_version)),
        api_version: Some(format!(
            "{}.{}.{}",
            vk::api_version_major(base.api_version),
            vk::api_version_minor(base.api_version),
            vk::api_version_patch(base.api_version)
        )),
        conformance_version: modern.then(|| {
            format!("{}.{}.{}.{}", conformance.major, conformance.minor, conformance.subminor, conformance.patch)
        }),
        device_uuid: Some(hex(&id.device_uuid)),
        driver_uuid: Some(hex(&id.driver_uuid)),
        pipeline_cache_uuid: Some(hex(&base.pipeline_cache_uuid)),
        float_controls: modern.then_some(FloatControls {
            signed_zero_inf_nan_preserve: floats.shader_signed_zero_inf_nan_preserve_float32 != 0,
            denorm_preserve: floats.shader_denorm_preserve_float32 != 0,
            denorm_flush_to_zero: floats.shader_denorm_flush_to_zero_float32 != 0,
            rounding_rte: floats.shader_rounding_mode_rte_float32 != 0,
        }),
    })
}

#[cfg(any(target_os = "linux", target_os = "windows"))]
fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|b| format!("{b:02x}")).collect()
}
