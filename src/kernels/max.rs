//! The largest number of a row: the same in every order, but for what is done with NaN, signed zeros and subnormals.

use super::sum::{shape, workgroup};
use super::{
    Allowance, Buffer, Exact, Interval, Kernel, OutputView, Param, Pass, Problem, Profile, Program, Range, Shader,
    Variant,
};
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Tensor};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::inputs::Distribution;
use crate::numerics::inputs::philox::Stream;
use crate::numerics::spec::TINY32;
use crate::with_arith;

/// See the module.
#[derive(Debug)]
pub struct Max;

const N: Param = Param::problem("n", "4096", Range::Whole(1, 1 << 26), "numbers in a row");
const ROWS: Param = Param::problem("rows", "16", Range::Whole(1, 4096), "independent rows; n * rows up to 2^26");
const DIST: Param = Param::problem("dist", "normal", Range::Words(&Distribution::NAMES), "distribution of the inputs");
const SPECIAL: Param = Param::problem(
    "special",
    "none",
    Range::Words(&SPECIALS),
    "none; zeros (the largest are +0 and -0), subnormals (the largest are subnormal) or nan (a NaN in some rows)",
);
const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the inputs");
const WG: Param = Param::config("wg", "256", Range::Power(1, 1024), "invocations in a workgroup");
const GROUPS: Param = Param::config("groups", "16", Range::Whole(1, 32768), "workgroups of a row");

const SPECIALS: [&str; 4] = ["none", "zeros", "subnormals", "nan"];

static VARIANTS: &[Variant] = &[
    Variant {
        name: "builtin",
        about: "max(): strided parts, then a tree. NaN and the sign of zero are the driver's choice.",
        params: &[N, ROWS, DIST, SPECIAL, SEED, WG],
    },
    Variant {
        name: "compare",
        about: "select(a, b, a < b) in the same order: NaN follows from the comparison.",
        params: &[N, ROWS, DIST, SPECIAL, SEED, WG],
    },
    Variant {
        name: "ordered",
        about: "Integer keys and atomicMax over many workgroups: one answer in any order, on any adapter.",
        params: &[N, ROWS, DIST, SPECIAL, SEED, WG, GROUPS],
    },
];

impl Kernel for Max {
    fn name(&self) -> &'static str {
        "max"
    }

    fn about(&self) -> &'static str {
        "The largest of many numbers: the shift of softmax, max pooling, gradient clipping."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let n = profile.pick(1 << 10, 1 << 16, 1 << 20);
        let mut cases = Vec::new();
        for variant in VARIANTS {
            let case = Case::of("max", variant).with("seed", seed).with("n", n);
            let sizes: &[u32] = profile.pick(&[64, 128], &[64, 256], &[64, 256, 1024]);
            cases.extend(sizes.iter().map(|wg| case.clone().with("wg", wg)));
            for special in &SPECIALS[1..] {
                // Rows of 40 in workgroups of 64: a NaN is the first operand in some rows and the second in others.
                let n = if *special == "nan" { 40 } else { n };
                cases.push(case.clone().with("n", n).with("special", special).with("wg", 64));
            }
        }
        cases
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let (n, rows) = shape(case)?;
        let wg = workgroup(case)?;
        let mode = match case.variant() {
            "builtin" => Mode::Builtin,
            "compare" => Mode::Compare,
            _ => Mode::Ordered,
        };
        let groups = if mode == Mode::Ordered { case.count("groups")? } else { 1 };
        let (dist, seed) = (case.distribution()?, case.seed("seed")?);
        let mut input = dist.draw(seed, 0, n * rows);
        plant(case.word("special")?, seed, n, &mut input);
        Ok(Box::new(MaxProblem { mode, input, n, rows, wg, groups }))
    }
}

/// Puts what `special` names into the rows, at random places.
fn plant(special: &str, seed: u64, n: usize, input: &mut [f32]) {
    let mut words = Stream::new(seed, 1);
    for (index, row) in input.chunks_mut(n).enumerate() {
        // In the first two the other numbers are negative, so that the special ones are the largest.
        match special {
            "zeros" | "subnormals" => {
                for x in row {
                    let word = words.next_u32();
                    *x = match (word % 16, special) {
                        (0..2, "zeros") => f32::from_bits(word & 0x8000_0000),
                        (0..2, _) => f32::from_bits(word & 0x807f_ffff),
                        _ => -x.abs() - 1.0,
                    };
                }
            }
            // Anywhere, and where an invocation's part begins: a comparison keeps the second kind and drops the first.
            "nan" if index % 2 == 1 => {
                let places = if index % 4 == 1 { n } else { n.min(32) };
                row[words.next_u32() as usize % places] = f32::NAN;
            }
            _ => {}
        }
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    Builtin,
    Compare,
    Ordered,
}

struct MaxProblem {
    mode: Mode,
    input: Vec<f32>,
    n: usize,
    rows: usize,
    wg: usize,
    groups: u32,
}

/// `b` where `a < b`, else `a`: WGSL's definition of `max`. Where subnormals are flushed, so is the result.
fn builtin<A: Arith>(a: f32, b: f32) -> f32 {
    A::flush(compare::<A>(a, b))
}

/// The comparison as it is written. Only its operands may be flushed: `select` copies.
fn compare<A: Arith>(a: f32, b: f32) -> f32 {
    if A::flush(a) < A::flush(b) { b } else { a }
}

fn tree_max(row: &[f32], wg: usize, larger: fn(f32, f32) -> f32) -> f32 {
    let mut parts: Vec<f32> = (0..wg).map(|lane| row[lane.min(row.len() - 1)]).collect();
    for line in row.chunks(wg).skip(1) {
        for (part, x) in parts.iter_mut().zip(line) {
            *part = larger(*part, *x);
        }
    }
    let mut half = wg / 2;
    while half > 0 {
        for i in 0..half {
            parts[i] = larger(parts[i], parts[i + half]);
        }
        half /= 2;
    }
    parts[0]
}

/// The largest in the total order of bit patterns.
fn ordered_max(row: &[f32]) -> f32 {
    row.iter().copied().reduce(|a, b| if a.total_cmp(&b).is_lt() { b } else { a }).unwrap_or(f32::NAN)
}

impl Problem for MaxProblem {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.rows)
    }

    fn iterations(&self) -> u64 {
        self.n.div_ceil(self.wg * self.groups as usize) as u64 + 10
    }

    fn operation(&self) -> Option<Operation> {
        let input = Tensor::floats(&[self.rows, self.n], &self.input);
        (self.mode == Mode::Builtin).then(|| Operation::new("max", [("x", input)]))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        const COMPARISONS: [Arithmetic; 2] = [Arithmetic::STRICT, Arithmetic::FLUSH];
        if self.mode == Mode::Ordered { &[Arithmetic::STRICT] } else { &COMPARISONS }
    }

    #[expect(clippy::cast_possible_truncation, reason = "n is at most 2^26 and rows 4096")]
    fn program(&self) -> Option<Program> {
        let rows = self.rows as u32;
        let shader = Shader::new(include_str!("../../shaders/max.wgsl"))
            .define("WG", self.wg)
            .flag("BUILTIN", self.mode == Mode::Builtin)
            .flag("ORDERED", self.mode == Mode::Ordered);
        let mut buffers = vec![
            Buffer::floats(&self.input),
            Buffer::Input(vec![self.n as u32, self.groups, rows]),
            Buffer::Output(self.rows),
        ];
        let mut passes = vec![Pass::new("main", [rows, 1, 1])];
        if self.mode == Mode::Ordered {
            buffers.push(Buffer::Output(self.rows));
            passes = vec![
                Pass::new("clear", [rows.div_ceil(64), 1, 1]),
                Pass::new("main", [self.groups, rows, 1]),
                Pass::new("finish", [rows.div_ceil(64), 1, 1]),
            ];
        }
        let output = OutputView::whole(buffers.len() - 1, Dtype::F32, self.rows);
        Some(Program::new(shader.source(), buffers, passes, output).writing_first())
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut out = vec![0.0f32; self.rows];
        crate::numerics::threads::rows(&mut out, 1, threads, |index, slot| {
            let row = &self.input[index * self.n..(index + 1) * self.n];
            slot[0] = match self.mode {
                Mode::Ordered => ordered_max(row),
                Mode::Builtin => with_arith!(arithmetic, A => tree_max(row, self.wg, builtin::<A>)),
                Mode::Compare => with_arith!(arithmetic, A => tree_max(row, self.wg, compare::<A>)),
            };
        });
        Some(Bits::f32(&out))
    }

    fn exact(&self) -> Option<Exact> {
        Some(Exact { values: self.input.chunks(self.n).map(|row| f64::from(ordered_max(row))).collect() })
    }

    /// The largest number itself, in any order. Of two subnormals (or zeros) WGSL lets `max` return either, and a
    /// subnormal may be flushed, so that where the largest is subnormal or zero every such number in the row, and
    /// zero, is allowed. A row with a NaN may give anything. Integer keys have no such liberties.
    fn allowance(&self) -> Allowance {
        if self.mode == Mode::Ordered {
            return Allowance::Exact;
        }
        let interval = |row: &[f32]| {
            if row.iter().any(|x| !x.is_finite()) {
                return Interval::ANY;
            }
            let largest = f64::from(ordered_max(row));
            if largest.abs() >= TINY32 {
                return Interval::point(largest);
            }
            let small = row.iter().map(|x| f64::from(*x)).filter(|x| x.abs() < TINY32);
            small.fold(Interval::point(largest).or_zero(), |all, x| all.join(Interval::point(x)))
        };
        Allowance::Intervals(self.input.chunks(self.n).map(interval).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::numerics::drift;

    #[test]
    fn twins_are_within_the_allowance() {
        for variant in ["builtin", "compare", "ordered"] {
            for n in [1, 3, 61, 256, 1021] {
                for special in SPECIALS {
                    let case = Case::parse(&format!("max/{variant}?n={n}&rows=4&wg=64&special={special}")).unwrap();
                    let problem = kernels::problem(&case).unwrap();
                    let strict = problem.twin(Arithmetic::STRICT, 1);
                    for arithmetic in problem.arithmetics() {
                        let twin = problem.twin(*arithmetic, 2).unwrap();
                        let found =
                            drift::accuracy(&twin, problem.exact().as_ref(), &problem.allowance(), strict.as_ref());
                        assert_eq!(found.outside, 0, "{case} {}: {found:?}", arithmetic.name());
                        let expected = if special == "nan" && variant != "ordered" { 2 } else { 0 };
                        assert_eq!(found.unconstrained, expected, "{case}: rows with a NaN alone may be anything");
                    }
                }
            }
        }
    }

    #[test]
    fn another_number_than_the_largest_is_outside() {
        let problem = kernels::problem(&Case::parse("max/builtin?n=100&rows=1").unwrap()).unwrap();
        let (truth, Allowance::Intervals(allowed)) = (problem.exact().unwrap().values[0], problem.allowance()) else {
            panic!("intervals");
        };
        assert!(allowed[0].allows(truth), "the largest");
        assert!(!allowed[0].allows(truth * (1.0 + f64::exp2(-23.0))), "its neighbour");
    }

    #[test]
    fn the_special_rows_are_what_they_say() {
        let values = |special: &str| {
            let case = Case::parse(&format!("max/ordered?n=500&rows=4&special={special}")).unwrap();
            kernels::problem(&case).unwrap().exact().unwrap().values
        };
        assert!(values("zeros").iter().all(|x| *x == 0.0 && x.is_sign_positive()), "+0 is above -0");
        assert!(values("subnormals").iter().all(|x| *x > 0.0 && *x < TINY32), "subnormals");
        assert_eq!(values("nan").iter().filter(|x| x.is_nan()).count(), 2, "every other row");
    }

    #[test]
    fn planned_cases_read_back_and_their_shaders_parse() {
        for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
            for case in Max.plan(profile, 7) {
                assert_eq!(Case::parse(&case.to_string()).as_ref(), Ok(&case), "reads back");
                let program = kernels::problem(&case.clone().with("n", 5).with("rows", 2)).unwrap().program().unwrap();
                naga::front::wgsl::parse_str(&program.source).unwrap_or_else(|e| panic!("{e}"));
            }
        }
    }
}
