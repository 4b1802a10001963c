//! What the WGSL specification allows (gpuweb, `wgsl/index.bs`, "Floating Point Evaluation").
//!
//! No rounding mode is prescribed, so "correctly rounded" means either neighbour: a unit roundoff of a whole ulp,
//! 2^-23 for binary32, where IEEE-754's is half of that. Operations may be reassociated and fused, subnormals may be
//! flushed at any point, and non-finite values may be assumed absent.

pub mod bounds;
pub mod certain;
pub mod limits;

/// The unit roundoff that the specification allows of one binary32 operation.
pub const U32: f64 = 1.0 / 8_388_608.0;

/// The unit roundoff that the specification allows of one binary16 operation.
pub const U16: f64 = 1.0 / 1024.0;

/// The smallest normal binary32 number: the most that flushing one subnormal can change.
pub const TINY32: f64 = f64::from_bits(0x3810_0000_0000_0000);

/// The smallest normal binary16 number, 2^-14.
pub const TINY16: f64 = 1.0 / 16384.0;

/// Higham's `gamma_k = k u / (1 - k u)`: the relative error that `k` roundings of unit roundoff `u` can accumulate
/// ("Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1). From `k u = 1/2` on it grows out of bounds,
/// and what it bounds takes its place: `(1-u)^-k - 1`, which holds any product of `k` factors `(1+d)^±1`, `|d| <= u`.
/// So long sums keep a bound, and a NaN is never within it.
#[must_use]
pub fn gamma(k: f64, u: f64) -> f64 {
    let ku = k * u;
    if ku < 0.5 { ku / (1.0 - ku) } else { libm::expm1(-k * libm::log1p(-u)).max(1.0) }
}

/// The error allowed of a sum of `n` terms of total magnitude `magnitude`, added in any order with unit roundoff `u`,
/// each partial sum possibly flushed: `gamma_{n-1} Σ|x|`, and `n` flushes.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn sum_error(n: usize, magnitude: f64, u: f64, tiny: f64) -> f64 {
    gamma(n.saturating_sub(1) as f64, u) * magnitude + n as f64 * tiny
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn gamma_bounds_long_products_too() {
        for k in [1.0, 1e3, 1e6, 4e6, 8.0e6, 1.7e7, 6.7e7] {
            let (up, down) = (libm::expm1(k * libm::log1p(U32)), libm::expm1(-k * libm::log1p(-U32)));
            let found = gamma(k, U32);
            assert!(found.is_finite() && found >= up * 0.999_999 && found >= down * 0.999_999, "{k}: {found}");
        }
        let ascending: Vec<_> = (1..400).map(|i| gamma(f64::from(i) * 1e5, U32)).collect();
        assert!(ascending.is_sorted(), "more roundings are never bounded by less");
    }
}
