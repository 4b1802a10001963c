//! Orthonormal rows by modified Gram-Schmidt, in the order of one workgroup.

use crate::kernels::case::{Case, CaseError};
use crate::kernels::normal::quantile;
use crate::kernels::philox::words_by_element;
use crate::kernels::rowwise::{self, UNFUSED};
use crate::kernels::{Allowance, Buffer, Exact, Interval, Observation, OutputView, Pass, Problem, Program, Shader};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::{Arith, Arithmetic};
use crate::numerics::exact;
use crate::numerics::inputs::philox::key;
use crate::numerics::spec::{TINY32, U32, gamma};
use crate::with_arith;

struct Orthogonal {
    rows: usize,
    cols: usize,
    wg: u32,
    guarded: bool,
    /// Normal numbers by integers, which are the same everywhere: what differs is the factorisation.
    input: Vec<f32>,
}

/// The problem of a case of `orthogonal`.
pub(super) fn problem(case: &Case) -> Result<Box<dyn Problem>, CaseError> {
    let rows = case.count("rows")? as usize;
    let cols = case.count("cols")? as usize;
    if rows > cols {
        return Err(CaseError::new(format!("rows={rows}&cols={cols} in '{case}': no more rows than cols are wanted")));
    }
    let wg = case.count("wg")?;
    let guarded = case.word("way")? == "guarded";
    let words = words_by_element(rows * cols, key(case.seed("seed")?), 1);
    let input = words.into_iter().map(|w| f32::from_bits(quantile::fixed(w).rounded())).collect();
    Ok(Box::new(Orthogonal { rows, cols, wg, guarded, input }))
}

/// The inner product as the shader has it: strided parts, then a tree.
fn dot<A: Arith>(a: &[f32], b: &[f32], wg: usize, guarded: bool) -> f32 {
    let mut partial = vec![0.0f32; wg];
    for (a, b) in a.chunks(wg).zip(b.chunks(wg)) {
        for ((sum, a), b) in partial.iter_mut().zip(a).zip(b) {
            *sum = if guarded { A::add(*sum, A::mul(*a, *b)) } else { A::mad(*a, *b, *sum) };
        }
    }
    rowwise::tree_sum::<A>(partial.into_iter(), wg)
}

impl Orthogonal {
    /// Fused: each product feeds the sum, or the difference, that it is in; guarded ones are kept apart.
    fn factorise<A: Arith>(&self) -> Vec<f32> {
        let wg = self.wg as usize;
        let mut out = self.input.clone();
        for k in 0..self.rows {
            let (done, rest) = out.split_at_mut(k * self.cols);
            let row = &mut rest[..self.cols];
            for other in done.chunks_exact(self.cols) {
                let along = dot::<A>(other, row, wg, self.guarded);
                for (x, q) in row.iter_mut().zip(other) {
                    *x = if self.guarded { A::sub(*x, A::mul(along, *q)) } else { A::mad(-along, *q, *x) };
                }
            }
            let square = dot::<A>(row, row, wg, self.guarded);
            if self.guarded {
                let length = A::sqrt(square);
                row.iter_mut().for_each(|x| *x = A::div(*x, length));
            } else {
                let scale = rowwise::inverse_sqrt::<A>(square);
                row.iter_mut().for_each(|x| *x = A::mul(*x, scale));
            }
        }
        out
    }

    /// The same in binary64, each row orthogonalised twice ("twice is enough", Giraud et al. 2005), and what the error
    /// analysis needs: for each row and each step before it, what is left of the row and what is taken away.
    fn truth(&self) -> (Vec<f64>, Vec<Row>) {
        let mut out: Vec<f64> = self.input.iter().map(|x| f64::from(*x)).collect();
        let mut rows = Vec::with_capacity(self.rows);
        for k in 0..self.rows {
            let (done, rest) = out.split_at_mut(k * self.cols);
            let row = &mut rest[..self.cols];
            let mut steps = Vec::with_capacity(k);
            for turn in 0..2 {
                for other in done.chunks_exact(self.cols) {
                    let left = norm(row);
                    let along = exact::sum(row.iter().zip(other).map(|(x, q)| x * q));
                    if turn == 0 {
                        steps.push((left, along.abs()));
                    }
                    row.iter_mut().zip(other).for_each(|(x, q)| *x -= along * q);
                }
            }
            let length = norm(row);
            row.iter_mut().for_each(|x| *x /= length);
            rows.push(Row { steps, length });
        }
        (out, rows)
    }
}

/// Norms of one row: before each step and what the step takes away, and at the end.
struct Row {
    steps: Vec<(f64, f64)>,
    length: f64,
}

fn norm(x: &[f64]) -> f64 {
    exact::sum(x.iter().map(|x| x * x)).sqrt()
}

/// How far each row may be from the truth, as a Euclidean norm, in any order of the sums; infinite from the row on whose
/// own error may reach its length.
///
/// Let `q + d` stand for a row that is finished and `v + e` for the one at work, `|d| <= D` and `|e| <= E`. A step takes
/// `(q.v) q` away, so that the error becomes at most `E + E D + D (|v| + E)(1 + D) + |q.v| D`, for the projection across
/// `q` does not lengthen `e`; the inner product adds `gamma_n+1 (1 + D)(|v| + E)` along the row, and the products and
/// differences `gamma_2` of their magnitudes. Dividing by the length moves a direction by `E / (|v| - E)`, and rounds:
/// half of the error of the square, 4.5 ulp of the root or 2 of its reciprocal, 2.5 of the quotient.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn radii(rows: &[Row], cols: usize) -> Vec<f64> {
    let inner = gamma(cols as f64 + 1.0, U32);
    let flushed = (cols as f64 + 4.0) * TINY32 * 64.0;
    let mut radii: Vec<f64> = Vec::with_capacity(rows.len());
    for row in rows {
        let mut e = 0.0f64;
        for ((left, along), d) in row.steps.iter().zip(&radii) {
            let length = left + e;
            let taken = along + d * length + e;
            let moved = e + e * d + d * length * (1.0 + d) + along * d;
            let rounded = inner * length * (1.0 + d) * (1.0 + d) + gamma(3.0, U32) * (2.0 * taken * (1.0 + d) + length);
            e = moved + rounded + flushed;
        }
        let room = row.length - e;
        let rounding = inner + gamma(8.0, U32) + flushed;
        // The comparison is false of a NaN too.
        radii.push(if room > 0.0 { (e / room + rounding * (1.0 + e / room)) * 1.001 } else { f64::INFINITY });
    }
    radii
}

impl Problem for Orthogonal {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::F32, self.input.len())
    }

    /// Row k is made orthogonal to the k before it, each with two walks over the row and a tree.
    fn iterations(&self) -> u64 {
        let (rows, part, levels) = (self.rows as u64, self.cols.div_ceil(self.wg as usize) as u64, 10);
        rows * (1 + 3 * part + levels) + rows * rows.saturating_sub(1) / 2 * (1 + 2 * part + levels)
    }

    fn program(&self) -> Option<Program> {
        let shader = Shader::new(include_str!("../../../shaders/init.wgsl"))
            .define("WG", self.wg)
            .flag("ORTHOGONAL", true)
            .flag("GUARDED", self.guarded);
        let size = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        let len = self.input.len();
        Some(
            Program::new(
                shader.source(),
                vec![
                    Buffer::Input(vec![size(self.rows), size(self.cols), 0]),
                    Buffer::Output(len),
                    Buffer::floats(&self.input),
                ],
                vec![Pass::new("main", [1, 1, 1])],
                OutputView::whole(1, Dtype::F32, len),
            )
            .writing_first(),
        )
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        if self.guarded { &UNFUSED } else { &Arithmetic::CONTRACTION }
    }

    fn twin(&self, arithmetic: Arithmetic, _threads: usize) -> Option<Bits> {
        Some(Bits::f32(&with_arith!(arithmetic, A => self.factorise::<A>())))
    }

    fn exact(&self) -> Option<Exact> {
        Some(Exact { values: self.truth().0 })
    }

    /// No element of a row is further from the truth than the row is. The bound of [`radii`] doubles from row to row: of
    /// many rows WGSL promises nothing.
    fn allowance(&self) -> Allowance {
        let (values, rows) = self.truth();
        let radii = radii(&rows, self.cols);
        let around = |(row, radius): (&[f64], &f64)| {
            // No element of a unit vector is beyond 1.
            let radius = if *radius < 1.0 { *radius } else { f64::NAN };
            row.iter().map(|x| Interval::around(*x, radius)).collect::<Vec<_>>()
        };
        Allowance::Intervals(values.chunks_exact(self.cols).zip(&radii).flat_map(around).collect())
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let row = |k: usize| (0..self.cols).map(move |i| output.value(k * self.cols + i));
        let mut departure = 0.0f64;
        for a in 0..self.rows {
            for b in 0..=a {
                let inner = exact::sum(row(a).zip(row(b)).map(|(x, y)| x * y));
                departure = departure.max((inner - f64::from(u8::from(a == b))).abs());
            }
        }
        vec![Observation::new("orthogonality", departure, "the largest element of |Q Q^T - I|")]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels;
    use crate::kernels::rowwise::testing::{Directed, check_twin, check_within};

    fn built(rows: usize, cols: usize, guarded: bool) -> Orthogonal {
        let words = words_by_element(rows * cols, [7, 0], 1);
        let input = words.into_iter().map(|w| f32::from_bits(quantile::fixed(w).rounded())).collect();
        Orthogonal { rows, cols, wg: 32, guarded, input }
    }

    #[test]
    fn the_twin_is_within_what_is_allowed() {
        for shape in
            ["rows=1&cols=1", "rows=1&cols=7", "rows=3&cols=61&wg=32", "rows=8&cols=64", "rows=4&cols=300&wg=1"]
        {
            for way in ["native", "guarded"] {
                check_twin(&format!("init/orthogonal?{shape}&way={way}"));
            }
        }
    }

    /// Rounding everything one way is allowed.
    #[test]
    fn conformant_extremes_are_allowed() {
        for (rows, cols) in [(3, 40), (8, 64)] {
            for guarded in [false, true] {
                let problem = built(rows, cols, guarded);
                let what = format!("{rows} x {cols}, guarded {guarded}");
                check_within(&problem, &problem.factorise::<Directed<true>>(), 0.0, &what);
                check_within(&problem, &problem.factorise::<Directed<false>>(), 0.0, &what);
            }
        }
    }

    /// The truth is orthonormal, and spans what the rows before it span: `A = R Q` with R lower triangular.
    #[test]
    fn the_truth_is_the_factor() {
        let problem = built(8, 64, false);
        let (q, rows) = problem.truth();
        let row = |k: usize| &q[k * 64..][..64];
        for (a, known) in rows.iter().enumerate() {
            for b in 0..8 {
                let inner: f64 = row(a).iter().zip(row(b)).map(|(x, y)| x * y).sum();
                assert!((inner - f64::from(u8::from(a == b))).abs() < 1e-14, "rows {a} and {b}: {inner}");
            }
            let input: Vec<f64> = problem.input[a * 64..][..64].iter().map(|x| f64::from(*x)).collect();
            let mut left = input.clone();
            for b in 0..=a {
                let along: f64 = input.iter().zip(row(b)).map(|(x, y)| x * y).sum();
                assert!(b < a || (along - known.length).abs() < 1e-12 && along > 0.0, "row {a}: the diagonal");
                left.iter_mut().zip(row(b)).for_each(|(x, q)| *x -= along * q);
            }
            assert!(norm(&left) < 1e-12, "row {a} is in the span");
        }
    }

    /// A wrong answer is refused: rows that are not orthogonalised, and an element off by a per cent of a row's length.
    #[test]
    fn the_allowance_refuses_a_wrong_answer() {
        let problem = built(8, 64, false);
        let Allowance::Intervals(intervals) = problem.allowance() else { panic!("intervals") };
        for (i, (interval, value)) in intervals.iter().zip(problem.exact().unwrap().values).enumerate() {
            assert!(interval.allows(value), "element {i}: the truth");
            assert!(!interval.allows(value + 0.01) && !interval.allows(value - 0.01), "element {i}: {interval:?}");
        }
        let lengths = problem.input.chunks(64).map(|r| norm(&r.iter().map(|x| f64::from(*x)).collect::<Vec<_>>()));
        let plain: Vec<f64> =
            problem.input.chunks(64).zip(lengths).flat_map(|(r, l)| r.iter().map(move |x| f64::from(*x) / l)).collect();
        let outside = plain.iter().zip(&intervals).filter(|(x, i)| !i.allows(**x)).count();
        assert!(outside > 300, "{outside} of 512 rows that were only scaled are refused");
    }

    #[test]
    fn departure_from_orthogonality_is_seen() {
        let seen = |rows, cols, guarded| {
            let problem = built(rows, cols, guarded);
            problem.observe(&problem.twin(Arithmetic::STRICT, 1).unwrap())[0].value
        };
        for guarded in [false, true] {
            let departure = seen(8, 64, guarded);
            assert!(departure > 0.0 && departure < 1e-6, "{departure:e}");
        }
        // A square matrix is nearly dependent at the end, where modified Gram-Schmidt loses orthogonality.
        assert!(seen(24, 24, false) > 1e-7, "{}", seen(24, 24, false));
    }

    #[test]
    fn bad_parameters_say_what_to_type() {
        for query in ["rows=65&cols=64", "wg=48", "way=integer", "rows=0", "cols=0"] {
            let error = kernels::problem(&Case::parse(&format!("init/orthogonal?{query}")).unwrap()).err().unwrap();
            let error = error.to_string();
            assert!(error.contains("wanted") && !error.contains('\n'), "{query}: {error}");
        }
    }
}
