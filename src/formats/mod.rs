//! How a document is written. A format is one file here and one line in [`ALL`]; which verb it is used by does not matter
//! to it.
//!
//! All cleaning and escaping of text happens here, in the format that needs it, and nowhere else: names come from drivers,
//! records from other machines, and case ids from both.

pub mod charts;
pub mod clean;
pub mod csv;
pub mod files;
pub mod github;
pub mod html;
pub mod json;
pub mod junit;
pub mod latex;
pub mod markdown;
pub mod terminal;

use crate::views::View;

/// The formats, in the order in which help lists them.
pub const ALL: [&Format; 8] = [
    &terminal::FORMAT,
    &markdown::FORMAT,
    &html::FORMAT,
    &latex::FORMAT,
    &csv::FORMAT,
    &json::FORMAT,
    &junit::FORMAT,
    &github::FORMAT,
];

/// A way to write a view.
#[derive(Debug)]
pub struct Format {
    /// Its name on the command line.
    pub name: &'static str,
    /// What it is for, in one line.
    pub about: &'static str,
    /// Writes a view.
    pub write: fn(&dyn View, &Options) -> Result<String, FormatError>,
}

impl PartialEq for Format {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Eq for Format {}

/// What a reader's screen is like. Files and pipes have none and take the default.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Options {
    /// Columns.
    pub width: usize,
    /// Everything, and not the first screen alone.
    pub full: bool,
    /// With ANSI escapes.
    pub color: bool,
}

impl Default for Options {
    fn default() -> Self {
        Self { width: 80, full: false, color: false }
    }
}

/// Why a view could not be written.
#[derive(Debug, thiserror::Error)]
pub enum FormatError {
    /// A row of a CSV file failed.
    #[error("can't write CSV: {0}")]
    Csv(#[from] ::csv::Error),
    /// The subject is no JSON.
    #[error("can't write JSON: {0}")]
    Json(#[from] serde_json::Error),
    /// A file cannot be written.
    #[error("can't write {path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// A file that a report would replace is a record.
    #[error("{path} is a record and would be lost")]
    Record {
        /// The record.
        path: String,
    },
    /// A chart failed.
    #[error("can't draw the chart {name}: {why}")]
    Chart {
        /// The chart.
        name: String,
        /// Why.
        why: String,
    },
}

/// The format of this name.
#[must_use]
pub fn find(name: &str) -> Option<&'static Format> {
    ALL.into_iter().find(|f| f.name == name)
}

/// Writes a view in a format.
///
/// # Errors
/// When the format cannot write it.
pub fn write(format: &Format, view: &dyn View, options: &Options) -> Result<String, FormatError> {
    (format.write)(view, options)
}
