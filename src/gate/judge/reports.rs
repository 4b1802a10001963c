//! The items while they are gathered.

use super::{Checked, Counts, Item, Place, Question};
use crate::facts::{Soundness, clean, soundness};
use crate::gate::outcome::{Conclusion, Outcome};
use crate::gate::sound::audit_label;
use crate::gate::sound::short;

/// See the module.
pub(super) struct Report<'a> {
    pub(super) question: &'a Question<'a>,
    pub(super) items: Vec<Item>,
    /// Results that were compared with the lock or a rule.
    pub(super) judged: usize,
    /// Whether a record is of another profile or seed, so that cases cannot be the same.
    pub(super) other_settings: bool,
}

impl<'a> Report<'a> {
    pub(super) fn new(question: &'a Question<'a>) -> Self {
        Self { question, items: Vec::new(), judged: 0, other_settings: false }
    }

    /// An item of this outcome, to be filled in.
    pub(super) fn item(&self, outcome: Outcome, what: impl Into<String>) -> Item {
        Item {
            outcome,
            conclusion: self.question.policy.conclusion(outcome, self.question.strict),
            engine: None,
            on: None,
            case: None,
            expected: String::new(),
            found: String::new(),
            what: what.into(),
            reason: None,
            place: None,
        }
    }

    /// Adds an item that is about neither an engine nor a case.
    pub(super) fn plain(&mut self, outcome: Outcome, what: &str) {
        let item = self.item(outcome, what);
        self.items.push(item);
    }

    /// A line of the lock.
    pub(super) fn in_lock(&self, line: usize) -> Option<Place> {
        (line > 0).then(|| Place { file: self.question.lock_file.to_owned(), line })
    }

    /// A line of the policy.
    pub(super) fn in_policy(&self, line: usize) -> Option<Place> {
        Some(Place { file: self.question.policy_file.to_owned(), line })
    }

    /// The whole, gravest first.
    pub(super) fn finish(self) -> Checked {
        let Self { question, mut items, judged, .. } = self;
        items.sort_by(|a, b| {
            let key = |i: &Item| (i.outcome, i.engine.clone(), i.case.clone(), i.on.clone());
            b.conclusion.cmp(&a.conclusion).then_with(|| key(a).cmp(&key(b)))
        });
        let count = |conclusion| items.iter().filter(|i| i.conclusion == conclusion).count();
        let counts = Counts {
            judged,
            pass: count(Conclusion::Pass),
            note: count(Conclusion::Note),
            warn: count(Conclusion::Warn),
            fail: count(Conclusion::Fail),
            absent: count(Conclusion::Absent),
            incomplete: count(Conclusion::Incomplete),
        };
        let settings = &question.lock.settings;
        let rules = question.policy.rules.len();
        let unsound =
            question.records.iter().map(soundness).filter(|s| !s.is_sound()).max_by_key(Soundness::consequence);
        Checked {
            own: question.records.iter().filter_map(|r| r.provenance.own.clone()).collect(),
            counts,
            unsound: unsound.and_then(|s| s.title()),
            conclusion: items.iter().map(|i| i.conclusion).max().unwrap_or(Conclusion::Incomplete),
            items,
            lock: format!(
                "{} (profile {}, seed {}, {} runs)",
                question.lock_file,
                settings.profile.name(),
                settings.seed,
                settings.repeats
            ),
            policy: if *question.policy == crate::gate::policy::Policy::default() {
                String::new()
            } else {
                format!("{} ({rules} {})", question.policy_file, if rules == 1 { "rule" } else { "rules" })
            },
            records: question
                .records
                .iter()
                .map(|r| {
                    let label = audit_label(r).map(|l| format!(", {l}")).unwrap_or_default();
                    format!("{} ({}{label})", short(&r.id), clean(&r.environment.host))
                })
                .collect(),
        }
    }
}
