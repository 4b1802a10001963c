//! Philox4x32-10: ours in bulk and one at a time, beside `rand_philox`, on one thread; ours on two and more threads beside
//! one; and with `PHILOX_NUMPY=python` beside NumPy's generator, run in turns by `benches/philox_numpy.py`.
//!
//! `cargo bench --bench philox`

#[path = "ratio/mod.rs"]
mod ratio;

use std::cell::RefCell;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use repro_audit::numerics::inputs::philox::philox4x32_10;
use repro_audit::numerics::inputs::philox_simd::{Axis, extension, fill};

/// Words of each thread in the runs on several.
const SHARE: usize = 1 << 22;

/// Words a call: 256 KiB, within the second-level cache, so that the generator is timed and not the memory.
const WORDS: usize = 1 << 16;
const KEY: [u32; 2] = [0xa409_3822, 0x299f_31d0];

fn ours(out: &mut [u32]) {
    fill(out, [0; 4], KEY, Axis::Block);
}

fn scalar(out: &mut [u32]) {
    for (block, words) in (0u32..).zip(out.chunks_exact_mut(4)) {
        words.copy_from_slice(&philox4x32_10([block, 0, 0, 0], KEY));
    }
}

fn peer(out: &mut [u32]) {
    rand_philox::Philox::new(KEY, 0).fill_u32(out);
}

/// Consecutive parts of one stream, a thread each.
fn threaded(out: &mut [u32], threads: usize) {
    let share = out.len().div_ceil(threads).next_multiple_of(4);
    std::thread::scope(|scope| {
        for (number, part) in out.chunks_mut(share).enumerate() {
            let block = u32::try_from(number * share / 4).expect("a small stream");
            scope.spawn(move || fill(part, [block, 0, 0, 0], KEY, Axis::Block));
        }
    });
}

/// Philox4x64-10 is what NumPy has: words of 64 bits, two of ours each. Its speed is in 32-bit words a second.
fn numpy() {
    let Some(python) = std::env::var_os("PHILOX_NUMPY") else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/philox_numpy.py");
    let mut out = vec![0u32; 1 << 24];
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let output = std::process::Command::new(&python).arg(script).output().expect("PHILOX_NUMPY runs");
        let text = String::from_utf8(output.stdout).expect("a number");
        let theirs: f64 = text.trim().parse().expect("words a second");
        let best = (0..10).map(|_| {
            let start = std::time::Instant::now();
            ours(black_box(&mut out));
            start.elapsed().as_secs_f64()
        });
        ratios.push((1u32 << 24) as f64 / best.fold(f64::INFINITY, f64::min) / theirs);
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio  philox in bulk ({}) / NumPy's Philox4x64-10, 1 thread: {:.2}", extension(), ratios[2]);
}

type Fill = fn(&mut [u32]);
const ALL: [(&str, Fill); 3] = [("bulk", ours), ("scalar", scalar), ("rand_philox", peer)];

fn main() {
    let mut answers = ALL.map(|(_, fill)| {
        let mut out = vec![0u32; WORDS];
        fill(&mut out);
        out
    });
    let first = std::mem::take(&mut answers[0]);
    assert!(answers[1..].iter().all(|other| *other == first), "all three make the same words");

    for (words, size) in [(WORDS, "2^16"), (1 << 24, "2^24")] {
        // The peers write in turn to the same memory.
        let out = RefCell::new(vec![0u32; words]);
        let run = |fill: Fill| fill(black_box(&mut out.borrow_mut()));
        let name = format!("philox in bulk ({}), {size} words", extension());
        ratio::print((&name, || run(ours)), ("rand_philox", || run(peer)), 1);
        ratio::print((&name, || run(ours)), ("block by block", || run(scalar)), 1);
    }

    for threads in [2, 4] {
        let out = RefCell::new(vec![0u32; SHARE * threads]);
        let one = RefCell::new(vec![0u32; SHARE]);
        let name = format!("philox in bulk, {threads} x 2^22 words on {threads} threads");
        let run = || threaded(black_box(&mut out.borrow_mut()), threads);
        ratio::print(
            (&name, run),
            ("2^22 words on 1 thread", || threaded(black_box(&mut one.borrow_mut()), 1)),
            threads,
        );
    }
    numpy();

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("philox4x32_10");
    group.throughput(Throughput::Elements(WORDS as u64));
    for (name, fill) in ALL {
        let mut out = vec![0u32; WORDS];
        group.bench_function(name, |b| b.iter(|| fill(black_box(&mut out))));
    }
    group.finish();
    criterion.final_summary();
}
