//! Requirements, which rule decides, and what is wrong with a policy.

use repro_audit::gate::{Conclusion, Outcome, Policy};
use repro_audit::record::{AxisLevel, Status};

use crate::subject::{
    ADAM, ATOMIC, EXP, LOG, SUM, ask, becomes, case, changed, exact, lock, notable, of, on, results, sound,
};

/// The outcome of one case on one engine under a rule.
fn under(rule: &str, id: &str, engine: &str) -> (Outcome, String) {
    let mut record = sound();
    let place = engine_label(&record, engine);
    let case = format!("case = \"{id}\"\nadapter = \"{place}\"\n");
    let checked = ask(&lock(std::slice::from_ref(&record)), &format!("[[rule]]\n{case}{rule}"), &[record.clone()]);
    let found = checked.items.iter().find(|i| i.case.as_deref() == Some(id) && i.on.as_deref() == Some(engine));
    let item = found.unwrap_or_else(|| panic!("{id} on {engine} is judged"));
    let _ = on(&mut record, id, engine);
    (item.outcome, item.what.clone())
}

fn engine_label(record: &repro_audit::record::Record, id: &str) -> String {
    let engine = record.engine(id).expect("an engine");
    // A hostile name is no pattern to type; its backend is.
    let label = repro_audit::gate::identify(&record.environment, engine).class.label();
    if id == "gl:0" { "gl/*".to_owned() } else { label }
}

#[test]
fn each_requirement_has_what_meets_it_and_what_does_not() {
    let rows: &[(&str, &str, &str, bool)] = &[
        ("require = \"bit-exact\"", SUM, "vulkan:1", true),
        ("require = \"bit-exact\"", EXP, "vulkan:1", false),
        ("require = \"bit-exact\"", ATOMIC, "vulkan:1", false),
        ("require = \"within-ulp\"\nmax_ulp = 2", EXP, "vulkan:1", true),
        ("require = \"within-ulp\"\nmax_ulp = 1", EXP, "vulkan:1", false),
        ("require = \"within-ulp\"\nmax_ulp = 0", SUM, "vulkan:1", true),
        // Runs that differ have no one distance, and a NaN has none at all.
        ("require = \"within-ulp\"\nmax_ulp = 1000000", ATOMIC, "vulkan:1", false),
        ("require = \"within-ulp\"\nmax_ulp = 9000000000", ADAM, "gl:0", false),
        ("require = \"within-specification\"", LOG, "vulkan:1", true),
        ("require = \"within-specification\"", ATOMIC, "vulkan:1", true),
        ("require = \"within-specification\"", LOG, "gl:0", false),
        ("require = \"repeatable\"", LOG, "gl:0", true),
        ("require = \"repeatable\"", ATOMIC, "vulkan:1", false),
        ("require = [\"repeatable\", \"within-specification\"]", EXP, "vulkan:1", true),
        ("require = [\"repeatable\", \"within-specification\"]", LOG, "gl:0", false),
        ("require = [\"repeatable\", \"within-specification\"]", ATOMIC, "vulkan:1", false),
    ];
    for (rule, id, engine, met) in rows {
        let (outcome, what) = under(rule, id, engine);
        let expected = if *met { Outcome::WithinRule } else { Outcome::BeyondRule };
        assert_eq!(outcome, expected, "{rule}: {id} on {engine}: {what}");
    }
    assert_eq!(under("require = \"same-as-lock\"", LOG, "gl:0").0, Outcome::Same, "the lock knows it");
}

#[test]
fn what_is_no_distance_is_within_none() {
    let policy = "[[rule]]\nkernel = \"exp\"\nadapter = \"llvmpipe\"\nrequire = \"within-ulp\"\nmax_ulp = 1000";
    assert_eq!(changed(policy, |_| {}).conclusion, Conclusion::Pass, "distances alone");
    type Kinds = repro_audit::numerics::drift::Classes;
    let kinds: [fn(&mut Kinds); 3] = [|k| k.flushed = 1, |k| k.infinite = 1, |k| k.nan_versus_number = 1];
    for kind in kinds {
        let checked = changed(policy, |r| {
            let of = |c: &&mut repro_audit::record::Comparison| c.axis == AxisLevel::Engine && c.right == "vulkan:1";
            let comparison = case(r, EXP).comparisons.iter_mut().find(of).expect("with the twin");
            kind(&mut comparison.drift.classes);
        });
        assert_eq!(of(&checked, Outcome::BeyondRule).len(), 1, "{:?}", of(&checked, Outcome::BeyondRule));
    }
    let unmeasured = changed(policy, |r| case(r, EXP).comparisons.clear());
    assert_eq!(of(&unmeasured, Outcome::BeyondRule).len(), 1, "what was not compared is within nothing");
}

/// Results that differ are within no specification that nobody held them against.
#[test]
fn what_was_not_judged_is_within_no_specification() {
    let policy = "[[rule]]\nkernel = \"exp\"\nadapter = \"llvmpipe\"\nrequire = \"within-specification\"";
    let rows: [(Status, &[&str]); 2] = [(Status::Unjudged, &["0a"]), (Status::NotRepeatable, &["0a", "0b"])];
    for (status, digests) in rows {
        let judged = |known: bool| {
            changed(policy, |r| {
                let execution = on(r, EXP, "vulkan:1");
                becomes(execution, status, digests);
                match execution.accuracy.as_mut() {
                    Some(accuracy) if known => accuracy.undecided = status == Status::Unjudged,
                    _ => execution.accuracy = None,
                }
            })
        };
        assert_eq!(of(&judged(false), Outcome::BeyondRule).len(), 1, "{status:?} without a judgement");
        let met = status == Status::NotRepeatable;
        assert_eq!(of(&judged(true), Outcome::BeyondRule).is_empty(), met, "{status:?} with one");
    }
    let partly = changed(policy, |r| {
        let execution = on(r, EXP, "vulkan:1");
        becomes(execution, Status::NotRepeatable, &["0a", "0b"]);
        execution.accuracy.as_mut().expect("it was judged").unmeasured = 1;
    });
    assert_eq!(of(&partly, Outcome::BeyondRule).len(), 1, "one of the two was not kept");
    let exact = changed(policy, |r| {
        exact(r, EXP, "vulkan:1");
        on(r, EXP, "vulkan:1").accuracy = None;
    });
    assert!(of(&exact, Outcome::BeyondRule).is_empty(), "the twin's bits need no judge: {:?}", notable(&exact));
}

#[test]
fn the_first_rule_that_matches_decides() {
    let policy = "[[rule]]\nkernel = \"exp\"\nrequire = \"within-specification\"\n\n\
                  [[rule]]\nkernel = \"*\"\nrequire = \"same-as-lock\"\n";
    let other = |id: &'static str| changed(policy, |r| results(on(r, id, "vulkan:1"))[0].digest = "0e".repeat(16));
    assert_eq!(other(EXP).conclusion, Conclusion::Pass, "other bits are allowed there");
    assert_eq!(of(&other(LOG), Outcome::DigestChanged).len(), 1, "and nowhere else");
}

#[test]
fn a_rule_without_the_lock_judges_what_the_lock_does_not_know() {
    let policy = "[[rule]]\nrequire = \"bit-exact\"\ncase = \"sum/new*\"";
    let checked = changed(policy, |r| {
        let mut new = r.cases.iter().find(|c| c.id == SUM).expect("a case").clone();
        new.id = "sum/new?n=1".to_owned();
        r.cases.push(new);
        becomes(on(r, "sum/new?n=1", "vulkan:1"), Status::WithinSpecification, &["0a"]);
    });
    let beyond = of(&checked, Outcome::BeyondRule);
    assert!(beyond.iter().any(|i| i.on.as_deref() == Some("vulkan:1")), "{beyond:?}");
    assert_eq!(of(&checked, Outcome::NewCase).len(), 1, "and it is new");
    assert!(!of(&checked, Outcome::WithinRule).is_empty(), "the others are exact");
}

#[test]
fn patterns_ignore_the_case_of_adapters_and_drivers() {
    let rule = |more: &str| format!("[[rule]]\nkernel = \"exp\"\nrequire = \"within-specification\"\n{more}");
    let hits = |more: &str| {
        let record = sound();
        let checked = ask(&lock(std::slice::from_ref(&record)), &rule(more), &[record]);
        of(&checked, Outcome::WithinRule).iter().filter_map(|i| i.on.clone()).collect::<Vec<_>>()
    };
    assert_eq!(hits("adapter = \"LLVMPIPE\""), ["vulkan:1"], "a part of the label");
    assert_eq!(hits("adapter = \"*256 BITS)\""), ["vulkan:1"], "the adapter's name in full, as a glob");
    assert_eq!(hits("driver = \"mesa 22.3\""), ["gl:0", "vulkan:1"], "two drivers of one version");
    assert_eq!(hits("driver = \"llvmpipe mesa 22.*\""), ["vulkan:1"], "a driver's name and version");
    assert_eq!(hits("adapter = [\"swiftshader\", \"embedded/contract\"]"), ["embedded:1", "vulkan:0"], "any of a list");
    assert_eq!(hits("variant = \"buil*\"\nadapter = \"swiftshader\""), ["vulkan:0"], "all patterns must match");
}

#[test]
fn what_is_wrong_with_a_policy_is_said_with_its_line() {
    let known = |inside: &str| format!("[[rule]]\nkernel = \"log\"\nknown-deviation = {{ {inside} }}");
    let rows: &[(String, usize, &str)] = &[
        ("rule = 3".to_owned(), 1, "[[rule]]"),
        ("\n[[rules]]\nrequire = \"bit-exact\"".to_owned(), 2, "'rules' is not a key of a policy"),
        ("[[rule]]\nkernel = \"log\"\nrequires = \"bit-exact\"".to_owned(), 3, "'requires' is not a key of a rule"),
        ("\n[[rule]]\nkernel = \"log\"".to_owned(), 2, "demands nothing"),
        ("[[rule]]\nrequire = \"exact\"".to_owned(), 2, "there are: bit-exact"),
        ("[[rule]]\nrequire = \"known-deviation\"".to_owned(), 2, "known-deviation = {"),
        ("[[rule]]\nrequire = \"within-ulp\"".to_owned(), 2, "max_ulp = N"),
        ("[[rule]]\nrequire = \"bit-exact\"\nmax_ulp = 3".to_owned(), 3, "belongs to"),
        ("[[rule]]\nrequire = \"within-ulp\"\nmax_ulp = -3".to_owned(), 3, "whole number"),
        ("[[rule]]\nrequire = \"within-ulp\"\nmax_ulp = 1.5".to_owned(), 3, "whole number"),
        ("[[rule]]\nrequire = []".to_owned(), 2, "empty list"),
        ("[[rule]]\nkernel = \"\"\nrequire = \"bit-exact\"".to_owned(), 2, "matches nothing"),
        ("[[rule]]\nadapter = [\"a\", \" \"]\nrequire = \"bit-exact\"".to_owned(), 2, "matches nothing"),
        ("[[rule]]\nkernel = \"sum/tree\"\nrequire = \"bit-exact\"".to_owned(), 2, "'/'"),
        ("[[rule]]\nkernel = 3\nrequire = \"bit-exact\"".to_owned(), 2, "text in quotes"),
        ("[outcomes]\ndigest-changed = \"warn\"".to_owned(), 2, "write a rule"),
        ("[outcomes]\ncontrol-missed = \"note\"".to_owned(), 2, "cannot be set"),
        ("[outcomes]\nsomething = \"note\"".to_owned(), 2, "not an outcome"),
        ("[outcomes]\nnew-case = \"never\"".to_owned(), 2, "none of: fail, warn, note"),
        ("[[rule]\n".to_owned(), 1, "not TOML"),
        ("a = 1\na = 2".to_owned(), 2, "not TOML"),
        (known("link = \"https://l\", status = \"not-repeatable\""), 3, "needs a reason"),
        (known("reason = \" \", link = \"https://l\", status = \"not-repeatable\""), 3, "says nothing"),
        (known("reason = \"r\", status = \"not-repeatable\""), 3, "needs a link"),
        (known("reason = \"r\", link = \"ticket 3\", status = \"not-repeatable\""), 3, "not a link"),
        (known("reason = \"r\", link = \"https://l\""), 3, "what is expected"),
        (known("reason = \"r\", link = \"https://l\", status = \"bit-exact\""), 3, "not a deviation"),
        (known("reason = \"r\", link = \"https://l\", status = \"odd\""), 3, "not a deviation"),
        (known("reason = \"r\", link = \"https://l\", digest = \"12\""), 3, "hexadecimal"),
        (known("reason = \"r\", link = \"https://l\", digest = \"xyzxyzxyz\""), 3, "hexadecimal"),
        (known("reason = \"r\", link = \"https://l\", max_ulp = 0"), 3, "not a deviation"),
        (known("reason = \"r\", link = \"https://l\", status = \"not-repeatable\", max_ulp = 4"), 3, "status alone"),
        (known("reason = \"r\", link = \"https://l\", max_ulp = 4, until = 3"), 3, "'until' is not a key"),
        (
            "[[rule]]\nmax_ulp = 3\nknown-deviation = { reason = \"r\", link = \"https://l\", max_ulp = 4 }".to_owned(),
            2,
            "inside",
        ),
        (known("reason = \"r\", link = \"https://l\", max_ulp = 4") + "\nrequire = \"bit-exact\"", 3, "not both"),
    ];
    for (text, line, part) in rows {
        let error = Policy::parse("repro-audit.toml", text).expect_err(text);
        assert!(error.what.contains(part), "{text}: {error}");
        assert_eq!(error.line, *line, "{text}: {error}");
        assert_eq!(error.to_string().lines().count(), 1, "{text}: one line: {error}");
    }
    assert_eq!(Policy::parse("p", "# nothing\n").expect("a policy"), Policy::default(), "an empty one demands nothing");
}

#[test]
fn the_sample_policy_is_one() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/policy/repro-audit.toml");
    let text = std::fs::read_to_string(path).expect("the sample");
    let policy = Policy::parse("repro-audit.toml", &text).unwrap_or_else(|e| panic!("{e}"));
    assert!(policy.rules.len() > 3 && !policy.outcomes.is_empty(), "with rules and outcomes");
}
