//! What the three floating-point formats have in common.

use super::lift::Lane;

/// A binary floating-point format. Every operation is rounded once, to nearest with ties to even, and makes only the
/// canonical NaN unless said otherwise. `flush` is never implied.
pub(super) trait Float: Lane {
    /// Significant bits.
    const DIGITS: u32;
    /// The greatest finite number.
    const MAX: f64;
    /// The number, rounded to the format.
    fn of(x: f64) -> Self;
    /// The same number in binary64; exact.
    fn real(self) -> f64;
    /// The canonical quiet NaN in place of any NaN.
    fn canonical(self) -> Self;
    /// A zero of the same sign in place of a subnormal number.
    fn flush(self) -> Self;
    /// `-x`, which keeps a NaN's payload.
    fn negate(self) -> Self;
    /// `|x|`, which keeps a NaN's payload.
    fn magnitude(self) -> Self;
    /// `self + b`.
    fn add(self, b: Self) -> Self;
    /// `self - b`.
    fn sub(self, b: Self) -> Self;
    /// `self * b`.
    fn mul(self, b: Self) -> Self;
    /// `self / b`.
    fn div(self, b: Self) -> Self;
    /// `self*b + c`, rounded once.
    fn fused(self, b: Self, c: Self) -> Self;
    /// The remainder of the exact quotient truncated, which is exact: C's `fmod`.
    fn rem(self, b: Self) -> Self;
    /// The square root.
    fn root(self) -> Self;
    /// The greatest whole number that is not above.
    fn floor(self) -> Self;
    /// The least whole number that is not below.
    fn ceil(self) -> Self;
    /// The whole number next to it towards zero.
    fn trunc(self) -> Self;
    /// The nearest whole number, the even one of two.
    fn round(self) -> Self;
    /// `self * b` of numbers that are not subnormal, flushed where it is tiny (`numerics::arith::tiny`).
    fn mul_flushed(self, b: Self) -> Self;
    /// `self / b`, likewise.
    fn div_flushed(self, b: Self) -> Self;
    /// `self*b + c` rounded once, likewise.
    fn fused_flushed(self, b: Self, c: Self) -> Self;
    /// The number, rounded to the format, flushed where it is tiny.
    fn of_flushed(x: f64) -> Self;
    /// `self < b`, false for NaN.
    fn less(self, b: Self) -> bool;
    /// `self <= b`, false for NaN.
    fn less_equal(self, b: Self) -> bool;
    /// `self == b`, false for NaN.
    fn equal(self, b: Self) -> bool;
    /// Whether it is a NaN.
    fn nan(self) -> bool;
    /// Whether it is an infinity.
    fn infinite(self) -> bool;

    /// The number, rounded to the format: [`Float::of_flushed`] where `FLUSH`.
    #[inline(always)]
    fn rounded<const FLUSH: bool>(x: f64) -> Self {
        if FLUSH { Self::of_flushed(x) } else { Self::of(x) }
    }

    /// [`Float::flush`] where `FLUSH`, for operands; and for results that are exact where they are small.
    #[inline(always)]
    fn settle<const FLUSH: bool>(self) -> Self {
        if FLUSH { self.flush() } else { self }
    }

    /// `self*b + c`: rounded once where `FUSED`, else twice.
    #[inline(always)]
    fn mad<const FLUSH: bool, const FUSED: bool>(self, b: Self, c: Self) -> Self {
        if FUSED && FLUSH {
            self.flush().fused_flushed(b.flush(), c.flush())
        } else if FUSED {
            self.fused(b, c)
        } else {
            self.times::<FLUSH>(b).plus::<FLUSH>(c)
        }
    }

    /// [`Float::add`], flushing where `FLUSH`.
    #[inline(always)]
    fn plus<const FLUSH: bool>(self, b: Self) -> Self {
        self.settle::<FLUSH>().add(b.settle::<FLUSH>()).settle::<FLUSH>()
    }

    /// [`Float::sub`], flushing where `FLUSH`.
    #[inline(always)]
    fn minus<const FLUSH: bool>(self, b: Self) -> Self {
        self.settle::<FLUSH>().sub(b.settle::<FLUSH>()).settle::<FLUSH>()
    }

    /// [`Float::mul`], flushing where `FLUSH`.
    #[inline(always)]
    fn times<const FLUSH: bool>(self, b: Self) -> Self {
        if FLUSH { self.flush().mul_flushed(b.flush()) } else { self.mul(b) }
    }

    /// `self / b`, flushing where `FLUSH`: one rounding, or as `self * (1 / b)` with two where `RECIPROCAL`.
    #[inline(always)]
    fn over<const FLUSH: bool, const RECIPROCAL: bool>(self, b: Self) -> Self {
        if RECIPROCAL {
            self.times::<FLUSH>(Self::of(1.0).over::<FLUSH, false>(b))
        } else if FLUSH {
            self.flush().div_flushed(b.flush())
        } else {
            self.div(b)
        }
    }

    /// The lesser: `b` if it is less, else `self`, so that a NaN stays if it is the first. Makes NaN canonical.
    #[inline(always)]
    fn least<const FLUSH: bool>(self, b: Self) -> Self {
        let (a, b) = (self.settle::<FLUSH>(), b.settle::<FLUSH>());
        if b.less(a) { b } else { a }.canonical()
    }

    /// The greater: `b` if `self` is less, else `self`. Makes NaN canonical.
    #[inline(always)]
    fn greatest<const FLUSH: bool>(self, b: Self) -> Self {
        let (a, b) = (self.settle::<FLUSH>(), b.settle::<FLUSH>());
        if a.less(b) { b } else { a }.canonical()
    }

    /// The nearest number from 0 to 1. Keeps the sign of zero, and makes NaN canonical.
    #[inline(always)]
    fn saturate<const FLUSH: bool>(self) -> Self {
        self.greatest::<FLUSH>(Self::of(0.0)).least::<FLUSH>(Self::of(1.0))
    }
}

/// `by_float!(scalar, |F| expression)`: the expression with the type `F`, or `None` where the scalar is no float.
macro_rules! by_float {
    ($scalar:expr, |$F:ident| $body:expr) => {
        match $scalar {
            $crate::engines::interpreter::math::Scalar::F16 => {
                type $F = $crate::engines::interpreter::math::float16::F16;
                Some($body)
            }
            $crate::engines::interpreter::math::Scalar::F32 => {
                type $F = f32;
                Some($body)
            }
            $crate::engines::interpreter::math::Scalar::F64 => {
                type $F = f64;
                Some($body)
            }
            _ => None,
        }
    };
}
pub(super) use by_float;

/// The operations that Rust has for its own two formats, given the bits of the sign, of the exponent and of the
/// canonical NaN.
macro_rules! native {
    ($sign:expr, $exponent:expr, $nan:expr) => {
        #[inline(always)]
        fn canonical(self) -> Self {
            // By the bits: of `x.is_nan()` the compiler knows that any NaN will do for another, and drops the choice.
            let bits = self.to_bits();
            Self::from_bits(if bits & !$sign > $exponent { $nan } else { bits })
        }
        #[inline(always)]
        fn flush(self) -> Self {
            let bits = self.to_bits();
            Self::from_bits(if bits & $exponent == 0 { bits & $sign } else { bits })
        }
        #[inline(always)]
        fn negate(self) -> Self {
            Self::from_bits(self.to_bits() ^ $sign)
        }
        #[inline(always)]
        fn magnitude(self) -> Self {
            Self::from_bits(self.to_bits() & !$sign)
        }
        #[inline(always)]
        fn add(self, b: Self) -> Self {
            (self + b).canonical()
        }
        #[inline(always)]
        fn sub(self, b: Self) -> Self {
            (self - b).canonical()
        }
        #[inline(always)]
        fn mul(self, b: Self) -> Self {
            (self * b).canonical()
        }
        #[inline(always)]
        fn div(self, b: Self) -> Self {
            (self / b).canonical()
        }
        #[inline(always)]
        fn root(self) -> Self {
            self.sqrt().canonical()
        }
        #[inline(always)]
        fn floor(self) -> Self {
            Self::floor(self).canonical()
        }
        #[inline(always)]
        fn ceil(self) -> Self {
            Self::ceil(self).canonical()
        }
        #[inline(always)]
        fn trunc(self) -> Self {
            Self::trunc(self).canonical()
        }
        #[inline(always)]
        fn round(self) -> Self {
            self.round_ties_even().canonical()
        }
        #[inline(always)]
        fn less(self, b: Self) -> bool {
            self < b
        }
        #[inline(always)]
        fn less_equal(self, b: Self) -> bool {
            self <= b
        }
        #[inline(always)]
        fn equal(self, b: Self) -> bool {
            self == b
        }
        #[inline(always)]
        fn nan(self) -> bool {
            self.is_nan()
        }
        #[inline(always)]
        fn infinite(self) -> bool {
            self.is_infinite()
        }
    };
}
pub(super) use native;
