//! What makes results of adapters differ from strict arithmetic, as far as the interpreter reproduces them.

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Liberty;

/// The version of an explanation's file.
pub const VERSION: u32 = 1;

/// How well a result is explained.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Grade {
    /// Liberties reproduce every bit, or rules for single operations.
    Named,
    /// Every bit follows from what the adapter gives for single operations, each asked by itself: the result differs because
    /// of them and of nothing else. It says nothing of why they are what they are.
    Measured,
    /// The result is no more than the results of one operation, asked by itself: that is no explanation of it.
    Itself,
    /// Some of the elements that differ are reproduced.
    Partly,
    /// None are.
    Unexplained,
}

impl Grade {
    /// Whether the difference is proven to come of what is named.
    #[must_use]
    pub fn is_proof(self) -> bool {
        matches!(self, Self::Named | Self::Measured)
    }
}

/// What the interpreter was given, beyond strict arithmetic, to reproduce a result.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Reproduction {
    /// Liberties that it took.
    pub liberties: Vec<Liberty>,
    /// Operations whose values are the adapter's own, such as `exp(f32)`. None can be left out.
    pub operations: Vec<String>,
}

/// A rule that gives an operation's values.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Rule {
    /// Liberties that the interpreter takes with it.
    pub liberties: Vec<Liberty>,
    /// A file of `models/` that computes it.
    pub model: Option<String>,
}

/// An expression of other operations that gives an operation's values, with the adapter's own values of those.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
pub struct Definition {
    /// Such as `exp2(x * 1.442695)`.
    pub expression: String,
    /// The operations in it that the adapter does not compute strictly.
    pub operations: Vec<String>,
}

/// The order in which an adapter adds in an operation, found by probes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct SumOrder {
    /// Which, such as `dot(vec4<f32>, vec4<f32>)` or `subgroupAdd(f32) of 8 lanes`.
    pub operation: String,
    /// The trees of its results, such as `((0+1)+2)+3`; one where they are the same. Products whose own rounding is left out
    /// are named after the tree.
    pub orders: Vec<String>,
}

/// An operation that an adapter does not compute as strict arithmetic does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// Which, such as `exp(f32)`.
    pub operation: String,
    /// Rules that give its value at every operand that it was asked for. Several where those do not tell them apart; empty
    /// where none does.
    pub rules: Vec<Rule>,
    /// Expressions of other operations that give its value at every one of those operands: the order in which products are
    /// added, or where no rule is known what else there is.
    #[serde(default)]
    pub definitions: Vec<Definition>,
    /// Those operands: all that came up in cases, and probes.
    pub operands: u64,
    /// At how many of them it is not the strict value.
    pub other: u64,
}

/// The first element that is not reproduced.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unreproduced {
    /// Its place.
    pub element: u64,
    /// What the adapter gives, as bits in hexadecimal.
    pub found: String,
    /// What the interpreter gives with the best of what was tried.
    pub given: String,
}

/// The first value of floating point in a shader that differs, as the interpreter computes the adapter's result: where in the
/// shader a difference begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FirstStep {
    /// The line; 0 where it is not known.
    pub line: u32,
    /// The expression there, as it is written.
    pub expression: String,
    /// What strict arithmetic gives, as bits in hexadecimal: a binary16 number as the binary32 one of that value.
    pub strict: String,
    /// What is computed instead.
    pub found: String,
}

/// A case on an adapter whose result is not the strict one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Pair {
    /// The case.
    pub case: String,
    /// How well it is explained.
    pub grade: Grade,
    /// What reproduces it, or where nothing does, most of it. Several where they give the same bits: then nothing tells them
    /// apart here.
    pub by: Vec<Reproduction>,
    /// Elements that differ from the strict reference.
    pub elements: u64,
    /// Those of them that are reproduced.
    pub reproduced: u64,
    /// The first that is not.
    pub first: Option<Unreproduced>,
    /// Where in the shader it begins, of kernels of the user's own.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub step: Option<FirstStep>,
}

/// A case that could not be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unasked {
    /// The case.
    pub case: String,
    /// Why, in a line.
    pub reason: String,
}

/// A liberty that gives every bit of one result of an adapter, and that another result of it excludes: it is taken in some shaders
/// and not in others, or what it gives is a coincidence.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Conflict {
    /// Which.
    pub liberty: Liberty,
    /// A case whose every bit it gives, alone or beside what reproduces it.
    pub shown: String,
    /// Cases whose bits are others with it.
    pub excluded: Vec<String>,
}

/// What is explained of one engine. Pairs are cases that have a strict reference and that the engine ran, by their first run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Explained {
    /// The engine's id in the record.
    pub engine: String,
    /// Its label.
    pub label: String,
    /// The version of the program that explained it. Another one may know other rules.
    #[serde(default)]
    pub program: String,
    /// Why it could not be asked; then nothing is known of it.
    pub absent: Option<String>,
    /// Pairs whose bits are not the strict ones.
    pub pairs_differing: u64,
    /// Of those, the ones that are named or measured.
    pub pairs_proven: u64,
    /// Of those, the ones that are named.
    pub pairs_named: u64,
    /// Elements that differ, of the pairs that could be looked at again.
    pub elements_differing: u64,
    /// Of those, the ones of pairs that are proven.
    pub elements_proven: u64,
    /// The smallest set found of liberties and operations that has, for each proven pair, one that reproduces it; none of it
    /// can be left out.
    #[serde(default)]
    pub least: Reproduction,
    /// Liberties that some case shows and none contradicts.
    pub liberties: Vec<Liberty>,
    /// Liberties that some case shows and another excludes.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub conflicts: Vec<Conflict>,
    /// Operations that it was asked for and does not compute strictly.
    pub operations: Vec<Operation>,
    /// The orders in which it adds, of what came up in cases, and of subgroups.
    #[serde(default)]
    pub orders: Vec<SumOrder>,
    /// The pairs that differ.
    pub pairs: Vec<Pair>,
    /// Those that could not be looked at again.
    pub unasked: Vec<Unasked>,
}

/// What `repro-audit explain` writes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExplainFile {
    /// [`VERSION`].
    pub explain_version: u32,
    /// The version of this program.
    pub program: String,
    /// The record's id.
    pub record: String,
    /// Engine by engine.
    pub explained: Vec<Explained>,
}

impl Explained {
    /// The rules of an operation; empty where none is known.
    #[must_use]
    pub fn rules(&self, operation: &str) -> &[Rule] {
        self.operations.iter().find(|o| o.operation == operation).map_or(&[], |o| &o.rules)
    }

    /// A small set of liberties and operations within which each proven pair has a reproduction, and of which no part can be
    /// left out: pairs with one reproduction first, then for each other pair what adds least.
    #[must_use]
    pub fn least(&self) -> Reproduction {
        let mut pairs: Vec<&Pair> = self.pairs.iter().filter(|p| p.grade.is_proof() && !p.by.is_empty()).collect();
        pairs.sort_by_key(|p| p.by.len());
        let (mut liberties, mut operations) = (BTreeSet::new(), BTreeSet::new());
        for pair in &pairs {
            let added = |by: &&Reproduction| {
                by.liberties.iter().filter(|l| !liberties.contains(*l)).count()
                    + by.operations.iter().filter(|o| !operations.contains(*o)).count()
            };
            if let Some(by) = pair.by.iter().min_by_key(added) {
                liberties.extend(by.liberties.iter().copied());
                operations.extend(by.operations.iter().cloned());
            }
        }
        let suffices = |liberties: &BTreeSet<Liberty>, operations: &BTreeSet<String>| {
            pairs.iter().all(|pair| {
                let within = |by: &Reproduction| {
                    by.liberties.iter().all(|l| liberties.contains(l))
                        && by.operations.iter().all(|o| operations.contains(o))
                };
                pair.by.iter().any(within)
            })
        };
        for one in liberties.clone() {
            liberties.remove(&one);
            if !suffices(&liberties, &operations) {
                liberties.insert(one);
            }
        }
        for one in operations.clone() {
            operations.remove(&one);
            if !suffices(&liberties, &operations) {
                operations.insert(one);
            }
        }
        Reproduction { liberties: liberties.into_iter().collect(), operations: operations.into_iter().collect() }
    }

    /// The operations that are known by rules: their own, or those of all that a definition takes.
    #[must_use]
    pub fn named(&self) -> BTreeSet<&str> {
        let mut named: BTreeSet<&str> = BTreeSet::new();
        loop {
            let all = |operations: &[String]| operations.iter().all(|o| named.contains(o.as_str()));
            let is_known = |o: &&Operation| !o.rules.is_empty() || o.definitions.iter().any(|d| all(&d.operations));
            let now: BTreeSet<&str> = self.operations.iter().filter(is_known).map(|o| o.operation.as_str()).collect();
            if now.len() == named.len() {
                return now;
            }
            named = now;
        }
    }

    /// The operations that are defined by others, each with a definition. Of operations that are defined by each other one is
    /// left out.
    #[must_use]
    pub fn defined(&self) -> BTreeMap<&str, &Definition> {
        let mut defined: BTreeMap<&str, &Definition> = BTreeMap::new();
        for operation in &self.operations {
            let name = operation.operation.as_str();
            let rests_on_itself = |definition: &Definition| {
                let mut open: Vec<&str> = definition.operations.iter().map(String::as_str).collect();
                let mut seen = BTreeSet::new();
                while let Some(next) = open.pop() {
                    if seen.insert(next) {
                        open.extend(defined.get(next).iter().flat_map(|d| d.operations.iter().map(String::as_str)));
                    }
                }
                seen.contains(name)
            };
            if let Some(definition) = operation.definitions.iter().find(|d| !rests_on_itself(d)) {
                defined.insert(name, definition);
            }
        }
        defined
    }

    /// Counts a pair as named where each of the operations that reproduce it is, and what is no more than one operation as
    /// measured where that is defined by others.
    pub fn promote(&mut self) {
        let named: BTreeSet<String> = self.named().into_iter().map(str::to_owned).collect();
        let defined: BTreeSet<String> = self.defined().into_keys().map(str::to_owned).collect();
        for pair in self.pairs.iter_mut().filter(|p| matches!(p.grade, Grade::Measured | Grade::Itself)) {
            let all =
                |known: &BTreeSet<String>| pair.by.iter().any(|by| by.operations.iter().all(|o| known.contains(o)));
            if all(&named) {
                pair.grade = Grade::Named;
            } else if all(&defined) {
                pair.grade = Grade::Measured;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pair(grade: Grade, by: &[(&[Liberty], &[&str])]) -> Pair {
        let by = by
            .iter()
            .map(|(liberties, operations)| Reproduction {
                liberties: liberties.to_vec(),
                operations: operations.iter().map(ToString::to_string).collect(),
            })
            .collect();
        Pair { case: String::new(), grade, by, elements: 1, reproduced: 1, first: None, step: None }
    }

    fn operation(name: &str, definitions: &[&[&str]]) -> Operation {
        let definitions = definitions
            .iter()
            .map(|inner| Definition {
                expression: String::new(),
                operations: inner.iter().map(ToString::to_string).collect(),
            })
            .collect();
        Operation { operation: name.to_owned(), rules: Vec::new(), definitions, operands: 1, other: 1 }
    }

    #[test]
    fn the_least_set_has_a_reproduction_of_each_pair_and_no_more() {
        let flush: &[Liberty] = &[Liberty::Flush];
        let factor: &[Liberty] = &[Liberty::Factor];
        let all = Explained {
            pairs: vec![
                pair(Grade::Named, &[(flush, &[]), (factor, &[])]),
                pair(Grade::Named, &[(factor, &[])]),
                pair(Grade::Measured, &[(&[], &["exp(f32)"])]),
                pair(Grade::Partly, &[(&[Liberty::Contract], &[])]),
            ],
            ..Explained::default()
        };
        let least = all.least();
        assert_eq!((least.liberties.as_slice(), least.operations.as_slice()), (factor, &["exp(f32)".to_owned()][..]));
    }

    #[test]
    fn what_is_defined_by_each_other_explains_one_of_the_two() {
        let mut all = Explained {
            operations: vec![
                operation("acos(f32)", &[&["asin(f32)"]]),
                operation("asin(f32)", &[&["acos(f32)"]]),
                operation("exp(f32)", &[&["exp2(f32)"]]),
                operation("exp2(f32)", &[]),
                operation("tan(f32)", &[&[]]),
            ],
            pairs: ["acos(f32)", "asin(f32)", "exp(f32)", "exp2(f32)", "tan(f32)"]
                .map(|of| pair(Grade::Itself, &[(&[], &[of])]))
                .to_vec(),
            ..Explained::default()
        };
        all.promote();
        let grades: Vec<Grade> = all.pairs.iter().map(|p| p.grade).collect();
        let expected = [Grade::Measured, Grade::Itself, Grade::Measured, Grade::Itself, Grade::Named];
        assert_eq!(grades, expected, "by another, itself, by another, itself, and by strict operations");
    }
}
