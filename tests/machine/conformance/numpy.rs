//! The NumPy engine answers every operation that a task names, and comes near what is exact.

use std::collections::{BTreeMap, BTreeSet};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use libtest_mimic::{Failed, Trial};
use repro_audit::engines::remote::Remote;
use repro_audit::engines::{Answer, Engine as _};
use repro_audit::kernels::{self, Problem, Profile};
use repro_audit::model::Allowance;
use repro_audit::model::bits::{Bits, Dtype};

use super::demanded;

/// Operations for which NumPy has nothing of its own.
const WITHOUT: [&str; 1] = ["fma"];

/// The command that starts the engine; `None` where no Python has NumPy.
pub(crate) fn command() -> Option<String> {
    static FOUND: OnceLock<Option<String>> = OnceLock::new();
    let has_numpy = |python: &String| {
        let mut command = Command::new(python);
        command.args(["-c", "import numpy"]).stdout(Stdio::null()).stderr(Stdio::null());
        command.status().is_ok_and(|status| status.success())
    };
    let found = FOUND.get_or_init(|| {
        let named = std::env::var("REPRO_AUDIT_TEST_PYTHON").ok();
        let usual = ["python3", "/usr/bin/python3", "python"].map(str::to_owned);
        named.map_or_else(|| usual.to_vec(), |one| vec![one]).into_iter().find(has_numpy)
    });
    let script = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/remote_numpy.py");
    found.as_ref().map(|python| format!("'{python}' '{script}'"))
}

/// Stands for the tests that need it.
pub(crate) fn absent(name: &str) -> Trial {
    let why = "no Python here has NumPy; REPRO_AUDIT_TEST_PYTHON names one";
    crate::trial("conformance", format!("{name}: {why}"), move || Err(why.into())).with_ignored_flag(!demanded())
}

pub(crate) fn trials() -> Vec<Trial> {
    if command().is_none() {
        return vec![absent("numpy")];
    }
    vec![
        crate::trial("conformance", "numpy::every_operation_that_a_task_names_is_answered", answered),
        crate::trial("conformance", "numpy::every_operation_that_a_task_names_is_documented", documented),
    ]
}

/// The first quick case of each variant that is an operation.
fn named() -> BTreeMap<String, Box<dyn Problem>> {
    let mut out = BTreeMap::new();
    for case in kernels::all().iter().flat_map(|kernel| kernel.plan(Profile::Quick, 7)) {
        let problem = kernels::problem(&case).unwrap_or_else(|e| panic!("{case}: {e}"));
        if problem.operation().is_some() {
            out.entry(format!("{}/{}", case.kernel(), case.variant())).or_insert(problem);
        }
    }
    out
}

fn answered() -> Result<(), Failed> {
    let mut engine = Remote::open(&command().ok_or("no Python")?, 0, Duration::from_secs(120))?;
    let mut wrong = Vec::new();
    let named = named();
    for (variant, problem) in &named {
        let mut task = problem.task();
        task.program = None;
        let name = task.operation.as_ref().map(|o| o.name.clone()).unwrap_or_default();
        match engine.run(&task, 2) {
            Answer::Skipped(_) if WITHOUT.contains(&name.as_str()) => {}
            Answer::Ran(runs) => {
                let bits = runs.distinct[0].bits.as_ref().ok_or("the first output is kept")?;
                if let Some(far) = far(problem.as_ref(), bits) {
                    wrong.push(format!("{variant} ({name}): {far}"));
                }
            }
            other => wrong.push(format!("{variant} ({name}): {other:?}")),
        }
    }
    let operations = named.values().filter_map(|p| p.operation()).map(|o| o.name).collect::<BTreeSet<_>>();
    for wanted in ["matmul", "mean_variance", "layer_norm", "logsumexp", "softmax", "gelu_tanh", "tanh", "sum", "copy"]
    {
        if !operations.contains(wanted) {
            wrong.push(format!("no task names {wanted}"));
        }
    }
    if wrong.is_empty() { Ok(()) } else { Err(wrong.join("\n").into()) }
}

/// The first element that neither the specification allows nor is near what is exact.
fn far(problem: &dyn Problem, found: &Bits) -> Option<String> {
    let exact = problem.exact()?;
    let intervals = if let Allowance::Intervals(intervals) = problem.allowance() { intervals } else { Vec::new() };
    let near = if found.dtype == Dtype::F16 { 2e-2 } else { 1e-3 };
    (0..found.len).find_map(|i| {
        let (got, wanted) = (found.value(i), exact.values[i]);
        let beyond = wanted.abs() > f64::from(f32::MAX) && got.is_infinite() && got.signum() == wanted.signum();
        let fits = wanted.is_nan()
            || got == wanted
            || beyond
            || (got - wanted).abs() <= near * wanted.abs() + 1e-30
            || intervals.get(i).is_some_and(|interval| interval.allows(got));
        (!fits).then(|| format!("element {i} is {got}, and exactly {wanted}"))
    })
}

/// Each has its row in the table of `docs/remote.md`.
fn documented() -> Result<(), Failed> {
    let table: BTreeSet<&str> = include_str!("../../../docs/remote.md")
        .lines()
        .filter(|line| line.starts_with("| `"))
        .filter_map(|line| line.split('|').nth(1))
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .collect();
    let named: BTreeSet<String> = named().values().filter_map(|p| p.operation()).map(|o| o.name).collect();
    let missing: Vec<_> = named.iter().filter(|name| !table.contains(name.as_str())).collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("docs/remote.md has no row of {missing:?}").into()) }
}
