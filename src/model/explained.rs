//! What makes results of adapters differ from strict arithmetic, as far as the interpreter reproduces them.

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

/// An operation that an adapter does not compute as strict arithmetic does.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Operation {
    /// Which, such as `exp(f32)`.
    pub operation: String,
    /// Rules that give its value at every operand that it was asked for. Several where those do not tell them apart; empty
    /// where none does.
    pub rules: Vec<Rule>,
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
}

/// A case that could not be looked at again.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unasked {
    /// The case.
    pub case: String,
    /// Why, in a line.
    pub reason: String,
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
    /// Liberties that some case shows and none contradicts.
    pub liberties: Vec<Liberty>,
    /// Operations that it was asked for and does not compute strictly.
    pub operations: Vec<Operation>,
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

    /// Counts a pair as named where each of the operations that reproduce it is.
    pub fn promote(&mut self) {
        let named: std::collections::BTreeSet<String> =
            self.operations.iter().filter(|o| !o.rules.is_empty()).map(|o| o.operation.clone()).collect();
        for pair in self.pairs.iter_mut().filter(|p| matches!(p.grade, Grade::Measured | Grade::Itself)) {
            if pair.by.iter().any(|by| by.operations.iter().all(|o| named.contains(o))) {
                pair.grade = Grade::Named;
            }
        }
    }
}
