//! Whether a record says as much as it should.

use super::class::clean;
use super::lock::{fits, found};
use super::outcome::Outcome;
use crate::model::CaseId;
use crate::record::{self, EngineKind, EngineStatus, Record};

/// What keeps a record from being relied on, one sentence each; empty where nothing does.
pub(super) fn troubles(record: &Record) -> Vec<(Outcome, String)> {
    let mut out = Vec::new();
    for engine in &record.engines {
        if let EngineStatus::Failed { reason, case } = &engine.status {
            let at = case.as_ref().map(|c| format!(" at {}", clean(c))).unwrap_or_default();
            out.push((Outcome::Incomplete, format!("{} failed{at}: {}", clean(&engine.id), clean(reason))));
        }
    }
    for control in record.controls.iter().filter(|c| !c.caught) {
        let what = format!(
            "the control {} on {} was missed ({}): nothing that this record says of that engine is proved",
            clean(&control.name),
            clean(&control.engine),
            clean(&control.about)
        );
        out.push((Outcome::ControlMissed, what));
    }
    if record.controls.is_empty() {
        out.push((Outcome::ControlMissed, "it has no control, so that nothing it says is proved".to_owned()));
    }
    let ran = |id: &str| {
        let mine = |e: &record::Execution| e.engine == id && matches!(e.outcome, record::Outcome::Ran { .. });
        record.cases.iter().flat_map(|c| &c.executions).any(mine)
    };
    for engine in record.engines.iter().filter(|e| e.kind == EngineKind::Adapter && !record.controls.is_empty()) {
        if ran(&engine.id) && !record.controls.iter().any(|c| c.engine == engine.id) {
            let what = format!("no control ran on {}, so that nothing said of it is proved", clean(&engine.id));
            out.push((Outcome::ControlMissed, what));
        }
    }
    for case in &record.cases {
        if let Err(error) = CaseId::parse(&case.id) {
            out.push((Outcome::Incomplete, clean(&error.to_string())));
        }
        for execution in &case.executions {
            let (id, engine) = (clean(&case.id), clean(&execution.engine));
            if let record::Outcome::Failed { reason } = &execution.outcome {
                out.push((Outcome::Incomplete, format!("{id} failed on {engine}: {}", clean(reason))));
            } else if !fits(execution.status, &found(execution)) {
                out.push((Outcome::Incomplete, format!("the status of {id} on {engine} contradicts its result")));
            } else if record.engine(&execution.engine).is_none() {
                out.push((Outcome::Incomplete, format!("{id} ran on {engine}, which the record does not know")));
            }
        }
    }
    out
}

/// Whether an engine has any result: one that was idle is no part of a lock.
pub(super) fn took_part(record: &Record, id: &str) -> bool {
    record.cases.iter().flat_map(|c| &c.executions).any(|e| e.engine == id)
}

/// The start of a record's id.
pub(super) fn short(id: &str) -> String {
    let start: String = clean(id).chars().take(12).collect();
    if start.is_empty() { "without an id".to_owned() } else { start }
}
