//! From naga's IR to code for the lockstep machine.
//!
//! Every scalar of every expression gets a row of its own. WGSL has no recursion, and all lanes of a workgroup run in
//! lockstep, so that a function has at most one activation at a time: its rows are fixed. A function that takes
//! pointers is compiled once for each set of variables they point to.

mod algebra;
mod ask;
mod call;
mod constant;
mod expression;
mod functions;
mod interface;
mod place;
mod statement;
mod trace;
mod uses;
mod variables;

use std::collections::{BTreeMap, HashMap, HashSet};

use naga::valid::{FunctionInfo, ModuleInfo};
use naga::{Function, Handle, Module, TypeInner};

use self::algebra::Definition;
use self::call::{Instance, Signature};
use self::place::{Place, Root};
use super::asked::Asking;
use super::code::{Block, Code, Input, Row, Step};
use super::layout::{Layout, Layouts, Unsupported};
use super::math::{Kernel, Scalar};
use super::mode::Mode;

/// Why a shader is not executed.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the interpreter does not execute {what}{}", place(*line))]
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

/// Deeper calls than this are refused, so that a shader cannot exhaust this program's own stack.
const MOST_CALLS: usize = 64;

/// The value of an expression.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Value {
    /// One row a word, in the flat layout.
    Rows(Vec<Row>),
    /// A pointer.
    Place(Place),
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
    /// Results of functions that were replaced by others, which are what is asked for.
    lowered: HashSet<Row>,
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
    asking: Option<&Asking>,
) -> Result<Code, Refusal> {
    let refused = |what: &str| Refusal { what: what.to_owned(), line: 0 };
    let index = module
        .entry_points
        .iter()
        .position(|e| e.name == entry && e.stage == naga::ShaderStage::Compute)
        .ok_or_else(|| refused(&format!("'{entry}', which is not a compute entry point of this shader")))?;
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
        atomics: false,
        atomic_lines: std::collections::BTreeSet::new(),
        subgroup_lines: std::collections::BTreeSet::new(),
        subgroup_barriers: false,
        subgroup: mode.subgroup,
        asking: asking.cloned(),
        at: std::sync::Arc::default(),
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
        lowered: HashSet::new(),
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
            None => {
                return self.refuse(
                    format!("a shader whose variables and values need more than {MOST_ROWS} words per invocation"),
                    0,
                );
            }
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
            Some(rows) => {
                body.extend((first..first + len).zip(rows).map(|(out, from)| Step::Copy { out, from: *from }));
            }
        }
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
