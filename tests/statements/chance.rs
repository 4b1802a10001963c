//! Statements about results of no fixed order of operations, and about outputs of which a part is stored, that were wrong
//! once.

use repro_audit::facts::pair::{Kind, compare};
use repro_audit::facts::{self, Soundness};
use repro_audit::model::bits::Bits;
use repro_audit::record::{Distinct, Outcome, Outputs, Record, Status, Stored};

use crate::fixture;
use crate::pair::{compared, ordinary, record, related, sealed};

/// Without references in `dot`, each case having run so often.
fn unordered(mut record: Record, times: u32) -> Record {
    for case in record.cases.iter_mut().filter(|c| c.kernel == "dot") {
        case.twins.clear();
        case.twin_accuracy = None;
        for execution in &mut case.executions {
            execution.equals.clear();
            execution.status = Status::Unjudged;
            if let Outcome::Ran { runs, distinct, .. } = &mut execution.outcome {
                *runs = times;
                distinct[0].runs = times;
            }
        }
    }
    sealed(record)
}

/// Two records of one machine, of which `dot` has other bits in each.
fn two() -> [Record; 2] {
    [0, 2].map(|by| {
        record("a", "25.0.7", 1 + by, ordinary, &|kernel, word| if kernel == "dot" { word + by } else { word })
    })
}

/// The record with runs that differ in one case of each variant of `dot`.
fn varying(mut record: Record) -> Record {
    for case in record.cases.iter_mut().filter(|c| c.kernel == "dot" && c.id.contains("65536")) {
        if let Outcome::Ran { distinct, .. } = &mut case.executions[0].outcome {
            distinct[0].runs = 1;
            distinct.push(Distinct { digest: "0e".repeat(16), runs: 1, bits: None });
        }
        case.executions[0].status = Status::NotRepeatable;
    }
    sealed(record)
}

/// One run does not show that a side repeats its own result.
#[test]
fn what_ran_once_without_a_fixed_order_is_no_change() {
    let [before, after] = two().map(|r| unordered(r, 1));
    let dots = before.cases.iter().filter(|c| c.kernel == "dot").count();
    let (_, text) = compared(&before, &after, &["--full"]);
    assert!(!text.contains("repeats its own result") && !text.contains("Open order"), "{text}");
    let said = format!("and {dots} have no fixed order; no repeatable result changed");
    assert!(text.contains(&said), "{said}: {text}");
    assert!(text.contains(&format!("In {dots} cases the kernel does not fix the order of operations")), "{text}");
}

/// A few runs that agree are chance where any other run of the variant shows that the order matters.
#[test]
fn what_agreed_by_chance_is_no_change() {
    let [before, after] = two().map(|r| unordered(r, 2));
    let (_, text) = compared(&before, &after, &["--full"]);
    assert!(text.contains("each side repeats its own result"), "nothing shows that the order matters: {text}");
    let (_, text) = compared(&before, &varying(after), &["--full"]);
    assert!(!text.contains("repeats its own result") && !text.contains("changed at ordinary"), "{text}");
    assert!(text.contains("no repeatable result changed"), "{text}");
}

/// A set of records says what a pair does.
#[test]
fn what_ran_once_without_a_fixed_order_is_no_conflict() {
    let view = related(&two());
    assert!(!view.conflicts.is_empty(), "with a fixed order it is one");
    let view = related(&two().map(|r| unordered(r, 1)));
    assert!(view.conflicts.is_empty(), "{:?}", view.conflicts);
    // Of two runs each nothing shows that the order matters, until runs of the variant differ.
    let [before, after] = two().map(|r| unordered(r, 2));
    assert!(!related(&[before.clone(), after.clone()]).conflicts.is_empty(), "each repeats its own");
    let view = related(&[before, varying(after)]);
    assert!(view.conflicts.is_empty(), "{:?}", view.conflicts);
}

/// Where a side ran once, nothing is known of whether it repeats.
#[test]
fn one_run_does_not_repeat() {
    let [once, often] = two();
    let mut varies = often;
    let mut single = once;
    for (record, varies) in [(&mut single, false), (&mut varies, true)] {
        for execution in record.cases.iter_mut().filter(|c| c.kernel == "dot").flat_map(|c| &mut c.executions) {
            if let Outcome::Ran { runs, distinct, .. } = &mut execution.outcome {
                (*runs, distinct[0].runs) = if varies { (2, 1) } else { (1, 1) };
                if varies {
                    distinct.push(Distinct { digest: "0e".repeat(16), runs: 1, bits: None });
                }
            }
            if varies {
                execution.status = Status::NotRepeatable;
            }
        }
    }
    let [single, varies] = [single, varies].map(sealed);
    let (_, text) = compared(&single, &varies, &["--full", "--format", "csv"]);
    assert!(text.contains("before, it ran once") && !text.contains("no longer repeats"), "{text}");
    let (_, text) = compared(&varies, &single, &["--full", "--format", "csv"]);
    assert!(text.contains("now it ran once") && !text.contains("now it repeats"), "{text}");
}

/// Two digests differ in an element at least, whatever the samples of it show.
#[test]
fn no_stored_difference_is_no_equality() {
    let [mut before, mut after] = two();
    let samples = before.cases.iter().find(|c| c.kernel == "dot").expect("a dot product").executions[0].samples.clone();
    for record in [&mut before, &mut after] {
        record.outputs = Outputs::default();
        for execution in record.cases.iter_mut().flat_map(|c| &mut c.executions) {
            execution.samples.clone_from(&samples);
        }
    }
    let (_, text) = compared(&sealed(before), &sealed(after), &["--full"]);
    assert!(text.contains("how far is not stored") && text.contains("at least 1 of 64"), "{text}");
    assert!(!text.contains("at least =") && !text.contains("at least 0"), "{text}");
}

/// The norm over a part of an output is no least of the norm over all of it.
#[test]
fn the_relative_change_of_a_part_is_told_as_that() {
    let [before, after] = two();
    let part = |mut record: Record, first: u32| {
        record.outputs = Outputs::default();
        for case in record.cases.iter_mut().filter(|c| c.kernel == "dot") {
            case.elements = 20_000;
            let words = |first: u32| (0..20_000).map(|i| if i == 0 { first } else { 0x3f80_0000 }).collect();
            let bits = Bits::words(case.dtype, words(first));
            case.twins[0].digest = Bits::words(case.dtype, words(0x3f80_0000)).digest();
            for execution in &mut case.executions {
                execution.equals.clear();
                execution.status = Status::Unjudged;
                if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
                    distinct[0].digest = bits.digest();
                }
            }
            record.outputs.add(bits.digest(), Stored::new(&bits, 64));
        }
        sealed(record)
    };
    let (_, text) = compared(&part(before, 0x3f90_0000), &part(after, 0x3fa0_0000), &["--full"]);
    assert!(text.contains(" of what is stored, in "), "{text}");
    assert!(!text.contains("matmul/dot (at least"), "the whole changed less: {text}");
}

/// Atomics that agreed in a few runs are nothing to use instead of others.
#[test]
fn nothing_without_a_fixed_order_is_advised() {
    let mut record = fixture::full(2);
    let advised = |record: &Record| {
        let all = facts::advice(record, &Soundness::default(), &facts::verdicts(record));
        all.into_iter().filter(|a| a.kernel == "scatter_add").flat_map(|a| a.variants).collect::<Vec<_>>()
    };
    assert_eq!(advised(&record), ["sorted"], "it has a reference");
    record.cases.iter_mut().filter(|c| c.kernel == "scatter_add").for_each(|c| c.twins.clear());
    assert_eq!(advised(&record), Vec::<String>::new(), "it has none");
}

/// A record beside itself has no result that is another one.
#[test]
fn what_has_no_fixed_order_is_not_told_as_other_bits() {
    let record = fixture::full(1);
    let found = compare(&record, &record, &[]).expect("the same engines");
    let s = found.sameness;
    assert!(found.results.iter().all(|r| r.kind == Kind::Unrepeatable), "nothing changed");
    assert_eq!(s.same + s.open + s.unrepeatable, s.compared, "each is one of these: {s:?}");
}
