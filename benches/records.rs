//! Reading, merging and writing records of a fleet, and how many bytes they have, against one audit.
//!
//! `cargo bench --bench records`. With `REPRO_AUDIT_FLEET=FOLDER` a thousand records are written there instead, to be merged and
//! rendered by the program itself: `/usr/bin/time -v repro-audit merge FOLDER --out SET.json.gz`, then `report SET.json.gz --out DIR`.

#[path = "../tests/fleet/mod.rs"]
mod fleet;
mod ratio;

use std::path::{Path, PathBuf};
use std::process::Command;

use repro_audit::record::{self, Merged, Reader, Record};

/// The record of a quick audit.
fn quick(folder: &Path) -> Record {
    let out = folder.join("out");
    let ended = Command::new(env!("CARGO_BIN_EXE_repro-audit")).args(["gpu", "--quiet", "--out"]).arg(&out).output();
    let ended = ended.unwrap_or_else(|e| panic!("the program can't be run: {e}"));
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    record::read(&out.join("record.json")).unwrap_or_else(|e| panic!("{e}"))
}

fn put(folder: &Path, from: &Record, number: u32) -> PathBuf {
    let path = folder.join(format!("{number:04}.json"));
    let text = record::to_json(&fleet::audit(from, number)).unwrap_or_else(|e| panic!("{e}"));
    std::fs::write(&path, text).unwrap_or_else(|e| panic!("{e}"));
    path
}

fn merged<'a>(files: impl IntoIterator<Item = &'a PathBuf>) -> Merged {
    let reader = Reader::default();
    files.into_iter().for_each(|file| reader.read(file).unwrap_or_else(|e| panic!("{e}")));
    reader.finish()
}

fn text(merged: &Merged) -> Vec<u8> {
    let mut out = Vec::new();
    merged.write(&mut out).unwrap_or_else(|e| panic!("{e}"));
    out
}

fn main() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("no folder: {e}"));
    let from = quick(folder.path());
    if let Some(out) = std::env::var_os("REPRO_AUDIT_FLEET") {
        std::thread::scope(|scope| {
            for half in 0..2 {
                let (from, out) = (&from, Path::new(&out));
                scope.spawn(move || (0..1000).filter(|n| n % 2 == half).for_each(|n| drop(put(out, from, n))));
            }
        });
        return;
    }
    let files: Vec<PathBuf> = (0..20).map(|n| put(folder.path(), &from, n)).collect();
    let bytes: Vec<Vec<u8>> = files.iter().map(|f| std::fs::read(f).unwrap_or_default()).collect();
    let values = || {
        bytes
            .iter()
            .map(|b| serde_json::from_slice::<serde_json::Value>(b).map_or(0, |v| v.as_object().map_or(0, |o| o.len())))
            .sum::<usize>()
    };
    ratio::print(("merging 20 audits of a fleet", || text(&merged(&files))), ("their JSON as values", values), 1);
}
