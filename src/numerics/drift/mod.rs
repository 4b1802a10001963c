//! How far two outputs are apart, how far one is from the truth, and whether the specification allows it.
//!
//! Everything here is defined in `docs/numerics.md`. Comparison is on bits; special values are classified first.

mod accuracy;
mod classify;
mod dense;
mod measure;
mod nearest;
mod population;
mod sequence;
mod ulp;

pub use crate::model::drift::{Accuracy, Classes, Drift, Element, MaskDrift, UlpBucket};
pub use accuracy::accuracy;
pub use classify::{Class, classify};
pub use measure::{Measured, measure, measure_sequences};
pub use nearest::nearest;
pub use sequence::Sequence;
pub use ulp::{order, ulp_size};
