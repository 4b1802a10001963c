//! Where numbers that are not finite arise, and powers that WGSL leaves undefined.

use super::mask::Mask;
use super::{Indeterminate, Machine, Notice};
use crate::engines::interpreter::code::Row;

/// The exponent of a binary32 number that is not finite.
const NOT_FINITE: u32 = 0x7f80_0000;

fn is_finite(bits: u32) -> bool {
    bits & NOT_FINITE != NOT_FINITE
}

fn is_nan(bits: u32) -> bool {
    bits & 0x7fff_ffff > NOT_FINITE
}

impl Machine<'_> {
    /// Notes a NaN made of numbers, and an infinity made of finite ones, in an active lane. Rows hold binary32 bits.
    pub(super) fn watch_number(&mut self, out: Row, from: &[Row], line: u32, mask: &Mask) {
        let result = &self.rows[out as usize];
        // Nearly always all are finite, and the whole row is looked at faster than a lane.
        if result.iter().all(|bits| is_finite(*bits)) {
            return;
        }
        let mut found = Vec::new();
        for lane in (0..self.lanes).filter(|lane| !is_finite(result[*lane]) && mask.has(*lane)) {
            let operands = || from.iter().map(|row| self.rows[*row as usize][lane]);
            let nan = is_nan(result[lane]);
            let finite = operands().all(is_finite);
            if if nan { operands().any(is_nan) } else { !finite } {
                continue;
            }
            found.push(Notice::NotFinite { line, nan, from_infinity: !finite });
        }
        if let Some(watch) = &mut self.watch {
            found.into_iter().for_each(|notice| watch.note(notice));
        }
    }

    /// `pow` of a negative base, or of zero to zero: WGSL defines it by `exp2(exponent * log2(base))`, which has no value
    /// there.
    pub(super) fn power(&mut self, out: Row, base: Row, exponent: Row, line: u32, mask: &Mask) {
        let other = match self.way.indeterminate {
            Indeterminate::Functions(word) => Some(word),
            _ if self.watch.is_none() => return,
            _ => None,
        };
        for lane in (0..self.lanes).filter(|lane| mask.has(*lane)) {
            let at = |row: Row| f32::from_bits(self.rows[row as usize][lane]);
            let (base, exponent) = (at(base), at(exponent));
            if !(base < 0.0 && !exponent.is_nan() || base == 0.0 && exponent == 0.0) {
                continue;
            }
            if let Some(word) = other {
                self.rows[out as usize][lane] = word;
            }
            if let Some(watch) = &mut self.watch {
                watch.note(Notice::Undefined { line, base: base.to_bits(), exponent: exponent.to_bits() });
            }
        }
    }
}
