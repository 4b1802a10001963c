//! The CPU's matrix product: any arithmetic and any order along k, in blocks that keep that order.
//!
//! Every element is accumulated along k exactly as a plain loop would do it: a block of k loads the tile of C into the
//! accumulators and goes on from there, so neither the blocks nor the threads can be seen in the bits.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Mutex;

use crate::arith::Arith;

/// Rows of a tile.
pub(super) const ROWS: usize = 6;
/// Columns of a tile.
pub(super) const COLUMNS: usize = 16;
/// The accumulators of a tile, row by row.
pub(super) type Tile = [f32; ROWS * COLUMNS];

/// The steps along k of one block, whose panels stay in the second-level cache; a multiple of four, so that [`Dot4`] never straddles a block.
const DEPTH: usize = 1024;
/// Rows that one thread takes at a time.
const TAKEN: usize = 16 * ROWS;
/// Below this many multiply-adds one thread is faster than two.
const SMALL: usize = 1 << 21;

/// What is done along k to one tile.
pub(super) trait Micro: Copy + Send + Sync {
    /// Goes on accumulating into `tile`: `a` holds [`ROWS`] numbers and `b` [`COLUMNS`] numbers for each step.
    fn run(self, a: &[f32], b: &[f32], tile: &mut Tile);
}

/// One multiply-add a step, in the order of k. Fuses the one multiply that feeds the accumulation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Serial<A>(pub(super) PhantomData<A>);

impl<A: Arith> Micro for Serial<A> {
    fn run(self, a: &[f32], b: &[f32], tile: &mut Tile) {
        for (sums, row) in tile.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(0..) {
            serial_row::<A>(a, b, row, sums);
        }
    }
}

#[inline(always)]
fn serial_row<A: Arith>(a: &[f32], b: &[f32], row: usize, sums: &mut [f32; COLUMNS]) {
    let mut local = *sums;
    for (x, y) in a.as_chunks::<ROWS>().0.iter().zip(b.as_chunks::<COLUMNS>().0) {
        for (sum, y) in local.iter_mut().zip(y) {
            *sum = A::mad(x[row], *y, *sum);
        }
    }
    *sums = local;
}

/// Four products at a time: `sum + (((x·x + y·y) + z·z) + w·w)`, the last steps that do not fill four one by one.
/// Fuses the three multiplies that feed an addition inside the four, and those of the tail.
#[derive(Debug, Clone, Copy)]
pub(super) struct Dot4<A>(pub(super) PhantomData<A>);

impl<A: Arith> Micro for Dot4<A> {
    fn run(self, a: &[f32], b: &[f32], tile: &mut Tile) {
        let (a4, _) = a.as_chunks::<{ 4 * ROWS }>();
        let (b4, b_tail) = b.as_chunks::<{ 4 * COLUMNS }>();
        let a_tail = &a[a4.len() * 4 * ROWS..];
        for (sums, row) in tile.as_chunks_mut::<COLUMNS>().0.iter_mut().zip(0..) {
            for (x, y) in a4.iter().zip(b4) {
                for (column, sum) in sums.iter_mut().enumerate() {
                    let mut dot = A::mul(x[row], y[column]);
                    for i in 1..4 {
                        dot = A::mad(x[ROWS * i + row], y[COLUMNS * i + column], dot);
                    }
                    *sum = A::add(*sum, dot);
                }
            }
            serial_row::<A>(a_tail, b_tail, row, sums);
        }
    }
}

/// Row-major factors: `a` is rows x inner, `b` is inner x columns.
#[derive(Debug, Clone, Copy)]
pub(super) struct Factors<'a> {
    /// The left factor.
    pub(super) a: &'a [f32],
    /// The right factor.
    pub(super) b: &'a [f32],
    /// Columns of `a` and rows of `b`.
    pub(super) inner: usize,
    /// Columns of `b`.
    pub(super) columns: usize,
}

/// The product over the steps `range` of k, starting from zero, into `c`, whose length says how many rows there are.
pub(super) fn multiply<M: Micro>(micro: M, factors: Factors<'_>, range: Range<usize>, c: &mut [f32], threads: usize) {
    let Factors { columns, .. } = factors;
    let depth = range.len();
    if depth == 0 || columns == 0 || c.is_empty() {
        return c.fill(0.0);
    }
    let threads = if c.len() * depth < SMALL { 1 } else { threads.max(1) };
    let panels = columns.div_ceil(COLUMNS);
    let mut packed = vec![0.0f32; panels * depth * COLUMNS];
    share(packed.chunks_mut(depth * COLUMNS), threads, |panel, out| pack_b(factors, &range, panel, out));
    let packed = &packed;
    share(c.chunks_mut(TAKEN * columns), threads, |block, c| {
        let rows = c.len() / columns;
        let mut a = vec![0.0f32; rows.div_ceil(ROWS) * ROWS * DEPTH.min(depth)];
        for start in (0..depth).step_by(DEPTH) {
            let steps = DEPTH.min(depth - start);
            let at = range.start + start;
            let a = &mut a[..rows.div_ceil(ROWS) * ROWS * steps];
            for (group, out) in a.chunks_mut(ROWS * steps).enumerate() {
                let first = group * ROWS;
                pack_a(factors, block * TAKEN + first, ROWS.min(rows - first), at, out);
            }
            for (panel, b) in packed.chunks(depth * COLUMNS).enumerate() {
                let b = &b[start * COLUMNS..(start + steps) * COLUMNS];
                let first = panel * COLUMNS;
                let width = COLUMNS.min(columns - first);
                for (a, c) in a.chunks(ROWS * steps).zip(c.chunks_mut(ROWS * columns)) {
                    let mut tile = [0.0; ROWS * COLUMNS];
                    if start > 0 {
                        for (tile, c) in tile.chunks_mut(COLUMNS).zip(c.chunks(columns)) {
                            tile[..width].copy_from_slice(&c[first..first + width]);
                        }
                    }
                    micro.run(a, b, &mut tile);
                    for (tile, c) in tile.chunks(COLUMNS).zip(c.chunks_mut(columns)) {
                        c[first..first + width].copy_from_slice(&tile[..width]);
                    }
                }
            }
        }
    });
}

/// Panel `panel` of B: [`COLUMNS`] numbers a step, zeros beyond the matrix, whose results are never copied out.
fn pack_b(factors: Factors<'_>, range: &Range<usize>, panel: usize, out: &mut [f32]) {
    let first = panel * COLUMNS;
    let width = COLUMNS.min(factors.columns - first);
    for (step, out) in range.clone().zip(out.chunks_mut(COLUMNS)) {
        let at = step * factors.columns + first;
        out[..width].copy_from_slice(&factors.b[at..at + width]);
    }
}

/// [`ROWS`] rows of A, step by step; rows beyond the matrix keep whatever was there, and are never copied out.
fn pack_a(factors: Factors<'_>, row: usize, rows: usize, at: usize, out: &mut [f32]) {
    let steps = out.len() / ROWS;
    for i in 0..rows {
        let from = (row + i) * factors.inner + at;
        for (x, out) in factors.a[from..from + steps].iter().zip(out.chunks_exact_mut(ROWS)) {
            out[i] = *x;
        }
    }
}

/// Hands out `parts` to up to `threads` threads, each taking the next when it is done with one.
fn share<'a, I>(parts: I, threads: usize, work: impl Fn(usize, &mut [f32]) + Sync)
where
    I: ExactSizeIterator<Item = &'a mut [f32]> + Send,
{
    let threads = threads.min(parts.len());
    if threads <= 1 {
        parts.enumerate().for_each(|(i, part)| work(i, part));
        return;
    }
    let queue = Mutex::new(parts.enumerate());
    let next = || queue.lock().map_or(None, |mut queue| queue.next());
    let drain = || {
        while let Some((i, part)) = next() {
            work(i, part);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(drain);
        }
        drain();
    });
}
