//! Factors that a reference can simulate: on the CPU, on all threads.

use super::{EPOCH, TrainPlan, first, trained};
use crate::facts::retrained::{self, Model};
use crate::kernels::train::arithmetic::{EXP2, RECIPROCAL};
use crate::kernels::train::data::digits;
use crate::kernels::train::order::Order;
use crate::kernels::train::{Steps, Variation, predictions, reference, values};
use crate::model::training::{Factor, NOTHING, Seeds, Spread, Tier, Trained};
use crate::numerics::threads::{available_threads, rows};

/// One training of a factor.
#[derive(Debug, Clone)]
struct Arm {
    seeds: Seeds,
    variation: Variation,
    /// The weight that is moved by one unit, by its place among the liveliest.
    nudged: Option<usize>,
    changed: String,
}

/// What became of it.
#[derive(Debug, Clone)]
struct Outcome {
    weights: Vec<u32>,
    /// The classes of the test's images after each epoch, and at the end.
    classes: Vec<(u32, Vec<u8>)>,
    seconds: f64,
}

/// Into how many parts threads split a batch of 32 rows; no two of them give the same parts, and none the plain order.
const PARTS: [u32; 8] = [2, 4, 8, 16, 3, 5, 6, 7];

/// Changes an arm as the so many-th training of a factor is changed, and says how; `None` where there are not so many.
fn change(arm: &mut Arm, factor: Factor, replica: u32, seed: u64) -> Option<String> {
    let other = seed.wrapping_add(replica.into());
    let order = match replica {
        1 => Order::Reversed,
        2 => Order::Strided(2),
        3 => Order::Strided(4),
        4 => Order::Strided(8),
        n => Order::Strided(3 + 2 * n),
    };
    let place = replica as usize - 1;
    Some(match factor {
        Factor::Init => {
            arm.seeds.init = other;
            format!("seed of the weights {other}")
        }
        Factor::Shuffle => {
            arm.seeds.shuffle = other;
            format!("seed of the shuffle {other}")
        }
        Factor::Dropout => {
            arm.seeds.dropout = other;
            format!("seed of dropout {other}")
        }
        Factor::Order => {
            arm.variation.order = order;
            match order {
                Order::Strided(stride) => format!("every {stride}th term first"),
                _ => "the last term first".to_owned(),
            }
        }
        Factor::Atomics => {
            arm.variation.order = Order::Random(other);
            format!("a random order, run {replica}")
        }
        Factor::Threads => {
            let parts = *PARTS.get(place)?;
            arm.variation.order = Order::Parts(parts);
            format!("the batch's gradient in {parts} parts")
        }
        Factor::Ulp => {
            arm.nudged = Some(place);
            "one weight, one unit up".to_owned()
        }
        Factor::All => {
            arm.seeds = Seeds::all(other);
            arm.variation.order = order;
            format!("all seeds {other}, and the order of sums")
        }
        // Taken or not: there is one other way.
        Factor::Fma if replica == 1 => {
            arm.variation.arithmetic.fused = true;
            "products fused with additions".to_owned()
        }
        Factor::Flush if replica == 1 => {
            arm.variation.arithmetic.flush = true;
            "subnormals flushed".to_owned()
        }
        Factor::Functions => {
            let (functions, what) = *[
                (EXP2, "exp(x) as exp2(x * log2(e))"),
                (RECIPROCAL, "a / b as a * (1 / b)"),
                (EXP2 | RECIPROCAL, "exp(x) as exp2(x * log2(e)), a / b as a * (1 / b)"),
            ]
            .get(place)?;
            arm.variation.functions = functions;
            what.to_owned()
        }
        Factor::Fma | Factor::Flush | Factor::Control | Factor::Adapter | Factor::Vary | Factor::Contention => {
            return None;
        }
    })
}

/// The arms of factors that are changed together; number 0 is without a change.
fn arms(factors: &[Factor], seed: u64, replicas: u32) -> Vec<Arm> {
    let plain =
        Arm { seeds: Seeds::all(seed), variation: Variation::default(), nudged: None, changed: NOTHING.to_owned() };
    let one = |replica: u32| -> Option<Arm> {
        let mut arm = plain.clone();
        if replica == 0 || factors == [Factor::Control] {
            return Some(arm);
        }
        let changes: Option<Vec<String>> = factors.iter().map(|f| change(&mut arm, *f, replica, seed)).collect();
        arm.changed = changes?.join("; ");
        Some(arm)
    };
    (0..replicas.max(2)).map_while(one).collect()
}

/// An arm before its first step.
fn begun(tier: Tier, arm: &Arm) -> Box<dyn Steps> {
    let mut trainer = reference(tier, arm.seeds, arm.variation);
    if let Some(place) = arm.nudged {
        // A weight that nothing depends on would show a stability that is not there.
        let mut probe = reference(tier, arm.seeds, arm.variation);
        probe.train(1);
        let live = probe.liveliest();
        if !live.is_empty() {
            trainer.nudge(live[place * 16 % live.len()]);
        }
    }
    trainer
}

fn carried_out(tier: Tier, arm: &Arm, steps: u32) -> Outcome {
    let started = std::time::Instant::now();
    let mut trainer = begun(tier, arm);
    let mut classes = Vec::new();
    let mut seconds = 0.0;
    while trainer.steps() < steps {
        let next = (trainer.steps() + EPOCH).min(steps);
        trainer.train(next);
        seconds = started.elapsed().as_secs_f64();
        classes.push((next, predictions(tier, &trainer.weight_words())));
    }
    Outcome { weights: trainer.weight_words(), classes, seconds }
}

/// Makes the trainings of a factor, and of another one that is changed together with it.
pub(super) fn on_cpu(plan: &TrainPlan, factor: Factor, also: Option<Factor>) -> (Vec<(Trained, Vec<u32>)>, Spread) {
    let both: Vec<Factor> = [factor].into_iter().chain(also).collect();
    let arms = arms(&both, plan.seed, plan.replicas);
    let mut outcomes: Vec<Option<Outcome>> = vec![None; arms.len()];
    rows(&mut outcomes, 1, available_threads(), |index, out| {
        if let (Some(arm), Some(out)) = (arms.get(index), out.first_mut()) {
            *out = Some(carried_out(plan.tier, arm, plan.steps));
        }
    });
    let outcomes: Vec<Outcome> = outcomes.into_iter().flatten().collect();
    let made = (0..).zip(arms.iter().zip(&outcomes)).map(|(replica, (arm, outcome))| {
        let trained = trained(plan.tier, factor, replica, arm.changed.clone(), &outcome.weights, plan.steps);
        Trained { also, seconds: outcome.seconds, ..trained }
    });
    let made: Vec<Trained> = made.collect();
    let models: Vec<Model> = outcomes
        .iter()
        .map(|o| Model {
            words: o.weights.clone(),
            values: values(plan.tier, &o.weights),
            classes: o.classes.last().map(|(_, classes)| classes.clone()).unwrap_or_default(),
        })
        .collect();
    let mut spread = Spread { also, ..of_models(factor, &models) };
    if let Some((first, others)) = outcomes.split_first().filter(|(_, others)| !others.is_empty()) {
        for (at, (step, classes)) in first.classes.iter().enumerate() {
            let churns: Vec<f64> = others
                .iter()
                .filter_map(|o| o.classes.get(at))
                .map(|(_, other)| retrained::differing(classes, other))
                .collect();
            spread.curve.push((*step, retrained::deviation(&churns).0));
        }
    }
    spread.one_percent = spread.curve.iter().find(|(_, churn)| *churn >= 0.01).map(|(step, _)| *step);
    spread.parting = match (models.split_first(), arms.split_first()) {
        (Some((first, others)), Some((plain, changed))) => {
            let differs = others.iter().zip(changed).find(|(model, _)| model.words != first.words);
            differs.and_then(|(_, arm)| {
                let (mut left, mut right) = (begun(plan.tier, plain), begun(plan.tier, arm));
                first::of_two(plan.tier, left.as_mut(), right.as_mut(), plan.steps)
            })
        }
        _ => None,
    };
    (made.into_iter().zip(outcomes).map(|(trained, outcome)| (trained, outcome.weights)).collect(), spread)
}

/// The measures of models.
pub(super) fn of_models(factor: Factor, models: &[Model]) -> Spread {
    let labels = &digits().test.labels;
    let accuracies: Vec<f64> = models.iter().map(|m| retrained::accuracy(&m.classes, labels)).collect();
    let (accuracy, deviation, deviation_error) = retrained::deviation(&accuracies);
    let (l2, cosine) = retrained::weights_apart(models);
    let digests: std::collections::BTreeSet<&[u32]> = models.iter().map(|m| m.words.as_slice()).collect();
    Spread {
        factor,
        also: None,
        engine: None,
        replicas: models.len(),
        digests: digests.len(),
        churn: retrained::churn(models),
        l2,
        cosine,
        differing: retrained::bits_apart(models),
        accuracy,
        deviation,
        deviation_error,
        floor: retrained::binomial_floor(accuracy, labels.len()),
        correlation: retrained::correlation(models, labels),
        ensemble: retrained::ensemble(models, labels),
        curve: Vec::new(),
        one_percent: None,
        parting: None,
    }
}
