//! Digests of files and folders, on all threads.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use super::CaptureError;
use crate::model::capture::Tree;

/// The most files whose digests are kept one by one.
const ENTRIES: usize = 4096;

/// Bytes that are read at once.
const BLOCK: usize = 1 << 20;

/// The deepest folder.
const DEPTH: usize = 256;

/// The digest of a file's content, in hexadecimal digits.
pub(super) fn digest(path: &Path) -> std::io::Result<String> {
    Ok(content(path)?.0)
}

/// A file's digest and length.
pub(super) fn content(path: &Path) -> std::io::Result<(String, u64)> {
    let mut file = std::fs::File::open(path)?;
    if !file.metadata()?.is_file() {
        return Err(std::io::Error::other("it is no regular file"));
    }
    let mut hasher = blake3::Hasher::new();
    let mut buffer = vec![0; BLOCK];
    let mut bytes = 0;
    loop {
        match file.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hasher.update(&buffer[..n]);
                bytes += n as u64;
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(e) => return Err(e),
        }
    }
    Ok((hasher.finalize().to_hex().to_string(), bytes))
}

fn io(path: &Path, source: std::io::Error) -> CaptureError {
    CaptureError::Io { path: path.display().to_string(), source }
}

/// Reads a file, or all files below a folder. Links are followed.
pub(super) fn read(path: &Path) -> Result<Tree, CaptureError> {
    let mut files = Vec::new();
    let kind = std::fs::metadata(path).map_err(|e| io(path, e))?;
    if kind.is_dir() {
        walk(path, &mut Vec::new(), &mut files)?;
    } else {
        files.push(path.to_owned());
    }
    files.sort();
    let next = AtomicUsize::new(0);
    let threads = std::thread::available_parallelism().map_or(1, usize::from).min(files.len()).max(1);
    let work = || {
        let mut out = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some(file) = files.get(i) else { return Ok(out) };
            out.push((i, content(file).map_err(|e| io(file, e))?));
        }
    };
    let parts: Vec<Result<Vec<_>, CaptureError>> = std::thread::scope(|scope| {
        let handles: Vec<_> = (0..threads).map(|_| scope.spawn(work)).collect();
        let lost = || {
            Err(CaptureError::Io { path: path.display().to_string(), source: std::io::Error::other("a thread ended") })
        };
        handles.into_iter().map(|h| h.join().unwrap_or_else(|_| lost())).collect()
    });
    let mut found: Vec<(usize, (String, u64))> = Vec::with_capacity(files.len());
    for part in parts {
        found.extend(part?);
    }
    found.sort_by_key(|(i, _)| *i);
    let name = |i: usize| {
        let inner = files[i].strip_prefix(path).unwrap_or(&files[i]);
        // A single file is its content, whatever its name.
        inner.iter().map(|part| part.to_string_lossy()).collect::<Vec<_>>().join("/")
    };
    let (mut names, mut contents) = (blake3::Hasher::new(), Vec::with_capacity(found.len()));
    let mut bytes = 0;
    let mut entries = BTreeMap::new();
    for (i, (digest, length)) in found {
        let name = name(i);
        for part in [name.as_str(), &length.to_string(), &digest] {
            names.update(&(part.len() as u64).to_le_bytes());
            names.update(part.as_bytes());
        }
        bytes += length;
        contents.push(digest.clone());
        if files.len() <= ENTRIES {
            entries.insert(name, digest);
        }
    }
    contents.sort();
    Ok(Tree {
        path: path.display().to_string(),
        files: files.len() as u64,
        bytes,
        digest: names.finalize().to_hex().to_string(),
        contents: blake3::hash(contents.concat().as_bytes()).to_hex().to_string(),
        entries: (kind.is_dir() && files.len() <= ENTRIES).then_some(entries),
    })
}

/// The regular files below a folder. `above` holds the folders that are open, so that a link to one of them is no endless way.
fn walk(folder: &Path, above: &mut Vec<PathBuf>, out: &mut Vec<PathBuf>) -> Result<(), CaptureError> {
    let own = folder.canonicalize().map_err(|e| io(folder, e))?;
    if above.contains(&own) || above.len() >= DEPTH {
        return Err(io(folder, std::io::Error::other("a link leads back to a folder above it")));
    }
    above.push(own);
    let entries: Result<BTreeSet<PathBuf>, std::io::Error> =
        std::fs::read_dir(folder).and_then(|all| all.map(|e| e.map(|e| e.path())).collect());
    for path in entries.map_err(|e| io(folder, e))? {
        let kind = std::fs::metadata(&path).map_err(|e| io(&path, e))?;
        if kind.is_dir() {
            walk(&path, above, out)?;
        } else if kind.is_file() {
            out.push(path);
        } else {
            return Err(io(&path, std::io::Error::other("it is no regular file")));
        }
    }
    above.pop();
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_sizes_and_contents_are_part_of_a_tree() {
        let at = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = at.path().join(name);
            std::fs::create_dir_all(path.parent().unwrap()).unwrap();
            std::fs::write(path, text).unwrap();
        };
        put("a/x", "one");
        put("a/sub/y", "two");
        put("b/x", "one");
        put("b/sub/y", "two");
        put("c/y", "one");
        put("c/sub/x", "two");
        put("d/x", "onf");
        put("d/sub/y", "two");
        let [a, b, c, d] = ["a", "b", "c", "d"].map(|n| read(&at.path().join(n)).unwrap());
        assert_eq!((a.files, a.bytes), (2, 6), "what is there");
        assert_eq!((&a.digest, &a.entries), (&b.digest, &b.entries), "the same below another name");
        assert!(a.digest != c.digest && a.contents == c.contents, "other names of the same contents");
        assert!(a.digest != d.digest && a.contents != d.contents, "one bit");
        assert_eq!(
            read(&at.path().join("a/x")).unwrap().digest,
            read(&at.path().join("b/x")).unwrap().digest,
            "a file"
        );
        assert!(read(&at.path().join("e")).is_err(), "nothing");
        #[cfg(unix)]
        {
            std::os::unix::fs::symlink(at.path().join("a"), at.path().join("a/sub/loop")).unwrap();
            let error = read(&at.path().join("a")).unwrap_err().to_string();
            assert!(error.contains("leads back"), "{error}");
        }
    }
}
