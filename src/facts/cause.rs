//! What made a difference. A cause is named only where a hypothesis that differs from strict arithmetic reproduces the
//! bits, and no case on the same engine contradicts it; everything else is told as a possibility, or as not known.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::identity::{same_driver, same_hardware};
use super::origin::after_origin;
use super::size::size;
use super::status::status_of;
use crate::model::record::{AxisLevel, CaseRecord, Comparison, Engine, Execution, Outcome, Record, Status, TwinDigest};
use crate::model::{Arithmetic, Liberty, Limit, TranslationGap};

/// What made a difference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "cause")]
pub enum Cause {
    /// The engine takes these liberties, all of them.
    Liberties {
        /// Which.
        liberties: Vec<Liberty>,
    },
    /// The configuration sets the order of operations.
    Order,
    /// The shader leaves the order of operations open.
    Unordered,
    /// The engine leaves every loop after so many passes of an invocation: the interpreter with that limit gives its bits.
    LimitedLoops {
        /// How many.
        iterations: u64,
    },
    /// The integers that both sides are made of agree; the difference arises after them.
    AfterIntegers {
        /// The integers.
        what: String,
        /// What lies between them and the answer.
        then: String,
    },
    /// The translation from WGSL for the engine's backend has this known gap, and the output rests on it.
    Translation {
        /// The gap, or where there are several, each of them.
        gap: String,
    },
    /// Nothing that was tried reproduces the bits.
    Unknown,
}

/// How sure a cause is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Certainty {
    /// It reproduces the bits here, and something else does too, or a case of the same engine contradicts it.
    Possible,
    /// It reproduces the bits, differs from strict arithmetic, and nothing contradicts it.
    Shown,
}

/// What a cause rests on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Evidence {
    /// The engine that does it.
    pub engine: String,
    /// A case that shows it: its bits are the hypothesis's and not the strict ones. Empty where none does.
    pub case: String,
    /// A case on the same engine that contradicts it: the hypothesis would change its bits, and they are strict.
    pub against: Option<String>,
}

/// A cause with its evidence.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Explanation {
    /// The cause.
    pub cause: Cause,
    /// How sure it is.
    pub certainty: Certainty,
    /// What it rests on.
    pub evidence: Evidence,
}

/// One hypothesis about an engine: that it computes in this arithmetic.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hypothesis {
    /// The arithmetic.
    pub arithmetic: Arithmetic,
    /// The first case whose bits are this arithmetic's, not the strict ones, and no other's of as few liberties.
    pub shown: Option<String>,
    /// How many such cases there are.
    pub supports: usize,
    /// The first case that this arithmetic would change, and whose bits are strict.
    pub against: Option<String>,
}

/// The hypotheses about every engine of a record, held against all of its cases.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Hypotheses {
    engines: BTreeMap<String, Vec<Hypothesis>>,
}

impl Hypotheses {
    /// Holds every arithmetic that the record has references of against every case on every engine.
    #[must_use]
    pub fn of(record: &Record) -> Self {
        let mut out = Self::default();
        for case in &record.cases {
            let tells = tells(&case.twins);
            for execution in case.executions.iter().filter(|x| matches!(x.outcome, Outcome::Ran { .. })) {
                out.add(&execution.engine, &case.id, &tells, &case.equalled(execution));
            }
        }
        out
    }

    /// Takes one result. `tells` are the arithmetics whose reference differs from the strict one in this case, `equals`
    /// those whose reference the result equals.
    pub fn add(&mut self, engine: &str, case: &str, tells: &[Arithmetic], equals: &[Arithmetic]) {
        if tells.is_empty() {
            return;
        }
        let strict = equals.contains(&Arithmetic::STRICT);
        let least = least(equals);
        let all = self.engines.entry(engine.to_owned()).or_default();
        for arithmetic in tells {
            let place = all.iter().position(|h| h.arithmetic == *arithmetic).unwrap_or_else(|| {
                all.push(Hypothesis { arithmetic: *arithmetic, shown: None, supports: 0, against: None });
                all.len() - 1
            });
            let Some(hypothesis) = all.get_mut(place) else { continue };
            if strict {
                hypothesis.against.get_or_insert_with(|| case.to_owned());
            } else if least == [*arithmetic] {
                hypothesis.supports += 1;
                hypothesis.shown.get_or_insert_with(|| case.to_owned());
            }
        }
    }

    /// The hypotheses about an engine.
    #[must_use]
    pub fn on(&self, engine: &str) -> &[Hypothesis] {
        self.engines.get(engine).map_or(&[], Vec::as_slice)
    }

    /// What an engine's result, which equals these references, is explained by. `None` where it is the strict one.
    #[must_use]
    pub fn explain(&self, engine: &str, case: &str, equals: &[Arithmetic]) -> Option<Explanation> {
        if equals.contains(&Arithmetic::STRICT) {
            return None;
        }
        let evidence = |against: Option<String>| Evidence { engine: engine.to_owned(), case: case.to_owned(), against };
        let candidates = least(equals);
        let known = |a: &Arithmetic| self.on(engine).iter().find(|h| h.arithmetic == *a);
        let open: Vec<Arithmetic> =
            candidates.iter().copied().filter(|a| known(a).is_none_or(|h| h.against.is_none())).collect();
        let liberties = |a: &Arithmetic| Cause::Liberties { liberties: a.liberties() };
        let shown = |a: &&Arithmetic| known(a).is_some_and(|h| h.supports > 0);
        Some(match (&open[..], &candidates[..]) {
            (_, []) => Explanation {
                cause: Cause::Unknown,
                certainty: Certainty::Possible,
                evidence: Evidence { engine: engine.to_owned(), ..Evidence::default() },
            },
            ([only], _) if shown(&only) => {
                Explanation { cause: liberties(only), certainty: Certainty::Shown, evidence: evidence(None) }
            }
            ([first, ..], _) => {
                // Several say the same here. One that another case shows comes before one that none does.
                let chosen = open.iter().find(shown).unwrap_or(first);
                Explanation { cause: liberties(chosen), certainty: Certainty::Possible, evidence: evidence(None) }
            }
            ([], [first, ..]) => Explanation {
                cause: liberties(first),
                certainty: Certainty::Possible,
                evidence: evidence(known(first).and_then(|h| h.against.clone())),
            },
        })
    }
}

/// The arithmetics whose reference differs from the strict one.
#[must_use]
pub fn tells(twins: &[TwinDigest]) -> Vec<Arithmetic> {
    let strict = twins.iter().find(|t| t.arithmetic == Arithmetic::STRICT);
    let differs = |t: &&TwinDigest| strict.is_some_and(|s| s.digest != t.digest);
    twins.iter().filter(differs).map(|t| t.arithmetic).collect()
}

/// Of several arithmetics, those that take the fewest liberties: more than these nothing shows.
fn least(equals: &[Arithmetic]) -> Vec<Arithmetic> {
    let count = |a: &Arithmetic| a.liberties().len();
    let least = equals.iter().map(count).min().unwrap_or(0);
    let mut out: Vec<Arithmetic> = equals.iter().copied().filter(|a| count(a) == least).collect();
    out.dedup();
    out
}

impl Explanation {
    /// The cause in a clause, after which the size can follow; `None` where nothing is known.
    #[must_use]
    pub fn text(&self) -> Option<String> {
        let told = match &self.cause {
            Cause::Unknown => return None,
            Cause::Liberties { liberties } => {
                let does: Vec<&str> = liberties.iter().map(|l| l.does()).collect();
                format!("{} {}", self.evidence.engine, does.join(" and "))
            }
            Cause::Order => "the configuration sets the order of operations".to_owned(),
            Cause::LimitedLoops { iterations } => {
                format!("{} stops its loops after {iterations} passes", self.evidence.engine)
            }
            Cause::Unordered => "the kernel does not fix the order of operations".to_owned(),
            Cause::Translation { gap } => format!("{} by its translation: {gap}", self.evidence.engine),
            Cause::AfterIntegers { what, then } => format!("{what} agree, and the cause lies in {then}"),
        };
        Some(match (self.certainty, &self.evidence.against) {
            (Certainty::Shown, _) => told,
            (Certainty::Possible, None) => format!("possibly {told}"),
            (Certainty::Possible, Some(case)) => {
                format!("possibly {told} here (its bits are such a reference's, but those of {case} are strict)")
            }
        })
    }
}

/// The case of the other configuration that a comparison is with, and the engine's execution of it.
pub fn other_configuration<'r>(
    record: &'r Record,
    case: &CaseRecord,
    comparison: &Comparison,
) -> Option<(&'r CaseRecord, &'r Execution)> {
    let config = comparison.left.configuration()?;
    let other = record.cases.iter().find(|c| c.problem == case.problem && c.config == config)?;
    Some((other, other.execution_of(&comparison.left)?))
}

/// What explains a comparison that found a difference: a cause for each side that has one.
#[must_use]
pub fn explain(
    record: &Record,
    hypotheses: &Hypotheses,
    case: &CaseRecord,
    comparison: &Comparison,
) -> Vec<Explanation> {
    let one = |x: &Execution| {
        limited_loops(record, case, x).or_else(|| {
            let found = hypotheses.explain(&x.engine, &case.id, &case.equalled(x))?;
            let unknown = found.cause == Cause::Unknown;
            unknown.then(|| translation(record, case, x)).flatten().or(Some(found))
        })
    };
    match comparison.axis {
        AxisLevel::Repeat if case.twins.is_empty() => vec![Explanation {
            cause: Cause::Unordered,
            certainty: Certainty::Shown,
            evidence: Evidence { engine: comparison.right.to_string(), case: case.id.clone(), against: None },
        }],
        AxisLevel::Repeat => Vec::new(),
        AxisLevel::Config => order(record, case, comparison).into_iter().collect(),
        AxisLevel::Engine | AxisLevel::Threads | AxisLevel::Driver | AxisLevel::Adapter => {
            [&comparison.left, &comparison.right]
                .into_iter()
                .filter_map(|s| case.execution_of(s))
                .filter_map(one)
                .collect()
        }
    }
}

/// A known gap of the translation that the output rests on: possible only, for the interpreter does not reproduce it.
fn translation(record: &Record, case: &CaseRecord, execution: &Execution) -> Option<Explanation> {
    Some(Explanation {
        cause: Cause::Translation { gap: gaps(record, case, &execution.engine)? },
        certainty: Certainty::Possible,
        evidence: Evidence { engine: execution.engine.clone(), case: case.id.clone(), against: None },
    })
}

/// A result that is what loops give that are left at the limit that was measured on its engine, and nothing else does.
fn limited_loops(record: &Record, case: &CaseRecord, execution: &Execution) -> Option<Explanation> {
    let limited = case.examination.loop_limited.as_deref()?;
    let all = case.examination.iterations;
    let iterations = Limit::least_met(&record.engine(&execution.engine)?.limits, all)?;
    // The result is known for the least limit only.
    if Limit::least_met(record.engines.iter().flat_map(|e| &e.limits), all) != Some(iterations) {
        return None;
    }
    let is_it = execution.first()? == limited && case.strict() != Some(limited);
    is_it.then(|| Explanation {
        cause: Cause::LimitedLoops { iterations },
        certainty: Certainty::Shown,
        evidence: Evidence { engine: execution.engine.clone(), case: case.id.clone(), against: None },
    })
}

/// Whether the configuration sets the order of operations: the strict references of the two differ, and each result is
/// its own reference's in one and the same arithmetic. In a kernel of the user's own an override may as well set what is
/// computed, so that there it is possible only.
fn order(record: &Record, case: &CaseRecord, comparison: &Comparison) -> Option<Explanation> {
    let (other, left) = other_configuration(record, case, comparison)?;
    let right = case.execution_of(&comparison.right)?;
    let (of_left, of_right) = (least(&other.equalled(left)), least(&case.equalled(right)));
    let differ = other.strict()? != case.strict()?;
    let evidence = Evidence { engine: comparison.right.to_string(), case: case.id.clone(), against: None };
    if !differ || of_left.is_empty() || of_left != of_right {
        return None;
    }
    let certainty = if record.provenance.own.is_some() { Certainty::Possible } else { Certainty::Shown };
    Some(Explanation { cause: Cause::Order, certainty, evidence })
}

/// The sentence of a verdict: what explains a comparison as far as it is shown, and how large it is.
pub(super) fn because(
    record: &Record,
    hypotheses: &Hypotheses,
    engine: &Engine,
    case: &CaseRecord,
    comparison: &Comparison,
) -> String {
    let size = size(&comparison.drift, case.quantity());
    let causes: Vec<String> =
        explain(record, hypotheses, case, comparison).iter().filter_map(Explanation::text).collect();
    let told = match comparison.axis {
        AxisLevel::Config => format!("differs from {}: {size}", comparison.left),
        AxisLevel::Threads => format!("{} differs from {}: {size}", comparison.right, comparison.left),
        AxisLevel::Driver | AxisLevel::Adapter => {
            let other = if comparison.left.is_of(&engine.id) { &comparison.right } else { &comparison.left };
            format!("differs from {other}: {size}")
        }
        AxisLevel::Repeat => format!("differs from run to run: {size}"),
        AxisLevel::Engine => format!("differs from the strict reference: {size}"),
    };
    let mut parts = causes;
    parts.push(told);
    parts.extend(after_origin(record.cases.iter(), case, comparison));
    parts.join("; ")
}

/// Who is to be told of a result that the specification does not allow.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case", tag = "blame")]
pub enum Blame {
    /// The driver's authors.
    Driver,
    /// The authors of the translation from WGSL, which has this known gap.
    Translation {
        /// The gap, or where the result rests on several, each of them.
        gap: String,
    },
    /// The translation or the driver: two backends of one driver differ in it.
    TranslationOrDriver {
        /// The engine that reaches the same hardware in another way, and whose result is allowed.
        other: String,
    },
    /// This program's own interpreter.
    Interpreter,
}

/// The known gaps of the translation for an engine's backend that the output of a case rests on; `None` where there is none.
fn gaps(record: &Record, case: &CaseRecord, engine: &str) -> Option<String> {
    let backend = record.engine(engine)?.adapter.as_ref()?.backend.as_str();
    let known = case.examination.translation.iter().filter(|gap| gap.backend == backend);
    let told = |gap: &TranslationGap| match &gap.fix {
        Some(fix) => format!("{} (fixed in {fix})", gap.about),
        None => gap.about.clone(),
    };
    let gaps: Vec<String> = known.map(told).collect();
    (!gaps.is_empty()).then(|| gaps.join("; or "))
}

/// Who is to be told of a result of this engine that the specification does not allow.
#[must_use]
pub fn blame(record: &Record, case: &CaseRecord, engine: &str) -> Blame {
    let Some(at_fault) = record.engine(engine) else { return Blame::Driver };
    if at_fault.is_embedded() {
        return Blame::Interpreter;
    }
    // Where the translation for this backend is known to lack what the result rests on, the driver was given something else.
    if let Some(gap) = gaps(record, case, engine) {
        return Blame::Translation { gap };
    }
    let same_device = |other: &Engine| match (&at_fault.adapter, &other.adapter) {
        (Some(a), Some(b)) => a.backend != b.backend && same_hardware(a, b) && !b.is_embedded() && !same_driver(a, b),
        _ => false,
    };
    let allowed = |other: &Engine| {
        let found = case.executions.iter().find(|x| x.engine == other.id);
        found.is_some_and(|x| {
            matches!(status_of(case, x), Status::BitExact | Status::WithinSpecification | Status::Unjudged)
        })
    };
    match record.engines.iter().find(|e| same_device(e) && allowed(e)) {
        Some(other) => Blame::TranslationOrDriver { other: other.id.clone() },
        None => Blame::Driver,
    }
}
