//! One result of a record, and what is demanded of it.

use crate::facts::{Disorder, FLUSHED, NOT_FINITE, clean, size, status_of};
use crate::gate::lock::{Found, LockedRow, found, status_word};
use crate::gate::outcome::Outcome;
use crate::gate::policy::Requirement;
use crate::model::record::Evidence;
use crate::record::{self, AxisLevel, CaseRecord, Execution, Status};

/// See the module.
#[derive(Debug)]
pub(super) struct Seen<'a> {
    pub(super) case: &'a CaseRecord,
    pub(super) execution: &'a Execution,
    pub(super) status: Status,
    pub(super) found: Found,
    /// The first run's digest in full; empty where it did not run.
    pub(super) digest: &'a str,
    pub(super) runs: u32,
    /// What the findings say of the order of its operations.
    pub(super) disorder: Option<Disorder>,
}

impl<'a> Seen<'a> {
    pub(super) fn new(case: &'a CaseRecord, execution: &'a Execution) -> Self {
        let (digest, runs) = match &execution.outcome {
            record::Outcome::Ran { distinct, runs, .. } => (distinct.first().map_or("", |d| &d.digest), *runs),
            _ => ("", 0),
        };
        Self {
            case,
            execution,
            status: status_of(case, execution),
            found: found(case, execution),
            digest,
            runs,
            disorder: Disorder::of(case),
        }
    }

    /// Whether it ran.
    pub(super) fn ran(&self) -> bool {
        matches!(self.execution.outcome, record::Outcome::Ran { .. })
    }

    /// Whether runs differ, otherwise than in NaN's sign or payload alone.
    fn varies(&self) -> bool {
        Evidence::of(self.case, self.execution).distinct > 1
    }

    /// Whether a locked digest is of one of its results.
    fn has(&self, locked: &str) -> bool {
        let record::Outcome::Ran { distinct, .. } = &self.execution.outcome else { return false };
        matches!(&self.found, Found::Digest(found) if found == locked)
            || distinct.iter().any(|d| d.digest.starts_with(locked))
    }

    /// Results that were not held to the specification, since they were not kept.
    fn unmeasured(&self) -> u64 {
        self.execution.accuracy.as_ref().map_or(0, |a| a.unmeasured)
    }

    /// How far the result is from the strict reference, in ulp.
    ///
    /// # Errors
    /// Why that cannot be said, in a few words.
    pub(super) fn distance(&self) -> Result<u64, String> {
        if self.status == Status::BitExact {
            return Ok(0);
        }
        if self.varies() {
            return Err("the runs differ, and the distance of each is not measured".to_owned());
        }
        let drift = self
            .case
            .comparisons
            .iter()
            .find(|c| c.axis == AxisLevel::Engine && c.right == self.execution.engine)
            .map(|c| &c.drift)
            .ok_or_else(|| "there is no comparison with the strict reference".to_owned())?;
        let kinds = &drift.classes;
        let no_distance = [
            (kinds.nan_versus_number, "NaN on one side and a number on the other"),
            (kinds.infinite, "infinite on at least one side"),
            (kinds.not_finite, NOT_FINITE),
            (kinds.flushed, FLUSHED),
        ];
        match no_distance.into_iter().find(|(n, _)| *n > 0) {
            Some((n, what)) => Err(format!("{n} of {} elements: {what}, which has no distance in ulp", drift.elements)),
            None => Ok(drift.max_ulp),
        }
    }

    /// What it is, in a few words.
    pub(super) fn words(&self) -> String {
        match &self.execution.outcome {
            record::Outcome::Skipped { why } => format!("skipped: {}", clean(&why.to_string())),
            record::Outcome::Failed { reason } => format!("failed: {}", clean(reason)),
            record::Outcome::Ran { runs, distinct, .. } if self.found == Found::Varies => {
                let alone = if self.varies() { "" } else { ", which differ in the bits of NaN alone" };
                format!("{}, {} results in {runs} runs{alone}", status_word(self.status), distinct.len())
            }
            record::Outcome::Ran { .. } => format!("{} {}", status_word(self.status), self.found),
        }
    }

    /// How it differs from the strict reference, in a few words; empty where it does not, or that is not known.
    pub(super) fn drift(&self) -> String {
        let engine = &self.execution.engine;
        let comparison = self.case.comparisons.iter().find(|c| c.axis == AxisLevel::Engine && c.right == *engine);
        let Some(drift) = comparison.map(|c| &c.drift).filter(|d| !d.is_none() && self.status != Status::BitExact)
        else {
            return String::new();
        };
        let mut text = format!("; against the strict reference: {}", size(drift, self.case.quantity()));
        let equals: Vec<_> = self.execution.equals.iter().map(|a| a.name()).collect();
        if !equals.is_empty() {
            text.push_str(&format!("; equals the {} reference", equals.join(", ")));
        }
        text
    }

    /// What the lock's row makes of it.
    pub(super) fn against(&self, row: &LockedRow) -> (Outcome, String) {
        let (was, is) = (row_words(row), self.words());
        // A lock that was written before this was found, or without the interpreter.
        let chance = self.disorder.map(|d| format!("; the interpreter found {}: lock again", d.words()));
        let changed = || format!("was {was}, is {is}{}{}", self.drift(), chance.clone().unwrap_or_default());
        match (&row.found, &self.found) {
            _ if row.status == Status::Skipped && !self.ran() => (Outcome::SkippedAsLocked, is),
            _ if row.status == Status::Skipped => (Outcome::NowRuns, format!("was skipped, is {is}")),
            _ if !self.ran() => (Outcome::NowSkipped, format!("was {was}, is {is}")),
            (Found::Digest(_), _) if self.varies() => (Outcome::NoLongerRepeatable, changed()),
            (Found::Digest(locked), _) if !self.has(locked) => (Outcome::DigestChanged, changed()),
            (Found::Digest(_), _) if row.status != self.status => (Outcome::StatusChanged, changed()),
            (Found::Varies | Found::Unordered | Found::Race, _) if self.status > row.status => {
                (Outcome::StatusChanged, changed())
            }
            (Found::Varies, Found::Digest(_)) => (Outcome::NowRepeatable, self.chance()),
            _ => (Outcome::Same, is),
        }
    }

    /// What agreeing runs show of a result that varied.
    pub(super) fn chance(&self) -> String {
        format!("all {} runs agree on a result that varied, which they may do by chance", self.runs)
    }

    /// Whether a requirement other than the lock's is met; what is lacking otherwise.
    pub(super) fn meets(&self, requirement: Requirement) -> Result<(), String> {
        match requirement {
            Requirement::SameAsLock => Ok(()),
            Requirement::BitExact if self.status == Status::BitExact => Ok(()),
            Requirement::BitExact if self.case.twins.is_empty() => {
                Err("the case has no strict reference to be equal to; give it another rule".to_owned())
            }
            Requirement::BitExact => Err(format!("is {}{}", self.words(), self.drift())),
            Requirement::WithinUlp(most) => match self.distance() {
                Ok(ulp) if ulp <= most => Ok(()),
                Ok(ulp) => Err(format!("is {ulp} ulp from the strict reference, and {most} are allowed")),
                Err(why) => Err(why),
            },
            Requirement::WithinSpecification if self.status == Status::OutsideSpecification => {
                let outside = self.execution.accuracy.as_ref().map_or(0, |a| a.outside);
                Err(format!("{outside} of {} elements are outside the specification", self.case.elements))
            }
            Requirement::WithinSpecification if self.status == Status::Unjudged => {
                Err("the specification is not known to judge this case; give it another rule".to_owned())
            }
            // Where the specification's allowance is not known, runs that differ are not judged either.
            Requirement::WithinSpecification
                if self.status != Status::BitExact && self.execution.accuracy.is_none() =>
            {
                Err("no result of it was judged against the specification; give it another rule".to_owned())
            }
            Requirement::WithinSpecification if self.unmeasured() > 0 => Err(format!(
                "{} of its results were too many to keep and were not judged; audit with fewer --repeats",
                self.unmeasured()
            )),
            Requirement::Repeatable if self.varies() => Err(format!("is {}", self.words())),
            Requirement::Repeatable if self.disorder.is_some() => Err(format!(
                "the interpreter found {}: that {} runs agree is chance",
                self.disorder.map(Disorder::words).unwrap_or_default(),
                self.runs
            )),
            Requirement::Repeatable if self.runs < 2 => Err("one run does not test repeatability".to_owned()),
            Requirement::WithinSpecification | Requirement::Repeatable => Ok(()),
        }
    }
}

/// A locked result in a few words.
pub(super) fn row_words(row: &LockedRow) -> String {
    match &row.found {
        Found::Nothing => status_word(row.status).to_owned(),
        found => format!("{} {found}", status_word(row.status)),
    }
}
