//! How fast the twin of `matmul` is beside the `gemm` crate, and the register kernel on each adapter.
//!
//! Each of the twin's instruction sets is measured. `gemm` is built with its feature `x86-v4`, so that it may use
//! AVX-512 as the twin does. `cargo bench --bench matmul`.

#[path = "ratio/mod.rs"]
mod ratio;

use criterion::{BenchmarkId, Criterion, Throughput};
use repro_audit::engines::gpu;
use repro_audit::kernels::case::Case;
use repro_audit::kernels::matmul::{Instructions, product};
use repro_audit::kernels::{self, Buffer, Problem};
use repro_audit::numerics::arith::Arithmetic;
use repro_audit::numerics::threads;

const N: usize = 1024;
const FUSED: Arithmetic = Arithmetic::FUSED;

fn main() {
    let problem = square(N);
    let (a, b) = factors(problem.as_ref());
    let mut threads = vec![1, threads::available_threads()];
    threads.dedup();
    for t in threads.iter().copied() {
        for (name, arithmetic) in [("fused", FUSED), ("separate", Arithmetic::STRICT)] {
            let peer = || gemm(&a, &b, t);
            let what = format!("matmul twin {name}, {N}^3");
            ratio::print((&what, || problem.twin(arithmetic, t)), ("gemm", peer), t);
            for instructions in Instructions::ALL {
                // Without the instruction a fused multiply-add is emulated, which is no match for anything.
                let ours = || product(instructions, arithmetic.fused, [N; 3], &a, &b, t);
                if ours().is_some() && (instructions != Instructions::Portable || !arithmetic.fused) {
                    ratio::print((&format!("{what} with {instructions:?}"), ours), ("gemm", peer), t);
                }
            }
        }
    }
    adapters();

    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("matmul");
    group.throughput(Throughput::Elements((N * N * N) as u64));
    for t in threads {
        group.bench_function(BenchmarkId::new("twin fused", t), |x| x.iter(|| problem.twin(FUSED, t)));
        group.bench_function(BenchmarkId::new("twin separate", t), |x| {
            x.iter(|| problem.twin(Arithmetic::STRICT, t));
        });
        group.bench_function(BenchmarkId::new("gemm", t), |x| x.iter(|| gemm(&a, &b, t)));
    }
    group.finish();
    criterion.bench_function("matmul/exact 256", |x| {
        // A problem keeps its exact answer, so each turn needs a new one.
        x.iter_batched(|| square(256), |p| p.exact(), criterion::BatchSize::LargeInput);
    });
    criterion.final_summary();
}

fn square(n: usize) -> Box<dyn Problem> {
    let id = format!("matmul/naive?m={n}&k={n}&n={n}");
    kernels::problem(&Case::parse(&id).expect("a case")).expect("a problem")
}

/// A and B, row-major.
fn factors(problem: &dyn Problem) -> (Vec<f32>, Vec<f32>) {
    let program = problem.program().expect("a program");
    let floats = |binding: usize| match &program.buffers[binding] {
        Buffer::Input(words) => words.iter().map(|w| f32::from_bits(*w)).collect(),
        _ => unreachable!("A and B are inputs"),
    };
    (floats(1), floats(2))
}

/// The peer's product, into memory of its own as the twin's.
fn gemm(a: &[f32], b: &[f32], threads: usize) -> Vec<f32> {
    let mut c = vec![0.0f32; N * N];
    let parallelism = if threads == 1 { gemm::Parallelism::None } else { gemm::Parallelism::Rayon(threads) };
    let stride = N.cast_signed();
    // SAFETY: all three matrices are N x N and row-major, and C overlaps neither factor.
    unsafe {
        gemm::gemm(
            N,
            N,
            N,
            c.as_mut_ptr(),
            1,
            stride,
            false,
            a.as_ptr(),
            1,
            stride,
            b.as_ptr(),
            1,
            stride,
            0.0f32,
            1.0f32,
            false,
            false,
            false,
            parallelism,
        );
    }
    c
}

/// Prints the speed of the register kernel on each adapter, readback of the result included.
fn adapters() {
    const N: usize = 512;
    let id = format!("matmul/register?m={N}&k={N}&n={N}");
    let problem = kernels::problem(&Case::parse(&id).expect("a case")).expect("a problem");
    let program = problem.program().expect("a program");
    let mut present = 0;
    for backend in gpu::backend_names() {
        for adapter in gpu::enumerate(backend) {
            present += 1;
            let mut runner = match gpu::open(backend, adapter.index) {
                Ok((_, runner)) => runner,
                Err(error) => {
                    println!("speed  {}: {error}", adapter.label());
                    continue;
                }
            };
            // Compiled at the first dispatch by some drivers; the second set is timed.
            match runner.run(&program, 1).and_then(|_| runner.run(&program, 9)) {
                Ok(Ok(runs)) => {
                    let speed = gflops(N, runs.seconds / f64::from(runs.runs));
                    println!("speed  register kernel, {N}^3: {speed:.2} GFLOP/s on {}", adapter.label());
                }
                Ok(Err(skip)) => println!("speed  SKIPPED on {}: {skip}", adapter.label()),
                Err(error) => println!("speed  FAILED on {}: {error}", adapter.label()),
            }
        }
    }
    if present == 0 {
        println!("speed  SKIPPED: there is no adapter, so nothing is known of the register kernel's speed");
    }
}

#[expect(clippy::cast_precision_loss, reason = "sizes are small")]
fn gflops(n: usize, seconds: f64) -> f64 {
    2.0 * (n * n * n) as f64 / seconds / 1e9
}
