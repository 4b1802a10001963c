//! What a sweep of a function over all its inputs, or a sample of them, finds on one adapter.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::adapter::AdapterIdentity;
use super::bits::Dtype;
use super::drift::{Classes, UlpBucket};
use super::number::{self, Number};
use super::skip::Skip;

/// Inputs of a block, of which each has a digest.
pub const BLOCK: u64 = 1 << 20;

/// Inputs of a stratified sample of 2^32 patterns.
pub const SAMPLE: u64 = 1 << 20;

/// Inputs of the sample that share a digest. Each part of the sample lies in a range of 2^24 patterns.
pub const PART: u64 = 1 << 12;

/// The version of a sweep's file.
pub const VERSION: u32 = 1;

/// Which inputs are tried.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Inputs {
    /// Every bit pattern.
    All,
    /// 2^20 of the 2^32 patterns, one of each 4096 that follow each other, so that 2048 are of every sign and exponent. With
    /// `h = (s * 0x9e3779b1) mod 2^32` and `g = ((h ^ (h >> 15)) * 0x85ebca77) mod 2^32`, number `s` is `s * 4096 + (g >> 20)`,
    /// but `s * 4096` where `s` is a multiple of 2048: zeros, infinities and powers of two.
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Point {
    /// The input; of two operands the second in the high half.
    pub input: u32,
    /// What the adapter gave.
    pub found: u32,
    /// The correctly rounded result.
    pub right: u32,
}

/// The largest error of its kind, and where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Worst {
    /// How large, in units in the last place of the exact value, or absolutely.
    #[serde(with = "Number")]
    pub error: f64,
    /// Where: the least input that has it.
    pub at: Point,
}

/// One function on one adapter.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
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
    /// The largest of these distances.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub max_ulp: u64,
    /// The largest error in units in the last place, of the results in the histogram.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_ulp: Option<Worst>,
    /// The largest absolute error of a finite result where a finite one is due.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_absolute: Option<Worst>,
    /// Results that are not correctly rounded and that the specification allows.
    pub allowed: u64,
    /// Results that are not correctly rounded where the specification sets no limit.
    pub unlimited: u64,
    /// Results that the specification does not allow.
    pub outside: u64,
    /// The least input with such a result.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_outside: Option<Point>,
    /// Of such results the one that is furthest from the correctly rounded one; NaN and infinities where numbers are due
    /// are further than any number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub worst_outside: Option<Point>,
    /// The BLAKE3 of the results of each 2^20 inputs that follow each other, from pattern 0 on, every NaN as the canonical
    /// one. Empty where a sample was taken, and in a record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub blocks: Vec<String>,
    /// The same of the stratified sample, 2^12 results each. Empty where there are no more inputs than a sample has, and in a
    /// record.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sample: Vec<String>,
    /// The BLAKE3 of all results in the order of their inputs, every NaN as the canonical one, where there are no more than
    /// 2^20.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub digest: String,
    /// The same of the correctly rounded results.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub reference: String,
    /// The BLAKE3 of the WGSL text, 32 hexadecimal digits.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub shader: String,
    /// Seconds that it took; not part of a record's id.
    #[serde(with = "Number", default)]
    pub seconds: f64,
}

impl Swept {
    /// How many results are not the correctly rounded ones.
    #[must_use]
    pub fn wrong(&self) -> u64 {
        self.count.saturating_sub(self.right)
    }

    /// How many inputs there are of its operands.
    #[must_use]
    pub fn every(&self) -> u64 {
        every(self.dtype, self.operands)
    }
}

/// How many inputs there are of so many operands.
#[must_use]
pub fn every(dtype: Dtype, operands: u32) -> u64 {
    1 << dtype.width().saturating_mul(operands).min(32)
}

/// What one engine of an audit gave for functions at many inputs.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct EngineSweep {
    /// The engine's id.
    pub engine: String,
    /// The functions that were swept, each once for a type.
    pub functions: Vec<Swept>,
    /// Those that were not, with the reason.
    pub missing: Vec<Missing>,
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
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Missing {
    /// The function.
    pub function: String,
    /// The type of operands and result, where the file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dtype: Option<Dtype>,
    /// Which inputs were to be tried, where the file says so.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inputs: Option<Inputs>,
    /// Why, in a line.
    pub reason: String,
    /// What it needs and the adapter lacks.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub why: Option<Skip>,
    /// Whether it failed; otherwise the adapter lacks what it needs, or it was not tried.
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
