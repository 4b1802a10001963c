//! The sum of many numbers, whose answer depends on the order of the additions.

use super::{
    Allowance, Buffer, Exact, Interval, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Shader, Variant,
};
use crate::arith::{Arith, Arithmetic};
use crate::bits::{Bits, Dtype};
use crate::case::{Case, CaseError};
use crate::inputs::Distribution;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct Sum;

const N: Param = Param::problem("n", "65536", "how many numbers, 1 to 2^26");
const DIST: Param = Param::problem("dist", "normal", "uniform, positive, normal or wide");
const SEED: Param = Param::problem("seed", "7", "seed of the inputs");
const WG: Param = Param::config("wg", "256", "invocations in a workgroup, a power of two up to 1024");

static VARIANTS: &[Variant] = &[Variant {
    name: "tree",
    about: "One workgroup: each invocation adds a strided part, then a tree in workgroup memory.",
    params: &[N, DIST, SEED, WG],
}];

impl Kernel for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn about(&self) -> &'static str {
        "The sum of many numbers: losses, norms, gradients of biases."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let n = profile.pick(1 << 16, 1 << 20, 1 << 24);
        [64, 128, 256]
            .into_iter()
            .map(|wg| Case::of("sum", &VARIANTS[0]).with("n", n).with("seed", seed).with("wg", wg))
            .collect()
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let n = case.count("n", 1..=1 << 26)?;
        let wg = case.count("wg", 1..=1024)?;
        if !wg.is_power_of_two() {
            return Err(CaseError::new(format!("wg={wg} in '{case}': a power of two is wanted")));
        }
        let input = Distribution::of(case)?.draw(case.seed("seed")?, 0, n as usize);
        Ok(Box::new(Tree { input, wg }))
    }
}

struct Tree {
    input: Vec<f32>,
    wg: u32,
}

impl Problem for Tree {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, 1)
    }

    fn program(&self) -> Option<Program> {
        Some(Program {
            source: Shader::new(include_str!("../../shaders/sum.wgsl")).define("WG", self.wg).source(),
            buffers: vec![Buffer::floats(&self.input), Buffer::Output(1)],
            passes: vec![Pass { entry: "main", groups: [1, 1, 1] }],
            output: OutputView { binding: 1, first_word: 0, dtype: Dtype::F32, len: 1 },
            features: vec![],
        })
    }

    fn twin(&self, arithmetic: Arithmetic, _threads: usize) -> Option<Bits> {
        let sum = with_arith!(arithmetic, A => tree::<A>(&self.input, self.wg as usize));
        Some(Bits::f32(&[sum]))
    }

    fn exact(&self) -> Option<Exact> {
        Some(Exact { values: vec![self.input.iter().map(|x| f64::from(*x)).sum()] })
    }

    fn allowance(&self) -> Allowance {
        let magnitude: f64 = self.input.iter().map(|x| f64::from(x.abs())).sum();
        let exact: f64 = self.input.iter().map(|x| f64::from(*x)).sum();
        Allowance::Intervals(vec![Interval::around(exact, magnitude * self.input.len() as f64 * f64::exp2(-23.0))])
    }
}

fn tree<A: Arith>(input: &[f32], wg: usize) -> f32 {
    let mut partial = vec![0.0f32; wg];
    for row in input.chunks(wg) {
        for (sum, x) in partial.iter_mut().zip(row) {
            *sum = A::add(*sum, *x);
        }
    }
    let mut half = wg / 2;
    while half > 0 {
        for i in 0..half {
            partial[i] = A::add(partial[i], partial[i + half]);
        }
        half /= 2;
    }
    partial[0]
}
