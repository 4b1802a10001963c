//! binary16, carried as the binary32 number of the same value, and rounded to binary16 after every operation.

use super::float::Float;
use super::lift::{Lane, one_row};
use crate::numerics::arith::tiny;

/// A binary16 number as the binary32 number of the same value.
#[derive(Clone, Copy)]
pub(super) struct F16(pub(super) f32);

one_row!(F16, |word| Self(f32::from_bits(word)), |value| value.0.to_bits());

const SIGN: u32 = 0x8000_0000;
const INFINITY: u32 = 0x7f80_0000;
/// 2^-14.
const SMALLEST_NORMAL: u32 = 0x3880_0000;
/// 2^16, the first power of two beyond binary16's range.
const BEYOND: u32 = 0x4780_0000;

impl F16 {
    /// `x` rounded to binary16, to nearest with ties to even.
    ///
    /// After one operation `+ - * / sqrt` on binary16 numbers the rounding to binary32 before it is innocuous, since
    /// 24 ≥ 2·11 + 2 (Figueroa, "When is double rounding innocuous?", SIGNUM Newsletter 30(3), 1995).
    #[inline(always)]
    pub(super) fn nearest(x: f32) -> Self {
        let x = x.canonical();
        let sign = x.to_bits() & SIGN;
        let size = x.to_bits() & !SIGN;
        // Thirteen bits fewer: half a unit less one, and one more if the last bit that stays is odd.
        let normal = (size + 0xfff + (size >> 13 & 1)) & !0x1fff;
        let finite = if normal >= BEYOND { INFINITY } else { normal };
        // Below the normal numbers the spacing is 2^-24, which is binary32's on [0.5, 1).
        let subnormal = (f32::from_bits(size) + 0.5 - 0.5).to_bits();
        let rounded = if size < SMALLEST_NORMAL { subnormal } else { finite };
        Self(f32::from_bits(sign | if size > INFINITY { size } else { rounded }))
    }

    /// The number whose 16 bits these are, exactly: a NaN keeps its payload.
    #[inline(always)]
    pub(super) fn from_bits(bits: u32) -> Self {
        let sign = (bits & 0x8000) << 16;
        let size = bits & 0x7fff;
        // The exponent's bias is 112 greater in binary32; that of infinity and NaN is the greatest in both.
        let normal = (size << 13) + if size >= 0x7c00 { 0x7000_0000 } else { 0x3800_0000 };
        // A subnormal is a multiple of 2^-24: put below the leading bit of 0.5, it is what is above 0.5.
        let subnormal = (f32::from_bits(0x3f00_0000 | size) - 0.5).to_bits();
        Self(f32::from_bits(sign | if size < 0x400 { subnormal } else { normal }))
    }

    /// Its 16 bits, exactly: a NaN keeps its payload.
    #[inline(always)]
    pub(super) fn to_bits(self) -> u32 {
        let bits = self.0.to_bits();
        let size = bits & !SIGN;
        let normal = (size >> 13).wrapping_sub(if size >= INFINITY { 0x7000_0000 >> 13 } else { 0x3800_0000 >> 13 });
        let subnormal = (f32::from_bits(size) + 0.5).to_bits() & 0x3ff;
        (bits & SIGN) >> 16 | if size < SMALLEST_NORMAL { subnormal } else { normal }
    }
}

/// `a + b` in binary32 rounded to odd: where it is inexact, the neighbour whose last bit is set.
///
/// The bit marks the inexactness for a second rounding to at least two bits fewer, which is then correct (Boldo and
/// Melquiond, "Emulation of a FMA and correctly rounded sums", IEEE Trans. Computers 57(4), 2008). The error is that of
/// Knuth's TwoSum, exact for the sums here, none of which overflows.
#[inline(always)]
fn odd_sum(a: f32, b: f32) -> f32 {
    let sum = a + b;
    let of_b = sum - a;
    let error = (a - (sum - of_b)) + (b - of_b);
    odd(sum, error)
}

/// `near`, which differs from the number that is meant by `error`, rounded to odd instead of to nearest.
#[inline(always)]
fn odd(near: f32, error: f32) -> f32 {
    let bits = near.to_bits();
    // Of an even neighbour the number that is meant lies on the error's side. A NaN is no error.
    let inexact = error.abs() > 0.0 && bits & 1 == 0;
    let inward = error.is_sign_negative() != near.is_sign_negative();
    let step = if inward { u32::MAX } else { 1 };
    f32::from_bits(if inexact { bits.wrapping_add(step) } else { bits })
}

/// `x`, or a zero of its sign where it is tiny in binary16.
#[inline(always)]
fn flushed(x: f32) -> f32 {
    f32::from_bits(x.to_bits() & if f64::from(x.abs()) < tiny::BELOW16 { SIGN } else { u32::MAX })
}

impl Float for F16 {
    const DIGITS: u32 = 11;
    const MAX: f64 = 65504.0;
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "what is cut off is marked in the last bit")]
    fn of(x: f64) -> Self {
        let near = x as f32;
        // Infinity minus itself is NaN, which is no error; an overflow's error is infinite, on the inner side.
        let error = x - f64::from(near);
        Self::nearest(odd(near, if error == 0.0 { 0.0 } else { error.signum() as f32 }))
    }
    #[inline(always)]
    fn real(self) -> f64 {
        f64::from(self.0)
    }
    #[inline(always)]
    fn canonical(self) -> Self {
        Self(self.0.canonical())
    }
    #[inline(always)]
    fn flush(self) -> Self {
        let bits = self.0.to_bits();
        Self(f32::from_bits(if bits & !SIGN < SMALLEST_NORMAL { bits & SIGN } else { bits }))
    }
    #[inline(always)]
    fn negate(self) -> Self {
        Self(self.0.negate())
    }
    #[inline(always)]
    fn magnitude(self) -> Self {
        Self(self.0.magnitude())
    }
    #[inline(always)]
    fn add(self, b: Self) -> Self {
        Self::nearest(self.0 + b.0)
    }
    #[inline(always)]
    fn sub(self, b: Self) -> Self {
        Self::nearest(self.0 - b.0)
    }
    #[inline(always)]
    fn mul(self, b: Self) -> Self {
        Self::nearest(self.0 * b.0)
    }
    #[inline(always)]
    fn div(self, b: Self) -> Self {
        Self::nearest(self.0 / b.0)
    }
    #[inline(always)]
    fn fused(self, b: Self, c: Self) -> Self {
        // The product has 22 bits and is exact.
        Self::nearest(odd_sum(self.0 * b.0, c.0))
    }
    #[inline(always)]
    fn mul_flushed(self, b: Self) -> Self {
        Self::nearest(flushed(self.0 * b.0))
    }
    #[inline(always)]
    fn div_flushed(self, b: Self) -> Self {
        // A quotient of 11-bit numbers that is not the limit is further from it than binary32 rounds.
        Self::nearest(flushed(self.0 / b.0))
    }
    #[inline(always)]
    fn fused_flushed(self, b: Self, c: Self) -> Self {
        Self::nearest(flushed(odd_sum(self.0 * b.0, c.0)))
    }
    #[inline(always)]
    fn of_flushed(x: f64) -> Self {
        Self::of(if x.abs() < tiny::BELOW16 { 0.0f64.copysign(x) } else { x })
    }
    #[inline(always)]
    fn rem(self, b: Self) -> Self {
        // A multiple of the operands' last places and less than the second: representable.
        Self(self.0.rem(b.0))
    }
    #[inline(always)]
    fn root(self) -> Self {
        Self::nearest(self.0.sqrt())
    }
    #[inline(always)]
    fn floor(self) -> Self {
        Self(Float::floor(self.0))
    }
    #[inline(always)]
    fn ceil(self) -> Self {
        Self(Float::ceil(self.0))
    }
    #[inline(always)]
    fn trunc(self) -> Self {
        Self(Float::trunc(self.0))
    }
    #[inline(always)]
    fn round(self) -> Self {
        Self(Float::round(self.0))
    }
    #[inline(always)]
    fn less(self, b: Self) -> bool {
        self.0 < b.0
    }
    #[inline(always)]
    fn less_equal(self, b: Self) -> bool {
        self.0 <= b.0
    }
    #[inline(always)]
    fn equal(self, b: Self) -> bool {
        self.0 == b.0
    }
    #[inline(always)]
    fn nan(self) -> bool {
        self.0.is_nan()
    }
    #[inline(always)]
    fn infinite(self) -> bool {
        self.0.is_infinite()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_pattern_survives_and_has_its_value() {
        for bits in 0..=0xffffu32 {
            let x = F16::from_bits(bits);
            assert_eq!(x.to_bits(), bits, "{bits:04x} to binary32 and back");
            if x.nan() {
                let payload = x.0.to_bits() & 0x7f_ffff;
                assert_eq!(payload, (bits & 0x3ff) << 13, "the payload of {bits:04x}");
            } else {
                let value = crate::model::bits::Dtype::F16.value(bits);
                assert_eq!(x.real().to_bits(), value.to_bits(), "the value of {bits:04x}");
                assert_eq!(F16::of(value).to_bits(), bits, "{bits:04x} from binary64");
            }
        }
    }
}
