//! One case: the order of the samples on an adapter, or as the CPU's threads deliver them.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::loader::{Delivered, Delivery, Hold, Loader};
use super::shuffle::Shuffle;
use crate::kernels::{Allowance, Exact, Interval, Observation, OutputView, Problem, Program, Shader};
use crate::model::Quantity;
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::Arithmetic;

/// A shuffle on an adapter: the sample at each place.
pub(super) struct Order {
    shuffle: Shuffle,
    n: u32,
}

impl Order {
    pub(super) fn new(shuffle: Shuffle, n: u32) -> Self {
        Self { shuffle, n }
    }
}

impl Problem for Order {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::U32, self.n as usize)
    }

    fn iterations(&self) -> u64 {
        self.shuffle.iterations()
    }

    fn quantity(&self) -> Quantity {
        Quantity::Permutation
    }

    fn program(&self) -> Option<Program> {
        let shader = Shader::new(include_str!("../../../shaders/permutation.wgsl"));
        let parts = self.shuffle.parts(shader, self.n);
        let view = OutputView::whole(parts.buffers.len() - 1, Dtype::U32, self.n as usize);
        Some(Program::new(parts.shader.source(), parts.buffers, parts.passes, view).writing_first())
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        self.shuffle.order(threads).map(|order| Bits::words(Dtype::U32, order))
    }

    /// A permutation is no number.
    fn exact(&self) -> Option<Exact> {
        None
    }

    /// Integers are exact. Where ties are in the order of arrival, each place holds one of its tie's samples.
    fn allowance(&self) -> Allowance {
        self.shuffle.allowed().map_or(Allowance::Exact, Allowance::Intervals)
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let mut seen = order_seen(&output.words, &self.shuffle.reference(1));
        if let Some((rejected, bias)) = self.shuffle.draws() {
            seen.push(Observation::new("words_rejected", count(rejected), "random words that were drawn again"));
            let about = "log2 of how much likelier the likeliest permutation is than the rarest";
            seen.push(Observation::new("permutation_bias", bias, about));
        }
        if let Some(tied) = self.shuffle.tied() {
            seen.push(Observation::new("tied", tied.into(), "samples whose random word another sample has too"));
        }
        seen
    }
}

/// A count as binary64.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(n: u64) -> f64 {
    n as f64
}

/// What an order is, beside a reference.
fn order_seen(order: &[u32], reference: &[u32]) -> Vec<Observation> {
    let mut times = vec![0u32; order.len()];
    for sample in order {
        if let Some(times) = times.get_mut(*sample as usize) {
            *times += 1;
        }
    }
    let not_once = times.iter().filter(|n| **n != 1).count();
    let moved = order.iter().zip(reference).filter(|(a, b)| a != b).count();
    let unmoved = order.iter().zip(0..).filter(|(sample, place)| *sample == place).count();
    vec![
        Observation::new("not_once", count(not_once as u64), "samples that do not occur exactly once"),
        Observation::new("moved", count(moved as u64), "places whose sample is not the reference order's"),
        Observation::new(
            "unmoved",
            count(unmoved as u64),
            "samples at their own place; a fair shuffle has 1 on average",
        ),
    ]
}

/// An epoch of a loader on the CPU's threads: the samples in the order of their delivery, then the random word of each.
pub(super) struct Loaded {
    order: Vec<u32>,
    batch: usize,
    seed: u64,
    delivery: Delivery,
    /// Whether a batch is held, by turns the first and the second.
    alternate: bool,
    runs: AtomicUsize,
}

impl Loaded {
    pub(super) fn new(n: u32, batch: usize, seed: u64, delivery: Delivery, alternate: bool) -> Self {
        Self { order: super::fair_order(n, seed), batch, seed, delivery, alternate, runs: AtomicUsize::new(0) }
    }

    fn epoch(&self, workers: usize, hold: Hold) -> Delivered {
        let Self { order, batch, seed, delivery, .. } = self;
        Loader { order, batch: *batch, seed: *seed, delivery: *delivery }.epoch(workers, hold)
    }
}

fn bits(delivered: Delivered) -> Bits {
    let Delivered { mut samples, words } = delivered;
    samples.extend(words);
    Bits::words(Dtype::U32, samples)
}

impl Problem for Loaded {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::U32, 2 * self.order.len())
    }

    fn quantity(&self) -> Quantity {
        // Samples, and a word of augmentation for each.
        Quantity::Word
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    /// What one worker delivers; none where the order is a race.
    fn twin(&self, _arithmetic: Arithmetic, _threads: usize) -> Option<Bits> {
        (self.delivery != Delivery::Unordered).then(|| bits(self.epoch(1, Hold::Nothing)))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    /// Any sample at any place, and any word, where they depend on the workers by design.
    fn allowance(&self) -> Allowance {
        if self.delivery == Delivery::BySample {
            return Allowance::Exact;
        }
        let n = self.order.len();
        let last = u32::try_from(n - 1).unwrap_or(u32::MAX);
        let mut intervals = vec![Interval { lo: 0.0, hi: last.into() }; n];
        intervals.resize(2 * n, Interval { lo: 0.0, hi: u32::MAX.into() });
        Allowance::Intervals(intervals)
    }

    fn threaded(&self, threads: usize) -> Option<Bits> {
        let hold =
            if self.alternate { Hold::Batch(self.runs.fetch_add(1, Ordering::Relaxed) % 2) } else { Hold::Nothing };
        Some(bits(self.epoch(threads, hold)))
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let (samples, words) = output.words.split_at(self.order.len());
        let mut seen = order_seen(samples, &self.order);
        let one = self.epoch(1, Hold::Nothing);
        let mut of_sample = vec![0; self.order.len()];
        for (sample, word) in one.samples.iter().zip(&one.words) {
            of_sample[*sample as usize] = *word;
        }
        let other = samples.iter().zip(words).filter(|(s, w)| of_sample.get(**s as usize) != Some(*w)).count();
        let about = "samples with another random word than with one worker";
        seen.push(Observation::new("other_words", count(other as u64), about));
        seen
    }
}
