//! `repro-audit.toml`: what is demanded of which result. The first rule that matches a result decides; where none does,
//! the result must be the lock's.

mod names;
mod read;

pub use names::Known;

use std::collections::BTreeMap;

use super::outcome::{Conclusion, Outcome};
use crate::model::pattern::{glob, word};
use crate::model::{CaseId, CasePattern};
use crate::record::Status;

/// What is wrong with a policy: file, line, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{file}:{line}: {what}")]
pub struct PolicyError {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
    /// What is wrong and what to do.
    pub what: String,
}

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Policy {
    /// In the order of the file.
    pub rules: Vec<Rule>,
    /// Gravities that differ from the outcomes' own.
    pub outcomes: BTreeMap<Outcome, Conclusion>,
}

/// One rule. A pattern that is absent matches all; of several in one list, one must match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// Its line in the file.
    pub line: usize,
    /// Globs of the kernel's name.
    pub kernel: Vec<String>,
    /// Globs of the variant's name.
    pub variant: Vec<String>,
    /// Patterns of the case's id.
    pub case: Vec<CasePattern>,
    /// Parts or globs of the engine's label or the adapter's name.
    pub adapter: Vec<String>,
    /// Parts or globs of the driver's name and version.
    pub driver: Vec<String>,
    /// What it demands.
    pub demand: Demand,
}

/// What a rule demands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Demand {
    /// All of these.
    Require(Vec<Requirement>),
    /// A deviation that is known.
    Known(Deviation),
}

/// One requirement.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Requirement {
    /// Every bit of every run is the strict reference's.
    BitExact,
    /// As the lock has it.
    SameAsLock,
    /// All runs agree, and no element is further from the strict reference than this, in ulp.
    WithinUlp(u64),
    /// Nothing that the specification does not allow.
    WithinSpecification,
    /// All runs agree.
    Repeatable,
}

/// A deviation that is expected, with its reason. All that is given must be so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deviation {
    /// Why it is.
    pub reason: String,
    /// Where more is said: an issue, a driver's bug.
    pub link: String,
    /// The status.
    pub status: Option<Status>,
    /// The start of the digest.
    pub digest: Option<String>,
    /// All runs agree and are off the strict reference by at most this, in ulp.
    pub max_ulp: Option<u64>,
}

/// What rules match against.
#[derive(Debug, Clone, Copy)]
pub(super) struct Subject<'a> {
    pub(super) case: &'a CaseId,
    /// The engine's label, and the adapter's name in full.
    pub(super) adapter: [&'a str; 2],
    pub(super) driver: &'a str,
}

impl Rule {
    /// Whether its kernel, variant and case patterns name this case.
    #[must_use]
    pub fn names(&self, id: &CaseId) -> bool {
        let globs = |patterns: &[String], text: &str| patterns.is_empty() || patterns.iter().any(|p| glob(p, text));
        globs(&self.kernel, id.kernel())
            && globs(&self.variant, id.variant())
            && (self.case.is_empty() || self.case.iter().any(|p| p.matches(id)))
    }

    /// Whether it is about this result.
    pub(super) fn matches(&self, subject: &Subject<'_>) -> bool {
        let words = |patterns: &[String], texts: &[&str]| {
            patterns.is_empty() || patterns.iter().any(|p| texts.iter().any(|t| word(p, t)))
        };
        self.names(subject.case) && words(&self.adapter, &subject.adapter) && words(&self.driver, &[subject.driver])
    }
}

impl Policy {
    /// The conclusion of an outcome. `strict` makes failures of warnings.
    #[must_use]
    pub fn conclusion(&self, outcome: Outcome, strict: bool) -> Conclusion {
        let conclusion = self.outcomes.get(&outcome).copied().unwrap_or_else(|| outcome.conclusion());
        if strict && conclusion == Conclusion::Warn { Conclusion::Fail } else { conclusion }
    }
}

impl Requirement {
    /// The word in policies.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::BitExact => "bit-exact",
            Self::SameAsLock => "same-as-lock",
            Self::WithinUlp(_) => "within-ulp",
            Self::WithinSpecification => "within-specification",
            Self::Repeatable => "repeatable",
        }
    }
}
