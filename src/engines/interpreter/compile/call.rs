//! Functions: each is compiled where it is first called, once for each set of variables that its pointers lead to.

use std::collections::HashMap;

use naga::valid::FunctionInfo;
use naga::{Function, Handle};

use super::place::{Place, Root};
use super::uses::uses;
use super::{Compiler, Frame, MOST_CALLS, Refusal, Value};
use crate::engines::interpreter::code::{Block, Row};

/// A function with its pointers' targets: which part of the code it is.
#[derive(PartialEq, Eq, Hash)]
pub(super) struct Instance {
    function: Handle<Function>,
    /// For each argument the variable it points to, the fixed part of the address, and whether there is a moving one.
    pointers: Vec<Option<(Root, u32, bool)>>,
}

/// Where an instance's arguments and result are.
#[derive(Clone)]
pub(super) struct Signature {
    pub(super) code: usize,
    pub(super) arguments: Vec<Vec<Row>>,
    pub(super) result: Vec<Row>,
}

impl<'m> Compiler<'m> {
    /// Compiles a function's body after its arguments are known.
    pub(super) fn function(
        &mut self,
        function: &'m Function,
        info: &'m FunctionInfo,
        arguments: Vec<Value>,
        result: Vec<Row>,
        body: &mut Block,
    ) -> Result<(), Refusal> {
        if self.depth >= MOST_CALLS {
            return self.refuse(format!("calls that are nested more than {MOST_CALLS} deep"), 0);
        }
        self.depth += 1;
        let mut frame = Frame {
            function,
            info,
            arguments,
            values: vec![None; function.expressions.len()],
            uses: uses(function),
            locals: HashMap::new(),
            result,
            forward: HashMap::new(),
            line: 0,
        };
        for (handle, local) in function.local_variables.iter() {
            let line = self.line(function.local_variables.get_span(handle));
            let inner = &self.module().types[local.ty].inner;
            let len = self.layouts.words(inner).map_err(|e| Refusal { what: e.0, line })?;
            let first = self.variable(len)?;
            let value = match local.init {
                Some(init) => Some(self.rows(&mut frame, init, body)?),
                None => None,
            };
            self.initialise(first, len, value.as_deref(), body);
            frame.locals.insert(handle, (first, len));
        }
        self.block(&mut frame, &function.body, body)?;
        self.depth -= 1;
        Ok(())
    }

    /// The instance of a function for these arguments, compiled if it is new.
    pub(super) fn instance(&mut self, handle: Handle<Function>, arguments: &[Value]) -> Result<Signature, Refusal> {
        let pointers = arguments
            .iter()
            .map(|a| match a {
                Value::Place(p) => Some((p.root, p.fixed, p.moving.is_some())),
                Value::Rows(_) => None,
            })
            .collect();
        let key = Instance { function: handle, pointers };
        if let Some(known) = self.instances.get(&key) {
            return Ok(known.clone());
        }
        let function = &self.module().functions[handle];
        let mut parameters = Vec::new();
        let mut rows = Vec::new();
        for argument in arguments {
            let (parameter, own) = match argument {
                Value::Rows(values) => {
                    let own: Vec<Row> = values.iter().map(|_| self.row()).collect::<Result<_, _>>()?;
                    (Value::Rows(own.clone()), own)
                }
                Value::Place(place) => {
                    let moving = place.moving.map(|_| self.row()).transpose()?;
                    (Value::Place(Place { moving, ..*place }), moving.into_iter().collect())
                }
            };
            parameters.push(parameter);
            rows.push(own);
        }
        let result = match &function.result {
            Some(result) => {
                let words = self.layouts.words(&self.module().types[result.ty].inner)?;
                let first = self.variable(words)?;
                (first..first + words).collect()
            }
            None => Vec::new(),
        };
        let code = self.functions.len();
        self.functions.push(None);
        let mut body = Vec::new();
        self.function(function, &self.info[handle], parameters, result.clone(), &mut body)?;
        self.functions[code] = Some(body);
        let signature = Signature { code, arguments: rows, result };
        self.instances.insert(key, signature.clone());
        Ok(signature)
    }
}
