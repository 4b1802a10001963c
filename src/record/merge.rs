//! Many records as one: a set of records by id, so that merging is commutative, associative and idempotent by
//! construction. Nothing of one record is changed by another: two that disagree stand side by side.
//!
//! What many records share is held once. A case or verdict is found by the digest of its canonical text, and an output
//! by its own; the file lists each once and records refer to it by its place.
//!
//! An output that its digest proves is everybody's: whoever sent it, it is that output. What older formats keep of large
//! outputs nothing proves; it stays with the record that it came in.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::io::Write;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::canonical::Text;
use super::id::Hasher;
use super::raw::{Raw, RawMember};
use super::size;
use super::sound::{self, Unfit};
use super::store::{ReadError, Wrong, load};
use crate::model::record::CaseView;
use crate::model::record::{CaseRecord, Outputs, Record, Stored, Verdict};
use crate::model::record::{FormatError, FormatVersion};

/// The digest of a part's text.
type Key = [u8; 16];

/// A part that records share.
#[derive(Debug)]
struct Part<T> {
    key: Key,
    text: String,
    value: T,
}

/// One record of a [`Merged`].
#[derive(Debug, Clone)]
pub struct Member {
    id: String,
    /// The record without its cases, verdicts and outputs. Its id is empty where it carries none.
    pub shell: Arc<Record>,
    /// The canonical texts of the members that `shell` has, and of those that this program does not know.
    texts: Arc<BTreeMap<String, String>>,
    cases: Vec<Arc<Part<CaseView>>>,
    verdicts: Vec<Arc<Part<Verdict>>>,
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

    /// The cases, in the order of the plan.
    pub fn cases(&self) -> impl Iterator<Item = &CaseView> {
        self.cases.iter().map(|c| &c.value)
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
        record.cases = member.cases.iter().map(|c| serde_json::from_str(&c.text)).collect::<Result<_, _>>()?;
        record.verdicts = member.verdicts().cloned().collect();
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

    /// Writes the set as JSON: the same bytes for the same set, however it was made.
    ///
    /// # Errors
    /// Those of the writer; more than would be read again.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let out: &mut dyn Write = &mut size::Limited::new(out, size::MERGED);
        let (cases, case_places) = table(self.members().flat_map(|m| &m.cases));
        let (verdicts, verdict_places) = table(self.members().flat_map(|m| &m.verdicts));
        let format = serde_json::to_string(&FormatVersion::CURRENT)?;
        write!(out, "{{\"format\":{format},\n\"id\":\"{}\",\n", self.id())?;
        if !self.expected.is_empty() {
            writeln!(out, "\"expected\":{},", serde_json::to_string(&self.expected)?)?;
        }
        out.write_all(b"\"records\":[")?;
        for (i, member) in self.members().enumerate() {
            write!(out, "{}{{\"id\":\"{}\"", if i > 0 { ",\n" } else { "\n" }, member.shell.id)?;
            for (name, text) in &*member.texts {
                write!(out, ",{}:{text}", serde_json::Value::from(name.as_str()))?;
            }
            let places = |keys: Vec<&Key>, table: &HashMap<Key, usize>| -> Vec<usize> {
                keys.iter().filter_map(|k| table.get(*k).copied()).collect()
            };
            let of_cases = places(member.cases.iter().map(|c| &c.key).collect(), &case_places);
            let of_verdicts = places(member.verdicts.iter().map(|c| &c.key).collect(), &verdict_places);
            write!(out, ",\"cases\":{}", serde_json::to_string(&of_cases)?)?;
            write!(out, ",\"verdicts\":{}", serde_json::to_string(&of_verdicts)?)?;
            if !member.unproven.is_empty() {
                write!(out, ",\"outputs\":{}", serde_json::to_string(&member.unproven)?)?;
            }
            out.write_all(b"}")?;
        }
        write_list(out, "cases", cases.values())?;
        write_list(out, "verdicts", verdicts.values())?;
        out.write_all(b"],\n\"outputs\":{")?;
        for (i, (digest, stored)) in self.outputs.iter().enumerate() {
            let comma = if i > 0 { ",\n" } else { "\n" };
            let digest = serde_json::Value::from(digest.as_str());
            write!(out, "{comma}{digest}:{}", serde_json::to_string(stored)?)?;
        }
        out.write_all(b"}}\n")
    }
}

fn write_list<'a>(out: &mut dyn Write, name: &str, texts: impl Iterator<Item = &'a &'a str>) -> std::io::Result<()> {
    write!(out, "],\n\"{name}\":[")?;
    for (i, text) in texts.enumerate() {
        out.write_all(if i > 0 { b",\n" } else { b"\n" })?;
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// Parts by key, and each one's place in that order.
fn table<'a, T: 'a>(parts: impl Iterator<Item = &'a Arc<Part<T>>>) -> (BTreeMap<Key, &'a str>, HashMap<Key, usize>) {
    let texts: BTreeMap<Key, &str> = parts.map(|p| (p.key, p.text.as_str())).collect();
    let places = texts.keys().enumerate().map(|(i, k)| (*k, i)).collect();
    (texts, places)
}

/// Reads files into one set, several at a time where several threads call it. What files share is checked and held once.
#[derive(Debug, Default)]
pub struct Reader {
    cases: Mutex<HashMap<Key, Arc<Part<CaseView>>>>,
    verdicts: Mutex<HashMap<Key, Arc<Part<Verdict>>>>,
    shells: Mutex<HashMap<Key, Arc<BTreeMap<String, String>>>>,
    merged: Mutex<Merged>,
}

impl Reader {
    /// The set of all that was read.
    #[must_use]
    pub fn finish(self) -> Merged {
        self.merged.into_inner().unwrap_or_else(PoisonError::into_inner)
    }

    /// Reads a record, or a merged one.
    ///
    /// # Errors
    /// As [`super::read`].
    pub fn read(&self, path: &Path) -> Result<(), ReadError> {
        let text = load(path)?;
        let path = path.display().to_string();
        self.take(&text).map_err(|fault| match fault {
            Fault::Changed => ReadError::Changed { path },
            Fault::Version(reason) => ReadError::Version { path, reason },
            Fault::Wrong(reason) => ReadError::NotARecord { path, reason },
        })
    }

    fn take(&self, text: &[u8]) -> Result<(), Fault> {
        let raw: Raw = serde_json::from_slice(text)?;
        let cases = self.cases(raw.cases)?;
        let verdicts = parts(&self.verdicts, raw.verdicts, |v: &Verdict| Ok(v.clone()))?;
        let set = match raw.records {
            None => {
                let mut member = self.member(raw.id, raw.members, cases, verdicts)?;
                sound::outputs(member.cases(), &raw.outputs, member.shell.format)?;
                let mut set = Merged::default();
                (set.outputs, member.unproven) = raw.outputs.by_proof();
                set.insert(member);
                set
            }
            Some(records) => {
                let mut set = Merged { outputs: raw.outputs, expected: raw.expected, ..Merged::default() };
                for RawMember { id, cases: at, verdicts: of, outputs, members: texts } in records {
                    let mut member = self.member(id, texts, refer(&cases, &at)?, refer(&verdicts, &of)?)?;
                    sound::outputs(member.cases(), &outputs, member.shell.format)?;
                    member.unproven = outputs;
                    set.insert(member);
                }
                if set.id() != raw.id {
                    return Err(Fault::Changed);
                }
                self.check(&set)?;
                set.settle();
                set
            }
        };
        let mut merged = self.merged.lock().unwrap_or_else(PoisonError::into_inner);
        *merged = std::mem::take(&mut *merged).join(set);
        Ok(())
    }

    /// Checks the table of outputs of a merged file: each is that of its digest, and somebody's. Who states another length
    /// harms himself alone.
    fn check(&self, set: &Merged) -> Result<(), Fault> {
        let mut unused: BTreeSet<&str> = set.outputs.iter().map(|(digest, _)| digest.as_str()).collect();
        for case in set.members().flat_map(Member::cases) {
            for digest in sound::storable(case) {
                if set.outputs.get(digest).is_some_and(|s| s.words() == Some(sound::words_of(case))) {
                    unused.remove(digest.as_str());
                }
            }
        }
        if let Some(unused) = unused.first() {
            return Err(Unfit::Unused((*unused).to_owned()).into());
        }
        for (digest, stored) in set.outputs.iter() {
            // What is there already was checked when it came.
            let known = self.merged.lock().unwrap_or_else(PoisonError::into_inner).outputs.get(digest) == Some(stored);
            if !known {
                stored.verify(digest).map_err(Unfit::from)?;
            }
        }
        Ok(())
    }

    fn cases(&self, texts: Vec<Text>) -> Result<Vec<Arc<Part<CaseView>>>, Fault> {
        parts(&self.cases, texts, |case: &CaseRecord| {
            sound::case(case)?;
            Ok(CaseView::from(case))
        })
    }

    /// A record from its parts, once its id is found to be that of its content and its parts fit one another.
    fn member(
        &self,
        id: String,
        texts: BTreeMap<String, String>,
        cases: Vec<Arc<Part<CaseView>>>,
        verdicts: Vec<Arc<Part<Verdict>>>,
    ) -> Result<Member, Fault> {
        let format = texts.get("format").ok_or(Wrong::NoFormat)?;
        let format = serde_json::from_str::<FormatVersion>(format)?;
        format.check_readable()?;
        let mut shell = shell(&texts)?;
        let content = content(&texts, &cases, &verdicts);
        let excused = id.is_empty() && !format.has_id();
        if !excused && id != content {
            return Err(Fault::Changed);
        }
        shell.id = id;
        size::lists(&shell)?;
        size::fits("cases", cases.len(), size::CASES)?;
        size::fits("verdicts", verdicts.len(), size::VERDICTS)?;
        let engines = sound::engines(&shell.engines)?;
        let mut seen = BTreeSet::new();
        for case in &cases {
            if !seen.insert(case.value.id.as_str()) {
                return Err(Unfit::CaseTwice(case.value.id.clone()).into());
            }
            sound::listed(&case.value.id, case.value.executions.iter().map(|x| x.engine.as_str()), &engines)?;
        }
        for verdict in &verdicts {
            sound::listed(&verdict.value.problem, [verdict.value.engine.as_str()], &engines)?;
        }
        let unproven = Outputs::default();
        Ok(Member { id: content, shell: Arc::new(shell), texts: self.shared(texts), cases, verdicts, unproven })
    }

    /// Equal shells, once.
    fn shared(&self, texts: BTreeMap<String, String>) -> Arc<BTreeMap<String, String>> {
        let mut hasher = blake3::Hasher::new();
        for (name, text) in &texts {
            hasher.update(name.as_bytes()).update(b"\0").update(text.as_bytes()).update(b"\0");
        }
        let key = short(&hasher);
        let mut shells = self.shells.lock().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(shells.entry(key).or_insert_with(|| Arc::new(texts)))
    }
}

/// What is wrong with a file.
#[derive(Debug)]
enum Fault {
    Changed,
    Version(FormatError),
    Wrong(Wrong),
}

impl From<FormatError> for Fault {
    fn from(reason: FormatError) -> Self {
        Self::Version(reason)
    }
}

impl<E: Into<Wrong>> From<E> for Fault {
    fn from(reason: E) -> Self {
        Self::Wrong(reason.into())
    }
}

fn short(hasher: &blake3::Hasher) -> Key {
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    key
}

/// Parts for these texts: those that are known already, and new ones, checked by `view`.
fn parts<P: DeserializeOwned, T>(
    known: &Mutex<HashMap<Key, Arc<Part<T>>>>,
    texts: Vec<Text>,
    view: impl Fn(&P) -> Result<T, Unfit>,
) -> Result<Vec<Arc<Part<T>>>, Fault> {
    let mut out = Vec::with_capacity(texts.len());
    for Text(text) in texts {
        let key = short(blake3::Hasher::new().update(text.as_bytes()));
        let found = known.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(Arc::clone);
        out.push(match found {
            Some(part) => part,
            None => {
                let value = view(&serde_json::from_str(&text)?)?;
                let part = Arc::new(Part { key, text, value });
                let mut known = known.lock().unwrap_or_else(PoisonError::into_inner);
                Arc::clone(known.entry(key).or_insert(part))
            }
        });
    }
    Ok(out)
}

/// The parts at these places.
fn refer<T>(parts: &[Arc<Part<T>>], places: &[usize]) -> Result<Vec<Arc<Part<T>>>, Fault> {
    let at = |i: &usize| parts.get(*i).map(Arc::clone);
    let all: Option<Vec<_>> = places.iter().map(at).collect();
    all.ok_or(Fault::Wrong(Wrong::NoPart))
}

/// The record without cases, verdicts and outputs.
fn shell(texts: &BTreeMap<String, String>) -> Result<Record, serde_json::Error> {
    let mut text = String::from("{\"id\":\"\",\"cases\":[],\"verdicts\":[]");
    for (name, member) in texts {
        text.push(',');
        text.push_str(&serde_json::Value::from(name.as_str()).to_string());
        text.push(':');
        text.push_str(member);
    }
    text.push('}');
    serde_json::from_str(&text)
}

/// The id of a record's content, from its parts.
fn content(texts: &BTreeMap<String, String>, cases: &[Arc<Part<CaseView>>], verdicts: &[Arc<Part<Verdict>>]) -> String {
    let mut hasher = Hasher::default();
    let mut names: Vec<&str> = texts.keys().map(String::as_str).chain(["cases", "verdicts"]).collect();
    names.sort_unstable();
    for name in names {
        match name {
            "cases" => hasher.member(name, cases.iter().map(|c| c.text.as_str()), true),
            "verdicts" => hasher.member(name, verdicts.iter().map(|v| v.text.as_str()), true),
            _ => hasher.member(name, texts.get(name).map(String::as_str), false),
        }
    }
    hasher.finish()
}
