//! Ratios measured in one run: the two sides take turns, and the median of the ratios of neighbours is printed. A
//! machine that slows down or speeds up does so for both.
//!
//! Every line has the form `ratio  <ours> / <reference>, <threads>: <median>`. It is a ratio of speeds, the
//! reference's time divided by ours: above 1 ours is the faster, below 1 it reaches that fraction of the reference.

use std::hint::black_box;
use std::time::{Duration, Instant};

/// At least so many pairs are timed, after one that is not counted.
const FEWEST: u32 = 15;
/// At most so many pairs are timed.
const MOST: u32 = 501;
/// Between the two, as many pairs as fit this time.
const ENOUGH: Duration = Duration::from_secs(1);

fn time<T>(work: &mut impl FnMut() -> T) -> Duration {
    let start = Instant::now();
    black_box(work());
    start.elapsed()
}

/// The median over pairs of the time of `reference` divided by the time of `ours`: above 1, ours is faster.
pub(crate) fn median<T, U>(mut ours: impl FnMut() -> T, mut reference: impl FnMut() -> U) -> f64 {
    let pair = time(&mut reference) + time(&mut ours);
    let pairs = (ENOUGH.as_nanos() / pair.as_nanos().max(1)).clamp(FEWEST.into(), MOST.into());
    let mut ratios: Vec<f64> =
        (0..pairs).map(|_| time(&mut reference).as_secs_f64() / time(&mut ours).as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[ratios.len() / 2]
}

/// Prints the speed of `ours` in units of that of `reference`, where both run on `threads` threads.
pub(crate) fn print<T, U>(
    (ours, run_ours): (&str, impl FnMut() -> T),
    (reference, run_reference): (&str, impl FnMut() -> U),
    threads: usize,
) {
    let plural = if threads == 1 { "" } else { "s" };
    let median = median(run_ours, run_reference);
    println!("ratio  {ours} / {reference}, {threads} thread{plural}: {median:.2}");
}
