//! The shuffles that run on adapters: their twins, and what an adapter executes. `permutation` shows the order, `split`
//! what becomes of it.

use super::bounded::{Bounded, Draw};
use crate::kernels::case::{Case, CaseError};
use crate::kernels::philox::words_by_element;
use crate::kernels::{Buffer, Interval, Param, Pass, Range, Shader};
use crate::numerics::inputs::philox::key;

pub(in crate::kernels) const SEED: Param =
    Param::problem("seed", "7", Range::Seed, "the generator's key, low word first");
pub(in crate::kernels) const BITS: Param = Param::problem(
    "bits",
    "32",
    Range::Whole(1, 32),
    "how many bits of a random word are used; fewer are drawn again, or tie, more often",
);
pub(in crate::kernels) const FEW_BITS: Param =
    Param::problem("bits", "8", Range::Whole(1, 16), "how many bits of a random word are used; fewer tie more often");
pub(in crate::kernels) const DRAW: Param = Param::problem(
    "draw",
    "reject",
    Range::Words(&["reject", "multiply", "modulo"]),
    "how a word becomes a place: reject (fair), multiply or modulo (biased); n up to 2^bits",
);
pub(in crate::kernels) const WG: Param =
    Param::config("wg", "256", Range::Whole(1, 1024), "invocations in a workgroup");
pub(in crate::kernels) const WG_POWER: Param =
    Param::config("wg", "256", Range::Power(1, 1024), "invocations in a workgroup");
pub(in crate::kernels) const GROUPS: Param = Param::config("groups", "64", Range::Whole(1, 65535), "workgroups");

/// A shuffle of `0..n`.
#[derive(Debug)]
pub(in crate::kernels) struct Shuffle {
    n: u32,
    seed: u64,
    bits: u32,
    method: Method,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Method {
    FisherYates(Draw),
    Sort { wg: u32, groups: u32 },
    TiesByLaunch { wg: u32, groups: u32 },
    AtomicTies { wg: u32, groups: u32 },
}

/// What an adapter needs for a shuffle.
#[derive(Debug)]
pub(in crate::kernels) struct Parts {
    pub(in crate::kernels) shader: Shader,
    /// The last one is the order.
    pub(in crate::kernels) buffers: Vec<Buffer>,
    pub(in crate::kernels) passes: Vec<Pass>,
}

impl Shuffle {
    /// The shuffle of `n` samples that a case's variant names.
    ///
    /// # Errors
    /// A parameter out of range, or more samples than words.
    pub(in crate::kernels) fn new(case: &Case, n: u32) -> Result<Self, CaseError> {
        let seed = case.seed("seed")?;
        let launch = || Ok((case.count("wg")?, case.count("groups")?));
        let method = match case.variant() {
            "sort" => {
                let (wg, groups) = launch()?;
                Method::Sort { wg, groups }
            }
            "ties_by_launch" => {
                let (wg, groups) = launch()?;
                Method::TiesByLaunch { wg, groups }
            }
            "atomic_ties" => {
                let (wg, groups) = launch()?;
                Method::AtomicTies { wg, groups }
            }
            _ => {
                let draw = match case.word("draw")? {
                    "reject" => Draw::Reject,
                    "multiply" => Draw::Multiply,
                    _ => Draw::Modulo,
                };
                Method::FisherYates(draw)
            }
        };
        let bits = case.count("bits")?;
        let found = Self { n, seed, bits, method };
        if matches!(method, Method::FisherYates(_)) && u64::from(n) > 1 << bits {
            let wanted = format!("up to {} samples for so many bits, or more bits, are wanted", 1u64 << bits);
            return Err(CaseError::new(format!("{n} samples with bits={bits} in '{case}': {wanted}")));
        }
        if found.counters() > 1 << 24 {
            let wanted = "2^bits * wg * groups up to 2^24 is wanted";
            return Err(CaseError::new(format!("bits={bits} in '{case}': {wanted}")));
        }
        Ok(found)
    }

    /// The same shuffle of another number of samples.
    pub(in crate::kernels) fn of(&self, n: u32) -> Self {
        Self { n, ..*self }
    }

    /// The most iterations of an invocation that grow with the number of samples. Exchanges are made by one: it puts the
    /// samples in order, then draws for each once and, seldom, again. (The generator's rounds are a loop of fixed length.)
    pub(in crate::kernels) fn iterations(&self) -> u64 {
        match self.method {
            Method::FisherYates(Draw::Reject) => 3 * u64::from(self.n),
            Method::FisherYates(Draw::Modulo | Draw::Multiply) => 2 * u64::from(self.n),
            Method::Sort { .. } | Method::TiesByLaunch { .. } | Method::AtomicTies { .. } => 0,
        }
    }

    /// The counters of a sort by counting.
    fn counters(&self) -> u64 {
        match self.method {
            Method::TiesByLaunch { wg, groups } => (u64::from(wg) * u64::from(groups)) << self.bits,
            Method::AtomicTies { .. } => 1 << self.bits,
            _ => 0,
        }
    }

    /// The pairs that are sorted: at least a block, and a power of two.
    fn padded(&self) -> u32 {
        match self.method {
            Method::Sort { wg, .. } => self.n.next_power_of_two().max(2 * wg),
            _ => 0,
        }
    }

    /// Each sample's random word.
    fn keys(&self, threads: usize) -> Vec<u32> {
        let mut words = words_by_element(self.n as usize, key(self.seed), threads);
        for word in &mut words {
            *word >>= 32 - self.bits;
        }
        words
    }

    /// Samples sorted by word, then by what `tie` says of them.
    fn sorted<T: Ord>(&self, threads: usize, tie: impl Fn(u32) -> T) -> Vec<u32> {
        let keys = self.keys(threads);
        let mut order: Vec<u32> = (0..self.n).collect();
        order.sort_unstable_by_key(|i| (keys[*i as usize], tie(*i)));
        order
    }

    /// The order that the shader gives; `None` where it is that of arrival.
    pub(in crate::kernels) fn order(&self, threads: usize) -> Option<Vec<u32>> {
        match self.method {
            Method::FisherYates(_) => Some(self.fisher_yates().0),
            Method::Sort { .. } => Some(self.sorted(threads, |i| i)),
            Method::TiesByLaunch { wg, groups } => Some(self.sorted(threads, |i| (i % (wg * groups), i))),
            Method::AtomicTies { .. } => None,
        }
    }

    /// The order with ties broken by number: what the orders of ties are compared with.
    pub(in crate::kernels) fn reference(&self, threads: usize) -> Vec<u32> {
        match self.method {
            Method::FisherYates(_) => self.fisher_yates().0,
            _ => self.sorted(threads, |i| i),
        }
    }

    /// The order, and the words that were drawn again.
    fn fisher_yates(&self) -> (Vec<u32>, u64) {
        let draw = if let Method::FisherYates(draw) = self.method { draw } else { Draw::Reject };
        let mut bounded = Bounded::new(self.seed, self.bits, draw);
        let order = bounded.shuffle(self.n);
        (order, bounded.rejected)
    }

    /// For a Fisher–Yates shuffle the words that were drawn again, and its bias.
    pub(in crate::kernels) fn draws(&self) -> Option<(u64, f64)> {
        let Method::FisherYates(draw) = self.method else { return None };
        Some((self.fisher_yates().1, super::bounded::bias(self.n, self.bits, draw)))
    }

    /// For a sort, the samples whose word another sample has too.
    pub(in crate::kernels) fn tied(&self) -> Option<u32> {
        if matches!(self.method, Method::FisherYates(_)) {
            return None;
        }
        let mut keys = self.keys(1);
        keys.sort_unstable();
        let groups = keys.chunk_by(|a, b| a == b).filter(|group| group.len() > 1);
        Some(groups.map(|group| u32::try_from(group.len()).unwrap_or(u32::MAX)).sum())
    }

    /// For each place, the places in the reference of the first sample that may come there and of the last: those of a
    /// tie. One place where the order is defined.
    pub(in crate::kernels) fn ties(&self) -> Vec<std::ops::Range<usize>> {
        let keys = self.keys(1);
        let order = self.reference(1);
        let mut start = 0;
        let mut out = Vec::with_capacity(order.len());
        for group in order.chunk_by(|a, b| keys[*a as usize] == keys[*b as usize]) {
            out.extend(group.iter().map(|_| start..start + group.len()));
            start += group.len();
        }
        out
    }

    /// Which samples may be at each place where ties are in the order of arrival: the least and the greatest number of
    /// the tie. `None` where the order is defined.
    pub(in crate::kernels) fn allowed(&self) -> Option<Vec<Interval>> {
        if !matches!(self.method, Method::AtomicTies { .. }) {
            return None;
        }
        let order = self.reference(1);
        let interval = |tie: &std::ops::Range<usize>| {
            // Within a tie the reference ascends.
            Interval { lo: order[tie.start].into(), hi: order[tie.end - 1].into() }
        };
        Some(self.ties().iter().map(interval).collect())
    }

    /// Workgroups of ordinary passes, and their size.
    pub(in crate::kernels) fn launch(&self) -> (u32, u32) {
        match self.method {
            Method::FisherYates(_) => (64, 16),
            Method::Sort { wg, groups } | Method::TiesByLaunch { wg, groups } | Method::AtomicTies { wg, groups } => {
                (wg, groups)
            }
        }
    }

    /// What an adapter executes, from a shader that includes the three algorithms. `train` is the place of the first
    /// validation sample.
    pub(in crate::kernels) fn parts(&self, shader: Shader, train: u32) -> Parts {
        let [key0, key1] = key(self.seed);
        let (wg, groups) = self.launch();
        let grid = [groups, 1, 1];
        let mut params = vec![key0, key1, self.n, self.bits, train];
        let mut shader = shader.define("WG", wg);
        let mut passes = Vec::new();
        let mut between = Vec::new();
        match self.method {
            Method::FisherYates(draw) => {
                shader = shader
                    .flag("FISHER_YATES", true)
                    .flag("REJECT", draw == Draw::Reject)
                    .flag("MULTIPLY", draw == Draw::Multiply);
                passes.push(Pass::new("shuffle", [1, 1, 1]));
            }
            Method::Sort { .. } => {
                shader = shader.flag("SORT", true);
                let (size, block) = (self.padded(), 2 * wg);
                params.push(size);
                between = vec![Buffer::Output(2 * size as usize), Buffer::InOut(vec![2 * block, block])];
                passes.extend([Pass::new("keys", grid), Pass::new("sort_blocks", grid)]);
                let next = || Pass::new("next_stage", [1, 1, 1]);
                for merged in block.trailing_zeros() + 1..=size.trailing_zeros() {
                    for _ in block.trailing_zeros()..merged {
                        passes.extend([Pass::new("step_all", grid), next()]);
                    }
                    passes.extend([Pass::new("merge_blocks", grid), next()]);
                }
                passes.push(Pass::new("finish", grid));
            }
            Method::TiesByLaunch { .. } | Method::AtomicTies { .. } => {
                let counters = usize::try_from(self.counters()).unwrap_or(usize::MAX);
                let launch = matches!(self.method, Method::TiesByLaunch { .. });
                shader = shader.flag("TIES", true).flag("LAUNCH", launch);
                params.push(u32::try_from(counters).unwrap_or(u32::MAX));
                between = vec![Buffer::Output(counters)];
                passes.extend([Pass::new("clear", grid), Pass::new("count", grid)]);
                passes.extend([Pass::new("scan", [1, 1, 1]), Pass::new("deal", grid)]);
            }
        }
        let mut buffers = vec![Buffer::Input(params)];
        buffers.extend(between);
        buffers.push(Buffer::Output(self.n as usize));
        Parts { shader, buffers, passes }
    }
}
