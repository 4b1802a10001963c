//! What a compiler or a driver may do to arithmetic: one set of names, which references, planted defects and causes share.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// One liberty. Where LLVM has a fast-math flag for it, [`Liberty::llvm`] names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Liberty {
    /// `a*b + c` with one rounding.
    Contract,
    /// The built-in `fma` with two roundings.
    SplitFma,
    /// Subnormal operands and results become zeros of the same sign.
    Flush,
    /// Additions or multiplications in another order than written.
    Reassociate,
    /// `a / b` as `a * (1 / b)`.
    Reciprocal,
    /// A built-in function that is off by up to so many units in the last place.
    ApproximateFunction {
        /// Units in the last place.
        ulp: u32,
    },
    /// A conversion that rounds to an intermediate precision first.
    RoundTwice,
    /// Of NaN operands the first is the result, with its sign and payload, quieted; a NaN that an operation makes of numbers
    /// is 0xffc00000: what x86 processors do. Strict arithmetic has 0x7fc00000 for both.
    OperandNan,
    /// `x * 0` as `0`, which is wrong for infinities and NaN, and for the sign of zero.
    ZeroProduct,
    /// `x + 0` and `x - 0` as `x`, and `0 - x` as `-x`, which is wrong for a zero of one sign.
    ZeroSum,
    /// `x - x` as `0`, which is wrong for infinities and NaN.
    SelfDifference,
    /// `x*y + x*z` as `x * (y + z)`.
    Factor,
    /// `x / c` of a constant `c` as `x * (1 / c)`, where other divisions stay.
    ConstantReciprocal,
    /// `(x * a) * b` of constants as `x * (a * b)`, also where `exp(x * a)` is computed as `exp2(x * (a * log2(e)))`.
    FoldConstants,
    /// `select(a, b, a < b)` as a maximum, and the like as a minimum: of a NaN and a number the number, and of two zeros the
    /// second.
    CompareSelect,
}

impl Liberty {
    /// Those that are taken or not, without a measure, in the order in which they are written.
    pub const PLAIN: [Self; 14] = [
        Self::Contract,
        Self::SplitFma,
        Self::Flush,
        Self::Reciprocal,
        Self::Reassociate,
        Self::RoundTwice,
        Self::OperandNan,
        Self::ZeroProduct,
        Self::ZeroSum,
        Self::SelfDifference,
        Self::Factor,
        Self::ConstantReciprocal,
        Self::FoldConstants,
        Self::CompareSelect,
    ];

    /// The name in records, causes and `--planted`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Contract => "contract",
            Self::SplitFma => "split-fma",
            Self::Flush => "flush",
            Self::Reassociate => "reassociate",
            Self::Reciprocal => "reciprocal",
            Self::ApproximateFunction { .. } => "builtins",
            Self::RoundTwice => "round-twice",
            Self::OperandNan => "operand-nan",
            Self::ZeroProduct => "zero-product",
            Self::ZeroSum => "zero-sum",
            Self::SelfDifference => "self-difference",
            Self::Factor => "factor",
            Self::ConstantReciprocal => "constant-reciprocal",
            Self::FoldConstants => "fold-constants",
            Self::CompareSelect => "compare-select",
        }
    }

    /// Whether it makes another expression of the one that is written: operations are moved, or are gone.
    #[must_use]
    pub fn rewrites(self) -> bool {
        match self {
            Self::Reassociate
            | Self::ZeroProduct
            | Self::ZeroSum
            | Self::SelfDifference
            | Self::Factor
            | Self::FoldConstants
            | Self::CompareSelect => true,
            Self::Contract
            | Self::SplitFma
            | Self::Flush
            | Self::Reciprocal
            | Self::ApproximateFunction { .. }
            | Self::RoundTwice
            | Self::OperandNan
            | Self::ConstantReciprocal => false,
        }
    }

    /// LLVM's fast-math flag; `None` where LLVM has none.
    #[must_use]
    pub fn llvm(self) -> Option<&'static str> {
        match self {
            Self::Contract => Some("contract"),
            Self::Reassociate | Self::Factor | Self::FoldConstants => Some("reassoc"),
            Self::ZeroProduct | Self::SelfDifference | Self::CompareSelect => Some("nnan nsz"),
            Self::ZeroSum => Some("nsz"),
            Self::Reciprocal | Self::ConstantReciprocal => Some("arcp"),
            Self::ApproximateFunction { .. } => Some("afn"),
            Self::SplitFma | Self::Flush | Self::RoundTwice | Self::OperandNan => None,
        }
    }

    /// What an engine does that takes it, to be read after the engine's name: "fuses multiply and add".
    #[must_use]
    pub fn does(self) -> &'static str {
        match self {
            Self::Contract => "fuses multiply and add",
            Self::SplitFma => "expands the built-in fma into two roundings",
            Self::Flush => "flushes subnormals to zero",
            Self::Reassociate => "reorders additions or multiplications",
            Self::Reciprocal => "divides by multiplying with the reciprocal",
            Self::ApproximateFunction { .. } => "approximates built-in functions",
            Self::RoundTwice => "rounds conversions twice",
            Self::ZeroProduct => "takes x * 0 for 0",
            Self::ZeroSum => "takes x + 0 for x and 0 - x for -x",
            Self::SelfDifference => "takes x - x for 0",
            Self::Factor => "factors x*y + x*z into x * (y + z)",
            Self::ConstantReciprocal => "divides by constants by multiplying with their reciprocals",
            Self::FoldConstants => "multiplies constants beforehand",
            Self::CompareSelect => "takes a comparison that selects for min or max",
            Self::OperandNan => "passes the first NaN operand on and makes NaN with the sign set",
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn liberties_are_written_by_their_names() {
        for liberty in Liberty::PLAIN {
            let text = serde_json::to_string(&liberty).expect("it is a word");
            assert_eq!(text, format!("\"{}\"", liberty.name()), "one name everywhere");
        }
    }
}
