//! Outputs that a record keeps, so that the drift between two machines can be computed from two records: small ones
//! whole, large ones as digests by block and a fixed sample.
//!
//! Everything here is a function of an output's words alone. Two machines that store one output store the same, and a
//! table is addressed by content: its key is the output's digest.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::base64;
use crate::model::bits::{Bits, digest_words};

/// Elements up to which an output is stored whole, unless another number is asked for.
pub const STORE: u64 = 1024;

/// A large output is sampled in a word for every so many elements that would still be stored whole.
const SAMPLED_OF: u64 = 4;

/// Words in a block, unless there would be more than [`BLOCKS`] of them.
const BLOCK: u64 = 4096;

/// Most blocks.
const BLOCKS: u64 = 64;

/// Hexadecimal digits of a block's digest, and of a checksum.
const SHORT: usize = 16;

/// The largest output that is believed, in words.
const MOST: u64 = 1 << 40;

/// One output.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", tag = "form")]
pub enum Stored {
    /// A sample, and digests by block. Orders below the whole output, which says more.
    Sampled {
        /// How many 32-bit words the output has.
        words: u64,
        /// 16 hexadecimal digits of BLAKE3 for each block of words: 4096 a block, or the smallest power of two that gives
        /// at most 64 blocks.
        blocks: String,
        /// Some words, as base64 of little-endian bytes. The k-th, from 0, is the one at
        /// `floor(((k * 0x9e3779b97f4a7c15) mod 2^64) * words / 2^64)`.
        sample: String,
        /// 16 hexadecimal digits of BLAKE3 of the output's digest, `words`, `blocks` and `sample`, with a line break
        /// between each and the next: a sample can not be checked against the digest.
        check: String,
    },
    /// All of it.
    Whole {
        /// Its words, as base64 of little-endian bytes.
        bits: String,
    },
}

/// What is wrong with a stored output.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// Of a whole output, what is not base64, or no whole number of words.
    #[error("its bits are no base64 of words")]
    Bits,
    /// A whole output is another one's.
    #[error("its bits are not those of its digest")]
    Digest,
    /// More words than are believed.
    #[error("{0} words are more than any output has")]
    TooLarge(u64),
    /// A sample is another one's, or was changed.
    #[error("its sample is not what its checksum says")]
    Checksum,
    /// Of a sample, what is not base64, or no whole number of words.
    #[error("its sample is no base64 of words")]
    Sample,
    /// Another number of blocks than its words have, or more sampled words than there are.
    #[error("it has not as many blocks as its words need")]
    Blocks,
}

/// A stored output that is damaged.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the stored output {digest} is damaged: {damage}")]
pub struct DamagedOutput {
    /// The digest that it is stored under.
    pub digest: String,
    /// What is wrong with it.
    #[source]
    pub damage: Damage,
}

/// Words in a block of an output of so many.
#[must_use]
pub fn block(words: u64) -> u64 {
    BLOCK.max(words.div_ceil(BLOCKS).next_power_of_two())
}

/// The place of the `k`-th sampled word: multiples of the golden ratio modulo 1, which are spread evenly whatever
/// their number. A smaller sample is the beginning of a larger one, so that any two samples meet.
fn place(k: u64, words: u64) -> u64 {
    let fraction = u128::from(k.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    u64::try_from((fraction * u128::from(words)) >> 64).unwrap_or(0)
}

/// The places of a sample's words.
fn places(sampled: usize, words: u64) -> impl Iterator<Item = u64> {
    (0..sampled as u64).map(move |k| place(k, words))
}

impl Stored {
    /// Stores an output: whole up to `store` elements.
    #[must_use]
    pub fn new(bits: &Bits, store: u64) -> Self {
        if bits.len as u64 <= store {
            return Self::Whole { bits: base64::encode(&bits.words) };
        }
        let words = bits.words.len() as u64;
        let size = usize::try_from(block(words)).unwrap_or(usize::MAX);
        let blocks: String = bits.words.chunks(size).map(|b| digest_words(b)[..SHORT].to_owned()).collect();
        let count = usize::try_from((store / SAMPLED_OF).min(words)).unwrap_or(usize::MAX);
        let at = |p: u64| usize::try_from(p).ok().and_then(|p| bits.words.get(p)).copied().unwrap_or(0);
        let sample: Vec<u32> = places(count, words).map(at).collect();
        let sample = base64::encode(&sample);
        let check = check(&digest_words(&bits.words), words, &blocks, &sample);
        Self::Sampled { words, blocks, sample, check }
    }

    /// The output's words; of a damaged one, any number.
    #[must_use]
    pub fn words(&self) -> u64 {
        match self {
            Self::Whole { bits } => {
                let padding = bits.bytes().rev().take_while(|b| *b == b'=').count() as u64;
                (bits.len() as u64 / 4 * 3).saturating_sub(padding) / 4
            }
            Self::Sampled { words, .. } => *words,
        }
    }

    /// Checks it against its digest.
    ///
    /// # Errors
    /// When it is damaged, or another output's.
    pub fn verify(&self, digest: &str) -> Result<(), DamagedOutput> {
        self.known(digest).map(drop).map_err(|damage| DamagedOutput { digest: digest.to_owned(), damage })
    }

    /// What is known of the output, once it is known to be the one of `digest`; else what is wrong.
    ///
    /// # Errors
    /// When it is damaged, or another output's.
    pub fn known(&self, digest: &str) -> Result<Known, Damage> {
        match self {
            Self::Whole { bits } => {
                let words = base64::decode(bits).ok_or(Damage::Bits)?;
                if digest_words(&words) != digest {
                    return Err(Damage::Digest);
                }
                Ok(Known { words: words.len() as u64, at: None, values: words, blocks: Vec::new() })
            }
            Self::Sampled { words, blocks, sample, check: sum } => {
                if *words > MOST {
                    return Err(Damage::TooLarge(*words));
                }
                if check(digest, *words, blocks, sample) != *sum {
                    return Err(Damage::Checksum);
                }
                let values = base64::decode(sample).ok_or(Damage::Sample)?;
                let expected = words.div_ceil(block(*words));
                if blocks.len() as u64 != expected * SHORT as u64 || !blocks.is_ascii() || values.len() as u64 > *words
                {
                    return Err(Damage::Blocks);
                }
                // Places may repeat where a sample is nearly the whole.
                let at: BTreeMap<u64, u32> = places(values.len(), *words).zip(values.iter().copied()).collect();
                let blocks = blocks.as_bytes().chunks(SHORT).map(|b| String::from_utf8_lossy(b).into_owned()).collect();
                let (at, values) = at.into_iter().unzip();
                Ok(Known { words: *words, at: Some(at), values, blocks })
            }
        }
    }
}

fn check(digest: &str, words: u64, blocks: &str, sample: &str) -> String {
    blake3::hash(format!("{digest}\n{words}\n{blocks}\n{sample}").as_bytes()).to_hex()[..SHORT].to_owned()
}

/// What is known of a stored output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its words.
    pub words: u64,
    /// The places of `values`, ascending; `None` where they are all of them.
    pub at: Option<Vec<u64>>,
    /// The words that are known.
    pub values: Vec<u32>,
    /// The digests by block; empty where the output is whole.
    pub blocks: Vec<String>,
}

impl Known {
    /// The word at a place, where it is known.
    #[must_use]
    pub fn word(&self, place: u64) -> Option<u32> {
        let index = match &self.at {
            None => usize::try_from(place).ok()?,
            Some(at) => at.binary_search(&place).ok()?,
        };
        self.values.get(index).copied()
    }

    /// The digests by block, those of a whole output computed.
    #[must_use]
    pub fn block_digests(&self) -> Vec<String> {
        if self.at.is_some() {
            return self.blocks.clone();
        }
        let size = usize::try_from(block(self.words)).unwrap_or(usize::MAX);
        self.values.chunks(size).map(|b| digest_words(b)[..SHORT].to_owned()).collect()
    }
}

/// The first result of every execution, by its digest.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(transparent)]
pub struct Outputs(BTreeMap<String, Stored>);

impl<'de> Deserialize<'de> for Outputs {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Table;
        impl<'de> serde::de::Visitor<'de> for Table {
            type Value = Outputs;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("outputs by digest")
            }

            fn visit_map<A: serde::de::MapAccess<'de>>(self, mut map: A) -> Result<Outputs, A::Error> {
                let mut out = BTreeMap::new();
                while let Some((digest, stored)) = map.next_entry::<String, Stored>()? {
                    if out.insert(digest, stored).is_some() {
                        return Err(serde::de::Error::custom("an output is given twice"));
                    }
                }
                Ok(Outputs(out))
            }
        }
        deserializer.deserialize_map(Table)
    }
}

impl Outputs {
    /// Whether there is none.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// How many there are.
    #[must_use]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// The output of this digest.
    #[must_use]
    pub fn get(&self, digest: &str) -> Option<&Stored> {
        self.0.get(digest)
    }

    /// All, by digest.
    pub fn iter(&self) -> impl Iterator<Item = (&String, &Stored)> {
        self.0.iter()
    }

    /// Whether this digest is there.
    #[must_use]
    pub fn has(&self, digest: &str) -> bool {
        self.0.contains_key(digest)
    }

    /// Adds an output. Of two forms of one output the one that says more stays: a whole one over a sample, a longer
    /// sample over a shorter. What stays does not depend on the order in which they come.
    pub fn add(&mut self, digest: String, stored: Stored) {
        let size = |s: &Stored| match s {
            Stored::Whole { .. } => usize::MAX,
            Stored::Sampled { sample, .. } => sample.len(),
        };
        let key = |s: &Stored| (size(s), s.clone());
        match self.0.get_mut(&digest) {
            None => {
                self.0.insert(digest, stored);
            }
            Some(there) if *there == stored => {}
            Some(there) => {
                if key(&stored) > key(there) {
                    *there = stored;
                }
            }
        }
    }

    pub(crate) fn into_inner(self) -> BTreeMap<String, Stored> {
        self.0
    }

    /// Checks every output against its digest.
    ///
    /// # Errors
    /// The first one that is damaged.
    pub fn verify(&self) -> Result<(), DamagedOutput> {
        self.0.iter().try_for_each(|(digest, stored)| stored.verify(digest))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bits::Dtype;

    fn output(words: u32) -> Bits {
        Bits::words(Dtype::U32, (0..words).map(|i| i.wrapping_mul(2_654_435_761)).collect())
    }

    #[test]
    fn a_small_output_comes_back_whole() {
        for (store, words) in [(1024, 0), (1024, 1), (1024, 1024), (5000, 5000)] {
            let bits = output(words);
            let known = Stored::new(&bits, store).known(&bits.digest()).expect("it is sound");
            assert_eq!((known.values, known.at), (bits.words, None), "{words} words, up to {store}");
        }
    }

    #[test]
    fn a_sample_is_spread_and_a_smaller_one_is_its_beginning() {
        let bits = output(100_000);
        let known = |store| Stored::new(&bits, store).known(&bits.digest()).expect("it is sound");
        let (small, large) = (known(64), known(1024));
        let places = large.at.clone().expect("it is sampled");
        assert_eq!((places.len(), small.values.len()), (256, 16), "a quarter of what is stored whole");
        assert!(places.windows(2).all(|p| p[1] - p[0] < 2 * 100_000 / 256), "no gap is wide: {places:?}");
        for place in small.at.expect("it is sampled") {
            let at = usize::try_from(place).expect("small");
            assert_eq!(large.word(place), Some(bits.words[at]), "place {place} is in both");
        }
        assert_eq!(large.blocks.len(), 100_000usize.div_ceil(4096), "blocks");
        let whole = Known { words: 100_000, at: None, values: bits.words.clone(), blocks: Vec::new() };
        assert_eq!(whole.block_digests(), large.blocks, "a whole output has the same blocks");
    }

    #[test]
    fn blocks_stay_few() {
        for (words, size) in [(1, 4096), (262_144, 4096), (262_145, 8192), (1 << 26, 1 << 20)] {
            assert_eq!(block(words), size, "{words}");
            assert!(words.div_ceil(block(words)) <= BLOCKS, "{words}");
        }
    }

    #[test]
    fn damage_is_noticed() {
        let bits = output(5000);
        let digest = bits.digest();
        for store in [0, 1024, 5000] {
            let good = Stored::new(&bits, store);
            assert!(good.known(&digest).is_ok(), "sound at {store}");
            let other = digest.replace(|c: char| c.is_ascii_digit(), "f");
            assert!(good.known(&other).is_err(), "another's digest at {store}");
            let text = serde_json::to_string(&good).expect("JSON");
            for (from, to) in
                [("\"words\":5000", "\"words\":4999"), ("AAA", "AAB"), ("\"blocks\":\"", "\"blocks\":\"0")]
            {
                let changed = text.replacen(from, to, 1);
                if changed != text {
                    let bad: Stored = serde_json::from_str(&changed).expect("JSON");
                    assert!(bad.known(&digest).is_err(), "{from} → {to} at {store}");
                }
            }
        }
    }

    #[test]
    fn the_form_that_says_most_stays_in_any_order() {
        let bits = output(2000);
        let forms = [64, 1024, 4096].map(|store| Stored::new(&bits, store));
        let orders = [[0, 1, 2], [0, 2, 1], [1, 0, 2], [1, 2, 0], [2, 0, 1], [2, 1, 0]];
        for order in orders {
            let mut table = Outputs::default();
            for i in order {
                table.add(bits.digest(), forms[i].clone());
            }
            assert_eq!(table.get(&bits.digest()), Some(&forms[2]), "{order:?}");
        }
    }
}
