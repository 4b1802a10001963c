//! How fast the embedded adapter is beside lavapipe: a tiled product of 256 x 256 matrices, and all cases of the quick
//! audit. `cargo bench --bench embedded`; the lines with lavapipe need its driver.

#[path = "ratio/mod.rs"]
mod ratio;

use std::time::Instant;

use criterion::{Criterion, Throughput};
use repro_audit::engines::gpu;
use repro_audit::engines::interpreter::{Mode, Runner};
use repro_audit::kernels::case::Case;
use repro_audit::kernels::{self, Profile, Program};
use repro_audit::numerics::threads;

const N: usize = 256;

fn main() {
    let product = program(&format!("matmul/tiled?m={N}&k={N}&n={N}"));
    let mut alone = Runner::open(Mode::default()).with_threads(1);
    let mut best = f64::INFINITY;
    for _ in 0..9 {
        let started = Instant::now();
        alone.compute(&product).expect("the product runs");
        best = best.min(started.elapsed().as_secs_f64());
    }
    println!("speed  embedded, matmul/tiled {N}^3, 1 thread: {:.2} GFLOP/s", 2e-9 * (N * N * N) as f64 / best);

    if let Some(mut lavapipe) = lavapipe() {
        let mut embedded = Runner::open(Mode::default());
        let theirs = || lavapipe.run(&product, 5).expect("lavapipe runs").expect("it can");
        let ours = || embedded.run(&product, 5).expect("the product runs").expect("it can");
        let what = format!("embedded, matmul/tiled {N}^3, 5 runs");
        ratio::print((&what, ours), ("lavapipe", theirs), threads::available_threads());
        quick(&mut embedded, &mut lavapipe);
    } else {
        println!("no lavapipe here: nothing to compare with");
    }

    let mut criterion = Criterion::default().configure_from_args().sample_size(10);
    let mut group = criterion.benchmark_group("embedded");
    group.throughput(Throughput::Elements((N * N * N) as u64));
    group.bench_function("matmul/tiled 256^3, 1 thread", |x| x.iter(|| alone.compute(&product)));
    group.finish();
    criterion.final_summary();
}

fn program(id: &str) -> Program {
    let case = Case::parse(id).expect("a case");
    kernels::problem(&case).expect("a problem").program().expect("a program")
}

fn lavapipe() -> Option<gpu::Runner> {
    let found = gpu::enumerate("vulkan").into_iter().find(|a| a.name.contains("llvmpipe"))?;
    gpu::open("vulkan", found.index).ok().map(|(_, runner)| runner)
}

/// Every case of the quick audit, five runs each: seconds by kernel, and all together.
fn quick(embedded: &mut Runner, lavapipe: &mut gpu::Runner) {
    let (mut ours, mut theirs) = (0.0, 0.0);
    for kernel in kernels::all() {
        let (mut our, mut their) = (0.0, 0.0);
        for case in kernel.plan(Profile::Quick, 7) {
            let Some(program) = kernel.problem(&case).ok().and_then(|p| p.program()) else { continue };
            let started = Instant::now();
            let ran = embedded.run(&program, 5);
            let own = started.elapsed().as_secs_f64();
            let started = Instant::now();
            let peer = lavapipe.run(&program, 5);
            let other = started.elapsed().as_secs_f64();
            // What only one of them can run is no comparison, and one of the controls fails on purpose.
            if matches!((&ran, &peer), (Ok(Ok(_)), Ok(Ok(_)))) {
                our += own;
                their += other;
            }
        }
        println!(
            "ratio  embedded / lavapipe, {} quick: {:.2} (it takes {:.2} of the time)",
            kernel.name(),
            their / our,
            our / their
        );
        ours += our;
        theirs += their;
    }
    println!(
        "ratio  embedded / lavapipe, the quick audit: {:.2} (it takes {:.2} of the time)",
        theirs / ours,
        ours / theirs
    );
}
