//! The same tile in AVX2 and FMA instructions, for the two arithmetics that keep subnormals.
//!
//! The instructions are IEEE-754's own operations, one lane an element and one step of k after another, so the bits
//! are those of [`super::twin::Serial`] (but for the payload of a NaN).

use std::arch::x86_64::{
    __m256, _mm256_add_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps, _mm256_mul_ps, _mm256_storeu_ps,
};

use super::twin::{COLUMNS, Micro, ROWS, Tile};

/// The serial order in AVX2. A value of this type is proof that the processor has AVX2 and FMA.
#[derive(Debug, Clone, Copy)]
pub(super) struct Avx2<const FUSED: bool>(());

impl<const FUSED: bool> Avx2<FUSED> {
    /// `None` where the processor lacks AVX2 or FMA.
    pub(super) fn detect() -> Option<Self> {
        (is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma")).then_some(Self(()))
    }
}

impl<const FUSED: bool> Micro for Avx2<FUSED> {
    fn run(self, a: &[f32], b: &[f32], tile: &mut Tile) {
        // SAFETY: `self` was made by `detect`, which found both features.
        unsafe { run::<FUSED>(a, b, tile) }
    }
}

#[target_feature(enable = "avx2,fma")]
fn run<const FUSED: bool>(a: &[f32], b: &[f32], tile: &mut Tile) {
    let mut sums = [[load(&tile[..8]); 2]; ROWS];
    for (sums, row) in sums.iter_mut().zip(tile.as_chunks::<COLUMNS>().0) {
        *sums = [load(&row[..8]), load(&row[8..])];
    }
    for (x, y) in a.as_chunks::<ROWS>().0.iter().zip(b.as_chunks::<COLUMNS>().0) {
        let (left, right) = (load(&y[..8]), load(&y[8..]));
        for (sums, x) in sums.iter_mut().zip(x) {
            let x = _mm256_broadcast_ss(x);
            sums[0] = mad::<FUSED>(x, left, sums[0]);
            sums[1] = mad::<FUSED>(x, right, sums[1]);
        }
    }
    for (sums, row) in sums.iter().zip(tile.as_chunks_mut::<COLUMNS>().0) {
        let (left, right) = row.split_at_mut(8);
        store(left, sums[0]);
        store(right, sums[1]);
    }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn mad<const FUSED: bool>(a: __m256, b: __m256, c: __m256) -> __m256 {
    if FUSED { _mm256_fmadd_ps(a, b, c) } else { _mm256_add_ps(_mm256_mul_ps(a, b), c) }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn load(from: &[f32]) -> __m256 {
    assert!(from.len() >= 8, "a vector is eight numbers");
    // SAFETY: there are eight numbers to read, and the load needs no alignment.
    unsafe { _mm256_loadu_ps(from.as_ptr()) }
}

#[target_feature(enable = "avx2,fma")]
#[inline]
fn store(to: &mut [f32], value: __m256) {
    assert!(to.len() >= 8, "a vector is eight numbers");
    // SAFETY: there is room for eight numbers, and the store needs no alignment.
    unsafe { _mm256_storeu_ps(to.as_mut_ptr(), value) }
}
