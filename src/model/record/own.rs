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

impl OwnKernel {
    /// A kernel's name in ids: its file's, in letters that no shell or id minds. It ends in `.wgsl`, as no kernel of the
    /// registry does.
    #[must_use]
    pub fn kernel(file: &str) -> String {
        let last = file.rsplit(['/', '\\']).next().unwrap_or(file);
        let keep = |c: char| if c.is_ascii_alphanumeric() || "._-".contains(c) { c } else { '_' };
        let clean: String = last.chars().map(keep).collect();
        if clean.ends_with(".wgsl") { clean } else { format!("{clean}.wgsl") }
    }

    /// Whether a case, or a problem, is of this kernel.
    #[must_use]
    pub fn is_of(&self, case: &str) -> bool {
        case.split_once('/').is_some_and(|(kernel, _)| kernel == Self::kernel(&self.file))
    }
}
