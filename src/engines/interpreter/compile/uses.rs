//! How often expressions are used: a value that nothing wants any more need not be kept.

use naga::{AtomicFunction, Expression, Function, Handle, Statement};

use crate::wgsl::slice::{operands, selected};

/// How often each expression of a function is used, by other expressions and by statements.
pub(super) fn uses(function: &Function) -> Vec<u32> {
    let mut counts = vec![0u32; function.expressions.len()];
    let mut count = |handle: Handle<Expression>| counts[handle.index()] += 1;
    for (_, expression) in function.expressions.iter() {
        operands(expression, &mut count);
    }
    statements(&function.body, &mut count);
    for (_, local) in function.local_variables.iter() {
        local.init.into_iter().for_each(&mut count);
    }
    counts
}

fn statements(block: &naga::Block, see: &mut impl FnMut(Handle<Expression>)) {
    use Statement as S;
    for statement in block.iter() {
        match statement {
            S::Block(inner) => statements(inner, see),
            S::If { condition, accept, reject } => {
                see(*condition);
                statements(accept, see);
                statements(reject, see);
            }
            S::Switch { selector, cases } => {
                see(*selector);
                cases.iter().for_each(|c| statements(&c.body, see));
            }
            S::Loop { body, continuing, break_if } => {
                statements(body, see);
                statements(continuing, see);
                break_if.iter().copied().for_each(&mut *see);
            }
            S::Return { value } => value.iter().copied().for_each(&mut *see),
            S::Store { pointer, value } => {
                see(*pointer);
                see(*value);
            }
            S::Atomic { pointer, fun, value, .. } => {
                see(*pointer);
                see(*value);
                if let AtomicFunction::Exchange { compare: Some(compare) } = fun {
                    see(*compare);
                }
            }
            S::WorkGroupUniformLoad { pointer, .. } => see(*pointer),
            S::Call { arguments, .. } => arguments.iter().copied().for_each(&mut *see),
            S::SubgroupBallot { predicate, .. } => predicate.iter().copied().for_each(&mut *see),
            S::SubgroupGather { mode, argument, .. } => {
                see(*argument);
                selected(mode).into_iter().for_each(&mut *see);
            }
            S::SubgroupCollectiveOperation { argument, .. } => see(*argument),
            _ => {}
        }
    }
}
