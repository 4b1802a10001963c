//! Whether the planted drift was caught, and caught as what it is.

use super::worker::Response;
use crate::kernels::case::Case;
use crate::kernels::control::{PLACE, Plant};
use crate::numerics::drift::{Classes, Drift};
use crate::record::{AxisLevel, CaseRecord, Control, Engine, Outcome, Role, Status};

/// What the audit said of a control case on one engine. `response` is what the engine answered, `record` what the
/// comparison made of it. `None` for a probe, which plants nothing.
pub(super) fn check(case: &Case, engine: &Engine, response: &Response, record: &CaseRecord) -> Option<Control> {
    let plant = Plant::of(case)?;
    // What a remote engine computes is not judged by WGSL's allowance.
    let judged = engine.role() != Role::Remote;
    let engine = engine.id.as_str();
    let name = case.variant().replace('_', "-");
    let drift = record.comparisons.iter().find(|c| c.axis == AxisLevel::Engine && c.right == engine).map(|c| &c.drift);
    let one = |classes: Classes| Some(classes);
    // What was planted must reach the row's status too, through the specification's allowance.
    let status = |wanted: Status| record.executions.iter().any(|e| e.engine == engine && e.status == wanted);
    let outside = |elements: u64| {
        !judged
            || status(Status::OutsideSpecification)
                && record.executions.iter().any(|e| {
                    let accuracy = e.accuracy.as_ref().filter(|_| e.engine == engine);
                    accuracy.is_some_and(|a| a.outside == elements && a.first_outside == Some(PLACE as u64))
                })
    };
    let (about, caught) = match plant {
        Plant::OneUlp => (
            "one element moved by one ulp: one finite difference of 1 ulp, at its place",
            drift.is_some_and(|d| d.max_ulp == 1 && found(d, one(Classes { finite: 1, ..Classes::default() }), PLACE))
                && outside(1),
        ),
        Plant::Nan => (
            "one number replaced by NaN: one NaN against a number, at its place",
            drift.is_some_and(|d| found(d, one(Classes { nan_versus_number: 1, ..Classes::default() }), PLACE))
                && outside(1),
        ),
        Plant::Swapped => (
            "two neighbours exchanged: two differences, the first at its place",
            drift.is_some_and(|d| d.differing == 2 && found(d, None, PLACE)) && outside(2),
        ),
        Plant::ZeroSign => (
            "a zero's sign changed: one difference in bits that is none in value",
            drift.is_some_and(|d| {
                d.max_ulp == 0 && found(d, one(Classes { zero_sign: 1, ..Classes::default() }), PLACE)
            }) && (!judged || status(Status::WithinSpecification)),
        ),
        Plant::Unwritten => (
            "one element never written: its poison reported, at its place",
            matches!(response, Response::Unwritten { count: 1, first, .. } if *first == PLACE as u64),
        ),
        Plant::Unordered => (
            "a sum whose order changes from run to run: two distinct results",
            record.executions.iter().any(|e| {
                e.engine == engine && matches!(&e.outcome, Outcome::Ran { distinct, .. } if distinct.len() == 2)
            }) && status(Status::NotRepeatable),
        ),
        // It plants nothing: what it finds is a limit of the engine.
        Plant::Loop => return None,
    };
    Some(Control { name, engine: engine.to_owned(), about: about.to_owned(), caught })
}

fn found(drift: &Drift, classes: Option<Classes>, place: usize) -> bool {
    classes.is_none_or(|c| drift.classes == c) && drift.first.as_ref().is_some_and(|e| e.index == place as u64)
}

/// The controls on the CPU's own path, so that they exist on a machine without adapters too: the comparator is given
/// the drift directly.
pub(super) fn on_cpu() -> Vec<Control> {
    use crate::model::bits::{Bits, Dtype};
    use crate::numerics::drift::{Class, classify, measure};
    let plain = Bits::words(Dtype::F32, (0..256).map(|i| 0x3f80_0000 + i * 3).collect());
    let planted = |place: usize, word: u32| {
        let mut other = plain.clone();
        other.words[place] = word;
        measure(&plain, &other)
    };
    let one = |caught: bool, name: &str, about: &str| Control {
        name: name.to_owned(),
        engine: "cpu".to_owned(),
        about: about.to_owned(),
        caught,
    };
    let mut swapped = plain.clone();
    swapped.words.swap(100, 101);
    let is = |drift: &Option<Drift>, test: &dyn Fn(&Drift) -> bool| drift.as_ref().is_some_and(test);
    vec![
        one(
            is(&planted(200, plain.words[200] + 1), &|d| d.classes.finite == 1 && d.differing == 1 && d.max_ulp == 1),
            "one-ulp",
            "one element moved by one ulp in the comparator's input",
        ),
        one(
            is(&planted(31, 0x7fc0_0000), &|d| d.classes.nan_versus_number == 1 && d.differing == 1),
            "nan",
            "one NaN in the comparator's input",
        ),
        one(is(&measure(&plain, &swapped), &|d| d.differing == 2), "swapped", "two elements exchanged"),
        one(classify(Dtype::F32, 0u32, 0x8000_0000u32) == Class::ZeroSign, "zero-sign", "zeros of different sign"),
    ]
}
