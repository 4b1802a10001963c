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
// This was mostly ported from ggml-cuda/unary.cu
// (MIT license).

@group(0) @binding(0)
var<uniform> shape_dst: wgblas_shape_Shape;
@group(0) @binding(1)
var<uniform> shape_src: wgblas_shape_Shape;
@group(0) @binding(2)
var<storage, read_write> dst: array<f32>;
@group(0) @binding(3)
var<storage, read_write> src: array<f32>;
@group(0) @binding(4)
var<uniform> args: vec4<f32>;

const GELU_COEF_A: f32 = 0.044715f;
const SQRT_2_OVER_PI: f32 = 0.79788456080286535587989211986876f;
const GELU_QUICK_COEF: f32 = -1.702f;

fn abs_f32(x: f32) -> f32 {
    return abs(x);
}

fn sgn_f32(x: f32) -> f32 {
    return sign(x);
}

fn neg_f32(x: f32) -> f32 {
    return -x;
}

fn step_f32(x: f32) -> f32 {
    if x > 0.0 {
        return 1.0;
    } else {
        return 0.0;
    }
}

fn elu_f32(x: f32) -> f32 {
    if x > 0.0 {
        return x;
    } else {
        return exp(x) - 1.0;
    }
}

fn gelu_f32(x: f32) -> f32 {
    return 0.5f * x * (1.0f + tanh(SQRT_2_OVER_PI * x * (1.0f + GELU_COEF_A * x * x)));
}

fn gelu_quick_f32(x: f32) -> f32 {
    return x * (1.0f / (1.0f + exp(GELU_QUICK_COEF * x)));
}

fn silu_f32(x: f32) -> f32 {
    return x / (1.0 + exp(-x));
}

fn tanh_f32(x: f32) -> f32 {
    return tanh(x);
}

fn relu_f32(x: f32) -> f32 {
    return max(x, 0.0);
}

fn sigmoid_f32(x: f32) -> f32 {
    return 1.0 / (1.0 + exp(-x));
}

fn hard_sigmoid_f32(x: f32) -> f32 {
    return min(1.0, max(0.0, (x + 3.0) / 6.0));
}

fn hard_swish_f32(x: f32) -> f32 {
    return x * min(1.0, max(0.0, (x + 3.0) / 6.0));
}

fn sqr_f32(x: f32) -> f32 {
    return x * x;
}

fn sqrt_f32(x: f32) -> f32 {
    return sqrt(x);
}

fn log_f32(x: f32) -> f32 {
    return log(x);
}

fn placeholder(x: f32) -> f32 {
    return x;
}

// Unary ops with extra arguments passed through the args uniform.
fn leaky_relu_f32(x: f32) -> f32 {
    return max(x, 0.0) + min(x, 0.0) * args.x;
}

fn clamp_f32(x: f32) -> f32 {
    return min(max(args.x, x), args.y);
}

fn scale_f32(x: f32) -> f32 {
    return x * args.x;
}

fn add_scalar_f32(x: f32) -> f32 {
    return x + args.x;
}

@compute @workgroup_size(64, 1, 1)
fn main(@builtin(global_invocation_id) invocation_id: vec3<u32>) {
    if (invocation_id.x < shape_src.nrows) {
        let isrc = wgblas_shape_iv(shape_src, invocation_id.x);
        let idst = wgblas_shape_iv(shape_dst, invocation_id.x);
        dst[idst] = gelu_f32(src[isrc]);
    }
}
