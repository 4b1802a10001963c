// The controls: drift planted on purpose, which every audit must catch. Variants:
//   one_ulp    copies the input, one element moved by one ulp
//   nan        copies the input, one element replaced by a NaN
//   swapped    copies the input, two neighbours exchanged
//   zero_sign  copies the input, one zero's sign changed
//   unwritten  copies the input, one element left out
//   unordered  adds the input forwards or backwards, by turns from run to run
// And a probe, which plants nothing:
//   loop       counts iterations: of a loop in a loop, and of one after it
//
// Copies are of words, so that no driver's arithmetic takes part.

@group(0) @binding(0) var<storage, read> input: array<u32>;
@group(0) @binding(1) var<storage, read_write> output: array<u32>;

//#if LOOP
@compute @workgroup_size(1)
fn main(@builtin(workgroup_id) group: vec3<u32>) {
    let one = f32(input[0]);
    let outer = input[3u * group.x + 1u];
    let inner = input[3u * group.x + 2u];
    let second = input[3u * group.x + 3u];
    var count = 0u;
    var ones = 0.0;
    for (var i = 0u; i < outer; i++) {
        for (var j = 0u; j < inner; j++) {
            count++;
            ones += one;
        }
    }
    for (var k = 0u; k < second; k++) {
        count++;
        ones += one;
    }
    output[2u * group.x] = count;
    output[2u * group.x + 1u] = u32(ones);
}
//#else
//#if UNORDERED
@compute @workgroup_size(1)
fn main() {
    // The output still holds this run's poison, which alternates: a run can tell whether it is an even or an odd one,
    // and only because the outputs are poisoned.
    let backwards = output[0] == 0xffb3fe6bu;
    let n = arrayLength(&input);
    var sum = 0.0;
    for (var i = 0u; i < n; i++) {
        sum = sum + bitcast<f32>(input[select(i, n - 1u - i, backwards)]);
    }
    output[0] = bitcast<u32>(sum);
}
//#else
@compute @workgroup_size(64)
fn main(@builtin(global_invocation_id) id: vec3<u32>) {
    let i = id.x;
    if i >= arrayLength(&input) {
        return;
    }
    var word = input[i];
//#if ONE_ULP
    if i == ${PLACE}u {
        word = word + 1u;
    }
//#endif
//#if NAN
    if i == ${PLACE}u {
        word = 0x7fc00001u;
    }
//#endif
//#if SWAPPED
    if i == ${PLACE}u {
        word = input[i + 1u];
    }
    if i == ${PLACE}u + 1u {
        word = input[i - 1u];
    }
//#endif
//#if ZERO_SIGN
    if i == ${PLACE}u {
        word = word ^ 0x80000000u;
    }
//#endif
//#if UNWRITTEN
    if i != ${PLACE}u {
        output[i] = word;
    }
//#else
    output[i] = word;
//#endif
}
//#endif
//#endif
