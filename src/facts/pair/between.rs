//! The drift between two outputs of which records keep the whole or a part.

use std::collections::BTreeMap;

use serde::Serialize;

use super::shape::Shape;
use crate::facts::{FLUSHED, FROM_ZERO};
use crate::model::bits::{Bits, Dtype};
use crate::model::words::{count, number, ulp};
use crate::numerics::drift::{Drift, Element, measure};
use crate::record::{Known, Sample, block};

/// See the module. Of outputs that are not known whole, `drift` is over the elements that are known on both sides: how
/// many differ in the whole is then between `at_least` and `at_most`, and distances are at least those found.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Between {
    /// The outputs' element type.
    pub dtype: Dtype,
    /// Elements of the outputs.
    pub elements: u64,
    /// Elements known on both sides.
    pub known: u64,
    /// Elements of the whole that differ, at least.
    pub at_least: u64,
    /// Elements of the whole that differ, at most.
    pub at_most: u64,
    /// Blocks that differ, and all, where digests by block are known.
    pub blocks: Option<(u64, u64)>,
    /// The drift over the known elements; indices are those of the whole.
    pub drift: Drift,
    /// What the known elements that differ have in common.
    pub shape: Shape,
}

impl Between {
    /// Whether every element is known.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.known == self.elements
    }

    /// How far the sides are apart, in words: NaN and infinity first, then how many elements, and the distance of floats.
    /// What is found in a part is a least of the whole.
    #[must_use]
    pub fn size(&self) -> String {
        let c = &self.drift.classes;
        let mut parts = Vec::new();
        let mut tell = |n: u64, what: &str| {
            if n > 0 {
                parts.push(format!("{}{} {what}", self.at_least(), count(n)));
            }
        };
        tell(self.shape.now_nan, "from number to NaN");
        tell(self.shape.was_nan, "from NaN to number");
        tell(c.infinite, "infinite on at least one side");
        tell(c.not_finite, "that are NaN or infinite on both sides, and differ");
        let rest = c.finite + c.flushed + c.zero_sign;
        if rest > 0 || parts.is_empty() {
            parts.push(self.finite());
        }
        let text = parts.join(", ");
        if self.is_whole() {
            text
        } else {
            format!("{text} ({} of {} elements are stored)", count(self.known), count(self.elements))
        }
    }

    fn at_least(&self) -> &'static str {
        if self.is_whole() { "" } else { "at least " }
    }

    fn finite(&self) -> String {
        let (c, drift) = (&self.drift.classes, &self.drift);
        let special = c.nan_versus_number + c.infinite + c.not_finite + c.nan_payload;
        let (least, most) = (self.at_least.saturating_sub(special), self.at_most.saturating_sub(special));
        let sure = if least == most { "" } else { "at least " };
        let of = format!("{sure}{} of {}", count(least), count(self.elements));
        if !self.dtype.is_float() {
            let what = if self.dtype == Dtype::Mask { "elements of the mask" } else { "integers" };
            return format!("{of} {what} differ");
        }
        let kind = match (c.finite, c.flushed, c.zero_sign) {
            (0, 0, 0) if self.is_nan_alone() => return "only NaN of another sign or payload".to_owned(),
            (0, 0, 0) => return format!("{of} elements differ"),
            (0, 0, _) => "in the sign of zero".to_owned(),
            (0, _, 0) => FLUSHED.to_owned(),
            (0, _, _) => format!("{FLUSHED}, or zero of the other sign"),
            (n, ..) if n == drift.from_zero => FROM_ZERO.to_owned(),
            // Of a large one the digits say nothing, and the relative size does.
            _ if drift.max_ulp >= 1_000_000 => format!("by up to {} times the value", number(drift.max_relative)),
            _ => format!("by up to {} ulp", ulp(drift.max_ulp)),
        };
        let stored = if self.is_whole() { "" } else { "in those that are stored " };
        let mut out = format!("{of} elements, {stored}{kind}");
        // Of zero no distance is relative, and flushing has none: that distance does not hold for them.
        let mut tell = |n: u64, what: &str| {
            if n > 0 {
                out.push_str(&format!(", {what} in {}{}", self.at_least(), count(n)));
            }
        };
        if drift.from_zero < c.finite {
            tell(drift.from_zero, FROM_ZERO);
        }
        if c.finite > 0 {
            tell(c.flushed, FLUSHED);
        }
        out
    }

    /// Whether all that differs is the sign or payload of NaN, which is no change of a value.
    #[must_use]
    pub fn is_nan_alone(&self) -> bool {
        self.is_whole() && self.drift.classes.nan_payload > 0 && self.drift.differing == self.drift.classes.nan_payload
    }
}

/// Whether two outputs that differ, and that are not known whole, may do so in the sign or payload of NaN alone: they have as
/// many NaN, where that is known, or NaN of two payloads in what is stored, and nothing that is stored shows more.
#[must_use]
pub fn may_be_nan_alone(stored: Option<&Between>, nan: [Option<u64>; 2]) -> bool {
    if stored.is_some_and(|d| d.is_whole() || d.drift.differing > d.drift.classes.nan_payload) {
        return false;
    }
    match nan {
        [Some(left), Some(right)] => left == right && left > 0,
        [Some(0), _] | [_, Some(0)] => false,
        _ => stored.is_some_and(|d| d.drift.classes.nan_payload > 0),
    }
}

/// The drift from `left` to `right`, two outputs of `elements` elements; `None` where their lengths are not that.
#[must_use]
pub fn between(dtype: Dtype, elements: u64, left: &Known, right: &Known) -> Option<Between> {
    let per = dtype.per_word() as u64;
    if left.words != right.words || left.words != elements.div_ceil(per) {
        return None;
    }
    let (places, l, r): (Vec<u64>, Vec<u32>, Vec<u32>) = match (&left.at, &right.at) {
        (None, None) => ((0..left.words).collect(), left.values.clone(), right.values.clone()),
        _ => {
            let places: Vec<u64> = left.at.as_ref().or(right.at.as_ref()).cloned().unwrap_or_default();
            let met = places.into_iter().filter_map(|p| Some((p, left.word(p)?, right.word(p)?)));
            let mut out = (Vec::new(), Vec::new(), Vec::new());
            for (p, a, b) in met {
                out.0.push(p);
                out.1.push(a);
                out.2.push(b);
            }
            out
        }
    };
    let mut pairs = Vec::with_capacity(places.len());
    for ((place, a), b) in places.iter().zip(&l).zip(&r) {
        for half in (0..per).filter(|h| place * per + h < elements) {
            let of = |word: u32| if per == 2 { word >> (16 * half) & 0xffff } else { word };
            pairs.push((place * per + half, of(*a), of(*b)));
        }
    }
    let mut found = of_elements(dtype, elements, &pairs)?;
    if !found.is_whole() {
        found.at_least = found.at_least.max(u64::from(left.digest != right.digest));
        if let Some(blocks) = left.differing_blocks(right) {
            let size = block(left.words) * per;
            let differing: Vec<u64> = (0u64..).zip(&blocks).filter(|(_, differs)| **differs).map(|(i, _)| i).collect();
            let within = |i: &u64| (elements.saturating_sub(i * size)).min(size);
            found.at_least = found.at_least.max(differing.len() as u64);
            found.at_most = found.at_most.min(differing.iter().map(within).sum());
            found.blocks = Some((differing.len() as u64, blocks.len() as u64));
        }
    }
    Some(found)
}

/// The drift over the elements that two executions' samples share, where nothing else is stored. `differ`: the digests do.
#[must_use]
pub fn sampled(dtype: Dtype, elements: u64, left: &[Sample], right: &[Sample], differ: bool) -> Option<Between> {
    let bits = |s: &Sample| u32::from_str_radix(s.bits.trim_start_matches("0x"), 16).ok();
    let of = |samples: &[Sample]| -> BTreeMap<u64, u32> {
        samples.iter().filter(|s| s.index < elements).filter_map(|s| Some((s.index, bits(s)?))).collect()
    };
    let right = of(right);
    let pairs: Vec<_> = of(left).into_iter().filter_map(|(i, a)| Some((i, a, *right.get(&i)?))).collect();
    let mut found = (!pairs.is_empty()).then(|| of_elements(dtype, elements, &pairs))??;
    if !found.is_whole() {
        found.at_least = found.at_least.max(u64::from(differ));
    }
    Some(found)
}

/// The drift over elements `(index, left, right)`.
fn of_elements(dtype: Dtype, elements: u64, pairs: &[(u64, u32, u32)]) -> Option<Between> {
    let gather = |side: &dyn Fn(&(u64, u32, u32)) -> u32| {
        let values: Vec<u32> = pairs.iter().map(side).collect();
        if dtype.per_word() == 2 {
            let halves: Vec<u16> = values.iter().filter_map(|v| u16::try_from(*v).ok()).collect();
            Bits::halves(dtype, &halves)
        } else {
            Bits::words(dtype, values)
        }
    };
    let mut drift = measure(&gather(&|p| p.1), &gather(&|p| p.2))?;
    let whole = |element: Element| {
        let index = usize::try_from(element.index).ok().and_then(|i| pairs.get(i)).map_or(element.index, |p| p.0);
        Element { index, ..element }
    };
    drift.first = drift.first.map(whole);
    drift.worst = drift.worst.map(whole);
    let known = pairs.len() as u64;
    Some(Between {
        dtype,
        elements,
        known,
        at_least: drift.differing,
        at_most: drift.differing + (elements - known.min(elements)),
        blocks: None,
        shape: Shape::of(dtype, pairs),
        drift,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Stored;

    fn known(bits: &Bits, store: u64) -> Known {
        Stored::new(bits, store).known(&bits.digest()).expect("it is sound")
    }

    /// Two outputs that differ in the elements at `places`, by one ulp.
    fn outputs(len: u32, places: &[usize]) -> (Bits, Bits) {
        let left = Bits::words(Dtype::F32, (0..len).map(|i| 0x3f80_0000 + i).collect());
        let mut right = left.clone();
        for place in places {
            right.words[*place] += 1;
        }
        (left, right)
    }

    #[test]
    fn whole_outputs_give_the_drift_itself() {
        let (left, right) = outputs(1000, &[3, 500]);
        let found = between(Dtype::F32, 1000, &known(&left, 1024), &known(&right, 1024)).expect("one shape");
        assert!(found.is_whole(), "all is known");
        assert_eq!(found.drift, measure(&left, &right).expect("one shape"), "and measured");
        assert_eq!((found.at_least, found.at_most), (2, 2), "no more and no less");
    }

    #[test]
    fn a_sample_gives_bounds_that_hold() {
        // The last ones are in one block of 4096, far from a sampled word or not.
        for places in [vec![], vec![1], (0..9000).collect::<Vec<_>>(), vec![19_999], (4096..8192).collect()] {
            let (left, right) = outputs(20_000, &places);
            let truth = measure(&left, &right).expect("one shape");
            for (a, b) in [(1024, 1024), (64, 1024), (1024, 32_768), (0, 0)] {
                let found = between(Dtype::F32, 20_000, &known(&left, a), &known(&right, b)).expect("one shape");
                let what = format!("{} differ, stored {a} and {b}: {found:?}", places.len());
                assert!(!found.is_whole(), "{what}");
                assert!(found.at_least <= truth.differing && truth.differing <= found.at_most, "{what}");
                assert!(found.drift.max_ulp <= truth.max_ulp, "{what}");
                assert_eq!(found.at_least == 0, places.is_empty(), "any difference is seen in a block: {what}");
                assert_eq!(found.blocks.map(|b| b.1), Some(5), "{what}");
            }
        }
    }

    /// How far two outputs of as many elements are apart, of which so many are stored, in words.
    fn said(left: &Bits, right: &Bits, store: u64) -> String {
        let len = left.len as u64;
        between(Dtype::F32, len, &known(left, store), &known(right, store)).expect("one shape").size()
    }

    #[test]
    fn what_a_part_shows_is_not_told_of_the_whole() {
        let (left, right) = outputs(20_000, &(0..20_000).collect::<Vec<_>>());
        assert_eq!(said(&left, &right, 32_768), "20,000 of 20,000 elements, by up to 1 ulp", "of the whole");
        let part = said(&left, &right, 64);
        assert!(part.starts_with("at least ") && part.contains("in those that are stored by up to 1 ulp ("), "{part}");
        let zero = Bits::words(Dtype::F32, vec![0; 20_000]);
        let tiny = Bits::words(Dtype::F32, vec![3; 20_000]);
        let part = said(&zero, &tiny, 64);
        assert!(part.contains(&format!("in those that are stored {FLUSHED} (")), "{part}");
        let nan = Bits::words(Dtype::F32, vec![0x7fc0_0000; 20_000]);
        let part = said(&zero, &nan, 64);
        assert!(part.starts_with("at least ") && part.contains("from number to NaN ("), "{part}");
    }

    /// The largest relative distance is over elements that are not zero on the left: it is no most of those that are.
    #[test]
    fn from_zero_there_is_no_relative_distance() {
        let of = |left: &[f32], right: &[f32]| said(&Bits::f32(left), &Bits::f32(right), 1024);
        let next = 1.0 + f32::EPSILON;
        let mixed = of(&[0.0, 1.0, 2.0], &[1.0, next, 2.0]);
        assert_eq!(
            mixed, "2 of 3 elements, by up to 1.19e-7 times the value, from zero to a number in 1",
            "both kinds"
        );
        assert_eq!(of(&[0.0, 1.0], &[1.0, 1.0]), "1 of 2 elements, from zero to a number", "one kind");
        let flushed = of(&[f32::from_bits(3), 1.0], &[0.0, next]);
        assert_eq!(flushed, format!("2 of 2 elements, by up to 1 ulp, {FLUSHED} in 1"), "flushing has no distance");
        let nan = of(&[f32::from_bits(0x7fc0_0000)], &[f32::from_bits(0x7fc0_0001)]);
        assert_eq!(nan, "only NaN of another sign or payload", "no value");
    }

    /// A digest that differs shows that an element does, whatever the sample shows.
    #[test]
    fn samples_that_agree_are_no_agreement_of_the_whole() {
        let same: Vec<Sample> = (0..12)
            .map(|index| Sample { index, bits: "0x3f800000".to_owned(), value: 1.0, twin: None, exact: None })
            .collect();
        let found = sampled(Dtype::F32, 1887, &same, &same, true).expect("samples");
        assert_eq!(found.size(), "at least 1 of 1,887 elements differ (12 of 1,887 elements are stored)");
        let equal = sampled(Dtype::F32, 1887, &same, &same, false).expect("samples");
        assert_eq!(equal.at_least, 0, "one digest");
    }

    #[test]
    fn indices_are_those_of_the_whole() {
        let (left, _) = outputs(20_000, &[]);
        let sample = known(&left, 1024);
        let place = sample.at.as_ref().expect("sampled")[100];
        let (left, right) = outputs(20_000, &[usize::try_from(place).expect("small")]);
        let found = between(Dtype::F32, 20_000, &known(&left, 1024), &known(&right, 1024)).expect("one shape");
        assert_eq!(found.drift.worst.map(|w| w.index), Some(place), "the element that differs");
    }

    #[test]
    fn halves_are_taken_out_of_their_words() {
        let values: Vec<u16> = (0..2001).map(|i| 0x3c00 + i % 64).collect();
        let mut others = values.clone();
        others[0] += 1;
        let (left, right) = (Bits::halves(Dtype::F16, &values), Bits::halves(Dtype::F16, &others));
        for store in [4096, 512] {
            let found = between(Dtype::F16, 2001, &known(&left, store), &known(&right, store)).expect("one shape");
            assert_eq!(found.drift.differing, 1, "element 0 is in every sample");
            assert_eq!(found.drift.worst.as_ref().map(|w| w.index), Some(0), "its index");
        }
        assert!(between(Dtype::F16, 2003, &known(&left, 16), &known(&right, 16)).is_none(), "another length");
    }
}
