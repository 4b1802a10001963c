//! A limit of an adapter that it keeps without a word.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// Something that an adapter silently does not do beyond a number, as a probe found. Since format 1.3.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Limit {
    /// What is limited, such as `loop-iterations`.
    pub name: String,
    /// The most that was done where more was asked for.
    pub at: u64,
    /// What counts towards it, in words: `per invocation, all loops together`.
    pub counted: String,
}

impl Limit {
    /// The name of a limit of the iterations of loops.
    pub const LOOP_ITERATIONS: &'static str = "loop-iterations";

    /// What counts towards a limit of all the loops that an invocation goes through.
    pub const ALL_LOOPS: &'static str = "per invocation, all loops together";

    /// Whether an invocation that makes so many passes through loops, all its loops together and the pass that leaves each
    /// included, meets it. What is beyond may be the pass that leaves the last loop, and then nothing is lost.
    #[must_use]
    pub fn is_met(&self, passes: u64) -> bool {
        self.name == Self::LOOP_ITERATIONS && self.counted == Self::ALL_LOOPS && passes > self.at
    }

    /// The least of these that so many passes meet.
    pub fn least_met<'l>(limits: impl IntoIterator<Item = &'l Self>, iterations: u64) -> Option<u64> {
        limits.into_iter().filter(|limit| limit.is_met(iterations)).map(|limit| limit.at).min()
    }
}
