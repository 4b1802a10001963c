//! Whether the planted drift was caught, and caught as what it is.

use super::execute::Said;
use crate::kernels::case::Case;
use crate::kernels::control::{PLACE, Plant};
use crate::numerics::drift::{Classes, Drift};
use crate::record::{AxisLevel, CaseRecord, Control, Outcome, Status};

/// What the audit said of a control case on one engine. `said` is what the engine answered, `record` what the
/// comparison made of it. `None` for a probe, which plants nothing.
pub(super) fn check(case: &Case, engine: &str, said: &Said, record: &CaseRecord) -> Option<Control> {
    let plant = Plant::of(case)?;
    let name = case.variant().replace('_', "-");
    let drift = record.comparisons.iter().find(|c| c.axis == AxisLevel::Engine && c.right == engine).map(|c| &c.drift);
    let one = |classes: Classes| Some(classes);
    // What was planted must reach the row's status too, through the specification's allowance.
    let status = |wanted: Status| record.executions.iter().any(|e| e.engine == engine && e.status == wanted);
    let outside = |elements: u64| {
        status(Status::OutsideSpecification)
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
            }) && status(Status::WithinSpecification),
        ),
        Plant::Unwritten => (
            "one element never written: its poison reported, at its place",
            matches!(said, Said::Unwritten { count: 1, first, .. } if *first == PLACE as u64),
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
