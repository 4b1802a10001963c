//! Comparisons and sampled values for data frames, one observation a row.

use super::explained;
use crate::facts::Soundness;
use crate::facts::proof;
use crate::model::Drift;
use crate::record::{CaseRecord, Record};
use crate::views::document::{Rows, Value};
use crate::views::text;

/// The columns of the comparisons. `engine` and what follows it are of the right side's engine; `findings` are the kinds of
/// what that engine noticed of the shader, `explained` says how well its first result's difference from the strict reference is
/// explained, and by which `causes` (empty where there is none, or nobody looked), and `unsound` says why the row cannot be relied on.
const SUMMARY: [&str; 46] = [
    "record",
    "machine",
    "case",
    "kernel",
    "variant",
    "problem",
    "config",
    "dtype",
    "axis",
    "left",
    "right",
    "elements",
    "differing",
    "fraction",
    "max_ulp",
    "ulp_p50",
    "ulp_p99",
    "ulp_p999",
    "bias_ulp",
    "mean_relative",
    "mean_relative_shifted",
    "max_relative",
    "max_absolute",
    "nmse",
    "zero_sign",
    "nan_payload",
    "nan_versus_number",
    "infinite",
    "not_finite",
    "flushed",
    "finite",
    "mask_agreement",
    "mask_kappa",
    "worst_index",
    "worst_left",
    "worst_right",
    "engine",
    "engine_label",
    "status",
    "equals",
    "max_error_ulp",
    "specification_ratio",
    "findings",
    "explained",
    "causes",
    "unsound",
];

/// The columns of the sampled values.
const VALUES: [&str; 9] = ["record", "case", "engine", "dtype", "index", "bits", "value", "twin_bits", "exact"];

/// A name as in the record.
fn name(value: &impl serde::Serialize) -> String {
    serde_json::to_value(value).ok().and_then(|v| v.as_str().map(str::to_owned)).unwrap_or_default()
}

/// One row a comparison, equal pairs included.
pub(super) fn summary(record: &Record, soundness: &Soundness) -> Rows {
    let id = text::short(&record.id);
    let mut rows = Rows::new("summary", &SUMMARY);
    for case in &record.cases {
        for comparison in &case.comparisons {
            let Drift { classes, ulp_percentiles, .. } = &comparison.drift;
            let drift = &comparison.drift;
            let engine = record.engine_of(&comparison.right);
            let execution = engine.and_then(|e| case.executions.iter().find(|x| x.engine == e.id));
            let accuracy = execution.and_then(|x| x.accuracy.as_ref());
            let equals: Vec<_> = execution.iter().flat_map(|x| &x.equals).map(|a| a.name()).collect();
            let mut findings: Vec<_> = execution.iter().flat_map(|x| &x.findings).map(|f| f.kind.name()).collect();
            findings.dedup();
            let (grade, causes) = engine.map(|e| told(record, case, &e.id)).unwrap_or_default();
            rows.push(vec![
                id.clone().into(),
                record.environment.machine_id.clone().into(),
                case.id.clone().into(),
                case.kernel.clone().into(),
                case.variant.clone().into(),
                case.problem.clone().into(),
                case.config.clone().into(),
                name(&case.dtype).into(),
                comparison.axis.name().into(),
                comparison.left.to_string().into(),
                comparison.right.to_string().into(),
                drift.elements.into(),
                drift.differing.into(),
                drift.fraction().into(),
                drift.max_ulp.into(),
                ulp_percentiles[0].into(),
                ulp_percentiles[1].into(),
                ulp_percentiles[2].into(),
                drift.bias_ulp.into(),
                drift.mean_relative.into(),
                drift.mean_relative_shifted.into(),
                drift.max_relative.into(),
                drift.max_absolute.into(),
                drift.nmse.into(),
                classes.zero_sign.into(),
                classes.nan_payload.into(),
                classes.nan_versus_number.into(),
                classes.infinite.into(),
                classes.not_finite.into(),
                classes.flushed.into(),
                classes.finite.into(),
                drift.mask.map(|m| m.agreement).into(),
                drift.mask.map(|m| m.kappa).into(),
                drift.worst.as_ref().map(|w| w.index).into(),
                drift.worst.as_ref().map(|w| w.left.as_str()).into(),
                drift.worst.as_ref().map(|w| w.right.as_str()).into(),
                engine.map(|e| e.id.as_str()).or(comparison.right.engine()).into(),
                engine.map(|e| e.label.as_str()).into(),
                execution.map(|x| name(&x.status)).into(),
                equals.join(" ").into(),
                accuracy.map(|a| a.max_ulp).into(),
                accuracy.map(|a| a.specification_ratio).into(),
                findings.join(" ").into(),
                grade.into(),
                causes.into(),
                soundness.of_row(engine.map(|e| e.id.as_str()).unwrap_or_default()).into(),
            ]);
        }
    }
    // Without a comparison, what is wrong with the record is all that there is to say.
    if let (Some(unsound), true) = (soundness.title(), rows.rows.is_empty()) {
        let mut row = vec![Value::Empty; SUMMARY.len()];
        row[0] = id.into();
        row[1] = record.environment.machine_id.clone().into();
        row[SUMMARY.len() - 1] = unsound.into();
        rows.push(row);
    }
    rows
}

/// How well an engine's result is explained, and by what.
fn told(record: &Record, case: &CaseRecord, engine: &str) -> (String, String) {
    match explained::standing(record, case, engine) {
        None => Default::default(),
        Some(None) => (explained::NOT_LOOKED_AT.to_owned(), String::new()),
        Some(Some((explained, pair))) => {
            let ways = proof::alternatives(explained, pair);
            let told: Vec<String> = ways.iter().map(|way| proof::causes_in_words(way, usize::MAX)).collect();
            let grade = proof::grade_in_words(proof::grade(explained, pair));
            (grade.to_owned(), told.join("; or else "))
        }
    }
}

/// One row a sampled element.
pub(super) fn values(record: &Record) -> Rows {
    let id = text::short(&record.id);
    let mut rows = Rows::new("values", &VALUES);
    for case in &record.cases {
        for execution in &case.executions {
            for sample in &execution.samples {
                rows.push(vec![
                    id.clone().into(),
                    case.id.clone().into(),
                    execution.engine.clone().into(),
                    name(&case.dtype).into(),
                    sample.index.into(),
                    sample.bits.clone().into(),
                    sample.value.into(),
                    sample.twin.clone().into(),
                    sample.exact.into(),
                ]);
            }
        }
    }
    rows
}
