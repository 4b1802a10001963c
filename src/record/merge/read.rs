//! Reading files into a set: records, and sets that were written before.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use serde::de::DeserializeOwned;

use super::part::{Key, Known, Part, Shared, short};
use super::seen::{Line, Reduced, Seen};
use super::{Member, Merged, Sweeps};
use crate::model::record::{
    CaseView, FormatError, FormatVersion, Outputs, Record, Stored, Verdict, sweep_cases, training_cases,
};
use crate::model::sweep::EngineSweep;
use crate::model::text::{self, Counts};
use crate::record::canonical::{Text, Timed};
use crate::record::difference;
use crate::record::id::Hasher;
use crate::record::raw::{Raw, RawMember};
use crate::record::size;
use crate::record::sound::{self, Unfit};
use crate::record::store::{ReadError, Wrong, check_content, fetch};

/// Reads files into one set, several at a time where several threads call it. What files share is checked and held once.
#[derive(Debug, Default)]
pub struct Reader {
    cases: Known<CaseView>,
    verdicts: Known<Verdict>,
    sweeps: Mutex<HashMap<Key, Arc<Sweeps>>>,
    shells: Mutex<HashMap<Key, Arc<BTreeMap<String, String>>>>,
    seen: Seen,
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
        let text = fetch(path)?;
        let name = path.display().to_string();
        let (reduced, new) = self.seen.reduce(&text);
        let shortly = reduced.filter(|reduced| {
            check_content(&name, &reduced.text, reduced.counts, text.len()).is_ok()
                && self.take(&reduced.text, Some(reduced)).is_ok()
        });
        if shortly.is_none() {
            check_content(&name, &text, Counts::default(), text.len())?;
            self.take(&text, None).map_err(|fault| match fault {
                Fault::Changed => ReadError::Changed { path: name },
                Fault::Version(reason) => ReadError::Version { path: name, reason },
                Fault::Wrong(reason) => ReadError::NotARecord { path: name, reason },
            })?;
        }
        if !new.is_empty() {
            let merged = self.merged.lock().unwrap_or_else(PoisonError::into_inner);
            self.seen.learn(&text, new, (&self.cases, &self.verdicts, &merged.outputs));
        }
        Ok(())
    }

    /// Takes a file's text, or what is left of it without the lines that are known.
    fn take(&self, text: &[u8], reduced: Option<&Reduced>) -> Result<(), Fault> {
        let raw: Raw = serde_json::from_slice(text)?;
        let mut room = Room::default();
        let set = match raw.records {
            None => {
                if !raw.alike.is_empty() {
                    return Err(Wrong::NoPart.into());
                }
                let mut lines = 0;
                let mut line = |number: &str| {
                    lines += 1;
                    reduced.and_then(|r| r.line(number)).cloned()
                };
                let mut known = BTreeMap::new();
                for (digest, number) in &raw.known {
                    match line(number) {
                        Some(Line::Output(of, words)) if of == *digest => known.insert(digest.as_str(), words),
                        _ => return Err(Wrong::NoPart.into()),
                    };
                }
                let cases = parts(&self.cases, raw.cases, None, |n| match line(n)? {
                    Line::Case(part) => Some(part),
                    _ => None,
                })?;
                let verdicts = parts(&self.verdicts, raw.verdicts, None, |n| match line(n)? {
                    Line::Verdict(part) => Some(part),
                    _ => None,
                })?;
                // Each where it belongs.
                if lines != reduced.map_or(0, Reduced::known) {
                    return Err(Wrong::NoPart.into());
                }
                let mut member = self.member(raw.id, raw.members, cases, verdicts)?;
                sound::outputs(member.cases(), &raw.outputs, &known, member.shell.format)?;
                let mut set = Merged::default();
                (set.outputs, member.unproven) = raw.outputs.by_proof();
                set.insert(member);
                set
            }
            Some(records) => {
                if reduced.is_some() || !raw.known.is_empty() {
                    return Err(Wrong::NoPart.into());
                }
                let cases = parts(&self.cases, raw.cases, Some(&mut room), |_| None)?;
                let verdicts = parts(&self.verdicts, raw.verdicts, Some(&mut room), |_| None)?;
                let mut set = Merged { outputs: raw.outputs, expected: raw.expected, ..Merged::default() };
                alike(&mut set.outputs, &raw.alike, &mut room)?;
                let records: Vec<String> = records.into_iter().map(|Timed(text)| text).collect();
                for text in &records {
                    let text = match told::<usize>(text) {
                        None => Cow::Borrowed(text.as_str()),
                        Some(told) => {
                            let (place, edits) = told?;
                            let like = records.get(place).filter(|like| !like.starts_with('[')).ok_or(Wrong::NoPart)?;
                            Cow::Owned(room.expand::<Timed>(like, edits)?)
                        }
                    };
                    let RawMember { id, cases: at, verdicts: of, outputs, members } = serde_json::from_str(&text)?;
                    let mut member = self.member(id, members, refer(&cases, &at)?, refer(&verdicts, &of)?)?;
                    sound::outputs(member.cases(), &outputs, &BTreeMap::new(), member.shell.format)?;
                    member.unproven = outputs;
                    set.insert(member);
                }
                if set.id() != raw.id {
                    return Err(Fault::Changed);
                }
                each_used_once("cases", &cases, set.members().flat_map(|m| &m.cases))?;
                each_used_once("verdicts", &verdicts, set.members().flat_map(|m| &m.verdicts))?;
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

    /// A record from its parts, once its id is found to be that of its content and its parts fit one another.
    fn member(
        &self,
        id: String,
        mut texts: BTreeMap<String, String>,
        cases: Vec<Arc<Part<CaseView>>>,
        verdicts: Vec<Arc<Part<Verdict>>>,
    ) -> Result<Member, Fault> {
        let format = texts.get("format").ok_or(Wrong::NoFormat)?;
        let format = serde_json::from_str::<FormatVersion>(format)?;
        format.check_readable()?;
        let content = content(&texts, &cases, &verdicts);
        let sweeps = texts.remove("sweeps").map(|text| self.swept(text)).transpose()?;
        let mut shell = shell(&texts)?;
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
        sound::trainings(&shell.trainings, &engines)?;
        if let Some(sweeps) = &sweeps {
            sound::sweeps(&sweeps.list, &engines)?;
        }
        sound::explained(&shell.explained, &engines, &seen)?;
        let trained = training_cases(&shell.trainings).iter().map(CaseView::from).collect();
        let (shell, unproven) = (Arc::new(shell), Outputs::default());
        Ok(Member { id: content, shell, texts: self.shared(texts), cases, verdicts, sweeps, trained, unproven })
    }

    /// Equal sweeps, once.
    fn swept(&self, text: String) -> Result<Arc<Sweeps>, serde_json::Error> {
        let key = short(blake3::Hasher::new().update(text.as_bytes()));
        let known = || self.sweeps.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(sweeps) = known().get(&key) {
            return Ok(Arc::clone(sweeps));
        }
        let list: Vec<EngineSweep> = serde_json::from_str(&text)?;
        let cases = sweep_cases(&list).iter().map(CaseView::from).collect();
        let new = Arc::new(Sweeps { text: text.into(), list, cases });
        Ok(Arc::clone(known().entry(key).or_insert(new)))
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
pub(super) enum Fault {
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

/// How much more may be made of differences: a file of a few of them must not fill the memory.
#[derive(Debug, Default)]
struct Room {
    made: u64,
    counts: Counts,
}

/// A text in its canonical form.
trait CanonicalText: DeserializeOwned {
    fn text(&self) -> &str;
}

impl CanonicalText for Text {
    fn text(&self) -> &str {
        &self.0
    }
}

impl CanonicalText for Timed {
    fn text(&self) -> &str {
        &self.0
    }
}

impl Room {
    /// An output that is told as a difference.
    fn output(&mut self, like: &str, edits: &str) -> Result<String, Fault> {
        let left = usize::try_from(size::EXPANDED - self.made).unwrap_or(usize::MAX);
        let text = difference::apply(like, edits, left)?;
        self.made += text.len() as u64;
        Ok(text)
    }

    /// A text that is told as a difference, once it is found to be what a file might have in its place.
    fn expand<T: CanonicalText>(&mut self, like: &str, edits: &str) -> Result<String, Fault> {
        let text = self.output(like, edits)?;
        if serde_json::from_str::<T>(&text)?.text() != text {
            return Err(Wrong::NotLike.into());
        }
        let Counts { values, results } = text::check(&mut serde_json::Deserializer::from_str(&text))?;
        self.counts.values += values;
        self.counts.results += results;
        if self.counts.values > size::values(usize::try_from(self.made).unwrap_or(usize::MAX)) {
            return Err(Wrong::NotLike.into());
        }
        size::results(self.counts.results)?;
        Ok(text)
    }
}

/// What a text names and the differences from it, where it is told so.
fn told<P: DeserializeOwned>(text: &str) -> Option<Result<(P, &str), serde_json::Error>> {
    let list = text.strip_prefix('[')?.strip_suffix(']')?;
    let (name, edits) = list.split_once(',').unwrap_or((list, ""));
    Some(serde_json::from_str(name).map(|name| (name, edits)))
}

/// The parts of a table. Where there is `room` some may be told as their difference from another one; `line` gives those whose
/// line is known.
fn parts<T: Shared>(
    known: &Known<T>,
    texts: Vec<Text>,
    mut room: Option<&mut Room>,
    mut line: impl FnMut(&str) -> Option<Arc<Part<T>>>,
) -> Result<Vec<Arc<Part<T>>>, Fault> {
    let mut out: Vec<Option<Arc<Part<T>>>> = Vec::with_capacity(texts.len());
    let mut alike = Vec::new();
    for (place, Text(text)) in texts.into_iter().enumerate() {
        if text.starts_with('[') {
            alike.push((place, text));
            out.push(None);
        } else if text.starts_with(|c: char| c.is_ascii_digit()) {
            out.push(Some(line(&text).ok_or(Wrong::NoPart)?));
        } else {
            out.push(Some(known.part(text)?));
        }
    }
    let mut made = Vec::with_capacity(alike.len());
    for (at, text) in &alike {
        let (place, edits) = told::<usize>(text).transpose()?.ok_or(Wrong::NoPart)?;
        let like = out.get(place).and_then(Option::as_ref).ok_or(Wrong::NoPart)?;
        let room = room.as_mut().ok_or(Wrong::NoPart)?;
        made.push((*at, known.part(room.expand::<Text>(&like.text(), edits)?)?));
    }
    for (at, part) in made {
        out[at] = Some(part);
    }
    out.into_iter().collect::<Option<_>>().ok_or_else(|| Wrong::NoPart.into())
}

/// Adds the outputs that are told as differences.
fn alike(outputs: &mut Outputs, told_so: &BTreeMap<String, String>, room: &mut Room) -> Result<(), Fault> {
    let mut made = Vec::with_capacity(told_so.len());
    let mut like: (String, String) = Default::default();
    for (digest, text) in told_so {
        let (model, edits) = told::<String>(text).transpose()?.ok_or(Wrong::NoPart)?;
        if like.0 != model {
            let stored = outputs.get(&model).ok_or(Wrong::NoPart)?;
            like = (model, serde_json::to_string(stored)?);
        }
        let stored: Stored = serde_json::from_str(&room.output(&like.1, edits)?)?;
        if !stored.is_proven() {
            return Err(Unfit::Unproven(digest.clone()).into());
        }
        made.push((digest, stored));
    }
    made.into_iter().for_each(|(digest, stored)| outputs.add(digest.clone(), stored));
    Ok(())
}

/// Checks that a table has each part once, and none that no record has.
fn each_used_once<'a, T: 'a>(
    name: &'static str,
    table: &[Arc<Part<T>>],
    used: impl Iterator<Item = &'a Arc<Part<T>>>,
) -> Result<(), Wrong> {
    let mut unused: HashSet<Key> = table.iter().map(|p| p.key).collect();
    if unused.len() != table.len() {
        return Err(Wrong::PartTwice(name));
    }
    for part in used {
        unused.remove(&part.key);
    }
    if unused.is_empty() { Ok(()) } else { Err(Wrong::PartUnused(name)) }
}

/// The parts at these places.
fn refer<T>(parts: &[Arc<Part<T>>], places: &[usize]) -> Result<Vec<Arc<Part<T>>>, Fault> {
    let at = |i: &usize| parts.get(*i).map(Arc::clone);
    let all: Option<Vec<_>> = places.iter().map(at).collect();
    all.ok_or(Fault::Wrong(Wrong::NoPart))
}

/// The record without cases, verdicts, sweeps and outputs.
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
            "cases" => hasher.member(name, cases.iter().map(|c| c.text()), true),
            "verdicts" => hasher.member(name, verdicts.iter().map(|v| v.text()), true),
            _ => hasher.member(name, texts.get(name).map(|t| Cow::Borrowed(t.as_str())), false),
        }
    }
    hasher.finish()
}
