//! What records say together: differences, classes, conflicts and timelines, on records whose truth is known.

use repro_audit::facts::pair::{Compared, Kind, Pairs, Reference, Why, compare};
use repro_audit::facts::set::{Related, relate};
use repro_audit::formats::{Options, markdown, terminal};
use repro_audit::model::bits::Bits;
use repro_audit::numerics::arith::Arithmetic;
use repro_audit::record::{self, Merged, Outcome, Reader, Record, Status, Stored, TwinDigest, content_id};
use repro_audit::views::View as _;
use repro_audit::views::document::Weight;

/// A machine with one lavapipe of this Mesa; `fuses` in every case of `dot`, by one ulp.
fn machine(label: &str, host: &str, mesa: &str, day: u32, fuses: bool) -> Record {
    let mut record = crate::fixture::full(1);
    record.cases.retain(|c| c.kernel == "dot" || c.kernel == "rope");
    record.verdicts.retain(|v| v.kernel == "dot" || v.kernel == "rope");
    record.engines.retain(|e| e.id == "cpu" || e.id == "vulkan:1");
    record.controls.retain(|c| c.engine == "vulkan:1");
    record.verdicts.retain(|v| v.engine == "vulkan:1");
    record.environment.host = host.to_owned();
    record.environment.machine_id = format!("id of {host}");
    record.environment.variables.clear();
    record.run.started = format!("2026-02-{day:02}T12:00:00Z");
    record.provenance.settings.label = Some(label.to_owned());
    if let Some(adapter) = &mut record.engines[1].adapter {
        adapter.driver_info = format!("Mesa {mesa}");
        adapter.name = format!("llvmpipe (LLVM {}.0.0, 256 bits)", mesa.split('.').next().unwrap_or(""));
    }
    record.engines[1].label = record.engines[1].adapter.as_ref().map(|a| a.label()).unwrap_or_default();
    for case in &mut record.cases {
        case.executions.retain(|x| x.engine == "vulkan:1");
        case.comparisons.clear();
        let words = (0..case.elements).map(|i| 0x3f80_0000 + u32::try_from(i).expect("small"));
        let twin = Bits::words(case.dtype, words.clone().collect());
        case.twins[0].digest = twin.digest();
        if case.kernel == "dot" {
            let fused = Bits::words(case.dtype, words.clone().map(|w| w + 1).collect());
            case.twins.push(TwinDigest { arithmetic: Arithmetic::FUSED, digest: fused.digest() });
        }
        for execution in &mut case.executions {
            let moved = fuses && case.kernel == "dot";
            let bits = Bits::words(case.dtype, words.clone().map(|w| w + u32::from(moved)).collect());
            if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
                distinct.truncate(1);
                distinct[0].digest = bits.digest();
            }
            execution.equals = vec![if moved { Arithmetic::FUSED } else { Arithmetic::STRICT }];
            execution.status = if moved { Status::WithinSpecification } else { Status::BitExact };
            record.outputs.add(bits.digest(), Stored::new(&bits, 1 << 20));
        }
    }
    record.verdicts = repro_audit::facts::verdicts(&record);
    sealed(record)
}

fn sealed(mut record: Record) -> Record {
    record.id = content_id(&record).expect("a record is JSON");
    record
}

fn merged(records: &[Record]) -> Merged {
    let folder = tempfile::tempdir().expect("a folder");
    let reader = Reader::default();
    for (i, record) in records.iter().enumerate() {
        let path = folder.path().join(format!("{i}.json"));
        std::fs::write(&path, record::to_json(record).expect("JSON")).expect("written");
        reader.read(&path).unwrap_or_else(|e| panic!("{e}"));
    }
    reader.finish()
}

/// The headline of a comparison.
fn said(found: &Compared) -> String {
    Pairs { pairs: vec![found.clone()], only: (Vec::new(), Vec::new()), earlier: (Vec::new(), Vec::new()) }
        .document()
        .headline
}

/// All of a set for a terminal.
fn page(view: &Related) -> String {
    terminal::write(&view.document(), &Options { full: true, width: 400, ..Options::default() })
}

#[test]
fn equal_records_differ_in_nothing() {
    let record = machine("a", "one", "22.3.6", 1, false);
    let found = compare(&record, &record, &[]).expect("nothing is forced");
    assert!(found.is_same() && !found.drifts(), "{found:?}");
    let said = said(&found);
    assert!(said.starts_with("All ") && said.contains("bit for bit the same"), "{said}");
    assert_eq!(found.sameness.compared, found.sameness.same, "all of them");
    assert!(found.sameness.compared > 0, "and there are some");
    assert!(found.operations.iter().all(|o| o.cases == 0) && !found.operations.is_empty(), "{:?}", found.operations);
}

#[test]
fn an_update_that_fuses_is_found_measured_and_explained() {
    let before = machine("a", "one", "22.3.6", 1, false);
    let after = machine("a", "one", "25.0.7", 2, true);
    let found = compare(&before, &after, &[]).expect("nothing is forced");
    let dots = before.cases.iter().filter(|c| c.kernel == "dot").count();
    assert!(found.results.iter().all(|c| c.kind == Kind::Differs && c.kernel == "dot"), "{:?}", found.results);
    assert_eq!(found.cases.len(), dots, "each case of dot and no other");
    let touched = found.operations.iter().find(|o| o.name == "matmul/dot").expect("an operation of a training");
    assert_eq!((touched.cases, touched.whole), (dots, true), "told in the words of a training");
    assert!(touched.worst.relative > 0.0 && touched.worst.relative < 1e-6, "one ulp is no more: {touched:?}");
    let first = &found.results[0];
    let drift = first.drift.as_ref().expect("stored");
    assert!(drift.is_whole() && drift.drift.max_ulp == 1 && drift.at_least == drift.elements, "{drift:?}");
    assert!(matches!(first.why, Why::Arithmetic { left: Reference::Strict, .. }), "{:?}", first.why);
    assert!(first.why.text().contains("now fuses multiply and add"), "{}", first.why.text());
    assert_eq!(found.causes.len(), 1, "one cause: {:?}", found.causes);
    assert!(found.between.other.contains(&"Mesa 22.3.6 → Mesa 25.0.7".to_owned()), "{:?}", found.between);
    let field = |of: &str, name: &str| found.surroundings.iter().any(|c| c.of == of && c.field == name);
    assert!(field("vulkan:1", "driver_info") && field("vulkan:1", "name"), "the driver: {:?}", found.surroundings);
    assert_eq!(found.surroundings.len(), 2, "and nothing else: {:?}", found.surroundings);
    assert_eq!(found.engines[1].matched.how, "same device and backend, another driver", "how they were matched");
    assert!(drift.size().ends_with("by up to 1 ulp"), "{}", drift.size());
}

/// The references beside the strict one are computed only where something drifts: a machine without them ran the same case.
#[test]
fn a_case_with_fewer_references_is_the_same_case() {
    let mut strict = machine("a", "one", "22.3.6", 1, false);
    for case in &mut strict.cases {
        case.twins.truncate(1);
    }
    strict.id = content_id(&strict).expect("JSON");
    let fuses = machine("b", "two", "25.0.7", 2, true);
    let view = relate(&merged(&[strict, fuses.clone()]));
    let dots = fuses.cases.iter().filter(|c| c.kernel == "dot").count();
    assert_eq!(view.apart, dots, "each case of dot tells the two apart");
    assert_eq!(view.cases, fuses.cases.len(), "and none is two cases");
}

#[test]
fn another_shader_is_the_programs_change_and_no_drift() {
    let before = machine("a", "one", "22.3.6", 1, false);
    let mut after = machine("a", "one", "22.3.6", 1, true);
    after.cases.iter_mut().filter(|c| c.kernel == "dot").for_each(|c| c.shader = Some("cd".repeat(16)));
    let found = compare(&before, &sealed(after), &[]).expect("nothing is forced");
    assert!(!found.absent.incomparable.is_empty() && found.results.is_empty(), "{:?}", found.results);
    assert!(!found.drifts(), "the program changed, and not the machine");
}

#[test]
fn what_does_not_repeat_is_no_difference_between_machines() {
    let before = machine("a", "one", "22.3.6", 1, false);
    let mut after = machine("a", "two", "22.3.6", 1, true);
    for execution in after.cases.iter_mut().flat_map(|c| &mut c.executions) {
        if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
            let mut other = distinct[0].clone();
            other.digest = "ee".repeat(16);
            distinct.push(other);
        }
    }
    let found = compare(&before, &sealed(after), &[]).expect("nothing is forced");
    assert!(
        !found.results.is_empty() && found.results.iter().all(|c| c.kind == Kind::Unrepeatable),
        "{}",
        said(&found)
    );
}

#[test]
fn results_that_do_not_repeat_are_not_the_same() {
    let mut before = machine("a", "one", "22.3.6", 1, false);
    let mut after = before.clone();
    for (record, digest) in [(&mut before, "ee"), (&mut after, "ff")] {
        if let Outcome::Ran { distinct, .. } = &mut record.cases[0].executions[0].outcome {
            let mut other = distinct[0].clone();
            other.digest = digest.repeat(16);
            distinct.push(other);
        }
    }
    let (before, after) = (sealed(before), sealed(after));
    let found = compare(&before, &after, &[]).expect("nothing is forced");
    assert_eq!(found.cases.len(), 1, "{}", said(&found));
    assert_eq!(found.results[0].kind, Kind::Unrepeatable, "the second results differ");
    let found = compare(&before, &before, &[]).expect("nothing is forced");
    assert_eq!(found.sameness.same + 1, found.sameness.compared, "no equal result");
    assert!(!said(&found).contains("All "), "{}", said(&found));
}

#[test]
fn what_vanished_is_drift() {
    let before = machine("a", "one", "22.3.6", 1, false);
    let mut after = before.clone();
    after.engines.retain(|e| e.id == "cpu");
    after.cases.iter_mut().for_each(|c| c.executions.clear());
    let found = compare(&before, &after, &[]).expect("nothing is forced");
    assert!(found.drifts(), "the adapter is gone: {}", said(&found));
    let mut after = before.clone();
    after.cases.remove(0);
    let found = compare(&before, &after, &[]).expect("nothing is forced");
    assert!(found.drifts(), "a case is gone: {}", said(&found));
}

#[test]
fn a_difference_that_is_not_stored_makes_the_distance_a_bound() {
    let before = machine("a", "one", "22.3.6", 1, false);
    let mut after = machine("a", "one", "22.3.6", 2, true);
    let case = after.cases.iter_mut().find(|c| c.kernel == "dot").expect("a dot");
    case.executions[0].samples.clear();
    if let Outcome::Ran { distinct, .. } = &mut case.executions[0].outcome {
        distinct[0].digest = "ee".repeat(16);
    }
    let found = compare(&before, &sealed(after), &[]).expect("nothing is forced");
    assert!(found.results.iter().any(|r| r.drift.is_none()), "one is not stored");
    assert!(found.results.iter().any(|r| r.drift.is_some()), "and the others are");
}

#[test]
fn another_twin_is_told_before_all() {
    let before = machine("a", "one", "22.3.6", 1, false);
    let mut after = machine("a", "two", "22.3.6", 1, true);
    after.cases[0].twins[0].digest = "aa".repeat(16);
    let found = compare(&before, &sealed(after), &[]).expect("nothing is forced");
    assert_eq!(found.results[0].kind, Kind::Reference, "{}", said(&found));
}

#[test]
fn classes_timeline_and_cover_are_those_that_were_made() {
    let records = [
        machine("bookworm", "one", "22.3.6", 1, false),
        machine("bookworm-2", "two", "22.3.6", 3, false),
        machine("trixie", "one", "25.0.7", 2, true),
        machine("sid", "one", "25.2.1", 4, true),
    ];
    let set = merged(&records);
    let view = relate(&set);
    let letters: Vec<(&str, &str)> = view.engines.iter().map(|a| (a.class.as_str(), a.records[0].as_str())).collect();
    assert_eq!(view.classes.len(), 2, "{letters:?}");
    let class = |name: &str| letters.iter().find(|(_, r)| *r == name).map(|(c, _)| *c);
    assert_eq!(class("trixie"), class("sid"), "both fuse");
    assert_ne!(class("trixie"), class("bookworm"), "and the older does not");
    let strict = view.classes.iter().find(|c| Some(c.letter.as_str()) == class("bookworm")).expect("its class");
    assert!(strict.strict, "it has the strict twin's bits");
    assert_eq!(strict.machines, 2, "two machines");
    assert_eq!((view.cover.chosen.len(), view.cover.is_smallest), (1, true), "one case tells two classes apart");
    assert!(view.telling[0].case.starts_with("dot/"), "{:?}", view.telling);
    assert!(view.splits[0].text.contains("fuses multiply and add"), "{}", view.splits[0].text);
    let kernel = |name: &str| view.kernels.iter().find(|k| k.kernel == name).expect("a kernel");
    assert_eq!((kernel("dot").classes, kernel("rope").classes), (2, 1), "only dot splits them");
    assert_eq!(kernel("dot").cells[1].severity.ulp, 1, "by one ulp");
    assert_eq!(view.timelines.len(), 1, "one device");
    let drivers = &view.timelines[0].versions;
    let seen: Vec<&str> = drivers.iter().map(|d| d.first_seen.as_str()).collect();
    assert_eq!(seen, ["bookworm", "trixie", "sid"], "in the order of versions");
    let changed: Vec<usize> = drivers.iter().map(|d| d.update.as_ref().map_or(0, |u| u.changes.len())).collect();
    assert_eq!(changed, [0, 1, 0], "only the second changed bits");
    let change = &drivers[1].update.as_ref().expect("an update").changes[0];
    assert_eq!((change.severity.ulp, change.first_seen.as_str()), (1, "trixie"), "by one ulp, and where");
    assert!(change.case.starts_with("dot/") && change.text.contains("now fuses"), "{change:?}");
    assert!(view.conflicts.is_empty(), "nothing disagrees");
    for text in [page(&view), markdown::write(&view.document())] {
        assert!(text.contains("fall into 2 classes") && text.contains("Driver timeline"), "{text}");
    }
}

#[test]
fn conflicts_stay_side_by_side() {
    let mut again = machine("a", "one", "22.3.6", 2, true);
    again.provenance.settings.label = Some("again".to_owned());
    let set = merged(&[machine("a", "one", "22.3.6", 1, false), sealed(again)]);
    let view = relate(&set);
    assert!(!view.conflicts.is_empty() && view.conflicts.iter().all(|c| c.same_machine), "non-determinism");
    assert!(view.conflicts.iter().all(|c| c.case.starts_with("dot/") && c.results.len() == 2), "both results");
    assert_eq!(view.classes.len(), 1, "what does not repeat tells nothing apart");
    let title = view.document().headline;
    assert!(title.starts_with("Not repeatable on one machine"), "{title}");
    // Between machines it is no non-determinism, and splits the adapter.
    let set = merged(&[machine("a", "one", "22.3.6", 1, false), machine("b", "two", "22.3.6", 2, true)]);
    let view = relate(&set);
    assert!(view.conflicts.iter().all(|c| !c.same_machine) && !view.conflicts.is_empty(), "another machine");
    assert_eq!(view.classes.len(), 2, "the processor may matter");
}

#[test]
fn merging_in_any_order_relates_alike() {
    let records = [
        machine("c", "three", "25.0.7", 1, true),
        machine("a", "one", "22.3.6", 2, false),
        machine("b", "two", "22.3.6", 3, true),
    ];
    let one = relate(&merged(&records));
    let mut turned = records;
    turned.reverse();
    assert_eq!(one, relate(&merged(&turned)), "a view of a set");
}

#[test]
fn one_machine_that_strays_is_a_conflict_and_no_class() {
    let mut records: Vec<Record> =
        (1..=6).map(|i| machine(&format!("leg-{i}"), &format!("host-{i}"), "22.3.6", i, false)).collect();
    records.push(machine("stray", "seven", "22.3.6", 7, true));
    let view = relate(&merged(&records));
    assert_eq!(view.classes.len(), 1, "six of seven agree");
    assert!(!view.conflicts.is_empty() && view.conflicts.iter().all(|c| !c.same_machine), "and one does not");
    assert!(view.conflicts.iter().all(|c| c.results.iter().any(|(_, names)| names == &["stray"])), "which is named");
    // Three of seven are too many to be strays.
    for (i, record) in records.iter_mut().enumerate().take(2) {
        *record = machine(&format!("other-{i}"), &format!("other-{i}"), "22.3.6", 9, true);
    }
    assert_eq!(relate(&merged(&records)).classes.len(), 2, "they are a class");
}

/// The record with the cases of one kernel alone.
fn only(mut record: Record, kernel: &str) -> Record {
    record.cases.retain(|c| c.kernel == kernel);
    record.verdicts = repro_audit::facts::verdicts(&record);
    sealed(pruned(record))
}

/// The record without outputs that are the result of no execution.
fn pruned(mut record: Record) -> Record {
    let all = std::mem::take(&mut record.outputs);
    let results = record.cases.iter().flat_map(|c| &c.executions).filter_map(|x| match &x.outcome {
        Outcome::Ran { distinct, .. } => distinct.first().map(|d| d.digest.clone()),
        _ => None,
    });
    for digest in results.collect::<std::collections::BTreeSet<_>>() {
        if let Some(stored) = all.get(&digest) {
            record.outputs.add(digest, stored.clone());
        }
    }
    record
}

/// The record of another adapter than lavapipe, of this device id.
fn of_device(mut record: Record, device: u32) -> Record {
    if let Some(adapter) = &mut record.engines[1].adapter {
        (adapter.vendor, adapter.device) = (0x1002, device);
        adapter.name = format!("Radeon {device:x}");
    }
    sealed(record)
}

/// How many cases of each kernel there are.
fn cases(record: &Record, kernel: &str) -> usize {
    record.cases.iter().filter(|c| c.kernel == kernel).count()
}

/// Two of three machines agree, and the third gives other bits with the same device and driver.
#[test]
fn machines_that_disagree_are_no_agreement() {
    let mut records: Vec<Record> =
        (1..=2).map(|i| machine(&format!("leg-{i}"), &format!("host-{i}"), "22.3.6", i, false)).collect();
    let agree = page(&relate(&merged(&records)));
    assert!(agree.starts_with("1 adapter agrees bit for bit"), "{agree}");
    assert!(agree.contains("No case tells any two engines apart.\n"), "{agree}");
    records.push(machine("stray", "three", "22.3.6", 3, true));
    let view = relate(&merged(&records));
    let (text, dots) = (page(&view), cases(&records[0], "dot"));
    assert!(text.starts_with(&format!("Not the same on all machines or systems: {dots} results")), "{text}");
    assert!(
        text.contains("No case tells any two engines apart. In 1 kernel records of one engine disagree."),
        "{text}"
    );
    assert!(text.contains("in every case that both ran and that repeats, but for the conflicts below"), "{text}");
    let dot = view.kernels.iter().find(|k| k.kernel == "dot").expect("a kernel");
    assert_eq!((dot.cells[0].settled, dot.cells[0].unsettled), (0, dots), "none is settled on all machines");
    let passed = view.document().findings.into_iter().filter(|f| f.weight == Weight::Pass).count();
    assert_eq!(passed, 0, "an engine whose machines disagree does not pass");
    // Of two kernels, one on which a second adapter differs: the other is not the same on all that ran it.
    let other = of_device(machine("other", "four", "22.3.6", 4, false), 0x73bf);
    let mut turned = other.clone();
    for case in turned.cases.iter_mut().filter(|c| c.kernel == "rope") {
        if let Outcome::Ran { distinct, .. } = &mut case.executions[0].outcome {
            distinct[0].digest = "ee".repeat(16);
        }
        (case.executions[0].equals, case.executions[0].status) = (vec![], Status::Unjudged);
    }
    turned.verdicts = repro_audit::facts::verdicts(&turned);
    records.push(sealed(pruned(turned)));
    let text = page(&relate(&merged(&records)));
    assert!(text.contains("In 1 of 2 kernels the engines do not all give the same bits: rope. None is the same on all engines that ran it."), "{text}");
}

#[test]
fn an_update_without_a_common_case_is_no_missing_version() {
    let before = only(machine("a", "one", "22.3.6", 1, false), "dot");
    let after = only(machine("b", "one", "25.0.7", 2, false), "rope");
    let text = page(&relate(&merged(&[before.clone(), after])));
    assert!(text.contains("No case that repeats ran on a version of a driver and on the next"), "{text}");
    assert!(!text.contains("No adapter is here with two versions"), "{text}");
    let text = page(&relate(&merged(&[before])));
    assert!(text.contains("No adapter is here with two versions of its driver."), "{text}");
}

#[test]
fn whether_an_engine_ran_a_case_twice_is_asked_of_its_cases() {
    let all = machine("p", "one", "22.3.6", 1, false);
    let again = only(machine("q", "two", "22.3.6", 2, false), "rope");
    let fuses = machine("r", "three", "25.0.7", 3, true);
    // The second record is of either class: the engine's rows are split.
    let view = relate(&merged(&[all.clone(), again.clone(), fuses]));
    assert!(view.engines.iter().any(|e| e.class == "A/B?"), "{:?}", view.engines);
    assert_eq!(view.repeated, cases(&all, "rope"), "those that both ran");
    let text = page(&view);
    assert!(text.contains(&format!("No two records of one engine disagree, in {} case", view.repeated)), "{text}");
    // Two records of one engine that share no case, which a third one joins.
    let joins = machine("s", "three", "25.0.7", 3, false);
    let view = relate(&merged(&[only(all, "dot"), again, joins]));
    assert_eq!(view.classes.len(), 1, "one class");
    assert_eq!(view.repeated, 0, "nothing ran twice on one engine");
    let text = page(&view);
    assert!(text.contains("No case that repeats was run by one engine in two records."), "{text}");
    assert!(!text.contains("No two records of one engine disagree"), "{text}");
}

#[test]
fn only_what_is_in_a_class_falls_into_classes() {
    let strict = machine("p", "one", "22.3.6", 1, false);
    let fuses = of_device(machine("r", "two", "22.3.6", 2, true), 1);
    let either = of_device(only(machine("q", "three", "22.3.6", 3, false), "rope"), 2);
    let view = relate(&merged(&[strict.clone(), fuses.clone()]));
    assert_eq!(view.document().headline, "2 adapters fall into 2 classes that differ in bits", "both");
    let title = relate(&merged(&[strict.clone(), fuses, either.clone()])).document().headline;
    let expected = "2 of 3 adapters fall into 2 classes that differ in bits; 1 variation cannot be placed";
    assert_eq!(title, expected, "the third could be in either");
    // Nor does one agree that shares no case with another.
    let dots = only(strict, "dot");
    let apart = of_device(only(machine("t", "four", "22.3.6", 4, false), "rope"), 3);
    let title = relate(&merged(&[dots.clone(), apart.clone()])).document().headline;
    assert_eq!(title, "Nothing that repeats ran on two of 2 adapters: nothing is known to be the same", "no case");
    let title = relate(&merged(&[dots, apart, either])).document().headline;
    assert!(title.starts_with("2 of 3 adapters agree bit for bit in "), "{title}");
}

#[test]
fn an_update_that_changed_bits_is_counted_on_adapters_that_have_it() {
    let first = [machine("a1", "one", "22.3.6", 1, false), machine("a2", "one", "24.0.1", 2, true)];
    let second = [machine("b1", "two", "24.0.1", 3, true), machine("b2", "two", "25.0.7", 4, true)];
    let second = second.map(|r| of_device(r, 1));
    let text = page(&relate(&merged(&[first.as_slice(), second.as_slice()].concat())));
    let expected = "1 of 2 driver updates changed bits, on the one adapter that has both versions: \
                    Mesa 22.3.6 → Mesa 24.0.1.";
    assert!(text.contains(expected), "{text}");
    let later = of_device(machine("b0", "two", "22.3.6", 5, true), 1);
    let text = page(&relate(&merged(&[first.as_slice(), second.as_slice(), &[later]].concat())));
    assert!(text.contains("1 of 2 driver updates changed bits, on 1 of 2 adapters that have both versions"), "{text}");
}

#[test]
fn an_update_is_between_two_names() {
    for (from, to) in [("25.0.0-rc3", "25.0.0"), ("25.0.7-1", "25.0.7-2")] {
        let records = [machine("a", "one", from, 1, false), machine("b", "one", to, 2, true)];
        let text = page(&relate(&merged(&records)));
        assert!(text.contains(&format!("The driver update Mesa {from} → Mesa {to} changed bits")), "{text}");
    }
}

#[test]
fn an_engine_without_a_control_is_not_among_those_that_were_caught() {
    let mut record = machine("a", "one", "22.3.6", 1, false);
    let sound = page(&relate(&merged(std::slice::from_ref(&record))));
    assert!(sound.contains("Every control was caught on every engine that ran"), "{sound}");
    let mut remote = record.engines[1].clone();
    remote.id = "remote:0".to_owned();
    if let Some(adapter) = &mut remote.adapter {
        (adapter.backend, adapter.index) = ("remote".to_owned(), 0);
    }
    record.engines.push(remote);
    let execution = &record.cases[0].executions[0];
    let execution = record::Execution { engine: "remote:0".to_owned(), ..execution.clone() };
    record.cases[0].executions.push(execution);
    record.verdicts = repro_audit::facts::verdicts(&record);
    let view = relate(&merged(&[sealed(record)]));
    assert!(view.soundness.is_sound() && !view.soundness.reasons.is_empty(), "{:?}", view.soundness);
    let text = page(&view);
    assert!(!text.contains("every engine that ran"), "{text}");
    assert!(text.contains("Not controlled: a: no difference could be planted on remote:0"), "{text}");
    assert!(text.contains("yes, but for remote:0, not controlled"), "{text}");
    assert_eq!((view.adapters, view.remotes), (2, 1), "a remote engine is no adapter");
    assert!(text.contains("1 adapter and 1 remote engine"), "{text}");
}

#[test]
fn one_record_alone_is_compared_with_nothing() {
    let text = page(&relate(&merged(&[machine("a", "one", "22.3.6", 1, false)])));
    assert!(
        text.contains("nothing is known to be the same") && text.contains("settled results of all engines"),
        "{text}"
    );
    assert!(!text.contains("results compared"), "{text}");
}

/// The rows of what changes bits, one thing at a time, and what changed none.
fn changes(view: &Related) -> String {
    let text = page(view);
    let (_, rest) = text.split_once("What changes bits, one thing at a time\n").unwrap_or_default();
    rest.split("\n\n").next().unwrap_or_default().to_owned()
}

#[test]
fn what_changes_bits_is_a_row_each() {
    let before = machine("a", "one", "22.3.6", 1, false);
    let after = machine("b", "one", "25.0.7", 2, true);
    let said = changes(&relate(&merged(&[before.clone(), after.clone()])));
    let dots = before.cases.iter().filter(|c| c.kernel == "dot").count();
    let row = said.lines().find(|l| l.contains("Mesa 22.3.6 → 25.0.7")).unwrap_or_else(|| panic!("{said}"));
    assert!(row.contains(&format!("{dots} of {}", before.cases.len())) && row.contains("matmul"), "{row}");
    assert!(!said.contains("another machine"), "both ran on one: {said}");
    let elsewhere = machine("b", "two", "25.0.7", 2, true);
    let said = changes(&relate(&merged(&[before.clone(), elsewhere])));
    assert!(said.contains("Mesa 22.3.6 → 25.0.7 (on another machine)"), "two things changed: {said}");
    let same = machine("b", "one", "25.0.7", 2, false);
    let all = before.cases.len();
    let said = changes(&relate(&merged(&[before.clone(), same])));
    assert!(said.contains("Unchanged") && said.contains(&format!("Mesa 22.3.6 → 25.0.7 ({all})")), "{said}");
    let mut upgraded = machine("b", "one", "25.0.7", 2, true);
    upgraded.environment.os = "another system".to_owned();
    let said = changes(&relate(&merged(&[before, sealed(upgraded)])));
    assert!(said.contains("Mesa 22.3.6 → 25.0.7 (on another system)"), "{said}");
}

#[test]
fn a_variable_is_held_against_the_same_driver_without_it() {
    let with = |label: &str, mesa: &str, day: u32| {
        let mut record = machine(label, "one", mesa, day, true);
        record.environment.variables.insert("LP_NATIVE_VECTOR_WIDTH".to_owned(), "512".to_owned());
        // The width is in the device's name, which makes no other device of it.
        if let Some(adapter) = &mut record.engines[1].adapter {
            adapter.name = adapter.name.replace("256 bits", "512 bits");
        }
        sealed(record)
    };
    let plain = machine("a", "one", "22.3.6", 1, false);
    let said = changes(&relate(&merged(&[plain.clone(), with("b", "22.3.6", 2)])));
    assert!(said.contains("LP_NATIVE_VECTOR_WIDTH=512"), "{said}");
    assert!(!said.contains('→'), "no driver changed: {said}");
    let said = changes(&relate(&merged(&[plain, with("b", "25.0.7", 2)])));
    assert!(!said.contains("LP_NATIVE_VECTOR_WIDTH"), "the driver changed too: {said}");
}

#[test]
fn what_repeats_on_one_side_only_is_not_unchanged() {
    let plain = machine("a", "one", "22.3.6", 1, false);
    let mut update = machine("b", "one", "25.0.7", 2, false);
    for execution in update.cases.iter_mut().filter(|c| c.kernel == "dot").flat_map(|c| &mut c.executions) {
        if let Outcome::Ran { runs, distinct, .. } = &mut execution.outcome {
            let mut other = distinct[0].clone();
            other.digest = "0e".repeat(16);
            (distinct[0].runs, other.runs) = (1, 1);
            *runs = 2;
            distinct.push(other);
        }
        execution.status = Status::NotRepeatable;
    }
    update.verdicts = repro_audit::facts::verdicts(&update);
    let dots = plain.cases.iter().filter(|c| c.kernel == "dot").count();
    let said = changes(&relate(&merged(&[plain.clone(), sealed(update)])));
    assert!(said.contains("repeat on one side only") && said.contains(&format!("({dots})")), "{said}");
    assert!(said.contains(&format!("({})", plain.cases.len() - dots)), "the others are counted: {said}");
}
