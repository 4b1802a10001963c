//! What a row's status follows from, apart from what the record states as its status.

use super::format::CaseRecord;
use super::result::{Execution, Outcome};
use crate::model::axis::AxisLevel;
use crate::model::{Drift, Level};

/// A set of levels.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Levels(u8);

impl Levels {
    /// Whether it has this one.
    #[must_use]
    pub fn has(self, level: Level) -> bool {
        self.0 >> level as u8 & 1 == 1
    }

    fn add(&mut self, level: Level) {
        self.0 |= 1 << level as u8;
    }
}

/// What there is to conclude a status from: of a record, and of a part of a merged one, which keeps nothing else of it.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Evidence {
    /// How many digests there are; 0 where it did not run.
    pub results: usize,
    /// How many distinct results there are, those that differ in NaN's sign or payload alone counted as one.
    pub distinct: usize,
    /// Whether the first result is the strict reference's, NaN being equal to NaN. `false` where there is no reference.
    pub strict: bool,
    /// Elements that the specification does not allow, over all results that were kept; `None` where that is not known,
    /// or where every element that differs has a bound too wide to be a verdict.
    pub outside: Option<u64>,
    /// The levels of which a comparison with another output drifts.
    pub drifts: Levels,
    /// The same, with those that differ in NaN's sign or payload alone.
    pub differs: Levels,
    /// Whether a comparison of its first result states a difference where the digests are equal, or none where they are not.
    pub contrary: bool,
}

/// Whether two outputs differ, and in NaN's sign or payload alone.
fn only_nan(drift: &Drift) -> bool {
    !drift.is_identical() && drift.is_none()
}

impl Evidence {
    /// The evidence of an execution of a case.
    #[must_use]
    pub fn of(case: &CaseRecord, execution: &Execution) -> Self {
        let Outcome::Ran { distinct, .. } = &execution.outcome else { return Self::default() };
        let on = |axis: AxisLevel| {
            case.comparisons.iter().find(move |c| c.axis == axis && c.right.is_of(&execution.engine)).map(|c| &c.drift)
        };
        // The comparison of runs is of the results that are furthest apart, of those that were kept.
        let kept = execution.accuracy.as_ref().is_none_or(|a| a.unmeasured == 0);
        let alike = distinct.len() > 1 && kept && on(AxisLevel::Repeat).is_some_and(only_nan);
        let first = distinct.first().map(|d| d.digest.as_str());
        let strict = case.strict();
        let (mut drifts, mut differs, mut contrary) = (Levels::default(), Levels::default(), false);
        let engine = execution.engine.as_str();
        for comparison in case.comparisons.iter().filter(|c| c.right == *engine || c.left == *engine) {
            // Of several runs, those that are furthest apart are compared, and which they are is not stated.
            if let (Some(l), Some(r), true) = (
                case.digest_of(&comparison.left),
                case.digest_of(&comparison.right),
                comparison.axis != AxisLevel::Repeat,
            ) {
                contrary |= (l == r) != comparison.drift.is_identical();
            }
            if !comparison.drift.is_identical() {
                differs.add(comparison.axis.level());
            }
            if !comparison.drift.is_none() {
                drifts.add(comparison.axis.level());
            }
        }
        Self {
            results: distinct.len(),
            distinct: if alike { 1 } else { distinct.len() },
            strict: strict.is_some() && (strict == first || on(AxisLevel::Engine).is_some_and(only_nan)),
            outside: execution.accuracy.as_ref().filter(|a| a.outside > 0 || !a.undecided).map(|a| a.outside),
            drifts,
            differs,
            contrary,
        }
    }
}
