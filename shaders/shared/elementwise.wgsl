// One formula for each element. ${SCALAR} is the operands' type, ${RESULT} the result's, ${EXPRESSION} the formula of
// x0, x1, …, which ${LOADS} reads: operand k of element i is input[k*n + i]. control[0] is zero at run time and unknown
// to the compiler, for formulas that keep a value from algebra by an exclusive or with it; control[1] is f32(1.1).

//#if HALF
enable f16;
//#endif

@group(0) @binding(0) var<storage, read> input: array<${SCALAR}>;
@group(0) @binding(1) var<storage, read_write> output: array<${RESULT}>;
@group(0) @binding(2) var<storage, read> control: array<u32>;

fn guarded(x: f32) -> f32 {
    return bitcast<f32>(bitcast<u32>(x) ^ control[0]);
}

@compute @workgroup_size(${WG})
fn main(@builtin(global_invocation_id) id: vec3<u32>, @builtin(num_workgroups) groups: vec3<u32>) {
    let n = ${N}u + control[0];
    for (var i = id.x; i < n; i += groups.x * ${WG}u) {
${LOADS}
        output[i] = ${EXPRESSION};
    }
}
