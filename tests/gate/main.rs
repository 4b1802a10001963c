//! The gate: what must pass does, and for each outcome and each rule a record that must fail does.

#[path = "../common/mod.rs"]
mod common;
#[path = "../fixture/mod.rs"]
mod fixture;

mod binary;
mod deviations;
mod laws;
mod locks;
mod outcomes;
mod outputs;
mod policies;
mod subject;
