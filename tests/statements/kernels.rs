//! Statements about kernels that were wrong once.

use std::path::Path;

use repro_audit::kernels::{self, Profile, case::Case};
use repro_audit::model::{Arithmetic, bits::Bits};
use repro_audit::numerics::{drift::measure, inputs::edges};

use crate::common::{record_in, run, status, stderr, without_adapters};

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
    let kernels::Buffer::Input(words) = &program.buffers[0] else { panic!("an input") };
    assert_eq!(words, &edges::bits(), "signalling NaN and payloads too");
    let reference = found.twin(Arithmetic::STRICT, 1).expect("a reference");
    assert_eq!(reference.words, edges::bits(), "a copy is a copy");
}

#[test]
fn own_shaders_stay_below_the_shortest_loop_limit() {
    let error = problem("sum/serial_tree?n=16777216&rows=1&dist=uniform&seed=7&wg=64").err().expect("refused");
    let error = error.to_string();
    assert!(error.contains("65535") && error.contains("larger wg") && !error.contains('\n'), "{error}");
    for kernel in kernels::all() {
        // The plan's largest sizes are too many numbers to draw here; each kernel's bound is linear in them.
        for case in kernel.plan(Profile::Quick, 7) {
            assert!(kernels::problem(&case).is_ok(), "{case}");
        }
    }
}
