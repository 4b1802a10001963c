//! Subnormals, NaN, infinities and signed zeros through each operation, on the edge classes. A driver that flushes equals
//! the flushing twin here, operation by operation. What only copies or changes a sign keeps a NaN's payload; of arithmetic the references' NaN is
//! the canonical one.

use std::sync::OnceLock;

use super::Interval;
use super::elementwise::{Draw, Elementwise, Row, row};
use crate::model::bits::Dtype;
use crate::numerics::arith::evaluate::{Evaluator, F1, F2};

/// See the module.
pub static KERNEL: Elementwise = Elementwise {
    name: "specials",
    about: "Subnormals, NaN, infinities and signed zeros through each operation.",
    shader: include_str!("../../shaders/specials.wgsl"),
    rows,
    half: false,
    state: OnceLock::new(),
};

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "operands are whole words")]
fn nan_bits(word: f64) -> f64 {
    f64::from(u8::from(word as u32 & 0x7fff_ffff > 0x7f80_0000))
}

fn rows() -> Vec<Row> {
    vec![
        row!("copy", "A load and a store of a float.", "x0", [Draw::Exponent(-20.0, 20.0)], |e, x| { let _ = e; x[0] }; allowed: |b, x| b.operand(x[0])),
        row!("negate", "-x.", "-x0", [Draw::Exponent(-20.0, 20.0)], |e, x| e.call(F1::Negate, x[0])),
        row!("absolute", "abs(x).", "abs(x0)", [Draw::Exponent(-20.0, 20.0)], |e, x| e.call(F1::Abs, x[0])),
        row!(
            "add",
            "x + y on edge classes.",
            "x0 + x1",
            [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)],
            |e, x| e.add(x[0], x[1])
        ),
        row!(
            "mul",
            "x * y on edge classes.",
            "x0 * x1",
            [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)],
            |e, x| e.mul(x[0], x[1])
        ),
        row!(
            "div",
            "x / y on edge classes.",
            "x0 / x1",
            [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)],
            |e, x| e.div(x[0], x[1])
        ),
        row!(
            "fma",
            "fma(x, y, z) on edge classes.",
            "fma(x0, x1, x2)",
            [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)],
            |e, x| e.fma(x[0], x[1], x[2])
        ),
        row!("sqrt", "sqrt(x) on edge classes.", "sqrt(x0)", [Draw::Exponent(-20.0, 20.0)], |e, x| e
            .call(F1::Sqrt, x[0])),
        row!(
            "min",
            "min(x, y): the number or the NaN, and the sign of zero.",
            "min(x0, x1)",
            [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)],
            |e, x| e.call2(F2::Min, x[0], x[1])
        ),
        row!(
            "max",
            "max(x, y): the number or the NaN, and the sign of zero.",
            "max(x0, x1)",
            [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)],
            |e, x| e.call2(F2::Max, x[0], x[1])
        ),
        row!(
            "clamp",
            "clamp(x, 0, 1): what becomes of a NaN.",
            "clamp(x0, 0.0, 1.0)",
            [Draw::Exponent(-20.0, 20.0)],
            |e, x| e.call(F1::Saturate, x[0])
        ),
        row!(
            "add_negative_zero",
            "x + y with y = -0 from the buffer.",
            "x0 + bitcast<f32>(0x80000000u ^ control[0])",
            [Draw::Exponent(-20.0, 20.0)],
            |e, x| e.add(x[0], e.constant(-0.0))
        ),
        row!("subtract_self", "x - x: NaN for an infinity.", "x0 - x0", [Draw::Exponent(-20.0, 20.0)], |e, x| e.sub(x[0], x[0]); allowed: |b, _| b.result(0.0, 0.0)),
        row!("less", "x < y: a comparison may flush its operands.", "select(0u, 1u, x0 < x1)", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| e.select_less(x[0], x[1], e.constant(1.0), e.constant(0.0)); output: Dtype::U32),
        row!("less_equal", "x <= y.", "select(0u, 1u, x0 <= x1)", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| e.call2(F2::Step, x[0], x[1]); output: Dtype::U32),
        row!("equal", "x == y.", "select(0u, 1u, x0 == x1)", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| e.mul(e.call2(F2::Step, x[0], x[1]), e.call2(F2::Step, x[1], x[0])); output: Dtype::U32),
        row!("equals_zero", "x == 0: whether a subnormal is zero.", "select(0u, 1u, x0 == 0.0)", [Draw::Exponent(-20.0, 20.0)], |e, x| e.mul(e.call2(F2::Step, x[0], e.constant(0.0)), e.call2(F2::Step, e.constant(0.0), x[0])); output: Dtype::U32),
        row!("not_equal_self", "x != x, the test for NaN; naga asks for an ordered comparison in SPIR-V, which is false.", "select(0u, 1u, x0 != x0)", [Draw::Exponent(-20.0, 20.0)], |e, x| { let _ = e; x[0] }; output: Dtype::U32, twin: |_, x| f64::from(u8::from(x[0].is_nan())), exact: |_, x| f64::from(u8::from(x[0].is_nan())), allowed: |_, _| Interval::point(0.0)),
        row!("nan_by_bits", "The test for NaN by integers, which no driver may change.", "select(0u, 1u, (x0 & 0x7fffffffu) > 0x7f800000u)", [Draw::Word], |e, x| { let _ = e; x[0] }; output: Dtype::U32, twin: |_, x| nan_bits(x[0]), exact: |_, x| nan_bits(x[0]), allowed: |_, x| Interval::point(nan_bits(x[0].lo))),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_within_the_specification_and_programs_parse() {
        crate::kernels::elementwise::check(&KERNEL);
    }
}
