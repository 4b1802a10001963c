//! Kernels of the user's own with data and expectations of files, constants of every type, and what never ends.

use std::path::{Path, PathBuf};
use std::process::Output;

use crate::common::{record_in, run, status, stderr, without_adapters};
use repro_audit::kernels::user::{Kernel, Settings};
use repro_audit::model::FindingKind;

struct Folder(tempfile::TempDir);

impl Folder {
    fn new(shader: &str, settings: &str) -> Self {
        let folder = Self(tempfile::tempdir().expect("a folder"));
        std::fs::write(folder.at("k.wgsl"), shader).expect("written");
        std::fs::write(folder.at("k.toml"), settings).expect("written");
        folder
    }

    fn at(&self, name: &str) -> PathBuf {
        self.0.path().join(name)
    }

    fn run(&self, more: &[&str]) -> Output {
        run(without_adapters(&[&["kernel", "k.wgsl", "--out", "out"], more].concat()).current_dir(self.0.path()))
    }

    fn error(&self, more: &[&str]) -> String {
        let output = self.run(more);
        assert_eq!((status(&output), stderr(&output).lines().count()), (2, 1), "{more:?}: {}", stderr(&output));
        stderr(&output)
    }
}

/// A `.npy` file.
fn npy(path: &Path, dtype: &str, elements: usize, data: &[u8]) {
    let mut header = format!("{{'descr': '{dtype}', 'fortran_order': False, 'shape': ({elements},), }}");
    while !(11 + header.len()).is_multiple_of(64) {
        header.push(' ');
    }
    header.push('\n');
    let length = u16::try_from(header.len()).expect("short").to_le_bytes();
    std::fs::write(path, [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()).expect("written");
}

fn floats(path: &Path, values: &[f32]) {
    npy(path, "<f4", values.len(), &values.iter().flat_map(|v| v.to_le_bytes()).collect::<Vec<_>>());
}

const DOUBLE: &str = "\
@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> y: array<f32>;
@compute @workgroup_size(4)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < arrayLength(&x) { y[id.x] = x[id.x] * 2.0; }
}
";

#[test]
fn data_and_what_is_expected_come_from_files() {
    let folder = Folder::new(DOUBLE, "[buffers.x]\ndata = \"x.npy\"\n[buffers.y]\nlen = 4\n");
    floats(&folder.at("x.npy"), &[1.0, -0.0, 1e-45, f32::INFINITY]);
    floats(&folder.at("good.npy"), &[2.0, -0.0, 3e-45, f32::INFINITY]);
    floats(&folder.at("bad.npy"), &[2.0, 0.0, 3e-45, 7.0]);
    let output = folder.run(&["--expect", "good.npy"]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record = record_in(&folder.at("out"));
    assert!(record.notes.iter().any(|n| n.contains("'y' is what good.npy expects, bit for bit")), "{:?}", record.notes);
    let samples: Vec<f64> = record.cases[0].executions[0].samples.iter().map(|s| s.value).collect();
    assert_eq!((samples[0], samples[3]), (2.0, f64::INFINITY), "the file's numbers were there");
    let own = record.provenance.own.as_ref().expect("the kernel");
    assert!(own.settings.contains("digest = "), "{}", own.settings);
    let gate = ["--expect", "y=bad.npy", "--adapter", "embedded", "--fail-on", "drift"];
    let output = folder.run(&gate);
    assert_eq!(status(&output), 1, "another result is beyond drift: {}", stderr(&output));
    let record = record_in(&folder.at("out"));
    let compared = &record.cases[0].examination.outputs[0];
    assert_eq!((compared.drift.differing, compared.drift.elements), (2, 4), "{compared:?}");
    assert!(record.notes.iter().any(|n| n.contains("'y' is not what bad.npy expects")), "{:?}", record.notes);
    // Another file under the same name is another kernel.
    let id = record.cases[0].id.clone();
    floats(&folder.at("x.npy"), &[1.0, -0.0, 1e-45, 2.0]);
    let error = folder.error(&["--case", &id]);
    assert!(error.contains("its settings changed since"), "{error}");
    let raw: Vec<u8> = [3.0f32, 4.0, 5.0, 6.0].iter().flat_map(|v| v.to_le_bytes()).collect();
    std::fs::write(folder.at("x.bin"), raw).expect("written");
    let output = folder.run(&["--buffer", "x:data=x.bin,dtype=f32"]);
    assert_eq!(status(&output), 0, "raw elements: {}", stderr(&output));
    assert_eq!(record_in(&folder.at("out")).cases[0].executions[0].samples[0].value, 6.0, "twice three");
}

#[test]
fn what_does_not_fit_a_buffer_is_told_in_one_line() {
    let folder = Folder::new(DOUBLE, "[buffers.y]\nlen = 4\n");
    npy(&folder.at("tenth.npy"), "<f8", 1, &0.1f64.to_le_bytes());
    npy(&folder.at("half.npy"), "<f8", 4, &0.5f64.to_le_bytes().repeat(4));
    floats(&folder.at("four.npy"), &[1.0; 4]);
    floats(&folder.at("five.npy"), &[1.0; 5]);
    std::fs::write(folder.at("text"), "no tensors here, {").expect("written");
    let changed = format!("[buffers.x]\ndata = {{ file = \"four.npy\", digest = \"{}\" }}\n", "0".repeat(64));
    std::fs::write(folder.at("changed.toml"), changed).expect("written");
    for (more, wanted) in [
        (&["--buffer", "x:data=tenth.npy"][..], "which f32 does not have"),
        (&["--buffer", "x:data=nowhere.npy"], "can't read nowhere.npy"),
        (&["--buffer", "x:data=text"], "of raw elements say dtype"),
        (&["--buffer", "x:data=four.npy,tensor=w"], "say tensor, one of: four"),
        (&["--buffer", "x:data=four.npy,dist=normal"], "leave one out"),
        (&["--buffer", "x:tensor=w"], "say data=FILE before it"),
        (&["--expect", "five.npy"], "'y' has 4 scalars, and five.npy has 5"),
        (&["--expect", "z=four.npy"], "has no buffer 'z'"),
        (&["--settings", "changed.toml"], "four.npy changed since"),
    ] {
        let error = folder.error(more);
        assert!(error.contains(wanted), "{more:?}: {error}");
    }
    let output = folder.run(&["--buffer", "x:data=half.npy"]);
    assert_eq!(status(&output), 0, "binary64 that binary32 has: {}", stderr(&output));
}

#[test]
fn constants_of_every_type_are_taken() {
    let shader = "\
enable f16;
override FLAG: bool = false; override I: i32 = 1; override U: u32 = 1u; override F: f32 = 1.0; override H: f16 = 1.0h;
@group(0) @binding(0) var<storage, read_write> y: array<f32, 5>;
@compute @workgroup_size(1)
fn main() {
    y[0] = select(0.0, 1.0, FLAG); y[1] = f32(I); y[2] = f32(U); y[3] = F; y[4] = f32(H);
}
";
    let settings = "groups = [1]\n[overrides]\nFLAG = true\nI = -3\nU = 4294967040\nF = 0.1\nH = 0.5\n";
    let folder = Folder::new(shader, settings);
    let values = |record: &repro_audit::record::Record| -> Vec<f64> {
        record.cases[0].executions[0].samples.iter().map(|s| s.value).collect()
    };
    assert_eq!(status(&folder.run(&[])), 0, "they are taken");
    assert_eq!(values(&record_in(&folder.at("out"))), [1.0, -3.0, 4_294_967_040.0, f64::from(0.1f32), 0.5], "as given");
    let output = folder.run(&["--override", "FLAG=false", "--override", "I=7"]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    assert_eq!(values(&record_in(&folder.at("out")))[..2], [0.0, 7.0], "flags go first");
    for wrong in ["FLAG=perhaps", "U=-1", "F=nan"] {
        let error = folder.error(&["--override", wrong]);
        assert!(!error.contains("panicked"), "{error}");
    }
}

/// A scan in which each workgroup waits for the one before it: every driver here finishes it, and nothing promises that.
#[test]
fn waiting_for_another_workgroup_is_told_with_its_line() {
    let shader = "\
@group(0) @binding(0) var<storage, read_write> sums: array<atomic<u32>, 8>;
@group(0) @binding(1) var<storage, read_write> y: array<u32, 8>;
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
    var before = 0u;
    if group.x > 0u {
        loop {
            before = atomicLoad(&sums[group.x - 1u]);
            if before != 0u { break; }
        }
    }
    atomicStore(&sums[group.x], before + 1u);
    y[group.x] = before + 1u;
}
";
    let settings = "groups = [8]\noutputs = [\"y\"]\n[buffers.sums]\ndist = \"zeros\"\n";
    let kernel = |shader: &str, settings: &str| {
        let settings = Settings::read("k.toml", settings).expect("TOML");
        Kernel::new("k.wgsl", shader, &settings, "k.toml", Vec::new()).expect("a kernel")
    };
    let found = |kernel: &Kernel| {
        let case = kernel.cases().next().expect("a case");
        let reference = kernel.reference(case).expect("it ends in the first order");
        let kinds: Vec<_> = reference.findings.iter().map(|f| (f.kind, f.line)).collect();
        (kinds, reference.bits.as_ref().map(|bits| bits.words.clone()))
    };
    let (kinds, words) = found(&kernel(shader, settings));
    assert_eq!(kinds, [(FindingKind::ForwardProgress, Some(7))], "with the line of the loop");
    assert_eq!(words, Some((1..=8).collect()), "the result in the first order is there");
    let folder = Folder::new(shader, settings);
    let output = folder.run(&[]);
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let said = crate::common::words(&output);
    assert!(said.contains("relies on progress between workgroups, which WGSL does not promise"), "{said}");
    // A loop that asks an atomic and ends by itself waits for nobody.
    let counts = shader.replace("if before != 0u { break; }", "if before >= 0u { break; }");
    assert!(found(&kernel(&counts, settings)).0.iter().all(|(k, _)| *k != FindingKind::ForwardProgress), "no waiting");
}

#[test]
fn an_endless_loop_is_told_with_its_line_when_time_runs_out() {
    let shader = "\
@group(0) @binding(0) var<storage, read_write> y: array<u32, 65536>;
@compute @workgroup_size(256)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var n = id.x;
    while n != 0xffffffffu {
        n = (n * 2u) & 0xfffffffeu;
        for (var i = 0u; i < 3u; i++) { n = (n + 2u) & 0xfffffffeu; }
    }
    y[id.x] = n;
}
";
    let folder = Folder::new(shader, "");
    let error = folder.error(&["--timeout", "1"]);
    let told = ["line 5", "line 7"].iter().any(|line| error.contains(line));
    assert!(error.contains("did not end on the interpreter within 1 s") && told, "{error}");
}

const GLSL: &str = "\
#version 450
layout(local_size_x = 4) in;
layout(set = 0, binding = 0) readonly buffer X { float x[]; } source;
layout(set = 0, binding = 1) buffer Y { float y[]; } target;
void main() {
    uint i = gl_GlobalInvocationID.x;
    target.y[i] = source.x[i] * 2.0;
}
";

/// The same kernel in three languages computes the same.
#[test]
fn glsl_and_spirv_are_translated() {
    let folder = Folder::new(DOUBLE, "");
    std::fs::write(folder.at("g.comp"), GLSL).expect("written");
    let module = naga::front::wgsl::parse_str(DOUBLE).expect("it parses");
    let all = naga::valid::Capabilities::all();
    let mut validator = naga::valid::Validator::new(naga::valid::ValidationFlags::all(), all);
    let info = validator.validate(&module).expect("valid");
    let words = naga::back::spv::write_vec(&module, &info, &naga::back::spv::Options::default(), None).expect("SPIR-V");
    std::fs::write(folder.at("s.spv"), words.iter().flat_map(|w| w.to_le_bytes()).collect::<Vec<_>>())
        .expect("written");
    floats(&folder.at("x.npy"), &[1.0, -0.5, 3.0, 4.0]);
    let kernel = |file: &str, more: &[&str]| {
        run(without_adapters(&[&["kernel", file, "--out", "out"], more].concat()).current_dir(folder.0.path()))
    };
    for (file, language) in [("g.comp", "GLSL"), ("s.spv", "SPIR-V")] {
        let printed = kernel(file, &["--wgsl"]);
        let text = String::from_utf8_lossy(&printed.stdout).into_owned();
        assert!(status(&printed) == 0 && text.contains("@compute"), "{file}: {text}{}", stderr(&printed));
        let settings = String::from_utf8_lossy(&kernel(file, &["--dry-run"]).stdout).into_owned();
        let names: Vec<&str> =
            settings.lines().filter_map(|l| l.strip_prefix("[buffers.")?.strip_suffix(']')).collect();
        let [input, output] = names[..] else { panic!("{file}: {settings}") };
        let (input, output) = (input.trim_matches('"'), output.trim_matches('"'));
        let (data, length) = (format!("{input}:data=x.npy"), format!("{output}:len=4"));
        let done = kernel(file, &["--buffer", &data, "--buffer", &length]);
        assert_eq!(status(&done), 0, "{file}: {}", stderr(&done));
        let record = record_in(&folder.at("out"));
        let values: Vec<f64> = record.cases[0].executions[0].samples.iter().map(|s| s.value).collect();
        assert_eq!(values, [2.0, -1.0, 6.0, 8.0], "{file}");
        assert!(record.notes.iter().any(|n| n.contains(language) && n.contains("--wgsl")), "{:?}", record.notes);
        let own = record.provenance.own.as_ref().expect("the kernel");
        assert!(own.source.contains("@compute"), "the record has what runs");
    }
    std::fs::write(folder.at("bad.comp"), "#version 450\nvoid main() {\n  int x = ;\n}\n").expect("written");
    let output = kernel("bad.comp", &[]);
    assert_eq!((status(&output), stderr(&output).lines().count()), (2, 1), "{}", stderr(&output));
    assert!(stderr(&output).contains("bad.comp:3:"), "with the line: {}", stderr(&output));
}
