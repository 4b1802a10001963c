//! Whether WGSL fixes every bit of what a kernel computes, as far as the text tells: integers only, in one order.

use std::collections::BTreeSet;

use naga::{AtomicFunction, Expression, Function, Handle, Module, Scalar, ScalarKind, Statement, Type, TypeInner};

use crate::wgsl::Checked;

/// What keeps a shader from having one result by specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unspecified {
    /// Floating point, whose accuracy is a matter of bounds that are not derived here.
    Floats,
    /// 64-bit scalars, of which WGSL says nothing.
    Wide,
    /// Operations over a subgroup, whose size is the adapter's choice.
    Subgroups,
    /// Atomics whose order can be told: one whose result is used, or of several kinds.
    Atomics,
}

impl Unspecified {
    /// In words, after "because".
    pub(super) fn reason(self) -> &'static str {
        match self {
            Self::Floats => "it uses floating point, whose bounds depend on the whole computation",
            Self::Wide => "it uses 64-bit scalars, which WGSL does not have",
            Self::Subgroups => "it uses subgroups, whose size is the adapter's choice",
            Self::Atomics => "the order of its atomics may show in its results",
        }
    }
}

/// The first that is found in a module without overrides; `None` where integers are all there is.
pub(super) fn unspecified(checked: &Checked, subgroups: bool) -> Option<Unspecified> {
    let module = &checked.module;
    let mut scalars: BTreeSet<(bool, u8)> = BTreeSet::new();
    let mut note = |inner: &TypeInner| {
        if let Some(Scalar { kind, width }) = inner.scalar() {
            scalars.insert((matches!(kind, ScalarKind::Float | ScalarKind::AbstractFloat), width));
        }
    };
    module.types.iter().for_each(|(_, ty)| note(&ty.inner));
    let mut atomics = Atomics::default();
    let functions = module.functions.iter().map(|(handle, f)| (f, &checked.info[handle]));
    let points = module.entry_points.iter().enumerate().map(|(i, e)| (&e.function, checked.info.get_entry_point(i)));
    for (function, info) in functions.chain(points) {
        for (handle, _) in function.expressions.iter() {
            note(info[handle].ty.inner_with(&module.types));
        }
        let used = |handle: Handle<Expression>| info[handle].ref_count > 0;
        atomics.block(module, function, &function.body, &used);
    }
    if scalars.iter().any(|(float, _)| *float) {
        return Some(Unspecified::Floats);
    }
    if scalars.iter().any(|(_, width)| *width > 4) {
        return Some(Unspecified::Wide);
    }
    if subgroups {
        return Some(Unspecified::Subgroups);
    }
    atomics.tell().then_some(Unspecified::Atomics)
}

/// Whether the built-in `fma` is called.
pub(super) fn has_fma(checked: &Checked) -> bool {
    let module = &checked.module;
    let is_fma = |e: &Expression| matches!(e, Expression::Math { fun: naga::MathFunction::Fma, .. });
    let functions = module.functions.iter().map(|(_, f)| f).chain(module.entry_points.iter().map(|e| &e.function));
    functions.into_iter().any(|f| f.expressions.iter().any(|(_, e)| is_fma(e)))
}

/// A number that naga's front end worked out when it read the text, and that the shader stores as it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Folded {
    /// The element of the buffer that it is stored in.
    pub element: usize,
    /// Its bits.
    pub bits: u32,
    /// The line of the WGSL text.
    pub line: u32,
}

/// The numbers that naga worked out for elements of a buffer whose places are written out.
pub(super) fn folded(checked: &Checked, buffer: &str, source: &str) -> Vec<Folded> {
    let module = &checked.module;
    let mut found = Vec::new();
    let functions = module.functions.iter().map(|(_, f)| f).chain(module.entry_points.iter().map(|e| &e.function));
    for function in functions {
        let mut stores = Vec::new();
        stores_to(&function.body, &mut stores);
        for (pointer, value, span) in stores {
            let Expression::AccessIndex { base, index } = function.expressions[pointer] else { continue };
            let Expression::GlobalVariable(variable) = function.expressions[base] else { continue };
            if module.global_variables[variable].name.as_deref() != Some(buffer) || !span.is_defined() {
                continue;
            }
            let (expressions, value) = match function.expressions[value] {
                Expression::Constant(c) => (&module.global_expressions, module.constants[c].init),
                _ => (&function.expressions, value),
            };
            let from = expressions.get_span(value).to_range();
            let text = from.and_then(|range| source.get(range)).unwrap_or_default();
            let Expression::Literal(literal) = expressions[value] else { continue };
            if let Some(bits) = bits(literal).filter(|_| !text.is_empty() && !is_number(text)) {
                found.push(Folded { element: index as usize, bits, line: span.location(source).line_number });
            }
        }
    }
    found
}

/// Whether a text is a number that is written out, of which nothing is worked out.
fn is_number(text: &str) -> bool {
    let plain = text.trim_end_matches(['f', 'h', 'u', 'i']);
    plain.parse::<f64>().is_ok()
        || text.starts_with("0x") && text.chars().all(|c| c.is_ascii_alphanumeric() || ".+-".contains(c))
}

fn bits(literal: naga::Literal) -> Option<u32> {
    match literal {
        naga::Literal::F32(v) => Some(v.to_bits()),
        naga::Literal::F16(v) => Some(v.to_bits().into()),
        naga::Literal::U32(v) => Some(v),
        naga::Literal::I32(v) => Some(v.cast_unsigned()),
        _ => None,
    }
}

fn stores_to(block: &naga::Block, out: &mut Vec<(Handle<Expression>, Handle<Expression>, naga::Span)>) {
    for (statement, span) in block.span_iter() {
        match statement {
            Statement::Store { pointer, value } => out.push((*pointer, *value, *span)),
            Statement::Block(inner) => stores_to(inner, out),
            Statement::If { accept, reject, .. } => {
                stores_to(accept, out);
                stores_to(reject, out);
            }
            Statement::Switch { cases, .. } => cases.iter().for_each(|case| stores_to(&case.body, out)),
            Statement::Loop { body, continuing, .. } => {
                stores_to(body, out);
                stores_to(continuing, out);
            }
            _ => {}
        }
    }
}

/// The atomic operations of a module.
#[derive(Default)]
struct Atomics {
    /// Their kinds.
    kinds: BTreeSet<&'static str>,
    /// Whether a result is used.
    used: bool,
}

impl Atomics {
    /// Additions commute with one another, and so does each of the others but exchange; additions and minima do not.
    fn tell(&self) -> bool {
        self.used || self.kinds.len() > 1 || self.kinds.contains("exchange")
    }

    fn block(
        &mut self,
        module: &Module,
        function: &Function,
        block: &naga::Block,
        used: &dyn Fn(Handle<Expression>) -> bool,
    ) {
        for statement in block {
            match statement {
                Statement::Atomic { fun, result, .. } => {
                    self.kinds.insert(match fun {
                        // The difference is a sum with the negative.
                        AtomicFunction::Add | AtomicFunction::Subtract => "add",
                        AtomicFunction::And => "and",
                        AtomicFunction::ExclusiveOr => "xor",
                        AtomicFunction::InclusiveOr => "or",
                        AtomicFunction::Min => "min",
                        AtomicFunction::Max => "max",
                        AtomicFunction::Exchange { .. } => "exchange",
                    });
                    self.used |= result.is_some_and(used);
                }
                // `atomicLoad` and `atomicStore`.
                Statement::Store { pointer, .. } if is_atomic(module, function, *pointer) => {
                    self.kinds.insert("store");
                    self.used = true;
                }
                Statement::Block(inner) => self.block(module, function, inner, used),
                Statement::If { accept, reject, .. } => {
                    self.block(module, function, accept, used);
                    self.block(module, function, reject, used);
                }
                Statement::Switch { cases, .. } => {
                    cases.iter().for_each(|case| self.block(module, function, &case.body, used));
                }
                Statement::Loop { body, continuing, .. } => {
                    self.block(module, function, body, used);
                    self.block(module, function, continuing, used);
                }
                Statement::Emit(range) => {
                    for handle in range.clone() {
                        if let Expression::Load { pointer } = function.expressions[handle] {
                            self.used |= is_atomic(module, function, pointer);
                        }
                    }
                }
                _ => {}
            }
        }
    }
}

/// Whether a pointer goes to an atomic, as far as its own expression tells.
fn is_atomic(module: &Module, function: &Function, pointer: Handle<Expression>) -> bool {
    pointee(module, function, pointer).is_some_and(|ty| matches!(module.types[ty].inner, TypeInner::Atomic(_)))
}

/// The type that a pointer goes to, where it is a type of its own.
fn pointee(module: &Module, function: &Function, pointer: Handle<Expression>) -> Option<Handle<Type>> {
    Some(match function.expressions[pointer] {
        Expression::GlobalVariable(v) => module.global_variables[v].ty,
        Expression::LocalVariable(v) => function.local_variables[v].ty,
        Expression::FunctionArgument(i) => match module.types[function.arguments.get(i as usize)?.ty].inner {
            TypeInner::Pointer { base, .. } => base,
            _ => return None,
        },
        Expression::Access { base, .. } => inside(module, pointee(module, function, base)?, None)?,
        Expression::AccessIndex { base, index } => inside(module, pointee(module, function, base)?, Some(index))?,
        _ => return None,
    })
}

/// What an index selects, where it is a type of its own.
fn inside(module: &Module, ty: Handle<Type>, index: Option<u32>) -> Option<Handle<Type>> {
    match (&module.types[ty].inner, index) {
        (TypeInner::Array { base, .. }, _) => Some(*base),
        (TypeInner::Struct { members, .. }, Some(index)) => members.get(index as usize).map(|m| m.ty),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wgsl::examine;

    fn of(body: &str) -> Option<Unspecified> {
        let source = format!(
            "@group(0) @binding(0) var<storage, read_write> a: array<atomic<u32>>; \
             @group(0) @binding(1) var<storage, read_write> b: array<u32>; \
             @compute @workgroup_size(1) fn main() {{ {body} }}"
        );
        unspecified(&examine(&source).expect("it is valid"), false)
    }

    #[test]
    fn only_integers_in_one_order_are_fixed() {
        assert_eq!(of("b[0] = b[1] * 3u + (b[2] >> 4u);"), None, "integers");
        assert_eq!(of("atomicAdd(&a[0], 1u); atomicAdd(&a[1], b[0]);"), None, "additions commute");
        assert_eq!(of("b[0] = u32(f32(b[1]) * 0.5);"), Some(Unspecified::Floats), "floats on the way");
        assert_eq!(
            of("b[0] = bitcast<u32>(bitcast<f32>(b[1]) + 1.0);"),
            Some(Unspecified::Floats),
            "floats in disguise"
        );
        assert_eq!(of("b[0] = atomicAdd(&a[0], 1u);"), Some(Unspecified::Atomics), "a slot");
        assert_eq!(of("atomicAdd(&a[0], 1u); atomicMax(&a[0], 4u);"), Some(Unspecified::Atomics), "two kinds");
        assert_eq!(of("b[0] = atomicLoad(&a[0]);"), Some(Unspecified::Atomics), "a look at another's work");
        assert_eq!(of("atomicStore(&a[0], b[0]);"), Some(Unspecified::Atomics), "the last one wins");
        assert_eq!(
            of("if (b[0] == 1u) { loop { atomicExchange(&a[0], 2u); break; } }"),
            Some(Unspecified::Atomics),
            "deep"
        );
    }
}
