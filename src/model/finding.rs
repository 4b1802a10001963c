//! What an engine notices of a program besides its results: defects of the shader that a driver would run in silence.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What kind of thing was noticed, the gravest first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum FindingKind {
    /// Two invocations use one location, one of them writes, and neither an atomic nor a barrier orders them.
    DataRace,
    /// A barrier that not all invocations of a workgroup reach together.
    NonUniformBarrier,
    /// Results rest on a built-in function outside the arguments for which WGSL says what it gives, such as `pow` of a
    /// negative number. Since format 1.3.
    Undefined,
    /// Results rest on the value of an invocation of a subgroup that is not active. Since format 1.3.
    InactiveLane,
    /// An index beyond the end of an array or a buffer.
    OutOfBounds,
    /// A workgroup waits for another one, which nothing promises to run meanwhile. Since format 1.3.
    ForwardProgress,
    /// Legal orders of execution give different results.
    OrderDependent,
    /// Sizes of a subgroup that adapters have give different results. Since format 1.3.
    SubgroupSize,
    /// Results are NaN or infinite, and an infinity arises from finite numbers. Since format 1.3.
    Overflow,
    /// Results are NaN, and a NaN arises from numbers. Since format 1.3.
    NanArises,
    /// An invocation goes through more iterations than an adapter of the record carries out, as its probe found. Since
    /// format 1.3.
    LongLoop,
    /// All results on strict arithmetic are one value. Since format 1.3.
    OneValue,
}

impl FindingKind {
    /// The name as in the record.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::DataRace => "data-race",
            Self::NonUniformBarrier => "non-uniform-barrier",
            Self::Undefined => "undefined",
            Self::InactiveLane => "inactive-lane",
            Self::OutOfBounds => "out-of-bounds",
            Self::ForwardProgress => "forward-progress",
            Self::OrderDependent => "order-dependent",
            Self::SubgroupSize => "subgroup-size",
            Self::Overflow => "overflow",
            Self::NanArises => "nan-arises",
            Self::LongLoop => "long-loop",
            Self::OneValue => "one-value",
        }
    }

    /// Whether it leaves results undefined, so that no engine is right or wrong in them.
    #[must_use]
    pub fn is_defect(self) -> bool {
        matches!(
            self,
            Self::DataRace | Self::NonUniformBarrier | Self::Undefined | Self::InactiveLane | Self::OutOfBounds
        )
    }
}

/// One thing that was noticed.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
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
