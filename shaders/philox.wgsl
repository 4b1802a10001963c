// Philox's raw words. Variants:
//   element   word i is word i mod 4 of counter (i / 4, 0, 0, 0): blocks are handed out in a grid-stride loop
//   vectors   counters and keys come from a buffer: Random123's known answers, of ten rounds, of seven (SEVEN), or of two
//             words and ten rounds (TWO)

//#include shared/philox.wgsl
//#if VECTORS
//#include shared/philox_forms.wgsl
//#endif

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

//#if VECTORS
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
//#if TWO
    if row >= arrayLength(&output) / 2u {
        return;
    }
    let words = philox2x32_10(vec2<u32>(input[3u * row], input[3u * row + 1u]), input[3u * row + 2u]);
    output[2u * row] = words.x;
    output[2u * row + 1u] = words.y;
//#else
    if row >= arrayLength(&output) / 4u {
        return;
    }
    let at = 6u * row;
    let counter = vec4<u32>(input[at], input[at + 1u], input[at + 2u], input[at + 3u]);
    let key = vec2<u32>(input[at + 4u], input[at + 5u]);
//#if SEVEN
    let words = philox4x32_7(counter, key);
//#else
    let words = philox4x32_10(counter, key);
//#endif
    for (var lane = 0u; lane < 4u; lane++) {
        output[4u * row + lane] = words[lane];
    }
//#endif
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
