//! Sums that carry their rounding errors along, and engines on which they do not.

use std::collections::{BTreeMap, BTreeSet};

use crate::model::Observation;
use crate::record::{CaseRecord, Engine, Execution, Outcome, Record};

/// The variants whose compensation a driver loses, such as `sum/kahan`, each with the engines; planted ones are no driver.
///
/// Lost is one that gives, in every case of the variant on inputs where compensation shows, the bits of the plain sum in the
/// same order. It shows where the engine's result is not that of strict arithmetic: where both are the plain sum's, the inputs
/// have no errors to carry.
#[must_use]
pub fn lost(record: &Record) -> BTreeMap<String, BTreeSet<&str>> {
    let driver = |id: &str| record.engine(id).is_some_and(Engine::is_driver);
    let (mut lost, mut kept) = (BTreeMap::<_, BTreeSet<&str>>::new(), BTreeSet::new());
    for case in &record.cases {
        for execution in case.executions.iter().filter(|x| driver(&x.engine)) {
            let (path, engine) = (case.path(), execution.engine.as_str());
            match is_plain(case, execution) {
                Some(true) => _ = lost.entry(path).or_default().insert(engine),
                Some(false) => _ = kept.insert((path, engine)),
                None => {}
            }
        }
    }
    for (path, engines) in &mut lost {
        engines.retain(|engine| !kept.contains(&(path.clone(), *engine)));
    }
    lost.retain(|_, engines| !engines.is_empty());
    lost
}

/// Whether a result is the plain sum's and not the compensated one's; `None` where the two are equal, no reference tells them
/// apart, or runs differ.
fn is_plain(case: &CaseRecord, execution: &Execution) -> Option<bool> {
    let plain = execution.observations.iter().find(|o| o.name == Observation::COMPENSATION_LOST)?.value > 0.0;
    let repeats = matches!(&execution.outcome, Outcome::Ran { distinct, .. } if distinct.len() == 1);
    let compensated = case.strict()? == execution.first()?;
    (repeats && !(plain && compensated)).then_some(plain)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::made::{adapter, case, ran, record};
    use crate::model::record::TwinDigest;
    use crate::numerics::arith::Arithmetic;

    /// A sum on an engine: whether it is the plain one, and whether it is that of strict arithmetic.
    fn on(engine: &str, config: &str, plain: bool, strict: bool) -> CaseRecord {
        let mut run = ran(engine, 1);
        run.observations = vec![Observation::new(Observation::COMPENSATION_LOST, f64::from(u8::from(plain)), "")];
        let reference = if strict { run.first().expect("a digest").to_owned() } else { "f".repeat(32) };
        let mut out = case(config, vec![run], Vec::new());
        out.variant = "kahan".to_owned();
        out.twins = vec![TwinDigest { arithmetic: Arithmetic::STRICT, digest: reference }];
        out
    }

    fn sum(config: &str, plain: bool, strict: bool) -> CaseRecord {
        on("vulkan:0", config, plain, strict)
    }

    fn found(cases: &[&CaseRecord]) -> Vec<String> {
        let engines = [adapter("vulkan:0", "a", 1, 1, "1")];
        lost(&record(&engines, cases)).into_keys().collect()
    }

    #[test]
    fn what_is_the_plain_sum_where_the_errors_show_is_lost() {
        let (lost, kept, alike) = (sum("a", true, false), sum("b", false, true), sum("c", true, true));
        let other = sum("d", false, false);
        assert_eq!(found(&[&lost]), ["sum/kahan"]);
        assert_eq!(found(&[&lost, &alike]), ["sum/kahan"], "inputs without errors show nothing");
        assert!(found(&[&alike]).is_empty(), "inputs without errors show nothing");
        assert!(found(&[&kept]).is_empty() && found(&[&other]).is_empty());
        assert!(found(&[&lost, &kept]).is_empty(), "of one launch only: the compensation is not gone from the variant");
    }

    #[test]
    fn without_a_strict_reference_nothing_is_lost() {
        let mut case = sum("a", true, false);
        case.twins.clear();
        assert!(found(&[&case]).is_empty());
    }

    #[test]
    fn a_planted_engine_is_no_machine() {
        let case = on("embedded:1", "a", true, false);
        assert!(lost(&record(&[adapter("embedded:1", "interpreter", 0, 0, "0.1, reassociate")], &[&case])).is_empty());
    }
}
