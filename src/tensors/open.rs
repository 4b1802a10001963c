//! Which format a file has, by its content.

use std::path::Path;

use super::data::{Data, Region};
use super::{Content, Found, Tensor, TensorError, archive, events, folder, gguf, npy, safetensors, text};
use crate::model::Scalar;

/// How a file without a format is to be taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Raw {
    /// The type of its elements, little-endian.
    pub scalar: Scalar,
    /// Its shape; without one, one axis.
    pub shape: Option<Vec<u64>>,
}

/// What is in a file or folder.
///
/// # Errors
/// When it can't be read, is damaged, or is of a kind that is refused. Of a folder, files that are refused are told in
/// [`Content::skipped`].
pub fn open(path: &Path, raw: Option<&Raw>) -> Result<Content, TensorError> {
    if path.is_dir() { folder::open(path, raw) } else { file(path, raw) }
}

/// What is in a file.
pub(super) fn file(path: &Path, raw: Option<&Raw>) -> Result<Content, TensorError> {
    let region = Region::open(path)?;
    let bytes = region.bytes();
    let name = path.file_stem().map(|s| s.to_string_lossy().into_owned()).unwrap_or_default();
    let one = |format, found: Found<Tensor>| found.map(|t| Content::of(format, vec![t]));
    let many = |format, found: Found<Vec<Tensor>>| found.map(|t| Content::of(format, t));
    if let Some(raw) = raw {
        return one("raw", read_raw(&region, raw, &name)).map_err(|why| damaged(path, why));
    }
    if let Some((why, instead)) = refused(bytes) {
        return Err(TensorError::refused(path, why, instead));
    }
    let found = match bytes {
        [] => return Err(damaged(path, "it is empty".to_owned())),
        _ if bytes.starts_with(npy::MAGIC) => one("npy", npy::read(&region, &name)),
        _ if bytes.starts_with(b"PK\x03\x04") || bytes.starts_with(b"PK\x05\x06") => archive::read(&region),
        _ if bytes.starts_with(gguf::MAGIC) => many("GGUF", gguf::read(&region)),
        _ if events::is(bytes) => events::read(bytes),
        _ if safetensors::is(bytes) => many("safetensors", safetensors::read(&region)),
        _ if bytes[0] == b'{' && safetensors::is_index(bytes) => {
            return safetensors::read_index(path, bytes).map(|(content, _)| content);
        }
        _ => text::read(bytes, &name),
    };
    found.map_err(|why| damaged(path, why)).map(|mut content| {
        name_apart(&mut content.tensors);
        content.skipped.iter_mut().for_each(|why| *why = format!("{}: {why}", path.display()));
        content
    })
}

/// Gives each tensor a name of its own: keys that lie in one another may spell one name twice, and so may columns of a table.
fn name_apart(tensors: &mut [Tensor]) {
    let mut seen = std::collections::BTreeSet::new();
    for tensor in tensors {
        let name = tensor.name.clone();
        let mut number = 2u64;
        while !seen.insert(tensor.name.clone()) {
            tensor.name = format!("{name} #{number}");
            number += 1;
        }
    }
}

fn damaged(path: &Path, why: String) -> TensorError {
    TensorError::Damaged { path: path.display().to_string(), why }
}

/// Kinds that are known and not read, and what to do.
fn refused(bytes: &[u8]) -> Option<(&'static str, &'static str)> {
    const SAVE: &str = "load it where it was made and save it with safetensors.torch.save_file, or with torch.save of \
                        PyTorch 1.6 or later";
    // The magic number that the format before 1.6 begins with, as a pickled integer.
    const LEGACY: &[u8] = b"\x8a\x0a\x6c\xfc\x9c\x46\xf9\x20\x6a\xa8\x50\x19";
    if bytes.get(257..262) == Some(b"ustar") {
        return Some(("it is a tar archive, as PyTorch before 0.4 wrote", SAVE));
    }
    if bytes.first() == Some(&0x80) {
        let legacy = bytes.get(2..2 + LEGACY.len()) == Some(LEGACY);
        let what = if legacy { "it is in PyTorch's format from before 1.6" } else { "it is a Python pickle by itself" };
        return Some((what, SAVE));
    }
    let other: [(&[u8], &str, &str); 3] = [
        (b"\x89HDF\r\n\x1a\n", "it is an HDF5 file", "export the arrays with numpy.savez"),
        (b"\x1f\x8b", "it is compressed", "decompress it first (gunzip)"),
        (b"PAR1", "it is a Parquet file", "export it as CSV or with numpy.savez"),
    ];
    other.into_iter().find(|(magic, ..)| bytes.starts_with(magic)).map(|(_, why, instead)| (why, instead))
}

fn read_raw(region: &Region, raw: &Raw, name: &str) -> Found<Tensor> {
    let (bytes, width) = (region.bytes(), raw.scalar.width());
    let count = bytes.len() / width;
    if !bytes.len().is_multiple_of(width) {
        return Err(format!("its {} bytes are no whole number of {} elements", bytes.len(), raw.scalar.name()));
    }
    let shape = raw.shape.clone().unwrap_or_else(|| vec![count as u64]);
    let (wanted, _) = super::data::size(&shape, width)?;
    if wanted != count {
        return Err(format!("it has {count} elements of {}, and --shape has {wanted}", raw.scalar.name()));
    }
    Ok(Tensor::new(name, raw.scalar, shape, count, Data::little(region, 0)))
}
