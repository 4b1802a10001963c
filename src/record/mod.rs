//! The record: all that one audit of one machine produced. It is the only thing that is stored, and a report reads
//! nothing else.

mod base64;
mod canonical;
pub mod environment;
mod format;
mod id;
mod outputs;
mod select;
mod sound;
mod store;
mod version;

pub use environment::Environment;
pub use format::{
    AxisLevel, CaseRecord, Comparison, Control, Dispersion, Distinct, Engine, EngineKind, EngineStatus, Execution,
    Level, LevelState, Outcome, Provenance, Record, Run, Sample, Settings, Status, TwinDigest, Verdict,
};
pub use id::content_id;
pub use outputs::{Known, Outputs, STORE, Stored, block};
pub use select::{FOLDER, SelectError, find, select};
pub use store::{ReadError, read, write_atomically};
pub use version::FormatVersion;
