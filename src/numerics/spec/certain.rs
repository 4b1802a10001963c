//! A quick answer to whether the specification allows a result, for the millions that are nearly right.
//!
//! [`surely`] says yes only where [`super::bounds`] does: each rule here is a part of the interval there, narrower by what
//! the correctly rounded value may be off. A no says nothing. A test compares the two.

use super::limits::{INVERSE_SQRT_ULPS, LOG_ULPS, Limits, TANH_ABSOLUTE};
use crate::numerics::arith::evaluate::F1;
use crate::numerics::arith::format::Format;

/// Whether the specification surely allows `found` for a binary32 function at `x`, where `right` is the correctly rounded
/// result. All three are numbers of the format.
#[inline]
#[must_use]
pub fn surely(f: F1, x: f64, right: f32, found: f32) -> bool {
    let limits = Limits::of(Format::F32);
    let off = (f64::from(found) - f64::from(right)).abs();
    let size = right.abs();
    // NaN and infinities fail every comparison.
    if !(2.0 * f32::MIN_POSITIVE..f32::MAX).contains(&size) || found.is_nan() || found.abs() >= f32::MAX {
        return false;
    }
    // Units of the numbers below `right`, which at a power of two are half as large as those above. Where the value is below
    // `right` that is off by no more than half of one; where it is above a power of two, by no more than a whole one, and
    // its own unit is two of them.
    let above = f64::from_bits((1023 - 150 + u64::from(size.to_bits() >> 23)) << 52);
    let unit = if right.to_bits() & 0x7f_ffff == 0 { 0.5 * above } else { above };
    let within = |ulps: f64| off <= (ulps - 0.5) * unit;
    let size = f64::from(size);
    match f {
        F1::Exp | F1::Exp2 => within(limits.exp_ulps + 2.0 * x.abs() - 0.001),
        F1::Log | F1::Log2 if (0.5..=2.0).contains(&x) => off <= 0.5 * limits.log_absolute,
        F1::Log | F1::Log2 => within(LOG_ULPS),
        F1::Sin | F1::Cos => x.abs() <= std::f64::consts::PI && off <= 0.5 * limits.sine_absolute,
        // Sine off by its limit, divided by a cosine of at most 1.
        F1::Tan => x.abs() <= std::f64::consts::PI && off <= 0.5 * limits.sine_absolute,
        F1::InverseSqrt => within(INVERSE_SQRT_ULPS),
        F1::Atan => within(limits.atan_ulps),
        F1::Asin => off <= limits.asin_absolute - unit,
        F1::Acos => off <= limits.acos_absolute - unit,
        F1::Tanh => off <= TANH_ABSOLUTE - unit,
        // A quotient and a root, or two exponentials, or a logarithm, each off by at least two units.
        F1::Sqrt | F1::Cosh => within(2.0),
        F1::Sinh if size > 0.5 => within(2.0),
        // Half the difference of two exponentials near 1, each off by three units of at least 2^-24.
        F1::Sinh => off <= f64::from(f32::EPSILON),
        F1::Asinh | F1::Acosh if size < 0.69 => off <= 0.5 * limits.log_absolute,
        F1::Asinh | F1::Acosh => within(2.0),
        F1::Atanh if size < 0.34 => off <= 0.25 * limits.log_absolute,
        F1::Atanh => within(2.0),
        _ => false,
    }
}

/// Whether the specification surely allows any result of a binary32 function at `x`: beyond its domain, or where what it is
/// computed from is infinite. A no says nothing.
#[inline]
#[must_use]
pub fn surely_any(f: F1, x: f64) -> bool {
    match f {
        F1::Asin | F1::Acos | F1::Atanh => x.abs() > 1.0,
        F1::Log | F1::Log2 | F1::Sqrt | F1::InverseSqrt => x <= f64::from(-f32::MIN_POSITIVE),
        // The square of the operand is infinite from 2^64 on.
        F1::Acosh => !(1.0..=4e19).contains(&x),
        F1::Asinh => x.abs() > 4e19,
        // The exponential is infinite from 89 on.
        F1::Tanh => x.abs() > 90.0,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Interval;
    use crate::numerics::arith::evaluate::{Evaluator as _, real1};
    use crate::numerics::spec::bounds::Bounds;

    const APPROXIMATE: [&str; 18] = [
        "acos",
        "acosh",
        "asin",
        "asinh",
        "atan",
        "atanh",
        "cos",
        "cosh",
        "exp",
        "exp2",
        "inverseSqrt",
        "log",
        "log2",
        "sin",
        "sinh",
        "sqrt",
        "tan",
        "tanh",
    ];

    /// Results at every distance from the right one, where the rule changes its mind above all.
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
    fn what_is_surely_allowed_is_allowed() {
        let mut seen = 0;
        for name in APPROXIMATE {
            let f = F1::named(name).unwrap();
            let mut yes = 0;
            for i in 0..60_000u32 {
                let exponent = 96 + i % 64;
                let x = f32::from_bits(i.wrapping_mul(0x9e37_79b1) & 0x807f_ffff | exponent << 23);
                let right = real1(f, f64::from(x)) as f32;
                if !right.is_finite() {
                    continue;
                }
                let allowed = Bounds(Format::F32).call(f, Interval::point(f64::from(x)));
                for sign in [-1i32, 1] {
                    // The greatest distance that is surely allowed, by halving.
                    let at = |d: u32| f32::from_bits(right.to_bits().wrapping_add_signed(sign * d.cast_signed()));
                    let (mut yes_at, mut no_at) = (0u32, 1 << 24);
                    while no_at - yes_at > 1 {
                        let middle = yes_at.midpoint(no_at);
                        let ok = at(middle).is_finite() && surely(f, f64::from(x), right, at(middle));
                        *(if ok { &mut yes_at } else { &mut no_at }) = middle;
                    }
                    for d in [yes_at, yes_at.saturating_sub(1), yes_at / 2, 1, 2] {
                        if at(d).is_finite() && surely(f, f64::from(x), right, at(d)) {
                            yes += 1;
                            assert!(allowed.allows(f64::from(at(d))), "{name}({x:e}): {d} steps, {allowed:?}");
                        }
                    }
                }
            }
            assert!(yes > 1000, "{name}: {yes} answers");
            seen += yes;
        }
        assert!(seen > 100_000, "{seen} answers");
    }

    /// The half of all operands that are near zero have powers of two for results.
    #[test]
    fn results_next_to_a_power_of_two_are_surely_allowed() {
        for x in [-1e-9, 1e-9] {
            let steps = [-2i32, -1, 1].map(|d| f32::from_bits(1f32.to_bits().wrapping_add_signed(d)));
            assert!(steps.iter().all(|found| surely(F1::Exp, x, 1.0, *found)), "{steps:?}");
            assert!(!surely(F1::Exp, x, 1.0, 1.0 - 3.0 * f32::EPSILON), "six units below it");
        }
    }

    #[test]
    fn where_anything_is_surely_allowed_anything_is() {
        let mut seen = 0;
        for name in APPROXIMATE {
            let f = F1::named(name).unwrap();
            // Every sign and exponent, with the numbers next to a power of two.
            for pattern in (0..1u32 << 9).flat_map(|e| [0, 1, 77, 0x40_0000, 0x7f_ffff].map(|s| e << 23 | s)) {
                let x = f64::from(f32::from_bits(pattern));
                if x.is_finite() && surely_any(f, x) {
                    seen += 1;
                    let allowed = Bounds(Format::F32).call(f, Interval::point(x));
                    assert!(allowed.is_any(), "{name}({x:e}): {allowed:?}");
                }
            }
        }
        assert!(seen > 3000, "{seen} answers");
    }
}
