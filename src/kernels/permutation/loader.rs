//! Data loaders: threads that take samples in a shuffled order, decode them, and hand them over in batches. What comes in
//! which place, and with which random number, may depend on the number of workers, or on who is first.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::{Sender, channel};
use std::sync::{Condvar, Mutex, PoisonError};

use crate::numerics::inputs::philox::{Stream, key, philox4x32_10};

/// Who takes which samples, and in which order they are handed over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernels) enum Delivery {
    /// Worker `w` of `W` takes batches `w`, `w + W`, … and draws augmentations from a generator of its own, seeded with
    /// the seed and its number; batches are handed over in order. So do PyTorch's loaders of indexed data.
    WorkerSeed,
    /// Worker `w` reads the `w`-th of `W` shards, one after another in the order, and batches are taken from the workers
    /// in turn: the example in PyTorch's documentation of iterable data.
    Sharded,
    /// Workers take the next batch that is left, augmentations are a function of the seed and the sample, and batches
    /// are handed over in order.
    BySample,
    /// The same, handed over as they are finished.
    Unordered,
}

/// Whether a batch waits until all others have been handed over, in place of a worker that happens to be slow. Only
/// where batches are not assigned beforehand: there another worker does the rest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernels) enum Hold {
    /// None does.
    Nothing,
    /// This batch does, where there is another worker to do the rest.
    Batch(usize),
}

/// Samples in the order of their delivery, with the random word of each.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::kernels) struct Delivered {
    pub(in crate::kernels) samples: Vec<u32>,
    pub(in crate::kernels) words: Vec<u32>,
}

/// Samples with their words.
type Batch = Vec<(u32, u32)>;

/// A loader of the samples in `order`.
#[derive(Debug, Clone, Copy)]
pub(in crate::kernels) struct Loader<'a> {
    pub(in crate::kernels) order: &'a [u32],
    pub(in crate::kernels) batch: usize,
    pub(in crate::kernels) seed: u64,
    pub(in crate::kernels) delivery: Delivery,
}

impl Loader<'_> {
    /// One epoch, loaded by `workers` threads.
    pub(in crate::kernels) fn epoch(&self, workers: usize, hold: Hold) -> Delivered {
        let workers = workers.max(1);
        let (sender, receiver) = channel();
        let next = AtomicUsize::new(0);
        let assigned = matches!(self.delivery, Delivery::WorkerSeed | Delivery::Sharded);
        let hold = if assigned { Hold::Nothing } else { hold };
        let gate = Gate { hold, batches: self.batches(), workers, sent: Mutex::new(0), changed: Condvar::new() };
        std::thread::scope(|scope| {
            for worker in 0..workers {
                let (sender, next, gate) = (sender.clone(), &next, &gate);
                scope.spawn(move || self.work(worker, workers, next, gate, &sender));
            }
            // The loop over what comes ends when the last worker's sender is gone.
            drop(sender);
            match self.delivery {
                Delivery::Unordered => as_they_come(receiver),
                _ => in_order(receiver),
            }
        })
    }

    fn batches(&self) -> usize {
        self.order.len().div_ceil(self.batch)
    }

    /// What worker `worker` of `workers` does.
    fn work(&self, worker: usize, workers: usize, next: &AtomicUsize, gate: &Gate, sender: &Sender<(usize, Batch)>) {
        let send = |number: usize, batch: Batch| gate.pass(number, || sender.send((number, batch)).is_ok());
        match self.delivery {
            Delivery::WorkerSeed => {
                let mut own = Stream::new(self.seed.wrapping_add(worker as u64), AUGMENTATION);
                for number in (worker..self.batches()).step_by(workers) {
                    send(number, self.samples(number).map(|s| (s, own.next_u32())).collect());
                }
            }
            Delivery::Sharded => {
                let shard = self.order.chunks(self.order.len().div_ceil(workers)).nth(worker).unwrap_or_default();
                for (turn, samples) in shard.chunks(self.batch).enumerate() {
                    send(turn * workers + worker, samples.iter().map(|s| (*s, self.decode(*s))).collect());
                }
            }
            Delivery::BySample | Delivery::Unordered => loop {
                let number = next.fetch_add(1, Ordering::Relaxed);
                if number >= self.batches() {
                    break;
                }
                send(number, self.samples(number).map(|s| (s, self.decode(s))).collect());
            },
        }
    }

    /// The samples of a batch.
    fn samples(&self, number: usize) -> impl Iterator<Item = u32> {
        self.order.iter().copied().skip(number * self.batch).take(self.batch)
    }

    /// A sample's word: a function of the seed and the sample alone, with work of uneven length: some samples are large.
    fn decode(&self, sample: u32) -> u32 {
        let first = philox4x32_10([sample, 0, AUGMENTATION, 0], key(self.seed))[0];
        let work = if first.is_multiple_of(16) { 1024 } else { 4 };
        (1..=work).fold(first, |word, i| word ^ philox4x32_10([sample, i, AUGMENTATION, 0], key(self.seed))[0])
    }
}

/// The number of the stream of augmentations.
const AUGMENTATION: u32 = 1;

/// Holds one batch back until all others are sent.
struct Gate {
    hold: Hold,
    batches: usize,
    workers: usize,
    sent: Mutex<usize>,
    changed: Condvar,
}

impl Gate {
    /// Sends a batch, later where it is the one that is held.
    fn pass(&self, number: usize, send: impl FnOnce() -> bool) {
        // A worker that panicked is reported by the scope; the count stays right.
        let mut sent = self.sent.lock().unwrap_or_else(PoisonError::into_inner);
        if self.hold == Hold::Batch(number) && self.workers > 1 {
            while *sent + 1 < self.batches {
                sent = self.changed.wait(sent).unwrap_or_else(PoisonError::into_inner);
            }
        }
        send();
        *sent += 1;
        self.changed.notify_all();
    }
}

/// Batches in the order in which they come.
fn as_they_come(batches: impl IntoIterator<Item = (usize, Batch)>) -> Delivered {
    delivered(batches.into_iter().map(|(_, batch)| batch))
}

/// Batches in the order of their numbers, whatever the order in which they come.
fn in_order(batches: impl IntoIterator<Item = (usize, Batch)>) -> Delivered {
    delivered(batches.into_iter().collect::<BTreeMap<_, _>>().into_values())
}

fn delivered(batches: impl Iterator<Item = Batch>) -> Delivered {
    let (samples, words) = batches.flatten().unzip();
    Delivered { samples, words }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DELIVERIES: [Delivery; 4] =
        [Delivery::WorkerSeed, Delivery::Sharded, Delivery::BySample, Delivery::Unordered];

    fn order(n: u32) -> Vec<u32> {
        (0..n).map(|i| i * 11 % n).collect()
    }

    fn load(order: &[u32], delivery: Delivery, workers: usize, hold: Hold) -> Delivered {
        Loader { order, batch: 8, seed: 7, delivery }.epoch(workers, hold)
    }

    #[test]
    fn every_loader_hands_over_every_sample_once() {
        for n in [1, 7, 8, 9, 100] {
            let order = order(n);
            for delivery in DELIVERIES {
                for workers in [1, 2, 3, 5, 40] {
                    let mut found = load(&order, delivery, workers, Hold::Nothing).samples;
                    found.sort_unstable();
                    assert_eq!(found, (0..n).collect::<Vec<_>>(), "{n} samples, {workers} workers, {delivery:?}");
                }
            }
        }
    }

    /// What depends on the number of workers, from the definitions.
    #[test]
    fn workers_change_seeds_and_shards_and_nothing_else() {
        let order = order(101);
        let one = |delivery| load(&order, delivery, 1, Hold::Nothing);
        for workers in [2usize, 3, 5] {
            let of = |delivery| load(&order, delivery, workers, Hold::Nothing);
            assert_eq!(of(Delivery::BySample), one(Delivery::BySample), "{workers} workers, by sample");
            let seeds = of(Delivery::WorkerSeed);
            assert_eq!(seeds.samples, order, "{workers} workers: the order is the sampler's");
            assert_ne!(seeds.words, one(Delivery::WorkerSeed).words, "{workers} workers: the augmentations are not");
            let mut streams: Vec<_> = (0..workers).map(|w| Stream::new(7 + w as u64, AUGMENTATION)).collect();
            let want: Vec<u32> = (0..101).map(|i| streams[i / 8 % workers].next_u32()).collect();
            assert_eq!(seeds.words, want, "{workers} workers: batch by batch from each worker's generator");
            let shards = of(Delivery::Sharded).samples;
            let shard = 101usize.div_ceil(workers);
            assert_eq!(shards[..8], order[..8], "{workers} workers: the first batch is the first shard's");
            assert_eq!(shards[8..16], order[shard..shard + 8], "{workers} workers: the next is the second shard's");
        }
    }

    /// The order of arrival is the order of delivery, and only there: no thread is needed to see it.
    #[test]
    fn only_an_unordered_loader_depends_on_who_is_first() {
        let batch = |number: u32| (number as usize, vec![(2 * number, 0), (2 * number + 1, 0)]);
        let early = [batch(0), batch(1), batch(2)];
        let late = [batch(1), batch(2), batch(0)];
        assert_eq!(as_they_come(early.clone()).samples, [0, 1, 2, 3, 4, 5], "in order");
        assert_eq!(as_they_come(late.clone()).samples, [2, 3, 4, 5, 0, 1], "the first came last");
        assert_eq!(in_order(early), in_order(late), "sorted by number");
    }

    /// A batch that is held comes last, whatever the scheduler does.
    #[test]
    fn a_held_batch_comes_last() {
        let order = order(64);
        for workers in [2, 3, 8] {
            for held in [0, 1] {
                let found = load(&order, Delivery::Unordered, workers, Hold::Batch(held));
                assert_eq!(found.samples[56..], order[8 * held..8 * held + 8], "{workers} workers, batch {held}");
                assert_eq!(
                    load(&order, Delivery::BySample, workers, Hold::Batch(held)),
                    load(&order, Delivery::BySample, 1, Hold::Nothing),
                    "{workers} workers: a slow worker changes nothing by sample"
                );
            }
        }
        assert_eq!(load(&order, Delivery::Unordered, 1, Hold::Batch(0)).samples, order, "one worker waits for none");
    }
}
