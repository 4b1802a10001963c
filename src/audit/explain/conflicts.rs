//! Liberties that one result of an adapter shows and another one excludes.

use std::collections::{BTreeMap, BTreeSet};

use super::search::mode_of;
use super::{Sensitivity, first};
use crate::audit::plan;
use crate::engines::interpreter::Runner;
use crate::kernels::user;
use crate::model::Liberty;
use crate::model::explained::{Conflict, Grade, Pair};
use crate::model::record::CaseRecord;

/// The liberties that are in conflict on an engine: each gives every bit of one result, and changes another that is proven
/// without it, or that is strict.
pub(super) fn conflicts(
    engine: &str,
    pairs: &[Pair],
    cases: &[&CaseRecord],
    sensitivities: &BTreeMap<String, Sensitivity>,
    own: Option<&user::Kernel>,
) -> Vec<Conflict> {
    let digest = |case: &str, liberties: &[Liberty]| -> Option<String> {
        let program = plan::problem(own, case).ok()?.program()?;
        let words = Runner::open(mode_of(liberties)).compute(&program).ok()?;
        Some(program.output.gather(words).digest())
    };
    let alone = |case: &CaseRecord, liberty: Liberty| {
        let all = &sensitivities.get(&case.id)?.digests;
        all.iter().find(|(of, _)| *of == liberty).map(|(_, digest)| digest.as_str())
    };
    let by_id: BTreeMap<&str, &CaseRecord> = cases.iter().map(|case| (case.id.as_str(), *case)).collect();
    let mut found = Vec::new();
    for liberty in Liberty::PLAIN {
        let Some(shown) = pairs.iter().find(|pair| {
            let case = by_id.get(pair.case.as_str());
            let gives = case.is_some_and(|case| alone(case, liberty).is_some_and(|d| first(case, engine) == Some(d)));
            is_shown(pair, liberty) || gives && !pair.grade.is_proof()
        }) else {
            continue;
        };
        let mut excluded: BTreeSet<&str> = BTreeSet::new();
        for case in cases {
            let (Some(is), strict, with) = (first(case, engine), case.strict(), alone(case, liberty)) else { continue };
            // What it does not change by itself does not tell.
            if with.is_none() || with == strict {
                continue;
            }
            if Some(is) == strict {
                excluded.insert(&case.id);
            } else if let Some(pair) = pairs.iter().find(|pair| pair.case == case.id)
                && excludes(pair, liberty, is, |set| digest(&case.id, set))
            {
                excluded.insert(&case.id);
            }
        }
        if !excluded.is_empty() {
            let excluded = excluded.into_iter().map(str::to_owned).collect();
            found.push(Conflict { liberty, shown: shown.case.clone(), excluded });
        }
    }
    found
}

/// Whether every way to give a result by liberties alone has this one.
fn is_shown(pair: &Pair, liberty: Liberty) -> bool {
    let has = |by: &crate::model::explained::Reproduction| by.operations.is_empty() && by.liberties.contains(&liberty);
    pair.grade == Grade::Named && !pair.by.is_empty() && pair.by.iter().all(has)
}

/// Whether a result that liberties alone give is another with one more, whichever of them it is given by.
fn excludes(pair: &Pair, liberty: Liberty, is: &str, digest: impl Fn(&[Liberty]) -> Option<String>) -> bool {
    let with = |by: &crate::model::explained::Reproduction| {
        let more: Vec<Liberty> = by.liberties.iter().copied().chain([liberty]).collect();
        // Where operations are removed or moved, it is not known to which of them the liberty would apply.
        let rewritten = by.liberties.iter().any(|l| l.rewrites());
        by.operations.is_empty()
            && !rewritten
            && !by.liberties.contains(&liberty)
            && digest(&more).is_some_and(|d| d != is)
    };
    pair.grade == Grade::Named && !pair.by.is_empty() && pair.by.iter().all(with)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::explained::Reproduction;

    fn pair(grade: Grade, sets: &[&[Liberty]]) -> Pair {
        let by = sets.iter().map(|set| Reproduction { liberties: set.to_vec(), operations: Vec::new() }).collect();
        Pair { case: "a".to_owned(), grade, by, elements: 1, reproduced: 1, first: None, step: None }
    }

    /// A result excludes a liberty only where it is proven without it and would be another with it.
    #[test]
    fn what_changes_a_proven_result_is_excluded_by_it() {
        let flush: &[Liberty] = &[Liberty::Flush];
        let factor: &[Liberty] = &[Liberty::Factor];
        let other = |_: &[Liberty]| Some("other".to_owned());
        let same = |_: &[Liberty]| Some("is".to_owned());
        let excluded = |pair: &Pair, digest: &dyn Fn(&[Liberty]) -> Option<String>| {
            excludes(pair, Liberty::Contract, "is", digest)
        };
        assert!(excluded(&pair(Grade::Named, &[flush]), &other), "it is flushed, and not fused");
        assert!(!excluded(&pair(Grade::Named, &[flush]), &same), "fusing changes nothing beside it");
        assert!(!excluded(&pair(Grade::Named, &[flush, &[Liberty::Contract]]), &other), "it may be fused");
        assert!(!excluded(&pair(Grade::Named, &[factor]), &other), "the expression is another one");
        assert!(!excluded(&pair(Grade::Partly, &[flush]), &other), "nothing is proven");
        assert!(!excluded(&pair(Grade::Named, &[flush]), &|_| None), "it is not known");
        assert!(is_shown(&pair(Grade::Named, &[flush]), Liberty::Flush), "nothing else gives it");
        assert!(!is_shown(&pair(Grade::Named, &[flush, factor]), Liberty::Flush), "something else does");
    }
}
