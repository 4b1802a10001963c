//! What the gate makes of a record's soundness, and the names of records.

use super::outcome::Outcome;
use crate::facts::{Fault, clean, soundness};
use crate::model::CaseId;
use crate::record::Record;

/// What keeps a record from being relied on, one sentence each; empty where nothing does.
pub(super) fn troubles(record: &Record) -> Vec<(Outcome, String)> {
    let outcome = |fault| match fault {
        Fault::ControlMissed | Fault::NoControls | Fault::NotControlled => Outcome::ControlMissed,
        _ => Outcome::Incomplete,
    };
    let mut out: Vec<_> = soundness(record).reasons.into_iter().map(|r| (outcome(r.fault), r.text)).collect();
    let ids = record.cases.iter().filter_map(|c| CaseId::parse(&c.id).err());
    out.extend(ids.map(|error| (Outcome::Incomplete, clean(&error.to_string()))));
    out
}

/// Whether an engine has any result: one that was idle is no part of a lock.
pub(super) fn took_part(record: &Record, id: &str) -> bool {
    record.cases.iter().flat_map(|c| &c.executions).any(|e| e.engine == id)
}

/// The label of an audit, where it has one.
pub(super) fn audit_label(record: &Record) -> Option<String> {
    record.provenance.settings.label.as_deref().map(clean).filter(|l| !l.is_empty())
}

/// The start of a record's id.
pub(super) fn short(id: &str) -> String {
    let start: String = clean(id).chars().take(12).collect();
    if start.is_empty() { "without an id".to_owned() } else { start }
}
