//! The embedded adapter against the CPU twins: two implementations that share no arithmetic but the pinned library's
//! elementary functions.

use repro_audit::engines::interpreter::Runner;
use repro_audit::kernels::{self, Profile};
use repro_audit::numerics::arith::Arithmetic;

/// Every case of every kernel that has a program and a twin of this arithmetic equals the twin in every bit.
fn equal_twins(mode: &str, arithmetic: Arithmetic, kernels: impl Fn(&str) -> bool) {
    let mut runner = Runner::open(mode.parse().expect("a mode"));
    let (mut seen, mut wrong) = (0, Vec::new());
    for kernel in kernels::all().iter().filter(|k| kernels(k.name())) {
        for case in kernel.plan(Profile::Quick, 7) {
            let problem = kernel.problem(&case).expect("a planned case");
            let (Some(program), Some(twin)) = (problem.program(), problem.twin(arithmetic, 2)) else { continue };
            if !problem.arithmetics().contains(&arithmetic) {
                continue;
            }
            seen += 1;
            match runner.run(&program, 1) {
                Ok(Ok(runs)) => {
                    let bits = runs.distinct[0].bits.as_ref().expect("the first is kept");
                    let differing: Vec<_> = (0..twin.len).filter(|i| bits.get(*i) != twin.get(*i)).collect();
                    if let Some(&at) = differing.first() {
                        wrong.push(format!(
                            "{case}: {} of {} differ, the first at {at}: {:08x}, twin {:08x}",
                            differing.len(),
                            twin.len,
                            bits.get(at),
                            twin.get(at)
                        ));
                    }
                    for finding in runs.findings {
                        wrong.push(format!("{case}: {finding:?}"));
                    }
                }
                Ok(Err(skip)) => wrong.push(format!("{case}: skipped: {skip}")),
                Err(error) => wrong.push(format!("{case}: {error}")),
            }
        }
    }
    assert!(wrong.is_empty(), "{} of {seen} in mode {mode}:\n{}", wrong.len(), wrong.join("\n"));
    assert!(seen > 0, "there are cases in mode {mode}");
}

#[test]
fn strict_equals_every_twin() {
    equal_twins("strict", Arithmetic::STRICT, |k| k != "control");
}

#[test]
fn flushing_equals_every_flushing_twin() {
    equal_twins("flush", Arithmetic { flush: true, ..Arithmetic::STRICT }, |k| k != "control");
}

#[test]
fn contraction_equals_every_fused_twin() {
    equal_twins("contract", Arithmetic { fused: true, ..Arithmetic::STRICT }, |k| k != "control");
}

#[test]
fn an_fma_in_two_roundings_equals_every_such_twin() {
    equal_twins("split-fma", Arithmetic { split: true, ..Arithmetic::STRICT }, |k| k != "control");
}

#[test]
fn neither_order_nor_subgroups_change_a_fixed_order() {
    for mode in ["schedule=reversed", "schedule=3", "subgroup=4", "subgroup=128"] {
        equal_twins(mode, Arithmetic::STRICT, |k| k != "control");
    }
}
