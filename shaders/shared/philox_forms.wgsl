// Philox of other rounds and widths than frameworks use. Known answers: tests/vectors/philox4x32_7.txt and philox2x32.txt.

//#include shared/philox.wgsl

fn philox4x32_7(counter: vec4<u32>, key: vec2<u32>) -> vec4<u32> {
    var c = counter;
    var k = key;
    for (var round = 0u; round < 7u; round++) {
        let hi0 = mul_high(0xD2511F53u, c.x);
        let lo0 = 0xD2511F53u * c.x;
        let hi1 = mul_high(0xCD9E8D57u, c.z);
        let lo1 = 0xCD9E8D57u * c.z;
        c = vec4<u32>(hi1 ^ c.y ^ k.x, lo1, hi0 ^ c.w ^ k.y, lo0);
        k = k + vec2<u32>(0x9E3779B9u, 0xBB67AE85u);
    }
    return c;
}

fn philox2x32_10(counter: vec2<u32>, key: u32) -> vec2<u32> {
    var c = counter;
    var k = key;
    for (var round = 0u; round < 10u; round++) {
        let hi = mul_high(0xD256D193u, c.x);
        let lo = 0xD256D193u * c.x;
        c = vec2<u32>(hi ^ k ^ c.y, lo);
        k = k + 0x9E3779B9u;
    }
    return c;
}
