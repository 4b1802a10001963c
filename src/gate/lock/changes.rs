//! What moved from one lock to another.

use std::collections::BTreeSet;

use super::{Found, Lock, LockedRow};
use crate::model::CaseId;
use crate::record::Status;

/// A result that is not the same in both locks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowChange<'l> {
    /// The case.
    pub case: &'l CaseId,
    /// The engine's label.
    pub engine: &'l str,
    /// What was locked; `None` where it is new.
    pub was: Option<(Status, &'l Found)>,
    /// What would be; `None` where it is gone.
    pub is: Option<(Status, &'l Found)>,
    /// Whether the shader is another one.
    pub shader: bool,
}

/// What moved, by case and engine.
#[must_use]
pub fn changes<'l>(before: &'l Lock, after: &'l Lock) -> Vec<RowChange<'l>> {
    let ids: BTreeSet<&CaseId> = before.cases.keys().chain(after.cases.keys()).collect();
    let mut out = Vec::new();
    for id in ids {
        let (old, new) = (before.cases.get(id), after.cases.get(id));
        let shader = old.zip(new).is_some_and(|(o, n)| o.shader != n.shader);
        let labels: BTreeSet<&str> =
            [old, new].into_iter().flatten().flat_map(|c| c.rows.keys()).map(String::as_str).collect();
        for engine in labels {
            let of = |r: &'l LockedRow| (r.status, &r.found);
            let was = old.and_then(|c| c.rows.get(engine)).map(of);
            let is = new.and_then(|c| c.rows.get(engine)).map(of);
            if was != is || shader {
                out.push(RowChange { case: id, engine, was, is, shader });
            }
        }
    }
    out
}
