//! What is shown of a subject: a view asks the facts and yields a [`Document`], which every format can write. A sentence
//! is made here once and is the same in the terminal, on the page and in a step summary.

pub mod audit;
pub mod chart;
pub mod check;
mod diff;
pub mod document;
pub mod explain;
pub mod lock;
pub mod pair;
pub mod prediction;
pub mod prepared;
pub mod rows;
pub mod set;
pub mod statement;
pub mod sweep;
pub mod table;
pub(crate) mod text;
pub mod train;

pub use document::Document;

use document::Rows;

/// A subject that can be shown.
pub trait View {
    /// What people read.
    fn document(&self) -> Document;

    /// What data frames read, the tables of most use first. `--format csv` writes the first.
    fn rows(&self) -> Vec<Rows> {
        Vec::new()
    }

    /// What programs read: the subject whole. Without a definition of its own, the document.
    ///
    /// # Errors
    /// When the subject cannot be written as JSON.
    fn json(&self) -> serde_json::Result<String> {
        pretty(&self.document())
    }
}

/// Indented JSON with a line's end.
///
/// # Errors
/// When the value cannot be written as JSON.
pub fn pretty(value: &impl serde::Serialize) -> serde_json::Result<String> {
    serde_json::to_string_pretty(value).map(|text| text + "\n")
}
