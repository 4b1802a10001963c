//! The record: all that one audit of one machine produced. It is the only thing that is stored, and a report reads
//! nothing else.

pub mod environment;
mod format;
mod id;
mod own;
mod store;
mod version;

pub use environment::Environment;
pub use format::{
    AxisLevel, CaseRecord, Comparison, Control, Dispersion, Distinct, Engine, EngineKind, EngineStatus, Execution,
    Level, LevelState, Outcome, Provenance, Record, Run, Sample, Settings, Status, TwinDigest, Verdict,
};
pub use id::content_id;
pub use own::OwnKernel;
pub use store::{ReadError, read, write_atomically};
pub use version::FormatVersion;
