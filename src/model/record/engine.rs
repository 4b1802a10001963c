//! What executed the cases of a record.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::model::{AdapterIdentity, Limit, Role};

/// What kind of engine.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum EngineKind {
    /// The CPU twins.
    Cpu,
    /// An adapter through wgpu, the embedded one, or a remote engine.
    Adapter,
}

/// Whether an engine finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase", tag = "state")]
pub enum EngineStatus {
    /// It answered for every case.
    Complete,
    /// It crashed, hung, lost its device or could not be opened. What it had finished is in the record.
    Failed {
        /// What happened, in one line.
        reason: String,
        /// The case it was working on, if any.
        case: Option<String>,
    },
}

/// Something that executes cases.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Engine {
    /// Short and unique in the record: `cpu`, `vulkan:0`, `vulkan:0 LP_NUM_THREADS=1`.
    pub id: String,
    /// For people: adapter name, backend and driver.
    pub label: String,
    /// Its kind.
    pub kind: EngineKind,
    /// Who the adapter is.
    pub adapter: Option<AdapterIdentity>,
    /// The environment variables set for it alone (`--vary`).
    pub variables: BTreeMap<String, String>,
    /// Whether it finished.
    pub status: EngineStatus,
    /// What it silently does not do, as probes found. Since format 1.3.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub limits: Vec<Limit>,
}

impl Engine {
    /// What it is to the audit.
    #[must_use]
    pub fn role(&self) -> Role {
        match (self.kind, &self.adapter) {
            (EngineKind::Cpu, _) => Role::Cpu,
            (EngineKind::Adapter, None) => Role::Unlisted,
            (EngineKind::Adapter, Some(adapter)) => adapter.role(),
        }
    }

    /// Whether repeated runs are chosen orders of execution, and no random draws.
    #[must_use]
    pub fn takes_orders(&self) -> bool {
        self.adapter.as_ref().is_some_and(AdapterIdentity::takes_orders)
    }

    /// [`Role::is_interpreter`].
    #[must_use]
    pub fn is_embedded(&self) -> bool {
        self.role().is_interpreter()
    }

    /// [`Role::is_driver`].
    #[must_use]
    pub fn is_driver(&self) -> bool {
        self.role().is_driver()
    }

    /// Whether it is [`Role::Reference`].
    #[must_use]
    pub fn is_reference(&self) -> bool {
        self.role() == Role::Reference
    }
}
