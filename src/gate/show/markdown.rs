//! For step summaries and pull requests.

use super::{headline, known, next, place};
use crate::formats::markdown::{code, escape};
use crate::gate::judge::{Checked, Item};
use crate::gate::outcome::Gravity;

/// The longest text: what GitHub takes in an issue or a comment is 64 KiB.
const MAX_BYTES: usize = 60_000;
/// Room for what comes after the rows.
const FOOT: usize = 300;

/// The answer as GitHub Markdown, under 60 kB; what is left out is counted.
#[must_use]
pub fn markdown(checked: &Checked) -> String {
    let glyph = if checked.gravity.fails() { "❌" } else { "✅" };
    let mut out = format!("## {glyph} repro-audit check: {}\n\n", escape(&headline(checked)));
    out.push_str(&format!("- lock {}\n", escape(&checked.lock)));
    if !checked.policy.is_empty() {
        out.push_str(&format!("- policy {}\n", escape(&checked.policy)));
    }
    let mut left = Left { records: 0, known: 0, items: 0 };
    for record in &checked.records {
        left.records += usize::from(!push(&mut out, &format!("- record {}\n", escape(record)), MAX_BYTES / 8));
    }
    out.push('\n');
    for (what, command) in next(checked) {
        push(&mut out, &format!("{} {}\n\n", escape(what), code(&command)), MAX_BYTES / 4);
    }
    let known = known(checked);
    if !known.is_empty() {
        out.push_str("Known deviations, as expected:\n\n");
        for (reason, link, n) in known {
            let line = format!("- {n} × {} ({})\n", escape(reason), escape(link));
            left.known += usize::from(!push(&mut out, &line, MAX_BYTES / 2));
        }
        out.push('\n');
    }
    let items: Vec<_> = checked.items.iter().filter(|i| i.gravity > Gravity::Pass).collect();
    if !items.is_empty() {
        out.push_str("| | outcome | engine | case | what | where |\n|---|---|---|---|---|---|\n");
        for item in items {
            // After the first row that does not fit, all are left out: the gravest come first.
            let fits = left.items == 0 && push(&mut out, &row(item), MAX_BYTES - FOOT);
            left.items += usize::from(!fits);
        }
    }
    for (n, what) in [(left.records, "records"), (left.known, "known deviations"), (left.items, "rows")] {
        if n > 0 {
            out.push_str(&format!("\n*{n} {what} are left out here; `--format json` has them all.*\n"));
        }
    }
    out
}

/// What did not fit.
struct Left {
    records: usize,
    known: usize,
    items: usize,
}

/// Adds a line where the text stays below a size.
fn push(out: &mut String, line: &str, most: usize) -> bool {
    let fits = out.len() + line.len() <= most;
    if fits {
        out.push_str(line);
    }
    fits
}

fn row(item: &Item) -> String {
    let cell = |text: &str, as_code: bool| match (text, as_code) {
        ("", _) => String::new(),
        (text, true) => code(text),
        (text, false) => escape(text),
    };
    let reason = item.reason.as_ref().map(|(_, link)| format!(" ({link})")).unwrap_or_default();
    format!(
        "| {} {} | {} | {} | {} | {} | {} |\n",
        item.gravity.glyph(),
        item.gravity.word(),
        item.outcome.name(),
        cell(item.engine.as_deref().unwrap_or_default(), true),
        cell(item.case.as_deref().unwrap_or_default(), true),
        cell(&format!("{}{reason}", item.what), false),
        cell(&place(item), true)
    )
}
