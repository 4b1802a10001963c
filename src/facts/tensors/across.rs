//! Tensors that stand under another's name.

use std::collections::BTreeMap;

use serde::Serialize;

use super::relation::same_bits;
use crate::numerics::drift::Sequence as _;
use crate::tensors::Tensor;

/// Two names of which each has the other's elements on the right.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Exchange {
    /// Both names.
    pub names: [String; 2],
    /// The step.
    pub step: Option<u64>,
}

/// A tensor that has another name on the right: no other of either side equals it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Renamed {
    /// The name on the left.
    pub left: String,
    /// The name on the right.
    pub right: String,
    /// The step.
    pub step: Option<u64>,
}

/// Elements that are looked at to tell tensors apart before all are.
const BEGINNING: usize = 1024;

/// Tensors that are compared with each other at most.
const ALIKE: usize = 16;

type Key<'t> = (Option<u64>, &'t str, &'t [u64], Vec<u8>);

/// What two equal tensors have in common, and most others have not.
fn key(tensor: &Tensor) -> Key<'_> {
    let mut scratch = Vec::new();
    let elements = tensor.elements();
    let beginning = elements.block(0, tensor.count().min(BEGINNING), &mut scratch);
    let digest = match tensor.texts() {
        Some(texts) => texts.iter().take(BEGINNING).flat_map(|t| t.bytes()).collect(),
        None => beginning.to_vec(),
    };
    (tensor.step, tensor.type_name(), &tensor.shape, digest)
}

/// Of pairs that differ, those that are each other's, bit for bit.
pub(super) fn exchanged(pairs: &[(&Tensor, &Tensor)]) -> Vec<Exchange> {
    let mut by_right: BTreeMap<Key<'_>, Vec<usize>> = BTreeMap::new();
    for (i, (_, right)) in pairs.iter().enumerate() {
        by_right.entry(key(right)).or_default().push(i);
    }
    let mut out = Vec::new();
    let mut taken = vec![false; pairs.len()];
    for (i, (left, right)) in pairs.iter().enumerate() {
        let Some(candidates) = by_right.get(&key(left)) else { continue };
        let fits =
            |j: &&usize| **j > i && !taken[**j] && same_bits(left, pairs[**j].1) && same_bits(right, pairs[**j].0);
        if let (false, Some(j)) = (taken[i], candidates.iter().take(ALIKE).find(fits)) {
            taken[*j] = true;
            out.push(Exchange { names: [left.name.clone(), pairs[*j].0.name.clone()], step: left.step });
        }
    }
    out
}

/// Of tensors without a counterpart, those that equal exactly one on the other side, which equals no other.
pub(super) fn renamed(only: &[Vec<&Tensor>; 2]) -> Vec<Renamed> {
    let mut groups: BTreeMap<Key<'_>, [Vec<&Tensor>; 2]> = BTreeMap::new();
    for (k, side) in only.iter().enumerate() {
        for tensor in side.iter().filter(|t| t.count() > 0) {
            groups.entry(key(tensor)).or_default()[k].push(tensor);
        }
    }
    let mut out = Vec::new();
    // Of many that are alike, such as zeros, no name says which is which.
    for [left, right] in groups.values().filter(|[l, r]| l.len() <= ALIKE && r.len() <= ALIKE) {
        for one in left {
            let equal: Vec<_> = right.iter().filter(|r| same_bits(one, r)).collect();
            let alone = left.iter().filter(|l| same_bits(l, one)).count() == 1;
            if let ([other], true) = (&equal[..], alone) {
                out.push(Renamed { left: one.name.clone(), right: other.name.clone(), step: one.step });
            }
        }
    }
    out
}
