// Two standard normal numbers from two words (Box and Muller 1958), with the adapter's own log, sqrt, sin and cos. The
// constants are those of `params` from ${BOX_MULLER} on: the bits of 2^-32, 2^-33 and -2, then of the angle's.

fn constant(k: u32) -> f32 {
    return bitcast<f32>(params[${BOX_MULLER}u + k]);
}

fn box_muller(x: u32, y: u32) -> vec2<f32> {
    let u = f32(x) * constant(0u) + constant(1u);
    let radius = sqrt(constant(2u) * log(u));
//#if FULL_TURN
    // 2pi * 2^-32 and half of it: in [0, 2pi].
    let angle = f32(y) * constant(3u) + constant(4u);
//#else
    // 1/2 and 2pi: in [-pi, pi].
    let angle = (f32(y) * constant(0u) + constant(1u) - constant(3u)) * constant(4u);
//#endif
    return vec2<f32>(radius * sin(angle), radius * cos(angle));
}
