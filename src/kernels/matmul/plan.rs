//! Which products are audited.

use super::{Matmul, VARIANTS};
use crate::kernels::case::Case;
use crate::kernels::{Kernel, Profile};

/// The cases of a profile.
pub(super) fn cases(profile: Profile, seed: u64) -> Vec<Case> {
    let of = |variant: usize| Case::of(Matmul.name(), &VARIANTS[variant]).with("seed", seed);
    let (naive, tiled, register, splitk, dot4) = (of(0), of(1), of(2), of(3), of(4));
    let sized = |case: &Case, [m, k, n]: [u32; 3]| case.clone().with("m", m).with("k", k).with("n", n);
    let mut all = Vec::new();

    // Configurations of the same problem, with shapes that no tile divides.
    let odd = profile.pick([37, 67, 51], [1021, 1031, 1019], [4093, 4099, 4091]);
    let batches = profile.pick([1, 3], [1, 3], [1, 2]);
    for wg in [64, 128, 256] {
        all.push(sized(&naive, odd).with("wg", wg));
    }
    all.push(sized(&naive, odd).with("batch", batches[1]));
    for tile in [8, 16] {
        all.push(sized(&tiled, odd).with("tile", tile));
    }
    // The quick plan leaves some out: software drivers take up to half a second to compile this one.
    for wg in profile.pick(vec![8, 16], vec![8, 16, 32, 64], vec![16, 32, 64]) {
        for batch in batches {
            if profile != Profile::Quick || wg == 16 || batch == 1 {
                all.push(sized(&register, odd).with("wg", wg).with("batch", batch));
            }
        }
    }
    for split in profile.pick(vec![1, 2, 7], vec![1, 2, 4, 8, 16], vec![1, 4, 16]) {
        all.push(sized(&splitk, odd).with("split", split));
    }
    for wg in [64, 128] {
        all.push(sized(&dot4, odd).with("wg", wg));
    }

    // Spellings and element types. Binary16 sums get a short inner dimension: beyond 1022 the specification allows
    // anything of them.
    let even = profile.pick([32, 64, 32], [1024, 1024, 1024], [4096, 4096, 4096]);
    let fast = if profile == Profile::Quick { &naive } else { &register };
    for mad in ["separate", "fma"] {
        for dtype in ["f32", "f16acc32", "f16", "bf16"] {
            let shape = if dtype == "f16" { [even[0], even[1].min(512), even[2]] } else { even };
            all.push(sized(fast, shape).with("mad", mad).with("dtype", dtype));
        }
    }
    for dtype in ["f16", "bf16"] {
        all.push(sized(&register, odd.map(|side| side.min(509))).with("dtype", dtype));
    }
    all.push(sized(&dot4, even.map(|side| side.min(512))).with("dtype", "f16"));
    if profile == Profile::Quick {
        all.push(sized(&register, even).with("mad", "fma"));
    }

    // How the error grows with the number of products, without and with cancellation.
    for k in profile.pick(vec![64, 256, 1024, 4096], vec![64, 256, 1024, 4096, 16384], vec![256, 4096, 16384, 32768]) {
        for dist in ["positive", "normal"] {
            all.push(sized(&naive, [8, k, 8]).with("dist", dist));
        }
    }
    all
}
