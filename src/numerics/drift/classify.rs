//! What kind of difference there is between two elements.

use super::ulp::order;
use crate::model::bits::Dtype;
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
            // At most 2^33.
            Self::Finite(distance) => 2 + distance,
            Self::NotFinite => 1 << 39,
            Self::Infinite => 1 << 40,
            Self::NanVersusNumber => 1 << 41,
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
pub fn classify(dtype: Dtype, left: u32, right: u32) -> Class {
    if left == right {
        return Class::Equal;
    }
    let (a, b) = (order(dtype, left), order(dtype, right));
    let distance = a.abs_diff(b);
    // The places of infinity and of the smallest normal.
    let (infinity, normal) = match dtype {
        Dtype::F32 => (0x7f80_0000, 0x0080_0000),
        Dtype::F16 => (0x7c00, 0x0400),
        Dtype::Bf16 => (0x7f80, 0x0080),
        Dtype::U32 | Dtype::I32 | Dtype::Mask => return Class::Finite(distance),
    };
    match (a.abs() > infinity, b.abs() > infinity) {
        (true, true) => Class::NanPayload,
        _ if a.abs() >= infinity && b.abs() >= infinity => Class::NotFinite,
        (true, false) | (false, true) => Class::NanVersusNumber,
        _ if a.abs() == infinity || b.abs() == infinity => Class::Infinite,
        _ if distance == 0 => Class::ZeroSign,
        _ if a == 0 && b.abs() <= normal || b == 0 && a.abs() <= normal => Class::Flushed,
        _ => Class::Finite(distance),
    }
}
