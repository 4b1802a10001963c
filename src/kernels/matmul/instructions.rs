//! Which of the processor's instructions compute a product in the order of k.

use std::marker::PhantomData;
use std::ops::Range;

#[cfg(target_arch = "x86_64")]
use super::simd::{Avx2, Avx512};
use super::twin::{Factors, Serial, multiply};
use crate::numerics::arith::Ieee;

/// The instructions that a product may be computed with. The bits of the result do not depend on the choice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Instructions {
    /// 512-bit vectors of `x86_64`.
    Avx512,
    /// 256-bit vectors of `x86_64`, and FMA.
    Avx2,
    /// What the compiler makes of a loop, on every processor.
    Portable,
}

impl Instructions {
    /// All of them, the fastest first.
    pub const ALL: [Self; 3] = [Self::Avx512, Self::Avx2, Self::Portable];

    /// As [`multiply`], in IEEE-754 binary32. `false`, with `c` as it was, where this processor lacks the instructions.
    pub(super) fn multiply<const FUSED: bool>(
        self,
        factors: Factors<'_>,
        range: Range<usize>,
        c: &mut [f32],
        threads: usize,
    ) -> bool {
        match self {
            #[cfg(target_arch = "x86_64")]
            Self::Avx512 => Avx512::<FUSED>::detect().map(|micro| multiply(micro, factors, range, c, threads)),
            #[cfg(target_arch = "x86_64")]
            Self::Avx2 => Avx2::<FUSED>::detect().map(|micro| multiply(micro, factors, range, c, threads)),
            #[cfg(not(target_arch = "x86_64"))]
            Self::Avx512 | Self::Avx2 => None,
            Self::Portable => {
                let micro = Serial::<Ieee<FUSED, false>>(PhantomData);
                Some(micro).map(|micro| multiply(micro, factors, range, c, threads))
            }
        }
        .is_some()
    }
}

/// The product of `a` (m x k, row-major) and `b` (k x n) with the given instructions: m x n, row-major, each element
/// added in the order of k, with one rounding a step where `fused` and two where not.
///
/// `None` where this processor lacks the instructions, or where `a` and `b` are not m x k and k x n.
#[must_use]
pub fn product(
    instructions: Instructions,
    fused: bool,
    [m, k, n]: [usize; 3],
    a: &[f32],
    b: &[f32],
    threads: usize,
) -> Option<Vec<f32>> {
    if Some(a.len()) != m.checked_mul(k) || Some(b.len()) != k.checked_mul(n) {
        return None;
    }
    let mut c = vec![0.0; m.checked_mul(n)?];
    let factors = Factors { a, b, inner: k, columns: n };
    let done = if fused {
        instructions.multiply::<true>(factors, 0..k, &mut c, threads)
    } else {
        instructions.multiply::<false>(factors, 0..k, &mut c, threads)
    };
    done.then_some(c)
}
