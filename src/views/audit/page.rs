//! What is on the page alone: every case, the charts, the surroundings, and how to read it all.

use std::collections::{BTreeMap, BTreeSet};

use super::parts::Parts;
use super::{charts as drawn, explained, paragraph};
use crate::model::CaseId;
use crate::record::{AXES, Level, Record, ShaderCache};
use crate::views::chart::{Chart, Plot};
use crate::views::document::{Block, Cell, Column, Detail, Mark, Row, Section, Table};
use crate::views::text;

/// Drifting cases that can be unfolded; the others are in `summary.csv`.
const DETAILED: usize = 300;
/// Comparisons of a case that are listed.
const COMPARISONS: usize = 12;

/// The anchor of a case's row.
pub(super) fn anchor(case: &str) -> String {
    format!("case {case}")
}

/// Kernel × axis, and level × engine.
pub(super) fn axes(parts: &Parts<'_>) -> Section {
    let mut out = Section::new("axes", "Differences by axis").at(Detail::Page);
    let used: Vec<_> = AXES
        .iter()
        .filter(|a| parts.axes.iter().flat_map(|k| &k.cells).any(|c| c.axis == a.name && c.compared > 0))
        .collect();
    let mut columns = vec![Column::text("kernel")];
    columns.extend(used.iter().map(|a| Column::number(a.name).about(a.about)));
    let mut table = Table::new("axes-list", &columns).most(100);
    for kernel in &parts.axes {
        let mut cells = vec![Cell::text(kernel.kernel.as_str())];
        cells.extend(used.iter().map(|a| match kernel.cells.iter().find(|c| c.axis == a.name && c.compared > 0) {
            None => Cell::text("untested"),
            Some(c) => {
                Cell::Bar { share: share(c.differing, c.compared), text: format!("{} / {}", c.differing, c.compared) }
            }
        }));
        table.push(cells);
    }
    if !table.rows.is_empty() {
        out.text("Comparisons that differ, of those made.");
    }
    out.table(table);
    let mut levels = Section::new("levels", "How far reproducibility goes").at(Detail::Page);
    let mut columns = vec![Column::text("level")];
    columns.extend(parts.levels.first().into_iter().flat_map(|l| &l.cells).map(|c| Column::text(c.engine.as_str())));
    let mut table = Table::new("levels-list", &columns);
    for l in parts.levels.iter().filter(|l| !l.cells.is_empty()) {
        let mut cells = vec![Cell::text(format!("{}: {}", l.name, l.meaning))];
        cells.extend(l.cells.iter().map(|c| {
            let mark = match (c.held, c.failed) {
                (0, 0) => Mark::Untested,
                (_, 0) => Mark::Holds,
                _ => Mark::Differs,
            };
            let counts = [(c.held, "held"), (c.failed, "failed"), (c.untested, "untested")];
            let said: Vec<String> =
                counts.iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} {what}")).collect();
            Cell::Mark { mark, beside: said.join(", "), note: String::new() }
        }));
        table.push(cells);
    }
    if !table.rows.is_empty() {
        levels.text(
            "Each level is about one axis alone. A test problem counts as held where every pair that \
             tests the level agrees in every bit.",
        );
    }
    levels.table(table);
    out.push(levels);
    out
}

#[expect(clippy::cast_precision_loss, reason = "counts of comparisons")]
fn share(part: usize, of: usize) -> f64 {
    if of == 0 { 0.0 } else { part as f64 / of as f64 }
}

/// The charts.
pub(super) fn charts(record: &Record) -> Section {
    let mut out = Section::new("charts", "Charts").at(Detail::Page);
    drawn::charts(record).into_iter().for_each(|c| out.chart(c));
    out
}

/// Every case, the worst first.
pub(super) fn cases(record: &Record, parts: &Parts<'_>) -> Section {
    let mut out = Section::new("cases", "Cases").at(Detail::Page);
    if parts.cases.is_empty() {
        return out;
    }
    let drifting = parts.cases.iter().filter(|c| c.drifts).count();
    out.text(format!(
        "{drifting} of {} differ somewhere; they come first, the worst on top. Open one for its command, its executions and its comparisons.",
        text::plural(parts.cases.len(), "case")
    ));
    let mut table = Table::new("case-list", &[Column::text("case"), Column::text("on each engine")]);
    table.filter = true;
    for (i, case) in parts.cases.iter().enumerate() {
        let on: Vec<String> = case.cells.iter().map(|c| format!("{} {}", c.mark.glyph(), c.engine)).collect();
        let mut below = Section::new("", "");
        below.step("Again:", case.command.as_str());
        if case.drifts && i < DETAILED {
            below.blocks.extend(details(record, case));
        }
        table.rows.push(Row {
            cells: vec![Cell::case(case.id.as_str()), Cell::text(on.join("  "))],
            anchor: anchor(&case.id),
            keywords: case.cells.iter().map(|c| c.mark.word()).collect::<Vec<_>>().join(" "),
            calm: !case.drifts,
            below: below.blocks,
        });
    }
    out.table(table);
    out.text("Every comparison is a row of summary.csv. Sampled elements are in values.csv.");
    out
}

fn details(record: &Record, case: &super::drift::CaseRow) -> Vec<Block> {
    let mut out = Section::new("", "");
    let mut columns = vec![
        Column::text("engine"),
        Column::text("status"),
        Column::text("outcome"),
        Column::text("equals the reference"),
        Column::number("max error, ulp"),
        Column::number("÷ allowed"),
        Column::text("digest"),
    ];
    let looked_at = !record.explained.is_empty();
    if looked_at {
        let about = "What is proven to make the first run differ from the strict reference.";
        columns.push(Column::text("differs because").about(about));
    }
    let mut table = Table::new(format!("executions of {}", case.id), &columns).most(100);
    let of = record.cases.iter().find(|c| c.id == case.id);
    let because = |engine: &str| of.map(|case| explained::cell(record, case, engine)).unwrap_or_default();
    for x in &case.executions {
        let outcome =
            if x.observations.is_empty() { x.outcome.clone() } else { format!("{}; {}", x.outcome, x.observations) };
        let cells = [
            Cell::text(x.engine.as_str()),
            Cell::mark(x.mark),
            Cell::text(outcome),
            Cell::text(if x.equals.is_empty() { "none" } else { &x.equals }),
            Cell::number(x.max_error.as_str()),
            Cell::number(x.ratio.as_str()),
            Cell::code(x.digest.as_str()),
        ];
        table.push(cells.into_iter().chain(looked_at.then(|| Cell::text(because(&x.engine)))));
    }
    out.table(table);
    let columns = [
        Column::text("axis"),
        Column::text("from → to"),
        Column::number("differing"),
        Column::number("max ulp"),
        Column::number("p50 / p99 / p99.9"),
        Column::number("max relative"),
        Column::text("kinds, and the worst element"),
    ];
    let mut table = Table::new(format!("comparisons of {}", case.id), &columns).most(COMPARISONS);
    for d in &case.different {
        table.push([
            Cell::text(d.axis),
            Cell::text(format!("{} → {}", d.left, d.right)),
            Cell::number(format!("{} of {} ({})", d.differing, d.elements, d.fraction)),
            Cell::number(d.max_ulp.as_str()),
            Cell::number(d.percentiles.as_str()),
            Cell::number(d.max_relative.as_str()),
            Cell::text(format!("{}; {}", d.size, d.worst)),
        ]);
    }
    out.table(table);
    if let Some(worst) = case.different.first() {
        if let Some(chart) = spark(record, &case.id, worst) {
            out.chart(chart);
        }
        let equal = match case.equal {
            0 => String::new(),
            n => format!(" {} of this case found no difference.", text::plural(n, "other comparison")),
        };
        out.blocks.push(paragraph(format!("{}.{equal}", worst.because)));
    }
    out.blocks
}

/// The distances of a comparison, drawn small.
fn spark(record: &Record, case: &str, worst: &super::drift::ComparisonRow) -> Option<Chart> {
    let case = record.cases.iter().find(|c| c.id == case)?;
    let of = |x: &&crate::record::Comparison| {
        x.axis.name() == worst.axis && x.left == *worst.left && x.right == *worst.right
    };
    let found = case.comparisons.iter().find(of).filter(|c| !c.drift.histogram.is_empty())?;
    Some(Chart {
        name: format!("distances {}", case.id),
        title: format!("Distances from {} to {}", worst.left, worst.right),
        about: format!("Up to {} ulp.", worst.max_ulp),
        plot: Plot::Spark { buckets: found.drift.histogram.iter().map(|b| (b.up_to, b.count)).collect() },
        head: Vec::new(),
        rows: Vec::new(),
    })
}

/// What each engine is, and what the audit ran with.
pub(super) fn surroundings(record: &Record, parts: &Parts<'_>) -> Section {
    let mut out = Section::new("surroundings", "Drivers and environment").at(Detail::Page).folded();
    for engine in parts.engines.iter().filter(|e| !e.identity.is_empty()) {
        let mut one = Section::new(format!("engine {}", engine.id), format!("{} {}", engine.id, engine.label));
        engine.identity.iter().for_each(|(name, value)| one.fact(name.as_str(), value.as_str()));
        out.push(one);
    }
    let mut all = Section::new("settings", "The audit");
    facts(record).into_iter().for_each(|(name, value)| all.fact(name, value));
    out.push(all);
    out
}

/// The seeds of the cases' inputs, as their ids say.
fn seeds(record: &Record) -> String {
    let of = |id: &str| CaseId::parse(id).ok()?.parameter("seed")?.parse().ok();
    let all: BTreeSet<u64> = record.cases.iter().filter_map(|case| of(&case.id)).collect();
    if all.is_empty() {
        return record.provenance.settings.seed.to_string();
    }
    all.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ")
}

/// Whether drivers had compiled shaders of an earlier audit, with the engines of each kind.
fn shader_caches(record: &Record) -> String {
    let word = |cache: ShaderCache| match cache {
        ShaderCache::Cold => "empty at first",
        ShaderCache::Warm => "begun by an earlier audit",
        ShaderCache::Own => "as the environment has them",
        ShaderCache::Off => "none",
    };
    let mut by: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (engine, cache) in &record.run.shader_caches {
        by.entry(word(*cache)).or_default().push(engine);
    }
    if by.is_empty() {
        return "not known".to_owned();
    }
    by.into_iter().map(|(word, engines)| format!("{word}: {}", engines.join(", "))).collect::<Vec<_>>().join("; ")
}

/// The record's own facts, `(name, value)`.
fn facts(record: &Record) -> Vec<(String, String)> {
    let settings = &record.provenance.settings;
    let all = |list: &[String]| if list.is_empty() { "all".to_owned() } else { list.join(", ") };
    let e = &record.environment;
    let mut facts = vec![
        ("record".to_owned(), record.id.clone()),
        ("format".to_owned(), format!("{}.{}", record.format.major, record.format.minor)),
        ("started".to_owned(), record.run.started.clone()),
        ("took".to_owned(), format!("{} s", text::number(record.run.seconds))),
        ("drivers' shader caches".to_owned(), shader_caches(record)),
        ("program".to_owned(), format!("repro-audit {}", record.provenance.version)),
        ("commit".to_owned(), record.provenance.commit.clone().unwrap_or_else(|| "unknown".to_owned())),
    ];
    facts.extend(record.provenance.libraries.iter().map(|(k, v)| (k.clone(), v.clone())));
    facts.extend([
        ("profile".to_owned(), settings.profile.name().to_owned()),
        ("kernels".to_owned(), all(&settings.kernels)),
        ("adapters asked for".to_owned(), all(&settings.adapters)),
        ("runs of each case".to_owned(), settings.repeats.to_string()),
        ("seed".to_owned(), seeds(record)),
        (
            "CPU threads tried".to_owned(),
            settings.threads.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
        ),
        ("machine".to_owned(), e.machine_id.clone()),
        ("host".to_owned(), e.host.clone()),
        ("system".to_owned(), format!("{}, kernel {}, {}", e.os, e.kernel, e.architecture)),
        (
            "processor".to_owned(),
            format!(
                "{}, {} ({})",
                e.cpu,
                text::plural(usize::try_from(e.cpu_threads).unwrap_or(0), "thread"),
                e.cpu_features.join(", ")
            ),
        ),
        ("memory".to_owned(), format!("{} MiB", text::count(e.memory_mib))),
    ]);
    facts.push(("planted".to_owned(), settings.planted.join(", ")));
    facts.extend(settings.vary.iter().map(|(k, v)| (format!("varied {k}"), v.join(", "))));
    facts.extend(e.variables.iter().map(|(k, v)| (k.clone(), v.clone())));
    facts.retain(|(_, v)| !v.is_empty());
    facts
}

/// The planted differences.
pub(super) fn controls(record: &Record, parts: &Parts<'_>) -> Section {
    let mut out = Section::new("controls", "Controls").at(Detail::Page).folded();
    out.text(format!(
        "{} Each control plants a difference in a real result and checks that the audit catches it. An audit that misses one is invalid.",
        parts.controls.sentence
    ));
    let columns = ["control", "engine", "caught", "about"].map(Column::text);
    let mut table = Table::new("control-list", &columns).most(400);
    for c in &record.controls {
        let mark = if c.caught { Mark::Holds } else { Mark::Attention };
        let beside = if c.caught { "caught" } else { "missed" };
        table.push([
            Cell::text(c.name.as_str()),
            Cell::text(c.engine.as_str()),
            Cell::Mark { mark, beside: beside.to_owned(), note: String::new() },
            Cell::text(c.about.as_str()),
        ]);
    }
    out.table(table);
    out
}

/// The verdicts that something explains, the narrowest first.
pub(super) fn verdicts(record: &Record) -> Section {
    let mut out = Section::new("verdicts", "Verdicts with a reason").at(Detail::Page).folded();
    let mut found: Vec<_> = record.verdicts.iter().filter(|v| !v.because.is_empty()).collect();
    found.sort_by_key(|v| (v.level, std::cmp::Reverse(v.status)));
    let columns = ["", "test problem", "engine", "level", "because", "see it"].map(Column::text);
    let mut table = Table::new("verdict-list", &columns).most(400);
    for v in found {
        table.push([
            Cell::mark(text::mark(v.status)),
            Cell::code(v.problem.as_str()),
            Cell::text(v.engine.as_str()),
            Cell::text(text::level(v.level)),
            Cell::text(v.because.as_str()),
            Cell::code(text::command(record, v.evidence.as_deref().unwrap_or(&v.problem))),
        ]);
    }
    out.table(table);
    out
}

/// How to read all this.
pub(super) fn terms() -> Section {
    let mut out = Section::new("terms", "How to read this").at(Detail::Page).folded();
    TERMS.iter().for_each(|(term, meaning)| out.fact(*term, *meaning));
    let mut statuses = Section::new("statuses", "Statuses");
    text::STATUSES.iter().for_each(|(s, meaning)| statuses.statement(text::mark(*s), "", *meaning));
    out.push(statuses);
    let mut levels = Section::new("level-terms", "Levels");
    Level::ALL.iter().for_each(|l| levels.fact(text::level(*l), text::level_meaning(*l)));
    out.push(levels);
    let mut axes = Section::new("axis-terms", "Axes: what differs between the two sides");
    AXES.iter().for_each(|a| axes.fact(a.name, a.about));
    out.push(axes);
    out
}

/// Terms and their meanings.
const TERMS: [(&str, &str); 7] = [
    (
        "ulp",
        "Unit in the last place: the step from one floating-point number to the next. Two results 1 ulp apart are neighbours; \
         no number of their type lies between them. Distances count steps along all numbers of the type, with +0 and −0 in \
         one place.",
    ),
    (
        "bit-exact",
        "Equal in every bit. NaN against a number, infinity, the sign of zero and subnormals that became zero are told apart \
         and counted, never rounded away.",
    ),
    (
        "reference",
        "The CPU's implementation of the same shader: the same operations in the same order, in strict IEEE-754 arithmetic. \
         Its other modes each use one freedom that a driver may use: fusing a multiply with the add that follows, expanding \
         fma into two roundings, turning subnormals into zero. Where a driver's bits equal such a reference's and not the \
         strict one's, its arithmetic is known.",
    ),
    (
        "within specification",
        "WGSL leaves freedom: rounding to either neighbour, fusing, reassociating, flushing subnormals, and an error of some \
         ulp in its functions. A result within that freedom may differ without being a defect; a result outside it is a defect.",
    ),
    (
        "no difference in N runs",
        "Does not mean that there is none. It means that, with 95 % confidence, other results come in fewer than 3/N of runs \
         (the rule of three) under these conditions: this load, this driver, these sizes.",
    ),
    (
        "interpreter",
        "The engine embedded:0: this program executes the shader itself, in strict IEEE-754 arithmetic. Each of its runs is \
         another legal order of execution (in order, reversed, shuffled), so what differs there depends on the order, on \
         every machine; no rate follows from such runs. It does not show what a GPU or a driver does. Further interpreters \
         have defects planted on purpose and test the audit.",
    ),
    (
        "software adapters",
        "lavapipe, llvmpipe, SwiftShader and WARP compute on the CPU. Their results do not show what a GPU does.",
    ),
];
