//! The serial order in vector instructions, for the two arithmetics that keep subnormals.
//!
//! The instructions are IEEE-754's own operations, one lane an element and one step of k after another, so the bits
//! are those of [`super::twin::Serial`] (but for the payload of a NaN).

use std::arch::x86_64::{
    __m256, __m512, _MM_HINT_T0, _mm_prefetch, _mm256_add_ps, _mm256_broadcast_ss, _mm256_fmadd_ps, _mm256_loadu_ps,
    _mm256_mul_ps, _mm256_setzero_ps, _mm256_storeu_ps, _mm512_add_ps, _mm512_fmadd_ps, _mm512_loadu_ps, _mm512_mul_ps,
    _mm512_set1_ps, _mm512_setzero_ps, _mm512_storeu_ps,
};

use super::twin::{Micro, Tile};

/// Steps along k in one turn of the loop.
const UNROLLED: usize = 8;
/// How many steps ahead the numbers of A are asked for, which come from the second-level cache.
const AHEAD: usize = 64;

/// Asks for the cache line at `p`, which need not exist.
#[inline(always)]
fn prefetch(p: *const f32) {
    // SAFETY: a prefetch reads nothing, so any address will do.
    unsafe { _mm_prefetch::<_MM_HINT_T0>(p.cast()) }
}

/// A tile two vectors wide, whose sums stay in registers along k.
macro_rules! tile {
    (
        $(#[$about:meta])*
        $name:ident, $rows:literal rows of 2 x $lanes:literal, needs $($feature:tt)and+, enable $enable:literal,
        $vector:ident: $zero:ident $load:ident $store:ident $mul:ident $add:ident $mad:ident,
        broadcast: $x:ident => $broadcast:expr
    ) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy)]
        pub(super) struct $name<const FUSED: bool>(());

        impl<const FUSED: bool> $name<FUSED> {
            /// `None` where the processor lacks the instructions.
            pub(super) fn detect() -> Option<Self> {
                ($(is_x86_feature_detected!($feature))&&+).then_some(Self(()))
            }

            #[target_feature(enable = $enable)]
            #[inline]
            fn mad(a: $vector, b: $vector, c: $vector) -> $vector {
                if FUSED { $mad(a, b, c) } else { $add($mul(a, b), c) }
            }

            #[target_feature(enable = $enable)]
            #[inline]
            fn load(from: &[f32]) -> $vector {
                assert!(from.len() >= $lanes, "a vector's worth of numbers");
                // SAFETY: there are as many numbers to read as a vector has, and the load needs no alignment.
                unsafe { $load(from.as_ptr()) }
            }

            #[target_feature(enable = $enable)]
            #[inline]
            fn store(to: &mut [f32], value: $vector) {
                assert!(to.len() >= $lanes, "room for a vector");
                // SAFETY: there is room for as many numbers as a vector has, and the store needs no alignment.
                unsafe { $store(to.as_mut_ptr(), value) }
            }

            #[target_feature(enable = $enable)]
            #[inline]
            fn step(a: &[f32; $rows], b: &[f32; 2 * $lanes], sums: &mut [[$vector; 2]; $rows]) {
                let (left, right) = (Self::load(b), Self::load(&b[$lanes..]));
                for (sums, $x) in sums.iter_mut().zip(a) {
                    let x = $broadcast;
                    sums[0] = Self::mad(x, left, sums[0]);
                    sums[1] = Self::mad(x, right, sums[1]);
                }
            }

            #[target_feature(enable = $enable)]
            fn accumulate(a: &[f32], b: &[f32], tile: Tile<'_>) {
                let Tile { c, stride, fresh } = tile;
                let mut sums = [[$zero(); 2]; $rows];
                if !fresh {
                    for (sums, row) in sums.iter_mut().zip(c.chunks(stride)) {
                        *sums = [Self::load(row), Self::load(&row[$lanes..])];
                    }
                }
                let (a4, a_rest) = a.as_chunks::<{ UNROLLED * $rows }>();
                let (b4, b_rest) = b.as_chunks::<{ UNROLLED * 2 * $lanes }>();
                for (x, y) in a4.iter().zip(b4) {
                    prefetch(x.as_ptr().wrapping_add(AHEAD * $rows));
                    for (x, y) in x.as_chunks().0.iter().zip(y.as_chunks().0) {
                        Self::step(x, y, &mut sums);
                    }
                }
                for (x, y) in a_rest.as_chunks().0.iter().zip(b_rest.as_chunks().0) {
                    Self::step(x, y, &mut sums);
                }
                for (sums, row) in sums.iter().zip(c.chunks_mut(stride)) {
                    let (left, right) = row.split_at_mut($lanes);
                    Self::store(left, sums[0]);
                    Self::store(right, sums[1]);
                }
            }
        }

        impl<const FUSED: bool> Micro for $name<FUSED> {
            const ROWS: usize = $rows;
            const COLUMNS: usize = 2 * $lanes;

            fn run(self, a: &[f32], b: &[f32], tile: Tile<'_>) {
                // SAFETY: `self` was made by `detect`, which found the instructions.
                unsafe { Self::accumulate(a, b, tile) }
            }
        }
    };
}

tile! {
    /// AVX2 and FMA: 12 of 16 registers hold sums. A value of this type is proof that the processor has both.
    Avx2, 6 rows of 2 x 8, needs "avx2" and "fma", enable "avx2,fma",
    __m256: _mm256_setzero_ps _mm256_loadu_ps _mm256_storeu_ps _mm256_mul_ps _mm256_add_ps _mm256_fmadd_ps,
    broadcast: x => _mm256_broadcast_ss(x)
}

tile! {
    /// AVX-512: 24 of 32 registers hold sums. A value of this type is proof that the processor has it.
    Avx512, 12 rows of 2 x 16, needs "avx512f", enable "avx512f",
    __m512: _mm512_setzero_ps _mm512_loadu_ps _mm512_storeu_ps _mm512_mul_ps _mm512_add_ps _mm512_fmadd_ps,
    broadcast: x => _mm512_set1_ps(*x)
}
