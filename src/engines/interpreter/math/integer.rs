//! The operators and built-in functions on integers, and the operators on booleans.
//!
//! Arithmetic wraps, and what hardware leaves open is as WGSL says: `x / 0` is `x`, `x % 0` is 0, the least number over -1
//! is itself with remainder 0, and shifts take the amount modulo the width.

use naga::{BinaryOperator, MathFunction, UnaryOperator};

use super::lift::{Lane, kernel, op};
use super::{Kernel, Scalar};

/// What the integer types are asked beyond their operators.
trait Int: Lane + Ord {
    /// Bits.
    const WIDTH: u32;
    /// 0.
    const ZERO: Self;
    /// 1.
    const ONE: Self;
    /// Every bit set.
    const ALL: Self;
    /// `-self`, wrapped.
    fn negate(self) -> Self;
    /// `self + b`, wrapped.
    fn add(self, b: Self) -> Self;
    /// `self - b`, wrapped.
    fn sub(self, b: Self) -> Self;
    /// `self * b`, wrapped.
    fn mul(self, b: Self) -> Self;
    /// `self / b` towards zero; `self` where `b` is 0.
    fn div(self, b: Self) -> Self;
    /// `self % b` with the sign of `self`; 0 where `b` is 0.
    fn rem(self, b: Self) -> Self;
    /// `self & b`.
    fn and(self, b: Self) -> Self;
    /// `self | b`.
    fn or(self, b: Self) -> Self;
    /// `self ^ b`.
    fn xor(self, b: Self) -> Self;
    /// `self << (by % WIDTH)`.
    fn left(self, by: u32) -> Self;
    /// `self >> (by % WIDTH)`, with copies of the sign of a signed type.
    fn right(self, by: u32) -> Self;
    /// `|self|`, wrapped.
    fn magnitude(self) -> Self;
    /// -1, 0 or 1.
    fn sign(self) -> Self;
    /// Its complement where it is negative.
    fn folded(self) -> Self;
    /// How many bits are set.
    fn ones(self) -> u32;
    /// How many zeros are above the highest bit that is set.
    fn leading(self) -> u32;
    /// How many zeros are below the lowest bit that is set.
    fn trailing(self) -> u32;
    /// The bits in the other order.
    fn reversed(self) -> Self;
    /// A number of bits; -1 for `u32::MAX`.
    fn count(x: u32) -> Self;
}

macro_rules! int {
    ($T:ty, |$x:ident| magnitude: $magnitude:expr, sign: $sign:expr, folded: $folded:expr) => {
        impl Int for $T {
            const WIDTH: u32 = <$T>::BITS;
            const ZERO: Self = 0;
            const ONE: Self = 1;
            const ALL: Self = !0;
            #[inline(always)]
            fn negate(self) -> Self {
                self.wrapping_neg()
            }
            #[inline(always)]
            fn add(self, b: Self) -> Self {
                self.wrapping_add(b)
            }
            #[inline(always)]
            fn sub(self, b: Self) -> Self {
                self.wrapping_sub(b)
            }
            #[inline(always)]
            fn mul(self, b: Self) -> Self {
                self.wrapping_mul(b)
            }
            #[inline(always)]
            fn div(self, b: Self) -> Self {
                self.wrapping_div(if b == 0 { 1 } else { b })
            }
            #[inline(always)]
            fn rem(self, b: Self) -> Self {
                self.wrapping_rem(if b == 0 { 1 } else { b })
            }
            #[inline(always)]
            fn and(self, b: Self) -> Self {
                self & b
            }
            #[inline(always)]
            fn or(self, b: Self) -> Self {
                self | b
            }
            #[inline(always)]
            fn xor(self, b: Self) -> Self {
                self ^ b
            }
            #[inline(always)]
            fn left(self, by: u32) -> Self {
                self.wrapping_shl(by)
            }
            #[inline(always)]
            fn right(self, by: u32) -> Self {
                self.wrapping_shr(by)
            }
            #[inline(always)]
            fn magnitude(self) -> Self {
                let $x = self;
                $magnitude
            }
            #[inline(always)]
            fn sign(self) -> Self {
                let $x = self;
                $sign
            }
            #[inline(always)]
            fn folded(self) -> Self {
                let $x = self;
                $folded
            }
            #[inline(always)]
            fn ones(self) -> u32 {
                self.count_ones()
            }
            #[inline(always)]
            fn leading(self) -> u32 {
                self.leading_zeros()
            }
            #[inline(always)]
            fn trailing(self) -> u32 {
                self.trailing_zeros()
            }
            #[inline(always)]
            fn reversed(self) -> Self {
                self.reverse_bits()
            }
            #[inline(always)]
            fn count(x: u32) -> Self {
                if x == u32::MAX { Self::ALL } else { x as Self }
            }
        }
    };
}

int!(i32, |x| magnitude: x.wrapping_abs(), sign: x.signum(), folded: x ^ (x >> 31));
int!(i64, |x| magnitude: x.wrapping_abs(), sign: x.signum(), folded: x ^ (x >> 63));
int!(u32, |x| magnitude: x, sign: x.min(1), folded: x);
int!(u64, |x| magnitude: x, sign: x.min(1), folded: x);

/// An integer or a boolean.
trait Ordered: Lane + Ord {}
impl<T: Lane + Ord> Ordered for T {}

op!(Equal[T: Ordered](a: T, b: T) -> bool { a == b });
op!(NotEqual[T: Ordered](a: T, b: T) -> bool { a != b });
op!(Less[T: Ordered](a: T, b: T) -> bool { a < b });
op!(LessEqual[T: Ordered](a: T, b: T) -> bool { a <= b });
op!(Greater[T: Ordered](a: T, b: T) -> bool { a > b });
op!(GreaterEqual[T: Ordered](a: T, b: T) -> bool { a >= b });

op!(Negate[T: Int](a: T) -> T { a.negate() });
op!(Not[T: Int](a: T) -> T { a.xor(T::ALL) });
op!(Add[T: Int](a: T, b: T) -> T { a.add(b) });
op!(Subtract[T: Int](a: T, b: T) -> T { a.sub(b) });
op!(Multiply[T: Int](a: T, b: T) -> T { a.mul(b) });
op!(calls Divide[T: Int](a: T, b: T) -> T { a.div(b) });
op!(calls Modulo[T: Int](a: T, b: T) -> T { a.rem(b) });
op!(And[T: Int](a: T, b: T) -> T { a.and(b) });
op!(Or[T: Int](a: T, b: T) -> T { a.or(b) });
op!(Xor[T: Int](a: T, b: T) -> T { a.xor(b) });
op!(ShiftLeft[T: Int](a: T, by: u32) -> T { a.left(by) });
op!(ShiftRight[T: Int](a: T, by: u32) -> T { a.right(by) });

op!(Abs[T: Int](a: T) -> T { a.magnitude() });
op!(Sign[T: Int](a: T) -> T { a.sign() });
op!(Min[T: Int](a: T, b: T) -> T { a.min(b) });
op!(Max[T: Int](a: T, b: T) -> T { a.max(b) });
// As WGSL defines it, also where the low end is above the high one.
op!(Clamp[T: Int](a: T, low: T, high: T) -> T { a.max(low).min(high) });
op!(Ones[T: Int](a: T) -> T { T::count(a.ones()) });
op!(Leading[T: Int](a: T) -> T { T::count(a.leading()) });
op!(Trailing[T: Int](a: T) -> T { T::count(a.trailing()) });
op!(Reversed[T: Int](a: T) -> T { a.reversed() });
op!(FirstLeading[T: Int](a: T) -> T { T::count((T::WIDTH - 1).wrapping_sub(a.folded().leading())) });
op!(FirstTrailing[T: Int](a: T) -> T { if a == T::ZERO { T::ALL } else { T::count(a.trailing()) } });
op!(Extract[T: Int](a: T, offset: u32, count: u32) -> T {
    let (offset, count) = field::<T>(offset, count);
    let top = a.left(T::WIDTH - count - offset);
    if count == 0 { T::ZERO } else { top.right(T::WIDTH - count) }
});
op!(Insert[T: Int](a: T, new: T, offset: u32, count: u32) -> T {
    let (offset, count) = field::<T>(offset, count);
    let low = if count == T::WIDTH { T::ALL } else { T::ONE.left(count).sub(T::ONE) };
    let mask = low.left(offset);
    if count == 0 { a } else { a.xor(a.xor(new.left(offset)).and(mask)) }
});

/// The offset and count of a bit field, limited to the type's width.
#[inline(always)]
fn field<T: Int>(offset: u32, count: u32) -> (u32, u32) {
    let offset = offset.min(T::WIDTH);
    (offset, count.min(T::WIDTH - offset))
}

/// Booleans.
trait Truth: Lane {
    /// `!self`.
    fn not(self) -> Self;
    /// `self && b`.
    fn both(self, b: Self) -> Self;
    /// `self || b`.
    fn either(self, b: Self) -> Self;
    /// Whether they differ.
    fn differ(self, b: Self) -> Self;
}

impl Truth for bool {
    #[inline(always)]
    fn not(self) -> Self {
        !self
    }
    #[inline(always)]
    fn both(self, b: Self) -> Self {
        self & b
    }
    #[inline(always)]
    fn either(self, b: Self) -> Self {
        self | b
    }
    #[inline(always)]
    fn differ(self, b: Self) -> Self {
        self ^ b
    }
}

op!(LogicalNot[T: Truth](a: T) -> T { a.not() });
op!(Both[T: Truth](a: T, b: T) -> T { a.both(b) });
op!(Either[T: Truth](a: T, b: T) -> T { a.either(b) });
op!(Differ[T: Truth](a: T, b: T) -> T { a.differ(b) });

/// `by_int!(scalar, |T| expression)`: the expression with the type `T`, or `None` where the scalar is no integer.
macro_rules! by_int {
    ($scalar:expr, |$T:ident| $body:expr) => {
        match $scalar {
            Scalar::I32 => {
                type $T = i32;
                Some($body)
            }
            Scalar::U32 => {
                type $T = u32;
                Some($body)
            }
            Scalar::I64 => {
                type $T = i64;
                Some($body)
            }
            Scalar::U64 => {
                type $T = u64;
                Some($body)
            }
            _ => None,
        }
    };
}

/// `-x`, `~x` and `!x`; `None` where the scalar is no integer or boolean, or has no such operator.
pub(super) fn unary(op: UnaryOperator, s: Scalar) -> Option<Kernel> {
    match op {
        UnaryOperator::Negate => by_int!(s, |T| kernel::<Negate<T>>()),
        UnaryOperator::BitwiseNot => by_int!(s, |T| kernel::<Not<T>>()),
        UnaryOperator::LogicalNot => (s == Scalar::Bool).then(kernel::<LogicalNot<bool>>),
    }
}

/// `a op b`; `None` where the scalar is no integer or boolean, or has no such operator.
pub(super) fn binary(op: BinaryOperator, s: Scalar) -> Option<Kernel> {
    use BinaryOperator as Op;
    if s == Scalar::Bool {
        return match op {
            Op::Equal => Some(kernel::<Equal<bool>>()),
            Op::NotEqual => Some(kernel::<NotEqual<bool>>()),
            Op::LogicalAnd | Op::And => Some(kernel::<Both<bool>>()),
            Op::LogicalOr | Op::InclusiveOr => Some(kernel::<Either<bool>>()),
            Op::ExclusiveOr => Some(kernel::<Differ<bool>>()),
            _ => None,
        };
    }
    match op {
        Op::Add => by_int!(s, |T| kernel::<Add<T>>()),
        Op::Subtract => by_int!(s, |T| kernel::<Subtract<T>>()),
        Op::Multiply => by_int!(s, |T| kernel::<Multiply<T>>()),
        Op::Divide => by_int!(s, |T| kernel::<Divide<T>>()),
        Op::Modulo => by_int!(s, |T| kernel::<Modulo<T>>()),
        Op::Equal => by_int!(s, |T| kernel::<Equal<T>>()),
        Op::NotEqual => by_int!(s, |T| kernel::<NotEqual<T>>()),
        Op::Less => by_int!(s, |T| kernel::<Less<T>>()),
        Op::LessEqual => by_int!(s, |T| kernel::<LessEqual<T>>()),
        Op::Greater => by_int!(s, |T| kernel::<Greater<T>>()),
        Op::GreaterEqual => by_int!(s, |T| kernel::<GreaterEqual<T>>()),
        Op::And => by_int!(s, |T| kernel::<And<T>>()),
        Op::InclusiveOr => by_int!(s, |T| kernel::<Or<T>>()),
        Op::ExclusiveOr => by_int!(s, |T| kernel::<Xor<T>>()),
        Op::ShiftLeft => by_int!(s, |T| kernel::<ShiftLeft<T>>()),
        Op::ShiftRight => by_int!(s, |T| kernel::<ShiftRight<T>>()),
        Op::LogicalAnd | Op::LogicalOr => None,
    }
}

/// A built-in function; `None` where the scalar is no integer, or integers have no such function.
pub(super) fn math(fun: MathFunction, s: Scalar) -> Option<Kernel> {
    use MathFunction as Fun;
    match fun {
        Fun::Abs => by_int!(s, |T| kernel::<Abs<T>>()),
        Fun::Sign => by_int!(s, |T| kernel::<Sign<T>>()),
        Fun::Min => by_int!(s, |T| kernel::<Min<T>>()),
        Fun::Max => by_int!(s, |T| kernel::<Max<T>>()),
        Fun::Clamp => by_int!(s, |T| kernel::<Clamp<T>>()),
        Fun::CountOneBits => by_int!(s, |T| kernel::<Ones<T>>()),
        Fun::CountLeadingZeros => by_int!(s, |T| kernel::<Leading<T>>()),
        Fun::CountTrailingZeros => by_int!(s, |T| kernel::<Trailing<T>>()),
        Fun::ReverseBits => by_int!(s, |T| kernel::<Reversed<T>>()),
        Fun::FirstLeadingBit => by_int!(s, |T| kernel::<FirstLeading<T>>()),
        Fun::FirstTrailingBit => by_int!(s, |T| kernel::<FirstTrailing<T>>()),
        Fun::ExtractBits => by_int!(s, |T| kernel::<Extract<T>>()),
        Fun::InsertBits => by_int!(s, |T| kernel::<Insert<T>>()),
        _ => None,
    }
}
