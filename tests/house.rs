//! The house's rules: a kernel is a shader and a file of the same stem and a line in the registry, and every planned
//! case can be built.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use repro_audit::kernels::case::Case;
use repro_audit::kernels::{self, Profile};
use repro_audit::model::Quantity;

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
