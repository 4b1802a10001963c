//! Naming a record: a path, the beginning of an id, or `latest`.

use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use serde::Deserialize;

use super::merge::{Member, Merged, Reader};
use super::size;
use super::store::ReadError;
use crate::model::capture::AuditRef;
use crate::model::record::{FormatVersion, Record, UNFINISHED};
use crate::process::file::read_object;
use crate::process::gzip;

/// Where `gpu` writes unless told otherwise.
pub const FOLDER: &str = "repro-audit-out";

/// The shortest beginning of an id.
const SHORTEST: usize = 4;

/// Why a text names no record.
#[derive(Debug, thiserror::Error)]
pub enum SelectError {
    /// The file it names cannot be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// It is no path, and no record is known by it.
    #[error("'{text}' is not a file, folder or id of a record; {known}")]
    Unknown {
        /// What was typed.
        text: String,
        /// What could be typed.
        known: String,
    },
    /// Several records have ids that begin so.
    #[error("'{text}' begins the ids of {count} records: {ids}; type more of the one that is meant")]
    Ambiguous {
        /// What was typed.
        text: String,
        /// How many.
        count: usize,
        /// The beginnings that tell them apart.
        ids: String,
    },
    /// A folder without a record.
    #[error("{folder} has no record.json; name a file in it, or run: repro-audit gpu --out {folder}")]
    NoRecord {
        /// The folder.
        folder: String,
    },
    /// `latest`, and there is none.
    #[error("there is no record in {folders}, so none is the latest; run: repro-audit gpu")]
    Nothing {
        /// Where it was looked for.
        folders: String,
    },
}

impl SelectError {
    /// Whether a file cannot be read, as against a text that names none.
    #[must_use]
    pub fn is_unreadable(&self) -> bool {
        matches!(self, Self::Read(_))
    }
}

/// What is read of a file to find a record.
#[derive(Deserialize)]
struct Head {
    id: String,
    run: Option<Started>,
    environment: Option<Machine>,
    #[serde(default)]
    notes: Vec<String>,
}

#[derive(Deserialize)]
struct Machine {
    machine_id: String,
}

#[derive(Deserialize)]
struct Started {
    started: String,
}

/// The members that every record has, one that is merged or unfinished too.
#[derive(Deserialize)]
struct Outline {
    #[serde(rename = "format")]
    _format: FormatVersion,
    #[serde(rename = "id")]
    _id: String,
    #[serde(rename = "cases")]
    _cases: serde::de::IgnoredAny,
}

/// Whether a file holds a record, or several merged ones, whether or not it can be relied on or is too new: what nothing
/// may be written over. `false` where there is no file, or one that cannot be read.
#[must_use]
pub fn is_record(path: &Path) -> bool {
    let Ok(file) = std::fs::File::open(path) else { return false };
    // A pipe or a device holds nothing, and reading one might not end.
    if !file.metadata().is_ok_and(|m| m.is_file()) {
        return false;
    }
    let Ok(content) = gzip::opened(file, size::MERGED) else { return false };
    let reader = std::io::BufReader::new(content.take(size::MERGED));
    serde_json::from_reader::<_, Outline>(reader).is_ok()
}

/// Whether a file is named as records are: `.json`, or `.json.gz`.
#[must_use]
pub fn is_named_so(path: &Path) -> bool {
    let whole = if gzip::is_named_so(path) { path.file_stem().map(Path::new) } else { Some(path) };
    whole.and_then(Path::extension).is_some_and(|e| e == "json")
}

/// A record that was found in a folder.
#[derive(Debug, Clone)]
struct Candidate {
    path: PathBuf,
    id: String,
    started: String,
    finished: bool,
    machine: Option<String>,
}

/// The record that `text` names: a file, a folder that holds `record.json`, `latest` for the one that was started last,
/// or the beginning of an id, at least four hexadecimal digits. The last two are looked up in `folders` and in the
/// folder `earlier` of each.
///
/// # Errors
/// When none or several are named, or the one that is cannot be read.
pub fn select(text: &str, folders: &[&Path]) -> Result<Record, SelectError> {
    let merged = open(text, folders)?;
    let mut members = merged.members();
    match (members.next(), members.next()) {
        (Some(one), None) => {
            merged.record(one).map_err(|e| ReadError::NotARecord { path: text.to_owned(), reason: e.into() }.into())
        }
        _ => Err(ReadError::Several { path: text.to_owned(), count: merged.len() }.into()),
    }
}

/// The record or records that `text` names, as [`select`] finds them. `FILE#NAME` names those of a merged file whose
/// label, host or beginning of the id is `NAME`.
///
/// # Errors
/// When none or several are named, or the file cannot be read.
pub fn open(text: &(impl AsRef<OsStr> + ?Sized), folders: &[&Path]) -> Result<Merged, SelectError> {
    let whole = text.as_ref();
    let (file, name) = match whole.to_str().and_then(|text| text.rsplit_once('#')) {
        Some((file, name)) if !Path::new(whole).exists() => (OsStr::new(file), Some(name)),
        _ => (whole, None),
    };
    let reader = Reader::default();
    reader.read(&find(file, folders)?)?;
    let merged = reader.finish();
    let Some(name) = name else { return Ok(merged) };
    let names = |m: &Member| {
        m.name() == name || m.shell.environment.host == name || name.len() >= SHORTEST && m.id().starts_with(name)
    };
    let chosen = merged.only(names);
    if chosen.is_empty() {
        let known: Vec<_> = merged.members().take(8).map(|m| format!("{} ({})", m.name(), &m.id()[..8])).collect();
        let known = format!("{} holds {}", file.display(), known.join(", "));
        return Err(SelectError::Unknown { text: whole.display().to_string(), known });
    }
    Ok(chosen)
}

/// The file that `text` names, as [`select`] finds it. A path may have any name that a system gives.
///
/// # Errors
/// When none or several are named.
pub fn find(text: &(impl AsRef<OsStr> + ?Sized), folders: &[&Path]) -> Result<PathBuf, SelectError> {
    let path = Path::new(text.as_ref());
    let shown = path.display().to_string();
    if path.is_dir() {
        let record = path.join("record.json");
        if record.exists() {
            return Ok(record);
        }
        return Err(SelectError::NoRecord { folder: shown });
    }
    if path.exists() {
        return Ok(path.to_owned());
    }
    let text = shown.as_str();
    let searched = || {
        let names: Vec<_> = folders.iter().map(|f| f.display().to_string()).collect();
        names.join(", ")
    };
    if text == "latest" {
        let found = candidates(folders).into_values().max_by(|a, b| a.started.cmp(&b.started).then(a.id.cmp(&b.id)));
        return found.map(|c| c.path).ok_or_else(|| SelectError::Nothing { folders: searched() });
    }
    let is_id = (SHORTEST..=64).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_hexdigit());
    // What looks like a path is reported as one.
    if !is_id && (text.contains(['/', '\\']) || is_named_so(path)) {
        let source = std::io::Error::from(std::io::ErrorKind::NotFound);
        return Err(ReadError::Io { path: text.to_owned(), source }.into());
    }
    let all = candidates(folders);
    let found: Vec<&Candidate> =
        all.values().filter(|c| is_id && c.id.starts_with(&text.to_ascii_lowercase())).collect();
    match found[..] {
        [one] => Ok(one.path.clone()),
        [] => Err(SelectError::Unknown { text: text.to_owned(), known: known(&all, &searched()) }),
        _ => {
            let ids: Vec<&str> = found.iter().map(|c| c.id.as_str()).collect();
            let ids: Vec<&str> = ids.iter().map(|id| telling(id, &ids)).collect();
            Err(SelectError::Ambiguous { text: text.to_owned(), count: ids.len(), ids: ids.join(", ") })
        }
    }
}

/// The beginning of an id that no other of them has.
fn telling<'a>(id: &'a str, all: &[&str]) -> &'a str {
    let length = (SHORTEST..id.len()).find(|n| all.iter().filter(|o| o.get(..*n) == id.get(..*n)).count() == 1);
    id.get(..length.unwrap_or(id.len()).max(8)).unwrap_or(id)
}

/// What could have been typed.
fn known(all: &BTreeMap<String, Candidate>, searched: &str) -> String {
    if all.is_empty() {
        return format!("there is no record in {searched}");
    }
    let ids: Vec<&str> = all.keys().map(String::as_str).collect();
    let mut newest: Vec<&Candidate> = all.values().collect();
    newest.sort_by(|a, b| b.started.cmp(&a.started));
    let shown: Vec<_> = newest
        .iter()
        .take(4)
        .map(|c| format!("{} of {}", telling(&c.id, &ids), c.started.get(..16).unwrap_or(&c.started)))
        .collect();
    let more = if all.len() > shown.len() { format!(" and {} more", all.len() - shown.len()) } else { String::new() };
    format!("records in {searched}: {}{more}", shown.join(", "))
}

/// The finished records in these folders and their `earlier`, by id. One that is there twice counts once, as the file
/// that was started last.
fn candidates(folders: &[&Path]) -> BTreeMap<String, Candidate> {
    let mut out: BTreeMap<String, Candidate> = BTreeMap::new();
    for folder in folders {
        for place in [folder.to_path_buf(), folder.join("earlier")] {
            let Ok(entries) = std::fs::read_dir(&place) else { continue };
            for path in entries.flatten().map(|e| e.path()) {
                if !is_named_so(&path) {
                    continue;
                }
                let Some(found) = head(&path).filter(|found| found.finished) else { continue };
                match out.get(&found.id) {
                    Some(there) if (&there.started, &there.path) >= (&found.started, &found.path) => {}
                    _ => {
                        out.insert(found.id.clone(), found);
                    }
                }
            }
        }
    }
    out
}

/// The finished record of a machine that was started last, as far as files state it.
#[must_use]
pub fn newest_of_machine(machine: &str, folders: &[&Path]) -> Option<AuditRef> {
    let all = candidates(folders).into_values().filter(|c| c.machine.as_deref() == Some(machine));
    let newest = all.max_by(|a, b| a.started.cmp(&b.started).then(a.id.cmp(&b.id)))?;
    Some(AuditRef { id: newest.id, started: newest.started })
}

/// The id that a file states, of a record or of merged ones, in hexadecimal digits; `None` where it holds none.
#[must_use]
pub fn stated_id(path: &Path) -> Option<String> {
    head(path).map(|found| found.id)
}

/// A file's id, where it is a record. Anything else in such a folder is passed over: a pipe might never be written to.
fn head(path: &Path) -> Option<Candidate> {
    let text = path.is_file().then(|| read_object(path, size::MERGED).ok())??;
    let head: Head = serde_json::from_slice(&text).ok()?;
    let good = head.id.len() == 64 && head.id.bytes().all(|b| b.is_ascii_hexdigit());
    good.then(|| Candidate {
        finished: !head.notes.iter().any(|n| n == UNFINISHED),
        path: path.to_owned(),
        id: head.id,
        started: head.run.map(|r| r.started).unwrap_or_default(),
        machine: head.environment.map(|e| e.machine_id),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file that looks like a record from the outside.
    fn put(path: &Path, id: &str, started: &str) {
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        let text = format!(
            r#"{{"format":{{"major":1,"minor":2}},"id":"{id}","run":{{"started":"{started}"}},"environment":{{"machine_id":"{}"}}}}"#,
            &id[..4]
        );
        std::fs::write(path, text).expect("written");
    }

    fn id(start: &str) -> String {
        format!("{start:0<64}")
    }

    #[test]
    fn records_are_found_by_path_prefix_and_age() {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        put(&out.join("record.json"), &id("abcd11"), "2026-01-02T00:00:00Z");
        put(&out.join("earlier/one.json"), &id("abcd22"), "2026-01-03T00:00:00Z");
        put(&out.join("earlier/two.json"), &id("abcd22"), "2026-01-01T00:00:00Z");
        put(&out.join("earlier/three.json"), &id("12ef"), "2026-01-01T00:00:00Z");
        std::fs::write(out.join("earlier/other.json"), "[1, 2").expect("written");
        let at = |text: &str| find(text, &[&out]);
        let message = |text: &str| at(text).expect_err(text).to_string();
        let record = out.join("record.json");
        assert_eq!(at(out.to_str().expect("a name")).expect("a folder"), record, "a folder");
        assert_eq!(at(record.to_str().expect("a name")).expect("a file"), record, "a file");
        assert_eq!(at("latest").expect("one"), out.join("earlier/one.json"), "the one started last");
        let newest = |machine: &str| newest_of_machine(machine, &[&out]).map(|r| r.id);
        assert_eq!(newest("abcd"), Some(id("abcd22")), "the newest of a machine");
        assert_eq!((newest("12ef"), newest("ffff")), (Some(id("12ef")), None), "another machine's is none of it");
        assert_eq!(at("ABCD1").expect("one"), record, "a beginning, upper case too");
        assert_eq!(at("abcd2").expect("one"), out.join("earlier/one.json"), "twice the same is one");
        assert!(message("abcd").contains("begins the ids of 2 records: abcd1100, abcd2200"), "{}", message("abcd"));
        assert!(message("abc").contains("records in"), "too short: {}", message("abc"));
        assert!(message("ffff").contains("abcd2200 of 2026-01-03T00:00"), "{}", message("ffff"));
        assert!(message("lates").contains("is not a file, folder or id"), "{}", message("lates"));
        assert!(at("recrod.json").expect_err("a typo").is_unreadable(), "a path that is missing");
        assert!(message(folder.path().to_str().expect("a name")).contains("has no record.json"), "an empty folder");
        let nowhere = folder.path().join("nowhere");
        assert!(find("latest", &[&nowhere]).expect_err("none").to_string().contains("run: repro-audit gpu"), "none");
    }
}
