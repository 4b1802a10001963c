//! Texts that come from elsewhere command nobody: no terminal, no page, no CI runner.

use std::path::{Path, PathBuf};

use repro_audit::record;

use crate::common::{program, run, status, stderr};

/// Texts that would command something, or show another text than they are.
const PAYLOADS: [&str; 8] = [
    "\u{1b}]0;title\u{7}\u{1b}[2J",
    "a\n::error title=x::from a record",
    "a\n::stop-commands::x",
    "a\r\n# a heading",
    "\u{9b}2J",
    "a\u{202e}b",
    "a\u{2066}b\u{2069}",
    "a\u{0}b",
];

/// Where a stranger could put one, in a record of the current format or an older one.
const PLACES: [&str; 8] = [
    "/provenance/version",
    "/provenance/settings/label",
    "/environment/host",
    "/environment/os",
    "/engines/1/label",
    "/engines/1/adapter/driver_info",
    "/cases/0/id",
    "/notes/0",
];

fn kept() -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records");
    let mut found: Vec<_> = std::fs::read_dir(folder)
        .expect("the records")
        .flatten()
        .map(|f| f.path())
        .filter(|p| p.extension().is_some_and(|e| e == "json"))
        .collect();
    found.sort();
    found.remove(0)
}

/// The record with another text in a place, and the id of that content.
fn forged(place: &str, text: &str, folder: &Path) -> PathBuf {
    let kept = std::fs::read(kept()).expect("a record");
    let mut value: serde_json::Value = serde_json::from_slice(&kept).expect("JSON");
    if value["notes"].as_array().is_some_and(Vec::is_empty) {
        value["notes"] = serde_json::json!([""]);
    }
    value["provenance"]["settings"]["label"] = "a".into();
    *value.pointer_mut(place).unwrap_or_else(|| panic!("the record has no {place}")) = text.into();
    let mut record: record::Record = serde_json::from_value(value).expect("a record");
    record.id = record::content_id(&record).expect("an id");
    let path = folder.join("forged.json");
    std::fs::write(&path, record::to_json(&record).expect("text")).expect("written");
    path
}

#[test]
fn a_record_that_could_command_its_reader_is_refused_in_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = kept();
    let good = good.to_str().expect("a name");
    let honest = forged("/environment/host", "a node", folder.path());
    assert_eq!(
        status(&run(&mut program(&["report", honest.to_str().expect("a name"), "--format", "json"]))),
        0,
        "an honest text"
    );
    for place in PLACES {
        for (number, payload) in PAYLOADS.iter().enumerate() {
            let file = forged(place, payload, folder.path());
            let file = file.to_str().expect("a name");
            let out = folder.path().join("merged.json");
            let verbs: [&[&str]; 5] = [
                &["report", file],
                &["compare", good, file],
                &["merge", file, "--out", out.to_str().expect("a name")],
                &["lock", file, "--out", "-"],
                &["report", file, "--format", "markdown"],
            ];
            // Every verb opens a record in one way; one payload goes through all of them.
            let verbs = if number == 0 { &verbs[..] } else { &verbs[..1] };
            for verb in verbs {
                let output = run(&mut program(verb));
                let said = stderr(&output);
                assert_eq!(status(&output), 5, "{place} {payload:?} {verb:?}: {said}");
                assert_eq!(said.lines().count(), 1, "one line: {said:?}");
                assert!(said.len() < 500, "a short one: {said:?}");
                let all = [said.as_bytes(), &output.stdout].concat();
                let all = String::from_utf8_lossy(&all);
                assert!(
                    all.trim_end().chars().all(|c| !c.is_control() && c != '\u{202e}'),
                    "{place} {payload:?}: {all:?}"
                );
            }
        }
    }
}

#[test]
fn a_text_without_an_end_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    for place in PLACES {
        let file = forged(place, &"x".repeat(70_000), folder.path());
        let output = run(&mut program(&["report", file.to_str().expect("a name"), "--format", "markdown"]));
        assert_eq!(status(&output), 5, "{place}: {}", stderr(&output));
        assert!(stderr(&output).len() < 500, "{place}");
    }
}

#[cfg(unix)]
#[test]
fn a_file_without_an_end_is_refused() {
    for verb in [
        &["check", "/dev/null", "--lock", "/dev/zero"][..],
        &["kernel", "/dev/zero"],
        &["rng", "identify", "/dev/zero"],
    ] {
        let output = run(&mut program(verb));
        assert!([2, 5].contains(&status(&output)), "{verb:?}: {}", stderr(&output));
        assert_eq!(stderr(&output).lines().count(), 1, "{verb:?}: {}", stderr(&output));
    }
}

#[test]
fn a_shader_that_shows_another_text_than_it_runs_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("k.wgsl");
    let source = "@group(0) @binding(0) var<storage, read_write> y: array<f32, 4>;\n\
                  @compute @workgroup_size(1) fn main() { /* \u{202e} */ y[0] = 1.0; }\n";
    std::fs::write(&file, source).expect("written");
    let output = run(&mut program(&["kernel", file.to_str().expect("a name"), "--dry-run"]));
    assert_eq!(status(&output), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("direction of writing"), "{}", stderr(&output));
    std::fs::write(&file, source.replace('\u{202e}', "")).expect("written");
    let output = run(&mut program(&["kernel", file.to_str().expect("a name"), "--dry-run"]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
}

/// What a driver or a file brings is plain when it is recorded, so that an honest record is never refused.
#[test]
fn a_label_or_a_value_that_no_record_may_hold_is_refused_before_work() {
    for arguments in [["gpu", "--label", "a\u{202e}b"], ["gpu", "--vary", "X=a\nb"], ["gpu", "--vary", "X=\u{1b}[2J"]] {
        let output = run(&mut program(&arguments));
        assert_eq!(status(&output), 2, "{arguments:?}: {}", stderr(&output));
        let said = stderr(&output);
        assert!(said.trim_end().chars().all(|c| !c.is_control()), "{arguments:?}: {said:?}");
    }
}
