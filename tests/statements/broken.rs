//! Records that cannot be relied on, each for one reason: a table to run every verb, view and format over.

use std::process::Output;

use repro_audit::facts::{Fault, status_of, verdicts};
use repro_audit::record::{self, Distinct, EngineKind, EngineStatus, Level, LevelState, Outcome, Record, Status};
use repro_audit::record::{AxisLevel, FormatVersion, UNFINISHED, Verdict, content_id};

use crate::common::{program, run};

/// A record with which nothing is wrong: one sum on the interpreter.
pub(crate) fn sound() -> Record {
    let arguments = ["case", "sum/serial_tree?n=64&wg=32", "--adapter", "embedded:0", "--format", "json"];
    let output: Output = run(&mut program(&arguments));
    record::parse("stdout", &output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"))
}

/// The record after a change, with the id that it then has, and without the outputs that no result of it has any more.
pub(crate) fn changed(sound: &Record, change: impl FnOnce(&mut Record)) -> Record {
    let mut record = sound.clone();
    change(&mut record);
    let all = std::mem::take(&mut record.outputs);
    for outcome in record.cases.iter().flat_map(|c| &c.executions).map(|x| &x.outcome) {
        let Outcome::Ran { distinct, .. } = outcome else { continue };
        if let Some((digest, stored)) = distinct.first().and_then(|d| Some((&d.digest, all.get(&d.digest)?))) {
            record.outputs.add(digest.clone(), stored.clone());
        }
    }
    record.id = content_id(&record).expect("a record is JSON");
    record
}

/// What is wrong, the record, and the fault that must be found.
pub(crate) fn records(sound: &Record) -> Vec<(&'static str, Record, Fault)> {
    vec![
        (
            "a missed control",
            changed(sound, |r| r.controls.iter_mut().for_each(|c| c.caught = c.engine == "cpu")),
            Fault::ControlMissed,
        ),
        ("no controls", changed(sound, |r| r.controls.clear()), Fault::NoControls),
        (
            "no control on an engine that ran",
            changed(sound, |r| r.controls.retain(|c| c.engine == "cpu")),
            Fault::NotControlled,
        ),
        (
            "a failed engine",
            changed(sound, |r| {
                for engine in &mut r.engines {
                    engine.status = EngineStatus::Failed { reason: "it crashed".to_owned(), case: None };
                }
            }),
            Fault::EngineFailed,
        ),
        (
            "a failed case",
            changed(sound, |r| {
                for execution in r.cases.iter_mut().flat_map(|c| &mut c.executions) {
                    execution.outcome = Outcome::Failed { reason: "it crashed".to_owned() };
                    execution.status = Status::Failed;
                }
                r.verdicts = verdicts(r);
            }),
            Fault::CaseFailed,
        ),
        ("an unfinished audit", changed(sound, |r| r.notes.push(UNFINISHED.to_owned())), Fault::Unfinished),
        (
            "a status that contradicts its result",
            changed(sound, |r| {
                for execution in r.cases.iter_mut().flat_map(|c| &mut c.executions) {
                    execution.status = Status::NotRepeatable;
                }
            }),
            Fault::Contradiction,
        ),
        (
            "a verdict of a status that no row has",
            changed(sound, |r| r.verdicts.iter_mut().for_each(|v| v.status = Status::NotRepeatable)),
            Fault::Contradiction,
        ),
        (
            "a verdict of a better status than its rows",
            changed(sound, |r| {
                for execution in r.cases.iter_mut().flat_map(|c| &mut c.executions) {
                    if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
                        distinct.push(Distinct { digest: "0e".repeat(16), runs: 1, bits: None });
                    }
                    execution.status = Status::NotRepeatable;
                }
            }),
            Fault::Contradiction,
        ),
        (
            "a level that no result breaks, stated as failed",
            changed(sound, |r| r.verdicts.iter_mut().for_each(|v| v.levels[0] = (Level::RunToRun, LevelState::Failed))),
            Fault::Contradiction,
        ),
        (
            "a verdict on an engine that ran nothing",
            changed(sound, |r| {
                let cpu = r.engines.iter().find(|e| e.kind == EngineKind::Cpu).expect("the CPU").id.clone();
                let verdict = Verdict { engine: cpu, ..r.verdicts[0].clone() };
                r.verdicts.push(verdict);
            }),
            Fault::Contradiction,
        ),
        (
            "a comparison that states a difference of equal results",
            changed(sound, |r| {
                let against = r.cases.iter_mut().flat_map(|c| &mut c.comparisons).find(|c| c.axis == AxisLevel::Engine);
                let drift = &mut against.expect("a comparison with the reference").drift;
                (drift.differing, drift.classes.finite) = (1, 1);
                r.verdicts = verdicts(r);
            }),
            Fault::Contradiction,
        ),
        (
            "a comparison that states no difference of results that differ",
            changed(sound, |r| {
                for case in &mut r.cases {
                    for i in 0..case.executions.len() {
                        if let Outcome::Ran { distinct, .. } = &mut case.executions[i].outcome {
                            distinct[0].digest = "0e".repeat(16);
                        }
                        case.executions[i].status = status_of(case, &case.executions[i]);
                    }
                }
                r.verdicts = verdicts(r);
            }),
            Fault::Contradiction,
        ),
        (
            "no id, as before format 1.4",
            Record {
                id: String::new(),
                format: FormatVersion { minor: 3, ..sound.format },
                notes: vec!["A note.".to_owned()],
                ..sound.clone()
            },
            Fault::NoId,
        ),
        (
            "no cases",
            changed(sound, |r| {
                r.cases.clear();
                r.verdicts.clear();
            }),
            Fault::NothingRan,
        ),
        (
            "cases without executions",
            changed(sound, |r| {
                for case in &mut r.cases {
                    case.executions.clear();
                    case.comparisons.clear();
                }
                r.verdicts.clear();
            }),
            Fault::NothingRan,
        ),
        (
            "a bit-exact row whose result is not the reference's",
            changed(sound, |r| {
                for execution in r.cases.iter_mut().flat_map(|c| &mut c.executions) {
                    if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
                        distinct[0].digest = "0e".repeat(16);
                    }
                    execution.status = Status::BitExact;
                }
            }),
            Fault::Contradiction,
        ),
    ]
}
