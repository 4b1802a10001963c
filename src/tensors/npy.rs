//! NumPy's `.npy` (NEP 1): a magic word, a version, a Python dictionary with type, order and shape, and the elements.

use super::data::{Data, Region, range, size};
use super::{Found, Tensor};
use crate::model::Scalar;

/// How a file begins.
pub(super) const MAGIC: &[u8] = b"\x93NUMPY";

/// The longest header: a structured type's may be long, but none that is read here.
const LONGEST: u64 = 64 << 10;

/// A type as NumPy writes it: `<f4`.
struct Type {
    scalar: Scalar,
    swapped: bool,
    /// Numbers of an element: two of complex ones.
    parts: u64,
}

pub(super) fn read(region: &Region, name: &str) -> Found<Tensor> {
    let bytes = region.bytes();
    let (length, start) = match bytes.get(6) {
        Some(1) => (u64::from(u16::from_le_bytes(array(bytes, 8)?)), 10),
        Some(2 | 3) => (u64::from(u32::from_le_bytes(array(bytes, 8)?)), 12),
        _ => return Err("its version is unknown; save it again with np.save".to_owned()),
    };
    if length > LONGEST {
        return Err(format!("its header claims {length} bytes, more than any type of numbers needs: it is damaged"));
    }
    let header = &bytes[range(bytes, start, length)?];
    let header = std::str::from_utf8(header).map_err(|_| "its header is no text: it is damaged".to_owned())?;
    let descr = value(header, "descr")?;
    let fortran = match value(header, "fortran_order")? {
        word if word.starts_with("True") => true,
        word if word.starts_with("False") => false,
        _ => return Err("its header has no fortran_order: it is damaged".to_owned()),
    };
    let mut shape = shape(value(header, "shape")?)?;
    let ty = read_type(descr)?;
    let strides = (fortran && shape.len() > 1).then(|| {
        let mut stride = ty.parts;
        let mut axes: Vec<(u64, u64)> = Vec::new();
        for n in &shape {
            axes.push((*n, stride));
            stride = stride.saturating_mul(*n);
        }
        axes
    });
    if ty.parts > 1 {
        shape.push(ty.parts);
    }
    let (count, len) = size(&shape, ty.scalar.width())?;
    let data = range(bytes, start + length, len)?;
    if data.end != bytes.len() {
        return Err(format!("{} bytes follow its data: it is damaged", bytes.len() - data.end));
    }
    let strides = strides.map(|mut axes| {
        if ty.parts > 1 {
            axes.push((ty.parts, 1));
        }
        // Each is below the count, which fits.
        axes.into_iter().map(|(n, s)| (usize::try_from(n).unwrap_or(0), usize::try_from(s).unwrap_or(0))).collect()
    });
    let data = Data::Words { region: region.clone(), offset: data.start, swapped: ty.swapped, strides };
    Ok(Tensor::new(name, ty.scalar, shape, count, data))
}

fn array<const N: usize>(bytes: &[u8], at: usize) -> Found<[u8; N]> {
    let slice = bytes.get(at..at + N).ok_or("it ends within its header: it is truncated")?;
    slice.try_into().map_err(|_| "it ends within its header: it is truncated".to_owned())
}

/// What follows a key of the dictionary.
fn value<'h>(header: &'h str, key: &str) -> Found<&'h str> {
    let found = ['\'', '"'].into_iter().find_map(|q| header.split_once(&format!("{q}{key}{q}")));
    let rest = found.and_then(|(_, rest)| rest.trim_start().strip_prefix(':'));
    rest.map(str::trim_start).ok_or_else(|| format!("its header has no {key}: it is damaged"))
}

fn shape(text: &str) -> Found<Vec<u64>> {
    let inner = text.strip_prefix('(').and_then(|t| t.split_once(')')).map(|(inner, _)| inner);
    let inner = inner.ok_or("its shape is no tuple: it is damaged")?;
    let parts = inner.split(',').map(|p| p.trim().trim_end_matches('L')).filter(|p| !p.is_empty());
    let shape: Result<Vec<u64>, _> = parts.map(str::parse).collect();
    let shape = shape.map_err(|_| format!("its shape ({inner}) is not made of whole numbers: it is damaged"))?;
    if shape.len() > 64 { Err("it has more than 64 dimensions: it is damaged".to_owned()) } else { Ok(shape) }
}

fn read_type(text: &str) -> Found<Type> {
    let quote = text.chars().next().filter(|c| matches!(c, '\'' | '"'));
    let Some((descr, _)) = quote.and_then(|q| text[1..].split_once(q)) else {
        return Err("its elements are records of several fields; save each field as an array of its own".to_owned());
    };
    let (order, rest) = match descr.chars().next() {
        Some(c @ ('<' | '>' | '|' | '=')) => (c, &descr[1..]),
        _ => ('=', descr),
    };
    let (scalar, parts) = match rest {
        "f8" => (Scalar::F64, 1),
        "f4" => (Scalar::F32, 1),
        "f2" => (Scalar::F16, 1),
        "c16" => (Scalar::F64, 2),
        "c8" => (Scalar::F32, 2),
        "i8" => (Scalar::I64, 1),
        "i4" => (Scalar::I32, 1),
        "i2" => (Scalar::I16, 1),
        "i1" => (Scalar::I8, 1),
        "u8" => (Scalar::U64, 1),
        "u4" => (Scalar::U32, 1),
        "u2" => (Scalar::U16, 1),
        "u1" => (Scalar::U8, 1),
        "b1" => (Scalar::Bool, 1),
        // How ml_dtypes saves them: NumPy has no name for these types.
        "V2" | "bfloat16" => (Scalar::Bf16, 1),
        "float8_e4m3fn" => (Scalar::F8E4m3, 1),
        "float8_e5m2" => (Scalar::F8E5m2, 1),
        "O" => return Err("its elements are Python objects; save numbers (arr.astype(float))".to_owned()),
        _ => {
            return Err(format!("its type '{descr}' is none of numbers that are read; convert it, such as to float64"));
        }
    };
    let big = order == '>' || order == '=' && cfg!(target_endian = "big");
    Ok(Type { scalar, swapped: scalar.width() > 1 && big != cfg!(target_endian = "big"), parts })
}
