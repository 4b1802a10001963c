//! From a Philox block to a value, as cuRAND and ATen do it.
//!
//! Uniform values and masks are exact: `x × 2^-32` is exact in binary32 for a converted `x`, so that a contracted
//! multiply-add gives the same bits as two operations. Normal values are not: the device's `logf` and `__sincosf` are
//! approximations, so what is promised is the value within [`TOLERANCE`].

use std::f64::consts::TAU;

use super::draw::{Draw, Element, Op};

/// The bound, in units of the radius `sqrt(-2 ln u)`, on the distance between a normal value from the device and one
/// from exact functions. CUDA's guide gives `__sinf` and `__cosf` an absolute error of 2^-21.41 and 2^-21.19 on [-π, π]
/// and none beyond; four times that covers [0, 2π], and one ulp of `logf` besides.
pub const TOLERANCE: f64 = 1.0 / 524_288.0;

/// What a mask multiplies a kept element by: `1 / (1 - p)`, rounded to binary32 as the kernel does.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Scale(pub f64);

/// 2^-32 and 2^-33.
const STEP: f32 = 1.0 / 4_294_967_296.0;
const HALF: f32 = STEP / 2.0;

/// `_curand_uniform`: uniform on (0, 1].
#[inline(always)]
#[expect(clippy::cast_precision_loss, reason = "rounding to binary32 is what the device does")]
pub(super) fn uniform(x: u32) -> f32 {
    x as f32 * STEP + HALF
}

/// `_curand_uniform_double_hq`: uniform on (0, 1].
#[inline]
#[expect(clippy::cast_precision_loss, reason = "53 bits fit")]
fn uniform_double(x: u32, y: u32) -> f64 {
    let z = u64::from(x) ^ (u64::from(y) << 21);
    z as f64 * f64::exp2(-53.0) + f64::exp2(-54.0)
}

/// A standard normal value with its radius: `_curand_box_muller`, with exact functions.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_precision_loss,
    reason = "binary32 arguments, as on the device"
)]
fn normal(x: u32, y: u32, second: bool) -> (f64, f64) {
    let u = uniform(x);
    let step = TAU as f32 * STEP;
    let angle = f64::from((y as f32).mul_add(step, step / 2.0));
    let radius = libm::sqrt(-2.0 * libm::log(f64::from(u)));
    (radius * if second { libm::cos(angle) } else { libm::sin(angle) }, radius)
}

/// `_curand_box_muller_double`.
fn normal_double(words: [u32; 4], second: bool) -> (f64, f64) {
    let u = uniform_double(words[0], words[1]);
    // v = zy × 2^-52 + 2^-53, and sincospi(v).
    let v = 2.0 * uniform_double(words[2], words[3]);
    let radius = libm::sqrt(-2.0 * libm::log(u));
    let angle = std::f64::consts::PI * v;
    (radius * if second { libm::cos(angle) } else { libm::sin(angle) }, radius)
}

impl Draw {
    /// The keep rate as the kernel compares with it.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "the kernel's accumulate type is binary32 but for binary64")]
    pub fn keep(&self) -> f64 {
        if self.element == Element::F64 { 1.0 - self.p } else { f64::from((1.0 - self.p) as f32) }
    }

    /// What a kept element is multiplied by.
    #[must_use]
    #[expect(clippy::cast_possible_truncation, reason = "as the kernel")]
    pub fn scale(&self) -> Scale {
        let scale = 1.0 / self.keep();
        Scale(if self.element == Element::F64 { scale } else { f64::from(scale as f32) })
    }

    /// What the output of dropout on ones holds for a kept element: the scale, rounded to the element type.
    #[must_use]
    pub fn kept_value(&self) -> f64 {
        self.round(self.scale().0)
    }

    /// Half the distance of a value of the element type to its neighbours: a device's value is one of these, however
    /// many digits are printed of it.
    pub(super) fn half_ulp(&self, x: f64) -> f64 {
        let (digits, least) = match self.element {
            Element::F64 => (53, -1022),
            Element::F32 => (24, -126),
            Element::F16 => (11, -14),
            Element::Bf16 => (8, -126),
        };
        let exponent = if x == 0.0 { least } else { libm::ilogb(x).max(least) };
        f64::exp2(f64::from(exponent - digits))
    }

    /// Whether the mask keeps the element: `curand_uniform(x) < 1 - p`, in binary32. With `p` = 0 the kernel is not
    /// launched (`is_fused_kernel_acceptable`, ATen/native/Dropout.cpp), and all are kept.
    #[inline(always)]
    fn kept(&self, word: u32) -> bool {
        f64::from(uniform(word)) < self.keep() || self.p == 0.0
    }

    /// The value of lane `lane` of a block, in units of the element type, and the radius of a normal value (0 else).
    /// A mask's is 1 or 0.
    #[must_use]
    pub fn value(&self, block: [u32; 4], lane: u32) -> (f64, f64) {
        let word = block[lane as usize % 4];
        match (self.op, self.element) {
            (Op::Dropout, _) => (f64::from(u8::from(self.kept(word))), 0.0),
            (Op::Rand, Element::F64) => {
                let at = 2 * (lane as usize % 2);
                (self.scaled(uniform_double(block[at], block[at + 1])), 0.0)
            }
            (Op::Rand, _) => (self.scaled(f64::from(uniform(word))), 0.0),
            (Op::Randn, Element::F64) => {
                let (z, radius) = normal_double(block, lane == 1);
                (z * self.std + self.mean, radius)
            }
            (Op::Randn, _) => {
                let at = (lane as usize % 4) / 2 * 2;
                let (z, radius) = normal(block[at], block[at + 1], lane % 2 == 1);
                (self.round(z * self.std + self.mean), radius)
            }
        }
    }

    /// A uniform value between the bounds: `u * (high - low) + low`, in binary32 for the types up to it. `uniform_kernel` turns
    /// (low, high] into [low, high): what rounds to the upper bound becomes the lower one.
    #[expect(clippy::cast_possible_truncation, reason = "the kernel's accumulate type is binary32 but for binary64")]
    pub(super) fn scaled(&self, u: f64) -> f64 {
        let (low, range) = (self.low, self.high - self.low);
        let value = match (self.is_scaled(), self.element) {
            (false, _) => self.round(u),
            (true, Element::F64) => u * range + low,
            (true, _) => self.round(f64::from(u as f32 * range as f32 + low as f32)),
        };
        if value == self.round(self.high) { self.round(self.low) } else { value }
    }

    /// Rounded to the element type.
    #[expect(clippy::cast_possible_truncation, reason = "rounding is the point")]
    fn round(&self, x: f64) -> f64 {
        match self.element {
            Element::F64 => x,
            Element::F32 => f64::from(x as f32),
            // As the kernel: binary32 first.
            Element::F16 => f64::from(half::f16::from_f32(x as f32)),
            Element::Bf16 => f64::from(half::bf16::from_f32(x as f32)),
        }
    }
}
