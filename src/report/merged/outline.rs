//! The report over merged records for a terminal and as Markdown.

use super::headline::headline;
use crate::relate::{DriverChange, KernelCell, Related};
use crate::report::outline::Outline;
use crate::report::text;

/// Rows of a table.
const ROWS: usize = 40;
/// Classes of a matrix that a terminal has room for.
const CLASSES: usize = 10;

/// For a terminal.
#[must_use]
pub fn table(view: &Related) -> String {
    outline(view).terminal()
}

/// As Markdown.
#[must_use]
pub fn markdown(view: &Related) -> String {
    outline(view).markdown()
}

/// A distance from class A.
fn distance(max_ulp: Option<u64>, whole: bool) -> String {
    match max_ulp {
        None => "not stored".to_owned(),
        Some(n) if whole => format!("{} ulp", text::ulp(n)),
        Some(n) => format!("≥ {} ulp", text::ulp(n)),
    }
}

fn cell(cell: &KernelCell) -> String {
    let letter = if cell.letter.is_empty() { "–" } else { &cell.letter };
    let strict = if cell.strict { " =twin" } else { "" };
    let ulp = if cell.differing > 0 { format!(" {}", distance(cell.max_ulp, cell.whole)) } else { String::new() };
    let unsettled = if cell.unsettled > 0 { format!(" ~{}", cell.unsettled) } else { String::new() };
    format!("{letter}{strict}{ulp}{unsettled}")
}

/// What a driver changed of a kernel, in a sentence.
fn change(change: &DriverChange) -> String {
    let because = if change.because.is_empty() { String::new() } else { format!(" ({})", change.because) };
    format!(
        "{} in {}, {}{because}",
        change.kernel,
        text::plural(change.cases.len(), "case"),
        distance(change.max_ulp, change.whole)
    )
}

pub(super) fn outline(view: &Related) -> Outline {
    let verdict = headline(view);
    let mut out = Outline { title: verdict.title, parts: Vec::new() };
    out.text(verdict.lead);
    for s in verdict.statements {
        out.text(format!("{} {}: {}", s.glyph, s.title, s.text));
    }
    for split in &view.splits {
        out.text(split.text.clone());
    }
    let rows = view
        .adapters
        .iter()
        .map(|a| {
            vec![
                if a.class.is_empty() { "–".to_owned() } else { a.class.clone() },
                a.label.clone(),
                a.settled.to_string(),
                a.unsettled.to_string(),
                text::list(&a.records, 3),
            ]
        })
        .collect();
    out.table("Adapters by class", &["class", "adapter", "cases", "unsettled", "records"], rows, ROWS);
    let shown = view.classes.len().min(CLASSES);
    let rows = view
        .kernels
        .iter()
        .map(|k| std::iter::once(k.kernel.clone()).chain(k.cells.iter().take(shown).map(cell)).collect())
        .collect();
    let letters = ["A", "B", "C", "D", "E", "F", "G", "H", "I", "J"];
    let head: Vec<&str> = std::iter::once("kernel").chain(letters.into_iter().take(shown)).collect();
    out.table("Kernel × class (the same letter in a row: the same bits)", &head, rows, 100);
    let rows = view.telling.iter().map(|t| vec![t.case.clone(), t.groups.clone()]).collect();
    let heading = if view.cover.is_smallest {
        "The smallest set of cases that tells the classes apart"
    } else {
        "A small set of cases that tells the classes apart (greedy; a smaller one may exist)"
    };
    out.table(heading, &["case", "what it tells apart"], rows, ROWS);
    let mut rows = Vec::new();
    for timeline in &view.timelines {
        for driver in &timeline.drivers {
            let what = match &driver.changes {
                None => "first here".to_owned(),
                Some(c) if c.is_empty() => format!("no bit changed in {}", text::plural(driver.compared, "case")),
                Some(c) => text::list(&c.iter().map(change).collect::<Vec<_>>(), 3),
            };
            let day = driver.started.get(..10).unwrap_or_default();
            rows.push(vec![driver.label.clone(), format!("{} {day}", driver.first_seen), what]);
        }
    }
    out.table("Driver timeline", &["driver", "first seen", "what it changed"], rows, ROWS);
    let rows = view
        .conflicts
        .iter()
        .map(|c| {
            let where_ = if c.same_machine { "one machine" } else { "between machines or systems" };
            let results: Vec<String> =
                c.results.iter().map(|(d, names)| format!("{}: {}", text::short(d), text::list(names, 2))).collect();
            vec![c.adapter.clone(), c.case.clone(), where_.to_owned(), results.join("; ")]
        })
        .collect();
    out.table("Conflicts: one adapter, different bits", &["adapter", "case", "where", "results"], rows, ROWS);
    out
}
