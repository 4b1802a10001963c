//! The correctly rounded results of a function.

use crate::model::Interval;
use crate::model::bits::Dtype;
use crate::numerics::arith::evaluate::{F1, Real};
use crate::numerics::arith::format::Format;
use crate::numerics::elementary::single::{self, Fill};
use crate::numerics::spec::bounds::Bounds;

/// What a function does where its operand has the other sign.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symmetry {
    /// It changes its own sign.
    Odd,
    /// It has the same value.
    Even,
    /// Neither.
    None,
}

/// A function that is swept.
#[derive(Debug, Clone, Copy)]
pub struct Function {
    /// Its name.
    pub name: &'static str,
    /// How many operands it has, 1 or 2.
    pub operands: usize,
    /// The type of operands and result.
    pub format: Format,
    /// Its value in binary64.
    pub exact: fn(&Real, &[f64]) -> f64,
    /// What the specification allows.
    pub allowed: fn(&Bounds, &[Interval]) -> Interval,
}

impl Function {
    /// Bits of an input.
    #[must_use]
    pub fn bits(&self) -> u32 {
        self.dtype().width() * u32::try_from(self.operands).unwrap_or(1)
    }

    /// The type of operands and result.
    #[must_use]
    pub fn dtype(&self) -> Dtype {
        self.format.dtype()
    }

    /// The function as the rules of the specification know it, where it has one operand.
    #[must_use]
    pub fn rule(&self) -> Option<F1> {
        F1::named(self.name).filter(|_| self.operands == 1)
    }

    /// Whether one sign's results tell the other's.
    #[must_use]
    pub fn symmetry(&self) -> Symmetry {
        match self.name {
            _ if self.bits() != 32 || self.operands != 1 => Symmetry::None,
            "asin" | "asinh" | "atan" | "atanh" | "sin" | "sinh" | "tan" | "tanh" => Symmetry::Odd,
            "cos" | "cosh" => Symmetry::Even,
            _ => Symmetry::None,
        }
    }

    /// The operands of an input.
    #[must_use]
    pub fn operands_of(&self, pattern: u32) -> [f64; 2] {
        match (self.format, self.operands) {
            (Format::F32, _) => [f64::from(f32::from_bits(pattern)), 0.0],
            (Format::F16, 1) => [self.format.value(pattern), 0.0],
            (Format::F16, _) => [self.format.value(pattern & 0xffff), self.format.value(pattern >> 16)],
        }
    }

    /// The value at an input, in binary64.
    #[must_use]
    pub fn value(&self, pattern: u32) -> f64 {
        (self.exact)(&Real, &self.operands_of(pattern)[..self.operands])
    }

    /// The correctly rounded result at each input, as bit patterns.
    pub fn fill(&self, patterns: &[u32], right: &mut [u32]) {
        match self.fast() {
            Some(fill) if self.format == Format::F32 => {
                right.copy_from_slice(patterns);
                fill(bytemuck::must_cast_slice_mut(right));
            }
            _ => {
                for (pattern, right) in patterns.iter().zip(right) {
                    *right = self.one(*pattern);
                }
            }
        }
    }

    fn fast(&self) -> Option<Fill> {
        let named = single::FILLS.iter().find(|(name, _)| *name == self.name);
        named.map(|(_, fill)| *fill).filter(|_| self.operands == 1)
    }

    fn one(&self, pattern: u32) -> u32 {
        if self.format == Format::F16
            && let Some(right) = self.narrowed(pattern)
        {
            return right;
        }
        self.format.bits(self.format.round(self.value(pattern)))
    }

    /// A binary16 result by way of the correctly rounded binary32 one, which costs less. `None` where that lies halfway
    /// between two binary16 numbers and does not tell on which side the value is, and where there is no such function.
    #[expect(clippy::cast_possible_truncation, reason = "binary16 numbers are binary32 numbers")]
    fn narrowed(&self, pattern: u32) -> Option<u32> {
        let [x, y] = self.operands_of(pattern);
        let (x, y) = (x as f32, y as f32);
        let value = match self.name {
            // Negative bases are left to the definition.
            "pow" if x > 0.0 => single::pow(x, y),
            "atan2" => single::atan2(x, y),
            _ => return None,
        };
        // Halfway in the last place, or below the normal numbers, where the places are others.
        if value.to_bits() & 0x1fff == 0x1000 || value.abs() < 6.2e-5 || value.is_nan() {
            return None;
        }
        Some(self.format.bits(self.format.round(f64::from(value))))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Whether `1/sqrt(x)` is on the side of the tie nearest to `y` on which `y` is, exactly: `tie² x < 1`.
    fn is_on_the_right_side(x: f32, y: f64) -> bool {
        let tie = f64::from_bits((y.to_bits() + 0x0800_0000) & !0x0fff_ffff);
        let significand = u128::from((tie.to_bits() & ((1 << 52) - 1) | 1 << 52) >> 28);
        let x_significand = u128::from(x.to_bits() & 0x7f_ffff | 0x80_0000);
        let exponents = 2 * (i64::from(libm::ilogb(tie)) - 24) + i64::from(libm::ilogbf(x)) - 23;
        let one = 1u128 << exponents.unsigned_abs();
        let product = significand * significand * x_significand;
        product != one && (product < one) == (y > tie)
    }

    /// `1/sqrt(x)`, `degrees` and `radians` are rounded twice on the way to binary64. For every significand the value is
    /// further from a tie of binary32 than those roundings reach, but for one, which is on the right side of its own.
    #[test]
    fn values_that_binary64_rounds_are_on_the_right_side_of_every_tie() {
        // A tie has 29 bits below binary32's last one: a one and zeros.
        let far = |y: f64| (y.to_bits() & 0x1fff_ffff).abs_diff(0x1000_0000) > 2;
        let mut near = 0;
        for significand in 0..1u32 << 23 {
            for exponent in [127u32, 128] {
                let x = f32::from_bits(exponent << 23 | significand);
                for f in [F1::InverseSqrt, F1::Degrees, F1::Radians] {
                    let y = crate::numerics::arith::evaluate::real1(f, f64::from(x));
                    if !far(y) {
                        near += 1;
                        assert!(f == F1::InverseSqrt && is_on_the_right_side(x, y), "{f:?}({x:e}) = {y:e}");
                    }
                }
            }
        }
        assert_eq!(near, 1, "one is near");
    }
}
