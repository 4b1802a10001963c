//! The record: all that one audit of one machine produced. It is the only thing that is stored, and a report reads
//! nothing else.

mod base64;
mod canonical;
mod case_view;
pub mod environment;
mod format;
mod id;
mod merge;
mod origin;
mod outputs;
mod raw;
mod select;
mod sound;
mod store;
mod version;

pub use case_view::{CaseView, ExecutionView};
pub use environment::Environment;
pub use format::{
    AxisLevel, CaseRecord, Comparison, Control, Dispersion, Distinct, Engine, EngineKind, EngineStatus, Execution,
    Level, LevelState, Outcome, Provenance, Record, Run, Sample, Settings, Status, TwinDigest, Verdict,
};
pub use id::content_id;
pub use merge::{Member, Merged, Reader};
pub use origin::after_origin;
pub use outputs::{Known, Outputs, STORE, Stored, block};
pub use select::{FOLDER, SelectError, find, open, select};
pub use store::{ReadError, parse, read, to_json, write_atomically, write_with};
pub use version::FormatVersion;
