//! Statements about results that are not finite, and about audits in which little ran, that were wrong once.

use std::path::{Path, PathBuf};

use repro_audit::facts::{Difference, emptiness, severity, size};
use repro_audit::model::Quantity;
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::numerics::drift::measure;
use repro_audit::record::Record;

use crate::common::{program, record_in, run, status, stderr, without_adapters, words};

/// A shader of one input and one output whose result is `r`.
fn shader(folder: &Path, body: &str) -> PathBuf {
    let text = format!(
        "@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) g: vec3<u32>) {{ {body} y[g.x] = r; }}
"
    );
    let path = folder.join("k.wgsl");
    std::fs::write(&path, text).expect("written");
    path
}

/// What an audit of a shader with a planted defect prints, without drivers, and its record.
fn planted(body: &str, mode: &str) -> (String, Record) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = shader(folder.path(), body).display().to_string();
    let out = folder.path().join("out");
    let arguments = ["kernel", &file, "--planted", mode, "--out", &out.display().to_string()];
    let output = run(&mut without_adapters(&arguments));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    (words(&output), record_in(&out))
}

#[test]
fn what_is_finite_on_neither_side_is_no_number() {
    let (inf, nan) = (f32::INFINITY, f32::NAN);
    let of = |left: &[f32], right: &[f32]| measure(&Bits::f32(left), &Bits::f32(right)).expect("one shape");
    let drift = of(&[inf, nan, 1.0], &[-inf, inf, 1.0]);
    let c = drift.classes;
    assert_eq!((c.not_finite, c.nan_versus_number, c.infinite), (2, 0, 0), "no number is on either side");
    assert_eq!(severity(Dtype::F32, &drift).kind, Difference::NotFinite, "a kind of its own");
    let told = "NaN against infinity, or infinity of the other sign in 2 of 3 elements";
    assert_eq!(size(&drift, Quantity::Float), told, "in its own words");
    let mixed = of(&[inf, nan, 1.0, 1.0], &[-inf, 2.0, inf, 1.0]);
    let c = mixed.classes;
    assert_eq!((c.not_finite, c.nan_versus_number, c.infinite), (1, 1, 1), "each is counted once");
    assert_eq!(severity(Dtype::F32, &mixed).kind, Difference::Nan, "NaN against a number is the worst");
    assert!(Difference::Infinite > Difference::NotFinite && Difference::NotFinite > Difference::Finite, "the order");
}

/// Elements that are NaN on one engine and numbers on another are not NaN on every engine, however many each has.
#[test]
fn results_are_not_finite_everywhere_only_where_they_are_the_same_ones() {
    let whole = "let n = bitcast<f32>(0x7fc00000u + (bitcast<u32>(x[g.x]) & 0u)); var r = x[g.x]; if (g.x % 2u == 0u) { r = n; }";
    let (shown, mut record) = planted(whole, "contract");
    assert!(shown.contains("512 of 1024 results are NaN on every engine that ran, the first at index 0"), "{shown}");
    let bits = |odd: bool| {
        let of = |i: u32| if (i % 2 == 1) == odd { f32::NAN } else { 1.0 };
        Bits::f32(&(0..1024).map(of).collect::<Vec<_>>())
    };
    let case = &mut record.cases[0];
    for comparison in &mut case.comparisons {
        comparison.drift = measure(&bits(false), &bits(true)).expect("one shape");
    }
    let text: Vec<String> = emptiness(case).iter().map(repro_audit::facts::Emptiness::text).collect();
    assert_eq!(text, ["512 of 1024 results or more are NaN on each engine that ran"], "as many, and others");
}

#[test]
fn flushing_is_told_with_the_least_normal_number() {
    let body =
        "let z = bitcast<u32>(x[g.x]) & 0u; let r = bitcast<f32>(0x3f7fffffu + z) * bitcast<f32>(0x00800000u + z);";
    let (shown, _) = planted(body, "flush");
    let told = "zero on one side, a subnormal or the smallest normal number on the other in 1,024 of 1,024 elements";
    assert!(shown.contains(told), "{shown}");
}

#[test]
fn interpreters_are_no_adapters() {
    let (shown, _) = planted("let r = x[g.x] * 3.0 + 1.0;", "contract");
    assert!(
        shown.starts_with("No driver was audited: what was planted in the interpreter shows in 1 of 1 test problem"),
        "{shown}"
    );
    assert!(!shown.contains("dapters disagree"), "there is no adapter: {shown}");
}

/// The filters of an audit are part of what can be said of it.
#[test]
fn what_was_run_is_said_and_what_to_run_brings_it_back() {
    let gpu = |more: &[&str]| {
        let folder = tempfile::tempdir().expect("a folder");
        let mut command = program(&[&["gpu", "--out", &folder.path().display().to_string()], more].concat());
        let output = run(&mut command);
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        let record = record_in(folder.path());
        (words(&output), record.engines.iter().any(repro_audit::record::Engine::is_driver))
    };
    let (shown, driver) = gpu(&["--kernel", "dot/threads_chunked", "--adapter", "llvmpipe"]);
    if driver {
        assert!(shown.starts_with("matmul/dot, run again: the same bits; other bits by threads"), "{shown}");
        let (shown, _) = gpu(&["--kernel", "builtins/round", "--adapter", "llvmpipe"]);
        assert!(shown.contains("Nothing differed in the kernels asked for"), "{shown}");
        let vary = ["--kernel", "sum/kahan", "--adapter", "llvmpipe", "--vary", "LP_NATIVE_VECTOR_WIDTH=128,256"];
        let (shown, _) = gpu(&vary);
        let start = shown.find("See what differs on").expect("a step");
        let step: String = shown[start..].chars().take(400).collect();
        let of_variable = step.split(':').take(2).any(|part| part.contains("LP_NATIVE_VECTOR_WIDTH"));
        assert_eq!(of_variable, step.contains("--vary LP_NATIVE_VECTOR_WIDTH="), "the engine is brought back: {step}");
    }
}

/// A data loader runs on the CPU's threads alone. Was: that its results are within what WGSL allows, and on adapters.
#[test]
fn what_no_adapter_ran_says_nothing_of_adapters_and_wgsl() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let loader = ["gpu", "--kernel", "permutation/loader_unordered", "--threads", "1,2", "--repeats", "2", "--full"];
    let output = run(&mut program(&[&loader[..], &["--out", &out]].concat()));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let shown = words(&output);
    assert!(shown.contains("No result was judged against the specification"), "{shown}");
    assert!(!shown.contains("Software adapters only"), "{shown}");
    assert!(shown.contains("Only here nothing ran on an adapter"), "{shown}");
}

/// A tool that reads findings learns what the headline says.
#[test]
fn nan_against_a_number_is_a_warning_for_tools() {
    let folder = tempfile::tempdir().expect("a folder");
    let body = "let n = bitcast<f32>(0x7fc00000u + (bitcast<u32>(x[g.x]) & 0u)); let r = max(n, 1.0 + abs(x[g.x]));";
    let file = shader(folder.path(), body).display().to_string();
    let out = folder.path().join("out").display().to_string();
    let output = run(&mut program(&["kernel", &file, "--out", &out]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let headline = words(&output).contains("where the strict reference is finite, or finite where it is not");
    let formatted = |format: &str| {
        let output = run(&mut program(&["report", &out, "--format", format]));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    let github = formatted("github");
    assert_eq!(
        headline,
        github.contains("::warning") && github.contains("where the strict reference is finite"),
        "{github}"
    );
    assert_eq!(headline, formatted("junit").contains("where the strict reference is finite"), "JUnit");
}

/// The command that runs a case again names the kernel as it was named, and brings a planted interpreter back.
#[test]
fn a_case_of_ones_own_kernel_is_run_again_as_it_was() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = shader(folder.path(), "let r = x[g.x] / 3.0;").display().to_string();
    let out = folder.path().join("out").display().to_string();
    let output = run(&mut without_adapters(&["kernel", &file, "--planted", "reciprocal", "--out", &out]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let matched = ["compare", &out, &out, "--match", "embedded:0=embedded:1", "--full"];
    let shown = words(&run(&mut program(&matched)));
    let step = shown.split("Run the worst one again").nth(1).unwrap_or_default();
    let command = format!("repro-audit kernel {file} --case");
    assert!(step.contains(&command) && step.contains("--planted reciprocal"), "{shown}");
    assert!(!shown.contains("No driver, no variable"), "one is strict and one is not: {shown}");
}
