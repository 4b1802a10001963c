//! Compressed files (RFC 1952). Whoever opens one gets what is in it, up to a limit: a few kilobytes can hold gigabytes.

use std::io::{BufReader, Read, Write};
use std::path::Path;

use flate2::read::MultiGzDecoder;
use flate2::{Compression, GzBuilder};

/// How a compressed file begins.
const MAGIC: [u8; 2] = [0x1f, 0x8b];

/// Whether a file of this name is to be compressed.
#[must_use]
pub fn is_named_so(path: &Path) -> bool {
    path.extension().is_some_and(|e| e.eq_ignore_ascii_case("gz"))
}

/// What is in a file, whether or not it is compressed. Of one that is, no more than `most` bytes are read.
///
/// # Errors
/// Those of the file.
pub fn opened<'a>(mut file: impl Read + 'a, most: u64) -> std::io::Result<Box<dyn Read + 'a>> {
    let mut beginning = Vec::with_capacity(MAGIC.len());
    (&mut file).take(MAGIC.len() as u64).read_to_end(&mut beginning)?;
    let compressed = beginning == MAGIC;
    let whole = std::io::Cursor::new(beginning).chain(file);
    if compressed {
        // Empty parts, one after the other, hold nothing and need not end.
        return Ok(Box::new(MultiGzDecoder::new(BufReader::with_capacity(1 << 16, whole.take(most)))));
    }
    Ok(Box::new(whole))
}

/// Writes content as it is made, compressed: the same bytes for the same content.
///
/// # Errors
/// Those of the writer, and of `content`.
pub fn compress(
    out: &mut dyn Write,
    content: impl FnOnce(&mut dyn Write) -> std::io::Result<()>,
) -> std::io::Result<()> {
    let mut encoder = GzBuilder::new().write(out, Compression::new(LEVEL));
    content(&mut encoder)?;
    encoder.finish()?.flush()
}

/// Twice as fast as the level that is usual, and a tenth larger.
const LEVEL: u32 = 4;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(file: &[u8], most: u64) -> std::io::Result<Vec<u8>> {
        let mut out = Vec::new();
        opened(file, most)?.take(most + 1).read_to_end(&mut out)?;
        Ok(out)
    }

    #[test]
    fn what_was_compressed_comes_back_and_the_rest_is_as_it_is() {
        let text = b"{\"a\":1}".repeat(1000);
        let mut file = Vec::new();
        compress(&mut file, |out| out.write_all(&text)).unwrap();
        assert!(file.len() < text.len() / 10, "{}", file.len());
        assert_eq!(read(&file, 1 << 20).unwrap(), text, "compressed");
        let twice = [file.as_slice(), &file].concat();
        assert_eq!(read(&twice, 1 << 20).unwrap().len(), 2 * text.len(), "in parts");
        for plain in [b"".as_slice(), b"{", b"\x1f", b"{}", &text] {
            assert_eq!(read(plain, 1 << 20).unwrap(), plain, "not compressed");
        }
        for end in 2..file.len() {
            assert!(read(&file[..end], 1 << 20).is_err(), "cut at {end}");
        }
        for at in 10..file.len() {
            let mut damaged = file.clone();
            damaged[at] ^= 1;
            assert!(read(&damaged, 1 << 20).is_err(), "damaged at {at}");
        }
    }

    #[test]
    fn no_more_is_read_than_was_asked_for() {
        let mut bomb = Vec::new();
        compress(&mut bomb, |out| (0..64).try_for_each(|_| out.write_all(&[b' '; 1 << 20]))).unwrap();
        assert!(bomb.len() < 1 << 20, "{}", bomb.len());
        assert!(read(&bomb, 100_000).is_ok_and(|read| read.len() == 100_001), "as much as shows that it is too much");
        let mut empty = Vec::new();
        compress(&mut empty, |_| Ok(())).unwrap();
        let endless = std::iter::repeat_n(empty, 1000).flatten().collect::<Vec<u8>>();
        assert!(read(&endless, 1001).is_err(), "nor parts without an end");
    }
}
