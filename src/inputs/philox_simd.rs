//! Philox4x32-10 in bulk: the same words as [`philox4x32_10`], twelve counters at a time where the processor has AVX2.
//!
//! The multiply-and-split of a round needs the whole 64-bit product, which AVX2 gives for the even 32-bit lanes only.
//! So a counter is kept one to a 64-bit lane, its words in the low halves: the product's low half is then in place, its
//! high half is one shift away, and what is left in the upper halves is never read by a multiply. Nothing is shuffled
//! until the ten rounds are done.

use super::philox::philox4x32_10;

/// Which word of the counter tells neighbouring blocks apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Axis {
    /// Word 0, with a carry into word 1: consecutive blocks of one stream.
    Block,
    /// Word 2, which wraps: the same block of consecutive streams.
    Stream,
}

/// Fills `out` with the words of consecutive counters, from `counter` on along `axis`, four words each. The last counter
/// is cut off where `out` is no multiple of four.
pub fn fill(out: &mut [u32], counter: [u32; 4], key: [u32; 2], axis: Axis) {
    let mut counter = counter;
    let mut rest = out;
    while !rest.is_empty() {
        // A run ends where the counting word wraps.
        let word = counter[axis as usize * 2];
        let left = (1u64 << 32) - u64::from(word);
        let take = usize::try_from(4 * left).unwrap_or(usize::MAX).min(rest.len());
        let (run, after) = rest.split_at_mut(take);
        fill_run(run, counter, key, axis);
        counter[axis as usize * 2] = 0;
        if axis == Axis::Block {
            counter[1] = counter[1].wrapping_add(1);
        }
        rest = after;
    }
}

/// [`fill`] where the counting word does not wrap.
fn fill_run(out: &mut [u32], counter: [u32; 4], key: [u32; 2], axis: Axis) {
    #[cfg(target_arch = "x86_64")]
    if std::is_x86_feature_detected!("avx2") {
        let done = out.len() / avx2::STEP * avx2::STEP;
        let (bulk, tail) = out.split_at_mut(done);
        // SAFETY: the processor has AVX2.
        unsafe { avx2::fill(bulk, counter, key, axis) };
        let mut counter = counter;
        let word = &mut counter[axis as usize * 2];
        *word = word.wrapping_add(u32::try_from(done / 4).unwrap_or(0));
        fill_scalar(tail, counter, key, axis);
        return;
    }
    fill_scalar(out, counter, key, axis);
}

/// [`fill`] one counter at a time.
fn fill_scalar(out: &mut [u32], counter: [u32; 4], key: [u32; 2], axis: Axis) {
    let mut counter = counter;
    for block in out.chunks_mut(4) {
        block.copy_from_slice(&philox4x32_10(counter, key)[..block.len()]);
        let word = &mut counter[axis as usize * 2];
        *word = word.wrapping_add(1);
    }
}

#[cfg(target_arch = "x86_64")]
mod avx2 {
    use std::arch::x86_64::{
        __m256i, _mm256_add_epi64, _mm256_blend_epi32, _mm256_mul_epu32, _mm256_set_epi64x, _mm256_set1_epi32,
        _mm256_set1_epi64x, _mm256_slli_epi64, _mm256_srli_epi64, _mm256_storeu_si256, _mm256_unpackhi_epi64,
        _mm256_unpacklo_epi64, _mm256_xor_si256 as xor,
    };

    use super::super::philox::{M, W};
    use super::Axis;

    /// Vectors of four counters in flight: enough to hide the latency of the multiply, and no more than registers hold.
    const GROUPS: usize = 3;
    /// Words written at a time.
    pub(super) const STEP: usize = 16 * GROUPS;

    /// Fills whole steps of `out`. The counting word must not wrap within `out`.
    #[target_feature(enable = "avx2")]
    pub(super) fn fill(out: &mut [u32], counter: [u32; 4], key: [u32; 2], axis: Axis) {
        let keys: [[__m256i; 2]; 10] = std::array::from_fn(|round| {
            let weyl = |i: usize| {
                let increments = (0..round).fold(0u32, |sum, _| sum.wrapping_add(W[i]));
                _mm256_set1_epi32(key[i].wrapping_add(increments).cast_signed())
            };
            [weyl(0), weyl(1)]
        });
        let m = M.map(|m| _mm256_set1_epi64x(i64::from(m)));
        // Counters 0, 2, 1, 3 by lane, so that the unpacking at the end leaves them in order.
        let lanes = _mm256_set_epi64x(3, 1, 2, 0);
        let four = _mm256_set1_epi64x(4);
        let base = counter.map(|word| _mm256_set1_epi64x(i64::from(word)));
        let counting = axis as usize * 2;
        let mut next = _mm256_add_epi64(base[counting], lanes);
        for step in out.chunks_exact_mut(STEP) {
            let mut c: [[__m256i; 4]; GROUPS] = [base; GROUPS];
            for group in &mut c {
                group[counting] = next;
                next = _mm256_add_epi64(next, four);
            }
            // Ten times in line: a loop of ten turns is not unrolled by the compiler, and costs a tenth.
            macro_rules! rounds {
                ($($round:literal)*) => {$(
                    for group in &mut c {
                        let p0 = _mm256_mul_epu32(m[0], group[0]);
                        let p1 = _mm256_mul_epu32(m[1], group[2]);
                        *group = [
                            xor(xor(_mm256_srli_epi64::<32>(p1), group[1]), keys[$round][0]),
                            p1,
                            xor(xor(_mm256_srli_epi64::<32>(p0), group[3]), keys[$round][1]),
                            p0,
                        ];
                    }
                )*};
            }
            rounds!(0 1 2 3 4 5 6 7 8 9);
            for (part, [c0, c1, c2, c3]) in step.chunks_exact_mut(16).zip(c) {
                let low = _mm256_blend_epi32::<0xaa>(c0, _mm256_slli_epi64::<32>(c1));
                let high = _mm256_blend_epi32::<0xaa>(c2, _mm256_slli_epi64::<32>(c3));
                let (first, second) = part.split_at_mut(8);
                store(first, _mm256_unpacklo_epi64(low, high));
                store(second, _mm256_unpackhi_epi64(low, high));
            }
        }
    }

    #[target_feature(enable = "avx2")]
    fn store(out: &mut [u32], words: __m256i) {
        assert!(out.len() >= 8, "a vector is eight words");
        // SAFETY: `out` has room for eight words, and the store needs no alignment.
        unsafe { _mm256_storeu_si256(out.as_mut_ptr().cast(), words) };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[expect(clippy::cast_possible_truncation, reason = "the low words are what is wanted")]
    fn scalar(n: usize, counter: [u32; 4], key: [u32; 2], axis: Axis) -> Vec<u32> {
        (0..n.div_ceil(4) as u64)
            .flat_map(|i| {
                let [c0, c1, c2, c3] = counter;
                let block = (u64::from(c1) << 32 | u64::from(c0)).wrapping_add(i);
                let counter = match axis {
                    Axis::Block => [block as u32, (block >> 32) as u32, c2, c3],
                    Axis::Stream => [c0, c1, c2.wrapping_add(i as u32), c3],
                };
                philox4x32_10(counter, key)
            })
            .take(n)
            .collect()
    }

    #[test]
    fn bulk_words_are_the_scalar_words() {
        for axis in [Axis::Block, Axis::Stream] {
            for counter in [[0; 4], [7, 1, 2, 3], [u32::MAX - 20, 5, u32::MAX - 33, 9], [u32::MAX; 4]] {
                for n in [0, 1, 3, 4, 63, 64, 65, 200, 1023] {
                    let mut got = vec![0; n];
                    fill(&mut got, counter, [0xa409_3822, 0x299f_31d0], axis);
                    let want = scalar(n, counter, [0xa409_3822, 0x299f_31d0], axis);
                    assert_eq!(got, want, "{axis:?} from {counter:x?}, {n} words");
                }
            }
        }
    }
}
