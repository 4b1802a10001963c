//! What is known of a case's shader besides its results.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::drift::Drift;
use super::number;

/// What the interpreter, and a look at the shader, say of a case. Since format 1.3.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Examination {
    /// The most passes through the bodies of loops that one invocation makes in one dispatch, all loops together and the pass
    /// that leaves each loop included; 0 where that is not known.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub iterations: u64,
    /// The digest of the strict result if every loop is left after as many iterations of an invocation as the least limit
    /// allows that an engine of the record has, where that is met.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub loop_limited: Option<String>,
    /// The strict result stays the same when all liberties that the interpreter can take are taken at once, although it has
    /// floating point: that engines agree shows nothing of them.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub insensitive: bool,
    /// What naga's translation of the shader does otherwise than WGSL says, by backend.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub translation: Vec<TranslationGap>,
    /// This output against another one of the same run, where the settings ask for it: one an engine.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub outputs: Vec<OutputComparison>,
}

impl Examination {
    /// Whether nothing is known.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

/// How the other side of a comparison begins that is no case, but what a file expects.
pub const EXPECTED: &str = "expected of ";

/// Two outputs of one run, compared with each other; or an output with what a file expects.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct OutputComparison {
    /// The engine.
    pub engine: String,
    /// The case of the other output, which is the left side; or [`EXPECTED`] and a file.
    pub other: String,
    /// The drift from that output to this one.
    pub drift: Drift,
    /// Why they may differ, in one sentence, where the shader's text tells.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub because: Option<String>,
}

/// A construct of a shader that naga's translation for a backend does not give the meaning that WGSL gives it: a result
/// outside the specification there is the translation's, not the driver's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TranslationGap {
    /// The backend as in an adapter's identity: `gl`, `metal`, `dx12`, `vulkan`.
    pub backend: String,
    /// A short name, the same in all records: `integer-remainder`.
    pub construct: String,
    /// What goes wrong, in one sentence.
    pub about: String,
    /// Where naga writes it: file and line in the version that is used.
    pub source: String,
    /// The change that mends it upstream; `None` where none is known.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
    /// The lines of the WGSL text that use it, ascending.
    pub lines: Vec<u32>,
}
