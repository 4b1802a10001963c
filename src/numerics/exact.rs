//! Exact and far more precise sums, for the truth that outputs are measured against.

/// A running sum in double-double arithmetic, about 106 bits (Dekker 1971; Ogita, Rump and Oishi 2005).
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub struct DoubleDouble {
    hi: f64,
    lo: f64,
}

impl DoubleDouble {
    /// Adds `x`.
    #[inline(always)]
    pub fn add(&mut self, x: f64) {
        let sum = self.hi + x;
        let bb = sum - self.hi;
        let error = (self.hi - (sum - bb)) + (x - bb);
        self.lo += error;
        // Renormalise, so that `hi` stays the sum's leading part.
        let hi = sum + self.lo;
        self.lo -= hi - sum;
        self.hi = hi;
    }

    /// Adds the product of two binary32 numbers, which is exact in binary64.
    #[inline(always)]
    pub fn add_product(&mut self, a: f32, b: f32) {
        self.add(f64::from(a) * f64::from(b));
    }

    /// The sum, rounded to binary64.
    #[must_use]
    pub fn value(self) -> f64 {
        self.hi + self.lo
    }
}

/// The sum of `values`, to about 106 bits.
pub fn sum(values: impl IntoIterator<Item = f64>) -> f64 {
    let mut total = DoubleDouble::default();
    for x in values {
        total.add(x);
    }
    total.value()
}

/// An exact sum of binary32 numbers: a fixed-point number wide enough for all of them, rounded once when it is read
/// (Kulisch's long accumulator). The order of the additions cannot matter.
///
/// A finite binary32 number is a whole multiple of 2^-149 below 2^277 such units. Ten limbs of 32 bits hold 2^43 of
/// them; each limb is kept in 64 bits, so that carries wait until the sum is read or 2^30 numbers have been added.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FixedSum {
    limbs: [i64; LIMBS],
    pending: u32,
    nan: bool,
    infinity: [bool; 2],
    /// Whether anything but -0 was added: the sum of nothing but -0 is -0.
    more_than_minus_zero: bool,
}

const LIMBS: usize = 10;

impl FixedSum {
    /// Adds `x`.
    pub fn add(&mut self, x: f32) {
        let bits = x.to_bits();
        self.more_than_minus_zero |= bits != 0x8000_0000;
        let exponent = (bits >> 23) & 0xff;
        if exponent == 0xff {
            self.nan |= x.is_nan();
            self.infinity[usize::from(x < 0.0)] |= !x.is_nan();
            return;
        }
        let significand = u64::from(bits & 0x7f_ffff | if exponent > 0 { 0x80_0000 } else { 0 });
        let shift = exponent.max(1) - 1;
        let shifted = significand << (shift % 32);
        let sign = if bits >> 31 == 0 { 1 } else { -1 };
        let place = (shift / 32) as usize;
        self.limbs[place] += sign * (shifted & 0xffff_ffff).cast_signed();
        self.limbs[place + 1] += sign * (shifted >> 32).cast_signed();
        self.pending += 1;
        if self.pending == 1 << 30 {
            self.carry();
        }
    }

    fn carry(&mut self) {
        let mut carry = 0;
        for limb in &mut self.limbs[..LIMBS - 1] {
            let sum = *limb + carry;
            *limb = sum & 0xffff_ffff;
            carry = sum >> 32;
        }
        self.limbs[LIMBS - 1] += carry;
        self.pending = 0;
    }

    /// Whether the sum is negative, and its magnitude in units of 2^-149, lowest limb first.
    fn magnitude(mut self) -> (bool, [u64; LIMBS]) {
        self.carry();
        let negative = self.limbs[LIMBS - 1] < 0;
        if negative {
            self.limbs = self.limbs.map(|l| -l);
            self.carry();
        }
        (negative, self.limbs.map(i64::cast_unsigned))
    }

    /// The sum rounded to nearest, ties to even, in a format of `precision` bits whose least positive number is
    /// 2^`least`: its significand and exponent.
    fn round(limbs: &[u64; LIMBS], precision: i32, least: i32) -> (u64, i32) {
        let bit = |i: i32| usize::try_from(i).is_ok_and(|i| i < 320 && limbs[i / 32] >> (i % 32) & 1 == 1);
        let Some(top) = (0..320).rev().find(|i| bit(*i)) else { return (0, 0) };
        let lowest = (top + 1 - precision).max(least + 149);
        let mut significand = 0u64;
        for i in (lowest..=top).rev() {
            significand = significand << 1 | u64::from(bit(i));
        }
        let rest = (0..lowest - 1).any(bit);
        if bit(lowest - 1) && (rest || significand & 1 == 1) {
            significand += 1;
        }
        (significand, lowest - 149)
    }

    /// What is not finite, or a zero of the right sign: decided without rounding.
    fn special(&self) -> Option<f32> {
        match (self.nan, self.infinity) {
            (true, _) | (_, [true, true]) => Some(f32::NAN),
            (_, [true, false]) => Some(f32::INFINITY),
            (_, [false, true]) => Some(f32::NEG_INFINITY),
            _ if !self.more_than_minus_zero => Some(-0.0),
            _ => None,
        }
    }

    /// The sum, correctly rounded to binary32 (ties to even), subnormals kept. A zero is -0 only where nothing but -0
    /// was added, as in IEEE-754.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, reason = "24 bits convert exactly")]
    pub fn to_f32(self) -> f32 {
        if let Some(special) = self.special() {
            return special;
        }
        let (negative, limbs) = self.magnitude();
        let (significand, exponent) = Self::round(&limbs, 24, -149);
        // At most 2^24 times a power of two: exact in binary64, and in binary32 unless it overflows.
        let value = (significand as f64 * f64::exp2(f64::from(exponent))) as f32;
        if negative { -value } else { value }
    }

    /// The sum, correctly rounded to binary64 (ties to even).
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "53 bits convert exactly")]
    pub fn to_f64(self) -> f64 {
        if let Some(special) = self.special() {
            return f64::from(special);
        }
        let (negative, limbs) = self.magnitude();
        let (significand, exponent) = Self::round(&limbs, 53, -149);
        let value = libm::scalbn(significand as f64, exponent);
        if negative { -value } else { value }
    }
}

impl FromIterator<f32> for FixedSum {
    fn from_iter<I: IntoIterator<Item = f32>>(values: I) -> Self {
        let mut sum = Self::default();
        for x in values {
            sum.add(x);
        }
        sum
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_fixed_sum_is_rounded_once() {
        let of = |values: &[f32]| values.iter().copied().collect::<FixedSum>().to_f32().to_bits();
        let (half_ulp, tiny) = (f32::exp2(-24.0), f32::from_bits(1));
        assert_eq!(of(&[1.0, half_ulp]), 1.0f32.to_bits(), "a tie goes to even, down");
        assert_eq!(of(&[1.0 + 2.0 * half_ulp, half_ulp]), (1.0 + 4.0 * half_ulp).to_bits(), "a tie goes to even, up");
        assert_eq!(of(&[1.0, half_ulp, tiny]), (1.0 + 2.0 * half_ulp).to_bits(), "the smallest number breaks a tie");
        assert_eq!(of(&[f32::MAX, 1.0, -f32::MAX]), 1.0f32.to_bits(), "nothing is lost beside the largest");
        assert_eq!(of(&[f32::MAX, f32::MAX, tiny, -f32::MAX, -f32::MAX]), 1, "nor outside the range on the way");
        assert_eq!(of(&[f32::MAX, f32::MAX]), f32::INFINITY.to_bits(), "overflow");
        assert_eq!(of(&[-1.0, 1.0]), 0, "cancellation gives +0");
        assert_eq!(of(&[-0.0, -0.0]), 0x8000_0000, "only -0 gives -0");
        assert_eq!(of(&[f32::NEG_INFINITY, 1.0]), f32::NEG_INFINITY.to_bits(), "infinity");
        assert!(f32::from_bits(of(&[f32::NEG_INFINITY, f32::INFINITY])).is_nan(), "infinities of both signs");
    }

    proptest! {
        #[test]
        fn two_numbers_sum_as_the_processor_says(a: u32, b: u32) {
            let (a, b) = (f32::from_bits(a), f32::from_bits(b));
            let ours = [a, b].into_iter().collect::<FixedSum>();
            prop_assert!(ours.to_f32().to_bits() == (a + b).to_bits() || (a + b).is_nan() && ours.to_f32().is_nan(), "{a:e} + {b:e}");
        }

        #[test]
        fn sums_agree_with_wide_integers(values in proptest::collection::vec(-(1i64 << 55)..(1i64 << 55), 1..40)) {
            // Each value is cut to binary32 first; the sum in units fits i128, whose conversions round to nearest.
            #[expect(clippy::cast_precision_loss, reason = "the rounding is wanted")]
            let floats: Vec<f32> = values.iter().map(|v| *v as f32).collect();
            #[expect(clippy::cast_possible_truncation, reason = "whole numbers below 2^56")]
            let whole: i128 = floats.iter().map(|x| *x as i128).sum();
            let sum = floats.iter().copied().collect::<FixedSum>();
            #[expect(clippy::cast_precision_loss, reason = "the rounding is wanted")]
            let (narrow, wide) = (whole as f32, whole as f64);
            prop_assert_eq!(sum.to_f32().to_bits(), narrow.to_bits());
            prop_assert_eq!(sum.to_f64().to_bits(), wide.to_bits());
        }
    }
}
