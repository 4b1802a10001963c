//! What moved since a lock: results that are new, changed and gone.

use std::collections::BTreeMap;

use super::document::{Cell, Column, Document, Finding, Rows, Section, Table, Tone, Weight};
use super::prepared::Prepared;
use crate::gate::{Found, Lock, RowChange, changes, status_word};
use crate::model::words::{count, plural};
use crate::record::Status;

/// Results that are listed to people.
const CHANGES: usize = 60;

/// How many results differ from those of an earlier lock.
#[must_use]
pub fn counted(moved: &[RowChange<'_>]) -> String {
    let [new, changed, gone] = tally(moved.iter());
    format!("{new} new, {changed} changed, {gone} gone")
}

/// How many are new, changed and gone, in words.
fn tally<'m, 'l: 'm>(moved: impl Iterator<Item = &'m RowChange<'l>>) -> [String; 3] {
    let mut counts = [0u64; 3];
    for m in moved {
        counts[if m.was.is_none() { 0 } else { 1 + usize::from(m.is.is_none()) }] += 1;
    }
    counts.map(count)
}

/// What moved since the lock `name`, by kernel and by case.
#[must_use]
pub fn moved(name: &str, before: &Lock, after: &Lock) -> Prepared {
    let all = changes(before, after);
    let headline = match all.len() {
        0 => format!("Nothing moved since {name}"),
        n => format!("{} moved since {name}: {}", plural(n, "result"), counted(&all)),
    };
    let mut document = Document::new(if all.is_empty() { Tone::Good } else { Tone::Broke }, headline);
    let mut kernels: BTreeMap<&str, Vec<&RowChange<'_>>> = BTreeMap::new();
    all.iter().for_each(|m| kernels.entry(m.case.kernel()).or_default().push(m));
    let columns = ["kernel", "new", "changed", "gone"];
    let mut table =
        Table::new("kernels", &columns.map(|c| if c == "kernel" { Column::text(c) } else { Column::number(c) }));
    for (kernel, of) in &kernels {
        let numbers = tally(of.iter().copied()).map(Cell::number);
        table.push(std::iter::once(Cell::text(*kernel)).chain(numbers));
    }
    let mut section = Section::new("by-kernel", "By kernel");
    section.table(table);
    document.push(section);
    let side = |s: Option<(Status, &Found)>| s.map(|(status, found)| format!("{} {found}", status_word(status)));
    let columns = ["case", "engine", "was", "is", "shader"];
    let mut table = Table::new("results", &columns.map(Column::text)).most(CHANGES);
    let mut rows = Rows::new("changes", &columns);
    for m in &all {
        let (was, is) = (side(m.was), side(m.is));
        let shader = if m.shader { "another" } else { "" };
        let shown = |s: &Option<String>| Cell::code(s.clone().unwrap_or_else(|| "–".to_owned()));
        table.push([Cell::case(m.case.to_string()), Cell::text(m.engine), shown(&was), shown(&is), Cell::text(shader)]);
        rows.push(vec![m.case.to_string().into(), m.engine.into(), was.into(), is.into(), shader.into()]);
    }
    let mut section = Section::new("results", "Results");
    section.table(table);
    document.push(section);
    let finding = |m: &RowChange<'_>| {
        let (was, is) = (side(m.was), side(m.is));
        let text = format!("was {}, is {}", was.as_deref().unwrap_or("not locked"), is.as_deref().unwrap_or("gone"));
        Finding::new(Weight::Warning, "lock-moved", m.engine, m.case.to_string(), text)
    };
    document.findings = all.iter().map(finding).collect();
    let json = all.iter().map(|m| {
        serde_json::json!({
            "case": m.case.to_string(), "engine": m.engine, "was": side(m.was), "is": side(m.is), "shader": m.shader,
        })
    });
    Prepared { document, json: json.collect(), rows: vec![rows] }
}
