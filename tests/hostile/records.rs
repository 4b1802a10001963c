//! Records.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use repro_audit::facts::verdicts;
use repro_audit::record::{self, Record, content_id};
use serde_json::Value;

use crate::mutate::{PAYLOADS, Random, mutated, places, with_id};
use crate::reading::{Honest, Read, every_verb};
use crate::{count, fixture};

/// The longest that one file may take through all verbs and formats: far beyond what any takes.
const SLOW: Duration = Duration::from_secs(60);

/// A record with few cases of many kinds, that a lock can be made of.
pub(crate) fn honest() -> Record {
    let mut record = fixture::interpreted(fixture::full(1), false);
    record.engines.retain(|e| e.id != "gl:1");
    let few = ["sum/tree", "sum/atomic", "dropout/philox", "adam/step", "threads_sum/chunked"];
    record.cases.retain(|c| few.contains(&format!("{}/{}", c.kernel, c.variant).as_str()) && !c.problem.contains("n=65536&d"));
    for case in &mut record.cases {
        case.executions.retain(|x| x.engine != "gl:1");
        for finding in case.executions.iter_mut().flat_map(|x| &mut x.findings) {
            finding.message = finding.message.replace('\u{1b}', "");
        }
    }
    for engine in ["embedded:0", "embedded:1"] {
        let about = "a NaN".to_owned();
        record.controls.push(record::Control { name: "nan".to_owned(), engine: engine.to_owned(), about, caught: true });
    }
    fixture::readable(&mut record);
    record.provenance.settings.label = Some("a leg".to_owned());
    if record.notes.is_empty() {
        record.notes.push("a note".to_owned());
    }
    record.verdicts = verdicts(&record);
    record.id = content_id(&record).expect("a record is JSON");
    record
}

/// What is changed: the honest record, and those of earlier versions.
pub(crate) fn originals(honest: &Record) -> Vec<Value> {
    let kept = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/records");
    let own = std::fs::read(kept.join("1.2-own-kernel.json")).expect("a record");
    let honest = record::to_json(honest).expect("JSON");
    [honest, own].iter().map(|json| serde_json::from_slice(json).expect("JSON")).collect()
}

/// What became of many files.
#[derive(Default)]
struct Tried {
    files: AtomicUsize,
    views: AtomicUsize,
    read: AtomicUsize,
}

/// Puts each file through every verb, on as many threads as there are processors.
fn try_all(files: &[(Vec<u8>, String)], pictures: usize) -> (Tried, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let honest = Honest::new(honest(), &folder.path().join("honest.json"));
    let tried = Tried::default();
    let faults = std::sync::Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (folder, honest, tried, faults, next) = (folder.path(), &honest, &tried, &faults, &next);
            scope.spawn(move || {
                let path = folder.join(format!("{thread}.json"));
                let out = folder.join(format!("{thread}"));
                while let Some((bytes, what)) = files.get(next.fetch_add(1, Ordering::Relaxed)) {
                    std::fs::write(&path, bytes).expect("written");
                    let number = tried.files.fetch_add(1, Ordering::Relaxed);
                    let out = (number % pictures == 0).then_some(out.as_path());
                    let begun = Instant::now();
                    let read = catch_unwind(AssertUnwindSafe(|| every_verb(&path, honest, out)));
                    let mut read = read.unwrap_or_else(|panic| {
                        let said = panic.downcast_ref::<String>().cloned();
                        let said = said.or_else(|| panic.downcast_ref::<&str>().map(|s| (*s).to_owned()));
                        Read { texts: 0, faults: vec![format!("a panic: {}", said.unwrap_or_default())] }
                    });
                    if begun.elapsed() > SLOW {
                        read.faults.push(format!("it took {:?}", begun.elapsed()));
                    }
                    tried.read.fetch_add(usize::from(read.texts > 0), Ordering::Relaxed);
                    tried.views.fetch_add(read.texts, Ordering::Relaxed);
                    let mut faults = faults.lock().expect("no panic while it is held");
                    faults.extend(read.faults.into_iter().map(|fault| format!("{what}\n    {fault}")));
                }
            });
        }
    });
    (tried, faults.into_inner().expect("no panic while it is held"))
}

fn told(tried: &Tried, faults: &[String]) {
    let of = |n: &AtomicUsize| n.load(Ordering::Relaxed);
    println!("{} files, {} of them read, {} texts", of(&tried.files), of(&tried.read), of(&tried.views));
    assert!(faults.is_empty(), "{} faults, the first:\n{}", faults.len(), faults[..faults.len().min(20)].join("\n"));
}

#[test]
fn a_mutated_record_is_a_view_or_an_error() {
    let originals = originals(&honest());
    let files: Vec<(Vec<u8>, String)> = (0..count())
        .map(|seed| {
            let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed as u64 + 1));
            let (value, what) = mutated(&originals[seed % originals.len()], &mut random);
            (with_id(&value), format!("{seed}: {what}"))
        })
        .collect();
    let (tried, faults) = try_all(&files, 50);
    told(&tried, &faults);
    assert!(tried.read.load(Ordering::Relaxed) * 20 > files.len(), "many of them are read, or nothing is tested");
}

/// Every text of a record, replaced by each payload and by one without an end; of the short form, some of them.
#[test]
fn a_payload_in_any_text_commands_nobody() {
    let original = &originals(&honest())[0];
    let texts = places(original, &Value::is_string);
    let endless = ["x".repeat(70_000), "x ".repeat(35_000), "é".repeat(70_000), "🂡".repeat(8191 / 4), "m ".repeat(4095)];
    let payloads: Vec<&str> = PAYLOADS.into_iter().chain(endless.iter().map(String::as_str)).collect();
    let mut files = Vec::new();
    for place in &texts {
        for payload in &payloads {
            let mut value = original.clone();
            *value.pointer_mut(place).expect("it was found there") = (*payload).into();
            files.push((place, payload, value));
        }
    }
    // Spread over places and payloads alike.
    let step = (files.len() / (3 * count())).max(1);
    let files: Vec<(Vec<u8>, String)> = files
        .iter()
        .step_by(if step > 1 { step | 1 } else { 1 })
        .map(|(place, payload, value)| {
            (with_id(value), format!("{place} = {:?}", payload.chars().take(40).collect::<String>()))
        })
        .collect();
    let (tried, faults) = try_all(&files, 200);
    told(&tried, &faults);
}
