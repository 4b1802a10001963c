//! What a program's output depends on: a backward slice by definitions and uses, through variables, calls, control flow
//! and passes. It knows whole variables only, so that it may hold too much.

use std::collections::BTreeSet;

use naga::{AtomicFunction, Block, Expression, Function, GatherMode, Handle, Module, Statement};

use super::Checked;
use crate::model::task::{Program, Slot};

/// A function of a module by its index; `None` is the entry point of the pass.
pub(super) type Owner = Option<usize>;

/// Expressions of one pass's module, by their function and index.
pub(super) type Expressions = BTreeSet<(Owner, usize)>;

/// What holds a value between statements.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Place {
    Global(usize),
    Local(Owner, usize),
    Argument(Owner, u32),
    Returned(usize),
}

/// What the program's output depends on, of each pass. `passes` are its modules.
pub(super) fn slice(program: &Program, passes: &[Checked]) -> Vec<Expressions> {
    let mut slots = BTreeSet::from([of_slot(program.slot(program.output.buffer))]);
    let mut slicers: Vec<Slicer<'_>> = passes
        .iter()
        .zip(&program.passes)
        .map(|(checked, pass)| {
            let entry = checked.module.entry_points.iter().find(|e| e.name == pass.entry);
            Slicer::new(&checked.module, entry.map(|e| &e.function))
        })
        .collect();
    loop {
        let before = slots.len();
        for slicer in &mut slicers {
            slicer.run(&mut slots);
        }
        // A pass may read what another writes.
        if slots.len() == before {
            return slicers.into_iter().map(|s| s.values).collect();
        }
    }
}

fn of_slot(slot: Slot) -> (u32, u32) {
    (slot.group, slot.binding)
}

struct Slicer<'m> {
    module: &'m Module,
    entry: Option<&'m Function>,
    values: Expressions,
    places: BTreeSet<Place>,
    /// Functions that change something that matters.
    effective: BTreeSet<usize>,
    changed: bool,
}

/// Whether leaving what encloses a statement matters, because something in it does.
#[derive(Clone, Copy)]
struct Leaving {
    function: bool,
    loops: bool,
}

impl<'m> Slicer<'m> {
    fn new(module: &'m Module, entry: Option<&'m Function>) -> Self {
        Self {
            module,
            entry,
            values: BTreeSet::new(),
            places: BTreeSet::new(),
            effective: BTreeSet::new(),
            changed: false,
        }
    }

    fn run(&mut self, slots: &mut BTreeSet<(u32, u32)>) {
        let module = self.module;
        for (handle, variable) in module.global_variables.iter() {
            if variable.binding.as_ref().is_some_and(|b| slots.contains(&(b.group, b.binding))) {
                self.places.insert(Place::Global(handle.index()));
            }
        }
        let functions = module.functions.iter().map(|(handle, function)| (Some(handle.index()), function));
        let all: Vec<(Owner, &Function)> = functions.chain(self.entry.map(|entry| (None, entry))).collect();
        loop {
            self.changed = false;
            for (owner, function) in &all {
                self.function(*owner, function);
            }
            if !self.changed {
                break;
            }
        }
        for (handle, variable) in module.global_variables.iter() {
            if let Some(binding) =
                variable.binding.as_ref().filter(|_| self.places.contains(&Place::Global(handle.index())))
            {
                slots.insert((binding.group, binding.binding));
            }
        }
    }

    fn function(&mut self, owner: Owner, function: &Function) {
        let leaving = Leaving { function: false, loops: false };
        if self.block(owner, function, &function.body, leaving) {
            self.block(owner, function, &function.body, Leaving { function: true, ..leaving });
            if let Some(owner) = owner {
                self.changed |= self.effective.insert(owner);
            }
        }
        for (handle, local) in function.local_variables.iter() {
            if let Some(init) = local.init.filter(|_| self.places.contains(&Place::Local(owner, handle.index()))) {
                self.value(owner, init);
            }
        }
        let handles: Vec<_> = function.expressions.iter().map(|(handle, _)| handle).collect();
        // Operands come before what is made of them, so that one way back meets them all.
        for handle in handles.into_iter().rev() {
            if self.has(owner, handle) {
                self.expression(owner, function, handle);
            }
        }
    }

    fn value(&mut self, owner: Owner, handle: Handle<Expression>) {
        self.changed |= self.values.insert((owner, handle.index()));
    }

    fn has(&self, owner: Owner, handle: Handle<Expression>) -> bool {
        self.values.contains(&(owner, handle.index()))
    }

    fn place(&mut self, place: Option<Place>) {
        self.changed |= place.is_some_and(|place| self.places.insert(place));
    }

    fn holds(&self, place: Option<Place>) -> bool {
        place.is_some_and(|place| self.places.contains(&place))
    }

    fn expression(&mut self, owner: Owner, function: &Function, handle: Handle<Expression>) {
        let expression = &function.expressions[handle];
        match expression {
            Expression::Load { pointer } => self.place(root(owner, function, *pointer)),
            Expression::FunctionArgument(i) => self.place(Some(Place::Argument(owner, *i))),
            Expression::CallResult(callee) => self.place(Some(Place::Returned(callee.index()))),
            _ => {}
        }
        operands(expression, &mut |operand| self.value(owner, operand));
    }

    /// Whether something in a block matters.
    fn block(&mut self, owner: Owner, function: &Function, block: &Block, leaving: Leaving) -> bool {
        let mut matters = false;
        for statement in block {
            matters |= self.statement(owner, function, statement, leaving);
        }
        matters
    }

    fn statement(&mut self, owner: Owner, function: &Function, statement: &Statement, leaving: Leaving) -> bool {
        match statement {
            Statement::Block(inner) => self.block(owner, function, inner, leaving),
            Statement::If { condition, accept, reject } => {
                let matters =
                    self.block(owner, function, accept, leaving) | self.block(owner, function, reject, leaving);
                if matters {
                    self.value(owner, *condition);
                }
                matters
            }
            Statement::Switch { selector, cases } => {
                let mut matters = false;
                for case in cases {
                    matters |= self.block(owner, function, &case.body, Leaving { loops: false, ..leaving });
                }
                // What leaves the switch is told apart by it, and what leaves a loop from inside it.
                let loops = leaving.loops || matters;
                for case in cases {
                    matters |= self.block(owner, function, &case.body, Leaving { loops, ..leaving });
                }
                if matters {
                    self.value(owner, *selector);
                }
                matters
            }
            Statement::Loop { body, continuing, break_if } => {
                let mut matters = false;
                for loops in [false, true] {
                    let leaving = Leaving { loops, ..leaving };
                    if loops && !matters {
                        break;
                    }
                    matters |= self.block(owner, function, body, leaving);
                    matters |= self.block(owner, function, continuing, leaving);
                }
                if let Some(condition) = break_if.filter(|_| matters) {
                    self.value(owner, condition);
                }
                matters
            }
            Statement::Break | Statement::Continue => leaving.loops,
            Statement::Kill => leaving.function,
            Statement::Return { value } => {
                let returned = owner.map(Place::Returned);
                if let Some(value) = value.filter(|_| self.holds(returned)) {
                    self.value(owner, value);
                }
                leaving.function || value.is_some() && self.holds(returned)
            }
            Statement::Store { pointer, value } => {
                let matters = self.holds(root(owner, function, *pointer));
                if matters {
                    self.value(owner, *pointer);
                    self.value(owner, *value);
                }
                matters
            }
            Statement::Atomic { pointer, fun, value, result } => {
                let at = root(owner, function, *pointer);
                let matters = self.holds(at) || result.is_some_and(|result| self.has(owner, result));
                if matters {
                    self.place(at);
                    self.value(owner, *pointer);
                    self.value(owner, *value);
                    if let AtomicFunction::Exchange { compare: Some(compare) } = fun {
                        self.value(owner, *compare);
                    }
                }
                matters
            }
            Statement::WorkGroupUniformLoad { pointer, result } => {
                let matters = self.has(owner, *result);
                if matters {
                    self.place(root(owner, function, *pointer));
                    self.value(owner, *pointer);
                }
                matters
            }
            Statement::Call { function: callee, arguments, result } => {
                let callee = callee.index();
                for (i, argument) in (0u32..).zip(arguments) {
                    let there = Place::Argument(Some(callee), i);
                    let here = root(owner, function, *argument);
                    // A pointer goes both ways.
                    if self.places.contains(&there) {
                        self.value(owner, *argument);
                        self.place(here);
                    } else if self.holds(here) {
                        self.place(Some(there));
                    }
                }
                self.effective.contains(&callee) || result.is_some_and(|result| self.has(owner, result))
            }
            Statement::SubgroupBallot { result, predicate } => {
                let matters = self.has(owner, *result);
                predicate.iter().filter(|_| matters).for_each(|p| self.value(owner, *p));
                matters
            }
            Statement::SubgroupGather { mode, argument, result } => {
                let matters = self.has(owner, *result);
                if matters {
                    self.value(owner, *argument);
                    selected(mode).into_iter().for_each(|s| self.value(owner, s));
                }
                matters
            }
            Statement::SubgroupCollectiveOperation { argument, result, .. } => {
                let matters = self.has(owner, *result);
                if matters {
                    self.value(owner, *argument);
                }
                matters
            }
            _ => false,
        }
    }
}

/// The variable or argument that a pointer goes into.
fn root(owner: Owner, function: &Function, pointer: Handle<Expression>) -> Option<Place> {
    match function.expressions[pointer] {
        Expression::GlobalVariable(variable) => Some(Place::Global(variable.index())),
        Expression::LocalVariable(variable) => Some(Place::Local(owner, variable.index())),
        Expression::FunctionArgument(i) => Some(Place::Argument(owner, i)),
        Expression::Access { base, .. } | Expression::AccessIndex { base, .. } => root(owner, function, base),
        _ => None,
    }
}

/// Calls `see` with the expressions that an expression is made of.
pub(crate) fn operands(expression: &Expression, see: &mut impl FnMut(Handle<Expression>)) {
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

/// The expression that says which invocation is read.
pub(crate) fn selected(mode: &GatherMode) -> Option<Handle<Expression>> {
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
