//! `explain`: planted defects are named, what has no name gets none, and what can't be looked at is told.

use std::collections::BTreeMap;
use std::path::Path;

use repro_audit::model::Liberty;
use repro_audit::model::explained::{ExplainFile, Explained, Grade};
use repro_audit::record::{CaseRecord, Record};

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

/// The first results of an engine, by case.
fn firsts(record: &Record, engine: &str) -> BTreeMap<String, String> {
    let of = |case: &CaseRecord| {
        let first = case.executions.iter().find(|x| x.engine == engine)?.first()?;
        Some((case.id.clone(), first.to_owned()))
    };
    record.cases.iter().filter_map(of).collect()
}

/// An audit of an interpreter with a defect, with these arguments besides.
fn audit(folder: &Path, more: &[&str]) -> (Record, String) {
    let out = folder.to_str().expect("a name");
    let mut arguments =
        vec!["gpu", "--out", out, "--kernel", "arithmetic/m*", "--kernel", "softmax", "--kernel", "sum/kahan"];
    arguments.extend(["--repeats", "2", "--threads", "1"]);
    arguments.extend(more);
    let output = run(&mut without_adapters(&arguments));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    (repro_audit::record::read(&folder.join("record.json")).expect("a record"), words(&output))
}

#[test]
fn an_audit_explains_where_it_is_asked_to() {
    let folder = tempfile::tempdir().expect("a folder");
    let (plain, text) = audit(folder.path(), &["--planted", "contract", "--full"]);
    assert!(plain.explained.is_empty() && !text.contains("Explained"), "nobody asked: {text}");
    let (record, text) = audit(folder.path(), &["--planted", "contract", "--explain", "--full"]);
    let planted = record.explained_of("embedded:1").expect("it was looked at");
    assert!(planted.pairs_differing > 0 && planted.pairs_named == planted.pairs_differing, "{:?}", planted.pairs);
    assert!(text.contains("Explained") && text.contains("fuses multiply and add"), "{text}");
    assert_eq!(firsts(&plain, "embedded:1"), firsts(&record, "embedded:1"), "it changes no result");
    let page = std::fs::read_to_string(folder.path().join("index.html")).expect("a page");
    assert!(
        page.contains("What makes results differ from strict arithmetic") && page.contains(&record.id[..12]),
        "the page"
    );
}

#[test]
fn explanations_are_written_into_the_record_and_over_nothing_else() {
    let folder = tempfile::tempdir().expect("a folder");
    let (plain, _) = audit(folder.path(), &["--planted", "contract"]);
    let path = folder.path().join("record.json");
    let name = path.to_str().expect("a name");
    let write =
        |of: &str| run(&mut without_adapters(&["explain", of, "--planted", "contract", "--write", "--format", "csv"]));
    let output = write(name);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let written = repro_audit::record::read(&path).expect("it is sound");
    assert_ne!(written.id, plain.id, "it is another record");
    assert!(stderr(&output).contains(&written.id[..12]), "and its id is told: {}", stderr(&output));
    let without = Record { explained: Vec::new(), id: plain.id.clone(), ..written.clone() };
    // Not all numbers in it are equal to themselves.
    let json = |record: &Record| repro_audit::record::to_json(record).expect("JSON");
    assert!(json(&without) == json(&plain), "all else is as it was");
    assert!(
        std::fs::read_to_string(folder.path().join("index.html")).expect("a page").contains(&written.id),
        "a new page"
    );
    // Again, nothing changes.
    assert_eq!(status(&write(name)), 0, "again");
    assert_eq!(repro_audit::record::read(&path).expect("it is sound").id, written.id, "the same is found");
    // What was not asked stays.
    let narrow = ["explain", name, "--planted", "contract", "--write", "--adapter", "embedded:0", "--format", "csv"];
    assert_eq!(status(&run(&mut without_adapters(&narrow))), 0, "one engine");
    assert_eq!(repro_audit::record::read(&path).expect("it is sound").explained, written.explained, "the other stays");
    let output = write("arithmetic/mul_add?n=64");
    assert_eq!(status(&output), 2, "no record");
    assert!(stderr(&output).contains("--write needs a record"), "{}", stderr(&output));
    let unfinished = folder.path().join("unfinished.json");
    let mut draft = plain;
    draft.notes.push(repro_audit::record::UNFINISHED.to_owned());
    draft.id = repro_audit::record::content_id(&draft).expect("an id");
    let text = repro_audit::record::to_json(&draft).expect("JSON");
    std::fs::write(&unfinished, &text).expect("written");
    let output = write(unfinished.to_str().expect("a name"));
    assert!(status(&output) == 2 && stderr(&output).contains("not finished"), "{}", stderr(&output));
    assert_eq!(std::fs::read(&unfinished).expect("it is there"), text, "and left as it is");
}

/// What was saved of an adapter gives its bits without it.
#[test]
fn the_interpreter_computes_as_an_adapter_that_was_saved() {
    let folder = tempfile::tempdir().expect("a folder");
    let mode = "contract+reassociate+operand-nan";
    let (record, _) = audit(&folder.path().join("of"), &["--planted", mode]);
    let (path, model) = (folder.path().join("of/record.json"), folder.path().join("model.toml"));
    let (name, file) = (path.to_str().expect("a name"), model.to_str().expect("a name"));
    let save = |file: &str| {
        run(&mut without_adapters(&["explain", name, "--planted", mode, "--save", file, "--format", "csv"]))
    };
    let output = save(file);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let text = std::fs::read_to_string(&model).expect("a file");
    assert!(text.contains(&record.id) && text.contains("not-given = []"), "{text}");
    let (as_it, shown) = audit(&folder.path().join("as"), &["--as", file, "--full"]);
    assert_eq!(firsts(&as_it, "embedded:1"), firsts(&record, "embedded:1"), "every case");
    assert_ne!(firsts(&as_it, "embedded:1"), firsts(&as_it, "embedded:0"), "and not the strict ones");
    let engine = as_it.engine("embedded:1").expect("it is there");
    assert!(engine.label.contains("Interpreter as ") && shown.contains("Interpreter as "), "{}", engine.label);
    assert_eq!(as_it.provenance.settings.models, [file], "it can be run again");
    // Over nothing else, and strictly read.
    assert_eq!(status(&save(file)), 0, "over its own");
    let other = folder.path().join("other.txt");
    std::fs::write(&other, "text").expect("written");
    let output = save(other.to_str().expect("a name"));
    assert!(status(&output) == 2 && stderr(&output).contains("would be lost"), "{}", stderr(&output));
    for (text, says) in [("", "missing field"), ("x = 1", "unknown field"), ("name = ", "other.txt:1")] {
        std::fs::write(&other, text).expect("written");
        let output = run(&mut without_adapters(&["gpu", "--as", other.to_str().expect("a name"), "--kernel", "dot"]));
        let said = stderr(&output);
        assert!(status(&output) == 2 && said.trim_end().lines().count() == 1 && said.contains(says), "{text}: {said}");
    }
}

#[test]
fn a_shader_of_ones_own_is_told_by_line_and_cause() {
    for (case, mode, says) in [
        (
            "c02_double_single",
            "reassociate",
            vec!["Line 8", "`s - a` is the first value that differs", "reorders additions"],
        ),
        (
            "c12_const_eval",
            "builtins=2",
            vec!["Line 10", "is the first value that differs", "computes in its own way in"],
        ),
        ("t_pow2", "builtins=2", vec!["Line 4", "`pow(…)` is the first value that differs"]),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().to_str().expect("a name");
        let shader = crate::common::small_shader(case);
        let shader = shader.to_str().expect("a name");
        let mut arguments = vec!["kernel", shader, "--out", out, "--repeats", "2"];
        if case == "t_pow2" {
            // Without it half of its powers have no value, and no reference is there to differ from.
            arguments.extend(["--buffer", "x:dist=positive"]);
        }
        let mut with = arguments.clone();
        with.extend(["--planted", mode]);
        let output = run(&mut without_adapters(&with));
        let text = words(&output);
        for said in says {
            assert!(text.contains(said), "{case}: {said}: {text} {}", stderr(&output));
        }
        let record = repro_audit::record::read(&folder.path().join("record.json")).expect("a record");
        let planted = record.explained_of("embedded:1").expect("it was looked at");
        assert!(planted.pairs.iter().all(|p| p.step.is_some()), "{case}: {:?}", planted.pairs);
        // One that differs nowhere is not asked for anything.
        let output = run(&mut without_adapters(&arguments));
        assert!(!words(&output).contains("first value that differs"), "{case}");
    }
}
