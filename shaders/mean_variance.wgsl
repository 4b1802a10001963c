// The mean and the variance of each row of `params[0]` numbers, as batch and layer normalisation use them (divided by
// n, not n - 1). One workgroup a row: strided serial parts, then a tree. Output: mean, variance, row after row.
// Variants:
//   ONE_PASS   sums of x and of x*x, then E[x*x] - E[x]*E[x]: cancels where the mean is far from zero
//   TWO_PASS   the mean first, then the sum of squared distances from it
//   WELFORD    running mean and sum of squared distances, parts combined as Chan, Golub and LeVeque do

@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read> params: array<u32>;
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

//#if WELFORD
var<workgroup> counts: array<f32, ${WG}>;
var<workgroup> means: array<f32, ${WG}>;
var<workgroup> squares: array<f32, ${WG}>;

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    let first = group.x * n;
    var count = 0.0;
    var mean = 0.0;
    var square = 0.0;
    for (var i = lane; i < n; i += ${WG}u) {
        let x = input[first + i];
        count = count + 1.0;
        let before = x - mean;
        mean = mean + before / count;
        square = square + before * (x - mean);
    }
    counts[lane] = count;
    means[lane] = mean;
    squares[lane] = square;
    workgroupBarrier();
    for (var half = ${WG}u / 2u; half > 0u; half = half / 2u) {
        if lane < half && counts[lane + half] > 0.0 {
            let left = counts[lane];
            let right = counts[lane + half];
            let both = left + right;
            let apart = means[lane + half] - means[lane];
            means[lane] = means[lane] + apart * (right / both);
            squares[lane] = (squares[lane] + squares[lane + half]) + (apart * apart) * (left * right / both);
            counts[lane] = both;
        }
        workgroupBarrier();
    }
    if lane == 0u {
        output[2u * group.x] = means[0];
        output[2u * group.x + 1u] = squares[0] / counts[0];
    }
}
//#else
//#include shared/tree.wgsl

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    let first = group.x * n;
    let count = f32(n);
    var sum = 0.0;
    var square = 0.0;
    for (var i = lane; i < n; i += ${WG}u) {
        let x = input[first + i];
        sum = sum + x;
//#if ONE_PASS
        square = square + x * x;
//#endif
    }
    let mean = tree(lane, sum) / count;
//#if ONE_PASS
    let variance = tree(lane, square) / count - mean * mean;
//#else
    for (var i = lane; i < n; i += ${WG}u) {
        let apart = input[first + i] - mean;
        square = square + apart * apart;
    }
    let variance = tree(lane, square) / count;
//#endif
    if lane == 0u {
        output[2u * group.x] = mean;
        output[2u * group.x + 1u] = variance;
    }
}
//#endif
