//! The arithmetic that a CPU reference computes in.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Liberty;

/// Which arithmetic a twin computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Arithmetic {
    /// `a*b+c` with one rounding.
    pub fused: bool,
    /// Subnormal operands and results of an operation become zeros of the same sign.
    pub flush: bool,
    /// The built-in `fma(a, b, c)` with two roundings.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub split: bool,
}

impl Arithmetic {
    /// IEEE-754 as written: every operation rounded once, subnormals kept.
    pub const STRICT: Self = Self { fused: false, flush: false, split: false };
    /// Multiply and add fused.
    pub const FUSED: Self = Self { fused: true, ..Self::STRICT };
    /// Subnormals flushed.
    pub const FLUSH: Self = Self { flush: true, ..Self::STRICT };
    /// The built-in `fma` split.
    pub const SPLIT: Self = Self { split: true, ..Self::STRICT };

    /// Those of a shader in which products feed additions: a driver may contract them.
    pub const CONTRACTION: [Self; 4] = [Self::STRICT, Self::FUSED, Self::FLUSH, Self { flush: true, ..Self::FUSED }];

    /// Those of a shader whose only products are in the built-in `fma`: a driver may expand it.
    pub const EXPANSION: [Self; 4] = [Self::STRICT, Self::SPLIT, Self::FLUSH, Self { flush: true, ..Self::SPLIT }];

    /// The liberties that it takes; none for the strict one.
    #[must_use]
    pub fn liberties(self) -> Vec<Liberty> {
        let taken = [(self.fused, Liberty::Contract), (self.split, Liberty::SplitFma), (self.flush, Liberty::Flush)];
        taken.into_iter().filter(|(takes, _)| *takes).map(|(_, liberty)| liberty).collect()
    }

    /// `separate` for the strict one; else the liberties that it takes, such as `fused+flush` or `split-fma`.
    #[must_use]
    pub fn name(self) -> &'static str {
        match (self.fused, self.split, self.flush) {
            (false, false, false) => "separate",
            (true, false, false) => "fused",
            (false, true, false) => "split-fma",
            (true, true, false) => "fused+split-fma",
            (false, false, true) => "separate+flush",
            (true, false, true) => "fused+flush",
            (false, true, true) => "split-fma+flush",
            (true, true, true) => "fused+split-fma+flush",
        }
    }

    /// The arithmetic of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        [false, true]
            .into_iter()
            .flat_map(|fused| {
                [false, true]
                    .into_iter()
                    .flat_map(move |flush| [false, true].into_iter().map(move |split| Self { fused, flush, split }))
            })
            .find(|arithmetic| arithmetic.name() == name)
    }

    /// The arithmetic whose multiply-add (`Arith::mad`) is this one's built-in `fma`: a twin of a shader that spells
    /// every product so computes in it.
    #[must_use]
    pub const fn of_fma(self) -> Self {
        Self { fused: !self.split, flush: self.flush, split: false }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_from_before_the_split_are_read_and_written_as_they_were() {
        let old = r#"{"fused":true,"flush":false}"#;
        let read: Arithmetic = serde_json::from_str(old).unwrap();
        assert_eq!(read, Arithmetic::FUSED, "nothing is split");
        assert_eq!(serde_json::to_string(&read).unwrap(), old, "and nothing is said of it");
        let split = serde_json::to_string(&Arithmetic::SPLIT).unwrap();
        assert_eq!(serde_json::from_str::<Arithmetic>(&split).ok(), Some(Arithmetic::SPLIT), "{split}");
    }

    #[test]
    fn an_explicit_fma_rounds_once_unless_it_is_split() {
        let fused: Vec<bool> = Arithmetic::EXPANSION.iter().map(|a| a.of_fma().fused).collect();
        assert_eq!(fused, [true, false, true, false], "strict is one rounding");
        let names: std::collections::BTreeSet<_> =
            Arithmetic::EXPANSION.iter().chain(&Arithmetic::CONTRACTION).map(|a| a.name()).collect();
        assert_eq!(names.len(), 6, "each has a name: {names:?}");
    }
}
