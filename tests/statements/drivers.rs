//! What the small shaders of `tests/cases` show of the drivers that are here, and what is said of it.

use repro_audit::record::{CaseRecord, Engine, Execution, Outcome, Record, Status};

use crate::common::{program, record_in, run, small_shader, status, stderr, words};

/// What the verb prints of a small shader on all drivers, and its record.
fn audited(name: &str) -> (String, Record) {
    let folder = tempfile::tempdir().expect("a folder");
    let mut command = program(&["kernel", &small_shader(name).display().to_string(), "--store", "4096"]);
    let output = run(command.arg("--out").arg(folder.path()));
    assert_eq!(status(&output), 0, "{name}: {}", stderr(&output));
    (words(&output), record_in(folder.path()))
}

fn output<'r>(record: &'r Record, name: &str) -> &'r CaseRecord {
    let found = record.cases.iter().find(|c| c.id.contains(&format!("output={name}&")));
    found.unwrap_or_else(|| panic!("no output {name}"))
}

/// The drivers that ran a case; where adapters are required, there are some.
fn drivers<'r>(record: &'r Record, case: &'r CaseRecord) -> Vec<(&'r Engine, &'r Execution)> {
    let ran = |x: &&Execution| matches!(x.outcome, Outcome::Ran { .. });
    let on = |x: &'r Execution| Some((record.engine(&x.engine).filter(|e| e.is_driver())?, x));
    let all: Vec<_> = case.executions.iter().filter(ran).filter_map(on).collect();
    assert!(
        !all.is_empty() || std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_none(),
        "REPRO_AUDIT_TEST_ADAPTERS is set, and there is no adapter"
    );
    all
}

fn word(bits: &str) -> u32 {
    u32::from_str_radix(bits.trim_start_matches("0x"), 16).expect("hex")
}

/// Which of three tests finds NaN: `x != x` does not where naga writes an ordered comparison, the bits do everywhere.
#[test]
fn which_test_for_nan_works_is_shown_for_each_adapter() {
    for name in ["c03_nan_mean", "c03b_nan_words"] {
        let (shown, record) = audited(name);
        let case = output(&record, "seen");
        for (engine, execution) in drivers(&record, case) {
            let backend = engine.adapter.as_ref().map(|a| a.backend.as_str());
            let nan: Vec<u32> = execution.samples.iter().map(|s| word(&s.bits)).filter(|w| w & 4 != 0).collect();
            assert!(!nan.is_empty(), "{name} on {}: a sample is NaN by its bits", engine.id);
            if backend == Some("vulkan") {
                assert!(nan.iter().all(|w| w & 1 == 0), "{name}: naga's `!=` finds no NaN on {}", engine.id);
            }
        }
        assert!(!shown.contains("max 1 ulp") && !shown.contains("1 ulp"), "flags are no numbers: {shown}");
    }
    let (shown, record) = audited("c03b_nan_words");
    let kept = output(&record, "kept");
    let ours = kept.comparisons.iter().filter(|c| c.drift.classes.nan_versus_number > 0).count();
    assert_eq!(ours > 0, shown.contains("where the strict reference is finite"), "NaN that was kept comes first");
    // The interpreter does not reproduce it: possible, and no more.
    let told = shown.contains("by its translation: naga writes `!=` of floats") && shown.contains("possibly");
    assert_eq!(ours > 0, told, "with what may be the cause: {shown}");
}

#[test]
fn products_that_are_flushed_are_told_as_that() {
    let (shown, record) = audited("c15_fma_tiny");
    let tiny = output(&record, "tiny");
    for (engine, execution) in drivers(&record, tiny) {
        let differs = tiny.comparisons.iter().find(|c| c.right == engine.id.as_str() && !c.drift.is_none());
        if engine.label.contains("SwiftShader") {
            let drift = &differs.expect("it flushes").drift;
            assert_eq!((drift.classes.flushed, drift.differing), (11, 11), "zero against a subnormal");
            let told = "zero on one side, a subnormal or the smallest normal number on the other in 11 of 64 elements";
            assert!(shown.contains(told), "{shown}");
            assert!(shown.contains(&format!("{} flushes subnormals to zero", engine.id)), "{shown}");
        }
        if engine.label.contains("[vulkan, Mesa") {
            assert_eq!(execution.status, Status::BitExact, "lavapipe keeps subnormals");
        }
    }
}

/// A copy through floats keeps the bit that marks a signalling NaN, or the difference is one of NaN's payload alone.
#[test]
fn a_signalling_nan_that_is_copied_is_no_drift() {
    let (shown, record) = audited("c16_snan_copy");
    for name in ["by_float", "by_word"] {
        let case = output(&record, name);
        for (engine, execution) in drivers(&record, case) {
            assert_eq!(execution.status, Status::BitExact, "{name} on {}", engine.id);
        }
    }
    assert!(shown.contains("64 of 2048 results are NaN or infinite on every engine"), "{shown}");
}

/// NaN where ±1 is right comes before every distance.
#[test]
fn nan_where_a_number_is_right_comes_first() {
    for (name, title, nan) in [("c08_tanh_1000", "builtin_tanh", 59), ("c24_tanh_range", "y", 79)] {
        let (shown, record) = audited(name);
        let case = output(&record, title);
        for (engine, _) in drivers(&record, case).into_iter().filter(|(e, _)| e.label.contains("SwiftShader")) {
            let found = case.comparisons.iter().find(|c| c.right == engine.id.as_str()).expect("it is compared");
            assert_eq!(found.drift.classes.nan_versus_number, nan, "{name} on {}", engine.id);
            let first = format!(
                "{name}.wgsl/main on {}: {nan} of {} results are NaN or infinite where the strict reference is finite",
                engine.id, case.elements
            );
            assert!(shown.starts_with(&first), "{shown}");
        }
    }
}

/// The remainder of negative integers on GL is naga's text, which lavapipe's twin on the same hardware shows.
#[test]
fn the_remainder_of_integers_on_gl_is_the_translations() {
    // Told, and no failure by itself.
    let (shown, record) = audited("t_gl_int_rem");
    for (engine, execution) in drivers(&record, &record.cases[0]) {
        let gl = engine.adapter.as_ref().is_some_and(|a| a.backend == "gl");
        if gl && execution.status == Status::OutsideSpecification {
            assert!(shown.contains("naga") && shown.contains("gfx-rs/wgpu"), "{shown}");
            assert!(!shown.contains("report it to its driver's authors"), "{shown}");
        } else {
            assert_eq!(execution.status, Status::BitExact, "{}", engine.id);
        }
    }
}
