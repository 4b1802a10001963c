//! `explain`: planted defects are named, what has no name gets none, and what can't be looked at is told.

use std::path::Path;

use repro_audit::model::Liberty;
use repro_audit::model::explained::{ExplainFile, Explained, Grade};

use crate::common::{program, run, status, stderr, without_adapters, words};

/// Cases in which planted defects show.
const CASES: [&str; 6] = [
    "arithmetic/mul_add?n=1024",
    "arithmetic/mul?n=1024&dist=mixed",
    "arithmetic/div_constant?n=1024",
    "specials/subtract_self?n=1024&dist=edges",
    "sum/serial_tree?n=1024",
    "softmax/rows?rows=4&cols=64",
];

/// What is explained of an interpreter with this defect in these cases, and the exit status.
fn planted(mode: &str, cases: &[&str]) -> (Explained, i32) {
    let mut arguments = vec!["explain", "--format", "json", "--planted", mode];
    arguments.extend(cases);
    let output = run(&mut without_adapters(&arguments));
    let file: ExplainFile =
        serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{mode}: {e}: {}", stderr(&output)));
    let strict = &file.explained[0];
    assert_eq!((strict.engine.as_str(), strict.pairs_differing), ("embedded:0", 0), "the strict one differs nowhere");
    let one = file.explained.into_iter().find(|e| e.engine == "embedded:1").expect("the planted one");
    (one, status(&output))
}

#[test]
fn planted_defects_are_named() {
    for (mode, liberties) in [
        ("contract", vec![Liberty::Contract]),
        ("flush", vec![Liberty::Flush]),
        ("reciprocal+operand-nan", vec![Liberty::Reciprocal, Liberty::OperandNan]),
    ] {
        let (found, code) = planted(mode, &CASES);
        assert_eq!(code, 0, "{mode}");
        assert!(found.pairs_differing > 0, "{mode} shows");
        assert_eq!(found.pairs_named, found.pairs_differing, "{mode}: {:?}", found.pairs);
        assert_eq!(found.elements_proven, found.elements_differing, "{mode}");
        assert_eq!(found.liberties, liberties, "{mode}");
        assert_eq!(found.pairs.iter().map(|p| p.reproduced).sum::<u64>(), found.elements_differing, "{mode}");
    }
}

/// Functions that are off by a hash of their results follow no rule. What is made of them is proven all the same; they are not.
#[test]
fn what_follows_no_rule_is_not_named() {
    let (found, code) = planted("builtins=2", &["softmax/rows?rows=4&cols=64", "builtins/exp?n=1024"]);
    assert_eq!((code, found.pairs_differing, found.pairs_proven, found.pairs_named), (0, 2, 1, 0), "{:?}", found.pairs);
    let grade = |kernel: &str| found.pairs.iter().find(|p| p.case.starts_with(kernel)).expect("a pair").grade;
    assert_eq!((grade("softmax"), grade("builtins")), (Grade::Measured, Grade::Itself), "grades");
    assert_eq!(found.pairs[0].by[0].operations, ["exp(f32)"], "the least set");
    let asked = found.operations.iter().find(|o| o.operation == "exp(f32)").expect("it was asked");
    assert!(asked.rules.is_empty() && asked.other > 0, "{asked:?}");
}

/// A rule that one case shows is none where another contradicts it.
#[test]
fn a_contradicted_liberty_is_no_cause() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let mut arguments = vec!["gpu", "--format", "json", "--out", out, "--planted", "flush", "--kernel", "arithmetic"];
    arguments.extend(["--repeats", "1", "--threads", "1"]);
    run(&mut without_adapters(&arguments));
    // The record of a machine where one case shows that nothing is flushed: its result is put back to the strict one.
    let path = folder.path().join("record.json");
    let mut record = repro_audit::record::read(&path).expect("a record");
    let case = record.cases.iter_mut().find(|c| c.id.starts_with("arithmetic/mul?n=")).expect("it is there");
    let strict = case.strict().expect("a reference").to_owned();
    let execution = case.executions.iter_mut().find(|x| x.engine == "embedded:1").expect("it ran");
    if let repro_audit::record::Outcome::Ran { distinct, .. } = &mut execution.outcome {
        assert_ne!(distinct[0].digest, strict, "it differed");
        distinct[0].digest = strict;
    }
    execution.content = None;
    execution.samples.clear();
    record.id = repro_audit::record::content_id(&record).expect("an id");
    let changed = folder.path().join("changed.json");
    std::fs::write(&changed, repro_audit::record::to_json(&record).expect("JSON")).expect("written");
    let explain = |path: &Path| -> Explained {
        let name = path.to_str().expect("a name");
        let output = run(&mut without_adapters(&["explain", name, "--format", "json", "--planted", "flush"]));
        let file: ExplainFile =
            serde_json::from_slice(&output.stdout).unwrap_or_else(|e| panic!("{e}: {}", stderr(&output)));
        file.explained.into_iter().find(|e| e.engine == "embedded:1").expect("the planted one")
    };
    assert_eq!(explain(&path).liberties, [Liberty::Flush], "as it is");
    let found = explain(&changed);
    assert_eq!(found.liberties, [], "one case contradicts it");
    let whole = |p: &repro_audit::model::explained::Pair| p.by.iter().any(|by| !by.liberties.is_empty());
    assert!(!found.pairs.iter().any(whole), "{:?}", found.pairs);
    // Single operations are asked by themselves, and do flush.
    assert!(
        found.operations.iter().any(|o| o.operation == "f32 + f32" && !o.rules.is_empty()),
        "{:?}",
        found.operations
    );
}

#[test]
fn what_is_not_here_is_told() {
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/records/1.2-part-of-quick.json");
    let output = run(&mut without_adapters(&["explain", record]));
    assert_eq!(status(&output), 4, "{}", stderr(&output));
    let text = words(&output);
    assert!(text.contains("Not asked") && text.contains("this machine has no such adapter"), "{text}");
    assert!(text.contains("No adapter of the record that differs is on this machine"), "{text}");
    let own = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/records/1.2-own-kernel.json");
    for (arguments, says) in [
        (["explain", own], "a kernel of your own"),
        (["explain", "/nowhere"], "/nowhere"),
        (["explain", "sum/serial?n=x"], "n"),
    ] {
        let output = run(&mut program(&arguments));
        let text = stderr(&output);
        assert_ne!(status(&output), 0, "{arguments:?}");
        assert_eq!(text.trim_end().lines().count(), 1, "one line: {text}");
        assert!(text.contains(says), "{text}");
    }
}
