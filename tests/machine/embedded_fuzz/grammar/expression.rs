//! Expressions of a wanted type. No part of one is constant, so that naga has nothing to evaluate: literals are named
//! by a `let` before the statement.

use super::types::{BOOL, Scalar, Ty, U32};
use super::{Bounds, Grammar, Root};

/// Literals where arithmetic turns: zero, signs, and the ends of ranges.
const EDGES: [u32; 12] = [0, 1, 2, 3, 7, 31, 32, 33, 0x7fff_ffff, 0x8000_0000, 0xffff_ffff, 0x0001_0001];

impl Grammar<'_> {
    /// A literal, by name.
    fn literal(&mut self, scalar: Scalar) -> String {
        let edge = EDGES[self.bytes.below(EDGES.len())];
        let word = if self.bytes.chance(64) { self.bytes.word() } else { edge };
        let value = match scalar {
            Scalar::U32 => format!("{word}u"),
            Scalar::I32 => format!("i32({})", word.cast_signed()),
            Scalar::Bool => (word % 2 == 1).to_string(),
            Scalar::F32 => {
                let values = ["0.0f", "1.0f", "-1.0f", "0.5f", "3.25f", "1e30f", "-1e-40f", "16777216.0f"];
                values[self.bytes.below(values.len())].to_owned()
            }
        };
        let name = self.fresh("c");
        self.before.push(format!("let {name} = {value};"));
        name
    }

    /// A value of this type.
    pub(crate) fn expression(&mut self, ty: &Ty, depth: usize) -> String {
        let leaf = depth == 0 || self.bytes.spent();
        if (leaf || self.bytes.chance(90))
            && let Some(path) = self.read(ty)
        {
            return path;
        }
        if !leaf
            && self.bytes.chance(30)
            && let Some(call) = self.call(ty, depth)
        {
            return call;
        }
        match ty {
            Ty::Scalar(s) if leaf => self.literal(*s),
            Ty::Vector(s, _) if leaf => format!("{}({})", ty.name(), self.literal(*s)),
            Ty::Scalar(s) => self.scalar_expression(*s, depth - 1),
            Ty::Vector(s, n) => self.vector_expression(*s, *n, depth - 1),
            Ty::Matrix(c, r) if !leaf && self.bytes.chance(100) => {
                let a = self.expression(&Ty::Matrix(*r, *r), depth - 1);
                let b = self.expression(ty, depth - 1);
                format!("({a} * {b})")
            }
            // The zero value, or all parts.
            _ if leaf && self.bytes.chance(128) => format!("{}()", ty.name()),
            _ => {
                let below = depth.saturating_sub(1);
                let parts: Vec<Ty> = match ty {
                    Ty::Matrix(c, r) => vec![Ty::Vector(Scalar::F32, *r); *c],
                    Ty::Array(base, n) => vec![(**base).clone(); *n],
                    Ty::Struct(k) => self.structs[*k].clone(),
                    _ => Vec::new(),
                };
                let parts: Vec<String> = parts.iter().map(|t| self.expression(t, below)).collect();
                format!("{}({})", ty.name(), parts.join(", "))
            }
        }
    }

    /// Something in scope of this type.
    fn read(&mut self, ty: &Ty) -> Option<String> {
        let roots: Vec<Root> = self.roots(false).into_iter().filter(|r| self.holds(&r.ty, ty)).collect();
        if roots.is_empty() {
            return None;
        }
        let root = roots[self.bytes.below(roots.len())].clone();
        Some(self.descend(&root, ty))
    }

    /// A path from a variable to a part of this type.
    pub(crate) fn descend(&mut self, root: &Root, want: &Ty) -> String {
        let mut text = root.text.clone();
        if let Some(length) = root.length {
            let index = self.index(length, root.in_buffer);
            text = format!("{text}[{index}]");
        }
        let mut at = root.ty.clone();
        while at != *want {
            let parts: Vec<_> = self.parts(&at).into_iter().filter(|(_, t, _)| self.holds(t, want)).collect();
            let (name, ty, limit) = parts[self.bytes.below(parts.len())].clone();
            text = match name {
                Some(name) => text + &name,
                None => {
                    let index = self.index(limit, root.in_buffer);
                    format!("{text}[{index}]")
                }
            };
            at = ty;
        }
        text
    }

    /// An index: a constant, one that is kept in range, or whatever comes.
    pub(crate) fn index(&mut self, limit: usize, in_buffer: bool) -> String {
        let kind = self.bytes.below(4);
        if kind == 0 || self.depth_of_index > 1 {
            return format!("{}u", self.bytes.below(limit));
        }
        self.depth_of_index += 1;
        let signed = self.bytes.chance(64);
        let ty = Ty::Scalar(if signed { Scalar::I32 } else { Scalar::U32 });
        let inner = self.expression(&ty, 1);
        self.depth_of_index -= 1;
        let word = if signed { format!("bitcast<u32>({inner})") } else { inner.clone() };
        if kind == 1 {
            return format!("({word} % {limit}u)");
        }
        match (self.bounds, in_buffer) {
            (Bounds::All, _) | (Bounds::Buffers, true) => format!("min({word}, {}u)", limit - 1),
            _ => inner,
        }
    }

    fn scalar_expression(&mut self, scalar: Scalar, depth: usize) -> String {
        let ty = Ty::Scalar(scalar);
        match (scalar, self.bytes.below(6)) {
            (Scalar::Bool, kind) => self.truth(kind, depth),
            // From a vector.
            (_, 0) => {
                let size = 2 + self.bytes.below(3);
                let vector = self.expression(&Ty::Vector(scalar, size), depth);
                match self.bytes.below(3) {
                    0 => format!("{vector}.{}", ["x", "y", "z", "w"][self.bytes.below(size)]),
                    1 => format!("{vector}[{}]", self.index(size, false)),
                    _ => {
                        let other = self.expression(&Ty::Vector(scalar, size), depth);
                        format!("dot({vector}, {other})")
                    }
                }
            }
            (_, 1) => self.conversion(scalar, 1, depth),
            (Scalar::U32, 2) if self.bytes.chance(128) => self.packing(depth),
            (Scalar::I32, 2) if self.bytes.chance(64) => {
                let (a, b) = (self.expression(&U32, depth), self.expression(&U32, depth));
                format!("dot4I8Packed({a}, {b})")
            }
            (_, 3) => {
                let (a, b) = (self.expression(&ty, depth), self.expression(&ty, depth));
                let condition = self.expression(&BOOL, depth);
                format!("select({a}, {b}, {condition})")
            }
            (Scalar::F32, 4 | 5) => self.float_function(1, depth),
            (_, 4) => self.integer_function(scalar, 1, depth),
            _ => self.operator(scalar, 1, depth),
        }
    }

    fn truth(&mut self, kind: usize, depth: usize) -> String {
        match kind {
            0 | 1 => {
                let scalar = self.scalar(true);
                let (a, b) = (self.expression(&Ty::Scalar(scalar), depth), self.expression(&Ty::Scalar(scalar), depth));
                let op = ["<", "<=", ">", ">=", "==", "!="][self.bytes.below(6)];
                format!("({a} {op} {b})")
            }
            2 => {
                let (a, b) = (self.expression(&BOOL, depth), self.expression(&BOOL, depth));
                let op = ["&&", "||", "&", "|", "==", "!="][self.bytes.below(6)];
                format!("({a} {op} {b})")
            }
            3 => format!("(!{})", self.expression(&BOOL, depth)),
            4 => {
                let size = 2 + self.bytes.below(3);
                let fun = ["any", "all"][self.bytes.below(2)];
                format!("{fun}({})", self.expression(&Ty::Vector(Scalar::Bool, size), depth))
            }
            _ => {
                let scalar = self.scalar(true);
                format!("bool({})", self.expression(&Ty::Scalar(scalar), depth))
            }
        }
    }

    fn vector_expression(&mut self, scalar: Scalar, size: usize, depth: usize) -> String {
        let ty = Ty::Vector(scalar, size);
        match (scalar, self.bytes.below(8)) {
            (_, 0) => {
                let parts: Vec<String> = (0..size).map(|_| self.expression(&Ty::Scalar(scalar), depth)).collect();
                format!("{}({})", ty.name(), parts.join(", "))
            }
            (_, 1) => {
                let from = 2 + self.bytes.below(3);
                let vector = self.expression(&Ty::Vector(scalar, from), depth);
                let letters: String = (0..size).map(|_| ["x", "y", "z", "w"][self.bytes.below(from)]).collect();
                format!("{vector}.{letters}")
            }
            (_, 2) if size > 2 => {
                let (a, b) = (
                    self.expression(&Ty::Vector(scalar, size - 1), depth),
                    self.expression(&Ty::Scalar(scalar), depth),
                );
                format!("{}({a}, {b})", ty.name())
            }
            (Scalar::Bool, 3 | 4) => {
                let of = self.scalar(true);
                let (a, b) =
                    (self.expression(&Ty::Vector(of, size), depth), self.expression(&Ty::Vector(of, size), depth));
                let op = ["<", "<=", ">", ">=", "==", "!="][self.bytes.below(6)];
                format!("({a} {op} {b})")
            }
            (Scalar::Bool, 5) => format!("(!{})", self.expression(&ty, depth)),
            (Scalar::Bool, _) => {
                let (a, b) = (self.expression(&ty, depth), self.expression(&ty, depth));
                let op = ["&", "|", "==", "!="][self.bytes.below(4)];
                format!("({a} {op} {b})")
            }
            (_, 3) => {
                let condition = [BOOL, Ty::Vector(Scalar::Bool, size)][self.bytes.below(2)].clone();
                let (a, b) = (self.expression(&ty, depth), self.expression(&ty, depth));
                format!("select({a}, {b}, {})", self.expression(&condition, depth))
            }
            (_, 4) => self.conversion(scalar, size, depth),
            (Scalar::F32, 5) => self.float_function(size, depth),
            (Scalar::F32, 6) => {
                let columns = 2 + self.bytes.below(3);
                let matrix = self.expression(&Ty::Matrix(columns, size), depth);
                let vector = self.expression(&Ty::Vector(Scalar::F32, columns), depth);
                format!("({matrix} * {vector})")
            }
            (Scalar::U32 | Scalar::I32, 5) => self.integer_function(scalar, size, depth),
            _ => self.operator(scalar, size, depth),
        }
    }

    /// From another scalar type, by value or by bits.
    fn conversion(&mut self, scalar: Scalar, size: usize, depth: usize) -> String {
        let to = Ty::of(scalar, size).name();
        let from = self.scalar(false);
        let inner = self.expression(&Ty::of(from, size), depth);
        let cast = from != Scalar::Bool && from != scalar && self.bytes.chance(100);
        if cast { format!("bitcast<{to}>({inner})") } else { format!("{to}({inner})") }
    }

    fn packing(&mut self, depth: usize) -> String {
        let (unsigned, signed) = (Ty::Vector(Scalar::U32, 4), Ty::Vector(Scalar::I32, 4));
        match self.bytes.below(7) {
            6 => "arrayLength(&input)".to_owned(),
            0 => format!("pack4xU8({})", self.expression(&unsigned, depth)),
            1 => format!("pack4xI8({})", self.expression(&signed, depth)),
            2 => format!("pack4xU8Clamp({})", self.expression(&unsigned, depth)),
            3 => format!("pack4xI8Clamp({})", self.expression(&signed, depth)),
            4 => {
                let (a, b) = (self.expression(&U32, depth), self.expression(&U32, depth));
                format!("dot4U8Packed({a}, {b})")
            }
            _ => {
                let word = self.expression(&U32, depth);
                format!("unpack4xU8({word})[{}]", self.index(4, false))
            }
        }
    }

    fn operator(&mut self, scalar: Scalar, size: usize, depth: usize) -> String {
        let ty = Ty::of(scalar, size);
        let a = self.expression(&ty, depth);
        if scalar == Scalar::F32 {
            let op = ["+", "-", "*", "/", "%"][self.bytes.below(5)];
            // A vector and a scalar, sometimes.
            let other = if self.bytes.chance(64) { Ty::Scalar(scalar) } else { ty };
            return format!("({a} {op} {})", self.expression(&other, depth));
        }
        let ops = ["+", "-", "*", "^", "&", "|", "/", "%", "<<", ">>", "~", "-"];
        let count = if scalar == Scalar::I32 { 12 } else { 11 };
        match self.bytes.below(count) {
            at @ (8 | 9) => format!("({a} {} {})", ops[at], self.shift(size, depth)),
            at @ (10 | 11) => format!("({}{a})", ops[at]),
            at @ (6 | 7) => format!("({a} {} {})", ops[at], self.hidden(&ty, depth)),
            at => {
                let mixes = at < 3;
                let other = if mixes && self.bytes.chance(64) { Ty::Scalar(scalar) } else { ty };
                format!("({a} {} {})", ops[at], self.expression(&other, depth))
            }
        }
    }

    /// By how much to shift.
    pub(crate) fn shift(&mut self, size: usize, depth: usize) -> String {
        self.hidden(&Ty::of(Scalar::U32, size), depth)
    }

    /// An integer of which naga knows nothing: it refuses some literals as divisors and in shifts, even by name.
    pub(crate) fn hidden(&mut self, ty: &Ty, depth: usize) -> String {
        let zero = ty.plain().map(|(scalar, size)| format!("zero_{}_{size}", scalar.name())).unwrap_or_default();
        format!("({} ^ {zero})", self.expression(ty, depth))
    }

    fn integer_function(&mut self, scalar: Scalar, size: usize, depth: usize) -> String {
        let ty = Ty::of(scalar, size);
        let a = self.expression(&ty, depth);
        let one = [
            "abs",
            "countOneBits",
            "countLeadingZeros",
            "countTrailingZeros",
            "reverseBits",
            "firstLeadingBit",
            "firstTrailingBit",
        ];
        match self.bytes.below(12) {
            at @ 0..7 => format!("{}({a})", one[at]),
            7 => format!("min({a}, {})", self.expression(&ty, depth)),
            8 => format!("max({a}, {})", self.expression(&ty, depth)),
            9 => {
                let name = self.fresh("k");
                let bound = self.expression(&ty, depth);
                self.before.push(format!("let {name} = {bound};"));
                // Drivers need not agree on what lies between a greater and a lesser bound.
                format!("clamp({a}, {name}, max({name}, {}))", self.expression(&ty, depth))
            }
            10 => {
                let (offset, count) = (self.expression(&U32, depth), self.expression(&U32, depth));
                format!("extractBits({a}, {offset}, {count})")
            }
            _ => {
                let new = self.expression(&ty, depth);
                let (offset, count) = (self.expression(&U32, depth), self.expression(&U32, depth));
                format!("insertBits({a}, {new}, {offset}, {count})")
            }
        }
    }

    fn float_function(&mut self, size: usize, depth: usize) -> String {
        let ty = Ty::of(Scalar::F32, size);
        let a = self.expression(&ty, depth);
        let one = [
            "abs",
            "floor",
            "ceil",
            "trunc",
            "round",
            "fract",
            "sign",
            "sqrt",
            "inverseSqrt",
            "exp",
            "exp2",
            "log",
            "log2",
            "sin",
            "cos",
            "tanh",
            "atan",
            "saturate",
            "quantizeToF16",
            "-",
        ];
        let two = ["min", "max", "pow", "step", "atan2"];
        match self.bytes.below(one.len() + two.len() + 3) {
            at if at < one.len() => format!("({}({a}))", one[at]),
            at if at < one.len() + two.len() => {
                format!("{}({a}, {})", two[at - one.len()], self.expression(&ty, depth))
            }
            at => {
                let fun = ["fma", "mix", "clamp"][at - one.len() - two.len()];
                let (b, c) = (self.expression(&ty, depth), self.expression(&ty, depth));
                format!("{fun}({a}, {b}, {c})")
            }
        }
    }
}
