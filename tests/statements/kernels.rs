//! Statements about kernels that were wrong once.

use std::collections::BTreeSet;
use std::path::Path;

use repro_audit::engines::interpreter::{Mode, Runner};
use repro_audit::kernels::{self, Profile, case::Case};
use repro_audit::model::Arithmetic;
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::model::task::{Buffer, OutputView, Pass, Program};
use repro_audit::numerics::{drift::measure, inputs::edges};

use crate::common::{program, record_in, run, status, stderr, without_adapters};

fn problem(id: &str) -> Result<Box<dyn kernels::Problem>, kernels::case::CaseError> {
    kernels::problem(&Case::parse(id)?)
}

/// `x * 0.5` for numbers whose half is around the least normal one, by the limit that x86 has.
#[test]
fn planted_flushing_makes_zero_of_what_x86_makes_zero() {
    let folder = tempfile::tempdir().expect("a folder");
    let shader = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cases/t_tiny_flush.wgsl");
    let mut command =
        without_adapters(&["kernel", &shader.display().to_string(), "--planted", "flush", "--store", "4096"]);
    let output = run(command.arg("--out").arg(folder.path()));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record = record_in(folder.path());
    let flushed: Vec<_> =
        record.cases[0].comparisons.iter().filter(|c| c.right == "embedded:1" && !c.drift.is_none()).collect();
    assert!(!flushed.is_empty(), "flushing shows");
    for comparison in flushed {
        assert_eq!(comparison.drift.classes.finite, 0, "zero against the least normal number is flushed");
        assert_eq!(comparison.drift.classes.flushed, comparison.drift.differing, "and nothing else differs");
    }
    let (zero, least) = (Bits::f32(&[0.0]), Bits::f32(&[f32::MIN_POSITIVE]));
    let drift = measure(&zero, &least).expect("one shape");
    assert_eq!((drift.classes.flushed, drift.max_ulp), (1, 0), "no 8,388,608 ulp");
}

#[test]
fn every_edge_pattern_reaches_the_shader_and_the_reference_as_it_is() {
    let found = problem("specials/copy?n=196&dist=edges").expect("a case");
    let program = found.program().expect("a program");
    let Buffer::Input(words) = &program.buffers[0] else { panic!("an input") };
    assert_eq!(words, &edges::bits(), "signalling NaN and payloads too");
    let reference = found.twin(Arithmetic::STRICT, 1).expect("a reference");
    assert_eq!(reference.words, edges::bits(), "a copy is a copy");
}

#[test]
fn own_shaders_stay_below_the_shortest_loop_limit() {
    let error = problem("sum/serial_tree?n=16777216&rows=1&dist=uniform&seed=7&wg=64").err().expect("refused");
    let error = error.to_string();
    assert!(error.contains("65535") && error.contains("larger wg") && !error.contains('\n'), "{error}");
    for profile in [Profile::Quick, Profile::Standard] {
        every_case_stays_below(profile);
    }
}

#[test]
#[ignore = "draws a few hundred million numbers"]
fn own_shaders_stay_below_the_shortest_loop_limit_in_deep() {
    every_case_stays_below(Profile::Deep);
}

/// Every case of a profile is a problem, which one beyond the limit is not. Of cases that differ in what is drawn alone,
/// one is enough: the loops are as long.
fn every_case_stays_below(profile: Profile) {
    let mut seen = BTreeSet::new();
    for case in kernels::all().iter().flat_map(|kernel| kernel.plan(profile, 7)) {
        let drawn = |part: &&str| !part.starts_with("dist=") && !part.starts_with("seed=");
        let id = case.to_string();
        if seen.insert(id.split(['?', '&']).filter(drawn).collect::<Vec<_>>().join("&")) {
            assert!(kernels::problem(&case).is_ok(), "{case}");
        }
    }
}

/// The seed of a record is that of its cases, and every verb goes by it.
#[test]
fn the_seed_of_a_case_is_the_records_seed() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("case.json");
    let (of, page) = (file.display().to_string(), folder.path().join("page"));
    let id = "sum/pairwise?n=1024&rows=1&dist=normal&seed=99&wg=64";
    let output = run(&mut without_adapters(&["case", id, "--format", "json"]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    std::fs::write(&file, &output.stdout).expect("written");
    let record: repro_audit::record::Record = serde_json::from_slice(&output.stdout).expect("a record");
    assert_eq!(record.provenance.settings.seed, 99, "recorded");
    let output = run(&mut program(&["report", &of, "--out", &page.display().to_string()]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let page = std::fs::read_to_string(page.join("index.html")).expect("a page");
    let seeds: Vec<&str> = page.match_indices(">seed<").map(|(at, _)| &page[at..page.len().min(at + 60)]).collect();
    assert!(seeds.iter().all(|s| s.contains(">99<")) && !seeds.is_empty(), "shown: {seeds:?}");
    let lock = folder.path().join("repro.lock");
    let output = run(&mut program(&["lock", &of, "--out", &lock.display().to_string()]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let text = std::fs::read_to_string(lock).expect("a lock");
    assert!(text.lines().any(|l| l == "seed 99"), "locked: {text}");
}

/// A driver is not asked to zero workgroup memory for shaders that write before they read, which every case of theirs
/// shows; and nothing else goes without the zeros that WGSL promises.
#[test]
fn own_shaders_write_workgroup_memory_before_they_read_it() {
    let interpreter = Runner::open(Mode::default());
    let mut proven = BTreeSet::new();
    for case in kernels::all().iter().flat_map(|kernel| kernel.plan(Profile::Quick, 7)) {
        let problem = kernels::problem(&case).expect("a problem");
        let Some(program) = problem.program() else { continue };
        let has_memory = program.source.contains("var<workgroup>");
        if has_memory && !program.zeroed {
            assert!(!interpreter.reads_unwritten(&program).expect("it runs"), "{case} rests on zeros");
            proven.insert(format!("{}/{}", case.kernel(), case.variant()));
        }
        assert!(!has_memory || !program.zeroed, "{case} is slow to compile for nothing");
    }
    assert!(proven.len() > 20, "{proven:?}");
    let source = "var<workgroup> held: array<f32, 2>;
        @group(0) @binding(0) var<storage, read_write> out: array<f32, 2>;
        @compute @workgroup_size(2) fn main(@builtin(local_invocation_index) i: u32) {
            if i == 0u { held[0] = 1.0; }
            workgroupBarrier();
            out[i] = max(held[0], held[1]);
        }";
    let buffers = vec![Buffer::Output(2)];
    let view = OutputView::whole(0, Dtype::F32, 2);
    let program = Program::new(source.to_owned(), buffers, vec![Pass::new("main", [1, 1, 1])], view);
    assert!(program.zeroed, "unless it is said otherwise");
    assert!(interpreter.reads_unwritten(&program).expect("it runs"), "one word is never written");
}
