//! Operations that an adapter computes by others: an expression, computed with the adapter's own values of what it is made of,
//! gives the operation's value at every operand that it was asked for. It needs no knowledge of any driver.

use std::sync::{Arc, Mutex, PoisonError};

use super::naming::Asked;
use super::orders;
use super::search::ask_for;
use crate::engines::interpreter::asked::{Answers, Asking, Covered, Words};
use crate::engines::interpreter::{Mode, Runner};
use crate::engines::{Engine, RunError};
use crate::model::explained::Definition;
use crate::wgsl::primitive::Primitive;

const SOURCE: &str = include_str!("definitions.wgsl");

/// How the line with an expression begins.
const HEADING: &str = "//# ";

/// Operands that an expression has to give first: most fail there.
const FIRST: usize = 1 << 9;

/// Operands of a dispatch.
const DISPATCH: usize = 1 << 16;

/// The expressions, each with the source that computes it.
pub(super) fn all() -> impl Iterator<Item = (&'static str, String)> {
    let mut parts = SOURCE.split(HEADING);
    let shared = parts.next().unwrap_or_default();
    parts.filter_map(move |part| {
        let (expression, functions) = part.split_once('\n')?;
        Some((expression.trim(), format!("{shared}{functions}")))
    })
}

/// The expressions that give every value of an operation, with the operations whose own values they take.
pub(super) fn definitions(
    engine: &mut dyn Engine,
    answers: &Arc<Mutex<Answers>>,
    asked: &Asked,
) -> Result<Vec<Definition>, RunError> {
    let mut found = Vec::new();
    for (expression, source) in all() {
        if let Some(operations) = reproduce(engine, answers, asked, &source)? {
            found.push(Definition { expression: expression.to_owned(), operations });
        }
    }
    Ok(found)
}

/// The operations that a source's function takes where it gives every value of an operation.
fn reproduce(
    engine: &mut dyn Engine,
    answers: &Arc<Mutex<Answers>>,
    asked: &Asked,
    source: &str,
) -> Result<Option<Vec<String>>, RunError> {
    let Some(by) = asked.primitive.by_model(source) else { return Ok(None) };
    let first = asked.given.len().min(FIRST);
    let mut operations = Vec::new();
    for range in [0..first, first..asked.given.len()] {
        let (given, made) = (&asked.given[range.clone()], &asked.made[range]);
        if !gives_all(engine, answers, (&asked.primitive, &by, source), [given, made], &mut operations)? {
            return Ok(None);
        }
    }
    operations.sort();
    operations.dedup();
    Ok(Some(operations.iter().map(Primitive::name).collect()))
}

/// How a sum of products adds, where that and the adapter's own products and sums give every value.
pub(super) fn ordered(
    engine: &mut dyn Engine,
    answers: &Arc<Mutex<Answers>>,
    asked: &Asked,
) -> Result<Vec<Definition>, RunError> {
    let Some(orders) = orders::orders(engine, &asked.primitive)? else { return Ok(Vec::new()) };
    // Which of two NaN stays depends on the order of operands, which nothing but NaN shows.
    let summands = asked.primitive.operands().first().map_or(0, |ty| ty.words());
    let nodes = if asked.primitive.made() == 1 { 2 * summands - 1 } else { 0 };
    for exchanged in 0..1u32 << nodes.min(7) {
        let Some(source) = orders::source(&asked.primitive, &orders, exchanged) else { break };
        if let Some(operations) = reproduce(engine, answers, asked, &source)? {
            let mut different: Vec<String> = orders.iter().map(ToString::to_string).collect();
            different.sort();
            different.dedup();
            return Ok(vec![Definition {
                expression: format!("products added as {}", different.join(" and ")),
                operations,
            }]);
        }
    }
    Ok(Vec::new())
}

/// Whether an expression gives these values of an operation.
fn gives_all(
    engine: &mut dyn Engine,
    answers: &Arc<Mutex<Answers>>,
    (of, by, source): (&Primitive, &Primitive, &str),
    [given, made]: [&[Words]; 2],
    used: &mut Vec<Primitive>,
) -> Result<bool, RunError> {
    for (given, made) in given.chunks(DISPATCH).zip(made.chunks(DISPATCH)) {
        let words: Vec<u32> = given.iter().flat_map(|words| words.iter().copied()).collect();
        let Some(program) = by.program(words, source) else { return Ok(false) };
        let asking = Asking::new(Covered::Others(of.clone()), Arc::clone(answers));
        let mut find = || ask_for(engine, answers, &asking);
        let Some(found) = Runner::open(Mode::default()).compute_asking(&program, &asking, &mut find)? else {
            answers.lock().unwrap_or_else(PoisonError::into_inner).give_up();
            return Ok(false);
        };
        let found = found.chunks(by.made());
        if !found.zip(made).all(|(found, made)| *found == **made) {
            return Ok(false);
        }
        used.extend(asking.used().into_keys());
    }
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expressions_are_wgsl_and_name_what_they_compute() {
        for (expression, source) in all() {
            assert!(crate::wgsl::examine(&source).is_ok(), "{expression}");
            assert!(source.contains("fn model_"), "{expression} computes something");
            assert!(!expression.is_empty(), "{source}");
        }
        assert!(all().count() > 50, "there are some");
    }
}
