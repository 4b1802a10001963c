//! Many records as one: a set of records by id, so that merging is commutative, associative and idempotent by
//! construction. Nothing of one record is changed by another: two that disagree stand side by side.
//!
//! What many records share is held once ([`part`]), and what is nearly the same as its difference; so it is in the file.
//!
//! An output that its digest proves is everybody's: whoever sent it, it is that output. What older formats keep of large
//! outputs nothing proves; it stays with the record that it came in.

mod part;
mod read;
mod seen;
mod write;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use part::Part;
pub use read::Reader;

use super::sound;
use crate::model::record::{CaseView, Outputs, Record, Stored, Verdict};
use crate::model::sweep::EngineSweep;

/// One record of a [`Merged`].
#[derive(Debug, Clone)]
pub struct Member {
    id: String,
    /// The record without its cases, verdicts, sweeps and outputs. Its id is empty where it carries none.
    pub shell: Arc<Record>,
    /// The canonical texts of the members that `shell` has, and of those that this program does not know.
    texts: Arc<BTreeMap<String, String>>,
    cases: Vec<Arc<Part<CaseView>>>,
    verdicts: Vec<Arc<Part<Verdict>>>,
    /// The sweeps, once for all records that have the same; `None` where the record has no such member.
    sweeps: Option<Arc<Sweeps>>,
    /// The trainings as cases.
    trained: Vec<CaseView>,
    /// The outputs that nothing proves, in this record's own words.
    unproven: Outputs,
}

impl Member {
    /// The id of its content, whether or not it carries one.
    #[must_use]
    pub fn id(&self) -> &str {
        &self.id
    }

    /// What the audit was called, or else its host's name.
    #[must_use]
    pub fn name(&self) -> &str {
        self.shell.provenance.settings.label.as_deref().unwrap_or(&self.shell.environment.host)
    }

    /// The cases, in the order of the plan, then the sweeps of functions and the trainings as cases.
    pub fn cases(&self) -> impl Iterator<Item = &CaseView> {
        let sweeps = self.sweeps.iter().flat_map(|s| &s.cases);
        self.cases.iter().map(|c| &c.value).chain(sweeps).chain(&self.trained)
    }

    /// The sweeps of functions.
    #[must_use]
    pub fn sweeps(&self) -> &[EngineSweep] {
        self.sweeps.as_ref().map_or(&[], |s| &s.list)
    }

    /// The verdicts.
    pub fn verdicts(&self) -> impl Iterator<Item = &Verdict> {
        self.verdicts.iter().map(|v| &v.value)
    }

    /// Of two with one id, the one that was started first stays, whichever comes first here.
    fn age(&self) -> (&str, &BTreeMap<String, String>) {
        (&self.shell.run.started, &self.texts)
    }
}

/// Sweeps, with their canonical text and as cases.
#[derive(Debug)]
struct Sweeps {
    text: Box<str>,
    list: Vec<EngineSweep>,
    cases: Vec<CaseView>,
}

/// A set of records. See the module.
#[derive(Debug, Clone, Default)]
pub struct Merged {
    members: BTreeMap<String, Member>,
    outputs: Outputs,
    expected: BTreeSet<String>,
}

impl Merged {
    /// The records, by id.
    pub fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.values()
    }

    /// How many records there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.members.len()
    }

    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.members.is_empty()
    }

    /// The outputs of all records that their digests prove.
    #[must_use]
    pub fn outputs(&self) -> &Outputs {
        &self.outputs
    }

    /// The union of two sets.
    #[must_use]
    pub fn join(mut self, other: Self) -> Self {
        for (_, member) in other.members {
            self.insert(member);
        }
        self.outputs.join(other.outputs);
        self.expected.extend(other.expected);
        self
    }

    fn insert(&mut self, member: Member) {
        let Some(there) = self.members.remove(member.id()) else {
            self.members.insert(member.id().to_owned(), member);
            return;
        };
        let (mut kept, other) = if there.age() <= member.age() { (there, member) } else { (member, there) };
        kept.unproven.join(other.unproven);
        // One copy that carries it shows that the content is whole.
        if kept.shell.id.is_empty() && !other.shell.id.is_empty() {
            Arc::make_mut(&mut kept.shell).id = kept.id.clone();
        }
        self.members.insert(kept.id().to_owned(), kept);
    }

    /// Gives what nothing proves in the table of all, as formats before 1.4 have it, to each record whose result it is: what
    /// others made of it there is that file's word alone.
    fn settle(&mut self) {
        let (proven, rest) = std::mem::take(&mut self.outputs).by_proof();
        self.outputs = proven;
        if rest.is_empty() {
            return;
        }
        for member in self.members.values_mut().filter(|m| !m.shell.format.has_proofs()) {
            let mut own = Outputs::default();
            for case in member.cases.iter().map(|c| &c.value) {
                for digest in sound::storable(case) {
                    if let Some(stored) = rest.get(digest).filter(|s| s.words() == Some(sound::words_of(case))) {
                        own.add(digest.clone(), stored.clone());
                    }
                }
            }
            member.unproven.join(own);
        }
    }

    /// Those of the records that a predicate names, with their outputs.
    #[must_use]
    pub fn only(&self, keep: impl Fn(&Member) -> bool) -> Self {
        let mut out = Self::default();
        for member in self.members().filter(|m| keep(m)) {
            for digest in member.cases().flat_map(sound::storable) {
                if let Some(stored) = self.outputs.get(digest) {
                    out.outputs.add(digest.clone(), stored.clone());
                }
            }
            out.insert(member.clone());
        }
        out
    }

    /// The labels that were expected of the records, by [`Merged::expect`] here or where a part was merged.
    #[must_use]
    pub fn expected(&self) -> &BTreeSet<String> {
        &self.expected
    }

    /// Expects records with these labels.
    pub fn expect(&mut self, labels: impl IntoIterator<Item = String>) {
        self.expected.extend(labels);
    }

    /// The labels that were expected and that no record has.
    #[must_use]
    pub fn missing(&self) -> Vec<&str> {
        let sent: BTreeSet<&str> =
            self.members().filter_map(|m| m.shell.provenance.settings.label.as_deref()).collect();
        self.expected.iter().map(String::as_str).filter(|l| !sent.contains(l)).collect()
    }

    /// A record of the set as it was before it was merged, but for the times of single executions.
    ///
    /// # Errors
    /// None in practice: its parts were read before.
    pub fn record(&self, member: &Member) -> Result<Record, serde_json::Error> {
        let mut record = Record::clone(&member.shell);
        record.cases = member.cases.iter().map(|c| serde_json::from_str(&c.text())).collect::<Result<_, _>>()?;
        record.verdicts = member.verdicts().cloned().collect();
        record.sweeps = member.sweeps().to_vec();
        for case in member.cases() {
            let fits = |s: &&Stored| s.words() == Some(sound::words_of(case));
            for digest in sound::storable(case) {
                // A case that states another length than its result has gets none.
                if let Some(stored) = self.outputs.get(digest).or_else(|| member.unproven.get(digest)).filter(fits) {
                    record.outputs.add(digest.clone(), stored.clone());
                }
            }
        }
        Ok(record)
    }

    /// The records, one after the other.
    pub fn records(&self) -> impl Iterator<Item = Result<Record, serde_json::Error>> {
        self.members().map(|m| self.record(m))
    }

    /// BLAKE3 of the records' ids, times and own outputs, the outputs of all and the expected labels, as 64 hexadecimal
    /// digits.
    #[must_use]
    pub fn id(&self) -> String {
        fn take(hasher: &mut blake3::Hasher, outputs: &Outputs) {
            for (digest, stored) in outputs.iter() {
                let text = serde_json::to_string(stored).unwrap_or_default();
                hasher.update(format!("output {digest} {text}\n").as_bytes());
            }
        }
        let mut hasher = blake3::Hasher::new();
        for member in self.members() {
            let run = member.texts.get("run").map_or("", String::as_str);
            let carries = if member.shell.id.is_empty() { "record without id" } else { "record" };
            hasher.update(format!("{carries} {} {run}\n", member.id()).as_bytes());
            take(&mut hasher, &member.unproven);
        }
        take(&mut hasher, &self.outputs);
        for label in &self.expected {
            hasher.update(format!("expected {label}\n").as_bytes());
        }
        hasher.finalize().to_hex().to_string()
    }
}
