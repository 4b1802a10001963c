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
var<uniform> in_shape: wgblas_shape_Shape;
@group(0) @binding(1)
var<uniform> out_shape: wgblas_shape_Shape;
@group(0) @binding(2)
var<storage, read_write> in_vec: array<f32>;
@group(0) @binding(3)
var<storage, read_write> out_vec: array<f32>;

const WORKGROUP_SIZE: u32 = 128;
const NUDGE_FACTOR: f32 = 1.0e-5;

var<workgroup> workspace: array<f32, WORKGROUP_SIZE>;
var<workgroup> the_mean: f32;
var<workgroup> scale: f32;

fn reduce_sum(thread_id: u32, stride: u32) {
    workgroupBarrier();

    if thread_id < stride {
        workspace[thread_id] += workspace[thread_id + stride];
    }
}

@compute @workgroup_size(WORKGROUP_SIZE, 1, 1)
fn main(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    let thread_id = invocation_id.x;

    // Compute the MEAN
    let data_len = in_shape.nrows;
    workspace[thread_id] = 0.0;
    for (var i = thread_id; i < data_len; i += WORKGROUP_SIZE) {
        let val_i = in_vec[wgblas_shape_iv(in_shape, i)];
        workspace[thread_id] += val_i;
    }

    reduce_sum(thread_id, 64u);
    reduce_sum(thread_id, 32u);
    reduce_sum(thread_id, 16u);
    reduce_sum(thread_id, 8u);
    reduce_sum(thread_id, 4u);
    reduce_sum(thread_id, 2u);
    reduce_sum(thread_id, 1u);

    if (thread_id == 0) {
        the_mean = workspace[0] / f32(data_len);
    }

    workgroupBarrier();

    // Compute the SQUARED NORM
    workspace[thread_id] = 0.0;
    for (var i = thread_id; i < data_len; i += WORKGROUP_SIZE) {
        let val_i = in_vec[wgblas_shape_iv(in_shape, i)] - the_mean;
        workspace[thread_id] += val_i * val_i;
    }

    reduce_sum(thread_id, 64u);
    reduce_sum(thread_id, 32u);
    reduce_sum(thread_id, 16u);
    reduce_sum(thread_id, 8u);
    reduce_sum(thread_id, 4u);
    reduce_sum(thread_id, 2u);
    reduce_sum(thread_id, 1u);

    if (thread_id == 0) {
        let variance = workspace[0] / f32(data_len);
        scale = 1.0 / sqrt(variance + NUDGE_FACTOR);
    }

    workgroupBarrier();

    // Apply the scale.
    for (var i = thread_id; i < data_len; i += WORKGROUP_SIZE) {
        let ii = wgblas_shape_iv(in_shape, i);
        let iout = wgblas_shape_iv(out_shape, i);
        out_vec[iout] = (in_vec[ii] - the_mean) * scale;
    }
}
