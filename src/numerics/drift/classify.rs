//! What kind of difference there is between two elements.

use super::ulp::order;
use crate::model::bits::Dtype;

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
