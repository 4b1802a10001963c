//! Operators on floating-point scalars, and the algebra that drivers do with them when it is planted: contraction of
//! `a*b + c`, `(a + b) - a` taken for `b`, and the like.

use std::ops::Range;

use naga::{BinaryOperator, MathFunction, UnaryOperator};

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
        d.contract || d.reassociate || d.factor || d.fold_constants
    }

    fn define(&mut self, rows: &[Row], definition: Definition) {
        if let Some(first) = rows.first().filter(|_| self.algebra()) {
            self.definitions.insert(*first, definition);
        }
    }

    /// What is known of a row holds for another one that has its numbers.
    pub(super) fn define_as(&mut self, row: Row, other: Row) {
        if let Some(definition) = self.definitions.get(&row).cloned() {
            self.definitions.insert(other, definition);
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
                BinaryOperator::Multiply => return self.multiply(scalar, a, b, body),
                BinaryOperator::Divide => {
                    if let Some(reciprocal) = self.reciprocal_of(scalar, b)? {
                        return self.written(BinaryOperator::Multiply, scalar, a, &reciprocal, body);
                    }
                }
                BinaryOperator::Modulo => {
                    let out = self.remainder(scalar, a, b, body)?;
                    return self.asked_operator(op, scalar, [a, b], out, body);
                }
                _ => {}
            }
        }
        self.written(op, scalar, a, b, body)
    }

    /// An operator as a shader has it: asked for where that is covered.
    fn written(
        &mut self,
        op: BinaryOperator,
        scalar: Scalar,
        a: &[Row],
        b: &[Row],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let out = self.plain(op, scalar, a, b, body)?;
        self.asked_operator(op, scalar, [a, b], out, body)
    }

    /// A product, of which constants are taken together where that is planted.
    fn multiply(&mut self, scalar: Scalar, a: &[Row], b: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        for (product, factor) in [(a, b), (b, a)] {
            if let Some((x, inner)) = self.scaled(scalar, product)
                && let Some(outer) = self.constant_of(factor)
            {
                let together = vec![self.constant((inner * outer).to_bits())?];
                return self.multiply(scalar, &x, &together, body);
            }
        }
        let out = self.written(BinaryOperator::Multiply, scalar, a, b, body)?;
        self.define(&out, Definition::Product(a.to_vec(), b.to_vec()));
        Ok(out)
    }

    /// The number that a binary32 row holds in every lane.
    fn constant_of(&self, rows: &[Row]) -> Option<f32> {
        let [row] = rows else { return None };
        self.constants.iter().find(|(_, known)| *known == row).map(|(word, _)| f32::from_bits(*word))
    }

    /// What a product with a constant is of, and the constant, where constants may be taken together.
    fn scaled(&self, scalar: Scalar, rows: &[Row]) -> Option<(Vec<Row>, f32)> {
        if !self.mode.defects.fold_constants || scalar != Scalar::F32 {
            return None;
        }
        let Some(Definition::Product(x, y)) = self.definitions.get(rows.first()?) else { return None };
        match (self.constant_of(x), self.constant_of(y)) {
            (None, Some(c)) => Some((x.clone(), c)),
            (Some(c), None) => Some((y.clone(), c)),
            _ => None,
        }
    }

    /// The reciprocal of a constant divisor, where that is planted.
    fn reciprocal_of(&mut self, scalar: Scalar, divisor: &[Row]) -> Result<Option<Vec<Row>>, Refusal> {
        if !self.mode.defects.constant_reciprocal || scalar != Scalar::F32 {
            return Ok(None);
        }
        match self.constant_of(divisor) {
            Some(c) => Ok(Some(vec![self.constant((1.0 / c).to_bits())?])),
            None => Ok(None),
        }
    }

    /// `exp` of a product with a constant, by `exp2` of a product with another one, where that is planted.
    pub(super) fn exponential(
        &mut self,
        scalar: Scalar,
        x: &[Row],
        body: &mut Block,
    ) -> Result<Option<Vec<Row>>, Refusal> {
        let Some((x, c)) = self.scaled(scalar, x) else { return Ok(None) };
        let together = vec![self.constant((c * std::f32::consts::LOG2_E).to_bits())?];
        let product = self.multiply(scalar, &x, &together, body)?;
        let out = self.one(MathFunction::Exp2, scalar, &product, body)?;
        self.asked_function(MathFunction::Exp2, scalar, &[&product], out, body).map(Some)
    }

    /// The greater or the lesser of two, of which a comparison selects one, where that is planted.
    pub(super) fn selected(
        &mut self,
        scalar: Scalar,
        (op, [l, r]): (BinaryOperator, [&[Row]; 2]),
        [yes, no]: [&[Row]; 2],
        body: &mut Block,
    ) -> Result<Option<Vec<Row>>, Refusal> {
        use BinaryOperator as B;
        let [l, r] = match op {
            B::Less | B::LessEqual => [l, r],
            B::Greater | B::GreaterEqual => [r, l],
            _ => return Ok(None),
        };
        let (fun, operands) = match () {
            () if yes == r && no == l => (MathFunction::Max, [l, r]),
            () if yes == l && no == r => (MathFunction::Min, [r, l]),
            () => return Ok(None),
        };
        // The first where it is beyond the second, or the second is NaN.
        let beyond = if fun == MathFunction::Max { B::Greater } else { B::Less };
        let beyond = self.strictly(beyond, scalar, operands, body)?;
        let nan = self.strictly(B::NotEqual, scalar, [operands[1]; 2], body)?;
        let first = self.strictly(B::LogicalOr, Scalar::Bool, [&beyond, &nan], body)?;
        let mut out = Vec::new();
        for (one, other) in operands[0].iter().zip(operands[1]) {
            out.extend(self.emit(math::select(Scalar::U32), &[*other, *one, first[0]], 1, body)?);
        }
        self.asked_function(fun, scalar, &operands, out, body).map(Some)
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
            B::Subtract if d.zero_sum && is_zero(a) => Some(self.negation(scalar, b, body)?),
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
        let sum = self.written(BinaryOperator::Add, scalar, &p[1 - i], &q[1 - k], body)?;
        Ok(Some(self.written(BinaryOperator::Multiply, scalar, &p[i], &sum, body)?))
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
        let whole = self.one(MathFunction::Trunc, scalar, &quotient, body)?;
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
        let out = self.written(BinaryOperator::Add, scalar, a, b, body)?;
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
        self.written(BinaryOperator::Subtract, scalar, a, b, body)
    }

    /// `-a` as a shader has it: asked for where that is covered.
    pub(super) fn negation(&mut self, scalar: Scalar, a: &[Row], body: &mut Block) -> Result<Vec<Row>, Refusal> {
        let out = self.negate(scalar, a, body)?;
        self.asked_negation(scalar, a, out, body)
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
