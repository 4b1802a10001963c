//! This process's side of a child: starting it, asking it, and what becomes of it when it does not answer.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::{Command, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, sync_channel};
use std::time::{Duration, Instant};

use super::caches::off_unless_told;
use super::sweep;
use super::worker::{Request, Response};
use crate::engines::interpreter::Mode;
use crate::model::{AdapterIdentity, Liberty};
use crate::process::frame::{self, FrameError};
use crate::process::{Group, Limits, Tail, interrupt, mib};

/// How often a child that has not answered is looked at: what it started may hold its pipes when it has ended.
const LOOK: Duration = Duration::from_millis(20);

/// How long its last words may take to come through the pipes.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// What opening an adapter may take at least, whatever a case may: a driver is slow to load on a machine that is busy.
const OPENING: Duration = Duration::from_secs(10);

/// How late a signal may be that was sent before an answer.
const LATE: Duration = Duration::from_millis(20);

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
    #[error("{0}")]
    NoAnswer(String),
    /// It answered something else than was asked.
    #[error("it answered {0} with something else")]
    Other(&'static str),
    /// It took too long.
    #[error("no answer within {} s; it was killed (--timeout sets the limit)", .0.as_secs())]
    Timeout(Duration),
    /// It took too much memory.
    #[error("it took more than {} MiB of memory; it was killed (--memory sets the limit)", mib(*.0))]
    Memory(u64),
    /// It sent this program a signal that ends it.
    #[error("it sent this program signal {0}, which would have ended the audit; it was killed")]
    Signal(i32),
    /// It ended; how, and its last line on standard error.
    #[error("{0}")]
    Ended(String),
}

/// A child process that serves one adapter.
#[derive(Debug)]
pub struct Child {
    group: Group,
    responses: Receiver<Result<Response, FrameError>>,
    errors: Tail,
    limits: Limits,
    opened: bool,
}

impl Child {
    pub(super) fn start(
        arguments: &[&str],
        variables: &BTreeMap<String, String>,
        limits: Limits,
    ) -> Result<Self, ChildError> {
        let program =
            std::env::current_exe().map_err(|e| ChildError::Start(format!("this program's own file: {e}")))?;
        let mut command = Command::new(program);
        command
            .args(["worker", "--parent", &std::process::id().to_string()])
            .args(arguments)
            .envs(off_unless_told(variables))
            .envs(variables)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        let mut group = Group::start(&mut command, limits.memory).map_err(|e| ChildError::Start(e.to_string()))?;
        let errors = group.leader().stderr.take().map(Tail::of).unwrap_or_default();
        // It answers when it is asked; one that writes more waits.
        let (sender, responses) = sync_channel(1);
        if let Some(mut out) = group.leader().stdout.take() {
            std::thread::spawn(move || {
                loop {
                    let message = frame::read(&mut out);
                    let last = message.is_err();
                    if sender.send(message).is_err() || last {
                        break;
                    }
                }
            });
        }
        Ok(Self { group, responses, errors, limits, opened: false })
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
        limits: Limits,
    ) -> Result<(Self, AdapterIdentity), ChildError> {
        let index = adapter.index.to_string();
        let folder = scratch.display().to_string();
        let mut arguments = vec!["--backend", &adapter.backend, "--index", &index, "--scratch", &folder];
        let modes: Vec<String> = planted.iter().map(|mode| format!("--planted={mode}")).collect();
        if adapter.is_embedded() {
            arguments.extend(modes.iter().map(String::as_str));
        }
        let mut child = Self::start(&arguments, variables, limits)?;
        match child.wait(limits.time.max(OPENING))? {
            Response::Opened { adapter: opened } if opened.name == adapter.name || !variables.is_empty() => {
                Ok((child, *opened))
            }
            Response::Opened { adapter: opened } => Err(ChildError::Changed(opened.name)),
            Response::Failed { reason, .. } => Err(ChildError::Failed(reason)),
            _ => Err(ChildError::Other("the opening")),
        }
    }

    /// The last thing that its driver said, on standard output or error.
    pub(super) fn said(&self) -> Option<String> {
        self.errors.last()
    }

    /// Asks for one case, which may take so long.
    pub(super) fn ask(&mut self, case: &str, repeats: u32, limit: Duration) -> Result<Response, ChildError> {
        self.request(&Request::Case { case: case.to_owned(), repeats }, limit)
    }

    /// Asks for a sweep. The limit of time is one chunk's; `done` is told how many inputs are done.
    pub(super) fn sweep(&mut self, asked: sweep::Asked, done: &mut dyn FnMut(u64)) -> Result<Response, ChildError> {
        let mut answer = self.request(&Request::Sweep(asked), self.limits.time)?;
        while let Response::Sweeping { done: inputs } = answer {
            done(inputs);
            answer = self.wait(self.limits.time)?;
        }
        Ok(answer)
    }

    /// Asks for steps of a training. The limit of time is one chunk's; `made` is told each step that was reached, and the digest
    /// of the words there.
    pub(super) fn train(
        &mut self,
        asked: &super::train::Asked,
        made: &mut dyn FnMut(u32, String),
    ) -> Result<Response, ChildError> {
        let mut answer = self.request(&Request::Train { asked: asked.clone() }, self.limits.time)?;
        while let Response::Training { step, digest } = answer {
            made(step, digest);
            answer = self.wait(self.limits.time)?;
        }
        Ok(answer)
    }

    /// Asks what reproduces a case, with liberties that are open.
    pub(super) fn explain(&mut self, case: &str, liberties: &[Liberty]) -> Result<Response, ChildError> {
        self.request(&Request::Explain { case: case.to_owned(), liberties: liberties.to_vec() }, self.limits.time)
    }

    /// Asks for rules of the operations that came up in what was explained.
    pub(super) fn name(&mut self) -> Result<Response, ChildError> {
        self.request(&Request::Name, self.limits.time)
    }

    fn request(&mut self, request: &Request, limit: Duration) -> Result<Response, ChildError> {
        let written = self.group.leader().stdin.as_mut().map(|pipe| frame::write(pipe, request));
        match written {
            Some(Ok(())) => self.wait(limit),
            // It died since the last case; waiting says how.
            _ => {
                self.wait(Duration::from_secs(1)).and(Err(ChildError::Ended("it closed its standard input".to_owned())))
            }
        }
    }

    /// Waits for a message, no longer than `limit`. A child that gives none is killed.
    pub(super) fn wait(&mut self, limit: Duration) -> Result<Response, ChildError> {
        let begun = Instant::now();
        let answer = loop {
            match self.responses.recv_timeout(LOOK.min(limit)) {
                Ok(Ok(response)) => break Ok(response),
                // It closes its pipe when it ends.
                Ok(Err(FrameError::Closed)) | Err(RecvTimeoutError::Disconnected) => {
                    break Err(ChildError::Ended(self.how_it_ended()));
                }
                Ok(Err(wrong)) => break Err(ChildError::NoAnswer(wrong.to_string())),
                Err(RecvTimeoutError::Timeout) if begun.elapsed() >= limit => break Err(ChildError::Timeout(limit)),
                Err(RecvTimeoutError::Timeout) => {
                    let ended = !matches!(self.group.ended(), Ok(None));
                    if ended {
                        // An answer may be in the pipe still.
                        break match self.responses.recv_timeout(LAST_WORDS) {
                            Ok(Ok(response)) => Ok(response),
                            _ => Err(ChildError::Ended(self.how_it_ended())),
                        };
                    }
                }
            }
        };
        if !self.opened {
            // While it loads a driver may send this program a signal, and that may come after the answer.
            std::thread::sleep(LATE);
            self.opened = true;
        }
        if let Some(signal) = interrupt::sent_by(self.group.id()) {
            self.group.kill();
            return Err(ChildError::Signal(signal));
        }
        if answer.is_err() {
            self.group.kill();
            if let Some(limit) = self.group.over_memory() {
                return Err(ChildError::Memory(limit));
            }
        }
        answer
    }

    /// How the child ended, and its last line on standard error.
    fn how_it_ended(&mut self) -> String {
        let begun = Instant::now();
        // It may close its pipe some time before it ends.
        while begun.elapsed() < LAST_WORDS && matches!(self.group.ended(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(1));
        }
        let ended = self.group.kill().map_or_else(|| "it ended, and its status can't be read".to_owned(), how);
        self.errors.wait(LAST_WORDS);
        match self.errors.last() {
            Some(line) => format!("{ended}; its last line: {line}"),
            None => ended,
        }
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // Closing its input asks the child to end. A driver that hangs on the way out is not waited for.
        drop(self.group.leader().stdin.take());
        let patience = Instant::now();
        while patience.elapsed() < Duration::from_millis(300) && matches!(self.group.ended(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
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
