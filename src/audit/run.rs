//! The audit from beginning to end.

use std::collections::BTreeMap;
use std::path::Path;
use std::time::{Duration, Instant};

use super::AuditError;
use super::clock::{Clock, Turn};
use super::listing::{self, Listing};
use super::modelled::Modelled;
use super::own;
use super::plan::{CONTROL, Plan};
use super::queues::{Queues, Reply, Size};
use super::recording::{Answered, Recording, Why};
use super::slot::{Asked, EngineSlot};
use super::swept::{References, Sweep};
use super::worker::Response;
use crate::engines as executor;
use crate::kernels::case::Case;
use crate::kernels::control::Plant;
use crate::kernels::work::{Place, Work};
use crate::model::AdapterIdentity;
use crate::model::variables::may_matter;
use crate::numerics::threads::available_threads;
use crate::process::interrupt;
use crate::record::{CaseRecord, Engine, EngineKind, EngineStatus, Record, Role};

/// What is told of an audit while it runs.
pub trait Progress {
    /// The engines are known and `cases` cases will follow, each sweep counted as one.
    fn begin(&mut self, engines: &[Engine], cases: usize);
    /// A case is analysed. `record` gives the record so far, for writing it now and then.
    fn case(&mut self, case: &CaseRecord, record: &mut dyn FnMut() -> Record);
    /// So many cases are done or left out, and the others are expected to take so long.
    fn left(&mut self, cases: usize, left: &dyn Fn() -> Duration);
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
pub(super) fn variations(
    vary: &BTreeMap<String, Vec<String>>,
    vary_all: bool,
    adapter: &AdapterIdentity,
) -> Vec<BTreeMap<String, String>> {
    let mut out = vec![BTreeMap::new()];
    // The interpreter reads no variable.
    let asked = |name: &str| !adapter.role().is_interpreter() && (vary_all || may_matter(name, adapter));
    for (name, values) in vary.iter().filter(|(name, _)| asked(name)) {
        out.extend(values.iter().map(|v| BTreeMap::from([(name.clone(), v.clone())])));
    }
    out
}

fn slots(plan: &Plan, scratch: &Path) -> Vec<EngineSlot> {
    let Listing { adapters, failed, environment } = wanted(plan);
    let mut wanted = Vec::new();
    for adapter in adapters {
        for variables in variations(&plan.settings.vary, plan.vary_all, &adapter) {
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
    for (place, model) in plan.models.iter().enumerate() {
        let index = plan.planted.len() + 1 + place;
        slots.push(EngineSlot::here(Box::new(Modelled::open(model, index)), scratch));
    }
    for (index, command) in plan.settings.engines.iter().enumerate() {
        slots.push(EngineSlot::remote(command, index, plan.limits().time, scratch));
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

/// What is done in turn.
#[derive(Debug, Clone, Copy)]
enum Step<'p> {
    Case(&'p Case),
    /// A sweep, by its place among those that are left.
    Sweep(usize, &'p Sweep),
}

/// Asks an engine for one case. Nothing where it was given up, or has no part in it.
fn ask(slot: &mut EngineSlot, plan: &Plan, case: &Case, clock: &Clock, (place, turn): (usize, usize)) -> Reply {
    let probe = Plant::of(case) == Some(Plant::Loop);
    // A probe is for drivers, once: the interpreter's loops end where it says so.
    if probe && !slot.engine.role().is_driver() {
        return None;
    }
    let work = clock.work(turn);
    if work.is_some_and(|work| work.place == Place::Threads) && slot.engine.role() != Role::Remote {
        return None;
    }
    let repeats = match case.kernel() {
        _ if probe => 1,
        // The controls need two runs, whatever was asked for.
        CONTROL => plan.settings.repeats.max(2),
        _ => plan.settings.repeats,
    };
    let shared = slot.engine.adapter.as_ref().is_some_and(|a| a.device_type == "cpu");
    let memory = work.map_or(0, |work| work.child_memory(shared));
    let asked = Asked { repeats, limit: clock.limit(place, turn), memory };
    let response = slot.run(case, || plan.problem(case), asked)?;
    Some((slot.engine.clone(), response))
}

/// Audits this machine. The record's id is set; outputs go through files in `scratch`.
///
/// # Errors
/// When the record cannot be made; a failing engine is no error, but a line in the record.
pub fn audit(plan: &Plan, scratch: &Path, progress: &mut dyn Progress) -> Result<Record, AuditError> {
    audit_with(plan, Vec::new(), scratch, progress)
}

/// As [`audit`], with further engines, which are part of this process.
///
/// # Errors
/// As [`audit`].
pub fn audit_with(
    plan: &Plan,
    further: Vec<Box<dyn executor::Engine>>,
    scratch: &Path,
    progress: &mut dyn Progress,
) -> Result<Record, AuditError> {
    let started = Instant::now();
    if let Some(kernel) = &plan.own {
        own::put(scratch, kernel)?;
    }
    let mut slots = slots(plan, scratch);
    slots.extend(further.into_iter().map(|engine| EngineSlot::here(engine, scratch)));
    let cpus: Vec<_> =
        std::iter::once(None).chain(plan.settings.threads.iter().copied().map(Some)).map(cpu_engine).collect();
    let engines = |slots: &[EngineSlot]| -> Vec<Engine> {
        cpus.iter().cloned().chain(slots.iter().map(|s| s.engine.clone())).collect()
    };
    if let Some(earlier) = &plan.earlier {
        earlier.check(&engines(&slots))?;
    }
    let mut recording = Recording::new(plan, engines(&slots), scratch, started);
    let sweeps = plan.sweeps_left(recording.sweeps());
    let cases = plan.order(recording.cases()).into_iter().map(|place| Step::Case(&plan.cases[place]));
    let order: Vec<Step<'_>> =
        cases.chain(sweeps.iter().enumerate().map(|(place, sweep)| Step::Sweep(place, sweep))).collect();
    let references = References::new(scratch, sweeps.len());
    progress.begin(&engines(&slots), order.len());
    let parallel = available_threads().clamp(1, slots.len().max(1));
    let names: Vec<&Engine> = slots.iter().map(|slot| &slot.engine).collect();
    let turns = order.iter().map(|step| match step {
        Step::Case(case) => Turn::of(case),
        Step::Sweep(_, sweep) => Turn::sweep(sweep),
    });
    let clock = Clock::new(plan, turns.collect(), &names, parallel, started);
    let size = |work: &Work| Size { output: work.elements.saturating_mul(4), memory: work.child_memory(true) };
    let sizes: Vec<Size> = (0..order.len()).map(|turn| clock.work(turn).map(size).unwrap_or_default()).collect();
    let queues = Queues::new(&sizes, slots.len(), parallel);
    // While the engines execute, what they have answered is analysed.
    let analysed = std::thread::scope(|scope| {
        let _open = queues.open();
        for (place, slot) in slots.iter_mut().enumerate() {
            let (queues, order, clock, references) = (&queues, &order, &clock, &references);
            scope.spawn(move || {
                queues.serve(place, slot, |slot, turn| {
                    if !clock.runs(turn) {
                        clock.answered(place, turn, None);
                        return None;
                    }
                    let begun = Instant::now();
                    let reply = match order[turn] {
                        Step::Case(case) => ask(slot, plan, case, clock, (place, turn)),
                        Step::Sweep(at, sweep) => slot
                            .sweep(sweep, || references.get(at, sweep))
                            .map(|response| (slot.engine.clone(), response)),
                    };
                    let ran = matches!(reply, Some((_, Response::Ran { .. } | Response::Swept { .. })));
                    clock.answered(place, turn, ran.then(|| begun.elapsed()));
                    reply
                });
            });
        }
        for (turn, step) in order.iter().enumerate() {
            let responses = queues.take(|| interrupt::stopped().is_some());
            // What an engine answered last may be how it was ended.
            if let Some(signal) = interrupt::stopped() {
                return Err(AuditError::Stopped(signal));
            }
            let Some(responses) = responses else {
                return Err(AuditError::Defect("an engine's thread panicked"));
            };
            let begun = Instant::now();
            let runs = clock.runs(turn);
            match step {
                Step::Sweep(at, sweep) => {
                    references.free(*at);
                    recording.take_sweep(sweep, runs.then_some(&responses));
                }
                Step::Case(case) if !runs => recording.leave_out(case, Why::Time)?,
                Step::Case(case) if clock.work(turn).is_some_and(|work| !recording.has_room(work)) => {
                    recording.leave_out(case, Why::Memory)?;
                }
                Step::Case(case) => {
                    let problem = plan.problem(case)?;
                    recording.take(Answered { case: (*case).clone(), problem, responses }, &cpus[1..], progress)?;
                }
            }
            clock.judged(turn, runs.then(|| begun.elapsed()));
            progress.left(turn + 1, &|| clock.left());
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::audit::Wanted;
    use crate::audit::blobs::Blobs;
    use crate::engines::interpreter::Mode;
    use crate::engines::interpreting;
    use crate::kernels::Profile;

    /// Looks at the scratch folder when a case is done.
    struct Looks<'s> {
        scratch: &'s Path,
        cases: usize,
        kept: usize,
        left: Vec<usize>,
    }

    impl Progress for Looks<'_> {
        fn begin(&mut self, _: &[Engine], _: usize) {}

        fn case(&mut self, case: &CaseRecord, _: &mut dyn FnMut() -> Record) {
            let (own, firsts) = Blobs::new(self.scratch, &case.id, &case.problem).lie();
            assert!(!own, "{} is done, and its outputs lie there", case.id);
            self.cases += 1;
            self.kept += usize::from(firsts);
        }

        fn left(&mut self, cases: usize, _: &dyn Fn() -> Duration) {
            self.left.push(cases);
        }

        fn stopped(&mut self, _: &mut dyn FnMut() -> Record) {}
    }

    /// An audit of these cases on an interpreter of this process.
    fn run(kernels: &[&str], budget: Option<Duration>) -> (Record, usize, usize) {
        let scratch = tempfile::tempdir().unwrap();
        let wanted = Wanted {
            kernels: kernels.iter().map(|k| (*k).to_owned()).collect(),
            threads: vec![1, 2],
            store: 16,
            ..Wanted::of(Profile::Quick)
        };
        let plan = Plan::new(wanted).unwrap().with_listing(Listing::default()).with_budget(budget);
        let mut looks = Looks { scratch: scratch.path(), cases: 0, kept: 0, left: Vec::new() };
        let record = audit_with(&plan, vec![interpreting(Mode::default(), 0)], scratch.path(), &mut looks).unwrap();
        assert!(looks.left.is_sorted() && looks.left.last() == Some(&plan.cases.len()), "{:?}", looks.left);
        let left = std::fs::read_dir(scratch.path()).unwrap().count();
        assert_eq!(left, 0, "nothing is left when it is over");
        (record, looks.cases, looks.kept)
    }

    #[test]
    fn outputs_are_freed_as_cases_are_done() {
        let (record, cases, kept) = run(&["dropout", "dot", "max"], None);
        assert_eq!(cases, record.cases.len(), "every case was looked at");
        assert!(
            kept > 0 && kept < cases,
            "only first configurations are kept, and only while others come: {kept} of {cases}"
        );
        assert!(record.notes.iter().all(|n| !n.contains("not run")), "{:?}", record.notes);
    }

    #[test]
    fn what_is_left_out_leaves_nothing_behind() {
        let (record, cases, _) = run(&["dot", "max"], Some(Duration::from_nanos(1)));
        assert_eq!(cases, 0, "no time");
        let note = record.notes.iter().find(|n| n.contains("were not run")).unwrap();
        assert!(note.contains("dot (8), max (15)"), "{note}");
    }
}
