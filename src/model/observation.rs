//! What else is known of an output: named numbers, and the integers that it is made of.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// A named number that a kernel says of an output, such as a mask's keep rate.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Observation {
    /// Its name, snake_case.
    pub name: String,
    /// Its value.
    #[serde(with = "super::number::Number")]
    pub value: f64,
    /// Its meaning, in a few words.
    pub about: String,
}

impl Observation {
    /// Of a sum that carries its rounding errors along: 1 where the output is the plain sum in the same order, bit for bit.
    pub const COMPENSATION_LOST: &str = "compensation_lost";

    /// A named number.
    #[must_use]
    pub fn new(name: &str, value: f64, about: &str) -> Self {
        Self { name: name.to_owned(), value, about: about.to_owned() }
    }
}

/// Integers that a case's answer is made of, where they are another case's whole answer. Where those agree and the answer
/// does not, what lies between the two is the cause.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Origin {
    /// What they are: "the generator's words".
    pub what: String,
    /// The problem, without configuration, whose answer they are.
    pub problem: String,
    /// Whether the same problem with a larger `n` will do, whose first elements they are.
    pub prefix: bool,
    /// What lies between, in a few words: "the conversion of 32 bits to floats".
    pub then: String,
}
