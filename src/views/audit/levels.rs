//! What each level shows: on which engines it held, and in what it did not.

use std::collections::{BTreeMap, BTreeSet};

use super::groups::Group;
use super::headline::{by_kernel, is, make};
use super::matrix;
use crate::facts::{gave_nothing, state, training};
use crate::record::{AxisLevel, CaseRecord, Comparison, Engine, Level, LevelState, Record, Verdict};
use crate::views::document::{Span, Statement, Tone};
use crate::views::text;

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

pub(super) fn fared(record: &Record, groups: &[Group], level: Level) -> Fared {
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

pub(super) fn repeatability(record: &Record, levels: &BTreeMap<Level, Fared>) -> Statement {
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
            format!("nothing of results that come in fewer than {} of runs (95 % confidence)", text::percent(bound))
        } else {
            "little: --repeats 10 or more would bound how often other results come".to_owned()
        };
        statement.text.0.push(Span::Plain(format!(" No difference in {runs} shows {so}.")));
    }
    let orders = record.verdicts.iter().filter(tested).filter(|v| is(record, &v.engine, Engine::takes_orders));
    if let Some(runs) = orders.map(|v| v.runs).min() {
        statement.text.0.push(Span::Plain(format!(
            " On the interpreter each run uses a legal order of execution, a different one if the shader allows several; at \
             least {runs} were made."
        )));
    }
    statement
}

pub(super) fn statement(record: &Record, level: Level, fared: &Fared) -> Statement {
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
            what(record, level),
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

fn what(record: &Record, level: Level) -> &'static str {
    let launched = || record.cases.iter().flat_map(|c| &c.comparisons).any(|c| c.axis == AxisLevel::Config);
    match level {
        Level::NotGuaranteed | Level::RunToRun => "The same bits in every run,",
        Level::ConfigInvariant => match (launched(), training::threads_or_variables(record).0) {
            (true, true) => "The same bits for every configuration and thread count,",
            (false, true) => "The same bits for every thread count,",
            (_, false) => "The same bits for every configuration,",
        },
        Level::DriverToDriver => "The same bits from every driver,",
        Level::GpuToGpu => "The same bits on every adapter,",
        Level::CpuGpuBitwise => "The strict reference's bits,",
    }
}
