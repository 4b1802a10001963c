//! IEEE-754 binary16 arithmetic on binary32 numbers that hold binary16 values.
//!
//! Branch-free, so that a twin's inner loop vectorises; the processor's own conversions are not used.

use std::marker::PhantomData;

use crate::numerics::arith::{Arith, tiny};

/// The arithmetic `A` in binary16. Operands and results are binary32 numbers that binary16 can represent.
///
/// A binary32 result rounded again to binary16 is correctly rounded for `+ - * /` and the square root, since
/// 24 ≥ 2·11 + 2 (Figueroa, "When is double rounding innocuous?", SIGNUM Newsletter 30(3), 1995). The fused
/// multiply-add needs more: its product is exact in binary32 (22 bits), and the sum is rounded to odd there.
#[derive(Debug, Clone, Copy)]
pub(super) struct Binary16<A>(PhantomData<A>);

impl<A: Arith> Binary16<A> {
    /// `x` rounded to binary16, or a zero of its sign where it is tiny and this arithmetic flushes.
    #[inline(always)]
    fn settle(x: f32) -> f32 {
        let rounded = round(x);
        let tiny = A::FLUSH && f64::from(x.abs()) < tiny::BELOW16;
        f32::from_bits(rounded.to_bits() & if tiny { SIGN } else { u32::MAX })
    }
}

impl<A: Arith> Arith for Binary16<A> {
    const FUSED: bool = A::FUSED;
    const FLUSH: bool = A::FLUSH;

    #[inline(always)]
    fn flush(x: f32) -> f32 {
        if A::FLUSH { flush(x) } else { x }
    }
    #[inline(always)]
    fn add(a: f32, b: f32) -> f32 {
        Self::settle(Self::flush(a) + Self::flush(b))
    }
    #[inline(always)]
    fn sub(a: f32, b: f32) -> f32 {
        Self::settle(Self::flush(a) - Self::flush(b))
    }
    #[inline(always)]
    fn mul(a: f32, b: f32) -> f32 {
        Self::settle(Self::flush(a) * Self::flush(b))
    }
    #[inline(always)]
    fn div(a: f32, b: f32) -> f32 {
        Self::settle(Self::flush(a) / Self::flush(b))
    }
    #[inline(always)]
    fn sqrt(a: f32) -> f32 {
        Self::settle(Self::flush(a).sqrt())
    }
    #[inline(always)]
    fn mad(a: f32, b: f32, c: f32) -> f32 {
        if A::FUSED {
            Self::settle(odd_sum(Self::flush(a) * Self::flush(b), Self::flush(c)))
        } else {
            Self::add(Self::mul(a, b), c)
        }
    }
}

/// A zero of the same sign where `x` is below binary16's smallest normal number.
#[inline(always)]
pub(super) fn flush(x: f32) -> f32 {
    let bits = x.to_bits();
    let keep = if bits & 0x7fff_ffff < SMALLEST_NORMAL { SIGN } else { u32::MAX };
    f32::from_bits(bits & keep)
}

const SIGN: u32 = 0x8000_0000;
const INFINITY: u32 = 0x7f80_0000;
/// 2^-14.
const SMALLEST_NORMAL: u32 = 0x3880_0000;
/// 2^16, the first power of two beyond binary16's range.
const BEYOND: u32 = 0x4780_0000;

/// `x` rounded to binary16, to nearest with ties to even.
#[inline(always)]
pub(super) fn round(x: f32) -> f32 {
    let sign = x.to_bits() & SIGN;
    let magnitude = x.to_bits() & !SIGN;
    // Thirteen bits fewer, ties to even, the carry going into the exponent.
    let mut rounded = (magnitude + 0xfff + ((magnitude >> 13) & 1)) & !0x1fff;
    rounded = if rounded >= BEYOND { INFINITY } else { rounded };
    rounded = if magnitude > INFINITY { magnitude } else { rounded };
    // Below the normal numbers the spacing is 2^-24, which is binary32's on [0.5, 1).
    let subnormal = ((f32::from_bits(magnitude) + 0.5) - 0.5).to_bits();
    f32::from_bits(sign | if magnitude < SMALLEST_NORMAL { subnormal } else { rounded })
}

/// `a + b` in binary32, rounded to odd. See [`crate::numerics::arith::fma::round_to_odd_sum`], of which this is the narrow form.
#[inline(always)]
fn odd_sum(a: f32, b: f32) -> f32 {
    let s = a + b;
    let bb = s - a;
    let e = (a - (s - bb)) + (b - bb);
    let bits = s.to_bits();
    let inexact = e != 0.0 && e.is_finite();
    let even = bits & 1 == 0;
    let towards_zero = (e < 0.0) != (s < 0.0);
    let moved = if towards_zero { bits.wrapping_sub(1) } else { bits.wrapping_add(1) };
    f32::from_bits(if inexact && even { moved } else { bits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::arith::Ieee;
    use half::f16;

    type Separate = Binary16<Ieee<false, false>>;
    type Fused = Binary16<Ieee<true, false>>;

    #[test]
    fn rounding_agrees_with_half_on_every_sixteenth_step() {
        // 2^28 / 61 patterns of both signs, and every tie and its neighbours.
        for bits in (0..=u32::MAX).step_by(971) {
            let x = f32::from_bits(bits);
            let (ours, theirs) = (round(x), f16::from_f32(x).to_f32());
            assert!(ours.to_bits() == theirs.to_bits() || (x.is_nan() && ours.is_nan()), "{x:e}: {ours:e} {theirs:e}");
        }
        for h in 0..0x7c00u16 {
            let (low, high) = (f16::from_bits(h).to_f32(), f16::from_bits(h + 1).to_f32());
            let high = if high.is_infinite() { 65536.0 } else { high };
            let tie = 0.5 * (low + high);
            for x in [tie, f32::from_bits(tie.to_bits() - 1), f32::from_bits(tie.to_bits() + 1)] {
                assert_eq!(round(x).to_bits(), f16::from_f32(x).to_f32().to_bits(), "near the tie above {h:#06x}");
            }
        }
    }

    /// `a*b + c` exactly, as an integer of units 2^-48, rounded once to binary16 by comparing with both neighbours.
    fn exact_fma(a: f16, b: f16, c: f16) -> f16 {
        let units = |x: f16| -> i128 {
            let bits = x.to_bits();
            let (e, f) = (i32::from((bits >> 10) & 31), i128::from(bits & 0x3ff));
            let magnitude = if e == 0 { f } else { (f | 0x400) << (e - 1) };
            if bits >> 15 == 1 { -magnitude } else { magnitude }
        };
        let sum = units(a) * units(b) + (units(c) << 24);
        let magnitude = sum.unsigned_abs();
        // The first binary16 whose upper tie is not below the sum.
        let (mut low, mut high) = (0u16, 0x7c00u16);
        let place = |h: u16| -> u128 {
            if h == 0x7c00 { 1 << (16 + 48) } else { units(f16::from_bits(h)).unsigned_abs() << 24 }
        };
        while low < high {
            let mid = (low + high) / 2;
            let twice_tie = place(mid) + place(mid + 1);
            let below = 2 * magnitude < twice_tie || (2 * magnitude == twice_tie && mid % 2 == 0);
            if below { high = mid } else { low = mid + 1 }
        }
        f16::from_bits(if sum < 0 { low | 0x8000 } else { low })
    }

    #[test]
    fn operations_round_once() {
        let mut words = crate::numerics::inputs::philox::Stream::new(11, 0);
        let mut finite = || loop {
            let h = f16::from_bits(u16::try_from(words.next_u32() & 0xffff).unwrap());
            if h.is_finite() {
                return h;
            }
        };
        for turn in 0..400_000 {
            let (a, b) = (finite(), finite());
            // An addend near the negated product, or far below it, makes double rounding likely.
            let c = match turn % 4 {
                0 => f16::from_f32(round(-(a.to_f32() * b.to_f32()))),
                1 => f16::from_bits(1 + (finite().to_bits() & 0x8003)),
                _ => finite(),
            };
            if !c.is_finite() {
                continue;
            }
            let got = Fused::mad(a.to_f32(), b.to_f32(), c.to_f32());
            let want = exact_fma(a, b, c).to_f32();
            assert!(got == want, "fma({a:e}, {b:e}, {c:e}) = {got:e}, exactly rounded {want:e}");
            let got = Separate::mad(a.to_f32(), b.to_f32(), c.to_f32());
            let product = exact_fma(a, b, f16::ZERO);
            if product.is_finite() {
                let want = exact_fma(product, f16::ONE, c).to_f32();
                assert!(got == want, "{a:e} * {b:e} + {c:e} = {got:e}, rounded twice {want:e}");
            }
        }
    }
}
