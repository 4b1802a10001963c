//! Explaining a record: each result that is not the strict one is computed again by the interpreter, with what might make the
//! difference, until every bit is the adapter's. What an adapter gives for single operations, it is asked itself, so that its
//! driver need not be known.

mod conflicts;
mod definitions;
mod naming;
pub mod orders;
mod search;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

use super::child::{Child, ChildError};
use super::listing::Listing;
use super::server::{Seat, Server};
use super::worker::Response;
use super::{AuditError, Caches, own, plan};
use crate::engines::interpreter::asked::Answers;
use crate::engines::interpreter::{Mode, Runner};
use crate::engines::{Answer, Engine, RunError};
use crate::kernels::user;
use crate::model::explained::{Explained, Grade, Pair, Unasked};
use crate::model::record::{CaseRecord, Engine as EngineRecord, EngineKind, Record, Role};
use crate::model::{AdapterIdentity, Liberty, Task};
use crate::numerics::threads::available_threads;
use crate::process::{Limits, interrupt};
pub(in crate::audit) use naming::{MODELS, evaluate, functions_of, liberties_of, operations, sums};
use search::Search;
pub(in crate::audit) use search::mode_of;

/// What is needed besides the record.
#[derive(Debug)]
pub struct ExplainPlan {
    /// The adapters that are here.
    pub listing: Listing,
    /// The modes of interpreters from number 1 on.
    pub planted: Vec<Mode>,
    /// Where drivers keep what they compiled.
    pub caches: Caches,
    /// What a child may take.
    pub limits: Limits,
    /// The kernel of the user's own that the record is of; `None` where it is of the registry's.
    pub own: Option<Arc<user::Kernel>>,
}

/// Is told how it goes on.
pub trait ExplainProgress: Sync {
    /// So many of so many cases are done on an engine.
    fn done(&self, engine: &str, cases: usize, of: usize);
}

/// What is asked of a child.
const EXPLANATION: &str = "an explanation";

/// What liberties do to the strict result of a case.
struct Sensitivity {
    /// The digest that the interpreter gives with each liberty.
    digests: Vec<(Liberty, String)>,
}

/// The first result of an engine in a case.
fn first<'r>(case: &'r CaseRecord, engine: &str) -> Option<&'r str> {
    case.executions.iter().find(|x| x.engine == engine)?.first()
}

/// Explains every result of every adapter of a record that has a strict reference and is another.
///
/// # Errors
/// When a signal asks the program to end. What fails on an adapter is part of the result.
pub fn explain(
    record: &Record,
    plan: &ExplainPlan,
    scratch: &Path,
    progress: &dyn ExplainProgress,
) -> Result<Vec<Explained>, AuditError> {
    let engines: Vec<&EngineRecord> =
        record.engines.iter().filter(|e| e.kind == EngineKind::Adapter && e.role() != Role::Remote).collect();
    let wanted: Vec<&CaseRecord> = record.cases.iter().filter(|case| case.strict().is_some()).collect();
    if let Some(kernel) = &plan.own {
        own::put(scratch, kernel)?;
    }
    let sensitivities = sensitivities(&wanted, plan.own.as_deref());
    let explained = std::thread::scope(|scope| {
        let threads: Vec<_> = engines
            .iter()
            .map(|engine| scope.spawn(|| on(engine, &wanted, &sensitivities, plan, scratch, progress)))
            .collect();
        threads.into_iter().map(|t| t.join().unwrap_or_default()).collect()
    });
    match interrupt::stopped() {
        Some(signal) => Err(AuditError::Stopped(signal)),
        None => Ok(explained),
    }
}

/// What each liberty does to each case, where the interpreter can tell.
fn sensitivities(cases: &[&CaseRecord], own: Option<&user::Kernel>) -> BTreeMap<String, Sensitivity> {
    let next = AtomicUsize::new(0);
    let found = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| {
        for _ in 0..available_threads() {
            scope.spawn(|| {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::Relaxed)) {
                    if interrupt::stopped().is_some() {
                        return;
                    }
                    if let Some(one) = sensitivity(case, own) {
                        found.lock().unwrap_or_else(PoisonError::into_inner).insert(case.id.clone(), one);
                    }
                }
            });
        }
    });
    found.into_inner().unwrap_or_else(PoisonError::into_inner)
}

fn sensitivity(case: &CaseRecord, own: Option<&user::Kernel>) -> Option<Sensitivity> {
    let program = plan::problem(own, &case.id).ok()?.program()?;
    let digest = |liberties: &[Liberty]| -> Option<String> {
        let words = Runner::open(mode_of(liberties)).compute(&program).ok()?;
        Some(program.output.gather(words).digest())
    };
    if Runner::open(Mode::default()).skips(&program).ok()?.is_some() || digest(&[])? != case.strict()? {
        return None;
    }
    let digests = Liberty::PLAIN.into_iter().filter_map(|liberty| Some((liberty, digest(&[liberty])?))).collect();
    Some(Sensitivity { digests })
}

/// The liberties that no case on an engine contradicts: where one alone would change the strict result, the engine's is none
/// that is strict.
fn open_liberties(engine: &str, cases: &[&CaseRecord], sensitivities: &BTreeMap<String, Sensitivity>) -> Vec<Liberty> {
    let contradicted: BTreeSet<Liberty> = cases
        .iter()
        .filter(|case| first(case, engine).is_some() && first(case, engine) == case.strict())
        .filter_map(|case| Some((case.strict()?, sensitivities.get(&case.id)?)))
        .flat_map(|(strict, s)| s.digests.iter().filter(move |(_, d)| d != strict).map(|(l, _)| *l))
        .collect();
    Liberty::PLAIN.into_iter().filter(|l| !contradicted.contains(l)).collect()
}

/// Everything on one engine.
fn on(
    engine: &EngineRecord,
    cases: &[&CaseRecord],
    sensitivities: &BTreeMap<String, Sensitivity>,
    plan: &ExplainPlan,
    scratch: &Path,
    progress: &dyn ExplainProgress,
) -> Explained {
    let mut all = Explained {
        engine: engine.id.clone(),
        label: engine.label.clone(),
        program: env!("CARGO_PKG_VERSION").to_owned(),
        ..Explained::default()
    };
    let differing: Vec<&&CaseRecord> =
        cases.iter().filter(|case| first(case, &engine.id).is_some_and(|d| Some(d) != case.strict())).collect();
    all.pairs_differing = differing.len() as u64;
    let open = open_liberties(&engine.id, cases, sensitivities);
    let here = match adapter(engine, plan) {
        Ok(adapter) => adapter,
        Err(why) => {
            all.absent = Some(why);
            return all;
        }
    };
    let mut environment: BTreeMap<String, String> =
        plan.listing.environment.clone().into_iter().chain(engine.variables.clone()).collect();
    environment.extend(plan.caches.tell(here, &environment).variables);
    let mut server = Server::new(Seat {
        adapter: here.clone(),
        environment,
        scratch: scratch.to_owned(),
        planted: plan.planted.clone(),
        limits: plan.limits,
    });
    for (n, case) in differing.iter().enumerate() {
        if interrupt::stopped().is_some() {
            break;
        }
        progress.done(&engine.id, n, differing.len());
        let mut unasked = |reason: String| all.unasked.push(Unasked { case: case.id.clone(), reason });
        let Some(sensitivity) = sensitivities.get(&case.id) else {
            unasked("the interpreter does not compute it, or not as the strict reference does".to_owned());
            continue;
        };
        let strict = case.strict();
        let changes = |l: &Liberty| sensitivity.digests.iter().any(|(of, d)| of == l && Some(d.as_str()) != strict);
        let liberties: Vec<Liberty> = open.iter().copied().filter(changes).collect();
        let asked = server.ask(
            EXPLANATION,
            |answer| {
                matches!(answer, Response::Explained { .. } | Response::Skipped { .. } | Response::Unwritten { .. })
            },
            |_| (),
            |child| child.explain(&case.id, &liberties),
        );
        match asked {
            Some(Response::Explained { digest, pair }) if Some(digest.as_str()) == first(case, &engine.id) => {
                match pair {
                    Some(pair) => all.pairs.push(*pair),
                    None => unasked("its result is the strict one now".to_owned()),
                }
            }
            Some(Response::Explained { .. }) => unasked("its result is another than in the record now".to_owned()),
            Some(Response::Skipped { why }) => unasked(why.to_string()),
            Some(Response::Unwritten { reason, .. } | Response::Failed { reason, .. }) => unasked(reason),
            Some(_) => unasked(ChildError::Other(EXPLANATION).to_string()),
            None => unasked(format!("not tried: its process failed {} times", server.starts())),
        }
    }
    if !all.pairs.is_empty() {
        let named = |answer: &Response| matches!(answer, Response::Named { .. });
        if let Some(Response::Named { operations, orders }) = server.ask(EXPLANATION, named, |_| (), Child::name) {
            all.operations = operations;
            all.orders = orders;
        }
    }
    progress.done(&engine.id, differing.len(), differing.len());
    all.promote();
    all.conflicts = conflicts::conflicts(&all.engine, &all.pairs, cases, sensitivities, plan.own.as_deref());
    count(&mut all);
    all
}

/// The numbers of what was found.
fn count(all: &mut Explained) {
    let pairs = |which: fn(&Pair) -> bool| all.pairs.iter().filter(move |p| which(p));
    all.pairs_proven = pairs(|p| p.grade.is_proof()).count() as u64;
    all.pairs_named = pairs(|p| p.grade == Grade::Named).count() as u64;
    all.elements_differing = all.pairs.iter().map(|p| p.elements).sum();
    all.elements_proven = pairs(|p| p.grade.is_proof()).map(|p| p.elements).sum();
    let shown: BTreeSet<Liberty> =
        pairs(|p| p.grade == Grade::Named && p.by.len() == 1).flat_map(|p| p.by[0].liberties.clone()).collect();
    all.liberties = shown.into_iter().filter(|l| !all.conflicts.iter().any(|c| c.liberty == *l)).collect();
    all.least = all.least();
}

/// The adapter here that an engine of a record is.
fn adapter<'p>(engine: &EngineRecord, plan: &'p ExplainPlan) -> Result<&'p AdapterIdentity, String> {
    let Some(was) = &engine.adapter else { return Err("it could not be opened in the audit".to_owned()) };
    let same = |a: &&AdapterIdentity| a.label() == was.label() && a.backend == was.backend;
    let mut here = plan.listing.adapters.iter().filter(same);
    let at_its_place = plan.listing.adapters.iter().filter(same).find(|a| a.index == was.index);
    at_its_place.or_else(|| here.next()).ok_or_else(|| {
        let of_backend = plan.listing.adapters.iter().filter(|a| a.backend == was.backend);
        let there: Vec<String> = of_backend.map(AdapterIdentity::label).collect();
        match there.as_slice() {
            [] => "this machine has no such adapter".to_owned(),
            _ => format!("this machine has another one: {}", there.join("; ")),
        }
    })
}

/// A child's answer.
pub(super) fn answer(
    engine: &mut dyn Engine,
    answers: &Arc<Mutex<Answers>>,
    (own, case): (Option<&user::Kernel>, &str),
    liberties: &[Liberty],
) -> Result<Response, RunError> {
    let failed = |reason: String| Response::Failed { reason, fatal: false };
    let problem = match plan::problem(own, case) {
        Ok(problem) => problem,
        Err(e) => return Ok(failed(e.to_string())),
    };
    let Some(program) = problem.program() else { return Ok(failed("it has no shader".to_owned())) };
    let runs = match engine.run(&Task::of(program.clone()), 1) {
        Answer::Ran(runs) => runs,
        Answer::Skipped(why) => return Ok(Response::Skipped { why }),
        Answer::Failed(e) => return Err(e),
    };
    let Some(found) = runs.distinct.into_iter().next() else { return Ok(failed("it gave nothing".to_owned())) };
    let Some(target) = found.bits else { return Ok(failed("its result was not kept".to_owned())) };
    let strict = program.output.gather(Runner::open(Mode::default()).compute(&program)?);
    let pair = if target == strict {
        None
    } else {
        let sides = [&strict, &target];
        let mut search = Search::new(engine, Arc::clone(answers));
        let mut pair = search.pair(case, &program, sides, liberties)?;
        if let Some(by) = pair.by.first().filter(|_| own.is_some()) {
            pair.step = search.first_step(&program, by)?;
        }
        Some(Box::new(pair))
    };
    Ok(Response::Explained { digest: found.digest, pair })
}
