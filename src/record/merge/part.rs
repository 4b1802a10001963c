//! The parts that records share: cases and verdicts, each once, by the digest of its canonical text. Of those that are nearly
//! the same, as one case of two audits of one machine often is, the first is held whole and the others as differences from it.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use serde::de::DeserializeOwned;

use super::read::Fault;
use crate::model::record::{CaseRecord, CaseView, Verdict};
use crate::record::difference::{self, Index};
use crate::record::sound::{self, Unfit};

/// The digest of a part's text.
pub(super) type Key = [u8; 16];

/// The first bytes of a digest.
pub(super) fn short(hasher: &blake3::Hasher) -> Key {
    let mut key = [0; 16];
    key.copy_from_slice(&hasher.finalize().as_bytes()[..16]);
    key
}

/// What a part is.
pub(super) trait Shared: Sized {
    /// As it is in a file.
    type Full: DeserializeOwned;

    /// What is needed of it, once its parts fit one another.
    fn of(full: Self::Full) -> Result<Self, Unfit>;

    /// What those have in common whose texts are likely to be nearly the same.
    fn likeness(&self) -> Cow<'_, str>;
}

impl Shared for CaseView {
    type Full = CaseRecord;

    fn of(full: CaseRecord) -> Result<Self, Unfit> {
        sound::case(&full)?;
        Ok(Self::from(&full))
    }

    fn likeness(&self) -> Cow<'_, str> {
        self.id.as_str().into()
    }
}

impl Shared for Verdict {
    type Full = Self;

    fn of(full: Self) -> Result<Self, Unfit> {
        Ok(full)
    }

    fn likeness(&self) -> Cow<'_, str> {
        format!("{} {}", self.problem, self.engine).into()
    }
}

/// A part that records share.
#[derive(Debug)]
pub(super) struct Part<T> {
    pub(super) key: Key,
    pub(super) value: T,
    text: Held<T>,
}

/// A canonical text.
#[derive(Debug)]
enum Held<T> {
    Whole(Box<str>),
    /// As the difference from that of a part which is held whole.
    Like(Arc<Part<T>>, Box<str>),
}

impl<T> Part<T> {
    /// Its canonical text.
    pub(super) fn text(&self) -> Cow<'_, str> {
        match &self.text {
            Held::Whole(text) => Cow::Borrowed(text),
            // It was made of the two.
            Held::Like(model, edits) => {
                Cow::Owned(difference::apply(&model.text(), edits, usize::MAX).unwrap_or_default())
            }
        }
    }

    /// Its difference from a part of this key, where it is held so.
    pub(super) fn difference_from(&self, model: &Key) -> Option<&str> {
        match &self.text {
            Held::Like(like, edits) if like.key == *model => Some(edits),
            _ => None,
        }
    }
}

/// The difference of a text from one that is like it, where that saves something.
pub(super) fn difference(index: &Index, like: &str, text: &str) -> Option<String> {
    let edits = index.difference(like, text);
    (edits.len() < text.len() / 20 * 19).then_some(edits)
}

/// The parts that were met, by their keys.
#[derive(Debug)]
pub(super) struct Known<T>(Mutex<Tables<T>>);

#[derive(Debug)]
struct Tables<T> {
    parts: HashMap<Key, Arc<Part<T>>>,
    /// The first of those with one likeness.
    models: HashMap<String, Arc<Model<T>>>,
}

#[derive(Debug)]
struct Model<T> {
    part: Arc<Part<T>>,
    index: OnceLock<Index>,
}

impl<T> Default for Known<T> {
    fn default() -> Self {
        Self(Mutex::new(Tables { parts: HashMap::new(), models: HashMap::new() }))
    }
}

impl<T: Shared> Known<T> {
    /// The part of this key.
    pub(super) fn find(&self, key: &Key) -> Option<Arc<Part<T>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).parts.get(key).map(Arc::clone)
    }

    /// The part of this text: the one that is known already, or a new one, once it is checked.
    pub(super) fn part(&self, text: String) -> Result<Arc<Part<T>>, Fault> {
        let lock = || self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let key = short(blake3::Hasher::new().update(text.as_bytes()));
        if let Some(part) = lock().parts.get(&key) {
            return Ok(Arc::clone(part));
        }
        let value = T::of(serde_json::from_str(&text)?)?;
        let likeness = value.likeness().into_owned();
        let model = lock().models.get(&likeness).map(Arc::clone);
        let held = match &model {
            None => Held::Whole(text.into()),
            Some(model) => {
                let like = model.part.text();
                let index = model.index.get_or_init(|| Index::new(&like));
                match difference(index, &like, &text) {
                    Some(edits) => Held::Like(Arc::clone(&model.part), edits.into()),
                    None => Held::Whole(text.into()),
                }
            }
        };
        let mut known = lock();
        let part = Arc::clone(known.parts.entry(key).or_insert_with(|| Arc::new(Part { key, value, text: held })));
        if matches!(part.text, Held::Whole(_)) {
            let model = || Arc::new(Model { part: Arc::clone(&part), index: OnceLock::new() });
            known.models.entry(likeness).or_insert_with(model);
        }
        Ok(part)
    }
}
