//! Reading and writing records.

use std::io::Write as _;
use std::path::Path;

use super::format::Record;
use super::version::FormatVersion;

/// The largest file that is read.
pub(super) const MAX_BYTES: u64 = 1 << 30;

/// Why a file is no readable record.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// The file can not be read.
    #[error("can't read {path}: {source}")]
    Io {
        /// The file.
        path: String,
        /// Why.
        source: std::io::Error,
    },
    /// It is too large to be a record.
    #[error("{path} has {bytes} bytes, more than any record (1 GiB); is it one?")]
    TooLarge {
        /// The file.
        path: String,
        /// Its size.
        bytes: u64,
    },
    /// It is no record.
    #[error("{path} is no record of repro-audit: {reason}")]
    NotARecord {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
    /// Its content is not what its id says.
    #[error("{path} was changed after it was written: its id is not the digest of its content")]
    Changed {
        /// The file.
        path: String,
    },
    /// It is a record that this program can't read.
    #[error("can't read {path}: {reason}")]
    Version {
        /// The file.
        path: String,
        /// Why.
        reason: String,
    },
}

#[derive(serde::Deserialize)]
struct Head {
    format: FormatVersion,
}

/// Reads a record.
///
/// # Errors
/// When the file can't be read, is no record, or is of a newer format.
pub fn read(path: &Path) -> Result<Record, ReadError> {
    let name = path.display().to_string();
    let io = |source| ReadError::Io { path: name.clone(), source };
    let bytes = std::fs::metadata(path).map_err(io)?.len();
    if bytes > MAX_BYTES {
        return Err(ReadError::TooLarge { path: name, bytes });
    }
    let text = std::fs::read(path).map_err(io)?;
    let not = |e: serde_json::Error| ReadError::NotARecord { path: name.clone(), reason: e.to_string() };
    let head: Head = serde_json::from_slice(&text).map_err(not)?;
    head.format.check_readable().map_err(|reason| ReadError::Version { path: name.clone(), reason })?;
    let record: Record = serde_json::from_slice(&text).map_err(not)?;
    // An unfinished record has no id yet.
    if !record.id.is_empty() && super::id::id_of(&text).map_err(not)? != record.id {
        return Err(ReadError::Changed { path: name });
    }
    super::sound::check(&record).map_err(|reason| ReadError::NotARecord { path: name, reason })?;
    Ok(record)
}

/// Writes a file beside its target and renames it over the target, so that a reader sees the old content or the new,
/// never a part.
///
/// # Errors
/// Those of the file system.
pub fn write_atomically(path: &Path, content: &[u8]) -> std::io::Result<()> {
    let folder = path.parent().filter(|p| !p.as_os_str().is_empty()).unwrap_or_else(|| Path::new("."));
    let mut file = tempfile::Builder::new().prefix(".repro-audit-").suffix(".tmp").tempfile_in(folder)?;
    file.write_all(content)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        // A temporary file is private; a report is as readable as any other new file.
        file.as_file().set_permissions(std::fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path).map_err(|e| e.error)?;
    Ok(())
}
