//! How two rows of a table differ, how far, and what explains it.

use std::collections::BTreeMap;

use super::attribution::does;
use super::between::{Between, between};
use super::table::{Cell, Table};
use crate::record::Outputs;

/// Drift between results, from what is stored.
pub(super) struct Drifts<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) outputs: &'a Outputs,
}

impl Drifts<'_> {
    /// The drift between two results of a case.
    pub(super) fn between(&self, case: usize, left: u32, right: u32) -> Option<Between> {
        let known = |n: u32| {
            let digest = self.table.digests.get(n as usize)?;
            self.outputs.get(digest)?.known(digest).ok()
        };
        let of = &self.table.cases[case];
        between(of.dtype, of.elements, &known(left)?, &known(right)?)
    }

    /// What two results of a case do, as far as their twins tell.
    fn explained(&self, case: usize, left: u32, right: u32) -> (Option<String>, Option<String>) {
        let of = |n| self.table.equals.get(&(case, n)).and_then(|e| does(e));
        (of(left), of(right))
    }
}

/// What the left side does and what the right one does, where a twin tells.
type Sides = (Option<String>, Option<String>);

/// How two rows differ over some cases.
pub(super) struct Apart {
    pub(super) cases: Vec<usize>,
    pub(super) max_ulp: Option<u64>,
    pub(super) whole: bool,
    /// What each side does, and in how many cases, the commonest first.
    pub(super) causes: Vec<(Sides, usize)>,
}

pub(super) fn apart(drift: &Drifts<'_>, left: &[Cell], right: &[Cell], cases: impl Iterator<Item = usize>) -> Apart {
    let mut out = Apart { cases: Vec::new(), max_ulp: None, whole: true, causes: Vec::new() };
    let mut causes: BTreeMap<Sides, usize> = BTreeMap::new();
    for case in cases {
        let (Cell::Settled(a), Cell::Settled(b)) = (left[case], right[case]) else { continue };
        if a == b {
            continue;
        }
        out.cases.push(case);
        match drift.between(case, a, b) {
            Some(found) => {
                out.max_ulp = out.max_ulp.max(Some(found.drift.max_ulp));
                out.whole &= found.is_whole();
            }
            None => out.whole = false,
        }
        *causes.entry(drift.explained(case, a, b)).or_default() += 1;
    }
    out.causes = causes.into_iter().collect();
    out.causes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    out
}

/// The commonest cause of a difference in words; `None` where no twin tells.
pub(super) fn cause(found: &Apart, left: &str, right: &str) -> Option<String> {
    let told = found.causes.iter().find(|((l, r), _)| (l.is_some() || r.is_some()) && l != r)?;
    let ((l, r), n) = told;
    let side = |name: &str, what: &Option<String>| match what {
        Some(what) => format!("{name} {what}"),
        None => format!("{name} equals no twin"),
    };
    let share = if *n == found.cases.len() { String::new() } else { format!(" in {n} of {} cases", found.cases.len()) };
    Some(format!("{}, {}{share}", side(right, r), side(left, l)))
}

/// A distance in words: `by up to 3 ulp`, or `by at least 3 ulp at the worst` where not all is stored.
pub(super) fn distance(max_ulp: Option<u64>, whole: bool) -> String {
    match (max_ulp, whole) {
        (Some(n), true) => format!("by up to {} ulp", in_ulp(n)),
        (Some(n), false) => format!("by at least {} ulp at the worst", in_ulp(n)),
        (None, _) => "by an amount that is not stored".to_owned(),
    }
}

/// A distance; of a large one the digits say nothing.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn in_ulp(n: u64) -> String {
    if n < 1_000_000 { n.to_string() } else { format!("{:.2e}", n as f64) }
}
