//! Edge classes of binary32, after Berkeley TestFloat: exponents where something changes, crossed with significands
//! where something changes, in both signs.

/// Biased exponents, and why each is here.
const EXPONENTS: [(u32, &str); 14] = [
    (0, "zero and the subnormals"),
    (1, "the smallest normals"),
    (2, "the next binade, whose halves may be subnormal"),
    (64, "a square is subnormal"),
    (103, "2^-24: half an ulp of one"),
    (104, "2^-23: an ulp of one"),
    (126, "just below one"),
    (127, "one"),
    (128, "two"),
    (149, "2^22: the last exponent with halves"),
    (150, "2^23: every number is whole"),
    (158, "2^31: beyond i32"),
    (254, "the largest normals"),
    (255, "infinity and NaN"),
];

/// Significands, and why each is here.
const SIGNIFICANDS: [(u32, &str); 7] = [
    (0x00_0000, "a power of two"),
    (0x00_0001, "the successor of a power of two"),
    (0x2a_aaaa, "alternating bits"),
    (0x40_0000, "half; the quiet bit of a NaN"),
    (0x40_0001, "half and one; a quiet NaN with a payload"),
    (0x7f_fffe, "the second largest"),
    (0x7f_ffff, "the predecessor of a power of two"),
];

/// Every edge class in both signs: 196 bit patterns, in a fixed order.
#[must_use]
pub fn bits() -> Vec<u32> {
    let mut out = Vec::with_capacity(2 * EXPONENTS.len() * SIGNIFICANDS.len());
    for sign in [0, 0x8000_0000] {
        for (exponent, _) in EXPONENTS {
            for (significand, _) in SIGNIFICANDS {
                out.push(sign | exponent << 23 | significand);
            }
        }
    }
    out
}

/// [`bits`] without NaN and infinities.
#[must_use]
pub fn finite() -> Vec<f32> {
    bits().into_iter().map(f32::from_bits).filter(|x| x.is_finite()).collect()
}

/// Edge classes of binary16: the same significands, at the exponents that correspond (0, 1, 2, a subnormal square, half
/// an ulp and an ulp of one, around one, the last halves, whole numbers, the largest, and infinity with NaN), in both
/// signs.
#[must_use]
pub fn half_bits() -> Vec<u32> {
    let mut out = Vec::new();
    for sign in [0, 0x8000] {
        for exponent in [0, 1, 2, 4, 5, 8, 14, 15, 16, 24, 25, 29, 30, 31] {
            for significand in [0x000, 0x001, 0x155, 0x200, 0x201, 0x3fe, 0x3ff] {
                out.push(sign | exponent << 10 | significand);
            }
        }
    }
    out
}
