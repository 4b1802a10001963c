//! Strict IEEE-754 binary32 arithmetic for the CPU twins, with the liberties that drivers take made explicit: whether a
//! multiply and an add are fused, whether subnormals are flushed, and whether the built-in `fma` is split in two.
//!
//! Nothing here depends on the host's mathematical library or on the processor's floating-point control word.

pub mod evaluate;
pub mod fma;
pub mod format;

use serde::{Deserialize, Serialize};

/// Which arithmetic a twin computes in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
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

    /// The arithmetic whose multiply-add ([`Arith::mad`]) is this one's built-in `fma`: a twin of a shader that spells
    /// every product so computes in it.
    #[must_use]
    pub const fn of_fma(self) -> Self {
        Self { fused: !self.split, flush: self.flush, split: false }
    }
}

/// The operations of one [`Arithmetic`], chosen at compile time so that a twin's inner loop vectorises.
pub trait Arith: Copy + Send + Sync + 'static {
    /// Whether [`Arith::mad`] rounds once.
    const FUSED: bool;
    /// Whether subnormals are flushed.
    const FLUSH: bool;

    /// A zero of the same sign where `x` is subnormal and this arithmetic flushes; `x` otherwise.
    #[inline(always)]
    fn flush(x: f32) -> f32 {
        if Self::FLUSH { flush(x) } else { x }
    }
    /// `a + b`.
    #[inline(always)]
    fn add(a: f32, b: f32) -> f32 {
        Self::flush(Self::flush(a) + Self::flush(b))
    }
    /// `a - b`.
    #[inline(always)]
    fn sub(a: f32, b: f32) -> f32 {
        Self::flush(Self::flush(a) - Self::flush(b))
    }
    /// `a * b`.
    #[inline(always)]
    fn mul(a: f32, b: f32) -> f32 {
        Self::flush(Self::flush(a) * Self::flush(b))
    }
    /// `a / b`, correctly rounded.
    #[inline(always)]
    fn div(a: f32, b: f32) -> f32 {
        Self::flush(Self::flush(a) / Self::flush(b))
    }
    /// The square root, correctly rounded.
    #[inline(always)]
    fn sqrt(a: f32) -> f32 {
        Self::flush(Self::flush(a).sqrt())
    }
    /// `a*b + c` as a shader writes it with operators: one rounding where fused, two where not. For the built-in `fma`
    /// see [`Arithmetic::of_fma`].
    #[inline(always)]
    fn mad(a: f32, b: f32, c: f32) -> f32 {
        if Self::FUSED {
            Self::flush(fma::fma(Self::flush(a), Self::flush(b), Self::flush(c)))
        } else {
            Self::add(Self::mul(a, b), c)
        }
    }
}

/// See [`Arith`].
#[derive(Debug, Clone, Copy)]
pub struct Ieee<const FUSED: bool, const FLUSH: bool>;

impl<const FUSED: bool, const FLUSH: bool> Arith for Ieee<FUSED, FLUSH> {
    const FUSED: bool = FUSED;
    const FLUSH: bool = FLUSH;
}

/// A zero of the same sign where `x` is subnormal, else `x`.
#[inline(always)]
#[must_use]
pub fn flush(x: f32) -> f32 {
    let bits = x.to_bits();
    // Branch-free, so that loops over arrays vectorise.
    let keep = if bits & 0x7f80_0000 == 0 { 0x8000_0000 } else { u32::MAX };
    f32::from_bits(bits & keep)
}

/// Calls `$body` with the type parameter `$A` bound to the [`Arith`] that the value `$arith` names. How the built-in
/// `fma` is computed is not part of it: a shader that has one asks for [`Arithmetic::of_fma`](crate::arith::Arithmetic).
#[macro_export]
macro_rules! with_arith {
    ($arith:expr, $A:ident => $body:expr) => {{
        let arith: $crate::arith::Arithmetic = $arith;
        match (arith.fused, arith.flush) {
            (false, false) => {
                type $A = $crate::arith::Ieee<false, false>;
                $body
            }
            (true, false) => {
                type $A = $crate::arith::Ieee<true, false>;
                $body
            }
            (false, true) => {
                type $A = $crate::arith::Ieee<false, true>;
                $body
            }
            (true, true) => {
                type $A = $crate::arith::Ieee<true, true>;
                $body
            }
        }
    }};
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
