// Sum: each row of `params[0]` numbers. Variants:
//   SERIAL_TREE   one workgroup a row: strided serial parts, then a tree in workgroup memory
//   PAIRWISE      neighbours, then neighbours of those, over the whole row: the same order for every workgroup size
//   TWO_PASS      many workgroups a row, each as SERIAL_TREE; a second pass adds their sums the same way
//   SUBGROUP      as SERIAL_TREE, but subgroupAdd first, in whatever order the driver chose
//   SHUFFLE       as SUBGROUP, but with the neighbours' order of PAIRWISE for every subgroup size
//   ATOMIC_CAS    every number is added to one word by compare and swap, in the order of arrival
//   ATOMIC_FLOAT  the same with atomicAdd on binary32
//   KAHAN         as SERIAL_TREE, with Kahan's compensation in the parts and in the tree
//   NEUMAIER      as SERIAL_TREE, with Neumaier's compensation (Kahan and Babuska's)
//   GUARDED       (with KAHAN or NEUMAIER) every sum passes through an integer operation with a zero that the compiler
//                 can not know, so that it can not simplify the compensation away
//   EXACT         integers alone: the sum rounded once, in any order the same
//
// params: 0 the numbers in a row, 1 zero, 2 the workgroups of a row, 3 the rows, from 4 the levels of PAIRWISE.

//#if EXACT
//#include shared/fixed_point.wgsl
@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read> params: array<u32>;
@group(0) @binding(2) var<storage, read_write> totals: array<atomic<u32>>;
@group(0) @binding(3) var<storage, read_write> output: array<u32>;

// A row's words in `totals`: its digits and its flags.
const ROW_WORDS: u32 = LIMBS + 1u;
// Numbers that a workgroup adds before it carries: each changes a digit by less than 2^16, so that 2^15 fit.
const BATCH: u32 = 16384u;

var<workgroup> digits: array<atomic<i32>, LIMBS>;
var<workgroup> flags: atomic<u32>;

@compute @workgroup_size(64)
fn clear(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < params[3] * ROW_WORDS {
        atomicStore(&totals[id.x], 0u);
    }
}

fn add(bits: u32) {
    let d = digits_of(bits);
    atomicAdd(&digits[d.place], d.low);
    atomicAdd(&digits[d.place + 1u], d.middle);
    atomicAdd(&digits[d.place + 2u], d.high);
}

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    let row = group.y;
    let stride = params[2] * ${WG}u;
    let each = BATCH / ${WG}u;
    for (var base = group.x * ${WG}u; base < n; base += each * stride) {
        for (var i = lane; i < LIMBS; i += ${WG}u) {
            atomicStore(&digits[i], 0);
        }
        if lane == 0u {
            atomicStore(&flags, 0u);
        }
        workgroupBarrier();
        var seen = 0u;
        for (var j = 0u; j < each; j++) {
            let i = base + j * stride + lane;
            if i >= n {
                break;
            }
            let bits = input[row * n + i];
            seen |= flags_of(bits);
            add(bits);
        }
        atomicOr(&flags, seen);
        workgroupBarrier();
        if lane == 0u {
            var carry = 0;
            for (var i = 0u; i < LIMBS; i++) {
                let digit = atomicLoad(&digits[i]) + carry;
                atomicAdd(&totals[row * ROW_WORDS + i], u32(digit) & 0xffffu);
                carry = digit >> 16u;
            }
            atomicOr(&totals[row * ROW_WORDS + LIMBS], atomicLoad(&flags));
        }
        workgroupBarrier();
    }
}

@compute @workgroup_size(64)
fn finish(@builtin(global_invocation_id) id: vec3<u32>) {
    let row = id.x;
    if row >= params[3] {
        return;
    }
    var carried: array<u32, 22>;
    var carry = 0u;
    for (var i = 0u; i < LIMBS; i++) {
        let digit = atomicLoad(&totals[row * ROW_WORDS + i]) + carry;
        carried[i] = digit & 0xffffu;
        carry = digit >> 16u;
    }
    output[row] = rounded(carried, atomicLoad(&totals[row * ROW_WORDS + LIMBS]));
}
//#endif

//#if !EXACT
@group(0) @binding(0) var<storage, read> input: array<f32>;
@group(0) @binding(1) var<storage, read> params: array<u32>;
//#endif

//#if ATOMIC_CAS
@group(0) @binding(2) var<storage, read_write> sums: array<atomic<u32>>;

fn clear_one(row: u32) {
    atomicStore(&sums[row], 0u);
}

fn add(row: u32, x: f32) {
    var old = atomicLoad(&sums[row]);
    loop {
        let new_bits = bitcast<u32>(bitcast<f32>(old) + x);
        let found = atomicCompareExchangeWeak(&sums[row], old, new_bits);
        if found.exchanged {
            break;
        }
        old = found.old_value;
    }
}
//#endif

//#if ATOMIC_FLOAT
@group(0) @binding(2) var<storage, read_write> sums: array<atomic<f32>>;

fn clear_one(row: u32) {
    atomicStore(&sums[row], 0.0);
}

fn add(row: u32, x: f32) {
    atomicAdd(&sums[row], x);
}
//#endif

//#if ATOMIC
@compute @workgroup_size(64)
fn clear(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < params[3] {
        clear_one(id.x);
    }
}

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    for (var i = group.x * ${WG}u + lane; i < n; i += params[2] * ${WG}u) {
        add(group.y, input[group.y * n + i]);
    }
}
//#endif

//#if SERIAL_TREE
//#include shared/tree.wgsl
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    let first = group.x * n;
    var sum = 0.0;
    for (var i = lane; i < n; i += ${WG}u) {
        sum = sum + input[first + i];
    }
    let total = tree(lane, sum);
    if lane == 0u {
        output[group.x] = total;
    }
}
//#endif

//#if TWO_PASS
//#include shared/tree.wgsl
// The rows' sums, then each row's workgroups' sums.
@group(0) @binding(2) var<storage, read_write> work: array<f32>;

@compute @workgroup_size(${WG})
fn blocks(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let n = params[0];
    let first = group.y * n;
    var sum = 0.0;
    for (var i = group.x * ${WG}u + lane; i < n; i += params[2] * ${WG}u) {
        sum = sum + input[first + i];
    }
    let total = tree(lane, sum);
    if lane == 0u {
        work[params[3] + group.y * params[2] + group.x] = total;
    }
}

@compute @workgroup_size(${WG})
fn combine(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
    let first = params[3] + group.x * params[2];
    var sum = 0.0;
    for (var i = lane; i < params[2]; i += ${WG}u) {
        sum = sum + work[first + i];
    }
    let total = tree(lane, sum);
    if lane == 0u {
        work[group.x] = total;
    }
}
//#endif

//#if PAIRWISE
//#include shared/pairs.wgsl
// The sums of every level, the rows' own last.
@group(0) @binding(2) var<storage, read_write> work: array<f32>;

// Each workgroup adds up 2 WG neighbours, of the input at level 0 and of the level below after that. A level has
// params[4 + 3 l] numbers in a row, from params[5 + 3 l] on, and puts its sums from params[6 + 3 l] on.
fn level(l: u32, lane: u32, group: vec3<u32>, groups: vec3<u32>) {
    let count = params[4u + 3u * l];
    let from_first = params[5u + 3u * l] + group.y * count;
    let blocks = (count + 2u * ${WG}u - 1u) / (2u * ${WG}u);
    let into_first = params[6u + 3u * l] + group.y * blocks;
    for (var block = group.x; block < blocks; block += groups.x) {
        let i = block * 2u * ${WG}u + 2u * lane;
        var sum = 0.0;
        if i < count {
            if l == 0u {
                sum = input[from_first + i];
                if i + 1u < count {
                    sum = sum + input[from_first + i + 1u];
                }
            } else {
                sum = work[from_first + i];
                if i + 1u < count {
                    sum = sum + work[from_first + i + 1u];
                }
            }
        }
        parts[lane] = sum;
        pairs(lane, (min(count - block * 2u * ${WG}u, 2u * ${WG}u) + 1u) / 2u);
        if lane == 0u {
            work[into_first + block] = parts[0];
        }
        workgroupBarrier();
    }
}

@compute @workgroup_size(${WG})
fn level_0(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    level(0u, lane, group, groups);
}
@compute @workgroup_size(${WG})
fn level_1(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    level(1u, lane, group, groups);
}
@compute @workgroup_size(${WG})
fn level_2(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    level(2u, lane, group, groups);
}
@compute @workgroup_size(${WG})
fn level_3(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    level(3u, lane, group, groups);
}
@compute @workgroup_size(${WG})
fn level_4(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    level(4u, lane, group, groups);
}
@compute @workgroup_size(${WG})
fn level_5(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    level(5u, lane, group, groups);
}
//#endif

//#if SUBGROUP
//#include shared/pairs.wgsl
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(${WG})
fn main(
    @builtin(local_invocation_index) lane: u32,
    @builtin(workgroup_id) group: vec3<u32>,
    @builtin(subgroup_id) subgroup: u32,
    @builtin(num_subgroups) subgroups: u32,
    @builtin(subgroup_size) size: u32,
    @builtin(subgroup_invocation_id) place: u32,
) {
    let n = params[0];
    let first = group.x * n;
//#if SHUFFLE
    // Where every subgroup is full, or there is just one, lanes are numbered through the subgroups, which need not be
    // the numbering of the workgroup. Elsewhere every lane is a subgroup of its own: the order is the same.
    let full = subgroup < subgroups && (subgroups * size == ${WG}u || (subgroups == 1u && size > ${WG}u));
    let mine = select(lane, subgroup * size + place, full);
//#else
    let mine = lane;
//#endif
    var sum = 0.0;
    for (var i = mine; i < n; i += ${WG}u) {
        sum = sum + input[first + i];
    }
//#if SHUFFLE
    var count = ${WG}u;
    if full {
        for (var step = 1u; step < min(size, ${WG}u); step = step * 2u) {
            sum = sum + subgroupShuffleXor(sum, step);
        }
        count = subgroups;
        if place == 0u {
            parts[subgroup] = sum;
        }
    } else {
        parts[lane] = sum;
    }
//#else
    sum = subgroupAdd(sum);
    let count = subgroups;
    if place == 0u {
        parts[subgroup] = sum;
    }
//#endif
    pairs(lane, count);
    if lane == 0u {
        output[group.x] = parts[0];
    }
}
//#endif

//#if COMPENSATED
@group(0) @binding(2) var<storage, read_write> output: array<f32>;

var<workgroup> sums: array<f32, ${WG}>;
var<workgroup> rests: array<f32, ${WG}>;

//#if GUARDED
var<private> zero: u32;

// The same bits, but the compiler does not know that they are.
fn keep(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ zero);
}
//#else
fn keep(x: f32) -> f32 {
    return x;
}
//#endif

// A sum so far, and what rounding has cost it: taken off by KAHAN, added by NEUMAIER at the end.
struct Running {
    sum: f32,
    rest: f32,
}

//#if KAHAN
fn add(a: Running, x: f32, x_rest: f32) -> Running {
    let y = keep(x - keep(a.rest + x_rest));
    let t = keep(a.sum + y);
    let grown = keep(t - a.sum);
    return Running(t, keep(grown - y));
}

fn value(a: Running) -> f32 {
    return keep(a.sum - a.rest);
}
//#endif

//#if NEUMAIER
fn add(a: Running, x: f32, x_rest: f32) -> Running {
    let t = keep(a.sum + x);
    var lost = 0.0;
    if abs(a.sum) >= abs(x) {
        let left = keep(a.sum - t);
        lost = keep(left + x);
    } else {
        let left = keep(x - t);
        lost = keep(left + a.sum);
    }
    return Running(t, keep(keep(a.rest + x_rest) + lost));
}

fn value(a: Running) -> f32 {
    return keep(a.sum + a.rest);
}
//#endif

@compute @workgroup_size(${WG})
fn main(@builtin(local_invocation_index) lane: u32, @builtin(workgroup_id) group: vec3<u32>) {
//#if GUARDED
    zero = params[1];
//#endif
    let n = params[0];
    let first = group.x * n;
    var running = Running(0.0, 0.0);
    for (var i = lane; i < n; i += ${WG}u) {
        running = add(running, input[first + i], 0.0);
    }
    sums[lane] = running.sum;
    rests[lane] = running.rest;
    workgroupBarrier();
    for (var half = ${WG}u / 2u; half > 0u; half = half / 2u) {
        if lane < half {
            let both = add(Running(sums[lane], rests[lane]), sums[lane + half], rests[lane + half]);
            sums[lane] = both.sum;
            rests[lane] = both.rest;
        }
        workgroupBarrier();
    }
    if lane == 0u {
        output[group.x] = value(Running(sums[0], rests[0]));
    }
}
//#endif
