//! The reference against finite differences, an ordinary spelling of the integers, and the interpreter, which executes the
//! shader of the adapters.

use super::arithmetic::{Arithmetic, Integer, Native};
use super::data::{CLASSES, PIXELS, digits};
use super::fault::Fault;
use super::network::{BATCH, BIASES, DELTAS, LAYERS, PARAMETERS, ROWS, WEIGHTS, WIDTHS, WORDS, tensors};
use super::reference::Trainer;
use super::{Start, Variation, predictions, program, reference};
use crate::engines::interpreter::{Mode, Runner};
use crate::model::training::{Launch, Seeds, Tier, Training};

const SEEDS: Seeds = Seeds { init: 42, shuffle: 42, dropout: 42 };

/// What the interpreter in a mode makes of `steps` steps from the beginning.
fn interpreted(mode: &str, tier: Tier, launch: Launch, steps: u32) -> Vec<u32> {
    let start = reference(tier, SEEDS, Variation::default()).words();
    let training = Training { tier, seeds: SEEDS, launch };
    let program = program(&training, Start { step: 0, words: &start }, steps);
    Runner::open(mode.parse::<Mode>().unwrap()).compute(&program).unwrap()
}

fn referred(tier: Tier, steps: u32) -> Vec<u32> {
    let mut trainer = reference(tier, SEEDS, Variation::default());
    trainer.train(steps);
    trainer.words()
}

/// The first tensor in which two steps differ.
fn apart(left: &[u32], right: &[u32]) -> Option<&'static str> {
    assert_eq!((left.len(), right.len()), (WORDS, WORDS), "all words");
    tensors().into_iter().find(|t| left[t.words.clone()] != right[t.words.clone()]).map(|t| t.name)
}

#[test]
fn the_shader_computes_what_the_reference_does() {
    for tier in Tier::ALL {
        for steps in [1, 3] {
            let (left, right) = (interpreted("strict", tier, Launch::default(), steps), referred(tier, steps));
            assert_eq!(apart(&left, &right), None, "{tier:?} after {steps} steps");
        }
    }
}

#[test]
fn a_chunk_in_the_middle_of_an_epoch_goes_on_where_the_last_one_ended() {
    let tier = Tier::Integer;
    let mut trainer = reference(tier, SEEDS, Variation::default());
    for (from, steps) in [(5, 1), (43, 2)] {
        trainer.train(from);
        let words = trainer.words();
        let training = Training { tier, seeds: SEEDS, launch: Launch::default() };
        let program = program(&training, Start { step: from, words: &words }, steps);
        let made = Runner::open(Mode::default()).compute(&program).unwrap();
        trainer.train(from + steps);
        assert_eq!(apart(&made, &trainer.words()), None, "{steps} steps from {from}");
    }
}

#[test]
fn no_launch_and_no_liberty_moves_the_integers_and_each_liberty_moves_binary32() {
    let steps = 2;
    let integer = referred(Tier::Integer, steps);
    for workgroup in [32, 64, 128] {
        for (reversed, parts) in [(false, 1), (true, 4), (false, 32)] {
            let launch = Launch { workgroup, reversed, parts };
            let made = interpreted("schedule=reversed", Tier::Integer, launch, steps);
            assert_eq!(apart(&made, &integer), None, "{launch:?}");
        }
    }
    let all = "contract+flush+reassociate+reciprocal+zero-sum+zero-product+factor+builtins=4";
    assert_eq!(apart(&interpreted(all, Tier::Integer, Launch::default(), steps), &integer), None, "every liberty");
    let portable = referred(Tier::Portable, steps);
    for mode in ["contract", "reciprocal", "builtins=4", "contract+builtins=4+reciprocal"] {
        let made = interpreted(mode, Tier::Portable, Launch::default(), steps);
        assert_eq!(apart(&made, &portable), None, "{mode} does not show in what is portable");
    }
    let native = referred(Tier::Native, steps);
    for (mode, tensor) in [
        // The first layer's products are exact at the first step: weights of 18 bits, and pixels of five.
        ("contract", "hidden layer 2"),
        ("reciprocal", "gradient of the logits"),
        ("builtins=1", "exponentials of the logits"),
    ] {
        let made = interpreted(mode, Tier::Native, Launch::default(), steps);
        assert!(apart(&made, &native).is_some(), "{mode} shows");
        let first = interpreted(mode, Tier::Native, Launch::default(), 1);
        assert_eq!(apart(&first, &referred(Tier::Native, 1)), Some(tensor), "{mode} shows first");
    }
    let reversed = Launch { reversed: true, ..Launch::default() };
    for (tier, plain) in [(Tier::Native, native), (Tier::Portable, portable)] {
        assert!(
            apart(&interpreted("strict", tier, reversed, steps), &plain).is_some(),
            "{tier:?}: another order shows"
        );
    }
}

#[test]
fn each_fault_is_first_seen_at_its_step_and_in_its_tensor() {
    for tier in Tier::ALL {
        for at in [0, 7, 44] {
            for fault in Fault::each(tier, at) {
                let mut plain = reference(tier, SEEDS, Variation::default());
                let mut faulty = reference(tier, SEEDS, Variation { fault: Some(fault), ..Variation::default() });
                plain.train(at);
                faulty.train(at);
                assert_eq!(apart(&plain.words(), &faulty.words()), None, "{fault:?}: nothing before");
                plain.train(at + 1);
                faulty.train(at + 1);
                let found = apart(&plain.words(), &faulty.words());
                assert_eq!(found, Some(fault.kind.tensor()), "{tier:?}: {fault:?}");
            }
        }
    }
}

/// A fault that changes nothing for some seeds would call their trainings invalid.
#[test]
fn each_fault_is_seen_whatever_the_seed() {
    let at = 50;
    for tier in Tier::ALL {
        for seed in 0..40 {
            let seeds = Seeds { init: seed, shuffle: seed, dropout: seed };
            let mut plain = reference(tier, seeds, Variation::default());
            plain.train(at + 1);
            let plain = plain.words();
            for fault in Fault::each(tier, at) {
                let mut faulty = reference(tier, seeds, Variation { fault: Some(fault), ..Variation::default() });
                faulty.train(at + 1);
                let found = apart(&plain, &faulty.words());
                assert_eq!(found, Some(fault.kind.tensor()), "{tier:?}, seed {seed}: {fault:?}");
            }
        }
    }
}

/// Sums that wrap would still be the same everywhere, but no training.
#[test]
fn integers_stay_within_their_words() {
    let mut trainer = Trainer::new(Integer, SEEDS);
    let mut largest = [0u32; 11];
    for step in 1..=1320 {
        trainer.train(step);
        let words = trainer.words();
        for (largest, tensor) in largest.iter_mut().zip(tensors()) {
            let most = words[tensor.words].iter().map(|w| w.cast_signed().unsigned_abs()).max().unwrap_or(0);
            *largest = (*largest).max(most);
        }
    }
    for (tensor, most) in tensors().iter().zip(largest) {
        let room = match tensor.name {
            "images of the batch" => 1 << 10,
            // Their sums are 2^14 times as much.
            "hidden layer 1" | "hidden layer 2" => 1 << 16,
            "logits" => 1 << 30,
            "exponentials of the logits" => 1 << 27,
            "gradient of the logits" => 1 << 20,
            // Their sums are 2^8 times 4/5 of that.
            "gradient of hidden layer 1" | "gradient of hidden layer 2" => 6 << 20,
            "gradient of the weights" | "velocities" | "weights" => 1 << 24,
            other => panic!("a new tensor: {other}"),
        };
        assert!(most > 0 && most <= room, "{}: 2^{:.1}", tensor.name, f64::from(most).log2());
    }
}

/// The cross-entropy of the batch of the last step, in binary64, with the masks that its hidden layers show.
fn cross_entropy(weights: &[f64], words: &[u32], labels: &[usize]) -> f64 {
    let value = |at: usize| f64::from(f32::from_bits(words[at]));
    let mut total = 0.0;
    for (row, label) in labels.iter().enumerate() {
        let mut before: Vec<f64> = (0..PIXELS).map(|i| value(ROWS[0] + row * PIXELS + i)).collect();
        for layer in 0..LAYERS {
            let outputs = WIDTHS[layer + 1];
            let mut sums: Vec<f64> = weights[BIASES[layer]..][..outputs].to_vec();
            for (i, a) in before.iter().enumerate() {
                for (j, sum) in sums.iter_mut().enumerate() {
                    *sum += a * weights[WEIGHTS[layer] + i * outputs + j];
                }
            }
            if layer + 1 < LAYERS {
                for (j, sum) in sums.iter_mut().enumerate() {
                    let active = value(ROWS[layer + 1] + row * outputs + j) != 0.0;
                    *sum = if active { *sum * 1.25 } else { 0.0 };
                }
            }
            before = sums;
        }
        let most = before.iter().copied().fold(f64::MIN, f64::max);
        total += most + before.iter().map(|z| (z - most).exp()).sum::<f64>().ln() - before[*label];
    }
    total / 32.0
}

#[test]
fn gradients_are_those_of_finite_differences() {
    let mut trainer = Trainer::new(Native::<false, false>, SEEDS);
    trainer.train(60);
    let weights: Vec<f64> = trainer.weights().iter().map(|w| f64::from(*w)).collect();
    trainer.train(61);
    let words = trainer.words();
    // The class of a row is where its gradient is below zero.
    let labels: Vec<usize> = (0..BATCH)
        .map(|row| {
            let start = DELTAS[2] + row * CLASSES;
            let below = |class: &usize| f32::from_bits(words[start + class]) < 0.0;
            (0..CLASSES).find(below).expect("a class")
        })
        .collect();
    let (mut worst, mut largest) = (0.0f64, 0.0f64);
    for index in (0..PARAMETERS).step_by(97).chain(PARAMETERS - CLASSES..PARAMETERS) {
        let mut moved = weights.clone();
        let width = 1e-5;
        moved[index] += width;
        let above = cross_entropy(&moved, &words, &labels);
        moved[index] -= 2.0 * width;
        let slope = (above - cross_entropy(&moved, &words, &labels)) / (2.0 * width);
        let found = f64::from(trainer.gradient()[index]);
        worst = worst.max((slope - found).abs());
        largest = largest.max(found.abs());
    }
    assert!(largest > 1e-3, "there is something to compare: {largest}");
    assert!(worst < 1e-6 + 1e-5 * largest, "{worst} of {largest}");
    // The integers of the same step from the same weights.
    let mut fixed = Trainer::new(Integer, SEEDS);
    fixed.train(60);
    for (index, weight) in weights.iter().enumerate() {
        #[expect(clippy::cast_possible_truncation, reason = "weights are far below 2^11")]
        fixed.set_weight(index, (weight * 1_048_576.0).round() as i32);
    }
    fixed.train(61);
    let far = trainer
        .gradient()
        .iter()
        .zip(fixed.gradient())
        .map(|(float, integer)| (f64::from(*float) - Integer::value(*integer)).abs());
    let far = far.fold(0.0, f64::max);
    assert!(far < 0.02 * largest, "the integers' gradient is near: {far} of {largest}");
}

#[test]
fn both_arithmetics_learn() {
    for tier in Tier::ALL {
        let mut trainer = reference(tier, SEEDS, Variation::default());
        trainer.train(440);
        let classes = predictions(tier, &trainer.weight_words());
        let right = classes.iter().zip(&digits().test.labels).filter(|(a, b)| a == b).count();
        assert!(right > 340, "{tier:?} is right in {right} of 360");
    }
}
