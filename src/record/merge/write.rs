//! Writing a set: the same bytes for the same set, however it was made. In each table parts that are nearly the same follow one
//! another, the first of them whole and the others as their differences from it.

use std::collections::{BTreeMap, HashMap};
use std::io::Write;
use std::sync::Arc;

use super::part::{Key, Part, Shared, difference};
use super::{Member, Merged};
use crate::model::record::FormatVersion;
use crate::record::difference::Index;
use crate::record::size;

impl Merged {
    /// Writes the set as JSON: the same bytes for the same set, however it was made.
    ///
    /// # Errors
    /// Those of the writer; more than would be read again.
    pub fn write(&self, out: &mut dyn Write) -> std::io::Result<()> {
        let out = &mut size::Limited::new(out);
        let cases = Table::new(self.members().flat_map(|m| &m.cases));
        let verdicts = Table::new(self.members().flat_map(|m| &m.verdicts));
        let format = serde_json::to_string(&FormatVersion::CURRENT)?;
        write!(out, "{{\"format\":{format},\n\"id\":\"{}\",\n", self.id())?;
        if !self.expected.is_empty() {
            writeln!(out, "\"expected\":{},", serde_json::to_string(&self.expected)?)?;
        }
        out.write_all(b"\"records\":[")?;
        // Records that have the same engines are most alike; what is far from those before it begins a group of its own.
        let mut models: HashMap<&str, (usize, String, Index)> = HashMap::new();
        let mut first = None;
        for (i, member) in self.members().enumerate() {
            out.write_all(if i > 0 { b",\n" } else { b"\n" })?;
            let text = text_of(member, &cases.places, &verdicts.places)?;
            let engines = member.texts.get("engines").map_or("", String::as_str);
            let model = models.get(engines).or_else(|| models.get(first?));
            let edits = model.and_then(|(_, like, index)| difference(index, like, &text));
            if let (Some((place, ..)), Some(edits)) = (model, edits.filter(|edits| edits.len() < text.len() / 4)) {
                out.like(place, &text, Some(edits))?;
            } else {
                out.write_all(text.as_bytes())?;
                let index = Index::new(&text);
                models.entry(engines).or_insert((i, text, index));
                first.get_or_insert(engines);
            }
        }
        drop(models);
        cases.write("cases", out)?;
        verdicts.write("verdicts", out)?;
        out.write_all(b"],\n\"outputs\":{")?;
        self.write_outputs(&cases, out)?;
        out.write_all(b"}}\n")
    }

    fn write_outputs(
        &self,
        cases: &Table<crate::model::record::CaseView>,
        out: &mut size::Limited,
    ) -> std::io::Result<()> {
        // Outputs of one case on one engine are alike.
        let mut whose: HashMap<&str, (&str, &str)> = HashMap::new();
        for case in cases.parts.iter().map(|p| &p.value) {
            for execution in &case.executions {
                if let Some(first) = execution.digests.first() {
                    whose.entry(first).or_insert((&case.id, &execution.engine));
                }
            }
        }
        let mut models: HashMap<(&str, &str), (&str, String, Option<Index>)> = HashMap::new();
        for (i, (digest, stored)) in self.outputs.iter().enumerate() {
            let comma = if i > 0 { ",\n" } else { "\n" };
            write!(out, "{comma}{}:", serde_json::Value::from(digest.as_str()))?;
            let text = serde_json::to_string(stored)?;
            let of = whose.get(digest.as_str()).copied().unwrap_or_default();
            match models.get_mut(&of) {
                Some((model, like, index)) if of != ("", "") => {
                    let index = index.get_or_insert_with(|| Index::new(like));
                    out.like(&*model, &text, difference(index, like, &text))?;
                }
                _ => {
                    out.write_all(text.as_bytes())?;
                    models.insert(of, (digest, text, None));
                }
            }
        }
        Ok(())
    }
}

impl size::Limited<'_> {
    /// Writes a text, or where there is one its difference from the part of this name.
    fn like(&mut self, model: &impl serde::Serialize, text: &str, edits: Option<String>) -> std::io::Result<()> {
        match edits {
            Some(edits) => {
                self.expanded(text.len())?;
                write!(self, "[{},{edits}]", serde_json::to_string(model)?)
            }
            None => self.write_all(text.as_bytes()),
        }
    }
}

/// A record as the file has it, its members by name.
fn text_of(
    member: &Member,
    cases: &HashMap<Key, usize>,
    verdicts: &HashMap<Key, usize>,
) -> Result<String, serde_json::Error> {
    fn places<T>(parts: &[Arc<Part<T>>], table: &HashMap<Key, usize>) -> Result<String, serde_json::Error> {
        let places: Vec<usize> = parts.iter().filter_map(|p| table.get(&p.key).copied()).collect();
        serde_json::to_string(&places)
    }
    let mut members: BTreeMap<&str, String> = member.texts.iter().map(|(n, t)| (n.as_str(), t.clone())).collect();
    members.insert("id", serde_json::to_string(&member.shell.id)?);
    members.insert("cases", places(&member.cases, cases)?);
    members.insert("verdicts", places(&member.verdicts, verdicts)?);
    if let Some(sweeps) = &member.sweeps {
        members.insert("sweeps", sweeps.text.to_string());
    }
    if !member.unproven.is_empty() {
        // Sorted, as the reader has it.
        members.insert("outputs", serde_json::to_value(&member.unproven)?.to_string());
    }
    let mut out = String::from("{");
    for (i, (name, text)) in members.iter().enumerate() {
        let comma = if i > 0 { "," } else { "" };
        out.push_str(&format!("{comma}{}:{text}", serde_json::Value::from(*name)));
    }
    out.push('}');
    Ok(out)
}

/// Parts, each once, and where each is.
struct Table<'a, T> {
    parts: Vec<&'a Part<T>>,
    places: HashMap<Key, usize>,
}

impl<'a, T: Shared + 'a> Table<'a, T> {
    fn new(parts: impl Iterator<Item = &'a Arc<Part<T>>>) -> Self {
        let parts: HashMap<Key, &Part<T>> = parts.map(|p| (p.key, &**p)).collect();
        let mut parts: Vec<&Part<T>> = parts.into_values().collect();
        parts.sort_by_cached_key(|p| (p.value.likeness().into_owned(), p.key));
        let places = parts.iter().enumerate().map(|(i, p)| (p.key, i)).collect();
        Self { parts, places }
    }

    fn write(&self, name: &str, out: &mut size::Limited) -> std::io::Result<()> {
        write!(out, "],\n\"{name}\":[")?;
        let mut place = 0;
        for like in self.parts.chunk_by(|a, b| a.value.likeness() == b.value.likeness()) {
            let Some((model, others)) = like.split_first() else { continue };
            let text = model.text();
            out.write_all(if place > 0 { b",\n" } else { b"\n" })?;
            out.write_all(text.as_bytes())?;
            let mut index = None;
            for part in others {
                out.write_all(b",\n")?;
                let own = part.text();
                let edits = match part.difference_from(&model.key) {
                    Some(edits) => Some(edits.to_owned()),
                    None => difference(index.get_or_insert_with(|| Index::new(&text)), &text, &own),
                };
                out.like(&place, &own, edits)?;
            }
            place += like.len();
        }
        Ok(())
    }
}
