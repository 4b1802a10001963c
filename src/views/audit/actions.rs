//! What a reader can do next, with the command for it. What to advise and what tells most is the facts' answer; this puts it
//! into words.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::FindingRow;
use crate::facts::{self, Asked, Blame, MORE_RUNS, Soundness, Step};
use crate::record::{CaseRecord, Engine, EngineStatus, Record};
use crate::views::text;

/// Something to do next.
#[derive(Debug)]
pub(super) struct Action {
    pub(super) text: String,
    pub(super) command: String,
}

/// What to do, most urgent first. Never what was just done.
pub(super) fn actions(
    record: &Record,
    soundness: &Soundness,
    outside: &BTreeMap<String, BTreeSet<String>>,
    findings: &[FindingRow],
    asked: Asked,
) -> Vec<Action> {
    let step = facts::next(record, soundness, &record.verdicts, asked).map(|step| action(record, &step));
    if soundness.is_invalid() {
        // Whatever else it shows is not to be acted on.
        return step.into_iter().collect();
    }
    let mut out = Vec::new();
    for engine in &record.engines {
        if let EngineStatus::Failed { reason, case } = &engine.status {
            out.push(Action {
                text: format!("Find out why {} failed: {reason}.", engine.id),
                command: match (case, text::remote(&record.provenance.settings, engine)) {
                    (Some(case), _) => again(record, &engine.id, case, &[]),
                    (None, Some(command)) => command.to_owned(),
                    (None, None) => "repro-audit adapters".to_owned(),
                },
            });
        }
    }
    let derived = record.derived_cases();
    for (engine, cases) in outside {
        let case = cases.first().and_then(|id| record.cases.iter().chain(&derived).find(|c| c.id == *id));
        out.extend(case.map(|case| forbidden(record, engine, case)));
    }
    for finding in findings.iter().filter(|f| f.defect) {
        out.push(Action {
            text: format!("Fix {}.", finding.sentence().trim_end_matches('.')),
            command: finding.command.clone(),
        });
    }
    // Those of one kernel are asked about with one command.
    let mut advised: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut all = facts::advice(record, soundness, &record.verdicts);
    let order: Vec<String> = all.iter().map(|a| a.kernel.clone()).collect();
    all.sort_by_key(|a| std::cmp::Reverse(a.held.len()));
    for advice in all {
        advised.entry(advice.kernel.clone()).or_default().push(advice.text());
    }
    for kernel in order {
        let Some(texts) = advised.remove(&kernel) else { continue };
        let settings = &record.provenance.settings;
        let (question, more) = if settings.repeats < MORE_RUNS {
            (format!("in {MORE_RUNS} runs"), format!("--repeats {MORE_RUNS}"))
        } else {
            ("with other inputs".to_owned(), format!("--seed {}", settings.seed.wrapping_add(1)))
        };
        out.push(Action {
            text: format!("{}. To see whether that stays so {question}:", texts.join(". ")),
            command: format!("repro-audit gpu --kernel {} {more}", text::quoted(&kernel)),
        });
    }
    out.extend(step);
    let again =
        |a: &Action| asked == Asked::Case && a.command.starts_with("repro-audit case") && !a.command.contains(" --");
    out.retain(|a| !again(a));
    let mut seen = BTreeSet::new();
    out.retain(|a| seen.insert(a.command.clone()));
    out
}

/// A result that the specification forbids: show it again, and whom to tell.
fn forbidden(record: &Record, engine: &str, case: &CaseRecord) -> Action {
    let tell = match facts::blame(record, case, engine) {
        Blame::Driver => "Run it again, and report it to the driver's developers.".to_owned(),
        Blame::Translation { gap } => format!("The translation of WGSL is at fault, not the driver: {gap}."),
        Blame::TranslationOrDriver { other } => {
            format!(
                "{other} uses the same hardware and its result is allowed, so the fault is in the translation of WGSL or in the driver."
            )
        }
        Blame::Interpreter => "Run it again.".to_owned(),
    };
    Action {
        text: format!("The WGSL specification does not allow a result of {engine}. {tell}"),
        command: again(record, engine, &case.id, &[]),
    }
}

fn action(record: &Record, step: &Step) -> Action {
    let (text, command) = match step {
        Step::Discard => (
            "Do not use this record. Audit again; if the controls fail again, report it.".to_owned(),
            record
                .provenance
                .own
                .as_ref()
                .map_or_else(|| "repro-audit gpu --profile quick".to_owned(), text::own_command),
        ),
        Step::Adapters => (
            if record.engines.iter().any(Engine::is_driver) {
                "List the adapters and their drivers:".to_owned()
            } else {
                "No driver was audited. List the adapters that the system offers: a missing driver is the usual reason."
                    .to_owned()
            },
            "repro-audit adapters".to_owned(),
        ),
        Step::Case { case, engine, planted } if planted.is_empty() => {
            (format!("See what differs on {engine}:"), again(record, engine, case, &[]))
        }
        Step::Case { case, engine, planted } => (
            "Look for the cause: run interpreters that each use one freedom that drivers have; one may give the same bits.".to_owned(),
            again(record, engine, case, planted),
        ),
        Step::Kernel { kernel } => {
            ("Audit its other variants:".to_owned(), format!("repro-audit gpu --kernel {}", text::quoted(kernel)))
        }
        Step::AllKernels => (
            "Nothing differed in the kernels asked for. Audit all of them:".to_owned(),
            format!("repro-audit gpu --profile {}", record.provenance.settings.profile.name()),
        ),
        Step::Longer { profile } => (
            "Nothing differed in what was run. A longer audit has larger sizes and more launches:".to_owned(),
            format!("repro-audit gpu --profile {} --repeats 50", profile.name()),
        ),
        Step::MoreRuns { inputs } => {
            let seed = record.provenance.settings.seed.wrapping_add(1);
            let (what, seed) =
                if *inputs { ("other inputs and more", format!(" --seed {seed}")) } else { ("more", String::new()) };
            let command = record.provenance.own.as_ref().map(text::own_command).unwrap_or_default();
            (format!("Try {what} runs:"), format!("{command}{seed} --repeats {MORE_RUNS}"))
        }
    };
    Action { text, command }
}

/// The case of the other configuration, where it is the configuration that changes an engine's result most.
fn configured<'r>(record: &'r Record, engine: &str, case: &str) -> Option<&'r CaseRecord> {
    let case = record.cases.iter().find(|c| c.id == case)?;
    let worst = case
        .comparisons
        .iter()
        .filter(|c| c.right.is_of(engine) && !c.drift.is_none())
        .max_by_key(|c| facts::severity(case.dtype, &c.drift))?;
    facts::other_configuration(record, case, worst).map(|(other, _)| other)
}

/// The command that runs a case again, where an engine's planted defect is planted too, and these.
fn again(record: &Record, engine: &str, case: &str, more: &[String]) -> String {
    let other = configured(record, engine, case).map(|other| other.id.as_str());
    let cases: Vec<&str> = std::iter::once(case).chain(other).collect();
    let mut command = text::command_on(&record.provenance, record.engine(engine), &cases);
    more.iter().for_each(|mode| command.push_str(&format!(" --planted {}", text::quoted(mode))));
    command
}
