//! For each outcome, a record that has it, with the conclusion that it must have; and one record that has none.

use std::collections::BTreeSet;

use repro_audit::gate::{Checked, Conclusion, Outcome, Policy, Question, check};
use repro_audit::kernels::Profile;
use repro_audit::model::Skip;
use repro_audit::model::{Finding, FindingKind};
use repro_audit::record::{self, EngineStatus, Record, Status};

use crate::subject::{
    ATOMIC, EXP, LOG, SKIPPED, SUM, ask, ask_strictly, becomes, case, changed, exact, lock, notable, of, on, results,
    sound,
};

#[test]
fn a_record_is_what_its_own_lock_says() {
    let record = sound();
    let checked = ask(&lock(std::slice::from_ref(&record)), "", &[record]);
    assert_eq!(notable(&checked), [], "nothing to say");
    assert_eq!(checked.conclusion, Conclusion::Pass, "within policy");
    let kinds: BTreeSet<Outcome> = checked.items.iter().map(|i| i.outcome).collect();
    assert_eq!(kinds, BTreeSet::from([Outcome::Same, Outcome::SkippedAsLocked]), "all as locked");
    assert!(checked.counts.judged > 100, "many results: {}", checked.counts.judged);
}

type Proof = (&'static str, Outcome, Conclusion, fn(&mut Record));

fn skip(execution: &mut record::Execution) {
    execution.outcome = record::Outcome::Skipped { why: Skip::CpuOnly };
    execution.status = Status::Skipped;
}

fn adapter<'r>(record: &'r mut Record, id: &str) -> &'r mut repro_audit::model::AdapterIdentity {
    let engine = record.engines.iter_mut().find(|e| e.id == id).expect("an engine");
    engine.adapter.as_mut().expect("an adapter")
}

/// What is changed of a record, and what must be said of it.
const PROOFS: &[Proof] = &[
    ("other bits", Outcome::DigestChanged, Conclusion::Fail, |r| {
        results(on(r, SUM, "vulkan:1"))[0].digest = "0e".repeat(16);
    }),
    ("other bits of the interpreter", Outcome::DigestChanged, Conclusion::Fail, |r| {
        results(on(r, SUM, "embedded:0"))[0].digest = "0e".repeat(16);
    }),
    ("other bits of threads", Outcome::DigestChanged, Conclusion::Fail, |r| {
        let id = "threads_sum/fixed?n=65536&dist=normal&seed=7&wg=64";
        results(on(r, id, "cpu"))[0].digest = "0e".repeat(16);
    }),
    ("runs that differ", Outcome::NoLongerRepeatable, Conclusion::Fail, |r| {
        becomes(on(r, SUM, "vulkan:1"), Status::NotRepeatable, &["0a", "0b"]);
    }),
    ("a data race that was found since", Outcome::DataRace, Conclusion::Fail, |r| {
        let message = "two invocations write one word".to_owned();
        let finding = Finding { kind: FindingKind::DataRace, line: Some(3), message };
        on(r, SUM, "embedded:0").findings.push(finding);
    }),
    ("the same bits, judged otherwise", Outcome::StatusChanged, Conclusion::Fail, |r| {
        on(r, EXP, "vulkan:1").status = Status::OutsideSpecification;
    }),
    ("a varying result that is outside now", Outcome::StatusChanged, Conclusion::Fail, |r| {
        becomes(on(r, ATOMIC, "vulkan:1"), Status::OutsideSpecification, &["0a", "0b"]);
    }),
    ("one result outside, where runs differed", Outcome::StatusChanged, Conclusion::Fail, |r| {
        becomes(on(r, ATOMIC, "vulkan:1"), Status::OutsideSpecification, &["0a"]);
    }),
    ("a case that is gone", Outcome::MissingCase, Conclusion::Fail, |r| r.cases.retain(|c| c.id != SUM)),
    ("a case that is gone from one engine", Outcome::MissingCase, Conclusion::Fail, |r| {
        case(r, SUM).executions.retain(|x| x.engine != "vulkan:1");
    }),
    ("a case that is new", Outcome::NewCase, Conclusion::Warn, |r| {
        let mut new = case(r, SUM).clone();
        new.id = "sum/new?n=1".to_owned();
        r.cases.push(new);
    }),
    ("another shader", Outcome::CaseChanged, Conclusion::Fail, |r| case(r, SUM).shader = Some("cd".repeat(16))),
    ("no shader", Outcome::CaseChanged, Conclusion::Fail, |r| case(r, SUM).shader = None),
    ("another twin", Outcome::CaseChanged, Conclusion::Fail, |r| case(r, SUM).twins[0].digest = "cd".repeat(16)),
    ("another shape", Outcome::CaseChanged, Conclusion::Fail, |r| case(r, SUM).elements += 1),
    ("an engine that is absent", Outcome::EngineAbsent, Conclusion::Absent, |r| {
        r.engines.retain(|e| e.id != "vulkan:1");
        r.cases.iter_mut().for_each(|c| c.executions.retain(|x| x.engine != "vulkan:1"));
    }),
    ("another device in its place", Outcome::EngineAbsent, Conclusion::Absent, |r| {
        adapter(r, "vulkan:1").name = "softpipe".to_owned();
    }),
    ("another architecture", Outcome::EngineAbsent, Conclusion::Absent, |r| {
        r.environment.architecture = "aarch64".to_owned();
    }),
    // The adapter is the same one, as a comparison of the records says: its bits are held to the lock.
    ("a variable that changes numerics", Outcome::VariablesChanged, Conclusion::Note, |r| {
        r.environment.variables.insert("LP_NATIVE_VECTOR_WIDTH".to_owned(), "128".to_owned());
    }),
    ("an engine that is new", Outcome::NewEngine, Conclusion::Warn, |r| {
        let mut new = r.engines.iter().find(|e| e.id == "vulkan:1").expect("an engine").clone();
        new.id = "vulkan:2".to_owned();
        new.adapter.as_mut().expect("an adapter").name = "softpipe".to_owned();
        r.engines.push(new);
        let control = record::Control { engine: "vulkan:2".to_owned(), ..r.controls[0].clone() };
        r.controls.push(control);
        for case in &mut r.cases {
            let Some(mut x) = case.executions.iter().find(|x| x.engine == "vulkan:1").cloned() else { continue };
            x.engine = "vulkan:2".to_owned();
            case.executions.push(x);
        }
    }),
    ("another driver version", Outcome::DriverChanged, Conclusion::Note, |r| {
        let adapter = adapter(r, "vulkan:1");
        adapter.driver_info = "Mesa 25.0.7".to_owned();
        adapter.name = "llvmpipe (LLVM 19.1.7, 256 bits)".to_owned();
    }),
    ("another build of a driver", Outcome::DriverChanged, Conclusion::Note, |r| {
        adapter(r, "vulkan:1").pipeline_cache_uuid = Some("00".repeat(16));
    }),
    ("a case that is skipped now", Outcome::NowSkipped, Conclusion::Fail, |r| skip(on(r, SUM, "vulkan:1"))),
    ("a varying case that is skipped now", Outcome::NowSkipped, Conclusion::Fail, |r| skip(on(r, ATOMIC, "vulkan:1"))),
    ("a case that runs now", Outcome::NowRuns, Conclusion::Warn, |r| {
        becomes(on(r, SKIPPED, "vulkan:1"), Status::BitExact, &["0a"]);
    }),
    ("an engine that failed", Outcome::Incomplete, Conclusion::Incomplete, |r| {
        let engine = r.engines.iter_mut().find(|e| e.id == "vulkan:1").expect("an engine");
        engine.status = EngineStatus::Failed { reason: "it hung".to_owned(), case: None };
    }),
    ("a case that failed", Outcome::Incomplete, Conclusion::Incomplete, |r| {
        let x = on(r, SUM, "vulkan:1");
        x.outcome = record::Outcome::Failed { reason: "the device was lost".to_owned() };
        x.status = Status::Failed;
    }),
    ("a status that contradicts its result", Outcome::Incomplete, Conclusion::Incomplete, |r| {
        on(r, ATOMIC, "vulkan:1").status = Status::BitExact;
    }),
    ("a control that was missed", Outcome::ControlMissed, Conclusion::Incomplete, |r| r.controls[1].caught = false),
    ("no control at all", Outcome::ControlMissed, Conclusion::Incomplete, |r| r.controls.clear()),
    ("no control on one adapter", Outcome::ControlMissed, Conclusion::Incomplete, |r| {
        r.controls.retain(|c| c.engine != "vulkan:1");
    }),
    ("fewer runs", Outcome::FewerRepeats, Conclusion::Incomplete, |r| r.provenance.settings.repeats -= 1),
    ("another profile", Outcome::OtherSettings, Conclusion::Fail, |r| r.provenance.settings.profile = Profile::Deep),
    ("another seed", Outcome::OtherSettings, Conclusion::Fail, |r| r.provenance.settings.seed = 8),
    ("another version of the program", Outcome::OtherTool, Conclusion::Note, |r| {
        r.provenance.version = "9.9.9".to_owned();
    }),
    ("no case", Outcome::NothingJudged, Conclusion::Incomplete, |r| r.cases.clear()),
    ("skips alone", Outcome::NothingJudged, Conclusion::Incomplete, |r| r.cases.retain(|c| c.id == SKIPPED)),
];

/// Policies, and what must be said of the record with one change.
const UNDER_POLICY: &[(&str, &str, Outcome, Conclusion)] = &[
    (
        "a rule that is met",
        "[[rule]]\nkernel = \"log\"\nadapter = \"vulkan\"\nrequire = \"within-specification\"",
        Outcome::WithinRule,
        Conclusion::Pass,
    ),
    (
        "a rule that is not",
        "[[rule]]\nkernel = \"log\"\nrequire = \"within-specification\"",
        Outcome::BeyondRule,
        Conclusion::Fail,
    ),
    (
        "a rule for nothing",
        "[[rule]]\nkernel = \"logs\"\nrequire = \"bit-exact\"",
        Outcome::UnmatchedRule,
        Conclusion::Warn,
    ),
    (
        "a rule that is never reached",
        "[[rule]]\nrequire = \"same-as-lock\"\n[[rule]]\nkernel = \"log\"\nrequire = \"bit-exact\"",
        Outcome::ShadowedRule,
        Conclusion::Warn,
    ),
    (
        "a known deviation",
        "[[rule]]\nkernel = \"log\"\ndriver = \"4.5*\"\nknown-deviation = { reason = \"r\", link = \"https://l\", status = \"outside-specification\" }",
        Outcome::KnownDeviation,
        Conclusion::Pass,
    ),
    (
        "a deviation that no result has",
        "[[rule]]\nkernel = \"sum\"\nvariant = \"tree\"\nadapter = \"llvmpipe\"\nknown-deviation = { reason = \"r\", link = \"https://l\", status = \"outside-specification\" }",
        Outcome::DeviationVanished,
        Conclusion::Warn,
    ),
    (
        "a deviation that is larger",
        "[[rule]]\ncase = \"exp/builtin*\"\nadapter = \"vulkan/llvmpipe\"\nknown-deviation = { reason = \"r\", link = \"https://l\", max_ulp = 1 }",
        Outcome::DeviationChanged,
        Conclusion::Fail,
    ),
];

/// What each proof compares: its name, outcome and conclusion, and the record before and after.
fn proofs() -> Vec<(&'static str, Outcome, Conclusion, Record, Record)> {
    let mut out: Vec<_> = PROOFS
        .iter()
        .map(|(name, outcome, conclusion, change)| {
            let mut after = sound();
            change(&mut after);
            (*name, *outcome, *conclusion, sound(), after)
        })
        .collect();
    // Where nothing is known of the order, agreeing runs may agree by chance. Where it is known to be open, nothing is said.
    let mut varying = sound();
    case(&mut varying, ATOMIC).executions.iter_mut().for_each(|x| x.findings.clear());
    let mut agreeing = varying.clone();
    exact(&mut agreeing, ATOMIC, "vulkan:1");
    out.push(("runs that happen to agree", Outcome::NowRepeatable, Conclusion::Note, varying, agreeing));
    out
}

fn exactly(name: &str, checked: &Checked, outcome: Outcome, conclusion: Conclusion) {
    let found = of(checked, outcome);
    assert!(!found.is_empty(), "{name}: {} is said; {:?}", outcome.name(), notable(checked));
    assert!(found.iter().all(|i| i.conclusion == conclusion), "{name}: {found:?}");
    assert!(checked.conclusion >= conclusion, "{name}: the whole is as grave");
    assert!(found.iter().all(|i| !i.what.is_empty() && !i.what.contains('\n')), "{name}: in one line");
}

#[test]
fn every_outcome_has_a_record_that_has_it() {
    let mut proved = BTreeSet::from([Outcome::Same, Outcome::SkippedAsLocked]);
    for (name, outcome, conclusion, before, after) in proofs() {
        exactly(name, &ask(&lock(&[before]), "", &[after]), outcome, conclusion);
        proved.insert(outcome);
    }
    for (name, policy, outcome, conclusion) in UNDER_POLICY {
        exactly(name, &changed(policy, |_| {}), *outcome, *conclusion);
        proved.insert(*outcome);
    }
    let mut alone = crate::fixture::interpreted(crate::fixture::full(1), true);
    alone.controls = sound().controls;
    exactly("the interpreter alone", &ask(&lock(&[alone.clone()]), "", &[alone]), Outcome::NoDriver, Conclusion::Note);
    proved.insert(Outcome::NoDriver);
    let (locked, policy) = (lock(&[sound()]), Policy::default());
    let missing = ["windows-warp".to_owned()];
    let legs = check(&Question {
        lock: &locked,
        lock_file: "repro.lock",
        policy: &policy,
        policy_file: "repro-audit.toml",
        records: &[sound()],
        missing: &missing,
        engines: &[],
        strict: false,
    });
    exactly("a leg that sent nothing", &legs, Outcome::MissingLeg, Conclusion::Absent);
    proved.insert(Outcome::MissingLeg);
    let all: BTreeSet<Outcome> = Outcome::ALL.iter().copied().collect();
    assert_eq!(proved, all, "each outcome is proved");
}

/// One change, one thing said: nothing drowns it.
#[test]
fn a_change_is_said_once() {
    let single = [
        Outcome::DigestChanged,
        Outcome::NoLongerRepeatable,
        Outcome::NowRepeatable,
        Outcome::StatusChanged,
        Outcome::MissingCase,
        Outcome::NowSkipped,
        Outcome::NowRuns,
        Outcome::NewCase,
        Outcome::CaseChanged,
        Outcome::NewEngine,
        Outcome::DriverChanged,
        Outcome::VariablesChanged,
        Outcome::FewerRepeats,
        Outcome::OtherSettings,
        Outcome::OtherTool,
    ];
    for (name, outcome, _, before, after) in proofs().into_iter().filter(|p| single.contains(&p.1)) {
        let checked = ask(&lock(&[before]), "", &[after]);
        assert_eq!(notable(&checked).len(), 1, "{name}, {}: {:?}", outcome.name(), notable(&checked));
    }
}

#[test]
fn the_gravest_decides_and_strictness_makes_failures_of_warnings() {
    let both = changed("", |r| {
        results(on(r, SUM, "vulkan:1"))[0].digest = "0e".repeat(16);
        r.controls[0].caught = false;
    });
    assert_eq!(both.conclusion, Conclusion::Incomplete, "what proves nothing comes before what it says");
    for (name, outcome, conclusion, before, after) in proofs() {
        let checked = ask_strictly(&lock(&[before]), "", &[after], true);
        let found = of(&checked, outcome);
        let expected = if conclusion == Conclusion::Warn { Conclusion::Fail } else { conclusion };
        assert!(
            !found.is_empty() && found.iter().all(|i| i.conclusion == expected),
            "{name} under --strict: {found:?}"
        );
    }
}

#[test]
fn a_policy_sets_the_conclusion_of_outcomes() {
    let absent = |policy: &str| {
        changed(policy, |r| {
            r.engines.retain(|e| e.id != "vulkan:1");
            r.cases.iter_mut().for_each(|c| c.executions.retain(|x| x.engine != "vulkan:1"));
        })
    };
    assert_eq!(absent("[outcomes]\nengine-absent = \"warn\"").conclusion, Conclusion::Warn, "a warning");
    assert_eq!(absent("[outcomes]\nengine-absent = \"fail\"").conclusion, Conclusion::Absent, "fails as an absence");
    let driver = |policy: &str| {
        changed(policy, |r| {
            let engine = r.engines.iter_mut().find(|e| e.id == "vulkan:1").expect("an engine");
            engine.adapter.as_mut().expect("an adapter").driver_info = "Mesa 25.0.7".to_owned();
        })
    };
    assert_eq!(driver("").conclusion, Conclusion::Note, "an update that changes no bit is no failure");
    assert_eq!(driver("[outcomes]\ndriver-changed = \"fail\"").conclusion, Conclusion::Fail, "unless it is wanted");
}

#[test]
fn a_change_names_what_changed_and_where() {
    let checked = changed("", |r| {
        results(on(r, LOG, "vulkan:1"))[0].digest = "0e".repeat(16);
        let engine = r.engines.iter_mut().find(|e| e.id == "vulkan:1").expect("an engine");
        engine.adapter.as_mut().expect("an adapter").driver_info = "Mesa 25.0.7".to_owned();
    });
    let item = of(&checked, Outcome::DigestChanged)[0];
    assert_eq!(item.case.as_deref(), Some(LOG), "the case");
    assert_eq!(item.engine.as_deref(), Some("vulkan/llvmpipe/x86_64"), "the engine");
    for part in ["0e0e0e0e0e0e0e0e", "ulp", "Mesa 22.3.6", "Mesa 25.0.7"] {
        assert!(item.what.contains(part), "{part}: {}", item.what);
    }
    let place = item.place.as_ref().expect("a line");
    let text = lock(&[sound()]).to_string();
    let line = text.lines().nth(place.line - 1).expect("a line");
    assert!(line.contains("vulkan/llvmpipe/x86_64") && line.contains("within-specification"), "its line: {line}");
    let above = text.lines().take(place.line).filter(|l| l.starts_with("case ")).last().expect("a case");
    assert!(above.contains(LOG), "under its case: {above}");
}

/// The table of `docs/gate.md`, from the list.
#[test]
fn the_outcomes_in_the_documents_are_those_of_the_program() {
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/gate.md");
    let text = std::fs::read_to_string(&path).expect("the document");
    let (begin, end) = ("<!-- outcomes: written by tests/gate -->\n", "<!-- /outcomes -->");
    let (before, rest) = text.split_once(begin).expect("the table's beginning");
    let (there, after) = rest.split_once(end).expect("the table's end");
    let row = |o: &Outcome| {
        let star = if o.is_adjustable() { " *" } else { "" };
        format!("| `{}`{star} | {} | {} |\n", o.name(), o.conclusion().word().to_lowercase(), o.meaning())
    };
    let table = format!(
        "| outcome | conclusion | meaning |\n|---|---|---|\n{}\n",
        Outcome::ALL.iter().map(row).collect::<String>()
    );
    if std::env::var_os("REPRO_AUDIT_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).expect("written");
        return;
    }
    assert!(there == table, "docs/gate.md differs; if that is meant, run again with REPRO_AUDIT_BLESS=1\n{table}");
}
