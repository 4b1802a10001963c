//! What packages carry besides the program: completions and manual pages, made from the same definitions as `--help`.

use crate::common::{program, run, status, stderr};

/// What the program prints to standard output.
fn printed(arguments: &[&str]) -> String {
    let output = run(&mut program(arguments));
    assert_eq!(status(&output), 0, "{arguments:?}: {}", stderr(&output));
    String::from_utf8(output.stdout).expect("text")
}

/// The verbs that `--help` shows.
fn verbs() -> Vec<String> {
    let command = repro_audit::cli::command();
    let shown: Vec<_> =
        command.get_subcommands().filter(|c| !c.is_hide_set()).map(|c| c.get_name().to_owned()).collect();
    assert!(shown.iter().any(|v| v == "gpu"), "the main verb is shown: {shown:?}");
    shown
}

/// The manual page of a verb and those of its own verbs.
fn pages(command: &clap::Command, above: &str) -> Vec<String> {
    let name = format!("{above}{}", command.get_name());
    let below = command.get_subcommands().filter(|c| !c.is_hide_set());
    let mut all: Vec<_> = below.flat_map(|c| pages(c, &format!("{name}-"))).collect();
    all.push(format!("{name}.1"));
    all
}

#[test]
fn every_shell_is_told_every_verb() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = printed(&["completions", shell]);
        for verb in verbs() {
            assert!(script.contains(&verb), "{shell}: {verb}");
        }
        assert!(script.contains("require-adapter"), "{shell}: options too");
    }
    let unknown = run(&mut program(&["completions", "tcsh"]));
    assert_eq!(status(&unknown), 2, "a shell that is not known");
    assert!(stderr(&unknown).contains("bash"), "and which are: {}", stderr(&unknown));
}

#[test]
fn bash_takes_the_completions() {
    let script = printed(&["completions", "bash"]);
    // What bash does on a tab: it calls the function that `complete` has registered.
    let probe = r#"eval "$1"; f=$(complete -p repro-audit); f=${f#*-F }; f=${f%% *}
        COMP_WORDS=(repro-audit "$2"); COMP_CWORD=1; "$f" repro-audit "$2" repro-audit
        printf '%s\n' "${COMPREPLY[@]}""#;
    let complete = |word: &str| {
        let output = std::process::Command::new("bash").args(["-c", probe, "bash", &script, word]).output();
        output.ok().map(|o| (String::from_utf8_lossy(&o.stdout).into_owned(), stderr(&o)))
    };
    let Some((offered, errors)) = complete("ada") else { return eprintln!("no bash here: not tested") };
    assert_eq!(offered, "adapters\n", "{errors}");
    let (offered, errors) = complete("").expect("bash is here");
    let mut offered: Vec<_> = offered.lines().filter(|w| !w.starts_with('-') && *w != "help").collect();
    let mut expected = verbs();
    offered.sort_unstable();
    expected.sort_unstable();
    assert_eq!(offered, expected, "every verb, and none that is hidden: {errors}");
}

#[test]
fn there_is_a_manual_page_for_the_program_and_each_verb() {
    let page = printed(&["man"]);
    assert!(page.contains(".TH repro-audit 1"), "roff: {page}");
    for section in [".SH NAME", ".SH SYNOPSIS", ".SH SUBCOMMANDS"] {
        assert!(page.contains(section), "{section}: {page}");
    }
    assert!(page.contains("control missed"), "the exit statuses are in it: {page}");
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("man1");
    assert_eq!(printed(&["man", "--out", out.to_str().expect("a name")]), "", "pages go to the folder");
    let mut expected = pages(&repro_audit::cli::command(), "");
    expected.sort();
    let mut found: Vec<_> = std::fs::read_dir(&out)
        .expect("listed")
        .map(|f| f.expect("a file").file_name().into_string().expect("a name"))
        .collect();
    found.sort();
    assert_eq!(found, expected, "one page a verb, and none for hidden ones");
}

#[test]
fn a_folder_that_can_not_be_written_is_one_clear_line() {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let output = run(&mut program(&["man", "--out", file.path().to_str().expect("a name")]));
    assert_eq!(status(&output), 2, "{}", stderr(&output));
    assert!(stderr(&output).contains("choose another folder with --out DIR"), "{}", stderr(&output));
}
