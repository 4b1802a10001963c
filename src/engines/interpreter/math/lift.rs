//! Lifts an operation on scalars to rows of lanes, in a loop that the compiler vectorises for each of the processor's
//! instruction sets.
//!
//! Nothing here changes a bit: the compiler neither contracts nor reorders floating-point operations, and the tests run
//! every kernel on every instruction set.

use super::Kernel;

/// What one lane holds: a scalar, or several of them, as words in rows.
pub(super) trait Lane: Copy {
    /// Rows of words.
    const ROWS: usize;
    /// Scalars.
    const SCALARS: usize;
    /// The rows of operands.
    type Rows<'a>: Copy;
    /// The rows of results.
    type RowsMut<'a>;
    /// The first [`Lane::ROWS`] of `rows`, cut to `lanes`.
    fn rows<'a>(rows: &[&'a [u32]], lanes: usize) -> Self::Rows<'a>;
    /// The first [`Lane::ROWS`] of `rows`, cut to `lanes`.
    fn rows_mut<'a>(rows: &'a mut [&mut [u32]], lanes: usize) -> Self::RowsMut<'a>;
    /// What a lane holds.
    fn get(rows: Self::Rows<'_>, lane: usize) -> Self;
    /// Stores it in a lane.
    fn set(self, rows: &mut Self::RowsMut<'_>, lane: usize);
}

macro_rules! one_row {
    ($T:ty, |$word:ident| $read:expr, |$value:ident| $write:expr) => {
        impl Lane for $T {
            const ROWS: usize = 1;
            const SCALARS: usize = 1;
            type Rows<'a> = &'a [u32];
            type RowsMut<'a> = &'a mut [u32];
            #[inline(always)]
            fn rows<'a>(rows: &[&'a [u32]], lanes: usize) -> Self::Rows<'a> {
                &rows[0][..lanes]
            }
            #[inline(always)]
            fn rows_mut<'a>(rows: &'a mut [&mut [u32]], lanes: usize) -> Self::RowsMut<'a> {
                &mut rows[0][..lanes]
            }
            #[inline(always)]
            fn get(rows: Self::Rows<'_>, lane: usize) -> Self {
                let $word = rows[lane];
                $read
            }
            #[inline(always)]
            fn set(self, rows: &mut Self::RowsMut<'_>, lane: usize) {
                let $value = self;
                rows[lane] = $write;
            }
        }
    };
}
pub(super) use one_row;

one_row!(u32, |word| word, |value| value);
one_row!(i32, |word| word.cast_signed(), |value| value.cast_unsigned());
one_row!(f32, |word| Self::from_bits(word), |value| value.to_bits());
one_row!(bool, |word| word != 0, |value| u32::from(value));

macro_rules! two_rows {
    ($T:ty, |$word:ident| $read:expr, |$value:ident| $write:expr) => {
        impl Lane for $T {
            const ROWS: usize = 2;
            const SCALARS: usize = 1;
            type Rows<'a> = [&'a [u32]; 2];
            type RowsMut<'a> = [&'a mut [u32]; 2];
            #[inline(always)]
            fn rows<'a>(rows: &[&'a [u32]], lanes: usize) -> Self::Rows<'a> {
                [&rows[0][..lanes], &rows[1][..lanes]]
            }
            #[inline(always)]
            fn rows_mut<'a>(rows: &'a mut [&mut [u32]], lanes: usize) -> Self::RowsMut<'a> {
                let (low, high) = rows.split_at_mut(1);
                [&mut low[0][..lanes], &mut high[0][..lanes]]
            }
            #[inline(always)]
            fn get([low, high]: Self::Rows<'_>, lane: usize) -> Self {
                let $word = u64::from(high[lane]) << 32 | u64::from(low[lane]);
                $read
            }
            #[inline(always)]
            #[expect(clippy::cast_possible_truncation, reason = "the low word is what is wanted")]
            fn set(self, [low, high]: &mut Self::RowsMut<'_>, lane: usize) {
                let $value = self;
                let word = $write;
                low[lane] = word as u32;
                high[lane] = (word >> 32) as u32;
            }
        }
    };
}

two_rows!(u64, |word| word, |value| value);
two_rows!(i64, |word| word.cast_signed(), |value| value.cast_unsigned());
two_rows!(f64, |word| Self::from_bits(word), |value| value.to_bits());

impl<A: Lane, B: Lane> Lane for (A, B) {
    const ROWS: usize = A::ROWS + B::ROWS;
    const SCALARS: usize = A::SCALARS + B::SCALARS;
    type Rows<'a> = (A::Rows<'a>, B::Rows<'a>);
    type RowsMut<'a> = (A::RowsMut<'a>, B::RowsMut<'a>);
    #[inline(always)]
    fn rows<'a>(rows: &[&'a [u32]], lanes: usize) -> Self::Rows<'a> {
        let (first, rest) = rows.split_at(A::ROWS);
        (A::rows(first, lanes), B::rows(rest, lanes))
    }
    #[inline(always)]
    fn rows_mut<'a>(rows: &'a mut [&mut [u32]], lanes: usize) -> Self::RowsMut<'a> {
        let (first, rest) = rows.split_at_mut(A::ROWS);
        (A::rows_mut(first, lanes), B::rows_mut(rest, lanes))
    }
    #[inline(always)]
    fn get((first, rest): Self::Rows<'_>, lane: usize) -> Self {
        (A::get(first, lane), B::get(rest, lane))
    }
    #[inline(always)]
    fn set(self, (first, rest): &mut Self::RowsMut<'_>, lane: usize) {
        self.0.set(first, lane);
        self.1.set(rest, lane);
    }
}

/// Three or four scalars are a pair of the first ones and the rest.
macro_rules! nested {
    ($($T:ident $index:tt),* => $Pair:ty, |$value:ident| $pair:expr, |$inner:pat_param| $tuple:expr) => {
        impl<$($T: Lane),*> Lane for ($($T,)*) {
            const ROWS: usize = <$Pair>::ROWS;
            const SCALARS: usize = <$Pair>::SCALARS;
            type Rows<'a> = <$Pair as Lane>::Rows<'a>;
            type RowsMut<'a> = <$Pair as Lane>::RowsMut<'a>;
            #[inline(always)]
            fn rows<'a>(rows: &[&'a [u32]], lanes: usize) -> Self::Rows<'a> {
                <$Pair>::rows(rows, lanes)
            }
            #[inline(always)]
            fn rows_mut<'a>(rows: &'a mut [&mut [u32]], lanes: usize) -> Self::RowsMut<'a> {
                <$Pair>::rows_mut(rows, lanes)
            }
            #[inline(always)]
            fn get(rows: Self::Rows<'_>, lane: usize) -> Self {
                let $inner = <$Pair>::get(rows, lane);
                $tuple
            }
            #[inline(always)]
            fn set(self, rows: &mut Self::RowsMut<'_>, lane: usize) {
                let $value = self;
                $pair.set(rows, lane);
            }
        }
    };
}

nested!(A 0, B 1, C 2 => ((A, B), C), |v| ((v.0, v.1), v.2), |((a, b), c)| (a, b, c));
nested!(A 0, B 1, C 2, D 3 => ((A, B), (C, D)), |v| ((v.0, v.1), (v.2, v.3)), |((a, b), (c, d))| (a, b, c, d));

/// An operation on what a lane holds.
pub(super) trait Op {
    /// The operands: a scalar, or a tuple of them.
    type X: Lane;
    /// The results.
    type R: Lane;
    /// Whether a loop of it vectorises; not where it calls a function for each lane.
    const VECTORS: bool = true;
    /// The operation. To be inlined, so that it is compiled for the loop's instruction set.
    fn apply(x: Self::X) -> Self::R;
}

/// `op!(Name[T: Bound, FLAG…](a: A, b: B) -> R { … })` declares an [`Op`] named `Name<T, FLAG…>`; `calls Name…` one that
/// does not vectorise.
macro_rules! op {
    (@type $X:ty) => { $X };
    (@type $($X:ty),+) => { ($($X),+) };
    (@pattern $x:ident) => { $x };
    (@pattern $($x:ident),+) => { ($($x),+) };
    (calls $($rest:tt)*) => { $crate::engines::interpreter::math::lift::op!(@false $($rest)*); };
    (@$vectors:literal $name:ident[$($T:ident: $bound:path)? $(, $flag:ident)*]($($x:ident: $X:ty),+) -> $R:ty $body:block) => {
        struct $name<$($T,)? $(const $flag: bool),*>($(std::marker::PhantomData<$T>)?);
        impl<$($T: $bound,)? $(const $flag: bool),*> $crate::engines::interpreter::math::lift::Op for $name<$($T,)? $($flag),*> {
            type X = $crate::engines::interpreter::math::lift::op!(@type $($X),+);
            type R = $R;
            const VECTORS: bool = $vectors;
            #[inline(always)]
            fn apply(x: Self::X) -> Self::R {
                let $crate::engines::interpreter::math::lift::op!(@pattern $($x),+) = x;
                $body
            }
        }
    };
    ($name:ident $($rest:tt)*) => { $crate::engines::interpreter::math::lift::op!(@true $name $($rest)*); };
}
pub(super) use op;

/// `by_flag!(flag, |FLAG| expression)`: the expression with the constant `FLAG`.
macro_rules! by_flag {
    ($flag:expr, |$FLAG:ident| $body:expr) => {
        if $flag {
            const $FLAG: bool = true;
            $body
        } else {
            const $FLAG: bool = false;
            $body
        }
    };
}
pub(super) use by_flag;

/// The operation on rows.
pub(super) fn kernel<O: Op>() -> Kernel {
    let words = O::X::ROWS == O::X::SCALARS && O::R::ROWS == 1;
    match O::X::SCALARS {
        1 if words => Kernel::Map1(map1::<O>),
        2 if words => Kernel::Map2(map2::<O>),
        3 if words => Kernel::Map3(map3::<O>),
        _ => Kernel::Wide(wide::<O>),
    }
}

/// The instruction sets for which there are loops.
#[cfg(any(target_arch = "x86_64", test))]
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Instructions {
    /// 512-bit vectors of `x86_64`.
    #[cfg(target_arch = "x86_64")]
    Avx512,
    /// 256-bit vectors of `x86_64`.
    #[cfg(target_arch = "x86_64")]
    Avx2,
    /// What every processor of the target has.
    Portable,
}

#[cfg(target_arch = "x86_64")]
impl Instructions {
    /// The widest that the processor has. The answer is kept by the standard library.
    #[inline(always)]
    fn detect() -> Self {
        #[cfg(test)]
        if let Some(forced) = tests::FORCED.get() {
            return forced;
        }
        if std::is_x86_feature_detected!("avx512vl")
            && std::is_x86_feature_detected!("avx512dq")
            && std::is_x86_feature_detected!("avx512bw")
        {
            Self::Avx512
        } else if std::is_x86_feature_detected!("avx2") {
            Self::Avx2
        } else {
            Self::Portable
        }
    }
}

/// The loop of every kernel.
#[inline(always)]
fn each<O: Op>(out: &mut [&mut [u32]], x: &[&[u32]]) {
    let lanes = out[0].len();
    let x = O::X::rows(x, lanes);
    let mut out = O::R::rows_mut(out, lanes);
    for lane in 0..lanes {
        O::apply(O::X::get(x, lane)).set(&mut out, lane);
    }
}

/// The loops by shape, each for every instruction set. Rows are arguments of their own where a kernel has few, so that the
/// compiler knows that they do not overlap.
macro_rules! loops {
    ($($name:ident($out:ident: $Out:ty, $($x:ident: $X:ty),*) => ($rows_out:expr, $rows:expr);)*) => {
        $(
            pub(super) fn $name<O: Op>($out: $Out, $($x: $X),*) {
                #[cfg(target_arch = "x86_64")]
                if O::VECTORS {
                    match Instructions::detect() {
                        // SAFETY: the processor has the instructions.
                        Instructions::Avx512 => return unsafe { avx512::$name::<O>($out, $($x),*) },
                        // SAFETY: the processor has the instructions.
                        Instructions::Avx2 => return unsafe { avx2::$name::<O>($out, $($x),*) },
                        Instructions::Portable => {}
                    }
                }
                each::<O>($rows_out, $rows);
            }
        )*

        #[cfg(target_arch = "x86_64")]
        mod avx512 {
            use super::{Op, each};
            $(
                #[target_feature(enable = "avx512vl,avx512dq,avx512bw")]
                pub(super) fn $name<O: Op>($out: $Out, $($x: $X),*) {
                    each::<O>($rows_out, $rows);
                }
            )*
        }

        #[cfg(target_arch = "x86_64")]
        mod avx2 {
            use super::{Op, each};
            $(
                #[target_feature(enable = "avx2")]
                pub(super) fn $name<O: Op>($out: $Out, $($x: $X),*) {
                    each::<O>($rows_out, $rows);
                }
            )*
        }
    };
}

loops! {
    map1(out: &mut [u32], a: &[u32]) => (&mut [out], &[a]);
    map2(out: &mut [u32], a: &[u32], b: &[u32]) => (&mut [out], &[a, b]);
    map3(out: &mut [u32], a: &[u32], b: &[u32], c: &[u32]) => (&mut [out], &[a, b, c]);
    wide(out: &mut [&mut [u32]], x: &[&[u32]]) => (out, x);
}

#[cfg(test)]
pub(super) mod tests {
    use super::Instructions;
    use std::cell::Cell;

    thread_local! {
        /// The instruction set that the tests of this thread ask for.
        pub(super) static FORCED: Cell<Option<Instructions>> = const { Cell::new(None) };
    }

    /// What `work` gives on each instruction set that this processor has.
    pub(in crate::engines::interpreter::math) fn on_every_instruction_set<T>(work: impl Fn() -> T) -> Vec<(String, T)> {
        let mut sets = vec![Instructions::Portable];
        #[cfg(target_arch = "x86_64")]
        {
            if std::is_x86_feature_detected!("avx2") {
                sets.push(Instructions::Avx2);
            }
            // The widest.
            if Instructions::detect() == Instructions::Avx512 {
                sets.push(Instructions::Avx512);
            }
        }
        let results = sets.into_iter().map(|set| {
            FORCED.set(Some(set));
            (format!("{set:?}"), work())
        });
        let results = results.collect();
        FORCED.set(None);
        results
    }
}
