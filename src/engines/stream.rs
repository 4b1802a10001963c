//! One program with many contents of one of its buffers, one after another: what a sweep over all inputs is made of.

use super::{Answer, RunError};
use crate::model::Skip;
use crate::model::task::{Buffer, Program};

/// The output of one of the contents.
#[derive(Debug, Clone, Copy)]
pub struct Chunk<'a> {
    /// Its place among the contents.
    pub index: usize,
    /// The output's words.
    pub words: &'a [u32],
    /// What the words held before, where nobody has looked whether they were all written.
    pub poison: Option<u32>,
}

/// See the module.
pub struct Stream<'a> {
    /// The program. Its output is the whole of one buffer.
    pub program: &'a Program,
    /// Which buffer's content varies, an input.
    pub varied: usize,
    /// The contents, each as long as the program's own.
    pub contents: &'a mut dyn Iterator<Item = Vec<u32>>,
    /// Takes an output; they come in order.
    pub take: &'a mut dyn FnMut(Chunk<'_>) -> Result<(), RunError>,
}

impl std::fmt::Debug for Stream<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Stream").field("varied", &self.varied).finish_non_exhaustive()
    }
}

impl Stream<'_> {
    /// Runs the program with one content after another.
    pub(super) fn one_by_one(&mut self, mut run: impl FnMut(Program) -> Answer) -> Result<Result<(), Skip>, RunError> {
        for (index, words) in (&mut *self.contents).enumerate() {
            let mut program = self.program.clone();
            program.buffers[self.varied] = Buffer::Input(words);
            match run(program) {
                Answer::Ran(runs) => {
                    let bits = runs.distinct.into_iter().find_map(|d| d.bits);
                    let bits = bits.ok_or_else(|| RunError::Driver("a run without an output".to_owned()))?;
                    (self.take)(Chunk { index, words: &bits.words, poison: None })?;
                }
                Answer::Skipped(why) => return Ok(Err(why)),
                Answer::Failed(e) => return Err(e),
            }
        }
        Ok(Ok(()))
    }
}
