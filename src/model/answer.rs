//! What repeated runs of a program on one engine give, or why they give nothing.

use super::Finding;
use super::bits::Bits;

/// What went wrong on an adapter.
#[derive(Debug, thiserror::Error)]
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
    /// The shader did not end, or does what this engine can not do.
    #[error("{0}")]
    Stopped(String),
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
#[derive(Debug, Clone)]
pub struct Distinct {
    /// The output; `None` beyond the first few distinct ones.
    pub bits: Option<Bits>,
    /// Its digest.
    pub digest: String,
    /// How many runs gave it.
    pub runs: u32,
}

/// What repeated runs of a program gave.
#[derive(Debug, Clone)]
pub struct Runs {
    /// The distinct results: the first run's first, the others in order of appearance.
    pub distinct: Vec<Distinct>,
    /// The number of runs.
    pub runs: u32,
    /// Seconds of submitting and waiting for all runs, compilation excluded.
    pub seconds: f64,
    /// Seconds of compiling the shader and making the pipelines.
    pub compile_seconds: f64,
    /// What was noticed besides the results, over all runs; only the embedded adapter notices anything.
    pub findings: Vec<Finding>,
}
