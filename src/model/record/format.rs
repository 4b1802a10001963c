//! The record's types. `reports/record.schema.json` is derived from them, with the comments here as its descriptions.
//!
//! What varies from one audit to the next of the same machine (time stamps, durations) is in [`Record::run`] and in
//! fields named `seconds`, and is left out of the record's id.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::engine::Engine;
use super::environment::Environment;
use super::outputs::Outputs;
use super::own::OwnKernel;
use super::result::{Execution, Status, TwinDigest};
use super::version::FormatVersion;
use crate::model::Arithmetic;
use crate::model::bits::Dtype;
use crate::model::drift::{Accuracy, Drift};
use crate::model::explained::Explained;
use crate::model::number::{self, Number};
use crate::model::sweep::EngineSweep;
use crate::model::training::TrainingFile;
use crate::model::{AxisLevel, Examination, Level, Origin, Profile, Quantity, Side};

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
    /// Functions at many of their inputs, once each, on the adapters under test. Since format 1.7.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub sweeps: Vec<EngineSweep>,
    /// What the user should know besides: no adapter, software adapters only, and the like.
    pub notes: Vec<String>,
    /// What makes results of engines differ from the strict reference, as far as it was looked at; empty where it was not.
    /// Since format 1.7.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub explained: Vec<Explained>,
    /// Trainings on the engines, of which each epoch's weights are compared. Since format 1.8.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub trainings: Vec<TrainingFile>,
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

    /// What was explained of an engine; `None` where it was not looked at.
    #[must_use]
    pub fn explained_of(&self, engine: &str) -> Option<&Explained> {
        self.explained.iter().find(|e| e.engine == engine)
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
    /// By engine, whether its driver had compiled shaders of an earlier audit, where it is known to keep them. Since format
    /// 1.5.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub shader_caches: BTreeMap<String, ShaderCache>,
}

/// The cache of compiled shaders that a driver used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ShaderCache {
    /// A private one, empty at first.
    Cold,
    /// A private one that an earlier audit had begun, with these shaders or others.
    Warm,
    /// As the user's environment has it.
    Own,
    /// None.
    Off,
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
    /// `--as`: the files of the models that the embedded adapters after those of `--planted` compute as. Since format 1.7.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub models: Vec<String>,
    /// `--store`: outputs of up to so many elements are stored whole, where it is the usual number only those that repeat. Since
    /// format 1.2; 0 in a record without outputs.
    #[serde(default, skip_serializing_if = "number::is_zero")]
    pub store: u64,
    /// `--label`: a name for this audit, such as that of a leg of a CI matrix. Since format 1.2.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
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
    /// `kernel/variant`.
    #[must_use]
    pub fn path(&self) -> String {
        format!("{}/{}", self.kernel, self.variant)
    }

    /// The strict reference's digest; `None` where no order is defined.
    #[must_use]
    pub fn strict(&self) -> Option<&str> {
        self.twins.iter().find(|t| t.arithmetic == Arithmetic::STRICT).map(|t| t.digest.as_str())
    }

    /// The arithmetics whose references an execution's first result equals in every bit, by their digests.
    #[must_use]
    pub fn equalled(&self, execution: &Execution) -> Vec<Arithmetic> {
        let Some(first) = execution.first() else { return Vec::new() };
        self.twins.iter().filter(|t| t.digest == first).map(|t| t.arithmetic).collect()
    }

    /// The digest of what a side is in this case; `None` where that is not an engine's first result or a reference here.
    #[must_use]
    pub fn digest_of(&self, side: &Side) -> Option<&str> {
        match side {
            Side::Reference(of) => self.twins.iter().find(|t| t.arithmetic == *of).map(|t| t.digest.as_str()),
            Side::Engine(_) => self.execution_of(side)?.first(),
            Side::Run(..) | Side::Configured(..) => None,
        }
    }

    /// What an element is: as recorded, or for a record from before format 1.3 by kernel and element type.
    #[must_use]
    pub fn quantity(&self) -> Quantity {
        self.quantity.unwrap_or_else(|| Quantity::presumed(&self.kernel, &self.variant, self.dtype))
    }
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
