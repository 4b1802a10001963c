//! What a sweep of a function over all its inputs, or a sample of them, finds on one adapter.

use serde::{Deserialize, Serialize};

use super::adapter::AdapterIdentity;
use super::bits::Dtype;
use super::drift::{Classes, UlpBucket};

/// Inputs of a block, of which each has a digest.
pub const BLOCK: u64 = 1 << 20;

/// Inputs of a stratified sample of 2^32 patterns.
pub const SAMPLE: u64 = 1 << 20;

/// Inputs of the sample that share a digest. Each part of the sample lies in a range of 2^24 patterns.
pub const PART: u64 = 1 << 12;

/// The version of a sweep's file.
pub const VERSION: u32 = 1;

/// Which inputs are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// Every bit pattern.
    All,
    /// 2^20 of 2^32 patterns: one, always the same, of each 4096 that follow each other.
    Stratified,
}

impl Inputs {
    /// Its name, as typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::All => "all",
            Self::Stratified => "stratified",
        }
    }
}

/// One input and what became of it, as bit patterns.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Point {
    /// The input; of two operands the second in the high half.
    pub input: u32,
    /// What the adapter gave.
    pub found: u32,
    /// The correctly rounded result.
    pub right: u32,
}

/// The largest error of its kind, and where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Worst {
    /// How large, in units in the last place of the exact value, or absolutely.
    pub error: f64,
    /// Where: the least input that has it.
    pub at: Point,
}

/// One function on one adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Swept {
    /// The function's name.
    pub function: String,
    /// The type of operands and result.
    pub dtype: Dtype,
    /// How many operands it has.
    pub operands: u32,
    /// Which inputs were tried.
    pub inputs: Inputs,
    /// How many.
    pub count: u64,
    /// What the specification allows, in words.
    pub limit: String,
    /// Results that are the correctly rounded one; any NaN is any other.
    pub right: u64,
    /// What the others are, against the correctly rounded results.
    pub classes: Classes,
    /// Distances from the correctly rounded result in representable numbers, where both are finite and different and it is
    /// no flush.
    pub histogram: Vec<UlpBucket>,
    /// The largest error in units in the last place, of the results in the histogram.
    pub worst_ulp: Option<Worst>,
    /// The largest absolute error of a finite result where a finite one is due.
    pub worst_absolute: Option<Worst>,
    /// Results that are not correctly rounded and that the specification allows.
    pub allowed: u64,
    /// Results that are not correctly rounded where the specification sets no limit.
    pub unlimited: u64,
    /// Results that the specification does not allow.
    pub outside: u64,
    /// The least input with such a result.
    pub first_outside: Option<Point>,
    /// Of such results the one that is furthest from the correctly rounded one; NaN and infinities where numbers are due
    /// are further than any number.
    pub worst_outside: Option<Point>,
    /// The BLAKE3 of the results of each 2^20 inputs that follow each other, from pattern 0 on, every NaN as the canonical
    /// one. Empty where a sample was taken.
    pub blocks: Vec<String>,
    /// The same of the stratified sample, 2^12 results each. Empty where there are no more inputs than a sample has.
    pub sample: Vec<String>,
    /// Seconds that it took.
    pub seconds: f64,
}

/// All functions on one adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct AdapterSweep {
    /// The engine's id, such as `vulkan:0`.
    pub engine: String,
    /// The adapter.
    pub adapter: AdapterIdentity,
    /// The functions that were swept.
    pub functions: Vec<Swept>,
    /// Those that were not, with the reason.
    pub missing: Vec<Missing>,
}

/// A function without a result.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Missing {
    /// The function.
    pub function: String,
    /// Why, in a line.
    pub reason: String,
    /// Whether it failed; otherwise the adapter lacks what it needs.
    pub failed: bool,
}

/// What `repro-audit sweep` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct SweepFile {
    /// [`VERSION`].
    pub sweep_version: u32,
    /// The version of this program.
    pub program: String,
    /// A sweep an adapter.
    pub sweeps: Vec<AdapterSweep>,
}
