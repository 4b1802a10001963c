//! Statements about engines that were wrong once.

use repro_audit::facts::{self, Asked, Fault};
use repro_audit::formats::{self, Options};
use repro_audit::record::{self, Record};
use repro_audit::views::audit::Audit;

use crate::{broken, common};

/// A sound record in which the interpreter's results are also those of a remote engine, on which nothing was planted.
fn with_a_remote_engine() -> Record {
    broken::changed(&broken::sound(), |record| {
        let mut remote = record.engines.iter().find(|e| e.id == "embedded:0").expect("it ran").clone();
        remote.id = "remote:0".to_owned();
        remote.label = "Another [remote, 1]".to_owned();
        let adapter = remote.adapter.as_mut().expect("it has an identity");
        adapter.backend = "remote".to_owned();
        adapter.name = "Another".to_owned();
        record.engines.push(remote);
        for case in &mut record.cases {
            let mut more = case.executions.clone();
            more.retain(|x| x.engine == "embedded:0");
            more.iter_mut().for_each(|x| x.engine = "remote:0".to_owned());
            case.executions.extend(more);
            let mut more = case.comparisons.clone();
            more.retain(|c| c.right.is_of("embedded:0"));
            more.iter_mut().for_each(|c| c.right = "remote:0".into());
            case.comparisons.extend(more);
        }
    })
}

fn written(record: &Record, format: &str) -> String {
    let format = formats::find(format).expect("it is a format");
    formats::write(format, &Audit::new(record).asked(Asked::Case), &Options { full: true, ..Options::default() })
        .expect("it is written")
}

/// A remote engine that does not copy is not controlled; what the others show stands.
#[test]
fn a_remote_engine_without_copy_is_not_controlled_and_the_record_is_sound() {
    let record = with_a_remote_engine();
    let soundness = facts::soundness(&record);
    assert!(soundness.is_sound() && !soundness.is_invalid(), "{soundness:?}");
    assert_eq!(soundness.title(), None, "no title of the whole");
    let reasons: Vec<_> = soundness.reasons.iter().map(|r| (r.fault, r.engine.as_deref())).collect();
    assert_eq!(reasons, [(Fault::NoCopy, Some("remote:0"))], "told of that engine alone");
    // A driver on which nothing was planted makes the record invalid as before.
    let driver = broken::changed(&record, |r| r.controls.retain(|c| c.engine == "cpu"));
    assert!(facts::soundness(&driver).is_invalid(), "the interpreter is not controlled");
    let missed = facts::soundness(&driver).of_row("remote:0").expect("the whole is invalid");
    assert!(missed.starts_with("Invalid"), "the worse comes first: {missed}");
}

#[test]
fn rows_of_an_engine_that_is_not_controlled_say_so() {
    let record = with_a_remote_engine();
    let csv = written(&record, "csv");
    let rows: Vec<&str> = csv.lines().skip(1).collect();
    let (remote, others): (Vec<&str>, Vec<&str>) = rows.into_iter().partition(|row| row.contains("remote:0"));
    assert!(!remote.is_empty() && !others.is_empty(), "{csv}");
    assert!(remote.iter().all(|row| row.contains("Not controlled")), "{remote:?}");
    assert!(!others.iter().any(|row| row.contains("Not controlled")), "{others:?}");
    for format in ["markdown", "html", "github"] {
        let text = written(&record, format);
        assert!(text.contains("no difference could be planted on remote:0"), "{format}: {text}");
        assert!(!text.contains("Invalid, do not rely"), "{format}");
    }
}

/// The record keeps the command of a remote engine, and what is said of one that failed is of it and not of an adapter.
#[cfg(unix)]
#[test]
fn a_remote_engine_that_does_not_start_is_told_by_its_command() {
    let arguments =
        ["case", "sum/serial_tree?n=64&wg=32", "--adapter", "embedded:0", "--engine", "exit 3", "--format", "json"];
    let output = common::run(&mut common::program(&arguments));
    assert_eq!(common::status(&output), 4, "an engine that failed: {output:?}");
    let record = record::parse("stdout", &output.stdout).unwrap_or_else(|e| panic!("{e}: {output:?}"));
    assert_eq!(record.provenance.settings.engines, ["exit 3"], "--engine is in the record");
    for format in ["table", "markdown", "html"] {
        let text = written(&record, format);
        assert!(text.contains("exit 3"), "{format}: {text}");
        assert!(!text.contains("the whole adapter") && !text.contains("repro-audit adapters"), "{format}: {text}");
    }
    assert!(written(&record, "html").contains("the whole engine"), "where failures are listed");
}
