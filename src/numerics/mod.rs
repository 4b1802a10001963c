//! Arithmetic whose bits depend on nothing but its operands: strict arithmetic and its liberties, elementary
//! functions, exact sums, what the specification allows, generators of inputs, and the comparator.

pub mod arith;
pub mod drift;
pub mod elementary;
pub mod exact;
pub mod inputs;
pub mod spec;
pub mod sweep;
pub mod threads;
