// The largest of each row of `params[0]` numbers. One workgroup a row unless said otherwise. Variants:
//   BUILTIN   max(): strided parts, then a tree. NaN, and the sign of zero, are the driver's choice
//   COMPARE   select(a, b, a < b) in the same order: NaN follows from the comparison
//   ORDERED   integers alone: the total order of the bit patterns (-NaN below -infinity, -0 below +0, +NaN above
//             +infinity) and atomicMax over many workgroups, `params[1]` a row

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read> params: array<u32>;

//#if ORDERED
@group(0) @binding(2) var<storage, read_write> keys: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> output: array<u32>;

// Bit patterns in an order in which unsigned integers compare as the numbers do.
fn key_of(bits: u32) -> u32 {
    return select(bits | 0x80000000u, ~bits, (bits >> 31u) == 1u);
}

fn bits_of(key: u32) -> u32 {
    return select(~key, key & 0x7fffffffu, (key >> 31u) == 1u);
}

@compute @workgroup_size(64)
fn clear(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < params[2] {
        atomicStore(&keys[id.x], 0u);
    }
}

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    var best = 0u;
    for (var i = group.x * ${WG}u + lane; i < n; i += params[1] * ${WG}u) {
        best = max(best, key_of(input[group.y * n + i]));
    }
    atomicMax(&keys[group.y], best);
}

@compute @workgroup_size(64)
fn finish(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < params[2] {
        output[id.x] = bits_of(atomicLoad(&keys[id.x]));
    }
}
//#else
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

var<workgroup> parts: array<f32, ${WG}>;

fn larger(a: f32, b: f32) -> f32 {
//#if BUILTIN
    return max(a, b);
//#else
    return select(a, b, a < b);
//#endif
}

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    let first = group.x * n;
    // A lane without numbers of its own takes the row's last.
    var best = bitcast<f32>(input[first + min(lane, n - 1u)]);
    for (var i = lane + ${WG}u; i < n; i += ${WG}u) {
        best = larger(best, bitcast<f32>(input[first + i]));
    }
    parts[lane] = best;
    workgroupBarrier();
    for (var half = ${WG}u / 2u; half > 0u; half = half / 2u) {
        if lane < half {
            parts[lane] = larger(parts[lane], parts[lane + half]);
        }
        workgroupBarrier();
    }
    if lane == 0u {
        output[group.x] = parts[0];
    }
}
//#endif
