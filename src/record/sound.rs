//! Whether a record's parts fit one another. A file that was damaged, or made to do harm, must be refused where it is
//! read: what comes after relies on it.

use std::collections::BTreeSet;

use super::format::{CaseRecord, Engine, Outcome, Record, Verdict};
use super::outputs::Outputs;

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
        self::case(case, &engines)?;
        outputs(case, &record.outputs)?;
    }
    for verdict in &record.verdicts {
        self::verdict(verdict, &engines)?;
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

/// Checks one case, but for its stored outputs.
pub(super) fn case(case: &CaseRecord, engines: &BTreeSet<&str>) -> Result<(), String> {
    let mut seen = BTreeSet::new();
    for execution in &case.executions {
        let engine = execution.engine.as_str();
        if !engines.contains(engine) {
            return Err(format!("'{}' ran on the engine '{engine}', which it does not list", case.id));
        }
        if !seen.insert(engine) {
            return Err(format!("'{}' is twice on the engine '{engine}'", case.id));
        }
        if matches!(&execution.outcome, Outcome::Ran { distinct, .. } if distinct.is_empty()) {
            return Err(format!("'{}' ran on '{engine}' without a result", case.id));
        }
    }
    Ok(())
}

/// Checks one verdict.
pub(super) fn verdict(verdict: &Verdict, engines: &BTreeSet<&str>) -> Result<(), String> {
    if engines.contains(verdict.engine.as_str()) {
        return Ok(());
    }
    Err(format!("a verdict on '{}' is of the engine '{}', which it does not list", verdict.problem, verdict.engine))
}

/// The digests of a case's first results.
pub(super) fn firsts(case: &CaseRecord) -> impl Iterator<Item = &str> {
    case.executions.iter().filter_map(|x| match &x.outcome {
        Outcome::Ran { distinct, .. } => distinct.first().map(|d| d.digest.as_str()),
        _ => None,
    })
}

/// Checks that a case's stored outputs have the case's length.
pub(super) fn outputs(case: &CaseRecord, outputs: &Outputs) -> Result<(), String> {
    let expected = case.elements.div_ceil(case.dtype.per_word() as u64);
    for digest in firsts(case) {
        if let Some(words) = outputs.get(digest).map(super::Stored::words).filter(|w| *w != expected) {
            return Err(format!("the stored output {digest} has {words} words, and '{}' has {expected}", case.id));
        }
    }
    Ok(())
}
