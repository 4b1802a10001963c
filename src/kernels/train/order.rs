//! The order of the terms of a sum: the same mathematics, and in floating point other bits.

use super::network::{BATCH, LAYERS, WIDTHS};
use crate::numerics::inputs::philox::Stream;

/// How sums are ordered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Order {
    /// From the first term to the last.
    #[default]
    First,
    /// From the last term to the first.
    Reversed,
    /// Every so many-th term, then those after them, as workgroups that divide a sum among them take turns.
    Strided(u32),
    /// Each of so many parts of a batch's rows by itself, then the parts' sums: as threads do that add a gradient each.
    Parts(u32),
    /// Another order in every step, drawn from a seed: what additions with atomics leave to chance.
    Random(u64),
}

/// The orders of all sums of a step.
#[derive(Debug, Clone)]
pub struct Orders {
    order: Order,
    /// Of the terms of a layer's sums forwards, backwards, and of the rows of a batch.
    inputs: [Vec<u32>; LAYERS],
    outputs: [Vec<u32>; LAYERS],
    rows: Vec<u32>,
}

impl Default for Orders {
    fn default() -> Self {
        Self::new(Order::First)
    }
}

impl Orders {
    /// All sums in this order.
    #[must_use]
    pub fn new(order: Order) -> Self {
        Self {
            order,
            inputs: std::array::from_fn(|layer| arranged(order, WIDTHS[layer])),
            outputs: std::array::from_fn(|layer| arranged(order, WIDTHS[layer + 1])),
            rows: arranged(order, BATCH),
        }
    }

    /// Prepares for a step.
    pub(super) fn begin(&mut self, step: u32) {
        let Order::Random(seed) = self.order else { return };
        let mut stream = Stream::new(seed, step);
        for list in self.inputs.iter_mut().chain(&mut self.outputs).chain([&mut self.rows]) {
            shuffle(list, &mut stream);
        }
    }

    pub(super) fn inputs(&self, layer: usize) -> &[u32] {
        &self.inputs[layer]
    }

    pub(super) fn outputs(&self, layer: usize) -> &[u32] {
        &self.outputs[layer]
    }

    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The most rows that are added by themselves.
    pub(super) fn rows_of_a_part(&self) -> usize {
        match self.order {
            Order::Parts(parts) => BATCH.div_ceil((parts as usize).clamp(1, BATCH)),
            _ => BATCH,
        }
    }
}

/// Fisher and Yates; that the last few words are not exactly uniform does not matter here.
fn shuffle(list: &mut [u32], stream: &mut Stream) {
    for last in (1..list.len()).rev() {
        list.swap(last, stream.next_u32() as usize % (last + 1));
    }
}

/// The rows of a batch in an order that a step's number draws.
pub(super) fn disordered(step: u32) -> Vec<u32> {
    let mut rows = arranged(Order::First, BATCH);
    shuffle(&mut rows, &mut Stream::new(u64::from(step), step));
    rows
}

fn arranged(order: Order, len: usize) -> Vec<u32> {
    let mut list: Vec<u32> = (0..).take(len).collect();
    match order {
        Order::First | Order::Parts(_) | Order::Random(_) => {}
        Order::Reversed => list.reverse(),
        Order::Strided(stride) => list.sort_by_key(|index| (index % stride.max(1), *index)),
    }
    list
}
