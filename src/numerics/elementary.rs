//! Elementary functions, correctly rounded: the one module that references, inputs and the interpreter ask.
//!
//! Each function takes and gives binary64. Rounded once more, to binary32, it is the correctly rounded result for every
//! argument that is a binary32 number; and so it is for binary16. Two roundings in a row go wrong only where the first
//! lands on a tie of the second: there the last bit is moved to the side on which the answer lies. What stays in
//! binary64 is the crate's result, which aims at correct rounding there too.
//!
//! `examples/elementary.rs` looks at all 2^32 arguments with a second implementation. See `docs/numerics.md`.

pub mod single;

/// `wide`, moved off a tie of binary32 to the side that `narrow`, the answer in binary32, tells.
#[inline]
#[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
fn decided(wide: f64, narrow: f32) -> f64 {
    if wide as f32 == narrow || narrow.is_nan() {
        return wide;
    }
    let moved = if f64::from(narrow) > wide { wide.next_up() } else { wide.next_down() };
    if moved as f32 == narrow { moved } else { f64::from(narrow) }
}

macro_rules! unary {
    ($($name:ident, $narrow:ident: $about:literal;)*) => {
        $(
            #[doc = $about]
            #[must_use]
            #[inline]
            #[expect(clippy::cast_possible_truncation, reason = "it is looked whether the number is one of binary32")]
            pub fn $name(x: f64) -> f64 {
                let (wide, single) = (metallic::$name(x), x as f32);
                if f64::from(single) == x { decided(wide, metallic::$narrow(single)) } else { wide }
            }
        )*

        /// The functions of one number, by name.
        pub const UNARY: &[(&str, fn(f64) -> f64)] = &[$((stringify!($name), $name)),*];
    };
}

unary! {
    acos, acosf: "The arc cosine.";
    acosh, acoshf: "The inverse hyperbolic cosine.";
    asin, asinf: "The arc sine.";
    asinh, asinhf: "The inverse hyperbolic sine.";
    atan, atanf: "The arc tangent.";
    atanh, atanhf: "The inverse hyperbolic tangent.";
    cos, cosf: "The cosine of an angle in radians.";
    cosh, coshf: "The hyperbolic cosine.";
    exp, expf: "`e^x`.";
    exp2, exp2f: "`2^x`.";
    log, logf: "The natural logarithm.";
    log2, log2f: "The logarithm to base 2.";
    sin, sinf: "The sine of an angle in radians.";
    sinh, sinhf: "The hyperbolic sine.";
    tan, tanf: "The tangent of an angle in radians.";
    tanh, tanhf: "The hyperbolic tangent.";
}

macro_rules! binary {
    ($($name:ident($x:ident, $y:ident), $narrow:ident: $about:literal;)*) => {$(
        #[doc = $about]
        #[must_use]
        #[inline]
        #[expect(clippy::cast_possible_truncation, reason = "it is looked whether the numbers are ones of binary32")]
        pub fn $name($x: f64, $y: f64) -> f64 {
            let (wide, a, b) = (metallic::$name($x, $y), $x as f32, $y as f32);
            if f64::from(a) == $x && f64::from(b) == $y { decided(wide, metallic::$narrow(a, b)) } else { wide }
        }
    )*};
}

binary! {
    atan2(y, x), atan2f: "The angle of the point `(x, y)`, in radians.";
    pow(x, y), powf: "`x^y`.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[expect(clippy::cast_possible_truncation, reason = "rounding to binary32 is the point")]
    fn hard_cases_are_rounded_correctly() {
        let mut seen = 0;
        for line in include_str!("../../tests/vectors/elementary.txt").lines().filter(|l| !l.starts_with('#')) {
            let words: Vec<&str> = line.split(' ').collect();
            let bits = |i: usize| f32::from_bits(u32::from_str_radix(words[i], 16).expect("hexadecimal digits"));
            let f = UNARY.iter().find(|(name, _)| *name == words[0]).expect("a function").1;
            assert_eq!((f(f64::from(bits(1))) as f32).to_bits(), bits(2).to_bits(), "{line}");
            seen += 1;
        }
        assert!(seen > 300, "the table has answers: {seen}");
    }

    /// But for whole powers of two, which are exact, none of these functions has a result halfway between two binary16
    /// numbers, so that a result that is not on a tie in binary64 is on the right side of it.
    #[test]
    fn no_binary16_argument_leads_to_a_tie() {
        for (name, f) in UNARY {
            for bits in 0..=u16::MAX {
                let x = half::f16::from_bits(bits).to_f64();
                let y = f(x);
                let size = y.abs();
                let exact = *name == "exp2" && x.fract() == 0.0;
                if exact || !(2.0f64.powi(-26)..65_536.0).contains(&size) {
                    continue;
                }
                let exponent = libm::ilogb(size).max(-14);
                let halves = libm::scalbn(size, 11 - exponent);
                assert!(halves.fract() != 0.0 || halves % 2.0 == 0.0, "{name}({bits:#06x}) = {y} is a tie");
            }
        }
    }
}
