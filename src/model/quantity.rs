//! What the elements of an output are, so that a difference between two can be told as what it is.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::bits::Dtype;

/// What an element is. Distances in ulp say something of floats only.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Quantity {
    /// A floating-point number.
    Float,
    /// The value of a function between -1 and 1 whose accuracy is promised near zero only: `sin` and `cos`.
    Bounded,
    /// Kept or dropped.
    Mask,
    /// On which side of a split a sample is.
    Membership,
    /// A sample's number at a place of an order.
    Permutation,
    /// A place in something else; its distance from another place means nothing.
    Index,
    /// The outcome of a test.
    Flag,
    /// A whole number whose size means something.
    Count,
    /// 32 bits, of which none is worth more than another.
    Word,
}

impl Quantity {
    /// Of elements of this type of which nothing else is known.
    #[must_use]
    pub fn of(dtype: Dtype) -> Self {
        match dtype {
            Dtype::F32 | Dtype::F16 | Dtype::Bf16 => Self::Float,
            Dtype::Mask => Self::Mask,
            Dtype::U32 | Dtype::I32 => Self::Word,
        }
    }

    /// Of a case in a record from before format 1.3, whose kernels were those named here.
    #[must_use]
    pub fn presumed(kernel: &str, variant: &str, dtype: Dtype) -> Self {
        match (kernel, variant, dtype) {
            ("builtins", "sin" | "cos", Dtype::F32 | Dtype::F16) => Self::Bounded,
            ("builtins" | "conversion", _, Dtype::U32 | Dtype::I32) => Self::Count,
            ("specials", _, Dtype::U32) => Self::Flag,
            // What a loader delivers is samples, and a word of augmentation for each.
            ("permutation", loader, Dtype::U32) if loader.starts_with("loader_") => Self::Word,
            ("permutation", _, Dtype::U32) => Self::Permutation,
            ("split", _, Dtype::Mask) => Self::Membership,
            _ => Self::of(dtype),
        }
    }

    /// Whether a distance between two elements means something.
    #[must_use]
    pub fn has_distance(self) -> bool {
        matches!(self, Self::Float | Self::Bounded | Self::Count)
    }
}
