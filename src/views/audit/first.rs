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

/// Variants that are named as those that held.
const HELD: usize = 2;

/// The columns of a headline, which is one line of a terminal.
const LINE: usize = 80;

/// Those before the text of a statement that has a title such as `Held here`.
const TITLE: usize = 15;

/// Those before the answer to a question.
const QUESTION: usize = 19;

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
    Question { axis: AxisLevel::Repeat, title: "Again", head: "again", untested: "no second run" },
    Question { axis: AxisLevel::Config, title: "Other launch", head: "launch", untested: "no second one" },
    Question {
        axis: AxisLevel::Threads,
        title: "Other threads",
        head: "threads",
        untested: "no count or variable changed",
    },
    Question { axis: AxisLevel::Driver, title: "Other driver", head: "driver", untested: "no two of one device" },
    Question { axis: AxisLevel::Adapter, title: "Other device", head: "device", untested: "no second one" },
    Question {
        axis: AxisLevel::Engine,
        title: "Strict CPU",
        head: CPU,
        untested: "no adapter ran one that has a reference",
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
            (Tone::Broke, "same bits, except in kernels of no fixed order".to_owned())
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
        let subject = if about.len() == training::OPERATIONS.len() {
            "Training operations".to_owned()
        } else {
            let names: Vec<String> = about.iter().map(|r| r.operation.name.to_owned()).collect();
            text::list(&names, NAMED)
        };
        let (changed, kept) = (by("other bits", &changed), by("the same", &kept));
        let tails = [format!("{changed}{kept}"), if changed.is_empty() { kept } else { changed }];
        let said = format!("{subject}, run again: {first}");
        // What has no room in the line stands below it.
        let tail = tails.iter().find(|t| said.chars().count() + t.chars().count() <= LINE);
        (tone, said + tail.map_or("", String::as_str))
    }

    /// Whether an operation of a training has a result that the specification forbids, or that is no number where one is right.
    fn faulty(&self, outside: &BTreeMap<String, BTreeSet<String>>) -> bool {
        let forbidden = |id: &String| self.record.cases.iter().any(|c| c.id == *id && is_operation(&c.kernel));
        outside.values().flatten().any(forbidden)
            || values::not_finite(self.record).any(|f| training::is_ordinary(&f.0.kernel, &f.0.id))
    }

    /// The questions, a line each, and the operations by what changes.
    pub(super) fn section(&self) -> Section {
        let title = "If the same training runs again, do its numbers stay?";
        let mut out = Section::new("training", title).with_spare_title();
        // Without an adapter there is no first of what would be a second one.
        let under_test = |id: &str| self.record.engine(id).is_some_and(|e| e.role().is_under_test());
        let mut executions = self.record.cases.iter().flat_map(|c| &c.executions);
        let none = !executions.any(|x| x.runs() > 0 && under_test(&x.engine));
        let (mut untested, mut lacking) = (Vec::new(), Vec::new());
        for question in &QUESTIONS {
            let (title, head) = self.words(question);
            match self.answer(question.axis) {
                Some((mark, answer)) => out.statement(mark, title, answer),
                None if none && !matches!(question.axis, AxisLevel::Repeat | AxisLevel::Threads) => {
                    lacking.push(head.to_owned());
                }
                None => untested.push(format!("{head} ({})", question.untested)),
            }
        }
        if !lacking.is_empty() {
            untested.push(format!("{} (no adapter ran)", text::list(&lacking, QUESTIONS.len())));
        }
        if !untested.is_empty() {
            out.statement(Mark::Untested, "Not tested", text::list(&untested, QUESTIONS.len()));
        }
        out.table(self.table());
        out.text("= same · ↯ varies · ? untested · relative L2, or % of integers · * by design");
        let mut more = Section::new("training-table", "How to read the table").at(Detail::Full).folded();
        more.text(
            "A field is the worst variant of its operation. A variant that differs each run, or has no fixed order of \
             operations, is not compared on the other axes, and where it happens to repeat that counts for nothing. Inputs at the edges of the type (NaN, infinities, zeros, subnormals, \
             numbers over its whole range) are left out: By level counts them. A number is the relative change of the output (the norm of the \
             difference divided by that of the output; f16: of a result in binary16), a percentage the share of integers \
             that differ; NaN, inf: on one side only. A star: any machine may differ there, by design of the kernel, as \
             the strict interpreter or the CPU's own threads do.",
        );
        out.push(more);
        out
    }

    /// Whether numbers stay on an axis; `None` where nothing tested it.
    fn answer(&self, axis: AxisLevel) -> Option<(Mark, String)> {
        let tested: Vec<_> = self.cells(axis).filter(|(_, c)| c.compared > 0).map(|(_, c)| c).collect();
        let differing: Vec<_> = tested.iter().filter(|c| !c.differing.is_empty()).collect();
        if tested.is_empty() {
            return None;
        }
        let untested = self.rows.len() - tested.len();
        if differing.is_empty() {
            let held = text::plural(tested.len(), "operation");
            // What differs from run to run has no bits to compare on another axis.
            let repeats = axis != AxisLevel::Repeat && self.differs(AxisLevel::Repeat);
            let what = if repeats { ", of variants that repeat" } else { "" };
            let rest = if untested == 0 { String::new() } else { format!("; {untested} untested") };
            return Some((Mark::Holds, format!("YES for {held}{what}{}{rest}", self.bound(axis))));
        }
        let star = if differing.iter().all(|c| c.any_machine()) { "*" } else { "" };
        let few = format!("{} of {}{star}", differing.len(), tested.len());
        let which = if untested == 0 {
            format!("{} of {}{star}", differing.len(), text::plural(tested.len(), "operation"))
        } else {
            format!("{few} ({untested} untested)")
        };
        let not_finite = match differing.iter().map(|c| c.kind()).max() {
            Some(Difference::Nan) => Some("NaN".to_owned()),
            Some(Difference::Infinite) => Some("inf".to_owned()),
            Some(Difference::NotFinite) => Some("NaN/inf".to_owned()),
            _ => None,
        };
        let most = differing.iter().filter_map(|c| c.furthest());
        let most = most.max_by(|a, b| a.severity.relative.total_cmp(&b.severity.relative));
        let half = |f: &Found<'_>| if f.is_half() { " f16" } else { "" };
        let most = most.map(|f| format!("up to {}{}", facts::relative(f.severity.relative), half(f)));
        let share = differing.iter().filter_map(|c| c.share()).max_by(f64::total_cmp);
        let share = share.map(|share| format!("{} of integers", facts::share(share)));
        let sizes: Vec<String> = [not_finite, most, share].into_iter().flatten().collect();
        let sizes = if sizes.is_empty() { String::new() } else { format!("; {}", sizes.join(", ")) };
        // That they are operations stands where there is room for it in the line.
        let said = [which, few].map(|which| format!("NO for {which}{sizes}"));
        let fits = |text: &&String| untested > 0 || text.chars().count() <= LINE - QUESTION;
        let said = said.iter().find(fits).unwrap_or(&said[1]).clone();
        Some((Mark::Differs, said))
    }

    /// What so many runs can miss; nothing on an axis that is not about runs.
    fn bound(&self, axis: AxisLevel) -> String {
        if axis != AxisLevel::Repeat {
            return String::new();
        }
        match training::repeats(self.record).into_iter().find(|n| *n > 1) {
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
        let mut columns = vec![Column::text("worst")];
        columns.extend(QUESTIONS.iter().zip(&AXES).map(|(q, axis)| Column::number(self.words(q).1).about(axis.about)));
        let mut table = Table::new("operations", &columns).shared();
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
        let variant = |id: &String| id.split('?').next().unwrap_or_default().to_owned();
        // What was planted on purpose is no machine's.
        let planted = |id: &String| self.record.engine(id).is_some_and(|e| e.role() == Role::Planted);
        for (engine, cases) in outside.iter().filter(|(id, _)| !planted(id)) {
            let found: BTreeSet<String> = cases.iter().map(variant).collect();
            let found: Vec<String> = found.into_iter().collect();
            parts.push(format!("{engine} breaks WGSL ({})", text::list(&found, 1)));
        }
        let mut infinite: Vec<_> = values::not_finite(self.record).collect();
        infinite.sort_by_key(|f| std::cmp::Reverse(f.3));
        if !infinite.is_empty() {
            let all: BTreeSet<_> = infinite.iter().map(|(c, ..)| (c.kernel.as_str(), c.variant.as_str())).collect();
            let first = infinite.iter().find(|(c, ..)| training::is_ordinary(&c.kernel, &c.id));
            let first = first.or_else(|| infinite.iter().find(|(c, ..)| is_operation(&c.kernel))).or(infinite.first());
            let named = first.map(|(c, ..)| c.path()).unwrap_or_default();
            let more = if all.len() > 1 { format!(" and {} more", all.len() - 1) } else { String::new() };
            let edges = infinite.iter().all(|(c, ..)| training::probes_edges(&c.id));
            let edges = if edges { ", at edges of the type" } else { "" };
            parts.push(format!("finite on one side only{edges}: {named}{more}"));
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
        if !unknown.is_empty() {
            let names = text::list(&names(unknown), NAMED);
            let said = format!("not known of {names}: the strict interpreter gave nothing to compare with");
            if parts.is_empty() {
                return (Mark::Untested, format!("{said}."));
            }
            parts.push(said);
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
    let text = if cell.axis == AxisLevel::Repeat { "↯".to_owned() } else { worst.brief() };
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

/// What to use: variants that were tested on every axis that is named and kept their bits where others did not, on every
/// adapter where none is named. The advice with the most axes.
pub(super) fn use_these(record: &Record, all: &[Advice]) -> Option<String> {
    let drivers: Vec<&str> = record.engines.iter().filter(|e| e.is_driver()).map(|e| e.id.as_str()).collect();
    let mine = || all.iter().filter(|a| is_operation(&a.kernel));
    let most = mine().map(|a| a.held.len()).max()?;
    let first = mine().find(|a| a.held.len() == most)?;
    let alike: Vec<&Advice> = mine().filter(|a| a.held == first.held && a.engines == first.engines).collect();
    let named = |advice: &Advice, variant: &String| format!("{}/{variant}", advice.kernel);
    // One of each kernel, and then the others, which are counted.
    let one = alike.iter().filter_map(|a| Some(named(a, a.variants.first()?)));
    let others = alike.iter().flat_map(|a| a.variants.iter().skip(1).map(|v| named(a, v)));
    let same: Vec<String> = one.chain(others).collect();
    let heads: Vec<&str> = first.held.iter().filter_map(|level| head(*level)).collect();
    let every = drivers.iter().all(|id| first.engines.iter().any(|e| e == id));
    let on = if every { String::new() } else { format!("; on {}", text::list(&first.engines, NAMED)) };
    let said = |names| format!("{}: {}{on}", text::list(&same, names), heads.join(", "));
    let fits = |text: &String| text.chars().count() <= LINE - TITLE;
    Some((1..=HELD).rev().map(said).find(fits).unwrap_or_else(|| said(HELD)))
}

/// The column of a level's first axis.
fn head(level: Level) -> Option<&'static str> {
    QUESTIONS.iter().find(|q| q.axis.level() == level).map(|q| q.head)
}
