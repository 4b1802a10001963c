//! The verdict in a few sentences: what held, what did not, on which engine, and what to do.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::groups::Group;
use super::matrix::{self, KernelRows};
use crate::kernels::Profile;
use crate::record::{AxisLevel, Engine, EngineKind, EngineStatus, Level, LevelState, Outcome, Record, Status, Verdict};
use crate::report::text;

/// How a sentence is to be taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(in crate::report) enum Tone {
    /// It held wherever it was tested.
    Held,
    /// Nothing tested it.
    Untested,
    /// It did not hold, and the specification allows that.
    Broke,
    /// Outside the specification, failed, or invalid.
    Bad,
}

/// The verdict.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Headline {
    pub(in crate::report) tone: Tone,
    pub(in crate::report) title: String,
    pub(in crate::report) lead: String,
    pub(in crate::report) statements: Vec<Statement>,
    pub(in crate::report) actions: Vec<Action>,
}

/// One thing that held or did not.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Statement {
    pub(in crate::report) tone: Tone,
    pub(in crate::report) glyph: &'static str,
    pub(in crate::report) word: &'static str,
    pub(in crate::report) title: &'static str,
    pub(in crate::report) text: String,
}

/// Something to do next.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Action {
    pub(in crate::report) text: String,
    pub(in crate::report) command: String,
}

/// A level on one engine, or on several that differ by a varied variable alone.
struct OnEngine {
    name: String,
    failed: usize,
    tested: usize,
    /// Of several engines, those on which it failed.
    which: String,
}

/// How a level fared over all engines.
#[derive(Default)]
struct Fared {
    /// The engines on which it was tested.
    engines: Vec<OnEngine>,
    /// Kernel and variant of those that failed.
    broken: BTreeSet<(String, String)>,
    problems: BTreeSet<String>,
    broken_problems: BTreeSet<String>,
}

fn fared(record: &Record, groups: &[Group], level: Level) -> Fared {
    let mut out = Fared::default();
    for group in groups {
        let (mut failed, mut tested) = (0, 0);
        for (problem, verdicts) in matrix::problems(record, group) {
            match matrix::fared(&verdicts, level) {
                LevelState::Untested => continue,
                LevelState::Held => {}
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
        all.filter(|c| c.axis == AxisLevel::Threads && !c.drift.is_none() && group.has(&c.right))
    };
    let right = group.which(|id| differing().any(|c| c.right == id));
    let left = group.which(|id| differing().any(|c| c.left == id));
    if left.is_empty() || right.is_empty() { right } else { format!("{right} against {left}") }
}

fn state(verdict: &Verdict, level: Level) -> LevelState {
    verdict.levels.iter().find(|(l, _)| *l == level).map_or(LevelState::Untested, |(_, s)| *s)
}

/// The verdict of a record.
pub(super) fn headline(record: &Record, groups: &[Group], kernels: &[KernelRows]) -> Headline {
    let levels: BTreeMap<Level, Fared> = text::LEVELS.iter().map(|l| (*l, fared(record, groups, *l))).collect();
    // An adapter with a variable set is no further adapter.
    let plain = |e: &&Engine| e.kind == EngineKind::Adapter && e.variables.is_empty();
    let adapters = record.engines.iter().filter(plain).count();
    let missed = record.controls.iter().filter(|c| !c.caught).count();
    let outside = outside(record, groups);
    let failed = failed(record);
    let (tone, title) = title(record, &levels, &outside, missed, adapters);
    let mut statements = vec![repeatability(record, &levels)];
    statements.extend(text::LEVELS[1..].iter().filter_map(|l| levels.get(l).map(|f| statement(*l, f))));
    statements.push(specification(&outside, record));
    if let Some(text) = &failed {
        statements.push(make(Tone::Bad, "Completeness", format!("Incomplete: {text}.")));
    }
    statements.push(controls(record, missed));
    Headline { tone, title, lead: lead(record, adapters), statements, actions: actions(record, kernels, &outside) }
}

fn make(tone: Tone, title: &'static str, text: String) -> Statement {
    let (glyph, word) = match tone {
        Tone::Held => ("✓", "held"),
        Tone::Untested => ("–", "untested"),
        Tone::Broke => ("≠", "did not hold"),
        Tone::Bad => ("✗", "attention"),
    };
    Statement { tone, glyph, word, title, text }
}

fn title(
    record: &Record,
    levels: &BTreeMap<Level, Fared>,
    outside: &BTreeMap<String, BTreeSet<String>>,
    missed: usize,
    adapters: usize,
) -> (Tone, String) {
    let broken = |l: Level| levels.get(&l).is_some_and(|f| !f.broken.is_empty());
    let engines = |l: Level| {
        let found: Vec<String> = levels
            .get(&l)
            .map(|f| f.engines.iter().filter(|e| e.failed > 0).map(|e| e.name.clone()).collect())
            .unwrap_or_default();
        text::list(&found, 3)
    };
    let share = |l: Level| {
        levels
            .get(&l)
            .map(|f| format!("{} of {}", f.broken_problems.len(), text::plural(f.problems.len(), "problem")))
            .unwrap_or_default()
    };
    // Nothing is called repeatable that was not repeated.
    let repeated = levels.get(&Level::RunToRun).is_some_and(|f| !f.engines.is_empty());
    let begin = |so: &'static str, else_so: &'static str| if repeated { so } else { else_so };
    if missed > 0 {
        return (Tone::Bad, "This audit is invalid: a planted difference went unseen".to_owned());
    }
    if !outside.is_empty() {
        let names: Vec<String> = outside.keys().cloned().collect();
        return (Tone::Bad, format!("Results outside the specification on {}", text::list(&names, 3)));
    }
    if broken(Level::RunToRun) {
        return (
            Tone::Broke,
            format!(
                "Not repeatable on {}: {} changed from run to run",
                engines(Level::RunToRun),
                share(Level::RunToRun)
            ),
        );
    }
    if record.verdicts.is_empty() {
        return (Tone::Bad, "Nothing was audited".to_owned());
    }
    if adapters == 0 {
        return (Tone::Untested, "No adapter was audited: only the CPU's own threads were tested".to_owned());
    }
    if broken(Level::ConfigInvariant) {
        return (
            Tone::Broke,
            format!(
                "{}he launch configuration changes the bits of {}",
                begin("Repeatable, but t", "T"),
                share(Level::ConfigInvariant)
            ),
        );
    }
    if broken(Level::DriverToDriver) || broken(Level::GpuToGpu) {
        let level = if broken(Level::GpuToGpu) { Level::GpuToGpu } else { Level::DriverToDriver };
        return (
            Tone::Broke,
            format!("{}dapters disagree on {}", begin("Repeatable on each adapter, but a", "A"), share(level)),
        );
    }
    if broken(Level::CpuGpuBitwise) {
        return (
            Tone::Broke,
            format!(
                "{}ot strict CPU arithmetic: {} differ",
                begin("Repeatable, but n", "N"),
                share(Level::CpuGpuBitwise)
            ),
        );
    }
    if !record.is_complete() {
        return (Tone::Bad, "What finished agrees bit for bit, but the audit is incomplete".to_owned());
    }
    (Tone::Held, "Bit for bit the same, wherever it was tested".to_owned())
}

fn lead(record: &Record, adapters: usize) -> String {
    let plain = record.engines.iter().filter(|e| e.kind == EngineKind::Adapter && e.variables.is_empty());
    let completed = plain.filter(|e| e.status == EngineStatus::Complete).count();
    let problems: BTreeSet<&str> = record.verdicts.iter().map(|v| v.problem.as_str()).collect();
    let kernels: BTreeSet<&str> = record.cases.iter().map(|c| c.kernel.as_str()).collect();
    let comparisons: usize = record.cases.iter().map(|c| c.comparisons.len()).sum();
    let finished = if completed == adapters { String::new() } else { format!(", {completed} of which finished") };
    format!(
        "{} of {} ({}) on {}{finished}; {} of output bits.",
        text::plural(record.cases.len(), "case"),
        text::plural(kernels.len(), "kernel"),
        text::plural(problems.len(), "problem"),
        text::plural(adapters, "adapter"),
        text::plural(comparisons, "comparison"),
    )
}

fn repeatability(record: &Record, levels: &BTreeMap<Level, Fared>) -> Statement {
    let Some(fared) = levels.get(&Level::RunToRun).filter(|f| !f.engines.is_empty()) else {
        return make(Tone::Untested, "Run to run", "Nothing was run more than once.".to_owned());
    };
    let mut statement = statement(Level::RunToRun, fared);
    let least = record.verdicts.iter().filter(|v| state(v, Level::RunToRun) == LevelState::Held).map(|v| v.runs).min();
    if let Some(runs) = least {
        let bound = (3.0 / f64::from(runs.max(1))).min(1.0);
        statement.text.push_str(&format!(
            " No difference in {} shows only that other results are rarer than {} (95 % confidence).",
            text::plural(runs as usize, "run"),
            text::percent(bound)
        ));
    }
    statement
}

fn statement(level: Level, fared: &Fared) -> Statement {
    let title = match level {
        Level::NotGuaranteed | Level::RunToRun => "Run to run",
        Level::ConfigInvariant => "Configurations",
        Level::DriverToDriver => "Driver to driver",
        Level::GpuToGpu => "Adapter to adapter",
        Level::CpuGpuBitwise => "Adapter against CPU",
    };
    if fared.engines.is_empty() {
        let why = match level {
            Level::DriverToDriver => "No hardware here was reached by two drivers or backends.",
            Level::GpuToGpu => "There were no two adapters of different hardware.",
            Level::CpuGpuBitwise => "No adapter's result had a strict CPU twin to equal.",
            _ => "No problem was run in two configurations.",
        };
        return make(Tone::Untested, title, format!("Not tested. {why}"));
    }
    let clean: Vec<String> = fared.engines.iter().filter(|e| e.failed == 0).map(|e| e.name.clone()).collect();
    if fared.broken.is_empty() {
        let text = format!(
            "{} {} on {}.",
            what(level),
            if fared.problems.len() == 1 {
                "in the one problem tested".to_owned()
            } else {
                format!("in all {} tested", text::plural(fared.problems.len(), "problem"))
            },
            text::list(&clean, 6)
        );
        return make(Tone::Held, title, text);
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
        text.push_str(&format!(" Held in all problems tested on {}.", text::list(&clean, 6)));
    }
    make(Tone::Broke, title, text)
}

/// Kernels and variants, most first; a kernel's variants are counted where there are many.
fn by_kernel(broken: &BTreeSet<(String, String)>) -> String {
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
        Level::CpuGpuBitwise => "The strict CPU twin's bits,",
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
        let judged = record.cases.iter().flat_map(|c| &c.executions).filter(|x| x.accuracy.is_some()).count();
        if judged == 0 {
            return make(Tone::Untested, "Specification", "No result was judged against the specification.".to_owned());
        }
        let text = format!(
            "All {} judged are within what the WGSL specification allows; what differs, differs by permission.",
            text::plural(judged, "result")
        );
        return make(Tone::Held, "Specification", text);
    }
    let parts: Vec<String> =
        outside.iter().map(|(engine, cases)| format!("{} on {engine}", text::plural(cases.len(), "case"))).collect();
    make(
        Tone::Bad,
        "Specification",
        format!("The WGSL specification does not allow the results of {}.", text::list(&parts, 4)),
    )
}

fn failed(record: &Record) -> Option<String> {
    let engines: Vec<String> =
        record.engines.iter().filter(|e| e.status != EngineStatus::Complete).map(|e| e.id.clone()).collect();
    let executions =
        record.cases.iter().flat_map(|c| &c.executions).filter(|x| matches!(x.outcome, Outcome::Failed { .. })).count();
    let mut parts = Vec::new();
    if !engines.is_empty() {
        parts.push(format!("{} did not finish", text::list(&engines, 4)));
    }
    if executions > 0 {
        parts.push(format!("{} failed", text::plural(executions, "execution")));
    }
    (!parts.is_empty()).then(|| parts.join("; "))
}

fn controls(record: &Record, missed: usize) -> Statement {
    let total = record.controls.len();
    if total == 0 {
        let text = "No difference was planted, so nothing shows that one would have been seen.".to_owned();
        return make(Tone::Untested, "Controls", text);
    }
    if missed > 0 {
        let text = format!("{missed} of {total} planted differences went unseen. Do not rely on this record.");
        return make(Tone::Bad, "Controls", text);
    }
    make(Tone::Held, "Controls", format!("All {total} planted differences were caught."))
}

fn actions(record: &Record, kernels: &[KernelRows], outside: &BTreeMap<String, BTreeSet<String>>) -> Vec<Action> {
    let mut out = Vec::new();
    if let Some(control) = record.controls.iter().find(|c| !c.caught) {
        out.push(Action {
            text: format!(
                "Do not use this record. The control “{}” on {} was missed ({}); audit again and report it.",
                control.name, control.engine, control.about
            ),
            command: "repro-audit gpu".to_owned(),
        });
    }
    for engine in &record.engines {
        if let EngineStatus::Failed { reason, case } = &engine.status {
            out.push(Action {
                text: format!("Find out what stopped {}: {reason}.", engine.id),
                command: case.as_deref().map_or_else(|| "repro-audit adapters".to_owned(), text::command),
            });
        }
    }
    for (engine, cases) in outside {
        if let Some(case) = cases.first() {
            out.push(Action {
                text: format!("Show the result that the specification forbids on {engine} again, and report it to its driver's authors."),
                command: text::command(case),
            });
        }
    }
    let unrepeatable = record.verdicts.iter().find(|v| state(v, Level::RunToRun) == LevelState::Failed);
    if let Some(verdict) = unrepeatable {
        out.push(Action {
            text: format!("See runs of {}/{} on {} disagree.", verdict.kernel, verdict.variant, verdict.engine),
            command: text::command(verdict.evidence.as_deref().unwrap_or(&verdict.problem)),
        });
    }
    out.extend(safer(record, kernels));
    if !record.engines.iter().any(|e| e.kind == EngineKind::Adapter) {
        out.push(Action {
            text: "Nothing here speaks for a GPU. See which adapters the system offers; a missing driver is the usual reason.".to_owned(),
            command: "repro-audit adapters".to_owned(),
        });
    }
    let differing =
        record.cases.iter().flat_map(|c| c.comparisons.iter().map(move |d| (c, d))).find(|(_, d)| !d.drift.is_none());
    if let Some((case, _)) = differing.filter(|_| out.is_empty()) {
        out.push(Action {
            text: format!(
                "What differs here is allowed, and no variant of {} that was tested agreed everywhere. Its other variants:",
                case.kernel
            ),
            command: format!("repro-audit gpu --kernel {}", case.kernel),
        });
    }
    if out.is_empty() {
        let longer = match record.provenance.settings.profile {
            Profile::Quick => "standard",
            Profile::Standard | Profile::Deep => "deep",
        };
        out.push(Action {
            text: "Nothing differed in this profile. A longer audit has larger sizes and more configurations."
                .to_owned(),
            command: format!("repro-audit gpu --profile {longer} --repeats 50"),
        });
    }
    out
}

/// For a kernel some of whose variants broke a level, those of its variants that broke none that was tested.
fn safer(record: &Record, kernels: &[KernelRows]) -> Option<Action> {
    let broke = |kernel: &str, variant: &str| {
        record
            .verdicts
            .iter()
            .filter(|v| v.kernel == kernel && v.variant == variant)
            .flat_map(|v| &v.levels)
            .any(|(level, state)| *level <= Level::GpuToGpu && *state == LevelState::Failed)
    };
    let tested_across = |kernel: &str, variant: &str| {
        record.verdicts.iter().any(|v| {
            v.kernel == kernel
                && v.variant == variant
                && [Level::DriverToDriver, Level::GpuToGpu].iter().any(|l| state(v, *l) == LevelState::Held)
        })
    };
    let advice: Vec<(String, String)> = kernels
        .iter()
        .filter(|k| k.rows.iter().any(|r| broke(&k.kernel, &r.variant)))
        .filter_map(|k| {
            let safe: Vec<String> = k
                .rows
                .iter()
                .filter(|r| !broke(&k.kernel, &r.variant) && tested_across(&k.kernel, &r.variant))
                .map(|r| r.variant.clone())
                .collect();
            (!safe.is_empty()).then(|| (k.kernel.clone(), text::list(&safe, 3)))
        })
        .collect();
    let (first, _) = advice.first()?;
    let parts: Vec<String> = advice.iter().map(|(k, v)| format!("{k}: {v}")).collect();
    Some(Action {
        text: format!(
            "Where bits must agree across these adapters and configurations, choose variants that agreed in every test here — {}.",
            parts.join("; ")
        ),
        command: format!("repro-audit gpu --kernel {}", text::quoted(first)),
    })
}
