//! Sweeps in records that are read and merged.

use super::{bytes, merge, put, refused, small};
use crate::fixture::sweeps::with_sweeps;
use repro_audit::facts::set::relate;
use repro_audit::record::{self, Merged, Record, content_id};

fn with(seed: u16, wrong: bool) -> Record {
    with_sweeps(small(seed), move |p, r| if wrong && p >> 23 == 127 { r ^ 1 } else { r })
}

/// Durations are left out of a merged record, as those of executions are.
fn untimed(mut record: Record) -> Record {
    record.cases.iter_mut().flat_map(|c| &mut c.executions).for_each(|x| x.seconds = 0.0);
    record.sweeps.iter_mut().flat_map(|s| &mut s.functions).for_each(|s| s.seconds = 0.0);
    record
}

#[test]
fn merged_records_keep_their_sweeps_and_share_them() {
    let folder = tempfile::tempdir().expect("a folder");
    let records = [with(0, false), with(1, false), with(2, true)];
    let files: Vec<_> = (0..).zip(&records).map(|(i, r)| put(folder.path(), &format!("{i}.json"), r)).collect();
    let set = merge(&files);
    let back: Vec<Record> = set.records().map(|r| untimed(r.expect("JSON"))).collect();
    for record in records {
        assert!(back.contains(&untimed(record)), "as it was");
    }
    let written = bytes(&set);
    let path = folder.path().join("set.json");
    std::fs::write(&path, &written).expect("written");
    assert_eq!(bytes(&merge([&path])), written, "read again");
    // Equal sweeps are a difference of a few bytes in the file.
    let length = |files: &[std::path::PathBuf]| bytes(&merge(files)).len();
    let sweeps = serde_json::to_string(&with(0, false).sweeps).expect("JSON").len();
    assert!(sweeps > 1000, "{sweeps}");
    assert!(length(&files[..2]) - length(&files[..1]) < sweeps / 2, "the second has no sweeps of its own");
    // And what differs between machines is told of them as of cases.
    let related = relate(&set);
    let differs = related.conflicts.iter().filter(|c| c.case.starts_with("sweep/")).count();
    assert_eq!(differs, 1, "exp of one engine, on machines that differ: {:?}", related.conflicts);
    assert_eq!(
        relate(&merge(&files[..2])).conflicts.iter().filter(|c| c.case.starts_with("sweep/")).count(),
        0,
        "the same"
    );
}

#[test]
fn a_sweep_that_contradicts_itself_is_refused() {
    let change = |f: &dyn Fn(&mut Record)| {
        let mut record = with(0, true);
        f(&mut record);
        record.id = content_id(&record).expect("JSON");
        refused(&String::from_utf8(record::to_json(&record).expect("JSON")).expect("text"))
    };
    let first = |r: &mut Record| r.sweeps[1].functions[0].clone();
    for (what, part, f) in [
        ("a count", "do not add up", &(|r: &mut Record| r.sweeps[1].functions[0].right += 1) as &dyn Fn(&mut Record)),
        ("a huge count", "do not add up", &|r: &mut Record| r.sweeps[1].functions[0].classes.finite = u64::MAX),
        ("fewer inputs", "number of inputs", &|r: &mut Record| r.sweeps[1].functions[0].count -= 1),
        ("a digest", "contradict", &|r: &mut Record| {
            let of = &mut r.sweeps[1].functions[0];
            of.digest = of.reference.clone();
        }),
        ("no digest", "no digest", &|r: &mut Record| r.sweeps[1].functions[0].shader.clear()),
        ("a function twice", "twice", &|r: &mut Record| {
            let again = first(r);
            r.sweeps[1].functions.push(again);
        }),
        ("a name that is none", "names no function", &|r: &mut Record| {
            r.sweeps[1].functions[0].function = "exp?dtype=f16".to_owned();
        }),
        ("an engine that is not listed", "does not list", &|r: &mut Record| r.sweeps[1].engine = "vulkan:9".to_owned()),
        ("a forbidden result of none", "forbidden", &|r: &mut Record| {
            let of = &mut r.sweeps[1].functions[0];
            of.first_outside = of.worst_ulp.as_ref().map(|w| w.at.clone());
        }),
    ] {
        let message = change(f);
        assert!(message.contains(part), "{what}: {message}");
    }
    assert_eq!(Merged::default().len(), 0, "an empty set has none");
}
