//! What executes a case: adapters through wgpu, the embedded adapter, and the CPU.

mod collect;
pub mod cpu;
pub mod embedded;
mod finding;
pub(crate) mod front;
pub mod gpu;
mod runs;
mod skip;

pub use finding::{Finding, FindingKind};
pub use runs::{Distinct, RunError, Runs};
pub use skip::Skip;
use skip::unsupported;
