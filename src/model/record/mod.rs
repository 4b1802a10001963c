//! The record's types: all that one audit of one machine produced.

mod base64;
mod case_view;
mod engine;
mod environment;
mod evidence;
mod format;
mod known;
mod outputs;
mod own;
mod result;
mod stored;
mod sweeps;
mod trainings;
mod tree;
mod version;

pub use crate::model::axis::{AXES, Axis, AxisLevel, Level};
pub use crate::model::{Role, Side};
pub use case_view::{CaseView, ExecutionView};
pub use engine::{Engine, EngineKind, EngineStatus};
pub use environment::Environment;
pub use evidence::{Evidence, Levels};
pub use format::{
    CaseRecord, Comparison, Control, LevelState, Provenance, Record, Run, Settings, ShaderCache, UNFINISHED, Verdict,
};
pub use known::Known;
pub use outputs::Outputs;
pub use own::OwnKernel;
pub use result::{Content, Dispersion, Distinct, Execution, Outcome, Sample, Status, TwinDigest};
pub use stored::{Damage, DamagedOutput, STORE, Stored, block};
pub(crate) use sweeps::cases as sweep_cases;
pub use sweeps::{SWEEP, sweep_id};
pub(crate) use trainings::cases as training_cases;
pub use trainings::{TRAIN, training_data, training_id};
pub use version::{FormatError, FormatVersion};
