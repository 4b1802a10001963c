//! The operators on floating-point numbers, and what defects make of them.

use naga::{BinaryOperator, RelationalFunction, UnaryOperator};

use super::float::{Float, by_float};
use super::lift::{by_flag, kernel, op};
use super::{Defects, Kernel, Scalar};

// The CPU twins flush here as in any operation, though a sign is only a bit.
op!(Negate[F: Float, FLUSH](a: F) -> F { a.settle::<FLUSH>().negate() });
op!(Add[F: Float, FLUSH](a: F, b: F) -> F { a.plus::<FLUSH>(b) });
op!(Subtract[F: Float, FLUSH](a: F, b: F) -> F { a.minus::<FLUSH>(b) });
op!(Multiply[F: Float, FLUSH](a: F, b: F) -> F { a.times::<FLUSH>(b) });
op!(Divide[F: Float, FLUSH, RECIPROCAL](a: F, b: F) -> F { a.over::<FLUSH, RECIPROCAL>(b) });
op!(calls Modulo[F: Float, FLUSH](a: F, b: F) -> F {
    a.settle::<FLUSH>().rem(b.settle::<FLUSH>()).settle::<FLUSH>()
});

op!(Equal[F: Float, FLUSH](a: F, b: F) -> bool { a.settle::<FLUSH>().equal(b.settle::<FLUSH>()) });
op!(NotEqual[F: Float, FLUSH](a: F, b: F) -> bool { !a.settle::<FLUSH>().equal(b.settle::<FLUSH>()) });
op!(Less[F: Float, FLUSH](a: F, b: F) -> bool { a.settle::<FLUSH>().less(b.settle::<FLUSH>()) });
op!(LessEqual[F: Float, FLUSH](a: F, b: F) -> bool { a.settle::<FLUSH>().less_equal(b.settle::<FLUSH>()) });
op!(Greater[F: Float, FLUSH](a: F, b: F) -> bool { b.settle::<FLUSH>().less(a.settle::<FLUSH>()) });
op!(GreaterEqual[F: Float, FLUSH](a: F, b: F) -> bool { b.settle::<FLUSH>().less_equal(a.settle::<FLUSH>()) });

op!(Nan[F: Float](a: F) -> bool { a.nan() });
op!(Infinite[F: Float](a: F) -> bool { a.infinite() });

op!(Fused[F: Float, FLUSH](a: F, b: F, c: F) -> F { a.mad::<FLUSH, true>(b, c) });
op!(FusedSubtract[F: Float, FLUSH](a: F, b: F, c: F) -> F { a.mad::<FLUSH, true>(b, c.negate()) });
op!(FusedNegate[F: Float, FLUSH](a: F, b: F, c: F) -> F { a.negate().mad::<FLUSH, true>(b, c) });

/// `-x`; `None` where the scalar is no float or the operator another one.
pub(super) fn unary(op: UnaryOperator, s: Scalar, d: &Defects) -> Option<Kernel> {
    if op != UnaryOperator::Negate {
        return None;
    }
    by_float!(s, |F| by_flag!(d.flush, |FLUSH| kernel::<Negate<F, FLUSH>>()))
}

/// `a op b`; `None` where the scalar is no float, or floats have no such operator.
pub(super) fn binary(op: BinaryOperator, s: Scalar, d: &Defects) -> Option<Kernel> {
    use BinaryOperator as Op;
    macro_rules! flushing {
        ($Op:ident) => {
            by_float!(s, |F| by_flag!(d.flush, |FLUSH| kernel::<$Op<F, FLUSH>>()))
        };
    }
    match op {
        Op::Add => flushing!(Add),
        Op::Subtract => flushing!(Subtract),
        Op::Multiply => flushing!(Multiply),
        Op::Divide => by_float!(s, |F| by_flag!(d.flush, |FLUSH| by_flag!(d.reciprocal, |RECIPROCAL| {
            kernel::<Divide<F, FLUSH, RECIPROCAL>>()
        }))),
        Op::Modulo => flushing!(Modulo),
        Op::Equal => flushing!(Equal),
        Op::NotEqual => flushing!(NotEqual),
        Op::Less => flushing!(Less),
        Op::LessEqual => flushing!(LessEqual),
        Op::Greater => flushing!(Greater),
        Op::GreaterEqual => flushing!(GreaterEqual),
        Op::And | Op::ExclusiveOr | Op::InclusiveOr => None,
        Op::LogicalAnd | Op::LogicalOr | Op::ShiftLeft | Op::ShiftRight => None,
    }
}

/// The sign of the product and of the addend in a contraction.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Contraction {
    /// `a*b + c`.
    Plus,
    /// `a*b - c`.
    Minus,
    /// `c - a*b`.
    From,
}

/// A product and a sum of it with one rounding; `None` where the scalar is no float.
pub(super) fn fused(contraction: Contraction, s: Scalar, d: &Defects) -> Option<Kernel> {
    by_float!(s, |F| by_flag!(d.flush, |FLUSH| match contraction {
        Contraction::Plus => kernel::<Fused<F, FLUSH>>(),
        Contraction::Minus => kernel::<FusedSubtract<F, FLUSH>>(),
        Contraction::From => kernel::<FusedNegate<F, FLUSH>>(),
    }))
}

/// `isNan` and `isInf`; `None` where the scalar is no float, and for `all` and `any`.
pub(super) fn relational(fun: RelationalFunction, s: Scalar) -> Option<Kernel> {
    match fun {
        RelationalFunction::IsNan => by_float!(s, |F| kernel::<Nan<F>>()),
        RelationalFunction::IsInf => by_float!(s, |F| kernel::<Infinite<F>>()),
        RelationalFunction::All | RelationalFunction::Any => None,
    }
}
