//! A view as files in a folder: the page, the rows of data frames, and the charts.

use std::path::{Path, PathBuf};

use super::{FormatError, charts, csv, html};
use crate::record::{is_record, write_all};
use crate::views::View;

/// Writes `index.html`, a CSV file for each of [`View::rows`] and `charts/*.png` into a folder, which is made if it is
/// missing, and returns their paths. All files are replaced, or none. Charts of an earlier subject that this one has none of
/// are removed; other files are left alone. `id` is written into the charts, and `foot` below them.
///
/// # Errors
/// When a part cannot be made, or a file cannot be written.
pub fn write(view: &dyn View, id: &str, foot: &str, folder: &Path) -> Result<Vec<PathBuf>, FormatError> {
    let document = view.document();
    let mut files = vec![(folder.join("index.html"), html::write(&document).into_bytes())];
    for rows in view.rows() {
        files.push((folder.join(format!("{}.csv", rows.id)), csv::write(&rows)?.into_bytes()));
    }
    for chart in document.charts() {
        let path = folder.join("charts").join(format!("{}.png", file_name(&chart.name)));
        files.push((path, charts::png_with_foot(chart, id, foot)?));
    }
    write_files(folder, files)
}

/// Writes files, all or none, and removes charts of an earlier subject. None is written where one is a record: that is
/// what a report is made from, and cannot be made again.
pub(crate) fn write_files(folder: &Path, files: Vec<(PathBuf, Vec<u8>)>) -> Result<Vec<PathBuf>, FormatError> {
    if let Some((path, _)) = files.iter().find(|(path, _)| is_record(path)) {
        return Err(FormatError::Record { path: path.display().to_string() });
    }
    let io = |path: &Path, source| FormatError::Io { path: path.display().to_string(), source };
    for (path, parent) in files.iter().filter_map(|(path, _)| Some((path, path.parent()?))) {
        std::fs::create_dir_all(parent).map_err(|e| io(path, e))?;
    }
    // A new page beside the values of an earlier subject would be read as one.
    write_all(&files).map_err(|(path, e)| io(&path, e))?;
    clear(&folder.join("charts"), &files);
    Ok(files.into_iter().map(|(path, _)| path).collect())
}

/// Removes the report of an audit: a page and values beside another audit's record would pass for that one's. They can be made
/// again from the record that they are of.
///
/// # Errors
/// Those of the file system, with the file.
pub fn remove(folder: &Path) -> Result<(), FormatError> {
    for name in ["index.html", "summary.csv", "values.csv", "sweep.csv"] {
        let path = folder.join(name);
        match std::fs::remove_file(&path) {
            Err(source) if source.kind() != std::io::ErrorKind::NotFound => {
                return Err(FormatError::Io { path: path.display().to_string(), source });
            }
            _ => {}
        }
    }
    clear(&folder.join("charts"), &[]);
    Ok(())
}

/// A name as a file's: subjects come from elsewhere, and a file must stay in its folder.
fn file_name(name: &str) -> String {
    name.chars().map(|c| if c.is_ascii_alphanumeric() || c == '_' { c } else { '-' }).take(60).collect()
}

/// Removes charts that this program drew of an earlier subject: beside this one's report they would pass for its own. One
/// that cannot be removed is left.
fn clear(folder: &Path, written: &[(PathBuf, Vec<u8>)]) {
    let Ok(entries) = std::fs::read_dir(folder) else { return };
    for path in entries.flatten().map(|e| e.path()) {
        if path.extension().is_none_or(|e| e != "png") || written.iter().any(|(w, _)| *w == path) {
            continue;
        }
        let name = path.file_stem().and_then(|n| n.to_str()).unwrap_or_default().to_owned();
        let Ok(png) = std::fs::read(&path) else { continue };
        // The keyword is followed by the subject's id, and the name by its own chunk: a copy under another name is kept.
        let has = |text: &[u8]| png.windows(text.len()).any(|w| w == text);
        if has(charts::KEYWORD.as_bytes()) && has(format!("chart\0{name}").as_bytes()) {
            // What cannot be removed harms nothing but tidiness, and the report itself is still written.
            let _ = std::fs::remove_file(&path);
        }
    }
}
