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

static VARIANTS: &[Variant] = &[
    Variant {
        name: "rows",
        about: "One workgroup a row: maximum, exponentials of the differences, their sum, quotients.",
        params: &[ROWS, COLS, DIST, SEED, WG],
    },
    Variant {
        name: "poly",
        about: "The same with an exponential of our own, so that the adapter's is no cause of a difference.",
        params: &[ROWS, COLS, DIST, SEED, WG],
    },
    Variant {
        name: "online",
        about: "Maximum and sum in one pass, rescaled as the maximum grows, with an exponential of our own.",
        params: &[ROWS, COLS, DIST, SEED, WG],
    },
];

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
        let mut cases = rows_plan("softmax", &VARIANTS[0], profile, seed);
        let poly = rows_plan("softmax", &VARIANTS[1], profile, seed);
        cases.extend(poly.into_iter().filter(|c| c.config() == "wg=64"));
        cases.extend(rows_plan("softmax", &VARIANTS[2], profile, seed));
        cases
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let method = match case.variant() {
            "online" => Method::Online,
            "poly" => Method::Poly,
            _ => Method::BuiltIn,
        };
        Ok(Box::new(RowsSoftmax { rows: Rows::of(case)?, method }))
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

struct RowsSoftmax {
    rows: Rows,
    method: Method,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    /// The built-in `exp`.
    BuiltIn,
    /// [`poly::exp`].
    Poly,
    /// [`poly::exp`], maximum and sum in one pass.
    Online,
}

impl Problem for RowsSoftmax {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.rows.input.len())
    }

    fn program(&self) -> Option<Program> {
        let len = self.rows.input.len();
        let mut params = vec![u32::try_from(self.rows.cols).unwrap_or(u32::MAX)];
        if self.method != Method::BuiltIn {
            params.extend([poly::LOG2_E, poly::LN_2[0], poly::LN_2[1]].map(f32::to_bits));
            params.extend(poly::COEFFICIENTS.map(f32::to_bits));
        }
        Some(Program {
            source: Shader::new(include_str!("../../shaders/softmax.wgsl"))
                .define("WG", self.rows.wg)
                .flag("POLY", self.method != Method::BuiltIn)
                .flag("ONLINE", self.method == Method::Online)
                .source(),
            buffers: vec![Buffer::Input(params), Buffer::floats(&self.rows.input), Buffer::Output(len)],
            passes: vec![Pass { entry: "main", groups: [self.rows.rows, 1, 1] }],
            output: OutputView { binding: 2, first_word: 0, dtype: Dtype::F32, len },
            features: vec![],
        })
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        if self.method == Method::BuiltIn { &UNFUSED } else { &Arithmetic::ALL }
    }

    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut out = vec![0.0f32; self.rows.input.len()];
        cpu::rows(&mut out, self.rows.cols, threads, |row, out| {
            let input = &self.rows.input[row * self.rows.cols..][..self.rows.cols];
            let wg = self.rows.wg as usize;
            with_arith!(arithmetic, A => match self.method {
                Method::BuiltIn => softmax::<A>(input, wg, out, rowwise::exp::<A>),
                Method::Poly => softmax::<A>(input, wg, out, poly::exp::<A>),
                Method::Online => online::<A>(input, wg, out),
            });
        });
        Some(Bits::f32(&out))
    }

    fn exact(&self) -> Option<Exact> {
        let mut values = Vec::with_capacity(self.rows.input.len());
        for row in self.rows.each() {
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
    /// `(n - 1) u`, and 2.5 u. With our own exponential, [`poly::bound`] takes the place of 3 + 2|d| ulp, and in one pass
    /// [`poly::online_sum`] that of the sum. The sum is near 1 or above, within the domain of the division's limit.
    fn allowance(&self) -> Allowance {
        let mut intervals = Vec::with_capacity(self.rows.input.len());
        for row in self.rows.each() {
            let exp = if self.method == Method::BuiltIn { bound::exp } else { poly::bound };
            let (max, exps) = bound::shifted_exps(row, exp);
            let sum = if self.method == Method::Online {
                poly::online_sum(row, max, self.rows.wg)
            } else {
                bound::sum(&exps)
            };
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
        for row in 0..self.rows.rows as usize {
            let sum = exact::sum((0..self.rows.cols).map(|i| output.value(row * self.rows.cols + i)));
            worst = worst.max((sum - 1.0).abs());
        }
        vec![Observation::new("row_sum_error", worst, "the largest distance of a row's exact sum from 1")]
    }
}

fn softmax<A: Arith>(row: &[f32], wg: usize, out: &mut [f32], exp: impl Fn(f32) -> f32) {
    let max = rowwise::row_max::<A>(row);
    for (e, x) in out.iter_mut().zip(row) {
        *e = exp(A::sub(*x, max));
    }
    let sum = rowwise::tree_sum::<A>(out.iter().copied(), wg);
    for e in out {
        *e = A::div(*e, sum);
    }
}

/// In one pass. Fused: each product with a scale feeds its sum.
fn online<A: Arith>(row: &[f32], wg: usize, out: &mut [f32]) {
    let mut partial = vec![(A::flush(row[0]), 0.0f32); wg];
    for part in row.chunks(wg) {
        for ((largest, sum), x) in partial.iter_mut().zip(part) {
            let x = A::flush(*x);
            if x > *largest {
                *sum = A::mad(*sum, poly::exp::<A>(A::sub(*largest, x)), 1.0);
                *largest = x;
            } else {
                *sum = A::add(*sum, poly::exp::<A>(A::sub(x, *largest)));
            }
        }
    }
    let mut half = wg / 2;
    while half > 0 {
        for i in 0..half {
            let (a, b) = (partial[i], partial[i + half]);
            let (more, less) = if a.0 >= b.0 { (a, b) } else { (b, a) };
            partial[i] = (more.0, A::mad(less.1, poly::exp::<A>(A::sub(less.0, more.0)), more.1));
        }
        half /= 2;
    }
    let (largest, sum) = partial[0];
    for (y, x) in out.iter_mut().zip(row) {
        *y = A::div(poly::exp::<A>(A::sub(*x, largest)), sum);
    }
}

/// An exponential of multiplications and additions only, for arguments up to 0.
mod poly {
    use super::{Arith, Interval, bound as range};
    use crate::spec::{TINY32, U32, gamma};

    /// `log2(e)`.
    pub(super) const LOG2_E: f32 = std::f32::consts::LOG2_E;

    /// `ln(2)`: its first 13 bits, so that products with `k` are exact, and the rest.
    pub(super) const LN_2: [f32; 2] = [5678.0 / 8192.0, 3.194_618_5e-5];

    /// `1/n!`, from 7 to 0.
    pub(super) const COEFFICIENTS: [f32; 8] =
        [1.0 / 5040.0, 1.0 / 720.0, 1.0 / 120.0, 1.0 / 24.0, 1.0 / 6.0, 1.0 / 2.0, 1.0, 1.0];

    /// As in the shader. Fused: the product with `log2(e)` feeds 1/2, the two with `k` feed the remainder, and each step
    /// of the polynomial feeds its coefficient. The last product is exact, so fusing it with the sum changes nothing.
    #[expect(clippy::cast_possible_truncation, reason = "clamped to the exponents of normal numbers")]
    #[expect(clippy::cast_sign_loss, reason = "from 1 to 127")]
    pub(super) fn exp<A: Arith>(d: f32) -> f32 {
        let k = A::mad(d, LOG2_E, 0.5).floor();
        let r = A::mad(-k, LN_2[1], A::mad(-k, LN_2[0], d));
        let p = COEFFICIENTS.into_iter().reduce(|p, c| A::mad(p, r, c)).unwrap_or(1.0);
        let power = f32::from_bits(((k.max(-126.0) as i32 + 127) as u32) << 23);
        if k >= -126.0 { A::mul(p, power) } else { 0.0 }
    }

    /// What the specification allows of [`exp`], by forward error analysis with `u` = 2^-23.
    ///
    /// - `k` is an integer with `|d - k ln 2| <= R`: half of `ln 2`, and what three roundings of `d log2(e) + 1/2` move.
    /// - The remainder is a sum of three terms in any order, two of them products: off by
    ///   `E = gamma_3 (|d| + |k| ln 2)` and by what the two parts of `ln 2` miss.
    /// - The polynomial of degree 7 has 14 operations and rounded coefficients: `gamma_16 Σ|r|^n/n!`, at most
    ///   `gamma_16 exp(R + E)`, beside the rest of the series, `(R + E)^8 / 8! exp(R + E)`; both relative to a result of
    ///   at least `exp(-R - E)`.
    /// - The power of two is exact, or the result below 2^-126 may be 0.
    pub(super) fn bound(d: Interval) -> Interval {
        // Here 2^k is certainly subnormal, and the result is 0.
        if d.hi < VANISHES {
            return Interval { lo: 0.0, hi: TINY32 };
        }
        let relative = relative(d.lo.abs().max(d.hi.abs()));
        Interval {
            lo: libm::exp(d.lo) * (1.0 - relative) - 2.0 * TINY32,
            hi: libm::exp(d.hi) * (1.0 + relative) + 2.0 * TINY32,
        }
    }

    /// Below this, [`exp`] is 0 however it is rounded.
    const VANISHES: f64 = -105.0;

    /// The relative error of [`bound`] for arguments up to `magnitude`. A convex function.
    fn relative(magnitude: f64) -> f64 {
        const SLACK: f64 = 1.0 + 1.0 / 1_048_576.0;
        let ln_2 = std::f64::consts::LN_2;
        let far = ln_2 * (0.5 + gamma(3.0, U32) * (1.5 * magnitude + 0.5));
        let missed = (ln_2 - f64::from(LN_2[0]) - f64::from(LN_2[1])).abs();
        let moved = gamma(3.0, U32) * (2.0 * magnitude + far) + 2.0 * magnitude * missed;
        let reach = far + moved;
        let series = gamma(16.0, U32) + libm::pow(reach, 8.0) / 40_320.0;
        ((1.0 + libm::expm1(moved)) * (1.0 + series * libm::exp(2.0 * reach)) - 1.0) * SLACK
    }

    /// What the specification allows of the sum of exponentials in one pass.
    ///
    /// An element at distance `d` from the row's maximum enters through its own exponential and is then scaled down by at
    /// most one exponential for each element of its invocation's part and one for each level of the tree: `h` in all,
    /// whose arguments have one sign and add up to `d`. With `r` the convex [`relative`] error of an exponential, theirs
    /// add up to at most `h r(0) + r(|d|)`; the roundings of their arguments to `2 u |d|`, of the products to `gamma_h`.
    /// The sum itself has the error of any order. Underflow loses at most 2^-126 a step, scaled by what is at most `n`.
    pub(super) fn online_sum(row: &[f32], max: Interval, wg: u32) -> Interval {
        let n = row.len() as f64;
        let steps = (n / f64::from(wg)).ceil() + f64::from(wg.ilog2()) + 1.0;
        let each = steps * relative(0.0) + gamma(steps, U32);
        let terms: Vec<_> = row
            .iter()
            .map(|x| {
                let d = range::sub(range::read(*x), max);
                if d.hi < VANISHES {
                    return Interval { lo: 0.0, hi: TINY32 };
                }
                let magnitude = range::magnitude(d);
                let error = each + relative(magnitude) + 2.0 * U32 * magnitude;
                Interval { lo: libm::exp(d.lo) * (1.0 - error), hi: libm::exp(d.hi) * libm::exp(error) }
            })
            .collect();
        let lost = Interval::around(0.0, 4.0 * n * steps * TINY32);
        range::add(range::sum(&terms), lost)
    }

    #[cfg(test)]
    mod tests {
        use super::*;
        use crate::arith::Ieee;

        /// Every arithmetic is within the bound and, down to the normal range, within 3 ulp of the exponential.
        #[test]
        fn it_is_an_exponential() {
            let first = f64::from(LN_2[0]) * f64::exp2(13.0);
            assert_eq!(first, first.trunc(), "the first part has few bits");
            assert!((std::f64::consts::LN_2 - f64::from(LN_2[0]) - f64::from(LN_2[1])).abs() < 1e-11, "ln 2");
            for i in 0..200_000u32 {
                let d = -(i as f32) * 0.000_531;
                let exact = libm::exp(d.into());
                let got = [
                    exp::<Ieee<false, false>>(d),
                    exp::<Ieee<true, false>>(d),
                    exp::<Ieee<false, true>>(d),
                    exp::<Ieee<true, true>>(d),
                ];
                for e in got {
                    assert!(bound(Interval::point(d.into())).allows(e.into()), "exp({d}) = {e:e}");
                    let error = (f64::from(e) - exact).abs();
                    assert!(error < 3.0 * U32 * exact || exact < 2.0 * TINY32, "exp({d}) = {e:e}, exactly {exact:e}");
                }
            }
            assert_eq!(exp::<Ieee<false, false>>(-2e6), 0.0, "far below");
            assert_eq!(exp::<Ieee<false, false>>(0.0), 1.0, "at the maximum");
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::rowwise::testing::{Directed, check_plans, check_twin, check_within};

    /// A driver that rounds everything one way, with the worst exponential that the specification allows, is within it.
    #[test]
    fn conformant_extremes_are_allowed() {
        fn extreme<const UP: bool>(shape: &str) {
            // Of rows with numbers far apart, nearly every quotient is 0.
            let share = if shape.contains("wide") { 0.0 } else { 1e-3 };
            for variant in ["rows", "poly", "online"] {
                let id = format!("softmax/{variant}?{shape}");
                let rows = Rows::of(&Case::parse(&id).unwrap()).unwrap();
                let problem = check_twin(&id);
                let mut out = vec![0.0; rows.input.len()];
                let wg = rows.wg as usize;
                for (row, out) in rows.each().zip(out.chunks_mut(rows.cols)) {
                    match variant {
                        "rows" => softmax::<Directed<UP>>(row, wg, out, Directed::<UP>::worst_exp),
                        "poly" => softmax::<Directed<UP>>(row, wg, out, poly::exp::<Directed<UP>>),
                        _ => online::<Directed<UP>>(row, wg, out),
                    }
                }
                check_within(&*problem, &out, share, &format!("{id} rounded {}", if UP { "up" } else { "down" }));
            }
        }
        for shape in ["rows=3&cols=7&wg=64", "rows=5&cols=1009&wg=32", "rows=4&cols=300&wg=1&dist=wide"] {
            extreme::<true>(shape);
            extreme::<false>(shape);
        }
    }

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
                check_twin(&format!("softmax/poly?{shape}&dist={dist}"));
                check_twin(&format!("softmax/online?{shape}&dist={dist}"));
            }
        }
    }

    /// The allowance is a few times the error of a mediocre implementation, and not more: at 1000 columns an error of
    /// 0.1 % is refused.
    #[test]
    fn the_allowance_refuses_a_wrong_answer() {
        for variant in ["rows", "poly", "online"] {
            let problem = check_twin(&format!("softmax/{variant}?rows=3&cols=1000"));
            let Allowance::Intervals(intervals) = problem.allowance() else { panic!("intervals") };
            for (interval, exact) in intervals.iter().zip(problem.exact().unwrap().values) {
                assert!(interval.allows(exact), "the truth is allowed");
                for wrong in [exact * 1.001, exact * 0.999, 0.0] {
                    assert!(!interval.allows(wrong), "{wrong:e} instead of {exact:e} is refused");
                }
            }
        }
    }
}
