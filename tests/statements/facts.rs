//! Statements about facts that were wrong once.

use std::cmp::Ordering;

use proptest::prelude::*;
use repro_audit::facts::{self, Asked, Consequence, Step};
use repro_audit::kernels;
use repro_audit::model::bits::{Bits, Dtype};
use repro_audit::model::{Allowance, Exact, Interval};
use repro_audit::numerics::drift::{Drift, accuracy, measure};
use repro_audit::record::{Engine, Evidence, Level, LevelState, Status, Verdict};

use crate::broken;

#[test]
fn every_broken_record_has_a_reason_and_a_sentence_that_comes_first() {
    let sound = broken::sound();
    assert_eq!(facts::soundness(&sound).reasons, [], "nothing is wrong with this one");
    for (name, record, fault) in broken::records(&sound) {
        let found = facts::soundness(&record);
        assert!(found.reasons.iter().any(|r| r.fault == fault), "{name}: {found:?}");
        let title = found.title().unwrap_or_default();
        let start = if found.consequence() == Some(Consequence::Invalid) { "Invalid" } else { "Incomplete" };
        assert!(title.starts_with(start), "{name}: {title}");
        assert!(!found.reasons.iter().any(|r| r.text.contains(['\n', '\u{1b}'])), "{name}: one harmless line");
        if found.is_invalid() {
            let verdicts = facts::verdicts(&record);
            assert_eq!(facts::advice(&record, &found, &verdicts), [], "{name}: nothing is advised of it");
            assert_eq!(facts::next(&record, &found, &verdicts, Asked::Audit), Some(Step::Discard), "{name}");
        }
    }
}

#[test]
fn no_level_of_the_interpreter_stands_above_levels_that_nothing_tested() {
    let record = broken::sound();
    for verdict in facts::verdicts(&record) {
        for (level, state) in verdict.levels.iter().filter(|(l, _)| *l <= verdict.level) {
            assert_eq!(*state, LevelState::Held, "{} is at {:?} over {level:?}", verdict.engine, verdict.level);
        }
    }
}

#[test]
fn what_a_file_states_as_its_verdicts_is_not_believed() {
    let sound = broken::sound();
    let forged = broken::changed(&sound, |r| {
        for verdict in &mut r.verdicts {
            verdict.level = Level::CpuGpuBitwise;
            verdict.levels.iter_mut().for_each(|(_, state)| *state = LevelState::Held);
        }
    });
    assert_eq!(facts::verdicts(&forged), facts::verdicts(&sound), "from the evidence");
    assert_eq!(facts::concluded(forged).verdicts, facts::verdicts(&sound), "and so it is shown");
}

fn drift(left: &[u32], right: &[u32]) -> Drift {
    let bits = |words: &[u32]| Bits::words(Dtype::F32, words.to_vec());
    measure(&bits(left), &bits(right)).expect("one shape")
}

#[test]
fn nan_against_a_number_is_worse_than_any_distance() {
    let one = 0x3f80_0000;
    let nan = facts::severity(Dtype::F32, &drift(&[one, one], &[0x7fc0_0000, one]));
    let infinite = facts::severity(Dtype::F32, &drift(&[one, one], &[0x7f80_0000, one]));
    let far = facts::severity(Dtype::F32, &drift(&[one, one], &[0x7f7f_ffff, 0xff7f_ffff]));
    assert!(nan > infinite && infinite > far, "{nan:?} {infinite:?} {far:?}");
    // Subnormals: many units in the last place, and next to nothing.
    let tiny = facts::severity(Dtype::F32, &drift(&[0x0080_0000, one], &[0x0080_0001, one]));
    assert!(far > tiny, "the relative size is what counts");
}

#[test]
fn zero_against_a_number_is_worse_than_the_last_place_of_others() {
    let one = 0x3f80_0000;
    let both = facts::severity(Dtype::F32, &drift(&[0, one], &[one, one + 1]));
    let half = facts::severity(Dtype::F32, &drift(&[one, one], &[0x3f40_0000, one]));
    assert!(both > half, "all of a number, and not a part: {both:?} {half:?}");
    assert_eq!(
        drift(&[0, one, 0], &[1, one, 0x8000_0000]).from_zero,
        0,
        "a subnormal or another zero is no such number"
    );
    assert_eq!(drift(&[one], &[0]).from_zero, 0, "nor what becomes zero, of which the relative distance is 1");
}

fn word() -> impl Strategy<Value = u32> {
    prop_oneof![
        any::<u32>(),
        Just(0),
        Just(0x8000_0000),
        Just(0x3f80_0000),
        Just(0x7f80_0000),
        Just(0x7fc0_0000),
        Just(0xffc0_0001),
        Just(1)
    ]
}

fn words() -> impl Strategy<Value = Vec<(u32, u32)>> {
    prop::collection::vec((word(), word()), 4)
}

fn state() -> impl Strategy<Value = LevelState> {
    prop_oneof![Just(LevelState::Held), Just(LevelState::Failed), Just(LevelState::Untested)]
}

proptest! {
    #[test]
    fn severity_is_a_total_order(all in prop::collection::vec(words(), 3)) {
        let of = |pairs: &[(u32, u32)]| {
            let (l, r): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
            facts::severity(Dtype::F32, &drift(&l, &r))
        };
        let [a, b, c] = [of(&all[0]), of(&all[1]), of(&all[2])];
        prop_assert_eq!(a.cmp(&b), b.cmp(&a).reverse());
        prop_assert_eq!(a.cmp(&b) == Ordering::Equal, a == b);
        if a <= b && b <= c {
            prop_assert!(a <= c);
        }
    }

    #[test]
    fn no_severity_depends_on_the_payload_of_nan(pairs in words(), payload in 1u32..0x7f_ffff, sign in any::<bool>()) {
        let other = 0x7f80_0000 | payload | if sign { 0x8000_0000 } else { 0 };
        let (l, r): (Vec<u32>, Vec<u32>) = pairs.iter().copied().unzip();
        let is_nan = |w: &u32| f32::from_bits(*w).is_nan();
        let renamed: Vec<u32> = r.iter().map(|w| if is_nan(w) { other } else { *w }).collect();
        let (before, after) = (drift(&l, &r), drift(&l, &renamed));
        prop_assert_eq!(before.is_none(), after.is_none());
        prop_assert_eq!(before.fraction().to_bits(), after.fraction().to_bits());
        prop_assert_eq!(facts::severity(Dtype::F32, &before), facts::severity(Dtype::F32, &after));
    }

    #[test]
    fn no_status_comes_of_a_bound_that_allows_both_signs(
        elements in prop::collection::vec((-1e6..1e6f64, 0.0..1e8f64), 1..20),
    ) {
        let exact = Exact { values: elements.iter().map(|(t, _)| *t).collect() };
        let around = |(t, radius): &(f64, f64)| Interval::around(*t, radius.max(2.5 * t.abs()));
        let allowance = Allowance::Intervals(elements.iter().map(around).collect());
        if says_something(Dtype::F32, &exact, &allowance) {
            prop_assert_eq!(of_wrong_signs(Dtype::F32, &exact, &allowance), Some(Status::Unjudged));
        }
    }

    #[test]
    fn no_kernel_has_a_status_of_a_bound_that_allows_both_signs(
        kernel in 0..kernels::all().len(), pick in any::<prop::sample::Index>(),
        sizes in prop::collection::vec(1u32..3000, 4), seed in any::<u64>(),
    ) {
        let cases = kernels::all()[kernel].plan(kernels::Profile::Quick, seed);
        if cases.is_empty() {
            return Ok(());
        }
        let mut case = pick.get(&cases).clone();
        for (name, size) in ["n", "m", "k", "rows"].into_iter().zip(&sizes) {
            // Rows are dear, and each is judged by itself.
            let size = if name == "n" { *size } else { size % 40 + 1 };
            if !case.text(name).is_empty() {
                case = case.with(name, size);
            }
        }
        // Some sizes do not go together.
        let Ok(problem) = kernels::problem(&case) else { return Ok(()) };
        let ((dtype, _), Some(exact)) = (problem.shape(), problem.exact()) else { return Ok(()) };
        let allowance = problem.allowance();
        if matches!(dtype, Dtype::F32 | Dtype::F16) && says_something(dtype, &exact, &allowance) {
            let status = of_wrong_signs(dtype, &exact, &allowance);
            prop_assert!(matches!(status, None | Some(Status::Unjudged)), "{case}: {status:?}");
        }
    }

    #[test]
    fn no_advice_names_an_untested_axis(
        states in prop::collection::vec(prop::collection::vec(state(), 5), 12),
        probe in any::<bool>(),
    ) {
        let record = engines();
        let kernel = if probe { "arithmetic" } else { "softmax" };
        let verdicts: Vec<Verdict> = states.iter().enumerate().map(|(i, s)| verdict(kernel, i, s)).collect();
        for advice in facts::advice(&record, &facts::Soundness::default(), &verdicts) {
            prop_assert!(!probe, "nobody chooses among probes");
            prop_assert!(!advice.held.is_empty() && !advice.engines.is_empty());
            for variant in &advice.variants {
                for engine in &advice.engines {
                    let of = |l: &Level| -> Vec<LevelState> {
                        let mine = verdicts.iter().filter(|v| v.variant == *variant && v.engine == *engine);
                        mine.map(|v| facts::state(v, *l)).collect()
                    };
                    for level in &advice.held {
                        prop_assert!(of(level).contains(&LevelState::Held), "{level:?} on {engine}: {advice:?}");
                        prop_assert!(!of(level).contains(&LevelState::Failed), "{level:?} on {engine}: {advice:?}");
                    }
                }
            }
            for level in &advice.untested {
                prop_assert!(!advice.held.contains(level));
            }
        }
    }
}

/// A record of two drivers, without cases.
fn engines() -> repro_audit::record::Record {
    let mut record = crate::fixture::without_adapters();
    let cpu = record.engines.first().cloned();
    for (id, backend) in [("vulkan:0", "vulkan"), ("gl:0", "gl")] {
        let adapter = repro_audit::model::AdapterIdentity {
            name: "a card".to_owned(),
            ..repro_audit::model::AdapterIdentity::unlisted(backend)
        };
        record.engines.extend(cpu.clone().map(|engine| Engine {
            id: id.to_owned(),
            kind: repro_audit::record::EngineKind::Adapter,
            adapter: Some(adapter.clone()),
            ..engine
        }));
    }
    record
}

/// The status of a result whose every sign is wrong, as far as the specification's allowance tells; `None` where it is outside.
fn of_wrong_signs(dtype: Dtype, exact: &Exact, allowance: &Allowance) -> Option<Status> {
    let flipped = |x: &f64| -> u32 {
        #[expect(clippy::cast_possible_truncation, reason = "a result of the type")]
        let single = -*x as f32;
        if dtype == Dtype::F16 { u32::from(half::f16::from_f64(-*x).to_bits()) } else { single.to_bits() }
    };
    let words: Vec<u32> = exact.values.iter().map(flipped).collect();
    let bits = if dtype == Dtype::F16 {
        Bits::halves(dtype, &words.iter().map(|w| u16::try_from(*w).expect("16 bits")).collect::<Vec<_>>())
    } else {
        Bits::words(dtype, words)
    };
    let found = accuracy(&bits, Some(exact), allowance, None);
    let outside = (found.outside > 0 || !found.undecided).then_some(found.outside);
    match facts::status(&Evidence { results: 1, distinct: 1, outside, ..Evidence::default() }) {
        Status::OutsideSpecification => None,
        status => Some(status),
    }
}

/// Whether an answer has a normal number that the specification says anything of.
fn says_something(dtype: Dtype, exact: &Exact, allowance: &Allowance) -> bool {
    let Allowance::Intervals(intervals) = allowance else { return false };
    let least = if dtype == Dtype::F16 { 6.2e-5 } else { f64::from(f32::MIN_POSITIVE) };
    let normal = |(t, i): (&f64, &Interval)| t.is_finite() && t.abs() >= least && !i.is_any();
    exact.values.iter().all(|t| t.is_finite()) && exact.values.iter().zip(intervals).any(normal)
}

fn verdict(kernel: &str, i: usize, states: &[LevelState]) -> Verdict {
    Verdict {
        problem: format!("{kernel}/{}?n={i}", i % 3),
        kernel: kernel.to_owned(),
        variant: format!("v{}", i % 3),
        engine: if i.is_multiple_of(2) { "vulkan:0" } else { "gl:0" }.to_owned(),
        level: Level::NotGuaranteed,
        levels: Level::ALL.into_iter().zip(states.iter().copied()).collect(),
        status: Status::Unjudged,
        runs: 2,
        because: String::new(),
        evidence: None,
    }
}
