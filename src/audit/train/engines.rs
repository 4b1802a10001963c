//! The same training on every engine, each against the CPU's.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use super::{Asked, EPOCH, TrainPlan, TrainProgress, arms, blobs, first, trained};
use crate::audit::AuditError;
use crate::audit::child::ChildError;
use crate::audit::server::{Seat, Server};
use crate::audit::worker::Response;
use crate::facts::retrained::{Model, accuracy};
use crate::kernels::train::data::digits;
use crate::kernels::train::network::{PARAMETERS, WORDS};
use crate::kernels::train::{Variation, dtype, predictions, reference, values};
use crate::model::bits::{Bits, digest_words};
use crate::model::training::{Epoch, Factor, Parting, Seeds, Spread, Tier, Trained, Training};
use crate::model::{AdapterIdentity, Drift};
use crate::numerics::drift::measure;
use crate::process::interrupt;

/// The CPU's training, step by chunk.
pub(super) struct History {
    /// Steps, the digest of all words, and that of the weights.
    chunks: Vec<(u32, String, String)>,
    /// All weights at the end.
    weights: Vec<u32>,
    seconds: f64,
}

impl History {
    /// Trains on the CPU; the words after each chunk lie among the blobs.
    pub(super) fn of(plan: &TrainPlan, scratch: &Path) -> Result<Self, AuditError> {
        let mut trainer = reference(plan.tier, Seeds::all(plan.seed), Variation::default());
        let blobs = blobs(scratch);
        let mut chunks = Vec::new();
        let mut seconds = 0.0;
        // Where an interpreter ends is a chunk's end too, so that its digest can be compared.
        let mut ends: Vec<u32> =
            (0..plan.steps).step_by(EPOCH as usize).chain([plan.interpreted, plan.steps]).collect();
        ends.sort_unstable();
        ends.dedup();
        for end in ends.into_iter().filter(|end| *end <= plan.steps) {
            let started = Instant::now();
            trainer.train(end);
            seconds += started.elapsed().as_secs_f64();
            let words = trainer.words();
            let weights = digest_words(&words[..PARAMETERS]);
            let bits = Bits::new(dtype(plan.tier), words, WORDS);
            let digest = bits.digest();
            blobs.put(&bits, &digest)?;
            chunks.push((end, digest, weights));
        }
        Ok(Self { chunks, weights: trainer.weight_words(), seconds })
    }

    /// The digest of the weights at the end.
    pub(super) fn last(&self) -> &str {
        self.chunks.last().map_or("", |(_, _, weights)| weights)
    }

    /// The weights after each epoch.
    pub(super) fn epochs(&self) -> Vec<Epoch> {
        let made = self.chunks.iter().skip(1);
        made.map(|(step, _, weights)| Epoch { step: *step, digest: weights.clone(), drift: None }).collect()
    }

    /// Whether all that an engine left at the ends of its chunks is what the CPU left there, `None` without a chunk; and the
    /// number of the first chunk where it is not. All words count, not the last weights alone: what differs in between and
    /// is gone at the end was another computation.
    fn compared(&self, made: &[(u32, String)]) -> (Option<bool>, Option<usize>) {
        let ours = |step: u32| self.chunks.iter().find(|(at, ..)| *at == step).map(|(_, digest, _)| digest);
        let differs = made.iter().position(|(step, digest)| ours(*step) != Some(digest));
        ((!made.is_empty()).then_some(differs.is_none()), differs)
    }
}

/// What an engine made.
pub(super) struct Engine {
    pub(super) trained: Trained,
    /// Its last weights.
    pub(super) weights: Option<Vec<u32>>,
}

/// Which training of an engine it is.
pub(super) struct Made {
    pub(super) factor: Factor,
    pub(super) replica: u32,
    /// What is changed, in words.
    pub(super) changed: String,
    /// What the engine's process has in its environment besides.
    pub(super) variables: BTreeMap<String, String>,
}

/// The training on the CPU and on every engine of the plan.
pub(super) fn on_all(
    plan: &TrainPlan,
    history: &History,
    scratch: &Path,
    progress: &mut dyn TrainProgress,
) -> Result<Vec<Engine>, AuditError> {
    let cpu = trained(plan.tier, Factor::Adapter, 0, "CPU reference".to_owned(), &history.weights, plan.steps);
    let cpu = Trained { seconds: history.seconds, ..cpu };
    let mut out = vec![Engine { trained: cpu, weights: Some(history.weights.clone()) }];
    for (adapter, replica) in plan.adapters.iter().zip(1..) {
        let changed = adapter.label();
        let how = Made { factor: Factor::Adapter, replica, changed, variables: BTreeMap::new() };
        progress.begin(&adapter.id(), told_steps(plan, adapter));
        let one = on(plan, history, adapter, how, scratch, progress)?;
        progress.end(one.trained.failure.as_deref());
        out.push(one);
    }
    Ok(out)
}

/// How many steps an engine makes.
fn told_steps(plan: &TrainPlan, adapter: &AdapterIdentity) -> u32 {
    if adapter.is_embedded() { plan.interpreted.min(plan.steps) } else { plan.steps }
}

/// One training on an engine, epoch by epoch beside the CPU's.
pub(super) fn on(
    plan: &TrainPlan,
    history: &History,
    adapter: &AdapterIdentity,
    how: Made,
    scratch: &Path,
    progress: &mut dyn TrainProgress,
) -> Result<Engine, AuditError> {
    let steps = told_steps(plan, adapter);
    let mut served = Served::new(plan, adapter, &how.variables, scratch);
    let started = Instant::now();
    let mut made: Vec<(u32, String)> = Vec::new();
    let mut failure = None;
    // Chunk by chunk as the CPU went, each in one request, so that no answer takes longer than its limit.
    for (from, to) in history.chunks.iter().zip(history.chunks.iter().skip(1)) {
        if to.0 > steps {
            break;
        }
        let begin = made.last().map_or_else(|| from.1.clone(), |(_, digest)| digest.clone());
        match served.steps(from.0, &begin, to.0, to.0 - from.0) {
            Ok(chunk) => made.extend(chunk),
            Err(reason) => {
                failure = Some(reason);
                break;
            }
        }
        progress.made(to.0);
        if let Some(signal) = interrupt::stopped() {
            return Err(AuditError::Stopped(signal));
        }
    }
    let seconds = started.elapsed().as_secs_f64();
    let reached = made.last().map_or(0, |(step, _)| *step);
    let blobs = blobs(scratch);
    let words = |digest: &str| blobs.get(digest, dtype(plan.tier), WORDS).map(|bits| bits.words);
    let mut epochs = Vec::new();
    for (step, digest) in &made {
        let words = words(digest)?;
        let ours = history.chunks.iter().find(|(at, ..)| at == step);
        let drift = match ours.filter(|(_, there, _)| there != digest) {
            Some((_, there, _)) => apart(plan.tier, &words, &blobs.get(there, dtype(plan.tier), WORDS)?.words),
            None => None,
        };
        epochs.push(Epoch { step: *step, digest: digest_words(&words[..PARAMETERS]), drift });
    }
    let last = made.last().map(|(_, digest)| words(digest)).transpose()?;
    let weights = last.as_ref().map(|words| &words[..PARAMETERS]);
    let digest = weights.map(digest_words);
    let (equal, differs) = history.compared(&made);
    let parting = match differs.and_then(|at| history.chunks.get(at).zip(history.chunks.get(at + 1))) {
        Some((before, after)) if failure.is_none() => served.parting(plan, &before.1, (before.0, after.0), scratch)?,
        _ => None,
    };
    let trained = Trained {
        engine: adapter.id(),
        label: served.adapter.label(),
        arithmetic: plan.tier,
        factor: how.factor,
        also: None,
        replica: how.replica,
        changed: if how.factor == Factor::Adapter { served.adapter.label() } else { how.changed },
        steps: reached,
        final_digest: digest,
        equal,
        epochs,
        parting,
        accuracy: weights
            .filter(|_| reached == plan.steps)
            .map(|w| accuracy(&predictions(plan.tier, w), &digits().test.labels)),
        seconds,
        failure,
    };
    let weights = weights.map(<[u32]>::to_vec);
    Ok(Engine { trained, weights })
}

/// How far an engine's weights are from the CPU's; `None` where they are the same.
fn apart(tier: Tier, left: &[u32], right: &[u32]) -> Option<Drift> {
    let weights = |words: &[u32]| Bits::new(dtype(tier), words[..PARAMETERS].to_vec(), PARAMETERS);
    measure(&weights(right), &weights(left)).filter(|drift| !drift.is_identical())
}

/// An engine in its child.
struct Served {
    tier: Tier,
    training: Training,
    server: Server,
    adapter: AdapterIdentity,
}

/// What keeps an adapter busy.
pub(super) struct Load {
    served: Served,
    /// The words before the first step, and the steps of an epoch.
    begin: String,
    steps: u32,
}

impl Load {
    /// Of a plan's training.
    pub(super) fn new(plan: &TrainPlan, history: &History, adapter: &AdapterIdentity, scratch: &Path) -> Self {
        let begin = history.chunks.first().map(|(_, digest, _)| digest.clone()).unwrap_or_default();
        Self { served: Served::new(plan, adapter, &BTreeMap::new(), scratch), begin, steps: EPOCH.min(plan.steps) }
    }

    /// Makes the first epoch once more.
    pub(super) fn again(&mut self) -> Result<(), String> {
        self.served.steps(0, &self.begin, self.steps, self.steps).map(drop)
    }
}

impl Served {
    /// One that has no process yet.
    fn new(plan: &TrainPlan, adapter: &AdapterIdentity, variables: &BTreeMap<String, String>, scratch: &Path) -> Self {
        // A variable that is varied has the last word.
        let environment = plan.environment.clone().into_iter().chain(variables.clone()).collect();
        Self {
            tier: plan.tier,
            training: Training { tier: plan.tier, seeds: Seeds::all(plan.seed), launch: plan.launch },
            server: Server::new(Seat {
                adapter: adapter.clone(),
                environment,
                scratch: scratch.to_owned(),
                planted: plan.planted.clone(),
                limits: plan.limits,
            }),
            adapter: adapter.clone(),
        }
    }

    /// Makes steps from words among the blobs: each step that was reached, and the digest there.
    fn steps(&mut self, step: u32, from: &str, to: u32, every: u32) -> Result<Vec<(u32, String)>, String> {
        let asked = Asked { training: self.training, step, from: from.to_owned(), to, every };
        let mut made = Vec::new();
        let adapter = &mut self.adapter;
        let answer = self.server.ask(
            "a training",
            |answer| matches!(answer, Response::Trained { .. } | Response::Skipped { .. } | Response::Unwritten { .. }),
            |opened| *adapter = opened,
            |child| child.train(&asked, &mut |step, digest| made.push((step, digest))),
        );
        match answer {
            Some(Response::Trained { step }) if step == to && made.last().is_some_and(|(at, _)| *at == to) => Ok(made),
            Some(Response::Skipped { why }) => Err(why.to_string()),
            Some(Response::Unwritten { reason, .. } | Response::Failed { reason, .. }) => Err(reason),
            Some(_) => Err(ChildError::Other("a training").to_string()),
            None => Err(format!("not tried: its process failed {} times", self.server.starts())),
        }
    }

    /// Where it parts from the CPU within a chunk that both began with the same words: those steps once more, one by one.
    /// `None` where that did not show it again.
    fn parting(
        &mut self,
        plan: &TrainPlan,
        from: &str,
        (begin, end): (u32, u32),
        scratch: &Path,
    ) -> Result<Option<Parting>, AuditError> {
        let blobs = blobs(scratch);
        let mut trainer = reference(self.tier, Seeds::all(plan.seed), Variation::default());
        trainer.train(begin);
        let mut before = from.to_owned();
        for step in begin..end {
            let Ok(made) = self.steps(step, &before, step + 1, 1) else { return Ok(None) };
            let Some((_, digest)) = made.into_iter().next_back() else { return Ok(None) };
            trainer.train(step + 1);
            let words = blobs.get(&digest, dtype(self.tier), WORDS)?.words;
            let found = first::parting(self.tier, step, &trainer.words(), &words);
            if found.is_some() {
                return Ok(found);
            }
            before = digest;
        }
        Ok(None)
    }
}

/// How far the engines that trained to the end part; `None` where fewer than two did.
pub(super) fn spread(plan: &TrainPlan, factor: Factor, made: &[Engine]) -> Option<Spread> {
    let (tier, steps) = (plan.tier, plan.steps);
    let model = |words: &Vec<u32>| Model {
        words: words.clone(),
        values: values(tier, words),
        classes: predictions(tier, words),
    };
    let whole = made.iter().filter(|engine| engine.trained.steps == steps);
    let models: Vec<Model> = whole.filter_map(|engine| engine.weights.as_ref()).map(model).collect();
    (models.len() > 1).then(|| arms::of_models(factor, &models))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_differed_on_the_way_and_is_gone_at_the_end_was_no_equal_training() {
        let chunk = |step: u32| (step, format!("words {step}"), "weights".to_owned());
        let history = History { chunks: [0, 44, 88].map(chunk).to_vec(), weights: Vec::new(), seconds: 0.0 };
        let made = |words: [&str; 2]| [(44, words[0].to_owned()), (88, words[1].to_owned())];
        assert_eq!(history.compared(&made(["words 44", "words 88"])), (Some(true), None));
        assert_eq!(history.compared(&made(["other", "words 88"])), (Some(false), Some(0)));
        assert_eq!(history.compared(&made(["words 44", "other"])), (Some(false), Some(1)));
        assert_eq!(history.compared(&[]), (None, None), "nothing was made");
    }
}
