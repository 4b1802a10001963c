//! The element types of a product: how A and B are stored, and in what the products are added.

use crate::kernels::Buffer;
use crate::kernels::case::{Case, CaseError};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::spec;

/// How the numbers are stored and added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Element {
    /// binary32 throughout.
    F32,
    /// binary16 storage, binary32 sums.
    F16Acc32,
    /// binary16 throughout.
    F16,
    /// bfloat16 storage, binary32 sums.
    Bf16,
}

impl Element {
    /// The element type that the case's `dtype` names.
    pub(super) fn of(case: &Case) -> Result<Self, CaseError> {
        Ok(match case.word("dtype")? {
            "f32" => Self::F32,
            "f16acc32" => Self::F16Acc32,
            "f16" => Self::F16,
            _ => Self::Bf16,
        })
    }

    /// Whether A and B are binary16, which reaches to 65504 only and needs an optional capability.
    pub(super) fn is_half(self) -> bool {
        matches!(self, Self::F16 | Self::F16Acc32)
    }

    /// WGSL's names of the stored type and of the type of the sums.
    pub(super) fn wgsl(self) -> (&'static str, &'static str) {
        match self {
            Self::F32 | Self::Bf16 => ("f32", "f32"),
            Self::F16Acc32 => ("f16", "f32"),
            Self::F16 => ("f16", "f16"),
        }
    }

    /// The type of the output, which is that of the sums.
    pub(super) fn output(self) -> Dtype {
        if self == Self::F16 { Dtype::F16 } else { Dtype::F32 }
    }

    /// Unit roundoff, smallest normal and greatest number of the sums.
    pub(super) fn accumulator(self) -> (f64, f64, f64) {
        if self == Self::F16 {
            (spec::U16, spec::TINY16, 65504.0)
        } else {
            (spec::U32, spec::TINY32, f64::from(f32::MAX))
        }
    }

    /// The smallest normal number of the stored type.
    pub(super) fn smallest_normal(self) -> f64 {
        if self.is_half() { spec::TINY16 } else { spec::TINY32 }
    }

    /// `x` as the stored type holds it, rounded to nearest.
    pub(super) fn round(self, x: f32) -> f32 {
        match self {
            Self::F32 => x,
            Self::F16 | Self::F16Acc32 => half::f16::from_f32(x).to_f32(),
            Self::Bf16 => half::bf16::from_f32(x).to_f32(),
        }
    }

    /// Numbers that [`Element::round`] gave, as the shader reads them.
    pub(super) fn buffer(self, values: &[f32]) -> Buffer {
        match self {
            Self::F32 => Buffer::floats(values),
            Self::F16 | Self::F16Acc32 => {
                let halves: Vec<_> = values.iter().map(|x| half::f16::from_f32(*x).to_bits()).collect();
                Buffer::Input(Bits::halves(Dtype::F16, &halves).words)
            }
            Self::Bf16 => {
                let halves: Vec<_> = values.iter().map(|x| half::bf16::from_f32(*x).to_bits()).collect();
                Buffer::Input(Bits::halves(Dtype::Bf16, &halves).words)
            }
        }
    }

    /// Sums as the output holds them. Exact: the twin's sums are numbers of the output's type.
    pub(super) fn bits(self, sums: Vec<f32>) -> Bits {
        if self == Self::F16 {
            let halves: Vec<_> = sums.iter().map(|x| half::f16::from_f32(*x).to_bits()).collect();
            Bits::halves(Dtype::F16, &halves)
        } else {
            // By value, so that the memory of the sums becomes that of the words.
            Bits { dtype: Dtype::F32, len: sums.len(), words: sums.into_iter().map(f32::to_bits).collect() }
        }
    }
}
