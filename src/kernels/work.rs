//! How much a case is: an estimate from its parameters alone, before anything is drawn.

use super::case::{Case, CaseError};
use super::{Elementwise, activation, arithmetic, builtins, conversion, specials};

/// Who computes a case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Place {
    /// The adapters: it has a program.
    Adapters,
    /// This machine's threads.
    Threads,
}

/// What one execution of a case takes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Who computes it.
    pub place: Place,
    /// Steps that all invocations make together: an arithmetic operation, an index, a load or a store is one. Within a
    /// factor of four of what [`Runner::count`](crate::engines::interpreter::Runner::count) counts.
    pub operations: u64,
    /// Bytes of the inputs.
    pub inputs: u64,
    /// Bytes of all that is written: the answer, and what is left for a later pass.
    pub written: u64,
    /// Elements of the answer.
    pub elements: u64,
    /// Nanoseconds that one thread takes for the references, the exact answer and what is allowed, to an order of magnitude.
    pub reference: u64,
    /// Whether the answer is made of numbers, which have an exact answer and bounds.
    pub numbers: bool,
}

impl Work {
    /// Bytes of all buffers, each of which an execution goes through at least once.
    #[must_use]
    pub fn bytes(&self) -> u64 {
        self.inputs.saturating_add(self.written)
    }

    /// Bytes that the process which asks an adapter needs at most: the inputs as drawn, as packed, and twice on their way to the
    /// adapter; the answer as it comes, in [`KEPT`] copies. Where the adapter's memory is this machine's (`shared`), its buffers too.
    #[must_use]
    pub fn child_memory(&self, shared: bool) -> u64 {
        let own = self.inputs.saturating_mul(4).saturating_add(self.elements.saturating_mul(4 * KEPT));
        own.saturating_add(if shared { self.bytes() } else { 0 })
    }

    /// Bytes that the process which judges needs at most: the inputs twice, and for each element of the answer the references in
    /// all arithmetics, the exact answer (twice) with its magnitude, an interval, and a result of each of
    /// `engines` engines and one more.
    #[must_use]
    pub fn judge_memory(&self, engines: u64) -> u64 {
        let references = if self.numbers { 4 * ARITHMETICS + 24 + 16 } else { 4 };
        let element = references + 4 * (engines + 1);
        self.inputs.saturating_mul(2).saturating_add(self.elements.saturating_mul(element))
    }
}

/// Copies of an answer: where the adapter puts it for reading, what is read, what the run before gave, and one to spare.
const KEPT: u64 = 4;

/// References of one case, one an arithmetic.
const ARITHMETICS: u64 = 6;

/// The estimate of a case of the registry.
///
/// # Errors
/// A parameter out of range.
pub fn work(case: &Case) -> Result<Work, CaseError> {
    let count = |name: &str| -> Result<u64, CaseError> { Ok(case.count(name)?.into()) };
    let or = |name: &str, without: u64| if case.text(name).is_empty() { Ok(without) } else { count(name) };
    let (wg, groups) = (or("wg", 1)?, or("groups", 1)?);
    let lanes = wg * groups;
    match (case.kernel(), case.variant()) {
        ("matmul", _) => product(case),
        ("sum" | "dot", "threads_chunked" | "threads_fixed") => {
            let n = count("n")? * count("rows")?;
            let inputs = if case.kernel() == "dot" { 8 * n } else { 4 * n };
            Ok(Work { place: Place::Threads, ..Work::of(4 * n, inputs, 4 * count("rows")?, count("rows")?) })
        }
        ("sum" | "dot" | "max" | "mean_variance", variant) => {
            let (n, rows) = (count("n")?, count("rows")?);
            // Steps a number, and words a row that are written besides the answer.
            let (step, between) = match (case.kernel(), variant) {
                ("sum", "pairwise") => (100, n.div_ceil(wg)),
                ("sum", "two_pass") => (8, groups),
                ("sum", "kahan" | "neumaier") => (14, 0),
                ("sum", "kahan_guarded" | "neumaier_guarded") => (24, 0),
                ("sum", "exact") => (100, 20),
                // All invocations of a workgroup try at once, and one at a time succeeds.
                ("sum", "atomic_cas") => (14 + 7 * wg, 0),
                ("sum", "atomic_float") => (14, 0),
                ("dot", _) => (12, 0),
                ("max", "ordered") => (14, 1),
                ("mean_variance", "one_pass") => (12, 0),
                ("mean_variance", _) => (20, 0),
                _ => (8, 0),
            };
            let each = lanes * rows;
            let steps = step * (n * rows).max(each) + each * TREE;
            let inputs = if case.kernel() == "dot" { 8 } else { 4 } * n * rows;
            let elements = if case.kernel() == "mean_variance" { 2 * rows } else { rows };
            Ok(Work::of(steps, inputs, 4 * (elements + rows * between), elements))
        }
        ("softmax" | "logsumexp" | "layer_norm", variant) => {
            let (cols, rows) = (count("cols")?, count("rows")?);
            let step = match (case.kernel(), variant) {
                ("softmax", "rows") => 30,
                ("softmax", "poly") => 90,
                ("softmax", _) => 300,
                ("logsumexp", _) => 20,
                _ => 40,
            };
            let padded = rows * cols.next_multiple_of(wg);
            let elements = if case.kernel() == "logsumexp" { rows } else { rows * cols };
            let work = Work::of(step * padded + rows * wg * TREE, 4 * rows * cols, 4 * elements, elements);
            Ok(work.judged(300 * rows * cols))
        }
        ("scatter_add", variant) => {
            let (n, width) = (count("n")?, count("width")?);
            #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "the ratio is between 0 and 1")]
            let targets = ((n as f64 * case.decimal("ratio")?) as u64).max(1);
            let hits = count("hits")?;
            let (added, cells) = (targets * hits * width, n * width);
            // Invocations of a workgroup wait for the one that has most to add, or has to try most often.
            let steps = match variant {
                "sorted" => cells.next_multiple_of(wg) * (50 + 16 * (hits + 2 * hits.isqrt() + 2)),
                "atomic_cas" => (30 + 7 * wg.div_ceil(targets)) * (added + cells),
                _ => 20 * (added + cells),
            };
            let index = 8 * added / width + 4 * n;
            Ok(Work::of(steps.max(20 * wg), 4 * (added + cells) + index, 4 * cells, cells))
        }
        ("philox" | "threefry", "vectors") => Ok(Work::of(4000 * wg, 1 << 10, 1 << 10, 1 << 8)),
        ("philox" | "threefry" | "uniform" | "normal" | "dropout" | "init", variant) => {
            if variant == "orthogonal" {
                let (rows, cols) = (count("rows")?, count("cols")?);
                let part = wg * cols.div_ceil(wg);
                let steps = rows * rows.div_ceil(2) * (16 * part + wg * TREE);
                return Ok(Work::of(steps, 4 * rows * cols, 4 * rows * cols, rows * cols));
            }
            let n = if case.text("n").is_empty() { count("rows")? * count("cols")? } else { count("n")? };
            let (n, step) = match (case.kernel(), variant) {
                ("threefry", _) => (n, 250),
                ("dropout", "threshold") => (n, 12),
                ("dropout", "recompute") => (2 * n, 200),
                (_, _) => (n, 250),
            };
            let work = Work::of(step * n.max(lanes), 1 << 14, 4 * n, n);
            Ok(if matches!(case.kernel(), "philox" | "threefry" | "dropout") { work.integers() } else { work })
        }
        ("permutation" | "split", variant) => {
            let n = or("n", 1)? + or("grown", 0)?;
            let place = if variant.starts_with("loader") { Place::Threads } else { Place::Adapters };
            let (steps, between) = match variant {
                // One invocation; a draw is a generator's block.
                "fisher_yates" => (300 * n, 0),
                "sort" => {
                    let padded = n.next_power_of_two().max(2 * wg);
                    let levels = u64::from(padded.ilog2());
                    (padded * (250 + 10 * levels * levels.div_ceil(2)), 2 * padded)
                }
                "ties_by_launch" => ((500 * n) + 10 * (lanes << count("bits")?), lanes << count("bits")?),
                "atomic_ties" => (500 * n.max(lanes) + (10 << count("bits")?), 1 << count("bits")?),
                "hash" => (250 * n.max(lanes), 0),
                _ => (20 * n, 0),
            };
            let kept = if case.kernel() == "split" && !matches!(variant, "hash") { n } else { 0 };
            Ok(Work { place, ..Work::of(steps, 1 << 6, 4 * (n + kept + between), n).integers() })
        }
        ("control", "loop") => Ok(Work::of(1 << 26, 1 << 12, 1 << 12, 1 << 8)),
        ("control", _) => Ok(Work::of(1 << 20, 1 << 12, 1 << 12, 1 << 8)),
        (name, variant) => {
            let kernels: [&Elementwise; 5] =
                [&arithmetic::KERNEL, &builtins::KERNEL, &activation::KERNEL, &conversion::KERNEL, &specials::KERNEL];
            let row =
                kernels.into_iter().find(|k| k.name == name).and_then(|k| k.rows().iter().find(|r| r.name == variant));
            let row = row.ok_or_else(|| CaseError::new(format!("nothing is known of the work of '{case}'")))?;
            let n = count("n")?;
            Ok(Work::of(40 * n.max(wg), 4 * n * row.draws.len() as u64, 4 * n, n).judged(1000 * n))
        }
    }
}

/// Steps of an invocation besides its loops: the tree over a workgroup, and what is done once.
const TREE: u64 = 100;

impl Work {
    /// The work of a program.
    fn of(operations: u64, inputs: u64, written: u64, elements: u64) -> Self {
        let reference = elements.saturating_mul(100).saturating_add(inputs.saturating_mul(5));
        Self { place: Place::Adapters, operations, inputs, written, elements, reference, numbers: true }
    }

    /// The same with references that take so many nanoseconds.
    fn judged(self, reference: u64) -> Self {
        Self { reference, ..self }
    }

    /// The same with an answer of integers, which no more than one reference is compared with.
    fn integers(self) -> Self {
        Self { numbers: false, reference: self.elements.saturating_mul(10), ..self }
    }
}

/// A product of matrices: lanes that have no element of their own go along.
fn product(case: &Case) -> Result<Work, CaseError> {
    let count = |name: &str| -> Result<u64, CaseError> { Ok(case.count(name)?.into()) };
    let or = |name: &str| if case.text(name).is_empty() { Ok(1) } else { count(name) };
    let (m, k, n) = (count("m")?, count("k")?, count("n")?);
    let (rows, split) = (or("batch")? * m, or("split")?);
    // The rows and columns that a workgroup computes, and the steps a multiply-add.
    let (height, width, step) = match case.variant() {
        "register" => (8, 16 * count("wg")?, 3),
        "tiled" => (count("tile")?, count("tile")?, 12),
        "splitk" => (8, 8, 12),
        "dot4" => (16, 16, 9),
        _ => (16, 16, 12),
    };
    let size = if matches!(case.word("dtype")?, "f16" | "f16acc32" | "bf16") { 2 } else { 4 };
    let all = rows.next_multiple_of(height) * n.next_multiple_of(width);
    let between = if case.variant() == "splitk" { split } else { 0 };
    let work = Work::of(
        step * all * k + all * (TREE + 10 * between),
        size * (rows * k + k * n.next_multiple_of(4)),
        4 * rows * n * (1 + between),
        m * n,
    );
    // The exact answer takes a cycle a product, and the references less.
    Ok(work.judged(m * k * n / 2 + 100 * m * n))
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::engines::interpreter::{Mode, Runner};
    use crate::kernels::{self, Buffer, Profile};

    /// The cases whose estimate is small enough to be counted: all of the quick profile, and of the others those of which no
    /// other configuration was taken.
    fn small() -> Vec<Case> {
        let mut seen = BTreeSet::new();
        let mut all = Vec::new();
        for profile in Profile::ALL {
            for case in kernels::all().iter().flat_map(|k| k.plan(profile, 7)) {
                let work = work(&case).unwrap_or_else(|e| panic!("{case}: {e}"));
                let new = seen.insert(if profile == Profile::Quick { case.to_string() } else { case.problem() });
                if new && work.operations < 1 << 24 {
                    all.push(case);
                }
            }
        }
        all
    }

    #[test]
    fn the_interpreter_counts_what_is_estimated() {
        let (mut wrong, mut programs) = (Vec::new(), 0);
        for case in small() {
            let problem = kernels::problem(&case).unwrap_or_else(|e| panic!("{case}: {e}"));
            let estimate = work(&case).unwrap();
            let (_, elements) = problem.shape();
            let Some(program) = problem.program() else {
                assert_eq!(estimate.place, Place::Threads, "{case}: no program");
                assert!(problem.threaded(1).is_some(), "{case}: on threads");
                continue;
            };
            assert_eq!(estimate.place, Place::Adapters, "{case}: a program");
            programs += 1;
            let bytes = |written: bool| -> u64 {
                let of = |b: &&Buffer| matches!(b, Buffer::Output(_) | Buffer::InOut(_)) == written;
                program.buffers.iter().filter(of).map(|b| 4 * b.words() as u64).sum()
            };
            let counted = Runner::open(Mode::default()).count(&program).unwrap_or_else(|e| panic!("{case}: {e}"));
            // What a launch brings with it is no matter.
            let within = |what: &str, estimate: u64, is: u64, times: u64, least: u64| {
                let (estimate, is) = (estimate.max(least), is.max(least));
                (estimate > times * is || is > times * estimate)
                    .then(|| format!("{case}: {what} {estimate}, counted {is}"))
            };
            wrong.extend(within("steps", estimate.operations, counted, 4, 1 << 18));
            wrong.extend(within("bytes read", estimate.inputs, bytes(false), 2, 1 << 13));
            wrong.extend(within("bytes written", estimate.written, bytes(true), 2, 1 << 13));
            wrong.extend(within("elements", estimate.elements, elements as u64, 2, 1 << 10));
        }
        assert!(programs > 400, "{programs} cases were counted");
        assert!(wrong.is_empty(), "{} are wrong:\n{}", wrong.len(), wrong.join("\n"));
    }

    #[test]
    fn every_planned_case_has_an_estimate() {
        for profile in Profile::ALL {
            for case in kernels::all().iter().flat_map(|k| k.plan(profile, 7)) {
                let work = work(&case).unwrap_or_else(|e| panic!("{case}: {e}"));
                assert!(work.operations > 0 && work.elements > 0 && work.written > 0, "{case}: {work:?}");
            }
        }
    }
}
