//! How far an output is from the truth, and whether the specification allows it.

use super::ulp::ulp_size;
use crate::model::bits::{Bits, Dtype};
use crate::model::{Accuracy, Allowance, Exact, Interval};
use crate::numerics::spec;

/// The accuracy of `output`. `twin` decides where the allowance is exact; `exact` may be missing for outputs that are
/// no numbers.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn accuracy(output: &Bits, exact: Option<&Exact>, allowance: &Allowance, twin: Option<&Bits>) -> Accuracy {
    let (mut max_ulp, mut sum_ulp, mut counted, mut misrounded) = (0.0f64, 0.0f64, 0u64, 0u64);
    let mut worst = None;
    let (mut ratio, mut outside, mut first_outside) = (0.0f64, 0u64, None);
    let (mut unconstrained, mut vacuous) = (0u64, 0u64);
    let (mut not_finite, mut first_not_finite) = (0u64, None);
    let limit = overflow(output.dtype);
    let size = exact.map_or(0.0, |e| root_mean_square(e, limit));
    let least = least_normal(output.dtype);
    for i in 0..output.len {
        let got = output.value(i);
        let truth = exact.and_then(|e| e.values.get(i).copied());
        if let Some(truth) = truth.filter(|t| t.is_finite() && got.is_finite()) {
            let ulp = (got - truth).abs() / ulp_size(output.dtype, truth);
            counted += 1;
            sum_ulp += ulp;
            misrounded += u64::from(ulp > 0.5);
            if ulp > max_ulp {
                (max_ulp, worst) = (ulp, Some(i as u64));
            }
        }
        if !got.is_finite() && truth.is_some_and(|t| t.abs() < limit) {
            not_finite += 1;
            first_not_finite.get_or_insert(i as u64);
        }
        let same = twin.is_some_and(|t| same_value(t, output, i));
        let (allowed, used) = match allowance {
            Allowance::Exact => {
                let allowed = same || twin.is_none();
                (allowed, if allowed { 0.0 } else { f64::INFINITY })
            }
            Allowance::Intervals(intervals) => {
                let interval = intervals.get(i).copied().unwrap_or(Interval::ANY);
                if interval.is_any() {
                    unconstrained += 1;
                } else if truth.is_some_and(|t| is_vacuous(interval, t, size, least)) {
                    vacuous += u64::from(!same);
                    continue;
                }
                (interval.allows(got), fraction_used(interval, got, truth))
            }
            Allowance::Unjudged => (true, 0.0),
        };
        ratio = ratio.max(used);
        if !allowed {
            outside += 1;
            first_outside.get_or_insert(i as u64);
        }
    }
    let n = counted.max(1) as f64;
    Accuracy {
        max_ulp,
        mean_ulp: sum_ulp / n,
        not_correctly_rounded: misrounded as f64 / n,
        worst,
        specification_ratio: ratio,
        outside,
        first_outside,
        unconstrained,
        vacuous,
        undecided: vacuous > 0,
        not_finite,
        first_not_finite,
        unmeasured: 0,
    }
}

/// Whether two outputs hold the same value at `i`: the same bits, or NaN on both sides.
fn same_value(left: &Bits, right: &Bits, i: usize) -> bool {
    left.get(i) == right.get(i) || left.dtype.is_float() && left.value(i).is_nan() && right.value(i).is_nan()
}

/// How large the answer is as a whole: the root of the mean square of its elements below `limit`, from which on the type
/// has no number. What overflows is no size to judge the others by.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn root_mean_square(exact: &Exact, limit: f64) -> f64 {
    let finite = || exact.values.iter().filter(|v| v.abs() < limit);
    let largest = finite().fold(0.0f64, |m, v| m.max(v.abs()));
    if largest == 0.0 {
        return 0.0;
    }
    let squares: f64 = finite().map(|v| (v / largest) * (v / largest)).sum();
    largest * (squares / finite().count().max(1) as f64).sqrt()
}

/// Whether an allowance is too wide to be a verdict: it holds numbers of both signs, and reaches as far from the answer as
/// the whole output is large, so that a result of an ordinary size and of either sign would be within it.
///
/// So does `gamma_n Σ|t|` of one sum once it exceeds the sum itself, and of any sum once `gamma_n` reaches 1. An element that
/// cancels to nearly nothing among others that do not is still judged: its bound is small beside them. And so is one that may
/// be flushed, or be either of two subnormals: no normal number is allowed there.
fn is_vacuous(interval: Interval, truth: f64, size: f64, least: f64) -> bool {
    let radius = (interval.hi - truth).max(truth - interval.lo);
    let tiny = interval.lo > -least && interval.hi < least;
    interval.lo < 0.0 && interval.hi > 0.0 && size > 0.0 && radius >= size && !tiny
}

/// The least normal magnitude; 0 where there is none.
fn least_normal(dtype: Dtype) -> f64 {
    match dtype {
        Dtype::F32 | Dtype::Bf16 => spec::TINY32,
        Dtype::F16 => spec::TINY16,
        Dtype::U32 | Dtype::I32 | Dtype::Mask => 0.0,
    }
}

/// The least magnitude that rounds to infinity: half an ulp beyond the greatest number.
fn overflow(dtype: Dtype) -> f64 {
    let power = |k: u64| f64::from_bits((1023 + k) << 52);
    match dtype {
        Dtype::F32 => 2.0 * power(127) - power(103),
        Dtype::F16 => 2.0 * power(15) - power(4),
        Dtype::Bf16 => 2.0 * power(127) - power(119),
        Dtype::U32 | Dtype::I32 | Dtype::Mask => f64::INFINITY,
    }
}

/// Which fraction of the allowed distance from the truth is used: 0 at the truth, 1 at the interval's end.
fn fraction_used(interval: Interval, got: f64, truth: Option<f64>) -> f64 {
    if interval.is_any() {
        return 0.0;
    }
    let Some(truth) = truth.filter(|t| t.is_finite()) else {
        return if interval.allows(got) { 0.0 } else { f64::INFINITY };
    };
    if got == truth && interval.allows(got) {
        return 0.0;
    }
    let room = if got > truth { interval.hi - truth } else { truth - interval.lo };
    let used = (got - truth).abs() / room;
    // Where the truth itself is outside, `room` is no measure.
    if used.is_nan() || !interval.allows(got) && used <= 1.0 { f64::INFINITY } else { used.max(0.0) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bits::Dtype;

    #[test]
    fn what_is_outside_uses_more_than_all() {
        let interval = Interval { lo: 1.0, hi: 2.0 };
        for (got, truth) in [(2.5, 3.0), (3.5, 3.0), (0.5, 0.5), (2.5, 1.5), (0.0, 1.5)] {
            let used = fraction_used(interval, got, Some(truth));
            assert!(used > 1.0, "{got} where {truth} is the truth uses {used}");
        }
        assert_eq!(fraction_used(interval, 1.75, Some(1.5)), 0.5, "half way to the end");
        let (output, exact) = (Bits::words(Dtype::F32, vec![0x4060_0000]), Exact { values: vec![3.0] });
        let found = accuracy(&output, Some(&exact), &Allowance::Intervals(vec![interval]), None);
        assert_eq!((found.outside, found.specification_ratio), (1, f64::INFINITY), "3.5 is not within 1 to 2");
    }

    fn single(value: f32, truth: f64, radius: f64) -> Accuracy {
        let exact = Exact { values: vec![truth] };
        accuracy(&Bits::f32(&[value]), Some(&exact), &Allowance::Intervals(vec![Interval::around(truth, radius)]), None)
    }

    #[test]
    fn a_bound_that_allows_everything_judges_nothing() {
        let found = single(391.91, 2221.11, 8.4e6);
        assert_eq!((found.vacuous, found.undecided, found.outside), (1, true, 0), "neither inside nor outside");
        assert_eq!(found.specification_ratio, 0.0, "no share of it is used");
        let sharp = single(391.91, 2221.11, 100.0);
        assert_eq!((sharp.vacuous, sharp.undecided, sharp.outside), (0, false, 1), "a bound that says something");
    }

    #[test]
    fn one_bound_that_allows_everything_leaves_the_whole_unjudged() {
        let exact = Exact { values: vec![100.0, 1.0] };
        let allowed = Allowance::Intervals(vec![Interval::around(100.0, 1000.0), Interval::around(1.0, 3.0)]);
        let twin = Bits::f32(&[100.0, 1.0]);
        let found = accuracy(&Bits::f32(&[-100.0, -1.0]), Some(&exact), &allowed, Some(&twin));
        assert_eq!((found.vacuous, found.undecided, found.outside), (1, true, 0), "each sign is wrong");
    }

    #[test]
    fn an_allowance_of_subnormals_is_a_verdict() {
        let tiny = f32::from_bits(9);
        let of = |got: f32| single(got, f64::from(tiny), f64::from(f32::from_bits(99)));
        assert_eq!((of(0.0).undecided, of(0.0).outside), (false, 0), "flushed");
        assert_eq!(of(f32::MIN_POSITIVE).outside, 1, "and no normal number");
    }

    #[test]
    fn an_element_that_cancels_among_others_is_judged() {
        let exact = Exact { values: vec![100.0, 1e-4, -90.0] };
        let allowed = Allowance::Intervals(exact.values.iter().map(|v| Interval::around(*v, 0.01)).collect());
        let judged = |second: f32| accuracy(&Bits::f32(&[100.0, second, -90.0]), Some(&exact), &allowed, None);
        assert_eq!((judged(-0.005).vacuous, judged(-0.005).outside), (0, 0), "small beside the others");
        assert_eq!(judged(0.5).outside, 1, "and not whatever it is");
    }

    #[test]
    fn what_overflows_is_no_size_to_judge_others_by() {
        let exact = Exact { values: vec![4.3e-14, 3e54] };
        let allowed = Allowance::Intervals(vec![Interval::around(4.3e-14, 1e-6), Interval::ANY]);
        let found = accuracy(&Bits::f32(&[-4.3e-14, f32::INFINITY]), Some(&exact), &allowed, None);
        assert_eq!((found.vacuous, found.undecided, found.outside), (1, true, 0), "either sign would do for the first");
    }

    #[test]
    fn an_answer_of_another_nan_is_the_reference() {
        let bits = |word: u32| Bits::words(Dtype::F32, vec![word]);
        let of = |got: u32| accuracy(&bits(got), None, &Allowance::Exact, Some(&bits(0x7fc0_0000)));
        assert_eq!(of(0xffc0_1234).outside, 0, "WGSL promises neither sign nor payload");
        assert_eq!(of(0x3f80_0000).outside, 1, "but a number is none");
    }

    #[test]
    fn results_that_should_be_finite_are_counted() {
        let output = Bits::f32(&[1.0, f32::NAN, f32::INFINITY, f32::NAN, f32::NEG_INFINITY]);
        let exact = Exact { values: vec![1.0, f64::NAN, 1e39, 1.0, f64::from(f32::MAX)] };
        let found = accuracy(&output, Some(&exact), &Allowance::Unjudged, None);
        assert_eq!(
            (found.not_finite, found.first_not_finite),
            (2, Some(3)),
            "where 1 and the greatest number are right"
        );
    }
}
