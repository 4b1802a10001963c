// Samples sorted by a random word each, and by their number where words are equal: Batcher's bitonic network (AFIPS 1968)
// over pairs of word and number, padded to a power of two with pairs that sort last. No two pairs are equal, so that the
// order is one, whatever the network or the launch. Blocks of 2 * ${WG} pairs are sorted, and merged in the end, in
// workgroup memory.

//#include shared/philox.wgsl

// params: the key's two words; samples; the bits used of a word; the place of the first validation sample; the padded
// size.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read_write> pairs: array<vec2<u32>>;
// The length of the sequences that are being merged, and the distance of what is compared.
@group(0) @binding(2) var<storage, read_write> stage: array<u32>;
@group(0) @binding(3) var<storage, read_write> order: array<u32>;

const BLOCK: u32 = 2u * ${WG}u;

var<workgroup> held: array<vec2<u32>, BLOCK>;

fn is_before(a: vec2<u32>, b: vec2<u32>) -> bool {
    return a.x < b.x || (a.x == b.x && a.y < b.y);
}

// The first place of the pair number `number` that are `distance` apart.
fn place(number: u32, distance: u32) -> u32 {
    return 2u * distance * (number / distance) + number % distance;
}

@compute @workgroup_size(${WG})
fn keys(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var block = id.x; 4u * block < params[5]; block += groups.x * ${WG}u) {
        let words = philox4x32_10(vec4<u32>(block, 0u, 0u, 0u), vec2<u32>(params[0], params[1]));
        for (var lane = 0u; lane < 4u; lane++) {
            let i = 4u * block + lane;
            if i < params[5] {
                pairs[i] = vec2<u32>(select(0xffffffffu, words[lane] >> (32u - params[3]), i < params[2]), i);
            }
        }
    }
}

// One step of the network within a block: pairs at `distance`, in sequences of `length`, of which every other descends.
fn exchange(lane: u32, start: u32, length: u32, distance: u32) {
    let low = place(lane, distance);
    let high = low + distance;
    let a = held[low];
    let b = held[high];
    if is_before(b, a) == (((start + low) & length) == 0u) {
        held[low] = b;
        held[high] = a;
    }
    workgroupBarrier();
}

@compute @workgroup_size(${WG})
fn sort_blocks(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    for (var block = group.x; block < params[5] / BLOCK; block += groups.x) {
        let start = block * BLOCK;
        held[lane] = pairs[start + lane];
        held[lane + ${WG}u] = pairs[start + lane + ${WG}u];
        workgroupBarrier();
        for (var length = 2u; length <= BLOCK; length *= 2u) {
            for (var distance = length / 2u; distance > 0u; distance /= 2u) {
                exchange(lane, start, length, distance);
            }
        }
        pairs[start + lane] = held[lane];
        pairs[start + lane + ${WG}u] = held[lane + ${WG}u];
        workgroupBarrier();
    }
}

@compute @workgroup_size(${WG})
fn step_all(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let length = stage[0];
    let distance = stage[1];
    for (var number = id.x; number < params[5] / 2u; number += groups.x * ${WG}u) {
        let low = place(number, distance);
        let high = low + distance;
        let a = pairs[low];
        let b = pairs[high];
        if is_before(b, a) == ((low & length) == 0u) {
            pairs[low] = b;
            pairs[high] = a;
        }
    }
}

@compute @workgroup_size(${WG})
fn merge_blocks(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(num_workgroups) groups: vec3<u32>,
) {
    let length = stage[0];
    for (var block = group.x; block < params[5] / BLOCK; block += groups.x) {
        let start = block * BLOCK;
        held[lane] = pairs[start + lane];
        held[lane + ${WG}u] = pairs[start + lane + ${WG}u];
        workgroupBarrier();
        for (var distance = BLOCK / 2u; distance > 0u; distance /= 2u) {
            exchange(lane, start, length, distance);
        }
        pairs[start + lane] = held[lane];
        pairs[start + lane + ${WG}u] = held[lane + ${WG}u];
        workgroupBarrier();
    }
}

// On to the next distance; below a block's size `merge_blocks` takes the rest, and then sequences are twice as long.
@compute @workgroup_size(1)
fn next_stage() {
    if stage[1] < BLOCK {
        stage[0] = 2u * stage[0];
        stage[1] = stage[0] / 2u;
    } else {
        stage[1] = stage[1] / 2u;
    }
}

@compute @workgroup_size(${WG})
fn finish(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params[2]; i += groups.x * ${WG}u) {
        order[i] = pairs[i].y;
    }
}
