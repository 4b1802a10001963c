//! Drift, ranked: every case with its comparisons, and the worst of each kind.

use std::collections::BTreeSet;

use serde::Serialize;

use super::explain::{classes, explain};
use super::groups::Group;
use super::matrix::{Cell, cell};
use crate::numerics::drift::Drift;
use crate::record::{AXES, AxisLevel, CaseRecord, Comparison, Execution, Outcome, Record, Status};
use crate::report::text;

/// One case.
#[derive(Debug, Serialize)]
pub(in crate::report) struct CaseRow {
    pub(in crate::report) id: String,
    pub(in crate::report) kernel: String,
    pub(in crate::report) variant: String,
    pub(in crate::report) command: String,
    pub(in crate::report) cells: Vec<Cell>,
    /// Whether a comparison found a difference, or a result is repeatable nowhere, outside or failed.
    pub(in crate::report) drifts: bool,
    /// Comparisons that found a difference, worst first.
    pub(in crate::report) different: Vec<ComparisonRow>,
    /// How many comparisons found none.
    pub(in crate::report) equal: usize,
    pub(in crate::report) executions: Vec<ExecutionRow>,
    #[serde(skip)]
    pub(in crate::report) rank: Rank,
}

/// One execution of a case.
#[derive(Debug, Serialize)]
pub(in crate::report) struct ExecutionRow {
    pub(in crate::report) engine: String,
    pub(in crate::report) glyph: &'static str,
    pub(in crate::report) word: &'static str,
    pub(in crate::report) class: &'static str,
    pub(in crate::report) outcome: String,
    pub(in crate::report) equals: String,
    pub(in crate::report) max_error: String,
    pub(in crate::report) ratio: String,
    pub(in crate::report) digest: String,
    pub(in crate::report) observations: String,
}

/// One comparison that found a difference.
#[derive(Debug, Clone, Serialize)]
pub(in crate::report) struct ComparisonRow {
    pub(in crate::report) axis: &'static str,
    pub(in crate::report) left: String,
    pub(in crate::report) right: String,
    pub(in crate::report) max_ulp: String,
    pub(in crate::report) percentiles: String,
    pub(in crate::report) fraction: String,
    pub(in crate::report) differing: String,
    pub(in crate::report) elements: String,
    pub(in crate::report) max_relative: String,
    pub(in crate::report) nmse: String,
    pub(in crate::report) classes: String,
    pub(in crate::report) because: String,
    pub(in crate::report) worst: String,
    #[serde(skip)]
    pub(in crate::report) rank: Rank,
}

/// The worst drift of a kernel's variant.
#[derive(Debug, Serialize)]
pub(in crate::report) struct DriftRow {
    pub(in crate::report) case: String,
    pub(in crate::report) command: String,
    pub(in crate::report) glyph: &'static str,
    pub(in crate::report) class: &'static str,
    pub(in crate::report) word: &'static str,
    pub(in crate::report) comparison: ComparisonRow,
    /// The other axes on which a case of this variant differs.
    pub(in crate::report) others: Vec<&'static str>,
}

/// What is worse, in this order: a status, an axis that its reader can do more about, NaN or infinity against a number,
/// distance, and how many elements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub(in crate::report) struct Rank {
    status: u8,
    axis: u8,
    special: bool,
    max_ulp: u64,
    per_million: u64,
}

/// Of a result that the specification forbids, the comparison with the twin shows what is wrong with it; of runs that
/// disagree, that of runs. Otherwise those come first that a reader can do something about: fix the configuration or
/// the threads, then choose the driver, then the adapter. The twin is last: it is no other machine.
fn weight(axis: AxisLevel, status: Option<Status>) -> u8 {
    match axis {
        AxisLevel::Engine if status == Some(Status::OutsideSpecification) => 6,
        AxisLevel::Repeat => 5,
        AxisLevel::Config | AxisLevel::Threads => 4,
        AxisLevel::Driver => 3,
        AxisLevel::Adapter => 2,
        AxisLevel::Engine => 1,
    }
}

fn severity(status: Status) -> u8 {
    match status {
        Status::Skipped => 0,
        Status::BitExact => 1,
        Status::WithinSpecification => 2,
        Status::Unjudged => 3,
        Status::NotRepeatable => 4,
        Status::OutsideSpecification => 5,
        Status::Failed => 6,
    }
}

/// Every case, the worst first; those that do not drift in the order of the plan.
pub(super) fn cases(record: &Record, groups: &[Group]) -> Vec<CaseRow> {
    let mut rows: Vec<CaseRow> = record.cases.iter().map(|c| case(record, groups, c)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.rank));
    rows
}

fn case(record: &Record, groups: &[Group], case: &CaseRecord) -> CaseRow {
    let mut different: Vec<ComparisonRow> =
        case.comparisons.iter().filter(|c| !c.drift.is_none()).map(|c| comparison(record, case, c)).collect();
    different.sort_by_key(|row| std::cmp::Reverse(row.rank));
    let ran = || case.executions.iter().filter(|x| !matches!(x.outcome, Outcome::Skipped { .. }));
    let drifts = !different.is_empty() || ran().any(|x| x.status > Status::WithinSpecification);
    let worst_status = ran().map(|x| severity(x.status)).max().unwrap_or(0);
    let mut rank = different.first().map(|d| d.rank).unwrap_or_default();
    rank.status = if drifts { worst_status.max(rank.status) } else { 0 };
    CaseRow {
        id: case.id.clone(),
        kernel: case.kernel.clone(),
        variant: case.variant.clone(),
        command: text::command(record, &case.id),
        cells: groups.iter().filter_map(|g| cell(g, &[case])).collect(),
        drifts,
        equal: case.comparisons.len() - different.len(),
        different,
        executions: case.executions.iter().map(|x| execution(record, x)).collect(),
        rank,
    }
}

fn execution(record: &Record, execution: &Execution) -> ExecutionRow {
    let engine = record.engine(&execution.engine);
    let (outcome, digest) = match &execution.outcome {
        Outcome::Ran { runs, distinct, dispersion } => {
            let runs_text = text::runs(engine, *runs);
            let said = if distinct.len() <= 1 && dispersion.rate_below.is_nan() {
                format!("one result in {runs_text}")
            } else if distinct.len() <= 1 {
                format!("one result in {runs_text} (other results: rate < {})", text::percent(dispersion.rate_below))
            } else {
                format!(
                    "{} distinct results in {runs_text}, the commonest {} of them",
                    distinct.len(),
                    text::percent(dispersion.mode_share)
                )
            };
            (said, distinct.first().map(|d| text::short(&d.digest)).unwrap_or_default())
        }
        Outcome::Skipped { why } => (format!("skipped: {why}"), String::new()),
        Outcome::Failed { reason } => (format!("failed: {reason}"), String::new()),
    };
    let accuracy = execution.accuracy.as_ref();
    let names: Vec<String> = execution.equals.iter().map(|a| a.name().to_owned()).collect();
    let observations: Vec<_> = execution
        .observations
        .iter()
        .map(|o| format!("{} = {} ({})", o.name, text::number(o.value), o.about))
        .collect();
    ExecutionRow {
        engine: execution.engine.clone(),
        glyph: text::glyph(execution.status),
        word: text::word(execution.status),
        class: text::class(execution.status),
        outcome,
        equals: names.join(", "),
        max_error: accuracy.map(|a| text::number(a.max_ulp)).unwrap_or_default(),
        ratio: accuracy.map(|a| text::number(a.specification_ratio)).unwrap_or_default(),
        digest,
        observations: observations.join("; "),
    }
}

fn comparison(record: &Record, case: &CaseRecord, comparison: &Comparison) -> ComparisonRow {
    let drift = &comparison.drift;
    let [p50, p99, p999] = drift.ulp_percentiles.map(text::ulp);
    ComparisonRow {
        axis: comparison.axis.name(),
        left: comparison.left.to_string(),
        right: comparison.right.to_string(),
        max_ulp: text::ulp(drift.max_ulp),
        percentiles: format!("{p50} / {p99} / {p999}"),
        fraction: text::percent(drift.fraction()),
        differing: text::count(drift.differing),
        elements: text::count(drift.elements),
        max_relative: text::number(drift.max_relative),
        nmse: text::number(drift.nmse),
        classes: classes(&drift.classes),
        because: explain(record, case, comparison),
        worst: drift
            .worst
            .as_ref()
            .map(|w| format!("element {}: {} → {}", text::count(w.index), w.left, w.right))
            .unwrap_or_default(),
        rank: rank(case, comparison),
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "a fraction of a million is a small count, and NaN becomes 0"
)]
fn rank(case: &CaseRecord, comparison: &Comparison) -> Rank {
    let Drift { classes, max_ulp, .. } = &comparison.drift;
    let sides = [&comparison.left, &comparison.right];
    let status = sides.into_iter().filter_map(|s| case.execution_of(s)).map(|x| x.status).max_by_key(|s| severity(*s));
    Rank {
        // Each of two configurations may equal its own twin and be bit-exact; they differ nevertheless.
        status: status.map_or(0, severity).max(severity(if is_judged(case) {
            Status::WithinSpecification
        } else {
            Status::Unjudged
        })),
        special: classes.nan_versus_number + classes.infinite > 0,
        axis: weight(comparison.axis, status),
        max_ulp: *max_ulp,
        per_million: (comparison.drift.fraction() * 1e6) as u64,
    }
}

/// Whether results of this case were judged against the specification.
fn is_judged(case: &CaseRecord) -> bool {
    case.executions.iter().any(|x| x.accuracy.is_some())
}

/// The worst comparison of each kernel's variant, worst first.
pub(super) fn worst(cases: &[CaseRow]) -> Vec<DriftRow> {
    let mut all: Vec<(&CaseRow, &ComparisonRow)> =
        cases.iter().flat_map(|c| c.different.iter().map(move |d| (c, d))).collect();
    all.sort_by_key(|(_, d)| std::cmp::Reverse(d.rank));
    let mut seen = BTreeSet::new();
    all.iter()
        .filter(|(c, _)| seen.insert((c.kernel.as_str(), c.variant.as_str())))
        .map(|(c, d)| {
            let status = match d.rank.status {
                6 => Status::Failed,
                5 => Status::OutsideSpecification,
                4 => Status::NotRepeatable,
                3 => Status::Unjudged,
                _ => Status::WithinSpecification,
            };
            let on =
                |axis: &str| all.iter().any(|(x, e)| x.kernel == c.kernel && x.variant == c.variant && e.axis == axis);
            DriftRow {
                case: c.id.clone(),
                command: c.command.clone(),
                glyph: text::glyph(status),
                class: text::class(status),
                word: text::word(status),
                comparison: (*d).clone(),
                others: AXES.iter().map(|a| a.name).filter(|a| *a != d.axis && on(a)).collect(),
            }
        })
        .collect()
}
