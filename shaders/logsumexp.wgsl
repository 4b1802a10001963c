// The logarithm of the sum of exponentials of each row, one workgroup of ${WG} a row. Variants:
//   rows   the row's maximum; the sum of exp(x - maximum) (strided parts, then a tree); the maximum and the logarithm

//#include shared/row.wgsl

// params: elements in a row.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(${WG})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cols = params[0];
    let first = group.x * cols;
    var largest = input[first];
    for (var i = lane; i < cols; i += ${WG}u) {
        largest = max(largest, input[first + i]);
    }
    largest = tree_max(lane, largest);
    var sum = 0.0;
    for (var i = lane; i < cols; i += ${WG}u) {
        sum = sum + exp(input[first + i] - largest);
    }
    sum = tree_sum(lane, sum);
    if lane == 0u {
        output[group.x] = largest + log(sum);
    }
}
