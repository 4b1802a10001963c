//! How far two outputs are apart, how far one is from the truth, and whether the specification allows it.
//!
//! Everything here is defined in `docs/numerics.md`. Comparison is on bits; special values are classified first.

mod accuracy;
mod classify;
mod measure;
pub mod number;
mod population;
mod ulp;

pub use accuracy::{Accuracy, accuracy};
pub use classify::{Class, classify};
pub use measure::{Classes, Drift, Element, MaskDrift, UlpBucket, measure};
pub use ulp::{order, ulp_size};
