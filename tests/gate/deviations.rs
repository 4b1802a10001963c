//! Known deviations: shown, gone, and changed.

use repro_audit::gate::{Checked, Conclusion, Outcome};
use repro_audit::record::{Record, Status};

use crate::subject::{ATOMIC, EXP, LOG, SUM, becomes, changed, exact, notable, of, on, results};

fn rule(case: &str, adapter: &str, expected: &str) -> String {
    format!(
        "[[rule]]\ncase = \"{case}\"\nadapter = \"{adapter}\"\n\
         known-deviation = {{ reason = \"driver bug\", link = \"https://example.org/1\", {expected} }}"
    )
}

fn only(checked: &Checked, outcome: Outcome, conclusion: Conclusion) {
    let found = of(checked, outcome);
    assert!(found.len() == 1 && found[0].conclusion == conclusion, "{}: {:?}", outcome.name(), notable(checked));
    let (reason, link) = found[0].reason.as_ref().expect("a reason");
    assert_eq!((reason.as_str(), link.as_str()), ("driver bug", "https://example.org/1"), "with its reason and link");
}

#[test]
fn what_is_expected_passes_and_is_told() {
    let nothing = |_: &mut Record| {};
    let outside = rule(LOG, "gl/", "status = \"outside-specification\"");
    only(&changed(&outside, nothing), Outcome::KnownDeviation, Conclusion::Pass);
    only(&changed(&rule(EXP, "vulkan/llvmpipe", "max_ulp = 2"), nothing), Outcome::KnownDeviation, Conclusion::Pass);
    only(
        &changed(&rule(ATOMIC, "vulkan/llvmpipe", "status = \"not-repeatable\""), nothing),
        Outcome::KnownDeviation,
        Conclusion::Pass,
    );
    // The lock has the right result; a new driver deviates, and that is known.
    let digest = rule(SUM, "vulkan/llvmpipe", "digest = \"0e0e0e0e0e\", status = \"outside-specification\"");
    let deviates = |r: &mut Record| becomes(on(r, SUM, "vulkan:1"), Status::OutsideSpecification, &["0e"]);
    only(&changed(&digest, deviates), Outcome::KnownDeviation, Conclusion::Pass);
    assert_eq!(changed(&digest, deviates).conclusion, Conclusion::Pass, "and nothing else");
}

#[test]
fn what_is_gone_is_reported() {
    let outside = rule(LOG, "gl/", "status = \"outside-specification\"");
    for better in [Status::BitExact, Status::WithinSpecification] {
        let checked = changed(&outside, |r| becomes(on(r, LOG, "gl:0"), better, &["0a"]));
        only(&checked, Outcome::DeviationVanished, Conclusion::Warn);
        assert_eq!(checked.conclusion, Conclusion::Warn, "nothing else: {:?}", notable(&checked));
    }
    let strictly = format!("{outside}\n[outcomes]\ndeviation-vanished = \"fail\"");
    let checked = changed(&strictly, |r| becomes(on(r, LOG, "gl:0"), Status::BitExact, &["0a"]));
    only(&checked, Outcome::DeviationVanished, Conclusion::Fail);
    // The lock never had it, and no result shows it any more.
    let never = changed(&rule(SUM, "vulkan/llvmpipe", "status = \"outside-specification\""), |_| {});
    only(&never, Outcome::DeviationVanished, Conclusion::Warn);
    assert_eq!(of(&never, Outcome::DeviationVanished)[0].place.as_ref().map(|p| p.line), Some(1), "the rule's line");
    let drift = changed(&rule(EXP, "vulkan/llvmpipe", "max_ulp = 2"), |r| {
        exact(r, EXP, "vulkan:1");
    });
    only(&drift, Outcome::DeviationVanished, Conclusion::Warn);
}

#[test]
fn agreement_by_chance_is_no_proof_that_it_is_gone() {
    let policy = rule(ATOMIC, "vulkan/llvmpipe", "status = \"not-repeatable\"");
    let checked = changed(&policy, |r| becomes(on(r, ATOMIC, "vulkan:1"), Status::BitExact, &["0a"]));
    only(&checked, Outcome::NowRepeatable, Conclusion::Note);
    assert_eq!(checked.conclusion, Conclusion::Note, "{:?}", notable(&checked));
}

#[test]
fn what_deviates_otherwise_fails() {
    let outside = rule(LOG, "gl/", "status = \"outside-specification\"");
    let varies = changed(&outside, |r| becomes(on(r, LOG, "gl:0"), Status::OutsideSpecification, &["0a"]));
    only(&varies, Outcome::KnownDeviation, Conclusion::Pass);
    let worse = changed(&rule(EXP, "vulkan/llvmpipe", "status = \"within-specification\""), |r| {
        becomes(on(r, EXP, "vulkan:1"), Status::OutsideSpecification, &["0a"]);
    });
    only(&worse, Outcome::DeviationChanged, Conclusion::Fail);
    let farther = changed(&rule(EXP, "vulkan/llvmpipe", "max_ulp = 1"), |_| {});
    only(&farther, Outcome::DeviationChanged, Conclusion::Fail);
    let unmeasured = changed(&rule(EXP, "vulkan/llvmpipe", "max_ulp = 2"), |r| {
        becomes(on(r, EXP, "vulkan:1"), Status::NotRepeatable, &["0a", "0b"]);
    });
    only(&unmeasured, Outcome::DeviationChanged, Conclusion::Fail);
}

/// A rule for a deviation is no licence for other changes.
#[test]
fn elsewhere_the_lock_decides() {
    // The rule covers both sums; neither the lock nor the result of one shows the deviation, and it changed.
    let policy = rule("sum/*", "vulkan/llvmpipe", "status = \"not-repeatable\"");
    let checked = changed(&policy, |r| results(on(r, SUM, "vulkan:1"))[0].digest = "0e".repeat(16));
    assert_eq!(of(&checked, Outcome::DigestChanged).len(), 1, "{:?}", notable(&checked));
    // Bit-exact in the lock, and within the specification now: better than the deviation, and no better than before.
    let policy = rule(SUM, "vulkan/llvmpipe", "status = \"outside-specification\"");
    let checked = changed(&policy, |r| becomes(on(r, SUM, "vulkan:1"), Status::WithinSpecification, &["0a"]));
    assert_eq!(of(&checked, Outcome::DigestChanged).len(), 1, "{:?}", notable(&checked));
    assert_eq!(checked.conclusion, Conclusion::Fail, "it fails");
}
