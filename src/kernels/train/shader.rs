//! The training as a program for adapters: its state and its data, and the dispatches of a step, which are made again and again.

use super::data::{CLASSES, PIXELS, TRAIN, digits};
use super::draws::shuffled;
use super::dtype;
use super::fixed::EXPONENTIALS;
use super::network::{
    BATCH, BIASES, DELTAS, DROP_BELOW, EPOCH, GRADIENT, LAYERS, PARAMETERS, ROWS, TERMS, WEIGHTS, WIDTHS, WORDS,
};
use crate::kernels::shader::Shader;
use crate::model::task::{Buffer, OutputView, Pass, Program};
use crate::model::training::{Launch, Tier, Training};
use crate::numerics::inputs::philox::key;

/// What a chunk of steps begins with.
#[derive(Debug, Clone, Copy)]
pub struct Start<'a> {
    /// Steps that were made before.
    pub step: u32,
    /// What the step before left: [`WORDS`] words, of which weights and velocities count.
    pub words: &'a [u32],
}

/// The program that makes `steps` steps from a start. Its answer is what the last one leaves, laid out as
/// [`super::network`] says.
#[must_use]
pub fn program(training: &Training, start: Start<'_>, steps: u32) -> Program {
    let Training { tier, seeds, launch } = training;
    // In the middle of an epoch its order is known already; the device makes it at the beginning of one.
    let (keys, images) = shuffled(seeds.shuffle, start.step / EPOCH);
    let mut schedule = vec![start.step];
    schedule.extend(key(seeds.shuffle));
    schedule.extend(key(seeds.dropout));
    // A zero that no compiler knows: see the shader.
    schedule.push(0);
    if start.step.is_multiple_of(EPOCH) {
        schedule.resize(schedule.len() + 2 * TRAIN, 0);
    } else {
        schedule.extend(keys);
        schedule.extend(images);
    }
    let mut buffers = vec![Buffer::Input(data()), Buffer::InOut(schedule), Buffer::InOut(start.words.to_vec())];
    if *tier == Tier::Integer {
        buffers.push(Buffer::InOut(vec![0; 2 * PARAMETERS]));
    }
    Program::new(source(*tier, *launch), buffers, passes(*tier, *launch), OutputView::whole(2, dtype(*tier), WORDS))
        .repeated(steps)
}

/// The training images, four pixels a word, then their labels.
fn data() -> Vec<u32> {
    let train = &digits().train;
    let words =
        train.pixels.chunks_exact(4).map(|four| four.iter().rev().fold(0, |word, pixel| word << 8 | u32::from(*pixel)));
    words.chain(train.labels.iter().map(|label| u32::from(*label))).collect()
}

/// The dispatches of a step, in order: each reads what those before it made.
fn passes(tier: Tier, launch: Launch) -> Vec<Pass> {
    let groups = |elements: usize| u32::try_from(elements).unwrap_or(u32::MAX).div_ceil(launch.workgroup);
    let pass = |entry: &'static str, elements: usize| Pass::new(entry, [groups(elements), 1, 1]);
    let mut passes = vec![
        pass("keys", TRAIN),
        pass("shuffle", TRAIN),
        pass("gather", BATCH * PIXELS),
        pass("forward0", BATCH * WIDTHS[1]),
        pass("forward1", BATCH * WIDTHS[2]),
        pass("forward2", BATCH * WIDTHS[3]),
        pass("loss", BATCH),
        pass("backward2", BATCH * WIDTHS[2]),
        pass("backward1", BATCH * WIDTHS[1]),
    ];
    if tier == Tier::Integer {
        passes.push(Pass::new("gradient", [groups(PARAMETERS), launch.parts, 1]));
    }
    passes.push(pass("update", PARAMETERS));
    passes
}

fn source(tier: Tier, launch: Launch) -> String {
    let list = |values: &[usize]| values.iter().map(|v| format!("{v}u")).collect::<Vec<_>>().join(", ");
    let exponentials: Vec<String> = EXPONENTIALS.iter().map(|v| format!("{v}u")).collect();
    let integer = tier == Tier::Integer;
    Shader::new(include_str!("../../../shaders/train/perceptron.wgsl"))
        .flag("INTEGER", integer)
        .flag("PORTABLE", tier == Tier::Portable)
        .flag("FIXED_SOFTMAX", tier != Tier::Native)
        .flag("REVERSED", launch.reversed)
        .define("WG", launch.workgroup)
        .define("PARTS", launch.parts)
        .define("TERM", if tier == Tier::Native { "f32" } else { "u32" })
        .define("TERMS", TERMS)
        .define("SAMPLES", TRAIN)
        .define("BATCH", BATCH)
        .define("EPOCH", EPOCH)
        .define("CLASSES", CLASSES)
        .define("PARAMETERS", PARAMETERS)
        .define("GRADIENT", GRADIENT)
        .define("DROP_BELOW", DROP_BELOW)
        .define("INPUTS", list(&WIDTHS[..LAYERS]))
        .define("OUTPUTS", list(&WIDTHS[1..]))
        .define("WEIGHTS", list(&WEIGHTS))
        .define("BIASES", list(&BIASES))
        .define("ROWS", list(&ROWS))
        .define("DELTAS", list(&DELTAS))
        .define("EXPONENTIALS", exponentials.join(", "))
        .source()
}
