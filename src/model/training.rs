//! Trainings that are made again with one thing changed: what is asked, and what came out.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Drift;
use super::number::Number;

/// The version of [`TrainingFile`].
pub const VERSION: u32 = 1;

/// The engine id of the CPU's reference.
pub const CPU: &str = "cpu";

/// What is told as changed in a training without a change.
pub const NOTHING: &str = "nothing";

/// What a training computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Tier {
    /// binary32 as a framework uses it: built-in functions, and products that a compiler may fuse with additions.
    Native,
    /// binary32 with exact products, sums in a fixed order and no built-in function: the same bits wherever additions are
    /// rounded to nearest, in the order of the program, and subnormals kept.
    Portable,
    /// Fixed point in 32-bit integers: all that WGSL says of it is exact, so the bits are the same everywhere.
    Integer,
}

impl Tier {
    /// Every tier.
    pub const ALL: [Self; 3] = [Self::Native, Self::Portable, Self::Integer];

    /// Its name in `--arithmetic` and in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Native => "native",
            Self::Portable => "portable",
            Self::Integer => "integer",
        }
    }
}

/// Seeds of what is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Seeds {
    /// Of the initial weights.
    pub init: u64,
    /// Of the order of the images in each epoch.
    pub shuffle: u64,
    /// Of the masks of dropout.
    pub dropout: u64,
}

impl Seeds {
    /// One seed for all.
    #[must_use]
    pub fn all(seed: u64) -> Self {
        Self { init: seed, shuffle: seed, dropout: seed }
    }
}

/// How a training is computed where it is a program for an adapter: none of it may change what integers give.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Launch {
    /// Invocations of a workgroup.
    pub workgroup: u32,
    /// Whether sums go from the last term to the first.
    pub reversed: bool,
    /// Into how many parts the rows of a batch are split, which are added with atomics (integers only).
    pub parts: u32,
}

impl Default for Launch {
    fn default() -> Self {
        Self { workgroup: 64, reversed: false, parts: 1 }
    }
}

/// A training as an engine is asked for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Training {
    /// What it computes in.
    pub tier: Tier,
    /// What is drawn.
    pub seeds: Seeds,
    /// How it is launched.
    pub launch: Launch,
}

/// What is changed while everything else stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Factor {
    /// Nothing: these must be the same, or nothing else that was measured counts.
    Control,
    /// The engine that computes: every adapter, the interpreter and the CPU.
    Adapter,
    /// The seed of the initial weights.
    Init,
    /// The seed of the order of the images.
    Shuffle,
    /// The seed of the masks of dropout.
    Dropout,
    /// The order of the terms of every sum.
    Order,
    /// Another order of the terms in every step, as additions with atomics have.
    Atomics,
    /// The number of threads among which the rows of a batch are split for the gradient: each adds its own, and the sums are
    /// added after.
    Threads,
    /// Whether products are fused with additions.
    Fma,
    /// How functions are computed: `exp` and division as drivers do.
    Functions,
    /// Whether subnormal numbers become zero.
    Flush,
    /// An environment variable that a driver may read.
    Vary,
    /// Another process that keeps the adapter busy.
    Contention,
    /// One weight that is in use, moved by one unit in the last place before the first step.
    Ulp,
    /// The three seeds and the order of sums, together.
    All,
}

impl Factor {
    /// Every factor, in the order in which they are shown.
    pub const ALL: [Self; 15] = [
        Self::Control,
        Self::Adapter,
        Self::Vary,
        Self::Contention,
        Self::Ulp,
        Self::Order,
        Self::Atomics,
        Self::Threads,
        Self::Fma,
        Self::Functions,
        Self::Flush,
        Self::Shuffle,
        Self::Dropout,
        Self::Init,
        Self::All,
    ];

    /// Its name in `--factor` and in records.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Control => "control",
            Self::Adapter => "adapter",
            Self::Vary => "vary",
            Self::Contention => "contention",
            Self::Init => "init",
            Self::Shuffle => "shuffle",
            Self::Dropout => "dropout",
            Self::Order => "order",
            Self::Atomics => "atomics",
            Self::Threads => "threads",
            Self::Fma => "fma",
            Self::Functions => "functions",
            Self::Flush => "flush",
            Self::Ulp => "ulp",
            Self::All => "all",
        }
    }

    /// What it changes, to be read after "from".
    #[must_use]
    pub fn about(self) -> &'static str {
        match self {
            Self::Control => "nothing",
            Self::Adapter => "the engine that computes",
            Self::Vary => "environment variables",
            Self::Contention => "another process that keeps the adapter busy",
            Self::Init => "other initial weights",
            Self::Shuffle => "another order of the images",
            Self::Dropout => "other masks of dropout",
            Self::Order => "another order of the terms of sums",
            Self::Atomics => "an order of the terms of sums that changes in every step",
            Self::Threads => "another number of threads for the gradient",
            Self::Fma => "fused multiply-add",
            Self::Functions => "exp and division as drivers compute them",
            Self::Flush => "flushed subnormals",
            Self::Ulp => "one unit in the last place of one weight",
            Self::All => "all seeds and the order of sums together",
        }
    }

    /// Whether it is a matter of adapters: it is trained there and not on the CPU.
    #[must_use]
    pub fn is_of_adapters(self) -> bool {
        matches!(self, Self::Adapter | Self::Vary | Self::Contention)
    }

    /// Whether the same adapter is trained on again and again, each compared with the others alone.
    #[must_use]
    pub fn is_of_one_adapter(self) -> bool {
        matches!(self, Self::Vary | Self::Contention)
    }

    /// Whether it is rounding alone that a reference simulates: the mathematics stays the same.
    #[must_use]
    pub fn is_rounding(self) -> bool {
        matches!(
            self,
            Self::Order | Self::Atomics | Self::Threads | Self::Fma | Self::Functions | Self::Flush | Self::Ulp
        )
    }
}

/// Where two trainings part: the first step and tensor that differ.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Parting {
    /// The step, from 0.
    pub step: u32,
    /// The operation that made other bits of equal inputs.
    pub operation: String,
    /// The tensor that it made.
    pub tensor: String,
    /// Elements that differ.
    pub differing: u64,
    /// Elements of the tensor.
    pub elements: u64,
    /// The largest distance, in units in the last place; of integers in units.
    pub max_ulp: u64,
    /// Whether elements are floating point.
    pub float: bool,
}

/// What a training is after an epoch.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Epoch {
    /// The steps that were made, at its end.
    pub step: u32,
    /// The digest of the weights.
    pub digest: String,
    /// On an engine whose weights are others than the CPU's: how far.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub drift: Option<Drift>,
}

/// One training.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Trained {
    /// The engine's id: `vulkan:0`, `embedded:0`, `cpu`.
    pub engine: String,
    /// What it is.
    pub label: String,
    /// What it computes in.
    pub arithmetic: Tier,
    /// What is changed.
    pub factor: Factor,
    /// What is changed besides, of a pair.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<Factor>,
    /// Its number among the trainings of the factor; 0 is the one without a change.
    pub replica: u32,
    /// What was changed, in words.
    pub changed: String,
    /// Steps that were made. Fewer than were asked for where the engine is slow, or failed.
    pub steps: u32,
    /// The digest of the weights after these steps; `None` where there are none.
    pub final_digest: Option<String>,
    /// Of an engine: whether what it left at the end of each epoch that it made is what the CPU left, to the last bit.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub equal: Option<bool>,
    /// Of an engine: its weights after each epoch.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub epochs: Vec<Epoch>,
    /// Of an engine that differs: where it parts from the CPU; `None` where that did not show again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub parting: Option<Parting>,
    /// The fraction of the test's images that it has right.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub accuracy: Option<f64>,
    /// Seconds that it took; not part of a record's id.
    #[serde(with = "Number", default)]
    pub seconds: f64,
    /// Why it did not train to the end; `None` where it did.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub failure: Option<String>,
}

impl Trained {
    /// The name of what was changed, as [`Spread::name`].
    #[must_use]
    pub fn name(&self) -> String {
        named(self.factor, self.also)
    }

    /// Whether it was made to the end without a failure, of so many steps.
    #[must_use]
    fn is_whole(&self, steps: u32) -> bool {
        self.failure.is_none() && self.steps == steps && self.final_digest.is_some()
    }
}

/// The name of one factor, or of two that are changed together.
fn named(factor: Factor, also: Option<Factor>) -> String {
    also.map_or_else(|| factor.name().to_owned(), |also| format!("{}+{}", factor.name(), also.name()))
}

/// A number with the interval in which it is, with 95 % confidence.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Estimate {
    /// The number.
    pub value: f64,
    /// The lower end; `None` where there is too little to tell an interval from.
    pub low: Option<f64>,
    /// The upper end, as `low`.
    pub high: Option<f64>,
}

/// How far the trainings of one factor part.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Spread {
    /// The factor.
    pub factor: Factor,
    /// The other one, of a pair that was changed together.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub also: Option<Factor>,
    /// The adapter, where all are of one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub engine: Option<String>,
    /// Trainings.
    pub replicas: usize,
    /// Different digests among them.
    pub digests: usize,
    /// The mean fraction of the test's images that two trainings class differently, over all pairs.
    pub churn: Estimate,
    /// The mean distance of two trainings' weights, each divided by its length: 0 to 2.
    #[serde(with = "Number")]
    pub l2: f64,
    /// The mean cosine of two trainings' weights.
    #[serde(with = "Number")]
    pub cosine: f64,
    /// The mean fraction of weights whose bits differ between two trainings.
    pub differing: f64,
    /// The mean accuracy.
    pub accuracy: f64,
    /// The standard deviation of the accuracy.
    pub deviation: f64,
    /// Its standard error, s / sqrt(2 (R - 1)).
    pub deviation_error: f64,
    /// What the accuracy of one training varies by because the test has so few images: sqrt(p (1 - p) / N).
    pub floor: f64,
    /// The mean correlation of which images two trainings have right; `None` where one has all right.
    pub correlation: Option<f64>,
    /// How much better the mean vote of all is than the mean training, in accuracy.
    pub ensemble: f64,
    /// The churn against replica 0 after each epoch: the step and the mean.
    pub curve: Vec<(u32, f64)>,
    /// The first of these steps at which that is 1 % or more.
    pub one_percent: Option<u32>,
    /// The step in which replica 0 and the first that differs from it part.
    pub parting: Option<Parting>,
}

impl Spread {
    /// The name of what was changed: `ulp`, `init+order` of a pair, `vary on vulkan:0` of one adapter.
    #[must_use]
    pub fn name(&self) -> String {
        let on = self.engine.as_ref().map(|engine| format!(" on {engine}")).unwrap_or_default();
        format!("{}{on}", named(self.factor, self.also))
    }

    /// What was changed, to be read after "from".
    #[must_use]
    pub fn about(&self) -> String {
        let also = self.also.map(|also| format!(" and {}", also.about())).unwrap_or_default();
        let on = self.engine.as_ref().map(|engine| format!(" on {engine}")).unwrap_or_default();
        format!("{}{also}{on}", self.factor.about())
    }

    /// Whether it is rounding alone: the mathematics stays the same.
    #[must_use]
    pub fn is_rounding(&self) -> bool {
        self.factor.is_rounding() && self.also.is_none_or(Factor::is_rounding)
    }
}

/// A fault on purpose, and whether it was seen where it is.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ControlResult {
    /// What goes wrong.
    pub fault: String,
    /// In which step.
    pub step: u32,
    /// In which tensor it shows first.
    pub tensor: String,
    /// What was found.
    pub found: Option<Parting>,
}

impl ControlResult {
    /// Whether it was found where it is.
    #[must_use]
    pub fn is_caught(&self) -> bool {
        self.found.as_ref().is_some_and(|found| found.step == self.step && found.tensor == self.tensor)
    }
}

/// What `repro-audit train` writes.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct TrainingFile {
    /// [`VERSION`].
    pub training_version: u32,
    /// The version of this program.
    pub program: String,
    /// The network.
    pub network: String,
    /// The data, and the digest of its rows.
    pub data: String,
    /// See `data`.
    pub data_digest: String,
    /// Images of the test.
    pub test: usize,
    /// What is computed in.
    pub arithmetic: Tier,
    /// The seed of everything that is not changed.
    pub seed: u64,
    /// Steps of a whole training.
    pub steps: u32,
    /// Weights of the network.
    pub weights: u64,
    /// How adapters launch it.
    pub launch: Launch,
    /// The published digest of the weights after these steps with this seed; `None` where there is none.
    pub golden: Option<String>,
    /// The CPU's digest after these steps.
    pub reference: String,
    /// The CPU's weights after each epoch.
    pub epochs: Vec<Epoch>,
    /// Faults on purpose.
    pub controls: Vec<ControlResult>,
    /// How far trainings part, by factor.
    pub spreads: Vec<Spread>,
    /// Every training.
    pub trainings: Vec<Trained>,
}

impl TrainingFile {
    /// The network without its widths, as a case's id has it.
    #[must_use]
    pub fn network_name(&self) -> &str {
        self.network.split(' ').next().unwrap_or_default()
    }

    /// Whether the other one is the same training on other data: nothing of either is comparable with the other.
    #[must_use]
    pub fn is_of_other_data(&self, other: &Self) -> bool {
        let of = |file: &Self| (file.network_name().to_owned(), file.arithmetic, file.seed, file.launch);
        of(self) == of(other) && self.data_digest != other.data_digest
    }

    /// The trainings on engines other than the CPU.
    pub fn engines(&self) -> impl Iterator<Item = &Trained> {
        self.trainings.iter().filter(|t| t.factor == Factor::Adapter && t.engine != CPU)
    }

    /// The trainings on engines whose weights are not the CPU's after as many steps: in integers all of them, as there nothing
    /// may change them, and otherwise those of [`Factor::Adapter`].
    #[must_use]
    pub fn differing(&self) -> Vec<&Trained> {
        let of = |t: &&Trained| t.factor == Factor::Adapter || self.arithmetic == Tier::Integer;
        self.trainings.iter().filter(|t| t.equal == Some(false)).filter(of).collect()
    }

    /// Whether the CPU's own digest is another than the published one.
    #[must_use]
    pub fn is_golden_moved(&self) -> bool {
        self.golden.as_ref().is_some_and(|golden| *golden != self.reference)
    }

    /// Whether an adapter gives the same weights each time without a change, among the trainings of a spread of one adapter;
    /// `None` where fewer than two were made to the end.
    #[must_use]
    pub fn repeats(&self, spread: &Spread) -> Option<bool> {
        let plain = |t: &&Trained| {
            t.factor == spread.factor && Some(&t.engine) == spread.engine.as_ref() && t.changed == NOTHING
        };
        let mut digests =
            self.trainings.iter().filter(plain).filter(|t| t.is_whole(self.steps)).map(|t| &t.final_digest);
        let first = digests.next()?;
        let rest: Vec<bool> = digests.map(|digest| digest == first).collect();
        (!rest.is_empty()).then(|| rest.iter().all(|same| *same))
    }

    /// The trainings on engines that failed, each engine and factor once.
    #[must_use]
    pub fn failed(&self) -> Vec<&Trained> {
        let mut out: Vec<&Trained> = Vec::new();
        for t in self.trainings.iter().filter(|t| t.failure.is_some()) {
            if !out.iter().any(|there| (&there.engine, there.factor) == (&t.engine, t.factor)) {
                out.push(t);
            }
        }
        out
    }

    /// The measures of a factor by itself.
    #[must_use]
    pub fn spread(&self, factor: Factor) -> Option<&Spread> {
        self.spreads.iter().find(|s| s.factor == factor && s.also.is_none() && s.engine.is_none())
    }

    /// A churn as a share of that of everything together; `None` where one was not measured, or nothing differs.
    #[must_use]
    pub fn share(&self, spread: &Spread) -> Option<f64> {
        let all = self.spread(Factor::All)?.churn.value;
        (all > 0.0 && !matches!(spread.factor, Factor::All | Factor::Control)).then(|| spread.churn.value / all)
    }

    /// Trainings that were made to the end of what was asked of their engine.
    #[must_use]
    pub fn made(&self) -> usize {
        self.trainings.iter().filter(|t| t.failure.is_none() && t.final_digest.is_some()).count()
    }

    /// Whether every fault on purpose was seen where it is, and trainings without a change were the same. Without either there
    /// is nothing that could have failed, so it is not.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        let control = self.spread(Factor::Control).is_some_and(|spread| spread.digests == 1 && spread.replicas > 1);
        control && !self.controls.is_empty() && self.controls.iter().all(ControlResult::is_caught)
    }
}
