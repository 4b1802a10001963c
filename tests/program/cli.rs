//! What is wrong is said in one line, before any work, and nothing is lost.

use crate::common::{program, record_in, run, status, stderr, without_adapters};
use repro_audit::record::{self, CaseRecord, Outputs, Record};

/// The one line that an error must be.
fn error_of(arguments: &[&str], expected: i32) -> String {
    let output = run(&mut without_adapters(arguments));
    let text = stderr(&output);
    assert_eq!(status(&output), expected, "{arguments:?}: {text}");
    let errors: Vec<_> = text.lines().filter(|l| l.starts_with("error: ")).collect();
    assert_eq!(errors.len(), 1, "{arguments:?} says one line: {text}");
    assert!(output.stdout.is_empty(), "{arguments:?} prints no data");
    errors[0].to_owned()
}

#[test]
fn bad_input_is_one_clear_line_before_any_work() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("out");
    let out = out.to_str().expect("a name");
    let gpu = |more: &[&str], expected| error_of(&[&["gpu", "--out", out], more].concat(), expected);
    assert!(gpu(&["--kernel", "matmull"], 2).contains("did you mean matmul"), "unknown kernel");
    assert!(gpu(&["--kernel", "sum/nothing"], 2).contains("matches nothing"), "unknown variant");
    assert!(gpu(&["--repeats", "0"], 2).contains("--repeats 0"), "zero repeats");
    assert!(gpu(&["--threads", "0"], 2).contains("--threads"), "zero threads");
    assert!(gpu(&["--vary", "LP_NUM_THREADS"], 2).contains("NAME=a,b,c"), "no values");
    assert!(gpu(&["--vary", "X="], 2).contains("NAME=a,b,c"), "an empty value");
    assert!(gpu(&["--adapter", "no such thing"], 2).contains("present: embedded:0 "), "a filter that matches nothing");
    assert!(gpu(&["--planted", "fast"], 2).contains("is not a defect of the interpreter"), "an unknown defect");
    assert!(gpu(&["--planted", "strict"], 2).contains("plants nothing"), "no defect");
    assert!(gpu(&["--require-adapter", "RTX"], 3).contains("absent"), "a required adapter");
    assert!(!std::path::Path::new(out).exists(), "no work was begun");
    let case = |id: &str| error_of(&["case", id], 2);
    assert!(case("sum").contains("kernel/variant?name=value"), "no id");
    assert!(case("sums/tree").contains("no kernel is called"), "unknown kernel");
    assert!(case("sum/nothing").contains("the variants are serial_tree"), "unknown variant");
    assert!(case("sum/serial_tre").contains("did you mean serial_tree?"), "one that is spelled alike");
    assert!(gpu(&["--kernel", "sum/serial_tree?n=3"], 2).contains("repro-audit kernels"), "none in the profile");
    assert!(case("sum/serial_tree?m=5").contains("no parameter 'm'"), "unknown parameter");
    assert!(case("sum/serial_tree?n=0").contains("whole number"), "nothing to add");
    assert!(case("sum/serial_tree?n=99999999999").contains("whole number"), "too much to add");
    assert!(case("sum/serial_tree?seed=x").contains("seed=x"), "no seed");
}

#[test]
fn an_output_folder_that_can_not_be_written_is_told_first() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "precious").expect("written");
    let below = file.join("below");
    for out in [&file, &below] {
        let line = error_of(&["gpu", "--kernel", "sum", "--out", out.to_str().expect("a name")], 2);
        assert!(line.contains("can't write to the output folder"), "{line}");
    }
    assert_eq!(std::fs::read_to_string(&file).expect("still there"), "precious", "nothing was overwritten");
}

/// The arguments are right, and there is less than there should be.
#[cfg(target_os = "linux")]
#[test]
fn a_full_disk_is_no_wrong_argument() {
    let folder = tempfile::tempdir().expect("a folder");
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/records/1.2-part-of-quick.json");
    let full = || std::fs::File::options().write(true).open("/dev/full").expect("Linux has it");
    for arguments in [&["kernels"][..], &["report", record], &["merge", record], &["lock", record, "--out", "-"]] {
        let output = run(without_adapters(arguments).current_dir(folder.path()).stdout(full()));
        let text = stderr(&output);
        assert_eq!(status(&output), 4, "{arguments:?}: {text}");
        let errors: Vec<_> = text.lines().filter(|l| l.starts_with("error: ")).collect();
        assert_eq!(errors.len(), 1, "{arguments:?}: {text}");
        assert!(errors[0].contains("can't write to standard output"), "{arguments:?}: {text}");
    }
}

#[test]
fn without_a_driver_the_interpreter_is_audited_and_the_lack_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let output = run(&mut without_adapters(&["gpu", "--out", out]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record = record_in(folder.path());
    assert!(record.notes.iter().any(|n| n.contains("No driver was found") && n.contains("lavapipe")), "said plainly");
    assert!(record.notes.iter().any(|n| n.contains("not what a GPU or a driver does")), "and what this is not");
    let shown = String::from_utf8_lossy(&output.stdout);
    assert!(shown.contains("No driver was audited: in the interpreter"), "the verdict is not of a GPU: {shown}");
    let ours = |c: &CaseRecord| c.shader.is_some() && !c.executions.iter().any(|e| e.engine == "embedded:0");
    assert!(!record.cases.iter().any(ours), "the interpreter is asked for every shader");
    assert!(String::from_utf8_lossy(&output.stdout).contains("lavapipe"), "and shown");
    assert!(record.cases.iter().any(|c| c.executions.iter().any(|e| e.engine.starts_with("cpu threads="))), "CPU axes");
    assert!(record.controls.iter().all(|c| c.caught) && !record.controls.is_empty(), "controls");
    for name in ["record.json", "index.html", "summary.csv", "values.csv"] {
        assert!(folder.path().join(name).exists(), "{name} is written");
    }
    assert!(
        std::fs::read_dir(folder.path().join("charts"))
            .expect("listed")
            .flatten()
            .any(|f| f.path().extension().is_some_and(|e| e == "png")),
        "charts"
    );
}

#[test]
fn an_ordinary_threaded_sum_depends_on_its_threads_and_a_fixed_split_does_not() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let output = run(&mut without_adapters(&["gpu", "--kernel", "sum", "--threads", "1,2,3,4,8", "--out", out]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record = record_in(folder.path());
    let drifts = |variant: &str| {
        let cases: Vec<_> = record.cases.iter().filter(|c| c.variant == variant).collect();
        assert!(!cases.is_empty(), "{variant} is audited");
        cases.iter().flat_map(|c| &c.comparisons).any(|c| !c.drift.is_none())
    };
    assert!(drifts("threads_chunked"), "chunks by thread count give other bits");
    assert!(!drifts("threads_fixed"), "a fixed split gives the same");
}

#[test]
fn a_second_audit_keeps_the_first_record_and_has_the_same_id() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let arguments = ["gpu", "--kernel", "sum/threads_fixed", "--kernel", "sum/serial_tree", "--out", out];
    let first = run(&mut program(&arguments));
    assert_eq!(status(&first), 0, "{}", stderr(&first));
    let one = record_in(folder.path());
    let second = run(&mut program(&arguments));
    assert_eq!(status(&second), 0, "{}", stderr(&second));
    let two = record_in(folder.path());
    assert_eq!(one.id, two.id, "the same machine found the same");
    assert_eq!(one.id.len(), 64, "a BLAKE3");
    let earlier = folder.path().join("earlier").join(format!("record-{}.json", &one.id[..12]));
    assert!(earlier.exists(), "the first record is kept");
    let other = run(&mut program(&[&arguments[..], &["--seed", "8"]].concat()));
    assert_eq!(status(&other), 0, "{}", stderr(&other));
    assert_ne!(record_in(folder.path()).id, one.id, "another seed is another record");
}

#[test]
fn a_record_that_can_not_be_read_is_exit_5_and_one_line() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("record.json");
    let name = path.to_str().expect("a name");
    let cases: [(&str, &str); 5] = [
        ("", "not a record"),
        ("{", "not a record"),
        ("[1, 2]", "not a record"),
        (r#"{"format":{"major":99,"minor":0}}"#, "update repro-audit"),
        (r#"{"format":{"major":1,"minor":0}}"#, "not a record"),
    ];
    for (content, expected) in cases {
        std::fs::write(&path, content).expect("written");
        let line = error_of(&["report", name], 5);
        assert!(line.contains(expected), "{content}: {line}");
    }
    let line = error_of(&["report", "/nonexistent/record.json"], 5);
    assert!(line.contains("can't read"), "{line}");
}

#[test]
fn a_record_that_was_changed_is_refused() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let output = run(&mut without_adapters(&["gpu", "--kernel", "sum", "--out", out]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let path = folder.path().join("record.json");
    assert_eq!(status(&run(&mut program(&["report", out]))), 0, "a folder stands for its record");
    let text = std::fs::read_to_string(&path).expect("a record");
    let changed = text.replacen("\"differing\":4", "\"differing\":3", 1);
    assert_ne!(text, changed, "something to change");
    std::fs::write(&path, changed).expect("written");
    let line = error_of(&["report", out], 5);
    assert!(line.contains("was changed after it was written"), "{line}");
}

#[test]
fn a_gate_is_not_green_where_nothing_was_tested() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let arguments = ["gpu", "--kernel", "matmul", "--fail-on", "drift", "--out", out];
    assert_eq!(status(&run(&mut without_adapters(&arguments))), 4, "no driver, no verdict");
    let asked = [&arguments[..], &["--adapter", "embedded"]].concat();
    let output = run(&mut without_adapters(&asked));
    assert_eq!(status(&output), 1, "the interpreter is judged where it is asked for: {}", stderr(&output));
    let exact = ["gpu", "--kernel", "matmul/tiled", "--kernel", "philox", "--fail-on", "not-repeatable", "--out", out];
    let output = run(&mut without_adapters(&[&exact[..], &["--adapter", "embedded"]].concat()));
    assert_eq!(status(&output), 0, "and passes where it repeats: {}", stderr(&output));
    let line = error_of(&["gpu", "--repeats", "1", "--fail-on", "not-repeatable", "--out", out], 2);
    assert!(line.contains("--repeats 2"), "{line}");
    assert!(error_of(&["case", "control/nan"], 2).contains("every audit"), "controls are not asked for");
}

#[test]
fn a_report_is_rendered_again_from_its_record() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().join("first");
    let again = folder.path().join("again");
    let output = run(&mut without_adapters(&["gpu", "--kernel", "sum", "--out", out.to_str().expect("a name")]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record = out.join("record.json");
    let rendered =
        run(&mut program(&["report", record.to_str().expect("a name"), "--out", again.to_str().expect("a name")]));
    assert_eq!(status(&rendered), 0, "{}", stderr(&rendered));
    for name in ["index.html", "summary.csv", "values.csv"] {
        let read = |folder: &std::path::Path| std::fs::read(folder.join(name)).expect("a file");
        assert_eq!(read(&out), read(&again), "{name} is the same");
    }
}

/// An audit of one kernel without adapters, under a label.
fn labelled(out: &std::path::Path, label: &str, more: &[&str]) -> std::process::Output {
    let out = out.to_str().expect("a name");
    let arguments = [&["gpu", "--kernel", "dot", "--label", label, "--out", out], more].concat();
    run(&mut without_adapters(&arguments))
}

#[test]
fn records_are_merged_compared_and_missed() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let text = |name: &str| at(name).to_str().expect("a name").to_owned();
    for (name, more) in [("one", &["--planted", "contract"][..]), ("two", &[][..])] {
        let output = labelled(&at(name), name, more);
        assert_eq!(status(&output), 0, "{}", stderr(&output));
    }
    let (one, two, merged) = (text("one"), text("two"), text("merged.json"));
    let output = run(&mut program(&["merge", &one, &two, "--out", &merged, "--expect-legs", "one,two"]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert!(stderr(&output).contains("warning: one has no adapter with a driver"), "{}", stderr(&output));
    let other = text("other.json");
    let output =
        run(&mut program(&["merge", &two, &merged, &one, "--out", &other, "--expect-legs", "one,two,three,four"]));
    assert_eq!(status(&output), 4, "{}", stderr(&output));
    assert!(stderr(&output).contains("no record has these expected labels: four, three"), "{}", stderr(&output));
    let again = text("again.json");
    let counted = run(&mut program(&["merge", &other, "--out", &again, "--expect-legs", "3"]));
    assert_eq!(status(&counted), 4, "what was missing stays missing: {}", stderr(&counted));
    let read = |name: &str| std::fs::read(at(name)).expect("written");
    assert_eq!(read("other.json"), read("again.json"), "merging a merged record changes nothing");
    let output = run(&mut program(&["merge", &two, &one, "--expect-legs", "one,two"]));
    assert_eq!(output.stdout, read("merged.json"), "to standard output, in another order");
    let page = text("page");
    let output = run(&mut program(&["report", &other, "--out", &page]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let html = std::fs::read_to_string(at("page/index.html")).expect("a page");
    assert!(
        html.contains("four was expected, and there is no record of it")
            && html.contains("three was expected, and there is no record of it"),
        "the page says so"
    );
    assert!(at("page/summary.csv").exists() && at("page/charts/classes.png").exists(), "and its parts");
    let output = run(&mut program(&["report", &other, "--full"]));
    assert!(String::from_utf8_lossy(&output.stdout).contains("Kernels by classes"), "a table");
    // A set of one record is shown as that record, in the set's own folder too.
    std::fs::create_dir(at("alone")).expect("a folder");
    let alone = text("alone/record.json");
    assert_eq!(status(&run(&mut program(&["merge", &one, "--out", &alone]))), 0, "one is merged");
    let output = run(&mut program(&["report", &alone, "--out", &text("alone")]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let output = run(&mut program(&["report", &two, "--out", &text("alone")]));
    assert_eq!(status(&output), 2, "another record is refused there: {}", stderr(&output));
    // The strict interpreter computes the same in both.
    let output = run(&mut program(&["compare", &one, &two]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let shown = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(
        shown.starts_with("No driver was compared: of the interpreter and the CPU, all ")
            && shown.contains("On one side only\n  – The left  1 engine (embedded:1)"),
        "{shown}"
    );
    let forced = ["compare", &one, &two, "--match", "embedded:1=embedded:0", "--fail-on", "drift"];
    let output = run(&mut program(&forced));
    assert_eq!(status(&output), 1, "a defect drifts: {}", String::from_utf8_lossy(&output.stdout));
    let picked = run(&mut program(&["compare", &format!("{merged}#one"), &two, "--format", "json"]));
    assert_eq!(status(&picked), 0, "{}", stderr(&picked));
    let json: serde_json::Value = serde_json::from_slice(&picked.stdout).expect("JSON");
    assert_eq!(json["pairs"][0]["left"]["name"], "one", "a member of a merged record");
    assert!(
        error_of(&["compare", &one, &two, "--match", "vulkan:0=embedded:0"], 2).contains("is not there"),
        "a match"
    );
    assert!(error_of(&["compare", &one, "nothing"], 2).contains("is not a file, folder or id"), "no record");
}

#[test]
fn a_merge_that_fails_writes_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    std::fs::write(at("bad.json"), "{\"format\":{\"major\":1,\"minor\":2},\"id\":").expect("written");
    std::fs::write(at("new.json"), "{\"format\":{\"major\":2,\"minor\":0}}").expect("written");
    std::fs::write(at("merged.json"), "precious").expect("written");
    for (file, said) in
        [("bad.json", "is not a record"), ("new.json", "update repro-audit"), ("gone.json", "can't read")]
    {
        let line = error_of(&["merge", &at(file), "--out", &at("merged.json")], 5);
        assert!(line.contains(said), "{file}: {line}");
        assert!(error_of(&["compare", &at(file), &at(file)], 5).contains(said), "{file}");
    }
    assert_eq!(std::fs::read_to_string(at("merged.json")).expect("there"), "precious", "the target is as it was");
    assert_eq!(std::fs::read_dir(folder.path()).expect("listed").count(), 3, "and nothing lies beside it");
    assert!(
        error_of(&["merge", &at("bad.json"), "--out", &at("no/such/x.json")], 2).contains("there is no folder"),
        "out"
    );
}

#[test]
fn audits_that_write_at_once_lose_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let children: Vec<_> = (0..4)
        .map(|i| {
            let (seed, label) = ((i + 1).to_string(), format!("leg-{i}"));
            let arguments = ["gpu", "--kernel", "sum/serial_tree", "--seed", &seed, "--label", &label, "--out", out];
            let mut command = without_adapters(&arguments);
            command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null()).spawn().expect("started")
        })
        .collect();
    for mut child in children {
        assert_eq!(child.wait().expect("ended").code(), Some(0), "each finishes");
    }
    let mut labels = Vec::new();
    let mut files = vec![folder.path().join("record.json")];
    files.extend(std::fs::read_dir(folder.path().join("earlier")).expect("listed").flatten().map(|e| e.path()));
    for file in &files {
        let found = record::read(file).unwrap_or_else(|e| panic!("{e}"));
        if !found.id.is_empty() {
            labels.extend(found.provenance.settings.label);
        }
    }
    labels.sort();
    assert_eq!(labels, ["leg-0", "leg-1", "leg-2", "leg-3"], "every record is there once: {files:?}");
    let last = record_in(folder.path());
    let page = std::fs::read_to_string(folder.path().join("index.html")).expect("a page");
    assert!(page.contains(&last.id), "and the page is that of record.json");
}

#[test]
fn kernels_and_adapters_are_told_in_every_format() {
    let said = |arguments: &[&str]| {
        let output = run(&mut program(arguments));
        assert_eq!(status(&output), 0, "{arguments:?}: {}", stderr(&output));
        String::from_utf8(output.stdout).expect("text")
    };
    let named = said(&["kernels", "sum/serial*"]);
    assert!(named.contains("sum/serial_tree") && !named.contains("sum/kahan"), "only what is named: {named}");
    let json: serde_json::Value = serde_json::from_str(&said(&["kernels", "sum", "--format", "json"])).expect("JSON");
    let variants = json[0]["variants"].as_array().expect("variants");
    let serial = variants.iter().find(|v| v["name"] == "serial_tree").expect("the variant");
    assert_eq!(serial["parameters"][0]["name"], "n", "{serial}");
    let cases = said(&["kernels", "sum", "--profile", "quick", "--format", "csv"]);
    assert!(cases.starts_with("kernel,case\nsum,sum/"), "{cases}");
    for format in ["table", "markdown", "html", "csv", "json", "junit", "github"] {
        let adapters = said(&["adapters", "--format", format]);
        assert_eq!(
            adapters.contains("mbedded interpreter"),
            !["junit", "github"].contains(&format),
            "{format}: {adapters}"
        );
    }
    let output = run(&mut program(&["kernels", "summ"]));
    assert_eq!(status(&output), 2, "no kernel: {}", stderr(&output));
    assert!(stderr(&output).contains("names no kernel"), "{}", stderr(&output));
}

#[test]
fn an_audit_tells_what_changed_since_the_one_before() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let audit = |more: &[&str]| {
        let arguments = [&["gpu", "--kernel", "sum/pairwise", "--repeats", "2", "--out", out], more].concat();
        let output = run(&mut without_adapters(&arguments));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        String::from_utf8_lossy(&output.stdout).split_whitespace().collect::<Vec<_>>().join(" ")
    };
    assert!(!audit(&[]).contains("Since"), "there was none");
    let again = audit(&[]);
    assert!(again.contains("no result that repeats changed; all "), "{again}");
    let other = audit(&["--seed", "8"]);
    assert!(other.contains("Since") && other.contains("No result can be compared"), "other inputs: {other}");
    assert!(other.contains("repro-audit compare "), "and how to see more: {other}");
}

#[test]
fn quiet_is_nothing_but_what_is_wrong() {
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    let arguments = ["gpu", "--kernel", "sum/pairwise", "--repeats", "2", "--out", out];
    let loud = run(&mut without_adapters(&arguments));
    assert!(stderr(&loud).contains("Written to"), "{}", stderr(&loud));
    assert!(stderr(&loud).contains("repro-audit compare "), "and what to do with it: {}", stderr(&loud));
    let quiet = run(&mut without_adapters(&[&arguments[..], &["--quiet"]].concat()));
    assert_eq!((status(&quiet), stderr(&quiet).as_str()), (0, ""), "nothing is wrong");
    assert!(!quiet.stdout.is_empty(), "the answer is no noise");
    assert!(error_of(&["gpu", "-q", "--kernel", "summ"], 2).contains("did you mean sum?"), "errors are told");
}

/// A library that was linked with -ffast-math sets the processor to flush for whatever loads it.
#[cfg(all(target_os = "linux", target_arch = "x86_64"))]
#[test]
fn a_processor_that_flushes_computes_no_reference() {
    let folder = tempfile::tempdir().expect("a folder");
    let (source, library) = (folder.path().join("ftz.c"), folder.path().join("ftz.so"));
    let text = "#include <xmmintrin.h>\n__attribute__((constructor)) static void f(void) { _mm_setcsr(_mm_getcsr() | 0x8040); }";
    std::fs::write(&source, text).expect("written");
    let built = std::process::Command::new("cc").args(["-shared", "-fPIC", "-o"]).arg(&library).arg(&source).status();
    if !built.is_ok_and(|s| s.success()) {
        return;
    }
    let output = run(without_adapters(&["kernels"]).env("LD_PRELOAD", &library));
    assert_eq!(status(&output), 4, "{}", stderr(&output));
    assert!(stderr(&output).contains("flush subnormal numbers"), "{}", stderr(&output));
}

#[test]
fn colours_are_as_asked() {
    let record = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/records/1.2-part-of-quick.json");
    let shown = |when: &str| run(&mut without_adapters(&["report", record, "--color", when])).stdout;
    let (always, never, auto) = (shown("always"), shown("never"), shown("auto"));
    assert!(always.contains(&0x1b) && !never.contains(&0x1b), "asked for, and refused");
    assert_eq!(never, auto, "a pipe has none");
}

#[test]
fn a_lock_shows_what_moves_against_an_older_one() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = |name: &str| folder.path().join(name).to_str().expect("a name").to_owned();
    let (one, two, lock) = (path("one"), path("two"), path("a.lock"));
    for (out, kernel) in [(&one, "sum/pairwise"), (&two, "sum/*")] {
        let output = run(&mut without_adapters(&["gpu", "--kernel", kernel, "--repeats", "2", "--out", out]));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
    }
    let locked = run(&mut without_adapters(&["lock", &one, "--out", &lock]));
    assert_eq!(status(&locked), 0, "{}", stderr(&locked));
    let text = std::fs::read_to_string(&lock).expect("written");
    assert_eq!(text.lines().filter(|l| l.starts_with("# sum ")).count(), 1, "a summary a kernel: {text}");
    let diff = |record: &str| {
        let output = run(&mut without_adapters(&["lock", record, "--diff", &lock]));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        String::from_utf8_lossy(&output.stdout).into_owned()
    };
    assert!(diff(&one).contains("Nothing moved"), "{}", diff(&one));
    let moved = diff(&two);
    assert!(moved.contains(" 0 changed, 0 gone") && moved.contains("sum/"), "only new ones: {moved}");
    assert_eq!(std::fs::read_to_string(&lock).expect("there"), text, "nothing was written");
    // The digest of one result is another one.
    let digest = text.lines().find_map(|l| l.strip_prefix("  bit-exact")).and_then(|l| l.split_whitespace().next());
    let changed = text.replacen(digest.expect("one that is exact"), "0123456789abcdef", usize::MAX);
    std::fs::write(&lock, changed).expect("written");
    assert!(!diff(&one).contains(" 0 changed"), "{}", diff(&one));
    let junit = run(&mut without_adapters(&["lock", &one, "--diff", &lock, "--format", "junit"]));
    let junit = String::from_utf8_lossy(&junit.stdout).into_owned();
    assert!(junit.contains("lock-moved") && !junit.contains("tests=\"0\""), "tools are told: {junit}");
}

/// The record of a short audit, its parameters, and its folder.
fn short_audit(more: &[&str], expected: i32) -> (Record, tempfile::TempDir) {
    let folder = tempfile::tempdir().expect("a folder");
    let output = run(without_adapters(&[&SHORT[..], more].concat()).arg("--out").arg(folder.path()));
    assert_eq!(status(&output), expected, "{}", stderr(&output));
    (record_in(folder.path()), folder)
}

const SHORT: [&str; 9] = ["gpu", "--kernel", "dot", "--kernel", "max", "--threads", "1,2", "--repeats", "2"];

/// An audit that was cut off and gone on with is the one that was not cut off.
#[test]
fn an_audit_that_was_cut_off_is_gone_on_with() {
    let (whole, folder) = short_audit(&[], 0);
    let file = folder.path().join("record.json");
    let resume = |more: &[&str]| {
        let output = run(without_adapters(&[&SHORT[..], &["--resume"], more].concat()).arg("--out").arg(folder.path()));
        (status(&output), stderr(&output))
    };
    let (exit, error) = resume(&[]);
    assert!(exit == 2 && error.contains("finished audit"), "{exit} {error}");
    let mut part = whole.clone();
    part.notes.push(record::UNFINISHED.to_owned());
    let count = part.cases.len();
    assert!(count > 8, "{count}");
    part.cases.truncate(count / 2 + 1);
    // A result that a driver did not give is asked for again.
    let lost = part.cases[1].executions.pop().expect("an execution");
    let mut outputs = Outputs::default();
    for (digest, stored) in whole.outputs.iter() {
        let gives = |x: &record::Execution| match &x.outcome {
            record::Outcome::Ran { distinct, .. } => distinct.iter().any(|d| d.digest == *digest),
            _ => false,
        };
        if part.cases.iter().flat_map(|c| &c.executions).any(gives) {
            outputs.add(digest.clone(), stored.clone());
        }
    }
    part.outputs = outputs;
    let ids: Vec<String> = part.cases.iter().map(|c| c.id.clone()).collect();
    part.id = record::content_id(&part).expect("an id");
    std::fs::write(&file, record::to_json(&part).expect("JSON")).expect("written");
    let (exit, error) = resume(&["--seed", "8"]);
    assert!(exit == 2 && error.contains("other settings"), "{exit} {error}");
    let (exit, error) = resume(&[]);
    assert_eq!(exit, 0, "{error}");
    let now = record_in(folder.path());
    assert_eq!(now.id, whole.id, "as if it had not been cut off");
    assert_eq!(now.run.started, whole.run.started, "one audit");
    assert!(now.cases[1].executions.iter().any(|x| x.engine == lost.engine), "{ids:?}");
    // What was kept was not run again: its durations are the same.
    let seconds = |record: &Record, at: usize| -> Vec<u64> {
        record.cases[at].executions.iter().map(|x| x.seconds.to_bits()).collect()
    };
    assert_eq!(seconds(&now, 3), seconds(&whole, 3), "kept");
    assert_ne!(seconds(&now, count - 1), seconds(&whole, count - 1), "run now");
}

#[test]
fn what_a_budget_leaves_out_is_said() {
    let (none, _folder) = short_audit(&["--budget", "1ms"], 4);
    assert_eq!(none.cases.len(), 0, "no time for a case");
    assert!(!none.controls.is_empty(), "the controls are there in every audit");
    let note = none.notes.iter().find(|n| n.contains("time for this audit")).expect("a note");
    assert!(note.contains("dot (") && note.contains("max ("), "{note}");
    let (all, _folder) = short_audit(&["--budget", "1h"], 0);
    let (plain, _folder) = short_audit(&[], 0);
    assert_eq!(all.id, plain.id, "enough time changes nothing");
    for wrong in ["0s", "soon", "-5m"] {
        assert!(error_of(&["gpu", &format!("--budget={wrong}")], 2).contains("10m"), "{wrong}");
    }
}
