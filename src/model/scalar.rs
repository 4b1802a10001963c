//! The types of elements that files of tensors hold.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bits::Dtype;

/// The type of an element. Its bit pattern is told in the low bits of a `u64`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Scalar {
    /// IEEE-754 binary64.
    F64,
    /// IEEE-754 binary32.
    F32,
    /// IEEE-754 binary16.
    F16,
    /// bfloat16.
    Bf16,
    /// OCP E4M3: no infinities, and one NaN of each sign.
    F8E4m3,
    /// OCP E5M2.
    F8E5m2,
    /// 64-bit signed integers.
    I64,
    /// 32-bit signed integers.
    I32,
    /// 16-bit signed integers.
    I16,
    /// 8-bit signed integers.
    I8,
    /// 64-bit unsigned integers.
    U64,
    /// 32-bit unsigned integers.
    U32,
    /// 16-bit unsigned integers.
    U16,
    /// 8-bit unsigned integers.
    U8,
    /// True or false, a byte each.
    Bool,
    /// A byte of something that is no number here, such as a block of a quantised type.
    Bytes,
}

/// Where the special values of a float type begin, as patterns without the sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Specials {
    /// The sign's bit.
    pub sign: u64,
    /// Infinity; where the type has none, a pattern that no element has.
    pub infinity: u64,
    /// The least pattern that is NaN.
    pub nan: u64,
    /// The least normal number.
    pub normal: u64,
}

impl Scalar {
    /// Every type that is told by name on a command line.
    pub const ALL: [Self; 15] = [
        Self::F64,
        Self::F32,
        Self::F16,
        Self::Bf16,
        Self::F8E4m3,
        Self::F8E5m2,
        Self::I64,
        Self::I32,
        Self::I16,
        Self::I8,
        Self::U64,
        Self::U32,
        Self::U16,
        Self::U8,
        Self::Bool,
    ];

    /// Its short name: `f32`, `f8e4m3`, `bool`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F64 => "f64",
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F8E4m3 => "f8e4m3",
            Self::F8E5m2 => "f8e5m2",
            Self::I64 => "i64",
            Self::I32 => "i32",
            Self::I16 => "i16",
            Self::I8 => "i8",
            Self::U64 => "u64",
            Self::U32 => "u32",
            Self::U16 => "u16",
            Self::U8 => "u8",
            Self::Bool => "bool",
            Self::Bytes => "bytes",
        }
    }

    /// Bytes that an element takes.
    #[must_use]
    pub fn width(self) -> usize {
        match self {
            Self::F64 | Self::I64 | Self::U64 => 8,
            Self::F32 | Self::I32 | Self::U32 => 4,
            Self::F16 | Self::Bf16 | Self::I16 | Self::U16 => 2,
            Self::F8E4m3 | Self::F8E5m2 | Self::I8 | Self::U8 | Self::Bool | Self::Bytes => 1,
        }
    }

    /// Whether elements are floating point.
    #[must_use]
    pub fn is_float(self) -> bool {
        self.specials().is_some()
    }

    /// Where the special values of a float type begin; `None` for integers.
    #[inline(always)]
    #[must_use]
    pub fn specials(self) -> Option<Specials> {
        let (sign, infinity, nan, normal) = match self {
            Self::F64 => (1 << 63, 0x7ff0 << 48, (0x7ff0 << 48) + 1, 0x0010 << 48),
            Self::F32 => (0x8000_0000, 0x7f80_0000, 0x7f80_0001, 0x0080_0000),
            Self::F16 => (0x8000, 0x7c00, 0x7c01, 0x0400),
            Self::Bf16 => (0x8000, 0x7f80, 0x7f81, 0x0080),
            Self::F8E4m3 => (0x80, u64::MAX, 0x7f, 0x08),
            Self::F8E5m2 => (0x80, 0x7c, 0x7d, 0x04),
            _ => return None,
        };
        Some(Specials { sign, infinity, nan, normal })
    }

    /// The value of one element's bit pattern. Exact but for 64-bit integers beyond 2^53.
    #[inline(always)]
    #[must_use]
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_precision_loss,
        reason = "the low bits are what is wanted; what is lost of large integers is said"
    )]
    pub fn value(self, bits: u64) -> f64 {
        match self {
            Self::F64 => f64::from_bits(bits),
            Self::F32 => f64::from(f32::from_bits(bits as u32)),
            Self::F16 => binary16(bits as u16),
            Self::Bf16 => f64::from(f32::from_bits((bits as u32) << 16)),
            Self::F8E4m3 => e4m3(bits as u8),
            // binary16 without its last eight digits.
            Self::F8E5m2 => binary16((bits as u16) << 8),
            Self::I64 => bits.cast_signed() as f64,
            Self::I32 => f64::from((bits as u32).cast_signed()),
            Self::I16 => f64::from((bits as u16).cast_signed()),
            Self::I8 => f64::from((bits as u8).cast_signed()),
            Self::U64 => bits as f64,
            Self::U32 => f64::from(bits as u32),
            Self::U16 => f64::from(bits as u16),
            Self::U8 | Self::Bool | Self::Bytes => f64::from(bits as u8),
        }
    }

    /// An element's bit pattern as hexadecimal, `0x3f800000` or `0x3c00`.
    #[must_use]
    pub fn hex(self, bits: u64) -> String {
        format!("0x{bits:0digits$x}", digits = 2 * self.width())
    }
}

/// The value of a binary16 pattern: its exponent and digits in their places of binary32, times the power of two that is
/// between the biases. Exact, and without a branch that a compiler could not turn into a choice of vectors.
#[inline(always)]
fn binary16(bits: u16) -> f64 {
    let magnitude = u32::from(bits & 0x7fff);
    let finite = f32::from_bits(magnitude << 13) * f32::from_bits(0x7780_0000);
    let special = f32::from_bits(0x7f80_0000 | (magnitude & 0x3ff) << 13);
    let value = f64::from(if magnitude < 0x7c00 { finite } else { special });
    if bits & 0x8000 == 0 { value } else { -value }
}

/// The value of an OCP E4M3 pattern: bias 7, three digits, NaN at the end.
#[inline(always)]
fn e4m3(bits: u8) -> f64 {
    let magnitude = bits & 0x7f;
    let value = match magnitude {
        0x7f => f64::NAN,
        m if m < 0x08 => f64::from(m) / 512.0,
        // The exponent and the digits in their places of binary64, whose bias is 1023.
        m => f64::from_bits((u64::from(m) << 49) + (1016 << 52)),
    };
    if bits & 0x80 == 0 { value } else { -value }
}

impl From<Dtype> for Scalar {
    #[inline(always)]
    fn from(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 => Self::F32,
            Dtype::F16 => Self::F16,
            Dtype::Bf16 => Self::Bf16,
            Dtype::U32 | Dtype::Mask => Self::U32,
            Dtype::I32 => Self::I32,
        }
    }
}

impl std::str::FromStr for Scalar {
    type Err = String;

    /// A short name, or NumPy's or PyTorch's for the same type.
    fn from_str(text: &str) -> Result<Self, String> {
        let lower = text.trim().to_ascii_lowercase();
        let short = match lower.trim_start_matches("torch.") {
            "float64" | "double" => "f64",
            "float32" | "float" => "f32",
            "float16" | "half" => "f16",
            "bfloat16" => "bf16",
            "float8_e4m3fn" | "f8_e4m3" => "f8e4m3",
            "float8_e5m2" | "f8_e5m2" => "f8e5m2",
            "int64" => "i64",
            "int32" => "i32",
            "int16" => "i16",
            "int8" => "i8",
            "uint64" => "u64",
            "uint32" => "u32",
            "uint16" => "u16",
            "uint8" => "u8",
            other => other,
        };
        Self::ALL.into_iter().find(|s| s.name() == short).ok_or_else(|| {
            let names: Vec<&str> = Self::ALL.iter().map(|s| s.name()).collect();
            format!("no such type; one of {}", names.join(", "))
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn eight_bit_floats_have_the_values_of_their_standard() {
        let of = |bits| Scalar::F8E4m3.value(bits);
        assert_eq!((of(0x01), of(0x07), of(0x08)), (1.0 / 512.0, 7.0 / 512.0, 1.0 / 64.0), "the least");
        assert_eq!((of(0x38), of(0x7e), of(0xfe)), (1.0, 448.0, -448.0), "one and the largest");
        assert!(of(0x7f).is_nan() && of(0xff).is_nan(), "one NaN of each sign");
        let of = |bits| Scalar::F8E5m2.value(bits);
        assert_eq!((of(0x01), of(0x3c), of(0x7b)), (f64::exp2(-16.0), 1.0, 57344.0), "E5M2");
        assert!(of(0x7c).is_infinite() && of(0x7d).is_nan(), "E5M2 has infinities");
    }

    /// The table of specials says of every pattern what its value says.
    #[test]
    fn specials_are_where_the_values_change() {
        for scalar in [Scalar::F16, Scalar::Bf16, Scalar::F8E4m3, Scalar::F8E5m2] {
            let specials = scalar.specials().expect("a float");
            for bits in 0..1u64 << (8 * scalar.width()) {
                let (magnitude, value) = (bits & (specials.sign - 1), scalar.value(bits));
                assert_eq!(value.is_nan(), magnitude >= specials.nan, "{scalar:?} {bits:x} is NaN");
                assert_eq!(value.is_infinite(), magnitude == specials.infinity, "{scalar:?} {bits:x} is infinite");
                assert_eq!(value.is_sign_negative(), bits & specials.sign != 0, "{scalar:?} {bits:x} has a sign");
            }
        }
    }

    #[test]
    fn binary16_has_the_values_of_its_standard() {
        for bits in 0..=u16::MAX {
            let (found, wanted) = (Scalar::F16.value(bits.into()), half::f16::from_bits(bits).to_f64());
            let same = found.to_bits() == wanted.to_bits();
            assert!(same || found.is_nan() && wanted.is_nan(), "{bits:04x}: {found:e} and {wanted:e}");
        }
    }

    #[test]
    fn names_of_frameworks_are_known() {
        assert_eq!("torch.bfloat16".parse(), Ok(Scalar::Bf16), "PyTorch's");
        assert_eq!("float8_e4m3fn".parse(), Ok(Scalar::F8E4m3), "with its ending");
        assert_eq!("U16".parse(), Ok(Scalar::U16), "short");
        assert!("f33".parse::<Scalar>().is_err_and(|e| e.contains("f64, f32")), "unknown");
    }
}
