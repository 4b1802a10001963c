//! The lockstep machine: executes code for all lanes of a workgroup, or of several, at once.
//!
//! A step is applied to every lane, active or not, wherever that can do no harm: rows of inactive lanes are never looked
//! at, and addresses are in bounds whatever they are computed from. Masks matter for stores, atomics and subgroups.

mod apart;
mod collective;
mod mask;
mod memory;
mod seen;
mod steps;
mod trace;
mod watch;

use std::collections::HashMap;
use std::rc::Rc;

use apart::{STEPS_APART, parts};
pub(super) use mask::Mask;
pub(super) use memory::Buffer;
pub(super) use seen::Seen;
pub(super) use watch::{Notice, Watch};

use super::code::{Code, Effect, Input, Row};

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

/// What WGSL calls indeterminate, and another value for it: where that changes a result, the result rests on it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Indeterminate {
    /// Zero for what is read of a lane of a subgroup that is not active, NaN for a function without a value.
    #[default]
    Usual,
    /// This word for what is read of a lane of a subgroup that is not active.
    Lanes(u32),
    /// This binary32 number, which binary16 has too, for a function without a value.
    Functions(u32),
    /// This word in workgroup memory that nothing has written. WGSL has zero there, but only where the driver is told so.
    Workgroup(u32),
}

/// How a machine goes about what WGSL leaves open.
#[derive(Debug, Clone, Copy)]
pub(super) struct Way {
    /// Steps that one workgroup (or several that run together) may take.
    pub(super) most_steps: u64,
    /// Let some lanes go on to the next barrier before others start, where the order of lanes is given.
    pub(super) apart: bool,
    pub(super) indeterminate: Indeterminate,
    /// Keep what atomic operations read.
    pub(super) keep: bool,
    /// Leave every loop after this many iterations of an invocation, all loops together, as some drivers do.
    pub(super) loop_limit: Option<u64>,
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
    way: Way,
    /// What atomic operations read, where that is kept.
    seen: Option<Seen>,
    /// Iterations of each lane so far, where they are limited.
    turns: Vec<u64>,
    breaks: Vec<Mask>,
    continues: Vec<Mask>,
    fuel: u64,
    /// Steps so far, each counted once for every lane.
    executed: u64,
    watch: Option<Watch>,
}

impl<'c> Machine<'c> {
    /// A machine for `groups` workgroups at a time.
    pub(super) fn new(code: &'c Code, buffers: &'c [&'c Buffer], groups: usize, way: Way) -> Self {
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
            way,
            seen: way.keep.then(Seen::default),
            turns: Vec::new(),
            breaks: Vec::new(),
            continues: Vec::new(),
            fuel: way.most_steps,
            executed: 0,
            watch: None,
        }
    }

    /// Watches for races from now on. Only for one workgroup at a time.
    pub(super) fn watch(&mut self, watch: Watch) {
        self.watch = Some(watch);
    }

    /// How many steps all lanes made, those included that waited for others of their workgroup.
    pub(super) fn executed(&self) -> u64 {
        self.executed
    }

    /// What was watched, and what was kept of atomics.
    pub(super) fn into_findings(self) -> (Option<Watch>, Option<Seen>) {
        (self.watch, self.seen)
    }

    /// Executes these workgroups (their coordinates, no more than the machine holds) of a dispatch of `all`, with
    /// lanes' stores and atomics in the given order.
    pub(super) fn run(&mut self, groups: &[[u32; 3]], all: [u32; 3], order: Option<Vec<u32>>) -> Result<(), Stopped> {
        self.parts = order.as_deref().filter(|_| self.way.apart && self.watch.is_none()).map(parts).unwrap_or_default();
        self.order = order;
        // What waits for another invocation by itself waits in vain where that one is to go later.
        self.fuel = if self.parts.is_empty() { self.way.most_steps } else { self.way.most_steps.min(STEPS_APART) };
        self.turns = vec![0; if self.way.loop_limit.is_some() { self.lanes } else { 0 }];
        self.inputs(groups, all);
        if let Some(seen) = &mut self.seen {
            seen.begin(groups, all, self.lanes / self.groups, self.lanes);
        }
        self.clear_shared();
        if let (Some(watch), Some(group)) = (&mut self.watch, groups.first()) {
            watch.begin(*group, all, self.lanes);
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
        if let Some(watch) = &mut self.watch {
            watch.end();
        }
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
}
