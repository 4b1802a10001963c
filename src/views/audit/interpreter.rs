//! What the interpreter found: in itself, and in shaders.

use super::findings::FindingRow;
use super::headline::{by_kernel, make};
use super::levels::Fared;
use crate::record::{Engine, Execution, Outcome, Record};
use crate::views::document::{Statement, Tone};
use crate::views::text;

/// The title of what is said of the references themselves.
pub(super) const SELF_CHECK: &str = "Self-check";

/// Two implementations of strict arithmetic, the interpreter of the shader and the reference, must agree. Of a kernel of the
/// user's own they are one.
pub(super) fn self_check(record: &Record, fared: &Fared) -> Option<Statement> {
    if fared.problems.is_empty() {
        return None;
    }
    if record.provenance.own.is_some() {
        let text =
            "The strict reference of your own kernel is the interpreter: no second implementation checks it here.";
        return Some(make(Tone::Plain, "Reference", text.to_owned()));
    }
    let title = SELF_CHECK;
    if fared.broken.is_empty() {
        let all = match fared.problems.len() {
            1 => "the one test problem".to_owned(),
            n => format!("all {}", text::plural(n, "test problem")),
        };
        let text = format!(
            "The interpreter and the CPU references, two implementations of strict arithmetic, agree in {all}."
        );
        return Some(make(Tone::Good, title, text));
    }
    let text = format!(
        "The interpreter and the CPU references, two implementations of strict arithmetic, differ in {} of {}: {}.",
        fared.broken_problems.len(),
        text::plural(fared.problems.len(), "test problem"),
        by_kernel(&fared.broken)
    );
    Some(make(Tone::Broke, title, text))
}

/// Defects of shaders that the interpreter found.
pub(super) fn shaders(record: &Record, findings: &[FindingRow]) -> Option<Statement> {
    let title = "Shaders";
    let ran = |engine: &Engine| {
        let on = |x: &&Execution| x.engine == engine.id && matches!(x.outcome, Outcome::Ran { .. });
        record.cases.iter().flat_map(|c| &c.executions).filter(on).count()
    };
    let cases = record.engines.iter().filter(|e| e.is_embedded()).map(ran).max().filter(|n| *n > 0)?;
    let defects: Vec<String> =
        findings.iter().filter(|f| f.defect).map(|f| format!("{} in {}", f.title.to_lowercase(), f.place())).collect();
    if defects.is_empty() {
        let text = format!(
            "The interpreter found no data race, no barrier in non-uniform control flow and no access out of \
             bounds in the {} that it ran.",
            text::plural(cases, "case")
        );
        return Some(make(Tone::Good, title, text));
    }
    let text = format!("The interpreter found defects that a driver does not report: {}.", text::list(&defects, 6));
    Some(make(Tone::Bad, title, text))
}
