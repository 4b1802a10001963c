//! Which frameworks' random numbers survive a change of hardware, and what they are.

use serde::Serialize;

use super::{
    Draw, Element, Geometry, Layout, Mt19937, Op, RngError, Shape, Source, Stateless, Vector, jax_bits, jax_key,
    jax_uniform, tensorflow_uniform,
};

/// A generator of a framework.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Framework {
    /// JAX's threefry2x32, partitionable: the default from 0.5 on.
    Jax,
    /// JAX's threefry2x32 with `jax_threefry_partitionable=False`: the default before.
    JaxOriginal,
    /// TensorFlow's stateless Philox, `seed=[SEED, SEED2]`.
    Tensorflow,
    /// PyTorch's CPU generator.
    TorchCpu,
    /// PyTorch's CUDA generator.
    TorchCuda,
}

/// Whether a stream is the same on other hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Survival {
    /// Which stream.
    pub framework: Framework,
    /// Its name for people.
    pub name: &'static str,
    /// Whether another device gives the same words.
    pub survives: bool,
    /// Why.
    pub why: &'static str,
    /// Where that can be read.
    pub source: &'static str,
}

/// Every stream that is known here. "Survives" is about the generator's words and uniform values; functions such as the
/// normal transform are the device's own everywhere.
pub const STREAMS: [Survival; 5] = [
    Survival {
        framework: Framework::Jax,
        name: "JAX threefry2x32, partitionable",
        survives: true,
        why: "element i hashes the counter i: no device and no size enters",
        source: "jax/_src/prng.py, _threefry_random_bits_partitionable",
    },
    Survival {
        framework: Framework::JaxOriginal,
        name: "JAX threefry2x32, original",
        survives: true,
        why: "element i hashes its place in a half of the array: the size enters, no device does",
        source: "jax/_src/prng.py, _threefry_random_bits_original",
    },
    Survival {
        framework: Framework::Tensorflow,
        name: "TensorFlow stateless Philox4x32-10",
        survives: true,
        why: "four elements a counter, in order, whatever the launch; ask for alg='philox', auto_select may differ by device",
        source: "tensorflow/core/kernels/random_op_gpu.h, random_op_cpu.h",
    },
    Survival {
        framework: Framework::TorchCpu,
        name: "PyTorch CPU mt19937",
        survives: true,
        why: "one serial generator, no device and no thread enters",
        source: "ATen/core/MT19937RNGEngine.h, ATen/core/DistributionsHelper.h",
    },
    Survival {
        framework: Framework::TorchCuda,
        name: "PyTorch CUDA Philox4x32-10",
        survives: false,
        why: "the thread of the launch is in the counter, and the launch depends on SMs x threads per SM",
        source: "ATen/native/cuda/DistributionTemplates.h, calc_execution_policy",
    },
];

/// The words of a stream, or where `uniform` the bit patterns of its uniform binary32 values. `geometry` is the card of
/// PyTorch's CUDA generator, which has no answer without one.
///
/// # Errors
/// When the framework can not make so many, or the seed means different keys.
#[expect(clippy::cast_possible_truncation, reason = "PyTorch's CPU generator keeps the low word of a seed")]
pub fn stream(
    framework: Framework,
    uniform: bool,
    (seed, second): (u64, u64),
    shape: &Shape,
    geometry: Option<Geometry>,
) -> Result<Vec<u32>, RngError> {
    let n = shape.elements();
    let count = u32::try_from(n).ok().filter(|n| *n < 1 << 28);
    let Some(count) = count else {
        return Err(RngError::Range { what: "the number of elements", value: n.to_string(), wanted: "below 2^28" });
    };
    let words = match framework {
        Framework::Jax => jax_bits(jax_key(seed), count, Layout::Partitionable),
        Framework::JaxOriginal => jax_bits(jax_key(seed), count, Layout::Original),
        Framework::Tensorflow => Stateless::new(seed, second).words(count as usize),
        Framework::TorchCpu => {
            let mut generator = Mt19937::new(seed as u32);
            let next = |_| if uniform { generator.next_uniform().to_bits() } else { generator.next_u32() };
            return Ok((0..count).map(next).collect());
        }
        Framework::TorchCuda => {
            let Some(geometry) = geometry else {
                return Err(RngError::Unsupported("torch-cuda depends on the card: add --card NAME".to_owned()));
            };
            let draw = Draw::new(Op::Rand, Element::F32, shape, Vector::Auto)?;
            let source = Source::new(draw, seed, 0, geometry)?;
            let mut words = Vec::with_capacity(count as usize);
            source.each(0..n, |_, block, lane| {
                let value = source.draw().value(block, lane).0 as f32;
                words.push(if uniform { value.to_bits() } else { block[lane as usize % 4] });
            });
            return Ok(words);
        }
    };
    let convert = |word: u32| match framework {
        Framework::Tensorflow => tensorflow_uniform(word).to_bits(),
        _ => jax_uniform(word).to_bits(),
    };
    Ok(if uniform { words.into_iter().map(convert).collect() } else { words })
}
