//! What a record shows of a machine, as a paper states it: hardware and drivers, operations, how many runs and what so many
//! runs can show, what differed and what was not tested.

use std::collections::BTreeSet;

use super::document::{Cell, Column, Document, Section, Table, Text, Tone};
use super::{View, text};
use crate::facts::proof::{self, Share};
use crate::facts::training::{self, Row};
use crate::facts::{self, Soundness};
use crate::record::{AxisLevel, Engine, EngineStatus, Outcome, Record, Role};

/// The axes in the table, with the head of each column.
const AXES: [(AxisLevel, &str); 6] = [
    (AxisLevel::Repeat, "repeated run"),
    (AxisLevel::Config, "launch"),
    (AxisLevel::Threads, "threads"),
    (AxisLevel::Driver, "driver"),
    (AxisLevel::Adapter, "device"),
    (AxisLevel::Engine, "strict CPU"),
];

/// The statement about one record.
#[derive(Debug)]
pub struct Statement<'r> {
    record: &'r Record,
    soundness: Soundness,
}

impl<'r> Statement<'r> {
    /// Of this record, as it was read.
    #[must_use]
    pub fn new(record: &'r Record) -> Self {
        Self { record, soundness: facts::soundness(record) }
    }

    /// The engines under test that gave a result of an operation: drivers, and processes such as frameworks.
    fn tested(&self) -> Vec<&'r Engine> {
        let cases = self.record.cases.iter().filter(|c| training::is_ordinary(&c.kernel, &c.id));
        let results = cases.flat_map(|c| &c.executions).filter(|x| matches!(x.outcome, Outcome::Ran { .. }));
        let ran: BTreeSet<&str> = results.map(|x| x.engine.as_str()).collect();
        self.record.engines.iter().filter(|e| e.role().is_under_test() && ran.contains(e.id.as_str())).collect()
    }

    fn paragraph(&self, rows: &[Row<'_>]) -> String {
        let record = self.record;
        let mut out = Vec::new();
        let engines: Vec<String> = self.tested().iter().map(|e| named(e)).collect();
        let on = if engines.is_empty() {
            "the threads of the CPU alone, without any adapter".to_owned()
        } else {
            text::list(&engines, 12)
        };
        // What the interpreter alone ran was not measured.
        let ran = training::ran(record);
        let of = |r: &&Row<'_>| ran.iter().any(|c| training::operation_of(&c.kernel) == Some(r.operation));
        let operations: Vec<String> = rows.iter().filter(of).map(|r| r.operation.name.to_owned()).collect();
        out.push(format!(
            "Bitwise reproducibility was measured with repro-audit {} on {on} ({}, {}).",
            record.provenance.version, record.environment.cpu, record.environment.os
        ));
        out.push(format!(
            "{} of {} were run: {}.",
            text::plural(ran.len(), "case"),
            text::plural(operations.len(), "operation"),
            text::list(&operations, operations.len())
        ));
        out.extend(edges(record));
        out.extend(self.repeats(rows));
        for (axis, what) in &AXES[1..] {
            out.extend(sentence(record, rows, *axis, what));
        }
        out.extend(explained(record));
        let untested: Vec<String> = AXES
            .iter()
            .filter(|(a, _)| rows.iter().all(|r| r.on(*a).compared == 0))
            .map(|(a, w)| match a {
                AxisLevel::Repeat => "repeated runs".to_owned(),
                AxisLevel::Threads => "another number of threads".to_owned(),
                AxisLevel::Engine => "a strict reference".to_owned(),
                _ => format!("another {w}"),
            })
            .collect();
        if !untested.is_empty() {
            out.push(format!("Not tested: {}.", text::list(&untested, untested.len())));
        }
        let failed = |e: &&Engine| e.role().is_under_test() && e.status != EngineStatus::Complete;
        let failed: Vec<String> = record.engines.iter().filter(failed).map(named).collect();
        if !failed.is_empty() {
            out.push(format!("Not all cases ran on {}.", text::list(&failed, failed.len())));
        }
        out.extend(record.notes.iter().map(|note| text::fact(note).to_owned()));
        if rows.iter().flat_map(|r| &r.cells).any(|c| c.relative().is_some()) {
            out.push(
                "The relative difference of an output is the norm of the difference divided by the norm of the output, over \
                 the elements that are finite on both sides."
                    .to_owned(),
            );
        }
        out.push(
            "These are kernels of the tool, in WGSL; a framework's own kernels, other shapes and other drivers were not \
             measured."
                .to_owned(),
        );
        out.join(" ")
    }

    /// The operations of which runs differ, each with the engines on which they do: `sums on A and B; shuffles on B`.
    fn strays(&self, rows: &[Row<'_>]) -> String {
        let mut by_engines: Vec<(BTreeSet<&str>, Vec<String>)> = Vec::new();
        for row in rows.iter().filter(|r| !r.on(AxisLevel::Repeat).differing.is_empty()) {
            let on: BTreeSet<&str> = row.on(AxisLevel::Repeat).differing.iter().map(|f| f.engine).collect();
            match by_engines.iter_mut().find(|(engines, _)| *engines == on) {
                Some((_, names)) => names.push(row.operation.name.to_owned()),
                None => by_engines.push((on, vec![row.operation.name.to_owned()])),
            }
        }
        let one = |(on, names): &(BTreeSet<&str>, Vec<String>)| {
            let engines = self.record.engines.iter().filter(|e| on.contains(e.id.as_str()));
            let (cpu, others): (Vec<&Engine>, Vec<&Engine>) = engines.partition(|e| e.role() == Role::Cpu);
            let mut engines: Vec<String> = others.into_iter().map(named).collect();
            if !cpu.is_empty() {
                let counts: Vec<String> = cpu.iter().flat_map(|e| e.variables.values().cloned()).collect();
                engines.push(format!("the CPU with {} threads", text::list(&counts, counts.len())));
            }
            format!("{} on {}", text::list(names, names.len()), text::list(&engines, 12))
        };
        by_engines.iter().map(one).collect::<Vec<_>>().join("; of ")
    }

    fn repeats(&self, rows: &[Row<'_>]) -> Option<String> {
        let times = training::repeats(self.record);
        let (least, most) = (*times.first()?, *times.last()?);
        if most < 2 {
            return Some("No case was run more than once, so nothing is known of repeated runs.".to_owned());
        }
        let times = if least == most { format!("{least} times") } else { format!("{least} to {most} times") };
        let mut out = format!("Each case that gave a result there was run {times}.");
        let again = |r: &&Row<'_>| !r.on(AxisLevel::Repeat).differing.is_empty();
        let changed: Vec<String> = rows.iter().filter(again).map(|r| r.operation.name.to_owned()).collect();
        let idle: Vec<String> = rows
            .iter()
            .filter(|r| r.on(AxisLevel::Repeat).compared == 0)
            .map(|r| r.operation.name.to_owned())
            .collect();
        if changed.is_empty() {
            out.push_str(" All runs of a case gave the same bits.");
        } else {
            out.push_str(&format!(
                " Runs of a case gave different bits in kernels of {}; all others repeated. What does not repeat, or has no \
                 fixed order of operations, is not compared in what follows.",
                self.strays(rows)
            ));
        }
        if !idle.is_empty() {
            out.push_str(&format!(" No runs were compared of {}.", text::list(&idle, idle.len())));
        }
        if least > 3 {
            // The rule of three.
            let bound = text::percent(3.0 / f64::from(least));
            out.push_str(&format!(
                " With {least} runs, a different result that occurs in {bound} of runs or more would have been seen with 95 % \
                 confidence; rarer ones may exist."
            ));
        } else {
            out.push_str(" So few runs would miss a different result that is not frequent.");
        }
        Some(out)
    }
}

/// What of the differences from the strict reference is explained; `None` where nobody looked.
fn explained(record: &Record) -> Option<String> {
    let shares = proof::shares(record);
    let one = |s: &Share| {
        let engine = record.engine(&s.engine).map_or_else(|| s.label.clone(), named);
        let open = if s.untested > 0 {
            format!(" ({} were not looked at)", text::count(s.untested as u64))
        } else {
            String::new()
        };
        format!("{} of {} on {engine}{open}", text::count(s.proven() as u64), text::count(s.differing as u64))
    };
    let told: Vec<String> = shares.iter().filter(|s| s.differing > s.untested).map(one).collect();
    let named: usize = shares.iter().map(|s| s.named).sum();
    let measured: usize = shares.iter().map(|s| s.measured).sum();
    (!told.is_empty()).then(|| {
        format!(
            "Of the results that differ from a strict IEEE-754 reference, in all kernels, an interpreter that was given named \
             causes reproduced every bit of {}: {} by rules of arithmetic, {} by the adapter's own values of single operations.",
            text::list(&told, told.len()),
            text::count(named as u64),
            text::count(measured as u64)
        )
    })
}

/// What is left out of all that is stated: results at the edges of the type, which are no inputs of a training.
fn edges(record: &Record) -> Option<String> {
    let (ran, differing) = training::edges(record);
    let differing: Vec<String> = differing.iter().map(|o| o.name.to_owned()).collect();
    let found = if differing.is_empty() {
        "they did not differ in what follows either".to_owned()
    } else {
        format!("in them bits differed in kernels of {}", text::list(&differing, differing.len()))
    };
    let are = if ran == 1 { "is" } else { "are" };
    (ran > 0).then(|| {
        format!(
            "Not counted there or in what follows {are} {} with inputs that are NaN, infinities, zeros, subnormals or numbers \
             over the whole range of the type; {found}.",
            text::plural(ran, "case")
        )
    })
}

/// An adapter with its driver.
fn named(engine: &Engine) -> String {
    let vary: Vec<String> = engine.variables.iter().map(|(n, v)| format!("{n}={v}")).collect();
    if vary.is_empty() { engine.label.clone() } else { format!("{} with {}", engine.label, vary.join(" ")) }
}

/// What another launch, driver, device … did.
fn sentence(record: &Record, rows: &[Row<'_>], axis: AxisLevel, what: &str) -> Option<String> {
    let tested: Vec<&Row<'_>> = rows.iter().filter(|r| r.on(axis).compared > 0).collect();
    if tested.is_empty() {
        return None;
    }
    let names = |of: &dyn Fn(&Row<'_>) -> bool| -> Vec<String> {
        tested.iter().filter(|r| of(r)).map(|r| r.operation.name.to_owned()).collect()
    };
    let differ = names(&|r| !r.on(axis).differing.is_empty());
    let begin = if axis == AxisLevel::Engine { "Against a".to_owned() } else { "With another".to_owned() };
    let rest = if tested.len() < rows.len() {
        format!(" ({} tested)", text::plural(tested.len(), "operation"))
    } else {
        String::new()
    };
    let what = match axis {
        AxisLevel::Engine => "strict IEEE-754 reference on the CPU",
        AxisLevel::Threads => match training::threads_or_variables(record) {
            (true, true) => "number of threads or value of a variable",
            (false, true) => "value of a variable",
            (_, false) => "number of the CPU's threads",
        },
        _ => what,
    };
    if differ.is_empty() {
        return Some(format!("{begin} {what}, no bit differed{rest}."));
    }
    let most = tested.iter().filter_map(|r| r.on(axis).furthest());
    let most = most.max_by(|a, b| a.severity.relative.total_cmp(&b.severity.relative));
    let share = tested.iter().filter_map(|r| r.on(axis).share()).max_by(f64::total_cmp);
    let share = share.map(|s| format!("; the largest share of integers that differ is {}", facts::share(s)));
    let share = share.unwrap_or_default();
    let infinite = names(&|r| r.on(axis).not_finite());
    let infinite = if infinite.is_empty() {
        String::new()
    } else {
        format!("; of {} some results are NaN or infinite on one side", text::list(&infinite, infinite.len()))
    };
    let most = most
        .map(|f| {
            let (most, half) = (facts::relative(f.severity.relative), if f.is_half() { ", in binary16" } else { "" });
            format!("; the largest relative difference of an output is {most}{half}")
        })
        .unwrap_or_default();
    Some(format!(
        "{begin} {what}, bits differed in kernels of {}{most}{share}{infinite}{rest}.",
        text::list(&differ, differ.len())
    ))
}

impl View for Statement<'_> {
    fn document(&self) -> Document {
        let rows = training::operations(self.record);
        let mut out = Document::new(Tone::Plain, "Statement of reproducibility");
        let mut said = Section::new("statement", "");
        // What can't be relied on is not stated without saying so.
        if let Some(title) = self.soundness.title() {
            out.tone = Tone::Bad;
            said.text(format!("{title}."));
        }
        if rows.is_empty() {
            said.text("This record has no operation of a training, so there is nothing to state of one.");
        } else if !self.soundness.is_invalid() {
            said.text(self.paragraph(&rows));
            said.table(table(&rows));
            said.text(
                "=: the same bits in all that was compared, which leaves out what does not repeat, has no fixed order of \
                 operations, or has inputs at the edges of the type. Differs each run: runs of one case differ. A number: the largest relative difference of an \
                 output (f16: one in binary16); a percentage: the share of integers, flags or members that differ. Each \
                 field is the worst of the operation's kernels.",
            );
        }
        said.text(Text::plain(format!(
            "Cite as: repro-audit {}, record {}, machine {}, {}.",
            self.record.provenance.version, self.record.id, self.record.environment.machine_id, self.record.run.started
        )));
        out.push(said);
        out
    }
}

fn table(rows: &[Row<'_>]) -> Table {
    let used: Vec<&(AxisLevel, &str)> =
        AXES.iter().filter(|(axis, _)| rows.iter().any(|r| r.on(*axis).compared > 0)).collect();
    let mut columns = vec![Column::text("operation")];
    columns.extend(used.iter().map(|(_, head)| Column::text(*head)));
    let mut table = Table::new("operations", &columns);
    for row in rows {
        let mut cells = vec![Cell::text(row.operation.name)];
        cells.extend(used.iter().map(|(axis, _)| {
            let cell = row.on(*axis);
            Cell::text(match cell.differing.first() {
                _ if cell.compared == 0 => "not tested".to_owned(),
                None => "=".to_owned(),
                Some(_) if *axis == AxisLevel::Repeat => "differs each run".to_owned(),
                Some(found) => found.brief(),
            })
        }));
        table.push(cells);
    }
    table
}
