//! What is wrong with a kernel of the user's own or with its settings: one line, with the place and what to do.

use crate::wgsl::Fault;

/// One line: the file, the line and column where they are known, what is wrong, and what to type instead.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct UserError(String);

impl UserError {
    /// An error without a place.
    pub(crate) fn new(message: impl Into<String>) -> Self {
        Self(message.into())
    }

    /// An error of a file.
    pub(super) fn of(file: &str, message: impl std::fmt::Display) -> Self {
        Self(format!("{file}: {message}"))
    }

    /// An error on a line; 0 where the line is not known.
    pub(super) fn on(file: &str, line: u32, message: impl std::fmt::Display) -> Self {
        if line == 0 { Self::of(file, message) } else { Self(format!("{file}:{line}: {message}")) }
    }

    /// naga's, where it has it.
    pub(super) fn shader(file: &str, fault: &Fault) -> Self {
        match fault.place {
            Some((line, column)) => Self(format!("{file}:{line}:{column}: {}", fault.message)),
            None => Self::of(file, &fault.message),
        }
    }

    /// An error at a byte of a text.
    pub(super) fn at(file: &str, text: &str, byte: usize, message: impl std::fmt::Display) -> Self {
        let before = text.get(..byte).unwrap_or(text);
        let line = before.matches('\n').count() + 1;
        let column = before.rsplit('\n').next().map_or(0, |l| l.chars().count()) + 1;
        Self(format!("{file}:{line}:{column}: {message}"))
    }
}
