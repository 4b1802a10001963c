//! The program as a user runs it: arguments, files, exit codes.

mod capture;
mod cli;
#[path = "../common/mod.rs"]
mod common;
mod diff;
mod explain;
#[path = "../fixture/mod.rs"]
mod fixture;
mod kernel;
mod kernel_files;
mod packaged;
mod planted;
mod rng_cli;
mod schema;
mod shuffles;
mod sweep;
mod train;
