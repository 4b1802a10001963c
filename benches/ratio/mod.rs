//! Ratios measured in one run: the two sides take turns, and the median of the ratios of neighbours is printed. A
//! machine that slows down or speeds up does so for both.

use std::time::{Duration, Instant};

/// How many pairs are timed, after one that is not counted.
const PAIRS: usize = 15;

fn time(work: &mut impl FnMut()) -> Duration {
    let start = Instant::now();
    work();
    start.elapsed()
}

/// The median over pairs of the time of `reference` divided by the time of `ours`: above 1, ours is faster.
pub(crate) fn median(mut reference: impl FnMut(), mut ours: impl FnMut()) -> f64 {
    time(&mut reference);
    time(&mut ours);
    let mut ratios: Vec<f64> =
        (0..PAIRS).map(|_| time(&mut reference).as_secs_f64() / time(&mut ours).as_secs_f64()).collect();
    ratios.sort_by(f64::total_cmp);
    ratios[PAIRS / 2]
}

/// Prints `ratio  <name>: <median>`.
pub(crate) fn print(name: &str, reference: impl FnMut(), ours: impl FnMut()) {
    println!("ratio  {name}: {:.2}", median(reference, ours));
}
