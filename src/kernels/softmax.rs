//! Softmax: exponentials, a sum whose order matters, and a division by it.

use super::rowwise::{self, COLS, DIST, ROWS, Rows, SEED, UNFUSED, WG, bound};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, Observation, OutputView, Pass, Problem, Profile, Program, Shader,
    Variant,
};
use crate::arith::{Arith, Arithmetic};
use crate::bits::{Bits, Dtype};
use crate::case::{Case, CaseError};
use crate::engines::cpu;
use crate::{exact, with_arith};

/// See the module.
#[derive(Debug)]
pub struct Softmax;

static VARIANTS: &[Variant] = &[Variant {
    name: "rows",
    about: "One workgroup a row: maximum, exponentials of the differences, their sum, quotients.",
    params: &[ROWS, COLS, DIST, SEED, WG],
}];

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
        rows_plan("softmax", &VARIANTS[0], profile, seed)
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        Ok(Box::new(RowsSoftmax(Rows::of(case)?)))
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
    shapes.iter().flat_map(|shape| sizes.iter().map(move |wg| case(shape, wg))).collect()
}

struct RowsSoftmax(Rows);

impl Problem for RowsSoftmax {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.0.input.len())
    }

    fn program(&self) -> Option<Program> {
        let len = self.0.input.len();
        Some(Program {
            source: Shader::new(include_str!("../../shaders/softmax.wgsl")).define("WG", self.0.wg).source(),
            buffers: vec![
                Buffer::Input(vec![u32::try_from(self.0.cols).unwrap_or(u32::MAX)]),
                Buffer::floats(&self.0.input),
                Buffer::Output(len),
            ],
            passes: vec![Pass { entry: "main", groups: [self.0.rows, 1, 1] }],
            output: OutputView { binding: 2, first_word: 0, dtype: Dtype::F32, len },
            features: vec![],
        })
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &UNFUSED
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut out = vec![0.0f32; self.0.input.len()];
        cpu::rows(&mut out, self.0.cols, threads, |row, out| {
            let input = &self.0.input[row * self.0.cols..][..self.0.cols];
            with_arith!(arithmetic, A => softmax::<A>(input, self.0.wg as usize, out));
        });
        Some(Bits::f32(&out))
    }

    fn exact(&self) -> Option<Exact> {
        let mut values = Vec::with_capacity(self.0.input.len());
        for row in self.0.each() {
            let max = f64::from(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
            let first = values.len();
            values.extend(row.iter().map(|x| libm::exp(f64::from(*x) - max)));
            let sum = exact::sum(values[first..].iter().copied());
            values[first..].iter_mut().for_each(|e| *e /= sum);
        }
        Some(Exact { values })
    }

    /// Interval arithmetic through the operations (see [`bound`]), with `u` = 2^-23:
    /// the difference `d` from the maximum one rounding, `e = exp(d)` 3 + 2|d| ulp, their sum `s` in any order
    /// `gamma_(n-1) s`, the quotient 2.5 ulp. To first order the relative error of an element is
    /// `(|d| + 3 + 2|d|) u` of its own exponential, that of the sum's exponentials weighted by their shares,
    /// `(n - 1) u`, and 2.5 u. The sum is near 1 or above, within the domain of the division's limit.
    fn allowance(&self) -> Allowance {
        let mut intervals = Vec::with_capacity(self.0.input.len());
        for row in self.0.each() {
            let (_, exps) = bound::shifted_exps(row);
            let sum = bound::sum(&exps);
            intervals.extend(exps.iter().map(|e| {
                if sum.lo <= 0.0 {
                    return Interval::ANY;
                }
                let inverse = Interval { lo: 1.0 / sum.hi, hi: 1.0 / sum.lo };
                bound::rounded(bound::mul(*e, inverse), 2.5)
            }));
        }
        Allowance::Intervals(intervals)
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let mut worst = 0.0f64;
        for row in 0..self.0.rows as usize {
            let sum = exact::sum((0..self.0.cols).map(|i| output.value(row * self.0.cols + i)));
            worst = worst.max((sum - 1.0).abs());
        }
        vec![Observation::new("row_sum_error", worst, "the largest distance of a row's exact sum from 1")]
    }
}

fn softmax<A: Arith>(row: &[f32], wg: usize, out: &mut [f32]) {
    let max = rowwise::row_max::<A>(row);
    for (e, x) in out.iter_mut().zip(row) {
        *e = rowwise::exp::<A>(A::sub(*x, max));
    }
    let sum = rowwise::tree_sum::<A>(out.iter().copied(), wg);
    for e in out {
        *e = A::div(*e, sum);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rowwise::testing::{check_plans, check_twin};

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
            }
        }
    }

    /// The allowance is a few times the error of a mediocre implementation, and not more: at 1000 columns an error of
    /// 0.1 % is refused.
    #[test]
    fn the_allowance_refuses_a_wrong_answer() {
        let problem = check_twin("softmax/rows?rows=3&cols=1000");
        let Allowance::Intervals(intervals) = problem.allowance() else { panic!("intervals") };
        for (interval, exact) in intervals.iter().zip(problem.exact().unwrap().values) {
            assert!(interval.allows(exact), "the truth is allowed");
            for wrong in [exact * 1.001, exact * 0.999, 0.0] {
                assert!(!interval.allows(wrong), "{wrong:e} instead of {exact:e} is refused");
            }
        }
    }
}
