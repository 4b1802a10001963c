//! Statements about views that were wrong once.

use repro_audit::facts::{self, Asked};
use repro_audit::formats::{self, Options};
use repro_audit::model::Skip;
use repro_audit::record::{CaseRecord, Distinct, EngineStatus, Outcome, Record, Status};
use repro_audit::views::View as _;
use repro_audit::views::audit::Audit;
use repro_audit::views::document::Block;
use repro_audit::views::statement::Statement;

use crate::{broken, common, fixture};

/// Statement 16: whatever is shown of a record that cannot be relied on says so first.
#[test]
fn every_format_of_an_unsound_record_says_so_first() {
    let sound = broken::sound();
    for (what, record, _) in broken::records(&sound) {
        let title = facts::soundness(&record).title().unwrap_or_else(|| panic!("{what} is a fault"));
        let view = Audit::new(&record);
        let first = title.split(':').next().unwrap_or_default();
        for format in formats::ALL {
            let text = formats::write(format, &view, &Options::default()).unwrap_or_else(|e| panic!("{what}: {e}"));
            match format.name {
                "table" => assert!(text.starts_with(first), "{what}: {text}"),
                "markdown" => assert!(text.starts_with(&format!("## {first}")), "{what}: {text}"),
                "html" => assert!(text.contains(&format!("<h1>{first}")), "{what}: {text}"),
                "csv" => assert!(text.contains(first), "{what}: {text}"),
                "junit" | "github" => {
                    assert!(text.contains(first.split(',').next().unwrap_or_default()), "{what}: {text}");
                }
                // The record itself.
                _ => {}
            }
        }
    }
    let clean = formats::terminal::write(&Audit::new(&sound).document(), &Options::default());
    assert!(!clean.starts_with("Invalid") && !clean.starts_with("Incomplete"), "a sound one says its verdict: {clean}");
}

/// Statement 12: what to do next is not what was just done.
#[test]
fn next_never_names_the_command_that_was_just_run() {
    for record in [broken::sound(), fixture::full(2)] {
        let document = Audit::new(&record).asked(Asked::Case).document();
        let steps = document.sections.iter().flat_map(|s| &s.blocks).filter_map(|b| match b {
            Block::Steps(steps) => Some(steps),
            _ => None,
        });
        for step in steps.flatten() {
            let same = step.command.starts_with("repro-audit case") && !step.command.contains(" --");
            assert!(!same, "{step:?}");
        }
        let audit = Audit::new(&record).document();
        let text = formats::terminal::write(&audit, &Options::default());
        assert!(!text.lines().any(|l| l.trim() == "repro-audit gpu"), "{text}");
    }
}

/// Statement 14: the worst is the worst over all axes.
#[test]
fn the_first_case_has_the_worst_difference() {
    let record = fixture::full(2);
    let document = Audit::new(&record).document();
    let table = document.tables().into_iter().find(|t| t.id == "worst").expect("drift is listed");
    let first = table.rows[0].cells[1].words();
    let judged = facts::concluded(record);
    let case = judged.cases.iter().find(|c| c.id == first).expect("it is a case of the record");
    let rank = |c: &CaseRecord| {
        let status = c.executions.iter().map(|x| facts::status_of(c, x)).max();
        facts::worst(c).map(|(_, s)| s.with(status.expect("it ran")))
    };
    let outside = |c: &&CaseRecord| rank(c).map(|r| r.0) == rank(case).map(|r| r.0);
    let worst = judged.cases.iter().filter(outside).filter_map(rank).max();
    assert_eq!(rank(case).map(|r| r.1.kind), worst.map(|r| r.1.kind), "{first}");
}

/// Usage errors are one line that says what is wrong.
#[test]
fn a_usage_error_is_one_line() {
    for arguments in [&["gpu", "--no-such"][..], &["gpu", "--profile", "huge"], &["compare"], &["nonsense"]] {
        let output = common::run(&mut common::program(arguments));
        let text = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{text}");
        assert_eq!(text.trim_end().lines().count(), 1, "{arguments:?}: {text}");
    }
}

/// A record of every operation of a training, on what adapters there are or on none.
fn of_operations(command: impl Fn(&[&str]) -> std::process::Command) -> Record {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let kernels = "matmul/naive dot/threads_chunked sum/atomic_float sum/serial_tree softmax layer_norm/two_pass \
                   activation max scatter_add normal/box_muller dropout permutation";
    let kernels: Vec<&str> = kernels.split(' ').flat_map(|k| ["--kernel", k]).collect();
    let output = common::run(&mut command(&[&["gpu", "--repeats", "2", "--out", &out], &kernels[..]].concat()));
    assert_eq!(common::status(&output), 0, "{}", common::stderr(&output));
    let mut record = common::record_in(folder.path());
    // As if all had been asked for: what to do next is no part of that screen.
    record.provenance.settings.kernels.clear();
    record
}

/// The record without all adapters but one.
fn of_one(mut record: Record) -> Record {
    let others = record.engines.iter().filter(|e| e.is_driver()).skip(1);
    let others: Vec<String> = others.map(|e| e.id.clone()).collect();
    let gone = |id: &str| others.iter().any(|o| o == id);
    record.engines.retain(|e| !gone(&e.id));
    record.controls.retain(|c| !gone(&c.engine));
    for case in &mut record.cases {
        case.executions.retain(|x| !gone(&x.engine));
        case.comparisons.retain(|c| ![&c.left, &c.right].into_iter().any(|s| s.engine().is_some_and(gone)));
    }
    record.verdicts = facts::verdicts(&record);
    record
}

/// Statement: the first screen is one screen, of 24 lines with the next prompt.
#[test]
fn the_first_screen_fits_in_a_low_terminal() {
    let all = of_operations(common::program);
    for (name, record) in
        [("one", of_one(all.clone())), ("all", all), ("none", of_operations(common::without_adapters))]
    {
        for width in [80, 120] {
            let options = Options { width, ..Options::default() };
            let text = formats::terminal::write(&Audit::new(&record).document(), &options);
            let lines = text.lines().count();
            assert!(lines <= 23, "{name}, {width} columns, {lines} lines:\n{text}");
            assert!(text.lines().all(|l| l.chars().count() <= width), "{name}, {width} columns:\n{text}");
            for said in ["worst ", "Again", "Other threads", "Only here", "matmul/dot", "shuffles", "? untested"] {
                assert!(text.contains(said), "{name}, {width} columns: {said} is not said:\n{text}");
            }
        }
    }
}

/// Statement: what is stated is what was measured: without an adapter, what the CPU's threads ran.
#[test]
fn without_an_adapter_the_statement_counts_what_the_threads_ran() {
    let mut record = of_operations(common::without_adapters);
    let threads = |c: &CaseRecord| c.executions.iter().any(|x| x.engine.starts_with("cpu threads"));
    let (measured, all) = (record.cases.iter().filter(|c| threads(c)).count(), record.cases.len());
    assert!(measured > 0 && measured < all, "{measured} of {all}");
    // Runs of one kernel differ with two threads alone.
    for case in &mut record.cases {
        for execution in &mut case.executions {
            let Outcome::Ran { distinct, .. } = &mut execution.outcome else { continue };
            if execution.engine.starts_with("cpu threads") {
                distinct.truncate(1);
                if execution.engine == "cpu threads=2" && case.kernel == "dot" {
                    distinct.push(Distinct { digest: "0e".repeat(16), runs: 1, bits: None });
                }
            }
        }
    }
    let record = facts::concluded(record);
    let text = formats::markdown::write(&Statement::new(&record).document());
    assert!(text.contains(&format!("{measured} cases of ")), "{measured}: {text}");
    assert!(text.contains("was run 2 times"), "how often: {text}");
    assert!(text.contains("in kernels of matmul/dot on the CPU with 2 threads; all others repeated"), "{text}");
    assert!(!text.contains("threads=2"), "{text}");
    assert!(text.contains("What does not repeat, or has no fixed order of operations, is not compared"), "{text}");
}

/// Statement: an axis is not untested for want of a second adapter where there is no first.
#[test]
fn without_an_adapter_there_is_no_second_one() {
    let record = of_operations(common::without_adapters);
    let options = Options { width: 200, ..Options::default() };
    let text = formats::terminal::write(&Audit::new(&record).document(), &options);
    assert!(text.contains("launch, driver, device and CPU (no adapter ran)"), "{text}");
    assert!(!text.contains("no second one"), "{text}");
}

/// Statement: a count of threads that nothing changed is not told as tried.
#[test]
fn what_was_not_changed_is_not_told_as_the_same() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let arguments = ["gpu", "--kernel", "specials/sqrt", "--repeats", "2", "--full", "--out", &out];
    let text = common::words(&common::run(&mut common::without_adapters(&arguments)));
    assert!(text.contains("The same bits for every configuration, in"), "{text}");
    assert!(!text.contains("and thread count"), "{text}");
}

/// Statement: an id of the page is of one place, so that a link leads to it.
#[test]
fn every_id_of_the_page_is_of_one_place() {
    let page = formats::html::write(&Audit::new(&fixture::full(3)).document());
    let ids: Vec<&str> = page.split(" id=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
    let once: std::collections::BTreeSet<&str> = ids.iter().copied().collect();
    assert!(ids.len() > 20, "{ids:?}");
    let mut again: Vec<&str> = once.iter().copied().filter(|id| ids.iter().filter(|i| i == &id).count() > 1).collect();
    again.truncate(5);
    assert!(again.is_empty(), "{again:?}");
}

/// Statement: what to do is no part of what a paper states.
#[test]
fn a_paper_is_given_no_advice() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().display().to_string();
    let arguments = ["gpu", "--kernel", "max", "--repeats", "1", "--out", &out];
    assert_eq!(common::status(&common::run(&mut common::without_adapters(&arguments))), 0, "it runs");
    let record = common::record_in(folder.path());
    let noted = |text: &str| record.notes.iter().any(|n| n.contains(text));
    assert!(noted("use --repeats 2 or more") && noted("install Mesa's lavapipe"), "{:?}", record.notes);
    let text = formats::markdown::write(&Statement::new(&record).document());
    assert!(text.contains("One run of each case does not test repeatability."), "{text}");
    assert!(!text.contains("--repeats") && !text.contains("install"), "{text}");
}

/// Statement: adapters that gave nothing are not told as some that finished, and a case that was skipped is none that
/// differs.
#[test]
fn what_did_not_finish_or_was_skipped_is_told_as_that() {
    let mut record = of_operations(common::program);
    for engine in record.engines.iter_mut().filter(|e| e.is_driver()) {
        engine.status = EngineStatus::Failed { reason: "it went away".to_owned(), case: None };
    }
    let skipped =
        record.cases.iter().position(|c| c.kernel == "max" && c.executions.iter().any(|x| x.engine == "gl:0"));
    let all = |record: &Record| {
        let options = Options { width: 200, full: true, ..Options::default() };
        formats::terminal::write(&Audit::new(record).document(), &options)
    };
    let text = all(&record);
    assert!(text.contains("adapters (not finished) and the interpreter"), "{text}");
    let case = &mut record.cases[skipped.expect("a case on GL")];
    let variant = case.variant.clone();
    let of_gl = case.executions.iter_mut().find(|x| x.engine == "gl:0").expect("on GL");
    (of_gl.outcome, of_gl.status) = (Outcome::Skipped { why: Skip::Memory { needs: 2, has: 1 } }, Status::Skipped);
    let text = all(&facts::concluded(record));
    let row = text.lines().find(|l| l.contains(&variant) && l.contains("+1 skipped"));
    assert!(row.is_some(), "{variant}: {text}");
}

/// Statement: cases whose inputs are no training's are not counted, and the statement says how many, and that bits differed.
#[test]
fn what_a_statement_leaves_out_is_said() {
    let record = of_operations(common::program);
    let tested = |id: &str| record.engine(id).is_some_and(|e| !e.is_embedded());
    let ran = |c: &CaseRecord| c.executions.iter().any(|x| x.runs() > 0 && tested(&x.engine));
    let edges = |c: &&CaseRecord| facts::training::probes_edges(&c.id) && ran(c);
    let count = record.cases.iter().filter(edges).count();
    let text = formats::markdown::write(&Statement::new(&record).document());
    if count == 0 {
        assert!(!text.contains("Not counted there"), "nothing is left out: {text}");
    } else {
        let verb = if count == 1 { "is" } else { "are" };
        assert!(text.contains(&format!("Not counted there or in what follows {verb}")), "{count}: {text}");
        assert!(text.contains(&format!("{count} case")), "{count}: {text}");
    }
    let alike = Record { cases: record.cases.iter().filter(|c| !edges(c)).cloned().collect(), ..record.clone() };
    let text = formats::markdown::write(&Statement::new(&alike).document());
    assert!(!text.contains("Not counted there"), "nothing is left out: {text}");
    // What another count of threads changes is shown beside the one that all are compared with.
    let options = Options { width: 4000, full: true, ..Options::default() };
    let text = formats::terminal::write(&Audit::new(&record).document(), &options);
    let commands = || text.lines().filter(|l| l.contains("repro-audit case") && l.contains("--threads"));
    assert!(commands().all(|l| l.contains("--threads 1,") || l.contains("--threads '1,")), "{text}");
}
