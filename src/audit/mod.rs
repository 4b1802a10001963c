//! The audit: plan → execute → compare → judge → record.
//!
//! Cases are taken in order, each on every engine before the next, so that a case's results are complete while the
//! audit still runs, and no more than a few outputs are in memory at once. Adapters live in child processes; while they
//! execute one case, this process computes the twins of the one before and compares.

mod analyse;
mod blobs;
mod compare;
mod controls;
mod environment;
mod execute;
pub mod fault;
mod own;
mod pilot;
mod plan;
mod run;
mod truth;
pub mod worker;

pub use pilot::{Child, adapters};
pub use plan::{CONTROL, Plan, PlanError, Wanted};
pub use run::{Progress, audit};
