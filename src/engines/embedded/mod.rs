//! The embedded adapter: executes WGSL compute shaders in this process, from naga's IR, in strict arithmetic or with
//! planted defects.

#[expect(dead_code, reason = "the interpreter that calls it comes next")]
mod math;
mod mode;

pub use mode::{Defects, Mode, ModeError, Schedule};
