//! Statements about trainings that would be false: of what was missed, not made, made in part, or too little.

use repro_audit::formats::{Options, terminal};
use repro_audit::model::training::{
    CPU, ControlResult, Estimate, Factor, Parting, Spread, Tier, Trained, TrainingFile, VERSION,
};
use repro_audit::views::document::Tone;
use repro_audit::views::train::trained;
use repro_audit::views::{document::Weight, prepared::Prepared};

const DIGEST: &str = "00112233445566778899aabbccddeeff";

fn parting() -> Parting {
    Parting {
        step: 50,
        operation: "matrix product".to_owned(),
        tensor: "logits".to_owned(),
        differing: 3,
        elements: 320,
        max_ulp: 1,
        float: true,
    }
}

fn one(engine: &str, factor: Factor, replica: u32) -> Trained {
    Trained {
        engine: engine.to_owned(),
        label: format!("label of {engine}"),
        arithmetic: Tier::Native,
        factor,
        replica,
        changed: "nothing".to_owned(),
        steps: 880,
        final_digest: Some(DIGEST.to_owned()),
        equal: (engine != CPU).then_some(true),
        parting: None,
        accuracy: Some(0.97),
        seconds: 1.0,
        failure: None,
    }
}

fn spread(factor: Factor, replicas: usize, digests: usize, churn: f64) -> Spread {
    Spread {
        factor,
        replicas,
        digests,
        churn: Estimate { value: churn, low: None, high: None },
        l2: 0.0,
        cosine: 1.0,
        differing: 0.0,
        accuracy: 0.97,
        deviation: 0.0,
        deviation_error: 0.0,
        floor: 0.009,
        correlation: None,
        ensemble: 0.0,
        curve: Vec::new(),
        one_percent: None,
        parting: None,
    }
}

/// A control that holds, a fault that was caught, and these factors and engines.
fn file(tier: Tier, spreads: &[Spread], engines: &[Trained]) -> TrainingFile {
    let caught = ControlResult {
        fault: "one bit of one weight".to_owned(),
        step: 50,
        tensor: "logits".to_owned(),
        found: Some(parting()),
    };
    TrainingFile {
        training_version: VERSION,
        program: "0".to_owned(),
        network: "perceptron".to_owned(),
        data: "digits".to_owned(),
        data_digest: DIGEST.to_owned(),
        test: 360,
        arithmetic: tier,
        seed: 42,
        steps: 880,
        golden: (tier == Tier::Integer).then(|| DIGEST.to_owned()),
        reference: DIGEST.to_owned(),
        controls: vec![caught],
        spreads: [&[spread(Factor::Control, 5, 1, 0.0)], spreads].concat(),
        trainings: engines.to_vec(),
    }
}

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
    let of = |spreads: &[Spread]| file(Tier::Native, spreads, &[]).share(Factor::Order);
    assert_eq!(of(&[order.clone(), all]), Some(0.5), "half of it");
    assert_eq!(of(&[order.clone(), spread(Factor::All, 5, 5, 0.0)]), None, "nothing differs with all");
    assert_eq!(of(&[order]), None, "all was not made");
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
}
