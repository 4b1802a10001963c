//! Whether a case has a result at all: what the findings of its program say of the order of its operations.

use std::collections::BTreeSet;

use crate::model::FindingKind;
use crate::model::record::{CaseRecord, Evidence, Execution, Record};

/// Why no result of a case can be promised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Disorder {
    /// Legal orders of execution give different results.
    Order {
        /// The line of the shader, where one is known.
        line: Option<u32>,
    },
    /// A data race: every result is legal.
    Race {
        /// The line of the shader, where one is known.
        line: Option<u32>,
    },
}

impl Disorder {
    /// What the findings on any engine say; a race before an order.
    #[must_use]
    pub fn of(case: &CaseRecord) -> Option<Self> {
        let findings = case.executions.iter().flat_map(|x| &x.findings);
        let disorder = findings.filter_map(|f| match f.kind {
            FindingKind::DataRace => Some(Self::Race { line: f.line }),
            FindingKind::OrderDependent => Some(Self::Order { line: f.line }),
            // The others leave open what is right, and not whether an engine gives it again.
            FindingKind::NonUniformBarrier
            | FindingKind::Undefined
            | FindingKind::InactiveLane
            | FindingKind::OutOfBounds
            | FindingKind::ForwardProgress
            | FindingKind::SubgroupSize
            | FindingKind::Overflow
            | FindingKind::NanArises
            | FindingKind::LongLoop
            | FindingKind::OneValue => None,
        });
        // Of several races, the one whose line comes first and is known.
        disorder.max_by_key(|d| (d.is_race(), d.line().map(|l| u32::MAX - l)))
    }

    /// Whether it is a race.
    #[must_use]
    pub fn is_race(self) -> bool {
        matches!(self, Self::Race { .. })
    }

    /// What is found, with its line, in a few words.
    #[must_use]
    pub fn words(self) -> String {
        let line = self.line().map(|l| format!(" in line {l}")).unwrap_or_default();
        match self {
            Self::Race { .. } => format!("a data race{line}"),
            Self::Order { .. } => format!("dependence on the order of execution{line}"),
        }
    }

    /// The line of the shader.
    #[must_use]
    pub fn line(self) -> Option<u32> {
        match self {
            Self::Order { line } | Self::Race { line } => line,
        }
    }
}

/// What no order of operations is defined for in some records: that a few runs agree there is chance, and that two
/// results differ there says nothing of what else differs between them.
#[derive(Debug, Clone, Default)]
pub struct Unordered<'r>(BTreeSet<(&'r str, &'r str)>);

impl<'r> Unordered<'r> {
    /// The variants without a reference, of which runs on any engine differed. The interpreter, which takes another legal
    /// order in each run, shows most of them.
    pub fn of(records: impl IntoIterator<Item = &'r Record>) -> Self {
        let cases = records.into_iter().flat_map(|r| &r.cases).filter(|c| c.twins.is_empty());
        let varies = |c: &&CaseRecord| c.executions.iter().any(|x| Evidence::of(c, x).distinct > 1);
        Self(cases.filter(varies).map(|c| (c.kernel.as_str(), c.variant.as_str())).collect())
    }

    /// Whether a variant is one of them.
    #[must_use]
    pub fn has(&self, kernel: &str, variant: &str) -> bool {
        self.0.contains(&(kernel, variant))
    }

    /// Whether a result of this case is chance: no reference fixes its order, and the order is known to matter, or one run
    /// alone was made, which does not show that it repeats.
    #[must_use]
    pub fn is_chance(&self, case: &CaseRecord, execution: &Execution) -> bool {
        case.twins.is_empty() && (self.has(&case.kernel, &case.variant) || execution.runs() < 2)
    }
}

#[cfg(test)]
mod tests {
    use super::super::made::{adapter, case, ran, record};
    use super::*;
    use crate::model::record::Outcome;

    #[test]
    fn chance_is_what_no_order_is_defined_for() {
        let engines =
            [adapter("vulkan:0", "one", 1, 1, "1"), adapter("embedded:0", "interpreter", 0, 0, "0.1, strict")];
        let varies = case("wg=32", vec![ran("vulkan:0", 1), ran("embedded:0", 3)], Vec::new());
        let repeats = case("wg=64", vec![ran("vulkan:0", 1), ran("embedded:0", 1)], Vec::new());
        let both = record(&engines, &[&varies, &repeats]);
        let unordered = Unordered::of([&both]);
        for case in &both.cases {
            assert!(unordered.is_chance(case, &case.executions[0]), "every case of the variant: {}", case.id);
        }
        let alone = record(&engines, &[&repeats]);
        let unordered = Unordered::of([&alone]);
        let mut once = repeats.executions[0].clone();
        assert!(!unordered.is_chance(&repeats, &once), "two runs agree, and nothing shows that the order matters");
        if let Outcome::Ran { runs, .. } = &mut once.outcome {
            *runs = 1;
        }
        assert!(unordered.is_chance(&repeats, &once), "one run shows nothing");
    }
}
