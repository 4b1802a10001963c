//! `diff`: exit statuses, formats, and one line where something is wrong.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::common::{program, run, status, stderr};

fn stdout(output: &std::process::Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A `.npy` file of binary32.
fn array(folder: &Path, name: &str, values: &[f32]) -> PathBuf {
    let mut header = format!("{{'descr': '<f4', 'fortran_order': False, 'shape': ({},), }}", values.len());
    while !(11 + header.len()).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    let data: Vec<u8> = values.iter().flat_map(|v| v.to_le_bytes()).collect();
    let path = folder.join(name);
    std::fs::write(&path, [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), &data].concat()).expect("written");
    path
}

fn diff(left: &Path, right: &Path, more: &[&str]) -> Command {
    let mut command = program(&["diff"]);
    command.arg(left).arg(right).args(more);
    command
}

#[test]
fn statuses_follow_the_limits() {
    let at = tempfile::tempdir().expect("a folder");
    let one = array(at.path(), "a.npy", &[1.0, 2.0, 0.0]);
    let near = array(at.path(), "b.npy", &[1.0, 2.0 + 2.0 * f32::EPSILON, -0.0]);
    let nan = array(at.path(), "c.npy", &[1.0, f32::NAN, 0.0]);
    let shorter = array(at.path(), "d.npy", &[1.0, 2.0]);
    for (right, limit, wanted) in [
        (&one, "anything", 0),
        (&near, "never", 0),
        (&near, "anything", 1),
        (&near, "drift", 1),
        (&near, "nan,infinity", 0),
        (&near, "zero-sign", 1),
        (&near, "ulp>1", 0),
        (&near, "ulp>0", 1),
        (&near, "nan,relative>1e-8", 1),
        (&near, "relative>1e-6", 0),
        (&nan, "nan", 1),
        (&nan, "ulp>1000000", 1),
        (&nan, "payload", 0),
        (&shorter, "missing", 1),
        (&shorter, "ulp>1000000", 1),
        (&shorter, "nan", 0),
    ] {
        let output = run(&mut diff(&one, right, &["--fail-on", limit]));
        assert_eq!(status(&output), wanted, "{} {limit}: {}", right.display(), stdout(&output));
    }
    let output = run(&mut diff(&one, &one, &["--fail-on", "ulps>1"]));
    assert_eq!(status(&output), 2, "no limit");
    assert!(stderr(&output).contains("never, anything, drift"), "it says which there are: {}", stderr(&output));
}

#[test]
fn what_is_wrong_is_one_line() {
    let at = tempfile::tempdir().expect("a folder");
    let one = array(at.path(), "a.npy", &[1.0]);
    let cut = at.path().join("cut.npy");
    std::fs::write(&cut, &std::fs::read(&one).expect("read")[..100]).expect("written");
    for (right, more, wanted) in [
        (at.path().join("absent.npy"), &[][..], 2),
        (cut, &[], 5),
        (one.clone(), &["--tensor", "nothing*"], 2),
        (one.clone(), &["--shape", "3"], 2),
    ] {
        let output = run(&mut diff(&one, &right, more));
        assert_eq!((status(&output), stderr(&output).lines().count()), (wanted, 1), "{}", stderr(&output));
        assert!(output.stdout.is_empty(), "nothing is told");
    }
}

#[test]
fn every_format_says_the_same() {
    let at = tempfile::tempdir().expect("a folder");
    let (one, other) = (array(at.path(), "a.npy", &[0.0, 1.0]), array(at.path(), "b.npy", &[-0.0, 1.0]));
    let headline = "Equal but for the sign of 1 zero";
    for format in ["table", "markdown", "html", "json"] {
        let output = run(&mut diff(&one, &other, &["--format", format]));
        assert!(status(&output) == 0 && stdout(&output).contains(headline), "{format}: {}", stdout(&output));
    }
    let output = run(&mut diff(&one, &other, &["--format", "csv"]));
    assert!(stdout(&output).starts_with("name,right_name,step,what") && stdout(&output).lines().count() == 2, "csv");
    let page = at.path().join("page");
    let output = run(&mut diff(&one, &other, &["--out", &page.to_string_lossy()]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert!(page.join("index.html").exists() && page.join("tensors.csv").exists(), "the page");
}

/// Against NumPy's own answers: `array_equal`, `nextafter`, its formats.
#[test]
fn numpy_says_the_same() {
    let script = r#"
import sys, numpy as np
folder = sys.argv[1]
rng = np.random.default_rng(7)
for i, dtype in enumerate(["f8", "f4", "f2", ">f4", "i8", "u2", "c8", "?"]):
    a = (rng.standard_normal((37, 11)) * 100).astype(dtype)
    b = a.copy(order="F" if i % 2 else "C")
    if i % 3 and dtype != "?":
        b[3, 4] = np.nextafter(a[3, 4], np.inf, dtype=a.dtype) if a.dtype.kind == "f" else a[3, 4] + 1
    np.save(f"{folder}/{i}a.npy", a)
    np.savez_compressed(f"{folder}/{i}b.npz", w=b)
    print(i, int(np.array_equal(a, b)), int((a != b).sum()), a.dtype.kind)
"#;
    let at = tempfile::tempdir().expect("a folder");
    let python = ["/usr/bin/python3", "python3"]
        .into_iter()
        .find(|p| Command::new(p).args(["-c", "import numpy"]).output().is_ok_and(|o| o.status.success()));
    let Some(python) = python else {
        eprintln!("skipped: there is no python3 with NumPy here (Debian: python3-numpy)");
        return;
    };
    let output = run(Command::new(python).args(["-c", script]).arg(at.path()));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let said = stdout(&output);
    assert_eq!(said.lines().count(), 8, "every type");
    for line in said.lines() {
        let words: Vec<&str> = line.split(' ').collect();
        let name = |end: &str| at.path().join(format!("{}{end}", words[0]));
        let output = run(&mut diff(&name("a.npy"), &name("b.npz"), &["--format", "json", "--fail-on", "drift"]));
        let json: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
        assert_eq!(status(&output), i32::from(words[1] == "0"), "array_equal: {line}");
        let drift = &json["pairs"][0]["drift"];
        assert_eq!(drift["differing"].to_string(), words[2], "elements: {line}");
        if words[3] == "f" && words[1] == "0" {
            assert_eq!(drift["max_ulp"], 1, "nextafter: {line}");
        }
    }
}

/// A file that is cut while it is compared ends the program with a line and the status of a file that can't be read.
#[cfg(target_os = "linux")]
#[test]
fn a_file_that_is_cut_meanwhile_is_told() {
    const LENGTH: u64 = 3 << 30;
    let at = tempfile::tempdir().expect("a folder");
    let sparse = |name: &str| {
        let path = at.path().join(name);
        let file = std::fs::File::create(&path).expect("made");
        file.set_len(LENGTH).expect("a sparse file");
        path
    };
    let (left, right) = (sparse("a.bin"), sparse("b.bin"));
    let mut command = diff(&left, &right, &["--dtype", "f32", "--threads", "1"]);
    let child =
        command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped()).spawn().expect("started");
    let maps = format!("/proc/{}/maps", child.id());
    let mapped = || std::fs::read_to_string(&maps).is_ok_and(|maps| maps.contains("a.bin") && maps.contains("b.bin"));
    let begun = std::time::Instant::now();
    while !mapped() && begun.elapsed() < std::time::Duration::from_secs(60) {
        std::thread::yield_now();
    }
    std::fs::File::options().write(true).open(&left).and_then(|f| f.set_len(4096)).expect("cut");
    let output = child.wait_with_output().expect("ended");
    assert_eq!((status(&output), stderr(&output).lines().count()), (5, 1), "{}", stderr(&output));
    assert!(stderr(&output).contains("cut short while it was read"), "{}", stderr(&output));
    assert!(output.stdout.is_empty(), "nothing is told of it");
}
