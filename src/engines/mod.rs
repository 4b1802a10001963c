//! What executes a case: adapters through wgpu, the embedded adapter, and the CPU.

mod collect;
pub mod gpu;
pub mod interpreter;
mod skip;

pub use crate::model::answer::{Distinct, RunError, Runs};
use skip::unsupported;
