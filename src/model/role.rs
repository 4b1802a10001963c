//! What an engine is to an audit.

use serde::Serialize;

/// See the module.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Role {
    /// The CPU references, and the CPU's threads.
    Cpu,
    /// The interpreter in strict arithmetic: a reference, and nothing under test.
    Reference,
    /// The interpreter with a defect planted on purpose: it tests the auditor.
    Planted,
    /// An adapter with a driver.
    Driver,
    /// A process that speaks the remote protocol, such as a framework: it computes in its own order, and WGSL's
    /// allowance says nothing of it.
    Remote,
    /// The adapters of a backend that could not be listed.
    Unlisted,
}

impl Role {
    /// Whether results come from outside this program, and are what an audit is about: those of a driver, or of a process
    /// such as a framework.
    #[must_use]
    pub fn is_under_test(self) -> bool {
        matches!(self, Self::Driver | Self::Remote)
    }

    /// Whether it is under test as a driver, be it one that could not be listed.
    #[must_use]
    pub fn is_driver(self) -> bool {
        matches!(self, Self::Driver | Self::Unlisted)
    }

    /// Whether it is this program's own interpreter.
    #[must_use]
    pub fn is_interpreter(self) -> bool {
        matches!(self, Self::Reference | Self::Planted)
    }

    /// Whether it executes WGSL, be it that it could not be opened.
    #[must_use]
    pub fn is_adapter(self) -> bool {
        self.is_driver() || self.is_interpreter()
    }
}
