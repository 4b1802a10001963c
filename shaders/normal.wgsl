// Standard normal draws from Philox words placed by element. Variants:
//   box_muller   two numbers from two words, with the adapter's log, sqrt, sin and cos; the angle in [-pi, pi]
//   full_turn    the same with the angle in [0, 2pi], as cuRAND and PyTorch on CUDA have it: beyond pi WGSL promises nothing of
//                sin and cos
//   inverse_cdf  one number from one word by a table and 32-bit integers: no driver has a choice

// params: the key's two words, then the constants of shared/box_muller.wgsl.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
//#if TABLE
@group(0) @binding(2) var<storage, read> table: array<u32>;
//#include shared/quantile.wgsl
//#else
//#include shared/philox.wgsl
//#include shared/box_muller.wgsl
//#endif

@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let n = arrayLength(&output);
    let key = vec2<u32>(params[0], params[1]);
    for (var block = id.x; 4u * block < n; block += groups.x * ${WG}u) {
        let words = philox4x32_10(vec4<u32>(block, 0u, 0u, 0u), key);
        var bits: vec4<u32>;
//#if TABLE
        for (var lane = 0u; lane < 4u; lane++) {
            let z = quantile(words[lane]);
            bits[lane] = nearest(z.magnitude, 0u, -32 - i32(z.point), z.sign);
        }
//#else
        bits = bitcast<vec4<u32>>(vec4<f32>(box_muller(words.x, words.y), box_muller(words.z, words.w)));
//#endif
        for (var lane = 0u; lane < 4u; lane++) {
            let i = 4u * block + lane;
            if i < n {
                output[i] = bits[lane];
            }
        }
    }
}
