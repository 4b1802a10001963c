//! How two rows of a table differ: in which cases, how far, and why.

use std::cell::RefCell;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::rc::Rc;

use super::table::{Cell, Table};
use crate::facts::pair::{Between, Reference, Why, between};
use crate::facts::proof::Changed;
use crate::facts::{Hypotheses, Severity, severity};
use crate::model::record::Outputs;

/// Two results of a case: its place and the numbers of their digests.
type Two = (usize, u32, u32);

/// Drift between results, from what is stored.
pub(super) struct Drifts<'a> {
    pub(super) table: &'a Table<'a>,
    outputs: &'a Outputs,
    known: RefCell<HashMap<Two, Option<Rc<Between>>>>,
}

impl<'a> Drifts<'a> {
    pub(super) fn new(table: &'a Table<'a>, outputs: &'a Outputs) -> Self {
        Self { table, outputs, known: RefCell::default() }
    }

    /// The drift between two results of a case; `None` where they are not stored.
    fn between(&self, case: usize, left: u32, right: u32) -> Option<Rc<Between>> {
        if let Some(found) = self.known.borrow().get(&(case, left, right)) {
            return found.clone();
        }
        let known = |n: u32| {
            let digest = self.table.digests.get(n as usize)?;
            self.outputs.get(digest)?.known(digest).ok()
        };
        let of = &self.table.cases[case];
        let found = match (known(left), known(right)) {
            (Some(l), Some(r)) => between(of.dtype, of.elements, &l, &r).map(Rc::new),
            _ => None,
        };
        self.known.borrow_mut().insert((case, left, right), found.clone());
        found
    }

    /// What the results of a row say of its arithmetic, all of them held against each other.
    fn hypotheses(&self, name: &str, row: &[Cell]) -> Hypotheses {
        let mut out = Hypotheses::default();
        for (i, cell) in row.iter().enumerate() {
            if let (Cell::Settled(n), Some(case)) = (cell, self.table.cases.get(i)) {
                let equals = self.table.equals.get(&(i, *n)).copied().unwrap_or_default();
                out.add(name, &case.id, &case.tells, equals);
            }
        }
        out
    }

    /// The cases of `cases` in which two rows differ, by why.
    pub(super) fn apart(&self, left: &[Cell], right: &[Cell], cases: impl Iterator<Item = usize>) -> Apart {
        self.apart_by(left, right, cases, &|_| Vec::new())
    }

    /// [`Self::apart`], where `causes` says what is proven to have changed in a case; nothing where that is not known.
    pub(super) fn apart_by(
        &self,
        left: &[Cell],
        right: &[Cell],
        cases: impl Iterator<Item = usize>,
        causes: &dyn Fn(usize) -> Vec<Changed>,
    ) -> Apart {
        let found: Vec<Two> = cases
            .filter_map(|case| match (left[case], right[case]) {
                (Cell::Settled(a), Cell::Settled(b)) if a != b => Some((case, a, b)),
                _ => None,
            })
            .collect();
        if found.is_empty() {
            return Apart::default();
        }
        let (of_left, of_right) = (self.hypotheses("left", left), self.hypotheses("right", right));
        let mut out = Apart::default();
        let mut groups: BTreeMap<Why, Group> = BTreeMap::new();
        for (case, a, b) in found {
            let drift = self.between(case, a, b);
            if drift.as_ref().is_some_and(|d| d.is_nan_alone()) {
                continue;
            }
            let of = &self.table.cases[case];
            let reference = |h: &Hypotheses, name: &str, n: u32| {
                let equals = self.table.equals.get(&(case, n)).copied().unwrap_or_default();
                Reference::of(h, name, &of.id, of.has_reference, equals)
            };
            let (l, r) = (reference(&of_left, "left", a), reference(&of_right, "right", b));
            let why = match causes(case) {
                changed if changed.is_empty() => Why::of(&of.kernel, (&l, &r), drift.as_deref()),
                changed => Why::Causes { changed },
            };
            let severity = drift.as_ref().map(|d| severity(d.dtype, &d.drift)).unwrap_or_default();
            out.cases.push(case);
            let new = Difference { case, drift, severity };
            for (why, operations) in why.parts() {
                let group = groups.entry(why.clone()).or_insert_with(|| Group {
                    why,
                    cases: Vec::new(),
                    operations: BTreeSet::new(),
                    worst: new.clone(),
                });
                group.cases.push(case);
                group.operations.extend(operations);
                if new.severity > group.worst.severity {
                    group.worst = new.clone();
                }
            }
        }
        out.groups = groups.into_values().collect();
        out.groups.sort_by(|a, b| b.worst.severity.cmp(&a.worst.severity).then_with(|| a.why.cmp(&b.why)));
        out
    }
}

/// How two results of a case differ.
#[derive(Clone)]
pub(super) struct Difference {
    pub(super) case: usize,
    pub(super) drift: Option<Rc<Between>>,
    pub(super) severity: Severity,
}

impl Difference {
    /// How far, in words.
    pub(super) fn size(&self) -> String {
        self.drift.as_ref().map_or_else(|| "by an amount that is not stored".to_owned(), |d| d.size())
    }
}

/// Cases that differ for one reason.
pub(super) struct Group {
    pub(super) why: Why,
    pub(super) cases: Vec<usize>,
    /// The operations in which it is so, where it is not in all.
    pub(super) operations: BTreeSet<String>,
    /// The case that shows it best.
    pub(super) worst: Difference,
}

/// How two rows differ. Results that differ in NaN's sign or payload alone do not.
#[derive(Default)]
pub(super) struct Apart {
    pub(super) cases: Vec<usize>,
    /// By why, the one with the worst difference first.
    pub(super) groups: Vec<Group>,
}

impl Apart {
    /// The worst difference; `None` where there is none.
    pub(super) fn worst(&self) -> Option<&Difference> {
        self.groups.first().map(|g| &g.worst)
    }

    /// Why, in a few clauses: every known cause with its share, and the unknown one once.
    pub(super) fn because(&self, left: &str, right: &str) -> String {
        let all = self.cases.len();
        let told = self.groups.iter().map(|g| {
            let share = if g.cases.len() == all { String::new() } else { format!(" (in {} of {all})", g.cases.len()) };
            format!("{}{share}", g.why.between(left, right))
        });
        told.collect::<Vec<_>>().join("; ")
    }
}
