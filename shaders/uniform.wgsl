// Uniform draws: Philox words placed by element, each made a float in the way of one framework. Variants:
//   scale     f32(word) * 2^-32 + 2^-33, in (0, 1] (cuRAND, PyTorch on CUDA): 32 bits are rounded to 24, by the driver
//   high24    f32(word >> 8) * 2^-24, in [0, 1) (NumPy): exact
//   low24     f32(word & 0xffffff) * 2^-24, in [0, 1) (PyTorch on the CPU): exact
//   bits      the bits 0x3f800000 | word >> 9, a float in [1, 2), minus 1 (JAX): exact
//   bits_low  the bits 0x3f800000 | word & 0x7fffff, minus 1 (TensorFlow): exact

//#include shared/philox.wgsl

// params: the key's two words; the bits of the factor, or of 1; for `scale` the bits of 2^-33.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

fn draw(word: u32) -> f32 {
    let constant = bitcast<f32>(params[2]);
//#if SCALE
    return f32(word) * constant + bitcast<f32>(params[3]);
//#endif
//#if HIGH24
    return f32(word >> 8u) * constant;
//#endif
//#if LOW24
    return f32(word & 0xffffffu) * constant;
//#endif
//#if BITS
    return bitcast<f32>(0x3f800000u | (word >> 9u)) - constant;
//#endif
//#if BITS_LOW
    return bitcast<f32>(0x3f800000u | (word & 0x7fffffu)) - constant;
//#endif
}

@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let n = arrayLength(&output);
    let key = vec2<u32>(params[0], params[1]);
    for (var block = id.x; 4u * block < n; block += groups.x * ${WG}u) {
        let words = philox4x32_10(vec4<u32>(block, 0u, 0u, 0u), key);
        for (var lane = 0u; lane < 4u; lane++) {
            let i = 4u * block + lane;
            if i < n {
                output[i] = draw(words[lane]);
            }
        }
    }
}
