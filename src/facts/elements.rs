//! What an engine computed, element by element: the stored elements of its first run beside the strict reference and the
//! exact answer.

use serde::Serialize;

use crate::model::bits::Bits;
use crate::model::record::{CaseRecord, Execution, Sample};
use crate::numerics::drift::measure;

/// Outputs of at most so many elements are shown whole.
const WHOLE: u64 = 8;
/// Of larger ones, so many elements that differ.
const DIFFERING: usize = 4;

/// One element of an engine's first run.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ShownElement {
    /// Its index.
    pub index: u64,
    /// Its bits.
    pub bits: String,
    /// The same as a number.
    pub value: f64,
    /// The strict reference's bits and number, where there is one.
    pub reference: Option<(String, f64)>,
    /// The exact answer, where it is known.
    pub exact: Option<f64>,
    /// The distance from the reference in ulp; `None` without one, and where either is no finite number.
    pub ulp: Option<u64>,
    /// |reference − value| / |reference|; `None` without a reference, where it is zero, and where either is no finite number.
    pub relative: Option<f64>,
}

/// What is shown of an engine's elements.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Elements {
    /// The elements, by index.
    pub shown: Vec<ShownElement>,
    /// Whether these are all of the output.
    pub whole: bool,
    /// Whether the first and the worst element that differ from the reference are among them, and all of them differ.
    pub differing: bool,
}

/// Of a small output all elements; of a larger one those stored that differ from the strict reference, the first and the
/// worst of all that differ among them; where none does, the first stored ones.
#[must_use]
pub fn elements(case: &CaseRecord, execution: &Execution) -> Elements {
    let all = &execution.samples;
    let whole = case.elements <= WHOLE && all.len() as u64 == case.elements;
    if whole {
        return Elements { shown: all.iter().map(|s| shown(case, s)).collect(), whole, differing: false };
    }
    let differs = |s: &&Sample| s.twin.as_ref().is_some_and(|t| *t != s.bits);
    let differing: Vec<&Sample> = all.iter().filter(differs).collect();
    if differing.is_empty() {
        let shown = all.iter().take(DIFFERING).map(|s| shown(case, s)).collect();
        return Elements { shown, whole, differing: false };
    }
    let engine = execution.engine.as_str();
    let against = case.comparisons.iter().find(|c| c.right == *engine && c.left == crate::model::Side::STRICT);
    let worst = against.and_then(|c| c.drift.worst.as_ref()).map(|e| e.index);
    let mut picked: Vec<&Sample> = differing.iter().take(DIFFERING).copied().collect();
    if let Some(worst) = differing.iter().find(|s| Some(s.index) == worst)
        && !picked.iter().any(|s| s.index == worst.index)
    {
        picked.pop();
        picked.push(worst);
    }
    Elements { shown: picked.into_iter().map(|s| shown(case, s)).collect(), whole, differing: true }
}

fn shown(case: &CaseRecord, sample: &Sample) -> ShownElement {
    let one = |hex: &str| {
        let word = u32::from_str_radix(hex.strip_prefix("0x")?, 16).ok()?;
        Some(Bits::new(case.dtype, vec![word], 1))
    };
    let both = sample.twin.as_deref().and_then(one).zip(one(&sample.bits));
    let finite = both.as_ref().filter(|(l, r)| l.value(0).is_finite() && r.value(0).is_finite());
    let drift = finite.and_then(|(left, right)| measure(left, right));
    ShownElement {
        index: sample.index,
        bits: sample.bits.clone(),
        value: sample.value,
        reference: sample.twin.clone().zip(both.as_ref().map(|(left, _)| left.value(0))),
        exact: sample.exact,
        ulp: drift.as_ref().map(|d| d.max_ulp),
        relative: drift.filter(|_| finite.is_some_and(|(l, _)| l.value(0) != 0.0)).map(|d| d.max_relative),
    }
}

#[cfg(test)]
mod tests {
    use super::super::made::{case, compared, ran};
    use super::*;
    use crate::model::record::AxisLevel;

    fn sample(index: u64, value: f32, twin: f32) -> Sample {
        let hex = |x: f32| format!("0x{:08x}", x.to_bits());
        Sample { index, bits: hex(value), value: value.into(), twin: Some(hex(twin)), exact: Some(twin.into()) }
    }

    #[test]
    fn small_outputs_are_whole_and_of_large_ones_what_differs() {
        let mut execution = ran("a", 1);
        execution.samples = vec![sample(0, 1.0, 1.0), sample(1, 1.5, 1.0)];
        let mut small = case("wg=1", vec![execution.clone()], Vec::new());
        small.elements = 2;
        let found = elements(&small, &execution);
        assert!(found.whole && found.shown.len() == 2, "all of it: {found:?}");
        assert_eq!((found.shown[1].ulp, found.shown[1].relative), (Some(1 << 22), Some(0.5)), "how far");
        assert_eq!(found.shown[1].reference, Some(("0x3f800000".to_owned(), 1.0)), "from what");
        execution.samples = (0..12).map(|i| sample(i, if i % 2 == 1 { 1.5 } else { 1.0 }, 1.0)).collect();
        let mut against = compared(AxisLevel::Engine, "cpu separate", "a", [1.0, 1.5]);
        against.drift.worst.as_mut().expect("one").index = 11;
        let mut large = case("wg=1", vec![execution.clone()], vec![against]);
        large.elements = 100;
        let found = elements(&large, &execution);
        let places: Vec<u64> = found.shown.iter().map(|e| e.index).collect();
        assert_eq!(places, [1, 3, 5, 11], "the first and the worst");
        assert!(found.differing && !found.whole, "{found:?}");
    }

    #[test]
    fn what_is_no_number_has_no_distance() {
        let mut execution = ran("a", 1);
        execution.samples = vec![sample(0, f32::NAN, 1.0), sample(1, 0.5, 0.0)];
        let mut one = case("wg=1", vec![execution.clone()], Vec::new());
        one.elements = 2;
        let found = elements(&one, &execution).shown;
        assert_eq!((found[0].ulp, found[0].relative), (None, None), "NaN against a number");
        assert!(found[1].ulp.is_some() && found[1].relative.is_none(), "relative to zero: {:?}", found[1]);
    }
}
