//! The instructions of x86 processors where they are not IEEE 754's operations.
//! liberties: operand-nan

// `maxps`: the second operand unless the first is greater, so also where one of them is NaN, or both are zeros.
fn model_max(a: f32, b: f32) -> f32 {
    return bitcast<f32>(select(bitcast<u32>(b), bitcast<u32>(a), a > b));
}

// `minps`, likewise.
fn model_min(a: f32, b: f32) -> f32 {
    return bitcast<f32>(select(bitcast<u32>(b), bitcast<u32>(a), a < b));
}
