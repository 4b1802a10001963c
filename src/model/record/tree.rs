//! Parts of an output that the output's digest proves. BLAKE3 is a tree over chunks of 1024 bytes, so that a chunk and the
//! chaining values beside its way to the root give the digest, or are another output's (section 2.1 of its paper).
//!
//! The last chunk is always among those that are kept: it proves how long the output is. The chaining values of blocks,
//! which are whole subtrees, show where two outputs differ.

use std::collections::BTreeSet;

use blake3::hazmat::{ChainingValue, HasherExt as _, Mode, merge_subtrees_non_root, merge_subtrees_root};

use super::stored::{Damage, block, place};
use crate::model::bits::{digest_words, hash_words};

/// Words in a chunk.
const CHUNK: u64 = 256;

/// Words in a chaining value.
const VALUE: usize = 8;

/// Of an output, the chaining values of its blocks and some chunks with what is beside their ways to the root.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Parts {
    /// Eight words a block; none where there is one block, whose value the digest is.
    pub(super) blocks: Vec<u32>,
    /// The chunks' words, one chunk after the other, in the order of [`places`].
    pub(super) sample: Vec<u32>,
    /// For each chunk, eight words for each step of its way up to its block, from the chunk on.
    pub(super) proof: Vec<u32>,
}

/// Chunks of so many words.
pub(super) fn chunks(words: u64) -> u64 {
    words.div_ceil(CHUNK)
}

/// The chunks that are kept, the most important first: the last one, then places spread evenly.
fn places(chunks: u64) -> impl Iterator<Item = u64> {
    let mut seen = BTreeSet::new();
    let last = chunks.checked_sub(1).into_iter();
    last.chain((0..chunks).map(move |k| place(k, chunks))).filter(move |p| seen.insert(*p))
}

/// Leaves of the left one of a node's two subtrees.
fn left(leaves: u64) -> u64 {
    leaves.next_power_of_two() / 2
}

/// The subtrees beside the way from the top of `(first, leaves)` to a leaf, from the leaf up: where each begins, its
/// leaves, and whether it is on the left.
fn beside((mut first, mut leaves): (u64, u64), leaf: u64) -> Vec<(u64, u64, bool)> {
    let mut out = Vec::new();
    while leaves > 1 {
        let left = left(leaves);
        if leaf < first + left {
            out.push((first + left, leaves - left, false));
            leaves = left;
        } else {
            out.push((first, left, true));
            first += left;
            leaves -= left;
        }
    }
    out.reverse();
    out
}

fn size(n: u64) -> usize {
    usize::try_from(n).unwrap_or(usize::MAX)
}

fn value_of(words: &[u32], first: u64) -> ChainingValue {
    let mut hasher = blake3::Hasher::new();
    hasher.set_input_offset(first * CHUNK * 4);
    hash_words(&mut hasher, words);
    hasher.finalize_non_root()
}

fn to_words(value: &ChainingValue) -> impl Iterator<Item = u32> + '_ {
    value.as_chunks::<4>().0.iter().map(|w| u32::from_le_bytes(*w))
}

fn to_values(words: &[u32]) -> impl Iterator<Item = ChainingValue> + '_ {
    words.as_chunks::<VALUE>().0.iter().map(|of| {
        let mut value = [0; 32];
        for (place, word) in value.as_chunks_mut::<4>().0.iter_mut().zip(of) {
            *place = word.to_le_bytes();
        }
        value
    })
}

fn slice(words: &[u32], first: u64, leaves: u64) -> &[u32] {
    let at = |chunk: u64| size(chunk * CHUNK).min(words.len());
    &words[at(first)..at(first + leaves)]
}

/// The block of a chunk: where it begins and its chunks.
fn block_of(chunk: u64, words: u64) -> (u64, u64) {
    let size = block(words) / CHUNK;
    let first = chunk / size * size;
    (first, size.min(chunks(words) - first))
}

/// The digests of an output's blocks, as text to compare: of one block, the output's.
pub(super) fn blocks(words: &[u32]) -> Vec<String> {
    let values = block_values(words);
    if values.is_empty() { vec![digest_words(words)] } else { as_text(&values) }
}

/// Chaining values as hexadecimal digits.
pub(super) fn as_text(values: &[u32]) -> Vec<String> {
    to_values(values).map(|v| blake3::Hash::from_bytes(v).to_hex().to_string()).collect()
}

fn block_values(words: &[u32]) -> Vec<u32> {
    let length = block(words.len() as u64);
    if words.len() as u64 <= length {
        return Vec::new();
    }
    let blocks = (0u64..).zip(words.chunks(size(length)));
    blocks.flat_map(|(i, of)| to_words(&value_of(of, i * length / CHUNK)).collect::<Vec<_>>()).collect()
}

/// The parts of an output of more than one chunk, with so many chunks.
pub(super) fn parts(words: &[u32], count: usize) -> Parts {
    let all = words.len() as u64;
    let mut out = Parts { blocks: block_values(words), ..Parts::default() };
    for chunk in places(chunks(all)).take(count) {
        out.sample.extend_from_slice(slice(words, chunk, 1));
        for (first, leaves, _) in beside(block_of(chunk, all), chunk) {
            out.proof.extend(to_words(&value_of(slice(words, first, leaves), first)));
        }
    }
    out
}

fn joined(values: &[ChainingValue]) -> Option<ChainingValue> {
    match values {
        [] => None,
        [one] => Some(*one),
        _ => {
            let (l, r) = values.split_at(size(left(values.len() as u64)));
            Some(merge_subtrees_non_root(&joined(l)?, &joined(r)?, Mode::Hash))
        }
    }
}

fn root(l: &ChainingValue, r: &ChainingValue) -> String {
    merge_subtrees_root(l, r, Mode::Hash).to_hex()[..32].to_owned()
}

/// The words that are known of an output of so many, by their places, once they are proven to be those of its digest.
///
/// # Errors
/// When they are another output's, or too few or too many for one of so many words.
pub(super) fn proven(parts: &Parts, words: u64, digest: &str) -> Result<Vec<(u64, u32)>, Damage> {
    let count = words.div_ceil(block(words));
    let expected = if count > 1 { size(count) * VALUE } else { 0 };
    if chunks(words) < 2 || parts.blocks.len() != expected || !parts.proof.len().is_multiple_of(VALUE) {
        return Err(Damage::Blocks);
    }
    let values: Vec<ChainingValue> = to_values(&parts.blocks).collect();
    if count > 1 {
        let (l, r) = values.split_at(size(left(count)));
        let (l, r) = (joined(l).ok_or(Damage::Blocks)?, joined(r).ok_or(Damage::Blocks)?);
        if root(&l, &r) != digest {
            return Err(Damage::Digest);
        }
    }
    let mut proof = to_values(&parts.proof);
    let (mut rest, mut out) = (parts.sample.as_slice(), Vec::with_capacity(parts.sample.len()));
    // The last chunk comes first; without it the length would be a claim.
    if rest.is_empty() {
        return Err(Damage::Blocks);
    }
    for chunk in places(chunks(words)) {
        if rest.is_empty() {
            break;
        }
        let length = CHUNK.min(words - chunk * CHUNK);
        let (mine, later) = rest.split_at_checked(size(length)).ok_or(Damage::Blocks)?;
        rest = later;
        let (first, leaves) = block_of(chunk, words);
        let way = beside((first, leaves), chunk);
        let mut value = value_of(mine, chunk);
        for (i, (_, _, on_left)) in way.iter().enumerate() {
            let other = proof.next().ok_or(Damage::Blocks)?;
            let (l, r) = if *on_left { (&other, &value) } else { (&value, &other) };
            if count == 1 && i + 1 == way.len() {
                if root(l, r) != digest {
                    return Err(Damage::Digest);
                }
            } else {
                value = merge_subtrees_non_root(l, r, Mode::Hash);
            }
        }
        let mine_of = |v: &ChainingValue| *v == value;
        if count > 1 && !values.get(size(chunk * CHUNK / block(words))).is_some_and(mine_of) {
            return Err(Damage::Digest);
        }
        out.extend((chunk * CHUNK..).zip(mine.iter().copied()));
    }
    if !rest.is_empty() || proof.next().is_some() {
        return Err(Damage::Blocks);
    }
    out.sort_unstable();
    Ok(out)
}
