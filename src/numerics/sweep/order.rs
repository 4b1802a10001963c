//! The order in which inputs are tried. An input is a bit pattern of 32 bits: a binary32 number, or two binary16 numbers of
//! which the second is in the high half; or one of 16 bits.

use crate::model::sweep::{BLOCK, Inputs, SAMPLE};

/// The sign of a pattern of 32 bits.
pub const SIGN: u32 = 1 << 31;

/// Input `s` of the sample: one of the 4096 patterns from `s << 12` on, the same on every machine. Where the significand
/// begins with zeros it is the first one, so that zeros, infinities and powers of two are among them.
#[must_use]
pub fn sampled(s: u32) -> u32 {
    if s & 0x7ff == 0 {
        return s << 12;
    }
    let h = s.wrapping_mul(0x9e37_79b1);
    let h = (h ^ h >> 15).wrapping_mul(0x85eb_ca77);
    s << 12 | h >> 20 & 0xfff
}

/// Inputs that are computed together: `runs` runs of `length` patterns, the first from `first` on, each with the sign set
/// that the one before has not. Of a sample `first` and `length` count its inputs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chunk {
    /// The first pattern.
    pub first: u32,
    /// Patterns of a run, a power of two.
    pub length: u32,
    /// 1 or 2.
    pub runs: u32,
    /// Whether they are of the sample.
    pub sample: bool,
}

impl Chunk {
    /// How many inputs.
    #[must_use]
    pub fn count(self) -> usize {
        self.length as usize * self.runs as usize
    }

    /// Input `i`.
    #[must_use]
    pub fn pattern(self, i: u32) -> u32 {
        if self.sample {
            return sampled(self.first + i);
        }
        let run = i / self.length;
        (self.first + i % self.length) | (run << 31)
    }

    /// What the shader reads: its first pattern and the logarithm of its length.
    #[must_use]
    pub fn parameters(self) -> Vec<u32> {
        vec![self.first, self.length.trailing_zeros()]
    }
}

/// The chunks of a sweep.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Order {
    /// Which inputs.
    pub inputs: Inputs,
    /// Bits of an input: 16 or 32.
    pub bits: u32,
    /// Blocks of a chunk of 2^32 inputs, a power of two and 2 at least.
    pub blocks: u32,
    /// So many chunks and no more, for tests and measurements; else all.
    pub most: Option<usize>,
    /// The first of them, by its place.
    pub from: usize,
}

impl Order {
    /// All of them. Every chunk of a sweep has the same number of inputs.
    pub fn chunks(self) -> impl Iterator<Item = Chunk> + Clone {
        let wide = self.bits == 32;
        let one = |length, sample| Chunk { first: 0, length, runs: 1, sample };
        let (first, count) = match self.inputs {
            _ if !wide => (one(1 << 16, false), 1),
            #[expect(clippy::cast_possible_truncation, reason = "2^20")]
            Inputs::Stratified => (one(SAMPLE as u32, true), 1),
            Inputs::All => {
                #[expect(clippy::cast_possible_truncation, reason = "a chunk has at most 16 blocks of 2^20 inputs")]
                let length = self.blocks.clamp(2, 16).next_power_of_two() / 2 * BLOCK as u32;
                (Chunk { first: 0, length, runs: 2, sample: false }, SIGN / length)
            }
        };
        let place = |n: usize| u32::try_from(n).unwrap_or(u32::MAX).min(count);
        let from = place(self.from);
        let to = self.most.map_or(count, |most| place(self.from.saturating_add(most)));
        (from..to).map(move |k| Chunk { first: k * first.length, ..first })
    }

    /// How many inputs there are.
    #[must_use]
    pub fn count(self) -> u64 {
        self.chunks().map(|c| c.count() as u64).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_sign_and_exponent_has_as_many_inputs_and_the_special_ones_are_there() {
        let mut seen = vec![0u32; 512];
        for s in 0..1u32 << 20 {
            let pattern = sampled(s);
            assert_eq!(pattern >> 12, s, "in its stratum");
            seen[(pattern >> 23) as usize] += 1;
        }
        assert!(seen.iter().all(|n| *n == 2048), "equally");
        for special in [0.0f32, -0.0, 1.0, -2.0, f32::INFINITY, f32::MIN_POSITIVE] {
            assert_eq!(sampled(special.to_bits() >> 12), special.to_bits(), "{special}");
        }
    }

    #[test]
    fn all_inputs_are_tried_once() {
        let order = Order { inputs: Inputs::All, bits: 32, blocks: 8, most: None, from: 0 };
        assert_eq!(order.count(), 1 << 32, "as many as there are");
        let (mut positive, mut last) = (0u64, None);
        for chunk in order.chunks() {
            assert_eq!(chunk.pattern(0), chunk.first, "from its first on");
            assert_eq!(chunk.pattern(chunk.length), chunk.first | SIGN, "and again with the sign");
            assert_eq!(last.map_or(0, |p: u32| p + 1), chunk.first, "without a gap");
            last = Some(chunk.pattern(chunk.length - 1));
            positive += u64::from(chunk.length);
        }
        assert_eq!(positive, 1 << 31, "each half");
        let half = Order { inputs: Inputs::All, bits: 16, blocks: 8, most: None, from: 0 };
        assert_eq!(half.chunks().map(Chunk::count).collect::<Vec<_>>(), [1 << 16], "binary16");
    }
}
