//! Initial weights: the distributions that frameworks draw them from, as they do it and in a way that leaves the adapter
//! no choice.

mod orthogonal;
mod weights;

use super::uniform::SEED;
use super::{Kernel, Param, Problem, Profile, Range, Variant};
use crate::kernels::case::{Case, CaseError};

/// See the module.
#[derive(Debug)]
pub struct Init;

const ROWS: Param = Param::problem("rows", "256", Range::Whole(1, 65536), "outputs of the layer");
const COLS: Param = Param::problem("cols", "256", Range::Whole(1, 65536), "inputs of the layer; rows*cols up to 2^26");
const WAY: Param = Param::problem(
    "way",
    "native",
    Range::Words(&["native", "integer"]),
    "native, or integer: no floating-point operation",
);
const WG: Param = Param::config("wg", "256", Range::Whole(1, 1024), "invocations in a workgroup");
const GROUPS: Param = Param::config("groups", "64", Range::Whole(1, 65535), "workgroups");
static DRAWN: [Param; 6] = [ROWS, COLS, SEED, WAY, WG, GROUPS];

static VARIANTS: &[Variant] = &[
    Variant {
        name: "xavier_uniform",
        about: "Uniform in +-sqrt(6 / (rows + cols)) (Glorot and Bengio 2010).",
        params: &DRAWN,
    },
    Variant {
        name: "xavier_normal",
        about: "Normal of deviation sqrt(2 / (rows + cols)) (Glorot and Bengio 2010).",
        params: &DRAWN,
    },
    Variant {
        name: "kaiming_uniform",
        about: "Uniform in +-sqrt(6 / cols), for layers before a ReLU (He et al. 2015).",
        params: &DRAWN,
    },
    Variant {
        name: "kaiming_normal",
        about: "Normal of deviation sqrt(2 / cols), for layers before a ReLU (He et al. 2015).",
        params: &DRAWN,
    },
    Variant {
        name: "truncated_normal",
        about: "Normal of deviation 0.02, truncated at two deviations: transformers.",
        params: &DRAWN,
    },
    Variant {
        name: "orthogonal",
        about: "Orthonormal rows from a normal matrix, by modified Gram-Schmidt in a fixed order (Saxe et al. 2014).",
        params: &[
            Param::problem("rows", "8", Range::Whole(1, 1024), "orthonormal rows, no more than cols"),
            Param::problem("cols", "64", Range::Whole(1, 65536), "elements of a row"),
            SEED,
            Param::problem(
                "way",
                "native",
                Range::Words(&["native", "guarded"]),
                "native, or guarded: products kept apart, division by a square root",
            ),
            Param::config("wg", "64", Range::Power(1, 1024), "invocations in the workgroup"),
        ],
    },
];

impl Kernel for Init {
    fn name(&self) -> &'static str {
        "init"
    }

    fn about(&self) -> &'static str {
        "Initial weights: Xavier, Kaiming, truncated normal and orthogonal."
    }

    fn variants(&self) -> &'static [Variant] {
        VARIANTS
    }

    fn plan(&self, profile: Profile, seed: u64) -> Vec<Case> {
        let (rows, cols) = profile.pick((83, 60), (1000, 512), (4096, 4096));
        let launches = profile.pick([(64, 16), (128, 7)], [(256, 104), (64, 1056)], [(256, 1056), (1024, 264)]);
        let mut cases = Vec::new();
        for variant in &VARIANTS[..5] {
            for way in ["native", "integer"] {
                let case = Case::of("init", variant).with("rows", rows).with("cols", cols).with("seed", seed);
                cases.extend(
                    launches.map(|(wg, groups)| case.clone().with("way", way).with("wg", wg).with("groups", groups)),
                );
            }
        }
        let (rows, cols) = profile.pick((8, 60), (64, 256), (64, 1024));
        for way in ["native", "guarded"] {
            let case = Case::of("init", &VARIANTS[5]).with("rows", rows).with("cols", cols).with("seed", seed);
            let sizes = profile.pick([32, 64], [64, 128], [256, 512]);
            cases.extend(sizes.map(|wg| case.clone().with("way", way).with("wg", wg)));
        }
        cases
    }

    /// Each number is drawn by itself, whatever the launch; the sums of an orthogonal matrix are a workgroup's.
    fn algorithm(&self, case: &Case) -> String {
        if case.variant() == "orthogonal" { case.to_string() } else { case.problem() }
    }

    fn problem(&self, case: &Case) -> Result<Box<dyn Problem>, CaseError> {
        if case.variant() == "orthogonal" { orthogonal::problem(case) } else { weights::problem(case) }
    }
}

#[cfg(test)]
mod tests;
