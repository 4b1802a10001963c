//! Outputs that a record keeps, so that the drift between two machines can be computed from two records: small ones
//! whole, of large ones some chunks.
//!
//! Everything here is a function of an output's words alone. Two machines that store one output store the same, and a
//! table is addressed by content: its key is the output's digest, which proves what is stored under it. The samples of
//! formats 1.2 and 1.3 it does not prove: those are the word of the record that they came in, and say nothing of others.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::stored::{DamagedOutput, Stored};

/// The first result of every execution, by its digest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Outputs(BTreeMap<String, Stored>);

impl<'de> Deserialize<'de> for Outputs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> serde::de::Visitor<'de> for Table {
            type Value = Outputs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("outputs by digest")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Outputs, A::Error> {
                let mut out = BTreeMap::new();
                while let Some((digest, stored)) = map.next_entry::<String, Stored>()? {
                    if out.insert(digest, stored).is_some() {
                        return Err(serde::de::Error::custom("an output is given twice"));
                    }
                }
                Ok(Outputs(out))
            }
        }
        deserializer.deserialize_map(Table)
    }
}

impl Outputs {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The output of this digest.
    #[must_use]
    pub fn get(&self, digest: &str) -> Option<&Stored> {
        self.0.get(digest)
    }

    /// All, by digest.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Stored)> {
        self.0.iter()
    }

    /// Whether this digest is there.
    #[must_use]
    pub fn has(&self, digest: &str) -> bool {
        self.0.contains_key(digest)
    }

    /// Adds an output; of one that is there in another form, what both say together: see [`Stored::join`].
    pub fn add(&mut self, digest: String, stored: Stored) {
        let joined = match self.0.remove(&digest) {
            Some(there) => there.join(stored),
            None => stored,
        };
        self.0.insert(digest, joined);
    }

    /// Those that are proven by their digests, and those that are not.
    #[must_use]
    pub fn by_proof(self) -> (Self, Self) {
        let (proven, rest) = self.0.into_iter().partition(|(_, stored)| stored.is_proven());
        (Self(proven), Self(rest))
    }

    /// Adds all outputs of another table: see [`Outputs::add`].
    pub fn join(&mut self, other: Self) {
        other.0.into_iter().for_each(|(digest, stored)| self.add(digest, stored));
    }

    /// Checks every output against its digest.
    ///
    /// # Errors
    /// The first one that is damaged.
    pub fn verify(&self) -> Result<(), DamagedOutput> {
        self.0.iter().try_for_each(|(digest, stored)| stored.verify(digest))
    }
}
