//! The probe of how many iterations of loops an adapter carries out. Mesa's software drivers stop every loop, without a
//! word, once an invocation has made 65,535 iterations in all of them (`LP_MAX_TGSI_LOOP_ITERATIONS`).

use crate::kernels::{Allowance, Buffer, Exact, OutputView, Pass, Problem, Program, Shader};
use crate::model::Limit;
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::Arithmetic;

/// Loops of one invocation: `inner` iterations, `outer` times, then a loop of `second`.
struct Shape {
    outer: u32,
    inner: u32,
    second: u32,
}

impl Shape {
    const fn single(iterations: u32) -> Self {
        Self { outer: 1, inner: iterations, second: 0 }
    }

    /// Iterations that count something.
    fn iterations(&self) -> u32 {
        self.outer * self.inner + self.second
    }
}

/// The loops that are tried: single ones of 2^15, 2^16, 2^17 and 2^20 iterations, nested ones, and two in sequence, each
/// of the latter shorter than the shortest limit known.
const SHAPES: [Shape; 6] = [
    Shape::single(1 << 15),
    Shape::single(1 << 16),
    Shape::single(1 << 17),
    Shape::single(1 << 20),
    Shape { outer: 512, inner: 512, second: 0 },
    Shape { outer: 1, inner: 40_000, second: 40_000 },
];
const NESTED: usize = 4;
const SEQUENCE: usize = 5;

/// What the counts that an adapter gave say; `None` where every loop was carried out whole. `counts` has two words a
/// shape: iterations counted in an integer, and the sum of as many ones.
pub(crate) fn limit(counts: &Bits) -> Option<Limit> {
    let reached = |i: usize| counts.words.get(2 * i..2 * i + 2).and_then(|w| w.iter().min().copied());
    let cut = |i: usize| reached(i).filter(|n| *n < SHAPES[i].iterations());
    let single = (0..NESTED).filter_map(cut).min();
    let at = single.or_else(|| cut(NESTED)).or_else(|| cut(SEQUENCE))?;
    let counted = match (cut(NESTED), cut(SEQUENCE)) {
        (_, Some(_)) => Limit::ALL_LOOPS,
        (Some(_), None) => "per invocation, nested loops together",
        (None, None) => "each loop by itself",
    };
    Some(Limit { name: Limit::LOOP_ITERATIONS.to_owned(), at: at.into(), counted: counted.to_owned() })
}

/// The probe as a case.
pub(super) struct Loops;

impl Problem for Loops {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::U32, 2 * SHAPES.len())
    }

    fn program(&self) -> Option<Program> {
        let (dtype, len) = self.shape();
        // The one that is counted comes from a buffer: no compiler can put a product in the place of the loop of floats.
        let mut words = vec![1];
        words.extend(SHAPES.iter().flat_map(|s| [s.outer, s.inner, s.second]));
        Some(Program::new(
            Shader::new(include_str!("../../../shaders/control.wgsl")).flag("LOOP", true).source(),
            vec![Buffer::Input(words), Buffer::Output(len)],
            vec![Pass::new("main", [u32::try_from(SHAPES.len()).unwrap_or(u32::MAX), 1, 1])],
            OutputView::whole(1, dtype, len),
        ))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, _threads: usize) -> Option<Bits> {
        let words = SHAPES.iter().flat_map(|s| [s.iterations(); 2]).collect();
        Some(Bits::words(Dtype::U32, words))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    fn allowance(&self) -> Allowance {
        Allowance::Exact
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn counts_that_fall_short_are_a_limit_with_what_counts_towards_it() {
        let of = |words: [u32; 6]| limit(&Bits::words(Dtype::U32, words.iter().flat_map(|n| [*n; 2]).collect()));
        assert_eq!(of([32_768, 65_536, 131_072, 1_048_576, 262_144, 80_000]), None, "whole");
        // Lavapipe of Mesa 22.3.6.
        let found = of([32_768, 65_535, 65_535, 65_535, 65_281, 65_531]).unwrap();
        assert_eq!((found.at, &*found.counted), (65_535, "per invocation, all loops together"), "Mesa");
        let found = of([32_768, 65_535, 65_535, 65_535, 262_144, 80_000]).unwrap();
        assert_eq!((found.at, &*found.counted), (65_535, "each loop by itself"), "another driver");
        let found = of([32_768, 65_536, 131_072, 1_048_576, 262_144, 70_000]).unwrap();
        assert_eq!((found.at, &*found.counted), (70_000, "per invocation, all loops together"), "a sum alone");
        let reference = Loops.twin(Arithmetic::STRICT, 1).unwrap();
        assert_eq!(limit(&reference), None, "the reference");
    }
}
