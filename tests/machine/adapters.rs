//! What must be true on every adapter here, from one quick audit. Tests are named for the adapter they speak of; the
//! embedded one is always here.

use std::collections::BTreeSet;
use std::path::Path;
use std::sync::Arc;

use crate::common::{adapters, program, record_in, run, status, stderr};
use libtest_mimic::{Failed, Trial};
use repro_audit::kernels;
use repro_audit::model::FindingKind;
use repro_audit::numerics::arith::Arithmetic;
use repro_audit::record::{CaseRecord, Engine, Execution, Outcome, Reader, Record, Status};

/// Results outside the specification that are the driver's, each with its cause: `label text | kernel/variant | why`.
/// One that has gone is reported too.
const DEVIATIONS: &str = include_str!("../vectors/known_deviations.txt");

fn deviations() -> Vec<(String, String)> {
    let fields = |line: &str| {
        let mut parts = line.split('|').map(|p| p.trim().to_owned());
        Some((parts.next()?, parts.next()?))
    };
    DEVIATIONS.lines().filter(|l| !l.starts_with('#') && !l.trim().is_empty()).filter_map(fields).collect()
}

fn executions<'r>(
    record: &'r Record,
    engine: &'r Engine,
    kernel: &'r str,
) -> impl Iterator<Item = (&'r CaseRecord, &'r Execution)> {
    record
        .cases
        .iter()
        .filter(move |c| kernel.split_once('/').map_or(c.kernel == kernel, |(k, v)| c.kernel == k && c.variant == v))
        .filter_map(|c| Some((c, c.executions.iter().find(|e| e.engine == engine.id)?)))
}

fn all_ran(record: &Record, engine: &Engine, kernel: &str) -> Result<(), Failed> {
    for (case, execution) in executions(record, engine, kernel) {
        if let Outcome::Failed { reason } = &execution.outcome {
            return Err(format!("{}: {reason}", case.id).into());
        }
    }
    Ok(())
}

fn within_specification(record: &Record, engine: &Engine, kernel: &str) -> Result<(), Failed> {
    let known: Vec<_> = deviations().into_iter().filter(|(label, _)| engine.label.contains(label)).collect();
    let mut seen = BTreeSet::new();
    for (case, execution) in executions(record, engine, kernel) {
        if execution.status == Status::OutsideSpecification {
            let name = format!("{}/{}", case.kernel, case.variant);
            if !known.iter().any(|(_, k)| *k == name) {
                return Err(format!("{} is outside the specification: {:?}", case.id, execution.accuracy).into());
            }
            seen.insert(name);
        }
    }
    let gone = known.iter().find(|(_, k)| k.split('/').next() == Some(kernel) && !seen.contains(k));
    match gone {
        Some((_, name)) => Err(format!("{name} is listed as a known deviation and is none any more").into()),
        None => Ok(()),
    }
}

/// Every case of `kernel` (or `kernel/variant`) has this property.
fn each(
    record: &Record,
    engine: &Engine,
    kernel: &str,
    what: &str,
    holds: impl Fn(&CaseRecord, &Execution) -> bool,
) -> Result<(), Failed> {
    let mut any = false;
    for (case, execution) in executions(record, engine, kernel) {
        if matches!(execution.outcome, Outcome::Skipped { .. }) {
            continue;
        }
        any = true;
        if !holds(case, execution) {
            return Err(format!("{} on {}: {what} does not hold: {:?}", case.id, engine.label, execution).into());
        }
    }
    if any { Ok(()) } else { Err(format!("no case of {kernel} ran").into()) }
}

fn bit_exact(_: &CaseRecord, execution: &Execution) -> bool {
    execution.status == Status::BitExact
}

/// Equal to the twin that splits the built-in `fma`, and not to the strict one.
fn splits(_: &CaseRecord, execution: &Execution) -> bool {
    execution.status == Status::WithinSpecification && execution.equals.contains(&Arithmetic::SPLIT)
}

fn one_result(execution: &Execution) -> bool {
    matches!(&execution.outcome, Outcome::Ran { distinct, .. } if distinct.len() == 1)
}

/// What is checked of one adapter.
type Check = Box<dyn Fn(&Record, &Engine) -> Result<(), Failed> + Send>;

/// Whether an execution differs from the twin in no number but flushed subnormals: the sign and payload of a NaN that
/// arithmetic makes are not prescribed.
fn only_nan_payloads_and_flushes(case: &CaseRecord, execution: &Execution) -> bool {
    let mut against_twin = case.comparisons.iter().filter(|c| c.axis.name() == "engine" && c.right == execution.engine);
    against_twin.all(|c| {
        let classes = &c.drift.classes;
        classes.nan_payload + classes.flushed + classes.zero_sign == c.drift.differing
    })
}

/// A difference in what is made of a generator's words is laid to what makes it: every integer case agrees everywhere.
fn the_generator_is_not_the_cause(record: &Record, engine: &Engine) -> Result<(), Failed> {
    for case in record.cases.iter().filter(|c| c.origin.is_some()) {
        for verdict in record.verdicts.iter().filter(|v| v.problem == case.problem && v.engine == engine.id) {
            // Levels that fail are of two engines or more; nothing here fails for another reason.
            let agree = verdict.because.contains("agree (");
            if !verdict.because.is_empty() && !agree {
                return Err(format!("{} on {}: {}", case.id, engine.label, verdict.because).into());
            }
        }
    }
    Ok(())
}

/// What is known of two drivers, and must be found without being told.
fn known_differences(record: &Record, engine: &Engine) -> Result<(), Failed> {
    let drifts = |_: &CaseRecord, e: &Execution| e.status == Status::WithinSpecification;
    let lavapipe = engine.label.contains("[vulkan, Mesa 22");
    let swiftshader = engine.label.contains("SwiftShader");
    if lavapipe {
        // Mesa's algebra takes (a+b)-a for b, and with it the compensation of a compensated sum.
        each(record, engine, "sum/kahan", "compensation is lost", drifts)?;
        each(record, engine, "arithmetic/cancel", "the sum is reassociated", drifts)?;
        // What WGSL allows of an error term may hold both signs, and then nothing is judged.
        let lost = |c: &CaseRecord, e: &Execution| drifts(c, e) || e.status == Status::Unjudged;
        each(record, engine, "arithmetic/two_sum", "the error term is lost", lost)?;
    }
    if swiftshader {
        each(record, engine, "arithmetic/div_constant", "the division is by a reciprocal", drifts)?;
        each(record, engine, "uniform/scale", "32 bits are rounded twice", drifts)?;
        let flushes = executions(record, engine, "specials")
            .any(|(c, _)| c.comparisons.iter().any(|d| d.right == engine.id && d.drift.classes.flushed > 0));
        if !flushes {
            return Err("SwiftShader flushes subnormals, and the audit does not show it".into());
        }
    }
    Ok(())
}

/// A guarded compensated sum and an error term behind a run-time zero survive on both.
fn guards_hold(record: &Record, engine: &Engine) -> Result<(), Failed> {
    each(record, engine, "sum/kahan_guarded", "the guard keeps the compensation", bit_exact)?;
    each(record, engine, "arithmetic/two_sum_guarded", "the error term survives", only_nan_payloads_and_flushes)
}

/// Fixed-order kernels without library functions: on drivers that neither contract nor reorder them they are the
/// twin's, bit for bit.
fn twins_are_right(record: &Record, engine: &Engine) -> Result<(), Failed> {
    for kernel in ["sum/serial_tree", "sum/pairwise", "sum/two_pass", "matmul/naive", "matmul/tiled", "matmul/register"]
    {
        let subnormal_free = |c: &CaseRecord, e: &Execution| {
            // binary16 has subnormals within reach of ordinary data, and bfloat16 and binary16 storage are separate
            // promises; binary32 is exact.
            if c.id.contains("dtype=f16") {
                return true;
            }
            // An explicit fma is one rounding in the strict twin, and two on these drivers.
            if c.id.contains("mad=fma") && c.id.contains("dtype=f32") { splits(c, e) } else { bit_exact(c, e) }
        };
        each(record, engine, kernel, "equal to the twin", subnormal_free)?;
    }
    each(record, engine, "dot/fma", "the built-in fma has two roundings", splits)
}

/// The interpreter and the twins are two implementations of strict arithmetic.
fn is_the_strict_twin(record: &Record, engine: &Engine) -> Result<(), Failed> {
    let kernels: BTreeSet<_> = record.cases.iter().map(|c| c.kernel.as_str()).collect();
    for kernel in kernels {
        for (case, execution) in executions(record, engine, kernel) {
            if !case.twins.is_empty() && matches!(execution.outcome, Outcome::Ran { .. }) && !bit_exact(case, execution)
            {
                return Err(format!("{} is not the strict twin's: {:?}", case.id, execution.status).into());
            }
        }
    }
    Ok(())
}

/// What has no order by design is found to have none, everything else has one, and no shader of ours has a defect.
fn only_atomics_depend_on_the_order(record: &Record, engine: &Engine) -> Result<(), Failed> {
    for case in &record.cases {
        let Some(execution) = case.executions.iter().find(|e| e.engine == engine.id) else { continue };
        let ran = matches!(execution.outcome, Outcome::Ran { .. });
        let atomic = case.variant.starts_with("atomic");
        if ran && one_result(execution) == atomic {
            return Err(format!("{}: {:?}", case.id, execution.outcome).into());
        }
        if let Some(defect) = execution.findings.iter().find(|f| f.kind != FindingKind::OrderDependent) {
            return Err(format!("{}: {defect:?}", case.id).into());
        }
    }
    Ok(())
}

/// Integer work has one answer everywhere.
fn integers_are_equal(record: &Record, engine: &Engine) -> Result<(), Failed> {
    for kernel in [
        "philox",
        "threefry",
        "uniform/high24",
        "uniform/low24",
        "uniform/bits",
        "uniform/bits_low",
        "normal/inverse_cdf",
        "sum/exact",
        "permutation/fisher_yates",
        "permutation/sort",
        "permutation/ties_by_launch",
        "split/fisher_yates",
        "split/sort",
        "split/ties_by_launch",
        "split/hash",
        "dropout/recompute",
        "dropout/shared_lane",
    ] {
        each(record, engine, kernel, "one digest on every engine", |c, e| bit_exact(c, e) && one_result(e))?;
    }
    // Of weights those that are drawn in integers.
    each(record, engine, "init", "one digest on every engine", |c, e| {
        !c.id.contains("way=integer") || bit_exact(c, e) && one_result(e)
    })?;
    each(record, engine, "dropout/element", "repeats", |_, e| one_result(e))
}

fn unordered_atomics_are_seen(record: &Record) -> Result<(), Failed> {
    // How often an order changes is up to the scheduler; over all adapters and atomic cases it must have been seen.
    let seen = record.cases.iter().filter(|c| c.variant.starts_with("atomic")).flat_map(|c| &c.executions);
    if seen.clone().any(|e| matches!(&e.outcome, Outcome::Ran { distinct, .. } if distinct.len() > 1)) {
        return Ok(());
    }
    Err(format!("{} executions of atomic sums gave one result each", seen.count()).into())
}

/// Whether another launch gives other bits.
fn depends_on_the_launch(record: &Record, kernel: &str, variant: &str) -> bool {
    let cases = record.cases.iter().filter(|c| c.kernel == kernel && c.variant == variant);
    cases.flat_map(|c| &c.comparisons).any(|c| c.axis.name() == "config" && !c.drift.is_none())
}

fn placement_by_thread_depends_on_the_configuration(record: &Record) -> Result<(), Failed> {
    if depends_on_the_launch(record, "dropout", "element") {
        return Err("a mask indexed by element depends on the launch configuration".into());
    }
    if depends_on_the_launch(record, "dropout", "thread") {
        return Ok(());
    }
    Err("a mask placed by thread does not depend on the launch".into())
}

fn ties_left_to_the_launch_depend_on_it(record: &Record) -> Result<(), Failed> {
    for (kernel, variant, expected) in [
        ("permutation", "sort", false),
        ("permutation", "ties_by_launch", true),
        ("split", "hash", false),
        ("split", "ties_by_launch", true),
    ] {
        if depends_on_the_launch(record, kernel, variant) != expected {
            return Err(format!("{kernel}/{variant} depends on the launch: {}", !expected).into());
        }
    }
    Ok(())
}

/// Bytes that a set has more with another audit of this machine, besides the one in a folder. What repeats is in it already.
fn second_audit_adds_little(first: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let again = folder.path().display().to_string();
    let output = run(&mut program(&["gpu", "--repeats", "8", "--out", &again]));
    if status(&output) != 0 {
        return Err(stderr(&output).into());
    }
    let size = |folders: &[&Path]| -> Result<usize, Failed> {
        let reader = Reader::default();
        for folder in folders {
            reader.read(&folder.join("record.json"))?;
        }
        let mut out = Vec::new();
        reader.finish().write(&mut out)?;
        Ok(out.len())
    };
    let (one, two) = (size(&[first])?, size(&[first, folder.path()])?);
    // Unordered atomics give other results in every run, more of them on a machine that is busy. Each is news, with its
    // drift and samples; besides those there are durations alone.
    let results = |record: &Record| -> BTreeSet<String> {
        let distinct = record.cases.iter().flat_map(|c| &c.executions).filter_map(|x| match &x.outcome {
            Outcome::Ran { distinct, .. } => Some(distinct),
            _ => None,
        });
        distinct.flatten().map(|d| d.digest.clone()).collect()
    };
    let new = results(&record_in(folder.path())).difference(&results(&record_in(first))).count();
    let most = 15_000 + 600 * new;
    if two - one < most {
        Ok(())
    } else {
        Err(format!("{} of {one} bytes, with {new} new results; at most {most}", two - one).into())
    }
}

/// A quick audit, and what it must show of each adapter here.
pub(crate) fn trials() -> Vec<Trial> {
    let drivers = adapters().iter().any(|a| !a.is_embedded());
    assert!(
        drivers || std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_none(),
        "REPRO_AUDIT_TEST_ADAPTERS is set, and there is no driver"
    );
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name").to_owned();
    let output = run(&mut program(&["gpu", "--repeats", "8", "--out", &out]));
    let record = Arc::new(record_in(folder.path()));
    let code = status(&output);
    let mut trials = vec![{
        let record = Arc::clone(&record);
        crate::trial("adapters", "the audit is complete and its controls are caught", move || {
            let missed: Vec<_> = record.controls.iter().filter(|c| !c.caught).collect();
            if code == 0 && missed.is_empty() {
                Ok(())
            } else {
                Err(format!("exit {code}, missed {missed:?}: {}", stderr(&output)).into())
            }
        })
    }];
    trials.push(crate::trial(
        "adapters",
        "a second audit adds little more than its new results to a merged set",
        move || second_audit_adds_little(folder.path()),
    ));
    if !drivers {
        trials.push(
            crate::trial("adapters", "no driver here: only the interpreter is audited", || Ok(()))
                .with_ignored_flag(true),
        );
    }
    for (name, check) in [
        ("unordered atomics are seen", unordered_atomics_are_seen as fn(&Record) -> Result<(), Failed>),
        ("placement by thread depends on the launch", placement_by_thread_depends_on_the_configuration),
        ("ties left to the launch depend on it", ties_left_to_the_launch_depend_on_it),
    ] {
        let record = Arc::clone(&record);
        trials.push(crate::trial("adapters", name, move || check(&record)));
    }
    for engine in record.engines.iter().filter(|e| e.adapter.is_some()) {
        let mut add = |name: &str, check: Check| {
            let (record, engine) = (Arc::clone(&record), engine.clone());
            trials.push(crate::trial("adapters", format!("{}::{name}", engine.label), move || check(&record, &engine)));
        };
        for kernel in kernels::names() {
            add(&format!("{kernel}::runs"), Box::new(move |r, e| all_ran(r, e, kernel)));
            add(&format!("{kernel}::within_specification"), Box::new(move |r, e| within_specification(r, e, kernel)));
        }
        add("integers_are_equal", Box::new(integers_are_equal));
        add("the_generator_is_not_the_cause", Box::new(the_generator_is_not_the_cause));
        if engine.is_reference() {
            add("is_the_strict_twin", Box::new(is_the_strict_twin));
            add("only_atomics_depend_on_the_order", Box::new(only_atomics_depend_on_the_order));
        }
        // What is promised of particular drivers is checked on them; other drivers are what audits are for.
        if engine.label.contains("Mesa 22") || engine.label.contains("SwiftShader") {
            add("known_differences", Box::new(known_differences));
            add("guards_hold", Box::new(guards_hold));
            add("twins_are_right", Box::new(twins_are_right));
        }
    }
    trials
}
