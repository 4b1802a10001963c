//! For programs: everything.

use serde_json::{Value, json};

use super::headline;
use crate::gate::judge::{Checked, Item};

/// The answer as JSON, with the exit status that the gate ends with.
#[must_use]
pub fn json(checked: &Checked, exit: u8) -> String {
    let c = &checked.counts;
    let value = json!({
        "format": { "major": 1, "minor": 0 },
        "verdict": headline(checked),
        "gravity": checked.gravity.word().to_lowercase(),
        "exit": exit,
        "lock": checked.lock,
        "policy": checked.policy,
        "records": checked.records,
        "counts": {
            "judged": c.judged, "pass": c.pass, "note": c.note, "warn": c.warn, "fail": c.fail, "absent": c.absent,
            "incomplete": c.incomplete,
        },
        "items": checked.items.iter().map(item).collect::<Vec<_>>(),
    });
    // The alternate form of a value is indented and can not fail.
    format!("{value:#}\n")
}

fn item(item: &Item) -> Value {
    json!({
        "gravity": item.gravity.word().to_lowercase(),
        "outcome": item.outcome.name(),
        "engine": item.engine,
        "on": item.on,
        "case": item.case,
        "expected": item.expected,
        "found": item.found,
        "what": item.what,
        "reason": item.reason.as_ref().map(|(reason, _)| reason),
        "link": item.reason.as_ref().map(|(_, link)| link),
        "file": item.place.as_ref().map(|p| &p.file),
        "line": item.place.as_ref().map(|p| p.line),
    })
}
