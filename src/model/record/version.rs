//! The format's version: a reader refuses what is too new, and says so.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Why a record's format cannot be read, and what to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FormatError {
    /// A later program wrote it.
    #[error("it has format {}.{}, and this program reads up to {}.x; update repro-audit", .0.major, .0.minor, FormatVersion::CURRENT.major)]
    TooNew(FormatVersion),
    /// Major version 0.
    #[error("it has format 0, which no release wrote")]
    Zero,
}

/// `major` changes when an older reader would misread a record; `minor` when it would only miss something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FormatVersion {
    /// Incompatible changes.
    #[schemars(extend("const" = Self::CURRENT.major))]
    pub major: u32,
    /// Compatible additions.
    pub minor: u32,
}

impl FormatVersion {
    /// What this program writes. A minor version adds members and words:
    /// - 1.1: what the interpreter notices of a shader ([`Finding`](crate::model::Finding)), its planted defects, the
    ///   arithmetics that split `fma`, and the capabilities of 64-bit types.
    /// - 1.2: stored outputs, labels, merged records, the integers that a case's answer is made of, kernels of the user's own,
    ///   the status of results that the specification is not known to judge, and results that were not measured.
    /// - 1.3: remote engines, their commands, and cases that they have no operation for; the limits of adapters that probes
    ///   find; of a case, what its elements are and what is known of its shader; of an output, whether it holds NaN, infinity
    ///   or one value alone; elements that are not finite where the exact answer is, and those whose bound is too wide to be a
    ///   verdict; and findings of undefined values, inactive lanes, subgroup sizes, NaN, infinity, long loops and single values.
    /// - 1.4: of large outputs, chunks that their digest proves, which earlier readers refuse by name; in merged files, the
    ///   samples of earlier versions with the record that they came in; an id in unfinished records too;
    ///   differences that are finite on neither side as a class of their own, and how many finite ones start from zero;
    ///   whether a kernel of the user's own draws inputs.
    /// - 1.5: of runs that differ, the bits of each result of one element; whether drivers had compiled shaders of an earlier
    ///   audit; cases that are too large for the interpreter.
    /// - 1.6: in merged files, parts that are told as their difference from another one, which earlier readers refuse; files
    ///   that are compressed; cases that are too large for a process's memory.
    /// - 1.7: sweeps of functions; what makes results differ from strict arithmetic, where that was looked at.
    /// - 1.8: trainings.
    pub const CURRENT: Self = Self { major: 1, minor: 8 };

    /// Whether every record of version `self` carries an id. Before 1.4 an unfinished one did not.
    #[must_use]
    pub fn has_id(self) -> bool {
        (self.major, self.minor) >= (1, 4)
    }

    /// Whether differences that are finite on neither side are a class of their own. Before 1.4 they were among the others.
    #[must_use]
    pub fn tells_not_finite(self) -> bool {
        self.has_id()
    }

    /// Whether every stored output of a record of version `self` is proven by its digest. Before 1.4 a sample was not.
    #[must_use]
    pub fn has_proofs(self) -> bool {
        self.has_id()
    }

    /// Whether this program can read a record of version `self`.
    ///
    /// # Errors
    /// Why not.
    pub fn check_readable(self) -> Result<(), FormatError> {
        match self.major {
            0 => Err(FormatError::Zero),
            major if major > Self::CURRENT.major => Err(FormatError::TooNew(self)),
            _ => Ok(()),
        }
    }
}
