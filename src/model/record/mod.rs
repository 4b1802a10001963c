//! The record's types: all that one audit of one machine produced.

mod base64;
mod case_view;
mod environment;
mod evidence;
mod format;
mod outputs;
mod own;
mod tree;
mod version;

pub use crate::model::axis::{AXES, Axis, AxisLevel, Level};
pub use crate::model::{Role, Side};
pub use case_view::{CaseView, ExecutionView};
pub use environment::Environment;
pub use evidence::{Evidence, Levels};
pub use format::{
    CaseRecord, Comparison, Content, Control, Dispersion, Distinct, Engine, EngineKind, EngineStatus, Execution,
    LevelState, Outcome, Provenance, Record, Run, Sample, Settings, ShaderCache, Status, TwinDigest, UNFINISHED,
    Verdict,
};
pub use outputs::{Damage, DamagedOutput, Known, Outputs, STORE, Stored, block};
pub use own::OwnKernel;
pub use version::{FormatError, FormatVersion};
