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
var<uniform> shape_out: wgblas_shape_Shape;
@group(0) @binding(1)
var<uniform> shape_m: wgblas_shape_Shape;
@group(0) @binding(2)
var<uniform> shape_v: wgblas_shape_Shape;
@group(0) @binding(3)
var<storage, read_write> out: array<f32>;
@group(0) @binding(4)
var<storage, read> m: array<f32>;
@group(0) @binding(5)
var<storage, read> v: array<f32>;

const WORKGROUP_SIZE: u32 = 64;

// TODO: needs a lot of optimizations.
@compute @workgroup_size(WORKGROUP_SIZE, 1, 1)
fn gemv0(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    if invocation_id.x < shape_m.nrows {
        // The first iteration overwrites any trash from initial value.
        let v_0 = v[wgblas_shape_iv(shape_m, 0u)];
        let i_out = wgblas_shape_iv(shape_out, invocation_id.x);

        out[i_out] = m[wgblas_shape_im(shape_m, invocation_id.x, 0u)] * v_0;

        for (var j = 1u; j < shape_m.ncols; j++) {
            out[i_out] += m[wgblas_shape_im(shape_m, invocation_id.x, j)] * v[wgblas_shape_iv(shape_v, j)];
        }
    }
}

@compute @workgroup_size(WORKGROUP_SIZE, 1, 1)
fn gemv1(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    if invocation_id.x < shape_m.nrows {
        let i_out = wgblas_shape_iv(shape_out, invocation_id.x);

        for (var j = 0u; j < shape_m.ncols; j++) {
            out[i_out] += m[wgblas_shape_im(shape_m, invocation_id.x, j)] * v[wgblas_shape_iv(shape_v, j)];
        }
    }
}
