//! The two element types of WGSL's arithmetic, and rounding to them from binary64.

use crate::model::bits::Dtype;

/// A binary floating-point format.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// IEEE-754 binary32.
    F32,
    /// IEEE-754 binary16.
    F16,
}

impl Format {
    /// The element type.
    #[must_use]
    pub fn dtype(self) -> Dtype {
        if self == Self::F32 { Dtype::F32 } else { Dtype::F16 }
    }

    /// The smallest normal number.
    #[must_use]
    pub fn tiny(self) -> f64 {
        if self == Self::F32 { crate::numerics::spec::TINY32 } else { crate::numerics::spec::TINY16 }
    }

    /// The magnitude below which an exact result is flushed; see [`super::tiny`].
    #[must_use]
    pub fn flushed_below(self) -> f64 {
        if self == Self::F32 { super::tiny::BELOW32 } else { super::tiny::BELOW16 }
    }

    /// The largest finite number.
    #[must_use]
    pub fn max(self) -> f64 {
        if self == Self::F32 { f64::from(f32::MAX) } else { 65504.0 }
    }

    /// The unit roundoff that the WGSL specification allows (either neighbour).
    #[must_use]
    pub fn unit(self) -> f64 {
        if self == Self::F32 { crate::numerics::spec::U32 } else { crate::numerics::spec::U16 }
    }

    /// `x` rounded to nearest, ties to even.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
    pub fn round(self, x: f64) -> f64 {
        if self == Self::F32 {
            return f64::from(x as f32);
        }
        if !x.is_finite() || x == 0.0 {
            return x;
        }
        // Dividing by a power of two is exact, so this rounds once. (`half` goes through binary32 on some processors.)
        let rounded = (x / spacing16(x)).round_ties_even() * spacing16(x);
        if rounded.abs() > 65504.0 { f64::INFINITY.copysign(x) } else { rounded.abs().copysign(x) }
    }

    /// The greatest number of the format that is not above `x`; `-inf` below the range.
    #[must_use]
    pub fn down(self, x: f64) -> f64 {
        -self.up(-x)
    }

    /// The least number of the format that is not below `x`; `inf` above the range.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
    pub fn up(self, x: f64) -> f64 {
        if !x.is_finite() || x == 0.0 {
            return x;
        }
        match self {
            Self::F32 => {
                let near = x as f32;
                f64::from(if f64::from(near) < x { near.next_up() } else { near })
            }
            Self::F16 => {
                let up = (x / spacing16(x)).ceil() * spacing16(x);
                if up > 65504.0 { f64::INFINITY } else { up.max(-65504.0) }
            }
        }
    }

    /// The number with this bit pattern, exactly. A NaN keeps its sign, its payload and whether it signals, none of which
    /// a conversion would promise.
    #[must_use]
    pub fn value(self, bits: u32) -> f64 {
        let value = self.dtype().value(bits);
        let (sign, payload) = match self {
            Self::F32 => (bits >> 31, u64::from(bits & 0x7f_ffff) << 29),
            Self::F16 => (bits >> 15 & 1, u64::from(bits & 0x3ff) << 42),
        };
        if value.is_nan() { f64::from_bits(u64::from(sign) << 63 | 0x7ff << 52 | payload) } else { value }
    }

    /// The bit pattern of a number of this format: the inverse of [`Format::value`]. A NaN whose payload does not fit is
    /// the canonical quiet one, of its own sign.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the value is representable")]
    pub fn bits(self, x: f64) -> u32 {
        if x.is_nan() {
            let (sign, payload) = (u32::from(x.is_sign_negative()), x.to_bits() & ((1 << 52) - 1));
            let or_quiet = |payload: u64, quiet: u32| if payload == 0 { quiet } else { payload as u32 };
            return match self {
                Self::F32 => sign << 31 | 0x7f80_0000 | or_quiet(payload >> 29, 0x40_0000),
                Self::F16 => sign << 15 | 0x7c00 | or_quiet(payload >> 42, 0x200),
            };
        }
        match self {
            Self::F32 => (x as f32).to_bits(),
            Self::F16 => u32::from(half::f16::from_f32(self.round(x) as f32).to_bits()),
        }
    }
}

/// The spacing of binary16 numbers in the binade of `x`, which is finite and not zero.
fn spacing16(x: f64) -> f64 {
    libm::scalbn(1.0, libm::ilogb(x).max(-14) - 10)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn binary16_rounds_once_and_every_pattern_survives() {
        for bits in 0..=0xffffu16 {
            let h = half::f16::from_bits(bits);
            let x = h.to_f64();
            if x.is_nan() {
                continue;
            }
            assert_eq!(Format::F16.bits(x), u32::from(bits), "{bits:04x} as itself");
            assert_eq!(Format::F16.up(x), x, "{bits:04x} is its own neighbour");
        }
        // Halfway between 1 and its successor, plus less than binary32 can hold: rounding twice would give 1.
        let above = 1.0 + f64::exp2(-11.0) + f64::exp2(-40.0);
        assert_eq!(Format::F16.round(above), 1.0 + f64::exp2(-10.0), "one rounding");
        assert_eq!(Format::F16.round(1.0 + f64::exp2(-11.0)), 1.0, "a tie goes to even");
        assert_eq!((Format::F16.round(65519.9), Format::F16.round(65520.0)), (65504.0, f64::INFINITY), "overflow");
    }

    #[test]
    fn edge_patterns_survive_with_their_payload() {
        let all = crate::numerics::inputs::edges::bits();
        assert_eq!(all.iter().filter(|b| f32::from_bits(**b).is_nan()).count(), 12, "twelve NaN");
        for bits in all {
            assert_eq!(Format::F32.bits(Format::F32.value(bits)), bits, "{bits:08x}");
        }
        for bits in 0..=0xffff {
            assert_eq!(Format::F16.bits(Format::F16.value(bits)), bits, "{bits:04x}");
        }
        assert_eq!(Format::F32.bits(f64::from_bits(0xfff0_0000_0000_0001)), 0xffc0_0000, "a payload that does not fit");
    }

    #[test]
    fn neighbours_enclose() {
        for x in [0.1, -0.1, 1e-40, -1e-40, 3.0e38, 1e-60, 0.3333] {
            for format in [Format::F32, Format::F16] {
                let (lo, hi) = (format.down(x), format.up(x));
                assert!(lo <= x && x <= hi, "{format:?} {x:e}: {lo:e} {hi:e}");
                assert!(lo < hi, "{format:?} {x:e} is between two neighbours");
            }
        }
    }
}
