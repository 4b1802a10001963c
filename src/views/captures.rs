//! What two captured runs differ in: only that, what could matter most first, and what it could do.

use super::document::{Cell, Column, Detail, Document, Finding, Mark, Rows, Section, Table, Tone, Weight};
use super::text::{list, plural, quoted, short};
use super::{View, pretty};
use crate::facts::captures::{Belongs, CaptureDiff, Difference, Results, Side};

/// Differences of one kind that a first screen has room for.
const FIRST: usize = 4;

/// Names of files in a sentence.
const NAMES: usize = 6;

impl View for CaptureDiff {
    fn document(&self) -> Document {
        let mut document = Document::new(tone(self), headline(self));
        document.lead = lead(self).into();
        document.push(results(&self.results));
        document.push(differences(self));
        document.push(kept(self));
        document.push(every(self));
        document.findings = self.differences.iter().map(finding).collect();
        document.about = [&self.left, &self.right].into_iter().zip(["left", "right"]).flat_map(about).collect();
        document
    }

    fn rows(&self) -> Vec<Rows> {
        let mut rows = Rows::new("differences", &["belongs", "what", "left", "right", "could"]);
        for d in &self.differences {
            rows.push(vec![
                d.belongs.title().into(),
                (&d.what).into(),
                d.left.clone().into(),
                d.right.clone().into(),
                d.could.into(),
            ]);
        }
        vec![rows]
    }

    fn json(&self) -> serde_json::Result<String> {
        pretty(self)
    }
}

fn about((side, name): (&Side, &str)) -> Vec<(String, String)> {
    vec![
        (format!("{name} situation"), side.situation.clone()),
        (format!("{name} situation with the machine"), side.with_machine.clone()),
        (format!("{name} run"), side.run.clone()),
    ]
}

fn tone(diff: &CaptureDiff) -> Tone {
    match (diff.results.differ(), diff.differences.is_empty()) {
        (Some(true), _) => Tone::Broke,
        (Some(false), _) => Tone::Good,
        (None, _) => Tone::Plain,
    }
}

/// How many results differ, in words.
fn outcome(results: &Results) -> String {
    let all = results.same.len() + results.differ.len() + results.left.len() + results.right.len();
    let other = all - results.same.len();
    match (results.differ(), other) {
        (None, _) => "no result was captured on both sides".to_owned(),
        (Some(false), _) if all == 1 => "its one result is the same".to_owned(),
        (Some(false), _) => format!("all {all} results are the same"),
        (Some(true), 0) => "they ended otherwise".to_owned(),
        (Some(true), _) if all == 1 => "its one result differs".to_owned(),
        (Some(true), n) => format!("{n} of {} {}", plural(all, "result"), if n == 1 { "differs" } else { "differ" }),
    }
}

fn headline(diff: &CaptureDiff) -> String {
    let results = outcome(&diff.results);
    let material = diff.differences.iter().filter(|d| d.belongs != Belongs::Other).count();
    match (material, diff.results.differ()) {
        (0, Some(true)) => format!("Nothing that was captured differs, and {results}"),
        (0, _) => format!("Nothing that was captured differs; {results}"),
        (n, _) => format!("{} between the runs; {results}", plural(n, "difference")),
    }
}

fn lead(diff: &CaptureDiff) -> String {
    let at = |side: &Side| side.started.get(..16).unwrap_or(&side.started).replace('T', " ");
    let told = |side: &Side| format!("{} (run {}, {})", side.name, short(&side.run), at(side));
    let same = match (diff.left.situation == diff.right.situation, diff.left.with_machine == diff.right.with_machine) {
        (true, true) => "One situation, on machines that are alike",
        (true, false) => "One situation, on two kinds of machine",
        (false, _) => "Two situations",
    };
    // An id is of what was captured.
    let known = diff.secrets.is_empty() || diff.left.situation != diff.right.situation;
    let as_far = if known { "" } else { ", as far as is known without the secrets" };
    format!("{} against {}. {same}{as_far}.", told(&diff.left), told(&diff.right))
}

fn results(results: &Results) -> Section {
    let mut out = Section::new("results", "");
    if let Some([left, right]) = &results.exits {
        out.statement(Mark::Differs, "Ended", format!("{left} on the left, {right} on the right."));
    }
    for (names, mark, title, text) in [
        (&results.differ, Mark::Differs, "Results", "Other bytes in"),
        (&results.left, Mark::Untested, "Left only", "Made on the left alone:"),
        (&results.right, Mark::Untested, "Right only", "Made on the right alone:"),
        (&results.older, Mark::Attention, "Not written", "There before the command started, and not written by it:"),
    ] {
        if !names.is_empty() {
            out.statement(mark, title, format!("{text} {}.", list(names, NAMES)));
        }
    }
    if let Some(name) = results.differ.first() {
        let text = "Where both runs' files are kept, what differs in them, bit for bit:";
        out.step(text, format!("repro-audit diff LEFT/{0} RIGHT/{0}", quoted(name)));
    }
    out
}

fn sides(d: &Difference) -> String {
    match (&d.left, &d.right) {
        (Some(l), Some(r)) => format!("{} → {}", plain(l), plain(r)),
        (Some(l), None) => format!("{} → not there", plain(l)),
        (None, Some(r)) => format!("not there → {}", plain(r)),
        (None, None) => String::new(),
    }
}

fn plain(value: &str) -> String {
    let shown = crate::model::text::shown(value, 80);
    if shown.is_empty() { "empty".to_owned() } else { shown }
}

fn differences(diff: &CaptureDiff) -> Section {
    let mut out = Section::new("differences", "What differs, and which effect it could have");
    let mut at = 0;
    while let Some(first) = diff.differences.get(at) {
        let group: Vec<&Difference> = diff.differences[at..]
            .iter()
            .take_while(|d| d.belongs == first.belongs && d.could == first.could)
            .collect();
        at += group.len();
        let told: Vec<String> = group.iter().map(|d| format!("{}: {}", d.what, sides(d))).collect();
        let more = told.len().saturating_sub(FIRST);
        let rest = if more > 0 { format!("; and {more} more") } else { String::new() };
        let told = told[..told.len() - more].join("; ");
        let mark = if first.could.starts_with("none") { Mark::Note } else { Mark::Differs };
        out.statement(mark, first.belongs.title(), format!("{told}{rest}. Possible effect: {}.", first.could));
    }
    out
}

fn kept(diff: &CaptureDiff) -> Section {
    let mut out = Section::new("kept", "");
    if !diff.same.is_empty() {
        out.statement(Mark::Holds, "The same", format!("{}.", capital(&list(&diff.same, diff.same.len()))));
    }
    if !diff.untested.is_empty() {
        let text = format!(
            "{}. Nothing is said of what was not captured.",
            capital(&list(&diff.untested, diff.untested.len()))
        );
        out.statement(Mark::Untested, "Not captured", text);
    }
    if !diff.secrets.is_empty() {
        let text = format!(
            "Not captured, as they look like secrets, and so not compared: values in {}.",
            list(&diff.secrets, NAMES)
        );
        out.statement(Mark::Untested, "Left out", text);
    }
    if diff.results.differ() == Some(true) && !diff.differences.is_empty() {
        let text = match diff.differences.len() {
            1 => "Whether this made the results differ is not known: run again without it.",
            _ => "Which of these made the results differ is not known: run again with one of them changed at a time.",
        };
        out.statement(Mark::Note, "Cause", text);
    } else if diff.results.differ() == Some(true) {
        let text = "What made the results differ was not captured, or the run does not repeat: run the same twice on one machine.";
        out.statement(Mark::Note, "Cause", text);
    }
    if let (Some(left), Some(right)) = (&diff.left.audit, &diff.right.audit)
        && left != right
    {
        let command = format!("repro-audit compare {} {}", short(left), short(right));
        out.step("What the two machines compute otherwise, by their audits:", command);
    }
    out
}

fn capital(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|c| c.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn every(diff: &CaptureDiff) -> Section {
    let mut out = Section::new("all", "All differences").at(Detail::Full);
    let columns = ["belongs to", "what", "left", "right"];
    let mut table = Table::new("differences", &columns.map(Column::text));
    let cell = |value: &Option<String>| Cell::text(value.as_deref().map_or_else(|| "–".to_owned(), plain));
    for d in &diff.differences {
        table.push([Cell::text(d.belongs.title()), Cell::text(&d.what), cell(&d.left), cell(&d.right)]);
    }
    out.table(table);
    out
}

fn finding(d: &Difference) -> Finding {
    let mut out = Finding::new(Weight::Warning, "capture-differs", "", "", format!("{}: {}", d.what, sides(d)));
    out.meaning = format!("Possible effect: {}.", d.could);
    out
}
