//! Sweeps of functions as cases, one a function: for all that relates results and does not ask where they came from.

use std::collections::BTreeMap;

use super::format::{CaseRecord, Comparison, Record};
use super::result::{Dispersion, Distinct, Execution, Outcome, Status, TwinDigest};
use crate::model::axis::AxisLevel;
use crate::model::bits::Dtype;
use crate::model::sweep::{EngineSweep, Inputs, Missing, SAMPLE, Swept, every};
use crate::model::{Accuracy, Arithmetic, Drift, Examination, Quantity, Side};

/// What stands for the kernel in the id of a sweep's case: `sweep/exp?dtype=f32&inputs=stratified`.
pub const SWEEP: &str = "sweep";

impl Record {
    /// The sweeps as cases: each ran once, its reference is the correctly rounded result, and an engine without a result is in
    /// it with the reason, unless it was not asked.
    #[must_use]
    pub fn sweep_cases(&self) -> Vec<CaseRecord> {
        cases(&self.sweeps)
    }
}

/// See [`Record::sweep_cases`].
pub(crate) fn cases(sweeps: &[EngineSweep]) -> Vec<CaseRecord> {
    let mut all: BTreeMap<(Dtype, Inputs, &str), CaseRecord> = BTreeMap::new();
    for sweep in sweeps {
        for swept in &sweep.functions {
            let key = (swept.dtype, swept.inputs, swept.function.as_str());
            let case = all.entry(key).or_insert_with(|| case(swept));
            case.executions.push(execution(&sweep.engine, swept));
            if swept.right < swept.count {
                case.comparisons.push(comparison(&sweep.engine, swept));
            }
        }
    }
    for sweep in sweeps {
        for missing in &sweep.missing {
            let (Some(dtype), Some(inputs)) = (missing.dtype, missing.inputs) else { continue };
            let key = (dtype, inputs, missing.function.as_str());
            let case = all.entry(key).or_insert_with(|| outline(&missing.function, dtype, inputs));
            case.executions.extend(lacking(&sweep.engine, missing));
        }
    }
    all.into_values().collect()
}

/// The id of a sweep's case.
#[must_use]
pub fn sweep_id(function: &str, dtype: Dtype, inputs: Inputs) -> String {
    let dtype = if dtype == Dtype::F16 { "f16" } else { "f32" };
    format!("{SWEEP}/{function}?dtype={dtype}&inputs={}", inputs.name())
}

fn case(swept: &Swept) -> CaseRecord {
    CaseRecord {
        elements: swept.count,
        shader: Some(swept.shader.clone()),
        twins: vec![TwinDigest { arithmetic: Arithmetic::STRICT, digest: swept.reference.clone() }],
        ..outline(&swept.function, swept.dtype, swept.inputs)
    }
}

/// The case of a function that ran nowhere.
fn outline(function: &str, dtype: Dtype, inputs: Inputs) -> CaseRecord {
    let id = sweep_id(function, dtype, inputs);
    CaseRecord {
        problem: id.clone(),
        id,
        kernel: SWEEP.to_owned(),
        variant: function.to_owned(),
        config: String::new(),
        dtype,
        elements: if inputs == Inputs::Stratified { SAMPLE } else { every(dtype, 1) },
        quantity: Some(Quantity::presumed("builtins", function, dtype)),
        shader: None,
        twins: Vec::new(),
        twin_accuracy: None,
        origin: None,
        examination: Examination::default(),
        executions: Vec::new(),
        comparisons: Vec::new(),
    }
}

fn execution(engine: &str, swept: &Swept) -> Execution {
    let dispersion = Dispersion { entropy: 0.0, mode_share: 1.0, rate_below: 1.0, variability: 0.0 };
    let distinct = vec![Distinct { digest: swept.digest.clone(), runs: 1, bits: None }];
    let status = match (swept.right == swept.count, swept.outside) {
        (true, _) => Status::BitExact,
        (false, 0) => Status::WithinSpecification,
        (false, _) => Status::OutsideSpecification,
    };
    let accuracy = accuracy(swept);
    let outcome = Outcome::Ran { runs: 1, distinct, dispersion };
    Execution { seconds: swept.seconds, accuracy: Some(accuracy), ..other(engine, outcome, status) }
}

/// An engine that gave no result; nothing where it was not asked.
fn lacking(engine: &str, missing: &Missing) -> Option<Execution> {
    if missing.failed {
        return Some(other(engine, Outcome::Failed { reason: missing.reason.clone() }, Status::Failed));
    }
    let why = missing.why.clone()?;
    Some(other(engine, Outcome::Skipped { why }, Status::Skipped))
}

pub(super) fn other(engine: &str, outcome: Outcome, status: Status) -> Execution {
    Execution {
        engine: engine.to_owned(),
        outcome,
        status,
        equals: if status == Status::BitExact { vec![Arithmetic::STRICT] } else { Vec::new() },
        accuracy: None,
        observations: Vec::new(),
        findings: Vec::new(),
        content: None,
        samples: Vec::new(),
        seconds: 0.0,
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn accuracy(swept: &Swept) -> Accuracy {
    let not_finite = swept.classes.nan_versus_number.saturating_add(swept.classes.infinite);
    Accuracy {
        max_ulp: swept.worst_ulp.as_ref().map_or(f64::NAN, |w| w.error),
        mean_ulp: f64::NAN,
        not_correctly_rounded: swept.wrong() as f64 / swept.count.max(1) as f64,
        worst: None,
        specification_ratio: f64::NAN,
        outside: swept.outside,
        first_outside: None,
        unconstrained: swept.unlimited,
        vacuous: 0,
        undecided: false,
        not_finite,
        first_not_finite: None,
        unmeasured: 0,
    }
}

/// The distance from the correctly rounded results. What a sweep does not count is not a number.
fn comparison(engine: &str, swept: &Swept) -> Comparison {
    let drift = Drift {
        elements: swept.count,
        differing: swept.wrong(),
        classes: swept.classes,
        max_ulp: swept.max_ulp,
        ulp_percentiles: [0; 3],
        histogram: swept.histogram.clone(),
        bias_ulp: f64::NAN,
        mean_relative: f64::NAN,
        mean_relative_shifted: f64::NAN,
        max_absolute: swept.worst_absolute.as_ref().map_or(f64::NAN, |w| w.error),
        max_relative: f64::NAN,
        from_zero: 0,
        nmse: f64::NAN,
        first: None,
        worst: None,
        mask: None,
    };
    let right = Side::Engine(engine.to_owned());
    Comparison { axis: AxisLevel::Engine, left: Side::STRICT, right, drift }
}
