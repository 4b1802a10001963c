//! What both outputs hold together, equal elements included: the denominators of the mean metrics.

use super::sequence::Word;
use crate::model::Scalar;

/// Sums are kept in this many lanes, so that the compiler may use vectors of any width and the order of additions, and
/// so the result, is the same with each.
pub(super) const LANES: usize = 8;

/// Elements that a bit of [`Population::add`] tells of.
pub(super) const PART: usize = 64;

/// Counts over pairs of elements.
#[derive(Debug, Default)]
pub(super) struct Population {
    /// Pairs of two finite elements.
    pub(super) finite: u64,
    /// Those whose left side is not zero.
    pub(super) nonzero: u64,
    squares: [f64; LANES],
}

impl Population {
    /// The sum of squares of the left side, over pairs of finite elements.
    pub(super) fn squares(&self) -> f64 {
        self.squares.iter().sum()
    }

    /// Counts elements of a block that begins at `from`, and tells which parts of [`PART`] elements differ in bits, a bit
    /// each: both in one pass over the memory. From part 63 on they share the last bit.
    #[inline(always)]
    pub(super) fn add<W: Word>(&mut self, scalar: Scalar, from: usize, left: &[W], right: &[W]) -> u64 {
        if scalar == Scalar::F32 {
            // Words of binary32 are `u32`.
            if let (Ok(l), Ok(r)) = (bytemuck::try_cast_slice(left), bytemuck::try_cast_slice(right)) {
                return self.add_singles(l, r);
            }
        }
        let mut differ = 0;
        for (part, (l, r)) in left.chunks(PART).zip(right.chunks(PART)).enumerate() {
            let (mut different, mut finite, mut nonzero) = (false, 0, 0);
            for (k, (a, b)) in l.iter().zip(r).enumerate() {
                let (a, b) = (a.bits(), b.bits());
                different |= a != b;
                let (x, y) = (scalar.value(a), scalar.value(b));
                let both = x.is_finite() & y.is_finite();
                finite += u64::from(both);
                nonzero += u64::from(both & (x != 0.0));
                let x = if both { x } else { 0.0 };
                self.squares[(from + k) % LANES] += x * x;
            }
            self.finite += finite;
            self.nonzero += nonzero;
            differ |= bit(part, different);
        }
        differ
    }

    fn add_singles(&mut self, left: &[u32], right: &[u32]) -> u64 {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            return unsafe { self.add_f32_avx2(left, right) };
        }
        self.add_f32(left, right)
    }

    /// [`Self::add_f32`] with the vectors written out: compilers do not find them through the conversion to binary64.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_f32_avx2(&mut self, left: &[u32], right: &[u32]) -> u64 {
        use std::arch::x86_64::{
            __m256d, __m256i, _mm256_add_pd, _mm256_and_si256, _mm256_andnot_si256, _mm256_castps256_ps128,
            _mm256_castsi256_ps, _mm256_cmpeq_epi32, _mm256_cvtps_pd, _mm256_extractf128_ps, _mm256_loadu_si256,
            _mm256_mul_pd, _mm256_or_si256, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_slli_epi32,
            _mm256_sub_epi32, _mm256_testz_si256, _mm256_xor_si256,
        };
        let (l, l_rest) = left.as_chunks::<LANES>();
        let (r, r_rest) = right.as_chunks::<LANES>();
        let infinity = _mm256_set1_epi32(0x7f80_0000);
        let zero = _mm256_setzero_si256();
        let ones = _mm256_cmpeq_epi32(zero, zero);
        // Lane counters of 32 bits: the caller's blocks are far smaller than 2^32 elements.
        let (mut missing, mut nonzero) = (zero, zero);
        let mut differ = 0;
        let [mut low, mut high]: [__m256d; 2] = bytemuck::must_cast(self.squares);
        let parts = l.chunks(PART / LANES).zip(r.chunks(PART / LANES)).enumerate();
        for (part, (l, r)) in parts {
            let mut different = zero;
            for (a, b) in l.iter().zip(r) {
                // SAFETY: both are arrays of eight words, and the load needs no alignment.
                let (a, b): (__m256i, __m256i) =
                    unsafe { (_mm256_loadu_si256(a.as_ptr().cast()), _mm256_loadu_si256(b.as_ptr().cast())) };
                different = _mm256_or_si256(different, _mm256_xor_si256(a, b));
                let a_infinite = _mm256_cmpeq_epi32(_mm256_and_si256(a, infinity), infinity);
                let b_infinite = _mm256_cmpeq_epi32(_mm256_and_si256(b, infinity), infinity);
                let out = _mm256_or_si256(a_infinite, b_infinite);
                missing = _mm256_sub_epi32(missing, out);
                let is_zero = _mm256_cmpeq_epi32(_mm256_slli_epi32(a, 1), zero);
                nonzero = _mm256_sub_epi32(nonzero, _mm256_andnot_si256(_mm256_or_si256(is_zero, out), ones));
                let x = _mm256_castsi256_ps(_mm256_andnot_si256(out, a));
                let x_low = _mm256_cvtps_pd(_mm256_castps256_ps128(x));
                let x_high = _mm256_cvtps_pd(_mm256_extractf128_ps(x, 1));
                low = _mm256_add_pd(low, _mm256_mul_pd(x_low, x_low));
                high = _mm256_add_pd(high, _mm256_mul_pd(x_high, x_high));
            }
            differ |= bit(part, _mm256_testz_si256(different, different) == 0);
        }
        let lanes = |v: __m256i| -> [u32; LANES] { bytemuck::must_cast(v) };
        self.finite += (l.len() * LANES) as u64 - lanes(missing).iter().map(|n| u64::from(*n)).sum::<u64>();
        self.nonzero += lanes(nonzero).iter().map(|n| u64::from(*n)).sum::<u64>();
        self.squares = bytemuck::must_cast([low, high]);
        let rest = self.add_f32(l_rest, r_rest);
        differ | bit(l.len() * LANES / PART, rest != 0)
    }

    #[inline(always)]
    fn add_f32(&mut self, left: &[u32], right: &[u32]) -> u64 {
        // 32-bit counters per lane, folded per part. Local copies stay in registers.
        let mut squares = self.squares;
        let mut differ = 0;
        for (part, (left, right)) in left.chunks(PART).zip(right.chunks(PART)).enumerate() {
            let mut different = 0;
            let (mut finite, mut nonzero) = ([0u32; LANES], [0u32; LANES]);
            let (l, l_rest) = left.as_chunks::<LANES>();
            let (r, r_rest) = right.as_chunks::<LANES>();
            for (a, b) in l.iter().zip(r) {
                different |= count(a, b, &mut finite, &mut nonzero, &mut squares);
            }
            // Missing elements count as infinities, which nothing counts.
            let (mut a, mut b) = ([0x7f80_0000; LANES], [0x7f80_0000; LANES]);
            a[..l_rest.len()].copy_from_slice(l_rest);
            b[..r_rest.len()].copy_from_slice(r_rest);
            different |= count(&a, &b, &mut finite, &mut nonzero, &mut squares);
            self.finite += finite.iter().map(|n| u64::from(*n)).sum::<u64>();
            self.nonzero += nonzero.iter().map(|n| u64::from(*n)).sum::<u64>();
            differ |= bit(part, different != 0);
        }
        self.squares = squares;
        differ
    }
}

/// Bit `part`, or the last one, where `set`.
#[inline(always)]
fn bit(part: usize, set: bool) -> u64 {
    u64::from(set) << part.min(63)
}

/// One element a lane. Gives the bits in which any of them differ.
#[inline(always)]
fn count(
    a: &[u32; LANES],
    b: &[u32; LANES],
    finite: &mut [u32; LANES],
    nonzero: &mut [u32; LANES],
    squares: &mut [f64; LANES],
) -> u32 {
    let mut different = 0;
    for lane in 0..LANES {
        let both = is_finite(a[lane]) & is_finite(b[lane]);
        finite[lane] += both;
        nonzero[lane] += both & u32::from(a[lane] << 1 != 0);
        // All ones where both are finite: anything else counts as zero.
        let x = f64::from(f32::from_bits(a[lane] & both.wrapping_neg()));
        squares[lane] += x * x;
        different |= a[lane] ^ b[lane];
    }
    different
}

/// 1 where the binary32 pattern is finite.
#[inline(always)]
fn is_finite(bits: u32) -> u32 {
    u32::from(bits & 0x7f80_0000 != 0x7f80_0000)
}
