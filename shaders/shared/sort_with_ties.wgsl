// Samples sorted by a random word of few bits each, by counting, where nothing is said of equal words. Their order is
//   LAUNCH   that of the invocations which hold them: invocation t of T holds samples t, t + T, ..
//   neither  that in which atomics hand out the places

//#include shared/philox.wgsl

// params: the key's two words; samples; the bits used of a word; the place of the first validation sample; counters.
@group(0) @binding(0) var<storage, read> params: array<u32>;
//#if LAUNCH
// For each word, a counter an invocation.
@group(0) @binding(1) var<storage, read_write> counters: array<u32>;
//#else
// A counter for each word.
@group(0) @binding(1) var<storage, read_write> counters: array<atomic<u32>>;
//#endif
@group(0) @binding(2) var<storage, read_write> order: array<u32>;

var<workgroup> sums: array<u32, ${WG}>;

fn key_of(sample: u32) -> u32 {
    let words = philox4x32_10(vec4<u32>(sample / 4u, 0u, 0u, 0u), vec2<u32>(params[0], params[1]));
    return words[sample % 4u] >> (32u - params[3]);
}

fn value_of(counter: u32) -> u32 {
//#if LAUNCH
    return counters[counter];
//#else
    return atomicLoad(&counters[counter]);
//#endif
}

fn set_value(counter: u32, value: u32) {
//#if LAUNCH
    counters[counter] = value;
//#else
    atomicStore(&counters[counter], value);
//#endif
}

// Adds one to the counter of a sample's word, and gives what was there.
fn count_up(sample: u32, thread: u32, threads: u32) -> u32 {
//#if LAUNCH
    let counter = key_of(sample) * threads + thread;
    let before = counters[counter];
    counters[counter] = before + 1u;
    return before;
//#else
    return atomicAdd(&counters[key_of(sample)], 1u);
//#endif
}

@compute @workgroup_size(${WG})
fn clear(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params[5]; i += groups.x * ${WG}u) {
        set_value(i, 0u);
    }
}

@compute @workgroup_size(${WG})
fn count(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let threads = groups.x * ${WG}u;
    for (var i = id.x; i < params[2]; i += threads) {
        count_up(i, id.x, threads);
    }
}

// Each counter becomes the sum of those before it. One workgroup, each invocation with a part of its own.
@compute @workgroup_size(${WG})
fn scan(@builtin(local_invocation_index) lane: u32) {
    let each = (params[5] + ${WG}u - 1u) / ${WG}u;
    let start = min(lane * each, params[5]);
    let end = min(start + each, params[5]);
    var sum = 0u;
    for (var i = start; i < end; i++) {
        sum += value_of(i);
    }
    sums[lane] = sum;
    workgroupBarrier();
    var before = 0u;
    for (var i = 0u; i < lane; i++) {
        before += sums[i];
    }
    for (var i = start; i < end; i++) {
        let here = value_of(i);
        set_value(i, before);
        before += here;
    }
}

@compute @workgroup_size(${WG})
fn deal(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let threads = groups.x * ${WG}u;
    for (var i = id.x; i < params[2]; i += threads) {
        order[count_up(i, id.x, threads)] = i;
    }
}
