//! Shuffles of a data set: one of the causes that make two trainings differ. On adapters the order is made of integers
//! and is the same everywhere, unless ties are left to the sort; on the CPU's threads it is the loader that may make it
//! depend on the number of workers, or on who is first.

mod bounded;
pub(super) mod loader;
mod problem;
pub(super) mod shuffle;

#[cfg(test)]
mod tests;

use super::{Kernel, Param, Problem, Profile, Range, Variant};
use crate::kernels::case::{Case, CaseError};
use bounded::{Bounded, Draw};
use loader::Delivery;
use problem::{Loaded, Order};
use shuffle::{BITS, DRAW, FEW_BITS, GROUPS, SEED, Shuffle, WG, WG_POWER};

/// See the module.
#[derive(Debug)]
pub struct Permutation;

/// A fair shuffle of `n` samples: what a sampler gives to a loader.
pub(super) fn fair_order(n: u32, seed: u64) -> Vec<u32> {
    Bounded::new(seed, 32, Draw::Reject).shuffle(n)
}

const N_SERIAL: Param = Param::problem("n", "4096", Range::Whole(1, 1 << 20), "samples");
const N: Param = Param::problem("n", "4096", Range::Whole(1, 1 << 22), "samples");
pub(super) const BATCH: Param = Param::problem("batch", "64", Range::Whole(1, 65536), "samples in a batch");
const HOLD: Param = Param::problem(
    "hold",
    "nothing",
    Range::Words(&["nothing", "alternate"]),
    "nothing, or alternate: by turns the first and the second batch are finished last, so that runs differ for certain",
);

static VARIANTS: &[Variant] = &[
    Variant {
        name: "fisher_yates",
        about: "Exchanges on one invocation with bounded integers: the same on every adapter.",
        params: &[N_SERIAL, BITS, DRAW, SEED],
    },
    Variant {
        name: "sort",
        about: "Sorted by a random word each, ties broken by the sample's number: the same for every launch.",
        params: &[N, BITS, SEED, WG_POWER, GROUPS],
    },
    Variant {
        name: "ties_by_launch",
        about: "Sorted by a random word each, ties as the launch deals the samples out: depends on the launch.",
        params: &[N, FEW_BITS, SEED, WG, GROUPS],
    },
    Variant {
        name: "atomic_ties",
        about: "Sorted by a random word each, ties in the order in which atomics come: no order is defined.",
        params: &[N, FEW_BITS, SEED, WG, GROUPS],
    },
    Variant {
        name: "loader_by_sample",
        about: "A data loader on the CPU's threads, random words by sample, batches in order: workers change nothing.",
        params: &[N_SERIAL, BATCH, SEED],
    },
    Variant {
        name: "loader_worker_seed",
        about: "A data loader with a generator per worker: the order stays, augmentations depend on the workers' number.",
        params: &[N_SERIAL, BATCH, SEED],
    },
    Variant {
        name: "loader_sharded",
        about: "A data loader with a shard per worker, batches in turn: the order depends on the workers' number.",
        params: &[N_SERIAL, BATCH, SEED],
    },
    Variant {
        name: "loader_unordered",
        about: "A data loader that hands batches over as they are finished: the order is a race.",
        params: &[N_SERIAL, BATCH, SEED, HOLD],
    },
];

impl Kernel for Permutation {
    fn name(&self) -> &'static str {
        "permutation"
    }

    fn about(&self) -> &'static str {
        "Shuffles of a data set and the loaders that deliver it: the cause \"shuffling\" of irreproducible training."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let n: u32 = profile.pick(1000, 50_000, 1_281_167);
        // On software adapters each case costs its compilation: the quick ones are few.
        let launches: &[(u32, u32)] =
            profile.pick(&[(64, 2), (32, 6)], &[(64, 16), (256, 64)], &[(64, 64), (256, 16), (1024, 128)]);
        let mut cases = Vec::new();
        for variant in VARIANTS {
            let case = Case::of("permutation", variant).with("seed", seed);
            match variant.name {
                "fisher_yates" => {
                    // On one invocation; few bits make it draw again.
                    cases.push(case.clone().with("n", n.min(1 << 14)));
                    let draws: &[&str] =
                        profile.pick(&["reject", "modulo"], &["reject", "modulo", "multiply"], &["reject"]);
                    let few = case.with("n", 1000).with("bits", 12);
                    cases.extend(draws.iter().map(|draw| few.clone().with("draw", draw)));
                }
                "sort" | "ties_by_launch" | "atomic_ties" => {
                    // 24 bits are what a uniform binary32 number has.
                    let bits: &[u32] = match variant.name {
                        "sort" => profile.pick(&[10], &[24, 32], &[24, 32]),
                        _ => profile.pick(&[6], &[8], &[7]),
                    };
                    let few = if variant.name == "atomic_ties" { profile.pick(2, 2, 3) } else { launches.len() };
                    for (bits, (wg, groups)) in bits.iter().flat_map(|b| launches[..few].iter().map(move |l| (b, l))) {
                        cases.push(case.clone().with("n", n).with("bits", bits).with("wg", wg).with("groups", groups));
                    }
                }
                _ => {
                    let n = profile.pick(2500, 50_000, 1 << 20);
                    let case = case.with("n", n).with("batch", profile.pick(32, 64, 256));
                    if variant.name == "loader_unordered" {
                        cases.push(case.clone().with("hold", "alternate"));
                    }
                    cases.push(case);
                }
            }
        }
        cases
    }

    /// The launch decides the order of ties alone.
    fn algorithm(&self, case: &Case) -> String {
        if case.variant() == "ties_by_launch" { case.to_string() } else { case.problem() }
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let n = case.count("n")?;
        let delivery = match case.variant() {
            "loader_by_sample" => Delivery::BySample,
            "loader_worker_seed" => Delivery::WorkerSeed,
            "loader_sharded" => Delivery::Sharded,
            "loader_unordered" => Delivery::Unordered,
            _ => return Ok(Box::new(Order::new(Shuffle::new(case, n)?, n))),
        };
        let alternate = delivery == Delivery::Unordered && case.word("hold")? == "alternate";
        let batch = case.count("batch")? as usize;
        Ok(Box::new(Loaded::new(n, batch, case.seed("seed")?, delivery, alternate)))
    }
}
