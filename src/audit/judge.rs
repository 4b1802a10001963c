//! From comparisons to verdicts. Knows only what is in the record.

use crate::numerics::arith::Arithmetic;
use crate::numerics::drift::Drift;
use crate::record::{
    AxisLevel, CaseRecord, Comparison, Engine, Execution, Level, LevelState, Outcome, Status, Verdict, after_origin,
};

/// What an execution's row says. `strict` is the strict twin's digest; `outside` the number of elements that the
/// specification does not allow, over all distinct results that were kept, and `None` where that is not known.
pub(super) fn status(digests: &[&str], strict: Option<&str>, outside: Option<u64>) -> Status {
    match digests {
        [] => Status::Failed,
        [only] if strict == Some(*only) => Status::BitExact,
        _ if outside.is_some_and(|n| n > 0) => Status::OutsideSpecification,
        [_] if outside.is_none() => Status::Unjudged,
        [_] => Status::WithinSpecification,
        _ => Status::NotRepeatable,
    }
}

/// The verdicts over all cases: one for each problem on each engine that ran it.
pub(super) fn verdicts(engines: &[Engine], cases: &[&CaseRecord]) -> Vec<Verdict> {
    let mut problems: Vec<&str> = Vec::new();
    for case in cases {
        if !problems.contains(&case.problem.as_str()) {
            problems.push(&case.problem);
        }
    }
    let mut out = Vec::new();
    for problem in problems {
        let group: Vec<_> = cases.iter().copied().filter(|c| c.problem == problem).collect();
        for engine in engines {
            out.extend(verdict(engine, &group, cases));
        }
    }
    out
}

fn verdict(engine: &Engine, group: &[&CaseRecord], all: &[&CaseRecord]) -> Option<Verdict> {
    let asked: Vec<(&CaseRecord, &Execution)> = group
        .iter()
        .filter_map(|case| Some((*case, case.executions.iter().find(|e| e.engine == engine.id)?)))
        .filter(|(_, e)| !matches!(e.outcome, Outcome::Skipped { .. }))
        .collect();
    let ran: Vec<_> = asked.iter().copied().filter(|(_, e)| matches!(e.outcome, Outcome::Ran { .. })).collect();
    let (first, _) = ran.first()?;
    let runs = ran
        .iter()
        .filter_map(|(_, e)| if let Outcome::Ran { runs, .. } = e.outcome { Some(runs) } else { None })
        .min()
        .unwrap_or(0);
    let levels: Vec<_> = [
        (Level::RunToRun, repeats(engine, &ran, runs)),
        (
            Level::ConfigInvariant,
            failure(&asked).unwrap_or_else(|| pairs(engine, &ran, all, &[AxisLevel::Config, AxisLevel::Threads])),
        ),
        // That planted defects differ from the strict interpreter says nothing of that.
        (
            Level::DriverToDriver,
            if engine.is_reference() { Found::untested() } else { pairs(engine, &ran, all, &[AxisLevel::Driver]) },
        ),
        (Level::GpuToGpu, pairs(engine, &ran, all, &[AxisLevel::Adapter])),
        (Level::CpuGpuBitwise, pairs(engine, &ran, all, &[AxisLevel::Engine])),
    ]
    .into_iter()
    .collect();
    let mut level = Level::NotGuaranteed;
    for (candidate, found) in &levels {
        match found.state {
            LevelState::Held => level = *candidate,
            LevelState::Failed => break,
            LevelState::Untested => {}
        }
    }
    let failed = levels.iter().find(|(_, found)| found.state == LevelState::Failed);
    Some(Verdict {
        problem: first.problem.clone(),
        kernel: first.kernel.clone(),
        variant: first.variant.clone(),
        engine: engine.id.clone(),
        level,
        status: asked.iter().map(|(_, e)| e.status).max().unwrap_or(Status::Failed),
        runs,
        because: failed.map(|(_, f)| f.because.clone()).unwrap_or_default(),
        evidence: failed.and_then(|(_, f)| f.case.clone()),
        levels: levels.into_iter().map(|(level, found)| (level, found.state)).collect(),
    })
}

/// What was found of one level.
struct Found {
    state: LevelState,
    because: String,
    case: Option<String>,
}

impl Found {
    fn untested() -> Self {
        Self { state: LevelState::Untested, because: String::new(), case: None }
    }
}

/// How many distinct results an execution gave.
fn distinct(execution: &Execution) -> usize {
    if let Outcome::Ran { distinct, .. } = &execution.outcome { distinct.len() } else { 0 }
}

/// A configuration that failed gave no result: the others can not speak for it.
fn failure(asked: &[(&CaseRecord, &Execution)]) -> Option<Found> {
    asked.iter().find_map(|(case, execution)| {
        let Outcome::Failed { reason } = &execution.outcome else { return None };
        let because = format!("a configuration gave no result: {reason}");
        Some(Found { state: LevelState::Failed, because, case: Some(case.id.clone()) })
    })
}

fn repeats(engine: &Engine, ran: &[(&CaseRecord, &Execution)], runs: u32) -> Found {
    if let Some((case, execution)) = ran.iter().max_by_key(|(_, e)| distinct(e)).filter(|(_, e)| distinct(e) > 1) {
        let Outcome::Ran { runs, .. } = execution.outcome else { return Found::untested() };
        return Found {
            state: LevelState::Failed,
            because: format!(
                "{} distinct results in {runs} {}, {}",
                distinct(execution),
                if engine.takes_orders() { "orders of execution" } else { "runs" },
                if case.twins.is_empty() {
                    "of operations whose order is not fixed"
                } else {
                    "although the shader fixes the order of operations"
                }
            ),
            case: Some(case.id.clone()),
        };
    }
    // One run says nothing of another.
    if runs < 2 {
        return Found::untested();
    }
    Found { state: LevelState::Held, because: String::new(), case: None }
}

fn pairs(engine: &Engine, ran: &[(&CaseRecord, &Execution)], all: &[&CaseRecord], axes: &[AxisLevel]) -> Found {
    let mut tested = false;
    let mut worst: Option<(&CaseRecord, &Execution, &Comparison)> = None;
    // Comparisons are of first runs. A side with several results can not agree in all of them, whatever the first does.
    let mut unsettled: Option<(&CaseRecord, &str)> = ran
        .iter()
        .find(|(_, execution)| distinct(execution) > 1)
        .map(|(case, execution)| (*case, execution.engine.as_str()));
    for (case, execution) in ran {
        for comparison in &case.comparisons {
            let concerned = comparison.right == engine.id || comparison.left == engine.id;
            if !axes.contains(&comparison.axis) || !concerned {
                continue;
            }
            tested = true;
            let varies =
                |e: &&Execution| (comparison.left == e.engine || comparison.right == e.engine) && distinct(e) > 1;
            if let Some(other) = case.executions.iter().find(varies) {
                unsettled.get_or_insert((case, &other.engine));
            }
            let worse = worst.is_none_or(|(_, _, w)| weight(&comparison.drift) > weight(&w.drift));
            if !comparison.drift.is_none() && worse {
                worst = Some((case, execution, comparison));
            }
        }
    }
    match worst {
        Some((case, execution, comparison)) => Found {
            state: LevelState::Failed,
            because: [
                Some(explain(engine, case, execution, comparison)),
                after_origin(all.iter().copied(), case, comparison),
            ]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>()
            .join("; "),
            case: Some(case.id.clone()),
        },
        None if tested && let Some((case, varies)) = unsettled => Found {
            state: LevelState::Failed,
            because: format!("the runs of {varies} differ among themselves, so that not all can be equal"),
            case: Some(case.id.clone()),
        },
        None if tested => Found { state: LevelState::Held, because: String::new(), case: None },
        None => Found::untested(),
    }
}

/// Worse drift weighs more: NaN, then infinities, then how many elements and how far.
fn weight(drift: &Drift) -> (u64, u64, u64, u64) {
    (drift.classes.nan_versus_number, drift.classes.infinite, drift.max_ulp, drift.differing)
}

/// Why a comparison differs, in one sentence, as far as the twins tell.
fn explain(engine: &Engine, case: &CaseRecord, execution: &Execution, comparison: &Comparison) -> String {
    let drift = &comparison.drift;
    let size = size(drift);
    match comparison.axis {
        AxisLevel::Config => format!("differs from {}: {size}", comparison.left),
        AxisLevel::Threads => format!("{} differs from {}: {size}", comparison.right, comparison.left),
        AxisLevel::Driver | AxisLevel::Adapter => {
            let other = if comparison.left.is_of(&engine.id) { &comparison.right } else { &comparison.left };
            // Of a side that takes a liberty, the twin that takes it too says which.
            let strict = execution.equals.contains(&Arithmetic::STRICT);
            let cause = liberty(&execution.equals).filter(|_| !strict).map(|c| format!("{c}; ")).unwrap_or_default();
            format!("{cause}differs from {other}: {size}")
        }
        AxisLevel::Repeat => format!("differs from run to run: {size}"),
        AxisLevel::Engine => match cause(&execution.equals, drift) {
            Some(cause) => format!("{cause}: {size}"),
            None if case.dtype.is_float() => format!("differs from the twin in every arithmetic: {size}"),
            None => format!("differs from the twin: {size}"),
        },
    }
}

/// How large a drift is, in words.
pub(super) fn size(drift: &Drift) -> String {
    let c = &drift.classes;
    let mut parts = Vec::new();
    if c.finite > 0 {
        parts.push(format!("{} of {} elements, up to {} ulp", c.finite, drift.elements, drift.max_ulp));
    }
    let kinds = [
        (c.flushed, "zero against subnormal"),
        (c.zero_sign, "zero of the other sign"),
        (c.infinite, "infinity against a number"),
        (c.nan_versus_number, "NaN against a number"),
        (c.nan_payload, "NaN of another payload"),
    ];
    parts.extend(kinds.into_iter().filter(|(n, _)| *n > 0).map(|(n, what)| format!("{n} × {what}")));
    parts.join(", ")
}

/// What explains a drift from the strict twin: the liberties of a twin that is equal, or else its kind.
fn cause(equals: &[Arithmetic], drift: &Drift) -> Option<String> {
    if let Some(liberty) = liberty(equals) {
        return Some(liberty);
    }
    let c = &drift.classes;
    if c.flushed > 0 && c.flushed == drift.differing {
        return Some("one side has zeros where the other has subnormals".to_owned());
    }
    (c.nan_payload == drift.differing).then(|| "only the payloads of NaN differ".to_owned())
}

/// The liberties of the twins that an output equals; `None` where it equals none, or the strict one alone.
fn liberty(equals: &[Arithmetic]) -> Option<String> {
    let fused = "multiply and add are fused";
    let split = "the built-in fma is expanded into two roundings";
    let alone = [
        (Arithmetic::FUSED, fused, "the fused twin"),
        (Arithmetic::SPLIT, split, "the twin that splits it"),
        (Arithmetic::FLUSH, "subnormals are flushed", "the flushing twin"),
    ];
    let found: Vec<_> = alone.iter().filter(|(a, ..)| equals.contains(a)).collect();
    match found[..] {
        [] => {}
        [(_, what, twin)] => return Some(format!("{what} (equals {twin})")),
        _ => {
            let causes: Vec<&str> = found.iter().map(|(_, what, _)| *what).collect();
            return Some(format!("{} (those twins are equal here)", causes.join(" or ")));
        }
    }
    let both = [(Arithmetic::FUSED, fused), (Arithmetic::SPLIT, split)];
    let found = both.iter().find(|(a, _)| equals.contains(&Arithmetic { flush: true, ..*a }));
    found.map(|(_, what)| format!("{what} and subnormals flushed (equals that twin)"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kernels::Origin;
    use crate::model::bits::{Bits, Dtype};
    use crate::numerics::drift::measure;
    use crate::record::{Dispersion, Distinct, EngineKind, EngineStatus};

    fn engine(id: &str) -> Engine {
        Engine {
            id: id.to_owned(),
            label: id.to_owned(),
            kind: EngineKind::Adapter,
            adapter: None,
            variables: std::collections::BTreeMap::new(),
            status: EngineStatus::Complete,
        }
    }

    fn execution(engine: &str, outcome: Outcome, status: Status) -> Execution {
        Execution {
            engine: engine.to_owned(),
            outcome,
            status,
            equals: Vec::new(),
            accuracy: None,
            observations: Vec::new(),
            findings: Vec::new(),
            samples: Vec::new(),
            seconds: 0.0,
        }
    }

    fn ran(engine: &str, results: u32) -> Execution {
        let distinct = (0..results).map(|i| Distinct { digest: format!("{i:032x}"), runs: 1 }).collect();
        let dispersion = Dispersion { entropy: 0.0, mode_share: 1.0, rate_below: 1.0, variability: 0.0 };
        let status = if results == 1 { Status::BitExact } else { Status::NotRepeatable };
        execution(engine, Outcome::Ran { runs: results.max(2), distinct, dispersion }, status)
    }

    fn failed(engine: &str) -> Execution {
        execution(engine, Outcome::Failed { reason: "it crashed".to_owned() }, Status::Failed)
    }

    fn equal(axis: AxisLevel, left: &str, right: &str) -> Comparison {
        let bits = Bits::f32(&[1.0]);
        let drift = measure(&bits, &bits).expect("one shape");
        Comparison { axis, left: left.into(), right: right.into(), drift }
    }

    fn case(config: &str, executions: Vec<Execution>, comparisons: Vec<Comparison>) -> CaseRecord {
        CaseRecord {
            id: format!("sum/serial_tree?n=1&{config}"),
            kernel: "sum".to_owned(),
            variant: "serial_tree".to_owned(),
            problem: "sum/serial_tree?n=1".to_owned(),
            config: config.to_owned(),
            dtype: Dtype::F32,
            elements: 1,
            shader: None,
            twins: Vec::new(),
            twin_accuracy: None,
            origin: None,
            executions,
            comparisons,
        }
    }

    fn state(verdict: &Verdict, level: Level) -> LevelState {
        verdict.levels.iter().find(|(l, _)| *l == level).expect("every level is listed").1
    }

    #[test]
    fn a_configuration_that_failed_is_not_passed_over() {
        let a = engine("a");
        let first = case("wg=32", vec![ran("a", 1)], vec![equal(AxisLevel::Engine, "cpu separate", "a")]);
        let second = case(
            "wg=64",
            vec![ran("a", 1)],
            vec![equal(AxisLevel::Engine, "cpu separate", "a"), equal(AxisLevel::Config, "a [wg=32]", "a")],
        );
        let third = case("wg=128", vec![failed("a")], Vec::new());
        let whole = &verdicts(std::slice::from_ref(&a), &[&first, &second])[0];
        assert_eq!((whole.level, whole.status), (Level::CpuGpuBitwise, Status::BitExact), "without the failure");
        let found = &verdicts(&[a], &[&first, &second, &third])[0];
        assert_eq!((found.level, found.status), (Level::RunToRun, Status::Failed), "one configuration gave nothing");
        assert_eq!(state(found, Level::ConfigInvariant), LevelState::Failed, "not all configurations agree");
        assert_eq!(found.evidence.as_deref(), Some(third.id.as_str()), "the one that failed");
    }

    #[test]
    fn a_first_run_does_not_speak_for_runs_that_differ() {
        let engines = [engine("a"), engine("b")];
        let one = case("wg=32", vec![ran("a", 1), ran("b", 3)], vec![equal(AxisLevel::Adapter, "a", "b")]);
        let found = verdicts(&engines, &[&one]);
        assert_eq!(found[0].level, Level::RunToRun, "a repeats");
        for verdict in &found {
            assert_eq!(state(verdict, Level::GpuToGpu), LevelState::Failed, "{}: b has three results", verdict.engine);
        }
        assert!(found[0].because.contains("runs of b differ"), "{}", found[0].because);
        let both = case("wg=32", vec![ran("a", 1), ran("b", 1)], vec![equal(AxisLevel::Adapter, "a", "b")]);
        assert_eq!(state(&verdicts(&engines, &[&both])[0], Level::GpuToGpu), LevelState::Held, "both repeat");
    }

    #[test]
    fn a_generator_is_cleared_only_where_its_words_agree_on_both_sides() {
        let engines = [engine("a"), engine("b")];
        let differ = || Comparison {
            drift: measure(&Bits::f32(&[1.0]), &Bits::f32(&[2.0])).expect("one shape"),
            ..equal(AxisLevel::Adapter, "a", "b")
        };
        let origin = Origin {
            what: "the generator's words".to_owned(),
            problem: "philox/element?n=1&seed=7".to_owned(),
            prefix: true,
            then: "a conversion".to_owned(),
        };
        let numbers =
            CaseRecord { origin: Some(origin), ..case("wg=32", vec![ran("a", 1), ran("b", 1)], vec![differ()]) };
        let because = |words: &[&CaseRecord]| {
            let cases: Vec<_> = [&[&numbers][..], words].concat();
            verdicts(&engines, &cases)[1].because.clone()
        };
        let agree = "the generator's words agree (philox/element?n=2&seed=7), and the cause lies in a conversion";
        let with = |status: Status| CaseRecord {
            problem: "philox/element?n=2&seed=7".to_owned(),
            ..case("wg=32", vec![ran("a", 1), Execution { status, ..ran("b", 1) }], Vec::new())
        };
        let good = with(Status::BitExact);
        assert!(because(&[&good]).ends_with(agree), "{}", because(&[&good]));
        for status in [Status::WithinSpecification, Status::NotRepeatable, Status::Skipped, Status::Failed] {
            let bad = with(status);
            assert!(!because(&[&bad]).contains("agree"), "words that are {status:?} on one side");
            assert!(!because(&[&good, &bad]).contains("agree"), "and so in one configuration");
        }
        assert!(!because(&[]).contains("agree"), "words that were not audited");
        let elsewhere = CaseRecord { problem: "philox/element?n=2&seed=8".to_owned(), ..with(Status::BitExact) };
        assert!(!because(&[&elsewhere]).contains("agree"), "words of another seed");
    }

    #[test]
    fn causes_are_only_those_that_are_shown() {
        let bits = Bits::f32(&[1.0]);
        let drift = measure(&bits, &Bits::f32(&[2.0])).expect("one shape");
        let of = |equals: &[Arithmetic]| cause(equals, &drift).unwrap_or_default();
        let (fused, split, flush) = (Arithmetic::FUSED, Arithmetic::SPLIT, Arithmetic::FLUSH);
        assert!(of(&[fused]).contains("fused") && !of(&[fused]).contains("flushed"), "one twin");
        assert!(of(&[fused, flush]).contains(" or "), "two twins that are equal");
        assert!(of(&[split]).contains("fma is expanded into two roundings"), "an fma that is split");
        let both = of(&[Arithmetic { flush: true, ..split }]);
        assert!(both.contains("expanded") && both.contains("flushed"), "{both}");
        assert_eq!(cause(&[], &drift), None, "no twin");
    }
}
