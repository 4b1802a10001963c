//! Comparisons and sampled values as CSV, one observation a row, for data frames and databases.

use serde::Serialize;

use super::text;
use crate::model::bits::Dtype;
use crate::numerics::drift::Drift;
use crate::record::{Record, Side, Status};

/// A row of `summary.csv`. Numbers that are not finite are `inf`, `-inf` and `NaN`.
#[derive(Serialize)]
struct Row<'a> {
    record: &'a str,
    machine: &'a str,
    case: &'a str,
    kernel: &'a str,
    variant: &'a str,
    problem: &'a str,
    config: &'a str,
    dtype: Dtype,
    axis: &'static str,
    left: &'a Side,
    right: &'a Side,
    elements: u64,
    differing: u64,
    fraction: f64,
    max_ulp: u64,
    ulp_p50: u64,
    ulp_p99: u64,
    ulp_p999: u64,
    bias_ulp: f64,
    mean_relative: f64,
    mean_relative_shifted: f64,
    max_relative: f64,
    max_absolute: f64,
    nmse: f64,
    zero_sign: u64,
    nan_payload: u64,
    nan_versus_number: u64,
    infinite: u64,
    flushed: u64,
    finite: u64,
    mask_agreement: Option<f64>,
    mask_kappa: Option<f64>,
    worst_index: Option<u64>,
    worst_left: Option<&'a str>,
    worst_right: Option<&'a str>,
    /// Of the right side's engine.
    engine: Option<&'a str>,
    engine_label: Option<&'a str>,
    status: Option<Status>,
    equals: String,
    max_error_ulp: Option<f64>,
    specification_ratio: Option<f64>,
    /// The kinds of what that engine noticed of the shader.
    findings: String,
}

/// A row of `values.csv`.
#[derive(Serialize)]
struct Value<'a> {
    record: &'a str,
    case: &'a str,
    engine: &'a str,
    dtype: Dtype,
    index: u64,
    bits: &'a str,
    value: f64,
    twin_bits: Option<&'a str>,
    exact: Option<f64>,
}

/// One row a comparison, equal pairs included.
///
/// # Errors
/// None in practice: rows are written to memory.
pub fn summary(record: &Record) -> Result<String, csv::Error> {
    let id = text::short(&record.id);
    let mut writer = csv::Writer::from_writer(Vec::new());
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
            writer.serialize(Row {
                record: &id,
                machine: &record.environment.machine_id,
                case: &case.id,
                kernel: &case.kernel,
                variant: &case.variant,
                problem: &case.problem,
                config: &case.config,
                dtype: case.dtype,
                axis: comparison.axis.name(),
                left: &comparison.left,
                right: &comparison.right,
                elements: drift.elements,
                differing: drift.differing,
                fraction: drift.fraction(),
                max_ulp: drift.max_ulp,
                ulp_p50: ulp_percentiles[0],
                ulp_p99: ulp_percentiles[1],
                ulp_p999: ulp_percentiles[2],
                bias_ulp: drift.bias_ulp,
                mean_relative: drift.mean_relative,
                mean_relative_shifted: drift.mean_relative_shifted,
                max_relative: drift.max_relative,
                max_absolute: drift.max_absolute,
                nmse: drift.nmse,
                zero_sign: classes.zero_sign,
                nan_payload: classes.nan_payload,
                nan_versus_number: classes.nan_versus_number,
                infinite: classes.infinite,
                flushed: classes.flushed,
                finite: classes.finite,
                mask_agreement: drift.mask.map(|m| m.agreement),
                mask_kappa: drift.mask.map(|m| m.kappa),
                worst_index: drift.worst.as_ref().map(|w| w.index),
                worst_left: drift.worst.as_ref().map(|w| w.left.as_str()),
                worst_right: drift.worst.as_ref().map(|w| w.right.as_str()),
                engine: engine.map(|e| e.id.as_str()),
                engine_label: engine.map(|e| e.label.as_str()),
                status: execution.map(|x| x.status),
                equals: equals.join(" "),
                max_error_ulp: accuracy.map(|a| a.max_ulp),
                specification_ratio: accuracy.map(|a| a.specification_ratio),
                findings: findings.join(" "),
            })?;
        }
    }
    finish(writer)
}

/// One row a sampled element.
///
/// # Errors
/// None in practice: rows are written to memory.
pub fn values(record: &Record) -> Result<String, csv::Error> {
    let id = text::short(&record.id);
    let mut writer = csv::Writer::from_writer(Vec::new());
    for case in &record.cases {
        for execution in &case.executions {
            for sample in &execution.samples {
                writer.serialize(Value {
                    record: &id,
                    case: &case.id,
                    engine: &execution.engine,
                    dtype: case.dtype,
                    index: sample.index,
                    bits: &sample.bits,
                    value: sample.value,
                    twin_bits: sample.twin.as_deref(),
                    exact: sample.exact,
                })?;
            }
        }
    }
    finish(writer)
}

pub(super) fn finish(writer: csv::Writer<Vec<u8>>) -> Result<String, csv::Error> {
    let bytes = writer.into_inner().map_err(|e| csv::Error::from(std::io::Error::other(e.to_string())))?;
    String::from_utf8(bytes).map_err(|e| csv::Error::from(std::io::Error::other(e)))
}
