//! The CPU: how many threads there are, and a fixed split of work over them.

/// The number of threads that this process may use.
#[must_use]
pub fn available_threads() -> usize {
    std::thread::available_parallelism().map_or(1, std::num::NonZero::get)
}

/// `count` rows of `row` results each, computed as by [`rows`] on all threads. `nothing` is what they hold before.
pub fn filled<T: Clone + Send>(
    count: usize,
    row: usize,
    nothing: T,
    compute: impl Fn(usize, &mut [T]) + Sync,
) -> Vec<T> {
    let mut out = vec![nothing; count * row];
    rows(&mut out, row, available_threads(), compute);
    out
}

/// Splits `out` into rows of `row` elements and computes them on up to `threads` threads. Each row is computed by one
/// call of `compute(index, row)`, so the bits do not depend on the number of threads.
pub fn rows<T: Send>(out: &mut [T], row: usize, threads: usize, compute: impl Fn(usize, &mut [T]) + Sync) {
    let row = row.max(1);
    let count = out.len().div_ceil(row);
    let threads = threads.clamp(1, count.max(1));
    if threads == 1 {
        for (index, part) in out.chunks_mut(row).enumerate() {
            compute(index, part);
        }
        return;
    }
    let per_thread = count.div_ceil(threads);
    std::thread::scope(|scope| {
        for (block, rows) in out.chunks_mut(per_thread * row).enumerate() {
            let compute = &compute;
            scope.spawn(move || {
                for (index, part) in rows.chunks_mut(row).enumerate() {
                    compute(block * per_thread + index, part);
                }
            });
        }
    });
}
