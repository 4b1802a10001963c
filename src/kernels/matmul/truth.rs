//! The exact product, and how far from it the WGSL specification lets a driver go.

use super::element::Element;
use super::twin::Factors;
use crate::kernels::Interval;
use crate::numerics::spec;
use crate::numerics::threads;

/// Columns that are summed side by side, so that the sums stay in registers.
const LANES: usize = 8;

/// For each element of the product the exact value and the magnitude, row by row.
#[derive(Debug)]
pub(super) struct Truth {
    /// Σ a·b, to about 106 bits and then rounded to binary64.
    pub(super) exact: Vec<f64>,
    /// Σ |a|·|b|, within a relative k·2^-53.
    pub(super) magnitude: Vec<f64>,
}

impl Truth {
    /// The first `rows` rows of the product.
    ///
    /// The products are exact in binary64. Their sum carries the error of every addition (TwoSum), so that it is as
    /// good as computed in twice the precision: `Sum2` of Ogita, Rump and Oishi, "Accurate sum and dot product", SIAM
    /// J. Sci. Comput. 26(6), 2005, whose error is at most `2^-53 |Σ| + (k 2^-53)² Σ|a||b|`.
    pub(super) fn of(factors: Factors<'_>, rows: usize) -> Self {
        let columns = factors.columns;
        let mut both = vec![(0.0f64, 0.0f64); rows * columns];
        let threads = if both.len() * factors.inner < 1 << 18 { 1 } else { threads::available_threads() };
        threads::rows(&mut both, columns, threads, |row, out| {
            let a = &factors.a[row * factors.inner..(row + 1) * factors.inner];
            for (block, out) in out.chunks_mut(LANES).enumerate() {
                block_of_row(a, &factors.b[block * LANES..], columns, out);
            }
        });
        Self { exact: both.iter().map(|p| p.0).collect(), magnitude: both.iter().map(|p| p.1).collect() }
    }
}

#[inline(always)]
fn block_of_row(a: &[f32], b: &[f32], columns: usize, out: &mut [(f64, f64)]) {
    let (mut sum, mut error, mut magnitude) = ([0.0f64; LANES], [0.0f64; LANES], [0.0f64; LANES]);
    let width = out.len();
    let mut padded = [0.0f32; LANES];
    for (step, x) in a.iter().enumerate() {
        let from = &b[step * columns..];
        let y: &[f32; LANES] = match from.first_chunk() {
            Some(whole) if width == LANES => whole,
            _ => {
                padded[..width].copy_from_slice(&from[..width]);
                &padded
            }
        };
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
    for (lane, out) in out.iter_mut().enumerate() {
        *out = (sum[lane] + error[lane], magnitude[lane]);
    }
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
pub(super) fn allowance(element: Element, factors: Factors<'_>, rows: usize, truth: &Truth) -> Vec<Interval> {
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
    truth
        .exact
        .iter()
        .zip(&truth.magnitude)
        .enumerate()
        .map(|(i, (exact, magnitude))| {
            let operands =
                least * (f64::from(in_row[i / columns]) * largest_b + f64::from(in_column[i % columns]) * largest_a);
            let flushed = (1.0 + gamma) * (2.0 * k * tiny + operands);
            let radius = slack * (gamma * magnitude + flushed);
            let reach = slack * magnitude + radius;
            if reach.is_nan() || reach > greatest {
                return Interval::ANY;
            }
            Interval::around(*exact, radius + exact.abs() * f64::exp2(-51.0))
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::exact::DoubleDouble;

    #[test]
    fn the_exact_product_is_the_double_double_sum() {
        let (rows, inner, columns) = (5, 301, 19);
        let draw = |stream, n| crate::numerics::inputs::Distribution::Wide.draw(3, stream, n);
        let (a, b) = (draw(0, rows * inner), draw(1, inner * columns));
        let truth = Truth::of(Factors { a: &a, b: &b, inner, columns }, rows);
        for row in 0..rows {
            for column in 0..columns {
                let (mut sum, mut magnitude) = (DoubleDouble::default(), 0.0);
                for i in 0..inner {
                    sum.add_product(a[row * inner + i], b[i * columns + column]);
                    magnitude += f64::from((a[row * inner + i] * b[i * columns + column]).abs());
                }
                let (got, want) = (truth.exact[row * columns + column], sum.value());
                assert!((got - want).abs() <= want.abs() * f64::exp2(-52.0), "({row}, {column}): {got:e} {want:e}");
                let ratio = truth.magnitude[row * columns + column] / magnitude;
                assert!((ratio - 1.0).abs() < 1e-6, "({row}, {column}): magnitude off by {ratio}");
            }
        }
    }
}
