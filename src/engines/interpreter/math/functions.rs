//! The built-in functions on floating-point numbers.

use crate::numerics::elementary;
use std::marker::PhantomData;

use naga::MathFunction;

use super::float::{Float, by_float};
use super::float16::F16;
use super::lift::{Op, by_flag, kernel, op};
use super::{Defects, Kernel, Scalar, convert};

/// A function of one real number.
trait Real1 {
    /// Its value in binary64.
    fn value(x: f64) -> f64;
}

/// A function of two real numbers.
trait Real2 {
    /// Its value in binary64.
    fn value(x: f64, y: f64) -> f64;
}

macro_rules! functions {
    ($Real:ident: $($name:ident($($x:ident),+) = $value:expr;)*) => {$(
        struct $name;
        impl $Real for $name {
            #[inline(always)]
            fn value($($x: f64),+) -> f64 {
                $value
            }
        }
    )*};
}

functions! { Real1:
    Acos(x) = elementary::acos(x);
    Acosh(x) = elementary::acosh(x);
    Asin(x) = elementary::asin(x);
    Asinh(x) = elementary::asinh(x);
    Atan(x) = elementary::atan(x);
    Atanh(x) = elementary::atanh(x);
    Cos(x) = elementary::cos(x);
    Cosh(x) = elementary::cosh(x);
    Exp(x) = elementary::exp(x);
    Exp2(x) = elementary::exp2(x);
    Log(x) = elementary::log(x);
    Log2(x) = elementary::log2(x);
    Sin(x) = elementary::sin(x);
    Sinh(x) = elementary::sinh(x);
    Tan(x) = elementary::tan(x);
    Tanh(x) = elementary::tanh(x);
}

functions! { Real2:
    Atan2(y, x) = elementary::atan2(y, x);
    // WGSL leaves negative bases undefined: the definition goes through log2.
    Pow(x, y) = if x < 0.0 { f64::NAN } else { elementary::pow(x, y) };
}

/// A function of one number, rounded to the format.
struct Call1<V, F, const FLUSH: bool>(PhantomData<(V, F)>);
impl<V: Real1, F: Float, const FLUSH: bool> Op for Call1<V, F, FLUSH> {
    type X = F;
    type R = F;
    const VECTORS: bool = false;
    #[inline(always)]
    fn apply(x: F) -> F {
        F::rounded::<FLUSH>(V::value(x.settle::<FLUSH>().real()))
    }
}

/// A function of two numbers, rounded to the format.
struct Call2<V, F, const FLUSH: bool>(PhantomData<(V, F)>);
impl<V: Real2, F: Float, const FLUSH: bool> Op for Call2<V, F, FLUSH> {
    type X = (F, F);
    type R = F;
    const VECTORS: bool = false;
    #[inline(always)]
    fn apply((x, y): (F, F)) -> F {
        F::rounded::<FLUSH>(V::value(x.settle::<FLUSH>().real(), y.settle::<FLUSH>().real()))
    }
}

// Without a call for each lane. The CPU twins flush in `abs` as in any function, though it only clears a bit.
op!(Abs[F: Float, FLUSH](x: F) -> F { x.settle::<FLUSH>().magnitude() });
op!(Floor[F: Float, FLUSH](x: F) -> F { Float::floor(x.settle::<FLUSH>()) });
op!(Ceil[F: Float, FLUSH](x: F) -> F { Float::ceil(x.settle::<FLUSH>()) });
op!(Round[F: Float, FLUSH](x: F) -> F { Float::round(x.settle::<FLUSH>()) });
op!(Trunc[F: Float, FLUSH](x: F) -> F { Float::trunc(x.settle::<FLUSH>()) });
// One for a negative number that is tiny.
op!(Fract[F: Float, FLUSH](x: F) -> F { x.minus::<FLUSH>(Float::floor(x.settle::<FLUSH>())) });
op!(Sqrt[F: Float, FLUSH](x: F) -> F { x.settle::<FLUSH>().root().settle::<FLUSH>() });
op!(InverseSqrt[F: Float, FLUSH](x: F) -> F {
    F::rounded::<FLUSH>(1.0 / x.settle::<FLUSH>().real().sqrt())
});
op!(Degrees[F: Float, FLUSH](x: F) -> F {
    F::rounded::<FLUSH>(x.settle::<FLUSH>().real() * 57.295_779_513_082_32)
});
op!(Radians[F: Float, FLUSH](x: F) -> F {
    F::rounded::<FLUSH>(x.settle::<FLUSH>().real() * (std::f64::consts::PI / 180.0))
});
op!(Sign[F: Float, FLUSH](x: F) -> F {
    let x = x.settle::<FLUSH>();
    let zero = F::of(0.0);
    let sign = if x.less(zero) { F::of(-1.0) } else { x };
    if zero.less(x) { F::of(1.0) } else { sign }.canonical()
});
op!(Min[F: Float, FLUSH](x: F, y: F) -> F { x.least::<FLUSH>(y) });
op!(Max[F: Float, FLUSH](x: F, y: F) -> F { x.greatest::<FLUSH>(y) });
op!(Clamp[F: Float, FLUSH](x: F, low: F, high: F) -> F { x.greatest::<FLUSH>(low).least::<FLUSH>(high) });
op!(Saturate[F: Float, FLUSH](x: F) -> F { x.saturate::<FLUSH>() });
op!(Step[F: Float, FLUSH](edge: F, x: F) -> F {
    if edge.settle::<FLUSH>().less_equal(x.settle::<FLUSH>()) { F::of(1.0) } else { F::of(0.0) }
});
op!(Fma[F: Float, FLUSH, FUSED](a: F, b: F, c: F) -> F { a.mad::<FLUSH, FUSED>(b, c) });
op!(Mix[F: Float, FLUSH, FUSED](x: F, y: F, t: F) -> F {
    x.mad::<FLUSH, FUSED>(F::of(1.0).minus::<FLUSH>(t), y.times::<FLUSH>(t))
});
op!(SmoothStep[F: Float, FLUSH, FUSED, RECIPROCAL](low: F, high: F, x: F) -> F {
    let t = x.minus::<FLUSH>(low).over::<FLUSH, RECIPROCAL>(high.minus::<FLUSH>(low)).saturate::<FLUSH>();
    t.times::<FLUSH>(t).times::<FLUSH>(F::of(-2.0).mad::<FLUSH, FUSED>(t, F::of(3.0)))
});
op!(Quantize[, FLUSH, TWICE](x: f32) -> f32 {
    let x = x.settle::<FLUSH>();
    F16::nearest(if TWICE { convert::thirteen32(x) } else { x }).0
});

// For the narrower formats the product is exact in binary64, or as far out of their range.
op!(calls Ldexp[F: Float, FLUSH](x: F, exponent: i32) -> F {
    F::rounded::<FLUSH>(libm::scalbn(x.settle::<FLUSH>().real(), exponent))
});

op!(Modf[F: Float, FLUSH](x: F) -> (F, F) {
    let whole = Float::trunc(x.settle::<FLUSH>());
    (x.minus::<FLUSH>(whole), whole)
});
op!(calls Frexp[F: Float, FLUSH](x: F) -> (F, i32) {
    let x = x.settle::<FLUSH>().real();
    let (fraction, exponent) = if x == 0.0 || !x.is_finite() { (x, 0) } else { libm::frexp(x) };
    (F::of(fraction), exponent)
});

/// A built-in function of one result; `None` where the scalar is no float, or floats have no such function.
pub(super) fn math(fun: MathFunction, s: Scalar, d: &Defects) -> Option<Kernel> {
    use MathFunction as Fun;
    macro_rules! flushing {
        ($Op:ident $(, $V:ident)?) => {
            by_float!(s, |F| by_flag!(d.flush, |FLUSH| kernel::<$Op<$($V,)? F, FLUSH>>()))
        };
        ($Op:ident, fused: $fused:expr) => {
            by_float!(s, |F| by_flag!(d.flush, |FLUSH| by_flag!($fused, |FUSED| kernel::<$Op<F, FLUSH, FUSED>>())))
        };
    }
    match fun {
        Fun::Abs => flushing!(Abs),
        Fun::Min => flushing!(Min),
        Fun::Max => flushing!(Max),
        Fun::Clamp => flushing!(Clamp),
        Fun::Saturate => flushing!(Saturate),
        Fun::Cos => flushing!(Call1, Cos),
        Fun::Cosh => flushing!(Call1, Cosh),
        Fun::Sin => flushing!(Call1, Sin),
        Fun::Sinh => flushing!(Call1, Sinh),
        Fun::Tan => flushing!(Call1, Tan),
        Fun::Tanh => flushing!(Call1, Tanh),
        Fun::Acos => flushing!(Call1, Acos),
        Fun::Asin => flushing!(Call1, Asin),
        Fun::Atan => flushing!(Call1, Atan),
        Fun::Atan2 => flushing!(Call2, Atan2),
        Fun::Asinh => flushing!(Call1, Asinh),
        Fun::Acosh => flushing!(Call1, Acosh),
        Fun::Atanh => flushing!(Call1, Atanh),
        Fun::Radians => flushing!(Radians),
        Fun::Degrees => flushing!(Degrees),
        Fun::Ceil => flushing!(Ceil),
        Fun::Floor => flushing!(Floor),
        Fun::Round => flushing!(Round),
        Fun::Fract => flushing!(Fract),
        Fun::Trunc => flushing!(Trunc),
        Fun::Ldexp => flushing!(Ldexp),
        Fun::Exp => flushing!(Call1, Exp),
        Fun::Exp2 => flushing!(Call1, Exp2),
        Fun::Log => flushing!(Call1, Log),
        Fun::Log2 => flushing!(Call1, Log2),
        Fun::Pow => flushing!(Call2, Pow),
        Fun::Sign => flushing!(Sign),
        Fun::Fma => flushing!(Fma, fused: !d.split_fma),
        Fun::Mix => flushing!(Mix, fused: d.contract),
        Fun::Step => flushing!(Step),
        Fun::SmoothStep => by_float!(s, |F| by_flag!(d.flush, |FLUSH| by_flag!(d.contract, |FUSED| {
            by_flag!(d.reciprocal, |RECIPROCAL| kernel::<SmoothStep<F, FLUSH, FUSED, RECIPROCAL>>())
        }))),
        Fun::Sqrt => flushing!(Sqrt),
        Fun::InverseSqrt => flushing!(InverseSqrt),
        Fun::QuantizeToF16 if s == Scalar::F32 => {
            by_flag!(d.flush, |FLUSH| by_flag!(d.round_twice, |TWICE| Some(kernel::<Quantize<FLUSH, TWICE>>())))
        }
        _ => None,
    }
}

/// `modf`; `None` where the scalar is no float.
pub(super) fn modf(s: Scalar, d: &Defects) -> Option<Kernel> {
    by_float!(s, |F| by_flag!(d.flush, |FLUSH| kernel::<Modf<F, FLUSH>>()))
}

/// `frexp`; `None` where the scalar is no float.
pub(super) fn frexp(s: Scalar, d: &Defects) -> Option<Kernel> {
    by_float!(s, |F| by_flag!(d.flush, |FLUSH| kernel::<Frexp<F, FLUSH>>()))
}
