//! A driver that misbehaves, beside one that does not: `driver.c` is built as a Vulkan driver. Whatever it does, the audit
//! ends, the other driver's results are whole, the one at fault is named, this program stays small, and nothing is left.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::OnceLock;
use std::time::{Duration, Instant};

use libtest_mimic::{Failed, Trial};
use repro_audit::record::{EngineStatus, Outcome};

use crate::common::{program, record_in, stderr};

/// Seconds for listing and for a case: half of it for all drivers together, and half for each by itself.
const LIMIT: u64 = 20;

/// What the program may take itself, in KiB.
const OWN: u64 = 300 << 10;

/// What the driver does, and at which moment.
const WAYS: [(&str, Expected); 25] = [
    ("load-abort", Expected::Named("signal 6")),
    ("load-fault", Expected::Named("signal 11")),
    ("load-leave", Expected::Named("status 0")),
    ("load-exit", Expected::Named("")),
    ("load-hang", Expected::Named("no answer within")),
    ("load-spin", Expected::Named("no answer within")),
    ("load-stop", Expected::Named("no answer within")),
    ("load-chatter", Expected::Silent),
    ("load-lines", Expected::Silent),
    ("load-endless", Expected::Named("no answer within")),
    ("load-orphan", Expected::Named("status 1")),
    ("load-helper", Expected::Silent),
    ("load-close", Expected::Silent),
    ("load-kill", Expected::Named("signal 15")),
    ("load-memory", Expected::Named("MiB of memory")),
    ("load-forked", Expected::Named("MiB of memory")),
    ("negotiate-abort", Expected::Named("signal 6")),
    ("negotiate-chatter", Expected::Silent),
    ("functions-leave", Expected::Named("status 0")),
    ("functions-orphan", Expected::Named("status 1")),
    ("instance-abort", Expected::Named("signal 6")),
    ("instance-hang", Expected::Named("no answer within")),
    ("instance-endless", Expected::Named("no answer within")),
    ("instance-kill", Expected::Named("signal 15")),
    ("instance-memory", Expected::Named("MiB of memory")),
];

/// What the audit says of it.
#[derive(Debug, Clone, Copy)]
enum Expected {
    /// The driver is named, with a reason that has this text.
    Named(&'static str),
    /// It did no harm: a driver without devices.
    Silent,
}

/// The driver, built once, in a folder of its own.
fn library() -> Result<&'static Path, Failed> {
    static BUILT: OnceLock<Result<(tempfile::TempDir, PathBuf), String>> = OnceLock::new();
    let build = || {
        let folder = tempfile::tempdir().map_err(|e| e.to_string())?;
        let library = folder.path().join("libhostile.so");
        let source = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/machine/conformance/hostile/driver.c");
        let built = Command::new("cc").args(["-shared", "-fPIC", "-O1", "-w", source, "-o"]).arg(&library).output();
        let built = built.map_err(|e| format!("cc: {e}"))?;
        if !built.status.success() {
            return Err(stderr(&built));
        }
        Ok((folder, library))
    };
    BUILT.get_or_init(build).as_ref().map(|(_, library)| library.as_path()).map_err(|e| e.as_str().into())
}

/// The folder with the description of the bad driver; its name marks every process that has it in its environment.
fn described() -> Result<tempfile::TempDir, Failed> {
    let folder = tempfile::Builder::new().prefix("hostile-driver-").tempdir()?;
    let text = format!(
        r#"{{"file_format_version":"1.0.0","ICD":{{"library_path":"{}","api_version":"1.3.0"}}}}"#,
        library()?.display()
    );
    std::fs::write(folder.path().join("bad_icd.json"), text)?;
    Ok(folder)
}

/// The audit with the bad driver before and a good one behind.
fn audit(folder: &Path, good: &str, way: &str) -> Command {
    let bad = folder.join("bad_icd.json");
    let limit = LIMIT.to_string();
    let out = folder.join("out").display().to_string();
    let arguments = ["gpu", "--kernel", "sum/serial_tree", "--timeout", &limit, "--memory", "2048", "--out", &out];
    let mut command = program(&arguments);
    command
        .env("VK_DRIVER_FILES", format!("{}:{good}", bad.display()))
        .env_remove("VK_ICD_FILENAMES")
        .env("REPRO_AUDIT_HOSTILE", way)
        .stdin(Stdio::null())
        .stdout(Stdio::null());
    command
}

/// The processes, other than `but`, that have the folder's name in their environment.
fn left(folder: &Path, but: u32) -> Vec<u32> {
    let name = folder.display().to_string();
    let has = |process: &u32| {
        let environment = std::fs::read(format!("/proc/{process}/environ")).unwrap_or_default();
        *process != but && String::from_utf8_lossy(&environment).contains(&name)
    };
    let all = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    all.filter_map(|e| e.file_name().to_str()?.parse().ok()).filter(has).collect()
}

/// Fails unless nothing of the audit runs after five seconds.
fn nothing_left(folder: &Path) -> Result<(), Failed> {
    let begun = Instant::now();
    loop {
        let still = left(folder, 0);
        if still.is_empty() {
            return Ok(());
        }
        if begun.elapsed() > Duration::from_secs(5) {
            return Err(format!("processes {still:?} are left").into());
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}

/// The largest resident memory of a process so far, in KiB; `None` when it has ended.
fn peak(process: u32) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = status.lines().find_map(|l| l.strip_prefix("VmHWM:"))?;
    line.trim().strip_suffix(" kB")?.parse().ok()
}

fn survives(good: &str, way: &str, expected: Expected) -> Result<(), Failed> {
    let folder = described()?;
    let errors = folder.path().join("stderr");
    let mut parent = audit(folder.path(), good, way).stderr(std::fs::File::create(&errors)?).spawn()?;
    let (begun, mut most) = (Instant::now(), 0);
    let status = loop {
        most = most.max(peak(parent.id()).unwrap_or_default());
        if let Some(status) = parent.try_wait()? {
            break status;
        }
        // Far beyond what it should take: this is about an end at all, on a machine that does other work.
        if begun.elapsed() > Duration::from_secs(10 * LIMIT) {
            parent.kill()?;
            return Err("the audit does not end".into());
        }
        std::thread::sleep(Duration::from_millis(20));
    };
    let said = std::fs::read_to_string(&errors)?;
    nothing_left(folder.path())?;
    if most > OWN {
        return Err(format!("the audit took {most} KiB").into());
    }
    if said.contains('\u{1b}') || said.contains("\n::") || said.starts_with("::") {
        return Err(format!("what the driver wrote reached a terminal: {said}").into());
    }
    let wanted = if matches!(expected, Expected::Silent) { 0 } else { 4 };
    if status.code() != Some(wanted) {
        return Err(format!("{status} and not {wanted}: {said}").into());
    }
    let record = record_in(&folder.path().join("out"));
    let failed: Vec<_> = record
        .engines
        .iter()
        .filter_map(|e| match &e.status {
            EngineStatus::Failed { reason, .. } => Some((&e.label, reason)),
            EngineStatus::Complete => None,
        })
        .collect();
    match (expected, failed.as_slice()) {
        (Expected::Silent, []) => {}
        (Expected::Named(why), [(label, reason)]) if label.contains("bad_icd.json") && reason.contains(why) => {}
        _ => return Err(format!("{expected:?}, and the record says {failed:?}").into()),
    }
    let told =
        record.notes.iter().any(|n| n.contains("vulkan:0") && n.contains("its last line: [2J::error::from a driver"));
    if way.ends_with("chatter") != told {
        return Err(format!("what the driver said is a note, and there are: {:?}", record.notes).into());
    }
    let good = record.engines.iter().find(|e| e.id == "vulkan:0").ok_or("the good driver is in the record")?;
    for case in &record.cases {
        let ran = |e: &&repro_audit::record::Execution| e.engine == good.id && matches!(e.outcome, Outcome::Ran { .. });
        if case.executions.iter().filter(ran).count() != 1 {
            return Err(format!("{} has no result of {}", good.label, case.id).into());
        }
    }
    Ok(())
}

/// Kills the audit while its drivers misbehave: nothing of it may run on.
fn dies_whole(good: &str, way: &str, after: Duration) -> Result<(), Failed> {
    let folder = described()?;
    let mut parent = audit(folder.path(), good, way).stderr(Stdio::null()).spawn()?;
    std::thread::sleep(after);
    parent.kill()?;
    parent.wait()?;
    nothing_left(folder.path())
}

/// Ends the audit as a terminal does: it puts away what is temporary, and keeps what it has.
fn ends_in_order(good: &str) -> Result<(), Failed> {
    let folder = described()?;
    let scratch = folder.path().join("scratch");
    std::fs::create_dir(&scratch)?;
    let errors = folder.path().join("stderr");
    let mut command = audit(folder.path(), good, "none");
    // The interpreter's child hangs at its fourth case: there is something to keep, and no end.
    command.env("TMPDIR", &scratch).env("REPRO_AUDIT_FAULT", "Embedded|hang|wg=128");
    let mut parent = command.stderr(std::fs::File::create(&errors)?).spawn()?;
    let begun = Instant::now();
    // It tells its engines when they are open.
    while !std::fs::read_to_string(&errors)?.contains("embedded:0: ") {
        if begun.elapsed() > Duration::from_secs(60) || parent.try_wait()?.is_some() {
            break;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
    // The interpreter is given up after twenty seconds.
    std::thread::sleep(Duration::from_secs(3));
    let killed = Command::new("kill").args(["-INT", &parent.id().to_string()]).status()?;
    let status = parent.wait()?;
    let said = std::fs::read_to_string(&errors)?;
    nothing_left(folder.path())?;
    let left: Vec<_> = std::fs::read_dir(&scratch)?.flatten().map(|e| e.path()).collect();
    use std::os::unix::process::ExitStatusExt as _;
    if !killed.success() || status.signal() != Some(2) {
        return Err(format!("it ended with {status}, and not of signal 2: {said}").into());
    }
    if !left.is_empty() {
        return Err(format!("{left:?} are left").into());
    }
    if !said.contains("Kept:") && !said.contains("nothing is kept") {
        return Err(format!("it does not say what is kept: {said}").into());
    }
    Ok(())
}

/// The trials; none where there is no good driver to put beside the bad one.
pub(crate) fn trials() -> Vec<Trial> {
    let files = std::env::var("VK_DRIVER_FILES").unwrap_or_default();
    let Some(good) = files.split(':').find(|f| f.contains("lvp")).map(str::to_owned) else {
        return vec![crate::trial("conformance", "hostile_drivers", || Ok(())).with_ignored_flag(true)];
    };
    let mut trials: Vec<Trial> = WAYS
        .into_iter()
        .map(|(way, expected)| {
            let good = good.clone();
            crate::trial("conformance", format!("hostile_{way}"), move || survives(&good, way, expected))
        })
        .collect();
    for (way, after) in
        [("load-hang", 300), ("load-spin", 900), ("instance-helper", 700), ("load-stop", 500), ("none", 600)]
    {
        let good = good.clone();
        trials.push(crate::trial("conformance", format!("killed_with_{way}"), move || {
            dies_whole(&good, way, Duration::from_millis(after))
        }));
    }
    trials.push(crate::trial("conformance", "ended_by_a_signal", move || ends_in_order(&good)));
    trials
}
