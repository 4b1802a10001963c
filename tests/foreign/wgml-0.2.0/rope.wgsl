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
var<uniform> shape_q: wgblas_shape_Shape;
@group(0) @binding(1)
var<uniform> shape_k: wgblas_shape_Shape;
@group(0) @binding(2)
var<uniform> shape: RoPEShape;
@group(0) @binding(3)
var<storage, read_write> in_out_q: array<vec2<f32>>;
@group(0) @binding(4)
var<storage, read_write> in_out_k: array<vec2<f32>>;



struct RoPEShape {
    head_size: u32,
    kv_dim: u32,
    pos: u32,
}

struct Rotation2 {
    cos: f32,
    sin: f32,
}

fn rot2(angle: f32) -> Rotation2 {
    return Rotation2(cos(angle), sin(angle));
}

fn rotate2(r: Rotation2, v: vec2<f32>) -> vec2<f32> {
    return vec2(r.cos * v.x - r.sin * v.y, r.sin * v.x + r.cos * v.y);
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    let i = invocation_id.x;
    let head_dim = f32((i * 2) % shape.head_size);
    let theta = pow(10000.0, -head_dim / f32(shape.head_size));
    let m_theta = f32(shape.pos) * theta;
    let rot = rot2(m_theta);

    let iq = wgblas_shape_iv(shape_q, i * 2) / 2;
    let q_unrotated = in_out_q[iq];
    in_out_q[iq] = rotate2(rot, q_unrotated);

    if (i * 2 < shape.kv_dim) {
        let ik = wgblas_shape_iv(shape_k, i * 2) / 2;
        let k_unrotated = in_out_k[ik];
        in_out_k[ik] = rotate2(rot, k_unrotated);
    }
}
