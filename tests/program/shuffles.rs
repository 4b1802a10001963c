//! What an audit says of shuffles, loaders and splits on the CPU's threads: what depends on the number of workers is told
//! apart from what depends on who is first, and from what depends on neither.

use crate::common::{record_in, run, status, stderr, without_adapters};
use repro_audit::record::{CaseRecord, Execution, Outcome, Record, Status};

fn audit(cases: &[&str], repeats: &str) -> Record {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let mut arguments = vec!["gpu", "--threads", "1,2,3", "--repeats", repeats, "--out", out];
    for case in cases {
        arguments.extend(["--kernel", case]);
    }
    let output = run(&mut without_adapters(&arguments));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    record_in(folder.path())
}

fn executions<'r>(record: &'r Record, text: &'r str) -> impl Iterator<Item = (&'r CaseRecord, &'r Execution, u32)> {
    record.cases.iter().filter(move |c| c.id.contains(text)).flat_map(|case| {
        case.executions.iter().filter_map(move |e| {
            let workers = e.engine.strip_prefix("cpu threads=")?.parse().ok()?;
            Some((case, e, workers))
        })
    })
}

fn distinct(execution: &Execution) -> usize {
    if let Outcome::Ran { distinct, .. } = &execution.outcome { distinct.len() } else { 0 }
}

#[test]
fn what_depends_on_workers_is_told_apart_from_what_does_not() {
    let kernels = [
        "permutation/loader_by_sample",
        "permutation/loader_worker_seed",
        "permutation/loader_sharded",
        "split/loader_by_sample",
        "split/loader_sharded",
    ];
    let record = audit(&kernels, "3");
    for kernel in kernels {
        let by_sample = kernel.ends_with("by_sample");
        let mut seen = 0;
        for (case, execution, workers) in executions(&record, kernel) {
            let expected = if by_sample || workers == 1 { Status::BitExact } else { Status::WithinSpecification };
            assert_eq!(execution.status, expected, "{} with {workers} workers", case.id);
            seen += 1;
        }
        assert_eq!(seen, 3, "{kernel} ran with each number of workers");
        let drifts = record.cases.iter().filter(|c| c.id.starts_with(kernel)).flat_map(|c| &c.comparisons);
        let drifts = drifts.filter(|c| c.axis.name() == "threads").any(|c| !c.drift.is_none());
        assert_eq!(drifts, !by_sample, "{kernel} on the axis of threads");
    }
}

/// With `hold=alternate` two batches wait by turns for all others, so that two runs differ whatever the scheduler does.
#[test]
fn an_order_of_completion_is_not_repeatable() {
    let record = audit(&["permutation/loader_unordered"], "2");
    let mut seen = 0;
    for (case, execution, workers) in executions(&record, "hold=alternate") {
        let (status, results) =
            if workers == 1 { (Status::WithinSpecification, 1) } else { (Status::NotRepeatable, 2) };
        assert_eq!((execution.status, distinct(execution)), (status, results), "{} with {workers}", case.id);
        assert!(execution.observations.iter().any(|o| o.name == "not_once" && o.value == 0.0), "{}", case.id);
        seen += 1;
    }
    assert_eq!(seen, 3, "it ran with each number of workers");
    // The race that is none by construction may go either way, and is nothing worse than unordered.
    for (case, execution, workers) in executions(&record, "hold=nothing") {
        let fine = [Status::WithinSpecification, Status::NotRepeatable].contains(&execution.status);
        assert!(fine, "{} with {workers}: {:?}", case.id, execution.status);
    }
}
