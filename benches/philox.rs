//! Philox4x32-10 on one thread: ours in bulk and one at a time, beside `rand_philox`.
//!
//! `cargo bench --bench philox`

#[path = "ratio/mod.rs"]
mod ratio;

use std::cell::RefCell;
use std::hint::black_box;

use criterion::{Criterion, Throughput};
use repro_audit::inputs::philox::philox4x32_10;
use repro_audit::inputs::philox_simd::{Axis, extension, fill};

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
