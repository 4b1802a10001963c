//! The Box–Muller transform on an adapter's own functions: the twin, the truth, and what the specification allows.

use crate::numerics::elementary;
use std::f64::consts::PI;

use crate::kernels::uniform::{HALF, SCALE, converted, unit, unit_allowed, whole};
use crate::kernels::{Interval, rowwise};
use crate::numerics::arith::Arith;
use crate::numerics::arith::evaluate::{Evaluator, F1};
use crate::numerics::arith::format::Format;
use crate::numerics::spec::bounds::Bounds;
use crate::numerics::spec::{U32, gamma};

/// Where the angle lies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::kernels) enum Angle {
    /// In [-pi, pi], where WGSL limits the error of sine and cosine: `(unit(word) - 1/2) * 2 pi`.
    Centred,
    /// In [0, 2 pi], as cuRAND has it: `word * (2 pi * 2^-32) + pi * 2^-32`.
    FullTurn,
}

const TURN: f32 = std::f32::consts::TAU;
/// cuRAND's `CURAND_2POW32_INV_2PI`.
const FULL: f32 = SCALE * TURN;

impl Angle {
    /// The constants of `shaders/shared/box_muller.wgsl`.
    pub(in crate::kernels) fn constants(self) -> [u32; 5] {
        let [a, b] = if self == Self::Centred { [0.5, TURN] } else { [FULL, FULL / 2.0] };
        [SCALE, HALF, -2.0, a, b].map(f32::to_bits)
    }

    fn of<A: Arith>(self, word: u32) -> f32 {
        match self {
            Self::Centred => A::mul(A::sub(unit::<A>(word), 0.5), TURN),
            Self::FullTurn => A::mad(whole(word), FULL, FULL / 2.0),
        }
    }

    /// Written as here, or with the factor 2 pi distributed: two terms of up to three roundings each.
    fn allowed(self, b: &Bounds, word: u32) -> Interval {
        let point = |x: f32| Interval::point(x.into());
        match self {
            Self::Centred => {
                let written = b.mul(b.sub(unit_allowed(b, word), point(0.5)), point(TURN));
                let turn = f64::from(TURN);
                b.widen(written, gamma(5.0, U32) * ((f64::from(word) + 0.5) * f64::exp2(-32.0) + 0.5) * turn)
            }
            Self::FullTurn => b.mad(converted(b, word), point(FULL), point(FULL / 2.0)),
        }
    }
}

/// Two numbers from two words, with correctly rounded functions in the place of the adapter's.
pub(in crate::kernels) fn pair<A: Arith>(angle: Angle, [x, y]: [u32; 2]) -> [f32; 2] {
    let radius = A::sqrt(A::mul(-2.0, rowwise::log::<A>(unit::<A>(x))));
    let angle = angle.of::<A>(y);
    [elementary::sin, elementary::cos].map(|f| A::mul(radius, rounded::<A>(f, angle)))
}

/// A function correctly rounded.
fn rounded<A: Arith>(f: fn(f64) -> f64, x: f32) -> f32 {
    A::round(f(f64::from(A::flush(x))))
}

/// The same in real numbers, from the words themselves.
pub(in crate::kernels) fn exact(angle: Angle, words: [u32; 2]) -> [f64; 2] {
    let [u, v] = words.map(|w| (f64::from(w) + 0.5) * f64::exp2(-32.0));
    let radius = libm::sqrt(-2.0 * elementary::log(u));
    let turns = if angle == Angle::Centred { v - 0.5 } else { v };
    [elementary::sin, elementary::cos].map(|f| radius * f(2.0 * PI * turns))
}

/// What the specification allows: each operation within its own limit. Beyond pi it sets none for sine and cosine, and so
/// for a radius whose square may be rounded to zero or below.
pub(in crate::kernels) fn allowed(angle: Angle, [x, y]: [u32; 2]) -> [Interval; 2] {
    let b = Bounds(Format::F32);
    let square = b.mul(Interval::point(-2.0), b.call(F1::Log, unit_allowed(&b, x)));
    let radius = b.call(F1::Sqrt, square);
    let angle = angle.allowed(&b, y);
    [0.0, PI / 2.0].map(|shift| b.mul(radius, sine(&b, angle, shift)))
}

/// `sin(x + shift)` to within 2^-11, over an interval within [-pi, pi]: the ends, and the extrema between them.
fn sine(b: &Bounds, x: Interval, shift: f64) -> Interval {
    if x.is_any() || x.lo < -PI || x.hi > PI {
        return Interval::ANY;
    }
    let (lo, hi) = (x.lo + shift, x.hi + shift);
    let mut values = Interval::point(elementary::sin(lo)).join(Interval::point(elementary::sin(hi)));
    for (at, extremum) in [(-PI / 2.0, -1.0), (PI / 2.0, 1.0), (1.5 * PI, -1.0)] {
        if lo <= at && at <= hi {
            values = values.join(Interval::point(extremum));
        }
    }
    // Four times the error of binary64 and of pi in it.
    let radius = f64::exp2(-11.0) + 8.0 * f64::EPSILON;
    b.result(values.lo - radius, values.hi + radius)
}
