//! What a kernel yields for one case: the program for an adapter, the twin for the CPU, and the truth.

use super::program::Program;
use crate::arith::Arithmetic;
use crate::bits::{Bits, Dtype};
use serde::{Deserialize, Serialize};

/// The closed interval of results that the specification allows for one element.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// The least value allowed.
    pub lo: f64,
    /// The greatest value allowed.
    pub hi: f64,
}

impl Interval {
    /// Any value at all, NaN included: what the specification says of non-finite operands.
    pub const ANY: Self = Self { lo: f64::NEG_INFINITY, hi: f64::INFINITY };

    /// `centre ± radius`.
    #[must_use]
    pub fn around(centre: f64, radius: f64) -> Self {
        if centre.is_nan() || radius.is_nan() {
            return Self::ANY;
        }
        Self { lo: centre - radius, hi: centre + radius }
    }

    /// Just this value.
    #[must_use]
    pub fn point(value: f64) -> Self {
        Self::around(value, 0.0)
    }

    /// The smallest interval that holds both.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        Self { lo: self.lo.min(other.lo), hi: self.hi.max(other.hi) }
    }

    /// This interval with zero in it: what flushing a subnormal result may add.
    #[must_use]
    pub fn or_zero(self) -> Self {
        self.join(Self { lo: 0.0, hi: 0.0 })
    }

    /// Whether everything is allowed.
    #[must_use]
    pub fn is_any(self) -> bool {
        self == Self::ANY
    }

    /// Whether `value` is allowed. NaN is allowed only where everything is.
    #[must_use]
    pub fn allows(self, value: f64) -> bool {
        self.is_any() || (self.lo <= value && value <= self.hi)
    }
}

/// What the WGSL specification allows of a case's output.
#[derive(Debug, Clone)]
pub enum Allowance {
    /// Only the twin's bits: integer work and copies.
    Exact,
    /// An interval for each element.
    Intervals(Vec<Interval>),
}

/// The truth: for each element the exact answer, correctly rounded to binary64 or far more precise than the output.
#[derive(Debug, Clone)]
pub struct Exact {
    /// One value an element. NaN where there is no answer.
    pub values: Vec<f64>,
}

/// A named number that a kernel says of an output, such as a mask's keep rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Observation {
    /// Its name, snake_case.
    pub name: String,
    /// Its value.
    #[serde(with = "crate::drift::number")]
    pub value: f64,
    /// Its meaning, in a few words.
    pub about: String,
}

impl Observation {
    /// A named number.
    #[must_use]
    pub fn new(name: &str, value: f64, about: &str) -> Self {
        Self { name: name.to_owned(), value, about: about.to_owned() }
    }
}

/// Integers that a case's answer is made of, where they are another case's whole answer. Where those agree and the answer
/// does not, what lies between the two is the cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Origin {
    /// What they are: "the generator's words".
    pub what: String,
    /// The problem, without configuration, whose answer they are.
    pub problem: String,
    /// Whether the same problem with a larger `n` will do, whose first elements they are.
    pub prefix: bool,
    /// What lies between, in a few words: "the conversion of 32 bits to floats".
    pub then: String,
}

/// One case, ready to be computed.
///
/// A case runs on adapters (it has a [`Problem::program`] and a [`Problem::twin`]), or on the CPU's threads only (it
/// has [`Problem::threaded`]).
pub trait Problem: Send + Sync {
    /// The element type and the number of elements of the answer.
    fn shape(&self) -> (Dtype, usize);

    /// What an adapter executes. `None` for a case of the CPU's threads only.
    fn program(&self) -> Option<Program> {
        None
    }

    /// The arithmetics in which the twin may differ, the strict one first. An integer kernel has only that.
    fn arithmetics(&self) -> &'static [Arithmetic] {
        &Arithmetic::CONTRACTION
    }

    /// The twin: the shader's operations in the shader's order, in this arithmetic, on up to `threads` threads (the
    /// bits never depend on their number). `None` where no order is defined, as for unordered atomics.
    fn twin(&self, arithmetic: Arithmetic, threads: usize) -> Option<Bits>;

    /// The exact answer. `None` where the output is no number (a permutation, a mask).
    fn exact(&self) -> Option<Exact>;

    /// What the specification allows.
    fn allowance(&self) -> Allowance;

    /// The same operation as an ordinary threaded library does it on `threads` threads. `None` unless this is a case
    /// of the threads axis.
    fn threaded(&self, threads: usize) -> Option<Bits> {
        let _ = threads;
        None
    }

    /// The integers that the numbers are made of. `None` where they are no case's answer, or where nothing between them
    /// and the answer is left to the implementation.
    fn origin(&self) -> Option<Origin> {
        None
    }

    /// What else there is to say of an output.
    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let _ = output;
        Vec::new()
    }
}
