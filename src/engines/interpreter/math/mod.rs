//! The scalar operations of the embedded adapter, lifted to rows of lanes.
//!
//! In strict arithmetic every operation is rounded once, to nearest with ties to even. Built-in functions are those of the
//! pinned `libm` in binary64, rounded to their type. A NaN that an operation makes is the canonical quiet one, whatever its
//! operands were; only copies, `-x`, `abs`, `select` and bit casts keep a payload. Defects change this as [`Defects`]
//! says:
//!
//! - `flush` makes zeros of the same sign of subnormal operands and results of every operation on floats, as
//!   [`crate::numerics::arith`] does; not in copies, `select` and bit casts, and not of binary16's subnormals in conversions.
//! - `contract` acts here within functions that are formulas: `mix` and `smoothstep`; in packing it would change no result.
//! - `reciprocal` also acts on the divisions of `smoothstep` and of unpacking.

mod arithmetic;
mod convert;
mod float;
mod float16;
mod float32;
mod float64;
mod functions;
mod integer;
mod lift;
mod pack;
mod perturb;
mod scalar;
#[cfg(test)]
mod tests;

use naga::{BinaryOperator, MathFunction, RelationalFunction, UnaryOperator};

pub(in crate::engines::interpreter) use scalar::Scalar;

use super::Defects;
use arithmetic::Contraction;

/// One row from one.
pub(in crate::engines::interpreter) type Map1 = fn(&mut [u32], &[u32]);
/// One row from two.
pub(in crate::engines::interpreter) type Map2 = fn(&mut [u32], &[u32], &[u32]);
/// One row from three.
pub(in crate::engines::interpreter) type Map3 = fn(&mut [u32], &[u32], &[u32], &[u32]);
/// Any other shape: results, operands.
pub(in crate::engines::interpreter) type Wide = fn(&mut [&mut [u32]], &[&[u32]]);

/// An operation on rows. All rows of a call have the same length. The rows of a 64-bit scalar are its low words, then its
/// high words; the rows of several operands, or results, follow each other in order.
#[derive(Clone, Copy, Debug)]
pub(in crate::engines::interpreter) enum Kernel {
    /// See [`Map1`].
    Map1(Map1),
    /// See [`Map2`].
    Map2(Map2),
    /// See [`Map3`].
    Map3(Map3),
    /// See [`Wide`].
    Wide(Wide),
}

/// `-x`, `!x` and `~x`.
pub(in crate::engines::interpreter) fn unary(op: UnaryOperator, s: Scalar, d: &Defects) -> Option<Kernel> {
    if s.is_float() { arithmetic::unary(op, s, d) } else { integer::unary(op, s) }
}

/// `x op y` for operands of one type; the second operand of a shift is U32. Comparisons give Bool.
pub(in crate::engines::interpreter) fn binary(op: BinaryOperator, s: Scalar, d: &Defects) -> Option<Kernel> {
    if s.is_float() { arithmetic::binary(op, s, d) } else { integer::binary(op, s) }
}

/// `a*b + c` with one rounding: what contraction makes of a product and a sum.
pub(in crate::engines::interpreter) fn fused(s: Scalar, d: &Defects) -> Option<Kernel> {
    arithmetic::fused(Contraction::Plus, s, d)
}

/// `a*b - c` with one rounding; the operands are a, b, c.
pub(in crate::engines::interpreter) fn fused_sub(s: Scalar, d: &Defects) -> Option<Kernel> {
    arithmetic::fused(Contraction::Minus, s, d)
}

/// `c - a*b` with one rounding; the operands are a, b, c.
pub(in crate::engines::interpreter) fn fused_neg(s: Scalar, d: &Defects) -> Option<Kernel> {
    arithmetic::fused(Contraction::From, s, d)
}

/// `select(reject, accept, condition)`.
pub(in crate::engines::interpreter) fn select(s: Scalar) -> Kernel {
    convert::select(s)
}

/// `isNan` and `isInf` of a component; `None` for `all` and `any`.
pub(in crate::engines::interpreter) fn relational(fun: RelationalFunction, s: Scalar) -> Option<Kernel> {
    arithmetic::relational(fun, s)
}

/// The value conversion `to(x)`; a copy where the types are the same.
pub(in crate::engines::interpreter) fn convert(from: Scalar, to: Scalar, d: &Defects) -> Kernel {
    convert::convert(from, to, d)
}

/// The bits of one type as another of the same size; `None` where the sizes differ, and for F16 with another type.
pub(in crate::engines::interpreter) fn bitcast(from: Scalar, to: Scalar) -> Option<Kernel> {
    convert::bitcast(from, to)
}

/// F16 from the low 16 bits of a word, exactly.
pub(in crate::engines::interpreter) fn f16_from_bits() -> Kernel {
    convert::f16_from_bits()
}

/// The 16 bits of an F16 in the low half of a word, exactly.
pub(in crate::engines::interpreter) fn f16_to_bits() -> Kernel {
    convert::f16_to_bits()
}

/// A built-in function that works by component and has one result. The second operand of `ldexp` is I32, the last two
/// of `extractBits` and `insertBits` are U32.
pub(in crate::engines::interpreter) fn math(fun: MathFunction, s: Scalar, d: &Defects) -> Option<Kernel> {
    if s.is_float() { functions::math(fun, s, d) } else { integer::math(fun, s) }
}

/// `modf`: the fraction, then the whole part.
pub(in crate::engines::interpreter) fn modf(s: Scalar, d: &Defects) -> Option<Kernel> {
    functions::modf(s, d)
}

/// `frexp`: the fraction, then the exponent as I32.
pub(in crate::engines::interpreter) fn frexp(s: Scalar, d: &Defects) -> Option<Kernel> {
    functions::frexp(s, d)
}

/// `pack…`: a word from its component rows, the first in the low bits. Always [`Kernel::Wide`].
pub(in crate::engines::interpreter) fn pack(fun: MathFunction, d: &Defects) -> Option<Kernel> {
    pack::pack(fun, d)
}

/// `unpack…`: the component rows of a word. Always [`Kernel::Wide`].
pub(in crate::engines::interpreter) fn unpack(fun: MathFunction, d: &Defects) -> Option<Kernel> {
    pack::unpack(fun, d)
}

/// `dot4I8Packed` and `dot4U8Packed`.
pub(in crate::engines::interpreter) fn dot4(fun: MathFunction) -> Option<Kernel> {
    pack::dot4(fun)
}

/// A result (one or two rows) moved by as many units in the last place as the row after it says, up or down by a hash of
/// its bits. Zeros, NaN and infinities stay; a number keeps its sign, and becomes neither zero nor infinite, nor, where
/// subnormals are flushed, subnormal. `None` for types that are no floats.
pub(in crate::engines::interpreter) fn off_by(s: Scalar, d: &Defects) -> Option<Kernel> {
    perturb::off_by(s, d)
}
