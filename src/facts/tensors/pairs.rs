//! Which tensor of one file is which of another, and how a pair differs.

use std::collections::BTreeMap;

use super::relation::relation;
use super::{Asked, Pair, Place};
use crate::model::Scalar;
use crate::model::bits::{Bits, Dtype};
use crate::model::drift::Element;
use crate::numerics::drift::{Measured, measure_sequences};
use crate::tensors::Tensor;

/// Of steps, whether something differs there.
pub(super) type BySteps = Vec<(u64, bool)>;

/// A pair, and its steps.
pub(super) type Compared = (Pair, BySteps);

/// Tensors with their counterparts, and those without.
pub(super) struct Matched<'c> {
    pub(super) both: Vec<(&'c Tensor, &'c Tensor)>,
    pub(super) only: [Vec<&'c Tensor>; 2],
}

pub(super) fn matched<'c>(left: &'c [Tensor], right: &'c [Tensor], asked: &Asked) -> Matched<'c> {
    let wanted = |name: &str| asked.wants(name);
    let mut there: BTreeMap<(Option<u64>, String), &Tensor> =
        right.iter().map(|t| ((t.step, t.name.clone()), t)).collect();
    let (mut both, mut alone) = (Vec::new(), Vec::new());
    for tensor in left.iter().filter(|t| wanted(&t.name)) {
        let mapped = asked.map.iter().find_map(|(from, to)| Some(to.replacen('*', fits(from, &tensor.name)?, 1)));
        match there.remove(&(tensor.step, mapped.unwrap_or_else(|| tensor.name.clone()))) {
            Some(other) => both.push((tensor, other)),
            None => alone.push(tensor),
        }
    }
    // Files with one array each: their names are those of the files, which say nothing.
    if let ([one], [other]) = (left, right)
        && both.is_empty()
        && one.step == other.step
        && asked.names.is_empty()
        && asked.map.is_empty()
    {
        return Matched { both: vec![(one, other)], only: [Vec::new(), Vec::new()] };
    }
    let rest = there.into_values().filter(|t| wanted(&t.name));
    let mut rest: Vec<&Tensor> = rest.collect();
    let order: BTreeMap<*const Tensor, usize> =
        right.iter().enumerate().map(|(i, t)| (std::ptr::from_ref(t), i)).collect();
    rest.sort_by_key(|t| order.get(&std::ptr::from_ref(*t)).copied());
    Matched { both, only: [alone, rest] }
}

impl Asked {
    /// Whether a tensor of this name is compared.
    #[must_use]
    pub fn wants(&self, name: &str) -> bool {
        self.names.is_empty() || self.names.iter().any(|glob| fits(glob, name).is_some())
    }
}

/// What the first `*` of a pattern stands for where a name fits it; empty where it has none.
fn fits<'n>(pattern: &str, name: &'n str) -> Option<&'n str> {
    let Some((start, end)) = pattern.split_once('*') else { return (pattern == name).then_some("") };
    let rest = name.strip_prefix(start)?;
    if !end.contains('*') {
        return rest.strip_suffix(end);
    }
    // The shortest that lets the rest fit.
    let cuts = rest.char_indices().map(|(i, _)| i).chain([rest.len()]);
    cuts.into_iter().find(|cut| fits(end, &rest[*cut..]).is_some()).map(|cut| &rest[..cut])
}

/// How a pair differs, and of each step of it whether it does.
pub(super) fn compare(left: &Tensor, right: &Tensor) -> Compared {
    if let (Some(a), Some(b)) = (&left.steps, &right.steps) {
        let (places, common) = aligned(a, b);
        let (ours, theirs): (Vec<usize>, Vec<usize>) = places.into_iter().unzip();
        let (mut pair, differing) = measured(&left.chosen(&ours), &right.chosen(&theirs), Some(&common));
        pair.steps_only = [(a.len() - common.len()) as u64, (b.len() - common.len()) as u64];
        pair.steps = common.first().copied().zip(common.last().copied());
        return (pair, differing);
    }
    let (pair, _) = measured(left, right, None);
    let step = left.step.map(|step| (step, !pair.is_identical()));
    (pair, step.into_iter().collect())
}

/// The places of the steps that both have, and those steps. Both are ascending.
fn aligned(left: &[u64], right: &[u64]) -> (Vec<(usize, usize)>, Vec<u64>) {
    let (mut i, mut j, mut places, mut common) = (0, 0, Vec::new(), Vec::new());
    while let (Some(a), Some(b)) = (left.get(i), right.get(j)) {
        if a == b {
            places.push((i, j));
            common.push(*a);
        }
        (i, j) = (i + usize::from(a <= b), j + usize::from(b <= a));
    }
    (places, common)
}

fn measured(left: &Tensor, right: &Tensor, steps: Option<&[u64]>) -> Compared {
    let alike = left.type_name() == right.type_name() && left.shape == right.shape;
    let texts = left.texts().zip(right.texts());
    let found = match texts {
        _ if !alike => None,
        Some((a, b)) => texts_measured(a, b),
        None => measure_sequences(&left.elements(), &right.elements()),
    };
    let numeric = left.is_numeric() && right.is_numeric();
    let drift = found.as_ref().map(|m| m.drift.clone());
    let differs = drift.as_ref().is_none_or(|d| !d.is_identical());
    let vectors = found.as_ref().filter(|_| numeric && differs);
    let place = |e: &Element| place(e, left, right, steps);
    let pair = Pair {
        name: left.name.clone(),
        right_name: right.name.clone(),
        step: left.step,
        dtypes: [left.type_name().to_owned(), right.type_name().to_owned()],
        shapes: [left.shape.clone(), right.shape.clone()],
        numeric,
        float: numeric && left.scalar.is_float() && right.scalar.is_float(),
        relative_l2: vectors.map(|m| m.drift.nmse.sqrt()).filter(|x| x.is_finite()),
        cosine: vectors.and_then(cosine),
        relation: if differs && steps.is_none() { relation(left, right, drift.as_ref()) } else { None },
        worst: drift.as_ref().and_then(|d| d.worst.as_ref()).map(place),
        first: drift.as_ref().and_then(|d| d.first.as_ref()).map(place),
        drift,
        steps_only: [0, 0],
        steps: None,
    };
    let by_step = steps.map(|steps| {
        let one = |(i, step): (usize, &u64)| {
            let (a, b) = (left.chosen(&[i]), right.chosen(&[i]));
            (*step, !super::relation::same_bits(&a, &b))
        };
        if differs { steps.iter().enumerate().map(one).collect() } else { steps.iter().map(|s| (*s, false)).collect() }
    });
    (pair, by_step.unwrap_or_default())
}

/// Texts as flags: whether they differ is all that can be said.
fn texts_measured(left: &[String], right: &[String]) -> Option<Measured> {
    let flags = left.iter().zip(right).map(|(a, b)| u32::from(a != b)).collect();
    let zeros = vec![0; left.len().min(right.len())];
    measure_sequences(&Bits::words(Dtype::U32, zeros), &Bits::words(Dtype::U32, flags))
}

/// The cosine of the angle between both sides, from the sums of squares of both and of their difference.
fn cosine(m: &Measured) -> Option<f64> {
    let (a, b) = (m.squares.0.sqrt(), m.squares.1.sqrt());
    let off = (m.difference_squares - (a - b) * (a - b)) / (2.0 * a * b);
    Some(1.0 - off).filter(|c| c.is_finite()).map(|c| c.clamp(-1.0, 1.0))
}

fn place(element: &Element, left: &Tensor, right: &Tensor, steps: Option<&[u64]>) -> Place {
    let mut rest = element.index;
    let mut index: Vec<u64> = left
        .shape
        .iter()
        .rev()
        .map(|n| {
            let i = rest % (*n).max(1);
            rest /= (*n).max(1);
            i
        })
        .collect();
    index.reverse();
    let at = usize::try_from(element.index).unwrap_or_default();
    let step = steps.and_then(|s| s.get(at).copied());
    if let (Some(a), Some(b)) = (left.texts(), right.texts()) {
        let text = |t: &[String]| t.get(at).cloned().unwrap_or_default();
        return Place { index, step, values: [text(a), text(b)], bits: None };
    }
    let bits = [element.left.clone(), element.right.clone()];
    let value = |hex: &String| {
        let pattern = u64::from_str_radix(hex.trim_start_matches("0x"), 16).unwrap_or_default();
        value(left.scalar, pattern)
    };
    Place { index, step, values: [value(&bits[0]), value(&bits[1])], bits: Some(bits) }
}

/// A value with the digits that tell it from its neighbours.
#[expect(clippy::cast_possible_truncation, reason = "it is the value of that type")]
fn value(scalar: Scalar, bits: u64) -> String {
    match scalar {
        Scalar::I64 => bits.cast_signed().to_string(),
        Scalar::U64 => bits.to_string(),
        Scalar::F32 | Scalar::Bf16 | Scalar::F16 | Scalar::F8E4m3 | Scalar::F8E5m2 => {
            format!("{:?}", scalar.value(bits) as f32)
        }
        Scalar::F64 => format!("{:?}", scalar.value(bits)),
        _ => scalar.value(bits).to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_fit_as_shells_have_it() {
        assert_eq!(fits("a.*.w", "a.3.w"), Some("3"), "one");
        assert_eq!(fits("*bias*", "layer.bias.x"), Some("layer."), "two");
        assert_eq!(fits("exact", "exact"), Some(""), "none");
        assert_eq!(fits("a*", "ba"), None, "the beginning counts");
        assert_eq!(fits("ab*b", "ab"), None, "nothing is used twice");
    }

    #[test]
    fn steps_are_paired_by_number() {
        let (places, common) = aligned(&[1, 2, 5, 9], &[2, 3, 9, 10]);
        assert_eq!((places, common), (vec![(1, 0), (3, 2)], vec![2, 9]), "common steps");
    }
}
