//! Statements: control flow stays a tree of blocks, and the rest becomes steps.

use naga::{
    AtomicFunction, CollectiveOperation, Direction, Expression, Function, GatherMode, Handle, Statement,
    SubgroupOperation, SwitchValue, TypeInner,
};

use super::variables::may_change;
use super::{Compiler, Frame, Refusal, Value, scalar_of};
use crate::engines::interpreter::code::{Arm, Atomic, Block, Change, Extent, From, Row, Space, Step, Subgroup};
use crate::engines::interpreter::math::{self, Scalar};
use crate::wgsl::slice::selected;

/// The argument that a function returns and does nothing else, if it is such a function.
fn returned_unchanged(function: &Function) -> Option<usize> {
    let mut statements = function.body.iter();
    let (Some(Statement::Return { value: Some(value) }), None) = (statements.next(), statements.next()) else {
        return None;
    };
    match function.expressions[*value] {
        Expression::FunctionArgument(index) => usize::try_from(index).ok(),
        _ => None,
    }
}

impl<'m> Compiler<'m> {
    pub(super) fn block(
        &mut self,
        frame: &mut Frame<'m>,
        block: &'m naga::Block,
        body: &mut Block,
    ) -> Result<(), Refusal> {
        for (statement, span) in block.span_iter() {
            frame.line = self.line(*span);
            let line = frame.line;
            self.statement(frame, statement, line, body).map_err(|mut refusal| {
                if refusal.line == 0 {
                    refusal.line = line;
                }
                refusal
            })?;
        }
        Ok(())
    }

    /// A block of its own, under another mask: what it stores is not known outside.
    fn branch(&mut self, frame: &mut Frame<'m>, block: &'m naga::Block) -> Result<Block, Refusal> {
        let mut body = Vec::new();
        self.block(frame, block, &mut body)?;
        frame.forward.clear();
        Ok(body)
    }

    fn statement(
        &mut self,
        frame: &mut Frame<'m>,
        statement: &'m Statement,
        line: u32,
        body: &mut Block,
    ) -> Result<(), Refusal> {
        use Statement as S;
        match statement {
            S::Emit(range) => {
                for handle in range.clone() {
                    // Evaluated here, used later: this is no use. What nothing uses is not evaluated at all.
                    if frame.uses[handle.index()] > 0 {
                        frame.uses[handle.index()] += 1;
                        self.value(frame, handle, body)?;
                    }
                }
            }
            S::Block(inner) => self.block(frame, inner, body)?,
            S::If { condition, accept, reject } => {
                let condition = self.rows(frame, *condition, body)?[0];
                let changes = may_change(accept) || may_change(reject);
                // The condition's row must outlive the branches: it may be a variable's.
                let condition = if changes {
                    let own =
                        if self.variable_of(condition).is_some() { self.copy(condition, body)? } else { condition };
                    self.settle(frame, body)?;
                    own
                } else {
                    condition
                };
                let forward = frame.forward.clone();
                let accept = self.branch(frame, accept)?;
                frame.forward.clone_from(&forward);
                let reject = self.branch(frame, reject)?;
                if !changes {
                    frame.forward = forward;
                }
                body.push(Step::If { condition, accept, reject });
            }
            S::Switch { selector, cases } => {
                let rows = self.rows(frame, *selector, body)?;
                let [selector] = rows[..] else { return self.refuse("a switch on 64 bits", line) };
                let selector = if self.variable_of(selector).is_some() { self.copy(selector, body)? } else { selector };
                self.settle(frame, body)?;
                let mut arms = Vec::with_capacity(cases.len());
                for case in cases {
                    let value = match case.value {
                        SwitchValue::I32(v) => Some(v.cast_unsigned()),
                        SwitchValue::U32(v) => Some(v),
                        SwitchValue::Default => None,
                    };
                    let body = self.branch(frame, &case.body)?;
                    arms.push(Arm { value, body, fall_through: case.fall_through });
                }
                body.push(Step::Switch { selector, arms });
            }
            S::Loop { body: inner, continuing, break_if } => {
                self.settle(frame, body)?;
                let mut own = Vec::new();
                self.block(frame, inner, &mut own)?;
                frame.forward.clear();
                let mut after = Vec::new();
                self.block(frame, continuing, &mut after)?;
                let break_if = match break_if {
                    Some(handle) => Some(self.rows(frame, *handle, &mut after)?[0]),
                    None => None,
                };
                frame.forward.clear();
                body.push(Step::Loop { body: own, continuing: after, break_if, line });
            }
            S::Break => body.push(Step::Break),
            S::Continue => body.push(Step::Continue),
            S::Return { value } => {
                if let Some(value) = value {
                    let rows = self.rows(frame, *value, body)?;
                    for (variable, value) in frame.result.clone().into_iter().zip(rows) {
                        body.push(Step::SetVariable { variable, value });
                    }
                }
                body.push(Step::Return);
            }
            S::Kill => return self.refuse("discard", line),
            S::ControlBarrier(flags) => body.push(Step::Barrier {
                shared: flags.contains(naga::Barrier::WORK_GROUP),
                storage: flags.contains(naga::Barrier::STORAGE),
                subgroup: self.sub_group_barrier(*flags),
                line,
            }),
            // Memory is always in order here.
            S::MemoryBarrier(_) => {}
            S::Store { pointer, value } => {
                let rows = self.rows(frame, *value, body)?;
                self.store(frame, *pointer, &rows, line, body)?;
            }
            S::Atomic { pointer, fun, value, result } => {
                self.atomic(frame, *pointer, *fun, *value, *result, line, body)?;
            }
            S::WorkGroupUniformLoad { pointer, result } => {
                let barrier = || Step::Barrier { shared: true, storage: false, subgroup: false, line };
                body.push(barrier());
                if let Some(at) = self.place(frame, *pointer, body)?.moving {
                    body.push(Step::Uniform { at, line });
                }
                let rows = self.load(frame, *pointer, line, body)?;
                body.push(barrier());
                frame.values[result.index()] = Some(Value::Rows(rows));
            }
            S::Call { function, arguments, result } => {
                let arguments: Vec<Value> =
                    arguments.iter().map(|a| self.value(frame, *a, body)).collect::<Result<_, _>>()?;
                // What a function returns unchanged is what it was given, also to the algebra that is planted.
                if let (Some(result), Some(same)) = (result, returned_unchanged(&self.module().functions[*function])) {
                    frame.values[result.index()] = Some(arguments[same].clone());
                    return Ok(());
                }
                let signature = self.instance(*function, &arguments)?;
                for (value, to) in arguments.iter().zip(&signature.arguments) {
                    let from: Vec<Row> = match value {
                        Value::Rows(rows) => rows.clone(),
                        Value::Place(place) => place.moving.into_iter().collect(),
                    };
                    body.extend(to.iter().zip(from).map(|(out, from)| Step::Copy { out: *out, from }));
                }
                // The callee may change variables that values still refer to: private ones, and those pointed to.
                self.settle(frame, body)?;
                body.push(Step::Call { function: signature.code, line });
                if let Some(result) = result {
                    let rows = signature.result.iter().map(|r| self.copy(*r, body)).collect::<Result<_, _>>()?;
                    frame.values[result.index()] = Some(Value::Rows(rows));
                }
            }
            S::SubgroupBallot { result, predicate } => {
                let predicate = match predicate {
                    Some(handle) => Some(self.rows(frame, *handle, body)?[0]),
                    None => None,
                };
                let out: Vec<Row> = (0..4).map(|_| self.row()).collect::<Result<_, _>>()?;
                frame.values[result.index()] = Some(Value::Rows(out.clone()));
                self.code.subgroup_lines.insert(line);
                body.push(Step::Subgroup(Box::new(Subgroup::Ballot { predicate, out })));
            }
            S::SubgroupGather { mode, argument, result } => {
                let value = self.rows(frame, *argument, body)?;
                let which = match selected(mode) {
                    Some(handle) => Some(self.rows(frame, handle, body)?[0]),
                    None => None,
                };
                let from = match mode {
                    GatherMode::BroadcastFirst => From::First,
                    GatherMode::Broadcast(_) | GatherMode::Shuffle(_) => From::Lane,
                    GatherMode::ShuffleDown(_) => From::Down,
                    GatherMode::ShuffleUp(_) => From::Up,
                    GatherMode::ShuffleXor(_) => From::Xor,
                    GatherMode::QuadBroadcast(_) => From::QuadLane,
                    GatherMode::QuadSwap(Direction::X) => From::QuadX,
                    GatherMode::QuadSwap(Direction::Y) => From::QuadY,
                    GatherMode::QuadSwap(Direction::Diagonal) => From::QuadDiagonal,
                };
                let out: Vec<Row> = value.iter().map(|_| self.row()).collect::<Result<_, _>>()?;
                frame.values[result.index()] = Some(Value::Rows(out.clone()));
                self.code.subgroup_lines.insert(line);
                body.push(Step::Subgroup(Box::new(Subgroup::Gather { from, which, value, out, line })));
            }
            S::SubgroupCollectiveOperation { op, collective_op, argument, result } => {
                let scalar = scalar_of(self.inner(frame, *argument))?;
                let rows = self.rows(frame, *argument, body)?;
                self.code.subgroup_lines.insert(line);
                let out = self.collective(*op, *collective_op, scalar, &rows, line, body)?;
                frame.values[result.index()] = Some(Value::Rows(out));
            }
            S::ImageStore { .. } | S::ImageAtomic { .. } => return self.refuse("textures", line),
            S::RayQuery { .. } | S::RayPipelineFunction(_) => return self.refuse("ray queries", line),
            S::CooperativeStore { .. } => return self.refuse("cooperative matrices", line),
        }
        Ok(())
    }

    fn sub_group_barrier(&mut self, flags: naga::Barrier) -> bool {
        let has = flags.contains(naga::Barrier::SUB_GROUP);
        self.code.subgroup_barriers |= has;
        has
    }

    #[expect(clippy::too_many_arguments, reason = "the statement's own parts")]
    fn atomic(
        &mut self,
        frame: &mut Frame<'m>,
        pointer: Handle<Expression>,
        fun: AtomicFunction,
        value: Handle<Expression>,
        result: Option<Handle<Expression>>,
        line: u32,
        body: &mut Block,
    ) -> Result<(), Refusal> {
        use naga::{BinaryOperator as B, MathFunction as M};
        let place = self.place(frame, pointer, body)?;
        let scalar = match self.inner(frame, pointer) {
            TypeInner::Pointer { base, .. } => scalar_of(&self.module().types[*base].inner)?,
            other => scalar_of(other)?,
        };
        let operand = self.rows(frame, value, body)?;
        let Some(access) = self.access(place, 0, scalar, true, line) else {
            return self.refuse("an atomic outside shared memory", line);
        };
        self.code.storage_atomics |= matches!(access.space, Space::Buffer(_));
        self.code.atomics = true;
        self.code.atomic_lines.insert(line);
        let defects = self.mode.defects;
        let operator = |op| math::binary(op, scalar, &defects);
        let mut compare = Vec::new();
        let combine = match fun {
            AtomicFunction::Add => operator(B::Add),
            AtomicFunction::Subtract => operator(B::Subtract),
            AtomicFunction::And => operator(B::And),
            AtomicFunction::ExclusiveOr => operator(B::ExclusiveOr),
            AtomicFunction::InclusiveOr => operator(B::InclusiveOr),
            AtomicFunction::Min => math::math(M::Min, scalar, &defects),
            AtomicFunction::Max => math::math(M::Max, scalar, &defects),
            AtomicFunction::Exchange { compare: handle } => {
                if let Some(handle) = handle {
                    compare = self.rows(frame, handle, body)?;
                }
                None
            }
        };
        let change = match (fun, combine) {
            (AtomicFunction::Exchange { compare: None }, _) => Change::Exchange,
            (AtomicFunction::Exchange { compare: Some(_) }, _) => Change::CompareExchange,
            (_, Some(kernel)) => Change::Combine(kernel),
            (fun, None) => return self.refuse(format!("the atomic {fun:?} on {scalar:?}"), line),
        };
        let mut out = Vec::new();
        if let Some(result) = result {
            let words = scalar.words() + u32::from(matches!(change, Change::CompareExchange));
            out = (0..words).map(|_| self.row()).collect::<Result<_, _>>()?;
            frame.values[result.index()] = Some(Value::Rows(out.clone()));
        }
        let words = scalar.words() as usize;
        let used = result.is_some_and(|result| frame.uses[result.index()] > 0);
        let tells = used || scalar.is_float() || matches!(change, Change::Exchange);
        body.push(Step::Atomic(Box::new(Atomic { access, change, words, operand, compare, out, tells })));
        Ok(())
    }

    /// A reduction or scan over the subgroup, each component by itself, in the order of lanes.
    fn collective(
        &mut self,
        op: SubgroupOperation,
        extent: CollectiveOperation,
        scalar: Scalar,
        rows: &[Row],
        line: u32,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        use naga::{BinaryOperator as B, MathFunction as M, SubgroupOperation as S};
        let defects = self.mode.defects;
        let kernel = match op {
            S::All => math::binary(B::LogicalAnd, scalar, &defects),
            S::Any => math::binary(B::LogicalOr, scalar, &defects),
            S::Add => math::binary(B::Add, scalar, &defects),
            S::Mul => math::binary(B::Multiply, scalar, &defects),
            S::Min => math::math(M::Min, scalar, &defects),
            S::Max => math::math(M::Max, scalar, &defects),
            S::And => math::binary(B::And, scalar, &defects),
            S::Or => math::binary(B::InclusiveOr, scalar, &defects),
            S::Xor => math::binary(B::ExclusiveOr, scalar, &defects),
        };
        let Some(combine) = kernel else {
            return self.refuse(format!("the subgroup operation {op:?} on {scalar:?}"), line);
        };
        let extent = match extent {
            CollectiveOperation::Reduce => Extent::All,
            CollectiveOperation::InclusiveScan => Extent::Inclusive,
            CollectiveOperation::ExclusiveScan => Extent::Exclusive,
        };
        let identity = identity(op, scalar);
        let mut all = Vec::new();
        for value in rows.chunks(scalar.words() as usize) {
            let out: Vec<Row> = value.iter().map(|_| self.row()).collect::<Result<_, _>>()?;
            all.extend_from_slice(&out);
            let (identity, value) = (identity.clone(), value.to_vec());
            body.push(Step::Subgroup(Box::new(Subgroup::Collect { extent, combine, identity, value, out })));
        }
        Ok(all)
    }
}

/// What an exclusive scan starts with. Only sums and products have one in WGSL.
fn identity(op: SubgroupOperation, scalar: Scalar) -> Vec<u32> {
    let one = match scalar {
        Scalar::F32 | Scalar::F16 => vec![0x3f80_0000],
        Scalar::F64 => vec![0, 0x3ff0_0000],
        Scalar::I64 | Scalar::U64 => vec![1, 0],
        _ => vec![1],
    };
    if op == SubgroupOperation::Mul { one } else { vec![0; one.len()] }
}
