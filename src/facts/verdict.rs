//! Which levels held for a problem on an engine, which failed, and which nothing tested: from the evidence in a record.

use super::cause::{Hypotheses, because, other_configuration};
use super::disorder::Unordered;
use super::severity::{Severity, severity};
use super::status::status_of;
use crate::model::Role;
use crate::model::record::{
    CaseRecord, Comparison, Engine, Evidence, Execution, Level, LevelState, Outcome, Record, Status, Verdict,
};

/// What a verdict says of a level.
#[must_use]
pub fn state(verdict: &Verdict, level: Level) -> LevelState {
    verdict.levels.iter().find(|(l, _)| *l == level).map_or(LevelState::Untested, |(_, s)| *s)
}

/// The strongest level below which every level was tested and held.
#[must_use]
pub fn strongest(levels: &[(Level, LevelState)]) -> Level {
    levels.iter().take_while(|(_, s)| *s == LevelState::Held).last().map_or(Level::NotGuaranteed, |(l, _)| *l)
}

/// The verdicts over all cases of a record: one for each problem on each engine that ran it. Nothing of what the record
/// states as its verdicts and statuses is read.
#[must_use]
pub fn verdicts(record: &Record) -> Vec<Verdict> {
    let mut problems: Vec<(&str, Vec<&CaseRecord>)> = Vec::new();
    let mut places = std::collections::HashMap::new();
    for case in &record.cases {
        let place = *places.entry(case.problem.as_str()).or_insert_with(|| {
            problems.push((&case.problem, Vec::new()));
            problems.len() - 1
        });
        if let Some((_, group)) = problems.get_mut(place) {
            group.push(case);
        }
    }
    let context = Context { record, hypotheses: Hypotheses::of(record), unordered: Unordered::of([record]) };
    problems.iter().flat_map(|(_, group)| record.engines.iter().filter_map(|e| context.verdict(e, group))).collect()
}

/// Whether a level failed because a configuration gave no result at all: nothing that was compared differs.
#[must_use]
pub fn gave_nothing(record: &Record, verdict: &Verdict) -> bool {
    let cases = || record.cases.iter().filter(|c| c.problem == verdict.problem);
    let mine = |x: &&Execution| x.engine == verdict.engine;
    let failed = |c: &CaseRecord| c.executions.iter().filter(mine).any(|x| matches!(x.outcome, Outcome::Failed { .. }));
    let differs = |case: &CaseRecord| {
        let of = |c: &&Comparison| c.axis.level() == Level::ConfigInvariant && c.right.is_of(&verdict.engine);
        case.comparisons.iter().filter(of).any(|c| !c.drift.is_none() && unsettled(record, case, c).is_none())
    };
    cases().any(failed) && !cases().any(differs)
}

/// The record as it is to be shown: its verdicts, the statuses of its rows and the references that they equal are those that
/// its evidence gives, whatever version of the program concluded them. Whether the file states what its evidence excludes is for [`super::soundness`]
/// to say, of the record as it was read.
#[must_use]
pub fn concluded(mut record: Record) -> Record {
    for case in &mut record.cases {
        let shown: Vec<_> = case.executions.iter().map(|x| (status_of(case, x), case.equalled(x))).collect();
        for (execution, (status, equals)) in case.executions.iter_mut().zip(shown) {
            (execution.status, execution.equals) = (status, equals);
        }
    }
    record.verdicts = verdicts(&record);
    record
}

/// What explains a failed level needs besides its comparison.
struct Context<'a> {
    record: &'a Record,
    hypotheses: Hypotheses,
    unordered: Unordered<'a>,
}

/// A case and what an engine did with it.
type Row<'a> = (&'a CaseRecord, &'a Execution);

impl Context<'_> {
    fn verdict(&self, engine: &Engine, group: &[&CaseRecord]) -> Option<Verdict> {
        let asked: Vec<Row<'_>> = group
            .iter()
            .filter_map(|case| Some((*case, case.executions.iter().find(|e| e.engine == engine.id)?)))
            .filter(|(_, e)| !matches!(e.outcome, Outcome::Skipped { .. }))
            .collect();
        let ran: Vec<_> = asked.iter().copied().filter(|(_, e)| matches!(e.outcome, Outcome::Ran { .. })).collect();
        let (first, _) = ran.first()?;
        let runs = |e: &Execution| if let Outcome::Ran { runs, .. } = e.outcome { Some(runs) } else { None };
        let runs = ran.iter().filter_map(|(_, e)| runs(e)).min().unwrap_or(0);
        let found: Vec<(Level, Found)> = Level::ALL
            .into_iter()
            .map(|level| {
                let found = match level {
                    Level::RunToRun => repeats(engine, &ran, runs),
                    // That planted defects differ from the strict interpreter says nothing of a driver.
                    Level::DriverToDriver if engine.is_reference() => Found::untested(),
                    // What is no WGSL has no launch: the same task ran twice.
                    Level::ConfigInvariant if engine.role() == Role::Remote => Found::untested(),
                    Level::ConfigInvariant => {
                        let found = self.pairs(engine, &ran, level);
                        if found.state == LevelState::Failed { found } else { failure(&asked).unwrap_or(found) }
                    }
                    _ => self.pairs(engine, &ran, level),
                };
                (level, found)
            })
            .collect();
        let levels: Vec<(Level, LevelState)> = found.iter().map(|(level, f)| (*level, f.state)).collect();
        let failed = found.into_iter().map(|(_, f)| f).find(|f| f.state == LevelState::Failed);
        let (because, evidence) = failed.map_or_else(Default::default, |f| (f.because, f.case));
        Some(Verdict {
            problem: first.problem.clone(),
            kernel: first.kernel.clone(),
            variant: first.variant.clone(),
            engine: engine.id.clone(),
            level: strongest(&levels),
            status: asked.iter().map(|(c, e)| status_of(c, e)).max().unwrap_or(Status::Failed),
            runs,
            because,
            evidence,
            levels,
        })
    }

    /// What comparisons with what else there is show of a level. Comparisons are of first runs, and a side with several
    /// results cannot agree in all of them: it shows that the bits differ from a reference, which has one result, and
    /// nothing of drivers, adapters or configurations.
    fn pairs(&self, engine: &Engine, ran: &[Row<'_>], level: Level) -> Found {
        let mut tested = false;
        let mut worst: Option<(&CaseRecord, &Comparison, Severity)> = None;
        let mut varying: Option<(&CaseRecord, &str)> = None;
        let mut chance = false;
        for (case, execution) in ran {
            for comparison in &case.comparisons {
                let concerned = comparison.right == engine.id || comparison.left == engine.id;
                if comparison.axis.level() != level || !concerned {
                    continue;
                }
                if let Some(varies) = unsettled(self.record, case, comparison) {
                    varying.get_or_insert((case, varies));
                    continue;
                }
                if self.unordered.is_chance(case, execution) {
                    chance = true;
                    continue;
                }
                tested = true;
                let severity = severity(case.dtype, &comparison.drift);
                if !comparison.drift.is_none() && worst.as_ref().is_none_or(|(_, _, w)| severity > *w) {
                    worst = Some((case, comparison, severity));
                }
            }
        }
        let of_reference = level == Level::CpuGpuBitwise;
        match (worst, varying) {
            (Some((case, comparison, _)), _) => Found {
                state: LevelState::Failed,
                because: because(self.record, &self.hypotheses, engine, case, comparison),
                case: Some(case.id.clone()),
            },
            (None, Some((case, varies))) if of_reference => Found {
                state: LevelState::Failed,
                because: format!("the runs of {varies} differ among themselves, so that not all can be equal"),
                case: Some(case.id.clone()),
            },
            (None, None) if tested && !chance => Found { state: LevelState::Held, because: String::new(), case: None },
            // That all else agrees is not the whole of it where something does not repeat.
            _ => Found::untested(),
        }
    }
}

/// The engine of a side of a comparison, another configuration included, whose runs differ among themselves: such a
/// comparison, of first runs, says nothing of its axis.
pub(super) fn unsettled<'c>(record: &'c Record, case: &'c CaseRecord, comparison: &Comparison) -> Option<&'c str> {
    let side = |e: &&Execution| comparison.left == e.engine || comparison.right == e.engine;
    let here = case.executions.iter().filter(side).map(|e| (case, e));
    let other = other_configuration(record, case, comparison);
    here.chain(other).find(|row| distinct(row) > 1).map(|(_, e)| e.engine.as_str())
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
fn distinct((case, execution): &Row<'_>) -> usize {
    Evidence::of(case, execution).distinct
}

/// A configuration that failed gave no result: the others cannot speak for it.
fn failure(asked: &[Row<'_>]) -> Option<Found> {
    asked.iter().find_map(|(case, execution)| {
        let Outcome::Failed { reason } = &execution.outcome else { return None };
        let because = format!("a configuration gave no result: {reason}");
        Some(Found { state: LevelState::Failed, because, case: Some(case.id.clone()) })
    })
}

fn repeats(engine: &Engine, ran: &[Row<'_>], runs: u32) -> Found {
    if let Some((case, execution)) = ran.iter().max_by_key(|row| distinct(row)).filter(|row| distinct(row) > 1) {
        let Outcome::Ran { runs, .. } = execution.outcome else { return Found::untested() };
        return Found {
            state: LevelState::Failed,
            because: format!(
                "{} distinct results in {runs} {}, {}",
                distinct(&(case, execution)),
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

#[cfg(test)]
mod tests {
    use super::super::made::{adapter, case, compared, engine, equal, execution, failed, ran, record};
    use super::*;
    use crate::model::record::{AxisLevel, Distinct, TwinDigest};
    use crate::model::{Arithmetic, Origin};

    fn of(engines: &[Engine], cases: &[&CaseRecord]) -> Vec<Verdict> {
        verdicts(&record(engines, cases))
    }

    #[test]
    fn no_level_stands_above_one_that_was_not_tested() {
        use LevelState::{Failed, Held, Untested};
        let with = |states: [LevelState; 5]| strongest(&Level::ALL.into_iter().zip(states).collect::<Vec<_>>());
        assert_eq!(
            with([Held, Untested, Untested, Untested, Held]),
            Level::RunToRun,
            "the CPU's bits, and untested below"
        );
        assert_eq!(with([Held, Held, Held, Held, Held]), Level::CpuGpuBitwise, "all of them");
        assert_eq!(with([Held, Held, Failed, Held, Held]), Level::ConfigInvariant, "one that failed");
        assert_eq!(with([Untested, Held, Held, Held, Held]), Level::NotGuaranteed, "one run");
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
        let whole = &of(std::slice::from_ref(&a), &[&first, &second])[0];
        assert_eq!((whole.level, whole.status), (Level::ConfigInvariant, Status::Unjudged), "without the failure");
        assert_eq!(state(whole, Level::CpuGpuBitwise), LevelState::Held, "held, above levels that nothing tested");
        let found = &of(&[a], &[&first, &second, &third])[0];
        assert_eq!((found.level, found.status), (Level::RunToRun, Status::Failed), "one configuration gave nothing");
        assert_eq!(state(found, Level::ConfigInvariant), LevelState::Failed, "not all configurations agree");
        assert_eq!(found.evidence.as_deref(), Some(third.id.as_str()), "the one that failed");
    }

    #[test]
    fn a_configuration_that_gave_nothing_is_none_that_changes_bits() {
        let first = case("wg=32", vec![ran("a", 1)], Vec::new());
        let gone = case("wg=128", vec![failed("a")], Vec::new());
        let whole = record(&[engine("a")], &[&first, &gone]);
        let found = &verdicts(&whole)[0];
        assert_eq!(state(found, Level::ConfigInvariant), LevelState::Failed, "not all configurations agree");
        assert!(gave_nothing(&whole, found), "and none that ran differs");
        let differs = compared(AxisLevel::Config, "a [wg=32]", "a", [1.0, 2.0]);
        let second = case("wg=64", vec![ran("a", 1)], vec![differs]);
        let whole = record(&[engine("a")], &[&first, &second, &gone]);
        let found = &verdicts(&whole)[0];
        assert!(!gave_nothing(&whole, found), "a difference comes before a result that is missing: {found:?}");
    }

    #[test]
    fn what_is_no_wgsl_has_no_configuration() {
        let same = equal(AxisLevel::Config, "remote:0 [wg=32]", "remote:0");
        let first = case("wg=32", vec![ran("remote:0", 1)], Vec::new());
        let second = case("wg=64", vec![ran("remote:0", 1)], vec![same]);
        let found = of(&[adapter("remote:0", "NumPy", 0, 0, "1")], &[&first, &second]);
        assert_eq!(state(&found[0], Level::ConfigInvariant), LevelState::Untested, "the same task ran twice");
    }

    #[test]
    fn a_first_run_does_not_speak_for_runs_that_differ() {
        let engines = [engine("a"), engine("b")];
        let one = case("wg=32", vec![ran("a", 1), ran("b", 3)], vec![equal(AxisLevel::Adapter, "a", "b")]);
        let found = of(&engines, &[&one]);
        assert_eq!(found[0].level, Level::RunToRun, "a repeats");
        for verdict in &found {
            assert_eq!(
                state(verdict, Level::GpuToGpu),
                LevelState::Untested,
                "{}: b has three results",
                verdict.engine
            );
        }
        assert_eq!(found[0].because, "", "what does not repeat shows nothing of adapters");
        let differ = compared(AxisLevel::Adapter, "a", "c", [1.0, 2.0]);
        let reference = TwinDigest { arithmetic: Arithmetic::STRICT, digest: "0e".repeat(16) };
        let three = [engine("a"), engine("b"), engine("c")];
        let settled = case(
            "wg=32",
            vec![ran("a", 1), ran("b", 3), ran("c", 1)],
            vec![equal(AxisLevel::Adapter, "a", "b"), differ],
        );
        let found = of(&three, &[&settled]);
        assert_eq!(state(&found[0], Level::GpuToGpu), LevelState::Untested, "without a fixed order it is chance");
        let settled = CaseRecord { twins: vec![reference], ..settled };
        let found = of(&three, &[&settled]);
        assert_eq!(state(&found[0], Level::GpuToGpu), LevelState::Failed, "a and c repeat and differ");
        assert_eq!(state(&found[1], Level::GpuToGpu), LevelState::Untested, "b was compared in one run of three");
        let strict = case("wg=32", vec![ran("b", 3)], vec![equal(AxisLevel::Engine, "cpu separate", "b")]);
        let found = &of(&[engine("b")], &[&strict])[0];
        assert_eq!(state(found, Level::CpuGpuBitwise), LevelState::Failed, "the reference has one result");
        let both = case("wg=32", vec![ran("a", 1), ran("b", 1)], vec![equal(AxisLevel::Adapter, "a", "b")]);
        assert_eq!(state(&of(&engines, &[&both])[0], Level::GpuToGpu), LevelState::Held, "both repeat");
    }

    #[test]
    fn what_agrees_by_chance_holds_no_level() {
        let engines = [engine("a"), engine("b"), adapter("embedded:0", "interpreter", 0, 0, "0.1, strict")];
        let of_both = |embedded: u32, twins: &[TwinDigest]| {
            let all = vec![ran("a", 1), ran("b", 1), ran("embedded:0", embedded)];
            let one = case("wg=32", all, vec![equal(AxisLevel::Adapter, "a", "b")]);
            state(&of(&engines, &[&CaseRecord { twins: twins.to_vec(), ..one }])[0], Level::GpuToGpu)
        };
        let reference = TwinDigest { arithmetic: Arithmetic::STRICT, digest: "0e".repeat(16) };
        assert_eq!(of_both(1, &[]), LevelState::Held, "nothing shows that the order matters");
        assert_eq!(of_both(3, &[]), LevelState::Untested, "the interpreter shows that it does");
        assert_eq!(of_both(3, &[reference]), LevelState::Held, "the order is fixed");
    }

    #[test]
    fn nan_of_another_payload_breaks_no_level() {
        let (quiet, other) = (f32::from_bits(0x7fc0_0000), f32::from_bits(0xffc0_0001));
        let repeat = compared(AxisLevel::Repeat, "a run 1", "a", [quiet, other]);
        let found = case(
            "wg=32",
            vec![ran("a", 2), ran("b", 1)],
            vec![repeat, compared(AxisLevel::Adapter, "a", "b", [quiet, other])],
        );
        let verdict = &of(&[engine("a"), engine("b")], &[&found])[0];
        assert_eq!(state(verdict, Level::RunToRun), LevelState::Held, "every run gave NaN: {verdict:?}");
        assert_eq!(state(verdict, Level::GpuToGpu), LevelState::Held, "and every adapter");
        assert_eq!(verdict.status, Status::Unjudged, "nothing varies");
    }

    /// What an older version called a failure, since it held two NaN for different, is no contradiction; what no version could
    /// say is one.
    #[test]
    fn what_a_file_states_is_held_against_its_evidence_and_not_against_this_version() {
        let (quiet, other) = (f32::from_bits(0x7fc0_0000), f32::from_bits(0xffc0_0001));
        let compared = |values| compared(AxisLevel::Adapter, "a", "b", values);
        let engines = [engine("a"), engine("b")];
        let stating = |results: u32, values: [f32; 2], change: &dyn Fn(&mut Verdict)| {
            let mut right = ran("b", 1);
            if let (Outcome::Ran { distinct, .. }, true) =
                (&mut right.outcome, values.map(f32::to_bits) != [values[0].to_bits(); 2])
            {
                distinct[0].digest = "0b".repeat(16);
            }
            let one = case("wg=32", vec![ran("a", results), right], vec![compared(values)]);
            let mut record = record(&engines, &[&one]);
            record.verdicts = verdicts(&record);
            assert!(contradictions(&record).is_empty(), "{:?}", contradictions(&record));
            change(&mut record.verdicts[0]);
            contradictions(&record)
        };
        let set = |place: usize, state| move |v: &mut Verdict| v.levels[place].1 = state;
        let gpu = Level::ALL.iter().position(|l| *l == Level::GpuToGpu).expect("a level");
        assert!(stating(1, [quiet, other], &set(gpu, LevelState::Failed)).is_empty(), "NaN of another payload");
        assert_eq!(stating(1, [1.0, 1.0], &set(gpu, LevelState::Failed)).len(), 1, "nothing differs");
        assert_eq!(stating(1, [1.0, 2.0], &set(gpu, LevelState::Held)).len(), 1, "something differs");
        assert_eq!(stating(2, [1.0, 1.0], &set(0, LevelState::Held)).len(), 1, "two results");
        assert_eq!(stating(1, [1.0, 2.0], &|v| v.level = Level::GpuToGpu).len(), 1, "the level itself");
        assert_eq!(stating(2, [1.0, 1.0], &|v| v.status = Status::Unjudged).len(), 1, "a better status");
        assert!(
            stating(1, [1.0, 1.0], &|v| v.status = Status::WithinSpecification).is_empty(),
            "before it was unjudged"
        );
    }

    fn contradictions(record: &Record) -> Vec<String> {
        let all = crate::facts::soundness(record).reasons;
        all.into_iter().filter(|r| r.fault == crate::facts::Fault::Contradiction).map(|r| r.text).collect()
    }

    #[test]
    fn a_generator_is_cleared_only_where_its_words_agree_on_both_sides() {
        let engines = [engine("a"), engine("b")];
        let origin = Origin {
            what: "the generator's words".to_owned(),
            problem: "philox/element?n=1&seed=7".to_owned(),
            prefix: true,
            then: "a conversion".to_owned(),
        };
        let differ = compared(AxisLevel::Adapter, "a", "b", [1.0, 2.0]);
        let numbers =
            CaseRecord { origin: Some(origin), ..case("wg=32", vec![ran("a", 1), ran("b", 1)], vec![differ]) };
        let because = |words: &[&CaseRecord]| {
            let cases: Vec<_> = [&[&numbers][..], words].concat();
            of(&engines, &cases)[1].because.clone()
        };
        let agree = "the generator's words agree (philox/element?n=2&seed=7), and the cause lies in a conversion";
        let strict = TwinDigest { arithmetic: Arithmetic::STRICT, digest: format!("{:032x}", 0) };
        let with = |b: Execution| CaseRecord {
            id: "philox/element?n=2&seed=7".to_owned(),
            problem: "philox/element?n=2&seed=7".to_owned(),
            twins: vec![strict.clone()],
            ..case("wg=32", vec![ran("a", 1), b], Vec::new())
        };
        let good = with(ran("b", 1));
        assert!(because(&[&good]).ends_with(agree), "{}", because(&[&good]));
        let mut other = ran("b", 1);
        if let Outcome::Ran { distinct, .. } = &mut other.outcome {
            *distinct = vec![Distinct { digest: "f".repeat(32), runs: 2, bits: None }];
        }
        let skipped = execution("b", Outcome::Skipped { why: crate::model::Skip::CpuOnly }, Status::Skipped);
        for b in [other, ran("b", 2), skipped, failed("b")] {
            let bad = with(b.clone());
            assert!(!because(&[&bad]).contains("agree"), "words that are {b:?} on one side");
            assert!(!because(&[&good, &bad]).contains("agree"), "and so in one configuration");
        }
        assert!(!because(&[]).contains("agree"), "words that were not audited");
        let elsewhere = CaseRecord { problem: "philox/element?n=2&seed=8".to_owned(), ..with(ran("b", 1)) };
        assert!(!because(&[&elsewhere]).contains("agree"), "words of another seed");
    }
}
