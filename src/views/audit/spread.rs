//! How far the results of many runs spread around the exact one, where the output is one number.

use super::charts::SERIES;
use crate::facts;
use crate::model::bits::Dtype;
use crate::record::{CaseRecord, Execution, Outcome, Record};
use crate::views::chart::{Chart, Plot, StripRow};
use crate::views::text;

/// Runs below which a spread says little.
const RUNS: u32 = facts::MORE_RUNS;

/// The results of one engine.
struct Spread<'r> {
    execution: &'r Execution,
    runs: u32,
    /// How many results there are, of which values may be fewer.
    distinct: usize,
    /// Distances from the exact answer in ulp of it, with the runs that gave each, the least first.
    values: Vec<(f64, u32)>,
}

impl Spread<'_> {
    fn width(&self) -> f64 {
        self.values.last().map_or(0.0, |last| last.0) - self.values.first().map_or(0.0, |first| first.0)
    }
}

/// A unit in the last place of a type at a value, which is finite and not zero.
fn ulp(dtype: Dtype, value: f64) -> Option<f64> {
    // Bits of the significand, and the exponent of the smallest normal number.
    let (bits, least) = match dtype {
        Dtype::F32 => (23, -126),
        Dtype::F16 => (10, -14),
        Dtype::Bf16 => (7, -126),
        _ => return None,
    };
    (value.is_finite() && value != 0.0).then(|| libm::exp2(f64::from(libm::ilogb(value).max(least) - bits)))
}

fn spread<'r>(case: &CaseRecord, execution: &'r Execution) -> Option<Spread<'r>> {
    let Outcome::Ran { runs, distinct, .. } = &execution.outcome else { return None };
    if *runs < RUNS || case.elements != 1 {
        return None;
    }
    let exact = execution.samples.iter().find(|s| s.index == 0)?.exact?;
    let unit = ulp(case.dtype, exact)?;
    let mut values: Vec<(f64, u32)> = if let [one] = &distinct[..] {
        // Of one result the sample is the value.
        let value = execution.samples.iter().find(|s| s.index == 0)?.value;
        vec![((value - exact) / unit, one.runs)]
    } else {
        let value = |bits: u32| (case.dtype.value(bits) - exact) / unit;
        distinct.iter().filter_map(|d| Some((value(d.value()?), d.runs))).collect()
    };
    // What is no number has no distance, and values that are not kept have none either.
    if values.is_empty() || values.iter().any(|v| !v.0.is_finite()) {
        return None;
    }
    values.sort_by(|a, b| a.0.total_cmp(&b.0));
    Some(Spread { execution, runs: *runs, distinct: distinct.len(), values })
}

/// The chart of the case whose results spread most; none where no engine that ran so often gave two results.
pub(super) fn chart(record: &Record) -> Option<Chart> {
    let of = |case| -> (&CaseRecord, Vec<Spread<'_>>) {
        let case: &CaseRecord = case;
        (case, case.executions.iter().filter_map(|x| spread(case, x)).collect())
    };
    let widest = |all: &[Spread<'_>]| all.iter().map(Spread::width).fold(0.0, f64::max);
    let found = record.cases.iter().map(of).filter(|(_, all)| all.iter().any(|s| s.distinct > 1 && s.width() > 0.0));
    let (case, all) = found.max_by(|a, b| widest(&a.1).total_cmp(&widest(&b.1)))?;
    let note = |s: &Spread<'_>| format!("{} in {}", s.distinct, text::runs(record.engine(&s.execution.engine), s.runs));
    let drawn = all.iter().take(4 * SERIES).map(|s| StripRow {
        label: s.execution.engine.clone(),
        values: s.values.iter().map(|(v, n)| (*v, f64::from(*n) / f64::from(s.runs.max(1)))).collect(),
        note: note(s),
    });
    let rows = all.iter().map(|s| {
        let end = |v: Option<&(f64, u32)>| v.map(|v| text::number(v.0)).unwrap_or_default();
        let (distinct, kept) = (text::count(s.distinct as u64), text::count(s.values.len() as u64));
        let engine = s.execution.engine.clone();
        vec![engine, s.runs.to_string(), distinct, kept, end(s.values.first()), end(s.values.last())]
    });
    Some(Chart {
        name: "spread".to_owned(),
        title: format!("Where the results of many runs lie: {}/{}", case.kernel, case.variant),
        about: format!(
            "Each result of {} by its distance from the exact answer, which is the dashed line, in units in the last place of \
             that; the higher, the more runs of an engine gave it. The case whose results lie furthest apart, of those that \
             give one number and ran {RUNS} times or more. The interpreter's runs are chosen orders, and no random draws.",
            case.id
        ),
        plot: Plot::Strip { x: "distance from the exact answer, ulp".to_owned(), rows: drawn.collect() },
        head: ["engine", "runs", "distinct", "drawn", "least, ulp", "greatest, ulp"].map(str::to_owned).to_vec(),
        rows: rows.collect(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_unit_is_that_of_the_type() {
        assert_eq!(ulp(Dtype::F32, 1.5), Some(f64::from(f32::EPSILON)), "binary32");
        assert_eq!(ulp(Dtype::F32, -8.0), Some(8.0 * f64::from(f32::EPSILON)), "of the sign nothing");
        assert_eq!(ulp(Dtype::F32, 1e-40), Some(f64::from(f32::from_bits(1))), "subnormal");
        assert_eq!(ulp(Dtype::F16, 1.0), Some(1.0 / 1024.0), "binary16");
        assert_eq!((ulp(Dtype::F32, 0.0), ulp(Dtype::U32, 1.0)), (None, None), "no unit");
    }
}
