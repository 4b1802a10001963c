//! Whether a record can be relied on, and if not, why not.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use serde::Serialize;

use super::identity::clean;
use super::status::{Shown, contradicted, contradicts};
use crate::model::Role;
use crate::model::record::{EngineKind, EngineStatus, Evidence, Outcome, Record, Status, Verdict, training_id};
use crate::record::{Member, Merged};

/// What follows from a fault.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Consequence {
    /// Nothing shows that a difference on one engine would have been seen. All that is said of the others holds.
    Unproved,
    /// The record says less than it should. What it does say holds.
    Incomplete,
    /// Nothing shows that a difference would have been seen: nothing that it says of agreement holds.
    Invalid,
}

/// What keeps a record from being relied on, the least first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Fault {
    /// No difference could be planted on a remote engine, which does not copy.
    NoCopy,
    /// A case failed on an engine.
    CaseFailed,
    /// An engine crashed, hung, lost its device or could not be opened.
    EngineFailed,
    /// A case names an engine that the record does not list.
    UnknownEngine,
    /// A leg of a merged record is missing.
    MissingLeg,
    /// The record was written before its audit was finished.
    Unfinished,
    /// The status of a row, or a verdict, is not what its evidence shows.
    Contradiction,
    /// The record carries no id: nothing shows that it is what was written.
    NoId,
    /// No difference was planted on an engine that ran.
    NotControlled,
    /// No difference was planted anywhere.
    NoControls,
    /// A planted difference was missed.
    ControlMissed,
    /// Nothing was executed.
    NothingRan,
}

impl Fault {
    /// What follows from it.
    #[must_use]
    pub fn consequence(self) -> Consequence {
        match self {
            Self::NoCopy => Consequence::Unproved,
            Self::ControlMissed | Self::NoControls | Self::NotControlled | Self::NoId | Self::Contradiction => {
                Consequence::Invalid
            }
            Self::NothingRan
            | Self::Unfinished
            | Self::MissingLeg
            | Self::UnknownEngine
            | Self::EngineFailed
            | Self::CaseFailed => Consequence::Incomplete,
        }
    }

    /// The name in JSON.
    #[must_use]
    pub fn name(self) -> &'static str {
        match self {
            Self::NoCopy => "no-copy",
            Self::CaseFailed => "case-failed",
            Self::EngineFailed => "engine-failed",
            Self::UnknownEngine => "unknown-engine",
            Self::MissingLeg => "missing-leg",
            Self::Unfinished => "unfinished",
            Self::NothingRan => "nothing-ran",
            Self::Contradiction => "contradiction",
            Self::NoId => "no-id",
            Self::NotControlled => "not-controlled",
            Self::NoControls => "no-controls",
            Self::ControlMissed => "control-missed",
        }
    }
}

/// One reason why a record cannot be relied on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Reason {
    /// What kind.
    pub fault: Fault,
    /// The engine whose results it is about; `None` for the whole record.
    pub engine: Option<String>,
    /// The case, where it is about one.
    pub case: Option<String>,
    /// The record, by name; `None` where there is one record alone.
    pub record: Option<String>,
    /// What is wrong, in a sentence without its full stop. One line, without control characters.
    pub text: String,
}

/// Whether a record, or a set of them, can be relied on.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Soundness {
    /// Why not, the worst first, and at the end what is not proved of single engines; empty where nothing speaks against it.
    pub reasons: Vec<Reason>,
}

impl Soundness {
    /// Whether every planted difference was caught, on every engine on which one can be planted, and everything was carried
    /// out as planned.
    #[must_use]
    pub fn is_sound(&self) -> bool {
        self.consequence().is_none()
    }

    /// The worst consequence for the whole; `None` where it is sound.
    #[must_use]
    pub fn consequence(&self) -> Option<Consequence> {
        self.reasons.iter().map(|r| r.fault.consequence()).filter(|c| *c > Consequence::Unproved).max()
    }

    /// Whether nothing that it says of agreement holds.
    #[must_use]
    pub fn is_invalid(&self) -> bool {
        self.consequence() == Some(Consequence::Invalid)
    }

    /// The reasons against results of this engine: those about it, and those about the whole record.
    pub fn of_engine<'a>(&'a self, engine: &'a str) -> impl Iterator<Item = &'a Reason> {
        self.reasons.iter().filter(move |r| r.engine.as_deref().is_none_or(|e| e == engine))
    }

    /// Why a row of this engine is not to be relied on, for its cell in a table: the title of the whole, or what is not
    /// proved of the engine.
    #[must_use]
    pub fn of_row(&self, engine: &str) -> Option<String> {
        let unproved =
            |r: &Reason| r.fault.consequence() == Consequence::Unproved && r.engine.as_deref() == Some(engine);
        self.title().or_else(|| Some(format!("Not controlled: {}", self.reasons.iter().find(|r| unproved(r))?.text)))
    }

    /// The sentence that comes first in every view of the record, without its full stop; `None` where it is sound.
    #[must_use]
    pub fn title(&self) -> Option<String> {
        let first = self.reasons.first().filter(|r| r.fault.consequence() > Consequence::Unproved)?;
        let more = self.reasons.len() - 1;
        let more = match more {
            0 => String::new(),
            1 => " (and 1 more reason)".to_owned(),
            n => format!(" (and {n} more reasons)"),
        };
        let of = first.record.as_ref().map(|r| format!("{r}: ")).unwrap_or_default();
        Some(match self.consequence()? {
            Consequence::Invalid => format!("Invalid, do not rely on this: {of}{}{more}", first.text),
            Consequence::Incomplete | Consequence::Unproved => format!("Incomplete: {of}{}{more}", first.text),
        })
    }

    fn new(mut reasons: Vec<Reason>) -> Self {
        reasons.sort_by(|a, b| b.fault.cmp(&a.fault).then_with(|| (&a.record, &a.engine).cmp(&(&b.record, &b.engine))));
        Self { reasons }
    }
}

/// What a row shows, whatever it was read from.
struct Row<'a> {
    case: &'a str,
    problem: &'a str,
    engine: &'a str,
    failed: Option<&'a str>,
    status: Status,
    evidence: Evidence,
}

/// Whether a record can be relied on.
#[must_use]
pub fn soundness(record: &Record) -> Soundness {
    let derived = record.derived_cases();
    let rows = record.cases.iter().chain(&derived).flat_map(|case| {
        case.executions.iter().map(move |x| Row {
            case: &case.id,
            problem: &case.problem,
            engine: &x.engine,
            failed: if let Outcome::Failed { reason } = &x.outcome { Some(reason) } else { None },
            status: x.status,
            evidence: Evidence::of(case, x),
        })
    });
    Soundness::new(reasons(record, record.verdicts.iter(), &rows.collect::<Vec<_>>()))
}

/// Whether one record of a merged one can be relied on.
#[must_use]
pub fn soundness_of_member(member: &Member) -> Soundness {
    let rows = member.cases().flat_map(|case| {
        case.executions.iter().map(move |x| Row {
            case: &case.id,
            problem: &case.problem,
            engine: &x.engine,
            failed: x.failed.as_deref(),
            status: x.status,
            evidence: x.evidence,
        })
    });
    Soundness::new(reasons(&member.shell, member.verdicts(), &rows.collect::<Vec<_>>()))
}

/// Whether a merged record can be relied on: every record of it, and none that was expected is missing.
#[must_use]
pub fn soundness_of_set(merged: &Merged) -> Soundness {
    let mut all = Vec::new();
    for member in merged.members() {
        let name = clean(member.name());
        let named = |r: Reason| Reason { record: Some(name.clone()), ..r };
        all.extend(soundness_of_member(member).reasons.into_iter().map(named));
    }
    if merged.is_empty() {
        all.push(whole(Fault::NothingRan, "it has no record".to_owned()));
    }
    for label in merged.missing() {
        all.push(whole(Fault::MissingLeg, format!("{} was expected, and there is no record of it", clean(label))));
    }
    Soundness::new(all)
}

fn whole(fault: Fault, text: String) -> Reason {
    Reason { fault, engine: None, case: None, record: None, text }
}

/// The verdicts that their rows contradict.
fn verdicts<'a>(stated: impl Iterator<Item = &'a Verdict>, rows: &[Row<'a>], out: &mut Vec<Reason>) {
    let mut problems: HashMap<&str, Vec<&Row<'a>>> = HashMap::new();
    for row in rows {
        problems.entry(row.problem).or_default().push(row);
    }
    for verdict in stated {
        let shown: Vec<Shown<'_>> = problems
            .get(verdict.problem.as_str())
            .into_iter()
            .flatten()
            .map(|row| Shown {
                mine: row.engine == verdict.engine,
                failed: row.failed.is_some(),
                evidence: &row.evidence,
            })
            .collect();
        if contradicts(verdict, &shown) {
            let (problem, engine) = (clean(&verdict.problem), clean(&verdict.engine));
            out.push(Reason {
                fault: Fault::Contradiction,
                engine: Some(verdict.engine.clone()),
                case: None,
                record: None,
                text: format!("the verdict on {problem} on {engine} contradicts its results"),
            });
        }
    }
}

/// Everything that speaks against a record. `shell` may be without its cases and verdicts.
fn reasons<'a>(shell: &'a Record, stated: impl Iterator<Item = &'a Verdict>, rows: &[Row<'a>]) -> Vec<Reason> {
    let mut out = Vec::new();
    if shell.id.is_empty() {
        out.push(whole(Fault::NoId, "it carries no id, so that nothing shows whether it was changed".to_owned()));
    }
    let unfinished = shell.is_unfinished();
    if unfinished {
        out.push(whole(Fault::Unfinished, "the audit was not finished when this was written".to_owned()));
    }
    let listed: BTreeSet<&str> = shell.engines.iter().map(|e| e.id.as_str()).collect();
    let mut ran: BTreeSet<&str> = BTreeSet::new();
    let mut failures: BTreeMap<(&str, &str), Vec<&str>> = BTreeMap::new();
    for row in rows {
        if row.evidence.results > 0 {
            ran.insert(row.engine);
        }
        if let Some(reason) = row.failed {
            failures.entry((row.engine, reason)).or_default().push(row.case);
        }
        let (case, engine) = (clean(row.case), clean(row.engine));
        let about = |fault, text| Reason {
            fault,
            engine: Some(row.engine.to_owned()),
            case: Some(row.case.to_owned()),
            record: None,
            text,
        };
        if contradicted(row.status, &row.evidence) {
            let text = format!("the status of {case} on {engine} contradicts its result");
            out.push(about(Fault::Contradiction, text));
        }
        if row.evidence.contrary {
            let text = format!("a comparison of {case} on {engine} contradicts the digests");
            out.push(about(Fault::Contradiction, text));
        }
        if !listed.contains(row.engine) {
            let text = format!("{case} ran on {engine}, which the record does not list");
            out.push(about(Fault::UnknownEngine, text));
        }
    }
    verdicts(stated, rows, &mut out);
    for ((engine, reason), cases) in failures {
        let first = cases.first().copied().unwrap_or_default();
        let what =
            if cases.len() > 1 { format!("{} cases, {} first,", cases.len(), clean(first)) } else { clean(first) };
        out.push(Reason {
            fault: Fault::CaseFailed,
            engine: Some(engine.to_owned()),
            case: Some(first.to_owned()),
            record: None,
            text: format!("{what} failed on {}: {}", clean(engine), clean(reason)),
        });
    }
    for engine in &shell.engines {
        // Of an unfinished audit every engine is unfinished, which was said.
        if let (EngineStatus::Failed { reason, case }, false) = (&engine.status, unfinished) {
            let at = case.as_ref().map(|c| format!(" at {}", clean(c))).unwrap_or_default();
            out.push(Reason {
                fault: Fault::EngineFailed,
                engine: Some(engine.id.clone()),
                case: case.clone(),
                record: None,
                text: format!("{} failed{at}: {}", clean(&engine.id), clean(reason)),
            });
        }
    }
    if ran.is_empty() {
        out.push(whole(Fault::NothingRan, "nothing was executed".to_owned()));
    }
    controls(shell, &ran, &mut out);
    out
}

fn controls(shell: &Record, ran: &BTreeSet<&str>, out: &mut Vec<Reason>) {
    if shell.controls.is_empty() {
        let text = "no difference was planted, so nothing shows that one would be caught";
        out.push(whole(Fault::NoControls, text.to_owned()));
    }
    for control in shell.controls.iter().filter(|c| !c.caught) {
        let (name, on, about) = (clean(&control.name), clean(&control.engine), clean(&control.about));
        out.push(Reason {
            fault: Fault::ControlMissed,
            engine: Some(control.engine.clone()),
            case: None,
            record: None,
            text: format!("the planted difference {name} on {on} was missed ({about})"),
        });
    }
    for training in shell.trainings.iter().filter(|t| !t.is_sound()) {
        let id = training_id(training, training.steps);
        let text = format!("the controls of {} did not hold, so nothing shows that a difference was seen", clean(&id));
        out.push(Reason { fault: Fault::ControlMissed, engine: None, case: Some(id), record: None, text });
    }
    for engine in shell.engines.iter().filter(|e| e.kind == EngineKind::Adapter && !shell.controls.is_empty()) {
        if ran.contains(engine.id.as_str()) && !shell.controls.iter().any(|c| c.engine == engine.id) {
            let id = clean(&engine.id);
            let (fault, text) = if engine.role() == Role::Remote {
                (
                    Fault::NoCopy,
                    format!("no difference could be planted on {id}, which does not answer the operation copy"),
                )
            } else {
                (
                    Fault::NotControlled,
                    format!("no difference was planted on {id}, so nothing shows that one would be caught there"),
                )
            };
            out.push(Reason { fault, engine: Some(engine.id.clone()), case: None, record: None, text });
        }
    }
}
