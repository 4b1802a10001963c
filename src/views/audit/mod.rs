//! One record: what repeats, agrees and drifts on the machine that it was made on, and why.

mod actions;
mod charts;
mod drift;
mod elements;
mod engines;
mod explain;
mod explained;
mod findings;
mod first;
mod groups;
mod growth;
mod headline;
mod interpreter;
mod levels;
mod matrix;
mod page;
mod parts;
mod rows;
mod spread;
mod sweeps;
mod title;
mod trainings;
mod values;

use interpreter::SELF_CHECK;
use parts::Parts;

use super::document::{self, Block, Cell, Column, Detail, Document, Mark, Rows, Section, Table, Text, Weight};
use super::{View, text};
use crate::facts::{self, Asked, Soundness};
use crate::model::words::SOFTWARE_ONLY;
use crate::record::{Outcome, Outputs, Record};

/// What an audit leads to where it has nothing to advise.
const OTHER_NODE: &str = "audit it too, then";
const COMPARE: &str = "repro-audit compare HERE THERE";

/// Drifts that a terminal lists.
const DRIFTS: usize = 8;

/// The view of one record.
#[derive(Debug, Clone)]
pub struct Audit<'a> {
    record: &'a Record,
    /// The record with the statuses and verdicts that its evidence shows, whatever the program that wrote it concluded.
    judged: Record,
    /// Of the record as it was written: what it states may contradict its evidence.
    soundness: Soundness,
    asked: Asked,
    /// What changed since an earlier record.
    since: Option<(Mark, Text)>,
}

impl<'a> Audit<'a> {
    /// Of this record.
    #[must_use]
    pub fn new(record: &'a Record) -> Self {
        let judged = facts::concluded(Record {
            format: record.format,
            id: record.id.clone(),
            run: record.run.clone(),
            provenance: record.provenance.clone(),
            environment: record.environment.clone(),
            engines: record.engines.clone(),
            controls: record.controls.clone(),
            cases: record.cases.clone(),
            verdicts: Vec::new(),
            sweeps: record.sweeps.clone(),
            notes: record.notes.clone(),
            explained: record.explained.clone(),
            trainings: record.trainings.clone(),
            outputs: Outputs::default(),
        });
        let asked = if record.provenance.own.is_some() { Asked::Kernel } else { Asked::Audit };
        Self { record, judged, soundness: facts::soundness(record), asked, since: None }
    }

    /// The same, of a record that this was asked for: what to do next is something else.
    #[must_use]
    pub fn asked(mut self, asked: Asked) -> Self {
        self.asked = asked;
        self
    }

    /// The same, with what changed since an earlier record; `command` shows more of it. Nothing is said where their engines
    /// cannot be matched.
    #[must_use]
    pub fn since(mut self, earlier: &Record, command: &str) -> Self {
        let found = facts::pair::compare(earlier, self.record, &[]).ok();
        self.since = found.map(|pair| super::pair::since(&pair, command));
        self
    }
}

impl View for Audit<'_> {
    fn document(&self) -> Document {
        let (record, parts) = (&self.judged, Parts::new(&self.judged, &self.soundness, self.asked));
        let mut out = Document::new(parts.headline.tone, parts.headline.title.as_str());
        out.lead = Text::plain(parts.headline.lead.as_str());
        begin(&mut out, record, &parts, self);
        if self.asked != Asked::Audit {
            out.push(elements::elements(record));
        }
        out.push(matrix(&parts));
        out.push(findings(&parts));
        out.push(drifts(&parts));
        out.push(explained::section(record));
        out.push(sweeps::sweeps(record));
        out.push(trainings::trainings(record));
        out.push(page::axes(&parts));
        out.push(page::charts(record));
        out.push(page::cases(record, &parts));
        out.push(engines(&parts));
        out.push(page::surroundings(record, &parts));
        out.push(gaps("failures", "Failures", &parts.failures));
        out.push(gaps("skipped", "Skipped", &parts.skips));
        out.push(page::controls(record, &parts));
        out.push(page::verdicts(record));
        out.push(page::terms());
        out.findings = acted_on(record, &parts, &self.soundness);
        out.about = vec![
            ("record".to_owned(), parts.short_id.clone()),
            ("machine".to_owned(), record.environment.machine_id.clone()),
            ("repro-audit".to_owned(), record.provenance.version.clone()),
        ];
        out
    }

    fn rows(&self) -> Vec<Rows> {
        let sweeps = super::sweep::rows(&facts::sweep::of(self.record));
        vec![rows::summary(&self.judged, &self.soundness), rows::values(&self.judged), sweeps]
    }

    fn json(&self) -> serde_json::Result<String> {
        super::pretty(self.record)
    }
}

/// What comes first: what keeps the record from being relied on; of an audit of operations of a training whether their
/// numbers stay, of anything else what each level shows; and what to do.
fn begin(out: &mut Document, record: &Record, parts: &Parts<'_>, audit: &Audit<'_>) {
    let soundness = &audit.soundness;
    let notes = || record.notes.iter();
    let mut next = Section::new("next", "Next");
    let actions = &parts.headline.actions;
    let (mut first, mut levels) = (Section::new("answers", ""), Section::new("by-level", "By level").at(Detail::Full));
    parts.headline.reasons.iter().for_each(|s| first.statement(s.mark, s.title.as_str(), s.text.clone()));
    let answers = if parts.first.is_some() { &mut levels } else { &mut first };
    parts.headline.statements.iter().for_each(|s| answers.statement(s.mark, s.title.as_str(), s.text.clone()));
    if let Some(training) = &parts.first {
        // The lead names the adapters as software.
        let (told, untold): (Vec<_>, Vec<_>) = notes().partition(|note| *note == SOFTWARE_ONLY);
        untold.iter().for_each(|note| first.statement(Mark::Note, "Note", note.as_str()));
        told.iter().for_each(|note| levels.statement(Mark::Note, "Note", note.as_str()));
        out.push(first);
        let mut said = training.section();
        // A reference that two implementations do not agree on is no witness.
        let check = parts.headline.statements.iter().find(|s| s.title == SELF_CHECK && s.mark != Mark::Holds);
        check.into_iter().for_each(|s| said.statement(Mark::Attention, SELF_CHECK, s.text.clone()));
        let (mark, here) = training.here(&parts.headline.outside);
        said.statement(mark, "Only here", here);
        explained::line(record).into_iter().for_each(|(mark, text)| said.statement(mark, "Explained", text));
        if !soundness.is_invalid() {
            match first::use_these(record, &facts::advice(record, soundness, &record.verdicts)) {
                Some(these) => said.statement(Mark::Holds, "Held here", these),
                None => said.statement(Mark::Note, "Next node", Text::then_code(OTHER_NODE, COMPARE)),
            }
        }
        audit.since.iter().for_each(|(mark, text)| said.statement(*mark, "Since", text.clone()));
        out.push(said);
        if !soundness.is_sound() {
            let mut todo = Section::new("first-step", "What to do first");
            actions.iter().take(1).for_each(|a| todo.step(a.text.as_str(), a.command.as_str()));
            out.push(todo);
        }
        if !soundness.is_invalid() {
            out.push(ways(record, &parts.short_id));
        }
        out.push(training.anywhere());
        // Where some kernels were asked for there is room for it.
        if record.provenance.settings.kernels.is_empty() {
            next = next.at(Detail::Full);
        }
    } else {
        notes().for_each(|note| first.statement(Mark::Note, "Note", note.as_str()));
        explained::line(record).into_iter().for_each(|(mark, text)| first.statement(mark, "Explained", text));
        audit.since.iter().for_each(|(mark, text)| first.statement(*mark, "Since", text.clone()));
        out.push(first);
    }
    let done = usize::from(parts.first.is_some() && !soundness.is_sound());
    actions.iter().take(4).skip(done).for_each(|a| next.step(a.text.as_str(), a.command.as_str()));
    out.push(levels);
    out.push(next);
}

/// The ways on from an audit.
fn ways(record: &Record, id: &str) -> Section {
    let mut out = Section::new("ways", "Where to go on").at(Detail::Full);
    if record.explained.is_empty() {
        let text = "What makes results differ, proven by computing them again on this machine (--write keeps it in the record):";
        out.step(text, format!("repro-audit explain {id} --write"));
    }
    out.step(
        "Numbers differ on another node? Audit it too, and see what differs between the two:",
        format!("repro-audit compare {id} OTHER"),
    );
    out.step("To state it in a paper, with what was not tested:", format!("repro-audit report {id} --statement"));
    out.step(
        "To be told when an update changes bits: commit repro.lock, and run repro-audit check --run in continuous integration.",
        format!("repro-audit lock {id}"),
    );
    out
}

/// Kernel × engine: variants that look the same on every engine share a row.
fn matrix(parts: &Parts<'_>) -> Section {
    let mut out = Section::new("matrix", "Kernels by engine (the worst of each variant's cases)").at(Detail::Full);
    let mut columns = vec![Column::text("kernel"), Column::text("variants")];
    columns.extend(parts.columns.iter().map(|id| {
        let about = parts.engines.iter().find(|e| e.id == *id).map(|e| e.name.clone()).unwrap_or_default();
        Column::text(id.as_str()).about(about)
    }));
    let mut table = Table::new("kernels", &columns).most(400);
    table.filter = true;
    for kernel in &parts.kernels {
        for (i, row) in kernel.alike.iter().enumerate() {
            // The kernel is named once.
            let name = if i == 0 { Cell::text(kernel.kernel.as_str()) } else { Cell::Empty };
            let mut cells = vec![name, Cell::text(row.variants.join(", "))];
            cells.extend(
                parts.columns.iter().map(|id| row.cells.iter().find(|c| c.engine == *id).map_or(Cell::Empty, mark)),
            );
            table.rows.push(document::Row {
                cells,
                keywords: kernel.kernel.clone(),
                calm: !row.drifts,
                ..document::Row::default()
            });
        }
    }
    out.table(table);
    out
}

/// A cell of the matrix: a share of the cases that ran where not all have the status, how many were skipped beside them, and which engines where several share it.
fn mark(cell: &matrix::Cell) -> Cell {
    let share =
        if cell.with_status < cell.cases { format!("{}/{}", cell.with_status, cell.cases) } else { String::new() };
    let which = if cell.which.is_empty() { String::new() } else { format!("({})", cell.which) };
    let skipped = if cell.skipped > 0 { format!("+{} skipped", cell.skipped) } else { String::new() };
    let beside = [share, which, skipped].into_iter().filter(|w| !w.is_empty()).collect::<Vec<_>>().join(" ");
    Cell::Mark { mark: cell.mark, beside, note: cell.note.clone() }
}

/// What the interpreter found in shaders.
fn findings(parts: &Parts<'_>) -> Section {
    let mut out = Section::new("findings", "Findings in shaders").at(Detail::Full);
    let columns = ["", "case", "kind", "line", "engine", "what"].map(Column::text);
    let mut table = Table::new("findings-list", &columns);
    for f in &parts.findings {
        table.push([
            Cell::mark(f.mark),
            Cell::case(f.case.as_str()),
            Cell::text(f.kind),
            Cell::text(f.line.as_str()),
            Cell::text(f.engine.as_str()),
            Cell::text(f.said()),
        ]);
    }
    out.table(table);
    out
}

/// The worst comparison of each kernel's variants.
fn drifts(parts: &Parts<'_>) -> Section {
    let mut out = Section::new("drift", "Worst drift of each variant").at(Detail::Full);
    let mut table = Table::new(
        "worst",
        &[
            Column::text(""),
            Column::text("case"),
            Column::text("axes"),
            Column::text("from → to"),
            Column::text("how large"),
            Column::text("why"),
        ],
    )
    .most(DRIFTS);
    table.rest = "all are on the page and in summary.csv".to_owned();
    for d in &parts.drifts {
        let c = &d.comparison;
        let axes: Vec<&str> = std::iter::once(c.axis).chain(d.others.iter().copied()).collect();
        table.push([
            Cell::mark(d.mark),
            Cell::Case { id: d.case.clone(), anchor: page::anchor(&d.case) },
            Cell::text(axes.join(", ")),
            Cell::text(format!("{} → {}", c.left, c.right)),
            Cell::text(c.size.as_str()),
            Cell::text(c.because.as_str()),
        ]);
    }
    out.table(table);
    out
}

fn engines(parts: &Parts<'_>) -> Section {
    let mut out = Section::new("engines", "Engines").at(Detail::Full);
    for engine in &parts.engines {
        let state = if engine.complete { String::new() } else { format!(" — {}", engine.state) };
        out.fact(engine.id.as_str(), format!("{}{state}", engine.label));
    }
    out
}

/// What did not run, by reason.
fn gaps(id: &str, title: &str, reasons: &[matrix::Reason]) -> Section {
    let mut out = Section::new(id, title).at(Detail::Full);
    let columns = [Column::text("engine"), Column::text("reason"), Column::number("cases"), Column::text("where")];
    let mut table = Table::new(format!("{id}-list"), &columns);
    for r in reasons {
        let cases = if r.cases == 0 { String::new() } else { text::count(r.cases as u64) };
        table.push([
            Cell::text(r.engine.as_str()),
            Cell::text(r.reason.as_str()),
            Cell::number(cases),
            Cell::text(r.variants.as_str()),
        ]);
    }
    out.table(table);
    out
}

/// For tools: results that the specification forbids, defects of shaders, and what failed.
fn acted_on(record: &Record, parts: &Parts<'_>, soundness: &Soundness) -> Vec<document::Finding> {
    let mut out = text::faults(soundness, "");
    for case in record.cases.iter().filter(|c| record.provenance.own.is_some() && !facts::is_probe(&c.kernel)) {
        for e in facts::emptiness(case).iter().filter(|e| matches!(e, facts::Emptiness::OneValue { .. })) {
            out.push(document::Finding::new(Weight::Warning, "one-value", "", &case.id, e.text()));
        }
    }
    for (case, engine, what, _) in values::not_finite(record) {
        let text = format!("{what} are {}", values::against_in(record));
        out.push(document::Finding::new(Weight::Warning, "not-finite", &engine.id, &case.id, text));
    }
    for f in &parts.findings {
        let weight = if f.defect { Weight::Failure } else { Weight::Warning };
        out.push(document::Finding::new(weight, f.kind, &f.engine, &f.case, f.sentence()));
    }
    for case in &parts.cases {
        for x in &case.executions {
            let outside = if x.mark == Mark::Outside { outside(record, &case.id, &x.engine) } else { String::new() };
            let text = format!("{outside}{}", x.outcome);
            out.push(document::Finding::new(weight(x.mark), x.mark.class(), &x.engine, &case.id, text));
        }
    }
    for case in record.derived_cases() {
        for x in &case.executions {
            let mark = text::mark(x.status);
            let text = match &x.outcome {
                Outcome::Ran { .. } => format!("{}{}", sweeps::outside(record, &case.id, &x.engine), mark.word()),
                Outcome::Skipped { why } => why.to_string(),
                Outcome::Failed { reason } => reason.clone(),
            };
            out.push(document::Finding::new(weight(mark), mark.class(), &x.engine, &case.id, text));
        }
    }
    out
}

/// What a mark weighs for tools.
fn weight(mark: Mark) -> Weight {
    match mark {
        Mark::Outside => Weight::Failure,
        Mark::Failed => Weight::Error,
        Mark::Skipped => Weight::Skipped,
        Mark::NotRepeatable => Weight::Note,
        _ => Weight::Pass,
    }
}

/// How much of a result is outside the specification, before what else is said of it.
fn outside(record: &Record, case: &str, engine: &str) -> String {
    let found = record.cases.iter().filter(|c| c.id == case).flat_map(|c| c.executions.iter().map(move |x| (c, x)));
    let measured = found.filter(|(_, x)| x.engine == engine).find_map(|(c, x)| Some((c, x.accuracy.as_ref()?)));
    let Some((case, accuracy)) = measured.filter(|(_, a)| a.outside > 0) else {
        return "outside what the WGSL specification allows; ".to_owned();
    };
    let (some, all) = (text::count(accuracy.outside), text::count(case.elements));
    let first = accuracy.first_outside.map(|i| format!(", the first at index {}", text::count(i))).unwrap_or_default();
    format!("{some} of {all} elements are outside what the WGSL specification allows{first}; ")
}

/// A paragraph.
fn paragraph(text: impl Into<Text>) -> Block {
    Block::Paragraph(text.into())
}
