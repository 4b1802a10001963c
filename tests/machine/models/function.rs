//! A model's functions, and the two programs that compute one: with the model, and with the operation itself.

use std::fmt::Write as _;
use std::sync::Arc;

use naga::{ScalarKind, TypeInner, VectorSize};
use repro_audit::engines::interpreter::{Defects, Mode};
use repro_audit::model::Liberty;
use repro_audit::model::bits::Dtype;
use repro_audit::model::task::{Buffer, OutputView, Pass, Program};

use super::sample::Kind;

/// What a function's name begins with.
const PREFIX: &str = "model_";
/// Lanes of a workgroup.
const WG: usize = 64;

/// Operators by the word that stands for them in a name.
const OPERATORS: [(&str, &str); 12] = [
    ("add", "$0 + $1"),
    ("sub", "$0 - $1"),
    ("mul", "$0 * $1"),
    ("div", "$0 / $1"),
    ("rem", "$0 % $1"),
    ("negate", "-$0"),
    ("equal", "$0 == $1"),
    ("not_equal", "$0 != $1"),
    ("less", "$0 < $1"),
    ("less_equal", "$0 <= $1"),
    ("greater", "$0 > $1"),
    ("greater_equal", "$0 >= $1"),
];

/// A file of a model.
pub(super) struct Model {
    source: String,
    mode: Mode,
    functions: Vec<(String, Vec<Type>, Type)>,
    /// Functions of an earlier file that this driver does not share.
    pub not_shared: Vec<String>,
}

#[derive(Debug, Clone)]
struct Type {
    wgsl: String,
    kind: Kind,
    /// Accessors of its scalars.
    parts: Vec<String>,
}

/// A function of a model.
pub(super) struct Function {
    model: Arc<Model>,
    index: usize,
    given: Vec<Kind>,
}

impl Model {
    pub(super) fn parse(file: &str, source: &str) -> Result<Self, String> {
        let module = naga::front::wgsl::parse_str(source).map_err(|e| e.emit_to_string_with_path(source, file))?;
        let ty = |handle: naga::Handle<naga::Type>| Type::of(&module.types[handle].inner);
        let mut functions = Vec::new();
        for (_, function) in module.functions.iter() {
            let Some(name) = function.name.as_deref().and_then(|n| n.strip_prefix(PREFIX)) else { continue };
            let arguments = function.arguments.iter().map(|a| ty(a.ty)).collect::<Result<Vec<_>, _>>()?;
            let result = function.result.as_ref().ok_or(format!("{name} gives nothing"))?;
            functions.push((name.to_owned(), arguments, ty(result.ty)?));
        }
        let mut defects = Defects::default();
        for word in stated(source, "liberties") {
            let liberty = Liberty::PLAIN.into_iter().find(|l| l.name() == word);
            defects.take(liberty.ok_or(format!("{file}: there is no liberty '{word}'"))?);
        }
        let mode = Mode { defects, ..Mode::default() };
        let not_shared = stated(source, "not shared").map(str::to_owned).collect();
        Ok(Self { source: source.to_owned(), mode, functions, not_shared })
    }

    pub(super) fn functions(self: &Arc<Self>) -> impl Iterator<Item = Function> + '_ {
        self.functions.iter().enumerate().map(|(index, (_, arguments, _))| {
            let given = arguments.iter().flat_map(|t| t.parts.iter().map(|_| t.kind)).collect();
            Function { model: Arc::clone(self), index, given }
        })
    }
}

/// The words of a line `//! what: a, b` of a file's header.
fn stated<'s>(source: &'s str, what: &'s str) -> impl Iterator<Item = &'s str> {
    let header = source.lines().take_while(|line| line.starts_with("//"));
    let line = move |line: &'s str| line.strip_prefix("//! ")?.strip_prefix(what)?.strip_prefix(':');
    header.filter_map(line).flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty())
}

impl Type {
    fn of(inner: &TypeInner) -> Result<Self, String> {
        const NAMES: [&str; 4] = ["x", "y", "z", "w"];
        let named = |n: VectorSize| NAMES.iter().take(n as usize);
        let (scalar, shape, parts) = match *inner {
            TypeInner::Scalar(scalar) => (scalar, None, vec![String::new()]),
            TypeInner::Vector { size, scalar } => {
                (scalar, Some(format!("vec{}", size as u32)), named(size).map(|c| format!(".{c}")).collect())
            }
            TypeInner::Matrix { columns, rows, scalar } => {
                let parts = (0..columns as u32).flat_map(|c| named(rows).map(move |r| format!("[{c}].{r}")));
                (scalar, Some(format!("mat{}x{}", columns as u32, rows as u32)), parts.collect())
            }
            ref other => return Err(format!("no operand is {other:?}")),
        };
        let (kind, name) = match scalar.kind {
            ScalarKind::Bool => (Kind::Bool, "bool"),
            ScalarKind::Sint => (Kind::I32, "i32"),
            ScalarKind::Uint => (Kind::U32, "u32"),
            ScalarKind::Float => (Kind::F32, "f32"),
            other => return Err(format!("no operand is {other:?}")),
        };
        let wgsl = shape.map_or(name.to_owned(), |shape| format!("{shape}<{name}>"));
        Ok(Self { wgsl, kind, parts })
    }
}

impl Function {
    /// Its name without the prefix.
    pub(super) fn name(&self) -> &str {
        &self.model.functions[self.index].0
    }

    pub(super) fn mode(&self) -> Mode {
        self.model.mode
    }

    /// The kinds of the scalars of its operands.
    pub(super) fn given(&self) -> &[Kind] {
        &self.given
    }

    /// How many words its result has.
    pub(super) fn made(&self) -> usize {
        self.model.functions[self.index].2.parts.len()
    }

    /// The operation that it is named for, as WGSL with `$0` for the first operand.
    fn operation(&self) -> String {
        let (name, arguments, _) = &self.model.functions[self.index];
        let base = name.split("_vec").next().unwrap_or(name).split("_mat").next().unwrap_or(name);
        if let Some((_, written)) = OPERATORS.iter().find(|(word, _)| *word == base) {
            return (*written).to_owned();
        }
        if let Some((to, _)) = base.split_once("_from_") {
            return format!("{to}($0)");
        }
        let (function, member) = match base.rsplit_once('_') {
            Some((function @ ("frexp" | "modf"), member)) => (function, format!(".{member}")),
            _ => (base, String::new()),
        };
        let places: Vec<String> = (0..arguments.len()).map(|i| format!("${i}")).collect();
        format!("{function}({}){member}", places.join(", "))
    }

    /// What the adapter is asked.
    pub(super) fn asked(&self, given: Vec<u32>) -> Program {
        self.program("", &self.operation(), given)
    }

    /// What the interpreter executes.
    pub(super) fn modelled(&self, given: Vec<u32>) -> Program {
        let places: Vec<String> = (0..self.model.functions[self.index].1.len()).map(|i| format!("${i}")).collect();
        self.program(&self.model.source, &format!("{PREFIX}{}({})", self.name(), places.join(", ")), given)
    }

    fn program(&self, before: &str, expression: &str, given: Vec<u32>) -> Program {
        let (_, arguments, result) = &self.model.functions[self.index];
        let (n, m) = (self.given.len(), result.parts.len());
        let mut source = format!(
            "{before}\n@group(0) @binding(0) var<storage, read> given: array<u32>;\n\
             @group(0) @binding(1) var<storage, read_write> made: array<u32>;\n\
             @compute @workgroup_size({WG}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {{\n    \
             let i = id.x;\n"
        );
        let mut expression = expression.to_owned();
        let mut next = 0;
        for (index, ty) in arguments.iter().enumerate() {
            let part = |k: usize| ty.kind.of_word(&format!("given[i * {n}u + {k}u]"));
            let parts: Vec<String> = (next..next + ty.parts.len()).map(part).collect();
            next += ty.parts.len();
            let _ = writeln!(source, "    let a{index} = {}({});", ty.wgsl, parts.join(", "));
            expression = expression.replace(&format!("${index}"), &format!("a{index}"));
        }
        let _ = writeln!(source, "    let r = {expression};");
        for (k, part) in result.parts.iter().enumerate() {
            let word = result.kind.to_word(&format!("r{part}"));
            let _ = writeln!(source, "    made[i * {m}u + {k}u] = {word};");
        }
        source.push_str("}\n");
        let lists = given.len() / n;
        let groups = u32::try_from(lists / WG).expect("a sample fits in a dispatch");
        let output = OutputView::whole(1, Dtype::U32, lists * m);
        let buffers = vec![Buffer::Input(given), Buffer::Output(lists * m)];
        Program::new(source, buffers, vec![Pass::new("main", [groups, 1, 1])], output)
    }
}
