//! What a row says, from its evidence: digests, the strict reference's digest, and what the specification forbids.

use crate::model::record::{
    CaseRecord, Evidence, Execution, ExecutionView, Level, LevelState, Outcome, Status, Verdict,
};

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

/// Whether what a row states cannot be, whatever version of this program wrote it.
pub(super) fn contradicted(stated: Status, evidence: &Evidence) -> bool {
    let Evidence { results, distinct, strict, outside, .. } = *evidence;
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

/// What one case of a problem shows of a verdict on an engine.
pub(super) struct Shown<'a> {
    /// Whether it is of the verdict's engine.
    pub(super) mine: bool,
    pub(super) failed: bool,
    pub(super) evidence: &'a Evidence,
}

/// Whether what a verdict states cannot be, whatever version of this program wrote it. `shown` is of its problem, on every
/// engine.
pub(super) fn contradicts(verdict: &Verdict, shown: &[Shown<'_>]) -> bool {
    let mine = || shown.iter().filter(|s| s.mine);
    let ran = || mine().filter(|s| s.evidence.results > 0).map(|s| s.evidence);
    let failed = mine().any(|s| s.failed);
    if ran().next().is_none() && !failed {
        return true;
    }
    // It is the worst status: each case has one that is no worse, and one of them has it.
    let can = |e: &Evidence, status| !contradicted(status, e);
    let all = [Status::BitExact, Status::WithinSpecification, Status::NotRepeatable, Status::OutsideSpecification];
    let better = |e: &Evidence| all.into_iter().find(|s| can(e, *s)).is_none_or(|least| least > verdict.status);
    let nowhere = match verdict.status {
        Status::Failed => !failed,
        status => !ran().any(|e| can(e, status)),
    };
    if nowhere || ran().any(better) {
        return true;
    }
    let varies = |e: &Evidence| e.distinct > 1;
    let wrong = |level: Level, state: LevelState| match (state, level) {
        (LevelState::Untested, _) => false,
        (LevelState::Held, Level::RunToRun) => ran().any(varies),
        (LevelState::Held, _) => ran().any(|e| e.drifts.has(level)),
        // That the runs of either side differ is a reason for every level.
        (LevelState::Failed, _) => {
            !failed && !ran().any(|e| e.differs.has(level)) && !shown.iter().any(|s| s.evidence.results > 1)
        }
    };
    let level = (verdict.level != Level::NotGuaranteed).then_some((verdict.level, LevelState::Held));
    verdict.levels.iter().copied().chain(level).any(|(level, state)| wrong(level, state))
}
