//! Philox, the counter-based generator behind every input and every dropout mask; 4x32 with ten rounds unless a name
//! says otherwise.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11. The known answers in
//! `tests/vectors/philox*.txt` are Random123's.

use super::philox_simd;

/// Multipliers of the two rounds' products.
pub const M: [u32; 2] = [0xD251_1F53, 0xCD9E_8D57];
/// The Weyl increments of the key.
pub const W: [u32; 2] = [0x9E37_79B9, 0xBB67_AE85];

/// The multiplier of Philox2x32; its key's increment is `W[0]`.
pub const M2: u32 = 0xD256_D193;

/// Ten rounds of Philox4x32 on one counter: what frameworks use.
#[inline(always)]
#[must_use]
pub fn philox4x32_10(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    philox4x32::<10>(counter, key)
}

/// Seven rounds: the fewest that the paper found to pass BigCrush.
#[inline(always)]
#[must_use]
pub fn philox4x32_7(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    philox4x32::<7>(counter, key)
}

/// `ROUNDS` rounds of Philox4x32 on one counter.
#[inline(always)]
#[must_use]
pub fn philox4x32<const ROUNDS: usize>(counter: [u32; 4], key: [u32; 2]) -> [u32; 4] {
    let mut c = counter;
    let mut k = key;
    for _ in 0..ROUNDS {
        let p0 = u64::from(M[0]) * u64::from(c[0]);
        let p1 = u64::from(M[1]) * u64::from(c[2]);
        c = [high(p1) ^ c[1] ^ k[0], low(p1), high(p0) ^ c[3] ^ k[1], low(p0)];
        k = [k[0].wrapping_add(W[0]), k[1].wrapping_add(W[1])];
    }
    c
}

/// Ten rounds of Philox2x32 on one counter.
#[inline(always)]
#[must_use]
pub fn philox2x32_10(counter: [u32; 2], key: u32) -> [u32; 2] {
    philox2x32::<10>(counter, key)
}

/// `ROUNDS` rounds of Philox2x32 on one counter.
#[inline(always)]
#[must_use]
pub fn philox2x32<const ROUNDS: usize>(counter: [u32; 2], key: u32) -> [u32; 2] {
    let mut c = counter;
    let mut k = key;
    for _ in 0..ROUNDS {
        let p = u64::from(M2) * u64::from(c[0]);
        c = [high(p) ^ k ^ c[1], low(p)];
        k = k.wrapping_add(W[0]);
    }
    c
}

#[inline(always)]
fn high(p: u64) -> u32 {
    low(p >> 32)
}

#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the low word is what is wanted")]
fn low(p: u64) -> u32 {
    p as u32
}

/// The words of a seed as a Philox key, low word first.
#[must_use]
pub fn key(seed: u64) -> [u32; 2] {
    [low(seed), high(seed)]
}

/// Words that a stream makes at a time: a multiple of what is made at once.
const AHEAD: usize = 384;

/// A stream of words: counters `(block, 0, stream, 0)`, four words each.
#[derive(Debug, Clone)]
pub struct Stream {
    key: [u32; 2],
    stream: u32,
    /// The next block to make.
    block: u64,
    /// Words made and not yet taken: the last `left`.
    left: usize,
    words: [u32; AHEAD],
}

impl Stream {
    /// The stream of `seed` with number `stream`; different numbers give independent words.
    #[must_use]
    pub fn new(seed: u64, stream: u32) -> Self {
        Self { key: key(seed), stream, block: 0, left: 0, words: [0; AHEAD] }
    }

    /// The next word.
    #[inline]
    pub fn next_u32(&mut self) -> u32 {
        if self.left == 0 {
            self.refill();
        }
        let word = self.words[AHEAD - self.left];
        self.left -= 1;
        word
    }

    #[cold]
    fn refill(&mut self) {
        let counter = [low(self.block), high(self.block), self.stream, 0];
        philox_simd::fill(&mut self.words, counter, self.key, philox_simd::Axis::Block);
        self.block += AHEAD as u64 / 4;
        self.left = AHEAD;
    }

    /// The next uniform number in (0, 1) with 53 bits: the midpoint of its interval, so never 0 or 1.
    #[expect(clippy::cast_precision_loss, reason = "52 bits and a half fit binary64 exactly")]
    pub fn next_unit(&mut self) -> f64 {
        let wide = (u64::from(self.next_u32()) << 32 | u64::from(self.next_u32())) >> 12;
        (wide as f64 + 0.5) * f64::exp2(-52.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::inputs::vectors::rows;

    #[test]
    fn a_stream_is_its_blocks_in_order() {
        let mut stream = Stream::new(0x0123_4567_89ab_cdef, 3);
        for block in 0..200 {
            let want = philox4x32_10([block, 0, 3, 0], [0x89ab_cdef, 0x0123_4567]);
            assert_eq!([(); 4].map(|()| stream.next_u32()), want, "block {block}");
        }
    }

    /// [rand.predef] of the C++26 standard: the 10000th word of a default-constructed `std::philox4x32`, whose first
    /// counter is 0 and whose default seed is 20111115.
    #[test]
    fn the_ten_thousandth_word_of_the_cpp_standard() {
        let mut stream = Stream::new(20_111_115, 0);
        assert_eq!((0..10_000).map(|_| stream.next_u32()).last(), Some(1_955_073_260), "std::philox4x32");
    }

    #[test]
    fn known_answers_of_random123() {
        let ten = rows::<10>(include_str!("../../../tests/vectors/philox4x32.txt"));
        let seven = rows::<10>(include_str!("../../../tests/vectors/philox4x32_7.txt"));
        assert_eq!((ten.len(), seven.len()), (3, 3), "rows of the tables");
        for [c0, c1, c2, c3, k0, k1, want @ ..] in ten {
            assert_eq!(philox4x32_10([c0, c1, c2, c3], [k0, k1]), want, "{c0:x} … under {k0:x} {k1:x}");
        }
        for [c0, c1, c2, c3, k0, k1, want @ ..] in seven {
            assert_eq!(philox4x32_7([c0, c1, c2, c3], [k0, k1]), want, "{c0:x} … under {k0:x} {k1:x}, seven rounds");
        }
        let two = rows::<5>(include_str!("../../../tests/vectors/philox2x32.txt"));
        assert_eq!(two.len(), 3, "rows of the table");
        for [c0, c1, key, want @ ..] in two {
            assert_eq!(philox2x32_10([c0, c1], key), want, "{c0:x} {c1:x} under {key:x}");
        }
    }
}
