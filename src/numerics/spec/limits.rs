//! The figures of the WGSL specification's accuracy rules ("Accuracy of Concrete Floating Point Expressions"), and how they
//! are told. [`super::bounds`] makes intervals of them.

use crate::numerics::arith::format::Format;

/// Units in the last place of the logarithms outside [0.5, 2.0].
pub(super) const LOG_ULPS: f64 = 3.0;
/// Units in the last place of a division.
pub(super) const DIV_ULPS: f64 = 2.5;
/// Units in the last place of `inverseSqrt`.
pub(super) const INVERSE_SQRT_ULPS: f64 = 2.0;
/// The absolute error of `tanh`, or what is inherited from `sinh(x) / cosh(x)`.
pub(super) const TANH_ABSOLUTE: f64 = 1.0e-5;

/// What differs between binary32 and binary16.
#[derive(Debug)]
pub(super) struct Limits {
    /// Units in the last place of `exp` and `exp2`, to which `2|x|` is added.
    pub(super) exp_ulps: f64,
    /// The absolute error of the logarithms on [0.5, 2.0].
    pub(super) log_absolute: f64,
    /// The absolute error of sine and cosine on [-π, π].
    pub(super) sine_absolute: f64,
    /// Units in the last place of `atan` and `atan2`.
    pub(super) atan_ulps: f64,
    /// The absolute error of `asin`, or what is inherited.
    pub(super) asin_absolute: f64,
    /// The absolute error of `acos`, or what is inherited.
    pub(super) acos_absolute: f64,
    /// The least and the greatest magnitude of a divisor for which there is a limit.
    pub(super) divisor: [f64; 2],
}

/// `2^exponent` for the exponent of a normal number.
const fn power(exponent: i64) -> f64 {
    f64::from_bits(((1023 + exponent).cast_unsigned()) << 52)
}

static SINGLE: Limits = Limits {
    exp_ulps: 3.0,
    log_absolute: power(-21),
    sine_absolute: power(-11),
    atan_ulps: 4096.0,
    asin_absolute: 6.81e-5,
    acos_absolute: 6.77e-5,
    divisor: [power(-126), power(126)],
};

static HALF: Limits = Limits {
    exp_ulps: 1.0,
    log_absolute: power(-7),
    sine_absolute: power(-7),
    atan_ulps: 5.0,
    asin_absolute: 3.91e-3,
    acos_absolute: 3.91e-3,
    divisor: [power(-14), power(14)],
};

impl Limits {
    /// Those of a format.
    pub(super) fn of(format: Format) -> &'static Self {
        if format == Format::F32 { &SINGLE } else { &HALF }
    }
}

/// The limit of a function, as the specification states it; of one that is not an approximation, that it is correctly
/// rounded.
#[must_use]
pub fn told(function: &str, format: Format) -> String {
    let limits = Limits::of(format);
    let (exponent_of, single) = (|x: f64| libm::ilogb(x), format == Format::F32);
    match function {
        "exp" | "exp2" => format!("{} + 2|x| ULP", limits.exp_ulps),
        "log" | "log2" => {
            format!("absolute 2^{} on [0.5, 2], {LOG_ULPS} ULP elsewhere", exponent_of(limits.log_absolute))
        }
        "sin" | "cos" => format!("absolute 2^{} on [-π, π]", exponent_of(limits.sine_absolute)),
        "tan" => "that of sin(x) / cos(x)".to_owned(),
        "inverseSqrt" => format!("{INVERSE_SQRT_ULPS} ULP"),
        "sqrt" => "that of 1 / inverseSqrt(x)".to_owned(),
        "atan" | "atan2" => format!("{} ULP", limits.atan_ulps),
        "asin" => format!("absolute {:e}, or that of atan2(x, sqrt(1 - x*x))", limits.asin_absolute),
        "acos" => format!("absolute {:e}, or that of atan2(sqrt(1 - x*x), x)", limits.acos_absolute),
        "sinh" => "that of (exp(x) - exp(-x)) * 0.5".to_owned(),
        "cosh" => "that of (exp(x) + exp(-x)) * 0.5".to_owned(),
        "tanh" => format!("absolute {TANH_ABSOLUTE:e}, or that of sinh(x) / cosh(x)"),
        "asinh" => "that of log(x + sqrt(x*x + 1))".to_owned(),
        "acosh" => "that of log(x + sqrt(x*x - 1))".to_owned(),
        "atanh" => "that of log((1 + x) / (1 - x)) * 0.5".to_owned(),
        "pow" => "that of exp2(y * log2(x))".to_owned(),
        "div" => format!(
            "{DIV_ULPS} ULP for a divisor in [2^{}, 2^{}]",
            exponent_of(limits.divisor[0]),
            exponent_of(limits.divisor[1])
        ),
        "rem" => "that of x - y * trunc(x / y)".to_owned(),
        "fract" | "modf_fract" => "that of x - floor(x) or x - trunc(x)".to_owned(),
        "degrees" | "radians" => "that of a product with a constant".to_owned(),
        _ if single => "either neighbour of the exact value".to_owned(),
        _ => "either neighbour of the exact value, in binary16".to_owned(),
    }
}
