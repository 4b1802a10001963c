//! Conversions of values between the scalar types, and of bits.

use std::marker::PhantomData;

use super::float::{Float, by_float};
use super::float16::F16;
use super::lift::{Lane, Op, by_flag, kernel, op};
use super::{Defects, Kernel, Scalar};

/// A boolean or an integer type.
trait Whole: Lane {
    /// Bits of the greatest value.
    const BITS: u32;
    /// The least value.
    const LEAST: f64;
    /// Extended to 64 bits, a signed type with copies of its sign.
    fn word(self) -> u64;
    /// From the low bits of a word; for a boolean, whether any bit of it is set.
    fn of_word(word: u64) -> Self;
    /// The nearest binary32 number.
    fn single(self) -> f32;
    /// The nearest binary64 number.
    fn double(self) -> f64;
    /// The number without its fraction; 0 for NaN. Others are in range.
    fn truncated(x: f64) -> Self;
}

impl Whole for bool {
    const BITS: u32 = 1;
    const LEAST: f64 = 0.0;
    #[inline(always)]
    fn word(self) -> u64 {
        u64::from(self)
    }
    #[inline(always)]
    fn of_word(word: u64) -> Self {
        word != 0
    }
    #[inline(always)]
    fn single(self) -> f32 {
        f32::from(self)
    }
    #[inline(always)]
    fn double(self) -> f64 {
        f64::from(self)
    }
    #[inline(always)]
    fn truncated(x: f64) -> Self {
        x != 0.0
    }
}

macro_rules! whole {
    ($T:ty, $bits:literal, $least:expr, |$x:ident| $word:expr, |$w:ident| $of_word:expr $(, $lint:ident)?) => {
        impl Whole for $T {
            const BITS: u32 = $bits;
            const LEAST: f64 = $least;
            #[inline(always)]
            fn word(self) -> u64 {
                let $x = self;
                $word
            }
            #[inline(always)]
            fn of_word($w: u64) -> Self {
                $of_word
            }
            #[inline(always)]
            fn single(self) -> f32 {
                self as f32
            }
            #[inline(always)]
            fn double(self) -> f64 {
                self as f64
            }
            #[inline(always)]
            #[expect(clippy::cast_possible_truncation, $(clippy::$lint,)? reason = "the caller keeps to the range")]
            fn truncated(x: f64) -> Self {
                x as Self
            }
        }
    };
}

#[expect(clippy::cast_possible_truncation, reason = "the low word is what is wanted")]
fn low(word: u64) -> u32 {
    word as u32
}

whole!(i32, 31, -2_147_483_648.0, |x| i64::from(x).cast_unsigned(), |word| low(word).cast_signed());
whole!(u32, 32, 0.0, |x| u64::from(x), |word| low(word), cast_sign_loss);
whole!(i64, 63, -9_223_372_036_854_775_808.0, |x| x.cast_unsigned(), |word| word.cast_signed());
whole!(u64, 64, 0.0, |x| x, |word| word, cast_sign_loss);

/// From an integer or boolean to another.
struct Between<A, B>(PhantomData<(A, B)>);
impl<A: Whole, B: Whole> Op for Between<A, B> {
    type X = A;
    type R = B;
    #[inline(always)]
    fn apply(x: A) -> B {
        B::of_word(x.word())
    }
}

op!(Single[A: Whole](x: A) -> f32 { x.single() });
op!(Double[A: Whole](x: A) -> f64 { x.double() });
// Integers beyond binary64's precision are beyond binary16's range.
op!(Half[A: Whole, TWICE](x: A) -> F16 { F16::of(if TWICE { thirteen64(x.double()) } else { x.double() }) });

/// From a float to an integer: without its fraction, then the nearest that both types can represent.
struct Truncate<F, B>(PhantomData<(F, B)>);

impl<F: Float, B: Whole> Truncate<F, B> {
    const LEAST: f64 = if B::LEAST < -F::MAX { -F::MAX } else { B::LEAST };
    const MOST: f64 = {
        let bits_below = B::BITS.saturating_sub(F::DIGITS);
        let most = ((1u128 << B::BITS) - (1u128 << bits_below)) as f64;
        if most > F::MAX { F::MAX } else { most }
    };
}

impl<F: Float, B: Whole> Op for Truncate<F, B> {
    type X = F;
    type R = B;
    #[inline(always)]
    fn apply(x: F) -> B {
        let x = x.real();
        let x = if x < Self::LEAST { Self::LEAST } else { x };
        B::truncated(if x > Self::MOST { Self::MOST } else { x })
    }
}

// Conversions leave binary16's subnormals as they are also where subnormals are flushed, as the CPU twins do: in the wide
// format they are normal numbers.
op!(Truth[F: Float, FLUSH](x: F) -> bool { !x.settle::<FLUSH>().equal(F::of(0.0)) });
op!(Narrow[F: Float, FLUSH](x: F) -> f32 { f32::rounded::<FLUSH>(x.settle::<FLUSH>().real()) });
op!(Widen[F: Float, FLUSH](x: F) -> f64 { f64::of(x.settle::<FLUSH>().real()) });
op!(Halve[F: Halved, FLUSH, TWICE](x: F) -> F16 { x.settle::<FLUSH>().halved::<TWICE>() });

/// The float types that are converted to binary16.
trait Halved: Float {
    /// The number, rounded to binary16: once, or after a rounding to 13 significant bits where `TWICE`.
    fn halved<const TWICE: bool>(self) -> F16;
}

impl Halved for f32 {
    #[inline(always)]
    fn halved<const TWICE: bool>(self) -> F16 {
        F16::nearest(if TWICE { thirteen32(self) } else { self })
    }
}

impl Halved for f64 {
    #[inline(always)]
    fn halved<const TWICE: bool>(self) -> F16 {
        F16::of(if TWICE { thirteen64(self) } else { self })
    }
}

/// A binary32 number rounded to 13 significant bits, to nearest with ties to even. A NaN stays one.
#[inline(always)]
pub(super) fn thirteen32(x: f32) -> f32 {
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(0x3ff + (bits >> 11 & 1)) & !0x7ff;
    f32::from_bits(if x.is_finite() { rounded } else { bits })
}

/// A binary64 number rounded to 13 significant bits, to nearest with ties to even. A NaN stays one.
#[inline(always)]
fn thirteen64(x: f64) -> f64 {
    const CUT: u64 = (1 << 40) - 1;
    let bits = x.to_bits();
    let rounded = bits.wrapping_add(CUT / 2 + (bits >> 40 & 1)) & !CUT;
    f64::from_bits(if x.is_finite() { rounded } else { bits })
}

/// `by_whole!(scalar, |A| expression)`: the expression with the type `A`, or `None` where the scalar is a float.
macro_rules! by_whole {
    ($scalar:expr, |$A:ident| $body:expr) => {
        match $scalar {
            Scalar::Bool => {
                type $A = bool;
                Some($body)
            }
            Scalar::I32 => {
                type $A = i32;
                Some($body)
            }
            Scalar::U32 => {
                type $A = u32;
                Some($body)
            }
            Scalar::I64 => {
                type $A = i64;
                Some($body)
            }
            Scalar::U64 => {
                type $A = u64;
                Some($body)
            }
            Scalar::F16 | Scalar::F32 | Scalar::F64 => None,
        }
    };
}

/// `to(x)`; a copy where the types are the same.
pub(super) fn convert(from: Scalar, to: Scalar, d: &Defects) -> Kernel {
    let kernel = match to {
        _ if from == to => None,
        Scalar::F32 => by_flag!(d.flush, |FLUSH| match from {
            Scalar::F16 => Some(kernel::<Narrow<F16, false>>()),
            Scalar::F64 => Some(kernel::<Narrow<f64, FLUSH>>()),
            _ => by_whole!(from, |A| kernel::<Single<A>>()),
        }),
        Scalar::F64 => by_flag!(d.flush, |FLUSH| match from {
            Scalar::F16 => Some(kernel::<Widen<F16, false>>()),
            Scalar::F32 => Some(kernel::<Widen<f32, FLUSH>>()),
            _ => by_whole!(from, |A| kernel::<Double<A>>()),
        }),
        Scalar::F16 => by_flag!(d.round_twice, |TWICE| match from {
            Scalar::F32 => by_flag!(d.flush, |FLUSH| Some(kernel::<Halve<f32, FLUSH, TWICE>>())),
            Scalar::F64 => by_flag!(d.flush, |FLUSH| Some(kernel::<Halve<f64, FLUSH, TWICE>>())),
            _ => by_whole!(from, |A| kernel::<Half<A, TWICE>>()),
        }),
        Scalar::Bool if from.is_float() => {
            by_float!(from, |F| by_flag!(d.flush, |FLUSH| kernel::<Truth<F, FLUSH>>()))
        }
        _ => by_whole!(to, |B| match by_float!(from, |F| kernel::<Truncate<F, B>>()) {
            Some(kernel) => Some(kernel),
            None => by_whole!(from, |A| kernel::<Between<A, B>>()),
        })
        .flatten(),
    };
    kernel.unwrap_or_else(|| copy(from))
}

op!(Copy[T: Lane](x: T) -> T { x });
op!(Select[T: Lane](reject: T, accept: T, condition: bool) -> T { if condition { accept } else { reject } });

/// The words as they are.
fn copy(s: Scalar) -> Kernel {
    if s.rows() == 2 { kernel::<Copy<u64>>() } else { kernel::<Copy<u32>>() }
}

/// `select(reject, accept, condition)`.
pub(super) fn select(s: Scalar) -> Kernel {
    if s.rows() == 2 { kernel::<Select<u64>>() } else { kernel::<Select<u32>>() }
}

/// The same bits as another type; `None` where the sizes differ, and for F16, whose words are not its bits.
pub(super) fn bitcast(from: Scalar, to: Scalar) -> Option<Kernel> {
    let size = |s: Scalar| match s {
        Scalar::Bool | Scalar::F16 => None,
        _ => Some(s.rows()),
    };
    let same = from == to || (size(from).is_some() && size(from) == size(to));
    same.then(|| copy(from))
}

op!(FromBits[](x: u32) -> F16 { F16::from_bits(x) });
op!(ToBits[](x: F16) -> u32 { x.to_bits() });

/// F16 from the low 16 bits of a word.
pub(super) fn f16_from_bits() -> Kernel {
    kernel::<FromBits>()
}

/// The 16 bits of an F16.
pub(super) fn f16_to_bits() -> Kernel {
    kernel::<ToBits>()
}
