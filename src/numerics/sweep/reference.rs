//! The correctly rounded results of a function.

use crate::model::Interval;
use crate::model::bits::Dtype;
use crate::numerics::arith::evaluate::{F1, Real};
use crate::numerics::arith::format::Format;
use crate::numerics::elementary::single::{self, Fill};
use crate::numerics::spec::bounds::Bounds;
use crate::numerics::sweep::order::SIGN;

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
        let Some(fill) = self.fast().filter(|_| self.format == Format::F32) else {
            for (pattern, right) in patterns.iter().zip(right) {
                *right = self.one(*pattern);
            }
            return;
        };
        let turn = self.rule().and_then(monotone_to);
        for (patterns, right) in patterns.chunks(RUN).zip(right.chunks_mut(RUN)) {
            if let Some(value) = turn.and_then(|turn| constant_over(patterns, turn, fill)) {
                right.fill(value);
            } else {
                right.copy_from_slice(patterns);
                fill(bytemuck::must_cast_slice_mut(right));
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

/// Inputs that are looked at together, for whether they have one result.
const RUN: usize = 1 << 12;

/// The one result of all these inputs, where that is known from the first and the last: between two inputs of one sign a
/// function that does not turn has no other results than theirs, and rounding keeps the order of what it rounds. More than
/// half of all binary32 numbers are so small that their exponential rounds to 1.
fn constant_over(patterns: &[u32], turn: f64, fill: Fill) -> Option<u32> {
    let (first, last) = (*patterns.first()?, *patterns.last()?);
    let one_side = (first ^ last) & SIGN == 0;
    // No NaN is before a turn.
    let before = f64::from(f32::from_bits(last & !SIGN)) <= turn;
    if !one_side || !before || !patterns.is_sorted() {
        return None;
    }
    let mut ends = [first, last].map(f32::from_bits);
    fill(&mut ends);
    (!ends[0].is_nan() && ends[0].to_bits() == ends[1].to_bits()).then_some(ends[0].to_bits())
}

/// How far from zero a function goes, on either side by itself, without turning from growing to falling or back. Where it is
/// defined on a side, it is on one interval. `None` where that is not said.
fn monotone_to(f: F1) -> Option<f64> {
    match f {
        F1::Acos
        | F1::Acosh
        | F1::Asin
        | F1::Asinh
        | F1::Atan
        | F1::Atanh
        | F1::Cosh
        | F1::Exp
        | F1::Exp2
        | F1::Log
        | F1::Log2
        | F1::Sinh
        | F1::Tanh => Some(f64::INFINITY),
        // Below a quarter of their period.
        F1::Cos | F1::Sin | F1::Tan => Some(1.5),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_one_result_are_filled_with_it_and_no_others() {
        let (mut constant, mut varying) = (0, 0);
        for (name, fill) in single::FILLS {
            let turn = F1::named(name).and_then(monotone_to).unwrap_or_else(|| panic!("{name} turns somewhere"));
            let exact = |_: &Real, _: &[f64]| f64::NAN;
            let function = Function { name, operands: 1, format: Format::F32, exact, allowed: |_, _| Interval::ANY };
            // Every sign and exponent, and what is next to the places where results begin to differ.
            for start in (0..1u32 << 9).flat_map(|e| [0, 0x31_8000, 0x7f_f000].map(|s| e << 23 | s)) {
                let patterns: Vec<u32> = (0..4096).map(|i| start + i).collect();
                let (mut right, mut each) = (vec![0; 4096], patterns.clone());
                function.fill(&patterns, &mut right);
                each.iter_mut().for_each(|x| fill(bytemuck::must_cast_slice_mut(std::slice::from_mut(x))));
                let same = |(a, b): (&u32, &u32)| a == b || f32::from_bits(*a).is_nan() && f32::from_bits(*b).is_nan();
                assert!(right.iter().zip(&each).all(same), "{name} from {start:08x}");
                match constant_over(&patterns, turn, *fill) {
                    Some(_) => constant += 1,
                    None => varying += 1,
                }
            }
        }
        assert!(constant > 2000 && varying > 2000, "{constant} runs of one result, {varying} of several");
    }

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
