// Sum. Variants:
//   tree   one workgroup of ${WG}: strided serial parts, then a tree in workgroup memory

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read_write> output: array<f32>;

var<workgroup> partial: array<f32, ${WG}>;

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32) {
    var sum = 0.0;
    for (var i = lane; i < arrayLength(&input); i += ${WG}u) {
        sum = sum + input[i];
    }
    partial[lane] = sum;
    workgroupBarrier();
    for (var half = ${WG}u / 2u; half > 0u; half = half / 2u) {
        if lane < half {
            partial[lane] = partial[lane] + partial[lane + half];
        }
        workgroupBarrier();
    }
    if lane == 0u {
        output[0] = partial[0];
    }
}
