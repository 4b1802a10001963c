//! What an engine gave for a case: its results, what they hold, and how far they are from the exact answer.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::bits::{Bits, digest_words};
use crate::model::drift::Accuracy;
use crate::model::number::{Number, OptionalNumber};
use crate::model::{Arithmetic, Finding, Observation, Skip};

/// The digest of a twin's output in one arithmetic.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TwinDigest {
    /// The arithmetic.
    pub arithmetic: Arithmetic,
    /// BLAKE3 of the output.
    pub digest: String,
}

/// One result of repeated runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Distinct {
    /// BLAKE3 of the output.
    pub digest: String,
    /// How many runs gave it.
    pub runs: u32,
    /// Where the output has one element and there are several results, the bits of it, which the digest proves; of 256 results
    /// at most. Since format 1.5.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bits: Option<String>,
}

impl Distinct {
    /// Results of one element whose bits are kept, of one execution.
    pub const VALUES: usize = 256;

    /// The bits of its one element, where they are kept and a digest of them is its digest.
    #[must_use]
    pub fn value(&self) -> Option<u32> {
        let digits = self.bits.as_deref()?.strip_prefix("0x")?;
        let word = u32::from_str_radix(digits, 16).ok()?;
        (digest_words(&[word]) == self.digest).then_some(word)
    }
}

/// What repeated runs say of repeatability.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Dispersion {
    /// Shannon entropy of the distribution over distinct results, in bits.
    #[serde(with = "Number")]
    pub entropy: f64,
    /// The share of the commonest result.
    #[serde(with = "Number")]
    pub mode_share: f64,
    /// Where all runs agreed: the rate of other results is below this with 95 % confidence (rule of three, 3/N).
    /// 1 where they did not, and NaN on an embedded adapter, whose runs are no random draws.
    #[serde(with = "Number")]
    pub rate_below: f64,
    /// `V_s` of the FPNA paper, the largest over the runs, against the first run: 1 - |S_run / S_first|. Only for
    /// outputs of one element.
    #[serde(with = "Number")]
    pub variability: f64,
}

/// How an execution ended.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum Outcome {
    /// It ran.
    Ran {
        /// Runs.
        runs: u32,
        /// The distinct results, the first run's first.
        distinct: Vec<Distinct>,
        /// What they say of repeatability.
        dispersion: Dispersion,
    },
    /// It cannot run here.
    Skipped {
        /// Why.
        why: Skip,
    },
    /// It should have run, and did not.
    Failed {
        /// What happened, in one line.
        reason: String,
    },
}

/// What a row says, from the least to the worst: the one order of statuses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It did not run: skipped, with a reason.
    Skipped,
    /// Equal to the strict twin in every bit, in every run. NaN is equal to NaN.
    BitExact,
    /// Repeatable, different from the strict twin (or with no twin to equal), and allowed by the specification.
    WithinSpecification,
    /// Repeatable, and different from the strict twin (or with no twin to equal); what the specification allows is not
    /// known. Since format 1.2.
    Unjudged,
    /// Runs differ among themselves; each is allowed by the specification, where that is known.
    NotRepeatable,
    /// A result that the specification does not allow.
    OutsideSpecification,
    /// It failed.
    Failed,
}

/// One case on one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Execution {
    /// The engine's id.
    pub engine: String,
    /// How it ended.
    pub outcome: Outcome,
    /// What the row says.
    pub status: Status,
    /// The arithmetics whose twins it equals in every bit. Where several twins are equal among themselves, all of them.
    pub equals: Vec<Arithmetic>,
    /// The first run's error against the exact answer and the specification. The worst over all kept distinct results
    /// for `outside`.
    pub accuracy: Option<Accuracy>,
    /// What the kernel says of the first run's output.
    pub observations: Vec<Observation>,
    /// Defects of the shader that the engine noticed, over all runs. Since format 1.1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What the first run's output holds. Since format 1.3.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content: Option<Content>,
    /// Some of the first run's elements: all of a small output, and of a large one the ends, evenly spaced ones, and
    /// those that comparisons name.
    pub samples: Vec<Sample>,
    /// Wall-clock seconds of all runs, compilation excluded; not part of the id, and left out of a merged record.
    #[serde(with = "Number", default)]
    pub seconds: f64,
}

impl Execution {
    /// How often it ran; 0 where it did not.
    #[must_use]
    pub fn runs(&self) -> u32 {
        if let Outcome::Ran { runs, .. } = self.outcome { runs } else { 0 }
    }

    /// The digest of its first result; `None` where it did not run.
    #[must_use]
    pub fn first(&self) -> Option<&str> {
        match &self.outcome {
            Outcome::Ran { distinct, .. } => distinct.first().map(|d| d.digest.as_str()),
            _ => None,
        }
    }
}

/// What an output holds. Since format 1.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Content {
    /// Elements that are NaN.
    pub nan: u64,
    /// Elements that are infinite.
    pub infinite: u64,
    /// The index of the first element that is NaN or infinite.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub first_not_finite: Option<u64>,
    /// The bits of every element, where all have the same.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub only: Option<String>,
}

impl Content {
    /// Counts what an output holds.
    #[must_use]
    pub fn of(output: &Bits) -> Self {
        let (mut nan, mut infinite, mut first, mut same) = (0, 0, None, output.len > 0);
        let start = if output.len > 0 { output.get(0) } else { 0 };
        for i in 0..output.len {
            let value = output.value(i);
            nan += u64::from(value.is_nan());
            infinite += u64::from(value.is_infinite());
            if !value.is_finite() {
                first.get_or_insert(i as u64);
            }
            same &= output.get(i) == start;
        }
        Self { nan, infinite, first_not_finite: first, only: same.then(|| output.dtype.hex(start)) }
    }
}

/// One element.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Sample {
    /// Its index.
    pub index: u64,
    /// Its bits.
    pub bits: String,
    /// Its value.
    #[serde(with = "Number")]
    pub value: f64,
    /// The strict twin's bits.
    pub twin: Option<String>,
    /// The exact value.
    #[serde(with = "OptionalNumber")]
    pub exact: Option<f64>,
}
