//! What is to be said of values before any distance: NaN and infinity against numbers, results that are not finite anywhere,
//! and agreement that says nothing.

use super::headline::make;
use crate::facts::{Difference, Emptiness, Severity, emptiness, is_probe, severity};
use crate::record::{AxisLevel, CaseRecord, Engine, Outcome, Record};
use crate::views::document::{Statement, Tone};
use crate::views::text;

/// Kernels and variants that are named.
const NAMED: usize = 3;

/// What is said of drivers whose results are not numbers.
const AGAINST: &str = "NaN or infinite where the strict reference is finite, or finite where it is not";

/// The same of a record whose format counts an infinity against NaN, or against the other infinity, as one against a number.
const OTHERWISE: &str = "NaN or infinite where the strict reference is something else, or the reverse";

/// What is said of drivers whose results are not numbers, as far as a record tells.
pub(super) fn against_in(record: &Record) -> &'static str {
    if record.format.tells_not_finite() { AGAINST } else { OTHERWISE }
}

/// Of which kernel and variant, on which engine where it is of one, and what.
struct Found {
    name: String,
    on: String,
    what: String,
}

impl Found {
    fn sentence(&self) -> String {
        format!("{}{}: {}", self.name, self.on, self.what)
    }
}

/// The statements, the worst first. Some cases of this program's own kernels hold one value or NaN by design, so that in an
/// audit of many cases neither is news.
pub(super) fn values(record: &Record) -> Vec<Statement> {
    let shown = record.provenance.own.is_some() || is_empty(record);
    let lists = [
        (Tone::Bad, "NaN or infinity", format!("Results are {}: ", against_in(record)), against(record)),
        (Tone::Bad, "Not finite", String::new(), if shown { everywhere(record) } else { Vec::new() }),
        (Tone::Plain, "No evidence", String::new(), if shown { vacuous(record) } else { Vec::new() }),
    ];
    let told = |(tone, title, before, found): (Tone, &'static str, String, Vec<Found>)| {
        (!found.is_empty()).then(|| make(tone, title, format!("{before}{}.", sentence(&found))))
    };
    lists.into_iter().filter_map(told).collect()
}

/// The headline, where values alone make it: without its full stop.
pub(super) fn title(record: &Record) -> Option<(Tone, String)> {
    let first = |found: &[Found]| found.first().map(Found::sentence);
    if let Some(text) = first(&against(record)) {
        return Some((Tone::Bad, format!("{text} are {}", against_in(record))));
    }
    if record.provenance.own.is_some()
        && let Some(text) = first(&everywhere(record))
    {
        return Some((Tone::Bad, text));
    }
    is_empty(record).then(|| {
        let found = first(&vacuous(record)).or_else(|| first(&everywhere(record))).unwrap_or_default();
        (Tone::Plain, format!("Nothing is shown: {found}"))
    })
}

/// Whether every case that ran agrees in a way that shows nothing.
fn is_empty(record: &Record) -> bool {
    let ran = |c: &&CaseRecord| c.executions.iter().any(|x| matches!(x.outcome, Outcome::Ran { .. }));
    let empty = |c: &CaseRecord| emptiness(c).iter().any(Emptiness::is_vacuous);
    record.cases.iter().any(|c| ran(&c)) && record.cases.iter().filter(ran).all(empty)
}

fn sentence(found: &[Found]) -> String {
    let named: Vec<String> = found.iter().take(NAMED).map(Found::sentence).collect();
    let more = found.len().saturating_sub(NAMED);
    let more = if more == 0 { String::new() } else { format!("; and {}", text::plural(more, "more variant")) };
    format!("{}{more}", named.join("; "))
}

/// Adds of each variant the first.
fn add(out: &mut Vec<Found>, case: &CaseRecord, on: String, what: String) {
    let name = case.path();
    if !out.iter().any(|f| f.name == name) {
        out.push(Found { name, on, what });
    }
}

/// A driver that gives NaN or infinity where the strict reference has a finite number, or the other way round: the case, the
/// engine and how many of how many results.
pub(super) fn not_finite(record: &Record) -> impl Iterator<Item = (&CaseRecord, &Engine, String, Severity)> {
    let all = record.cases.iter().flat_map(|case| case.comparisons.iter().map(move |c| (case, c)));
    all.filter(|(_, c)| c.axis == AxisLevel::Engine).filter_map(|(case, c)| {
        let how = severity(case.dtype, &c.drift);
        let engine = record.engine_of(&c.right).filter(|e| e.role().is_under_test())?;
        let n = c.drift.classes.nan_versus_number + c.drift.classes.infinite;
        let what = format!("{} of {} results", text::count(n), text::count(c.drift.elements));
        (how.kind >= Difference::Infinite).then_some((case, engine, what, how))
    })
}

/// The same, the worst first, of each variant once.
fn against(record: &Record) -> Vec<Found> {
    let mut found: Vec<_> = not_finite(record).collect();
    found.sort_by_key(|f| std::cmp::Reverse(f.3));
    let mut out = Vec::new();
    for (case, engine, what, _) in found {
        add(&mut out, case, format!(" on {}", engine.id), what);
    }
    out
}

/// Results that are NaN or infinite on every engine. Kernels that probe the edges of arithmetic are made of them.
fn everywhere(record: &Record) -> Vec<Found> {
    let mut out = Vec::new();
    for case in record.cases.iter().filter(|c| !is_probe(&c.kernel)) {
        for e in emptiness(case).iter().filter(|e| matches!(e, Emptiness::NotFinite { .. })) {
            add(&mut out, case, String::new(), e.text());
        }
    }
    out
}

/// Agreement that says nothing.
fn vacuous(record: &Record) -> Vec<Found> {
    let mut out = Vec::new();
    for case in record.cases.iter().filter(|c| !is_probe(&c.kernel)) {
        for e in emptiness(case).iter().filter(|e| e.is_vacuous()) {
            if !matches!(e, Emptiness::NotFinite { .. }) {
                add(&mut out, case, String::new(), e.text());
            }
        }
    }
    out
}
