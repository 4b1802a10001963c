//! The answer of the gate.

use std::collections::BTreeMap;

use serde_json::{Value as Json, json};

use super::View;
use super::document::{Cell, Column, Document, Finding, Mark, Rows, Section, Table, Text, Tone, Weight};
use super::text::command_of;
use crate::gate::{Checked, Conclusion, Item, Outcome};

/// Items of one outcome on one engine that a terminal and a step summary list.
const LISTED: usize = 10;

/// What another lock would take as it is now.
const LOCKABLE: [Outcome; 10] = [
    Outcome::DigestChanged,
    Outcome::NoLongerRepeatable,
    Outcome::StatusChanged,
    Outcome::CaseChanged,
    Outcome::MissingCase,
    Outcome::NowSkipped,
    Outcome::NewCase,
    Outcome::NewEngine,
    Outcome::NowRuns,
    Outcome::EngineAbsent,
];

/// A row an item, those as they should be included.
const COLUMNS: [&str; 11] =
    ["conclusion", "outcome", "engine", "on", "case", "expected", "found", "what", "reason", "link", "place"];

/// The answer, and the exit status that follows it.
#[derive(Debug, Clone, Copy)]
pub struct Check<'a> {
    /// The answer. All text in it is one line already.
    pub checked: &'a Checked,
    /// The exit status.
    pub exit: u8,
}

impl View for Check<'_> {
    fn document(&self) -> Document {
        let checked = self.checked;
        let tone = if checked.conclusion.fails() { Tone::Bad } else { Tone::Good };
        let glyph = if checked.conclusion.fails() { Conclusion::Fail } else { Conclusion::Pass }.glyph();
        let mut document = Document::new(tone, format!("{glyph} {}", headline(checked)));
        document.findings = checked.items.iter().map(finding).collect();
        let mut compared = Section::new("compared", "");
        compared.fact("lock", checked.lock.as_str());
        if !checked.policy.is_empty() {
            compared.fact("policy", checked.policy.as_str());
        }
        checked.records.iter().for_each(|record| compared.fact("record", record.as_str()));
        document.push(compared);
        groups(checked).iter().enumerate().for_each(|(i, group)| document.push(section(i, group)));
        let mut known = Section::new("known", "Known deviations, as expected");
        for ((reason, link), n) in known_deviations(checked) {
            known.statement(Mark::Holds, format!("{n} ×"), format!("{reason} ({link})"));
        }
        document.push(known);
        let mut next = Section::new("next", "Next");
        steps(checked).into_iter().for_each(|(what, command)| next.step(what, command));
        document.push(next);
        document
    }

    fn rows(&self) -> Vec<Rows> {
        let mut rows = Rows::new("check", &COLUMNS);
        for item in &self.checked.items {
            rows.push(vec![
                item.conclusion.word().to_lowercase().into(),
                item.outcome.name().into(),
                item.engine.as_deref().into(),
                item.on.as_deref().into(),
                item.case.as_deref().into(),
                item.expected.as_str().into(),
                item.found.as_str().into(),
                item.what.as_str().into(),
                item.reason.as_ref().map(|(reason, _)| reason).into(),
                item.reason.as_ref().map(|(_, link)| link).into(),
                place(item).into(),
            ]);
        }
        vec![rows]
    }

    fn json(&self) -> serde_json::Result<String> {
        let (checked, c) = (self.checked, self.checked.counts);
        super::pretty(&json!({
            "format": { "major": 1, "minor": 0 },
            "verdict": headline(checked),
            "conclusion": checked.conclusion.word().to_lowercase(),
            "exit": self.exit,
            "lock": checked.lock,
            "policy": checked.policy,
            "records": checked.records,
            "counts": {
                "judged": c.judged, "pass": c.pass, "note": c.note, "warn": c.warn, "fail": c.fail, "absent": c.absent,
                "incomplete": c.incomplete,
            },
            "items": checked.items.iter().map(item_json).collect::<Vec<_>>(),
        }))
    }
}

fn item_json(item: &Item) -> Json {
    json!({
        "conclusion": item.conclusion.word().to_lowercase(),
        "outcome": item.outcome.name(),
        "engine": item.engine,
        "on": item.on,
        "case": item.case,
        "expected": item.expected,
        "found": item.found,
        "what": item.what,
        "reason": item.reason.as_ref().map(|(reason, _)| reason),
        "link": item.reason.as_ref().map(|(_, link)| link),
        "file": item.place.as_ref().map(|p| &p.file),
        "line": item.place.as_ref().map(|p| p.line),
    })
}

/// The verdict in one line.
fn headline(checked: &Checked) -> String {
    let c = &checked.counts;
    let verdict = match checked.conclusion {
        Conclusion::Incomplete if checked.unsound.is_some() => checked.unsound.as_deref().unwrap_or_default(),
        Conclusion::Incomplete => "incomplete: this proves too little",
        Conclusion::Absent => "something that was expected is absent",
        Conclusion::Fail => "beyond policy",
        Conclusion::Pass | Conclusion::Note | Conclusion::Warn => "within policy",
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

/// Items of one outcome on one engine, in the order of the answer.
struct Group<'a> {
    conclusion: Conclusion,
    outcome: Outcome,
    engine: Option<&'a str>,
    items: Vec<&'a Item>,
}

/// What is not simply as it should be, gravest first.
fn groups(checked: &Checked) -> Vec<Group<'_>> {
    let mut out: Vec<Group<'_>> = Vec::new();
    for item in checked.items.iter().filter(|i| i.conclusion > Conclusion::Pass) {
        let (conclusion, outcome, engine) = (item.conclusion, item.outcome, item.engine.as_deref());
        match out.iter_mut().find(|g| g.conclusion == conclusion && g.outcome == outcome && g.engine == engine) {
            Some(group) => group.items.push(item),
            None => out.push(Group { conclusion, outcome, engine, items: vec![item] }),
        }
    }
    out
}

fn section(number: usize, group: &Group<'_>) -> Section {
    let engine = group.engine.map(|e| format!(" on {e}")).unwrap_or_default();
    let count = if group.items.len() > 1 { format!(" × {}", group.items.len()) } else { String::new() };
    let title =
        format!("{} {} {}{count}{engine}", group.conclusion.glyph(), group.conclusion.word(), group.outcome.name());
    let mut section = Section::new(format!("outcome-{number}"), title);
    section.text(group.outcome.meaning());
    let columns = ["case", "what", "where"].map(Column::text);
    let mut table = Table::new(format!("items-{number}"), &columns).most(LISTED);
    for item in &group.items {
        let on = item.on.as_ref().filter(|_| item.case.is_some()).map(|on| format!("{on}: ")).unwrap_or_default();
        let reason = item.reason.as_ref().map(|(_, link)| format!(" ({link})")).unwrap_or_default();
        table.push([
            item.case.as_ref().map_or(Cell::Empty, Cell::case),
            Cell::text(format!("{on}{}{reason}", item.what)),
            Cell::code(place(item)),
        ]);
    }
    section.table(table);
    section
}

/// Known deviations that are as expected, by reason and link, and how many results have each.
fn known_deviations(checked: &Checked) -> BTreeMap<(&str, &str), usize> {
    let mut out = BTreeMap::new();
    for item in checked.items.iter().filter(|i| i.outcome == Outcome::KnownDeviation) {
        if let Some((reason, link)) = &item.reason {
            *out.entry((reason.as_str(), link.as_str())).or_default() += 1;
        }
    }
    out
}

fn finding(item: &Item) -> Finding {
    let weight = match item.conclusion {
        Conclusion::Pass if item.outcome == Outcome::SkippedAsLocked => Weight::Skipped,
        Conclusion::Pass => Weight::Pass,
        Conclusion::Note => Weight::Note,
        Conclusion::Warn => Weight::Warning,
        Conclusion::Fail => Weight::Failure,
        // What could not be judged is no failure.
        Conclusion::Absent | Conclusion::Incomplete => Weight::Error,
    };
    let said = |text: &Option<String>| text.clone().unwrap_or_default();
    let mut finding =
        Finding::new(weight, item.outcome.name(), said(&item.engine), said(&item.case), item.what.as_str());
    finding.meaning = item.outcome.meaning().to_owned();
    finding.on = said(&item.on);
    let values = [("expected", &item.expected), ("found", &item.found)];
    finding.values =
        values.into_iter().filter(|(_, v)| !v.is_empty()).map(|(n, v)| (n.to_owned(), v.clone())).collect();
    finding.place = item.place.as_ref().map(|p| (p.file.clone(), u32::try_from(p.line).unwrap_or(u32::MAX)));
    finding
}

/// `file:line`.
fn place(item: &Item) -> String {
    item.place.as_ref().map(|p| format!("{}:{}", p.file, p.line)).unwrap_or_default()
}

/// What to do next, with the command for it.
fn steps(checked: &Checked) -> Vec<(Text, String)> {
    let mut out = Vec::new();
    let has = |outcome: Outcome| checked.items.iter().any(|i| i.conclusion > Conclusion::Pass && i.outcome == outcome);
    if has(Outcome::EngineAbsent) {
        out.push(("See which adapters are here:".into(), "repro-audit adapters".to_owned()));
    }
    let changed = [Outcome::DigestChanged, Outcome::NoLongerRepeatable, Outcome::DeviationChanged, Outcome::BeyondRule];
    let first = checked.items.iter().find(|i| i.conclusion.fails() && changed.contains(&i.outcome));
    if let Some(case) = first.and_then(|i| i.case.as_ref()) {
        let own = checked.own.iter().find(|own| own.is_of(case));
        out.push(("Show the first case again:".into(), command_of(own, &[case])));
    }
    let lockable = |i: &Item| i.conclusion > Conclusion::Pass && LOCKABLE.contains(&i.outcome);
    if checked.items.iter().any(lockable) && checked.counts.incomplete == 0 {
        let what = "When each change has an explanation, accept it, and commit the difference with its reason:";
        out.push((what.into(), "repro-audit lock RECORD…".to_owned()));
    }
    out
}
