//! Units in the last place.

use crate::model::Scalar;
use crate::model::bits::Dtype;

/// The place of a float's bit pattern on the line of all floats of its type, so that neighbours differ by one and both
/// zeros are at 0. For integers, the value itself; for 64-bit unsigned ones, less 2^63.
#[inline(always)]
#[must_use]
#[expect(clippy::cast_possible_truncation, reason = "the low bits are what is wanted")]
pub fn order(scalar: impl Into<Scalar>, bits: impl Into<u64>) -> i64 {
    let (scalar, bits) = (scalar.into(), bits.into());
    if let Some(specials) = scalar.specials() {
        let magnitude = (bits & (specials.sign - 1)).cast_signed();
        return if bits & specials.sign == 0 { magnitude } else { -magnitude };
    }
    match scalar {
        Scalar::I32 => i64::from((bits as u32).cast_signed()),
        Scalar::I16 => i64::from((bits as u16).cast_signed()),
        Scalar::I8 => i64::from((bits as u8).cast_signed()),
        Scalar::U64 => (bits ^ (1 << 63)).cast_signed(),
        _ => bits.cast_signed(),
    }
}

/// The size of an ulp of `dtype` at the real number `x`: the distance between the two floats that enclose it, the
/// smaller distance at a power of two (the convention of WGSL, Vulkan and OpenCL's `Ulp_Error`). For integers, 1.
#[must_use]
pub fn ulp_size(dtype: Dtype, x: f64) -> f64 {
    let (precision, least) = match dtype {
        Dtype::F32 => (24, -126),
        Dtype::F16 => (11, -14),
        Dtype::Bf16 => (8, -126),
        Dtype::U32 | Dtype::I32 | Dtype::Mask => return 1.0,
    };
    let magnitude = x.abs();
    if !magnitude.is_finite() {
        return f64::INFINITY;
    }
    let mut exponent = libm::ilogb(magnitude).max(least);
    // A power of two above the subnormals: the floats just below are twice as dense.
    if exponent > least && magnitude == libm::scalbn(1.0, exponent) {
        exponent -= 1;
    }
    if magnitude == 0.0 {
        exponent = least;
    }
    libm::scalbn(1.0, exponent - (precision - 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn neighbours_are_one_apart_through_zero() {
        let line = [0x8000_0002u32, 0x8000_0001, 0x8000_0000, 0x0000_0001, 0x0000_0002];
        let places: Vec<_> = line.iter().map(|b| order(Dtype::F32, *b)).collect();
        assert_eq!(places, [-2, -1, 0, 1, 2], "order through zero");
        assert_eq!(order(Dtype::F32, 0u32), 0, "both zeros at 0");
        assert_eq!(order(Dtype::F32, 0x3f80_0001u32) - order(Dtype::F32, 0x3f80_0000u32), 1, "next after one");
    }

    #[test]
    fn an_ulp_is_the_distance_to_the_neighbour() {
        assert_eq!(ulp_size(Dtype::F32, 1.5), f64::exp2(-23.0), "inside a binade");
        assert_eq!(ulp_size(Dtype::F32, 1.0), f64::exp2(-24.0), "a power of two takes the smaller");
        assert_eq!(ulp_size(Dtype::F32, 0.0), f64::exp2(-149.0), "zero");
        assert_eq!(ulp_size(Dtype::F32, f64::exp2(-126.0)), f64::exp2(-149.0), "smallest normal");
        assert_eq!(ulp_size(Dtype::F16, 1.5), f64::exp2(-10.0), "binary16");
    }
}
