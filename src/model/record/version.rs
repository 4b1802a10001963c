//! The format's version: a reader refuses what is too new, and says so.

use serde::{Deserialize, Serialize};

/// `major` changes when an older reader would misread a record; `minor` when it would only miss something.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct FormatVersion {
    /// Incompatible changes.
    pub major: u32,
    /// Compatible additions.
    pub minor: u32,
}

impl FormatVersion {
    /// What this program writes. 1.1 added what the embedded adapter notices, its planted defects, and the arithmetics
    /// that split `fma`. 1.2 added stored outputs, labels, merged records, the integers that a case's answer is made of,
    /// kernels of the user's own, and the status of results that the specification is not known to judge.
    /// 1.3 added the limits of adapters that probes find, and what the elements of an output are.
    pub const CURRENT: Self = Self { major: 1, minor: 3 };

    /// Whether this program can read a record of version `self`.
    ///
    /// # Errors
    /// A sentence that says why not and what to do.
    pub fn check_readable(self) -> Result<(), String> {
        if self.major > Self::CURRENT.major {
            return Err(format!(
                "it has format {}.{}, and this program reads up to {}.x; update repro-audit",
                self.major,
                self.minor,
                Self::CURRENT.major
            ));
        }
        if self.major == 0 {
            return Err("it has format 0, which no release wrote".to_owned());
        }
        Ok(())
    }
}
