//! Statements about views that were wrong once.

use repro_audit::facts::{self, Asked};
use repro_audit::formats::{self, Options};
use repro_audit::views::View as _;
use repro_audit::views::audit::Audit;
use repro_audit::views::document::Block;

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
    let rank = |c: &repro_audit::record::CaseRecord| {
        let status = c.executions.iter().map(|x| facts::status_of(c, x)).max();
        facts::worst(c).map(|(_, s)| s.with(status.expect("it ran")))
    };
    let outside = |c: &&repro_audit::record::CaseRecord| rank(c).map(|r| r.0) == rank(case).map(|r| r.0);
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
