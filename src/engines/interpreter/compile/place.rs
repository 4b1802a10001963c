//! Pointers: where they lead, and loads and stores through them.

use naga::{Expression, Handle, TypeInner};

use super::{Compiler, Frame, Refusal, Value, layout_of};
use crate::engines::interpreter::code::{Access, Address, Block, Limit, Row, Space, Step, Unit};
use crate::engines::interpreter::layout::Leaf;
use crate::engines::interpreter::math::{self, Scalar};

/// The variable that a pointer leads into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(in crate::engines::interpreter) enum Root {
    /// A function's or private variable: its first row and its number of rows.
    Rows { first: Row, len: u32 },
    /// Workgroup memory.
    Shared,
    /// A buffer.
    Buffer(usize),
}

/// An address: words for variables and workgroup memory, bytes for buffers.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::engines::interpreter) struct Place {
    pub(in crate::engines::interpreter) root: Root,
    pub(in crate::engines::interpreter) fixed: u32,
    pub(in crate::engines::interpreter) moving: Option<Row>,
}

impl<'m> Compiler<'m> {
    /// What a pointer expression points to.
    fn pointee(&self, frame: &Frame<'m>, pointer: Handle<Expression>) -> TypeInner {
        match frame.info[pointer].ty.inner_with(&self.module().types) {
            TypeInner::Pointer { base, .. } => self.module().types[*base].inner.clone(),
            TypeInner::ValuePointer { size: Some(size), scalar, .. } => {
                TypeInner::Vector { size: *size, scalar: *scalar }
            }
            TypeInner::ValuePointer { size: None, scalar, .. } => TypeInner::Scalar(*scalar),
            other => other.clone(),
        }
    }

    /// The place that `base[index]` or a member of it is, for a constant index.
    pub(super) fn member(
        &mut self,
        frame: &Frame<'m>,
        base: Handle<Expression>,
        place: Place,
        index: u32,
        body: &mut Block,
    ) -> Result<Place, Refusal> {
        let inner = self.pointee(frame, base);
        if matches!(inner, TypeInner::Array { size: naga::ArraySize::Dynamic, .. }) {
            // The buffer may be shorter than that.
            let row = self.constant(index)?;
            return self.element(frame, base, place, row, frame.line, body);
        }
        let offset = self.layouts.member(&inner, index, layout_of(place.root))?;
        match place.fixed.checked_add(offset) {
            Some(fixed) => Ok(Place { fixed, ..place }),
            None => self.refuse("an address beyond 2^32", frame.line),
        }
    }

    /// The place that `base[index]` is. The index is clamped to the last element, as wgpu's bounds checks ("restrict")
    /// do.
    pub(super) fn element(
        &mut self,
        frame: &Frame<'m>,
        base: Handle<Expression>,
        place: Place,
        index: Row,
        line: u32,
        body: &mut Block,
    ) -> Result<Place, Refusal> {
        let inner = self.pointee(frame, base);
        let elements = self.layouts.elements(&inner, layout_of(place.root))?;
        let limit = match (elements.count, place.root) {
            (Some(count), _) => Limit::Count(count),
            (None, Root::Buffer(buffer)) => Limit::Buffer { buffer, offset: place.fixed, stride: elements.stride },
            (None, _) => return self.refuse("a runtime-sized array outside a buffer", line),
        };
        let out = self.row()?;
        body.push(Step::Index { out, index, limit, stride: elements.stride, base: place.moving, line });
        Ok(Place { moving: Some(out), ..place })
    }

    /// A pointer expression's place.
    pub(super) fn place(
        &mut self,
        frame: &mut Frame<'m>,
        pointer: Handle<Expression>,
        body: &mut Block,
    ) -> Result<Place, Refusal> {
        match self.value(frame, pointer, body)? {
            Value::Place(place) => Ok(place),
            Value::Rows(_) => self.refuse("a pointer that is a value", frame.line),
        }
    }

    /// The scalars behind a pointer, in its root's layout.
    fn pointed(&self, frame: &Frame<'m>, pointer: Handle<Expression>, place: Place) -> Result<Vec<Leaf>, Refusal> {
        Ok(self.layouts.leaves(&self.pointee(frame, pointer), layout_of(place.root))?)
    }

    /// Whether a pointer leads to an atomic. In a buffer, loads and stores of it show the order of workgroups.
    fn is_atomic(&mut self, frame: &Frame<'m>, pointer: Handle<Expression>, place: Place) -> bool {
        let atomic = matches!(self.pointee(frame, pointer), TypeInner::Atomic(_));
        self.code.storage_atomics |= atomic && matches!(place.root, Root::Buffer(_));
        self.code.atomics |= atomic;
        atomic
    }

    /// An access to one word of a scalar in shared memory.
    pub(super) fn access(
        &mut self,
        place: Place,
        offset: u32,
        scalar: Scalar,
        atomic: bool,
        line: u32,
    ) -> Option<Access> {
        let space = match place.root {
            Root::Rows { .. } => return None,
            Root::Shared => Space::Shared,
            Root::Buffer(index) => Space::Buffer(index),
        };
        let unit = if scalar == Scalar::F16 && space != Space::Shared { Unit::Half } else { Unit::Word };
        if let (Space::Buffer(index), Unit::Half) = (space, unit) {
            self.code.bindings[index].halves = true;
        }
        let address = Address { fixed: place.fixed + offset, at: place.moving };
        Some(Access { space, address, unit, atomic, line, vector: None })
    }

    /// Where the vector starts whose component a pointer leads to, and how many scalars it has.
    fn vector(&self, frame: &Frame<'m>, pointer: Handle<Expression>) -> Option<(Address, u32)> {
        let (Expression::Access { base, .. } | Expression::AccessIndex { base, .. }) =
            frame.function.expressions[pointer]
        else {
            return None;
        };
        let TypeInner::Vector { size, .. } = self.pointee(frame, base) else { return None };
        let Some(Value::Place(place)) = &frame.values[base.index()] else { return None };
        Some((Address { fixed: place.fixed, at: place.moving }, size as u32))
    }

    /// Emits the load of what a pointer leads to.
    pub(super) fn load(
        &mut self,
        frame: &mut Frame<'m>,
        pointer: Handle<Expression>,
        line: u32,
        body: &mut Block,
    ) -> Result<Vec<Row>, Refusal> {
        let place = self.place(frame, pointer, body)?;
        let leaves = self.pointed(frame, pointer, place)?;
        let atomic = self.is_atomic(frame, pointer, place);
        let mut rows = Vec::with_capacity(leaves.len());
        for leaf in leaves {
            for word in 0..leaf.scalar.words() {
                let row = match place.root {
                    Root::Rows { first, len } => {
                        let at = first + place.fixed + leaf.offset + word;
                        match place.moving {
                            None => self.read_variable(frame, at),
                            Some(moving) => {
                                let out = self.row()?;
                                body.push(Step::LoadVariable { out, first: at, end: first + len, at: moving });
                                out
                            }
                        }
                    }
                    _ => {
                        let scale = if place.root == Root::Shared { 1 } else { 4 };
                        let out = self.row()?;
                        let offset = leaf.offset + scale * word;
                        if let Some(access) = self.access(place, offset, leaf.scalar, atomic, line) {
                            body.push(Step::Load { out, access });
                        }
                        out
                    }
                };
                rows.push(self.widen(place, leaf.scalar, row, body)?);
            }
        }
        Ok(rows)
    }

    /// A binary16 number from a buffer, as rows hold it.
    fn widen(&mut self, place: Place, scalar: Scalar, row: Row, body: &mut Block) -> Result<Row, Refusal> {
        if scalar != Scalar::F16 || !matches!(place.root, Root::Buffer(_)) {
            return Ok(row);
        }
        Ok(self.emit(math::f16_from_bits(), &[row], 1, body)?[0])
    }

    /// Emits the store of a value to where a pointer leads.
    pub(super) fn store(
        &mut self,
        frame: &mut Frame<'m>,
        pointer: Handle<Expression>,
        value: &[Row],
        line: u32,
        body: &mut Block,
    ) -> Result<(), Refusal> {
        let place = self.place(frame, pointer, body)?;
        let leaves = self.pointed(frame, pointer, place)?;
        let atomic = self.is_atomic(frame, pointer, place);
        let vector = self.vector(frame, pointer);
        let mut kept: Vec<Row> = value.to_vec();
        if let Root::Rows { first, len } = place.root {
            let (from, until) = match place.moving {
                None => {
                    let words: u32 = leaves.iter().map(|l| l.scalar.words()).sum();
                    (first + place.fixed, first + place.fixed + words)
                }
                Some(_) => (first, first + len),
            };
            // The values to be stored may be rows of the very variable: (a, b) = (b, a).
            self.keep_values(frame, from..until, Some(&mut kept), body)?;
        }
        let mut values = kept.into_iter();
        for leaf in leaves {
            for word in 0..leaf.scalar.words() {
                let Some(value) = values.next() else { return self.refuse("a store of another size", line) };
                match place.root {
                    Root::Rows { first, len } => {
                        let at = first + place.fixed + leaf.offset + word;
                        match place.moving {
                            None => self.write_variable(frame, at, value, body),
                            Some(moving) => {
                                body.push(Step::StoreVariable { first: at, end: first + len, at: moving, value });
                            }
                        }
                    }
                    Root::Shared | Root::Buffer(_) => {
                        let scale = if place.root == Root::Shared { 1 } else { 4 };
                        let offset = leaf.offset + scale * word;
                        if let Some(access) = self.access(place, offset, leaf.scalar, atomic, line) {
                            let vector = vector.map(|(start, scalars)| (start, scalars * leaf.scalar.words()));
                            let access = Access { vector, ..access };
                            let value = if access.unit == Unit::Half {
                                self.emit(math::f16_to_bits(), &[value], 1, body)?[0]
                            } else {
                                value
                            };
                            body.push(Step::Store { access, value });
                        }
                    }
                }
            }
        }
        Ok(())
    }
}
