//! The logarithm of a sum of exponentials: the normaliser of cross-entropy losses and of attention.

use super::rowwise::{self, COLS, DIST, ROWS, Rows, SEED, UNFUSED, WG, bound};
use super::softmax::rows_plan;
use super::{Allowance, Buffer, Exact, Interval, Kernel, OutputView, Pass, Problem, Profile, Program, Shader, Variant};
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
pub struct LogSumExp;

static VARIANTS: &[Variant] = &[Variant {
    name: "rows",
    about: "One workgroup per row: maximum, sum of exponentials of the differences, maximum plus logarithm.",
    params: &[ROWS, COLS, DIST, SEED, WG],
}];

impl Kernel for LogSumExp {
    fn name(&self) -> &'static str {
        "logsumexp"
    }

    fn about(&self) -> &'static str {
        "The logarithm of the sum of exponentials of rows: cross-entropy, attention."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        rows_plan("logsumexp", &VARIANTS[0], profile, seed)
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        Ok(Box::new(RowsLogSumExp(Rows::of(case)?)))
    }
}

struct RowsLogSumExp(Rows);

impl Problem for RowsLogSumExp {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.0.rows as usize)
    }

    fn iterations(&self) -> u64 {
        self.0.iterations()
    }

    fn program(&self) -> Option<Program> {
        let len = self.0.rows as usize;
        Some(
            Program::new(
                Shader::new(include_str!("../../shaders/logsumexp.wgsl")).define("WG", self.0.wg).source(),
                vec![
                    Buffer::Input(vec![u32::try_from(self.0.cols).unwrap_or(u32::MAX)]),
                    Buffer::floats(&self.0.input),
                    Buffer::Output(len),
                ],
                vec![Pass::new("main", [self.0.rows, 1, 1])],
                OutputView::whole(2, Dtype::F32, len),
            )
            .writing_first(),
        )
    }

    fn operation(&self) -> Option<Operation> {
        let input = Tensor::floats(&[self.0.rows as usize, self.0.cols], &self.0.input);
        Some(Operation::new("logsumexp", [("x", input)]))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &UNFUSED
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut out = vec![0.0f32; self.0.rows as usize];
        threads::rows(&mut out, 1, threads, |row, out| {
            let input = &self.0.input[row * self.0.cols..][..self.0.cols];
            let wg = self.0.wg as usize;
            out[0] = with_arith!(arithmetic, A => log_sum_exp::<A>(input, wg, rowwise::exp::<A>, rowwise::log::<A>));
        });
        Some(Bits::f32(&out))
    }

    fn exact(&self) -> Option<Exact> {
        let one = |row: &[f32]| {
            let max = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            max + elementary::log(exact::sum(row.iter().map(|x| elementary::exp(f64::from(*x) - max))))
        };
        Some(Exact { values: self.0.filled(1, 0.0, |row, out| out[0] = one(row)) })
    }

    /// Interval arithmetic through the operations (see [`bound`]), with `u` = 2^-23: the sum of exponentials as in
    /// softmax; its logarithm 2^-21 where the sum may be in [0.5, 2] and 3 ulp where it may be outside; the last
    /// addition one rounding.
    fn allowance(&self) -> Allowance {
        let one = |row: &[f32]| {
            let (max, exps) = bound::shifted_exps(row, bound::exp);
            let sum = bound::sum(&exps);
            if sum.lo <= 0.0 {
                return Interval::ANY;
            }
            bound::rounded(bound::add(max, log(sum)), 1.0)
        };
        Allowance::Intervals(self.0.filled(1, Interval::ANY, |row, out| out[0] = one(row)))
    }
}

/// `log(x)` of a positive interval: an absolute error of 2^-21 on [0.5, 2], 3 ulp elsewhere.
fn log(x: Interval) -> Interval {
    let y = Interval { lo: elementary::log(x.lo), hi: elementary::log(x.hi) };
    let near_one = x.lo <= 2.0 && x.hi >= 0.5;
    let elsewhere = x.lo < 0.5 || x.hi > 2.0;
    let mut out = y;
    if near_one {
        out = out.join(Interval { lo: y.lo - f64::exp2(-21.0), hi: y.hi + f64::exp2(-21.0) });
    }
    if elsewhere {
        out = out.join(bound::rounded(y, 3.0));
    }
    out
}

fn log_sum_exp<A: Arith>(row: &[f32], wg: usize, exp: impl Fn(f32) -> f32, log: impl Fn(f32) -> f32) -> f32 {
    let max = rowwise::row_max::<A>(row);
    let sum = rowwise::tree_sum::<A>(row.iter().map(|x| exp(A::sub(*x, max))), wg);
    A::add(max, log(sum))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rowwise::testing::{Directed, check_plans, check_twin, check_within};

    /// A driver that rounds everything one way, with the worst functions that the specification allows, is within it.
    #[test]
    fn conformant_extremes_are_allowed() {
        fn extreme<const UP: bool>(shape: &str) {
            let log = |x: f32| {
                let y = elementary::log(x.into());
                let error = if (0.5..=2.0).contains(&x) { f64::exp2(-21.0) * 0.9 } else { y.abs() * f64::exp2(-23.0) };
                #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
                let y = (if UP { y + error } else { y - error }) as f32;
                y
            };
            let id = format!("logsumexp/rows?{shape}");
            let rows = Rows::of(&Case::parse(&id).unwrap()).unwrap();
            let problem = check_twin(&id);
            let wg = rows.wg as usize;
            let got: Vec<_> =
                rows.each().map(|row| log_sum_exp::<Directed<UP>>(row, wg, Directed::<UP>::worst_exp, log)).collect();
            check_within(&*problem, &got, 1e-3, &format!("{id} rounded {}", if UP { "up" } else { "down" }));
        }
        for shape in ["rows=9&cols=1&wg=1", "rows=9&cols=2&wg=1", "rows=5&cols=1009&wg=32", "rows=4&cols=300&dist=wide"]
        {
            extreme::<true>(shape);
            extreme::<false>(shape);
        }
    }

    #[test]
    fn plans_read_back_and_shaders_parse() {
        check_plans(&LogSumExp);
    }

    #[test]
    fn the_twin_is_within_what_is_allowed() {
        for shape in ["rows=1&cols=1&wg=1", "rows=3&cols=7&wg=64", "rows=5&cols=1009&wg=32", "rows=2&cols=4096&wg=256"]
        {
            for dist in ["normal", "wide", "positive"] {
                check_twin(&format!("logsumexp/rows?{shape}&dist={dist}"));
            }
        }
    }

    #[test]
    fn the_allowance_refuses_a_wrong_answer() {
        let problem = check_twin("logsumexp/rows?rows=9&cols=1000");
        let Allowance::Intervals(intervals) = problem.allowance() else { panic!("intervals") };
        for (interval, exact) in intervals.iter().zip(problem.exact().unwrap().values) {
            assert!(interval.allows(exact), "the truth is allowed");
            assert!(!interval.allows(exact + 5e-4) && !interval.allows(exact - 5e-4), "5e-4 off is refused");
        }
    }
}
