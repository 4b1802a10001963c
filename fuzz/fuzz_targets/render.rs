//! A record, or bytes that choose how one is changed: every verb that reads it and every format, as in `tests/hostile`.

#![no_main]

#[path = "../../tests/fixture/mod.rs"]
#[allow(dead_code, reason = "of one record alone")]
mod fixture;
#[path = "../../tests/hostile/honest.rs"]
mod honest;
#[path = "../../tests/hostile/mutate.rs"]
#[allow(dead_code, reason = "texts are for other files")]
mod mutate;
#[path = "../../tests/hostile/reading.rs"]
mod reading;

use std::sync::LazyLock;

use mutate::{Random, mutated, with_id};
use reading::{Honest, every_verb};
use serde_json::Value;

/// A folder for the files, the record that others are compared with, and those that are changed.
static BESIDE: LazyLock<(tempfile::TempDir, Honest, Vec<Value>)> = LazyLock::new(|| {
    let folder = tempfile::tempdir().expect("a folder");
    let record = honest::honest();
    let originals = honest::originals(&record);
    let honest = Honest::new(record, &folder.path().join("honest.json"));
    (folder, honest, originals)
});

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let (folder, honest, originals) = &*BESIDE;
    let file = match serde_json::from_slice::<Value>(bytes) {
        Ok(value) if value.is_object() => with_id(&value),
        _ => {
            let mut value = originals[bytes.len() % originals.len()].clone();
            for seed in bytes.chunks(8).take(8) {
                let seed = seed.iter().fold(0x9e37_79b9_7f4a_7c15, |seed: u64, byte| seed.rotate_left(8) ^ u64::from(*byte));
                value = mutated(&value, &mut Random(seed)).0;
            }
            with_id(&value)
        }
    };
    let path = folder.path().join("record.json");
    std::fs::write(&path, file).expect("written");
    let read = every_verb(&path, honest, None);
    assert!(read.faults.is_empty(), "{}", read.faults.join("\n"));
});
