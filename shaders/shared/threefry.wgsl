// Threefry of two and of four words with twenty rounds (Salmon et al., SC11; rotations of Random123's threefry.h), in
// 32-bit integers only. Known answers: tests/vectors/threefry2x32.txt and threefry4x32.txt.

const PARITY: u32 = 0x1BD11BDAu;

fn rotate_left(word: u32, by: u32) -> u32 {
    return (word << by) | (word >> (32u - by));
}

fn threefry2x32_20(counter: vec2<u32>, key: vec2<u32>) -> vec2<u32> {
    var rotations = array<u32, 8>(13u, 15u, 26u, 6u, 17u, 29u, 16u, 24u);
    var schedule = array<u32, 3>(key.x, key.y, PARITY ^ key.x ^ key.y);
    var x = counter + key;
    for (var round = 0u; round < 20u; round++) {
        x.x += x.y;
        x.y = rotate_left(x.y, rotations[round % 8u]) ^ x.x;
        if round % 4u == 3u {
            let added = round / 4u + 1u;
            x.x += schedule[added % 3u];
            x.y += schedule[(added + 1u) % 3u] + added;
        }
    }
    return x;
}

fn threefry4x32_20(counter: vec4<u32>, key: vec4<u32>) -> vec4<u32> {
    var of_first = array<u32, 8>(10u, 11u, 13u, 23u, 6u, 17u, 25u, 18u);
    var of_second = array<u32, 8>(26u, 21u, 27u, 5u, 20u, 11u, 10u, 20u);
    var schedule = array<u32, 5>(key.x, key.y, key.z, key.w, PARITY ^ key.x ^ key.y ^ key.z ^ key.w);
    var x = counter + key;
    for (var round = 0u; round < 20u; round++) {
        x.x += x.y;
        x.y = rotate_left(x.y, of_first[round % 8u]) ^ x.x;
        x.z += x.w;
        x.w = rotate_left(x.w, of_second[round % 8u]) ^ x.z;
        // The second and the fourth word change places after every round.
        x = x.xwzy;
        if round % 4u == 3u {
            let added = round / 4u + 1u;
            x += vec4<u32>(
                schedule[added % 5u],
                schedule[(added + 1u) % 5u],
                schedule[(added + 2u) % 5u],
                schedule[(added + 3u) % 5u] + added,
            );
        }
    }
    return x;
}
