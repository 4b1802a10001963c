//! The scalar operations of the embedded adapter, lifted to rows of lanes.

mod scalar;

use naga::{BinaryOperator, MathFunction, RelationalFunction, UnaryOperator};

pub(in crate::engines::embedded) use scalar::Scalar;

use super::Defects;

/// An operation on rows. All rows of a call have the same length. The rows of a 64-bit scalar are its low words, then its
/// high words; the rows of several operands, or results, follow each other in order.
#[derive(Clone, Copy, Debug)]
pub(in crate::engines::embedded) enum Kernel {
    /// One row from one.
    Map1(fn(&mut [u32], &[u32])),
    /// One row from two.
    Map2(fn(&mut [u32], &[u32], &[u32])),
    /// One row from three.
    Map3(fn(&mut [u32], &[u32], &[u32], &[u32])),
    /// Any other shape: results, operands.
    Wide(fn(&mut [&mut [u32]], &[&[u32]])),
}

/// `-x`, `!x` and `~x`.
pub(in crate::engines::embedded) fn unary(op: UnaryOperator, s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (op, s, d);
    None
}

/// `x op y` for operands of one type, but for shifts, whose second operand is U32. Comparisons give Bool.
pub(in crate::engines::embedded) fn binary(op: BinaryOperator, s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (op, s, d);
    None
}

/// `a*b + c` with one rounding: what contraction makes of a product and a sum.
pub(in crate::engines::embedded) fn fused(s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (s, d);
    None
}

/// `a*b - c` with one rounding; the operands are a, b, c.
pub(in crate::engines::embedded) fn fused_sub(s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (s, d);
    None
}

/// `c - a*b` with one rounding; the operands are a, b, c.
pub(in crate::engines::embedded) fn fused_neg(s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (s, d);
    None
}

/// `select(reject, accept, condition)`.
pub(in crate::engines::embedded) fn select(s: Scalar) -> Kernel {
    let _ = s;
    Kernel::Map3(|_, _, _, _| {})
}

/// `isNan` and `isInf` of a component; `None` for `all` and `any`.
pub(in crate::engines::embedded) fn relational(fun: RelationalFunction, s: Scalar) -> Option<Kernel> {
    let _ = (fun, s);
    None
}

/// The value conversion `to(x)`.
pub(in crate::engines::embedded) fn convert(from: Scalar, to: Scalar, d: &Defects) -> Kernel {
    let _ = (from, to, d);
    Kernel::Map1(|_, _| {})
}

/// The bits of one type as another of the same size.
pub(in crate::engines::embedded) fn bitcast(from: Scalar, to: Scalar) -> Option<Kernel> {
    let _ = (from, to);
    None
}

/// F16 from the low 16 bits of a word, exactly.
pub(in crate::engines::embedded) fn f16_from_bits() -> Kernel {
    Kernel::Map1(|_, _| {})
}

/// The 16 bits of an F16 in the low half of a word.
pub(in crate::engines::embedded) fn f16_to_bits() -> Kernel {
    Kernel::Map1(|_, _| {})
}

/// A built-in function that works by component and has one result. The second operand of `ldexp` is I32, the last two
/// of `extractBits` and `insertBits` are U32.
pub(in crate::engines::embedded) fn math(fun: MathFunction, s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (fun, s, d);
    None
}

/// `modf`: the fraction, then the whole part.
pub(in crate::engines::embedded) fn modf(s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (s, d);
    None
}

/// `frexp`: the fraction, then the exponent as I32.
pub(in crate::engines::embedded) fn frexp(s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (s, d);
    None
}

/// `pack…`: a word from its component rows, the first in the low bits.
pub(in crate::engines::embedded) fn pack(fun: MathFunction, d: &Defects) -> Option<Kernel> {
    let _ = (fun, d);
    None
}

/// `unpack…`: the component rows of a word.
pub(in crate::engines::embedded) fn unpack(fun: MathFunction, d: &Defects) -> Option<Kernel> {
    let _ = (fun, d);
    None
}

/// `dot4I8Packed` and `dot4U8Packed`.
pub(in crate::engines::embedded) fn dot4(fun: MathFunction) -> Option<Kernel> {
    let _ = fun;
    None
}

/// A result (one or two rows) moved by as many units in the last place as the row after it says, up or down by a hash of
/// its bits. Zeros, NaN and infinities stay; a number stays a number of its sign, and neither zero nor infinity. `None`
/// for types that are no floats.
pub(in crate::engines::embedded) fn off_by(s: Scalar, d: &Defects) -> Option<Kernel> {
    let _ = (s, d);
    None
}
