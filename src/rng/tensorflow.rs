//! TensorFlow's stateless generator: Philox4x32-10, the same words on every device.
//!
//! `GenerateKey` (tensorflow/core/kernels/stateless_random_ops.cc) scrambles the two seeds; the fill kernels
//! (`random_op_cpu.h`, `random_op_gpu.h`) give group `g` of four elements the counter plus `g` whatever the launch.

use crate::numerics::inputs::philox::philox4x32_10;

/// The constants of the scramble.
const SCRAMBLE: [u32; 2] = [0x3ec8_f720, 0x0246_1e29];

/// A key and the first counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stateless {
    key: [u32; 2],
    counter: [u32; 2],
}

impl Stateless {
    /// Of `seed=[first, second]`.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the words of the seeds")]
    pub fn new(first: u64, second: u64) -> Self {
        let counter = [first as u32, (first >> 32) as u32, second as u32, (second >> 32) as u32];
        let mix = philox4x32_10(counter, SCRAMBLE);
        Self { key: [mix[0], mix[1]], counter: [mix[2], mix[3]] }
    }

    /// `n` words: `tf.random.stateless_uniform(…, minval=None, maxval=None, dtype=tf.uint32)`.
    #[must_use]
    pub fn words(&self, n: usize) -> Vec<u32> {
        (0..n.div_ceil(4) as u64).flat_map(|group| self.block(group)).take(n).collect()
    }

    #[expect(clippy::cast_possible_truncation, reason = "the words of the group's number")]
    fn block(&self, group: u64) -> [u32; 4] {
        philox4x32_10([group as u32, (group >> 32) as u32, self.counter[0], self.counter[1]], self.key)
    }
}

/// A word as binary32 on [0, 1): its lower 23 bits as a fraction (`Uint32ToFloat`,
/// tensorflow/core/lib/random/random_distributions_utils.h).
#[must_use]
pub fn uniform(word: u32) -> f32 {
    f32::from_bits((word & 0x007f_ffff) | 0x3f80_0000) - 1.0
}
