//! Dropout under activation checkpointing: the backward pass computes the mask again, and has the gradients wrong in
//! silence where it gets another one.

use super::{Place, Threshold, seen};
use crate::kernels::case::{Case, CaseError};
use crate::kernels::{Allowance, Buffer, Exact, Observation, OutputView, Pass, Problem, Program};
use crate::model::bits::{Bits, Dtype};
use crate::numerics::arith::Arithmetic;
use crate::numerics::inputs::philox::key;

/// The mask of the forward pass, then that of the backward pass.
struct Recompute {
    n: usize,
    p: f64,
    threshold: Threshold,
    key: [u32; 2],
    /// Where words come from in each pass.
    places: [Place; 2],
    advance: u32,
    wg: u32,
    groups: [u32; 2],
}

/// The problem of a case of `dropout/recompute`.
pub(super) fn problem(case: &Case, threshold: Threshold, p: f64) -> Result<Box<dyn Problem>, CaseError> {
    let n = case.count("n")? as usize;
    let wg = case.count("wg")?;
    let first = case.count("groups")?;
    let again = case.count("again")?;
    let groups = [first, if again == 0 { first } else { again }];
    let place = case.word("place")?;
    let places = groups.map(|groups| {
        let threads = wg as usize * groups as usize;
        match place {
            "element" => Place::Element,
            "thread" => Place::Thread { threads },
            _ => Place::Vec4 { threads },
        }
    });
    let (advance, key) = (case.count("advance")?, key(case.seed("seed")?));
    Ok(Box::new(Recompute { n, p, threshold, key, places, advance, wg, groups }))
}

impl Problem for Recompute {
    fn shape(&self) -> (Dtype, usize) {
        (Dtype::Mask, 2 * self.n)
    }

    fn program(&self) -> Option<Program> {
        let [key0, key1] = self.key;
        let n = u32::try_from(self.n).unwrap_or(u32::MAX);
        Some(Program::new(
            self.places[0].shader(self.wg).flag("RECOMPUTE", true).source(),
            vec![Buffer::Input(vec![key0, key1, self.threshold.word, n, self.advance]), Buffer::Output(2 * self.n)],
            vec![Pass::new("main", [self.groups[0], 1, 1]), Pass::new("again", [self.groups[1], 1, 1])],
            OutputView::whole(1, Dtype::Mask, 2 * self.n),
        ))
    }

    fn arithmetics(&self) -> &'static [Arithmetic] {
        &[Arithmetic::STRICT]
    }

    fn twin(&self, _arithmetic: Arithmetic, threads: usize) -> Option<Bits> {
        let mut words = self.places[0].words(self.n, self.key, 0, threads);
        words.extend(self.places[1].words(self.n, self.key, self.advance, threads));
        for word in &mut words {
            *word = u32::from(self.threshold.keep_integer(*word));
        }
        Some(Bits::words(Dtype::Mask, words))
    }

    fn exact(&self) -> Option<Exact> {
        None
    }

    /// Integers are exact, also where the design makes the two masks differ.
    fn allowance(&self) -> Allowance {
        Allowance::Exact
    }

    fn observe(&self, output: &Bits) -> Vec<Observation> {
        let (forward, backward) = output.words.split_at(self.n);
        let mut seen = seen::agreement(forward, backward, self.p);
        seen.extend(seen::keep_rate(forward, self.p, self.p > 0.0));
        if !matches!(self.places[0], Place::Thread { .. }) {
            seen.extend(seen::duplicate_lanes(forward, self.p));
        }
        seen
    }
}
