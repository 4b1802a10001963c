//! The data that cases compute on: from the seed in the case id, the same on every machine.

pub mod distribution;
pub mod edges;
pub mod philox;
pub mod philox_simd;
pub mod threefry;
pub mod vectors;

pub use distribution::Distribution;
