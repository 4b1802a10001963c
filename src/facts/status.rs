//! What a row says, from its evidence: digests, the strict reference's digest, and what the specification forbids.

use crate::model::record::{AxisLevel, CaseRecord, CaseView, Execution, ExecutionView, Outcome, Status};
use crate::model::{Arithmetic, Drift};

/// What there is to conclude a status from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Evidence<'a> {
    /// The first result's digest.
    pub first: Option<&'a str>,
    /// How many distinct results there are, those that differ in NaN's sign or payload alone counted as one.
    pub distinct: usize,
    /// Whether the first result is the strict reference's, NaN being equal to NaN. `false` where there is no reference.
    pub strict: bool,
    /// Elements that the specification does not allow, over all results that were kept; `None` where that is not known,
    /// or where every element that differs has a bound too wide to be a verdict.
    pub outside: Option<u64>,
}

/// What a row that ran says.
#[must_use]
pub fn status(evidence: &Evidence<'_>) -> Status {
    match evidence.distinct {
        0 => Status::Failed,
        1 if evidence.strict => Status::BitExact,
        _ if evidence.outside.is_some_and(|n| n > 0) => Status::OutsideSpecification,
        1 if evidence.outside.is_none() => Status::Unjudged,
        1 => Status::WithinSpecification,
        _ => Status::NotRepeatable,
    }
}

/// Whether two outputs differ, and in NaN's sign or payload alone.
fn only_nan(drift: &Drift) -> bool {
    !drift.is_identical() && drift.is_none()
}

/// The status of an execution of a case, from its evidence and not from what the record states.
#[must_use]
pub fn status_of(case: &CaseRecord, execution: &Execution) -> Status {
    match &execution.outcome {
        Outcome::Skipped { .. } => Status::Skipped,
        Outcome::Failed { .. } => Status::Failed,
        Outcome::Ran { .. } => status(&Evidence::of(case, execution)),
    }
}

impl<'a> Evidence<'a> {
    /// The evidence of an execution.
    #[must_use]
    pub fn of(case: &'a CaseRecord, execution: &'a Execution) -> Self {
        let Outcome::Ran { distinct, .. } = &execution.outcome else {
            return Self { first: None, distinct: 0, strict: false, outside: None };
        };
        let on = |axis: AxisLevel| {
            case.comparisons.iter().find(move |c| c.axis == axis && c.right.is_of(&execution.engine)).map(|c| &c.drift)
        };
        // The comparison of runs is of the results that are furthest apart, of those that were kept.
        let kept = execution.accuracy.as_ref().is_none_or(|a| a.unmeasured == 0);
        let alike = distinct.len() > 1 && kept && on(AxisLevel::Repeat).is_some_and(only_nan);
        let first = distinct.first().map(|d| d.digest.as_str());
        let strict = case.twins.iter().find(|t| t.arithmetic == Arithmetic::STRICT).map(|t| t.digest.as_str());
        Self {
            first,
            distinct: if alike { 1 } else { distinct.len() },
            strict: strict.is_some() && (strict == first || on(AxisLevel::Engine).is_some_and(only_nan)),
            outside: execution.accuracy.as_ref().filter(|a| a.outside > 0 || !a.undecided).map(|a| a.outside),
        }
    }
}

/// Whether what a row states can not be, whatever version wrote it.
pub(super) fn contradicts(stated: Status, ran: bool, distinct: usize, strict: bool, outside: Option<u64>) -> bool {
    match stated {
        Status::Skipped | Status::Failed => ran,
        _ if !ran => true,
        Status::BitExact => distinct > 1 || !strict,
        Status::WithinSpecification => distinct > 1 || outside.is_some_and(|n| n > 0),
        Status::Unjudged => distinct > 1 || outside.is_some_and(|n| n > 0),
        // An older version called it so where NaN alone differed.
        Status::NotRepeatable => outside.is_some_and(|n| n > 0),
        Status::OutsideSpecification => outside == Some(0),
    }
}

/// Whether an execution states what its evidence excludes.
pub(super) fn contradicted(case: &CaseRecord, execution: &Execution) -> bool {
    let evidence = Evidence::of(case, execution);
    let ran = matches!(execution.outcome, Outcome::Ran { .. });
    let many = if let Outcome::Ran { distinct, .. } = &execution.outcome { distinct.len() } else { 0 };
    let single = execution.status == Status::NotRepeatable && many < 2;
    single || contradicts(execution.status, ran, evidence.distinct, evidence.strict, evidence.outside)
}

/// The same of a part of a merged record, which has no comparisons: a difference in NaN alone is not seen, and nothing is
/// said where there might be one.
pub(super) fn contradicted_view(case: &CaseView, execution: &ExecutionView) -> bool {
    let ran = !execution.digests.is_empty();
    let many = execution.digests.len();
    let first = execution.digests.first();
    let single = execution.status == Status::NotRepeatable && many < 2;
    // A reference that differs may do so in NaN alone, but one that is absent equals nothing.
    let strict = case.strict.is_some() && first.is_some();
    single || contradicts(execution.status, ran, many.min(1), strict, execution.outside)
}
