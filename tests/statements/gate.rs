//! The lock, the policy and the check.

use std::path::Path;

use crate::common::{record_in, run, status, stderr, without_adapters};

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
    record.id = repro_audit::record::content_id(&record).expect("a record is JSON");
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
