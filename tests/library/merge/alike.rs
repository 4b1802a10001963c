//! Merged files in which parts are told as their difference from others: small, and refused where one is not what it says.

use std::path::Path;

use serde_json::{Value, json};

use crate::fixture;

use super::{bytes, fleet, merge, put, refused, small};
use repro_audit::facts::set::relate;
use repro_audit::process::gzip;
use repro_audit::record::{self, Merged, Reader, Record, content_id};

/// A set of audits that are nearly the same, as a file.
fn set() -> Value {
    let folder = tempfile::tempdir().expect("a folder");
    let files: Vec<_> = [0, 1, 64, 128, 192]
        .iter()
        .map(|seed| {
            let mut record = small(*seed);
            // Long enough to be told as differences.
            record.notes = (0..100).map(|i| format!("note {i}")).collect();
            record.id = content_id(&record).expect("JSON");
            put(folder.path(), &format!("{seed}.json"), &record)
        })
        .collect();
    serde_json::from_slice(&bytes(&merge(&files))).expect("JSON")
}

/// Where the differences of a table are.
fn differences(table: &Value) -> Vec<String> {
    let of = |place: String, value: &Value| value.is_array().then_some(place);
    match table {
        Value::Array(items) => items.iter().enumerate().filter_map(|(i, v)| of(i.to_string(), v)).collect(),
        Value::Object(members) => members.iter().filter_map(|(n, v)| of(n.clone(), v)).collect(),
        _ => Vec::new(),
    }
}

#[test]
fn a_difference_that_is_not_what_it_says_is_refused_in_one_line() {
    let good = set();
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("set.json");
    std::fs::write(&path, good.to_string()).expect("written");
    assert_eq!(merge([&path]).len(), 5, "as it is");
    for table in ["records", "cases", "outputs"] {
        let places = differences(&good[table]);
        assert!(places.len() > 1, "the table of {table} has differences: {places:?}");
        let at = |i: usize| format!("/{table}/{}", places[i]);
        let name = |i: usize| places[i].parse::<u64>().map_or_else(|_| json!(places[i]), |n| json!(n));
        let with = |first: Value, more: &[Value]| {
            let mut set = good.clone();
            let list = set.pointer_mut(&at(0)).and_then(Value::as_array_mut).expect("a difference");
            list[0] = first;
            list.extend(more.iter().cloned());
            refused(&set.to_string())
        };
        let first = good.pointer(&at(0)).expect("it is there")[0].clone();
        let nowhere = if table == "outputs" { json!("f".repeat(32)) } else { json!(1_000_000) };
        for (what, message) in [
            ("one that is not there", with(nowhere, &[])),
            ("itself", with(name(0), &[])),
            ("another difference", with(name(1), &[])),
            ("no name", with(json!({}), &[])),
            ("more than it has", with(first.clone(), &[json!(u64::MAX)])),
            ("a way back beyond the beginning", with(first.clone(), &[json!(i64::MIN), json!(1)])),
            ("another text", with(first.clone(), &[json!("x")])),
            ("no edit", with(first.clone(), &[json!(1.5)])),
            ("a text that commands its reader", with(first, &[json!("\u{1b}[2J")])),
        ] {
            assert!(message.len() < 400, "{table}: {what}: {message}");
        }
    }
    // A difference that says something else than was written.
    let changed = |table: &str| {
        let mut set = good.clone();
        let place = differences(&set[table]).swap_remove(0);
        let list = set.pointer_mut(&format!("/{table}/{place}")).and_then(Value::as_array_mut).expect("a difference");
        let text = list.iter_mut().skip(1).find_map(|v| Some(v.as_str()?.len()).map(|n| (v, n)));
        let (text, length) = text.expect("something is new");
        *text = json!("7".repeat(length));
        refused(&set.to_string())
    };
    ["records", "cases", "outputs"].iter().for_each(|table| drop(changed(table)));
}

#[test]
fn a_table_has_each_part_once_and_none_besides() {
    let good = set();
    for table in ["cases", "verdicts"] {
        let mut twice = good.clone();
        let first = twice[table][0].clone();
        twice[table].as_array_mut().expect("a table").push(first);
        assert!(refused(&twice.to_string()).contains("twice"), "{table}");
        let mut unused = good.clone();
        let mut other = unused[table][0].clone();
        other["because"] = json!("nothing");
        other["surprise"] = json!("a part of no record");
        unused[table].as_array_mut().expect("a table").push(other);
        assert!(refused(&unused.to_string()).contains("no record refers to"), "{table}");
    }
    let mut unused = good.clone();
    unused["outputs"]["0".repeat(32)] = json!({"form": "whole", "bits": ""});
    let message = refused(&unused.to_string());
    assert!(message.contains("belongs to no case") || message.contains("changed"), "{message}");
}

#[test]
fn a_single_record_has_neither_differences_nor_known_lines() {
    let value = serde_json::to_value(small(0)).expect("JSON");
    for (pointer, with) in [
        ("/cases/1", json!([0, 10])),
        ("/cases/1", json!(1u64 << 62)),
        ("/cases/1", json!(0)),
        ("/verdicts/0", json!([0])),
        ("/verdicts/0", json!(0)),
    ] {
        let mut changed = value.clone();
        *changed.pointer_mut(pointer).expect("it is there") = with;
        refused(&changed.to_string());
    }
    let outputs = value["outputs"].as_object().expect("outputs").keys().next().expect("one").clone();
    for with in [json!(0), json!([outputs, 4]), json!(1u64 << 62)] {
        let mut changed = value.clone();
        changed["outputs"][&outputs] = with;
        refused(&changed.to_string());
    }
}

/// Bytes that are counted, and no time.
#[test]
fn a_second_audit_of_a_machine_adds_little() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut from = fixture::full(1);
    fixture::readable(&mut from);
    let files: Vec<_> = (0..3).map(|n| put(folder.path(), &format!("{n}.json"), &fleet::audit(&from, n))).collect();
    let size = |n: usize| bytes(&merge(&files[..n])).len();
    let (one, two, three) = (size(1), size(2), size(3));
    let differ = |n: u32| fleet::audit(&from, n).cases.iter().zip(&from.cases).filter(|(a, b)| a != b).count();
    assert!(differ(1) > 5, "not all of it repeats: {}", differ(1));
    assert!(two - one < one / 20 && three - two < one / 20, "{one} bytes, {two}, {three}");
}

/// Lines that were read before are not parsed again, and nothing else changes.
#[test]
fn what_is_known_by_its_line_is_read_as_it_is() {
    let folder = tempfile::tempdir().expect("a folder");
    let mut from = fixture::full(1);
    fixture::readable(&mut from);
    let records: Vec<Record> = (0..6).map(|n| fleet::audit(&from, n)).collect();
    let files: Vec<_> = records.iter().enumerate().map(|(n, r)| put(folder.path(), &format!("{n}.json"), r)).collect();
    let alone = files.iter().map(|f| merge([f])).fold(Merged::default(), Merged::join);
    let together = merge(&files);
    assert_eq!(bytes(&together), bytes(&alone), "the same set");
    assert_eq!(format!("{:?}", relate(&together)), format!("{:?}", relate(&alone)), "and the same said of it");
    // What is wrong with a file is found as if nothing were known of it.
    let reader = Reader::default();
    files.iter().take(4).for_each(|f| reader.read(f).unwrap_or_else(|e| panic!("{e}")));
    let text = std::fs::read_to_string(&files[5]).expect("a record");
    let line = text.lines().find(|l| l.starts_with("{\"id\":\"matmul/")).expect("a case");
    let path = folder.path().join("changed.json");
    for (what, changed) in [
        ("a case twice", text.replacen(line, &format!("{line}\n{line}"), 1)),
        ("a case elsewhere", text.replacen("\"verdicts\":[\n", &format!("\"verdicts\":[\n{line}\n"), 1)),
        (
            "a case in a list of no meaning",
            text.replacen("\"cases\":", &format!("\"other\":[\n{line}\n1],\n\"cases\":"), 1),
        ),
        ("a case of an engine that is not listed", text.replacen("{\"id\":\"vulkan:0\"", "{\"id\":\"vulkan:9\"", 1)),
        ("no case", text.replacen(line, "", 1)),
        ("cut short", text[..text.len() / 2].to_owned()),
    ] {
        assert_ne!(changed, text, "{what}");
        std::fs::write(&path, &changed).expect("written");
        let (alone, known) = (Reader::default().read(&path), reader.read(&path));
        assert!(alone.is_err(), "{what}");
        let told = |e: Result<(), record::ReadError>| e.err().map(|e| e.to_string());
        assert_eq!(told(known), told(alone), "{what}: for the same reason");
    }
    reader.read(&files[5]).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(reader.finish().len(), 5, "what was refused left nothing");
}

fn compressed(path: &Path, content: &[u8]) {
    let mut out = Vec::new();
    gzip::compress(&mut out, |to| to.write_all(content)).expect("memory takes it");
    std::fs::write(path, out).expect("written");
}

#[test]
fn a_compressed_file_is_read_as_what_is_in_it() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = small(5);
    let json = record::to_json(&record).expect("JSON");
    let path = folder.path().join("record.json.gz");
    compressed(&path, &json);
    assert_eq!(record::read(&path).expect("a record").id, record.id, "one record");
    assert_eq!(record::stated_id(&path), Some(record.id.clone()), "its id");
    assert!(record::is_record(&path), "it is one");
    let merged = merge([&path, &put(folder.path(), "other.json", &small(9))]);
    compressed(&path, &bytes(&merged));
    assert_eq!(bytes(&merge([&path])), bytes(&merged), "a set");
    let whole = std::fs::read(&path).expect("a file");
    let refused = |content: &[u8]| {
        std::fs::write(&path, content).expect("written");
        let message = Reader::default().read(&path).expect_err("it is damaged").to_string();
        assert_eq!(record::read(&path).expect_err("it is damaged").to_string(), message, "both readers");
        assert!(!message.contains('\n') && message.len() < 300, "{message}");
        message
    };
    for end in [2, 9, 10, 11, whole.len() / 2, whole.len() - 9, whole.len() - 1] {
        refused(&whole[..end]);
    }
    for at in [3, 12, whole.len() / 2, whole.len() - 5] {
        let mut damaged = whole.clone();
        damaged[at] ^= 0x40;
        refused(&damaged);
    }
    // What is in it counts, and not the size of the file.
    let mut bomb = Vec::new();
    gzip::compress(&mut bomb, |out| {
        out.write_all(b"{\"format\":{\"major\":1,\"minor\":6},\"x\":\"")?;
        (0..400).try_for_each(|_| out.write_all(&[b'x'; 1 << 20]))
    })
    .expect("memory takes it");
    assert!(bomb.len() < 2 << 20, "{} bytes hold 400 MiB", bomb.len());
    assert!(refused(&bomb).contains("more bytes than any record"), "a bomb");
}
