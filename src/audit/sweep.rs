//! Sweeps: a function at all its inputs, or a sample of them, on each adapter, against the correctly rounded results.
//!
//! The child process that has the adapter also compares: 16 GiB of results go nowhere. While some are compared on all
//! threads, the adapter computes the next ones. The parent watches that each chunk comes in time.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::Instant;

use serde::{Deserialize, Serialize};

use super::AuditError;
use super::child::ChildError;
use super::listing::Listing;
use super::server::{Seat, Server};
use super::swept::Right;
use super::worker::Response;
use crate::engines::interpreter::Mode;
use crate::engines::{Chunk, Engine, RunError, Stream};
use crate::kernels::sweep::{Sweepable, functions};
use crate::model::bits::Dtype;
use crate::model::sweep::{AdapterSweep, Inputs, Missing, Swept};
use crate::model::{AdapterIdentity, Skip};
use crate::numerics::arith::format::Format;
use crate::numerics::sweep::order::Order;
use crate::numerics::sweep::{Sent, Tally};
use crate::numerics::threads::available_threads;
use crate::process::{Limits, interrupt};

/// What is swept.
#[derive(Debug, Clone)]
pub struct SweepPlan {
    /// The adapters.
    pub adapters: Vec<AdapterIdentity>,
    /// The variables that keep broken drivers out of a child.
    pub environment: BTreeMap<String, String>,
    /// The modes of interpreters from number 1 on.
    pub planted: Vec<Mode>,
    /// The functions.
    pub functions: Vec<Sweepable>,
    /// Which inputs.
    pub inputs: Inputs,
    /// What a child may take; the time is one chunk's.
    pub limits: Limits,
}

impl SweepPlan {
    /// The adapters of a listing that any of `wanted` names, without one all that have a driver; and the interpreters with
    /// a defect planted, which were asked for by that.
    #[must_use]
    pub fn chosen(listing: &Listing, wanted: &[String], planted: &[Mode]) -> Vec<AdapterIdentity> {
        let named = |a: &&AdapterIdentity| match wanted {
            [] => !a.is_embedded(),
            _ => wanted.iter().any(|text| a.matches(text)),
        };
        // Number 0 is the strict one.
        let asked = |a: &&AdapterIdentity| a.is_embedded() && (1..=planted.len()).contains(&a.index);
        listing.adapters.iter().filter(|a| named(a) || asked(a)).cloned().collect()
    }
}

/// Is told how a sweep goes on.
pub trait SweepProgress {
    /// A function begins on an adapter, with so many inputs.
    fn begin(&mut self, adapter: &AdapterIdentity, function: &str, inputs: u64);
    /// So many of them are done.
    fn done(&mut self, inputs: u64);
    /// It is over; of one that has no result the reason.
    fn end(&mut self, adapter: &AdapterIdentity, missing: Option<&Missing>);
}

/// The order of a function's inputs on an adapter.
#[must_use]
pub fn order(sweepable: &Sweepable, inputs: Inputs, device_type: &str, threads: usize) -> Order {
    // A software adapter's buffers are this machine's memory too.
    let most = if device_type == "cpu" { 4 } else { 16 };
    let blocks = u32::try_from(2 * threads).unwrap_or(u32::MAX).clamp(4, most);
    Order { inputs, bits: sweepable.function.bits(), blocks, most: None, from: 0 }
}

/// Sweeps a function on an engine. `done` is told after each chunk how many inputs are done.
///
/// # Errors
/// When the engine fails, or leaves elements unwritten.
pub fn run(
    engine: &mut dyn Engine,
    sweepable: &Sweepable,
    order: Order,
    threads: usize,
    done: &mut dyn FnMut(u64) -> std::io::Result<()>,
) -> Result<Result<Swept, Skip>, RunError> {
    run_against(engine, sweepable, order, (threads, None), done)
}

/// The same, where the correctly rounded results are known, if all inputs are one chunk.
fn run_against(
    engine: &mut dyn Engine,
    sweepable: &Sweepable,
    order: Order,
    (threads, right): (usize, Option<&[u32]>),
    done: &mut dyn FnMut(u64) -> std::io::Result<()>,
) -> Result<Result<Swept, Skip>, RunError> {
    let begun = Instant::now();
    let function = &sweepable.function;
    let chunks = order.chunks();
    let Some(first) = chunks.clone().next() else {
        return Ok(Ok(Tally::default().finish(function, order.inputs, 0.0)));
    };
    let (program, varied) = sweepable.program(first);
    let right = right.filter(|right| chunks.clone().count() == 1 && right.len() == first.count());
    let shader = blake3::hash(program.source.as_bytes()).to_hex()[..32].to_owned();
    let mut tally = Tally::default();
    let (mut places, mut contents) = (chunks.clone(), chunks.map(crate::numerics::sweep::order::Chunk::parameters));
    let mut inputs = 0;
    let mut take = |sent: Chunk<'_>| {
        let Some(chunk) = places.next() else { return Ok(()) };
        tally.add(function, Sent { chunk, words: sent.words, poison: sent.poison, right }, threads);
        if let Some((count, first)) = tally.unwritten() {
            let count = usize::try_from(count).unwrap_or(usize::MAX);
            return Err(RunError::Unwritten { count, len: chunk.count(), first: first as usize });
        }
        inputs += chunk.count() as u64;
        done(inputs).map_err(|e| RunError::Driver(format!("its pipe failed: {e}")))
    };
    let mut stream = Stream { program: &program, varied, contents: &mut contents, take: &mut take };
    let streamed = engine.stream(&mut stream)?;
    let seconds = begun.elapsed().as_secs_f64();
    Ok(streamed.map(|()| Swept { shader, ..tally.finish(function, order.inputs, seconds) }))
}

/// What a child is asked to sweep.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Asked {
    /// The function.
    pub(super) function: String,
    /// The type of operands and result.
    pub(super) dtype: Dtype,
    /// Which inputs.
    pub(super) inputs: Inputs,
    /// The correctly rounded results, where they are known; then no digests of parts are asked for.
    pub(super) right: Option<Right>,
}

/// A child's answer to a sweep.
pub(super) fn answer(
    engine: &mut dyn Engine,
    asked: &Asked,
    done: &mut dyn FnMut(u64) -> std::io::Result<()>,
) -> Result<Response, RunError> {
    let Asked { function, dtype, inputs, right } = asked;
    let (dtype, inputs) = (*dtype, *inputs);
    let format = if dtype == Dtype::F16 { Format::F16 } else { Format::F32 };
    let Some(sweepable) = functions(format).into_iter().find(|s| s.function.name == *function) else {
        return Ok(Response::Failed { reason: format!("no function '{function}'"), fatal: false });
    };
    let threads = available_threads();
    let order = order(&sweepable, inputs, &engine.identity().device_type, threads);
    let words = right.as_ref().and_then(Right::read);
    Ok(match run_against(engine, &sweepable, order, (threads, words.as_deref()), done)? {
        Ok(mut swept) => {
            if let Some(right) = right.as_ref().filter(|_| swept.reference.is_empty()) {
                swept.reference.clone_from(&right.digest);
            }
            Response::Swept { swept: Box::new(swept) }
        }
        Err(why) => Response::Skipped { why },
    })
}

/// Sweeps every function on every adapter, one after another, each adapter in a child.
///
/// # Errors
/// When a signal asks the program to end. What fails on an adapter is part of the result.
pub fn sweep(
    plan: &SweepPlan,
    scratch: &Path,
    progress: &mut dyn SweepProgress,
) -> Result<Vec<AdapterSweep>, AuditError> {
    plan.adapters.iter().map(|adapter| on(adapter, plan, scratch, progress)).collect()
}

/// Whether this may answer a sweep.
pub(super) fn is_answer(answer: &Response) -> bool {
    matches!(answer, Response::Swept { .. } | Response::Skipped { .. } | Response::Unwritten { .. })
}

fn on(
    adapter: &AdapterIdentity,
    plan: &SweepPlan,
    scratch: &Path,
    progress: &mut dyn SweepProgress,
) -> Result<AdapterSweep, AuditError> {
    let mut found =
        AdapterSweep { engine: adapter.id(), adapter: adapter.clone(), functions: Vec::new(), missing: Vec::new() };
    let mut server = Server::new(Seat {
        adapter: adapter.clone(),
        environment: plan.environment.clone(),
        scratch: scratch.to_owned(),
        planted: plan.planted.clone(),
        limits: plan.limits,
    });
    for sweepable in &plan.functions {
        let name = sweepable.function.name;
        let order = order(sweepable, plan.inputs, &adapter.device_type, available_threads());
        progress.begin(adapter, name, order.count());
        let asked = server.ask(
            "a sweep",
            is_answer,
            |opened| found.adapter = opened,
            |child| {
                let (function, dtype) = (name.to_owned(), sweepable.function.dtype());
                let asked = Asked { function, dtype, inputs: plan.inputs, right: None };
                child.sweep(asked, &mut |done| progress.done(done))
            },
        );
        if let Some(signal) = interrupt::stopped() {
            return Err(AuditError::Stopped(signal));
        }
        let (reason, why, failed) = match asked {
            Some(Response::Swept { swept }) => {
                found.functions.push(*swept);
                progress.end(adapter, None);
                continue;
            }
            Some(Response::Skipped { why }) => (why.to_string(), Some(why), false),
            Some(Response::Unwritten { reason, .. } | Response::Failed { reason, .. }) => (reason, None, true),
            Some(_) => (ChildError::Other("a sweep").to_string(), None, true),
            None => (format!("not tried: its process failed {} times", server.starts()), None, true),
        };
        let (function, dtype) = (name.to_owned(), Some(sweepable.function.dtype()));
        found.missing.push(Missing { function, dtype, inputs: Some(plan.inputs), reason, why, failed });
        progress.end(adapter, found.missing.last());
    }
    Ok(found)
}
