//! `repro-audit`: audits, bit for bit, what a machine's GPUs, drivers and threads do to the arithmetic that training is
//! made of. See `docs/numerics.md` for every term and metric, and `CONTRIBUTING.md` for how to add a kernel.

pub mod audit;
pub mod cli;
pub mod engines;
pub mod facts;
pub mod formats;
pub mod gate;
pub mod kernels;
pub mod model;
pub mod numerics;
pub mod process;
pub mod record;
pub mod rng;
pub mod tensors;
pub mod views;
pub(crate) mod wgsl;
