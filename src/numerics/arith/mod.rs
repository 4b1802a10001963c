//! Strict IEEE-754 binary32 arithmetic for the CPU twins, with the liberties that drivers take made explicit: whether a
//! multiply and an add are fused, whether subnormals are flushed, and whether the built-in `fma` is split in two.
//!
//! Nothing here depends on the host's mathematical library or on the processor's floating-point control word.

pub mod evaluate;
pub mod fma;
pub mod format;
pub mod tiny;

pub use crate::model::Arithmetic;

/// The operations of one [`Arithmetic`], chosen at compile time so that a twin's inner loop vectorises.
pub trait Arith: Copy + Send + Sync + 'static {
    /// Whether [`Arith::mad`] rounds once.
    const FUSED: bool;
    /// Whether subnormals are flushed.
    const FLUSH: bool;

    /// A zero of the same sign where the operand `x` is subnormal and this arithmetic flushes; `x` otherwise. Which
    /// results are flushed is [`tiny`]'s to say.
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
        if Self::FLUSH { tiny::mul(Self::flush(a), Self::flush(b)) } else { a * b }
    }
    /// `a / b`, correctly rounded.
    #[inline(always)]
    fn div(a: f32, b: f32) -> f32 {
        if Self::FLUSH { tiny::div(Self::flush(a), Self::flush(b)) } else { a / b }
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
            if Self::FLUSH { tiny::fma(Self::flush(a), Self::flush(b), Self::flush(c)) } else { fma::fma(a, b, c) }
        } else {
            Self::add(Self::mul(a, b), c)
        }
    }
    /// A number rounded to the format, such as a function's value.
    #[inline(always)]
    #[expect(clippy::cast_possible_truncation, reason = "the rounding to binary32 is the point")]
    fn round(x: f64) -> f32 {
        if Self::FLUSH { tiny::round(x) } else { x as f32 }
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
/// `fma` is computed is not part of it: a shader that has one asks for [`Arithmetic::of_fma`](crate::numerics::arith::Arithmetic).
#[macro_export]
macro_rules! with_arith {
    ($arith:expr, $A:ident => $body:expr) => {{
        let arith: $crate::numerics::arith::Arithmetic = $arith;
        match (arith.fused, arith.flush) {
            (false, false) => {
                type $A = $crate::numerics::arith::Ieee<false, false>;
                $body
            }
            (true, false) => {
                type $A = $crate::numerics::arith::Ieee<true, false>;
                $body
            }
            (false, true) => {
                type $A = $crate::numerics::arith::Ieee<false, true>;
                $body
            }
            (true, true) => {
                type $A = $crate::numerics::arith::Ieee<true, true>;
                $body
            }
        }
    }};
}
