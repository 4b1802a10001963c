//! Which samples are held out for validation. "The last 20 % of the shuffled set" is another set wherever the shuffle is
//! another order, and wherever the data set grows; a threshold on a hash of the sample's number is neither.

mod problem;

#[cfg(test)]
mod tests;

use super::permutation::loader::Delivery;
use super::permutation::shuffle::{BITS, DRAW, FEW_BITS, GROUPS, SEED, Shuffle, WG, WG_POWER};
use super::permutation::{BATCH, fair_order};
use super::{Kernel, Param, Problem, Profile, Range, Variant};
use crate::kernels::case::{Case, CaseError};
use problem::{ByHash, Delivered, Last, Sizes};

/// See the module.
#[derive(Debug)]
pub struct Split;

const N: Param = Param::problem("n", "4000", Range::Whole(1, 1 << 19), "samples at first");
const GROWN: Param = Param::problem("grown", "400", Range::Whole(0, 1 << 19), "samples that came later");
const PART: Param = Param::problem("part", "0.2", Range::Decimal("(0, 1)"), "the part held out");

static VARIANTS: &[Variant] = &[
    Variant {
        name: "fisher_yates",
        about: "The last part as shuffled by exchanges: the same everywhere, and another one when the data set grows.",
        params: &[N, GROWN, PART, BITS, DRAW, SEED],
    },
    Variant {
        name: "sort",
        about: "The last part as sorted by a random word each, ties by number: the same for every launch.",
        params: &[N, GROWN, PART, BITS, SEED, WG_POWER, GROUPS],
    },
    Variant {
        name: "ties_by_launch",
        about: "The same with ties as the launch deals the samples out: members change with the launch.",
        params: &[N, GROWN, PART, FEW_BITS, SEED, WG, GROUPS],
    },
    Variant {
        name: "atomic_ties",
        about: "The same with ties in the order in which atomics come: members change from run to run.",
        params: &[N, GROWN, PART, FEW_BITS, SEED, WG, GROUPS],
    },
    Variant {
        name: "hash",
        about: "Held out where a hash of the sample's number is below a threshold: nothing but the seed matters.",
        params: &[N, GROWN, PART, SEED, WG, GROUPS],
    },
    Variant {
        name: "loader_by_sample",
        about: "The last part as delivered by a loader whose order does not depend on its workers.",
        params: &[N, GROWN, PART, BATCH, SEED],
    },
    Variant {
        name: "loader_sharded",
        about: "The last part as delivered by a loader with a shard per worker: members change with the workers' number.",
        params: &[N, GROWN, PART, BATCH, SEED],
    },
];

impl Kernel for Split {
    fn name(&self) -> &'static str {
        "split"
    }

    fn about(&self) -> &'static str {
        "The members of a validation set: the cause \"shuffling\" of irreproducible training and of irreproducible scores."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let (n, grown) = profile.pick((910, 91), (50_000, 5000), (262_144, 26_215));
        let launches: &[(u32, u32)] =
            profile.pick(&[(64, 2), (32, 6)], &[(64, 16), (256, 64)], &[(64, 64), (256, 16), (1024, 128)]);
        let mut cases = Vec::new();
        for variant in VARIANTS {
            let case = Case::of("split", variant).with("seed", seed).with("n", n).with("grown", grown);
            match variant.name {
                // On one invocation.
                "fisher_yates" => cases.push(case.with("n", n.min(15_000)).with("grown", grown.min(1500))),
                "loader_by_sample" | "loader_sharded" => {
                    cases.push(case.with("batch", profile.pick(32, 64, 256)));
                }
                name => {
                    let case = match name {
                        "sort" => case.with("bits", profile.pick(10, 24, 24)),
                        "hash" => case,
                        _ => case.with("bits", profile.pick(5, 8, 7)),
                    };
                    let few =
                        if matches!(name, "sort" | "atomic_ties") { profile.pick(2, 2, 3) } else { launches.len() };
                    for (wg, groups) in &launches[..few] {
                        cases.push(case.clone().with("wg", wg).with("groups", groups));
                    }
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
        let part = case.decimal("part")?;
        let sizes = Sizes { first: case.count("n")?, grown: case.count("grown")?, part };
        let delivery = match case.variant() {
            "hash" => {
                let (wg, groups) = (case.count("wg")?, case.count("groups")?);
                return Ok(Box::new(ByHash::new(sizes, case.seed("seed")?, wg, groups)));
            }
            "loader_by_sample" => Delivery::BySample,
            "loader_sharded" => Delivery::Sharded,
            _ => return Ok(Box::new(Last { shuffle: Shuffle::new(case, sizes.all())?, sizes })),
        };
        let (batch, seed) = (case.count("batch")? as usize, case.seed("seed")?);
        let order = |n| fair_order(n, seed);
        let (all, first) = (order(sizes.all()), order(sizes.first));
        Ok(Box::new(Delivered { sizes, batch, seed, delivery, all, first }))
    }
}
