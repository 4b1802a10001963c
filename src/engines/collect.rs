//! Telling the distinct outputs of repeated runs apart, and elements that no run wrote.

use crate::model::answer::{Distinct, RunError};
use crate::model::bits::Bits;
use crate::model::task::Program;

/// Poison for even and odd runs. As binary32, and as either half of binary16, they are NaN with payloads that no
/// arithmetic makes. An element that equals the poison of its run in two runs with different poison was never written.
pub(super) const POISON: [u32; 2] = [0x7fad_7e5d, 0xffb3_fe6b];

/// How many distinct outputs are kept whole in any case. More are while all together stay below [`KEPT_BYTES`]; of
/// further ones only the digest is, so that an unordered sum over a large array cannot fill the memory.
const KEPT: usize = 8;

/// See [`KEPT`].
const KEPT_BYTES: usize = 64 << 20;

/// The distinct outputs so far.
#[derive(Debug, Default)]
pub(super) struct Tally(Vec<Distinct>);

impl Tally {
    /// Counts `runs` runs with this output.
    pub(super) fn add(&mut self, bits: Bits, runs: u32) {
        if let Some(same) = self.0.iter_mut().find(|d| d.bits.as_ref() == Some(&bits)) {
            same.runs += runs;
            return;
        }
        let digest = bits.digest();
        match self.0.iter_mut().find(|d| d.digest == digest) {
            Some(same) => same.runs += runs,
            None => {
                let known = self.0.len();
                let bits = (known < KEPT || (known + 1) * 4 * bits.words.len() <= KEPT_BYTES).then_some(bits);
                self.0.push(Distinct { bits, digest, runs });
            }
        }
    }

    pub(super) fn finish(self) -> Vec<Distinct> {
        self.0
    }
}

/// The distinct outputs so far, and which elements may never have been written.
pub(super) struct Collected<'a> {
    program: &'a Program,
    distinct: Tally,
    /// Indices that held the poison in every run so far; `None` before the first run.
    poisoned: Option<Vec<usize>>,
    poisons: [bool; 2],
}

impl<'a> Collected<'a> {
    pub(super) fn new(program: &'a Program) -> Self {
        Self { program, distinct: Tally::default(), poisoned: None, poisons: [false; 2] }
    }

    /// Whether some elements hold poison and only one kind of poison has been tried.
    pub(super) fn suspicious(&self) -> bool {
        self.program.is_poisoned() && self.poisons != [true; 2] && self.poisoned.as_ref().is_some_and(|p| !p.is_empty())
    }

    /// Takes the words that the output view spans.
    pub(super) fn add(&mut self, words: Vec<u32>, run: u32, counts: bool) {
        let view = &self.program.output;
        let which = (run % 2) as usize;
        self.poisons[which] = true;
        let bits = view.gather(words);
        if self.program.is_poisoned() {
            let is_poison = |i: &usize| {
                let (place, mask) = view.place(*i);
                let shift = if view.dtype.per_word() == 2 { 16 * (place % 2) } else { 0 };
                let mask = mask & (u32::MAX >> (32 - view.dtype.width()));
                bits.get(*i) == (POISON[which] >> shift) & mask
            };
            self.poisoned = Some(match self.poisoned.take() {
                None => (0..view.len).filter(is_poison).collect(),
                Some(before) => before.into_iter().filter(is_poison).collect(),
            });
        }
        if counts {
            self.distinct.add(bits, 1);
        }
    }

    pub(super) fn finish(self) -> Result<Vec<Distinct>, RunError> {
        match self.poisoned {
            Some(poisoned) if !poisoned.is_empty() => {
                Err(RunError::Unwritten { count: poisoned.len(), len: self.program.output.len, first: poisoned[0] })
            }
            _ => Ok(self.distinct.finish()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::bits::Dtype;
    use crate::model::task::{Buffer, OutputView};

    fn program(len: usize) -> Program {
        Program::new(String::new(), vec![Buffer::Output(len)], Vec::new(), OutputView::whole(0, Dtype::F32, len))
    }

    #[test]
    fn small_outputs_are_all_kept_and_large_ones_bounded() {
        for (len, runs, kept) in [(1, 100, 100), (4 << 20, 12, KEPT)] {
            let program = program(len);
            let mut collected = Collected::new(&program);
            for run in 0..runs {
                collected.add(vec![run + 1; len], run, true);
            }
            let distinct = collected.finish().expect("all is written");
            assert_eq!(distinct.len(), runs as usize, "every result is counted");
            assert_eq!(distinct.iter().filter(|d| d.bits.is_some()).count(), kept, "{len} elements");
            assert!(distinct[..kept].iter().all(|d| d.bits.is_some()), "the first ones are kept");
        }
    }

    #[test]
    fn poison_must_stay_in_runs_of_both_kinds() {
        let program = program(2);
        let mut once = Collected::new(&program);
        once.add(vec![1, POISON[0]], 0, true);
        assert!(once.suspicious(), "the other poison tells");
        once.add(vec![1, POISON[0]], 1, false);
        assert!(once.finish().is_ok(), "an answer that happens to be the first poison");
        let mut never = Collected::new(&program);
        never.add(vec![1, POISON[0]], 0, true);
        never.add(vec![1, POISON[1]], 1, false);
        assert!(matches!(never.finish(), Err(RunError::Unwritten { count: 1, first: 1, .. })), "never written");
    }
}
