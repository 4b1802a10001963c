//! The fused multiply-add, correctly rounded, without the processor's instruction and without the host's library.

/// `a*b + c` rounded once to binary32 (IEEE-754 fusedMultiplyAdd).
///
/// The product of two binary32 numbers is exact in binary64. The sum is rounded to odd there (Boldo and Melquiond,
/// "Emulation of a FMA and correctly rounded sums", IEEE Trans. Computers 57(4), 2008), after which rounding to
/// binary32 gives the correctly rounded result, since 53 ≥ 24 + 2.
#[inline(always)]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the rounding to binary32 is the point")]
pub fn fma(a: f32, b: f32, c: f32) -> f32 {
    let p = f64::from(a) * f64::from(b);
    let c = f64::from(c);
    round_to_odd_sum(p, c) as f32
}

/// `a + b` in binary64, rounded to odd: the neighbour with an odd significand where the sum is inexact.
#[inline(always)]
#[must_use]
pub fn round_to_odd_sum(a: f64, b: f64) -> f64 {
    let s = a + b;
    // Knuth's TwoSum: the exact error of the sum. NaN where the sum is not finite, and then nothing is adjusted.
    let bb = s - a;
    let e = (a - (s - bb)) + (b - bb);
    let bits = s.to_bits();
    // An inexact sum with an even significand moves one step towards the error: down in magnitude where the signs
    // differ, up where they agree. `e` is zero or NaN where there is nothing to do.
    let inexact = e != 0.0 && e.is_finite();
    let even = bits & 1 == 0;
    let towards_zero = (e < 0.0) != (s < 0.0);
    let moved = if towards_zero { bits.wrapping_sub(1) } else { bits.wrapping_add(1) };
    f64::from_bits(if inexact && even { moved } else { bits })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(200_000))]
        #[test]
        fn agrees_with_the_standard_library(a: u32, b: u32, c: u32, near in 0u32..4) {
            let (a, b) = (f32::from_bits(a), f32::from_bits(b));
            // A third operand close to the negated product makes cancellation and double rounding likely.
            let c = match near { 0 => f32::from_bits(c), 1 => -(a * b), 2 => -(a * b) * 1.000_000_1, _ => (a * b) * 5.960_464_5e-8 };
            let (ours, theirs) = (fma(a, b, c), a.mul_add(b, c));
            prop_assert!(ours.to_bits() == theirs.to_bits() || (ours.is_nan() && theirs.is_nan()), "{a:e} {b:e} {c:e}: {ours:e} {theirs:e}");
        }
    }
}
