//! Where two trainings part: the first step and tensor that differ. Tensors are compared whole, in the order in which they are
//! made, so the operation that made the first one had equal inputs.

use crate::kernels::train::network::tensors;
use crate::kernels::train::{Steps, dtype};
use crate::model::bits::Bits;
use crate::model::training::{Parting, Tier};
use crate::numerics::drift::{measure, order};

/// What the words of two engines after one step differ in; `None` where they are equal. `step` counts from 0.
pub(super) fn parting(tier: Tier, step: u32, left: &[u32], right: &[u32]) -> Option<Parting> {
    let dtype = dtype(tier);
    for tensor in tensors() {
        let (Some(l), Some(r)) = (left.get(tensor.words.clone()), right.get(tensor.words.clone())) else { continue };
        if l == r {
            continue;
        }
        let bits = |words: &[u32]| Bits::new(dtype, words.to_vec(), words.len());
        let drift = measure(&bits(l), &bits(r))?;
        let units = || l.iter().zip(r).map(|(l, r)| order(dtype, *l).abs_diff(order(dtype, *r))).max();
        return Some(Parting {
            step,
            operation: tensor.operation.to_owned(),
            tensor: tensor.name.to_owned(),
            differing: drift.differing,
            elements: drift.elements,
            max_ulp: if dtype.is_float() { drift.max_ulp } else { units().unwrap_or_default() },
            float: dtype.is_float(),
        });
    }
    None
}

/// The first step in which two references part, before `steps`.
pub(super) fn of_two(tier: Tier, left: &mut dyn Steps, right: &mut dyn Steps, steps: u32) -> Option<Parting> {
    (left.steps()..steps).find_map(|step| {
        left.train(step + 1);
        right.train(step + 1);
        parting(tier, step, &left.words(), &right.words())
    })
}
