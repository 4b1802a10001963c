//! A record to change one thing of, and questions about it.

use std::sync::OnceLock;

use repro_audit::facts::{status_of, verdicts};
use repro_audit::gate::{Checked, Conclusion, Item, Lock, Outcome, Policy, Question, check};
use repro_audit::model::FindingKind;
use repro_audit::record::{self, CaseRecord, Control, Dispersion, Distinct, Execution, Record, Status, content_id};

use crate::fixture;

/// A case whose result repeats on every engine, and is the strict twin's on `vulkan:1`.
pub(crate) const SUM: &str = "sum/tree?n=4096&dist=normal&seed=7&wg=64";
/// A case whose runs differ on `vulkan:1`.
pub(crate) const ATOMIC: &str = "sum/atomic?n=4096&dist=normal&seed=7&wg=64";
/// A case that `gl:0` computes outside of the specification, and the others within.
pub(crate) const LOG: &str = "log/builtin?n=65536&dist=normal&seed=7&wg=64";
/// A case that is some ulp from the twin on every engine.
pub(crate) const EXP: &str = "exp/builtin?n=65536&dist=normal&seed=7&wg=64";
/// A case in which `gl:0` has NaN where the twin has numbers.
pub(crate) const ADAM: &str = "adam/step?n=4096&dist=normal&seed=7&wg=64";
/// A case that is skipped everywhere.
pub(crate) const SKIPPED: &str = "matmul/half?k=64&dist=normal&seed=7&wg=64";

/// A record that is complete: every status, the interpreter, and a driver with a hostile name.
pub(crate) fn sound() -> Record {
    static RECORD: OnceLock<Record> = OnceLock::new();
    RECORD
        .get_or_init(|| {
            let mut record = fixture::interpreted(fixture::full(1), false);
            record.engines.retain(|e| e.id != "gl:1");
            for case in &mut record.cases {
                case.executions.retain(|x| x.engine != "gl:1");
            }
            for engine in ["embedded:0", "embedded:1"] {
                let about = "a NaN".to_owned();
                record.controls.push(Control {
                    name: "nan".to_owned(),
                    engine: engine.to_owned(),
                    about,
                    caught: true,
                });
            }
            // A case that nobody can promise anything of is one change among others, and in no record from the start.
            for execution in record.cases.iter_mut().flat_map(|c| &mut c.executions) {
                execution.findings.retain(|f| f.kind != FindingKind::DataRace);
            }
            // Of this one, every difference is a distance.
            for comparison in &mut case(&mut record, EXP).comparisons {
                let kinds = &mut comparison.drift.classes;
                kinds.finite += std::mem::take(&mut kinds.flushed);
            }
            record.verdicts = verdicts(&record);
            record.id = content_id(&record).expect("a record is JSON");
            record
        })
        .clone()
}

/// The lock of records, read back from its text, so that it has lines.
pub(crate) fn lock(records: &[Record]) -> Lock {
    let records: Vec<Record> = records.iter().cloned().map(settled).collect();
    let lock = Lock::of(&records).unwrap_or_else(|e| panic!("{e}"));
    Lock::parse("repro.lock", &lock.to_string()).unwrap_or_else(|e| panic!("{e}"))
}

/// A record whose rows state what their evidence allows: a changed digest is no longer the strict reference's, nor what
/// comparisons say that it is, and what is said of the specification is what was counted; its verdicts follow. A contradiction that is planted with several results stays.
pub(crate) fn settled(mut record: Record) -> Record {
    for case in &mut record.cases {
        forget_contrary(case);
        for i in 0..case.executions.len() {
            let execution = &mut case.executions[i];
            let record::Outcome::Ran { distinct, .. } = &execution.outcome else { continue };
            let single = distinct.len() == 1;
            if let Some(accuracy) = &mut execution.accuracy {
                let outside = execution.status == Status::OutsideSpecification;
                accuracy.outside = if outside { accuracy.outside.max(1) } else { 0 };
            }
            let exact = status_of(case, &case.executions[i]) == Status::BitExact;
            let execution = &mut case.executions[i];
            if execution.status == Status::BitExact && single && !exact {
                execution.status = Status::WithinSpecification;
            }
        }
    }
    record.verdicts = verdicts(&record);
    record
}

/// Takes the comparisons away whose outputs are no longer what they compared.
pub(crate) fn forget_contrary(case: &mut CaseRecord) {
    let all = std::mem::take(&mut case.comparisons);
    let agrees = |c: &record::Comparison| match (case.digest_of(&c.left), case.digest_of(&c.right)) {
        (Some(l), Some(r)) => c.axis == record::AxisLevel::Repeat || (l == r) == c.drift.is_identical(),
        _ => true,
    };
    case.comparisons = all.into_iter().filter(agrees).collect();
}

/// Gives an execution the strict reference's result.
pub(crate) fn exact(record: &mut Record, id: &str, engine: &str) {
    let strict = case(record, id).twins.first().map(|t| t.digest.clone()).unwrap_or_else(|| panic!("{id} has a twin"));
    let execution = on(record, id, engine);
    becomes(execution, Status::BitExact, &["0a"]);
    results(execution)[0].digest = strict;
}

/// Checks records against a lock with a policy.
pub(crate) fn ask(lock: &Lock, policy: &str, records: &[Record]) -> Checked {
    ask_strictly(lock, policy, records, false)
}

/// The same, with warnings that fail where `strict`.
pub(crate) fn ask_strictly(lock: &Lock, policy: &str, records: &[Record], strict: bool) -> Checked {
    let policy = Policy::parse("repro-audit.toml", policy).unwrap_or_else(|e| panic!("{e}"));
    let records: Vec<Record> = records.iter().cloned().map(settled).collect();
    check(&Question {
        lock,
        lock_file: "repro.lock",
        policy: &policy,
        policy_file: "repro-audit.toml",
        records: &records,
        missing: &[],
        engines: &[],
        strict,
    })
}

/// Checks a changed record against the lock of the unchanged one.
pub(crate) fn changed(policy: &str, change: impl FnOnce(&mut Record)) -> Checked {
    let before = sound();
    let mut after = before.clone();
    change(&mut after);
    ask(&lock(&[before]), policy, &[after])
}

/// The items of an outcome.
pub(crate) fn of(checked: &Checked, outcome: Outcome) -> Vec<&Item> {
    checked.items.iter().filter(|i| i.outcome == outcome).collect()
}

/// What failed, or nearly.
pub(crate) fn notable(checked: &Checked) -> Vec<(Conclusion, Outcome, &str)> {
    let notable = checked.items.iter().filter(|i| i.conclusion > Conclusion::Pass);
    notable.map(|i| (i.conclusion, i.outcome, i.what.as_str())).collect()
}

pub(crate) fn case<'r>(record: &'r mut Record, id: &str) -> &'r mut CaseRecord {
    record.cases.iter_mut().find(|c| c.id == id).unwrap_or_else(|| panic!("{id} is in the fixture"))
}

pub(crate) fn on<'r>(record: &'r mut Record, id: &str, engine: &str) -> &'r mut Execution {
    let found = case(record, id).executions.iter_mut().find(|x| x.engine == engine);
    found.unwrap_or_else(|| panic!("{id} is on {engine}"))
}

/// The distinct results of an execution that ran.
pub(crate) fn results(execution: &mut Execution) -> &mut Vec<Distinct> {
    match &mut execution.outcome {
        record::Outcome::Ran { distinct, .. } => distinct,
        other => panic!("it ran: {other:?}"),
    }
}

/// Gives an execution these results.
pub(crate) fn becomes(execution: &mut Execution, status: Status, digests: &[&str]) {
    let distinct = digests.iter().map(|d| Distinct { digest: d.repeat(16), runs: 4, bits: None }).collect();
    let dispersion = Dispersion { entropy: 0.0, mode_share: 1.0, rate_below: 0.4, variability: 0.0 };
    execution.outcome = record::Outcome::Ran { runs: 8, distinct, dispersion };
    execution.status = status;
}
