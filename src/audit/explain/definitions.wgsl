// Operations by other operations: textbook identities, and what processors and compilers make of an operation that they do not
// have. No driver is meant by any of them. The interpreter computes them with an adapter's own values of the operations on their
// right-hand sides. A line that begins with `//#` has the expression as it is told; the functions after it compute it.

fn bits(x: f32) -> u32 { return bitcast<u32>(x); }
fn number(x: u32) -> f32 { return bitcast<f32>(x); }
fn magnitude(x: f32) -> f32 { return number(bits(x) & 0x7fffffffu); }
fn with_sign(x: f32, s: f32) -> f32 { return number(bits(x) ^ (bits(s) & 0x80000000u)); }
fn is_nan(x: f32) -> bool { return (bits(x) & 0x7fffffffu) > 0x7f800000u; }
fn power_of_two(x: i32) -> f32 { return number(u32(x + 127) << 23u); }
// What does not fit is the least integer.
fn truncated(x: f32) -> i32 {
    let low = (bits(x) & 0x7fffffffu) < 0x4f000000u;
    return select(-2147483647i - 1i, i32(select(0.0, x, low)), low);
}

//# exp2(x * 1.442695)
fn model_exp(x: f32) -> f32 { return exp2(x * 1.44269504); }
//# log2(x) * 0.6931472
fn model_log(x: f32) -> f32 { return log2(x) * 0.693147181; }
//# exp2(log2(x) * y)
fn model_pow(x: f32, y: f32) -> f32 { return exp2(log2(x) * y); }
//# exp2(log2(x) * y), and 0 where x is 0
fn model_pow(x: f32, y: f32) -> f32 { return select(0.0, exp2(log2(x) * y), x < 0.0 || x > 0.0); }
//# exp(log(x) * y)
fn model_pow(x: f32, y: f32) -> f32 { return exp(log(x) * y); }
//# exp(x * 0.6931472)
fn model_exp2(x: f32) -> f32 { return exp(x * 0.693147181); }
//# log(x) * 1.442695
fn model_log2(x: f32) -> f32 { return log(x) * 1.44269504; }

//# sin(x) / cos(x)
fn model_tan(x: f32) -> f32 { return sin(x) / cos(x); }
//# (exp(x) - exp(-x)) / 2
fn model_sinh(x: f32) -> f32 { return (exp(x) - exp(-x)) * 0.5; }
//# (exp(x) + exp(-x)) / 2
fn model_cosh(x: f32) -> f32 { return (exp(x) + exp(-x)) * 0.5; }
//# (exp(-x) + exp(x)) / 2
fn model_cosh(x: f32) -> f32 { return (exp(-x) + exp(x)) * 0.5; }
//# (exp(x) - exp(-x)) / (exp(x) + exp(-x))
fn quotient(x: f32) -> f32 {
    let up = exp(x);
    let down = exp(-x);
    return (up - down) / (up + down);
}
fn model_tanh(x: f32) -> f32 { return quotient(x); }
//# (exp(y) - exp(-y)) / (exp(y) + exp(-y)) of y = clamp(x, -10, 10)
fn quotient(x: f32) -> f32 {
    let up = exp(x);
    let down = exp(-x);
    return (up - down) / (up + down);
}
fn model_tanh(x: f32) -> f32 { return quotient(min(max(x, -10.0), 10.0)); }
//# (exp(y) - exp(-y)) / (exp(y) + exp(-y)) of y = clamp(x, -10, 10), and x where x is 0
fn quotient(x: f32) -> f32 {
    let up = exp(x);
    let down = exp(-x);
    return (up - down) / (up + down);
}
fn model_tanh(x: f32) -> f32 {
    return select(x, quotient(min(max(x, -10.0), 10.0)), magnitude(x) > 0.0);
}
//# sinh(x) / cosh(x)
fn model_tanh(x: f32) -> f32 { return sinh(x) / cosh(x); }
//# 1 - 2 / (exp(2 * x) + 1)
fn model_tanh(x: f32) -> f32 { return 1.0 - 2.0 / (exp(2.0 * x) + 1.0); }
//# log(x + sqrt(x * x + 1))
fn model_asinh(x: f32) -> f32 { return log(x + sqrt(x * x + 1.0)); }
//# sign(x) * log(abs(x) + sqrt(x * x + 1))
fn model_asinh(x: f32) -> f32 { return sign(x) * log(abs(x) + sqrt(x * x + 1.0)); }
//# log(x + sqrt(x * x - 1))
fn model_acosh(x: f32) -> f32 { return log(x + sqrt(x * x - 1.0)); }
//# log(x + sqrt(x + 1) * sqrt(x - 1))
fn model_acosh(x: f32) -> f32 { return log(x + sqrt(x + 1.0) * sqrt(x - 1.0)); }
//# log((1 + x) / (1 - x)) / 2
fn model_atanh(x: f32) -> f32 { return log((1.0 + x) / (1.0 - x)) * 0.5; }
//# atan2(x, sqrt(1 - x * x))
fn model_asin(x: f32) -> f32 { return atan2(x, sqrt(1.0 - x * x)); }
//# pi / 2 - acos(x)
fn model_asin(x: f32) -> f32 { return 1.57079632679 - acos(x); }
//# pi / 2 - asin(x)
fn model_acos(x: f32) -> f32 { return 1.57079632679 - asin(x); }
//# atan2(sqrt(1 - x * x), x)
fn model_acos(x: f32) -> f32 { return atan2(sqrt(1.0 - x * x), x); }
//# atan2(x, 1)
fn model_atan(x: f32) -> f32 { return atan2(x, 1.0); }
//# atan(y / x) of the lesser through the greater magnitude, turned to the octant
fn model_atan2(y: f32, x: f32) -> f32 {
    let below = y < 0.0;
    let x0 = with_sign(x, y);
    let y0 = magnitude(y);
    let left = x0 < 0.0;
    let turned = select(0.0, -3.14159265, below) + select(0.0, 1.57079632, left);
    let x1 = select(x0, y0, left);
    let y1 = select(y0, -x0, left);
    let steep = y1 >= x1;
    let x2 = select(x1, y1, steep);
    let y2 = select(y1, x1, steep);
    let infinite = (bits(y2) & 0x7fffffffu) == 0x7f800000u;
    let angle = atan(y2 / x2);
    let mirrored = select(angle, 1.57079632 - angle, steep);
    let more = select(select(mirrored, 0.0, x2 == 0.0), 7.85398163e-1, infinite);
    return select(turned + more, -angle, below && left && steep && !infinite);
}
//# atan(y / x) by a scaled reciprocal, where x is not positive atan(abs(x) / y) and a quarter turn more
fn model_atan2(y: f32, x: f32) -> f32 {
    let flip = 0.0 >= x;
    let s = select(y, magnitude(x), flip);
    let t = select(magnitude(x), y, flip);
    let scale = select(1.0, 0.25, magnitude(t) >= 1e18);
    let rcp = 1.0 / (t * scale);
    let quotient = (s * scale) * rcp;
    let tangent = select(magnitude(quotient), 1.0, magnitude(x) == magnitude(y));
    let arc = select(0.0, 1.0, flip) * 1.57079632679489661923 + atan(tangent);
    return select(arc, -arc, min(y, rcp) < 0.0);
}
//# 1 / sqrt(x)
fn model_inverseSqrt(x: f32) -> f32 { return 1.0 / sqrt(x); }
//# 1 / inverseSqrt(x)
fn model_sqrt(x: f32) -> f32 { return 1.0 / inverseSqrt(x); }
//# x * inverseSqrt(x)
fn model_sqrt(x: f32) -> f32 { return x * inverseSqrt(x); }

//# x * 57.29578
fn model_degrees(x: f32) -> f32 { return x * number(0x42652ee1u); }
//# x * 57.295776
fn model_degrees(x: f32) -> f32 { return x * number(0x42652ee0u); }
//# x * 0.017453292
fn model_radians(x: f32) -> f32 { return x * number(0x3c8efa35u); }
//# x - floor(x)
fn model_fract(x: f32) -> f32 { return x - floor(x); }
//# min(x - floor(x), 0.99999994)
fn model_fract(x: f32) -> f32 { return min(x - floor(x), number(0x3f7fffffu)); }
//# (1 - a) * x + y * a
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return (1.0 - a) * x + y * a; }
//# x * (1 - a) + y * a
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return x * (1.0 - a) + y * a; }
//# x + a * (y - x)
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return x + a * (y - x); }
//# x + (y - x) * a
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return x + (y - x) * a; }
//# (y - x) * a + x
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return (y - x) * a + x; }
//# fma(a, y, (1 - a) * x)
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return fma(a, y, (1.0 - a) * x); }
//# fma(a, y - x, x)
fn model_mix(x: f32, y: f32, a: f32) -> f32 { return fma(a, y - x, x); }
//# t * (t * (3 - 2 * t)) of t = clamp((x - low) / (high - low), 0, 1)
fn model_smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = min(max((x - low) / (high - low), 0.0), 1.0);
    return t * (t * (3.0 - 2.0 * t));
}
//# t * t * (3 - 2 * t) of t = clamp((x - low) / (high - low), 0, 1)
fn model_smoothstep(low: f32, high: f32, x: f32) -> f32 {
    let t = min(max((x - low) / (high - low), 0.0), 1.0);
    return t * t * (3.0 - 2.0 * t);
}
//# min(max(x, low), high)
fn model_clamp(x: f32, low: f32, high: f32) -> f32 { return min(max(x, low), high); }
//# max(min(x, high), low)
fn model_clamp(x: f32, low: f32, high: f32) -> f32 { return max(min(x, high), low); }
//# min(max(x, 0), 1)
fn model_saturate(x: f32) -> f32 { return min(max(x, 0.0), 1.0); }
//# clamp(x, 0, 1)
fn model_saturate(x: f32) -> f32 { return clamp(x, 0.0, 1.0); }
//# 1 where x > 0, -1 where x < 0, else 0
fn model_sign(x: f32) -> f32 { return select(select(0.0, -1.0, x < 0.0), 1.0, x > 0.0); }
//# 1 where x >= edge, else 0
fn model_step(edge: f32, x: f32) -> f32 { return select(0.0, 1.0, x >= edge); }
//# 0 where x < edge, else 1
fn model_step(edge: f32, x: f32) -> f32 { return select(1.0, 0.0, x < edge); }
//# b + c of b = x * y
fn model_fma(a: f32, b: f32, c: f32) -> f32 { return a * b + c; }
//# c + a * b
fn model_fma(a: f32, b: f32, c: f32) -> f32 { return c + a * b; }
//# x - y * trunc(x / y)
fn model_rem(x: f32, y: f32) -> f32 { return x - y * trunc(x / y); }
//# the exact remainder, of magnitudes; NaN for a divisor 0 and for infinities
fn model_rem(x: f32, y: f32) -> f32 {
    let a = bits(x) & 0x7fffffffu;
    let b = bits(y) & 0x7fffffffu;
    if y == 0.0 || a >= 0x7f800000u || b > 0x7f800000u { return (x * y) / (x * y); }
    if a < b { return x; }
    let below = max(b >> 23u, 1u);
    var rest = (a & 0x7fffffu) | select(0u, 0x800000u, a >= 0x800000u);
    let divisor = (b & 0x7fffffu) | select(0u, 0x800000u, b >= 0x800000u);
    for (var e = max(a >> 23u, 1u); e > below; e -= 1u) {
        rest = select(rest, rest - divisor, rest >= divisor) << 1u;
    }
    rest = select(rest, rest - divisor, rest >= divisor);
    if rest == 0u { return with_sign(0.0, x); }
    let shift = firstLeadingBit(rest);
    let exponent = i32(below) - (23 - i32(shift));
    if exponent <= 0 { return with_sign(number(rest << (below - 1u)), x); }
    return with_sign(number((u32(exponent) << 23u) | ((rest << (23u - shift)) & 0x7fffffu)), x);
}
//# -0 - x
fn model_negate(x: f32) -> f32 { return -0.0 - x; }
//# 0 - x
fn model_negate(x: f32) -> f32 { return 0.0 - x; }
//# x * -1
fn model_negate(x: f32) -> f32 { return x * -1.0; }
//# x < y || x > y
fn model_not_equal(x: f32, y: f32) -> bool { return x < y || x > y; }
//# !(x == y)
fn model_not_equal(x: f32, y: f32) -> bool { return !(x == y); }
//# x where x < y, else y
fn model_min(x: f32, y: f32) -> f32 { return number(select(bits(y), bits(x), x < y)); }
//# y where y < x, else x
fn model_min(x: f32, y: f32) -> f32 { return number(select(bits(x), bits(y), y < x)); }
//# x where x < y or y is NaN, else y
fn model_min(x: f32, y: f32) -> f32 { return number(select(bits(y), bits(x), x < y || is_nan(y))); }
//# x where x < y, else y; subnormals as zeros of their sign
fn flushed(x: f32) -> f32 { return number(bits(x) & select(0xffffffffu, 0x80000000u, (bits(x) & 0x7f800000u) == 0u)); }
fn model_min(x: f32, y: f32) -> f32 { return flushed(number(select(bits(y), bits(x), x < y))); }
//# x where x > y, else y
fn model_max(x: f32, y: f32) -> f32 { return number(select(bits(y), bits(x), x > y)); }
//# y where y > x, else x
fn model_max(x: f32, y: f32) -> f32 { return number(select(bits(x), bits(y), y > x)); }
//# x where x > y or y is NaN, else y
fn model_max(x: f32, y: f32) -> f32 { return number(select(bits(y), bits(x), x > y || is_nan(y))); }
//# x where x > y, else y; subnormals as zeros of their sign
fn flushed(x: f32) -> f32 { return number(bits(x) & select(0xffffffffu, 0x80000000u, (bits(x) & 0x7f800000u) == 0u)); }
fn model_max(x: f32, y: f32) -> f32 { return flushed(number(select(bits(y), bits(x), x > y))); }

//# the low 31 bits converted, and 2^31 added where the high one is set
fn model_f32_from_u32(x: u32) -> f32 {
    return f32(i32(x & 0x7fffffffu)) + select(0.0, 2147483648.0, x >= 0x80000000u);
}
//# truncation of min(max(x, -2147483648), 2147483520)
fn model_i32_from_f32(x: f32) -> i32 { return truncated(min(max(x, -2147483648.0), 2147483520.0)); }
//# truncation, and the least integer for what does not fit
fn model_i32_from_f32(x: f32) -> i32 { return truncated(x); }
//# truncation of min(max(x, 0), 4294967040)
fn model_u32_from_f32(x: f32) -> u32 { return u32(min(max(x, 0.0), 4294967040.0)); }
//# truncation, and all bits for what does not fit
fn model_u32_from_f32(x: f32) -> u32 { return select(0xffffffffu, u32(x), x > -1.0 && x < 4294967296.0); }

//# fraction and exponent by bits; of zeros and what compares as one 0
fn model_frexp_fract(x: f32) -> f32 {
    return number((bits(x) & 0x807fffffu) | select(0u, 0x3f000000u, x < 0.0 || x > 0.0));
}
fn model_frexp_exp(x: f32) -> i32 { return select(0, i32((bits(x) >> 23u) & 0xffu) - 126, x < 0.0 || x > 0.0); }
//# fraction and exponent by bits, of subnormals too; zeros, infinities and NaN have the fraction x
fn model_frexp_fract(x: f32) -> f32 {
    return select(x, number((bits(x) & 0x807fffffu) | 0x3f000000u), magnitude(x) > 0.0 && magnitude(x) < number(0x7f800000u));
}
fn model_frexp_exp(x: f32) -> i32 { return select(0, i32((bits(x) >> 23u) & 0xffu) - 126, x != 0.0); }
//# fraction and exponent by bits, of all but zeros
fn model_frexp_fract(x: f32) -> f32 { return select(x, number((bits(x) & 0x807fffffu) | 0x3f000000u), x != 0.0); }
fn model_frexp_exp(x: f32) -> i32 { return select(0, i32((bits(x) >> 23u) & 0xffu) - 126, x != 0.0); }
//# x - trunc(x) and trunc(x)
fn model_modf_fract(x: f32) -> f32 { return x - trunc(x); }
fn model_modf_whole(x: f32) -> f32 { return trunc(x); }
//# fract(abs(x)) and floor(abs(x)), with the sign of x
fn model_modf_fract(x: f32) -> f32 { return fract(magnitude(x)) * with_sign(1.0, x); }
fn model_modf_whole(x: f32) -> f32 { return floor(magnitude(x)) * with_sign(1.0, x); }
//# abs(x) - floor(abs(x)) and floor(abs(x)), times sign(x)
fn model_modf_fract(x: f32) -> f32 {
    let part = sign(x) * (magnitude(x) - floor(magnitude(x)));
    return select(part, with_sign(0.0, x), (bits(x) & 0x7fffffffu) == 0x7f800000u);
}
fn model_modf_whole(x: f32) -> f32 { return sign(x) * floor(magnitude(x)); }
//# x times two powers of two
fn model_ldexp(x: f32, e: i32) -> f32 {
    let exponent = clamp(e, -254, 254);
    let half = exponent >> 1u;
    return x * power_of_two(half) * power_of_two(exponent - half);
}
//# the exponent's bits plus e; subnormal operands and results as zeros
fn model_ldexp(x: f32, e: i32) -> f32 {
    let old = i32((bits(x) >> 23u) & 0xffu);
    let sum = min(old + e, 255);
    if old >= 255 { return x; }
    if min(old, sum) < 1 { return with_sign(0.0, x); }
    if sum >= 255 { return with_sign(number(0x7f800000u), x); }
    return number((bits(x) & 0x807fffffu) | (u32(sum) << 23u));
}
//# unpack2x16float(pack2x16float(x))
fn model_quantizeToF16(x: f32) -> f32 { return unpack2x16float(pack2x16float(vec2<f32>(x, 0.0))).x; }
//# unpack2x16float(pack2x16float(x)), and 0 for the subnormal numbers of binary16
fn model_quantizeToF16(x: f32) -> f32 {
    let h = unpack2x16float(pack2x16float(vec2<f32>(x, 0.0))).x;
    return select(h, 0.0, magnitude(h) < 0.00006103515625 && h != 0.0);
}
//# truncated to 11 bits, infinite above 65504, and 0 below 2^-14
fn model_quantizeToF16(x: f32) -> f32 {
    let a = magnitude(x);
    if a != a { return with_sign(number(0x7fc00000u), x); }
    if a > 65504.0 { return with_sign(number(0x7f800000u), x); }
    return number(select(bits(x) & 0xffffe000u, bits(x) & 0x80000000u, a < 0.000061035));
}
//# round(min(max(x, -1), 1) * 127), likewise 255, 32767 and 65535
fn scaled(x: f32, low: f32, scale: f32) -> u32 { return bitcast<u32>(i32(round(min(max(x, low), 1.0) * scale))); }
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

//# sqrt(dot(x, x))
fn model_length_vec2(a: vec2<f32>) -> f32 { return sqrt(dot(a, a)); }
fn model_length_vec3(a: vec3<f32>) -> f32 { return sqrt(dot(a, a)); }
fn model_length_vec4(a: vec4<f32>) -> f32 { return sqrt(dot(a, a)); }
//# length(x - y)
fn model_distance_vec2(a: vec2<f32>, b: vec2<f32>) -> f32 { return length(a - b); }
fn model_distance_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return length(a - b); }
fn model_distance_vec4(a: vec4<f32>, b: vec4<f32>) -> f32 { return length(a - b); }
//# x / length(x)
fn model_normalize_vec2(a: vec2<f32>) -> vec2<f32> { return a / length(a); }
fn model_normalize_vec3(a: vec3<f32>) -> vec3<f32> { return a / length(a); }
fn model_normalize_vec4(a: vec4<f32>) -> vec4<f32> { return a / length(a); }
//# x * inverseSqrt(dot(x, x))
fn model_normalize_vec2(a: vec2<f32>) -> vec2<f32> { return a * inverseSqrt(dot(a, a)); }
fn model_normalize_vec3(a: vec3<f32>) -> vec3<f32> { return a * inverseSqrt(dot(a, a)); }
fn model_normalize_vec4(a: vec4<f32>) -> vec4<f32> { return a * inverseSqrt(dot(a, a)); }
//# inverseSqrt(dot(x, x)) * x
fn model_normalize_vec3(a: vec3<f32>) -> vec3<f32> { let r = inverseSqrt(dot(a, a)); return vec3<f32>(r * a.x, a.y * r, r * a.z); }
//# x * inverseSqrt(dot(x, x)), with the factors of the second product exchanged
fn model_normalize_vec3(a: vec3<f32>) -> vec3<f32> { let r = inverseSqrt(dot(a, a)); return vec3<f32>(a.x * r, r * a.y, r * a.z); }
//# two products and their difference
fn model_cross_vec3(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(a.y * b.z - b.y * a.z, a.z * b.x - b.z * a.x, a.x * b.y - b.x * a.y);
}
fn model_determinant_mat2x2(m: mat2x2<f32>) -> f32 { return m[0].x * m[1].y - m[0].y * m[1].x; }
//# two products and their difference, with factors exchanged
fn model_cross_vec3(a: vec3<f32>, b: vec3<f32>) -> vec3<f32> {
    return vec3<f32>(b.z * a.y - b.y * a.z, a.z * b.x - b.z * a.x, b.y * a.x - a.y * b.x);
}
//# e - n * (dot(e, n) * 2)
fn model_reflect_vec3(e: vec3<f32>, n: vec3<f32>) -> vec3<f32> {
    let d = dot(e, n) * 2.0;
    return vec3<f32>(e.x - n.x * d, e.y - n.y * d, e.z - n.z * d);
}
//# e - n * (dot(e, n) * 2), with the factors of the later products exchanged
fn model_reflect_vec3(e: vec3<f32>, n: vec3<f32>) -> vec3<f32> {
    let d = dot(e, n) * 2.0;
    return vec3<f32>(e.x - n.x * d, e.y - d * n.y, e.z - d * n.z);
}
//# n where dot(i, r) < 0, else -n
fn model_faceForward_vec3(n: vec3<f32>, i: vec3<f32>, r: vec3<f32>) -> vec3<f32> {
    return select(vec3<f32>(-n.x, -n.y, -n.z), n, dot(i, r) < 0.0);
}
//# eta * i - (eta * dot(i, n) + sqrt(k)) * n of k = 1 - eta * (eta * (1 - dot(i, n) * dot(i, n))), and 0 where k < 0
fn model_refract_vec3(i: vec3<f32>, n: vec3<f32>, eta: f32) -> vec3<f32> {
    let d = dot(i, n);
    let k = 1.0 - eta * (eta * (1.0 - d * d));
    let t = eta * d + sqrt(k);
    return select(vec3<f32>(eta * i.x - t * n.x, eta * i.y - n.y * t, eta * i.z - n.z * t), vec3<f32>(), k < 0.0);
}
//# eta * i - (eta * dot(i, n) + sqrt(k)) * n of k = 1 - eta * eta * (1 - dot(i, n) * dot(i, n)), and 0 unless k >= 0
fn model_refract_vec3(i: vec3<f32>, n: vec3<f32>, eta: f32) -> vec3<f32> {
    let d = dot(i, n);
    let k = 1.0 - eta * eta * (1.0 - d * d);
    let t = eta * d + sqrt(k);
    let bent = vec3<f32>(eta * i.x - t * n.x, eta * i.y - t * n.y, eta * i.z - t * n.z);
    return select(vec3<f32>(), bent, k >= 0.0);
}
//# products added from the first to the last
fn model_dot_vec2(a: vec2<f32>, b: vec2<f32>) -> f32 { return a.x * b.x + a.y * b.y; }
fn model_dot_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return a.x * b.x + a.y * b.y + a.z * b.z; }
fn model_dot_vec4(a: vec4<f32>, b: vec4<f32>) -> f32 { return a.x * b.x + a.y * b.y + a.z * b.z + a.w * b.w; }
//# products added from the first to the last, with the factors of the later ones exchanged
fn model_dot_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return a.x * b.x + b.y * a.y + b.z * a.z; }
fn model_dot_vec4(a: vec4<f32>, b: vec4<f32>) -> f32 { return b.x * a.x + b.y * a.y + b.z * a.z + b.w * a.w; }
//# products added from the last to the first
fn model_dot_vec3(a: vec3<f32>, b: vec3<f32>) -> f32 { return a.x * b.x + (b.y * a.y + b.z * a.z); }
fn model_dot_vec4(a: vec4<f32>, b: vec4<f32>) -> f32 { return b.x * a.x + (b.y * a.y + (b.z * a.z + b.w * a.w)); }
