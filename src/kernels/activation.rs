//! Activation functions: compositions of built-in functions whose errors add up. The allowance is that of the written
//! composition, widened by 16 u (1 + |x|) for reassociation of its products and sums.

use std::sync::OnceLock;

use super::elementwise::{Draw, Elementwise, Row, row};
use crate::numerics::arith::evaluate::{Evaluator, F1, F2};

/// See the module.
pub static KERNEL: Elementwise = Elementwise {
    name: "activation",
    about: "Activation functions of neural networks.",
    shader: include_str!("../../shaders/activation.wgsl"),
    rows,
    half: false,
    state: OnceLock::new(),
};

fn sigmoid<E: Evaluator>(e: &E, x: E::V) -> E::V {
    let one = e.constant(1.0);
    e.div(one, e.add(one, e.call(F1::Exp, e.call(F1::Negate, x))))
}

fn softplus<E: Evaluator>(e: &E, x: E::V) -> E::V {
    let decay = e.call(F1::Exp, e.call(F1::Negate, e.call(F1::Abs, x)));
    e.add(e.call2(F2::Max, x, e.constant(0.0)), e.call(F1::Log, e.add(e.constant(1.0), decay)))
}

/// The fused form contracts the cubic's last product with the sum `x + …` (Hendrycks and Gimpel, arXiv 1606.08415).
fn gelu_tanh<E: Evaluator>(e: &E, x: E::V) -> E::V {
    let square = e.mul(e.mul(e.constant(0.044715), x), x);
    let inner = e.mul(e.constant(0.797_884_56), e.mad(square, x, x));
    e.mul(e.mul(e.constant(0.5), x), e.add(e.constant(1.0), e.call(F1::Tanh, inner)))
}

fn tanh_exp<E: Evaluator>(e: &E, x: E::V) -> E::V {
    let (one, power) = (e.constant(1.0), e.call(F1::Exp, e.mul(e.constant(2.0), x)));
    e.div(e.sub(power, one), e.add(power, one))
}

fn rows() -> Vec<Row> {
    vec![
        row!("relu", "max(x, 0).", "max(x0, 0.0)", [Draw::Range(-8.0, 8.0)], |e, x| e.call2(
            F2::Max,
            x[0],
            e.constant(0.0)
        )),
        row!("sigmoid", "1 / (1 + exp(-x)).", "1.0 / (1.0 + exp(-x0))", [Draw::Range(-8.0, 8.0)], |e, x| sigmoid(e, x[0]); allowed: |e, x| e.widen(sigmoid(e, x[0]), 16.0 * e.0.unit() * (1.0 + x[0].lo.abs()))),
        row!("silu", "x / (1 + exp(-x)).", "x0 / (1.0 + exp(-x0))", [Draw::Range(-8.0, 8.0)], |e, x| e.div(x[0], e.add(e.constant(1.0), e.call(F1::Exp, e.call(F1::Negate, x[0])))); allowed: |e, x| e.widen(e.div(x[0], e.add(e.constant(1.0), e.call(F1::Exp, e.call(F1::Negate, x[0])))), 16.0 * e.0.unit() * (1.0 + x[0].lo.abs()))),
        row!("softplus", "max(x, 0) + log(1 + exp(-|x|)).", "max(x0, 0.0) + log(1.0 + exp(-abs(x0)))", [Draw::Range(-8.0, 8.0)], |e, x| softplus(e, x[0]); allowed: |e, x| e.widen(softplus(e, x[0]), 16.0 * e.0.unit() * (1.0 + x[0].lo.abs()))),
        row!("gelu_tanh", "0.5 x (1 + tanh(0.79788456 (x + 0.044715 x^3))).", "0.5 * x0 * (1.0 + tanh(0.79788456 * (x0 + 0.044715 * x0 * x0 * x0)))", [Draw::Range(-8.0, 8.0)], |e, x| gelu_tanh(e, x[0]); allowed: |e, x| e.widen(gelu_tanh(e, x[0]), 16.0 * e.0.unit() * (1.0 + x[0].lo.abs()))),
        row!("gelu_sigmoid", "x sigmoid(1.702 x), the fast form.", "x0 / (1.0 + exp(-1.702 * x0))", [Draw::Range(-8.0, 8.0)], |e, x| e.div(x[0], e.add(e.constant(1.0), e.call(F1::Exp, e.mul(e.constant(-1.702), x[0])))); allowed: |e, x| e.widen(e.div(x[0], e.add(e.constant(1.0), e.call(F1::Exp, e.mul(e.constant(-1.702), x[0])))), 16.0 * e.0.unit() * (1.0 + x[0].lo.abs()))),
        row!("tanh_exp", "tanh by exponentials, (e - 1) / (e + 1) with e = exp(2x).", "(exp(2.0 * x0) - 1.0) / (exp(2.0 * x0) + 1.0)", [Draw::Range(-8.0, 8.0)], |e, x| tanh_exp(e, x[0]); allowed: |e, x| e.widen(tanh_exp(e, x[0]), 16.0 * e.0.unit() * (1.0 + x[0].lo.abs()))),
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
