//! Softmax: exponentials, a sum whose order matters, and a division by it.

mod poly;

use super::rowwise::{self, COLS, DIST, ROWS, Rows, SEED, UNFUSED, WG, bound};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, MOST_ITERATIONS, Observation, OutputView, Pass, Problem, Profile,
    Program, Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::elementary;
use crate::numerics::exact;
use crate::numerics::threads;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct Softmax;

static VARIANTS: &[Variant] = &[
    Variant {
        name: "rows",
        about: "One workgroup per row: maximum, exponentials of the differences, their sum, quotients.",
        params: &[ROWS, COLS, DIST, SEED, WG],
    },
    Variant {
        name: "poly",
        about: "The same with an exponential of our own, so that the adapter's does not cause a difference.",
        params: &[ROWS, COLS, DIST, SEED, WG],
    },
    Variant {
        name: "online",
        about: "Maximum and sum in one pass, rescaled as the maximum grows, with an exponential of our own.",
        params: &[ROWS, COLS, DIST, SEED, WG],
    },
];

impl Kernel for Softmax {
    fn name(&self) -> &'static str {
        "softmax"
    }

    fn about(&self) -> &'static str {
        "Softmax of rows: attention weights, classifiers."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let mut cases = rows_plan("softmax", &VARIANTS[0], profile, seed);
        let poly = rows_plan("softmax", &VARIANTS[1], profile, seed);
        cases.extend(poly.into_iter().filter(|c| ["wg=64", "wg=256"].contains(&c.config().as_str())));
        cases.extend(rows_plan("softmax", &VARIANTS[2], profile, seed));
        cases
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let method = match case.variant() {
            "online" => Method::Online,
            "poly" => Method::Poly,
            _ => Method::BuiltIn,
        };
        Ok(Box::new(RowsSoftmax { rows: Rows::of(case)?, method }))
    }
}

/// The cases of a kernel whose variant works on rows: shapes of attention and of classifiers, each with workgroups of
/// different sizes.
pub(super) fn rows_plan(kernel: &'static str, variant: &Variant, profile: Profile, seed: u64) -> Vec<Case> {
    let shapes: &[(u32, u32, &str)] = profile.pick(
        &[(7, 1000, "normal")],
        &[(1024, 1024, "normal"), (64, 50_257, "normal"), (1024, 1000, "wide")],
        &[(4096, 4096, "normal"), (128, 128_256, "normal"), (4096, 1, "uniform"), (16, 1 << 20, "positive")],
    );
    let sizes: &[u32] = profile.pick(&[64, 256], &[64, 128, 256], &[32, 64, 128, 256, 512, 1024]);
    let case = |(rows, cols, dist): &(u32, u32, &str), wg: &u32| {
        let case = Case::of(kernel, variant).with("rows", rows).with("cols", cols).with("dist", dist);
        case.with("seed", seed).with("wg", wg)
    };
    let shapes = shapes.iter().flat_map(|shape| sizes.iter().map(move |wg| (shape, wg)));
    // The longest rows need more invocations than the smallest workgroups have.
    let runs = |cols: u32, wg: u32| 3 * u64::from(cols.div_ceil(wg)) + 20 <= MOST_ITERATIONS;
    shapes.filter(|((_, cols, _), wg)| runs(*cols, **wg)).map(|(shape, wg)| case(shape, wg)).collect()
}

struct RowsSoftmax {
    rows: Rows,
    method: Method,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    /// The built-in `exp`.
    BuiltIn,
    /// [`poly::exp`].
    Poly,
    /// [`poly::exp`], maximum and sum in one pass.
    Online,
}

impl Problem for RowsSoftmax {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.rows.input.len())
    }

    fn iterations(&self) -> u64 {
        self.rows.iterations()
    }

    fn program(&self) -> Option<Program> {
        let len = self.rows.input.len();
        let mut params = vec![u32::try_from(self.rows.cols).unwrap_or(u32::MAX)];
        if self.method != Method::BuiltIn {
            params.extend([poly::LOG2_E, poly::LN_2[0], poly::LN_2[1]].map(f32::to_bits));
            params.extend(poly::COEFFICIENTS.map(f32::to_bits));
        }
        Some(
            Program::new(
                Shader::new(include_str!("../../shaders/softmax.wgsl"))
                    .define("WG", self.rows.wg)
                    .flag("POLY", self.method != Method::BuiltIn)
                    .flag("ONLINE", self.method == Method::Online)
                    .source(),
                vec![Buffer::Input(params), Buffer::floats(&self.rows.input), Buffer::Output(len)],
                vec![Pass::new("main", [self.rows.rows, 1, 1])],
                OutputView::whole(2, Dtype::F32, len),
            )
            .writing_first(),
        )
    }

    fn operation(&self) -> Option<Operation> {
        let input = Tensor::floats(&[self.rows.rows as usize, self.rows.cols], &self.rows.input);
        (self.method == Method::BuiltIn).then(|| Operation::new("softmax", [("x", input)]))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        if self.method == Method::BuiltIn { &UNFUSED } else { &Arithmetic::CONTRACTION }
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut out = vec![0.0f32; self.rows.input.len()];
        threads::rows(&mut out, self.rows.cols, threads, |row, out| {
            let input = &self.rows.input[row * self.rows.cols..][..self.rows.cols];
            let wg = self.rows.wg as usize;
            with_arith!(arithmetic, A => match self.method {
                Method::BuiltIn => softmax::<A>(input, wg, out, rowwise::exp::<A>),
                Method::Poly => softmax::<A>(input, wg, out, poly::exp::<A>),
                Method::Online => online::<A>(input, wg, out),
            });
        });
        Some(Bits::f32(&out))
    }

    fn exact(&self) -> Option<Exact> {
        let values = self.rows.filled(self.rows.cols, 0.0, |row, values| {
            let max = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            for (e, x) in values.iter_mut().zip(row) {
                *e = elementary::exp(f64::from(*x) - max);
            }
            let sum = exact::sum(values.iter().copied());
            values.iter_mut().for_each(|e| *e /= sum);
        });
        Some(Exact { values })
    }

    /// Interval arithmetic through the operations (see [`bound`]), with `u` = 2^-23:
    /// the difference `d` from the maximum one rounding, `e = exp(d)` 3 + 2|d| ulp, their sum `s` in any order
    /// `gamma_(n-1) s`, the quotient 2.5 ulp. To first order the relative error of an element is
    /// `(|d| + 3 + 2|d|) u` of its own exponential, that of the sum's exponentials weighted by their shares,
    /// `(n - 1) u`, and 2.5 u. With our own exponential, [`poly::bound`] takes the place of 3 + 2|d| ulp, and in one pass
    /// [`poly::online_sum`] that of the sum. The sum is near 1 or above, within the domain of the division's limit.
    fn allowance(&self) -> Allowance {
        Allowance::Intervals(self.rows.filled(self.rows.cols, Interval::ANY, |row, intervals| {
            let exp = if self.method == Method::BuiltIn { bound::exp } else { poly::bound };
            let (max, exps) = bound::shifted_exps(row, exp);
            let sum = if self.method == Method::Online {
                poly::online_sum(row, max, self.rows.wg)
            } else {
                bound::sum(&exps)
            };
            if sum.lo <= 0.0 {
                return;
            }
            let inverse = Interval { lo: 1.0 / sum.hi, hi: 1.0 / sum.lo };
            for (to, e) in intervals.iter_mut().zip(exps) {
                *to = bound::rounded(bound::mul(e, inverse), 2.5);
            }
        }))
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let mut worst = 0.0f64;
        for row in 0..self.rows.rows as usize {
            let sum = exact::sum((0..self.rows.cols).map(|i| output.value(row * self.rows.cols + i)));
            worst = worst.max((sum - 1.0).abs());
        }
        vec![Observation::new("row_sum_error", worst, "the largest distance of a row's exact sum from 1")]
    }
}

fn softmax<A: Arith>(row: &[f32], wg: usize, out: &mut [f32], exp: impl Fn(f32) -> f32) {
    let max = rowwise::row_max::<A>(row);
    for (e, x) in out.iter_mut().zip(row) {
        *e = exp(A::sub(*x, max));
    }
    let sum = rowwise::tree_sum::<A>(out.iter().copied(), wg);
    for e in out {
        *e = A::div(*e, sum);
    }
}

/// In one pass. Fused: each product with a scale feeds its sum.
fn online<A: Arith>(row: &[f32], wg: usize, out: &mut [f32]) {
    let mut partial = vec![(A::flush(row[0]), 0.0f32); wg];
    for part in row.chunks(wg) {
        for ((largest, sum), x) in partial.iter_mut().zip(part) {
            let x = A::flush(*x);
            if x > *largest {
                *sum = A::mad(*sum, poly::exp::<A>(A::sub(*largest, x)), 1.0);
                *largest = x;
            } else {
                *sum = A::add(*sum, poly::exp::<A>(A::sub(x, *largest)));
            }
        }
    }
    let mut half = wg / 2;
    while half > 0 {
        for i in 0..half {
            let (a, b) = (partial[i], partial[i + half]);
            let (more, less) = if a.0 >= b.0 { (a, b) } else { (b, a) };
            partial[i] = (more.0, A::mad(less.1, poly::exp::<A>(A::sub(less.0, more.0)), more.1));
        }
        half /= 2;
    }
    let (largest, sum) = partial[0];
    for (y, x) in out.iter_mut().zip(row) {
        *y = A::div(poly::exp::<A>(A::sub(*x, largest)), sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rowwise::testing::{Directed, check_plans, check_twin, check_within};

    /// A driver that rounds everything one way, with the worst exponential that the specification allows, is within it.
    #[test]
    fn conformant_extremes_are_allowed() {
        fn extreme<const UP: bool>(shape: &str) {
            // Of rows with numbers far apart, nearly every quotient is 0.
            let share = if shape.contains("wide") { 0.0 } else { 1e-3 };
            for variant in ["rows", "poly", "online"] {
                let id = format!("softmax/{variant}?{shape}");
                let rows = Rows::of(&Case::parse(&id).unwrap()).unwrap();
                let problem = check_twin(&id);
                let mut out = vec![0.0; rows.input.len()];
                let wg = rows.wg as usize;
                for (row, out) in rows.each().zip(out.chunks_mut(rows.cols)) {
                    match variant {
                        "rows" => softmax::<Directed<UP>>(row, wg, out, Directed::<UP>::worst_exp),
                        "poly" => softmax::<Directed<UP>>(row, wg, out, poly::exp::<Directed<UP>>),
                        _ => online::<Directed<UP>>(row, wg, out),
                    }
                }
                check_within(&*problem, &out, share, &format!("{id} rounded {}", if UP { "up" } else { "down" }));
            }
        }
        for shape in ["rows=3&cols=7&wg=64", "rows=5&cols=1009&wg=32", "rows=4&cols=300&wg=1&dist=wide"] {
            extreme::<true>(shape);
            extreme::<false>(shape);
        }
    }

    #[test]
    fn plans_read_back_and_shaders_parse() {
        check_plans(&Softmax);
    }

    #[test]
    fn the_twin_is_within_what_is_allowed() {
        for shape in ["rows=1&cols=1&wg=1", "rows=3&cols=7&wg=64", "rows=5&cols=1009&wg=32", "rows=2&cols=4096&wg=256"]
        {
            for dist in ["normal", "wide", "positive"] {
                check_twin(&format!("softmax/rows?{shape}&dist={dist}"));
                check_twin(&format!("softmax/poly?{shape}&dist={dist}"));
                check_twin(&format!("softmax/online?{shape}&dist={dist}"));
            }
        }
    }

    /// The allowance is a few times the error of a mediocre implementation, and not more: at 1000 columns an error of
    /// 0.1 % is refused.
    #[test]
    fn the_allowance_refuses_a_wrong_answer() {
        for variant in ["rows", "poly", "online"] {
            let problem = check_twin(&format!("softmax/{variant}?rows=3&cols=1000"));
            let Allowance::Intervals(intervals) = problem.allowance() else { panic!("intervals") };
            for (interval, exact) in intervals.iter().zip(problem.exact().unwrap().values) {
                assert!(interval.allows(exact), "the truth is allowed");
                for wrong in [exact * 1.001, exact * 0.999, 0.0] {
                    assert!(!interval.allows(wrong), "{wrong:e} instead of {exact:e} is refused");
                }
            }
        }
    }
}
