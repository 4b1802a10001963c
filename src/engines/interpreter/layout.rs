//! Where the scalars of a type lie: in buffers as WGSL lays them out, elsewhere one word after another.

use naga::{ArraySize, Handle, Module, Type, TypeInner};

use super::math::Scalar;

/// The two layouts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Layout {
    /// Bytes, with WGSL's alignment: storage and uniform buffers.
    Host,
    /// 32-bit words without gaps, one or two a scalar: function, private and workgroup variables, and values.
    Flat,
}

/// A scalar within a type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Leaf {
    /// From the start of the type: bytes or words.
    pub(super) offset: u32,
    pub(super) scalar: Scalar,
}

/// What an index selects from.
#[derive(Debug, Clone, Copy)]
pub(super) struct Elements {
    /// How many; `None` for a runtime-sized array.
    pub(super) count: Option<u32>,
    /// From one to the next: bytes or words.
    pub(super) stride: u32,
}

/// More scalars than this in one value are refused: each is a row of the register file.
pub(super) const MOST_LEAVES: usize = 1 << 16;

/// A type that cannot be held, by name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Unsupported(pub(super) String);

/// Layouts of one module's types.
#[derive(Clone, Copy)]
pub(super) struct Layouts<'m> {
    pub(super) module: &'m Module,
}

impl<'m> Layouts<'m> {
    fn inner(self, ty: Handle<Type>) -> &'m TypeInner {
        &self.module.types[ty].inner
    }

    /// The scalars of a type, in order.
    pub(super) fn leaves(self, inner: &TypeInner, layout: Layout) -> Result<Vec<Leaf>, Unsupported> {
        let mut out = Vec::new();
        self.walk(inner, layout, 0, &mut out)?;
        Ok(out)
    }

    /// The words of a value of this type.
    pub(super) fn words(self, inner: &TypeInner) -> Result<u32, Unsupported> {
        match inner {
            TypeInner::Array { base, size: ArraySize::Constant(n), .. } => {
                let each = self.words(self.inner(*base))?;
                each.checked_mul(n.get()).ok_or_else(|| Unsupported("an array of 2^32 words or more".to_owned()))
            }
            TypeInner::Struct { members, .. } => members.iter().try_fold(0u32, |sum, m| {
                let words = self.words(self.inner(m.ty))?;
                sum.checked_add(words).ok_or_else(|| Unsupported("a structure of 2^32 words or more".to_owned()))
            }),
            _ => {
                let (scalar, count) = plain(inner)?;
                Ok(scalar.words() * count)
            }
        }
    }

    fn walk(self, inner: &TypeInner, layout: Layout, offset: u32, out: &mut Vec<Leaf>) -> Result<(), Unsupported> {
        if out.len() > MOST_LEAVES {
            return Err(Unsupported(format!("a value of more than {MOST_LEAVES} scalars")));
        }
        match inner {
            TypeInner::Array { base, size: ArraySize::Constant(n), .. } => {
                let stride = self.elements(inner, layout)?.stride;
                let base = self.inner(*base);
                for i in 0..n.get() {
                    self.walk(base, layout, offset + i * stride, out)?;
                }
            }
            TypeInner::Struct { members, .. } => {
                for (index, member) in (0u32..).zip(members) {
                    let at = self.member(inner, index, layout)?;
                    self.walk(self.inner(member.ty), layout, offset + at, out)?;
                }
            }
            TypeInner::Matrix { columns, rows, .. } => {
                let (scalar, _) = plain(inner)?;
                let column = self.elements(inner, layout)?.stride;
                let each = step(scalar, layout);
                for c in 0..*columns as u32 {
                    out.extend((0..*rows as u32).map(|r| Leaf { offset: offset + c * column + r * each, scalar }));
                }
            }
            _ => {
                let (scalar, count) = plain(inner)?;
                let each = step(scalar, layout);
                out.extend((0..count).map(|i| Leaf { offset: offset + i * each, scalar }));
            }
        }
        Ok(())
    }

    /// What an index into this type selects from.
    pub(super) fn elements(self, inner: &TypeInner, layout: Layout) -> Result<Elements, Unsupported> {
        Ok(match inner {
            TypeInner::Array { base, size, stride } => {
                let count = match size {
                    ArraySize::Constant(n) => Some(n.get()),
                    ArraySize::Dynamic => None,
                    ArraySize::Pending(_) => return Err(Unsupported("an array whose size is not known".to_owned())),
                };
                let stride = match layout {
                    Layout::Host => *stride,
                    Layout::Flat => self.words(self.inner(*base))?,
                };
                Elements { count, stride }
            }
            TypeInner::Matrix { columns, rows, .. } => {
                let (scalar, _) = plain(inner)?;
                // A column of three is aligned as one of four.
                let padded = match (layout, *rows as u32) {
                    (Layout::Host, 3) => 4,
                    (_, rows) => rows,
                };
                Elements { count: Some(*columns as u32), stride: padded * step(scalar, layout) }
            }
            _ => {
                let (scalar, count) = plain(inner)?;
                Elements { count: Some(count), stride: step(scalar, layout) }
            }
        })
    }

    /// Where a structure's member starts.
    pub(super) fn member(self, inner: &TypeInner, index: u32, layout: Layout) -> Result<u32, Unsupported> {
        let TypeInner::Struct { members, .. } = inner else {
            let elements = self.elements(inner, layout)?;
            return Ok(elements.stride * index);
        };
        let index = index as usize;
        match layout {
            Layout::Host => {
                members.get(index).map(|m| m.offset).ok_or_else(|| Unsupported("no such member".to_owned()))
            }
            Layout::Flat => members.iter().take(index).try_fold(0, |sum, m| Ok(sum + self.words(self.inner(m.ty))?)),
        }
    }
}

/// From one scalar to the next.
fn step(scalar: Scalar, layout: Layout) -> u32 {
    match layout {
        Layout::Host => scalar.bytes(),
        Layout::Flat => scalar.words(),
    }
}

/// The scalar of a type without members, and how many there are.
pub(super) fn plain(inner: &TypeInner) -> Result<(Scalar, u32), Unsupported> {
    let (scalar, count) = match inner {
        TypeInner::Scalar(scalar) | TypeInner::Atomic(scalar) => (*scalar, 1),
        TypeInner::Vector { size, scalar } => (*scalar, *size as u32),
        TypeInner::Matrix { columns, rows, scalar } => (*scalar, *columns as u32 * *rows as u32),
        TypeInner::ValuePointer { size, scalar, .. } => (*scalar, size.map_or(1, |s| s as u32)),
        other => return Err(Unsupported(name(other).to_owned())),
    };
    let held = Scalar::of(scalar)
        .ok_or_else(|| Unsupported(format!("{}-bit {:?} scalars", 8 * u32::from(scalar.width), scalar.kind)))?;
    Ok((held, count))
}

/// What a type is called in a refusal.
fn name(inner: &TypeInner) -> &'static str {
    match inner {
        TypeInner::Image { .. } => "textures",
        TypeInner::Sampler { .. } => "samplers",
        TypeInner::AccelerationStructure { .. } | TypeInner::RayQuery { .. } => "ray queries",
        TypeInner::BindingArray { .. } => "binding arrays",
        TypeInner::CooperativeMatrix { .. } => "cooperative matrices",
        TypeInner::Array { .. } => "a runtime-sized array as a value",
        TypeInner::Pointer { .. } => "pointers stored in variables",
        _ => "this type",
    }
}
