//! Records that earlier versions wrote are still read, shown, compared and merged.

use repro_audit::facts::{self, Fault};
use repro_audit::record::{self, FormatVersion};

use crate::common::older::{as_written_by_1_1, kept};
use crate::common::{program, run, status, stderr};

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
            record::Outcome::Ran { distinct, .. } => {
                x.status = record::Status::BitExact;
                distinct.first_mut()
            }
            _ => None,
        });
        result.expect("a row that ran").digest = bad.to_owned();
        record.outputs = record::Outputs::default();
        record.id = record::content_id(&record).expect("an id");
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
