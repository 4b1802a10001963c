//! Why a case cannot run on an adapter: a closed list of reasons.

use crate::model::Skip;
use crate::model::task::{Buffer, Feature, Pass, Program};
use crate::wgsl::Checked;

/// The first reason why `program` cannot run with these features and limits, if any. `passes` are its modules, one a
/// pass, without overrides.
///
/// The workgroup's size and memory are read from the shader itself, so that no kernel has to repeat them.
#[must_use]
pub(super) fn unsupported(
    program: &Program,
    passes: &[Checked],
    has: &[Feature],
    limits: &wgpu::Limits,
) -> Option<Skip> {
    if let Some(feature) = program.features.iter().find(|f| !has.contains(f)) {
        return Some(Skip::Feature { feature: *feature });
    }
    buffers(program, limits)
        .or_else(|| program.passes.iter().zip(passes).find_map(|(pass, checked)| dispatch(pass, checked, limits)))
}

fn over(limit: &str, needs: u64, has: u64) -> Option<Skip> {
    (needs > has).then(|| Skip::Limit { limit: limit.to_owned(), needs, has })
}

fn buffers(program: &Program, limits: &wgpu::Limits) -> Option<Skip> {
    let (mut storage, mut uniform) = (0, 0);
    for (index, buffer) in program.buffers.iter().enumerate() {
        let bytes = 4 * buffer.words() as u64;
        let slot = program.slot(index);
        let skip = if matches!(buffer, Buffer::Uniform(_)) {
            uniform += 1;
            over("maxUniformBufferBindingSize", bytes, limits.max_uniform_buffer_binding_size)
        } else {
            storage += 1;
            over("maxStorageBufferBindingSize", bytes, limits.max_storage_buffer_binding_size)
        };
        let skip = skip
            .or_else(|| over("maxBufferSize", bytes, limits.max_buffer_size))
            .or_else(|| over("maxBindGroups", u64::from(slot.group) + 1, limits.max_bind_groups.into()))
            .or_else(|| {
                over("maxBindingsPerBindGroup", u64::from(slot.binding) + 1, limits.max_bindings_per_bind_group.into())
            });
        if skip.is_some() {
            return skip;
        }
    }
    over("maxStorageBuffersPerShaderStage", storage, limits.max_storage_buffers_per_shader_stage.into()).or_else(|| {
        over("maxUniformBuffersPerShaderStage", uniform, limits.max_uniform_buffers_per_shader_stage.into())
    })
}

fn dispatch(pass: &Pass, checked: &Checked, limits: &wgpu::Limits) -> Option<Skip> {
    let most = limits.max_compute_workgroups_per_dimension.into();
    if let Some(skip) = pass.groups.iter().find_map(|g| over("maxComputeWorkgroupsPerDimension", (*g).into(), most)) {
        return Some(skip);
    }
    let module = &checked.module;
    let (index, entry) = module.entry_points.iter().enumerate().find(|(_, e)| e.name == pass.entry)?;
    let [x, y, z] = entry.workgroup_size;
    let invocations = u64::from(x) * u64::from(y) * u64::from(z);
    let used = checked.info.get_entry_point(index);
    let shared: u64 = module
        .global_variables
        .iter()
        .filter(|(handle, v)| v.space == naga::AddressSpace::WorkGroup && !used[*handle].is_empty())
        .map(|(_, v)| u64::from(module.types[v.ty].inner.size(module.to_ctx())))
        .sum();
    over("maxComputeInvocationsPerWorkgroup", invocations, limits.max_compute_invocations_per_workgroup.into())
        .or_else(|| over("maxComputeWorkgroupSizeX", x.into(), limits.max_compute_workgroup_size_x.into()))
        .or_else(|| over("maxComputeWorkgroupSizeY", y.into(), limits.max_compute_workgroup_size_y.into()))
        .or_else(|| over("maxComputeWorkgroupSizeZ", z.into(), limits.max_compute_workgroup_size_z.into()))
        .or_else(|| over("maxComputeWorkgroupStorageSize", shared, limits.max_compute_workgroup_storage_size.into()))
}
