//! What two records differ in: only that, the worst first.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use serde_json::Value;

use super::apart::in_ulp;
use super::attribution::splits;
use super::between::{Between, between, sampled};
use crate::facts::{Match, MatchError, matching};
use crate::record::{CaseRecord, Execution, Level, Outcome, Outputs, Record, Status, Verdict};

/// What a record is called.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its id.
    pub id: String,
    /// Its label, or else its host.
    pub name: String,
    /// When it was made.
    pub started: String,
}

impl Side {
    fn of(record: &Record) -> Self {
        let label = record.provenance.settings.label.clone();
        Self {
            id: record.id.clone(),
            name: label.unwrap_or_else(|| record.environment.host.clone()),
            started: record.run.started.clone(),
        }
    }
}

/// A field whose values differ; an absent one is empty.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Change {
    /// What it is of: an engine's match, or `environment`, `program`, `settings`.
    pub of: String,
    /// Its name.
    pub field: String,
    /// On the left.
    pub left: String,
    /// On the right.
    pub right: String,
}

/// What happened to a case on an engine, worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It ran on the left and failed on the right.
    Failed,
    /// The strict twin's bits differ for one shader: the program's own arithmetic is not the same on both machines.
    Twin,
    /// The bits differ, and each side repeats.
    Differs,
    /// The bits differ, and on a side they differ from run to run as well, so the other machine need not be the cause.
    Unsettled,
    /// It ran on one side, and on the other it was skipped or had failed.
    Coverage,
    /// The shader is another one: the program changed, and the case can not be compared.
    Incomparable,
}

impl Kind {
    /// The name as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Twin => "twin",
            Self::Differs => "differs",
            Self::Unsettled => "unsettled",
            Self::Coverage => "coverage",
            Self::Incomparable => "incomparable",
        }
    }
}

/// A case on an engine of which the records do not say the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct CaseChange {
    /// What happened.
    pub kind: Kind,
    /// The case.
    pub case: String,
    /// The kernel.
    pub kernel: String,
    /// The variant.
    pub variant: String,
    /// The engine on the left, and the right.
    pub engines: (String, String),
    /// The status on each side.
    pub statuses: (Option<Status>, Option<Status>),
    /// The first run's digest on each side; empty where it did not run.
    pub digests: (String, String),
    /// The drift from left to right, as far as outputs are stored.
    pub drift: Option<Between>,
    /// What explains it, or what happened, in a sentence without its full stop.
    pub because: String,
}

/// A verdict that is another one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VerdictChange {
    /// The problem.
    pub problem: String,
    /// The engine on the left, and the right.
    pub engines: (String, String),
    /// The level on each side.
    pub levels: (Level, Level),
    /// The status on each side.
    pub statuses: (Status, Status),
    /// Why the right side's is no stronger, or else the left side's.
    pub because: String,
}

/// A name and how many cases have it.
pub type Counted = (String, usize);

/// What two records differ in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The reference.
    pub left: Side,
    /// What is compared with it.
    pub right: Side,
    /// All of it in a sentence.
    pub summary: String,
    /// Results that both have, and whose bits were compared.
    pub compared: usize,
    /// Those that are bit for bit the same.
    pub equal: usize,
    /// The engines of both.
    pub matched: Vec<Match>,
    /// Engines of one side alone.
    pub only: (Vec<String>, Vec<String>),
    /// What differs of drivers, machine, program and settings.
    pub environment: Vec<Change>,
    /// Cases that differ, the worst first.
    pub cases: Vec<CaseChange>,
    /// Cases of one side alone, by kernel and variant, with how many.
    pub cases_only: (Vec<Counted>, Vec<Counted>),
    /// Verdicts that differ, those that became weaker first.
    pub verdicts: Vec<VerdictChange>,
}

impl Compared {
    /// Whether a result that can be compared differs in a bit, ran on one side alone, or failed.
    /// Where nothing was compared, nothing is known to be the same.
    #[must_use]
    pub fn drifts(&self) -> bool {
        let (engines, cases) = (&self.only, &self.cases_only);
        self.compared == 0
            || self.cases.iter().any(|c| c.kind != Kind::Incomparable)
            || !(engines.0.is_empty() && engines.1.is_empty() && cases.0.is_empty() && cases.1.is_empty())
    }

    /// Whether the records say the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        let (l, r) = &self.only;
        let (cl, cr) = &self.cases_only;
        self.cases.is_empty()
            && self.environment.is_empty()
            && self.verdicts.is_empty()
            && l.is_empty()
            && r.is_empty()
            && cl.is_empty()
            && cr.is_empty()
    }
}

/// Compares two records, the left one as the reference. `forced` pairs engines by their ids.
///
/// # Errors
/// When `forced` names an engine that is not there.
pub fn compare(left: &Record, right: &Record, forced: &[(String, String)]) -> Result<Compared, MatchError> {
    let engines = matching(left.into(), right.into(), forced)?;
    let of_right: BTreeMap<&str, &CaseRecord> = right.cases.iter().map(|c| (c.id.as_str(), c)).collect();
    let of_left: BTreeSet<&str> = left.cases.iter().map(|c| c.id.as_str()).collect();
    let (mut cases, mut compared, mut equal) = (Vec::new(), 0, 0);
    for l in &left.cases {
        let Some(r) = of_right.get(l.id.as_str()) else { continue };
        for engine in &engines.matched {
            let found = (on(l, &engine.left), on(r, &engine.right));
            let both = found.0.is_some_and(|x| first(x).is_some()) && found.1.is_some_and(|x| first(x).is_some());
            match case((left, l, found.0), (right, r, found.1), engine) {
                Some(change) => {
                    compared += usize::from(both && change.kind != Kind::Incomparable);
                    cases.push(change);
                }
                None if both => {
                    compared += 1;
                    // Equal sets of results that do not repeat are no equal result.
                    equal += usize::from(found.0.is_some_and(|x| results(x) == 1));
                }
                None => {}
            }
        }
    }
    cases.sort_by_cached_key(|c| (rank(c), c.case.clone(), c.engines.clone()));
    let counted = |cases: &mut dyn Iterator<Item = &CaseRecord>| -> Vec<(String, usize)> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        cases.for_each(|c| *counts.entry(format!("{}/{}", c.kernel, c.variant)).or_default() += 1);
        counts.into_iter().collect()
    };
    let mut out = Compared {
        left: Side::of(left),
        right: Side::of(right),
        summary: String::new(),
        compared,
        equal,
        environment: environment(left, right, &engines.matched),
        cases,
        cases_only: (
            counted(&mut left.cases.iter().filter(|c| !of_right.contains_key(c.id.as_str()))),
            counted(&mut right.cases.iter().filter(|c| !of_left.contains(c.id.as_str()))),
        ),
        verdicts: verdicts(left, right, &engines.matched),
        matched: engines.matched,
        only: (engines.left_only, engines.right_only),
    };
    out.summary = summary(&out, right);
    Ok(out)
}

fn on<'a>(case: &'a CaseRecord, engine: &str) -> Option<&'a Execution> {
    case.executions.iter().find(|x| x.engine == engine)
}

/// The first run's digest.
fn first(execution: &Execution) -> Option<&str> {
    match &execution.outcome {
        Outcome::Ran { distinct, .. } => distinct.first().map(|d| d.digest.as_str()),
        _ => None,
    }
}

fn results(execution: &Execution) -> usize {
    if let Outcome::Ran { distinct, .. } = &execution.outcome { distinct.len() } else { 0 }
}

fn digests(execution: &Execution) -> BTreeSet<&str> {
    match &execution.outcome {
        Outcome::Ran { distinct, .. } => distinct.iter().map(|d| d.digest.as_str()).collect(),
        _ => BTreeSet::new(),
    }
}

/// One side of a case on an engine.
type Half<'a> = (&'a Record, &'a CaseRecord, Option<&'a Execution>);

/// What differs of a case on an engine; `None` where nothing does.
fn case(left: Half<'_>, right: Half<'_>, engine: &Match) -> Option<CaseChange> {
    let ((left_record, l, x), (right_record, r, y)) = (left, right);
    let digest = |x: Option<&Execution>| x.and_then(first).unwrap_or_default().to_owned();
    let made = |kind, drift, because| {
        Some(CaseChange {
            kind,
            case: l.id.clone(),
            kernel: l.kernel.clone(),
            variant: l.variant.clone(),
            engines: (engine.left.clone(), engine.right.clone()),
            statuses: (x.map(|x| x.status), y.map(|y| y.status)),
            digests: (digest(x), digest(y)),
            drift,
            because,
        })
    };
    let (a, b) = match (x.and_then(|x| Some((x, first(x)?))), y.and_then(|y| Some((y, first(y)?)))) {
        (Some(a), Some(b)) => (a, b),
        (None, None) => return None,
        (ran, _) => {
            let (missing, side) = if ran.is_some() { (y, "right") } else { (x, "left") };
            let why = match missing.map(|m| &m.outcome) {
                Some(Outcome::Failed { reason }) => format!("it failed: {reason}"),
                Some(Outcome::Skipped { why }) => format!("it was skipped: {why}"),
                _ => "it was not asked for there".to_owned(),
            };
            let failed = ran.is_some() && matches!(missing.map(|m| &m.outcome), Some(Outcome::Failed { .. }));
            return made(if failed { Kind::Failed } else { Kind::Coverage }, None, format!("not on the {side}: {why}"));
        }
    };
    if l.shader != r.shader || (l.dtype, l.elements) != (r.dtype, r.elements) {
        let what = if l.shader == r.shader { "the output's shape" } else { "the shader" };
        return made(Kind::Incomparable, None, format!("{what} is another one: the program changed, not the machine"));
    }
    let strict = |c: &CaseRecord| {
        let twin = c.twins.iter().find(|t| t.arithmetic == crate::numerics::arith::Arithmetic::STRICT);
        twin.map(|t| t.digest.clone())
    };
    if let (Some(of_left), Some(of_right)) = (strict(l), strict(r))
        && of_left != of_right
    {
        let because = "the strict twin's own bits differ: its inputs or its arithmetic are not the same on both sides";
        return made(Kind::Twin, None, because.to_owned());
    }
    if digests(a.0) == digests(b.0) {
        return None;
    }
    let drift = stored(l, (a.0, &left_record.outputs), (b.0, &right_record.outputs));
    if results(a.0) > 1 || results(b.0) > 1 {
        let because =
            format!("{} distinct results on the left, {} on the right: it does not repeat", results(a.0), results(b.0));
        return made(Kind::Unsettled, drift, because);
    }
    let because = splits("the left", &a.0.equals, "the right", &b.0.equals)
        .unwrap_or_else(|| "no twin tells the sides apart".to_owned());
    made(Kind::Differs, drift, because)
}

/// The drift between two executions, from what their records store.
fn stored(case: &CaseRecord, left: (&Execution, &Outputs), right: (&Execution, &Outputs)) -> Option<Between> {
    let known = |(execution, outputs): (&Execution, &Outputs)| {
        let digest = first(execution)?;
        outputs.get(digest)?.known(digest).ok()
    };
    match (known(left), known(right)) {
        (Some(l), Some(r)) => between(case.dtype, case.elements, &l, &r),
        _ => sampled(case.dtype, case.elements, &left.0.samples, &right.0.samples),
    }
}

/// The worst first: by kind; then results outside the specification, NaN and infinity, distance, and how many.
fn rank(change: &CaseChange) -> (Kind, bool, bool, std::cmp::Reverse<(u64, u64)>) {
    let outside = [change.statuses.0, change.statuses.1].contains(&Some(Status::OutsideSpecification));
    let drift = change.drift.as_ref();
    let special = drift.is_some_and(|d| d.drift.classes.nan_versus_number + d.drift.classes.infinite > 0);
    let size = drift.map_or((0, 0), |d| (d.drift.max_ulp, d.at_least));
    (change.kind, !outside, !special, std::cmp::Reverse(size))
}

fn verdicts(left: &Record, right: &Record, matched: &[Match]) -> Vec<VerdictChange> {
    let keyed = |record: &'_ Record| -> BTreeMap<(String, String), Verdict> {
        record.verdicts.iter().map(|v| ((v.engine.clone(), v.problem.clone()), v.clone())).collect()
    };
    let of_right = keyed(right);
    let mut out = Vec::new();
    for v in &left.verdicts {
        let Some(engine) = matched.iter().find(|m| m.left == v.engine) else { continue };
        let Some(w) = of_right.get(&(engine.right.clone(), v.problem.clone())) else { continue };
        if (v.level, v.status) != (w.level, w.status) {
            let because = if w.because.is_empty() { &v.because } else { &w.because };
            out.push(VerdictChange {
                problem: v.problem.clone(),
                engines: (v.engine.clone(), w.engine.clone()),
                levels: (v.level, w.level),
                statuses: (v.status, w.status),
                because: because.clone(),
            });
        }
    }
    let weaker = |c: &VerdictChange| (c.levels.1 < c.levels.0 || c.statuses.1 > c.statuses.0, c.statuses.1);
    out.sort_by(|a, b| weaker(b).cmp(&weaker(a)).then_with(|| (&a.problem, &a.engines).cmp(&(&b.problem, &b.engines))));
    out
}

/// What differs of two JSON values, member by member, by dotted names.
fn differing(of: &str, left: &Value, right: &Value, prefix: &str, out: &mut Vec<Change>) {
    if left == right {
        return;
    }
    if let (Some(l), Some(r)) = (left.as_object(), right.as_object()) {
        let names: BTreeSet<&String> = l.keys().chain(r.keys()).collect();
        for name in names {
            let path = if prefix.is_empty() { name.clone() } else { format!("{prefix}.{name}") };
            let at = |m: &serde_json::Map<String, Value>| m.get(name).cloned().unwrap_or(Value::Null);
            differing(of, &at(l), &at(r), &path, out);
        }
        return;
    }
    out.push(Change { of: of.to_owned(), field: prefix.to_owned(), left: shown(left), right: shown(right) });
}

/// A value in a table.
fn shown(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::String(text) => text.clone(),
        Value::Array(items) => items.iter().map(shown).collect::<Vec<_>>().join(", "),
        Value::Object(members) => {
            members.iter().map(|(k, v)| format!("{k}={}", shown(v))).collect::<Vec<_>>().join(", ")
        }
        other => other.to_string(),
    }
}

/// What differs of drivers first, then of the machine, the program and the settings.
fn environment(left: &Record, right: &Record, matched: &[Match]) -> Vec<Change> {
    let value = |x: Result<Value, serde_json::Error>| x.unwrap_or_default();
    let mut out = Vec::new();
    for m in matched {
        let identity = |record: &Record, id: &str| {
            let mut v = value(serde_json::to_value(record.engine(id).and_then(|e| e.adapter.as_ref())));
            if let Some(members) = v.as_object_mut() {
                // Its place among the adapters is in the match.
                members.remove("index");
            }
            v
        };
        let of = if m.left == m.right { m.left.clone() } else { format!("{} → {}", m.left, m.right) };
        differing(&of, &identity(left, &m.left), &identity(right, &m.right), "", &mut out);
    }
    let (l, r) = (value(serde_json::to_value(&left.environment)), value(serde_json::to_value(&right.environment)));
    let mut machine = Vec::new();
    differing("environment", &l, &r, "", &mut machine);
    // What can change a bit before what only names the machine.
    let order = |c: &Change| match c.field.as_str() {
        f if f.starts_with("variables") => 0,
        "cpu_features" | "architecture" => 1,
        "cpu" => 2,
        "os" | "kernel" => 3,
        _ => 4,
    };
    machine.sort_by_key(order);
    out.extend(machine);
    let program = |record: &Record| {
        let mut v = value(serde_json::to_value(&record.provenance));
        v.as_object_mut().and_then(|m| m.remove("settings"));
        v
    };
    differing("program", &program(left), &program(right), "", &mut out);
    let settings = |record: &Record| value(serde_json::to_value(&record.provenance.settings));
    differing("settings", &settings(left), &settings(right), "", &mut out);
    out
}

/// Up to three names, and how many more.
fn some(names: &BTreeSet<&str>) -> String {
    let shown: Vec<&str> = names.iter().copied().take(3).collect();
    let more = names.len() - shown.len();
    if more > 0 { format!("{} and {more} more", shown.join(", ")) } else { shown.join(", ") }
}

fn summary(found: &Compared, right: &Record) -> String {
    let of = |kind: Kind| found.cases.iter().filter(move |c| c.kind == kind);
    let count = |kind: Kind| of(kind).count();
    let mut parts = Vec::new();
    let differing = count(Kind::Differs);
    if found.compared == 0 {
        parts.push("No result can be compared".to_owned());
    } else if differing + count(Kind::Unsettled) + count(Kind::Twin) == 0 {
        parts.push(if found.equal == found.compared {
            format!("All {} results that both have are bit for bit the same", found.compared)
        } else {
            let (same, all) = (found.equal, found.compared);
            format!("{same} of {all} results that both have are bit for bit the same; the others do not repeat")
        });
    }
    if differing > 0 {
        let kernels: BTreeSet<&str> = of(Kind::Differs).map(|c| c.kernel.as_str()).collect();
        let engines: BTreeSet<&str> = of(Kind::Differs).map(|c| c.engines.1.as_str()).collect();
        let labels: BTreeSet<&str> =
            engines.iter().map(|id| right.engine(id).map_or(*id, |e| e.label.as_str())).collect();
        let far = of(Kind::Differs).filter_map(|c| c.drift.as_ref());
        // One of which nothing is stored may be any distance apart.
        let whole = of(Kind::Differs).all(|c| c.drift.as_ref().is_some_and(Between::is_whole));
        let ulp = far.map(|d| d.drift.max_ulp).max();
        let size = match ulp {
            None => String::new(),
            Some(n) if whole => format!(", by up to {} ulp", in_ulp(n)),
            Some(n) => format!(", by {} ulp or more (not all elements are stored)", in_ulp(n)),
        };
        parts.push(format!(
            "{differing} of {} results differ in bits{size}, in {}, on {}",
            found.compared,
            some(&kernels),
            some(&labels)
        ));
    }
    let mut add = |n: usize, one: &str, many: &str| {
        if n > 0 {
            parts.push(format!("{n} {}", if n == 1 { one } else { many }));
        }
    };
    add(count(Kind::Failed), "failed on the right", "failed on the right");
    add(
        count(Kind::Twin),
        "has another strict twin: the program's own arithmetic differs",
        "have another strict twin: the program's own arithmetic differs",
    );
    add(count(Kind::Unsettled), "does not repeat and says nothing", "do not repeat and say nothing");
    add(count(Kind::Coverage), "ran on one side only", "ran on one side only");
    add(
        count(Kind::Incomparable),
        "can't be compared, because the shader changed",
        "can't be compared, because their shaders changed",
    );
    let alone = found.only.0.len() + found.only.1.len();
    add(alone, "engine is on one side only", "engines are on one side only");
    add(found.environment.len(), "field of the surroundings differs", "fields of the surroundings differ");
    format!("{}.", parts.join("; "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_named_by_their_path() {
        let left = serde_json::json!({"a": 1, "b": {"c": "x", "d": [1, 2]}, "same": true});
        let right = serde_json::json!({"a": 1, "b": {"c": "y", "e": null, "d": [1, 2, 3]}, "same": true});
        let mut found = Vec::new();
        differing("program", &left, &right, "", &mut found);
        let short: Vec<_> = found.iter().map(|c| (c.field.as_str(), c.left.as_str(), c.right.as_str())).collect();
        assert_eq!(short, [("b.c", "x", "y"), ("b.d", "1, 2", "1, 2, 3")], "only what differs");
    }
}
