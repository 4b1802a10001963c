//! The placement rule of PyTorch's CUDA generator: which word of which Philox counter an element takes.
//!
//! Scalar kernels are those of ATen/native/cuda/DistributionTemplates.h (`distribution_elementwise_grid_stride_kernel`)
//! and `fused_dropout_kernel` of Dropout.cu; vectorised ones are `fused_dropout_kernel_vec` of Dropout.cu. Thread `t` of
//! the launch has the counters `(offset / 4 + block, 0, t, 0)`, `block` = 0, 1, 2 … (`curand_init` with `t` as the
//! subsequence, curand_kernel.h).

use serde::Serialize;

use super::{RngError, Shape};

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Op {
    /// `torch.rand`, `uniform_(low, high)`: uniform on [low, high).
    Rand,
    /// `torch.randn`, `normal_()`: standard normal by the Box–Muller transform, times `std` plus `mean`.
    Randn,
    /// `torch.nn.Dropout`, `native_dropout`: the mask.
    Dropout,
}

/// The element type of the tensor.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Element {
    /// binary32.
    F32,
    /// binary16.
    F16,
    /// bfloat16.
    Bf16,
    /// binary64.
    F64,
}

impl Element {
    /// As it is typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::Bf16 => "bf16",
            Self::F64 => "f64",
        }
    }

    /// Bytes an element.
    #[must_use]
    pub fn bytes(self) -> u64 {
        match self {
            Self::F32 => 4,
            Self::F16 | Self::Bf16 => 2,
            Self::F64 => 8,
        }
    }
}

/// How many neighbouring elements a thread of the dropout kernel handles at a time.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
pub enum Vector {
    /// As PyTorch's launcher chooses for a contiguous, aligned tensor: 16 bytes, halved until it divides the size.
    #[value(name = "auto")]
    Auto,
    /// One: the kernel before PyTorch's pull request 33879 (2020), and of tensors that are not dense, or of odd size.
    #[value(name = "1", alias = "scalar")]
    One,
    /// Two.
    #[value(name = "2")]
    Two,
    /// Four: float32 since that request, and 16-bit types before eight was allowed.
    #[value(name = "4")]
    Four,
    /// Eight: 16-bit types in current versions.
    #[value(name = "8")]
    Eight,
}

/// One call that draws.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Draw {
    /// What.
    pub op: Op,
    /// Of which type.
    pub element: Element,
    /// How many elements.
    pub n: u64,
    /// Neighbouring elements a thread: 1 for `rand` and `randn`, and for the scalar dropout kernel.
    pub vector: u32,
    /// The probability of dropping an element.
    pub p: f64,
    /// The mean of `randn`.
    pub mean: f64,
    /// Its standard deviation.
    pub std: f64,
    /// The least value of `rand`.
    pub low: f64,
    /// What its values are below.
    pub high: f64,
}

/// Where an element's randomness comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place {
    /// Which of the thread's counters, from 0.
    pub block: u64,
    /// The thread of the launch.
    pub thread: u64,
    /// Which lane of the block: a word of four, or of two 64-bit ones.
    pub lane: u32,
}

impl Draw {
    /// A draw of `shape`.
    ///
    /// # Errors
    /// When it is larger than one launch, a parameter is out of range, or the vector width does not divide the size.
    pub fn new(op: Op, element: Element, shape: &Shape, vector: Vector) -> Result<Self, RngError> {
        let n = shape.elements();
        let most = match op {
            // `TensorIterator::can_use_32bit_indexing` counts bytes.
            Op::Rand | Op::Randn => (i32::MAX.unsigned_abs() as u64 - 1) / element.bytes() + 1,
            Op::Dropout => i32::MAX.unsigned_abs() as u64,
        };
        if n > most {
            return Err(RngError::TooLarge { n, element: element.name(), most });
        }
        let vector = match (op, vector) {
            (Op::Dropout, Vector::Auto) => widest(16 / element.bytes(), n),
            (Op::Dropout, _) => vector.width(),
            (_, Vector::Auto | Vector::One) => 1,
            _ => return Err(RngError::Unsupported("--vec is for dropout: rand and randn have one kernel".to_owned())),
        };
        if !n.is_multiple_of(u64::from(vector)) {
            return Err(RngError::Unsupported(format!(
                "--vec {vector} does not divide {n} elements, and PyTorch would not choose it: leave --vec out"
            )));
        }
        Ok(Self { op, element, n, vector, p: 0.5, mean: 0.0, std: 1.0, low: 0.0, high: 1.0 })
    }

    /// With the probability of dropping an element.
    ///
    /// # Errors
    /// When it is not in [0, 1].
    pub fn with_p(self, p: f64) -> Result<Self, RngError> {
        if (0.0..=1.0).contains(&p) {
            return Ok(Self { p, ..self });
        }
        Err(RngError::Range { what: "the probability", value: p.to_string(), wanted: "0 to 1" })
    }

    /// With bounds other than 0 and 1, as `uniform_(low, high)`.
    ///
    /// # Errors
    /// When they are not finite or in the wrong order, or the operation is another.
    pub fn with_bounds(self, low: f64, high: f64) -> Result<Self, RngError> {
        if (low, high) != (0.0, 1.0) && self.op != Op::Rand {
            return Err(RngError::Unsupported("--low and --high are for uniform".to_owned()));
        }
        if low.is_finite() && high.is_finite() && low < high {
            return Ok(Self { low, high, ..self });
        }
        let wanted = "finite numbers, the first below the second";
        Err(RngError::Range { what: "the bounds", value: format!("{low}, {high}"), wanted })
    }

    /// Whether a uniform value is moved and stretched, which rounds.
    #[must_use]
    pub fn is_scaled(&self) -> bool {
        (self.low, self.high) != (0.0, 1.0)
    }

    /// With another mean and standard deviation.
    ///
    /// # Errors
    /// When they are not finite, or the deviation is not positive.
    pub fn with_normal(self, mean: f64, std: f64) -> Result<Self, RngError> {
        if mean.is_finite() && std.is_finite() && std > 0.0 {
            return Ok(Self { mean, std, ..self });
        }
        Err(RngError::Range {
            what: "the mean or the deviation",
            value: format!("{mean}, {std}"),
            wanted: "finite numbers, and a positive deviation",
        })
    }

    /// Elements that one block of a thread serves in the scalar kernel: four words, or two pairs of words for binary64
    /// (`curand_uniform2_double`). Dropout draws binary32 for every type.
    #[must_use]
    pub fn lanes(&self) -> u64 {
        if self.element == Element::F64 && self.op != Op::Dropout { 2 } else { 4 }
    }

    /// Blocks that a thread takes in one turn of its loop.
    fn blocks_a_turn(&self) -> u64 {
        u64::from(self.vector).div_ceil(4)
    }

    /// The elements that all threads serve in one turn.
    #[must_use]
    pub fn turn(&self, threads: u64) -> u64 {
        threads * if self.vector == 1 { self.lanes() } else { u64::from(self.vector) }
    }

    /// Whether its arguments leave one value for every element, whatever the generator gives.
    #[must_use]
    #[expect(clippy::float_cmp, reason = "the very bounds")]
    pub fn is_constant(&self) -> bool {
        match self.op {
            Op::Dropout => self.p == 0.0 || self.p == 1.0,
            Op::Rand => self.low == self.high,
            Op::Randn => self.std == 0.0,
        }
    }

    /// The elements from the start that are placed alike by any two launches of at least `threads` threads.
    #[must_use]
    pub fn common(&self, threads: u64) -> u64 {
        threads * u64::from(self.vector)
    }

    /// The place of element `i` in a launch of `threads` threads.
    #[inline]
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "lanes are below four")]
    pub fn place(&self, i: u64, threads: u64) -> Place {
        let turn = self.turn(threads);
        let (loops, rest) = (i / turn, i % turn);
        if self.vector == 1 {
            return Place { block: loops, thread: rest % threads, lane: (rest / threads) as u32 };
        }
        let width = u64::from(self.vector);
        let inner = rest % width;
        Place { block: loops * self.blocks_a_turn() + inner / 4, thread: rest / width, lane: (inner % 4) as u32 }
    }

    /// How far the call moves the generator's offset: `((n - 1) / (threads × lanes) + 1) × 4`, with four lanes for
    /// dropout of every width. With two neighbours a thread draws more blocks than that, so the next call repeats some
    /// (PyTorch issue 68909). A probability of 0 or 1 launches nothing (ATen/native/Dropout.cpp).
    #[must_use]
    pub fn advance(&self, threads: u64) -> u64 {
        if self.op == Op::Dropout && (self.p == 0.0 || self.p == 1.0) {
            return 0;
        }
        ((self.n - 1) / (threads * self.lanes()) + 1) * 4
    }
}

impl Vector {
    fn width(self) -> u32 {
        match self {
            Self::Auto | Self::One => 1,
            Self::Two => 2,
            Self::Four => 4,
            Self::Eight => 8,
        }
    }
}

/// `get_vector_size`, Dropout.cu: prefers a smaller width without a remainder.
#[expect(clippy::cast_possible_truncation, reason = "eight at most")]
fn widest(most: u64, n: u64) -> u32 {
    let mut width = most;
    while !n.is_multiple_of(width) {
        width /= 2;
    }
    width as u32
}
