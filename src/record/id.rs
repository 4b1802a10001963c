//! A record's id: a digest of its content, so that two audits that found the same have the same id.

use std::collections::BTreeMap;

use super::canonical::Text;
use crate::model::record::Record;

/// Members that are not part of the id: itself, what varies by itself, and the outputs, whose digests are part of it.
const APART: [&str; 3] = ["id", "run", "outputs"];

/// BLAKE3 over the record as canonical JSON, without its id, [`Record::run`], [`Record::outputs`] and every field named
/// `seconds`, as 64 hexadecimal digits.
///
/// # Errors
/// When the record cannot be written as JSON.
pub fn content_id(record: &Record) -> Result<String, serde_json::Error> {
    id_of(&serde_json::to_vec(record)?)
}

/// [`content_id`] of a record as it is in a file, members included that this program does not know.
pub(super) fn id_of(json: &[u8]) -> Result<String, serde_json::Error> {
    let members: BTreeMap<String, Text> = serde_json::from_slice(json)?;
    let mut hasher = Hasher::default();
    for (name, text) in &members {
        hasher.member(name, [text.0.as_str()], false);
    }
    Ok(hasher.finish())
}

/// Bytes that are hashed at once: BLAKE3 takes several chunks of 1 KiB in one step, and texts are often shorter.
const BLOCK: usize = 64 << 10;

/// Digests members that are given in the order of their names.
pub(super) struct Hasher {
    hasher: blake3::Hasher,
    waiting: Vec<u8>,
    first: bool,
}

impl Default for Hasher {
    fn default() -> Self {
        let mut waiting = Vec::with_capacity(2 * BLOCK);
        waiting.push(b'{');
        Self { hasher: blake3::Hasher::new(), waiting, first: true }
    }
}

impl Hasher {
    fn update(&mut self, bytes: &[u8]) {
        self.waiting.extend_from_slice(bytes);
        if self.waiting.len() >= BLOCK {
            // Whole blocks only, so that each begins where a step does.
            let whole = self.waiting.len() / BLOCK * BLOCK;
            self.hasher.update(&self.waiting[..whole]);
            self.waiting.drain(..whole);
        }
    }

    /// Takes a member whose value is a text, or a list of texts.
    pub(super) fn member(&mut self, name: &str, texts: impl IntoIterator<Item = impl AsRef<str>>, list: bool) {
        if APART.contains(&name) {
            return;
        }
        if !self.first {
            self.update(b",");
        }
        self.first = false;
        let name = serde_json::Value::from(name).to_string();
        self.update(name.as_bytes());
        self.update(if list { b":[" } else { b":" });
        for (i, text) in texts.into_iter().enumerate() {
            if i > 0 {
                self.update(b",");
            }
            self.update(text.as_ref().as_bytes());
        }
        if list {
            self.update(b"]");
        }
    }

    /// The id.
    pub(super) fn finish(mut self) -> String {
        self.update(b"}");
        self.hasher.update(&self.waiting);
        self.hasher.finalize().to_hex().to_string()
    }
}
