//! The summary as GitHub Markdown, for a step summary or an issue.

use super::text;
use super::view::{DriftRow, View};
use crate::record::Record;

/// GitHub refuses a step summary beyond 1 MiB and an issue beyond 64 KiB; this fits both.
pub(super) const MAX_BYTES: usize = 60_000;
/// Drifts that are listed.
const DRIFTS: usize = 25;

/// The Markdown summary, at most 60 kB.
#[must_use]
pub fn markdown(record: &Record) -> String {
    let view = View::new(record);
    let mut sections = vec![
        headline(&view, &record.notes),
        engines(&view),
        matrix(&view),
        findings(&view),
        drifts(&view),
        reasons(&view),
        next(&view),
    ];
    let foot = format!(
        "<sub>record <code>{}</code> · machine <code>{}</code> · repro-audit {}</sub>\n",
        html(&view.short_id),
        html(&record.environment.machine_id),
        html(&record.provenance.version)
    );
    let mut out = String::new();
    let mut dropped = false;
    for section in sections.drain(..).filter(|s| !s.is_empty()) {
        // A table is shortened by whole rows, so that what is left is well formed.
        for line in section.lines() {
            if out.len() + line.len() + foot.len() + 120 > MAX_BYTES {
                dropped = true;
                break;
            }
            out.push_str(line);
            out.push('\n');
        }
        out.push('\n');
    }
    if dropped {
        out.push_str("*Shortened; the whole is in `index.html` and `summary.csv`.*\n\n");
    }
    out.push_str(&foot);
    out
}

/// Text for a paragraph or a table's cell: what Markdown or HTML would take for markup is escaped.
pub(crate) fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '|' => out.push_str("&#124;"),
            '`' => out.push_str("&#96;"),
            '@' => out.push_str("&#64;"),
            '*' | '_' | '[' | ']' | '\\' | '~' | '#' | '!' => {
                out.push('\\');
                out.push(c);
            }
            c if c.is_control() => out.push(' '),
            c => out.push(c),
        }
    }
    out
}

fn html(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// Code in a table's cell. `<code>` and not backticks, in which a bar can not be escaped.
pub(crate) fn code(text: &str) -> String {
    let escaped: String = text::printable(text)
        .chars()
        .map(|c| match c {
            '&' => "&amp;".to_owned(),
            '<' => "&lt;".to_owned(),
            '>' => "&gt;".to_owned(),
            '|' => "&#124;".to_owned(),
            '`' => "&#96;".to_owned(),
            '*' => "&#42;".to_owned(),
            '_' => "&#95;".to_owned(),
            '[' => "&#91;".to_owned(),
            ']' => "&#93;".to_owned(),
            '@' => "&#64;".to_owned(),
            '\\' => "&#92;".to_owned(),
            '~' => "&#126;".to_owned(),
            c => c.to_string(),
        })
        .collect();
    format!("<code>{escaped}</code>")
}

fn headline(view: &View, notes: &[String]) -> String {
    let mut out = format!("## {}\n\n{}\n\n", escape(&view.headline.title), escape(&view.headline.lead));
    for s in &view.headline.statements {
        out.push_str(&format!("- {} **{}** ({}): {}\n", s.glyph, s.title, s.word, escape(&s.text)));
    }
    for note in notes {
        out.push_str(&format!("- {}\n", escape(note)));
    }
    out
}

fn engines(view: &View) -> String {
    let mut out = "| engine | adapter and driver | state |\n|---|---|---|\n".to_owned();
    for e in &view.engines {
        out.push_str(&format!("| {} | {} | {} |\n", code(&e.id), escape(&e.label), escape(&e.state)));
    }
    out
}

fn matrix(view: &View) -> String {
    let mut out = "### Kernel × engine\n\n| kernel | variant |".to_owned();
    for id in &view.columns {
        out.push_str(&format!(" {} |", code(id)));
    }
    out.push_str("\n|---|---|");
    out.push_str(&"---|".repeat(view.columns.len()));
    out.push('\n');
    for kernel in &view.kernels {
        for row in &kernel.rows {
            out.push_str(&format!("| {} | {} |", escape(&kernel.kernel), escape(&row.variant)));
            for id in &view.columns {
                match row.cells.iter().find(|c| c.engine == *id) {
                    Some(c) if c.which.is_empty() => out.push_str(&format!(" {} {} |", c.glyph, c.word)),
                    Some(c) => out.push_str(&format!(" {} {} ({}) |", c.glyph, c.word, escape(&c.which))),
                    None => out.push_str(" |"),
                }
            }
            out.push('\n');
        }
    }
    out
}

fn findings(view: &View) -> String {
    if view.findings.is_empty() {
        return String::new();
    }
    let mut out = "### Findings: what the embedded interpreter noticed of the shaders\n\n\
                   | | kind | case | line | engine | what |\n|---|---|---|--:|---|---|\n"
        .to_owned();
    for f in &view.findings {
        out.push_str(&format!(
            "| {} | {} | {} | {} | {} | {} |\n",
            f.glyph,
            f.kind,
            code(&f.case),
            f.line,
            escape(&f.engine),
            escape(&f.said())
        ));
    }
    out
}

fn drifts(view: &View) -> String {
    if view.drifts.is_empty() {
        return String::new();
    }
    let mut out = "### Worst drift of each kernel's variants\n\n\
                   | | case | axis | from → to | max ulp | differing | explained by |\n|---|---|---|---|--:|--:|---|\n"
        .to_owned();
    for d in view.drifts.iter().take(DRIFTS) {
        let c = &d.comparison;
        out.push_str(&format!(
            "| {} | {} | {} | {} → {} | {} | {} | {} |\n",
            d.glyph,
            code(&d.case),
            axes(d),
            escape(&c.left),
            escape(&c.right),
            c.max_ulp,
            escape(&c.fraction),
            escape(&c.because)
        ));
    }
    if view.drifts.len() > DRIFTS {
        out.push_str(&format!("\n{} more are in the report.\n", view.drifts.len() - DRIFTS));
    }
    out
}

/// The axis of the row, and the others on which the variant differs.
fn axes(drift: &DriftRow) -> String {
    let mut text = format!("**{}**", drift.comparison.axis);
    for other in &drift.others {
        text.push_str(&format!(", {other}"));
    }
    text
}

fn reasons(view: &View) -> String {
    let mut out = String::new();
    for (title, reasons) in [("Failures", &view.failures), ("Skipped", &view.skips)] {
        if reasons.is_empty() {
            continue;
        }
        out.push_str(&format!("### {title}\n\n| engine | reason | cases | where |\n|---|---|--:|---|\n"));
        for r in reasons.iter() {
            out.push_str(&format!(
                "| {} | {} | {} | {} |\n",
                code(&r.engine),
                escape(&r.reason),
                r.cases,
                escape(&r.variants)
            ));
        }
        out.push('\n');
    }
    out
}

fn next(view: &View) -> String {
    let mut out = "### Next\n\n".to_owned();
    for action in &view.headline.actions {
        out.push_str(&format!("- {} {}\n", escape(&action.text), code(&action.command)));
    }
    out
}
