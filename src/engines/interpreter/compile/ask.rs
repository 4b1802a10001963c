//! Steps after an operation that replace what strict arithmetic gives: by what is known of the operation from elsewhere (see
//! [`crate::engines::interpreter::asked`]), or a NaN by another.

use naga::common::wgsl::TryToWgsl as _;
use naga::{BinaryOperator, Expression, Handle, MathFunction, TypeInner, UnaryOperator};

use super::expression::part;
use super::{Compiler, Frame, Refusal, Value};
use crate::engines::interpreter::code::{Block, Row, Step};
use crate::engines::interpreter::math::Scalar;
use crate::wgsl::primitive::{Kind, Primitive, Shape, Type};

/// A use of an operation: what it is of, and the places in the expression's rows of what it makes.
struct Use {
    primitive: Primitive,
    from: Vec<Row>,
    places: Vec<usize>,
}

/// The operator between two numbers, as written.
fn operator(op: BinaryOperator) -> Option<&'static str> {
    use BinaryOperator as B;
    Some(match op {
        B::Add => "+",
        B::Subtract => "-",
        B::Multiply => "*",
        B::Divide => "/",
        B::Modulo => "%",
        B::Equal => "==",
        B::NotEqual => "!=",
        B::Less => "<",
        B::LessEqual => "<=",
        B::Greater => ">",
        B::GreaterEqual => ">=",
        _ => return None,
    })
}

/// Functions of whole vectors and matrices, and those whose result is of another type than their operands.
fn is_whole(fun: MathFunction) -> bool {
    use MathFunction as M;
    matches!(
        fun,
        M::Dot
            | M::Length
            | M::Distance
            | M::Normalize
            | M::Cross
            | M::FaceForward
            | M::Reflect
            | M::Refract
            | M::Determinant
            | M::Pack4x8snorm
            | M::Pack4x8unorm
            | M::Pack2x16snorm
            | M::Pack2x16unorm
            | M::Pack2x16float
            | M::Unpack4x8snorm
            | M::Unpack4x8unorm
            | M::Unpack2x16snorm
            | M::Unpack2x16unorm
            | M::Unpack2x16float
    )
}

fn type_of(inner: &TypeInner) -> Option<Type> {
    let (scalar, shape) = match *inner {
        TypeInner::Scalar(scalar) => (scalar, Shape::Scalar),
        TypeInner::Vector { size, scalar } => (scalar, Shape::Vector(size as u32)),
        TypeInner::Matrix { columns, rows, scalar } => {
            (scalar, Shape::Matrix { columns: columns as u32, rows: rows as u32 })
        }
        _ => return None,
    };
    Some(Type { kind: Scalar::of(scalar)?.kind()?, shape })
}

/// A scalar type of floating-point numbers that are asked for.
fn float_type(scalar: Scalar) -> Option<Type> {
    scalar.kind().map(Type::scalar).filter(|ty| is_float(*ty))
}

fn is_float(ty: Type) -> bool {
    matches!(ty.kind, Kind::F16 | Kind::F32)
}

/// Expressions that make no NaN and treat one as any number, or by a rule of their own.
fn passes_nan_on(expression: &Expression) -> bool {
    use MathFunction as M;
    match expression {
        Expression::Unary { .. } => true,
        Expression::Math { fun, .. } => matches!(fun, M::Abs | M::Min | M::Max | M::Clamp | M::Saturate | M::Sign),
        _ => false,
    }
}

impl<'m> Compiler<'m> {
    /// After an expression that was evaluated just now: its value with NaN as planted, and as it is answered, where its
    /// operation is asked for.
    pub(super) fn replaced(
        &mut self,
        frame: &Frame<'m>,
        handle: Handle<Expression>,
        found: Value,
        body: &mut Block,
    ) -> Result<Value, Refusal> {
        let Value::Rows(rows) = found else { return Ok(found) };
        let nan = self.mode.defects.operand_nan && !passes_nan_on(&frame.function.expressions[handle]);
        if !nan && self.code.asking.is_none() {
            return Ok(Value::Rows(rows));
        }
        let uses = self.uses_of(frame, handle, rows.len()).unwrap_or_default();
        let rows = if nan { self.with_nan(&uses, rows, body)? } else { rows };
        Ok(Value::Rows(self.ask(uses, rows, body)?))
    }

    fn with_nan(&mut self, uses: &[Use], mut rows: Vec<Row>, body: &mut Block) -> Result<Vec<Row>, Refusal> {
        for Use { primitive, from, places } in uses {
            let float = |kind: &Kind| matches!(kind, Kind::F16 | Kind::F32);
            let kinds = primitive.given_kinds().zip(from);
            let from: Vec<Row> = kinds.filter(|(kind, _)| float(kind)).map(|(_, row)| *row).collect();
            for (at, _) in places.iter().zip(primitive.made_kinds()).filter(|(_, kind)| float(kind)) {
                let out = self.row()?;
                body.push(Step::Nan { out, strict: rows[*at], from: from.clone() });
                self.define_as(rows[*at], out);
                rows[*at] = out;
            }
        }
        Ok(rows)
    }

    /// Of scalars' operators and what became of them by algebra each was asked for where it was compiled.
    fn ask(&mut self, uses: Vec<Use>, mut rows: Vec<Row>, body: &mut Block) -> Result<Vec<Row>, Refusal> {
        for Use { primitive, from, places } in uses {
            let strict: Vec<Row> = places.iter().map(|at| rows[*at]).collect();
            if primitive.is_scalar_operator() || strict.iter().all(|row| self.lowered.contains(row)) {
                continue;
            }
            let out = self.asked(&primitive, &from, strict, body)?;
            for (at, row) in places.iter().zip(out) {
                rows[*at] = row;
            }
        }
        Ok(rows)
    }

    /// What is answered for an operation, where it is asked for.
    fn asked(
        &mut self,
        primitive: &Primitive,
        from: &[Row],
        strict: Vec<Row>,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let Some(place) = self.code.asking.as_ref().and_then(|asking| asking.place(primitive)) else {
            return Ok(strict);
        };
        let out: Vec<Row> = strict.iter().map(|_| self.row()).collect::<Result<_, _>>()?;
        body.push(Step::Asked { place, from: from.to_vec(), strict, out: out.clone() });
        Ok(out)
    }

    /// The result of an operator on scalars.
    pub(super) fn asked_operator(
        &mut self,
        op: BinaryOperator,
        scalar: Scalar,
        operands: [&[Row]; 2],
        strict: Vec<Row>,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let (Some(operator), Some(ty)) = (operator(op), float_type(scalar)) else { return Ok(strict) };
        let compares = !matches!(operator, "+" | "-" | "*" | "/" | "%");
        let result = if compares { Type::scalar(Kind::Bool) } else { ty };
        self.asked(&Primitive::binary(operator, [ty; 2], result), &operands.concat(), strict, body)
    }

    /// The result of a negation of a scalar.
    pub(super) fn asked_negation(
        &mut self,
        scalar: Scalar,
        operand: &[Row],
        strict: Vec<Row>,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let Some(ty) = float_type(scalar) else { return Ok(strict) };
        self.asked(&Primitive::negation(ty), operand, strict, body)
    }

    /// The result of a function of scalars that stands for what the shader has.
    pub(super) fn asked_function(
        &mut self,
        fun: MathFunction,
        scalar: Scalar,
        operands: &[&[Row]],
        strict: Vec<Row>,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let (Some(name), Some(ty)) = (fun.try_to_wgsl(), float_type(scalar)) else { return Ok(strict) };
        self.asked(&Primitive::call(name, vec![ty; operands.len()], ty), &operands.concat(), strict, body)
    }

    /// The operations that an expression is made of; `None` where none can be asked for.
    fn uses_of(&self, frame: &Frame<'m>, handle: Handle<Expression>, made: usize) -> Option<Vec<Use>> {
        let result = self.inner(frame, handle);
        let rows = |handle: Handle<Expression>| match &frame.values[handle.index()] {
            Some(Value::Rows(rows)) => Some(rows.clone()),
            _ => None,
        };
        let given = |handles: &[Handle<Expression>]| -> Option<Vec<(Type, Vec<Row>)>> {
            handles.iter().map(|h| Some((type_of(self.inner(frame, *h))?, rows(*h)?))).collect()
        };
        match frame.function.expressions[handle] {
            Expression::Binary { op, left, right } => {
                let operator = operator(op)?;
                let operands = given(&[left, right])?;
                let result = type_of(result)?;
                let [(l, _), (r, _)] = operands[..] else { return None };
                if !is_float(l) || !is_float(r) {
                    return None;
                }
                let matrix = |t: Type| matches!(t.shape, Shape::Matrix { .. });
                let scalar = |t: Type| t.shape == Shape::Scalar;
                if (matrix(l) || matrix(r)) && op == BinaryOperator::Multiply && !scalar(l) && !scalar(r) {
                    return Some(vec![whole(Primitive::binary(operator, [l, r], result), &operands, made)]);
                }
                let [l, r] = [l, r].map(|t| Type::scalar(t.kind));
                Some(by_component(&Primitive::binary(operator, [l, r], Type::scalar(result.kind)), &operands, made))
            }
            Expression::Unary { op: UnaryOperator::Negate, expr } => {
                let operands = given(&[expr])?;
                let ty = operands[0].0;
                is_float(ty).then(|| by_component(&Primitive::negation(Type::scalar(ty.kind)), &operands, made))
            }
            Expression::As { expr, convert: Some(_), .. } => {
                let operands = given(&[expr])?;
                let [from, to] = [operands[0].0, type_of(result)?].map(|t| Type::scalar(t.kind));
                let bools = from.kind == Kind::Bool || to.kind == Kind::Bool;
                (from != to && !bools && (is_float(from) || is_float(to)))
                    .then(|| by_component(&Primitive::conversion(from, to), &operands, made))
            }
            Expression::Math { fun, arg, arg1, arg2, arg3 } => {
                let handles: Vec<_> = [Some(arg), arg1, arg2, arg3].into_iter().flatten().collect();
                let operands = given(&handles)?;
                let name = fun.try_to_wgsl()?;
                if let MathFunction::Modf | MathFunction::Frexp = fun {
                    return splitting(fun, name, &operands, made);
                }
                let result = type_of(result)?;
                if !operands.iter().map(|(t, _)| *t).chain([result]).any(is_float) || fun == MathFunction::Transpose {
                    return None;
                }
                let types: Vec<Type> = operands.iter().map(|(t, _)| *t).collect();
                if is_whole(fun) {
                    return Some(vec![whole(Primitive::call(name, types, result), &operands, made)]);
                }
                let types = types.iter().map(|t| Type::scalar(t.kind)).collect();
                Some(by_component(&Primitive::call(name, types, Type::scalar(result.kind)), &operands, made))
            }
            _ => None,
        }
    }
}

/// An operation on whole operands.
fn whole(primitive: Primitive, operands: &[(Type, Vec<Row>)], made: usize) -> Use {
    let from = operands.iter().flat_map(|(_, rows)| rows.clone()).collect();
    Use { primitive, from, places: (0..made).collect() }
}

/// An operation on each component, of which a scalar has the same for all.
fn by_component(primitive: &Primitive, operands: &[(Type, Vec<Row>)], made: usize) -> Vec<Use> {
    let one = |i: usize| {
        let from = operands.iter().flat_map(|(_, rows)| part(rows, 1, i).to_vec()).collect();
        Use { primitive: primitive.clone(), from, places: vec![i] }
    };
    (0..made).map(one).collect()
}

/// `modf` or `frexp` of each component: all first members come first.
fn splitting(fun: MathFunction, name: &str, operands: &[(Type, Vec<Row>)], made: usize) -> Option<Vec<Use>> {
    let [(ty, rows)] = operands else { return None };
    let members = match fun {
        MathFunction::Modf => [("fract", ty.kind), ("whole", ty.kind)],
        _ => [("fract", ty.kind), ("exp", Kind::I32)],
    };
    let primitive = Primitive::splitting(name, Type::scalar(ty.kind), members);
    let one =
        |i: usize| Use { primitive: primitive.clone(), from: part(rows, 1, i).to_vec(), places: vec![i, made / 2 + i] };
    is_float(*ty).then(|| (0..made / 2).map(one).collect())
}
