//! A draw on one card: its words, in element order.

use super::draw::{Draw, Place};
use super::{Geometry, RngError};
use crate::numerics::inputs::philox::{key, philox4x32_10};
use crate::numerics::inputs::philox_simd::{Axis, fill};

/// Threads whose blocks are made at a time.
const AHEAD: usize = 1024;

/// A draw, launched on some card with the generator in some state.
#[derive(Debug, Clone, PartialEq)]
pub struct Source {
    draw: Draw,
    key: [u32; 2],
    /// The generator's offset, in words.
    offset: u64,
    /// Threads of the launch.
    threads: u64,
}

impl Source {
    /// The draw of a generator with `seed` and `offset` on a card.
    ///
    /// # Errors
    /// When the offset is no multiple of four: the generator's never is (`CUDAGeneratorImpl.cpp`). When the draw moves it
    /// beyond 64 bits.
    pub fn new(draw: Draw, seed: u64, offset: u64, geometry: Geometry) -> Result<Self, RngError> {
        if !offset.is_multiple_of(4) {
            let wanted = "a multiple of 4, as torch.cuda.default_generators[0].get_offset() gives it";
            return Err(RngError::Range { what: "the offset", value: offset.to_string(), wanted });
        }
        let threads = geometry.threads(draw.n);
        offset.checked_add(draw.advance(threads)).ok_or_else(|| beyond(offset))?;
        Ok(Self { draw, key: key(seed), offset, threads })
    }

    /// What is drawn.
    #[must_use]
    pub fn draw(&self) -> &Draw {
        &self.draw
    }

    /// The threads of the launch.
    #[must_use]
    pub fn threads(&self) -> u64 {
        self.threads
    }

    /// The generator's offset before the call.
    #[must_use]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The generator's offset after it.
    #[must_use]
    pub fn offset_after(&self) -> u64 {
        self.offset + self.draw.advance(self.threads)
    }

    /// Where element `i` comes from.
    #[inline]
    #[must_use]
    pub fn place(&self, i: u64) -> Place {
        self.draw.place(i, self.threads)
    }

    /// Element `i`: the value, and the radius of a normal one.
    #[must_use]
    pub fn value(&self, i: u64) -> (f64, f64) {
        let place = self.place(i);
        self.draw.value(philox4x32_10(self.counter(place.block, place.thread), self.key), place.lane)
    }

    /// Whether element `i` of a mask is kept.
    #[must_use]
    pub fn kept(&self, i: u64) -> bool {
        self.value(i).0 > 0.0
    }

    #[expect(clippy::cast_possible_truncation, reason = "the words of a counter")]
    fn counter(&self, block: u64, thread: u64) -> [u32; 4] {
        let at = (self.offset / 4).wrapping_add(block);
        [at as u32, (at >> 32) as u32, thread as u32, (thread >> 32) as u32]
    }

    /// Calls `f` with every element of `range` in order: its index, its block and its lane.
    pub fn each(&self, range: std::ops::Range<u64>, mut f: impl FnMut(u64, [u32; 4], u32)) {
        let width = u64::from(self.draw.vector);
        let mut words = vec![[0u32; 4 * AHEAD]; if width > 4 { 2 } else { 1 }];
        let mut i = range.start;
        while i < range.end {
            let Place { thread, lane, .. } = self.place(i);
            let first = i - if width > 1 { i % width } else { 0 };
            // Consecutive threads of one turn and lane: blocks of neighbouring streams.
            let wanted = (range.end - first).div_ceil(width);
            let run = wanted.min(self.threads - thread).min(AHEAD as u64);
            let block = self.place(first).block;
            for (half, words) in words.iter_mut().enumerate() {
                let end = 4 * usize::try_from(run).unwrap_or(AHEAD);
                fill(&mut words[..end], self.counter(block + half as u64, thread), self.key, Axis::Stream);
            }
            let end = range.end.min(first + run * width);
            while i < end {
                let inner = (i - first) % width;
                let at = usize::try_from((i - first) / width).unwrap_or(0);
                let half = usize::try_from(inner / 4).unwrap_or(0);
                let lane = if width > 1 { u32::try_from(inner % 4).unwrap_or(0) } else { lane };
                let words = &words[half][4 * at..4 * at + 4];
                f(i, [words[0], words[1], words[2], words[3]], lane);
                i += 1;
            }
        }
    }
}

/// The offset after the draws `before` on a card.
pub(super) fn moved(offset: u64, before: &[Draw], geometry: Geometry) -> Result<u64, RngError> {
    before
        .iter()
        .try_fold(offset, |at, draw| at.checked_add(draw.advance(geometry.threads(draw.n))))
        .ok_or_else(|| beyond(offset))
}

fn beyond(offset: u64) -> RngError {
    RngError::Range {
        what: "the offset",
        value: offset.to_string(),
        wanted: "the draws must not move it beyond 64 bits",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rng::{Element, Op, Shape, Vector};

    /// Bulk and one by one, for every kernel, over sizes that leave remainders and launches that wrap.
    #[test]
    fn bulk_elements_are_the_elements_one_by_one() {
        for (op, element, vector) in [
            (Op::Rand, Element::F32, Vector::Auto),
            (Op::Rand, Element::F64, Vector::Auto),
            (Op::Randn, Element::F32, Vector::Auto),
            (Op::Dropout, Element::F32, Vector::One),
            (Op::Dropout, Element::F64, Vector::Two),
            (Op::Dropout, Element::F32, Vector::Four),
            (Op::Dropout, Element::F16, Vector::Eight),
        ] {
            for n in [8, 1000, 8 * 1234, 30_000] {
                let draw = Draw::new(op, element, &Shape::parse(&n.to_string()).unwrap(), vector).unwrap();
                for (sms, threads) in [(1, 256), (3, 1024), (5, 1536)] {
                    let source =
                        Source::new(draw.clone(), 7 << 33 | 5, 12, Geometry::new(sms, threads).unwrap()).unwrap();
                    for (start, end) in [(0, n), (3, n - 1), (n / 2 + 1, n)] {
                        let mut next = start;
                        source.each(start..end, |i, block, lane| {
                            assert_eq!(i, next, "elements in order");
                            let got = source.draw.value(block, lane);
                            assert_eq!(
                                got,
                                source.value(i),
                                "{op:?} {element:?} {vector:?}, {i} of {n} on {sms} x {threads}"
                            );
                            next += 1;
                        });
                        assert_eq!(next, end, "all of them");
                    }
                }
            }
        }
    }

    #[test]
    fn no_two_elements_share_a_place() {
        for vector in [Vector::One, Vector::Two, Vector::Four, Vector::Eight] {
            let shape = Shape::parse("16384").unwrap();
            let draw = Draw::new(Op::Dropout, Element::F16, &shape, vector).unwrap();
            let threads = Geometry::new(2, 512).unwrap().threads(draw.n);
            let mut places: Vec<_> =
                (0..draw.n).map(|i| draw.place(i, threads)).map(|p| (p.block, p.thread, p.lane)).collect();
            places.sort_unstable();
            places.dedup();
            assert_eq!(places.len(), 16_384, "{vector:?}");
        }
    }

    #[test]
    fn an_offset_that_no_generator_has_is_refused() {
        let draw = Draw::new(Op::Rand, Element::F32, &Shape::parse("9").unwrap(), Vector::Auto).unwrap();
        let error = Source::new(draw, 0, 6, Geometry::new(1, 1024).unwrap()).unwrap_err().to_string();
        assert!(error.contains("multiple of 4"), "{error}");
        let draw = Draw::new(Op::Rand, Element::F32, &Shape::parse("9").unwrap(), Vector::Auto).unwrap();
        let (last, card) = (u64::MAX - 3, Geometry::new(1, 1024).unwrap());
        let error = moved(last, std::slice::from_ref(&draw), card).unwrap_err().to_string();
        assert!(error.contains("beyond 64 bits"), "moved by a draw before: {error}");
        let error = Source::new(draw, 0, last, card).unwrap_err().to_string();
        assert!(error.contains("beyond 64 bits"), "moved by the draw: {error}");
    }
}
