//! Annotations of GitHub's workflows: lines that its runner takes for commands.

use super::{Format, clean};
use crate::views::document::{Document, Finding, Weight};

/// See the module.
pub const FORMAT: Format =
    Format { name: "github", about: "Annotations for GitHub Actions", write: |view, _| Ok(write(&view.document())) };

/// GitHub shows ten annotations of each kind and step, and drops the others in silence.
const MOST: usize = 10;
/// Cases that one annotation names.
const CASES: usize = 5;

/// Findings of one kind on one engine.
struct Group<'a> {
    weight: Weight,
    kind: &'a str,
    engine: &'a str,
    findings: Vec<&'a Finding>,
}

/// One line an annotation: one for each kind on each engine, at the first place that it is about. What does not fit is
/// counted in the last one of its kind.
#[must_use]
pub fn write(document: &Document) -> String {
    let mut groups: Vec<Group<'_>> = Vec::new();
    for f in document.findings.iter().filter(|f| !command(f.weight).is_empty()) {
        match groups.iter_mut().find(|g| g.weight == f.weight && g.kind == f.kind && g.engine == f.engine) {
            Some(group) => group.findings.push(f),
            None => groups.push(Group { weight: f.weight, kind: &f.kind, engine: &f.engine, findings: vec![f] }),
        }
    }
    let mut out = String::new();
    for command in ["error", "warning", "notice"] {
        let of: Vec<_> = groups.iter().filter(|g| self::command(g.weight) == command).collect();
        let shown = if of.len() > MOST { MOST - 1 } else { of.len() };
        for group in &of[..shown] {
            out.push_str(&annotation(command, group));
        }
        if of.len() > shown {
            let left: usize = of[shown..].iter().map(|g| g.findings.len()).sum();
            let text = format!("{left} more in {} groups; the step summary lists them", of.len() - shown);
            out.push_str(&format!("::{command} title={}::{}\n", property("repro-audit: more"), message(&text)));
        }
    }
    out
}

fn annotation(command: &str, group: &Group<'_>) -> String {
    let n = group.findings.len();
    let engine = if group.engine.is_empty() { String::new() } else { format!(" on {}", group.engine) };
    let count = if n > 1 { format!(" × {n}") } else { String::new() };
    let title = format!("repro-audit: {}{count}{engine}", group.kind);
    let mut lines: Vec<String> = group.findings.iter().take(CASES).map(|f| line(f)).collect();
    if n > CASES {
        lines.push(format!("and {} more", n - CASES));
    }
    let place = group.findings.iter().find_map(|f| f.place.as_ref());
    let place = place.map(|(file, line)| format!("file={},line={line},", property(file))).unwrap_or_default();
    format!("::{command} {place}title={}::{}\n", property(&title), message(&lines.join("\n")))
}

fn command(weight: Weight) -> &'static str {
    match weight {
        Weight::Pass | Weight::Skipped => "",
        Weight::Note => "notice",
        Weight::Warning => "warning",
        Weight::Failure | Weight::Error => "error",
    }
}

fn line(finding: &Finding) -> String {
    let text = clean::line(&finding.text);
    if finding.case.is_empty() { text } else { format!("{}: {text}", clean::line(&finding.case)) }
}

/// The text of a command.
fn message(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// A property of a command, which ends at a comma or a colon.
fn property(text: &str) -> String {
    message(&clean::line(text)).replace(':', "%3A").replace(',', "%2C")
}
