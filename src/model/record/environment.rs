//! Where an audit ran: host, processor, memory, system, and the variables that change numerics.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Environment {
    /// A digest of what identifies the machine's hardware, stable over updates: processor, cores, memory, host name.
    pub machine_id: String,
    /// The host's name.
    pub host: String,
    /// Operating system and version.
    pub os: String,
    /// The kernel's version.
    pub kernel: String,
    /// `x86_64`, `aarch64` ….
    pub architecture: String,
    /// The processor's name.
    pub cpu: String,
    /// Threads that this process may use.
    pub cpu_threads: u64,
    /// The processor's features that change which code runs: `avx2`, `fma`, `avx512f`, `f16c`.
    pub cpu_features: Vec<String>,
    /// Memory in MiB.
    pub memory_mib: u64,
    /// Those of the known variables that are set.
    pub variables: BTreeMap<String, String>,
}
