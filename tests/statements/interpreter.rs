//! Statements about shaders that were wrong once: what is undefined, what depends on the order or on the size of a
//! subgroup, what is not finite, and what shows nothing.

use repro_audit::facts::emptiness;
use repro_audit::formats::{Options, terminal};
use repro_audit::kernels::user::{Kernel, Settings};
use repro_audit::model::{Finding, FindingKind};
use repro_audit::record::{Outcome, Record, Status};
use repro_audit::views::View as _;
use repro_audit::views::audit::Audit;

use crate::common::{program, record_in, run, small_shader, status, stderr, without_adapters, words};

fn kernel(name: &str) -> Kernel {
    Kernel::open(&small_shader(name), None, &Ok::<Settings, _>, Vec::new()).unwrap_or_else(|e| panic!("{name}: {e}"))
}

/// What the interpreter notices of each output, without doubles.
fn noticed(kernel: &Kernel) -> Vec<(FindingKind, Option<u32>)> {
    let mut all = Vec::new();
    for case in kernel.cases() {
        let reference = kernel.reference(case).unwrap_or_else(|e| panic!("{e}"));
        all.extend(reference.findings.iter().map(|f| (f.kind, f.line)));
    }
    all.sort();
    all.dedup();
    all
}

/// The findings of one kind.
fn of(kernel: &Kernel, kind: FindingKind) -> Vec<Finding> {
    let all = kernel.cases().flat_map(|case| kernel.reference(case).expect("it runs").findings.clone());
    all.filter(|f| f.kind == kind).collect()
}

/// The verb's output and record on a machine without drivers.
fn audited(name: &str, more: &[&str]) -> (String, Record) {
    let folder = tempfile::tempdir().expect("a folder");
    let file = small_shader(name);
    let (file, out) = (file.to_str().expect("a name"), folder.path().to_str().expect("a name"));
    let output = run(&mut without_adapters(&[&["kernel", file, "--out", out], more].concat()));
    assert_eq!(status(&output), 0, "{name}: {}", stderr(&output));
    (words(&output), record_in(folder.path()))
}

#[test]
fn every_small_shader_is_noticed_for_what_it_is() {
    use FindingKind as K;
    type Expected = &'static [(K, Option<u32>)];
    let table: &[(&str, Expected)] = &[
        ("c02_double_single", &[]),
        ("c04_f16_tile", &[(K::Overflow, Some(9)), (K::NanArises, Some(12))]),
        ("c05_sum_2080", &[]),
        ("c07_float_cas", &[(K::OrderDependent, Some(9))]),
        ("c07b_atomic_f32", &[(K::OrderDependent, Some(6))]),
        ("c11_subgroup32", &[(K::SubgroupSize, Some(8))]),
        ("c20_masked_softmax", &[(K::NanArises, Some(10))]),
        ("c21_overflow_square", &[(K::Overflow, Some(7)), (K::NanArises, Some(8))]),
        ("c25_counting_order", &[(K::OrderDependent, Some(9))]),
        ("t_enable_f16", &[]),
        ("t_gl_int_rem", &[]),
        ("t_inactive", &[(K::InactiveLane, Some(5))]),
        ("t_pow2", &[(K::Undefined, Some(4))]),
        ("t_vacuous", &[(K::OneValue, Some(8))]),
    ];
    let wrong: Vec<String> = table
        .iter()
        .filter_map(|(name, expected)| {
            let found = noticed(&kernel(name));
            (found != *expected).then(|| format!("{name}: {found:?} instead of {expected:?}"))
        })
        .collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn races_are_noticed_with_their_lines() {
    use FindingKind as K;
    for (name, expected) in [
        ("c05b_sum_no_barrier", &[(K::DataRace, Some(10))][..]),
        ("c06_odd_even", &[(K::DataRace, Some(10))]),
        ("c09_scatter_dup", &[(K::DataRace, Some(7)), (K::OrderDependent, None)]),
        ("c14_last_group", &[(K::DataRace, Some(16))]),
    ] {
        let kernel = kernel(name);
        let found = noticed(&kernel);
        let missing: Vec<_> = expected.iter().filter(|wanted| !found.contains(wanted)).collect();
        assert!(missing.is_empty(), "{name}: {missing:?} is not among {found:?}");
        let first = kernel.cases().next().expect("a case");
        assert!(kernel.reference(first).expect("it runs").bits.is_none(), "{name}: what is undefined has no reference");
    }
    let found = noticed(&kernel("c13_barrier_in_if"));
    let barriers = found.iter().filter(|(kind, line)| *kind == K::NonUniformBarrier && line.is_some()).count();
    assert_eq!(barriers, 3, "each barrier by itself: {found:?}");
}

#[test]
fn a_power_of_a_negative_number_has_no_reference() {
    let kernel = kernel("t_pow2");
    let reference = kernel.reference(kernel.cases().next().expect("a case")).expect("it runs");
    assert!(reference.bits.is_none(), "neither NaN nor a number is right");
    assert!(reference.unjudged.is_some(), "and nobody is judged");
    let said = &of(&kernel, FindingKind::Undefined)[0].message;
    assert!(said.contains("exp2(y * log2(x))") && said.contains("of 1024 results rest on it"), "{said}");
    // Where nothing rests on it, nothing is said.
    let guarded = std::fs::read_to_string(small_shader("t_pow2"))
        .expect("it is there")
        .replace("sqrt(pow(x[g.x], 2.0))", "select(pow(x[g.x], 2.0), 0.0, x[g.x] < 0.0)");
    let kernel = Kernel::new("k.wgsl", &guarded, &Settings::default(), "k.wgsl", Vec::new()).expect("a kernel");
    let reference = kernel.reference(kernel.cases().next().expect("a case")).expect("it runs");
    assert!(reference.bits.is_some() && reference.findings.is_empty(), "{:?}", reference.findings);
    let (shown, record) = audited("t_pow2", &[]);
    assert!(record.cases[0].twins.is_empty(), "in the record too");
    assert!(shown.contains("Function without a value") && shown.contains("line 4"), "{shown}");
}

/// A scan that looks back: the ticket is only a name, and what is read of the workgroups before depends on how far they are.
#[test]
fn order_dependence_names_what_reads_other_values() {
    let shader = "@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read_write> ticket: atomic<u32>;
@group(0) @binding(2) var<storage, read_write> flag: array<atomic<u32>, 64>;
@group(0) @binding(3) var<storage, read_write> own: array<atomic<u32>, 64>;
@group(0) @binding(4) var<storage, read_write> prefix: array<atomic<u32>, 64>;
@group(0) @binding(5) var<storage, read_write> y: array<f32, 64>;
@compute @workgroup_size(1)
fn main() {
    let t = atomicAdd(&ticket, 1u);
    let mine = x[t];
    atomicStore(&own[t], bitcast<u32>(mine));
    atomicStore(&flag[t], 1u);
    var before = 0.0;
    var i = i32(t) - 1;
    loop {
        if (i < 0) { break; }
        let f = atomicLoad(&flag[i]);
        if (f == 2u) { before = bitcast<f32>(atomicLoad(&prefix[i])) + before; break; }
        if (f == 1u) { before = bitcast<f32>(atomicLoad(&own[i])) + before; i -= 1; }
    }
    atomicStore(&prefix[t], bitcast<u32>(before + mine));
    atomicStore(&flag[t], 2u);
    y[t] = before + mine;
}
";
    let settings = "groups = [64]\noutputs = [\"y\"]\n[buffers.x]\nlen = 64\n";
    let settings = Settings::read("k.toml", settings).expect("settings");
    let kernel = Kernel::new("k.wgsl", shader, &settings, "k.toml", Vec::new()).expect("a kernel");
    let found = of(&kernel, FindingKind::OrderDependent);
    let [found] = &found[..] else { panic!("{found:?}") };
    assert_eq!(found.line, Some(17), "the state that is loaded: {}", found.message);
    assert!(
        !found.message.contains("line 9") && !found.message.contains("lines 9"),
        "not the ticket: {}",
        found.message
    );
}

/// What the interpreter found of its own results, and what all engines have in common, are one sentence.
#[test]
fn one_value_everywhere_is_told_once_and_why() {
    let (shown, record) = audited("t_vacuous", &["--planted", "contract", "--full"]);
    let told = "all 1024 results are 0x00000000, so their agreement shows nothing; no invocation completes an iteration of the \
                loop on line 8";
    assert!(shown.starts_with(&format!("Nothing is shown: t_vacuous.wgsl/main: {told}")), "first of all: {shown}");
    assert!(!shown.contains("on strict arithmetic;"), "and not as a finding beside it: {shown}");
    assert!(record.cases[0].executions.iter().any(|x| x.findings.iter().any(|f| f.kind == FindingKind::OneValue)));
    // Another engine's results that vary are not told away by it.
    let mut varied = record;
    let content = varied.cases[0].executions.last_mut().and_then(|x| x.content.as_mut()).expect("it ran");
    content.only = None;
    assert!(emptiness(&varied.cases[0]).is_empty(), "the engines do not have one value");
    let full =
        terminal::write(&Audit::new(&varied).document(), &Options { full: true, width: 300, ..Options::default() });
    assert!(full.contains("on strict arithmetic; no invocation"), "the reference does: {full}");
}

#[test]
fn other_inputs_are_advised_where_a_seed_gives_them() {
    let (shown, record) = audited("t_vacuous", &[]);
    assert!(shown.contains("other inputs and more runs") && shown.contains(" --seed 8"), "drawn: {shown}");
    assert!(record.provenance.own.is_some_and(|own| !own.unseeded), "recorded");
    let (shown, record) = audited("t_inactive", &[]);
    assert!(shown.contains("Try more runs:") && !shown.contains("--seed"), "given: {shown}");
    assert!(record.provenance.own.is_some_and(|own| own.unseeded), "recorded");
    let (shown, _) = audited("t_inactive", &["--repeats", "50"]);
    assert!(!shown.contains("Try more runs:"), "that was just done: {shown}");
}

#[test]
fn a_headline_claims_nothing_that_a_finding_denies() {
    for name in ["c11_subgroup32", "t_inactive", "t_vacuous", "c20_masked_softmax", "t_pow2"] {
        let (shown, _) = audited(name, &["--planted", "schedule=reversed"]);
        for claim in ["Bit for bit the same", "Nothing differed", "bit for bit the same"] {
            assert!(!shown.contains(claim), "{name} says '{claim}': {shown}");
        }
    }
    let (shown, record) = audited("c20_masked_softmax", &["--planted", "schedule=reversed"]);
    assert!(shown.contains("32 of 128 results are NaN on every engine"), "in the headline: {shown}");
    assert!(
        record.cases[0].executions.iter().any(|e| e.findings.iter().any(|f| f.message.contains("32 NaN"))),
        "how many"
    );
}

#[test]
fn iterations_are_counted_over_all_loops() {
    let (_, record) = audited("t_loop_70000", &[]);
    assert_eq!(record.cases[0].examination.iterations, 70_001, "one loop, and the pass that leaves it");
    assert!(record.cases[0].examination.loop_limited.is_none(), "no engine is known to stop them");
    assert!(of(&kernel("t_loop_70000"), FindingKind::LongLoop).is_empty(), "and so nothing is said of it");
    let twice = "@group(0) @binding(0) var<storage, read_write> y: array<u32, 2>;
@compute @workgroup_size(2) fn main(@builtin(local_invocation_index) l: u32) {
    var n = 0u;
    for (var i = 0u; i < 40000u; i++) { n += i; }
    if (l == 1u) { for (var i = 0u; i < 30000u; i++) { n ^= i; } }
    y[l] = n + l;
}";
    let kernel = Kernel::new("k.wgsl", twice, &Settings::default(), "k.wgsl", Vec::new()).expect("a kernel");
    let case = kernel.cases().next().expect("a case");
    let reference = kernel.reference(case).expect("it runs");
    assert_eq!((reference.iterations, reference.longest_loop), (70_002, Some(4)), "two in sequence, in one invocation");
    let even = twice.replace("30000u", "40000u");
    let kernel = Kernel::new("k.wgsl", &even, &Settings::default(), "k.wgsl", Vec::new()).expect("a kernel");
    let reference = kernel.reference(kernel.cases().next().expect("a case")).expect("it runs");
    assert_eq!(reference.longest_loop, None, "neither has most of them");
}

#[test]
fn directives_are_accepted_and_ask_for_features() {
    let features = |name: &str| {
        let kernel = kernel(name);
        let id = kernel.cases().next().expect("a case").to_string();
        kernel.problem(&id).expect("its own").program().expect("a program").features
    };
    use repro_audit::model::task::Feature;
    assert_eq!(features("t_enable_f16"), [Feature::ShaderF16], "used or not");
    assert_eq!(features("c11_subgroup32"), [Feature::Subgroup], "once");
    assert!(features("c22_requires").is_empty(), "a language extension asks nothing of a device");
    let (_, record) = audited("c22_requires", &[]);
    assert!(record.cases[0].executions.iter().all(|e| e.status == Status::BitExact), "and runs");
}

/// Where there are drivers: those without binary16 skip, and none fails.
#[test]
fn a_directive_without_a_use_fails_nobody() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = small_shader("t_enable_f16");
    let (file, out) = (file.to_str().expect("a name"), folder.path().to_str().expect("a name"));
    let output = run(&mut program(&["kernel", file, "--out", out]));
    assert_eq!(status(&output), 0, "{}", stderr(&output));
    let record = record_in(folder.path());
    let statuses: Vec<Status> = record.cases[0].executions.iter().map(|e| e.status).collect();
    assert!(statuses.iter().all(|s| matches!(s, Status::BitExact | Status::Skipped)), "{statuses:?}");
}

#[test]
fn translations_with_gaps_are_in_the_record() {
    let (_, record) = audited("t_gl_int_rem", &[]);
    let gaps = &record.cases[0].examination.translation;
    let [gap] = &gaps[..] else { panic!("{gaps:?}") };
    assert_eq!((gap.backend.as_str(), gap.construct.as_str()), ("gl", "integer-remainder"), "what");
    assert_eq!((gap.lines.as_slice(), gap.fix.as_deref()), (&[4][..], Some("gfx-rs/wgpu#9687")), "where, and its fix");
}

#[test]
fn two_passes_share_their_buffers() {
    let (_, record) = audited("c18_two_passes", &[]);
    let case = &record.cases[0];
    assert!(case.id.starts_with("c18_two_passes.wgsl/first-second?"), "{}", case.id);
    assert!(case.executions.iter().all(|e| e.status == Status::BitExact), "it runs");
    let total = case.executions[0].samples[0].value;
    assert!(total > 1.0 && total < 256.0, "a sum of squares of numbers in (-1, 1): {total}");
    let own = record.provenance.own.as_ref().expect("the kernel");
    let again = Kernel::again(own).expect("it reads back");
    assert_eq!(again.own().settings, own.settings, "and says the same");
    let wrong = |settings: &str| {
        let settings = Settings::read("k.toml", settings).expect("TOML");
        let source = std::fs::read_to_string(small_shader("c18_two_passes")).expect("the shader");
        Kernel::new("k.wgsl", &source, &settings, "k.toml", Vec::new()).expect_err("it is wrong").to_string()
    };
    assert!(wrong("").contains("passes = [{ entry ="), "{}", wrong(""));
    assert!(wrong("passes = []").contains("passes is empty"), "none");
    let both = wrong("groups = [1]\npasses = [{ entry = \"first\" }]");
    assert!(both.contains("leave entry and groups out"), "{both}");
    assert!(wrong("passes = [{ entry = \"third\" }]").contains("no compute entry point 'third'"), "unknown");
}

#[test]
fn two_outputs_of_one_run_are_compared() {
    let (_, record) = audited("c12_const_eval", &[]);
    let compared: Vec<_> = record.cases.iter().flat_map(|c| &c.examination.outputs).collect();
    let on = compared.iter().find(|c| c.engine == "embedded:0").expect("the interpreter's");
    assert!(on.other.contains("output=constant"), "{}", on.other);
    assert_eq!(on.drift.elements, 8, "all functions");
    assert_eq!(on.because.is_some(), !on.drift.is_none(), "a cause where there is a difference");
    assert!(
        on.because.as_deref().is_none_or(|why| why.contains("constant folding") && why.contains("line 8")),
        "{on:?}"
    );
    assert!(record.notes.iter().any(|n| n.contains("'running'") && n.contains("'constant'")), "{:?}", record.notes);
}

#[test]
fn integers_are_told_before_fractions() {
    let (_, record) = audited("c01_div_ceil", &["--planted", "reciprocal"]);
    let outputs: Vec<bool> = record.cases.iter().map(|c| c.id.contains("output=ceiled")).collect();
    assert_eq!(outputs, [true, false], "whole numbers first");
    let planted = record.cases[0].comparisons.iter().find(|c| c.right == "embedded:1").expect("it is compared");
    assert_eq!((planted.drift.differing, planted.drift.elements), (213, 256), "how many are off");
}

#[test]
fn what_can_not_be_bound_is_refused_with_what_to_do() {
    let error = Kernel::open(&small_shader("c17_storage_texture"), None, &Ok::<Settings, _>, Vec::new())
        .expect_err("a texture");
    let error = error.to_string();
    assert!(error.contains("'image' is a storage texture") && error.contains("storage buffer"), "{error}");
}

/// Mesa counts passes at the end of a loop's body, over all loops of an invocation, the pass that leaves a loop included: with
/// that the interpreter gives its bits, whether loops are nested or follow one another.
#[test]
fn loops_in_sequence_and_nested_are_stopped_where_the_driver_stops_them() {
    let head = "@group(0) @binding(0) var<storage, read_write> y: array<u32>;
@compute @workgroup_size(64) fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    var a = 0u; var b = 0u; let one = 1u + (id.x >> 30u);\n";
    let sequence = "for (var i = 0u; i < 40000u; i++) { a += one; } for (var i = 0u; i < 25535u; i++) { b += one; }";
    let nested = "for (var i = 0u; i < 20000u; i++) { for (var j = 0u; j < 1u + one; j++) { a += one; } }";
    let folder = tempfile::tempdir().expect("a folder");
    for (name, body) in [("sequence", sequence), ("nested", nested)] {
        let file = folder.path().join(format!("{name}.wgsl"));
        std::fs::write(&file, format!("{head}    {body}\n    y[2u * id.x] = a; y[2u * id.x + 1u] = b;\n}}"))
            .expect("written");
        let out = folder.path().join(name);
        let (file, out) = (file.to_str().expect("a name"), out.to_str().expect("a name"));
        let output = run(&mut program(&["kernel", file, "--groups", "1,1,1", "--buffer", "y:len=128", "--out", out]));
        assert!(matches!(status(&output), 0 | 1), "{}", stderr(&output));
        let record = record_in(std::path::Path::new(out));
        let case = &record.cases[0];
        let limited = record.engines.iter().filter(|e| e.limits.iter().any(|l| l.at == 65_535));
        for engine in limited {
            let execution = case.executions.iter().find(|x| x.engine == engine.id).expect("it ran");
            let Outcome::Ran { distinct, .. } = &execution.outcome else { panic!("{execution:?}") };
            assert_eq!(case.examination.loop_limited.as_ref(), Some(&distinct[0].digest), "{name} on {}", engine.label);
        }
    }
}

/// Where there is lavapipe or llvmpipe: their limit is the cause that is named, because the interpreter with that limit gives
/// their bits.
#[test]
fn loops_that_drivers_stop_are_told_as_that() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = small_shader("t_loop_70000");
    let (file, out) = (file.to_str().expect("a name"), folder.path().to_str().expect("a name"));
    let output = run(&mut program(&["kernel", file, "--out", out]));
    assert!(matches!(status(&output), 0 | 1), "{}", stderr(&output));
    let record = record_in(folder.path());
    let case = &record.cases[0];
    let met: Vec<_> = record.engines.iter().filter(|e| e.limits.iter().any(|l| l.is_met(70_000))).collect();
    assert_eq!(case.examination.loop_limited.is_some(), !met.is_empty(), "the result with limited loops is known");
    let told: Vec<_> =
        case.executions.iter().flat_map(|e| &e.findings).filter(|f| f.kind == FindingKind::LongLoop).collect();
    assert_eq!(told.len(), usize::from(!met.is_empty()), "once");
    for engine in met {
        let message = &told[0].message;
        assert!(message.contains(&engine.id) && message.contains("65535") && message.contains("line 7"), "{message}");
    }
    for verdict in record.verdicts.iter().filter(|v| v.status == Status::OutsideSpecification) {
        assert!(
            verdict.because.contains("stops its loops after 65535 passes"),
            "{}: {}",
            verdict.engine,
            verdict.because
        );
    }
}
