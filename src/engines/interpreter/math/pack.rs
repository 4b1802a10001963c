//! Packing components into a word and back, and dot products of packed integers.

use std::marker::PhantomData;

use naga::MathFunction;

use super::convert;
use super::float::Float;
use super::float16::F16;
use super::lift::{Op, by_flag, kernel, op, wide};
use super::{Defects, Kernel};

/// A normalised number of some bits.
trait Field {
    /// The least number: -1 or 0.
    const LEAST: f32;
    /// What one is multiplied by.
    const SCALE: f32;
    /// Bits of the field.
    const BITS: u32;
}

struct Snorm8;
impl Field for Snorm8 {
    const LEAST: f32 = -1.0;
    const SCALE: f32 = 127.0;
    const BITS: u32 = 8;
}

struct Unorm8;
impl Field for Unorm8 {
    const LEAST: f32 = 0.0;
    const SCALE: f32 = 255.0;
    const BITS: u32 = 8;
}

struct Snorm16;
impl Field for Snorm16 {
    const LEAST: f32 = -1.0;
    const SCALE: f32 = 32767.0;
    const BITS: u32 = 16;
}

struct Unorm16;
impl Field for Unorm16 {
    const LEAST: f32 = 0.0;
    const SCALE: f32 = 65535.0;
    const BITS: u32 = 16;
}

/// `floor(0.5 + scale * clamp(x, least, 1))` in the low bits of a word; the least for NaN. Contraction would change no
/// result, as trying every binary32 number shows.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "the number is whole and small")]
fn quantized<N: Field, const FLUSH: bool>(x: f32) -> u32 {
    let x = 1f32.least::<FLUSH>(N::LEAST.greatest::<FLUSH>(x));
    let whole = Float::floor(N::SCALE.mad::<FLUSH, false>(x, 0.5));
    (whole as i32).cast_unsigned() & (u32::MAX >> (32 - N::BITS))
}

/// The low bits of a word over the scale, and -1 for what is less.
#[inline(always)]
fn normalised<N: Field, const RECIPROCAL: bool>(word: u32) -> f32 {
    let top = word << (32 - N::BITS);
    let whole =
        if N::LEAST < 0.0 { (top.cast_signed() >> (32 - N::BITS)) as f32 } else { (top >> (32 - N::BITS)) as f32 };
    // No quotient is subnormal.
    (-1f32).greatest::<false>(whole.over::<false, RECIPROCAL>(N::SCALE))
}

type Four<T> = (T, T, T, T);

/// `pack4x8snorm`, `pack4x8unorm`.
struct PackFour<N, const FLUSH: bool>(PhantomData<N>);
impl<N: Field, const FLUSH: bool> Op for PackFour<N, FLUSH> {
    type X = Four<f32>;
    type R = u32;
    #[inline(always)]
    fn apply((a, b, c, d): Four<f32>) -> u32 {
        bytes([a, b, c, d].map(quantized::<N, FLUSH>))
    }
}

/// `pack2x16snorm`, `pack2x16unorm`.
struct PackTwo<N, const FLUSH: bool>(PhantomData<N>);
impl<N: Field, const FLUSH: bool> Op for PackTwo<N, FLUSH> {
    type X = (f32, f32);
    type R = u32;
    #[inline(always)]
    fn apply((a, b): (f32, f32)) -> u32 {
        quantized::<N, FLUSH>(a) | quantized::<N, FLUSH>(b) << 16
    }
}

/// `unpack4x8snorm`, `unpack4x8unorm`.
struct UnpackFour<N, const RECIPROCAL: bool>(PhantomData<N>);
impl<N: Field, const RECIPROCAL: bool> Op for UnpackFour<N, RECIPROCAL> {
    type X = u32;
    type R = Four<f32>;
    #[inline(always)]
    fn apply(word: u32) -> Four<f32> {
        let [a, b, c, d] = fields(word).map(normalised::<N, RECIPROCAL>);
        (a, b, c, d)
    }
}

/// `unpack2x16snorm`, `unpack2x16unorm`.
struct UnpackTwo<N, const RECIPROCAL: bool>(PhantomData<N>);
impl<N: Field, const RECIPROCAL: bool> Op for UnpackTwo<N, RECIPROCAL> {
    type X = u32;
    type R = (f32, f32);
    #[inline(always)]
    fn apply(word: u32) -> (f32, f32) {
        (normalised::<N, RECIPROCAL>(word), normalised::<N, RECIPROCAL>(word >> 16))
    }
}

/// A word of four bytes, each in the low bits of its own word.
#[inline(always)]
fn bytes([a, b, c, d]: [u32; 4]) -> u32 {
    a & 0xff | (b & 0xff) << 8 | (c & 0xff) << 16 | d << 24
}

/// A word's four bytes in the low bits of a word each, with others above.
#[inline(always)]
fn fields(word: u32) -> [u32; 4] {
    [word, word >> 8, word >> 16, word >> 24]
}

/// The low byte with its sign.
#[inline(always)]
fn signed(word: u32) -> i32 {
    (word << 24).cast_signed() >> 24
}

/// A binary32 number's binary16 bits.
#[inline(always)]
fn half<const FLUSH: bool, const TWICE: bool>(x: f32) -> u32 {
    let x = x.settle::<FLUSH>();
    F16::nearest(if TWICE { convert::thirteen32(x) } else { x }).to_bits()
}

op!(PackHalves[, FLUSH, TWICE](a: f32, b: f32) -> u32 { half::<FLUSH, TWICE>(a) | half::<FLUSH, TWICE>(b) << 16 });
op!(UnpackHalves[](word: u32) -> (f32, f32) {
    (F16::from_bits(word & 0xffff).0.canonical(), F16::from_bits(word >> 16).0.canonical())
});
// Signed or not: the low bytes.
op!(PackBytes[](a: u32, b: u32, c: u32, d: u32) -> u32 { bytes([a, b, c, d]) });
op!(PackClampedSigned[](a: i32, b: i32, c: i32, d: i32) -> u32 {
    bytes([a, b, c, d].map(|x| x.clamp(-128, 127).cast_unsigned()))
});
op!(PackClampedUnsigned[](a: u32, b: u32, c: u32, d: u32) -> u32 { bytes([a, b, c, d].map(|x| x.min(255))) });
op!(UnpackSigned[](word: u32) -> Four<i32> {
    let [a, b, c, d] = fields(word).map(signed);
    (a, b, c, d)
});
op!(UnpackUnsigned[](word: u32) -> Four<u32> {
    let [a, b, c, d] = fields(word).map(|x| x & 0xff);
    (a, b, c, d)
});
op!(DotSigned[](a: u32, b: u32) -> i32 {
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (fields(a).map(signed), fields(b).map(signed));
    a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3
});
op!(DotUnsigned[](a: u32, b: u32) -> u32 {
    let ([a0, a1, a2, a3], [b0, b1, b2, b3]) = (fields(a).map(|x| x & 0xff), fields(b).map(|x| x & 0xff));
    a0 * b0 + a1 * b1 + a2 * b2 + a3 * b3
});

/// In the general shape also where another would do, so that callers need no other.
fn general<O: Op>() -> Kernel {
    Kernel::Wide(wide::<O>)
}

/// See [`super::pack`].
pub(super) fn pack(fun: MathFunction, d: &Defects) -> Option<Kernel> {
    use MathFunction as Fun;
    macro_rules! normalised {
        ($Op:ident, $N:ident) => {
            by_flag!(d.flush, |FLUSH| general::<$Op<$N, FLUSH>>())
        };
    }
    Some(match fun {
        Fun::Pack4x8snorm => normalised!(PackFour, Snorm8),
        Fun::Pack4x8unorm => normalised!(PackFour, Unorm8),
        Fun::Pack2x16snorm => normalised!(PackTwo, Snorm16),
        Fun::Pack2x16unorm => normalised!(PackTwo, Unorm16),
        Fun::Pack2x16float => {
            by_flag!(d.flush, |FLUSH| by_flag!(d.round_twice, |TWICE| general::<PackHalves<FLUSH, TWICE>>()))
        }
        Fun::Pack4xI8 | Fun::Pack4xU8 => general::<PackBytes>(),
        Fun::Pack4xI8Clamp => general::<PackClampedSigned>(),
        Fun::Pack4xU8Clamp => general::<PackClampedUnsigned>(),
        _ => return None,
    })
}

/// See [`super::unpack`].
pub(super) fn unpack(fun: MathFunction, d: &Defects) -> Option<Kernel> {
    use MathFunction as Fun;
    macro_rules! normalised {
        ($Op:ident, $N:ident) => {
            by_flag!(d.reciprocal, |RECIPROCAL| general::<$Op<$N, RECIPROCAL>>())
        };
    }
    Some(match fun {
        Fun::Unpack4x8snorm => normalised!(UnpackFour, Snorm8),
        Fun::Unpack4x8unorm => normalised!(UnpackFour, Unorm8),
        Fun::Unpack2x16snorm => normalised!(UnpackTwo, Snorm16),
        Fun::Unpack2x16unorm => normalised!(UnpackTwo, Unorm16),
        Fun::Unpack2x16float => general::<UnpackHalves>(),
        Fun::Unpack4xI8 => general::<UnpackSigned>(),
        Fun::Unpack4xU8 => general::<UnpackUnsigned>(),
        _ => return None,
    })
}

/// See [`super::dot4`].
pub(super) fn dot4(fun: MathFunction) -> Option<Kernel> {
    match fun {
        MathFunction::Dot4I8Packed => Some(kernel::<DotSigned>()),
        MathFunction::Dot4U8Packed => Some(kernel::<DotUnsigned>()),
        _ => None,
    }
}
