//! The report over merged records: which adapters agree bit for bit, what splits those that do not, and what drivers
//! changed.

mod csv;
mod headline;
mod outline;

use std::path::{Path, PathBuf};

use super::chart::{Chart, Plot, Tile};
use crate::formats::{FormatError, charts, html};
use crate::relate::Related;

pub use csv::summary as merged_csv;
pub use outline::{markdown as merged_markdown, table as merged_table};

/// Columns of a matrix; what is beyond is in the CSV.
const COLUMNS: usize = 24;

/// The matrix as a chart; `None` where there is nothing to show.
fn chart(view: &Related) -> Option<Chart> {
    if view.kernels.is_empty() || view.classes.is_empty() {
        return None;
    }
    let columns: Vec<String> = view.classes.iter().take(COLUMNS).map(|c| c.letter.clone()).collect();
    let rows = view
        .kernels
        .iter()
        .map(|k| {
            let tiles = k.cells.iter().take(COLUMNS).map(|c| Tile {
                text: if c.letter.is_empty() { "–".to_owned() } else { c.letter.clone() },
                series: (c.number != usize::MAX).then_some(c.number),
                note: match c.max_ulp {
                    Some(n) => format!("{} on {}: {n} ulp from A", k.kernel, c.letter),
                    None => format!("{} on {}", k.kernel, c.letter),
                },
            });
            (k.kernel.clone(), tiles.collect())
        })
        .collect();
    let head: Vec<String> = std::iter::once("kernel".to_owned()).chain(columns.clone()).collect();
    let numbers = view
        .kernels
        .iter()
        .map(|k| {
            std::iter::once(k.kernel.clone()).chain(k.cells.iter().take(COLUMNS).map(|c| c.letter.clone())).collect()
        })
        .collect();
    Some(Chart {
        name: "classes".to_owned(),
        title: "Which adapters agree, kernel by kernel".to_owned(),
        about:
            "A column is a class of adapters that no case tells apart. In a row, the same letter is the same bits in \
                every case of the kernel."
                .to_owned(),
        plot: Plot::Tiles { columns, rows },
        head,
        rows: numbers,
    })
}

/// The page.
#[must_use]
pub fn merged_html(view: &Related) -> String {
    html::write(&outline::outline(view).document())
}

/// Writes `index.html`, `summary.csv` and `charts/classes.png` into a folder, which is made if it is missing, and returns
/// their paths.
///
/// # Errors
/// When a part can not be made, or a file can not be written.
pub fn write_merged(view: &Related, folder: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let mut files = vec![
        (folder.join("index.html"), html::write(&outline::outline(view).document()).into_bytes()),
        (folder.join("summary.csv"), csv::summary(view)?.into_bytes()),
    ];
    if let Some(chart) = chart(view) {
        files.push((folder.join("charts").join("classes.png"), charts::png(&chart, &view.id)?));
    }
    crate::formats::files::write_files(folder, files)
}
