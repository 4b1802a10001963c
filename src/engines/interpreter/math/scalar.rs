//! The scalar types of the embedded adapter, and how many rows of 32-bit words each takes.

/// A scalar type.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub(in crate::engines::interpreter) enum Scalar {
    /// 0 or 1.
    Bool,
    /// Two's complement.
    I32,
    /// Unsigned.
    U32,
    /// Two's complement, two rows: the low word, then the high one.
    I64,
    /// Unsigned, two rows: the low word, then the high one.
    U64,
    /// binary16, held as the bits of the binary32 number of the same value; the payload of a NaN is shifted by 13 bits.
    F16,
    /// binary32.
    F32,
    /// binary64, two rows: the low word, then the high one.
    F64,
}

impl Scalar {
    /// The type that naga calls this; `None` where it is not supported (16-bit integers, abstract numbers).
    pub(in crate::engines::interpreter) fn of(scalar: naga::Scalar) -> Option<Self> {
        use naga::ScalarKind::{AbstractFloat, AbstractInt, Bool, Float, Sint, Uint};
        match (scalar.kind, scalar.width) {
            (Bool, _) => Some(Self::Bool),
            (Sint, 4) => Some(Self::I32),
            (Uint, 4) => Some(Self::U32),
            (Sint, 8) => Some(Self::I64),
            (Uint, 8) => Some(Self::U64),
            (Float, 2) => Some(Self::F16),
            (Float, 4) => Some(Self::F32),
            (Float, 8) => Some(Self::F64),
            (Sint | Uint | Float | AbstractInt | AbstractFloat, _) => None,
        }
    }

    /// Rows of words that a value takes: 2 for 64-bit types, else 1.
    pub(in crate::engines::interpreter) fn rows(self) -> usize {
        if matches!(self, Self::I64 | Self::U64 | Self::F64) { 2 } else { 1 }
    }

    /// Whether it is a floating-point type.
    pub(in crate::engines::interpreter) fn is_float(self) -> bool {
        matches!(self, Self::F16 | Self::F32 | Self::F64)
    }
}
