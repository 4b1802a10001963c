//! Reading and writing records.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use super::size;
use super::sound::Unfit;
use crate::model::record::{FormatError, FormatVersion, Record};
use crate::model::text::{self, Counts};
use crate::process::file::read_object;

/// Why a file is no readable record.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file cannot be read.
    #[error("can't read {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is too large to be a record.
    #[error("{path} has more bytes than any record ({} MiB); is it one?", most >> 20)]
    TooLarge {
        /// The file.
        path: String,
        /// The most that are read.
        most: u64,
    },
    /// It holds more values than any record of its length.
    #[error("{path} has {values} values in {bytes} bytes, and no record has as many; is it one?")]
    Dense {
        /// The file.
        path: String,
        /// How many.
        values: u64,
        /// Its length.
        bytes: usize,
    },
    /// It is no record.
    #[error("{path} is not a record of repro-audit: {reason}")]
    NotARecord {
        /// The file.
        path: String,
        /// Why.
        #[source]
        reason: Wrong,
    },
    /// Its content is not what its id says.
    #[error("{path} was changed after it was written: its id is not the digest of its content")]
    Changed {
        /// The file.
        path: String,
    },
    /// It holds several records, where one is wanted.
    #[error("{path} holds {count} merged records, and one is wanted; name one of them, as in '{path}#LABEL'")]
    Several {
        /// The file.
        path: String,
        /// How many.
        count: usize,
    },
    /// It is a record that this program can't read.
    #[error("can't read {path}: {reason}")]
    Version {
        /// The file.
        path: String,
        /// Why.
        #[source]
        reason: FormatError,
    },
}

/// Why a file's content is no record.
#[derive(Debug, thiserror::Error)]
pub enum Wrong {
    /// It is not JSON, or not of the record's form.
    #[error(transparent)]
    Form(#[from] serde_json::Error),
    /// Its parts do not fit one another.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// A record of a merged file has no format.
    #[error("it has no member 'format'")]
    NoFormat,
    /// A part of a merged file refers to one beyond its tables, or to one that is a difference itself; a record has such a part.
    #[error("it refers to a part that it does not have")]
    NoPart,
    /// A text that a difference makes is not one of a merged file.
    #[error("a part is told as the difference from one that it is not like")]
    NotLike,
    /// A table has a part more than once.
    #[error("its table of {0} has one of them twice")]
    PartTwice(&'static str),
    /// A table has a part that no record has.
    #[error("its table of {0} has one that no record refers to")]
    PartUnused(&'static str),
}

#[derive(serde::Deserialize)]
struct Head {
    format: FormatVersion,
}

#[derive(serde::Deserialize)]
struct Kind {
    records: Option<Vec<serde::de::IgnoredAny>>,
}

/// A file's content, if it can be a record.
pub(super) fn fetch(path: &Path) -> Result<Vec<u8>, ReadError> {
    let name = path.display().to_string();
    read_object(path, size::MERGED).map_err(|source| match source.kind() {
        std::io::ErrorKind::FileTooLarge => ReadError::TooLarge { path: name, most: size::MERGED },
        _ => ReadError::Io { path: name, source },
    })
}

/// Checks a file's head, to be of a format that this program reads, and how much it holds. Lines of it that are known are left
/// out of `text`: `known` counts what is in them, and the whole has so many `bytes`.
pub(super) fn check_content(name: &str, text: &[u8], known: Counts, bytes: usize) -> Result<(), ReadError> {
    check_head(name, text)?;
    let path = || name.to_owned();
    let not = |e: serde_json::Error| ReadError::NotARecord { path: path(), reason: e.into() };
    let Counts { values, results } = text::check(&mut serde_json::Deserializer::from_slice(text)).map_err(not)?;
    let values = values.saturating_add(known.values);
    if values > size::values(bytes) {
        return Err(ReadError::Dense { path: path(), values, bytes });
    }
    size::results(results.saturating_add(known.results))
        .map_err(|e| ReadError::NotARecord { path: path(), reason: e.into() })?;
    if bytes as u64 > size::RECORD && serde_json::from_slice::<Kind>(text).map_err(not)?.records.is_none() {
        return Err(ReadError::TooLarge { path: path(), most: size::RECORD });
    }
    Ok(())
}

/// Refuses what is no record or too new, before its content is looked at.
fn check_head(name: &str, text: &[u8]) -> Result<(), ReadError> {
    let path = || name.to_owned();
    let head: Head =
        serde_json::from_slice(text).map_err(|e| ReadError::NotARecord { path: path(), reason: e.into() })?;
    head.format.check_readable().map_err(|reason| ReadError::Version { path: path(), reason })
}

/// Reads a record; a merged one where it holds a single record.
///
/// # Errors
/// When the file can't be read, is no record, is of a newer format, or holds several.
pub fn read(path: &Path) -> Result<Record, ReadError> {
    let (name, text) = (path.display().to_string(), fetch(path)?);
    check_content(&name, &text, Counts::default(), text.len())?;
    parse(&name, &text)
}

/// Reads a record's text; `name` says where it is from.
///
/// # Errors
/// When it is no record, is of a newer format, was changed, or holds several.
pub fn parse(name: &str, text: &[u8]) -> Result<Record, ReadError> {
    check_head(name, text)?;
    let path = || name.to_owned();
    let not = |e: serde_json::Error| ReadError::NotARecord { path: path(), reason: e.into() };
    let kind: Kind = serde_json::from_slice(text).map_err(not)?;
    if let Some(records) = kind.records {
        return Err(ReadError::Several { path: path(), count: records.len() });
    }
    // The content's text is gone before the record is there: either takes a few times the file.
    let id = super::id::id_of(text).map_err(not)?;
    let record: Record = serde_json::from_slice(text).map_err(not)?;
    let excused = record.id.is_empty() && !record.format.has_id();
    if !excused && id != record.id {
        return Err(ReadError::Changed { path: path() });
    }
    super::sound::check(&record).map_err(|e| ReadError::NotARecord { path: path(), reason: e.into() })?;
    Ok(record)
}

/// A record as it is written to a file: compact, with a line for each case, verdict and output.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn to_json(record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    let Record {
        format,
        id,
        run,
        provenance,
        environment,
        engines,
        controls,
        cases,
        verdicts,
        sweeps,
        notes,
        explained,
        trainings,
        outputs,
    } = record;
    let mut out = Vec::new();
    out.extend_from_slice(b"{");
    let mut first = true;
    let mut name = |out: &mut Vec<u8>, name: &str| {
        out.extend_from_slice(if first { b"\"" } else { b",\n\"" });
        first = false;
        out.extend_from_slice(name.as_bytes());
        out.extend_from_slice(b"\":");
    };
    name(&mut out, "format");
    serde_json::to_writer(&mut out, format)?;
    name(&mut out, "id");
    serde_json::to_writer(&mut out, id)?;
    name(&mut out, "run");
    serde_json::to_writer(&mut out, run)?;
    name(&mut out, "provenance");
    serde_json::to_writer(&mut out, provenance)?;
    name(&mut out, "environment");
    serde_json::to_writer(&mut out, environment)?;
    name(&mut out, "engines");
    lines(&mut out, engines)?;
    name(&mut out, "controls");
    lines(&mut out, controls)?;
    name(&mut out, "cases");
    lines(&mut out, cases)?;
    name(&mut out, "verdicts");
    lines(&mut out, verdicts)?;
    if !sweeps.is_empty() {
        name(&mut out, "sweeps");
        lines(&mut out, sweeps)?;
    }
    name(&mut out, "notes");
    lines(&mut out, notes)?;
    if !explained.is_empty() {
        name(&mut out, "explained");
        lines(&mut out, explained)?;
    }
    if !trainings.is_empty() {
        name(&mut out, "trainings");
        lines(&mut out, trainings)?;
    }
    if !outputs.is_empty() {
        name(&mut out, "outputs");
        out.push(b'{');
        for (i, (digest, stored)) in outputs.iter().enumerate() {
            out.extend_from_slice(if i > 0 { b",\n" } else { b"\n" });
            serde_json::to_writer(&mut out, digest)?;
            out.push(b':');
            serde_json::to_writer(&mut out, stored)?;
        }
        out.push(b'}');
    }
    out.extend_from_slice(b"}\n");
    Ok(out)
}

/// A list with a line for each item.
fn lines<T: serde::Serialize>(out: &mut Vec<u8>, items: &[T]) -> Result<(), serde_json::Error> {
    out.push(b'[');
    for (i, item) in items.iter().enumerate() {
        out.extend_from_slice(if i > 0 { b",\n" } else { b"\n" });
        serde_json::to_writer(&mut *out, item)?;
    }
    out.push(b']');
    Ok(())
}

/// Writes a file beside its target and renames it over the target, so that a reader sees the old content or the new,
/// never a part.
///
/// # Errors
/// Those of the file system.
pub fn write_atomically(path: &Path, content: &[u8]) -> std::io::Result<()> {
    write_with(path, |file| file.write_all(content))
}

/// Writes files beside their targets, and once all are written renames them over the targets: where one cannot be written
/// all targets are as they were. Their folders exist.
///
/// # Errors
/// Those of the file system, with the target.
pub fn write_all(files: &[(PathBuf, Vec<u8>)]) -> Result<(), (PathBuf, std::io::Error)> {
    let _held = crate::process::interrupt::hold();
    let mut all = Vec::with_capacity(files.len());
    for (path, content) in files {
        if path.is_dir() {
            return Err((path.clone(), std::io::ErrorKind::IsADirectory.into()));
        }
        all.push((path, staged(path, |file| file.write_all(content)).map_err(|e| (path.clone(), e))?));
    }
    all.into_iter().try_for_each(|(path, file)| file.persist(path).map(drop).map_err(|e| (path.clone(), e.error)))
}

/// [`write_atomically`], with the content written as it is made. Where that fails the target is left as it was.
///
/// # Errors
/// Those of the file system, and of `content`.
pub fn write_with(
    path: &Path,
    content: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    // A signal waits for the temporary file to be gone.
    let _held = crate::process::interrupt::hold();
    staged(path, content)?.persist(path).map_err(|e| e.error)?;
    Ok(())
}

/// A file beside its target, with its content.
fn staged(
    path: &Path,
    content: impl FnOnce(&mut dyn std::io::Write) -> std::io::Result<()>,
) -> std::io::Result<tempfile::NamedTempFile> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".repro-audit-").suffix(".tmp").tempfile_in(folder)?;
    {
        let mut buffered = std::io::BufWriter::with_capacity(1 << 20, file.as_file_mut());
        content(&mut buffered)?;
        buffered.flush()?;
    }
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is private; a report is as readable as any other new file.
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    Ok(file)
}
