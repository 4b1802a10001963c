//! The interpreter that a command starts, its packages, and lock files. The interpreter is asked; nothing is guessed.

use std::collections::BTreeMap;
use std::ffi::OsString;
use std::io::{BufRead as _, Read as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use serde::Deserialize;

use super::tree;
use crate::model::capture::Software;
use crate::process::Group;

/// How long an interpreter may take to tell.
const PATIENCE: Duration = Duration::from_secs(60);

/// The longest answer of an interpreter.
const ANSWER: u64 = 16 << 20;

/// Files that pin libraries.
const LOCKS: [&str; 16] = [
    "uv.lock",
    "poetry.lock",
    "pdm.lock",
    "Pipfile.lock",
    "pixi.lock",
    "conda-lock.yml",
    "environment.yml",
    "environment.yaml",
    "requirements.txt",
    "requirements.lock",
    "pylock.toml",
    "Cargo.lock",
    "go.sum",
    "Manifest.toml",
    "renv.lock",
    "package-lock.json",
];

/// What an interpreter of Python is asked. The folder that it runs in is taken from the path first, so that no module of the
/// project is executed for one of the library. Names are normalised as PyPI does.
const QUESTION: &str = r#"
import sys
sys.path[:] = [p for p in sys.path if p]
import json, re, platform
try:
    import importlib.metadata as metadata
except ImportError:
    metadata = None
packages = {}
if metadata is not None:
    for one in metadata.distributions():
        try:
            name, version = one.metadata["Name"], one.version
            if not name:
                continue
            origin = one.read_text("direct_url.json")
            commit = json.loads(origin).get("vcs_info", {}).get("commit_id") if origin else None
            if commit:
                version = "%s (%s)" % (version, commit)
            packages.setdefault(re.sub(r"[-_.]+", "-", name).lower(), str(version))
        except Exception:
            pass
json.dump({"interpreter": platform.python_implementation() + " " + platform.python_version(), "packages": packages}, sys.stdout)
"#;

#[derive(Deserialize)]
struct Answer {
    interpreter: String,
    packages: BTreeMap<String, String>,
}

/// The libraries of a command.
pub(super) fn read(argv: &[OsString], top: Option<&Path>, notes: &mut Vec<String>) -> Software {
    let mut out = Software::default();
    match interpreter(argv) {
        Some(python) => match ask(&python) {
            Ok(answer) => {
                out.interpreter = Some(answer.interpreter);
                out.packages = Some(answer.packages);
            }
            Err(why) => notes.push(format!("packages: {} did not tell: {why}", python.display())),
        },
        None => notes.push("packages: the command starts no interpreter of Python that is known".to_owned()),
    }
    let here = Path::new(".");
    for name in LOCKS {
        for (folder, prefix) in [(Some(here), ""), (top.filter(|t| !is_here(t)), "/")] {
            let Some(path) = folder.map(|f| f.join(name)).filter(|p| p.is_file()) else { continue };
            match tree::digest(&path) {
                Ok(digest) => {
                    out.locks.insert(format!("{prefix}{name}"), digest);
                }
                Err(e) => notes.push(format!("lock file {}: {e}", path.display())),
            }
        }
    }
    out
}

fn is_here(path: &Path) -> bool {
    matches!((path.canonicalize(), Path::new(".").canonicalize()), (Ok(a), Ok(b)) if a == b)
}

/// Whether a program's name is that of an interpreter of Python: `python`, `python3.11`, `pypy3`.
fn is_python(word: &Path) -> bool {
    let Some(name) = word.file_name().and_then(|n| n.to_str()) else { return false };
    let name = name.strip_suffix(".exe").unwrap_or(name);
    ["python", "pypy"].into_iter().any(|stem| {
        name.strip_prefix(stem).is_some_and(|rest| rest.chars().all(|c| c.is_ascii_digit() || c == '.' || c == 't'))
    })
}

/// Programs that start the program that follows their own options.
const STARTERS: [&str; 15] = [
    "env",
    "nice",
    "ionice",
    "time",
    "timeout",
    "nohup",
    "stdbuf",
    "numactl",
    "taskset",
    "chrt",
    "setsid",
    "srun",
    "mpirun",
    "mpiexec",
    "catchsegv",
];

/// The interpreter that a command starts: itself, what a script's first line names, or what follows a program that starts
/// others.
fn interpreter(argv: &[OsString]) -> Option<PathBuf> {
    let first = Path::new(argv.first()?);
    if is_python(first) {
        return Some(first.to_owned());
    }
    if first.file_name().and_then(|n| n.to_str()).is_some_and(|n| STARTERS.contains(&n)) {
        let rest = argv.iter().enumerate().skip(1);
        let found =
            rest.map(|(i, word)| (i, Path::new(word))).find(|(_, word)| is_python(word) || of_script(word).is_some());
        return found.and_then(|(i, _)| interpreter(&argv[i..]));
    }
    of_script(first)
}

/// The interpreter that the first line of a script names.
fn of_script(word: &Path) -> Option<PathBuf> {
    let path = found(word)?;
    let mut line = Vec::new();
    let file = std::fs::File::open(path).ok().filter(|f| f.metadata().is_ok_and(|m| m.is_file()))?;
    std::io::BufReader::new(file.take(4096)).read_until(b'\n', &mut line).ok()?;
    let line = String::from_utf8(line).ok()?;
    let mut words = line.strip_prefix("#!")?.split_whitespace().filter(|w| !w.starts_with('-'));
    let named = Path::new(words.next()?);
    let named = if named.file_name().is_some_and(|n| n == "env") { Path::new(words.next()?) } else { named };
    is_python(named).then(|| named.to_owned())
}

/// The file of a program, looked for as a shell does.
fn found(word: &Path) -> Option<PathBuf> {
    if word.components().count() > 1 {
        return word.is_file().then(|| word.to_owned());
    }
    let path = std::env::var_os("PATH")?;
    std::env::split_paths(&path).map(|folder| folder.join(word)).find(|p| p.is_file())
}

/// Asks an interpreter, in the environment of the command.
fn ask(python: &Path) -> Result<Answer, String> {
    let mut command = Command::new(python);
    command.arg("-c").arg(QUESTION).stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    // What a person set for the command alone, such as a profiler, is not wanted twice.
    command.env_remove("PYTHONINSPECT").env_remove("PYTHONSTARTUP");
    let text = answer(command)?;
    serde_json::from_slice(&text).map_err(|e| e.to_string())
}

/// What a program writes to standard output, in a bounded time and length.
pub(super) fn answer(mut command: Command) -> Result<Vec<u8>, String> {
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut group = Group::start(&mut command, None).map_err(|e| e.to_string())?;
    let Some(pipe) = group.leader().stdout.take() else { return Err("it has no output".to_owned()) };
    let (sender, receiver) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        let mut text = Vec::new();
        let read = pipe.take(ANSWER).read_to_end(&mut text).map(|_| text);
        // Nobody listens where it took too long.
        let _ = sender.send(read);
    });
    let text = receiver.recv_timeout(PATIENCE).map_err(|_| format!("no answer in {} s", PATIENCE.as_secs()))?;
    let text = text.map_err(|e| e.to_string())?;
    let begun = std::time::Instant::now();
    while begun.elapsed() < PATIENCE {
        match group.ended().map_err(|e| e.to_string())? {
            Some(status) if status.success() => return Ok(text),
            Some(status) => return Err(status.to_string()),
            None => std::thread::sleep(Duration::from_millis(2)),
        }
    }
    Err("it did not end".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_interpreter_of_a_command_is_found() {
        let at = tempfile::tempdir().unwrap();
        let put = |name: &str, text: &str| {
            let path = at.path().join(name);
            std::fs::write(&path, text).unwrap();
            path.into_os_string()
        };
        let script = put("torchrun", "#!/opt/venv/bin/python3.11\nimport x\n");
        let by_env = put("train", "#!/usr/bin/env -S python3 -u\n");
        let shell = put("run.sh", "#!/bin/sh\npython train.py\n");
        let of = |words: &[&OsString]| interpreter(&words.iter().map(|w| (*w).clone()).collect::<Vec<_>>());
        let word = |text: &str| OsString::from(text);
        assert_eq!(of(&[&word("python3"), &word("a.py")]), Some("python3".into()), "itself");
        assert_eq!(of(&[&word("/v/bin/python"), &word("-m")]), Some("/v/bin/python".into()), "with its path");
        assert_eq!(of(&[&script]), Some("/opt/venv/bin/python3.11".into()), "a script");
        assert_eq!(of(&[&by_env]), Some("python3".into()), "a script by env");
        assert_eq!(
            of(&[&word("nice"), &word("-n"), &word("5"), &word("python"), &word("x.py")]),
            Some("python".into()),
            "below"
        );
        assert_eq!(
            of(&[&word("env"), &word("A=b"), &script]),
            Some("/opt/venv/bin/python3.11".into()),
            "a script below"
        );
        assert_eq!(of(&[&shell]), None, "a shell's script is not read");
        assert_eq!(of(&[&word("pythonic")]), None, "another name");
        assert_eq!(of(&[]), None, "nothing");
    }
}
