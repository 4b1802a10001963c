//! Whether an agreement says anything, and whether results are numbers at all.

use serde::Serialize;

use crate::model::FindingKind;
use crate::model::record::{AxisLevel, CaseRecord, Evidence, Execution, Outcome};

/// Why the agreement of a case's results says nothing, or less than it seems.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "kind")]
pub enum Emptiness {
    /// Every element of the output holds one value, on every engine.
    OneValue {
        /// Its bits.
        bits: String,
        /// How many elements.
        elements: u64,
        /// The line of a loop that no invocation goes through once, where the interpreter found one.
        idle: Option<u32>,
    },
    /// Results that are NaN or infinite on every engine that ran.
    NotFinite {
        /// How many, on the engine that has the fewest.
        count: u64,
        /// Whether they are shown to be the same elements on every engine.
        same: bool,
        /// Of how many.
        elements: u64,
        /// Whether all of them are NaN.
        nan: bool,
        /// The index of the first, on that engine.
        first: u64,
    },
    /// An output of integers that no liberty of arithmetic can change.
    NoLiberty,
    /// The specification allows any value, of every element.
    AnythingAllowed,
}

impl Emptiness {
    /// Whether agreement says nothing at all, so that no headline may count it.
    #[must_use]
    pub fn is_vacuous(&self) -> bool {
        match self {
            Self::OneValue { .. } | Self::AnythingAllowed => true,
            Self::NotFinite { count, elements, .. } => count == elements,
            Self::NoLiberty => false,
        }
    }

    /// In a sentence without its full stop.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::OneValue { bits, elements, idle } => {
                let because = idle.map(|l| format!("; no invocation completes an iteration of the loop on line {l}"));
                let because = because.unwrap_or_default();
                format!("all {elements} results are {bits}, so their agreement shows nothing{because}")
            }
            Self::NotFinite { count, elements, nan, first, same } => {
                let what = if *nan { "NaN" } else { "NaN or infinite" };
                if *same {
                    return format!(
                        "{count} of {elements} results are {what} on every engine that ran, the first at index {first}"
                    );
                }
                format!("{count} of {elements} results or more are {what} on each engine that ran")
            }
            Self::NoLiberty => "integers, which no freedom of arithmetic can change".to_owned(),
            Self::AnythingAllowed => "the specification allows any value of every result".to_owned(),
        }
    }
}

/// What makes the agreement of a case's results say less than it seems; nothing where no engine ran it.
#[must_use]
pub fn emptiness(case: &CaseRecord) -> Vec<Emptiness> {
    let ran: Vec<&Execution> = case.executions.iter().filter(|x| matches!(x.outcome, Outcome::Ran { .. })).collect();
    if ran.is_empty() {
        return Vec::new();
    }
    let mut out = Vec::new();
    // What is known of values is of first runs, and speaks for no run that differs.
    let settled = ran.iter().all(|x| Evidence::of(case, x).distinct < 2);
    let contents: Option<Vec<_>> = ran.iter().map(|x| x.content.as_ref()).filter(|_| settled).collect();
    if let Some(contents) = contents {
        let least = contents.iter().min_by_key(|c| c.nan + c.infinite);
        if let Some(least) = least.filter(|c| c.nan + c.infinite > 0) {
            out.push(Emptiness::NotFinite {
                same: least.nan + least.infinite == case.elements || same_elements(case, &ran),
                count: least.nan + least.infinite,
                elements: case.elements,
                nan: contents.iter().all(|c| c.infinite == 0),
                first: least.first_not_finite.unwrap_or(0),
            });
        }
        let one = contents.first().and_then(|c| c.only.clone());
        if let Some(bits) = one.filter(|b| case.elements > 1 && contents.iter().all(|c| c.only.as_ref() == Some(b))) {
            let findings = ran.iter().flat_map(|x| &x.findings);
            let idle = findings.filter(|f| f.kind == FindingKind::OneValue).find_map(|f| f.line);
            out.push(Emptiness::OneValue { bits, elements: case.elements, idle });
        }
    }
    let anything = |x: &Execution| x.accuracy.as_ref().is_some_and(|a| a.unconstrained == case.elements);
    if case.elements > 0 && ran.iter().all(|x| anything(x)) {
        out.push(Emptiness::AnythingAllowed);
    }
    if !case.dtype.is_float() && case.twins.len() == 1 {
        out.push(Emptiness::NoLiberty);
    }
    out
}

/// Whether the results that are not finite are the same elements on every engine that ran: no comparison of any of them has
/// one against a finite number.
fn same_elements(case: &CaseRecord, ran: &[&Execution]) -> bool {
    let axes = [AxisLevel::Engine, AxisLevel::Driver, AxisLevel::Adapter];
    let compared: Vec<_> = case.comparisons.iter().filter(|c| axes.contains(&c.axis)).collect();
    let is_compared = |x: &&Execution| compared.iter().any(|c| c.left.is_of(&x.engine) || c.right.is_of(&x.engine));
    let parted = compared.iter().any(|c| c.drift.classes.nan_versus_number + c.drift.classes.infinite > 0);
    ran.len() < 2 || !parted && ran.iter().all(is_compared)
}

#[cfg(test)]
mod tests {
    use super::super::made::{case, ran};
    use super::*;
    use crate::model::record::Content;

    /// What is known of values is of first runs.
    #[test]
    fn a_first_run_says_nothing_of_runs_that_differ() {
        let content =
            |only: &str, nan| Content { nan, infinite: 0, first_not_finite: None, only: Some(only.to_owned()) };
        for (only, nan) in [("0x00000000", 0), ("0x7fc00000", 64)] {
            let with = |runs: u32| {
                let mut executions = vec![ran("a", 1), ran("b", runs)];
                executions.iter_mut().for_each(|x| x.content = Some(content(only, nan)));
                let mut one = case("wg=64", executions, Vec::new());
                one.elements = 64;
                emptiness(&one)
            };
            assert!(!with(1).is_empty(), "{only}: all runs agree");
            assert!(with(3).is_empty(), "{only}: other runs hold something else: {:?}", with(3));
        }
    }
}
