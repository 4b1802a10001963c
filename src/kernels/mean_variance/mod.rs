//! Mean and variance, whose textbook formula cancels where the mean is far from zero.

mod bounds;

use super::sum::{shape, twin, workgroup};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Range, Shader,
    Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::inputs::Distribution;
use crate::numerics::threads;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct MeanVariance;

const N: Param = Param::problem("n", "4096", Range::Whole(1, 1 << 24), "numbers in a row");
const ROWS: Param = Param::problem("rows", "16", Range::Whole(1, 4096), "independent rows; n * rows up to 2^26");
const DIST: Param = Param::problem("dist", "normal", Range::Words(&Distribution::NAMES), "distribution of the inputs");
const SHIFT: Param = Param::problem("shift", "0", Range::Whole(0, 1_000_000), "added to every number");
const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the inputs");
const WG: Param = Param::config("wg", "256", Range::Power(1, 1024), "invocations in a workgroup");
const PARAMS: &[Param] = &[N, ROWS, DIST, SHIFT, SEED, WG];

static VARIANTS: &[Variant] = &[
    Variant {
        name: "one_pass",
        about: "Sums of x and of x*x, then E[x*x] - E[x]*E[x]: cancels where the mean is far from zero.",
        params: PARAMS,
    },
    Variant { name: "two_pass", about: "The mean first, then the sum of squared distances from it.", params: PARAMS },
    Variant {
        name: "welford",
        about: "Running mean and squared distances, parts combined as Chan, Golub and LeVeque do.",
        params: PARAMS,
    },
];

impl Kernel for MeanVariance {
    fn name(&self) -> &'static str {
        "mean_variance"
    }

    fn about(&self) -> &'static str {
        "Mean and variance: batch and layer normalisation."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let n = profile.pick(1 << 12, 1 << 16, 1 << 20);
        let mut cases = Vec::new();
        for variant in VARIANTS {
            let case = Case::of("mean_variance", variant).with("seed", seed).with("n", n);
            let sizes: &[u32] = profile.pick(&[64, 128], &[64, 256], &[64, 256, 1024]);
            cases.extend(sizes.iter().map(|wg| case.clone().with("wg", wg)));
            cases.push(case.clone().with("shift", 1000).with("wg", 64));
            cases.push(case.with("n", n - 3).with("shift", 10).with("wg", 64));
        }
        cases
    }

    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let (n, rows) = shape(case)?;
        let wg = workgroup(case)?;
        let method = match case.variant() {
            "one_pass" => Method::OnePass,
            "two_pass" => Method::TwoPass,
            _ => Method::Welford,
        };
        let shift = f64::from(case.count("shift")?);
        let mut input = case.distribution()?.draw(case.seed("seed")?, 0, n * rows);
        input.iter_mut().for_each(|x| *x = (f64::from(*x) + shift) as f32);
        Ok(Box::new(MeanVarianceProblem { method, input, n, rows, wg }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    OnePass,
    TwoPass,
    Welford,
}

struct MeanVarianceProblem {
    method: Method,
    input: Vec<f32>,
    n: usize,
    rows: usize,
    wg: usize,
}

/// A count of at most 2^24, which binary32 holds exactly.
#[expect(clippy::cast_precision_loss, reason = "at most 2^24")]
fn exact_count(n: usize) -> f32 {
    n as f32
}

/// `add(part, x)` for each invocation's strided part, then the tree.
fn strided_tree<A: Arith>(row: &[f32], wg: usize, add: impl Fn(f32, f32) -> f32) -> f32 {
    let mut parts = vec![0.0; wg];
    for line in row.chunks(wg) {
        for (part, x) in parts.iter_mut().zip(line) {
            *part = add(*part, *x);
        }
    }
    twin::tree::<A>(&mut parts)
}

/// The FUSED mode fuses `x*x` into its sum, and `mean*mean` into the subtraction.
fn one_pass<A: Arith>(row: &[f32], wg: usize) -> [f32; 2] {
    let count = exact_count(row.len());
    let mean = A::div(twin::serial_tree::<A>(row, wg), count);
    let squares = strided_tree::<A>(row, wg, |sum, x| A::mad(x, x, sum));
    [mean, A::mad(-mean, mean, A::div(squares, count))]
}

/// The FUSED mode fuses the square of a distance into its sum.
fn two_pass<A: Arith>(row: &[f32], wg: usize) -> [f32; 2] {
    let count = exact_count(row.len());
    let mean = A::div(twin::serial_tree::<A>(row, wg), count);
    let squares = strided_tree::<A>(row, wg, |sum, x| {
        let apart = A::sub(x, mean);
        A::mad(apart, apart, sum)
    });
    [mean, A::div(squares, count)]
}

/// The FUSED mode fuses, in a part, the product of the two distances into its sum; in the tree, the step of the mean
/// into the mean, and the last product into the sum of the two sums of squares.
fn welford<A: Arith>(row: &[f32], wg: usize) -> [f32; 2] {
    let mut parts = vec![[0.0f32; 3]; wg];
    for line in row.chunks(wg) {
        for ([count, mean, square], x) in parts.iter_mut().zip(line) {
            *count = A::add(*count, 1.0);
            let before = A::sub(*x, *mean);
            *mean = A::add(*mean, A::div(before, *count));
            *square = A::mad(before, A::sub(*x, *mean), *square);
        }
    }
    let mut half = wg / 2;
    while half > 0 {
        for i in 0..half {
            let ([left, mean, square], [right, other_mean, other_square]) = (parts[i], parts[i + half]);
            if right > 0.0 {
                let both = A::add(left, right);
                let apart = A::sub(other_mean, mean);
                let weight = A::div(A::mul(left, right), both);
                parts[i] = [
                    both,
                    A::mad(apart, A::div(right, both), mean),
                    A::mad(A::mul(apart, apart), weight, A::add(square, other_square)),
                ];
            }
        }
        half /= 2;
    }
    let [count, mean, square] = parts[0];
    [mean, A::div(square, count)]
}

impl MeanVarianceProblem {
    fn row(&self, index: usize) -> &[f32] {
        &self.input[index * self.n..(index + 1) * self.n]
    }
}

impl Problem for MeanVarianceProblem {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, 2 * self.rows)
    }

    fn iterations(&self) -> u64 {
        2 * self.n.div_ceil(self.wg) as u64 + 20
    }

    #[expect(clippy::cast_possible_truncation, reason = "n is at most 2^24 and rows 4096")]
    fn program(&self) -> Option<Program> {
        let shader = Shader::new(include_str!("../../../shaders/mean_variance.wgsl"))
            .define("WG", self.wg)
            .flag("WELFORD", self.method == Method::Welford)
            .flag("ONE_PASS", self.method == Method::OnePass);
        Some(
            Program::new(
                shader.source(),
                vec![Buffer::floats(&self.input), Buffer::Input(vec![self.n as u32]), Buffer::Output(2 * self.rows)],
                vec![Pass::new("main", [self.rows as u32, 1, 1])],
                OutputView::whole(2, Dtype::F32, 2 * self.rows),
            )
            .writing_first(),
        )
    }

    fn operation(&self) -> Option<Operation> {
        let input = Tensor::floats(&[self.rows, self.n], &self.input);
        (self.method == Method::TwoPass).then(|| Operation::new("mean_variance", [("x", input)]))
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut out = vec![0.0f32; 2 * self.rows];
        threads::rows(&mut out, 2, threads, |index, pair| {
            let row = self.row(index);
            let found = with_arith!(arithmetic, A => match self.method {
                Method::OnePass => one_pass::<A>(row, self.wg),
                Method::TwoPass => two_pass::<A>(row, self.wg),
                Method::Welford => welford::<A>(row, self.wg),
            });
            pair.copy_from_slice(&found);
        });
        Some(Bits::f32(&out))
    }

    fn exact(&self) -> Option<Exact> {
        let values = threads::filled(self.rows, 2, 0.0, |index, out| {
            let found = bounds::Moments::of(self.row(index));
            out.copy_from_slice(&[found.mean, found.variance]);
        });
        Some(Exact { values })
    }

    fn allowance(&self) -> Allowance {
        let intervals = |row: &[f32]| match self.method {
            Method::OnePass => bounds::one_pass(row, self.wg),
            Method::TwoPass => bounds::two_pass(row, self.wg),
            Method::Welford => bounds::welford(row, self.wg),
        };
        Allowance::Intervals(threads::filled(self.rows, 2, Interval::ANY, |index, out| {
            out.copy_from_slice(&intervals(self.row(index)));
        }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::numerics::drift;

    #[test]
    fn twins_are_within_the_allowance_in_every_arithmetic() {
        for variant in ["one_pass", "two_pass", "welford"] {
            for n in [1, 2, 3, 61, 256, 1021, 4096] {
                for (dist, shift) in [("normal", 0), ("normal", 1000), ("wide", 0), ("positive", 100_000)] {
                    let id = format!("mean_variance/{variant}?n={n}&rows=3&wg=64&dist={dist}&shift={shift}");
                    let problem = kernels::problem(&Case::parse(&id).unwrap()).unwrap();
                    for arithmetic in Arithmetic::CONTRACTION {
                        let twin = problem.twin(arithmetic, 2).unwrap();
                        let found = drift::accuracy(&twin, problem.exact().as_ref(), &problem.allowance(), None);
                        let name = arithmetic.name();
                        assert_eq!((found.outside, found.unconstrained), (0, 0), "{id} {name}: {found:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn the_allowance_tells_the_methods_apart() {
        // With a mean of 1000 and a deviation of 1, one pass may lose the variance; the others may not.
        let width = |variant: &str| {
            let id = format!("mean_variance/{variant}?n=1024&rows=1&wg=64&shift=1000");
            let problem = kernels::problem(&Case::parse(&id).unwrap()).unwrap();
            let Allowance::Intervals(found) = problem.allowance() else { panic!("intervals") };
            assert!(found[0].allows(problem.exact().unwrap().values[0]), "{id}: the true mean");
            assert!(found[1].allows(problem.exact().unwrap().values[1]), "{id}: the true variance");
            found[1].hi - found[1].lo
        };
        let (one, two, welford) = (width("one_pass"), width("two_pass"), width("welford"));
        assert!(one > 1.0, "one pass: {one}");
        assert!(two < 1e-3, "two passes: {two}");
        assert!(welford < 0.1, "welford: {welford}");
    }

    #[test]
    fn a_small_row_is_what_it_should_be() {
        // 1, 2, 3, 6: mean 3, variance 3.5, all exact in binary32 by every method.
        type S = crate::numerics::arith::Ieee<false, false>;
        let row = [1.0f32, 2.0, 3.0, 6.0];
        for wg in [1, 2, 4] {
            assert_eq!(one_pass::<S>(&row, wg), [3.0, 3.5], "one pass, {wg}");
            assert_eq!(two_pass::<S>(&row, wg), [3.0, 3.5], "two passes, {wg}");
            assert_eq!(welford::<S>(&row, wg), [3.0, 3.5], "welford, {wg}");
        }
        let moments = bounds::Moments::of(&row);
        assert_eq!((moments.mean, moments.variance), (3.0, 3.5), "exact");
    }

    #[test]
    fn planned_cases_read_back_and_their_shaders_parse() {
        for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
            for case in MeanVariance.plan(profile, 7) {
                assert_eq!(Case::parse(&case.to_string()).as_ref(), Ok(&case), "reads back");
                let program = kernels::problem(&case.clone().with("n", 5).with("rows", 2)).unwrap().program().unwrap();
                naga::front::wgsl::parse_str(&program.source).unwrap_or_else(|e| panic!("{e}"));
            }
        }
    }
}
