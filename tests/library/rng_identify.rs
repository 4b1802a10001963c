//! Properties of `identify`: what a geometry gave is always traced to it, others are excluded at the rate that the
//! evidence allows, and thin evidence is said to be thin.

use proptest::prelude::{Just, Strategy, prop_oneof};
use proptest::test_runner::{Config, TestCaseError, TestRunner};
use repro_audit::numerics::inputs::philox::Stream;
use repro_audit::rng::{
    Candidate, Cards, Draw, Element, Form, Geometry, Identified, Interval, Observations, Op, Shape, Source, TOLERANCE,
    Vector, identify,
};

fn known() -> Vec<Candidate> {
    let cards = Cards::known().expect("the table");
    cards.all().iter().map(|c| Candidate { name: c.name.clone(), geometry: c.geometry }).collect()
}

fn shape(n: u64) -> Shape {
    Shape::parse(&n.to_string()).expect("a shape")
}

/// Values as someone would print them, of a device whose functions are as bad as they may be.
fn printed(source: &Source, indices: &[u64], digits: usize, wobble: f64) -> Observations {
    let mut text = String::new();
    for i in indices {
        let (value, radius) = source.value(*i);
        let shown = if source.draw().op == Op::Dropout { value * source.draw().kept_value() } else { value };
        text.push_str(&format!("{i} {:.digits$}\n", shown + wobble * radius * TOLERANCE * source.draw().std));
    }
    let mut seen = Observations::default();
    seen.add_values(&text, Form::Pairs, &shape(source.draw().n)).expect("values");
    seen
}

fn of_geometry(found: &Identified, geometry: Geometry) -> bool {
    found.matching.iter().flat_map(|class| &class.members).any(|member| member.geometry == geometry)
}

#[derive(Debug, Clone)]
struct Trial {
    geometry: Geometry,
    op: Op,
    element: Element,
    n: u64,
    seed: u64,
    offset: u64,
    digits: usize,
    picks: Vec<u64>,
    wobble: f64,
}

fn trials() -> impl Strategy<Value = Trial> {
    let geometry = (1u32..200, prop_oneof![Just(1024u32), Just(1536), Just(2048)]);
    let op = prop_oneof![Just(Op::Rand), Just(Op::Randn), Just(Op::Dropout)];
    let element = prop_oneof![3 => Just(Element::F32), 1 => Just(Element::F16), 1 => Just(Element::Bf16), 1 => Just(Element::F64)];
    let numbers = (1u64..2_000_000, proptest::num::u64::ANY, 0u64..1000, 2usize..7);
    let picks = proptest::collection::vec(proptest::num::u64::ANY, 1..40);
    (geometry, op, element, numbers, picks, -1.0..1.0f64).prop_map(|(geometry, op, element, numbers, picks, wobble)| {
        let (n, seed, offset, digits) = numbers;
        let geometry = Geometry::new(geometry.0, geometry.1).expect("a card");
        Trial { geometry, op, element, n, seed, offset: 4 * offset, digits, picks, wobble }
    })
}

#[test]
fn what_a_geometry_gave_is_always_traced_to_it() {
    let mut runner = TestRunner::new(Config { cases: 300, ..Config::default() });
    let outcome = runner.run(&trials(), |trial| {
        let draw = Draw::new(trial.op, trial.element, &shape(trial.n), Vector::Auto)
            .and_then(|draw| draw.with_normal(1.5, 3.0))
            .and_then(|draw| draw.with_p(0.3))
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        let source = Source::new(draw.clone(), trial.seed, trial.offset, trial.geometry)
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        let indices: Vec<u64> = trial.picks.iter().map(|x| x % trial.n).collect();
        // Only binary32 functions are approximations worth the name.
        let wobble = if trial.element == Element::F64 { 0.0 } else { trial.wobble };
        let seen = printed(&source, &indices, trial.digits, wobble);
        let mut candidates = known();
        candidates.push(Candidate { name: "it".to_owned(), geometry: trial.geometry });
        let found = identify(&draw, trial.seed, trial.offset, &[], &candidates, &seen)
            .map_err(|e| TestCaseError::fail(e.to_string()))?;
        if !of_geometry(&found, trial.geometry) {
            return Err(TestCaseError::fail(format!("lost: {found:?}")));
        }
        let told: usize = found.matching.iter().map(|class| class.members.len()).sum();
        if told + found.excluded != candidates.len() || found.shared != found.shared_agreeing {
            return Err(TestCaseError::fail(format!("does not add up: {found:?}")));
        }
        Ok(())
    });
    outcome.unwrap_or_else(|e| panic!("{e}"));
}

/// Wrong classes match as often as the evidence says, within five standard deviations.
#[test]
fn wrong_geometries_are_excluded_at_the_rate_that_the_evidence_allows() {
    let truth = Geometry::new(56, 2048).expect("a card");
    let n = 1_000_000;
    let mut pick = Stream::new(11, 0);
    for (op, digits, count) in [(Op::Dropout, 1, 5), (Op::Rand, 1, 2), (Op::Randn, 0, 3)] {
        let draw = Draw::new(op, Element::F32, &shape(n), Vector::Auto).expect("a draw");
        let (mut matched, mut expected, mut variance) = (0.0, 0.0, 0.0);
        for seed in 0..150 {
            let source = Source::new(draw.clone(), seed, 0, truth).expect("a source");
            // Elements that no two of these launches place alike.
            let indices: Vec<u64> = (0..count).map(|_| 900_000 + u64::from(pick.next_u32()) % 100_000).collect();
            let seen = printed(&source, &indices, digits, 0.0);
            let found = identify(&draw, seed, 0, &[], &known(), &seen).expect("an answer");
            let right =
                found.matching.iter().find(|class| class.threads == source.threads()).expect("the truth matches");
            matched += (found.matching.len() - 1) as f64;
            expected += right.chance;
            let others = (found.classes - 1) as f64;
            let each = right.chance / others;
            variance += others * each * (1.0 - each);
        }
        let off = (matched - expected) / f64::sqrt(variance);
        assert!(expected > 50.0, "{op:?}: enough coincidences to count: {expected}");
        // The slack that normal values are given only ever lets more in.
        assert!(
            off.abs() < 5.0,
            "{op:?}: {matched} wrong classes matched, {expected:.1} expected: {off:.1} deviations"
        );
    }
}

#[test]
fn much_evidence_leaves_one_class_and_little_is_said_to_be_thin() {
    let truth = Geometry::new(108, 2048).expect("a card");
    let n = 1_000_000;
    let draw = Draw::new(Op::Rand, Element::F32, &shape(n), Vector::Auto).expect("a draw");
    let source = Source::new(draw.clone(), 5, 0, truth).expect("a source");
    let of = |indices: &[u64], digits| {
        identify(&draw, 5, 0, &[], &known(), &printed(&source, indices, digits, 0.0)).expect("an answer")
    };
    let much = of(&[999_999, 999_998, 777_777, 555_555, 333_333, 222_222], 4);
    assert_eq!((much.matching.len(), much.thin), (1, false), "{much:?}");
    assert!(much.matching[0].apart.expect("others") > 60.0, "bits: {much:?}");
    let one = of(&[999_999], 1);
    assert!(one.thin, "one digit: {one:?}");
    let early = of(&[0, 1, 2, 3, 4], 6);
    assert!(early.thin && early.excluded == 0, "elements that all place alike: {early:?}");
    assert_eq!((early.shared, early.shared_agreeing), (5, 5), "and they fit");
    // A small tensor: there is nothing to tell.
    let draw = Draw::new(Op::Rand, Element::F32, &shape(1000), Vector::Auto).expect("a draw");
    let source = Source::new(draw.clone(), 5, 0, truth).expect("a source");
    let small = identify(&draw, 5, 0, &[], &known(), &printed(&source, &[0, 500, 999], 6, 0.0)).expect("an answer");
    assert_eq!((small.classes, small.excluded, small.thin), (1, 0, true), "{small:?}");
}

#[test]
fn none_is_an_answer_and_says_whether_the_card_is_to_blame() {
    let n = 300_000;
    let draw = Draw::new(Op::Rand, Element::F32, &shape(n), Vector::Auto).expect("a draw");
    let indices = [0, 1, 2, 299_998, 299_999];
    let strange = Geometry::new(37, 1024).expect("a card that is not in the table");
    let seen = printed(&Source::new(draw.clone(), 5, 0, strange).expect("a source"), &indices, 5, 0.0);
    let found = identify(&draw, 5, 0, &[], &known(), &seen).expect("an answer");
    assert!(found.matching.is_empty() && found.excluded == found.searched, "{found:?}");
    assert_eq!((found.shared, found.shared_agreeing), (3, 3), "the first values fit: it is the card");
    assert_eq!(found.nearest.expect("one").agreeing, 3, "and no card gives more");
    let found = identify(&draw, 6, 0, &[], &known(), &seen).expect("an answer");
    assert!(found.matching.is_empty() && found.shared_agreeing < found.shared, "the seed is another: {found:?}");
}

/// The second draw after seeding starts where the first left the generator, which depends on the card.
#[test]
fn a_second_draw_is_traced_through_the_first() {
    let (first, second) = (1_000_000, 5000);
    let before = Draw::new(Op::Rand, Element::F32, &shape(first), Vector::Auto).expect("a draw");
    let draw = Draw::new(Op::Randn, Element::F32, &shape(second), Vector::Auto).expect("a draw");
    let truth = Cards::known().expect("the table").find("T4").expect("a card").geometry;
    let moved = before.advance(truth.threads(first));
    assert_eq!(moved, 28, "((10^6 - 1) / (4 * 40960) + 1) * 4");
    let source = Source::new(draw.clone(), 3, moved, truth).expect("a source");
    let seen = printed(&source, &[0, 1, 2, 3, 4, 4999], 4, 0.0);
    let found = identify(&draw, 3, 0, std::slice::from_ref(&before), &known(), &seen).expect("an answer");
    assert!(of_geometry(&found, truth) && !found.thin, "though the tensor is small: {found:?}");
    assert!(found.excluded > 40, "cards that move the generator otherwise are excluded: {found:?}");
    let found = identify(&draw, 3, 0, &[], &known(), &seen).expect("an answer");
    assert!(found.matching.is_empty(), "without the first draw none fits");
}

#[test]
fn questions_that_have_no_answer_are_one_line() {
    let draw = |op| Draw::new(op, Element::F32, &shape(10_000), Vector::Auto).expect("a draw");
    let ask =
        |op, seen: &Observations| identify(&draw(op), 0, 0, &[], &known(), seen).expect_err("no answer").to_string();
    let sum = Observations { sum: Some(Interval::parse("5000").expect("a sum")), ..Observations::default() };
    let mut zeros = Observations::default();
    zeros.add_zeros("1 ...", &shape(10_000)).expect("zeros");
    let mut odd = Observations::default();
    odd.add_values("0 0.7", Form::Pairs, &shape(10_000)).expect("values");
    for (message, wanted) in [
        (ask(Op::Rand, &Observations::default()), "nothing was seen"),
        (ask(Op::Rand, &sum), "--sum is for dropout"),
        (ask(Op::Randn, &zeros), "--zeros is for dropout"),
        (ask(Op::Dropout, &odd), "0 or 2"),
    ] {
        assert!(message.contains(wanted) && !message.contains('\n'), "{message}");
    }
}

/// 1 / (1 - 0.3) is no binary16 number: what the device stores is that, rounded, and a sum of such is rounded again.
#[test]
fn a_mask_of_halves_holds_what_halves_can() {
    let truth = Geometry::new(108, 2048).expect("a card");
    let n = 1_000_000;
    for (element, kept) in [(Element::F32, 1.428_571_4), (Element::F16, 1.428_710_937_5), (Element::Bf16, 1.429_687_5)]
    {
        let draw =
            Draw::new(Op::Dropout, element, &shape(n), Vector::Auto).and_then(|d| d.with_p(0.3)).expect("a draw");
        assert!((draw.kept_value() - kept).abs() < 1e-7, "{element:?}: {}", draw.kept_value());
        let source = Source::new(draw.clone(), 5, 0, truth).expect("a source");
        let indices: Vec<u64> = (0..64).map(|i| n - 1 - 1000 * i).collect();
        let found = identify(&draw, 5, 0, &[], &known(), &printed(&source, &indices, 7, 0.0)).expect("an answer");
        assert!(of_geometry(&found, truth), "{element:?} with all its digits: {found:?}");
        // The whole sum, as a reduction in the type gives it.
        let mut held = 0u64;
        source.each(0..n, |_, block, lane| held += u64::from(draw.value(block, lane).0 > 0.0));
        let total = held as f64 * draw.kept_value();
        let printed = match element {
            // 10^6 is beyond binary16, and its sum would be infinity.
            Element::F16 => continue,
            Element::Bf16 => f64::from(half::bf16::from_f64(total)),
            _ => total,
        };
        let sum = Some(Interval::parse(&format!("{printed:.1}")).expect("a number"));
        let found =
            identify(&draw, 5, 0, &[], &known(), &Observations { sum, ..Observations::default() }).expect("an answer");
        assert!(of_geometry(&found, truth), "{element:?}: {printed}");
        assert!(element != Element::Bf16 || found.thin, "eight bits of a sum say little: {found:?}");
    }
    let draw =
        Draw::new(Op::Dropout, Element::F16, &shape(n), Vector::Auto).and_then(|d| d.with_p(0.3)).expect("a draw");
    let mut seen = Observations::default();
    seen.add_values("999999 1.4285714", Form::Pairs, &shape(n)).expect("values");
    let unrounded = identify(&draw, 5, 0, &[], &known(), &seen);
    assert!(unrounded.is_err(), "no half is that: {unrounded:?}");
}

/// Digits that the element type does not have, the device's own error and an index that is given twice are no evidence.
#[test]
fn evidence_is_no_finer_than_what_is_known() {
    let truth = Geometry::new(108, 2048).expect("a card");
    let n = 1_000_000;
    let apart = |op, element, digits, indices: &[u64]| {
        let draw = Draw::new(op, element, &shape(n), Vector::Auto).expect("a draw");
        let source = Source::new(draw.clone(), 5, 0, truth).expect("a source");
        let found = identify(&draw, 5, 0, &[], &known(), &printed(&source, indices, digits, 0.0)).expect("an answer");
        let right = found.matching.iter().find(|c| c.threads == source.threads()).expect("the truth matches");
        right.apart.expect("others")
    };
    let last = [n - 1];
    // A bfloat16 in [1/2, 1) is one of 128; the smaller ones are spaced more closely.
    let half = apart(Op::Rand, Element::Bf16, 16, &last);
    assert!(half > 5.0 && half < 16.0, "eight digits: {half}");
    let single = apart(Op::Rand, Element::F32, 16, &last);
    assert!(single > 20.0 && single < 34.0, "24 of them, however many are printed: {single}");
    assert!(apart(Op::Rand, Element::F32, 3, &last) < 12.0, "what was printed, where that is less");
    // The device's functions: TOLERANCE of a radius that is a few units.
    let normal = apart(Op::Randn, Element::F32, 12, &last);
    assert!(normal > 10.0 && normal < 21.0, "no finer than the device: {normal}");
    let twice = apart(Op::Rand, Element::F32, 3, &[n - 1, n - 1]);
    assert!((twice - apart(Op::Rand, Element::F32, 3, &last)).abs() < 1e-9, "said twice, known once");
}

#[test]
fn what_contradicts_itself_is_refused() {
    let draw = Draw::new(Op::Rand, Element::F32, &shape(1000), Vector::Auto).expect("a draw");
    let ask = |text: &str| {
        let mut seen = Observations::default();
        seen.add_values(text, Form::Pairs, &shape(1000)).expect("values");
        identify(&draw, 5, 0, &[], &known(), &seen).map(|_| ()).map_err(|e| e.to_string())
    };
    let refused = ask("7 0.25\n8 0.5\n7 0.75").expect_err("two values of one element");
    assert!(refused.contains("element 7") && !refused.contains('\n'), "{refused}");
    assert_eq!(ask("7 0.25\n7 0.2500"), Ok(()), "the same with more digits");
    assert_eq!(ask("7 0.25\n7 0.3"), Ok(()), "0.25 may be printed as 0.3");
}
