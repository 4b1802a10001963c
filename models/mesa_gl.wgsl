//! liberties: operand-nan
//
// Mesa 22.3's llvmpipe under OpenGL, where it computes otherwise than lavapipe: most of it was lowered by the GLSL compiler or by
// naga's GLSL before it came to the code that both share.

fn bits(x: f32) -> u32 { return bitcast<u32>(x); }
fn number(x: u32) -> f32 { return bitcast<f32>(x); }
fn negative(x: f32) -> f32 { return number(bits(x) ^ 0x80000000u); }
fn magnitude(x: f32) -> f32 { return number(bits(x) & 0x7fffffffu); }
fn is_nan(x: f32) -> bool { return (bits(x) & 0x7fffffffu) > 0x7f800000u; }
// cvttps2dq: what does not fit is the least integer.
fn truncated(x: f32) -> i32 { return select(-2147483647i - 1i, i32(x), x >= -2147483648.0 && x < 2147483648.0); }
fn power_of_two(x: i32) -> f32 { return number(u32(x + 127) << 23u); }
// minps and maxps, and the first where the second is NaN. Copies.
fn least(x: f32, y: f32) -> f32 { return select(select(y, x, x < y), x, is_nan(y)); }
fn greatest(x: f32, y: f32) -> f32 { return select(select(y, x, x > y), x, is_nan(y)); }
fn signum(x: f32) -> f32 { return select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0); }
// Clamped, split at floor, the even and the odd half of a polynomial of degree 5, and the exponent from its bits.
fn exp2_of(x: f32) -> f32 {
    let y = select(max(min(x, 128.0), -126.99999), x, is_nan(x));
    let whole = floor(y);
    let f = y - whole;
    let s = f * f;
    let even = fma(s, fma(s, 0.00898934009049466391101, 0.240153617044375388211), 1.0);
    let odd = fma(s, fma(s, 0.00187757667519147912699, 0.0558263180532956664775), 0.693153073200168932794);
    return power_of_two(truncated(whole)) * fma(odd, f, even);
}
fn exp_of(x: f32) -> f32 { return exp2_of(x * 1.4426950408889634); }
// The root of the distance from one, times a polynomial with these two last coefficients.
fn arcsine(x: f32, p0: f32, p1: f32) -> f32 {
    let a = magnitude(x);
    let half = 1.57079632679489661923;
    let p = half + a * (number(0xbe5bc094u) + a * (p0 + a * p1));
    return signum(x) * (half - sqrt(1.0 - a) * p);
}
// NaN have every bit set.
fn half_bits(x: f32) -> u32 {
    if is_nan(x) { return ((bits(x) >> 16u) & 0x8000u) | 0x7fffu; }
    return pack2x16float(vec2<f32>(x, 0.0)) & 0xffffu;
}
fn of_half_bits(h: u32) -> f32 {
    if (h & 0x7fffu) > 0x7c00u { return number(((h & 0x8000u) << 16u) | 0x7fffffffu); }
    return unpack2x16float(h).x;
}

// In every range, where lavapipe has another polynomial below one half.
fn model_asin(x: f32) -> f32 { return arcsine(x, 0.086566724, -0.03102955); }
fn model_cosh(x: f32) -> f32 { return (exp_of(x) + exp_of(negative(x))) * 0.5; }
// NaN becomes -10.
fn model_tanh(x: f32) -> f32 {
    let y = least(greatest(x, -10.0), 10.0);
    let up = exp_of(y);
    let down = exp_of(negative(y));
    return (up - down) / (up + down);
}
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return (y - x) * a + x; }
fn model_step(edge: f32, x: f32) -> f32 { return select(0.0, 1.0, x >= edge); }
fn model_modf_fract(x: f32) -> f32 { return x - trunc(x); }
fn model_modf_whole(x: f32) -> f32 { return trunc(x); }
// Of everything but zero.
fn model_frexp_fract(x: f32) -> f32 { return select(x, number((bits(x) & 0x807fffffu) | 0x3f000000u), x != 0.0); }
// By the exponent's bits: subnormal operands and results are zeros, infinities and NaN stay.
fn model_ldexp(x: f32, e: i32) -> f32 {
    let old = i32((bits(x) >> 23u) & 0xffu);
    let sum = min(old + e, 255);
    if old >= 255 { return x; }
    let sign = bits(x) & 0x80000000u;
    if min(old, sum) < 1 { return number(sign); }
    if sum >= 255 { return number(sign | 0x7f800000u); }
    return number((bits(x) & 0x807fffffu) | (u32(sum) << 23u));
}
fn model_not_equal(a: f32, b: f32) -> bool { return a != b; }
// The processor's conversions, without a clamp: cvttps2dq, and AVX-512's vcvttps2udq, which makes all bits of what does not fit.
fn model_i32_from_f32(x: f32) -> i32 { return truncated(x); }
fn model_u32_from_f32(x: f32) -> u32 { return select(0xffffffffu, u32(x), x > -1.0 && x < 4294967296.0); }
fn model_pack2x16float_vec2(v: vec2<f32>) -> u32 { return half_bits(v.x) | (half_bits(v.y) << 16u); }
fn model_unpack2x16float(w: u32) -> vec2<f32> { return vec2<f32>(of_half_bits(w & 0xffffu), of_half_bits(w >> 16u)); }
fn model_quantizeToF16(x: f32) -> f32 { return of_half_bits(half_bits(x)); }

// The last terms first, since the sum of products is nested from the right.
fn dot3(a: vec3<f32>, b: vec3<f32>) -> f32 { return a.x * b.x + (b.y * a.y + b.z * a.z); }
fn model_dot_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return dot3(a, b); }
fn dot4(a: vec4<f32>, b: vec4<f32>) -> f32 { return b.x * a.x + (b.y * a.y + (b.z * a.z + b.w * a.w)); }
fn model_dot_vec4(a: vec4<f32>, b: vec4<f32>) -> f32 { return dot4(a, b); }
fn model_length_vec3(a: vec3<f32>) -> f32 { return sqrt(dot3(a, a)); }
fn model_length_vec4(a: vec4<f32>) -> f32 { return sqrt(dot4(a, a)); }
fn model_distance_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return model_length_vec3(a - b); }
// By the reciprocal of the length, where lavapipe divides.
fn model_normalize_vec2(a: vec2<f32>) -> vec2<f32> {
    let r = 1.0 / sqrt(a.x * a.x + a.y * a.y);
    return vec2<f32>(a.x * r, r * a.y);
}
fn model_normalize_vec3(a: vec3<f32>) -> vec3<f32> {
    let r = 1.0 / sqrt(dot3(a, a));
    return vec3<f32>(a.x * r, r * a.y, r * a.z);
}
fn model_normalize_vec4(a: vec4<f32>) -> vec4<f32> {
    let r = 1.0 / sqrt(dot4(a, a));
    return vec4<f32>(a.x * r, r * a.y, r * a.z, r * a.w);
}
fn model_refract_vec3(i: vec3<f32>, n: vec3<f32>, eta: f32) -> vec3<f32> {
    let d = dot3(i, n);
    let k = 1.0 - eta * (eta * (1.0 - d * d));
    let t = eta * d + sqrt(k);
    return select(vec3<f32>(eta * i.x - t * n.x, eta * i.y - n.y * t, eta * i.z - n.z * t), vec3<f32>(), k < 0.0);
}
fn model_reflect_vec3(e: vec3<f32>, n: vec3<f32>) -> vec3<f32> {
    let d = dot3(e, n) * 2.0;
    return vec3<f32>(e.x - n.x * d, e.y - d * n.y, e.z - d * n.z);
}
fn model_mul_mat4x4_vec4(m: mat4x4<f32>, v: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(
        (((m[0].x * v.x + m[1].x * v.y) + m[2].x * v.z) + m[3].x * v.w),
        (((m[0].y * v.x + m[1].y * v.y) + m[2].y * v.z) + m[3].y * v.w),
        (((m[0].z * v.x + m[1].z * v.y) + m[2].z * v.z) + m[3].z * v.w),
        (((m[0].w * v.x + m[1].w * v.y) + m[2].w * v.z) + m[3].w * v.w));
}
fn model_mul_vec4_mat4x4(v: vec4<f32>, m: mat4x4<f32>) -> vec4<f32> {
    return vec4<f32>(
        (m[0].x * v.x + (m[0].y * v.y + (m[0].z * v.z + m[0].w * v.w))),
        (m[1].x * v.x + (m[1].y * v.y + (m[1].z * v.z + m[1].w * v.w))),
        (v.x * m[2].x + (v.y * m[2].y + (v.z * m[2].z + v.w * m[2].w))),
        (v.x * m[3].x + (v.y * m[3].y + (v.z * m[3].z + v.w * m[3].w))));
}
fn model_mul_mat4x4_mat4x4(a: mat4x4<f32>, b: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        (((a[0].x * b[0].x + a[1].x * b[0].y) + a[2].x * b[0].z) + b[0].w * a[3].x),
        (((a[0].y * b[0].x + a[1].y * b[0].y) + a[2].y * b[0].z) + a[3].y * b[0].w),
        (((a[1].z * b[0].y + a[0].z * b[0].x) + a[2].z * b[0].z) + b[0].w * a[3].z),
        (((a[0].w * b[0].x + a[1].w * b[0].y) + b[0].z * a[2].w) + a[3].w * b[0].w),
        (((a[0].x * b[1].x + a[1].x * b[1].y) + a[2].x * b[1].z) + a[3].x * b[1].w),
        (((a[1].y * b[1].y + a[0].y * b[1].x) + a[2].y * b[1].z) + a[3].y * b[1].w),
        (((a[0].z * b[1].x + a[1].z * b[1].y) + a[2].z * b[1].z) + a[3].z * b[1].w),
        (((a[0].w * b[1].x + a[1].w * b[1].y) + a[2].w * b[1].z) + a[3].w * b[1].w),
        (((a[1].x * b[2].y + a[0].x * b[2].x) + a[2].x * b[2].z) + a[3].x * b[2].w),
        (((a[0].y * b[2].x + a[1].y * b[2].y) + a[2].y * b[2].z) + a[3].y * b[2].w),
        (((a[0].z * b[2].x + a[1].z * b[2].y) + a[2].z * b[2].z) + a[3].z * b[2].w),
        (((a[0].w * b[2].x + a[1].w * b[2].y) + a[2].w * b[2].z) + a[3].w * b[2].w),
        (((a[0].x * b[3].x + a[1].x * b[3].y) + a[2].x * b[3].z) + a[3].x * b[3].w),
        (((a[0].y * b[3].x + a[1].y * b[3].y) + a[2].y * b[3].z) + a[3].y * b[3].w),
        (((a[0].z * b[3].x + a[1].z * b[3].y) + a[2].z * b[3].z) + a[3].z * b[3].w),
        (((a[0].w * b[3].x + a[1].w * b[3].y) + a[2].w * b[3].z) + a[3].w * b[3].w));
}
