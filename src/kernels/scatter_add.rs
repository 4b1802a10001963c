//! Rows added to the rows that an index names, as gradients to embeddings and messages to the nodes of a graph: by
//! atomics in whatever order they come, or sorted first.

use super::{
    Allowance, Buffer, Exact, Feature, Interval, Kernel, Observation, OutputView, Param, Pass, Problem, Profile,
    Program, Range, Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::kernels::rowwise::UNFUSED;
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::exact;
use crate::numerics::exact::DoubleDouble;
use crate::numerics::inputs::Distribution;
use crate::numerics::inputs::philox::Stream;
use crate::numerics::spec::{TINY32, U32, sum_error};
use crate::numerics::threads;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct ScatterAdd;

const N: Param = Param::problem("n", "1000", Range::Whole(1, 1 << 22), "rows of the output");
const WIDTH: Param = Param::problem("width", "1", Range::Whole(1, 4096), "columns; n*width up to 2^24");
const RATIO: Param = Param::problem("ratio", "1", Range::Decimal("(0, 1]"), "the part of the rows that is added to");
const HITS: Param = Param::problem("hits", "1", Range::Whole(1, 4096), "addend rows for each row that is added to");
const DIST: Param =
    Param::problem("dist", "positive", Range::Words(&Distribution::NAMES), "distribution of the inputs");
const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the numbers and of the index");
const WG: Param = Param::config("wg", "256", Range::Whole(1, 1024), "invocations in a workgroup");
const PARAMS: &[Param] = &[N, WIDTH, RATIO, HITS, DIST, SEED, WG];

static VARIANTS: &[Variant] = &[
    Variant {
        name: "atomic_cas",
        about: "A compare-and-swap loop for each addend: no order is defined.",
        params: PARAMS,
    },
    Variant {
        name: "atomic_float",
        about: "The adapter's own atomicAdd of binary32: no order is defined.",
        params: PARAMS,
    },
    Variant { name: "sorted", about: "Addends sorted by row, then added in the order of the input.", params: PARAMS },
];

impl Kernel for ScatterAdd {
    fn name(&self) -> &'static str {
        "scatter_add"
    }

    fn about(&self) -> &'static str {
        "Rows added to rows that an index names: gradients of embeddings, graph networks (index_add, scatter_reduce)."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    /// The shapes of the tables of Shanmugavelu et al., arXiv:2408.05148: `scatter_reduce` of vectors and `index_add` of
    /// square matrices, by ratio; and many addends to few rows, as gradients of frequent words.
    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        // (rows, columns, ratio, hits)
        type Shape = (u32, u32, &'static str, u32);
        let shapes: &[Shape] = profile.pick(
            &[(1000, 1, "0.5", 1), (10_000, 1, "1", 1), (100, 100, "0.5", 1), (64, 1, "1", 500)],
            &[
                (1000, 1, "0.5", 1),
                (1000, 1, "1", 1),
                (2000, 1, "0.5", 1),
                (5000, 1, "0.1", 1),
                (10_000, 1, "0.1", 1),
                (10_000, 1, "0.5", 1),
                (100, 100, "0.5", 1),
                (500, 500, "0.1", 1),
                (1000, 1000, "1", 1),
                (1000, 64, "1", 256),
            ],
            &[
                (10_000, 1, "0.5", 1),
                (1000, 1000, "0.5", 1),
                (1000, 1000, "1", 1),
                (50_257, 64, "1", 4),
                (1, 1, "1", 4096),
                (4096, 64, "1", 256),
            ],
        );
        let sizes: &[u32] = profile.pick(&[64, 128], &[64, 256], &[64, 256, 1024]);
        let mut cases = Vec::new();
        for variant in VARIANTS {
            for (n, width, ratio, hits) in shapes {
                for wg in sizes {
                    let case = Case::of("scatter_add", variant).with("n", n).with("width", width).with("ratio", ratio);
                    cases.push(case.with("hits", hits).with("seed", seed).with("wg", wg));
                }
            }
        }
        cases
    }

    #[expect(clippy::cast_possible_truncation, reason = "at most n")]
    #[expect(clippy::cast_sign_loss, reason = "the ratio is positive")]
    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let n = case.count("n")?;
        let width = case.count("width")?;
        let hits = case.count("hits")?;
        let wg = case.count("wg")?;
        let ratio = case.decimal("ratio")?;
        let targets = ((f64::from(n) * ratio) as u32).max(1);
        let addends = u64::from(targets) * u64::from(hits);
        let cells = |rows: u64| rows * u64::from(width);
        if cells(n.into()) > 1 << 24 || cells(addends) > 1 << 26 {
            let wanted = "n*width up to 2^24 and n*ratio*hits*width up to 2^26 are wanted";
            return Err(CaseError::new(format!("n={n}&width={width}&hits={hits} in '{case}': {wanted}")));
        }
        let seed = case.seed("seed")?;
        let (n, width, addends) = (n as usize, width as usize, addends as usize);
        let dist = case.distribution()?;
        let mut words = Stream::new(seed, 2);
        // The high word of the product: row `k` for words from `k * 2^32 / targets` on.
        let index: Vec<u32> =
            (0..addends).map(|_| ((u64::from(words.next_u32()) * u64::from(targets)) >> 32) as u32).collect();
        let scatter = Scatter {
            rows: n,
            width,
            start: dist.draw(seed, 0, n * width),
            addends: dist.draw(seed, 1, addends * width),
            segments: Segments::of(&index, n),
            index,
            wg,
            method: match case.variant() {
                "atomic_cas" => Method::Cas,
                "atomic_float" => Method::Float,
                _ => Method::Sorted,
            },
        };
        Ok(Box::new(scatter))
    }
}

/// The addend rows of each output row.
#[derive(Debug)]
struct Segments {
    /// Where each row's begin in `order`, and one past the last.
    begin: Vec<u32>,
    /// Addend rows by output row, and in the order of the input among those of one.
    order: Vec<u32>,
}

impl Segments {
    /// A counting sort, which is stable.
    fn of(index: &[u32], rows: usize) -> Self {
        let mut begin = vec![0u32; rows + 1];
        for row in index {
            begin[*row as usize + 1] += 1;
        }
        for row in 0..rows {
            begin[row + 1] += begin[row];
        }
        let mut next = begin.clone();
        let mut order = vec![0u32; index.len()];
        for (addend, row) in (0u32..).zip(index) {
            order[next[*row as usize] as usize] = addend;
            next[*row as usize] += 1;
        }
        Self { begin, order }
    }

    /// The addend rows of output row `row`.
    fn get(&self, row: usize) -> &[u32] {
        &self.order[self.begin[row] as usize..self.begin[row + 1] as usize]
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    Cas,
    Float,
    Sorted,
}

struct Scatter {
    rows: usize,
    width: usize,
    /// What the accumulator holds before, `rows * width`.
    start: Vec<f32>,
    /// What is added, one row for each entry of `index`.
    addends: Vec<f32>,
    index: Vec<u32>,
    segments: Segments,
    wg: u32,
    method: Method,
}

impl Scatter {
    /// The terms of output element `i`: its start, then the addends in the order of the input.
    fn terms(&self, i: usize) -> impl Iterator<Item = f32> {
        let (row, col) = (i / self.width, i % self.width);
        let added = self.segments.get(row).iter().map(move |a| self.addends[*a as usize * self.width + col]);
        std::iter::once(self.start[i]).chain(added)
    }

    /// Every element, added in the order of the input.
    fn in_order(&self, arithmetic: Arithmetic, threads: usize) -> Vec<f32> {
        const ROW: usize = 1 << 12;
        let mut out = vec![0.0f32; self.start.len()];
        threads::rows(&mut out, ROW, threads, |block, part| {
            with_arith!(arithmetic, A => for (i, sum) in part.iter_mut().enumerate() {
                *sum = self.terms(block * ROW + i).reduce(A::add).unwrap_or(0.0);
            });
        });
        out
    }

    /// A size as a word; sizes are at most 2^26.
    fn word(size: usize) -> u32 {
        u32::try_from(size).unwrap_or(u32::MAX)
    }

    /// Workgroups for `items` items; what is beyond them is done in further turns.
    fn groups(&self, items: usize) -> [u32; 3] {
        [Self::word(items).div_ceil(self.wg).clamp(1, 65535), 1, 1]
    }
}

impl Problem for Scatter {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.start.len())
    }

    fn program(&self) -> Option<Program> {
        let len = self.start.len();
        let sorted = self.method == Method::Sorted;
        let shader = Shader::new(include_str!("../../shaders/scatter_add.wgsl"))
            .define("WG", self.wg)
            .flag("SORTED", sorted)
            .flag("FLOAT", self.method == Method::Float);
        let params = vec![Self::word(self.rows), Self::word(self.width), Self::word(self.index.len())];
        let numbers = self.start.iter().chain(&self.addends).map(|x| x.to_bits()).collect();
        let mut buffers = vec![Buffer::Input(params), Buffer::Input(numbers)];
        let mut passes = vec![];
        if sorted {
            buffers.push(Buffer::Input(self.segments.begin.clone()));
            buffers.push(Buffer::Input(self.segments.order.clone()));
            passes.push(Pass::new("main", self.groups(len)));
        } else {
            buffers.push(Buffer::Input(self.index.clone()));
            passes.push(Pass::new("start", self.groups(len)));
            passes.push(Pass::new("main", self.groups(self.addends.len())));
        }
        let binding = buffers.len();
        buffers.push(Buffer::Output(len));
        let features = if self.method == Method::Float { vec![Feature::Float32Atomic] } else { vec![] };
        Some(
            Program::new(shader.source(), buffers, passes, OutputView::whole(binding, Dtype::F32, len))
                .needing(features),
        )
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &UNFUSED
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        (self.method == Method::Sorted).then(|| Bits::f32(&self.in_order(arithmetic, threads)))
    }

    fn exact(&self) -> Option<Exact> {
        let values =
            threads::filled(self.start.len(), 1, 0.0, |i, out| out[0] = exact::sum(self.terms(i).map(f64::from)));
        Some(Exact { values })
    }

    /// Each element is a sum in any order: `gamma_(k-1) Σ|x|` for its `k` terms with unit roundoff 2^-23, and a flush
    /// for each (see [`sum_error`]). An element that nothing is added to is a copy.
    fn allowance(&self) -> Allowance {
        let interval = |i: usize| {
            let (mut exact, mut magnitude, mut terms) = (DoubleDouble::default(), DoubleDouble::default(), 0);
            for x in self.terms(i) {
                exact.add(x.into());
                magnitude.add(x.abs().into());
                terms += 1;
            }
            Interval::around(exact.value(), sum_error(terms, magnitude.value(), U32, TINY32))
        };
        Allowance::Intervals(threads::filled(self.start.len(), 1, Interval::ANY, |i, out| out[0] = interval(i)))
    }

    /// The metrics of arXiv:2408.05148 against the order of the input: `V_c`, the fraction of elements that differ, and
    /// `V_ermv`, the mean relative difference (elements that are 0 left out).
    #[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let (mut differ, mut relative, mut counted) = (0u32, 0.0f64, 0u32);
        for (i, a) in self.in_order(Arithmetic::STRICT, threads::available_threads()).iter().enumerate() {
            differ += u32::from(a.to_bits() != output.get(i));
            if *a != 0.0 {
                counted += 1;
                relative += ((f64::from(*a) - output.value(i)) / f64::from(*a)).abs();
            }
        }
        let mean = relative / f64::from(counted.max(1));
        let part = f64::from(differ) / self.start.len().max(1) as f64;
        let most = (0..self.rows).map(|r| self.segments.get(r).len()).max().unwrap_or(0);
        vec![
            Observation::new("v_c", part, "the fraction of elements that differ from adding in the order of the input"),
            Observation::new("v_ermv", mean, "the mean relative difference from adding in the order of the input"),
            Observation::new("most_addends", most as f64, "the most addends that one row receives"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::kernels::rowwise::testing::{check_plans, check_twin};

    #[test]
    fn plans_read_back_and_shaders_parse() {
        check_plans(&ScatterAdd);
    }

    #[test]
    fn the_twin_is_within_what_is_allowed() {
        for shape in
            ["n=1", "n=1&hits=1000", "n=1000&ratio=0.5", "n=97&width=13&ratio=0.3&hits=3", "n=5&width=7&hits=101"]
        {
            for dist in ["positive", "wide", "normal"] {
                check_twin(&format!("scatter_add/sorted?{shape}&dist={dist}&wg=32"));
            }
        }
    }

    /// The segments against the plain loop of `index_add`, and that rows do receive several addends.
    #[test]
    fn segments_keep_the_order_of_the_input() {
        let case = Case::parse("scatter_add/sorted?n=97&width=3&ratio=0.5&hits=4").unwrap();
        let problem = kernels::problem(&case).unwrap();
        let program = problem.program().unwrap();
        let [Buffer::Input(params), Buffer::Input(numbers), ..] = &program.buffers[..] else { panic!("inputs") };
        let cas =
            kernels::problem(&Case::parse("scatter_add/atomic_cas?n=97&width=3&ratio=0.5&hits=4").unwrap()).unwrap();
        let cas = cas.program().unwrap();
        let Buffer::Input(index) = &cas.buffers[2] else { panic!("an index") };
        assert_eq!(params[..], [97, 3, 48 * 4], "rows, columns, addends");
        let mut want: Vec<f32> = numbers[..97 * 3].iter().map(|w| f32::from_bits(*w)).collect();
        let mut counts = [0; 97];
        for (a, row) in index.iter().enumerate() {
            counts[*row as usize] += 1;
            for col in 0..3 {
                want[*row as usize * 3 + col] += f32::from_bits(numbers[(97 + a) * 3 + col]);
            }
        }
        assert_eq!(problem.twin(Arithmetic::STRICT, 2).unwrap(), Bits::f32(&want), "the plain loop");
        assert!(counts.iter().any(|c| *c > 2) && counts[48..].iter().all(|c| *c == 0), "{counts:?}");
    }

    #[test]
    fn atomics_have_no_twin_and_allow_any_order() {
        for variant in ["atomic_cas", "atomic_float"] {
            let case = Case::parse(&format!("scatter_add/{variant}?n=64&hits=50&dist=normal")).unwrap();
            let problem = kernels::problem(&case).unwrap();
            assert!(problem.twin(Arithmetic::STRICT, 1).is_none(), "{case}: no order is defined");
            let Allowance::Intervals(intervals) = problem.allowance() else { panic!("intervals") };
            // The additions in the reverse order are as good, and leaving one addend out is not.
            let sorted =
                kernels::problem(&Case::parse("scatter_add/sorted?n=64&hits=50&dist=normal").unwrap()).unwrap();
            let twin = sorted.twin(Arithmetic::STRICT, 1).unwrap();
            assert!((0..64).all(|i| intervals[i].allows(twin.value(i))), "{case}: the sorted order is allowed");
            assert!((0..64).all(|i| !intervals[i].allows(twin.value(i) + 0.01)), "{case}: a lost addend is not");
        }
    }

    #[test]
    fn observations_are_zero_for_the_order_of_the_input() {
        let problem = kernels::problem(&Case::parse("scatter_add/sorted?n=64&hits=50").unwrap()).unwrap();
        let twin = problem.twin(Arithmetic::STRICT, 1).unwrap();
        let seen = problem.observe(&twin);
        assert_eq!((seen[0].value, seen[1].value), (0.0, 0.0), "no difference from itself");
        let mut other = twin;
        other.words[5] += 1;
        let seen = problem.observe(&other);
        assert_eq!(seen[0].value, 1.0 / 64.0, "one of 64 elements");
        assert!(seen[1].value > 0.0 && seen[1].value < 2e-7 / 64.0, "an ulp: {}", seen[1].value);
    }

    #[test]
    fn bad_parameters_say_what_to_type() {
        for query in ["n=0", "ratio=0", "ratio=1.5", "ratio=x", "width=5000", "hits=0", "n=4194304&width=4096", "wg=0"]
        {
            let case = Case::parse(&format!("scatter_add/sorted?{query}")).unwrap();
            let error = ScatterAdd.problem(&case).err().unwrap().to_string();
            assert!(error.contains("wanted") && !error.contains('\n'), "{query}: {error}");
        }
    }
}
