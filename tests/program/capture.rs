//! `capture` and `compare` of captures: the command is untouched, ids are stable, what changed is named, and no secret is kept.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

use crate::common::{program, run, status, stderr, without_adapters, words};

/// A project of its own: a repository with a program and data, and a path to a package and a driver that can be changed.
struct Project(tempfile::TempDir);

/// Files that are the same for each test.
const SCRIPT: &str =
    "import sys\nprint(sum(int(l) for l in open('data/a.txt')))\nopen('out.txt', 'w').write(sys.argv[-1])\n";

impl Project {
    fn new() -> Self {
        let project = Self(tempfile::tempdir().expect("a folder"));
        project.put("train.py", SCRIPT);
        project.put("data/a.txt", "1\n2\n");
        project.put("data/b.txt", "3\n");
        project.put("conf.yaml", "lr: 1e-3\nmodel:\n  dropout: 0.1\n");
        project.package("1.0");
        project.driver("550.54.15");
        project.git(&["init", "-q"]);
        project.git(&["add", "train.py"]);
        project.git(&["commit", "-q", "-m", "one"]);
        project
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn put(&self, name: &str, text: &str) {
        let path = self.at(name);
        std::fs::create_dir_all(path.parent().expect("a folder")).expect("made");
        std::fs::write(path, text).expect("written");
    }

    fn package(&self, version: &str) {
        let metadata = format!("Metadata-Version: 2.1\nName: Torch_Vision\nVersion: {version}\n");
        self.put("packages/torch_vision.dist-info/METADATA", &metadata);
    }

    /// A program of NVIDIA's name that tells of a card with this driver.
    fn driver(&self, version: &str) {
        self.put(
            "bin/nvidia-smi",
            &format!("#!/bin/sh\necho 'Planted Card, {version}, 1.0, Enabled, Disabled, 1 MiB'\n"),
        );
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt as _;
            let all = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(self.at("bin/nvidia-smi"), all).expect("executable");
        }
    }

    fn git(&self, arguments: &[&str]) {
        let names = ["-c", "user.name=a", "-c", "user.email=a@example.com", "-c", "commit.gpgsign=false"];
        let output = run(Command::new("git").args(names).args(arguments).current_dir(self.0.path()));
        assert_eq!(status(&output), 0, "git {arguments:?}: {}", stderr(&output));
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = without_adapters(&["capture"]);
        let path = std::env::var_os("PATH").unwrap_or_default();
        let folders = std::iter::once(self.at("bin")).chain(std::env::split_paths(&path));
        command
            .args(arguments)
            .current_dir(self.0.path())
            .env("PATH", std::env::join_paths(folders).expect("a path"))
            .env("PYTHONPATH", self.at("packages"));
        command
    }

    /// Captures the training into a folder.
    fn train(&self, out: &str, more: &[&str]) -> Value {
        let mut arguments =
            vec!["--data", "data", "--params", "conf.yaml", "--artifact", "out.txt", "--out", out, "--"];
        arguments.extend(["python3", "train.py", "--seed"]);
        arguments.extend(if more.is_empty() { &["1"] } else { more });
        let output = run(&mut self.command(&arguments));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        self.captured(out)
    }

    fn captured(&self, out: &str) -> Value {
        let text = std::fs::read(self.at(out).join("capture.json")).expect("a capture");
        serde_json::from_slice(&text).expect("JSON")
    }

    fn compare(&self, left: &str, right: &str, more: &[&str]) -> Output {
        run(program(&["compare", left, right]).args(more).current_dir(self.0.path()))
    }
}

/// A command that another one starts.
#[cfg(target_os = "linux")]
fn started_by(words: &[&str], inner: &Command) -> Command {
    let mut command = Command::new(words[0]);
    command.args(&words[1..]).arg(inner.get_program()).args(inner.get_args());
    if let Some(folder) = inner.get_current_dir() {
        command.current_dir(folder);
    }
    for (name, value) in inner.get_envs() {
        match value {
            Some(value) => command.env(name, value),
            None => command.env_remove(name),
        };
    }
    command
}

fn has_python() -> bool {
    let there =
        Command::new("python3").args(["-c", "import importlib.metadata"]).output().is_ok_and(|o| o.status.success());
    if !there {
        eprintln!("skipped: there is no python3 here");
    }
    there
}

#[cfg(unix)]
#[test]
fn ids_change_with_what_they_are_of_and_compare_names_it() {
    if !has_python() {
        return;
    }
    let project = Project::new();
    let first = project.train("r0", &[]);
    let ids = |capture: &Value| {
        let id = |name: &str| capture["ids"][name].as_str().expect("an id").to_owned();
        [id("situation"), id("with_machine"), id("run")]
    };
    let base = ids(&first);
    let again = ids(&project.train("r1", &[]));
    assert_eq!((&base[..2], base[2] == again[2]), (&again[..2], false), "the same command twice is one situation");
    let output = project.compare("r0", "r1", &["--fail-on", "anything"]);
    assert_eq!(status(&output), 0, "{}", words(&output));
    assert!(
        words(&output).starts_with("Nothing that was captured differs; its one result is the same"),
        "{}",
        words(&output)
    );
    assert_eq!(first["parameters"]["model.dropout"], "0.1", "hyperparameters");
    assert_eq!(first["software"]["packages"]["torch-vision"], "1.0", "packages of the command's interpreter");
    assert_eq!(first["code"]["untracked"], 4, "untracked files are counted: {}", first["code"]);

    // Each change by itself, whether the situation is another one, and what is said of it.
    let moved = |name: &str, situation: bool, told: &str, change: &dyn Fn(), back: &dyn Fn()| {
        let name = &format!("out-{name}");
        change();
        let now = ids(&project.train(name, &[]));
        assert_eq!((now[0] != base[0], now[1] != base[1]), (situation, true), "{name}: which ids are others");
        let output = project.compare("r0", name, &[]);
        assert!(words(&output).contains(told), "{name}: {}", words(&output));
        assert!(!words(&output).contains("caused"), "{name}: no cause is claimed");
        back();
        assert_eq!(ids(&project.train(name, &[]))[..2], base[..2], "{name}: back");
    };
    let put = |name: &'static str, text: &'static str| move |project: &Project| project.put(name, text);
    let (byte, old_byte) = (put("data/b.txt", "4\n"), put("data/b.txt", "3\n"));
    moved("data", true, "with other contents b.txt", &|| byte(&project), &|| old_byte(&project));
    moved("package", true, "Updates torch-vision: 1.0 → 1.1", &|| project.package("1.1"), &|| project.package("1.0"));
    let (new, old) = ("NVIDIA 550.54.15 → NVIDIA 550.54.16", "550.54.15");
    moved("driver", false, new, &|| project.driver("550.54.16"), &|| project.driver(old));
    let (conf, old_conf) = (
        put("conf.yaml", "lr: 0.001\nmodel:\n  dropout: 0.2\n"),
        put("conf.yaml", "lr: 0.001\nmodel: {dropout: 0.1}\n"),
    );
    moved("conf", true, "Dropout model.dropout: 0.1 → 0.2", &|| conf(&project), &|| old_conf(&project));
    let renamed = |from: &str, to: &str| std::fs::rename(project.at(from), project.at(to)).expect("renamed");
    let (away, home) = (|| renamed("data/b.txt", "data/0.txt"), || renamed("data/0.txt", "data/b.txt"));
    moved("names", true, "Shuffling names of files of data", &away, &home);
    let script = format!("{SCRIPT}# more\n");
    moved(
        "patch",
        true,
        "uncommitted changes: not there → 1 file changed",
        &|| project.put("train.py", &script),
        &|| {
            project.put("train.py", SCRIPT);
        },
    );
    project.train("seed", &["2"]);
    let output = project.compare("r0", "seed", &["--fail-on", "drift"]);
    assert_eq!(status(&output), 1, "another result is beyond drift");
    for told in ["its one result differs", "Initial weights argument seed: 1 → 2", "is not known: run again"] {
        assert!(words(&output).contains(told), "{told}: {}", words(&output));
    }
    // The same files in another commit.
    project.git(&["commit", "-q", "--allow-empty", "-m", "two"]);
    let now = ids(&project.train("commit", &[]));
    assert!(now[0] != base[0] && words(&project.compare("r0", "commit", &[])).contains("commit: "), "another commit");
    let folder = project.at("elsewhere");
    renamed("data", "elsewhere");
    let at = folder.to_string_lossy();
    let there = |out: &str, path: &str| {
        let arguments = ["--data", path, "--out", out, "--", "python3", "-c", "pass", path];
        let output = run(&mut project.command(&arguments));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        ids(&project.captured(out))
    };
    assert_eq!(there("p0", "elsewhere")[..2], there("p1", &at)[..2], "the path of the data is none of the situation");
}

#[cfg(unix)]
#[test]
fn the_command_is_untouched() {
    let project = Project::new();
    let shell = |script: &str| {
        let mut command = project.command(&["--", "sh", "-c", script]);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().expect("started");
        child.stdin.take().expect("a pipe").write_all(b"one\ntwo\n").expect("written");
        child.wait_with_output().expect("ended")
    };
    let output = shell("cat; echo said >&2; exit 7");
    assert_eq!((status(&output), &*output.stdout, &*output.stderr), (7, &b"one\ntwo\n"[..], &b"said\n"[..]), "streams");
    let exit = project.captured("repro-audit-capture")["command"]["exit"].clone();
    assert_eq!((exit["code"].as_i64(), exit["signal"].as_i64()), (Some(7), None), "its status is in the capture");
    assert_eq!(status(&shell("kill -9 $$")), 128 + 9, "a signal ends it");
    assert_eq!(project.captured("repro-audit-capture")["command"]["exit"]["signal"], 9, "and is in the capture");
    assert_eq!(status(&shell("kill -0 $PPID && exit 250")), 250, "any status");
    let absent = run(&mut project.command(&["--", "no-such-program"]));
    assert_eq!((status(&absent), stderr(&absent).lines().count()), (127, 1), "{}", stderr(&absent));
    let refused = run(&mut project.command(&["--", "./train.py"]));
    assert_eq!(status(&refused), 126, "{}", stderr(&refused));
    for arguments in
        [&["--data", "nowhere"][..], &["--params", "train.py"], &["--artifact", "a***b"], &["--out", "train.py"]]
    {
        let output = run(project.command(arguments).args(["--", "touch", "ran"]));
        assert_eq!((status(&output), stderr(&output).lines().count()), (2, 1), "{arguments:?}: {}", stderr(&output));
        assert!(!project.at("ran").exists(), "{arguments:?}: nothing ran");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_signal_reaches_the_command() {
    use rustix::process::{Pid, Signal, kill_process};
    use std::io::{BufRead as _, BufReader};
    let project = Project::new();
    for (signal, name) in [(Signal::TERM, "TERM"), (Signal::USR1, "USR1"), (Signal::INT, "INT"), (Signal::HUP, "HUP")] {
        let script = format!("trap 'echo caught; exit 9' {name}; echo ready; while :; do sleep 0.02; done");
        // Whoever runs the tests in the background has interrupts ignored, and `capture` leaves that so.
        let mut command = started_by(&["env", "--default-signal"], &project.command(&["--", "sh", "-c", &script]));
        let mut child = command.stdout(Stdio::piped()).spawn().expect("started");
        let mut lines = BufReader::new(child.stdout.take().expect("a pipe")).lines();
        assert_eq!(lines.next().and_then(Result::ok).as_deref(), Some("ready"), "it runs");
        let pid = i32::try_from(child.id()).ok().and_then(Pid::from_raw).expect("a process");
        kill_process(pid, signal).expect("sent");
        let rest: Vec<String> = lines.map_while(Result::ok).collect();
        assert_eq!(child.wait().expect("ended").code(), Some(9), "{name}: the command's own status");
        assert_eq!(rest, ["caught"], "{name}: once");
    }
}

/// On a terminal of its own the command sees a terminal, and an interrupt that is typed reaches it once.
#[cfg(target_os = "linux")]
#[test]
fn a_terminal_stays_one_and_its_interrupt_comes_once() {
    use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
    use std::fs::File;
    use std::io::Read as _;
    let project = Project::new();
    let master = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).expect("a terminal");
    grantpt(&master).and_then(|()| unlockpt(&master)).expect("granted");
    let name = ptsname(&master, Vec::new()).expect("a name").into_string().expect("text");
    let open = || File::options().read(true).write(true).open(&name).expect("the other end");
    let script = "n=0; trap 'n=$((n+1)); echo caught $n' INT; test -t 0 && test -t 1 && test -t 2 && echo tty; \
                  i=0; while test $i -lt 40; do sleep 0.02; test $n -gt 0 && i=$((i+1)); done; exit $n";
    // The session's leader, with the terminal as its own.
    let leader = ["setsid", "--ctty", "--wait", "env", "--default-signal"];
    let mut command = started_by(&leader, &project.command(&["--", "sh", "-c", script]));
    let mut child = command.stdin(open()).stdout(open()).stderr(open()).spawn().expect("setsid, of util-linux");
    // This process's own handles of the other end are closed with the command.
    drop(command);
    let mut master = File::from(master);
    let (mut seen, mut buffer, mut typed) = (String::new(), [0; 1024], false);
    while let Ok(n) = master.read(&mut buffer) {
        if n == 0 {
            break;
        }
        seen.push_str(&String::from_utf8_lossy(&buffer[..n]));
        if !typed && seen.contains("tty") {
            master.write_all(b"\x03").expect("typed");
            typed = true;
        }
        if seen.contains("The capture is") {
            break;
        }
    }
    assert_eq!(child.wait().expect("ended").code(), Some(1), "caught once: {seen}");
    assert!(seen.contains("caught 1") && !seen.contains("caught 2"), "{seen}");
}

#[cfg(unix)]
#[test]
fn secrets_never_reach_the_file() {
    let project = Project::new();
    project.put("conf.yaml", "lr: 1\nwandb:\n  api_key: planted-in-a-file\nurl: https://me:planted-pass@host/x\n");
    project.put("train.py", "key = 'planted-in-the-environment'\n");
    let mut command = project.command(&["--params", "conf.yaml", "--", "true", "--token", "planted-as-argument"]);
    command
        .args(["API_KEY=planted-as-assignment", "--url=x?planted-in-the-environment", "--password=planted-as-option"])
        .args(["--wandb.key=planted-1", "accessToken=planted-2", "--credentials", "planted-3", "--pat", "planted-4"])
        .args(["https://h/x?token=planted-5", "Authorization: Bearer planted-6", "https://me:p/planted-7@host/x"])
        .args(["-c", "x=1 HF_TOKEN=planted-8 true"])
        .env("WANDB_API_KEY", "planted-in-the-environment")
        .env("HF_TOKEN", "planted-as-token")
        .env("SOMETHING", "planted-anywhere")
        .env("XLA_FLAGS", "--x=planted-as-token")
        .env("PYTHONHASHSEED", "7");
    assert_eq!(status(&run(&mut command)), 0, "it ran");
    let text = std::fs::read_to_string(project.at("repro-audit-capture/capture.json")).expect("a capture");
    assert!(!text.contains("planted"), "a secret is in the file: {text}");
    let capture = project.captured("repro-audit-capture");
    assert_eq!(capture["variables"]["PYTHONHASHSEED"], "7", "what is on the list is there");
    assert!(capture["code"]["patch"]["text"].as_str().is_some_and(|p| p.contains("key = '[redacted]'")), "the patch");
    let mut command = project.command(&["--no-patch", "--", "true"]);
    assert_eq!(status(&run(&mut command)), 0, "it ran");
    let patch = project.captured("repro-audit-capture")["code"]["patch"].clone();
    assert!(patch["text"].is_null() && patch["digest"].is_string(), "{patch}");
}

#[cfg(unix)]
#[test]
fn a_variable_that_is_no_text_is_nobodys_end() {
    use std::os::unix::ffi::OsStrExt as _;
    let project = Project::new();
    let mut command = project.command(&["--", "true"]);
    let value = std::ffi::OsStr::from_bytes(b"planted\xff");
    command.env("FOO", value).env("XLA_FLAGS", value);
    assert_eq!(status(&run(&mut command)), 0, "it ran");
    let flags = &project.captured("repro-audit-capture")["variables"]["XLA_FLAGS"];
    assert_eq!(*flags, "planted\u{fffd}", "one on the list is there as far as it is text");
}

#[cfg(unix)]
#[test]
fn what_was_left_out_is_not_told_as_the_same() {
    let project = Project::new();
    for (out, token, key) in [("a", "one", "1"), ("b", "two", "1"), ("c", "one", "2")] {
        let arguments = ["--out", out, "--", "true", "--token", token, "--prng_key", key];
        assert_eq!(status(&run(&mut project.command(&arguments))), 0, "it ran");
    }
    let text = words(&project.compare("a", "b", &[]));
    assert!(text.contains("as far as is known without the secrets"), "{text}");
    assert!(text.contains("not compared: values in argument token"), "{text}");
    assert!(text.contains("Command but for secrets"), "{text}");
    let text = words(&project.compare("a", "c", &[]));
    assert!(text.contains("argument prng_key: 1 → 2") && text.contains("Two situations."), "{text}");
}

#[cfg(unix)]
#[test]
fn what_is_no_capture_is_told_in_one_line() {
    let project = Project::new();
    for out in ["a", "b"] {
        assert_eq!(status(&run(&mut project.command(&["--out", out, "--", "true"]))), 0, "it ran");
    }
    let output = project.compare("a", "b", &["--fail-on", "drift"]);
    assert_eq!(status(&output), 4, "no result was captured, so nothing is within a limit: {}", words(&output));
    assert!(words(&output).contains("Not captured"), "what was not captured is told: {}", words(&output));
    let text = std::fs::read_to_string(project.at("b/capture.json")).expect("a capture");
    let path = |name: &str| Path::new(name).join("capture.json");
    for (change, wanted, told) in [
        (text.replace("\"true\"", "\"false\""), 5, "was changed after it was written"),
        (text.replace("\"format\": 1", "\"format\": 9"), 5, "update repro-audit"),
        (text.replace("\"version\"", "\"vertion\""), 5, "is not a capture"),
        (text.replace("\"version\"", "\"more\": 1, \"version\""), 5, "unknown field `more`"),
    ] {
        assert_ne!(change, text, "it is another text");
        project.put("b/capture.json", &change);
        let output = project.compare("a", &path("b").to_string_lossy(), &[]);
        assert_eq!((status(&output), stderr(&output).lines().count()), (wanted, 1), "{}", stderr(&output));
        assert!(stderr(&output).contains(told), "{}", stderr(&output));
    }
    let output = project.compare("a", "train.py", &[]);
    assert_eq!(status(&output), 2, "{}", stderr(&output));
    project.put("c/capture.json", "mine");
    let output = run(&mut project.command(&["--out", "c", "--", "touch", "ran"]));
    assert!(status(&output) == 2 && !project.at("ran").exists(), "a file of another kind is not replaced");
}
