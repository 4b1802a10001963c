//! Reports: views of a record for a terminal, a page, a data frame or a step summary. A report reads nothing but
//! records, so the audit that just ran and a file from another machine are shown by the same code.

mod charts;
mod csv;
mod html;
mod markdown;
mod merged;
mod prediction;
mod table;
mod text;
mod view;

use std::path::{Path, PathBuf};

use crate::record::{Record, write_atomically};

pub use csv::{summary as summary_csv, values as values_csv};
pub use html::html;
pub use markdown::markdown;
pub(crate) use markdown::{code as markdown_code, escape as markdown_escape};
pub use merged::{merged_html, write_merged};
pub use prediction::{AGREEMENT_COLUMNS, agreement_rows, prediction_page, write_prediction};
pub use table::table;

/// Why a report could not be made.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// A file can not be written.
    #[error("can't write {path}: {source}")]
    Io {
        /// The file or folder.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// The page's template failed.
    #[error("can't make the page: {0}")]
    Page(#[from] minijinja::Error),
    /// A row of a CSV file failed.
    #[error("can't make the CSV files: {0}")]
    Csv(#[from] ::csv::Error),
    /// A view can not be written.
    #[error(transparent)]
    Format(#[from] crate::formats::FormatError),
    /// A chart failed.
    #[error("can't draw a chart: {0}")]
    Chart(String),
}

/// A chart as a PNG file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Picture {
    /// The file's stem.
    pub name: String,
    /// The file.
    pub png: Vec<u8>,
}

/// The charts of a record as PNG files.
///
/// # Errors
/// When one can not be drawn.
pub fn pictures(record: &Record) -> Result<Vec<Picture>, ReportError> {
    charts::charts(record)
        .iter()
        .map(|chart| Ok(Picture { name: chart.name.clone(), png: charts::png(chart, &record.id)? }))
        .collect()
}

/// Writes `index.html`, `summary.csv`, `values.csv` and `charts/*.png` into a folder, which is made if it is missing,
/// and returns their paths. Each file is replaced as a whole. Charts of an earlier record that this one has none of are
/// removed; other files are left alone.
///
/// # Errors
/// When a part can not be made, or a file can not be written.
pub fn write_all(record: &Record, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = vec![
        (folder.join("index.html"), html(record)?.into_bytes()),
        (folder.join("summary.csv"), summary_csv(record)?.into_bytes()),
        (folder.join("values.csv"), values_csv(record)?.into_bytes()),
    ];
    let pictures = pictures(record)?;
    files.extend(pictures.into_iter().map(|p| (folder.join("charts").join(format!("{}.png", p.name)), p.png)));
    write_files(folder, files)
}

/// Writes files of a report, and removes charts of an earlier one.
fn write_files(folder: &Path, files: Vec<(PathBuf, Vec<u8>)>) -> Result<Vec<PathBuf>, ReportError> {
    clear(&folder.join("charts"), &files);
    let mut written = Vec::new();
    for (path, content) in files {
        let io = |source| ReportError::Io { path: path.display().to_string(), source };
        if let Some(parent) = path.parent() {
            std::fs::create_dir_all(parent).map_err(io)?;
        }
        write_atomically(&path, &content).map_err(io)?;
        written.push(path);
    }
    Ok(written)
}

/// Removes charts of an earlier record from `charts/`: files of a name that a chart can have, with a record's id in
/// them. Beside this record's report they would pass for its own. One that can not be removed is left.
fn clear(folder: &Path, written: &[(PathBuf, Vec<u8>)]) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        let name = path.file_name().and_then(|n| n.to_str()).and_then(|n| n.strip_suffix(".png"));
        if !name.is_some_and(charts::is_own) || written.iter().any(|(w, _)| *w == path) {
            continue;
        }
        let keyword = charts::KEYWORD.as_bytes();
        if std::fs::read(&path).is_ok_and(|png| png.windows(keyword.len()).any(|w| w == keyword)) {
            // What can not be removed harms nothing but tidiness, and the report itself is still written.
            let _ = std::fs::remove_file(&path);
        }
    }
}
