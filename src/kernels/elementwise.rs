//! What the elementwise kernels share: a table whose rows are formulas, each a variant with its shader expression, its
//! twin, its real value and what the specification allows.

use crate::numerics::elementary;
use std::sync::OnceLock;

use super::{
    Allowance, Buffer, Exact, Feature, Interval, Kernel, Observation, OutputView, Param, Pass, Problem, Profile,
    Program, Range, Shader, Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::Quantity;
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::Arithmetic;
use crate::numerics::arith::evaluate::{Machine, Real};
use crate::numerics::arith::format::Format;
use crate::numerics::inputs::{edges, philox::Stream};
use crate::numerics::spec::bounds::Bounds;
use crate::numerics::threads;

/// How an operand's interesting values are drawn; edge classes and random bit patterns are mixed in.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) enum Draw {
    /// Uniform between these.
    Range(f64, f64),
    /// 2^e for e uniform between these, in both signs.
    Exponent(f64, f64),
    /// Whole numbers between these.
    Whole(f64, f64),
    /// 32-bit words, read as `u32`.
    Word,
    /// The bit patterns of the finite binary16 numbers in order, again and again, read as `u32`.
    Half,
}

/// One formula.
pub(crate) struct Row {
    /// The variant's name.
    pub(crate) name: &'static str,
    /// What it shows.
    pub(crate) about: &'static str,
    /// The WGSL expression of `x0`, `x1` …
    pub(crate) wgsl: &'static str,
    /// One an operand.
    pub(crate) draws: &'static [Draw],
    /// The result's type in the binary32 form. A floating-point result follows the case's `dtype`.
    pub(crate) output: Dtype,
    /// What else the adapter must have.
    pub(crate) needs: Option<Feature>,
    /// The formula in a driver's arithmetic.
    pub(crate) twin: fn(&Machine, &[f64]) -> f64,
    /// Its real value.
    pub(crate) exact: fn(&Real, &[f64]) -> f64,
    /// What the specification allows.
    pub(crate) allowed: fn(&Bounds, &[Interval]) -> Interval,
    /// Moves the operands to where the formula is hard, for a part of the elements.
    pub(crate) link: Option<fn(&mut [f64])>,
    /// Whether non-finite operands still have a defined result.
    pub(crate) total: bool,
}

impl Row {
    /// Whether the shader reads words, and not floats.
    pub(crate) fn takes_words(&self) -> bool {
        self.draws.iter().any(|d| matches!(d, Draw::Word | Draw::Half))
    }
}

/// `row!(name, about, wgsl, draws, |e, x| formula)`: the formula is evaluated in every [`crate::numerics::arith::evaluate`]
/// sense. After it, fields may be changed: `row!(…; link: …, output: …)`.
macro_rules! row {
    ($name:literal, $about:literal, $wgsl:literal, [$($draw:expr),* $(,)?], |$e:ident, $x:ident| $body:expr $(; $($field:ident : $value:expr),*)?) => {
        $crate::kernels::elementwise::Row {
            $($($field: $value,)*)?
            ..$crate::kernels::elementwise::Row {
                name: $name,
                about: $about,
                wgsl: $wgsl,
                draws: const { &[$($draw),*] },
                output: $crate::model::bits::Dtype::F32,
                needs: None,
                twin: |$e: &$crate::numerics::arith::evaluate::Machine, $x: &[f64]| $body,
                exact: |$e: &$crate::numerics::arith::evaluate::Real, $x: &[f64]| $body,
                allowed: |$e: &$crate::numerics::spec::bounds::Bounds, $x: &[$crate::kernels::Interval]| $body,
                link: None,
                total: false,
            }
        }
    };
}
pub(crate) use row;

/// A kernel made of rows.
pub struct Elementwise {
    pub(crate) name: &'static str,
    pub(crate) about: &'static str,
    pub(crate) shader: &'static str,
    pub(crate) rows: fn() -> Vec<Row>,
    /// Whether it has a binary16 form.
    pub(crate) half: bool,
    pub(crate) state: OnceLock<(Vec<Row>, Vec<Variant>)>,
}

impl std::fmt::Debug for Elementwise {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.name)
    }
}

const N: Param = Param::problem("n", "4096", Range::Whole(1, 1 << 26), "how many elements");
const DIST: Param = Param::problem(
    "dist",
    "mixed",
    Range::Words(&["mixed", "edges", "range"]),
    "edge cases, where the formula is meant to be used, or both",
);
const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the inputs");
const DTYPE: Param = Param::problem(
    "dtype",
    "f32",
    Range::Words(&["f32", "f16"]),
    "element type; f16 with n=65536 takes every pattern of one operand",
);
const WG: Param = Param::config("wg", "64", Range::Whole(1, 256), "invocations in a workgroup");
static SINGLE: [Param; 4] = [N, DIST, SEED, WG];
static BOTH: [Param; 5] = [N, DIST, SEED, DTYPE, WG];

impl Elementwise {
    fn state(&self) -> &(Vec<Row>, Vec<Variant>) {
        self.state.get_or_init(|| {
            let rows = (self.rows)();
            let variants = rows.iter().map(|r| {
                let params: &'static [Param] = if self.takes_half(r) { &BOTH } else { &SINGLE };
                Variant { name: r.name, about: r.about, params }
            });
            let variants = variants.collect();
            (rows, variants)
        })
    }

    /// Its rows.
    pub(crate) fn rows(&self) -> &[Row] {
        &self.state().0
    }

    /// Rows on binary32 operands with binary32 results have a binary16 form (frexp's would need 16-bit integers in naga).
    pub(crate) fn takes_half(&self, row: &Row) -> bool {
        self.half
            && row.output == Dtype::F32
            && !["f32", "guarded", "quantizeToF16", "frexp"].iter().any(|w| row.wgsl.contains(w))
            && !row.takes_words()
    }
}

impl Kernel for Elementwise {
    fn name(&self) -> &'static str {
        self.name
    }

    fn about(&self) -> &'static str {
        self.about
    }

    fn variants(&self) -> &'static [Variant] {
        // Kernels live in statics; this says so to the borrow checker without unsafe code.
        statics::variants(self.name).unwrap_or(&[])
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let n = profile.pick(1 << 12, 1 << 20, 1 << 22);
        let mut cases = Vec::new();
        for variant in self.variants() {
            let case = Case::of(self.name, variant).with("seed", seed);
            // Variants whose operands are a list take the whole list, in every profile.
            let row = self.state().0.iter().find(|r| r.name == variant.name);
            if row.is_some_and(|r| r.draws == [Draw::Half]) {
                cases.extend([64, 256].map(|wg| case.clone().with("n", FINITE_HALVES).with("wg", wg)));
                continue;
            }
            let case = if self.name == "specials" { case.with("dist", "edges") } else { case };
            cases.extend([64, 256].map(|wg| case.clone().with("n", n).with("wg", wg)));
            // The numbers that a network has, beside those of the whole range.
            if self.name == "activation" {
                cases.extend([64, 256].map(|wg| case.clone().with("dist", "range").with("n", n).with("wg", wg)));
            }
            if profile > Profile::Quick && variant.params.len() == BOTH.len() {
                cases.push(case.with("dtype", "f16").with("n", 65536));
            }
        }
        cases
    }

    /// Each element is computed by itself, whatever the launch.
    fn algorithm(&self, case: &Case) -> String {
        case.problem()
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let kernel = statics::kernel(self.name).ok_or_else(|| CaseError::new(format!("no kernel '{}'", self.name)))?;
        let row = kernel.state().0.iter().find(|r| r.name == case.variant());
        let row = row.ok_or_else(|| CaseError::new(format!("'{}' has no variant '{}'", self.name, case.variant())))?;
        let n = case.count("n")? as usize;
        let wg = case.count("wg")?;
        let dist = case.word("dist")?;
        let half = kernel.takes_half(row) && case.word("dtype")? == "f16";
        let format = if half { Format::F16 } else { Format::F32 };
        let operands = {
            // Non-finite operands are the business of `specials` and of conversions: their NaN would hide the rest.
            let finite = !matches!(self.name, "specials" | "conversion");
            operands(row, format, dist, case.seed("seed")?, n, finite)
        };
        Ok(Box::new(Rowwise { kernel, row, format, n, wg, operands }))
    }
}

/// The elementwise kernels as statics, by name.
mod statics {
    use super::{Elementwise, Variant};
    static ALL: [&Elementwise; 5] = [
        &super::super::arithmetic::KERNEL,
        &super::super::builtins::KERNEL,
        &super::super::activation::KERNEL,
        &super::super::conversion::KERNEL,
        &super::super::specials::KERNEL,
    ];
    pub(super) fn kernel(name: &str) -> Option<&'static Elementwise> {
        ALL.into_iter().find(|k| k.name == name)
    }
    pub(super) fn variants(name: &str) -> Option<&'static [Variant]> {
        kernel(name).map(|k| &k.state().1[..])
    }
}

/// The operands' bit patterns, planar: operand k of element i at `k*n + i`. Words, for a NaN that is carried as a number
/// may lose its payload.
/// `finite` leaves NaN and infinities out.
fn operands(row: &Row, format: Format, dist: &str, seed: u64, n: usize, finite: bool) -> Vec<u32> {
    let arity = row.draws.len();
    let dtype = format.dtype();
    if format == Format::F16 && arity == 1 && n == 65536 {
        return (0..=0xffff).collect();
    }
    let mut edge: Vec<u32> = if format == Format::F32 { edges::bits() } else { edges::half_bits() };
    if finite {
        edge.retain(|bits| dtype.value(*bits).is_finite());
    }
    let mut all = vec![0; arity * n];
    let mut streams: Vec<_> = (0u32..).take(arity).map(|k| Stream::new(seed, k)).collect();
    let mut x = vec![0.0; arity];
    for i in 0..n {
        // One element in four is an edge case in every operand, one a random bit pattern; the others are where the
        // formula is meant to be used.
        let kind = match dist {
            "edges" => 0,
            "range" => 2 + i % 2,
            _ => i % 4,
        };
        for (k, stream) in streams.iter_mut().enumerate() {
            let word = stream.next_u32();
            let pick = if arity == 1 { i / if dist == "mixed" { 4 } else { 1 } } else { word as usize };
            let unit = stream.next_unit();
            x[k] = match (row.draws[k], kind) {
                (Draw::Half, _) => f64::from(finite_half(i)),
                (Draw::Word, 0) => f64::from(edge[pick % edge.len()]),
                (Draw::Word, _) => f64::from(word >> (i % 3 * 4)),
                (Draw::Whole(lo, hi), _) => (lo + unit * (hi - lo)).round(),
                (_, 0) => format.value(edge[pick % edge.len()]),
                (_, 1) => random_bits(format, word >> (32 - dtype.width()), finite),
                (Draw::Range(lo, hi), _) => format.round(lo + unit * (hi - lo)),
                (Draw::Exponent(lo, hi), _) => {
                    let sign = if word & 1 == 0 { 1.0 } else { -1.0 };
                    format.round(sign * elementary::exp2(lo + unit * (hi - lo)))
                }
            };
        }
        if let Some(link) = row.link.filter(|_| kind == 3) {
            link(&mut x);
            x.iter_mut().for_each(|v| *v = format.round(*v));
        }
        for k in 0..arity {
            all[k * n + i] = if row.takes_words() { word(x[k]) } else { format.bits(x[k]) };
        }
    }
    all
}

/// A bit pattern's value; where it should be finite and is not, its exponent loses the lowest bit.
fn random_bits(format: Format, bits: u32, finite: bool) -> f64 {
    let value = format.value(bits);
    let lowest = if format == Format::F16 { 0x400 } else { 0x80_0000 };
    if finite && !value.is_finite() { format.value(bits & !lowest) } else { value }
}

/// The most operands that a formula has.
const MOST_OPERANDS: usize = 8;

/// How many finite binary16 numbers there are.
const FINITE_HALVES: usize = 2 * 31 * 1024;

/// The pattern of the `i`th finite binary16 number, from zero up, then the negative ones.
#[expect(clippy::cast_possible_truncation, reason = "the index is reduced first")]
fn finite_half(i: usize) -> u32 {
    let i = (i % FINITE_HALVES) as u32;
    if i < 0x7c00 { i } else { 0x8000 + (i - 0x7c00) }
}

/// The operation that a row of a kernel is, by its name in `docs/remote.md`; `None` where frameworks have no such one.
fn plain(kernel: &str, row: &'static str) -> Option<&'static str> {
    Some(match (kernel, row) {
        ("arithmetic", "rem") => "fmod",
        ("arithmetic", "add" | "sub" | "mul" | "div" | "fma")
        | ("activation", "relu" | "sigmoid" | "silu" | "softplus" | "gelu_tanh" | "gelu_sigmoid") => row,
        ("builtins", "inverseSqrt") => "rsqrt",
        ("builtins", "max") => "maximum",
        ("builtins", "min") => "minimum",
        (
            "builtins",
            "abs" | "acos" | "acosh" | "asin" | "asinh" | "atan" | "atan2" | "atanh" | "ceil" | "cos" | "cosh"
            | "degrees" | "exp" | "exp2" | "floor" | "log" | "log2" | "pow" | "radians" | "round" | "sign" | "sin"
            | "sinh" | "sqrt" | "tan" | "tanh" | "trunc",
        ) => row,
        _ => return None,
    })
}

struct Rowwise {
    kernel: &'static Elementwise,
    row: &'static Row,
    format: Format,
    n: usize,
    wg: u32,
    operands: Vec<u32>,
}

impl Rowwise {
    fn dtype(&self) -> Dtype {
        if self.row.output == Dtype::F32 { self.format.dtype() } else { self.row.output }
    }

    /// What `f` makes of each element's operands, on up to `threads` threads.
    fn each<T: Clone + Send>(&self, threads: usize, nothing: T, f: impl Fn(&[f64]) -> T + Sync) -> Vec<T> {
        /// Elements that a thread takes at a time.
        const BLOCK: usize = 1 << 12;
        let words = self.row.takes_words();
        let mut out = vec![nothing; self.n];
        threads::rows(&mut out, BLOCK, threads, |block, part| {
            let mut x = vec![0.0; self.row.draws.len()];
            for (i, to) in part.iter_mut().enumerate() {
                for (operands, v) in self.operands.chunks(self.n).zip(&mut x) {
                    let bits = operands[block * BLOCK + i];
                    *v = if words { f64::from(bits) } else { self.format.value(bits) };
                }
                *to = f(&x);
            }
        });
        out
    }

    fn scalar(&self) -> &'static str {
        match self.format {
            _ if self.row.takes_words() => "u32",
            Format::F32 => "f32",
            Format::F16 => "f16",
        }
    }
}

#[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "words are whole and in range")]
fn word(x: f64) -> u32 {
    if x < 0.0 { (x as i32).cast_unsigned() } else { x as u32 }
}

/// binary16 patterns, a word each, packed.
#[expect(clippy::cast_possible_truncation, reason = "binary16 patterns have 16 bits")]
fn halves(patterns: &[u32]) -> Bits {
    Bits::halves(Dtype::F16, &patterns.iter().map(|w| *w as u16).collect::<Vec<_>>())
}

impl Problem for Rowwise {
    fn shape(&self) -> (Dtype, usize) {
        (self.dtype(), self.n)
    }

    fn iterations(&self) -> u64 {
        self.n.div_ceil(self.wg as usize * 65_535) as u64
    }

    fn quantity(&self) -> Quantity {
        Quantity::presumed(self.kernel.name, self.row.name, self.dtype())
    }

    fn program(&self) -> Option<Program> {
        let scalar = self.scalar();
        let loads: Vec<_> =
            (0..self.row.draws.len()).map(|k| format!("        let x{k} = input[{k}u * n + i];")).collect();
        let result = match self.dtype() {
            Dtype::I32 => "i32",
            Dtype::U32 | Dtype::Mask | Dtype::Bf16 => "u32",
            Dtype::F32 => "f32",
            Dtype::F16 => "f16",
        };
        let source = Shader::new(self.kernel.shader)
            .define("SCALAR", scalar)
            .define("RESULT", result)
            .define("LOADS", loads.join("\n"))
            .define("EXPRESSION", self.row.wgsl.replace("scalar", scalar))
            .define("WG", self.wg)
            .define("N", self.n)
            .flag("HALF", self.format == Format::F16 || self.row.needs == Some(Feature::ShaderF16))
            .source();
        let input = if self.format == Format::F16 { halves(&self.operands).words } else { self.operands.clone() };
        let groups = u32::try_from(self.n.div_ceil(self.wg as usize)).unwrap_or(u32::MAX).min(65_535);
        let mut features: Vec<_> = self.row.needs.into_iter().collect();
        if self.format == Format::F16 {
            features.push(Feature::ShaderF16);
        }
        Some(
            Program::new(
                source,
                vec![
                    Buffer::Input(input),
                    Buffer::Output(self.n.div_ceil(self.dtype().per_word())),
                    Buffer::Input(vec![0, 1.1f32.to_bits()]),
                ],
                vec![Pass::new("main", [groups, 1, 1])],
                OutputView::whole(1, self.dtype(), self.n),
            )
            .needing(features),
        )
    }

    fn operation(&self) -> Option<Operation> {
        let name = plain(self.kernel.name, self.row.name)?;
        let inputs = if self.row.draws.len() == 1 { &["x"][..] } else { &["a", "b", "c"] };
        let tensor = |words: &[u32]| {
            let half = self.format == Format::F16;
            let bits = if half { halves(words) } else { Bits::words(Dtype::F32, words.to_vec()) };
            Tensor { shape: vec![self.n], bits }
        };
        let mut operation = Operation::new(name, []);
        let tensors = self.operands.chunks(self.n).map(tensor);
        operation.inputs = inputs.iter().map(|name| (*name).to_owned()).zip(tensors).collect();
        Some(operation)
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        if self.row.wgsl.contains("fma(") { &Arithmetic::EXPANSION } else { &Arithmetic::CONTRACTION }
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let machine = Machine { format: self.format, arithmetic };
        let dtype = self.dtype();
        let words = self.each(threads, 0, |x| {
            let value = (self.row.twin)(&machine, x);
            if dtype.is_float() { self.format.bits(value) } else { word(value) }
        });
        Some(if dtype == Dtype::F16 { halves(&words) } else { Bits::words(dtype, words) })
    }

    fn exact(&self) -> Option<Exact> {
        Some(Exact { values: self.each(threads::available_threads(), 0.0, |x| (self.row.exact)(&Real, x)) })
    }

    fn allowance(&self) -> Allowance {
        let bounds = Bounds(self.format);
        Allowance::Intervals(self.each(threads::available_threads(), Interval::ANY, |x| {
            if !self.row.total && x.iter().any(|v| !v.is_finite()) {
                return Interval::ANY;
            }
            let mut points = [Interval::ANY; MOST_OPERANDS];
            for (p, v) in points.iter_mut().zip(x) {
                *p = Interval::point(*v);
            }
            (self.row.allowed)(&bounds, &points[..x.len()])
        }))
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        if self.kernel.name != "conversion" || !self.row.name.starts_with("narrow") {
            return Vec::new();
        }
        super::conversion::observe(self.row.name, &self.operands, output)
    }
}

/// What the tests of every elementwise kernel check.
#[cfg(test)]
pub(crate) fn check(kernel: &Elementwise) {
    for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
        for case in kernel.plan(profile, 7) {
            assert_eq!(Case::parse(&case.to_string()).as_ref(), Ok(&case), "{case} reads back");
            // The source does not depend on the size; a small one is cheap to draw.
            let small = case.clone().with("n", 65536.min(case.count("n").unwrap()));
            let small =
                if profile == Profile::Quick || small.text("dtype") == "f16" { small } else { small.with("n", 64) };
            let program = super::problem(&small).unwrap().program().unwrap();
            let parsed = naga::front::wgsl::parse_str(&program.source);
            assert!(parsed.is_ok(), "{case}: {}", parsed.unwrap_err().emit_to_string(&program.source));
        }
    }
    for variant in kernel.variants() {
        let base = Case::of(kernel.name, variant);
        let mut cases: Vec<_> = [1, 2, 7, 997, 8192].iter().map(|n| base.clone().with("n", n)).collect();
        cases.push(base.clone().with("dist", "edges").with("n", 1999));
        if variant.params.len() == BOTH.len() {
            cases.push(base.clone().with("dtype", "f16").with("n", 65536));
            cases.push(base.with("dtype", "f16").with("n", 331));
        }
        for case in cases {
            let problem = super::problem(&case).unwrap();
            let (exact, allowance) = (problem.exact(), problem.allowance());
            for arithmetic in problem.arithmetics() {
                let twin = problem.twin(*arithmetic, 1).unwrap();
                assert_eq!((twin.dtype, twin.len), problem.shape(), "{case}: the twin's shape");
                let accuracy = crate::numerics::drift::accuracy(&twin, exact.as_ref(), &allowance, Some(&twin));
                let first = accuracy.first_outside.map(|i| usize::try_from(i).unwrap());
                assert_eq!(
                    accuracy.outside,
                    0,
                    "{case} {}: {}",
                    arithmetic.name(),
                    first.map_or(String::new(), |i| {
                        let Allowance::Intervals(intervals) = &allowance else { return String::new() };
                        format!(
                            "element {i}: {:e} exact {:e} allowed {:?}",
                            twin.value(i),
                            exact.as_ref().unwrap().values[i],
                            intervals[i]
                        )
                    })
                );
            }
        }
    }
    let bad = Case::of(kernel.name, &kernel.variants()[0]);
    for (name, value) in [("n", "0"), ("wg", "0"), ("dist", "x"), ("seed", "-1")] {
        assert!(super::problem(&bad.clone().with(name, value)).is_err(), "{name}={value} is refused");
    }
}
