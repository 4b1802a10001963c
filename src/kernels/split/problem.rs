//! One case: the membership of every sample, 1 in the training set and 0 in the validation set.

use crate::kernels::permutation::loader::{Delivery, Hold, Loader};
use crate::kernels::permutation::shuffle::Shuffle;
use crate::kernels::{Allowance, Buffer, Exact, Interval, Observation, OutputView, Pass, Problem, Program, Shader};
use crate::model::Quantity;
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::Arithmetic;
use crate::numerics::inputs::philox::{key, philox4x32_10};
use crate::numerics::threads;

/// How many samples there are, and how many of them are held out.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sizes {
    pub(super) first: u32,
    pub(super) grown: u32,
    pub(super) part: f64,
}

impl Sizes {
    /// All samples, those that came later last.
    pub(super) fn all(self) -> u32 {
        self.first + self.grown
    }

    /// How many of `n` are trained on; the rest is `floor(n part)`.
    #[expect(clippy::cast_possible_truncation, reason = "at most n")]
    #[expect(clippy::cast_sign_loss, reason = "the part is positive")]
    fn train(self, n: u32) -> u32 {
        n - (f64::from(n) * self.part) as u32
    }

    /// The members when the last part of an order is held out.
    fn last_of(self, order: &[u32]) -> Vec<u32> {
        let mut members = vec![0; order.len()];
        let train = self.train(u32::try_from(order.len()).unwrap_or(u32::MAX)) as usize;
        for sample in &order[..train] {
            members[*sample as usize] = 1;
        }
        members
    }

    /// What a split is, beside the reference one of all samples and the one of the first samples alone.
    fn observe(self, members: &[u32], reference: &[u32], before: &[u32]) -> Vec<Observation> {
        let differ = |other: &[u32]| {
            let changed = members.iter().zip(other).filter(|(a, b)| a != b).count();
            f64::from(u32::try_from(changed).unwrap_or(u32::MAX))
        };
        let held_out = members.iter().filter(|m| **m == 0).count();
        let held_out = f64::from(u32::try_from(held_out).unwrap_or(u32::MAX));
        let part = held_out / f64::from(self.all());
        let seen = vec![
            Observation::new("held_out", part, "the part of the samples that is in the validation set"),
            Observation::new(
                "members_changed",
                differ(reference),
                "samples on the other side than in the reference split",
            ),
        ];
        if self.grown == 0 {
            return seen;
        }
        let about = "of the first samples, those on the other side than before the data set grew";
        seen.into_iter().chain([Observation::new("changed_by_growth", differ(before), about)]).collect()
    }

    fn shape(self) -> (Dtype, usize) {
        (Dtype::Mask, self.all() as usize)
    }
}

/// The last part of a shuffle on an adapter.
pub(super) struct Last {
    pub(super) shuffle: Shuffle,
    pub(super) sizes: Sizes,
}

impl Problem for Last {
    fn shape(&self) -> (Dtype, usize) {
        self.sizes.shape()
    }

    fn iterations(&self) -> u64 {
        self.shuffle.iterations()
    }

    fn quantity(&self) -> Quantity {
        Quantity::Membership
    }

    fn program(&self) -> Option<Program> {
        let n = self.sizes.all();
        let shader = Shader::new(include_str!("../../../shaders/split.wgsl"));
        let mut parts = self.shuffle.parts(shader, self.sizes.train(n));
        parts.buffers.push(Buffer::Output(n as usize));
        parts.passes.push(Pass::new("members", [self.shuffle.launch().1, 1, 1]));
        let view = OutputView::whole(parts.buffers.len() - 1, Dtype::Mask, n as usize);
        Some(Program::new(parts.shader.source(), parts.buffers, parts.passes, view).writing_first())
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        self.shuffle.order(threads).map(|order| Bits::words(Dtype::Mask, self.sizes.last_of(&order)))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    /// Integers are exact. Where ties are in the order of arrival, the samples of the tie at the border may be on either
    /// side.
    fn allowance(&self) -> Allowance {
        if self.shuffle.allowed().is_none() {
            return Allowance::Exact;
        }
        let order = self.shuffle.reference(1);
        let train = self.sizes.train(self.sizes.all()) as usize;
        let mut intervals: Vec<_> = self.sizes.last_of(&order).iter().map(|m| Interval::point(f64::from(*m))).collect();
        for (sample, tie) in order.iter().zip(self.shuffle.ties()) {
            if tie.start < train && train < tie.end {
                intervals[*sample as usize] = Interval { lo: 0.0, hi: 1.0 };
            }
        }
        Allowance::Intervals(intervals)
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let split = |shuffle: &Shuffle| self.sizes.last_of(&shuffle.reference(1));
        self.sizes.observe(&output.words, &split(&self.shuffle), &split(&self.shuffle.of(self.sizes.first)))
    }
}

/// By a hash of the sample's number.
pub(super) struct ByHash {
    sizes: Sizes,
    key: [u32; 2],
    threshold: u32,
    wg: u32,
    groups: u32,
}

impl ByHash {
    #[expect(clippy::cast_possible_truncation, reason = "the part is below 1")]
    #[expect(clippy::cast_sign_loss, reason = "the part is positive")]
    pub(super) fn new(sizes: Sizes, seed: u64, wg: u32, groups: u32) -> Self {
        Self { sizes, key: key(seed), threshold: (sizes.part * 4_294_967_296.0) as u32, wg, groups }
    }

    /// The members among the first `n`. The hash is the first word of counter `(sample, 0, 0, 0)`.
    fn members(&self, n: u32, threads: usize) -> Vec<u32> {
        const ROW: usize = 1 << 12;
        let mut out = vec![0; n as usize];
        threads::rows(&mut out, ROW, threads, |row, part| {
            let start = u32::try_from(row * ROW).unwrap_or(u32::MAX);
            for (sample, member) in (start..).zip(part) {
                *member = u32::from(philox4x32_10([sample, 0, 0, 0], self.key)[0] >= self.threshold);
            }
        });
        out
    }
}

impl Problem for ByHash {
    fn shape(&self) -> (Dtype, usize) {
        self.sizes.shape()
    }

    fn quantity(&self) -> Quantity {
        Quantity::Membership
    }

    fn program(&self) -> Option<Program> {
        let n = self.sizes.all();
        let [key0, key1] = self.key;
        let shader = Shader::new(include_str!("../../../shaders/split.wgsl")).define("WG", self.wg).flag("HASH", true);
        Some(Program::new(
            shader.source(),
            vec![Buffer::Input(vec![key0, key1, n, self.threshold]), Buffer::Output(n as usize)],
            vec![Pass::new("members", [self.groups, 1, 1])],
            OutputView::whole(1, Dtype::Mask, n as usize),
        ))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        Some(Bits::words(Dtype::Mask, self.members(self.sizes.all(), threads)))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    fn allowance(&self) -> Allowance {
        Allowance::Exact
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let split = |n| self.members(n, 1);
        self.sizes.observe(&output.words, &split(self.sizes.all()), &split(self.sizes.first))
    }
}

/// The last part of what a loader delivers, on the CPU's threads.
pub(super) struct Delivered {
    pub(super) sizes: Sizes,
    pub(super) batch: usize,
    pub(super) seed: u64,
    pub(super) delivery: Delivery,
    /// All samples, shuffled.
    pub(super) all: Vec<u32>,
    /// The first ones alone, shuffled.
    pub(super) first: Vec<u32>,
}

impl Delivered {
    fn members(&self, order: &[u32], workers: usize) -> Vec<u32> {
        let loader = Loader { order, batch: self.batch, seed: self.seed, delivery: self.delivery };
        self.sizes.last_of(&loader.epoch(workers, Hold::Nothing).samples)
    }
}

impl Problem for Delivered {
    fn shape(&self) -> (Dtype, usize) {
        self.sizes.shape()
    }

    fn quantity(&self) -> Quantity {
        Quantity::Membership
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    /// What one worker delivers.
    fn twin(&self, _arithmetic: Arithmetic, _threads: usize) -> Option<Bits> {
        Some(Bits::words(Dtype::Mask, self.members(&self.all, 1)))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    /// Either side, where it depends on the workers by design.
    fn allowance(&self) -> Allowance {
        if self.delivery == Delivery::BySample {
            return Allowance::Exact;
        }
        Allowance::Intervals(vec![Interval { lo: 0.0, hi: 1.0 }; self.all.len()])
    }

    fn threaded(&self, threads: usize) -> Option<Bits> {
        Some(Bits::words(Dtype::Mask, self.members(&self.all, threads)))
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        self.sizes.observe(&output.words, &self.members(&self.all, 1), &self.members(&self.first, 1))
    }
}
