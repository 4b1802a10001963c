//! Conversions between integers, binary32 and binary16. Their rounding direction is left open by the specification, and
//! narrowing is a rounding that drivers fuse.

use std::sync::OnceLock;

use super::elementwise::{Draw, Elementwise, Row, row};
use super::{Feature, Interval, Observation};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::evaluate::{Evaluator, F1};
use crate::numerics::arith::fma::round_to_odd_sum;
use crate::numerics::arith::format::Format;
use crate::numerics::spec::bounds::Bounds;

/// See the module.
pub static KERNEL: Elementwise = Elementwise {
    name: "conversion",
    about: "Conversions between number formats, and the fusion of narrowing with what comes before.",
    shader: include_str!("../../shaders/conversion.wgsl"),
    rows,
    half: false,
    state: OnceLock::new(),
};

/// The greatest binary32 number in each integer type: where naga clamps.
const I32: (f64, f64) = (-2_147_483_648.0, 2_147_483_520.0);
const U32: (f64, f64) = (0.0, 4_294_967_040.0);

fn whole(x: f64, (lo, hi): (f64, f64)) -> f64 {
    if x.is_nan() { 0.0 } else { x.trunc().clamp(lo, hi) + 0.0 }
}

/// Truncation is exact in range; out of range the clamp's place is not agreed on, so anything goes.
fn whole_allowed(x: Interval, range: (f64, f64)) -> Interval {
    if x.lo < range.0 || x.lo > range.1 { Interval::ANY } else { Interval::point(whole(x.lo, range)) }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "operands are whole words")]
fn signed(word: f64) -> f64 {
    f64::from((word as u32).cast_signed())
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "operands are whole words")]
fn half(word: f64) -> f64 {
    Dtype::F16.value(word as u32 & 0xffff)
}

/// How `f16(f16(x*c) + 1000)` may be computed: the closed forms of the narrowing fingerprint.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Model {
    /// Every operation rounded, then narrowed.
    Strict,
    /// One rounding for the whole expression.
    Single,
    /// A binary32 fused multiply-add, then one narrowing.
    WideFma,
    /// The product narrowed with one rounding, then a strict addition.
    NarrowMul,
}

impl Model {
    const ALL: [Self; 4] = [Self::Strict, Self::Single, Self::WideFma, Self::NarrowMul];

    fn name(self) -> &'static str {
        match self {
            Self::Strict => "differs_from_strict",
            Self::Single => "differs_from_single_rounding",
            Self::WideFma => "differs_from_wide_fma",
            Self::NarrowMul => "differs_from_fused_narrowing",
        }
    }

    fn mul(self, x: f64) -> f64 {
        let product = x * f64::from(1.1f32);
        Format::F16.round(if self == Self::Strict { Format::F32.round(product) } else { product })
    }

    fn mul_add(self, x: f64) -> f64 {
        let product = x * f64::from(1.1f32);
        match self {
            Self::Strict | Self::NarrowMul => Format::F16.round(Format::F32.round(self.mul(x) + 1000.0)),
            // A sum rounded to odd in binary64 may be rounded again.
            Self::Single => Format::F16.round(round_to_odd_sum(product, 1000.0)),
            Self::WideFma => Format::F16.round(Format::F32.round(round_to_odd_sum(product, 1000.0))),
        }
    }
}

/// Either neighbour at each narrowing, and any fusion.
fn narrow_allowed(b: Bounds, word: Interval, add: bool) -> Interval {
    let narrow = |v: Interval| if v.is_any() { v } else { Bounds(Format::F16).result(v.lo, v.hi) };
    let x = Bounds(Format::F16).operand(Interval::point(half(word.lo)));
    let product = b.mul(x, Interval::point(f64::from(1.1f32)));
    let narrowed = narrow(product);
    if !add || narrowed.is_any() {
        return narrowed;
    }
    let thousand = Interval::point(1000.0);
    narrow(b.add(narrowed, thousand)).join(narrow(b.add(product, thousand)))
}

/// In how many elements the output differs from each closed form: zero names the driver's way.
#[expect(clippy::cast_precision_loss, reason = "counts are small")]
pub(super) fn observe(variant: &str, operands: &[u32], output: &Bits) -> Vec<Observation> {
    let add = variant.ends_with("_add");
    let models = Model::ALL.into_iter().filter(|m| add || matches!(m, Model::Strict | Model::Single));
    models
        .map(|model| {
            let wrong = operands.iter().enumerate().filter(|(i, word)| {
                let x = half(f64::from(**word));
                let expected = if add { model.mul_add(x) } else { model.mul(x) };
                output.get(*i) != Format::F32.bits(expected)
            });
            Observation::new(model.name(), wrong.count() as f64, "elements that differ from this model of narrowing")
        })
        .collect()
}

fn rows() -> Vec<Row> {
    vec![
        row!("u32_to_f32", "f32(u32): the direction of rounding is left open.", "f32(x0)", [Draw::Word], |e, x| { let _ = e; x[0] }; twin: |e, x| e.out(x[0]), allowed: |b, x| b.result(x[0].lo, x[0].hi)),
        row!("i32_to_f32", "f32(i32): the direction of rounding is left open.", "f32(bitcast<i32>(x0))", [Draw::Word], |e, x| { let _ = e; x[0] }; twin: |e, x| e.out(signed(x[0])), exact: |_, x| signed(x[0]), allowed: |b, x| b.result(signed(x[0].lo), signed(x[0].lo))),
        row!("f32_to_i32", "i32(f32), out of range clamped by naga on all backends but GL.", "i32(x0)", [Draw::Exponent(-2.0, 34.0)], |e, x| { let _ = e; x[0] }; output: Dtype::I32, twin: |_, x| whole(x[0], I32), exact: |_, x| whole(x[0], I32), allowed: |_, x| whole_allowed(x[0], I32)),
        row!("f32_to_u32", "u32(f32), out of range clamped by naga on all backends but GL.", "u32(x0)", [Draw::Exponent(-2.0, 34.0)], |e, x| { let _ = e; x[0] }; output: Dtype::U32, twin: |_, x| whole(x[0], U32), exact: |_, x| whole(x[0], U32), allowed: |_, x| whole_allowed(x[0], U32)),
        row!("f32_to_f16_pack", "binary32 to binary16 by pack2x16float, and back.", "unpack2x16float(pack2x16float(vec2<f32>(x0, 0.0))).x", [Draw::Exponent(-26.0, 16.0)], |e, x| e.call(F1::QuantizeToF16, x[0]); needs: Some(Feature::HalfConversions)),
        row!("f32_to_f16", "binary32 to binary16 by the type f16, and back.", "f32(f16(x0))", [Draw::Exponent(-26.0, 16.0)], |e, x| e.call(F1::QuantizeToF16, x[0]); needs: Some(Feature::ShaderF16)),
        row!("f16_to_f32", "binary16 to binary32 by unpack2x16float, for every finite number.", "unpack2x16float(x0).x", [Draw::Half], |e, x| { let _ = e; x[0] }; needs: Some(Feature::HalfConversions), twin: |_, x| half(x[0]), exact: |_, x| half(x[0]), allowed: |_, x| Bounds(Format::F16).operand(Interval::point(half(x[0].lo)))),
        row!("narrow", "f16(x * c) for every finite binary16 x, c = f32(1.1): fused narrowing rounds once.", "f32(f16(unpack2x16float(x0).x * bitcast<f32>(control[1])))", [Draw::Half], |e, x| { let _ = e; x[0] }; needs: Some(Feature::ShaderF16), twin: |_, x| Model::Strict.mul(half(x[0])), exact: |_, x| half(x[0]) * f64::from(1.1f32), allowed: |b, x| narrow_allowed(*b, x[0], false)),
        row!("narrow_add", "f16(f16(x * c) + 1000) for every finite binary16 x.", "f32(f16(unpack2x16float(x0).x * bitcast<f32>(control[1])) + f16(1000.0))", [Draw::Half], |e, x| { let _ = e; x[0] }; needs: Some(Feature::ShaderF16), twin: |_, x| Model::Strict.mul_add(half(x[0])), exact: |_, x| half(x[0]) * f64::from(1.1f32) + 1000.0, allowed: |b, x| narrow_allowed(*b, x[0], true)),
        row!("narrow_pack", "The same f16(x * c) by pack2x16float.", "unpack2x16float(pack2x16float(vec2<f32>(unpack2x16float(x0).x * bitcast<f32>(control[1]), 0.0))).x", [Draw::Half], |e, x| { let _ = e; x[0] }; needs: Some(Feature::HalfConversions), twin: |_, x| Model::Strict.mul(half(x[0])), exact: |_, x| half(x[0]) * f64::from(1.1f32), allowed: |b, x| narrow_allowed(*b, x[0], false)),
        row!("narrow_pack_add", "The same f16(f16(x * c) + 1000) by pack2x16float.", "unpack2x16float(pack2x16float(vec2<f32>(unpack2x16float(pack2x16float(vec2<f32>(unpack2x16float(x0).x * bitcast<f32>(control[1]), 0.0))).x + 1000.0, 0.0))).x", [Draw::Half], |e, x| { let _ = e; x[0] }; needs: Some(Feature::HalfConversions), twin: |_, x| Model::Strict.mul_add(half(x[0])), exact: |_, x| half(x[0]) * f64::from(1.1f32) + 1000.0, allowed: |b, x| narrow_allowed(*b, x[0], true)),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn twins_are_within_the_specification_and_programs_parse() {
        crate::kernels::elementwise::check(&KERNEL);
    }

    #[test]
    fn narrowing_models_differ_as_published() {
        // Sarek's fp-contraction policy: RADV 2912 and 5075, its volatile form 4774, rusticl and HIP 620, CUDA 0.
        let finite: Vec<f64> = (0..=0xffffu32).map(|b| Dtype::F16.value(b)).filter(|x| x.is_finite()).collect();
        assert_eq!(finite.len(), 63_488, "finite binary16 numbers");
        let count = |f: fn(Model, f64) -> f64, m: Model| {
            finite.iter().filter(|x| Format::F16.bits(f(m, **x)) != Format::F16.bits(f(Model::Strict, **x))).count()
        };
        assert_eq!(count(Model::mul, Model::Single), 2912, "f16(x*c) rounded once");
        assert_eq!(count(Model::mul_add, Model::Single), 5075, "one rounding");
        assert_eq!(count(Model::mul_add, Model::WideFma), 4774, "binary32 fma, one narrowing");
        assert_eq!(count(Model::mul_add, Model::NarrowMul), 620, "fused narrowing, strict addition");
    }

    #[test]
    fn observations_name_the_model() {
        let case = crate::kernels::case::Case::parse("conversion/narrow_pack_add?n=63488").unwrap();
        let problem = crate::kernels::problem(&case).unwrap();
        let seen = problem.observe(&problem.twin(crate::numerics::arith::Arithmetic::STRICT, 1).unwrap());
        let values: Vec<_> = seen.iter().map(|o| o.value).collect();
        assert_eq!(values, [0.0, 5075.0, 4774.0, 620.0], "the strict twin against each model");
    }
}
