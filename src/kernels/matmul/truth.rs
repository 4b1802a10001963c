//! The exact product, and how far from it the WGSL specification lets a driver go.

use std::sync::{Arc, Mutex, PoisonError};

use super::element::Element as Stored;
use super::twin::Factors;
use crate::kernels::Interval;
use crate::numerics::inputs::Distribution;
use crate::numerics::spec;
use crate::numerics::threads;

/// Columns that are summed side by side, so that the sums stay in registers.
const LANES: usize = 8;

/// Rows that a thread takes at a time, while what it reads of B stays in the second-level cache.
const ROWS: usize = 16;

/// The exact value and the magnitude of each element of the product, row by row.
#[derive(Debug)]
pub(super) struct Truth(pub(super) Vec<Element>);

/// Of one element of the product.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Element {
    /// Σ a·b, to about 106 bits and then rounded to binary64.
    pub(super) exact: f64,
    /// Σ |a|·|b|, within a relative k·2^-53.
    pub(super) magnitude: f64,
}

/// What decides the inputs of a product: its sizes, the distribution and seed, and the type that they are rounded to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Inputs {
    pub(super) sizes: [u32; 3],
    pub(super) distribution: Distribution,
    pub(super) seed: u64,
    pub(super) stored: Stored,
}

/// The truth of the last inputs: the configurations of a product, and its other orders of addition, come one after another.
static LAST: Mutex<Option<(Inputs, Arc<Truth>)>> = Mutex::new(None);

impl Truth {
    /// The truth of these inputs, as it was computed the last time, or computed now.
    pub(super) fn shared(inputs: Inputs, compute: impl FnOnce() -> Self) -> Arc<Self> {
        let mut last = LAST.lock().unwrap_or_else(PoisonError::into_inner);
        match &*last {
            Some((same, truth)) if *same == inputs => Arc::clone(truth),
            _ => {
                // Before the next is there: each may be a quarter of a gigabyte.
                *last = None;
                let truth = Arc::new(compute());
                *last = Some((inputs, Arc::clone(&truth)));
                truth
            }
        }
    }

    /// The first `rows` rows of the product.
    ///
    /// The products are exact in binary64. Their sum carries the error of every addition (TwoSum), so that it is as
    /// good as computed in twice the precision: `Sum2` of Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM
    /// J. Sci. Comput. 26(6), 2005, whose error is at most `2^-53 |Σ| + (k 2^-53)² Σ|a||b|`.
    pub(super) fn of(factors: Factors<'_>, rows: usize) -> Self {
        let Factors { a, b, inner, columns } = factors;
        let mut all = vec![Element::default(); rows * columns];
        let threads = if all.len() * inner < 1 << 18 { 1 } else { threads::available_threads() };
        // Each panel of columns one step after another.
        let mut packed = vec![0.0f32; columns.div_ceil(LANES) * LANES * inner];
        threads::rows(&mut packed, LANES * inner, threads, |panel, out| {
            let at = panel * LANES..columns.min((panel + 1) * LANES);
            for (out, row) in out.chunks_mut(LANES).zip(b.chunks(columns)) {
                out[..at.len()].copy_from_slice(&row[at.clone()]);
            }
        });
        threads::rows(&mut all, ROWS * columns, threads, |block, out| {
            for (panel, b) in packed.chunks(LANES * inner).enumerate() {
                for (row, out) in out.chunks_mut(columns).enumerate() {
                    let a = &a[(block * ROWS + row) * inner..][..inner];
                    let at = panel * LANES..columns.min((panel + 1) * LANES);
                    let sums = sums(a, b.as_chunks().0);
                    out[at.clone()].copy_from_slice(&sums[..at.len()]);
                }
            }
        });
        Self(all)
    }
}

/// The sums of one row with a panel of columns, in the widest instructions that the processor has. Their width does not show in
/// the results.
fn sums(a: &[f32], b: &[[f32; LANES]]) -> [Element; LANES] {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn wide(a: &[f32], b: &[[f32; LANES]]) -> [Element; LANES] {
            sums_of(a, b)
        }
        // SAFETY: the processor has it.
        return unsafe { wide(a, b) };
    }
    sums_of(a, b)
}

#[inline(always)]
fn sums_of(a: &[f32], b: &[[f32; LANES]]) -> [Element; LANES] {
    let (mut sum, mut error, mut magnitude) = ([0.0f64; LANES], [0.0f64; LANES], [0.0f64; LANES]);
    for (x, y) in a.iter().zip(b) {
        let x = f64::from(*x);
        for lane in 0..LANES {
            let product = x * f64::from(y[lane]);
            let total = sum[lane] + product;
            let part = total - sum[lane];
            error[lane] += (sum[lane] - (total - part)) + (product - part);
            sum[lane] = total;
            magnitude[lane] += product.abs();
        }
    }
    std::array::from_fn(|lane| Element { exact: sum[lane] + error[lane], magnitude: magnitude[lane] })
}

/// What the specification allows of the product of `factors`, stored as `element`.
///
/// With `u` a whole ulp (no rounding mode is prescribed: `2^-23`, or `2^-10` where sums are binary16), a product goes
/// through its own rounding and at most `k` additions whatever their order and fusion, so that
///
/// ```text
/// |c - Σ a·b| ≤ γ(k+1) Σ|a||b| + (1 + γ(k+1)) (2k·tiny + F),    γ(j) = j·u / (1 - j·u)
/// ```
///
/// (Higham, "Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1). `2k·tiny` is for `k` products and
/// `k` sums flushed to zero, each of them below the smallest normal number `tiny`. `F` is for flushed operands: one
/// that is subnormal takes with it at most `tiny` times the largest number of the other factor. Everything is allowed
/// where a partial sum may overflow (the specification lets a driver assume that none does), where `(k+1)·u ≥ 1`, and
/// where an operand is not finite.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) fn allowance(element: Stored, factors: Factors<'_>, rows: usize, truth: &Truth) -> Vec<Interval> {
    let Factors { inner, columns, .. } = factors;
    let (a, b) = (&factors.a[..rows * inner], factors.b);
    let (unit, tiny, greatest) = element.accumulator();
    let k = inner as f64;
    let gamma = spec::gamma(k + 1.0, unit);
    let least = element.smallest_normal();
    let subnormal = |x: f32| x != 0.0 && f64::from(x).abs() < least;
    let in_row: Vec<u32> = a.chunks(inner).map(|r| r.iter().map(|x| u32::from(subnormal(*x))).sum()).collect();
    let mut in_column = vec![0u32; columns];
    for row in b.chunks(columns) {
        for (count, x) in in_column.iter_mut().zip(row) {
            *count += u32::from(subnormal(*x));
        }
    }
    let largest = |values: &[f32]| values.iter().fold(0.0f64, |most, x| most.max(f64::from(x.abs())));
    let (largest_a, largest_b) = (largest(a), largest(b));
    // What binary64 itself may have lost of `magnitude`, `exact` and the formula, generously.
    let slack = 1.0 + (k + 16.0) * f64::exp2(-52.0);
    let interval = |i: usize| {
        let Element { exact, magnitude } = truth.0[i];
        let operands =
            least * (f64::from(in_row[i / columns]) * largest_b + f64::from(in_column[i % columns]) * largest_a);
        let flushed = (1.0 + gamma) * (2.0 * k * tiny + operands);
        let radius = slack * (gamma * magnitude + flushed);
        let reach = slack * magnitude + radius;
        if reach.is_nan() || reach > greatest {
            return Interval::ANY;
        }
        Interval::around(exact, radius + exact.abs() * f64::exp2(-51.0))
    };
    threads::filled(rows, columns, Interval::ANY, |row, out| {
        for (column, to) in out.iter_mut().enumerate() {
            *to = interval(row * columns + column);
        }
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::exact::DoubleDouble;

    #[test]
    fn the_exact_product_is_the_double_double_sum() {
        let (rows, inner, columns) = (5, 301, 19);
        let draw = |stream, n| Distribution::Wide.draw(3, stream, n);
        let (a, b) = (draw(0, rows * inner), draw(1, inner * columns));
        let truth = Truth::of(Factors { a: &a, b: &b, inner, columns }, rows);
        for row in 0..rows {
            for column in 0..columns {
                let (mut sum, mut magnitude) = (DoubleDouble::default(), 0.0);
                for i in 0..inner {
                    sum.add_product(a[row * inner + i], b[i * columns + column]);
                    magnitude += f64::from((a[row * inner + i] * b[i * columns + column]).abs());
                }
                let Element { exact: got, magnitude: found } = truth.0[row * columns + column];
                let want = sum.value();
                assert!((got - want).abs() <= want.abs() * f64::exp2(-52.0), "({row}, {column}): {got:e} {want:e}");
                let ratio = found / magnitude;
                assert!((ratio - 1.0).abs() < 1e-6, "({row}, {column}): magnitude off by {ratio}");
            }
        }
    }
}
