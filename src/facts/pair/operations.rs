//! What two records that are compared differ in, of the operations of a training.

use std::collections::BTreeSet;

use serde::Serialize;

use super::{Kind, ResultChange};
use crate::facts::severity::{Severity, of_output};
use crate::facts::training::{self, OPERATIONS};

/// An operation of which both sides have results that repeat, at inputs that a training has.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OperationChange {
    /// Its name.
    pub name: &'static str,
    /// Cases that changed.
    pub cases: usize,
    /// How bad the worst of them is for its output as a whole, as far as it is stored.
    pub worst: Severity,
    /// The same in a few letters.
    pub size: String,
    /// Whether that is known of all elements; otherwise it is what is stored of them, and there may be worse.
    pub whole: bool,
}

/// The operations among `compared`, names of operations, in the order in which they are shown.
pub(super) fn operations(compared: &BTreeSet<&'static str>, results: &[ResultChange]) -> Vec<OperationChange> {
    let ran = OPERATIONS.iter().filter(|o| compared.contains(o.name));
    ran.map(|operation| {
        let mine = |r: &&ResultChange| {
            r.kind == Kind::Differs && training::operation_at(&r.kernel, &r.case) == Some(operation)
        };
        let (worst, size) = (Severity::default(), String::new());
        let mut out = OperationChange { name: operation.name, cases: 0, worst, size, whole: true };
        let mut cases: BTreeSet<&str> = BTreeSet::new();
        for result in results.iter().filter(mine) {
            cases.insert(&result.case);
            out.whole &= result.drift.as_ref().is_some_and(super::Between::is_whole);
            let Some((dtype, found)) = result.drift.as_ref().map(|d| (d.dtype, of_output(d.dtype, &d.drift))) else {
                continue;
            };
            if found > out.worst {
                (out.worst, out.size) = (found, training::brief_of(dtype, &found));
            }
        }
        out.cases = cases.len();
        out
    })
    .collect()
}
