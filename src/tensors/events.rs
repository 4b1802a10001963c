//! TensorBoard's event files: records with checksums, each a protocol buffer with a step and scalars by tag.

use std::collections::BTreeMap;

use super::text::of_numbers;
use super::{Content, Data, Found, Tensor};
use crate::model::Scalar;

/// Patterns by step.
type Words = Vec<(u64, Vec<u8>)>;

/// The longest record: an event holds an image at most.
const LONGEST: u64 = 256 << 20;

/// CRC-32C, bit by bit: eight bytes a record are checked.
fn crc32c(bytes: &[u8]) -> u32 {
    let mut crc = !0u32;
    for byte in bytes {
        crc ^= u32::from(*byte);
        for _ in 0..8 {
            crc = (crc >> 1) ^ (0x82f6_3b78 & (crc & 1).wrapping_neg());
        }
    }
    !crc
}

/// The checksum as the format masks it.
fn masked(bytes: &[u8]) -> u32 {
    crc32c(bytes).rotate_right(15).wrapping_add(0xa282_ead8)
}

/// Whether a file begins with a record.
pub(super) fn is(bytes: &[u8]) -> bool {
    length(bytes).is_some_and(|n| n <= LONGEST)
}

/// The length of the record that begins here, where its checksum is right.
fn length(bytes: &[u8]) -> Option<u64> {
    let (head, rest) = bytes.split_first_chunk::<8>()?;
    let (crc, _) = rest.split_first_chunk::<4>()?;
    (masked(head) == u32::from_le_bytes(*crc)).then(|| u64::from_le_bytes(*head))
}

pub(super) fn read(bytes: &[u8]) -> Found<Content> {
    let mut series: BTreeMap<(String, Scalar), Words> = BTreeMap::new();
    let (mut order, mut others) = (Vec::new(), Vec::new());
    let mut out = Content::new("TensorBoard events");
    let mut rest = bytes;
    while !rest.is_empty() {
        // A program that still writes leaves half a record.
        let Some(n) = length(rest) else {
            if rest.len() >= 12 {
                return Err(format!("the record at byte {} is damaged", bytes.len() - rest.len()));
            }
            out.skipped.push("the last record is cut off: a program still writes it, or was stopped".to_owned());
            break;
        };
        let whole = usize::try_from(n).ok().and_then(|n| n.checked_add(16)).filter(|n| *n <= rest.len());
        let Some(whole) = whole else {
            out.skipped.push("the last record is cut off: a program still writes it, or was stopped".to_owned());
            break;
        };
        let data = &rest[12..whole - 4];
        let crc = rest[whole - 4..whole].try_into().map_or(0, u32::from_le_bytes);
        if masked(data) != crc {
            return Err(format!("the record at byte {} is damaged", bytes.len() - rest.len()));
        }
        rest = &rest[whole..];
        event(data, |step, tag, value| match value {
            Value::Number(scalar, word) => {
                let key = (tag.to_owned(), scalar);
                let values = series.entry(key.clone()).or_insert_with(|| {
                    order.push(key);
                    Vec::new()
                });
                values.push((step, word));
            }
            Value::Other(bytes) => others.push((format!("{tag} (step {step})"), bytes.to_vec())),
        })?;
    }
    for key in order {
        if let Some(values) = series.remove(&key) {
            out.tensors.push(of_numbers(&key.0, key.1, values));
        }
    }
    // What is no single number (an image, a histogram, a text) is compared as the bytes that it is.
    for (name, bytes) in others {
        let count = bytes.len();
        out.tensors.push(Tensor::new(&name, Scalar::Bytes, vec![count as u64], count, Data::own(bytes)));
    }
    Ok(out)
}

/// A field of a protocol buffer.
enum Field<'b> {
    Number(u64),
    Bytes(&'b [u8]),
}

/// Gives each field of a message, with its number.
fn fields<'b>(mut bytes: &'b [u8], mut take: impl FnMut(u64, Field<'b>) -> Found<()>) -> Found<()> {
    let wrong = || "an event is damaged".to_owned();
    while !bytes.is_empty() {
        let key = varint(&mut bytes).ok_or_else(wrong)?;
        let field = match key & 7 {
            0 => Field::Number(varint(&mut bytes).ok_or_else(wrong)?),
            kind @ (1 | 2 | 5) => {
                let n = match kind {
                    1 => 8,
                    5 => 4,
                    _ => varint(&mut bytes).and_then(|n| usize::try_from(n).ok()).ok_or_else(wrong)?,
                };
                let (value, rest) = bytes.split_at_checked(n).ok_or_else(wrong)?;
                bytes = rest;
                Field::Bytes(value)
            }
            _ => return Err(wrong()),
        };
        take(key >> 3, field)?;
    }
    Ok(())
}

fn varint(bytes: &mut &[u8]) -> Option<u64> {
    let mut out = 0u64;
    for shift in (0..64).step_by(7) {
        let (byte, rest) = bytes.split_first()?;
        *bytes = rest;
        out |= u64::from(byte & 0x7f) << shift;
        if byte & 0x80 == 0 {
            return Some(out);
        }
    }
    None
}

/// A value of an event.
enum Value<'b> {
    Number(Scalar, Vec<u8>),
    /// What is no single number, as it is in the file.
    Other(&'b [u8]),
}

/// Event: step is field 2, summary field 5, whose field 1 is a value: tag 1, simple_value 2, tensor 8.
fn event(bytes: &[u8], mut take: impl FnMut(u64, &str, Value<'_>)) -> Found<()> {
    let (mut step, mut summaries) = (0, Vec::new());
    fields(bytes, |number, field| {
        match (number, field) {
            (2, Field::Number(n)) => step = n,
            (5, Field::Bytes(summary)) => summaries.push(summary),
            _ => {}
        }
        Ok(())
    })?;
    for summary in summaries {
        fields(summary, |number, field| {
            let (1, Field::Bytes(value)) = (number, field) else { return Ok(()) };
            let (mut tag, mut word) = (String::new(), None);
            fields(value, |number, field| {
                match (number, field) {
                    (1, Field::Bytes(text)) => tag = String::from_utf8_lossy(text).into_owned(),
                    (2, Field::Bytes(bytes)) if bytes.len() == 4 => word = Some((Scalar::F32, bytes.to_vec())),
                    (8, Field::Bytes(tensor)) => word = scalar(tensor)?,
                    _ => {}
                }
                Ok(())
            })?;
            match word {
                Some((scalar, mut word)) => {
                    if cfg!(target_endian = "big") {
                        word.reverse();
                    }
                    take(step, &tag, Value::Number(scalar, word));
                }
                None => take(step, &tag, Value::Other(value)),
            }
            Ok(())
        })?;
    }
    Ok(())
}

/// A tensor of one number: dtype 1 (1 binary32, 2 binary64), tensor_content 4, float_val 5, double_val 6.
fn scalar(bytes: &[u8]) -> Found<Option<(Scalar, Vec<u8>)>> {
    let (mut dtype, mut found) = (0, None);
    fields(bytes, |number, field| {
        match (number, field) {
            (1, Field::Number(n)) => dtype = n,
            (4..=6, Field::Bytes(bytes)) => found = Some(bytes.to_vec()),
            _ => {}
        }
        Ok(())
    })?;
    let scalar = match dtype {
        1 => Scalar::F32,
        2 => Scalar::F64,
        _ => return Ok(None),
    };
    Ok(found.filter(|word| word.len() == scalar.width()).map(|word| (scalar, word)))
}

#[cfg(test)]
mod tests {
    #[test]
    fn checksums_are_those_of_the_standard() {
        assert_eq!(super::crc32c(b"123456789"), 0xe306_9283, "the check value of CRC-32C (RFC 3720's polynomial)");
    }
}
