//! How records relate: what two of them differ in, and which adapters of many agree. Everything here is computed from
//! records alone, and nothing of it is stored.

mod apart;
mod attribution;
mod between;
mod classes;
mod compare;
mod cover;
mod matrix;
mod members;
mod pairs;
mod related;
mod table;
mod timeline;

pub use crate::facts::{Match, Matching, matching};
pub use between::{Between, between, sampled};
pub use compare::{CaseChange, Change, Compared, Counted, Kind, Side, VerdictChange, compare};
pub use cover::{Cover, cover};
pub use pairs::{PairError, Pairs, compare_all};
pub use related::{Adapter, Class, Conflict, Kernel, KernelCell, LARGEST, Origin, Related, Split, Telling, relate};
pub use timeline::{Driver, DriverChange, Timeline};
