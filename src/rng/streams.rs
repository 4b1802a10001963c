//! Which operations of which frameworks give the same random numbers on other hardware, and what they are.

use serde::Serialize;

use super::{
    CpuRule, Draw, Element, Geometry, Layout, Mt19937, Op, RngError, Shape, Source, Stateless, Vector, jax_bits,
    jax_key, jax_uniform, tensorflow_uniform,
};

/// A generator of a framework, as it is run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Framework {
    /// JAX's threefry2x32, partitionable: the default from 0.5 on.
    Jax,
    /// JAX's threefry2x32 with `jax_threefry_partitionable=False`: the default before.
    JaxOriginal,
    /// TensorFlow's stateless Philox, `seed=[SEED, SEED2]`, eager or in a graph.
    Tensorflow,
    /// The same compiled by XLA (`jit_compile=True`).
    TensorflowXla,
    /// PyTorch's CPU generator, in builds that draw masks from mt19937.
    TorchCpu,
    /// PyTorch's CPU generator, in builds that draw masks from MKL's MCG31m1.
    TorchCpuMkl,
    /// PyTorch's CUDA generator.
    TorchCuda,
}

/// What is drawn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, clap::ValueEnum)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// 32-bit words.
    Bits,
    /// binary32 on [0, 1).
    Uniform,
    /// A dropout mask of probability one half: 1 where an element is kept.
    Dropout,
}

/// Whether an operation gives the same on other hardware.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Survives {
    /// The rule has no device, build or compiler in it.
    Yes,
    /// Two that differ are known.
    No,
    /// Not known: it rests on functions whose last bits are the device's or the build's.
    Unknown,
}

/// What is said of one operation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Claim {
    /// The operation, as the framework calls it.
    pub operation: &'static str,
    /// Whether it survives a change of hardware.
    pub survives: Survives,
    /// Why, or what decides.
    pub why: &'static str,
    /// Where that can be read.
    pub source: &'static str,
}

/// A stream, and what of it survives.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Survival {
    /// Which stream.
    pub framework: Framework,
    /// Its name for people.
    pub name: &'static str,
    /// By operation. What is not in the list is not known.
    pub operations: &'static [Claim],
}

const fn claim(operation: &'static str, survives: Survives, why: &'static str, source: &'static str) -> Claim {
    Claim { operation, survives, why, source }
}

const JAX_UNIFORM: Claim =
    claim("uniform on [0, 1)", Survives::Yes, "the upper 23 bits of the word, exactly", "jax/_src/random.py, _uniform");
const JAX_MASK: Claim = claim(
    "bernoulli, and dropout made of it",
    Survives::Yes,
    "a uniform value compared with p",
    "jax/_src/random.py, _bernoulli",
);
const JAX_NORMAL: Claim = claim(
    "normal",
    Survives::Unknown,
    "the inverse error function of XLA's backend decides the last bits",
    "jax/_src/random.py, _normal_real",
);

const TF_WORDS: Claim = claim(
    "uniform integers over all 32 bits, with alg='philox'",
    Survives::Yes,
    "four elements per counter, in order, whatever the launch; auto_select may choose another algorithm by device",
    "tensorflow/core/kernels/random_op_gpu.h, random_op_cpu.h; xla/client/lib/prng.cc, PhiloxRngBit32",
);
const TF_UNIFORM: Claim = claim(
    "stateless_uniform in float32",
    Survives::No,
    "the compiler decides, even with alg='philox': kernels take the lower 23 bits of a word, XLA (jit_compile=True) the upper 23",
    "random_distributions_utils.h, Uint32ToFloat; xla/client/lib/prng.cc, ConvertRandomBitsToUniformFloatingPoint; \
     tensorflow#121243, #117644",
);
const TF_DERIVED: Claim = claim(
    "stateless_normal, dropout and all that is made of uniform values",
    Survives::No,
    "they start from uniform values, which the compiler decides",
    "as for stateless_uniform",
);

const CPU_WORDS: Claim = claim("words (random_)", Survives::Yes, "one serial mt19937", "ATen/core/MT19937RNGEngine.h");
const CPU_UNIFORM: Claim = claim(
    "rand, uniform_",
    Survives::Yes,
    "the lower 24 bits of one word, in order",
    "ATen/core/DistributionsHelper.h, uniform_real_distribution",
);
const CPU_NORMAL: Claim = claim(
    "randn, normal_",
    Survives::Unknown,
    "the words are the same; from 16 elements on, the processor's instruction set chooses the log and the cosine",
    "ATen/native/cpu/DistributionTemplates.h, normal_fill",
);
const CPU_MASK: Claim = claim(
    "bernoulli_, dropout",
    Survives::No,
    "the build and the processor decide: two words of mt19937 per element, or MKL's MCG31m1 seeded with one word (both are \
     shown with --kind dropout); newer builds with MKL keep an MCG59 of MKL's, which is not modelled",
    "ATen/native/cpu/DistributionKernels.cpp, bernoulli_scalar_kernel; ATen/mklrng/MKLGeneratorImpl.cpp; pytorch#121595",
);
const CPU_EXPONENTIAL: Claim = claim(
    "exponential_",
    Survives::No,
    "builds with MKL draw it from MKL's generator",
    "ATen/native/cpu/DistributionKernels.cpp, exponential_kernel",
);
const CPU_CLAIMS: &[Claim] = &[CPU_WORDS, CPU_UNIFORM, CPU_NORMAL, CPU_MASK, CPU_EXPONENTIAL];

/// Every stream that is known here.
pub const STREAMS: [Survival; 7] = [
    Survival {
        framework: Framework::Jax,
        name: "JAX threefry2x32, partitionable",
        operations: &[
            claim(
                "bits",
                Survives::Yes,
                "element i hashes the counter i: it depends neither on the device nor on the size",
                "jax/_src/prng.py, _threefry_random_bits_partitionable",
            ),
            JAX_UNIFORM,
            JAX_MASK,
            JAX_NORMAL,
        ],
    },
    Survival {
        framework: Framework::JaxOriginal,
        name: "JAX threefry2x32, original",
        operations: &[
            claim(
                "bits",
                Survives::Yes,
                "element i hashes its place in a half of the array: it depends on the size, not on the device",
                "jax/_src/prng.py, _threefry_random_bits_original",
            ),
            JAX_UNIFORM,
            JAX_MASK,
            JAX_NORMAL,
        ],
    },
    Survival {
        framework: Framework::Tensorflow,
        name: "TensorFlow stateless Philox4x32-10, kernels",
        operations: &[TF_WORDS, TF_UNIFORM, TF_DERIVED],
    },
    Survival {
        framework: Framework::TensorflowXla,
        name: "TensorFlow stateless Philox4x32-10, XLA",
        operations: &[TF_WORDS, TF_UNIFORM, TF_DERIVED],
    },
    Survival { framework: Framework::TorchCpu, name: "PyTorch CPU, mt19937", operations: CPU_CLAIMS },
    Survival { framework: Framework::TorchCpuMkl, name: "PyTorch CPU, MKL's masks", operations: CPU_CLAIMS },
    Survival {
        framework: Framework::TorchCuda,
        name: "PyTorch CUDA Philox4x32-10",
        operations: &[
            claim(
                "rand, randn",
                Survives::No,
                "the counter contains the number of the thread, so two cards that differ in SMs x threads per SM agree only up \
                 to N elements, N being the most threads that the smaller card launches; rng predict gives the first element \
                 that differs",
                "ATen/native/cuda/DistributionTemplates.h, calc_execution_policy",
            ),
            claim(
                "dropout",
                Survives::No,
                "the counter contains the number of the thread, so two cards that differ in SMs x threads per SM agree only up \
                 to N elements, N being the most threads that the smaller card launches times the elements that a thread \
                 handles at once (1, 2, 4 or 8, by type, size and version); rng predict gives the first element that differs",
                "ATen/native/cuda/Dropout.cu, get_vector_size",
            ),
        ],
    },
];

/// A stream: its words, the bit patterns of its uniform binary32 values, or a mask's ones and zeros. `geometry` is the card of
/// PyTorch's CUDA generator, which has no answer without one. `None` where the rule is not modelled.
///
/// # Errors
/// When the framework cannot make so many, or the card is missing.
pub fn stream(
    framework: Framework,
    kind: Kind,
    (seed, second): (u64, u64),
    shape: &Shape,
    geometry: Option<Geometry>,
) -> Result<Option<Vec<u32>>, RngError> {
    let n = shape.elements();
    let count = u32::try_from(n).ok().filter(|n| *n < 1 << 28);
    let Some(count) = count else {
        return Err(RngError::Range { what: "the number of elements", value: n.to_string(), wanted: "below 2^28" });
    };
    let words = match framework {
        Framework::Jax => jax_bits(jax_key(seed), count, Layout::Partitionable),
        Framework::JaxOriginal => jax_bits(jax_key(seed), count, Layout::Original),
        Framework::Tensorflow | Framework::TensorflowXla => Stateless::new(seed, second).words(count as usize),
        Framework::TorchCpu | Framework::TorchCpuMkl if kind == Kind::Dropout => {
            let rule = if framework == Framework::TorchCpu { CpuRule::Mt19937 } else { CpuRule::MklMcg31 };
            let draw = Draw::new(Op::Dropout, Element::F32, shape, Vector::One)?;
            let values = rule.values(&draw, seed, &[], n);
            return Ok(values.map(|v| v.into_iter().map(|x| u32::from(x > 0.0)).collect()));
        }
        Framework::TorchCpu | Framework::TorchCpuMkl => {
            let mut generator = Mt19937::of(seed);
            let next = |_| match kind {
                Kind::Uniform => generator.next_uniform().to_bits(),
                Kind::Bits | Kind::Dropout => generator.next_u32(),
            };
            return Ok(Some((0..count).map(next).collect()));
        }
        Framework::TorchCuda => return cuda(kind, seed, shape, geometry).map(Some),
    };
    let convert = |word: u32| match framework {
        Framework::Tensorflow => tensorflow_uniform(word),
        _ => jax_uniform(word),
    };
    Ok(match (kind, framework) {
        (Kind::Bits, _) => Some(words),
        (Kind::Uniform, _) => Some(words.into_iter().map(|w| convert(w).to_bits()).collect()),
        // `bernoulli(key, 0.5)`.
        (Kind::Dropout, Framework::Jax | Framework::JaxOriginal) => {
            Some(words.into_iter().map(|w| u32::from(convert(w) < 0.5)).collect())
        }
        // `tf.nn.experimental.stateless_dropout` keeps where the uniform value is at least the rate.
        (Kind::Dropout, _) => Some(words.into_iter().map(|w| u32::from(convert(w) >= 0.5)).collect()),
    })
}

#[expect(clippy::cast_possible_truncation, reason = "binary32 values")]
fn cuda(kind: Kind, seed: u64, shape: &Shape, geometry: Option<Geometry>) -> Result<Vec<u32>, RngError> {
    let Some(geometry) = geometry else {
        return Err(RngError::Unsupported("torch-cuda depends on the card: add --card NAME".to_owned()));
    };
    let op = if kind == Kind::Dropout { Op::Dropout } else { Op::Rand };
    let draw = Draw::new(op, Element::F32, shape, Vector::Auto)?;
    let source = Source::new(draw, seed, 0, geometry)?;
    let mut words = Vec::new();
    source.each(0..shape.elements(), |_, block, lane| {
        let value = source.draw().value(block, lane).0 as f32;
        words.push(match kind {
            Kind::Bits => block[lane as usize % 4],
            Kind::Uniform => value.to_bits(),
            Kind::Dropout => u32::from(value > 0.0),
        });
    });
    Ok(words)
}
