//! From bytes to valid WGSL compute modules. The same bytes give the same module; an index that goes out of range on
//! purpose can be written as it is or clamped ([`Bounds`]), so that the one tells what the other must do.
//!
//! A *tame* module has one right answer: each invocation writes its own elements, what workgroups share is read after
//! a barrier, and atomics commute and give nothing back. A *wild* one reads, writes and synchronises as it comes.

mod bytes;
mod expression;
mod function;
mod statement;
mod types;

use bytes::Bytes;
use function::Signature;
use types::{Ty, U32};

/// Which indices are clamped in the text, so that they are in range.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Bounds {
    /// None.
    Free,
    /// Those into buffers, where a driver may do otherwise than clamp.
    Buffers,
    /// All.
    All,
}

/// What a module may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Rules {
    pub(crate) floats: bool,
    pub(crate) wild: bool,
    pub(crate) subgroups: bool,
}

/// A module and how it is dispatched.
#[derive(Debug, Clone)]
pub(crate) struct Generated {
    pub(crate) source: String,
    pub(crate) rules: Rules,
    pub(crate) groups: [u32; 3],
    /// The elements of `io.data`.
    pub(crate) elements: usize,
}

/// Words of `input`.
pub(crate) const INPUT: usize = 64;
/// Vectors of `params`.
pub(crate) const PARAMS: usize = 2;
/// Elements of `io.atomics`.
const ATOMICS: usize = 4;
/// Statements that an invocation may execute, about.
const BUDGET: u64 = 1500;

/// Something that can be read, written or both.
#[derive(Debug, Clone)]
pub(crate) struct Root {
    text: String,
    ty: Ty,
    /// The number of elements of which one is to be chosen first.
    length: Option<usize>,
    in_buffer: bool,
}

/// A local variable, a named value or an argument.
#[derive(Debug, Clone)]
struct Local {
    text: String,
    ty: Ty,
    writable: bool,
    /// What a pointer to it looks like, and its address space.
    pointer: Option<(String, &'static str)>,
}

/// Who may touch the workgroup's memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Phase {
    /// Each invocation its own elements.
    Own,
    /// All may read.
    Shared,
    /// Nobody: functions do not know when they are called.
    Closed,
}

pub(crate) struct Grammar<'a> {
    bytes: Bytes<'a>,
    rules: Rules,
    bounds: Bounds,
    structs: Vec<Vec<Ty>>,
    functions: Vec<Signature>,
    privates: Vec<(String, Ty)>,
    /// Element types of arrays in workgroup memory, one element an invocation.
    shared: Vec<Ty>,
    data: Ty,
    invocations: usize,
    groups_count: usize,
    elements: usize,
    /// What atomics do: one kind for each of the two arrays.
    families: [usize; 2],
    text: String,
    indent: usize,
    /// Lines that come before the statement.
    before: Vec<String>,
    scope: Vec<Local>,
    phase: Phase,
    in_loop: bool,
    in_switch: bool,
    /// The type that `return` gives, where one is allowed.
    result: Option<Option<Ty>>,
    names: usize,
    depth_of_index: usize,
    /// What is spent of the budget, and how often the current block runs.
    cost: u64,
    weight: u64,
}

/// The module that these bytes mean.
pub(crate) fn module(bytes: &[u8], bounds: Bounds) -> Generated {
    let mut bytes = Bytes(bytes);
    let kind = bytes.byte();
    let rules = Rules { floats: kind & 1 != 0, wild: kind & 6 == 6, subgroups: kind & 0x18 == 0x18 };
    let mut grammar = Grammar {
        bytes,
        rules,
        bounds,
        structs: Vec::new(),
        functions: Vec::new(),
        privates: Vec::new(),
        shared: Vec::new(),
        data: U32,
        invocations: 1,
        groups_count: 1,
        elements: 1,
        families: [0; 2],
        text: String::new(),
        indent: 0,
        before: Vec::new(),
        scope: Vec::new(),
        phase: Phase::Closed,
        in_loop: false,
        in_switch: false,
        result: None,
        names: 0,
        depth_of_index: 0,
        cost: 0,
        weight: 1,
    };
    grammar.whole()
}

impl Grammar<'_> {
    fn fresh(&mut self, prefix: &str) -> String {
        self.names += 1;
        format!("{prefix}{}", self.names)
    }

    /// Writes a line, after those that must come before it.
    fn line(&mut self, line: &str) {
        let indent = "    ".repeat(self.indent);
        for before in std::mem::take(&mut self.before) {
            self.text += &format!("{indent}{before}\n");
        }
        self.text += &format!("{indent}{line}\n");
    }

    fn whole(&mut self) -> Generated {
        // Subgroups are whole for every size up to 8.
        let sizes: &[[u32; 3]] = if self.rules.subgroups {
            &[[8, 1, 1], [64, 1, 1], [32, 1, 1]]
        } else {
            &[[1, 1, 1], [16, 1, 1], [7, 1, 1], [64, 1, 1], [4, 2, 3], [33, 1, 1]]
        };
        let size = sizes[self.bytes.below(sizes.len())];
        let groups = [[1, 1, 1], [3, 1, 1], [2, 2, 1], [1, 2, 2]][self.bytes.below(4)];
        let product = |s: [u32; 3]| s.iter().product::<u32>();
        let size_count = product(size) as usize;
        self.groups_count = product(groups) as usize;
        self.invocations = size_count * self.groups_count;
        self.families = [self.bytes.below(5), self.bytes.below(5)];
        self.types();
        let open = self.bytes.chance(128);
        self.globals(size_count, open);
        for _ in 0..self.bytes.below(4) {
            self.function();
        }
        self.main(size, groups);
        Generated { source: std::mem::take(&mut self.text), rules: self.rules, groups, elements: self.elements }
    }

    fn types(&mut self) {
        (2..=4).for_each(|size| self.line(&format!("alias B{size} = vec{size}<bool>;")));
        for k in 0..self.bytes.below(3) {
            // The first one can be held by buffers.
            let members: Vec<Ty> = (0..1 + self.bytes.below(4)).map(|_| self.ty(k == 0, 2)).collect();
            let list = members.iter().enumerate().map(|(m, t)| format!("m{m}: {}", t.name()));
            let text = format!("struct S{k} {{ {} }}", list.collect::<Vec<_>>().join(", "));
            self.line(&text);
            self.structs.push(members);
        }
    }

    fn globals(&mut self, size: usize, open: bool) {
        self.data = self.ty(true, 2);
        self.elements = self.invocations;
        let (all, data) = (self.invocations, self.data.name());
        let length = if open { String::new() } else { format!(", {all}") };
        self.line("@group(0) @binding(0) var<storage, read> input: array<u32>;");
        self.line(&format!("@group(0) @binding(1) var<uniform> params: array<vec4<u32>, {PARAMS}>;"));
        self.line(&format!(
            "struct Io {{ out: array<u32, {all}>, atomics: array<atomic<u32>, {ATOMICS}>, \
             signed: array<atomic<i32>, {ATOMICS}>, data: array<{data}{length}> }}"
        ));
        self.line("@group(0) @binding(2) var<storage, read_write> io: Io;");
        self.line("var<private> own: u32;");
        for (name, size) in (1..=4).flat_map(|size| ["u32", "i32"].map(|name| (name, size))) {
            let of = if size == 1 { name.to_owned() } else { format!("vec{size}<{name}>") };
            self.line(&format!("var<private> zero_{name}_{size}: {of};"));
        }
        for k in 0..1 + self.bytes.below(3) {
            let ty = self.ty(false, 2);
            self.line(&format!("var<private> p{k}: {};", ty.name()));
            self.privates.push((format!("p{k}"), ty));
        }
        // Only the entry point sees it, others by a pointer.
        self.line(&format!("var<private> q: {};", self.privates[0].1.name()));
        for k in 0..self.bytes.below(3) {
            let ty = self.ty(false, 1);
            self.line(&format!("var<workgroup> w{k}: array<{}, {size}>;", ty.name()));
            self.shared.push(ty);
        }
        self.line(&format!("var<workgroup> wa: array<atomic<u32>, {ATOMICS}>;"));
        self.line("var<workgroup> wu: vec2<u32>;");
    }

    /// What can be read or written here.
    fn roots(&self, write: bool) -> Vec<Root> {
        let root = |text: String, ty: &Ty| Root { text, ty: ty.clone(), length: None, in_buffer: false };
        let locals = self.scope.iter().filter(|l| l.writable || !write);
        let mut all: Vec<Root> = locals.map(|l| root(l.text.clone(), &l.ty)).collect();
        all.extend(self.privates.iter().map(|(name, ty)| root(name.clone(), ty)));
        all.push(Root { in_buffer: true, ..root("io.data[own]".to_owned(), &self.data) });
        if !write {
            let buffer = |name: &str, ty: Ty, length| Root {
                length: Some(length),
                in_buffer: true,
                ..root(name.to_owned(), &ty)
            };
            all.push(buffer("input", U32, INPUT));
            all.push(buffer("params", Ty::Vector(types::Scalar::U32, 4), PARAMS));
        }
        if self.rules.wild {
            all.push(Root { length: Some(self.elements), in_buffer: true, ..root("io.data".to_owned(), &self.data) });
        }
        let size = self.size();
        for (k, ty) in self.shared.iter().enumerate() {
            match self.phase {
                _ if self.rules.wild => all.push(Root { length: Some(size), ..root(format!("w{k}"), ty) }),
                Phase::Own => all.push(root(format!("w{k}[lid]"), ty)),
                Phase::Shared if !write => all.push(Root { length: Some(size), ..root(format!("w{k}"), ty) }),
                _ => {}
            }
        }
        all
    }
}
