//! The inverse of the normal distribution function: the truth, and a fixed-point form in 32-bit integers that gives the
//! same bits on every adapter.
//!
//! The fixed-point form divides the tail probability into octaves and each octave into 32 segments, on which a cubic
//! interpolates (Lee, Cheung, Villasenor and Luk, "Inversion-Based Hardware Gaussian Random Number Generator", FPT 2006).

use crate::numerics::elementary;
use std::sync::OnceLock;

/// Segments of an octave.
const SEGMENTS: usize = 32;
/// Octaves of the tail probability: from 1/2 down to 2^-33.
const OCTAVES: usize = 32;

/// The number that a standard normal variable exceeds with probability `tail`, from 2^-34 to 1/2: Wichura's algorithm
/// AS 241 (Applied Statistics 37, 1988), whose relative error is about 1e-16.
#[must_use]
pub(in crate::kernels) fn upper(tail: f64) -> f64 {
    let q = 0.5 - tail;
    if q <= 0.425 {
        let r = 0.180_625 - q * q;
        return q * horner(&A, r) / horner(&B, r);
    }
    let r = libm::sqrt(-elementary::log(tail)) - 1.6;
    horner(&C, r) / horner(&D, r)
}

/// The quantile of `(word + 1/2) * 2^-32`, in binary64.
#[must_use]
pub(in crate::kernels) fn truth(word: u32) -> f64 {
    let (tail, below) = tail(word);
    let z = upper(f64::from(tail) * f64::exp2(-33.0));
    if below { -z } else { z }
}

/// The tail beyond the quantile of a word, in units of 2^-33, and whether it is the lower one.
fn tail(word: u32) -> (u32, bool) {
    let below = word >> 31 == 0;
    (2 * if below { word } else { !word } + 1, below)
}

fn horner(coefficients: &[f64], x: f64) -> f64 {
    coefficients.iter().rev().fold(0.0, |p, c| p * x + c)
}

/// A number without its rounding: `magnitude` units of 2^-`point`.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernels) struct Fixed {
    pub(in crate::kernels) magnitude: u32,
    pub(in crate::kernels) point: u32,
    pub(in crate::kernels) negative: bool,
}

/// The quantile of `(word + 1/2) * 2^-32` as `shaders/shared/quantile.wgsl` has it, off by less than 2^-27.
#[must_use]
pub(in crate::kernels) fn fixed(word: u32) -> Fixed {
    let (tail, negative) = tail(word);
    let octave = tail.leading_zeros();
    let scaled = tail << octave;
    let segment = SEGMENTS * octave as usize + (scaled >> 26 & 31) as usize;
    let t = u64::from(scaled << 6);
    let [c0, c1, c2, c3] = std::array::from_fn(|k| table()[4 * segment + k]);
    let times_t = |c: u32| high(t * u64::from(c));
    let magnitude = c0.saturating_sub(times_t(c1 - times_t(c2 - times_t(c3))));
    Fixed { magnitude, point: point(octave as usize), negative }
}

fn high(product: u64) -> u32 {
    (product >> 32) as u32
}

/// The bits of the binary32 number nearest to `significand * 2^exponent`, ties to even. The result must be normal, or
/// zero, which is +0.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "the one rounding")]
pub(in crate::kernels) fn nearest(significand: u64, exponent: i32, negative: bool) -> u32 {
    let power = f32::from_bits(exponent.saturating_add(127).clamp(1, 254).cast_unsigned() << 23);
    let value = significand as f32 * power;
    if negative && value > 0.0 { (-value).to_bits() } else { value.to_bits() }
}

impl Fixed {
    /// The nearest binary32 number's bits.
    #[must_use]
    pub(in crate::kernels) fn rounded(self) -> u32 {
        self.times(1, 0)
    }

    /// The bits of the number times `factor * 2^exponent`, rounded once.
    #[must_use]
    pub(in crate::kernels) fn times(self, factor: u32, exponent: i32) -> u32 {
        let point = self.point.cast_signed();
        nearest(u64::from(self.magnitude) * u64::from(factor), exponent - point, self.negative)
    }
}

/// Bits after the point in an octave: numbers below 1 in the first one, up to 6.3 in the others.
fn point(octave: usize) -> u32 {
    if octave == 0 { 32 } else { 29 }
}

/// Four coefficients a segment: with `t` from 0 to 1 within it, the quantile is `c0 - t (c1 - t (c2 - t c3))` units.
///
/// Tail probabilities of a segment are `(32 + segment + t) 2^(-7 - octave)`. The cubic interpolates at the four
/// Chebyshev points; its coefficients alternate in sign, as the derivatives of the quantile do.
#[must_use]
pub(in crate::kernels) fn table() -> &'static [u32] {
    static TABLE: OnceLock<Vec<u32>> = OnceLock::new();
    TABLE.get_or_init(|| {
        let mut table = Vec::with_capacity(4 * SEGMENTS * OCTAVES);
        for octave in 0..OCTAVES {
            for segment in 0..SEGMENTS {
                table.extend(coefficients(octave, segment));
            }
        }
        table
    })
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "from 0 to below 2^32")]
#[expect(clippy::cast_precision_loss, clippy::cast_possible_wrap, reason = "small numbers")]
fn coefficients(octave: usize, segment: usize) -> [u32; 4] {
    let scale = f64::exp2(f64::from(point(octave)));
    let at = |t: f64| upper((32.0 + segment as f64 + t) * libm::scalbn(1.0, -7 - octave as i32)) * scale;
    let nodes: [f64; 4] = std::array::from_fn(|k| 0.5 + 0.5 * CHEBYSHEV[k]);
    // Newton's divided differences, then the powers of t.
    let mut d = nodes.map(at);
    for level in 1..4 {
        for k in (level..4).rev() {
            d[k] = (d[k] - d[k - 1]) / (nodes[k] - nodes[k - level]);
        }
    }
    let mut p = [d[3], 0.0, 0.0, 0.0];
    for k in (0..3).rev() {
        // p = p * (t - node) + d
        p = [d[k] - nodes[k] * p[0], p[0] - nodes[k] * p[1], p[1] - nodes[k] * p[2], p[2] - nodes[k] * p[3]];
    }
    [p[0], -p[1], p[2], -p[3]].map(|c| c.round() as u32)
}

/// `cos((2k + 1) pi / 8)`.
const CHEBYSHEV: [f64; 4] =
    [0.923_879_532_511_286_7, 0.382_683_432_365_089_8, -0.382_683_432_365_089_8, -0.923_879_532_511_286_7];

#[expect(clippy::excessive_precision, reason = "the digits as published")]
const A: [f64; 8] = [
    3.387_132_872_796_366_608,
    1.331_416_678_917_843_774_5e2,
    1.971_590_950_306_551_442_7e3,
    1.373_169_376_550_946_112_5e4,
    4.592_195_393_154_987_145_7e4,
    6.726_577_092_700_870_085_3e4,
    3.343_057_558_358_812_810_5e4,
    2.509_080_928_730_122_672_7e3,
];
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const B: [f64; 8] = [
    1.0,
    4.231_333_070_160_091_125_2e1,
    6.871_870_074_920_579_083e2,
    5.394_196_021_424_751_107_7e3,
    2.121_379_430_158_659_586_7e4,
    3.930_789_580_009_271_061e4,
    2.872_908_573_572_194_267_4e4,
    5.226_495_278_852_854_561e3,
];
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const C: [f64; 8] = [
    1.423_437_110_749_683_577_34,
    4.630_337_846_156_545_295_9,
    5.769_497_221_460_691_405_5,
    3.647_848_324_763_204_605_04,
    1.270_458_252_452_368_382_58,
    2.417_807_251_774_506_117_7e-1,
    2.272_384_498_926_918_458_33e-2,
    7.745_450_142_783_414_076_4e-4,
];
#[expect(clippy::excessive_precision, reason = "the digits as published")]
const D: [f64; 8] = [
    1.0,
    2.053_191_626_637_758_821_87,
    1.676_384_830_183_803_849_4,
    6.897_673_349_851_000_045_5e-1,
    1.481_039_764_274_800_745_9e-1,
    1.519_866_656_361_645_719_66e-2,
    5.475_938_084_995_344_946e-4,
    1.050_750_071_644_416_843_24e-9,
];

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bits::Dtype;
    use crate::numerics::drift::{order, ulp_size};

    /// Words at both ends, around one half, next to powers of two, and spread over all.
    fn words() -> impl Iterator<Item = u32> {
        let near = (0..32).flat_map(|k| (0..9u32).map(move |d| (1u32 << k).wrapping_add(d).wrapping_sub(4)));
        near.flat_map(|w| [w, !w]).chain((0..100_000u32).map(|i| i.wrapping_mul(0x9e37_79b9)))
    }

    #[test]
    fn the_truth_inverts_the_distribution_function() {
        for word in words() {
            let (tail, _) = tail(word);
            let p = f64::from(tail) * f64::exp2(-33.0);
            let z = upper(p);
            let back = 0.5 * libm::erfc(z * std::f64::consts::FRAC_1_SQRT_2);
            // An error e of z is one of e * density in p; 1e-15 beside the condition of the tail, which is about z^2.
            assert!((back - p).abs() <= 2e-15 * p * (1.0 + z * z), "{word:#x}: {back:e} for {p:e}");
        }
    }

    /// The committed answers were computed with 60 decimal digits.
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
    fn known_answers() {
        let mut seen = 0;
        for line in include_str!("../../../tests/vectors/normal_quantile.txt").lines().filter(|l| !l.starts_with('#')) {
            let mut fields = line.split_whitespace();
            let word = u32::from_str_radix(fields.next().unwrap(), 16).unwrap();
            let nearest = u32::from_str_radix(fields.next().unwrap(), 16).unwrap();
            let integer = u32::from_str_radix(fields.next().unwrap(), 16).unwrap();
            let value: f64 = fields.next().unwrap().parse().unwrap();
            assert_eq!((truth(word) as f32).to_bits(), nearest, "{line}: the truth, rounded");
            assert!((truth(word) - value).abs() <= 1e-15 * value.abs(), "{line}: the truth, {:e}", truth(word));
            assert_eq!(fixed(word).rounded(), integer, "{line}: in integers");
            seen += 1;
        }
        assert!(seen >= 40, "the table has {seen} rows");
    }

    /// Within 2^-27 of the truth, and within 2^-29 of it up to 0.67; correctly rounded for nearly all words.
    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
    fn the_integer_form_is_close_to_the_truth() {
        let (mut exact, mut all) = (0, 0);
        for word in words() {
            let found = fixed(word);
            let value = f64::from(found.magnitude) * f64::exp2(-f64::from(found.point));
            let error = (value - truth(word).abs()).abs();
            let most = if found.point == 32 { f64::exp2(-29.0) } else { f64::exp2(-27.0) };
            assert!(error <= most, "{word:#x}: {value} is {error:e} from {}", truth(word));
            let rounded = f64::from(f32::from_bits(found.rounded()));
            let ulp = ulp_size(Dtype::F32, truth(word));
            assert!((rounded - truth(word)).abs() <= 0.51 * ulp + most, "{word:#x}: {rounded}");
            exact += usize::from(f64::from(truth(word) as f32) == rounded);
            all += 1;
        }
        assert!(exact * 10 > all * 9, "{exact} of {all} are correctly rounded");
    }

    #[test]
    fn neighbours_are_in_order() {
        for word in words().filter(|w| *w != u32::MAX) {
            let [a, b] = [word, word + 1].map(|w| order(Dtype::F32, fixed(w).rounded()));
            assert!(a <= b + 1, "{word:#x}: {a} {b}");
        }
    }

    /// The rounding in integers, one case of each kind, as the shader has it.
    #[test]
    fn products_are_rounded_once() {
        for (significand, exponent, want) in [
            (1, 0, 1.0f32),
            (1 << 63, -63, 1.0),
            ((1 << 24) + 1, -24, 1.0),
            ((1 << 24) + 3, -24, 1.0 + f32::EPSILON * 2.0),
            ((1 << 48) + (1 << 24) + 1, -48, 1.0 + f32::EPSILON),
            (u64::MAX, -64, 1.0),
        ] {
            assert_eq!(nearest(significand, exponent, false), want.to_bits(), "{significand} * 2^{exponent}");
            assert_eq!(nearest(significand, exponent, true), (-want).to_bits(), "-{significand} * 2^{exponent}");
        }
        assert_eq!(nearest(0, 5, true), 0, "zero has no sign");
    }
}
