//! The reduction twins against what the memory and the adder allow. The ratios are medians of runs that alternate in
//! one process, so that a busy machine slows all of them alike.
//!
//! `cargo bench --bench reduction`

use std::hint::black_box;
use std::time::Instant;

use criterion::{Criterion, Throughput};
use repro_audit::arith::Ieee;
use repro_audit::inputs::Distribution;
use repro_audit::kernels::sum::twin;

type Strict = Ieee<false, false>;
type Flush = Ieee<false, true>;

const WG: usize = 256;
/// 128 MiB: beyond the caches, and short enough that a run often fits between two interruptions.
const LONG: usize = 1 << 25;
const RUNS: usize = 31;

/// Reads every number and does the least with it: the roofline of a sum on one thread. Eight words of independent
/// accumulators a line, in integers, so that the compiler may order them as it likes.
fn read(numbers: &[f32]) -> u32 {
    let mut all = [0u32; 64];
    let lines = numbers.chunks_exact(all.len());
    let rest = lines.remainder().iter().fold(0, |a, x| a ^ x.to_bits());
    for line in lines {
        for (a, x) in all.iter_mut().zip(line) {
            *a ^= x.to_bits();
        }
    }
    all.iter().fold(rest, |a, x| a ^ x)
}

fn seconds<T>(work: impl FnOnce() -> T) -> f64 {
    let started = Instant::now();
    black_box(work());
    started.elapsed().as_secs_f64()
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

/// Times the candidates in turn, so that each meets the same conditions, and prints their ratios.
fn ratios(numbers: &[f32]) {
    let candidates: [(&str, &dyn Fn()); 5] = [
        ("read", &|| {
            black_box(read(black_box(numbers)));
        }),
        ("serial_tree twin", &|| {
            black_box(twin::serial_tree::<Strict>(black_box(numbers), WG));
        }),
        ("serial_tree twin, flushing", &|| {
            black_box(twin::serial_tree::<Flush>(black_box(numbers), WG));
        }),
        ("two_pass twin", &|| {
            black_box(twin::two_pass::<Strict>(black_box(numbers), WG, 4));
        }),
        ("sequential sum", &|| {
            black_box(twin::serial::<Strict>(black_box(numbers)));
        }),
    ];
    let mut times = vec![Vec::new(); candidates.len()];
    for _ in 0..RUNS {
        for ((_, work), times) in candidates.iter().zip(&mut times) {
            times.push(seconds(work));
        }
    }
    let medians: Vec<f64> = times.into_iter().map(median).collect();
    let bytes = 4.0 * numbers.len() as f64;
    println!("{} numbers, median of {RUNS} alternating runs:", numbers.len());
    for ((name, _), time) in candidates.iter().zip(&medians) {
        println!("  {name:28} {:6.2} GB/s", bytes / time / 1e9);
    }
    println!("  serial_tree twin / read bandwidth   {:.2} (goal 0.85)", medians[0] / medians[1]);
    println!("  serial_tree twin / sequential sum   {:.2} (goal 3.5)", medians[4] / medians[1]);
}

fn groups(criterion: &mut Criterion, numbers: &[f32]) {
    let part = &numbers[..1 << 20];
    let mut group = criterion.benchmark_group("sum of 2^20");
    group.throughput(Throughput::Bytes(4 * part.len() as u64));
    group.bench_function("read", |b| b.iter(|| read(black_box(part))));
    group.bench_function("serial_tree", |b| b.iter(|| twin::serial_tree::<Strict>(black_box(part), WG)));
    group.bench_function("pairwise", |b| b.iter(|| twin::pairwise::<Strict>(black_box(part))));
    group.bench_function("neumaier", |b| b.iter(|| twin::compensated(black_box(part), WG, twin::neumaier::<Strict>)));
    group.bench_function("exact", |b| b.iter(|| twin::exact(black_box(part))));
    group.bench_function("sequential", |b| b.iter(|| twin::serial::<Strict>(black_box(part))));
    group.finish();
}

fn main() {
    let numbers = Distribution::Uniform.draw(7, 0, LONG);
    ratios(&numbers);
    let mut criterion = Criterion::default().configure_from_args();
    groups(&mut criterion, &numbers);
    criterion.final_summary();
}
