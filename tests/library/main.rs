//! The library without a driver: the comparator, the interpreter, records and reports, generators.

mod comparator;
mod embedded_machine;
#[path = "../fixture/mod.rs"]
mod fixture;
mod house;
mod merge;
mod record_bytes;
mod relate;
mod report;
mod rng_identify;
mod rng_published;
mod rng_streams;
mod tensors;
