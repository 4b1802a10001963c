//! Statements about sweeps of built-in functions that were wrong once.

use std::path::{Path, PathBuf};

use repro_audit::formats::{Options, github, junit, terminal};
use repro_audit::model::sweep::{Point, SweepFile};
use repro_audit::views::View as _;
use repro_audit::views::sweep::swept;

use crate::common::{program, run, status, stderr, without_adapters, words};

/// A sweep of these functions in binary16, as it was written.
fn sweep(folder: &Path, name: &str, arguments: &[&str]) -> (PathBuf, SweepFile) {
    let path = folder.join(name);
    let out = path.display().to_string();
    let output = run(&mut without_adapters(&[&["sweep", "--dtype", "f16", "--out", &out], arguments].concat()));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let text = std::fs::read_to_string(&path).expect("written");
    (path, serde_json::from_str(&text).expect("a sweep"))
}

/// What reads a test report must not take a forbidden result for a pass.
#[test]
fn a_forbidden_result_of_a_sweep_fails_in_every_format_for_tools() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, mut file) = sweep(folder.path(), "a.json", &["abs", "sqrt", "--adapter", "embedded:0"]);
    let fine = swept(&file).expect("JSON").document();
    assert!(junit::write(&fine).contains("tests=\"2\" failures=\"0\""), "{}", junit::write(&fine));
    assert_eq!(github::write(&fine), "", "nothing to tell");
    let found = &mut file.sweeps[0].functions[1];
    (found.right, found.outside) = (found.right - 3, 3);
    found.first_outside = Some(Point { input: 0x4400, found: 0x4001, right: 0x4000 });
    let broken = swept(&file).expect("JSON").document();
    assert!(junit::write(&broken).contains("tests=\"2\" failures=\"1\""), "{}", junit::write(&broken));
    let told = github::write(&broken);
    assert!(told.starts_with("::error") && told.contains("sqrt(4)"), "{told}");
    assert!(broken.headline.starts_with("1 of 2 sweeps has"), "{}", broken.headline);
}

/// What was asked for is swept or refused.
#[test]
fn a_planted_interpreter_is_swept_beside_the_adapters() {
    let folder = tempfile::tempdir().expect("a folder");
    let (_, file) = sweep(folder.path(), "a.json", &["abs", "--planted", "flush"]);
    let engines: Vec<&str> = file.sweeps.iter().map(|s| s.engine.as_str()).collect();
    assert!(engines.contains(&"embedded:1") && !engines.contains(&"embedded:0"), "{engines:?}");
    // What is flushed is not right, and has no size in ulp.
    let view = swept(&file).expect("JSON");
    let text = terminal::write(&view.document(), &Options { width: 120, ..Options::default() });
    let row = text.lines().rfind(|l| l.contains("abs (f16)")).expect("a row");
    let fields: Vec<&str> = row.split_whitespace().collect();
    assert!(fields.contains(&"–") && !row.contains("100 %"), "{row}");
}

/// What one file alone has is told, and is drift.
#[test]
fn what_one_sweep_alone_has_is_told_with_its_side_and_type() {
    let folder = tempfile::tempdir().expect("a folder");
    let (one, _) = sweep(folder.path(), "one.json", &["abs", "--adapter", "embedded:0"]);
    let (two, _) = sweep(folder.path(), "two.json", &["abs", "--adapter", "embedded:0", "--planted", "contract"]);
    let (other, mut file) = sweep(folder.path(), "other.json", &["abs", "--adapter", "embedded:0"]);
    let compare = |a: &Path, b: &Path| {
        let (a, b) = (a.display().to_string(), b.display().to_string());
        run(&mut program(&["sweep", "--compare", &a, &b, "--fail-on", "drift"]))
    };
    let output = compare(&one, &other);
    assert_eq!(status(&output), 0, "the same: {}", words(&output));
    let output = compare(&two, &one);
    assert!(words(&output).contains("On the left only embedded:1"), "{}", words(&output));
    assert_eq!(status(&output), 1, "an adapter is gone: {}", words(&output));
    file.sweeps[0].functions[0].dtype = repro_audit::model::bits::Dtype::F32;
    std::fs::write(&other, serde_json::to_string(&file).expect("JSON")).expect("written");
    let text = words(&compare(&one, &other));
    assert!(text.contains("abs (f16).") && text.contains("On the right only"), "{text}");
}

/// A function of several pairs is not several functions.
#[test]
fn pairs_of_adapters_are_counted_as_comparisons() {
    let folder = tempfile::tempdir().expect("a folder");
    let planted = ["abs", "--adapter", "embedded:0", "--planted", "flush", "--planted", "contract"];
    let (path, _) = sweep(folder.path(), "a.json", &planted);
    let output = run(&mut program(&["sweep", "--compare", &path.display().to_string()]));
    assert!(words(&output).starts_with("1 of 2 comparisons of functions differs"), "{}", words(&output));
}
