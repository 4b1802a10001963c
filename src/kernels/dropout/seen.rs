//! What there is to say of a mask, and of two that should be one.

use crate::kernels::Observation;

/// A count as binary64.
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^53")]
fn count(n: usize) -> f64 {
    n as f64
}

/// The fraction that is kept and, of a random mask, how many standard deviations it is from `1 - p`.
pub(super) fn keep_rate(mask: &[u32], p: f64, random: bool) -> Vec<Observation> {
    let n = count(mask.len());
    let kept = count(mask.iter().filter(|w| **w == 1).count());
    let mut seen = vec![Observation::new("keep_rate", kept / n, "the fraction of elements that are kept")];
    if random {
        let q = 1.0 - p;
        let z = (kept - n * q) / (n * q * p).sqrt();
        seen.push(Observation::new("keep_rate_z", z, "standard deviations of the number kept from n(1-p)"));
    }
    seen
}

/// The part of the groups of four neighbours that have one value in the mask, and what it is on average where the four
/// are independent: `p^4 + (1-p)^4`. One of a mask whose lanes share a word.
pub(super) fn duplicate_lanes(mask: &[u32], p: f64) -> Vec<Observation> {
    let groups = mask.as_chunks::<4>().0;
    if groups.is_empty() {
        return Vec::new();
    }
    let same = groups.iter().filter(|[a, rest @ ..]| rest.iter().all(|b| a == b)).count();
    vec![
        Observation::new(
            "duplicate_lanes",
            count(same) / count(groups.len()),
            "fours of neighbours that are all kept or all dropped",
        ),
        Observation::new(
            "duplicate_lanes_expected",
            p.powi(4) + (1.0 - p).powi(4),
            "the same of independent elements: p^4 + (1-p)^4",
        ),
    ]
}

/// The agreement on average of two independent masks that drop with probability `p`.
pub(super) fn chance(p: f64) -> f64 {
    p * p + (1.0 - p) * (1.0 - p)
}

/// How far the mask of the backward pass is that of the forward pass.
pub(super) fn agreement(forward: &[u32], backward: &[u32], p: f64) -> Vec<Observation> {
    let agree = count(forward.iter().zip(backward).filter(|(a, b)| a == b).count()) / count(forward.len());
    let first = forward.iter().zip(backward).take_while(|(a, b)| a == b).count();
    let kappa = (agree - chance(p)) / (1.0 - chance(p));
    vec![
        Observation::new("agreement", agree, "the fraction of elements that both passes decide alike; 1 is right"),
        Observation::new("agreement_by_chance", chance(p), "the same of independent masks: p^2 + (1-p)^2"),
        Observation::new("kappa_mask", kappa, "agreement beyond chance: 1 for one mask, 0 for independent ones"),
        Observation::new(
            "first_divergent",
            count(first),
            "the first element that differs; the number of all where none does",
        ),
    ]
}
