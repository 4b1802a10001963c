//! Lanes that go apart: those of one part go from each point where all meet to the next before those of others do.

use std::collections::BTreeSet;
use std::rc::Rc;

use super::{Machine, Mask, Stopped};
use crate::engines::interpreter::code::{Row, Step};

/// Steps that lanes may take while they are apart.
pub(super) const STEPS_APART: u64 = 1 << 22;

/// Two to four parts of the lanes, in their order.
pub(super) fn parts(order: &[u32]) -> Vec<Mask> {
    let count = 2 + order.first().map_or(0, |first| *first as usize % 3);
    order
        .chunks(order.len().div_ceil(count).max(1))
        .map(|part| {
            let mut lanes = vec![0; order.len()];
            part.iter().for_each(|lane| lanes[*lane as usize] = u32::MAX);
            Mask::new(lanes.into())
        })
        .collect()
}

impl<'c> Machine<'c> {
    /// Executes a block; gives the lanes that reach its end. Where lanes go apart, those of one part go from each point
    /// where all meet to the next before those of the next part do.
    pub(super) fn block(&mut self, block: &'c [Step], mut mask: Mask) -> Result<Mask, Stopped> {
        if self.parts.is_empty() {
            return self.steps(block, mask);
        }
        let mut rest = block;
        while !rest.is_empty() && !mask.is_none() {
            let (alone, written) = self.segment(rest);
            let (first, after) = rest.split_at(alone.max(1));
            mask = if alone == 0 { self.steps(first, mask)? } else { self.in_parts(first, &written, &mask)? };
            rest = after;
        }
        Ok(mask)
    }

    /// How many steps come before the next one where lanes meet, and the rows that they write.
    fn segment(&mut self, block: &'c [Step]) -> (usize, Rc<[Row]>) {
        let (code, effects) = (self.code, &mut self.effects);
        let known = self.segments.entry(std::ptr::from_ref(block).addr());
        let (alone, written) = known.or_insert_with(|| {
            let single = block.iter().map(|step| code.effect(std::slice::from_ref(step), effects));
            let before: Vec<_> = single.take_while(|effect| !effect.meets).collect();
            let written: BTreeSet<Row> = before.iter().flat_map(|effect| &effect.written).copied().collect();
            (before.len(), written.into_iter().collect())
        });
        (*alone, Rc::clone(written))
    }

    /// Executes steps in which nobody waits for anybody, part by part. `written` are the rows that they write.
    fn in_parts(&mut self, block: &'c [Step], written: &[Row], mask: &Mask) -> Result<Mask, Stopped> {
        let parts = std::mem::take(&mut self.parts);
        self.are_apart = true;
        // A step computes for all lanes, also those whose part is not on, so each part starts from the same rows.
        let before: Vec<Box<[u32]>> = written.iter().map(|row| self.rows[*row as usize].clone()).collect();
        let mut after = before.clone();
        let mut reached = Mask::None;
        for part in &parts {
            let here = mask.and(part);
            if here.is_none() {
                continue;
            }
            for (row, before) in written.iter().zip(&before) {
                self.rows[*row as usize].copy_from_slice(before);
            }
            reached = reached.or(&self.steps(block, here.clone())?);
            for (to, row) in after.iter_mut().zip(written) {
                let from = &self.rows[*row as usize];
                for lane in (0..self.lanes).filter(|lane| here.has(*lane)) {
                    to[lane] = from[lane];
                }
            }
        }
        for (row, after) in written.iter().zip(after) {
            self.rows[*row as usize] = after;
        }
        self.are_apart = false;
        self.parts = parts;
        Ok(reached)
    }
}
