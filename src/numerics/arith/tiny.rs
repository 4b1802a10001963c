//! Which results are flushed to zero. The rule stands here alone: references and the interpreter's `flush` ask it.
//!
//! IEEE-754 (7.5) leaves open when a result is *tiny*. Here it is so if it would be below the least normal number after
//! rounding with an unbounded exponent. That is what x86 processors do with FTZ (Intel SDM vol. 1, 4.9.1.5 and
//! 10.2.3.3), and so the drivers that compile to them. It is neither of the other two readings:
//!
//! - *before rounding* (Arm with `FPCR.FZ`) flushes every exact result below the least normal number;
//! - *after rounding with the bounded exponent* keeps each result that rounds up to it.
//!
//! They differ for exact results of at most half a subnormal's spacing below the least normal number: 2^-126 - 2^-150
//! rounds up to 2^-126 and is flushed, 2^-126 - 2^-152 is not.

use super::fma::round_to_odd_sum;
use crate::numerics::spec::{TINY16, TINY32};

/// Exact results of smaller magnitude are flushed in binary32: 2^-126 less half of the spacing that 24 bits have below.
pub const BELOW32: f64 = TINY32 - TINY32 / 33_554_432.0;

/// Exact results of smaller magnitude are flushed in binary16: 2^-14 less half of the spacing that 11 bits have below.
pub const BELOW16: f64 = TINY16 - TINY16 / 4096.0;

/// 2^64, by which an operand is scaled so that a tiny result keeps all its bits.
const SCALE: f32 = 18_446_744_073_709_551_616.0;
/// 2^-126 times [`SCALE`].
const SCALED: f32 = 1.0 / 4_611_686_018_427_387_904.0;

/// A zero of the sign of `x` where `tiny`. Branch-free, so that loops over arrays vectorise.
#[inline(always)]
fn zero_where(tiny: bool, x: f32) -> f32 {
    f32::from_bits(x.to_bits() & if tiny { 0x8000_0000 } else { u32::MAX })
}

/// `a * b`, flushed where it is tiny. The operands are not subnormal.
#[inline(always)]
#[must_use]
pub fn mul(a: f32, b: f32) -> f32 {
    // Where the scaled operand overflows, the product is not tiny.
    zero_where((a * SCALE * b).abs() < SCALED, a * b)
}

/// `a / b`, flushed where it is tiny. The operands are not subnormal.
#[inline(always)]
#[must_use]
pub fn div(a: f32, b: f32) -> f32 {
    zero_where((a * SCALE / b).abs() < SCALED, a / b)
}

/// `a*b + c` rounded once, flushed where it is tiny. The operands are not subnormal.
#[inline(always)]
#[must_use]
pub fn fma(a: f32, b: f32, c: f32) -> f32 {
    // Rounding to odd keeps the sum on its side of the limit, which is even.
    round(round_to_odd_sum(f64::from(a) * f64::from(b), f64::from(c)))
}

/// A number rounded to binary32, or a zero of its sign where it is tiny there.
#[inline(always)]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the rounding to binary32 is the point")]
pub fn round(x: f64) -> f32 {
    zero_where(x.abs() < BELOW32, x as f32)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::arith::{
        Arith as _, Arithmetic, Ieee, evaluate::Evaluator as _, evaluate::Machine, format::Format,
    };
    use proptest::prelude::*;

    type Flushing = Ieee<true, true>;

    #[test]
    fn a_product_that_rounds_up_to_the_least_normal_number_is_flushed() {
        let half = |bits| Flushing::mul(f32::from_bits(bits), 0.5).to_bits();
        assert_eq!(half(0x00ff_ffff), 0, "2^-126 - 2^-150 is tiny: 24 bits hold it below the least normal number");
        assert_eq!(half(0x80ff_ffff), 0x8000_0000, "with its sign");
        assert_eq!(half(0x0100_0000), 0x0080_0000, "the least normal number itself is not");
        assert_eq!(round(BELOW32).to_bits(), 0x0080_0000, "at the limit the tie goes up");
        assert_eq!(round(BELOW32.next_down()).to_bits(), 0, "and below it does not");
        assert_eq!(BELOW16, f64::exp2(-14.0) - f64::exp2(-26.0), "binary16's limit");
    }

    /// `mulss` or `divss` with FTZ and DAZ, which are restored before the block ends.
    #[cfg(target_arch = "x86_64")]
    macro_rules! processor {
        ($instruction:literal, $a:expr, $b:expr) => {{
            let (mut x, b): (f32, f32) = ($a, $b);
            let (control, mut before) = (0x9fc0u32, 0u32);
            // SAFETY: the control word is saved and restored in the block, and nothing else is touched.
            unsafe {
                std::arch::asm!(
                    "stmxcsr [{before}]", "ldmxcsr [{control}]", concat!($instruction, " {x}, {b}"), "ldmxcsr [{before}]",
                    before = in(reg) &raw mut before, control = in(reg) &raw const control,
                    x = inout(xmm_reg) x, b = in(xmm_reg) b,
                );
            }
            x
        }};
    }

    proptest! {
        // One case in a hundred has a NaN among its numbers.
        #![proptest_config(ProptestConfig { max_global_rejects: 10_000, ..ProptestConfig::with_cases(100_000) })]
        #[test]
        fn the_rule_is_the_processors_and_the_carried_arithmetics(a: u32, b: u32, c: u32, near: bool) {
            // Products around the least normal number are the question.
            let a = f32::from_bits(a);
            let b = if near { f32::from_bits((b & 0x807f_ffff) | (128u32.wrapping_sub(a.to_bits() >> 23 & 0xff) & 0xff) << 23) }
                else { f32::from_bits(b) };
            let c = f32::from_bits(if near { c & 0x80ff_ffff } else { c });
            prop_assume!(!a.is_nan() && !b.is_nan() && !c.is_nan());
            let machine = Machine { format: Format::F32, arithmetic: Arithmetic { flush: true, ..Arithmetic::FUSED } };
            let (x, y, z) = (f64::from(a), f64::from(b), f64::from(c));
            let same = |found: f32, wanted: f32| found.to_bits() == wanted.to_bits() || found.is_nan() && wanted.is_nan();
            let carried = |v: f64| f32::from_bits(Format::F32.bits(v));
            prop_assert!(same(Flushing::mul(a, b), carried(machine.mul(x, y))), "{a:e} * {b:e}");
            prop_assert!(same(Flushing::div(a, b), carried(machine.div(x, y))), "{a:e} / {b:e}");
            prop_assert!(same(Flushing::mad(a, b, c), carried(machine.mad(x, y, z))), "{a:e} * {b:e} + {c:e}");
            #[cfg(target_arch = "x86_64")]
            {
                let (product, quotient) = (processor!("mulss", a, b), processor!("divss", a, b));
                prop_assert!(same(Flushing::mul(a, b), product), "{a:e} * {b:e} is {product:e}");
                prop_assert!(same(Flushing::div(a, b), quotient), "{a:e} / {b:e} is {quotient:e}");
            }
        }
    }
}
