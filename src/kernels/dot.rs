//! The dot product: a sum of products, in which a multiply feeds every add and may be fused with it.

use super::sum::{bounds, shape, twin, workgroup};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Range, Shader,
    Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::{Arith, Arithmetic, Ieee};
use crate::numerics::exact::DoubleDouble;
use crate::numerics::inputs::Distribution;
use crate::numerics::threads;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct Dot;

const N: Param = Param::problem("n", "4096", Range::Whole(1, 1 << 26), "products in a row");
const ROWS: Param =
    Param::problem("rows", "16", Range::Whole(1, 4096), "independent dot products; n * rows up to 2^26");
const DIST: Param = Param::problem("dist", "normal", Range::Words(&Distribution::NAMES), "distribution of the inputs");
const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the inputs");
const WG: Param = Param::config("wg", "256", Range::Power(1, 1024), "invocations in a workgroup");

static VARIANTS: &[Variant] = &[
    Variant {
        name: "separate",
        about: "Strided parts of acc + a*b, then a tree; a driver may fuse the two.",
        params: &[N, ROWS, DIST, SEED, WG],
    },
    Variant {
        name: "fma",
        about: "Strided parts of fma(a, b, acc), then a tree; a driver may separate it.",
        params: &[N, ROWS, DIST, SEED, WG],
    },
    Variant {
        name: "threads_chunked",
        about: "The CPU's threads, one chunk each, as ordinary libraries split: the answer depends on their number.",
        params: &[N, ROWS, DIST, SEED],
    },
    Variant {
        name: "threads_fixed",
        about: "The CPU's threads over chunks of a fixed length: the answer does not depend on their number.",
        params: &[N, ROWS, DIST, SEED],
    },
];

impl Kernel for Dot {
    fn name(&self) -> &'static str {
        "dot"
    }

    fn about(&self) -> &'static str {
        "The dot product: every element of a matrix product, attention scores, gradient norms."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let n = profile.pick(1 << 12, 1 << 16, 1 << 20);
        let mut cases = Vec::new();
        for variant in VARIANTS {
            let case = Case::of("dot", variant).with("seed", seed).with("n", n);
            if variant.name.starts_with("threads") {
                cases.push(case.with("n", 16 * n));
                continue;
            }
            let sizes: &[u32] = profile.pick(&[64, 128], &[32, 64, 128, 256], &[64, 256, 1024]);
            cases.extend(sizes.iter().map(|wg| case.clone().with("wg", wg)));
            cases.push(case.with("dist", "wide").with("wg", 64));
        }
        // The chunks' cases are CPU work: sixteen times as many numbers in one row each.
        cases.into_iter().map(|c| if c.text("wg").is_empty() { c.with("rows", 1) } else { c }).collect()
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let (n, rows) = shape(case)?;
        let mode = match case.variant() {
            "separate" => Mode::Tree { fma: false },
            "fma" => Mode::Tree { fma: true },
            "threads_chunked" => Mode::Chunked,
            _ => Mode::Fixed,
        };
        let wg = if matches!(mode, Mode::Tree { .. }) { workgroup(case)? } else { 1 };
        let (dist, seed) = (case.distribution()?, case.seed("seed")?);
        let (left, right) = (dist.draw(seed, 0, n * rows), dist.draw(seed, 1, n * rows));
        Ok(Box::new(DotProblem { mode, left, right, n, rows, wg }))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Tree { fma: bool },
    Chunked,
    Fixed,
}

struct DotProblem {
    mode: Mode,
    left: Vec<f32>,
    right: Vec<f32>,
    n: usize,
    rows: usize,
    wg: usize,
}

/// Strided parts of `acc + a*b`, all advancing together, then the tree. The FUSED mode fuses every product with its
/// addition; the tree has no products.
fn tree_dot<A: Arith>(left: &[f32], right: &[f32], wg: usize) -> f32 {
    let mut parts = vec![0.0; wg];
    for (a, b) in left.chunks(wg).zip(right.chunks(wg)) {
        for ((part, a), b) in parts.iter_mut().zip(a).zip(b) {
            *part = A::mad(*a, *b, *part);
        }
    }
    twin::tree::<A>(&mut parts)
}

impl DotProblem {
    /// The two factors of a row.
    fn row(&self, index: usize) -> (&[f32], &[f32]) {
        let range = index * self.n..(index + 1) * self.n;
        (&self.left[range.clone()], &self.right[range])
    }

    fn each(&self, threads: usize, dot: impl Fn(&[f32], &[f32]) -> f32 + Sync) -> Bits {
        let mut out = vec![0.0f32; self.rows];
        threads::rows(&mut out, 1, threads, |row, slot| {
            let (left, right) = self.row(row);
            slot[0] = dot(left, right);
        });
        Bits::f32(&out)
    }

    fn split(&self, length: usize, threads: usize) -> Bits {
        type Strict = Ieee<false, false>;
        self.each(1, |left, right| {
            let serial = |range: std::ops::Range<usize>| {
                left[range.clone()].iter().zip(&right[range]).fold(0.0, |acc, (a, b)| Strict::mad(*a, *b, acc))
            };
            twin::serial::<Strict>(&twin::chunked(left.len(), length, threads, serial))
        })
    }
}

impl Problem for DotProblem {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.rows)
    }

    fn iterations(&self) -> u64 {
        match self.mode {
            // No shader: the CPU's threads compute it.
            Mode::Chunked | Mode::Fixed => 0,
            Mode::Tree { .. } => self.n.div_ceil(self.wg) as u64 + 10,
        }
    }

    fn operation(&self) -> Option<Operation> {
        let tensor = |values| Tensor::floats(&[self.rows, self.n], values);
        let named = self.mode == Mode::Tree { fma: false };
        named.then(|| Operation::new("dot", [("a", tensor(&self.left)), ("b", tensor(&self.right))]))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        match self.mode {
            Mode::Tree { fma: false } => &Arithmetic::CONTRACTION,
            Mode::Tree { fma: true } => &Arithmetic::EXPANSION,
            Mode::Chunked | Mode::Fixed => &[Arithmetic::STRICT],
        }
    }

    #[expect(clippy::cast_possible_truncation, reason = "n is at most 2^26 and rows 4096")]
    fn program(&self) -> Option<Program> {
        let Mode::Tree { fma } = self.mode else { return None };
        let shader = Shader::new(include_str!("../../shaders/dot.wgsl")).define("WG", self.wg).flag("FMA", fma);
        Some(
            Program::new(
                shader.source(),
                vec![
                    Buffer::floats(&self.left),
                    Buffer::floats(&self.right),
                    Buffer::Input(vec![self.n as u32]),
                    Buffer::Output(self.rows),
                ],
                vec![Pass::new("main", [self.rows as u32, 1, 1])],
                OutputView::whole(3, Dtype::F32, self.rows),
            )
            .writing_first(),
        )
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let arithmetic = if self.mode == (Mode::Tree { fma: true }) { arithmetic.of_fma() } else { arithmetic };
        Some(match self.mode {
            Mode::Tree { .. } => with_arith!(arithmetic, A => self.each(threads, |a, b| tree_dot::<A>(a, b, self.wg))),
            Mode::Chunked => self.split(twin::even_chunk(self.n, 1), threads),
            Mode::Fixed => self.split(twin::FIXED_CHUNK, threads),
        })
    }

    fn exact(&self) -> Option<Exact> {
        let values = threads::filled(self.rows, 1, 0.0, |index, out| {
            let (left, right) = self.row(index);
            let mut sum = DoubleDouble::default();
            left.iter().zip(right).for_each(|(a, b)| sum.add_product(*a, *b));
            out[0] = sum.value();
        });
        Some(Exact { values })
    }

    /// `gamma_d Σ|a b|` with one rounding for the product and one for each addition on its way: at most the part's
    /// length and the tree's levels (Higham, section 3.1). A flush changes a product or an addition by less than the
    /// smallest normal number, and flushing a factor changes the product by that times the other factor.
    fn allowance(&self) -> Allowance {
        let depth = match self.mode {
            Mode::Tree { .. } => self.n.div_ceil(self.wg) + bounds::levels(self.wg) + 1,
            Mode::Chunked | Mode::Fixed => self.n + 1,
        };
        let exact = self.exact().map_or(Vec::new(), |e| e.values);
        Allowance::Intervals(threads::filled(self.rows, 1, Interval::ANY, |index, out| {
            let ((left, right), sum) = (self.row(index), exact[index]);
            let pairs = || left.iter().zip(right);
            let magnitude = crate::numerics::exact::sum(pairs().map(|(a, b)| (f64::from(*a) * f64::from(*b)).abs()));
            // `within` counts six smallest normals a term; factors beyond one can magnify a flushed factor.
            let factors = crate::numerics::exact::sum(pairs().map(|(a, b)| f64::from(a.abs()) + f64::from(b.abs())));
            let radius = bounds::gamma32(depth) * magnitude + 2.0 * crate::numerics::spec::TINY32 * factors;
            out[0] = bounds::Row { sum, magnitude, n: self.n }.within(radius);
        }))
    }

    fn threaded(&self, threads: usize) -> Option<Bits> {
        match self.mode {
            Mode::Tree { .. } => None,
            Mode::Chunked => Some(self.split(twin::even_chunk(self.n, threads), threads)),
            Mode::Fixed => Some(self.split(twin::FIXED_CHUNK, threads)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::numerics::drift;
    use crate::numerics::inputs::Distribution;

    #[test]
    fn twins_are_within_the_allowance_in_every_arithmetic() {
        for variant in ["separate", "fma"] {
            for n in [1, 3, 61, 256, 1021] {
                for dist in Distribution::NAMES {
                    let case = Case::parse(&format!("dot/{variant}?n={n}&rows=3&wg=64&dist={dist}")).unwrap();
                    let problem = kernels::problem(&case).unwrap();
                    for arithmetic in problem.arithmetics() {
                        let twin = problem.twin(*arithmetic, 2).unwrap();
                        let found = drift::accuracy(&twin, problem.exact().as_ref(), &problem.allowance(), None);
                        assert_eq!((found.outside, found.unconstrained), (0, 0), "{case} {}", arithmetic.name());
                    }
                }
            }
        }
    }

    #[test]
    fn the_published_vectors_give_three_answers_in_three_arithmetics() {
        // Whitehead and Fit-Florea, "Precision and performance: floating point and IEEE 754 compliance for NVIDIA
        // GPUs" (2011): their vectors as printed, with the results recomputed from the printed decimals.
        let a = [1.907_607f32, -0.786_202_7, 1.147_311, 0.960_400_2];
        let b = [-0.935_5f32, -0.691_510_8, 1.724_47, -0.709_752_9];
        assert_eq!(tree_dot::<Ieee<false, false>>(&a, &b, 1).to_bits(), 0x3D65_33F0, "serial");
        assert_eq!(tree_dot::<Ieee<true, false>>(&a, &b, 1).to_bits(), 0x3D65_33F6, "serial, fused");
        let products: Vec<f32> = a.iter().zip(&b).map(|(a, b)| a * b).collect();
        assert_eq!(twin::pairwise::<Ieee<false, false>>(&products).to_bits(), 0x3D65_33E0, "pairwise");
    }

    #[test]
    fn an_explicit_fma_is_one_rounding_and_split_it_is_the_separate_one() {
        let twins = |variant: &str| {
            let problem = kernels::problem(&Case::parse(&format!("dot/{variant}?n=999")).unwrap()).unwrap();
            problem.arithmetics().iter().map(|a| problem.twin(*a, 1).unwrap()).collect::<Vec<_>>()
        };
        let (separate, fma) = (twins("separate"), twins("fma"));
        assert_eq!((&fma[0], &fma[1]), (&separate[1], &separate[0]), "strict is fused, split is separate");
        assert_ne!(fma[0], fma[1], "the case tells them apart");
    }

    #[test]
    fn threads_change_the_chunked_split_only() {
        let problem = |id: &str| kernels::problem(&Case::parse(id).unwrap()).unwrap();
        let fixed = problem("dot/threads_fixed?n=50021&rows=4");
        let chunked = problem("dot/threads_chunked?n=50021&rows=4");
        assert_eq!(fixed.threaded(1), fixed.threaded(5), "a fixed split");
        assert_ne!(chunked.threaded(1), chunked.threaded(5), "a split by threads");
        assert_eq!(chunked.threaded(1), chunked.twin(Arithmetic::STRICT, 3), "the twin is one thread's");
    }

    #[test]
    fn planned_cases_read_back_and_their_shaders_parse() {
        for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
            for case in Dot.plan(profile, 7) {
                assert_eq!(Case::parse(&case.to_string()).as_ref(), Ok(&case), "reads back");
                if let Some(program) = kernels::problem(&case.clone().with("n", 5).with("rows", 2)).unwrap().program() {
                    naga::front::wgsl::parse_str(&program.source).unwrap_or_else(|e| panic!("{e}"));
                }
            }
        }
    }
}
