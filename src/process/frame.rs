//! Messages between this program and its children: four bytes of length, least significant first, and as many of JSON.

use std::io::{Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::model::text::{self, line_fault};

/// The longest message, in bytes. Outputs go through files, so a message holds digests and findings alone.
pub const LIMIT: u32 = 16 << 20;

/// The longest text of a driver, in characters.
const TEXT: usize = 2000;

/// Why there is no message.
#[derive(Debug, thiserror::Error)]
pub enum FrameError {
    /// The other side has closed the pipe.
    #[error("it closed its pipe")]
    Closed,
    /// The pipe fails.
    #[error("its pipe failed: {0}")]
    Io(#[from] std::io::Error),
    /// The message is longer than any that this program writes.
    #[error("it announced a message of {0} bytes")]
    Long(u32),
    /// The message is no answer.
    #[error("it wrote '{0}'")]
    NoAnswer(String),
}

/// Writes a message.
///
/// # Errors
/// Those of the pipe; a message beyond [`LIMIT`].
pub fn write<T: Serialize>(to: &mut dyn Write, message: &T) -> std::io::Result<()> {
    let body = serde_json::to_vec(message)?;
    let length = u32::try_from(body.len()).ok().filter(|l| *l <= LIMIT);
    let length = length.ok_or_else(|| std::io::Error::other("a message is longer than 16 MiB"))?;
    let mut frame = length.to_le_bytes().to_vec();
    frame.extend_from_slice(&body);
    to.write_all(&frame)?;
    to.flush()
}

/// Reads a message. Memory grows with the bytes that come, not with the length that is announced.
///
/// # Errors
/// [`FrameError`].
pub fn read<T: DeserializeOwned>(from: &mut dyn Read) -> Result<T, FrameError> {
    let mut length = [0; 4];
    from.read_exact(&mut length).map_err(closed)?;
    let length = u32::from_le_bytes(length);
    if length > LIMIT {
        return Err(FrameError::Long(length));
    }
    let mut body = Vec::new();
    if from.take(u64::from(length)).read_to_end(&mut body)? < length as usize {
        return Err(FrameError::Closed);
    }
    let answer = serde_json::from_slice(&body).ok().map(plain).and_then(|value| serde_json::from_value(value).ok());
    answer.ok_or_else(|| FrameError::NoAnswer(super::shown(&String::from_utf8_lossy(&body))))
}

/// A message whose texts are lines of plain characters: a driver's name and its errors are a driver's own words.
fn plain(message: Value) -> Value {
    match message {
        Value::String(text) if line_fault(&text).is_some() => Value::String(text::shown(&text, TEXT)),
        Value::Array(items) => items.into_iter().map(plain).collect(),
        Value::Object(fields) => fields.into_iter().map(|(name, value)| (name, plain(value))).collect(),
        other => other,
    }
}

fn closed(e: std::io::Error) -> FrameError {
    if e.kind() == std::io::ErrorKind::UnexpectedEof { FrameError::Closed } else { FrameError::Io(e) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(bytes: &[u8]) -> Result<Vec<u32>, FrameError> {
        read(&mut &*bytes)
    }

    #[test]
    fn a_message_comes_back_and_anything_else_is_refused() {
        let mut bytes = Vec::new();
        write(&mut bytes, &vec![1u32, 2]).unwrap();
        assert_eq!(received(&bytes).unwrap(), [1, 2], "as it was written");
        assert!(matches!(received(&bytes[..bytes.len() - 1]), Err(FrameError::Closed)), "it ends early");
        assert!(matches!(received(b""), Err(FrameError::Closed)), "nothing");
        assert!(matches!(received(&[0xff; 64]), Err(FrameError::Long(u32::MAX))), "a length that nobody sends");
        let mut other = Vec::new();
        write(&mut other, &"\u{1b}[2Jx").unwrap();
        assert!(
            matches!(received(&other), Err(FrameError::NoAnswer(s)) if !s.contains('\u{1b}')),
            "other JSON, told plainly"
        );
        let mut named = Vec::new();
        write(&mut named, &("a\u{1b}[2J\nb", 1)).unwrap();
        assert_eq!(read::<(String, u32)>(&mut &*named).unwrap(), ("a[2J b".to_owned(), 1), "a driver's own words");
        let mut announced = LIMIT.to_le_bytes().to_vec();
        announced.push(b'[');
        assert!(matches!(received(&announced), Err(FrameError::Closed)), "a length without a body");
    }
}
