//! Going on with an audit that was cut off: which of its cases need not be run again.

use std::collections::BTreeMap;

use super::plan::{CONTROL, Plan};
use super::swept::{Sweep, is_swept};
use crate::kernels::case::Case;
use crate::model::sweep::EngineSweep;
use crate::record::{CaseRecord, Engine, EngineKind, EngineStatus, Outcome, Outputs, Record, Role};

/// Why an audit can't go on where another was cut off.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ResumeError {
    /// Nothing is left to do.
    #[error("the record there is of a finished audit, and nothing is left to do; run without --resume")]
    Finished,
    /// It was another audit.
    #[error("the audit there had other {0}; run it as it was, or without --resume")]
    Other(&'static str),
    /// The adapters, or what they say of themselves, are others now.
    #[error("the adapters are not those of the audit there ({0}); run without --resume")]
    Engines(String),
}

/// What is kept of an unfinished record.
#[derive(Debug, Clone)]
pub struct Earlier {
    record: Record,
}

impl Earlier {
    /// An unfinished record that `plan` may go on with: the same program, settings and machine.
    ///
    /// # Errors
    /// What is another.
    pub(super) fn new(record: Record, plan: &Plan) -> Result<Self, ResumeError> {
        if !record.is_unfinished() {
            return Err(ResumeError::Finished);
        }
        let now = super::provenance::provenance(plan);
        let was = &record.provenance;
        if was.settings != now.settings {
            return Err(ResumeError::Other("settings"));
        }
        if (&was.version, &was.commit, &was.libraries) != (&now.version, &now.commit, &now.libraries) {
            return Err(ResumeError::Other("versions of this program"));
        }
        if record.environment != super::environment::machine() {
            return Err(ResumeError::Other("surroundings (machine, system or variables)"));
        }
        Ok(Self { record })
    }

    /// Whether the engines are those of the earlier audit, as far as they tell.
    pub(super) fn check(&self, engines: &[Engine]) -> Result<(), ResumeError> {
        let told = |engines: &[Engine]| -> BTreeMap<String, String> {
            engines.iter().map(|e| (e.id.clone(), format!("{:?}", (&e.adapter, &e.variables)))).collect()
        };
        let (was, now) = (told(&self.record.engines), told(engines));
        let other = was.iter().chain(&now).find(|(id, _)| was.get(*id) != now.get(*id));
        other.map_or(Ok(()), |(id, _)| Err(ResumeError::Engines(id.clone())))
    }

    /// Whether every engine that was to answer a case did. One that does not open now is waited for by nobody.
    fn is_complete(case: &CaseRecord, engines: &[Engine]) -> bool {
        let ended = |engine: &Engine| {
            let execution = case.executions.iter().find(|x| x.engine == engine.id);
            execution.is_some_and(|x| matches!(x.outcome, Outcome::Ran { .. } | Outcome::Skipped { .. }))
        };
        let asked = |engine: &&Engine| match (&case.shader, engine.kind) {
            // A remote engine may have no part in a case.
            (Some(_), EngineKind::Adapter) => engine.role() != Role::Remote,
            (None, EngineKind::Cpu) => !engine.variables.is_empty(),
            _ => false,
        };
        engines.iter().filter(|e| e.status == EngineStatus::Complete).filter(asked).all(ended)
    }

    /// The cases that stay as they are, with their outputs: those of problems that were done, since a configuration is
    /// compared with the first one of its problem.
    pub(super) fn kept(&self, plan: &Plan, engines: &[Engine]) -> (Vec<CaseRecord>, Outputs) {
        let mut done: BTreeMap<String, bool> = BTreeMap::new();
        let find = |case: &Case| self.record.cases.iter().find(|c| c.id == case.to_string());
        for case in plan.cases.iter().filter(|c| c.kernel() != CONTROL) {
            let complete = find(case).is_some_and(|c| Self::is_complete(c, engines));
            *done.entry(case.problem()).or_insert(true) &= complete;
        }
        let is_done = |case: &&Case| done.get(&case.problem()).copied().unwrap_or(false);
        let cases: Vec<CaseRecord> = plan.cases.iter().filter(is_done).filter_map(find).cloned().collect();
        let mut outputs = Outputs::default();
        for execution in cases.iter().flat_map(|c| &c.executions) {
            let Outcome::Ran { distinct, .. } = &execution.outcome else { continue };
            let first = distinct.first().map(|d| &d.digest);
            if let Some((digest, stored)) = first.and_then(|d| Some((d, self.record.outputs.get(d)?))) {
                outputs.add(digest.clone(), stored.clone());
            }
        }
        (cases, outputs)
    }

    /// The sweeps that stay as they are: of functions of which every engine has a result, or lacks what they need.
    pub(super) fn sweeps(&self, plan: &Plan, engines: &[Engine]) -> Vec<EngineSweep> {
        let swept = || engines.iter().filter(|e| is_swept(e) && e.status == EngineStatus::Complete);
        let of = |engine: &Engine| self.record.sweeps.iter().find(|s| s.engine == engine.id);
        let whole = |sweep: &&Sweep| swept().all(|engine| of(engine).is_some_and(|s| sweep.is_in(s)));
        let done: Vec<&Sweep> = plan.sweeps.iter().filter(whole).collect();
        let mut kept = self.record.sweeps.clone();
        for engine in &mut kept {
            engine.functions.retain(|s| done.iter().any(|d| d.is(&s.function, Some(s.dtype), Some(s.inputs))));
            engine.missing.retain(|m| done.iter().any(|d| d.is(&m.function, m.dtype, m.inputs)));
        }
        kept
    }

    /// When it was started, and the seconds that it took.
    pub(super) fn run(&self) -> (String, f64) {
        (self.record.run.started.clone(), self.record.run.seconds)
    }
}
