//! What must hold for every generated module.

use repro_audit::engines::{gpu, interpreter};
use repro_audit::kernels::Program;
use repro_audit::model::FindingKind;

use super::grammar::{self, Bounds, Generated};
use super::program::{Prepared, prepare};

/// Steps that a workgroup may take: far more than any module needs.
const STEPS: u64 = 1 << 22;

/// Invocations in a subgroup of lavapipe.
const SUBGROUP: u32 = 8;

fn open(mode: &str) -> interpreter::Runner {
    interpreter::Runner::open(mode.parse().unwrap_or_else(|e| panic!("{e}"))).with_most_steps(STEPS)
}

fn compute(program: &Program, mode: &str) -> Result<Vec<u32>, String> {
    open(mode).compute(program).map_err(|e| format!("embedded, {mode}: {e}"))
}

/// Where two outputs differ first.
pub(crate) fn equal(what: &str, a: &[u32], b: &[u32]) -> Result<(), String> {
    match (0..a.len().max(b.len())).find(|i| a.get(*i) != b.get(*i)) {
        None => Ok(()),
        Some(at) => Err(format!("{what}: word {at} of {}: {:x?} and {:x?}", a.len(), a.get(at), b.get(at))),
    }
}

/// The module of these bytes, as naga reads it.
fn read(bytes: &[u8], bounds: Bounds) -> Result<(Generated, Prepared), String> {
    let generated = grammar::module(bytes, bounds);
    let prepared = prepare(&generated)?;
    Ok((generated, prepared))
}

/// The properties of the embedded adapter on the module of these bytes.
///
/// # Errors
/// What does not hold, in a sentence.
pub(crate) fn holds(bytes: &[u8]) -> Result<(), String> {
    let (generated, Prepared { program, guards, before }) = read(bytes, Bounds::Free)?;
    let rules = generated.rules;
    let first = compute(&program, "schedule=in-order")?;
    for guard in guards {
        if first[guard] != before[guard] {
            return Err(format!("word {guard}, which is no variable's, was written"));
        }
    }
    equal("the same again", &first, &compute(&program, "schedule=in-order")?)?;
    // An index out of range is clamped, whatever is indexed.
    let (_, clamped) = read(bytes, Bounds::All)?;
    equal("indices clamped in the text", &first, &compute(&clamped.program, "schedule=in-order")?)?;
    let runs = open("strict").run(&program, 3).map_err(|e| e.to_string())?.map_err(|s| format!("skipped: {s}"))?;
    if rules.wild {
        return Ok(());
    }
    for finding in &runs.findings {
        if finding.kind != FindingKind::OutOfBounds {
            return Err(format!("a finding in a module that has one answer: {}", finding.message));
        }
    }
    let runs = open("strict").run(&clamped.program, 1).map_err(|e| e.to_string())?.map_err(|s| s.to_string())?;
    if let Some(finding) = runs.findings.first() {
        return Err(format!("a finding where all indices are clamped: {}", finding.message));
    }
    for order in ["schedule=reversed", "schedule=1", "schedule=77"] {
        equal(order, &first, &compute(&program, order)?)?;
        if !rules.subgroups {
            let mode = format!("{order}+subgroup=4");
            equal(&mode, &first, &compute(&program, &mode)?)?;
        }
    }
    Ok(())
}

/// Compares with an adapter every word that belongs to a variable.
///
/// # Errors
/// Where they differ, or the adapter fails.
pub(crate) fn agrees(generated: &Generated, runner: &mut gpu::Runner) -> Result<(), String> {
    let Prepared { program, guards, .. } = prepare(generated)?;
    let runs = runner.run(&program, 1).map_err(|e| format!("lavapipe: {e}"))?.map_err(|s| format!("lavapipe: {s}"))?;
    let theirs = runs.distinct[0].bits.as_ref().ok_or("lavapipe gave nothing")?.words.clone();
    let mode = format!("subgroup={SUBGROUP}");
    let mut ours = compute(&program, &mode)?;
    // A driver may write the padding of what it writes.
    guards.into_iter().for_each(|guard| ours[guard] = theirs[guard]);
    equal("embedded and lavapipe", &ours, &theirs)
}
