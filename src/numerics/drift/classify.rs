//! What kind of difference there is between two elements.

use super::ulp::order;
use crate::model::Scalar;
use crate::model::drift::Classes;

/// The kinds, from none to worst. A NaN never hides: it is looked for before any subtraction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// The same bit pattern.
    Equal,
    /// Two zeros of different sign.
    ZeroSign,
    /// Two NaN with different payload or sign.
    NanPayload,
    /// One is NaN and the other finite.
    NanVersusNumber,
    /// One is infinite and the other finite.
    Infinite,
    /// Neither is finite: NaN against an infinity, or infinities of different sign.
    NotFinite,
    /// One is zero and the other subnormal, or the least normal number: what flushing makes of a number that is tiny
    /// before it is rounded.
    Flushed,
    /// Two finite numbers this many units in the last place apart (integers: their distance).
    Finite(u64),
}

impl Class {
    /// How bad a difference is: kinds rank above all distances, NaN first. NaN against NaN is no drift, and ranks below all.
    #[inline(always)]
    #[must_use]
    pub fn severity(self) -> u64 {
        match self {
            Self::Equal | Self::NanPayload => 0,
            Self::ZeroSign => 1,
            Self::Flushed => 2,
            // Below all kinds, however far 64-bit integers are apart.
            Self::Finite(distance) => distance.saturating_add(2).min(u64::MAX - 3),
            Self::NotFinite => u64::MAX - 2,
            Self::Infinite => u64::MAX - 1,
            Self::NanVersusNumber => u64::MAX,
        }
    }

    /// Counts a difference of this kind.
    #[inline(always)]
    pub fn count(self, classes: &mut Classes) {
        match self {
            Self::Equal => {}
            Self::ZeroSign => classes.zero_sign += 1,
            Self::NanPayload => classes.nan_payload += 1,
            Self::NanVersusNumber => classes.nan_versus_number += 1,
            Self::Infinite => classes.infinite += 1,
            Self::NotFinite => classes.not_finite += 1,
            Self::Flushed => classes.flushed += 1,
            Self::Finite(_) => classes.finite += 1,
        }
    }
}

/// Classifies a pair of elements of one type.
#[inline(always)]
#[must_use]
pub fn classify(scalar: impl Into<Scalar>, left: impl Into<u64>, right: impl Into<u64>) -> Class {
    let (scalar, left, right) = (scalar.into(), left.into(), right.into());
    if left == right {
        return Class::Equal;
    }
    let (p, q) = (order(scalar, left), order(scalar, right));
    let distance = p.abs_diff(q);
    let Some(specials) = scalar.specials() else { return Class::Finite(distance) };
    let (a, b) = (left & !specials.sign, right & !specials.sign);
    let is_nan = |magnitude| magnitude >= specials.nan;
    let is_finite = |magnitude| magnitude < specials.infinity.min(specials.nan);
    match (is_nan(a), is_nan(b)) {
        (true, true) => Class::NanPayload,
        _ if !is_finite(a) && !is_finite(b) => Class::NotFinite,
        (true, false) | (false, true) => Class::NanVersusNumber,
        _ if !is_finite(a) || !is_finite(b) => Class::Infinite,
        _ if distance == 0 => Class::ZeroSign,
        _ if a == 0 && b <= specials.normal || b == 0 && a <= specials.normal => Class::Flushed,
        _ => Class::Finite(distance),
    }
}
