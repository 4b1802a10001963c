//! The operations of a training in each arithmetic: what a step adds, rounds and scales.

use super::data::CLASSES;
use super::fixed::{self, LIMB, ONE, shift};
use super::network::BATCH;
use crate::model::Arithmetic as Liberties;
use crate::model::bits::Dtype;
use crate::numerics::arith::flush;
use crate::numerics::elementary::{exp, exp2};

/// What a step computes with. Every method is one operation, so that where one is rounded is plain to see.
pub trait Arithmetic: Copy + Send + Sync {
    /// A weight, an activation or a gradient.
    type Number: Copy + Default + PartialEq + Send + Sync;
    /// What its words are.
    const DTYPE: Dtype;
    /// Whether a term with a factor of zero may be left out, as it changes no bit.
    const SKIPS_ZEROS: bool;
    /// The number of sums that a gradient needs: 2 where its operand is split.
    const LIMBS: usize;

    /// Its bits.
    fn word(number: Self::Number) -> u32;
    /// The number of these bits.
    fn number(word: u32) -> Self::Number;
    /// Its value.
    fn value(number: Self::Number) -> f64;
    /// A grey level from 0 to 16 as an activation: 16 is 1.
    fn pixel(level: u8) -> Self::Number;
    /// A weight from an integer at scale 2^20.
    fn weight(drawn: i32) -> Self::Number;
    /// The activation that a bias belongs to.
    fn unit() -> Self::Number;
    /// A weight as an operand forwards.
    fn forward(weight: Self::Number) -> Self::Number;
    /// A bias as the first term of a sum.
    fn bias(weight: Self::Number) -> Self::Number;
    /// The sum of two sums of products.
    fn add(self, a: Self::Number, b: Self::Number) -> Self::Number;
    /// `sum + a * b`.
    fn add_product(self, sum: Self::Number, a: Self::Number, b: Self::Number) -> Self::Number;
    /// ReLU of a sum, as an activation.
    fn rectify(self, sum: Self::Number) -> Self::Number;
    /// An activation or a gradient that dropout kept: 5/4 of it.
    fn kept(self, number: Self::Number) -> Self::Number;
    /// The exponentials of a row of logits, and its gradient.
    fn softmax_gradient(
        self,
        logits: &[Self::Number],
        label: usize,
        terms: &mut [Self::Number],
        out: &mut [Self::Number],
    );
    /// A gradient as an operand backwards.
    fn delta(delta: Self::Number) -> Self::Number;
    /// A weight as an operand backwards.
    fn backward(weight: Self::Number) -> Self::Number;
    /// A sum backwards as a gradient.
    fn hidden(sum: Self::Number) -> Self::Number;
    /// The parts of a gradient as an operand of [`Self::LIMBS`] sums; the second counts only where there are two.
    fn limbs(delta: Self::Number) -> [Self::Number; 2];
    /// The mean gradient from its sums.
    fn mean(self, sums: [Self::Number; 2]) -> Self::Number;
    /// The next velocity: 7/8 of it and the gradient.
    fn velocity(self, velocity: Self::Number, gradient: Self::Number) -> Self::Number;
    /// The next weight: 1/16 of the velocity less.
    fn weight_after(self, weight: Self::Number, velocity: Self::Number) -> Self::Number;
}

/// [`Tier::Integer`](crate::model::training::Tier::Integer): see [`fixed`].
#[derive(Debug, Clone, Copy, Default)]
pub struct Integer;

impl Arithmetic for Integer {
    type Number = i32;
    const DTYPE: Dtype = Dtype::I32;
    const SKIPS_ZEROS: bool = true;
    const LIMBS: usize = 2;

    fn word(number: i32) -> u32 {
        number.cast_unsigned()
    }

    fn number(word: u32) -> i32 {
        word.cast_signed()
    }

    fn value(number: i32) -> f64 {
        f64::from(number) / f64::from(ONE)
    }

    fn pixel(level: u8) -> i32 {
        i32::from(level) << 6
    }

    fn weight(drawn: i32) -> i32 {
        drawn
    }

    fn unit() -> i32 {
        1 << 10
    }

    #[inline(always)]
    fn forward(weight: i32) -> i32 {
        shift(weight, 6)
    }

    #[inline(always)]
    fn bias(weight: i32) -> i32 {
        weight << 4
    }

    #[inline(always)]
    fn add(self, a: i32, b: i32) -> i32 {
        a.wrapping_add(b)
    }

    #[inline(always)]
    fn add_product(self, sum: i32, a: i32, b: i32) -> i32 {
        sum.wrapping_add(a.wrapping_mul(b))
    }

    #[inline(always)]
    fn rectify(self, sum: i32) -> i32 {
        shift(sum.max(0), 14)
    }

    #[inline(always)]
    fn kept(self, number: i32) -> i32 {
        shift(number.wrapping_mul(5), 2)
    }

    fn softmax_gradient(self, logits: &[i32], label: usize, terms: &mut [i32], out: &mut [i32]) {
        fixed::softmax_gradient(logits, label, terms, out);
    }

    #[inline(always)]
    fn delta(delta: i32) -> i32 {
        shift(delta, 4)
    }

    #[inline(always)]
    fn backward(weight: i32) -> i32 {
        shift(weight, 8)
    }

    #[inline(always)]
    fn hidden(sum: i32) -> i32 {
        shift(sum, 8)
    }

    #[inline(always)]
    fn limbs(delta: i32) -> [i32; 2] {
        [delta >> LIMB, delta & ((1 << LIMB) - 1)]
    }

    /// Both are at scale 2^30, the first 2^11 times as much; the mean over 32 at scale 2^20 is a shift by 15.
    #[inline(always)]
    fn mean(self, [high, low]: [i32; 2]) -> i32 {
        high.wrapping_add(low.wrapping_add(1 << 14) >> LIMB) >> 4
    }

    #[inline(always)]
    fn velocity(self, velocity: i32, gradient: i32) -> i32 {
        velocity.wrapping_sub(shift(velocity, 3)).wrapping_add(gradient)
    }

    #[inline(always)]
    fn weight_after(self, weight: i32, velocity: i32) -> i32 {
        weight.wrapping_sub(shift(velocity, 4))
    }
}

/// `exp(x)` as the built-in `exp2` of a product that is rounded.
pub const EXP2: u8 = 1;
/// A quotient as the product with a reciprocal that is rounded.
pub const RECIPROCAL: u8 = 2;

/// [`Tier::Native`](crate::model::training::Tier::Native), strict or with liberties taken everywhere; `FUNCTIONS` is [`EXP2`] and
/// [`RECIPROCAL`], or both: what drivers make of `exp` and `/`.
#[derive(Debug, Clone, Copy, Default)]
pub struct Native<const FUSED: bool = false, const FLUSH: bool = false, const FUNCTIONS: u8 = 0>;

impl<const FUSED: bool, const FLUSH: bool, const FUNCTIONS: u8> Native<FUSED, FLUSH, FUNCTIONS> {
    /// What this arithmetic is, in the words of the references of kernels.
    pub const LIBERTIES: Liberties = Liberties { fused: FUSED, flush: FLUSH, split: false };

    #[inline(always)]
    fn out(value: f32) -> f32 {
        if FLUSH { flush(value) } else { value }
    }

    /// The exponential of a number that is not positive.
    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
    fn exp(number: f32) -> f32 {
        let rounded = if FUNCTIONS & EXP2 == 0 {
            exp(f64::from(number))
        } else {
            exp2(f64::from(Self::out(number * std::f32::consts::LOG2_E)))
        };
        Self::out(rounded as f32)
    }

    fn quotient(part: f32, whole: f32) -> f32 {
        if FUNCTIONS & RECIPROCAL == 0 { Self::out(part / whole) } else { Self::out(part * Self::out(whole.recip())) }
    }
}

impl<const FUSED: bool, const FLUSH: bool, const FUNCTIONS: u8> Arithmetic for Native<FUSED, FLUSH, FUNCTIONS> {
    type Number = f32;
    const DTYPE: Dtype = Dtype::F32;
    // 0 * infinity is not 0, and -0 + 0 is 0.
    const SKIPS_ZEROS: bool = false;
    const LIMBS: usize = 1;

    fn word(number: f32) -> u32 {
        number.to_bits()
    }

    fn number(word: u32) -> f32 {
        f32::from_bits(word)
    }

    fn value(number: f32) -> f64 {
        f64::from(number)
    }

    fn pixel(level: u8) -> f32 {
        f32::from(level) * 0.0625
    }

    #[expect(clippy::cast_precision_loss, reason = "initial weights are below 2^18 in size")]
    fn weight(drawn: i32) -> f32 {
        drawn as f32 * (1.0 / 1_048_576.0)
    }

    fn unit() -> f32 {
        1.0
    }

    #[inline(always)]
    fn forward(weight: f32) -> f32 {
        weight
    }

    #[inline(always)]
    fn bias(weight: f32) -> f32 {
        weight
    }

    #[inline(always)]
    fn add(self, a: f32, b: f32) -> f32 {
        Self::out(a + b)
    }

    #[inline(always)]
    fn add_product(self, sum: f32, a: f32, b: f32) -> f32 {
        if FUSED { Self::out(a.mul_add(b, sum)) } else { Self::out(sum + Self::out(a * b)) }
    }

    #[inline(always)]
    fn rectify(self, sum: f32) -> f32 {
        if sum > 0.0 { sum } else { 0.0 }
    }

    #[inline(always)]
    fn kept(self, number: f32) -> f32 {
        Self::out(number * 1.25)
    }

    fn softmax_gradient(self, logits: &[f32], label: usize, terms: &mut [f32], out: &mut [f32]) {
        let most = logits.iter().copied().fold(f32::NEG_INFINITY, f32::max);
        let mut whole = 0.0f32;
        for (logit, term) in logits.iter().zip(&mut *terms) {
            *term = Self::exp(Self::out(logit - most));
            whole += *term;
        }
        for (class, (term, out)) in terms.iter().zip(out).enumerate() {
            let share = Self::quotient(*term, whole);
            *out = Self::out(if class == label { share - 1.0 } else { share });
        }
    }

    #[inline(always)]
    fn delta(delta: f32) -> f32 {
        delta
    }

    #[inline(always)]
    fn backward(weight: f32) -> f32 {
        weight
    }

    #[inline(always)]
    fn hidden(sum: f32) -> f32 {
        sum
    }

    #[inline(always)]
    fn limbs(delta: f32) -> [f32; 2] {
        [delta, 0.0]
    }

    #[inline(always)]
    #[expect(clippy::cast_precision_loss, reason = "a batch has 32 rows")]
    fn mean(self, [sum, _]: [f32; 2]) -> f32 {
        Self::out(sum * (1.0 / BATCH as f32))
    }

    #[inline(always)]
    fn velocity(self, velocity: f32, gradient: f32) -> f32 {
        self.add_product(gradient, velocity, 0.875)
    }

    #[inline(always)]
    fn weight_after(self, weight: f32, velocity: f32) -> f32 {
        self.add_product(weight, velocity, -0.0625)
    }
}

/// [`Tier::Portable`](crate::model::training::Tier::Portable), strict or with liberties taken everywhere. Operands of products are
/// bfloat16, so products are exact in binary32, and whether one is fused with an addition cannot show; constants are powers of
/// two; the softmax is that of the integers.
#[derive(Debug, Clone, Copy, Default)]
pub struct Portable<const FUSED: bool = false, const FLUSH: bool = false>;

/// A number rounded to bfloat16, ties to even; no NaN.
#[inline(always)]
fn bfloat(number: f32) -> f32 {
    let word = number.to_bits();
    f32::from_bits(word.wrapping_add(0x7fff + (word >> 16 & 1)) & 0xffff_0000)
}

/// A logit at scale 2^24, within ±127.
#[inline(always)]
#[expect(clippy::cast_possible_truncation, reason = "it is within the integers, and what is below its last bit goes")]
fn fixed_logit(logit: f32) -> i32 {
    (logit.clamp(-127.0, 127.0) * 16_777_216.0) as i32
}

impl<const FUSED: bool, const FLUSH: bool> Arithmetic for Portable<FUSED, FLUSH> {
    type Number = f32;
    const DTYPE: Dtype = Dtype::F32;
    const SKIPS_ZEROS: bool = false;
    const LIMBS: usize = 1;

    fn word(number: f32) -> u32 {
        number.to_bits()
    }

    fn number(word: u32) -> f32 {
        f32::from_bits(word)
    }

    fn value(number: f32) -> f64 {
        f64::from(number)
    }

    fn pixel(level: u8) -> f32 {
        f32::from(level) * 0.0625
    }

    fn weight(drawn: i32) -> f32 {
        Native::<FUSED, FLUSH>::weight(drawn)
    }

    fn unit() -> f32 {
        1.0
    }

    #[inline(always)]
    fn forward(weight: f32) -> f32 {
        bfloat(weight)
    }

    #[inline(always)]
    fn bias(weight: f32) -> f32 {
        weight
    }

    #[inline(always)]
    fn add(self, a: f32, b: f32) -> f32 {
        Native::<FUSED, FLUSH>.add(a, b)
    }

    #[inline(always)]
    fn add_product(self, sum: f32, a: f32, b: f32) -> f32 {
        Native::<FUSED, FLUSH>.add_product(sum, a, b)
    }

    #[inline(always)]
    fn rectify(self, sum: f32) -> f32 {
        if sum > 0.0 { bfloat(sum) } else { 0.0 }
    }

    #[inline(always)]
    fn kept(self, number: f32) -> f32 {
        bfloat(Native::<FUSED, FLUSH>.kept(number))
    }

    #[expect(clippy::cast_precision_loss, reason = "23 and 21 bits")]
    fn softmax_gradient(self, logits: &[f32], label: usize, terms: &mut [f32], out: &mut [f32]) {
        let (mut row, mut counts, mut gradient) = ([0; CLASSES], [0; CLASSES], [0; CLASSES]);
        for (fixed, logit) in row.iter_mut().zip(logits) {
            *fixed = fixed_logit(*logit);
        }
        fixed::softmax_gradient(&row, label, &mut counts, &mut gradient);
        for (term, count) in terms.iter_mut().zip(counts) {
            *term = (count >> 4) as f32;
        }
        for (out, gradient) in out.iter_mut().zip(gradient) {
            *out = gradient as f32 * (1.0 / 1_048_576.0);
        }
    }

    #[inline(always)]
    fn delta(delta: f32) -> f32 {
        bfloat(delta)
    }

    #[inline(always)]
    fn backward(weight: f32) -> f32 {
        bfloat(weight)
    }

    #[inline(always)]
    fn hidden(sum: f32) -> f32 {
        sum
    }

    #[inline(always)]
    fn limbs(delta: f32) -> [f32; 2] {
        [bfloat(delta), 0.0]
    }

    #[inline(always)]
    fn mean(self, sums: [f32; 2]) -> f32 {
        Native::<FUSED, FLUSH>.mean(sums)
    }

    #[inline(always)]
    fn velocity(self, velocity: f32, gradient: f32) -> f32 {
        let less = self.add_product(velocity, velocity, -0.125);
        Native::<FUSED, FLUSH>::out(less + gradient)
    }

    #[inline(always)]
    fn weight_after(self, weight: f32, velocity: f32) -> f32 {
        self.add_product(weight, velocity, -0.0625)
    }
}
