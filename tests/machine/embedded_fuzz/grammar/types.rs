//! Types of the generated modules.

use super::Grammar;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Scalar {
    U32,
    I32,
    Bool,
    F32,
}

impl Scalar {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::U32 => "u32",
            Self::I32 => "i32",
            Self::Bool => "bool",
            Self::F32 => "f32",
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Ty {
    Scalar(Scalar),
    Vector(Scalar, usize),
    /// Columns and rows.
    Matrix(usize, usize),
    Array(Box<Ty>, usize),
    /// By its place in [`Grammar::structs`].
    Struct(usize),
}

pub(crate) const U32: Ty = Ty::Scalar(Scalar::U32);
pub(crate) const BOOL: Ty = Ty::Scalar(Scalar::Bool);

impl Ty {
    pub(crate) fn name(&self) -> String {
        match self {
            Self::Scalar(s) => s.name().to_owned(),
            // Few angles: it is not easy to tell those of templates from comparisons and shifts.
            Self::Vector(Scalar::Bool, n) => format!("B{n}"),
            Self::Vector(s, n) => format!("vec{n}{}", &s.name()[..1]),
            Self::Matrix(c, r) => format!("mat{c}x{r}f"),
            Self::Array(base, n) => format!("array<{}, {n}>", base.name()),
            Self::Struct(k) => format!("S{k}"),
        }
    }

    /// Scalars and vectors: what operators take.
    pub(crate) fn plain(&self) -> Option<(Scalar, usize)> {
        match self {
            Self::Scalar(s) => Some((*s, 1)),
            Self::Vector(s, n) => Some((*s, *n)),
            _ => None,
        }
    }

    /// A scalar, or a vector of it.
    pub(crate) fn of(scalar: Scalar, size: usize) -> Self {
        if size == 1 { Self::Scalar(scalar) } else { Self::Vector(scalar, size) }
    }
}

impl Grammar<'_> {
    pub(crate) fn scalar(&mut self, shareable: bool) -> Scalar {
        let kinds: &[Scalar] = match (self.rules.floats, shareable) {
            (true, true) => &[Scalar::U32, Scalar::F32, Scalar::I32],
            (true, false) => &[Scalar::U32, Scalar::F32, Scalar::I32, Scalar::Bool],
            (false, true) => &[Scalar::U32, Scalar::I32],
            (false, false) => &[Scalar::U32, Scalar::I32, Scalar::Bool],
        };
        kinds[self.bytes.below(kinds.len())]
    }

    /// A scalar or a vector.
    pub(crate) fn plain(&mut self, shareable: bool) -> Ty {
        let scalar = self.scalar(shareable);
        let size = [1, 1, 2, 3, 4][self.bytes.below(5)];
        Ty::of(scalar, size)
    }

    /// Any type. Those of buffers are `shareable`: they hold no booleans.
    pub(crate) fn ty(&mut self, shareable: bool, depth: usize) -> Ty {
        let structs: Vec<usize> = (0..self.structs.len()).filter(|k| !shareable || self.is_shareable(*k)).collect();
        match self.bytes.below(8) {
            4 | 5 if depth > 0 => {
                let base = self.ty(shareable, depth - 1);
                Ty::Array(Box::new(base), 1 + self.bytes.below(4))
            }
            6 if !structs.is_empty() && depth > 0 => Ty::Struct(structs[self.bytes.below(structs.len())]),
            7 if self.rules.floats => Ty::Matrix(2 + self.bytes.below(3), 2 + self.bytes.below(3)),
            _ => self.plain(shareable),
        }
    }

    /// Whether a structure holds no booleans.
    fn is_shareable(&self, index: usize) -> bool {
        self.structs[index].iter().all(|t| self.without_booleans(t))
    }

    fn without_booleans(&self, ty: &Ty) -> bool {
        match ty {
            Ty::Scalar(s) | Ty::Vector(s, _) => *s != Scalar::Bool,
            Ty::Matrix(..) => true,
            Ty::Array(base, _) => self.without_booleans(base),
            Ty::Struct(k) => self.is_shareable(*k),
        }
    }

    /// What one step into a type leads to: a text (`None` for an index) and a type, the index's limit.
    pub(crate) fn parts(&self, ty: &Ty) -> Vec<(Option<String>, Ty, usize)> {
        match ty {
            Ty::Scalar(_) => Vec::new(),
            Ty::Vector(s, n) => {
                let named = ["x", "y", "z", "w"].iter().take(*n).map(|c| (Some(format!(".{c}")), Ty::Scalar(*s), 0));
                named.chain([(None, Ty::Scalar(*s), *n)]).collect()
            }
            Ty::Matrix(c, r) => vec![(None, Ty::Vector(Scalar::F32, *r), *c)],
            Ty::Array(base, n) => vec![(None, (**base).clone(), *n)],
            Ty::Struct(k) => {
                let members = self.structs[*k].iter().enumerate();
                members.map(|(m, t)| (Some(format!(".m{m}")), t.clone(), 0)).collect()
            }
        }
    }

    /// Whether `want` lies within `ty`.
    pub(crate) fn holds(&self, ty: &Ty, want: &Ty) -> bool {
        ty == want || self.parts(ty).iter().any(|(_, part, _)| self.holds(part, want))
    }

    /// The texts that lead to all scalars of a type.
    pub(crate) fn leaves(&self, root: &str, ty: &Ty, out: &mut Vec<(String, Scalar)>) {
        match ty {
            Ty::Scalar(s) => out.push((root.to_owned(), *s)),
            Ty::Vector(s, n) => out.extend((0..*n).map(|k| (format!("{root}[{k}]"), *s))),
            Ty::Matrix(c, r) => {
                (0..*c).for_each(|k| self.leaves(&format!("{root}[{k}]"), &Ty::Vector(Scalar::F32, *r), out));
            }
            Ty::Array(base, n) => (0..*n).for_each(|k| self.leaves(&format!("{root}[{k}]"), base, out)),
            Ty::Struct(k) => {
                for (m, t) in self.structs[*k].iter().enumerate() {
                    self.leaves(&format!("{root}.m{m}"), t, out);
                }
            }
        }
    }
}
