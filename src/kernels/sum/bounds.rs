//! What the specification allows of sums, from the number of roundings on a number's way to the result.
//!
//! Invocations exchange values through memory, so that an implementation may reassociate within an invocation's own
//! part and within subgroupAdd, but not across barriers. A part of `k` numbers has at most `k - 1` additions on any
//! number's way in any order; every level of a tree adds one.

use crate::kernels::Interval;
use crate::numerics::exact::{self, FixedSum};
use crate::numerics::spec::{TINY32, U32, gamma};

/// The exact sum, the sum of magnitudes and the count of one row.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernels) struct Row {
    /// Correctly rounded to binary64.
    pub(in crate::kernels) sum: f64,
    /// `Σ|x|`.
    pub(in crate::kernels) magnitude: f64,
    /// The number of terms.
    pub(in crate::kernels) n: usize,
}

impl Row {
    /// The row of these numbers.
    pub(in crate::kernels) fn of(row: &[f32]) -> Self {
        let sum = row.iter().copied().collect::<FixedSum>().to_f64();
        Self { sum, magnitude: exact::sum(row.iter().map(|x| f64::from(x.abs()))), n: row.len() }
    }

    /// `sum ± radius`, and what flushing may add: each of at most three flushes a term (of the term, of the sum
    /// before, of the sum after) changes a value by less than the smallest normal number. Twice that covers how
    /// later roundings may magnify it. The radius is raised by 2^-40 of itself for the roundings in binary64 here.
    pub(in crate::kernels) fn within(&self, radius: f64) -> Interval {
        let flushes = 6.0 * count(self.n) * TINY32;
        Interval::around(self.sum, radius * (1.0 + f64::exp2(-40.0)) + flushes + self.sum.abs() * f64::exp2(-52.0))
    }
}

/// A count as binary64, exactly.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(in crate::kernels) fn count(n: usize) -> f64 {
    n as f64
}

/// The levels of a tree over `n` values.
pub(in crate::kernels) fn levels(n: usize) -> usize {
    n.next_power_of_two().trailing_zeros() as usize
}

/// Plain additions with at most `depth` roundings on any term's way: `gamma_depth Σ|x|` (Higham, section 4.2, with
/// the specification's unit roundoff 2^-23).
pub(in crate::kernels) fn plain(row: &Row, depth: usize) -> Interval {
    row.within(gamma(count(depth), U32) * row.magnitude)
}

/// Compensated additions that the implementation may simplify.
///
/// A step computes `y = x - c`, `t = s + y`, `c = (t - s) - y` (Neumaier's has the same operations). In real numbers
/// `c` is zero, so that any reassociation leaves the sum intact but for roundings: one of `y`, one of `t`, and up to
/// three of `c` whose operands are below `|t| + |s| + |y|`, twice the magnitude so far. That is less than ten
/// roundings of the magnitude so far for each of `k` steps and each level of the tree.
pub(in crate::kernels) fn compensated(row: &Row, part: usize, levels: usize) -> Interval {
    row.within(gamma(10.0 * count(part + levels + 1), U32) * row.magnitude)
}

/// `k u` up to which powers of it beyond the second are covered by the constants of the second.
const MOST_STEPS: f64 = 0.01;

/// Kahan's sum with every operation kept as it is written.
///
/// A part has an error below `(2u + O(k u²)) Σ|x|` (Higham, section 4.3, eq. 4.8), which needs nothing of the
/// roundings but their size. Each level of the tree rounds `y`, `t - s` and the subtraction of `y`, each relative to
/// `|y|`, below `3u Σ|x|`; the last subtraction rounds once. The quadratic term has a generous constant; where `k u` is
/// not small, and higher powers count, the bound is that of [`compensated`].
pub(in crate::kernels) fn kahan(row: &Row, part: usize, levels: usize) -> Interval {
    let steps = count(part + levels + 1);
    if steps * U32 > MOST_STEPS {
        return compensated(row, part, levels);
    }
    let linear = (2.0 + 3.0 * count(levels) + 3.0) * U32;
    row.within((linear + 1000.0 * steps * U32 * U32) * row.magnitude)
}

/// Neumaier's sum with every operation kept as it is written.
///
/// `s - t` is exact where `|s| >= |x|` even when `t` is either neighbour: all are multiples of an ulp of the smaller,
/// and their difference has no more than 24 bits. So a step loses `u` of an error that is itself below `u` of the
/// magnitude, and the sum of `k` such errors loses `k u` of their sum: less than `8 (k + levels + 2)² u² Σ|x|` in all.
/// The last addition rounds the sum once. As in [`kahan`], `k u` must be small.
pub(in crate::kernels) fn neumaier(row: &Row, part: usize, levels: usize) -> Interval {
    let steps = count(part + levels + 2);
    if steps * U32 > MOST_STEPS {
        return compensated(row, part, levels);
    }
    row.within(U32 * row.sum.abs() + 8.0 * steps * steps * U32 * U32 * row.magnitude)
}

/// `gamma_k` for binary32 and the specification's rounding.
pub(in crate::kernels) fn gamma32(k: usize) -> f64 {
    gamma(count(k), U32)
}
