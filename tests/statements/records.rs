//! Records that earlier versions wrote are still read, shown, compared and merged.

use repro_audit::facts::{self, Fault};
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::record::{self, Distinct, FormatVersion, Outcome, Record, Sample, content_id};
use repro_audit::views::View as _;
use repro_audit::views::audit::Audit;
use repro_audit::views::chart::Plot;

use crate::common::older::{as_written_by_1_1, kept};
use crate::common::{program, run, status, stderr};
use crate::fixture;

#[test]
fn records_of_older_minors_are_read_in_every_reading_verb() {
    for kept in kept() {
        let folder = tempfile::tempdir().expect("a folder");
        let text = std::fs::read_to_string(&kept).expect("a record");
        for path in [kept.clone(), as_written_by_1_1(&text, folder.path())] {
            let read = record::read(&path).unwrap_or_else(|e| panic!("{e}"));
            assert!(read.format.minor < FormatVersion::CURRENT.minor, "{}: an older minor", path.display());
            let reasons = facts::soundness(&read).reasons;
            assert!(reasons.iter().all(|r| r.fault != Fault::Contradiction), "what it concluded can be: {reasons:?}");
            let file = path.to_str().expect("a name");
            let merged = folder.path().join("merged.json");
            let verbs: [&[&str]; 3] = [
                &["report", file],
                &["compare", file, file],
                &["merge", file, file, "--out", merged.to_str().expect("a name")],
            ];
            for verb in verbs {
                let output = run(&mut program(verb));
                assert_eq!(status(&output), 0, "{verb:?}: {}", stderr(&output));
                assert!(!output.stdout.is_empty() || merged.exists(), "{verb:?} says something");
            }
            let _ = std::fs::remove_file(merged);
        }
    }
}

/// A row that claims to be bit for bit the reference's, with something in the place of its digest: the file is damaged,
/// which is another thing than a record that contradicts itself.
#[test]
fn what_is_no_digest_makes_a_record_unreadable_in_every_verb() {
    let folder = tempfile::tempdir().expect("a folder");
    let good = kept().remove(0);
    for bad in ["", "0123", "zz", "0123456789abcdef0123456789abcdeF", "-h --help"] {
        let mut record = record::read(&good).expect("a record");
        let result = record.cases.iter_mut().flat_map(|c| &mut c.executions).find_map(|x| match &mut x.outcome {
            Outcome::Ran { distinct, .. } => {
                x.status = record::Status::BitExact;
                distinct.first_mut()
            }
            _ => None,
        });
        result.expect("a row that ran").digest = bad.to_owned();
        record.outputs = record::Outputs::default();
        record.id = content_id(&record).expect("an id");
        let path = folder.path().join("bad.json");
        std::fs::write(&path, record::to_json(&record).expect("text")).expect("written");
        let (file, other) = (path.to_str().expect("a name"), good.to_str().expect("a name"));
        let out = folder.path().join("merged.json");
        for verb in [
            &["report", file][..],
            &["compare", other, file],
            &["merge", other, file, "--out", out.to_str().expect("a name")],
            &["lock", file, "--out", "-"],
        ] {
            let output = run(&mut program(verb));
            assert_eq!(status(&output), 5, "{bad:?} {verb:?}: {}", stderr(&output));
            assert!(stderr(&output).contains("in the place of a digest"), "{verb:?}: {}", stderr(&output));
        }
    }
}

/// Nothing that a verb writes may take the place of a record.
#[test]
fn a_record_is_never_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let (one, other) = (at.join("a.json"), at.join("b.json"));
    std::fs::copy(kept().remove(0), &one).expect("copied");
    std::fs::copy(kept().remove(0), &other).expect("copied");
    let before = std::fs::read(&one).expect("a record");
    let (a, b) = (one.to_str().expect("a name"), other.to_str().expect("a name"));
    let lock = at.join("repro.lock");
    let lock = lock.to_str().expect("a name");
    assert_eq!(status(&run(&mut program(&["lock", b, "--out", lock]))), 0, "a lock to check with");
    for verb in
        [&["merge", a, b, "--out", a][..], &["lock", b, "--out", a], &["check", b, "--lock", lock, "--junit", a]]
    {
        let output = run(&mut program(verb));
        assert_eq!(status(&output), 2, "{verb:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("and would be lost"), "{verb:?}: {}", stderr(&output));
        assert_eq!(std::fs::read(&one).expect("a record"), before, "{verb:?} changed it");
    }
    // A merged file that is there is kept beside.
    let merged = at.join("m.json");
    let into = merged.to_str().expect("a name");
    for _ in 0..2 {
        assert_eq!(status(&run(&mut program(&["merge", a, b, "--out", into]))), 0, "merged");
    }
    let earlier: Vec<_> = std::fs::read_dir(at.join("earlier")).expect("a folder").flatten().collect();
    assert_eq!(earlier.len(), 1, "the first merged file is kept");
}

/// Was: the page of one record was written into the folder of another, where it passed for its own.
#[test]
fn a_report_goes_into_no_folder_of_another_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let [one, other] = [0, 1].map(|i| kept().remove(i));
    let (mine, theirs) = (at.join("mine"), at.join("theirs"));
    for (folder, record) in [(&mine, &one), (&theirs, &other)] {
        std::fs::create_dir(folder).expect("made");
        std::fs::copy(record, folder.join("record.json")).expect("copied");
    }
    let (mine, theirs) = (mine.to_str().expect("a name"), theirs.to_str().expect("a name"));
    let merged = at.join("m.json");
    let merged = merged.to_str().expect("a name");
    assert_eq!(status(&run(&mut program(&["merge", mine, theirs, "--out", merged]))), 0, "merged");
    for (of, into) in [(mine, theirs), (theirs, mine), (merged, mine)] {
        let output = run(&mut program(&["report", of, "--out", into]));
        assert_eq!(status(&output), 2, "{of} into {into}: {}", stderr(&output));
        assert!(stderr(&output).contains("holds another record"), "{}", stderr(&output));
        assert_eq!(stderr(&output).trim_end().lines().count(), 1, "one line: {}", stderr(&output));
        assert!(!at.join(into).join("index.html").exists(), "nothing is written");
    }
    for into in [mine, at.join("new").to_str().expect("a name")] {
        let output = run(&mut program(&["report", mine, "--out", into]));
        assert_eq!(status(&output), 0, "its own, or one that holds none: {}", stderr(&output));
    }
}

/// Was: where a later file could not be written, the new page stood beside the values of an earlier record.
#[test]
fn the_files_of_a_report_are_written_all_or_none() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let [one, other] = [0, 1].map(|i| kept().remove(i));
    let report = |record: &std::path::Path| {
        run(&mut program(&["report", record.to_str().expect("a name"), "--out", out.to_str().expect("a name")]))
    };
    assert_eq!(status(&report(&one)), 0, "a report");
    let files = || -> std::collections::BTreeMap<std::path::PathBuf, Vec<u8>> {
        let here = |f: std::path::PathBuf| std::fs::read_dir(f).expect("a folder").flatten().map(|e| e.path());
        let all = here(out.clone()).chain(here(out.join("charts")));
        all.filter(|p| p.is_file()).map(|p| (p.clone(), std::fs::read(p).expect("a file"))).collect()
    };
    // Something that a file cannot take the place of, as one for which there is no room.
    std::fs::rename(out.join("values.csv"), out.join("kept.csv")).expect("moved");
    std::fs::create_dir(out.join("values.csv")).expect("made");
    let before = files();
    let output = report(&other);
    assert_eq!(status(&output), 2, "{}", stderr(&output));
    assert_eq!(stderr(&output).trim_end().lines().count(), 1, "one line: {}", stderr(&output));
    assert!(files() == before, "every file is what it was, and none is left over");
    std::fs::remove_dir(out.join("values.csv")).expect("removed");
    assert_eq!(status(&report(&other)), 0, "with room");
    assert!(files() != before, "and then it is another's");
}

/// A lock and a JUnit file take the place of what they wrote there earlier, and of nothing else.
#[test]
fn nothing_but_its_own_earlier_file_is_written_over() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let name = |file: &str| at.join(file).to_str().expect("a name").to_owned();
    let record = kept().remove(1);
    let record = record.to_str().expect("a name");
    std::fs::write(at.join("notes.txt"), "my notes\n").expect("written");
    let (notes, lock, junit) = (name("notes.txt"), name("repro.lock"), name("junit.xml"));
    for _ in 0..2 {
        assert_eq!(status(&run(&mut program(&["lock", record, "--out", &lock]))), 0, "a lock, again");
        let check = ["check", record, "--lock", &lock, "--junit", &junit];
        assert_eq!(status(&run(&mut program(&check))), 0, "JUnit, again");
    }
    for verb in [
        &["lock", record, "--out", &notes][..],
        &["lock", record, "--out", &junit],
        &["check", record, "--lock", &lock, "--junit", &notes],
        &["check", record, "--lock", &lock, "--junit", &lock],
    ] {
        let output = run(&mut program(verb));
        assert_eq!(status(&output), 2, "{verb:?}: {}", stderr(&output));
        assert!(stderr(&output).contains("would be lost"), "{verb:?}: {}", stderr(&output));
    }
    assert_eq!(std::fs::read_to_string(&notes).expect("notes"), "my notes\n", "they are what they were");
    // A merge moves what is there aside, whatever it is.
    assert_eq!(status(&run(&mut program(&["merge", record, "--out", &notes]))), 0, "merged");
    let aside = std::fs::read_to_string(at.join("earlier/notes-earlier.txt")).expect("the notes");
    assert_eq!(aside, "my notes\n", "under their own name");
}

/// Was: one file that is no record kept all the others from being merged.
#[test]
fn what_is_no_record_is_left_out_of_a_merge_by_name() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let good = kept().remove(0);
    let text = std::fs::read_to_string(&good).expect("a record");
    std::fs::copy(&good, at.join("b.json")).expect("copied");
    std::fs::write(at.join("a.json"), &text[..text.len() / 2]).expect("written");
    let forged = text.replacen("\"host\":\"", "\"host\":\"x", 1);
    std::fs::write(at.join("c.json"), forged).expect("written");
    let name = |file: &str| at.join(file).to_str().expect("a name").to_owned();
    let output = run(&mut program(&["merge", at.to_str().expect("a name"), "--out", &name("out.merged")]));
    assert_eq!(status(&output), 5, "not all were merged: {}", stderr(&output));
    for bad in ["a.json", "c.json"] {
        let told = stderr(&output).lines().filter(|l| l.starts_with("error: left out: ") && l.contains(bad)).count();
        assert_eq!(told, 1, "{bad}: {}", stderr(&output));
    }
    let again = run(&mut program(&["merge", &name("b.json")]));
    assert_eq!(status(&again), 0, "{}", stderr(&again));
    assert!(std::fs::read(name("out.merged")).expect("written") == again.stdout, "the rest is what it is by itself");
    let none = run(&mut program(&["merge", &name("a.json"), &name("c.json"), "--out", &name("never")]));
    assert_eq!(status(&none), 5, "nothing to merge: {}", stderr(&none));
    assert!(!at.join("never").exists(), "and nothing is written");
}

/// A record of which each sum of one element gave these words in 20 runs each, one of them with the bits of another.
fn with_values(words: &[u32], runs: u32, forged: Option<u32>) -> Record {
    let mut record = fixture::full(1);
    for case in record.cases.iter_mut().filter(|c| c.kernel == "sum" && c.elements == 1) {
        for execution in &mut case.executions {
            let Outcome::Ran { runs: all, distinct, .. } = &mut execution.outcome else { continue };
            *all = runs;
            *distinct = words
                .iter()
                .map(|w| Distinct {
                    digest: Bits::words(Dtype::F32, vec![*w]).digest(),
                    runs: runs / u32::try_from(words.len()).expect("few"),
                    bits: Some(Dtype::F32.hex(forged.unwrap_or(*w))),
                })
                .collect();
            execution.samples = vec![Sample {
                index: 0,
                bits: Dtype::F32.hex(words[0]),
                value: Dtype::F32.value(words[0]),
                twin: None,
                exact: Some(1.0),
            }];
        }
    }
    record.outputs = record::Outputs::default();
    record.verdicts = facts::verdicts(&record);
    record.id = content_id(&record).expect("JSON");
    record
}

/// A value that is drawn is the one that was found.
#[test]
fn a_value_is_proven_by_its_digest() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.json");
    let words = [0x3f80_0000, 0x3f80_0001, 0x3f7f_ffff];
    for (forged, wrong) in [(None, false), (Some(0x3f80_0002), true)] {
        let mut record = with_values(&words, 60, forged);
        fixture::readable(&mut record);
        record.id = content_id(&record).expect("JSON");
        std::fs::write(&path, record::to_json(&record).expect("JSON")).expect("written");
        match record::read(&path) {
            Ok(_) => assert!(!wrong, "a forged value was read"),
            Err(e) => assert!(wrong && e.to_string().contains("does not prove"), "{e}"),
        }
    }
}

#[test]
fn a_spread_is_drawn_of_many_runs_that_differ() {
    let drawn = |words: &[u32], runs| {
        let record = with_values(words, runs, None);
        let document = Audit::new(&record).document();
        document.charts().into_iter().find(|c| c.name == "spread").cloned()
    };
    let words = [0x3f80_0000, 0x3f80_0001, 0x3f7f_ffff];
    let chart = drawn(&words, 60).expect("three results in 60 runs");
    let Plot::Strip { rows, .. } = &chart.plot else { panic!("{:?}", chart.plot) };
    let values: Vec<f64> = rows[0].values.iter().map(|v| v.0).collect();
    assert_eq!(values, [-0.5, 0.0, 1.0], "half a unit of 1 below it, and a unit above");
    assert!(chart.rows.iter().all(|r| r[4] == "-0.5" && r[5] == "1"), "{:?}", chart.rows);
    assert!(drawn(&words, 49).is_none(), "too few runs");
    assert!(drawn(&words[..1], 60).is_none(), "one result");
    assert!(drawn(&[0x3f80_0000, 0x7fc0_0000], 60).is_none(), "NaN has no place");
}
