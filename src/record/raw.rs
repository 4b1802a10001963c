//! A file as it is: a record, or several that were merged, with every part as canonical text. Members that this program
//! does not know are kept, so that merging a record of a later minor version loses nothing of it.
//!
//! In a merged file a part may be told as its difference from another of its table: a list of that one's place, or for an output
//! its digest, and what [`super::difference`] makes of the two. The other one is never told so itself.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{Deserialize, DeserializeSeed, Deserializer, Error as _, MapAccess, SeqAccess, Visitor};

use super::canonical::{Object, Text, Timed};
use crate::model::record::{Outputs, Stored};

/// See the module. A merged file has `records`; its `cases` and `verdicts` are tables that those refer to by place.
#[derive(Debug, Default)]
pub(super) struct Raw {
    pub(super) id: String,
    /// Objects; lists, which are differences; and numbers, which are lines that are known.
    pub(super) cases: Vec<Text>,
    pub(super) verdicts: Vec<Text>,
    pub(super) outputs: Outputs,
    /// The outputs that are told as a difference, by digest.
    pub(super) alike: BTreeMap<String, String>,
    /// The numbers of the outputs whose lines are known, by digest.
    pub(super) known: BTreeMap<String, String>,
    /// Each a [`RawMember`], or a difference.
    pub(super) records: Option<Vec<Timed>>,
    pub(super) expected: BTreeSet<String>,
    /// The other members of a record.
    pub(super) members: BTreeMap<String, String>,
}

/// One record of a merged file.
#[derive(Debug, Default)]
pub(super) struct RawMember {
    pub(super) id: String,
    pub(super) cases: Vec<usize>,
    pub(super) verdicts: Vec<usize>,
    /// The outputs that nothing proves.
    pub(super) outputs: Outputs,
    pub(super) members: BTreeMap<String, String>,
}

/// Reads the table of outputs.
struct Table<'a>(&'a mut Raw);

impl<'de> DeserializeSeed<'de> for Table<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for Table<'_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("outputs by digest")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some((digest, output)) = map.next_entry::<String, RawOutput>()? {
            let Raw { outputs, alike, known, .. } = &*self.0;
            if outputs.has(&digest) || alike.contains_key(&digest) || known.contains_key(&digest) {
                return Err(A::Error::custom("an output is given twice"));
            }
            match output {
                RawOutput::Stored(stored) => self.0.outputs.add(digest, stored),
                RawOutput::Alike(text) => drop(self.0.alike.insert(digest, text)),
                RawOutput::Known(number) => drop(self.0.known.insert(digest, number)),
            }
        }
        Ok(())
    }
}

/// One of the table.
enum RawOutput {
    Stored(Stored),
    Alike(String),
    Known(String),
}

impl<'de> Deserialize<'de> for RawOutput {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Either;
        impl<'de> Visitor<'de> for Either {
            type Value = RawOutput;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("an output")
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RawOutput, A::Error> {
                Stored::deserialize(MapAccessDeserializer::new(map)).map(RawOutput::Stored)
            }

            fn visit_u64<E: serde::de::Error>(self, number: u64) -> Result<RawOutput, E> {
                Ok(RawOutput::Known(number.to_string()))
            }

            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<RawOutput, A::Error> {
                Ok(RawOutput::Alike(Text::deserialize(SeqAccessDeserializer::new(seq))?.0))
            }
        }
        deserializer.deserialize_any(Either)
    }
}

/// A member whose text is kept. Of `run`, the seconds too: they are not part of an id, but of a record.
fn text<'de, A: MapAccess<'de>>(name: &str, map: &mut A) -> Result<String, A::Error> {
    if name == "run" {
        return Ok(map.next_value::<serde_json::Value>()?.to_string());
    }
    Ok(map.next_value::<Text>()?.0)
}

/// The texts of cases or verdicts.
fn objects<'de, A: MapAccess<'de>>(map: &mut A) -> Result<Vec<Text>, A::Error> {
    Ok(map.next_value::<Vec<Object>>()?.into_iter().map(|object| object.0).collect())
}

/// Notices a member that is given twice.
#[derive(Default)]
struct Once(BTreeSet<String>);

impl Once {
    fn see<E: serde::de::Error>(&mut self, name: &str) -> Result<(), E> {
        if self.0.insert(name.to_owned()) {
            return Ok(());
        }
        Err(E::custom(format!("the member '{name}' is given twice")))
    }
}

impl<'de> Deserialize<'de> for Raw {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = Raw;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a record")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Raw, A::Error> {
                let (mut out, mut once) = (Raw::default(), Once::default());
                while let Some(name) = map.next_key::<String>()? {
                    once.see(&name)?;
                    match name.as_str() {
                        "id" => out.id = map.next_value()?,
                        "cases" => out.cases = objects(&mut map)?,
                        "verdicts" => out.verdicts = objects(&mut map)?,
                        "outputs" => map.next_value_seed(Table(&mut out))?,
                        "records" => out.records = Some(map.next_value()?),
                        "expected" => out.expected = map.next_value()?,
                        _ => {
                            let text = text(&name, &mut map)?;
                            out.members.insert(name, text);
                        }
                    }
                }
                for name in ["id", "cases", "verdicts"] {
                    if !once.0.contains(name) {
                        return Err(A::Error::custom(format!("it has no member '{name}'")));
                    }
                }
                Ok(out)
            }
        }
        deserializer.deserialize_map(Members)
    }
}

impl<'de> Deserialize<'de> for RawMember {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Members;
        impl<'de> Visitor<'de> for Members {
            type Value = RawMember;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a merged record's member")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<RawMember, A::Error> {
                let (mut out, mut once) = (RawMember::default(), Once::default());
                while let Some(name) = map.next_key::<String>()? {
                    once.see(&name)?;
                    match name.as_str() {
                        "id" => out.id = map.next_value()?,
                        "cases" => out.cases = map.next_value()?,
                        "verdicts" => out.verdicts = map.next_value()?,
                        "outputs" => out.outputs = map.next_value()?,
                        _ => {
                            let text = text(&name, &mut map)?;
                            out.members.insert(name, text);
                        }
                    }
                }
                Ok(out)
            }
        }
        deserializer.deserialize_map(Members)
    }
}
