//! The answer of a check in each format. All text in it is one harmless line already.

mod csv;
mod github;
mod json;
mod junit;
mod markdown;
mod table;

pub use csv::csv;
pub use github::annotations;
pub use json::json;
pub use junit::junit;
pub use markdown::markdown;
pub use table::table;

use std::collections::BTreeMap;

use super::judge::{Checked, Item};
use super::outcome::{Gravity, Outcome};

/// Items of one outcome on one engine, in the order of the answer.
struct Group<'a> {
    gravity: Gravity,
    outcome: Outcome,
    engine: Option<&'a str>,
    items: Vec<&'a Item>,
}

/// What is not simply as it should be, gravest first.
fn groups(checked: &Checked) -> Vec<Group<'_>> {
    let mut out: Vec<Group<'_>> = Vec::new();
    for item in checked.items.iter().filter(|i| i.gravity > Gravity::Pass) {
        let (gravity, outcome, engine) = (item.gravity, item.outcome, item.engine.as_deref());
        match out.iter_mut().find(|g| g.gravity == gravity && g.outcome == outcome && g.engine == engine) {
            Some(group) => group.items.push(item),
            None => out.push(Group { gravity, outcome, engine, items: vec![item] }),
        }
    }
    out
}

/// Known deviations that are as expected: reason, link, and how many results.
fn known(checked: &Checked) -> Vec<(&str, &str, usize)> {
    let mut out: BTreeMap<(&str, &str), usize> = BTreeMap::new();
    for item in checked.items.iter().filter(|i| i.outcome == Outcome::KnownDeviation) {
        if let Some((reason, link)) = &item.reason {
            *out.entry((reason, link)).or_default() += 1;
        }
    }
    out.into_iter().map(|((reason, link), n)| (reason, link, n)).collect()
}

/// The verdict in one line.
fn headline(checked: &Checked) -> String {
    let c = &checked.counts;
    let verdict = match checked.gravity {
        Gravity::Incomplete if checked.unsound.is_some() => checked.unsound.as_deref().unwrap_or_default(),
        Gravity::Incomplete => "incomplete: this proves too little",
        Gravity::Absent => "what was expected is absent",
        Gravity::Fail => "beyond policy",
        Gravity::Pass | Gravity::Note | Gravity::Warn => "within policy",
    };
    let parts: Vec<_> = [
        (c.incomplete, "incomplete"),
        (c.absent, "absent"),
        (c.fail, "failing"),
        (c.warn, "to look at"),
        (c.note, "noted"),
    ]
    .into_iter()
    .filter(|(n, _)| *n > 0)
    .map(|(n, word)| format!("{n} {word}"))
    .collect();
    let rest = if parts.is_empty() { String::new() } else { format!(": {}", parts.join(", ")) };
    format!("{verdict} · {} results judged{rest}", c.judged)
}

/// `file:line`.
fn place(item: &Item) -> String {
    item.place.as_ref().map(|p| format!("{}:{}", p.file, p.line)).unwrap_or_default()
}

/// What to do next, with the command for it.
fn next(checked: &Checked) -> Vec<(&'static str, String)> {
    let mut out = Vec::new();
    let has = |outcome: Outcome| checked.items.iter().any(|i| i.gravity > Gravity::Pass && i.outcome == outcome);
    if has(Outcome::EngineAbsent) {
        out.push(("See which adapters are here:", "repro-audit adapters".to_owned()));
    }
    let changed = [Outcome::DigestChanged, Outcome::NoLongerRepeatable, Outcome::DeviationChanged, Outcome::BeyondRule];
    let first = checked.items.iter().find(|i| i.gravity.fails() && changed.contains(&i.outcome));
    if let Some(case) = first.and_then(|i| i.case.as_ref()) {
        out.push(("Show the first case again:", format!("repro-audit case {}", quoted(case))));
    }
    let lockable = checked.gravity == Gravity::Fail || checked.counts.warn > 0;
    if lockable && checked.counts.incomplete == 0 {
        out.push((
            "When each change has an explanation, accept it:",
            "repro-audit lock RECORD…, and commit the difference with its reason".to_owned(),
        ));
    }
    out
}

/// A word for a POSIX shell.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}
