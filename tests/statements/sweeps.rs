//! Statements about sweeps of built-in functions that were wrong once.

use std::path::{Path, PathBuf};

use repro_audit::facts::{
    self,
    pair::{Compared, ResultChange, compare},
};
use repro_audit::formats::{Options, github, junit, terminal};
use repro_audit::gate::{self, Lock, Policy, Question};
use repro_audit::model::Skip;
use repro_audit::model::sweep::{Point, SweepFile};
use repro_audit::numerics::sweep::order::sampled;
use repro_audit::record::{EngineStatus, Outcome, Record, SWEEP};
use repro_audit::views::document::Weight;
use repro_audit::views::sweep::swept;
use repro_audit::views::{View as _, audit};

use crate::common::{program, run, status, stderr, without_adapters, words};
use crate::fixture::{full, sweeps::with_sweeps};

/// A sweep of these functions in binary16, as it was written.
fn sweep(folder: &Path, name: &str, arguments: &[&str]) -> (PathBuf, SweepFile) {
    let path = folder.join(name);
    let out = path.display().to_string();
    let output = run(&mut without_adapters(&[&["sweep", "--dtype", "f16", "--out", &out], arguments].concat()));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let text = std::fs::read_to_string(&path).expect("written");
    (path, serde_json::from_str(&text).expect("a sweep"))
}

/// What reads a test report must not take a forbidden result for a pass.
#[test]
fn a_forbidden_result_of_a_sweep_fails_in_every_format_for_tools() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, mut file) = sweep(folder.path(), "a.json", &["abs", "sqrt", "--adapter", "embedded:0"]);
    let fine = swept(&file).expect("JSON").document();
    assert!(junit::write(&fine).contains("tests=\"2\" failures=\"0\""), "{}", junit::write(&fine));
    assert_eq!(github::write(&fine), "", "nothing to tell");
    let found = &mut file.sweeps[0].functions[1];
    (found.right, found.outside) = (found.right - 3, 3);
    found.first_outside = Some(Point { input: 0x4400, found: 0x4001, right: 0x4000 });
    let broken = swept(&file).expect("JSON").document();
    assert!(junit::write(&broken).contains("tests=\"2\" failures=\"1\""), "{}", junit::write(&broken));
    let told = github::write(&broken);
    assert!(told.starts_with("::error") && told.contains("sqrt(4)"), "{told}");
    assert!(broken.headline.starts_with("1 of 2 sweeps has"), "{}", broken.headline);
}

/// What was asked for is swept or refused.
#[test]
fn a_planted_interpreter_is_swept_beside_the_adapters() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, file) = sweep(folder.path(), "a.json", &["abs", "--planted", "flush"]);
    let engines: Vec<&str> = file.sweeps.iter().map(|s| s.engine.as_str()).collect();
    assert!(engines.contains(&"embedded:1") && !engines.contains(&"embedded:0"), "{engines:?}");
    // What is flushed is not right, and has no size in ulp.
    let view = swept(&file).expect("JSON");
    let text = terminal::write(&view.document(), &Options { width: 120, ..Options::default() });
    let row = text.lines().rfind(|l| l.contains("abs (f16)")).expect("a row");
    let fields: Vec<&str> = row.split_whitespace().collect();
    assert!(fields.contains(&"–") && !row.contains("100 %"), "{row}");
}

/// What one file alone has is told, and is drift.
#[test]
fn what_one_sweep_alone_has_is_told_with_its_side_and_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, _) = sweep(folder.path(), "one.json", &["abs", "--adapter", "embedded:0"]);
    let (two, _) = sweep(folder.path(), "two.json", &["abs", "--adapter", "embedded:0", "--planted", "contract"]);
    let (other, mut file) = sweep(folder.path(), "other.json", &["abs", "--adapter", "embedded:0"]);
    let compare = |a: &Path, b: &Path| {
        let (a, b) = (a.display().to_string(), b.display().to_string());
        run(&mut program(&["sweep", "--compare", &a, &b, "--fail-on", "drift"]))
    };
    let output = compare(&one, &other);
    assert_eq!(status(&output), 0, "the same: {}", words(&output));
    let output = compare(&two, &one);
    assert!(words(&output).contains("On the left only embedded:1"), "{}", words(&output));
    assert_eq!(status(&output), 1, "an adapter is gone: {}", words(&output));
    file.sweeps[0].functions[0].dtype = repro_audit::model::bits::Dtype::F32;
    std::fs::write(&other, serde_json::to_string(&file).expect("JSON")).expect("written");
    let text = words(&compare(&one, &other));
    assert!(text.contains("abs (f16).") && text.contains("On the right only"), "{text}");
}

/// A function of several pairs is not several functions.
#[test]
fn pairs_of_adapters_are_counted_as_comparisons() {
    let folder = tempfile::tempdir().expect("a folder");
    let planted = ["abs", "--adapter", "embedded:0", "--planted", "flush", "--planted", "contract"];
    let (path, _) = sweep(folder.path(), "a.json", &planted);
    let output = run(&mut program(&["sweep", "--compare", &path.display().to_string()]));
    assert!(words(&output).starts_with("1 of 2 comparisons of functions differs"), "{}", words(&output));
}

/// A record whose `vulkan:1` has a result of `exp` that nothing allows, at one input; `sqrt` was not tried on `vulkan:0`.
fn broken() -> Record {
    let place = sampled(0x3f805);
    with_sweeps(full(1), move |p, r| if p == place { r ^ 0x40_0000 } else { r })
}

/// In an audit, what a sweep finds is told as what a case finds, and what was not tried is no agreement.
#[test]
fn an_audit_tells_what_its_sweeps_found_and_did_not_try() {
    let record = broken();
    let document = audit::Audit::new(&record).document();
    let text = terminal::write(&document, &Options { width: 160, full: true, ..Options::default() });
    let words = text.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains("vulkan:1: exp: 1 of 1,048,576 results are not allowed, the first exp("), "{words}");
    assert!(words.contains("vulkan:0: 1 function (sqrt): its process died of signal 11"), "{words}");
    let row = text.lines().find(|l| l.trim_start().starts_with("sqrt ")).expect("a row");
    assert!(row.contains('–') && row.contains("all"), "untested on one adapter, and right on the other: {row}");
    let failures: Vec<_> = document.findings.iter().filter(|f| f.case.starts_with("sweep/")).collect();
    let told = |engine: &str, case: &str| failures.iter().find(|f| f.engine == engine && f.case.contains(case));
    assert_eq!(told("vulkan:1", "/exp?").expect("it is told").weight, Weight::Failure, "forbidden");
    assert_eq!(told("vulkan:1", "/sqrt?").expect("it is told").weight, Weight::Pass, "right");
    assert!(told("vulkan:0", "/sqrt?").is_none(), "what was not tried has neither passed nor failed");
    assert!(words.contains("repro-audit sweep exp --inputs stratified"), "the command that makes it again: {words}");
    // Without the forbidden result there is no such sentence.
    let fine = with_sweeps(full(1), |_, r| r);
    let text = terminal::write(
        &audit::Audit::new(&fine).document(),
        &Options { width: 160, full: true, ..Options::default() },
    );
    assert!(!text.contains("results are not allowed"), "{text}");
}

/// A function that failed makes the record incomplete; one that an adapter lacks the means for does not.
#[test]
fn a_sweep_that_failed_is_a_fault_of_the_record() {
    let of = |change: &dyn Fn(&mut Record)| {
        let mut record = broken();
        change(&mut record);
        facts::soundness(&record).reasons.into_iter().filter(|r| r.text.contains("sweep/")).count()
    };
    assert_eq!(of(&|_| ()), 0, "not tried");
    assert_eq!(of(&|r| r.sweeps[0].missing[0].failed = true), 1, "failed");
    let why = Skip::Feature { feature: repro_audit::kernels::Feature::ShaderF16 };
    assert_eq!(of(&|r| r.sweeps[0].missing[0].why = Some(why.clone())), 0, "skipped");
}

/// Two records: the same sample, another result in it, and a function that one side alone has.
#[test]
fn compared_records_tell_which_functions_changed_and_how() {
    let (old, new) = (with_sweeps(full(1), |_, r| r), broken());
    let pair = compare(&old, &new, &[]).expect("a pair");
    let swept =
        |pair: &Compared| -> Vec<ResultChange> { pair.results.iter().filter(|r| r.kernel == SWEEP).cloned().collect() };
    let found = swept(&pair);
    let changed: Vec<(&str, &str)> = found.iter().map(|r| (r.variant.as_str(), r.engines.1.as_str())).collect();
    assert_eq!(changed, [("exp", "vulkan:1")], "one function on one adapter");
    let note = &found[0].note;
    assert_eq!(note, "not correctly rounded in 1 of 1,048,576 results, before 0; forbidden are 1, before 0", "and how");
    assert!(pair.drifts(), "a policy that forbids drift fails");
    let same = compare(&new, &new, &[]).expect("a pair");
    assert_eq!((swept(&same).len(), same.sameness.compared), (0, pair.sameness.compared), "nothing else");
    let mut without = new.clone();
    without.sweeps[1].functions.retain(|s| s.function != "sqrt");
    without.sweeps[0].missing.clear();
    let lost = compare(&new, &without, &[]).expect("a pair");
    assert!(
        swept(&lost).is_empty() && !lost.absent.cases.0.is_empty() && lost.drifts(),
        "what is on one side alone is no agreement"
    );
    assert!(!compare(&new, &full(1), &[]).expect("a pair").absent.cases.0.is_empty(), "a record of an older format");
}

/// The record as a finished audit has it, with what is derived among its cases.
pub(crate) fn complete(mut record: Record) -> Record {
    record.engines.retain(|e| e.status == EngineStatus::Complete);
    let there: Vec<String> = record.engines.iter().map(|e| e.id.clone()).collect();
    record.cases.iter_mut().for_each(|c| {
        c.executions.retain(|x| there.contains(&x.engine) && !matches!(x.outcome, Outcome::Failed { .. }));
        c.executions.iter_mut().for_each(|x| x.findings.clear());
    });
    record.verdicts = facts::verdicts(&record);
    record.with_derived_cases()
}

/// What the gate says of the cases whose ids begin so.
pub(crate) fn judged(lock: &Lock, record: &Record, policy: &str, begin: &str) -> Vec<(String, gate::Outcome)> {
    let policy = Policy::parse("p", policy).expect("a policy");
    let question = Question {
        lock,
        lock_file: "repro.lock",
        policy: &policy,
        policy_file: "p",
        records: std::slice::from_ref(record),
        missing: &[],
        engines: &[],
        strict: false,
    };
    let items = gate::check(&question).items;
    let mine = items.into_iter().filter(|i| i.case.as_ref().is_some_and(|c| c.starts_with(begin)));
    mine.map(|i| (i.case.unwrap_or_default(), i.outcome)).collect()
}

/// Lock and policy: a changed bit of the sample fails, a forbidden result breaks the rule, and repeatability is not asked.
#[test]
fn the_gate_judges_sweeps_as_it_does_cases() {
    let (fine, broken) = (complete(with_sweeps(full(1), |_, r| r)), complete(broken()));
    let lock = Lock::of(std::slice::from_ref(&fine)).expect("a lock");
    let check = |record: &Record, policy: &str| judged(&lock, record, policy, "sweep/");
    let exp = "sweep/exp?dtype=f32&inputs=stratified".to_owned();
    assert!(check(&fine, "").iter().all(|(_, o)| *o == gate::Outcome::Same), "{:?}", check(&fine, ""));
    assert!(check(&broken, "").contains(&(exp.clone(), gate::Outcome::DigestChanged)), "other bits");
    let rule = "[[rule]]\nkernel = \"sweep\"\nrequire = \"within-specification\"\n";
    assert!(check(&broken, rule).contains(&(exp.clone(), gate::Outcome::BeyondRule)), "{:?}", check(&broken, rule));
    assert!(check(&fine, rule).iter().all(|(_, o)| *o == gate::Outcome::WithinRule), "all within");
    let known = "[[rule]]\nkernel = \"sweep\"\nvariant = \"exp\"\nknown-deviation = { reason = \"a bug\", link = \"https://example.org/1\", status = \"outside-specification\" }\n";
    assert!(check(&broken, known).contains(&(exp, gate::Outcome::KnownDeviation)), "{:?}", check(&broken, known));
    assert!(check(&broken, "[[rule]]\nrequire = \"repeatable\"\n").is_empty(), "one run says nothing of it");
}
