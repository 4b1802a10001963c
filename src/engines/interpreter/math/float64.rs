//! binary64.

use super::float::{Float, native};

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
    native!(1 << 63, 0x7ff << 52, 0x7ff8 << 48);
}
