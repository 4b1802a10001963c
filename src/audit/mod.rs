//! The audit: plan → execute → compare → judge → record.
//!
//! Each engine takes the cases in order at its own pace ([`queues`]); a case is analysed when all have answered, in the
//! order of the cases, while the engines go on. Adapters live in child processes, and their outputs go through files, so
//! that no more than a few are in memory at once.

mod analyse;
mod blobs;
mod caches;
mod child;
mod clock;
mod compare;
mod controls;
mod environment;
mod error;
pub mod explain;
pub mod fault;
mod listing;
pub mod modelled;
mod own;
mod pace;
mod plan;
mod provenance;
mod queues;
mod recording;
mod resume;
mod room;
mod run;
mod server;
mod slot;
pub mod sweep;
mod swept;
pub mod train;
mod truth;
mod unreached;
pub mod worker;

pub use caches::Caches;
pub use child::{Child, ChildError};
pub use environment::machine;
pub use error::AuditError;
pub use listing::{Listing, Unlisted, adapters};
pub use pace::LEAST;
pub use plan::{CONTROL, Plan, PlanError, Wanted, varied};
pub use resume::{Earlier, ResumeError};
pub use run::{Progress, audit, audit_with};
pub use swept::Sweep;
pub use unreached::{Reached, Unreached, unreached};
