// Threefry's raw words. Variants:
//   element   JAX's random bits (partitionable): of element i the two words of counter (0, i), by exclusive or
//   vectors   counters and keys come from a buffer: Random123's known answers, of the form 2x32 or 4x32

//#include shared/threefry.wgsl

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
//#if VECTORS
//#if FOUR
    for (var row = id.x; 4u * row < arrayLength(&output); row += groups.x * ${WG}u) {
        let at = 8u * row;
        let counter = vec4<u32>(input[at], input[at + 1u], input[at + 2u], input[at + 3u]);
        let key = vec4<u32>(input[at + 4u], input[at + 5u], input[at + 6u], input[at + 7u]);
        let words = threefry4x32_20(counter, key);
        for (var lane = 0u; lane < 4u; lane++) {
            output[4u * row + lane] = words[lane];
        }
    }
//#else
    for (var row = id.x; 2u * row < arrayLength(&output); row += groups.x * ${WG}u) {
        let at = 4u * row;
        let words = threefry2x32_20(vec2<u32>(input[at], input[at + 1u]), vec2<u32>(input[at + 2u], input[at + 3u]));
        output[2u * row] = words.x;
        output[2u * row + 1u] = words.y;
    }
//#endif
//#else
    // input: the key's two words.
    for (var i = id.x; i < arrayLength(&output); i += groups.x * ${WG}u) {
        let words = threefry2x32_20(vec2<u32>(0u, i), vec2<u32>(input[0], input[1]));
        output[i] = words.x ^ words.y;
    }
//#endif
}
