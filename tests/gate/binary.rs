//! The program as a user runs it: audit, lock, check.

use std::path::Path;

use repro_audit::record::{self, Record, content_id};

use crate::common::{record_in, run, status, stderr, without_adapters};

fn in_folder(folder: &Path, arguments: &[&str]) -> std::process::Output {
    run(without_adapters(arguments).current_dir(folder).env_remove("GITHUB_STEP_SUMMARY"))
}

fn expect(folder: &Path, arguments: &[&str], exit: i32) -> String {
    let output = in_folder(folder, arguments);
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(status(&output), exit, "{arguments:?}: {out}{}", stderr(&output));
    out + &stderr(&output)
}

/// Writes a record whose content was changed, with the id that it then has.
fn write(folder: &Path, name: &str, change: impl FnOnce(&mut Record)) {
    let mut record = record_in(&folder.join("repro-audit-out"));
    // Stored outputs belong to digests, which are about to change.
    record.outputs = record::Outputs::default();
    change(&mut record);
    record.cases.iter_mut().for_each(crate::subject::forget_contrary);
    record.verdicts = repro_audit::facts::verdicts(&record);
    record.id = content_id(&record).expect("a record is JSON");
    std::fs::write(folder.join(name), serde_json::to_vec(&record).expect("a record is JSON")).expect("written");
}

/// Other bits than the strict reference's.
fn other(execution: &mut record::Execution) {
    if let record::Outcome::Ran { distinct, .. } = &mut execution.outcome {
        distinct[0].digest = "0e".repeat(16);
    }
    execution.status = record::Status::WithinSpecification;
}

#[test]
fn audit_lock_and_check() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    assert!(expect(at, &["check"], 2).contains("there is no repro.lock"), "no lock yet");
    let audit = ["gpu", "--kernel", "sum", "--kernel", "philox", "--repeats", "3", "--threads", "1,2"];
    expect(at, &audit, 0);
    assert!(expect(at, &["lock"], 0).contains("repro.lock"), "the latest record is locked");
    let text = std::fs::read_to_string(at.join("repro.lock")).expect("a lock");
    assert!(text.contains("engine embedded/strict\n") && text.contains("engine cpu threads=2\n"), "{text}");
    assert!(
        text.contains("  not-repeatable         unordered         embedded/strict\n"),
        "an atomic sum has no order"
    );
    assert!(expect(at, &["check"], 0).contains("within policy"), "the record is its lock's");
    assert!(expect(at, &["check", "--run", "--out", "again"], 0).contains("within policy"), "and so is another audit");
    assert!(at.join("again/record.json").exists(), "which is kept");
    assert!(expect(at, &["lock", "again"], 0).contains("(0 new, 0 changed, 0 gone)"), "and changes nothing");
    assert_eq!(std::fs::read_to_string(at.join("repro.lock")).expect("a lock"), text, "not a byte");

    write(at, "changed.json", |r| {
        let x = r.cases.iter_mut().find(|c| c.variant == "serial_tree").expect("a case");
        let x = x.executions.iter_mut().find(|x| x.engine == "embedded:0").expect("an execution");
        other(x);
    });
    let said = expect(at, &["check", "changed.json"], 1);
    assert!(said.contains("digest-changed") && said.contains("sum/serial_tree"), "{said}");
    write(at, "missed.json", |r| r.controls[0].caught = false);
    assert!(expect(at, &["check", "missed.json"], 4).contains("control-missed"), "a control was missed");
    assert!(
        expect(at, &["lock", "missed.json", "--out", "other.lock"], 4).contains("was missed"),
        "and can't be locked"
    );
    assert!(!at.join("other.lock").exists(), "nothing was written");
    write(at, "absent.json", |r| {
        r.engines.retain(|e| e.id != "cpu threads=2");
        r.cases.iter_mut().for_each(|c| {
            c.executions.retain(|x| x.engine != "cpu threads=2");
            c.comparisons.retain(|c| !c.right.is_of("cpu threads=2") && !c.left.is_of("cpu threads=2"));
        });
        r.verdicts.retain(|v| v.engine != "cpu threads=2");
    });
    assert!(expect(at, &["check", "absent.json"], 3).contains("engine-absent"), "an engine is absent");
    assert_eq!(status(&in_folder(at, &["check", "absent.json", "--engine", "embedded"])), 0, "and nobody asked for it");
    assert!(expect(at, &["check", "--engine", "nvidia"], 2).contains("embedded/strict"), "what could be asked for");

    // Two legs of a matrix, merged, and one that was expected and sent nothing.
    write(at, "a.json", |r| r.provenance.settings.label = Some("a".to_owned()));
    write(at, "b.json", |r| r.provenance.settings.label = Some("b".to_owned()));
    let merged = |expected: &[&str], name: &str| {
        let reader = record::Reader::default();
        for file in ["a.json", "b.json"] {
            reader.read(&at.join(file)).expect("a record");
        }
        let mut merged = reader.finish();
        merged.expect(expected.iter().map(|l| (*l).to_owned()));
        let mut text = Vec::new();
        merged.write(&mut text).expect("written");
        std::fs::write(at.join(name), text).expect("written");
    };
    merged(&["a", "b"], "both.json");
    merged(&["a", "b", "c"], "three.json");
    assert!(
        expect(at, &["lock", "both.json", "--out", "both.lock"], 0).contains("both.lock"),
        "a merged record is locked"
    );
    let both = std::fs::read_to_string(at.join("both.lock")).expect("a lock");
    assert!(both.contains("  audit a\n  audit b\n"), "with its labels: {both}");
    expect(at, &["check", "both.json", "--lock", "both.lock"], 0);
    expect(at, &["check", "a.json", "b.json", "--lock", "both.lock"], 0);
    let said = expect(at, &["check", "three.json", "--lock", "both.lock"], 3);
    assert!(said.contains("missing-leg") && said.contains("the audit c was expected"), "{said}");
    assert!(
        expect(at, &["lock", "three.json", "--out", "other.lock"], 4).contains("expected labels: c"),
        "nor is it locked"
    );

    // A planted defect is an engine that the lock does not have; in the strict one's place it is a change.
    expect(at, &[&audit[..], &["--planted", "reassociate", "--out", "planted"]].concat(), 0);
    assert!(expect(at, &["check", "planted"], 0).contains("new-engine"), "new");
    assert_eq!(status(&in_folder(at, &["check", "planted", "--strict"])), 1, "which fails under --strict");
    let rule = "[[rule]]\nadapter = \"embedded/reassociate\"\nrequire = \"bit-exact\"\n";
    std::fs::write(at.join("repro-audit.toml"), rule).expect("written");
    assert!(expect(at, &["check", "planted"], 1).contains("beyond-rule"), "and under a rule");
    std::fs::write(at.join("repro-audit.toml"), "[[rule]]\nrequires = 3\n").expect("written");
    assert!(expect(at, &["check"], 2).contains("repro-audit.toml:2: 'requires'"), "a policy that is wrong");
}

#[test]
fn files_for_continuous_integration() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    expect(at, &["gpu", "--kernel", "philox", "--repeats", "2", "--threads", "1"], 0);
    expect(at, &["lock"], 0);
    write(at, "changed.json", |r| other(&mut r.cases[0].executions[0]));
    std::fs::write(at.join("summary.md"), "# Before\n").expect("written");
    let arguments = ["check", "changed.json", "--github", "--junit", "junit.xml", "--format", "json"];
    let mut command = without_adapters(&arguments);
    let output = run(command.current_dir(at).env("GITHUB_STEP_SUMMARY", at.join("summary.md")));
    assert_eq!(status(&output), 1, "{}", stderr(&output));
    let value: serde_json::Value = serde_json::from_slice(&output.stdout).expect("standard output is data alone");
    assert_eq!(value["exit"], 1, "the exit status");
    assert!(stderr(&output).contains("::error file=repro.lock,line="), "{}", stderr(&output));
    let summary = std::fs::read_to_string(at.join("summary.md")).expect("a summary");
    assert!(
        summary.starts_with("# Before\n## ✗ beyond policy") && summary.contains("digest-changed"),
        "appended: {summary}"
    );
    assert!(
        std::fs::read_to_string(at.join("junit.xml")).expect("a file").contains("<failure type=\"digest-changed\""),
        "JUnit"
    );
    for (format, part) in
        [("table", "✗ beyond policy"), ("csv", "conclusion,outcome"), ("markdown", "## ✗ beyond policy")]
    {
        assert!(expect(at, &["check", "changed.json", "--format", format], 1).starts_with(part), "{format}");
    }
    std::fs::write(at.join("repro.lock"), "format 2\n").expect("written");
    assert!(expect(at, &["check", "changed.json"], 5).contains("repro.lock:1: "), "a newer lock");
    std::fs::write(at.join("repro.lock"), [0xff, 0xfe]).expect("written");
    assert!(expect(at, &["check", "changed.json"], 5).contains("can't read repro.lock"), "no text");
}
