//! Processes and files that may do anything: drivers and the engines of others run in the first, strangers write the second.
//!
//! Nothing that such a process does may hurt this one. It has a process group of its own, which ends with it; its messages
//! come over a pipe that its driver does not know and have a bounded length; what it writes is drained and only the end kept;
//! its memory has a limit; and it ends when this process does.

pub mod file;
pub mod frame;
mod group;
pub mod gzip;
pub mod interrupt;
pub mod mapped;
mod memory;
mod own;
mod tail;

pub use group::Group;
pub use memory::{default_limit, mib};
pub use own::{Pipes, detach, end, end_with_parent, has_parent};
pub use tail::Tail;

/// What a child may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// For one answer.
    pub time: std::time::Duration,
    /// Resident memory in bytes; `None` for all there is.
    pub memory: Option<u64>,
}

/// The longest text of another process that is told.
const SHOWN: usize = 160;

/// Another process's text on one line of at most 160 characters, without what could command a terminal.
#[must_use]
pub fn shown(text: &str) -> String {
    crate::model::text::shown(text, SHOWN)
}
