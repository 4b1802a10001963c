//! The record in the making: takes the responses to one case after another.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Instant;

use super::AuditError;
use super::analyse::{analyse, threaded};
use super::blobs::Blobs;
use super::compare::{FirstConfig, Responded};
use super::plan::{CONTROL, Plan};
use super::provenance::{notes, provenance};
use super::room::Room;
use super::swept::{self, Sweep};
use super::truth::{Known, Truth};
use super::worker::Response;
use super::{Earlier, controls, environment, own};
use crate::kernels::Problem;
use crate::kernels::case::Case;
use crate::kernels::control::{Plant, loops};
use crate::kernels::work::Work;
use crate::model::sweep::EngineSweep;
use crate::model::{Finding, FindingKind, Limit};
use crate::numerics::threads::available_threads;
use crate::process::default_limit;
use crate::record::{
    CaseRecord, Engine, EngineKind, EngineStatus, FormatVersion, Outcome, Record, Role, Run, STORE, ShaderCache, Stored,
};

/// A case and what each engine answered, those left out that were given up or have no part in it.
pub(super) struct Answered {
    pub(super) case: Case,
    pub(super) problem: Box<dyn Problem>,
    pub(super) responses: Vec<(Engine, Response)>,
}

/// Why a case was left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Why {
    /// It would not end in time.
    Time,
    /// Its references would not fit this machine's memory.
    Memory,
}

/// Elements up to which one of several results of a case is stored whole, unless another number was asked for than the usual
/// one: a chunk.
const VARYING: u64 = 256;

/// See the module.
pub(super) struct Recording<'p> {
    plan: &'p Plan,
    record: Record,
    /// The first configuration of each problem on each engine.
    firsts: BTreeMap<String, Vec<FirstConfig>>,
    /// How many cases of each problem are left.
    left: BTreeMap<String, usize>,
    /// References that further cases share.
    known: Known,
    /// How many cases of each kernel were not run, and why.
    left_out: BTreeMap<(Why, String), usize>,
    /// How many sweeps were not made for lack of time.
    sweeps_left_out: usize,
    /// Bytes of memory that a case's analysis may take.
    memory: u64,
    /// When this audit, or this part of it, began.
    begun: Instant,
    /// What probes found, with the engine's id.
    limits: Vec<(String, Limit)>,
    /// What may still be stored of outputs.
    room: Room,
    scratch: PathBuf,
}

/// Tells which adapters leave the loops of a case before their end, as the probe of each found, and what that would give.
fn long_loops(limits: &[(String, Limit)], problem: &dyn Problem, record: &mut CaseRecord, responses: &[Responded<'_>]) {
    let iterations = record.examination.iterations;
    let Some(least) = Limit::least_met(limits.iter().map(|(_, limit)| limit), iterations) else { return };
    let mut met: BTreeMap<u64, Vec<&str>> = BTreeMap::new();
    for (engine, limit) in limits.iter().filter(|(_, limit)| limit.is_met(iterations)) {
        met.entry(limit.at).or_default().push(engine);
    }
    let limited = problem.limited(least).map(|bits| bits.digest());
    // One pass beyond the limit may be the one that leaves the last loop: whether anything is lost the results say.
    if iterations == least + 1 && limited.is_some() && limited.as_deref() == record.strict() {
        return;
    }
    record.examination.loop_limited = limited;
    let line = problem.longest_loop();
    let of = line.map(|line| format!(", most of them of the loop on line {line}")).unwrap_or_default();
    let stop = |(at, engines): (&u64, &Vec<&str>)| {
        let verb = if engines.len() == 1 { "leaves" } else { "leave" };
        format!("{} {verb} every loop in silence after {at} passes, all loops counted together", engines.join(", "))
    };
    let stops: Vec<String> = met.iter().map(stop).collect();
    let message = format!(
        "an invocation makes {iterations} passes through loops, the one that leaves each included{of}; {}",
        stops.join("; ")
    );
    // What is found of the shader stands with its reference, or where there is none with the first engine that ran it.
    let reference = responses.iter().position(|r| r.engine.role() == Role::Reference);
    let ran = record.executions.iter().position(|x| matches!(x.outcome, Outcome::Ran { .. }));
    if let Some(execution) = reference.or(ran).and_then(|place| record.executions.get_mut(place)) {
        execution.findings.push(Finding { kind: FindingKind::LongLoop, line, message });
    }
}

/// A note for each thing that drivers said, with the engines whose child process said it last.
fn said_unasked(said: Vec<(String, String)>) -> Vec<String> {
    let mut by: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for (engine, words) in said {
        by.entry(words).or_default().push(engine);
    }
    let note = |(words, engines): (String, Vec<String>)| {
        let of = engines.join(", ");
        format!("In the child process of {of} a driver wrote to standard output or error; its last line: {words}")
    };
    by.into_iter().map(note).collect()
}

/// A note for each reason for which cases were left out.
fn not_run(left_out: &BTreeMap<(Why, String), usize>, plan: &Plan, memory: u64) -> Vec<String> {
    let all = plan.cases.iter().filter(|c| c.kernel() != CONTROL).count();
    let note = |why: Why| {
        let of: Vec<_> = left_out.iter().filter(|((other, _), _)| *other == why).collect();
        let count: usize = of.iter().map(|(_, n)| **n).sum();
        let kernels: Vec<String> = of.iter().map(|((_, kernel), n)| format!("{kernel} ({n})")).collect();
        let reason = match why {
            Why::Time => {
                format!("would not have ended within the time for this audit, {:?}", plan.budget.unwrap_or_default())
            }
            Why::Memory => format!(
                "would have taken more than {} MiB of this program's own memory, half of the machine's",
                memory >> 20
            ),
        };
        (count > 0).then(|| {
            format!(
                "{count} of the {all} cases were not run, because they {reason}; nothing is said of them: {}",
                kernels.join(", ")
            )
        })
    };
    [Why::Time, Why::Memory].into_iter().filter_map(note).collect()
}

impl<'p> Recording<'p> {
    /// The record before its first case.
    pub(super) fn new(plan: &'p Plan, engines: Vec<Engine>, scratch: &Path, begun: Instant) -> Self {
        let mut left: BTreeMap<String, usize> = BTreeMap::new();
        let kept = plan.earlier.as_ref().map(|earlier| earlier.kept(plan, &engines));
        let (cases, outputs) = kept.unwrap_or_default();
        let sweeps = plan.earlier.as_ref().map(|earlier| earlier.sweeps(plan, &engines)).unwrap_or_default();
        let order = plan.order(&cases);
        let planned = || order.iter().map(|place| &plan.cases[*place]);
        planned().for_each(|case| *left.entry(case.problem()).or_default() += 1);
        let now = || (jiff::Timestamp::now().to_string(), 0.0);
        let (started, seconds) = plan.earlier.as_ref().map_or_else(now, Earlier::run);
        let run = Run { started, seconds, shader_caches: BTreeMap::new() };
        let record = Record {
            format: FormatVersion::CURRENT,
            id: String::new(),
            run,
            provenance: provenance(plan),
            environment: environment::machine(),
            engines,
            controls: Vec::new(),
            cases,
            verdicts: Vec::new(),
            sweeps,
            notes: Vec::new(),
            explained: Vec::new(),
            trainings: Vec::new(),
            outputs,
        };
        Self {
            plan,
            record,
            firsts: BTreeMap::new(),
            left,
            known: Known::of(planned()),
            left_out: BTreeMap::new(),
            sweeps_left_out: 0,
            memory: default_limit().unwrap_or(u64::MAX),
            begun,
            limits: Vec::new(),
            room: Room::default(),
            scratch: scratch.to_owned(),
        }
    }

    /// The cases so far.
    pub(super) fn cases(&self) -> &[CaseRecord] {
        &self.record.cases
    }

    /// The sweeps so far.
    pub(super) fn sweeps(&self) -> &[EngineSweep] {
        &self.record.sweeps
    }

    /// Takes a sweep; without answers where there was no time for it.
    pub(super) fn take_sweep(&mut self, sweep: &Sweep, answers: Option<&Vec<(Engine, Response)>>) {
        self.sweeps_left_out += usize::from(answers.is_none());
        swept::add(&mut self.record.sweeps, &self.record.engines, sweep, answers.map(Vec::as_slice));
    }

    /// Whether this machine's memory is enough for a case's references.
    pub(super) fn has_room(&self, work: &Work) -> bool {
        work.judge_memory(self.record.engines.len() as u64) <= self.memory
    }

    /// Notes that a case was not run.
    pub(super) fn leave_out(&mut self, case: &Case, why: Why) -> Result<(), AuditError> {
        *self.left_out.entry((why, case.kernel().to_owned())).or_default() += 1;
        self.known.done(case, None);
        let problem = case.problem();
        self.free(&problem, &Blobs::new(&self.scratch, &case.to_string(), &problem))
    }

    /// Takes a case. `threads` are the engines of the CPU's threads.
    pub(super) fn take(
        &mut self,
        answered: Answered,
        threads: &[Engine],
        progress: &mut dyn super::Progress,
    ) -> Result<(), AuditError> {
        let Answered { case, problem, mut responses } = answered;
        let settings = &self.plan.settings;
        let problem_id = case.problem();
        let blobs = Blobs::new(&self.scratch, &case.to_string(), &problem_id);
        let on_cpu = problem.program().is_none();
        let mut truth = Truth::new(problem, &case, available_threads(), &mut self.known);
        if on_cpu {
            responses.clear();
            for (engine, count) in threads.iter().zip(&settings.threads) {
                responses.push((engine.clone(), threaded(&truth, *count, settings.repeats, &blobs)));
            }
        }
        let responses: Vec<_> = responses.iter().map(|(engine, response)| Responded { engine, response }).collect();
        let firsts = self.firsts.entry(problem_id.clone()).or_default();
        let mut record = analyse(&blobs, settings.profile, &case, &mut truth, &responses, firsts)?;
        long_loops(&self.limits, truth.problem.as_ref(), &mut record, &responses);
        if let Some(kernel) = &self.plan.own {
            record.examination.outputs = own::beside(kernel, &case, &record, &self.record, &blobs)?;
        }
        for one in &responses {
            let engine = one.engine.id.clone();
            if let Some(digest) = one.digest().filter(|_| !firsts.iter().any(|f| f.engine == engine)) {
                firsts.push(FirstConfig { engine, config: case.config(), digest: digest.to_owned() });
            }
        }
        if case.kernel() == CONTROL {
            for one in &responses {
                // An engine that failed is reported as that, and a remote one may have no such operation: their controls
                // say nothing more.
                let silent = matches!(one.response, Response::Failed { .. })
                    || one.engine.role() == Role::Remote && matches!(one.response, Response::Skipped { .. });
                if !silent {
                    self.record.controls.extend(controls::check(&case, one.engine, one.response, &record));
                }
                let Some(digest) = one.digest().filter(|_| Plant::of(&case) == Some(Plant::Loop)) else { continue };
                let len = usize::try_from(record.elements).map_err(|_| AuditError::Shape)?;
                let counts = blobs.get(digest, record.dtype, len)?;
                self.limits.extend(loops::limit(&counts).map(|limit| (one.engine.id.clone(), limit)));
            }
        } else {
            self.store(&record, &blobs)?;
            self.record.cases.push(record);
        }
        self.known.done(&case, Some(truth));
        self.free(&problem_id, &blobs)?;
        if case.kernel() != CONTROL
            && let Some(last) = self.record.cases.last()
        {
            progress.case(last, &mut || self.unfinished());
        }
        Ok(())
    }

    /// Frees the outputs of a case that is done, but those that another configuration will be compared with.
    fn free(&mut self, problem: &str, blobs: &Blobs) -> Result<(), AuditError> {
        let left = self.left.entry(problem.to_owned()).or_default();
        *left = left.saturating_sub(1);
        let last = *left == 0;
        if last {
            self.firsts.remove(problem);
        }
        for first in self.firsts.get(problem).into_iter().flatten() {
            blobs.keep(&first.digest)?;
        }
        blobs.free(last);
        Ok(())
    }

    /// The record as it is, marked as unfinished.
    pub(super) fn unfinished(&self) -> Record {
        let mut now = self.record.clone();
        now.run.seconds += self.begun.elapsed().as_secs_f64();
        now.notes.push(crate::record::UNFINISHED.to_owned());
        for engine in &mut now.engines {
            let reason = "the audit was interrupted".to_owned();
            engine.status = EngineStatus::Failed { reason, case: None };
        }
        // One without would be refused where it is read.
        now.id = crate::record::content_id(&now).unwrap_or_default();
        now
    }

    /// Keeps the first result of each execution, once each.
    fn store(&mut self, record: &CaseRecord, blobs: &Blobs) -> Result<(), AuditError> {
        for execution in &record.executions {
            let Outcome::Ran { distinct, .. } = &execution.outcome else { continue };
            let Some(first) = distinct.first().filter(|d| !self.record.outputs.has(&d.digest)) else { continue };
            let len = usize::try_from(record.elements).map_err(|_| AuditError::Shape)?;
            let bits = blobs.get(&first.digest, record.dtype, len)?;
            // The next audit has another of these, of which nothing but how it varies can be said.
            let varies = distinct.len() > 1 && self.plan.own.is_none();
            let wanted = match self.plan.settings.store {
                STORE if varies => VARYING,
                wanted => wanted,
            };
            let store = self.room.take(bits.words.len() as u64, wanted);
            self.record.outputs.add(first.digest.clone(), Stored::new(&bits, store));
        }
        Ok(())
    }

    /// Puts the sweeps in the order of the engines and of the plan, whichever were there before.
    fn in_plan(&mut self) {
        let place = |id: &str| self.record.engines.iter().position(|e| e.id == id);
        self.record.sweeps.sort_by_key(|s| place(&s.engine));
        let of = |function: &str, dtype| self.plan.sweeps.iter().position(|s| s.is_of(function, dtype));
        for sweep in &mut self.record.sweeps {
            sweep.functions.sort_by_key(|s| of(&s.function, Some(s.dtype)));
            sweep.missing.sort_by_key(|m| of(&m.function, m.dtype));
        }
    }

    /// The finished record, with the engines as they are in the end, and what the drivers of some of them said unasked.
    pub(super) fn finish(
        mut self,
        engines: Vec<Engine>,
        said: Vec<(String, String)>,
        shader_caches: BTreeMap<String, ShaderCache>,
    ) -> Result<Record, AuditError> {
        let ran = |engine: &Engine| {
            let mine = |c: &CaseRecord| {
                c.executions.iter().any(|e| e.engine == engine.id && matches!(e.outcome, Outcome::Ran { .. }))
            };
            self.record.cases.iter().any(mine)
        };
        // Thread counts under which no case ran are no engines of this audit.
        let idle = |e: &Engine| e.kind == EngineKind::Cpu && !e.variables.is_empty() && !ran(e);
        let mut engines: Vec<_> = engines.into_iter().filter(|e| !idle(e)).collect();
        for engine in &mut engines {
            let mine = self.limits.iter().filter(|(id, _)| *id == engine.id);
            engine.limits = mine.map(|(_, limit)| limit.clone()).collect();
        }
        self.record.engines = engines;
        // Those of an earlier audit, and those that came in turns, stand where they do in every record.
        let places: BTreeMap<String, usize> = self.plan.cases.iter().map(ToString::to_string).zip(0..).collect();
        self.record.cases.sort_by_key(|case| places.get(&case.id).copied());
        self.in_plan();
        self.record.controls.extend(controls::on_cpu());
        self.record.verdicts = crate::facts::verdicts(&self.record);
        let reference = self.record.engines.iter().any(|e| e.role() == Role::Reference);
        let about = self.plan.own.as_ref().map(|kernel| kernel.notes(&self.plan.cases, !reference));
        self.record.notes = about.unwrap_or_default();
        self.record.notes.extend(own::said_beside(&self.record.cases));
        let notes = notes(&self.record);
        self.record.notes.extend(notes);
        self.record.notes.extend(not_run(&self.left_out, self.plan, self.memory));
        if self.sweeps_left_out > 0 {
            self.record.notes.push(format!(
                "{} of the {} sweeps of functions were not made, because they would not have ended within the time for this \
                 audit, {:?}; nothing is said of them.",
                self.sweeps_left_out,
                self.plan.sweeps.len(),
                self.plan.budget.unwrap_or_default()
            ));
        }
        self.record.notes.extend(said_unasked(said));
        self.record.notes.extend(self.room.note());
        self.record.run.seconds += self.begun.elapsed().as_secs_f64();
        self.record.run.shader_caches = shader_caches;
        self.record.id = crate::record::content_id(&self.record)?;
        Ok(self.record)
    }
}
