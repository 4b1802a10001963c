//! liberties: flush, operand-nan
//
// SwiftShader with Subzero for x86-64, built with its legacy precision, as Chromium ships it. Arithmetic and comparisons run
// with subnormal operands and results taken for zeros (MXCSR), and with the processor's NaN; nothing is fused.

fn bits(x: f32) -> u32 { return bitcast<u32>(x); }
fn number(x: u32) -> f32 { return bitcast<f32>(x); }

// Negation is a subtraction from -0.
fn negative(x: f32) -> f32 { return -0.0 - x; }
// A bit operation, which flushes nothing.
fn magnitude(x: f32) -> f32 { return number(bits(x) & 0x7fffffffu); }
// minps and maxps: the second operand unless the first is less, or greater. A subnormal one is a zero, a NaN stays as it is.
fn least(x: f32, y: f32) -> f32 { return flushed(select(y, x, x < y)); }
fn greatest(x: f32, y: f32) -> f32 { return flushed(select(y, x, x > y)); }
fn flushed(x: f32) -> f32 { return number(bits(x) & select(0xffffffffu, 0x80000000u, (bits(x) & 0x7f800000u) == 0u)); }
// cvtps2dq and cvttps2dq: what does not fit is the least integer.
fn fits(x: f32) -> bool { return x >= -2147483648.0 && x < 2147483648.0; }
fn rounded(x: f32) -> i32 { return select(-2147483647i - 1i, i32(round(x)), fits(round(x))); }
fn truncated(x: f32) -> i32 { return select(-2147483647i - 1i, i32(x), fits(x)); }
// 31 bits, then 2^31: two roundings.
fn from_u32(x: u32) -> f32 { return f32(i32(x & 0x7fffffffu)) + select(0.0, 2147483648.0, x >= 0x80000000u); }
// 2^x for the exponents of normal numbers; 127 more overflows into infinity.
fn power_of_two(x: i32) -> f32 { return number(u32(x + 127) << 23u); }

fn model_add(a: f32, b: f32) -> f32 { return a + b; }
fn model_sub(a: f32, b: f32) -> f32 { return a - b; }
fn model_mul(a: f32, b: f32) -> f32 { return a * b; }
fn model_div(a: f32, b: f32) -> f32 { return a / b; }
fn model_negate(a: f32) -> f32 { return negative(a); }
fn model_equal(a: f32, b: f32) -> bool { return a == b; }
// Every comparison is false of NaN.
fn model_not_equal(a: f32, b: f32) -> bool { return a < b || a > b; }
fn model_less(a: f32, b: f32) -> bool { return a < b; }
fn model_less_equal(a: f32, b: f32) -> bool { return a <= b; }
fn model_greater(a: f32, b: f32) -> bool { return a > b; }
fn model_greater_equal(a: f32, b: f32) -> bool { return a >= b; }

fn model_abs(x: f32) -> f32 { return magnitude(x); }
fn model_min(x: f32, y: f32) -> f32 { return least(x, y); }
fn model_max(x: f32, y: f32) -> f32 { return greatest(x, y); }
fn model_clamp(x: f32, low: f32, high: f32) -> f32 { return least(greatest(x, low), high); }
fn model_saturate(x: f32) -> f32 { return least(greatest(x, 0.0), 1.0); }
// Zeros lose their sign, and NaN is zero too.
fn model_sign(x: f32) -> f32 { return select(select(0.0, 1.0, x > 0.0), -1.0, x < 0.0); }
fn model_step(edge: f32, x: f32) -> f32 { return select(0.0, 1.0, x >= edge); }
fn model_floor(x: f32) -> f32 { return floor(x); }
fn model_ceil(x: f32) -> f32 { return ceil(x); }
fn model_trunc(x: f32) -> f32 { return trunc(x); }
fn model_round(x: f32) -> f32 { return round(x); }
// Kept below one, which also replaces NaN.
fn fraction(x: f32) -> f32 { return least(x - floor(x), number(0x3f7fffffu)); }
fn model_fract(x: f32) -> f32 { return fraction(x); }
fn model_fma(a: f32, b: f32, c: f32) -> f32 { return c + a * b; }
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return x + a * (y - x); }
fn model_smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = least(greatest((x - low) / (high - low), 0.0), 1.0);
    return t * t * (3.0 - 2.0 * t);
}
fn model_degrees(x: f32) -> f32 { return x * number(0x42652ee0u); }
fn model_radians(x: f32) -> f32 { return x * number(0x3c8efa35u); }

// C's fmodf on the host: the remainder of the integers, exact, of magnitudes; a subnormal divisor is a zero, a
// subnormal remainder stays. Where the dividend is less it is the result, untouched.
fn model_rem(x: f32, y: f32) -> f32 {
    let sign = bits(x) & 0x80000000u;
    let a = bits(x) & 0x7fffffffu;
    let b = bits(y) & 0x7fffffffu;
    if y == 0.0 || a >= 0x7f800000u || b > 0x7f800000u { return (x * y) / (x * y); }
    if a < b { return x; }
    let below = b >> 23u;
    var rest = (a & 0x7fffffu) | 0x800000u;
    let divisor = (b & 0x7fffffu) | 0x800000u;
    for (var e = a >> 23u; e > below; e -= 1u) {
        rest = select(rest, rest - divisor, rest >= divisor) << 1u;
    }
    rest = select(rest, rest - divisor, rest >= divisor);
    if rest == 0u { return number(sign); }
    let shift = firstLeadingBit(rest);
    let exponent = i32(below) - (23 - i32(shift));
    if exponent <= 0 { return number(sign | (rest << (below - 1u))); }
    return number(sign | (u32(exponent) << 23u) | ((rest << (23u - shift)) & 0x7fffffu));
}

fn model_sqrt(x: f32) -> f32 { return sqrt(x); }
fn model_inverseSqrt(x: f32) -> f32 { return 1.0 / sqrt(x); }

// Clamped, split at the integer next to x - 1/2, a polynomial of degree 5, and the exponent from its bits. NaN becomes 128.
fn exp2_of(x: f32) -> f32 {
    let y = greatest(least(x, 128.0), number(0xc2fdffffu));
    let whole = rounded(y - 0.5);
    let f = y - f32(whole);
    var p = number(0x3af61905u);
    p = p * f + number(0x3c134806u);
    p = p * f + number(0x3d64aa23u);
    p = p * f + number(0x3e75ead4u);
    p = p * f + number(0x3f31727bu);
    p = p * f + 1.0;
    return power_of_two(whole) * p;
}
// The exponent from its bits, and a rational function of the significand. The sign is ignored.
fn log2_of(x: f32) -> f32 {
    if bits(x) == 0x7f800000u { return x; }
    let exponent = (number(((bits(x) & 0x7f800000u) >> 8u) | 0x3f800000u) - 1.4960938) * 256.0;
    let m = number((bits(x) & 0x7fffffu) | 0x3f800000u);
    let above = (9.5428179e-2 * m + 4.7779095e-1) * m + 1.9782813e-1;
    let below = ((1.6618466e-2 * m + 2.0350508e-1) * m + 2.7382900e-1) * m + 4.0496687e-2;
    return exponent + (m - 1.0) * (above / below);
}
fn exp_of(x: f32) -> f32 { return exp2_of(1.44269504 * x); }
fn log_of(x: f32) -> f32 { return 6.93147181e-1 * log2_of(x); }
fn model_exp2(x: f32) -> f32 { return exp2_of(x); }
fn model_log2(x: f32) -> f32 { return log2_of(x); }
fn model_exp(x: f32) -> f32 { return exp_of(x); }
fn model_log(x: f32) -> f32 { return log_of(x); }
fn model_pow(x: f32, y: f32) -> f32 { return exp2_of(log2_of(x) * y); }

// In turns: a triangle of the angle, then an odd polynomial of degree 5.
fn sine_of_turns(x: f32) -> f32 {
    let s = x * x;
    return ((number(0x4294e0b6u) * s + number(0xc224ad6fu)) * s + number(0x40c908acu)) * x;
}
const TURNS: u32 = 0x3e22f983u;
fn sin_of(x: f32) -> f32 {
    let t = x * -number(TURNS) + 0.25;
    return sine_of_turns(0.25 - magnitude(t - round(t)));
}
fn cos_of(x: f32) -> f32 {
    let t = x * number(TURNS);
    return sine_of_turns(0.25 - magnitude(t - round(t)));
}
fn model_sin(x: f32) -> f32 { return sin_of(x); }
fn model_cos(x: f32) -> f32 { return cos_of(x); }
fn model_tan(x: f32) -> f32 { return sin_of(x) / cos_of(x); }

// By the exponential, in every range.
fn model_sinh(x: f32) -> f32 { return (exp_of(x) - exp_of(negative(x))) * 0.5; }
fn model_cosh(x: f32) -> f32 { return (exp_of(x) + exp_of(negative(x))) * 0.5; }
fn model_tanh(x: f32) -> f32 {
    let up = exp_of(x);
    let down = exp_of(negative(x));
    return (up - down) / (up + down);
}
fn model_asinh(x: f32) -> f32 { return log_of(x + sqrt(x * x + 1.0)); }
fn model_acosh(x: f32) -> f32 { return log_of(x + sqrt(x + 1.0) * sqrt(x - 1.0)); }
fn model_atanh(x: f32) -> f32 { return log_of((1.0 + x) / (1.0 - x)) * 0.5; }

// C's asinf on the host (here glibc 2.36): below one half an odd polynomial; above, by the root of half the distance from one,
// near one plainly, else with the root's high half apart.
fn near_zero(t: f32) -> f32 {
    return t * (1.666675248e-1 + t * (7.495297643e-2 + t * (4.547037598e-2 + t * (2.417951451e-2 + t * 4.216630880e-2))));
}
fn model_asin(x: f32) -> f32 {
    let a = bits(x) & 0x7fffffffu;
    let high = 1.57079637050628662109375;
    let low = -4.37113900018624283e-8;
    if a == 0x3f800000u { return x * high + x * low; }
    if a > 0x7f800000u { return x + x; }
    if a > 0x3f800000u { return number(0x7fc00000u); }
    if a < 0x32000000u { return x; }
    if a < 0x3f000000u { return x + x * near_zero(x * x); }
    let t = (1.0 - magnitude(x)) * 0.5;
    let p = near_zero(t);
    let s = sqrt(t);
    let head = number(bits(s) & 0xfffff000u);
    let c = (t - head * head) / (s + head);
    let split = 2.0 * s * p - (low - 2.0 * c);
    let quarter = 0.785398185253143310546875;
    let apart = quarter - (split - (quarter - 2.0 * head));
    let plain = high - (2.0 * (s + s * p) - low);
    return number(bits(select(apart, plain, a >= 0x3f79999au)) ^ (bits(x) & 0x80000000u));
}

// Abramowitz and Stegun 4.4.45, of the magnitude.
fn model_acos(x: f32) -> f32 {
    let a = magnitude(x);
    let p = 1.5707288 + a * (-0.2121144 + a * (0.0742610 + a * -0.0187293));
    let asin = 1.57079632 - sqrt(1.0 - a) * p;
    return 1.57079632 - number(bits(asin) ^ (bits(x) & 0x80000000u));
}
// Abramowitz and Stegun 4.4.49.
fn arc_tangent(x: f32) -> f32 {
    let s = x * x;
    var p = s * 0.0028662257;
    p = s * (-0.0161657367 + p);
    p = s * (0.0429096138 + p);
    p = s * (-0.0752896400 + p);
    p = s * (0.1065626393 + p);
    p = s * (-0.1420889944 + p);
    p = s * (0.1999355085 + p);
    p = s * (-0.3333314528 + p);
    return x + x * p;
}
fn model_atan(x: f32) -> f32 {
    let a = magnitude(x);
    let large = a >= 1.0;
    let angle = arc_tangent(select(a, 1.0 / a, large));
    let result = select(angle, 1.57079632 - angle, large);
    return number(bits(result) ^ (bits(x) & 0x80000000u));
}
// The angle is turned to the first octant by masks; where one is unset the term is +0.
fn model_atan2(y: f32, x: f32) -> f32 {
    let below = y < 0.0;
    let x0 = number((bits(y) & 0x80000000u) ^ bits(x));
    let y0 = magnitude(y);
    let left = x0 < 0.0;
    let turned = select(0.0, -3.14159265, below) + select(0.0, 1.57079632, left);
    let x1 = select(x0, y0, left);
    let y1 = select(y0, negative(x0), left);
    let steep = y1 >= x1;
    let x2 = select(x1, y1, steep);
    let y2 = select(y1, x1, steep);
    let infinite = (bits(y2) & 0x7fffffffu) == 0x7f800000u;
    let angle = arc_tangent(y2 / x2);
    let mirrored = select(angle, 1.57079632 - angle, steep);
    let more = select(select(mirrored, 0.0, x2 == 0.0), 7.85398163e-1, infinite);
    return select(turned + more, negative(angle), below && left && steep && !infinite);
}

// Left to right.
fn model_dot_vec2(a: vec2<f32>, b: vec2<f32>) -> f32 { return a.x * b.x + a.y * b.y; }
fn dot3(a: vec3<f32>, b: vec3<f32>) -> f32 { return a.x * b.x + a.y * b.y + a.z * b.z; }
fn model_dot_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return dot3(a, b); }
fn dot4(a: vec4<f32>, b: vec4<f32>) -> f32 { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }
fn model_dot_vec4(a: vec4<f32>, b: vec4<f32>) -> f32 { return dot4(a, b); }
fn model_length_vec2(a: vec2<f32>) -> f32 { return sqrt(model_dot_vec2(a, a)); }
fn model_length_vec3(a: vec3<f32>) -> f32 { return sqrt(dot3(a, a)); }
fn model_length_vec4(a: vec4<f32>) -> f32 { return sqrt(dot4(a, a)); }
fn model_distance_vec2(a: vec2<f32>, b: vec2<f32>) -> f32 { let d = a - b; return sqrt(d.x * d.x + d.y * d.y); }
fn model_distance_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { let d = a - b; return sqrt(d.x * d.x + d.y * d.y + d.z * d.z); }
// By the reciprocal of the length. Which factor's NaN stays depends on the registers of the compiled product, here and below.
fn model_normalize_vec2(a: vec2<f32>) -> vec2<f32> { return (1.0 / sqrt(model_dot_vec2(a, a))) * a; }
fn model_normalize_vec3(a: vec3<f32>) -> vec3<f32> {
    let r = 1.0 / sqrt(dot3(a, a));
    return vec3<f32>(r * a.x, a.y * r, r * a.z);
}
fn model_normalize_vec4(a: vec4<f32>) -> vec4<f32> {
    let r = 1.0 / sqrt(dot4(a, a));
    return vec4<f32>(r * a.x, a.y * r, a.z * r, r * a.w);
}
fn model_cross_vec3(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(a.y * b.z - b.y * a.z, a.z * b.x - b.z * a.x, a.x * b.y - b.x * a.y);
}
fn model_determinant_mat2x2(m: mat2x2<f32>) -> f32 { return m[0].x * m[1].y - m[0].y * m[1].x; }
fn model_reflect_vec3(e: vec3<f32>, n: vec3<f32>) -> vec3<f32> {
    let twice = 2.0 * dot3(e, n);
    return vec3<f32>(e.x - n.x * twice, e.y - n.y * twice, e.z - n.z * twice);
}
fn model_faceForward_vec3(n: vec3<f32>, i: vec3<f32>, r: vec3<f32>) -> vec3<f32> {
    let away = vec3<f32>(negative(n.x), negative(n.y), negative(n.z));
    return select(away, n, dot3(i, r) < 0.0);
}
// Zero by a mask where k is negative or NaN.
fn model_refract_vec3(i: vec3<f32>, n: vec3<f32>, eta: f32) -> vec3<f32> {
    let d = dot3(i, n);
    let k = 1.0 - eta * eta * (1.0 - d * d);
    let t = eta * d + sqrt(k);
    let bent = vec3<f32>(eta * i.x - t * n.x, eta * i.y - t * n.y, eta * i.z - t * n.z);
    return select(vec3<f32>(), bent, k >= 0.0);
}
fn model_mul_mat4x4_vec4(m: mat4x4<f32>, v: vec4<f32>) -> vec4<f32> {
    return m[0] * v.x + m[1] * v.y + m[2] * v.z + m[3] * v.w;
}
fn model_mul_vec4_mat4x4(v: vec4<f32>, m: mat4x4<f32>) -> vec4<f32> {
    return vec4<f32>(dot4(m[0], v), dot4(m[1], v), dot4(m[2], v), dot4(v, m[3]));
}
fn model_mul_mat4x4_mat4x4(a: mat4x4<f32>, b: mat4x4<f32>) -> mat4x4<f32> {
    let last = vec4<f32>(a[0].w, a[1].w, a[2].w, a[3].w);
    return mat4x4<f32>(
        vec4<f32>(model_mul_mat4x4_vec4(a, b[0]).xyz, dot4(b[0], last)),
        vec4<f32>(model_mul_mat4x4_vec4(a, b[1]).xyz, dot4(b[1], last)),
        vec4<f32>(model_mul_mat4x4_vec4(a, b[2]).xyz, dot4(b[2], last)),
        model_mul_mat4x4_vec4(a, b[3]));
}

// Bits of the significand with the exponent of 1/2; of zeros, NaN and what is flushed with none.
fn model_frexp_fract(x: f32) -> f32 { return number((bits(x) & 0x807fffffu) | select(0u, 0x3f000000u, x < 0.0 || x > 0.0)); }
fn model_frexp_exp(x: f32) -> i32 { return select(0, i32((bits(x) >> 23u) & 0xffu) - 126, x < 0.0 || x > 0.0); }
fn signed_one(x: f32) -> f32 { return number((bits(x) & 0x80000000u) | 0x3f800000u); }
fn model_modf_fract(x: f32) -> f32 { return fraction(magnitude(x)) * signed_one(x); }
fn model_modf_whole(x: f32) -> f32 { return floor(magnitude(x)) * signed_one(x); }
// Two powers of two, so that no product on the way overflows.
fn model_ldexp(x: f32, e: i32) -> f32 {
    let exponent = clamp(e, -254, 254);
    let half = exponent >> 1u;
    return x * power_of_two(half) * power_of_two(exponent - half);
}
// Truncated; least normals of binary16 and below are zeros, and the numbers above its greatest infinite.
fn model_quantizeToF16(x: f32) -> f32 {
    let a = magnitude(x);
    let sign = bits(x) & 0x80000000u;
    if a != a { return number(sign | 0x7fc00000u); }
    if a > 65504.0 { return number(sign | 0x7f800000u); }
    return number(select(bits(x) & 0xffffe000u, sign, a < 0.000061035));
}

fn model_f32_from_u32(x: u32) -> f32 { return from_u32(x); }
// Clamped as min and max do, so that NaN becomes the lower end.
fn model_i32_from_f32(x: f32) -> i32 { return truncated(least(greatest(x, -2147483648.0), 2147483520.0)); }
fn model_u32_from_f32(x: f32) -> u32 {
    let y = least(greatest(x, 0.0), 4294967040.0);
    if y >= 2147483648.0 { return u32(truncated(y - 2147483648.0)) + 0x80000000u; }
    return u32(truncated(y));
}

fn half_bits(x: f32) -> u32 {
    let a = bits(x) & 0x7fffffffu;
    let normal = a > 0x38800000u;
    let shift = 113u - (a >> 23u);
    let small = select(0u, ((a & 0x7fffffu) | 0x800000u) >> (shift & 31u), shift < 24u);
    let base = select(small, a, normal);
    let rounded = (base + select(0u, 0xc8000000u, normal) + 0xfffu + ((base >> 13u) & 1u)) >> 13u;
    return ((bits(x) & 0x80000000u) >> 16u) | rounded | select(0u, 0x7fffu, a > 0x47ffefffu);
}
// To nearest, with every infinity and NaN as the NaN of all bits; binary16's subnormals are cut first.
fn model_pack2x16float_vec2(v: vec2<f32>) -> u32 { return half_bits(v.x) | (half_bits(v.y) << 16u); }
fn of_half_bits(h: u32) -> f32 {
    let sign = (h & 0x8000u) << 16u;
    let m = h & 0x3ffu;
    let e = h & 0x7c00u;
    if e == 0u { return number(sign | bits(number(0x3f000000u + m) - 0.5)); }
    return number(sign | (m << 13u) | ((e + 0x1c000u) << 13u) | select(0u, 0x7f800000u, e == 0x7c00u));
}
fn model_unpack2x16float(w: u32) -> vec2<f32> { return vec2<f32>(of_half_bits(w & 0xffffu), of_half_bits(w >> 16u)); }

fn scaled(x: f32, low: f32, scale: f32) -> u32 { return bitcast<u32>(rounded(least(greatest(x, low), 1.0) * scale)); }
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
    return (scaled(v.x, 0.0, 65535.0) & 0xffffu) | (scaled(v.y, 0.0, 65535.0) << 16u);
}
// The bits stay in the high end of the word; the divisor's reciprocal is rounded beforehand.
fn shifted(w: u32, by: u32, mask: u32, reciprocal: f32) -> f32 {
    return least(greatest(f32(bitcast<i32>((w << by) & mask)) * reciprocal, -1.0), 1.0);
}
fn model_unpack4x8snorm(w: u32) -> vec4<f32> {
    let r = number(0x30010204u);
    let m = 0xff000000u;
    return vec4<f32>(shifted(w, 24u, m, r), shifted(w, 16u, m, r), shifted(w, 8u, m, r), shifted(w, 0u, m, r));
}
fn model_unpack2x16snorm(w: u32) -> vec2<f32> {
    let r = number(0x30000100u);
    return vec2<f32>(shifted(w, 16u, 0xffff0000u, r), shifted(w, 0u, 0xffff0000u, r));
}
fn model_unpack4x8unorm(w: u32) -> vec4<f32> {
    let r = number(0x3b808081u);
    return vec4<f32>(f32(w & 0xffu) * r, f32((w >> 8u) & 0xffu) * r, f32((w >> 16u) & 0xffu) * r, f32(w >> 24u) * r);
}
fn model_unpack2x16unorm(w: u32) -> vec2<f32> {
    let r = number(0x2f800080u);
    return vec2<f32>(from_u32(w << 16u) * r, from_u32(w & 0xffff0000u) * r);
}
