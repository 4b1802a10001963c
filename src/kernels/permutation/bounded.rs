//! Bounded integers from random words, and what it costs to be simple.

use crate::numerics::inputs::philox::Stream;

/// How a word becomes an integer below a bound.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernels) enum Draw {
    /// Lemire's multiply-shift with rejection: no bias, one multiplication, and a division only where the bound is near
    /// the number of words. ("Fast random integer generation in an interval", ACM TOMACS 29(1), 2019.)
    Reject,
    /// Multiply-shift alone: of `2^bits` words some places get one more than others.
    Multiply,
    /// The remainder: biased as much, towards the first places.
    Modulo,
}

impl Draw {
    /// The integer below `count` that a word of `bits` bits becomes; `None` where another word is to be drawn. `count` is
    /// 1 to `2^bits`.
    #[expect(clippy::cast_possible_truncation, reason = "below count")]
    fn place(self, word: u32, bits: u32, count: u32) -> Option<u32> {
        let (words, word, count) = (1u64 << bits, u64::from(word), u64::from(count));
        let product = word * count;
        match self {
            Self::Modulo => Some((word % count) as u32),
            // The low products below `2^bits mod count` are those that make the first places likelier.
            Self::Reject if product % words < words % count => None,
            Self::Reject | Self::Multiply => Some((product >> bits) as u32),
        }
    }
}

/// Words of which the top `bits` bits are used.
#[derive(Debug)]
pub(in crate::kernels) struct Bounded {
    words: Stream,
    bits: u32,
    draw: Draw,
    /// The words drawn again.
    pub(in crate::kernels) rejected: u64,
}

impl Bounded {
    /// Integers from stream 0 of `seed`; `bits` is 1 to 32.
    pub(in crate::kernels) fn new(seed: u64, bits: u32, draw: Draw) -> Self {
        Self { words: Stream::new(seed, 0), bits, draw, rejected: 0 }
    }

    /// An integer below `count`, which is 1 to `2^bits`.
    pub(in crate::kernels) fn below(&mut self, count: u32) -> u32 {
        loop {
            if let Some(place) = self.draw.place(self.words.next_u32() >> (32 - self.bits), self.bits, count) {
                return place;
            }
            self.rejected += 1;
        }
    }

    /// Fisher and Yates' shuffle of `0..n`: from the last place down, each is exchanged with one at or before it.
    pub(in crate::kernels) fn shuffle(&mut self, n: u32) -> Vec<u32> {
        let mut order: Vec<u32> = (0..n).collect();
        for last in (1..n).rev() {
            order.swap(last as usize, self.below(last + 1) as usize);
        }
        order
    }
}

/// The permutation bias of a shuffle of `n` with words of `bits` bits: the binary logarithm of how much likelier the
/// likeliest permutation is than the rarest, `Σ log2(⌈2^bits/k⌉ / ⌊2^bits/k⌋)` over the bounds `k`; 0 with rejection.
#[expect(clippy::cast_precision_loss, reason = "at most 2^32")]
pub(in crate::kernels) fn bias(n: u32, bits: u32, draw: Draw) -> f64 {
    if draw == Draw::Reject {
        return 0.0;
    }
    let words = 1u64 << bits;
    let of = |k: u32| {
        let least = words / u64::from(k);
        // log1p, for the quotient is near one.
        if words.is_multiple_of(u64::from(k)) { 0.0 } else { libm::log1p(1.0 / least as f64) }
    };
    (2..=n).map(of).sum::<f64>() / std::f64::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every word once, in place of random ones: how often each place comes.
    fn histogram(bits: u32, count: u32, draw: Draw) -> Vec<u32> {
        let mut seen = vec![0; count as usize];
        for place in (0..1 << bits).filter_map(|word| draw.place(word, bits, count)) {
            seen[place as usize] += 1;
        }
        seen
    }

    #[test]
    fn rejection_gives_every_place_as_many_words() {
        for bits in [1, 3, 8, 10] {
            for count in 1..=(1u32 << bits).min(300) {
                let seen = histogram(bits, count, Draw::Reject);
                assert!(seen.iter().all(|n| *n == (1 << bits) / count), "{bits} bits, {count} places: {seen:?}");
            }
        }
        for draw in [Draw::Multiply, Draw::Modulo] {
            let seen = histogram(8, 3, draw);
            assert_eq!((seen.iter().min(), seen.iter().max()), (Some(&85), Some(&86)), "256 words for 3: {draw:?}");
        }
    }

    #[test]
    fn the_bias_is_the_ratio_of_counts() {
        // 16 words: for 3 places 5 or 6, for 5 places 3 or 4; 2 and 4 divide 16.
        let want = libm::log2(6.0 / 5.0) + libm::log2(4.0 / 3.0);
        assert!((bias(5, 4, Draw::Multiply) - want).abs() < 1e-12, "of five with four bits");
        assert_eq!(bias(1 << 20, 32, Draw::Reject), 0.0, "with rejection");
        // About Σk / 2^32 / ln 2: a shuffle of 50 000 samples by 32-bit words is off by a third.
        let found = bias(50_000, 32, Draw::Modulo);
        assert!((found - 0.42).abs() < 0.01, "of 50 000 with 32 bits: {found}");
    }
}
