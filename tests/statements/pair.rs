//! Statements about two records and about many that were wrong once.

use std::path::{Path, PathBuf};
use std::process::Output;

use repro_audit::facts::pair::{self, Kind, Why};
use repro_audit::facts::set::{Related, relate};
use repro_audit::formats::{Options, html, terminal};
use repro_audit::model::Arithmetic;
use repro_audit::model::bits::Bits;
use repro_audit::model::record::Content;
use repro_audit::record::{self, Execution, Outcome, Reader, Record, Status, Stored, content_id};
use repro_audit::views::View as _;
use repro_audit::views::audit::Audit;

use crate::common::{program, run, status, stderr, words};
use crate::{broken, fixture};

/// The words of an output that is `as_written`, of which a driver makes others.
pub(crate) type Words = fn(u32) -> u32;

/// A record of one adapter, `vulkan:1`, in which every case of these kernels has the words of `strict` as its strict
/// reference's, and what the engine gave is what `gave` makes of them.
pub(crate) fn record(label: &str, mesa: &str, day: u32, strict: Words, gave: &dyn Fn(&str, u32) -> u32) -> Record {
    let mut record = fixture::full(1);
    record.cases.retain(|c| ["dot", "rope", "conv2d"].contains(&c.kernel.as_str()));
    record.verdicts.clear();
    record.notes.clear();
    record.engines.retain(|e| e.id == "cpu" || e.id == "vulkan:1");
    record.controls.retain(|c| c.engine == "vulkan:1");
    record.environment.variables.clear();
    record.environment.host = "one".to_owned();
    record.run.started = format!("2026-03-{day:02}T12:00:00Z");
    record.provenance.settings.label = Some(label.to_owned());
    if let Some(adapter) = &mut record.engines[1].adapter {
        adapter.driver_info = format!("Mesa {mesa}");
    }
    for case in &mut record.cases {
        case.executions.retain(|x| x.engine == "vulkan:1");
        case.comparisons.clear();
        case.elements = 64;
        let reference: Vec<u32> = (0..64).map(strict).collect();
        let bits = Bits::words(case.dtype, reference.iter().map(|w| gave(&case.kernel, *w)).collect());
        let reference = Bits::words(case.dtype, reference);
        case.twins[0].digest = reference.digest();
        let same = bits == reference;
        for execution in &mut case.executions {
            set(execution, &bits.digest());
            execution.equals = if same { vec![Arithmetic::STRICT] } else { vec![] };
            execution.status = if same { Status::BitExact } else { Status::Unjudged };
            execution.accuracy = None;
        }
        record.outputs.add(bits.digest(), Stored::new(&bits, 1 << 20));
    }
    sealed(record)
}

fn set(execution: &mut Execution, digest: &str) {
    if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
        distinct.truncate(1);
        distinct[0].digest = digest.to_owned();
    }
}

pub(crate) fn sealed(mut record: Record) -> Record {
    record.id = content_id(&record).expect("a record is JSON");
    record
}

/// Spread over more than binary16 has near one: rounding to it moves most of them far.
pub(crate) fn ordinary(i: u32) -> u32 {
    0x3f80_0000 + 1_237 * i
}

pub(crate) fn as_written(_: &str, word: u32) -> u32 {
    word
}

fn put(folder: &Path, name: &str, record: &Record) -> PathBuf {
    let path = folder.join(name);
    std::fs::write(&path, record::to_json(record).expect("JSON")).expect("written");
    path
}

/// What `relate` says of these records.
pub(crate) fn related(records: &[Record]) -> Related {
    let folder = tempfile::tempdir().expect("a folder");
    let reader = Reader::default();
    for (i, record) in records.iter().enumerate() {
        let path = put(folder.path(), &format!("{i}.json"), record);
        reader.read(&path).unwrap_or_else(|e| panic!("{e}"));
    }
    relate(&reader.finish())
}

fn page(view: &Related) -> String {
    terminal::write(&view.document(), &Options { full: true, width: 300, ..Options::default() })
}

/// `compare` of two records, with what it printed.
pub(crate) fn compared(left: &Record, right: &Record, arguments: &[&str]) -> (Output, String) {
    let folder = tempfile::tempdir().expect("a folder");
    let (a, b) = (put(folder.path(), "left.json", left), put(folder.path(), "right.json", right));
    let mut all = vec!["compare", a.to_str().expect("text"), b.to_str().expect("text")];
    all.extend(arguments);
    let output = run(&mut program(&all));
    let text = words(&output);
    (output, text)
}

#[test]
fn the_first_sentence_is_how_much_is_the_same() {
    let before = record("a", "22.3.6", 1, ordinary, &as_written);
    let after = record("b", "25.0.7", 2, ordinary, &|kernel, w| if kernel == "dot" { w + 2 } else { w });
    let all = before.cases.len();
    let dots = before.cases.iter().filter(|c| c.kernel == "dot").count();
    let (_, text) = compared(&before, &after, &["--full"]);
    let first = format!("{} of {all} results that both sides ran are bit for bit the same", all - dots);
    assert!(text.contains(&first), "{text}");
    assert!(text.find(&first) < text.find("cause not known"), "and before any cause: {text}");
    assert!(text.contains("Mesa 22.3.6 → Mesa 25.0.7"), "what differs between the sides: {text}");
    assert_eq!(text.matches("cause not known, in").count(), 1, "what is not known is said once: {text}");
}

#[test]
fn what_does_not_repeat_by_design_is_a_line_and_no_headline() {
    let open = |mut record: Record, digest: &str| {
        for case in record.cases.iter_mut().filter(|c| c.kernel == "dot") {
            case.twins.clear();
            for execution in &mut case.executions {
                execution.status = Status::NotRepeatable;
                execution.equals.clear();
                if let Outcome::Ran { distinct, .. } = &mut execution.outcome {
                    let mut other = distinct[0].clone();
                    other.digest = digest.repeat(16);
                    distinct.push(other);
                }
            }
        }
        sealed(record)
    };
    let before = open(record("a", "22.3.6", 1, ordinary, &as_written), "ee");
    let after = open(record("a", "22.3.6", 2, ordinary, &as_written), "ff");
    let found = pair::compare(&before, &after, &[]).expect("nothing is forced");
    assert!(found.results.is_empty() && !found.open.is_empty(), "{:?}", found.results);
    assert_eq!(found.sameness.same + found.sameness.open, found.sameness.compared, "the rest is the same");
    let (_, text) = compared(&before, &after, &["--full"]);
    assert!(text.contains("In 4 cases the kernel does not fix the order of operations, and the bits differ"), "{text}");
    assert!(text.contains("This is not counted as a change."), "{text}");
    assert!(!text.contains("do not repeat and say nothing"), "{text}");
    assert!(
        text.contains("bit for bit the same, and 4 have no fixed order; no repeatable result changed"),
        "the headline says that nothing changed: {text}"
    );
}

#[test]
fn a_change_is_told_by_what_the_bits_show() {
    let tiny: Words = |i| i + 1;
    let flushes = record("b", "25.0.7", 2, tiny, &|kernel, w| if kernel == "rope" { 0 } else { w });
    let keeps = record("a", "22.3.6", 1, tiny, &as_written);
    let why = |a: &Record, b: &Record| {
        let found = pair::compare(a, b, &[]).expect("nothing is forced");
        found.causes.iter().map(|c| c.why.clone()).collect::<Vec<_>>()
    };
    assert_eq!(why(&keeps, &flushes), [Why::Flushed { now: true, whole: true }], "subnormal results are zero now");
    assert_eq!(why(&flushes, &keeps), [Why::Flushed { now: false, whole: true }], "and no longer");
    let rounds = record("b", "25.0.7", 2, ordinary, &|kernel, w| {
        let rounded = half::f16::from_f32(f32::from_bits(w)).to_f32().to_bits();
        if kernel == "rope" { rounded } else { w }
    });
    let keeps = record("a", "22.3.6", 1, ordinary, &as_written);
    assert_eq!(why(&keeps, &rounds), [Why::Half { now: true, whole: true }], "f32(f16(x)) now");
    assert_eq!(why(&rounds, &keeps), [Why::Half { now: false, whole: true }], "and no longer");
    let overflows = record("b", "25.0.7", 2, ordinary, &|kernel, w| if kernel == "rope" { 0x7f80_0000 } else { w });
    assert_eq!(why(&keeps, &overflows), [Why::Unknown], "an infinity is no rounding");
    let (_, text) = compared(&keeps, &rounds, &["--full"]);
    assert!(text.contains("results are now rounded to binary16"), "{text}");
    assert!(!text.contains("no twin"), "{text}");
}

#[test]
fn a_nan_of_another_payload_is_no_change() {
    let nan: Words = |i| if i == 3 { 0x7fc0_0000 } else { ordinary(i) };
    let before = record("a", "22.3.6", 1, nan, &as_written);
    let after = record("a", "22.3.6", 2, nan, &|_, w| if w == 0x7fc0_0000 { 0xffc0_0001 } else { w });
    let found = pair::compare(&before, &after, &[]).expect("nothing is forced");
    assert!(found.results.is_empty(), "{:?}", found.results);
    assert_eq!(
        (found.sameness.same, found.sameness.nan),
        (found.sameness.compared, found.sameness.compared),
        "counted"
    );
    let (output, text) = compared(&before, &after, &["--fail-on", "drift", "--full"]);
    assert_eq!(status(&output), 0, "no drift: {text}");
    assert!(text.contains("NaN has another sign or payload"), "{text}");
    let view = related(&[before, after]);
    assert_eq!(view.classes.len(), 1, "and nothing is told apart by it");
}

/// Was: that an update changed bits, where NaN may be all that differs and the outputs are not stored.
#[test]
fn what_may_differ_in_nan_alone_is_not_known_to_have_changed() {
    let nan: Words = |i| if i == 3 { 0x7fc0_0000 } else { ordinary(i) };
    let unstored = |mut record: Record, n: u64| {
        record.outputs = record::Outputs::default();
        for execution in record.cases.iter_mut().flat_map(|c| &mut c.executions) {
            execution.samples.clear();
            execution.content = Some(Content { nan: n, infinite: 0, first_not_finite: Some(3), only: None });
        }
        sealed(record)
    };
    let before = record("a", "22.3.6", 1, nan, &as_written);
    let after = record("a", "25.0.7", 2, nan, &|_, w| if w == 0x7fc0_0000 { 0xffc0_0001 } else { w });
    let cases = before.cases.len();
    // As many NaN on both sides; and one more after.
    for (counts, open) in [([1, 1], cases), ([1, 2], 0)] {
        let records = [unstored(before.clone(), counts[0]), unstored(after.clone(), counts[1])];
        let view = related(&records);
        assert_eq!(view.open.len(), open, "{counts:?}");
        assert_eq!(view.classes.len() > 1, open == 0, "{counts:?}: told apart");
        let text = page(&view);
        let said = "is not known: not all of them is stored. Counted neither as the same nor as different";
        assert_eq!(text.contains(said), open > 0, "{counts:?}: {text}");
        assert_eq!(text.contains("changed bits"), open == 0, "{counts:?}: {text}");
        let (_, text) = compared(&records[0], &records[1], &["--full"]);
        assert_eq!(text.contains("NaN may be all that differs"), open > 0, "{counts:?}: {text}");
    }
}

#[test]
fn nan_against_a_number_comes_before_any_distance() {
    let before = record("a", "22.3.6", 1, ordinary, &as_written);
    let after = record("a", "25.0.7", 2, ordinary, &|kernel, w| match kernel {
        "rope" if w == ordinary(5) => 0x7fc0_0000,
        "dot" => w + 100_000,
        _ => w,
    });
    let found = pair::compare(&before, &after, &[]).expect("nothing is forced");
    assert_eq!(found.results[0].kernel, "rope", "the worst first");
    let size = found.results[0].drift.as_ref().expect("stored").size();
    assert_eq!(size, "1 from number to NaN", "and it is said");
}

#[test]
fn a_side_that_can_not_be_relied_on_is_told_first_and_is_no_pass() {
    let sound = broken::sound();
    assert_eq!(status(&compared(&sound, &sound, &["--fail-on", "drift"]).0), 0, "a record with itself");
    for (name, record, _) in broken::records(&sound) {
        let (output, text) = compared(&sound, &record, &["--fail-on", "drift"]);
        // What cannot be read is refused before.
        if status(&output) == 5 {
            continue;
        }
        assert_eq!(status(&output), 4, "{name}: {text}");
        assert!(
            text.starts_with("Right side: Invalid") || text.starts_with("Right side: Incomplete"),
            "{name}: {text}"
        );
        let view = related(&[sound.clone(), record]);
        if !view.soundness.is_sound() {
            let title = view.document().headline;
            assert!(title.starts_with("Invalid") || title.starts_with("Incomplete"), "{name}: {title}");
        }
    }
}

#[test]
fn what_was_not_judged_is_not_within_the_specification() {
    let text = page(&related(&[record("a", "22.3.6", 1, ordinary, &|_, w| w + 1)]));
    assert!(text.contains("judged of none of"), "{text}");
    assert!(!text.contains("outside what WGSL allows"), "{text}");
    let text = page(&related(&[record("a", "22.3.6", 1, ordinary, &as_written)]));
    assert!(text.contains("that were judged is outside what WGSL allows"), "{text}");
}

#[test]
fn an_update_is_counted_once_and_each_change_has_its_case() {
    let with = |mut record: Record, value: &str| {
        record.engines[1].variables = [("LP_NUM_THREADS".to_owned(), value.to_owned())].into();
        record.provenance.settings.label = record.provenance.settings.label.map(|l| format!("{l}-{value}"));
        sealed(record)
    };
    let old = record("bookworm", "22.3.6", 1, ordinary, &as_written);
    let new = record("trixie", "25.0.7", 2, ordinary, &|kernel, w| if kernel == "rope" { w + 3 } else { w });
    let mut records = vec![old.clone(), new.clone()];
    for value in ["1", "2", "4"] {
        records.extend([with(old.clone(), value), with(new.clone(), value)]);
    }
    let view = related(&records);
    assert_eq!(view.adapters, 1, "one adapter, however many variables");
    assert_eq!(view.timelines.len(), 1, "and one driver");
    let change = &view.timelines[0].versions[1].update.as_ref().expect("an update").changes;
    assert_eq!(change.len(), 1, "one change: {change:?}");
    assert!(change[0].case.starts_with("rope/") && change[0].first_seen == "trixie", "{change:?}");
    assert!(change[0].size.ends_with("by up to 3 ulp"), "{change:?}");
    let text = page(&view);
    assert!(
        text.contains(
            "The driver update Mesa 22.3.6 → Mesa 25.0.7 changed bits on the one adapter that has both versions"
        ),
        "{text}"
    );
    assert!(text.contains("Mesa 22.3.6 → Mesa 25.0.7"), "{text}");
    assert!(text.contains("1 adapter in 8 variations of driver and variables"), "{text}");
    let html = html::write(&view.document());
    assert!(text.contains(&change[0].case) && text.contains("cause not known"), "the case is shown: {text}");
    let escaped = change[0].case.replace('&', "&amp;");
    assert!(html.contains(&escaped) && html.contains("cause not known"), "on the page too");
    let names: Vec<&str> = view.classes.iter().map(|c| c.name.as_str()).collect();
    assert!(
        names.iter().any(|n| n.contains("llvmpipe") && n.contains("Mesa 25.0.7")),
        "named by what is in it: {names:?}"
    );
}

#[test]
fn a_variable_that_a_driver_reads_is_a_difference_between_the_sides() {
    let before = record("a", "22.3.6", 1, ordinary, &as_written);
    let mut after = before.clone();
    after.environment.variables.insert("LP_NUM_THREADS".to_owned(), "1".to_owned());
    let after = sealed(after);
    let found = pair::compare(&before, &after, &[]).expect("nothing is forced");
    assert_eq!(found.between.other, ["LP_NUM_THREADS: not set → 1"], "it is told");
    assert_eq!(related(&[before, after]).adapters, 1, "and the adapter is one and the same");
}

#[test]
fn another_processor_is_a_difference_between_the_sides() {
    let before = record("a", "22.3.6", 1, ordinary, &as_written);
    let with = |change: &dyn Fn(&mut record::Environment)| {
        let mut after = before.clone();
        change(&mut after.environment);
        compared(&before, &sealed(after), &["--full"]).1
    };
    let same = with(&|_| {});
    assert!(same.contains("no processor differs"), "{same}");
    type Change<'c> = &'c dyn Fn(&mut record::Environment);
    let changes: [(Change<'_>, &str); 3] = [
        (&|e| e.cpu = "Another CPU".to_owned(), "the processor: AMD EPYC → Another CPU"),
        (&|e| e.architecture = "aarch64".to_owned(), "the processor: x86_64 → aarch64"),
        (&|e| e.cpu_features.clear(), "the processor's instructions"),
    ];
    for (change, told) in changes {
        let text = with(change);
        assert!(text.contains(told) && !text.contains("no processor differs"), "{told}: {text}");
    }
}

/// What has another shader ran on both sides, and is in no count.
#[test]
fn what_can_not_be_compared_is_no_part_of_all_that_both_sides_ran() {
    let before = record("a", "22.3.6", 1, ordinary, &as_written);
    let mut after = before.clone();
    let dots = || before.cases.iter().filter(|c| c.kernel == "dot").count();
    after.cases.iter_mut().filter(|c| c.kernel == "dot").for_each(|c| c.shader = Some("cd".repeat(16)));
    let after = sealed(after);
    let (output, text) = compared(&before, &after, &["--full", "--fail-on", "drift"]);
    let first = format!(
        "All {} results that can be compared are bit for bit the same; {} cases have another shader or output",
        before.cases.len() - dots(),
        dots()
    );
    assert!(text.starts_with(&first), "{text}");
    assert_eq!(status(&output), 0, "no drift is shown");
    let help = words(&run(&mut program(&["compare", "--help"])));
    assert!(
        help.contains("A case with another shader or output on either side is not compared"),
        "and help says so: {help}"
    );
    let (_, tests) = compared(&before, &after, &["--format", "junit"]);
    assert_eq!(tests.matches("<skipped ").count(), dots(), "{tests}");
    assert!(!tests.contains("that both sides ran"), "{tests}");
}

#[test]
fn a_case_is_one_row_however_many_engines_show_it() {
    let twice = |mut record: Record| {
        let mut second = record.engines[1].clone();
        second.id = "vulkan:1 LP_NUM_THREADS=1".to_owned();
        second.variables = [("LP_NUM_THREADS".to_owned(), "1".to_owned())].into();
        let id = second.id.clone();
        record.engines.push(second);
        for control in record.controls.clone() {
            record.controls.push(record::Control { engine: id.clone(), ..control });
        }
        for case in &mut record.cases {
            let mut copy = case.executions[0].clone();
            copy.engine.clone_from(&id);
            case.executions.push(copy);
        }
        sealed(record)
    };
    let before = twice(record("a", "22.3.6", 1, ordinary, &as_written));
    let after = twice(record("a", "25.0.7", 2, ordinary, &|_, w| w + 1));
    let found = pair::compare(&before, &after, &[]).expect("nothing is forced");
    assert_eq!(found.results.len(), 2 * before.cases.len(), "each result");
    assert_eq!(found.cases.len(), before.cases.len(), "each case once");
    assert!(found.results.iter().all(|r| r.kind == Kind::Differs), "they differ");
}

/// Of two records of one name in a set the later is compared, and it is said that the earlier was not.
#[test]
fn a_record_that_is_left_out_of_a_comparison_is_named() {
    let named = |mesa, day| record("leg", mesa, day, ordinary, &as_written);
    let (first, second, other) = (named("22.3.6", 1), named("25.0.7", 2), named("26.2.6", 3));
    let folder = tempfile::tempdir().expect("a folder");
    let paths = [put(folder.path(), "1.json", &first), put(folder.path(), "2.json", &second)];
    let merged = folder.path().join("merged.json");
    let of = |path: &Path| path.display().to_string();
    let output = run(&mut program(&["merge", &of(&paths[0]), &of(&paths[1]), "--out", &of(&merged)]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let right = of(&put(folder.path(), "3.json", &other));
    let shown = words(&run(&mut program(&["compare", &of(&merged), &right, "--full"])));
    assert!(shown.contains("1 earlier record, because a later one has the same name"), "{shown}");
    assert!(shown.contains(&format!("leg ({})", &first.id[..12])), "which: {shown}");
    let chosen = format!("{}#{}", of(&merged), &first.id[..12]);
    let shown = words(&run(&mut program(&["compare", &chosen, &right, "--full"])));
    assert!(!shown.contains("earlier record"), "named by its id, it is the one: {shown}");
}

/// Adapters of one side alone differ between the sides, whether or not any is matched.
#[test]
fn sides_with_other_adapters_are_told_apart() {
    let before = record("a", "22.3.6", 1, ordinary, &as_written);
    let mut other = before.clone();
    if let Some(adapter) = &mut other.engines[1].adapter {
        (adapter.name, adapter.driver) = ("SwiftShader Device (Subzero)".to_owned(), "SwiftShader driver".to_owned());
        (adapter.vendor, adapter.device) = (0x1ae0, 0xc0de);
    }
    let other = sealed(other);
    let found = pair::compare(&before, &other, &[]).expect("nothing is forced");
    assert!(found.between.left.len() == 1 && found.between.right[0].contains("SwiftShader"), "{:?}", found.between);
    let (_, text) = compared(&before, &other, &[]);
    assert!(text.contains(" only on the left and ") && text.contains(" only on the right"), "{text}");
    let since = Audit::new(&other).since(&before, "repro-audit compare").document();
    let text = terminal::write(&since, &Options::default()).split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(text.contains(" is gone and ") && text.contains(" is new"), "{text}");
    let forced = [("vulkan:1".to_owned(), "vulkan:1".to_owned())];
    let found = pair::compare(&before, &other, &forced).expect("both are there");
    assert!(found.between.other.iter().any(|t| t.contains(" → ") && t.contains("SwiftShader")), "{:?}", found.between);
}

/// What does not repeat agrees with nothing, however many ran it.
#[test]
fn adapters_agree_only_in_what_repeats() {
    let unrepeated = |label: &str, day, repeats: &str| {
        let mut record = record(label, "22.3.6", day, ordinary, &as_written);
        record.cases.retain(|c| c.kernel == repeats || c.kernel == "conv2d");
        for execution in record.cases.iter_mut().filter(|c| c.kernel == "conv2d").flat_map(|c| &mut c.executions) {
            if let Outcome::Ran { runs, distinct, .. } = &mut execution.outcome {
                let mut second = distinct[0].clone();
                second.digest = "ab".repeat(16);
                (*runs, distinct[0].runs, second.runs) = (2, 1, 1);
                distinct.push(second);
            }
            (execution.status, execution.equals) = (Status::NotRepeatable, Vec::new());
        }
        sealed(record)
    };
    let text = page(&related(&[unrepeated("a", 1, "dot"), unrepeated("b", 2, "rope")]));
    assert!(text.starts_with("Nothing that repeats ran twice"), "{text}");
    assert!(!text.contains("agree bit for bit") && !text.contains("the same on all"), "{text}");
    let same = |day| record("a", "22.3.6", day, ordinary, &as_written);
    let mut second = same(2);
    second.environment.host = "two".to_owned();
    let text = page(&related(&[same(1), sealed(second)]));
    assert!(text.contains("bit for bit in 7 cases that repeat and ran twice or more"), "{text}");
}

/// Statement: of two records that share no adapter, only this program's own code was compared, and the first words say so.
#[test]
fn where_no_driver_was_compared_the_headline_begins_with_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let audit = |name: &str, arguments: &[&str]| {
        let out = folder.path().join(name).display().to_string();
        let output =
            run(&mut program(&[&["gpu", "--kernel", "dot", "--repeats", "2", "--out", &out], arguments].concat()));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        out
    };
    let (own, planted) = (audit("own", &["--adapter", "embedded:0"]), audit("other", &["--adapter", "embedded:0"]));
    let said = words(&run(&mut program(&["compare", &own, &planted])));
    assert!(said.contains("No driver was compared: of the interpreter and the CPU, all"), "{said}");
    let (left, right) =
        (record("a", "22.3.6", 1, ordinary, &as_written), record("b", "25.0.7", 2, ordinary, &as_written));
    let (left, right) = (put(folder.path(), "l.json", &left), put(folder.path(), "r.json", &right));
    let said = words(&run(&mut program(&["compare", &left.display().to_string(), &right.display().to_string()])));
    assert!(!said.contains("No driver was compared"), "{said}");
}
