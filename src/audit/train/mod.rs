//! Trainings that are made again with one thing changed: on every engine ([`engines`]), and on the CPU with whatever a reference
//! can simulate ([`arms`]). Adapters live in child processes as in any audit; one that fails is a line, and the others go on.

mod arms;
mod engines;
mod first;
mod repeated;
mod serve;

use std::collections::BTreeMap;
use std::path::Path;

use serde::{Deserialize, Serialize};

pub use repeated::can_vary;
pub(super) use serve::answer;

use super::AuditError;
use super::blobs::Blobs;
use crate::engines::interpreter::Mode;
use crate::kernels::train::data::{TEST, digits};
use crate::kernels::train::fault::Fault;
pub use crate::kernels::train::network::EPOCH;
use crate::kernels::train::network::PARAMETERS;
use crate::kernels::train::{Variation, predictions, reference};
use crate::model::AdapterIdentity;
use crate::model::bits::digest_words;
use crate::model::training::{
    CPU, ControlResult, Factor, Launch, Seeds, Spread, Tier, Trained, Training, TrainingFile, VERSION,
};
use crate::process::Limits;

/// Epochs of a whole training.
pub const EPOCHS: u32 = 20;
/// The seed unless another is asked for.
pub const SEED: u64 = 42;
/// The step in which faults on purpose are made.
const FAULT: u32 = 50;

/// The digest of the weights after a whole training in integers with [`SEED`]: the same on whatever executes WGSL as it is
/// specified. Another digest is a fault of a compiler or a driver.
pub const GOLDEN: &str = "29afd137e6ef361d5434d4b617d54000";

/// What a child is asked for.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The training.
    pub(super) training: Training,
    /// Steps that were made before.
    pub(super) step: u32,
    /// The digest of the words to begin with, which lie among the blobs.
    pub(super) from: String,
    /// The step to end after.
    pub(super) to: u32,
    /// Steps of a chunk.
    pub(super) every: u32,
}

/// Where the words of trainings lie.
pub(super) fn blobs(scratch: &Path) -> Blobs {
    Blobs::new(scratch, "train", "train")
}

/// What is trained.
#[derive(Debug, Clone)]
pub struct TrainPlan {
    /// What it computes in.
    pub tier: Tier,
    /// The factors, each once.
    pub factors: Vec<Factor>,
    /// Factors that are changed together, by two. Each is of the CPU, and they change different things.
    pub pairs: Vec<(Factor, Factor)>,
    /// The values of each variable of [`Factor::Vary`].
    pub vary: BTreeMap<String, Vec<String>>,
    /// Whether the weights are kept: see [`Trainings`].
    pub keep: bool,
    /// Trainings of a factor.
    pub replicas: u32,
    /// Steps of a training, at least 1.
    pub steps: u32,
    /// Steps that an interpreter makes.
    pub interpreted: u32,
    /// The seed of everything that is not changed.
    pub seed: u64,
    /// How adapters launch it.
    pub launch: Launch,
    /// The adapters and interpreters of [`Factor::Adapter`].
    pub adapters: Vec<AdapterIdentity>,
    /// The variables that keep broken drivers out of a child.
    pub environment: BTreeMap<String, String>,
    /// The modes of interpreters from number 1 on.
    pub planted: Vec<Mode>,
    /// What a child may take; the time is one chunk's.
    pub limits: Limits,
}

/// What came of a plan.
#[derive(Debug)]
pub struct Trainings {
    /// What is told.
    pub file: TrainingFile,
    /// The last weights of each training, in the order of [`TrainingFile::trainings`]; `None` where there are none, or they were
    /// not to be kept.
    pub weights: Vec<Option<Vec<u32>>>,
}

/// Is told how trainings go on.
pub trait TrainProgress {
    /// Something begins, of so many steps.
    fn begin(&mut self, what: &str, steps: u32);
    /// So many of them are made.
    fn made(&mut self, steps: u32);
    /// It is over; of a training that failed the reason.
    fn end(&mut self, failure: Option<&str>);
}

/// Makes all trainings of a plan.
///
/// # Errors
/// When a signal asks the program to end, or the scratch folder takes no words. What fails on an adapter is part of the result.
pub fn train(plan: &TrainPlan, scratch: &Path, progress: &mut dyn TrainProgress) -> Result<Trainings, AuditError> {
    let seeds = Seeds::all(plan.seed);
    let mut all: Vec<(Trained, Option<Vec<u32>>)> = Vec::new();
    let mut spreads = Vec::new();
    let mut singles = Vec::new();
    progress.begin("faults on purpose", 0);
    let controls = controls(plan.tier, seeds);
    progress.end(None);
    let history = engines::History::of(plan, scratch)?;
    for factor in &plan.factors {
        if *factor == Factor::Adapter {
            let made = engines::on_all(plan, &history, scratch, progress)?;
            let parting = made.iter().find_map(|engine| engine.trained.parting.clone());
            let spread = engines::spread(plan, *factor, &made);
            spreads.extend(spread.map(|s| Spread { parting, ..s }));
            all.extend(made.into_iter().map(|engine| (engine.trained, engine.weights.filter(|_| plan.keep))));
        } else if factor.is_of_one_adapter() {
            let (made, of_each) = repeated::on_each(plan, *factor, &history, scratch, progress)?;
            spreads.extend(of_each);
            all.extend(made.into_iter().map(|engine| (engine.trained, engine.weights.filter(|_| plan.keep))));
        } else {
            singles.push((*factor, None));
        }
    }
    let pairs = plan.pairs.iter().map(|(factor, also)| (*factor, Some(*also)));
    for (factor, also) in singles.into_iter().chain(pairs) {
        let name = also.map_or_else(|| factor.name().to_owned(), |a| format!("{}+{}", factor.name(), a.name()));
        progress.begin(&format!("{name}: {} trainings on the CPU", plan.replicas), 0);
        let (made, spread) = arms::on_cpu(plan, factor, also);
        all.extend(made.into_iter().map(|(trained, weights)| (trained, plan.keep.then_some(weights))));
        spreads.push(spread);
        progress.end(None);
        if let Some(signal) = crate::process::interrupt::stopped() {
            return Err(AuditError::Stopped(signal));
        }
    }
    // The control first, wherever the rest was made.
    let place = |factor: Factor| Factor::ALL.iter().position(|f| *f == factor);
    spreads.sort_by_key(|s| (s.also.is_some(), place(s.factor)));
    all.sort_by_key(|(t, _)| (t.also.is_some(), place(t.factor)));
    let (trainings, weights): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let whole = plan.tier == Tier::Integer && plan.seed == SEED && plan.steps == EPOCHS * EPOCH;
    let file = TrainingFile {
        training_version: VERSION,
        program: env!("CARGO_PKG_VERSION").to_owned(),
        network: "perceptron 64-128-64-10".to_owned(),
        data: "optical digits (UCI), 1,797 images of 8 x 8".to_owned(),
        data_digest: digits().digest.clone(),
        test: TEST,
        arithmetic: plan.tier,
        seed: plan.seed,
        steps: plan.steps,
        weights: PARAMETERS as u64,
        launch: plan.launch,
        golden: whole.then(|| GOLDEN.to_owned()),
        reference: history.last().to_owned(),
        epochs: history.epochs(),
        controls,
        spreads,
        trainings,
    };
    Ok(Trainings { file, weights })
}

/// Faults on purpose in the reference: where each is first seen.
fn controls(tier: Tier, seeds: Seeds) -> Vec<ControlResult> {
    let result = |fault: Fault| {
        let mut plain = reference(tier, seeds, Variation::default());
        let mut faulty = reference(tier, seeds, Variation { fault: Some(fault), ..Variation::default() });
        ControlResult {
            fault: fault.kind.name().to_owned(),
            step: fault.step,
            tensor: fault.kind.tensor().to_owned(),
            found: first::of_two(tier, plain.as_mut(), faulty.as_mut(), fault.step + 2),
        }
    };
    Fault::each(tier, FAULT).into_iter().map(result).collect()
}

/// A training on the CPU in the form of the others.
fn trained(tier: Tier, factor: Factor, replica: u32, changed: String, weights: &[u32], steps: u32) -> Trained {
    Trained {
        engine: CPU.to_owned(),
        label: "CPU reference".to_owned(),
        arithmetic: tier,
        factor,
        also: None,
        replica,
        changed,
        steps,
        final_digest: Some(digest_words(weights)),
        equal: None,
        epochs: Vec::new(),
        parting: None,
        accuracy: Some(crate::facts::retrained::accuracy(&predictions(tier, weights), &digits().test.labels)),
        seconds: 0.0,
        failure: None,
    }
}
