//! Drivers' caches of compiled shaders, and variables that a driver reads or does not.

use std::collections::BTreeSet;
use std::path::Path;

use repro_audit::record::{Record, ShaderCache};

use crate::common::{program, record_in, run, status, stderr};

/// Results that do not depend on the order of execution.
const KERNELS: [&str; 3] = ["softmax", "dot/separate", "matmul/tiled"];

fn audit(cache: &Path, more: &[&str]) -> Record {
    let out = tempfile::tempdir().expect("a folder");
    let mut command = program(&["gpu", "--threads", "1", "--repeats", "2"]);
    command.env("XDG_CACHE_HOME", cache).arg("--out").arg(out.path()).args(more);
    command.env_remove("MESA_SHADER_CACHE_DISABLE");
    let output = run(&mut command);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    record_in(out.path())
}

/// The states that engines without variables had.
fn states(record: &Record) -> BTreeSet<&'static str> {
    let word = |cache: &ShaderCache| match cache {
        ShaderCache::Cold => "cold",
        ShaderCache::Warm => "warm",
        ShaderCache::Own => "own",
        ShaderCache::Off => "off",
    };
    record.run.shader_caches.values().map(word).collect()
}

#[test]
fn bits_are_the_same_whether_a_cache_was_cold_or_warm() {
    let cache = tempfile::tempdir().expect("a folder");
    let kernels: Vec<&str> = KERNELS.iter().flat_map(|k| ["--kernel", k]).collect();
    let cold = audit(cache.path(), &kernels);
    let warm = audit(cache.path(), &kernels);
    assert_eq!(cold.id, warm.id, "the record's content");
    let emptied = audit(cache.path(), &[&kernels[..], &["--cold"]].concat());
    assert_eq!(cold.id, emptied.id, "and again");
    if cold.run.shader_caches.is_empty() {
        assert!(std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_none(), "Mesa's drivers keep shaders");
        return;
    }
    let expected = [(&cold, "cold"), (&warm, "warm"), (&emptied, "cold")];
    for (record, state) in expected {
        assert_eq!(states(record), BTreeSet::from([state]), "it is told");
    }
    let kept = std::fs::read_dir(cache.path().join("repro-audit/shaders")).expect("the folder").count();
    assert_eq!(kept, cold.run.shader_caches.len(), "a folder each");
}

#[test]
fn a_variable_is_varied_where_a_driver_may_read_it() {
    let cache = tempfile::tempdir().expect("a folder");
    let vary = ["--kernel", "dot/threads_chunked", "--kernel", "dot/separate", "--vary", "LP_NUM_THREADS=1"];
    let varied = |more: &[&str]| -> (usize, usize) {
        let record = audit(cache.path(), &[&vary[..], more].concat());
        let drivers = || record.engines.iter().filter(|e| e.is_driver() && !e.variables.is_empty());
        let reads = |label: &str| label.contains("llvmpipe");
        (drivers().filter(|e| reads(&e.label)).count(), drivers().filter(|e| !reads(&e.label)).count())
    };
    let (reading, others) = varied(&[]);
    assert_eq!(others, 0, "their drivers do not read it");
    let (all_reading, all_others) = varied(&["--vary-all"]);
    assert_eq!(all_reading, reading, "those that read it");
    if std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_some() {
        assert!(reading > 0 && all_others > 0, "{reading} and {all_others}");
    }
}
