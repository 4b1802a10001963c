//! Every floating-point built-in function of WGSL, one row each.

use std::f64::consts::PI;
use std::sync::OnceLock;

use super::elementwise::{Draw, Elementwise, Row, row};
use super::{Feature, Interval};
use crate::model::bits::Dtype;
use crate::numerics::arith::evaluate::{Evaluator, F1, F2};
use crate::numerics::spec::bounds::Bounds;

/// See the module.
pub static KERNEL: Elementwise = Elementwise {
    name: "builtins",
    about: "Every floating-point built-in function of WGSL.",
    shader: include_str!("../../shaders/builtins.wgsl"),
    rows,
    half: true,
    state: OnceLock::new(),
};

fn length<E: Evaluator>(e: &E, x: &[E::V]) -> E::V {
    e.call(F1::Sqrt, e.dot(x, x))
}

fn smoothstep<E: Evaluator>(e: &E, x: &[E::V]) -> E::V {
    let t = e.call(F1::Saturate, e.div(e.sub(x[2], x[0]), e.sub(x[1], x[0])));
    // t * t * (3.0 - 2.0 * t)
    let slope = e.mad(e.constant(-2.0), t, e.constant(3.0));
    e.mul(e.mul(t, t), slope)
}

/// The specification's `k = 1 - e3*e3*(1 - dot*dot)`, and zero where it is negative, else `e3*e1 - (e3*dot + sqrt(k))*e2`.
/// `regrouped` multiplies `e3*(e3*(…))`.
fn refract<E: Evaluator>(e: &E, x: &[E::V], regrouped: bool) -> E::V {
    let (one, zero, eta) = (e.constant(1.0), e.constant(0.0), x[6]);
    let dot = e.dot(&x[3..6], &x[..3]);
    let sine = e.sub(one, e.mul(dot, dot));
    let product = if regrouped { e.mul(eta, e.mul(eta, sine)) } else { e.mul(e.mul(eta, eta), sine) };
    let k = e.sub(one, product);
    let along = e.mul(e.mad(eta, dot, e.call(F1::Sqrt, k)), x[3]);
    let bent = e.mad(eta, x[0], e.call(F1::Negate, along));
    e.select_less(k, zero, zero, bent)
}

/// `floor(0.5 + scale * clamp(x, least, 1))`.
fn pack<E: Evaluator>(e: &E, x: E::V, least: f64, scale: f64) -> E::V {
    let x = e.call2(F2::Min, e.constant(1.0), e.call2(F2::Max, e.constant(least), x));
    e.call(F1::Floor, e.mad(e.constant(scale), x, e.constant(0.5)))
}

/// Rounding to the nearest whole number either way at a tie: `floor(0.5 + p)` of an intermediate `p` that is rounded in
/// either direction, and SPIR-V's `PackSnorm4x8`, which rounds `p` and leaves the ties open.
fn pack_allowed(b: &Bounds, x: Interval, least: f64, scale: f64) -> Interval {
    let x = b.call2(F2::Min, b.constant(1.0), b.call2(F2::Max, b.constant(least), x));
    let p = b.mul(b.constant(scale), x);
    Interval { lo: (p.lo - 0.5).ceil(), hi: (p.hi + 0.5).floor() }
}

/// The low `bits` of a word as a normalised number: `max(v / (2^(bits-1) - 1), -1)` or `v / (2^bits - 1)`.
#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "operands are whole words")]
fn field(word: f64, bits: u32, signed: bool) -> f64 {
    let word = (word as u32) << (32 - bits);
    if signed {
        let most = f64::from((1u32 << (bits - 1)) - 1);
        (f64::from(word.cast_signed() >> (32 - bits)) / most).max(-1.0)
    } else {
        f64::from(word >> (32 - bits)) / f64::from((1u32 << bits) - 1)
    }
}

/// The exponent of `frexp`, 0 for zero.
fn exponent(x: f64) -> f64 {
    if x == 0.0 || !x.is_finite() { 0.0 } else { f64::from(libm::frexp(x).1) }
}

fn rows() -> Vec<Row> {
    vec![
        row!("abs", "The built-in abs.", "abs(x0)", [Draw::Range(-4.0, 4.0)], |e, x| e.call(F1::Abs, x[0])),
        row!("acos", "The built-in acos.", "acos(x0)", [Draw::Range(-1.0, 1.0)], |e, x| e.call(F1::Acos, x[0])),
        row!("acosh", "The built-in acosh.", "acosh(x0)", [Draw::Range(1.0, 100.0)], |e, x| e.call(F1::Acosh, x[0])),
        row!("asin", "The built-in asin.", "asin(x0)", [Draw::Range(-1.0, 1.0)], |e, x| e.call(F1::Asin, x[0])),
        row!("asinh", "The built-in asinh.", "asinh(x0)", [Draw::Range(-100.0, 100.0)], |e, x| e.call(F1::Asinh, x[0])),
        row!("atan", "The built-in atan.", "atan(x0)", [Draw::Range(-10.0, 10.0)], |e, x| e.call(F1::Atan, x[0])),
        row!("atanh", "The built-in atanh.", "atanh(x0)", [Draw::Range(-1.0, 1.0)], |e, x| e.call(F1::Atanh, x[0])),
        row!("ceil", "The built-in ceil.", "ceil(x0)", [Draw::Range(-100.0, 100.0)], |e, x| e.call(F1::Ceil, x[0])),
        row!("cos", "The built-in cos.", "cos(x0)", [Draw::Range(-PI, PI)], |e, x| e.call(F1::Cos, x[0])),
        row!("cosh", "The built-in cosh.", "cosh(x0)", [Draw::Range(-20.0, 20.0)], |e, x| e.call(F1::Cosh, x[0])),
        row!("degrees", "The built-in degrees.", "degrees(x0)", [Draw::Range(-4.0, 4.0)], |e, x| e
            .call(F1::Degrees, x[0])),
        row!("exp", "The built-in exp.", "exp(x0)", [Draw::Range(-87.0, 88.0)], |e, x| e.call(F1::Exp, x[0])),
        row!("exp2", "The built-in exp2.", "exp2(x0)", [Draw::Range(-126.0, 127.0)], |e, x| e.call(F1::Exp2, x[0])),
        row!("floor", "The built-in floor.", "floor(x0)", [Draw::Range(-100.0, 100.0)], |e, x| e.call(F1::Floor, x[0])),
        row!("fract", "The built-in fract.", "fract(x0)", [Draw::Range(-10.0, 10.0)], |e, x| e.call(F1::Fract, x[0])),
        row!("inverseSqrt", "The built-in inverseSqrt.", "inverseSqrt(x0)", [Draw::Range(0.0, 100.0)], |e, x| e
            .call(F1::InverseSqrt, x[0])),
        row!("log", "The built-in log.", "log(x0)", [Draw::Range(0.0, 4.0)], |e, x| e.call(F1::Log, x[0])),
        row!("log2", "The built-in log2.", "log2(x0)", [Draw::Range(0.0, 4.0)], |e, x| e.call(F1::Log2, x[0])),
        row!("quantizeToF16", "The built-in quantizeToF16.", "quantizeToF16(x0)", [Draw::Range(-2.0, 2.0)], |e, x| e.call(F1::QuantizeToF16, x[0]); needs: Some(Feature::HalfConversions), twin: |e, x| e.out(e.call(F1::QuantizeToF16, x[0]))),
        row!("radians", "The built-in radians.", "radians(x0)", [Draw::Range(-360.0, 360.0)], |e, x| e
            .call(F1::Radians, x[0])),
        row!("round", "The built-in round.", "round(x0)", [Draw::Range(-100.0, 100.0)], |e, x| e.call(F1::Round, x[0])),
        row!("saturate", "The built-in saturate.", "saturate(x0)", [Draw::Range(-0.5, 1.5)], |e, x| e
            .call(F1::Saturate, x[0])),
        row!("sign", "The built-in sign.", "sign(x0)", [Draw::Range(-4.0, 4.0)], |e, x| e.call(F1::Sign, x[0])),
        row!("sin", "The built-in sin.", "sin(x0)", [Draw::Range(-PI, PI)], |e, x| e.call(F1::Sin, x[0])),
        row!("sinh", "The built-in sinh.", "sinh(x0)", [Draw::Range(-20.0, 20.0)], |e, x| e.call(F1::Sinh, x[0])),
        row!("sqrt", "The built-in sqrt.", "sqrt(x0)", [Draw::Range(0.0, 100.0)], |e, x| e.call(F1::Sqrt, x[0])),
        row!("tan", "The built-in tan.", "tan(x0)", [Draw::Range(-1.57, 1.57)], |e, x| e.call(F1::Tan, x[0])),
        row!("tanh", "The built-in tanh.", "tanh(x0)", [Draw::Range(-5.0, 5.0)], |e, x| e.call(F1::Tanh, x[0])),
        row!("trunc", "The built-in trunc.", "trunc(x0)", [Draw::Range(-100.0, 100.0)], |e, x| e.call(F1::Trunc, x[0])),
        row!(
            "atan2",
            "The built-in atan2(y, x).",
            "atan2(x0, x1)",
            [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)],
            |e, x| e.call2(F2::Atan2, x[0], x[1])
        ),
        row!("pow", "The built-in pow.", "pow(x0, x1)", [Draw::Range(0.0, 10.0), Draw::Range(-8.0, 8.0)], |e, x| e
            .call2(F2::Pow, x[0], x[1])),
        row!("max", "The built-in max.", "max(x0, x1)", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e
            .call2(F2::Max, x[0], x[1])),
        row!("min", "The built-in min.", "min(x0, x1)", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e
            .call2(F2::Min, x[0], x[1])),
        row!("step", "The built-in step.", "step(x0, x1)", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e
            .call2(F2::Step, x[0], x[1])),
        row!("clamp", "The built-in clamp.", "clamp(x0, x1, x2)", [Draw::Range(-4.0, 4.0), Draw::Range(-2.0, 0.0), Draw::Range(0.0, 2.0)], |e, x| e.call2(F2::Min, e.call2(F2::Max, x[0], x[1]), x[2]); allowed: |b, x| if x[1].lo > x[2].lo { Interval::ANY } else { b.call2(F2::Min, b.call2(F2::Max, x[0], x[1]), x[2]) }),
        row!(
            "select",
            "The built-in select by a comparison.",
            "select(x0, x1, x2 < 0.0)",
            [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)],
            |e, x| e.select_less(x[2], e.constant(0.0), x[1], x[0])
        ),
        row!("cross", "One component of the built-in cross.", "cross(vec3(x0, x1, x0), vec3(x2, x3, x3)).z", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e.mad(x[0], x[3], e.call(F1::Negate, e.mul(x[1], x[2]))); allowed: |b, x| b.terms(b.sub(b.mul(x[0], x[3]), b.mul(x[1], x[2])), &[x[0].lo * x[3].lo, -x[1].lo * x[2].lo], 2, x, 1)),
        row!("determinant", "The built-in determinant, for which the specification sets no limit.", "determinant(mat2x2(x0, x1, x2, x3))", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e.mad(x[0], x[3], e.call(F1::Negate, e.mul(x[1], x[2]))); allowed: |_, _| Interval::ANY),
        row!("transpose", "The built-in transpose, a copy.", "transpose(mat2x2(x0, x1, x0, x1))[1].x", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| { let _ = e; x[1] }; allowed: |b, x| b.operand(x[1])),
        row!(
            "dot",
            "The built-in dot.",
            "dot(vec3(x0, x1, x2), vec3(x3, x4, x5))",
            [
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0)
            ],
            |e, x| e.dot(&x[..3], &x[3..])
        ),
        row!(
            "length",
            "The built-in length.",
            "length(vec3(x0, x1, x2))",
            [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)],
            |e, x| length(e, x)
        ),
        row!(
            "distance",
            "The built-in distance.",
            "distance(vec3(x0, x1, x2), vec3(x3, x4, x5))",
            [
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0)
            ],
            |e, x| length(e, &[e.sub(x[0], x[3]), e.sub(x[1], x[4]), e.sub(x[2], x[5])])
        ),
        row!("normalize", "One component of the built-in normalize.", "normalize(vec3(x0, x1, x2)).x", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e.div(x[0], length(e, x)); allowed: |b, x| { let scaled = b.mul(x[0], b.call(F1::InverseSqrt, b.dot(x, x))); b.div(x[0], length(b, x)).join(scaled) }),
        row!(
            "faceForward",
            "One component of the built-in faceForward.",
            "faceForward(vec3(x0, x1, x2), vec3(x3, x4, x5), vec3(x1, x0, x3)).x",
            [
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0),
                Draw::Range(-4.0, 4.0)
            ],
            |e, x| e.select_less(e.dot(&x[3..], &[x[1], x[0], x[3]]), e.constant(0.0), x[0], e.call(F1::Negate, x[0]))
        ),
        row!("reflect", "One component of the built-in reflect.", "reflect(vec3(x0, x1, x2), vec3(x3, x4, x5)).x", [Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0)], |e, x| e.mad(e.call(F1::Negate, e.mul(e.constant(2.0), e.dot(&x[..3], &x[3..]))), x[3], x[0]); allowed: |b, x| {
            let written = b.mad(b.call(F1::Negate, b.mul(b.constant(2.0), b.dot(&x[..3], &x[3..]))), x[3], x[0]);
            let part = |k: usize| -2.0 * x[k].lo * x[k + 3].lo * x[3].lo;
            b.terms(written, &[x[0].lo, part(0), part(1), part(2)], 6, x, 2)
        }),
        row!("refract", "One component of the built-in refract.", "refract(vec3(x0, x1, x2), vec3(x3, x4, x5), x6).x", [Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(-1.0, 1.0), Draw::Range(0.5, 1.5)], |e, x| refract(e, x, false); allowed: |b, x| refract(b, x, false).join(refract(b, x, true))),
        row!("mix", "The built-in mix.", "mix(x0, x1, x2)", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(0.0, 1.0)], |e, x| e.mad(x[0], e.sub(e.constant(1.0), x[2]), e.mul(x[1], x[2])); allowed: |b, x| {
            let written = b.mad(x[0], b.sub(b.constant(1.0), x[2]), b.mul(x[1], x[2]));
            b.terms(written, &[x[0].lo, -x[0].lo * x[2].lo, x[1].lo * x[2].lo], 3, x, 1)
        }),
        row!("smoothstep", "The built-in smoothstep.", "smoothstep(x0, x1, x2)", [Draw::Range(-2.0, 0.0), Draw::Range(0.0, 2.0), Draw::Range(-4.0, 4.0)], |e, x| smoothstep(e, x); allowed: |b, x| if x[0].lo < x[1].lo { b.widen(smoothstep(b, x), 8.0 * b.0.unit()) } else { Interval::ANY }),
        row!(
            "ldexp",
            "The built-in ldexp.",
            "ldexp(x0, i32(x1))",
            [Draw::Range(-4.0, 4.0), Draw::Whole(-60.0, 60.0)],
            |e, x| e.ldexp(x[0], x[1])
        ),
        row!("frexp_fract", "The significand of the built-in frexp.", "frexp(x0).fract", [Draw::Exponent(-20.0, 20.0)], |e, x| { let _ = e; x[0] }; twin: |e, x| e.out(libm::frexp(e.flush(x[0])).0), exact: |_, x| libm::frexp(x[0]).0, allowed: |b, x| if x[0].lo != 0.0 && x[0].lo.abs() < b.0.tiny() { Interval::ANY } else { Interval::point(libm::frexp(x[0].lo).0) }),
        row!("frexp_exp", "The exponent of the built-in frexp.", "frexp(x0).exp", [Draw::Exponent(-20.0, 20.0)], |e, x| { let _ = e; x[0] }; output: Dtype::I32, twin: |e, x| exponent(e.flush(x[0])), exact: |_, x| exponent(x[0]), allowed: |b, x| if x[0].lo != 0.0 && x[0].lo.abs() < b.0.tiny() { Interval::ANY } else { Interval::point(exponent(x[0].lo)) }),
        row!(
            "modf_fract",
            "The fraction of the built-in modf.",
            "modf(x0).fract",
            [Draw::Range(-100.0, 100.0)],
            |e, x| e.sub(x[0], e.call(F1::Trunc, x[0]))
        ),
        row!(
            "modf_whole",
            "The whole part of the built-in modf.",
            "modf(x0).whole",
            [Draw::Range(-100.0, 100.0)],
            |e, x| e.call(F1::Trunc, x[0])
        ),
        row!("pack4x8snorm", "The low byte of the built-in pack4x8snorm.", "bitcast<i32>(pack4x8snorm(vec4<f32>(x0, 0.0, 0.0, 0.0)) << 24u) >> 24u", [Draw::Range(-1.2, 1.2)], |e, x| pack(e, x[0], -1.0, 127.0); output: Dtype::I32, allowed: |b, x| pack_allowed(b, x[0], -1.0, 127.0)),
        row!("pack4x8unorm", "The low byte of the built-in pack4x8unorm.", "i32(pack4x8unorm(vec4<f32>(x0, 0.0, 0.0, 0.0)) & 0xffu)", [Draw::Range(-0.2, 1.2)], |e, x| pack(e, x[0], 0.0, 255.0); output: Dtype::I32, allowed: |b, x| pack_allowed(b, x[0], 0.0, 255.0)),
        row!("pack2x16snorm", "The low half of the built-in pack2x16snorm.", "bitcast<i32>(pack2x16snorm(vec2<f32>(x0, 0.0)) << 16u) >> 16u", [Draw::Range(-1.2, 1.2)], |e, x| pack(e, x[0], -1.0, 32767.0); output: Dtype::I32, allowed: |b, x| pack_allowed(b, x[0], -1.0, 32767.0)),
        row!("pack2x16unorm", "The low half of the built-in pack2x16unorm.", "i32(pack2x16unorm(vec2<f32>(x0, 0.0)) & 0xffffu)", [Draw::Range(-0.2, 1.2)], |e, x| pack(e, x[0], 0.0, 65535.0); output: Dtype::I32, allowed: |b, x| pack_allowed(b, x[0], 0.0, 65535.0)),
        row!("unpack4x8snorm", "One component of the built-in unpack4x8snorm.", "unpack4x8snorm(x0).x", [Draw::Word], |e, x| { let _ = e; x[0] }; twin: |e, x| e.out(field(x[0], 8, true)), exact: |_, x| field(x[0], 8, true), allowed: |b, x| b.ulps(&[field(x[0].lo, 8, true)], 3.0)),
        row!("unpack4x8unorm", "One component of the built-in unpack4x8unorm.", "unpack4x8unorm(x0).x", [Draw::Word], |e, x| { let _ = e; x[0] }; twin: |e, x| e.out(field(x[0], 8, false)), exact: |_, x| field(x[0], 8, false), allowed: |b, x| b.ulps(&[field(x[0].lo, 8, false)], 3.0)),
        row!("unpack2x16snorm", "One component of the built-in unpack2x16snorm.", "unpack2x16snorm(x0).x", [Draw::Word], |e, x| { let _ = e; x[0] }; twin: |e, x| e.out(field(x[0], 16, true)), exact: |_, x| field(x[0], 16, true), allowed: |b, x| b.ulps(&[field(x[0].lo, 16, true)], 3.0)),
        row!("unpack2x16unorm", "One component of the built-in unpack2x16unorm.", "unpack2x16unorm(x0).x", [Draw::Word], |e, x| { let _ = e; x[0] }; twin: |e, x| e.out(field(x[0], 16, false)), exact: |_, x| field(x[0], 16, false), allowed: |b, x| b.ulps(&[field(x[0].lo, 16, false)], 3.0)),
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
