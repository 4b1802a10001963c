//! The comparator against a loop that only reads both arrays.

#[path = "ratio/mod.rs"]
mod ratio;

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::numerics::drift::measure;
use repro_audit::numerics::inputs::Distribution;

/// 128 MiB an array: far beyond any cache.
const N: usize = 1 << 25;

/// Reads both arrays and does as little as a compiler lets pass.
fn read_both(left: &[u32], right: &[u32]) -> u32 {
    #[cfg(target_arch = "x86_64")]
    if is_x86_feature_detected!("avx2") {
        #[target_feature(enable = "avx2")]
        fn wide(left: &[u32], right: &[u32]) -> u32 {
            left.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b))
        }
        // SAFETY: the processor has AVX2.
        return unsafe { wide(left, right) };
    }
    left.iter().zip(right).fold(0, |all, (a, b)| all | (a ^ b))
}

fn changed(left: &Bits, every: usize) -> Bits {
    let mut right = left.clone();
    for word in right.words.iter_mut().step_by(every) {
        *word ^= 1;
    }
    right
}

fn comparator(c: &mut Criterion) {
    let left = Bits::f32(&Distribution::Normal.draw(1, 0, N));
    assert_eq!(left.dtype, Dtype::F32, "binary32");
    let equal = left.clone();
    let cases = [
        ("equal", left.clone()),
        ("one in 100000 differs", changed(&left, 100_000)),
        ("one in 1000 differs", changed(&left, 1000)),
        ("every element differs", changed(&left, 1)),
    ];
    for (name, right) in &cases {
        ratio::print(
            (&format!("comparator, {name}"), || measure(black_box(&left), black_box(right))),
            ("reading both arrays", || read_both(black_box(&left.words), black_box(&right.words))),
            1,
        );
    }
    let mut group = c.benchmark_group("comparator");
    group.sample_size(10);
    group.bench_function("read both arrays", |b| b.iter(|| read_both(black_box(&left.words), black_box(&equal.words))));
    for (name, right) in &cases {
        group.bench_function(*name, |b| b.iter(|| measure(black_box(&left), black_box(right))));
    }
    group.finish();
}

criterion_group!(benches, comparator);
criterion_main!(benches);
