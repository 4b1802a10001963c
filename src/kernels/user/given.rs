//! Data of a buffer, or what is expected of an output, from a file of tensors. Nothing is rounded in silence: an element that the
//! shader's type does not have is an error.

use std::path::Path;

use super::layout::Kind;
use super::settings::FileOf;
use crate::model::Scalar;
use crate::numerics::drift::Sequence as _;
use crate::process::file::read_up_to;
use crate::tensors::{self, Raw, Tensor};

/// Elements that are looked at together.
const BLOCK: usize = 1 << 16;

/// The largest file whose digest is taken: a buffer has far less.
const MOST: u64 = 8 << 30;

/// A tensor of a file, and the file's digest.
#[derive(Debug)]
pub(super) struct Given {
    tensor: Tensor,
    /// What the settings say of it, its digest among that.
    pub(super) file: FileOf,
}

/// Reads a tensor of a file: the one that is named, the one that has the buffer's name, or the only one.
///
/// # Errors
/// What is wrong, and what to say instead.
pub(super) fn read(said: &FileOf, buffer: &str) -> Result<Given, String> {
    let path = Path::new(&said.file);
    let raw = said.dtype.map(|scalar| Raw { scalar, shape: None });
    let digest = digest(path).map_err(|e| format!("'{buffer}': can't read {}: {e}", said.file))?;
    if let Some(then) = said.digest.as_ref().filter(|then| **then != digest) {
        return Err(format!(
            "'{buffer}': {} changed since: its digest is {}, and the settings have {}; remove digest there, or bring the file back",
            said.file,
            &digest[..12],
            then.get(..12).unwrap_or(then)
        ));
    }
    let content = tensors::open(path, raw.as_ref()).map_err(|e| {
        let hint = if raw.is_none() { "; of raw elements say dtype" } else { "" };
        format!("'{buffer}': {e}{hint}")
    })?;
    let names = || {
        let all: Vec<String> = content.tensors.iter().map(|t| t.name.clone()).collect();
        crate::model::words::list(&all, 8)
    };
    let found = match (&said.tensor, content.tensors.as_slice()) {
        (Some(name), all) => all.iter().find(|t| t.name == *name),
        (None, [only]) => Some(only),
        (None, all) => all.iter().find(|t| t.name == buffer),
    };
    let tensor = found.ok_or_else(|| {
        format!(
            "'{buffer}': {} has no tensor '{}'; say tensor, one of: {}",
            said.file,
            said.tensor.as_deref().unwrap_or(buffer),
            names()
        )
    })?;
    if !tensor.is_numeric() {
        return Err(format!(
            "'{buffer}': '{}' of {} holds {}, and no numbers",
            tensor.name,
            said.file,
            tensor.type_name()
        ));
    }
    Ok(Given { tensor: tensor.clone(), file: FileOf { digest: Some(digest), ..said.clone() } })
}

fn digest(path: &Path) -> std::io::Result<String> {
    if path.is_dir() {
        return Err(std::io::Error::other("it is a folder; name a file"));
    }
    Ok(blake3::hash(&read_up_to(path, MOST)?).to_hex().to_string())
}

impl Given {
    /// How many elements it has.
    pub(super) fn count(&self) -> u64 {
        self.tensor.count() as u64
    }

    /// Its elements as scalars of these types, in order.
    ///
    /// # Errors
    /// The first element that a type does not have.
    pub(super) fn scalars(&self, kinds: impl Iterator<Item = Kind>) -> Result<Vec<u64>, String> {
        let (elements, scalar) = (self.tensor.elements(), self.tensor.scalar);
        let (width, count) = (scalar.width(), self.tensor.count());
        let mut kinds = kinds;
        let mut out = Vec::with_capacity(count);
        let mut scratch = Vec::new();
        for from in (0..count).step_by(BLOCK) {
            let block = elements.block(from, (from + BLOCK).min(count), &mut scratch);
            for element in block.chunks_exact(width) {
                let Some(kind) = kinds.next() else { return Ok(out) };
                let bits = pattern(element);
                out.push(exact(kind, scalar, bits).ok_or_else(|| {
                    format!(
                        "element {} of {} is {} ({}), which {} does not have; convert the file first",
                        out.len(),
                        self.file.file,
                        scalar.value(bits),
                        scalar.name(),
                        kind.name()
                    )
                })?);
            }
        }
        Ok(out)
    }
}

/// An element in the byte order of this machine.
fn pattern(element: &[u8]) -> u64 {
    let mut bytes = [0; 8];
    let at = if cfg!(target_endian = "little") { 0 } else { 8 - element.len() };
    bytes[at..at + element.len()].copy_from_slice(element);
    u64::from_ne_bytes(bytes)
}

/// A number of one type as the same number of another; `None` where that has it not. The pattern stays where the types are one.
#[expect(clippy::cast_possible_truncation, reason = "the number is taken only where it comes back")]
#[expect(clippy::cast_sign_loss, reason = "a negative integer is its two's complement")]
fn exact(kind: Kind, scalar: Scalar, bits: u64) -> Option<u64> {
    let same = match kind {
        Kind::F32 => Scalar::F32,
        Kind::F16 => Scalar::F16,
        Kind::F64 => Scalar::F64,
        Kind::U32 => Scalar::U32,
        Kind::I32 => Scalar::I32,
        Kind::U64 => Scalar::U64,
        Kind::I64 => Scalar::I64,
    };
    if scalar == same {
        return Some(bits);
    }
    // Integers as they are, of whatever length.
    let whole: Option<i128> = match scalar {
        Scalar::U64 => Some(bits.into()),
        Scalar::I64 => Some(bits.cast_signed().into()),
        _ if scalar.is_float() => None,
        _ => Some(scalar.value(bits) as i128),
    };
    if !kind.is_float() {
        let whole = whole?;
        let range = match kind {
            Kind::U32 => 0..=i128::from(u32::MAX),
            Kind::I32 => i128::from(i32::MIN)..=i128::from(i32::MAX),
            Kind::U64 => 0..=i128::from(u64::MAX),
            _ => i128::from(i64::MIN)..=i128::from(i64::MAX),
        };
        let wide = whole as u64;
        return range.contains(&whole).then_some(if kind.is_wide() { wide } else { wide & 0xffff_ffff });
    }
    let value = scalar.value(bits);
    if whole.is_some_and(|whole| value as i128 != whole) {
        return None;
    }
    let (made, back) = match kind {
        Kind::F32 => (u64::from((value as f32).to_bits()), f64::from(value as f32)),
        Kind::F16 => {
            let half = half::f16::from_f64(value);
            (u64::from(half.to_bits()), half.to_f64())
        }
        _ => (value.to_bits(), value),
    };
    (back == value || value.is_nan()).then_some(made)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_stay_what_they_are_or_are_refused() {
        let f64_of = |x: f64| x.to_bits();
        assert_eq!(exact(Kind::F32, Scalar::F64, f64_of(0.5)), Some(0x3f00_0000), "a half");
        assert_eq!(exact(Kind::F32, Scalar::F64, f64_of(0.1)), None, "it would be rounded");
        assert_eq!(exact(Kind::F32, Scalar::F32, 0x7fa0_0001), Some(0x7fa0_0001), "patterns stay");
        assert_eq!(exact(Kind::F16, Scalar::F64, f64_of(-0.0)), Some(0x8000), "a zero's sign");
        assert!(exact(Kind::F32, Scalar::F16, 0x7e00).is_some_and(|b| b == 0x7fc0_0000), "NaN");
        assert_eq!(exact(Kind::F32, Scalar::Bf16, 0x3f80), Some(0x3f80_0000), "bfloat16");
        assert_eq!(exact(Kind::I32, Scalar::I64, u64::MAX), Some(0xffff_ffff), "minus one");
        assert_eq!(exact(Kind::U32, Scalar::I64, u64::MAX), None, "no such number");
        assert_eq!(exact(Kind::U32, Scalar::U64, 1 << 32), None, "too large");
        assert_eq!(exact(Kind::U64, Scalar::I8, 5), Some(5), "longer");
        assert_eq!(exact(Kind::F64, Scalar::U64, (1 << 53) + 1), None, "beyond binary64");
        assert_eq!(exact(Kind::I32, Scalar::F32, 0x3f80_0000), None, "a float is no integer");
    }
}
