//! The drift between two outputs of the same shape.

use serde::{Deserialize, Serialize};

use super::classify::{Class, classify};
use super::number;
use crate::bits::{Bits, Dtype};

/// How many elements differ in which way; their sum is [`Drift::differing`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Classes {
    /// Zeros of different sign.
    pub zero_sign: u64,
    /// NaN with different payloads.
    pub nan_payload: u64,
    /// NaN against a number.
    pub nan_versus_number: u64,
    /// Infinity against anything else.
    pub infinite: u64,
    /// Zero against a subnormal.
    pub flushed: u64,
    /// Two different finite numbers.
    pub finite: u64,
}

/// A bucket of the histogram of distances: from one more than the last bucket's `up_to`, to `up_to`, in ulp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct UlpBucket {
    /// The largest distance counted, a power of two.
    pub up_to: u64,
    /// How many elements.
    pub count: u64,
}

/// One element of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Element {
    /// Its index.
    pub index: u64,
    /// The left side's bits.
    pub left: String,
    /// The right side's bits.
    pub right: String,
}

/// How two masks differ beyond chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct MaskDrift {
    /// The fraction of elements in which they agree.
    #[serde(with = "number")]
    pub agreement: f64,
    /// The agreement expected of independent masks with these keep rates.
    #[serde(with = "number")]
    pub chance: f64,
    /// Cohen's kappa: 1 for equal masks, 0 for independent ones.
    #[serde(with = "number")]
    pub kappa: f64,
}

/// The drift of one comparison. The left side is the reference where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Drift {
    /// Elements compared.
    pub elements: u64,
    /// Elements whose bits differ. `V_c` of the FPNA paper is `differing / elements`.
    pub differing: u64,
    /// How they differ.
    pub classes: Classes,
    /// The largest distance between two finite elements, in ulp.
    pub max_ulp: u64,
    /// The 50th, 99th and 99.9th percentile of the distance over all pairs of finite elements, as the upper end of
    /// their histogram bucket.
    pub ulp_percentiles: [u64; 3],
    /// Distances of differing finite elements; empty buckets are left out.
    pub histogram: Vec<UlpBucket>,
    /// The mean signed distance (right minus left) over all elements, in ulp.
    #[serde(with = "number")]
    pub bias_ulp: f64,
    /// `V_ermv` of the FPNA paper: the mean of |left - right| / |left| over finite pairs with left not zero.
    #[serde(with = "number")]
    pub mean_relative: f64,
    /// The same with |left + 1e-8| below, over all finite pairs, as `torchdetscan` computes it.
    #[serde(with = "number")]
    pub mean_relative_shifted: f64,
    /// The largest |left - right| over finite pairs.
    #[serde(with = "number")]
    pub max_absolute: f64,
    /// The largest |left - right| / |left| over finite pairs with left not zero.
    #[serde(with = "number")]
    pub max_relative: f64,
    /// Σ(left-right)² / Σleft² over finite pairs.
    #[serde(with = "number")]
    pub nmse: f64,
    /// The first element that differs.
    pub first: Option<Element>,
    /// The element that differs most.
    pub worst: Option<Element>,
    /// For masks.
    pub mask: Option<MaskDrift>,
}

impl Drift {
    /// Whether every bit agrees.
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.differing == 0
    }

    /// The fraction of elements that differ (`V_c`).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub fn fraction(&self) -> f64 {
        if self.elements == 0 { 0.0 } else { self.differing as f64 / self.elements as f64 }
    }
}

/// Measures the drift from `left` to `right`. `None` where their shapes differ.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn measure(left: &Bits, right: &Bits) -> Option<Drift> {
    if left.dtype != right.dtype || left.len != right.len {
        return None;
    }
    let dtype = left.dtype;
    let mut classes = Classes::default();
    let mut buckets = [0u64; 65];
    let (mut first, mut worst): (Option<usize>, Option<(usize, u128)>) = (None, None);
    let (mut max_ulp, mut bias) = (0u64, 0i128);
    let (mut rel, mut shifted, mut counted, mut finite_pairs) = (0.0, 0.0, 0u64, 0u64);
    let (mut max_abs, mut max_rel, mut num, mut den) = (0.0f64, 0.0f64, 0.0, 0.0);
    for i in 0..left.len {
        let (a, b) = (left.get(i), right.get(i));
        let class = classify(dtype, a, b);
        let (x, y) = (dtype.value(a), dtype.value(b));
        if x.is_finite() && y.is_finite() {
            finite_pairs += 1;
            den += x * x;
            if x != 0.0 {
                counted += 1;
            }
        }
        let severity: u128 = match class {
            Class::Equal => continue,
            Class::ZeroSign => {
                classes.zero_sign += 1;
                1
            }
            Class::NanPayload => {
                classes.nan_payload += 1;
                1
            }
            Class::NanVersusNumber => {
                classes.nan_versus_number += 1;
                u128::from(u64::MAX) + 2
            }
            Class::Infinite => {
                classes.infinite += 1;
                u128::from(u64::MAX) + 1
            }
            Class::Flushed => {
                classes.flushed += 1;
                2
            }
            Class::Finite(ulp) => {
                classes.finite += 1;
                buckets[(64 - (ulp - 1).leading_zeros()) as usize] += 1;
                max_ulp = max_ulp.max(ulp);
                2 + u128::from(ulp)
            }
        };
        first.get_or_insert(i);
        if worst.is_none_or(|(_, s)| severity > s) {
            worst = Some((i, severity));
        }
        if x.is_finite() && y.is_finite() {
            bias += i128::from(super::order(dtype, b) - super::order(dtype, a));
            let difference = (x - y).abs();
            max_abs = max_abs.max(difference);
            num += difference * difference;
            shifted += difference / (x + 1e-8).abs();
            if x != 0.0 {
                rel += difference / x.abs();
                max_rel = max_rel.max(difference / x.abs());
            }
        }
    }
    let differing = classes.zero_sign
        + classes.nan_payload
        + classes.nan_versus_number
        + classes.infinite
        + classes.flushed
        + classes.finite;
    let element = |i: usize| Element { index: i as u64, left: dtype.hex(left.get(i)), right: dtype.hex(right.get(i)) };
    let ratio = |a: f64, b: f64| if a == 0.0 { 0.0 } else { a / b };
    Some(Drift {
        elements: left.len as u64,
        differing,
        classes,
        max_ulp,
        ulp_percentiles: [0.5, 0.99, 0.999].map(|q| percentile(&buckets, finite_pairs, q)),
        histogram: buckets
            .iter()
            .enumerate()
            .filter(|(_, c)| **c > 0)
            .map(|(k, c)| UlpBucket { up_to: 1u64.checked_shl(k as u32).unwrap_or(u64::MAX), count: *c })
            .collect(),
        bias_ulp: if left.len == 0 { 0.0 } else { bias as f64 / left.len as f64 },
        mean_relative: ratio(rel, counted as f64),
        mean_relative_shifted: ratio(shifted, finite_pairs as f64),
        max_absolute: max_abs,
        max_relative: max_rel,
        nmse: ratio(num, den),
        first: first.map(element),
        worst: worst.map(|(i, _)| element(i)),
        mask: (dtype == Dtype::Mask).then(|| mask(left, right, differing)),
    })
}

#[expect(
    clippy::cast_precision_loss,
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "counts are far below 2^53"
)]
fn percentile(buckets: &[u64; 65], finite_pairs: u64, q: f64) -> u64 {
    let different: u64 = buckets.iter().sum();
    let rank = (q * finite_pairs as f64).ceil() as u64;
    let mut seen = finite_pairs.saturating_sub(different);
    if rank <= seen {
        return 0;
    }
    for (k, count) in buckets.iter().enumerate() {
        seen += count;
        if rank <= seen {
            return 1u64.checked_shl(k as u32).unwrap_or(u64::MAX);
        }
    }
    0
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
