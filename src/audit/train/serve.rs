//! The child's part of a training: chunks of steps, of which each begins with the words that the last one left.

use crate::audit::blobs::Blobs;
use crate::audit::worker::Response;
use crate::engines::{Answer, Engine, RunError};
use crate::kernels::train::network::WORDS;
use crate::kernels::train::{Start, dtype, program};
use crate::model::task::Task;

use super::Asked;

/// Makes the steps that were asked for; `made` is told the step and the digest of all words after each chunk, which then lie
/// among the blobs.
pub(in crate::audit) fn answer(
    engine: &mut dyn Engine,
    asked: &Asked,
    blobs: &Blobs,
    made: &mut dyn FnMut(u32, String) -> std::io::Result<()>,
) -> Result<Response, RunError> {
    let stored = |e: crate::audit::AuditError| RunError::Driver(e.to_string());
    let mut words = blobs.get(&asked.from, dtype(asked.training.tier), WORDS).map_err(stored)?.words;
    let mut step = asked.step;
    while step < asked.to {
        let steps = asked.every.clamp(1, asked.to - step);
        let program = program(&asked.training, Start { step, words: &words }, steps);
        let bits = match engine.run(&Task::of(program), 1) {
            Answer::Ran(runs) => runs.distinct.into_iter().find_map(|d| d.bits),
            Answer::Skipped(why) => return Ok(Response::Skipped { why }),
            Answer::Failed(e) => return Err(e),
        };
        let bits = bits.ok_or_else(|| RunError::Driver("a run without an output".to_owned()))?;
        let digest = bits.digest();
        blobs.put(&bits, &digest).map_err(stored)?;
        words = bits.words;
        step += steps;
        made(step, digest).map_err(|e| RunError::Driver(format!("its pipe failed: {e}")))?;
    }
    Ok(Response::Trained { step })
}
