//! What was computed, element by element: of a case that was asked for by name.

use crate::facts::{self, Elements, ShownElement};
use crate::record::{CaseRecord, Outcome, Record};
use crate::views::document::{Cell, Column, Section, Table};
use crate::views::text;

/// Cases of which elements are shown.
const CASES: usize = 8;

/// A table for each case: the elements of each engine's first run, engines that computed the same in one row.
pub(super) fn elements(record: &Record) -> Section {
    let mut out = Section::new("elements", "Values");
    for case in record.cases.iter().take(CASES) {
        let rows = rows(record, case);
        if rows.is_empty() {
            continue;
        }
        let all: Vec<&Elements> = rows.iter().map(|(_, e)| e).collect();
        let what = if all.iter().all(|e| e.whole) {
            format!(
                "All of {}, first run.",
                text::plural(usize::try_from(case.elements).unwrap_or(usize::MAX), "element")
            )
        } else {
            format!(
                "Of {} elements, first run: those stored that differ from the strict reference, the first and the worst \
                 of all among them; where none is known to differ, the first.",
                text::count(case.elements)
            )
        };
        if record.cases.len() > 1 {
            out.fact(case.id.as_str(), what);
        } else {
            out.text(what);
        }
        out.table(table(case, &rows));
    }
    if record.cases.len() > CASES {
        out.text(format!("Of {} cases more, values are in values.csv of gpu --out.", record.cases.len() - CASES));
    }
    out
}

/// Engines with the elements that are shown of them.
fn rows(record: &Record, case: &CaseRecord) -> Vec<(String, Elements)> {
    let mut out: Vec<(Vec<String>, Elements)> = Vec::new();
    let ran = |x: &&crate::record::Execution| matches!(x.outcome, Outcome::Ran { .. }) && !x.samples.is_empty();
    for execution in case.executions.iter().filter(ran).filter(|x| record.engine(&x.engine).is_some()) {
        let found = facts::elements(case, execution);
        match out.iter_mut().find(|(_, e)| *e == found) {
            Some((engines, _)) => engines.push(execution.engine.clone()),
            None => out.push((vec![execution.engine.clone()], found)),
        }
    }
    out.into_iter().map(|(engines, e)| (engines.join(", "), e)).collect()
}

fn table(case: &CaseRecord, rows: &[(String, Elements)]) -> Table {
    let all = || rows.iter().flat_map(|(_, e)| &e.shown);
    let (reference, exact) = (all().any(|e| e.reference.is_some()), all().any(|e| e.exact.is_some()));
    let float = case.dtype.is_float();
    let mut columns =
        vec![Column::text("engine"), Column::number("element"), Column::text("bits"), Column::number("value")];
    if reference {
        columns.extend([Column::text("reference"), Column::number("value")]);
    }
    if exact {
        columns.push(Column::number("exact"));
    }
    if reference && float {
        columns.extend([Column::number("ulp"), Column::number("relative")]);
    }
    let mut table = Table::new(format!("elements {}", case.id), &columns).most(64);
    for (engines, found) in rows {
        for e in &found.shown {
            let mut cells = vec![Cell::text(engines.as_str())];
            cells.extend([Cell::number(e.index.to_string()), Cell::code(e.bits.as_str()), value(e.value)]);
            if reference {
                let (bits, number) = e.reference.clone().unzip();
                cells.extend([Cell::code(bits.unwrap_or_default()), number.map_or(Cell::Empty, value)]);
            }
            if exact {
                cells.push(e.exact.map_or(Cell::Empty, value));
            }
            if reference && float {
                cells.extend(distance(e));
            }
            table.push(cells);
        }
    }
    table
}

/// A number in the fewest digits that tell binary64 numbers apart.
fn value(x: f64) -> Cell {
    let plain = x == 0.0 || (1e-5..1e16).contains(&x.abs()) || !x.is_finite();
    Cell::number(if plain { format!("{x}") } else { format!("{x:e}") })
}

fn distance(e: &ShownElement) -> [Cell; 2] {
    [
        Cell::number(e.ulp.map(text::ulp).unwrap_or_default()),
        Cell::number(e.relative.map(text::number).unwrap_or_default()),
    ]
}
