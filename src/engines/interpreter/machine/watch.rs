//! Watching one workgroup at a time for data races, barriers that not all reach, and indices out of bounds.
//!
//! Two accesses race where they are to one word, not both atomic, at least one a write, by different invocations, and no
//! barrier for that memory comes between: `workgroupBarrier` for workgroup memory and `storageBarrier` for buffers, as
//! the WGSL specification has it. No barrier orders accesses of two workgroups in one dispatch.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use super::Machine;
use super::mask::Mask;
use crate::engines::interpreter::code::{Access, Code, Row, Space, Unit};

/// The last accesses to one word. Invocations and workgroups are counted from 1.
#[derive(Debug, Clone, Copy, Default)]
struct Cell {
    written: Touch,
    read: Touch,
}

#[derive(Debug, Clone, Copy, Default)]
struct Touch {
    /// 0 for nobody, [`MANY`] for several.
    group: u32,
    invocation: u32,
    /// The number of barriers before it in its workgroup.
    phase: u32,
    line: u32,
}

const MANY: u32 = u32::MAX;

/// What was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::engines::interpreter) enum Notice {
    /// Two accesses to one word, or to one vector where one of them writes a component of it.
    Data { first_line: u32, line: u32, across: bool, both_write: bool, same_value: bool, vector: bool, memory: String },
    /// A barrier that only some invocations reach.
    Barrier { line: u32 },
    /// A pointer for all that is not the same in all.
    Uniform { line: u32 },
    /// An index that was clamped.
    OutOfBounds { line: u32, index: u32, last: u32 },
    /// A value was read of an invocation of a subgroup that is not active.
    Inactive { line: u32 },
    /// A power for which WGSL has no value, with its operands as bits of binary32.
    Undefined { line: u32, base: u32, exponent: u32 },
    /// A NaN that comes of numbers, or an infinity that comes of finite ones.
    NotFinite { line: u32, nan: bool, from_infinity: bool },
}

/// What tells findings apart.
type Key = (u8, u32, u32, bool);

/// A finding: how often, and its place among all.
#[derive(Debug)]
struct Found {
    notice: Notice,
    place: usize,
}

/// How often loops go round: passes through their bodies, those that leave a loop included, as drivers with a limit count.
#[derive(Debug, Clone, Default)]
pub(in crate::engines::interpreter) struct Loops {
    /// The most passes that one invocation makes, all loops together.
    pub(in crate::engines::interpreter) most: u64,
    /// The line of the loop that has more than half of them; 0 where none has.
    pub(in crate::engines::interpreter) line: u32,
    /// Lines of loops that were entered.
    entered: BTreeSet<u32>,
    /// Lines of loops that went round.
    turned: BTreeSet<u32>,
    /// Of the workgroup: passes of all lanes, those of single lanes besides, and passes by line.
    all: u64,
    lanes: Vec<u64>,
    passes: BTreeMap<u32, u64>,
}

impl Loops {
    /// The lines of loops that no invocation went through once.
    pub(in crate::engines::interpreter) fn idle(&self) -> impl Iterator<Item = u32> {
        self.entered.difference(&self.turned).copied()
    }
}

impl Notice {
    /// What makes two findings the same one.
    fn key(&self) -> Key {
        match self {
            Self::Data { first_line, line, across, .. } => (0, *line.min(first_line), *line.max(first_line), *across),
            Self::Barrier { line } => (1, *line, 0, false),
            Self::OutOfBounds { line, .. } => (2, *line, 0, false),
            Self::Uniform { line } => (3, *line, 0, false),
            Self::Inactive { line } => (4, *line, 0, false),
            Self::Undefined { line, .. } => (5, *line, 0, false),
            Self::NotFinite { line, nan, from_infinity } => (6, *line, u32::from(*nan), *from_infinity),
        }
    }
}

/// What is remembered of accesses.
#[derive(Debug)]
pub(in crate::engines::interpreter) struct Watch {
    shared: Vec<Cell>,
    /// For buffers that can be written: one a word, or one a half.
    buffers: Vec<Option<Vec<Cell>>>,
    halves: Vec<bool>,
    names: Vec<String>,
    group: u32,
    shared_phase: u32,
    storage_phase: u32,
    /// Where invocations of one subgroup synchronise by a barrier of their own, their races are not told.
    subgroup: Option<u32>,
    /// For rows of addresses, the lanes whose index was clamped: what they do to the element that they were led to is no
    /// race of the shader's.
    clamped: HashMap<Row, Vec<bool>>,
    loops: Loops,
    found: BTreeMap<Key, Found>,
}

impl Watch {
    /// Remembers nothing yet. `words` are the sizes of the buffers.
    pub(in crate::engines::interpreter) fn new(code: &Code, words: &[usize]) -> Self {
        let buffers = code.bindings.iter().zip(words);
        Self {
            shared: vec![Cell::default(); code.shared as usize],
            buffers: buffers
                .map(|(b, words)| b.writable.then(|| vec![Cell::default(); *words << u32::from(b.halves)]))
                .collect(),
            halves: code.bindings.iter().map(|b| b.halves).collect(),
            names: code.bindings.iter().map(|b| b.name.clone()).collect(),
            group: 0,
            shared_phase: 0,
            storage_phase: 0,
            subgroup: code.subgroup_barriers.then_some(code.subgroup),
            clamped: HashMap::new(),
            loops: Loops::default(),
            found: BTreeMap::new(),
        }
    }

    /// What was found, by kind and line. How often is not: one row of lanes is looked at once, and a word's race is told once.
    pub(in crate::engines::interpreter) fn found(&self) -> impl Iterator<Item = &Notice> {
        self.found.values().map(|found| &found.notice)
    }

    /// The numbers that are not finite, the first first.
    pub(in crate::engines::interpreter) fn not_finite(&self) -> Vec<Notice> {
        let mut all: Vec<&Found> =
            self.found.values().filter(|f| matches!(f.notice, Notice::NotFinite { .. })).collect();
        all.sort_by_key(|found| found.place);
        all.into_iter().map(|found| found.notice.clone()).collect()
    }

    /// How often loops went round.
    pub(in crate::engines::interpreter) fn loops(&self) -> &Loops {
        &self.loops
    }

    /// Whether two workgroups touched the same word.
    pub(in crate::engines::interpreter) fn workgroups_conflict(&self) -> bool {
        self.found().any(|race| matches!(race, Notice::Data { across: true, .. }))
    }

    pub(super) fn begin(&mut self, [x, y, z]: [u32; 3], [width, height, _]: [u32; 3], lanes: usize) {
        self.loops.lanes.clear();
        self.loops.lanes.resize(lanes, 0);
        self.loops.all = 0;
        self.loops.passes.clear();
        // Distinct for distinct workgroups as long as there are fewer than 2^32 of them.
        self.group = 1 + x.wrapping_add(width.wrapping_mul(y.wrapping_add(height.wrapping_mul(z)))) % (MANY - 1);
        self.shared.fill(Cell::default());
        self.shared_phase = 0;
        self.storage_phase = 0;
    }

    /// A loop is entered.
    pub(super) fn enter(&mut self, line: u32) {
        self.loops.entered.insert(line);
    }

    /// Of the lanes that began a pass through a loop's body, these reached its end.
    pub(super) fn turn(&mut self, line: u32, began: &Mask, reached: &Mask) {
        let loops = &mut self.loops;
        match began {
            Mask::None => return,
            Mask::All => loops.all += 1,
            Mask::Some(lanes) => {
                for (count, lane) in loops.lanes.iter_mut().zip(lanes.iter()) {
                    *count += u64::from(*lane & 1);
                }
            }
        }
        if !reached.is_none() {
            loops.turned.insert(line);
        }
        *loops.passes.entry(line).or_default() += 1;
    }

    /// The workgroup is done.
    pub(super) fn end(&mut self) {
        let loops = &mut self.loops;
        let most = loops.all + loops.lanes.iter().copied().max().unwrap_or(0);
        if most > loops.most {
            loops.most = most;
            let all: u64 = loops.passes.values().sum();
            let longest = loops.passes.iter().max_by_key(|(_, passes)| **passes);
            loops.line = longest.filter(|(_, passes)| **passes > all / 2).map_or(0, |(line, _)| *line);
        }
    }

    pub(super) fn barrier(&mut self, shared: bool, storage: bool, subgroup: bool, line: u32, all: bool) {
        self.shared_phase += u32::from(shared);
        self.storage_phase += u32::from(storage);
        if !all && !subgroup {
            self.note(Notice::Barrier { line });
        }
    }

    pub(super) fn note(&mut self, notice: Notice) {
        let place = self.found.len();
        self.found.entry(notice.key()).or_insert(Found { notice, place });
    }
}

/// What one access does.
struct Act {
    touch: Touch,
    write: bool,
    /// A write of what the word holds already.
    same_value: bool,
    subgroup: Option<u32>,
}

impl Act {
    /// Whether an invocation is of the same subgroup, where that is enough.
    fn is_beside(&self, invocation: u32) -> bool {
        self.subgroup.is_some_and(|size| (invocation - 1) / size == (self.touch.invocation - 1) / size)
    }
}

/// Whether an earlier access and this one race, and whether they are of different workgroups.
fn races(earlier: &Touch, act: &Act) -> Option<bool> {
    if earlier.group == 0 {
        return None;
    }
    if earlier.group != act.touch.group {
        return Some(true);
    }
    let apart = earlier.invocation == MANY
        || (earlier.invocation != act.touch.invocation && !act.is_beside(earlier.invocation));
    (earlier.phase == act.touch.phase && apart).then_some(false)
}

impl Cell {
    /// Remembers an access; gives the line of an earlier one that it races with, whether that is of another workgroup,
    /// and whether both write.
    fn touch(&mut self, act: &Act) -> Option<(u32, bool, bool)> {
        let mut race = races(&self.written, act).map(|across| (self.written.line, across, act.write));
        if act.write {
            race = race.or_else(|| races(&self.read, act).map(|across| (self.read.line, across, false)));
            self.written = act.touch;
        } else {
            let read = &mut self.read;
            if read.group != 0 && read.group != act.touch.group {
                // Readers of several workgroups: whoever writes later races with one of them.
                *read = Touch { group: MANY, invocation: MANY, ..act.touch };
            } else if read.group == act.touch.group && read.phase == act.touch.phase {
                // One stands for all readers of its subgroup.
                if read.invocation != act.touch.invocation
                    && (read.invocation == MANY || !act.is_beside(read.invocation))
                {
                    read.invocation = MANY;
                }
            } else {
                *read = act.touch;
            }
        }
        race
    }
}

impl Machine<'_> {
    /// Notes a plain access of every active lane.
    pub(super) fn watch_access(&mut self, access: &Access, mask: &Mask, value: Option<Row>) {
        let Some(mut watch) = self.watch.take() else { return };
        for lane in (0..self.lanes).filter(|lane| mask.has(*lane)) {
            let address = self.address(access, lane);
            if access.address.at.and_then(|row| watch.clamped.get(&row)).is_some_and(|lanes| lanes[lane]) {
                continue;
            }
            // Of a vector, the units before and after the component too.
            let (start, units) = match access.vector {
                Some((start, units)) => (self.address(&Access { address: start, ..*access }, lane), units as usize),
                None => (address, 1),
            };
            // A word is one cell, or two where its halves are used by themselves.
            let (first, count, phase) = match access.space {
                Space::Shared => (start as usize, 1, watch.shared_phase),
                Space::Buffer(index) if !watch.halves[index] => (start as usize >> 2, 1, watch.storage_phase),
                Space::Buffer(_) if access.unit == Unit::Half => (start as usize >> 1, 1, watch.storage_phase),
                Space::Buffer(_) => (start as usize >> 1, 2, watch.storage_phase),
            };
            let count = count * units;
            let invocation = u32::try_from(lane).unwrap_or(0) + 1;
            let touch = Touch { group: watch.group, invocation, phase, line: access.line };
            let same_value = value.is_some_and(|row| {
                access.unit == Unit::Word && self.word_at(access, address, 0) == self.rows[row as usize][lane]
            });
            let act = Act { touch, write: value.is_some(), same_value, subgroup: watch.subgroup };
            let cells = match access.space {
                Space::Shared => watch.shared.get_mut(first..first + count),
                Space::Buffer(index) => watch.buffers[index].as_mut().and_then(|c| c.get_mut(first..first + count)),
            };
            let race = cells.into_iter().flatten().filter_map(|cell| cell.touch(&act)).last();
            if let Some((first_line, across, both_write)) = race {
                let memory = match access.space {
                    Space::Shared => "workgroup memory".to_owned(),
                    Space::Buffer(index) => format!("buffer '{}'", watch.names[index]),
                };
                let vector = access.vector.is_some();
                let same_value = act.same_value && both_write && !vector;
                let line = access.line;
                watch.note(Notice::Data { first_line, line, across, both_write, same_value, vector, memory });
            }
        }
        self.watch = Some(watch);
    }

    /// Notes an address that must be the same in all active lanes, and is not.
    pub(super) fn watch_uniform(&mut self, at: Row, line: u32, mask: &Mask) {
        let mut addresses = (0..self.lanes).filter(|lane| mask.has(*lane)).map(|lane| self.rows[at as usize][lane]);
        let first = addresses.next();
        if addresses.any(|address| Some(address) != first)
            && let Some(watch) = &mut self.watch
        {
            watch.note(Notice::Uniform { line });
        }
    }

    /// Notes an index that is out of bounds in an active lane. The rows are those of the index, of the address that it is
    /// added to, and of the sum.
    pub(super) fn watch_index(
        &mut self,
        (index, base, out): (Row, Option<Row>, Row),
        last: u32,
        line: u32,
        mask: &Mask,
    ) {
        if let Some(watch) = &mut self.watch {
            let mut lanes = base.and_then(|row| watch.clamped.get(&row).cloned()).unwrap_or_default();
            lanes.resize(self.lanes, false);
            for (lane, clamped) in lanes.iter_mut().enumerate() {
                *clamped |= self.rows[index as usize][lane] > last;
            }
            if lanes.contains(&true) {
                watch.clamped.insert(out, lanes);
            } else {
                watch.clamped.remove(&out);
            }
        }
        let beyond = (0..self.lanes)
            .filter(|lane| mask.has(*lane))
            .map(|lane| self.rows[index as usize][lane])
            .find(|index| *index > last);
        if let (Some(index), Some(watch)) = (beyond, &mut self.watch) {
            watch.note(Notice::OutOfBounds { line, index, last });
        }
    }
}
