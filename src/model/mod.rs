//! Data that every other room shares, and nothing that computes or talks to a driver. Imports no other room.

pub mod adapter;
pub mod allowance;
pub mod answer;
mod arithmetic;
mod axis;
pub mod bits;
mod case_id;
pub mod drift;
pub(crate) mod finding;
mod liberty;
pub mod number;
mod observation;
pub mod pattern;
mod profile;
pub mod record;
mod role;
mod side;
mod skip;
pub mod task;
pub mod variables;
pub mod words;

pub use adapter::{AdapterIdentity, FloatControls};
pub use allowance::{Allowance, Exact, Interval};
pub use answer::{Answer, RunError, Runs};
pub use arithmetic::Arithmetic;
pub use axis::{AXES, Axis, AxisLevel, Level};
pub use case_id::{CaseId, CaseIdError, CasePattern};
pub use drift::{Accuracy, Drift};
pub use finding::{Finding, FindingKind};
pub use liberty::Liberty;
pub use observation::{Observation, Origin};
pub use profile::Profile;
pub use role::Role;
pub use side::Side;
pub use skip::Skip;
pub use task::Task;
