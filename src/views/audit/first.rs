//! The first screen, in the words of someone who trains models: if the same training runs again, do its numbers stay; what
//! any machine would do, and what this one alone does.

use std::collections::{BTreeMap, BTreeSet};

use super::headline::by_kernel;
use super::page::anchor;
use super::values;
use crate::facts::training::{self, Cell as Tested, Elsewhere, Found, Row};
use crate::facts::{self, Advice, Difference};
use crate::record::{AXES, AxisLevel, Engine, Level, Outcome, Record, Role};
use crate::views::document::{Cell, Column, Detail, Mark, Section, Table, Tone};
use crate::views::text;

/// Names in a line.
const NAMED: usize = 3;

/// A question of the first screen.
struct Question {
    axis: AxisLevel,
    /// What changes, as the line begins.
    title: &'static str,
    /// The same in the headline and as the head of a column.
    head: &'static str,
    /// Why it was not tested, where it was not.
    untested: &'static str,
}

/// The head of the axis that is about the reference.
const CPU: &str = "CPU";

/// In the order of [`AXES`].
const QUESTIONS: [Question; 6] = [
    Question { axis: AxisLevel::Repeat, title: "Again", head: "again", untested: "no adapter ran a case twice" },
    Question {
        axis: AxisLevel::Config,
        title: "Other launch",
        head: "launch",
        untested: "no adapter ran a case in two configurations",
    },
    Question {
        axis: AxisLevel::Threads,
        title: "Other threads",
        head: "threads",
        untested: "no thread count or environment variable was changed",
    },
    Question {
        axis: AxisLevel::Driver,
        title: "Other driver",
        head: "driver",
        untested: "no two drivers of one device ran a case",
    },
    Question { axis: AxisLevel::Adapter, title: "Other device", head: "device", untested: "no two devices ran a case" },
    Question {
        axis: AxisLevel::Engine,
        title: "Strict CPU",
        head: CPU,
        untested: "no driver's result has a strict reference",
    },
];

/// The operations of a record, with what the first screen says of them.
pub(super) struct First<'r> {
    record: &'r Record,
    rows: Vec<Row<'r>>,
}

impl<'r> First<'r> {
    /// Of a record; `None` where it tests no operation of a training.
    pub(super) fn of(record: &'r Record) -> Option<Self> {
        let rows = training::operations(record);
        let tested = rows.iter().flat_map(|r| &r.cells).any(|c| c.compared > 0);
        tested.then_some(Self { record, rows })
    }

    /// What a line begins with, and the same as the head of a column. What counts as threads are the CPU's, or an environment
    /// variable: it is called what was changed.
    fn words(&self, question: &Question) -> (&'static str, &'static str) {
        if question.axis != AxisLevel::Threads {
            return (question.title, question.head);
        }
        match training::threads_or_variables(self.record) {
            (true, true) => ("Other setting", "setting"),
            (false, true) => ("Other variable", "variable"),
            (_, false) => (question.title, question.head),
        }
    }

    fn cells(&self, axis: AxisLevel) -> impl Iterator<Item = (&'static str, &Tested<'r>)> {
        self.rows.iter().map(move |row| (row.operation.name, row.on(axis)))
    }

    fn tested(&self, axis: AxisLevel) -> bool {
        self.cells(axis).any(|(_, c)| c.compared > 0)
    }

    fn differs(&self, axis: AxisLevel) -> bool {
        self.cells(axis).any(|(_, c)| !c.differing.is_empty())
    }

    /// The verdict in a sentence, without its full stop.
    pub(super) fn title(&self, outside: &BTreeMap<String, BTreeSet<String>>) -> (Tone, String) {
        let of = |what: &dyn Fn(&Question) -> bool| -> Vec<String> {
            QUESTIONS[1..].iter().filter(|q| what(q)).map(|q| self.words(q).1.to_owned()).collect()
        };
        let again = AxisLevel::Repeat;
        // What it is about: the operations that were repeated, if any was.
        let mut about: Vec<&Row<'_>> = self.rows.iter().filter(|r| r.on(again).compared > 0).collect();
        if about.is_empty() {
            about = self.rows.iter().filter(|r| r.cells.iter().any(|c| c.compared > 0)).collect();
        }
        let changed = of(&|q| self.differs(q.axis));
        let kept = of(&|q| about.iter().all(|r| r.on(q.axis).held()));
        let found = |elsewhere| names(training::variants(&self.rows, again, elsewhere));
        let machine = [found(Elsewhere::OnlyHere), found(Elsewhere::Unknown)].concat();
        let (mut tone, first) = if !self.tested(again) {
            (Tone::Plain, "not tested".to_owned())
        } else if !self.differs(again) {
            (Tone::Good, "the same bits".to_owned())
        } else if machine.is_empty() {
            (Tone::Broke, "the same bits, except in kernels of no fixed order".to_owned())
        } else {
            (Tone::Broke, format!("other bits in {}", text::list(&machine, NAMED)))
        };
        if !changed.is_empty() {
            tone = Tone::Broke;
        }
        if self.faulty(outside) {
            tone = Tone::Bad;
        }
        // The strict CPU is no other launch, driver or device of the same kind.
        let by = |what: &str, words: &[String]| {
            let others: Vec<String> = words.iter().filter(|w| *w != CPU).cloned().collect();
            let with = format!("; {what} by {}", text::list(&others, QUESTIONS.len()));
            match (others.is_empty(), others.len() < words.len()) {
                (true, true) => format!("; {what} on a strict CPU"),
                (true, false) => String::new(),
                (false, true) => with + ", and on a strict CPU",
                (false, false) => with,
            }
        };
        let rest = by("other bits", &changed) + &by("the same", &kept);
        let subject = if about.len() == training::OPERATIONS.len() {
            "Training operations".to_owned()
        } else {
            let names: Vec<String> = about.iter().map(|r| r.operation.name.to_owned()).collect();
            text::list(&names, NAMED)
        };
        (tone, format!("{subject}, run again: {first}{rest}"))
    }

    /// Whether an operation of a training has a result that the specification forbids, or that is no number where one is right.
    fn faulty(&self, outside: &BTreeMap<String, BTreeSet<String>>) -> bool {
        let forbidden = |id: &String| self.record.cases.iter().any(|c| c.id == *id && is_operation(&c.kernel));
        outside.values().flatten().any(forbidden)
            || values::not_finite(self.record).any(|f| training::is_ordinary(&f.0.kernel, &f.0.id))
    }

    /// The questions, a line each, and the operations by what changes.
    pub(super) fn section(&self) -> Section {
        let mut out = Section::new("training", "If the same training runs again, do its numbers stay?");
        for question in &QUESTIONS {
            let (mark, answer) = self.answer(question);
            out.statement(mark, self.words(question).0, answer);
        }
        out.table(self.table());
        out.text(
            "The worst variant of each. = same bits, of variants that repeat · ↯ differs each run · ? not tested · number: \
             relative change of the output (L2) · % of integers · NaN, inf: on one side · * by design, on any machine",
        );
        out
    }

    fn answer(&self, question: &Question) -> (Mark, String) {
        let all: Vec<_> = self.cells(question.axis).collect();
        let untested = all.iter().filter(|(_, c)| c.compared == 0).count();
        let rest = if untested == 0 { String::new() } else { format!("; {untested} not tested") };
        if untested == all.len() {
            return (Mark::Untested, format!("not tested: {}", question.untested));
        }
        let mut differing: Vec<_> = all.iter().filter(|(_, c)| !c.differing.is_empty()).collect();
        if differing.is_empty() {
            let held = text::plural(all.len() - untested, "operation");
            // What differs from run to run has no bits to compare on another axis.
            let repeats = question.axis != AxisLevel::Repeat && self.differs(AxisLevel::Repeat);
            let what = if repeats { ", of variants that repeat" } else { "" };
            return (Mark::Holds, format!("YES for {held}{what}{}{rest}", self.bound(question.axis)));
        }
        differing.sort_by_key(|(_, c)| std::cmp::Reverse(c.differing.first().map(|f| f.severity)));
        let names: Vec<String> = differing.iter().map(|(name, _)| (*name).to_owned()).collect();
        // The table below names them all.
        let which = if names.len() <= NAMED {
            names.join(", ")
        } else {
            format!("{} of {} operations", names.len(), all.len() - untested)
        };
        let any = if differing.iter().all(|(_, c)| c.any_machine()) { " (by design)" } else { "" };
        let most = differing.iter().filter_map(|(_, c)| c.relative()).max_by(f64::total_cmp).map(facts::relative);
        let share = differing.iter().filter_map(|(_, c)| c.share()).max_by(f64::total_cmp).map(facts::share);
        let most = match (most, share) {
            (Some(most), Some(share)) => Some(format!("{most}, or {share} of integers")),
            (None, Some(share)) => Some(format!("{share} of integers")),
            (most, None) => most,
        };
        let infinite = match differing.iter().map(|(_, c)| c.kind()).max() {
            Some(Difference::Nan) => "NaN",
            Some(Difference::Infinite) => "infinity",
            Some(Difference::NotFinite) => "NaN or infinity",
            _ => "",
        };
        let most = match (infinite, most) {
            ("", None) => String::new(),
            ("", Some(most)) => format!("; up to {most}"),
            (infinite, None) => format!("; {infinite}"),
            (infinite, Some(most)) => format!("; {infinite}, else up to {most}"),
        };
        (Mark::Differs, format!("NO for {which}{any}{most}{rest}"))
    }

    /// What so many runs can miss; nothing on an axis that is not about runs.
    fn bound(&self, axis: AxisLevel) -> String {
        if axis != AxisLevel::Repeat {
            return String::new();
        }
        let runs = |x: &crate::record::Execution| if let Outcome::Ran { runs, .. } = x.outcome { runs } else { 0 };
        let mine = |c: &&crate::record::CaseRecord| is_operation(&c.kernel);
        let all = self.record.cases.iter().filter(mine).flat_map(|c| &c.executions);
        let drawn = all.filter(|x| self.record.engine(&x.engine).is_some_and(Engine::is_driver));
        match drawn.map(runs).filter(|n| *n > 1).min() {
            Some(n) if n > 3 => {
                format!(
                    " in {n} runs; what is rarer than {} of runs could be missed",
                    text::percent(3.0 / f64::from(n))
                )
            }
            Some(n) => format!(" in {n} runs, too few to bound what is rare"),
            None => String::new(),
        }
    }

    fn table(&self) -> Table {
        let mut columns = vec![Column::text("operation")];
        columns.extend(QUESTIONS.iter().zip(&AXES).map(|(q, axis)| Column::number(self.words(q).1).about(axis.about)));
        let mut table = Table::new("operations", &columns);
        for row in &self.rows {
            let mut cells = vec![Cell::text(row.operation.name)];
            cells.extend(row.cells.iter().map(field));
            table.push(cells);
        }
        table
    }

    /// What changes on any machine, by what changes it.
    pub(super) fn anywhere(&self) -> Section {
        let mut out = Section::new("any-machine", "Any machine").at(Detail::Full);
        for (axis, what) in [(AxisLevel::Repeat, "Each run another"), (AxisLevel::Config, "By launch")] {
            let found: BTreeSet<_> = training::variants(&self.rows, axis, Elsewhere::AnyMachine).into_iter().collect();
            if !found.is_empty() {
                out.statement(Mark::Note, what, format!("{}.", by_kernel(&found)));
            }
        }
        out
    }

    /// What this machine alone does.
    pub(super) fn here(&self, outside: &BTreeMap<String, BTreeSet<String>>) -> (Mark, String) {
        let mut parts = Vec::new();
        let case = |id: &String| self.record.cases.iter().find(|c| c.id == *id);
        // What was planted on purpose is no machine's.
        let planted = |id: &String| self.record.engine(id).is_some_and(|e| e.role() == Role::Planted);
        for (engine, cases) in outside.iter().filter(|(id, _)| !planted(id)) {
            let found: BTreeSet<String> =
                cases.iter().filter_map(case).map(|c| format!("{}/{}", c.kernel, c.variant)).collect();
            let found: Vec<String> = found.into_iter().collect();
            parts.push(format!("{engine} breaks the WGSL specification ({})", text::list(&found, NAMED)));
        }
        let mut infinite: Vec<_> = values::not_finite(self.record).collect();
        infinite.sort_by_key(|f| std::cmp::Reverse(f.3));
        if !infinite.is_empty() {
            let all: BTreeSet<_> = infinite.iter().map(|(c, ..)| (c.kernel.as_str(), c.variant.as_str())).collect();
            let first = infinite.iter().find(|(c, ..)| training::is_ordinary(&c.kernel, &c.id));
            let first = first.or_else(|| infinite.iter().find(|(c, ..)| is_operation(&c.kernel))).or(infinite.first());
            let named = first.map(|(c, ..)| format!("{}/{}", c.kernel, c.variant)).unwrap_or_default();
            let more = if all.len() > 1 { format!(" and {} more", all.len() - 1) } else { String::new() };
            let edges = infinite.iter().all(|(c, ..)| training::probes_edges(&c.id));
            let edges = if edges { ", at edges of the number range" } else { "" };
            parts.push(format!("finite on only one of driver and reference{edges}: {named}{more}"));
        }
        let bad = !parts.is_empty();
        let ways = [
            (AxisLevel::Repeat, "not repeated, and the strict interpreter repeats it"),
            (AxisLevel::Config, "changed by the launch, and not on the strict interpreter"),
        ];
        for (axis, what) in ways {
            let found = names(training::variants(&self.rows, axis, Elsewhere::OnlyHere));
            if !found.is_empty() {
                parts.push(format!("{}: {what}", text::list(&found, NAMED)));
            }
        }
        let unknown = |axis| training::variants(&self.rows, axis, Elsewhere::Unknown);
        let unknown: Vec<_> = [AxisLevel::Repeat, AxisLevel::Config].into_iter().flat_map(unknown).collect();
        if parts.is_empty() && !unknown.is_empty() {
            let names = text::list(&names(unknown), NAMED);
            return (
                Mark::Untested,
                format!("not known of {names}: the strict interpreter has nothing to hold against it."),
            );
        }
        if parts.is_empty() {
            let driver = |id: &str| self.record.engine(id).is_some_and(Engine::is_driver);
            let mut all = self.record.cases.iter().flat_map(|c| &c.executions).filter(|x| driver(&x.engine));
            let ran = all.any(|x| matches!(x.outcome, Outcome::Ran { .. }));
            let said = if ran {
                "no result that WGSL forbids, and nothing that only this machine changes by run or launch"
            } else {
                "nothing ran on an adapter"
            };
            return (if ran { Mark::Holds } else { Mark::Untested }, format!("{said}."));
        }
        (if bad { Mark::Attention } else { Mark::Note }, format!("{}.", parts.join("; ")))
    }
}

fn is_operation(kernel: &str) -> bool {
    training::operation_of(kernel).is_some()
}

/// What a field of the table says.
fn field(cell: &Tested<'_>) -> Cell {
    let Some(worst) = cell.differing.first() else {
        let text = if cell.compared == 0 { "?" } else { "=" };
        let note = if cell.compared == 0 { "not tested".to_owned() } else { same(cell) };
        let heat = (cell.compared > 0).then_some(0.0);
        return Cell::Heat { heat, text: text.to_owned(), note, anchor: String::new() };
    };
    let star = if cell.any_machine() { "*" } else { "" };
    let text = if cell.axis == AxisLevel::Repeat { "↯".to_owned() } else { facts::brief(&worst.severity) };
    let note = format!("{} of {} results differ; the worst: {}", cell.differing.len(), cell.compared, said(worst));
    Cell::Heat { heat: Some(heat(worst)), text: format!("{text}{star}"), note, anchor: anchor(&worst.case.id) }
}

fn same(cell: &Tested<'_>) -> String {
    format!("the same bits in all {} compared", text::plural(cell.compared, "result"))
}

fn said(found: &Found<'_>) -> String {
    let size = found.drift.map(|d| facts::size(d, found.case.quantity())).unwrap_or_default();
    format!("{} on {}: {size}", found.case.id, found.engine)
}

/// From 2^-24, half a unit in the last place of binary32, to 1, on a logarithmic scale. What is no number, or another answer
/// altogether, is hottest.
fn heat(found: &Found<'_>) -> f64 {
    match found.severity.kind {
        Difference::Nan | Difference::Infinite | Difference::NotFinite | Difference::Discrete => 1.0,
        _ if found.severity.relative > 0.0 => (1.0 + found.severity.relative.log2() / 24.0).clamp(0.1, 1.0),
        _ => 0.1,
    }
}

fn names(variants: Vec<(String, String)>) -> Vec<String> {
    variants.into_iter().map(|(kernel, variant)| format!("{kernel}/{variant}")).collect()
}

/// What to use, in a sentence: variants that were tested on every axis that is named and kept their bits where others did
/// not. The advice with the most axes.
pub(super) fn use_these(record: &Record, all: &[Advice]) -> Option<String> {
    let drivers: Vec<&str> = record.engines.iter().filter(|e| e.is_driver()).map(|e| e.id.as_str()).collect();
    let mine = || all.iter().filter(|a| is_operation(&a.kernel));
    let most = mine().map(|a| a.held.len()).max()?;
    let first = mine().find(|a| a.held.len() == most)?;
    let same: Vec<String> = mine()
        .filter(|a| a.held == first.held && a.engines == first.engines)
        .filter_map(|a| Some(format!("{}/{}", a.kernel, a.variants.first()?)))
        .collect();
    let again = if first.held.contains(&Level::RunToRun) { " again" } else { "" };
    let others = first.held.iter().filter(|level| **level != Level::RunToRun);
    let heads: Vec<String> = others.filter_map(|level| head(*level)).map(str::to_owned).collect();
    let by = match (again.is_empty(), heads.is_empty()) {
        (_, true) => "",
        (true, false) => " by ",
        (false, false) => ", and by ",
    };
    let every = drivers.iter().all(|id| first.engines.iter().any(|e| e == id));
    let on = match (every, drivers.len()) {
        (true, 0 | 1) => String::new(),
        (true, _) => ", on every adapter".to_owned(),
        (false, _) => format!(", on {}", text::list(&first.engines, NAMED)),
    };
    Some(format!("{}: the same{again}{by}{}{on}", text::list(&same, NAMED), text::list(&heads, QUESTIONS.len())))
}

/// The column of a level's first axis.
fn head(level: Level) -> Option<&'static str> {
    QUESTIONS.iter().find(|q| q.axis.level() == level).map(|q| q.head)
}
