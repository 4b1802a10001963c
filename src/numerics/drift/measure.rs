//! The drift between two outputs of the same shape.

use super::classify::{Class, classify};
use super::dense::{Dense, GROUP, are_normal, distance};
use super::population::{PART, Population};
use super::sequence::{Sequence, Word, words};
use crate::model::Scalar;
use crate::model::bits::{Bits, Dtype};
use crate::model::drift::{Classes, Drift, Element, MaskDrift, UlpBucket};

/// Elements looked at together: both sides' blocks stay in the first-level cache.
const BLOCK: usize = 2048;

/// Measures the drift from `left` to `right`. `None` where their shapes differ.
#[must_use]
pub fn measure(left: &Bits, right: &Bits) -> Option<Drift> {
    if left.dtype != right.dtype {
        return None;
    }
    let mut drift = measured(left, right, false)?.drift;
    drift.mask = (left.dtype == Dtype::Mask).then(|| mask(left, right, drift.differing));
    Some(drift)
}

/// A drift, and what else is asked of tensors as vectors.
#[derive(Debug, Clone, PartialEq)]
pub struct Measured {
    /// The drift, without what is told of masks.
    pub drift: Drift,
    /// The sums of squares of both sides over pairs of finite elements. Zero where nothing differs.
    pub squares: (f64, f64),
    /// The sum of squares of the differences over the same pairs.
    pub difference_squares: f64,
}

/// Measures the drift from `left` to `right`, wherever their elements lie, in memory that does not grow with them. `None`
/// where their types or counts differ.
#[must_use]
pub fn measure_sequences(left: &dyn Sequence, right: &dyn Sequence) -> Option<Measured> {
    measured(left, right, true)
}

/// [`measure_sequences`]; the squares of the right side take a second pass over it, and are zero unless `both` are asked for.
fn measured(left: &dyn Sequence, right: &dyn Sequence, both: bool) -> Option<Measured> {
    if left.scalar() != right.scalar() || left.count() != right.count() {
        return None;
    }
    // A constant each, so that the loops below are compiled for it.
    Some(match left.scalar() {
        Scalar::F64 => blocks::<u64>(Scalar::F64, left, right, both),
        Scalar::F32 => blocks::<u32>(Scalar::F32, left, right, both),
        Scalar::F16 => blocks::<u16>(Scalar::F16, left, right, both),
        Scalar::Bf16 => blocks::<u16>(Scalar::Bf16, left, right, both),
        Scalar::F8E4m3 => blocks::<u8>(Scalar::F8E4m3, left, right, both),
        Scalar::F8E5m2 => blocks::<u8>(Scalar::F8E5m2, left, right, both),
        Scalar::I64 => blocks::<u64>(Scalar::I64, left, right, both),
        Scalar::I32 => blocks::<u32>(Scalar::I32, left, right, both),
        Scalar::I16 => blocks::<u16>(Scalar::I16, left, right, both),
        Scalar::I8 => blocks::<u8>(Scalar::I8, left, right, both),
        Scalar::U64 => blocks::<u64>(Scalar::U64, left, right, both),
        Scalar::U32 => blocks::<u32>(Scalar::U32, left, right, both),
        Scalar::U16 => blocks::<u16>(Scalar::U16, left, right, both),
        Scalar::U8 | Scalar::Bool | Scalar::Bytes => blocks::<u8>(Scalar::U8, left, right, both),
    })
}

/// Blocks without a difference cost a comparison of memory and a count of what they hold; only blocks that differ are
/// taken element by element.
#[inline(always)]
fn blocks<W: Word>(scalar: Scalar, left: &dyn Sequence, right: &dyn Sequence, both: bool) -> Measured {
    let len = left.count();
    let mut tally = Tally::default();
    let (mut population, mut other) = (Population::default(), Population::default());
    // Equal blocks before the first difference are counted only when there is one: equal outputs, the common case,
    // need nothing but the comparison.
    let mut deferred = 0;
    let (mut left_room, mut right_room) = (Vec::new(), Vec::new());
    let (mut left_words, mut right_words) = (Vec::new(), Vec::new());
    for from in (0..len).step_by(BLOCK) {
        let to = (from + BLOCK).min(len);
        let (l, r) = (left.block(from, to, &mut left_room), right.block(from, to, &mut right_room));
        if !tally.any() && l == r {
            deferred = to;
            continue;
        }
        let (l, r) = (words::<W>(l, &mut left_words), words::<W>(r, &mut right_words));
        let parts = population.add(scalar, from, l, r);
        if both {
            other.add(scalar, from, r, l);
        }
        if parts != 0 {
            tally.add_block(scalar, from, l, r, parts);
        }
    }
    if tally.any() {
        for from in (0..deferred).step_by(BLOCK) {
            let to = (from + BLOCK).min(deferred);
            let l = words::<W>(left.block(from, to, &mut left_room), &mut left_words);
            population.add(scalar, from, l, l);
            if both {
                other.add(scalar, from, l, l);
            }
        }
    }
    Measured {
        squares: (population.squares(), other.squares()),
        difference_squares: tally.dense.squares.total(),
        drift: tally.drift(scalar, len, &population),
    }
}

/// An element's index, and its patterns on both sides.
type At = (usize, u64, u64);

/// What is counted of elements that differ.
struct Tally {
    classes: Classes,
    /// Finite distances, by the power of two that holds them.
    buckets: [u64; 65],
    max_ulp: u64,
    /// The sum of signed distances of what was taken one by one.
    bias: i128,
    /// What is counted of normal numbers several at a time, and the sums of all: signed distances are below 2^33 each, so
    /// that theirs cannot overflow.
    dense: Dense,
    /// Finite numbers that differ from zero on the left.
    from_zero: u64,
    /// The first element whose value differs, and the first whose NaN has another sign or payload.
    first: Option<At>,
    first_payload: Option<At>,
    /// The element that differs most, and how badly.
    worst: Option<(At, u64)>,
}

impl Default for Tally {
    fn default() -> Self {
        Self {
            classes: Classes::default(),
            buckets: [0; 65],
            max_ulp: 0,
            bias: 0,
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

    /// Takes the elements of a block that begins at `from`, of which only those `parts` differ.
    #[inline(always)]
    fn add_block<W: Word>(&mut self, scalar: Scalar, from: usize, left: &[W], right: &[W], parts: u64) {
        if scalar == Scalar::F32
            && let (Ok(l), Ok(r)) = (bytemuck::try_cast_slice(left), bytemuck::try_cast_slice(right))
        {
            self.add_singles(from, l, r, parts);
            return;
        }
        let pairs = left.chunks(PART).zip(right.chunks(PART)).enumerate();
        for (part, (l, r)) in pairs.filter(|(part, _)| (parts >> (*part).min(63)) & 1 != 0) {
            for (k, (a, b)) in l.iter().zip(r).enumerate() {
                self.add(scalar, from + part * PART + k, a.bits(), b.bits());
            }
        }
    }

    fn add_singles(&mut self, from: usize, left: &[u32], right: &[u32], parts: u64) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            // SAFETY: the processor has AVX2.
            unsafe { self.add_parts_avx2(from, left, right, parts) };
            return;
        }
        self.add_parts::<false>(from, left, right, parts);
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
                            self.add(Scalar::F32, at + k, u64::from(*a), u64::from(*b));
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
            && let Some((k, (a, b))) = pairs().enumerate().find(|(_, (a, b))| distance(**a, **b) == most)
        {
            self.worst = Some(((at + k, u64::from(*a), u64::from(*b)), severity));
        }
    }

    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "as exact as binary64 is")]
    fn add(&mut self, scalar: Scalar, i: usize, a: u64, b: u64) {
        if a == b {
            return;
        }
        let class = classify(scalar, a, b);
        class.count(&mut self.classes);
        match class {
            Class::NanPayload => {
                self.first_payload.get_or_insert((i, a, b));
                self.worst.get_or_insert(((i, a, b), 0));
                return;
            }
            Class::Finite(ulp) => {
                self.from_zero += u64::from(scalar.is_float() && scalar.value(a) == 0.0);
                self.buckets[(64 - (ulp - 1).leading_zeros()) as usize] += 1;
                self.max_ulp = self.max_ulp.max(ulp);
            }
            Class::Equal => return,
            Class::ZeroSign | Class::Flushed | Class::NotFinite | Class::Infinite | Class::NanVersusNumber => {}
        }
        let severity = class.severity();
        self.first.get_or_insert((i, a, b));
        if self.worst.is_none_or(|(_, s)| severity > s) {
            self.worst = Some(((i, a, b), severity));
        }
        let (x, y) = (scalar.value(a), scalar.value(b));
        if x.is_finite() && y.is_finite() {
            let (p, q) = (super::order(scalar, a), super::order(scalar, b));
            self.bias += i128::from(q) - i128::from(p);
            // The values of 64-bit integers are rounded, their distance is not.
            let difference = if scalar.is_float() { (x - y).abs() } else { p.abs_diff(q) as f64 };
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
    fn drift(&self, scalar: Scalar, len: usize, population: &Population) -> Drift {
        let mut classes = self.classes;
        classes.finite += self.dense.finite;
        let mut buckets = self.buckets;
        buckets.iter_mut().zip(self.dense.buckets()).for_each(|(all, dense)| *all += dense);
        let c = &classes;
        let differing =
            c.zero_sign + c.nan_payload + c.nan_versus_number + c.infinite + c.not_finite + c.flushed + c.finite;
        let element =
            |(i, a, b): (usize, u64, u64)| Element { index: i as u64, left: scalar.hex(a), right: scalar.hex(b) };
        let ratio = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a / b };
        let bucket = |(k, count): (usize, &u64)| UlpBucket { up_to: power(k), count: *count };
        Drift {
            elements: len as u64,
            differing,
            classes,
            max_ulp: self.max_ulp,
            ulp_percentiles: [0.5, 0.99, 0.999].map(|q| percentile(&buckets, population.finite, q)),
            histogram: buckets.iter().enumerate().filter(|(_, c)| **c > 0).map(bucket).collect(),
            bias_ulp: ratio((i128::from(self.dense.bias) + self.bias) as f64, population.finite as f64),
            mean_relative: ratio(self.dense.relative.total(), population.nonzero as f64),
            mean_relative_shifted: ratio(self.dense.shifted.total(), population.finite as f64),
            max_absolute: self.dense.max_absolute,
            max_relative: self.dense.max_relative,
            from_zero: self.from_zero,
            nmse: ratio(self.dense.squares.total(), population.squares()),
            first: self.first.or(self.first_payload).map(element),
            worst: self.worst.map(|(at, _)| element(at)),
            mask: None,
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
