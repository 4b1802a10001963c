//! An engine in another process, in any language: it is given operations and tensors, and gives bits. `docs/remote.md` is
//! the protocol, `examples/remote_numpy.py` an engine.

mod wire;

use std::io::{BufReader, Write as _};
use std::process::{ChildStdin, ChildStdout, Command, Stdio};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::{Duration, Instant};

use super::collect::Tally;
use super::{Answer, Engine};
use crate::model::adapter::REMOTE;
use crate::model::{AdapterIdentity, RunError, Runs, Skip, Task};
use crate::process::{Group, Tail, default_limit, mib, shown};
pub use wire::{Hello, Reply, WireError, hello, reply};

/// The protocol's version.
pub const PROTOCOL: u32 = 1;

/// How long a process may take to say who it is: frameworks are slow to load.
const OPENING: Duration = Duration::from_secs(120);

/// How often a process that failed is started again.
const RESTARTS: u32 = 3;

/// A running process and its pipes.
struct Process {
    group: Group,
    errors: Tail,
    pipes: Option<(ChildStdin, BufReader<ChildStdout>)>,
}

/// See the module.
pub struct Remote {
    command: String,
    limit: Duration,
    identity: AdapterIdentity,
    process: Option<Process>,
    restarts: u32,
}

impl Remote {
    /// Starts a process with a shell's command and waits until it says who it is. `index` is its place among the remote
    /// engines of an audit; a task may take as long as `limit`.
    ///
    /// # Errors
    /// When it does not start, does not speak the protocol, or takes too long.
    pub fn open(command: &str, index: usize, limit: Duration) -> Result<Self, RunError> {
        let (process, hello) = Process::start(command)?;
        let identity = AdapterIdentity {
            name: shown(&hello.engine),
            index,
            driver: shown(&hello.about),
            driver_info: shown(&hello.version),
            ..AdapterIdentity::unlisted(REMOTE)
        };
        Ok(Self { command: command.to_owned(), limit, identity, process: Some(process), restarts: RESTARTS })
    }

    fn ask(&mut self, task: &Task, repeats: u32) -> Result<Answer, RunError> {
        task.check().map_err(|wrong| RunError::Task(wrong.to_string()))?;
        let Some(operation) = &task.operation else {
            let said = "the case names no operation".to_owned();
            return Ok(Answer::Skipped(Skip::Operation { operation: "WGSL".to_owned(), said }));
        };
        let mut process = match self.process.take() {
            Some(process) => process,
            None if self.restarts == 0 => {
                return Err(RunError::Gone(format!("it failed {RESTARTS} times and is not started again")));
            }
            None => {
                self.restarts -= 1;
                Process::start(&self.command)?.0
            }
        };
        let request = wire::task(operation, task, repeats).map_err(failed)?;
        let started = Instant::now();
        let asked = Task { operation: None, program: None, dtype: task.dtype, shape: task.shape.clone() };
        let reply = process.exchange(self.limit, move |to, from| {
            to.write_all(&request)?;
            to.flush()?;
            reply(from, &asked, repeats)
        })?;
        // A process that failed to answer is gone by now; this one is fit for the next task.
        self.process = Some(process);
        let seconds = started.elapsed().as_secs_f64();
        match reply {
            Reply::Skipped(said) => {
                Ok(Answer::Skipped(Skip::Operation { operation: operation.name.clone(), said: shown(&said) }))
            }
            Reply::Failed(reason) => Err(RunError::Stopped(shown(&reason))),
            Reply::Ran(results) => {
                let mut tally = Tally::default();
                results.into_iter().for_each(|(bits, runs)| tally.add(bits, runs));
                let distinct = tally.finish();
                Ok(Answer::Ran(Runs { distinct, runs: repeats, seconds, compile_seconds: 0.0, findings: Vec::new() }))
            }
        }
    }
}

impl Engine for Remote {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn run(&mut self, task: &Task, repeats: u32) -> Answer {
        self.ask(task, repeats.max(1)).unwrap_or_else(Answer::Failed)
    }
}

impl Process {
    fn start(command: &str) -> Result<(Self, Hello), RunError> {
        let mut shell = if cfg!(windows) { Command::new("cmd") } else { Command::new("sh") };
        shell.arg(if cfg!(windows) { "/C" } else { "-c" }).arg(command);
        shell.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut group = Group::start(&mut shell, default_limit())
            .map_err(|e| RunError::Gone(format!("'{}' can't be started: {e}", shown(command))))?;
        let leader = group.leader();
        let pipes = leader.stdin.take().zip(leader.stdout.take().map(BufReader::new));
        let errors = leader.stderr.take().map(Tail::of).unwrap_or_default();
        let mut process = Self { group, errors, pipes };
        let hello = process.exchange(OPENING, |_, from| hello(from))?;
        if hello.protocol != PROTOCOL {
            let spoken = hello.protocol;
            return Err(RunError::Gone(format!("it speaks protocol {spoken}, and this program speaks {PROTOCOL}")));
        }
        Ok((process, hello))
    }

    /// Talks with the process, no longer than `limit`. One that fails to answer is killed.
    fn exchange<T: Send + 'static>(
        &mut self,
        limit: Duration,
        talk: impl FnOnce(&mut ChildStdin, &mut BufReader<ChildStdout>) -> Result<T, WireError> + Send + 'static,
    ) -> Result<T, RunError> {
        let Some((mut to, mut from)) = self.pipes.take() else {
            return Err(RunError::Gone("it is not running".to_owned()));
        };
        let (sender, receiver) = channel();
        std::thread::spawn(move || {
            let said = talk(&mut to, &mut from);
            // Nobody listens any more where it took too long.
            let _ = sender.send((said, to, from));
        });
        match receiver.recv_timeout(limit) {
            Ok((Ok(said), to, from)) => {
                self.pipes = Some((to, from));
                Ok(said)
            }
            Ok((Err(wrong), ..)) => Err(self.gone(&wrong.to_string())),
            Err(RecvTimeoutError::Timeout) => {
                Err(self.gone(&format!("no answer within {} s; it was killed", limit.as_secs_f64())))
            }
            Err(RecvTimeoutError::Disconnected) => Err(self.gone("the thread that read its answer failed")),
        }
    }

    /// Ends a process that failed, and says why with its last line on standard error.
    fn gone(&mut self, why: &str) -> RunError {
        self.group.kill();
        self.errors.wait(Duration::from_millis(200));
        let why = match self.group.over_memory() {
            Some(limit) => format!("it took more than {} MiB of memory; it was killed", mib(limit)),
            None => shown(why),
        };
        RunError::Gone(match self.errors.last() {
            Some(line) => format!("{why}; its last line: {line}"),
            None => why,
        })
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // Its input ends, which asks it to end. One that does not is not waited for.
        drop(self.pipes.take());
        let patience = Instant::now();
        while patience.elapsed() < Duration::from_millis(300) && matches!(self.group.ended(), Ok(None)) {
            std::thread::sleep(Duration::from_millis(5));
        }
    }
}

fn failed(wrong: WireError) -> RunError {
    RunError::Gone(shown(&wrong.to_string()))
}
