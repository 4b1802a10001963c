//! Merging is a union of sets: any order, any grouping, any number of times gives the same bytes, and nothing is lost.

mod alike;
#[path = "../fleet/mod.rs"]
mod fleet;
mod forged;
mod swept;

use std::path::{Path, PathBuf};

use proptest::prelude::{Just, Strategy, any, prop, prop_assert, prop_assert_eq, proptest};
use proptest::test_runner::Config;
use repro_audit::formats::{Options, html, terminal};
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::record::{self, Merged, Outcome, ReadError, Reader, Record, Stored, content_id};
use repro_audit::views::View as _;

/// A record of a few cases, which differs from its likes as `seed` says: host, label, driver, time, digests, and how much
/// is stored.
fn small(seed: u16) -> Record {
    static MODEL: std::sync::OnceLock<Record> = std::sync::OnceLock::new();
    let mut record = MODEL
        .get_or_init(|| {
            let mut record = crate::fixture::full(1);
            record.cases.retain(|c| c.kernel == "dot" || c.kernel == "dropout");
            record.verdicts.retain(|v| v.kernel == "dot");
            record.controls.truncate(2);
            // One output is larger than what is stored whole.
            record.cases.iter_mut().find(|c| c.dtype == Dtype::F32).expect("a case").elements = 5000;
            crate::fixture::readable(&mut record);
            record
        })
        .clone();
    let digit = |place: u32| seed >> (2 * place) & 3;
    record.environment.host = format!("host-{}", digit(0));
    record.run.started = format!("2026-01-0{}T00:00:00Z", 1 + digit(1));
    if digit(2) > 0 {
        record.provenance.settings.label = Some(format!("leg-{}", digit(2)));
    }
    for case in &mut record.cases {
        for execution in &mut case.executions {
            execution.seconds = f64::from(seed);
            let Outcome::Ran { distinct, .. } = &mut execution.outcome else { continue };
            let words = match case.dtype {
                Dtype::F32 => (0..case.elements)
                    .map(|i| 0x3f80_0000 + u32::try_from(i).expect("small") + u32::from(digit(3)))
                    .collect(),
                _ => vec![1; usize::try_from(case.elements).expect("small")],
            };
            let bits = Bits::words(case.dtype, words);
            distinct[0].digest = bits.digest();
            let store = [0, 64, 8192, 1 << 20][usize::from(digit(4))];
            record.outputs.add(bits.digest(), Stored::new(&bits, store));
        }
    }
    record.id = content_id(&record).expect("a record is JSON");
    record
}

fn put(folder: &Path, name: &str, record: &Record) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, record::to_json(record).expect("JSON")).expect("written");
    path
}

fn bytes(merged: &Merged) -> Vec<u8> {
    let mut out = Vec::new();
    merged.write(&mut out).expect("memory takes it");
    out
}

fn merge<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Merged {
    let reader = Reader::default();
    for file in files {
        reader.read(file).unwrap_or_else(|e| panic!("{e}"));
    }
    reader.finish()
}

/// A few seeds, some of them twice, with a way to order and to group them.
fn recipes() -> impl Strategy<Value = (Vec<u16>, Vec<usize>, usize)> {
    prop::collection::vec(0u16..1024, 1..9).prop_flat_map(|seeds| {
        let order: Vec<usize> = (0..seeds.len()).collect();
        let cut = 0..=seeds.len();
        (Just(seeds), Just(order).prop_shuffle(), cut)
    })
}

proptest! {
    #![proptest_config(Config::with_cases(24))]

    #[test]
    fn any_order_and_grouping_gives_the_same_bytes((seeds, order, cut) in recipes()) {
        let folder = tempfile::tempdir().expect("a folder");
        let records: Vec<Record> = seeds.iter().map(|s| small(*s)).collect();
        let files: Vec<PathBuf> =
            records.iter().enumerate().map(|(i, r)| put(folder.path(), &format!("{i}.json"), r)).collect();
        let all = merge(&files);
        let expected = bytes(&all);
        let shuffled: Vec<&PathBuf> = order.iter().map(|i| &files[*i]).collect();
        prop_assert_eq!(&bytes(&merge(shuffled.iter().copied())), &expected, "commutative");
        // In two steps, through a file.
        let (first, rest) = shuffled.split_at(cut);
        let part = folder.path().join("part.json");
        std::fs::write(&part, bytes(&merge(first.iter().copied()))).expect("written");
        let grouped = merge(rest.iter().copied().chain([&part]));
        prop_assert_eq!(&bytes(&grouped), &expected, "associative, through a file");
        let joined = merge(first.iter().copied()).join(merge(rest.iter().copied()));
        prop_assert_eq!(&bytes(&joined), &expected, "associative, in memory");
        let said = |set: &Merged| format!("{:?}", repro_audit::facts::set::relate(set));
        prop_assert_eq!(said(&grouped), said(&joined), "and the same is said of it");
        // Again with itself.
        let whole = folder.path().join("whole.json");
        std::fs::write(&whole, &expected).expect("written");
        prop_assert_eq!(&bytes(&merge([&whole, &whole, &files[0]])), &expected, "idempotent");
        // Nothing is lost, and the id is still that of the content.
        let distinct: std::collections::BTreeSet<&str> = records.iter().map(|r| r.id.as_str()).collect();
        prop_assert_eq!(all.len(), distinct.len(), "duplicates count once");
        for (member, back) in all.members().zip(all.records()) {
            let back = back.expect("JSON");
            let original = records.iter().find(|r| r.id == member.id()).expect("one of them");
            prop_assert_eq!(&content_id(&back).expect("JSON"), &original.id, "the content is whole");
            for (digest, stored) in original.outputs.iter() {
                let kept = back.outputs.get(digest).expect("every output is there");
                prop_assert_eq!(&kept.clone().join(stored.clone()), kept, "and says no less");
            }
        }
    }

    #[test]
    fn a_file_that_is_cut_short_or_changed_is_refused(at in any::<prop::sample::Index>(), byte in any::<u8>(), seed in 0u16..1024) {
        let folder = tempfile::tempdir().expect("a folder");
        let record = small(seed);
        let single = record::to_json(&record).expect("JSON");
        let merged = bytes(&merge([&put(folder.path(), "a.json", &record), &put(folder.path(), "b.json", &small(seed ^ 3))]));
        let path = folder.path().join("bad.json");
        for good in [single, merged] {
            let i = at.index(good.len() - 2);
            std::fs::write(&path, &good[..i]).expect("written");
            prop_assert!(Reader::default().read(&path).is_err(), "cut at {}", i);
            prop_assert!(record::read(&path).is_err(), "cut at {}", i);
            let mut changed = good.clone();
            changed[i] = byte;
            std::fs::write(&path, &changed).expect("written");
            // A space, or a digit of a time, is no change of content; whatever is read is whole.
            let reader = Reader::default();
            if reader.read(&path).is_ok() {
                for back in reader.finish().records() {
                    let back = back.expect("JSON");
                    prop_assert_eq!(&content_id(&back).expect("JSON"), &back.id, "byte {}", i);
                }
            }
            if let Ok(back) = record::read(&path) {
                prop_assert_eq!(&content_id(&back).expect("JSON"), &back.id, "byte {}", i);
            }
        }
    }

    /// Whatever stands in a record's place: read it, or refuse it; and show what was read.
    #[test]
    fn a_hostile_record_harms_nothing(
        places in prop::collection::vec(any::<prop::sample::Index>(), 1..4),
        values in prop::collection::vec(0usize..9, 4),
        seed in 0u16..1024,
    ) {
        let folder = tempfile::tempdir().expect("a folder");
        let mut value = serde_json::to_value(small(seed)).expect("JSON");
        for (place, kind) in places.iter().zip(&values) {
            let mut pointers = Vec::new();
            walk(&value, String::new(), &mut pointers);
            let pointer = &pointers[place.index(pointers.len())];
            *value.pointer_mut(pointer).expect("it exists") = match kind {
                0 => serde_json::Value::Null,
                1 => serde_json::json!(1e308),
                2 => serde_json::json!(u64::MAX),
                3 => serde_json::json!(-1),
                4 => serde_json::json!("\u{1b}[31m<script>"),
                5 => serde_json::json!([]),
                6 => serde_json::json!({}),
                7 => serde_json::json!("nan"),
                _ => (0..100).fold(serde_json::json!(1), |v, _| serde_json::json!([v])),
            };
        }
        // With an id that fits, so that it is not refused for that alone.
        let path = folder.path().join("hostile.json");
        if let Ok(mut typed) = serde_json::from_value::<Record>(value.clone()) {
            typed.id = content_id(&typed).expect("JSON");
            std::fs::write(&path, record::to_json(&typed).expect("JSON")).expect("written");
        } else {
            std::fs::write(&path, value.to_string()).expect("written");
        }
        let reader = Reader::default();
        let read = reader.read(&path);
        match (&read, record::read(&path)) {
            (Ok(()), Ok(_)) => {}
            (Err(a), Err(b)) => prop_assert!(!a.to_string().contains('\n') && !b.to_string().contains('\n'), "one line"),
            (a, b) => prop_assert!(false, "two readers, two answers: {:?} and {:?}", a, b.map(|r| r.id)),
        }
        if read.is_ok() {
            let other = put(folder.path(), "other.json", &small(seed ^ 64));
            reader.read(&other).expect("a good one");
            let merged = reader.finish();
            let view = repro_audit::facts::set::relate(&merged);
            let page = html::write(&view.document());
            prop_assert!(!page.contains("<script>alert"), "text stays text");
            prop_assert!(!terminal::write(&view.document(), &Options { full: true, ..Options::default() }).contains('\u{1b}'), "nothing steers a terminal");
            let records: Vec<Record> = merged.records().map(|r| r.expect("JSON")).collect();
            for a in &records {
                for b in &records {
                    repro_audit::facts::pair::compare(a, b, &[]).expect("nothing is forced");
                }
            }
        }
    }
}

/// The JSON pointers of all values but the root.
fn walk(value: &serde_json::Value, at: String, out: &mut Vec<String>) {
    if !at.is_empty() {
        out.push(at.clone());
    }
    match value {
        serde_json::Value::Object(members) => {
            for (name, member) in members {
                walk(member, format!("{at}/{}", name.replace('~', "~0").replace('/', "~1")), out);
            }
        }
        serde_json::Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                walk(item, format!("{at}/{i}"), out);
            }
        }
        _ => {}
    }
}

/// The message of a text that is no record.
fn refused(text: &str) -> String {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("bad.json");
    std::fs::write(&path, text).expect("written");
    let error: ReadError = Reader::default().read(&path).expect_err("it is not a record");
    assert!(record::read(&path).is_err(), "both readers refuse it");
    let message = error.to_string();
    assert!(!message.contains('\n'), "one line: {message}");
    message
}

#[test]
fn what_does_not_fit_together_is_refused_by_name() {
    let good = small(0);
    let change = |f: &dyn Fn(&mut Record)| {
        let mut record = good.clone();
        f(&mut record);
        record.id = content_id(&record).expect("JSON");
        String::from_utf8(record::to_json(&record).expect("JSON")).expect("text")
    };
    let of = |f: &dyn Fn(&mut Record)| refused(&change(f));
    assert!(of(&|r| r.cases[0].executions[0].engine = "vulkan:9".to_owned()).contains("vulkan:9"), "an engine");
    assert!(of(&|r| r.verdicts[0].engine = "cpu:7".to_owned()).contains("cpu:7"), "a verdict's engine");
    let twice = |r: &mut Record| r.cases.push(r.cases[0].clone());
    assert!(of(&twice).contains("is in it twice"), "a case twice");
    let engine = |r: &mut Record| r.engines.push(r.engines[1].clone());
    assert!(of(&engine).contains("is in it twice"), "an engine twice");
    assert!(of(&|r| r.cases[0].elements += 1).contains("words, and"), "an output of another length");
    let nothing = |r: &mut Record| {
        for x in &mut r.cases[0].executions {
            if let Outcome::Ran { distinct, .. } = &mut x.outcome {
                distinct.clear();
            }
        }
    };
    assert!(of(&nothing).contains("without a result"), "a run without a result");
    let text = change(&|_| {});
    let damaged = text.replacen("\"bits\":\"A", "\"bits\":\"B", 1).replacen("\"sample\":\"A", "\"sample\":\"B", 1);
    assert!(damaged == text || refused(&damaged).contains("is damaged"), "a damaged output");
    let member = text.replacen("\"notes\":", "\"notes\":[],\"notes\":", 1);
    assert!(refused(&member).contains("given twice") || refused(&member).contains("duplicate"), "a member twice");
    assert!(refused(&text.replacen("\"major\":1", "\"major\":2", 1)).contains("update repro-audit"), "too new");
    assert!(
        refused(&format!("{{\"format\":{{\"major\":1,\"minor\":2}},\"x\":{}{}}}", "[".repeat(9000), "]".repeat(9000)))
            .contains("recursion limit"),
        "deep"
    );
    assert!(refused(&text.replacen("\"runs\":8", "\"runs\":1e308", 1)).contains("u32"), "a count beyond all");
    assert!(refused("{\"format\":{\"major\":1,\"minor\":2},\"id\":\"x\",\"cases\":[],\"verdicts\":[],\"records\":[{\"id\":\"\",\"format\":{\"major\":1,\"minor\":2},\"cases\":[3]}]}").contains("does not have"), "a place beyond the table");
}

fn without_seconds(value: &mut serde_json::Value) {
    if let Some(members) = value.as_object_mut() {
        members.remove("seconds");
        members.values_mut().for_each(without_seconds);
    }
    value.as_array_mut().into_iter().flatten().for_each(without_seconds);
}

#[test]
fn a_later_minor_version_loses_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut value = serde_json::to_value(small(1)).expect("JSON");
    value["format"]["minor"] = 9.into();
    value["surprise"] = serde_json::json!({"b": 1, "a": [true, null]});
    value["cases"][0]["surprise"] = serde_json::json!("new");
    // The id of all of it: merging must keep what it can't read.
    value["id"] = "".into();
    let mut content = value.clone();
    ["id", "run", "outputs"].iter().for_each(|apart| drop(content.as_object_mut().expect("a record").remove(*apart)));
    without_seconds(&mut content);
    value["id"] = blake3::hash(content.to_string().as_bytes()).to_hex().to_string().into();
    let path = folder.path().join("later.json");
    std::fs::write(&path, value.to_string()).expect("written");
    let merged = merge([&path]);
    let text = String::from_utf8(bytes(&merged)).expect("text");
    assert!(text.contains("\"surprise\":{\"a\":[true,null],\"b\":1}"), "a member");
    assert!(text.contains("\"surprise\":\"new\""), "a member of a case");
    let again = folder.path().join("again.json");
    std::fs::write(&again, &text).expect("written");
    assert_eq!(bytes(&merge([&again])), text.as_bytes(), "and it is read again, with its id");
}

#[test]
fn older_records_are_read_and_merged() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut record = small(2);
    record.format.minor = 0;
    record.outputs = record::Outputs::default();
    record.provenance.settings.label = None;
    record.id = content_id(&record).expect("JSON");
    let path = put(folder.path(), "old.json", &record);
    assert_eq!(merge([&path]).len(), 1, "format 1.0");
}
