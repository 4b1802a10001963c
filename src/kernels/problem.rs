//! What a kernel yields for one case: the program for an adapter, the twin for the CPU, and the truth.

use crate::model::bits::{Bits, Dtype};
use crate::model::task::{Operation, Program, Task};
use crate::model::{Allowance, Arithmetic, Exact, Examination, Finding, Observation, Origin, Quantity};

/// The most iterations of loops that an invocation of our own shaders may make. Mesa's software drivers stop every loop,
/// without a word, once an invocation has made 65,535 in all.
pub const MOST_ITERATIONS: u64 = 60_000;

/// One case, ready to be computed.
///
/// A case runs on adapters (it has a [`Problem::program`] and a [`Problem::twin`]), or on the CPU's threads only (it
/// has [`Problem::threaded`]).
pub trait Problem: Send + Sync {
    /// The element type and the number of elements of the answer.
    fn shape(&self) -> (Dtype, usize);

    /// What an element of the answer is.
    fn quantity(&self) -> Quantity {
        Quantity::of(self.shape().0)
    }

    /// The most iterations that one invocation makes, of all loops of a pass together, where that grows with the
    /// problem: an upper bound. Loops of a fixed length may be left out as long as [`MOST_ITERATIONS`] leaves room.
    fn iterations(&self) -> u64 {
        0
    }

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

    /// What was noticed in looking closely at the shader, where that was done.
    fn findings(&self) -> Vec<Finding> {
        Vec::new()
    }

    /// What is known of the shader besides its results, where it was looked at closely.
    fn examination(&self) -> Examination {
        Examination::default()
    }

    /// The line of the loop that goes round most often, where the shader was looked at closely.
    fn longest_loop(&self) -> Option<u32> {
        None
    }

    /// The strict result if every loop is left after so many iterations of an invocation. `None` where there is no strict
    /// result, or where the shader was not looked at closely.
    fn limited(&self, iterations: u64) -> Option<Bits> {
        let _ = iterations;
        None
    }

    /// The operation and its tensors, for engines that have one of their own. `None` where it has no name that others
    /// know, and for all variants of a kernel but those that are the operation as a framework means it.
    fn operation(&self) -> Option<Operation> {
        None
    }

    /// What an engine is asked.
    fn task(&self) -> Task {
        Task { operation: self.operation(), ..self.program_task() }
    }

    /// The same for an engine that has no operations of its own, without their tensors.
    fn program_task(&self) -> Task {
        let (dtype, len) = self.shape();
        let program = self.program().map(|program| Program { iterations: self.iterations(), ..program });
        Task { operation: None, program, dtype, shape: vec![len] }
    }

    /// What else there is to say of an output.
    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let _ = output;
        Vec::new()
    }
}
