//! What an engine is asked: an operation on tensors, and where there is one the shader that computes it, with its
//! buffers, its dispatches, and where the answer is. Data, so that it can cross a process.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::bits::{Bits, Dtype};

/// An optional capability of an adapter that a case needs. A closed list, so that skips can be counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Feature {
    /// `enable f16;`
    ShaderF16,
    /// Subgroup operations.
    Subgroup,
    /// `atomicAdd` on binary32 in storage buffers.
    Float32Atomic,
    /// `pack2x16float` and its like (missing where a software driver's processor lacks F16C).
    HalfConversions,
    /// `f64`.
    ShaderF64,
    /// `i64` and `u64`.
    ShaderInt64,
    /// `atomicMin` and `atomicMax` on 64-bit integers in storage buffers, without a result.
    Int64AtomicMinMax,
    /// All atomic operations on 64-bit integers.
    Int64Atomic,
}

impl Feature {
    /// Every capability there is.
    pub const ALL: [Self; 8] = [
        Self::ShaderF16,
        Self::Subgroup,
        Self::Float32Atomic,
        Self::HalfConversions,
        Self::ShaderF64,
        Self::ShaderInt64,
        Self::Int64AtomicMinMax,
        Self::Int64Atomic,
    ];
}

/// A buffer of a program.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub enum Buffer {
    /// Read-only words, `var<storage, read>`.
    Input(Vec<u32>),
    /// Read-only words, `var<uniform>`.
    Uniform(Vec<u32>),
    /// This many words, `var<storage, read_write>`, filled with poison before every run. A shader that accumulates
    /// clears it in a pass of its own.
    Output(usize),
    /// Words of `var<storage, read_write>` that the shader reads as well, restored before every run. Whether they were
    /// written cannot be told.
    InOut(Vec<u32>),
}

impl Buffer {
    /// An input of binary32 numbers.
    #[must_use]
    pub fn floats(values: &[f32]) -> Self {
        Self::Input(values.iter().map(|v| v.to_bits()).collect())
    }

    /// The length in 32-bit words.
    #[must_use]
    pub fn words(&self) -> usize {
        match self {
            Self::Input(words) | Self::Uniform(words) | Self::InOut(words) => words.len(),
            Self::Output(words) => *words,
        }
    }

    /// Whether a shader may write it.
    #[must_use]
    pub fn is_writable(&self) -> bool {
        matches!(self, Self::Output(_) | Self::InOut(_))
    }
}

/// Where a shader has a buffer: `@group(group) @binding(binding)`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Slot {
    /// The bind group.
    pub group: u32,
    /// The binding in it.
    pub binding: u32,
}

/// One dispatch.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Pass {
    /// The entry point.
    pub entry: Cow<'static, str>,
    /// The number of workgroups in x, y and z.
    pub groups: [u32; 3],
}

impl Pass {
    /// A dispatch of `groups` workgroups of an entry point.
    #[must_use]
    pub fn new(entry: impl Into<Cow<'static, str>>, groups: [u32; 3]) -> Self {
        Self { entry: entry.into(), groups }
    }
}

/// Which elements of a buffer hold data, where some are padding (the fourth word of each `vec3<f32>` in an array): the
/// places in `head` once, then those in `kept` again and again, each time `period` elements further. A place is an
/// element's index, and the mask of its bits that hold data.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Pattern {
    /// Places before the repeated part.
    pub head: Vec<(usize, u32)>,
    /// Where the repeated part starts, in elements.
    pub start: usize,
    /// From one repetition to the next, in elements; not 0.
    pub period: usize,
    /// Places within one repetition, ascending; not empty unless nothing is repeated.
    pub kept: Vec<(usize, u32)>,
}

impl Pattern {
    /// The place of datum number `i`.
    fn place(&self, i: usize) -> (usize, u32) {
        if let Some(place) = self.head.get(i) {
            return *place;
        }
        let i = i - self.head.len();
        let each = self.kept.len().max(1);
        let (offset, mask) = self.kept.get(i % each).copied().unwrap_or((0, u32::MAX));
        (self.start + i / each * self.period + offset, mask)
    }
}

/// Which part of which buffer is the answer.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct OutputView {
    /// The index of a writable buffer in [`Program::buffers`].
    pub buffer: usize,
    /// The first word.
    pub first_word: usize,
    /// The element type.
    pub dtype: Dtype,
    /// The number of elements, without padding.
    pub len: usize,
    /// Which elements are data; `None` where all are, one after another.
    pub pattern: Option<Pattern>,
}

impl OutputView {
    /// The first `len` elements of a buffer.
    #[must_use]
    pub fn whole(buffer: usize, dtype: Dtype, len: usize) -> Self {
        Self { buffer, first_word: 0, dtype, len, pattern: None }
    }

    /// Where element `i` of the answer is, in elements from the first word, and which of its bits hold data.
    #[must_use]
    pub fn place(&self, i: usize) -> (usize, u32) {
        match &self.pattern {
            None => (i, u32::MAX),
            Some(pattern) => pattern.place(i),
        }
    }

    /// The number of words, padding included, that the answer spans.
    #[must_use]
    pub fn span(&self) -> usize {
        let elements = self.len.checked_sub(1).map_or(0, |last| self.place(last).0 + 1);
        elements.div_ceil(self.dtype.per_word())
    }

    /// The answer within the words that it spans.
    #[must_use]
    pub fn gather(&self, words: Vec<u32>) -> Bits {
        if self.pattern.is_none() {
            return Bits::new(self.dtype, words, self.len);
        }
        let raw = Bits { dtype: self.dtype, len: words.len() * self.dtype.per_word(), words };
        let element = |i: usize| {
            let (at, mask) = self.place(i);
            raw.get(at) & mask
        };
        let words = if self.dtype.per_word() == 2 {
            (0..self.len.div_ceil(2))
                .map(|w| element(2 * w) | if 2 * w + 1 < self.len { element(2 * w + 1) << 16 } else { 0 })
                .collect()
        } else {
            (0..self.len).map(element).collect()
        };
        Bits::new(self.dtype, words, self.len)
    }
}

/// What an adapter executes: a shader, its buffers, and its dispatches in order, each seeing the writes of the last.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Program {
    /// The WGSL text, variants already chosen.
    pub source: String,
    /// The buffers. Where nothing else is said in [`Program::slots`], a buffer's index is its binding in group 0.
    pub buffers: Vec<Buffer>,
    /// Where the shader has each buffer; empty for bindings 0, 1, 2 … of group 0.
    pub slots: Vec<Slot>,
    /// Values of the shader's `override` declarations, by name or decimal `@id`.
    pub overrides: Vec<(String, f64)>,
    /// The dispatches.
    pub passes: Vec<Pass>,
    /// How often all the dispatches are made, one round after another; what a round leaves in the buffers the next one finds.
    pub rounds: u32,
    /// Where the answer is.
    pub output: OutputView,
    /// What the adapter must have.
    pub features: Vec<Feature>,
    /// Whether workgroup memory must be zero when a workgroup begins, as WGSL promises. Drivers take long to compile the
    /// stores, so a shader that is proven to write before it reads does without.
    pub zeroed: bool,
    /// The most passes through loops that one invocation makes in a dispatch, where that is known beforehand.
    pub iterations: u64,
}

impl Program {
    /// A program whose buffers are bindings 0, 1, 2 … of group 0, without overrides, that needs nothing optional.
    #[must_use]
    pub fn new(source: String, buffers: Vec<Buffer>, passes: Vec<Pass>, output: OutputView) -> Self {
        Self {
            source,
            buffers,
            slots: Vec::new(),
            overrides: Vec::new(),
            passes,
            rounds: 1,
            output,
            features: Vec::new(),
            zeroed: true,
            iterations: 0,
        }
    }

    /// The same, where no word of workgroup memory is read before it is written. Only for shaders of this program, of which
    /// a test proves it: see [`crate::engines::interpreter::Runner::reads_unwritten`].
    #[must_use]
    pub fn writing_first(mut self) -> Self {
        self.zeroed = false;
        self
    }

    /// The same, with all dispatches made this often.
    #[must_use]
    pub fn repeated(mut self, rounds: u32) -> Self {
        self.rounds = rounds;
        self
    }

    /// The same, where the adapter must have these capabilities.
    #[must_use]
    pub fn needing(mut self, features: Vec<Feature>) -> Self {
        self.features = features;
        self
    }

    /// Where the shader has buffer number `index`.
    #[must_use]
    pub fn slot(&self, index: usize) -> Slot {
        let ordinary = || Slot { group: 0, binding: u32::try_from(index).unwrap_or(u32::MAX) };
        self.slots.get(index).copied().unwrap_or_else(ordinary)
    }

    /// The index of the buffer that the shader has here.
    #[must_use]
    pub fn buffer_at(&self, slot: Slot) -> Option<usize> {
        (0..self.buffers.len()).find(|index| self.slot(*index) == slot)
    }

    /// Whether the answer's buffer is poisoned before every run, so that elements never written show.
    #[must_use]
    pub fn is_poisoned(&self) -> bool {
        matches!(self.buffers.get(self.output.buffer), Some(Buffer::Output(_)))
    }
}

/// Elements in a shape, the last dimension side by side.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Tensor {
    /// The length of each dimension.
    pub shape: Vec<usize>,
    /// The elements.
    pub bits: Bits,
}

impl Tensor {
    /// binary32 elements in a shape.
    #[must_use]
    pub fn floats(shape: &[usize], values: &[f32]) -> Self {
        Self { shape: shape.to_vec(), bits: Bits::f32(values) }
    }
}

/// An operation by name, for an engine that has one of its own and reads no shader.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Operation {
    /// Its name, as in `docs/remote.md`.
    pub name: String,
    /// Numbers that it takes besides tensors, such as `eps`.
    pub attributes: BTreeMap<String, f64>,
    /// Its tensors by name.
    pub inputs: BTreeMap<String, Tensor>,
}

impl Operation {
    /// An operation without attributes.
    #[must_use]
    pub fn new<const N: usize>(name: &str, inputs: [(&str, Tensor); N]) -> Self {
        let inputs = inputs.into_iter().map(|(name, tensor)| (name.to_owned(), tensor)).collect();
        Self { name: name.to_owned(), attributes: BTreeMap::new(), inputs }
    }

    /// The same with an attribute.
    #[must_use]
    pub fn with(mut self, name: &str, value: f64) -> Self {
        self.attributes.insert(name.to_owned(), value);
        self
    }
}

/// What an engine is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Task {
    /// The operation, for engines that have it; `None` where it has no name that others know.
    pub operation: Option<Operation>,
    /// The shader, for engines that execute WGSL; `None` for what runs on the CPU alone.
    pub program: Option<Program>,
    /// The answer's element type.
    pub dtype: Dtype,
    /// The answer's shape.
    pub shape: Vec<usize>,
}

/// What is wrong with a task.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TaskError {
    /// A tensor's shape is not that of its elements.
    #[error("tensor '{0}' has another number of elements than its shape says")]
    Tensor(String),
    /// The answer's place is no writable buffer of the program.
    #[error("the answer is to be read from buffer {0}, which the program does not write")]
    Output(usize),
    /// The answer does not end before its buffer does.
    #[error("the answer ends at word {end} of buffer {buffer}, which has {words}")]
    Span {
        /// The buffer.
        buffer: usize,
        /// The word after the last of the answer.
        end: usize,
        /// The buffer's words.
        words: usize,
    },
    /// The answer's type or length is not the task's.
    #[error("the program's answer has {found} elements of {dtype:?}, and the task asks for {wanted}")]
    Answer {
        /// The program's element type.
        dtype: Dtype,
        /// The program's number of elements.
        found: usize,
        /// The task's.
        wanted: usize,
    },
    /// Two buffers have one place in the shader.
    #[error("two buffers are in @group({group}) @binding({binding})")]
    Slot {
        /// The group.
        group: u32,
        /// The binding.
        binding: u32,
    },
}

/// The number of elements of a shape; `None` beyond what can be counted.
#[must_use]
pub fn elements(shape: &[usize]) -> Option<usize> {
    shape.iter().try_fold(1usize, |n, length| n.checked_mul(*length))
}

impl Task {
    /// The task of a program alone.
    #[must_use]
    pub fn of(program: Program) -> Self {
        let OutputView { dtype, len, .. } = program.output;
        Self { operation: None, program: Some(program), dtype, shape: vec![len] }
    }

    /// Refuses a task that contradicts itself, so that no engine has to trust what it is given.
    ///
    /// # Errors
    /// What is wrong.
    pub fn check(&self) -> Result<(), TaskError> {
        for (name, Tensor { shape, bits }) in self.operation.iter().flat_map(|o| &o.inputs) {
            if elements(shape) != Some(bits.len) || bits.words.len() != bits.len.div_ceil(bits.dtype.per_word()) {
                return Err(TaskError::Tensor(name.clone()));
            }
        }
        let Some(program) = &self.program else { return Ok(()) };
        let view = &program.output;
        let held = program.buffers.get(view.buffer).filter(|b| b.is_writable());
        let words = held.ok_or(TaskError::Output(view.buffer))?.words();
        let end = view.first_word.saturating_add(view.span());
        if end > words {
            return Err(TaskError::Span { buffer: view.buffer, end, words });
        }
        let wanted = elements(&self.shape).unwrap_or(usize::MAX);
        if (view.dtype, view.len) != (self.dtype, wanted) {
            return Err(TaskError::Answer { dtype: view.dtype, found: view.len, wanted });
        }
        let mut seen = BTreeSet::new();
        match (0..program.buffers.len()).map(|index| program.slot(index)).find(|slot| !seen.insert(*slot)) {
            Some(Slot { group, binding }) => Err(TaskError::Slot { group, binding }),
            None => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn padding_is_left_out() {
        // array<vec3<f32>, 2>
        let threes = Pattern { head: vec![], start: 0, period: 4, kept: (0..3).map(|i| (i, u32::MAX)).collect() };
        let view = OutputView { pattern: Some(threes), ..OutputView::whole(0, Dtype::F32, 6) };
        assert_eq!(view.span(), 7, "the last padding is not read");
        assert_eq!(view.gather((10..17).collect()).words, [10, 11, 12, 14, 15, 16], "the fourth word is padding");
        // array<vec3<f16>, 2>
        let halves = Pattern { head: vec![], start: 0, period: 4, kept: (0..3).map(|i| (i, 0xffff)).collect() };
        let view = OutputView { pattern: Some(halves), ..OutputView::whole(0, Dtype::F16, 6) };
        let found = view.gather(vec![0x0002_0001, 0xdead_0003, 0x0005_0004, 0xdead_0006]);
        assert_eq!(found.words, [0x0002_0001, 0x0004_0003, 0x0006_0005], "halves are packed anew");
        assert_eq!(view.place(5), (6, 0xffff), "the sixth is the seventh in memory");
        // struct { count: u32, pad…, rows: array<vec2<f32>> }
        let tail = Pattern { head: vec![(0, u32::MAX)], start: 2, period: 2, kept: vec![(0, u32::MAX), (1, 0xff)] };
        let view = OutputView { pattern: Some(tail), ..OutputView::whole(0, Dtype::U32, 5) };
        assert_eq!(view.gather(vec![9, 0, 0x101, 0x102, 0x103, 0x104]).words, [9, 0x101, 0x02, 0x103, 0x04], "head");
    }

    #[test]
    fn plain_views_are_their_words() {
        let view = OutputView::whole(0, Dtype::F16, 3);
        assert_eq!(view.span(), 2, "two words");
        assert_eq!(view.gather(vec![0x0002_0001, 0xdead_0003]).words, [0x0002_0001, 3], "the upper half is unused");
        assert_eq!(OutputView::whole(0, Dtype::F32, 0).span(), 0, "nothing");
    }
}
