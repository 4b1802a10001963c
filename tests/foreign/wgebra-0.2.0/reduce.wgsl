// From wgebra 0.2.0 (MIT OR Apache-2.0), preprocessed by tests/foreign/prepare.py: see tests/foreign/README.md.
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
var<uniform> shape: wgblas_shape_Shape;
@group(0) @binding(1)
var<storage, read> input: array<f32>;
@group(0) @binding(2)
var<storage, read_write> output: f32;

const WORKGROUP_SIZE: u32 = 128;

fn reduce_sum_f32(acc: f32, x: f32) -> f32 {
    return acc + x;
}

fn reduce_prod_f32(acc: f32, x: f32) -> f32 {
    return acc * x;
}

fn reduce_min_f32(acc: f32, x: f32) -> f32 {
    return min(acc, x);
}

fn reduce_max_f32(acc: f32, x: f32) -> f32 {
    return max(acc, x);
}

fn reduce_sqnorm_f32(acc: f32, x: f32) -> f32 {
    return acc + x * x;
}

fn init_zero() -> f32 {
    return 0.0;
}

fn init_one() -> f32 {
    return 1.0;
}

fn init_max_f32() -> f32 {
    return 3.40282347E+38;
}

fn init_min_f32() -> f32 {
    return -3.40282347E+38;
}

fn init_placeholder() -> f32 {
    return 0.0;
}

fn reduce_placeholder(acc: f32, x: f32) -> f32 {
    return acc + x;
}
fn workspace_placeholder(acc: f32, x: f32) -> f32 {
    return acc + x;
}

var<workgroup> workspace: array<f32, WORKGROUP_SIZE>;

fn reduce(thread_id: u32, stride: u32) {
    if thread_id < stride {
        workspace[thread_id] = reduce_sum_f32(workspace[thread_id], workspace[thread_id + stride]);
    }
    workgroupBarrier();
}

fn run_reduction(thread_id: u32) -> f32 {
    workspace[thread_id] = init_zero();

    for (var i = thread_id; i < shape.nrows; i += WORKGROUP_SIZE) {
        let val_i = input[wgblas_shape_iv(shape, i)];
        workspace[thread_id] = reduce_sqnorm_f32(workspace[thread_id], val_i);
    }

    workgroupBarrier();

    reduce(thread_id, 64u);
    reduce(thread_id, 32u);
    reduce(thread_id, 16u);
    reduce(thread_id, 8u);
    reduce(thread_id, 4u);
    reduce(thread_id, 2u);
    reduce(thread_id, 1u);

    return workspace[0];
}

@compute @workgroup_size(WORKGROUP_SIZE, 1, 1)
fn main(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    let result = run_reduction(invocation_id.x);

    if (invocation_id.x == 0) {
        output = result;
    }
}
