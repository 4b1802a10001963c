//! The product of two matrices, in the orders and types in which GPUs compute it.

mod binary16;
mod element;
mod instructions;
mod plan;
#[cfg(target_arch = "x86_64")]
mod simd;
mod truth;
mod twin;

use std::marker::PhantomData;
use std::sync::{Arc, OnceLock};

use super::{
    Allowance, Buffer, Exact, Feature, Kernel, Observation, OutputView, Param, Pass, Problem, Profile, Program, Range,
    Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::inputs::Distribution;
use crate::with_arith;
use binary16::Binary16;
use element::Element;
pub use instructions::{Instructions, product};
use truth::{Inputs, Truth};
use twin::{Dot4, Factors, Micro, Serial, Vectorised, multiply};

/// See the module.
#[derive(Debug)]
pub struct Matmul;

const M: Param = Param::problem("m", "64", Range::Whole(1, 8192), "rows of the result");
const K: Param = Param::problem("k", "64", Range::Whole(1, 65536), "products in an element");
const N: Param = Param::problem("n", "64", Range::Whole(1, 8192), "columns of the result");
const DIST: Param = Param::problem("dist", "normal", Range::Words(&Distribution::NAMES), "distribution of the inputs");
const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the inputs");
const MAD: Param = Param::problem(
    "mad",
    "separate",
    Range::Words(&["separate", "fma"]),
    "how the shader spells it: separate (a*b+c) or fma",
);
const DTYPE: Param = Param::problem(
    "dtype",
    "f32",
    Range::Words(&["f32", "f16acc32", "f16", "bf16"]),
    "f32, f16acc32 (f16 storage, f32 sums), f16 or bf16 (f32 sums)",
);
const WG: Param =
    Param::config("wg", "64", Range::Words(&["64", "128", "256"]), "invocations in a workgroup: 8x8, 16x8 or 16x16");
const LANES: Param =
    Param::config("wg", "16", Range::Words(&["8", "16", "32", "64"]), "invocations in a workgroup, side by side");
const TILE: Param = Param::config("tile", "16", Range::Words(&["8", "16"]), "rows and columns of a tile");
const SPLIT: Param = Param::config("split", "4", Range::Whole(1, 64), "parts into which k is cut, at most k");
const BATCH: Param = Param::config(
    "batch",
    "1",
    Range::Whole(1, 64),
    "computes this many times m rows, the first m of which are the result",
);

static VARIANTS: &[Variant] = &[
    Variant {
        name: "naive",
        about: "One invocation per element, products added in order.",
        params: &[M, K, N, DIST, SEED, MAD, DTYPE, WG, BATCH],
    },
    Variant {
        name: "tiled",
        about: "Square tiles of both factors in workgroup memory, products added in order.",
        params: &[M, K, N, DIST, SEED, MAD, DTYPE, TILE, BATCH],
    },
    Variant {
        name: "register",
        about: "8 rows by 16 columns per invocation in registers, products added in order.",
        params: &[M, K, N, DIST, SEED, MAD, DTYPE, LANES, BATCH],
    },
    Variant {
        name: "splitk",
        about: "The inner dimension cut into parts that are summed apart and then added in order.",
        params: &[M, K, N, DIST, SEED, MAD, DTYPE, SPLIT],
    },
    Variant {
        name: "dot4",
        about: "Four products at a time through dot(), whose order of addition is the driver's.",
        params: &[M, K, N, DIST, SEED, DTYPE, WG],
    },
];

/// The most words that one factor or the result may take: 1 GiB.
const MOST: u64 = 1 << 28;

/// How the product is computed, with the configuration of each way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Schedule {
    Naive { wg: u32 },
    Tiled { tile: u32 },
    Register { wg: u32 },
    SplitK { split: u32 },
    Dot4 { wg: u32 },
}

impl Schedule {
    fn of(case: &Case) -> Result<Self, CaseError> {
        Ok(match case.variant() {
            "naive" => Self::Naive { wg: case.count("wg")? },
            "tiled" => Self::Tiled { tile: case.count("tile")? },
            "register" => Self::Register { wg: case.count("wg")? },
            "splitk" => Self::SplitK { split: case.count("split")? },
            _ => Self::Dot4 { wg: case.count("wg")? },
        })
    }
}

impl Kernel for Matmul {
    fn name(&self) -> &'static str {
        "matmul"
    }

    fn about(&self) -> &'static str {
        "The product of two matrices: every linear layer, forward and backward."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        plan::cases(profile, seed)
    }

    /// Tiles, batches and one part of k leave the order of each sum as it is.
    fn algorithm(&self, case: &Case) -> String {
        let serial = matches!(case.variant(), "naive" | "tiled" | "register") || case.text("split") == "1";
        let problem = case.problem();
        match problem.split_once('?') {
            Some((_, parameters)) if serial => format!("matmul in order?{parameters}"),
            _ if case.variant() == "dot4" => problem,
            _ => case.to_string(),
        }
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let (m, n) = (case.count("m")?, case.count("n")?);
        let k = case.count("k")?;
        let batch = if case.text("batch").is_empty() { 1 } else { case.count("batch")? };
        let schedule = Schedule::of(case)?;
        if let Schedule::SplitK { split } = schedule
            && split > k
        {
            return Err(CaseError::new(format!("split={split} in '{case}': at most k={k} parts are wanted")));
        }
        let parts = if let Schedule::SplitK { split } = schedule { split } else { 1 };
        let rows = batch * m;
        for (what, size) in [
            ("A", u64::from(rows) * u64::from(k)),
            ("B", u64::from(k) * u64::from(n.next_multiple_of(4))),
            ("the result", u64::from(rows) * u64::from(n) * u64::from(parts)),
        ] {
            if size > MOST {
                return Err(CaseError::new(format!(
                    "{what} of '{case}' has {size} elements; at most {MOST} are wanted"
                )));
            }
        }
        let element = Element::of(case)?;
        let distribution = case.distribution()?;
        if element.is_half() && distribution == Distribution::Wide {
            return Err(CaseError::new(format!(
                "dist=wide in '{case}' goes beyond binary16's 65504; write dist=uniform, positive or normal"
            )));
        }
        let fma = !case.text("mad").is_empty() && case.word("mad")? == "fma";
        let seed = case.seed("seed")?;
        let draw = |stream, rows: u32, columns: u32| -> Vec<f32> {
            let mut values = distribution.draw(seed, stream, rows as usize * columns as usize);
            values.iter_mut().for_each(|x| *x = element.round(*x));
            values
        };
        // The rows of a larger batch are drawn after the first ones, which stay as they are.
        let (a, b) = (draw(0, rows, k), draw(1, k, n));
        let inputs = Inputs { sizes: [m, k, n], distribution, seed, stored: element };
        Ok(Box::new(Product { m, k, n, batch, schedule, element, fma, a, b, inputs, truth: OnceLock::new() }))
    }
}

struct Product {
    m: u32,
    k: u32,
    n: u32,
    batch: u32,
    schedule: Schedule,
    element: Element,
    fma: bool,
    /// `batch * m` rows of `k`, rounded to the stored type.
    a: Vec<f32>,
    /// `k` rows of `n`, rounded to the stored type.
    b: Vec<f32>,
    inputs: Inputs,
    truth: OnceLock<Arc<Truth>>,
}

impl Product {
    fn len(&self) -> usize {
        self.m as usize * self.n as usize
    }

    fn factors(&self) -> Factors<'_> {
        Factors { a: &self.a, b: &self.b, inner: self.k as usize, columns: self.n as usize }
    }

    fn truth(&self) -> &Truth {
        self.truth.get_or_init(|| Truth::shared(self.inputs, || Truth::of(self.factors(), self.m as usize)))
    }

    fn shader(&self) -> Shader {
        let (stored, acc) = self.element.wgsl();
        let shader = Shader::new(include_str!("../../../shaders/matmul.wgsl"))
            .define("ELEMENT", stored)
            .define("ACC", acc)
            .flag("F16", self.element.is_half())
            .flag("BF16", self.element == Element::Bf16)
            .flag("FMA", self.fma);
        let sides = |shader: Shader, wg: u32| {
            let (x, y) = sides(wg);
            shader.define("WX", x).define("WY", y)
        };
        match self.schedule {
            Schedule::Naive { wg } => sides(shader.flag("NAIVE", true), wg),
            Schedule::Tiled { tile } => shader.flag("TILED", true).define("TILE", tile).define("AREA", tile * tile),
            Schedule::Register { wg } => shader.flag("REGISTER", true).define("WG", wg),
            Schedule::SplitK { .. } => shader.flag("SPLITK", true),
            Schedule::Dot4 { wg } => sides(shader.flag("DOT4", true), wg),
        }
    }

    fn passes(&self) -> Vec<Pass> {
        let rows = self.batch * self.m;
        let pass = |entry: &'static str, width: u32, height: u32, depth| {
            Pass::new(entry, [self.n.div_ceil(width), rows.div_ceil(height), depth])
        };
        match self.schedule {
            Schedule::Naive { wg } => vec![pass("naive", sides(wg).0, sides(wg).1, 1)],
            Schedule::Tiled { tile } => vec![pass("tiled", tile, tile, 1)],
            Schedule::Register { wg } => vec![pass("blocked", 16 * wg, 8, 1)],
            Schedule::SplitK { split } => vec![pass("partials", 8, 8, split), pass("combine", 8, 8, 1)],
            Schedule::Dot4 { wg } => vec![pass("dot4", sides(wg).0, sides(wg).1, 1)],
        }
    }

    /// The sums in this arithmetic: where the shader has a multiply that feeds an addition, `A::mad`.
    fn sums<A: Arith>(&self, threads: usize) -> Vec<f32> {
        let mut c = vec![0.0f32; self.len()];
        match self.schedule {
            Schedule::Naive { .. } | Schedule::Tiled { .. } | Schedule::Register { .. } => {
                self.serial::<A>(0..self.k, &mut c, threads);
            }
            Schedule::SplitK { split } => {
                let mut part = vec![0.0f32; c.len()];
                for i in 0..split {
                    let range = i * self.k / split..(i + 1) * self.k / split;
                    if i == 0 {
                        self.serial::<A>(range, &mut c, threads);
                        continue;
                    }
                    self.serial::<A>(range, &mut part, threads);
                    for (sum, part) in c.iter_mut().zip(&part) {
                        *sum = A::add(*sum, *part);
                    }
                }
            }
            Schedule::Dot4 { .. } => self.run(Dot4::<A>(PhantomData), 0..self.k, &mut c, threads),
        }
        c
    }

    fn serial<A: Arith>(&self, range: std::ops::Range<u32>, c: &mut [f32], threads: usize) {
        if !A::FLUSH && self.element != Element::F16 {
            let range = range.start as usize..range.end as usize;
            let multiply = if A::FUSED { Instructions::multiply::<true> } else { Instructions::multiply::<false> };
            Instructions::ALL.into_iter().find(|i| multiply(*i, self.factors(), range.clone(), c, threads));
            return;
        }
        self.run(Serial::<A>(PhantomData), range, c, threads);
    }

    fn run(&self, micro: impl Micro, range: std::ops::Range<u32>, c: &mut [f32], threads: usize) {
        multiply(Vectorised(micro), self.factors(), range.start as usize..range.end as usize, c, threads);
    }
}

/// The sides of a two-dimensional workgroup of 64, 128 or 256 invocations.
fn sides(wg: u32) -> (u32, u32) {
    match wg {
        64 => (8, 8),
        128 => (16, 8),
        _ => (16, 16),
    }
}

impl Problem for Product {
    fn shape(&self) -> (Dtype, usize) {
        (self.element.output(), self.len())
    }

    fn iterations(&self) -> u64 {
        let k = u64::from(self.k);
        match self.schedule {
            Schedule::Naive { .. } | Schedule::Register { .. } => k,
            Schedule::Tiled { tile } => k + k.div_ceil(tile.into()),
            Schedule::SplitK { split } => k.div_ceil(split.into()) + 1 + u64::from(split),
            Schedule::Dot4 { .. } => k / 4 + 4,
        }
    }

    fn program(&self) -> Option<Program> {
        let rows = self.batch * self.m;
        let quads = self.n.div_ceil(4);
        let parts = if let Schedule::SplitK { split } = self.schedule { split } else { 1 };
        let b = if matches!(self.schedule, Schedule::Register { .. }) && !self.n.is_multiple_of(4) {
            let (n, wide) = (self.n as usize, 4 * quads as usize);
            let mut padded = vec![0.0; self.k as usize * wide];
            for (to, from) in padded.chunks_mut(wide).zip(self.b.chunks(n)) {
                to[..n].copy_from_slice(from);
            }
            // A column of zeros gives a column of its own, which is not stored.
            self.element.buffer(&padded)
        } else {
            self.element.buffer(&self.b)
        };
        let per_word = self.element.output().per_word();
        let words = |elements: u32| Buffer::Output((elements as usize).div_ceil(per_word));
        let mut buffers = vec![
            Buffer::Input(vec![rows, self.k, self.n, quads, parts]),
            self.element.buffer(&self.a),
            b,
            words(rows * self.n),
        ];
        if let Schedule::SplitK { split } = self.schedule {
            buffers.push(words(rows * self.n * split));
        }
        Some(
            Program::new(
                self.shader().source(),
                buffers,
                self.passes(),
                OutputView::whole(3, self.element.output(), self.len()),
            )
            .needing(if self.element.is_half() { vec![Feature::ShaderF16] } else { vec![] })
            .writing_first(),
        )
    }

    fn operation(&self) -> Option<Operation> {
        let plain = matches!(self.schedule, Schedule::Naive { .. }) && !self.fma && self.batch == 1;
        let tensor = |rows, columns, values: &[f32]| {
            let shape = [rows, columns].map(|n: u32| n as usize).to_vec();
            Tensor { shape, bits: self.element.bits(values.to_vec()) }
        };
        // The other types are stored in one and added in another, for which there is no plain name.
        (plain && matches!(self.element, Element::F32 | Element::F16)).then(|| {
            Operation::new("matmul", [("a", tensor(self.m, self.k, &self.a)), ("b", tensor(self.k, self.n, &self.b))])
        })
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        match self.element {
            Element::F32 | Element::F16 if self.fma => &Arithmetic::EXPANSION,
            Element::F32 | Element::F16 => &Arithmetic::CONTRACTION,
            // The product of two binary16 or bfloat16 numbers is exact in binary32, so that fusing changes nothing.
            Element::F16Acc32 | Element::Bf16 => &[Arithmetic::STRICT, Arithmetic::FLUSH],
        }
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        if self.element == Element::F16Acc32 && arithmetic.flush {
            // Operands below binary16's normal numbers are flushed where they are converted; a sum of their products
            // is a multiple of 2^-48 and never subnormal in binary32.
            let flushed = |values: &[f32]| values.iter().map(|x| binary16::flush(*x)).collect();
            let other = Self { a: flushed(&self.a), b: flushed(&self.b), truth: OnceLock::new(), ..*self };
            return Some(other.element.bits(other.sums::<crate::numerics::arith::Ieee<false, false>>(threads)));
        }
        // Every product of this shader is then in an `fma`.
        let arithmetic = if self.fma { arithmetic.of_fma() } else { arithmetic };
        let sums = with_arith!(arithmetic, A => match self.element {
            Element::F16 => self.sums::<Binary16<A>>(threads),
            Element::F32 | Element::F16Acc32 | Element::Bf16 => self.sums::<A>(threads),
        });
        Some(self.element.bits(sums))
    }

    fn exact(&self) -> Option<Exact> {
        Some(Exact { values: self.truth().0.iter().map(|e| e.exact).collect() })
    }

    fn allowance(&self) -> Allowance {
        Allowance::Intervals(truth::allowance(self.element, self.factors(), self.m as usize, self.truth()))
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let truth = self.truth();
        let unit = self.element.accumulator().0 / 2.0;
        let worst = (0..output.len)
            .zip(&truth.0)
            .map(|(i, e)| (output.value(i) - e.exact).abs() / e.magnitude)
            .filter(|e| e.is_finite())
            .fold(0.0, f64::max);
        vec![Observation::new(
            "backward_error",
            worst / unit,
            "the largest error over the sum of the products' magnitudes, in roundings to nearest",
        )]
    }
}

#[cfg(test)]
mod tests;
