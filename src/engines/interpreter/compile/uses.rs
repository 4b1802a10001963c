//! How often expressions are used: a value that nothing wants any more need not be kept.

use naga::{AtomicFunction, Expression, Function, GatherMode, Handle, Statement};

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

fn operands(expression: &Expression, see: &mut impl FnMut(Handle<Expression>)) {
    use Expression as E;
    match expression {
        E::Compose { components, .. } => components.iter().copied().for_each(see),
        E::Access { base, index } => {
            see(*base);
            see(*index);
        }
        E::AccessIndex { base: a, .. }
        | E::Splat { value: a, .. }
        | E::Swizzle { vector: a, .. }
        | E::Load { pointer: a }
        | E::Unary { expr: a, .. }
        | E::As { expr: a, .. }
        | E::Relational { argument: a, .. }
        | E::ArrayLength(a) => see(*a),
        E::Binary { left, right, .. } => {
            see(*left);
            see(*right);
        }
        E::Select { condition, accept, reject } => {
            see(*condition);
            see(*accept);
            see(*reject);
        }
        E::Math { arg, arg1, arg2, arg3, .. } => {
            see(*arg);
            [arg1, arg2, arg3].into_iter().flatten().copied().for_each(see);
        }
        _ => {}
    }
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

/// The expression that says which invocation is read.
pub(super) fn selected(mode: &GatherMode) -> Option<Handle<Expression>> {
    match mode {
        GatherMode::BroadcastFirst | GatherMode::QuadSwap(_) => None,
        GatherMode::Broadcast(h)
        | GatherMode::Shuffle(h)
        | GatherMode::ShuffleDown(h)
        | GatherMode::ShuffleUp(h)
        | GatherMode::ShuffleXor(h)
        | GatherMode::QuadBroadcast(h) => Some(*h),
    }
}
