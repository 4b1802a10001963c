// Which samples are in the training set (1) and which in the validation set (0). Variants:
//   fisher_yates, sort, ties_by_launch, atomic_ties   the last part of the samples as shuffled by `permutation`
//   hash   a sample is in the validation set where the word of its number is below a threshold: nothing else matters
// (The loaders run on the CPU's threads and have no shader.)

//#if HASH
//#include shared/philox.wgsl

// params: the key's two words; samples; the threshold.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read_write> membership: array<u32>;

@compute @workgroup_size(${WG})
fn members(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var sample = id.x; sample < params[2]; sample += groups.x * ${WG}u) {
        let words = philox4x32_10(vec4<u32>(sample, 0u, 0u, 0u), vec2<u32>(params[0], params[1]));
        membership[sample] = select(1u, 0u, words.x < params[3]);
    }
}
//#else
//#if FISHER_YATES
//#include shared/fisher_yates.wgsl
@group(0) @binding(2) var<storage, read_write> membership: array<u32>;
//#endif
//#if SORT
//#include shared/sort_by_key.wgsl
@group(0) @binding(4) var<storage, read_write> membership: array<u32>;
//#endif
//#if TIES
//#include shared/sort_with_ties.wgsl
@group(0) @binding(3) var<storage, read_write> membership: array<u32>;
//#endif

@compute @workgroup_size(${WG})
fn members(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var at = id.x; at < params[2]; at += groups.x * ${WG}u) {
        membership[order[at]] = select(1u, 0u, at >= params[4]);
    }
}
//#endif
