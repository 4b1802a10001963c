// From wgml 0.2.0 (MIT OR Apache-2.0), preprocessed by tests/foreign/prepare.py: see tests/foreign/README.md.
// Module comment
// And a second line

// The shape of a (column-major) matrix.
struct wgblas_shape_Shape {
    // The number of rows in the matrix.
    nrows: u32,
    // The number of columns in the matrix.
    ncols: u32,
    // The number of elements separating two columns of the matrix.
    // Note that the row stride is always assumed to be 1.
    col_stride: u32,
    // Index of the first element of the matrix.
    offset: u32,
}

// Index of the `i-th` element of a vector.
fn wgblas_shape_iv(view: wgblas_shape_Shape, i: u32) -> u32 {
    return view.offset + i;
}

// Index of the element at row `i` and column `j` of a matrix.
fn wgblas_shape_im(view: wgblas_shape_Shape, i: u32, j: u32) -> u32 {
    return view.offset + i + j * view.col_stride;
}

@group(0) @binding(0)
var<uniform> shape_v: wgblas_shape_Shape;
@group(0) @binding(1)
var<uniform> shape_w: wgblas_shape_Shape;
@group(0) @binding(2)
var<uniform> shape_out: wgblas_shape_Shape;
@group(0) @binding(3)
var<storage, read> v: array<f32>;
@group(0) @binding(4)
var<storage, read> w: array<f32>;
@group(0) @binding(5)
var<storage, read_write> out: array<f32>;


const WORKGROUP_SIZE: u32 = 128;
const NUDGE_FACTOR: f32 = 1.0e-5;

/*
 * Magnitude.
 */
var<workgroup> workspace: array<f32, WORKGROUP_SIZE>;

fn reduce_sum(thread_id: u32, stride: u32) {
    if thread_id < stride {
        workspace[thread_id] += workspace[thread_id + stride];
    }
    workgroupBarrier();
}

fn magnitude_squared(thread_id: u32) -> f32 {
    workspace[thread_id] = 0.0;

    for (var i = thread_id; i < shape_v.nrows; i += WORKGROUP_SIZE) {
        let val_i = v[wgblas_shape_iv(shape_v, i)];
        workspace[thread_id] += val_i * val_i;
    }

    workgroupBarrier();

    reduce_sum(thread_id, 64u);
    reduce_sum(thread_id, 32u);
    reduce_sum(thread_id, 16u);
    reduce_sum(thread_id, 8u);
    reduce_sum(thread_id, 4u);
    reduce_sum(thread_id, 2u);
    reduce_sum(thread_id, 1u);

    return workspace[0];
}

@compute @workgroup_size(WORKGROUP_SIZE, 1, 1)
fn main(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    let magnitude_sq = magnitude_squared(invocation_id.x);

    let len = shape_v.nrows;
    let rms = 1.0 / sqrt((magnitude_sq / f32(len)) + NUDGE_FACTOR);

    for (var i = invocation_id.x; i < len; i += WORKGROUP_SIZE) {
        out[wgblas_shape_iv(shape_out, i)] = (v[wgblas_shape_iv(shape_v, i)] * rms) * w[wgblas_shape_iv(shape_w, i)];
    }
}
