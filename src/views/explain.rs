//! What makes results differ from strict arithmetic, engine by engine.

use std::collections::{BTreeMap, BTreeSet};

use super::document::{Cell, Column, Detail, Document, Mark, Rows, Section, Table, Tone};
use super::prepared::Prepared;
use crate::model::explained::{ExplainFile, Explained, Grade, Pair, Rule};
use crate::model::words::{count, list, percent, plural};

/// Cases that a row names.
const NAMED: usize = 2;

/// Cases that a sentence lists.
const LISTED: usize = 6;

/// An explanation.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn explained(file: &ExplainFile) -> serde_json::Result<Prepared> {
    let sum = |of: fn(&Explained) -> u64| file.explained.iter().map(of).sum::<u64>();
    let (differing, proven, named) = (sum(|e| e.pairs_differing), sum(|e| e.pairs_proven), sum(|e| e.pairs_named));
    let asked = file.explained.iter().filter(|e| e.absent.is_none() && e.pairs_differing > 0).count();
    let (tone, headline) = if differing == 0 {
        (Tone::Plain, "No result with a strict reference differs from it: there is nothing to explain".to_owned())
    } else if asked == 0 {
        (Tone::Bad, "No adapter of the record that differs is on this machine: nothing could be asked".to_owned())
    } else {
        let tone = if proven == differing { Tone::Good } else { Tone::Plain };
        let text = format!(
            "{} of {} that differ from the strict reference are proven: {named} by rules, {} by what the adapter gives for \
             single operations",
            count(proven),
            plural(usize::try_from(differing).unwrap_or(usize::MAX), "result"),
            count(proven - named)
        );
        (tone, text)
    };
    let mut document = Document::new(tone, headline);
    document.lead =
        "Proven: the interpreter, given what is named, computes every bit of the adapter's first run; without any \
                     part of it, it does not. A result is one case on one adapter."
            .into();
    for engine in &file.explained {
        document.push(section(engine));
        document.push(cases(engine));
    }
    Ok(Prepared { document, rows: vec![rows(file)], json: serde_json::to_value(file)? })
}

/// What a rule is, to be read after "it".
fn rule(rule: &Rule) -> String {
    match &rule.model {
        Some(model) => format!("computes as models/{model}.wgsl does"),
        None => rule.liberties.iter().map(|l| l.does()).collect::<Vec<_>>().join(", and "),
    }
}

/// Rules that nothing tells apart.
fn rules(rules: &[Rule]) -> String {
    rules.iter().map(rule).collect::<Vec<_>>().join(", or ")
}

/// The parts of what reproduces a pair: what is done, and in which operations; in all where none is named.
fn parts(engine: &Explained, pair: &Pair) -> Vec<(Known, String, Vec<String>)> {
    let Some(by) = pair.by.first() else { return Vec::new() };
    let mut parts: BTreeMap<(Known, String), Vec<String>> = BTreeMap::new();
    if !by.liberties.is_empty() {
        let sets: Vec<Rule> = pair.by.iter().map(|by| Rule { liberties: by.liberties.clone(), model: None }).collect();
        parts.entry((Known::Rule, rules(&sets))).or_default();
    }
    for operation in &by.operations {
        let known = engine.rules(operation);
        let part = if known.is_empty() {
            (Known::Values, "computes in its own way".to_owned())
        } else {
            (Known::Rule, rules(known))
        };
        parts.entry(part).or_default().push(operation.clone());
    }
    parts.into_iter().map(|((known, does), operations)| (known, does, operations)).collect()
}

/// Whether a part is known by a rule, or by values alone.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Known {
    Rule,
    Values,
}

/// What reproduces a pair, in a line.
fn causes(engine: &Explained, pair: &Pair) -> String {
    let told = |(_, does, operations): (Known, String, Vec<String>)| {
        if operations.is_empty() { does } else { format!("{does} in {}", list(&operations, LISTED)) }
    };
    parts(engine, pair).into_iter().map(told).collect::<Vec<_>>().join("; ")
}

fn grade(grade: Grade) -> &'static str {
    match grade {
        Grade::Named => "named",
        Grade::Measured => "measured",
        Grade::Itself => "only itself",
        Grade::Partly => "in part",
        Grade::Unexplained => "not explained",
    }
}

fn section(engine: &Explained) -> Section {
    let mut section =
        Section::new(format!("explained-{}", engine.engine), format!("{} {}", engine.engine, engine.label));
    if let Some(why) = &engine.absent {
        section.statement(
            Mark::Skipped,
            "Not asked",
            format!("{why}; {} differ.", plural(size(engine.pairs_differing), "result")),
        );
        return section;
    }
    if engine.pairs_differing == 0 {
        section.text("No result differs from the strict reference.".to_owned());
        return section;
    }
    section.text(format!(
        "{} of {} proven, {} of them by rules alone: {} of the elements that differ in those looked at.",
        count(engine.pairs_proven),
        plural(size(engine.pairs_differing), "differing result"),
        count(engine.pairs_named),
        share(engine.elements_proven, engine.elements_differing)
    ));
    // Of each thing that it does: the operations in which it does, and the results in which that has a part.
    let mut does: BTreeMap<(Known, String), (BTreeSet<String>, Vec<String>)> = BTreeMap::new();
    for pair in engine.pairs.iter().filter(|p| p.grade.is_proof()) {
        for (known, text, operations) in parts(engine, pair) {
            let (all, cases) = does.entry((known, text)).or_default();
            all.extend(operations);
            cases.push(short(&pair.case));
        }
    }
    let mut does: Vec<_> = does.into_iter().collect();
    does.sort_by_key(|((known, _), (_, cases))| (*known, std::cmp::Reverse(cases.len())));
    let columns = [
        Column::text("what it does"),
        Column::text("in"),
        Column::number("results").about("Proven results in which that has a part."),
        Column::text("for example"),
    ];
    let mut table = Table::new(format!("causes-{}", engine.engine), &columns).most(does.len());
    for ((_, text), (operations, mut cases)) in does {
        let all: Vec<String> = operations.into_iter().collect();
        let within = if all.is_empty() { "all it computes".to_owned() } else { list(&all, LISTED) };
        let results = cases.len() as u64;
        cases.dedup();
        table.push([
            Cell::text(text),
            Cell::text(within),
            Cell::number(count(results)),
            Cell::text(list(&cases, NAMED)),
        ]);
    }
    section.table(table);
    for how in [Grade::Itself, Grade::Partly, Grade::Unexplained] {
        let mut cases: Vec<String> = engine.pairs.iter().filter(|p| p.grade == how).map(|p| short(&p.case)).collect();
        if cases.is_empty() {
            continue;
        }
        let results = cases.len();
        cases.dedup();
        let (title, text) = match how {
            Grade::Itself => (
                "Single operations",
                "are an operation alone, which this adapter computes in its own way; nothing that was tried gives its bits",
            ),
            Grade::Partly => ("In part", "are reproduced in some of the elements that differ"),
            _ => ("Not explained", "are given by nothing that was tried"),
        };
        section.statement(
            Mark::Differs,
            title,
            format!("{} {text}: {}.", plural(results, "result"), list(&cases, LISTED)),
        );
    }
    if !engine.unasked.is_empty() {
        let cases: Vec<String> = engine.unasked.iter().map(|u| format!("{} ({})", short(&u.case), u.reason)).collect();
        section.statement(Mark::Failed, "Not looked at", format!("{}.", list(&cases, LISTED)));
    }
    section
}

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn share(part: u64, of: u64) -> String {
    percent(part as f64 / of.max(1) as f64)
}

/// A case without its parameters.
fn short(case: &str) -> String {
    case.split('?').next().unwrap_or(case).to_owned()
}

/// Every case.
fn cases(engine: &Explained) -> Section {
    let mut section =
        Section::new(format!("cases-{}", engine.engine), format!("Cases on {}", engine.engine)).at(Detail::Full);
    for pair in &engine.pairs {
        let first = pair.first.as_ref().map_or_else(String::new, |f| {
            format!("; first left: element {}, {} where {} is given", f.element, f.found, f.given)
        });
        section.fact(
            pair.case.clone(),
            format!(
                "{}: {} ({} of {} elements){first}",
                grade(pair.grade),
                causes(engine, pair),
                pair.reproduced,
                pair.elements
            ),
        );
    }
    section
}

/// A row a pair.
fn rows(file: &ExplainFile) -> Rows {
    let columns =
        ["record", "engine", "case", "grade", "liberties", "operations", "alternatives", "elements", "reproduced"];
    let mut rows = Rows::new("explained", &columns);
    for engine in &file.explained {
        for pair in &engine.pairs {
            let first = pair.by.first().cloned().unwrap_or_default();
            let liberties: Vec<&str> = first.liberties.iter().map(|l| l.name()).collect();
            rows.push(vec![
                file.record.as_str().into(),
                engine.engine.as_str().into(),
                pair.case.as_str().into(),
                grade(pair.grade).into(),
                liberties.join(" ").into(),
                first.operations.join("; ").into(),
                (pair.by.len() as u64).into(),
                pair.elements.into(),
                pair.reproduced.into(),
            ]);
        }
    }
    rows
}
