//! Errors of built-in functions, planted.

use std::marker::PhantomData;

use super::float16::F16;
use super::lift::{Lane, Op, by_flag, kernel};
use super::{Defects, Kernel, Scalar};

/// A float's bit pattern as an integer of its width.
trait Pattern: Lane {
    /// The least subnormal, the least normal and the greatest finite number.
    const SIZES: [u64; 3];
    /// The sign, in place, and the size: consecutive numbers have consecutive ones.
    fn parts(self) -> (u64, u64);
    /// The inverse of [`Pattern::parts`].
    fn of(sign: u64, size: u64) -> Self;
}

#[expect(clippy::cast_possible_truncation, reason = "the upper half is zero")]
fn low(word: u64) -> u32 {
    word as u32
}

impl Pattern for f32 {
    const SIZES: [u64; 3] = [1, 0x0080_0000, 0x7f7f_ffff];
    #[inline(always)]
    fn parts(self) -> (u64, u64) {
        let bits = u64::from(self.to_bits());
        (bits & 0x8000_0000, bits & 0x7fff_ffff)
    }
    #[inline(always)]
    fn of(sign: u64, size: u64) -> Self {
        Self::from_bits(low(sign | size))
    }
}

impl Pattern for F16 {
    const SIZES: [u64; 3] = [1, 0x0400, 0x7bff];
    #[inline(always)]
    fn parts(self) -> (u64, u64) {
        let bits = u64::from(self.to_bits());
        (bits & 0x8000, bits & 0x7fff)
    }
    #[inline(always)]
    fn of(sign: u64, size: u64) -> Self {
        Self::from_bits(low(sign | size))
    }
}

impl Pattern for f64 {
    const SIZES: [u64; 3] = [1, 1 << 52, (0x7ff << 52) - 1];
    #[inline(always)]
    fn parts(self) -> (u64, u64) {
        let bits = self.to_bits();
        (bits & 1 << 63, bits & !(1 << 63))
    }
    #[inline(always)]
    fn of(sign: u64, size: u64) -> Self {
        Self::from_bits(sign | size)
    }
}

/// Whether the error of a result with these bits makes it larger: a bit of the finaliser of MurmurHash3, so that neither
/// the number's size nor its last bits decide.
#[inline(always)]
fn outward(bits: u64) -> bool {
    let bits = (bits ^ bits >> 33).wrapping_mul(0xff51_afd7_ed55_8ccd);
    let bits = (bits ^ bits >> 33).wrapping_mul(0xc4ce_b9fe_1a85_ec53);
    bits >> 63 == 1
}

/// A result off by a number of units in the last place.
struct OffBy<F, const FLUSH: bool>(PhantomData<F>);

impl<F: Pattern, const FLUSH: bool> Op for OffBy<F, FLUSH> {
    type X = (F, u32);
    type R = F;
    #[inline(always)]
    fn apply((x, ulps): (F, u32)) -> F {
        let [subnormal, normal, most] = F::SIZES;
        let least = if FLUSH { normal } else { subnormal };
        let (sign, size) = x.parts();
        let ulps = u64::from(ulps);
        let moved = if outward(sign | size) { size + ulps } else { size.saturating_sub(ulps) };
        if size == 0 || size > most { x } else { F::of(sign, moved.clamp(least, most)) }
    }
}

/// See [`super::off_by`].
pub(super) fn off_by(s: Scalar, d: &Defects) -> Option<Kernel> {
    by_flag!(d.flush, |FLUSH| match s {
        Scalar::F16 => Some(kernel::<OffBy<F16, FLUSH>>()),
        Scalar::F32 => Some(kernel::<OffBy<f32, FLUSH>>()),
        Scalar::F64 => Some(kernel::<OffBy<f64, FLUSH>>()),
        _ => None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_move_by_that_many_ulps_and_stay_numbers_of_their_sign() {
        let Some(Kernel::Map2(off)) = off_by(Scalar::F32, &Defects::default()) else { panic!("a binary kernel") };
        let numbers: Vec<u32> = (0..2000u32).map(|i| (0x3f80_0000 + i * 7919) | (i & 1) << 31).collect();
        let mut moved = vec![0; numbers.len()];
        off(&mut moved, &numbers, &vec![3; numbers.len()]);
        let up = numbers.iter().zip(&moved).filter(|(a, b)| **b == **a + 3).count();
        let down = numbers.iter().zip(&moved).filter(|(a, b)| **b + 3 == **a).count();
        assert_eq!(up + down, numbers.len(), "each by three");
        assert!(up > 800 && down > 800, "both ways: {up} up, {down} down");

        let fixed = [0, 0x8000_0000, 0x7f80_0000, 0xff80_0000, 0x7fc0_0000, 0x7f80_0001];
        let mut out = [1; 6];
        off(&mut out, &fixed, &[u32::MAX; 6]);
        assert_eq!(out, fixed, "zeros, infinities and NaN stay");
        let sizes = [1, 2, 0x8000_0001, 0x7f7f_ffff, 0xff7f_ffff, 0x3f80_0000];
        off(&mut out, &sizes, &[u32::MAX; 6]);
        for (x, y) in sizes.into_iter().zip(out) {
            let y = f32::from_bits(y);
            assert!(y.is_finite() && y != 0.0, "{x:08x} stays a number: {y:e}");
            assert_eq!(y.is_sign_negative(), x >> 31 == 1, "{x:08x} keeps its sign");
        }
    }

    #[test]
    fn flushing_keeps_results_normal() {
        let flush = Defects { flush: true, ..Defects::default() };
        let Some(Kernel::Map2(off)) = off_by(Scalar::F16, &flush) else { panic!("a binary kernel") };
        // The least normal numbers of binary16, as binary32.
        let least: Vec<u32> = (0x0400..0x0440).map(|bits| F16::from_bits(bits).0.to_bits()).collect();
        let mut out = vec![0; least.len()];
        off(&mut out, &least, &vec![64; least.len()]);
        assert!(out.iter().all(|y| f32::from_bits(*y).abs() >= f32::exp2(-14.0)), "none is subnormal");
        assert!(out.iter().zip(&least).any(|(a, b)| a != b), "some move");
    }
}
