//! The sweeps of an audit: which functions, at which inputs, and against what.
//!
//! They come after the cases, once each, on the adapters and on interpreters with a planted defect. The strict interpreter is
//! left out: it computes these functions as the references do.

use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use serde::{Deserialize, Serialize};

use crate::kernels::Profile;
use crate::kernels::sweep::{Sweepable, functions};
use crate::kernels::work::{Place, Work};
use crate::model::bits::Dtype;
use crate::model::sweep::{EngineSweep, Inputs, Missing};
use crate::model::{CasePattern, Skip};
use crate::numerics::arith::format::Format;
use crate::numerics::sweep::order::{Chunk, Order};
use crate::numerics::sweep::references;
use crate::record::{Engine, EngineStatus, Role, sweep_id};

use super::worker::Response;

/// A function that an audit sweeps, and at which inputs.
#[derive(Debug, Clone, Copy)]
pub struct Sweep {
    /// The function.
    pub function: Sweepable,
    /// The inputs.
    pub inputs: Inputs,
}

/// Those of a profile: the functions of one binary32 number at the stratified sample, and but for `quick` those of one binary16
/// number at every input. With filters only those whose variant one of them names without a parameter, as in `builtins/exp`:
/// whoever asks for certain cases asks for no more.
pub(super) fn planned(profile: Profile, filters: &[CasePattern]) -> Vec<Sweep> {
    let named = |s: &Sweepable| {
        let names = |f: &CasePattern| f.names(s.kernel, s.function.name) && f.parameter_names().next().is_none();
        filters.is_empty() || filters.iter().any(names)
    };
    let wide = functions(Format::F32).into_iter().map(|function| Sweep { function, inputs: Inputs::Stratified });
    let half = functions(Format::F16).into_iter().filter(|s| s.function.operands == 1);
    let half = half.map(|function| Sweep { function, inputs: Inputs::All }).filter(|_| profile != Profile::Quick);
    wide.chain(half).filter(|s| named(&s.function)).collect()
}

impl Sweep {
    /// The function's name.
    pub(super) fn name(&self) -> &'static str {
        self.function.function.name
    }

    /// Its id, as a case.
    pub(super) fn id(&self) -> String {
        sweep_id(self.name(), self.function.function.dtype(), self.inputs)
    }

    /// Its one chunk.
    fn chunk(&self) -> Option<Chunk> {
        let bits = self.function.function.bits();
        Order { inputs: self.inputs, bits, blocks: 2, most: None, from: 0 }.chunks().next()
    }

    /// What it takes: a built-in is some ten steps.
    pub(super) fn work(&self) -> Work {
        let elements = self.chunk().map_or(0, |c| c.count() as u64);
        let written = elements * u64::from(self.function.function.dtype().width() / 8);
        Work {
            place: Place::Adapters,
            operations: 10 * elements,
            inputs: 16,
            written,
            elements,
            reference: 0,
            numbers: true,
        }
    }

    /// Of an engine without a result.
    pub(super) fn missing(&self, reason: String, why: Option<Skip>, failed: bool) -> Missing {
        let (function, dtype) = (self.name().to_owned(), Some(self.function.function.dtype()));
        Missing { function, dtype, inputs: Some(self.inputs), reason, why, failed }
    }

    /// Whether it is of a function and a type.
    pub(super) fn is_of(&self, function: &str, dtype: Option<Dtype>) -> bool {
        self.name() == function && dtype == Some(self.function.function.dtype())
    }

    /// Whether it is the one of a function, a type and inputs.
    pub(super) fn is(&self, function: &str, dtype: Option<Dtype>, inputs: Option<Inputs>) -> bool {
        self.is_of(function, dtype) && inputs == Some(self.inputs)
    }

    /// Whether an engine's sweeps have this one, with a result or with what the adapter lacks for it.
    pub(super) fn is_in(&self, sweep: &EngineSweep) -> bool {
        sweep.functions.iter().any(|s| self.is(&s.function, Some(s.dtype), Some(s.inputs)))
            || sweep.missing.iter().any(|m| m.why.is_some() && self.is(&m.function, m.dtype, m.inputs))
    }
}

/// Whether functions are swept on an engine.
pub(super) fn is_swept(engine: &Engine) -> bool {
    matches!(engine.role(), Role::Driver | Role::Planted)
}

/// Adds what the engines answered to a sweep; `None` where nobody was asked, for lack of time.
pub(super) fn add(
    sweeps: &mut Vec<EngineSweep>,
    engines: &[Engine],
    sweep: &Sweep,
    answers: Option<&[(Engine, Response)]>,
) {
    for engine in engines.iter().filter(|e| is_swept(e)) {
        let answer = answers.map(|all| all.iter().find(|(e, _)| e.id == engine.id).map(|(_, answer)| answer));
        let missing = match answer {
            Some(Some(Response::Swept { swept })) => {
                entry(sweeps, &engine.id).functions.push((**swept).clone());
                continue;
            }
            Some(Some(Response::Skipped { why })) => sweep.missing(why.to_string(), Some(why.clone()), false),
            Some(Some(Response::Unwritten { reason, .. } | Response::Failed { reason, .. })) => {
                sweep.missing(reason.clone(), None, true)
            }
            Some(Some(_)) => sweep.missing("it answered a sweep with something else".to_owned(), None, true),
            Some(None) => sweep.missing(format!("not tried: {}", given_up(engine)), None, false),
            None => sweep.missing(
                "not tried: it would not have ended within the time for this audit".to_owned(),
                None,
                false,
            ),
        };
        entry(sweeps, &engine.id).missing.push(missing);
    }
}

/// Why an engine is not asked any more.
fn given_up(engine: &Engine) -> String {
    match &engine.status {
        EngineStatus::Failed { reason, .. } => reason.clone(),
        EngineStatus::Complete => "the engine was given up".to_owned(),
    }
}

fn entry<'s>(sweeps: &'s mut Vec<EngineSweep>, engine: &str) -> &'s mut EngineSweep {
    let place = sweeps.iter().position(|s| s.engine == engine).unwrap_or_else(|| {
        sweeps.push(EngineSweep { engine: engine.to_owned(), functions: Vec::new(), missing: Vec::new() });
        sweeps.len() - 1
    });
    &mut sweeps[place]
}

/// A file of correctly rounded results, and their digest.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(super) struct Right {
    path: PathBuf,
    pub(super) digest: String,
}

/// The correctly rounded results of each sweep, made once, by whoever needs them first, in a file for all engines.
#[derive(Debug)]
pub(super) struct References {
    folder: PathBuf,
    made: Vec<OnceLock<Option<Right>>>,
}

impl References {
    /// Those of so many sweeps.
    pub(super) fn new(folder: &Path, sweeps: usize) -> Self {
        Self { folder: folder.to_owned(), made: (0..sweeps).map(|_| OnceLock::new()).collect() }
    }

    /// The file of the sweep at a place. `None` where it could not be written: whoever sweeps then computes them.
    pub(super) fn get(&self, place: usize, sweep: &Sweep) -> Option<&Right> {
        let make = || {
            let (words, digest) = references(&sweep.function.function, sweep.chunk()?);
            let path = self.folder.join(format!("right-{place}"));
            std::fs::write(&path, bytemuck::cast_slice::<u32, u8>(&words)).ok().map(|()| Right { path, digest })
        };
        self.made.get(place)?.get_or_init(make).as_ref()
    }

    /// Frees them when all engines are done.
    pub(super) fn free(&self, place: usize) {
        if let Some(Some(right)) = self.made.get(place).and_then(OnceLock::get) {
            // What stays is gone with the folder.
            let _ = std::fs::remove_file(&right.path);
        }
    }
}

impl Right {
    /// The results; `None` where they can't be read.
    pub(super) fn read(&self) -> Option<Vec<u32>> {
        let mut file = std::fs::File::open(&self.path).ok()?;
        let length = usize::try_from(file.metadata().ok()?.len()).ok()?;
        let mut words = vec![0u32; length / 4];
        file.read_exact(bytemuck::cast_slice_mut(&mut words)).ok()?;
        Some(words)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::time::Duration;

    use super::*;
    use crate::audit::{Listing, Plan, Progress, Wanted, audit_with};
    use crate::engines::interpreter::Mode;
    use crate::engines::{self, Answer, Chunk as Output, Engine as Executes, RunError, Stream};
    use crate::facts::{self, Fault};
    use crate::model::{AdapterIdentity, Task};
    use crate::record::{CaseRecord, Record, Status};

    /// What an engine does with sweeps, whose cases the strict interpreter executes.
    #[derive(Debug, Clone, Copy, PartialEq)]
    enum Does {
        Right,
        Wrong,
        Lacks,
        Fails,
    }

    struct Planted {
        identity: AdapterIdentity,
        strict: Box<dyn Executes>,
        does: Does,
        streams: Arc<AtomicUsize>,
    }

    impl Executes for Planted {
        fn identity(&self) -> &AdapterIdentity {
            &self.identity
        }

        fn run(&mut self, task: &Task, repeats: u32) -> Answer {
            self.strict.run(task, repeats)
        }

        fn stream(&mut self, stream: &mut Stream<'_>) -> Result<Result<(), Skip>, RunError> {
            self.streams.fetch_add(1, Ordering::Relaxed);
            let all = planned(Profile::Standard, &[]);
            let of = |s: &&Sweep| s.function.program(s.chunk().expect("one")).0.source == stream.program.source;
            let sweep = all.iter().find(of).expect("a sweep");
            let (mut words, _) = references(&sweep.function.function, sweep.chunk().expect("one"));
            match self.does {
                Does::Right => {}
                Does::Wrong => words[1 << 19 | 5] ^= 0x7f_ffff,
                Does::Lacks => return Ok(Err(Skip::CpuOnly)),
                Does::Fails => return Err(RunError::Driver("lost".to_owned())),
            }
            (stream.take)(Output { index: 0, words: &words, poison: None })?;
            Ok(Ok(()))
        }
    }

    struct Quiet;

    impl Progress for Quiet {
        fn begin(&mut self, _: &[Engine], _: usize) {}
        fn case(&mut self, _: &CaseRecord, _: &mut dyn FnMut() -> Record) {}
        fn left(&mut self, _: usize, _: &dyn Fn() -> Duration) {}
        fn stopped(&mut self, _: &mut dyn FnMut() -> Record) {}
    }

    fn plan(kernels: &[&str]) -> Plan {
        let wanted = Wanted {
            profile: Profile::Quick,
            kernels: kernels.iter().map(|k| (*k).to_owned()).collect(),
            adapters: Vec::new(),
            planted: Vec::new(),
            repeats: 2,
            seed: 7,
            threads: vec![1],
            vary: Vec::new(),
            vary_all: false,
            timeout: None,
            memory: None,
            cases: None,
            store: 16,
            label: None,
            engines: Vec::new(),
        };
        Plan::new(wanted).unwrap().with_listing(Listing::default())
    }

    /// An audit with the strict interpreter and engines that do this; how often each was asked for a sweep.
    fn run(plan: &Plan, all: &[Does]) -> (Record, Vec<usize>) {
        let scratch = tempfile::tempdir().unwrap();
        let streams: Vec<_> = all.iter().map(|_| Arc::new(AtomicUsize::new(0))).collect();
        let mut further = vec![engines::interpreting(Mode::default(), 0)];
        for (index, does) in all.iter().enumerate() {
            let name = format!("card {does:?}");
            let identity = AdapterIdentity { name, index, ..AdapterIdentity::unlisted("vulkan") };
            let strict = engines::interpreting(Mode::default(), 0);
            further.push(Box::new(Planted { identity, strict, does: *does, streams: Arc::clone(&streams[index]) }));
        }
        let record = audit_with(plan, further, scratch.path(), &mut Quiet).unwrap();
        assert_eq!(std::fs::read_dir(scratch.path()).unwrap().count(), 0, "no reference is left");
        (record, streams.iter().map(|s| s.load(Ordering::Relaxed)).collect())
    }

    #[test]
    fn every_adapter_is_swept_once_and_told_as_it_is() {
        let all = [Does::Right, Does::Wrong, Does::Lacks, Does::Fails];
        let (record, asked) = run(&plan(&["builtins/exp", "builtins/exp2?dtype=f32"]), &all);
        let of = |engine: &str| record.sweeps.iter().find(|s| s.engine == engine);
        assert!(of("embedded:0").is_none(), "the strict interpreter is what the others are compared with");
        let [right, wrong, lacks, fails] = [0, 1, 2, 3].map(|i| of(&format!("vulkan:{i}")).unwrap());
        let names: Vec<&str> = right.functions.iter().map(|s| s.function.as_str()).collect();
        assert_eq!(names, ["exp"], "only what a filter names without a parameter");
        assert_eq!(asked, [1, 1, 1, 1], "once each");
        let (a, b) = (&right.functions[0], &wrong.functions[0]);
        assert_eq!((a.right, a.count, &a.digest), (1 << 20, 1 << 20, &a.reference), "right");
        assert_eq!((b.right, b.outside), ((1 << 20) - 1, 1), "one result, which nothing allows");
        assert_eq!((&b.reference, b.digest == a.digest), (&a.reference, false), "by one reference");
        assert_eq!(b.first_outside.as_ref().unwrap().input >> 12, 1 << 19 | 5, "and where");
        assert!(a.blocks.is_empty() && a.sample.is_empty(), "in brief");
        assert_eq!((lacks.missing[0].why.clone(), lacks.functions.len()), (Some(Skip::CpuOnly), 0), "skipped");
        assert!(fails.missing[0].failed && fails.missing[0].reason.contains("lost"), "failed: {:?}", fails.missing);
        let case = &record.sweep_cases()[0];
        let statuses: Vec<Status> = case.executions.iter().map(|x| x.status).collect();
        assert_eq!(case.id, "sweep/exp?dtype=f32&inputs=stratified", "as a case");
        assert_eq!(statuses, [Status::BitExact, Status::OutsideSpecification, Status::Skipped, Status::Failed]);
        let soundness = facts::soundness(&record);
        assert!(soundness.reasons.iter().any(|r| r.fault == Fault::CaseFailed), "{soundness:?}");
        let text = crate::record::to_json(&record).unwrap();
        assert_eq!(crate::record::parse("it", &text).unwrap().sweeps, record.sweeps, "written and read");
    }

    #[test]
    fn what_a_budget_leaves_out_and_what_is_done_already_is_not_swept() {
        // With cases on threads, whose engine a finished record would not list otherwise.
        let kernels = ["builtins/exp", "builtins/sqrt", "sum/threads_fixed"];
        let (none, asked) = run(&plan(&kernels).with_budget(Some(Duration::from_nanos(1))), &[Does::Right]);
        assert_eq!((asked[0], none.sweeps[0].functions.len(), none.sweeps[0].missing.len()), (0, 0, 2), "no time");
        assert!(none.notes.iter().any(|n| n.starts_with("2 of the 2 sweeps")), "and it says so: {:?}", none.notes);
        let (whole, asked) = run(&plan(&kernels), &[Does::Right]);
        assert_eq!(asked, [2], "both");
        // One that was cut off after the first sweep.
        let mut cut = whole.clone();
        cut.sweeps[0].functions.pop();
        cut.notes.push(crate::record::UNFINISHED.to_owned());
        let (again, asked) = run(&plan(&kernels).resuming(cut).unwrap(), &[Does::Right]);
        assert_eq!(asked, [1], "only the other");
        let digests = |r: &Record| r.sweeps[0].functions.iter().map(|s| s.digest.clone()).collect::<Vec<_>>();
        assert_eq!(digests(&again), digests(&whole), "in the order of the plan");
    }

    #[test]
    fn a_profile_says_what_is_swept() {
        let count = |profile, inputs| planned(profile, &[]).iter().filter(|s| s.inputs == inputs).count();
        assert!(count(Profile::Quick, Inputs::Stratified) >= 28, "functions of binary32");
        assert_eq!(count(Profile::Quick, Inputs::All), 0, "and no others");
        for profile in [Profile::Standard, Profile::Deep] {
            assert!(count(profile, Inputs::All) >= 28, "binary16, at every input");
            assert_eq!(
                count(profile, Inputs::Stratified),
                count(Profile::Quick, Inputs::Stratified),
                "the same sample"
            );
        }
        for sweep in planned(Profile::Standard, &[]) {
            assert!(sweep.work().elements <= 1 << 20, "{}", sweep.id());
            assert!(crate::model::CaseId::parse(&sweep.id()).is_ok(), "{}", sweep.id());
        }
    }
}
