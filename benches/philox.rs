//! Philox4x32-10 on one thread: ours in bulk and one at a time, beside `rand_philox`.
//!
//! Criterion times each alone; the ratio at the end comes from one interleaved run, where a change of the machine's
//! speed meets all of them alike.

use std::hint::black_box;
use std::time::{Duration, Instant};

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

/// The median times in seconds of a call of each, from `rounds` rounds in which they take turns.
fn interleaved(rounds: usize, words: usize) -> [f64; 3] {
    let mut out = vec![0u32; words];
    let mut times: [Vec<Duration>; 3] = Default::default();
    for _ in 0..rounds {
        for ((_, fill), times) in ALL.iter().zip(&mut times) {
            let start = Instant::now();
            fill(black_box(&mut out));
            times.push(start.elapsed());
        }
    }
    times.map(|mut t| {
        t.sort_unstable();
        t[t.len() / 2].as_secs_f64()
    })
}

fn main() {
    let mut answers = ALL.map(|(_, fill)| {
        let mut out = vec![0u32; WORDS];
        fill(&mut out);
        out
    });
    let first = std::mem::take(&mut answers[0]);
    assert!(answers[1..].iter().all(|other| *other == first), "all three make the same words");

    let mut criterion = Criterion::default().configure_from_args();
    let mut group = criterion.benchmark_group("philox4x32_10");
    group.throughput(Throughput::Elements(WORDS as u64));
    for (name, fill) in ALL {
        let mut out = vec![0u32; WORDS];
        group.bench_function(name, |b| b.iter(|| fill(black_box(&mut out))));
    }
    group.finish();
    criterion.final_summary();

    for (words, rounds) in [(WORDS, 501), (1 << 24, 15)] {
        let seconds = interleaved(rounds, words);
        let rate = seconds.map(|s| words as f64 / s * 1e-9);
        println!(
            "{words} words, interleaved, median of {rounds}: bulk ({}) {:.2}, scalar {:.2}, rand_philox {:.2} G words/s; bulk / rand_philox = {:.2}",
            extension(),
            rate[0],
            rate[1],
            rate[2],
            rate[0] / rate[2],
        );
    }
}
