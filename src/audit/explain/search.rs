//! What reproduces a result: the interpreter with liberties, with an adapter's own values of single operations, or both.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use crate::engines::interpreter::asked::{Answers, Asking, Covered, Words};
use crate::engines::interpreter::{Mode, Runner};
use crate::engines::{Answer, Engine, RunError};
use crate::model::bits::Bits;
use crate::model::explained::{FirstStep, Grade, Pair, Reproduction, Unreproduced};
use crate::model::task::Program;
use crate::model::{Liberty, Task};
use crate::wgsl::primitive::Primitive;

/// Liberties that are tried together. Of more the first ones; the others alone.
const TOGETHER: usize = 5;

/// How often what was answered may bring up other operands: so deep may functions of functions be.
const ROUNDS: usize = 24;

/// Operands that are asked in a round; with more, what is asked would take longer than the case.
const MOST: usize = 1 << 19;

/// Operands that one dispatch takes.
const DISPATCH: usize = 1 << 16;

/// A search on one adapter. Answers serve all cases.
pub(super) struct Search<'e> {
    engine: &'e mut dyn Engine,
    answers: Arc<Mutex<Answers>>,
}

/// A result, and how often each operation came up.
type Measured = (Bits, BTreeMap<Primitive, u64>);

/// What a hypothesis gives.
struct Given {
    by: Reproduction,
    bits: Bits,
}

impl<'e> Search<'e> {
    pub(super) fn new(engine: &'e mut dyn Engine, answers: Arc<Mutex<Answers>>) -> Self {
        Self { engine, answers }
    }

    /// What reproduces `target`, the adapter's result of a program whose strict result is another. Of the liberties only these
    /// are tried.
    pub(super) fn pair(
        &mut self,
        case: &str,
        program: &Program,
        [strict, target]: [&Bits; 2],
        liberties: &[Liberty],
    ) -> Result<Pair, RunError> {
        let mut best: Option<Given> = None;
        let pair = |grade, by, given: Option<&Given>| told(case, grade, by, [strict, target], given);
        let named = smallest(liberties, |set| {
            let bits = program.output.gather(Runner::open(mode_of(set)).compute(program)?);
            let gives = bits == *target;
            if !gives {
                let by = Reproduction { liberties: set.to_vec(), operations: Vec::new() };
                keep(&mut best, Given { by, bits }, [strict, target]);
            }
            Ok(gives)
        })?;
        if !named.is_empty() {
            let by = |liberties| Reproduction { liberties, operations: Vec::new() };
            return Ok(pair(Grade::Named, named.into_iter().map(by).collect(), None));
        }
        // The adapter's own values: of functions, with as few liberties as will do, then of operators too, with those
        // liberties that are no matter of single operations.
        let sets = subsets(liberties);
        let algebra: Vec<Liberty> = liberties.iter().copied().filter(|l| is_algebra(*l)).collect();
        let rewritten = subsets(&algebra);
        let functions = sets.iter().map(|set| (set.as_slice(), Covered::Functions));
        let operators = rewritten.iter().map(|set| (set.as_slice(), Covered::All));
        let mut found: Vec<Reproduction> = Vec::new();
        let (mut grade, mut way) = (Grade::Measured, None);
        for (set, covered) in functions.chain(operators) {
            // What is as small and is found in the same way can't be told from the first.
            let this = (set.len(), matches!(covered, Covered::Functions));
            if way.is_some_and(|way| way != this) {
                break;
            }
            let Some((bits, used)) = self.measured(program, set, covered)? else { continue };
            if used.is_empty() {
                continue;
            }
            if bits == *target {
                let least = self.least(program, set, &used, target)?;
                let itself = set.is_empty() && self.is_itself(&least, &used, [strict, target]);
                if itself {
                    grade = Grade::Itself;
                }
                let operations = least.iter().map(Primitive::name).collect();
                found.push(Reproduction { liberties: set.to_vec(), operations });
                way = Some(this);
                continue;
            }
            let operations = used.keys().map(Primitive::name).collect();
            let given = Given { by: Reproduction { liberties: set.to_vec(), operations }, bits };
            keep(&mut best, given, [strict, target]);
        }
        if !found.is_empty() {
            return Ok(pair(grade, found, None));
        }
        let reproduced = best.as_ref().map_or(0, |given| matching(&given.bits, [strict, target]));
        Ok(match best {
            Some(given) if reproduced > 0 => pair(Grade::Partly, vec![given.by.clone()], Some(&given)),
            _ => {
                let none = Given { by: Reproduction::default(), bits: strict.clone() };
                pair(Grade::Unexplained, Vec::new(), Some(&none))
            }
        })
    }

    /// The first value of the shader that differs where the interpreter is given what reproduces most of a result.
    pub(super) fn first_step(&self, program: &Program, by: &Reproduction) -> Result<Option<FirstStep>, RunError> {
        let asking = Asking::new(Covered::Named(by.operations.iter().cloned().collect()), Arc::clone(&self.answers));
        let apart = Runner::open(mode_of(&by.liberties)).first_apart(program, asking)?;
        // Rows hold binary16 numbers as the binary32 ones of their value.
        let hex = |word: u32| format!("0x{word:08x}");
        Ok(apart.map(|apart| FirstStep {
            line: apart.place.line,
            expression: apart.place.text,
            strict: hex(apart.words[0]),
            found: hex(apart.words[1]),
        }))
    }

    /// What the interpreter gives with these liberties and the adapter's own values of these operations, and which operations
    /// came up. `None` where that does not end within the limits.
    fn measured(
        &mut self,
        program: &Program,
        liberties: &[Liberty],
        covered: Covered,
    ) -> Result<Option<Measured>, RunError> {
        let asking = Asking::new(covered, Arc::clone(&self.answers));
        let mut rounds = 0;
        let mut find = || {
            rounds += 1;
            Ok(rounds < ROUNDS && ask_for(self.engine, &self.answers, &asking)?)
        };
        let words = Runner::open(mode_of(liberties)).compute_asking(program, &asking, &mut find)?;
        if words.is_none() {
            asking.answers().give_up();
        }
        Ok(words.map(|words| (program.output.gather(words), asking.used())))
    }

    /// Operations of which none can be left out.
    fn least(
        &mut self,
        program: &Program,
        liberties: &[Liberty],
        used: &BTreeMap<Primitive, u64>,
        target: &Bits,
    ) -> Result<Vec<Primitive>, RunError> {
        let mut kept: Vec<Primitive> = used.keys().cloned().collect();
        for one in used.keys() {
            let without: Vec<Primitive> = kept.iter().filter(|p| *p != one).cloned().collect();
            if let Some((bits, _)) = self.measured(program, liberties, Covered::Only(without.clone()))?
                && bits == *target
            {
                kept = without;
            }
        }
        Ok(kept)
    }

    /// Whether every element that differs is a result of one operation, which came up no more often than there are elements.
    fn is_itself(&self, least: &[Primitive], used: &BTreeMap<Primitive, u64>, [strict, target]: [&Bits; 2]) -> bool {
        let [only] = least else { return false };
        let often = used.get(only).copied().unwrap_or(0);
        let results = self.answers.lock().unwrap_or_else(PoisonError::into_inner).results(only);
        let differs = |i: &usize| strict.get(*i) != target.get(*i);
        often <= target.len as u64 && (0..target.len).filter(differs).all(|i| results.contains(&target.get(i)))
    }
}

/// Asks the adapter for all that came up without an answer. False where it has no means for some of it, or there is too much.
pub(super) fn ask_for(engine: &mut dyn Engine, answers: &Mutex<Answers>, asking: &Asking) -> Result<bool, RunError> {
    let missing: Vec<(Primitive, Vec<Words>)> = {
        let answers = asking.answers();
        answers.missing().map(|(p, all)| (p.clone(), all.into_iter().cloned().collect())).collect()
    };
    if missing.iter().map(|(_, all)| all.len()).sum::<usize>() > MOST {
        return Ok(false);
    }
    for (primitive, operands) in missing {
        if !ask(engine, answers, &primitive, &operands)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Asks the adapter for an operation. False where it has no means for it.
pub(super) fn ask(
    engine: &mut dyn Engine,
    answers: &Mutex<Answers>,
    primitive: &Primitive,
    operands: &[Words],
) -> Result<bool, RunError> {
    for some in operands.chunks(DISPATCH) {
        let given: Vec<u32> = some.iter().flat_map(|words| words.iter().copied()).collect();
        let Some(program) = primitive.program(given, "") else { return Ok(false) };
        let runs = match engine.run(&Task::of(program), 1) {
            Answer::Ran(runs) => runs,
            // What the adapter does not have, or naga cannot write for its backend, is not known.
            Answer::Skipped(_) | Answer::Failed(RunError::Shader(_)) => return Ok(false),
            Answer::Failed(e) => return Err(e),
        };
        let Some(bits) = runs.distinct.into_iter().find_map(|d| d.bits) else { return Ok(false) };
        let made = bits.words.chunks(primitive.made()).map(Words::from);
        let mut answers = answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.tell(primitive, some.iter().cloned().zip(made));
    }
    Ok(true)
}

/// All sets of the least number of liberties, one at least, that `gives` says of that they give what is sought.
pub(super) fn smallest(
    liberties: &[Liberty],
    mut gives: impl FnMut(&[Liberty]) -> Result<bool, RunError>,
) -> Result<Vec<Vec<Liberty>>, RunError> {
    let mut found: Vec<Vec<Liberty>> = Vec::new();
    for set in subsets(liberties).into_iter().filter(|set| !set.is_empty()) {
        if found.first().is_some_and(|first| first.len() < set.len()) {
            break;
        }
        if gives(&set)? {
            found.push(set);
        }
    }
    Ok(found)
}

/// Whether a liberty makes other operations of those that are written, and does not change what an operation gives.
fn is_algebra(liberty: Liberty) -> bool {
    use Liberty as L;
    match liberty {
        L::Contract
        | L::Reassociate
        | L::ZeroProduct
        | L::ZeroSum
        | L::SelfDifference
        | L::Factor
        | L::ConstantReciprocal
        | L::FoldConstants
        | L::CompareSelect => true,
        L::SplitFma | L::Flush | L::Reciprocal | L::RoundTwice | L::OperandNan | L::ApproximateFunction { .. } => false,
    }
}

/// All sets of liberties, the smallest first: of more than are tried together, those beyond are tried alone.
fn subsets(liberties: &[Liberty]) -> Vec<Vec<Liberty>> {
    let some = &liberties[..liberties.len().min(TOGETHER)];
    let mut all: Vec<Vec<Liberty>> = (0..1u32 << some.len())
        .map(|set| some.iter().enumerate().filter(|(k, _)| set >> k & 1 == 1).map(|(_, l)| *l).collect())
        .collect();
    all.extend(liberties.iter().skip(TOGETHER).map(|l| vec![*l]));
    all.sort_by_key(Vec::len);
    all
}

/// The interpreter that takes these liberties.
pub(in crate::audit) fn mode_of(liberties: &[Liberty]) -> Mode {
    let mut mode = Mode::default();
    liberties.iter().for_each(|liberty| mode.defects.take(*liberty));
    mode
}

/// Elements that differ from the strict ones and are given.
fn matching(given: &Bits, [strict, target]: [&Bits; 2]) -> usize {
    (0..target.len).filter(|i| strict.get(*i) != target.get(*i) && given.get(*i) == target.get(*i)).count()
}

/// Elements that are other than they should be, where the strict ones are right too.
fn keep(best: &mut Option<Given>, given: Given, sides: [&Bits; 2]) {
    let [strict, target] = sides;
    // What changes an element that is strict is contradicted by it.
    let spoils = (0..target.len).any(|i| strict.get(i) == target.get(i) && given.bits.get(i) != target.get(i));
    let reproduces = |given: &Given| matching(&given.bits, sides);
    if !spoils && best.as_ref().is_none_or(|best| reproduces(&given) > reproduces(best)) {
        *best = Some(given);
    }
}

/// A pair as it is told. `given` is the best of what does not reproduce all.
fn told(case: &str, grade: Grade, by: Vec<Reproduction>, [strict, target]: [&Bits; 2], given: Option<&Given>) -> Pair {
    let elements = (0..target.len).filter(|i| strict.get(*i) != target.get(*i)).count();
    let reproduced = given.map_or(elements, |given| matching(&given.bits, [strict, target]));
    let first = given.and_then(|given| {
        let i = (0..target.len).find(|i| given.bits.get(*i) != target.get(*i))?;
        let hex = |bits: &Bits| bits.dtype.hex(bits.get(i));
        Some(Unreproduced { element: i as u64, found: hex(target), given: hex(&given.bits) })
    });
    Pair {
        case: case.to_owned(),
        grade,
        by,
        elements: elements as u64,
        reproduced: reproduced as u64,
        first,
        step: None,
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;
    use crate::audit::explain::naming::operations;
    use crate::engines::interpreter::DotOrder;
    use crate::engines::interpreting;
    use crate::kernels::case::Case;
    use crate::kernels::problem;

    /// Cases in which each liberty shows, by itself and beside others.
    const CASES: [&str; 20] = [
        "arithmetic/mul_add?n=64&dist=mixed",
        "arithmetic/cancel?n=64",
        "arithmetic/factor?n=64",
        "arithmetic/mul_zero?n=64&dist=mixed",
        "arithmetic/add_zero?n=64&dist=mixed",
        "arithmetic/zero_minus?n=64&dist=mixed",
        "arithmetic/div_constant?n=64",
        "arithmetic/fma?n=256",
        "arithmetic/mul?n=64&dist=mixed",
        "specials/add?n=256&dist=edges",
        "specials/subtract_self?n=256&dist=edges",
        "specials/div?n=256&dist=edges",
        "specials/fma?n=256&dist=edges",
        "conversion/f32_to_f16?n=256",
        "layer_norm/two_pass?rows=2&cols=32",
        "sum/kahan?n=256",
        "activation/gelu_sigmoid?n=256",
        "max/compare?n=40&rows=16&special=nan",
        "softmax/rows?rows=2&cols=32",
        "builtins/dot?n=64",
    ];

    fn programs() -> Vec<(String, Program)> {
        let program = |id: &&str| {
            let case = Case::parse(id).expect("a case");
            (case.to_string(), problem(&case).expect("a problem").program().expect("a shader"))
        };
        CASES.iter().map(program).collect()
    }

    /// Pairs, each with what changes it, and operations.
    type Explained = (Vec<(Pair, Vec<Liberty>)>, Vec<crate::model::explained::Operation>);

    /// The pairs of a planted engine that differ, with what changes each.
    fn explained(mode: Mode, programs: &[(String, Program)]) -> Explained {
        let mut engine = interpreting(mode, 1);
        let answers = Arc::default();
        let mut pairs = Vec::new();
        for (id, program) in programs {
            let given = |mode: Mode| program.output.gather(Runner::open(mode).compute(program).expect("it runs"));
            let (strict, target) = (given(Mode::default()), given(mode));
            let change: Vec<Liberty> = Liberty::PLAIN.into_iter().filter(|l| given(mode_of(&[*l])) != strict).collect();
            if strict != target {
                let mut search = Search::new(engine.as_mut(), Arc::clone(&answers));
                let pair = search.pair(id, program, [&strict, &target], &change).expect("it runs");
                pairs.push((pair, change));
            }
        }
        let named = operations(engine.as_mut(), &answers).expect("it runs");
        (pairs, named)
    }

    /// How many random sets of defects are planted: of `REPRO_AUDIT_PLANTED`, or enough to show each.
    fn rounds() -> usize {
        std::env::var("REPRO_AUDIT_PLANTED").ok().and_then(|n| n.parse().ok()).unwrap_or(200)
    }

    /// Up to four liberties, in some rounds beside functions that follow no rule, or an order of sums.
    #[test]
    fn what_was_planted_is_found_and_nothing_else() {
        let programs = programs();
        let mut random = 0x9e37_79b9_7f4a_7c15u64;
        let mut next = |n: usize| {
            random = random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            usize::try_from(random >> 33).expect("31 bits") % n
        };
        let (mut seen, mut ordered, mut decoys) = (BTreeSet::new(), BTreeSet::new(), 0);
        for round in 0..rounds() {
            let mut planted = BTreeSet::new();
            for _ in 0..=next(4) {
                planted.insert(Liberty::PLAIN[next(Liberty::PLAIN.len())]);
            }
            let set: Vec<Liberty> = planted.iter().copied().collect();
            let mut mode = mode_of(&set);
            mode.defects.builtin_ulps = if next(3) == 0 { 1 + u32::try_from(next(4)).expect("small") } else { 0 };
            mode.defects.dot_order = [DotOrder::First, DotOrder::Last, DotOrder::Pairs][next(3)];
            let (pairs, operations) = explained(mode, &programs);
            let mut shown = BTreeSet::new();
            for (pair, change) in &pairs {
                // Liberties that change a case only beside others, and more of them than are tried together, are no part
                // of the search: what is planted in one of these cases is all found, or it is not called named.
                if change.len() > TOGETHER {
                    continue;
                }
                if pair.grade == Grade::Named {
                    let within: Vec<Liberty> = set.iter().copied().filter(|l| change.contains(l)).collect();
                    let least = pair.by.iter().any(|by| by.liberties.iter().all(|l| within.contains(l)));
                    assert!(least, "round {round}: {} of {mode} is told as {:?}", pair.case, pair.by);
                    if let [only] = pair.by.as_slice() {
                        shown.extend(only.liberties.iter().copied());
                    }
                    // Where these cases do not tell some apart, the planted ones are among them.
                    let right = pair.by.iter().filter(|by| by.liberties.iter().all(|l| planted.contains(l)));
                    seen.extend(right.flat_map(|by| by.liberties.iter().copied()));
                } else {
                    assert_ne!(pair.grade, Grade::Unexplained, "round {round}: {} of {mode}: {pair:?}", pair.case);
                }
            }
            assert!(shown.is_subset(&planted), "round {round}: {mode} is told as {shown:?}");
            assert!(!pairs.is_empty(), "round {round}: {mode} shows somewhere");
            for operation in &operations {
                // What is off by a hash follows no rule, and is no expression of others that are.
                let function = operation.operation.split('(').next().unwrap_or_default();
                if mode.defects.builtin_ulps > 0 && ["exp", "exp2", "sqrt", "inverseSqrt"].contains(&function) {
                    assert!(operation.rules.is_empty(), "round {round}: {mode}: {operation:?}");
                    assert!(operation.definitions.is_empty(), "round {round}: {mode}: {operation:?}");
                    decoys += 1;
                }
                if let ("dot", [definition]) = (function, operation.definitions.as_slice()) {
                    let tree = if mode.defects.dot_order == DotOrder::Last { "0+(1+2)" } else { "(0+1)+2" };
                    assert!(definition.expression.contains(tree), "round {round}: {mode}: {definition:?}");
                    let fused = definition.expression.contains("fused");
                    assert_eq!(fused, mode.defects.contract, "round {round}: {mode}: {definition:?}");
                    ordered.insert(definition.expression.clone());
                }
            }
        }
        if rounds() >= 200 {
            assert_eq!(seen.len(), Liberty::PLAIN.len(), "each was found somewhere: {seen:?}");
            assert!(ordered.len() >= 3 && decoys > 0, "{ordered:?} and {decoys} decoys");
        }
    }

    #[test]
    fn what_no_rule_gives_has_no_name() {
        let mode: Mode = "flush+builtins=3".parse().expect("a mode");
        let ids = ["softmax/rows?rows=4&cols=64", "builtins/exp?n=64", "builtins/log?n=256&dist=edges"];
        let programs: Vec<(String, Program)> = ids
            .iter()
            .map(|id| {
                let case = Case::parse(id).expect("a case");
                (case.to_string(), problem(&case).expect("a problem").program().expect("a shader"))
            })
            .collect();
        let (pairs, named) = explained(mode, &programs);
        let grades: Vec<Grade> = pairs.iter().map(|(pair, _)| pair.grade).collect();
        assert_eq!(grades, [Grade::Measured, Grade::Itself, Grade::Itself], "{pairs:?}");
        assert!(pairs[0].0.by[0].operations.contains(&"exp(f32)".to_owned()), "{:?}", pairs[0].0.by);
        assert!(named.iter().any(|o| o.operation == "exp(f32)"), "it is asked");
        for operation in named.iter().filter(|o| o.operation.starts_with("exp") || o.operation.starts_with("log")) {
            assert_eq!(operation.rules, [], "{} has no rule: it is off by a hash", operation.operation);
            assert!(operation.other > 0 && operation.operands >= u64::from(256u32), "{operation:?}");
        }
    }
}
