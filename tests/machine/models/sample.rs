//! Operands: every sign and exponent, edges with edges, and numbers of moderate size.

/// The type of a scalar.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Bool,
    I32,
    U32,
    F32,
}

impl Kind {
    /// A value from a word.
    pub(super) fn of_word(self, word: &str) -> String {
        match self {
            Self::Bool => format!("{word} != 0u"),
            Self::I32 => format!("bitcast<i32>({word})"),
            Self::U32 => word.to_owned(),
            Self::F32 => format!("bitcast<f32>({word})"),
        }
    }

    /// A word of a value.
    pub(super) fn to_word(self, value: &str) -> String {
        match self {
            Self::Bool => format!("select(0u, 1u, {value})"),
            Self::I32 | Self::F32 => format!("bitcast<u32>({value})"),
            Self::U32 => value.to_owned(),
        }
    }
}

/// Magnitudes of binary32 at which functions change what they do, as bits.
const EDGES: [u32; 45] = [
    0x0000_0000,
    0x0000_0001,
    0x0000_0002,
    0x0040_0000,
    0x007f_ffff,
    0x0080_0000,
    0x0080_0001,
    0x00ff_ffff,
    0x0100_0000,
    0x3300_0000,
    0x3380_0000,
    0x387f_ffff,
    0x3880_0000,
    0x3f00_0000,
    0x3f7f_ffff,
    0x3f80_0000,
    0x3f80_0001,
    0x3fc0_0000,
    0x4000_0000,
    0x4049_0fdb,
    0x4100_0000,
    0x4120_0000,
    0x42ae_ac50,
    0x42b1_7218,
    0x42cf_f1b5,
    0x42fc_0000,
    0x42ff_ffff,
    0x4300_0000,
    0x4316_0000,
    0x477f_e000,
    0x477f_f000,
    0x4aff_ffff,
    0x4b00_0000,
    0x4b80_0000,
    0x4eff_ffff,
    0x4f00_0000,
    0x4f7f_ffff,
    0x4f80_0000,
    0x5d5e_0b6b,
    0x7e00_0000,
    0x7f7f_ffff,
    0x7f80_0000,
    0x7f80_0001,
    0x7fc0_0000,
    0x7fd5_5555,
];

/// Significands that lie next to roundings.
const SIGNIFICANDS: [u32; 8] = [0, 1, 0x7f_ffff, 0x40_0000, 0x3f_ffff, 0x40_0001, 0x00_1000, 0x35_04f3];

/// Operand lists that go together.
const CHUNK: usize = 1 << 18;

/// How many operand lists are tried.
#[derive(Debug, Clone, Copy)]
pub(super) enum Size {
    Lists(usize),
    All,
}

impl Size {
    /// As the environment asks.
    pub(super) fn asked() -> Result<Self, String> {
        let Ok(text) = std::env::var("REPRO_AUDIT_MODELS") else { return Ok(Self::Lists(1 << 16)) };
        if text == "all" {
            return Ok(Self::All);
        }
        match text.parse() {
            Ok(bits @ 6..=32) => Ok(Self::Lists(1 << bits)),
            _ => Err(format!("REPRO_AUDIT_MODELS is '{text}', neither 'all' nor from 6 to 32")),
        }
    }

    /// Operand lists one after another, some at a time.
    pub(super) fn operands(self, kinds: &[Kind]) -> impl Iterator<Item = Vec<u32>> {
        let count = match self {
            Self::All if kinds.len() == 1 => 1 << 32,
            Self::All => 1 << 24,
            Self::Lists(count) => count,
        };
        let every = count == 1 << 32 && kinds.len() == 1;
        let step = CHUNK.min(count);
        (0..count / step).map(move |chunk| {
            let list = |i: usize| {
                (0..kinds.len()).map(move |k| if every { low(i as u64) } else { word(kinds[k], i, k, kinds.len()) })
            };
            (chunk * step..(chunk + 1) * step).flat_map(list).collect()
        })
    }
}

/// The low half.
fn low(word: u64) -> u32 {
    (word & 0xffff_ffff) as u32
}

/// A random word: SplitMix64's finaliser.
fn random(seed: u64) -> u64 {
    let mut x = seed.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    x ^ (x >> 31)
}

/// Scalar number `k` of the `n` of list number `i`.
fn word(kind: Kind, i: usize, k: usize, n: usize) -> u32 {
    let bits = random(((i as u64) << 6) | k as u64);
    let both = EDGES.len() * 2;
    let edge = |at: usize| EDGES[at % both / 2] | low((at as u64 & 1) << 31);
    if kind != Kind::F32 {
        return match (bits >> 32) % 4 {
            0 => edge(low(bits) as usize),
            1 => 1u32.rotate_left(low(bits) & 31).wrapping_add(low(bits >> 40) % 3).wrapping_sub(1),
            2 => low(bits) >> (bits >> 40 & 31),
            _ => low(bits),
        };
    }
    // Pairs of edges with edges come first; after them, of longer lists too, some operands are edges.
    let lists = if n == 1 { both } else { both * both };
    if i < lists {
        return if k < 2 { edge(if k == 0 { i % both } else { i / both }) } else { edge(low(bits) as usize % both) };
    }
    let significand = match bits >> 56 {
        0..64 => SIGNIFICANDS[(bits >> 48 & 7) as usize],
        _ => low(bits) & 0x7f_ffff,
    };
    match random(i as u64) % 8 {
        // Every sign and exponent.
        0..3 => {
            (low(i as u64).wrapping_mul(if k == 0 { 1 } else { 0x9e37_79b1 }) >> if k == 0 { 0 } else { 20 }) << 23
                | significand
        }
        // Moderate ones.
        3..6 => low(bits >> 31 & 1) << 31 | (117 + low(bits >> 32 & 0xffff) % 16) << 23 | significand,
        // Equal ones, or negatives.
        6 => {
            let first = random((i as u64) << 6);
            (low(first) & 0x7fff_ffff) | low(bits >> 40 & 1) << 31
        }
        _ if bits >> 40 & 3 == 0 => edge(low(bits) as usize % both),
        _ => low(bits >> 31 & 1) << 31 | (112 + low(bits >> 32 & 0xffff) % 24) << 23 | significand,
    }
}
