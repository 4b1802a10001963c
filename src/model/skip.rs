//! Why a case cannot run on an engine: a closed list of reasons.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::task::Feature;

/// Why a case was skipped on an engine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case", tag = "reason")]
pub enum Skip {
    /// The adapter lacks an optional capability.
    Feature {
        /// The capability.
        feature: Feature,
    },
    /// The program exceeds a limit of the adapter.
    Limit {
        /// The limit, named as in the WebGPU specification.
        limit: String,
        /// What the program needs.
        needs: u64,
        /// What the adapter has.
        has: u64,
    },
    /// The interpreter would take too long. Since format 1.5.
    TooLarge {
        /// How many passes through loops all invocations make, at most.
        passes: u64,
        /// How many are executed.
        most: u64,
    },
    /// It is estimated to need more memory than its process may take. Since format 1.5.
    Memory {
        /// Bytes that it needs.
        needs: u64,
        /// Bytes that it may take.
        has: u64,
    },
    /// The case runs on the CPU's threads only.
    CpuOnly,
    /// The engine has no such operation. Since format 1.3.
    Operation {
        /// The operation.
        operation: String,
        /// What the engine says of it; may be empty.
        said: String,
    },
}

impl std::fmt::Display for Skip {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Feature { feature } => write!(f, "the adapter has no {feature:?}"),
            Self::Limit { limit, needs, has } => write!(f, "{limit}: needs {needs}, the adapter has {has}"),
            Self::Operation { operation, said } if said.is_empty() => write!(f, "the engine has no {operation}"),
            Self::Operation { operation, said } => write!(f, "the engine has no {operation}: {said}"),
            Self::TooLarge { passes, most } => write!(
                f,
                "too large for the interpreter: its invocations make up to {passes} passes through loops, and {most} are executed at most"
            ),
            Self::Memory { needs, has } => write!(
                f,
                "too large for the memory there is: it needs about {} MiB where it is executed, and {} MiB are the most that it may \
                 take (--memory)",
                needs >> 20,
                has >> 20
            ),
            Self::CpuOnly => f.write_str("runs on the CPU's threads only"),
        }
    }
}
