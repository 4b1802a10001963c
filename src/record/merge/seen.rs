//! Lines that were read before. An audit's file has a line for each case, verdict and output, and those of two audits of one
//! machine are mostly the same but for durations: such a line is found by a digest of its bytes and not parsed again.
//!
//! What is found so is a part that was checked when it came, in the same place of a file. The record's id is that of its content
//! all the same, and a file in which anything is unusual is read as if nothing were known.

use std::collections::{HashMap, HashSet};
use std::hash::{BuildHasher as _, RandomState};
use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use memchr::memmem;

use super::part::{Key, Known, Part, short};
use crate::model::record::{CaseView, Outputs, Verdict};
use crate::model::text::{self, Counts};
use crate::record::canonical::Text;

/// The shortest line that is looked for, in bytes.
const SHORTEST: usize = 128;

/// What a line was found to be.
#[derive(Debug, Clone)]
pub(super) enum Line {
    Case(Arc<Part<CaseView>>),
    Verdict(Arc<Part<Verdict>>),
    /// An output that its digest proves, and its words.
    Output(String, u64),
}

/// The lines that were met.
#[derive(Debug, Default)]
pub(super) struct Seen(Mutex<Lines>);

#[derive(Debug, Default)]
struct Lines {
    /// Once: what never comes again need not be remembered.
    once: HashSet<Key>,
    /// More often, with what is counted in each.
    known: HashMap<Key, (Line, Counts)>,
}

/// A file without the lines that are known.
#[derive(Debug)]
pub(super) struct Reduced {
    /// Its text; each known line is a number in it, from `base` on, that nobody can foresee.
    pub(super) text: Vec<u8>,
    base: u64,
    lines: Vec<Line>,
    /// What is counted in those lines.
    pub(super) counts: Counts,
}

impl Reduced {
    /// The line that this number stands for.
    pub(super) fn line(&self, number: &str) -> Option<&Line> {
        let place = number.parse::<u64>().ok()?.checked_sub(self.base)?;
        self.lines.get(usize::try_from(place).ok()?)
    }

    /// How many lines are known.
    pub(super) fn known(&self) -> usize {
        self.lines.len()
    }
}

/// Lines that are not known, by their digests.
pub(super) type New = Vec<(Key, Range<usize>)>;

impl Seen {
    /// Takes the known lines from a file's text; gives those that are not known besides.
    pub(super) fn reduce(&self, text: &[u8]) -> (Option<Reduced>, New) {
        // A merged file's tables are read as they are.
        if memmem::find(text, b"\n\"records\":").is_some() {
            return (None, Vec::new());
        }
        let mut buffer = Vec::new();
        let all: New = items(text).filter_map(|at| Some((key(&text[at.clone()], &mut buffer)?, at))).collect();
        let base = RandomState::new().hash_one(0) >> 2 | 1 << 62;
        let mut out = Reduced { text: Vec::new(), base, lines: Vec::new(), counts: Counts::default() };
        let (mut new, mut copied) = (Vec::new(), 0);
        let lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, at) in all {
            let Some((line, counts)) = lines.known.get(&key) else {
                new.push((key, at));
                continue;
            };
            out.text.extend_from_slice(&text[copied..at.start]);
            if let Line::Output(digest, _) = line {
                out.text.extend_from_slice(format!("\"{digest}\":").as_bytes());
            }
            out.text.extend_from_slice((base + out.lines.len() as u64).to_string().as_bytes());
            copied = at.end;
            out.counts.values = out.counts.values.saturating_add(counts.values);
            out.counts.results = out.counts.results.saturating_add(counts.results);
            out.lines.push(line.clone());
        }
        out.text.extend_from_slice(&text[copied..]);
        ((!out.lines.is_empty()).then_some(out), new)
    }

    /// Remembers lines of a file that was found to be sound.
    pub(super) fn learn(
        &self,
        text: &[u8],
        new: New,
        (cases, verdicts, outputs): (&Known<CaseView>, &Known<Verdict>, &Outputs),
    ) {
        let mut lines = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for (key, at) in new {
            if lines.once.insert(key) || lines.known.contains_key(&key) {
                continue;
            }
            let line = &text[at];
            let found = match line {
                [b'{', ..] => serde_json::from_slice(line).ok().and_then(|Text(text)| {
                    let key = short(blake3::Hasher::new().update(text.as_bytes()));
                    cases.find(&key).map(Line::Case).or_else(|| verdicts.find(&key).map(Line::Verdict))
                }),
                _ => output(line).and_then(|(digest, _)| {
                    let stored = outputs.get(digest).filter(|s| s.is_proven())?;
                    Some(Line::Output(digest.to_owned(), stored.words()?))
                }),
            };
            let value = output(line).map_or(line, |(_, value)| value);
            let counts = text::check(&mut serde_json::Deserializer::from_slice(value));
            if let (Some(found), Ok(counts)) = (found, counts) {
                lines.known.insert(key, (found, counts));
            }
        }
    }
}

/// The digest and the value of an output's line.
fn output(line: &[u8]) -> Option<(&str, &[u8])> {
    let rest = line.strip_prefix(b"\"")?;
    let end = memchr::memchr(b'"', rest)?;
    let digest = std::str::from_utf8(&rest[..end]).ok()?;
    Some((digest, rest[end + 1..].strip_prefix(b":")?)).filter(|(digest, _)| crate::model::bits::is_digest(digest))
}

/// Where the items of lists are that have a line of their own, without what follows them there.
fn items(text: &[u8]) -> impl Iterator<Item = Range<usize>> {
    let mut start = 0;
    memchr::memchr_iter(b'\n', text).filter_map(move |end| {
        let line = start..end;
        start = end + 1;
        let item = text[line.clone()].strip_suffix(b",")?;
        let fits = item.len() >= SHORTEST && matches!(item.first(), Some(b'{' | b'"')) && item.ends_with(b"}");
        fits.then_some(line.start..line.end - 1)
    })
}

/// The digest of a line without its durations; `None` where what looks like one may be none.
fn key(line: &[u8], buffer: &mut Vec<u8>) -> Option<Key> {
    // In a text a quotation mark has a backslash before it, so that this is a member wherever it stands.
    const SECONDS: &[u8] = b",\"seconds\":";
    if line.first() == Some(&b'"') {
        return Some(short(blake3::Hasher::new().update(line)));
    }
    // There a name is a variable's, and a part of the content.
    if [&b"\"variables\":"[..], b"\"vary\":"].iter().any(|name| memmem::find(line, name).is_some()) {
        return None;
    }
    buffer.clear();
    let mut copied = 0;
    for at in memmem::find_iter(line, SECONDS) {
        let start = at + SECONDS.len();
        let length = line[start..].iter().position(|b| !matches!(b, b'0'..=b'9' | b'+' | b'-' | b'.' | b'e' | b'E'))?;
        serde_json::from_slice::<f64>(&line[start..start + length]).ok()?;
        buffer.extend_from_slice(&line[copied..at]);
        copied = start + length;
    }
    buffer.extend_from_slice(&line[copied..]);
    Some(short(blake3::Hasher::new().update(buffer)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_is_known_by_all_of_it_but_durations() {
        let key = |line: &str| key(line.as_bytes(), &mut Vec::new());
        let line =
            |seconds: &str| format!(r#"{{"a":1,"b":[{{"c":",","seconds":{seconds}}}],"d":"x\",\"seconds\":3"}}"#);
        assert_eq!(key(&line("1.5")), key(&line("2e-3")), "a duration");
        assert_ne!(key(&line("1.5")), key(&line("1.5").replace(":1,", ":2,")), "something else");
        assert_ne!(key(&line("1")), key(&line("1").replace("seconds\\\":3", "seconds\\\":4")), "a text");
        for wrong in ["1e999", "--1", "01", "1.", "\"nan\"", "[1]"] {
            assert_eq!(key(&line(wrong)), None, "{wrong}: whoever parses it decides");
        }
        assert_eq!(key(r#"{"vary":{"a":1,"seconds":2}}"#), None, "a variable");
    }

    #[test]
    fn only_whole_items_are_looked_at() {
        let long = "x".repeat(SHORTEST);
        let text = format!(
            "{{\"cases\":[\n{{\"a\":\"{long}\"}},\n{{\"b\":1}},\n{{\"c\":\"{long}\"}}],\n\"x\":{{\"{long}\":1}},\n"
        );
        let found: Vec<&str> = items(text.as_bytes()).map(|at| &text[at]).collect();
        assert_eq!(
            found,
            [format!("{{\"a\":\"{long}\"}}"), format!("\"x\":{{\"{long}\":1}}")],
            "long ones with a comma"
        );
        assert_eq!(output(found[1].as_bytes()), None, "and no output");
    }
}
