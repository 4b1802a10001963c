// Philox4x32-10 (Salmon et al., SC11) in 32-bit integers only: no floating point, so the bits must be the same on
// every adapter. Known answers: tests/vectors/philox4x32.txt.

// The high word of a 32x32-bit product, from 16-bit halves: WGSL has no wide multiply.
fn mul_high(a: u32, b: u32) -> u32 {
    let a_lo = a & 0xffffu;
    let a_hi = a >> 16u;
    let b_lo = b & 0xffffu;
    let b_hi = b >> 16u;
    let mid = a_hi * b_lo + ((a_lo * b_lo) >> 16u);
    let mid2 = a_lo * b_hi + (mid & 0xffffu);
    return a_hi * b_hi + (mid >> 16u) + (mid2 >> 16u);
}

fn philox4x32_10(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var round = 0u; round < 10u; round++) {
        let hi0 = mul_high(0xD2511F53u, c.x);
        let lo0 = 0xD2511F53u * c.x;
        let hi1 = mul_high(0xCD9E8D57u, c.z);
        let lo1 = 0xCD9E8D57u * c.z;
        c = vec4<u32>(hi1 ^ c.y ^ k.x, lo1, hi0 ^ c.w ^ k.y, lo0);
        k = k + vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}
