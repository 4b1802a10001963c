//! One formula, evaluated three ways: in real numbers ([`Real`]), in a driver's arithmetic ([`Machine`]), and in the
//! intervals that the WGSL specification allows ([`crate::numerics::spec::bounds::Bounds`]).

use super::fma::round_to_odd_sum;
use super::{Arithmetic, format::Format};
use crate::numerics::elementary;

/// Functions of one number, as WGSL defines them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are WGSL's")]
pub enum F1 {
    Abs,
    Acos,
    Acosh,
    Asin,
    Asinh,
    Atan,
    Atanh,
    Ceil,
    Cos,
    Cosh,
    Degrees,
    Exp,
    Exp2,
    Floor,
    Fract,
    InverseSqrt,
    Log,
    Log2,
    /// `-x`.
    Negate,
    QuantizeToF16,
    Radians,
    Round,
    Saturate,
    Sign,
    Sin,
    Sinh,
    Sqrt,
    Tan,
    Tanh,
    Trunc,
}

impl F1 {
    /// The built-in function of this name.
    #[must_use]
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "abs" => Self::Abs,
            "acos" => Self::Acos,
            "acosh" => Self::Acosh,
            "asin" => Self::Asin,
            "asinh" => Self::Asinh,
            "atan" => Self::Atan,
            "atanh" => Self::Atanh,
            "ceil" => Self::Ceil,
            "cos" => Self::Cos,
            "cosh" => Self::Cosh,
            "degrees" => Self::Degrees,
            "exp" => Self::Exp,
            "exp2" => Self::Exp2,
            "floor" => Self::Floor,
            "fract" => Self::Fract,
            "inverseSqrt" => Self::InverseSqrt,
            "log" => Self::Log,
            "log2" => Self::Log2,
            "quantizeToF16" => Self::QuantizeToF16,
            "radians" => Self::Radians,
            "round" => Self::Round,
            "saturate" => Self::Saturate,
            "sign" => Self::Sign,
            "sin" => Self::Sin,
            "sinh" => Self::Sinh,
            "sqrt" => Self::Sqrt,
            "tan" => Self::Tan,
            "tanh" => Self::Tanh,
            "trunc" => Self::Trunc,
            _ => return None,
        })
    }
}

/// Functions of two numbers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[expect(missing_docs, reason = "the names are WGSL's")]
pub enum F2 {
    /// `atan2(y, x)`.
    Atan2,
    Max,
    Min,
    Pow,
    /// `x - y*trunc(x/y)`.
    Rem,
    /// `step(edge, x)`.
    Step,
}

/// Degrees in a radian.
pub const DEGREES: f64 = 57.295_779_513_082_32;
/// Radians in a degree.
pub const RADIANS: f64 = std::f64::consts::PI / 180.0;

/// What a formula is evaluated with.
pub trait Evaluator {
    /// A value: a number, or an interval of numbers.
    type V: Copy;
    /// A constant of the formula, exactly representable unless said otherwise.
    fn constant(&self, x: f64) -> Self::V;
    /// `a + b`.
    fn add(&self, a: Self::V, b: Self::V) -> Self::V;
    /// `a - b`.
    fn sub(&self, a: Self::V, b: Self::V) -> Self::V;
    /// `a * b`.
    fn mul(&self, a: Self::V, b: Self::V) -> Self::V;
    /// `a / b`.
    fn div(&self, a: Self::V, b: Self::V) -> Self::V;
    /// `a*b + c`, which a driver may contract.
    fn mad(&self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// The built-in `fma(a, b, c)`, which a driver may expand.
    fn fma(&self, a: Self::V, b: Self::V, c: Self::V) -> Self::V;
    /// A function of one number.
    fn call(&self, f: F1, x: Self::V) -> Self::V;
    /// A function of two numbers.
    fn call2(&self, f: F2, x: Self::V, y: Self::V) -> Self::V;
    /// `Σ a_i b_i`: in order here; in any order for the specification.
    fn dot(&self, a: &[Self::V], b: &[Self::V]) -> Self::V;
    /// `yes` where `a < b`, else `no`; both where the specification leaves the comparison open.
    fn select_less(&self, a: Self::V, b: Self::V, yes: Self::V, no: Self::V) -> Self::V;
    /// `x 2^exponent` for a whole exponent.
    fn ldexp(&self, x: Self::V, exponent: Self::V) -> Self::V;
    /// A formula that is not the sum of its parts: `real` is its value, `radius` what the specification allows around
    /// it, both as functions of the operands' values.
    fn bounded(&self, x: &[Self::V], real: fn(&[f64]) -> f64, radius: fn(&[f64]) -> f64) -> Self::V;
}

/// The value of a function of one number in binary64. NaN outside its domain.
#[must_use]
pub fn real1(f: F1, x: f64) -> f64 {
    match f {
        F1::Abs => x.abs(),
        F1::Acos => elementary::acos(x),
        F1::Acosh => elementary::acosh(x),
        F1::Asin => elementary::asin(x),
        F1::Asinh => elementary::asinh(x),
        F1::Atan => elementary::atan(x),
        F1::Atanh => elementary::atanh(x),
        F1::Ceil => x.ceil(),
        F1::Cos => elementary::cos(x),
        F1::Cosh => elementary::cosh(x),
        F1::Degrees => x * DEGREES,
        F1::Exp => elementary::exp(x),
        F1::Exp2 => elementary::exp2(x),
        F1::Floor => x.floor(),
        F1::Fract => x - x.floor(),
        F1::InverseSqrt => 1.0 / x.sqrt(),
        F1::Log => elementary::log(x),
        F1::Log2 => elementary::log2(x),
        F1::Negate => -x,
        F1::QuantizeToF16 => Format::F16.round(x),
        F1::Radians => x * RADIANS,
        F1::Round => x.round_ties_even(),
        F1::Saturate => x.clamp(0.0, 1.0),
        F1::Sign if x == 0.0 || x.is_nan() => x,
        F1::Sign => x.signum(),
        F1::Sin => elementary::sin(x),
        F1::Sinh => elementary::sinh(x),
        F1::Sqrt => x.sqrt(),
        F1::Tan => elementary::tan(x),
        F1::Tanh => elementary::tanh(x),
        F1::Trunc => x.trunc(),
    }
}

/// The value of a function of two numbers in binary64.
#[must_use]
pub fn real2(f: F2, x: f64, y: f64) -> f64 {
    match f {
        F2::Atan2 => elementary::atan2(x, y),
        F2::Max if x < y => y,
        F2::Max => x,
        F2::Min if y < x => y,
        F2::Min => x,
        // WGSL leaves negative bases undefined: the definition goes through log2.
        F2::Pow if x < 0.0 => f64::NAN,
        F2::Pow => elementary::pow(x, y),
        // fmod: the remainder of the exact quotient, truncated, is exact.
        F2::Rem => libm::fmod(x, y),
        F2::Step if x <= y => 1.0,
        F2::Step => 0.0,
    }
}

/// Real numbers, in binary64.
#[derive(Debug, Clone, Copy)]
pub struct Real;

impl Evaluator for Real {
    type V = f64;
    fn constant(&self, x: f64) -> f64 {
        x
    }
    fn add(&self, a: f64, b: f64) -> f64 {
        a + b
    }
    fn sub(&self, a: f64, b: f64) -> f64 {
        a - b
    }
    fn mul(&self, a: f64, b: f64) -> f64 {
        a * b
    }
    fn div(&self, a: f64, b: f64) -> f64 {
        a / b
    }
    fn mad(&self, a: f64, b: f64, c: f64) -> f64 {
        a * b + c
    }
    fn fma(&self, a: f64, b: f64, c: f64) -> f64 {
        self.mad(a, b, c)
    }
    fn call(&self, f: F1, x: f64) -> f64 {
        real1(f, x)
    }
    fn call2(&self, f: F2, x: f64, y: f64) -> f64 {
        real2(f, x, y)
    }
    fn dot(&self, a: &[f64], b: &[f64]) -> f64 {
        // Products of binary32 numbers are exact in binary64; only the sum needs care.
        crate::numerics::exact::sum(a.iter().zip(b).map(|(a, b)| a * b))
    }
    fn select_less(&self, a: f64, b: f64, yes: f64, no: f64) -> f64 {
        if a < b { yes } else { no }
    }
    fn ldexp(&self, x: f64, exponent: f64) -> f64 {
        x * elementary::exp2(exponent)
    }
    fn bounded(&self, x: &[f64], real: fn(&[f64]) -> f64, _radius: fn(&[f64]) -> f64) -> f64 {
        real(x)
    }
}

/// A driver's arithmetic in a format. Values are carried in binary64 and rounded after every operation, which is
/// innocuous double rounding for `+ - * / sqrt`, since 53 ≥ 2·24 + 2 (Figueroa, "When is double rounding innocuous?",
/// 1995). Built-in functions are correctly rounded (to within binary64's own error).
#[derive(Debug, Clone, Copy)]
pub struct Machine {
    /// The element type.
    pub format: Format,
    /// Whether it contracts and flushes.
    pub arithmetic: Arithmetic,
}

impl Machine {
    /// A zero of the same sign where the operand `x` is subnormal and this arithmetic flushes.
    #[must_use]
    pub fn flush(&self, x: f64) -> f64 {
        if self.arithmetic.flush && x.abs() < self.format.tiny() { 0.0f64.copysign(x) } else { x }
    }
    /// `x` rounded to the format, or flushed where it is tiny ([`super::tiny`]). A NaN that arithmetic makes is positive: hosts differ in its sign.
    #[must_use]
    pub fn out(&self, x: f64) -> f64 {
        // By the bits: the compiler takes any NaN for another, and would drop a choice between two.
        if x.to_bits() & !(1 << 63) > f64::INFINITY.to_bits() {
            return f64::from_bits(0x7ff8_0000_0000_0000);
        }
        if self.arithmetic.flush && x.abs() < self.format.flushed_below() {
            return 0.0f64.copysign(x);
        }
        self.format.round(x)
    }
}

impl Evaluator for Machine {
    type V = f64;
    fn constant(&self, x: f64) -> f64 {
        self.format.round(x)
    }
    fn add(&self, a: f64, b: f64) -> f64 {
        self.out(self.flush(a) + self.flush(b))
    }
    fn sub(&self, a: f64, b: f64) -> f64 {
        self.out(self.flush(a) - self.flush(b))
    }
    fn mul(&self, a: f64, b: f64) -> f64 {
        self.out(self.flush(a) * self.flush(b))
    }
    fn div(&self, a: f64, b: f64) -> f64 {
        self.out(self.flush(a) / self.flush(b))
    }
    fn mad(&self, a: f64, b: f64, c: f64) -> f64 {
        if self.arithmetic.fused {
            self.out(round_to_odd_sum(self.flush(a) * self.flush(b), self.flush(c)))
        } else {
            self.add(self.mul(a, b), c)
        }
    }
    fn fma(&self, a: f64, b: f64, c: f64) -> f64 {
        Self { arithmetic: self.arithmetic.of_fma(), ..*self }.mad(a, b, c)
    }
    fn call(&self, f: F1, x: f64) -> f64 {
        match f {
            // IEEE-754 5.5.1: these change the sign and nothing else, of a NaN too.
            F1::Negate => -self.flush(x),
            F1::Abs => self.flush(x).abs(),
            _ => self.out(real1(f, self.flush(x))),
        }
    }
    fn call2(&self, f: F2, x: f64, y: f64) -> f64 {
        self.out(real2(f, self.flush(x), self.flush(y)))
    }
    fn dot(&self, a: &[f64], b: &[f64]) -> f64 {
        let mut pairs = a.iter().zip(b);
        let first = pairs.next().map_or(0.0, |(a, b)| self.mul(*a, *b));
        pairs.fold(first, |sum, (a, b)| self.mad(*a, *b, sum))
    }
    fn select_less(&self, a: f64, b: f64, yes: f64, no: f64) -> f64 {
        if self.flush(a) < self.flush(b) { yes } else { no }
    }
    fn ldexp(&self, x: f64, exponent: f64) -> f64 {
        self.out(self.flush(x) * elementary::exp2(exponent))
    }
    fn bounded(&self, x: &[f64], real: fn(&[f64]) -> f64, _radius: fn(&[f64]) -> f64) -> f64 {
        let flushed: Vec<_> = x.iter().map(|x| self.flush(*x)).collect();
        self.out(real(&flushed))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::arith::Arith;
    use crate::with_arith;

    #[test]
    fn known_answers_on_edge_classes() {
        let mut seen = 0;
        for line in include_str!("../../../tests/vectors/edges.txt").lines().filter(|l| !l.starts_with('#')) {
            let (question, answers) = line.split_once(" -> ").unwrap();
            let mut words = question.split(' ');
            let operation = words.next().unwrap();
            let bits: Vec<u32> = words.map(|w| u32::from_str_radix(w, 16).unwrap()).collect();
            let x: Vec<f32> = bits.iter().map(|b| f32::from_bits(*b)).collect();
            let v: Vec<f64> = x.iter().map(|x| f64::from(*x)).collect();
            for (arithmetic, answer) in Arithmetic::CONTRACTION.into_iter().zip(answers.split(' ')) {
                let e = Machine { format: Format::F32, arithmetic };
                let (fast, carried) = match operation {
                    "add" => (with_arith!(arithmetic, A => A::add(x[0], x[1])), e.add(v[0], v[1])),
                    "sub" => (with_arith!(arithmetic, A => A::sub(x[0], x[1])), e.sub(v[0], v[1])),
                    "mul" => (with_arith!(arithmetic, A => A::mul(x[0], x[1])), e.mul(v[0], v[1])),
                    "div" => (with_arith!(arithmetic, A => A::div(x[0], x[1])), e.div(v[0], v[1])),
                    "mad" => (with_arith!(arithmetic, A => A::mad(x[0], x[1], x[2])), e.mad(v[0], v[1], v[2])),
                    other => panic!("no operation '{other}'"),
                };
                assert_eq!(format!("{:08x}", fast.to_bits()), answer, "{line} {}", arithmetic.name());
                assert_eq!(
                    format!("{:08x}", Format::F32.bits(carried)),
                    answer,
                    "{line} {} carried",
                    arithmetic.name()
                );
                seen += 1;
            }
        }
        assert!(seen > 1000, "the table has answers: {seen}");
    }
}
