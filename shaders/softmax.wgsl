// Softmax of each row, one workgroup of ${WG} a row. Variants:
//   rows   the row's maximum; exp(x - maximum), kept in the output, and its sum (strided parts, then a tree); the quotient
//   poly   the same, with an exponential of our own made of multiplications and additions in place of exp

//#include shared/row.wgsl

// params: elements in a row; for `poly` the bits of log2(e), of ln(2) in two parts, and of the coefficients.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<f32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

//#if POLY
// exp(d) for d <= 0: 2^k of the nearest k to d / ln(2), and a Taylor polynomial of degree 7 for the rest. Where 2^k would
// be subnormal the result is 0.
fn exponential(d: f32) -> f32 {
    let k = floor(d * bitcast<f32>(params[1]) + 0.5);
    let minus_k = -k;
    var r = d + minus_k * bitcast<f32>(params[2]);
    r = r + minus_k * bitcast<f32>(params[3]);
    var p = bitcast<f32>(params[4]);
    for (var i = 5u; i < 12u; i++) {
        p = p * r + bitcast<f32>(params[i]);
    }
    let power = bitcast<f32>(u32(max(i32(k), -126) + 127) << 23u);
    return select(0.0, p * power, k >= -126.0);
}
//#else
fn exponential(d: f32) -> f32 {
    return exp(d);
}
//#endif

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
        let e = exponential(input[first + i] - largest);
        output[first + i] = e;
        sum = sum + e;
    }
    sum = tree_sum(lane, sum);
    for (var i = lane; i < cols; i += ${WG}u) {
        output[first + i] = output[first + i] / sum;
    }
}
