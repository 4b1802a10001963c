//! This process's side of a child: starting it, asking it, and what becomes of it when it does not answer.

use std::collections::{BTreeMap, VecDeque};
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::worker::{Request, Response, one_line};
use crate::engines::gpu::backend_names;
use crate::engines::interpreter::{self, Mode};
use crate::model::AdapterIdentity;

/// How long listing the adapters of one backend, or opening one, may take.
const OPENING: Duration = Duration::from_secs(60);

/// How many of a child's last lines on standard error are kept, to say why it died.
const KEPT_LINES: usize = 8;

/// Lines that drivers write on every start and that explain nothing.
const NOISE: [&str; 4] = ["XDG_RUNTIME_DIR", "lavapipe is not a conformant", "MESA-INTEL: warning", "RUST_BACKTRACE"];

/// Why a child process gave no answer.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ChildError {
    /// It could not be started.
    #[error("can't start a child process: {0}")]
    Start(String),
    /// It says itself what failed.
    #[error("{0}")]
    Failed(String),
    /// Another adapter is in the place of the one that was asked for.
    #[error("the adapter in its place is now '{0}': the machine's adapters changed")]
    Changed(String),
    /// It wrote something that is no answer.
    #[error("it wrote '{0}'")]
    NoAnswer(String),
    /// It answered something else than was asked.
    #[error("it answered {0} with something else")]
    Other(&'static str),
    /// It took too long.
    #[error("no answer within {} s; it was killed (--timeout sets the limit)", .0.as_secs())]
    Timeout(Duration),
    /// It ended; how, and its last line on standard error.
    #[error("{0}")]
    Ended(String),
}

/// A child process that serves one adapter.
#[derive(Debug)]
pub struct Child {
    process: std::process::Child,
    responses: Receiver<Result<Response, ChildError>>,
    errors: Arc<Mutex<VecDeque<String>>>,
}

impl Child {
    fn start(arguments: &[&str], variables: &BTreeMap<String, String>) -> Result<Self, ChildError> {
        let program =
            std::env::current_exe().map_err(|e| ChildError::Start(format!("this program's own file: {e}")))?;
        let mut process = Command::new(program)
            .arg("worker")
            .args(arguments)
            .envs(variables)
            // A cached shader would hide what a variable changes.
            .env("MESA_SHADER_CACHE_DISABLE", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|e| ChildError::Start(e.to_string()))?;
        let (sender, responses) = channel();
        if let Some(out) = process.stdout.take() {
            std::thread::spawn(move || {
                for line in BufReader::new(out).lines() {
                    let parsed = line
                        .map_err(|e| ChildError::NoAnswer(e.to_string()))
                        .and_then(|line| serde_json::from_str(&line).map_err(|_| ChildError::NoAnswer(shorten(&line))));
                    if sender.send(parsed).is_err() {
                        break;
                    }
                }
            });
        }
        let errors = Arc::new(Mutex::new(VecDeque::new()));
        if let Some(err) = process.stderr.take() {
            let lines = Arc::clone(&errors);
            std::thread::spawn(move || {
                for line in BufReader::new(err).lines().map_while(Result::ok) {
                    if NOISE.iter().any(|n| line.contains(n)) {
                        continue;
                    }
                    if let Ok(mut kept) = lines.lock() {
                        kept.push_back(line);
                        while kept.len() > KEPT_LINES {
                            kept.pop_front();
                        }
                    }
                }
            });
        }
        Ok(Self { process, responses, errors })
    }

    /// Starts a child for one adapter and waits until it is open.
    ///
    /// # Errors
    /// One line that says why it is not.
    pub fn serve(
        adapter: &AdapterIdentity,
        variables: &BTreeMap<String, String>,
        scratch: &Path,
        planted: &[Mode],
    ) -> Result<(Self, AdapterIdentity), ChildError> {
        let index = adapter.index.to_string();
        let folder = scratch.display().to_string();
        let mut arguments = vec!["--backend", &adapter.backend, "--index", &index, "--scratch", &folder];
        let modes: Vec<String> = planted.iter().map(|mode| format!("--planted={mode}")).collect();
        if adapter.is_embedded() {
            arguments.extend(modes.iter().map(String::as_str));
        }
        let mut child = Self::start(&arguments, variables)?;
        match child.wait(OPENING)? {
            Response::Opened { adapter: opened } if opened.name == adapter.name || !variables.is_empty() => {
                Ok((child, *opened))
            }
            Response::Opened { adapter: opened } => Err(ChildError::Changed(opened.name)),
            Response::Failed { reason, .. } => Err(ChildError::Failed(reason)),
            _ => Err(ChildError::Other("the opening")),
        }
    }

    /// Asks for one case.
    pub(super) fn ask(&mut self, case: &str, repeats: u32, limit: Duration) -> Result<Response, ChildError> {
        let mut line = serde_json::to_vec(&Request { case: case.to_owned(), repeats })
            .map_err(|e| ChildError::Start(e.to_string()))?;
        line.push(b'\n');
        let written = self.process.stdin.as_mut().map(|pipe| pipe.write_all(&line).and_then(|()| pipe.flush()));
        match written {
            Some(Ok(())) => self.wait(limit),
            // It died since the last case; waiting says how.
            _ => {
                self.wait(Duration::from_secs(1)).and(Err(ChildError::Ended("it closed its standard input".to_owned())))
            }
        }
    }

    fn wait(&mut self, limit: Duration) -> Result<Response, ChildError> {
        match self.responses.recv_timeout(limit) {
            Ok(Ok(response)) => Ok(response),
            Ok(Err(garbage)) => {
                self.kill();
                Err(garbage)
            }
            Err(RecvTimeoutError::Timeout) => {
                self.kill();
                Err(ChildError::Timeout(limit))
            }
            Err(RecvTimeoutError::Disconnected) => Err(ChildError::Ended(self.how_it_ended())),
        }
    }

    fn kill(&mut self) {
        // Both fail only where the child is already gone.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }

    /// How the child ended, and its last line on standard error.
    fn how_it_ended(&mut self) -> String {
        let ended = match self.process.wait() {
            Ok(status) => how(status),
            Err(e) => format!("it ended, and its status can't be read: {e}"),
        };
        let last = self.errors.lock().ok().and_then(|lines| lines.back().cloned());
        match last {
            Some(line) => format!("{ended}; its last line: {}", shorten(&line)),
            None => ended,
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Closing its input asks the child to end. A driver that hangs on the way out is not waited for.
        drop(self.process.stdin.take());
        let patience = std::time::Instant::now();
        while patience.elapsed() < Duration::from_millis(300) {
            if !matches!(self.process.try_wait(), Ok(None)) {
                return;
            }
            std::thread::sleep(Duration::from_millis(5));
        }
        self.kill();
    }
}

fn how(status: std::process::ExitStatus) -> String {
    #[cfg(unix)]
    {
        use std::os::unix::process::ExitStatusExt as _;
        if let Some(signal) = status.signal() {
            return format!("its process died of signal {signal}");
        }
    }
    match status.code() {
        Some(code) => format!("its process ended with status {code}"),
        None => "its process ended".to_owned(),
    }
}

fn shorten(line: &str) -> String {
    let line = one_line(line);
    if line.chars().count() <= 160 { line } else { line.chars().take(157).chain("...".chars()).collect() }
}

/// All adapters of all backends, each backend listed by a child of its own: loading a broken driver may crash. Backends
/// that could not be listed are given with the reason. The embedded adapters, of which there is always one, are last.
#[must_use]
pub fn adapters(
    variables: &BTreeMap<String, String>,
    planted: &[Mode],
) -> (Vec<AdapterIdentity>, Vec<(String, String)>) {
    let (mut found, mut failed) = (Vec::new(), Vec::new());
    // All at once: on a machine with one backend the others cost only their start.
    let children: Vec<_> =
        backend_names().iter().map(|b| (*b, Child::start(&["--backend", b, "--list"], variables))).collect();
    for (backend, child) in children {
        let response = child.and_then(|mut c| c.wait(OPENING));
        match response {
            Ok(Response::Adapters { adapters }) => found.extend(adapters),
            Ok(_) => failed.push((backend.to_owned(), "it answered with something else".to_owned())),
            Err(e) => failed.push((backend.to_owned(), e.to_string())),
        }
    }
    found.extend(interpreter::identities(planted));
    (found, failed)
}
