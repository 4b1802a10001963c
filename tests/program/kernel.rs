//! Kernels of the user's own: `repro-audit kernel` from a file to a verdict, and every mistake in one line.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::common::{program, record_in, run, status, stderr, without_adapters};
use repro_audit::kernels::user::{Kernel, Settings};
use repro_audit::model::FindingKind;
use repro_audit::record::{AxisLevel, Level, LevelState, Outcome, Record, Status};

/// A folder with one kernel, and where its audits go.
struct Bench {
    folder: tempfile::TempDir,
}

impl Bench {
    fn new(shader: &str, settings: &str) -> Self {
        let bench = Self { folder: tempfile::tempdir().expect("a folder") };
        std::fs::write(bench.path("k.wgsl"), shader).expect("written");
        if !settings.is_empty() {
            std::fs::write(bench.path("k.toml"), settings).expect("written");
        }
        bench
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Runs the verb in the kernel's folder on a machine without drivers.
    fn run(&self, more: &[&str]) -> Output {
        let arguments = [&["kernel", "k.wgsl", "--out", "out"], more].concat();
        run(without_adapters(&arguments).current_dir(self.folder.path()))
    }

    /// The record of an audit that ends well.
    fn record(&self, more: &[&str]) -> Record {
        let output = self.run(more);
        assert_eq!(status(&output), 0, "{more:?}: {}", stderr(&output));
        record_in(&self.path("out"))
    }

    /// The one line of an error in the usage.
    fn error(&self, more: &[&str]) -> String {
        let output = self.run(more);
        let text = stderr(&output);
        assert_eq!(status(&output), 2, "{more:?}: {text}");
        let errors: Vec<_> = text.lines().filter(|l| l.starts_with("error: ")).collect();
        assert_eq!((errors.len(), text.lines().count()), (1, 1), "one line: {text}");
        assert!(output.stdout.is_empty() && !self.path("out").exists(), "no work was begun");
        errors[0].trim_start_matches("error: ").to_owned()
    }
}

fn statuses(record: &Record) -> Vec<Status> {
    record.cases.iter().flat_map(|c| &c.executions).filter(|e| e.engine == "embedded:0").map(|e| e.status).collect()
}

fn findings(record: &Record) -> Vec<(FindingKind, Option<u32>)> {
    let all = record.cases.iter().flat_map(|c| &c.executions).flat_map(|e| &e.findings);
    all.map(|f| (f.kind, f.line)).collect()
}

const SAXPY: &str = "\
override SCALE: f32 = 0.3;
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    y[id.x] = SCALE * x[id.x] + x[id.x];
}
";

#[test]
fn a_kernel_needs_no_settings() {
    let bench = Bench::new(SAXPY, "");
    let record = bench.record(&["--planted", "contract"]);
    let own = record.provenance.own.as_ref().expect("the kernel is in the record");
    assert_eq!((own.source.as_str(), own.arguments.as_slice()), (SAXPY, &["k.wgsl".to_owned()][..]), "what it was");
    assert_eq!(own.shader, blake3::hash(SAXPY.as_bytes()).to_hex().to_string(), "its digest");
    let case = &record.cases[0];
    assert!(case.id.starts_with(&format!("k.wgsl/main?shader={}&settings=", &own.shader[..12])), "{}", case.id);
    assert_eq!((case.elements, record.cases.len()), (1024, 1), "the default length");
    let on = |engine: &str| case.executions.iter().find(|e| e.engine == engine).expect("it ran");
    assert_eq!(on("embedded:0").status, Status::BitExact, "strict arithmetic");
    let planted = on("embedded:1");
    assert_eq!(planted.status, Status::Unjudged, "no allowance is known of a float kernel");
    assert!(
        planted.accuracy.is_none() && case.twin_accuracy.is_none(),
        "nothing is measured against what is not known"
    );
    let names: Vec<_> = planted.equals.iter().map(|a| a.name()).collect();
    assert_eq!(names.first(), Some(&"fused"), "and yet it is attributed: {names:?}");
    assert!(record.controls.iter().all(|c| c.caught) && !record.controls.is_empty(), "controls");
    let verdict = record.verdicts.iter().find(|v| v.engine == "embedded:1").expect("a verdict");
    assert!(verdict.because.contains("fuses multiply and add"), "{}", verdict.because);
    let page = std::fs::read_to_string(bench.path("out/index.html")).expect("a report");
    assert!(page.contains("not judged") && page.contains("repro-audit kernel k.wgsl --case"), "in words");
    for claim in ["within what the WGSL specification allows", "does not allow the results"] {
        assert!(!page.contains(claim), "the report claims nothing: {claim}");
    }
    let csv = std::fs::read_to_string(bench.path("out/summary.csv")).expect("a summary");
    assert!(csv.contains("unjudged"), "as a word in CSV");
}

#[test]
fn what_was_inferred_is_printed_and_says_the_same_when_saved() {
    let bench = Bench::new(SAXPY, "");
    let printed = bench.run(&["--dry-run"]);
    assert_eq!(status(&printed), 0, "{}", stderr(&printed));
    let text = String::from_utf8_lossy(&printed.stdout).into_owned();
    for line in ["entry = \"main\"", "groups = [16, 1, 1]", "len = 1024", "dist = \"normal\"", "poisoned"] {
        assert!(text.contains(line), "{line} in {text}");
    }
    let inferred = bench.record(&[]);
    std::fs::write(bench.path("k.toml"), &text).expect("saved");
    let saved = bench.record(&[]);
    assert_eq!(inferred.cases[0].id, saved.cases[0].id, "one case");
    assert_eq!(inferred.id, saved.id, "one record");
}

#[test]
fn the_command_of_a_row_works_when_pasted_and_a_changed_file_is_told() {
    let settings = "[buffers.x]\ndist = \"uniform\"\n[[config]]\noverrides = { SCALE = 0.1 }\ngroups = [16]\n[[config]]\n\
                    overrides = { SCALE = 0.1 }\ngroups = [8, 2]\n";
    let shader =
        SAXPY.replace("y[id.x] = SCALE * x[id.x] + x[id.x];", "let i = id.x + id.y * 512u;\n    y[i] = SCALE * x[i];");
    let bench = Bench::new(&shader, settings);
    let record = bench.record(&["--buffer", "x:dist=wide"]);
    assert_eq!(record.cases.len(), 2, "two configurations");
    assert_eq!(record.cases[0].problem, record.cases[1].problem, "of one problem");
    assert_eq!(record.cases[1].config, "SCALE=0.1&groups=8x2x1", "named by what they are");
    let config = record.cases[1].comparisons.iter().find(|c| c.axis == AxisLevel::Config).expect("they are compared");
    assert!(config.drift.is_none(), "and are equal");
    let page = std::fs::read_to_string(bench.path("out/index.html")).expect("a report");
    let id = &record.cases[1].id;
    let shown = page.replace("&amp;", "&");
    for case in &record.cases {
        let command = format!("repro-audit kernel k.wgsl --buffer x:dist=wide --case '{}'", case.id);
        assert!(shown.contains(&format!("<code>{command}</code>")), "{command} is in the report");
    }
    assert!(!shown.contains("'ID'"), "no command is left to be filled in");
    let again = bench.record(&["--buffer", "x:dist=wide", "--case", id]);
    let digest = |r: &Record, case: &str| {
        let case = r.cases.iter().find(|c| c.id == case).expect("the case");
        match &case.executions[0].outcome {
            Outcome::Ran { distinct, .. } => distinct[0].digest.clone(),
            other => panic!("{other:?}"),
        }
    };
    assert_eq!((again.cases.len(), digest(&again, id)), (1, digest(&record, id)), "that row and its bits");
    std::fs::remove_dir_all(bench.path("out")).expect("removed");
    assert!(bench.error(&["--case", id]).contains("its settings changed since"), "without the flag");
    std::fs::write(bench.path("k.wgsl"), shader.replace("0.3", "0.4")).expect("written");
    let said = bench.error(&["--buffer", "x:dist=wide", "--case", id]);
    assert!(said.contains("the shader changed since"), "{said}");
    let output = run(&mut program(&["case", id]));
    assert!(status(&output) == 2 && stderr(&output).contains("repro-audit kernel FILE.wgsl --case"), "the other verb");
}

#[test]
fn integers_in_one_order_are_judged() {
    let shader = "@group(0) @binding(0) var<storage, read> x: array<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    y[id.x] = x[id.x] * 2654435761u + (x[id.x] >> 7u);
}
";
    let bench = Bench::new(shader, "[buffers.x]\ndist = \"bits\"\n");
    let record = bench.record(&["--adapter", "embedded", "--fail-on", "outside-specification"]);
    assert_eq!(statuses(&record), [Status::BitExact], "exact");
    assert!(record.cases[0].executions.iter().all(|e| e.accuracy.as_ref().is_some_and(|a| a.outside == 0)), "judged");
    let float = Bench::new(SAXPY, "");
    let said = float.error(&["--fail-on", "outside-specification"]);
    assert!(said.contains("is not known") && said.contains("floating point"), "{said}");
}

/// Each invocation takes the next slot: which one it gets is a matter of order.
const SLOTS: &str = "\
@group(0) @binding(0) var<storage, read_write> next: atomic<u32>;
@group(0) @binding(1) var<storage, read_write> y: array<u32, 128>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let slot = atomicAdd(&next, 1u);
    y[slot] = id.x;
}
";

#[test]
fn what_depends_on_the_order_is_told_with_its_line_and_blamed_on_nobody() {
    let bench = Bench::new(SLOTS, "");
    let record = bench.record(&["--output", "y"]);
    assert_eq!(statuses(&record), [Status::NotRepeatable], "the orders differ");
    assert!(findings(&record).contains(&(FindingKind::OrderDependent, Some(5))), "{:?}", findings(&record));
    assert!(record.cases[0].twins.is_empty(), "no twin stands for one of several results");
    let verdict = &record.verdicts[0];
    assert!(verdict.because.contains("whose order is not fixed"), "{}", verdict.because);
    let bitwise = verdict.levels.iter().find(|(l, _)| *l == Level::CpuGpuBitwise).map(|(_, s)| *s);
    assert_eq!(bitwise, Some(LevelState::Untested), "nothing to equal");
    let shown = String::from_utf8_lossy(&bench.run(&["--output", "y"]).stdout).into_owned();
    assert!(shown.contains("k.wgsl/main (line 5) depends on the order"), "{shown}");
    // The count itself is the same in every order.
    let count = bench.record(&["--output", "next"]);
    assert_eq!(statuses(&count), [Status::BitExact], "the count");
    assert!(count.cases[0].executions[0].accuracy.is_none(), "but atomics whose result is used are not judged");
}

#[test]
fn a_race_is_told_with_its_line() {
    let shader = "@group(0) @binding(0) var<storage, read_write> y: array<u32, 64>;
var<workgroup> shared_sum: u32;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) lane: u32) {
    shared_sum += lane;
    workgroupBarrier();
    y[lane] = shared_sum;
}
";
    let bench = Bench::new(shader, "");
    let record = bench.record(&[]);
    assert!(findings(&record).contains(&(FindingKind::DataRace, Some(5))), "{:?}", findings(&record));
    assert!(record.cases[0].twins.is_empty(), "what is undefined has no twin");
    assert!(
        record.cases[0].executions.iter().all(|e| e.accuracy.is_none()),
        "and is not judged, integers though it has"
    );
    let shown = String::from_utf8_lossy(&bench.run(&[]).stdout).into_owned();
    assert!(shown.contains("Data race in k.wgsl/main") && shown.contains("line 5"), "{shown}");
}

#[test]
fn structures_padding_halves_and_several_outputs() {
    let shader = "enable f16;
struct Particle { at: vec3<f32>, id: u32, spin: vec3<f32>, mass: f16 }
struct Params { n: u32, step: f32, shift: vec2<f32> }
@group(0) @binding(0) var<storage, read_write> all: array<Particle>;
@group(0) @binding(2) var<uniform> params: Params;
@group(1) @binding(1) var<storage, read_write> halves: array<f16>;
@compute @workgroup_size(8, 4)
fn main(@builtin(global_invocation_id) g: vec3<u32>, @builtin(num_workgroups) n: vec3<u32>) {
    let i = g.x + g.y * n.x * 8u;
    if (i >= params.n) { return; }
    all[i].at += all[i].spin * params.step + vec3<f32>(params.shift, 1.0);
    all[i].id += 1u;
    halves[i] = all[i].mass * 2.0h;
}
";
    let settings = "groups = [2, 2]\n[buffers.all]\nlen = 128\n[buffers.halves]\nlen = 128\n[buffers.params]\n\
                    members = { n = 128, step = 0.01, shift = [1, 2.5] }\n";
    let bench = Bench::new(shader, settings);
    let record = bench.record(&["--planted", "contract"]);
    let shapes: Vec<_> =
        record.cases.iter().map(|c| (c.id.split("output=").nth(1).unwrap_or("").to_owned(), c.elements)).collect();
    let of = |name: &str| shapes.iter().find(|(id, _)| id.starts_with(&format!("{name}&"))).map(|(_, n)| *n);
    assert_eq!(of("all:f32"), Some(768), "threes without padding: {shapes:?}");
    assert_eq!((of("all:u32"), of("all:f16"), of("halves")), (Some(128), Some(128), Some(128)), "{shapes:?}");
    let status = |output: &str, engine: &str| {
        let case = record.cases.iter().find(|c| c.id.contains(output)).expect("the case");
        case.executions.iter().find(|e| e.engine == engine).map(|e| e.status)
    };
    assert_eq!(status("=all:f32&", "embedded:1"), Some(Status::Unjudged), "the positions are contracted");
    assert_eq!(status("=all:u32&", "embedded:1"), Some(Status::BitExact), "the numbers are not");
    assert_eq!(status("=halves&", "embedded:0"), Some(Status::BitExact), "halves");
}

#[test]
fn entry_points_overrides_and_dispatch_are_chosen_and_checked() {
    let shader = "override N: u32;
@id(7) override M: u32 = 2;
@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@group(0) @binding(1) var<storage, read> x: array<f32>;
@compute @workgroup_size(N) fn fill(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] = M; }
@compute @workgroup_size(1) fn first() { y[0] = u32(x[0]); }
";
    let bench = Bench::new(shader, "");
    let said = |more: &[&str]| bench.error(more);
    assert!(
        said(&[]).contains("2 compute entry points; choose one with --entry") && said(&[]).ends_with("fill, first"),
        "ambiguous"
    );
    assert!(said(&["--entry", "last"]).contains("no compute entry point 'last'"), "unknown");
    let fill = |more: &[&str]| said(&[&["--entry", "fill"], more].concat());
    assert!(fill(&[]).contains("'N' has no value and no default; give one with --override N=VALUE"), "missing");
    assert!(fill(&["--override", "K=1"]).contains("'K' is not an override of the shader; they are: N, M"), "unknown");
    assert!(fill(&["--override", "N=nan"]).contains("a finite number is wanted"), "not finite");
    assert!(fill(&["--override", "N=x"]).contains("is not of the form NAME=VALUE"), "no number");
    assert!(fill(&["--override", "N=-4"]).contains("do not fit"), "negative");
    let filled = |groups: &str| fill(&["--override", "N=32", "--groups", groups]);
    assert!(filled("70000").contains("65535 workgroups in a dimension"), "too many in one");
    assert!(filled("65535,65535,2").contains("2^32 workgroups or more"), "too many");
    assert!(filled("0").contains("runs nothing"), "none");
    assert!(filled("1,1,1,1").contains("one to three"), "four");
    assert!(filled("16").contains("512 of 1024 output elements were never written, the first at index 512"), "too few");
    let record = bench.record(&["--entry", "fill", "--override", "N=32", "--override", "M=5"]);
    assert_eq!(statuses(&record), [Status::BitExact], "an override by its name where it has a number");
    assert!(record.cases[0].executions[0].samples.iter().all(|s| s.value == 5.0), "its value arrives");
}

#[test]
fn a_shader_that_is_wrong_is_told_with_line_and_column() {
    let said = |shader: &str| Bench::new(shader, "").error(&[]);
    let main = "@compute @workgroup_size(1) fn main()";
    assert!(said("fn main( {").starts_with("k.wgsl:1:"), "no WGSL: {}", said("fn main( {"));
    let unknown = said(&format!("{main} {{\n    let a = 1u + frob;\n}}"));
    assert!(unknown.starts_with("k.wgsl:2:18: ") && unknown.contains("frob"), "{unknown}");
    let types = said(&format!("{main} {{\n    let a: u32 = 1.5;\n}}"));
    assert!(types.starts_with("k.wgsl:2:"), "{types}");
    let invalid = said(&format!("{main} {{\n    var a = array<u32, 2>();\n    let i = 5u;\n    a[i] = 1.0;\n}}"));
    assert!(invalid.starts_with("k.wgsl:4:") || invalid.starts_with("k.wgsl:3:"), "{invalid}");
    assert!(said("").contains("has no entry point"), "nothing at all");
    assert!(said("@fragment fn f() {}").contains("no compute entry point"), "another stage");
    assert!(said(&format!("{main} {{}}")).contains("writes no buffer"), "no output");
    let out = "@group(0) @binding(1) var<storage, read_write> y: array<f32, 1>;\n";
    let texture = said(&format!(
        "{out}@group(0) @binding(0) var t: texture_2d<f32>;\n{main} {{ y[0] = textureLoad(t, vec2(0, 0), 0).x; }}"
    ));
    assert!(texture.starts_with("k.wgsl:2: 't' is a texture"), "{texture}");
    let bench = Bench::new(SAXPY, "");
    std::fs::remove_file(bench.path("k.wgsl")).expect("removed");
    assert!(bench.error(&[]).contains("k.wgsl: can't be read"), "no file");
}

#[test]
fn a_shader_that_does_not_end_is_told_before_any_driver_sees_it() {
    let shader = "@group(0) @binding(0) var<storage, read_write> y: array<u32, 1>;
@compute @workgroup_size(1)
fn main() {
    var i = 1u;
    while (i != 0u) { i |= 2u; }
    y[0] = i;
}
";
    let said = Bench::new(shader, "").error(&[]);
    assert!(said.starts_with("k.wgsl:5: ") && said.contains("did not end"), "{said}");
}

#[test]
fn settings_that_do_not_fit_are_told() {
    let shader = "struct P { n: u32, eps: f32 }
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> k: array<u32, 4>;
@group(0) @binding(2) var<uniform> p: P;
@group(0) @binding(3) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) { y[id.x] = x[id.x] * p.eps + f32(k[0] + p.n); }
";
    let said = |settings: &str| Bench::new(shader, settings).error(&[]);
    let wrong = [
        ("[buffers.z]\nlen = 4", "k.toml: k.wgsl has no buffer 'z'; 'main' uses: x, k, p, y"),
        ("[buffers.k]\nvalues = [1, 2, 3]", "'k' is given 3 values, and its type holds 4 scalars"),
        ("[buffers.k]\nlen = 5", "fixes the size of 'k' at 4"),
        ("[buffers.k]\ndist = \"normal\"", "'k' holds u32, and normal gives floats"),
        ("[buffers.k]\nvalues = [1, 2, 3, 0.5]", "buffer 'k': 0.5 is not a value of type u32"),
        ("[buffers.x]\nlen = 0", "at least one element"),
        ("[buffers.x]\nlen = 1000000000000", "larger than the 134217728 bytes"),
        ("[buffers.x]\nints = \"bits\"", "holds no integers"),
        ("[buffers.x]\nvalues = [1]\ndist = \"normal\"", "leave one out"),
        ("[buffers.p]\nmembers = { m = 1 }", "'p' has no member 'm' that can be set; n, eps"),
        ("[buffers.p]\nmembers = { n = [1, 2] }", "is given 2 values, and holds 1 scalars"),
        ("outputs = [\"x\"]", "'x' is not an output of 'main'; it has: y"),
        ("[[config]]\ngroups = [16]\n[[config]]\ngroups = [16]", "two configurations are the same"),
        ("groups = [16\n", "k.toml:"),
        ("[buffers.x]\nlenght = 4", "k.toml:2:1: unknown field `lenght`"),
    ];
    for (settings, expected) in wrong {
        let found = said(settings);
        assert!(found.contains(expected), "{settings}: {found}");
    }
    let bench = Bench::new(shader, "");
    assert!(bench.error(&["--buffer", "x"]).contains("is not of the form NAME:KEY=VALUE"), "no key");
    assert!(bench.error(&["--buffer", "x:length=4"]).contains("they are len, dist, ints"), "an unknown key");
    assert!(bench.error(&["--settings", "no.toml"]).contains("no.toml: can't be read"), "no such settings");
    assert!(bench.error(&["--adapter", "no such thing"]).contains("present: embedded:0"), "no such adapter");
    let record = bench.record(&["--buffer", "p:.n=3,.eps=0.5", "--buffer", "x:dist=fill 2"]);
    assert!(record.cases[0].executions[0].samples.iter().all(|s| s.value == 4.0), "2 · 0.5 + 0 + 3");
}

#[test]
fn the_examples_are_audited() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/kernels");
    let folder = tempfile::tempdir().expect("a folder");
    let out = folder.path().to_str().expect("a name");
    for (file, cases, judged) in [("rms_norm.wgsl", 2, false), ("histogram.wgsl", 1, true)] {
        let file = root.join(file);
        let output = run(&mut without_adapters(&["kernel", file.to_str().expect("a name"), "--out", out]));
        assert_eq!(status(&output), 0, "{}", stderr(&output));
        let record = record_in(folder.path());
        assert_eq!(statuses(&record), vec![Status::BitExact; cases], "{}", file.display());
        assert!(findings(&record).is_empty(), "{}: {:?}", file.display(), findings(&record));
        let has = record.cases.iter().flat_map(|c| &c.executions).all(|e| e.accuracy.is_some());
        assert_eq!(has, judged, "{}", file.display());
    }
}

/// Where there are drivers, they are compared with the interpreter, and an integer kernel is the same on all.
#[test]
fn drivers_are_compared_with_the_interpreter() {
    let bench = Bench::new(SAXPY, "");
    let output = run(program(&["kernel", "k.wgsl", "--out", "out"]).current_dir(bench.folder.path()));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record = record_in(&bench.path("out"));
    let drivers: Vec<_> = record.engines.iter().filter(|e| e.is_driver()).collect();
    assert!(
        !drivers.is_empty() || std::env::var_os("REPRO_AUDIT_TEST_ADAPTERS").is_none(),
        "REPRO_AUDIT_TEST_ADAPTERS is set, and there is no adapter"
    );
    for driver in drivers {
        let on = record.cases[0].executions.iter().find(|e| e.engine == driver.id).expect("it ran");
        assert!(matches!(on.outcome, Outcome::Ran { .. }), "{}: {:?}", driver.id, on.outcome);
        assert!(matches!(on.status, Status::BitExact | Status::Unjudged), "{}: {:?}", driver.id, on.status);
        assert!(!on.equals.is_empty(), "{} is strict or fused in so simple a kernel", driver.id);
    }
}

/// Settings of kernels that nobody here wrote, in the format that their own test reads too.
#[test]
fn foreign_kernels_are_read() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/foreign");
    let mut read = 0;
    for folder in std::fs::read_dir(root).expect("the folder").flatten().filter(|f| f.path().is_dir()) {
        for file in std::fs::read_dir(folder.path()).expect("a crate's").flatten().map(|f| f.path()) {
            if file.extension().is_none_or(|e| e != "toml") {
                continue;
            }
            let stem = file.file_stem().and_then(|s| s.to_str()).and_then(|s| s.split('.').next()).expect("a stem");
            let shader = file.with_file_name(format!("{stem}.wgsl"));
            let kernel = Kernel::open(&shader, Some(&file), &Ok::<Settings, _>, Vec::new());
            let kernel = kernel.unwrap_or_else(|e| panic!("{e}"));
            let again = Kernel::again(&kernel.own()).unwrap_or_else(|e| panic!("{}: {e}", file.display()));
            assert_eq!(kernel.own().settings, again.own().settings, "{}: what is written reads back", file.display());
            for (one, other) in kernel.cases().zip(again.cases()) {
                assert_eq!(one, other, "{}: and is the same case", file.display());
                let words = |k: &Kernel| {
                    let problem = k.problem(&one.to_string()).expect("its own case");
                    format!("{:?}", problem.program().expect("a program").buffers)
                };
                assert_eq!(words(&kernel), words(&again), "{one}: and the same buffers");
            }
            read += 1;
        }
    }
    assert!(read > 50, "there are {read}");
}

const ONE_GROUP: &str = "\
@group(0) @binding(0) var<storage, read> a: array<u32>;
@group(0) @binding(1) var<storage, read_write> o: array<u32>;
@compute @workgroup_size(64)
fn main(@builtin(local_invocation_index) l: u32) {
    for (var i = l; i < arrayLength(&o); i += 64u) { o[i] = a[i] * 2u; }
}
";

#[test]
fn a_race_that_only_the_inferred_dispatch_has_is_no_defect() {
    let bench = Bench::new(ONE_GROUP, "");
    let error = bench.error(&[]);
    assert!(error.contains("k.wgsl:5") && error.contains("--groups") && error.contains("inferred"), "{error}");
    let record = bench.record(&["--groups", "1"]);
    assert_eq!((statuses(&record), findings(&record)), (vec![Status::BitExact], Vec::new()), "as it is meant");
    let record = Bench::new(ONE_GROUP, "").record(&["--groups", "4"]);
    assert_eq!(findings(&record)[0].0, FindingKind::DataRace, "what was asked for is told");
}

#[test]
fn a_structure_is_bound_to_its_whole_size() {
    let bench = Bench::new(
        "struct T { a: vec4<u32>, r: array<u32> }
@group(0) @binding(0) var<storage, read_write> o: T;
@compute @workgroup_size(1) fn main() { o.a = vec4(1u, 2u, 3u, 4u); o.r[0] = 1u; }",
        "",
    );
    let output = bench.run(&["--buffer", "o:len=1", "--dry-run"]);
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(said.contains("32 bytes"), "what WebGPU wants bound: {said}");
}

#[test]
fn a_long_expression_does_not_end_the_program() {
    let terms = vec!["g.x"; 6000].join(" + ");
    let bench = Bench::new(
        &format!(
            "@group(0) @binding(0) var<storage, read_write> o: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) g: vec3<u32>) {{ o[g.x] = {terms}; }}"
        ),
        "",
    );
    let record = bench.record(&["--buffer", "o:len=64"]);
    assert_eq!(statuses(&record), [Status::BitExact], "6000 times its index");
}

/// What subgroups of 32 synchronise, smaller ones do not; and what is read of an inactive invocation is anything.
#[test]
fn a_subgroup_is_not_always_what_it_was_here() {
    let racing = "var<workgroup> w: array<u32, 32>;
@group(0) @binding(0) var<storage, read_write> o: array<u32>;
@compute @workgroup_size(32)
fn main(@builtin(local_invocation_index) l: u32) {
    w[l] = l;
    subgroupBarrier();
    let a = w[0];
    subgroupBarrier();
    if l == 0u { w[0] = 5u; }
    o[l] = a;
}";
    let settings = Settings::read("k.toml", "groups = [1]\n[buffers.o]\nlen = 32").expect("settings");
    let one = Kernel::new("k.wgsl", racing, &settings, "k.wgsl", Vec::new()).expect("a kernel");
    let reference = one.reference(one.cases().next().expect("a case")).expect("it runs");
    assert!(reference.bits.is_none(), "no answer");
    assert!(reference.findings.iter().any(|f| f.message.contains("with subgroups of 4")), "{:?}", reference.findings);
    let inactive = "@group(0) @binding(0) var<storage, read_write> o: array<u32>;
@compute @workgroup_size(32)
fn main(@builtin(global_invocation_id) g: vec3<u32>) {
    var r = 1u;
    if g.x % 2u == 0u { r = subgroupShuffleXor(g.x + 7u, 1u); }
    o[g.x] = r;
}";
    let kernel = Kernel::new("k.wgsl", inactive, &Settings::default(), "k.wgsl", Vec::new()).expect("a kernel");
    let reference = kernel.reference(kernel.cases().next().expect("a case")).expect("it runs");
    assert!(reference.bits.is_none(), "no answer");
    assert!(reference.unjudged.as_deref().is_some_and(|why| why.contains("not active")), "{:?}", reference.unjudged);
}
