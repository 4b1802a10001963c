//! How far an output is from the truth, and whether the specification allows it.

use super::ulp::ulp_size;
use crate::model::bits::Bits;
use crate::model::{Accuracy, Allowance, Exact, Interval};

/// The accuracy of `output`. `twin` decides where the allowance is exact; `exact` may be missing for outputs that are
/// no numbers.
#[must_use]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub fn accuracy(output: &Bits, exact: Option<&Exact>, allowance: &Allowance, twin: Option<&Bits>) -> Accuracy {
    let (mut max_ulp, mut sum_ulp, mut counted, mut misrounded) = (0.0f64, 0.0f64, 0u64, 0u64);
    let mut worst = None;
    let (mut ratio, mut outside, mut first_outside, mut unconstrained) = (0.0f64, 0u64, None, 0u64);
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
        let (allowed, used) = match allowance {
            Allowance::Exact => {
                let same = twin.is_none_or(|t| t.get(i) == output.get(i));
                (same, if same { 0.0 } else { f64::INFINITY })
            }
            Allowance::Intervals(intervals) => {
                let interval = intervals.get(i).copied().unwrap_or(Interval::ANY);
                unconstrained += u64::from(interval.is_any());
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
        unmeasured: 0,
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
}
