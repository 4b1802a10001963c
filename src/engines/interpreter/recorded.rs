//! The values of a shader's operations, in the order in which they are computed: where two executions of one shader first differ.

use std::collections::HashMap;

/// Values of one operation that are remembered of an execution, of all invocations that run together; more are not looked at.
const MOST: usize = 1 << 21;

/// Where in a shader an operation is.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Place {
    /// Its line; 0 where it is not known.
    pub line: u32,
    /// As it is written.
    pub text: String,
}

/// The first value that differs between two executions.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Apart {
    /// Of which operation.
    pub place: Place,
    /// Its place among the invocations that run together.
    pub lane: usize,
    /// The word of the one execution, and of the other.
    pub words: [u32; 2],
}

/// One time that an operation was executed: its place, and how often before.
type Event = (usize, u32);

/// What is done with values.
#[derive(Debug, Default)]
enum Task {
    /// A digest of each is kept.
    #[default]
    Keep,
    /// The first that is another one is found.
    Compare,
    /// That one is taken from the first execution again.
    Take(Event),
}

/// See the module.
#[derive(Debug, Default)]
pub struct Recording {
    places: Vec<Place>,
    task: Task,
    /// How often each was executed in this execution.
    times: HashMap<usize, u32>,
    kept: HashMap<Event, u64>,
    /// The values of the first that differs: lane by lane, active or not, and row by row.
    found: Option<(Event, Vec<Option<Vec<u32>>>)>,
    taken: Option<Vec<Option<Vec<u32>>>>,
}

/// FNV-1a, 64 bits.
fn digest(lanes: &[Option<Vec<u32>>]) -> u64 {
    let mut hash = 0xcbf2_9ce4_8422_2325_u64;
    let mut take = |word: u64| hash = (hash ^ word).wrapping_mul(0x0100_0000_01b3);
    for (lane, words) in lanes.iter().enumerate() {
        let Some(words) = words else { continue };
        take(lane as u64);
        words.iter().for_each(|word| take(u64::from(*word)));
    }
    hash
}

impl Recording {
    /// The number of an operation.
    pub(super) fn place(&mut self, place: Place) -> usize {
        if let Some(there) = self.places.iter().position(|p| *p == place) {
            return there;
        }
        self.places.push(place);
        self.places.len() - 1
    }

    /// An operation was executed, with these values of each lane that is active.
    pub(super) fn add(&mut self, place: usize, values: impl FnOnce() -> Vec<Option<Vec<u32>>>) {
        let time = self.times.entry(place).or_default();
        let event = (place, *time);
        *time += 1;
        match &self.task {
            Task::Keep if self.kept.len() < MOST => {
                self.kept.insert(event, digest(&values()));
            }
            Task::Compare if self.found.is_none() => {
                let Some(kept) = self.kept.get(&event).copied() else { return };
                let values = values();
                if digest(&values) != kept {
                    self.found = Some((event, values));
                }
            }
            Task::Take(wanted) if *wanted == event => self.taken = Some(values()),
            _ => {}
        }
    }

    /// The next execution is compared with the first one.
    pub(super) fn compare(&mut self) {
        self.times.clear();
        self.found = None;
        self.task = Task::Compare;
    }

    /// The next execution is the first one again. False where nothing differs.
    pub(super) fn take(&mut self) -> bool {
        self.times.clear();
        match &self.found {
            Some((event, _)) => {
                self.task = Task::Take(*event);
                true
            }
            None => false,
        }
    }

    /// What differs first.
    pub(super) fn apart(&self) -> Option<Apart> {
        let ((place, _), found) = self.found.as_ref()?;
        let taken = self.taken.as_ref()?;
        let both = taken.iter().zip(found).enumerate();
        both.filter_map(|(lane, (a, b))| Some((lane, a.as_ref()?, b.as_ref()?))).find_map(|(lane, a, b)| {
            let (one, other) = a.iter().zip(b).find(|(one, other)| one != other)?;
            Some(Apart { place: self.places.get(*place)?.clone(), lane, words: [*one, *other] })
        })
    }
}
