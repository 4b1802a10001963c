//! The CPU's matrix product: any arithmetic and any order along k, in blocks that keep that order.
//!
//! Every element is accumulated along k exactly as a plain loop would do it: a block of k loads the tile of C into the
//! accumulators and goes on from there, so neither the blocks nor the threads can be seen in the bits.

use std::marker::PhantomData;
use std::ops::Range;
use std::sync::Mutex;

use crate::numerics::arith::Arith;

/// Rows of a tile of the portable kernels.
const ROWS: usize = 6;
/// Columns of a tile of the portable kernels.
const COLUMNS: usize = 16;
/// The most elements that a tile may have.
const LARGEST: usize = 12 * 32;

/// The steps along k of one block; a multiple of four, so that [`Dot4`] never straddles a block.
const DEPTH: usize = 1024;
/// The most rows that a thread takes at a time. With [`DEPTH`], what is packed of A fits the second-level cache.
const TAKEN: usize = 48;
/// Below this many multiply-adds one thread is faster than two.
const SMALL: usize = 1 << 21;
/// Numbers in a cache line.
const LINE: usize = 16;

/// A tile of the result: rows `stride` apart in `c`, which ends with the last row's last column.
#[derive(Debug)]
pub(super) struct Tile<'a> {
    pub(super) c: &'a mut [f32],
    pub(super) stride: usize,
    /// Whether the sums start from zero, whatever `c` holds.
    pub(super) fresh: bool,
}

impl<'a> Tile<'a> {
    /// The rows of a portable kernel's tile, with their numbers.
    fn rows(self) -> impl Iterator<Item = (usize, &'a mut [f32; COLUMNS])> {
        let Self { c, stride, fresh } = self;
        c.chunks_mut(stride).filter_map(|row| row.first_chunk_mut()).enumerate().map(move |(i, row)| {
            if fresh {
                *row = [0.0; COLUMNS];
            }
            (i, row)
        })
    }
}

/// What is done along k to one tile.
pub(super) trait Micro: Copy + Send + Sync {
    /// Rows of a tile.
    const ROWS: usize;
    /// Columns of a tile, a multiple of [`LINE`].
    const COLUMNS: usize;

    /// Goes on accumulating into `tile`: `a` holds [`Self::ROWS`] numbers and `b` [`Self::COLUMNS`] for each step.
    fn run(self, a: &[f32], b: &[f32], tile: Tile<'_>);
}

/// One multiply-add a step, in the order of k. Fuses the one multiply that feeds the accumulation.
#[derive(Debug, Clone, Copy)]
pub(super) struct Serial<A>(pub(super) PhantomData<A>);

impl<A: Arith> Micro for Serial<A> {
    const ROWS: usize = ROWS;
    const COLUMNS: usize = COLUMNS;

    #[inline(always)]
    fn run(self, a: &[f32], b: &[f32], tile: Tile<'_>) {
        for (row, sums) in tile.rows() {
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
    const ROWS: usize = ROWS;
    const COLUMNS: usize = COLUMNS;

    #[inline(always)]
    fn run(self, a: &[f32], b: &[f32], tile: Tile<'_>) {
        let (a4, _) = a.as_chunks::<{ 4 * ROWS }>();
        let (b4, b_tail) = b.as_chunks::<{ 4 * COLUMNS }>();
        let a_tail = &a[a4.len() * 4 * ROWS..];
        for (row, sums) in tile.rows() {
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

/// A portable kernel, compiled for vectors twice as wide where the processor has them. The operations are the same, and so are
/// the bits (but for the payload of a NaN).
#[derive(Debug, Clone, Copy)]
pub(super) struct Vectorised<M>(pub(super) M);

impl<M: Micro> Micro for Vectorised<M> {
    const ROWS: usize = M::ROWS;
    const COLUMNS: usize = M::COLUMNS;

    fn run(self, a: &[f32], b: &[f32], tile: Tile<'_>) {
        #[cfg(target_arch = "x86_64")]
        if is_x86_feature_detected!("avx2") {
            #[target_feature(enable = "avx2")]
            fn wide<M: Micro>(micro: M, a: &[f32], b: &[f32], tile: Tile<'_>) {
                micro.run(a, b, tile);
            }
            // SAFETY: the processor has it.
            return unsafe { wide(self.0, a, b, tile) };
        }
        self.0.run(a, b, tile);
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
    let mut memory = Vec::new();
    let packed = aligned(&mut memory, columns.div_ceil(M::COLUMNS) * depth * M::COLUMNS);
    share(packed.chunks_mut(depth * M::COLUMNS), threads, |panel, out, _| pack_b::<M>(factors, &range, panel, out));
    let packed = &*packed;
    let taken = rows_taken(c.len() / columns, M::ROWS, threads);
    share(c.chunks_mut(taken * columns), threads, |block, c, memory| {
        let padded = (c.len() / columns).next_multiple_of(M::ROWS);
        let a = aligned(memory, padded * DEPTH.min(depth));
        for start in (0..depth).step_by(DEPTH) {
            let steps = DEPTH.min(depth - start);
            let a = &mut a[..padded * steps];
            pack_a::<M>(factors, block * taken, range.start + start, steps, a);
            for (panel, b) in packed.chunks(depth * M::COLUMNS).enumerate() {
                let b = &b[start * M::COLUMNS..(start + steps) * M::COLUMNS];
                let first = panel * M::COLUMNS;
                for (a, c) in a.chunks(M::ROWS * steps).zip(c.chunks_mut(M::ROWS * columns)) {
                    tile(micro, a, b, c, first..columns.min(first + M::COLUMNS), columns, start == 0);
                }
            }
        }
    });
}

/// Goes on with the columns `at` of the rows `c`, in place where they make a whole tile and in a copy where not.
fn tile<M: Micro>(micro: M, a: &[f32], b: &[f32], c: &mut [f32], at: Range<usize>, columns: usize, fresh: bool) {
    let rows = c.len() / columns;
    if rows == M::ROWS && at.len() == M::COLUMNS {
        let end = c.len() - (columns - at.end);
        return micro.run(a, b, Tile { c: &mut c[at.start..end], stride: columns, fresh });
    }
    const { assert!(M::ROWS * M::COLUMNS <= LARGEST, "a tile fits the copy") };
    let mut copy = [0.0; LARGEST];
    let copy = &mut copy[..M::ROWS * M::COLUMNS];
    if !fresh {
        for (copy, c) in copy.chunks_mut(M::COLUMNS).zip(c.chunks(columns)) {
            copy[..at.len()].copy_from_slice(&c[at.clone()]);
        }
    }
    micro.run(a, b, Tile { c: copy, stride: M::COLUMNS, fresh });
    for (copy, c) in copy.chunks(M::COLUMNS).zip(c.chunks_mut(columns)) {
        c[at.clone()].copy_from_slice(&copy[..at.len()]);
    }
}

/// How many rows a thread takes at a time: whole tiles, and blocks that share out evenly.
fn rows_taken(rows: usize, tile: usize, threads: usize) -> usize {
    let blocks = rows.div_ceil(TAKEN).next_multiple_of(threads);
    rows.div_ceil(blocks).next_multiple_of(tile)
}

/// `len` numbers that begin with a cache line, in memory that is kept from one use to the next.
fn aligned(memory: &mut Vec<f32>, len: usize) -> &mut [f32] {
    if memory.len() < len + LINE {
        *memory = vec![0.0; len + LINE];
    }
    let skip = memory.as_ptr().align_offset(LINE * size_of::<f32>()).min(LINE);
    &mut memory[skip..skip + len]
}

/// Panel `panel` of B: [`Micro::COLUMNS`] numbers a step; columns beyond the matrix are never copied out.
fn pack_b<M: Micro>(factors: Factors<'_>, range: &Range<usize>, panel: usize, out: &mut [f32]) {
    let first = panel * M::COLUMNS;
    let width = M::COLUMNS.min(factors.columns - first);
    for (step, out) in range.clone().zip(out.chunks_exact_mut(M::COLUMNS)) {
        let at = step * factors.columns + first;
        let from = &factors.b[at..at + width];
        if width == M::COLUMNS {
            // A length known to the compiler makes this a few moves and no call.
            out[..M::COLUMNS].copy_from_slice(&from[..M::COLUMNS]);
        } else {
            out[..width].copy_from_slice(from);
        }
    }
}

/// Rows of A from `row` on, in groups of [`Micro::ROWS`] numbers a step; rows beyond the matrix keep whatever was
/// there, and are never copied out.
fn pack_a<M: Micro>(factors: Factors<'_>, row: usize, at: usize, steps: usize, out: &mut [f32]) {
    for (group, out) in out.chunks_mut(M::ROWS * steps).enumerate() {
        let first = (row + group * M::ROWS) * factors.inner;
        let rows = factors.a[first..].chunks_exact(factors.inner).take(M::ROWS);
        // So few steps at a time that what is written stays in the first-level cache until it is complete.
        for (part, out) in out.chunks_mut(M::ROWS * 4 * LINE).enumerate() {
            let from = at + part * 4 * LINE;
            for (i, row) in rows.clone().enumerate() {
                for (x, out) in row[from..].iter().zip(out.chunks_exact_mut(M::ROWS)) {
                    out[i] = *x;
                }
            }
        }
    }
}

/// Hands out `parts` to up to `threads` threads, each taking the next when it is done with one and keeping its
/// memory from one to the next.
fn share<'a, I>(parts: I, threads: usize, work: impl Fn(usize, &mut [f32], &mut Vec<f32>) + Sync)
where
    I: ExactSizeIterator<Item = &'a mut [f32]> + Send,
{
    let threads = threads.min(parts.len());
    let queue = Mutex::new(parts.enumerate());
    let next = || queue.lock().map_or(None, |mut queue| queue.next());
    let drain = || {
        let mut memory = Vec::new();
        while let Some((i, part)) = next() {
            work(i, part, &mut memory);
        }
    };
    std::thread::scope(|scope| {
        for _ in 1..threads {
            scope.spawn(drain);
        }
        drain();
    });
}
