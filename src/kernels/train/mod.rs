//! A small training, whole: data, network, arithmetic, the reference on the CPU and the program for adapters. Its operations
//! stand beside those of the registry, which audits single operations; here each feeds the next, a thousand times over.

pub mod arithmetic;
pub mod data;
mod draws;
pub mod fault;
mod fixed;
pub mod network;
pub mod order;
pub mod reference;
mod shader;
#[cfg(test)]
mod tests;

pub use reference::Steps;
pub use shader::{Start, program};

use arithmetic::{Arithmetic as _, EXP2, Integer, Native, Portable, RECIPROCAL};
use fault::Fault;
use order::{Order, Orders};
use reference::{Trainer, classes};

use crate::model::Arithmetic;
use crate::model::bits::Dtype;
use crate::model::training::{Seeds, Tier};

/// How a reference differs from the plain one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Variation {
    /// The liberties that it takes; none of them concerns integers.
    pub arithmetic: Arithmetic,
    /// How the functions of [`Tier::Native`] are computed: [`arithmetic::EXP2`] and [`arithmetic::RECIPROCAL`], in the
    /// arithmetic that is strict otherwise. The other arithmetics have none.
    pub functions: u8,
    /// The order of its sums.
    pub order: Order,
    /// A fault on purpose.
    pub fault: Option<Fault>,
}

impl Default for Variation {
    fn default() -> Self {
        Self { arithmetic: Arithmetic::STRICT, functions: 0, order: Order::First, fault: None }
    }
}

/// A reference before its first step.
#[must_use]
pub fn reference(tier: Tier, seeds: Seeds, variation: Variation) -> Box<dyn Steps> {
    const BOTH: u8 = EXP2 | RECIPROCAL;
    fn boxed<A: arithmetic::Arithmetic + 'static>(arithmetic: A, seeds: Seeds, variation: Variation) -> Box<dyn Steps> {
        let trainer = Trainer::new(arithmetic, seeds).ordered(Orders::new(variation.order));
        Box::new(match variation.fault {
            Some(fault) => trainer.with(fault),
            None => trainer,
        })
    }
    match (tier, variation.arithmetic.fused, variation.arithmetic.flush) {
        (Tier::Integer, ..) => boxed(Integer, seeds, variation),
        (Tier::Native, false, false) => match variation.functions {
            EXP2 => boxed(Native::<false, false, EXP2>, seeds, variation),
            RECIPROCAL => boxed(Native::<false, false, RECIPROCAL>, seeds, variation),
            BOTH => boxed(Native::<false, false, BOTH>, seeds, variation),
            _ => boxed(Native::<false, false>, seeds, variation),
        },
        (Tier::Native, false, true) => boxed(Native::<false, true>, seeds, variation),
        (Tier::Native, true, false) => boxed(Native::<true, false>, seeds, variation),
        (Tier::Native, true, true) => boxed(Native::<true, true>, seeds, variation),
        (Tier::Portable, false, false) => boxed(Portable::<false, false>, seeds, variation),
        (Tier::Portable, false, true) => boxed(Portable::<false, true>, seeds, variation),
        (Tier::Portable, true, false) => boxed(Portable::<true, false>, seeds, variation),
        (Tier::Portable, true, true) => boxed(Portable::<true, true>, seeds, variation),
    }
}

/// The class of each image of the test by a training's weights, computed on the CPU in the training's own arithmetic.
#[must_use]
pub fn predictions(tier: Tier, weights: &[u32]) -> Vec<u8> {
    let pixels = &data::digits().test.pixels;
    match tier {
        Tier::Integer => classes(Integer, weights, pixels),
        Tier::Native => classes(Native::<false, false>, weights, pixels),
        Tier::Portable => classes(Portable::<false, false>, weights, pixels),
    }
}

/// The value of each weight.
#[must_use]
pub fn values(tier: Tier, weights: &[u32]) -> Vec<f64> {
    let value = |word: &u32| match tier {
        Tier::Integer => Integer::value(Integer::number(*word)),
        Tier::Native | Tier::Portable => Native::<false, false>::value(f32::from_bits(*word)),
    };
    weights.iter().map(value).collect()
}

/// What the words of a training are.
#[must_use]
pub fn dtype(tier: Tier) -> Dtype {
    match tier {
        Tier::Integer => Integer::DTYPE,
        Tier::Native | Tier::Portable => Native::<false, false>::DTYPE,
    }
}
