//! Whether a record's parts fit one another. A file that was damaged, or made to do harm, must be refused where it is
//! read: what comes after relies on it.

use std::collections::BTreeSet;

use crate::model::bits::is_digest;
use crate::model::record::CaseView;
use crate::model::record::{CaseRecord, Engine, Outcome, Record};
use crate::model::record::{Outputs, Stored};

/// Checks a record's references, digests and lengths.
///
/// # Errors
/// The first thing that is wrong, in one line.
pub(super) fn check(record: &Record) -> Result<(), String> {
    let engines = engines(&record.engines)?;
    let mut cases = BTreeSet::new();
    for case in &record.cases {
        if !cases.insert(case.id.as_str()) {
            return Err(format!("the case '{}' is in it twice", case.id));
        }
        self::case(case)?;
        listed(&case.id, case.executions.iter().map(|x| x.engine.as_str()), &engines)?;
        outputs(&CaseView::from(case), &record.outputs)?;
    }
    for verdict in &record.verdicts {
        listed(&verdict.problem, [verdict.engine.as_str()], &engines)?;
    }
    record.outputs.verify()
}

/// The engines' ids.
pub(super) fn engines(engines: &[Engine]) -> Result<BTreeSet<&str>, String> {
    let mut ids = BTreeSet::new();
    match engines.iter().find(|e| !ids.insert(e.id.as_str())) {
        Some(twice) => Err(format!("the engine '{}' is in it twice", twice.id)),
        None => Ok(ids),
    }
}

/// Checks one case by itself.
pub(super) fn case(case: &CaseRecord) -> Result<(), String> {
    let results = case.executions.iter().flat_map(|x| match &x.outcome {
        Outcome::Ran { distinct, .. } => distinct.as_slice(),
        _ => &[],
    });
    let digests = results.map(|d| &d.digest).chain(case.twins.iter().map(|t| &t.digest)).chain(&case.shader);
    if let Some(other) = digests.into_iter().find(|d| !is_digest(d)) {
        return Err(format!("'{}' has '{other}' in the place of a digest", case.id));
    }
    let mut seen = BTreeSet::new();
    for execution in &case.executions {
        if !seen.insert(execution.engine.as_str()) {
            return Err(format!("'{}' is twice on the engine '{}'", case.id, execution.engine));
        }
        if matches!(&execution.outcome, Outcome::Ran { distinct, .. } if distinct.is_empty()) {
            return Err(format!("'{}' ran on '{}' without a result", case.id, execution.engine));
        }
    }
    Ok(())
}

/// Checks that the engines of a case or verdict are listed.
pub(super) fn listed<'a>(
    of: &str,
    used: impl IntoIterator<Item = &'a str>,
    engines: &BTreeSet<&str>,
) -> Result<(), String> {
    match used.into_iter().find(|e| !engines.contains(e)) {
        Some(engine) => Err(format!("'{of}' names the engine '{engine}', which it does not list")),
        None => Ok(()),
    }
}

/// Checks that a case's stored outputs have the case's length.
pub(super) fn outputs(case: &CaseView, outputs: &Outputs) -> Result<(), String> {
    let expected = case.elements.div_ceil(case.dtype.per_word() as u64);
    for digest in case.executions.iter().filter_map(|x| x.digests.first()) {
        if let Some(words) = outputs.get(digest).map(Stored::words).filter(|w| *w != expected) {
            return Err(format!("the stored output {digest} has {words} words, and '{}' has {expected}", case.id));
        }
    }
    Ok(())
}
