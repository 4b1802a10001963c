//! Functions at many of their inputs: how right each adapter is, what the specification forbids, and what was not tried.

use std::collections::BTreeMap;

use crate::facts;
use crate::model::bits::Dtype;
use crate::model::sweep::{EngineSweep, Inputs, Swept};
use crate::model::words::{count, list, number, percent, plural};
use crate::record::{Outcome, Record};
use crate::views::document::{Cell, Column, Detail, Mark, Section, Table};
use crate::views::{sweep, text};

/// Names that a line lists.
const LISTED: usize = 8;

/// The section; empty where nothing was swept.
pub(super) fn sweeps(record: &Record) -> Section {
    let mut out = Section::new("sweeps", "Functions at many inputs").at(Detail::Full);
    let cases = record.sweep_cases();
    if cases.is_empty() {
        return out;
    }
    let engines: Vec<&EngineSweep> = record.sweeps.iter().collect();
    let of = |inputs| engines.iter().any(|e| e.functions.iter().any(|s| s.inputs == inputs));
    if of(Inputs::Stratified) {
        out.text(
            "Each function once at 2^20 of the 2^32 binary32 numbers, the same ones everywhere and equally many of every sign \
             and exponent, against the correctly rounded result. Any NaN counts as any other. Nothing is known of the inputs \
             between them: repro-audit sweep tries all.",
        );
    }
    if of(Inputs::All) {
        out.text("Functions of binary16 at each of their 65,536 inputs.");
    }
    for engine in &engines {
        for swept in engine.functions.iter().filter(|s| s.outside > 0) {
            out.statement(
                Mark::Outside,
                "Not allowed",
                format!("{}: {}.", engine.engine, sweep::forbidden_text(swept)),
            );
        }
    }
    let mut columns = vec![Column::text("function")];
    columns.extend(engines.iter().map(|e| {
        let label = record.engine(&e.engine).map(|e| e.label.clone()).unwrap_or_default();
        Column::text(e.engine.as_str()).about(label)
    }));
    let mut table = Table::new("sweeps-list", &columns).most(cases.len());
    for case in cases.iter().filter(|c| c.executions.iter().any(|x| matches!(x.outcome, Outcome::Ran { .. }))) {
        let mut cells = vec![Cell::text(facts::sweep::name(&case.variant, case.dtype))];
        cells.extend(engines.iter().map(|engine| {
            let swept = engine.functions.iter().find(|s| s.function == case.variant && s.dtype == case.dtype);
            let status = case.executions.iter().find(|x| x.engine == engine.engine).map(|x| x.status);
            match (swept, status) {
                (Some(s), Some(status)) => {
                    Cell::Mark { mark: text::mark(status), beside: beside(s), note: s.limit.clone() }
                }
                (None, Some(status)) => Cell::mark(text::mark(status)),
                (_, None) => Cell::mark(Mark::Untested),
            }
        }));
        table.push(cells);
    }
    out.table(table);
    for engine in engines {
        missing(engine, &mut out);
    }
    out
}

/// How right a function is, in a few words.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn beside(swept: &Swept) -> String {
    if swept.right == swept.count {
        return "all".to_owned();
    }
    let share = percent(swept.right as f64 / swept.count.max(1) as f64);
    match &swept.worst_ulp {
        Some(worst) => format!("{share}, {} ulp", number(worst.error)),
        None => share,
    }
}

/// What was not tried on an engine, or failed, by reason.
fn missing(engine: &EngineSweep, out: &mut Section) {
    let mut reasons: BTreeMap<(bool, &str, bool), Vec<String>> = BTreeMap::new();
    for m in &engine.missing {
        let half = m.dtype == Some(Dtype::F16);
        reasons.entry((!m.failed, &m.reason, half)).or_default().push(m.function.clone());
    }
    for ((fine, reason, half), names) in reasons {
        let (mark, title) = if fine { (Mark::Skipped, "Not tried") } else { (Mark::Failed, "Failed") };
        let half = if half { " of binary16" } else { "" };
        let what = plural(names.len(), "function");
        out.statement(mark, title, format!("{}: {what}{half} ({}): {reason}.", engine.engine, list(&names, LISTED)));
    }
}

/// What the specification forbids of a sweep's case, before what else is said of it; empty where it forbids nothing.
pub(super) fn outside(record: &Record, case: &str, engine: &str) -> String {
    let mut found = record.sweeps.iter().filter(|s| s.engine == engine).flat_map(|s| &s.functions);
    let swept = found.find(|s| crate::record::sweep_id(&s.function, s.dtype, s.inputs) == case);
    let first = swept.filter(|s| s.outside > 0);
    first
        .map(|s| {
            format!(
                "{} of {} results are outside what the WGSL specification allows; ",
                count(s.outside),
                count(s.count)
            )
        })
        .unwrap_or_default()
}
