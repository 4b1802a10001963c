//! The house's rules: a kernel is a shader and a file of the same stem and a line in the registry, every planned case can be
//! built, and no room imports one that it should know nothing of.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use repro_audit::kernels::case::Case;
use repro_audit::kernels::{self, Param, Profile, Range};
use repro_audit::model::Quantity;

/// The rooms, and which others each may import: only such as stand before it, so that there is no circle.
const ROOMS: [(&str, &[&str]); 16] = [
    ("model", &[]),
    ("process", &["model"]),
    ("numerics", &["model"]),
    ("wgsl", &["model"]),
    ("engines", &["wgsl", "numerics", "process", "model"]),
    ("tensors", &["numerics", "process", "model"]),
    ("kernels", &["engines", "tensors", "wgsl", "numerics", "process", "model"]),
    ("record", &["process", "model"]),
    ("facts", &["tensors", "record", "numerics", "model"]),
    ("audit", &["kernels", "engines", "wgsl", "numerics", "facts", "record", "process", "model"]),
    ("capture", &["audit", "record", "process", "model"]),
    ("rng", &["numerics"]),
    ("gate", &["facts", "record", "model"]),
    ("views", &["gate", "facts", "record", "rng", "model"]),
    ("formats", &["views", "record", "model"]),
    (
        "cli",
        &[
            "gate", "formats", "views", "rng", "capture", "audit", "facts", "tensors", "record", "kernels", "engines",
            "wgsl", "numerics", "process", "model",
        ],
    ),
];

/// The only rooms that know these crates.
const CRATES: [(&str, &[&str]); 4] = [
    ("wgpu", &["engines"]),
    ("ash", &["engines"]),
    ("naga", &["engines", "kernels", "wgsl"]),
    ("clap", &["cli", "rng"]),
];

/// Every file of Rust in a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(folder).unwrap_or_else(|e| panic!("{}: {e}", folder.display()));
    let mut out = Vec::new();
    for path in entries.flatten().map(|entry| entry.path()) {
        if path.is_dir() {
            out.extend(files(&path));
        } else if path.extension().is_some_and(|e| e == "rs") {
            out.push(path);
        }
    }
    out
}

/// The first words of the paths that follow `prefix` in a text: one, or those of a list in braces.
fn first_words<'t>(text: &'t str, prefix: &str) -> Vec<&'t str> {
    let word = |text: &'t str| text.split(|c: char| !c.is_alphanumeric() && c != '_').next().unwrap_or_default();
    let mut out = Vec::new();
    for (at, _) in text.match_indices(prefix) {
        let before = text[..at].chars().next_back();
        if before.is_some_and(|c| c.is_alphanumeric() || c == '_') {
            continue;
        }
        let rest = &text[at + prefix.len()..];
        let Some(list) = rest.strip_prefix('{') else {
            out.push(word(rest));
            continue;
        };
        let (mut depth, mut start) = (1, 0);
        for (i, c) in list.char_indices() {
            match c {
                '{' => depth += 1,
                '}' => depth -= 1,
                _ => {}
            }
            if depth == 0 || depth == 1 && c == ',' {
                out.push(word(list[start..i].trim_start()));
                start = i + 1;
            }
            if depth == 0 {
                break;
            }
        }
    }
    out
}

/// The code of a file, without its comments, and the path from a room's name to it.
fn code(path: &Path) -> (Vec<String>, String) {
    let src = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
    let within = path.strip_prefix(&src).unwrap_or_else(|e| panic!("{e}"));
    let parts = within.iter().map(|p| p.to_string_lossy().trim_end_matches(".rs").to_owned()).collect();
    let text = std::fs::read_to_string(path).unwrap_or_else(|e| panic!("{}: {e}", path.display()));
    let code = text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n");
    (parts, code)
}

#[test]
fn paths_are_read_as_the_compiler_reads_them() {
    let text = "use crate::{model::Role, record::{Engine, Record}, views};\ncrate::facts::size(); mycrate::gate::x;";
    assert_eq!(first_words(text, "crate::"), ["model", "record", "views", "facts"], "rooms");
    assert_eq!(first_words("use super::super::numerics::exact;", "super::super::"), ["numerics"], "from a file below");
}

#[test]
fn no_room_imports_one_that_it_should_know_nothing_of() {
    let names: Vec<&str> = ROOMS.iter().map(|(name, _)| *name).collect();
    let lib = include_str!("../../src/lib.rs");
    let declared: BTreeSet<&str> = lib.lines().filter_map(|l| l.split_once("mod ")?.1.strip_suffix(';')).collect();
    assert_eq!(declared, names.iter().copied().collect(), "the rooms of src/lib.rs");
    for (i, (room, allowed)) in ROOMS.iter().enumerate() {
        assert!(allowed.iter().all(|a| names[..i].contains(a)), "{room} may import only what stands before it");
    }
    let mut found: BTreeMap<(String, String), String> = BTreeMap::new();
    for path in files(&Path::new(env!("CARGO_MANIFEST_DIR")).join("src")) {
        let (parts, text) = code(&path);
        let Some(room) = names.iter().find(|name| parts[0] == **name) else { continue };
        // A file's own module is as deep as its path, and that of a folder one less.
        let depth = parts.iter().filter(|p| *p != "mod").count();
        let mut words = first_words(&text, "crate::");
        words.extend(first_words(&text, &"super::".repeat(depth)));
        for word in words.into_iter().filter(|word| word != room && names.contains(word)) {
            found.entry(((*room).to_owned(), word.to_owned())).or_insert_with(|| parts.join("/"));
        }
        for (name, rooms) in CRATES {
            let used = text.contains(&format!("{name}::")) && !first_words(&text, &format!("{name}::")).is_empty();
            assert!(!used || rooms.contains(room), "{} imports {name}, which {rooms:?} alone may", parts.join("/"));
        }
    }
    let allowed: BTreeSet<(String, String)> = ROOMS
        .iter()
        .flat_map(|(room, all)| all.iter().map(|other| ((*room).to_owned(), (*other).to_owned())))
        .collect();
    let wrong: Vec<_> = found.iter().filter(|(arrow, _)| !allowed.contains(arrow)).collect();
    assert!(wrong.is_empty(), "arrows that the table has not: {wrong:?}");
    let idle: Vec<_> = allowed.iter().filter(|arrow| !found.contains_key(arrow)).collect();
    assert!(idle.is_empty(), "arrows of the table that nothing takes: {idle:?}");
}

#[test]
fn every_shader_has_a_kernel_file_and_a_registry_line_and_the_reverse() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let shaders: BTreeSet<String> = std::fs::read_dir(root.join("shaders"))
        .expect("the shaders")
        .flatten()
        .filter_map(|f| f.file_name().into_string().ok()?.strip_suffix(".wgsl").map(str::to_owned))
        .collect();
    let registered: BTreeSet<String> = kernels::names().into_iter().map(str::to_owned).collect();
    assert_eq!(shaders, registered, "shaders and registry lines");
    for stem in &shaders {
        let file = root.join(format!("src/kernels/{stem}.rs"));
        let folder = root.join(format!("src/kernels/{stem}/mod.rs"));
        assert!(file.exists() || folder.exists(), "shaders/{stem}.wgsl has no kernel file of the same stem");
    }
}

#[test]
fn every_planned_case_reads_back_as_itself_and_is_planned_once() {
    for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
        let mut seen = BTreeSet::new();
        for kernel in kernels::all() {
            for case in kernel.plan(profile, 42) {
                let id = case.to_string();
                assert_eq!(Case::parse(&id).as_ref(), Ok(&case), "{id} reads back");
                assert!(id.contains("seed=42") || case.text("seed").is_empty(), "{id} takes the seed");
                assert!(seen.insert(id.clone()), "{id} is planned twice in {profile:?}");
            }
        }
    }
}

/// Help, checks and plans ask the range of a parameter, and it is the kernel's.
#[test]
fn every_parameter_is_within_its_range_and_nothing_else_is_taken() {
    for kernel in kernels::all() {
        for variant in kernel.variants() {
            let plain = Case::of(kernel.name(), variant);
            for Param { name, default, range, .. } in variant.params {
                assert!(range.has(default), "{}/{}: {name}={default} is not {range}", kernel.name(), variant.name);
                let beyond = match range {
                    Range::Whole(_, to) | Range::Power(_, to) => {
                        vec![(u64::from(*to) + 1).to_string(), "01".to_owned()]
                    }
                    Range::Words(_) => vec!["unheard-of".to_owned()],
                    Range::Decimal(_) => vec!["-1".to_owned(), "2".to_owned(), "NaN".to_owned()],
                    Range::Seed => vec!["-1".to_owned(), "07".to_owned()],
                };
                for value in beyond {
                    let case = plain.clone().with(name, &value);
                    let error = kernels::problem(&case).err().map(|e| e.to_string()).unwrap_or_default();
                    assert!(
                        error.contains(&format!("{name}={value} in '{case}': {range} is wanted")),
                        "{case}: {error}"
                    );
                }
            }
        }
        for case in kernel.plan(Profile::Deep, 7) {
            let variant = kernel.variants().iter().find(|v| v.name == case.variant()).expect("it is registered");
            for Param { name, range, .. } in variant.params {
                assert!(range.has(case.text(name)), "{case}: {name} is not {range}");
            }
        }
    }
}

#[test]
fn every_variant_is_in_every_profile() {
    for profile in [Profile::Quick, Profile::Standard, Profile::Deep] {
        for kernel in kernels::all() {
            let plan = kernel.plan(profile, 7);
            let planned: BTreeSet<_> = plan.iter().map(Case::variant).collect();
            for variant in kernel.variants() {
                assert!(planned.contains(variant.name), "{}/{} is not in {profile:?}", kernel.name(), variant.name);
            }
        }
    }
}

/// A variant that has a configuration is launched in two, so that nothing is said of an axis that was not tried.
#[test]
fn quick_runs_every_configurable_variant_in_two_configurations() {
    let mut once = Vec::new();
    for kernel in kernels::all() {
        let plan = kernel.plan(Profile::Quick, 7);
        for variant in kernel.variants().iter().filter(|v| v.params.iter().any(|p| p.config)) {
            let mut configs: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
            for case in plan.iter().filter(|c| c.variant() == variant.name) {
                configs.entry(case.problem()).or_default().insert(case.config());
            }
            if !configs.values().any(|c| c.len() > 1) {
                once.push(format!("{}/{}", kernel.name(), variant.name));
            }
        }
    }
    assert!(once.is_empty(), "run in one configuration only: {once:?}");
}

/// What a record from before quantities is taken for is what the kernels say now.
#[test]
fn presumed_quantities_are_those_of_the_kernels() {
    for kernel in kernels::all() {
        for case in kernel.plan(Profile::Quick, 7) {
            let problem = kernels::problem(&case).unwrap_or_else(|e| panic!("{e}"));
            let presumed = Quantity::presumed(case.kernel(), case.variant(), problem.shape().0);
            assert_eq!(problem.quantity(), presumed, "{case}");
        }
    }
}

/// For every quick case: the program is valid WGSL for naga, its bindings are its buffers, the twin has the promised
/// shape, and lies within what the specification allows in each of its arithmetics.
#[test]
fn every_quick_case_is_sound_without_an_adapter() {
    for kernel in kernels::all() {
        for case in kernel.plan(Profile::Quick, 7) {
            let problem = kernels::problem(&case).unwrap_or_else(|e| panic!("{e}"));
            let (dtype, len) = problem.shape();
            if let Some(program) = problem.program() {
                let module = naga::front::wgsl::parse_str(&program.source)
                    .unwrap_or_else(|e| panic!("{case}: {}", e.emit_to_string(&program.source)));
                naga::valid::Validator::new(naga::valid::ValidationFlags::all(), naga::valid::Capabilities::all())
                    .subgroup_stages(naga::valid::ShaderStages::COMPUTE)
                    .subgroup_operations(naga::valid::SubgroupOperationSet::all())
                    .validate(&module)
                    .unwrap_or_else(|e| panic!("{case}: {e:?}"));
                for (_, variable) in module.global_variables.iter() {
                    if let Some(binding) = &variable.binding {
                        assert!((binding.binding as usize) < program.buffers.len(), "{case}: binding without a buffer");
                    }
                }
                assert_eq!((program.output.dtype, program.output.len), (dtype, len), "{case}: output view");
            } else {
                assert!(problem.threaded(1).is_some(), "{case} runs nowhere");
            }
            let exact = problem.exact();
            let allowance = problem.allowance();
            let strict = problem.twin(problem.arithmetics()[0], 1);
            for arithmetic in problem.arithmetics() {
                let Some(twin) = problem.twin(*arithmetic, 1) else { continue };
                assert_eq!((twin.dtype, twin.len), (dtype, len), "{case}: the twin's shape");
                assert_eq!(problem.twin(*arithmetic, 3).as_ref(), Some(&twin), "{case}: the twin depends on threads");
                let found = repro_audit::numerics::drift::accuracy(&twin, exact.as_ref(), &allowance, strict.as_ref());
                assert_eq!(
                    found.outside,
                    0,
                    "{case}: the twin in {} is outside the allowance: {found:?}",
                    arithmetic.name()
                );
            }
        }
    }
}
