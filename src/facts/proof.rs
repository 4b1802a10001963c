//! Which results are proven to differ from strict arithmetic by what. Proven: the interpreter, given what is named, computes every
//! bit of the engine's first run. What nobody looked at is neither explained nor unexplained.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::model::Liberty;
use crate::model::explained::{Definition, Explained, Grade, Operation, Pair, Rule, SumOrder};
use crate::model::record::{CaseRecord, Engine, EngineKind, Record, Role};
use crate::model::words::list;

/// Operations that a clause names.
const LISTED: usize = 6;

/// How the results of an engine stand that are not the strict reference's: one a case, by its first run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Share {
    /// The engine's id.
    pub engine: String,
    /// Its label.
    pub label: String,
    /// How many there are. The counts that follow add up to it.
    pub differing: usize,
    /// Rules give every bit.
    pub named: usize,
    /// What the engine gives for single operations does.
    pub measured: usize,
    /// One operation by itself, which no rule gives.
    pub itself: usize,
    /// Some elements are reproduced.
    pub partly: usize,
    /// Nothing that was tried reproduces an element.
    pub unexplained: usize,
    /// Nobody looked at them.
    pub untested: usize,
    /// Elements that differ, of the results that were looked at.
    pub elements: u64,
    /// Of those, the ones of results that are proven.
    pub proven_elements: u64,
    /// Why the engine was not asked at all.
    pub absent: Option<String>,
}

impl Share {
    /// Results that are proven.
    #[must_use]
    pub fn proven(&self) -> usize {
        self.named + self.measured
    }

    /// Results that were looked at.
    #[must_use]
    pub fn tested(&self) -> usize {
        self.differing - self.untested
    }

    fn count(&mut self, grade: Option<Grade>) {
        self.differing += 1;
        *match grade {
            None => &mut self.untested,
            Some(Grade::Named) => &mut self.named,
            Some(Grade::Measured) => &mut self.measured,
            Some(Grade::Itself) => &mut self.itself,
            Some(Grade::Partly) => &mut self.partly,
            Some(Grade::Unexplained) => &mut self.unexplained,
        } += 1;
    }
}

/// How well a result is explained, by what is told of it: a file may state more.
#[must_use]
pub fn grade(explained: &Explained, pair: &Pair) -> Grade {
    let whole = pair.first.is_none() && pair.reproduced == pair.elements && pair.elements > 0;
    let by = |by: &crate::model::explained::Reproduction| !by.liberties.is_empty() || !by.operations.is_empty();
    let names = explained.named();
    let known = |operation: &String| names.contains(operation.as_str());
    match pair.grade {
        Grade::Itself => Grade::Itself,
        Grade::Named | Grade::Measured if whole && pair.by.iter().any(by) => {
            let named = pair.by.iter().any(|b| by(b) && b.operations.iter().all(known));
            if named { Grade::Named } else { Grade::Measured }
        }
        _ if pair.reproduced > 0 => Grade::Partly,
        _ => Grade::Unexplained,
    }
}

/// A grade in a word or two.
#[must_use]
pub fn grade_in_words(grade: Grade) -> &'static str {
    match grade {
        Grade::Named => "named",
        Grade::Measured => "measured",
        Grade::Itself => "only itself",
        Grade::Partly => "in part",
        Grade::Unexplained => "not explained",
    }
}

/// Whether an engine's first result is another one than the strict reference's.
fn differs(case: &CaseRecord, engine: &str) -> bool {
    let first = case.executions.iter().find(|x| x.engine == engine).and_then(|x| x.first());
    case.strict().is_some() && first.is_some() && first != case.strict()
}

/// Whether an engine's results are such as can be explained: an adapter's, here.
fn is_asked(engine: &Engine) -> bool {
    engine.kind == EngineKind::Adapter && engine.role() != Role::Remote
}

/// Whether an engine's result of a case is one to be explained: an adapter's, and not the strict reference's.
#[must_use]
pub fn is_explainable(record: &Record, case: &CaseRecord, engine: &str) -> bool {
    record.engine(engine).is_some_and(is_asked) && differs(case, engine)
}

/// Whether there is a result to explain.
#[must_use]
pub fn differ(record: &Record) -> bool {
    record.engines.iter().filter(|e| is_asked(e)).any(|e| record.cases.iter().any(|case| differs(case, &e.id)))
}

/// The results of an engine that differ from the strict reference, each with what is told of it; nothing where nobody looked.
pub fn pairs<'r>(record: &'r Record, engine: &str) -> Vec<(&'r CaseRecord, Option<&'r Pair>)> {
    let told: BTreeMap<&str, &Pair> =
        record.explained_of(engine).into_iter().flat_map(|e| &e.pairs).map(|pair| (pair.case.as_str(), pair)).collect();
    let differing = record.cases.iter().filter(|case| differs(case, engine));
    differing.map(|case| (case, told.get(case.id.as_str()).copied())).collect()
}

/// What is explained of each engine that differs somewhere; empty where nobody looked at any.
#[must_use]
pub fn shares(record: &Record) -> Vec<Share> {
    if record.explained.is_empty() {
        return Vec::new();
    }
    let one = |engine: &Engine| {
        let mut out = Share { engine: engine.id.clone(), label: engine.label.clone(), ..Share::default() };
        let explained = record.explained_of(&engine.id);
        out.absent = explained.and_then(|e| e.absent.clone());
        for (_, pair) in pairs(record, &engine.id) {
            let grade = explained.zip(pair).map(|(e, p)| grade(e, p));
            out.count(grade);
            out.elements += pair.map_or(0, |p| p.elements);
            out.proven_elements += pair.filter(|_| grade.is_some_and(Grade::is_proof)).map_or(0, |p| p.elements);
        }
        out
    };
    record.engines.iter().filter(|e| is_asked(e)).map(one).filter(|s| s.differing > 0).collect()
}

/// What an engine does, of one thing.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "does")]
pub enum Does {
    /// Strict arithmetic.
    AsWritten,
    /// What any of these rules does: nothing tells them apart.
    Rules {
        /// Which.
        rules: Vec<Rule>,
    },
    /// What any of these expressions of other operations gives, with the engine's own values of those.
    Defined {
        /// Which.
        definitions: Vec<Definition>,
    },
    /// What no rule is known for: its values are known, where it was asked.
    Values,
}

impl Does {
    /// To be read after the engine's name.
    #[must_use]
    pub fn text(&self) -> String {
        match self {
            Self::AsWritten => "computes as written".to_owned(),
            Self::Values => "computes in its own way".to_owned(),
            Self::Rules { rules } => rules.iter().map(rule).collect::<Vec<_>>().join(", or "),
            Self::Defined { definitions } => {
                let all: Vec<String> = definitions.iter().map(|d| format!("computes {}", d.expression)).collect();
                all.join(", or ")
            }
        }
    }

    /// The same, of earlier.
    fn past(&self) -> String {
        match self {
            Self::AsWritten => "it computed as written".to_owned(),
            other => format!("it {}", other.text()),
        }
    }

    /// The liberties that it takes, whichever rule it follows.
    #[must_use]
    pub fn liberties(&self) -> Vec<Liberty> {
        match self {
            Self::Rules { rules } => {
                rules.iter().flat_map(|r| r.liberties.clone()).collect::<BTreeSet<_>>().into_iter().collect()
            }
            Self::AsWritten | Self::Values | Self::Defined { .. } => Vec::new(),
        }
    }
}

/// What a rule does, to be read after the engine's name.
fn rule(rule: &Rule) -> String {
    match &rule.model {
        Some(model) => format!("computes as models/{model}.wgsl does"),
        None => rule.liberties.iter().map(|l| l.does()).collect::<Vec<_>>().join(", and "),
    }
}

fn of_operation(explained: &Explained, operation: &str) -> Does {
    match explained.operations.iter().find(|o| o.operation == operation) {
        Some(o) if !o.rules.is_empty() => Does::Rules { rules: o.rules.clone() },
        Some(o) if !o.definitions.is_empty() => Does::Defined { definitions: o.definitions.clone() },
        _ => Does::Values,
    }
}

/// One thing that makes a result differ: what is done, and in which operation; in all it computes where none is named.
pub type Cause = (Option<String>, Does);

/// What reproduces a result, or where nothing does, most of it.
#[must_use]
pub fn causes(explained: &Explained, pair: &Pair) -> Vec<Cause> {
    let Some(first) = pair.by.first() else { return Vec::new() };
    let mut out = Vec::new();
    // What rests on other operations is told apart (`alternatives`).
    let like = pair.by.iter().filter(|by| by.operations == first.operations);
    if !first.liberties.is_empty() {
        let rules = like.map(|by| Rule { liberties: by.liberties.clone(), model: None }).collect();
        out.push((None, Does::Rules { rules }));
    }
    out.extend(first.operations.iter().map(|o| (Some(o.clone()), of_operation(explained, o))));
    out
}

/// The causes of a result in every way that gives it: several where other operations, too, give its bits.
#[must_use]
pub fn alternatives(explained: &Explained, pair: &Pair) -> Vec<Vec<Cause>> {
    let mut rest = pair.clone();
    let mut all = Vec::new();
    while let Some(first) = rest.by.first().cloned() {
        all.push(causes(explained, &rest));
        rest.by.retain(|by| by.operations != first.operations);
    }
    all
}

/// Causes in a line, operations that have the same together.
#[must_use]
pub fn causes_in_words(causes: &[Cause], most: usize) -> String {
    let mut by: BTreeMap<&Does, Vec<String>> = BTreeMap::new();
    for (operation, does) in causes {
        by.entry(does).or_default().extend(operation.clone());
    }
    let told = |(does, operations): (&Does, Vec<String>)| match operations.as_slice() {
        [] => does.text(),
        all => format!("{} in {}", does.text(), list(all, most)),
    };
    by.into_iter().map(told).collect::<Vec<_>>().join("; ")
}

/// One thing that an engine does, with the proven results in which that has a part.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Group {
    /// What.
    pub does: Does,
    /// The operations in which it does; empty for all that it computes.
    pub operations: Vec<String>,
    /// The cases, in the record's order.
    pub cases: Vec<String>,
}

/// What an engine does beyond strict arithmetic, as its proven results show; rules first, and what has a part in most.
#[must_use]
pub fn groups(explained: &Explained) -> Vec<Group> {
    let mut by: BTreeMap<(Does, bool), (BTreeSet<String>, Vec<String>)> = BTreeMap::new();
    for pair in explained.pairs.iter().filter(|p| grade(explained, p).is_proof()) {
        for (operation, does) in causes(explained, pair) {
            let (operations, cases) = by.entry((does, operation.is_some())).or_default();
            operations.extend(operation);
            if cases.last() != Some(&pair.case) {
                cases.push(pair.case.clone());
            }
        }
    }
    let group = |((does, _), (operations, cases)): (_, (BTreeSet<String>, _))| Group {
        does,
        operations: operations.into_iter().collect(),
        cases,
    };
    let mut out: Vec<Group> = by.into_iter().map(group).collect();
    out.sort_by_key(|g| (matches!(g.does, Does::Values | Does::Defined { .. }), std::cmp::Reverse(g.cases.len())));
    out
}

/// What is known of an engine in one case: the causes of a result that is proven, none of a strict one. `None` where it is not
/// known what makes it differ.
#[must_use]
pub fn known(explained: Option<&Explained>, case: &str, strict: bool) -> Option<Vec<Cause>> {
    if strict {
        return Some(Vec::new());
    }
    let explained = explained?;
    let pair = explained.pairs.iter().find(|p| p.case == case)?;
    grade(explained, pair).is_proof().then(|| causes(explained, pair))
}

/// What changed of one thing, from one driver to another.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Changed {
    /// What it did.
    pub before: Does,
    /// What it does.
    pub now: Does,
    /// In which operations; empty for all that it computes.
    pub operations: Vec<String>,
}

impl Changed {
    /// The same without the operations: what several cases share.
    #[must_use]
    pub fn bare(&self) -> Self {
        Self { operations: Vec::new(), ..self.clone() }
    }

    /// The operations, to be read after what is done.
    fn within(&self) -> String {
        match self.operations.as_slice() {
            [] => String::new(),
            all => format!(" in {}", list(all, LISTED)),
        }
    }

    /// In a clause: "now" is the right side.
    #[must_use]
    pub fn text(&self) -> String {
        let within = self.within();
        match (&self.before, &self.now) {
            (before, now) if before == now => format!("now has other values of its own{within}"),
            (before, Does::AsWritten) => format!("no longer {}{within}: now it computes as written", before.text()),
            (before, now) => format!("now {}{within}; before, {}", now.text(), before.past()),
        }
    }

    /// What tells two sides apart, in a clause with their names.
    #[must_use]
    pub fn between(&self, left: &str, right: &str) -> String {
        let within = self.within();
        match (&self.before, &self.now) {
            (before, now) if before == now => format!("{left} and {right} have different values of their own{within}"),
            (before, now) => format!("{right} {}{within}; {left} {}", now.text(), before.text()),
        }
    }
}

/// What a side does of one thing in a case of which the other side has it as a cause.
fn elsewhere(explained: Option<&Explained>, (operation, does): &Cause) -> Does {
    let Some(explained) = explained else { return Does::AsWritten };
    match operation {
        // It was asked in other cases.
        Some(o) if explained.operations.iter().any(|known: &Operation| known.operation == *o && known.other > 0) => {
            of_operation(explained, o)
        }
        None if does.liberties().iter().all(|l| explained.liberties.contains(l)) => does.clone(),
        _ => Does::AsWritten,
    }
}

/// What changed between two sides of a case, from the causes of each; empty where no cause tells.
#[must_use]
pub fn changed(
    (left, right): (&[Cause], &[Cause]),
    explained: (Option<&Explained>, Option<&Explained>),
) -> Vec<Changed> {
    let find = |causes: &[Cause], operation: &Option<String>| {
        causes.iter().find(|(o, _)| o == operation).map(|(_, does)| does.clone())
    };
    let things: BTreeSet<&Option<String>> = left.iter().chain(right).map(|(o, _)| o).collect();
    let mut by: BTreeMap<(Does, Does), Vec<String>> = BTreeMap::new();
    let mut everywhere = Vec::new();
    for thing in things {
        let (l, r) = (find(left, thing), find(right, thing));
        let (before, now) = match (l, r) {
            (Some(l), Some(r)) => (l, r),
            (Some(l), None) => {
                let now = elsewhere(explained.1, &(thing.clone(), l.clone()));
                (l, now)
            }
            (None, Some(r)) => (elsewhere(explained.0, &(thing.clone(), r.clone())), r),
            (None, None) => continue,
        };
        // The same rule gives the same values; two sets of values need not be the same.
        if before == now && matches!(before, Does::AsWritten | Does::Rules { .. }) {
            continue;
        }
        match thing {
            Some(operation) => by.entry((before, now)).or_default().push(operation.clone()),
            None => everywhere.push(Changed { before, now, operations: Vec::new() }),
        }
    }
    everywhere.extend(by.into_iter().map(|((before, now), operations)| Changed { before, now, operations }));
    everywhere
}

/// A sum that an engine adds in another order than another one does.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct OrderChange {
    /// Which, such as `dot(vec4<f32>, vec4<f32>)`.
    pub operation: String,
    /// The trees of its results before.
    pub before: Vec<String>,
    /// The trees now.
    pub now: Vec<String>,
}

/// The sums that both sides were probed for and add in different orders.
#[must_use]
pub fn orders_changed(before: &Explained, now: &Explained) -> Vec<OrderChange> {
    let change = |old: &SumOrder| {
        let new = now.orders.iter().find(|new| new.operation == old.operation && new.orders != old.orders)?;
        let (before, now) = (old.orders.clone(), new.orders.clone());
        Some(OrderChange { operation: old.operation.clone(), before, now })
    };
    before.orders.iter().filter_map(change).collect()
}
