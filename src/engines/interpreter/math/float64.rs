//! binary64.

use super::float::{Float, native};

/// 2^512, by which an operand is scaled so that a tiny result keeps all its bits.
const SCALE: f64 = f64::from_bits((1023 + 512) << 52);

/// `near`, or a zero of its sign where the same result times [`SCALE`] says that it is tiny.
#[inline(always)]
fn settled(scaled: f64, near: f64) -> f64 {
    if scaled.abs() < f64::MIN_POSITIVE * SCALE { 0.0f64.copysign(near) } else { near.canonical() }
}

impl Float for f64 {
    const DIGITS: u32 = 53;
    const MAX: f64 = f64::MAX;
    #[inline(always)]
    fn of(x: f64) -> Self {
        x.canonical()
    }
    #[inline(always)]
    fn real(self) -> f64 {
        self
    }
    #[inline(always)]
    fn fused(self, b: Self, c: Self) -> Self {
        libm::fma(self, b, c).canonical()
    }
    #[inline(always)]
    fn rem(self, b: Self) -> Self {
        libm::fmod(self, b).canonical()
    }
    #[inline(always)]
    fn mul_flushed(self, b: Self) -> Self {
        settled(self * SCALE * b, self * b)
    }
    #[inline(always)]
    fn div_flushed(self, b: Self) -> Self {
        settled(self * SCALE / b, self / b)
    }
    #[inline(always)]
    fn fused_flushed(self, b: Self, c: Self) -> Self {
        settled(libm::fma(self * SCALE, b, c * SCALE), libm::fma(self, b, c))
    }
    #[inline(always)]
    fn of_flushed(x: f64) -> Self {
        x.canonical().flush()
    }
    native!(1 << 63, 0x7ff << 52, 0x7ff8 << 48);
}
