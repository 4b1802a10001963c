//! What the WGSL specification allows (gpuweb, `wgsl/index.bs`, "Floating Point Evaluation").
//!
//! No rounding mode is prescribed, so "correctly rounded" means either neighbour: a unit roundoff of a whole ulp,
//! 2^-23 for binary32, where IEEE-754's is half of that. Operations may be reassociated and fused, subnormals may be
//! flushed at any point, and non-finite values may be assumed absent.

pub mod bounds;

/// The unit roundoff that the specification allows of one binary32 operation.
pub const U32: f64 = 1.0 / 8_388_608.0;

/// The unit roundoff that the specification allows of one binary16 operation.
pub const U16: f64 = 1.0 / 1024.0;

/// The smallest normal binary32 number: the most that flushing one subnormal can change.
pub const TINY32: f64 = f64::from_bits(0x3810_0000_0000_0000);

/// The smallest normal binary16 number, 2^-14.
pub const TINY16: f64 = 1.0 / 16384.0;

/// Higham's `gamma_k = k u / (1 - k u)`: the relative error that `k` roundings of unit roundoff `u` can accumulate
/// ("Accuracy and Stability of Numerical Algorithms", 2nd ed., section 3.1). Infinite where `k u` reaches 1.
#[must_use]
pub fn gamma(k: f64, u: f64) -> f64 {
    let ku = k * u;
    if ku < 1.0 { ku / (1.0 - ku) } else { f64::INFINITY }
}

/// The error allowed of a sum of `n` terms of total magnitude `magnitude`, added in any order with unit roundoff `u`,
/// each partial sum possibly flushed: `gamma_{n-1} Σ|x|`, and `n` flushes.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn sum_error(n: usize, magnitude: f64, u: f64, tiny: f64) -> f64 {
    gamma(n.saturating_sub(1) as f64, u) * magnitude + n as f64 * tiny
}
