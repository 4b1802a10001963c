// A training of a perceptron of four widths: every entry point is one operation of a step, and all of them together, again and
// again, are the training. Whatever a step needs is on the device. INTEGER is fixed point in 32-bit integers, of which WGSL says
// everything. PORTABLE is binary32 of which contraction and built-in functions cannot change a bit: operands of products are
// bfloat16, constants powers of two, the softmax that of the integers. Otherwise it is binary32 as a framework uses it, with
// built-in functions and x * y + z.
//
// The scales and roundings of the integers are told in src/kernels/train/fixed.rs.

//#include shared/philox.wgsl

const SAMPLES = ${SAMPLES}u;
const BATCH = ${BATCH}u;
const EPOCH = ${EPOCH}u;
const CLASSES = ${CLASSES}u;
const PARAMETERS = ${PARAMETERS}u;
const GRADIENT = ${GRADIENT}u;
const TERMS = ${TERMS}u;

// Where the schedule has its parts: the step, the seeds' words, the keys, the order of the images.
const STEP = 0u;
const SHUFFLE_SEED = 1u;
const DROPOUT_SEED = 3u;
const ZERO = 5u;
const KEYS = 6u;
const ORDER = 6u + SAMPLES;

// What a layer is made of, by number from 0: the widths of its rows before and after, and where its tensors are.
const INPUTS = array<u32, 3>(${INPUTS});
const OUTPUTS = array<u32, 3>(${OUTPUTS});
const WEIGHTS = array<u32, 3>(${WEIGHTS});
const BIASES = array<u32, 3>(${BIASES});
const ROWS = array<u32, 4>(${ROWS});
const DELTAS = array<u32, 3>(${DELTAS});

//#if INTEGER
alias Number = i32;
const UNIT = 1024;
//#else
alias Number = f32;
const UNIT = 1.0;
//#endif

// Four pixels a word, 16 words an image; then the labels.
@group(0) @binding(0) var<storage, read> images: array<u32>;
@group(0) @binding(1) var<storage, read_write> schedule: array<u32>;
@group(0) @binding(2) var<storage, read_write> state: array<Number>;
//#if INTEGER
// Two sums a parameter.
@group(0) @binding(3) var<storage, read_write> sums: array<atomic<i32>>;
//#endif

// Element `i` of a draw.
fn draw(i: u32, a: u32, b: u32, purpose: u32, seed: u32) -> u32 {
    let key = vec2<u32>(schedule[seed], schedule[seed + 1u]);
    return philox4x32_10(vec4<u32>(i / 4u, a, b, purpose), key)[i % 4u];
}

// The term that is taken as number `turn` of `count`.
fn term(turn: u32, count: u32) -> u32 {
//#if REVERSED
    return count - 1u - turn;
//#else
    return turn;
//#endif
}

//#if INTEGER
// value / 2^bits, rounded to nearest, halves up.
fn shifted(value: i32, bits: u32) -> i32 {
    return (value + (1 << (bits - 1u))) >> bits;
}
fn pixel(level: u32) -> i32 {
    return i32(level) << 6u;
}
fn forward_operand(weight: i32) -> i32 {
    return shifted(weight, 6u);
}
fn bias_term(weight: i32) -> i32 {
    return weight << 4u;
}
fn rectified(sum: i32) -> i32 {
    return shifted(max(sum, 0), 14u);
}
fn kept(number: i32) -> i32 {
    return shifted(number * 5, 2u);
}
fn delta_operand(delta: i32) -> i32 {
    return shifted(delta, 4u);
}
fn backward_operand(weight: i32) -> i32 {
    return shifted(weight, 8u);
}
fn hidden(sum: i32) -> i32 {
    return shifted(sum, 8u);
}
fn next_velocity(velocity: i32, gradient: i32) -> i32 {
    return velocity - shifted(velocity, 3u) + gradient;
}
fn next_weight(weight: i32, velocity: i32) -> i32 {
    return weight - shifted(velocity, 4u);
}
//#else
fn pixel(level: u32) -> f32 {
    return f32(level) * 0.0625;
}
fn bias_term(weight: f32) -> f32 {
    return weight;
}
fn hidden(sum: f32) -> f32 {
    return sum;
}
//#if PORTABLE
// Rounded to bfloat16, ties to even, in integers.
fn bfloat(number: f32) -> f32 {
    let word = bitcast<u32>(number);
    return bitcast<f32>((word + 0x7fffu + ((word >> 16u) & 1u)) & 0xffff0000u);
}
// The same number, of which no compiler knows where it comes from.
fn apart(number: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(number) ^ schedule[ZERO]);
}
fn forward_operand(weight: f32) -> f32 {
    return bfloat(weight);
}
fn rectified(sum: f32) -> f32 {
    return select(0.0, bfloat(sum), sum > 0.0);
}
fn kept(number: f32) -> f32 {
    return bfloat(number * 1.25);
}
fn delta_operand(delta: f32) -> f32 {
    return bfloat(delta);
}
fn backward_operand(weight: f32) -> f32 {
    return bfloat(weight);
}
fn next_velocity(velocity: f32, gradient: f32) -> f32 {
    return apart(velocity - velocity * 0.125) + gradient;
}
fn next_weight(weight: f32, velocity: f32) -> f32 {
    return weight - velocity * 0.0625;
}
//#else
fn forward_operand(weight: f32) -> f32 {
    return weight;
}
fn rectified(sum: f32) -> f32 {
    return max(sum, 0.0);
}
fn kept(number: f32) -> f32 {
    return number * 1.25;
}
fn delta_operand(delta: f32) -> f32 {
    return delta;
}
fn backward_operand(weight: f32) -> f32 {
    return weight;
}
fn next_velocity(velocity: f32, gradient: f32) -> f32 {
    return gradient + velocity * 0.875;
}
fn next_weight(weight: f32, velocity: f32) -> f32 {
    return weight - velocity * 0.0625;
}
//#endif
//#endif

// The keys of an epoch's order, at its first step.
@compute @workgroup_size(${WG})
fn keys(@builtin(global_invocation_id) id: vec3<u32>) {
    let step = schedule[STEP];
    if step % EPOCH == 0u && id.x < SAMPLES {
        schedule[KEYS + id.x] = draw(id.x, step / EPOCH, 0u, 2u, SHUFFLE_SEED);
    }
}

// An image's place is the number of images with a smaller key, or an equal one and a smaller index.
@compute @workgroup_size(${WG})
fn shuffle(@builtin(global_invocation_id) id: vec3<u32>) {
    if schedule[STEP] % EPOCH == 0u && id.x < SAMPLES {
        let key = schedule[KEYS + id.x];
        var place = 0u;
        for (var other = 0u; other < SAMPLES; other++) {
            let there = schedule[KEYS + other];
            place += select(0u, 1u, there < key || (there == key && other < id.x));
        }
        schedule[ORDER + place] = id.x;
    }
}

fn image(row: u32) -> u32 {
    return schedule[ORDER + schedule[STEP] % EPOCH * BATCH + row];
}

@compute @workgroup_size(${WG})
fn gather(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < BATCH * 64u {
        let index = id.x % 64u;
        let word = images[image(id.x / 64u) * 16u + index / 4u];
        state[ROWS[0] + id.x] = pixel((word >> (8u * (index % 4u))) & 0xffu);
    }
}

// An element of a layer's sums. The tables of layers are read in the entry points, where their index is a constant.
fn product(element: u32, inputs: u32, outputs: u32, rows: u32, weights: u32, biases: u32) -> Number {
    let row = element / outputs;
    let column = element % outputs;
    var sum = bias_term(state[biases + column]);
    for (var turn = 0u; turn < inputs; turn++) {
        let i = term(turn, inputs);
        sum = sum + state[rows + row * inputs + i] * forward_operand(state[weights + i * outputs + column]);
    }
    return sum;
}

// ReLU and dropout.
fn activation(sum: Number, element: u32, layer: u32) -> Number {
    let word = draw(element, schedule[STEP], layer, 3u, DROPOUT_SEED);
    return select(kept(rectified(sum)), Number(0), word < ${DROP_BELOW}u);
}

@compute @workgroup_size(${WG})
fn forward0(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < BATCH * OUTPUTS[0] {
        let sum = product(id.x, INPUTS[0], OUTPUTS[0], ROWS[0], WEIGHTS[0], BIASES[0]);
        state[ROWS[1] + id.x] = activation(sum, id.x, 0u);
    }
}

@compute @workgroup_size(${WG})
fn forward1(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < BATCH * OUTPUTS[1] {
        let sum = product(id.x, INPUTS[1], OUTPUTS[1], ROWS[1], WEIGHTS[1], BIASES[1]);
        state[ROWS[2] + id.x] = activation(sum, id.x, 1u);
    }
}

@compute @workgroup_size(${WG})
fn forward2(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < BATCH * OUTPUTS[2] {
        state[ROWS[3] + id.x] = product(id.x, INPUTS[2], OUTPUTS[2], ROWS[2], WEIGHTS[2], BIASES[2]);
    }
}

//#if FIXED_SOFTMAX
// exp(-difference / 2^24) at scale 2^32.
fn exponential(difference: u32) -> u32 {
    if difference >= 0x10000000u {
        return 0u;
    }
    var factors = array<u32, 21>(${EXPONENTIALS});
    var value = 0xffffffffu;
    for (var place = 0u; place < 21u; place++) {
        if ((difference >> (27u - place)) & 1u) == 1u {
            value = mul_high(value, factors[place]);
        }
    }
    return value;
}

// part / whole at scale 2^20, rounded down.
fn quotient(part: u32, whole: u32) -> u32 {
    var rest = part;
    var out = 0u;
    for (var bit = 0u; bit <= 20u; bit++) {
        out = out << 1u;
        if rest >= whole {
            rest = rest - whole;
            out = out | 1u;
        }
        rest = rest << 1u;
    }
    return out;
}
//#endif

// A logit as the softmax takes it.
//#if PORTABLE
fn logit(place: u32) -> i32 {
    let value = state[place];
    let above = select(value, 127.0, value > 127.0);
    return i32(select(above, -127.0, above < -127.0) * 16777216.0);
}
//#else
fn logit(place: u32) -> Number {
    return state[place];
}
//#endif

// The gradient of the cross-entropy: the softmax, less one in the class that is right. One invocation a row.
@compute @workgroup_size(${WG})
fn loss(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x >= BATCH {
        return;
    }
    let first = ROWS[3] + id.x * CLASSES;
    let label = images[SAMPLES * 16u + image(id.x)];
    var most = logit(first);
    for (var c = 1u; c < CLASSES; c++) {
        let other = logit(first + c);
        most = select(most, other, other > most);
    }
    var terms = array<${TERM}, ${CLASSES}>();
    var whole = ${TERM}(0);
    for (var c = 0u; c < CLASSES; c++) {
        let below = most - logit(first + c);
//#if FIXED_SOFTMAX
        terms[c] = exponential(bitcast<u32>(below)) >> 5u;
//#else
        terms[c] = exp(-below);
//#endif
        whole = whole + terms[c];
//#if INTEGER
        state[TERMS + id.x * CLASSES + c] = bitcast<i32>(terms[c]);
//#else
//#if PORTABLE
        state[TERMS + id.x * CLASSES + c] = f32(terms[c] >> 4u);
//#else
        state[TERMS + id.x * CLASSES + c] = terms[c];
//#endif
//#endif
    }
    for (var c = 0u; c < CLASSES; c++) {
//#if FIXED_SOFTMAX
        let share = bitcast<i32>(quotient(terms[c], whole));
        let one = 1048576;
//#else
        let share = terms[c] / whole;
        let one = 1.0;
//#endif
        let gradient = select(share, share - one, c == label);
//#if PORTABLE
        state[DELTAS[2] + id.x * CLASSES + c] = f32(gradient) * 0x1p-20;
//#else
        state[DELTAS[2] + id.x * CLASSES + c] = gradient;
//#endif
    }
}

// An element of the gradient of a hidden layer's sums, from those of the layer behind it.
fn back(element: u32, inputs: u32, outputs: u32, rows: u32, weights: u32, deltas: u32) -> Number {
    let row = element / inputs;
    let column = element % inputs;
    var sum = Number(0);
    for (var turn = 0u; turn < outputs; turn++) {
        let i = term(turn, outputs);
        let delta = delta_operand(state[deltas + row * outputs + i]);
        sum = sum + delta * backward_operand(state[weights + column * outputs + i]);
    }
    // What ReLU or dropout made zero passes nothing on.
    return select(kept(hidden(sum)), Number(0), state[rows + element] == Number(0));
}

@compute @workgroup_size(${WG})
fn backward2(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < BATCH * INPUTS[2] {
        state[DELTAS[1] + id.x] = back(id.x, INPUTS[2], OUTPUTS[2], ROWS[2], WEIGHTS[2], DELTAS[2]);
    }
}

@compute @workgroup_size(${WG})
fn backward1(@builtin(global_invocation_id) id: vec3<u32>) {
    if id.x < BATCH * INPUTS[1] {
        state[DELTAS[0] + id.x] = back(id.x, INPUTS[1], OUTPUTS[1], ROWS[1], WEIGHTS[1], DELTAS[1]);
    }
}

// The layer of a parameter.
fn layer_of(parameter: u32) -> u32 {
    return select(0u, 1u, parameter >= WEIGHTS[1]) + select(0u, 1u, parameter >= WEIGHTS[2]);
}

//#if INTEGER
// A part of a parameter's gradient: the sums over some rows of the batch, added to those of the other parts with atomics.
@compute @workgroup_size(${WG})
fn gradient(@builtin(global_invocation_id) id: vec3<u32>) {
    let parameter = id.x;
    if parameter >= PARAMETERS {
        return;
    }
    let rows_each = BATCH / ${PARTS}u;
//#else
fn gradient(parameter: u32) -> f32 {
    let rows_each = BATCH;
//#endif
    let layer = layer_of(parameter);
    // The tables as values, since a constant is not indexed by what is known only here.
    var all_inputs = INPUTS;
    var all_outputs = OUTPUTS;
    var all_weights = WEIGHTS;
    var all_biases = BIASES;
    var all_rows = ROWS;
    var all_deltas = DELTAS;
    let inputs = all_inputs[layer];
    let outputs = all_outputs[layer];
    let is_bias = parameter >= all_biases[layer];
    let place = parameter - all_weights[layer];
    let i = place / outputs;
    let column = place % outputs;
//#if INTEGER
    var high = 0;
    var low = 0;
    let first_row = id.y * rows_each;
//#else
    var sum = 0.0;
    let first_row = 0u;
//#endif
    for (var turn = 0u; turn < rows_each; turn++) {
        let row = first_row + term(turn, rows_each);
        var a = Number(UNIT);
        if !is_bias {
            a = state[all_rows[layer] + row * inputs + i];
        }
        let delta = state[all_deltas[layer] + row * outputs + column];
//#if INTEGER
        high = high + a * (delta >> 11u);
        low = low + a * (delta & 2047);
//#else
//#if PORTABLE
        sum = sum + a * bfloat(delta);
//#else
        sum = sum + a * delta;
//#endif
//#endif
    }
//#if INTEGER
    atomicAdd(&sums[2u * parameter], high);
    atomicAdd(&sums[2u * parameter + 1u], low);
//#else
    return sum;
//#endif
}

// The mean gradient, and the step of the optimiser. One invocation a parameter; the first one counts the step.
@compute @workgroup_size(${WG})
fn update(@builtin(global_invocation_id) id: vec3<u32>) {
    let parameter = id.x;
    if parameter >= PARAMETERS {
        return;
    }
//#if INTEGER
    let high = atomicLoad(&sums[2u * parameter]);
    let low = atomicLoad(&sums[2u * parameter + 1u]);
    atomicStore(&sums[2u * parameter], 0);
    atomicStore(&sums[2u * parameter + 1u], 0);
    let mean = (high + ((low + 16384) >> 11u)) >> 4u;
//#else
    let mean = gradient(parameter) * 0.03125;
//#endif
    state[GRADIENT + parameter] = mean;
    let velocity = next_velocity(state[PARAMETERS + parameter], mean);
    state[PARAMETERS + parameter] = velocity;
    state[parameter] = next_weight(state[parameter], velocity);
    if parameter == 0u {
        schedule[STEP] = schedule[STEP] + 1u;
    }
}
