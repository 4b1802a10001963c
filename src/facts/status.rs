//! What a row says, from its evidence: digests, the strict reference's digest, and what the specification forbids.

use crate::model::record::{CaseRecord, Evidence, Execution, ExecutionView, Outcome, Status};

/// What a row that ran says.
#[must_use]
pub fn status(evidence: &Evidence) -> Status {
    match evidence.distinct {
        0 => Status::Failed,
        1 if evidence.strict => Status::BitExact,
        _ if evidence.outside.is_some_and(|n| n > 0) => Status::OutsideSpecification,
        1 if evidence.outside.is_none() => Status::Unjudged,
        1 => Status::WithinSpecification,
        _ => Status::NotRepeatable,
    }
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

/// The same of a part of a merged record.
#[must_use]
pub fn status_of_view(execution: &ExecutionView) -> Status {
    match execution.evidence.results {
        0 if execution.failed.is_some() => Status::Failed,
        0 => Status::Skipped,
        _ => status(&execution.evidence),
    }
}

/// Whether what a row states can not be, whatever version of this program wrote it.
pub(super) fn contradicted(stated: Status, evidence: &Evidence) -> bool {
    let Evidence { results, distinct, strict, outside } = *evidence;
    let forbidden = outside.is_some_and(|n| n > 0);
    match stated {
        Status::Skipped | Status::Failed => results > 0,
        _ if results == 0 => true,
        Status::BitExact => distinct > 1 || !strict,
        Status::WithinSpecification | Status::Unjudged => distinct > 1 || forbidden,
        // An older version called it so where NaN alone differed.
        Status::NotRepeatable => results < 2 || forbidden,
        Status::OutsideSpecification => outside == Some(0),
    }
}
