//! What an engine notices of a program besides its results: defects of the shader that a driver would run in silence.

use serde::{Deserialize, Serialize};

/// What kind of defect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Two invocations use one location, one of them writes, and neither an atomic nor a barrier orders them.
    DataRace,
    /// A barrier that not all invocations of a workgroup reach together.
    NonUniformBarrier,
    /// An index beyond the end of an array or a buffer.
    OutOfBounds,
    /// Legal orders of execution give different results.
    OrderDependent,
}

impl FindingKind {
    /// The name as in the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DataRace => "data-race",
            Self::NonUniformBarrier => "non-uniform-barrier",
            Self::OutOfBounds => "out-of-bounds",
            Self::OrderDependent => "order-dependent",
        }
    }
}

/// One thing that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Finding {
    /// Its kind.
    pub kind: FindingKind,
    /// The line of the WGSL text, from 1, where one can be named.
    pub line: Option<u32>,
    /// What happened, in one sentence.
    pub message: String,
}

/// How the message of a race between workgroups begins.
pub(crate) const TWO_WORKGROUPS: &str = "two workgroups";

impl Finding {
    /// Whether it is a race between two workgroups, which fewer workgroups may not have.
    #[must_use]
    pub fn is_between_workgroups(&self) -> bool {
        self.kind == FindingKind::DataRace && self.message.starts_with(TWO_WORKGROUPS)
    }
}
