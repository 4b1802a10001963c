//! liberties: operand-nan
//
// Mesa 22.3 with LLVM on x86-64 with FMA: lavapipe, and what llvmpipe's OpenGL shares with it (`mesa_gl.wgsl` has the rest).
// Arithmetic is the processor's, with its NaN. Mesa's own functions fuse their polynomials, a shader's arithmetic is not fused.

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

fn model_add(a: f32, b: f32) -> f32 { return a + b; }
fn model_sub(a: f32, b: f32) -> f32 { return a - b; }
fn model_mul(a: f32, b: f32) -> f32 { return a * b; }
fn model_div(a: f32, b: f32) -> f32 { return a / b; }
fn model_rem(a: f32, b: f32) -> f32 { return a - b * trunc(a / b); }
fn model_fma(a: f32, b: f32, c: f32) -> f32 { return a * b + c; }

fn model_min(x: f32, y: f32) -> f32 { return least(x, y); }
fn model_max(x: f32, y: f32) -> f32 { return greatest(x, y); }
fn model_clamp(x: f32, low: f32, high: f32) -> f32 { return least(greatest(x, low), high); }
fn model_saturate(x: f32) -> f32 { return least(greatest(x, 0.0), 1.0); }
fn signum(x: f32) -> f32 { return select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0); }
fn model_sign(x: f32) -> f32 { return signum(x); }
fn model_step(edge: f32, x: f32) -> f32 { return select(1.0, 0.0, x < edge); }
fn model_floor(x: f32) -> f32 { return floor(x); }
fn model_ceil(x: f32) -> f32 { return ceil(x); }
fn model_trunc(x: f32) -> f32 { return trunc(x); }
fn model_round(x: f32) -> f32 { return round(x); }
fn model_fract(x: f32) -> f32 { return x - floor(x); }
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return (1.0 - a) * x + y * a; }
fn model_smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = least(greatest((x - low) / (high - low), 0.0), 1.0);
    return t * (t * (3.0 - 2.0 * t));
}
fn model_degrees(x: f32) -> f32 { return x * number(0x42652ee1u); }
fn model_radians(x: f32) -> f32 { return x * number(0x3c8efa35u); }
fn model_sqrt(x: f32) -> f32 { return sqrt(x); }
fn model_inverseSqrt(x: f32) -> f32 { return 1.0 / sqrt(x); }

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
// The exponent from its bits, and of the significand m a polynomial of the square of (m - 1)/(m + 1).
fn log2_of(x: f32) -> f32 {
    if !(x >= 0.0) { return number(0x7fc00000u); }
    if x == 0.0 { return number(0xff800000u); }
    if bits(x) == 0x7f800000u { return x; }
    let exponent = f32(i32((bits(x) >> 23u) & 0xffu) - 127);
    let m = number((bits(x) & 0x7fffffu) | 0x3f800000u);
    let y = (m - 1.0) / (m + 1.0);
    let z = y * y;
    let s = z * z;
    let even = fma(s, fma(s, 0.406718052498846252698, 0.577440339438736392009), 2.88539009343309178325);
    let odd = fma(s, 0.403343858251329912514, 0.961791550404184197881);
    return fma(y, fma(odd, z, even), exponent);
}
fn exp_of(x: f32) -> f32 { return exp2_of(x * 1.4426950408889634); }
fn log_of(x: f32) -> f32 { return log2_of(x) * 0.69314718055994529; }
fn model_exp2(x: f32) -> f32 { return exp2_of(x); }
fn model_log2(x: f32) -> f32 { return log2_of(x); }
fn model_exp(x: f32) -> f32 { return exp_of(x); }
fn model_log(x: f32) -> f32 { return log_of(x); }
fn model_pow(x: f32, y: f32) -> f32 { return select(0.0, exp2_of(log2_of(x) * y), x < 0.0 || x > 0.0); }

// Cephes' in binary32: quarters of a turn by pi/4 in three parts, two polynomials, the results clamped.
fn sine(a: f32, cosine: bool) -> f32 {
    if (bits(a) & 0x7f800000u) == 0x7f800000u { return number(0x7fc00000u); }
    let x = magnitude(a);
    let j = (u32(truncated(x * 1.27323954473516)) + 1u) & 0xfffffffeu;
    let y = f32(i32(j));
    let q = select(j, j - 2u, cosine);
    let sign = select((bits(a) ^ (j << 29u)) & 0x80000000u, (~q & 4u) << 29u, cosine);
    let r = fma(y, -3.77489497744594108e-8, fma(y, -2.4187564849853515625e-4, fma(y, -0.78515625, x)));
    let z = r * r;
    let c = fma(fma(z, 2.443315711809948e-5, -1.388731625493765e-3), z, 4.166664568298827e-2) * z * z - z * 0.5 + 1.0;
    let s = fma(fma(fma(z, -1.9515295891e-4, 8.3321608736e-3), z, -1.6666654611e-1) * z, r, r);
    let r1 = number(bits(select(c, s, (q & 2u) == 0u)) ^ sign);
    let r2 = select(1.0, r1, r1 < 1.0);
    return select(-1.0, r2, r2 > -1.0);
}
fn model_sin(x: f32) -> f32 { return sine(x, false); }
fn model_cos(x: f32) -> f32 { return sine(x, true); }
fn model_tan(x: f32) -> f32 { return sine(x, false) / sine(x, true); }

fn model_sinh(x: f32) -> f32 { return (exp_of(x) - exp_of(negative(x))) * 0.5; }
fn model_cosh(x: f32) -> f32 { return (exp_of(negative(x)) + exp_of(x)) * 0.5; }
fn model_tanh(x: f32) -> f32 {
    let y = least(greatest(x, -10.0), 10.0);
    let up = exp_of(y);
    let down = exp_of(negative(y));
    return select(x, (up - down) / (up + down), magnitude(x) > 0.0);
}
fn model_asinh(x: f32) -> f32 { return signum(x) * log_of(magnitude(x) + sqrt(x * x + 1.0)); }
fn model_acosh(x: f32) -> f32 { return log_of(x + sqrt(x * x - 1.0)); }
fn model_atanh(x: f32) -> f32 { return log_of((1.0 + x) / (1.0 - x)) * 0.5; }

// The root of the distance from one, times a polynomial with these two last coefficients.
fn arcsine(x: f32, p0: f32, p1: f32) -> f32 {
    let a = magnitude(x);
    let half = 1.57079632679489661923;
    let p = half + a * (number(0xbe5bc094u) + a * (p0 + a * p1));
    return signum(x) * (half - sqrt(1.0 - a) * p);
}
fn model_acos(x: f32) -> f32 { return 1.57079632679489661923 - arcsine(x, 0.08132463, -0.02363318); }
fn model_asin(x: f32) -> f32 {
    let s = x * x;
    let p = s * (1.6666586697e-01 + s * (-4.2743422091e-02 + s * -8.6563630030e-03));
    let q = 1.0 + s * -7.0662963390e-01;
    return select(arcsine(x, 0.086566724, -0.03102955), x + x * (p / q), magnitude(x) < 0.5);
}
// Odd powers up to the 11th of the lesser of x and 1/x.
fn arc_tangent(y: f32) -> f32 {
    let a = magnitude(y);
    let x = least(a, 1.0) / greatest(a, 1.0);
    let x2 = x * x;
    let x3 = x2 * x;
    let x5 = x3 * x2;
    let x7 = x5 * x2;
    let x9 = x7 * x2;
    let t = x * 0.9999793128310355 + x3 * -0.3326756418091246 + x5 * 0.1938924977115610 + x7 * -0.1173503194786851
        + x9 * 0.0536813784310406 + x9 * -0.0121323213173444 * x2;
    let more = select(0.0, 1.0, a > 1.0) * (t * -2.0 + 1.57079632679489661923);
    return (t + more) * signum(y);
}
fn model_atan(y: f32) -> f32 { return arc_tangent(y); }
fn model_atan2(y: f32, x: f32) -> f32 {
    let flip = 0.0 >= x;
    let s = select(y, magnitude(x), flip);
    let t = select(magnitude(x), y, flip);
    let scale = select(1.0, 0.25, magnitude(t) >= 1e18);
    let rcp = 1.0 / (t * scale);
    let quotient = (s * scale) * rcp;
    let tangent = select(magnitude(quotient), 1.0, magnitude(x) == magnitude(y));
    let arc = select(0.0, 1.0, flip) * 1.57079632679489661923 + arc_tangent(tangent);
    return select(arc, negative(arc), least(y, rcp) < 0.0);
}

fn model_dot_vec2(a: vec2<f32>, b: vec2<f32>) -> f32 { return a.x * b.x + a.y * b.y; }
fn dot3(a: vec3<f32>, b: vec3<f32>) -> f32 { return a.x * b.x + b.y * a.y + b.z * a.z; }
fn model_dot_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return dot3(a, b); }
fn dot4(a: vec4<f32>, b: vec4<f32>) -> f32 { return b.x * a.x + b.y * a.y + b.z * a.z + b.w * a.w; }
fn model_dot_vec4(a: vec4<f32>, b: vec4<f32>) -> f32 { return dot4(a, b); }
fn model_length_vec2(a: vec2<f32>) -> f32 { return sqrt(model_dot_vec2(a, a)); }
fn model_length_vec3(a: vec3<f32>) -> f32 { return sqrt(dot3(a, a)); }
fn model_length_vec4(a: vec4<f32>) -> f32 { return sqrt(dot4(a, a)); }
fn model_distance_vec2(a: vec2<f32>, b: vec2<f32>) -> f32 { return model_length_vec2(a - b); }
fn model_distance_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return model_length_vec3(a - b); }
fn model_normalize_vec2(a: vec2<f32>) -> vec2<f32> { return a / sqrt(model_dot_vec2(a, a)); }
fn model_normalize_vec3(a: vec3<f32>) -> vec3<f32> { return a / sqrt(a.z * a.z + (a.y * a.y + a.x * a.x)); }
fn model_normalize_vec4(a: vec4<f32>) -> vec4<f32> {
    return a / sqrt(a.w * a.w + (a.z * a.z + (a.y * a.y + a.x * a.x)));
}
fn model_cross_vec3(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(b.z * a.y - b.y * a.z, a.z * b.x - b.z * a.x, b.y * a.x - a.y * b.x);
}
fn model_determinant_mat2x2(m: mat2x2<f32>) -> f32 { return m[0].x * m[1].y - m[0].y * m[1].x; }
fn model_reflect_vec3(e: vec3<f32>, n: vec3<f32>) -> vec3<f32> {
    let d = dot3(e, n) * 2.0;
    return vec3<f32>(e.x - n.x * d, e.y - d * n.y, e.z - d * n.z);
}
fn model_faceForward_vec3(n: vec3<f32>, i: vec3<f32>, r: vec3<f32>) -> vec3<f32> {
    return select(vec3<f32>(negative(n.x), negative(n.y), negative(n.z)), n, dot3(i, r) < 0.0);
}
fn model_refract_vec3(i: vec3<f32>, n: vec3<f32>, eta: f32) -> vec3<f32> {
    let d = i.x * n.x + n.y * i.y + n.z * i.z;
    let k = 1.0 - eta * (eta * (1.0 - d * d));
    let t = eta * d + sqrt(k);
    return select(vec3<f32>(eta * i.x - t * n.x, eta * i.y - n.y * t, eta * i.z - n.z * t), vec3<f32>(), k < 0.0);
}
fn model_mul_mat4x4_vec4(m: mat4x4<f32>, v: vec4<f32>) -> vec4<f32> {
    return vec4<f32>(
        (m[0].x * v.x + (m[1].x * v.y + (m[2].x * v.z + m[3].x * v.w))),
        (m[0].y * v.x + (m[1].y * v.y + (m[2].y * v.z + m[3].y * v.w))),
        ((m[1].z * v.y + (m[2].z * v.z + m[3].z * v.w)) + m[0].z * v.x),
        ((m[1].w * v.y + (m[2].w * v.z + m[3].w * v.w)) + m[0].w * v.x));
}
fn model_mul_vec4_mat4x4(v: vec4<f32>, m: mat4x4<f32>) -> vec4<f32> {
    return vec4<f32>(
        (((m[0].x * v.x + m[0].y * v.y) + m[0].z * v.z) + m[0].w * v.w),
        (((m[1].x * v.x + m[1].y * v.y) + m[1].z * v.z) + m[1].w * v.w),
        (v.w * m[2].w + (v.z * m[2].z + (v.y * m[2].y + v.x * m[2].x))),
        (((v.x * m[3].x + v.y * m[3].y) + v.z * m[3].z) + v.w * m[3].w));
}
fn model_mul_mat4x4_mat4x4(a: mat4x4<f32>, b: mat4x4<f32>) -> mat4x4<f32> {
    return mat4x4<f32>(
        (b[0].x * a[0].x + (a[1].x * b[0].y + (a[2].x * b[0].z + a[3].x * b[0].w))),
        ((a[1].y * b[0].y + (a[2].y * b[0].z + a[3].y * b[0].w)) + b[0].x * a[0].y),
        (b[0].x * a[0].z + (a[1].z * b[0].y + (a[2].z * b[0].z + a[3].z * b[0].w))),
        ((a[1].w * b[0].y + (a[2].w * b[0].z + a[3].w * b[0].w)) + a[0].w * b[0].x),
        (a[0].x * b[1].x + (a[1].x * b[1].y + (a[2].x * b[1].z + a[3].x * b[1].w))),
        ((a[1].y * b[1].y + (a[2].y * b[1].z + a[3].y * b[1].w)) + a[0].y * b[1].x),
        (a[0].z * b[1].x + (a[1].z * b[1].y + (a[2].z * b[1].z + a[3].z * b[1].w))),
        (a[0].w * b[1].x + (a[1].w * b[1].y + (a[2].w * b[1].z + a[3].w * b[1].w))),
        (a[0].x * b[2].x + (a[1].x * b[2].y + (a[2].x * b[2].z + a[3].x * b[2].w))),
        (a[0].y * b[2].x + (a[1].y * b[2].y + (a[2].y * b[2].z + a[3].y * b[2].w))),
        (a[0].z * b[2].x + (a[1].z * b[2].y + (a[2].z * b[2].z + a[3].z * b[2].w))),
        (a[0].w * b[2].x + (a[1].w * b[2].y + (a[2].w * b[2].z + a[3].w * b[2].w))),
        (a[0].x * b[3].x + (a[1].x * b[3].y + (a[2].x * b[3].z + a[3].x * b[3].w))),
        (a[0].y * b[3].x + ((a[2].y * b[3].z + a[3].y * b[3].w) + a[1].y * b[3].y)),
        ((a[1].z * b[3].y + (a[2].z * b[3].z + a[3].z * b[3].w)) + a[0].z * b[3].x),
        (a[0].w * b[3].x + (a[1].w * b[3].y + (a[2].w * b[3].z + a[3].w * b[3].w))));
}

fn model_frexp_fract(x: f32) -> f32 { return select(x, number((bits(x) & 0x807fffffu) | 0x3f000000u), magnitude(x) > 0.0 && magnitude(x) < number(0x7f800000u)); }
fn model_frexp_exp(x: f32) -> i32 { return select(0, i32((bits(x) >> 23u) & 0xffu) - 126, x != 0.0); }
fn model_modf_fract(x: f32) -> f32 { return select(signum(x) * (magnitude(x) - floor(magnitude(x))), number(bits(x) & 0x80000000u), (bits(x) & 0x7fffffffu) == 0x7f800000u); }
fn model_modf_whole(x: f32) -> f32 { return signum(x) * floor(magnitude(x)); }
fn model_ldexp(x: f32, e: i32) -> f32 {
    let exponent = clamp(e, -254, 254);
    let half = exponent >> 1u;
    return x * power_of_two(half) * power_of_two(exponent - half);
}
fn model_i32_from_f32(x: f32) -> i32 { return truncated(least(greatest(x, -2147483648.0), 2147483520.0)); }
fn model_u32_from_f32(x: f32) -> u32 { return u32(least(greatest(x, 0.0), 4294967040.0)); }
// vcvtps2ph and vcvtph2ps: NaN keep what fits of their payload.
fn half_bits(x: f32) -> u32 {
    if is_nan(x) { return ((bits(x) >> 16u) & 0x8000u) | 0x7e00u | ((bits(x) >> 13u) & 0x3ffu); }
    return pack2x16float(vec2<f32>(x, 0.0)) & 0xffffu;
}
fn of_half_bits(h: u32) -> f32 {
    if (h & 0x7fffu) > 0x7c00u { return number(((h & 0x8000u) << 16u) | 0x7fc00000u | ((h & 0x3ffu) << 13u)); }
    return unpack2x16float(h).x;
}
// Without the payload.
fn packed(x: f32) -> u32 { return half_bits(x) & select(0xffffu, 0xfe00u, is_nan(x)); }
fn model_pack2x16float_vec2(v: vec2<f32>) -> u32 { return packed(v.x) | (packed(v.y) << 16u); }
fn model_unpack2x16float(w: u32) -> vec2<f32> { return vec2<f32>(of_half_bits(w & 0xffffu), of_half_bits(w >> 16u)); }
fn model_quantizeToF16(x: f32) -> f32 {
    let h = of_half_bits(half_bits(x));
    return select(h, 0.0, magnitude(h) < 0.00006103515625 && h != 0.0);
}
// To nearest, ties to even, of a product that is rounded.
fn scaled(x: f32, low: f32, scale: f32) -> u32 { return bitcast<u32>(i32(round(least(greatest(x, low), 1.0) * scale))); }
fn model_pack4x8snorm_vec4(v: vec4<f32>) -> u32 {
    return (scaled(v.x, -1.0, 127.0) & 0xffu) | ((scaled(v.y, -1.0, 127.0) & 0xffu) << 8u)
        | ((scaled(v.z, -1.0, 127.0) & 0xffu) << 16u) | ((scaled(v.w, -1.0, 127.0) & 0xffu) << 24u);
}
fn model_pack4x8unorm_vec4(v: vec4<f32>) -> u32 {
    return scaled(v.x, 0.0, 255.0) | (scaled(v.y, 0.0, 255.0) << 8u)
        | (scaled(v.z, 0.0, 255.0) << 16u) | (scaled(v.w, 0.0, 255.0) << 24u);
}
fn model_pack2x16snorm_vec2(v: vec2<f32>) -> u32 {
    return (scaled(v.x, -1.0, 32767.0) & 0xffffu) | (scaled(v.y, -1.0, 32767.0) << 16u);
}
fn model_pack2x16unorm_vec2(v: vec2<f32>) -> u32 {
    return scaled(v.x, 0.0, 65535.0) | (scaled(v.y, 0.0, 65535.0) << 16u);
}
fn model_not_equal(a: f32, b: f32) -> bool { return a < b || a > b; }
