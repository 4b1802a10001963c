//! Tests of the kernels as their callers see them.

mod conversions;
mod floats;
mod instructions;
mod integers;
mod packing;

use super::{Kernel, Scalar, f16_from_bits, f16_to_bits};
use crate::engines::interpreter::Defects;
use crate::numerics::inputs::philox::Stream;

/// The results of a kernel on rows of operands.
fn run(kernel: Kernel, results: usize, x: &[&[u32]]) -> Vec<Vec<u32>> {
    // What is there before must not matter.
    let mut out = vec![vec![0xdead_beef; x[0].len()]; results];
    match (kernel, &mut out[..], x) {
        (Kernel::Map1(f), [out], [a]) => f(out, a),
        (Kernel::Map2(f), [out], [a, b]) => f(out, a, b),
        (Kernel::Map3(f), [out], [a, b, c]) => f(out, a, b, c),
        (Kernel::Wide(f), out, x) => {
            let mut rows: Vec<&mut [u32]> = out.iter_mut().map(|row| &mut row[..]).collect();
            f(&mut rows, x);
        }
        (kernel, out, x) => panic!("{kernel:?} does not make {} rows from {}", out.len(), x.len()),
    }
    out
}

/// The one row of results.
fn run1(kernel: Kernel, x: &[&[u32]]) -> Vec<u32> {
    run(kernel, 1, x).remove(0)
}

/// The low and the high words of 64-bit scalars.
fn split(words: &[u64]) -> [Vec<u32>; 2] {
    let low = words.iter().map(|w| u32::try_from(w & 0xffff_ffff).unwrap());
    let high = words.iter().map(|w| u32::try_from(w >> 32).unwrap());
    [low.collect(), high.collect()]
}

/// The inverse of [`split`].
fn join(rows: &[Vec<u32>]) -> Vec<u64> {
    rows[0].iter().zip(&rows[1]).map(|(low, high)| u64::from(*high) << 32 | u64::from(*low)).collect()
}

/// Bit patterns of a scalar type as the rows that kernels take.
fn hold(s: Scalar, patterns: &[u64]) -> Vec<Vec<u32>> {
    let [low, high] = split(patterns);
    match s {
        Scalar::F16 => vec![run1(f16_from_bits(), &[&low])],
        _ if s.rows() == 2 => vec![low, high],
        _ => vec![low],
    }
}

/// The inverse of [`hold`].
fn bare(s: Scalar, rows: &[Vec<u32>]) -> Vec<u64> {
    if s.rows() == 2 {
        return join(rows);
    }
    let words = if s == Scalar::F16 { &run1(f16_to_bits(), &[&rows[0]]) } else { &rows[0] };
    words.iter().map(|w| u64::from(*w)).collect()
}

/// What a kernel makes of bit patterns of `from`, as bit patterns of `to`.
fn convey(kernel: Kernel, from: Scalar, to: Scalar, patterns: &[u64]) -> Vec<u64> {
    let held = hold(from, patterns);
    let rows: Vec<&[u32]> = held.iter().map(|row| &row[..]).collect();
    bare(to, &run(kernel, to.rows(), &rows))
}

/// Random words.
fn random(seed: u64, n: usize) -> Vec<u32> {
    let mut stream = Stream::new(seed, 0);
    (0..n).map(|_| stream.next_u32()).collect()
}

/// Every pair of two lists' elements, as two rows.
fn pairs<T: Copy>(a: &[T], b: &[T]) -> [Vec<T>; 2] {
    let all = || a.iter().flat_map(|x| b.iter().map(move |y| (*x, *y)));
    [all().map(|p| p.0).collect(), all().map(|p| p.1).collect()]
}

const STRICT: Defects = Defects {
    contract: false,
    split_fma: false,
    flush: false,
    reciprocal: false,
    reassociate: false,
    round_twice: false,
    operand_nan: false,
    zero_product: false,
    zero_sum: false,
    self_difference: false,
    factor: false,
    constant_reciprocal: false,
    fold_constants: false,
    compare_select: false,
    dot_order: crate::engines::interpreter::mode::DotOrder::First,
    builtin_ulps: 0,
};
const FLUSH: Defects = Defects { flush: true, ..STRICT };
const CONTRACT: Defects = Defects { contract: true, ..STRICT };
