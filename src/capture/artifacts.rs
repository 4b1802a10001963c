//! What a command made: digests of the files that patterns name.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use super::{CaptureError, tree};
use crate::model::capture::Artifact;

/// The most files that are looked at.
const MOST: usize = 100_000;

/// A file's length and time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Seen {
    length: u64,
    modified: Option<SystemTime>,
}

impl Seen {
    fn of(path: &Path) -> Option<Self> {
        let m = std::fs::metadata(path).ok().filter(std::fs::Metadata::is_file)?;
        Some(Self { length: m.len(), modified: m.modified().ok() })
    }

    /// Whether the file is as it was, as far as length and time tell.
    pub(super) fn is_still(self, path: &Path) -> bool {
        Self::of(path) == Some(self)
    }
}

/// The patterns, checked.
pub(super) fn patterns(texts: &[String]) -> Result<Vec<glob::Pattern>, CaptureError> {
    let wrong =
        |text: &String, e: glob::PatternError| CaptureError::Pattern { pattern: text.clone(), why: e.msg.to_owned() };
    texts.iter().map(|text| glob::Pattern::new(text).map_err(|e| wrong(text, e))).collect()
}

/// The files that patterns name now, and what could not be looked at.
fn matching(texts: &[String], notes: &mut Vec<String>) -> Vec<PathBuf> {
    let mut out = Vec::new();
    for text in texts {
        let Ok(paths) = glob::glob(text) else { continue };
        for path in paths {
            match path {
                Ok(path) if path.is_file() => out.push(path),
                Ok(_) => {}
                Err(e) => notes.push(format!("artifacts: can't read {}", e.path().display())),
            }
            if out.len() >= MOST {
                notes.push(format!("artifacts: more than {MOST} files; the rest is not captured"));
                return out;
            }
        }
    }
    out.sort();
    out.dedup();
    out
}

/// Lengths and times of what patterns name, and of other files, before the command starts.
pub(super) fn seen(texts: &[String], others: impl Iterator<Item = PathBuf>) -> BTreeMap<PathBuf, Seen> {
    let all = matching(texts, &mut Vec::new()).into_iter().chain(others);
    all.filter_map(|path| Seen::of(&path).map(|seen| (path, seen))).collect()
}

/// What patterns name once the command has ended.
pub(super) fn read(
    texts: &[String],
    before: &BTreeMap<PathBuf, Seen>,
    notes: &mut Vec<String>,
) -> BTreeMap<String, Artifact> {
    let mut out = BTreeMap::new();
    for path in matching(texts, notes) {
        match tree::content(&path) {
            Ok((digest, bytes)) => {
                let older = before.get(&path).is_some_and(|seen| seen.is_still(&path));
                out.insert(path.display().to_string(), Artifact { digest, bytes, older });
            }
            Err(e) => notes.push(format!("artifacts: can't read {}: {e}", path.display())),
        }
    }
    if out.is_empty() {
        notes.push(format!("artifacts: no file fits {}", texts.join(", ")));
    }
    out
}
