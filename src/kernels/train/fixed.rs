//! The fixed-point arithmetic of the integer tier: 32-bit integers only, every operation exact or rounded by a stated rule, so
//! that its results are the same on whatever follows the specification of WGSL.
//!
//! | what | scale | note |
//! |---|---|---|
//! | weights, velocities, gradients | 2^20 | rounded to nearest, halves up |
//! | images and hidden layers | 2^10 | an image's white is 1 |
//! | weights as operands forwards | 2^14 | sums are then 2^24 |
//! | weights as operands backwards | 2^12 | with gradients at 2^16 sums are 2^28 |
//! | exponentials | 2^32 | 21 factors, one for each bit of the exponent from 2^3 to 2^-17 |
//!
//! The gradient of a weight needs more than 32 bits: the gradient operand is split at bit 11 and the two sums are joined after.

/// exp(-2^(3 - i)) at scale 2^32, rounded to nearest; computed with 60 digits.
pub(super) const EXPONENTIALS: [u32; 21] = [
    1_440_801,
    78_665_070,
    581_260_615,
    1_580_030_169,
    2_605_029_347,
    3_344_923_893,
    3_790_295_335,
    4_034_748_382,
    4_162_825_044,
    4_228_380_000,
    4_261_543_595,
    4_278_222_805,
    4_286_586_875,
    4_290_775_039,
    4_292_870_656,
    4_293_918_848,
    4_294_443_040,
    4_294_705_160,
    4_294_836_226,
    4_294_901_760,
    4_294_934_528,
];

/// One, at the scale of weights and gradients.
pub(super) const ONE: i32 = 1 << 20;

/// Bits at which a gradient operand is split.
pub(super) const LIMB: u32 = 11;

/// `value / 2^bits`, rounded to nearest, halves up.
#[inline(always)]
#[must_use]
pub(super) fn shift(value: i32, bits: u32) -> i32 {
    value.wrapping_add(1 << (bits - 1)) >> bits
}

/// The high word of a product.
#[inline(always)]
fn high(a: u32, b: u32) -> u32 {
    ((u64::from(a) * u64::from(b)) >> 32) as u32
}

/// exp(-difference / 2^24) at scale 2^32 for a difference that is not negative; 0 from 16 on.
#[must_use]
pub(super) fn exponential(difference: u32) -> u32 {
    if difference >= 1 << 28 {
        return 0;
    }
    let mut value = u32::MAX;
    for (place, factor) in (0..).zip(EXPONENTIALS) {
        if difference >> (27 - place) & 1 == 1 {
            value = high(value, factor);
        }
    }
    value
}

/// `part / whole` at scale 2^20, rounded down, by long division; `part` is at most `whole`, which is below 2^31.
#[must_use]
pub(super) fn quotient(part: u32, whole: u32) -> u32 {
    let (mut rest, mut out) = (part, 0);
    for _ in 0..=20 {
        out <<= 1;
        if rest >= whole {
            rest -= whole;
            out |= 1;
        }
        rest <<= 1;
    }
    out
}

/// The exponentials of a row of logits (scale 2^24), relative to the largest (scale 2^27), and the gradient of the cross-entropy,
/// which is the softmax without the class's one (scale 2^20).
pub(super) fn softmax_gradient(logits: &[i32], label: usize, terms: &mut [i32], out: &mut [i32]) {
    let most = logits.iter().copied().max().unwrap_or_default();
    for (logit, term) in logits.iter().zip(&mut *terms) {
        *term = (exponential(most.wrapping_sub(*logit).cast_unsigned()) >> 5).cast_signed();
    }
    let whole: u32 = terms.iter().map(|term| term.cast_unsigned()).fold(0, u32::wrapping_add);
    for (class, (term, out)) in terms.iter().zip(out).enumerate() {
        let share = quotient(term.cast_unsigned(), whole).cast_signed();
        *out = if class == label { share - ONE } else { share };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exponentials_are_those_of_binary64() {
        for (place, factor) in (0..).zip(EXPONENTIALS) {
            let exact = libm::exp(-libm::exp2(3.0 - f64::from(place))) * 4_294_967_296.0;
            assert!((f64::from(factor) - exact).abs() <= 0.51, "factor {place}: {factor} for {exact}");
        }
        let mut worst = 0.0f64;
        for difference in (0..1u32 << 28).step_by(9973) {
            let exact = libm::exp(-f64::from(difference) / 16_777_216.0);
            worst = worst.max((f64::from(exponential(difference)) / 4_294_967_296.0 - exact).abs());
        }
        assert!(worst < 8e-6, "the last 7 bits of the exponent are left out: {worst}");
        assert_eq!((exponential(1 << 28), exponential(u32::MAX)), (0, 0), "beyond the table");
    }

    #[test]
    fn quotients_are_exact() {
        for (part, whole) in [(0, 1), (1, 1), (1, 3), (2, 3), (0x7fff_fffe, 0x7fff_ffff), (0x3fff_ffff, 0x7fff_ffff)] {
            assert_eq!(u64::from(quotient(part, whole)), (u64::from(part) << 20) / u64::from(whole), "{part}/{whole}");
        }
    }

    #[test]
    fn the_softmax_is_close_to_the_exact_one() {
        let mut stream = crate::numerics::inputs::philox::Stream::new(7, 0);
        let mut worst = 0.0f64;
        for _ in 0..2000 {
            let logits: Vec<i32> = (0..10).map(|_| stream.next_u32().cast_signed() >> 4).collect();
            let mut out = [0; 10];
            softmax_gradient(&logits, 3, &mut [0; 10], &mut out);
            let real: Vec<f64> = logits.iter().map(|l| f64::from(*l) / 16_777_216.0).collect();
            let most = real.iter().copied().fold(f64::MIN, f64::max);
            let whole: f64 = real.iter().map(|l| libm::exp(l - most)).sum();
            for (class, (out, logit)) in out.iter().zip(&real).enumerate() {
                let exact = libm::exp(logit - most) / whole - if class == 3 { 1.0 } else { 0.0 };
                worst = worst.max((f64::from(*out) / f64::from(ONE) - exact).abs());
            }
        }
        assert!(worst < 6e-6, "{worst}");
    }
}
