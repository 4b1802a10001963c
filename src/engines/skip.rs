//! Why a case can not run on an adapter: a closed list of reasons.

use serde::{Deserialize, Serialize};

use crate::kernels::{Feature, Program};

/// Why a case was skipped on an engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Skip {
    /// The adapter lacks an optional capability.
    Feature {
        /// The capability.
        feature: Feature,
    },
    /// The program exceeds a limit of the adapter.
    Limit {
        /// The limit, named as in the WebGPU specification.
        limit: String,
        /// What the program needs.
        needs: u64,
        /// What the adapter has.
        has: u64,
    },
    /// The case runs on the CPU's threads only.
    CpuOnly,
}

impl std::fmt::Display for Skip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Feature { feature } => write!(f, "the adapter has no {feature:?}"),
            Self::Limit { limit, needs, has } => write!(f, "{limit}: needs {needs}, the adapter has {has}"),
            Self::CpuOnly => f.write_str("runs on the CPU's threads only"),
        }
    }
}

/// The first reason why `program` can not run with these features and limits, if any.
///
/// The workgroup's size and memory are read from the shader itself, so that no kernel has to repeat them.
#[must_use]
pub fn unsupported(program: &Program, module: &naga::Module, has: &[Feature], limits: &wgpu::Limits) -> Option<Skip> {
    if let Some(feature) = program.features.iter().find(|f| !has.contains(f)) {
        return Some(Skip::Feature { feature: *feature });
    }
    let over =
        |limit: &str, needs: u64, has: u64| (needs > has).then(|| Skip::Limit { limit: limit.to_owned(), needs, has });
    for buffer in &program.buffers {
        let bytes = 4 * buffer.words() as u64;
        if let Some(skip) = over("maxStorageBufferBindingSize", bytes, limits.max_storage_buffer_binding_size)
            .or_else(|| over("maxBufferSize", bytes, limits.max_buffer_size))
        {
            return Some(skip);
        }
    }
    let bindings = program.buffers.len() as u64;
    if let Some(skip) =
        over("maxStorageBuffersPerShaderStage", bindings, limits.max_storage_buffers_per_shader_stage.into())
    {
        return Some(skip);
    }
    for pass in &program.passes {
        for groups in pass.groups {
            if let Some(skip) = over(
                "maxComputeWorkgroupsPerDimension",
                groups.into(),
                limits.max_compute_workgroups_per_dimension.into(),
            ) {
                return Some(skip);
            }
        }
        let Some(entry) = module.entry_points.iter().find(|e| e.name == pass.entry) else { continue };
        let [x, y, z] = entry.workgroup_size;
        let invocations = u64::from(x) * u64::from(y) * u64::from(z);
        let skip =
            over("maxComputeInvocationsPerWorkgroup", invocations, limits.max_compute_invocations_per_workgroup.into())
                .or_else(|| over("maxComputeWorkgroupSizeX", x.into(), limits.max_compute_workgroup_size_x.into()))
                .or_else(|| over("maxComputeWorkgroupSizeY", y.into(), limits.max_compute_workgroup_size_y.into()))
                .or_else(|| over("maxComputeWorkgroupSizeZ", z.into(), limits.max_compute_workgroup_size_z.into()));
        if skip.is_some() {
            return skip;
        }
    }
    let shared: u64 = module
        .global_variables
        .iter()
        .filter(|(_, v)| v.space == naga::AddressSpace::WorkGroup)
        .map(|(_, v)| u64::from(module.types[v.ty].inner.size(module.to_ctx())))
        .sum();
    over("maxComputeWorkgroupStorageSize", shared, limits.max_compute_workgroup_storage_size.into())
}
