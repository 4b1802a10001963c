//! Atomics, and operations between the invocations of a subgroup.

use super::mask::Mask;
use super::{Indeterminate, Machine, Notice};
use crate::engines::interpreter::code::{Atomic, Change, Extent, From, Row, Subgroup};
use crate::engines::interpreter::math::Kernel;

/// Applies an operation to two scalars of one or two words.
fn combine(kernel: Kernel, a: &[u32], b: &[u32], out: &mut [u32]) {
    match (kernel, a, b, &mut *out) {
        (Kernel::Map2(f), [a], [b], [out]) => {
            f(std::slice::from_mut(out), std::slice::from_ref(a), std::slice::from_ref(b));
        }
        (Kernel::Wide(f), _, _, _) => {
            let from: Vec<&[u32]> = a.iter().chain(b).map(std::slice::from_ref).collect();
            let mut to: Vec<&mut [u32]> = out.iter_mut().map(std::slice::from_mut).collect();
            f(&mut to, &from);
        }
        // The compiler makes no others.
        _ => {}
    }
}

impl Machine<'_> {
    /// A read-modify-write of every active lane, one after another in the order that the schedule gives.
    pub(super) fn atomic(&mut self, atomic: &Atomic, mask: &Mask) {
        let words = atomic.words;
        for turn in 0..self.lanes {
            let lane = self.order.as_ref().map_or(turn, |order| order[turn] as usize);
            if !mask.has(lane) {
                continue;
            }
            let address = self.address(&atomic.access, lane);
            let mut old = [0u32; 2];
            let mut operand = [0u32; 2];
            for part in 0..words {
                old[part] = self.word_at(&atomic.access, address, part);
                operand[part] = self.rows[atomic.operand[part] as usize][lane];
            }
            let mut new = operand;
            let mut exchanged = true;
            match atomic.change {
                Change::Combine(kernel) => combine(kernel, &old[..words], &operand[..words], &mut new[..words]),
                Change::Exchange => {}
                Change::CompareExchange => {
                    exchanged = (0..words).all(|p| self.rows[atomic.compare[p] as usize][lane] == old[p]);
                    // WGSL's exchange is weak: it may fail without a reason.
                    if self.are_apart && exchanged {
                        self.exchanges = self.exchanges.wrapping_add(1);
                        exchanged = self.exchanges % 5 != 3;
                    }
                }
            }
            if let Some(seen) = self.seen.as_mut().filter(|_| atomic.tells) {
                seen.changed(atomic.access.line, lane, old[0]);
            }
            if exchanged {
                for (part, value) in (0u32..).zip(&new[..words]) {
                    self.put_word_at(&atomic.access, address, part, *value);
                }
            }
            for (part, row) in atomic.out.iter().enumerate() {
                self.rows[*row as usize][lane] = if part < words { old[part] } else { u32::from(exchanged) };
            }
        }
    }

    /// The lanes of each subgroup that are active, in order.
    fn subgroups(&self, mask: &Mask) -> Vec<(usize, Vec<usize>)> {
        let size = self.lanes / self.groups;
        let subgroup = self.code.subgroup as usize;
        let mut found = Vec::new();
        for group in 0..self.groups {
            for start in (0..size).step_by(subgroup) {
                let first = group * size + start;
                let end = group * size + (start + subgroup).min(size);
                let active: Vec<usize> = (first..end).filter(|lane| mask.has(*lane)).collect();
                if !active.is_empty() {
                    found.push((first, active));
                }
            }
        }
        found
    }

    pub(super) fn subgroup(&mut self, operation: &Subgroup, mask: &Mask) {
        for (first, active) in self.subgroups(mask) {
            match operation {
                Subgroup::Ballot { predicate, out } => {
                    let mut ballot = [0u32; 4];
                    for lane in &active {
                        if predicate.is_none_or(|row| self.rows[row as usize][*lane] != 0) {
                            let bit = lane - first;
                            ballot[bit / 32] |= 1 << (bit % 32);
                        }
                    }
                    for lane in &active {
                        for (row, word) in out.iter().zip(ballot) {
                            self.rows[*row as usize][*lane] = word;
                        }
                    }
                }
                Subgroup::Gather { from, which, value, out, line } => {
                    self.gather(*from, *which, (value, out), first, &active, *line);
                }
                Subgroup::Collect { extent, combine, identity, value, out } => {
                    self.collect(*extent, *combine, identity, value, out, &active);
                }
            }
        }
    }

    fn gather(
        &mut self,
        from: From,
        which: Option<Row>,
        (value, out): (&[Row], &[Row]),
        first: usize,
        active: &[usize],
        line: u32,
    ) {
        let absent = if let Indeterminate::Lanes(word) = self.way.indeterminate { word } else { 0 };
        let end = first + self.code.subgroup as usize;
        for lane in active {
            let own = lane - first;
            let by = which.map_or(0, |row| self.rows[row as usize][*lane] as usize);
            let source = match from {
                From::First => active[0] - first,
                From::Lane => by,
                From::Down => own.saturating_add(by),
                From::Up => own.wrapping_sub(by),
                From::Xor => own ^ by,
                From::QuadLane => (own & !3) | (by & 3),
                From::QuadX => own ^ 1,
                From::QuadY => own ^ 2,
                From::QuadDiagonal => own ^ 3,
            };
            let source = first.saturating_add(source);
            // Reading from an invocation that is not active, or not there, is indeterminate in WGSL.
            let there = source < end && active.binary_search(&source).is_ok();
            if let Some(watch) = self.watch.as_mut().filter(|_| !there) {
                watch.note(Notice::Inactive { line });
            }
            for (to, from) in out.iter().zip(value) {
                self.rows[*to as usize][*lane] = if there { self.rows[*from as usize][source] } else { absent };
            }
        }
    }

    fn collect(
        &mut self,
        extent: Extent,
        kernel: Kernel,
        identity: &[u32],
        value: &[Row],
        out: &[Row],
        active: &[usize],
    ) {
        let words = value.len();
        let read = |machine: &Self, lane: usize| -> [u32; 2] {
            let mut word = [0; 2];
            for (word, row) in word.iter_mut().zip(value) {
                *word = machine.rows[*row as usize][lane];
            }
            word
        };
        let mut so_far: Option<[u32; 2]> = None;
        let mut results = Vec::with_capacity(active.len());
        for lane in active {
            let own = read(self, *lane);
            let mut start = [0; 2];
            start[..words].copy_from_slice(&identity[..words]);
            let before = so_far.unwrap_or(start);
            let with = match so_far {
                None => own,
                Some(sum) => {
                    let mut next = [0; 2];
                    combine(kernel, &sum[..words], &own[..words], &mut next[..words]);
                    next
                }
            };
            so_far = Some(with);
            results.push(if extent == Extent::Exclusive { before } else { with });
        }
        for (lane, result) in active.iter().zip(&results) {
            let result = if extent == Extent::All { so_far.unwrap_or_default() } else { *result };
            for (row, word) in out.iter().zip(result) {
                self.rows[*row as usize][*lane] = word;
            }
        }
    }
}
