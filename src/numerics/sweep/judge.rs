//! What is counted of results that are not the correctly rounded one.

use super::reference::Function;
use crate::model::Interval;
use crate::model::drift::{Classes, UlpBucket};
use crate::model::sweep::{Point, Worst};
use crate::numerics::arith::evaluate::F1;
use crate::numerics::arith::format::Format;
use crate::numerics::drift::{Class, classify, ulp_size};
use crate::numerics::spec::bounds::Bounds;
use crate::numerics::spec::certain::{surely, surely_any};

/// Counts by the power of two that holds them.
#[derive(Debug, Clone)]
struct Buckets([u64; 33]);

impl Default for Buckets {
    fn default() -> Self {
        Self([0; 33])
    }
}

/// See the module. A worst one is the least input of those that are as bad.
#[derive(Debug, Clone, Default)]
pub(super) struct Judged {
    pub(super) classes: Classes,
    /// Distances by the power of two that holds them.
    buckets: Buckets,
    /// The largest of them.
    pub(super) max_ulp: u64,
    pub(super) worst_ulp: Option<Worst>,
    pub(super) worst_absolute: Option<Worst>,
    pub(super) allowed: u64,
    pub(super) unlimited: u64,
    pub(super) outside: u64,
    pub(super) first_outside: Option<Point>,
    worst_outside: Option<(u64, Point)>,
}

/// Keeps the larger error, and of equal ones that at the least input.
fn keep(worst: &mut Option<Worst>, other: Worst) {
    let better = |w: &Worst| other.error > w.error || other.error == w.error && other.at.input < w.at.input;
    if worst.as_ref().is_none_or(better) {
        *worst = Some(other);
    }
}

/// Whether an error that is no larger than `bound` can be one to keep.
fn may_be_kept(worst: Option<&Worst>, bound: f64) -> bool {
    worst.is_none_or(|w| bound >= w.error)
}

impl Judged {
    /// One that counts nothing, and knows the worst errors so far: smaller ones need no exact value.
    pub(super) fn after(other: &Self) -> Self {
        Self { worst_ulp: other.worst_ulp.clone(), worst_absolute: other.worst_absolute.clone(), ..Self::default() }
    }

    pub(super) fn merge(&mut self, other: Self) {
        let (c, o) = (&mut self.classes, &other.classes);
        c.zero_sign += o.zero_sign;
        c.nan_payload += o.nan_payload;
        c.nan_versus_number += o.nan_versus_number;
        c.infinite += o.infinite;
        c.not_finite += o.not_finite;
        c.flushed += o.flushed;
        c.finite += o.finite;
        self.buckets.0.iter_mut().zip(other.buckets.0).for_each(|(mine, theirs)| *mine += theirs);
        self.max_ulp = self.max_ulp.max(other.max_ulp);
        self.allowed += other.allowed;
        self.unlimited += other.unlimited;
        self.outside += other.outside;
        other.worst_ulp.into_iter().for_each(|w| keep(&mut self.worst_ulp, w));
        other.worst_absolute.into_iter().for_each(|w| keep(&mut self.worst_absolute, w));
        other.first_outside.into_iter().for_each(|p| self.first(p));
        other.worst_outside.into_iter().for_each(|(severity, p)| self.worst(severity, p));
    }

    fn first(&mut self, point: Point) {
        if self.first_outside.as_ref().is_none_or(|p| point.input < p.input) {
            self.first_outside = Some(point);
        }
    }

    fn worst(&mut self, severity: u64, point: Point) {
        let better = |(s, p): &(u64, Point)| severity > *s || severity == *s && point.input < p.input;
        if self.worst_outside.as_ref().is_none_or(better) {
            self.worst_outside = Some((severity, point));
        }
    }

    pub(super) fn worst_outside(&self) -> Option<Point> {
        self.worst_outside.as_ref().map(|(_, point)| point.clone())
    }

    pub(super) fn histogram(&self) -> Vec<UlpBucket> {
        let filled = self.buckets.0.iter().enumerate().filter(|(_, count)| **count > 0);
        filled.map(|(k, count)| UlpBucket { up_to: 1 << k, count: *count }).collect()
    }

    /// Takes a result that differs from the correctly rounded one, NaN being canonical in both.
    pub(super) fn add(&mut self, function: &Function, rule: Option<F1>, input: u32, found: u32, right: u32) {
        let class = classify(function.dtype(), right, found);
        if class == Class::Equal {
            return;
        }
        class.count(&mut self.classes);
        if let Class::Finite(distance) = class {
            self.max_ulp = self.max_ulp.max(distance);
            self.buckets.0[(64 - (distance - 1).leading_zeros()) as usize] += 1;
        }
        if matches!(class, Class::Finite(_) | Class::Flushed) {
            self.size(function, input, found, right, class);
        }
        self.allow(function, rule, (input, found, right), class.severity());
    }

    /// How large the error is. Exact values cost more than all else: they are asked only where the error can be the worst.
    fn size(&mut self, function: &Function, input: u32, found: u32, right: u32, class: Class) {
        let dtype = function.dtype();
        let (got, rounded) = (dtype.value(found), dtype.value(right));
        let unit = unit(function.format, rounded);
        let off = (got - rounded).abs();
        // The exact value is within half a unit of the rounded one; just below a power of two a unit is half as large.
        let power = rounded.to_bits() << 12 == 0;
        let ulps = if power { 2.0 * off / unit + 1.0 } else { off / unit + 0.5 };
        let in_ulp = matches!(class, Class::Finite(_)) && may_be_kept(self.worst_ulp.as_ref(), ulps);
        let absolutely = may_be_kept(self.worst_absolute.as_ref(), off + 0.5 * unit);
        if !in_ulp && !absolutely {
            return;
        }
        let exact = function.value(input);
        let error = (got - exact).abs();
        let at = Point { input, found, right };
        if in_ulp {
            keep(&mut self.worst_ulp, Worst { error: error / ulp_size(dtype, exact), at: at.clone() });
        }
        keep(&mut self.worst_absolute, Worst { error, at });
    }

    /// Whether the specification allows it.
    fn allow(&mut self, function: &Function, rule: Option<F1>, point: (u32, u32, u32), severity: u64) {
        let (input, found, right) = point;
        let operands = &function.operands_of(input)[..function.operands];
        if let Some(f) = rule
            && surely(f, operands[0], f32::from_bits(right), f32::from_bits(found))
        {
            self.allowed += 1;
            return;
        }
        if rule.is_some_and(|f| operands[0].is_finite() && surely_any(f, operands[0])) {
            self.unlimited += 1;
            return;
        }
        let finite = operands.iter().all(|x| x.is_finite());
        let interval = if finite {
            let points = [operands[0], operands.last().copied().unwrap_or_default()].map(Interval::point);
            (function.allowed)(&Bounds(function.format), &points[..function.operands])
        } else {
            Interval::ANY
        };
        if interval.is_any() {
            self.unlimited += 1;
        } else if interval.allows(function.dtype().value(found)) {
            self.allowed += 1;
        } else {
            self.outside += 1;
            let point = Point { input, found, right };
            self.first(point.clone());
            self.worst(severity, point);
        }
    }
}

/// The distance from the number `x` of a format to the next one away from zero.
fn unit(format: Format, x: f64) -> f64 {
    let (least, digits) = if format == Format::F32 { (1023 - 126, 23) } else { (1023 - 14, 10) };
    let exponent = (x.to_bits() >> 52 & 0x7ff).max(least) - digits;
    f64::from_bits(exponent << 52)
}
