//! The verdict in a few sentences: what held, what did not, on which engine, and what to do.

use std::collections::{BTreeMap, BTreeSet};

use super::actions::{Action, actions};
use super::findings::FindingRow;
use super::first::First;
use super::groups::Group;
use super::interpreter::{self_check, shaders};
use super::levels::{Fared, fared, repeatability, statement};
use super::title::title;
use super::values::values;
use crate::facts::{Asked, Consequence, Reason, Soundness};
use crate::model::AdapterIdentity;
use crate::record::{Engine, EngineStatus, Execution, Level, Outcome, Record, Role, Status};
use crate::views::document::{Mark, Statement, Tone};
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

pub(super) fn is(record: &Record, id: &str, what: fn(&Engine) -> bool) -> bool {
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
    let finished = match completed {
        n if n == plain.len() => String::new(),
        0 => " (not finished)".to_owned(),
        n => format!(" ({n} finished)"),
    };
    let reference = record.engines.iter().any(Engine::is_reference);
    let planted = record.engines.iter().filter(|e| e.is_embedded() && !e.is_reference()).count();
    let mut on = Vec::new();
    let ran = |role: Role| {
        let of = |x: &&Execution| record.engine(&x.engine).is_some_and(|e| e.role() == role);
        let mut all = record.cases.iter().flat_map(|c| &c.executions).filter(of);
        all.any(|x| !matches!(x.outcome, Outcome::Skipped { .. }))
    };
    let interpreted = reference && ran(Role::Reference);
    if plain.is_empty() && drivers && !interpreted && planted == 0 && ran(Role::Cpu) && !ran(Role::Remote) {
        on.push("the CPU alone".to_owned());
    } else if !plain.is_empty() || !reference && planted == 0 {
        let software =
            !plain.is_empty() && plain.iter().all(|e| e.adapter.as_ref().is_some_and(AdapterIdentity::is_software));
        let what = if software { "software adapter" } else { "adapter" };
        on.push(format!("{}{finished}", text::plural(plain.len(), what)));
    }
    if interpreted {
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

/// Engines with a result outside the specification, and the cases, those of sweeps included.
fn outside(record: &Record, groups: &[Group]) -> BTreeMap<String, BTreeSet<String>> {
    let mut out: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let derived = record.derived_cases();
    for case in record.cases.iter().chain(&derived) {
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
