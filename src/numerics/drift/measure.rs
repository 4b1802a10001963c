//! The drift between two outputs of the same shape.

use super::classify::{Class, classify};
use super::population::Population;
use crate::model::bits::{Bits, Dtype};
use crate::model::drift::{Classes, Drift, Element, MaskDrift, UlpBucket};

/// Elements looked at together: both sides' blocks stay in the first-level cache.
const BLOCK: usize = 2048;

/// Elements that are passed over together where they are equal.
const GROUP: usize = 16;

/// Measures the drift from `left` to `right`. `None` where their shapes differ.
///
/// Blocks without a difference cost a comparison of memory and a count of what they hold; only blocks that differ are
/// taken element by element.
#[must_use]
pub fn measure(left: &Bits, right: &Bits) -> Option<Drift> {
    if left.dtype != right.dtype || left.len != right.len {
        return None;
    }
    let words = BLOCK / left.dtype.per_word();
    let mut tally = Tally::default();
    let mut population = Population::default();
    // Equal blocks before the first difference are counted only when there is one: equal outputs, the common case,
    // need nothing but the comparison.
    let mut deferred = 0;
    for (block, (l, r)) in left.words.chunks(words).zip(right.words.chunks(words)).enumerate() {
        if !tally.any() && l == r {
            deferred = block + 1;
            continue;
        }
        let from = block * BLOCK;
        let to = (from + BLOCK).min(left.len);
        if population.add(left, right, from, to) {
            tally.add_block(left, right, from, to);
        }
    }
    if tally.any() {
        population.add(left, right, 0, (deferred * BLOCK).min(left.len));
    }
    Some(tally.drift(left, right, &population))
}

/// What is counted of elements that differ.
struct Tally {
    classes: Classes,
    /// Finite distances, by the power of two that holds them; the last one takes equal elements and is no bucket.
    buckets: [u64; 66],
    max_ulp: u64,
    /// The sum of signed distances; below 2^33 each, so it cannot overflow.
    bias: i64,
    relative: f64,
    shifted: f64,
    max_absolute: f64,
    max_relative: f64,
    /// Finite numbers that differ from zero on the left.
    from_zero: u64,
    squares: f64,
    /// The first element whose value differs, and the first whose NaN has another sign or payload.
    first: Option<usize>,
    first_payload: Option<usize>,
    /// The element that differs most, and how badly.
    worst: Option<(usize, u64)>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            classes: Classes::default(),
            buckets: [0; 66],
            max_ulp: 0,
            bias: 0,
            relative: 0.0,
            shifted: 0.0,
            max_absolute: 0.0,
            max_relative: 0.0,
            from_zero: 0,
            squares: 0.0,
            first: None,
            first_payload: None,
            worst: None,
        }
    }
}

impl Tally {
    /// Whether any bit differs.
    fn any(&self) -> bool {
        self.first.or(self.first_payload).is_some()
    }

    /// Takes the elements `from..to`, of which most are often equal: those are passed over several at a time.
    fn add_block(&mut self, left: &Bits, right: &Bits, from: usize, to: usize) {
        if left.dtype != Dtype::F32 {
            for i in from..to {
                self.add(left.dtype, i, left.get(i), right.get(i));
            }
            return;
        }
        let (l, r) = (&left.words[from..to], &right.words[from..to]);
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            unsafe { self.add_groups_avx2(from, l, r) };
            return;
        }
        self.add_groups(from, l, r);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_groups_avx2(&mut self, from: usize, left: &[u32], right: &[u32]) {
        self.add_groups(from, left, right);
    }

    #[inline(always)]
    fn add_groups(&mut self, from: usize, left: &[u32], right: &[u32]) {
        let (l, l_rest) = left.as_chunks::<GROUP>();
        let (r, r_rest) = right.as_chunks::<GROUP>();
        for (group, (a, b)) in l.iter().zip(r).enumerate() {
            let at = from + group * GROUP;
            let (mut different, mut ordinary) = (0, true);
            for k in 0..GROUP {
                different |= a[k] ^ b[k];
                ordinary &= is_ordinary(a[k]) & is_ordinary(b[k]);
            }
            if different == 0 {
                continue;
            }
            if ordinary && self.first.is_some() {
                self.add_ordinary(at, a, b);
            } else {
                for k in 0..GROUP {
                    self.add(Dtype::F32, at + k, a[k], b[k]);
                }
            }
        }
        let at = from + l.len() * GROUP;
        for (k, (a, b)) in l_rest.iter().zip(r_rest).enumerate() {
            self.add(Dtype::F32, at + k, *a, *b);
        }
    }

    /// [`Self::add`] for normal numbers only, whose difference has no class but `finite`: several at a time, without
    /// branches.
    #[inline(always)]
    fn add_ordinary(&mut self, at: usize, a: &[u32; GROUP], b: &[u32; GROUP]) {
        let place = |bits: u32| {
            let magnitude = (bits & 0x7fff_ffff).cast_signed();
            if bits >> 31 == 0 { magnitude } else { -magnitude }
        };
        let mut distances = [0u32; GROUP];
        let (mut finite, mut max) = (0u32, 0u32);
        let mut bias = 0i64;
        let mut difference = [0.0f64; GROUP];
        let mut relative = [0.0f64; GROUP];
        let mut shifted = [0.0f64; GROUP];
        for k in 0..GROUP {
            let (p, q) = (place(a[k]), place(b[k]));
            distances[k] = p.abs_diff(q);
            finite += u32::from(p != q);
            max = max.max(distances[k]);
            bias += i64::from(q) - i64::from(p);
            let (x, y) = (f64::from(f32::from_bits(a[k])), f64::from(f32::from_bits(b[k])));
            difference[k] = (x - y).abs();
            relative[k] = difference[k] / x.abs();
            shifted[k] = difference[k] / (x + 1e-8).abs();
        }
        self.classes.finite += u64::from(finite);
        self.bias += bias;
        for d in distances {
            // An equal element lands in a bucket that is not one.
            self.buckets[if d == 0 { 65 } else { (32 - (d - 1).leading_zeros()) as usize }] += 1;
        }
        if u64::from(max) > self.max_ulp {
            self.max_ulp = u64::from(max);
        }
        // The same order of additions as one at a time.
        for k in 0..GROUP {
            self.max_absolute = self.max_absolute.max(difference[k]);
            self.max_relative = self.max_relative.max(relative[k]);
            self.squares += difference[k] * difference[k];
            self.relative += relative[k];
            self.shifted += shifted[k];
        }
        if self.worst.is_none_or(|(_, severity)| 2 + u64::from(max) > severity)
            && let Some(k) = distances.iter().position(|d| *d == max)
        {
            self.worst = Some((at + k, 2 + u64::from(max)));
        }
    }

    #[inline(always)]
    fn add(&mut self, dtype: Dtype, i: usize, a: u32, b: u32) {
        if a == b {
            return;
        }
        // Kinds of difference rank above all distances, NaN first. NaN against NaN is no drift, and ranks below all.
        let severity = match classify(dtype, a, b) {
            Class::Equal => return,
            Class::ZeroSign => {
                self.classes.zero_sign += 1;
                1
            }
            Class::NanPayload => {
                self.classes.nan_payload += 1;
                self.first_payload.get_or_insert(i);
                self.worst.get_or_insert((i, 0));
                return;
            }
            Class::Flushed => {
                self.classes.flushed += 1;
                2
            }
            Class::Finite(ulp) => {
                self.classes.finite += 1;
                self.from_zero += u64::from(dtype.is_float() && dtype.value(a) == 0.0);
                self.buckets[(64 - (ulp - 1).leading_zeros()) as usize] += 1;
                self.max_ulp = self.max_ulp.max(ulp);
                2 + ulp
            }
            Class::NotFinite => {
                self.classes.not_finite += 1;
                1 << 39
            }
            Class::Infinite => {
                self.classes.infinite += 1;
                1 << 40
            }
            Class::NanVersusNumber => {
                self.classes.nan_versus_number += 1;
                1 << 41
            }
        };
        self.first.get_or_insert(i);
        if self.worst.is_none_or(|(_, s)| severity > s) {
            self.worst = Some((i, severity));
        }
        let (x, y) = (dtype.value(a), dtype.value(b));
        if x.is_finite() && y.is_finite() {
            self.bias += super::order(dtype, b) - super::order(dtype, a);
            let difference = (x - y).abs();
            self.max_absolute = self.max_absolute.max(difference);
            self.squares += difference * difference;
            self.shifted += difference / (x + 1e-8).abs();
            if x != 0.0 {
                let relative = difference / x.abs();
                self.relative += relative;
                self.max_relative = self.max_relative.max(relative);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn drift(&self, left: &Bits, right: &Bits, population: &Population) -> Drift {
        let dtype = left.dtype;
        let c = &self.classes;
        let differing =
            c.zero_sign + c.nan_payload + c.nan_versus_number + c.infinite + c.not_finite + c.flushed + c.finite;
        let element =
            |i: usize| Element { index: i as u64, left: dtype.hex(left.get(i)), right: dtype.hex(right.get(i)) };
        let ratio = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a / b };
        let bucket = |(k, count): (usize, &u64)| UlpBucket { up_to: power(k), count: *count };
        Drift {
            elements: left.len as u64,
            differing,
            classes: self.classes,
            max_ulp: self.max_ulp,
            ulp_percentiles: [0.5, 0.99, 0.999].map(|q| percentile(&self.buckets[..65], population.finite, q)),
            histogram: self.buckets[..65].iter().enumerate().filter(|(_, c)| **c > 0).map(bucket).collect(),
            bias_ulp: ratio(self.bias as f64, population.finite as f64),
            mean_relative: ratio(self.relative, population.nonzero as f64),
            mean_relative_shifted: ratio(self.shifted, population.finite as f64),
            max_absolute: self.max_absolute,
            max_relative: self.max_relative,
            from_zero: self.from_zero,
            nmse: ratio(self.squares, population.squares()),
            first: self.first.or(self.first_payload).map(element),
            worst: self.worst.map(|(i, _)| element(i)),
            mask: (dtype == Dtype::Mask).then(|| mask(left, right, differing)),
        }
    }
}

/// Whether a binary32 pattern is a normal number.
#[inline(always)]
fn is_ordinary(bits: u32) -> bool {
    let exponent = bits & 0x7f80_0000;
    (exponent != 0) & (exponent != 0x7f80_0000)
}

/// `2^k`, the upper end of bucket `k`.
fn power(k: usize) -> u64 {
    u32::try_from(k).ok().and_then(|k| 1u64.checked_shl(k)).unwrap_or(u64::MAX)
}

/// The distance below which a share `q` of all finite pairs lies, as the upper end of its bucket.
#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are far below 2^53"
)]
fn percentile(buckets: &[u64], finite_pairs: u64, q: f64) -> u64 {
    let different: u64 = buckets.iter().sum();
    let rank = (q * finite_pairs as f64).ceil() as u64;
    let mut seen = finite_pairs.saturating_sub(different);
    if rank <= seen {
        return 0;
    }
    for (k, count) in buckets.iter().enumerate() {
        seen += count;
        if rank <= seen {
            return power(k);
        }
    }
    u64::MAX
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn mask(left: &Bits, right: &Bits, differing: u64) -> MaskDrift {
    let n = left.len.max(1) as f64;
    let rate = |b: &Bits| b.words.iter().filter(|w| **w != 0).count() as f64 / n;
    let (p, q) = (rate(left), rate(right));
    let agreement = 1.0 - differing as f64 / n;
    let chance = p * q + (1.0 - p) * (1.0 - q);
    let kappa = if chance < 1.0 { (agreement - chance) / (1.0 - chance) } else { 1.0 };
    MaskDrift { agreement, chance, kappa }
}
