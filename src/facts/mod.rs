//! What is concluded from a record: each question answered in one place, for every view, verb and format.

pub mod size;
