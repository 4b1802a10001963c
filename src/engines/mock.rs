//! An engine that answers what it was told to, for tests of what asks engines.

use std::collections::VecDeque;

use super::cpu::{Compute, Cpu};
use super::{Answer, Engine};
use crate::model::{AdapterIdentity, Task};

/// Gives the answers of its script, one a task, and computes as a [`Cpu`] when that has ended.
pub struct Mock<'a> {
    computes: Cpu<'a>,
    script: VecDeque<Answer>,
}

impl<'a> Mock<'a> {
    /// A mock with this script.
    #[must_use]
    pub fn new(script: impl IntoIterator<Item = Answer>, compute: Compute<'a>) -> Self {
        Self { computes: Cpu::new("mock", compute), script: script.into_iter().collect() }
    }
}

impl Engine for Mock<'_> {
    fn identity(&self) -> &AdapterIdentity {
        self.computes.identity()
    }

    fn run(&mut self, task: &Task, repeats: u32) -> Answer {
        self.script.pop_front().unwrap_or_else(|| self.computes.run(task, repeats))
    }
}
