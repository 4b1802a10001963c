//! The record's types. `reports/record.schema.json` is derived from them, with the comments here as its descriptions.
//!
//! What varies from one audit to the next of the same machine (time stamps, durations) is in [`Record::run`] and in
//! fields named `seconds`, and is left out of the record's id.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::environment::Environment;
use super::outputs::Outputs;
use super::own::OwnKernel;
use super::version::FormatVersion;
use crate::model::Arithmetic;
use crate::model::bits::{Bits, Dtype, digest_words};
use crate::model::drift::{Accuracy, Drift};
use crate::model::number::{self, Number, OptionalNumber};
use crate::model::{AdapterIdentity, Examination, Finding, Limit, Quantity, Skip};
use crate::model::{AxisLevel, Level, Observation, Origin, Profile, Role, Side};

/// The note of a record that was written before its audit was finished.
pub const UNFINISHED: &str = "This audit was not finished when this record was written.";

/// One audit of one machine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Record {
    /// The format's version; first in the file, so that a reader can stop here.
    pub format: FormatVersion,
    /// BLAKE3 of the content as canonical JSON (members by name, no space), without `id`, `run`, `outputs` and every field
    /// named `seconds`: 64 hexadecimal digits. Before format 1.4 it is empty where the audit was not finished.
    #[schemars(extend("pattern" = "^([0-9a-f]{64})?$"))]
    pub id: String,
    /// When and how long; not part of the id.
    pub run: Run,
    /// What computed it.
    pub provenance: Provenance,
    /// Where it was computed.
    pub environment: Environment,
    /// The engines, the CPU first. Those that failed are listed with the reason.
    pub engines: Vec<Engine>,
    /// The planted drift and whether it was caught.
    pub controls: Vec<Control>,
    /// Every case, in the order of the plan.
    pub cases: Vec<CaseRecord>,
    /// What held, for each problem on each engine.
    pub verdicts: Vec<Verdict>,
    /// What the user should know besides: no adapter, software adapters only, and the like.
    pub notes: Vec<String>,
    /// The first result of every execution, by digest, which proves it; not part of the id, because the digests are. Since
    /// format 1.2.
    #[serde(default, skip_serializing_if = "Outputs::is_empty")]
    pub outputs: Outputs,
}

impl Record {
    /// Whether it was written before its audit was finished.
    #[must_use]
    pub fn is_unfinished(&self) -> bool {
        self.notes.iter().any(|n| n == UNFINISHED)
    }

    /// The engine of this id.
    #[must_use]
    pub fn engine(&self, id: &str) -> Option<&Engine> {
        self.engines.iter().find(|e| e.id == id)
    }

    /// The engine whose output a side is; `None` for a reference.
    #[must_use]
    pub fn engine_of(&self, side: &Side) -> Option<&Engine> {
        self.engine(side.engine()?)
    }
}

/// What varies by itself.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Run {
    /// RFC 3339, UTC.
    pub started: String,
    /// Wall-clock seconds of the whole audit.
    #[serde(with = "Number")]
    pub seconds: f64,
}

/// The program and the settings that produced a record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Provenance {
    /// The program's version.
    pub version: String,
    /// The git commit it was built from, where it was built from a checkout.
    pub commit: Option<String>,
    /// wgpu's and naga's versions.
    pub libraries: BTreeMap<String, String>,
    /// The settings in force.
    pub settings: Settings,
    /// The kernel of the user's own, where one was audited. Since format 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub own: Option<OwnKernel>,
}

/// The settings in force, defaults filled in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Settings {
    /// The profile.
    pub profile: Profile,
    /// `--kernel`; empty for all.
    pub kernels: Vec<String>,
    /// `--adapter`; empty for all.
    pub adapters: Vec<String>,
    /// Runs of every case on every engine.
    pub repeats: u32,
    /// The seed of all inputs.
    pub seed: u64,
    /// The CPU thread counts of the threads axis.
    pub threads: Vec<usize>,
    /// `--vary`: environment variables and their values.
    pub vary: BTreeMap<String, Vec<String>>,
    /// `--planted`: the modes of the embedded adapters from `embedded:1` on. Since format 1.1.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub planted: Vec<String>,
    /// `--engine`: the commands of `remote:0`, `remote:1` …, in this order. Since format 1.3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub engines: Vec<String>,
    /// `--store`: outputs of up to so many elements are stored whole. Since format 1.2; 0 in a record without outputs.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub store: u64,
    /// `--label`: a name for this audit, such as that of a leg of a CI matrix. Since format 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
}

/// What kind of engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// The CPU twins.
    Cpu,
    /// An adapter through wgpu, the embedded one, or a remote engine.
    Adapter,
}

/// Whether an engine finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum EngineStatus {
    /// It answered for every case.
    Complete,
    /// It crashed, hung, lost its device or could not be opened. What it had finished is in the record.
    Failed {
        /// What happened, in one line.
        reason: String,
        /// The case it was working on, if any.
        case: Option<String>,
    },
}

/// Something that executes cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Engine {
    /// Short and unique in the record: `cpu`, `vulkan:0`, `vulkan:0 LP_NUM_THREADS=1`.
    pub id: String,
    /// For people: adapter name, backend and driver.
    pub label: String,
    /// Its kind.
    pub kind: EngineKind,
    /// Who the adapter is.
    pub adapter: Option<AdapterIdentity>,
    /// The environment variables set for it alone (`--vary`).
    pub variables: BTreeMap<String, String>,
    /// Whether it finished.
    pub status: EngineStatus,
    /// What it silently does not do, as probes found. Since format 1.3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

impl Engine {
    /// What it is to the audit.
    #[must_use]
    pub fn role(&self) -> Role {
        match (self.kind, &self.adapter) {
            (EngineKind::Cpu, _) => Role::Cpu,
            (EngineKind::Adapter, None) => Role::Unlisted,
            (EngineKind::Adapter, Some(adapter)) => adapter.role(),
        }
    }

    /// Whether repeated runs are chosen orders of execution, and no random draws.
    #[must_use]
    pub fn takes_orders(&self) -> bool {
        self.adapter.as_ref().is_some_and(AdapterIdentity::takes_orders)
    }

    /// [`Role::is_interpreter`].
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.role().is_interpreter()
    }

    /// [`Role::is_driver`].
    #[must_use]
    pub fn is_driver(&self) -> bool {
        self.role().is_driver()
    }

    /// Whether it is [`Role::Reference`].
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.role() == Role::Reference
    }
}

/// A planted difference, and whether the comparator caught it. One that is missed makes the audit invalid.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Control {
    /// Its name: `one-ulp`, `nan`, `swapped`, `unordered-sum` ….
    pub name: String,
    /// The engine whose path was tested.
    pub engine: String,
    /// What was planted and what had to be said of it.
    pub about: String,
    /// Whether it was.
    pub caught: bool,
}

/// Everything about one case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CaseRecord {
    /// The id, which `repro-audit case` accepts.
    pub id: String,
    /// The kernel.
    pub kernel: String,
    /// The variant.
    pub variant: String,
    /// The id without configuration: cases that share it are compared on the `config` axis.
    pub problem: String,
    /// The configuration alone; empty where there is none.
    pub config: String,
    /// The output's element type.
    pub dtype: Dtype,
    /// The output's number of elements.
    pub elements: u64,
    /// What an element is. Since format 1.3; see [`CaseRecord::quantity`] for older records.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub quantity: Option<Quantity>,
    /// BLAKE3 of the WGSL text, 32 hexadecimal digits; `None` for cases of the CPU's threads.
    pub shader: Option<String>,
    /// The twins' digests, the strict one first; empty where no order is defined.
    pub twins: Vec<TwinDigest>,
    /// The strict twin's error against the exact answer.
    pub twin_accuracy: Option<Accuracy>,
    /// The integers that the answer is made of, where another case has them. Since format 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub origin: Option<Origin>,
    /// What is known of the shader besides its results. Since format 1.3.
    #[serde(default, skip_serializing_if = "Examination::is_empty")]
    pub examination: Examination,
    /// One an engine.
    pub executions: Vec<Execution>,
    /// Pairs of executions, and twins against executions, whose bits were compared. Equal pairs are here too.
    pub comparisons: Vec<Comparison>,
}

impl CaseRecord {
    /// The execution on the engine whose output a side is; `None` for a reference.
    #[must_use]
    pub fn execution_of(&self, side: &Side) -> Option<&Execution> {
        let engine = side.engine()?;
        self.executions.iter().find(|x| x.engine == engine)
    }
}

impl CaseRecord {
    /// The strict reference's digest; `None` where no order is defined.
    #[must_use]
    pub fn strict(&self) -> Option<&str> {
        self.twins.iter().find(|t| t.arithmetic == Arithmetic::STRICT).map(|t| t.digest.as_str())
    }

    /// The arithmetics whose references an execution's first result equals in every bit, by their digests.
    #[must_use]
    pub fn equalled(&self, execution: &Execution) -> Vec<Arithmetic> {
        let Outcome::Ran { distinct, .. } = &execution.outcome else { return Vec::new() };
        let first = distinct.first().map(|d| &d.digest);
        self.twins.iter().filter(|t| Some(&t.digest) == first).map(|t| t.arithmetic).collect()
    }

    /// The digest of what a side is in this case; `None` where that is not an engine's first result or a reference here.
    #[must_use]
    pub fn digest_of(&self, side: &Side) -> Option<&str> {
        match side {
            Side::Reference(of) => self.twins.iter().find(|t| t.arithmetic == *of).map(|t| t.digest.as_str()),
            Side::Engine(_) => match &self.execution_of(side)?.outcome {
                Outcome::Ran { distinct, .. } => distinct.first().map(|d| d.digest.as_str()),
                _ => None,
            },
            Side::Run(..) | Side::Configured(..) => None,
        }
    }

    /// What an element is: as recorded, or for a record from before format 1.3 by kernel and element type.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.quantity.unwrap_or_else(|| Quantity::presumed(&self.kernel, &self.variant, self.dtype))
    }
}

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

/// Two outputs whose bits were compared.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Comparison {
    /// What differs between the sides.
    pub axis: AxisLevel,
    /// The left side, the reference: an engine id, an engine id with `run 1`, a reference such as `cpu separate`, or an
    /// engine id with another configuration in brackets.
    pub left: Side,
    /// The right side.
    pub right: Side,
    /// The drift from left to right.
    pub drift: Drift,
}

/// Whether a level held.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum LevelState {
    /// All pairs that test it agree.
    Held,
    /// A pair that tests it differs.
    Failed,
    /// Nothing here tests it: one configuration only, one adapter only, no twin.
    Untested,
}

/// What held for one problem on one engine.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Verdict {
    /// The problem's id.
    pub problem: String,
    /// The kernel.
    pub kernel: String,
    /// The variant.
    pub variant: String,
    /// The engine.
    pub engine: String,
    /// The strongest level below which every level was tested and held. What held above an untested level is in
    /// [`Verdict::levels`].
    pub level: Level,
    /// Each level above `not_guaranteed`, in order.
    pub levels: Vec<(Level, LevelState)>,
    /// The worst status of its cases.
    pub status: Status,
    /// Runs on which `run_to_run` rests.
    pub runs: u32,
    /// What explains the first level that failed, in one sentence; empty where none did.
    pub because: String,
    /// The case that shows it.
    pub evidence: Option<String>,
}
