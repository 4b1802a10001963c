//! Operations whose values the interpreter takes from elsewhere: from the adapter itself, which is asked for each of them apart
//! from the shader. A shader that then gives the adapter's bits differs from strict arithmetic because of those operations and
//! of nothing else.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::math::{self, Kernel, Scalar};
use super::recorded::Recording;
use crate::wgsl::primitive::{Kind, Primitive};

/// The words of one operand list or result, scalar by scalar. A binary16 number is its 16 bits.
pub type Words = Box<[u32]>;

/// What an adapter gives for operations, as far as it was asked, and what it is still to be asked.
#[derive(Debug, Default)]
pub struct Answers {
    places: HashMap<Primitive, usize>,
    tables: Vec<Table>,
}

#[derive(Debug)]
struct Table {
    primitive: Primitive,
    known: HashMap<Words, Words>,
    /// In order, so that what is asked does not depend on how lanes are taken.
    missing: BTreeSet<Words>,
}

/// Which operations are asked for, and the answers.
#[derive(Debug, Clone)]
pub struct Asking {
    covered: Covered,
    answers: Arc<Mutex<Answers>>,
    /// How often each operation came up, by its place.
    used: Arc<Mutex<BTreeMap<usize, u64>>>,
    /// The values of all operations, where they are recorded.
    recording: Option<Arc<Mutex<Recording>>>,
}

/// Operations.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Covered {
    /// Every built-in function.
    Functions,
    /// Every operator and conversion too.
    All,
    /// These.
    Only(Vec<Primitive>),
    /// Those of these names.
    Named(BTreeSet<String>),
    /// All but this one.
    Others(Primitive),
}

impl Covered {
    /// Whether an operation is among them.
    #[must_use]
    pub fn has(&self, primitive: &Primitive) -> bool {
        match self {
            Self::Functions => primitive.is_function(),
            Self::All => true,
            Self::Only(these) => these.contains(primitive),
            Self::Named(names) => names.contains(&primitive.name()),
            Self::Others(than) => primitive != than,
        }
    }
}

impl Answers {
    /// The place of an operation.
    fn place(&mut self, primitive: &Primitive) -> usize {
        if let Some(place) = self.places.get(primitive) {
            return *place;
        }
        let place = self.tables.len();
        self.tables.push(Table { primitive: primitive.clone(), known: HashMap::new(), missing: BTreeSet::new() });
        self.places.insert(primitive.clone(), place);
        place
    }

    /// The operands that came up and have no answer, by operation.
    pub fn missing(&self) -> impl Iterator<Item = (&Primitive, Vec<&Words>)> {
        let some = self.tables.iter().filter(|t| !t.missing.is_empty());
        some.map(|t| (&t.primitive, t.missing.iter().collect()))
    }

    /// How many operands came up that have no answer.
    #[must_use]
    pub fn count_missing(&self) -> usize {
        self.tables.iter().map(|t| t.missing.len()).sum()
    }

    /// Takes answers.
    pub fn tell(&mut self, primitive: &Primitive, answers: impl IntoIterator<Item = (Words, Words)>) {
        let place = self.place(primitive);
        if let Some(table) = self.tables.get_mut(place) {
            for (given, made) in answers {
                table.missing.remove(&given);
                table.known.insert(given, made);
            }
        }
    }

    /// The words of all results of an operation.
    #[must_use]
    pub fn results(&self, primitive: &Primitive) -> HashSet<u32> {
        let table = self.places.get(primitive).and_then(|place| self.tables.get(*place));
        table.into_iter().flat_map(|t| t.known.values()).flat_map(|words| words.iter().copied()).collect()
    }

    /// The operations that came up.
    pub fn primitives(&self) -> impl Iterator<Item = &Primitive> {
        self.tables.iter().map(|t| &t.primitive)
    }

    /// All answers of an operation: operands in order, and at the same places results.
    #[must_use]
    pub fn known(&self, primitive: &Primitive) -> (Vec<Words>, Vec<Words>) {
        let table = self.places.get(primitive).and_then(|place| self.tables.get(*place));
        let mut known: Vec<(&Words, &Words)> = table.into_iter().flat_map(|t| &t.known).collect();
        known.sort_unstable();
        known.into_iter().map(|(given, made)| (given.clone(), made.clone())).unzip()
    }

    /// Forgets what was not answered.
    pub fn give_up(&mut self) {
        self.tables.iter_mut().for_each(|t| t.missing.clear());
    }
}

impl Asking {
    /// Asks for these operations, with answers that may serve other shaders too.
    #[must_use]
    pub fn new(covered: Covered, answers: Arc<Mutex<Answers>>) -> Self {
        Self { covered, answers, used: Arc::default(), recording: None }
    }

    /// The same, with the values of all operations recorded.
    #[must_use]
    pub fn recording(mut self, recording: Arc<Mutex<Recording>>) -> Self {
        self.recording = Some(recording);
        self
    }

    /// What is recorded.
    pub(super) fn recorded(&self) -> Option<MutexGuard<'_, Recording>> {
        self.recording.as_ref().map(|r| r.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// The answers.
    pub fn answers(&self) -> MutexGuard<'_, Answers> {
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The operations that came up since the last execution began, and how often.
    #[must_use]
    pub fn used(&self) -> BTreeMap<Primitive, u64> {
        let answers = self.answers();
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        used.iter().filter_map(|(place, n)| Some((answers.tables.get(*place)?.primitive.clone(), *n))).collect()
    }

    /// An execution begins.
    pub(super) fn begin(&self) {
        self.used.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// The place of an operation among the answers, where it is asked for.
    pub(super) fn place(&self, primitive: &Primitive) -> Option<usize> {
        self.covered.has(primitive).then(|| self.answers().place(primitive))
    }
}

/// A row's word as a question has it.
fn encoded(kind: Kind, word: u32) -> u32 {
    match (kind, math::f16_to_bits()) {
        (Kind::F16, Kernel::Map1(f)) => {
            let mut out = [0];
            f(&mut out, &[word]);
            out[0]
        }
        _ => word,
    }
}

/// An answer's word as a row has it.
fn decoded(kind: Kind, word: u32) -> u32 {
    match (kind, math::f16_from_bits()) {
        (Kind::F16, Kernel::Map1(f)) => {
            let mut out = [0];
            f(&mut out, &[word & 0xffff]);
            out[0]
        }
        _ => word,
    }
}

/// The answers for the lanes of rows: fills `made` where one is known, leaves it where none is, and notes what is missing of
/// `active` lanes.
pub(super) fn answer(
    asking: &Asking,
    place: usize,
    given: &[&[u32]],
    made: &mut [&mut [u32]],
    active: impl Fn(usize) -> bool,
) {
    let mut answers = asking.answers();
    let Some(table) = answers.tables.get_mut(place) else { return };
    let (given_kinds, made_kinds): (Vec<Kind>, Vec<Kind>) =
        (table.primitive.given_kinds().collect(), table.primitive.made_kinds().collect());
    let lanes = given.first().map_or(0, |row| row.len());
    let mut used = 0;
    for lane in (0..lanes).filter(|lane| active(*lane)) {
        used += 1;
        let words: Words = given_kinds.iter().zip(given).map(|(kind, row)| encoded(*kind, row[lane])).collect();
        match table.known.get(&words) {
            Some(found) => {
                for ((row, kind), word) in made.iter_mut().zip(&made_kinds).zip(found) {
                    row[lane] = decoded(*kind, *word);
                }
            }
            None => {
                table.missing.insert(words);
            }
        }
    }
    *asking.used.lock().unwrap_or_else(PoisonError::into_inner).entry(place).or_default() += used;
}

impl Scalar {
    /// As an operand of an operation that can be asked for; `None` for types that can't.
    pub(super) fn kind(self) -> Option<Kind> {
        Some(match self {
            Self::Bool => Kind::Bool,
            Self::I32 => Kind::I32,
            Self::U32 => Kind::U32,
            Self::F16 => Kind::F16,
            Self::F32 => Kind::F32,
            Self::I64 | Self::U64 | Self::F64 => return None,
        })
    }
}
