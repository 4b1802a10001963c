//! Sums in the shaders' orders.

use crate::numerics::arith::Arith;
use crate::numerics::exact::FixedSum;

/// Each invocation's strided part of `row`: `parts[i] = ((0 + row[i]) + row[i + wg]) + …`.
///
/// All parts advance together, line by line, so that the loop vectorises across invocations and reads memory in order.
/// The usual widths are compiled by themselves: with the length known there is nothing left in the loop but a load, an
/// addition and a store, and the memory is the limit.
pub fn strided<A: Arith>(row: &[f32], parts: &mut [f32]) {
    parts.fill(0.0);
    let whole = row.len() - row.len() % parts.len();
    let (lines, rest) = row.split_at(whole);
    if !(fixed::<A, 64>(lines, parts)
        || fixed::<A, 128>(lines, parts)
        || fixed::<A, 256>(lines, parts)
        || fixed::<A, 512>(lines, parts)
        || fixed::<A, 1024>(lines, parts))
    {
        for line in lines.chunks_exact(parts.len()) {
            for (part, x) in parts.iter_mut().zip(line) {
                *part = A::add(*part, *x);
            }
        }
    }
    for (part, x) in parts.iter_mut().zip(rest) {
        *part = A::add(*part, *x);
    }
}

/// Adds the lines to the parts where there are `WG` of them; says whether there are.
fn fixed<A: Arith, const WG: usize>(lines: &[f32], parts: &mut [f32]) -> bool {
    let Ok(parts) = <&mut [f32; WG]>::try_from(parts) else { return false };
    for line in lines.as_chunks::<WG>().0 {
        for (part, x) in parts.iter_mut().zip(line) {
            *part = A::add(*part, *x);
        }
    }
    true
}

/// The tree of `shaders/shared/tree.wgsl`: `parts[i] + parts[i + half]`, half by half.
pub fn tree<A: Arith>(parts: &mut [f32]) -> f32 {
    let mut half = parts.len() / 2;
    while half > 0 {
        let (low, high) = parts.split_at_mut(half);
        for (a, b) in low.iter_mut().zip(high) {
            *a = A::add(*a, *b);
        }
        half /= 2;
    }
    parts[0]
}

/// Strided parts of one workgroup, then the tree.
#[must_use]
pub fn serial_tree<A: Arith>(row: &[f32], wg: usize) -> f32 {
    let mut parts = vec![0.0; wg];
    strided::<A>(row, &mut parts);
    tree::<A>(&mut parts)
}

/// Neighbours, then neighbours of those; one without a neighbour is carried up.
#[must_use]
pub fn pairwise<A: Arith>(row: &[f32]) -> f32 {
    let add = |pair: &[f32]| if let [a, b] = pair { A::add(*a, *b) } else { pair[0] };
    let mut sums: Vec<f32> = row.chunks(2).map(add).collect();
    while sums.len() > 1 {
        sums = sums.chunks(2).map(add).collect();
    }
    sums[0]
}

/// `groups` workgroups with strided parts of the whole row, then one over their sums.
#[must_use]
pub fn two_pass<A: Arith>(row: &[f32], wg: usize, groups: usize) -> f32 {
    let mut parts = vec![0.0; wg * groups];
    strided::<A>(row, &mut parts);
    let sums: Vec<f32> = parts.chunks_mut(wg).map(tree::<A>).collect();
    serial_tree::<A>(&sums, wg)
}

/// Strided parts, then neighbours: the order of `subgroup_shuffle`.
#[must_use]
pub fn strided_pairs<A: Arith>(row: &[f32], wg: usize) -> f32 {
    let mut parts = vec![0.0; wg];
    strided::<A>(row, &mut parts);
    pairwise::<A>(&parts)
}

/// Strided parts, then subgroups of `size` neighbouring lanes, each added from its first lane to its last, then
/// neighbours: one of the orders that subgroupAdd may have.
#[must_use]
pub fn serial_subgroups<A: Arith>(row: &[f32], wg: usize, size: usize) -> f32 {
    let mut parts = vec![0.0; wg];
    strided::<A>(row, &mut parts);
    let sums: Vec<f32> = parts.chunks(size).map(|lanes| lanes.iter().copied().fold(0.0, A::add)).collect();
    pairwise::<A>(&sums)
}

/// As [`serial_subgroups`], each subgroup added in halves: lane i takes lane i + size/2, and so on.
#[must_use]
pub fn halving_subgroups<A: Arith>(row: &[f32], wg: usize, size: usize) -> f32 {
    let mut parts = vec![0.0; wg];
    strided::<A>(row, &mut parts);
    let sums: Vec<f32> = parts.chunks_mut(size).map(tree::<A>).collect();
    pairwise::<A>(&sums)
}

/// A compensated step: `(sum, rest)` and a number with a rest of its own.
type Step = fn((f32, f32), (f32, f32)) -> (f32, f32);

/// Kahan's step ("Further remarks on reducing truncation errors", CACM 8(1), 1965), the rest taken off.
#[inline(always)]
#[must_use]
pub fn kahan<A: Arith>(a: (f32, f32), x: (f32, f32)) -> (f32, f32) {
    let y = A::sub(x.0, A::add(a.1, x.1));
    let t = A::add(a.0, y);
    (t, A::sub(A::sub(t, a.0), y))
}

/// Neumaier's step ("Rundungsfehleranalyse einiger Verfahren zur Summation endlicher Summen", ZAMM 54, 1974), the rest
/// added.
#[inline(always)]
#[must_use]
pub fn neumaier<A: Arith>(a: (f32, f32), x: (f32, f32)) -> (f32, f32) {
    let t = A::add(a.0, x.0);
    let first = A::flush(a.0).abs() >= A::flush(x.0).abs();
    let (large, small) = if first { (a.0, x.0) } else { (x.0, a.0) };
    let lost = A::add(A::sub(large, t), small);
    (t, A::add(A::add(a.1, x.1), lost))
}

/// Strided parts and a tree of `step`.
#[must_use]
pub fn compensated(row: &[f32], wg: usize, step: Step) -> (f32, f32) {
    let mut parts = vec![(0.0, 0.0); wg];
    for line in row.chunks(wg) {
        for (part, x) in parts.iter_mut().zip(line) {
            *part = step(*part, (*x, 0.0));
        }
    }
    let mut half = wg / 2;
    while half > 0 {
        for i in 0..half {
            parts[i] = step(parts[i], parts[i + half]);
        }
        half /= 2;
    }
    parts[0]
}

/// The correctly rounded sum; a NaN is the canonical one.
#[must_use]
pub fn exact(row: &[f32]) -> f32 {
    let sum = row.iter().copied().collect::<FixedSum>().to_f32();
    if sum.is_nan() { f32::from_bits(0x7fc0_0000) } else { sum }
}

/// What `chunk` yields for each chunk of `length` numbers, computed on up to `threads` threads.
pub fn chunked<T: Send + Default + Clone>(
    n: usize,
    length: usize,
    threads: usize,
    chunk: impl Fn(std::ops::Range<usize>) -> T + Sync,
) -> Vec<T> {
    let mut out = vec![T::default(); n.div_ceil(length)];
    crate::numerics::threads::rows(&mut out, 1, threads, |i, slot| {
        slot[0] = chunk(i * length..((i + 1) * length).min(n));
    });
    out
}

/// The numbers in a chunk where `threads` threads share `n` numbers evenly, as ordinary libraries split.
#[must_use]
pub fn even_chunk(n: usize, threads: usize) -> usize {
    n.div_ceil(threads.max(1)).max(1)
}

/// The numbers in a chunk of the fixed split.
pub const FIXED_CHUNK: usize = 4096;

/// One number after another.
#[must_use]
pub fn serial<A: Arith>(numbers: &[f32]) -> f32 {
    numbers.iter().copied().fold(0.0, A::add)
}
