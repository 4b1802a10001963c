//! The verdict in one line.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::FindingRow;
use super::levels::Fared;
use crate::facts::{Emptiness, emptiness};
use crate::model::FindingKind;
use crate::record::{
    AxisLevel, CaseRecord, Engine, EngineKind, Execution, Level, LevelState, Outcome, Record, Role, Verdict,
};
use crate::views::document::Tone;
use crate::views::text;

/// The worst that was found. `levels` are of what is under test, `reference` of the strict interpreter.
pub(super) fn title(
    record: &Record,
    levels: &BTreeMap<Level, Fared>,
    reference: &BTreeMap<Level, Fared>,
    outside: &BTreeMap<String, BTreeSet<String>>,
    findings: &[FindingRow],
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
            .map(|f| format!("{} of {}", f.broken_problems.len(), text::plural(f.problems.len(), "test problem")))
            .unwrap_or_default()
    };
    let verb = |l: Level, of_one: &'static str, of_many: &'static str| {
        if levels.get(&l).is_some_and(|f| f.broken_problems.len() == 1) { of_one } else { of_many }
    };
    // Nothing is called repeatable that was not repeated.
    let repeated = levels.get(&Level::RunToRun).is_some_and(|f| !f.engines.is_empty());
    let begin = |so: &'static str, else_so: &'static str| if repeated { so } else { else_so };
    if !outside.is_empty() {
        let names: Vec<String> = outside.keys().cloned().collect();
        return (Tone::Bad, format!("Results outside the WGSL specification on {}", text::list(&names, 3)));
    }
    if let Some(race) = findings.iter().find(|f| f.defect) {
        // What a stray load gives may be thrown away; that it is another element's value is all that is known.
        let so = if race.kind == FindingKind::OutOfBounds.name() {
            "adapters may read or write something else there"
        } else {
            "what it computes is undefined"
        };
        return (Tone::Bad, format!("{} in {}: {so}", race.title, race.variant));
    }
    if let Some(found) = super::values::title(record) {
        return found;
    }
    // A kernel of one's own is what is under test, and no driver is at fault for the order that it takes.
    let own = |found: &&FindingRow| record.provenance.own.is_some() && found.of != FindingKind::OneValue;
    if let Some(found) = findings.iter().find(own).filter(|found| found.of != FindingKind::LongLoop) {
        let place = found.place();
        let text = match found.of {
            FindingKind::SubgroupSize => {
                format!(
                    "{place} depends on the size of a subgroup: adapters may differ in that, and are not at fault for it"
                )
            }
            FindingKind::ForwardProgress => {
                format!("{place} relies on progress between workgroups, which WGSL does not promise: it may never end")
            }
            FindingKind::Overflow | FindingKind::NanArises => {
                format!("{place}: results are not finite on strict arithmetic either")
            }
            _ if broken(Level::RunToRun) => {
                format!("{place} depends on the order of execution: not repeatable on {}", engines(Level::RunToRun))
            }
            _ => format!(
                "{place} depends on the order of execution: runs and adapters may differ in what follows from it"
            ),
        };
        return (Tone::Broke, text);
    }
    if record.verdicts.is_empty() {
        return (Tone::Bad, "Nothing was audited".to_owned());
    }
    // Before what the CPU's own threads did: an unordered loader changes from run to run on every machine.
    if !record.engines.iter().any(|e| e.kind == EngineKind::Adapter && !e.is_embedded()) {
        let planted = |v: &&Verdict| record.engine(&v.engine).is_some_and(|e| e.role() == Role::Planted);
        let all: BTreeSet<&str> = record.verdicts.iter().filter(planted).map(|v| v.problem.as_str()).collect();
        if !all.is_empty() {
            // In another order or configuration results differ without any defect.
            let shows = [Level::DriverToDriver, Level::CpuGpuBitwise];
            let differs = |v: &&Verdict| {
                v.levels.iter().any(|(level, state)| shows.contains(level) && *state == LevelState::Failed)
            };
            let shown = record.verdicts.iter().filter(planted).filter(differs).map(|v| v.problem.as_str());
            let (shown, all) = (shown.collect::<BTreeSet<_>>().len(), text::plural(all.len(), "test problem"));
            return (
                Tone::Plain,
                format!("No driver was audited: what was planted in the interpreter shows in {shown} of {all}"),
            );
        }
        let orders = reference.get(&Level::RunToRun).filter(|f| !f.problems.is_empty());
        let rest = match orders {
            None => "only the CPU's own threads were tested".to_owned(),
            Some(f) if f.broken.is_empty() => "in the interpreter nothing depends on the order of execution".to_owned(),
            Some(f) => format!(
                "in the interpreter {} of {} {} on the order of execution",
                f.broken_problems.len(),
                text::plural(f.problems.len(), "test problem"),
                if f.broken_problems.len() == 1 { "depends" } else { "depend" }
            ),
        };
        return (Tone::Plain, format!("No driver was audited: {rest}"));
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
    let what = configuration(record);
    let without = levels.get(&Level::ConfigInvariant).map_or(0, |f| f.without.len());
    if without > 0 && (!broken(Level::ConfigInvariant) || what.is_empty()) {
        return (Tone::Bad, format!("A configuration gave no result, in {}", text::plural(without, "problem")));
    }
    if broken(Level::ConfigInvariant) {
        return (
            Tone::Broke,
            format!(
                "{}{} changes the bits of {}",
                begin("Repeatable, but t", "T"),
                what,
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
                "{}ot strict CPU arithmetic: {} {}",
                begin("Repeatable, but n", "N"),
                share(Level::CpuGpuBitwise),
                verb(Level::CpuGpuBitwise, "differs", "differ")
            ),
        );
    }
    if !crate::facts::soundness(record).is_sound() {
        let under_test = |e: &&Engine| e.role().is_under_test();
        let ran = |e: &Engine| {
            let on = |x: &Execution| x.engine == e.id && matches!(x.outcome, Outcome::Ran { .. });
            record.cases.iter().flat_map(|c| &c.executions).any(on)
        };
        let finished = if record.engines.iter().filter(under_test).any(ran) {
            "What finished on engines under test agrees bit for bit, but the audit is incomplete"
        } else {
            "Nothing finished on an engine under test: the audit is incomplete"
        };
        return (Tone::Bad, finished.to_owned());
    }
    if let Some(found) = findings.iter().find(|_| record.provenance.own.is_some()) {
        let place = found.place();
        let text = match found.of {
            FindingKind::LongLoop => format!("{place} has more iterations of loops than an adapter here carries out"),
            _ => format!("All results of {place} are one value on strict arithmetic"),
        };
        return (Tone::Broke, text);
    }
    let one = |case: &&CaseRecord| emptiness(case).iter().any(|e| matches!(e, Emptiness::OneValue { .. }));
    if let Some(case) = record.cases.iter().filter(|_| record.provenance.own.is_some()).find(one) {
        let id = &case.id;
        return (Tone::Broke, format!("All results of {id} are one value: that engines agree in them shows little"));
    }
    let idle = |case: &CaseRecord| case.examination.insensitive;
    if !record.cases.is_empty() && record.cases.iter().all(idle) {
        return (
            Tone::Broke,
            "Equal; but none of the freedoms that the interpreter tried changes these bits, so this shows little"
                .to_owned(),
        );
    }
    (Tone::Good, "Bit for bit the same, wherever it was tested".to_owned())
}

/// What a configuration is that changed bits, without its first letter: of adapters the launch, of the CPU's threads their
/// number, and variables that were varied. Nothing where one gave no result.
fn configuration(record: &Record) -> String {
    let all = record.cases.iter().flat_map(|c| &c.comparisons).filter(|c| !c.drift.is_none());
    let found: BTreeSet<&str> = all
        .filter_map(|c| match (c.axis, record.engine_of(&c.right)?.role()) {
            (_, Role::Reference | Role::Planted) => None,
            (AxisLevel::Config, _) => Some("he launch configuration"),
            (AxisLevel::Threads, Role::Cpu) => Some("he number of CPU threads"),
            (AxisLevel::Threads, _) => Some("he value of a variable"),
            _ => None,
        })
        .collect();
    found.into_iter().collect::<Vec<_>>().join(" or t")
}
