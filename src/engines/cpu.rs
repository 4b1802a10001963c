//! The CPU as an engine: what computes an answer is handed to it, for this room knows no kernels.

use super::collect::Tally;
use super::{Answer, Engine};
use crate::model::bits::Bits;
use crate::model::task::elements;
use crate::model::{AdapterIdentity, RunError, Runs, Skip, Task};

/// Computes the answer to a task; `None` where it has none.
pub type Compute<'a> = Box<dyn FnMut(&Task) -> Option<Bits> + Send + 'a>;

/// See the module.
pub struct Cpu<'a> {
    identity: AdapterIdentity,
    compute: Compute<'a>,
}

impl<'a> Cpu<'a> {
    /// An engine of this name that computes with `compute`.
    #[must_use]
    pub fn new(name: &str, compute: Compute<'a>) -> Self {
        let identity = AdapterIdentity {
            name: name.to_owned(),
            device_type: "cpu".to_owned(),
            driver: "repro-audit".to_owned(),
            driver_info: env!("CARGO_PKG_VERSION").to_owned(),
            ..AdapterIdentity::unlisted("cpu")
        };
        Self { identity, compute }
    }
}

impl Engine for Cpu<'_> {
    fn identity(&self) -> &AdapterIdentity {
        &self.identity
    }

    fn run(&mut self, task: &Task, repeats: u32) -> Answer {
        if let Err(wrong) = task.check() {
            return Answer::Failed(RunError::Task(wrong.to_string()));
        }
        let repeats = repeats.max(1);
        let started = std::time::Instant::now();
        let mut tally = Tally::default();
        for _ in 0..repeats {
            let Some(bits) = (self.compute)(task) else {
                let operation = task.operation.as_ref().map_or_else(|| "reference".to_owned(), |o| o.name.clone());
                return Answer::Skipped(Skip::Operation { operation, said: String::new() });
            };
            if bits.dtype != task.dtype || Some(bits.len) != elements(&task.shape) {
                return Answer::Failed(RunError::Task("the reference has another shape than the answer".to_owned()));
            }
            tally.add(bits, 1);
        }
        let seconds = started.elapsed().as_secs_f64();
        let distinct = tally.finish();
        Answer::Ran(Runs { distinct, runs: repeats, seconds, compile_seconds: 0.0, findings: Vec::new() })
    }
}
