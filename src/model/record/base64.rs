//! Base64 (RFC 4648, section 4): output bits in a third more than their size, where hexadecimal takes twice it.

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

/// Encodes words as little-endian bytes.
pub(super) fn encode(words: &[u32]) -> String {
    let bytes: Vec<u8> = words.iter().flat_map(|w| w.to_le_bytes()).collect();
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let at = |i: usize| u32::from(chunk.get(i).copied().unwrap_or(0));
        let group = at(0) << 16 | at(1) << 8 | at(2);
        for (place, shift) in [18, 12, 6, 0].into_iter().enumerate() {
            let digit = ALPHABET[(group >> shift & 63) as usize];
            out.push(if place <= chunk.len() { char::from(digit) } else { '=' });
        }
    }
    out
}

/// Decodes words; `None` where the text is not base64 of whole words, or not in its one canonical form.
pub(super) fn decode(text: &str) -> Option<Vec<u32>> {
    let text = text.as_bytes();
    if !text.len().is_multiple_of(4) {
        return None;
    }
    let mut bytes = Vec::with_capacity(text.len() / 4 * 3);
    for (i, group) in text.chunks(4).enumerate() {
        let last = (i + 1) * 4 == text.len();
        let padding = if last { group.iter().rev().take_while(|b| **b == b'=').count() } else { 0 };
        if padding > 2 {
            return None;
        }
        let mut value = 0u32;
        for byte in &group[..4 - padding] {
            value = value << 6 | digit(*byte)?;
        }
        value <<= 6 * padding;
        let [_, decoded @ ..] = value.to_be_bytes();
        // Bits beyond the last byte must be zero, or one content would have two texts.
        if decoded[3 - padding..].iter().any(|b| *b != 0) {
            return None;
        }
        bytes.extend_from_slice(&decoded[..3 - padding]);
    }
    let (words, rest) = bytes.as_chunks::<4>();
    rest.is_empty().then(|| words.iter().map(|w| u32::from_le_bytes(*w)).collect())
}

fn digit(byte: u8) -> Option<u32> {
    let value = match byte {
        b'A'..=b'Z' => byte - b'A',
        b'a'..=b'z' => byte - b'a' + 26,
        b'0'..=b'9' => byte - b'0' + 52,
        b'+' => 62,
        b'/' => 63,
        _ => return None,
    };
    Some(u32::from(value))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn known_answers() {
        // "foobar" of RFC 4648 is no whole number of words; "Man." and eight bytes are.
        assert_eq!(encode(&[u32::from_le_bytes(*b"Man.")]), "TWFuLg==", "one word");
        let two = [u32::from_le_bytes(*b"Many"), u32::from_le_bytes(*b" han")];
        assert_eq!(encode(&two), "TWFueSBoYW4=", "two words");
        assert_eq!(encode(&[]), "", "nothing");
        let three = [0, u32::MAX, 0x3f80_0000];
        assert_eq!(decode(&encode(&three)).as_deref(), Some(&three[..]), "there and back");
    }

    #[test]
    fn what_is_no_base64_of_words_is_refused() {
        for bad in ["A", "TWFu", "TWFuLg=", "TWFuLg= ", "TWFuLh==", "T===", "====", "TW==TWFu", "TWFuLg==TWFuLg==", "é"]
        {
            assert_eq!(decode(bad), None, "{bad}");
        }
    }
}
