//! Addition, multiplication and division, and what compilers make of expressions of them: contraction, reassociation, reciprocals.

use std::sync::OnceLock;

use super::Interval;
use super::elementwise::{Draw, Elementwise, Row, row};
use crate::numerics::arith::evaluate::{Evaluator, F1, F2};
use crate::numerics::arith::format::Format;
use crate::numerics::spec::bounds::Bounds;

/// See the module.
pub static KERNEL: Elementwise = Elementwise {
    name: "arithmetic",
    about: "The arithmetic operators, and the algebra that compilers do with them.",
    shader: include_str!("../../shaders/arithmetic.wgsl"),
    rows,
    half: true,
    state: OnceLock::new(),
};

/// The error term of TwoSum (Knuth, TAOCP vol. 2, 4.2.2): exact in round-to-nearest.
fn two_sum<E: Evaluator>(e: &E, a: E::V, b: E::V) -> E::V {
    let sum = e.add(a, b);
    let bb = e.sub(sum, a);
    e.add(e.sub(a, e.sub(sum, bb)), e.sub(b, bb))
}

/// What TwoSum is for: the error of rounding `a + b` to nearest binary32.
fn rounding_error(x: &[f64]) -> f64 {
    let sum = Format::F32.round(x[0] + x[1]);
    if x[0].abs() < f64::exp2(-125.0) && x[1].abs() < f64::exp2(-125.0) || !sum.is_finite() {
        return if sum.is_finite() { 0.0 } else { f64::NAN };
    }
    crate::numerics::exact::sum([x[0], x[1], -sum])
}

/// Written out, the error term is a sum of `±a` and `±b` that cancels in real numbers.
fn two_sum_bound(b: Bounds, x: f64, y: f64) -> Interval {
    let written = two_sum(&b, Interval::point(x), Interval::point(y));
    let terms = [x, x, y, x, -x, -x, -y, x, y, -x, -x, -y, x, y, -x, -y];
    b.terms(written, &terms, 0, &[Interval::point(x), Interval::point(y)], 0)
}

fn rows() -> Vec<Row> {
    vec![
        row!("add", "x + y.", "x0 + x1", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| e
            .add(x[0], x[1])),
        row!("sub", "x - y.", "x0 - x1", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| e
            .sub(x[0], x[1])),
        row!("mul", "x * y.", "x0 * x1", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| e
            .mul(x[0], x[1])),
        row!("mul_add", "x*y + z as written, which a driver may contract.", "x0 * x1 + x2", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e.mad(x[0], x[1], x[2]); link: Some(|x| x[2] = -(x[0] * x[1]) * (1.0 + x[2] * 1e-9))),
        row!("fma", "The built-in fma, which a driver may expand to two roundings.", "fma(x0, x1, x2)", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e.fma(x[0], x[1], x[2]); link: Some(|x| x[2] = -(x[0] * x[1]) * (1.0 + x[2] * 1e-9))),
        row!("div", "x / y.", "x0 / x1", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| e
            .div(x[0], x[1])),
        row!("rem", "x % y, which drivers compute by truncation of the quotient or exactly.", "x0 % x1", [Draw::Range(-100.0, 100.0), Draw::Range(-4.0, 4.0)], |e, x| e.mad(e.call(F1::Negate, x[1]), e.call(F1::Trunc, e.div(x[0], x[1])), x[0]); exact: |_, x| crate::numerics::arith::evaluate::real2(F2::Rem, x[0], x[1]), allowed: |b, x| b.call2(F2::Rem, x[0], x[1])),
        row!("div_constant", "x / 7.1 with the constant in the shader, which a compiler may replace by a multiplication.", "x0 / 7.1", [Draw::Exponent(-20.0, 20.0)], |e, x| e.div(x[0], e.constant(7.1)); exact: |_, x| x[0] / f64::from(7.1f32), allowed: |b, x| b.div(x[0], b.constant(7.1))),
        row!("cancel", "(x + y) - x, which algebra turns into y.", "(x0 + x1) - x0", [Draw::Exponent(-20.0, 20.0), Draw::Range(-4.0, 4.0)], |e, x| e.sub(e.add(x[0], x[1]), x[0]); exact: |_, x| x[1], allowed: |b, x| b.terms(b.sub(b.add(x[0], x[1]), x[0]), &[x[0].lo, x[1].lo, -x[0].lo], 0, x, 0)),
        row!("associate", "(x + y) + z in this order.", "(x0 + x1) + x2", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| e.add(e.add(x[0], x[1]), x[2]); exact: |_, x| crate::numerics::exact::sum(x.iter().copied()), allowed: |b, x| b.terms(b.add(b.add(x[0], x[1]), x[2]), &[x[0].lo, x[1].lo, x[2].lo], 0, x, 0)),
        row!("factor", "x*y + x*z, which algebra turns into x*(y + z).", "x0 * x1 + x0 * x2", [Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0), Draw::Range(-4.0, 4.0)], |e, x| e.mad(x[0], x[1], e.mul(x[0], x[2])); link: Some(|x| x[2] = -x[1] * (1.0 + x[2] * 1e-6)), allowed: |b, x| b.terms(b.mad(x[0], x[1], b.mul(x[0], x[2])), &[x[0].lo * x[1].lo, x[0].lo * x[2].lo], 2, x, 1)),
        row!("two_sum", "The error term of Knuth's TwoSum as written: algebra makes it zero.", "(x0 - ((x0 + x1) - ((x0 + x1) - x0))) + (x1 - ((x0 + x1) - x0))", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| two_sum(e, x[0], x[1]); exact: |_, x| rounding_error(x), allowed: |b, x| two_sum_bound(*b, x[0].lo, x[1].lo)),
        row!("two_sum_guarded", "The same with each intermediate kept from algebra by an exclusive or with a run-time zero.", "guarded(x0 - guarded(guarded(x0 + x1) - guarded(guarded(x0 + x1) - x0))) + guarded(x1 - guarded(guarded(x0 + x1) - x0))", [Draw::Exponent(-20.0, 20.0), Draw::Exponent(-20.0, 20.0)], |e, x| two_sum(e, x[0], x[1]); exact: |_, x| rounding_error(x), allowed: |b, x| two_sum_bound(*b, x[0].lo, x[1].lo)),
        row!("x_minus_x", "x - x, zero for every number.", "x0 - x0", [Draw::Exponent(-20.0, 20.0)], |e, x| e.sub(x[0], x[0]); allowed: |b, _| b.result(0.0, 0.0)),
        row!("x_over_x", "x / x, one for every number but zero.", "x0 / x0", [Draw::Exponent(-20.0, 20.0)], |e, x| e
            .div(x[0], x[0])),
        row!("mul_zero", "x * 0.0, whose sign is that of x.", "x0 * 0.0", [Draw::Exponent(-20.0, 20.0)], |e, x| e
            .mul(x[0], e.constant(0.0))),
        row!("mul_one", "x * 1.0, which may flush.", "x0 * 1.0", [Draw::Exponent(-20.0, 20.0)], |e, x| e
            .mul(x[0], e.constant(1.0))),
        row!(
            "add_zero",
            "x + 0.0, which makes -0 into 0 and may flush.",
            "x0 + 0.0",
            [Draw::Exponent(-20.0, 20.0)],
            |e, x| e.add(x[0], e.constant(0.0))
        ),
        row!("zero_minus", "0.0 - x, which is not -x for x = 0.", "0.0 - x0", [Draw::Exponent(-20.0, 20.0)], |e, x| e
            .sub(e.constant(0.0), x[0])),
        row!(
            "double_and_halve",
            "(x + x) * 0.5, which overflows where x does not.",
            "(x0 + x0) * 0.5",
            [Draw::Exponent(-20.0, 20.0)],
            |e, x| e.mul(e.add(x[0], x[0]), e.constant(0.5))
        ),
        row!("reciprocal_root", "1.0 / sqrt(x), which a compiler may make into inverseSqrt.", "1.0 / sqrt(x0)", [Draw::Range(0.0, 100.0)], |e, x| e.div(e.constant(1.0), e.call(F1::Sqrt, x[0])); allowed: |b, x| { let root = b.call(F1::InverseSqrt, x[0]); b.div(b.constant(1.0), b.call(F1::Sqrt, x[0])).join(root) }),
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
    fn two_sum_is_exact_in_strict_arithmetic() {
        let case = Case::parse("arithmetic/two_sum?n=997&dist=range").unwrap();
        let problem = crate::kernels::problem(&case).unwrap();
        let (twin, exact) = (problem.twin(Arithmetic::STRICT, 1).unwrap(), problem.exact().unwrap());
        let mut inexact = 0;
        for i in 0..twin.len {
            assert_eq!(twin.value(i), exact.values[i], "element {i}");
            inexact += u32::from(exact.values[i] != 0.0);
        }
        assert!(inexact > 500, "most sums have an error: {inexact}");
    }

    #[test]
    fn fused_and_separate_differ_often() {
        let problem = crate::kernels::problem(&Case::parse("arithmetic/mul_add?n=997").unwrap()).unwrap();
        let fused = problem.twin(Arithmetic::FUSED, 1).unwrap();
        let strict = problem.twin(Arithmetic::STRICT, 1).unwrap();
        let differing = (0..997).filter(|i| fused.get(*i) != strict.get(*i)).count();
        assert!(differing > 300, "{differing} of 997 tell contraction");
    }
    use crate::kernels::case::Case;
    use crate::numerics::arith::Arithmetic;
}
