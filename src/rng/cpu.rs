//! What PyTorch draws on the CPU: one serial mt19937, and for masks one of several generators, by build and processor.
//!
//! `uniform_` takes words in order on every machine. `bernoulli_`, and dropout which calls it, does not
//! (ATen/native/cpu/DistributionKernels.cpp, `bernoulli_scalar_kernel`): builds without Intel's MKL take two words an
//! element, and builds with it seed MKL's own generator with one word. Both masks of pytorch#121595 follow bit for bit.

use serde::Serialize;

use super::{Draw, Element, Mt19937, Op};

/// Elements that are computed at most, to compare with what was printed.
const MOST: u64 = 1 << 26;

/// An implementation of `bernoulli_` on the CPU.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum CpuRule {
    /// Two words of mt19937 an element, as a double uniform value.
    Mt19937,
    /// MKL's multiplicative congruential generator MCG31m1, seeded with one word of mt19937.
    MklMcg31,
}

impl CpuRule {
    /// All that are modelled.
    pub const ALL: [Self; 2] = [Self::Mt19937, Self::MklMcg31];

    /// Its name for people.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Mt19937 => "PyTorch CPU, mt19937 rule",
            Self::MklMcg31 => "PyTorch CPU, MKL's MCG31m1",
        }
    }

    /// Who computes so.
    #[must_use]
    pub fn who(self) -> &'static str {
        match self {
            Self::Mt19937 => {
                "builds without MKL, such as those for Arm, and older x86 builds on processors that are not Intel's"
            }
            Self::MklMcg31 => "x86 builds with MKL, of versions that seed MKL's generator in each call",
        }
    }

    /// Elements `0..n` of a draw by a generator that was seeded with `seed` and made the draws `before` since; a mask's are 1
    /// and 0. `None` where the rule is not known: normal values, 16-bit types, or too many elements.
    #[must_use]
    pub fn values(self, draw: &Draw, seed: u64, before: &[Draw], n: u64) -> Option<Vec<f64>> {
        let skipped = before.iter().try_fold(0u64, |sum, draw| sum.checked_add(self.words(draw)?))?;
        if skipped > MOST || n > MOST || n > draw.n {
            return None;
        }
        self.words(draw)?;
        let mut generator = Mt19937::of(seed);
        for _ in 0..skipped {
            let _ = generator.next_u32();
        }
        let count = usize::try_from(n).ok()?;
        Some(match (draw.op, self) {
            (Op::Dropout, Self::MklMcg31) => {
                let keep = 1.0 - draw.p;
                Mcg31::new(generator.next_u32()).take(count).map(|u| f64::from(u8::from(u < keep))).collect()
            }
            (Op::Dropout, Self::Mt19937) => {
                let keep = 1.0 - draw.p;
                (0..count).map(|_| f64::from(u8::from(generator.next_double() < keep))).collect()
            }
            _ if draw.element == Element::F64 => (0..count).map(|_| draw.scaled(generator.next_double())).collect(),
            _ => (0..count).map(|_| draw.scaled(f64::from(generator.next_uniform()))).collect(),
        })
    }

    /// Words that a draw takes from the generator; `None` where that is not known.
    fn words(self, draw: &Draw) -> Option<u64> {
        match (draw.op, draw.element) {
            // A probability of 0 or 1 draws nothing.
            (Op::Dropout, _) if draw.p == 0.0 || draw.p == 1.0 => Some(0),
            (Op::Dropout, _) if self == Self::MklMcg31 => Some(1),
            (Op::Dropout, _) | (Op::Rand, Element::F64) => draw.n.checked_mul(2),
            (Op::Rand, Element::F32) => Some(draw.n),
            (Op::Rand | Op::Randn, _) => None,
        }
    }
}

/// `VSL_BRNG_MCG31`: x ← 1132489760 x mod (2^31 - 1), from the seed modulo 2^31 - 1, or 1 where that is 0; values x / (2^31 - 1)
/// (Intel oneMKL Vector Statistics Notes, "MCG31m1"). The seed itself is the first value.
#[derive(Debug, Clone)]
struct Mcg31 {
    x: u64,
}

impl Mcg31 {
    const MODULUS: u64 = (1 << 31) - 1;
    const MULTIPLIER: u64 = 1_132_489_760;

    fn new(seed: u32) -> Self {
        Self { x: (u64::from(seed) % Self::MODULUS).max(1) }
    }
}

impl Iterator for Mcg31 {
    type Item = f64;

    #[expect(clippy::cast_precision_loss, reason = "below 2^31")]
    fn next(&mut self) -> Option<f64> {
        let value = self.x as f64 / Self::MODULUS as f64;
        self.x = self.x * Self::MULTIPLIER % Self::MODULUS;
        Some(value)
    }
}
