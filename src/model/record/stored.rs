//! One output that a record keeps: a small one whole, of a large one some chunks that its digest proves.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::known::{Blocks, Known, SHORT};
use super::{base64, tree};
use crate::model::bits::{Bits, digest_words};

/// Elements up to which an output is stored whole, unless another number is asked for.
pub const STORE: u64 = 1024;

/// Of a large output the last chunk is stored, and one more for every so many elements that would still be stored whole.
const CHUNK_PER: u64 = 512;

/// Words in a block, unless there would be more than [`BLOCKS`] of them.
const BLOCK: u64 = 4096;

/// Most blocks.
const BLOCKS: u64 = 64;

/// The largest output that is believed, in words.
const MOST: u64 = 1 << 40;

/// One output.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", tag = "form")]
pub enum Stored {
    /// A sample of formats 1.2 and 1.3, and digests by block, which nothing proves: they hold for the record that they
    /// came in, and for no other.
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
        /// between each and the next, against damage.
        check: String,
    },
    /// In a merged file: copies of one record had different samples that nothing proves, so that none is known. Since
    /// format 1.4.
    Disputed,
    /// Some chunks of 256 words, which the output's digest proves: it is the root of BLAKE3's tree over them. Since format
    /// 1.4.
    Chunks {
        /// How many 32-bit words the output has.
        words: u64,
        /// The chaining value of each block, 32 bytes each, as base64: 4096 words a block, or the smallest power of two
        /// that gives at most 64 blocks. Empty where there is one block, whose value is the digest.
        blocks: String,
        /// The words of some chunks, as base64 of little-endian bytes: of the last chunk, and of the k-th, from 0, at
        /// `floor(((k * 0x9e3779b97f4a7c15) mod 2^64) * chunks / 2^64)`, each once.
        sample: String,
        /// For each of these chunks, the chaining values beside its way up to its block, from the chunk on, as base64.
        proof: String,
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
    #[error("its bits are not base64 of words")]
    Bits,
    /// An output, or a part of one, is another one's.
    #[error("its bits are not those of its digest")]
    Digest,
    /// More words than are believed.
    #[error("{0} words are more than any output has")]
    TooLarge(u64),
    /// Copies of one record disagree.
    #[error("copies of its record have different samples of it")]
    Disputed,
    /// A sample is another one's, or was changed.
    #[error("its sample is not what its checksum says")]
    Checksum,
    /// Of a sample, what is not base64, or no whole number of words.
    #[error("its sample is not base64 of words")]
    Sample,
    /// Another number of blocks, or of sampled words, than its words have.
    #[error("it has not as many blocks or sampled words as its length needs")]
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
pub(super) fn place(k: u64, words: u64) -> u64 {
    let fraction = u128::from(k.wrapping_mul(0x9e37_79b9_7f4a_7c15));
    u64::try_from((fraction * u128::from(words)) >> 64).unwrap_or(0)
}

impl Stored {
    /// Stores an output: whole up to `store` elements.
    #[must_use]
    pub fn new(bits: &Bits, store: u64) -> Self {
        let words = bits.words.len() as u64;
        let count = 1 + store.div_ceil(CHUNK_PER);
        if bits.len as u64 <= store || tree::chunks(words) <= count {
            return Self::Whole { bits: base64::encode(&bits.words) };
        }
        let tree::Parts { blocks, sample, proof } =
            tree::parts(&bits.words, usize::try_from(count).unwrap_or(usize::MAX));
        let [blocks, sample, proof] = [blocks, sample, proof].map(|w| base64::encode(&w));
        Self::Chunks { words, blocks, sample, proof }
    }

    /// The output's words; of a damaged one, any number, and of a disputed one none.
    #[must_use]
    pub fn words(&self) -> Option<u64> {
        match self {
            Self::Whole { bits } => {
                let padding = bits.bytes().rev().take_while(|b| *b == b'=').count() as u64;
                Some((bits.len() as u64 / 4 * 3).saturating_sub(padding) / 4)
            }
            Self::Sampled { words, .. } | Self::Chunks { words, .. } => Some(*words),
            Self::Disputed => None,
        }
    }

    /// Whether the digest that it is stored under proves it.
    #[must_use]
    pub fn is_proven(&self) -> bool {
        matches!(self, Self::Whole { .. } | Self::Chunks { .. })
    }

    /// What two forms of one output, from copies of one record, say together: of two that are proven, the one that says
    /// more; one that is proven before one that is not; and nothing where two that are not proven differ. It is the same in
    /// any order, however many there are.
    #[must_use]
    pub fn join(self, other: Self) -> Self {
        match (self.is_proven(), other.is_proven()) {
            (false, false) if self != other => Self::Disputed,
            _ => {
                let said = |s: &Self| match s {
                    Self::Whole { .. } => usize::MAX,
                    Self::Chunks { sample, .. } => sample.len(),
                    Self::Sampled { .. } | Self::Disputed => 0,
                };
                if (said(&self), &self) < (said(&other), &other) { other } else { self }
            }
        }
    }

    /// Checks it against its digest. A disputed one says nothing that could be wrong.
    ///
    /// # Errors
    /// When it is damaged, or another output's.
    pub fn verify(&self, digest: &str) -> Result<(), DamagedOutput> {
        match self.known(digest) {
            Ok(_) | Err(Damage::Disputed) => Ok(()),
            Err(damage) => Err(DamagedOutput { digest: digest.to_owned(), damage }),
        }
    }

    /// What is known of the output, once it is known to be the one of `digest`; else what is wrong.
    ///
    /// # Errors
    /// When it is damaged, or another output's.
    pub fn known(&self, digest: &str) -> Result<Known, Damage> {
        let known = |words, at, values, blocks| Known { digest: digest.to_owned(), words, at, values, blocks };
        match self {
            Self::Whole { bits } => {
                let words = base64::decode(bits).ok_or(Damage::Bits)?;
                if digest_words(&words) != digest {
                    return Err(Damage::Digest);
                }
                Ok(known(words.len() as u64, None, words, Blocks::Computed))
            }
            Self::Chunks { words, blocks, sample, proof } => {
                if *words > MOST {
                    return Err(Damage::TooLarge(*words));
                }
                let decode = |text: &str| base64::decode(text).ok_or(Damage::Sample);
                let parts = tree::Parts { blocks: decode(blocks)?, sample: decode(sample)?, proof: decode(proof)? };
                let (at, values) = tree::proven(&parts, *words, digest)?.into_iter().unzip();
                let mut blocks = tree::as_text(&parts.blocks);
                if blocks.is_empty() {
                    blocks.push(digest.to_owned());
                }
                Ok(known(*words, Some(at), values, Blocks::Tree(blocks)))
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
                let at: BTreeMap<u64, u32> = (0..).map(|k| place(k, *words)).zip(values.iter().copied()).collect();
                let blocks = blocks.as_bytes().chunks(SHORT).map(|b| String::from_utf8_lossy(b).into_owned()).collect();
                let (at, values) = at.into_iter().unzip();
                Ok(known(*words, Some(at), values, Blocks::Each(blocks)))
            }
            Self::Disputed => Err(Damage::Disputed),
        }
    }
}

fn check(digest: &str, words: u64, blocks: &str, sample: &str) -> String {
    blake3::hash(format!("{digest}\n{words}\n{blocks}\n{sample}").as_bytes()).to_hex()[..SHORT].to_owned()
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
    fn a_sample_is_spread_and_a_smaller_one_is_part_of_it() {
        let bits = output(100_000);
        let known = |store| Stored::new(&bits, store).known(&bits.digest()).expect("it is sound");
        let (small, large) = (known(0), known(8192));
        let places = large.at.clone().expect("it is sampled");
        assert_eq!((small.values.len(), places.len()), (100_000 % 256, 16 * 256 + 100_000 % 256), "whole chunks");
        assert!(places.windows(2).all(|p| p[1] - p[0] < 2 * 100_000 / 16), "no gap is wide: {places:?}");
        assert_eq!(small.at.as_ref().and_then(|p| p.last()), Some(&99_999), "the end, which proves the length");
        for known in [&small, &large] {
            for (place, value) in known.at.iter().flatten().zip(&known.values) {
                assert_eq!(Some(value), bits.words.get(usize::try_from(*place).expect("small")), "place {place}");
            }
        }
        let whole = known(100_000);
        assert_eq!(whole.differing_blocks(&large), Some(vec![false; 25]), "a whole output has the same blocks");
        assert_eq!(large.differing_blocks(&small), Some(vec![false; 25]), "and a smaller sample");
        let mut other = bits.clone();
        other.words[50_000] ^= 1;
        let other = Stored::new(&other, 0).known(&other.digest()).expect("it is sound");
        let differing: Vec<usize> = (0..25).filter(|i| large.differing_blocks(&other).expect("trees")[*i]).collect();
        assert_eq!(differing, [50_000 / 4096], "and the block that differs is known");
    }

    /// Lengths about every edge of the tree: chunks, blocks, and powers of two of both.
    #[test]
    fn what_is_stored_of_an_output_of_any_length_is_proven_by_its_digest() {
        let edges = [256, 512, 768, 1024, 1280, 2048, 4096, 4352, 8192, 12_288, 65_536, 262_144, 300_000];
        let mut checked = 0;
        for words in edges.into_iter().flat_map(|n| [n - 1, n, n + 1]) {
            let bits = output(words);
            for store in [0, 1, 1024, 5000] {
                let stored = Stored::new(&bits, store);
                let known = stored.known(&bits.digest()).unwrap_or_else(|e| panic!("{words} words, {store}: {e}"));
                assert_eq!(known.words, u64::from(words), "its length");
                let at = known.at.unwrap_or_else(|| (0..u64::from(words)).collect());
                assert!(at.len() >= usize::try_from(store.min(u64::from(words)) / 4).expect("small"), "enough");
                for (place, value) in at.iter().zip(&known.values) {
                    assert_eq!(bits.words[usize::try_from(*place).expect("small")], *value, "{words}, {place}");
                }
                checked += 1;
            }
        }
        assert_eq!(checked, 156, "all of them");
    }

    /// A sample that anyone could have made up is not believed: not one bit of it can be changed, nor the length.
    #[test]
    fn no_part_of_a_sample_can_be_changed() {
        for words in [1000u32, 4096, 5000, 9000] {
            let bits = output(words);
            let Stored::Chunks { blocks, sample, proof, .. } = Stored::new(&bits, 0) else { panic!("chunks") };
            let known = |words, [blocks, sample, proof]: [&str; 3]| {
                let text = |t: &str| t.to_owned();
                let stored = Stored::Chunks { words, blocks: text(blocks), sample: text(sample), proof: text(proof) };
                stored.known(&bits.digest())
            };
            assert!(known(u64::from(words), [&blocks, &sample, &proof]).is_ok(), "as it is");
            for other in (0..3 * u64::from(words)).filter(|w| *w != u64::from(words)) {
                assert!(known(other, [&blocks, &sample, &proof]).is_err(), "{words} as {other}");
            }
            for part in 0..3 {
                let whole = [blocks.as_str(), &sample, &proof];
                for at in 0..base64::decode(whole[part]).expect("base64").len() {
                    let mut changed = base64::decode(whole[part]).expect("base64");
                    changed[at] ^= 1 << (at % 32);
                    let (changed, mut parts) = (base64::encode(&changed), whole);
                    parts[part] = &changed;
                    assert!(known(u64::from(words), parts).is_err(), "{words}: part {part}, word {at}");
                }
                let mut parts = whole;
                parts[part] = "";
                assert!(whole[part].is_empty() || known(u64::from(words), parts).is_err(), "{words}: without {part}");
            }
        }
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
    fn forms_of_one_output_join_in_any_order_and_grouping() {
        let bits = output(3000);
        let unproven = |sample: &str| {
            let (digest, blocks) = (bits.digest(), "0".repeat(SHORT));
            let sum = check(&digest, 3000, &blocks, sample);
            Stored::Sampled { words: 3000, blocks, sample: sample.to_owned(), check: sum }
        };
        let forms = [
            unproven("AAAAAA=="),
            unproven("AAAAAAAAAAA="),
            Stored::Disputed,
            Stored::new(&bits, 0),
            Stored::new(&bits, 1024),
            Stored::new(&bits, 4096),
        ];
        let join = |a: &Stored, b: &Stored| a.clone().join(b.clone());
        for (i, a) in forms.iter().enumerate() {
            assert_eq!(join(a, a), *a, "itself");
            for (j, b) in forms.iter().enumerate() {
                assert_eq!(join(a, b), join(b, a), "{i} and {j}");
                let expected = if i != j && i.max(j) < 3 { 2 } else { i.max(j) };
                assert_eq!(join(a, b), forms[expected], "{i} and {j}: what is not proven is never chosen");
                for c in &forms {
                    assert_eq!(join(&join(a, b), c), join(a, &join(b, c)), "in any grouping");
                }
            }
        }
        assert!(forms[2].known(&bits.digest()).is_err(), "nothing is known of what is disputed");
    }
}
