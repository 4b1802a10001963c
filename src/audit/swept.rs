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
pub(super) fn add(sweeps: &mut Vec<EngineSweep>, engines: &[Engine], sweep: &Sweep, answers: Option<&[(Engine, Response)]>) {
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
            None => sweep.missing("not tried: it would not have ended within the time for this audit".to_owned(), None, false),
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
