//! Changed results as people ask for them: one row a case, the causes, and a choice of rows that covers every cause.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::change::Why;
use super::compare::{Counted, Kind, ResultChange};

/// A case that changed, on whichever engines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CaseRow {
    /// The case.
    pub case: String,
    /// Its results, as places in the list of results, the worst first.
    pub results: Vec<usize>,
    /// Its cause, as a place in the list of causes: the one of its worst result.
    pub cause: usize,
}

/// Changes of one cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CauseGroup {
    /// What happened.
    pub kind: Kind,
    /// The cause.
    pub why: Why,
    /// The worst result, as a place in the list of results: the case that shows it best.
    pub worst: usize,
    /// How many cases changed for it, by kernel, the most first. Of built-in functions, by function.
    pub of: Vec<Counted>,
    /// The operations in which it is done, where it is not done in all.
    pub operations: Vec<String>,
    /// How many cases.
    pub cases: usize,
    /// How many results, one a case and engine.
    pub results: usize,
    /// The engines on the right.
    pub engines: Vec<String>,
}

impl CauseGroup {
    /// What changed, in a clause.
    #[must_use]
    pub fn text(&self) -> String {
        match self.kind {
            Kind::Failed => "failed now".to_owned(),
            Kind::Reference => {
                "the strict reference itself is another one: the program's own arithmetic differs".to_owned()
            }
            Kind::Unrepeatable => "runs differ on a side, although the order of operations is defined".to_owned(),
            Kind::Differs => self.why.within(&self.operations).text(),
        }
    }
}

/// Cases and causes of results that are sorted with the worst first, in the order of their worst results.
pub(super) fn grouped(results: &[ResultChange]) -> (Vec<CaseRow>, Vec<CauseGroup>) {
    let mut causes: Vec<CauseGroup> = Vec::new();
    let mut places: BTreeMap<(Kind, Why), usize> = BTreeMap::new();
    // Of each result, the groups that it is in: those of all its causes.
    let mut within: Vec<Vec<usize>> = Vec::new();
    for (i, change) in results.iter().enumerate() {
        let mut groups = Vec::new();
        for (why, operations) in change.why.parts() {
            let place = *places.entry((change.kind, why.clone())).or_insert_with(|| {
                causes.push(CauseGroup {
                    kind: change.kind,
                    why,
                    worst: i,
                    of: Vec::new(),
                    operations: Vec::new(),
                    cases: 0,
                    results: 0,
                    engines: Vec::new(),
                });
                causes.len() - 1
            });
            if let Some(group) = causes.get_mut(place) {
                group.operations.extend(operations);
            }
            groups.push(place);
        }
        within.push(groups);
    }
    for (place, cause) in causes.iter_mut().enumerate() {
        cause.operations.sort_unstable();
        cause.operations.dedup();
        let mine = || results.iter().zip(&within).filter(|(_, groups)| groups.contains(&place)).map(|(r, _)| r);
        let mut of: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::new();
        for change in mine() {
            let name = if change.why == Why::Builtin { &change.variant } else { &change.kernel };
            of.entry(name).or_default().insert(&change.case);
        }
        let mut engines: BTreeSet<&str> = mine().map(|r| r.engines.1.as_str()).collect();
        cause.results = mine().count();
        cause.cases = of.values().map(BTreeSet::len).sum();
        cause.engines = std::mem::take(&mut engines).into_iter().map(str::to_owned).collect();
        cause.of = of.into_iter().map(|(name, cases)| (name.to_owned(), cases.len())).collect();
        cause.of.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    }
    let mut rows: Vec<CaseRow> = Vec::new();
    let mut at: BTreeMap<&str, usize> = BTreeMap::new();
    for (i, change) in results.iter().enumerate() {
        let cause = within.get(i).and_then(|groups| groups.first()).copied().unwrap_or(0);
        let row = *at.entry(&change.case).or_insert_with(|| {
            rows.push(CaseRow { case: change.case.clone(), results: Vec::new(), cause });
            rows.len() - 1
        });
        rows[row].results.push(i);
    }
    (rows, causes)
}

/// At most so many rows, in their order: the worst of every cause, then the second of every cause, and so on. A cause of
/// which no row is its own is shown by the cause's line.
#[must_use]
pub fn chosen(rows: &[CaseRow], most: usize) -> Vec<&CaseRow> {
    let mut seen: BTreeMap<usize, usize> = BTreeMap::new();
    let mut order: Vec<(usize, usize)> = Vec::new();
    for (i, row) in rows.iter().enumerate() {
        let rank = seen.entry(row.cause).or_default();
        order.push((*rank, i));
        *rank += 1;
    }
    order.sort_unstable();
    let mut places: Vec<usize> = order.into_iter().take(most).map(|(_, i)| i).collect();
    places.sort_unstable();
    places.into_iter().filter_map(|i| rows.get(i)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_few_rows_cover_every_cause() {
        let row = |i: usize, cause| CaseRow { case: format!("case {i}"), results: vec![i], cause };
        let rows: Vec<CaseRow> = (0..50).map(|i| row(i, if i < 45 { 0 } else { i - 44 })).collect();
        let shown = chosen(&rows, 10);
        assert_eq!(shown.len(), 10, "no more than asked for");
        let causes: BTreeSet<usize> = shown.iter().map(|r| r.cause).collect();
        assert_eq!(causes.len(), 6, "one of each cause");
        assert!(shown.windows(2).all(|w| w[0].results < w[1].results), "and still the worst first");
        assert_eq!(chosen(&rows, 100).len(), 50, "all of them where there is room");
    }
}
