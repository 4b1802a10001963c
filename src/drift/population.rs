//! What both outputs hold together, equal elements included: the denominators of the mean metrics.

use crate::bits::{Bits, Dtype};

/// Sums are kept in this many lanes, so that the compiler may use vectors of any width and the order of additions, and
/// so the result, is the same with each.
const LANES: usize = 8;

/// Counts over pairs of elements.
#[derive(Debug, Default)]
pub(super) struct Population {
    /// Pairs of two finite elements.
    pub(super) finite: u64,
    /// Those whose left side is not zero.
    pub(super) nonzero: u64,
    squares: [f64; LANES],
}

impl Population {
    /// The sum of squares of the left side, over pairs of finite elements.
    pub(super) fn squares(&self) -> f64 {
        self.squares.iter().sum()
    }

    /// Counts elements `from..to`.
    pub(super) fn add(&mut self, left: &Bits, right: &Bits, from: usize, to: usize) {
        if left.dtype == Dtype::F32 {
            let (l, r) = (&left.words[from..to], &right.words[from..to]);
            #[cfg(target_arch = "x86_64")]
            if is_x86_feature_detected!("avx2") {
                // SAFETY: the processor has AVX2.
                unsafe { self.add_f32_avx2(l, r) };
                return;
            }
            self.add_f32(l, r);
            return;
        }
        for i in from..to {
            let (x, y) = (left.value(i), right.value(i));
            if x.is_finite() && y.is_finite() {
                self.finite += 1;
                self.nonzero += u64::from(x != 0.0);
                self.squares[i % LANES] += x * x;
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2")]
    fn add_f32_avx2(&mut self, left: &[u32], right: &[u32]) {
        self.add_f32(left, right);
    }

    #[inline(always)]
    fn add_f32(&mut self, left: &[u32], right: &[u32]) {
        // 32-bit counters per lane, folded per call: a call has far fewer than 2^32 elements a lane.
        for (left, right) in left.chunks(1 << 20).zip(right.chunks(1 << 20)) {
            let (mut finite, mut nonzero) = ([0u32; LANES], [0u32; LANES]);
            let mut l = left.chunks_exact(LANES);
            let mut r = right.chunks_exact(LANES);
            for (a, b) in l.by_ref().zip(r.by_ref()) {
                for lane in 0..LANES {
                    let both = is_finite(a[lane]) & is_finite(b[lane]);
                    finite[lane] += both;
                    nonzero[lane] += both & u32::from(a[lane] << 1 != 0);
                    // All ones where both are finite: anything else counts as zero.
                    let x = f64::from(f32::from_bits(a[lane] & both.wrapping_neg()));
                    self.squares[lane] += x * x;
                }
            }
            for (lane, (a, b)) in l.remainder().iter().zip(r.remainder()).enumerate() {
                let both = is_finite(*a) & is_finite(*b);
                finite[lane] += both;
                nonzero[lane] += both & u32::from(a << 1 != 0);
                let x = f64::from(f32::from_bits(a & both.wrapping_neg()));
                self.squares[lane] += x * x;
            }
            self.finite += finite.iter().map(|n| u64::from(*n)).sum::<u64>();
            self.nonzero += nonzero.iter().map(|n| u64::from(*n)).sum::<u64>();
        }
    }
}

/// 1 where the binary32 pattern is finite.
#[inline(always)]
fn is_finite(bits: u32) -> u32 {
    u32::from(bits & 0x7f80_0000 != 0x7f80_0000)
}
