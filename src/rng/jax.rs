//! JAX's default generator, `threefry2x32` (jax/_src/prng.py): the same words on every device.

use crate::numerics::inputs::threefry::threefry2x32_20;

/// How counters are laid over an array (`jax_threefry_partitionable`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Layout {
    /// Element `i` has the counter `i`, and the two words of its block are combined: the default from JAX 0.5 on.
    Partitionable,
    /// The halves of the array share blocks: the default before. The layout depends on the size of the array.
    Original,
}

/// `jax.random.key(seed)`: the seed's words, high word first (`threefry_seed`). Without `jax_enable_x64` JAX keeps the
/// low word of a larger seed and the high word is 0.
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the words of the seed")]
pub fn key(seed: u64) -> [u32; 2] {
    [(seed >> 32) as u32, seed as u32]
}

/// `jax.random.bits(key, (n,))`: 32-bit words, for fewer than 2^32 - 1 elements.
#[must_use]
pub fn bits(key: [u32; 2], n: u32, layout: Layout) -> Vec<u32> {
    match layout {
        // `_threefry_random_bits_partitionable`: the counter's high word first.
        Layout::Partitionable => (0..n)
            .map(|i| {
                let [a, b] = threefry2x32_20([0, i], key);
                a ^ b
            })
            .collect(),
        // `_threefry_random_bits_original`: iota split in halves, padded with a 0 where it is odd.
        Layout::Original => {
            let half = n.div_ceil(2);
            let second = |i: u32| if half + i < n { half + i } else { 0 };
            let blocks: Vec<_> = (0..half).map(|i| threefry2x32_20([i, second(i)], key)).collect();
            let mut words: Vec<u32> = blocks.iter().map(|b| b[0]).chain(blocks.iter().map(|b| b[1])).collect();
            words.truncate(n as usize);
            words
        }
    }
}

/// `jax.random.uniform(key, (n,))` in binary32 on [0, 1): the word's upper 23 bits as a fraction (`_uniform`,
/// jax/_src/random.py).
#[must_use]
pub fn uniform(word: u32) -> f32 {
    f32::from_bits((word >> 9) | 0x3f80_0000) - 1.0
}
