//! What the WGSL specification says of a cause: the paragraph that allows it, or forbids it. Titles and anchors are those of
//! gpuweb's `wgsl/index.bs`, section "Floating Point Evaluation". Whether a result is allowed is judged element by element, by
//! its limits ([`crate::numerics::spec`]); this says where they come from.

use serde::Serialize;

use super::proof::Does;
use crate::model::Liberty;

/// What a paragraph makes of a cause.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Ruling {
    /// It may be done.
    Allowed,
    /// It may be done as long as the result stays within a limit, which the audit checks.
    WithinLimits,
    /// The paragraph does not say whether it covers it.
    Open,
    /// It may not be done.
    Forbidden,
}

impl Ruling {
    /// In a word or two, before where it says so.
    #[must_use]
    pub fn text(self) -> &'static str {
        match self {
            Self::Allowed => "allowed",
            Self::WithinLimits => "allowed within limits",
            Self::Open => "not settled",
            Self::Forbidden => "forbidden",
        }
    }
}

/// A paragraph of the WGSL specification.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
pub struct Paragraph {
    /// What it makes of the cause.
    pub ruling: Ruling,
    /// The section's title.
    pub title: &'static str,
    /// The section's anchor at <https://www.w3.org/TR/WGSL/>.
    pub anchor: &'static str,
    /// What it says, in short.
    pub says: &'static str,
}

impl Paragraph {
    /// In a sentence without its full stop.
    #[must_use]
    pub fn text(&self) -> String {
        format!("{} by WGSL, \"{}\" (#{}): {}", self.ruling.text(), self.title, self.anchor, self.says)
            .replace("not settled by WGSL", "not settled in WGSL")
    }
}

const DIFFERENCES: (&str, &str) = ("Differences from IEEE-754", "differences-from-ieee754");
const ACCURACY: (&str, &str) = ("Accuracy of Concrete Floating Point Expressions", "concrete-float-accuracy");
const REORDERED: (&str, &str) = ("Reassociation and Fusion", "reassociation-and-fusion");
const CONVERTED: (&str, &str) = ("Floating Point Conversion", "floating-point-conversion");

const fn paragraph(ruling: Ruling, (title, anchor): (&'static str, &'static str), says: &'static str) -> Paragraph {
    Paragraph { ruling, title, anchor, says }
}

/// The paragraph on a liberty.
#[must_use]
pub fn of_liberty(liberty: Liberty) -> Paragraph {
    use Ruling::{Allowed, Open, WithinLimits};
    match liberty {
        Liberty::Contract => {
            paragraph(Allowed, REORDERED, "operations may be fused where the result is at least as accurate")
        }
        Liberty::SplitFma => {
            paragraph(Allowed, ACCURACY, "fma(x, y, z) is as accurate as x * y + z, and need not be fused")
        }
        Liberty::Flush => paragraph(
            WithinLimits,
            DIFFERENCES,
            "operands and results of the operations that have an accuracy may be flushed to zero, and all others must keep \
             subnormals",
        ),
        Liberty::Reassociate | Liberty::FoldConstants => paragraph(
            Allowed,
            REORDERED,
            "operations may be reordered so that the answer is the same if computed exactly",
        ),
        Liberty::Reciprocal | Liberty::ConstantReciprocal => {
            paragraph(WithinLimits, ACCURACY, "x / y is within 2.5 ulp for |y| from 2^-126 to 2^126")
        }
        Liberty::ApproximateFunction { .. } => {
            paragraph(WithinLimits, ACCURACY, "each function has a limit of its own, or inherits that of an expression")
        }
        Liberty::RoundTwice => {
            paragraph(Allowed, CONVERTED, "a value between two adjacent numbers may be converted to either")
        }
        Liberty::OperandNan => paragraph(
            Allowed,
            DIFFERENCES,
            "NaN may be assumed not to be there at run time, and a result that is one is any value (Finite Math Assumption)",
        ),
        Liberty::ZeroProduct | Liberty::CompareSelect => paragraph(
            Allowed,
            DIFFERENCES,
            "infinities and NaN may be assumed not to be there at run time, and the sign of a zero may be ignored",
        ),
        Liberty::ZeroSum => paragraph(Allowed, DIFFERENCES, "the sign of a zero may be ignored"),
        Liberty::SelfDifference => {
            paragraph(Allowed, DIFFERENCES, "infinities and NaN may be assumed not to be there at run time")
        }
        Liberty::Factor => paragraph(
            Open,
            REORDERED,
            "operations may be reordered so that the answer is the same if computed exactly; all examples keep the operations \
             that are there, and this has one less",
        ),
    }
}

/// Operators whose results are numbers.
const ARITHMETIC: [&str; 3] = [" + ", " - ", " * "];

/// Operators whose results are true or false.
const COMPARISONS: [&str; 6] = [" == ", " != ", " < ", " <= ", " > ", " >= "];

/// The paragraph on how an operation, such as `exp(f32)` or `f32 / f32`, may be computed.
#[must_use]
pub fn of_operation(operation: &str) -> Paragraph {
    use Ruling::{Forbidden, WithinLimits};
    let has = |all: &[&str]| all.iter().any(|operator| operation.contains(operator));
    let called = |names: &[&str]| names.iter().any(|name| operation.split('(').next() == Some(*name));
    if has(&COMPARISONS) {
        return paragraph(
            Forbidden,
            ACCURACY,
            "a comparison has the correct result; its operands may be flushed to zero first",
        );
    }
    if operation.contains("mat") && operation.contains(" * ") {
        return paragraph(WithinLimits, ACCURACY, "a product of matrices is a sum of products, in any order");
    }
    if has(&ARITHMETIC) || operation.starts_with('-') {
        return paragraph(
            WithinLimits,
            ACCURACY,
            "it is correctly rounded, up or down; operands and results may be flushed to zero",
        );
    }
    if operation.contains(" / ") {
        return of_liberty(Liberty::Reciprocal);
    }
    if operation.contains(" % ") {
        return paragraph(WithinLimits, ACCURACY, "x % y is as accurate as x - y * trunc(x / y)");
    }
    if called(&["f32", "f16", "i32", "u32"]) {
        return paragraph(
            WithinLimits,
            CONVERTED,
            "a value between two adjacent numbers may be converted to either; to an integer it is clamped and truncated",
        );
    }
    of_liberty(Liberty::ApproximateFunction { ulp: 0 })
}

/// The paragraphs on what an engine does in these operations, each once; none on strict arithmetic.
#[must_use]
pub fn of(does: &Does, operations: &[String]) -> Vec<Paragraph> {
    let by_operation = operations.iter().map(|operation| of_operation(operation));
    let mut out: Vec<Paragraph> = match does {
        Does::AsWritten => Vec::new(),
        Does::Values | Does::Defined { .. } => by_operation.collect(),
        Does::Rules { rules } => {
            let liberties = does.liberties().into_iter().map(of_liberty);
            let modelled = rules.iter().any(|rule| rule.model.is_some());
            liberties.chain(by_operation.filter(|_| modelled)).collect()
        }
    };
    out.sort_unstable();
    out.dedup();
    out
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::model::explained::Rule;

    #[test]
    fn every_liberty_has_a_paragraph() {
        let all = Liberty::PLAIN.into_iter().chain([Liberty::ApproximateFunction { ulp: 3 }]);
        for liberty in all {
            let text = of_liberty(liberty).text();
            assert!(text.contains("WGSL") && text.contains('#') && text.len() > 60, "{liberty:?}: {text}");
        }
        let open: Vec<_> = Liberty::PLAIN.into_iter().filter(|l| of_liberty(*l).ruling == Ruling::Open).collect();
        assert_eq!(open, [Liberty::Factor], "the others are settled");
    }

    #[test]
    fn an_operation_has_the_paragraph_of_its_kind() {
        for (operation, ruling, says) in [
            ("f32 < f32", Ruling::Forbidden, "correct result"),
            ("f32 + f32", Ruling::WithinLimits, "correctly rounded"),
            ("-f32", Ruling::WithinLimits, "correctly rounded"),
            ("f32 / f32", Ruling::WithinLimits, "2.5 ulp"),
            ("f32 % f32", Ruling::WithinLimits, "trunc"),
            ("mat4x4<f32> * vec4<f32>", Ruling::WithinLimits, "any order"),
            ("f16(f32)", Ruling::WithinLimits, "either"),
            ("exp(f32)", Ruling::WithinLimits, "each function"),
        ] {
            let found = of_operation(operation);
            assert_eq!(found.ruling, ruling, "{operation}");
            assert!(found.says.contains(says), "{operation}: {}", found.says);
        }
    }

    #[test]
    fn strict_arithmetic_needs_no_paragraph() {
        assert_eq!(of(&Does::AsWritten, &["exp(f32)".to_owned()]), [], "none");
        let flush = Rule { liberties: vec![Liberty::Flush], model: None };
        let rules = Does::Rules { rules: vec![flush] };
        assert_eq!(of(&rules, &["exp(f32)".to_owned()]), [of_liberty(Liberty::Flush)], "of the liberty alone");
        let model = Does::Rules { rules: vec![Rule { liberties: Vec::new(), model: Some("mesa".to_owned()) }] };
        let operations = ["exp(f32)", "log(f32)", "f32 < f32"].map(str::to_owned);
        let found: BTreeSet<Ruling> = of(&model, &operations).iter().map(|p| p.ruling).collect();
        assert_eq!(found.len(), 2, "one a kind of operation");
    }
}
