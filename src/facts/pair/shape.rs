//! What the elements of two results that differ have in common, seen in their bits: every one of them shows it, or it is
//! not told.

use serde::Serialize;

use crate::model::bits::Dtype;

/// A rounding that fits fewer elements may be chance: one value in 2^13 is a binary16 value.
const FEW: u64 = 2;

/// Rounding to 11 bits moves a binary32 number by up to 2^12 ulp, and all but one in 32 by this many or more. What moved less
/// comes to a short number some other way.
const FAR: u32 = 128;

/// How many of the elements that differ show what. Two NaN do not differ here.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Shape {
    /// Elements that differ.
    pub differing: u64,
    /// Subnormal on the left and zero on the right.
    pub now_zero: u64,
    /// Zero on the left and subnormal on the right.
    pub was_zero: u64,
    /// The right side is the left one rounded to binary16. Of binary32 results only.
    pub now_half: u64,
    /// The left side is the right one rounded to binary16.
    pub was_half: u64,
    /// Of both, those whose rounded value is neither zero nor infinite, which fit by chance, and is as far as rounding moves.
    pub half_shown: u64,
    /// Elements that contradict either: short on neither side where all of a rounded side must be, moved too little, or
    /// subnormal on both sides where such are said to be flushed.
    pub against: Against,
    /// Finite on the left and NaN on the right.
    pub now_nan: u64,
    /// NaN on the left and finite on the right.
    pub was_nan: u64,
}

/// How many elements say that a shape is chance.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Against {
    /// Not rounded to binary16 on the right, whether or not they differ.
    pub right_not_half: u64,
    /// The same on the left.
    pub left_not_half: u64,
    /// Fits, and moved less than rounding does.
    pub near: u64,
    /// Subnormal on the right, whether or not they differ.
    pub right_subnormal: u64,
    /// The same on the left.
    pub left_subnormal: u64,
}

impl Shape {
    /// The shape of elements `(index, left, right)`.
    #[must_use]
    pub(super) fn of(dtype: Dtype, pairs: &[(u64, u32, u32)]) -> Self {
        let mut out = Self::default();
        if !dtype.is_float() {
            out.differing = pairs.iter().filter(|(_, a, b)| a != b).count() as u64;
            return out;
        }
        for (_, a, b) in pairs {
            out.against.left_subnormal += u64::from(is_subnormal(dtype, *a));
            out.against.right_subnormal += u64::from(is_subnormal(dtype, *b));
            if dtype == Dtype::F32 {
                let long = |x: u32| u64::from(f32::from_bits(x).is_finite() && rounded(x) != x);
                out.against.left_not_half += long(*a);
                out.against.right_not_half += long(*b);
            }
        }
        for (_, a, b) in pairs.iter().filter(|(_, a, b)| a != b) {
            let (left, right) = (dtype.value(*a), dtype.value(*b));
            if left.is_nan() && right.is_nan() {
                continue;
            }
            out.differing += 1;
            out.now_zero += u64::from(is_subnormal(dtype, *a) && right == 0.0);
            out.was_zero += u64::from(is_subnormal(dtype, *b) && left == 0.0);
            out.now_nan += u64::from(left.is_finite() && right.is_nan());
            out.was_nan += u64::from(right.is_finite() && left.is_nan());
            if dtype == Dtype::F32 {
                let (now, was) = (rounded(*a) == *b, rounded(*b) == *a);
                out.now_half += u64::from(now);
                out.was_half += u64::from(was);
                let ordinary = |x: f64| x.is_finite() && x != 0.0;
                let fits = (now && ordinary(right)) || (was && ordinary(left));
                let far = a.abs_diff(*b) >= FAR;
                out.half_shown += u64::from(fits && far);
                out.against.near += u64::from(fits && !far);
            }
        }
        out
    }

    /// Whether all elements that differ were flushed: `Some(true)` now, `Some(false)` before and no longer.
    #[must_use]
    pub fn flushed(&self) -> Option<bool> {
        let kept = |now: bool| if now { self.against.right_subnormal } else { self.against.left_subnormal };
        self.all(self.now_zero, self.was_zero).filter(|now| kept(*now) == 0)
    }

    /// Whether all elements that differ were rounded to binary16: `Some(true)` now, `Some(false)` before and no longer.
    #[must_use]
    pub fn half(&self) -> Option<bool> {
        let long = |now: bool| if now { self.against.right_not_half } else { self.against.left_not_half };
        // One in 32 moves less by itself.
        let shown = self.half_shown >= FEW && self.half_shown >= 4 * self.against.near;
        self.all(self.now_half, self.was_half).filter(|now| shown && long(*now) == 0)
    }

    fn all(&self, now: u64, was: u64) -> Option<bool> {
        match self.differing {
            0 => None,
            n if n == now => Some(true),
            n if n == was => Some(false),
            _ => None,
        }
    }
}

fn is_subnormal(dtype: Dtype, bits: u32) -> bool {
    let (exponent, fraction) = match dtype {
        Dtype::F16 => (0x7c00, 0x03ff),
        Dtype::Bf16 => (0x7f80, 0x007f),
        _ => (0x7f80_0000, 0x007f_ffff),
    };
    bits & exponent == 0 && bits & fraction != 0
}

/// A binary32 value rounded to binary16, as binary32.
fn rounded(bits: u32) -> u32 {
    half::f16::from_f32(f32::from_bits(bits)).to_f32().to_bits()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn of(pairs: &[(f32, f32)]) -> Shape {
        let pairs: Vec<_> = (0..).zip(pairs).map(|(i, (a, b))| (i, a.to_bits(), b.to_bits())).collect();
        Shape::of(Dtype::F32, &pairs)
    }

    #[test]
    fn what_every_element_shows_is_told_and_nothing_else() {
        let tiny = f32::from_bits(3);
        assert_eq!(of(&[(tiny, 0.0), (-tiny, -0.0), (1.0, 1.0)]).flushed(), Some(true), "now zero");
        assert_eq!(of(&[(0.0, tiny)]).flushed(), Some(false), "no longer zero");
        assert_eq!(of(&[(tiny, 0.0), (1.0, 1.5)]).flushed(), None, "one element is another matter");
        assert_eq!(of(&[(f32::MIN_POSITIVE, 0.0)]).flushed(), None, "a normal number is not flushed");
        assert_eq!(of(&[(0.1, 0.099_975_586), (0.2, 0.199_951_17)]).half(), Some(true), "rounded to binary16");
        assert_eq!(of(&[(0.099_975_586, 0.1), (0.199_951_17, 0.2)]).half(), Some(false), "and no longer");
        assert_eq!(of(&[(0.1, 0.099_975_586)]).half(), None, "one element may be chance");
        let overflows = [(3e38, f32::INFINITY), (2e38, f32::INFINITY), (-3e38, f32::NEG_INFINITY)];
        assert_eq!(of(&overflows).half(), None, "an infinity is any large number's rounded value");
        assert_eq!(of(&[(1e-20, 0.0), (2e-20, 0.0)]).half(), None, "and zero any small one's");
        let whole: Vec<(f32, f32)> = (1..9).map(|i| (f32::from_bits((i as f32).to_bits() + 1), i as f32)).collect();
        assert_eq!(of(&whole).half(), None, "whole numbers are short whatever made them so");
        let rest = [(0.1, 0.099_975_586), (0.2, 0.199_951_17), (0.3, 0.3)];
        assert_eq!(of(&rest).half(), None, "a result that is not rounded");
        assert_eq!(of(&[(tiny, 0.0), (tiny, tiny)]).flushed(), None, "a subnormal that is kept");
        let nan = of(&[(f32::from_bits(0x7fc0_0001), f32::NAN), (1.0, f32::NAN)]);
        assert_eq!((nan.differing, nan.now_nan), (1, 1), "two NaN do not differ");
        assert_eq!(Shape::of(Dtype::U32, &[(0, 1, 0)]).flushed(), None, "an integer is no subnormal");
    }
}
