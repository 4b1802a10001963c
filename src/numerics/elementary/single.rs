//! The elementary functions of many binary32 numbers at once, at the cost of one evaluation each: what a sweep over all
//! inputs compares with. The values are those of [`super::UNARY`], rounded to binary32.

/// Replaces numbers by a function's value there, correctly rounded.
pub type Fill = fn(&mut [f32]);

macro_rules! fill {
    ($($name:ident, $narrow:ident;)*) => {
        $(
            mod $name {
                #[inline(always)]
                fn each(values: &mut [f32]) {
                    values.iter_mut().for_each(|x| *x = metallic::$narrow(*x));
                }

                pub(super) fn fill(values: &mut [f32]) {
                    // Some of the functions vectorise where fused multiply-add is an instruction.
                    #[cfg(target_arch = "x86_64")]
                    if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                        #[target_feature(enable = "avx2,fma")]
                        fn wide(values: &mut [f32]) {
                            each(values);
                        }
                        // SAFETY: the processor has both.
                        return unsafe { wide(values) };
                    }
                    each(values);
                }
            }
        )*

        /// The functions, by name.
        pub const FILLS: &[(&str, Fill)] = &[$((stringify!($name), $name::fill)),*];
    };
}

fill! {
    acos, acosf;
    acosh, acoshf;
    asin, asinf;
    asinh, asinhf;
    atan, atanf;
    atanh, atanhf;
    cos, cosf;
    cosh, coshf;
    exp, expf;
    exp2, exp2f;
    log, logf;
    log2, log2f;
    sin, sinf;
    sinh, sinhf;
    tan, tanf;
    tanh, tanhf;
}

/// `x^y` in binary32, correctly rounded.
#[must_use]
pub fn pow(x: f32, y: f32) -> f32 {
    metallic::powf(x, y)
}

/// The angle of the point `(x, y)` in binary32, correctly rounded.
#[must_use]
pub fn atan2(y: f32, x: f32) -> f32 {
    metallic::atan2f(y, x)
}

#[cfg(test)]
mod tests {
    use super::super::UNARY;
    use super::*;

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
    fn many_at_once_are_one_at_a_time() {
        let inputs: Vec<f32> = (0..1u32 << 16).map(|i| f32::from_bits(i.wrapping_mul(0x9e37_79b1))).collect();
        assert_eq!(FILLS.len(), UNARY.len(), "every function");
        for ((name, fill), (other, one)) in FILLS.iter().zip(UNARY) {
            assert_eq!(name, other, "in the same order");
            let mut values = inputs.clone();
            fill(&mut values);
            for (x, y) in inputs.iter().zip(&values) {
                let wanted = one(f64::from(*x)) as f32;
                assert!(y.to_bits() == wanted.to_bits() || y.is_nan() && wanted.is_nan(), "{name}({x:e})");
            }
        }
    }
}
