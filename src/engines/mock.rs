//! An engine that answers what it was told to, for tests of what asks engines.

use std::collections::VecDeque;
use std::time::Duration;

use super::cpu::{Compute, Cpu};
use super::{Answer, Engine};
use crate::model::{AdapterIdentity, Task};

/// What a mock does instead of computing.
#[derive(Debug, Clone)]
pub enum Step {
    /// Answers this.
    Answer(Answer),
    /// Waits so long, then computes.
    Wait(Duration),
    /// Panics.
    Panic,
}

/// Does its script, a step a task, and computes as a [`Cpu`] when that has ended.
pub struct Mock<'a> {
    computes: Cpu<'a>,
    script: VecDeque<Step>,
}

impl<'a> Mock<'a> {
    /// A mock with this script.
    #[must_use]
    pub fn new(script: impl IntoIterator<Item = Step>, compute: Compute<'a>) -> Self {
        Self { computes: Cpu::new("mock", compute), script: script.into_iter().collect() }
    }
}

impl Engine for Mock<'_> {
    fn identity(&self) -> &AdapterIdentity {
        self.computes.identity()
    }

    fn run(&mut self, task: &Task, repeats: u32) -> Answer {
        match self.script.pop_front() {
            Some(Step::Answer(answer)) => return answer,
            Some(Step::Wait(time)) => std::thread::sleep(time),
            Some(Step::Panic) => std::panic::panic_any("a fault on purpose"),
            None => {}
        }
        self.computes.run(task, repeats)
    }
}
