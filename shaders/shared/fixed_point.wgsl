// Exact sums of binary32 numbers in integers alone. A finite number is a whole multiple of 2^-149 below 2^277 such
// units; the sum is a two's complement number of LIMBS digits of 16 bits, which holds 2^27 of them. No floating-point
// operation occurs, so that no driver has a choice.

const LIMBS: u32 = 20u;
// What may not be added: bits of the flag word.
const SAW_NAN: u32 = 1u;
const SAW_INFINITY: u32 = 2u;
const SAW_MINUS_INFINITY: u32 = 4u;
const SAW_MORE_THAN_MINUS_ZERO: u32 = 8u;

// The flags that a number raises.
fn flags_of(bits: u32) -> u32 {
    var flags = select(SAW_MORE_THAN_MINUS_ZERO, 0u, bits == 0x80000000u);
    let magnitude = bits & 0x7fffffffu;
    if magnitude > 0x7f800000u {
        flags |= SAW_NAN;
    } else if magnitude == 0x7f800000u {
        flags |= select(SAW_MINUS_INFINITY, SAW_INFINITY, bits == magnitude);
    }
    return flags;
}

// The place of a number's lowest digit, and its three digits with their common sign.
struct Digits {
    place: u32,
    low: i32,
    middle: i32,
    high: i32,
}

fn digits_of(bits: u32) -> Digits {
    let exponent = (bits >> 23u) & 0xffu;
    var significand = bits & 0x7fffffu;
    if exponent > 0u {
        significand |= 0x800000u;
    }
    if exponent == 0xffu {
        significand = 0u;
    }
    let shift = max(exponent, 1u) - 1u;
    let within = shift & 15u;
    let low = i32((significand << within) & 0xffffu);
    let middle = i32((significand >> (16u - within)) & 0xffffu);
    let high = select(i32(significand >> ((32u - within) & 31u)), 0, within == 0u);
    let sign = select(1, -1, (bits >> 31u) == 1u);
    return Digits(shift >> 4u, sign * low, sign * middle, sign * high);
}

// The binary32 number nearest to a sum, ties to even. `digits` are carried: each below 2^16. Two places more than LIMBS
// so that reading past the top finds zeros.
fn rounded(from_digits: array<u32, 22>, flags: u32) -> u32 {
    var digits = from_digits;
    let infinite = flags & (SAW_INFINITY | SAW_MINUS_INFINITY);
    if (flags & SAW_NAN) != 0u || infinite == (SAW_INFINITY | SAW_MINUS_INFINITY) {
        return 0x7fc00000u;
    }
    if infinite != 0u {
        return select(0xff800000u, 0x7f800000u, infinite == SAW_INFINITY);
    }
    if (flags & SAW_MORE_THAN_MINUS_ZERO) == 0u {
        return 0x80000000u;
    }
    let sign = (digits[LIMBS - 1u] << 16u) & 0x80000000u;
    if sign != 0u {
        var carry = 1u;
        for (var i = 0u; i < LIMBS; i++) {
            let digit = (digits[i] ^ 0xffffu) + carry;
            digits[i] = digit & 0xffffu;
            carry = digit >> 16u;
        }
    }
    var top = LIMBS;
    while top > 0u && digits[top - 1u] == 0u {
        top--;
    }
    if top == 0u {
        return 0u;
    }
    let leading = 16u * (top - 1u) + firstLeadingBit(digits[top - 1u]);
    if leading <= 23u {
        // A subnormal, or the first binade above: the bit pattern is the number of units.
        return sign | digits[0] | (digits[1] << 16u);
    }
    let lowest = leading - 23u;
    let place = lowest >> 4u;
    let within = lowest & 15u;
    var significand = (digits[place] >> within) | (digits[place + 1u] << (16u - within));
    if within > 0u {
        significand |= digits[place + 2u] << (32u - within);
    }
    significand &= 0xffffffu;
    let under = lowest - 1u;
    let half = (digits[under >> 4u] >> (under & 15u)) & 1u;
    var rest = digits[under >> 4u] & ((1u << (under & 15u)) - 1u);
    for (var i = 0u; i < (under >> 4u); i++) {
        rest |= digits[i];
    }
    let up = half == 1u && (rest != 0u || (significand & 1u) == 1u);
    // The significand's leading bit adds the one that is missing from the exponent, and so does a carry out of it.
    let magnitude = ((leading - 23u) << 23u) + significand + select(0u, 1u, up);
    return sign | min(magnitude, 0x7f800000u);
}
