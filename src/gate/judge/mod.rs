//! Whether records are what the lock and the policy say.

mod engines;
mod known;
mod reports;
mod rows;
mod seen;
mod size;
mod tally;

use super::lock::Lock;
use super::outcome::{Conclusion, Outcome};
use super::policy::Policy;
use super::sound::{short, troubles};
use crate::record::{OwnKernel, Record};

use engines::RecordedEngine;

/// What is asked.
#[derive(Debug, Clone, Copy)]
pub struct Question<'a> {
    /// What was.
    pub lock: &'a Lock,
    /// The lock's file, as it is shown.
    pub lock_file: &'a str,
    /// What is demanded.
    pub policy: &'a Policy,
    /// The policy's file, as it is shown.
    pub policy_file: &'a str,
    /// What is. Sweeps of functions are judged where they are among the cases: [`Record::with_derived_cases`].
    pub records: &'a [Record],
    /// The labels of audits that were expected, and of which there is no record.
    pub missing: &'a [String],
    /// Only engines with one of these texts in their label or device name; empty for all.
    pub engines: &'a [String],
    /// Whether warnings fail.
    pub strict: bool,
}

impl Question<'_> {
    /// The labels of all engines of the lock and the records.
    #[must_use]
    pub fn labels(&self) -> Vec<String> {
        let recorded = engines::recorded(self);
        let all = self.lock.engines.keys().cloned().chain(recorded.into_iter().map(|s| s.label));
        all.collect::<std::collections::BTreeSet<_>>().into_iter().collect()
    }

    /// Whether a text of `engines` selects anything.
    #[must_use]
    pub fn knows(&self, text: &str) -> bool {
        let texts = [text.to_owned()];
        let locked = self.lock.engines.iter().any(|(l, e)| engines::selected(&texts, l, &e.identity));
        locked || engines::recorded(self).iter().any(|s| engines::selected(&texts, &s.label, &s.identity))
    }
}

/// A line of a file that the user has.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// The file.
    pub file: String,
    /// The line, from 1.
    pub line: usize,
}

/// One thing that is said. Text is one line each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Item {
    /// What.
    pub outcome: Outcome,
    /// How much it matters here.
    pub conclusion: Conclusion,
    /// The engine's label.
    pub engine: Option<String>,
    /// The engine's id in its record, and the record where there are several.
    pub on: Option<String>,
    /// The case.
    pub case: Option<String>,
    /// What the lock or the rule wants, in a few words; may be empty.
    pub expected: String,
    /// What is, in a few words; may be empty.
    pub found: String,
    /// One sentence.
    pub what: String,
    /// Why a known deviation is, and where more is said.
    pub reason: Option<(String, String)>,
    /// Where in the lock or the policy.
    pub place: Option<Place>,
}

/// How many results and items of each conclusion.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Counts {
    /// Results that were compared with the lock or a rule.
    pub judged: usize,
    /// Of all items, by conclusion: pass.
    pub pass: usize,
    /// Note.
    pub note: usize,
    /// Warn.
    pub warn: usize,
    /// Beyond policy.
    pub fail: usize,
    /// Absent.
    pub absent: usize,
    /// Incomplete.
    pub incomplete: usize,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Checked {
    /// Gravest first.
    pub items: Vec<Item>,
    /// How many.
    pub counts: Counts,
    /// What keeps a record from being relied on, the worst, without its full stop; `None` where nothing does.
    pub unsound: Option<String>,
    /// The gravest conclusion; the exit status follows it.
    pub conclusion: Conclusion,
    /// `repro.lock`, its profile, seed and runs.
    pub lock: String,
    /// The policy's file and how many rules it has; empty without one.
    pub policy: String,
    /// The records: the start of each id, and the host.
    pub records: Vec<String>,
    /// The kernels of the user's own that they audited.
    pub own: Vec<OwnKernel>,
}

/// Compares records with a lock and a policy.
#[must_use]
pub fn check(question: &Question<'_>) -> Checked {
    let mut report = reports::Report::new(question);
    for record in question.records {
        settings(&mut report, record);
    }
    for label in question.missing {
        let label = crate::facts::clean(label);
        report.plain(Outcome::MissingLeg, &format!("the audit {label} was expected, and there is no record of it"));
    }
    let recorded = engines::recorded(question);
    engines::report(&mut report, &recorded);
    rows::report(&mut report, &recorded);
    if report.judged == 0 {
        let what = "no result was compared with the lock or a rule; see what is absent, missing or new";
        report.plain(Outcome::NothingJudged, what);
    }
    report.finish()
}

/// Whether a record can be relied on, and was made as the lock was.
fn settings(report: &mut reports::Report<'_>, record: &Record) {
    let id = short(&record.id);
    for (outcome, what) in troubles(record) {
        report.plain(outcome, &format!("record {id}: {what}"));
    }
    let (is, was) = (&record.provenance.settings, &report.question.lock.settings);
    if is.profile != was.profile || is.seed != was.seed {
        let what = format!(
            "record {id} is of profile {}, seed {}, and the lock of profile {}, seed {}: their cases are not the same; \
             audit with --profile {} --seed {}, or lock again",
            is.profile.name(),
            is.seed,
            was.profile.name(),
            was.seed,
            was.profile.name(),
            was.seed
        );
        report.other_settings = true;
        report.plain(Outcome::OtherSettings, &what);
    }
    if is.repeats < was.repeats {
        let what = format!(
            "record {id} has {} runs of each case and the lock {}: audit with --repeats {}",
            is.repeats, was.repeats, was.repeats
        );
        report.plain(Outcome::FewerRepeats, &what);
    }
    let version = crate::facts::clean(&record.provenance.version);
    if version != was.tool {
        report.plain(Outcome::OtherTool, &format!("record {id} is of repro-audit {version}, the lock of {}", was.tool));
    }
}
