// Philox4x32-10's raw words. Variants:
//   element   word i is word i mod 4 of counter (i / 4, 0, 0, 0): blocks are handed out in a grid-stride loop
//   vectors   counters and keys come from a buffer, one row of four and two words each: Random123's known answers

//#include shared/philox.wgsl

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

//#if VECTORS
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if row >= arrayLength(&input) / 6u {
        return;
    }
    let at = 6u * row;
    let counter = vec4<u32>(input[at], input[at + 1u], input[at + 2u], input[at + 3u]);
    let words = philox4x32_10(counter, vec2<u32>(input[at + 4u], input[at + 5u]));
    output[4u * row] = words.x;
    output[4u * row + 1u] = words.y;
    output[4u * row + 2u] = words.z;
    output[4u * row + 3u] = words.w;
}
//#else
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    // input: the key's two words.
    let n = arrayLength(&output);
    let key = vec2<u32>(input[0], input[1]);
    let blocks = (n + 3u) / 4u;
    for (var block = id.x; block < blocks; block += groups.x * ${WG}u) {
        let words = philox4x32_10(vec4<u32>(block, 0u, 0u, 0u), key);
        for (var lane = 0u; lane < 4u; lane++) {
            let i = 4u * block + lane;
            if i < n {
                output[i] = words[lane];
            }
        }
    }
}
//#endif
