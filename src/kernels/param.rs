//! A variant's parameters, and what values each may have: for help and for checks.

use std::fmt;

/// What values a parameter may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Range {
    /// Whole numbers from the first to the second, both included.
    Whole(u32, u32),
    /// Powers of two from the first to the second, both included.
    Power(u32, u32),
    /// One of these words.
    Words(&'static [&'static str]),
    /// Decimal numbers in this interval, a bracket where an end is included and a parenthesis where it is not: `(0, 1]`.
    Decimal(&'static str),
    /// Whole numbers of 64 bits.
    Seed,
}

impl Range {
    /// Whether it has this value. A whole number is written in one way only: `064` or `+64` would give one case two ids.
    #[must_use]
    pub fn has(self, text: &str) -> bool {
        let whole = || text.parse::<u32>().ok().filter(|n| n.to_string() == text);
        match self {
            Self::Whole(from, to) => whole().is_some_and(|n| (from..=to).contains(&n)),
            Self::Power(from, to) => whole().is_some_and(|n| (from..=to).contains(&n) && n.is_power_of_two()),
            Self::Words(words) => words.contains(&text),
            Self::Decimal(interval) => text.parse().is_ok_and(|x: f64| within(interval, x) == Some(true)),
            Self::Seed => text.parse::<u64>().is_ok_and(|n| n.to_string() == text),
        }
    }
}

/// Whether a number is in an interval; `None` of what is no interval.
fn within(interval: &str, x: f64) -> Option<bool> {
    let (from, to) = interval.get(1..interval.len().checked_sub(1)?)?.split_once(", ")?;
    let (from, to): (f64, f64) = (from.parse().ok()?, to.parse().ok()?);
    let above = x > from || interval.starts_with('[') && x == from;
    Some(above && (x < to || interval.ends_with(']') && x == to))
}

/// To be read before "is wanted".
impl fmt::Display for Range {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let short = |n: u32| match n.checked_ilog2() {
            Some(power) if n.is_power_of_two() && power > 16 => format!("2^{power}"),
            _ => n.to_string(),
        };
        match self {
            Self::Whole(from, to) => write!(f, "a whole number from {from} to {}", short(*to)),
            Self::Power(from, to) => write!(f, "a power of two from {from} to {}", short(*to)),
            Self::Words(words) => write!(f, "one of {}", words.join(", ")),
            Self::Decimal(interval) => write!(f, "a decimal number in {interval}"),
            Self::Seed => f.write_str("a whole number from 0 to 2^64-1"),
        }
    }
}

/// A parameter of a variant.
#[derive(Debug)]
pub struct Param {
    /// Its name in a case id.
    pub name: &'static str,
    /// Its value where an id leaves it out.
    pub default: &'static str,
    /// Whether it says how the answer is computed (workgroup size, tile, batch) and not what the answer is.
    pub config: bool,
    /// What values it may have.
    pub range: Range,
    /// What it means, in a few words, and what else it must fit.
    pub about: &'static str,
}

impl Param {
    /// A parameter of the problem.
    #[must_use]
    pub const fn problem(name: &'static str, default: &'static str, range: Range, about: &'static str) -> Self {
        Self { name, default, config: false, range, about }
    }

    /// A parameter of the configuration.
    #[must_use]
    pub const fn config(name: &'static str, default: &'static str, range: Range, about: &'static str) -> Self {
        Self { name, default, config: true, range, about }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_has_what_it_says() {
        let rows = [
            (Range::Whole(1, 1 << 26), "1 67108864", "0 67108865 -1 +1 01 1.0 x", "a whole number from 1 to 2^26"),
            (Range::Power(16, 1024), "16 512 1024", "8 48 2048 0 016", "a power of two from 16 to 1024"),
            (Range::Words(&["f32", "f16"]), "f32 f16", "F32 f64", "one of f32, f16"),
            (Range::Decimal("(0, 1]"), "1 0.5 1e-30", "0 1.5 NaN inf x", "a decimal number in (0, 1]"),
            (Range::Decimal("[0, 1)"), "0 0.999", "1 -0.1", "a decimal number in [0, 1)"),
            (Range::Seed, "0 18446744073709551615", "18446744073709551616 -1 07", "a whole number from 0 to 2^64-1"),
        ];
        for (range, within, without, said) in rows {
            assert!(within.split(' ').all(|text| range.has(text)), "{range} has {within}");
            assert!(!without.split(' ').any(|text| range.has(text)), "{range} has none of {without}");
            assert!(!range.has(""), "{range}: nothing");
            assert_eq!(range.to_string(), said, "in words");
        }
    }
}
