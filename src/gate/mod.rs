//! The gate: `repro.lock`, which says what each engine computed, and `check`, which says what has changed since and
//! whether a policy allows it. See `docs/gate.md`.
//!
//! Knows nothing but records, the lock and the policy; and never looks at a time.

mod judge;
mod lock;
mod outcome;
mod policy;
mod sound;

pub use crate::facts::{Driver, EngineClass, Identity, identify};
pub use judge::{Checked, Counts, Item, Place, Question, check};
pub(crate) use lock::status_word;
pub use lock::{Found, Lock, LockError, LockedCase, LockedEngine, LockedRow, LockedSettings, RowChange, changes};
pub use outcome::{Conclusion, Outcome};
pub use policy::{Demand, Deviation, Known, Policy, PolicyError, Requirement, Rule};
