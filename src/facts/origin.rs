//! Whether a difference is one of the integers that an answer is made of, or arises after them.

use super::status::status_of;
use crate::model::record::{CaseRecord, Comparison, Side, Status};

/// Where a comparison differs although the integers that both sides are made of agree: a sentence that says so, names the
/// case that shows it, and what is left as the cause. `None` where the record does not show it.
///
/// The integers agree where the case that has them equals its twin, bit for bit, in every configuration on every engine of
/// the comparison.
pub fn after_origin<'r>(
    cases: impl Iterator<Item = &'r CaseRecord> + Clone,
    case: &CaseRecord,
    comparison: &Comparison,
) -> Option<String> {
    let origin = case.origin.as_ref()?;
    let holds = |found: &&CaseRecord| covers(&found.problem, &origin.problem, origin.prefix);
    // A reference is right by definition.
    let engines = [&comparison.left, &comparison.right].into_iter().filter_map(Side::engine);
    let mut shown = None;
    for engine in engines {
        let mut all = cases.clone().filter(holds).flat_map(|c| c.executions.iter().map(move |e| (c, e)));
        let mut on_engine = all.by_ref().filter(|(_, e)| e.engine == engine);
        let (first, execution) = on_engine.next()?;
        let exact = |c: &CaseRecord, e| status_of(c, e) == Status::BitExact;
        if !exact(first, execution) || on_engine.any(|(c, e)| !exact(c, e)) {
            return None;
        }
        shown = Some(&first.problem);
    }
    let shown = shown?;
    Some(format!("{} agree ({shown}), and the cause lies in {}", origin.what, origin.then))
}

/// Whether the answer of `problem` holds that of `wanted`: it is the same, or, where a prefix will do, has a larger `n`.
fn covers(problem: &str, wanted: &str, prefix: bool) -> bool {
    if problem == wanted {
        return true;
    }
    let parts = |id: &str| -> Option<(String, u64)> {
        let (before, rest) = id.split_once("?n=")?;
        let (n, after) = rest.split_once('&').unwrap_or((rest, ""));
        Some((format!("{before}?{after}"), n.parse().ok()?))
    };
    match (parts(problem), parts(wanted)) {
        (Some((a, more)), Some((b, n))) => prefix && a == b && more >= n,
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_longer_stream_of_the_same_seed_covers_a_shorter_one() {
        let wanted = "philox/element?n=100&seed=7";
        assert!(covers(wanted, wanted, false), "itself");
        assert!(covers("philox/element?n=101&seed=7", wanted, true), "a longer one");
        for other in ["philox/element?n=101&seed=8", "philox/element?n=99&seed=7", "philox/other?n=101&seed=7", "x"] {
            assert!(!covers(other, wanted, true), "{other}");
        }
        assert!(!covers("philox/element?n=101&seed=7", wanted, false), "where only the same will do");
    }
}
