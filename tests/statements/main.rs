//! Sentences, marks and numbers that the program printed and that were wrong once, each with the value that is right.
//! Small inputs are in `tests/cases/`. One module a room.

mod broken;
mod caches;
mod chance;
#[path = "../common/mod.rs"]
mod common;
mod drivers;
mod engines;
mod explained;
mod facts;
#[path = "../fixture/mod.rs"]
mod fixture;
mod gate;
mod interpreter;
mod kernels;
mod numerics;
mod pair;
mod records;
mod rng;
mod sweeps;
mod trainings;
mod unsound;
mod values;
mod views;
