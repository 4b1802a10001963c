//! The drift between two outputs of the same shape.

use super::classify::{Class, classify};
use super::dense::{Dense, GROUP, are_normal, distance};
use super::population::{PART, Population};
use crate::model::bits::{Bits, Dtype};
use crate::model::drift::{Classes, Drift, Element, MaskDrift, UlpBucket};

/// Elements looked at together: both sides' blocks stay in the first-level cache.
const BLOCK: usize = 2048;

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
        let parts = population.add(left, right, from, to);
        if parts != 0 {
            tally.add_block(left, right, from, to, parts);
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
    /// Finite distances, by the power of two that holds them.
    buckets: [u64; 65],
    max_ulp: u64,
    /// What is counted of normal numbers several at a time, and the sums of all: signed distances are below 2^33 each, so
    /// that theirs cannot overflow.
    dense: Dense,
    /// Finite numbers that differ from zero on the left.
    from_zero: u64,
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
            buckets: [0; 65],
            max_ulp: 0,
            dense: Dense::default(),
            from_zero: 0,
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

    /// Takes the elements `from..to`, of which only those `parts` differ.
    fn add_block(&mut self, left: &Bits, right: &Bits, from: usize, to: usize, parts: u64) {
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
            unsafe { self.add_parts_avx2(from, l, r, parts) };
            return;
        }
        self.add_parts::<false>(from, l, r, parts);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_parts_avx2(&mut self, from: usize, left: &[u32], right: &[u32], parts: u64) {
        self.add_parts::<true>(from, left, right, parts);
    }

    /// `WIDE` says that the processor has AVX2.
    #[inline(always)]
    fn add_parts<const WIDE: bool>(&mut self, from: usize, left: &[u32], right: &[u32], parts: u64) {
        let pairs = left.chunks(PART).zip(right.chunks(PART)).enumerate();
        for (part, (l, r)) in pairs.filter(|(part, _)| (parts >> (*part).min(63)) & 1 != 0) {
            let at = from + part * PART;
            let ((a, a_rest), (b, b_rest)) = (l.as_chunks::<GROUP>(), r.as_chunks::<GROUP>());
            // The first difference is looked for one element at a time.
            let plain = self.first.is_some();
            if plain && a_rest.is_empty() && b_rest.is_empty() && are_normal(l, r) {
                self.add_normal::<WIDE>(at, a, b);
                continue;
            }
            for (group, (a, b)) in l.chunks(GROUP).zip(r.chunks(GROUP)).enumerate() {
                let at = at + group * GROUP;
                match (a.as_chunks(), b.as_chunks()) {
                    ((x @ [_], _), (y @ [_], _)) if plain && are_normal(a, b) => self.add_normal::<WIDE>(at, x, y),
                    _ => {
                        for (k, (a, b)) in a.iter().zip(b).enumerate() {
                            self.add(Dtype::F32, at + k, *a, *b);
                        }
                    }
                }
            }
        }
    }

    /// [`Self::add`] for normal numbers only, whose difference has no class but `finite`.
    #[inline(always)]
    fn add_normal<const WIDE: bool>(&mut self, at: usize, left: &[[u32; GROUP]], right: &[[u32; GROUP]]) {
        #[cfg(target_arch = "x86_64")]
        // SAFETY: the processor has AVX2.
        let most = if WIDE { unsafe { self.dense.add_avx2(left, right) } } else { self.dense.add(left, right) };
        #[cfg(not(target_arch = "x86_64"))]
        let most = self.dense.add(left, right);
        self.max_ulp = self.max_ulp.max(u64::from(most));
        let severity = 2 + u64::from(most);
        let pairs = || left.as_flattened().iter().zip(right.as_flattened());
        if most > 0
            && self.worst.is_none_or(|(_, worst)| severity > worst)
            && let Some(k) = pairs().position(|(a, b)| distance(*a, *b) == most)
        {
            self.worst = Some((at + k, severity));
        }
    }

    #[inline(always)]
    fn add(&mut self, dtype: Dtype, i: usize, a: u32, b: u32) {
        if a == b {
            return;
        }
        let class = classify(dtype, a, b);
        class.count(&mut self.classes);
        match class {
            Class::NanPayload => {
                self.first_payload.get_or_insert(i);
                self.worst.get_or_insert((i, 0));
                return;
            }
            Class::Finite(ulp) => {
                self.from_zero += u64::from(dtype.is_float() && dtype.value(a) == 0.0);
                self.buckets[(64 - (ulp - 1).leading_zeros()) as usize] += 1;
                self.max_ulp = self.max_ulp.max(ulp);
            }
            Class::Equal => return,
            Class::ZeroSign | Class::Flushed | Class::NotFinite | Class::Infinite | Class::NanVersusNumber => {}
        }
        let severity = class.severity();
        self.first.get_or_insert(i);
        if self.worst.is_none_or(|(_, s)| severity > s) {
            self.worst = Some((i, severity));
        }
        let (x, y) = (dtype.value(a), dtype.value(b));
        if x.is_finite() && y.is_finite() {
            self.dense.bias += super::order(dtype, b) - super::order(dtype, a);
            let difference = (x - y).abs();
            self.dense.max_absolute = self.dense.max_absolute.max(difference);
            self.dense.squares.add(i, difference * difference);
            self.dense.shifted.add(i, difference / (x + 1e-8).abs());
            if x != 0.0 {
                let relative = difference / x.abs();
                self.dense.relative.add(i, relative);
                self.dense.max_relative = self.dense.max_relative.max(relative);
            }
        }
    }

    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn drift(&self, left: &Bits, right: &Bits, population: &Population) -> Drift {
        let dtype = left.dtype;
        let mut classes = self.classes;
        classes.finite += self.dense.finite;
        let mut buckets = self.buckets;
        buckets.iter_mut().zip(self.dense.buckets()).for_each(|(all, dense)| *all += dense);
        let c = &classes;
        let differing =
            c.zero_sign + c.nan_payload + c.nan_versus_number + c.infinite + c.not_finite + c.flushed + c.finite;
        let element =
            |i: usize| Element { index: i as u64, left: dtype.hex(left.get(i)), right: dtype.hex(right.get(i)) };
        let ratio = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a / b };
        let bucket = |(k, count): (usize, &u64)| UlpBucket { up_to: power(k), count: *count };
        Drift {
            elements: left.len as u64,
            differing,
            classes,
            max_ulp: self.max_ulp,
            ulp_percentiles: [0.5, 0.99, 0.999].map(|q| percentile(&buckets, population.finite, q)),
            histogram: buckets.iter().enumerate().filter(|(_, c)| **c > 0).map(bucket).collect(),
            bias_ulp: ratio(self.dense.bias as f64, population.finite as f64),
            mean_relative: ratio(self.dense.relative.total(), population.nonzero as f64),
            mean_relative_shifted: ratio(self.dense.shifted.total(), population.finite as f64),
            max_absolute: self.dense.max_absolute,
            max_relative: self.dense.max_relative,
            from_zero: self.from_zero,
            nmse: ratio(self.dense.squares.total(), population.squares()),
            first: self.first.or(self.first_payload).map(element),
            worst: self.worst.map(|(i, _)| element(i)),
            mask: (dtype == Dtype::Mask).then(|| mask(left, right, differing)),
        }
    }
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
