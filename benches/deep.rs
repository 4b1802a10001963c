//! The deep profile with an adapter that costs next to nothing: what of this program's own bounds an audit on a large GPU.
//!
//! A mock engine answers each case of the chosen kernels with the reference's bits, prepared beforehand, after the time in which
//! 10^13 steps a second are made. `cargo bench --bench deep -- KERNEL…`; without a name, those that take longest.

use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use repro_audit::audit::{Listing, Plan, Progress, Wanted, audit_with};
use repro_audit::engines::mock::Mock;
use repro_audit::engines::{Answer, Distinct, Engine, Runs};
use repro_audit::kernels::case::Case;
use repro_audit::kernels::work::{Place, work};
use repro_audit::kernels::{self, Profile};
use repro_audit::model::bits::Bits;
use repro_audit::model::{AdapterIdentity, Arithmetic, Skip, Task};
use repro_audit::numerics::threads::available_threads;
use repro_audit::record::{CaseRecord, Record};

/// Steps a second.
const RATE: f64 = 1e13;
/// Executions of each case.
const REPEATS: u32 = 2;

/// A mock that takes as long as such a GPU.
struct Paced<'a> {
    mock: Mock<'a>,
    seconds: std::vec::IntoIter<f64>,
}

impl Engine for Paced<'_> {
    fn identity(&self) -> &AdapterIdentity {
        self.mock.identity()
    }

    fn run(&mut self, task: &Task, repeats: u32) -> Answer {
        std::thread::sleep(Duration::from_secs_f64(self.seconds.next().unwrap_or_default()));
        self.mock.run(task, repeats)
    }
}

struct Silent;

impl Progress for Silent {
    fn begin(&mut self, _: &[repro_audit::record::Engine], _: usize) {}
    fn case(&mut self, _: &CaseRecord, _: &mut dyn FnMut() -> Record) {}
    fn left(&mut self, _: usize, _: &dyn Fn() -> Duration) {}
    fn stopped(&mut self, _: &mut dyn FnMut() -> Record) {}
}

/// What a GPU that computes as the reference does would answer.
fn answer(case: &Case, seconds: f64) -> Answer {
    let problem = kernels::problem(case).unwrap_or_else(|e| panic!("{e}"));
    let Some(bits) = problem.twin(Arithmetic::STRICT, available_threads()) else {
        return Answer::Skipped(Skip::CpuOnly);
    };
    let distinct = vec![Distinct { digest: bits.digest(), runs: REPEATS, bits: Some(bits) }];
    Answer::Ran(Runs { distinct, runs: REPEATS, seconds, compile_seconds: 0.0, findings: Vec::new() })
}

/// Seconds that a function takes.
fn timed<T>(work: impl FnOnce() -> T) -> (f64, T) {
    let begun = Instant::now();
    let done = work();
    (begun.elapsed().as_secs_f64(), done)
}

/// What an audit of these cases cannot do without, part by part, each problem's once: its inputs, its strict reference, its exact
/// answer and what is allowed, and one reading of the answer.
fn parts(cases: &[Case]) -> [(&'static str, f64); 4] {
    let mut seen = std::collections::BTreeSet::new();
    let [mut inputs, mut reference, mut exact, mut reading] = [0.0; 4];
    for case in cases {
        let kernel = kernels::find(case.kernel()).unwrap_or_else(|| panic!("{case}"));
        let (took, problem) = timed(|| kernels::problem(case).unwrap_or_else(|e| panic!("{e}")));
        inputs += took;
        if !seen.insert(kernel.algorithm(case)) {
            continue;
        }
        let (took, bits) = timed(|| problem.twin(Arithmetic::STRICT, available_threads()));
        reference += took;
        exact += timed(|| black_box((problem.exact(), problem.allowance()))).0;
        reading += timed(|| black_box(bits.as_ref().map(Bits::digest))).0;
    }
    [("inputs", inputs), ("references", reference), ("exact answers and bounds", exact), ("digests", reading)]
}

fn audit(cases: &[Case], folder: &Path) {
    let kernel = cases[0].kernel().to_owned();
    let wanted = Wanted { repeats: REPEATS, cases: Some(cases.to_vec()), ..Wanted::of(Profile::Deep) };
    let plan = Plan::new(wanted).unwrap_or_else(|e| panic!("{e}")).with_listing(Listing::default());
    let seconds: Vec<f64> = plan
        .cases
        .iter()
        .map(|case| work(case).map_or(0.0, |w| w.operations as f64 * f64::from(REPEATS) / RATE))
        .collect();
    let script: Vec<Answer> = plan.cases.iter().zip(&seconds).map(|(case, s)| answer(case, *s)).collect();
    let kernels: f64 = seconds.iter().sum();
    let engine = Paced { mock: Mock::new(script, Box::new(|_| None)), seconds: seconds.into_iter() };
    let (whole, record) = timed(|| audit_with(&plan, vec![Box::new(engine)], folder, &mut Silent));
    let record = record.unwrap_or_else(|e| panic!("{e}"));
    assert_eq!(record.cases.len(), cases.len(), "every case is in the record");
    let parts = parts(cases);
    let alone: f64 = kernels + parts.iter().map(|(_, s)| s).sum::<f64>();
    let (most, seconds) = parts.iter().copied().fold(("kernels", kernels), |a, b| if b.1 > a.1 { b } else { a });
    println!(
        "ratio  deep {kernel}, {} cases: kernels at 10^13 steps/s {kernels:.2} s, audit {whole:.2} s; kernels with references alone / \
         audit: {:.2}; most of it: {most}, {seconds:.2} s",
        cases.len(),
        alone / whole
    );
}

fn main() {
    let named: Vec<String> = std::env::args().skip(1).filter(|a| !a.starts_with('-')).collect();
    let folder = tempfile::tempdir().unwrap_or_else(|e| panic!("no folder: {e}"));
    for kernel in kernels::all() {
        let chosen = match named.as_slice() {
            [] => ["matmul", "sum", "softmax", "builtins"].contains(&kernel.name()),
            _ => named.iter().any(|name| name == kernel.name()),
        };
        let all = kernel.plan(Profile::Deep, 7);
        // One variant of many formulas says as much as all of them.
        let of_adapters = |case: &&Case| work(case).is_ok_and(|w| w.place == Place::Adapters);
        let cases: Vec<Case> = all.iter().filter(of_adapters).take(16).cloned().collect();
        if chosen && !cases.is_empty() {
            audit(&cases, folder.path());
        }
    }
}
