//! Trainings: 20 epochs of each arithmetic on the CPU, one thread; an epoch on each adapter beside the CPU's; and with
//! `TRAIN_NUMPY=python` a step beside NumPy's (`benches/train_numpy.py`, the same network), run in turns.
//!
//! `cargo bench --bench train`

#[path = "ratio/mod.rs"]
mod ratio;

use std::time::Instant;

use repro_audit::audit::train::{EPOCH, EPOCHS, SEED};
use repro_audit::engines::gpu;
use repro_audit::kernels::train::{Start, Variation, program, reference};
use repro_audit::model::training::{Launch, Seeds, Tier, Training};

/// The words after so many steps on the CPU, in one thread.
fn cpu(tier: Tier, steps: u32) -> Vec<u32> {
    let mut trainer = reference(tier, Seeds::all(SEED), Variation::default());
    trainer.train(steps);
    trainer.words()
}

fn adapters() {
    for backend in gpu::backend_names() {
        for adapter in gpu::enumerate(backend) {
            let label = adapter.label();
            let mut runner = match gpu::open(backend, adapter.index) {
                Ok((_, runner)) => runner,
                Err(e) => {
                    println!("{label}: {e}");
                    continue;
                }
            };
            for tier in Tier::ALL {
                let training = Training { tier, seeds: Seeds::all(SEED), launch: Launch::default() };
                let start = reference(tier, Seeds::all(SEED), Variation::default()).words();
                let epoch = program(&training, Start { step: 0, words: &start }, EPOCH);
                // What cannot be run has no speed.
                match runner.run(&epoch, 1) {
                    Ok(Ok(_)) => {}
                    Ok(Err(why)) => {
                        println!("{label}: {why}");
                        continue;
                    }
                    Err(e) => {
                        println!("{label}: {e}");
                        break;
                    }
                }
                let ours = || runner.run(&epoch, 1).is_ok();
                let ratio = ratio::median(ours, || cpu(tier, EPOCH));
                println!("ratio  a step on {label} / on the CPU, {}: {ratio:.2}", tier.name());
            }
        }
    }
}

/// The seconds of NumPy's step, by its own clock, beside ours.
fn numpy() {
    let Some(python) = std::env::var_os("TRAIN_NUMPY") else { return };
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/train_numpy.py");
    let mut ratios = Vec::new();
    for _ in 0..5 {
        let output = std::process::Command::new(&python).args([script, "2"]).output().expect("TRAIN_NUMPY runs");
        let text = String::from_utf8(output.stdout).expect("text");
        let theirs = text.lines().find_map(|l| l.strip_prefix("step ")?.strip_suffix(" us")?.parse::<f64>().ok());
        let started = Instant::now();
        std::hint::black_box(cpu(Tier::Native, EPOCHS * EPOCH));
        let ours = started.elapsed().as_secs_f64() / f64::from(EPOCHS * EPOCH);
        ratios.push(theirs.expect("microseconds") * 1e-6 / ours);
    }
    ratios.sort_by(f64::total_cmp);
    println!("ratio  a step on the CPU, native / NumPy's, 1 thread: {:.2}", ratios[2]);
}

fn main() {
    for tier in Tier::ALL {
        let started = Instant::now();
        std::hint::black_box(cpu(tier, EPOCHS * EPOCH));
        println!(
            "time   {EPOCHS} epochs on the CPU, {}, 1 thread: {:.2} s",
            tier.name(),
            started.elapsed().as_secs_f64()
        );
    }
    for tier in [Tier::Portable, Tier::Integer] {
        let ours = (&*format!("an epoch on the CPU, {}", tier.name()), || cpu(tier, EPOCH));
        ratio::print(ours, ("native", || cpu(Tier::Native, EPOCH)), 1);
    }
    numpy();
    adapters();
}
