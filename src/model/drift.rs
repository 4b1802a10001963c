//! What is measured of two outputs, and of one output against the exact answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::number::{self, Number};

/// How many elements differ in which way; their sum is [`Drift::differing`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Classes {
    /// Zeros of different sign.
    pub zero_sign: u64,
    /// NaN with different payloads.
    pub nan_payload: u64,
    /// NaN against a finite number. Before format 1.4 against an infinity too.
    pub nan_versus_number: u64,
    /// Infinity against a finite number. Before format 1.4 against the other infinity too.
    pub infinite: u64,
    /// NaN against an infinity, or infinities of different sign. Since format 1.4.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub not_finite: u64,
    /// Zero against a subnormal or the least normal number, which is what flushing leaves.
    pub flushed: u64,
    /// Two different finite numbers.
    pub finite: u64,
}

impl Classes {
    /// How many are NaN or infinite on one side, or differently so on both.
    #[must_use]
    pub fn no_number(&self) -> u64 {
        self.nan_versus_number.saturating_add(self.infinite).saturating_add(self.not_finite)
    }
}

/// A bucket of the histogram of distances: from one more than the last bucket's `up_to`, to `up_to`, in ulp.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UlpBucket {
    /// The largest distance counted, a power of two.
    pub up_to: u64,
    /// How many elements.
    pub count: u64,
}

/// One element of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Element {
    /// Its index.
    pub index: u64,
    /// The left side's bits.
    pub left: String,
    /// The right side's bits.
    pub right: String,
}

/// How two masks differ beyond chance.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct MaskDrift {
    /// The fraction of elements in which they agree.
    #[serde(with = "Number")]
    pub agreement: f64,
    /// The agreement expected of independent masks with these keep rates.
    #[serde(with = "Number")]
    pub chance: f64,
    /// Cohen's kappa: 1 for equal masks, 0 for independent ones.
    #[serde(with = "Number")]
    pub kappa: f64,
}

/// The drift of one comparison. The left side is the reference where there is one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// The mean signed distance (right minus left) over all pairs of finite elements, in ulp.
    #[serde(with = "Number")]
    pub bias_ulp: f64,
    /// `V_ermv` of the FPNA paper: the mean of |left - right| / |left| over finite pairs with left not zero.
    #[serde(with = "Number")]
    pub mean_relative: f64,
    /// The same with |left + 1e-8| below, over all finite pairs, as `torchdetscan` computes it.
    #[serde(with = "Number")]
    pub mean_relative_shifted: f64,
    /// The largest |left - right| over finite pairs.
    #[serde(with = "Number")]
    pub max_absolute: f64,
    /// The largest |left - right| / |left| over finite pairs with left not zero.
    #[serde(with = "Number")]
    pub max_relative: f64,
    /// Of floats, the elements of [`Classes::finite`] with left zero, of which no relative distance tells. Since format
    /// 1.4; records of its first programs leave it out.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub from_zero: u64,
    /// Σ(left-right)² / Σleft² over finite pairs.
    #[serde(with = "Number")]
    pub nmse: f64,
    /// The first element whose value differs; where none does, the first whose bits do.
    pub first: Option<Element>,
    /// The element that differs most. A NaN against another NaN is named only where nothing else differs.
    pub worst: Option<Element>,
    /// For masks.
    pub mask: Option<MaskDrift>,
}

impl Drift {
    /// Elements that differ otherwise than by the sign or payload of NaN, which WGSL promises to nobody: two NaN are no
    /// drift.
    #[must_use]
    pub fn drifting(&self) -> u64 {
        self.differing.saturating_sub(self.classes.nan_payload)
    }

    /// Whether there is no drift. NaN of another sign or payload is none: see [`Drift::is_identical`].
    #[must_use]
    pub fn is_none(&self) -> bool {
        self.drifting() == 0
    }

    /// Whether every bit agrees, those of NaN included.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.differing == 0
    }

    /// The fraction of elements that drift (`V_c`).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    pub fn fraction(&self) -> f64 {
        if self.elements == 0 { 0.0 } else { self.drifting() as f64 / self.elements as f64 }
    }
}

/// Error against the exact answer, and against the specification's allowance.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Accuracy {
    /// The largest error in ulp (OpenCL's `Ulp_Error`), over elements whose exact answer and result are finite.
    #[serde(with = "Number")]
    pub max_ulp: f64,
    /// The mean error in ulp over the same elements.
    #[serde(with = "Number")]
    pub mean_ulp: f64,
    /// The fraction of those elements that are more than half an ulp off.
    #[serde(with = "Number")]
    pub not_correctly_rounded: f64,
    /// The index of the largest error.
    pub worst: Option<u64>,
    /// The largest error as a fraction of what is allowed; 1 is the limit, and infinity is an error where none is
    /// allowed.
    #[serde(with = "Number")]
    pub specification_ratio: f64,
    /// Elements outside what is allowed.
    pub outside: u64,
    /// The first of them.
    pub first_outside: Option<u64>,
    /// Elements of which the specification allows any value (non-finite operands, domains left undefined).
    pub unconstrained: u64,
    /// Elements that differ from the strict reference (all, where there is none) and whose allowance is no verdict: it
    /// holds both signs, and is as wide as the whole output is large. They are neither inside nor outside. Since format
    /// 1.3.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub vacuous: u64,
    /// Whether there are such elements, so that what is not outside is not said to be within. Since format 1.3.
    #[serde(default, skip_serializing_if = "number::is_false")]
    pub undecided: bool,
    /// Elements that are NaN or infinite where the exact answer, rounded to the output's type, is finite. Since format
    /// 1.3.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub not_finite: u64,
    /// The first of them. Since format 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_not_finite: Option<u64>,
    /// Distinct results of the case that were too many and too large to be kept, so that nothing of this was measured on
    /// them. Since format 1.2.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub unmeasured: u64,
}
