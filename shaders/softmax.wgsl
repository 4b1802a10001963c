// Softmax of each row, one workgroup of ${WG} a row. Variants:
//   rows   the row's maximum; exp(x - maximum), kept in the output, and its sum (strided parts, then a tree); the quotient
//   poly   the same, with an exponential of our own made of multiplications and additions in place of exp
//   online as poly, but maximum and sum in one pass, as flash attention has it: the sum so far is scaled down where a larger
//          maximum comes, within each invocation's strided part and then from two branches of the tree to one

//#if !ONLINE
//#include shared/row.wgsl
//#endif

// params: elements in a row; for all but `rows` the bits of log2(e), of ln(2) in two parts, and of the coefficients.
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

//#if ONLINE
// x: a maximum; y: the sum of the exponentials of the differences from it.
var<workgroup> partial: array<vec2<f32>, ${WG}>;

@compute @workgroup_size(${WG})
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let cols = params[0];
    let first = group.x * cols;
    var largest = input[first];
    var sum = 0.0;
    for (var i = lane; i < cols; i += ${WG}u) {
        let x = input[first + i];
        if x > largest {
            sum = sum * exponential(largest - x) + 1.0;
            largest = x;
        } else {
            sum = sum + exponential(x - largest);
        }
    }
    partial[lane] = vec2<f32>(largest, sum);
    workgroupBarrier();
    for (var half = ${WG}u / 2u; half > 0u; half = half / 2u) {
        if lane < half {
            let a = partial[lane];
            let b = partial[lane + half];
            if a.x >= b.x {
                partial[lane] = vec2<f32>(a.x, b.y * exponential(b.x - a.x) + a.y);
            } else {
                partial[lane] = vec2<f32>(b.x, a.y * exponential(a.x - b.x) + b.y);
            }
        }
        workgroupBarrier();
    }
    let total = partial[0];
    for (var i = lane; i < cols; i += ${WG}u) {
        output[first + i] = exponential(input[first + i] - total.x) / total.y;
    }
}
//#else
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
//#endif
