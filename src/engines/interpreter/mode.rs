//! What the embedded adapter computes in: strict arithmetic, or defects planted on purpose; and in which order.

use std::fmt;
use std::str::FromStr;

use crate::model::Liberty;

/// The liberties ([`Liberty`]) that the interpreter takes where they are planted, alone or together, as its inner loop asks
/// for them. All off is strict IEEE-754.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub struct Defects {
    /// `a*b + c` with one rounding, wherever a product is added to something or subtracted.
    pub contract: bool,
    /// The built-in `fma` with two roundings.
    pub split_fma: bool,
    /// Subnormal operands and results of floating-point operations become zeros of the same sign.
    pub flush: bool,
    /// `a / b` as `a * (1 / b)`, with two roundings.
    pub reciprocal: bool,
    /// `(a + b) - a` as `b`.
    pub reassociate: bool,
    /// Conversions to binary16 through an intermediate with 13 significant bits, so that ties are rounded twice.
    pub round_twice: bool,
    /// NaN by the rule of x86 processors: see [`Liberty::OperandNan`].
    pub operand_nan: bool,
    /// `x * 0` is 0.
    pub zero_product: bool,
    /// `x + 0` is `x`, and `0 - x` is `-x`.
    pub zero_sum: bool,
    /// `x - x` is 0.
    pub self_difference: bool,
    /// `x*y + x*z` is `x * (y + z)`.
    pub factor: bool,
    /// `x / c` of a constant is `x * (1 / c)`.
    pub constant_reciprocal: bool,
    /// `(x * a) * b` of constants is `x * (a * b)`, and `exp(x * a)` is `exp2(x * (a * log2(e)))`.
    pub fold_constants: bool,
    /// `select(a, b, a < b)` is `max(a, b)`.
    pub compare_select: bool,
    /// The order in which products of vectors and matrices are added.
    pub dot_order: DotOrder,
    /// Built-in functions with a stated error are off by this many units in the last place, up or down by a hash of
    /// the result.
    pub builtin_ulps: u32,
}

impl Defects {
    /// With this liberty taken too.
    pub fn take(&mut self, liberty: Liberty) {
        match liberty {
            Liberty::Contract => self.contract = true,
            Liberty::SplitFma => self.split_fma = true,
            Liberty::Flush => self.flush = true,
            Liberty::Reciprocal => self.reciprocal = true,
            Liberty::Reassociate => self.reassociate = true,
            Liberty::RoundTwice => self.round_twice = true,
            Liberty::OperandNan => self.operand_nan = true,
            Liberty::ZeroProduct => self.zero_product = true,
            Liberty::ZeroSum => self.zero_sum = true,
            Liberty::SelfDifference => self.self_difference = true,
            Liberty::Factor => self.factor = true,
            Liberty::ConstantReciprocal => self.constant_reciprocal = true,
            Liberty::FoldConstants => self.fold_constants = true,
            Liberty::CompareSelect => self.compare_select = true,
            Liberty::ApproximateFunction { ulp } => self.builtin_ulps = ulp,
        }
    }

    /// The liberties taken, in the order in which they are written.
    #[must_use]
    pub fn taken(&self) -> Vec<Liberty> {
        let taken = |liberty: &Liberty| match liberty {
            Liberty::Contract => self.contract,
            Liberty::SplitFma => self.split_fma,
            Liberty::Flush => self.flush,
            Liberty::Reciprocal => self.reciprocal,
            Liberty::Reassociate => self.reassociate,
            Liberty::RoundTwice => self.round_twice,
            Liberty::OperandNan => self.operand_nan,
            Liberty::ZeroProduct => self.zero_product,
            Liberty::ZeroSum => self.zero_sum,
            Liberty::SelfDifference => self.self_difference,
            Liberty::Factor => self.factor,
            Liberty::ConstantReciprocal => self.constant_reciprocal,
            Liberty::FoldConstants => self.fold_constants,
            Liberty::CompareSelect => self.compare_select,
            Liberty::ApproximateFunction { ulp } => *ulp > 0,
        };
        let functions = Liberty::ApproximateFunction { ulp: self.builtin_ulps };
        Liberty::PLAIN.into_iter().chain([functions]).filter(taken).collect()
    }
}

/// The order in which `dot` and the products of matrices add.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
pub enum DotOrder {
    /// From the first product to the last, as the references do.
    #[default]
    First,
    /// From the last product to the first.
    Last,
    /// Neighbours, then their sums.
    Pairs,
}

/// The order in which workgroups, and within one the invocations' atomics and stores, take effect.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Schedule {
    /// By index.
    InOrder,
    /// By index, the last first.
    Reversed,
    /// Shuffled from a seed.
    Random(u64),
}

/// The configuration of an embedded adapter, typed as words joined by `+`, such as `contract+flush` or
/// `schedule=reversed+subgroup=8`. The default is `strict`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Mode {
    /// The arithmetic.
    pub defects: Defects,
    /// The order in every run; `None` takes another legal order in each run: in order, reversed, then random ones.
    pub schedule: Option<Schedule>,
    /// Invocations in a subgroup: 1, 2, 4 … 128.
    pub subgroup: u32,
}

impl Default for Mode {
    fn default() -> Self {
        Self { defects: Defects::default(), schedule: None, subgroup: Self::SUBGROUP }
    }
}

impl Mode {
    /// The subgroup size unless another is asked for.
    pub const SUBGROUP: u32 = 32;

    /// The order of run number `run`: in order, reversed, then shuffled from the run's number.
    #[must_use]
    pub fn order(&self, run: u32) -> Schedule {
        self.schedule.unwrap_or(match run {
            0 => Schedule::InOrder,
            1 => Schedule::Reversed,
            n => Schedule::Random(u64::from(n)),
        })
    }
}

/// A mode that cannot be read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "'{0}' is not a defect of the interpreter; they are contract, split-fma, flush, reciprocal, reassociate, \
     round-twice, operand-nan, zero-product, zero-sum, self-difference, factor, constant-reciprocal, fold-constants, compare-select, builtins=ULPS, dot=last, dot=pairs, schedule=in-order, schedule=reversed, schedule=SEED and subgroup=SIZE (1 to 128, a \
     power of two), joined by +"
)]
pub struct ModeError(String);

impl FromStr for Mode {
    type Err = ModeError;

    fn from_str(text: &str) -> Result<Self, ModeError> {
        let mut mode = Self::default();
        for word in text.split('+') {
            let wrong = || ModeError(word.to_owned());
            match word.split_once('=') {
                None if word == "strict" => {}
                None => {
                    let liberty = Liberty::PLAIN.into_iter().find(|l| l.name() == word);
                    mode.defects.take(liberty.ok_or_else(wrong)?);
                }
                Some(("builtins", ulps)) => {
                    let ulps = ulps.parse().ok().filter(|u| (1..=1 << 20).contains(u));
                    mode.defects.take(Liberty::ApproximateFunction { ulp: ulps.ok_or_else(wrong)? });
                }
                Some(("dot", "last")) => mode.defects.dot_order = DotOrder::Last,
                Some(("dot", "pairs")) => mode.defects.dot_order = DotOrder::Pairs,
                Some(("schedule", order)) => {
                    mode.schedule = Some(match order {
                        "in-order" => Schedule::InOrder,
                        "reversed" => Schedule::Reversed,
                        seed => Schedule::Random(seed.parse().map_err(|_| wrong())?),
                    });
                }
                Some(("subgroup", size)) => {
                    let size = size.parse().ok().filter(|s: &u32| s.is_power_of_two() && *s <= 128);
                    mode.subgroup = size.ok_or_else(wrong)?;
                }
                Some(_) => return Err(wrong()),
            }
        }
        Ok(mode)
    }
}

impl fmt::Display for Mode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let word = |liberty: Liberty| match liberty {
            Liberty::ApproximateFunction { ulp } => format!("{}={ulp}", liberty.name()),
            _ => liberty.name().to_owned(),
        };
        let mut words: Vec<String> = self.defects.taken().into_iter().map(word).collect();
        match self.defects.dot_order {
            DotOrder::First => {}
            DotOrder::Last => words.push("dot=last".to_owned()),
            DotOrder::Pairs => words.push("dot=pairs".to_owned()),
        }
        match self.schedule {
            None => {}
            Some(Schedule::InOrder) => words.push("schedule=in-order".to_owned()),
            Some(Schedule::Reversed) => words.push("schedule=reversed".to_owned()),
            Some(Schedule::Random(seed)) => words.push(format!("schedule={seed}")),
        }
        if self.subgroup != Self::SUBGROUP {
            words.push(format!("subgroup={}", self.subgroup));
        }
        if words.is_empty() { f.write_str("strict") } else { f.write_str(&words.join("+")) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn modes_are_read_as_they_are_written() {
        for text in ["strict", "contract", "contract+flush+builtins=4", "schedule=reversed", "schedule=9+subgroup=8"] {
            let mode: Mode = text.parse().unwrap();
            assert_eq!(mode.to_string(), text, "canonical");
        }
        assert_eq!("strict".parse(), Ok(Mode::default()), "the default");
        for text in ["", "fast", "builtins=0", "builtins=x", "subgroup=3", "subgroup=256", "schedule=later", "x=1"] {
            let error = text.parse::<Mode>().unwrap_err().to_string();
            assert!(error.contains(&format!("'{text}'")) && error.contains("reciprocal"), "{error}");
        }
    }
}
