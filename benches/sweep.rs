//! A sweep against its parts: the kernel with its readback alone, then the reference alone, over the same inputs.
//!
//! `cargo bench --bench sweep`, with a software adapter.

#[path = "ratio/mod.rs"]
mod ratio;

use std::hint::black_box;
use std::sync::atomic::{AtomicUsize, Ordering};

use repro_audit::audit::sweep;
use repro_audit::engines::{Engine, Stream, adapter, gpu};
use repro_audit::kernels::sweep::{Sweepable, functions};
use repro_audit::model::sweep::Inputs;
use repro_audit::numerics::arith::format::Format;
use repro_audit::numerics::sweep::Symmetry;
use repro_audit::numerics::sweep::order::{Chunk, Order};
use repro_audit::numerics::threads::available_threads;

/// 2^24 inputs on two cores.
const CHUNKS: usize = 4;

/// Those of magnitudes from 2^-1 on, where no function is trivial.
const FROM: usize = 504;

/// The adapter's part: every chunk computed and read back, and nothing done with it.
fn kernel(engine: &mut dyn Engine, sweepable: &Sweepable, order: Order) -> u32 {
    let Some(first) = order.chunks().next() else { return 0 };
    let (program, varied) = sweepable.program(first);
    let mut contents = order.chunks().map(Chunk::parameters);
    let mut sum = 0;
    let mut take = |chunk: repro_audit::engines::Chunk<'_>| {
        sum ^= chunk.words[0];
        Ok(())
    };
    let done = engine.stream(&mut Stream { program: &program, varied, contents: &mut contents, take: &mut take });
    assert!(matches!(done, Ok(Ok(()))), "{done:?}");
    sum
}

/// The reference's part, as often as the sweep needs it, on all threads.
fn reference(sweepable: &Sweepable, order: Order, threads: usize) {
    let function = &sweepable.function;
    let runs = if function.symmetry() == Symmetry::None { 2 } else { 1 };
    let pieces: Vec<u32> = order.chunks().flat_map(|c| (0..c.length / 4096).map(move |k| c.first + 4096 * k)).collect();
    let next = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..threads {
            scope.spawn(|| {
                let (mut patterns, mut right) = (vec![0u32; 4096], vec![0u32; 4096]);
                while let Some(first) = pieces.get(next.fetch_add(1, Ordering::Relaxed)) {
                    for run in 0..runs {
                        (0u32..).zip(&mut patterns).for_each(|(i, p)| *p = (first + i) | (run << 31));
                        function.fill(&patterns, &mut right);
                        black_box(&right);
                    }
                }
            });
        }
    });
}

fn main() {
    let threads = available_threads();
    let found = gpu::enumerate("vulkan").into_iter().filter(|a| a.device_type == "cpu");
    for identity in found {
        let mut engine = match adapter(&identity.backend, identity.index) {
            Ok(engine) => engine,
            Err(e) => {
                println!("{}: {e}", identity.label());
                continue;
            }
        };
        let engine = std::cell::RefCell::new(&mut *engine);
        for name in ["sin", "exp", "log", "asinh"] {
            let Some(sweepable) = functions(Format::F32).into_iter().find(|s| s.function.name == name) else {
                continue;
            };
            let order =
                Order { most: Some(CHUNKS), from: FROM, ..sweep::order(&sweepable, Inputs::All, "cpu", threads) };
            let whole = || {
                let done = sweep::run(&mut **engine.borrow_mut(), &sweepable, order, threads, &mut |_| Ok(()));
                assert!(matches!(done, Ok(Ok(_))), "{done:?}");
            };
            let parts = || {
                kernel(&mut **engine.borrow_mut(), &sweepable, order);
                reference(&sweepable, order, threads);
            };
            let ours = format!("sweep of {name} on {}", identity.name);
            ratio::print((&ours, whole), ("kernel and readback, then reference alone", parts), threads);
        }
    }
}
