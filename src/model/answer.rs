//! What an engine answers to a task: what repeated runs gave, or why they gave nothing.

use serde::{Deserialize, Serialize};

use super::bits::Bits;
use super::{Finding, Skip};

/// What went wrong on an adapter.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error, Serialize, Deserialize)]
pub enum RunError {
    /// The adapter is not there any more.
    #[error("{0}")]
    Gone(String),
    /// The driver refused or failed.
    #[error("the driver failed: {0}")]
    Driver(String),
    /// The shader was refused.
    #[error("the shader was refused: {0}")]
    Shader(String),
    /// The shader did not end, or does what this engine cannot do.
    #[error("{0}")]
    Stopped(String),
    /// The task contradicts itself.
    #[error("the task can't be executed: {0}")]
    Task(String),
    /// Elements of the output were never written.
    #[error("{count} of {len} output elements were never written, the first at index {first}")]
    Unwritten {
        /// How many.
        count: usize,
        /// Of how many.
        len: usize,
        /// The first.
        first: usize,
    },
}

/// One of the distinct results of repeated runs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Distinct {
    /// The output; `None` beyond the first few distinct ones.
    pub bits: Option<Bits>,
    /// Its digest.
    pub digest: String,
    /// How many runs gave it.
    pub runs: u32,
}

/// What repeated runs of a program gave.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Runs {
    /// The distinct results: the first run's first, the others in order of appearance.
    pub distinct: Vec<Distinct>,
    /// The number of runs.
    pub runs: u32,
    /// Seconds of submitting and waiting for all runs, compilation excluded.
    pub seconds: f64,
    /// Seconds of compiling the shader and making the pipelines.
    pub compile_seconds: f64,
    /// What was noticed besides the results, over all runs; only the interpreter notices anything.
    pub findings: Vec<Finding>,
}

/// What an engine answers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub enum Answer {
    /// It ran.
    Ran(Runs),
    /// It cannot run here.
    Skipped(Skip),
    /// It should have run, and did not.
    Failed(RunError),
}

impl From<Result<Result<Runs, Skip>, RunError>> for Answer {
    fn from(result: Result<Result<Runs, Skip>, RunError>) -> Self {
        match result {
            Ok(Ok(runs)) => Self::Ran(runs),
            Ok(Err(skip)) => Self::Skipped(skip),
            Err(error) => Self::Failed(error),
        }
    }
}
