//! Steps that say where numbers that are not finite, and values that WGSL leaves undefined, come from.

use naga::{BinaryOperator, Expression, Handle, MathFunction, TypeInner};

use super::expression::part;
use super::{Compiler, Frame, Refusal, Value, scalar_of};
use crate::engines::interpreter::asked::Asking;
use crate::engines::interpreter::code::{Block, Row, Step};
use crate::engines::interpreter::math::Scalar;
use crate::engines::interpreter::recorded::Place;

/// The operands of an expression that computes a value, if it is one.
fn operands(expression: &Expression) -> Vec<Handle<Expression>> {
    use BinaryOperator as B;
    match *expression {
        Expression::Binary { op: B::Add | B::Subtract | B::Multiply | B::Divide | B::Modulo, left, right } => {
            vec![left, right]
        }
        Expression::Math { arg, arg1, arg2, arg3, .. } => [Some(arg), arg1, arg2, arg3].into_iter().flatten().collect(),
        Expression::As { expr, convert: Some(_), .. } => vec![expr],
        _ => Vec::new(),
    }
}

/// Whether a component of the result comes of others than the same ones.
fn mixes(expression: &Expression) -> bool {
    use MathFunction as M;
    matches!(
        expression,
        Expression::Math { fun: M::Cross | M::Normalize | M::Reflect | M::Refract | M::FaceForward | M::Transpose, .. }
    )
}

/// Types whose rows hold binary32 numbers.
fn is_traced(scalar: Scalar) -> bool {
    matches!(scalar, Scalar::F32 | Scalar::F16)
}

/// The longest text of an operation that is told.
const LONGEST: usize = 60;

impl<'m> Compiler<'m> {
    /// After an expression that was evaluated just now: its values, where they are recorded.
    pub(super) fn record(&self, frame: &Frame<'m>, handle: Handle<Expression>, found: &Value, body: &mut Block) {
        let Some(mut recorded) = self.code.asking.as_ref().and_then(Asking::recorded) else { return };
        let expression = &frame.function.expressions[handle];
        let computes = matches!(expression, Expression::Unary { .. } | Expression::Binary { .. })
            || !operands(expression).is_empty();
        let Value::Rows(rows) = found else { return };
        if !computes || !scalar_of(self.inner(frame, handle)).is_ok_and(is_traced) {
            return;
        }
        let span = frame.function.expressions.get_span(handle);
        let own = self.line(span);
        let text = span.to_range().and_then(|range| self.source.get(range)).unwrap_or_default();
        let mut text = crate::model::text::shown(text, LONGEST);
        // Of a call there is the name alone.
        if matches!(expression, Expression::Math { .. } | Expression::As { .. }) && !text.contains('(') {
            text.push_str("(…)");
        }
        let place = recorded.place(Place { line: if own == 0 { frame.line } else { own }, text });
        body.push(Step::Record { place, rows: rows.clone() });
    }

    /// After an expression that was evaluated just now.
    pub(super) fn trace(
        &mut self,
        frame: &Frame<'m>,
        handle: Handle<Expression>,
        found: &Value,
        body: &mut Block,
    ) -> Result<(), Refusal> {
        let expression = &frame.function.expressions[handle];
        let handles = operands(expression);
        let Value::Rows(out) = found else { return Ok(()) };
        if handles.is_empty() || !scalar_of(self.inner(frame, handle)).is_ok_and(is_traced) {
            return Ok(());
        }
        let known = |handle: &Handle<Expression>| match &frame.values[handle.index()] {
            Some(Value::Rows(rows)) => rows.clone(),
            _ => Vec::new(),
        };
        let own = self.line(frame.function.expressions.get_span(handle));
        let line = if own == 0 { frame.line } else { own };
        let mixes =
            mixes(expression) || handles.iter().any(|h| matches!(self.inner(frame, *h), TypeInner::Matrix { .. }));
        let mut floats: Vec<Vec<Row>> = Vec::new();
        for operand in &handles {
            if scalar_of(self.inner(frame, *operand)).is_ok_and(is_traced) {
                floats.push(known(operand));
            }
        }
        if let Expression::Math { fun: MathFunction::Pow, .. } = expression
            && let [base, exponent] = &floats[..]
        {
            for (i, row) in out.iter().enumerate() {
                let (base, exponent) = (part(base, 1, i)[0], part(exponent, 1, i)[0]);
                body.push(Step::Power { out: *row, base, exponent, line });
            }
        }
        for (i, row) in out.iter().enumerate() {
            // A component comes of the same components, or of all.
            let of = |rows: &Vec<Row>| if rows.len() == out.len() && !mixes { vec![rows[i]] } else { rows.clone() };
            body.push(Step::Trace { out: *row, from: floats.iter().flat_map(of).collect(), line });
        }
        Ok(())
    }
}
