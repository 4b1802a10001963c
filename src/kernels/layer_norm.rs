//! Layer normalisation: two sums whose order matters, a reciprocal square root, and a multiply that feeds an add.

use super::rowwise::{self, COLS, DIST, ROWS, Rows, SEED, WG, bound};
use super::softmax::rows_plan;
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Range, Shader,
    Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::exact;
use crate::numerics::inputs::Distribution;
use crate::numerics::spec::{TINY32, U32, gamma};
use crate::numerics::threads;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct LayerNorm;

const EPS: Param = Param::problem("eps", "1e-5", Range::Decimal("[1e-30, 1]"), "added to the variance");

const PARAMS: &[Param] = &[ROWS, COLS, EPS, DIST, SEED, WG];

static VARIANTS: &[Variant] = &[
    Variant {
        name: "two_pass",
        about: "One workgroup per row: mean, mean square of the differences, scale by inverseSqrt, gain and bias.",
        params: PARAMS,
    },
    Variant { name: "sqrt", about: "The same, scaled by one divided by the square root.", params: PARAMS },
];

impl Kernel for LayerNorm {
    fn name(&self) -> &'static str {
        "layer_norm"
    }

    fn about(&self) -> &'static str {
        "Layer normalisation with gain and bias: every block of a transformer."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let mut cases = rows_plan("layer_norm", &VARIANTS[0], profile, seed);
        // The other scale differs in one operation a row, which two workgroup sizes show.
        let sqrt = rows_plan("layer_norm", &VARIANTS[1], profile, seed);
        cases.extend(sqrt.into_iter().filter(|c| ["wg=64", "wg=256"].contains(&c.config().as_str())));
        cases
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        // Read as binary32 at once: by way of binary64 it could be rounded twice.
        let eps = case.decimal("eps").and(case.parsed("eps", "a decimal number"))?;
        Ok(Box::new(TwoPass::new(case, eps)?))
    }
}

struct TwoPass {
    rows: Rows,
    /// Uniform on (0, 1), one a column.
    gain: Vec<f32>,
    /// Uniform on (-1, 1), one a column.
    bias: Vec<f32>,
    eps: f32,
    /// Whether the scale is `1/sqrt` in place of `inverseSqrt`.
    sqrt: bool,
}

impl TwoPass {
    fn new(case: &Case, eps: f32) -> Result<Self, CaseError> {
        let rows = Rows::of(case)?;
        let seed = case.seed("seed")?;
        let gain = Distribution::Positive.draw(seed, 1, rows.cols);
        let bias = Distribution::Uniform.draw(seed, 2, rows.cols);
        Ok(Self { rows, gain, bias, eps, sqrt: case.variant() == "sqrt" })
    }

    #[expect(clippy::cast_precision_loss, reason = "at most 2^20 columns")]
    fn count(&self) -> f32 {
        self.rows.cols as f32
    }
}

impl Problem for TwoPass {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.rows.input.len())
    }

    fn iterations(&self) -> u64 {
        self.rows.iterations()
    }

    fn program(&self) -> Option<Program> {
        let len = self.rows.input.len();
        let cols = u32::try_from(self.rows.cols).unwrap_or(u32::MAX);
        Some(
            Program::new(
                Shader::new(include_str!("../../shaders/layer_norm.wgsl"))
                    .define("WG", self.rows.wg)
                    .flag("SQRT", self.sqrt)
                    .source(),
                vec![
                    Buffer::Input(vec![cols, self.count().to_bits(), self.eps.to_bits()]),
                    Buffer::floats(&self.rows.input),
                    Buffer::floats(&self.gain),
                    Buffer::floats(&self.bias),
                    Buffer::Output(len),
                ],
                vec![Pass::new("main", [self.rows.rows, 1, 1])],
                OutputView::whole(4, Dtype::F32, len),
            )
            .writing_first(),
        )
    }

    fn operation(&self) -> Option<Operation> {
        let cols = self.rows.cols;
        let input = Tensor::floats(&[self.rows.rows as usize, cols], &self.rows.input);
        let column = |values: &[f32]| Tensor::floats(&[cols], values);
        (!self.sqrt).then(|| {
            Operation::new("layer_norm", [("x", input), ("gain", column(&self.gain)), ("bias", column(&self.bias))])
                .with("eps", f64::from(self.eps))
        })
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut out = vec![0.0f32; self.rows.input.len()];
        let cols = self.rows.cols;
        threads::rows(&mut out, cols, threads, |row, out| {
            let input = &self.rows.input[row * cols..][..cols];
            with_arith!(arithmetic, A => self.row::<A>(input, out));
        });
        Some(Bits::f32(&out))
    }

    fn exact(&self) -> Option<Exact> {
        let n = f64::from(self.count());
        let values = self.rows.filled(self.rows.cols, 0.0, |row, values| {
            let mean = exact::sum(row.iter().map(|x| f64::from(*x))) / n;
            let variance = exact::sum(row.iter().map(|x| (f64::from(*x) - mean).powi(2))) / n;
            let scale = 1.0 / (variance + f64::from(self.eps)).sqrt();
            let affine = self.gain.iter().zip(&self.bias);
            for ((to, x), (gain, bias)) in values.iter_mut().zip(row).zip(affine) {
                *to = (f64::from(*x) - mean) * scale * f64::from(*gain) + f64::from(*bias);
            }
        });
        Some(Exact { values })
    }

    /// Interval arithmetic through the operations (see [`bound`]), with `u` = 2^-23 and `t` = 2^-126:
    ///
    /// - the sum in any order, `gamma_(n-1) Σ|x| + n t`; the mean, a quotient of 2.5 ulp;
    /// - a difference `d` from it, one rounding;
    /// - the sum of squares in any order, fused or not: `gamma_n Σ d² + 2 n t`, and not negative;
    /// - the variance, 2.5 ulp; plus `eps`, one rounding; `inverseSqrt`, 2 ulp; for `1/sqrt`, whose root inherits from
    ///   `1/inverseSqrt`, two quotients of 2.5 ulp more;
    /// - two products, one rounding each in either order, and a sum, one rounding.
    ///
    /// A product that is formed from the last two factors first may lose `t` of those, hence `|d| t` more.
    fn allowance(&self) -> Allowance {
        Allowance::Intervals(self.rows.filled(self.rows.cols, Interval::ANY, |row, out| self.allow_row(row, out)))
    }
}

impl TwoPass {
    /// One row in the shader's order. Fused: each square feeds its sum, and the gain's product feeds the bias.
    fn row<A: Arith>(&self, row: &[f32], out: &mut [f32]) {
        let wg = self.rows.wg as usize;
        let mean = A::div(rowwise::tree_sum::<A>(row.iter().copied(), wg), self.count());
        let differences = row.iter().map(|x| A::sub(*x, mean));
        let squares = rowwise::tree_fold::<A>(differences, wg, |sum, d| A::mad(d, d, sum));
        let variance = A::div(squares, self.count());
        let shifted = A::add(variance, self.eps);
        let scale = if self.sqrt { A::div(1.0, A::sqrt(shifted)) } else { rowwise::inverse_sqrt::<A>(shifted) };
        let affine = self.gain.iter().zip(&self.bias);
        for ((y, x), (gain, bias)) in out.iter_mut().zip(row).zip(affine) {
            *y = A::mad(A::mul(A::sub(*x, mean), scale), *gain, *bias);
        }
    }

    /// See [`Problem::allowance`].
    fn allow_row(&self, row: &[f32], intervals: &mut [Interval]) {
        let n = f64::from(self.count());
        let divided = |x: Interval| bound::rounded(Interval { lo: x.lo / n, hi: x.hi / n }, 2.5);
        let inputs: Vec<_> = row.iter().map(|x| bound::read(*x)).collect();
        let mean = divided(bound::sum(&inputs));
        let differences: Vec<_> = inputs.iter().map(|x| bound::rounded(bound::sub(*x, mean), 1.0)).collect();
        let least = |d: &Interval| if d.lo <= 0.0 && d.hi >= 0.0 { 0.0 } else { d.lo.abs().min(d.hi.abs()) };
        let lo = exact::sum(differences.iter().map(|d| least(d).powi(2)));
        let hi = exact::sum(differences.iter().map(|d| bound::magnitude(*d).powi(2)));
        let (relative, flushed) = (gamma(n, U32), 2.0 * n * TINY32);
        let squares = Interval { lo: lo * (1.0 - relative) - flushed, hi: hi * (1.0 + relative) + flushed };
        let variance = divided(squares);
        let variance = Interval { lo: variance.lo.max(0.0), hi: variance.hi };
        let shifted = bound::rounded(bound::add(variance, Interval::point(self.eps.into())), 1.0);
        if shifted.lo <= 0.0 {
            return intervals.fill(Interval::ANY);
        }
        let inverse = |x: Interval, ulps| bound::rounded(Interval { lo: 1.0 / x.hi, hi: 1.0 / x.lo }, ulps);
        let mut scale = inverse(Interval { lo: shifted.lo.sqrt(), hi: shifted.hi.sqrt() }, 2.0);
        if self.sqrt {
            scale = inverse(inverse(scale, 2.5), 2.5);
        }
        for (((to, d), gain), bias) in intervals.iter_mut().zip(&differences).zip(&self.gain).zip(&self.bias) {
            let normal = bound::rounded(bound::mul(*d, scale), 1.0);
            let product = bound::rounded(bound::mul(normal, bound::read(*gain)), 1.0);
            let lost = Interval::around(0.0, 2.0 * bound::magnitude(*d).max(1.0) * TINY32);
            let sum = bound::add(bound::add(product, lost), bound::read(*bias));
            *to = bound::rounded(sum, 1.0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rowwise::testing::{Directed, check_plans, check_twin, check_within};

    /// A driver that rounds everything one way is within the specification.
    #[test]
    fn conformant_extremes_are_allowed() {
        fn extreme<const UP: bool>(id: &str) {
            let found = TwoPass::new(&Case::parse(id).unwrap(), 1e-5).unwrap();
            let mut out = vec![0.0; found.rows.input.len()];
            for (row, out) in found.rows.each().zip(out.chunks_mut(found.rows.cols)) {
                found.row::<Directed<UP>>(row, out);
            }
            check_within(&found, &out, 1e-3, &format!("{id} rounded {}", if UP { "up" } else { "down" }));
        }
        for variant in ["two_pass", "sqrt"] {
            for shape in
                ["rows=9&cols=1&wg=1", "rows=3&cols=7&wg=64", "rows=5&cols=1009&wg=1", "rows=4&cols=300&dist=wide"]
            {
                extreme::<true>(&format!("layer_norm/{variant}?{shape}"));
                extreme::<false>(&format!("layer_norm/{variant}?{shape}"));
            }
        }
    }

    #[test]
    fn plans_read_back_and_shaders_parse() {
        check_plans(&LayerNorm);
    }

    #[test]
    fn the_twin_is_within_what_is_allowed() {
        for shape in ["rows=1&cols=1&wg=1", "rows=3&cols=7&wg=64", "rows=5&cols=1009&wg=32", "rows=2&cols=4096&wg=256"]
        {
            for dist in ["normal", "wide", "positive"] {
                check_twin(&format!("layer_norm/two_pass?{shape}&dist={dist}"));
                check_twin(&format!("layer_norm/two_pass?{shape}&dist={dist}&eps=1"));
                check_twin(&format!("layer_norm/sqrt?{shape}&dist={dist}"));
            }
        }
    }

    #[test]
    fn the_allowance_refuses_a_wrong_answer() {
        let problem = check_twin("layer_norm/two_pass?rows=3&cols=1000");
        let Allowance::Intervals(intervals) = problem.allowance() else { panic!("intervals") };
        for (interval, exact) in intervals.iter().zip(problem.exact().unwrap().values) {
            assert!(interval.allows(exact), "the truth is allowed");
            assert!(!interval.allows(exact + 0.002) && !interval.allows(exact - 0.002), "0.002 off is refused");
        }
    }

    #[test]
    fn bad_parameters_say_what_to_type() {
        for query in ["eps=0", "eps=x", "cols=0", "rows=65536", "wg=48", "rows=65535&cols=1048576", "dist=cauchy"] {
            let case = Case::parse(&format!("layer_norm/two_pass?{query}")).unwrap();
            let error = LayerNorm.problem(&case).err().unwrap().to_string();
            assert!(error.contains("wanted") && !error.contains('\n'), "{query}: {error}");
        }
    }
}
