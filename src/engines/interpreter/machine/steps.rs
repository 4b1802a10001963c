//! Executing steps: each for all lanes, in blocks that mirror WGSL's control flow.

use std::rc::Rc;

use super::{Machine, Mask, Stopped};
use crate::engines::interpreter::asked::{Asking, answer};
use crate::engines::interpreter::code::{Arm, Block, Row, Step, work};

/// Whether a row's word is NaN, of binary32 or binary16.
fn is_nan(word: u32) -> bool {
    word & 0x7fff_ffff > 0x7f80_0000
}

/// The bit that makes a NaN quiet.
const QUIET: u32 = 0x0040_0000;

/// The NaN that x86 processors make.
const MADE_NAN: u32 = 0xffc0_0000;

impl<'c> Machine<'c> {
    /// See [`crate::engines::interpreter::asked`].
    fn asked(&mut self, place: usize, from: &[Row], strict: &[Row], out: &[Row], mask: &Mask) {
        let mut to: Vec<Box<[u32]>> = out.iter().map(|row| self.take(*row)).collect();
        for (to, strict) in to.iter_mut().zip(strict) {
            to.copy_from_slice(self.row(*strict));
        }
        if let Some(asking) = &self.code.asking {
            let given: Vec<&[u32]> = from.iter().map(|row| self.row(*row)).collect();
            let mut made: Vec<&mut [u32]> = to.iter_mut().map(|row| &mut row[..]).collect();
            answer(asking, place, &given, &mut made, |lane| mask.has(lane));
        }
        for (row, to) in out.iter().zip(to) {
            self.rows[*row as usize] = to;
        }
    }

    /// Executes steps, all lanes in step.
    pub(super) fn steps(&mut self, block: &'c [Step], mut mask: Mask) -> Result<Mask, Stopped> {
        self.executed += (work(block) * self.lanes) as u64;
        for step in block {
            if mask.is_none() {
                break;
            }
            match step {
                Step::Map1 { f, out, a } => {
                    let mut to = self.take(*out);
                    f(&mut to, self.row(*a));
                    self.rows[*out as usize] = to;
                }
                Step::Map2 { f, out, a, b } => {
                    let mut to = self.take(*out);
                    f(&mut to, self.row(*a), self.row(*b));
                    self.rows[*out as usize] = to;
                }
                Step::Map3 { f, out, a, b, c } => {
                    let mut to = self.take(*out);
                    f(&mut to, self.row(*a), self.row(*b), self.row(*c));
                    self.rows[*out as usize] = to;
                }
                Step::Wide { f, out, from } => {
                    let mut to: Vec<Box<[u32]>> = out.iter().map(|row| self.take(*row)).collect();
                    {
                        let mut to: Vec<&mut [u32]> = to.iter_mut().map(|row| &mut row[..]).collect();
                        let from: Vec<&[u32]> = from.iter().map(|row| self.row(*row)).collect();
                        f(&mut to, &from);
                    }
                    for (row, to) in out.iter().zip(to) {
                        self.rows[*row as usize] = to;
                    }
                }
                Step::Copy { out, from } => {
                    if out != from {
                        let mut to = self.take(*out);
                        to.copy_from_slice(self.row(*from));
                        self.rows[*out as usize] = to;
                    }
                }
                Step::Clear { first, len } => {
                    for row in *first..*first + *len {
                        self.rows[row as usize].fill(0);
                    }
                }
                Step::Index { out, index, limit, stride, base, line } => {
                    let last = self.limit(*limit).saturating_sub(1);
                    if self.watch.is_some() {
                        self.watch_index((*index, *base, *out), last, *line, &mask);
                    }
                    let mut to = self.take(*out);
                    let index = self.row(*index);
                    match base {
                        None => {
                            for (to, i) in to.iter_mut().zip(index) {
                                *to = (*i).min(last).wrapping_mul(*stride);
                            }
                        }
                        Some(base) => {
                            for ((to, i), base) in to.iter_mut().zip(index).zip(self.row(*base)) {
                                *to = base.wrapping_add((*i).min(last).wrapping_mul(*stride));
                            }
                        }
                    }
                    self.rows[*out as usize] = to;
                }
                Step::Pick { out, index, from } => {
                    let mut to = self.take(*out);
                    for (lane, to) in to.iter_mut().enumerate() {
                        let index = self.rows[*index as usize][lane] as usize;
                        *to = from.get(index).map_or(0, |row| self.rows[*row as usize][lane]);
                    }
                    self.rows[*out as usize] = to;
                }
                Step::SetVariable { variable, value } => self.set(*variable, *value, &mask),
                Step::LoadVariable { out, first, end, at } => {
                    let mut to = self.take(*out);
                    for (lane, to) in to.iter_mut().enumerate() {
                        let row = first.wrapping_add(self.rows[*at as usize][lane]);
                        *to = if row < *end { self.rows[row as usize][lane] } else { 0 };
                    }
                    self.rows[*out as usize] = to;
                }
                Step::StoreVariable { first, end, at, value } => {
                    for lane in (0..self.lanes).filter(|lane| mask.has(*lane)) {
                        let row = first.wrapping_add(self.rows[*at as usize][lane]);
                        if row < *end {
                            self.rows[row as usize][lane] = self.rows[*value as usize][lane];
                        }
                    }
                }
                Step::Load { out, access } => self.load(*out, access, &mask),
                Step::Store { access, value } => self.store(access, *value, &mask),
                Step::ArrayLength { out, buffer, offset, stride } => {
                    let length = self.elements(*buffer, *offset, *stride);
                    self.rows[*out as usize].fill(length);
                }
                Step::Atomic(atomic) => self.atomic(atomic, &mask),
                Step::Subgroup(subgroup) => self.subgroup(subgroup, &mask),
                Step::Barrier { shared, storage, subgroup, line } => {
                    if let Some(watch) = &mut self.watch {
                        watch.barrier(*shared, *storage, *subgroup, *line, matches!(mask, Mask::All));
                    }
                }
                Step::Nan { out, strict, from } => {
                    let mut to = self.take(*out);
                    to.copy_from_slice(self.row(*strict));
                    for (lane, to) in to.iter_mut().enumerate().filter(|(_, to)| is_nan(**to)) {
                        let operands = from.iter().map(|row| self.row(*row)[lane]);
                        *to = operands.filter(|word| is_nan(*word)).map(|word| word | QUIET).next().unwrap_or(MADE_NAN);
                    }
                    self.rows[*out as usize] = to;
                }
                Step::Asked { place, from, strict, out } => self.asked(*place, from, strict, out, &mask),
                Step::Record { place, rows } => {
                    if let Some(mut recorded) = self.code.asking.as_ref().and_then(Asking::recorded) {
                        let of = |lane| rows.iter().map(|row| self.row(*row)[lane]).collect();
                        recorded.add(*place, || (0..self.lanes).map(|l| mask.has(l).then(|| of(l))).collect());
                    }
                }
                Step::Uniform { at, line } => {
                    if self.watch.is_some() {
                        self.watch_uniform(*at, *line, &mask);
                    }
                }
                Step::Trace { out, from, line } => {
                    if self.watch.is_some() {
                        self.watch_number(*out, from, *line, &mask);
                    }
                }
                Step::Power { out, base, exponent, line } => self.power(*out, *base, *exponent, *line, &mask),
                Step::If { condition, accept, reject } => {
                    let (yes, no) = mask.split(self.row(*condition));
                    let yes = if yes.is_none() { yes } else { self.block(accept, yes)? };
                    let no = if no.is_none() { no } else { self.block(reject, no)? };
                    mask = yes.or(&no);
                }
                Step::Loop { body, continuing, break_if, line } => {
                    mask = self.repeat(body, continuing, *break_if, *line, mask)?;
                }
                Step::Switch { selector, arms } => mask = self.switch(*selector, arms, mask)?,
                Step::Break => {
                    if let Some(top) = self.breaks.last_mut() {
                        *top = top.or(&mask);
                    }
                    mask = Mask::None;
                }
                Step::Continue => {
                    if let Some(top) = self.continues.last_mut() {
                        *top = top.or(&mask);
                    }
                    mask = Mask::None;
                }
                Step::Return => mask = Mask::None,
                Step::Call { function, line } => {
                    let code = self.code;
                    let body = &code.functions[*function];
                    // Calls that call twice, and so on, can go on as long as any loop.
                    self.spend(1 + work(body), *line)?;
                    // Lanes that return come back here; a call has no other end.
                    self.block(body, mask.clone())?;
                }
            }
        }
        Ok(mask)
    }

    /// A masked copy into a variable's row.
    fn set(&mut self, variable: Row, value: Row, mask: &Mask) {
        if variable == value {
            return;
        }
        let mut to = self.take(variable);
        let from = self.row(value);
        match mask {
            Mask::None => {}
            Mask::All => to.copy_from_slice(from),
            Mask::Some(lanes) => {
                for ((to, from), lane) in to.iter_mut().zip(from).zip(lanes.iter()) {
                    *to = (*to & !lane) | (from & lane);
                }
            }
        }
        self.rows[variable as usize] = to;
    }

    fn repeat(
        &mut self,
        body: &'c Block,
        continuing: &'c Block,
        break_if: Option<Row>,
        line: u32,
        mut mask: Mask,
    ) -> Result<Mask, Stopped> {
        let steps = 1 + work(body) + work(continuing);
        self.breaks.push(Mask::None);
        if let Some(watch) = &mut self.watch {
            watch.enter(line);
        }
        while !mask.is_none() {
            self.spend(steps, line)?;
            self.continues.push(Mask::None);
            let began = mask.clone();
            let fell = self.block(body, mask)?;
            let continued = self.continues.pop().unwrap_or(Mask::None);
            let reached = self.within_limit(&began, fell.or(&continued));
            if let Some(watch) = &mut self.watch {
                watch.turn(line, &began, &reached);
            }
            mask = self.block(continuing, reached)?;
            if let Some(condition) = break_if {
                let (done, rest) = mask.split(self.row(condition));
                if let Some(top) = self.breaks.last_mut() {
                    *top = top.or(&done);
                }
                mask = rest;
            }
        }
        Ok(self.breaks.pop().unwrap_or(Mask::None))
    }

    /// Of the lanes that began a pass through a loop's body and of those that reached its end, those that go on where
    /// passes are limited. The pass in which a lane leaves the loop counts too: such a driver counts at the end of the body,
    /// which it reaches with that lane switched off.
    fn within_limit(&mut self, began: &Mask, mask: Mask) -> Mask {
        let Some(limit) = self.way.loop_limit else { return mask };
        let mut on = vec![0; self.lanes];
        for lane in (0..self.lanes).filter(|lane| began.has(*lane)) {
            self.turns[lane] += 1;
            on[lane] = if mask.has(lane) && self.turns[lane] < limit { u32::MAX } else { 0 };
        }
        let on = Mask::new(on.into());
        // Those that are over the limit have left the loop.
        if let Some(top) = self.breaks.last_mut() {
            let gone: Vec<u32> = (0..self.lanes).map(|l| u32::from(mask.has(l) && !on.has(l))).collect();
            let (gone, _) = Mask::All.split(&gone);
            *top = top.or(&gone);
        }
        on
    }

    fn switch(&mut self, selector: Row, arms: &'c [Arm], mask: Mask) -> Result<Mask, Stopped> {
        let selector: Rc<[u32]> = self.row(selector).into();
        // For each lane the arm whose value it has, or the default one.
        let default = arms.iter().position(|a| a.value.is_none());
        let chosen: Vec<usize> = selector
            .iter()
            .map(|s| arms.iter().position(|a| a.value == Some(*s)).or(default).unwrap_or(arms.len()))
            .collect();
        self.breaks.push(Mask::None);
        let mut left = Mask::None;
        let mut falling = Mask::None;
        for (index, arm) in arms.iter().enumerate() {
            let here: Vec<u32> = chosen.iter().map(|c| u32::from(*c == index)).collect();
            let (entering, _) = mask.split(&here);
            let entering = entering.or(&falling);
            let fell = if entering.is_none() { entering } else { self.block(&arm.body, entering)? };
            if arm.fall_through {
                falling = fell;
            } else {
                falling = Mask::None;
                left = left.or(&fell);
            }
        }
        let nowhere: Vec<u32> = chosen.iter().map(|c| u32::from(*c == arms.len())).collect();
        let (untouched, _) = mask.split(&nowhere);
        let broke = self.breaks.pop().unwrap_or(Mask::None);
        Ok(left.or(&falling).or(&untouched).or(&broke))
    }
}
