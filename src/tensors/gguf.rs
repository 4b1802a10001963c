//! GGUF, versions 2 and 3: counts, keys and values, tensors with their types and offsets, and the data.

use super::data::{Data, Region, range, size};
use super::{Found, Tensor};
use crate::model::Scalar;

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"GGUF";

/// Arrays in arrays of a key's value.
const DEPTH: usize = 8;

/// Types of quantised blocks: number, name, elements and bytes of a block.
const BLOCKS: [(u32, &str, u64, u64); 25] = [
    (2, "q4_0", 32, 18),
    (3, "q4_1", 32, 20),
    (6, "q5_0", 32, 22),
    (7, "q5_1", 32, 24),
    (8, "q8_0", 32, 34),
    (9, "q8_1", 32, 36),
    (10, "q2_k", 256, 84),
    (11, "q3_k", 256, 110),
    (12, "q4_k", 256, 144),
    (13, "q5_k", 256, 176),
    (14, "q6_k", 256, 210),
    (15, "q8_k", 256, 292),
    (16, "iq2_xxs", 256, 66),
    (17, "iq2_xs", 256, 74),
    (18, "iq3_xxs", 256, 98),
    (19, "iq1_s", 256, 50),
    (20, "iq4_nl", 32, 18),
    (21, "iq3_s", 256, 110),
    (22, "iq2_s", 256, 82),
    (23, "iq4_xs", 256, 136),
    (29, "iq1_m", 256, 56),
    (34, "tq1_0", 256, 54),
    (35, "tq2_0", 256, 66),
    (39, "mxfp4", 32, 17),
    (40, "nvfp4", 64, 36),
];

/// A place in the bytes that moves on.
struct Cursor<'b> {
    bytes: &'b [u8],
    at: usize,
}

impl<'b> Cursor<'b> {
    fn take(&mut self, n: u64) -> Found<&'b [u8]> {
        let range = range(self.bytes, self.at as u64, n)?;
        self.at = range.end;
        Ok(&self.bytes[range])
    }

    fn u32(&mut self) -> Found<u32> {
        self.take(4)?.try_into().map(u32::from_le_bytes).map_err(|_| "it is truncated".to_owned())
    }

    fn u64(&mut self) -> Found<u64> {
        self.take(8)?.try_into().map(u64::from_le_bytes).map_err(|_| "it is truncated".to_owned())
    }

    fn text(&mut self) -> Found<String> {
        let n = self.u64()?;
        Ok(String::from_utf8_lossy(self.take(n)?).into_owned())
    }

    /// Passes over a value; gives it where it is a whole number of 32 bits.
    fn value(&mut self, ty: u32, depth: usize) -> Found<Option<u32>> {
        match ty {
            0 | 1 | 7 => self.take(1).map(|_| None),
            2 | 3 => self.take(2).map(|_| None),
            4 => self.u32().map(Some),
            5 | 6 => self.take(4).map(|_| None),
            8 => self.text().map(|_| None),
            10..=12 => self.take(8).map(|_| None),
            9 if depth < DEPTH => {
                let (of, n) = (self.u32()?, self.u64()?);
                // Each element takes a byte at least, so that a false count ends with the file.
                for _ in 0..n {
                    self.value(of, depth + 1)?;
                }
                Ok(None)
            }
            _ => Err(format!("a key has a value of the unknown type {ty}: it is damaged or of a later version")),
        }
    }
}

pub(super) fn read(region: &Region) -> Found<Vec<Tensor>> {
    let mut cursor = Cursor { bytes: region.bytes(), at: MAGIC.len() };
    let version = cursor.u32()?;
    if !matches!(version, 2 | 3) {
        return Err(format!("it is GGUF of version {version}; versions 2 and 3, little-endian, are read"));
    }
    let (tensors, keys) = (cursor.u64()?, cursor.u64()?);
    let mut alignment = 32u64;
    for _ in 0..keys {
        let key = cursor.text()?;
        let ty = cursor.u32()?;
        let value = cursor.value(ty, 0)?;
        if let ("general.alignment", Some(n)) = (key.as_str(), value) {
            alignment = u64::from(n).max(1);
        }
    }
    let mut infos = Vec::new();
    for _ in 0..tensors {
        infos.push(info(&mut cursor)?);
    }
    let start = (cursor.at as u64).next_multiple_of(alignment);
    let mut out: Vec<(u64, u64, Tensor)> = Vec::new();
    for (mut tensor, len, offset) in infos {
        let at = start.saturating_add(offset);
        let range = range(region.bytes(), at, len).map_err(|e| format!("'{}': {e}", tensor.name))?;
        tensor.data = Data::little(region, range.start);
        out.push((at, at + len, tensor));
    }
    out.sort_by_key(|(at, ..)| *at);
    if let Some(pair) = out.windows(2).find(|pair| pair[1].0 < pair[0].1) {
        return Err(format!("the data of '{}' and '{}' overlap: it is damaged", pair[0].2.name, pair[1].2.name));
    }
    Ok(out.into_iter().map(|(.., tensor)| tensor).collect())
}

/// A tensor without its data, how many bytes they are, and where from the beginning of all data.
fn info(cursor: &mut Cursor<'_>) -> Found<(Tensor, u64, u64)> {
    let name = cursor.text()?;
    let axes = cursor.u32()?;
    if axes > 8 {
        return Err(format!("'{name}' has {axes} dimensions: it is damaged"));
    }
    let mut shape = (0..axes).map(|_| cursor.u64()).collect::<Found<Vec<u64>>>()?;
    // The axis that varies fastest stands first.
    shape.reverse();
    let (ty, offset) = (cursor.u32()?, cursor.u64()?);
    let scalar = match ty {
        0 => Scalar::F32,
        1 => Scalar::F16,
        24 => Scalar::I8,
        25 => Scalar::I16,
        26 => Scalar::I32,
        27 => Scalar::I64,
        28 => Scalar::F64,
        30 => Scalar::Bf16,
        _ => {
            let Some((_, block, elements, bytes)) = BLOCKS.iter().find(|(n, ..)| *n == ty) else {
                return Err(format!("'{name}' has the unknown type {ty}: it is damaged or newer than this program"));
            };
            let (count, _) = size(&shape, 1).map_err(|e| format!("'{name}': {e}"))?;
            let blocks = (count as u64).div_ceil(*elements);
            let len = blocks.checked_mul(*bytes).ok_or_else(|| format!("'{name}' is larger than a file can be"))?;
            let (count, _) = size(&[len], 1)?;
            let mut tensor = Tensor::new(&name, Scalar::Bytes, vec![len], count, Data::own(Vec::new()));
            tensor.stored = Some((*block).to_owned());
            return Ok((tensor, len, offset));
        }
    };
    let (count, len) = size(&shape, scalar.width()).map_err(|e| format!("'{name}': {e}"))?;
    Ok((Tensor::new(&name, scalar, shape, count, Data::own(Vec::new())), len, offset))
}
