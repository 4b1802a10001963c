// Root-mean-square normalisation of rows, as in the layers of a language model: y = x / sqrt(mean(x²) + eps) · weight.
// One workgroup a row. The order of the sum depends on the workgroup's size, and so do its last bits:
//
//     repro-audit kernel examples/kernels/rms_norm.wgsl
//
// audits it with two workgroup sizes (see rms_norm.toml).

override WIDTH: u32 = 64;

struct Params {
    columns: u32,
    eps: f32,
}

@group(0) @binding(0) var<storage, read> x: array<f32>;
@group(0) @binding(1) var<storage, read> weight: array<f32>;
@group(0) @binding(2) var<storage, read_write> y: array<f32>;
@group(0) @binding(3) var<uniform> params: Params;

var<workgroup> partial: array<f32, 256>;

@compute @workgroup_size(WIDTH)
fn main(@builtin(workgroup_id) group: vec3<u32>, @builtin(local_invocation_index) lane: u32) {
    let start = group.x * params.columns;
    var sum = 0.0;
    for (var i = lane; i < params.columns; i += WIDTH) {
        sum += x[start + i] * x[start + i];
    }
    partial[lane] = sum;
    workgroupBarrier();
    for (var half = WIDTH / 2u; half > 0u; half /= 2u) {
        if (lane < half) {
            partial[lane] += partial[lane + half];
        }
        workgroupBarrier();
    }
    let scale = inverseSqrt(partial[0] / f32(params.columns) + params.eps);
    for (var i = lane; i < params.columns; i += WIDTH) {
        y[start + i] = x[start + i] * scale * weight[i];
    }
}
