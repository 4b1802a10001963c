//! Statements about trainings that would be false: of what was missed, not made, made in part, or too little.

use repro_audit::facts;
use repro_audit::facts::pair::{Kind, Pairs, compare};
use repro_audit::formats::{Options, terminal};
use repro_audit::gate::{Lock, Outcome};
use repro_audit::model::training::{Factor, Spread, Tier, Trained, TrainingFile};
use repro_audit::record::{self, Record, Status, TRAIN, content_id};
use repro_audit::views::document::{Tone, Weight};
use repro_audit::views::prepared::Prepared;
use repro_audit::views::train::trained;
use repro_audit::views::{View as _, audit};

use crate::fixture::full;
use crate::fixture::trained::{DIGEST, file, one, parting, spread, with_trainings};
use crate::sweeps::{complete, judged};

fn told(file: &TrainingFile) -> (Tone, String, String) {
    let Prepared { document, .. } = trained(file).expect("JSON");
    let text = terminal::write(&document, &Options { width: 200, full: true, ..Options::default() });
    (document.tone, document.headline, text)
}

#[test]
fn no_churn_in_few_trainings_is_not_told_as_nothing_that_differs() {
    let seeds = spread(Factor::All, 5, 5, 0.02);
    let rounding = file(Tier::Native, &[spread(Factor::Order, 3, 3, 0.0), seeds.clone()], &[]);
    let (_, headline, text) = told(&rounding);
    assert!(headline.starts_with("No prediction of 360 differed by the rounding that was tried"), "{headline}");
    assert!(!text.contains("No bit moved"), "weights did: {text}");
    let (_, headline, text) = told(&file(Tier::Native, &[spread(Factor::Flush, 2, 1, 0.0), seeds], &[]));
    assert!(headline.starts_with("No prediction of 360"), "{headline}");
    assert!(text.contains("stayed the same with flushed subnormals (2 trainings)"), "{text}");
}

#[test]
fn a_share_of_nothing_is_no_number() {
    let (all, order) = (spread(Factor::All, 5, 5, 0.02), spread(Factor::Order, 5, 5, 0.01));
    let of = |spreads: &[Spread]| file(Tier::Native, spreads, &[]).share(&order);
    assert_eq!(of(&[order.clone(), all]), Some(0.5), "half of it");
    assert_eq!(of(&[order.clone(), spread(Factor::All, 5, 5, 0.0)]), None, "nothing differs with all");
    assert_eq!(of(std::slice::from_ref(&order)), None, "all was not made");
}

#[test]
fn what_missed_a_control_says_nothing_else() {
    let differs = Trained { equal: Some(false), parting: Some(parting()), ..one("vulkan:0", Factor::Adapter, 1) };
    let whole = file(Tier::Integer, &[spread(Factor::Order, 5, 1, 0.0)], &[differs]);
    assert!(told(&whole).2.contains("is at fault"), "of a sound one");
    let cases: [&dyn Fn(&mut TrainingFile); 5] = [
        &|f| f.controls[0].found = None,
        &|f| f.controls[0].step = 51,
        &|f| f.controls.clear(),
        &|f| f.spreads[0].digests = 2,
        &|f| drop(f.spreads.remove(0)),
    ];
    for (number, broken) in cases.iter().enumerate() {
        let mut file = whole.clone();
        broken(&mut file);
        let (tone, headline, text) = told(&file);
        assert!(!file.is_sound() && tone == Tone::Bad && headline.starts_with("Nothing here"), "{number}: {headline}");
        assert!(!text.contains("at fault") && !text.contains("No bit moved"), "{number}: {text}");
    }
}

#[test]
fn the_published_digest_is_of_a_whole_training() {
    let part = Trained { steps: 44, ..one("embedded:0", Factor::Adapter, 1) };
    let (_, headline, _) = told(&file(Tier::Integer, &[], std::slice::from_ref(&part)));
    assert!(!headline.contains("published") && headline.contains("as far as it was made there"), "{headline}");
    let both = [one("vulkan:0", Factor::Adapter, 1), part];
    let (tone, headline, _) = told(&file(Tier::Integer, &[], &both));
    assert!(tone == Tone::Good && headline.contains("which is the published one, on 1 engine, and on"), "{headline}");
}

#[test]
fn an_engine_that_died_made_no_training_and_what_it_made_before_counts() {
    let died = Trained {
        steps: 0,
        final_digest: None,
        equal: None,
        accuracy: None,
        failure: Some("it ended by signal 6".to_owned()),
        ..one("vulkan:0", Factor::Adapter, 1)
    };
    let (tone, headline, _) = told(&file(Tier::Integer, &[], std::slice::from_ref(&died)));
    assert_eq!((tone, headline.as_str()), (Tone::Bad, "No training was made; 1 engine failed"));
    let later = Trained {
        steps: 88,
        final_digest: Some(DIGEST.replace('0', "f")),
        equal: Some(false),
        parting: Some(parting()),
        ..died
    };
    let file = file(Tier::Integer, &[], &[later]);
    let (_, headline, _) = told(&file);
    assert!(headline.contains("vulkan:0 gives another integer training") && headline.contains("failed"), "{headline}");
    let findings = trained(&file).expect("JSON").document.findings;
    let kinds: Vec<_> = findings.iter().map(|f| (f.weight, f.kind.to_string())).collect();
    assert_eq!(
        kinds,
        [(Weight::Failure, "training-differs".to_owned()), (Weight::Error, "failed".to_owned())],
        "both are told"
    );
}

#[test]
fn integers_have_no_fused_products_and_no_subnormals() {
    let spreads = [spread(Factor::Fma, 2, 1, 0.0), spread(Factor::Flush, 2, 1, 0.0), spread(Factor::Order, 5, 1, 0.0)];
    let (_, _, text) = told(&file(Tier::Integer, &spreads, &[]));
    assert!(text.contains("stayed the same with another order of the terms of sums (5 trainings)."), "{text}");
    assert!(text.contains("Nothing is fused"), "{text}");
    let spreads = [spread(Factor::Functions, 4, 1, 0.0)];
    for (tier, said) in [(Tier::Portable, "No function is built in"), (Tier::Integer, "no function is built in")] {
        let (_, _, text) = told(&file(tier, &spreads, &[]));
        assert!(text.contains(said) && !text.contains("No bit moved"), "{text}");
    }
    let (_, _, text) = told(&file(Tier::Native, &spreads, &[]));
    assert!(text.contains("stayed the same with exp and division as drivers compute them"), "{text}");
}

/// Trainings of a factor on `vulkan:0`: digests by their first digits, the first two without a change.
fn repeated(factor: Factor, digests: &[&str]) -> TrainingFile {
    let made = digests.iter().zip(0..).map(|(digest, replica)| Trained {
        changed: if replica < 2 { "nothing".to_owned() } else { format!("X={replica}") },
        final_digest: Some(format!("{digest}{}", &DIGEST[digest.len()..])),
        equal: None,
        ..one("vulkan:0", factor, replica)
    });
    let made: Vec<Trained> = made.collect();
    let different: std::collections::BTreeSet<_> = digests.iter().collect();
    let of = Spread { engine: Some("vulkan:0".to_owned()), ..spread(factor, made.len(), different.len(), 0.0) };
    file(Tier::Native, &[of], &made)
}

#[test]
fn what_an_adapter_does_by_itself_is_not_told_of_what_was_changed() {
    let said = |factor, digests: &[&str]| told(&repeated(factor, digests)).2;
    let busy = "another process that keeps the adapter busy";
    let text = said(Factor::Contention, &["a", "a", "a", "a"]);
    assert!(text.contains(&format!("stayed the same with {busy} on vulkan:0 (4 trainings)")), "{text}");
    let text = said(Factor::Vary, &["a", "a", "a", "b"]);
    assert!(text.contains("the same weights twice, and others with environment variables: X=3."), "{text}");
    assert!(!text.contains("stayed the same"), "{text}");
    for digests in [&["a", "b", "c", "d"][..], &["a", "b", "a"]] {
        let text = said(Factor::Contention, digests);
        assert!(text.contains(&format!("so nothing is known of {busy}")), "{text}");
        assert!(!text.contains("and others with") && !text.contains("stayed the same"), "{text}");
    }
    let mut moved = repeated(Factor::Vary, &["0", "0", "a"]);
    (moved.arithmetic, moved.trainings[2].equal, moved.trainings[2].parting) =
        (Tier::Integer, Some(false), Some(parting()));
    let (tone, headline, text) = told(&moved);
    assert!(tone == Tone::Bad && headline.contains("vulkan:0 gives another integer training"), "{headline}");
    assert!(text.contains("With X=2: Its compiler"), "{text}");
    let mut failed = repeated(Factor::Contention, &["a", "a", "a"]);
    failed.trainings[1].failure = Some("it ended by signal 6".to_owned());
    let (tone, headline, text) = told(&failed);
    assert!(text.contains("It was not trained twice to the end by itself"), "{text}");
    assert!(tone == Tone::Bad && headline.contains("1 engine failed") && text.contains("signal 6"), "{headline}");
    let mut failed = repeated(Factor::Contention, &["a", "a", "b"]);
    failed.trainings[2].failure = Some("it ended by signal 6".to_owned());
    failed.spreads.iter_mut().for_each(|s| s.digests = 1);
    assert!(!told(&failed).2.contains("and others with"), "what failed is no other model");
}

#[test]
fn a_pair_is_neither_of_its_factors() {
    let pair = |factor, also, churn| Spread { also: Some(also), ..spread(factor, 5, 5, churn) };
    let spreads = [pair(Factor::Order, Factor::Init, 0.5), spread(Factor::All, 5, 5, 0.02)];
    let (_, headline, _) = told(&file(Tier::Native, &spreads, &[]));
    assert!(!headline.contains("rounding"), "another seed is none: {headline}");
    let spreads = [pair(Factor::Order, Factor::Fma, 0.01), spread(Factor::All, 5, 5, 0.02)];
    let file = file(Tier::Native, &spreads, &[]);
    let (_, headline, text) = told(&file);
    assert!(headline.contains("1 % of its predictions by rounding alone"), "{headline}");
    assert!(text.contains("order+fma") && text.contains("of the terms of sums and fused multiply-add"), "{text}");
    assert_eq!((file.spread(Factor::Order), file.share(&spreads[0])), (None, Some(0.5)), "of all");
}

const LAST: &str = "train/perceptron?data=00112233&arithmetic=integer&seed=42&steps=88&wg=64";

fn read(record: &Record) -> Result<Record, String> {
    let text = record::to_json(record).expect("JSON");
    record::parse("it", &text).map_err(|e| e.to_string())
}

#[test]
fn a_record_has_its_trainings_as_cases_and_shows_them() {
    let (fine, broken) = (with_trainings(full(1), false), with_trainings(full(1), true));
    assert_eq!(read(&broken).expect("sound").trainings, broken.trainings, "as written");
    let cases = broken.derived_cases();
    let of = |id: &str| cases.iter().find(|c| c.id == id).unwrap_or_else(|| panic!("{id}"));
    let status = |id: &str| of(id).executions.iter().map(|x| x.status).collect::<Vec<_>>();
    assert_eq!(cases.len(), 6, "an epoch a case");
    assert_eq!(status(&LAST.replace("88", "44")), [Status::BitExact; 2], "the first epoch");
    assert_eq!(status(LAST), [Status::BitExact, Status::OutsideSpecification], "integers leave nothing open");
    let native = LAST.replace("integer", "native");
    assert_eq!(status(&native), [Status::BitExact, Status::Unjudged], "of binary32 nobody knows");
    let text = |record: &Record| {
        let options = Options { width: 160, full: true, ..Options::default() };
        terminal::write(&audit::Audit::new(record).document(), &options)
    };
    assert!(text(&broken).contains("vulkan:1 gives another integer training than the CPU"), "{}", text(&broken));
    assert!(text(&fine).contains("which is the published one, on 2 engines"), "{}", text(&fine));
    assert!(!facts::soundness(&broken).is_invalid(), "{:?}", facts::soundness(&broken));
}

#[test]
fn records_are_compared_by_epoch_and_locked() {
    let (fine, broken) = (with_trainings(full(1), false), with_trainings(full(1), true));
    let pair = compare(&fine, &broken, &[]).expect("the same engines");
    let changed: Vec<&str> = pair.results.iter().map(|c| c.case.as_str()).filter(|c| c.starts_with("train/")).collect();
    assert_eq!(changed, [LAST], "the epoch that differs, and no other");
    let (fine, broken) = (complete(fine), complete(broken));
    let lock = Lock::of(std::slice::from_ref(&fine)).expect("a lock");
    let same = judged(&lock, &fine, "", "train/");
    assert!(same.len() > 3 && same.iter().all(|(_, o)| *o == Outcome::Same), "{same:?}");
    let by = |policy: &str| judged(&lock, &broken, policy, "train/");
    assert!(by("").contains(&(LAST.to_owned(), Outcome::DigestChanged)), "{:?}", by(""));
    let rule = "[[rule]]\nkernel = \"train\"\nrequire = \"within-specification\"\n";
    assert!(by(rule).contains(&(LAST.to_owned(), Outcome::BeyondRule)), "{:?}", by(rule));
    assert!(by("[[rule]]\nrequire = \"repeatable\"\n").is_empty(), "one training says nothing of it");
}

#[test]
fn trainings_on_other_data_are_not_compared() {
    let (left, mut right) = (with_trainings(full(1), false), with_trainings(full(1), true));
    right.trainings.iter_mut().for_each(|file| file.data_digest = "ab".repeat(16));
    let pair = compare(&left, &right, &[]).expect("the same engines");
    assert!(pair.results.iter().all(|c| c.kernel != TRAIN), "nothing of them differs: {:?}", pair.results);
    assert_eq!(pair.absent.other_data.len(), 3, "each is told: {:?}", pair.absent.other_data);
    assert!(pair.drifts() && !pair.is_same(), "nor is it the same");
    let pairs = Pairs { pairs: vec![pair], only: Default::default(), earlier: Default::default() };
    let told = terminal::write(&pairs.document(), &Options { width: 400, full: true, ..Options::default() });
    assert!(told.contains("3 trainings (train/perceptron?data=00112233"), "{told}");
    assert!(told.contains("other data on either side, so that nothing is compared"), "{told}");
    let same = compare(&left, &left, &[]).expect("the same engines");
    assert!(same.absent.other_data.is_empty(), "of the same data");
    let mut fewer = left.clone();
    fewer.trainings.clear();
    assert_eq!(compare(&left, &fewer, &[]).expect("the same engines").absent.other_data, Vec::<String>::new(), "none");
}

#[test]
fn a_training_that_was_cut_off_is_incomplete_and_no_difference() {
    let (whole, mut cut) = (with_trainings(full(1), false), with_trainings(full(1), false));
    for file in &mut cut.trainings {
        let engine = &mut file.trainings[1];
        engine.epochs.truncate(1);
        (engine.steps, engine.final_digest) = (44, engine.epochs.last().map(|e| e.digest.clone()));
        engine.failure = Some("it ended by signal 6".to_owned());
    }
    cut.id = content_id(&cut).expect("JSON");
    assert_eq!(read(&cut).expect("sound").trainings, cut.trainings, "as written");
    let soundness = facts::soundness(&cut);
    assert!(!soundness.is_sound() && !soundness.is_invalid(), "incomplete: {soundness:?}");
    let pair = compare(&whole, &cut, &[]).expect("the same engines");
    let differing = pair.results.iter().filter(|c| c.kind == Kind::Differs);
    assert_eq!(differing.count(), 0, "{:?}", pair.results);
    let failed: Vec<&str> = pair.results.iter().filter(|c| c.kind == Kind::Failed).map(|c| c.case.as_str()).collect();
    assert!(failed.contains(&LAST) && failed.iter().all(|case| case.contains("steps=88")), "{failed:?}");
    let lock = Lock::of(&[cut]);
    assert!(lock.is_err(), "an incomplete audit is not locked");
}

#[test]
fn a_record_whose_training_missed_a_control_is_invalid() {
    let broken: [fn(&mut TrainingFile); 2] = [|f| f.controls[0].found = None, |f| f.spreads[0].digests = 2];
    for broken in broken {
        let mut record = with_trainings(full(1), true);
        broken(&mut record.trainings[0]);
        record.id = content_id(&record).expect("JSON");
        let soundness = facts::soundness(&record);
        assert!(soundness.is_invalid(), "{soundness:?}");
        let options = Options { width: 160, full: true, ..Options::default() };
        let text = terminal::write(&audit::Audit::new(&record).document(), &options);
        assert!(text.contains("Invalid, do not rely on this"), "{text}");
        assert!(!text.contains("vulkan:1 gives another integer training"), "{text}");
        assert!(Lock::of(std::slice::from_ref(&record)).is_err(), "nor is it locked");
        let derived = record.with_derived_cases();
        assert!(facts::soundness(&derived).is_invalid(), "nor where its epochs are cases");
        assert!(Lock::of(&[derived]).is_err(), "as the program locks it");
    }
}

#[test]
fn a_training_that_contradicts_itself_is_refused() {
    type Change = fn(&mut TrainingFile);
    let cases: [(&str, Change); 10] = [
        ("does not list", |f| f.trainings[1].engine = "vulkan:9".to_owned()),
        ("it twice", |f| f.trainings[1].engine = "vulkan:1".to_owned()),
        ("another reference", |f| f.reference = "33".repeat(16)),
        ("contradict its end", |f| f.trainings[1].final_digest = None),
        ("another number of steps", |f| f.trainings[1].steps = 44),
        ("against its digests", |f| f.trainings[2].equal = Some(true)),
        ("names no network", |f| f.network = "a?b=c".to_owned()),
        ("not its own", |f| f.steps = 132),
        ("another reference", |f| f.epochs.clear()),
        ("no failure says why", |f| {
            let engine = &mut f.trainings[1];
            engine.epochs.clear();
            (engine.steps, engine.final_digest, engine.equal) = (0, None, None);
        }),
    ];
    for (said, change) in cases {
        let mut record = with_trainings(full(1), true);
        change(&mut record.trainings[0]);
        record.id = content_id(&record).expect("JSON");
        let told = read(&record).err().unwrap_or_default();
        assert!(told.contains(said), "{said}: {told}");
    }
}
