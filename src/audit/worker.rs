//! The child's side: opens one adapter, and answers one line for each line it is asked.

use std::io::{BufRead as _, Write as _};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::blobs::Blobs;
use super::fault::Fault;
use super::{own, plan};
use crate::engines::gpu;
use crate::engines::interpreter::{self, Mode};
use crate::engines::{RunError, Runs};
use crate::kernels::Program;
use crate::kernels::user;
use crate::model::{AdapterIdentity, Finding, Skip};
use crate::record::Distinct;

/// What a child is asked, one JSON line each.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Request {
    pub(super) case: String,
    pub(super) repeats: u32,
}

/// What a child answers, one JSON line each. The first answers the opening.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "lowercase", tag = "answer")]
pub(super) enum Answer {
    /// The adapters of a backend.
    Adapters { adapters: Vec<AdapterIdentity> },
    /// The adapter is open.
    Opened { adapter: Box<AdapterIdentity> },
    /// The case ran; the kept outputs are in the scratch folder under their digests.
    Ran { runs: u32, distinct: Vec<Distinct>, kept: usize, seconds: f64, findings: Vec<Finding> },
    /// The case can not run here.
    Skipped { why: Skip },
    /// Elements of the output were never written.
    Unwritten { count: u64, first: u64, reason: String },
    /// The case failed.
    Failed { reason: String, fatal: bool },
}

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

/// Does its duty until standard input ends.
///
/// # Errors
/// Those of standard input and output.
pub fn work(duty: Duty) -> std::io::Result<()> {
    match duty {
        Duty::List { backend } => say(&Answer::Adapters { adapters: gpu::enumerate(&backend) }),
        Duty::Serve { backend, index, scratch, planted } => serve(&backend, index, &planted, &scratch),
    }
}

fn say(answer: &Answer) -> std::io::Result<()> {
    let mut line = serde_json::to_vec(answer)?;
    line.push(b'\n');
    let mut out = std::io::stdout().lock();
    out.write_all(&line)?;
    out.flush()
}

/// What runs the cases of a child.
enum Runner {
    Driver(gpu::Runner),
    Embedded(interpreter::Runner),
}

impl Runner {
    fn open(backend: &str, index: usize, planted: &[Mode]) -> Result<(AdapterIdentity, Self), RunError> {
        if backend != interpreter::BACKEND {
            return gpu::open(backend, index).map(|(adapter, runner)| (adapter, Self::Driver(runner)));
        }
        let mode = interpreter::mode(index, planted)
            .ok_or_else(|| RunError::Gone(format!("no mode was given for embedded adapter number {index}")))?;
        Ok((interpreter::identity(&mode, index), Self::Embedded(interpreter::Runner::open(mode))))
    }

    fn run(&mut self, program: &Program, repeats: u32) -> Result<Result<Runs, Skip>, RunError> {
        match self {
            Self::Driver(runner) => runner.run(program, repeats),
            Self::Embedded(runner) => runner.run(program, repeats),
        }
    }
}

fn serve(backend: &str, index: usize, planted: &[Mode], scratch: &Path) -> std::io::Result<()> {
    let blobs = Blobs::new(scratch);
    let own = match own::take(scratch) {
        Ok(own) => own,
        Err(reason) => return say(&Answer::Failed { reason, fatal: true }),
    };
    let (adapter, mut runner) = match Runner::open(backend, index, planted) {
        Ok(opened) => opened,
        Err(e) => return say(&Answer::Failed { reason: e.to_string(), fatal: true }),
    };
    let fault = Fault::planned(&adapter.label());
    if fault.as_ref().is_some_and(Fault::no_device) {
        return say(&Answer::Failed { reason: "no device: a fault on purpose".to_owned(), fatal: true });
    }
    say(&Answer::Opened { adapter: Box::new(adapter) })?;
    for line in std::io::stdin().lock().lines() {
        let request: Request = serde_json::from_str(&line?)?;
        if let Some(fault) = &fault {
            fault.strike(&request.case);
        }
        say(&answer(&mut runner, &request, own.as_ref(), &blobs))?;
    }
    Ok(())
}

fn answer(runner: &mut Runner, request: &Request, own: Option<&user::Kernel>, blobs: &Blobs) -> Answer {
    let failed = |reason: String| Answer::Failed { reason, fatal: false };
    let problem = match plan::problem(own, &request.case) {
        Ok(problem) => problem,
        Err(e) => return failed(e.to_string()),
    };
    let Some(program) = problem.program() else { return Answer::Skipped { why: Skip::CpuOnly } };
    match runner.run(&program, request.repeats) {
        Ok(Ok(runs)) => {
            let mut kept = 0;
            for one in &runs.distinct {
                if let Some(bits) = &one.bits {
                    if let Err(e) = blobs.put(bits, &one.digest) {
                        return failed(format!("an output could not be stored: {e}"));
                    }
                    kept += 1;
                }
            }
            let distinct = runs.distinct.into_iter().map(|d| Distinct { digest: d.digest, runs: d.runs }).collect();
            Answer::Ran { runs: runs.runs, distinct, kept, seconds: runs.seconds, findings: runs.findings }
        }
        Ok(Err(why)) => Answer::Skipped { why },
        Err(RunError::Unwritten { count, len, first }) => Answer::Unwritten {
            count: count as u64,
            first: first as u64,
            reason: RunError::Unwritten { count, len, first }.to_string(),
        },
        // After a driver's failure the device may be lost: a fresh child is surer than a guess.
        Err(e) => Answer::Failed { reason: one_line(&e.to_string()), fatal: matches!(e, RunError::Driver(_)) },
    }
}

/// A driver's message on one line.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}
