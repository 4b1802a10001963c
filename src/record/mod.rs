//! The record: all that one audit of one machine produced. It is the only thing that is stored, and a report reads
//! nothing else.

mod canonical;
pub mod capture;
mod difference;
mod id;
mod merge;
mod raw;
mod select;
mod size;
mod sound;
mod store;

pub use crate::model::record::{
    AXES, Axis, AxisLevel, CaseRecord, CaseView, Comparison, Content, Control, Damage, DamagedOutput, Dispersion,
    Distinct, Engine, EngineKind, EngineStatus, Environment, Evidence, Execution, ExecutionView, FormatError,
    FormatVersion, Known, Level, LevelState, Outcome, Outputs, OwnKernel, Provenance, Record, Role, Run, STORE, SWEEP,
    Sample, Settings, ShaderCache, Side, Status, Stored, TRAIN, TwinDigest, UNFINISHED, Verdict, block, sweep_id,
    training_data, training_id,
};
pub use id::content_id;
pub use merge::{Member, Merged, Reader};
pub use select::{FOLDER, SelectError, find, is_named_so, is_record, newest_of_machine, open, select, stated_id};
pub use sound::Unfit;
pub use store::{ReadError, Wrong, parse, read, to_json, write_all, write_atomically, write_with};
