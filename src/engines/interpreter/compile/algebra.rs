//! Sums and products of floating-point scalars, and the algebra that drivers do with them when it is planted:
//! contraction of `a*b + c`, and `(a + b) - a` taken for `b`.

use std::ops::Range;

use naga::{BinaryOperator, UnaryOperator};

use super::{Compiler, Refusal};
use crate::engines::interpreter::code::{Block, Row};
use crate::engines::interpreter::math::{self, Scalar};

/// What a scalar's rows were computed from.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Definition {
    Product(Vec<Row>, Vec<Row>),
    Sum(Vec<Row>, Vec<Row>),
}

impl Definition {
    fn operands(&mut self) -> impl Iterator<Item = &mut Row> {
        match self {
            Self::Product(a, b) | Self::Sum(a, b) => a.iter_mut().chain(b.iter_mut()),
        }
    }
}

impl Compiler<'_> {
    /// Whether anything is to be known of sums and products.
    fn algebra(&self) -> bool {
        let d = &self.mode.defects;
        d.contract || d.reassociate || d.factor
    }

    fn define(&mut self, rows: &[Row], definition: Definition) {
        if let Some(first) = rows.first().filter(|_| self.algebra()) {
            self.definitions.insert(*first, definition);
        }
    }

    fn product_of(&self, rows: &[Row]) -> Option<(Vec<Row>, Vec<Row>)> {
        match self.definitions.get(rows.first()?) {
            Some(Definition::Product(a, b)) if self.mode.defects.contract => Some((a.clone(), b.clone())),
            _ => None,
        }
    }

    /// Rows of variables change: definitions by them hold for the copies, or no more.
    pub(super) fn definitions_change(&mut self, changing: &Range<Row>, copies: &[(Row, Row)]) {
        self.definitions.retain(|_, definition| {
            definition.operands().all(|row| {
                if !changing.contains(row) {
                    return true;
                }
                match copies.iter().find(|(from, _)| from == row) {
                    Some((_, copy)) => {
                        *row = *copy;
                        true
                    }
                    None => false,
                }
            })
        });
    }

    /// Forgets what was computed from rows of variables.
    pub(super) fn forget_variable_definitions(&mut self) {
        let mut definitions = std::mem::take(&mut self.definitions);
        definitions.retain(|_, definition| definition.operands().all(|row| self.variable_of(*row).is_none()));
        self.definitions = definitions;
    }

    /// An operator on scalars.
    pub(super) fn operate(
        &mut self,
        op: BinaryOperator,
        scalar: Scalar,
        [a, b]: [&[Row]; 2],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        if let Some(folded) = self.folded(op, scalar, [a, b], body)? {
            return Ok(folded);
        }
        if scalar.is_float() {
            match op {
                BinaryOperator::Add => return self.add(scalar, a, b, body),
                BinaryOperator::Subtract => return self.subtract(scalar, a, b, body),
                BinaryOperator::Multiply => {
                    let out = self.plain(op, scalar, a, b, body)?;
                    self.define(&out, Definition::Product(a.to_vec(), b.to_vec()));
                    return Ok(out);
                }
                BinaryOperator::Modulo => return self.remainder(scalar, a, b, body),
                _ => {}
            }
        }
        self.plain(op, scalar, a, b, body)
    }

    /// What planted algebra makes of an operation on zero, or on one value twice.
    fn folded(
        &mut self,
        op: BinaryOperator,
        scalar: Scalar,
        [a, b]: [&[Row]; 2],
        body: &mut Block,
    ) -> Result<Option<Vec<Row>>, Refusal> {
        use BinaryOperator as B;
        let d = self.mode.defects;
        if !matches!(scalar, Scalar::F32 | Scalar::F16) || !(d.zero_product || d.zero_sum || d.self_difference) {
            return Ok(None);
        }
        let zero = self.constant(0)?;
        let is_zero = |rows: &[Row]| rows == [zero];
        Ok(match op {
            B::Multiply if d.zero_product && (is_zero(a) || is_zero(b)) => Some(vec![zero]),
            B::Add if d.zero_sum && is_zero(b) => Some(a.to_vec()),
            B::Add if d.zero_sum && is_zero(a) => Some(b.to_vec()),
            B::Subtract if d.zero_sum && is_zero(b) => Some(a.to_vec()),
            B::Subtract if d.zero_sum && is_zero(a) => Some(self.negate(scalar, b, body)?),
            B::Subtract if d.self_difference && a == b => Some(vec![zero]),
            _ => None,
        })
    }

    /// `x*(y + z)` of `x*y` and `x*z`, where that is planted.
    fn factored(&mut self, scalar: Scalar, [a, b]: [&[Row]; 2], body: &mut Block) -> Result<Option<Vec<Row>>, Refusal> {
        let product = |rows: &[Row]| match rows.first().and_then(|row| self.definitions.get(row)) {
            Some(Definition::Product(x, y)) => Some([x.clone(), y.clone()]),
            _ => None,
        };
        let (Some(p), Some(q)) = (product(a), product(b)) else { return Ok(None) };
        let places = [(0, 0), (0, 1), (1, 0), (1, 1)];
        let Some((i, k)) = places.into_iter().find(|(i, k)| p[*i] == q[*k]).filter(|_| self.mode.defects.factor) else {
            return Ok(None);
        };
        let sum = self.plain(BinaryOperator::Add, scalar, &p[1 - i], &q[1 - k], body)?;
        Ok(Some(self.plain(BinaryOperator::Multiply, scalar, &p[i], &sum, body)?))
    }

    fn plain(
        &mut self,
        op: BinaryOperator,
        scalar: Scalar,
        a: &[Row],
        b: &[Row],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        use BinaryOperator as B;
        let Some(kernel) = math::binary(op, scalar, &self.mode.defects) else {
            return self.refuse(format!("the operator {op:?} on {scalar:?}"), 0);
        };
        let compares = matches!(op, B::Equal | B::NotEqual | B::Less | B::LessEqual | B::Greater | B::GreaterEqual);
        let words = if compares { 1 } else { scalar.words() };
        self.emit(kernel, &[a, b].concat(), words, body)
    }

    /// `a - b*trunc(a / b)`, which is what WGSL defines the remainder of floating-point numbers to be.
    fn remainder(&mut self, scalar: Scalar, a: &[Row], b: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        let quotient = self.plain(BinaryOperator::Divide, scalar, a, b, body)?;
        let whole = self.one(naga::MathFunction::Trunc, scalar, &quotient, body)?;
        let negative = self.negate(scalar, b, body)?;
        self.mad(scalar, [&negative, &whole, a], body)
    }

    fn add(&mut self, scalar: Scalar, a: &[Row], b: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        if let Some(factored) = self.factored(scalar, [a, b], body)? {
            return Ok(factored);
        }
        if let Some((p, q)) = self.product_of(a) {
            return self.fuse(scalar, [&p, &q, b], body);
        }
        if let Some((p, q)) = self.product_of(b) {
            return self.fuse(scalar, [&p, &q, a], body);
        }
        let out = self.plain(BinaryOperator::Add, scalar, a, b, body)?;
        self.define(&out, Definition::Sum(a.to_vec(), b.to_vec()));
        Ok(out)
    }

    fn subtract(&mut self, scalar: Scalar, a: &[Row], b: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        if self.mode.defects.reassociate
            && let Some(Definition::Sum(p, q)) = a.first().and_then(|row| self.definitions.get(row))
        {
            if p == b {
                return Ok(q.clone());
            }
            if q == b {
                return Ok(p.clone());
            }
        }
        let fused = match (self.product_of(a), self.product_of(b)) {
            (Some((p, q)), _) => Some((math::fused_sub(scalar, &self.mode.defects), [p, q, b.to_vec()])),
            (None, Some((p, q))) => Some((math::fused_neg(scalar, &self.mode.defects), [p, q, a.to_vec()])),
            (None, None) => None,
        };
        if let Some((Some(kernel), operands)) = fused {
            return self.emit(kernel, &operands.concat(), scalar.words(), body);
        }
        self.plain(BinaryOperator::Subtract, scalar, a, b, body)
    }

    /// `-a`.
    pub(super) fn negate(&mut self, scalar: Scalar, a: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        match math::unary(UnaryOperator::Negate, scalar, &self.mode.defects) {
            Some(kernel) => self.emit(kernel, a, scalar.words(), body),
            None => self.refuse(format!("the negation of {scalar:?}"), 0),
        }
    }

    /// `a*b + c` with one rounding.
    fn fuse(&mut self, scalar: Scalar, [a, b, c]: [&[Row]; 3], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        match math::fused(scalar, &self.mode.defects) {
            Some(kernel) => self.emit(kernel, &[a, b, c].concat(), scalar.words(), body),
            None => self.refuse(format!("a fused multiply-add of {scalar:?}"), 0),
        }
    }

    /// `a*b + c` as it stands in the definition of a built-in function: with one rounding where contraction is planted.
    pub(super) fn mad(
        &mut self,
        scalar: Scalar,
        [a, b, c]: [&[Row]; 3],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        if self.mode.defects.contract && scalar.is_float() {
            return self.fuse(scalar, [a, b, c], body);
        }
        let product = self.plain(BinaryOperator::Multiply, scalar, a, b, body)?;
        self.plain(BinaryOperator::Add, scalar, &product, c, body)
    }

    /// An operator that no planted algebra touches.
    pub(super) fn strictly(
        &mut self,
        op: BinaryOperator,
        scalar: Scalar,
        [a, b]: [&[Row]; 2],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        self.plain(op, scalar, a, b, body)
    }
}
