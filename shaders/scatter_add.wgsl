// Rows of numbers added to the rows of an accumulator that an index names; several may name the same. Variants:
//   atomic_cas    one invocation an addend, a compare-and-swap loop on the bits: in whatever order they come
//   atomic_float  the same with the adapter's atomicAdd of binary32
//   sorted        addends sorted by index beforehand, one invocation an element of the output, in the order of the input
// The accumulator starts at given numbers, which the entry point `start` copies (`sorted` reads them itself).

// params: rows and columns of the output, addend rows. Input: the output's start, then the addend rows.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read> input: array<f32>;

//#if SORTED
// segments: for each output row where its addends begin in `order`, and one past the last.
@group(0) @binding(2) var<storage, read> segments: array<u32>;
@group(0) @binding(3) var<storage, read> order: array<u32>;
@group(0) @binding(4) var<storage, read_write> output: array<f32>;

@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let rows = params[0];
    let cols = params[1];
    for (var i = id.x; i < rows * cols; i += groups.x * ${WG}u) {
        let row = i / cols;
        let col = i % cols;
        var sum = input[i];
        for (var j = segments[row]; j < segments[row + 1u]; j++) {
            sum = sum + input[(rows + order[j]) * cols + col];
        }
        output[i] = sum;
    }
}
//#else
// index: for each addend row the output row.
@group(0) @binding(2) var<storage, read> index: array<u32>;
//#if FLOAT
@group(0) @binding(3) var<storage, read_write> output: array<atomic<f32>>;
//#else
@group(0) @binding(3) var<storage, read_write> output: array<atomic<u32>>;
//#endif

@compute @workgroup_size(${WG})
fn start(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    for (var i = id.x; i < params[0] * params[1]; i += groups.x * ${WG}u) {
//#if FLOAT
        atomicStore(&output[i], input[i]);
//#else
        atomicStore(&output[i], bitcast<u32>(input[i]));
//#endif
    }
}

@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let rows = params[0];
    let cols = params[1];
    for (var i = id.x; i < params[2] * cols; i += groups.x * ${WG}u) {
        let at = index[i / cols] * cols + i % cols;
        let x = input[rows * cols + i];
//#if FLOAT
        atomicAdd(&output[at], x);
//#else
        var before = atomicLoad(&output[at]);
        loop {
            let swap = atomicCompareExchangeWeak(&output[at], before, bitcast<u32>(bitcast<f32>(before) + x));
            if swap.exchanged {
                break;
            }
            before = swap.old_value;
        }
//#endif
    }
}
//#endif
