//! One broken driver takes nobody down. Each way of breaking is made to happen in the child of one adapter; the record
//! must name it, the other adapters' results must be whole, and the exit status must be 4.
//!
//! The victim is the first adapter; without a driver it is the embedded one, whose child can be broken in the same ways.

#[cfg(target_os = "linux")]
use super::hostile;
use crate::common::{adapters, program, record_in, run, status, stderr};
use libtest_mimic::{Failed, Trial};
use repro_audit::record::{EngineStatus, Outcome, Record};

const KERNEL: &str = "sum/serial_tree";
/// A second embedded adapter, so that there is always one beside the victim.
const PLANTED: &str = "flush";

fn audit(victim: &str, fault: &str) -> Result<(i32, Record), Failed> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().to_str().ok_or("a name")?;
    let output = run(program(&[
        "gpu",
        "--kernel",
        KERNEL,
        "--timeout",
        "8",
        "--memory",
        "2048",
        "--planted",
        PLANTED,
        "--out",
        out,
    ])
    .env("REPRO_AUDIT_FAULT", format!("{victim}|{fault}")));
    if !folder.path().join("record.json").exists() {
        return Err(stderr(&output).into());
    }
    Ok((status(&output), record_in(folder.path())))
}

/// Breaks the first adapter with `fault` and checks what the record says.
fn check(labels: &[String], fault: &str, reason: &str, whole_adapter: bool) -> Result<(), Failed> {
    let (code, record) = audit(&labels[0], fault)?;
    if code != 4 {
        return Err(format!("exit status {code} and not 4").into());
    }
    let victim = record.engines.iter().find(|e| e.label == labels[0]).ok_or("the victim is in the record")?;
    match &victim.status {
        EngineStatus::Failed { reason: said, .. } if said.contains(reason) => {}
        other => return Err(format!("the victim's status is {other:?} and says nothing of '{reason}'").into()),
    }
    for case in &record.cases {
        for engine in record.engines.iter().filter(|e| e.adapter.is_some() && e.id != victim.id) {
            let found = case.executions.iter().find(|e| e.engine == engine.id);
            if !found.is_some_and(|e| matches!(e.outcome, Outcome::Ran { .. })) {
                return Err(format!("{} has no result of {}", engine.label, case.id).into());
            }
        }
    }
    let ran = record
        .cases
        .iter()
        .filter(|c| c.executions.iter().any(|e| e.engine == victim.id && matches!(e.outcome, Outcome::Ran { .. })))
        .count();
    if whole_adapter && ran != 0 {
        return Err("an adapter that did not open has results".into());
    }
    if !whole_adapter && ran + 1 != record.cases.len() {
        return Err(
            format!("the victim finished {ran} of {} cases, and only one was broken", record.cases.len()).into()
        );
    }
    Ok(())
}

/// Kills the child from outside, as the system does when memory runs out.
#[cfg(target_os = "linux")]
fn killed_from_outside(labels: &[String]) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let out = folder.path().to_str().ok_or("a name")?;
    let mut parent = program(&["gpu", "--kernel", KERNEL, "--timeout", "60", "--planted", PLANTED, "--out", out])
        .env("REPRO_AUDIT_FAULT", format!("{}|hang|", labels[0]))
        .stdout(std::process::Stdio::null())
        .stderr(std::process::Stdio::null())
        .spawn()?;
    // The child that hangs is the first adapter's; its siblings wait for their turn. Killing each child of the parent
    // that has used the adapter's place is enough: the victim is found by its command line.
    let first = &adapters()[0];
    let place = format!("--backend\0{}\0--index\0{}\0", first.backend, first.index);
    let mut killed = 0;
    for _ in 0..600 {
        if let Some(status) = parent.try_wait()? {
            if killed == 0 {
                return Err("the parent ended before any child was killed".into());
            }
            if status.code() != Some(4) {
                return Err(format!("exit status {status} and not 4").into());
            }
            let record = record_in(folder.path());
            let victim = record.engines.iter().find(|e| e.label == labels[0]).ok_or("the victim is in the record")?;
            return match &victim.status {
                EngineStatus::Failed { reason, .. } if reason.contains("signal 9") => Ok(()),
                other => Err(format!("the record says {other:?}").into()),
            };
        }
        for entry in std::fs::read_dir("/proc")?.flatten() {
            let path = entry.path();
            let stat = std::fs::read_to_string(path.join("stat")).unwrap_or_default();
            let line = std::fs::read_to_string(path.join("cmdline")).unwrap_or_default();
            let of_ours = stat.split(") ").nth(1).and_then(|s| s.split(' ').nth(1)) == Some(&parent.id().to_string());
            if of_ours && line.contains(&place) && line.contains("--scratch") {
                let pid = entry.file_name().into_string().unwrap_or_default();
                killed += u32::from(std::process::Command::new("kill").args(["-9", &pid]).status()?.success());
            }
        }
        std::thread::sleep(std::time::Duration::from_millis(100));
    }
    parent.kill()?;
    Err("the audit did not end".into())
}

pub(crate) fn trials() -> Vec<Trial> {
    let labels: Vec<String> = adapters().iter().map(|a| a.label()).collect();
    assert!(
        !super::demanded() || labels.len() >= 3,
        "REPRO_AUDIT_TEST_ADAPTERS is set, and beside the embedded one there are {} adapters",
        labels.len() - 1
    );
    let trial = |name: &str, fault: &'static str, reason: &'static str, whole: bool| {
        let labels = labels.clone();
        crate::trial("conformance", format!("broken_driver::{name}"), move || check(&labels, fault, reason, whole))
    };
    let mut trials = vec![
        trial("a_signal", "abort|wg=128", "signal", false),
        trial("a_silent_exit", "exit|wg=128", "status 7", false),
        trial("a_hang", "hang|wg=128", "no answer within 8 s", false),
        trial("a_panic", "panic|wg=128", "status 101", false),
        trial("an_answer_that_is_none", "garbage|wg=128", "this is not an answer", false),
        trial("no_device", "open|", "no device", true),
        trial("memory_without_end", "memory|wg=128", "MiB of memory", false),
        trial("output_without_end", "flood|wg=128", "no answer within 8 s", false),
    ];
    #[cfg(target_os = "linux")]
    {
        let labels = labels.clone();
        let killed = move || killed_from_outside(&labels);
        trials.push(crate::trial("conformance", "broken_driver::killed_from_outside", killed));
        trials.extend(hostile::trials());
    }
    trials
}
