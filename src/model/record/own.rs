//! What a record holds of a kernel of the user's own: enough to know it, and to run it again.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A kernel of the user's own.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OwnKernel {
    /// The file, as it was named.
    pub file: String,
    /// BLAKE3 of the WGSL text, 64 hexadecimal digits.
    pub shader: String,
    /// BLAKE3 of [`OwnKernel::settings`], 64 hexadecimal digits.
    pub settings_digest: String,
    /// The settings in force, inferred ones included, as TOML.
    pub settings: String,
    /// The WGSL text.
    pub source: String,
    /// What follows `repro-audit kernel`, one argument each, to audit it again.
    pub arguments: Vec<String>,
    /// Whether no input is drawn, so that every seed gives the same. Since format 1.4.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unseeded: bool,
}
