//! An exponential of multiplications and additions only, for arguments up to 0, and what the specification allows of it.

use super::{Arith, Interval, bound as range};
use crate::numerics::elementary;
use crate::numerics::spec::{TINY32, U32, gamma};

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
        lo: elementary::exp(d.lo) * (1.0 - relative) - 2.0 * TINY32,
        hi: elementary::exp(d.hi) * (1.0 + relative) + 2.0 * TINY32,
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
    let series = gamma(16.0, U32) + elementary::pow(reach, 8.0) / 40_320.0;
    ((1.0 + libm::expm1(moved)) * (1.0 + series * elementary::exp(2.0 * reach)) - 1.0) * SLACK
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
            Interval { lo: elementary::exp(d.lo) * (1.0 - error), hi: elementary::exp(d.hi) * elementary::exp(error) }
        })
        .collect();
    let lost = Interval::around(0.0, 4.0 * n * steps * TINY32);
    range::add(range::sum(&terms), lost)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::arith::Ieee;

    /// Every arithmetic is within the bound and, down to the normal range, within 3 ulp of the exponential.
    #[test]
    fn it_is_an_exponential() {
        let first = f64::from(LN_2[0]) * f64::exp2(13.0);
        assert_eq!(first, first.trunc(), "the first part has few bits");
        assert!((std::f64::consts::LN_2 - f64::from(LN_2[0]) - f64::from(LN_2[1])).abs() < 1e-11, "ln 2");
        for i in 0..200_000u32 {
            let d = -(i as f32) * 0.000_531;
            let exact = elementary::exp(d.into());
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
