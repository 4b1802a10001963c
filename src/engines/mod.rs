//! What executes a task: adapters through wgpu, the interpreter, the CPU, and processes that speak the remote protocol.
//! Every engine passes the suite of `tests/machine/conformance/`.

mod collect;
pub mod cpu;
pub mod gpu;
pub mod interpreter;
pub mod mock;
pub mod remote;
mod skip;
mod stream;

pub use crate::model::answer::{Answer, Distinct, RunError, Runs};
use crate::model::task::Program;
use crate::model::{AdapterIdentity, Skip, Task};
use skip::unsupported;
pub use stream::{Chunk, Stream};

/// Something that executes tasks.
///
/// A task that contradicts itself is answered with [`RunError::Task`], one that the engine has no means for is skipped
/// with the reason, and `repeats` of 0 counts as 1. The answer's bits are the task's element type and number of elements.
pub trait Engine: Send {
    /// Who it is; the same for as long as it lives.
    fn identity(&self) -> &AdapterIdentity;

    /// Executes a task `repeats` times; fewer, but at least twice, where it is known that further runs can't differ.
    fn run(&mut self, task: &Task, repeats: u32) -> Answer;

    /// Executes a program once with each of many contents of one of its buffers, and hands on each output. Where it can, it
    /// executes the next ones meanwhile.
    ///
    /// # Errors
    /// When the driver fails or refuses the shader.
    fn stream(&mut self, stream: &mut Stream<'_>) -> Result<Result<(), Skip>, RunError> {
        stream.one_by_one(|program| self.run(&Task::of(program), 1))
    }
}

/// What executes a program in WGSL.
trait Programs: Send {
    fn run_program(&mut self, program: &Program, repeats: u32) -> Result<Result<Runs, Skip>, RunError>;

    /// As [`Engine::stream`].
    fn stream_program(&mut self, stream: &mut Stream<'_>) -> Result<Result<(), Skip>, RunError> {
        stream.one_by_one(|program| self.run_program(&program, 1).into())
    }
}

impl Programs for gpu::Runner {
    fn run_program(&mut self, program: &Program, repeats: u32) -> Result<Result<Runs, Skip>, RunError> {
        self.run(program, repeats)
    }

    fn stream_program(&mut self, stream: &mut Stream<'_>) -> Result<Result<(), Skip>, RunError> {
        self.stream(stream)
    }
}

impl Programs for interpreter::Runner {
    fn run_program(&mut self, program: &Program, repeats: u32) -> Result<Result<Runs, Skip>, RunError> {
        self.run(program, repeats)
    }
}

/// An engine that executes WGSL.
struct Wgsl<P> {
    identity: AdapterIdentity,
    programs: P,
}

impl<P: Programs> Engine for Wgsl<P> {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn run(&mut self, task: &Task, repeats: u32) -> Answer {
        if let Err(wrong) = task.check() {
            return Answer::Failed(RunError::Task(wrong.to_string()));
        }
        match &task.program {
            Some(program) => self.programs.run_program(program, repeats).into(),
            None => Answer::Skipped(Skip::CpuOnly),
        }
    }

    fn stream(&mut self, stream: &mut Stream<'_>) -> Result<Result<(), Skip>, RunError> {
        self.programs.stream_program(stream)
    }
}

/// Opens the adapter at this place among those of its backend.
///
/// # Errors
/// When there is none, or its driver gives no device.
pub fn adapter(backend: &str, index: usize) -> Result<Box<dyn Engine>, RunError> {
    let (identity, programs) = gpu::open(backend, index)?;
    Ok(Box::new(Wgsl { identity, programs }))
}

/// The interpreter in this mode, at this place among the interpreters of an audit.
#[must_use]
pub fn interpreting(mode: interpreter::Mode, index: usize) -> Box<dyn Engine> {
    let identity = interpreter::identity(&mode, index);
    Box::new(Wgsl { identity, programs: interpreter::Runner::open(mode) })
}
