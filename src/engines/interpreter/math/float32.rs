//! binary32.

use super::float::{Float, native};
use crate::numerics::arith::{fma::fma, tiny};

impl Float for f32 {
    const DIGITS: u32 = 24;
    const MAX: f64 = f32::MAX as f64;
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "the rounding is the point")]
    fn of(x: f64) -> Self {
        (x as Self).canonical()
    }
    #[inline(always)]
    fn real(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn fused(self, b: Self, c: Self) -> Self {
        fma(self, b, c).canonical()
    }
    #[inline(always)]
    fn rem(self, b: Self) -> Self {
        libm::fmodf(self, b).canonical()
    }
    #[inline(always)]
    fn mul_flushed(self, b: Self) -> Self {
        tiny::mul(self, b).canonical()
    }
    #[inline(always)]
    fn div_flushed(self, b: Self) -> Self {
        tiny::div(self, b).canonical()
    }
    #[inline(always)]
    fn fused_flushed(self, b: Self, c: Self) -> Self {
        tiny::fma(self, b, c).canonical()
    }
    #[inline(always)]
    fn of_flushed(x: f64) -> Self {
        tiny::round(x).canonical()
    }
    native!(0x8000_0000, 0x7f80_0000, 0x7fc0_0000);
}
