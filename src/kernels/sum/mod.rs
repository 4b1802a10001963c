//! The sum of many numbers, whose answer depends on the order of the additions.
//!
//! The variants are the ways in which training frameworks add: fixed trees, several passes, subgroups, atomics in the
//! order of arrival, compensated sums, an exact sum, and an ordinary library's split over threads.

pub(super) mod bounds;
mod problem;
pub mod twin;

#[cfg(test)]
mod tests;

use super::{Kernel, Param, Problem, Profile, Range, Variant};
use crate::kernels::case::{Case, CaseError};
use crate::numerics::inputs::Distribution;

/// See the module.
#[derive(Debug)]
pub struct Sum;

const N: Param = Param::problem("n", "16384", Range::Whole(1, 1 << 26), "numbers in a row");
const ROWS: Param = Param::problem("rows", "16", Range::Whole(1, 4096), "independent sums; n * rows up to 2^26");
const DIST: Param = Param::problem("dist", "normal", Range::Words(&Distribution::NAMES), "distribution of the inputs");
const EXACT_DIST: Param = Param::problem(
    "dist",
    "wide",
    Range::Words(&["uniform", "positive", "normal", "wide", "bits", "special"]),
    "uniform, positive, normal, wide, bits (any finite bit pattern) or special (with NaN and infinities)",
);
const SEED: Param = Param::problem("seed", "7", Range::Seed, "seed of the inputs");
const WG: Param = Param::config("wg", "256", Range::Power(1, 1024), "invocations in a workgroup");
const WG16: Param = Param::config("wg", "256", Range::Power(16, 1024), "invocations in a workgroup");
const GROUPS: Param = Param::config("groups", "64", Range::Whole(1, 32768), "workgroups of a row");

const ONE_GROUP: &[Param] = &[N, ROWS, DIST, SEED, WG];
const MANY_GROUPS: &[Param] = &[N, ROWS, DIST, SEED, WG, GROUPS];
const THREADS: &[Param] = &[N, ROWS, DIST, SEED];

/// In which order and with what care the numbers are added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Order {
    SerialTree,
    Pairwise,
    TwoPass,
    Subgroup,
    SubgroupShuffle,
    AtomicCas,
    AtomicFloat,
    Kahan { guarded: bool },
    Neumaier { guarded: bool },
    Exact,
    ThreadsChunked,
    ThreadsFixed,
}

static VARIANTS: &[(Order, Variant)] = &[
    (
        Order::SerialTree,
        Variant {
            name: "serial_tree",
            about: "One workgroup: each invocation adds a strided part, then a tree in workgroup memory.",
            params: ONE_GROUP,
        },
    ),
    (
        Order::Pairwise,
        Variant {
            name: "pairwise",
            about: "Neighbours are added, then neighbours of those: the same order for every workgroup size.",
            params: &[N, ROWS, DIST, SEED, WG16],
        },
    ),
    (
        Order::TwoPass,
        Variant {
            name: "two_pass",
            about: "Many workgroups add strided parts, and a second pass adds their sums.",
            params: MANY_GROUPS,
        },
    ),
    (
        Order::Subgroup,
        Variant {
            name: "subgroup",
            about: "Strided parts, subgroupAdd in the driver's order and size, then a tree over the subgroups.",
            params: ONE_GROUP,
        },
    ),
    (
        Order::SubgroupShuffle,
        Variant {
            name: "subgroup_shuffle",
            about: "Strided parts, then neighbours by subgroup shuffles: the same order for every subgroup size.",
            params: ONE_GROUP,
        },
    ),
    (
        Order::AtomicCas,
        Variant {
            name: "atomic_cas",
            about: "Every number is added to one word by compare and swap, in the order of arrival.",
            params: MANY_GROUPS,
        },
    ),
    (
        Order::AtomicFloat,
        Variant {
            name: "atomic_float",
            about: "Every number is added by a native atomic addition, in the order of arrival.",
            params: MANY_GROUPS,
        },
    ),
    (
        Order::Kahan { guarded: false },
        Variant {
            name: "kahan",
            about: "Strided parts and a tree with Kahan's compensation, which a reassociating driver may remove.",
            params: ONE_GROUP,
        },
    ),
    (
        Order::Kahan { guarded: true },
        Variant {
            name: "kahan_guarded",
            about: "Kahan's compensation, protected by integer operations that the compiler cannot see through.",
            params: ONE_GROUP,
        },
    ),
    (
        Order::Neumaier { guarded: false },
        Variant {
            name: "neumaier",
            about: "Strided parts and a tree with Neumaier's compensation, which a reassociating driver may remove.",
            params: ONE_GROUP,
        },
    ),
    (
        Order::Neumaier { guarded: true },
        Variant {
            name: "neumaier_guarded",
            about: "Neumaier's compensation, protected by integer operations.",
            params: ONE_GROUP,
        },
    ),
    (
        Order::Exact,
        Variant {
            name: "exact",
            about: "The correctly rounded sum in integer arithmetic: one answer in any order, on any adapter.",
            params: &[N, ROWS, EXACT_DIST, SEED, WG, GROUPS],
        },
    ),
    (
        Order::ThreadsChunked,
        Variant {
            name: "threads_chunked",
            about: "The CPU's threads, one chunk each, as ordinary libraries split: the answer depends on their number.",
            params: THREADS,
        },
    ),
    (
        Order::ThreadsFixed,
        Variant {
            name: "threads_fixed",
            about: "The CPU's threads over chunks of a fixed length: the answer does not depend on their number.",
            params: THREADS,
        },
    ),
];

impl Kernel for Sum {
    fn name(&self) -> &'static str {
        "sum"
    }

    fn about(&self) -> &'static str {
        "The sum of many numbers: losses, norms, gradients of biases."
    }

    fn variants(&self) -> &'static [Variant] {
        static LIST: std::sync::LazyLock<Vec<Variant>> = std::sync::LazyLock::new(|| {
            VARIANTS.iter().map(|(_, v)| Variant { name: v.name, about: v.about, params: v.params }).collect()
        });
        &LIST
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let n = profile.pick(1 << 12, 1 << 16, 1 << 20);
        let mut cases = Vec::new();
        for (order, variant) in VARIANTS {
            let case = Case::of("sum", variant).with("seed", seed).with("n", n);
            match order {
                Order::SerialTree | Order::Pairwise | Order::SubgroupShuffle => {
                    let sizes: &[u32] = profile.pick(&[64, 128], &[32, 64, 128, 256], &[32, 64, 128, 256, 512, 1024]);
                    cases.extend(sizes.iter().map(|wg| case.clone().with("wg", wg)));
                    // One long row of an awkward length.
                    let long = profile.pick(65_521, (1 << 22) - 3, (1 << 25) - 5);
                    cases.push(case.with("n", long).with("rows", 1).with("wg", profile.pick(64, 256, 1024)));
                }
                Order::TwoPass => {
                    let shapes: &[(u32, u32)] = profile.pick(
                        &[(64, 8), (128, 16)],
                        &[(64, 64), (256, 64), (256, 256)],
                        &[(256, 256), (1024, 1024)],
                    );
                    cases.extend(shapes.iter().map(|(wg, groups)| case.clone().with("wg", wg).with("groups", groups)));
                }
                Order::AtomicCas | Order::AtomicFloat => {
                    // Few invocations a group: on two cores the order of arrival then changes from run to run. Compare
                    // and swap succeeds once a round trip, so that its rows stay short enough for a GPU's watchdog.
                    let shapes: &[(u32, u32)] =
                        profile.pick(&[(1, 64), (2, 32)], &[(2, 32), (64, 1024)], &[(64, 256), (256, 4096)]);
                    let n = match order {
                        Order::AtomicCas => profile.pick(1 << 16, 1 << 17, 1 << 20),
                        _ => profile.pick(1 << 16, 1 << 20, 1 << 24),
                    };
                    let one_row = case.with("n", n).with("rows", 1);
                    cases.extend(
                        shapes.iter().map(|(wg, groups)| one_row.clone().with("wg", wg).with("groups", groups)),
                    );
                }
                Order::Exact => {
                    let few = profile.pick(2, 32, 256);
                    for (dist, wg, groups) in
                        [("wide", 64, 2 * few), ("wide", 128, few), ("bits", 64, 2 * few), ("special", 64, 2 * few)]
                    {
                        cases.push(case.clone().with("dist", dist).with("wg", wg).with("groups", groups));
                    }
                }
                Order::Kahan { .. } | Order::Neumaier { .. } => {
                    cases.extend([64, 128].map(|wg| case.clone().with("wg", wg)));
                    cases.push(case.with("wg", 64).with("dist", "wide"));
                }
                Order::Subgroup => cases.extend([64, 128].map(|wg| case.clone().with("wg", wg))),
                // Several fixed chunks a row.
                Order::ThreadsChunked | Order::ThreadsFixed => cases.push(case.with("n", 16 * n).with("rows", 4)),
            }
        }
        cases
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        let order = VARIANTS.iter().find(|(_, v)| v.name == case.variant()).map(|(o, _)| *o);
        let order = order.ok_or_else(|| CaseError::new(format!("sum has no variant '{}'", case.variant())))?;
        Ok(Box::new(problem::SumProblem::new(case, order)?))
    }
}

/// The case's `n` and `rows`, whose product is bounded.
///
/// # Errors
/// When one is out of range or there are too many numbers in all.
pub(super) fn shape(case: &Case) -> Result<(usize, usize), CaseError> {
    let (n, rows) = (case.count("n")?, case.count("rows")?);
    if u64::from(n) * u64::from(rows) > 1 << 26 {
        return Err(CaseError::new(format!("n={n} and rows={rows} in '{case}': n * rows up to 67108864 is wanted")));
    }
    Ok((n as usize, rows as usize))
}

/// The case's workgroup size.
///
/// # Errors
/// When it is out of range.
pub(super) fn workgroup(case: &Case) -> Result<usize, CaseError> {
    Ok(case.count("wg")? as usize)
}
