//! What two records differ in, for a terminal, as Markdown and as CSV.

use serde::Serialize;

use super::outline::Outline;
use super::text;
use crate::record::Status;
use crate::relate::{Between, CaseChange, Compared, Pairs};

/// Rows of a table; the JSON has all.
const ROWS: usize = 40;

/// The comparison for a terminal.
#[must_use]
pub fn table(pairs: &Pairs) -> String {
    outlines(pairs).iter().map(Outline::terminal).collect::<Vec<_>>().join("\n")
}

/// The comparison as Markdown.
#[must_use]
pub fn markdown(pairs: &Pairs) -> String {
    outlines(pairs).iter().map(Outline::markdown).collect::<Vec<_>>().join("\n")
}

fn outlines(pairs: &Pairs) -> Vec<Outline> {
    let mut out: Vec<Outline> = pairs.pairs.iter().map(outline).collect();
    for (names, side) in [(&pairs.only.0, "left"), (&pairs.only.1, "right")] {
        if !names.is_empty() {
            out.push(Outline { title: format!("Only on the {side}: {}", text::list(names, 12)), parts: Vec::new() });
        }
    }
    out
}

/// How much of an output a distance was found in.
fn extent(drift: &Between) -> String {
    if drift.is_whole() {
        return "whole".to_owned();
    }
    let blocks = drift.blocks.map(|(n, all)| format!(", {n} of {all} blocks differ")).unwrap_or_default();
    format!("sampled {} of {}{blocks}", text::count(drift.known), text::count(drift.elements))
}

fn distance(change: &CaseChange) -> String {
    match &change.drift {
        None => "not stored".to_owned(),
        Some(d) if d.is_whole() => text::ulp(d.drift.max_ulp),
        Some(d) => format!("≥ {}", text::ulp(d.drift.max_ulp)),
    }
}

fn differing(drift: &Between) -> String {
    if drift.at_least == drift.at_most {
        return format!("{} of {}", text::count(drift.at_least), text::count(drift.elements));
    }
    format!("{} to {} of {}", text::count(drift.at_least), text::count(drift.at_most), text::count(drift.elements))
}

/// Two values, or the one where they are the same.
fn both(left: &str, right: &str) -> String {
    if left == right { left.to_owned() } else { format!("{left} → {right}") }
}

fn outline(found: &Compared) -> Outline {
    let mut out = Outline { title: found.summary.clone(), parts: Vec::new() };
    let side = |s: &crate::relate::Side| format!("{} ({} of {})", s.name, text::short(&s.id), s.started);
    out.text(format!("{} → {}", side(&found.left), side(&found.right)));
    if found.is_same() {
        out.text("Nothing differs.".to_owned());
    }
    let adapters = found.matched.iter().filter(|m| m.how != "the CPU");
    let rows = adapters.map(|m| vec![m.left.clone(), m.right.clone(), m.how.clone()]).collect();
    out.table("Engines that were matched", &["left", "right", "how"], rows, ROWS);
    for (names, side) in [(&found.only.0, "left"), (&found.only.1, "right")] {
        if !names.is_empty() {
            out.text(format!("Engines on the {side} only: {}", text::list(names, 20)));
        }
    }
    let rows = found
        .environment
        .iter()
        .map(|c| {
            let shown = |v: &str| if v.is_empty() { "–".to_owned() } else { v.to_owned() };
            vec![c.of.clone(), c.field.clone(), shown(&c.left), shown(&c.right)]
        })
        .collect();
    out.table("Surroundings that differ", &["of", "field", "left", "right"], rows, ROWS);
    let rows = found
        .cases
        .iter()
        .map(|c| {
            vec![
                c.kind.name().to_owned(),
                c.case.clone(),
                both(&c.engines.0, &c.engines.1),
                distance(c),
                c.drift.as_ref().map(differing).unwrap_or_default(),
                c.drift.as_ref().map(extent).unwrap_or_default(),
                c.because.clone(),
            ]
        })
        .collect();
    let head = ["what", "case", "engine", "max ulp", "elements that differ", "stored", "explained"];
    out.table("Results that differ", &head, rows, ROWS);
    for (cases, side) in [(&found.cases_only.0, "left"), (&found.cases_only.1, "right")] {
        if !cases.is_empty() {
            let names: Vec<String> = cases.iter().map(|(name, n)| format!("{name} ({n})")).collect();
            out.text(format!("Cases on the {side} only: {}", text::list(&names, 12)));
        }
    }
    let rows = found
        .verdicts
        .iter()
        .map(|v| {
            vec![
                v.problem.clone(),
                both(&v.engines.0, &v.engines.1),
                both(text::level(v.levels.0), text::level(v.levels.1)),
                both(text::word(v.statuses.0), text::word(v.statuses.1)),
                v.because.clone(),
            ]
        })
        .collect();
    out.table("Verdicts that differ", &["problem", "engine", "level", "status", "because"], rows, ROWS);
    if let Some(first) = found.cases.first() {
        out.text(format!("Next: {}", text::command_by_id(&first.case)));
    }
    out
}

/// A row of the comparison as CSV.
#[derive(Serialize)]
struct Row<'a> {
    left_record: &'a str,
    right_record: &'a str,
    what: &'static str,
    case: &'a str,
    kernel: &'a str,
    variant: &'a str,
    left_engine: &'a str,
    right_engine: &'a str,
    left_status: Option<Status>,
    right_status: Option<Status>,
    left_digest: &'a str,
    right_digest: &'a str,
    elements: Option<u64>,
    known: Option<u64>,
    differing_at_least: Option<u64>,
    differing_at_most: Option<u64>,
    max_ulp: Option<u64>,
    max_relative: Option<f64>,
    nan_versus_number: Option<u64>,
    infinite: Option<u64>,
    because: &'a str,
}

/// One row a result that differs.
///
/// # Errors
/// None in practice: rows are written to memory.
pub fn csv(pairs: &Pairs) -> Result<String, csv::Error> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    for found in &pairs.pairs {
        for c in &found.cases {
            let drift = c.drift.as_ref();
            writer.serialize(Row {
                left_record: &found.left.id,
                right_record: &found.right.id,
                what: c.kind.name(),
                case: &c.case,
                kernel: &c.kernel,
                variant: &c.variant,
                left_engine: &c.engines.0,
                right_engine: &c.engines.1,
                left_status: c.statuses.0,
                right_status: c.statuses.1,
                left_digest: &c.digests.0,
                right_digest: &c.digests.1,
                elements: drift.map(|d| d.elements),
                known: drift.map(|d| d.known),
                differing_at_least: drift.map(|d| d.at_least),
                differing_at_most: drift.map(|d| d.at_most),
                max_ulp: drift.map(|d| d.drift.max_ulp),
                max_relative: drift.map(|d| d.drift.max_relative),
                nan_versus_number: drift.map(|d| d.drift.classes.nan_versus_number),
                infinite: drift.map(|d| d.drift.classes.infinite),
                because: &c.because,
            })?;
        }
    }
    super::finish(writer)
}
