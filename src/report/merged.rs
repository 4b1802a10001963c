//! The files of a report over merged records: the page, the tables, and the matrix as a chart. What they say is the view's.

use std::path::{Path, PathBuf};

use minijinja::syntax::SyntaxConfig;
use minijinja::value::Serde;
use minijinja::{AutoEscape, Environment, UndefinedBehavior, Value, context};

use super::charts::{self, Chart, Plot, Tile};
use super::{ReportError, write_files};
use crate::facts::set::Related;
use crate::formats;
use crate::model::words::short;
use crate::views::View;

const PAGE: &str = include_str!("page/merged.html");
const STYLE: &str = include_str!("page/style.css");
const MERGED_STYLE: &str = include_str!("page/merged.css");
const SCRIPT: &str = include_str!("page/script.js");

/// Columns of the chart; what is beyond is in the CSV.
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
                note: if c.size.is_empty() {
                    format!("{} on {}", k.kernel, c.letter)
                } else {
                    format!("{} on {}: {}", k.kernel, c.letter, c.size)
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
        title: "Which engines agree, kernel by kernel".to_owned(),
        about:
            "A column is a class of engines that no case tells apart. In a row, the same letter is the same bits in \
                every case of the kernel."
                .to_owned(),
        plot: Plot::Tiles { columns, rows },
        head,
        rows: numbers,
    })
}

/// The page.
///
/// # Errors
/// When the template fails.
pub fn merged_html(view: &Related) -> Result<String, ReportError> {
    let mut environment = Environment::new();
    environment.set_undefined_behavior(UndefinedBehavior::Chainable);
    environment.set_auto_escape_callback(|_| AutoEscape::Html);
    environment.set_syntax(SyntaxConfig::builder().trim_blocks(true).lstrip_blocks(true).build()?);
    environment.add_template("merged.html", PAGE)?;
    let document = view.document();
    let content = serde_json::to_vec(&document).unwrap_or_default();
    let page = environment.get_template("merged.html")?.render(context! {
        id => view.id.as_str(),
        short_id => short(&view.id),
        document => Value::from(Serde(&document)),
        svg => chart(view).map(|c| charts::svg(&c)),
        markdown => formats::markdown::write(&document),
        // Allows this page's own script and no other.
        nonce => blake3::hash(&content).to_hex()[..32].to_owned(),
        style => format!("{STYLE}{MERGED_STYLE}"),
        script => SCRIPT,
    })?;
    Ok(page)
}

/// Writes `index.html`, `summary.csv`, `timeline.csv` and `charts/classes.png` into a folder, which is made if it is
/// missing, and returns their paths.
///
/// # Errors
/// When a part can not be made, or a file can not be written.
pub fn write_merged(view: &Related, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    let mut files = vec![(folder.join("index.html"), merged_html(view)?.into_bytes())];
    for rows in view.rows() {
        let text = formats::csv::write(&rows)?;
        files.push((folder.join(format!("{}.csv", rows.id)), text.into_bytes()));
    }
    if let Some(chart) = chart(view) {
        files.push((folder.join("charts").join("classes.png"), charts::png(&chart, &view.id)?));
    }
    write_files(folder, files)
}
