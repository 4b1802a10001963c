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
var<uniform> shape_a: wgblas_shape_Shape;
@group(0) @binding(1)
var<uniform> shape_b: wgblas_shape_Shape;
@group(0) @binding(2)
var<storage, read_write> a: array<f32>;
@group(0) @binding(3)
var<storage, read> b: array<f32>;

const WORKGROUP_SIZE: u32 = 64;

fn add_f32(a: f32, b: f32) -> f32 {
    return a + b;
}

fn sub_f32(a: f32, b: f32) -> f32 {
    return a - b;
}

fn mul_f32(a: f32, b: f32) -> f32 {
    return a * b;
}

fn div_f32(a: f32, b: f32) -> f32 {
    return a / b;
}

fn placeholder(a: f32, b: f32) -> f32 {
    return a + b;
}

// TODO: will the read of a be optimized-out by the shader compiler
//       or do we need to write a dedicated kernel for this?
fn copy_f32(a: f32, b: f32) -> f32 {
    return b;
}

@compute @workgroup_size(WORKGROUP_SIZE, 1, 1)
fn main(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    if invocation_id.x < shape_a.nrows {
        let ia = wgblas_shape_iv(shape_a, invocation_id.x);
        let ib = wgblas_shape_iv(shape_b, invocation_id.x);
        a[ia] = div_f32(a[ia], b[ib]);
    }
}
