//! What of the differences from strict arithmetic is explained, in an audit: a line on the first screen, and a section for each
//! engine. Where nobody looked, nothing is said.

use crate::facts::proof::{self, Share};
use crate::record::{CaseRecord, Record};
use crate::views::document::{Detail, Mark, Section};
use crate::views::explain::{self, PROVEN};
use crate::views::text;

/// The columns that a line of the first screen has for it.
const ROOM: usize = 65;

/// How much is explained, in a line; `None` where nobody looked.
pub(super) fn line(record: &Record) -> Option<(Mark, String)> {
    let shares = proof::shares(record);
    if record.explained.is_empty() {
        return None;
    }
    if shares.is_empty() {
        return Some((Mark::Note, "no result differs from the strict reference".to_owned()));
    }
    let sum = |of: fn(&Share) -> usize| shares.iter().map(of).sum::<usize>();
    let (proven, differing, untested) = (sum(Share::proven), sum(|s| s.differing), sum(|s| s.untested));
    let mark = match () {
        () if proven == differing => Mark::Holds,
        () if untested == differing => Mark::Untested,
        () => Mark::Note,
    };
    if untested == differing {
        return Some((mark, format!("nothing is known of {} that differ", text::plural(differing, "result"))));
    }
    let open = if untested > 0 { format!("; {} not looked at", text::count(untested as u64)) } else { String::new() };
    let whole = Share {
        elements: shares.iter().map(|s| s.elements).sum(),
        proven_elements: shares.iter().map(|s| s.proven_elements).sum(),
        ..Share::default()
    };
    let each = |told: &dyn Fn(&Share) -> String| shares.iter().map(told).collect::<Vec<_>>().join(", ");
    let results = |s: &Share| format!("{} {}/{}", s.engine, s.proven(), s.differing);
    let elements = explain::of_elements(&whole);
    let told = [
        each(&|s| {
            format!("{} of {} on {} ({} of elements)", s.proven(), s.differing, s.engine, explain::of_elements(s))
        }),
        each(&|s| format!("{} ({} of elements)", results(s), explain::of_elements(s))),
        format!("{}; elements {elements}", each(&results)),
        format!("{proven} of {} on {} engines; elements {elements}", text::plural(differing, "result"), shares.len()),
    ];
    let said = told.iter().find(|t| t.chars().count() + open.chars().count() <= ROOM).unwrap_or(&told[3]);
    Some((mark, format!("{said}{open}")))
}

/// What each engine does beyond strict arithmetic, and what is left.
pub(super) fn section(record: &Record) -> Section {
    let mut out = Section::new("explained", "What makes results differ from strict arithmetic").at(Detail::Full);
    if record.explained.is_empty() {
        return out;
    }
    out.text(PROVEN);
    let shares = proof::shares(record);
    for engine in &record.explained {
        out.push(explain::section(engine, shares.iter().find(|s| s.engine == engine.engine)));
    }
    let untold: Vec<String> = shares
        .iter()
        .filter(|s| record.explained_of(&s.engine).is_none())
        .map(|s| format!("{} ({})", s.engine, text::plural(s.differing, "result")))
        .collect();
    if !untold.is_empty() {
        out.statement(Mark::Untested, "Not looked at", format!("{}.", text::list(&untold, untold.len())));
    }
    out
}

/// What makes an engine's first result of a case differ; empty where it does not, or nobody looked at any.
pub(super) fn cell(record: &Record, case: &CaseRecord, engine: &str) -> String {
    match standing(record, case, engine) {
        None => String::new(),
        Some(None) => NOT_LOOKED_AT.to_owned(),
        Some(Some((explained, pair))) => explain::because(explained, pair),
    }
}

/// Of a result that nobody looked at.
pub(super) const NOT_LOOKED_AT: &str = "not looked at";

type Told<'r> = (&'r crate::model::explained::Explained, &'r crate::model::explained::Pair);

/// What is told of a result that is not the strict one. `None` where it is, or nobody looked at any result.
pub(super) fn standing<'r>(record: &'r Record, case: &CaseRecord, engine: &str) -> Option<Option<Told<'r>>> {
    if record.explained.is_empty() || !proof::is_explainable(record, case, engine) {
        return None;
    }
    let told = record.explained_of(engine).and_then(|e| Some((e, e.pairs.iter().find(|p| p.case == case.id)?)));
    Some(told)
}
