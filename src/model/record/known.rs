//! What is known of an output, once what is stored of it is found to be sound.

use super::stored::block;
use super::tree;
use crate::model::bits::digest_words;

/// Hexadecimal digits of an unproven sample's digest of a block, and of its checksum.
pub(super) const SHORT: usize = 16;

/// What tells blocks of an output apart.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Blocks {
    /// Its words, all of which are known.
    Computed,
    /// Their chaining values.
    Tree(Vec<String>),
    /// Digests of each, as formats 1.2 and 1.3 have them.
    Each(Vec<String>),
}

/// What is known of a stored output.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// Its digest.
    pub digest: String,
    /// Its words.
    pub words: u64,
    /// The places of `values`, ascending; `None` where they are all of them.
    pub at: Option<Vec<u64>>,
    /// The words that are known.
    pub values: Vec<u32>,
    pub(super) blocks: Blocks,
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

    /// The digest of each block, for one form or the other.
    fn block_digests(&self, tree: bool) -> Option<Vec<String>> {
        match (&self.blocks, tree) {
            (Blocks::Computed, true) => Some(tree::blocks(&self.values)),
            (Blocks::Computed, false) => {
                let size = usize::try_from(block(self.words)).unwrap_or(usize::MAX);
                Some(self.values.chunks(size).map(|b| digest_words(b)[..SHORT].to_owned()).collect())
            }
            (Blocks::Tree(blocks), true) | (Blocks::Each(blocks), false) => Some(blocks.clone()),
            (Blocks::Tree(_), false) | (Blocks::Each(_), true) => None,
        }
    }

    /// For each block, whether it differs from the other output's; `None` where their digests are of different forms.
    #[must_use]
    pub fn differing_blocks(&self, other: &Self) -> Option<Vec<bool>> {
        let of = |tree| Some((self.block_digests(tree)?, other.block_digests(tree)?));
        let (mine, others) = of(true).or_else(|| of(false))?;
        Some(mine.iter().zip(&others).map(|(a, b)| a != b).collect())
    }
}
