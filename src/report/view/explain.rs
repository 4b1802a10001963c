//! What explains one comparison, as far as the twins tell; each sentence is of that comparison and no other.

use crate::facts::after_origin;
use crate::numerics::arith::Arithmetic;
use crate::numerics::drift::Classes;
use crate::record::{AxisLevel, CaseRecord, Comparison, Execution, LevelState, Outcome, Record, Status, Verdict};
use crate::report::text;

/// The arithmetics whose twins an execution equals, in words; `None` where it equals none.
fn arithmetic(execution: &Execution) -> Option<String> {
    // Twins that are equal among themselves are told apart by nothing, so the one that departs least is named.
    let named = [
        (Arithmetic::STRICT, "strict"),
        (Arithmetic::FUSED, "fused"),
        (Arithmetic::SPLIT, "split-fma"),
        (Arithmetic::FLUSH, "flushing"),
    ];
    let names: Vec<&str> = named.iter().filter(|(a, _)| execution.equals.contains(a)).map(|(_, name)| *name).collect();
    match (names.first(), execution.equals.first()) {
        (Some(&"strict"), _) => Some("strict".to_owned()),
        (Some(_), _) => Some(names.join(" or ")),
        (None, Some(both)) => Some(if both.split { "split-fma and flushing" } else { "fused and flushing" }.to_owned()),
        (None, None) => None,
    }
}

/// The explanation of a comparison that found a difference: the arithmetic of its sides where their bits equal a
/// twin's, and the kinds of difference where they are not all between finite numbers. A kind is a description and no
/// cause, and reads as one.
pub(super) fn explain(record: &Record, case: &CaseRecord, comparison: &Comparison) -> String {
    let right = case.execution_of(&comparison.right);
    let mut parts = Vec::new();
    parts.extend(forbidden(case, comparison));
    parts.push(match comparison.axis {
        AxisLevel::Engine => right
            .and_then(arithmetic)
            .map_or_else(|| "equals no twin".to_owned(), |name| format!("equals the {name} twin, bit for bit")),
        AxisLevel::Repeat => said(record, case, comparison)
            .or_else(|| right.and_then(|x| runs(record, x)))
            .unwrap_or_else(|| "runs disagree".to_owned()),
        AxisLevel::Config => configurations(record, case, comparison, right),
        AxisLevel::Threads | AxisLevel::Driver | AxisLevel::Adapter => {
            let left = case.execution_of(&comparison.left);
            sides(
                &comparison.left.to_string(),
                left.and_then(arithmetic),
                &comparison.right.to_string(),
                right.and_then(arithmetic),
            )
        }
    });
    if comparison.axis != AxisLevel::Repeat {
        parts.extend(after_origin(record.cases.iter(), case, comparison));
    }
    let kinds = &comparison.drift.classes;
    if kinds.finite < comparison.drift.differing {
        parts.push(classes(kinds));
    }
    parts.join("; ")
}

/// Which side the specification forbids, and in how many elements.
fn forbidden(case: &CaseRecord, comparison: &Comparison) -> Option<String> {
    let found: Vec<String> = [&comparison.left, &comparison.right]
        .into_iter()
        .filter_map(|side| case.execution_of(side))
        .filter(|x| x.status == Status::OutsideSpecification)
        .filter_map(|x| {
            let accuracy = x.accuracy.as_ref().filter(|a| a.outside > 0)?;
            Some(format!(
                "{} is outside the specification in {}",
                x.engine,
                text::plural(usize::try_from(accuracy.outside).unwrap_or(usize::MAX), "element")
            ))
        })
        .collect();
    (!found.is_empty()).then(|| found.join(", "))
}

fn runs(record: &Record, execution: &Execution) -> Option<String> {
    match &execution.outcome {
        Outcome::Ran { runs, distinct, .. } if distinct.len() > 1 => {
            let runs = text::runs(record.engine(&execution.engine), *runs);
            Some(format!("{} distinct results in {runs}", distinct.len()))
        }
        _ => None,
    }
}

/// What the verdict says, where it speaks of this axis of this case. It explains only the first level that failed.
fn said(record: &Record, case: &CaseRecord, comparison: &Comparison) -> Option<String> {
    let execution = case.execution_of(&comparison.right)?;
    let about = |v: &&Verdict| {
        let failed = v.levels.iter().find(|(_, s)| *s == LevelState::Failed).map(|(l, _)| *l);
        v.evidence.as_ref() == Some(&case.id) && failed == Some(comparison.axis.level()) && !v.because.is_empty()
    };
    let verdict =
        record.verdicts.iter().filter(|v| v.engine == execution.engine && v.problem == case.problem).find(about)?;
    Some(verdict.because.trim_end_matches('.').to_owned())
}

fn sides(left: &str, of_left: Option<String>, right: &str, of_right: Option<String>) -> String {
    match (of_left, of_right) {
        (Some(l), Some(r)) if l == r => format!("each equals its own {l} twin"),
        (Some(l), Some(r)) => format!("{left} equals the {l} twin, {right} the {r} one"),
        (Some(l), None) => format!("{left} equals the {l} twin, {right} none"),
        (None, Some(r)) => format!("{right} equals the {r} twin, {left} none"),
        (None, None) => "neither equals a twin".to_owned(),
    }
}

/// Two configurations have a twin each. Where each result is its own twin's, nothing but the order of operations that
/// the configuration sets is left to differ.
fn configurations(record: &Record, case: &CaseRecord, comparison: &Comparison, right: Option<&Execution>) -> String {
    let left = comparison.left.configuration().and_then(|config| {
        let other = record.cases.iter().find(|c| c.problem == case.problem && c.config == config)?;
        other.execution_of(&comparison.left)
    });
    match (left.and_then(arithmetic), right.and_then(arithmetic)) {
        (Some(l), Some(r)) if l == r => {
            format!("each equals its own configuration's {l} twin: the configuration sets the order of operations")
        }
        (l, r) => sides("the first configuration", l, "this one", r),
    }
}

/// Kinds of difference, counted.
pub(super) fn classes(classes: &Classes) -> String {
    let named = [
        (classes.nan_versus_number, "NaN against a number"),
        (classes.infinite, "infinity against another value"),
        (classes.flushed, "subnormal against zero"),
        (classes.zero_sign, "+0 against −0"),
        (classes.nan_payload, "NaN with another payload"),
        (classes.finite, "finite"),
    ];
    let parts: Vec<_> =
        named.iter().filter(|(n, _)| *n > 0).map(|(n, name)| format!("{} {name}", text::count(*n))).collect();
    parts.join(", ")
}
