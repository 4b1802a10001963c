//! Rounding to a type of elements.

use crate::model::Scalar;

/// The pattern of the nearest number of a float type, of two equally near the even one, as a cast gives it. What is too large
/// becomes infinity, or NaN where the type has none; NaN becomes one. `None` for types that are no floats.
#[must_use]
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "it is a whole number below 2^25")]
pub fn nearest(scalar: Scalar, x: f64) -> Option<u64> {
    let (digits, least) = match scalar {
        Scalar::F64 => return Some(x.to_bits()),
        Scalar::F32 => (23, -126),
        Scalar::F16 => (10, -14),
        Scalar::Bf16 => (7, -126),
        Scalar::F8E4m3 => (3, -6),
        Scalar::F8E5m2 => (2, -14),
        _ => return None,
    };
    let specials = scalar.specials()?;
    let sign = if x.is_sign_negative() { specials.sign } else { 0 };
    let beyond = specials.infinity.min(specials.nan);
    let magnitude = x.abs();
    let bits = if magnitude.is_nan() {
        specials.nan
    } else if magnitude.is_infinite() {
        beyond
    } else if magnitude == 0.0 {
        0
    } else {
        let exponent = libm::ilogb(magnitude).max(least);
        let whole = libm::scalbn(magnitude, digits - exponent).round_ties_even() as u64;
        // The leading digit of a normal number carries into the exponent's field.
        ((((exponent - least) as u64) << digits) + whole).min(beyond)
    };
    Some(sign | bits)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Against the conversions of the language and of `half`, and every pattern against itself.
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "the cast that is asked about")]
    fn rounding_is_that_of_casts() {
        for scalar in [Scalar::F16, Scalar::Bf16, Scalar::F8E4m3, Scalar::F8E5m2] {
            for bits in 0..1u64 << (8 * scalar.width()) {
                let value = scalar.value(bits);
                let back = nearest(scalar, value).unwrap();
                assert!(back == bits || value.is_nan(), "{scalar:?} {bits:x} is itself, not {back:x}");
                assert!(!value.is_nan() || scalar.value(back).is_nan(), "{scalar:?} {bits:x} is NaN");
            }
        }
        for i in 0..200_000u32 {
            let x = f32::from_bits(i.wrapping_mul(0x9e37_79b9));
            if x.is_nan() {
                continue;
            }
            let of = |scalar| nearest(scalar, f64::from(x)).unwrap();
            assert_eq!(of(Scalar::F16), u64::from(half::f16::from_f32(x).to_bits()), "{x:e} in binary16");
            assert_eq!(of(Scalar::Bf16), u64::from(half::bf16::from_f32(x).to_bits()), "{x:e} in bfloat16");
            let wide = f64::from(x) * 1.000_000_1;
            assert_eq!(nearest(Scalar::F32, wide), Some(u64::from((wide as f32).to_bits())), "{wide:e} in binary32");
        }
        assert_eq!(nearest(Scalar::F8E4m3, 464.0), Some(0x7e), "half way to what is not there, to even");
        assert_eq!(nearest(Scalar::F8E4m3, 470.0), Some(0x7f), "no infinity");
    }
}
