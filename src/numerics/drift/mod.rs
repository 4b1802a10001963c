//! How far two outputs are apart, how far one is from the truth, and whether the specification allows it.
//!
//! Everything here is defined in `docs/numerics.md`. Comparison is on bits; special values are classified first.

mod accuracy;
mod classify;
mod dense;
mod measure;
mod population;
mod ulp;

pub use crate::model::drift::{Accuracy, Classes, Drift, Element, MaskDrift, UlpBucket};
pub use accuracy::accuracy;
pub use classify::{Class, classify};
pub use measure::measure;
pub use ulp::{order, ulp_size};
