//! The lock: what is in it, what cannot be locked, and what is wrong with its text.

use repro_audit::gate::{Conclusion, Found, Lock, LockError, Outcome};
use repro_audit::kernels::Profile;
use repro_audit::model::Arithmetic;
use repro_audit::model::bits::Bits;
use repro_audit::numerics::drift;
use repro_audit::record::{AxisLevel, Comparison, Distinct, EngineStatus, Record, Status, TwinDigest};

use crate::fixture;
use crate::subject::{ATOMIC, EXP, SKIPPED, SUM, ask, becomes, case, lock, notable, of, on, results, settled, sound};

#[test]
fn the_lock_is_text_that_can_be_read() {
    let record = sound();
    let text = Lock::of(std::slice::from_ref(&record)).expect("a lock").to_string();
    for line in ["format 1", "tool 0.1.0", "profile quick", "seed 7", "repeats 8", "engine vulkan/llvmpipe/x86_64"] {
        assert!(text.lines().any(|l| l == line), "{line}");
    }
    assert!(text.starts_with("# repro.lock") && text.contains("repro-audit lock RECORD"), "it says how to update it");
    let digest = |id: &str, engine: &str| {
        let mut record = record.clone();
        results(on(&mut record, id, engine))[0].digest[..16].to_owned()
    };
    let row = format!("  bit-exact              {}  vulkan/llvmpipe/x86_64", digest(SUM, "vulkan:1"));
    assert!(text.lines().any(|l| l == row), "{row}");
    assert!(!text.contains(&digest(ATOMIC, "vulkan:1")), "no run's digest stands for runs that differ");
    assert!(text.lines().any(|l| l == "  not-repeatable         unordered         vulkan/llvmpipe/x86_64"), "no order");
    assert!(text.lines().any(|l| l.starts_with("  skipped                -                 ")), "skipped");
    assert!(!text.contains("vulkan:1") && !text.contains('\u{1b}'), "no place, and nothing of a hostile name");
    let ids: Vec<_> = text.lines().filter_map(|l| l.strip_prefix("case ")).collect();
    let mut sorted = ids.clone();
    sorted.sort_unstable();
    assert_eq!(ids, sorted, "sorted");
}

/// A driver's update changes a few lines: those of the driver, and those of results that changed.
#[test]
fn an_update_is_a_small_difference() {
    let before = sound();
    let mut after = before.clone();
    let engine = after.engines.iter_mut().find(|e| e.id == "vulkan:1").expect("an engine");
    let adapter = engine.adapter.as_mut().expect("an adapter");
    adapter.driver_info = "Mesa 25.0.7 (LLVM 19.1.7)".to_owned();
    adapter.name = "llvmpipe (LLVM 19.1.7, 256 bits)".to_owned();
    // Another place among the adapters is no change.
    adapter.index = 4;
    after.engines.rotate_left(1);
    results(on(&mut after, SUM, "vulkan:1"))[0].digest = "0e".repeat(16);
    let (old, new) =
        (Lock::of(&[before]).expect("a lock").to_string(), Lock::of(&[settled(after)]).expect("a lock").to_string());
    let changed: Vec<_> = old.lines().zip(new.lines()).filter(|(a, b)| a != b).collect();
    assert_eq!(old.lines().count(), new.lines().count(), "no line more");
    assert_eq!(changed.len(), 4, "driver, device, the kernel's digest, and one result: {changed:?}");
}

fn two_legs() -> (Record, Record) {
    let mut old = sound();
    old.provenance.settings.label = Some("bookworm".to_owned());
    let mut new = old.clone();
    new.provenance.settings.label = Some("trixie".to_owned());
    let engine = new.engines.iter_mut().find(|e| e.id == "vulkan:1").expect("an engine");
    engine.adapter.as_mut().expect("an adapter").driver_info = "Mesa 25.0.7".to_owned();
    results(on(&mut new, SUM, "vulkan:1"))[0].digest = "0e".repeat(16);
    (old, new)
}

#[test]
fn drivers_of_one_class_are_told_apart() {
    let (old, new) = two_legs();
    let both = lock(&[old.clone(), new.clone()]);
    let rows = &both.cases[&key(SUM)].rows;
    let labels: Vec<_> = rows.keys().filter(|l| l.contains("llvmpipe")).collect();
    assert_eq!(labels, ["vulkan/llvmpipe/x86_64 @ bookworm", "vulkan/llvmpipe/x86_64 @ trixie"], "by their audits");
    assert_eq!(rows[labels[1]].found, Found::Digest("0e".repeat(8)), "each with its own digest");
    assert_eq!(ask(&both, "", &[old.clone(), new.clone()]).conclusion, Conclusion::Pass, "both pass");
    let exchanged = |label: &str, r: &Record| {
        let mut r = r.clone();
        r.provenance.settings.label = Some(label.to_owned());
        r
    };
    // Without labels, by their versions.
    let (mut a, mut b) = (old.clone(), new.clone());
    a.provenance.settings.label = None;
    b.provenance.settings.label = None;
    let unlabelled = lock(&[a, b]);
    assert!(unlabelled.engines.contains_key("vulkan/llvmpipe/x86_64 @ Mesa 25.0.7"), "{:?}", unlabelled.engines.keys());
    // A third version on the second leg is the second leg's driver, changed.
    let mut third = exchanged("trixie", &new);
    let engine = third.engines.iter_mut().find(|e| e.id == "vulkan:1").expect("an engine");
    engine.adapter.as_mut().expect("an adapter").driver_info = "Mesa 22.9.9".to_owned();
    let checked = ask(&both, "", &[old, third]);
    assert_eq!(checked.conclusion, Conclusion::Note, "{:?}", notable(&checked));
    let item = of(&checked, Outcome::DriverChanged)[0];
    assert!(
        item.what.contains("@ trixie") && item.what.contains("Mesa 25.0.7") && item.what.contains("Mesa 22.9.9"),
        "{}",
        item.what
    );
}

#[test]
fn a_leg_that_is_missing_is_absent() {
    let (old, new) = two_legs();
    let both = lock(&[old.clone(), new]);
    let checked = ask(&both, "", &[old]);
    assert_eq!(checked.conclusion, Conclusion::Absent, "{:?}", notable(&checked));
    assert_eq!(
        of(&checked, Outcome::EngineAbsent)[0].engine.as_deref(),
        Some("vulkan/llvmpipe/x86_64 @ trixie"),
        "which"
    );
}

#[test]
fn one_of_two_equal_adapters_that_is_gone_is_absent() {
    let mut two = sound();
    let mut again = two.engines.iter().find(|e| e.id == "vulkan:1").expect("an engine").clone();
    again.id = "vulkan:7".to_owned();
    two.engines.push(again);
    let control = repro_audit::record::Control { engine: "vulkan:7".to_owned(), ..two.controls[0].clone() };
    two.controls.push(control);
    for case in &mut two.cases {
        let Some(mut x) = case.executions.iter().find(|x| x.engine == "vulkan:1").cloned() else { continue };
        x.engine = "vulkan:7".to_owned();
        case.executions.push(x);
    }
    let locked = lock(&[two.clone()]);
    assert_eq!(locked.engines["vulkan/llvmpipe/x86_64"].count, 2, "two of a kind are one engine");
    assert_eq!(ask(&locked, "", &[two.clone()]).conclusion, Conclusion::Pass, "both are there");
    assert_eq!(ask(&locked, "", &[sound()]).conclusion, Conclusion::Absent, "one is gone");
    let mut less = two.clone();
    case(&mut less, SUM).executions.retain(|x| x.engine != "vulkan:7");
    let checked = ask(&locked, "", &[less]);
    let missing = of(&checked, Outcome::MissingCase);
    assert_eq!(missing.len(), 1, "one of the two lost a case: {:?}", notable(&checked));
    assert_eq!(
        (missing[0].on.as_deref(), missing[0].case.as_deref(), missing[0].conclusion),
        (Some("vulkan:7"), Some(SUM), Conclusion::Fail),
        "which"
    );
    results(on(&mut two, SUM, "vulkan:7"))[0].digest = "0e".repeat(16);
    let checked = ask(&locked, "", &[two.clone()]);
    assert_eq!(of(&checked, Outcome::DigestChanged)[0].on.as_deref(), Some("vulkan:7"), "the second is judged too");
    let conflict = Lock::of(&[settled(two.clone())]).expect_err("no digest stands for both").to_string();
    assert!(conflict.contains(SUM) && conflict.contains("0e0e0e0e") && !conflict.contains('\n'), "{conflict}");
    // Two machines are refused likewise; where runs differ, or no order is fixed, that is what is locked.
    let mut other = sound();
    other.environment.host = "other".to_owned();
    results(on(&mut other, SUM, "vulkan:1"))[0].digest = "0e".repeat(16);
    assert!(matches!(Lock::of(&[sound(), settled(other.clone())]), Err(LockError::Records(_))), "two machines");
    becomes(on(&mut other, SUM, "vulkan:1"), Status::NotRepeatable, &["0e", "0f"]);
    let row = &lock(&[sound(), other]).cases[&key(SUM)].rows["vulkan/llvmpipe/x86_64"];
    assert_eq!((row.status, &row.found), (Status::NotRepeatable, &Found::Varies), "its runs differ on one of them");
}

fn key(id: &str) -> repro_audit::model::CaseId {
    repro_audit::model::CaseId::parse(id).unwrap_or_else(|e| panic!("{e}"))
}

#[test]
fn what_says_too_little_is_not_locked() {
    let refused = |change: &dyn Fn(&mut Record)| {
        let mut record = sound();
        change(&mut record);
        Lock::of(&[record]).expect_err("refused")
    };
    let incomplete: [&dyn Fn(&mut Record); 5] = [
        &|r| r.cases.clear(),
        &|r| r.controls[0].caught = false,
        &|r| r.controls.clear(),
        &|r| r.engines[1].status = EngineStatus::Failed { reason: "it hung".to_owned(), case: None },
        &|r| on(r, ATOMIC, "vulkan:1").status = Status::BitExact,
    ];
    for (i, change) in incomplete.into_iter().enumerate() {
        assert!(matches!(refused(change), LockError::Incomplete(_)), "{i}");
    }
    assert!(matches!(Lock::of(&[fixture::full(1)]), Err(LockError::Incomplete(_))), "an engine failed");
    type Change<'a> = &'a dyn Fn(&mut Record);
    let records: [(Change<'_>, &str); 1] = [(&|r| r.provenance.settings.repeats = 1, "--repeats 2")];
    for (change, part) in records {
        let error = refused(change);
        assert!(matches!(&error, LockError::Records(what) if what.contains(part)), "{part}: {error}");
    }
    let bad: [(Change<'_>, &str); 2] = [
        (&|r| case(r, SUM).id = "sum/tree n=3".to_owned(), "is not a variant"),
        (
            &|r| {
                let execution = on(r, SUM, "vulkan:1");
                becomes(execution, Status::WithinSpecification, &["0a"]);
                results(execution)[0].digest = "odd".to_owned();
            },
            "digest",
        ),
    ];
    for (change, part) in bad {
        let error = refused(change);
        assert!(matches!(&error, LockError::Unreadable { what, .. } if what.contains(part)), "{part}: {error}");
    }
    let pair = |change: &dyn Fn(&mut Record)| {
        let mut other = sound();
        change(&mut other);
        Lock::of(&[sound(), other]).expect_err("they do not belong together").to_string()
    };
    assert!(pair(&|r| r.provenance.settings.profile = Profile::Deep).contains("do not belong together"), "profile");
    assert!(pair(&|r| r.provenance.settings.seed = 1).contains("do not belong together"), "seed");
    assert!(pair(&|r| r.provenance.version = "9".to_owned()).contains("do not belong together"), "version");
    assert!(pair(&|r| case(r, SUM).shader = Some("cd".repeat(16))).contains("shader differs"), "shader");
    assert!(Lock::of(&[]).is_err(), "no record");
}

#[test]
fn what_is_wrong_with_a_lock_is_said_with_its_line() {
    let head = "format 1\ntool 0.1.0\nprofile quick\nseed 7\nrepeats 5\n";
    let engine = format!("{head}\nengine a b\n  backend vulkan\n");
    let whole = format!("{engine}\ncase sum/x?n=1 f32[1] shader 0123456789abcdef\n");
    let rows: &[(String, usize, &str)] = &[
        (String::new(), 1, "is this a repro.lock?"),
        ("{\"format\": 1}".to_owned(), 1, "first line"),
        ("# a comment\n\nformat 2".to_owned(), 3, "update repro-audit"),
        ("format 0".to_owned(), 1, "no release"),
        ("format one".to_owned(), 1, "whole number"),
        ("format 1\ncolour blue".to_owned(), 2, "not a key of a lock"),
        ("format 1\nseed 7\nseed 8".to_owned(), 3, "twice"),
        ("format 1\nprofile fast".to_owned(), 2, "quick, standard or deep"),
        ("format 1\nseed 7".to_owned(), 2, "'tool …' is missing"),
        (format!("{head}<<<<<<< ours"), 6, "merge conflict"),
        (format!("{head}  backend vulkan"), 6, "belongs under"),
        (format!("{head}engine a\n  backend vulkan\nengine a"), 8, "twice"),
        (format!("{head}engine a\n  colour blue"), 7, "not a key of an engine"),
        (format!("{head}engine a\n  backend"), 7, "says nothing"),
        (format!("{head}engine a"), 6, "no backend"),
        (format!("{engine}case sum/x"), 9, "TYPE[COUNT]"),
        (format!("{engine}case sum/x f32[1] shader 12"), 9, "16 hexadecimal"),
        (format!("{engine}case sum/x f32[1] colour 0123456789abcdef"), 9, "not a key of a case"),
        (format!("{engine}case sum/x f32[1]\ncase sum/x f32[1]"), 10, "twice"),
        (format!("{engine}case sum/x f32[1]\nseed 8"), 10, "neither"),
        (format!("{whole}  bit-exact"), 11, "status digest engine"),
        (format!("{whole}  exact 0123456789abcdef a b"), 11, "not a status"),
        (format!("{whole}  bit-exact 0123456789ABCDEF a b"), 11, "16 hexadecimal"),
        (format!("{whole}  bit-exact varies a b"), 11, "cannot be"),
        (format!("{whole}  not-repeatable 0123456789abcdef a b"), 11, "cannot be"),
        (format!("{whole}  skipped varies a b"), 11, "cannot be"),
        (format!("{whole}  bit-exact 0123456789abcdef c"), 11, "no engine above"),
        (format!("{whole}  skipped - a b\n  skipped - a b"), 12, "two results"),
    ];
    for (text, line, part) in rows {
        let error = Lock::parse("my.lock", text).expect_err(text).to_string();
        assert!(error.starts_with(&format!("my.lock:{line}: ")), "{text}: {error}");
        assert!(error.contains(part) && error.lines().count() == 1, "{text}: {error}");
    }
    let good = Lock::parse("my.lock", &format!("{whole}  bit-exact 0123456789abcdef a b\r\n")).expect("a lock");
    assert_eq!(good.cases[&key("sum/x?n=1")].rows["a b"].line, 11, "a row and its line");
    assert!(lock(&[sound()]).cases.contains_key(&key(SKIPPED)), "what is skipped is in it");
}

/// An atomic sum that happens to repeat on one driver is no promise.
#[test]
fn what_has_no_order_has_no_digest() {
    let mut record = sound();
    // Neither has a twin; runs of the atomic sum differ on some engines, those of the other on none.
    for case in record.cases.iter_mut().filter(|c| c.id.starts_with("sum/atomic?") || c.id == SUM) {
        case.twins.clear();
    }
    let locked = lock(&[record.clone()]);
    let swift = locked.engines.keys().find(|l| l.contains("SwiftShader")).expect("an engine").clone();
    let row = |id: &str| locked.cases[&key(id)].rows[&swift].clone();
    assert_eq!((row(ATOMIC).status, row(ATOMIC).found), (Status::NotRepeatable, Found::Unordered), "on all engines");
    let larger = "sum/atomic?n=65536&dist=normal&seed=7&wg=64";
    assert_eq!(row(larger).found, Found::Unordered, "and in all cases of the variant");
    assert!(matches!(row(SUM).found, Found::Digest(_)), "what repeats everywhere has a digest, with a twin or without");
    let after = |change: &dyn Fn(&mut Record)| {
        let mut after = record.clone();
        change(&mut after);
        ask(&locked, "", &[after])
    };
    let other = |id: &'static str| move |r: &mut Record| results(on(r, id, "vulkan:0"))[0].digest = "0e".repeat(16);
    assert_eq!(after(&|_| {}).conclusion, Conclusion::Pass, "itself");
    assert_eq!(after(&other(ATOMIC)).conclusion, Conclusion::Pass, "another order");
    assert_eq!(after(&other(SUM)).conclusion, Conclusion::Fail, "other bits");
    let worse = after(&|r| on(r, ATOMIC, "vulkan:0").status = Status::OutsideSpecification);
    assert_eq!(of(&worse, Outcome::StatusChanged).len(), 1, "outside is worse: {:?}", notable(&worse));
}

/// Lets the runs of a case on `vulkan:1` differ in the bits of NaN alone. What else is compared stays as it is.
fn with_nan(record: &mut Record, id: &str) {
    let [a, b] = [0x7fc0_0000, 0xffc0_0001].map(|bits| Bits::f32(&[f32::from_bits(bits)]));
    let drift = drift::measure(&a, &b).expect("one shape");
    let (left, right) = ("vulkan:1 run 1".into(), "vulkan:1 run 2".into());
    case(record, id).comparisons.push(Comparison { axis: AxisLevel::Repeat, left, right, drift });
    let distinct = results(on(record, id, "vulkan:1"));
    distinct[0].runs -= 1;
    distinct.push(Distinct { digest: "0e".repeat(16), runs: 1, bits: None });
}

/// Was: a lock with a row `bit-exact varies`, which could not be read.
#[test]
fn the_bits_of_nan_are_no_difference_in_a_lock() {
    let plain = sound();
    let (strict, other) = (SUM, EXP);
    let mut record = plain.clone();
    with_nan(&mut record, strict);
    with_nan(&mut record, other);
    let locked = lock(&[record.clone()]);
    let row = |lock: &Lock, id: &str| {
        let rows = &lock.cases[&key(id)].rows;
        rows.iter().find(|(l, _)| l.as_str() == "vulkan/llvmpipe/x86_64").expect("a row").1.clone()
    };
    let before = lock(std::slice::from_ref(&plain));
    assert_eq!(row(&locked, strict).status, Status::BitExact, "NaN is equal to NaN");
    assert_eq!(row(&locked, strict).found, row(&before, strict).found, "the strict reference's digest stands for it");
    assert_eq!((row(&locked, other).status, row(&locked, other).found), (Status::WithinSpecification, Found::Varies));
    for (from, to) in [(&record, &record), (&record, &plain), (&plain, &record)] {
        let checked = ask(&lock(std::slice::from_ref(from)), "", std::slice::from_ref(to));
        assert!(checked.conclusion <= Conclusion::Note, "nothing changed but NaN: {:?}", notable(&checked));
    }
    for requirement in ["repeatable", "within-specification"] {
        let policy = format!("[[rule]]\ncase = \"exp/*\"\nadapter = \"llvmpipe\"\nrequire = \"{requirement}\"\n");
        let checked = ask(&locked, &policy, std::slice::from_ref(&record));
        assert!(of(&checked, Outcome::BeyondRule).is_empty(), "{requirement}: {:?}", notable(&checked));
    }
    let mut worse = record.clone();
    results(on(&mut worse, strict, "vulkan:1"))[0].digest = "0f".repeat(16);
    let checked = ask(&locked, "", &[worse]);
    assert_eq!(of(&checked, Outcome::DigestChanged).len(), 1, "other bits are still noticed: {:?}", notable(&checked));
}

/// Was: whichever reference stood first in the record.
#[test]
fn the_strict_reference_of_a_lock_is_the_one_of_that_name() {
    let record = sound();
    let mut turned = record.clone();
    for case in turned.cases.iter_mut().filter(|c| !c.twins.is_empty()) {
        case.twins.insert(0, TwinDigest { arithmetic: Arithmetic::FUSED, digest: "0f".repeat(16) });
    }
    assert_eq!(lock(&[turned]).cases, lock(&[record]).cases, "their order says nothing");
}
