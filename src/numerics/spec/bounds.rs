//! The WGSL specification's accuracy rules as interval arithmetic ("Accuracy of Concrete Floating Point Expressions").
//!
//! An interval encloses every result that a conformant implementation may give. Each operation takes operands that may
//! be flushed, widens by its own limit, rounds outwards to the format, and lets a subnormal result become zero. A
//! result beyond the format's range, a non-finite operand, and operands outside a rule's stated domain give
//! [`Interval::ANY`]. Accuracies that the specification inherits from an expression are evaluated as that expression.

use crate::model::Interval;
use crate::numerics::arith::evaluate::{DEGREES, Evaluator, F1, F2, RADIANS, real1, real2};
use crate::numerics::arith::format::Format;
use crate::numerics::drift::ulp_size;
use crate::numerics::elementary;
use crate::numerics::spec::limits::{DIV_ULPS, INVERSE_SQRT_ULPS, LOG_ULPS, Limits, TANH_ABSOLUTE};

/// What binary64 evaluation of a reference may be off, relatively: the pinned `libm` is within 1 ulp, doubled twice.
const SLACK: f64 = 4.0 * f64::EPSILON;

/// The specification's rules for a format.
#[derive(Debug, Clone, Copy)]
pub struct Bounds(pub Format);

impl Bounds {
    /// An operand, which may be flushed where it is subnormal.
    #[must_use]
    pub fn operand(self, x: Interval) -> Interval {
        let tiny = self.0.tiny();
        if x.lo < tiny && x.hi > -tiny && !x.is_any() { x.or_zero() } else { x }
    }

    /// Every value that a result between these reals may become: either neighbour, or zero where subnormal.
    #[must_use]
    pub fn result(self, lo: f64, hi: f64) -> Interval {
        if !(lo >= -self.0.max() && hi <= self.0.max()) {
            return Interval::ANY;
        }
        self.operand(Interval { lo: self.0.down(lo), hi: self.0.up(hi) })
    }

    /// The result of a correctly rounded operation whose value binary64 gives to within its own rounding.
    fn near(self, values: &[f64], exact: bool) -> Interval {
        let lo = values.iter().copied().fold(f64::INFINITY, f64::min);
        let hi = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        if values.iter().any(|v| v.is_nan()) {
            return Interval::ANY;
        }
        if exact { self.result(lo, hi) } else { self.result(lo - lo.abs() * SLACK, hi + hi.abs() * SLACK) }
    }

    /// `values ± ulps` units in the last place.
    #[must_use]
    pub fn ulps(self, values: &[f64], ulps: f64) -> Interval {
        values.iter().fold(Interval { lo: f64::INFINITY, hi: f64::NEG_INFINITY }, |all, v| {
            // The ulp just above, since the reference may be a little below a power of two.
            let radius = ulps * ulp_size(self.0.dtype(), v.abs() * (1.0 + SLACK)) + v.abs() * SLACK;
            all.join(if v.is_nan() { Interval::ANY } else { self.result(v - radius, v + radius) })
        })
    }

    fn absolute(self, values: &[f64], radius: f64) -> Interval {
        let widest = self.near(values, false);
        if widest.is_any() { widest } else { self.result(widest.lo - radius, widest.hi + radius) }
    }

    /// A function that never falls, without an error of its own.
    fn monotone(self, f: F1, x: Interval) -> Interval {
        self.near(&[real1(f, x.lo), real1(f, x.hi)], true)
    }

    /// A sum of terms in any order, each made of up to `roundings` operations: `gamma_{n+r} Σ|t|` (Higham, section 3.1),
    /// and for each operation a flush, which may still be multiplied by `degree` of the `operands`. Joined with the
    /// expression `as_written`, whose operands may be flushed too, this holds every reassociation and distribution;
    /// where the expression as written, or a sum of operands that regrouping makes first, may overflow, anything is
    /// allowed.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a handful of terms")]
    pub fn terms(
        self,
        as_written: Interval,
        terms: &[f64],
        roundings: usize,
        operands: &[Interval],
        degree: i32,
    ) -> Interval {
        let magnitude: f64 = terms.iter().map(|t| t.abs()).sum();
        let operations = (terms.len() + roundings) as f64;
        let largest = operands.iter().fold(1.0, |m: f64, x| m.max(x.lo.abs()).max(x.hi.abs()));
        let together: f64 = operands.iter().map(|x| x.lo.abs().max(x.hi.abs())).sum();
        let flushed = operations * terms.len() as f64 * self.0.tiny() * largest.powi(degree);
        let radius = super::gamma(operations, self.0.unit()) * magnitude + flushed;
        if as_written.is_any() || magnitude.is_nan() || together > self.0.max() || magnitude + radius > self.0.max() {
            return Interval::ANY;
        }
        let centre = crate::numerics::exact::sum(terms.iter().copied());
        let regrouped = self.result(centre - radius, centre + radius);
        if regrouped.is_any() { regrouped } else { regrouped.join(as_written) }
    }

    /// `x` widened by `radius` on both sides.
    #[must_use]
    pub fn widen(self, x: Interval, radius: f64) -> Interval {
        if x.is_any() || radius.is_nan() { Interval::ANY } else { self.result(x.lo - radius, x.hi + radius) }
    }

    /// The figures of this format.
    fn limits(self) -> &'static Limits {
        Limits::of(self.0)
    }

    /// Whether this may be an operand that is subnormal, or zero after it was flushed.
    fn subnormal(self, x: Interval) -> bool {
        x.lo > -self.0.tiny() && x.hi < self.0.tiny() && (x.lo, x.hi) != (0.0, 0.0)
    }

    fn logarithm(self, f: F1, x: Interval) -> Interval {
        if x.lo <= 0.0 {
            return Interval::ANY;
        }
        let values = [real1(f, x.lo), real1(f, x.hi)];
        // Absolute on [0.5, 2.0], 3 ULP elsewhere; an interval across the border takes both.
        let absolute = self.absolute(&values, self.limits().log_absolute);
        match (x.lo >= 0.5 && x.hi <= 2.0, x.hi < 0.5 || x.lo > 2.0) {
            (true, _) => absolute,
            (_, true) => self.ulps(&values, LOG_ULPS),
            _ => absolute.join(self.ulps(&values, LOG_ULPS)),
        }
    }

    /// Sine and cosine, for operands that are points (or points and zero): values at both ends, with the extremum
    /// only where the interval is a subnormal one around zero, which the ends cover to within the radius.
    fn trigonometric(self, f: F1, x: Interval) -> Interval {
        let pi = std::f64::consts::PI;
        // A wider interval than one flushed operand would need the extrema between its ends.
        if x.lo < -pi || x.hi > pi || x.hi - x.lo > 2.0 * self.0.tiny() {
            return Interval::ANY;
        }
        self.absolute(&[real1(f, x.lo), real1(f, x.hi)], self.limits().sine_absolute)
    }

    fn atan2(self, y: Interval, x: Interval) -> Interval {
        let tiny = self.0.tiny();
        let reach = self.limits().divisor[1];
        let normal = |v: Interval| !v.is_any() && (v.lo >= tiny || v.hi <= -tiny);
        if !normal(y) || !normal(x) || x.lo.abs().max(x.hi.abs()) > reach {
            return Interval::ANY;
        }
        // Monotone in each operand within a quadrant, and both intervals lie in one: the corners are the extremes.
        let corners = [(y.lo, x.lo), (y.lo, x.hi), (y.hi, x.lo), (y.hi, x.hi)].map(|(y, x)| elementary::atan2(y, x));
        self.ulps(&corners, self.limits().atan_ulps)
    }

    fn one(self) -> Interval {
        Interval::point(1.0)
    }

    /// `sqrt(1 - x*x)` of the inherited forms of `asin` and `acos`.
    fn complement(self, x: Interval) -> Interval {
        self.call(F1::Sqrt, self.sub(self.one(), self.mul(x, x)))
    }

    fn constant_of(self, x: f64) -> Interval {
        // An implementation may round the constant either way.
        Interval { lo: self.0.down(x), hi: self.0.up(x) }
    }
}

impl Evaluator for Bounds {
    type V = Interval;

    fn constant(&self, x: f64) -> Interval {
        self.constant_of(x)
    }

    fn add(&self, a: Interval, b: Interval) -> Interval {
        let (a, b) = (self.operand(a), self.operand(b));
        if a.is_any() || b.is_any() {
            return Interval::ANY;
        }
        let (lo, hi) = (a.lo + b.lo, a.hi + b.hi);
        let exact = |x: f64, y: f64, s: f64| {
            let yy = s - x;
            (x - (s - yy)) + (y - yy) == 0.0
        };
        self.near(&[lo, hi], exact(a.lo, b.lo, lo) && exact(a.hi, b.hi, hi))
    }

    fn sub(&self, a: Interval, b: Interval) -> Interval {
        self.add(a, Interval { lo: -b.hi, hi: -b.lo })
    }

    fn mul(&self, a: Interval, b: Interval) -> Interval {
        let (a, b) = (self.operand(a), self.operand(b));
        if a.is_any() || b.is_any() {
            return Interval::ANY;
        }
        // Products of two numbers of up to 24 bits are exact in binary64.
        self.near(&[a.lo * b.lo, a.lo * b.hi, a.hi * b.lo, a.hi * b.hi], true)
    }

    fn div(&self, a: Interval, b: Interval) -> Interval {
        let (a, b) = (self.operand(a), self.operand(b));
        let [least, most] = self.limits().divisor;
        let in_domain = (b.lo >= least && b.hi <= most) || (b.lo >= -most && b.hi <= -least);
        if a.is_any() || !in_domain {
            return Interval::ANY;
        }
        self.ulps(&[a.lo / b.lo, a.lo / b.hi, a.hi / b.lo, a.hi / b.hi], DIV_ULPS)
    }

    fn mad(&self, a: Interval, b: Interval, c: Interval) -> Interval {
        // One rounding or two: the product's interval holds the exact product, so this holds the fused result.
        self.add(self.mul(a, b), c)
    }

    /// Inherited from `a * b + c`.
    fn fma(&self, a: Interval, b: Interval, c: Interval) -> Interval {
        self.mad(a, b, c)
    }

    fn call(&self, f: F1, x: Interval) -> Interval {
        let x = self.operand(x);
        if x.is_any() {
            return x;
        }
        let half = Interval::point(0.5);
        let magnitude = x.lo.abs().max(x.hi.abs());
        let of = |f| [real1(f, x.lo), real1(f, x.hi)];
        match f {
            F1::Abs if x.lo < 0.0 && x.hi > 0.0 => self.result(0.0, magnitude),
            F1::Abs => self.near(&of(f), true),
            F1::Negate => self.result(-x.hi, -x.lo),
            F1::Ceil | F1::Floor | F1::Round | F1::Trunc | F1::Sign | F1::Saturate => self.monotone(f, x),
            F1::QuantizeToF16 => {
                let narrow = Bounds(Format::F16).result(x.lo, x.hi);
                if narrow.is_any() { narrow } else { self.result(narrow.lo, narrow.hi) }
            }
            // x - floor(x), which rounds up to 1 just below a whole number.
            F1::Fract => {
                let floor = self.monotone(F1::Floor, x);
                let difference = self.sub(x, floor);
                if floor.lo == floor.hi { difference } else { difference.join(self.result(0.0, 1.0)) }
            }
            F1::Degrees => self.mul(x, self.constant_of(DEGREES)),
            F1::Radians => self.mul(x, self.constant_of(RADIANS)),
            F1::Exp | F1::Exp2 => self.ulps(&of(f), self.limits().exp_ulps + 2.0 * magnitude),
            F1::Log | F1::Log2 => self.logarithm(f, x),
            F1::Sin | F1::Cos => self.trigonometric(f, x),
            F1::Tan => self.div(self.call(F1::Sin, x), self.call(F1::Cos, x)),
            F1::InverseSqrt if x.lo > 0.0 => self.ulps(&of(f), INVERSE_SQRT_ULPS),
            F1::InverseSqrt => Interval::ANY,
            F1::Sqrt => self.div(self.one(), self.call(F1::InverseSqrt, x)),
            F1::Atan => self.ulps(&of(f), self.limits().atan_ulps),
            F1::Asin | F1::Acos if magnitude > 1.0 => Interval::ANY,
            F1::Asin => {
                let absolute = self.absolute(&of(f), self.limits().asin_absolute);
                absolute.join(self.atan2(x, self.complement(x)))
            }
            F1::Acos => {
                let absolute = self.absolute(&of(f), self.limits().acos_absolute);
                absolute.join(self.atan2(self.complement(x), x))
            }
            F1::Sinh | F1::Cosh => {
                let (plus, minus) = (self.call(F1::Exp, x), self.call(F1::Exp, self.call(F1::Negate, x)));
                let both = if f == F1::Sinh { self.sub(plus, minus) } else { self.add(plus, minus) };
                // (e^x ± e^-x) * 0.5, or the halves first.
                let halves = (self.mul(plus, half), self.mul(minus, half));
                let first = if f == F1::Sinh { self.sub(halves.0, halves.1) } else { self.add(halves.0, halves.1) };
                self.mul(both, half).join(first)
            }
            F1::Tanh => {
                let inherited = self.div(self.call(F1::Sinh, x), self.call(F1::Cosh, x));
                self.absolute(&of(f), TANH_ABSOLUTE).join(inherited)
            }
            F1::Asinh => {
                let root = self.call(F1::Sqrt, self.mad(x, x, self.one()));
                self.call(F1::Log, self.add(x, root))
            }
            F1::Acosh => {
                // Both spellings that are equal in real numbers.
                let plain = self.sub(self.mul(x, x), self.one());
                let factored = self.mul(self.add(x, self.one()), self.sub(x, self.one()));
                let log = |square| self.call(F1::Log, self.add(x, self.call(F1::Sqrt, square)));
                log(plain).join(log(factored))
            }
            F1::Atanh => {
                let quotient = self.div(self.add(self.one(), x), self.sub(self.one(), x));
                self.mul(self.call(F1::Log, quotient), half)
            }
        }
    }

    fn call2(&self, f: F2, x: Interval, y: Interval) -> Interval {
        let (x, y) = (self.operand(x), self.operand(y));
        if x.is_any() || y.is_any() {
            return Interval::ANY;
        }
        match f {
            F2::Atan2 => self.atan2(x, y),
            // Of two subnormals either may be returned.
            F2::Max | F2::Min if self.subnormal(x) && self.subnormal(y) => x.join(y),
            F2::Max => self.result(x.lo.max(y.lo), x.hi.max(y.hi)),
            F2::Min => self.result(x.lo.min(y.lo), x.hi.min(y.hi)),
            F2::Pow => self.call(F1::Exp2, self.mul(y, self.call(F1::Log2, x))),
            F2::Rem => {
                let quotient = self.div(x, y);
                if quotient.is_any() {
                    return quotient;
                }
                // The truncated quotient may be any whole number in its interval; an implementation that computes
                // the remainder exactly (`fmod`) is at least as accurate.
                let whole = self.result(quotient.lo.trunc(), quotient.hi.trunc());
                self.sub(x, self.mul(y, whole)).join(Interval::point(real2(F2::Rem, x.hi, y.hi)).or_zero())
            }
            // step(edge, x): edge <= x. Both answers where flushing can change the comparison.
            F2::Step => match (x.hi <= y.lo, x.lo > y.hi) {
                (true, _) => Interval::point(1.0),
                (_, true) => Interval::point(0.0),
                _ => Interval { lo: 0.0, hi: 1.0 },
            },
        }
    }

    fn dot(&self, a: &[Interval], b: &[Interval]) -> Interval {
        let products: Vec<_> = a.iter().zip(b).map(|(a, b)| self.mul(*a, *b)).collect();
        if products.iter().any(|p| p.is_any()) {
            return Interval::ANY;
        }
        // Any order of the additions: each product is in its interval, and n-1 roundings (and flushes) follow.
        let sum = |end: fn(&Interval) -> f64| products.iter().map(end).sum::<f64>();
        let magnitude: f64 = products.iter().map(|p| p.lo.abs().max(p.hi.abs())).sum();
        let radius = super::sum_error(products.len(), magnitude, self.0.unit(), self.0.tiny());
        if magnitude + radius > self.0.max() {
            return Interval::ANY;
        }
        self.result(sum(|p| p.lo) - radius, sum(|p| p.hi) + radius)
    }

    fn select_less(&self, a: Interval, b: Interval, yes: Interval, no: Interval) -> Interval {
        let (a, b) = (self.operand(a), self.operand(b));
        if a.is_any() || b.is_any() {
            return yes.join(no);
        }
        match (a.hi < b.lo, a.lo >= b.hi) {
            (true, _) => self.operand(yes),
            (_, true) => self.operand(no),
            _ => self.operand(yes).join(self.operand(no)),
        }
    }

    fn ldexp(&self, x: Interval, exponent: Interval) -> Interval {
        // "The result may be zero if e2 + bias <= 0", and e2 beyond bias + 1 is indeterminate.
        let bias = if self.0 == Format::F32 { 127.0 } else { 15.0 };
        let (x, scale) = (self.operand(x), elementary::exp2(exponent.lo));
        if x.is_any() || exponent.lo > bias + 1.0 {
            return Interval::ANY;
        }
        let scaled = self.near(&[x.lo * scale, x.hi * scale], true);
        if exponent.lo + bias <= 0.0 { scaled.or_zero() } else { scaled }
    }

    fn bounded(&self, x: &[Interval], real: fn(&[f64]) -> f64, radius: fn(&[f64]) -> f64) -> Interval {
        if x.iter().any(|x| x.is_any() || x.lo != x.hi) {
            return Interval::ANY;
        }
        let point: Vec<_> = x.iter().map(|x| x.lo).collect();
        let (centre, radius) = (real(&point), radius(&point));
        let bound = Interval::around(centre, radius);
        if bound.is_any() {
            bound
        } else {
            self.result(bound.lo - bound.lo.abs() * SLACK, bound.hi + bound.hi.abs() * SLACK)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// "If both x and y are denormalized, the result may be either value" (WGSL, `max` and `min`).
    #[test]
    fn either_of_two_subnormals_is_the_larger_and_the_smaller() {
        for (format, small) in [(Format::F32, f64::exp2(-140.0)), (Format::F16, f64::exp2(-20.0))] {
            let b = Bounds(format);
            let point = Interval::point;
            for f in [F2::Min, F2::Max] {
                for (x, y) in [(small, -small), (-small, small), (small, 2.0 * small)] {
                    let allowed = b.call2(f, point(x), point(y));
                    for either in [x, y, 0.0] {
                        assert!(allowed.allows(either), "{f:?}({x:e}, {y:e}) may be {either:e}: {allowed:?}");
                    }
                    assert!(!allowed.allows(3.0 * small), "{f:?}({x:e}, {y:e}) is no other number: {allowed:?}");
                }
            }
            assert!(!b.call2(F2::Min, point(small), point(1.0)).allows(1.0), "a normal number is compared as it is");
            assert!(!b.call2(F2::Max, point(0.0), point(-small)).allows(-small), "and so is zero");
        }
    }
}
