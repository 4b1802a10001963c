//! Counting a sweep's results, chunk by chunk, on several threads. The counts do not depend on how many.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::sync::atomic::{AtomicUsize, Ordering};

use super::judge::Judged;
use super::order::{Chunk, SIGN, sampled};
use super::reference::{Function, Symmetry};
use crate::model::bits::Dtype;
use crate::model::sweep::{BLOCK, Inputs, PART, SAMPLE, Swept};
use crate::numerics::arith::format::Format;
use crate::numerics::spec::limits;

/// Inputs that are looked at together: their results and references stay in the first-level cache.
const PIECE: usize = 4096;

/// The results of a chunk.
#[derive(Debug, Clone, Copy)]
pub struct Sent<'a> {
    /// Which inputs.
    pub chunk: Chunk,
    /// The results, packed as the type is.
    pub words: &'a [u32],
    /// What the words held before, where that is a NaN that no arithmetic makes.
    pub poison: Option<u32>,
    /// The correctly rounded results, an element each, as [`references`] has them; `None` where they are to be computed. Where
    /// they are known, so is their digest, and no digests of parts are made.
    pub right: Option<&'a [u32]>,
}

/// The correctly rounded results of a chunk, every NaN as the canonical one, and their digest.
#[must_use]
pub fn references(function: &Function, chunk: Chunk) -> (Vec<u32>, String) {
    let mut right: Vec<u32> = (0..u32::try_from(chunk.count()).unwrap_or(u32::MAX)).map(|i| chunk.pattern(i)).collect();
    let patterns = right.clone();
    function.fill(&patterns, &mut right);
    canonical(function.format, &mut right);
    let mut hasher = blake3::Hasher::new();
    digest(&mut hasher, function.dtype(), &right);
    (right, short(&hasher))
}

/// The first 32 hexadecimal digits of a digest.
fn short(hasher: &blake3::Hasher) -> String {
    hasher.finalize().to_hex()[..32].to_owned()
}

/// See the module.
#[derive(Debug, Clone, Default)]
pub struct Tally {
    count: u64,
    wrong: u64,
    judged: Judged,
    /// Elements that still held the poison, and the least of them.
    unwritten: u64,
    first_unwritten: Option<u32>,
    /// Digests by the number of their block.
    blocks: BTreeMap<u32, String>,
    /// Results of the sample, by the number of their first input in it.
    samples: BTreeMap<u32, Vec<u32>>,
    /// Digests of all results and of the correctly rounded ones, where one chunk has all.
    whole: Option<[String; 2]>,
}

impl Tally {
    /// Takes a chunk.
    pub fn add(&mut self, function: &Function, sent: Sent<'_>, threads: usize) {
        let length = sent.chunk.length as usize;
        let block = length.min(usize::try_from(BLOCK).unwrap_or(length));
        let next = AtomicUsize::new(0);
        let known = Judged::after(&self.judged);
        let total = Mutex::new(std::mem::take(self));
        let work = || {
            loop {
                let at = next.fetch_add(block, Ordering::Relaxed);
                if at >= length {
                    break;
                }
                let part = Self::block(function, sent, at, block, &known);
                total.lock().unwrap_or_else(PoisonError::into_inner).merge(part);
            }
        };
        let threads = threads.clamp(1, length.div_ceil(block));
        std::thread::scope(|scope| {
            for _ in 1..threads {
                scope.spawn(work);
            }
            work();
        });
        *self = total.into_inner().unwrap_or_else(PoisonError::into_inner);
    }

    /// Elements that were never written, and the least input of one.
    #[must_use]
    pub fn unwritten(&self) -> Option<(u64, u32)> {
        self.first_unwritten.map(|first| (self.unwritten, first))
    }

    fn merge(&mut self, other: Self) {
        self.count += other.count;
        self.wrong += other.wrong;
        self.judged.merge(other.judged);
        self.unwritten += other.unwritten;
        self.first_unwritten = [self.first_unwritten, other.first_unwritten].into_iter().flatten().min();
        self.blocks.extend(other.blocks);
        self.samples.extend(other.samples);
        self.whole = self.whole.take().or(other.whole);
    }

    /// The inputs from `at` on of each run of a chunk.
    fn block(function: &Function, sent: Sent<'_>, at: usize, block: usize, known: &Judged) -> Self {
        let chunk = sent.chunk;
        let mut tally = Self { judged: Judged::after(known), ..Self::default() };
        let mut hashers = [blake3::Hasher::new(), blake3::Hasher::new()];
        let whole = chunk.sample || function.bits() == 16;
        let mut of_right = blake3::Hasher::new();
        let mut runs: [Vec<u32>; 2] = [Vec::new(), Vec::new()];
        let mut patterns = [0u32; PIECE];
        let (mut right, mut found) = ([0u32; PIECE], [0u32; PIECE]);
        for from in (at..at + block).step_by(PIECE) {
            let n = PIECE.min(at + block - from);
            for run in 0..chunk.runs {
                let first = from + run as usize * chunk.length as usize;
                let symmetry = if run == 0 { Symmetry::None } else { function.symmetry() };
                for (i, pattern) in (0u32..).zip(&mut patterns[..n]) {
                    *pattern = chunk.pattern(u32::try_from(first).unwrap_or(u32::MAX) + i);
                }
                match sent.right.and_then(|known| known.get(first..first + n)) {
                    Some(known) => right[..n].copy_from_slice(known),
                    None => {
                        match symmetry {
                            Symmetry::Even => {}
                            Symmetry::Odd => right[..n].iter_mut().for_each(|r| *r ^= SIGN),
                            Symmetry::None => function.fill(&patterns[..n], &mut right[..n]),
                        }
                        canonical(function.format, &mut right[..n]);
                    }
                }
                unpack(function.dtype(), sent.words, first, &mut found[..n]);
                if let Some(poison) = sent.poison {
                    tally.poisoned(function, poison, &patterns[..n], &found[..n]);
                }
                canonical(function.format, &mut found[..n]);
                let run = run as usize;
                digest(&mut hashers[run], function.dtype(), &found[..n]);
                if whole && sent.right.is_none() {
                    digest(&mut of_right, function.dtype(), &right[..n]);
                }
                tally.piece(function, &patterns[..n], &found[..n], &right[..n]);
                if sent.right.is_none() {
                    keep_sample(chunk, function, &patterns[..n], &found[..n], &mut runs[run]);
                }
            }
        }
        if whole {
            let right = if sent.right.is_none() { short(&of_right) } else { String::new() };
            tally.whole = Some([short(&hashers[0]), right]);
        }
        for run in 0..chunk.runs as usize {
            let place = u32::try_from(at + run * chunk.length as usize).unwrap_or(u32::MAX);
            let first = if chunk.sample { chunk.first + place } else { chunk.pattern(place) >> 12 };
            if !chunk.sample {
                let number = chunk.pattern(place) >> BLOCK.trailing_zeros();
                tally.blocks.insert(number, short(&hashers[run]));
            }
            if !runs[run].is_empty() {
                tally.samples.insert(first, std::mem::take(&mut runs[run]));
            }
        }
        tally
    }

    fn piece(&mut self, function: &Function, patterns: &[u32], found: &[u32], right: &[u32]) {
        self.count += found.len() as u64;
        if found == right {
            return;
        }
        let rule = function.rule().filter(|_| function.format == Format::F32);
        // Errors often grow with the input: from the end on, the first ones leave no exact value to be asked for the others.
        for ((pattern, found), right) in patterns.iter().zip(found).zip(right).rev() {
            if found != right {
                self.wrong += 1;
                self.judged.add(function, rule, *pattern, *found, *right);
            }
        }
    }

    /// Counts elements that hold the poison. Operands that are NaN may hold it too, and hand it on.
    fn poisoned(&mut self, function: &Function, poison: u32, patterns: &[u32], found: &[u32]) {
        let halves = [poison & 0xffff, poison >> 16];
        let half = function.format == Format::F16;
        let is = |i: usize, f: u32| f == if half { halves[i % 2] } else { poison };
        for (_, (pattern, _)) in patterns.iter().zip(found).enumerate().filter(|(i, (_, f))| is(*i, **f)) {
            if function.operands_of(*pattern)[..function.operands].iter().all(|x| !x.is_nan()) {
                self.unwritten += 1;
                self.first_unwritten = Some(self.first_unwritten.map_or(*pattern, |p| p.min(*pattern)));
            }
        }
    }

    /// What was found, in `seconds`.
    #[must_use]
    pub fn finish(self, function: &Function, inputs: Inputs, seconds: f64) -> Swept {
        let worst_outside = self.judged.worst_outside();
        let histogram = self.judged.histogram();
        let sample = parts(function.dtype(), &self.samples);
        let [digest, reference] = self.whole.unwrap_or_default();
        Swept {
            function: function.name.to_owned(),
            dtype: function.dtype(),
            operands: u32::try_from(function.operands).unwrap_or(1),
            inputs,
            count: self.count,
            limit: limits::told(function.name, function.format),
            right: self.count - self.wrong,
            classes: self.judged.classes,
            histogram,
            max_ulp: self.judged.max_ulp,
            worst_ulp: self.judged.worst_ulp,
            worst_absolute: self.judged.worst_absolute,
            allowed: self.judged.allowed,
            unlimited: self.judged.unlimited,
            outside: self.judged.outside,
            first_outside: self.judged.first_outside,
            worst_outside,
            blocks: self.blocks.into_values().collect(),
            sample,
            digest,
            reference,
            shader: String::new(),
            seconds,
        }
    }
}

/// The digests of the sample's parts, where the whole sample was seen.
fn parts(dtype: Dtype, samples: &BTreeMap<u32, Vec<u32>>) -> Vec<String> {
    let all: Vec<u32> = samples.values().flatten().copied().collect();
    if all.len() as u64 != SAMPLE {
        return Vec::new();
    }
    let part = usize::try_from(PART).unwrap_or(all.len());
    let of = |part: &[u32]| {
        let mut hasher = blake3::Hasher::new();
        digest(&mut hasher, dtype, part);
        short(&hasher)
    };
    all.chunks(part).map(of).collect()
}

/// Keeps those of the results that are of the sample.
fn keep_sample(chunk: Chunk, function: &Function, patterns: &[u32], found: &[u32], kept: &mut Vec<u32>) {
    if function.bits() != 32 {
        return;
    }
    if chunk.sample {
        kept.extend_from_slice(found);
        return;
    }
    for (patterns, found) in patterns.chunks(4096).zip(found.chunks(4096)) {
        let Some(first) = patterns.first() else { continue };
        let place = sampled(first >> 12).wrapping_sub(*first) as usize;
        kept.extend(found.get(place));
    }
}

/// Every NaN as the canonical one.
#[inline(always)]
fn canonical(format: Format, elements: &mut [u32]) {
    let (all, infinity, quiet) =
        if format == Format::F32 { (0x7fff_ffff, 0x7f80_0000, 0x7fc0_0000) } else { (0x7fff, 0x7c00, 0x7e00) };
    for bits in elements {
        *bits = if *bits & all > infinity { quiet } else { *bits };
    }
}

/// The elements from `first` on.
fn unpack(dtype: Dtype, words: &[u32], first: usize, elements: &mut [u32]) {
    if dtype == Dtype::F32 {
        elements.copy_from_slice(&words[first..first + elements.len()]);
        return;
    }
    for (i, element) in (first..).zip(elements) {
        *element = words[i / 2] >> (16 * (i % 2)) & 0xffff;
    }
}

/// Takes elements as little-endian bytes.
fn digest(hasher: &mut blake3::Hasher, dtype: Dtype, elements: &[u32]) {
    if dtype.width() == 16 {
        #[expect(clippy::cast_possible_truncation, reason = "binary16 patterns have 16 bits")]
        let bytes: Vec<u8> = elements.iter().flat_map(|e| (*e as u16).to_le_bytes()).collect();
        hasher.update(&bytes);
    } else if cfg!(target_endian = "little") {
        hasher.update(bytemuck::must_cast_slice(elements));
    } else {
        for element in elements {
            hasher.update(&element.to_le_bytes());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::numerics::arith::evaluate::{Evaluator as _, F1, Real};
    use crate::numerics::spec::bounds::Bounds;
    use crate::numerics::sweep::order::Order;

    /// What a sweep over all inputs keeps for the sample's digests is what the sample gives there.
    #[test]
    fn a_sample_and_all_inputs_agree_where_they_overlap() {
        let function = Function {
            name: "atan",
            operands: 1,
            format: Format::F32,
            exact: |e: &Real, x| e.call(F1::Atan, x[0]),
            allowed: |b: &Bounds, x| b.call(F1::Atan, x[0]),
        };
        // Results that tell their input.
        let result = |p: u32| p.rotate_left(7) & 0x3fff_ffff;
        let of = |chunk: Chunk| {
            let words: Vec<u32> =
                (0..u32::try_from(chunk.count()).unwrap()).map(|i| result(chunk.pattern(i))).collect();
            let mut tally = Tally::default();
            tally.add(&function, Sent { chunk, words: &words, poison: None, right: None }, 2);
            tally
        };
        let all = Order { inputs: Inputs::All, bits: 32, blocks: 4, most: None, from: 0 }.chunks().nth(300).unwrap();
        let sample =
            Order { inputs: Inputs::Stratified, bits: 32, blocks: 4, most: None, from: 0 }.chunks().next().unwrap();
        let (all, sample) = (of(all), of(sample));
        assert_eq!((all.samples.len(), all.blocks.len()), (4, 4), "four blocks");
        let whole = &sample.samples[&0];
        for (first, kept) in all.samples {
            let there = &whole[first as usize..][..kept.len()];
            assert_eq!((kept.len(), &kept[..]), (256, there), "from input {first} of the sample on");
        }
    }
}
