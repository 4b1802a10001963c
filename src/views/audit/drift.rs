//! Drift, ranked: every case with its comparisons, and the worst of each kind.

use std::collections::BTreeSet;

use super::explain::explain;
use super::groups::Group;
use super::matrix::{Cell, cell};
use crate::facts::{Hypotheses, Severity, severity, size};
use crate::model::CaseId;
use crate::record::{AXES, CaseRecord, Comparison, Execution, Outcome, Record, Status};
use crate::views::document::Mark;
use crate::views::text;

/// One case.
#[derive(Debug)]
pub(super) struct CaseRow {
    pub(super) id: String,
    pub(super) kernel: String,
    pub(super) variant: String,
    pub(super) command: String,
    pub(super) cells: Vec<Cell>,
    /// Whether a comparison found a difference, or a result is repeatable nowhere, outside or failed.
    pub(super) drifts: bool,
    /// Comparisons that found a difference, worst first.
    pub(super) different: Vec<ComparisonRow>,
    /// How many comparisons found none.
    pub(super) equal: usize,
    pub(super) executions: Vec<ExecutionRow>,
    pub(super) rank: Rank,
}

/// One execution of a case.
#[derive(Debug)]
pub(super) struct ExecutionRow {
    pub(super) engine: String,
    pub(super) mark: Mark,
    pub(super) outcome: String,
    pub(super) equals: String,
    pub(super) max_error: String,
    pub(super) ratio: String,
    pub(super) digest: String,
    pub(super) observations: String,
}

/// One comparison that found a difference.
#[derive(Debug, Clone)]
pub(super) struct ComparisonRow {
    pub(super) axis: &'static str,
    pub(super) left: String,
    pub(super) right: String,
    pub(super) max_ulp: String,
    pub(super) percentiles: String,
    pub(super) fraction: String,
    pub(super) differing: String,
    pub(super) elements: String,
    pub(super) max_relative: String,
    /// How large it is, in words.
    pub(super) size: String,
    pub(super) because: String,
    pub(super) worst: String,
    pub(super) rank: Rank,
    /// What the sides are; where each is bit-exact by itself, that they differ.
    pub(super) mark: Mark,
}

/// The worst drift of a kernel's variant.
#[derive(Debug)]
pub(super) struct DriftRow {
    pub(super) case: String,
    pub(super) mark: Mark,
    pub(super) comparison: ComparisonRow,
    /// The other axes on which a case of this variant differs.
    pub(super) others: Vec<&'static str>,
}

/// What is worse: see [`crate::facts::Severity`].
pub(super) type Rank = (Status, Severity);

/// Every case, the worst first; those that do not drift in the order of the plan.
pub(super) fn cases(record: &Record, groups: &[Group]) -> Vec<CaseRow> {
    let hypotheses = Hypotheses::of(record);
    let mut rows: Vec<CaseRow> = record.cases.iter().map(|c| case(record, &hypotheses, groups, c)).collect();
    rows.sort_by_key(|row| std::cmp::Reverse(row.rank));
    rows
}

fn case(record: &Record, hypotheses: &Hypotheses, groups: &[Group], case: &CaseRecord) -> CaseRow {
    let mut different: Vec<ComparisonRow> = case
        .comparisons
        .iter()
        .filter(|c| !c.drift.is_none())
        .map(|c| comparison(record, hypotheses, case, c))
        .collect();
    different.sort_by_key(|row| std::cmp::Reverse(row.rank));
    let ran = || case.executions.iter().filter(|x| !matches!(x.outcome, Outcome::Skipped { .. }));
    let drifts = !different.is_empty() || ran().any(|x| x.status > Status::WithinSpecification);
    let worst_status = ran().map(|x| x.status).max().unwrap_or(Status::BitExact);
    let mut rank = different.first().map_or((Status::BitExact, Severity::default()), |d| d.rank);
    if drifts {
        rank.0 = rank.0.max(worst_status);
    }
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
        mark: text::mark(execution.status),
        outcome,
        equals: names.join(", "),
        max_error: accuracy.map(|a| text::number(a.max_ulp)).unwrap_or_default(),
        ratio: accuracy.map(|a| text::number(a.specification_ratio)).unwrap_or_default(),
        digest,
        observations: observations.join("; "),
    }
}

fn comparison(record: &Record, hypotheses: &Hypotheses, case: &CaseRecord, comparison: &Comparison) -> ComparisonRow {
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
        size: size(drift, case.quantity()),
        because: explain(record, hypotheses, case, comparison),
        worst: drift
            .worst
            .as_ref()
            .map(|w| format!("element {}: {} → {}", text::count(w.index), w.left, w.right))
            .unwrap_or_default(),
        rank: rank(case, comparison),
        mark: mark(case, comparison),
    }
}

fn mark(case: &CaseRecord, comparison: &Comparison) -> Mark {
    let sides = [&comparison.left, &comparison.right];
    match sides.iter().filter_map(|s| case.execution_of(s)).map(|x| x.status).max() {
        Some(Status::BitExact) => Mark::Differs,
        _ => text::mark(rank(case, comparison).0),
    }
}

/// The worst status of the two sides, and how bad the difference is.
fn rank(case: &CaseRecord, comparison: &Comparison) -> Rank {
    let sides = [&comparison.left, &comparison.right];
    let status = sides.iter().filter_map(|s| case.execution_of(s)).map(|x| x.status).max();
    // Each of two configurations may equal its own reference and be bit-exact; they differ nevertheless.
    let least = if is_judged(case) { Status::WithinSpecification } else { Status::Unjudged };
    severity(case.dtype, &comparison.drift).with(status.map_or(least, |s| s.max(least)))
}

/// Whether results of this case were judged against the specification.
fn is_judged(case: &CaseRecord) -> bool {
    case.executions.iter().any(|x| x.accuracy.is_some())
}

/// Which output of a kernel of the user's own a case is of: another one is another result. Empty for all others.
fn output(id: &str) -> String {
    let id = CaseId::parse(id).ok();
    id.and_then(|id| id.parameter("output").map(str::to_owned)).unwrap_or_default()
}

/// The worst comparison of each kernel's variant, and of each output of one's own kernel, worst first.
pub(super) fn worst(cases: &[CaseRow]) -> Vec<DriftRow> {
    let mut all: Vec<(&CaseRow, &ComparisonRow)> =
        cases.iter().flat_map(|c| c.different.iter().map(move |d| (c, d))).collect();
    all.sort_by_key(|(_, d)| std::cmp::Reverse(d.rank));
    let mut seen = BTreeSet::new();
    all.iter()
        .filter(|(c, _)| seen.insert((c.kernel.as_str(), c.variant.as_str(), output(&c.id))))
        .map(|(c, d)| {
            let same = |x: &CaseRow| x.kernel == c.kernel && x.variant == c.variant && output(&x.id) == output(&c.id);
            let on = |axis: &str| all.iter().any(|(x, e)| same(x) && e.axis == axis);
            DriftRow {
                case: c.id.clone(),
                mark: d.mark,
                comparison: (*d).clone(),
                others: AXES.iter().map(|a| a.name).filter(|a| *a != d.axis && on(a)).collect(),
            }
        })
        .collect()
}
