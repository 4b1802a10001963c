//! The audit from beginning to end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use super::AuditError;
use super::listing::{self, Listing};
use super::own;
use super::plan::Plan;
use super::recording::{Answered, Recording};
use super::slot::EngineSlot;
use super::worker::Response;
use crate::kernels::Problem;
use crate::kernels::case::Case;
use crate::kernels::control::Plant;
use crate::model::{AdapterIdentity, Skip};
use crate::numerics::threads::available_threads;
use crate::process::interrupt;
use crate::record::{CaseRecord, Engine, EngineKind, EngineStatus, Record, Role};

/// What is told of an audit while it runs.
pub trait Progress {
    /// The engines are known and `cases` cases will follow.
    fn begin(&mut self, engines: &[Engine], cases: usize);
    /// A case is analysed. `record` gives the record so far, for writing it now and then.
    fn case(&mut self, case: &CaseRecord, record: &mut dyn FnMut() -> Record);
    /// The audit is stopped before its end. `record` gives the record so far.
    fn stopped(&mut self, record: &mut dyn FnMut() -> Record);
}

/// Finds the adapters that the plan wants, and what went wrong in finding them.
fn wanted(plan: &Plan) -> Listing {
    let mut listing = plan.listing.clone().unwrap_or_else(|| listing::adapters(&plan.planted, plan.limits()));
    let filters = &plan.settings.adapters;
    // Planted adapters were asked for by name.
    let planted = |a: &AdapterIdentity| a.role() == Role::Planted;
    let keep = |a: &AdapterIdentity| filters.is_empty() || planted(a) || filters.iter().any(|f| a.matches(f));
    listing.adapters.retain(keep);
    listing
}

/// Every combination of the varied variables' values; one variable at a time, so that each shows its own effect.
fn variations(plan: &Plan) -> Vec<BTreeMap<String, String>> {
    let mut out = vec![BTreeMap::new()];
    for (name, values) in &plan.settings.vary {
        out.extend(values.iter().map(|v| BTreeMap::from([(name.clone(), v.clone())])));
    }
    out
}

fn slots(plan: &Plan, scratch: &Path) -> Vec<EngineSlot> {
    let Listing { adapters, failed, environment } = wanted(plan);
    let mut wanted = Vec::new();
    for adapter in adapters {
        // The interpreter reads no variable.
        let variations = if adapter.role().is_interpreter() { vec![BTreeMap::new()] } else { variations(plan) };
        for variables in variations {
            wanted.push((adapter.clone(), variables));
        }
    }
    // All at once: a driver that hangs while it opens is waited for once.
    let mut slots: Vec<_> = std::thread::scope(|scope| {
        let open = |(adapter, variables)| EngineSlot::open(adapter, variables, &environment, scratch, plan);
        let opening: Vec<_> = wanted.into_iter().map(|one| scope.spawn(move || open(one))).collect();
        opening.into_iter().filter_map(|one| one.join().ok()).collect()
    });
    slots.extend(failed.into_iter().enumerate().map(|(place, unlisted)| EngineSlot::unlisted(place, unlisted)));
    for (index, command) in plan.settings.engines.iter().enumerate() {
        slots.push(EngineSlot::remote(command, index, plan.timeout, scratch));
    }
    slots
}

fn cpu_engine(threads: Option<usize>) -> Engine {
    let variables = threads.map(|t| ("threads".to_owned(), t.to_string()));
    let suffix = threads.map(|t| format!(" threads={t}")).unwrap_or_default();
    Engine {
        id: format!("cpu{suffix}"),
        label: format!("CPU reference{suffix}"),
        kind: EngineKind::Cpu,
        adapter: None,
        variables: variables.into_iter().collect(),
        status: EngineStatus::Complete,
        limits: Vec::new(),
    }
}

/// Asks every engine for one case, as many at a time as there are processors: compiling takes one processor for each
/// adapter, and on software adapters that is most of the time. Engines that have been given up are left out.
fn ask_all(slots: &mut [EngineSlot], plan: &Plan, case: &Case, problem: &dyn Problem) -> Vec<(Engine, Response)> {
    let on_adapters = problem.program().is_some();
    let probe = Plant::of(case) == Some(Plant::Loop);
    let ask = |slot: &mut EngineSlot| {
        // A probe is for drivers, once: the interpreter's loops end where it says so.
        if probe && !slot.engine.role().is_driver() {
            return None;
        }
        let repeats = if probe { 1 } else { plan.settings.repeats };
        let response = if on_adapters {
            slot.run(case, problem, repeats)?
        } else if slot.engine.role().is_adapter() && slot.is_open() {
            Response::Skipped { why: Skip::CpuOnly }
        } else {
            return None;
        };
        Some((slot.engine.clone(), response))
    };
    let parallel = available_threads().clamp(1, slots.len().max(1));
    let mut responses: Vec<Option<(Engine, Response)>> = vec![None; slots.len()];
    let queue = Mutex::new(slots.iter_mut().zip(&mut responses));
    let next = || queue.lock().ok().and_then(|mut q| q.next());
    std::thread::scope(|scope| {
        for _ in 0..parallel {
            scope.spawn(|| {
                while let Some((slot, response)) = next() {
                    *response = ask(slot);
                }
            });
        }
    });
    responses.into_iter().flatten().collect()
}

/// Audits this machine. The record's id is set; outputs go through files in `scratch`.
///
/// # Errors
/// When the record cannot be made; a failing engine is no error, but a line in the record.
pub fn audit(plan: &Plan, scratch: &Path, progress: &mut dyn Progress) -> Result<Record, AuditError> {
    let started = std::time::Instant::now();
    if let Some(kernel) = &plan.own {
        own::put(scratch, kernel)?;
    }
    let mut slots = slots(plan, scratch);
    let cpus: Vec<_> =
        std::iter::once(None).chain(plan.settings.threads.iter().copied().map(Some)).map(cpu_engine).collect();
    let engines = |slots: &[EngineSlot]| -> Vec<Engine> {
        cpus.iter().cloned().chain(slots.iter().map(|s| s.engine.clone())).collect()
    };
    progress.begin(&engines(&slots), plan.cases.len());
    let mut recording = Recording::new(plan, engines(&slots), scratch);
    // While the engines execute one case, the one before is analysed.
    let (sender, receiver) = sync_channel::<Answered>(1);
    let cpus = &cpus;
    let (analysed, executed) = std::thread::scope(|scope| {
        let slots = &mut slots;
        let executing = scope.spawn(move || -> Result<(), AuditError> {
            for case in &plan.cases {
                if interrupt::stopped().is_some() {
                    break;
                }
                let problem = plan.problem(case)?;
                let responses = ask_all(slots, plan, case, problem.as_ref());
                if sender.send(Answered { case: case.clone(), problem, responses }).is_err() {
                    break;
                }
            }
            Ok(())
        });
        let analysed = receiver.into_iter().try_for_each(|answered| match interrupt::stopped() {
            // What it answered last may be how it was ended.
            Some(signal) => Err(AuditError::Stopped(signal)),
            None => recording.take(answered, &cpus[1..], progress),
        });
        // A panic there is a defect of this program; it must not pass for a finished audit.
        (analysed, executing.join().unwrap_or(Err(AuditError::Defect("the executing thread panicked"))))
    });
    if let Some(signal) = interrupt::stopped() {
        progress.stopped(&mut || recording.unfinished());
        return Err(AuditError::Stopped(signal));
    }
    analysed?;
    executed?;
    let engines = engines(&slots);
    let said = slots.iter().filter_map(|slot| Some((slot.engine.id.clone(), slot.said()?))).collect();
    drop(slots);
    recording.finish(engines, said, started.elapsed().as_secs_f64())
}
