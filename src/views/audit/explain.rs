//! What is said of one comparison: what the specification forbids in it, what explains it, and how large it is.

use crate::facts::{self, Explanation, Hypotheses, after_origin};
use crate::model::FindingKind;
use crate::record::{AxisLevel, CaseRecord, Comparison, Execution, Outcome, Record, Status};
use crate::views::text;

/// In a sentence without its full stop. A cause is named as far as it is shown; where none is, that is said.
pub(super) fn explain(record: &Record, hypotheses: &Hypotheses, case: &CaseRecord, comparison: &Comparison) -> String {
    let mut parts: Vec<String> = forbidden(case, comparison).into_iter().collect();
    let causes: Vec<String> =
        facts::explain(record, hypotheses, case, comparison).iter().filter_map(Explanation::text).collect();
    if comparison.axis == AxisLevel::Repeat {
        parts.extend(case.execution_of(&comparison.right).and_then(|x| runs(record, x)));
    } else if causes.is_empty() {
        // Of what was found, only these let engines differ.
        let lets =
            |k: FindingKind| k.is_defect() || matches!(k, FindingKind::OrderDependent | FindingKind::SubgroupSize);
        let found = case.executions.iter().flat_map(|x| &x.findings).any(|f| lets(f.kind));
        parts.push(if found { "see what was found in its shader" } else { "no cause is shown" }.to_owned());
    }
    parts.extend(causes);
    if comparison.axis != AxisLevel::Repeat {
        parts.extend(after_origin(record.cases.iter(), case, comparison));
    }
    if parts.is_empty() {
        parts.push("runs differ".to_owned());
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
