//! Parts in which most elements differ and all are normal numbers: several at a time, without branches.

use super::population::LANES;

/// Elements whose steps are taken together.
pub(super) const GROUP: usize = 16;

/// Powers of two up to 2^32 have a bucket each; then one for equal elements, which is none. A power of two, so that a
/// remainder is cheap.
const BUCKETS: usize = 64;

/// Buckets that count: the powers from 2^0 to 2^32.
const POWERS: usize = 33;

/// Histograms that take turns: an addition to the place of the one before waits for it.
const TURNS: usize = 8;

/// A sum of real numbers, of which element `i` adds to lane `i mod 8`: however many are taken together, the order of the
/// additions, and so the result, is the same.
#[derive(Debug, Default)]
pub(super) struct Sum([f64; LANES]);

impl Sum {
    /// Adds element `i`.
    pub(super) fn add(&mut self, i: usize, x: f64) {
        self.0[i % LANES] += x;
    }

    /// The sum of all.
    pub(super) fn total(&self) -> f64 {
        self.0.iter().sum()
    }
}

/// What is counted of them.
#[derive(Debug)]
pub(super) struct Dense {
    buckets: [[u64; BUCKETS]; TURNS],
    /// Elements that differ.
    pub(super) finite: u64,
    /// The sum of signed distances.
    pub(super) bias: i64,
    pub(super) relative: Sum,
    pub(super) shifted: Sum,
    pub(super) squares: Sum,
    pub(super) max_absolute: f64,
    pub(super) max_relative: f64,
}

impl Default for Dense {
    fn default() -> Self {
        Self {
            buckets: [[0; BUCKETS]; TURNS],
            finite: 0,
            bias: 0,
            relative: Sum::default(),
            shifted: Sum::default(),
            squares: Sum::default(),
            max_absolute: 0.0,
            max_relative: 0.0,
        }
    }
}

/// Whether every word is a normal number.
#[inline(always)]
pub(super) fn are_normal(left: &[u32], right: &[u32]) -> bool {
    // An exponent of zeros or of ones: adding one to it leaves no more than one.
    let special = |bits: u32| u32::from((bits.wrapping_add(0x0080_0000) & 0x7f00_0000) == 0);
    left.iter().zip(right).fold(0, |any, (a, b)| any | special(*a) | special(*b)) == 0
}

/// The place of a normal number on the line of all.
#[inline(always)]
fn place(bits: u32) -> i32 {
    let (magnitude, sign) = ((bits & 0x7fff_ffff).cast_signed(), bits.cast_signed() >> 31);
    (magnitude ^ sign) - sign
}

/// How far apart two normal numbers are.
#[inline(always)]
pub(super) fn distance(a: u32, b: u32) -> u32 {
    place(a).abs_diff(place(b))
}

/// The bucket of a distance: of `2^(k-1) < distance <= 2^k` number k; the last one of equal elements.
#[inline(always)]
fn bucket(distance: u32) -> usize {
    let bucket = (32 - distance.wrapping_sub(1).leading_zeros()) as usize + usize::from(distance == 0);
    bucket.min(POWERS)
}

impl Dense {
    /// The bucket counts.
    pub(super) fn buckets(&self) -> impl Iterator<Item = u64> + '_ {
        (0..POWERS).map(|k| self.buckets.iter().map(|turn| turn[k]).sum())
    }

    /// Takes groups of normal numbers; gives the largest distance.
    #[inline(always)]
    pub(super) fn add(&mut self, left: &[[u32; GROUP]], right: &[[u32; GROUP]]) -> u32 {
        let (mut relative, mut shifted, mut squares) = (self.relative.0, self.shifted.0, self.squares.0);
        let (mut most, mut finite) = ([0u32; GROUP], [0u32; GROUP]);
        let mut bias = [0i64; GROUP];
        let (mut largest, mut largest_relative) = ([0.0f64; GROUP], [0.0f64; GROUP]);
        for (a, b) in left.iter().zip(right) {
            let mut different = 0;
            for k in 0..GROUP {
                different |= a[k] ^ b[k];
            }
            if different == 0 {
                continue;
            }
            let mut distances = [0u32; GROUP];
            for k in 0..GROUP {
                let (p, q) = (place(a[k]), place(b[k]));
                distances[k] = p.abs_diff(q);
                most[k] = most[k].max(distances[k]);
                finite[k] += u32::from(p != q);
            }
            for k in 0..GROUP {
                bias[k] += i64::from(place(b[k])) - i64::from(place(a[k]));
            }
            let (mut off, mut by_size, mut by_shifted) = ([0.0f64; GROUP], [0.0f64; GROUP], [0.0f64; GROUP]);
            for k in 0..GROUP {
                let (x, y) = (f64::from(f32::from_bits(a[k])), f64::from(f32::from_bits(b[k])));
                off[k] = (x - y).abs();
                by_size[k] = off[k] / x.abs();
                by_shifted[k] = off[k] / (x + 1e-8).abs();
            }
            for k in 0..GROUP {
                largest[k] = if off[k] > largest[k] { off[k] } else { largest[k] };
                largest_relative[k] = if by_size[k] > largest_relative[k] { by_size[k] } else { largest_relative[k] };
            }
            for k in 0..GROUP {
                self.buckets[k % TURNS][bucket(distances[k])] += 1;
                squares[k % LANES] += off[k] * off[k];
                relative[k % LANES] += by_size[k];
                shifted[k % LANES] += by_shifted[k];
            }
        }
        (self.relative, self.shifted, self.squares) = (Sum(relative), Sum(shifted), Sum(squares));
        self.finite += finite.iter().map(|n| u64::from(*n)).sum::<u64>();
        self.bias += bias.iter().sum::<i64>();
        self.max_absolute = largest.iter().fold(self.max_absolute, |m, x| m.max(*x));
        self.max_relative = largest_relative.iter().fold(self.max_relative, |m, x| m.max(*x));
        most.iter().fold(0, |m, d| m.max(*d))
    }

    /// [`Self::add`] with the vectors written out: compilers do not find them. Integers and real numbers take turns over
    /// as many elements as their vectors fit into registers for.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    #[inline]
    pub(super) fn add_avx2(&mut self, left: &[[u32; GROUP]], right: &[[u32; GROUP]]) -> u32 {
        let (l, _) = left.as_flattened().as_chunks::<LANES>();
        let (r, _) = right.as_flattened().as_chunks::<LANES>();
        let most = self.integers_avx2(l, r);
        if most > 0 {
            self.reals_avx2(l, r);
        }
        most
    }

    /// Distances in units in the last place: buckets, their signed sum, and the largest, which it gives.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    #[inline]
    fn integers_avx2(&mut self, left: &[[u32; LANES]], right: &[[u32; LANES]]) -> u32 {
        use std::arch::x86_64::{
            __m256i, _mm256_add_epi32, _mm256_add_epi64, _mm256_and_si256, _mm256_andnot_si256, _mm256_blendv_epi8,
            _mm256_castps_si256, _mm256_castsi256_si128, _mm256_cmpeq_epi32, _mm256_cvtepi32_epi64, _mm256_cvtepi32_ps,
            _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_max_epi32, _mm256_max_epu32, _mm256_min_epi32,
            _mm256_set1_epi32, _mm256_setzero_si256, _mm256_srai_epi32, _mm256_srli_epi32, _mm256_sub_epi32,
            _mm256_sub_epi64, _mm256_xor_si256,
        };
        let zero = _mm256_setzero_si256();
        let ones = _mm256_cmpeq_epi32(zero, zero);
        let magnitude = _mm256_srli_epi32::<1>(ones);
        let exponent_of_one = _mm256_set1_epi32(126);
        let (beyond, no_bucket) = (_mm256_set1_epi32(32), _mm256_set1_epi32(33));
        let (mut most, mut equal, mut bias) = (zero, zero, zero);
        let place = |bits: __m256i| {
            let sign = _mm256_srai_epi32::<31>(bits);
            _mm256_sub_epi32(_mm256_xor_si256(_mm256_and_si256(bits, magnitude), sign), sign)
        };
        let wide = |v: __m256i| {
            let (low, high) = (_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v));
            _mm256_add_epi64(_mm256_cvtepi32_epi64(low), _mm256_cvtepi32_epi64(high))
        };
        for (a, b) in left.iter().zip(right) {
            // SAFETY: both are arrays of eight words, and the load needs no alignment.
            let (a, b): (__m256i, __m256i) =
                unsafe { (_mm256_loadu_si256(a.as_ptr().cast()), _mm256_loadu_si256(b.as_ptr().cast())) };
            let (p, q) = (place(a), place(b));
            let same = _mm256_cmpeq_epi32(p, q);
            equal = _mm256_sub_epi32(equal, same);
            let distance = _mm256_sub_epi32(_mm256_max_epi32(p, q), _mm256_min_epi32(p, q));
            most = _mm256_max_epu32(most, distance);
            bias = _mm256_add_epi64(bias, _mm256_sub_epi64(wide(q), wide(p)));
            // `distance - 1` in 32 - k leading zeros is the exponent of that number; taking a one below the leading one
            // from it keeps the conversion from rounding it up to the next power of two.
            let below = _mm256_add_epi32(distance, ones);
            let leading = _mm256_andnot_si256(_mm256_srli_epi32::<1>(below), below);
            let exponent = _mm256_srli_epi32::<23>(_mm256_castps_si256(_mm256_cvtepi32_ps(leading)));
            let bucket = _mm256_max_epi32(_mm256_sub_epi32(exponent, exponent_of_one), zero);
            let bucket = _mm256_blendv_epi8(bucket, beyond, _mm256_srai_epi32::<31>(below));
            let bucket = _mm256_blendv_epi8(bucket, no_bucket, same);
            let buckets: [u32; LANES] = bytemuck::must_cast(bucket);
            for (turn, bucket) in buckets.into_iter().enumerate() {
                self.buckets[turn % TURNS][(bucket as usize) % BUCKETS] += 1;
            }
        }
        let words = |v: __m256i| -> [u32; LANES] { bytemuck::must_cast(v) };
        let longs = |v: __m256i| -> [i64; 4] { bytemuck::must_cast(v) };
        let equal: u64 = words(equal).iter().map(|n| u64::from(*n)).sum();
        self.finite += (left.len() * LANES) as u64 - equal;
        self.bias += longs(bias).iter().sum::<i64>();
        words(most).iter().fold(0, |m, d| m.max(*d))
    }

    /// Absolute and relative differences.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    #[inline]
    fn reals_avx2(&mut self, left: &[[u32; LANES]], right: &[[u32; LANES]]) {
        use std::arch::x86_64::{
            __m128, __m256d, _mm_loadu_ps, _mm256_add_pd, _mm256_andnot_pd, _mm256_cvtps_pd, _mm256_div_pd,
            _mm256_max_pd, _mm256_mul_pd, _mm256_set1_pd, _mm256_setzero_pd, _mm256_sub_pd,
        };
        let sums = |s: &Sum| -> [__m256d; 2] { bytemuck::must_cast(s.0) };
        let (mut relative, mut shifted, mut squares) = (sums(&self.relative), sums(&self.shifted), sums(&self.squares));
        let (minus, shift) = (_mm256_set1_pd(-0.0), _mm256_set1_pd(1e-8));
        let (mut largest, mut largest_relative) = (_mm256_setzero_pd(), _mm256_setzero_pd());
        for (a, b) in left.iter().zip(right) {
            for half in 0..2 {
                // SAFETY: both are arrays of eight words, of which four are read; the load needs no alignment.
                let (x, y): (__m128, __m128) = unsafe {
                    (_mm_loadu_ps(a.as_ptr().add(4 * half).cast()), _mm_loadu_ps(b.as_ptr().add(4 * half).cast()))
                };
                let (x, y) = (_mm256_cvtps_pd(x), _mm256_cvtps_pd(y));
                let off = _mm256_andnot_pd(minus, _mm256_sub_pd(x, y));
                let by_size = _mm256_div_pd(off, _mm256_andnot_pd(minus, x));
                let by_shifted = _mm256_div_pd(off, _mm256_andnot_pd(minus, _mm256_add_pd(x, shift)));
                largest = _mm256_max_pd(largest, off);
                largest_relative = _mm256_max_pd(largest_relative, by_size);
                relative[half] = _mm256_add_pd(relative[half], by_size);
                shifted[half] = _mm256_add_pd(shifted[half], by_shifted);
                squares[half] = _mm256_add_pd(squares[half], _mm256_mul_pd(off, off));
            }
        }
        let lanes = |v: [__m256d; 2]| Sum(bytemuck::must_cast(v));
        (self.relative, self.shifted, self.squares) = (lanes(relative), lanes(shifted), lanes(squares));
        let reals = |v: __m256d| -> [f64; 4] { bytemuck::must_cast(v) };
        self.max_absolute = reals(largest).iter().fold(self.max_absolute, |m, x| m.max(*x));
        self.max_relative = reals(largest_relative).iter().fold(self.max_relative, |m, x| m.max(*x));
    }
}
