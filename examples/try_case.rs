//! Development loop: runs cases on every adapter in this process and says how each result relates to its twin.
//! `cargo run --example try_case -- 'sum/tree?n=4096'` or `… -- sum` for a kernel's whole quick plan.

use repro_audit::engines::gpu;
use repro_audit::kernels::{self, case::Case};
use repro_audit::model::{Arithmetic, bits::Bits};
use repro_audit::numerics::drift;

fn main() {
    let mut cases = Vec::new();
    for arg in std::env::args().skip(1) {
        match kernels::find(&arg) {
            Some(kernel) => cases.extend(kernel.plan(kernels::Profile::Quick, 7)),
            None => cases.push(Case::parse(&arg).expect("a case id or a kernel")),
        }
    }
    let mut runners = Vec::new();
    for backend in gpu::backend_names() {
        for id in gpu::enumerate(backend) {
            match gpu::open(backend, id.index) {
                Ok((id, runner)) => runners.push((id.label(), runner)),
                Err(e) => println!("{}: {e}", id.label()),
            }
        }
    }
    for case in cases {
        let t = std::time::Instant::now();
        let problem = kernels::problem(&case).expect("a problem");
        let twins: Vec<(Arithmetic, Option<Bits>)> =
            problem.arithmetics().iter().map(|a| (*a, problem.twin(*a, 2))).collect();
        let exact = problem.exact();
        let allowance = problem.allowance();
        println!("{case}  (cpu {:.3} s)", t.elapsed().as_secs_f64());
        if let Some((_, Some(twin))) = twins.first() {
            let acc = drift::accuracy(twin, exact.as_ref(), &allowance, Some(twin));
            println!(
                "    strict twin: max {:.3} ulp of exact, {:.2e} of allowance, {} outside, {} unconstrained",
                acc.max_ulp, acc.specification_ratio, acc.outside, acc.unconstrained
            );
        }
        let Some(program) = problem.program() else {
            for t in [1, 2, 3, 4] {
                println!("    threads {t}: {:?}", problem.threaded(t).map(|b| b.digest()));
            }
            continue;
        };
        for (label, runner) in &mut runners {
            print!("  {label:60} ");
            match runner.run(&program, 3) {
                Err(e) => println!("FAILED: {e}"),
                Ok(Err(skip)) => println!("skipped: {skip}"),
                Ok(Ok(runs)) => {
                    let out = runs.distinct[0].bits.as_ref().expect("kept");
                    let equal: Vec<_> =
                        twins.iter().filter(|(_, b)| b.as_ref() == Some(out)).map(|(a, _)| a.name()).collect();
                    let strict = twins.first().and_then(|(_, b)| b.as_ref());
                    let acc = drift::accuracy(out, exact.as_ref(), &allowance, strict);
                    let d = strict.and_then(|s| drift::measure(s, out));
                    println!(
                        "{} distinct, equals {equal:?}, vs strict: {}, exact: max {:.3} ulp, allowance used {:.2e}, {} outside{}; {:.1} ms + compile {:.1} ms{}",
                        runs.distinct.len(),
                        d.as_ref().map_or("-".into(), |d| format!(
                            "{}/{} differ, max {} ulp, {:?}",
                            d.differing, d.elements, d.max_ulp, d.worst
                        )),
                        acc.max_ulp,
                        acc.specification_ratio,
                        acc.outside,
                        acc.first_outside.map_or(String::new(), |i| format!(
                            " (first {i}: got {:e} exact {:e})",
                            out.value(usize::try_from(i).unwrap_or(0)),
                            exact.as_ref().map_or(f64::NAN, |e| e.values[usize::try_from(i).unwrap_or(0)])
                        )),
                        runs.seconds * 1e3,
                        runs.compile_seconds * 1e3,
                        problem.observe(out).iter().map(|o| format!("; {}={}", o.name, o.value)).collect::<String>(),
                    );
                }
            }
        }
    }
}
