//! A quick audit against its parts: its kernels on every engine, one after another, then the reference, the exact answer and one
//! comparison of every case. The caches of compiled shaders are as a first audit left them, which is the peer of the second line.
//!
//! `cargo bench --bench audit`. An audit is too long to be repeated: each line is of one run.

use std::hint::black_box;
use std::path::Path;
use std::process::Command;
use std::time::Instant;

use repro_audit::kernels::{self, case::Case};
use repro_audit::model::Arithmetic;
use repro_audit::numerics::{drift, threads::available_threads};
use repro_audit::record::{self, Record};

/// An audit as a user runs it: its record, and the seconds that it took.
fn audit(folder: &Path) -> (Record, f64) {
    let out = folder.join("out");
    let begun = Instant::now();
    let ended = Command::new(env!("CARGO_BIN_EXE_repro-audit"))
        .args(["gpu", "--quiet", "--out"])
        .arg(&out)
        .env("XDG_CACHE_HOME", folder.join("cache"))
        .output();
    let seconds = begun.elapsed().as_secs_f64();
    let ended = ended.unwrap_or_else(|e| panic!("the program can't be run: {e}"));
    assert!(ended.status.success(), "{}", String::from_utf8_lossy(&ended.stderr));
    (record::read(&out.join("record.json")).unwrap_or_else(|e| panic!("{e}")), seconds)
}

/// The seconds that the kernels took on their engines, all together. What a driver compiles when a kernel first runs is in them.
fn kernels(record: &Record) -> f64 {
    record.cases.iter().flat_map(|c| &c.executions).map(|x| x.seconds).filter(|s| s.is_finite()).sum()
}

/// The seconds that the references, the exact answers and one comparison of each take.
fn references(record: &Record) -> f64 {
    let threads = available_threads();
    let begun = Instant::now();
    for case in &record.cases {
        let Ok(problem) = Case::parse(&case.id).and_then(|case| kernels::problem(&case)) else { continue };
        black_box(problem.exact());
        if let Some(twin) = problem.twin(Arithmetic::STRICT, threads) {
            black_box(drift::measure(&twin, &twin));
        }
    }
    begun.elapsed().as_secs_f64()
}

fn main() {
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("no folder: {e}"));
    let (_, cold) = audit(folder.path());
    let (record, warm) = audit(folder.path());
    let parts = kernels(&record) + references(&record);
    let drivers = record.engines.iter().filter(|e| e.is_driver()).count();
    let threads = available_threads();
    println!("ratio  quick audit of {drivers} drivers / its parts, {threads} threads: {:.2}", parts / warm);
    println!("ratio  quick audit with warm caches / with cold ones, {threads} threads: {:.2}", cold / warm);
}
