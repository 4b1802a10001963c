//! Where the scalars of a buffer lie, and how many there are once its runtime-sized array has a length.

use naga::{ArraySize, Handle, Module, Scalar, ScalarKind, Type, TypeInner};

use crate::model::bits::Dtype;

/// More scalars than this outside the repeated part are refused: each is listed.
const MOST_LISTED: usize = 1 << 20;

/// The type of a scalar in a buffer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Kind {
    /// `f32`.
    F32,
    /// `f16`.
    F16,
    /// `f64`.
    F64,
    /// `u32`.
    U32,
    /// `i32`.
    I32,
    /// `u64`.
    U64,
    /// `i64`.
    I64,
}

impl Kind {
    fn of(scalar: Scalar) -> Result<Self, String> {
        Ok(match (scalar.kind, scalar.width) {
            (ScalarKind::Float, 4) => Self::F32,
            (ScalarKind::Float, 2) => Self::F16,
            (ScalarKind::Float, 8) => Self::F64,
            (ScalarKind::Uint, 4) => Self::U32,
            (ScalarKind::Sint, 4) => Self::I32,
            (ScalarKind::Uint, 8) => Self::U64,
            (ScalarKind::Sint, 8) => Self::I64,
            (kind, width) => return Err(format!("{}-bit {kind:?} scalars", 8 * u32::from(width))),
        })
    }

    /// The name in WGSL.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::F32 => "f32",
            Self::F16 => "f16",
            Self::F64 => "f64",
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::U64 => "u64",
            Self::I64 => "i64",
        }
    }

    /// Whether it is floating point.
    #[must_use]
    pub fn is_float(self) -> bool {
        matches!(self, Self::F32 | Self::F16 | Self::F64)
    }

    /// Whether it takes two words.
    #[must_use]
    pub fn is_wide(self) -> bool {
        matches!(self, Self::F64 | Self::U64 | Self::I64)
    }

    /// What outputs of it are compared as; 64-bit scalars as two words each.
    #[must_use]
    pub fn dtype(self) -> Dtype {
        match self {
            Self::F32 => Dtype::F32,
            Self::F16 => Dtype::F16,
            Self::I32 => Dtype::I32,
            Self::U32 | Self::F64 | Self::U64 | Self::I64 => Dtype::U32,
        }
    }
}

/// A scalar: bytes from the start of what it is in, and its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Leaf {
    /// Bytes from the start.
    pub offset: u32,
    /// Its type.
    pub kind: Kind,
}

/// The part of a buffer that repeats.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tail {
    /// Where it starts, in bytes.
    pub offset: u32,
    /// From one element to the next, in bytes.
    pub stride: u32,
    /// The scalars of one element.
    pub leaves: Vec<Leaf>,
    /// How many elements the shader says there are; `None` for a runtime-sized array.
    pub count: Option<u32>,
}

/// A buffer's type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// Scalars before the part that repeats.
    pub fixed: Vec<Leaf>,
    /// An array, or a structure's last member that is one.
    pub tail: Option<Tail>,
    /// Bytes of a type of fixed size; of another one with one element.
    bytes: u32,
    /// For a structure, its members that are fixed, as ranges of [`Layout::fixed`].
    pub members: Vec<(String, std::ops::Range<usize>)>,
    /// Whether any scalar is atomic.
    pub atomic: bool,
}

impl Layout {
    /// The layout of a type.
    ///
    /// # Errors
    /// What cannot be in a buffer that is filled here, by name.
    pub fn new(module: &Module, ty: Handle<Type>) -> Result<Self, String> {
        let inner = &module.types[ty].inner;
        let mut layout = Self {
            fixed: Vec::new(),
            tail: None,
            bytes: inner.size(module.to_ctx()),
            members: Vec::new(),
            atomic: false,
        };
        match inner {
            TypeInner::Array { .. } => layout.tail = Some(tail(module, ty, 0, &mut layout.atomic)?),
            TypeInner::Struct { members, .. } => {
                for (index, member) in members.iter().enumerate() {
                    let last = index + 1 == members.len();
                    if last && matches!(module.types[member.ty].inner, TypeInner::Array { .. }) {
                        layout.tail = Some(tail(module, member.ty, member.offset, &mut layout.atomic)?);
                        continue;
                    }
                    let from = layout.fixed.len();
                    walk(module, member.ty, member.offset, &mut layout.fixed, &mut layout.atomic)?;
                    layout.members.push((member.name.clone().unwrap_or_default(), from..layout.fixed.len()));
                }
            }
            _ => walk(module, ty, 0, &mut layout.fixed, &mut layout.atomic)?,
        }
        Ok(layout)
    }

    /// Whether the shader leaves the length of an array open.
    #[must_use]
    pub fn is_open(&self) -> bool {
        self.tail.as_ref().is_some_and(|t| t.count.is_none())
    }

    /// How many elements its array has where the open length is `len`; 1 without an array.
    #[must_use]
    pub fn elements(&self, len: u64) -> u64 {
        self.tail.as_ref().map_or(1, |t| t.count.map_or(len, u64::from))
    }

    /// Its size in bytes.
    #[must_use]
    pub fn bytes(&self, len: u64) -> u64 {
        match &self.tail {
            // No less than with one element, and what aligns the structure: that much must be bound.
            Some(Tail { offset, stride, count: None, .. }) => {
                (u64::from(*offset) + len * u64::from(*stride)).max(u64::from(self.bytes))
            }
            _ => u64::from(self.bytes),
        }
    }

    /// How many scalars there are.
    #[must_use]
    pub fn scalars(&self, len: u64) -> u64 {
        let each = self.tail.as_ref().map_or(0, |t| t.leaves.len() as u64);
        self.fixed.len() as u64 + each * if self.tail.is_some() { self.elements(len) } else { 0 }
    }

    /// The scalars in order.
    pub fn leaves(&self, len: u64) -> impl Iterator<Item = (u64, Kind)> {
        let fixed = self.fixed.iter().map(|l| (u64::from(l.offset), l.kind));
        let elements = self.elements(len);
        let repeated = self.tail.iter().flat_map(move |t| {
            (0..elements).flat_map(move |i| {
                let at = u64::from(t.offset) + i * u64::from(t.stride);
                t.leaves.iter().map(move |l| (at + u64::from(l.offset), l.kind))
            })
        });
        fixed.chain(repeated)
    }

    /// The types of scalars that occur, in order of appearance.
    #[must_use]
    pub fn kinds(&self) -> Vec<Kind> {
        let mut out: Vec<Kind> = Vec::new();
        for leaf in self.fixed.iter().chain(self.tail.iter().flat_map(|t| &t.leaves)) {
            if !out.contains(&leaf.kind) {
                out.push(leaf.kind);
            }
        }
        out
    }
}

fn tail(module: &Module, ty: Handle<Type>, offset: u32, atomic: &mut bool) -> Result<Tail, String> {
    let TypeInner::Array { base, size, stride } = &module.types[ty].inner else {
        return Err("something that is not an array".to_owned());
    };
    let count = match size {
        ArraySize::Constant(n) => Some(n.get()),
        ArraySize::Dynamic => None,
        ArraySize::Pending(_) => return Err("an array whose size is not known".to_owned()),
    };
    let mut leaves = Vec::new();
    walk(module, *base, 0, &mut leaves, atomic)?;
    Ok(Tail { offset, stride: *stride, leaves, count })
}

fn walk(module: &Module, ty: Handle<Type>, at: u32, out: &mut Vec<Leaf>, atomic: &mut bool) -> Result<(), String> {
    if out.len() > MOST_LISTED {
        return Err(format!("more than {MOST_LISTED} scalars in one value"));
    }
    match &module.types[ty].inner {
        TypeInner::Scalar(scalar) => out.push(Leaf { offset: at, kind: Kind::of(*scalar)? }),
        TypeInner::Atomic(scalar) => {
            *atomic = true;
            out.push(Leaf { offset: at, kind: Kind::of(*scalar)? });
        }
        TypeInner::Vector { size, scalar } => {
            let kind = Kind::of(*scalar)?;
            out.extend((0..*size as u32).map(|i| Leaf { offset: at + i * u32::from(scalar.width), kind }));
        }
        TypeInner::Matrix { columns, rows, scalar } => {
            let kind = Kind::of(*scalar)?;
            let width = u32::from(scalar.width);
            // A column of three is aligned as one of four.
            let column = width * if *rows as u32 == 2 { 2 } else { 4 };
            for c in 0..*columns as u32 {
                out.extend((0..*rows as u32).map(|r| Leaf { offset: at + c * column + r * width, kind }));
            }
        }
        TypeInner::Array { base, size: ArraySize::Constant(n), stride } => {
            for i in 0..n.get() {
                walk(module, *base, at + i * stride, out, atomic)?;
            }
        }
        TypeInner::Struct { members, .. } => {
            for member in members {
                walk(module, member.ty, at + member.offset, out, atomic)?;
            }
        }
        other => return Err(format!("{other:?}")),
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(ty: &str) -> Layout {
        let source = format!(
            "enable f16; struct P {{ at: vec3<f32>, id: u32, v: array<vec3<f32>, 2> }} \
                              struct Q {{ n: u32, rows: array<vec2<f32>> }} \
                              @group(0) @binding(0) var<storage> x: {ty};"
        );
        let module = naga::front::wgsl::parse_str(&source).expect("it parses");
        let (_, variable) = module.global_variables.iter().next().expect("a variable");
        Layout::new(&module, variable.ty).expect("it can be filled")
    }

    fn offsets(ty: &str, len: u64) -> Vec<u64> {
        layout(ty).leaves(len).map(|(at, _)| at).collect()
    }

    #[test]
    fn scalars_lie_where_wgsl_puts_them() {
        assert_eq!(offsets("array<vec3<f32>>", 2), [0, 4, 8, 16, 20, 24], "three in four");
        assert_eq!(offsets("array<vec3<f16>>", 2), [0, 2, 4, 8, 10, 12], "halves");
        assert_eq!(offsets("mat3x3<f32>", 0), [0, 4, 8, 16, 20, 24, 32, 36, 40], "columns of three");
        assert_eq!(offsets("mat2x2<f32>", 0), [0, 4, 8, 12], "columns of two");
        assert_eq!(offsets("P", 0), [0, 4, 8, 12, 16, 20, 24, 32, 36, 40], "a structure");
        assert_eq!(offsets("Q", 2), [0, 8, 12, 16, 20], "a count before an array");
    }

    #[test]
    fn sizes_are_those_of_the_specification() {
        assert_eq!(layout("P").bytes(0), 48, "fixed");
        assert_eq!((layout("Q").bytes(3), layout("Q").scalars(3)), (32, 7), "open");
        assert_eq!(layout("array<vec3<f32>, 5>").bytes(9), 80, "the shader's count stands");
        assert_eq!((layout("P").elements(9), layout("Q").elements(9)), (2, 9), "elements");
        assert_eq!(layout("P").kinds(), [Kind::F32, Kind::U32], "types");
        assert_eq!(layout("P").members[1], ("id".to_owned(), 3..4), "members by name");
    }
}
