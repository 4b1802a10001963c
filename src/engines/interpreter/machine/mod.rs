//! The lockstep machine: executes code for all lanes of a workgroup, or of several, at once.
//!
//! A step is applied to every lane, active or not, wherever that can do no harm: rows of inactive lanes are never looked
//! at, and addresses are in bounds whatever they are computed from. Masks matter for stores, atomics and subgroups.

mod collective;
mod mask;
mod memory;
mod watch;

use std::collections::{BTreeSet, HashMap};
use std::rc::Rc;

pub(super) use mask::Mask;
pub(super) use memory::Buffer;
pub(super) use watch::{Race, Watch};

use super::code::{Arm, Block, Code, Effect, Input, Row, Step};

/// Why a dispatch did not end.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub(super) enum Stopped {
    /// A loop, or a tree of calls, went on.
    #[error("a workgroup did not end within {limit} steps: the loop or call on line {line} goes on")]
    Steps {
        /// The limit.
        limit: u64,
        /// The loop's or call's.
        line: u32,
    },
}

/// Steps that lanes may take while they are apart.
const STEPS_APART: u64 = 1 << 22;

/// Two to four parts of the lanes, in their order.
fn parts(order: &[u32]) -> Vec<Mask> {
    let count = 2 + order.first().map_or(0, |first| *first as usize % 3);
    order
        .chunks(order.len().div_ceil(count).max(1))
        .map(|part| {
            let mut lanes = vec![0; order.len()];
            part.iter().for_each(|lane| lanes[*lane as usize] = u32::MAX);
            Mask::new(lanes.into())
        })
        .collect()
}

/// A workgroup, or some, in execution.
pub(super) struct Machine<'c> {
    code: &'c Code,
    buffers: &'c [&'c Buffer],
    rows: Vec<Box<[u32]>>,
    /// A row of zeros.
    zeros: Row,
    /// Invocations of all workgroups.
    lanes: usize,
    /// Workgroups that run together.
    groups: usize,
    /// Their memory, one after another.
    shared: Vec<u32>,
    /// Where each lane's workgroup's memory starts.
    shared_base: Vec<u32>,
    /// The order in which lanes' stores and atomics take effect; by index where there is none.
    order: Option<Vec<u32>>,
    /// Lanes that go on to the next point where all meet before the next ones start; empty where all go in step.
    parts: Vec<Mask>,
    /// For the steps from an address on: how many come before lanes meet, and the rows that they write.
    segments: HashMap<usize, (usize, Rc<[Row]>)>,
    /// What functions do, as far as it was asked.
    effects: Vec<Option<Rc<Effect>>>,
    /// Whether one part is on.
    are_apart: bool,
    /// Exchanges under a weak condition while parts are apart.
    exchanges: u32,
    /// What is read of an invocation of a subgroup that is not active.
    absent: u32,
    breaks: Vec<Mask>,
    continues: Vec<Mask>,
    fuel: u64,
    most_steps: u64,
    watch: Option<Watch>,
}

impl<'c> Machine<'c> {
    /// A machine for `groups` workgroups at a time.
    pub(super) fn new(code: &'c Code, buffers: &'c [&'c Buffer], groups: usize, most_steps: u64) -> Self {
        let size = code.invocations();
        let lanes = size * groups;
        let zeros = code.rows;
        let mut rows: Vec<Box<[u32]>> = (0..=code.rows).map(|_| vec![0; lanes].into_boxed_slice()).collect();
        for (row, word) in &code.constants {
            rows[*row as usize].fill(*word);
        }
        let words = code.shared as usize;
        let base = |lane: usize| u32::try_from(lane / size * words).unwrap_or(u32::MAX);
        Self {
            code,
            buffers,
            rows,
            zeros,
            lanes,
            groups,
            shared: vec![0; words * groups],
            shared_base: (0..lanes).map(base).collect(),
            order: None,
            parts: Vec::new(),
            segments: HashMap::new(),
            effects: vec![None; code.functions.len()],
            are_apart: false,
            exchanges: 0,
            absent: 0,
            breaks: Vec::new(),
            continues: Vec::new(),
            fuel: most_steps,
            most_steps,
            watch: None,
        }
    }

    /// Reads this of invocations of a subgroup that are not active; zero otherwise.
    pub(super) fn with_absent(mut self, word: u32) -> Self {
        self.absent = word;
        self
    }

    /// Watches for races from now on. Only for one workgroup at a time.
    pub(super) fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    /// What was watched.
    pub(super) fn into_watch(self) -> Option<Watch> {
        self.watch
    }

    /// Executes these workgroups (their coordinates, no more than the machine holds) of a dispatch of `all`, with
    /// lanes' stores and atomics in the given order, and some lanes' ahead of others' where they are to go `apart`.
    pub(super) fn run(
        &mut self,
        groups: &[[u32; 3]],
        all: [u32; 3],
        order: Option<Vec<u32>>,
        apart: bool,
    ) -> Result<(), Stopped> {
        self.parts = order.as_deref().filter(|_| apart && self.watch.is_none()).map(parts).unwrap_or_default();
        self.order = order;
        // What waits for another invocation by itself waits in vain where that one is to go later.
        self.fuel = if self.parts.is_empty() { self.most_steps } else { self.most_steps.min(STEPS_APART) };
        self.inputs(groups, all);
        self.clear_shared();
        if let (Some(watch), Some(group)) = (&mut self.watch, groups.first()) {
            watch.begin(*group, all);
        }
        let size = self.lanes / self.groups;
        let live = groups.len() * size;
        let mask = if live == self.lanes {
            Mask::All
        } else {
            Mask::new((0..self.lanes).map(|lane| if lane < live { u32::MAX } else { 0 }).collect())
        };
        let code = self.code;
        self.block(&code.body, mask)?;
        Ok(())
    }

    fn inputs(&mut self, groups: &[[u32; 3]], all: [u32; 3]) {
        let [x, y, _] = self.code.workgroup;
        let size = self.lanes / self.groups;
        let subgroup = self.code.subgroup;
        for (row, input) in &self.code.inputs {
            let row = &mut self.rows[*row as usize];
            for (lane, word) in row.iter_mut().enumerate() {
                let group = groups.get(lane / size).copied().unwrap_or_default();
                let index = u32::try_from(lane % size).unwrap_or(0);
                let local = [index % x, index / x % y, index / (x * y)];
                *word = match input {
                    Input::GlobalInvocationId(k) => {
                        group[*k].wrapping_mul(self.code.workgroup[*k]).wrapping_add(local[*k])
                    }
                    Input::LocalInvocationId(k) => local[*k],
                    Input::LocalInvocationIndex => index,
                    Input::WorkGroupId(k) => group[*k],
                    Input::NumWorkGroups(k) => all[*k],
                    Input::SubgroupSize => subgroup,
                    Input::SubgroupInvocationId => index % subgroup,
                    Input::SubgroupId => index / subgroup,
                    Input::NumSubgroups => u32::try_from(size).unwrap_or(0).div_ceil(subgroup),
                };
            }
        }
    }

    fn row(&self, row: Row) -> &[u32] {
        &self.rows[row as usize]
    }

    /// Takes a row out, so that others can be read while it is written.
    fn take(&mut self, row: Row) -> Box<[u32]> {
        std::mem::take(&mut self.rows[row as usize])
    }

    /// Executes a block; gives the lanes that reach its end. Where lanes go apart, those of one part go from each point
    /// where all meet to the next before those of the next part do.
    fn block(&mut self, block: &'c [Step], mut mask: Mask) -> Result<Mask, Stopped> {
        if self.parts.is_empty() {
            return self.steps(block, mask);
        }
        let mut rest = block;
        while !rest.is_empty() && !mask.is_none() {
            let (alone, written) = self.segment(rest);
            let (first, after) = rest.split_at(alone.max(1));
            mask = if alone == 0 { self.steps(first, mask)? } else { self.in_parts(first, &written, &mask)? };
            rest = after;
        }
        Ok(mask)
    }

    /// How many steps come before the next one where lanes meet, and the rows that they write.
    fn segment(&mut self, block: &'c [Step]) -> (usize, Rc<[Row]>) {
        let (code, effects) = (self.code, &mut self.effects);
        let known = self.segments.entry(std::ptr::from_ref(block).addr());
        let (alone, written) = known.or_insert_with(|| {
            let single = block.iter().map(|step| code.effect(std::slice::from_ref(step), effects));
            let before: Vec<_> = single.take_while(|effect| !effect.meets).collect();
            let written: BTreeSet<Row> = before.iter().flat_map(|effect| &effect.written).copied().collect();
            (before.len(), written.into_iter().collect())
        });
        (*alone, Rc::clone(written))
    }

    /// Executes steps in which nobody waits for anybody, part by part. `written` are the rows that they write.
    fn in_parts(&mut self, block: &'c [Step], written: &[Row], mask: &Mask) -> Result<Mask, Stopped> {
        let parts = std::mem::take(&mut self.parts);
        self.are_apart = true;
        // A step computes for all lanes, also those whose part is not on, so each part starts from the same rows.
        let before: Vec<Box<[u32]>> = written.iter().map(|row| self.rows[*row as usize].clone()).collect();
        let mut after = before.clone();
        let mut reached = Mask::None;
        for part in &parts {
            let here = mask.and(part);
            if here.is_none() {
                continue;
            }
            for (row, before) in written.iter().zip(&before) {
                self.rows[*row as usize].copy_from_slice(before);
            }
            reached = reached.or(&self.steps(block, here.clone())?);
            for (to, row) in after.iter_mut().zip(written) {
                let from = &self.rows[*row as usize];
                for lane in (0..self.lanes).filter(|lane| here.has(*lane)) {
                    to[lane] = from[lane];
                }
            }
        }
        for (row, after) in written.iter().zip(after) {
            self.rows[*row as usize] = after;
        }
        self.are_apart = false;
        self.parts = parts;
        Ok(reached)
    }

    /// Executes steps, all lanes in step.
    fn steps(&mut self, block: &'c [Step], mut mask: Mask) -> Result<Mask, Stopped> {
        for step in block {
            if mask.is_none() {
                break;
            }
            match step {
                Step::Map1 { f, out, a } => {
                    let mut to = self.take(*out);
                    f(&mut to, self.row(*a));
                    self.rows[*out as usize] = to;
                }
                Step::Map2 { f, out, a, b } => {
                    let mut to = self.take(*out);
                    f(&mut to, self.row(*a), self.row(*b));
                    self.rows[*out as usize] = to;
                }
                Step::Map3 { f, out, a, b, c } => {
                    let mut to = self.take(*out);
                    f(&mut to, self.row(*a), self.row(*b), self.row(*c));
                    self.rows[*out as usize] = to;
                }
                Step::Wide { f, out, from } => {
                    let mut to: Vec<Box<[u32]>> = out.iter().map(|row| self.take(*row)).collect();
                    {
                        let mut to: Vec<&mut [u32]> = to.iter_mut().map(|row| &mut row[..]).collect();
                        let from: Vec<&[u32]> = from.iter().map(|row| self.row(*row)).collect();
                        f(&mut to, &from);
                    }
                    for (row, to) in out.iter().zip(to) {
                        self.rows[*row as usize] = to;
                    }
                }
                Step::Copy { out, from } => {
                    if out != from {
                        let mut to = self.take(*out);
                        to.copy_from_slice(self.row(*from));
                        self.rows[*out as usize] = to;
                    }
                }
                Step::Clear { first, len } => {
                    for row in *first..*first + *len {
                        self.rows[row as usize].fill(0);
                    }
                }
                Step::Index { out, index, limit, stride, base, line } => {
                    let last = self.limit(*limit).saturating_sub(1);
                    if self.watch.is_some() {
                        self.watch_index((*index, *base, *out), last, *line, &mask);
                    }
                    let mut to = self.take(*out);
                    let index = self.row(*index);
                    match base {
                        None => {
                            for (to, i) in to.iter_mut().zip(index) {
                                *to = (*i).min(last).wrapping_mul(*stride);
                            }
                        }
                        Some(base) => {
                            for ((to, i), base) in to.iter_mut().zip(index).zip(self.row(*base)) {
                                *to = base.wrapping_add((*i).min(last).wrapping_mul(*stride));
                            }
                        }
                    }
                    self.rows[*out as usize] = to;
                }
                Step::Pick { out, index, from } => {
                    let mut to = self.take(*out);
                    for (lane, to) in to.iter_mut().enumerate() {
                        let index = self.rows[*index as usize][lane] as usize;
                        *to = from.get(index).map_or(0, |row| self.rows[*row as usize][lane]);
                    }
                    self.rows[*out as usize] = to;
                }
                Step::SetVariable { variable, value } => self.set(*variable, *value, &mask),
                Step::LoadVariable { out, first, end, at } => {
                    let mut to = self.take(*out);
                    for (lane, to) in to.iter_mut().enumerate() {
                        let row = first.wrapping_add(self.rows[*at as usize][lane]);
                        *to = if row < *end { self.rows[row as usize][lane] } else { 0 };
                    }
                    self.rows[*out as usize] = to;
                }
                Step::StoreVariable { first, end, at, value } => {
                    for lane in (0..self.lanes).filter(|lane| mask.has(*lane)) {
                        let row = first.wrapping_add(self.rows[*at as usize][lane]);
                        if row < *end {
                            self.rows[row as usize][lane] = self.rows[*value as usize][lane];
                        }
                    }
                }
                Step::Load { out, access } => self.load(*out, access, &mask),
                Step::Store { access, value } => self.store(access, *value, &mask),
                Step::ArrayLength { out, buffer, offset, stride } => {
                    let length = self.elements(*buffer, *offset, *stride);
                    self.rows[*out as usize].fill(length);
                }
                Step::Atomic(atomic) => self.atomic(atomic, &mask),
                Step::Subgroup(subgroup) => self.subgroup(subgroup, &mask),
                Step::Barrier { shared, storage, subgroup, line } => {
                    if let Some(watch) = &mut self.watch {
                        watch.barrier(*shared, *storage, *subgroup, *line, matches!(mask, Mask::All));
                    }
                }
                Step::Uniform { at, line } => {
                    if self.watch.is_some() {
                        self.watch_uniform(*at, *line, &mask);
                    }
                }
                Step::If { condition, accept, reject } => {
                    let (yes, no) = mask.split(self.row(*condition));
                    let yes = if yes.is_none() { yes } else { self.block(accept, yes)? };
                    let no = if no.is_none() { no } else { self.block(reject, no)? };
                    mask = yes.or(&no);
                }
                Step::Loop { body, continuing, break_if, line } => {
                    mask = self.repeat(body, continuing, *break_if, *line, mask)?;
                }
                Step::Switch { selector, arms } => mask = self.switch(*selector, arms, mask)?,
                Step::Break => {
                    if let Some(top) = self.breaks.last_mut() {
                        *top = top.or(&mask);
                    }
                    mask = Mask::None;
                }
                Step::Continue => {
                    if let Some(top) = self.continues.last_mut() {
                        *top = top.or(&mask);
                    }
                    mask = Mask::None;
                }
                Step::Return => mask = Mask::None,
                Step::Call { function, line } => {
                    let code = self.code;
                    let body = &code.functions[*function];
                    // Calls that call twice, and so on, can go on as long as any loop.
                    self.spend(1 + body.len(), *line)?;
                    // Lanes that return come back here; a call has no other end.
                    self.block(body, mask.clone())?;
                }
            }
        }
        Ok(mask)
    }

    /// A masked copy into a variable's row.
    fn set(&mut self, variable: Row, value: Row, mask: &Mask) {
        if variable == value {
            return;
        }
        let mut to = self.take(variable);
        let from = self.row(value);
        match mask {
            Mask::None => {}
            Mask::All => to.copy_from_slice(from),
            Mask::Some(lanes) => {
                for ((to, from), lane) in to.iter_mut().zip(from).zip(lanes.iter()) {
                    *to = (*to & !lane) | (from & lane);
                }
            }
        }
        self.rows[variable as usize] = to;
    }

    fn repeat(
        &mut self,
        body: &'c Block,
        continuing: &'c Block,
        break_if: Option<Row>,
        line: u32,
        mut mask: Mask,
    ) -> Result<Mask, Stopped> {
        let steps = 1 + body.len() + continuing.len();
        self.breaks.push(Mask::None);
        while !mask.is_none() {
            self.spend(steps, line)?;
            self.continues.push(Mask::None);
            let fell = self.block(body, mask)?;
            let continued = self.continues.pop().unwrap_or(Mask::None);
            mask = self.block(continuing, fell.or(&continued))?;
            if let Some(condition) = break_if {
                let (done, rest) = mask.split(self.row(condition));
                if let Some(top) = self.breaks.last_mut() {
                    *top = top.or(&done);
                }
                mask = rest;
            }
        }
        Ok(self.breaks.pop().unwrap_or(Mask::None))
    }

    fn switch(&mut self, selector: Row, arms: &'c [Arm], mask: Mask) -> Result<Mask, Stopped> {
        let selector: Rc<[u32]> = self.row(selector).into();
        // For each lane the arm whose value it has, or the default one.
        let default = arms.iter().position(|a| a.value.is_none());
        let chosen: Vec<usize> = selector
            .iter()
            .map(|s| arms.iter().position(|a| a.value == Some(*s)).or(default).unwrap_or(arms.len()))
            .collect();
        self.breaks.push(Mask::None);
        let mut left = Mask::None;
        let mut falling = Mask::None;
        for (index, arm) in arms.iter().enumerate() {
            let here: Vec<u32> = chosen.iter().map(|c| u32::from(*c == index)).collect();
            let (entering, _) = mask.split(&here);
            let entering = entering.or(&falling);
            let fell = if entering.is_none() { entering } else { self.block(&arm.body, entering)? };
            if arm.fall_through {
                falling = fell;
            } else {
                falling = Mask::None;
                left = left.or(&fell);
            }
        }
        let nowhere: Vec<u32> = chosen.iter().map(|c| u32::from(*c == arms.len())).collect();
        let (untouched, _) = mask.split(&nowhere);
        let broke = self.breaks.pop().unwrap_or(Mask::None);
        Ok(left.or(&falling).or(&untouched).or(&broke))
    }
}
