//! Buffers, and loads and stores in shared memory.

use std::sync::atomic::{AtomicU32, Ordering::Relaxed};

use super::mask::Mask;
use super::{Indeterminate, Machine, Stopped};
use crate::engines::interpreter::code::{Access, Limit, Row, Space, Unit};

/// A buffer's words. Those that can be written are atomics, so that workgroups may run on several threads.
#[derive(Debug)]
pub(in crate::engines::interpreter) enum Buffer {
    Read(Vec<u32>),
    Write(Vec<AtomicU32>),
}

impl Buffer {
    /// A buffer that shaders can write.
    pub(in crate::engines::interpreter) fn writable(words: &[u32]) -> Self {
        Self::Write(words.iter().map(|w| AtomicU32::new(*w)).collect())
    }

    /// The number of words.
    pub(in crate::engines::interpreter) fn words(&self) -> usize {
        match self {
            Self::Read(words) => words.len(),
            Self::Write(words) => words.len(),
        }
    }

    /// Some words, as they are now.
    pub(in crate::engines::interpreter) fn read(&self, range: std::ops::Range<usize>) -> Vec<u32> {
        match self {
            Self::Read(words) => words.get(range).unwrap_or_default().to_vec(),
            Self::Write(words) => words.get(range).unwrap_or_default().iter().map(|w| w.load(Relaxed)).collect(),
        }
    }

    #[inline]
    fn get(&self, word: usize) -> u32 {
        match self {
            Self::Read(words) => words.get(word).copied().unwrap_or(0),
            Self::Write(words) => words.get(word).map_or(0, |w| w.load(Relaxed)),
        }
    }
}

/// Byte address to word.
#[inline]
fn word(address: u32) -> usize {
    (address >> 2) as usize
}

impl Machine<'_> {
    /// One past the greatest index that is in bounds.
    pub(super) fn limit(&self, limit: Limit) -> u32 {
        match limit {
            Limit::Count(count) => count,
            Limit::Buffer { buffer, offset, stride } => self.elements(buffer, offset, stride),
        }
    }

    /// The elements of a runtime-sized array.
    pub(super) fn elements(&self, buffer: usize, offset: u32, stride: u32) -> u32 {
        let bytes = 4 * self.buffers[buffer].words() as u64;
        let elements = bytes.saturating_sub(u64::from(offset)) / u64::from(stride.max(1));
        u32::try_from(elements).unwrap_or(u32::MAX)
    }

    /// Loads a word for every lane, active or not: addresses are always in bounds.
    pub(super) fn load(&mut self, out: Row, access: &Access, mask: &Mask) {
        let mut to = std::mem::take(&mut self.rows[out as usize]);
        let fixed = access.address.fixed;
        match (access.space, access.address.at) {
            (Space::Shared, at) => {
                let zeros = &self.rows[self.zeros as usize];
                let at = at.map_or(zeros, |row| &self.rows[row as usize]);
                let shared = &self.shared[..];
                if self.groups == 1 {
                    for (to, at) in to.iter_mut().zip(at) {
                        *to = shared.get(fixed.wrapping_add(*at) as usize).copied().unwrap_or(0);
                    }
                } else {
                    for ((to, at), base) in to.iter_mut().zip(at).zip(&self.shared_base) {
                        *to = shared.get(base.wrapping_add(fixed).wrapping_add(*at) as usize).copied().unwrap_or(0);
                    }
                }
            }
            (Space::Buffer(index), None) => {
                let value = unit(self.buffers[index].get(word(fixed)), fixed, access.unit);
                to.fill(value);
            }
            (Space::Buffer(index), Some(row)) => {
                let at = &self.rows[row as usize];
                match (self.buffers[index], access.unit) {
                    (Buffer::Read(words), Unit::Word) => {
                        for (to, at) in to.iter_mut().zip(at) {
                            *to = words.get(word(fixed.wrapping_add(*at))).copied().unwrap_or(0);
                        }
                    }
                    (Buffer::Write(words), Unit::Word) => {
                        for (to, at) in to.iter_mut().zip(at) {
                            *to = words.get(word(fixed.wrapping_add(*at))).map_or(0, |w| w.load(Relaxed));
                        }
                    }
                    (buffer, Unit::Half) => {
                        for (to, at) in to.iter_mut().zip(at) {
                            *to = unit(buffer.get(word(fixed.wrapping_add(*at))), fixed.wrapping_add(*at), Unit::Half);
                        }
                    }
                }
            }
        }
        self.rows[out as usize] = to;
        if self.watch.is_some() && !access.atomic {
            self.watch_access(access, mask, None);
        }
        if let Some(seen) = self.seen.as_mut().filter(|_| access.atomic) {
            let row = &self.rows[out as usize];
            (0..self.lanes).filter(|lane| mask.has(*lane)).for_each(|lane| seen.read(access.line, lane, row[lane]));
        }
    }

    /// Stores a word for every active lane, in the order that the schedule gives.
    pub(super) fn store(&mut self, access: &Access, value: Row, mask: &Mask) {
        if self.watch.is_some() && !access.atomic {
            self.watch_access(access, mask, Some(value));
        }
        if self.store_all(access, value, mask) {
            return;
        }
        for turn in 0..self.lanes {
            let lane = self.order.as_ref().map_or(turn, |order| order[turn] as usize);
            if !mask.has(lane) {
                continue;
            }
            let address = self.address(access, lane);
            let value = self.rows[value as usize][lane];
            self.put(access, address, value);
        }
    }

    /// The common stores without a test a lane: words, of every lane, in the lanes' own order. Says whether it was one.
    fn store_all(&mut self, access: &Access, value: Row, mask: &Mask) -> bool {
        let (Mask::All, None, Unit::Word, Some(at)) = (mask, &self.order, access.unit, access.address.at) else {
            return false;
        };
        let fixed = access.address.fixed;
        let lanes = self.rows[value as usize].iter().zip(&self.rows[at as usize]);
        match access.space {
            Space::Shared => {
                for ((value, at), base) in lanes.zip(&self.shared_base) {
                    if let Some(place) = self.shared.get_mut(base.wrapping_add(fixed).wrapping_add(*at) as usize) {
                        *place = *value;
                    }
                }
            }
            Space::Buffer(index) => {
                let Buffer::Write(words) = self.buffers[index] else { return false };
                for (value, at) in lanes {
                    if let Some(place) = words.get(word(fixed.wrapping_add(*at))) {
                        place.store(*value, Relaxed);
                    }
                }
            }
        }
        true
    }

    /// A lane's address: words in workgroup memory, bytes in buffers.
    #[inline]
    pub(super) fn address(&self, access: &Access, lane: usize) -> u32 {
        let at = access.address.at.map_or(0, |row| self.rows[row as usize][lane]);
        let base = if access.space == Space::Shared { self.shared_base[lane] } else { 0 };
        base.wrapping_add(access.address.fixed).wrapping_add(at)
    }

    #[inline]
    fn put(&mut self, access: &Access, address: u32, value: u32) {
        match access.space {
            Space::Shared => {
                if let Some(place) = self.shared.get_mut(address as usize) {
                    *place = value;
                }
            }
            Space::Buffer(index) => {
                let Buffer::Write(words) = self.buffers[index] else { return };
                let Some(place) = words.get(word(address)) else { return };
                match access.unit {
                    Unit::Word => place.store(value, Relaxed),
                    Unit::Half => {
                        let shift = 8 * (address & 2);
                        let keep = !(0xffffu32 << shift);
                        // The other half may belong to another thread's invocation.
                        let change = |old: u32| Some((old & keep) | ((value & 0xffff) << shift));
                        let _ = place.fetch_update(Relaxed, Relaxed, change);
                    }
                }
            }
        }
    }

    /// Reads one word of a scalar at a lane's address.
    pub(super) fn word_at(&self, access: &Access, address: u32, part: usize) -> u32 {
        match access.space {
            Space::Shared => self.shared.get(address as usize + part).copied().unwrap_or(0),
            Space::Buffer(index) => self.buffers[index].get(word(address) + part),
        }
    }

    /// Writes one word of a scalar at a lane's address.
    pub(super) fn put_word_at(&mut self, access: &Access, address: u32, part: u32, value: u32) {
        let step = if access.space == Space::Shared { 1 } else { 4 };
        self.put(access, address.wrapping_add(part * step), value);
    }

    /// Zeros the workgroups' memory, as WebGPU does, unless something else was asked for.
    pub(super) fn clear_shared(&mut self) {
        self.shared.fill(match self.way.indeterminate {
            Indeterminate::Workgroup(word) => word,
            _ => 0,
        });
    }

    /// Fails where a loop has taken all the steps there are.
    #[inline]
    pub(super) fn spend(&mut self, steps: usize, line: u32) -> Result<(), Stopped> {
        match self.fuel.checked_sub(steps as u64) {
            Some(left) => {
                self.fuel = left;
                // Several machines may share it; most ask for the same line again.
                if self.code.at.load(Relaxed) != line {
                    self.code.at.store(line, Relaxed);
                }
                Ok(())
            }
            None => Err(Stopped::Steps { limit: self.way.most_steps, line }),
        }
    }
}

/// A word, or the half of it at this address.
#[inline]
fn unit(word: u32, address: u32, unit: Unit) -> u32 {
    match unit {
        Unit::Word => word,
        Unit::Half => (word >> (8 * (address & 2))) & 0xffff,
    }
}
