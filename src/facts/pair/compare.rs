//! What two records differ in: how much is the same, then what changed, by cause and the worst first.

use std::cmp::Reverse;
use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::between::{Between, between, may_be_nan_alone, sampled};
use super::change::{Reference, Why};
use super::grouped::{CaseRow, CauseGroup, grouped};
use super::operations::{OperationChange, operations};
use super::surroundings::{Change, Told, surroundings, told};
use crate::facts::proof::{self, Changed, OrderChange};
use crate::facts::{
    Disorder, Hypotheses, Match, MatchError, Severity, Soundness, Unordered, matching, severity, soundness, status_of,
    training,
};
use crate::model::Arithmetic;
use crate::model::record::{
    CaseRecord, Engine, Evidence, Execution, Outcome, Outputs, Provenance, Record, SWEEP, Status, training_id,
};
use crate::model::training::TrainingFile;
use crate::model::words::{count, number};

/// What a record is called, and whether it can be relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Side {
    /// Its id.
    pub id: String,
    /// Its label, or else its host.
    pub name: String,
    /// When it was made.
    pub started: String,
    /// What keeps it from being relied on.
    pub soundness: Soundness,
    /// What it was asked for, from which a command follows that runs something again.
    #[serde(skip)]
    pub asked: Provenance,
    /// Its engines.
    #[serde(skip)]
    pub engines: Vec<Engine>,
}

impl Side {
    fn of(record: &Record) -> Self {
        let label = record.provenance.settings.label.clone();
        Self {
            id: record.id.clone(),
            name: label.unwrap_or_else(|| record.environment.host.clone()),
            started: record.run.started.clone(),
            soundness: soundness(record),
            asked: record.provenance.clone(),
            engines: record.engines.clone(),
        }
    }
}

/// What happened to a case on an engine, the worst first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// It ran on the left and failed on the right.
    Failed,
    /// The strict reference's bits differ for one shader: the program's own arithmetic is not the same on both machines.
    Reference,
    /// The bits differ, and each side repeats.
    Differs,
    /// An order of operations is defined, and on a side results differ from run to run all the same.
    Unrepeatable,
}

impl Kind {
    /// The name as in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Reference => "reference",
            Self::Differs => "differs",
            Self::Unrepeatable => "unrepeatable",
        }
    }
}

/// A case on an engine of which the records do not say the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct ResultChange {
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
    /// The reference that each side equals.
    pub references: (Reference, Reference),
    /// The drift from left to right, as far as outputs are stored.
    pub drift: Option<Between>,
    /// How bad it is.
    pub severity: Severity,
    /// Why, as far as that is known.
    pub why: Why,
    /// What happened where nothing was compared, in a clause; empty otherwise.
    pub note: String,
}

/// A name and how many have it.
pub type Counted = (String, usize);

/// Results that both sides have, one a case and engine.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Sameness {
    /// Those whose bits were compared. The others add up to it.
    pub compared: usize,
    /// Bit for bit the same, but for NaN, which is equal to NaN.
    pub same: usize,
    /// Of those, the ones in which NaN differ in sign or payload.
    pub nan: usize,
    /// Another result, each side repeating its own.
    pub changed: usize,
    /// An order of operations is defined, and a side does not repeat.
    pub unrepeatable: usize,
    /// No order of operations is defined, and a side does not repeat, or repeats by chance: by design, so that it says
    /// nothing.
    pub open: usize,
}

impl Sameness {
    /// Counts the results of another pair, or another engine, too.
    pub fn add(&mut self, other: Self) {
        self.compared += other.compared;
        self.same += other.same;
        self.nan += other.nan;
        self.changed += other.changed;
        self.unrepeatable += other.unrepeatable;
        self.open += other.open;
    }
}

/// An engine of both records, and how much of it is the same.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct EngineRow {
    /// The engine.
    #[serde(flatten)]
    pub matched: Match,
    /// Its results.
    pub sameness: Sameness,
    /// Whether it is an adapter or a process: the interpreter and the CPU's threads are this program's own code.
    #[serde(skip)]
    pub under_test: bool,
}

/// What was there on one side alone, or cannot be compared: apart from what changed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Absent {
    /// Engines of one side alone.
    pub engines: (Vec<String>, Vec<String>),
    /// Cases of one side alone, by kernel and variant, with how many.
    pub cases: (Vec<Counted>, Vec<Counted>),
    /// Results of cases that both have which ran on the left alone, and on the right alone, by reason.
    pub results: (Vec<Counted>, Vec<Counted>),
    /// Cases whose shader or shape is another one: the program changed, and nothing of the machine is shown.
    pub incomparable: Vec<String>,
    /// Trainings that both have, but on other data, by the left one's last case: nothing of them is compared.
    pub other_data: Vec<String>,
}

impl Absent {
    fn is_empty(&self) -> bool {
        let none = |p: &(Vec<Counted>, Vec<Counted>)| p.0.is_empty() && p.1.is_empty();
        self.engines.0.is_empty()
            && self.engines.1.is_empty()
            && none(&self.cases)
            && none(&self.results)
            && self.incomparable.is_empty()
            && self.other_data.is_empty()
    }
}

/// Results that changed and repeat on both sides, by whether a proven cause tells why.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct ByCause {
    /// A cause that is proven on each side tells.
    pub told: usize,
    /// What makes each side differ from strict arithmetic is known, and the causes are the same.
    pub alike: usize,
    /// What makes a side differ from strict arithmetic is not known.
    pub open: usize,
}

impl ByCause {
    fn count(&mut self, why: &Why, known: bool) {
        *match (why, known) {
            (Why::Causes { .. }, _) => &mut self.told,
            (_, true) => &mut self.alike,
            (_, false) => &mut self.open,
        } += 1;
    }
}

/// What two records differ in.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Compared {
    /// The reference.
    pub left: Side,
    /// What is compared with it.
    pub right: Side,
    /// How much is the same.
    pub sameness: Sameness,
    /// The same by engine.
    pub engines: Vec<EngineRow>,
    /// What differs between the sides that may change a result, in a few words each.
    pub between: Told,
    /// What differs of drivers, machine, program and settings, field by field.
    pub surroundings: Vec<Change>,
    /// Causes, the one with the worst change first.
    pub causes: Vec<CauseGroup>,
    /// How many results changed by causes that are proven; `None` where a record does not explain its results.
    pub by_cause: Option<ByCause>,
    /// Sums that are added in another order, with the engine on the right, where both records have them.
    pub orders: Vec<(String, OrderChange)>,
    /// Cases that changed, the worst first.
    pub cases: Vec<CaseRow>,
    /// Results that changed, the worst first.
    pub results: Vec<ResultChange>,
    /// Cases of no defined order of operations that do not repeat on a side, or differ by chance.
    pub open: Vec<String>,
    /// Those of them whose shader has a data race, on a side: what they compute is undefined.
    pub races: Vec<String>,
    /// The operations of a training of which results were compared.
    pub operations: Vec<OperationChange>,
    /// What there is nothing to compare with.
    pub absent: Absent,
}

impl Compared {
    /// Whether a result that can be compared differs in a bit, ran on one side alone, or failed.
    /// Where nothing was compared, nothing is known to be the same.
    #[must_use]
    pub fn drifts(&self) -> bool {
        let alone = |p: &(Vec<Counted>, Vec<Counted>)| !(p.0.is_empty() && p.1.is_empty());
        let engines = &self.absent.engines;
        self.sameness.compared == 0
            || !self.results.is_empty()
            || !(engines.0.is_empty() && engines.1.is_empty())
            || alone(&self.absent.cases)
            || alone(&self.absent.results)
    }

    /// Whether results of an adapter, or of a process, were compared, and not only those of this program's own code.
    #[must_use]
    pub fn driver_compared(&self) -> bool {
        self.engines.iter().any(|e| e.under_test && e.sameness.compared > 0)
    }

    /// Whether all that both sides ran was compared: no case has another shader or output.
    #[must_use]
    pub fn is_full(&self) -> bool {
        self.absent.incomparable.is_empty()
    }

    /// Whether the records say the same.
    #[must_use]
    pub fn is_same(&self) -> bool {
        self.results.is_empty() && self.surroundings.is_empty() && self.absent.is_empty()
    }

    /// Whether both records can be relied on.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.left.soundness.is_sound() && self.right.soundness.is_sound()
    }
}

/// One side of the comparison.
struct Half<'a> {
    record: &'a Record,
    hypotheses: Hypotheses,
}

/// Both, the left one first, and what is chance on either.
struct Halves<'a> {
    of: (Half<'a>, Half<'a>),
    unordered: Unordered<'a>,
}

/// Compares two records, the left one as the reference. `forced` pairs engines by their ids.
///
/// # Errors
/// When `forced` names an engine that is not there.
pub fn compare(left: &Record, right: &Record, forced: &[(String, String)]) -> Result<Compared, MatchError> {
    let matching = matching(left.into(), right.into(), forced)?;
    let half = |record| Half { record, hypotheses: Hypotheses::of(record) };
    let halves = Halves { of: (half(left), half(right)), unordered: Unordered::of([left, right]) };
    let derived = (left.derived_cases(), right.derived_cases());
    let cases = (|| left.cases.iter().chain(&derived.0), || right.cases.iter().chain(&derived.1));
    let of_right: BTreeMap<&str, &CaseRecord> = cases.1().map(|c| (c.id.as_str(), c)).collect();
    let of_left: BTreeSet<&str> = cases.0().map(|c| c.id.as_str()).collect();
    let under_test = |m: &Match| left.engine(&m.left).is_some_and(|e| e.role().is_under_test());
    let mut engines: Vec<EngineRow> = matching
        .matched
        .iter()
        .map(|m| EngineRow { matched: m.clone(), sameness: Sameness::default(), under_test: under_test(m) })
        .collect();
    let mut results = Vec::new();
    let mut open: BTreeSet<&str> = BTreeSet::new();
    let mut races: BTreeSet<&str> = BTreeSet::new();
    let mut compared: BTreeSet<&'static str> = BTreeSet::new();
    let mut incomparable: BTreeSet<&str> = BTreeSet::new();
    let mut caused = ByCause::default();
    let mut alone: (BTreeMap<String, usize>, BTreeMap<String, usize>) = Default::default();
    for l in cases.0() {
        let Some(r) = of_right.get(l.id.as_str()) else { continue };
        for engine in &mut engines {
            let of = operation(left, &engine.matched.left, l);
            match one(&halves, (l, r), &engine.matched) {
                Seen::Nothing => {}
                Seen::Incomparable => {
                    incomparable.insert(&l.id);
                }
                Seen::Left(why) => *alone.0.entry(why).or_default() += 1,
                Seen::Right(why) => *alone.1.entry(why).or_default() += 1,
                Seen::Same { nan } => {
                    compared.extend(of);
                    engine.sameness.add(Sameness {
                        compared: 1,
                        same: 1,
                        nan: usize::from(nan),
                        ..Sameness::default()
                    });
                }
                Seen::Open => {
                    engine.sameness.add(Sameness { compared: 1, open: 1, ..Sameness::default() });
                    open.insert(&l.id);
                    if [l, r].into_iter().any(|case| Disorder::of(case).is_some_and(Disorder::is_race)) {
                        races.insert(&l.id);
                    }
                }
                Seen::Changed(change) => {
                    compared.extend(of.filter(|_| change.kind == Kind::Differs));
                    match change.kind {
                        Kind::Differs | Kind::Reference => {
                            if change.kind == Kind::Differs {
                                caused.count(&change.why, by_cause(&halves, (l, r), &engine.matched).is_some());
                            }
                            engine.sameness.add(Sameness { compared: 1, changed: 1, ..Sameness::default() });
                        }
                        Kind::Unrepeatable => {
                            engine.sameness.add(Sameness { compared: 1, unrepeatable: 1, ..Sameness::default() });
                        }
                        Kind::Failed => {}
                    }
                    results.push(*change);
                }
            }
        }
    }
    results.sort_by_cached_key(|c| (rank(c), c.case.clone(), c.engines.clone()));
    let (rows, causes) = grouped(&results);
    let counted = |cases: &mut dyn Iterator<Item = &CaseRecord>| -> Vec<Counted> {
        let mut counts: BTreeMap<String, usize> = BTreeMap::new();
        cases.for_each(|c| *counts.entry(c.path()).or_default() += 1);
        counts.into_iter().collect()
    };
    let mut sameness = Sameness::default();
    engines.iter().for_each(|e| sameness.add(e.sameness));
    Ok(Compared {
        left: Side::of(left),
        right: Side::of(right),
        sameness,
        between: told(left, right, &matching),
        surroundings: surroundings(left, right, &matching.matched),
        orders: orders(left, right, &matching.matched),
        engines,
        causes,
        by_cause: (!left.explained.is_empty() && !right.explained.is_empty()).then_some(caused),
        cases: rows,
        operations: operations(&compared, &results),
        results,
        races: races.into_iter().map(str::to_owned).collect(),
        open: open.into_iter().map(str::to_owned).collect(),
        absent: Absent {
            engines: (matching.left_only, matching.right_only),
            cases: (
                counted(&mut cases.0().filter(|c| !of_right.contains_key(c.id.as_str()))),
                counted(&mut cases.1().filter(|c| !of_left.contains(c.id.as_str()))),
            ),
            results: (alone.0.into_iter().collect(), alone.1.into_iter().collect()),
            incomparable: incomparable.into_iter().map(str::to_owned).collect(),
            other_data: other_data(left, right),
        },
    })
}

/// The trainings of the left record that the right one has on other data alone.
fn other_data(left: &Record, right: &Record) -> Vec<String> {
    let there = |l: &&TrainingFile| {
        let id = training_id(l, l.steps);
        let same = right.trainings.iter().any(|r| training_id(r, l.steps) == id);
        !same && right.trainings.iter().any(|r| l.is_of_other_data(r))
    };
    left.trainings.iter().filter(there).map(|l| training_id(l, l.steps)).collect()
}

/// The operation of a training that a case is of, on an engine under test.
fn operation(record: &Record, engine: &str, case: &CaseRecord) -> Option<&'static str> {
    let tested = record.engine(engine).is_some_and(|e| e.role().is_under_test());
    training::operation_at(&case.kernel, &case.id).filter(|_| tested).map(|o| o.name)
}

/// The worst first: by what happened; then what the specification no longer allows; then by severity.
fn rank(change: &ResultChange) -> (Kind, bool, Reverse<Severity>) {
    let outside = |s: Option<Status>| s == Some(Status::OutsideSpecification);
    let newly = outside(change.statuses.1) && !outside(change.statuses.0);
    (change.kind, !newly, Reverse(change.severity))
}

/// What two records say of a case on an engine.
enum Seen {
    /// Neither ran it.
    Nothing,
    /// The left side alone ran it, and why the right one did not.
    Left(String),
    /// The right side alone ran it, and why the left one did not.
    Right(String),
    /// The shader or the shape is another one.
    Incomparable,
    /// The same bits, but perhaps for those of NaN.
    Same { nan: bool },
    /// A side does not repeat, or does so by chance, by design.
    Open,
    /// Something changed.
    Changed(Box<ResultChange>),
}

fn on<'a>(case: &'a CaseRecord, engine: &str) -> Option<&'a Execution> {
    case.executions.iter().find(|x| x.engine == engine)
}

/// The digests of the distinct results, the first run's first; none where it did not run.
fn digests(execution: Option<&Execution>) -> Vec<&str> {
    match execution.map(|x| &x.outcome) {
        Some(Outcome::Ran { distinct, .. }) => distinct.iter().map(|d| d.digest.as_str()).collect(),
        _ => Vec::new(),
    }
}

fn one(halves: &Halves<'_>, (l, r): (&CaseRecord, &CaseRecord), engine: &Match) -> Seen {
    let (x, y) = (on(l, &engine.left), on(r, &engine.right));
    let (a, b) = (digests(x), digests(y));
    let reference = |half: &Half<'_>, case: &CaseRecord, x: Option<&Execution>| match x {
        Some(x) => Reference::of(&half.hypotheses, &x.engine, &case.id, !case.twins.is_empty(), &case.equalled(x)),
        None => Reference::Nothing,
    };
    let changed = |kind, drift: Option<Between>, note: String| {
        let references = (reference(&halves.of.0, l, x), reference(&halves.of.1, r, y));
        let why = match kind {
            Kind::Differs => match by_cause(halves, (l, r), engine) {
                Some(changed) if !changed.is_empty() => Why::Causes { changed },
                _ => Why::of(&l.kernel, (&references.0, &references.1), drift.as_ref()),
            },
            _ => Why::Unknown,
        };
        Seen::Changed(Box::new(ResultChange {
            kind,
            case: l.id.clone(),
            kernel: l.kernel.clone(),
            variant: l.variant.clone(),
            engines: (engine.left.clone(), engine.right.clone()),
            statuses: (x.map(|x| status_of(l, x)), y.map(|y| status_of(r, y))),
            digests: [&a, &b].map(|d| d.first().copied().unwrap_or_default().to_owned()).into(),
            references,
            severity: drift.as_ref().map(|d| severity(l.dtype, &d.drift)).unwrap_or_default(),
            drift,
            why,
            note,
        }))
    };
    let absent = |x: Option<&Execution>| match x.map(|x| &x.outcome) {
        Some(Outcome::Failed { reason }) => format!("failed: {reason}"),
        Some(Outcome::Skipped { why }) => format!("skipped: {why}"),
        _ => "not asked for".to_owned(),
    };
    match (a.first(), b.first()) {
        (None, None) => return Seen::Nothing,
        (None, _) => return Seen::Right(absent(x)),
        (_, None) if matches!(y.map(|y| &y.outcome), Some(Outcome::Failed { .. })) => {
            return changed(Kind::Failed, None, absent(y));
        }
        (_, None) => return Seen::Left(absent(y)),
        _ => {}
    }
    if l.shader != r.shader || (l.dtype, l.elements) != (r.dtype, r.elements) {
        return Seen::Incomparable;
    }
    let strict = |c: &CaseRecord| {
        let twin = c.twins.iter().find(|t| t.arithmetic == Arithmetic::STRICT);
        twin.map(|t| t.digest.clone())
    };
    if let (Some(of_left), Some(of_right)) = (strict(l), strict(r))
        && of_left != of_right
    {
        let note =
            "the strict reference's own bits differ: its inputs or its arithmetic are not the same on both sides";
        return changed(Kind::Reference, None, note.to_owned());
    }
    let drift = || {
        let (x, y) = (x?, y?);
        stored(l, (x, &halves.of.0.record.outputs), (y, &halves.of.1.record.outputs))
    };
    // Results that differ in NaN alone are one.
    let several = |case: &CaseRecord, x: Option<&Execution>| x.map_or(0, |x| Evidence::of(case, x).distinct);
    let chance = |case: &CaseRecord, x: Option<&Execution>| x.is_some_and(|x| halves.unordered.is_chance(case, x));
    let once = |x: Option<&Execution>| x.is_some_and(|x| x.runs() < 2);
    match (several(l, x), several(r, y)) {
        (1, 1) if a.first() == b.first() => Seen::Same { nan: false },
        (1, 1) => match drift() {
            Some(d) if d.is_nan_alone() => Seen::Same { nan: true },
            _ if chance(l, x) || chance(r, y) => Seen::Open,
            d => {
                let nan = [x, y].map(|x| x?.content.as_ref().map(|c| c.nan));
                if let (SWEEP, Some(x), Some(y)) = (l.kernel.as_str(), x, y) {
                    return changed(Kind::Differs, d, swept((l, x), (r, y)));
                }
                let floats = l.dtype.is_float() && may_be_nan_alone(d.as_ref(), nan);
                let note = if floats { "not all is stored, and NaN may be all that differs" } else { "" };
                changed(Kind::Differs, d, note.to_owned())
            }
        },
        _ if l.twins.is_empty() => Seen::Open,
        (n, m) => changed(
            Kind::Unrepeatable,
            drift(),
            match (n, m) {
                (1, m) if once(x) => format!("it does not repeat: {m} distinct results; before, it ran once"),
                (1, m) => format!("it no longer repeats: {m} distinct results"),
                (n, 1) if once(y) => format!("it did not repeat before: {n} distinct results; now it ran once"),
                (n, 1) => format!("now it repeats; before, {n} distinct results"),
                (n, m) => format!("it repeats on neither side: {n} and {m} distinct results"),
            },
        ),
    }
}

/// The sums that engines of both sides add in different orders.
fn orders(left: &Record, right: &Record, matched: &[Match]) -> Vec<(String, OrderChange)> {
    let of = |m: &Match| {
        let sides = left.explained_of(&m.left).zip(right.explained_of(&m.right));
        let changed = sides.map(|(before, now)| proof::orders_changed(before, now)).unwrap_or_default();
        changed.into_iter().map(|change| (m.right.clone(), change)).collect::<Vec<_>>()
    };
    matched.iter().flat_map(of).collect()
}

/// What changed by cause of a case on an engine; `None` where it is not known what makes a side differ from strict arithmetic.
fn by_cause(halves: &Halves<'_>, (l, r): (&CaseRecord, &CaseRecord), engine: &Match) -> Option<Vec<Changed>> {
    let of = |half: &Half<'_>, case: &CaseRecord, id: &str| {
        let strict = on(case, id).and_then(Execution::first) == case.strict() && case.strict().is_some();
        proof::known(half.record.explained_of(id), &case.id, strict)
    };
    let (left, right) = (of(&halves.of.0, l, &engine.left)?, of(&halves.of.1, r, &engine.right)?);
    let explained = (halves.of.0.record.explained_of(&engine.left), halves.of.1.record.explained_of(&engine.right));
    Some(proof::changed((&left, &right), explained))
}

/// How right a function was on the left and is on the right, in a clause.
fn swept(left: (&CaseRecord, &Execution), right: (&CaseRecord, &Execution)) -> String {
    let of = |(case, x): (&CaseRecord, &Execution)| {
        let mine = case.comparisons.iter().find(|c| c.right.is_of(&x.engine)).map(|c| &c.drift);
        let accuracy = x.accuracy.as_ref();
        let worst = accuracy.map(|a| a.max_ulp).filter(|ulp| ulp.is_finite());
        (mine.map_or(0, |d| d.differing), worst, accuracy.map_or(0, |a| a.outside))
    };
    let ((a, worst_a, out_a), (b, worst_b, out_b)) = (of(left), of(right));
    let mut parts = vec![format!(
        "not correctly rounded in {} of {} results, before {}",
        count(b),
        count(left.0.elements),
        count(a)
    )];
    match (worst_a, worst_b) {
        (Some(was), Some(is)) if was == is => parts.push(format!("the worst error is {} ulp as before", number(is))),
        (Some(was), Some(is)) => parts.push(format!("the worst error is {} ulp, before {}", number(is), number(was))),
        _ => {}
    }
    if out_a > 0 || out_b > 0 {
        parts.push(format!("forbidden are {}, before {}", count(out_b), count(out_a)));
    }
    parts.join("; ")
}

/// The drift between two executions, from what their records store.
fn stored(case: &CaseRecord, left: (&Execution, &Outputs), right: (&Execution, &Outputs)) -> Option<Between> {
    let known = |(execution, outputs): (&Execution, &Outputs)| {
        let digest = *digests(Some(execution)).first()?;
        outputs.get(digest)?.known(digest).ok()
    };
    match (known(left), known(right)) {
        (Some(l), Some(r)) => between(case.dtype, case.elements, &l, &r),
        _ => {
            let differ = digests(Some(left.0)).first() != digests(Some(right.0)).first();
            sampled(case.dtype, case.elements, &left.0.samples, &right.0.samples, differ)
        }
    }
}
