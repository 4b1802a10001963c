//! Exit statuses. They are part of the interface: scripts rely on them.

use std::process::ExitCode;

/// How the program ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Exit {
    /// Within policy; with none given, whatever was found.
    Within = 0,
    /// Drift beyond `--fail-on`, or beyond the lock and its policy.
    Beyond = 1,
    /// The arguments are wrong.
    Usage = 2,
    /// `--require-adapter` names one that is absent, or an engine of the lock is.
    AdapterAbsent = 3,
    /// An adapter failed, a control was missed, or a disk did not take what was to be written: there is less than there
    /// should be.
    Incomplete = 4,
    /// A record or a lock cannot be read, or is too new.
    Unreadable = 5,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
