//! Parts in which most elements differ and all are normal numbers: several at a time, without branches.

/// Elements whose steps are taken together.
pub(super) const GROUP: usize = 16;

/// Buckets: powers of two up to 2^32, and one for equal elements, which is no bucket.
const BUCKETS: usize = 34;

/// Histograms that take turns: an addition to the place of the one before waits for it.
const TURNS: usize = 4;

/// What is counted of them. Sums of real numbers are added one element after another, as elsewhere, so that they do not
/// depend on what is taken together.
#[derive(Debug)]
pub(super) struct Dense {
    buckets: [[u64; BUCKETS]; TURNS],
    /// Elements that differ.
    pub(super) finite: u64,
    /// The sum of signed distances.
    pub(super) bias: i64,
    pub(super) relative: f64,
    pub(super) shifted: f64,
    pub(super) squares: f64,
    pub(super) max_absolute: f64,
    pub(super) max_relative: f64,
}

impl Default for Dense {
    fn default() -> Self {
        Self {
            buckets: [[0; BUCKETS]; TURNS],
            finite: 0,
            bias: 0,
            relative: 0.0,
            shifted: 0.0,
            squares: 0.0,
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
    bucket.min(BUCKETS - 1)
}

impl Dense {
    /// The bucket counts.
    pub(super) fn buckets(&self) -> impl Iterator<Item = u64> + '_ {
        (0..BUCKETS - 1).map(|k| self.buckets.iter().map(|turn| turn[k]).sum())
    }

    /// Takes groups of normal numbers; gives the largest distance.
    #[inline(always)]
    pub(super) fn add(&mut self, left: &[[u32; GROUP]], right: &[[u32; GROUP]]) -> u32 {
        let (mut relative, mut shifted, mut squares) = (self.relative, self.shifted, self.squares);
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
                squares += off[k] * off[k];
                relative += by_size[k];
                shifted += by_shifted[k];
            }
        }
        (self.relative, self.shifted, self.squares) = (relative, shifted, squares);
        self.finite += finite.iter().map(|n| u64::from(*n)).sum::<u64>();
        self.bias += bias.iter().sum::<i64>();
        self.max_absolute = largest.iter().fold(self.max_absolute, |m, x| m.max(*x));
        self.max_relative = largest_relative.iter().fold(self.max_relative, |m, x| m.max(*x));
        most.iter().fold(0, |m, d| m.max(*d))
    }

    /// [`Self::add`] with the vectors written out: compilers do not find them.
    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,lzcnt")]
    #[inline]
    pub(super) fn add_avx2(&mut self, left: &[[u32; GROUP]], right: &[[u32; GROUP]]) -> u32 {
        use std::arch::x86_64::{
            __m128i, __m256d, __m256i, _mm_castsi128_ps, _mm256_add_epi64, _mm256_add_pd, _mm256_and_si256,
            _mm256_andnot_pd, _mm256_castsi256_si128, _mm256_cmpeq_epi32, _mm256_cvtepi32_epi64, _mm256_cvtps_pd,
            _mm256_div_pd, _mm256_extracti128_si256, _mm256_loadu_si256, _mm256_max_epi32, _mm256_max_epu32,
            _mm256_max_pd, _mm256_min_epi32, _mm256_mul_pd, _mm256_set1_epi32, _mm256_set1_pd, _mm256_setzero_pd,
            _mm256_setzero_si256, _mm256_srai_epi32, _mm256_sub_epi32, _mm256_sub_epi64, _mm256_sub_pd,
            _mm256_testc_si256, _mm256_xor_si256,
        };
        const WIDTH: usize = 8;
        let (mut relative, mut shifted, mut squares) = (self.relative, self.shifted, self.squares);
        let zero = _mm256_setzero_si256();
        let (magnitude, minus) = (_mm256_set1_epi32(0x7fff_ffff), _mm256_set1_pd(-0.0));
        let shift = _mm256_set1_pd(1e-8);
        let (mut most, mut equal, mut bias) = (zero, zero, zero);
        let (mut largest, mut largest_relative) = (_mm256_setzero_pd(), _mm256_setzero_pd());
        let place = |bits: __m256i| {
            let sign = _mm256_srai_epi32::<31>(bits);
            _mm256_sub_epi32(_mm256_xor_si256(_mm256_and_si256(bits, magnitude), sign), sign)
        };
        let halves = |v: __m256i| -> [__m128i; 2] { [_mm256_castsi256_si128(v), _mm256_extracti128_si256::<1>(v)] };
        let (l, _) = left.as_flattened().as_chunks::<WIDTH>();
        let (r, _) = right.as_flattened().as_chunks::<WIDTH>();
        for (a, b) in l.iter().zip(r) {
            // SAFETY: both are arrays of eight words, and the load needs no alignment.
            let (a, b): (__m256i, __m256i) =
                unsafe { (_mm256_loadu_si256(a.as_ptr().cast()), _mm256_loadu_si256(b.as_ptr().cast())) };
            let (p, q) = (place(a), place(b));
            let same = _mm256_cmpeq_epi32(p, q);
            equal = _mm256_sub_epi32(equal, same);
            // Of all that are equal nothing is added.
            if _mm256_testc_si256(same, _mm256_cmpeq_epi32(zero, zero)) != 0 {
                continue;
            }
            let distance = _mm256_sub_epi32(_mm256_max_epi32(p, q), _mm256_min_epi32(p, q));
            most = _mm256_max_epu32(most, distance);
            let (mut by_size, mut by_shifted, mut square) = ([zero; 2], [zero; 2], [zero; 2]);
            let (p, q, a, b) = (halves(p), halves(q), halves(a), halves(b));
            for half in 0..2 {
                let step = _mm256_sub_epi64(_mm256_cvtepi32_epi64(q[half]), _mm256_cvtepi32_epi64(p[half]));
                bias = _mm256_add_epi64(bias, step);
                let x: __m256d = _mm256_cvtps_pd(_mm_castsi128_ps(a[half]));
                let y: __m256d = _mm256_cvtps_pd(_mm_castsi128_ps(b[half]));
                let off = _mm256_andnot_pd(minus, _mm256_sub_pd(x, y));
                let relative = _mm256_div_pd(off, _mm256_andnot_pd(minus, x));
                let shifted = _mm256_div_pd(off, _mm256_andnot_pd(minus, _mm256_add_pd(x, shift)));
                largest = _mm256_max_pd(largest, off);
                largest_relative = _mm256_max_pd(largest_relative, relative);
                by_size[half] = bytemuck::must_cast(relative);
                by_shifted[half] = bytemuck::must_cast(shifted);
                square[half] = bytemuck::must_cast(_mm256_mul_pd(off, off));
            }
            let distances: [u32; WIDTH] = bytemuck::must_cast(distance);
            let numbers = |v: [__m256i; 2]| -> [f64; WIDTH] { bytemuck::must_cast(v) };
            let (by_size, by_shifted, square) = (numbers(by_size), numbers(by_shifted), numbers(square));
            for k in 0..WIDTH {
                self.buckets[k % TURNS][bucket(distances[k])] += 1;
                squares += square[k];
                relative += by_size[k];
                shifted += by_shifted[k];
            }
        }
        (self.relative, self.shifted, self.squares) = (relative, shifted, squares);
        let words = |v: __m256i| -> [u32; WIDTH] { bytemuck::must_cast(v) };
        let longs = |v: __m256i| -> [i64; 4] { bytemuck::must_cast(v) };
        let reals = |v: __m256d| -> [f64; 4] { bytemuck::must_cast(v) };
        let equal: u64 = words(equal).iter().map(|n| u64::from(*n)).sum();
        self.finite += (l.len() * WIDTH) as u64 - equal;
        self.bias += longs(bias).iter().sum::<i64>();
        self.max_absolute = reals(largest).iter().fold(self.max_absolute, |m, x| m.max(*x));
        self.max_relative = reals(largest_relative).iter().fold(self.max_relative, |m, x| m.max(*x));
        words(most).iter().fold(0, |m, d| m.max(*d))
    }
}
