//! What an execution yields: elements of one type as bit patterns, and their digest.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// The element type of an output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Dtype {
    /// IEEE-754 binary32.
    F32,
    /// IEEE-754 binary16, two to a word, the first in the low half.
    F16,
    /// bfloat16, two to a word, the first in the low half.
    Bf16,
    /// 32-bit unsigned integers.
    U32,
    /// 32-bit signed integers.
    I32,
    /// A mask: one word an element, 1 kept and 0 dropped.
    Mask,
}

impl Dtype {
    /// Whether elements are floating point.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::Bf16)
    }

    /// Elements in a 32-bit word.
    #[must_use]
    pub fn per_word(self) -> usize {
        if matches!(self, Self::F16 | Self::Bf16) { 2 } else { 1 }
    }

    /// Bits in an element.
    #[must_use]
    pub fn width(self) -> u32 {
        if self.per_word() == 2 { 16 } else { 32 }
    }

    /// The value of one element's bit pattern. Exact for every type.
    #[inline(always)]
    #[must_use]
    pub fn value(self, bits: u32) -> f64 {
        match self {
            Self::F32 => f64::from(f32::from_bits(bits)),
            Self::F16 => half::f16::from_bits(low16(bits)).to_f64(),
            Self::Bf16 => half::bf16::from_bits(low16(bits)).to_f64(),
            Self::U32 | Self::Mask => f64::from(bits),
            Self::I32 => f64::from(bits.cast_signed()),
        }
    }

    /// An element's bit pattern as hexadecimal, `0x3f800000` or `0x3c00`.
    #[must_use]
    pub fn hex(self, bits: u32) -> String {
        if self.width() == 16 { format!("0x{bits:04x}") } else { format!("0x{bits:08x}") }
    }
}

#[expect(clippy::cast_possible_truncation, reason = "the low half is what is wanted")]
fn low16(bits: u32) -> u16 {
    bits as u16
}

/// The output of one execution: `len` elements of `dtype`, packed in little-endian 32-bit words.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Bits {
    /// The element type.
    pub dtype: Dtype,
    /// The number of elements.
    pub len: usize,
    /// `len.div_ceil(per_word)` words; an unused upper half of the last one is zero.
    pub words: Vec<u32>,
}

impl Bits {
    /// Elements of a 32-bit type from their bit patterns.
    #[must_use]
    pub fn new(dtype: Dtype, words: Vec<u32>, len: usize) -> Self {
        let mut words = words;
        words.resize(len.div_ceil(dtype.per_word()), 0);
        if dtype.per_word() == 2
            && len % 2 == 1
            && let Some(last) = words.last_mut()
        {
            *last &= 0xffff;
        }
        Self { dtype, len, words }
    }

    /// binary32 elements.
    #[must_use]
    pub fn f32(values: &[f32]) -> Self {
        Self { dtype: Dtype::F32, len: values.len(), words: values.iter().map(|v| v.to_bits()).collect() }
    }

    /// 32-bit words of `U32`, `I32` or `Mask`.
    #[must_use]
    pub fn words(dtype: Dtype, words: Vec<u32>) -> Self {
        Self { dtype, len: words.len(), words }
    }

    /// 16-bit elements (`F16` or `Bf16`) from their bit patterns.
    #[must_use]
    pub fn halves(dtype: Dtype, values: &[u16]) -> Self {
        let words = values.chunks(2).map(|c| u32::from(c[0]) | c.get(1).map_or(0, |h| u32::from(*h) << 16)).collect();
        Self { dtype, len: values.len(), words }
    }

    /// The bit pattern of element `i`, in the low bits.
    #[inline]
    #[must_use]
    pub fn get(&self, i: usize) -> u32 {
        if self.dtype.per_word() == 2 { (self.words[i / 2] >> (16 * (i % 2))) & 0xffff } else { self.words[i] }
    }

    /// The value of element `i`.
    #[must_use]
    pub fn value(&self, i: usize) -> f64 {
        self.dtype.value(self.get(i))
    }

    /// BLAKE3 of the words as little-endian bytes, as 32 hexadecimal digits (128 bits).
    #[must_use]
    pub fn digest(&self) -> String {
        digest_words(&self.words)
    }
}

/// Whether a text is a digest as a record has it: 32 hexadecimal digits of an output, 64 of a text.
#[must_use]
pub fn is_digest(text: &str) -> bool {
    matches!(text.len(), 32 | 64) && text.bytes().all(|c| c.is_ascii_digit() || (b'a'..=b'f').contains(&c))
}

/// BLAKE3 of words as little-endian bytes, as 32 hexadecimal digits.
#[must_use]
pub fn digest_words(words: &[u32]) -> String {
    let mut hasher = blake3::Hasher::new();
    hash_words(&mut hasher, words);
    hasher.finalize().to_hex()[..32].to_owned()
}

/// Takes words as little-endian bytes.
pub(super) fn hash_words(hasher: &mut blake3::Hasher, words: &[u32]) {
    if cfg!(target_endian = "little") {
        hasher.update(bytemuck::cast_slice(words));
    } else {
        for word in words {
            hasher.update(&word.to_le_bytes());
        }
    }
}
