//! The state of the git repository that a command runs in, as git tells it.

use std::io::Read as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use super::secrets::Secrets;
use crate::model::capture::{Code, Patch};

/// The longest difference that is kept.
const PATCH: usize = 1 << 20;

/// git, which may not change anything, ask anybody, or run what a repository's settings name.
fn git() -> Command {
    let mut command = Command::new("git");
    command
        .args(["-c", "core.fsmonitor=false", "-c", "core.quotepath=false", "-c", "color.ui=false"])
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .env("LC_ALL", "C")
        .stdin(Stdio::null())
        .stderr(Stdio::null());
    command
}

/// What git says to a question; `None` where it fails.
fn told(arguments: &[&str]) -> Option<String> {
    let output = git().args(arguments).output().ok().filter(|o| o.status.success())?;
    Some(String::from_utf8_lossy(&output.stdout).trim_end_matches(['\n', '\r']).to_owned())
}

/// The top of the repository.
pub(super) fn top() -> Option<PathBuf> {
    told(&["rev-parse", "--show-toplevel"]).filter(|t| !t.is_empty()).map(PathBuf::from)
}

/// The state of the repository; `None` outside one.
pub(super) fn read(keep: bool, secrets: &Secrets, notes: &mut Vec<String>) -> Option<Code> {
    let Some(folder) = told(&["rev-parse", "--show-prefix"]) else {
        notes.push("code: the command ran outside any git repository that git can read".to_owned());
        return None;
    };
    let commit = told(&["rev-parse", "--verify", "--quiet", "HEAD"]).filter(|c| !c.is_empty());
    let branch = told(&["symbolic-ref", "--short", "--quiet", "HEAD"]).filter(|b| !b.is_empty());
    // Records end with NUL; of a renaming, the old name follows as a record of its own.
    let Some(status) = told(&["status", "--porcelain=v1", "-z", "--untracked-files=normal", "--no-renames"]) else {
        notes.push("code: git status failed".to_owned());
        return None;
    };
    let (mut changed, mut untracked) = (0, 0);
    for line in status.split('\0').filter(|l| !l.is_empty()) {
        if line.starts_with("??") {
            untracked += 1;
        } else {
            changed += 1;
        }
    }
    let patch = if changed > 0 { patch(commit.is_some(), keep, secrets, notes) } else { None };
    Some(Code { commit, branch, folder, changed, untracked, patch })
}

/// The difference of tracked files from the commit. Its form does not depend on anybody's settings.
fn patch(has_commit: bool, keep: bool, secrets: &Secrets, notes: &mut Vec<String>) -> Option<Patch> {
    let mut command = git();
    command.args([
        "diff",
        "--no-ext-diff",
        "--no-textconv",
        "--no-color",
        "--full-index",
        "--binary",
        "--no-renames",
        "-U3",
        "--inter-hunk-context=0",
        "--diff-algorithm=myers",
        "--src-prefix=a/",
        "--dst-prefix=b/",
        "--ignore-submodules=none",
    ]);
    command.arg(if has_commit { "HEAD" } else { "--cached" }).arg("--").arg(":/");
    let mut child = command.stdout(Stdio::piped()).spawn().ok()?;
    let mut pipe = child.stdout.take()?;
    let mut hasher = blake3::Hasher::new();
    let (mut text, mut bytes) = (Vec::new(), 0u64);
    let mut buffer = vec![0; 1 << 16];
    loop {
        match pipe.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => {
                hasher.update(&buffer[..n]);
                bytes += n as u64;
                let room = PATCH.saturating_add(1).saturating_sub(text.len());
                text.extend_from_slice(&buffer[..n.min(room)]);
            }
            Err(e) if e.kind() == std::io::ErrorKind::Interrupted => {}
            Err(_) => return None,
        }
    }
    if !child.wait().is_ok_and(|s| s.success()) {
        notes.push("code: git diff failed".to_owned());
        return None;
    }
    let (text, left_out) = if !keep {
        (None, Some("it was not asked for (--no-patch)".to_owned()))
    } else if text.len() > PATCH {
        (None, Some(format!("it has more than {} KiB", PATCH >> 10)))
    } else {
        match String::from_utf8(text) {
            Ok(text) => (Some(secrets.clean(&text)), None),
            Err(_) => (None, Some("it is no UTF-8 text".to_owned())),
        }
    };
    Some(Patch { digest: hasher.finalize().to_hex().to_string(), bytes, text, left_out })
}
