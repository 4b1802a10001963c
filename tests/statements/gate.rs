//! The lock, the policy and the check.

use std::path::Path;

use repro_audit::model::bits::{Bits, Dtype, digest_words};
use repro_audit::record::{self, AxisLevel, Outcome, Record, Stored};

use crate::broken;
use crate::common::{adapters, program, record_in, run, status, stderr, without_adapters};

fn in_folder(folder: &Path, arguments: &[&str], exit: i32) -> String {
    let output = run(without_adapters(arguments).current_dir(folder).env_remove("GITHUB_STEP_SUMMARY"));
    let out = String::from_utf8_lossy(&output.stdout).into_owned();
    assert_eq!(status(&output), exit, "{arguments:?}: {out}{}", stderr(&output));
    out + &stderr(&output)
}

/// A folder with a kernel of `tests/cases/`, audited once.
fn audited(stem: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    for ending in ["wgsl", "toml"] {
        let from = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("tests/cases/{stem}.{ending}"));
        std::fs::copy(&from, folder.path().join(format!("{stem}.{ending}"))).expect("copied");
    }
    in_folder(folder.path(), &["kernel", &format!("{stem}.wgsl"), "--repeats", "3"], 0);
    folder
}

fn lock(folder: &Path) -> String {
    in_folder(folder, &["lock"], 0);
    std::fs::read_to_string(folder.join("repro.lock")).expect("a lock")
}

/// Was: the digest of a race was pinned, and 5 of 5 checks of an unchanged machine failed; or it was within policy.
#[test]
fn a_data_race_has_no_digest_in_a_lock_and_is_never_within_policy_in_silence() {
    for stem in ["c05b_sum_no_barrier", "c06_odd_even", "c09_scatter_dup", "c14_last_group"] {
        let folder = audited(stem);
        let at = folder.path();
        let text = lock(at);
        let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("  ") && l.ends_with("embedded/strict")).collect();
        assert!(rows.iter().any(|r| r.contains("  unordered (race)  ")), "{stem}: {text}");
        assert!(rows.iter().all(|r| r.contains("unordered")), "{stem}: no digest is pinned: {text}");

        let said = in_folder(at, &["check"], 1);
        assert!(said.contains("data-race") && said.contains("beyond policy"), "{stem}: {said}");
        for other in ["digest-changed", "no-longer-repeatable", "status-changed"] {
            assert!(!said.contains(other), "{stem}: the race is all there is: {said}");
        }
        std::fs::write(at.join("note.toml"), "[outcomes]\ndata-race = \"note\"\n").expect("written");
        let said = in_folder(at, &["check", "--policy", "note.toml"], 0);
        assert!(said.contains("data-race"), "{stem}: told all the same: {said}");
        let rule = "[[rule]]\nkernel = \"*\"\nrequire = \"within-specification\"\n";
        std::fs::write(at.join("rule.toml"), rule).expect("written");
        let said = in_folder(at, &["check", "--policy", "rule.toml"], 1);
        assert!(said.contains("data-race"), "{stem}: no rule makes a race a result: {said}");
    }
}

/// Was: it always ended with "engine is in no record", although the lock's head recommends it.
#[test]
fn a_lock_of_ones_own_kernel_is_checked_by_a_run() {
    let folder = audited("c05_sum_2080");
    let at = folder.path();
    let text = lock(at);
    assert!(text.contains("own c05_sum_2080.wgsl\n"), "the lock knows how to audit it again: {text}");
    let said = in_folder(at, &["check", "--run", "--out", "again"], 0);
    assert!(said.contains("within policy"), "{said}");
    let again = record_in(&at.join("again"));
    assert!(again.provenance.own.is_some_and(|own| own.file == "c05_sum_2080.wgsl"), "it was audited");
    std::fs::write(at.join("c05_sum_2080.wgsl"), "@compute fn main() {").expect("written");
    in_folder(at, &["check", "--run", "--out", "broken"], 2);
}

/// Was: a warning and exit 0.
#[test]
fn every_name_in_a_policy_exists() {
    let folder = audited("c05_sum_2080");
    let at = folder.path();
    lock(at);
    for (names, part) in [
        ("kernel = \"summ\"", "did you mean sum"),
        ("kernel = \"sum\"\nvariant = \"serial-tree\"", "did you mean serial_tree"),
        ("case = \"sum/*?rowz=1\"", "the parameters there are"),
        ("case = \"sum/tree?n=4&n=5\"", "gives n twice"),
    ] {
        std::fs::write(at.join("p.toml"), format!("[[rule]]\n{names}\nrequire = \"repeatable\"\n")).expect("written");
        let said = in_folder(at, &["check", "--policy", "p.toml"], 2);
        assert!(said.contains(part) && said.contains("p.toml:"), "{names}: {said}");
    }
    let good = "[[rule]]\ncase = \"c05*\"\nrequire = \"repeatable\"\n";
    std::fs::write(at.join("p.toml"), good).expect("written");
    in_folder(at, &["check", "--policy", "p.toml"], 0);
}

/// Was: exit 2, as if the arguments were wrong.
#[test]
fn a_record_with_something_else_for_a_digest_is_unreadable() {
    let folder = audited("c05_sum_2080");
    let at = folder.path();
    let mut record = record_in(&at.join("repro-audit-out"));
    record.cases[0].shader = Some("not a digest".to_owned());
    record.id = record::content_id(&record).expect("a record is JSON");
    std::fs::write(at.join("bad.json"), serde_json::to_vec(&record).expect("a record is JSON")).expect("written");
    let said = in_folder(at, &["lock", "bad.json"], 5);
    assert!(said.contains("'not a digest' in the place of a digest"), "{said}");
}

/// Was: one of the two values was taken in silence.
#[test]
fn a_parameter_is_given_once() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = in_folder(folder.path(), &["case", "sum/tree?n=4&n=8"], 2);
    assert!(said.contains("gives n twice"), "{said}");
}

/// Was: only whole names of kernels and variants.
#[test]
fn a_filter_is_a_pattern_of_cases_and_one_that_names_nothing_is_told_with_the_nearest_names() {
    let folder = tempfile::tempdir().expect("a folder");
    let said = in_folder(folder.path(), &["gpu", "--kernel", "sum/*?m=*"], 2);
    assert!(said.contains("matches nothing") && said.contains("sum/"), "{said}");
    let said = in_folder(folder.path(), &["gpu", "--kernel", "softmx"], 2);
    assert!(said.contains("did you mean softmax"), "{said}");
}

fn written(folder: &Path, name: &str, record: &Record) {
    std::fs::write(folder.join(name), record::to_json(record).expect("JSON")).expect("written");
}

/// Was: only that the bits are others, although both outputs were at hand.
#[test]
fn a_changed_digest_is_told_with_its_size_where_both_outputs_are_known() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = folder.path();
    let sound = broken::sound();
    let changed = broken::changed(&sound, |r| {
        let Outcome::Ran { distinct, .. } = &mut r.cases[0].executions[0].outcome else { panic!("it ran") };
        let old = &mut distinct[0].digest;
        let mut words = r.outputs.get(old).expect("stored").known(old).expect("whole").values;
        words[3] += 2;
        *old = digest_words(&words);
        let bits = Bits::words(Dtype::F32, words);
        r.outputs.add(old.clone(), Stored::new(&bits, record::STORE));
        r.cases[0].executions[0].status = record::Status::WithinSpecification;
        r.cases[0].comparisons.clear();
        r.verdicts = repro_audit::facts::verdicts(r);
    });
    written(at, "was.json", &sound);
    written(at, "is.json", &changed);
    in_folder(at, &["lock", "was.json"], 0);
    let said = in_folder(at, &["check", "was.json", "is.json"], 1).split_whitespace().collect::<Vec<_>>().join(" ");
    let size = format!("1 of {} elements, by up to 2 ulp", sound.cases[0].elements);
    assert!(said.contains("digest-changed") && said.contains(&size), "{said}");
    let said = in_folder(at, &["check", "is.json"], 1);
    assert!(said.contains("how far from the lock's result is not known here"), "{said}");
}

/// Was: the adapter with another number of threads was another engine of a check, and the same one of a comparison.
#[test]
fn a_variable_that_a_driver_reads_makes_no_other_engine_of_a_check() {
    use repro_audit::gate::{Lock, Outcome as Said, Policy, Question, check};
    let mut before = crate::fixture::full(1);
    before.engines.retain(|e| e.id != "gl:1");
    for case in &mut before.cases {
        case.executions.retain(|x| x.engine != "gl:1");
    }
    let lock = Lock::of(std::slice::from_ref(&before)).expect("a lock");
    let mut after = before;
    after.environment.variables.insert("LP_NUM_THREADS".to_owned(), "1".to_owned());
    let policy = Policy::default();
    let checked = check(&Question {
        lock: &lock,
        lock_file: "repro.lock",
        policy: &policy,
        policy_file: "repro-audit.toml",
        records: &[after],
        missing: &[],
        engines: &[],
        strict: false,
    });
    let said = |outcome: Said| checked.items.iter().filter(|i| i.outcome == outcome).collect::<Vec<_>>();
    assert!(said(Said::EngineAbsent).is_empty() && said(Said::NewEngine).is_empty(), "{:?}", checked.items);
    let changed = said(Said::VariablesChanged);
    assert!(changed.iter().any(|i| i.what.ends_with("LP_NUM_THREADS: not set → 1")), "{changed:?}");
}

/// Was: without the interpreter among the engines the race was a note alone, and its result was locked.
#[test]
fn a_race_is_stored_whatever_engines_run() {
    if !adapters().iter().any(|a| a.backend == "vulkan") {
        assert!(std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_none(), "adapters are required, and there is none");
        return;
    }
    let folder = audited("c06_odd_even");
    let at = folder.path();
    let arguments = ["kernel", "c06_odd_even.wgsl", "--adapter", "vulkan", "--repeats", "3", "--out", "driver"];
    let output = run(program(&arguments).current_dir(at));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record = record_in(&at.join("driver"));
    assert!(!record.engines.iter().any(|e| e.is_reference()), "the interpreter did not run");
    in_folder(at, &["lock", "driver", "--out", "driver.lock"], 0);
    let text = std::fs::read_to_string(at.join("driver.lock")).expect("a lock");
    let rows: Vec<&str> = text.lines().filter(|l| l.starts_with("  ") && l.contains("vulkan/")).collect();
    let results: Vec<&&str> = rows.iter().filter(|l| !l.trim_start().starts_with("backend")).collect();
    assert!(!results.is_empty() && results.iter().all(|r| r.contains("unordered (race)")), "no digest: {text}");
}

/// Was: two records of one result, in which NaN has another payload, made two classes.
#[test]
fn nan_of_another_payload_makes_no_class() {
    let nan = |payload: u32| Bits::words(Dtype::F32, vec![payload; 4]);
    let drift = repro_audit::numerics::drift::measure(&nan(0x7fc0_0000), &nan(0xffc0_0001)).expect("one shape");
    let sound = broken::sound();
    let other = broken::changed(&sound, |r| {
        let case = &mut r.cases[0];
        let Outcome::Ran { distinct, .. } = &mut case.executions[0].outcome else { panic!("it ran") };
        distinct[0].digest = "0e".repeat(16);
        let engine = case.executions[0].engine.clone();
        let against = case.comparisons.iter_mut().find(|c| c.axis == AxisLevel::Engine && c.right.is_of(&engine));
        against.expect("a comparison with the reference").drift = drift;
    });
    let folder = tempfile::tempdir().expect("a folder");
    written(folder.path(), "a.json", &sound);
    written(folder.path(), "b.json", &other);
    in_folder(folder.path(), &["merge", "a.json", "b.json", "--out", "m.json"], 0);
    let output = run(without_adapters(&["report", "m.json", "--format", "json"]).current_dir(folder.path()));
    let view: serde_json::Value = serde_json::from_slice(&output.stdout).expect("JSON");
    assert_eq!(view["soundness"]["reasons"].as_array().map(Vec::len), Some(0), "{}", view["soundness"]);
    assert_eq!(view["classes"].as_array().map(Vec::len), Some(1), "{}", view["conflicts"]);
    assert_eq!(view["conflicts"].as_array().map(Vec::len), Some(0), "{}", view["conflicts"]);
}
