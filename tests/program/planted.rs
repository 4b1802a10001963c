//! Drivers with known defects: what the audit says of each defect that an embedded adapter can have, in every kernel of
//! the quick profile. The defect is known, so that a wrong verdict is seen to be wrong.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::sync::OnceLock;

use crate::common::{run, status, stderr, without_adapters};
use repro_audit::model::{FindingKind, Observation};
use repro_audit::numerics::arith::Arithmetic;
use repro_audit::record::{AxisLevel, CaseRecord, Execution, Level, LevelState, Outcome, Record, Status};

const PLANTED: [&str; 18] = [
    "contract",
    "split-fma",
    "flush",
    "contract+flush",
    "reciprocal",
    "reassociate",
    "round-twice",
    "operand-nan",
    "zero-product",
    "zero-sum",
    "self-difference",
    "factor",
    "constant-reciprocal",
    "fold-constants",
    "compare-select",
    "dot=last",
    "builtins=3",
    "subgroup=8",
];

fn audit(arguments: &[&str], planted: &[&str]) -> Record {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let mut all = vec!["gpu", "--format", "json", "--out", out];
    all.extend(arguments);
    for mode in planted {
        all.extend(["--planted", mode]);
    }
    let output = run(&mut without_adapters(&all));
    assert_eq!(status(&output), 0, "the audit is complete: {}", stderr(&output));
    serde_json::from_slice(&output.stdout).expect("a record")
}

/// The quick profile on the strict embedded adapter and on one with each defect.
fn quick() -> &'static Record {
    static RECORD: OnceLock<Record> = OnceLock::new();
    // Which of two orders comes out is not the question here, so that two runs are enough.
    RECORD.get_or_init(|| audit(&["--repeats", "2", "--threads", "1"], &PLANTED))
}

fn engine(mode: &str) -> String {
    let place = PLANTED.iter().position(|m| *m == mode).expect("a planted mode");
    format!("embedded:{}", place + 1)
}

fn on<'r>(case: &'r CaseRecord, engine: &str) -> Option<&'r Execution> {
    case.executions.iter().find(|e| e.engine == engine && matches!(e.outcome, Outcome::Ran { .. }))
}

/// Whether a defect shows in a case: its result differs from the strict adapter's.
fn shows(case: &CaseRecord, engine: &str) -> bool {
    case.comparisons
        .iter()
        .any(|c| c.axis == AxisLevel::Driver && c.left == "embedded:0" && c.right == engine && !c.drift.is_none())
}

fn digest(execution: &Execution) -> &str {
    match &execution.outcome {
        Outcome::Ran { distinct, .. } => &distinct[0].digest,
        _ => "",
    }
}

fn name(case: &CaseRecord) -> String {
    format!("{}/{}", case.kernel, case.variant)
}

/// The variants in which a defect shows.
fn where_it_shows(mode: &str) -> BTreeSet<String> {
    quick().cases.iter().filter(|c| shows(c, &engine(mode))).map(name).collect()
}

#[test]
fn planted_adapters_run_everything_and_repeat_what_the_strict_one_repeats() {
    for case in quick().cases.iter().filter(|c| c.shader.is_some()) {
        let strict = on(case, "embedded:0").unwrap_or_else(|| panic!("{} ran", case.id));
        for mode in PLANTED {
            let planted = on(case, &engine(mode)).unwrap_or_else(|| panic!("{} ran with {mode}", case.id));
            let repeats = |e: &Execution| e.status != Status::NotRepeatable;
            assert_eq!(repeats(strict), repeats(planted), "{} with {mode}: arithmetic is not order", case.id);
        }
    }
}

/// Where a twin takes the same liberty, the planted adapter must have exactly its bits, and the report name it.
#[test]
fn liberties_that_twins_take_are_named_as_what_they_are() {
    let twins = [
        ("contract", Arithmetic::FUSED),
        ("split-fma", Arithmetic::SPLIT),
        ("flush", Arithmetic::FLUSH),
        ("contract+flush", Arithmetic { flush: true, ..Arithmetic::FUSED }),
    ];
    for (mode, arithmetic) in twins {
        let mut seen = 0;
        for case in quick().cases.iter().filter(|c| !c.twins.is_empty()) {
            let Some(execution) = on(case, &engine(mode)) else { continue };
            // A twin that is not listed takes no such liberty, as that of integers.
            let like = |a: Arithmetic| case.twins.iter().find(|t| t.arithmetic == a);
            let flushing = like(Arithmetic { fused: false, ..arithmetic });
            let expected = like(arithmetic).or(flushing).or(like(Arithmetic::STRICT)).expect("a strict twin");
            assert_eq!(digest(execution), expected.digest, "{} with {mode}", case.id);
            seen += usize::from(shows(case, &engine(mode)));
        }
        assert!(seen > 0, "{mode} shows somewhere");
    }
}

/// A verdict ends at the level that a defect breaks, and says why.
#[test]
fn verdicts_end_where_the_defect_is() {
    let verdict = |problem: &str, mode: &str| {
        let of = |v: &&repro_audit::record::Verdict| v.engine == engine(mode) && v.problem.starts_with(problem);
        quick().verdicts.iter().find(of).unwrap_or_else(|| panic!("{problem} with {mode} has a verdict"))
    };
    let state =
        |v: &repro_audit::record::Verdict, level: Level| v.levels.iter().find(|(l, _)| *l == level).map(|l| l.1);
    let named = [
        ("arithmetic/mul_add", "contract", "fuses multiply and add"),
        ("arithmetic/fma", "split-fma", "expands the built-in fma into two roundings"),
        ("arithmetic/mul?", "flush", "flushes subnormals to zero"),
        ("arithmetic/div_constant", "reciprocal", ""),
        ("arithmetic/cancel", "reassociate", ""),
    ];
    for (problem, mode, cause) in named {
        let found = verdict(problem, mode);
        assert_eq!(state(found, Level::RunToRun), Some(LevelState::Held), "{problem} with {mode} repeats");
        assert_eq!(state(found, Level::DriverToDriver), Some(LevelState::Failed), "{problem} with {mode} differs");
        assert_eq!(state(found, Level::GpuToGpu), Some(LevelState::Untested), "{problem} with {mode} is no adapter");
        assert_eq!(state(found, Level::CpuGpuBitwise), Some(LevelState::Failed), "{problem} with {mode} is not strict");
        let told = if cause.is_empty() { String::new() } else { format!("{} {cause}", engine(mode)) };
        assert!(found.because.starts_with(&told) && found.because.contains("embedded:0"), "{mode}: {}", found.because);
        assert!(found.level < Level::DriverToDriver, "{problem} with {mode}: {:?}", found.level);
        assert_eq!(found.status, Status::WithinSpecification, "{problem} with {mode} is allowed");
    }
}

/// Defects that no twin has show where they must, and nowhere else.
#[test]
fn other_defects_show_where_they_must() {
    let must: [(&str, &[&str]); 13] = [
        ("reciprocal", &["arithmetic/div_constant", "specials/div"]),
        ("reassociate", &["arithmetic/cancel", "arithmetic/two_sum", "sum/kahan"]),
        ("round-twice", &["builtins/quantizeToF16"]),
        ("zero-product", &["arithmetic/mul_zero"]),
        ("zero-sum", &["arithmetic/add_zero", "arithmetic/zero_minus"]),
        ("self-difference", &["specials/subtract_self"]),
        ("factor", &["arithmetic/factor"]),
        ("constant-reciprocal", &["arithmetic/div_constant"]),
        ("fold-constants", &["activation/gelu_sigmoid"]),
        ("compare-select", &["max/compare"]),
        ("dot=last", &["builtins/dot", "matmul/dot4"]),
        ("builtins=3", &["builtins/exp", "builtins/inverseSqrt", "softmax/rows", "logsumexp/rows"]),
        ("subgroup=8", &["sum/subgroup"]),
    ];
    for (mode, variants) in must {
        let found = where_it_shows(mode);
        for variant in variants {
            assert!(found.contains(*variant), "{mode} shows in {variant}; it does in {found:?}");
        }
    }
    let never = ["philox/element", "sum/exact", "dropout/element", "specials/copy", "specials/nan_by_bits"];
    let guarded = ["sum/kahan_guarded", "arithmetic/two_sum_guarded"];
    for mode in PLANTED {
        let found = where_it_shows(mode);
        let kept = never.iter().filter(|v| found.contains(**v)).collect::<Vec<_>>();
        assert!(kept.is_empty(), "{mode} shows in {kept:?}, which have no arithmetic that it changes");
    }
    let lost = |mode: &str| {
        let of = quick().cases.iter().filter(|c| name(c) == "sum/kahan").filter_map(|c| on(c, &engine(mode)));
        of.flat_map(|e| &e.observations)
            .filter(|o| o.name == Observation::COMPENSATION_LOST)
            .map(|o| o.value)
            .collect::<Vec<_>>()
    };
    assert!(!lost("reassociate").is_empty() && lost("reassociate").iter().all(|v| *v == 1.0), "and says what it means");
    assert!(lost("contract").iter().all(|v| *v == 0.0), "contraction does not cost the compensation");
    for variant in guarded {
        assert!(!where_it_shows("reassociate").contains(variant), "{variant} is guarded");
    }
    assert_eq!(where_it_shows("subgroup=8"), BTreeSet::from(["sum/subgroup".to_owned()]), "no other order is open");
    assert!(!where_it_shows("builtins=3").contains("softmax/poly"), "an exponential of products and sums is safe");
}

/// What the specification forbids is called that: errors of 3 ulp where fewer are allowed.
#[test]
fn errors_beyond_the_specification_are_outside_of_it() {
    let status = |variant: &str| {
        let of = quick().cases.iter().filter(|c| name(c) == variant);
        of.filter_map(|c| on(c, &engine("builtins=3"))).map(|e| e.status).max()
    };
    assert_eq!(status("builtins/inverseSqrt"), Some(Status::OutsideSpecification), "2 ulp are allowed");
    assert_eq!(status("builtins/exp"), Some(Status::WithinSpecification), "3 + 2|x| ulp are allowed");
    for mode in PLANTED.iter().filter(|m| **m != "builtins=3") {
        let outside = quick()
            .cases
            .iter()
            .find(|c| on(c, &engine(mode)).is_some_and(|e| e.status == Status::OutsideSpecification));
        assert!(outside.is_none(), "{mode} is allowed in {:?}", outside.map(|c| &c.id));
    }
}

#[test]
fn a_schedule_that_is_fixed_hides_what_depends_on_it() {
    let kernels = ["--kernel", "sum/atomic_cas", "--kernel", "scatter_add/atomic_cas", "--threads", "1"];
    let record = audit(&kernels, &["schedule=in-order", "schedule=reversed", "schedule=9"]);
    let mut cases = record.cases.iter().peekable();
    assert!(cases.peek().is_some(), "there are such cases");
    let mut differ = 0;
    for case in cases {
        let distinct = |engine: &str| match on(case, engine).map(|e| &e.outcome) {
            Some(Outcome::Ran { distinct, .. }) => distinct.len(),
            _ => 0,
        };
        let found = on(case, "embedded:0").map(|e| e.findings.clone()).unwrap_or_default();
        assert!(distinct("embedded:0") > 1, "{}: another order, another sum", case.id);
        assert!(found.iter().any(|f| f.kind == FindingKind::OrderDependent), "{}: and that is said", case.id);
        for fixed in ["embedded:1", "embedded:2", "embedded:3"] {
            assert_eq!(distinct(fixed), 1, "{} on {fixed}: one order, one sum", case.id);
            assert!(on(case, fixed).is_some_and(|e| e.findings.is_empty()), "{} on {fixed}: nothing to say", case.id);
        }
        assert!(!shows(case, "embedded:1"), "{}: the first order of the strict adapter is in order", case.id);
        differ += usize::from(shows(case, "embedded:2"));
    }
    assert!(differ > 0, "a reversed order shows between drivers");
}

/// Variants by kernel.
type Variants = BTreeMap<String, Vec<String>>;

/// The table of `docs/numerics.md`, from the record.
fn table(record: &Record) -> String {
    let mut text = "| planted | status | equal references | of |\n|---|---|---|---|\n".to_owned();
    for (place, mode) in PLANTED.iter().enumerate() {
        let engine = format!("embedded:{}", place + 1);
        // Status and equal twins, and the variants of which this is said.
        let mut variants: BTreeMap<String, (Status, BTreeSet<&str>)> = BTreeMap::new();
        for case in record.cases.iter().filter(|c| shows(c, &engine)) {
            let Some(execution) = on(case, &engine) else { continue };
            let equals: BTreeSet<&str> = execution.equals.iter().map(|a| a.name()).collect();
            let entry = variants.entry(name(case)).or_insert_with(|| (execution.status, equals.clone()));
            entry.0 = entry.0.max(execution.status);
            entry.1.retain(|a| equals.contains(a));
        }
        let mut said: BTreeMap<(Status, Vec<&str>), Variants> = BTreeMap::new();
        for (variant, (status, equals)) in variants {
            let (kernel, variant) = variant.split_once('/').expect("kernel/variant");
            let of = said.entry((status, equals.into_iter().collect())).or_default();
            of.entry(kernel.to_owned()).or_default().push(variant.to_owned());
        }
        for (i, ((status, equals), kernels)) in said.iter().enumerate() {
            let planted = if i == 0 { format!("`{mode}`") } else { String::new() };
            let word = match status {
                Status::BitExact => "bit-exact, but another configuration's",
                Status::WithinSpecification => "within the specification",
                Status::Unjudged => "not judged",
                Status::NotRepeatable => "not repeatable",
                Status::OutsideSpecification => "outside the specification",
                Status::Skipped | Status::Failed => "no result",
            };
            let names: Vec<_> = equals.iter().map(|a| format!("`{a}`")).collect();
            let twins = if names.is_empty() { "none".to_owned() } else { names.join(", ") };
            let of: Vec<_> =
                kernels.iter().map(|(kernel, variants)| format!("{kernel}: {}", variants.join(", "))).collect();
            text.push_str(&format!("| {planted} | {word} | {twins} | {} |\n", of.join("; ")));
        }
    }
    text
}

#[test]
fn the_table_in_the_documents_is_what_the_audit_says() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/numerics.md");
    let text = std::fs::read_to_string(&path).expect("the document");
    let (begin, end) = ("<!-- planted: written by tests/program/planted.rs -->\n", "<!-- /planted -->");
    let (before, rest) = text.split_once(begin).expect("the table's beginning");
    let (there, after) = rest.split_once(end).expect("the table's end");
    let table = table(quick());
    if std::env::var_os("REPRO_AUDIT_BLESS").is_some() {
        std::fs::write(&path, format!("{before}{begin}{table}{end}{after}")).expect("written");
        return;
    }
    assert!(there == table, "docs/numerics.md differs; if that is meant, run again with REPRO_AUDIT_BLESS=1\n{table}");
}
