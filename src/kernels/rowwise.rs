//! What the kernels that work on rows share: their parameters, the order in which one workgroup reduces a row, and the
//! interval arithmetic that bounds what the specification allows.

use super::{Interval, Param, Range};
use crate::kernels::case::{Case, CaseError};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::elementary;
use crate::numerics::exact;
use crate::numerics::inputs::Distribution;
use crate::numerics::spec::{TINY32, U32, sum_error};
use crate::numerics::threads;

pub(super) const ROWS: Param = Param::problem("rows", "64", Range::Whole(1, 65535), "how many rows");
pub(super) const COLS: Param =
    Param::problem("cols", "1000", Range::Whole(1, 1 << 20), "elements in a row; rows*cols up to 2^26");
pub(super) const DIST: Param =
    Param::problem("dist", "normal", Range::Words(&Distribution::NAMES), "distribution of the inputs");
pub(super) const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the inputs");
pub(super) const WG: Param = Param::config("wg", "256", Range::Power(1, 1024), "invocations in a row's workgroup");

/// The arithmetics of a kernel in which no multiply feeds an add.
pub(super) const UNFUSED: [Arithmetic; 2] = [Arithmetic::STRICT, Arithmetic::FLUSH];

/// Rows of numbers, one workgroup each.
#[derive(Debug)]
pub(super) struct Rows {
    pub(super) rows: u32,
    pub(super) cols: usize,
    pub(super) wg: u32,
    /// `rows * cols` numbers, row by row, from stream 0.
    pub(super) input: Vec<f32>,
}

impl Rows {
    /// The rows that a case's `rows`, `cols`, `dist`, `seed` and `wg` describe.
    pub(super) fn of(case: &Case) -> Result<Self, CaseError> {
        let rows = case.count("rows")?;
        let cols = case.count("cols")?;
        let wg = case.count("wg")?;
        if u64::from(rows) * u64::from(cols) > 1 << 26 {
            return Err(CaseError::new(format!("rows={rows}&cols={cols} in '{case}': rows*cols up to 2^26 is wanted")));
        }
        let n = rows as usize * cols as usize;
        let input = case.distribution()?.draw(case.seed("seed")?, 0, n);
        Ok(Self { rows, cols: cols as usize, wg, input })
    }

    /// The most iterations of an invocation of a kernel that goes over its row three times; see
    /// [`Problem::iterations`](super::Problem::iterations).
    pub(super) fn iterations(&self) -> u64 {
        3 * self.cols.div_ceil(self.wg as usize) as u64 + 20
    }

    /// `width` results of each row, computed on all threads. `nothing` is what they hold before.
    pub(super) fn filled<T: Clone + Send>(
        &self,
        width: usize,
        nothing: T,
        compute: impl Fn(&[f32], &mut [T]) + Sync,
    ) -> Vec<T> {
        let row = |index: usize| &self.input[index * self.cols..][..self.cols];
        threads::filled(self.rows as usize, width, nothing, |index, out| compute(row(index), out))
    }

    /// Each row.
    #[cfg(test)]
    pub(super) fn each(&self) -> impl Iterator<Item = &[f32]> {
        self.input.chunks_exact(self.cols)
    }
}

/// The sum of `terms` as `shared/row.wgsl` adds them: each of `wg` invocations its strided part, then a tree.
pub(super) fn tree_sum<A: Arith>(terms: impl Iterator<Item = f32>, wg: usize) -> f32 {
    tree_fold::<A>(terms, wg, A::add)
}

/// `fold(partial, term)` over each invocation's strided part, then a tree of additions.
pub(super) fn tree_fold<A: Arith>(terms: impl Iterator<Item = f32>, wg: usize, fold: impl Fn(f32, f32) -> f32) -> f32 {
    let mut partial = vec![0.0f32; wg];
    let mut lane = 0;
    for term in terms {
        partial[lane] = fold(partial[lane], term);
        lane = if lane + 1 == wg { 0 } else { lane + 1 };
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

/// The largest number of a row. No order matters.
pub(super) fn row_max<A: Arith>(row: &[f32]) -> f32 {
    row.iter().map(|x| A::flush(*x)).fold(f32::NEG_INFINITY, f32::max)
}

/// `exp(x)` correctly rounded.
pub(super) fn exp<A: Arith>(x: f32) -> f32 {
    A::round(elementary::exp(f64::from(A::flush(x))))
}

/// `log(x)` correctly rounded.
pub(super) fn log<A: Arith>(x: f32) -> f32 {
    A::round(elementary::log(f64::from(A::flush(x))))
}

/// `1/sqrt(x)` correctly rounded.
pub(super) fn inverse_sqrt<A: Arith>(x: f32) -> f32 {
    A::round(1.0 / f64::from(A::flush(x)).sqrt())
}

/// Intervals that hold every result the specification allows, evaluated in binary64.
///
/// `x` with the error of one operation is `x ± (k u |x| + t)`: `k` ulp with `u` = 2^-23 (an ulp of `x` is at most
/// `u |x|`), and `t` = 2^-126 for what flushing a subnormal changes. Each widening is larger by 2^-20 of itself than
/// that, which outweighs the roundings of binary64 in between by far: they are 2^-53 of the values, and what is added
/// is 2^-43 of them.
pub(super) mod bound {
    use super::{Interval, TINY32, U32, exact, sum_error};
    use crate::numerics::elementary;

    const SLACK: f64 = 1.0 + 1.0 / 1_048_576.0;

    /// The interval after an operation of `ulps` ulp. The extremes are at the ends: `x - k|x|` is concave.
    pub(in super::super) fn rounded(x: Interval, ulps: f64) -> Interval {
        let radius = |end: f64| (ulps * U32 * end.abs() + (1.0 + ulps * U32) * TINY32) * SLACK;
        Interval {
            lo: (x.lo - radius(x.lo)).min(x.hi - radius(x.hi)),
            hi: (x.lo + radius(x.lo)).max(x.hi + radius(x.hi)),
        }
    }

    /// A number that was read, which may have been flushed.
    pub(in super::super) fn read(x: f32) -> Interval {
        Interval::around(x.into(), if x.is_subnormal() { TINY32 } else { 0.0 })
    }

    /// `a + b`, exactly.
    pub(in super::super) fn add(a: Interval, b: Interval) -> Interval {
        Interval { lo: a.lo + b.lo, hi: a.hi + b.hi }
    }

    /// `a - b`, exactly.
    pub(in super::super) fn sub(a: Interval, b: Interval) -> Interval {
        Interval { lo: a.lo - b.hi, hi: a.hi - b.lo }
    }

    /// `a * b`, exactly.
    pub(in super::super) fn mul(a: Interval, b: Interval) -> Interval {
        let ends = [a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi];
        Interval {
            lo: ends.into_iter().fold(f64::INFINITY, f64::min),
            hi: ends.into_iter().fold(f64::NEG_INFINITY, f64::max),
        }
    }

    /// The largest magnitude.
    pub(in super::super) fn magnitude(x: Interval) -> f64 {
        x.lo.abs().max(x.hi.abs())
    }

    /// `exp(x)`: 3 + 2|x| ulp.
    pub(in super::super) fn exp(x: Interval) -> Interval {
        let ulps = 3.0 + 2.0 * magnitude(x);
        rounded(Interval { lo: elementary::exp(x.lo), hi: elementary::exp(x.hi) }, ulps)
    }

    /// The sum of `terms` in any order: `gamma_(n-1) Σ|x|`, and a flush for each.
    pub(in super::super) fn sum(terms: &[Interval]) -> Interval {
        let error = sum_error(terms.len(), exact::sum(terms.iter().map(|t| magnitude(*t))), U32, TINY32) * SLACK;
        Interval {
            lo: exact::sum(terms.iter().map(|t| t.lo)) - error,
            hi: exact::sum(terms.iter().map(|t| t.hi)) + error,
        }
    }

    /// `exp(x - max)` of each element of a row, by an exponential that is bounded by `exp`.
    ///
    /// The maximum is one of the row, exactly, but for a flush of it. The difference is rounded once.
    pub(in super::super) fn shifted_exps(row: &[f32], exp: fn(Interval) -> Interval) -> (Interval, Vec<Interval>) {
        let max = read(row.iter().copied().fold(f32::NEG_INFINITY, f32::max));
        // Where the maximum is zero or subnormal, flushing may have put a zero in its place.
        let max = if magnitude(max) <= TINY32 { Interval::around(0.0, TINY32) } else { max };
        (max, row.iter().map(|x| exp(rounded(sub(read(*x), max), 1.0))).collect())
    }
}

#[cfg(test)]
pub(super) mod testing {
    use super::super::{Allowance, Kernel, Problem, Profile, problem};
    use crate::kernels::case::Case;
    use crate::model::bits::Dtype;
    use crate::numerics::arith::fma::round_to_odd_sum;
    use crate::numerics::arith::{Arith, Arithmetic};
    use crate::numerics::drift::{self, order};

    /// Every planned case reads back as itself, and its program, at a small size, is WGSL whose buffers are as declared.
    pub(in super::super) fn check_plans(kernel: &dyn Kernel) {
        for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
            let plan = kernel.plan(profile, 7);
            assert!(!plan.is_empty(), "{} has a {} plan", kernel.name(), profile.name());
            let mut seen = std::collections::HashSet::new();
            for case in plan {
                assert_eq!(Case::parse(&case.to_string()), Ok(case.clone()), "{case}");
                assert!(seen.insert(case.to_string()), "{case} is planned once");
                let mut small = case.clone();
                for name in ["n", "rows", "cols", "width"] {
                    if !case.text(name).is_empty() && profile != Profile::Quick {
                        small = small.with(name, 5);
                    }
                }
                let found = problem(&small).unwrap_or_else(|e| panic!("{small}: {e}"));
                let Some(program) = found.program() else {
                    let threaded = found.threaded(1).expect("a program, or a form for the CPU's threads");
                    assert_eq!((threaded.dtype, threaded.len), found.shape(), "{case}");
                    continue;
                };
                let module = naga::front::wgsl::parse_str(&program.source)
                    .unwrap_or_else(|e| panic!("{case}: {}", e.emit_to_string(&program.source)));
                for pass in &program.passes {
                    assert!(module.entry_points.iter().any(|e| e.name == pass.entry), "{case} has {}", pass.entry);
                }
                assert_eq!((program.output.dtype, program.output.len), found.shape(), "{case}");
            }
        }
    }

    /// The twin is within the allowance in every arithmetic, the allowance is nowhere void, and threads change nothing.
    pub(in super::super) fn check_twin(id: &str) -> Box<dyn Problem> {
        let case = Case::parse(id).unwrap();
        let found = problem(&case).unwrap_or_else(|e| panic!("{id}: {e}"));
        let exact = found.exact();
        let allowance = found.allowance();
        let (dtype, len) = found.shape();
        if let Allowance::Intervals(intervals) = &allowance {
            assert_eq!(intervals.len(), len, "{id}: an interval for each element");
        }
        for arithmetic in found.arithmetics() {
            let twin = found.twin(*arithmetic, 1).unwrap();
            assert_eq!((twin.dtype, twin.len), (dtype, len), "{id}");
            assert_eq!(Some(&twin), found.twin(*arithmetic, 3).as_ref(), "{id}: threads change nothing");
            let accuracy = drift::accuracy(&twin, exact.as_ref(), &allowance, Some(&twin));
            assert_eq!(accuracy.outside, 0, "{id} {}: {accuracy:?}", arithmetic.name());
            assert_eq!(accuracy.unconstrained, 0, "{id}: nothing is left open");
        }
        assert!(found.twin(Arithmetic::STRICT, 2).is_some(), "{id} has a strict twin");
        found
    }

    /// What a conformant driver may do that is furthest from the truth in one direction: every operation rounded up, or
    /// every one down, and quotients two units further.
    #[derive(Clone, Copy)]
    pub(in super::super) struct Directed<const UP: bool>;

    impl<const UP: bool> Directed<UP> {
        /// `x` moved `units` neighbours in the direction.
        pub(in super::super) fn moved(x: f32, units: u32) -> f32 {
            let units = i64::from(units);
            let place = order(Dtype::F32, x.to_bits()) + if UP { units } else { -units };
            let magnitude = f32::from_bits(u32::try_from(place.abs()).expect("a finite number"));
            if place < 0 { -magnitude } else { magnitude }
        }

        /// The neighbour of `x` in the direction.
        pub(in super::super) fn round(x: f64) -> f32 {
            #[expect(clippy::cast_possible_truncation, reason = "the rounding is corrected at once")]
            let near = x as f32;
            let beyond = if UP { f64::from(near) < x } else { f64::from(near) > x };
            Self::moved(near, u32::from(beyond))
        }
    }

    impl<const UP: bool> Directed<UP> {
        /// `exp(d)`, 3 + 2|d| ulp off.
        #[expect(clippy::cast_possible_truncation, reason = "far below 2^32")]
        #[expect(clippy::cast_sign_loss, reason = "not negative")]
        pub(in super::super) fn worst_exp(d: f32) -> f32 {
            Self::moved(super::exp::<Self>(d), (2.0 + 2.0 * d.abs()) as u32).max(0.0)
        }
    }

    impl<const UP: bool> Arith for Directed<UP> {
        const FUSED: bool = false;
        const FLUSH: bool = false;

        fn add(a: f32, b: f32) -> f32 {
            Self::round(round_to_odd_sum(a.into(), b.into()))
        }
        fn sub(a: f32, b: f32) -> f32 {
            Self::add(a, -b)
        }
        fn mul(a: f32, b: f32) -> f32 {
            Self::round(f64::from(a) * f64::from(b))
        }
        fn div(a: f32, b: f32) -> f32 {
            Self::moved(Self::round(f64::from(a) / f64::from(b)), if a == 0.0 { 0 } else { 1 })
        }
        fn sqrt(a: f32) -> f32 {
            Self::round(f64::from(a).sqrt())
        }
    }

    /// Every element of `got` is allowed, and on average `got` uses at least `share` of what is allowed.
    pub(in super::super) fn check_within(problem: &dyn Problem, got: &[f32], share: f64, what: &str) {
        let Allowance::Intervals(intervals) = problem.allowance() else { panic!("{what}: intervals") };
        let exact = problem.exact().unwrap().values;
        let mut used = 0.0;
        for ((i, x), (interval, truth)) in got.iter().enumerate().zip(intervals.iter().zip(&exact)) {
            assert!(interval.allows((*x).into()), "{what}: element {i} is {x:e}, exactly {truth:e}, of {interval:?}");
            let room = if f64::from(*x) > *truth { interval.hi - truth } else { truth - interval.lo };
            used += (f64::from(*x) - truth).abs() / room;
        }
        let mean = used / got.len() as f64;
        assert!(mean >= share, "{what}: uses {mean} of what is allowed");
    }
}
