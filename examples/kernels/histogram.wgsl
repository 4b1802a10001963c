// Counts bytes with atomic additions. Integer additions commute, so that every adapter must give the same counts, in
// whatever order they happen:
//
//     repro-audit kernel examples/kernels/histogram.wgsl

@group(0) @binding(0) var<storage, read> words: array<u32>;
@group(0) @binding(1) var<storage, read_write> bins: array<atomic<u32>, 256>;

@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    if (id.x >= arrayLength(&words)) {
        return;
    }
    let word = words[id.x];
    for (var shift = 0u; shift < 32u; shift += 8u) {
        atomicAdd(&bins[(word >> shift) & 255u], 1u);
    }
}
