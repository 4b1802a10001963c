//! The embedded adapter: executes WGSL compute shaders in this process, from naga's IR, in strict arithmetic or with
//! planted defects.

mod mode;

pub use mode::{Defects, Mode, ModeError, Schedule};
