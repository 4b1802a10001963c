//! What atomic operations read, so that two orders of execution can be told apart by it.

use std::collections::BTreeMap;

/// What the atomics on one line read, as sums of hashes: two orders in which they are equal read the same.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(in crate::engines::interpreter) struct Reads {
    /// Of the values, whoever read them.
    values: u64,
    /// Of values with who read them.
    given: u64,
    /// Whether they are changed as well.
    changes: bool,
}

/// What atomics read, by line.
#[derive(Debug, Clone, Default)]
pub(in crate::engines::interpreter) struct Seen {
    lines: BTreeMap<u32, Reads>,
    /// For each lane, the number of its invocation in the dispatch.
    invocations: Vec<u64>,
}

impl Seen {
    pub(super) fn begin(&mut self, groups: &[[u32; 3]], all: [u32; 3], size: usize, lanes: usize) {
        let number =
            |[x, y, z]: [u32; 3]| u64::from(x) + u64::from(all[0]) * (u64::from(y) + u64::from(all[1]) * u64::from(z));
        let of = |lane: usize| {
            let group = groups.get(lane / size.max(1)).copied().unwrap_or_default();
            number(group).wrapping_mul(size as u64).wrapping_add((lane % size.max(1)) as u64)
        };
        self.invocations = (0..lanes).map(of).collect();
    }

    pub(super) fn read(&mut self, line: u32, lane: usize, value: u32) {
        let by = self.invocations.get(lane).copied().unwrap_or_default();
        let reads = self.lines.entry(line).or_default();
        reads.values = reads.values.wrapping_add(hash(u64::from(value)));
        reads.given = reads.given.wrapping_add(hash(hash(by) ^ u64::from(value)));
    }

    pub(super) fn changed(&mut self, line: u32, lane: usize, value: u32) {
        self.read(line, lane, value);
        self.lines.entry(line).or_default().changes = true;
    }

    /// Adds what another dispatch read.
    pub(in crate::engines::interpreter) fn add(&mut self, other: &Self) {
        for (line, reads) in &other.lines {
            let mine = self.lines.entry(*line).or_default();
            mine.values = mine.values.wrapping_add(reads.values);
            mine.given = mine.given.wrapping_add(reads.given);
            mine.changes |= reads.changes;
        }
    }

    /// The lines whose atomics read other values in `other`, those that change memory first; and the lines that read the
    /// same values, but not in the same invocations.
    pub(in crate::engines::interpreter) fn apart(&self, other: &Self) -> (Vec<u32>, Vec<u32>) {
        let lines: std::collections::BTreeSet<u32> = self.lines.keys().chain(other.lines.keys()).copied().collect();
        let of = |seen: &Self, line: u32| seen.lines.get(&line).copied().unwrap_or_default();
        let (mut values, mut given) = (Vec::new(), Vec::new());
        for line in lines {
            let (a, b) = (of(self, line), of(other, line));
            if a.values != b.values {
                values.push((!(a.changes || b.changes), line));
            } else if a.given != b.given {
                given.push(line);
            }
        }
        values.sort_unstable();
        (values.into_iter().map(|(_, line)| line).collect(), given)
    }
}

/// SplitMix64's finisher.
fn hash(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}
