//! The Mersenne Twister of PyTorch's CPU generator (Matsumoto and Nishimura 1998; ATen/core/MT19937RNGEngine.h).

const N: usize = 624;
const M: usize = 397;

/// The generator.
#[derive(Debug, Clone)]
pub struct Mt19937 {
    state: [u32; N],
    at: usize,
}

impl Mt19937 {
    /// Seeded as `torch.manual_seed` does: PyTorch keeps the low word of the seed here.
    #[must_use]
    pub fn new(seed: u32) -> Self {
        let mut state = [seed; N];
        for (i, word) in (1u32..).zip(1..N) {
            let before = state[word - 1];
            state[word] = 1_812_433_253u32.wrapping_mul(before ^ (before >> 30)).wrapping_add(i);
        }
        Self { state, at: N }
    }

    /// Seeded with a seed of 64 bits, of which it keeps the low word.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "PyTorch's CPU generator keeps the low word of a seed")]
    pub fn of(seed: u64) -> Self {
        Self::new(seed as u32)
    }

    /// The next word.
    pub fn next_u32(&mut self) -> u32 {
        if self.at == N {
            for i in 0..N {
                let mixed = (self.state[i] & 0x8000_0000) | (self.state[(i + 1) % N] & 0x7fff_ffff);
                let twist = if mixed & 1 == 1 { 0x9908_b0df } else { 0 };
                self.state[i] = self.state[(i + M) % N] ^ (mixed >> 1) ^ twist;
            }
            self.at = 0;
        }
        let mut y = self.state[self.at];
        self.at += 1;
        y ^= y >> 11;
        y ^= (y << 7) & 0x9d2c_5680;
        y ^= (y << 15) & 0xefc6_0000;
        y ^ (y >> 18)
    }

    /// The next value of `torch.rand` in binary64: the lower 53 bits of two words as a fraction, the first word high
    /// (`CPUGeneratorImpl::random64`, `uniform_real_distribution`).
    #[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
    pub fn next_double(&mut self) -> f64 {
        let high = u64::from(self.next_u32());
        let word = high << 32 | u64::from(self.next_u32());
        (word & ((1 << 53) - 1)) as f64 / (1u64 << 53) as f64
    }

    /// The next value of `torch.rand` in binary32: the word's lower 24 bits as a fraction
    /// (`uniform_real_distribution`, ATen/core/DistributionsHelper.h).
    #[expect(clippy::cast_precision_loss, reason = "24 bits fit")]
    pub fn next_uniform(&mut self) -> f32 {
        (self.next_u32() & 0x00ff_ffff) as f32 / 16_777_216.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// C++11, [rand.predef]: the 10000th word of a default-constructed `std::mt19937`, whose seed is 5489.
    #[test]
    fn the_ten_thousandth_word_of_the_cpp_standard() {
        let mut generator = Mt19937::new(5489);
        assert_eq!((0..10_000).map(|_| generator.next_u32()).last(), Some(4_123_659_995), "std::mt19937");
    }
}
