//! How much is audited.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// How much of a kernel is audited.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Profile {
    /// Seconds on two cores with software adapters: small sizes of every variant.
    Quick,
    /// Minutes on a GPU: the sizes of ordinary layers.
    Standard,
    /// Tens of minutes on a GPU: large sizes, long reductions, many configurations.
    Deep,
}

impl Profile {
    /// Every profile, the smallest first.
    pub const ALL: [Self; 3] = [Self::Quick, Self::Standard, Self::Deep];

    /// Picks the value for this profile.
    pub fn pick<T>(self, quick: T, standard: T, deep: T) -> T {
        match self {
            Self::Quick => quick,
            Self::Standard => standard,
            Self::Deep => deep,
        }
    }

    /// The profile's name as typed.
    #[must_use]
    pub fn name(self) -> &'static str {
        self.pick("quick", "standard", "deep")
    }
}
