//! The audit from beginning to end.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Mutex;
use std::sync::mpsc::sync_channel;

use super::analyse::{Desk, analyse, threaded};
use super::blobs::Blobs;
use super::compare::{FirstConfig, Heard};
use super::execute::{Said, Seat};
use super::plan::{CONTROL, Plan};
use super::truth::Truth;
use super::{controls, own, pilot};
use crate::kernels::Problem;
use crate::kernels::case::Case;
use crate::model::{AdapterIdentity, Skip};
use crate::numerics::threads::available_threads;
use crate::record::{
    CaseRecord, Control, Engine, EngineKind, EngineStatus, FormatVersion, Outcome, Outputs, Provenance, Record, Run,
    Stored,
};

/// What is heard of an audit while it runs.
pub trait Progress {
    /// The engines are known and `cases` cases will follow.
    fn begin(&mut self, engines: &[Engine], cases: usize);
    /// A case is analysed. `record` gives the record so far, for writing it now and then.
    fn case(&mut self, case: &CaseRecord, record: &mut dyn FnMut() -> Record);
}

/// Finds the adapters that the plan wants, and what went wrong in finding them.
fn wanted(plan: &Plan) -> (Vec<AdapterIdentity>, Vec<(String, String)>) {
    let (found, failed) = pilot::adapters(&BTreeMap::new(), &plan.planted);
    let filters = &plan.settings.adapters;
    // Planted adapters were asked for by name.
    let planted = |a: &AdapterIdentity| a.is_embedded() && a.index > 0;
    let keep = |a: &AdapterIdentity| filters.is_empty() || planted(a) || filters.iter().any(|f| a.matches(f));
    (found.into_iter().filter(keep).collect(), failed)
}

/// Every combination of the varied variables' values; one variable at a time, so that each shows its own effect.
fn variations(plan: &Plan) -> Vec<BTreeMap<String, String>> {
    let mut out = vec![BTreeMap::new()];
    for (name, values) in &plan.settings.vary {
        out.extend(values.iter().map(|v| BTreeMap::from([(name.clone(), v.clone())])));
    }
    out
}

fn seats(plan: &Plan, scratch: &Path) -> Vec<Seat> {
    let (adapters, failed) = wanted(plan);
    let mut seats = Vec::new();
    for adapter in adapters {
        // The interpreter reads no variable.
        let variations = if adapter.is_embedded() { vec![BTreeMap::new()] } else { variations(plan) };
        for variables in variations {
            let id = adapter.id();
            seats.push(Seat::open(&id, adapter.clone(), variables, scratch.to_owned(), &plan.planted));
        }
    }
    for (backend, reason) in failed {
        seats.push(Seat::unlisted(&backend, reason));
    }
    seats
}

fn cpu_engine(threads: Option<usize>) -> Engine {
    let variables = threads.map(|t| ("threads".to_owned(), t.to_string()));
    let suffix = threads.map(|t| format!(" threads={t}")).unwrap_or_default();
    Engine {
        id: format!("cpu{suffix}"),
        label: format!("CPU twin{suffix}"),
        kind: EngineKind::Cpu,
        adapter: None,
        variables: variables.into_iter().collect(),
        status: EngineStatus::Complete,
    }
}

/// Asks every adapter for one case, as many at a time as there are processors: compiling takes one processor for each
/// adapter, and on software adapters that is most of the time. Adapters that have been given up are left out.
fn ask_all(seats: &mut [Seat], plan: &Plan, case: &Case, runs_here: bool) -> Vec<(Engine, Said)> {
    let ask = |seat: &mut Seat| {
        let said =
            if runs_here { seat.run(case, plan.settings.repeats, plan.timeout)? } else { Said::Skipped(Skip::CpuOnly) };
        Some((seat.engine.clone(), said))
    };
    let parallel = available_threads().clamp(1, seats.len().max(1));
    let mut answers: Vec<Option<(Engine, Said)>> = vec![None; seats.len()];
    let queue = Mutex::new(seats.iter_mut().zip(&mut answers));
    let next = || queue.lock().ok().and_then(|mut q| q.next());
    std::thread::scope(|scope| {
        for _ in 0..parallel {
            scope.spawn(|| {
                while let Some((seat, answer)) = next() {
                    *answer = ask(seat);
                }
            });
        }
    });
    answers.into_iter().flatten().collect()
}

/// What the executing thread hands to the analysing one.
struct Answered {
    case: Case,
    problem: Result<Box<dyn Problem>, String>,
    /// What each engine said, given-up ones left out.
    said: Vec<(Engine, Said)>,
}

/// Audits this machine. The record's id is set; outputs go through files in `scratch`.
///
/// # Errors
/// When the record can not be made; a failing adapter is no error, but a line in the record.
pub fn audit(plan: &Plan, scratch: &Path, progress: &mut dyn Progress) -> Result<Record, String> {
    let started = std::time::Instant::now();
    let stamp = jiff::Timestamp::now().to_string();
    if let Some(kernel) = &plan.own {
        own::put(scratch, kernel).map_err(|e| format!("the kernel could not be handed to the children: {e}"))?;
    }
    let mut seats = seats(plan, scratch);
    let cpus: Vec<_> =
        std::iter::once(None).chain(plan.settings.threads.iter().copied().map(Some)).map(cpu_engine).collect();
    let engines = |seats: &[Seat]| -> Vec<Engine> {
        cpus.iter().cloned().chain(seats.iter().map(|s| s.engine.clone())).collect()
    };
    progress.begin(&engines(&seats), plan.cases.len());
    let mut draft = Draft {
        record: Record {
            format: FormatVersion::CURRENT,
            id: String::new(),
            run: Run { started: stamp, seconds: 0.0 },
            provenance: provenance(plan),
            environment: super::environment::capture(),
            engines: engines(&seats),
            controls: Vec::new(),
            cases: Vec::new(),
            verdicts: Vec::new(),
            notes: Vec::new(),
            outputs: Outputs::default(),
        },
        firsts: BTreeMap::new(),
        blobs: Blobs::new(scratch),
    };
    // While the adapters execute one case, the one before is analysed.
    let (sender, receiver) = sync_channel::<Answered>(1);
    let cpus = &cpus;
    let (analysed, last) = std::thread::scope(|scope| {
        let seats = &mut seats;
        let executing = scope.spawn(move || {
            for case in &plan.cases {
                let problem = plan.problem(case).map_err(|e| e.to_string());
                let runs_here = problem.as_ref().is_ok_and(|p| p.program().is_some());
                let said = ask_all(seats, plan, case, runs_here);
                if sender.send(Answered { case: case.clone(), problem, said }).is_err() {
                    break;
                }
            }
        });
        let mut outcome = Ok(());
        for answered in receiver {
            outcome = draft.take(plan, answered, cpus, progress);
            if outcome.is_err() {
                break;
            }
        }
        // A panic there is a defect of this program; it must not pass for a finished audit.
        (outcome, executing.join().map_err(|_| "the executing thread panicked".to_owned()))
    });
    analysed?;
    last?;
    draft.record.engines = engines(&seats);
    drop(seats);
    let reference = draft.record.engines.iter().any(Engine::is_reference);
    let about = plan.own.as_ref().map(|kernel| kernel.notes(&plan.cases, !reference)).unwrap_or_default();
    draft.finish(about, started.elapsed().as_secs_f64())
}

/// The record in the making.
struct Draft {
    record: Record,
    firsts: BTreeMap<String, Vec<FirstConfig>>,
    blobs: Blobs,
}

impl Draft {
    fn take(
        &mut self,
        plan: &Plan,
        answered: Answered,
        cpus: &[Engine],
        progress: &mut dyn Progress,
    ) -> Result<(), String> {
        let Answered { case, problem, mut said } = answered;
        let problem = problem?;
        let on_cpu = problem.program().is_none();
        let mut truth = Truth::new(problem, available_threads());
        if on_cpu {
            said.clear();
            for (engine, threads) in cpus[1..].iter().zip(&plan.settings.threads) {
                let answer = threaded(&truth, *threads, plan.settings.repeats, &self.blobs)?;
                said.push((engine.clone(), answer));
            }
        }
        let heard: Vec<_> = said.iter().map(|(engine, said)| Heard { engine, said }).collect();
        let problem_id = case.problem();
        let desk = Desk { blobs: &self.blobs, profile: plan.settings.profile };
        let record = analyse(&desk, &case, &mut truth, &heard, self.firsts.entry(problem_id.clone()).or_default())?;
        if case.kernel() == CONTROL {
            for one in &heard {
                // An adapter that failed is reported as that; its controls say nothing more.
                if !matches!(one.said, Said::Failed(_)) {
                    self.record.controls.push(controls::check(&case, &one.engine.id, one.said, &record));
                }
            }
            return Ok(());
        }
        let firsts = self.firsts.entry(problem_id).or_default();
        for one in &heard {
            let engine = one.engine.id.clone();
            if let Some(digest) = one.digest().filter(|_| !firsts.iter().any(|f| f.engine == engine)) {
                firsts.push(FirstConfig { engine, config: case.config(), digest: digest.to_owned() });
            }
        }
        self.store(plan, &case, &record)?;
        self.record.cases.push(record);
        let draft = &self.record;
        if let Some(last) = draft.cases.last() {
            progress.case(last, &mut || {
                let mut now = draft.clone();
                now.notes.push(crate::record::UNFINISHED.to_owned());
                for engine in &mut now.engines {
                    let reason = "the audit was interrupted".to_owned();
                    engine.status = EngineStatus::Failed { reason, case: None };
                }
                now
            });
        }
        Ok(())
    }

    /// Keeps the first result of each execution, once each.
    fn store(&mut self, plan: &Plan, case: &Case, record: &CaseRecord) -> Result<(), String> {
        for execution in &record.executions {
            let Outcome::Ran { distinct, .. } = &execution.outcome else { continue };
            let Some(first) = distinct.first().filter(|d| !self.record.outputs.has(&d.digest)) else { continue };
            let len = usize::try_from(record.elements).map_err(|e| format!("{case}: {e}"))?;
            let bits = self.blobs.get(&first.digest, record.dtype, len)?;
            self.record.outputs.add(first.digest.clone(), Stored::new(&bits, plan.settings.store));
        }
        Ok(())
    }

    fn finish(mut self, about: Vec<String>, seconds: f64) -> Result<Record, String> {
        let ran = |engine: &Engine| {
            let mine = |c: &CaseRecord| {
                c.executions.iter().any(|e| e.engine == engine.id && matches!(e.outcome, Outcome::Ran { .. }))
            };
            self.record.cases.iter().any(mine)
        };
        // Thread counts under which no case ran are no engines of this audit.
        let idle: Vec<_> = self
            .record
            .engines
            .iter()
            .filter(|e| e.kind == EngineKind::Cpu && !e.variables.is_empty() && !ran(e))
            .map(|e| e.id.clone())
            .collect();
        self.record.engines.retain(|e| !idle.contains(&e.id));
        self.record.controls.extend(cpu_controls());
        self.record.verdicts = crate::facts::verdicts(&self.record);
        self.record.notes = about;
        self.record.notes.extend(notes(&self.record));
        self.record.run.seconds = seconds;
        self.record.id = crate::record::content_id(&self.record).map_err(|e| e.to_string())?;
        Ok(self.record)
    }
}

/// The controls on the CPU's own path, so that they exist on a machine without adapters too: the comparator is given
/// the drift directly.
fn cpu_controls() -> Vec<Control> {
    use crate::model::bits::{Bits, Dtype};
    use crate::numerics::drift::{Class, classify, measure};
    let plain = Bits::words(Dtype::F32, (0..256).map(|i| 0x3f80_0000 + i * 3).collect());
    let planted = |place: usize, word: u32| {
        let mut other = plain.clone();
        other.words[place] = word;
        measure(&plain, &other)
    };
    let one = |caught: bool, name: &str, about: &str| Control {
        name: name.to_owned(),
        engine: "cpu".to_owned(),
        about: about.to_owned(),
        caught,
    };
    let mut swapped = plain.clone();
    swapped.words.swap(100, 101);
    let is = |drift: &Option<crate::numerics::drift::Drift>, test: &dyn Fn(&crate::numerics::drift::Drift) -> bool| {
        drift.as_ref().is_some_and(test)
    };
    vec![
        one(
            is(&planted(200, plain.words[200] + 1), &|d| d.classes.finite == 1 && d.differing == 1 && d.max_ulp == 1),
            "one-ulp",
            "one element moved by one ulp in the comparator's input",
        ),
        one(
            is(&planted(31, 0x7fc0_0000), &|d| d.classes.nan_versus_number == 1 && d.differing == 1),
            "nan",
            "one NaN in the comparator's input",
        ),
        one(is(&measure(&plain, &swapped), &|d| d.differing == 2), "swapped", "two elements exchanged"),
        one(classify(Dtype::F32, 0, 0x8000_0000) == Class::ZeroSign, "zero-sign", "zeros of different sign"),
    ]
}

fn provenance(plan: &Plan) -> Provenance {
    let libraries = [
        ("wgpu", env!("REPRO_AUDIT_WGPU")),
        ("naga", env!("REPRO_AUDIT_NAGA")),
        ("libm", env!("REPRO_AUDIT_LIBM")),
        ("half", env!("REPRO_AUDIT_HALF")),
    ];
    let commit = env!("REPRO_AUDIT_COMMIT");
    Provenance {
        version: env!("CARGO_PKG_VERSION").to_owned(),
        commit: (!commit.is_empty()).then(|| commit.to_owned()),
        libraries: libraries.into_iter().map(|(n, v)| (n.to_owned(), v.to_owned())).collect(),
        settings: plan.settings.clone(),
        own: plan.own.as_ref().map(|kernel| kernel.own()),
    }
}

fn notes(record: &Record) -> Vec<String> {
    let mut notes = Vec::new();
    let drivers: Vec<_> = record.engines.iter().filter(|e| e.is_driver()).collect();
    if drivers.is_empty() {
        let embedded = "The kernels ran on the embedded interpreter, which is this program's own: it shows what strict \
                        arithmetic gives and which kernels depend on the order of execution, and nothing about a GPU or \
                        a driver.";
        notes.push(if record.provenance.settings.adapters.is_empty() {
            format!(
                "No driver was found. {embedded} A software adapter can be had without a GPU: install Mesa's lavapipe \
                 (Debian and Ubuntu: apt install mesa-vulkan-drivers), then run this again."
            )
        } else {
            format!("No driver was asked for. {embedded}")
        });
    } else if drivers.iter().all(|e| e.adapter.as_ref().is_none_or(|a| a.device_type == "cpu")) {
        notes.push(
            "All adapters here are software: this says how their drivers compute, and nothing about a GPU.".to_owned(),
        );
    }
    let planted = &record.provenance.settings.planted;
    if !planted.is_empty() {
        notes.push(format!(
            "The embedded adapters from embedded:1 on have defects planted on purpose ({}): they test the auditor and are \
             no driver of this machine.",
            planted.join(", ")
        ));
    }
    if record.provenance.settings.repeats < 2 {
        notes.push("With one run of each case nothing is said of repeatability; use --repeats 2 or more.".to_owned());
    }
    notes
}
