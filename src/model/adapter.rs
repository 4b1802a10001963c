//! Who an adapter is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Role;
use super::task::Feature;

/// The backend name of this program's own interpreter.
pub const INTERPRETER: &str = "embedded";

/// The backend name of processes that speak the remote protocol.
pub const REMOTE: &str = "remote";

/// What Vulkan says of a device's binary32 arithmetic (`VkPhysicalDeviceFloatControlsProperties`). A driver may do
/// more than it says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FloatControls {
    /// Signed zeros, infinities and NaN can be preserved.
    pub signed_zero_inf_nan_preserve: bool,
    /// Subnormals can be preserved.
    pub denorm_preserve: bool,
    /// Subnormals can be flushed.
    pub denorm_flush_to_zero: bool,
    /// Round to nearest even can be demanded.
    pub rounding_rte: bool,
}

/// An adapter and its driver. Two adapters with equal identities are the same hardware, driver build and backend as
/// far as any interface tells.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AdapterIdentity {
    /// The adapter's name as the driver gives it.
    pub name: String,
    /// `vulkan`, `gl`, `metal`, `dx12`, or `embedded` for this program's own interpreter.
    pub backend: String,
    /// Its place among the adapters of its backend on this machine.
    pub index: usize,
    /// PCI vendor id, or a registered one.
    pub vendor: u32,
    /// Device id of that vendor.
    pub device: u32,
    /// `cpu`, `integrated-gpu`, `discrete-gpu`, `virtual-gpu` or `other`.
    pub device_type: String,
    /// The driver's name; empty where the backend does not tell.
    pub driver: String,
    /// The driver's version text; empty where the backend does not tell.
    pub driver_info: String,
    /// Vulkan's `driverVersion`, as hexadecimal.
    pub driver_version: Option<String>,
    /// Vulkan's API version, `1.3.230`.
    pub api_version: Option<String>,
    /// Vulkan's conformance version.
    pub conformance_version: Option<String>,
    /// Vulkan's device UUID.
    pub device_uuid: Option<String>,
    /// Vulkan's driver UUID.
    pub driver_uuid: Option<String>,
    /// Vulkan's pipeline cache UUID, which changes with most driver builds.
    pub pipeline_cache_uuid: Option<String>,
    /// Vulkan's float controls for binary32.
    pub float_controls: Option<FloatControls>,
    /// Smallest and largest subgroup.
    pub subgroup_sizes: [u32; 2],
    /// The optional capabilities that cases may need.
    pub features: Vec<Feature>,
}

impl AdapterIdentity {
    /// The text that `--adapter` and `--require-adapter` are matched against, and that a report shows:
    /// `llvmpipe (LLVM 15.0.6, 256 bits) [vulkan, Mesa 22.3.6]`.
    #[must_use]
    pub fn label(&self) -> String {
        let driver = [&self.driver_info, &self.driver].into_iter().find(|t| !t.is_empty());
        let version = if self.driver_info.is_empty() { self.driver_version.as_deref() } else { None };
        let mut parts = vec![self.backend.clone()];
        parts.extend(driver.cloned());
        parts.extend(version.map(str::to_owned));
        format!("{} [{}]", self.name, parts.join(", "))
    }

    /// Stands for the adapters of a backend that could not be listed.
    #[must_use]
    pub fn unlisted(backend: &str) -> Self {
        Self {
            name: String::new(),
            backend: backend.to_owned(),
            index: 0,
            vendor: 0,
            device: 0,
            device_type: "other".to_owned(),
            driver: String::new(),
            driver_info: String::new(),
            driver_version: None,
            api_version: None,
            conformance_version: None,
            device_uuid: None,
            driver_uuid: None,
            pipeline_cache_uuid: None,
            float_controls: None,
            subgroup_sizes: [0, 0],
            features: Vec::new(),
        }
    }

    /// What is the same hardware, whatever the driver: vendor and device id, and the processor for software adapters.
    #[must_use]
    pub fn hardware(&self) -> String {
        format!("{:04x}:{:04x}", self.vendor, self.device)
    }

    /// Whether it computes on the CPU: what it gives is no GPU's result.
    #[must_use]
    pub fn is_software(&self) -> bool {
        self.device_type == "cpu"
    }

    /// What it is to an audit.
    #[must_use]
    pub fn role(&self) -> Role {
        match (self.backend.as_str(), self.index) {
            (INTERPRETER, 0) => Role::Reference,
            (INTERPRETER, _) => Role::Planted,
            (REMOTE, _) => Role::Remote,
            _ => Role::Driver,
        }
    }

    /// Whether this is this program's own interpreter, and no driver.
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.role().is_interpreter()
    }

    /// Whether repeated runs are chosen orders of execution, each another, instead of whatever the machine does. Nothing
    /// statistical follows from them.
    #[must_use]
    pub fn takes_orders(&self) -> bool {
        self.is_embedded() && !self.driver_info.contains("schedule=")
    }

    /// Its id among the engines of a record, such as `vulkan:0`.
    #[must_use]
    pub fn id(&self) -> String {
        format!("{}:{}", self.backend, self.index)
    }

    /// Whether `text` is its id, or part of its label, upper and lower case alike.
    #[must_use]
    pub fn matches(&self, text: &str) -> bool {
        self.id().eq_ignore_ascii_case(text) || self.label().to_lowercase().contains(&text.to_lowercase())
    }
}
