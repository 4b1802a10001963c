//! Safetensors: the length of a JSON header in eight bytes, the header, and the data that it gives ranges of. Also the index
//! of a checkpoint in several files.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use serde::Deserialize;
use serde::de::{Deserializer, MapAccess, Visitor};

use super::data::{Data, Region, size};
use super::{Content, Found, Tensor, TensorError};
use crate::model::Scalar;

/// The longest header: that of the format's own library.
const LONGEST: u64 = 100_000_000;

#[derive(Deserialize)]
struct Info {
    dtype: String,
    shape: Vec<u64>,
    data_offsets: (u64, u64),
}

/// The header's entries in the order of the file; a name that stands there twice is there twice.
struct Header(Vec<(String, serde_json::Value)>);

impl<'de> Deserialize<'de> for Header {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        struct Entries;
        impl<'de> Visitor<'de> for Entries {
            type Value = Header;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Header, A::Error> {
                let mut entries = Vec::new();
                while let Some(entry) = map.next_entry()? {
                    entries.push(entry);
                }
                Ok(Header(entries))
            }
        }
        from.deserialize_map(Entries)
    }
}

/// Whether a file begins as one.
pub(super) fn is(bytes: &[u8]) -> bool {
    let length = bytes.first_chunk::<8>().map(|b| u64::from_le_bytes(*b));
    bytes.get(8) == Some(&b'{') && length.is_some_and(|n| n <= LONGEST)
}

/// The tensors in the order of their data.
pub(super) fn read(region: &Region) -> Found<Vec<Tensor>> {
    let bytes = region.bytes();
    let length = bytes.first_chunk::<8>().map_or(0, |b| u64::from_le_bytes(*b));
    let start = usize::try_from(length).ok().and_then(|n| n.checked_add(8)).filter(|n| *n <= bytes.len());
    let start = start.ok_or_else(|| {
        format!("its header claims {length} bytes and the file has {}: it is truncated or damaged", bytes.len())
    })?;
    let header: Header = serde_json::from_slice(&bytes[8..start]).map_err(|e| format!("its header is damaged: {e}"))?;
    let data = &bytes[start..];
    let mut out: Vec<((u64, u64), Tensor)> = Vec::new();
    let mut names = BTreeSet::new();
    for (name, value) in header.0 {
        if name == "__metadata__" {
            continue;
        }
        let info: Info = serde_json::from_value(value).map_err(|e| format!("its entry '{name}' is damaged: {e}"))?;
        if !names.insert(name.clone()) {
            return Err(format!("it has two tensors named '{name}': it is damaged"));
        }
        let (scalar, shape, stored) = element(&info);
        let (count, len) = size(&shape, scalar.width()).map_err(|e| format!("'{name}': {e}"))?;
        let (from, to) = info.data_offsets;
        if to < from || to - from != len {
            return Err(format!(
                "'{name}' has {} bytes and its shape and type need {len}: it is damaged",
                to.wrapping_sub(from)
            ));
        }
        let range = super::data::range(data, from, len).map_err(|e| format!("'{name}': {e}"))?;
        let mut tensor = Tensor::new(&name, scalar, shape, count, Data::little(region, start + range.start));
        tensor.stored = stored;
        out.push(((from, to), tensor));
    }
    out.sort_by_key(|(range, _)| *range);
    if let Some(pair) = out.windows(2).find(|pair| pair[1].0.0 < pair[0].0.1) {
        let (a, b) = (&pair[0].1.name, &pair[1].1.name);
        return Err(format!("the data of '{a}' and '{b}' overlap: it is damaged"));
    }
    Ok(out.into_iter().map(|(_, tensor)| tensor).collect())
}

/// The type of elements, the shape in them, and the file's own name of the type where it is another.
fn element(info: &Info) -> (Scalar, Vec<u64>, Option<String>) {
    let scalar = match info.dtype.as_str() {
        "F64" => Scalar::F64,
        "F32" => Scalar::F32,
        "F16" => Scalar::F16,
        "BF16" => Scalar::Bf16,
        "F8_E4M3" => Scalar::F8E4m3,
        "F8_E5M2" => Scalar::F8E5m2,
        "I64" => Scalar::I64,
        "I32" => Scalar::I32,
        "I16" => Scalar::I16,
        "I8" => Scalar::I8,
        "U64" => Scalar::U64,
        "U32" => Scalar::U32,
        "U16" => Scalar::U16,
        "U8" => Scalar::U8,
        "BOOL" => Scalar::Bool,
        "C64" => {
            let shape = info.shape.iter().copied().chain([2]).collect();
            return (Scalar::F32, shape, Some("c64".to_owned()));
        }
        // What is no number here is compared as bytes.
        other => {
            let bytes = info.data_offsets.1.saturating_sub(info.data_offsets.0);
            return (Scalar::Bytes, vec![bytes], Some(other.to_ascii_lowercase()));
        }
    };
    (scalar, info.shape.clone(), None)
}

#[derive(Deserialize)]
struct Index {
    weight_map: BTreeMap<String, String>,
}

/// Whether a JSON text is the index of a checkpoint in several files.
pub(super) fn is_index(bytes: &[u8]) -> bool {
    memchr::memmem::find(&bytes[..bytes.len().min(1 << 20)], b"\"weight_map\"").is_some()
}

/// The tensors of all files that an index names, in the order of the files, and those files.
pub(super) fn read_index(path: &Path, bytes: &[u8]) -> Result<(Content, Vec<std::path::PathBuf>), TensorError> {
    let damaged = |why: String| TensorError::Damaged { path: path.display().to_string(), why };
    let index: Index = serde_json::from_slice(bytes).map_err(|e| damaged(format!("it is no index of files: {e}")))?;
    let folder = path.parent().unwrap_or_else(|| Path::new(""));
    let files: BTreeSet<&String> = index.weight_map.values().collect();
    let mut out = Content::new("checkpoint in several files");
    let mut paths = Vec::new();
    for file in files {
        // A name leads nowhere but into the folder.
        if Path::new(file).components().count() != 1 || file.contains(['/', '\\']) || file.starts_with("..") {
            return Err(damaged(format!("it names '{file}', which is not a file of its folder")));
        }
        let part = folder.join(file);
        let content = super::open::file(&part, None)?;
        let wanted = |t: &Tensor| index.weight_map.get(&t.name) == Some(file);
        out.tensors.extend(content.tensors.into_iter().filter(wanted));
        out.skipped.extend(content.skipped);
        paths.push(part);
    }
    let there: BTreeSet<&str> = out.tensors.iter().map(|t| t.name.as_str()).collect();
    if let Some((name, file)) = index.weight_map.iter().find(|(name, _)| !there.contains(name.as_str())) {
        return Err(damaged(format!("it says that '{name}' is in {file}, where it is not")));
    }
    Ok((out, paths))
}
