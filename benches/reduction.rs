//! The reduction twins against what the memory and the adder allow.
//!
//! `cargo bench --bench reduction`

#[path = "ratio/mod.rs"]
mod ratio;

use std::hint::black_box;

use criterion::{Criterion, Throughput};
use repro_audit::kernels::sum::twin;
use repro_audit::numerics::arith::Ieee;
use repro_audit::numerics::inputs::Distribution;

type Strict = Ieee<false, false>;
type Flush = Ieee<false, true>;

const WG: usize = 256;
/// 128 MiB: beyond the caches, and short enough that a run often fits between two interruptions.
const LONG: usize = 1 << 25;

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

fn ratios(numbers: &[f32]) {
    let tree = || twin::serial_tree::<Strict>(black_box(numbers), WG);
    let read = || read(black_box(numbers));
    // Nothing that reads its numbers once can exceed 1 here.
    ratio::print(("serial_tree twin", tree), ("reading the numbers", read), 1);
    let flushing = || twin::serial_tree::<Flush>(black_box(numbers), WG);
    ratio::print(("serial_tree twin, flushing", flushing), ("reading the numbers", read), 1);
    let two_pass = || twin::two_pass::<Strict>(black_box(numbers), WG, 4);
    ratio::print(("two_pass twin", two_pass), ("reading the numbers", read), 1);
    let sequential = || twin::serial::<Strict>(black_box(numbers));
    ratio::print(("serial_tree twin", tree), ("adding one after another", sequential), 1);
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
