//! The program itself: what it prints and how it ends.

use std::path::Path;
use std::process::{Command, Stdio};

use repro_audit::model::text;
use repro_audit::record;
use serde_json::Value;

use crate::common::{program, run, status, stderr, without_adapters};
use crate::count;
use crate::honest::{honest, originals};
use crate::mutate::{Random, mutated, with_id};
use crate::reading::fault;

/// Runs a verb, and looks at how it ended and at what it printed.
fn tried(command: &mut Command, format: &str, may_end: &[i32]) -> i32 {
    let output = run(command);
    let said = stderr(&output);
    let what = format!("{command:?}: {said}");
    let ended = status(&output);
    assert!(may_end.contains(&ended), "status {ended} of {what}");
    for line in said.lines() {
        assert!(line.chars().count() <= 500, "a line of {} characters: {what}", line.chars().count());
        assert!(text::line_fault(line).is_none() && !line.contains("##["), "{line:?} of {what}");
        assert!(!line.trim_start().starts_with("::"), "{line:?} of {what}");
    }
    if ended == 2 || ended == 5 {
        assert_eq!(
            said.lines().filter(|l| l.starts_with("error")).count(),
            1,
            "one line that says what is wrong: {what}"
        );
        assert!(output.stdout.is_empty(), "an error, and an answer: {what}");
    } else if !output.stdout.is_empty() {
        let text = String::from_utf8(output.stdout).unwrap_or_else(|e| panic!("{e}: {what}"));
        assert_eq!(fault(format, &text), None, "standard output of {what}");
    }
    ended
}

/// A sample of mutated records: what cannot be read ends with status 5 in every verb, and one that can in none.
#[test]
fn a_mutated_record_ends_every_verb_as_documented() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    let honest = honest();
    std::fs::write(at("honest.json"), record::to_json(&honest).expect("JSON")).expect("written");
    let (honest_file, file, lock, merged) = (at("honest.json"), at("r.json"), at("repro.lock"), at("m.json"));
    assert_eq!(status(&run(&mut program(&["lock", &honest_file, "--out", &lock]))), 0, "a lock");
    let originals = originals(&honest);
    let mut read = 0;
    for seed in 0..count() / 6 {
        let mut random = Random(0xd1b5_4a32_d192_ed03_u64.wrapping_mul(seed as u64 + 1));
        let (value, what) = mutated(&originals[seed % originals.len()], &mut random);
        std::fs::write(&file, with_id(&value)).expect("written");
        let good = record::read(Path::new(&file)).is_ok();
        read += usize::from(good);
        let ends = |good_ends: &'static [i32]| if good { good_ends } else { &[5] };
        let formats = ["table", "markdown", "html", "csv", "json", "junit", "github"];
        let format = formats[seed % formats.len()];
        println!("{what}");
        tried(&mut program(&["report", &file, "--format", format]), format, ends(&[0]));
        tried(&mut program(&["compare", &honest_file, &file, "--format", format]), format, ends(&[0]));
        tried(&mut program(&["merge", &honest_file, &file, "--out", &merged]), "json", ends(&[0]));
        tried(&mut program(&["lock", &file, "--out", "-"]), "lock", ends(&[0, 2, 4, 5]));
        tried(&mut program(&["check", &file, "--lock", &lock, "--format", format]), format, ends(&[0, 1, 3, 4]));
    }
    assert!(read > 0 && read < count() / 6, "some are read, some are not: {read}");
}

/// A file that has no end, or is a pipe, costs neither memory nor patience: every verb that reads one.
#[cfg(unix)]
#[test]
fn what_has_no_end_is_given_up() {
    let endless: [&[&str]; 9] = [
        &["report", "/dev/zero"],
        &["compare", "/dev/zero", "/dev/zero"],
        &["merge", "/dev/zero"],
        &["lock", "/dev/zero", "--out", "-"],
        &["check", "/dev/zero"],
        &["check", "/dev/null", "--lock", "/dev/zero"],
        &["kernel", "/dev/zero"],
        &["rng", "identify", "/dev/zero"],
        &["rng", "predict", "--cards", "/dev/zero"],
    ];
    for verb in endless {
        // A quarter of the memory that a record may take: what can't be one is refused at its start.
        let limited = format!("ulimit -v 4000000; exec \"$0\" {}", verb.join(" "));
        let mut command = Command::new("sh");
        command.args(["-c", &limited, env!("CARGO_BIN_EXE_repro-audit")]);
        tried(&mut command, "table", &[2, 5]);
    }
    // A record through a pipe is a record.
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("r.json");
    std::fs::write(&file, record::to_json(&honest()).expect("JSON")).expect("written");
    let stdin = || Stdio::from(std::fs::File::open(&file).expect("a file"));
    let piped = |verb: &[&str]| {
        let through = format!("cat | \"$0\" {}", verb.join(" "));
        let mut command = Command::new("sh");
        command.args(["-c", &through, env!("CARGO_BIN_EXE_repro-audit")]).stdin(stdin());
        command
    };
    tried(&mut piped(&["report", "/dev/stdin"]), "table", &[0]);
    tried(&mut piped(&["merge", "/dev/stdin"]), "json", &[0]);
    tried(&mut piped(&["lock", "/dev/stdin", "--out", "-"]), "lock", &[0]);
}

/// Usage errors are one line too.
#[test]
fn wrong_arguments_are_one_line() {
    for arguments in [
        &["report"][..],
        &["compare", "a"],
        &["gpu", "--profile", "x"],
        &["gpu", "--seed", "\u{1b}[2J"],
        &["gpu", "--no-such"],
        &["nothing"],
        &["check", "--run", "a"],
        &["case", "sum/serial_tree?n=64&wg=32&n=65"],
        &["case", "sum"],
        &["report", "nowhere/record.json"],
        &["report", "##[add-mask]x"],
        &["report", "a", "--format", "::error::x"],
    ] {
        tried(&mut program(arguments), "table", &[2, 5]);
    }
}

/// A variable may have any name, that of a field too.
#[test]
fn a_variable_that_is_named_as_a_field_is_a_variable() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out").display().to_string();
    let arguments = [
        "gpu",
        "--kernel",
        "philox",
        "--adapter",
        "embedded:0",
        "--vary",
        "seconds=1,2",
        "--vary",
        "id=a",
        "--out",
        &out,
    ];
    let output = run(&mut without_adapters(&arguments));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record: Value =
        serde_json::from_slice(&std::fs::read(folder.path().join("out/record.json")).expect("a record")).expect("JSON");
    assert_eq!(record["provenance"]["settings"]["vary"]["seconds"], serde_json::json!(["1", "2"]), "as it was asked");
    let merged = format!("{out}/m.json");
    tried(&mut program(&["merge", &out, "--out", &merged]), "json", &[0]);
    tried(&mut program(&["report", &merged]), "table", &[0]);
    tried(&mut program(&["lock", &out, "--out", "-"]), "lock", &[0]);
}

/// A folder may have any name that the system gives: every verb that reads can name it.
#[cfg(target_os = "linux")]
#[test]
fn a_folder_may_have_any_name() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt as _;
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join(OsStr::from_bytes(b"out-\xff"));
    let mut command = without_adapters(&["gpu", "--kernel", "philox", "--adapter", "embedded:0", "--out"]);
    let output = run(command.arg(&out));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let merged = out.join("merged.json");
    let with = |before: &[&str], after: &[&OsStr]| {
        let output = run(program(before).args(after));
        assert_eq!(status(&output), 0, "{before:?}: {}", stderr(&output));
    };
    with(&["report"], &[out.as_os_str()]);
    with(&["merge"], &[out.as_os_str(), OsStr::new("--out"), merged.as_os_str()]);
    with(&["report"], &[merged.as_os_str()]);
    with(&["compare"], &[out.as_os_str(), merged.as_os_str()]);
    with(&["lock", "--out", "-"], &[out.as_os_str()]);
}

/// A file that outgrows its limit is an error after work, not a wrong argument; and nothing temporary stays.
#[cfg(unix)]
#[test]
fn a_record_that_can_not_be_written_is_an_incomplete_audit() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let script = "ulimit -f 8; exec \"$0\" gpu --kernel philox --adapter embedded:0 --out \"$1\"";
    let mut command = Command::new("sh");
    command.args(["-c", script, env!("CARGO_BIN_EXE_repro-audit")]).arg(&out);
    command.env("TMPDIR", folder.path()).env_remove("REPRO_AUDIT_REQUIRE_ADAPTER").env_remove("REPRO_AUDIT_LABEL");
    let output = run(&mut command);
    assert_eq!(status(&output), 4, "{}", stderr(&output));
    let told: Vec<String> = stderr(&output).lines().filter(|l| l.starts_with("error")).map(str::to_owned).collect();
    assert!(told.len() == 1 && told[0].contains("the audit is done"), "{told:?}");
    for place in [folder.path(), &out] {
        let left: Vec<_> = std::fs::read_dir(place).expect("a folder").flatten().map(|e| e.file_name()).collect();
        let temporary = |n: &std::ffi::OsString| {
            n.to_string_lossy().ends_with(".tmp") || n.to_string_lossy().starts_with("repro-audit-")
        };
        assert!(!left.iter().any(temporary), "{left:?}");
    }
}

/// A signal ends an audit in order: nothing temporary stays behind, and no child.
#[cfg(target_os = "linux")]
#[test]
fn a_signal_leaves_nothing_behind() {
    for signal in ["INT", "TERM", "HUP"] {
        let folder = tempfile::tempdir().expect("a folder");
        let scratch = folder.path().join("scratch");
        std::fs::create_dir(&scratch).expect("made");
        let mut command = without_adapters(&["gpu", "--adapter", "embedded:0", "--repeats", "64", "--out"]);
        command.arg(folder.path().join("out")).env("TMPDIR", &scratch).stdout(Stdio::null()).stderr(Stdio::null());
        let mut child = command.spawn().expect("it starts");
        let inside = || std::fs::read_dir(&scratch).expect("a folder").count();
        while inside() == 0 {
            assert!(child.try_wait().expect("it is known").is_none(), "it ended before it was asked");
            std::thread::sleep(std::time::Duration::from_millis(5));
        }
        let pid = child.id().to_string();
        assert!(Command::new("sh").args(["-c", &format!("kill -{signal} {pid}")]).status().expect("a shell").success());
        let ended = child.wait().expect("it ends");
        assert!(!ended.success(), "{signal}: {ended}");
        assert_eq!(inside(), 0, "{signal} leaves something in {}", scratch.display());
    }
}

/// A killed audit can put nothing away: its children do, and end.
#[cfg(target_os = "linux")]
#[test]
fn a_killed_audit_leaves_nothing_behind() {
    let folder = tempfile::tempdir().expect("a folder");
    let scratch = folder.path().join("scratch");
    std::fs::create_dir(&scratch).expect("made");
    let mut command = without_adapters(&["gpu", "--adapter", "embedded:0", "--repeats", "64", "--out"]);
    command.arg(folder.path().join("out")).env("TMPDIR", &scratch).stdout(Stdio::null()).stderr(Stdio::null());
    let mut audit = command.spawn().expect("it starts");
    let inside = || std::fs::read_dir(&scratch).expect("a folder").flatten().map(|e| e.path()).collect::<Vec<_>>();
    // A child that has written an output serves an adapter.
    let served = || inside().iter().any(|path| std::fs::read_dir(path).is_ok_and(|mut in_it| in_it.next().is_some()));
    while !served() {
        assert!(audit.try_wait().expect("it is known").is_none(), "it ended before it was asked");
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    audit.kill().expect("it is there");
    audit.wait().expect("it ends");
    for _ in 0..10_000 {
        if inside().is_empty() {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
    }
    assert_eq!(inside(), Vec::<std::path::PathBuf>::new(), "what it had there is gone");
}

#[test]
fn a_shader_that_shows_another_text_than_it_runs_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("k.wgsl");
    let source = "@group(0) @binding(0) var<storage, read_write> y: array<f32, 4>;\n\
                  @compute @workgroup_size(1) fn main() { /* \u{202e} */ y[0] = 1.0; }\n";
    std::fs::write(&file, source).expect("written");
    let output = run(&mut program(&["kernel", file.to_str().expect("a name"), "--dry-run"]));
    assert_eq!(status(&output), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("direction of writing"), "{}", stderr(&output));
    std::fs::write(&file, source.replace('\u{202e}', "")).expect("written");
    let output = run(&mut program(&["kernel", file.to_str().expect("a name"), "--dry-run"]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
}

/// What a driver or a file brings is plain when it is recorded, so that an honest record is never refused.
#[test]
fn a_label_or_a_value_that_no_record_may_hold_is_refused_before_work() {
    for arguments in [["gpu", "--label", "a\u{202e}b"], ["gpu", "--vary", "X=a\nb"], ["gpu", "--vary", "X=\u{1b}[2J"]] {
        let output = run(&mut program(&arguments));
        assert_eq!(status(&output), 2, "{arguments:?}: {}", stderr(&output));
        let said = stderr(&output);
        assert!(said.trim_end().chars().all(|c| !c.is_control()), "{arguments:?}: {said:?}");
    }
}

/// An audit of one small kernel through a shell, whose line has the program as `$0` and the folder as `$1`.
#[cfg(unix)]
fn small_audit(line: &str, out: &Path) -> std::process::Output {
    let mut command = Command::new("sh");
    command.args(["-c", line, env!("CARGO_BIN_EXE_repro-audit")]).arg(out);
    command.env_remove("REPRO_AUDIT_REQUIRE_ADAPTER").env_remove("REPRO_AUDIT_LABEL");
    run(&mut command)
}

/// A page and values beside another audit's record would pass for that one's.
#[cfg(unix)]
#[test]
fn no_report_stands_beside_the_record_of_another_audit() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let audit = "exec \"$0\" gpu --kernel philox --adapter embedded:0 --out \"$1\" --seed";
    let output = small_audit(&format!("{audit} 1"), &out);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let there = |name: &str| out.join(name).exists();
    assert!(there("index.html") && there("values.csv") && there("charts"), "a report");
    let first = record::read(&out.join("record.json")).expect("a record");
    // The record is smaller than this, and its page is not.
    let output = small_audit(&format!("ulimit -f 80; {audit} 2"), &out);
    assert_eq!(status(&output), 4, "{}", stderr(&output));
    assert!(stderr(&output).contains("the record is written"), "{}", stderr(&output));
    let second = record::read(&out.join("record.json")).expect("a record");
    assert_ne!(first.id, second.id, "another record");
    for name in ["index.html", "summary.csv", "values.csv"] {
        assert!(!there(name), "{name} is of the earlier record");
    }
    let charts: Vec<_> = std::fs::read_dir(out.join("charts")).expect("a folder").flatten().collect();
    assert!(charts.is_empty(), "{charts:?}");
    let kept: Vec<_> = std::fs::read_dir(out.join("earlier")).expect("a folder").flatten().map(|e| e.path()).collect();
    assert_eq!(
        kept.iter().map(|p| record::read(p).expect("a record").id).collect::<Vec<_>>(),
        [first.id],
        "it is kept"
    );
}

/// Nobody may listen: the record is written all the same. A reader that has seen enough is no failure, and one that could not
/// be given what was asked for is told.
#[cfg(target_os = "linux")]
#[test]
fn an_audit_that_can_not_speak_is_written_all_the_same() {
    let audit = "\"$0\" gpu --kernel philox --adapter embedded:0 --out \"$1\"";
    for (line, ends) in [
        (format!("{audit} 2>/dev/full"), 0),
        (format!("{audit} >&- 2>&-"), 0),
        (format!("{{ {audit}; echo $? >\"$1.status\"; }} | head -c 1; exit $(cat \"$1.status\")"), 0),
        (format!("{{ {audit} 2>&1 >/dev/null; echo $? >\"$1.status\"; }} | head -c 1; exit $(cat \"$1.status\")"), 0),
        (format!("{audit} >/dev/full"), 4),
    ] {
        let folder = tempfile::tempdir().expect("a folder");
        let out = folder.path().join("out");
        let output = small_audit(&line, &out);
        let said = stderr(&output);
        assert_eq!(status(&output), ends, "{line}: {said}");
        record::read(&out.join("record.json")).unwrap_or_else(|e| panic!("{line}: {e}"));
        assert!(out.join("index.html").exists(), "{line}: its report");
        if ends != 0 {
            assert!(said.contains("Written to") && said.contains("can't write to standard output"), "{said}");
        }
    }
    // What went wrong is in the status, where it can't be said.
    let folder = tempfile::tempdir().expect("a folder");
    let output = small_audit("exec \"$0\" report \"$1\" 2>/dev/full", &folder.path().join("nowhere"));
    assert_eq!(status(&output), 5, "no record");
}
