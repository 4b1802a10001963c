//! The audit from beginning to end.

use std::collections::BTreeMap;
use std::path::Path;

use super::AuditError;
use super::listing::{self, Listing};
use super::own;
use super::plan::{CONTROL, Plan};
use super::queues::{Queues, Reply};
use super::recording::{Answered, Recording};
use super::slot::EngineSlot;
use crate::kernels::case::Case;
use crate::kernels::control::Plant;
use crate::model::AdapterIdentity;
use crate::model::variables::may_matter;
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

/// The settings under which an adapter is audited: without the varied variables, and with each value of those that its
/// driver may read; one variable at a time, so that each shows its own effect.
fn variations(plan: &Plan, adapter: &AdapterIdentity) -> Vec<BTreeMap<String, String>> {
    let mut out = vec![BTreeMap::new()];
    // The interpreter reads no variable.
    let asked = |name: &str| !adapter.role().is_interpreter() && (plan.vary_all || may_matter(name, adapter));
    for (name, values) in plan.settings.vary.iter().filter(|(name, _)| asked(name)) {
        out.extend(values.iter().map(|v| BTreeMap::from([(name.clone(), v.clone())])));
    }
    out
}

fn slots(plan: &Plan, scratch: &Path) -> Vec<EngineSlot> {
    let Listing { adapters, failed, environment } = wanted(plan);
    let mut wanted = Vec::new();
    for adapter in adapters {
        for variables in variations(plan, &adapter) {
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

/// Asks an engine for one case. Nothing where it was given up, or has no part in it.
fn ask(slot: &mut EngineSlot, plan: &Plan, case: &Case) -> Reply {
    let probe = Plant::of(case) == Some(Plant::Loop);
    // A probe is for drivers, once: the interpreter's loops end where it says so.
    if probe && !slot.engine.role().is_driver() {
        return None;
    }
    let repeats = if probe { 1 } else { plan.settings.repeats };
    let response = slot.run(case, || plan.problem(case), repeats)?;
    Some((slot.engine.clone(), response))
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
    if let Some(earlier) = &plan.earlier {
        earlier.check(&engines(&slots))?;
    }
    let mut recording = Recording::new(plan, engines(&slots), scratch, started);
    let order = plan.order(recording.cases());
    progress.begin(&engines(&slots), order.len());
    let parallel = available_threads().clamp(1, slots.len().max(1));
    let queues = Queues::new(order.len(), slots.len(), parallel, plan.settings.profile);
    // While the engines execute, what they have answered is analysed.
    let analysed = std::thread::scope(|scope| {
        let _open = queues.open();
        for (place, slot) in slots.iter_mut().enumerate() {
            let (queues, order) = (&queues, &order);
            scope.spawn(move || queues.serve(place, slot, |slot, turn| ask(slot, plan, &plan.cases[order[turn]])));
        }
        let over = || plan.budget.is_some_and(|budget| started.elapsed() >= budget);
        for (turn, place) in order.iter().enumerate() {
            let case = &plan.cases[*place];
            // Without the controls a record says nothing.
            let over = || over() && case.kernel() != CONTROL;
            let problem = plan.problem(case)?;
            let responses = queues.take(|| interrupt::stopped().is_some() || over());
            // What an engine answered last may be how it was ended.
            if let Some(signal) = interrupt::stopped() {
                return Err(AuditError::Stopped(signal));
            }
            let Some(responses) = responses else {
                if over() {
                    recording.leave_out(order[turn..].iter().map(|place| &plan.cases[*place]));
                    break;
                }
                return Err(AuditError::Defect("an engine's thread panicked"));
            };
            recording.take(Answered { case: case.clone(), problem, responses }, &cpus[1..], progress)?;
        }
        Ok(())
    });
    if let Some(signal) = interrupt::stopped() {
        progress.stopped(&mut || recording.unfinished());
        return Err(AuditError::Stopped(signal));
    }
    analysed?;
    let engines = engines(&slots);
    let said = slots.iter().filter_map(|slot| Some((slot.engine.id.clone(), slot.said()?))).collect();
    let caches = slots.iter().filter_map(|slot| Some((slot.engine.id.clone(), slot.shader_cache?))).collect();
    drop(slots);
    recording.finish(engines, said, caches)
}
