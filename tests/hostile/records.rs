//! Records.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::model::text::line_fault;
use repro_audit::record::{self, Outcome, Stored, content_id};
use serde_json::Value;

use crate::count;
use crate::honest::{honest, originals};
use crate::mutate::{PAYLOADS, Random, mutated, places, with_id};
use crate::reading::{Honest, Read, every_verb};

/// The longest that one file may take through all verbs and formats: far beyond what any takes.
const SLOW: Duration = Duration::from_secs(60);

/// A file to try, what it is, and whether it must be refused.
struct File {
    bytes: Vec<u8>,
    what: String,
    refused: bool,
}

/// What became of many files.
#[derive(Default)]
struct Tried {
    files: AtomicUsize,
    views: AtomicUsize,
    read: AtomicUsize,
}

/// Puts `count` files through every verb, on as many threads as there are processors; each is made when its turn comes. Of
/// every so many the report's files are written too.
fn try_all(count: usize, file: impl Fn(usize) -> File + Sync, pictures: usize) -> (Tried, Vec<String>) {
    let folder = tempfile::tempdir().expect("a folder");
    let honest = Honest::new(honest(), &folder.path().join("honest.json"));
    let tried = Tried::default();
    let faults = std::sync::Mutex::new(Vec::new());
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for thread in 0..std::thread::available_parallelism().map_or(1, usize::from) {
            let (folder, honest, tried, faults, next, file) = (folder.path(), &honest, &tried, &faults, &next, &file);
            scope.spawn(move || {
                let path = folder.join(format!("{thread}.json"));
                let out = folder.join(format!("{thread}"));
                loop {
                    let number = next.fetch_add(1, Ordering::Relaxed);
                    if number >= count {
                        break;
                    }
                    let File { bytes, what, refused } = file(number);
                    std::fs::write(&path, bytes).expect("written");
                    tried.files.fetch_add(1, Ordering::Relaxed);
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
                    if refused && read.texts > 0 {
                        read.faults.push("it is read".to_owned());
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
    let file = |seed: usize| {
        let mut random = Random(0x9e37_79b9_7f4a_7c15_u64.wrapping_mul(seed as u64 + 1));
        let (value, what) = mutated(&originals[seed % originals.len()], &mut random);
        File { bytes: with_id(&value), what: format!("{seed}: {what}"), refused: false }
    };
    let (tried, faults) = try_all(count(), file, 50);
    told(&tried, &faults);
    assert!(tried.read.load(Ordering::Relaxed) * 10 > count(), "many of them are read, or nothing is tested");
}

/// Every text of a record, replaced by each payload and by one without an end; of the short form, some of them.
#[test]
fn a_payload_in_any_text_commands_nobody() {
    let original = &originals(&honest())[0];
    let texts = places(original, &Value::is_string);
    let endless =
        ["x".repeat(70_000), "x ".repeat(35_000), "é".repeat(70_000), "🂡".repeat(8191 / 4), "m ".repeat(4095)];
    let payloads: Vec<&str> = PAYLOADS.into_iter().chain(endless.iter().map(String::as_str)).collect();
    let all = texts.len() * payloads.len();
    // Spread over places and payloads alike.
    let step = (all / (3 * count())).max(1);
    let step = if step > 1 { step | 1 } else { 1 };
    let file = |number: usize| {
        let (place, payload) = (number * step / payloads.len(), number * step % payloads.len());
        let mut value = original.clone();
        let text = payloads[payload];
        *value.pointer_mut(&texts[place]).expect("it was found there") = text.into();
        let what = format!("{} = {:?}", texts[place], text.chars().take(40).collect::<String>());
        // No view has to clean what is refused where it comes in; an output may be as long as it likes.
        let refused = line_fault(text).is_some() && !texts[place].starts_with("/outputs/");
        // The id itself is what it is replaced with.
        let bytes = if texts[place] == "/id" { value.to_string().into_bytes() } else { with_id(&value) };
        File { bytes, what, refused }
    };
    let (tried, faults) = try_all(all / step, file, 200);
    told(&tried, &faults);
}

/// What looks at every text of a file must not refuse what this program writes: a large sample of an output, and a kernel's
/// source of many lines.
#[test]
fn what_this_program_writes_is_read() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.json");
    let mut record = honest();
    let case = record.cases.iter_mut().find(|c| c.dtype == Dtype::F32).expect("a case of floats");
    case.elements = 20_000;
    let bits = Bits::words(Dtype::F32, (0..20_000).collect());
    for execution in &mut case.executions {
        let Outcome::Ran { distinct, .. } = &mut execution.outcome else { continue };
        distinct[0].digest = bits.digest();
    }
    let stored = Stored::new(&bits, 16_384);
    assert!(!matches!(&stored, Stored::Whole { .. }), "it is too long to be stored whole");
    // Without the outputs that no result has any more.
    let all = std::mem::take(&mut record.outputs);
    for outcome in record.cases.iter().flat_map(|c| &c.executions).map(|x| &x.outcome) {
        let Outcome::Ran { distinct, .. } = outcome else { continue };
        if let Some((digest, stored)) = distinct.first().and_then(|d| Some((&d.digest, all.get(&d.digest)?))) {
            record.outputs.add(digest.clone(), stored.clone());
        }
    }
    record.outputs.add(bits.digest(), stored.clone());
    record.id = content_id(&record).expect("JSON");
    std::fs::write(&path, record::to_json(&record).expect("JSON")).expect("written");
    let read = record::read(&path).unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(read.outputs.get(&bits.digest()), Some(&stored), "as it was written");
}

/// Lists of short things take many times the memory of their text: more of them than any audit writes are refused, by every
/// reader, and as many as are read are shown.
#[test]
fn more_of_anything_than_an_audit_writes_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.json");
    let honest = Honest::new(honest(), &folder.path().join("honest.json"));
    let original: Value = serde_json::from_slice(&record::to_json(&honest.record).expect("JSON")).expect("JSON");
    let with = |place: &str, many: usize| {
        let mut value = original.clone();
        let list = value.pointer_mut(place).and_then(Value::as_array_mut).expect("a list");
        let last = if place == "/notes" { "".into() } else { list.last().cloned().unwrap_or_else(|| "".into()) };
        for number in list.len()..many {
            let mut item = last.clone();
            if item.get("id").is_some() {
                item["id"] = format!("e{number}").into();
            }
            for of_a_case in ["executions", "comparisons", "twins"] {
                if item.get(of_a_case).is_some() {
                    item[of_a_case] = Value::Array(vec![]);
                }
            }
            // So many are no more bytes than any record has.
            for field in ["comparisons", "executions"] {
                if item.get(field).is_some() {
                    item[field] = serde_json::json!([]);
                }
            }
            list.push(item);
        }
        std::fs::write(&path, with_id(&value)).expect("written");
    };
    for (place, most) in [
        ("/notes", 4096),
        ("/engines", 4096),
        ("/controls", 1 << 17),
        ("/provenance/settings/kernels", 4096),
        ("/cases", 1 << 16),
    ] {
        with(place, most + 1);
        let list = place.rsplit('/').next().expect("a name").replace("kernels", "settings");
        let said = record::read(&path).expect_err(place).to_string();
        assert!(said.contains(&format!("{list}, and at most {most} are read")), "{said}");
        let other = record::open(&path.display().to_string(), &[]).expect_err(place).to_string();
        assert!(other.contains("at most"), "{other}");
    }
    with("/notes", 4096);
    let read = every_verb(&path, &honest, None);
    assert!(read.texts > 0 && read.faults.is_empty(), "as many as may be: {:?}", read.faults.first());
    // Whatever list it is in, and whether or not this version knows it.
    let mut value = original.clone();
    value["later"] = vec![0; 6 << 20].into();
    std::fs::write(&path, with_id(&value)).expect("written");
    let said = record::read(&path).expect_err("a list of another version").to_string();
    assert!(said.contains("no record has as many"), "{said}");
    let mut value = original.clone();
    let one = serde_json::json!({"digest": "0".repeat(32), "runs": 1});
    value["cases"][0]["executions"][0]["outcome"]["distinct"] = vec![one; (1 << 20) + 1].into();
    std::fs::write(&path, with_id(&value)).expect("written");
    let said = record::read(&path).expect_err("endless runs").to_string();
    assert!(said.contains("results, and at most 1048576 are read"), "{said}");
}
