//! The verdict in a few sentences: what held, what did not, on which engine, and what to do.

use std::collections::{BTreeMap, BTreeSet};

use super::actions::{Action, actions};
use super::findings::FindingRow;
use super::first::First;
use super::groups::Group;
use super::interpreter::{self_check, shaders};
use super::matrix;
use super::title::title;
use super::values::values;
use crate::facts::{Asked, Consequence, Reason, Soundness, gave_nothing, state};
use crate::model::AdapterIdentity;
use crate::record::{
    AxisLevel, CaseRecord, Comparison, Engine, EngineStatus, Execution, Level, LevelState, Outcome, Record, Role,
    Status, Verdict,
};
use crate::views::document::{Mark, Span, Statement, Tone};
use crate::views::text;

/// Reasons against a record that are listed.
const REASONS: usize = 4;

/// The verdict.
#[derive(Debug)]
pub(super) struct Headline {
    pub(super) tone: Tone,
    pub(super) title: String,
    pub(super) lead: String,
    /// What keeps the record from being relied on.
    pub(super) reasons: Vec<Statement>,
    /// What each level shows.
    pub(super) statements: Vec<Statement>,
    pub(super) actions: Vec<Action>,
    /// By engine, the cases whose results the specification forbids.
    pub(super) outside: BTreeMap<String, BTreeSet<String>>,
}

/// A level on one engine, or on several that differ by a varied variable alone.
pub(super) struct OnEngine {
    pub(super) name: String,
    pub(super) failed: usize,
    tested: usize,
    /// Of several engines, those on which it failed.
    which: String,
}

/// How a level fared over all engines.
#[derive(Default)]
pub(super) struct Fared {
    /// The engines on which it was tested.
    pub(super) engines: Vec<OnEngine>,
    /// Kernel and variant of those that failed.
    pub(super) broken: BTreeSet<(String, String)>,
    pub(super) problems: BTreeSet<String>,
    pub(super) broken_problems: BTreeSet<String>,
    /// Problems of which a configuration gave no result, and nothing that was compared differs.
    pub(super) without: BTreeSet<String>,
}

fn fared(record: &Record, groups: &[Group], level: Level) -> Fared {
    let mut out = Fared::default();
    for group in groups {
        let (mut failed, mut tested) = (0, 0);
        for (problem, verdicts) in matrix::problems(record, group) {
            match matrix::fared(&verdicts, level) {
                LevelState::Untested => continue,
                LevelState::Held => {}
                LevelState::Failed
                    if level == Level::ConfigInvariant
                        && verdicts
                            .iter()
                            .all(|v| state(v, level) != LevelState::Failed || gave_nothing(record, v)) =>
                {
                    out.without.insert(problem.to_owned());
                    continue;
                }
                LevelState::Failed => {
                    failed += 1;
                    out.broken.extend(verdicts.iter().map(|v| (v.kernel.clone(), v.variant.clone())));
                    out.broken_problems.insert(problem.to_owned());
                }
            }
            tested += 1;
            out.problems.insert(problem.to_owned());
        }
        if tested > 0 {
            let which = if failed > 0 { which(record, group, level) } else { String::new() };
            out.engines.push(OnEngine { name: group.name.clone(), failed, tested, which });
        }
    }
    out
}

/// Of a group, the engines on which a level failed. Where the level is about the group itself, those that differ from
/// the one they are compared with; that one is no more at fault than they are, and is named as the other side.
fn which(record: &Record, group: &Group, level: Level) -> String {
    if level != Level::ConfigInvariant {
        let failed = |id: &str| record.verdicts.iter().any(|v| v.engine == id && state(v, level) == LevelState::Failed);
        return group.which(failed);
    }
    let differing = || {
        let all = record.cases.iter().flat_map(|c| &c.comparisons);
        all.filter(|c| {
            c.axis == AxisLevel::Threads && !c.drift.is_none() && c.right.engine().is_some_and(|e| group.has(e))
        })
    };
    let right = group.which(|id| differing().any(|c| c.right.is_of(id)));
    let left = group.which(|id| differing().any(|c| c.left.is_of(id)));
    if left.is_empty() || right.is_empty() { right } else { format!("{right} against {left}") }
}

/// The verdict of a record.
pub(super) fn headline(
    record: &Record,
    groups: &[Group],
    findings: &[FindingRow],
    soundness: &Soundness,
    asked: Asked,
    first: Option<&First<'_>>,
) -> Headline {
    let over = |groups: &[Group]| -> BTreeMap<Level, Fared> {
        Level::ALL.iter().map(|l| (*l, fared(record, groups, *l))).collect()
    };
    // The interpreter is this program's, with or without planted modes: what it does is said, and is no verdict on a machine.
    let of = |what: fn(&Engine) -> bool| move |g: &&Group| g.members.iter().any(|(id, _)| is(record, id, what));
    let reference: Vec<Group> = groups.iter().filter(of(Engine::is_reference)).cloned().collect();
    let tested: Vec<Group> = groups.iter().filter(|g| !of(Engine::is_embedded)(g)).cloned().collect();
    let (all, tested, reference) = (over(groups), over(&tested), over(&reference));
    let outside = outside(record, groups);
    let (tone, title) = match first {
        Some(first) if !findings.iter().any(|f| f.defect) && record.engines.iter().any(Engine::is_driver) => {
            first.title(&outside)
        }
        _ => title(record, &tested, &reference, &outside, findings),
    };
    // What makes the record less than it seems comes first, and its verdict after.
    let unsound = soundness.title();
    let mut lead = lead(record, first.is_some());
    let (tone, title) = match (unsound, soundness.is_invalid()) {
        (None, _) => (tone, title),
        (Some(unsound), true) => (Tone::Bad, unsound),
        (Some(unsound), false) => {
            lead = format!("{title}. {lead}");
            (Tone::Bad, unsound)
        }
    };
    let reasons = soundness.reasons.iter().take(REASONS);
    let reasons = reasons.map(|r| make(reliability(r), "Reliability", format!("{}.", r.text))).collect();
    let mut statements = values(record);
    statements.push(repeatability(record, &all));
    for level in &Level::ALL[1..] {
        // Of the interpreter only what configurations do is asked here; see `self_check` too.
        let levels = if *level == Level::ConfigInvariant { &all } else { &tested };
        statements.extend(levels.get(level).map(|f| statement(record, *level, f)));
    }
    statements.extend(reference.get(&Level::CpuGpuBitwise).and_then(|f| self_check(record, f)));
    statements.push(specification(&outside, record));
    statements.extend(shaders(record, findings));
    statements.push(controls(record));
    let actions = actions(record, soundness, &outside, findings, asked);
    Headline { tone, title, lead, reasons, statements, actions, outside }
}

/// What is not proved of one engine alone is no fault of the audit.
fn reliability(reason: &Reason) -> Tone {
    if reason.fault.consequence() == Consequence::Unproved { Tone::Plain } else { Tone::Bad }
}

fn is(record: &Record, id: &str, what: fn(&Engine) -> bool) -> bool {
    record.engine(id).is_some_and(what)
}

pub(super) fn make(tone: Tone, title: &'static str, text: String) -> Statement {
    let mark = match tone {
        Tone::Good => Mark::Holds,
        Tone::Plain => Mark::Untested,
        Tone::Broke => Mark::Differs,
        Tone::Bad => Mark::Attention,
    };
    Statement { mark, title: title.to_owned(), text: text.into() }
}

/// What ran, on what. `brief`, in a line: without the number of comparisons.
fn lead(record: &Record, brief: bool) -> String {
    // An adapter with a variable set is no further adapter, and one that was asked for nothing but what it skips is none here.
    let worked = |e: &&Engine| {
        let mine = |x: &&Execution| x.engine == e.id;
        let mut all = record.cases.iter().flat_map(|c| &c.executions).filter(mine);
        e.status != EngineStatus::Complete || all.any(|x| !matches!(x.outcome, Outcome::Skipped { .. }))
    };
    let plain = |e: &&Engine| e.is_driver() && e.variables.is_empty();
    let plain: Vec<&Engine> = record.engines.iter().filter(plain).filter(worked).collect();
    let drivers = record.engines.iter().any(Engine::is_driver);
    let completed = plain.iter().filter(|e| e.status == EngineStatus::Complete).count();
    let kernels: BTreeSet<&str> = record.cases.iter().map(|c| c.kernel.as_str()).collect();
    let comparisons: usize = record.cases.iter().map(|c| c.comparisons.len()).sum();
    let finished = if completed == plain.len() { String::new() } else { format!(", {completed} of which finished") };
    let reference = record.engines.iter().any(Engine::is_reference);
    let planted = record.engines.iter().filter(|e| e.is_embedded() && !e.is_reference()).count();
    let mut on = Vec::new();
    let ran = |role: Role| {
        let of = |x: &&Execution| record.engine(&x.engine).is_some_and(|e| e.role() == role);
        let mut all = record.cases.iter().flat_map(|c| &c.executions).filter(of);
        all.any(|x| !matches!(x.outcome, Outcome::Skipped { .. }))
    };
    if plain.is_empty() && drivers && !reference && planted == 0 && ran(Role::Cpu) && !ran(Role::Remote) {
        on.push("the CPU alone".to_owned());
    } else if !plain.is_empty() || !reference && planted == 0 {
        let software =
            !plain.is_empty() && plain.iter().all(|e| e.adapter.as_ref().is_some_and(AdapterIdentity::is_software));
        let what = if software { "software adapter" } else { "adapter" };
        on.push(format!("{}{finished}", text::plural(plain.len(), what)));
    }
    if reference {
        on.push("the interpreter".to_owned());
    }
    if planted > 0 {
        on.push(format!("{} with planted modes", text::plural(planted, "interpreter")));
    }
    let compared = if brief { String::new() } else { format!("; {}", text::plural(comparisons, "comparison")) };
    format!(
        "{} of {} on {}{compared}.",
        text::plural(record.cases.len(), "case"),
        text::plural(kernels.len(), "kernel"),
        text::list(&on, 3),
    )
}

fn repeatability(record: &Record, levels: &BTreeMap<Level, Fared>) -> Statement {
    let Some(fared) = levels.get(&Level::RunToRun).filter(|f| !f.engines.is_empty()) else {
        return make(Tone::Plain, "Run to run", "Nothing was run more than once.".to_owned());
    };
    let mut statement = statement(record, Level::RunToRun, fared);
    let tested = |v: &&Verdict| state(v, Level::RunToRun) != LevelState::Untested;
    let drawn = |v: &&Verdict| !is(record, &v.engine, Engine::is_embedded);
    let least = record.verdicts.iter().filter(|v| state(v, Level::RunToRun) == LevelState::Held).filter(drawn);
    if let Some(runs) = least.map(|v| v.runs).min() {
        let bound = 3.0 / f64::from(runs.max(1));
        let runs = text::plural(runs as usize, "run");
        let so = if bound < 1.0 {
            format!("only that other results are rarer than {} (95 % confidence)", text::percent(bound))
        } else {
            "little: --repeats 10 or more would bound how often other results come".to_owned()
        };
        statement.text.0.push(Span::Plain(format!(" No difference in {runs} shows {so}.")));
    }
    let orders = record.verdicts.iter().filter(tested).filter(|v| is(record, &v.engine, Engine::takes_orders));
    if let Some(runs) = orders.map(|v| v.runs).min() {
        statement.text.0.push(Span::Plain(format!(
            " On the interpreter each run uses a legal order of execution, a different one if the shader allows several; {runs} \
             runs were made."
        )));
    }
    statement
}

fn statement(record: &Record, level: Level, fared: &Fared) -> Statement {
    let title = match level {
        Level::NotGuaranteed | Level::RunToRun => "Run to run",
        Level::ConfigInvariant => "Configurations",
        Level::DriverToDriver => "Driver to driver",
        Level::GpuToGpu => "Adapter to adapter",
        Level::CpuGpuBitwise => "Adapter against CPU",
    };
    let without = match fared.without.len() {
        0 => String::new(),
        n => format!(" A configuration gave no result in {}.", text::plural(n, "problem")),
    };
    if fared.engines.is_empty() && !without.is_empty() {
        return make(Tone::Bad, title, without.trim_start().to_owned());
    }
    if fared.engines.is_empty() {
        let why = match level {
            Level::DriverToDriver => "No case ran through two drivers or backends of one piece of hardware.",
            Level::GpuToGpu => "No case ran on two adapters of different hardware.",
            Level::CpuGpuBitwise => "No driver's result had a strict reference to compare with.",
            _ => "No test problem was run in two configurations.",
        };
        return make(Tone::Plain, title, format!("Not tested. {why}"));
    }
    let clean: Vec<String> = fared.engines.iter().filter(|e| e.failed == 0).map(|e| e.name.clone()).collect();
    if fared.broken.is_empty() {
        let text = format!(
            "{} {} on {}.{}",
            what(level),
            if fared.problems.len() == 1 {
                "in the one test problem".to_owned()
            } else {
                format!("in all {}", text::plural(fared.problems.len(), "test problem"))
            },
            text::list(&clean, 6),
            nan(record, level) + &left_out(record, level) + &without
        );
        return make(Tone::Good, title, text);
    }
    let broken: Vec<String> = fared
        .engines
        .iter()
        .filter(|e| e.failed > 0)
        .map(|e| {
            let which = if e.which.is_empty() { String::new() } else { format!(" ({})", e.which) };
            format!("{} of {} on {}{which}", e.failed, e.tested, e.name)
        })
        .collect();
    let mut text = format!("Differs in {}: {}.", text::list(&broken, 6), by_kernel(&fared.broken));
    if !clean.is_empty() {
        text.push_str(&format!(" No difference in the test problems on {}.", text::list(&clean, 6)));
    }
    text.push_str(&left_out(record, level));
    text.push_str(&without);
    make(Tone::Broke, title, text)
}

/// The problems that say nothing of a level where they do not repeat.
fn left_out(record: &Record, level: Level) -> String {
    // What has no order has no reference either: there nothing is left out.
    if level == Level::CpuGpuBitwise {
        return String::new();
    }
    let on = |v: &&Verdict| level == Level::ConfigInvariant || !is(record, &v.engine, Engine::is_embedded);
    let compared = |v: &Verdict| {
        let of = |c: &&CaseRecord| c.problem == v.problem;
        let mine = |c: &Comparison| c.axis.level() == level && (c.left.is_of(&v.engine) || c.right.is_of(&v.engine));
        record.cases.iter().filter(of).flat_map(|c| &c.comparisons).any(mine)
    };
    let unrepeated = |v: &&Verdict| {
        state(v, Level::RunToRun) == LevelState::Failed && state(v, level) == LevelState::Untested && compared(v)
    };
    let all: BTreeSet<&str> =
        record.verdicts.iter().filter(on).filter(unrepeated).map(|v| v.problem.as_str()).collect();
    match all.len() {
        0 => String::new(),
        n => format!(" Not counted where their own runs differ: {}.", text::plural(n, "test problem")),
    }
}

/// That NaN have other bits, which is no difference, where bits are said to be the same.
fn nan(record: &Record, level: Level) -> String {
    let of_driver = |c: &&Comparison| record.engine_of(&c.right).is_some_and(Engine::is_driver);
    let other = |case: &&CaseRecord| {
        let all = case.comparisons.iter().filter(|c| c.axis.level() == level).filter(of_driver);
        all.map(|c| c.drift.classes.nan_payload).sum::<u64>() > 0
    };
    match record.cases.iter().filter(other).count() {
        0 => String::new(),
        n => format!(
            " Not counted: the sign and payload of NaN, which WGSL leaves open, differ in {}.",
            text::plural(n, "case")
        ),
    }
}

/// Kernels and variants, most first; a kernel's variants are counted where there are many.
pub(super) fn by_kernel(broken: &BTreeSet<(String, String)>) -> String {
    let mut kernels: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    for (kernel, variant) in broken {
        kernels.entry(kernel).or_default().push(variant);
    }
    let mut kernels: Vec<_> = kernels.into_iter().collect();
    kernels.sort_by_key(|(_, variants)| std::cmp::Reverse(variants.len()));
    let named: Vec<String> = kernels
        .into_iter()
        .flat_map(|(kernel, variants)| {
            if variants.len() > 2 {
                vec![format!("{kernel} ({} variants)", variants.len())]
            } else {
                variants.iter().map(|v| format!("{kernel}/{v}")).collect()
            }
        })
        .collect();
    text::list(&named, 6)
}

fn what(level: Level) -> &'static str {
    match level {
        Level::NotGuaranteed | Level::RunToRun => "The same bits in every run,",
        Level::ConfigInvariant => "The same bits for every configuration and thread count,",
        Level::DriverToDriver => "The same bits from every driver,",
        Level::GpuToGpu => "The same bits on every adapter,",
        Level::CpuGpuBitwise => "The strict reference's bits,",
    }
}

/// Engines with a result outside the specification, and the cases.
fn outside(record: &Record, groups: &[Group]) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for case in &record.cases {
        for execution in case.executions.iter().filter(|x| x.status == Status::OutsideSpecification) {
            let engine = groups.iter().find(|g| g.has(&execution.engine)).map_or(&execution.engine, |g| &g.name);
            out.entry(engine.clone()).or_default().insert(case.id.clone());
        }
    }
    out
}

fn specification(outside: &BTreeMap<String, BTreeSet<String>>, record: &Record) -> Statement {
    if outside.is_empty() {
        // What the CPU's own threads compute is no WGSL.
        let wgsl = |x: &&Execution| is(record, &x.engine, |e| e.role().is_adapter());
        let results = || record.cases.iter().flat_map(|c| &c.executions).filter(wgsl);
        let judged = results().filter(|x| x.accuracy.is_some() && x.status != Status::Unjudged).count();
        if judged == 0 {
            return make(Tone::Plain, "Specification", "No result was judged against the specification.".to_owned());
        }
        let partly = |x: &&Execution| x.accuracy.as_ref().is_some_and(|a| a.unmeasured > 0);
        let rest = match results().filter(partly).count() {
            0 => String::new(),
            n => format!(" {} had too many different outputs to judge all of them.", text::plural(n, "result")),
        };
        let all = match judged {
            1 => "The one result judged is".to_owned(),
            n => format!("All {} judged are", text::plural(n, "result")),
        };
        let text = format!("{all} within what the WGSL specification allows.{rest}");
        return make(Tone::Good, "Specification", text);
    }
    let parts: Vec<String> =
        outside.iter().map(|(engine, cases)| format!("{} on {engine}", text::plural(cases.len(), "case"))).collect();
    make(
        Tone::Bad,
        "Specification",
        format!("The WGSL specification does not allow the results of {}.", text::list(&parts, 4)),
    )
}

/// That planted differences were caught. Where one was missed, that is said as the record's reliability.
fn controls(record: &Record) -> Statement {
    let total = record.controls.len();
    if total == 0 {
        return make(Tone::Bad, "Controls", "No difference was planted.".to_owned());
    }
    if record.controls.iter().any(|c| !c.caught) {
        let caught = record.controls.iter().filter(|c| c.caught).count();
        return make(
            Tone::Bad,
            "Controls",
            format!("{caught} of {total} differences planted to test this audit were caught."),
        );
    }
    make(Tone::Good, "Controls", format!("All {total} differences planted to test this audit were caught."))
}
