// Layer normalisation of each row with gain and bias, one workgroup of ${WG} a row. Variants:
//   two_pass   the mean; the mean square of the differences from it; (x - mean) * inverseSqrt(variance + eps) * gain + bias.
//              Both sums: strided parts, then a tree
//   sqrt       the same, with 1 / sqrt(variance + eps) in place of inverseSqrt

//#include shared/row.wgsl

// params: elements in a row, as an integer and as a float's bits; the bits of eps.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read> gain: array<f32>;
@group(0) @binding(3) var<storage, read> bias: array<f32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(${WG})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cols = params[0];
    let count = bitcast<f32>(params[1]);
    let eps = bitcast<f32>(params[2]);
    let first = group.x * cols;
    var sum = 0.0;
    for (var i = lane; i < cols; i += ${WG}u) {
        sum = sum + input[first + i];
    }
    let mean = tree_sum(lane, sum) / count;
    var squares = 0.0;
    for (var i = lane; i < cols; i += ${WG}u) {
        let d = input[first + i] - mean;
        squares = squares + d * d;
    }
    let variance = tree_sum(lane, squares) / count;
//#if SQRT
    let scale = 1.0 / sqrt(variance + eps);
//#else
    let scale = inverseSqrt(variance + eps);
//#endif
    for (var i = lane; i < cols; i += ${WG}u) {
        output[first + i] = (input[first + i] - mean) * scale * gain[i] + bias[i];
    }
}
