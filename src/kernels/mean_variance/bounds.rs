//! What the specification allows of mean and variance: forward error analysis with the unit roundoff u = 2^-23 of
//! either-neighbour rounding. A division may be off by 2.5 ulp, at most 2.5 u relative, counted as 3 roundings. Each
//! intermediate result may be flushed, which changes it by less than the smallest normal number.

use crate::kernels::Interval;
use crate::kernels::sum::bounds::{count, gamma32, levels};
use crate::numerics::exact::{self, FixedSum};
use crate::numerics::spec::{TINY32, U32};

/// The exact moments of a row, in binary64 from exact or far more precise sums.
#[derive(Debug, Clone, Copy)]
pub(super) struct Moments {
    pub(super) mean: f64,
    pub(super) variance: f64,
    /// `Σ|x| / n`.
    magnitude: f64,
    /// `Σx² / n`.
    square: f64,
}

impl Moments {
    pub(super) fn of(row: &[f32]) -> Self {
        let n = count(row.len());
        let mean = row.iter().copied().collect::<FixedSum>().to_f64() / n;
        // The rounding of the mean to binary64 shifts the variance by its square, about 2^-106 of the mean's.
        let variance = exact::sum(row.iter().map(|x| (f64::from(*x) - mean).powi(2))) / n;
        let magnitude = exact::sum(row.iter().map(|x| f64::from(x.abs()))) / n;
        let square = exact::sum(row.iter().map(|x| f64::from(*x).powi(2))) / n;
        Self { mean, variance, magnitude, square }
    }
}

/// `centre ± radius`, raised by 2^-30 of itself and of 2^-20 ulp of the centre for the roundings in binary64 here.
fn around(centre: f64, radius: f64) -> Interval {
    Interval::around(centre, radius * (1.0 + f64::exp2(-30.0)) + centre.abs() * f64::exp2(-43.0))
}

/// The roundings on a number's way through a part and the tree.
fn depth(n: usize, wg: usize) -> usize {
    n.div_ceil(wg) + levels(wg)
}

/// The error of the mean by a sum and a division: `gamma_{depth+3} Σ|x| / n`, and flushes: six a term (see
/// `sum::bounds::Row::within`) before the division by n, one after.
fn mean_error(m: &Moments, n: usize, wg: usize) -> f64 {
    gamma32(depth(n, wg) + 3) * m.magnitude + 8.0 * TINY32
}

/// The flushes of a sum of `n` squares of numbers up to `largest`, divided by n: of a factor, `2 largest` times the
/// smallest normal number; of a product or a sum, that number; twice as much for later roundings.
fn square_flushes(largest: f64) -> f64 {
    (8.0 * largest + 16.0) * TINY32
}

fn largest(row: &[f32]) -> f64 {
    row.iter().fold(0.0, |m, x| f64::max(m, f64::from(x.abs())))
}

/// E[x²] is off by at most `gamma_{depth+4} E[x²]`; the square of the mean by `2 |mean| e + e²` and a rounding; their
/// difference is rounded once.
pub(super) fn one_pass(row: &[f32], wg: usize) -> [Interval; 2] {
    let m = Moments::of(row);
    let (n, e) = (row.len(), mean_error(&m, row.len(), wg));
    let squares = gamma32(depth(n, wg) + 4) * m.square + square_flushes(largest(row));
    let mean_square = 2.0 * m.mean.abs() * e + e * e + U32 * (m.mean.abs() + e).powi(2) + square_flushes(largest(row));
    let error = squares + mean_square;
    [around(m.mean, e), around(m.variance, error + U32 * (m.variance + error) + TINY32)]
}

/// With a mean that is off by e, the mean square distance is W = variance + e². A distance is rounded once, its
/// square once, so that each term is off by 3 u relative, and the sum by `gamma_{depth+3}`; the division takes 3.
pub(super) fn two_pass(row: &[f32], wg: usize) -> [Interval; 2] {
    let m = Moments::of(row);
    let (n, e) = (row.len(), mean_error(&m, row.len(), wg));
    let apart = m.variance + e * e;
    let error = e * e + gamma32(depth(n, wg) + 7) * apart + square_flushes(2.0 * largest(row));
    [around(m.mean, e), around(m.variance, error)]
}

/// A part of Welford's recurrence in binary64, and how far the shader's may be from it.
#[derive(Debug, Clone, Copy, Default)]
struct Part {
    count: f64,
    mean: f64,
    mean_error: f64,
    square: f64,
    square_error: f64,
}

impl Part {
    /// One step. With the mean m off by e, the new mean `m + (x - m)/k` keeps `(1 - 1/k)` of that error; the distance
    /// adds one rounding, the division three, the addition one. A product of distances is off by what its factors are,
    /// and is rounded once; the sum of products is accounted for at the end, since it may be added in any order.
    fn step(&mut self, x: f64) {
        self.count += 1.0;
        let before = x - self.mean;
        let before_error = self.mean_error + U32 * (before.abs() + self.mean_error) + 3.0 * TINY32;
        let moved = (before.abs() + self.mean_error) / self.count;
        self.mean += before / self.count;
        let kept = self.mean_error * (1.0 - 1.0 / self.count);
        // (1 + u)(1 + 2.5 u) is below 1 + 4 u.
        let rounded = kept + 4.0 * U32 * moved;
        self.mean_error = rounded + U32 * (self.mean.abs() + rounded) + 8.0 * TINY32;
        let after = x - self.mean;
        let after_error = self.mean_error + U32 * (after.abs() + self.mean_error) + 3.0 * TINY32;
        let product = before * after;
        let spread = before.abs() * after_error + after.abs() * before_error + before_error * after_error;
        self.square += product;
        self.square_error += spread + U32 * (product.abs() + spread) + 4.0 * TINY32;
    }

    /// The additions of the `count` products.
    fn finish(&mut self) {
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a count of at most 2^24")]
        let additions = self.count as usize;
        self.square_error += gamma32(additions) * (self.square + self.square_error);
    }

    /// Chan, Golub and LeVeque's combination (1979, eq. 2.1). The weight of the right mean has a division and the
    /// product two more roundings; the mean itself one. The last term has three products and a division, at most 8
    /// roundings in any order; its sum with the two others two more.
    fn join(&self, right: &Self) -> Self {
        let both = self.count + right.count;
        let weight = right.count / both;
        let apart = right.mean - self.mean;
        let apart_error = {
            let e = self.mean_error + right.mean_error;
            e + U32 * (apart.abs() + e) + 3.0 * TINY32
        };
        let mean = self.mean + apart * weight;
        let kept = self.mean_error * (1.0 - weight) + right.mean_error * weight;
        let rounded = kept + gamma32(6) * (apart.abs() + apart_error) * weight + 8.0 * TINY32;
        let term = apart * apart * (self.count * weight);
        let most = (apart.abs() + apart_error).powi(2) * (self.count * weight);
        let flushes = (8.0 * (apart.abs() + apart_error) * both + 8.0 * both + 8.0) * TINY32;
        let term_error = (most - term) + gamma32(8) * most + flushes;
        let square = self.square + right.square + term;
        let square_error = self.square_error + right.square_error + term_error;
        Self {
            count: both,
            mean,
            mean_error: rounded + U32 * (mean.abs() + rounded) + TINY32,
            square,
            square_error: square_error + gamma32(2) * (square + square_error) + 4.0 * TINY32,
        }
    }
}

/// The recurrence's own error bound, computed along with it: its operations cannot be reordered across steps, except
/// for the sum of products. See [`Part`].
pub(super) fn welford(row: &[f32], wg: usize) -> [Interval; 2] {
    let m = Moments::of(row);
    let mut parts = vec![Part::default(); wg];
    for line in row.chunks(wg) {
        for (part, x) in parts.iter_mut().zip(line) {
            part.step(f64::from(*x));
        }
    }
    parts.iter_mut().for_each(Part::finish);
    let mut half = wg / 2;
    while half > 0 {
        for i in 0..half {
            if parts[i + half].count > 0.0 {
                parts[i] = parts[i].join(&parts[i + half]);
            }
        }
        half /= 2;
    }
    let found = parts[0];
    // The division by n.
    let error = found.square_error / found.count;
    let variance_error = error + 3.0 * U32 * (m.variance + error) + TINY32;
    [around(m.mean, found.mean_error), around(m.variance, variance_error)]
}
