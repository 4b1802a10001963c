//! A lock of records.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};

use super::{
    Found, Lock, LockError, LockedCase, LockedEngine, LockedRow, LockedSettings, found as found_in, is_digest, outline,
    shorten,
};
use crate::facts::{Disorder, Unordered};
use crate::facts::{Identity, clean, identify, status_of};
use crate::gate::sound::audit_label;
use crate::gate::sound::{short, took_part, troubles};
use crate::model::CaseId;
use crate::record::{CaseRecord, Execution, Outcome, Record, Status};

impl Lock {
    /// Locks what the records found; of sweeps what is among their cases ([`Record::with_derived_cases`]). The order of the records does not matter, nor does one that is given twice.
    ///
    /// # Errors
    /// When there is no record, one is incomplete, missed a control or ran each case once, they do not belong together,
    /// or equal engines do not agree on a case of fixed order that repeats on each.
    pub fn of(records: &[Record]) -> Result<Self, LockError> {
        let settings = settings(records)?;
        for record in records {
            if let Some(error) = record.cases.iter().find_map(|c| CaseId::parse(&c.id).err()) {
                return Err(LockError::Unreadable { id: short(&record.id), what: clean(&error.to_string()) });
            }
            digests(record)?;
            sound(record)?;
        }
        let engines = engines(records);
        let mut cases: BTreeMap<CaseId, LockedCase> = BTreeMap::new();
        for record in records {
            let labels = labels_in(record, &engines);
            for case in &record.cases {
                let found = outline(case);
                let bad = |what: String| LockError::Unreadable { id: short(&record.id), what };
                let id = CaseId::parse(&case.id).map_err(|e| bad(clean(&e.to_string())))?;
                let locked = match cases.entry(id.clone()) {
                    Entry::Vacant(place) => place.insert(found),
                    Entry::Occupied(there) if there.get().outline() == found => there.into_mut(),
                    Entry::Occupied(there) => {
                        return Err(LockError::Records(format!(
                            "the records do not mean the same by {}: its {} differs; audit again with one version of \
                             repro-audit",
                            case.id,
                            there.get().difference(&found).unwrap_or("content")
                        )));
                    }
                };
                for execution in &case.executions {
                    let Some(label) = labels.get(execution.engine.as_str()) else { continue };
                    locked.add(&id, label, case, execution)?;
                }
            }
        }
        if cases.is_empty() {
            return Err(LockError::Records("the records have no case, so that there is nothing to lock".to_owned()));
        }
        let unordered = Unordered::of(records);
        let found = disorders(records);
        for (id, case) in &mut cases {
            let found = match found.get(id) {
                Some(disorder) if disorder.is_race() => Found::Race,
                Some(_) => Found::Unordered,
                None if case.strict.is_none() && unordered.has(id.kernel(), id.variant()) => Found::Unordered,
                None => continue,
            };
            case.rows.values_mut().for_each(|row| row.forget(&found));
        }
        let lock = Self { settings, engines, cases };
        // A record of a stranger may lack what every audit writes.
        Self::parse("its lock", &lock.to_string()).map_err(|e| LockError::Unreadable {
            id: records.first().map(|r| short(&r.id)).unwrap_or_default(),
            what: clean(&e.to_string()),
        })?;
        Ok(lock)
    }
}

impl LockedRow {
    /// Promises no more than a result whose order is not fixed can keep.
    fn forget(&mut self, found: &Found) {
        if self.status != Status::Skipped {
            self.status = self.status.max(Status::NotRepeatable);
            self.found = found.clone();
        }
    }
}

/// What the findings of the records say of each case.
fn disorders(records: &[Record]) -> BTreeMap<CaseId, Disorder> {
    let mut out: BTreeMap<CaseId, Disorder> = BTreeMap::new();
    for case in records.iter().flat_map(|r| &r.cases) {
        if let (Some(disorder), Ok(id)) = (Disorder::of(case), CaseId::parse(&case.id)) {
            let known = out.entry(id).or_insert(disorder);
            *known = disorder.max(*known);
        }
    }
    out
}

impl LockedCase {
    /// The case without its results.
    pub(in crate::gate) fn outline(&self) -> Self {
        Self { rows: BTreeMap::new(), line: 0, ..self.clone() }
    }

    /// What differs between two cases of one id, in a word.
    pub(in crate::gate) fn difference(&self, other: &Self) -> Option<&'static str> {
        let parts = [
            (self.shape != other.shape, "output shape"),
            (self.shader != other.shader, "shader"),
            (self.strict != other.strict, "strict reference, and so its inputs or its operations,"),
        ];
        parts.into_iter().find(|(differs, _)| *differs).map(|(_, what)| what)
    }

    /// Adds a result; of the same engine in several records, or of several equal adapters, what they agree on.
    fn add(&mut self, id: &CaseId, label: &str, case: &CaseRecord, execution: &Execution) -> Result<(), LockError> {
        let new = LockedRow { status: status_of(case, execution), found: found_in(case, execution), line: 0 };
        let row = match self.rows.entry(label.to_owned()) {
            Entry::Vacant(place) => {
                place.insert(new);
                return Ok(());
            }
            Entry::Occupied(there) => there.into_mut(),
        };
        if (row.status == Status::Skipped) != (new.status == Status::Skipped) {
            return Err(LockError::Records(format!(
                "{label} both runs and skips {id}; lock the records of machines that agree on what they can run"
            )));
        }
        if let (Found::Digest(a), Found::Digest(b)) = (&row.found, &new.found)
            && a != b
            && self.strict.is_some()
        {
            // A lock that says "varies" here would pass any bits later, on each of the machines.
            return Err(LockError::Records(format!(
                "equal engines give different results that repeat: {id} on {label} is {a} and {b}; find out why \
                 (repro-audit compare), and lock the machines that agree, or one of two adapters (--adapter)"
            )));
        }
        if row.found != new.found {
            // No order is fixed here, or runs of one of them differ: no digest stands for both.
            row.found = Found::Varies;
            row.status = row.status.max(new.status).max(Status::NotRepeatable);
        }
        row.status = row.status.max(new.status);
        Ok(())
    }
}

/// Whether every digest is one. Asked first: a text that is none equals no reference, and would pass for a contradiction.
fn digests(record: &Record) -> Result<(), LockError> {
    let bad = |what: String| LockError::Unreadable { id: short(&record.id), what };
    for case in &record.cases {
        let of_case = case.shader.iter().chain(case.twins.iter().map(|t| &t.digest));
        if of_case.into_iter().any(|d| !is_digest(&shorten(d))) {
            return Err(bad(format!("{} has a digest that is none", clean(&case.id))));
        }
        for x in &case.executions {
            let Outcome::Ran { distinct, .. } = &x.outcome else { continue };
            if distinct.iter().any(|d| !is_digest(&shorten(&d.digest))) {
                return Err(bad(format!("the digest of {} on {} is none", clean(&case.id), clean(&x.engine))));
            }
        }
    }
    Ok(())
}

/// Whether a record says enough to be locked.
fn sound(record: &Record) -> Result<(), LockError> {
    if let Some((_, trouble)) = troubles(record).into_iter().next() {
        return Err(LockError::Incomplete(format!(
            "record {} cannot be locked: {trouble}; audit again, without an adapter that cannot be fixed (--adapter)",
            short(&record.id)
        )));
    }
    if record.provenance.settings.repeats < 2 {
        return Err(LockError::Records(format!(
            "record {} has one run of each case, which does not test repeatability; audit with --repeats 2 or more",
            short(&record.id)
        )));
    }
    Ok(())
}

fn settings(records: &[Record]) -> Result<LockedSettings, LockError> {
    let first = records.first().ok_or_else(|| LockError::Records("there is no record to lock".to_owned()))?;
    let of = |record: &Record| {
        let settings = &record.provenance.settings;
        (settings.profile, settings.seed, clean(&record.provenance.version))
    };
    let (profile, seed, tool) = of(first);
    if let Some(other) = records.iter().map(of).find(|o| *o != (profile, seed, tool.clone())) {
        return Err(LockError::Records(format!(
            "the records do not belong together: profile {}, seed {seed}, repro-audit {tool}, and profile {}, seed {}, \
             repro-audit {}",
            profile.name(),
            other.0.name(),
            other.1,
            other.2
        )));
    }
    let all = || records.iter().map(|r| &r.provenance.settings);
    let union = |of: &dyn Fn(&crate::record::Settings) -> Vec<String>| -> Vec<String> {
        all().flat_map(of).map(|t| clean(&t)).filter(|t| !t.is_empty()).collect::<BTreeSet<_>>().into_iter().collect()
    };
    let mut vary: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (name, values) in all().flat_map(|s| &s.vary).filter(|(_, values)| !values.is_empty()) {
        vary.entry(clean(name)).or_default().extend(values.iter().map(|v| clean(v)));
    }
    let unfiltered = all().any(|s| s.adapters.is_empty());
    Ok(LockedSettings {
        tool,
        profile,
        seed,
        repeats: all().map(|s| s.repeats).min().unwrap_or(0),
        threads: all().flat_map(|s| s.threads.iter().copied()).collect::<BTreeSet<_>>().into_iter().collect(),
        adapters: if unfiltered { Vec::new() } else { union(&|s| s.adapters.clone()) },
        planted: union(&|s| s.planted.clone()),
        own: records.iter().filter_map(|r| r.provenance.own.as_ref()).map(|own| own.arguments.clone()).collect(),
        vary: vary.into_iter().map(|(name, values)| (name, values.into_iter().collect())).collect(),
    })
}

/// The engines of all records under labels that tell them apart.
fn engines(records: &[Record]) -> BTreeMap<String, LockedEngine> {
    let mut all: BTreeMap<Identity, LockedEngine> = BTreeMap::new();
    for record in records {
        let mut here: BTreeMap<Identity, usize> = BTreeMap::new();
        for engine in record.engines.iter().filter(|e| took_part(record, &e.id)) {
            *here.entry(identify(&record.environment, engine)).or_default() += 1;
        }
        for (identity, count) in here {
            let blank = LockedEngine { identity: identity.clone(), labels: BTreeSet::new(), count, line: 0 };
            let engine = all.entry(identity).or_insert(blank);
            engine.count = count.max(engine.count);
            engine.labels.extend(audit_label(record));
        }
    }
    let all: Vec<_> = all.into_values().collect();
    labels(&all).into_iter().zip(all).collect()
}

/// A label each, in order: the class alone where it tells them apart. Where several drivers of one class are locked, the
/// labels of their audits, which stay when a driver is updated; or else as much of the driver as it takes.
fn labels(engines: &[LockedEngine]) -> Vec<String> {
    let class = |e: &LockedEngine| e.identity.class.label();
    let hardware = |e: &LockedEngine| e.identity.class.hardware.clone().unwrap_or_default();
    let audits = |e: &LockedEngine| e.labels.iter().cloned().collect::<Vec<_>>().join(", ");
    let driver = |e: &LockedEngine| e.identity.driver.clone();
    let ways: [&dyn Fn(&LockedEngine) -> String; 5] = [
        &class,
        &|e| format!("{} @ {}", class(e), audits(e)),
        &|e| format!("{} @ {}", class(e), driver(e).version),
        &|e| format!("{} @ {}, {}", class(e), driver(e).label(), driver(e).device),
        &|e| format!("{} @ {}, {}, {}", class(e), driver(e).label(), driver(e).device, hardware(e)),
    ];
    let mut taken = BTreeSet::new();
    let mut name = |engine: &LockedEngine| {
        // Among those of the same class, so that a second driver does not rename other classes.
        let rivals: Vec<_> = engines.iter().filter(|o| class(o) == class(engine)).collect();
        // All of them in the same way, or none.
        let tells = |way: &&&dyn Fn(&LockedEngine) -> String| {
            rivals.iter().map(|o| way(o)).collect::<BTreeSet<_>>().len() == rivals.len()
        };
        let audited = rivals.iter().all(|o| !o.labels.is_empty());
        let way = ways.iter().enumerate().filter(|(i, _)| *i != 1 || audited).map(|(_, w)| w).find(tells);
        let plain = clean(&way.unwrap_or(&ways[4])(engine));
        let mut label = plain.clone();
        let mut number = 2;
        while !taken.insert(label.clone()) {
            label = format!("{plain} ({number})");
            number += 1;
        }
        label
    };
    engines.iter().map(&mut name).collect()
}

/// The label of each engine of a record.
fn labels_in<'r>(record: &'r Record, engines: &BTreeMap<String, LockedEngine>) -> BTreeMap<&'r str, String> {
    let label = |engine: &crate::record::Engine| {
        let identity = identify(&record.environment, engine);
        engines.iter().find(|(_, e)| e.identity == identity).map(|(label, _)| label.clone())
    };
    record.engines.iter().filter_map(|e| Some((e.id.as_str(), label(e)?))).collect()
}
