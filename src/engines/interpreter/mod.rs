//! The embedded adapter: executes WGSL compute shaders in this process, from naga's IR, in strict arithmetic or with
//! planted defects.

pub mod asked;
mod code;
mod compile;
mod dispatch;
mod examine;
mod execute;
mod layout;
mod machine;
mod math;
mod mode;
pub mod recorded;
mod runner;

pub use examine::Examined;
pub use mode::{Defects, DotOrder, Mode, ModeError, Schedule};
pub use runner::{Runner, identities, identity, mode};

/// The backend's name, as typed and as in an adapter's identity.
pub const BACKEND: &str = "embedded";
