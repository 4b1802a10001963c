//! Processes that may do anything: drivers and the engines of others run in them.
//!
//! Nothing that such a process does may hurt this one. It has a process group of its own, which ends with it; its messages
//! come over a pipe that its driver does not know and have a bounded length; what it writes is drained and only the end kept;
//! its memory has a limit; and it ends when this process does.

pub mod frame;
mod group;
pub mod interrupt;
mod memory;
mod own;
mod tail;

pub use group::Group;
pub use memory::{default_limit, mib};
pub use own::{Pipes, detach, end_with_parent};
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

/// Another process's text on one line of at most 160 characters, without control characters and without those that change
/// the direction of writing.
#[must_use]
pub fn shown(text: &str) -> String {
    let hidden = |c: char| {
        c.is_control()
            || matches!(c, '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}')
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let mut line = line.chars().filter(|c| !hidden(*c));
    let start: String = line.by_ref().take(SHOWN).collect();
    if line.next().is_none() { start } else { start.chars().take(SHOWN - 3).chain("...".chars()).collect() }
}

#[cfg(test)]
mod tests {
    use super::shown;

    #[test]
    fn a_text_of_another_process_is_one_short_line_of_plain_characters() {
        assert_eq!(
            shown("\u{1b}[2J::error::x\n\ty\u{202e}z"),
            "[2J::error::x yz",
            "what a terminal would obey is gone"
        );
        let long = shown(&"word ".repeat(1000));
        assert_eq!(long.chars().count(), 160, "cut");
        assert!(long.ends_with("..."), "{long}");
        assert_eq!(shown(&"é".repeat(160)), "é".repeat(160), "characters, not bytes");
    }
}
