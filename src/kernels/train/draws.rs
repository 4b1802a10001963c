//! What a training draws: words of Philox4x32-10, each from its own counter, so that nothing depends on who draws first.
//!
//! Element `i` of a draw is word `i mod 4` of counter `(i / 4, a, b, purpose)` under the seed as the key.

use super::data::TRAIN;
use super::network::{BATCH, EPOCH};
use crate::numerics::inputs::philox::key;
use crate::numerics::inputs::philox_simd::{Axis, fill};

/// The last word of a counter.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Initial weights; `a` is the layer.
    Init = 1,
    /// The keys that the images are sorted by; `a` is the epoch.
    Shuffle = 2,
    /// Masks; `a` is the step and `b` the layer.
    Dropout = 3,
}

/// Fills `out` with the words of a draw.
pub(super) fn draw(out: &mut [u32], seed: u64, a: u32, b: u32, purpose: Purpose) {
    fill(out, [0, a, b, purpose as u32], key(seed), Axis::Block);
}

/// The order of the training images in an epoch: sorted by random keys, and by index where two are equal. What
/// `torch.randperm` does on a GPU, with its keys.
#[must_use]
pub(super) fn shuffled(seed: u64, epoch: u32) -> (Vec<u32>, Vec<u32>) {
    let mut keys = vec![0; TRAIN];
    draw(&mut keys, seed, epoch, 0, Purpose::Shuffle);
    let mut order: Vec<(u32, u32)> = keys.iter().copied().zip(0..).collect();
    order.sort_unstable();
    (keys, order.into_iter().map(|(_, index)| index).collect())
}

/// The epoch of a step, and which images of its order the step takes.
#[must_use]
pub(super) fn place(step: u32) -> (u32, std::ops::Range<usize>) {
    let epoch = u32::try_from(EPOCH).unwrap_or(u32::MAX);
    let first = (step % epoch) as usize * BATCH;
    (step / epoch, first..first + BATCH)
}
