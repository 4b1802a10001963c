//! The audit: plan → execute → compare → judge → record.
//!
//! Cases are taken in order, each on every engine before the next, so that a case's results are complete while the
//! audit still runs, and no more than a few outputs are in memory at once. Adapters live in child processes; while they
//! execute one case, this process computes the twins of the one before and compares.

mod analyse;
mod blobs;
mod child;
mod compare;
mod controls;
mod environment;
mod error;
pub mod fault;
mod listing;
mod own;
mod plan;
mod provenance;
mod recording;
mod room;
mod run;
mod slot;
mod truth;
mod unreached;
pub mod worker;

pub use child::{Child, ChildError};
pub use error::AuditError;
pub use listing::{Listing, Unlisted, adapters};
pub use plan::{CONTROL, Plan, PlanError, Wanted};
pub use run::{Progress, audit};
pub use unreached::{Reached, Unreached, unreached};
