//! `repro-audit`: audits, bit for bit, what a machine's GPUs, drivers and threads do to the arithmetic that training is
//! made of. See `docs/numerics.md` for every term and metric, and `CONTRIBUTING.md` for how to add a kernel.

pub mod arith;
pub mod audit;
pub mod bits;
pub mod case;
pub mod cli;
pub mod drift;
pub mod engines;
pub mod exact;
pub mod gate;
pub mod inputs;
pub mod kernels;
pub mod record;
pub mod relate;
pub mod report;
pub mod rng;
pub mod spec;
pub mod user;
