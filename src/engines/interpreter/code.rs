//! The code that the lockstep machine executes: steps over rows, in blocks that mirror WGSL's control flow.
//!
//! A row holds one 32-bit word for every lane. Every row but those of variables is written in one place only.

use std::collections::BTreeSet;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::AtomicU32;

use super::asked::Asking;
use super::math::{Kernel, Map1, Map2, Map3, Scalar, Wide};

/// The number of a row.
pub(super) type Row = u32;

/// Steps that are executed one after another under one mask, but for what breaks, continues or returns.
pub(super) type Block = Vec<Step>;

/// A run of whole words or halves of words in a buffer's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unit {
    /// 32 bits.
    Word,
    /// A binary16 number.
    Half,
}

/// An address: `fixed + at[lane]`, in bytes for buffers and words elsewhere.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Address {
    pub(super) fixed: u32,
    pub(super) at: Option<Row>,
}

/// Memory that invocations share.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    /// The workgroup's.
    Shared,
    /// A buffer, by its place in [`Code::bindings`].
    Buffer(usize),
}

/// An access to shared memory, and where the source has it.
#[derive(Debug, Clone, Copy)]
pub(super) struct Access {
    pub(super) space: Space,
    pub(super) address: Address,
    pub(super) unit: Unit,
    /// Atomics do not race with each other.
    pub(super) atomic: bool,
    pub(super) line: u32,
    /// For a store to one component of a vector: where the vector starts, and its units. It may write them all, as WGSL
    /// has it ("Component Reference from Vector Memory View").
    pub(super) vector: Option<(Address, u32)>,
}

/// How far an index may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Limit {
    /// This many elements.
    Count(u32),
    /// The elements of a runtime-sized array that starts at `offset` of a buffer.
    Buffer { buffer: usize, offset: u32, stride: u32 },
}

/// What an atomic operation does with the old value.
#[derive(Clone, Copy)]
pub(super) enum Change {
    /// Combines it with the operand.
    Combine(Kernel),
    /// Replaces it.
    Exchange,
    /// Replaces it where it equals `compare`; the result then has a second part that says whether.
    CompareExchange,
}

/// An atomic read-modify-write.
pub(super) struct Atomic {
    pub(super) access: Access,
    pub(super) change: Change,
    pub(super) words: usize,
    pub(super) operand: Vec<Row>,
    pub(super) compare: Vec<Row>,
    /// Empty where the result is not used.
    pub(super) out: Vec<Row>,
    /// Whether the order in which it takes effect can show: its result is used, or it rounds.
    pub(super) tells: bool,
}

/// Which invocation of its subgroup an invocation reads from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum From {
    First,
    Lane,
    Down,
    Up,
    Xor,
    QuadLane,
    QuadX,
    QuadY,
    QuadDiagonal,
}

/// How much of a subgroup an operation combines.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Extent {
    All,
    /// Lanes up to this one.
    Inclusive,
    /// Lanes before this one.
    Exclusive,
}

/// An operation between the active invocations of a subgroup.
pub(super) enum Subgroup {
    /// The mask of those whose predicate is true, in four words.
    Ballot { predicate: Option<Row>, out: Vec<Row> },
    /// Another's value.
    Gather { from: From, which: Option<Row>, value: Vec<Row>, out: Vec<Row>, line: u32 },
    /// Combined in the order of lanes.
    Collect { extent: Extent, combine: Kernel, identity: Vec<u32>, value: Vec<Row>, out: Vec<Row> },
}

/// A case of a switch.
pub(super) struct Arm {
    /// `None` for the default.
    pub(super) value: Option<u32>,
    pub(super) body: Block,
    pub(super) fall_through: bool,
}

/// One step.
pub(super) enum Step {
    Map1 {
        f: Map1,
        out: Row,
        a: Row,
    },
    Map2 {
        f: Map2,
        out: Row,
        a: Row,
        b: Row,
    },
    Map3 {
        f: Map3,
        out: Row,
        a: Row,
        b: Row,
        c: Row,
    },
    Wide {
        f: Wide,
        out: Vec<Row>,
        from: Vec<Row>,
    },
    Copy {
        out: Row,
        from: Row,
    },
    /// Zeros in rows of variables that start to live.
    Clear {
        first: Row,
        len: u32,
    },
    /// `base + min(index, limit - 1) * stride`.
    Index {
        out: Row,
        index: Row,
        limit: Limit,
        stride: u32,
        base: Option<Row>,
        line: u32,
    },
    /// `from[index]`, the index within it.
    Pick {
        out: Row,
        index: Row,
        from: Vec<Row>,
    },
    /// A variable's row where the mask is set.
    SetVariable {
        variable: Row,
        value: Row,
    },
    /// A row of a variable that an index selects: `first + at[lane]`, below `end`.
    LoadVariable {
        out: Row,
        first: Row,
        end: Row,
        at: Row,
    },
    StoreVariable {
        first: Row,
        end: Row,
        at: Row,
        value: Row,
    },
    Load {
        out: Row,
        access: Access,
    },
    Store {
        access: Access,
        value: Row,
    },
    ArrayLength {
        out: Row,
        buffer: usize,
        offset: u32,
        stride: u32,
    },
    Atomic(Box<Atomic>),
    Subgroup(Box<Subgroup>),
    Barrier {
        shared: bool,
        storage: bool,
        subgroup: bool,
        line: u32,
    },
    /// The result of an operation, with the NaN of the rule [`crate::model::Liberty::OperandNan`].
    Nan {
        out: Row,
        strict: Row,
        /// The operands that are binary32 or binary16.
        from: Vec<Row>,
    },
    /// What is known of an operation from elsewhere, else what strict arithmetic gives.
    Asked {
        /// Which, among the answers.
        place: usize,
        from: Vec<Row>,
        strict: Vec<Row>,
        out: Vec<Row>,
    },
    /// The values of an operation, where they are recorded.
    Record {
        /// Which, in [`super::recorded::Recording`].
        place: usize,
        rows: Vec<Row>,
    },
    /// An address that must be the same in all invocations.
    Uniform {
        at: Row,
        line: u32,
    },
    /// Where a number that is not finite comes from; looked at while watching only.
    Trace {
        out: Row,
        /// The operands of floating point; `out` depends on no other floats.
        from: Vec<Row>,
        line: u32,
    },
    /// A power, whose result is undefined for some operands.
    Power {
        out: Row,
        base: Row,
        exponent: Row,
        line: u32,
    },
    If {
        condition: Row,
        accept: Block,
        reject: Block,
    },
    Loop {
        body: Block,
        continuing: Block,
        break_if: Option<Row>,
        line: u32,
    },
    Switch {
        selector: Row,
        arms: Vec<Arm>,
    },
    Break,
    Continue,
    Return,
    Call {
        function: usize,
        line: u32,
    },
}

/// What the machine fills in before a workgroup starts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Input {
    GlobalInvocationId(usize),
    LocalInvocationId(usize),
    LocalInvocationIndex,
    WorkGroupId(usize),
    NumWorkGroups(usize),
    SubgroupSize,
    SubgroupInvocationId,
    SubgroupId,
    NumSubgroups,
}

/// A buffer that the entry point uses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Binding {
    pub(super) name: String,
    pub(super) group: u32,
    pub(super) binding: u32,
    pub(super) uniform: bool,
    pub(super) writable: bool,
    /// The least number of bytes that must be bound; with one element of a runtime-sized array.
    pub(super) least: u32,
    /// Whether halves of words are accessed by themselves.
    pub(super) halves: bool,
}

/// An entry point, compiled.
pub(super) struct Code {
    /// How many rows there are.
    pub(super) rows: u32,
    /// Rows that hold the same word in every lane, for ever.
    pub(super) constants: Vec<(Row, u32)>,
    pub(super) inputs: Vec<(Row, Input)>,
    pub(super) body: Block,
    /// Functions, each with its callers' places built in.
    pub(super) functions: Vec<Block>,
    pub(super) workgroup: [u32; 3],
    /// Words of workgroup memory.
    pub(super) shared: u32,
    pub(super) bindings: Vec<Binding>,
    /// Whether the order of workgroups can matter: there are atomics in buffers.
    pub(super) storage_atomics: bool,
    /// Whether there are atomics at all, loads and stores of them included.
    pub(super) atomics: bool,
    /// The lines of atomic operations, ascending.
    pub(super) atomic_lines: BTreeSet<u32>,
    /// The lines of subgroup operations, and of built-in values that tell a subgroup's size or place, ascending.
    pub(super) subgroup_lines: BTreeSet<u32>,
    /// Whether invocations of one subgroup synchronise among themselves.
    pub(super) subgroup_barriers: bool,
    pub(super) subgroup: u32,
    /// Which operations are taken from elsewhere.
    pub(super) asking: Option<Asking>,
    /// The line of the loop or call that a machine is in, for whoever waits for it.
    pub(super) at: Arc<AtomicU32>,
}

/// What steps do to the lanes' rows, and whether lanes wait for one another in them: at a barrier, or for a subgroup's
/// operation.
#[derive(Debug, Default)]
pub(super) struct Effect {
    pub(super) meets: bool,
    pub(super) written: BTreeSet<Row>,
}

impl Effect {
    fn add(&mut self, other: &Self) {
        self.meets |= other.meets;
        self.written.extend(&other.written);
    }
}

impl Code {
    /// Invocations in a workgroup.
    pub(super) fn invocations(&self) -> usize {
        self.workgroup.iter().map(|s| *s as usize).product()
    }

    /// What steps do, whatever way they take. `known` has an entry for each function, so that each is looked at once,
    /// however often it is called.
    pub(super) fn effect(&self, block: &[Step], known: &mut [Option<Rc<Effect>>]) -> Effect {
        let mut all = Effect::default();
        for step in block {
            match step {
                Step::Map1 { out, .. }
                | Step::Map2 { out, .. }
                | Step::Map3 { out, .. }
                | Step::Copy { out, .. }
                | Step::Index { out, .. }
                | Step::Pick { out, .. }
                | Step::LoadVariable { out, .. }
                | Step::Load { out, .. }
                | Step::ArrayLength { out, .. }
                | Step::Power { out, .. }
                | Step::Nan { out, .. }
                | Step::SetVariable { variable: out, .. } => {
                    all.written.insert(*out);
                }
                Step::Clear { first, len } => all.written.extend(*first..*first + *len),
                Step::StoreVariable { first, end, .. } => all.written.extend(*first..*end),
                Step::Wide { out, .. } | Step::Asked { out, .. } => all.written.extend(out),
                Step::Atomic(atomic) => all.written.extend(&atomic.out),
                // What lanes do where they meet is never done in parts, so that its rows do not matter.
                Step::Barrier { .. } | Step::Subgroup(_) => all.meets = true,
                Step::If { accept, reject, .. } => {
                    all.add(&self.effect(accept, known));
                    all.add(&self.effect(reject, known));
                }
                Step::Loop { body, continuing, .. } => {
                    all.add(&self.effect(body, known));
                    all.add(&self.effect(continuing, known));
                }
                Step::Switch { arms, .. } => arms.iter().for_each(|arm| all.add(&self.effect(&arm.body, known))),
                Step::Call { function, .. } => {
                    let there = known[*function].clone().unwrap_or_else(|| {
                        let found = Rc::new(self.effect(&self.functions[*function], known));
                        known[*function] = Some(Rc::clone(&found));
                        found
                    });
                    all.add(&there);
                }
                Step::Store { .. }
                | Step::Uniform { .. }
                | Step::Trace { .. }
                | Step::Record { .. }
                | Step::Break
                | Step::Continue
                | Step::Return => {}
            }
        }
        all
    }

    /// Whether a loop on this line asks atomics of a buffer: it may wait for another workgroup.
    pub(super) fn asks_others(&self, line: u32) -> bool {
        let mut found = false;
        let mut look = |step: &Step| {
            if let Step::Loop { body, continuing, line: here, .. } = step
                && *here == line
            {
                let mut atomics = |step: &Step| {
                    found |= match step {
                        Step::Atomic(atomic) => matches!(atomic.access.space, Space::Buffer(_)),
                        Step::Load { access, .. } => access.atomic && matches!(access.space, Space::Buffer(_)),
                        _ => false,
                    };
                };
                let mut called = vec![false; self.functions.len()];
                self.each(body, &mut called, &mut atomics);
                self.each(continuing, &mut called, &mut atomics);
            }
        };
        self.each(&self.body, &mut vec![false; self.functions.len()], &mut look);
        found
    }

    /// Looks at every step of a block, those of functions that it calls included, each function once.
    fn each(&self, block: &[Step], called: &mut [bool], look: &mut dyn FnMut(&Step)) {
        for step in block {
            look(step);
            match step {
                Step::If { accept, reject, .. } => {
                    self.each(accept, called, look);
                    self.each(reject, called, look);
                }
                Step::Loop { body, continuing, .. } => {
                    self.each(body, called, look);
                    self.each(continuing, called, look);
                }
                Step::Switch { arms, .. } => arms.iter().for_each(|arm| self.each(&arm.body, called, look)),
                Step::Call { function, .. } if !std::mem::replace(&mut called[*function], true) => {
                    self.each(&self.functions[*function], called, look);
                }
                _ => {}
            }
        }
    }

    /// How deep blocks lie within each other, calls included.
    pub(super) fn depth(&self) -> usize {
        self.depth_of(&self.body, &mut vec![None; self.functions.len()])
    }

    fn depth_of(&self, block: &[Step], known: &mut Vec<Option<usize>>) -> usize {
        let mut most = 0;
        for step in block {
            let within = match step {
                Step::If { accept, reject, .. } => self.depth_of(accept, known).max(self.depth_of(reject, known)),
                Step::Loop { body, continuing, .. } => self.depth_of(body, known).max(self.depth_of(continuing, known)),
                Step::Switch { arms, .. } => arms.iter().map(|arm| self.depth_of(&arm.body, known)).max().unwrap_or(0),
                Step::Call { function, .. } => match known[*function] {
                    Some(depth) => depth,
                    None => {
                        let depth = self.depth_of(&self.functions[*function], known);
                        known[*function] = Some(depth);
                        depth
                    }
                },
                _ => 0,
            };
            most = most.max(within);
        }
        1 + most
    }
}

/// The steps of a block that compute something.
pub(super) fn work(block: &[Step]) -> usize {
    block.iter().filter(|step| !matches!(step, Step::Trace { .. } | Step::Record { .. })).count()
}

impl Scalar {
    /// Words of a value.
    pub(super) fn words(self) -> u32 {
        if self.rows() == 2 { 2 } else { 1 }
    }

    /// Bytes in a buffer.
    pub(super) fn bytes(self) -> u32 {
        match self {
            Self::I64 | Self::U64 | Self::F64 => 8,
            Self::F16 => 2,
            _ => 4,
        }
    }
}
