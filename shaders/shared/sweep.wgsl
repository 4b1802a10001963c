// One function at a run of bit patterns, which are made here: reading them would cost as much as the function.
// control[0] is the first pattern; elements come in runs of 2^control[1], each ${STEP}u patterns after the one before.
// With SAMPLE, element i is of stratum control[0] + i: see `numerics::sweep::inputs`. ${EXPRESSION} is the function of
// x0 and x1, of type ${SCALAR}.

//#if HALF
enable f16;
//#endif

@group(0) @binding(0) var<storage, read_write> output: array<${SCALAR}>;
@group(0) @binding(1) var<storage, read> control: array<u32>;
//#if HALF
// Every binary16 number, by its pattern.
@group(0) @binding(2) var<storage, read> numbers: array<f16>;
//#endif

fn pattern(i: u32) -> u32 {
//#if SAMPLE
    let s = control[0] + i;
    var h = s * 0x9e3779b1u;
    h = (h ^ (h >> 15u)) * 0x85ebca77u;
    return (s << 12u) | select((h >> 20u) & 0xfffu, 0u, (s & 0x7ffu) == 0u);
//#else
    return control[0] + (i & ((1u << control[1]) - 1u)) + (i >> control[1]) * ${STEP}u;
//#endif
}

@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= ${N}u {
        return;
    }
    let p = pattern(i);
//#if HALF
    let x0 = numbers[p & 0xffffu];
    let x1 = numbers[p >> 16u];
//#else
    let x0 = bitcast<f32>(p);
//#endif
    output[i] = ${EXPRESSION};
}
