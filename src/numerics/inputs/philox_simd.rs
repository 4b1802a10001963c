//! Philox4x32-10 in bulk: the same words as [`philox4x32_10`], 12 or 32 counters at a time where the processor has AVX2
//! or AVX-512.
//!
//! The multiply-and-split of a round needs the whole 64-bit product, which vectors give for the even 32-bit lanes only.
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

/// The vector extension that [`fill`] uses on this processor: `avx512`, `avx2` or `none`.
#[must_use]
pub fn extension() -> &'static str {
    #[cfg(target_arch = "x86_64")]
    {
        if std::is_x86_feature_detected!("avx512f") {
            return "avx512";
        }
        if std::is_x86_feature_detected!("avx2") {
            return "avx2";
        }
    }
    "none"
}

/// [`fill`] where the counting word does not wrap.
fn fill_run(out: &mut [u32], counter: [u32; 4], key: [u32; 2], axis: Axis) {
    #[cfg(target_arch = "x86_64")]
    let (out, counter) = {
        let mut counter = counter;
        let mut done = 0;
        if extension() == "avx512" {
            done = out.len() / avx512::STEP * avx512::STEP;
            // SAFETY: the processor has AVX-512F.
            unsafe { avx512::fill(&mut out[..done], counter, key, axis) };
        } else if extension() == "avx2" {
            done = out.len() / avx2::STEP * avx2::STEP;
            // SAFETY: the processor has AVX2.
            unsafe { avx2::fill(&mut out[..done], counter, key, axis) };
        }
        let word = &mut counter[axis as usize * 2];
        *word = word.wrapping_add(u32::try_from(done / 4).unwrap_or(0));
        (&mut out[done..], counter)
    };
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

/// One vector extension: the same code on vectors of 4 or 8 counters.
#[cfg(target_arch = "x86_64")]
macro_rules! extension {
    (
        $name:ident, $feature:literal, $vector:ident, counters = $counters:literal, groups = $groups:literal,
        dollar = $d:tt, lanes = $lanes:expr, add = $add:ident, mul = $mul:ident, left = $left:ident, right = $right:ident,
        splat32 = $splat32:ident, splat64 = $splat64:ident, unpack = ($low:ident, $high:ident), store = $store:ident,
        xor3 = |$x:ident, $y:ident, $z:ident| $xor3:expr, blend = |$even:ident, $odd:ident| $blend:expr
    ) => {
        mod $name {
            use std::arch::x86_64::*;

            use super::super::philox::{M, W};
            use super::Axis;

            /// Vectors in flight: enough to hide the latency of the multiply, and no more than registers hold.
            const GROUPS: usize = $groups;
            /// Words written at a time.
            pub(super) const STEP: usize = 4 * $counters * GROUPS;

            /// Fills whole steps of `out`. The counting word must not wrap within `out`.
            #[target_feature(enable = $feature)]
            pub(super) fn fill(out: &mut [u32], counter: [u32; 4], key: [u32; 2], axis: Axis) {
                let keys: [[$vector; 2]; 10] = std::array::from_fn(|round| {
                    let weyl = |i: usize| {
                        let increments = (0..round).fold(0u32, |sum, _| sum.wrapping_add(W[i]));
                        $splat32(key[i].wrapping_add(increments).cast_signed())
                    };
                    [weyl(0), weyl(1)]
                });
                let m = M.map(|m| $splat64(i64::from(m)));
                let per_vector = $splat64($counters);
                let base = counter.map(|word| $splat64(i64::from(word)));
                let counting = axis as usize * 2;
                let mut next = $add(base[counting], $lanes);
                for step in out.chunks_exact_mut(STEP) {
                    let mut c: [[$vector; 4]; GROUPS] = [base; GROUPS];
                    for group in &mut c {
                        group[counting] = next;
                        next = $add(next, per_vector);
                    }
                    // Ten times in line: a loop of ten turns is not unrolled by the compiler, and costs a tenth.
                    macro_rules! rounds {
                        ($d($round:literal)*) => {$d(
                            for group in &mut c {
                                let p0 = $mul(m[0], group[0]);
                                let p1 = $mul(m[1], group[2]);
                                *group = [
                                    xor3($right::<32>(p1), group[1], keys[$round][0]),
                                    p1,
                                    xor3($right::<32>(p0), group[3], keys[$round][1]),
                                    p0,
                                ];
                            }
                        )*};
                    }
                    rounds!(0 1 2 3 4 5 6 7 8 9);
                    for (part, [c0, c1, c2, c3]) in step.chunks_exact_mut(4 * $counters).zip(c) {
                        let low = blend(c0, $left::<32>(c1));
                        let high = blend(c2, $left::<32>(c3));
                        let (first, second) = part.split_at_mut(2 * $counters);
                        store(first, $low(low, high));
                        store(second, $high(low, high));
                    }
                }
            }

            #[inline]
            #[target_feature(enable = $feature)]
            fn xor3($x: $vector, $y: $vector, $z: $vector) -> $vector {
                $xor3
            }

            /// The even 32-bit lanes of one and the odd ones of the other.
            #[inline]
            #[target_feature(enable = $feature)]
            fn blend($even: $vector, $odd: $vector) -> $vector {
                $blend
            }

            #[inline]
            #[target_feature(enable = $feature)]
            fn store(out: &mut [u32], words: $vector) {
                assert!(out.len() >= 2 * $counters, "room for a vector");
                // SAFETY: `out` has room for the vector's words, and the store needs no alignment.
                unsafe { $store(out.as_mut_ptr().cast(), words) };
            }
        }
    };
}

// The order of the counters in a vector is such that the unpacking at the end leaves them in order.
#[cfg(target_arch = "x86_64")]
extension!(
    avx2, "avx2", __m256i, counters = 4, groups = 3, dollar = $,
    lanes = _mm256_set_epi64x(3, 1, 2, 0),
    add = _mm256_add_epi64, mul = _mm256_mul_epu32, left = _mm256_slli_epi64, right = _mm256_srli_epi64,
    splat32 = _mm256_set1_epi32, splat64 = _mm256_set1_epi64x,
    unpack = (_mm256_unpacklo_epi64, _mm256_unpackhi_epi64), store = _mm256_storeu_si256,
    xor3 = |x, y, z| _mm256_xor_si256(_mm256_xor_si256(x, y), z),
    blend = |even, odd| _mm256_blend_epi32::<0xaa>(even, odd)
);

#[cfg(target_arch = "x86_64")]
extension!(
    avx512, "avx512f", __m512i, counters = 8, groups = 4, dollar = $,
    lanes = _mm512_set_epi64(7, 3, 6, 2, 5, 1, 4, 0),
    add = _mm512_add_epi64, mul = _mm512_mul_epu32, left = _mm512_slli_epi64, right = _mm512_srli_epi64,
    splat32 = _mm512_set1_epi32, splat64 = _mm512_set1_epi64,
    unpack = (_mm512_unpacklo_epi64, _mm512_unpackhi_epi64), store = _mm512_storeu_si512,
    xor3 = |x, y, z| _mm512_ternarylogic_epi64::<0x96>(x, y, z),
    blend = |even, odd| _mm512_mask_blend_epi32(0xaaaa, even, odd)
);

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

    /// Each extension that the processor has, for `fill` takes only the widest.
    #[cfg(target_arch = "x86_64")]
    #[test]
    fn every_extension_makes_the_scalar_words() {
        type Fill = fn(&mut [u32], [u32; 4], [u32; 2], Axis);
        // SAFETY: called where the processor has AVX2.
        let avx2: Fill = |out, counter, key, axis| unsafe { avx2::fill(out, counter, key, axis) };
        // SAFETY: called where the processor has AVX-512F.
        let avx512: Fill = |out, counter, key, axis| unsafe { avx512::fill(out, counter, key, axis) };
        for (has, step, fill) in [
            (std::is_x86_feature_detected!("avx2"), avx2::STEP, avx2),
            (std::is_x86_feature_detected!("avx512f"), avx512::STEP, avx512),
        ] {
            if has {
                for axis in [Axis::Block, Axis::Stream] {
                    let (counter, key) = ([0x1234_5678, 9, 0x8765_4321, 7], [u32::MAX, 0x0bad_cafe]);
                    let mut got = vec![0; 5 * step];
                    fill(&mut got, counter, key, axis);
                    assert_eq!(got, scalar(5 * step, counter, key, axis), "{axis:?}, {step} words at a time");
                }
            }
        }
    }
}
