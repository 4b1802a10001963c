//! What makes results differ from strict arithmetic, engine by engine.

use super::document::{Cell, Column, Detail, Document, Mark, Rows, Section, Table, Tone};
use super::prepared::Prepared;
use crate::facts::permission;
use crate::facts::proof::{self, Share};
use crate::model::case_id::path;
use crate::model::explained::{ExplainFile, Explained, Grade, Pair};
use crate::model::words::{count, list, percent, plural};
use crate::record::Record;

/// Cases that a row names.
const NAMED: usize = 2;

/// Cases that a sentence lists.
const LISTED: usize = 6;

/// What is proven, to be read above any of it.
pub(super) const PROVEN: &str = "Proven: the interpreter, given what is named, computes every bit of the adapter's first run; without any part of it, it \
     does not. A result is one case on one adapter.";

/// An explanation. The record is the one that was explained, with what was found in it.
///
/// # Errors
/// When it cannot be written as JSON.
pub fn explained(file: &ExplainFile, record: &Record) -> serde_json::Result<Prepared> {
    let shares = proof::shares(record);
    let sum = |of: fn(&Share) -> usize| shares.iter().map(of).sum::<usize>();
    let (differing, proven, named) = (sum(|s| s.differing), sum(Share::proven), sum(|s| s.named));
    let (tone, headline) = if differing == 0 {
        (Tone::Plain, "No result with a strict reference differs from it: there is nothing to explain".to_owned())
    } else if shares.iter().all(|s| s.absent.is_some()) {
        (Tone::Bad, "No adapter of the record that differs is on this machine: nothing could be asked".to_owned())
    } else {
        let tone = if proven == differing { Tone::Good } else { Tone::Plain };
        let text = format!(
            "{} of {} that differ from the strict reference are proven: {named} by rules, {} by what the adapter gives for \
             single operations",
            count(proven as u64),
            plural(differing, "result"),
            count((proven - named) as u64)
        );
        (tone, text)
    };
    let mut document = Document::new(tone, headline);
    document.lead = PROVEN.into();
    for engine in &file.explained {
        document.push(section(engine, shares.iter().find(|s| s.engine == engine.engine)));
        document.push(cases(engine));
    }
    Ok(Prepared { document, rows: vec![rows(file)], json: serde_json::to_value(file)? })
}

/// What is explained of an engine. `share` is `None` where no result of it differs.
pub(super) fn section(engine: &Explained, share: Option<&Share>) -> Section {
    let mut section =
        Section::new(format!("explained-{}", engine.engine), format!("{} {}", engine.engine, engine.label));
    let Some(share) = share else {
        section.text("No result differs from the strict reference.".to_owned());
        return section;
    };
    if let Some(why) = &engine.absent {
        let text = format!("{why}; {} differ.", plural(share.differing, "result"));
        section.statement(Mark::Skipped, "Not asked", text);
        return section;
    }
    section.text(format!(
        "{} of {} proven, {} of them by rules alone: {} of the elements that differ in those looked at.",
        count(share.proven() as u64),
        plural(share.differing, "differing result"),
        count(share.named as u64),
        of_elements(share)
    ));
    section.table(causes(engine));
    least(engine, &mut section);
    conflicts(engine, &mut section);
    rest(engine, &mut section);
    for (pair, step) in engine.pairs.iter().filter_map(|p| Some((p, p.step.as_ref()?))) {
        let line = if step.line > 0 { format!("Line {}", step.line) } else { "First".to_owned() };
        let (strict, found) = (value(&step.strict), value(&step.found));
        let text = format!(
            "`{}` is the first value that differs in {}: {found}, and strict arithmetic gives {strict}; {}.",
            step.expression,
            pair.case,
            because(engine, pair)
        );
        section.statement(Mark::Differs, line, text);
    }
    orders(engine, &mut section);
    if share.untested > 0 {
        let told: Vec<String> = engine.unasked.iter().map(|u| format!("{} ({})", path(&u.case), u.reason)).collect();
        let which = if told.is_empty() { String::new() } else { format!(": {}", list(&told, LISTED)) };
        let text = format!("Nothing is known of {}{which}.", plural(share.untested, "result"));
        section.statement(Mark::Untested, "Not looked at", text);
    }
    section
}

/// The share of elements that differ which are proven.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
pub(super) fn of_elements(share: &Share) -> String {
    percent(share.proven_elements as f64 / share.elements.max(1) as f64)
}

/// Of each thing that it does: the operations in which it does, the results in which that has a part, and what the
/// specification says of it.
fn causes(engine: &Explained) -> Table {
    let columns = [
        Column::text("what it does"),
        Column::text("in"),
        Column::number("results").about("Proven results in which that has a part."),
        Column::text("for example"),
        Column::text("specification"),
    ];
    let groups = proof::groups(engine);
    let mut table = Table::new(format!("causes-{}", engine.engine), &columns).most(groups.len());
    for group in &groups {
        let within =
            if group.operations.is_empty() { "all it computes".to_owned() } else { list(&group.operations, LISTED) };
        let mut variants: Vec<String> = group.cases.iter().map(|case| path(case).to_owned()).collect();
        variants.dedup();
        let paragraphs: Vec<String> =
            permission::of(&group.does, &group.operations).iter().map(permission::Paragraph::text).collect();
        table.push([
            Cell::text(group.does.text()),
            Cell::text(within),
            Cell::number(count(group.cases.len() as u64)),
            Cell::text(list(&variants, NAMED)),
            Cell::text(paragraphs.join("; ")),
        ]);
    }
    table
}

/// The smallest set that is enough for all that is proven.
fn least(engine: &Explained, section: &mut Section) {
    let least = engine.least();
    let does: Vec<String> = least.liberties.iter().map(|l| l.does().to_owned()).collect();
    let parts: Vec<String> = [
        (!does.is_empty()).then(|| format!("the adapter {}", list(&does, does.len()))),
        (!least.operations.is_empty()).then(|| {
            let all = plural(least.operations.len(), "operation");
            format!("{all} computed as the adapter does: {}", list(&least.operations, least.operations.len()))
        }),
    ]
    .into_iter()
    .flatten()
    .collect();
    if !parts.is_empty() {
        let text = format!("{}. Of this no part can be left out.", parts.join("; "));
        section.statement(Mark::Note, "Enough for all that is proven", text);
    }
}

/// What one result shows and another excludes.
fn conflicts(engine: &Explained, section: &mut Section) {
    for conflict in &engine.conflicts {
        let text = format!(
            "That it {} gives every bit of {}, and {} would have other bits with that: it does so in some shaders only, or this \
             is a coincidence.",
            conflict.liberty.does(),
            conflict.shown,
            list(&conflict.excluded, NAMED)
        );
        section.statement(Mark::Attention, "Conflict", text);
    }
}

/// What is left: single operations, results of which a part is given, and those of which nothing is.
fn rest(engine: &Explained, section: &mut Section) {
    for how in [Grade::Itself, Grade::Partly, Grade::Unexplained] {
        let of: Vec<&Pair> = engine.pairs.iter().filter(|p| proof::grade(engine, p) == how).collect();
        let Some(first) = of.first() else { continue };
        let mut variants: Vec<String> = of.iter().map(|p| path(&p.case).to_owned()).collect();
        variants.dedup();
        let be = if of.len() == 1 { "is" } else { "are" };
        let (title, text) = match how {
            Grade::Itself => (
                "Single operations",
                "an operation alone, which this adapter computes in its own way; nothing that was tried gives its bits",
            ),
            Grade::Partly => ("In part", "reproduced in some of the elements that differ"),
            _ => ("Not explained", "given by nothing that was tried"),
        };
        let left = first.first.as_ref().map_or_else(String::new, |left| {
            format!(
                " The first that is left: element {} of {} is {}, and {} is given.",
                left.element, first.case, left.found, left.given
            )
        });
        let text = format!("{} {be} {text}: {}.{left}", plural(of.len(), "result"), list(&variants, LISTED));
        section.statement(Mark::Differs, title, text);
    }
}

/// A binary32 number from its bits, with them.
fn value(hex: &str) -> String {
    let word = hex.strip_prefix("0x").and_then(|digits| u32::from_str_radix(digits, 16).ok());
    word.map_or_else(|| hex.to_owned(), |word| format!("{:e} ({hex})", f32::from_bits(word)))
}

/// The orders in which sums are added.
fn orders(engine: &Explained, section: &mut Section) {
    let columns = [Column::text("sum"), Column::text("is added as")];
    let mut table = Table::new(format!("orders-{}", engine.engine), &columns).most(engine.orders.len());
    for one in &engine.orders {
        table.push([Cell::text(one.operation.as_str()), Cell::text(one.orders.join(", "))]);
    }
    section.table(table);
}

/// How well a result is explained and by what, in a line.
pub(super) fn because(engine: &Explained, pair: &Pair) -> String {
    let ways = proof::alternatives(engine, pair);
    let causes = ways.iter().map(|way| proof::causes_in_words(way, LISTED)).collect::<Vec<_>>().join("; or else ");
    let grade = proof::grade_in_words(proof::grade(engine, pair));
    if causes.is_empty() { grade.to_owned() } else { format!("{grade}: {causes}") }
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
            format!("{} ({} of {} elements){first}", because(engine, pair), pair.reproduced, pair.elements),
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
                proof::grade_in_words(proof::grade(engine, pair)).into(),
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
