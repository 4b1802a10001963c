//! From naga's IR to code for the lockstep machine.
//!
//! Every scalar of every expression gets a row of its own. WGSL has no recursion, and all lanes of a workgroup run in
//! lockstep, so that a function has at most one activation at a time: its rows are fixed. A function that takes
//! pointers is compiled once for each set of variables they point to.

mod algebra;
mod expression;
mod functions;
mod place;
mod statement;
mod variables;

use std::collections::{BTreeMap, BTreeSet, HashMap};

use naga::{AddressSpace, Binding as Bound, BuiltIn, Expression, Function, Handle, Module, TypeInner};
use naga::valid::{FunctionInfo, ModuleInfo};

use self::algebra::Definition;
use self::place::{Place, Root};
use super::code::{Binding, Block, Code, Input, Row, Step};
use super::layout::{Layout, Layouts, Unsupported};
use super::math::{Kernel, Scalar};
use super::mode::Mode;

/// Why a shader is not executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the embedded adapter does not execute {what}{}", place(*line))]
pub(super) struct Refusal {
    /// By name.
    pub(super) what: String,
    /// Where the source has it; 0 where that is not known.
    pub(super) line: u32,
}

fn place(line: u32) -> String {
    if line == 0 { String::new() } else { format!(" (line {line})") }
}

impl From<Unsupported> for Refusal {
    fn from(what: Unsupported) -> Self {
        Self { what: what.0, line: 0 }
    }
}

/// More rows than this are refused: at 64 lanes they would take a gibibyte.
const MOST_ROWS: u32 = 1 << 22;

/// Deeper calls than this are refused, so that a shader can not exhaust this program's own stack.
const MOST_CALLS: usize = 64;

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// One row a word, in the flat layout.
    Rows(Vec<Row>),
    /// A pointer.
    Place(Place),
}

/// A function with its pointers' targets: which part of the code it is.
#[derive(PartialEq, Eq, Hash)]
struct Instance {
    function: Handle<Function>,
    /// For each argument the variable it points to, the fixed part of the address, and whether there is a moving one.
    pointers: Vec<Option<(Root, u32, bool)>>,
}

/// Where an instance's arguments and result are.
#[derive(Clone)]
struct Signature {
    code: usize,
    arguments: Vec<Vec<Row>>,
    result: Vec<Row>,
}

/// Where a global variable is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Global {
    Rows { first: Row, len: u32 },
    Shared { offset: u32 },
    Buffer(usize),
}

/// The module being compiled.
pub(super) struct Compiler<'m> {
    layouts: Layouts<'m>,
    info: &'m ModuleInfo,
    source: &'m str,
    mode: Mode,
    code: Code,
    functions: Vec<Option<Block>>,
    instances: HashMap<Instance, Signature>,
    globals: HashMap<Handle<naga::GlobalVariable>, Global>,
    constants: HashMap<u32, Row>,
    /// What the rows of sums and products are made of, for the planted algebra.
    definitions: HashMap<Row, Definition>,
    /// First rows of variables, and how many rows each has.
    variables: BTreeMap<Row, u32>,
    depth: usize,
}

/// A function being compiled.
pub(super) struct Frame<'m> {
    function: &'m Function,
    info: &'m FunctionInfo,
    arguments: Vec<Value>,
    values: Vec<Option<Value>>,
    /// For each expression, how often it is still to be used.
    uses: Vec<u32>,
    locals: HashMap<Handle<naga::LocalVariable>, (Row, u32)>,
    result: Vec<Row>,
    /// Rows that hold what a variable's row holds since its last store.
    forward: HashMap<Row, Row>,
    /// The line of the statement being compiled.
    line: u32,
}

/// Compiles the entry point `entry` of a module without overrides.
///
/// `info` is the validator's. `source` is only used to find lines.
///
/// # Errors
/// What the machine does not execute, by name.
pub(super) fn compile(
    module: &Module,
    info: &ModuleInfo,
    entry: &str,
    source: &str,
    mode: Mode,
) -> Result<Code, Refusal> {
    let refused = |what: &str| Refusal { what: what.to_owned(), line: 0 };
    let index = module
        .entry_points
        .iter()
        .position(|e| e.name == entry && e.stage == naga::ShaderStage::Compute)
        .ok_or_else(|| refused(&format!("'{entry}', which is no compute entry point of this shader")))?;
    let point = &module.entry_points[index];
    let code = Code {
        rows: 0,
        constants: Vec::new(),
        inputs: Vec::new(),
        body: Vec::new(),
        functions: Vec::new(),
        workgroup: point.workgroup_size,
        shared: 0,
        bindings: Vec::new(),
        storage_atomics: false,
        subgroup_barriers: false,
        subgroup: mode.subgroup,
    };
    let mut compiler = Compiler {
        layouts: Layouts { module },
        info,
        source,
        mode,
        code,
        functions: Vec::new(),
        instances: HashMap::new(),
        globals: HashMap::new(),
        constants: HashMap::new(),
        definitions: HashMap::new(),
        variables: BTreeMap::new(),
        depth: 0,
    };
    let function_info = info.get_entry_point(index);
    let mut body = Vec::new();
    compiler.globals(function_info, &mut body)?;
    let arguments = point.function.arguments.iter().map(|a| compiler.entry_argument(a)).collect::<Result<_, _>>()?;
    compiler.function(&point.function, function_info, arguments, Vec::new(), &mut body)?;
    compiler.code.body = body;
    compiler.code.functions = compiler.functions.into_iter().map(Option::unwrap_or_default).collect();
    Ok(compiler.code)
}

impl<'m> Compiler<'m> {
    fn module(&self) -> &'m Module {
        self.layouts.module
    }

    fn refuse<T>(&self, what: impl Into<String>, line: u32) -> Result<T, Refusal> {
        Err(Refusal { what: what.into(), line })
    }

    /// The line of a span.
    fn line(&self, span: naga::Span) -> u32 {
        if span.is_defined() { span.location(self.source).line_number } else { 0 }
    }

    fn row(&mut self) -> Result<Row, Refusal> {
        self.many_rows(1)
    }

    /// Consecutive rows; the first.
    fn many_rows(&mut self, count: u32) -> Result<Row, Refusal> {
        let first = self.code.rows;
        match first.checked_add(count).filter(|r| *r <= MOST_ROWS) {
            Some(rows) => self.code.rows = rows,
            None => return self.refuse(format!("a shader whose variables and values need more than {MOST_ROWS} words an invocation"), 0),
        }
        Ok(first)
    }

    /// The row that holds this word in every lane.
    fn constant(&mut self, word: u32) -> Result<Row, Refusal> {
        if let Some(row) = self.constants.get(&word) {
            return Ok(*row);
        }
        let row = self.row()?;
        self.constants.insert(word, row);
        self.code.constants.push((row, word));
        Ok(row)
    }

    fn input(&mut self, input: Input) -> Result<Row, Refusal> {
        if let Some((row, _)) = self.code.inputs.iter().find(|(_, i)| *i == input) {
            return Ok(*row);
        }
        let row = self.row()?;
        self.code.inputs.push((row, input));
        Ok(row)
    }

    /// Places the globals that the entry point uses, and emits what initialises them.
    fn globals(&mut self, used: &FunctionInfo, body: &mut Block) -> Result<(), Refusal> {
        for (handle, variable) in self.module().global_variables.iter() {
            if used[handle].is_empty() {
                continue;
            }
            let line = self.line(self.module().global_variables.get_span(handle));
            let here = |mut refusal: Refusal| {
                refusal.line = line;
                refusal
            };
            let inner = &self.module().types[variable.ty].inner;
            let place = match variable.space {
                AddressSpace::Private => {
                    let len = self.layouts.words(inner).map_err(|e| here(e.into()))?;
                    let first = self.variable(len).map_err(here)?;
                    let value = match variable.init {
                        Some(init) => Some(self.global_constant(init).map_err(here)?),
                        None => None,
                    };
                    self.initialise(first, len, value.as_deref(), body);
                    Global::Rows { first, len }
                }
                AddressSpace::WorkGroup => {
                    let words = self.layouts.words(inner).map_err(|e| here(e.into()))?;
                    let offset = self.code.shared;
                    match offset.checked_add(words).filter(|all| *all <= 1 << 22) {
                        Some(all) => self.code.shared = all,
                        None => return self.refuse("more than 16 MiB of workgroup memory", line),
                    }
                    Global::Shared { offset }
                }
                AddressSpace::Uniform | AddressSpace::Storage { .. } => {
                    let Some(binding) = &variable.binding else {
                        return self.refuse("a buffer without a binding", line);
                    };
                    let least = self.least_bytes(inner).map_err(|e| here(e.into()))?;
                    let writable = matches!(
                        variable.space,
                        AddressSpace::Storage { access } if access.contains(naga::StorageAccess::STORE)
                    );
                    self.code.bindings.push(Binding {
                        name: variable.name.clone().unwrap_or_default(),
                        group: binding.group,
                        binding: binding.binding,
                        uniform: variable.space == AddressSpace::Uniform,
                        writable,
                        least,
                    });
                    Global::Buffer(self.code.bindings.len() - 1)
                }
                AddressSpace::Handle => return self.refuse("textures, samplers and other handles", line),
                AddressSpace::Immediate => return self.refuse("immediate data (var<immediate>)", line),
                other => return self.refuse(format!("variables of the address space {other:?}"), line),
            };
            self.globals.insert(handle, place);
        }
        Ok(())
    }

    /// The bytes that a buffer of this type has at least: with one element where it has no fixed size.
    fn least_bytes(&self, inner: &TypeInner) -> Result<u32, Unsupported> {
        let module = self.module();
        match inner {
            TypeInner::Array { base, size: naga::ArraySize::Dynamic, .. } => {
                self.least_bytes(&module.types[*base].inner)
            }
            TypeInner::Struct { members, span } => match members.last() {
                Some(last) => match &module.types[last.ty].inner {
                    array @ TypeInner::Array { size: naga::ArraySize::Dynamic, .. } => {
                        Ok(last.offset + self.least_bytes(array)?)
                    }
                    _ => Ok(*span),
                },
                None => Ok(*span),
            },
            // Checks that the machine knows every scalar, too.
            _ => {
                self.layouts.words(inner)?;
                Ok(inner.size(module.to_ctx()))
            }
        }
    }

    /// Rows of a new variable.
    fn variable(&mut self, words: u32) -> Result<Row, Refusal> {
        let first = self.many_rows(words)?;
        self.variables.insert(first, words);
        Ok(first)
    }

    /// Emits what a variable holds at first. Lanes that are not active don't matter: the variable starts to live here.
    fn initialise(&mut self, first: Row, len: u32, value: Option<&[Row]>, body: &mut Block) {
        match value {
            None => body.push(Step::Clear { first, len }),
            Some(rows) => body.extend((first..first + len).zip(rows).map(|(out, from)| Step::Copy { out, from: *from })),
        }
    }

    fn entry_argument(&mut self, argument: &naga::FunctionArgument) -> Result<Value, Refusal> {
        let module = self.module();
        let mut rows = Vec::new();
        match (&argument.binding, &module.types[argument.ty].inner) {
            (Some(binding), _) => rows.extend(self.entry_input(binding)?),
            (None, TypeInner::Struct { members, .. }) => {
                for member in members {
                    let Some(binding) = &member.binding else {
                        return self.refuse("an entry point argument without a built-in value", 0);
                    };
                    rows.extend(self.entry_input(binding)?);
                }
            }
            (None, _) => return self.refuse("an entry point argument without a built-in value", 0),
        }
        Ok(Value::Rows(rows))
    }

    fn entry_input(&mut self, binding: &Bound) -> Result<Vec<Row>, Refusal> {
        let Bound::BuiltIn(builtin) = binding else {
            return self.refuse("an entry point argument at a location", 0);
        };
        let three: fn(usize) -> Input = match builtin {
            BuiltIn::GlobalInvocationId => Input::GlobalInvocationId,
            BuiltIn::LocalInvocationId => Input::LocalInvocationId,
            BuiltIn::WorkGroupId => Input::WorkGroupId,
            BuiltIn::NumWorkGroups => Input::NumWorkGroups,
            BuiltIn::WorkGroupSize => {
                let size = self.code.workgroup;
                return size.iter().map(|s| self.constant(*s)).collect();
            }
            BuiltIn::LocalInvocationIndex => return Ok(vec![self.input(Input::LocalInvocationIndex)?]),
            BuiltIn::SubgroupSize => return Ok(vec![self.input(Input::SubgroupSize)?]),
            BuiltIn::SubgroupInvocationId => return Ok(vec![self.input(Input::SubgroupInvocationId)?]),
            BuiltIn::SubgroupId => return Ok(vec![self.input(Input::SubgroupId)?]),
            BuiltIn::NumSubgroups => return Ok(vec![self.input(Input::NumSubgroups)?]),
            other => return self.refuse(format!("the built-in value {other:?}"), 0),
        };
        (0..3).map(|k| self.input(three(k))).collect()
    }

    /// Compiles a function's body after its arguments are known.
    fn function(
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
            uses: statement::uses(function),
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
    fn instance(&mut self, handle: Handle<Function>, arguments: &[Value]) -> Result<Signature, Refusal> {
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

    /// The rows of a module-scope constant expression.
    fn global_constant(&mut self, handle: Handle<Expression>) -> Result<Vec<Row>, Refusal> {
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

    /// Emits an operation and gives its results' rows.
    fn emit(&mut self, kernel: Kernel, from: &[Row], results: u32, body: &mut Block) -> Result<Vec<Row>, Refusal> {
        let out: Vec<Row> = (0..results).map(|_| self.row()).collect::<Result<_, _>>()?;
        let step = match (kernel, out.as_slice(), from) {
            (Kernel::Map1(f), [out], [a]) => Step::Map1 { f, out: *out, a: *a },
            (Kernel::Map2(f), [out], [a, b]) => Step::Map2 { f, out: *out, a: *a, b: *b },
            (Kernel::Map3(f), [out], [a, b, c]) => Step::Map3 { f, out: *out, a: *a, b: *b, c: *c },
            (Kernel::Wide(f), _, _) => Step::Wide { f, out: out.clone(), from: from.to_vec() },
            _ => return self.refuse("an operation with another number of operands", 0),
        };
        body.push(step);
        Ok(out)
    }

    fn copy(&mut self, from: Row, body: &mut Block) -> Result<Row, Refusal> {
        let out = self.row()?;
        body.push(Step::Copy { out, from });
        Ok(out)
    }
}

/// The scalar of a type that has only one kind.
pub(super) fn scalar_of(inner: &TypeInner) -> Result<Scalar, Unsupported> {
    super::layout::plain(inner).map(|(scalar, _)| scalar)
}

/// The layout of an address space.
pub(super) fn layout_of(root: Root) -> Layout {
    if matches!(root, Root::Buffer(_)) { Layout::Host } else { Layout::Flat }
}

/// Rows of which some value is made, for sets of variables.
pub(super) type Rows = BTreeSet<Row>;
