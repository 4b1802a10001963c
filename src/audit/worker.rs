//! The child process: opens one adapter, and answers one message after another.

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::blobs::Blobs;
use super::fault::Fault;
use super::{explain, own, plan, sweep, train};
use crate::engines::gpu;
use crate::engines::interpreter::{self, Mode};
use crate::engines::{self, Answer, Engine, RunError};
use crate::kernels::user;
use crate::model::bits::Bits;
use crate::model::explained::{Operation, Pair, SumOrder};
use crate::model::sweep::Swept;
use crate::model::{AdapterIdentity, Finding, Liberty, Skip};
use crate::process::frame::{self, FrameError};
use crate::process::{Pipes, detach, end, end_with_parent, has_parent, shown};
use crate::record::Distinct;

/// What a child is asked.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "request")]
pub(super) enum Request {
    /// To run a case.
    Case { case: String, repeats: u32 },
    /// To sweep a function.
    Sweep(sweep::Asked),
    /// To find what reproduces a case, with liberties that are open.
    Explain { case: String, liberties: Vec<Liberty> },
    /// For rules of all operations that came up in the cases that were explained.
    Name,
    /// To make steps of a training.
    Train { asked: train::Asked },
}

impl Request {
    /// What names it.
    fn id(&self) -> String {
        match self {
            Self::Case { case, .. } | Self::Explain { case, .. } => case.clone(),
            Self::Name => "name".to_owned(),
            Self::Sweep(asked) => format!("sweep/{}", asked.function),
            Self::Train { asked } => format!("train/{}?step={}", asked.training.tier.name(), asked.step),
        }
    }
}

/// What a child answers. The first is of the opening.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "response")]
pub(super) enum Response {
    /// The adapters of a backend.
    Adapters { adapters: Vec<AdapterIdentity> },
    /// The adapter is open.
    Opened { adapter: Box<AdapterIdentity> },
    /// The case ran; the kept outputs are in the scratch folder under their digests.
    Ran { runs: u32, distinct: Vec<Distinct>, kept: usize, seconds: f64, findings: Vec<Finding> },
    /// The case cannot run here.
    Skipped { why: Skip },
    /// So many inputs of a sweep are done.
    Sweeping { done: u64 },
    /// A sweep is done.
    Swept { swept: Box<Swept> },
    /// A training has made so many steps, and the words with this digest.
    Training { step: u32, digest: String },
    /// A training has made all of its steps.
    Trained { step: u32 },
    /// The digest of a case, and what reproduces it where it is not the strict one.
    Explained { digest: String, pair: Option<Box<Pair>> },
    /// Operations that are not strict, with their rules, and the orders in which sums are added.
    Named { operations: Vec<Operation>, orders: Vec<SumOrder> },
    /// Elements of the output were never written.
    Unwritten { count: u64, first: u64, reason: String },
    /// The case failed.
    Failed { reason: String, fatal: bool },
}

/// How the name of a scratch folder begins.
pub const SCRATCH: &str = "repro-audit-";

/// Which adapter a child serves, or that it only lists a backend.
#[derive(Debug, Clone)]
pub enum Duty {
    /// List the adapters of a backend.
    List {
        /// The backend.
        backend: String,
    },
    /// Serve one adapter.
    Serve {
        /// The backend.
        backend: String,
        /// The adapter's place there.
        index: usize,
        /// The scratch folder.
        scratch: PathBuf,
        /// The modes of the embedded adapters from number 1 on; number 0 is strict.
        planted: Vec<Mode>,
    },
}

/// Does its duty until `parent` closes the pipe, or ends.
///
/// # Errors
/// Those of the pipes.
pub fn work(duty: Duty, parent: u32) -> std::io::Result<()> {
    // Before any driver is loaded.
    let mut pipes = detach()?;
    let scratch = match &duty {
        Duty::List { .. } => None,
        Duty::Serve { scratch, .. } => Some(scratch.clone()),
    };
    let _last = Last { parent, scratch: scratch.clone() };
    end_with_parent(parent, move || put_away(scratch.as_deref()));
    let done = match duty {
        Duty::List { backend } => send(&mut pipes, &Response::Adapters { adapters: gpu::enumerate(&backend) }),
        Duty::Serve { backend, index, scratch, planted } => serve(&mut pipes, &backend, index, &planted, &scratch),
    };
    if let Err(e) = &done {
        // Nobody may read it any more, and `eprintln` panics then.
        let _ = writeln!(std::io::stderr(), "its pipe failed: {e}");
    }
    done
}

/// Ends the child when all is said: a driver may have started something, and some hang on the way out. A panic's exit
/// status is the parent's to see, who then ends the rest; unless there is none any more.
struct Last {
    parent: u32,
    scratch: Option<PathBuf>,
}

/// How long after a process closed its pipes it may still be there: the system closes them first.
const LAST: Duration = Duration::from_millis(50);

/// Removes the scratch folder of a parent that was killed, and could not do so itself.
fn put_away(scratch: Option<&Path>) {
    let own = |path: &&Path| path.file_name().is_some_and(|n| n.to_string_lossy().starts_with(SCRATCH));
    if let Some(scratch) = scratch.filter(own) {
        // Another child may be at it too, or still write there: the last one finds it alone.
        let _ = std::fs::remove_dir_all(scratch);
    }
}

impl Drop for Last {
    fn drop(&mut self) {
        if self.scratch.is_some() && has_parent(self.parent) {
            std::thread::sleep(LAST);
        }
        if !has_parent(self.parent) {
            put_away(self.scratch.as_deref());
        }
        if !std::thread::panicking() || !has_parent(self.parent) {
            end();
        }
    }
}

fn send(pipes: &mut Pipes, response: &Response) -> std::io::Result<()> {
    frame::write(&mut *pipes.answers, response)
}

fn open(backend: &str, index: usize, planted: &[Mode]) -> Result<Box<dyn Engine>, RunError> {
    if backend != interpreter::BACKEND {
        return engines::adapter(backend, index);
    }
    let mode = interpreter::mode(index, planted)
        .ok_or_else(|| RunError::Gone(format!("no mode was given for interpreter number {index}")))?;
    Ok(engines::interpreting(mode, index))
}

fn serve(pipes: &mut Pipes, backend: &str, index: usize, planted: &[Mode], scratch: &Path) -> std::io::Result<()> {
    let own = match own::take(scratch) {
        Ok(own) => own,
        Err(e) => return send(pipes, &Response::Failed { reason: e.to_string(), fatal: true }),
    };
    let mut engine = match open(backend, index, planted) {
        Ok(engine) => engine,
        Err(e) => return send(pipes, &Response::Failed { reason: e.to_string(), fatal: true }),
    };
    let fault = Fault::planned(&engine.identity().label());
    if fault.as_ref().is_some_and(Fault::no_device) {
        return send(pipes, &Response::Failed { reason: "no device: a fault on purpose".to_owned(), fatal: true });
    }
    send(pipes, &Response::Opened { adapter: Box::new(engine.identity().clone()) })?;
    // What the adapter gave for single operations serves all cases.
    let answers = Arc::default();
    loop {
        let request: Request = match frame::read(&mut *pipes.requests) {
            Ok(request) => request,
            Err(FrameError::Closed) => return Ok(()),
            Err(e) => return Err(std::io::Error::other(e)),
        };
        if let Some(fault) = &fault {
            fault.strike(&request.id(), &mut *pipes.answers);
        }
        let response = match request {
            Request::Case { case, repeats } => respond(engine.as_mut(), &case, repeats, own.as_ref(), scratch),
            Request::Explain { case, liberties } => {
                let answer = explain::answer(engine.as_mut(), &answers, (own.as_ref(), &case), &liberties);
                answer.unwrap_or_else(|e| failed(&e))
            }
            Request::Name => {
                let found = explain::operations(engine.as_mut(), &answers);
                match found.and_then(|operations| Ok((operations, explain::sums(engine.as_mut(), &answers)?))) {
                    Ok((operations, orders)) => Response::Named { operations, orders },
                    Err(e) => failed(&e),
                }
            }
            Request::Train { asked } => {
                let mut made = |step, digest| send(pipes, &Response::Training { step, digest });
                let answer = train::answer(engine.as_mut(), &asked, &train::blobs(scratch), &mut made);
                answer.unwrap_or_else(|e| failed(&e))
            }
            Request::Sweep(asked) => {
                let mut done = |done| send(pipes, &Response::Sweeping { done });
                let answer = sweep::answer(engine.as_mut(), &asked, &mut done);
                answer.unwrap_or_else(|e| failed(&e))
            }
        };
        send(pipes, &response)?;
    }
}

fn respond(engine: &mut dyn Engine, case: &str, repeats: u32, own: Option<&user::Kernel>, scratch: &Path) -> Response {
    let failed = |reason: String| Response::Failed { reason, fatal: false };
    let problem = match plan::problem(own, case) {
        Ok(problem) => problem,
        Err(e) => return failed(e.to_string()),
    };
    respond_to(engine.run(&problem.program_task(), repeats), &Blobs::new(scratch, case, ""))
}

/// An engine's answer, with the outputs that it kept stored.
pub(super) fn respond_to(answer: Answer, blobs: &Blobs) -> Response {
    match answer {
        Answer::Ran(runs) => {
            let mut kept = 0;
            for one in &runs.distinct {
                if let Some(bits) = &one.bits {
                    if let Err(e) = blobs.put(bits, &one.digest) {
                        return Response::Failed { reason: e.to_string(), fatal: false };
                    }
                    kept += 1;
                }
            }
            let several = runs.distinct.len() > 1;
            let bits = |place: usize, bits: Option<Bits>| {
                let one = bits.filter(|b| several && b.len == 1 && place < Distinct::VALUES)?;
                Some(one.dtype.hex(one.get(0)))
            };
            let distinct = (0..).zip(runs.distinct);
            let distinct =
                distinct.map(|(i, d)| Distinct { digest: d.digest, runs: d.runs, bits: bits(i, d.bits) }).collect();
            Response::Ran { runs: runs.runs, distinct, kept, seconds: runs.seconds, findings: runs.findings }
        }
        Answer::Skipped(why) => Response::Skipped { why },
        Answer::Failed(e) => failed(&e),
    }
}

/// That an engine failed.
pub(super) fn failed(e: &RunError) -> Response {
    match e {
        RunError::Unwritten { count, first, .. } => {
            Response::Unwritten { count: *count as u64, first: *first as u64, reason: e.to_string() }
        }
        // After a driver's failure the device may be lost: a fresh child is surer than a guess.
        _ => Response::Failed { reason: shown(&e.to_string()), fatal: matches!(e, RunError::Driver(_)) },
    }
}
