// Fisher and Yates' shuffle (Durstenfeld, CACM 7(7), 1964) on one invocation: from the last place down, each element is
// exchanged with one at or before it. Where the other is comes from a bounded random integer:
//   REJECT    Lemire's multiply-shift with rejection (ACM TOMACS 29(1), 2019): every place is as likely as every other
//   MULTIPLY  the same without rejection: some places have one word more than others
//   neither   the remainder of a division, biased as well
// Words are those of counters (0, 0, 0, 0), (1, 0, 0, 0), .., four each, of which the top bits are used.

//#include shared/philox.wgsl

// params: the key's two words; samples; the bits used of a word; the place of the first validation sample.
@group(0) @binding(0) var<storage, read> params: array<u32>;
@group(0) @binding(1) var<storage, read_write> order: array<u32>;

var<private> words: vec4<u32>;
var<private> taken: u32;

// The next word's top bits, at the top.
fn next_word() -> u32 {
    if taken % 4u == 0u {
        words = philox4x32_10(vec4<u32>(taken / 4u, 0u, 0u, 0u), vec2<u32>(params[0], params[1]));
    }
    let word = words[taken % 4u];
    taken += 1u;
    let unused = 32u - params[3];
    return (word >> unused) << unused;
}

// An integer below `count`, which is at most 2^bits.
fn below(count: u32) -> u32 {
    let unused = 32u - params[3];
//#if REJECT
    // Words whose low product is below 2^bits mod count make the first places likelier: as many are left for each
    // place when they are drawn again.
    var excess = 0u;
    if unused == 0u {
        excess = (0u - count) % count;
    } else {
        excess = ((1u << params[3]) % count) << unused;
    }
    loop {
        let word = next_word();
        if word * count >= excess {
            return mul_high(word, count);
        }
    }
    return 0u;
//#else
//#if MULTIPLY
    return mul_high(next_word(), count);
//#else
    return (next_word() >> unused) % count;
//#endif
//#endif
}

@compute @workgroup_size(1)
fn shuffle() {
    let n = params[2];
    for (var i = 0u; i < n; i++) {
        order[i] = i;
    }
    for (var last = n - 1u; last > 0u; last--) {
        let other = below(last + 1u);
        let moved = order[last];
        order[last] = order[other];
        order[other] = moved;
    }
}
