//! Which engine of a record is which of the lock.

use std::collections::{BTreeMap, BTreeSet};

use super::Question;
use super::reports::Report;
use crate::facts::{Alike, Identity, alike, clean, identify};
use crate::gate::lock::{Lock, LockedEngine};
use crate::gate::outcome::Outcome;
use crate::gate::sound::audit_label;
use crate::gate::sound::{short, took_part};
use crate::model::pattern::word;
use crate::record::{Engine, EngineStatus, Record};

/// An engine of a record.
#[derive(Debug)]
pub(in crate::gate) struct RecordedEngine<'a> {
    /// The place of its record.
    pub(in crate::gate) record: usize,
    pub(in crate::gate) engine: &'a Engine,
    pub(in crate::gate) identity: Identity,
    /// The lock's label where it is in the lock, else one of its own.
    pub(in crate::gate) label: String,
    pub(in crate::gate) locked: Option<&'a LockedEngine>,
    /// Its id, and its record's where there are several.
    pub(in crate::gate) on: String,
    /// Whether it is among those that are asked about.
    pub(in crate::gate) selected: bool,
}

impl RecordedEngine<'_> {
    /// What of it is not as in the lock, each with what it was and what it is; empty where it is the same engine, and where
    /// the lock has none.
    pub(in crate::gate) fn changes(&self) -> Vec<(Outcome, String)> {
        let Some(locked) = self.locked else { return Vec::new() };
        let (was, is) = (&locked.identity, &self.identity);
        let mut out = Vec::new();
        let driver = |i: &Identity| {
            let name = if was.class.family == is.class.family { "" } else { i.class.family.as_str() };
            format!("{name} {}", i.driver.label()).trim().to_owned()
        };
        if was.driver != is.driver || was.class.family != is.class.family {
            out.push((Outcome::DriverChanged, format!("driver {} → {}", driver(was), driver(is))));
        }
        let names: BTreeSet<&String> = was.class.variables.keys().chain(is.class.variables.keys()).collect();
        let value = |i: &Identity, name: &String| i.class.variables.get(name).cloned().unwrap_or("not set".to_owned());
        let variables: Vec<String> = names
            .into_iter()
            .filter(|n| value(was, n) != value(is, n))
            .map(|n| format!("{n}: {} → {}", value(was, n), value(is, n)))
            .collect();
        if !variables.is_empty() {
            out.push((Outcome::VariablesChanged, variables.join(", ")));
        }
        out
    }

    /// Its driver's name and version.
    pub(in crate::gate) fn driver(&self) -> String {
        clean(&format!("{} {}", self.identity.class.family, self.identity.driver.label()))
    }

    pub(super) fn failed(&self) -> bool {
        matches!(self.engine.status, EngineStatus::Failed { .. })
    }
}

/// Whether an engine is asked about.
pub(in crate::gate) fn selected(texts: &[String], label: &str, identity: &Identity) -> bool {
    let device = &identity.driver.device;
    texts.is_empty() || texts.iter().any(|t| word(t, label) || word(t, device))
}

/// All engines of all records, each with the one of the lock that it is.
pub(super) fn recorded<'a>(question: &Question<'a>) -> Vec<RecordedEngine<'a>> {
    let taking = |r: &Record, e: &Engine| took_part(r, &e.id) || e.status != EngineStatus::Complete;
    let all: Vec<(usize, &'a Record, &'a Engine, Identity)> = question
        .records
        .iter()
        .enumerate()
        .flat_map(|(i, r)| {
            r.engines.iter().filter(move |e| taking(r, e)).map(move |e| (i, r, e, identify(&r.environment, e)))
        })
        .collect();
    let identities: Vec<&Identity> = all.iter().map(|(_, _, _, identity)| identity).collect();
    let several = question.records.len() > 1;
    let mut recorded = Vec::new();
    for (record, of, engine, identity) in &all {
        let found = find(question.lock, identity, audit_label(of).as_deref(), &identities);
        let label = found.map_or_else(
            || {
                let class = identity.class.label();
                let taken = question.lock.engines.contains_key(&class);
                if taken { format!("{class} @ {}", identity.driver.label()) } else { class }
            },
            |(label, _)| label.clone(),
        );
        let id = clean(&engine.id);
        recorded.push(RecordedEngine {
            record: *record,
            engine,
            selected: selected(question.engines, &label, identity),
            identity: identity.clone(),
            label,
            locked: found.map(|(_, locked)| locked),
            on: if several { format!("{id} of {}", short(&of.id)) } else { id },
        });
    }
    recorded
}

/// The engine of the lock that this is: the same one; or else the most alike of those that no other engine here is, which
/// then has had its driver changed, or other variables set. Of several that are equally alike, the one of an audit with the
/// same label; or else the one whose version has the longest beginning in common.
fn find<'l>(
    lock: &'l Lock,
    identity: &Identity,
    audit: Option<&str>,
    all: &[&Identity],
) -> Option<(&'l String, &'l LockedEngine)> {
    let same = |e: &LockedEngine, o: &Identity| alike(&e.identity, o) == Some(Alike::Same);
    if let Some(exact) = lock.engines.iter().find(|(_, e)| same(e, identity)) {
        return Some(exact);
    }
    let common = |e: &LockedEngine| {
        let (a, b) = (&e.identity.driver.version, &identity.driver.version);
        a.chars().zip(b.chars()).take_while(|(x, y)| x == y).count()
    };
    let same_audit = |e: &LockedEngine| audit.is_some_and(|a| e.labels.contains(a));
    lock.engines
        .iter()
        .filter(|(_, e)| !all.iter().any(|o| same(e, o)))
        .filter_map(|(label, e)| Some((alike(&e.identity, identity)?, label, e)))
        .max_by_key(|(how, label, e)| (std::cmp::Reverse(*how), same_audit(e), common(e), (*label).clone()))
        .map(|(_, label, e)| (label, e))
}

/// Reports engines that are absent, new, or have another driver.
pub(super) fn report(report: &mut Report<'_>, recorded: &[RecordedEngine<'_>]) {
    let question = report.question;
    for (label, locked) in &question.lock.engines {
        if !selected(question.engines, label, &locked.identity) {
            continue;
        }
        let mut here: BTreeMap<usize, usize> = BTreeMap::new();
        for recorded_engine in recorded.iter().filter(|s| s.label == *label && s.locked.is_some()) {
            *here.entry(recorded_engine.record).or_default() += 1;
        }
        let count = here.values().copied().max().unwrap_or(0);
        if count < locked.count {
            let rows = question.lock.cases.values().filter(|c| c.rows.contains_key(label)).count();
            let what = match count {
                0 => format!("{label} is in no record; {rows} results of the lock were not compared"),
                n => format!("{n} of {} {label} are there", locked.count),
            };
            let mut item = report.item(Outcome::EngineAbsent, what);
            item.engine = Some(label.clone());
            item.expected = locked.identity.driver.label();
            item.place = report.in_lock(locked.line);
            report.items.push(item);
        }
    }
    let driver = |i: &Identity| !matches!(i.class.backend.as_str(), "cpu" | crate::model::adapter::INTERPRETER);
    if !question.lock.engines.values().any(|e| driver(&e.identity)) {
        let what = "the lock has no engine with a driver: this does not test a GPU or its driver";
        report.plain(Outcome::NoDriver, what);
    }
    for recorded_engine in recorded.iter().filter(|s| s.selected) {
        let is = recorded_engine.identity.driver.label();
        let mut items = Vec::new();
        match recorded_engine.locked {
            None => {
                let what =
                    format!("{} ({is}) is not in the lock; lock again to have it checked", recorded_engine.label);
                items.push(report.item(Outcome::NewEngine, what));
            }
            Some(locked) => {
                let (old, new) = (&locked.identity.driver, &recorded_engine.identity.driver);
                for (outcome, change) in recorded_engine.changes() {
                    let renamed = outcome == Outcome::DriverChanged && old.device != new.device;
                    let device = renamed.then(|| format!("; device {} → {}", old.device, new.device));
                    let what = format!("{}: {change}{}", recorded_engine.label, device.unwrap_or_default());
                    let mut item = report.item(outcome, what);
                    item.expected = old.label();
                    item.place = report.in_lock(locked.line);
                    items.push(item);
                }
            }
        }
        let (engine, on) = (Some(recorded_engine.label.clone()), Some(recorded_engine.on.clone()));
        report.items.extend(items.into_iter().map(|item| super::Item {
            engine: engine.clone(),
            on: on.clone(),
            found: is.clone(),
            ..item
        }));
    }
}
