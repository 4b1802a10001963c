//! What a reader of a report can do next, with the command for it.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::findings::FindingRow;
use super::headline::state;
use super::matrix::KernelRows;
use crate::kernels::Profile;
use crate::record::{Engine, EngineStatus, Level, LevelState, Record, Verdict};
use crate::report::text;

/// Something to do next.
#[derive(Debug, Serialize)]
pub(in crate::report) struct Action {
    pub(in crate::report) text: String,
    pub(in crate::report) command: String,
}

/// What to do, most urgent first; never nothing.
pub(super) fn actions(
    record: &Record,
    kernels: &[KernelRows],
    outside: &BTreeMap<String, BTreeSet<String>>,
    findings: &[FindingRow],
) -> Vec<Action> {
    let mut out = Vec::new();
    if let Some(control) = record.controls.iter().find(|c| !c.caught) {
        out.push(Action {
            text: format!(
                "Do not use this record. The control “{}” on {} was missed ({}); audit again and report it.",
                control.name, control.engine, control.about
            ),
            command: whole(record),
        });
    }
    for engine in &record.engines {
        if let EngineStatus::Failed { reason, case } = &engine.status {
            out.push(Action {
                text: format!("Find out what stopped {}: {reason}.", engine.id),
                command: case
                    .as_deref()
                    .map_or_else(|| "repro-audit adapters".to_owned(), |c| text::command(record, c)),
            });
        }
    }
    for (engine, cases) in outside {
        if let Some(case) = cases.first() {
            let embedded = record.engine(engine).is_some_and(Engine::is_embedded);
            let report = if embedded { "" } else { ", and report it to its driver's authors" };
            out.push(Action {
                text: format!("Show the result that the specification forbids on {engine} again{report}."),
                command: again(record, engine, case),
            });
        }
    }
    for finding in findings.iter().filter(|f| f.defect) {
        out.push(Action {
            text: format!("Mend {}: {}.", finding.place(), finding.message.trim_end_matches('.')),
            command: finding.command.clone(),
        });
    }
    // A driver that does not repeat is worse news than a shader that could not.
    let unrepeatable = |reference: bool| {
        let on = |v: &&Verdict| record.engine(&v.engine).is_some_and(Engine::is_reference) == reference;
        record.verdicts.iter().filter(on).find(|v| state(v, Level::RunToRun) == LevelState::Failed)
    };
    if let Some(verdict) = unrepeatable(false).or_else(|| unrepeatable(true)) {
        let orders = record.engine(&verdict.engine).is_some_and(Engine::takes_orders);
        let runs = if orders { "orders of execution" } else { "runs" };
        out.push(Action {
            text: format!("See {runs} of {}/{} on {} disagree.", verdict.kernel, verdict.variant, verdict.engine),
            command: again(record, &verdict.engine, verdict.evidence.as_deref().unwrap_or(&verdict.problem)),
        });
    }
    if record.provenance.own.is_none() {
        out.extend(safer(record, kernels));
    }
    if !record.engines.iter().any(Engine::is_driver) {
        out.push(Action {
            text: "Nothing here speaks for a GPU. See which adapters the system offers; a missing driver is the usual reason.".to_owned(),
            command: "repro-audit adapters".to_owned(),
        });
    }
    let differing =
        record.cases.iter().flat_map(|c| c.comparisons.iter().map(move |d| (c, d))).find(|(_, d)| !d.drift.is_none());
    if let Some(own) = &record.provenance.own
        && out.is_empty()
    {
        out.push(Action {
            text: match differing {
                Some(_) => "Other inputs, and more runs, show how far the difference goes.".to_owned(),
                None => match findings.first() {
                    None => "Nothing differed. Other inputs and more runs say more.".to_owned(),
                    Some(f) => format!("See what was noticed of {}: {}.", f.place(), f.message.trim_end_matches('.')),
                },
            },
            command: format!(
                "{} --seed {} --repeats 50",
                text::own_command(own),
                record.provenance.settings.seed.wrapping_add(1)
            ),
        });
    }
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

/// The command that audits everything again.
fn whole(record: &Record) -> String {
    record.provenance.own.as_ref().map_or_else(|| "repro-audit gpu".to_owned(), text::own_command)
}

/// The command that runs a case again, where an engine's planted defect is planted too.
fn again(record: &Record, engine: &str, case: &str) -> String {
    let mut command = text::command(record, case);
    let planted = record.engine(engine).is_some_and(|e| e.is_embedded() && !e.is_reference());
    for mode in record.provenance.settings.planted.iter().filter(|_| planted) {
        command.push_str(&format!(" --planted {}", text::quoted(mode)));
    }
    command
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
