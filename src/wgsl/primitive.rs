//! One operation of WGSL by itself, and the program that computes it for many operands: how an adapter is asked what it makes of
//! an operation, apart from all that surrounds it in a shader.

use std::fmt::Write as _;

use crate::model::bits::Dtype;
use crate::model::task::{Buffer, Feature, OutputView, Pass, Program};

/// The type of a scalar that an operand or a result is made of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Kind {
    /// `bool`, of results only: a word that is 0 or 1.
    Bool,
    /// `i32`.
    I32,
    /// `u32`.
    U32,
    /// `f16`: the low half of a word.
    F16,
    /// `f32`.
    F32,
}

impl Kind {
    fn wgsl(self) -> &'static str {
        match self {
            Self::Bool => "bool",
            Self::I32 => "i32",
            Self::U32 => "u32",
            Self::F16 => "f16",
            Self::F32 => "f32",
        }
    }

    /// The type of the words of a buffer that holds values of this type.
    fn word(self) -> &'static str {
        if self == Self::F16 { "vec2<f16>" } else { "u32" }
    }

    /// A value from a word.
    fn of_word(self, word: &str) -> String {
        match self {
            Self::Bool => format!("{word} != 0u"),
            Self::I32 => format!("bitcast<i32>({word})"),
            Self::U32 => word.to_owned(),
            Self::F16 => format!("{word}.x"),
            Self::F32 => format!("bitcast<f32>({word})"),
        }
    }

    /// A word of a value.
    fn to_word(self, value: &str) -> String {
        match self {
            Self::Bool => format!("select(0u, 1u, {value})"),
            Self::I32 | Self::F32 => format!("bitcast<u32>({value})"),
            Self::U32 => value.to_owned(),
            Self::F16 => format!("vec2<f16>({value}, 0h)"),
        }
    }
}

/// How many scalars a value has, and in which order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Shape {
    /// One.
    Scalar,
    /// `vecN`.
    Vector(u32),
    /// `matCxR`, column after column.
    Matrix {
        /// C.
        columns: u32,
        /// R.
        rows: u32,
    },
}

/// The type of an operand or a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Type {
    /// Of its scalars.
    pub kind: Kind,
    /// How many there are.
    pub shape: Shape,
}

impl Type {
    /// A scalar type.
    #[must_use]
    pub fn scalar(kind: Kind) -> Self {
        Self { kind, shape: Shape::Scalar }
    }

    /// Its scalars, each a word.
    #[must_use]
    pub fn words(self) -> usize {
        match self.shape {
            Shape::Scalar => 1,
            Shape::Vector(n) => n as usize,
            Shape::Matrix { columns, rows } => columns as usize * rows as usize,
        }
    }

    /// Its name in WGSL.
    #[must_use]
    pub fn wgsl(self) -> String {
        let kind = self.kind.wgsl();
        match self.shape {
            Shape::Scalar => kind.to_owned(),
            Shape::Vector(n) => format!("vec{n}<{kind}>"),
            Shape::Matrix { columns, rows } => format!("mat{columns}x{rows}<{kind}>"),
        }
    }

    /// The scalar with this index of a value of this type, as an expression.
    #[must_use]
    pub fn part(self, value: &str, index: usize) -> String {
        self.parts(value).into_iter().nth(index).unwrap_or_default()
    }

    /// The scalars of a value of this type, as expressions.
    fn parts(self, value: &str) -> Vec<String> {
        const NAMES: [&str; 4] = ["x", "y", "z", "w"];
        let named = |value: &str, n: u32| NAMES.iter().take(n as usize).map(|c| format!("{value}.{c}")).collect();
        match self.shape {
            Shape::Scalar => vec![value.to_owned()],
            Shape::Vector(n) => named(value, n),
            Shape::Matrix { columns, rows } => {
                let column = |c| -> Vec<String> { named(&format!("{value}[{c}]"), rows) };
                (0..columns).flat_map(column).collect()
            }
        }
    }
}

/// Operands in an expression stand as these.
const PLACES: [&str; 4] = ["$0", "$1", "$2", "$3"];

/// Operators, with their names in models.
const OPERATORS: [(&str, &str); 11] = [
    ("+", "add"),
    ("-", "sub"),
    ("*", "mul"),
    ("/", "div"),
    ("%", "rem"),
    ("==", "equal"),
    ("!=", "not_equal"),
    ("<", "less"),
    ("<=", "less_equal"),
    (">", "greater"),
    (">=", "greater_equal"),
];

/// A result in an expression of its parts.
const RESULT: &str = "r";

/// An operation, with the types of its operands and results.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Primitive {
    /// With [`PLACES`] for operands.
    expression: String,
    operands: Vec<Type>,
    /// The scalars of the result, of [`RESULT`], each with its type.
    results: Vec<(String, Kind)>,
    /// The result's type; `None` where it has members.
    result: Option<Type>,
}

impl Primitive {
    fn new(expression: String, operands: Vec<Type>, result: Type) -> Self {
        let results = result.parts(RESULT).into_iter().map(|part| (part, result.kind)).collect();
        Self { expression, operands, results, result: Some(result) }
    }

    /// A call of a built-in function.
    #[must_use]
    pub fn call(function: &str, operands: Vec<Type>, result: Type) -> Self {
        let places = PLACES.iter().take(operands.len()).copied().collect::<Vec<_>>().join(", ");
        Self::new(format!("{function}({places})"), operands, result)
    }

    /// A call of `modf` or `frexp`, whose result has two members.
    #[must_use]
    pub fn splitting(function: &str, operand: Type, members: [(&str, Kind); 2]) -> Self {
        let results = members.map(|(member, kind)| (format!("{RESULT}.{member}"), kind)).to_vec();
        Self { expression: format!("{function}($0)"), operands: vec![operand], results, result: None }
    }

    /// `left operator right`.
    #[must_use]
    pub fn binary(operator: &str, operands: [Type; 2], result: Type) -> Self {
        Self::new(format!("$0 {operator} $1"), operands.to_vec(), result)
    }

    /// `-x`.
    #[must_use]
    pub fn negation(operand: Type) -> Self {
        Self::new("-$0".to_owned(), vec![operand], operand)
    }

    /// `to(x)`.
    #[must_use]
    pub fn conversion(from: Type, to: Type) -> Self {
        Self::new(format!("{}($0)", to.wgsl()), vec![from], to)
    }

    /// What it is, such as `exp(f32)` or `f32 / f32`.
    #[must_use]
    pub fn name(&self) -> String {
        let types: Vec<String> = self.operands.iter().map(|t| t.wgsl()).collect();
        self.written(&types)
    }

    /// The same as functions of a model compute it: `model_exp(x)` for `exp(x)`, `model_dot_vec3(a, b)` for vectors,
    /// `model_add(a, b)` for `a + b`, `model_f32_from_u32(x)` for conversions, and for what has two members a function each,
    /// such as `model_frexp_exp(x)`. `None` where the model has no such function.
    #[must_use]
    pub fn by_model(&self, source: &str) -> Option<Self> {
        let called = |name: &str| source.contains(&format!("fn {name}(")).then(|| name.to_owned());
        let mut by = self.clone();
        if self.result.is_none() {
            let (function, types) = (self.expression.split('(').next()?, self.model_types());
            by.expression = "$0".to_owned();
            for (part, _) in &mut by.results {
                let name = called(&format!("model_{function}_{}{types}", part.strip_prefix("r.")?))?;
                *part = format!("{name}({RESULT})");
            }
            return Some(by);
        }
        let places = PLACES.iter().take(self.operands.len()).copied().collect::<Vec<_>>().join(", ");
        by.expression = format!("{}({places})", called(&self.model_name()?)?);
        Some(by)
    }

    /// How a function's name ends in a model, by the types of its operands.
    fn model_types(&self) -> String {
        let suffix = |ty: &Type| match (ty.shape, ty.kind) {
            (Shape::Scalar, Kind::F32 | Kind::U32 | Kind::I32 | Kind::Bool) => String::new(),
            (Shape::Scalar, Kind::F16) => "_f16".to_owned(),
            (Shape::Vector(n), _) => format!("_vec{n}"),
            (Shape::Matrix { columns, rows }, _) => format!("_mat{columns}x{rows}"),
        };
        let mut types: Vec<String> = self.operands.iter().map(suffix).filter(|s| !s.is_empty()).collect();
        if self.operator().is_none() {
            types.dedup();
        }
        types.concat()
    }

    /// The name of the operator, where it is one of two operands.
    fn operator(&self) -> Option<&'static str> {
        OPERATORS.iter().find(|(text, _)| self.expression == format!("$0 {text} $1")).map(|(_, name)| *name)
    }

    /// The name of the function that computes it in a model, for what has one result.
    #[must_use]
    pub fn model_name(&self) -> Option<String> {
        let types = self.model_types();
        Some(match self.operator() {
            Some(name) => format!("model_{name}{types}"),
            None if self.expression == "-$0" => format!("model_negate{types}"),
            None if self.is_function() => format!("model_{}{types}", self.expression.split('(').next()?),
            None => format!("model_{}_from_{}", self.results.first()?.1.wgsl(), self.operands.first()?.kind.wgsl()),
        })
    }

    /// The types of its operands.
    #[must_use]
    pub fn operands(&self) -> &[Type] {
        &self.operands
    }

    /// Whether it is `left * right`.
    #[must_use]
    pub fn is_product(&self) -> bool {
        self.expression == "$0 * $1"
    }

    /// The type of its result; `None` where that has members.
    #[must_use]
    pub fn result_type(&self) -> Option<String> {
        self.result.map(Type::wgsl)
    }

    /// Whether it is an operator on one or two scalars.
    #[must_use]
    pub fn is_scalar_operator(&self) -> bool {
        self.expression.starts_with(['$', '-']) && self.operands.iter().all(|t| t.shape == Shape::Scalar)
    }

    /// Whether it is a call of a built-in function, and no operator or conversion.
    #[must_use]
    pub fn is_function(&self) -> bool {
        let name = self.expression.split('(').next().unwrap_or_default();
        !matches!(name, "f32" | "f16" | "i32" | "u32") && name.starts_with(|c: char| c.is_ascii_lowercase())
    }

    fn written(&self, operands: &[String]) -> String {
        let places = PLACES.iter().zip(operands);
        places.fold(self.expression.clone(), |text, (place, operand)| text.replace(place, operand))
    }

    /// Words of all operands together.
    #[must_use]
    pub fn given(&self) -> usize {
        self.operands.iter().map(|t| t.words()).sum()
    }

    /// Words of the result.
    #[must_use]
    pub fn made(&self) -> usize {
        self.results.len()
    }

    /// The types of the scalars of all operands, in order.
    pub fn given_kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.operands.iter().flat_map(|t| std::iter::repeat_n(t.kind, t.words()))
    }

    /// The types of the scalars of the result, in order.
    pub fn made_kinds(&self) -> impl Iterator<Item = Kind> + '_ {
        self.results.iter().map(|(_, kind)| *kind)
    }

    /// The program that computes it for operands that follow each other, [`Self::given`] words for each; its output has
    /// [`Self::made`] words for each, and more after the last. `functions` are those of a model, empty for none. The source is the same however many there are. `None` for more
    /// than fits in a dispatch, and where binary16 and another type are both among the operands, or the results.
    #[must_use]
    pub fn program(&self, mut words: Vec<u32>, functions: &str) -> Option<Program> {
        const WG: usize = 64;
        let (given, made) = (self.given(), self.made());
        let groups =
            u32::try_from((words.len() / given.max(1)).div_ceil(WG)).ok().filter(|n| (1..=65_535).contains(n))?;
        let count = groups as usize * WG;
        words.resize(count * given, 0);
        let one = |kinds: &mut dyn Iterator<Item = Kind>| {
            let mut words: Vec<&str> = kinds.map(Kind::word).collect();
            words.dedup();
            (words.len() == 1).then(|| words[0])
        };
        let (word_given, word_made) = (one(&mut self.given_kinds())?, one(&mut self.made_kinds())?);
        let half = self.given_kinds().chain(self.made_kinds()).any(|k| k == Kind::F16);
        let mut source = String::new();
        if half {
            source.push_str("enable f16;\n");
        }
        let _ = writeln!(
            source,
            "@group(0) @binding(0) var<storage, read> given: array<{word_given}>;\n\
             @group(0) @binding(1) var<storage, read_write> made: array<{word_made}>;\n\
             @compute @workgroup_size({WG}) fn main(@builtin(global_invocation_id) id: vec3<u32>) {{\n    \
             let i = id.x;"
        );
        let mut next = 0;
        let mut names = Vec::new();
        for (index, ty) in self.operands.iter().enumerate() {
            let parts: Vec<String> =
                (next..next + ty.words()).map(|k| ty.kind.of_word(&format!("given[i * {given}u + {k}u]"))).collect();
            next += ty.words();
            let name = format!("a{index}");
            let _ = writeln!(source, "    let {name} = {}({});", ty.wgsl(), parts.join(", "));
            names.push(name);
        }
        let _ = writeln!(source, "    let {RESULT} = {};", self.written(&names));
        for (k, (part, kind)) in self.results.iter().enumerate() {
            let word = kind.to_word(part);
            let _ = writeln!(source, "    made[i * {made}u + {k}u] = {word};");
        }
        source.push_str("}\n");
        source.push_str(functions);
        let buffers = vec![Buffer::Input(words), Buffer::Output(count * made)];
        let output = OutputView::whole(1, Dtype::U32, count * made);
        let features = if half { vec![Feature::ShaderF16] } else { Vec::new() };
        Some(Program::new(source, buffers, vec![Pass::new("main", [groups, 1, 1])], output).needing(features))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn programs_are_wgsl_and_names_say_what_is_computed() {
        let f32s = |n| Type { kind: Kind::F32, shape: Shape::Vector(n) };
        let one = Type::scalar(Kind::F32);
        let matrix = Type { kind: Kind::F32, shape: Shape::Matrix { columns: 4, rows: 4 } };
        let all = [
            (Primitive::call("exp", vec![one], one), "exp(f32)", true, "model_exp"),
            (Primitive::call("dot", vec![f32s(4); 2], one), "dot(vec4<f32>, vec4<f32>)", true, "model_dot_vec4"),
            (
                Primitive::call("normalize", vec![f32s(3)], f32s(3)),
                "normalize(vec3<f32>)",
                true,
                "model_normalize_vec3",
            ),
            (
                Primitive::splitting("frexp", one, [("fract", Kind::F32), ("exp", Kind::I32)]),
                "frexp(f32)",
                true,
                "model_frexp_fract",
            ),
            (Primitive::binary("/", [one; 2], one), "f32 / f32", false, "model_div"),
            (Primitive::binary("<", [one; 2], Type::scalar(Kind::Bool)), "f32 < f32", false, "model_less"),
            (
                Primitive::binary("*", [matrix, f32s(4)], f32s(4)),
                "mat4x4<f32> * vec4<f32>",
                false,
                "model_mul_mat4x4_vec4",
            ),
            (Primitive::negation(one), "-f32", false, "model_negate"),
            (Primitive::conversion(one, Type::scalar(Kind::F16)), "f16(f32)", false, "model_f16_from_f32"),
        ];
        for (operation, name, function, model) in all {
            assert_eq!(operation.name(), name, "its name");
            assert_eq!(operation.is_function(), function, "{name}");
            let program = operation.program(vec![0; 2 * operation.given()], "").expect("it fits");
            let parsed = naga::front::wgsl::parse_str(&program.source);
            assert!(parsed.is_ok(), "{}", parsed.unwrap_err().emit_to_string(&program.source));
            let source = format!("fn {model}(");
            let by = operation.by_model(&source).map(|by| by.expression).unwrap_or_default();
            let splits = name.starts_with("frexp");
            assert!(splits || by.starts_with(model), "{name}: {by}");
            assert_eq!(operation.by_model("fn model_other("), None, "{name}");
            assert!(program.output.len >= 2 * operation.made(), "{name}");
        }
    }
}
