//! Statement 16: a record that cannot be relied on says so first, in every verb, view and format, whether it is read by
//! itself, from a merged file of its own, or from one that holds a sound record too.

use std::path::{Path, PathBuf};

use repro_audit::facts::Fault;
use repro_audit::formats;
use repro_audit::record::{self, Merged, Outcome, Reader, Record, Status};

use crate::broken;
use crate::common::{run, status, stderr, without_adapters};

fn written(folder: &Path, name: &str, record: &Record) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, record::to_json(record).expect("JSON")).expect("written");
    path
}

fn merged(folder: &Path, name: &str, files: &[&Path]) -> PathBuf {
    let reader = Reader::default();
    files.iter().for_each(|f| reader.read(f).unwrap_or_else(|e| panic!("{e}")));
    let merged: Merged = reader.finish();
    let mut text = Vec::new();
    merged.write(&mut text).expect("written");
    std::fs::write(folder.join(name), text).expect("written");
    folder.join(name)
}

/// Runs a verb and gives its exit status and what it wrote.
fn said(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = run(without_adapters(arguments).current_dir(folder).env_remove("GITHUB_STEP_SUMMARY"));
    (status(&output), String::from_utf8_lossy(&output.stdout).into_owned(), stderr(&output))
}

/// Whether a text says at its beginning that it cannot be relied on, in the manner of its format.
fn says_so_first(format: &str, out: &str, err: &str, fault: Fault) -> bool {
    let word = |text: &str| text.contains("Invalid") || text.contains("Incomplete");
    let first = out.lines().next().unwrap_or_default();
    match format {
        "table" | "markdown" | "latex" => word(first),
        "html" => out.split("<h1>").nth(1).is_some_and(|h| word(h.split("</h1>").next().unwrap_or_default())),
        // Below the names of the columns.
        "csv" => out.lines().nth(1).is_some_and(|l| word(l) || l.contains(fault.name())),
        "junit" => out.contains("<error type="),
        "github" => first.starts_with("::error") && word(out),
        // A record by itself has no place for it.
        "json" => word(err) || out.contains("\"fault\"") || word(out),
        other => panic!("how does {other} say so?"),
    }
}

#[test]
fn every_verb_and_format_says_first_that_a_record_can_not_be_relied_on() {
    let sound = broken::sound();
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let good = written(at, "good.json", &sound);
    let labelled = broken::changed(&sound, |r| r.provenance.settings.label = Some("other".to_owned()));
    let other = written(at, "other.json", &labelled);
    assert_eq!(said(at, &["lock", "good.json"]).0, 0, "a sound record can be locked");
    assert_eq!(said(at, &["check", "good.json"]).0, 0, "and is its lock's");
    assert_eq!(
        said(at, &["compare", "good.json", "good.json", "--fail-on", "anything"]).0,
        0,
        "and the same as itself"
    );
    for (what, record, fault) in broken::records(&sound) {
        let alone = written(at, "alone.json", &record);
        let single = merged(at, "single.json", &[&alone]);
        let beside = merged(at, "beside.json", &[&alone, &other]);
        for file in [&alone, &single, &beside] {
            let name = file.file_name().and_then(|n| n.to_str()).expect("a name");
            let here = format!("{what}, {name}");
            for format in formats::ALL {
                let (exit, out, err) = said(at, &["report", name, "--format", format.name]);
                assert!(says_so_first(format.name, &out, &err, fault), "{here}: report {}: {out}{err}", format.name);
                assert_eq!(exit, 0, "{here}: a report is a report: {err}");
                if name == "beside.json" {
                    continue;
                }
                for (left, right) in [("good.json", name), (name, "good.json")] {
                    let arguments = ["compare", left, right, "--fail-on", "drift", "--format", format.name];
                    let (exit, out, err) = said(at, &arguments);
                    assert!(says_so_first(format.name, &out, &err, fault), "{here}: {arguments:?}: {out}{err}");
                    assert_eq!(exit, 4, "{here}: {arguments:?}: no pass");
                }
            }
            for format in ["table", "markdown", "csv", "json"] {
                let (exit, out, _) = said(at, &["check", name, "--format", format, "--junit", "j.xml", "--github"]);
                let first = match format {
                    "json" => serde_json::from_str::<serde_json::Value>(&out).expect("JSON")["verdict"].to_string(),
                    // The gravest rows come first.
                    "csv" => out.lines().nth(1).unwrap_or_default().replace("incomplete,", "Incomplete,"),
                    _ => out.lines().next().unwrap_or_default().to_owned(),
                };
                assert!(first.contains("Invalid") || first.contains("Incomplete"), "{here}: check {format}: {out}");
                assert_eq!(exit, 4, "{here}: check {format}: {out}");
            }
            let xml = std::fs::read_to_string(at.join("j.xml")).expect("JUnit");
            assert!(xml.contains("<error type="), "{here}: {xml}");
            let (_, _, err) = said(at, &["check", name, "--github"]);
            assert!(err.starts_with("::error"), "{here}: {err}");
            let (exit, _, err) = said(at, &["lock", name, "--out", "never.lock"]);
            assert_eq!(exit, 4, "{here}: it cannot be locked: {err}");
            assert!(!at.join("never.lock").exists(), "{here}: nothing is written");
            let (exit, _, err) = said(at, &["merge", name, "good.json", "--expect-legs", "1"]);
            assert_eq!(exit, 4, "{here}: a merge that must be whole: {err}");
            assert!(err.contains("Invalid") || err.contains("Incomplete"), "{here}: {err}");
        }
    }
    assert!(good.exists(), "what was read is still there");
}

/// Was: of a merged file with one record, a leg that was expected and sent none was not told of.
#[test]
fn a_leg_that_is_missing_is_told_of_a_merged_file_with_one_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let sound = broken::changed(&broken::sound(), |r| r.provenance.settings.label = Some("a".to_owned()));
    written(at, "a.json", &sound);
    let (exit, _, err) = said(at, &["merge", "a.json", "--expect-legs", "a,b", "--out", "m.json"]);
    assert_eq!(exit, 4, "{err}");
    let (_, out, _) = said(at, &["report", "m.json"]);
    assert!(out.starts_with("Incomplete: b was expected, and there is no record of it"), "{out}");
}

/// What a file states as its statuses is a claim: what is shown is what its evidence gives.
#[test]
fn a_status_that_the_evidence_excludes_is_not_shown_as_one() {
    let sound = broken::sound();
    let forged = broken::changed(&sound, |r| {
        for execution in r.cases.iter_mut().flat_map(|c| &mut c.executions) {
            if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
                let more = record::Distinct { digest: "0e".repeat(16), ..distinct[0].clone() };
                distinct.push(more);
            }
            execution.status = Status::BitExact;
        }
    });
    let shown = repro_audit::facts::concluded(forged.clone());
    let all: Vec<Status> = shown.cases.iter().flat_map(|c| &c.executions).map(|x| x.status).collect();
    assert!(!all.is_empty() && all.iter().all(|s| *s == Status::NotRepeatable), "two results do not repeat: {all:?}");
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), "forged.json", &forged);
    for format in ["table", "markdown", "csv"] {
        let (_, out, _) = said(folder.path(), &["report", "forged.json", "--format", format]);
        assert!(!out.contains("bit-exact"), "{format}: {out}");
        assert!(out.contains("contradicts its result"), "{format}: and the view says that the file claims it: {out}");
    }
}

/// A digest that is none is no result that could contradict anything.
#[test]
fn a_digest_that_is_none_is_unreadable_and_no_contradiction() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let bad = broken::changed(&broken::sound(), |r| {
        for execution in r.cases.iter_mut().flat_map(|c| &mut c.executions) {
            if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
                distinct[0].digest = "not a digest".to_owned();
            }
        }
    });
    written(at, "bad.json", &bad);
    let (exit, _, err) = said(at, &["lock", "bad.json"]);
    assert_eq!(exit, 5, "{err}");
    assert!(err.contains("in the place of a digest"), "{err}");
}

/// Was: the record that was read, or another one, was overwritten.
#[test]
fn no_verb_writes_over_a_record_or_over_what_it_reads() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let sound = broken::sound();
    let unfinished = broken::changed(&sound, |r| r.notes.push(record::UNFINISHED.to_owned()));
    let files = ["a.json", "b.json", "m.json", "page/index.html", "page/summary.csv"];
    std::fs::create_dir(at.join("page")).expect("made");
    let a = written(at, "a.json", &sound);
    written(at, "b.json", &unfinished);
    merged(at, "m.json", &[&a]);
    written(at, "page/index.html", &sound);
    written(at, "page/summary.csv", &sound);
    assert_eq!(said(at, &["lock", "a.json"]).0, 0, "a lock");
    std::fs::write(at.join("p.toml"), "[outcomes]\n").expect("written");
    std::fs::write(at.join("legs.txt"), "a\n").expect("written");
    let content = |name: &str| std::fs::read(at.join(name)).expect("a file");
    let before: Vec<_> = files.iter().chain(&["repro.lock", "p.toml", "legs.txt"]).map(|f| (*f, content(f))).collect();
    let verbs: [&[&str]; 12] = [
        &["merge", "a.json", "b.json", "--out", "a.json"],
        &["merge", "a.json", "m.json", "--out", "./m.json"],
        &["merge", "a.json", "--out", "legs.txt", "--expect-legs", "legs.txt"],
        &["lock", "a.json", "--out", "a.json"],
        &["lock", "a.json", "--out", "b.json"],
        &["lock", "a.json", "--out", "m.json"],
        &["check", "a.json", "--junit", "a.json"],
        &["check", "a.json", "--junit", "m.json"],
        &["check", "a.json", "--junit", "repro.lock"],
        &["check", "a.json", "--policy", "p.toml", "--junit", "p.toml"],
        &["report", "page/index.html", "--out", "page"],
        &["report", "m.json", "--out", "page"],
    ];
    for verb in verbs {
        let (exit, _, err) = said(at, verb);
        assert_eq!(exit, 2, "{verb:?}: {err}");
        assert!(err.contains("would be lost"), "{verb:?}: {err}");
        assert_eq!(err.trim_end().lines().count(), 1, "{verb:?}: one line: {err}");
    }
    for (name, content) in &before {
        assert!(std::fs::read(at.join(name)).expect("a file") == *content, "{name} is what it was");
    }
    assert_eq!(said(at, &["lock", "a.json"]).0, 0, "a lock may be written again");
    assert_eq!(said(at, &["report", "a.json", "--out", "new"]).0, 0, "and a report");
    assert_eq!(said(at, &["report", "a.json", "--out", "new"]).0, 0, "again");
}

/// Was: a record without its id was read as if nothing were missing.
#[test]
fn taking_the_id_away_does_not_hide_a_change() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let sound = broken::sound();
    let good = written(at, "good.json", &sound);
    let now = Record { id: String::new(), ..sound.clone() };
    written(at, "now.json", &now);
    let verbs: [&[&str]; 5] = [
        &["report", "now.json"],
        &["compare", "good.json", "now.json"],
        &["merge", "now.json"],
        &["lock", "now.json", "--out", "-"],
        &["check", "now.json", "--lock", "good.lock"],
    ];
    assert_eq!(said(at, &["lock", "good.json", "--out", "good.lock"]).0, 0, "a lock");
    for verb in verbs {
        let (exit, _, err) = said(at, verb);
        assert_eq!(exit, 5, "{verb:?}: every record of this format has an id: {err}");
        assert!(err.contains("was changed after it was written"), "{verb:?}: {err}");
    }
    // An unfinished record carries one, too.
    let unfinished = broken::changed(&sound, |r| r.notes.push(record::UNFINISHED.to_owned()));
    written(at, "unfinished.json", &Record { id: String::new(), ..unfinished });
    assert_eq!(said(at, &["report", "unfinished.json"]).0, 5, "one that is unfinished has an id");
    // Of an earlier format it may be missing, and that is said, in a merged file too, unless a copy carries it.
    let mut older = sound.clone();
    older.format.minor = 3;
    older.id = record::content_id(&older).expect("JSON");
    let whole = written(at, "whole.json", &older);
    let bare = written(at, "bare.json", &Record { id: String::new(), ..older.clone() });
    merged(at, "m.json", &[&good, &bare]);
    for file in ["bare.json", "m.json"] {
        let (_, out, _) = said(at, &["report", file]);
        assert!(out.lines().next().is_some_and(|l| l.contains("carries no id")), "{file}: {out}");
    }
    merged(at, "m.json", &[&good, &bare, &whole]);
    let (_, out, _) = said(at, &["report", "m.json"]);
    assert!(!out.contains("carries no id"), "a copy that carries it shows that it is whole: {out}");
}

/// Which references a result equals follows from their digests, whatever the file states.
#[test]
fn references_that_a_result_does_not_equal_are_not_shown() {
    let sound = broken::sound();
    let forged = broken::changed(&sound, |r| {
        for execution in r.cases.iter_mut().flat_map(|c| &mut c.executions) {
            execution.equals = vec![repro_audit::model::Arithmetic::FUSED];
        }
    });
    let equals = |r: &Record| -> Vec<_> {
        let shown = repro_audit::facts::concluded(r.clone());
        shown.cases.into_iter().flat_map(|c| c.executions).map(|x| x.equals).collect()
    };
    assert_eq!(equals(&forged), equals(&sound), "those that the digests give");
    assert!(equals(&sound).iter().any(|e| !e.is_empty()), "there are some");
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), "sound.json", &sound);
    written(folder.path(), "forged.json", &forged);
    let rows = |file: &str| said(folder.path(), &["report", file, "--format", "csv"]).1;
    assert_eq!(
        rows("forged.json").replace(&forged.id[..12], ""),
        rows("sound.json").replace(&sound.id[..12], ""),
        "in the rows too"
    );
}
