//! What changes bits, one thing at a time: a row an update of a driver, a value of a variable and another adapter.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use crate::facts::set::{Across, Related, Step, Update};
use crate::facts::{Severity, training};
use crate::model::words::{count, list};
use crate::record::AxisLevel;
use crate::views::document::{Cell, Column, Mark, Section, Table};

/// Rows on the first screen.
const ROWS: usize = 24;

/// One thing that was changed.
struct Row<'v> {
    axis: AxisLevel,
    adapter: &'v str,
    what: String,
    update: &'v Update,
}

impl Row<'_> {
    fn worst(&self) -> Option<Severity> {
        self.update.changes.iter().map(|c| c.severity).max()
    }
}

/// From one release to another, without the words that both begin with.
fn arrow(from: &str, to: &str) -> String {
    let common = from.split(' ').zip(to.split(' ')).take_while(|(a, b)| a == b).count();
    let rest: Vec<&str> = to.split(' ').skip(common).collect();
    if rest.is_empty() { format!("{from} → {to}") } else { format!("{from} → {}", rest.join(" ")) }
}

fn rows<'v>(view: &'v Related) -> Vec<Row<'v>> {
    let mut out = Vec::new();
    for timeline in &view.timelines {
        for version in &timeline.versions {
            let Some(update) = &version.update else { continue };
            let what = arrow(&update.from, &version.release);
            out.push(Row { axis: AxisLevel::Driver, adapter: &timeline.adapter, what, update });
        }
    }
    let step =
        |s: &'v Step| Row { axis: s.axis, adapter: &s.adapter, what: super::timeline::name(s), update: &s.update };
    out.extend(view.steps.iter().map(step));
    out
}

/// The operations of a training that changed at ordinary inputs.
fn operations(update: &Update) -> String {
    let found: BTreeSet<usize> = update
        .changes
        .iter()
        .flat_map(|c| &c.cases)
        .filter_map(|case| training::operation_at(case.split('/').next().unwrap_or_default(), case))
        .filter_map(|o| training::OPERATIONS.iter().position(|p| p == o))
        .collect();
    let names: Vec<String> = found.iter().map(|i| training::OPERATIONS[*i].name.to_owned()).collect();
    if names.is_empty() { "none".to_owned() } else { list(&names, names.len()) }
}

/// The table, and what changed nothing in a line.
pub(super) fn section(view: &Related) -> Section {
    let mut out = Section::new("changes", "What changes bits, one thing at a time");
    let mut all = rows(view);
    all.retain(|r| r.update.compared > 0);
    all.sort_by_key(|r| (r.axis, Reverse(r.worst())));
    let columns = [
        Column::text("what changes"),
        Column::number("cases").about("Those whose bits changed, of those that repeat on both sides."),
        Column::text("training operations").about("Operations of a training whose bits changed at ordinary inputs."),
    ];
    let mut table = Table::new("changes", &columns).most(ROWS);
    for row in all.iter().filter(|r| r.update.changed > 0) {
        table.push([
            Cell::text(format!("{}: {}{}", row.adapter, row.what, apart(row.update))),
            Cell::number(format!("{} of {}", count(row.update.changed as u64), count(row.update.compared as u64))),
            Cell::text(operations(row.update)),
        ]);
    }
    out.table(table);
    // Settings of one adapter are told with its name once.
    let mut calm: Vec<(&str, Vec<String>)> = Vec::new();
    for row in all.iter().filter(|r| r.update.changed == 0) {
        let what = format!("{}{} ({})", row.what, apart(row.update), count(row.update.compared as u64));
        match calm.iter_mut().find(|(adapter, _)| *adapter == row.adapter) {
            Some((_, all)) => all.push(what),
            None => calm.push((row.adapter, vec![what])),
        }
    }
    if !calm.is_empty() {
        let told: Vec<String> = calm.iter().map(|(adapter, all)| format!("{adapter}: {}", all.join(", "))).collect();
        out.statement(
            Mark::Holds,
            "Unchanged",
            format!("In so many cases as are in brackets, which repeat on both sides: {}.", told.join("; ")),
        );
    }
    let one_sided: Vec<String> = all
        .iter()
        .filter(|r| r.update.one_sided > 0)
        .map(|r| format!("{}: {} ({})", r.adapter, r.what, count(r.update.one_sided as u64)))
        .collect();
    if !one_sided.is_empty() {
        out.statement(
            Mark::Untested,
            "Open",
            format!("Cases that repeat on one side only, so that nothing is known of them: {}.", list(&one_sided, 6)),
        );
    }
    out
}

/// What else differs between the sides.
fn apart(update: &Update) -> &'static str {
    match update.across {
        Across::Nothing => "",
        Across::Systems => " (on another system)",
        Across::Machines => " (on another machine)",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_release_is_told_once() {
        assert_eq!(arrow("Mesa 22.3.6", "Mesa 25.0.7"), "Mesa 22.3.6 → 25.0.7");
        assert_eq!(arrow("1.2", "2.0 beta"), "1.2 → 2.0 beta");
        assert_eq!(arrow("1.2", "1.2"), "1.2 → 1.2");
    }
}
