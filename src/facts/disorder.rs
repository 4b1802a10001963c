//! Whether a case has a result at all: what the findings of its program say of the order of its operations.

use crate::model::FindingKind;
use crate::model::record::CaseRecord;

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
