//! Comparing a function's results with the correctly rounded ones, for all of 2^32 inputs: references of many inputs at
//! once, and counts of what differs.

mod judge;
pub mod order;
mod reference;
mod tally;

pub use reference::{Function, Symmetry};
pub use tally::{Sent, Tally, references};
