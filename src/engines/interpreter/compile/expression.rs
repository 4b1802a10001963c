//! Expressions: each is evaluated where naga emits it, once.

use naga::{BinaryOperator, Expression, Handle, RelationalFunction, TypeInner, UnaryOperator};

use super::place::{Place, Root};
use super::{Compiler, Frame, Global, Refusal, Value, scalar_of};
use crate::engines::interpreter::code::{Block, Limit, Row, Step};
use crate::engines::interpreter::layout::Layout;
use crate::engines::interpreter::math::{self, Scalar};

impl<'m> Compiler<'m> {
    /// The type of an expression.
    pub(super) fn inner(&self, frame: &Frame<'m>, expression: Handle<Expression>) -> &'m TypeInner {
        frame.info[expression].ty.inner_with(&self.module().types)
    }

    /// The value of an expression, evaluated now unless it has been.
    pub(super) fn value(
        &mut self,
        frame: &mut Frame<'m>,
        handle: Handle<Expression>,
        body: &mut Block,
    ) -> Result<Value, Refusal> {
        let value = match &frame.values[handle.index()] {
            Some(known) => known.clone(),
            None => {
                let line = frame.line;
                let found = self.evaluate(frame, handle, body).map_err(|mut refusal| {
                    if refusal.line == 0 {
                        let own = self.line(frame.function.expressions.get_span(handle));
                        refusal.line = if own == 0 { line } else { own };
                    }
                    refusal
                })?;
                let found = self.replaced(frame, handle, found, body)?;
                self.trace(frame, handle, &found, body)?;
                self.record(frame, handle, &found, body);
                frame.values[handle.index()] = Some(found.clone());
                found
            }
        };
        let uses = &mut frame.uses[handle.index()];
        *uses = uses.saturating_sub(1);
        Ok(value)
    }

    /// The rows of an expression that is no pointer.
    pub(super) fn rows(
        &mut self,
        frame: &mut Frame<'m>,
        handle: Handle<Expression>,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        match self.value(frame, handle, body)? {
            Value::Rows(rows) => Ok(rows),
            Value::Place(_) => self.refuse("a pointer as a value", frame.line),
        }
    }

    fn evaluate(
        &mut self,
        frame: &mut Frame<'m>,
        handle: Handle<Expression>,
        body: &mut Block,
    ) -> Result<Value, Refusal> {
        let function = frame.function;
        let line = self.line(function.expressions.get_span(handle));
        let rows = match &function.expressions[handle] {
            Expression::Literal(literal) => self.literal(*literal)?,
            Expression::Constant(constant) => self.global_constant(self.module().constants[*constant].init)?,
            Expression::ZeroValue(ty) => {
                let words = self.layouts.words(&self.module().types[*ty].inner)?;
                let zero = self.constant(0)?;
                (0..words).map(|_| zero).collect()
            }
            Expression::Compose { components, .. } => {
                let mut rows = Vec::new();
                for component in components {
                    rows.extend(self.rows(frame, *component, body)?);
                }
                rows
            }
            Expression::Splat { size, value } => {
                let one = self.rows(frame, *value, body)?;
                (0..*size as u32).flat_map(|_| one.clone()).collect()
            }
            Expression::Swizzle { size, vector, pattern } => {
                let words = scalar_of(self.inner(frame, *vector))?.words() as usize;
                let from = self.rows(frame, *vector, body)?;
                let parts = pattern.iter().take(*size as usize).map(|c| *c as usize);
                parts.flat_map(|c| from[c * words..(c + 1) * words].to_vec()).collect()
            }
            Expression::FunctionArgument(index) => return Ok(frame.arguments[*index as usize].clone()),
            Expression::GlobalVariable(global) => {
                let place = |root, fixed| Place { root, fixed, moving: None };
                return match self.globals.get(global) {
                    Some(Global::Rows { first, len }) => {
                        Ok(Value::Place(place(Root::Rows { first: *first, len: *len }, 0)))
                    }
                    Some(Global::Shared { offset }) => Ok(Value::Place(place(Root::Shared, *offset))),
                    Some(Global::Buffer(index)) => Ok(Value::Place(place(Root::Buffer(*index), 0))),
                    None => self.refuse("a global variable that naga calls unused", line),
                };
            }
            Expression::LocalVariable(local) => {
                let (first, len) = frame.locals[local];
                return Ok(Value::Place(Place { root: Root::Rows { first, len }, fixed: 0, moving: None }));
            }
            Expression::Access { base, index } => {
                let index_rows = self.rows(frame, *index, body)?;
                let [index_row] = index_rows[..] else { return self.refuse("a 64-bit index", line) };
                match self.value(frame, *base, body)? {
                    Value::Place(place) => {
                        return Ok(Value::Place(self.element(frame, *base, place, index_row, line, body)?));
                    }
                    Value::Rows(rows) => {
                        let elements = self.layouts.elements(self.inner(frame, *base), Layout::Flat)?;
                        self.pick(&rows, elements.count, elements.stride, index_row, line, body)?
                    }
                }
            }
            Expression::AccessIndex { base, index } => match self.value(frame, *base, body)? {
                Value::Place(place) => return Ok(Value::Place(self.member(frame, *base, place, *index, body)?)),
                Value::Rows(rows) => {
                    let inner = self.inner(frame, *base);
                    let first = self.layouts.member(inner, *index, Layout::Flat)? as usize;
                    let words = self.layouts.words(self.inner(frame, handle))? as usize;
                    rows[first..first + words].to_vec()
                }
            },
            Expression::Load { pointer } => self.load(frame, *pointer, line, body)?,
            Expression::Unary { op, expr } => {
                let scalar = scalar_of(self.inner(frame, *expr))?;
                let from = self.rows(frame, *expr, body)?;
                if *op == UnaryOperator::Negate {
                    let from = self.each(scalar, &from, |c, part, body| c.negation(scalar, part, body), body)?;
                    return Ok(Value::Rows(from));
                }
                let Some(kernel) = math::unary(*op, scalar, &self.mode.defects) else {
                    return self.refuse(format!("the operator {op:?} on {scalar:?}"), line);
                };
                self.each(scalar, &from, |c, part, body| c.emit(kernel, part, scalar.words(), body), body)?
            }
            Expression::Binary { op, left, right } => self.binary(frame, *op, *left, *right, body)?,
            Expression::Select { condition, accept, reject } => {
                let compared = self.compared(frame, *condition);
                let condition = self.rows(frame, *condition, body)?;
                let scalar = scalar_of(self.inner(frame, *accept))?;
                let accept = self.rows(frame, *accept, body)?;
                let reject = self.rows(frame, *reject, body)?;
                if let Some((op, [l, r])) = compared
                    && let Some(rows) = self.selected(scalar, (op, [&l, &r]), [&accept, &reject], body)?
                {
                    return Ok(Value::Rows(rows));
                }
                let words = scalar.words() as usize;
                let mut rows = Vec::with_capacity(accept.len());
                for (i, (yes, no)) in accept.chunks(words).zip(reject.chunks(words)).enumerate() {
                    let test = condition[if condition.len() == 1 { 0 } else { i }];
                    // A word at a time: what is selected is not interpreted.
                    for (yes, no) in yes.iter().zip(no) {
                        rows.extend(self.emit(math::select(Scalar::U32), &[*no, *yes, test], 1, body)?);
                    }
                }
                rows
            }
            Expression::Relational { fun, argument } => {
                let scalar = scalar_of(self.inner(frame, *argument))?;
                let from = self.rows(frame, *argument, body)?;
                let joined = match fun {
                    RelationalFunction::All => Some(BinaryOperator::LogicalAnd),
                    RelationalFunction::Any => Some(BinaryOperator::LogicalOr),
                    _ => None,
                };
                match joined {
                    Some(op) => {
                        let mut all = vec![from[0]];
                        for row in &from[1..] {
                            all = self.strictly(op, Scalar::Bool, [&all, &[*row]], body)?;
                        }
                        all
                    }
                    None => {
                        let Some(kernel) = math::relational(*fun, scalar) else {
                            return self.refuse(format!("{fun:?} of {scalar:?}"), line);
                        };
                        self.each(scalar, &from, |c, part, body| c.emit(kernel, part, 1, body), body)?
                    }
                }
            }
            Expression::Math { fun, arg, arg1, arg2, arg3 } => {
                self.math(frame, *fun, [Some(*arg), *arg1, *arg2, *arg3], line, body)?
            }
            Expression::As { expr, kind, convert } => {
                let from_inner = self.inner(frame, *expr);
                let from = scalar_of(from_inner)?;
                let rows = self.rows(frame, *expr, body)?;
                match convert {
                    Some(width) => {
                        let to = naga::Scalar { kind: *kind, width: *width };
                        let Some(to) = Scalar::of(to) else {
                            return self.refuse(format!("a conversion to {to:?}"), line);
                        };
                        if to == from {
                            rows
                        } else {
                            let kernel = math::convert(from, to, &self.mode.defects);
                            self.each(from, &rows, |c, part, body| c.emit(kernel, part, to.words(), body), body)?
                        }
                    }
                    None => {
                        let to = scalar_of(self.inner(frame, handle))?;
                        self.bitcast(from, to, rows, line, body)?
                    }
                }
            }
            Expression::ArrayLength(pointer) => {
                let place = self.place(frame, *pointer, body)?;
                let TypeInner::Pointer { base, .. } = self.inner(frame, *pointer) else {
                    return self.refuse("the length of what is not an array", line);
                };
                let elements = self.layouts.elements(&self.module().types[*base].inner, Layout::Host)?;
                let Root::Buffer(buffer) = place.root else {
                    return self.refuse("the length of an array outside a buffer", line);
                };
                let out = self.row()?;
                body.push(Step::ArrayLength { out, buffer, offset: place.fixed, stride: elements.stride });
                vec![out]
            }
            Expression::Override(_) => return self.refuse("an override without a value", line),
            Expression::CallResult(_)
            | Expression::AtomicResult { .. }
            | Expression::WorkGroupUniformLoadResult { .. }
            | Expression::SubgroupBallotResult
            | Expression::SubgroupOperationResult { .. } => {
                return self.refuse("a result that is used before its statement", line);
            }
            Expression::Derivative { .. } => return self.refuse("derivatives", line),
            Expression::ImageSample { .. } | Expression::ImageLoad { .. } | Expression::ImageQuery { .. } => {
                return self.refuse("textures", line);
            }
            Expression::RayQueryVertexPositions { .. }
            | Expression::RayQueryProceedResult
            | Expression::RayQueryGetIntersection { .. } => return self.refuse("ray queries", line),
            Expression::CooperativeLoad { .. } | Expression::CooperativeMultiplyAdd { .. } => {
                return self.refuse("cooperative matrices", line);
            }
        };
        Ok(Value::Rows(rows))
    }

    /// Applies an operation to each scalar of a value.
    pub(super) fn each(
        &mut self,
        scalar: Scalar,
        rows: &[Row],
        mut operation: impl FnMut(&mut Self, &[Row], &mut Block) -> Result<Vec<Row>, Refusal>,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let mut out = Vec::with_capacity(rows.len());
        for part in rows.chunks(scalar.words() as usize) {
            out.extend(operation(self, part, body)?);
        }
        Ok(out)
    }

    /// An element of a value, selected by an index that is clamped.
    fn pick(
        &mut self,
        rows: &[Row],
        count: Option<u32>,
        stride: u32,
        index: Row,
        line: u32,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let Some(count) = count else { return self.refuse("a runtime-sized array as a value", line) };
        let clamped = self.row()?;
        body.push(Step::Index { out: clamped, index, limit: Limit::Count(count), stride: 1, base: None, line });
        let mut out = Vec::new();
        for word in 0..stride as usize {
            let row = self.row()?;
            let from = rows.iter().skip(word).step_by(stride as usize).copied().collect();
            body.push(Step::Pick { out: row, index: clamped, from });
            out.push(row);
        }
        Ok(out)
    }

    /// The scalars that a condition compares, where a selection by it may be taken for `min` or `max`.
    fn compared(&self, frame: &Frame<'m>, condition: Handle<Expression>) -> Option<(BinaryOperator, [Vec<Row>; 2])> {
        let Expression::Binary { op, left, right } = frame.function.expressions[condition] else { return None };
        let rows = |handle: Handle<Expression>| match &frame.values[handle.index()] {
            Some(Value::Rows(rows)) if scalar_of(self.inner(frame, handle)).is_ok_and(Scalar::is_float) => {
                (rows.len() == 1).then(|| rows.clone())
            }
            _ => None,
        };
        Some((op, [rows(left)?, rows(right)?])).filter(|_| self.mode.defects.compare_select)
    }

    fn bitcast(
        &mut self,
        from: Scalar,
        to: Scalar,
        rows: Vec<Row>,
        line: u32,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let as_bits = |s: Scalar| s != Scalar::F16 && s != Scalar::Bool;
        // Rows hold bits: nothing changes but what they are called.
        if from == to || (as_bits(from) && as_bits(to) && from.words() == to.words()) {
            return Ok(rows);
        }
        match math::bitcast(from, to) {
            Some(kernel) => self.each(from, &rows, |c, part, body| c.emit(kernel, part, to.words(), body), body),
            None => self.refuse(format!("a bitcast of {from:?} to {to:?}"), line),
        }
    }

    fn binary(
        &mut self,
        frame: &mut Frame<'m>,
        op: BinaryOperator,
        left: Handle<Expression>,
        right: Handle<Expression>,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let (l, r) = (self.inner(frame, left), self.inner(frame, right));
        let scalar = scalar_of(l)?;
        let a = self.rows(frame, left, body)?;
        let b = self.rows(frame, right, body)?;
        if op == BinaryOperator::Multiply {
            use TypeInner as T;
            match (l, r) {
                (T::Matrix { rows, .. }, T::Vector { .. }) => {
                    return self.combine_columns(scalar, &a, *rows as usize, &b, body);
                }
                (T::Vector { size, .. }, T::Matrix { .. }) => {
                    let columns = b.chunks(*size as usize * scalar.words() as usize).map(<[Row]>::to_vec);
                    let mut out = Vec::new();
                    for column in columns.collect::<Vec<_>>() {
                        out.extend(self.dot(scalar, &a, &column, body)?);
                    }
                    return Ok(out);
                }
                (T::Matrix { columns: inner, rows, .. }, T::Matrix { .. }) => {
                    let mut out = Vec::new();
                    for column in b.chunks(*inner as usize * scalar.words() as usize) {
                        out.extend(self.combine_columns(scalar, &a, *rows as usize, column, body)?);
                    }
                    return Ok(out);
                }
                _ => {}
            }
        }
        let words = scalar.words() as usize;
        // A shift's amount is 32-bit, whatever is shifted.
        let right_words = scalar_of(r)?.words() as usize;
        let count = (a.len() / words).max(b.len() / right_words);
        let mut out = Vec::with_capacity(count * words);
        for i in 0..count {
            let x = part(&a, words, i);
            let y = part(&b, right_words, i);
            out.extend(self.operate(op, scalar, [x, y], body)?);
        }
        Ok(out)
    }

    /// `Σ_j column_j * v_j`: a matrix times a vector, in the order of columns.
    fn combine_columns(
        &mut self,
        scalar: Scalar,
        matrix: &[Row],
        rows: usize,
        vector: &[Row],
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let words = scalar.words() as usize;
        let mut out = Vec::new();
        for r in 0..rows {
            let row: Vec<Row> =
                matrix.chunks(rows * words).flat_map(|c| c[r * words..(r + 1) * words].to_vec()).collect();
            out.extend(self.dot(scalar, &row, vector, body)?);
        }
        Ok(out)
    }
}

/// Component `i` of a vector, or the one of a scalar.
pub(super) fn part(rows: &[Row], words: usize, i: usize) -> &[Row] {
    if rows.len() == words { rows } else { &rows[i * words..(i + 1) * words] }
}
