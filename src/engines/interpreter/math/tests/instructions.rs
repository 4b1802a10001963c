//! Every kernel gives the same bits on every instruction set.

use naga::{BinaryOperator as Op, MathFunction as Fun, RelationalFunction, UnaryOperator};

use super::super::lift::tests::on_every_instruction_set;
use super::super::{
    Kernel, Scalar, binary, bitcast, convert, dot4, f16_from_bits, f16_to_bits, frexp, fused, fused_neg, fused_sub,
    math, modf, off_by, pack, relational, select, unary, unpack,
};
use super::{random, run};
use crate::engines::interpreter::Defects;
use crate::numerics::inputs::edges;

const SCALARS: [Scalar; 8] =
    [Scalar::Bool, Scalar::I32, Scalar::U32, Scalar::I64, Scalar::U64, Scalar::F16, Scalar::F32, Scalar::F64];

const BINARY: [Op; 18] = [
    Op::Add,
    Op::Subtract,
    Op::Multiply,
    Op::Divide,
    Op::Modulo,
    Op::Equal,
    Op::NotEqual,
    Op::Less,
    Op::LessEqual,
    Op::Greater,
    Op::GreaterEqual,
    Op::And,
    Op::ExclusiveOr,
    Op::InclusiveOr,
    Op::LogicalAnd,
    Op::LogicalOr,
    Op::ShiftLeft,
    Op::ShiftRight,
];

/// The functions by component, with how many operands of the type they take, and how many words.
const FUNCTIONS: [(Fun, usize, usize); 52] = [
    (Fun::Abs, 1, 0),
    (Fun::Min, 2, 0),
    (Fun::Max, 2, 0),
    (Fun::Clamp, 3, 0),
    (Fun::Saturate, 1, 0),
    (Fun::Cos, 1, 0),
    (Fun::Cosh, 1, 0),
    (Fun::Sin, 1, 0),
    (Fun::Sinh, 1, 0),
    (Fun::Tan, 1, 0),
    (Fun::Tanh, 1, 0),
    (Fun::Acos, 1, 0),
    (Fun::Asin, 1, 0),
    (Fun::Atan, 1, 0),
    (Fun::Atan2, 2, 0),
    (Fun::Asinh, 1, 0),
    (Fun::Acosh, 1, 0),
    (Fun::Atanh, 1, 0),
    (Fun::Radians, 1, 0),
    (Fun::Degrees, 1, 0),
    (Fun::Ceil, 1, 0),
    (Fun::Floor, 1, 0),
    (Fun::Round, 1, 0),
    (Fun::Fract, 1, 0),
    (Fun::Trunc, 1, 0),
    (Fun::Ldexp, 1, 1),
    (Fun::Exp, 1, 0),
    (Fun::Exp2, 1, 0),
    (Fun::Log, 1, 0),
    (Fun::Log2, 1, 0),
    (Fun::Pow, 2, 0),
    (Fun::Sign, 1, 0),
    (Fun::Fma, 3, 0),
    (Fun::Mix, 3, 0),
    (Fun::Step, 2, 0),
    (Fun::SmoothStep, 3, 0),
    (Fun::Sqrt, 1, 0),
    (Fun::InverseSqrt, 1, 0),
    (Fun::QuantizeToF16, 1, 0),
    (Fun::CountTrailingZeros, 1, 0),
    (Fun::CountLeadingZeros, 1, 0),
    (Fun::CountOneBits, 1, 0),
    (Fun::ReverseBits, 1, 0),
    (Fun::ExtractBits, 1, 2),
    (Fun::InsertBits, 2, 2),
    (Fun::FirstTrailingBit, 1, 0),
    (Fun::FirstLeadingBit, 1, 0),
    // Not by component: no kernel here.
    (Fun::Modf, 1, 0),
    (Fun::Frexp, 1, 0),
    (Fun::Dot, 2, 0),
    (Fun::Cross, 2, 0),
    (Fun::Length, 1, 0),
];

/// A kernel, its name, the rows that it makes and the types of its operands.
type Entry = (String, Kernel, usize, Vec<Scalar>);

/// Every kernel under these defects.
fn all(d: &Defects) -> Vec<Entry> {
    let mut list: Vec<Entry> = Vec::new();
    let mut add = |name: String, kernel: Option<Kernel>, results: usize, x: Vec<Scalar>| {
        list.extend(kernel.map(|kernel| (name, kernel, results, x)));
    };
    let word = Scalar::U32;
    for s in SCALARS {
        for op in [UnaryOperator::Negate, UnaryOperator::LogicalNot, UnaryOperator::BitwiseNot] {
            add(format!("{op:?} {s:?}"), unary(op, s, d), s.rows(), vec![s]);
        }
        for op in BINARY {
            let second = if matches!(op, Op::ShiftLeft | Op::ShiftRight) { word } else { s };
            let compares =
                matches!(op, Op::Equal | Op::NotEqual | Op::Less | Op::LessEqual | Op::Greater | Op::GreaterEqual);
            add(format!("{op:?} {s:?}"), binary(op, s, d), if compares { 1 } else { s.rows() }, vec![s, second]);
        }
        for (fun, of_type, words) in FUNCTIONS {
            let x = [vec![s; of_type], vec![word; words]].concat();
            add(format!("{fun:?} {s:?}"), math(fun, s, d), s.rows(), x);
        }
        add(format!("fused {s:?}"), fused(s, d), s.rows(), vec![s; 3]);
        add(format!("fused_sub {s:?}"), fused_sub(s, d), s.rows(), vec![s; 3]);
        add(format!("fused_neg {s:?}"), fused_neg(s, d), s.rows(), vec![s; 3]);
        add(format!("select {s:?}"), Some(select(s)), s.rows(), vec![s, s, Scalar::Bool]);
        for fun in [RelationalFunction::IsNan, RelationalFunction::IsInf] {
            add(format!("{fun:?} {s:?}"), relational(fun, s), 1, vec![s]);
        }
        add(format!("modf {s:?}"), modf(s, d), 2 * s.rows(), vec![s]);
        add(format!("frexp {s:?}"), frexp(s, d), s.rows() + 1, vec![s]);
        add(format!("off_by {s:?}"), off_by(s, d), s.rows(), vec![s, word]);
        for to in SCALARS {
            add(format!("{s:?} to {to:?}"), Some(convert(s, to, d)), to.rows(), vec![s]);
            add(format!("bits of {s:?} as {to:?}"), bitcast(s, to), to.rows(), vec![s]);
        }
    }
    add("f16 from bits".to_owned(), Some(f16_from_bits()), 1, vec![word]);
    add("f16 to bits".to_owned(), Some(f16_to_bits()), 1, vec![Scalar::F16]);
    for (fun, parts) in [
        (Fun::Pack4x8snorm, 4),
        (Fun::Pack4x8unorm, 4),
        (Fun::Pack2x16snorm, 2),
        (Fun::Pack2x16unorm, 2),
        (Fun::Pack2x16float, 2),
        (Fun::Pack4xI8, 4),
        (Fun::Pack4xU8, 4),
        (Fun::Pack4xI8Clamp, 4),
        (Fun::Pack4xU8Clamp, 4),
    ] {
        add(format!("{fun:?}"), pack(fun, d), 1, vec![Scalar::F32; parts]);
    }
    for (fun, parts) in [
        (Fun::Unpack4x8snorm, 4),
        (Fun::Unpack4x8unorm, 4),
        (Fun::Unpack2x16snorm, 2),
        (Fun::Unpack2x16unorm, 2),
        (Fun::Unpack2x16float, 2),
        (Fun::Unpack4xI8, 4),
        (Fun::Unpack4xU8, 4),
    ] {
        add(format!("{fun:?}"), unpack(fun, d), parts, vec![word]);
    }
    for fun in [Fun::Dot4I8Packed, Fun::Dot4U8Packed] {
        add(format!("{fun:?}"), dot4(fun), 1, vec![word; 2]);
    }
    list
}

/// Rows of an operand: edge classes of binary32, binary16 and integers in some order, then random words.
fn operand(s: Scalar, seed: u64, lanes: usize) -> Vec<Vec<u32>> {
    let mut edge = edges::bits();
    edge.extend([0, 1, 2, 31, 32, 33, 63, 64, u32::MAX, u32::MAX - 1, 0x7fff_ffff]);
    let order = random(seed, lanes);
    let low: Vec<u32> =
        order.iter().map(|w| if w % 3 == 0 { w >> 2 } else { edge[(*w >> 2) as usize % edge.len()] }).collect();
    match s {
        Scalar::Bool => vec![low.iter().map(|w| w & 1).collect()],
        Scalar::F16 => vec![super::run1(f16_from_bits(), &[&low])],
        Scalar::F64 => {
            let high =
                low.iter().zip(&order).map(|(w, i)| if i % 5 == 0 { (w >> 3) & 0x8fff_ffff | 0x3000_0000 } else { *w });
            vec![random(seed + 50, lanes), high.collect()]
        }
        Scalar::I64 | Scalar::U64 => vec![low, random(seed + 50, lanes)],
        Scalar::I32 | Scalar::U32 | Scalar::F32 => vec![low],
    }
}

#[test]
fn every_instruction_set_gives_the_same_bits() {
    let planted = Defects {
        contract: true,
        split_fma: true,
        flush: true,
        reciprocal: true,
        round_twice: true,
        builtin_ulps: 3,
        ..Defects::default()
    };
    // No multiple of any vector's length.
    let lanes = 1021;
    let mut kernels = 0;
    for d in [Defects::default(), Defects { flush: true, ..Defects::default() }, planted] {
        for (name, kernel, results, types) in all(&d) {
            let mut rows = Vec::new();
            for (seed, s) in (100..).zip(&types) {
                rows.extend(operand(*s, seed, lanes));
            }
            let x: Vec<&[u32]> = rows.iter().map(|row| &row[..]).collect();
            let by_set = on_every_instruction_set(|| run(kernel, results, &x));
            let (first, reference) = &by_set[0];
            for (set, got) in &by_set[1..] {
                let differs = (0..lanes).find(|i| got.iter().zip(reference).any(|(a, b)| a[*i] != b[*i]));
                let lane = |out: &[Vec<u32>], i: usize| out.iter().map(|row| row[i]).collect::<Vec<_>>();
                assert!(
                    differs.is_none(),
                    "{name} {d:?} on {set} and {first}: lane {differs:?}: {:x?} and {:x?}",
                    differs.map(|i| lane(got, i)),
                    differs.map(|i| lane(reference, i))
                );
            }
            kernels += 1;
        }
    }
    assert!(kernels > 1000, "all kernels are tried: {kernels}");
}
