//! What executes a case: adapters through wgpu, and the CPU.

pub mod cpu;
pub mod embedded;
pub mod gpu;
