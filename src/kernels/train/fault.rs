//! Faults on purpose: what a training must be told apart by, or nothing that it says can be relied on.

use super::network::{LAYERS, PARAMETERS};
use crate::model::training::Tier;

/// A fault at one step.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fault {
    /// The step, from 0.
    pub step: u32,
    /// What goes wrong.
    pub kind: Kind,
}

/// What goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// A bit of a weight is other than it should be after the step.
    FlippedBit {
        /// The weight.
        weight: usize,
        /// The bit, 0 the lowest.
        bit: u32,
    },
    /// A weight and its velocity stay as they were.
    SkippedUpdate {
        /// The weight.
        weight: usize,
    },
    /// The first two images of the batch change places.
    Exchanged,
    /// The mask of a hidden layer is shifted by one element.
    ShiftedMask {
        /// The layer of weights before it, from 0.
        layer: usize,
    },
    /// The sums of a layer leave out the second half of their terms. The last one alone can be zero for a whole batch, and
    /// leaving it out changes nothing then.
    ShortLoop {
        /// The layer of weights, from 0.
        layer: usize,
    },
    /// The sums of the gradient over the batch are in another order. In integers that is no fault.
    UnorderedSum,
}

impl Kind {
    /// What it is, in words.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::FlippedBit { .. } => "one bit of one weight",
            Self::SkippedUpdate { .. } => "a skipped update",
            Self::Exchanged => "two images exchanged",
            Self::ShiftedMask { .. } => "a mask shifted by one",
            Self::ShortLoop { .. } => "a loop cut short",
            Self::UnorderedSum => "an unordered gradient sum",
        }
    }

    /// The tensor that is the first to differ.
    #[must_use]
    pub fn tensor(self) -> &'static str {
        match self {
            Self::FlippedBit { .. } => "weights",
            Self::SkippedUpdate { .. } => "velocities",
            Self::Exchanged => "images of the batch",
            Self::UnorderedSum => "gradient of the weights",
            Self::ShiftedMask { layer } | Self::ShortLoop { layer } => {
                ["hidden layer 1", "hidden layer 2", "logits"][layer.min(LAYERS - 1)]
            }
        }
    }
}

impl Fault {
    /// One of each kind that is a fault in an arithmetic, at a step.
    #[must_use]
    pub fn each(tier: Tier, step: u32) -> Vec<Self> {
        let all = [
            // A weight of the second layer that every training has in use.
            Kind::FlippedBit { weight: PARAMETERS / 2, bit: 3 },
            // The last bias: its gradient is no zero.
            Kind::SkippedUpdate { weight: PARAMETERS - 1 },
            Kind::Exchanged,
            Kind::ShiftedMask { layer: 0 },
            Kind::ShortLoop { layer: 1 },
            Kind::UnorderedSum,
        ];
        let of = |kind: &Kind| tier != Tier::Integer || *kind != Kind::UnorderedSum;
        all.into_iter().filter(of).map(|kind| Self { step, kind }).collect()
    }

    pub(super) fn flipped(self) -> Option<(usize, u32)> {
        match self.kind {
            Kind::FlippedBit { weight, bit } if weight < PARAMETERS => Some((weight, bit % 32)),
            _ => None,
        }
    }

    pub(super) fn skipped(self) -> Option<usize> {
        match self.kind {
            Kind::SkippedUpdate { weight } => Some(weight),
            _ => None,
        }
    }

    pub(super) fn unorders(self) -> bool {
        self.kind == Kind::UnorderedSum
    }

    pub(super) fn exchanges(self) -> bool {
        self.kind == Kind::Exchanged
    }

    pub(super) fn shifts(self, layer: usize) -> bool {
        self.kind == Kind::ShiftedMask { layer }
    }

    pub(super) fn cuts(self, layer: usize) -> bool {
        self.kind == Kind::ShortLoop { layer }
    }
}
