//! Constants: a row for each word, shared by all that use it.

use naga::{Expression, Handle, Literal};

use super::{Compiler, Refusal};
use crate::engines::interpreter::code::Row;

impl Compiler<'_> {
    pub(super) fn literal(&mut self, literal: Literal) -> Result<Vec<Row>, Refusal> {
        let words: Vec<u32> = match literal {
            Literal::F32(x) => vec![x.to_bits()],
            Literal::U32(x) => vec![x],
            Literal::I32(x) => vec![x.cast_unsigned()],
            Literal::Bool(x) => vec![u32::from(x)],
            Literal::F16(x) => vec![x.to_f32().to_bits()],
            Literal::F64(x) => two(x.to_bits()),
            Literal::U64(x) => two(x),
            Literal::I64(x) => two(x.cast_unsigned()),
            other => return self.refuse(format!("the literal {other:?}"), 0),
        };
        words.into_iter().map(|w| self.constant(w)).collect()
    }

    /// The rows of a module-scope constant expression.
    pub(super) fn global_constant(&mut self, handle: Handle<Expression>) -> Result<Vec<Row>, Refusal> {
        let module = self.module();
        let mut rows = Vec::new();
        match &module.global_expressions[handle] {
            Expression::Literal(literal) => rows.extend(self.literal(*literal)?),
            Expression::Constant(constant) => rows.extend(self.global_constant(module.constants[*constant].init)?),
            Expression::ZeroValue(ty) => {
                let words = self.layouts.words(&module.types[*ty].inner)?;
                let zero = self.constant(0)?;
                rows.extend((0..words).map(|_| zero));
            }
            Expression::Compose { components, .. } => {
                for component in components {
                    rows.extend(self.global_constant(*component)?);
                }
            }
            Expression::Splat { size, value } => {
                let one = self.global_constant(*value)?;
                rows.extend((0..*size as u32).flat_map(|_| one.clone()));
            }
            _ => {
                let line = self.line(module.global_expressions.get_span(handle));
                return self.refuse("a module-scope expression that naga left unevaluated", line);
            }
        }
        Ok(rows)
    }
}

/// The low and the high word.
#[expect(clippy::cast_possible_truncation, reason = "the two halves of a double word")]
fn two(word: u64) -> Vec<u32> {
    vec![word as u32, (word >> 32) as u32]
}
