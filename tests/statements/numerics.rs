//! Statements about numerics that were wrong once.

use repro_audit::kernels::{self, case::Case};
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::numerics::drift::{accuracy, measure};

/// A sum of 2^24 numbers that was cut off after some of them was "within the specification": `gamma_n Σ|t|` allows it.
#[test]
fn a_bound_that_allows_everything_is_no_verdict() {
    let case = Case::parse("sum/serial_tree?n=16777216&rows=1&dist=uniform&seed=7&wg=512").expect("a case");
    let problem = kernels::problem(&case).expect("a problem");
    let (exact, allowance) = (problem.exact(), problem.allowance());
    let found = accuracy(&Bits::f32(&[391.91]), exact.as_ref(), &allowance, None);
    assert_eq!((found.vacuous, found.undecided, found.outside), (1, true, 0), "neither inside nor outside");
}

#[test]
fn the_sign_and_payload_of_nan_are_no_drift_and_no_worst_row() {
    let left = Bits::words(Dtype::F32, vec![0x7fc0_0000, 0x3f80_0000]);
    let other = Bits::words(Dtype::F32, vec![0xffc0_1234, 0x3f80_0000]);
    let drift = measure(&left, &other).expect("one shape");
    assert!(drift.is_none() && drift.classes.nan_payload == 1, "counted, and no drift");
    let one = Bits::words(Dtype::F32, vec![0xffc0_1234, 0x3f80_0001]);
    let drift = measure(&left, &one).expect("one shape");
    assert_eq!(drift.worst.map(|e| e.index), Some(1), "the number that differs");
    assert_eq!(drift.first.map(|e| e.index), Some(1), "and not a NaN before it");
}
