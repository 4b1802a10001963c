//! How bad a difference is: one total order, for every list that is sorted and every worst that is named.

use std::cmp::Ordering;

use serde::Serialize;

use crate::model::bits::Dtype;
use crate::model::record::{CaseRecord, Comparison, Status};
use crate::model::{Drift, Scalar};

/// What kind of difference, the least first. NaN of another sign or payload is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Default)]
#[serde(rename_all = "kebab-case")]
pub enum Difference {
    /// No element drifts.
    #[default]
    None,
    /// Zeros of different sign.
    ZeroSign,
    /// Zero against a subnormal or the least normal number.
    Flushed,
    /// Finite numbers that differ.
    Finite,
    /// Integers, indices, flags or members of a mask that differ: a discrete answer is another answer.
    Discrete,
    /// Results that are finite on neither side: NaN against infinity, or infinities of different sign.
    NotFinite,
    /// Infinity against a finite number.
    Infinite,
    /// NaN against a finite number.
    Nan,
}

/// How bad a difference is. Ordered: the kind first, then the relative size, then the share of elements.
#[derive(Debug, Clone, Copy, Default, Serialize)]
pub struct Severity {
    /// The worst kind.
    pub kind: Difference,
    /// The largest |left − right| / |left| of finite floats, and at least 1 where one differs from zero on the left; 0 for
    /// integers and where there is none. Of [`of_output`], the size of the output's change.
    pub relative: f64,
    /// The fraction of elements that differ in the worst kind, from 0 to 1.
    pub share: f64,
    /// The largest distance in units in the last place; told, and never compared before the relative size.
    pub ulp: u64,
}

impl Severity {
    fn key(&self) -> (Difference, u64, u64, u64) {
        (self.kind, ordered(self.relative), ordered(self.share), self.ulp)
    }
}

/// A number that is not negative as an integer of the same order; NaN, of which there should be none, is least.
fn ordered(x: f64) -> u64 {
    if x.is_nan() || x <= 0.0 { 0 } else { x.to_bits() }
}

impl PartialEq for Severity {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Severity {}

impl PartialOrd for Severity {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Severity {
    fn cmp(&self, other: &Self) -> Ordering {
        self.key().cmp(&other.key())
    }
}

/// How bad a drift between two outputs of this type is.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn severity(scalar: impl Into<Scalar>, drift: &Drift) -> Severity {
    let c = &drift.classes;
    let finite = if scalar.into().is_float() { Difference::Finite } else { Difference::Discrete };
    let kinds = [
        (Difference::Nan, c.nan_versus_number),
        (Difference::Infinite, c.infinite),
        (Difference::NotFinite, c.not_finite),
        (finite, c.finite),
        (Difference::Flushed, c.flushed),
        (Difference::ZeroSign, c.zero_sign),
    ];
    let Some((kind, count)) = kinds.into_iter().find(|(_, n)| *n > 0) else { return Severity::default() };
    let relative = match kind {
        Difference::Discrete | Difference::ZeroSign | Difference::None => 0.0,
        // A number is all of itself away from zero. What is not counted shows where nothing else has a relative distance.
        _ if drift.from_zero > 0 || c.finite > 0 && drift.max_relative == 0.0 => drift.max_relative.max(1.0),
        _ if c.finite > 0 => drift.max_relative,
        _ => 0.0,
    };
    let share = if drift.elements == 0 { 0.0 } else { count as f64 / drift.elements as f64 };
    Severity { kind, relative, share, ulp: drift.max_ulp }
}

/// How bad a drift is for the output as a whole: as [`severity`], and its relative size is ‖left − right‖₂ / ‖left‖₂ over
/// finite pairs, which no element that happens to be near zero makes large. 1 where the left side is zero.
#[must_use]
pub fn of_output(dtype: Dtype, drift: &Drift) -> Severity {
    let found = severity(dtype, drift);
    let norm = drift.nmse.sqrt();
    // Squares may be too small for binary64, or stand against nothing but zeros.
    let relative = if found.relative == 0.0 || norm == 0.0 {
        found.relative
    } else if norm.is_finite() {
        norm
    } else {
        1.0
    };
    Severity { relative, ..found }
}

/// The comparison of a case that found the worst difference, over all axes; `None` where none drifts. The first of equals.
#[must_use]
pub fn worst(case: &CaseRecord) -> Option<(&Comparison, Severity)> {
    let mut found: Option<(&Comparison, Severity)> = None;
    for comparison in case.comparisons.iter().filter(|c| !c.drift.is_none()) {
        let severity = severity(case.dtype, &comparison.drift);
        if found.as_ref().is_none_or(|(_, s)| severity > *s) {
            found = Some((comparison, severity));
        }
    }
    found
}

/// How bad a row is: its status before the size of its drift.
impl Severity {
    /// A key that orders rows: failed and outside the specification before all that is allowed, then by severity.
    #[must_use]
    pub fn with(self, status: Status) -> (Status, Self) {
        (status.max(Status::BitExact), self)
    }
}
