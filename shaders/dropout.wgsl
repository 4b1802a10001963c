// Dropout masks from Philox4x32-10: 1 where an element is kept, 0 where it is dropped. Variants, by where an element's
// random word comes from (T = workgroups * ${WG} invocations):
//   element      word i mod 4 of counter (i / 4, 0, 0, 0): the launch changes nothing
//   thread       PyTorch's scalar kernels. Invocation t of T takes elements t, t + T, t + 2T, ..; each four of them use the
//                four words of counter (loop, 0, t, 0): the mask depends on T
//   thread_vec4  PyTorch's vectorised kernels: as above, but the four elements are neighbours, 4t .. 4t+3
//   threshold    words from a buffer, next to the threshold, where a comparison of floats may go either way
//   shared_lane  by element, but the first of four words for all four elements: a published defect
//   recompute    two masks in any of the first three ways, one after the other: that of the forward pass, and that of the
//                backward pass with the generator `advance` counters ahead and, perhaps, in another launch
// and by how a word is compared (FLOAT):
//   integer      kept where the word is at least floor(p * 2^32)
//   float        kept where f32(word) * 2^-32 + 2^-33 is at least p

//#include shared/philox.wgsl

// params: the key's two words; the threshold as an integer; the bits of p, of 2^-32 and of 2^-33; then for `threshold` the
// words. Of `recompute`, after the threshold: elements of a mask; counters ahead.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

fn keep(word: u32) -> u32 {
//#if FLOAT
    let u = f32(word) * bitcast<f32>(params[4]) + bitcast<f32>(params[5]);
    return select(0u, 1u, u >= bitcast<f32>(params[3]));
//#else
    return select(0u, 1u, word >= params[2]);
//#endif
}

//#if THRESHOLD
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < arrayLength(&output); i += groups.x * ${WG}u) {
        output[i] = keep(params[6u + i]);
    }
}
//#else
// The mask of `n` elements from counter `first` on, written from output[start] on.
fn mask(thread: u32, threads: u32, n: u32, first: u32, start: u32) {
    let key = vec2<u32>(params[0], params[1]);
//#if ELEMENT
    for (var block = thread; 4u * block < n; block += threads) {
        let words = philox4x32_10(vec4<u32>(first + block, 0u, 0u, 0u), key);
        for (var lane = 0u; lane < 4u; lane++) {
            let i = 4u * block + lane;
//#else
    for (var turn = 0u; 4u * threads * turn < n; turn++) {
        let words = philox4x32_10(vec4<u32>(first + turn, 0u, thread, 0u), key);
        for (var lane = 0u; lane < 4u; lane++) {
//#if VEC4
            let i = 4u * (threads * turn + thread) + lane;
//#else
            let i = threads * (4u * turn + lane) + thread;
//#endif
//#endif
            if i < n {
//#if SHARED_LANE
                output[start + i] = keep(words.x);
//#else
                output[start + i] = keep(words[lane]);
//#endif
            }
        }
    }
}

//#if RECOMPUTE
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    mask(id.x, groups.x * ${WG}u, params[3], 0u, 0u);
}

@compute @workgroup_size(${WG})
fn again(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    mask(id.x, groups.x * ${WG}u, params[3], params[4], params[3]);
}
//#else
@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    mask(id.x, groups.x * ${WG}u, arrayLength(&output), 0u, 0u);
}
//#endif
//#endif
