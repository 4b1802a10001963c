//! Files of others: what a name leads to may have no end.

use std::io::{Error, ErrorKind, Read};
use std::path::Path;

use super::gzip;

/// The most bytes of a text that a person writes: settings, a policy, a lock, a table, a shader.
pub const TEXT: u64 = 16 << 20;

/// How many bytes tell whether a file can be what it should be.
const BEGINNING: u64 = 4 << 10;

/// A file's content, where it has no more than `most` bytes. They are counted as they come: a pipe or a device has a size of
/// zero and no end.
///
/// # Errors
/// Those of the file system; [`ErrorKind::FileTooLarge`] where there is more.
pub fn read_up_to(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    take_up_to(&mut std::fs::File::open(path)?, most)
}

/// [`read_up_to`] of a file that holds a JSON object, compressed or not; of one that begins otherwise only the beginning, which is
/// as wrong as the whole.
///
/// # Errors
/// As [`read_up_to`].
pub fn read_object(path: &Path, most: u64) -> std::io::Result<Vec<u8>> {
    let file = std::fs::File::open(path)?;
    let size = file.metadata()?.len().min(most);
    let mut file = gzip::opened(file, most)?;
    let mut content = Vec::with_capacity(usize::try_from(size).unwrap_or_default() + 1);
    (&mut file).take(BEGINNING).read_to_end(&mut content)?;
    if content.iter().find(|byte| !byte.is_ascii_whitespace()) == Some(&b'{') {
        let left = most.saturating_sub(content.len() as u64).saturating_add(1);
        file.take(left).read_to_end(&mut content)?;
        refuse_more(content.len(), most)?;
    }
    Ok(content)
}

/// A file's text of no more than [`TEXT`] bytes.
///
/// # Errors
/// As [`read_up_to`]; [`ErrorKind::InvalidData`] where it is no text.
pub fn read_text(path: &Path) -> std::io::Result<String> {
    text(read_up_to(path, TEXT)?)
}

/// The text of a stream of no more than [`TEXT`] bytes.
///
/// # Errors
/// As [`read_text`].
pub fn take_text(from: &mut dyn Read) -> std::io::Result<String> {
    text(take_up_to(from, TEXT)?)
}

fn take_up_to(from: &mut dyn Read, most: u64) -> std::io::Result<Vec<u8>> {
    let mut content = Vec::new();
    refuse_more(from.take(most.saturating_add(1)).read_to_end(&mut content)?, most)?;
    Ok(content)
}

fn refuse_more(bytes: usize, most: u64) -> std::io::Result<()> {
    if bytes as u64 > most {
        return Err(Error::new(ErrorKind::FileTooLarge, format!("it has more than {} MiB", most >> 20)));
    }
    Ok(())
}

fn text(content: Vec<u8>) -> std::io::Result<String> {
    String::from_utf8(content).map_err(|_| Error::new(ErrorKind::InvalidData, "it is not UTF-8 text"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_has_no_end_is_given_up() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        std::fs::write(&path, "abc").unwrap();
        assert_eq!(read_up_to(&path, 3).unwrap(), b"abc", "as much as may be");
        assert_eq!(read_up_to(&path, 2).unwrap_err().kind(), ErrorKind::FileTooLarge, "one more");
        assert_eq!(read_object(&path, 3).unwrap(), b"abc", "what is not an object is told by whoever parses it");
        std::fs::write(&path, format!(" {{{}", "x".repeat(1 << 16))).unwrap();
        assert_eq!(read_object(&path, 1 << 17).unwrap().len(), (1 << 16) + 2, "an object, whole");
        let mut compressed = Vec::new();
        gzip::compress(&mut compressed, |out| out.write_all(&std::fs::read(&path)?)).unwrap();
        std::fs::write(folder.path().join("b"), compressed).unwrap();
        assert_eq!(read_object(&folder.path().join("b"), 1 << 17).unwrap().len(), (1 << 16) + 2, "a compressed one");
        let bomb = read_object(&folder.path().join("b"), 1 << 15).unwrap_err();
        assert_eq!(bomb.kind(), ErrorKind::FileTooLarge, "one that is more than its file has bytes");
        assert_eq!(read_object(&path, 9).unwrap_err().kind(), ErrorKind::FileTooLarge, "one without an end");
        let mut endless = std::io::repeat(b'x');
        assert_eq!(take_text(&mut endless).unwrap_err().kind(), ErrorKind::FileTooLarge, "a device");
        assert_eq!(text(vec![0xff]).unwrap_err().kind(), ErrorKind::InvalidData, "no text");
        #[cfg(unix)]
        assert_eq!(read_object(Path::new("/dev/zero"), 1 << 40).unwrap().len() as u64, BEGINNING, "no object");
        #[cfg(unix)]
        assert_eq!(read_text(Path::new("/dev/zero")).unwrap_err().kind(), ErrorKind::FileTooLarge, "one that is there");
    }
}
