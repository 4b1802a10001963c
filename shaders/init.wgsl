// Initial weights of a layer, a matrix of rows (outputs) times cols (inputs), element i from the Philox words of counter
// i / 4. Variants, by distribution:
//   xavier_uniform, kaiming_uniform   u * range + low, with u = f32(word) * 2^-32 + 2^-33
//   xavier_normal, kaiming_normal     z * deviation, with z by Box and Muller's transform
//   truncated_normal                  sqrt(2) * deviation * erfinv(x), with x uniform between erf(-+sqrt(2)); Giles's polynomial
//   orthogonal                        orthonormal rows of a given matrix, by modified Gram-Schmidt in a fixed order
// and by way:
//   native    as frameworks have it: the adapter's conversions, functions, products and sums
//   integer   the same distribution from 32-bit integers, rounded once (INTEGER): no driver has a choice
//   guarded   of orthogonal: products that feed sums pass an exclusive or with a run-time zero, and rows are divided by a
//             square root, not multiplied by inverseSqrt (GUARDED)

// params: the key's two words, then the constants of a variant in the order in which they are named below; of
// orthogonal: rows, cols, and a zero.
@group(0) @binding(0) var<storage, read> params: array<u32>;
//#if ORTHOGONAL
@group(0) @binding(1) var<storage, read_write> output: array<f32>;
@group(0) @binding(2) var<storage, read> input: array<f32>;
//#include shared/row.wgsl

fn kept(x: f32) -> f32 {
//#if GUARDED
    return bitcast<f32>(bitcast<u32>(x) ^ params[2]);
//#else
    return x;
//#endif
}

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32) {
    let cols = params[1];
    for (var k = 0u; k < params[0]; k++) {
        let row = k * cols;
        for (var i = lane; i < cols; i += ${WG}u) {
            output[row + i] = input[row + i];
        }
        for (var j = 0u; j < k; j++) {
            let other = j * cols;
            var part = 0.0;
            for (var i = lane; i < cols; i += ${WG}u) {
                part = part + kept(output[other + i] * output[row + i]);
            }
            let along = tree_sum(lane, part);
            for (var i = lane; i < cols; i += ${WG}u) {
                output[row + i] = output[row + i] - kept(along * output[other + i]);
            }
        }
        var part = 0.0;
        for (var i = lane; i < cols; i += ${WG}u) {
            part = part + kept(output[row + i] * output[row + i]);
        }
        let square = tree_sum(lane, part);
//#if GUARDED
        let length = sqrt(square);
//#else
        let scale = inverseSqrt(square);
//#endif
        for (var i = lane; i < cols; i += ${WG}u) {
//#if GUARDED
            output[row + i] = output[row + i] / length;
//#else
            output[row + i] = output[row + i] * scale;
//#endif
        }
    }
}
//#else
@group(0) @binding(1) var<storage, read_write> output: array<u32>;
//#if INTEGER
@group(0) @binding(2) var<storage, read> table: array<u32>;
//#include shared/quantile.wgsl
//#else
//#include shared/philox.wgsl
//#endif

//#if INTEGER
// A factor of 24 bits, and its exponent.
fn scaled(x: Fixed) -> u32 {
    return product(x, params[2], bitcast<i32>(params[3]));
}

fn draw(words: vec4<u32>) -> vec4<u32> {
    var bits: vec4<u32>;
    for (var lane = 0u; lane < 4u; lane++) {
        let word = words[lane];
//#if UNIFORM
        // The odd number 2 * word + 1 - 2^32, in units of 2^-32.
        let upper = word >> 31u;
        let from_middle = select(0x7fffffffu - word, word - 0x80000000u, upper == 1u);
        bits[lane] = scaled(Fixed(2u * from_middle + 1u, 32u, (upper ^ 1u) << 31u));
//#endif
//#if NORMAL
        bits[lane] = scaled(quantile(word));
//#endif
//#if TRUNCATED
        // The word's place between the words of -2 and 2.
        var z = quantile(params[4] + mul_high(word, params[5]));
        if z.point == 29u {
            z.magnitude = min(z.magnitude, 2u << 29u);
        }
        bits[lane] = scaled(z);
//#endif
    }
    return bits;
}
//#else
//#if NORMAL
//#include shared/box_muller.wgsl
fn draw(words: vec4<u32>) -> vec4<u32> {
    let z = vec4<f32>(box_muller(words.x, words.y), box_muller(words.z, words.w));
    return bitcast<vec4<u32>>(z * constant(5u));
}
//#else
fn constant(k: u32) -> f32 {
    return bitcast<f32>(params[2u + k]);
}

// 2^-32, 2^-33, the range and its lower end.
fn between(word: u32) -> f32 {
    let u = f32(word) * constant(0u) + constant(1u);
    return u * constant(2u) + constant(3u);
}

fn one(word: u32) -> f32 {
//#if TRUNCATED
    // 5/2, sqrt(2) times the deviation, the largest weight, and the nine coefficients.
    let x = between(word);
    let w = -log((1.0 - x) * (1.0 + x)) - constant(4u);
    var p = constant(7u);
    for (var i = 8u; i < 16u; i++) {
        let next = constant(i);
        p = p * w + next;
    }
    let limit = constant(6u);
    return min(max(p * x * constant(5u), -limit), limit);
//#else
    return between(word);
//#endif
}

fn draw(words: vec4<u32>) -> vec4<u32> {
    return bitcast<vec4<u32>>(vec4<f32>(one(words.x), one(words.y), one(words.z), one(words.w)));
}
//#endif
//#endif

@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let n = arrayLength(&output);
    let key = vec2<u32>(params[0], params[1]);
    for (var block = id.x; 4u * block < n; block += groups.x * ${WG}u) {
        let bits = draw(philox4x32_10(vec4<u32>(block, 0u, 0u, 0u), key));
        for (var lane = 0u; lane < 4u; lane++) {
            let i = 4u * block + lane;
            if i < n {
                output[i] = bits[lane];
            }
        }
    }
}
//#endif
