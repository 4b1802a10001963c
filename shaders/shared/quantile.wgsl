// The inverse of the normal distribution function in 32-bit integers only: no floating-point operation occurs, so that no
// driver has a choice. `table` holds the coefficients of src/kernels/normal/quantile.rs from its first word on.

//#include shared/philox.wgsl

// A number without its rounding: `magnitude` units of 2^-point, and its sign bit.
struct Fixed {
    magnitude: u32,
    point: u32,
    sign: u32,
}

// The quantile of (word + 1/2) * 2^-32.
fn quantile(word: u32) -> Fixed {
    let upper = word >> 31u;
    // The probability of the tail beyond the number, from 2^-33 to below 1/2, is tail * 2^-33.
    let tail = 2u * select(word, ~word, upper == 1u) + 1u;
    let octave = countLeadingZeros(tail);
    let scaled = tail << octave;
    let at = 4u * (32u * octave + ((scaled >> 26u) & 31u));
    let t = scaled << 6u;
    let cubic = table[at + 2u] - mul_high(t, table[at + 3u]);
    let square = table[at + 1u] - mul_high(t, cubic);
    // Just below one half the number is less than the errors of rounding: it must not pass zero.
    let magnitude = table[at] - min(table[at], mul_high(t, square));
    return Fixed(magnitude, select(29u, 32u, octave == 0u), (upper ^ 1u) << 31u);
}

// The bits of the binary32 number nearest to (high * 2^32 + low) * 2^exponent, ties to even, with a sign bit. The result
// must not be subnormal, or infinite; zero is +0.
fn nearest(high: u32, low: u32, exponent: i32, sign: u32) -> u32 {
    if (high | low) == 0u {
        return 0u;
    }
    var shift = countLeadingZeros(high);
    if high == 0u {
        shift = 32u + countLeadingZeros(low);
    }
    // The leading bit at the top of `first`, and whether anything is below it.
    var first = low << (shift & 31u);
    var rest = 0u;
    if shift < 32u {
        first = (high << shift) | select(low >> ((32u - shift) & 31u), 0u, shift == 0u);
        rest = low << shift;
    }
    let significand = first >> 8u;
    let half = (first >> 7u) & 1u;
    let below = (first & 0x7fu) | rest;
    let up = half & (select(0u, 1u, below != 0u) | (significand & 1u));
    // The significand's leading bit adds the one that is missing from the exponent, and so does a carry out of it.
    let biased = u32(exponent + 63 - i32(shift) + 126);
    return sign | ((biased << 23u) + significand + up);
}

// The bits of a number times factor * 2^exponent, rounded once.
fn product(x: Fixed, factor: u32, exponent: i32) -> u32 {
    return nearest(mul_high(x.magnitude, factor), x.magnitude * factor, exponent - i32(x.point), x.sign);
}
