//! What changed from one result to another: which reference each side equals, and what the bits show. What neither tells
//! has no known cause, and is not given one.

use serde::Serialize;

use super::between::Between;
use crate::facts::proof::Changed;
use crate::facts::{Cause, Certainty, Hypotheses};
use crate::model::record::SWEEP;
use crate::model::{Arithmetic, Liberty};

/// The kernels whose variants are the built-in functions of WGSL, one each, and whose output is that function's result.
const BUILTINS: [&str; 2] = ["builtins", SWEEP];

/// Which reference a result equals.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "equals")]
pub enum Reference {
    /// There is none: the shader leaves the order of operations open.
    Undefined,
    /// None of those that were computed.
    Nothing,
    /// The strict one.
    Strict,
    /// One that takes these liberties.
    Liberties {
        /// Which.
        liberties: Vec<Liberty>,
        /// Whether no case of the same engine contradicts it.
        shown: bool,
    },
}

impl Reference {
    /// The reference that a result equals, which equals those of `equals`. `has` tells whether there is any.
    #[must_use]
    pub fn of(hypotheses: &Hypotheses, engine: &str, case: &str, has: bool, equals: &[Arithmetic]) -> Self {
        if !has {
            return Self::Undefined;
        }
        match hypotheses.explain(engine, case, equals) {
            None => Self::Strict,
            Some(found) => match found.cause {
                Cause::Liberties { liberties } if !liberties.is_empty() => {
                    Self::Liberties { liberties, shown: found.certainty == Certainty::Shown }
                }
                _ => Self::Nothing,
            },
        }
    }

    /// What is equalled, in words.
    #[must_use]
    pub fn name(&self) -> String {
        match self {
            Self::Undefined => "no reference".to_owned(),
            Self::Nothing => "none".to_owned(),
            Self::Strict => "strict".to_owned(),
            Self::Liberties { liberties, .. } => liberties.iter().map(|l| l.name()).collect::<Vec<_>>().join("+"),
        }
    }

    fn is_sure(&self) -> bool {
        !matches!(self, Self::Liberties { shown: false, .. })
    }

    fn does(&self) -> String {
        match self {
            Self::Liberties { liberties, .. } => liberties.iter().map(|l| l.does()).collect::<Vec<_>>().join(" and "),
            Self::Strict => "computes as written".to_owned(),
            Self::Undefined | Self::Nothing => "equals no reference".to_owned(),
        }
    }
}

/// Why a result is another one, as far as that is known. Ordered as it is told among equally bad ones.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "cause")]
pub enum Why {
    /// Both sides are proven, or strict, and have different causes.
    Causes {
        /// What changed.
        changed: Vec<Changed>,
    },
    /// The sides equal different references, at least one of which takes liberties.
    Arithmetic {
        /// The left side's.
        left: Reference,
        /// The right side's.
        right: Reference,
    },
    /// Every element that differs is zero on one side and subnormal on the other.
    Flushed {
        /// Whether the right side is the one that is zero.
        now: bool,
        /// Whether every element is known. Of a part, the others may differ for another reason.
        whole: bool,
    },
    /// Every element that differs is, on one side, the other side's rounded to binary16.
    Half {
        /// Whether the right side is the one that is rounded.
        now: bool,
        /// Whether every element is known.
        whole: bool,
    },
    /// The case is a built-in function alone, and the sides evaluate it differently.
    Builtin,
    /// The shader leaves the order of operations open, and each side repeats its own.
    OpenOrder,
    /// Nothing that was tried tells.
    Unknown,
}

impl Why {
    /// Why two results of a case differ. `drift` is the drift between them as far as they are stored.
    #[must_use]
    pub fn of(kernel: &str, references: (&Reference, &Reference), drift: Option<&Between>) -> Self {
        let takes = |r: &Reference| matches!(r, Reference::Liberties { .. });
        let (left, right) = references;
        let told = |r: &Reference| takes(r) || *r == Reference::Strict;
        if (takes(left) || takes(right)) && left != right && told(left) && told(right) {
            return Self::Arithmetic { left: left.clone(), right: right.clone() };
        }
        let shown = |d: &Between| {
            let whole = d.is_whole();
            let flushed = d.shape.flushed().map(|now| Self::Flushed { now, whole });
            flushed.or_else(|| d.shape.half().map(|now| Self::Half { now, whole }))
        };
        if let Some(shown) = drift.and_then(shown) {
            return shown;
        }
        if BUILTINS.contains(&kernel) {
            return Self::Builtin;
        }
        if *left == Reference::Undefined && *right == Reference::Undefined {
            return Self::OpenOrder;
        }
        Self::Unknown
    }

    /// Each thing that changed by itself, without the operations in which it did, and those. Several cases share the former.
    #[must_use]
    pub fn parts(&self) -> Vec<(Self, Vec<String>)> {
        match self {
            Self::Causes { changed } => {
                let one = |c: &Changed| (Self::Causes { changed: vec![c.bare()] }, c.operations.clone());
                changed.iter().map(one).collect()
            }
            other => vec![(other.clone(), Vec::new())],
        }
    }

    /// The same, in these operations.
    #[must_use]
    pub fn within(&self, operations: &[String]) -> Self {
        match self {
            Self::Causes { changed } => {
                let one = |c: &Changed| Changed { operations: operations.to_vec(), ..c.clone() };
                Self::Causes { changed: changed.iter().map(one).collect() }
            }
            other => other.clone(),
        }
    }

    /// `possibly` before a cause that something may contradict.
    fn possibly(&self) -> &'static str {
        let sure = match self {
            Self::Arithmetic { left, right } => left.is_sure() && right.is_sure(),
            Self::Flushed { whole, .. } | Self::Half { whole, .. } => *whole,
            Self::Causes { .. } | Self::Builtin | Self::OpenOrder | Self::Unknown => true,
        };
        if sure { "" } else { "possibly: " }
    }

    /// What tells two sides apart, in a clause with their names.
    #[must_use]
    pub fn between(&self, left: &str, right: &str) -> String {
        let side = |now: bool| if now { right } else { left };
        let possibly = self.possibly();
        match self {
            Self::Causes { changed } => changed.iter().map(|c| c.between(left, right)).collect::<Vec<_>>().join("; "),
            Self::Arithmetic { left: l, right: r } => format!("{possibly}{right} {}; {left} {}", r.does(), l.does()),
            Self::Flushed { now, .. } => format!("{possibly}subnormal results are zero on {}", side(*now)),
            Self::Half { now, .. } => {
                format!("{possibly}results are rounded to binary16, f32(f16(x)), on {}", side(*now))
            }
            Self::Builtin => "built-in functions give different results".to_owned(),
            Self::OpenOrder | Self::Unknown => self.text(),
        }
    }

    /// What changed, in a clause: "now" is the right side.
    #[must_use]
    pub fn text(&self) -> String {
        let clause = match self {
            Self::Causes { changed } => changed.iter().map(Changed::text).collect::<Vec<_>>().join("; "),
            Self::Arithmetic { left: Reference::Strict, right } => {
                format!("now {}; before, it computed as written", right.does())
            }
            Self::Arithmetic { left, right: Reference::Strict } => {
                format!("no longer {}: now it computes as written", left.does())
            }
            Self::Arithmetic { left, right } => format!("now {}; before, it {}", right.does(), left.does()),
            Self::Flushed { now: true, .. } => "subnormal results are zero now".to_owned(),
            Self::Flushed { now: false, .. } => "subnormal results are no longer zero".to_owned(),
            Self::Half { now: true, .. } => "results are now rounded to binary16, f32(f16(x))".to_owned(),
            Self::Half { now: false, .. } => "results are no longer rounded to binary16, f32(f16(x))".to_owned(),
            Self::Builtin => "built-in functions give other results now".to_owned(),
            Self::OpenOrder => {
                "the kernel does not fix the order of operations, and each side repeats its own result".to_owned()
            }
            Self::Unknown => "cause not known".to_owned(),
        };
        format!("{}{clause}", self.possibly())
    }
}

#[cfg(test)]
mod tests {
    use super::super::between::between;
    use super::*;
    use crate::model::bits::{Bits, Dtype};
    use crate::record::Stored;

    #[test]
    fn a_side_that_equals_nothing_explains_nothing() {
        let fused = Reference::Liberties { liberties: vec![Liberty::Contract], shown: true };
        let of = |l: &Reference, r: &Reference| Why::of("matmul", (l, r), None);
        let told = of(&Reference::Strict, &fused);
        assert_eq!(told.text(), "now fuses multiply and add; before, it computed as written", "one side fuses");
        assert!(of(&fused, &Reference::Strict).text().starts_with("no longer fuses"), "and the other way round");
        assert_eq!(of(&fused, &Reference::Nothing), Why::Unknown, "what the right side does is not known");
        assert_eq!(of(&Reference::Strict, &Reference::Nothing), Why::Unknown, "nor here");
        assert_eq!(of(&fused, &fused), Why::Unknown, "the same on both sides explains nothing");
        let perhaps = Reference::Liberties { liberties: vec![Liberty::Contract], shown: false };
        assert!(of(&Reference::Strict, &perhaps).text().starts_with("possibly"), "a possibility is told as one");
        assert_eq!(of(&Reference::Undefined, &Reference::Undefined), Why::OpenOrder, "no order is defined");
    }

    /// What the stored elements have in common, the others need not.
    #[test]
    fn what_a_part_shows_is_a_possibility() {
        let words = |of: &dyn Fn(u32) -> u32| Bits::words(Dtype::F32, (0..20_000).map(of).collect());
        let why = |left: &Bits, right: &Bits, store: u64| {
            let known = |bits: &Bits| Stored::new(bits, store).known(&bits.digest()).expect("it is sound");
            let drift = between(Dtype::F32, 20_000, &known(left), &known(right)).expect("one shape");
            Why::of("matmul", (&Reference::Nothing, &Reference::Nothing), Some(&drift))
        };
        let (tiny, zero) = (words(&|i| 1 + i), words(&|_| 0));
        let long = words(&|i| 0x3f80_0000 + 1_237 * (i % 64));
        let short = words(&|i| half::f16::from_f32(f32::from_bits(0x3f80_0000 + 1_237 * (i % 64))).to_f32().to_bits());
        for (left, right, clause) in [(&tiny, &zero, "subnormal results are zero"), (&long, &short, "results are")] {
            let (whole, part) = (why(left, right, 32_768), why(left, right, 64));
            assert!(whole.text().starts_with(clause), "{}", whole.text());
            assert!(part.text().starts_with(&format!("possibly: {clause}")), "{}", part.text());
            assert!(part.between("A", "B").starts_with("possibly: "), "{}", part.between("A", "B"));
        }
    }
}
