//! Rows of variables, read without copying.
//!
//! A load of a variable gives the variable's own row. Before that row changes, values that are still wanted are copied
//! out of it; and as long as no control flow comes between, a load after a store gives the stored row itself. So a loop
//! such as `sum = sum + x` costs an addition and a masked store, and the planted algebra sees through variables as a
//! compiler does.

use std::ops::Range;

use super::{Compiler, Frame, Refusal, Value};
use crate::engines::interpreter::code::{Block, Row, Step};

impl<'m> Compiler<'m> {
    /// The row that holds what a variable's row holds now.
    pub(super) fn read_variable(&self, frame: &Frame<'m>, variable: Row) -> Row {
        frame.forward.get(&variable).copied().unwrap_or(variable)
    }

    /// Emits a masked store to a variable's row. [`Self::keep_values`] comes first.
    pub(super) fn write_variable(&mut self, frame: &mut Frame<'m>, variable: Row, value: Row, body: &mut Block) {
        body.push(Step::SetVariable { variable, value });
        frame.forward.insert(variable, value);
    }

    /// Copies out of these variable rows whatever is still wanted of them, since they are about to change. `also` are
    /// further rows that must survive.
    pub(super) fn keep_values(
        &mut self,
        frame: &mut Frame<'m>,
        changing: Range<Row>,
        also: Option<&mut [Row]>,
        body: &mut Block,
    ) -> Result<(), Refusal> {
        let mut copies: Vec<(Row, Row)> = Vec::new();
        let mut keep = |compiler: &mut Self, row: &mut Row| -> Result<(), Refusal> {
            if !changing.contains(row) {
                return Ok(());
            }
            let copy = match copies.iter().find(|(from, _)| from == row) {
                Some((_, copy)) => *copy,
                None => {
                    let copy = compiler.copy(*row, body)?;
                    copies.push((*row, copy));
                    copy
                }
            };
            *row = copy;
            Ok(())
        };
        for (value, uses) in frame.values.iter_mut().zip(&frame.uses) {
            match value {
                Some(Value::Rows(rows)) if *uses > 0 => {
                    for row in rows {
                        keep(self, row)?;
                    }
                }
                Some(Value::Place(place)) if *uses > 0 => {
                    if let Some(row) = &mut place.moving {
                        keep(self, row)?;
                    }
                }
                _ => {}
            }
        }
        for argument in &mut frame.arguments {
            if let Value::Rows(rows) = argument {
                for row in rows {
                    keep(self, row)?;
                }
            }
        }
        for row in also.into_iter().flatten() {
            keep(self, row)?;
        }
        frame.forward.retain(|variable, _| !changing.contains(variable));
        for row in frame.forward.values_mut() {
            keep(self, row)?;
        }
        self.definitions_change(&changing, &copies);
        Ok(())
    }

    /// Before statements that may run in some lanes, or again, or not at all, and may change variables: nothing that is
    /// still wanted may stay in a variable's row, and no row stands for a variable.
    pub(super) fn settle(&mut self, frame: &mut Frame<'m>, body: &mut Block) -> Result<(), Refusal> {
        let ranges: Vec<Range<Row>> = self.wanted_variables(frame);
        for range in ranges {
            self.keep_values(frame, range, None, body)?;
        }
        frame.forward.clear();
        self.forget_variable_definitions();
        Ok(())
    }

    /// The variables whose rows some value still refers to.
    fn wanted_variables(&self, frame: &Frame<'m>) -> Vec<Range<Row>> {
        let mut found: Vec<Range<Row>> = Vec::new();
        let mut see = |row: Row| {
            if let Some(range) = self.variable_of(row)
                && !found.contains(&range)
            {
                found.push(range);
            }
        };
        for (value, uses) in frame.values.iter().zip(&frame.uses) {
            match value {
                Some(Value::Rows(rows)) if *uses > 0 => rows.iter().copied().for_each(&mut see),
                Some(Value::Place(place)) if *uses > 0 => place.moving.into_iter().for_each(&mut see),
                _ => {}
            }
        }
        found
    }

    /// The rows of the variable that this row belongs to.
    pub(super) fn variable_of(&self, row: Row) -> Option<Range<Row>> {
        let (first, len) = self.variables.range(..=row).next_back()?;
        (row < first + len).then(|| *first..first + len)
    }
}

/// Emits nothing; says whether any statement in a block changes a variable or calls a function.
pub(super) fn may_change(block: &naga::Block) -> bool {
    use naga::Statement as S;
    block.iter().any(|statement| match statement {
        // What follows a `continue` or `break` may be left out, copies of values too.
        S::Store { .. } | S::Call { .. } | S::Continue | S::Break => true,
        S::Block(inner) => may_change(inner),
        S::If { accept, reject, .. } => may_change(accept) || may_change(reject),
        S::Switch { cases, .. } => cases.iter().any(|c| may_change(&c.body)),
        S::Loop { body, continuing, .. } => may_change(body) || may_change(continuing),
        _ => false,
    })
}
