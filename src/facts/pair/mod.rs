//! What two records differ in, and which record of one set is compared with which of another. Everything here is computed
//! from records alone, and nothing of it is stored.

mod between;
mod change;
mod compare;
mod grouped;
mod operations;
mod sets;
mod shape;
mod surroundings;

pub use between::{Between, between, may_be_nan_alone, sampled};
pub use change::{Reference, Why};
pub use compare::{Absent, ByCause, Compared, Counted, EngineRow, Kind, ResultChange, Sameness, Side, compare};
pub use grouped::{CaseRow, CauseGroup, chosen};
pub use operations::OperationChange;
pub use sets::{PairError, Pairs, compare_all};
pub use shape::Shape;
pub use surroundings::{Change, Told};
