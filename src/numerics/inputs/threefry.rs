//! Threefry: Threefish's rounds on 32-bit words, integers only. JAX's generator is the 2x32 form with twenty rounds.
//!
//! Salmon, Moraes, Dror and Shaw, "Parallel random numbers: as easy as 1, 2, 3", SC11; rotations and the key's parity
//! word are those of Random123's `threefry.h`. The known answers in `tests/vectors/threefry*.txt` are Random123's.

/// The parity word of the key schedule (Skein's, for 32 bits).
pub const PARITY: u32 = 0x1BD1_1BDA;
/// Rotations of the 2x32 form, by round modulo eight.
pub const ROTATIONS_2: [u32; 8] = [13, 15, 26, 6, 17, 29, 16, 24];
/// Rotations of the 4x32 form, by round modulo eight: of the pair with word 0, and of the one with word 2.
pub const ROTATIONS_4: [[u32; 2]; 8] = [[10, 26], [11, 21], [13, 27], [23, 5], [6, 20], [17, 11], [25, 10], [18, 20]];

/// Twenty rounds of Threefry2x32 on one counter: JAX's block.
#[inline(always)]
#[must_use]
pub fn threefry2x32_20(counter: [u32; 2], key: [u32; 2]) -> [u32; 2] {
    threefry2x32::<20>(counter, key)
}

/// `ROUNDS` rounds of Threefry2x32 on one counter. A part of the key is added after every fourth round.
#[inline(always)]
#[must_use]
pub fn threefry2x32<const ROUNDS: usize>(counter: [u32; 2], key: [u32; 2]) -> [u32; 2] {
    let schedule = [key[0], key[1], PARITY ^ key[0] ^ key[1]];
    let mut x = [counter[0].wrapping_add(schedule[0]), counter[1].wrapping_add(schedule[1])];
    let mut added = 0u32;
    for round in 0..ROUNDS {
        x[0] = x[0].wrapping_add(x[1]);
        x[1] = x[1].rotate_left(ROTATIONS_2[round % 8]) ^ x[0];
        if round % 4 == 3 {
            added += 1;
            let at = added as usize;
            x[0] = x[0].wrapping_add(schedule[at % 3]);
            x[1] = x[1].wrapping_add(schedule[(at + 1) % 3]).wrapping_add(added);
        }
    }
    x
}

/// Twenty rounds of Threefry4x32 on one counter.
#[inline(always)]
#[must_use]
pub fn threefry4x32_20(counter: [u32; 4], key: [u32; 4]) -> [u32; 4] {
    threefry4x32::<20>(counter, key)
}

/// `ROUNDS` rounds of Threefry4x32 on one counter. A part of the key is added after every fourth round.
#[inline(always)]
#[must_use]
pub fn threefry4x32<const ROUNDS: usize>(counter: [u32; 4], key: [u32; 4]) -> [u32; 4] {
    let schedule = [key[0], key[1], key[2], key[3], PARITY ^ key[0] ^ key[1] ^ key[2] ^ key[3]];
    let mut x: [u32; 4] = std::array::from_fn(|i| counter[i].wrapping_add(schedule[i]));
    let mut added = 0u32;
    for round in 0..ROUNDS {
        let [first, second] = ROTATIONS_4[round % 8];
        // Words 1 and 3 change places in every round.
        let (with_0, with_2) = if round % 2 == 0 { (1, 3) } else { (3, 1) };
        x[0] = x[0].wrapping_add(x[with_0]);
        x[with_0] = x[with_0].rotate_left(first) ^ x[0];
        x[2] = x[2].wrapping_add(x[with_2]);
        x[with_2] = x[with_2].rotate_left(second) ^ x[2];
        if round % 4 == 3 {
            added += 1;
            for (i, word) in x.iter_mut().enumerate() {
                *word = word.wrapping_add(schedule[(added as usize + i) % 5]);
            }
            x[3] = x[3].wrapping_add(added);
        }
    }
    x
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::inputs::vectors::rows;

    #[test]
    fn known_answers_of_random123() {
        let two = rows::<6>(include_str!("../../../tests/vectors/threefry2x32.txt"));
        assert_eq!(two.len(), 3, "rows of the table");
        for [c0, c1, k0, k1, want @ ..] in two {
            assert_eq!(threefry2x32_20([c0, c1], [k0, k1]), want, "{c0:x} {c1:x} under {k0:x} {k1:x}");
        }
        let four = rows::<12>(include_str!("../../../tests/vectors/threefry4x32.txt"));
        assert_eq!(four.len(), 3, "rows of the table");
        for [c0, c1, c2, c3, k0, k1, k2, k3, want @ ..] in four {
            let got = threefry4x32_20([c0, c1, c2, c3], [k0, k1, k2, k3]);
            assert_eq!(got, want, "{c0:x} … under {k0:x} …");
        }
    }
}
