//! Messages between this program and its children: four bytes of length, least significant first, and as many of JSON.

use std::io::{Read, Write};

use serde::Serialize;
use serde::de::DeserializeOwned;

/// The longest message, in bytes. Outputs go through files, so a message holds digests and findings alone.
pub const LIMIT: u32 = 16 << 20;

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
    serde_json::from_slice(&body).map_err(|_| FrameError::NoAnswer(super::shown(&String::from_utf8_lossy(&body))))
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
        let mut announced = LIMIT.to_le_bytes().to_vec();
        announced.push(b'[');
        assert!(matches!(received(&announced), Err(FrameError::Closed)), "a length without a body");
    }
}
