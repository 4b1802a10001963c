//! What a driver's versions changed on each adapter: what, seen best where, and first in which record.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::apart::{Difference, Drifts};
use super::table::{Cell, Node, Table};
use crate::facts::pair::{Counted, Why};
use crate::facts::proof::{self, Cause};
use crate::facts::{Driver, Severity};
use crate::model::explained::Explained;

/// The versions of one adapter's driver that the records have, in order.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Timeline {
    /// The adapter: device, backend and the driver's name.
    pub adapter: String,
    /// The versions.
    pub versions: Vec<Version>,
}

/// One version.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Version {
    /// What the driver says of it.
    pub label: String,
    /// The release that it belongs to, which several adapters may share: `Mesa 25.0.7`. Where another version of this
    /// adapter belongs to it too, the label.
    pub release: String,
    /// The record that has it first, by time.
    pub first_seen: String,
    /// When that was made.
    pub started: String,
    /// How many records have it.
    pub records: usize,
    /// What it changed against the version before; `None` for the first.
    pub update: Option<Update>,
}

/// What two sides have in common beside the adapter.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Across {
    /// The machine and its operating system.
    #[default]
    Nothing,
    /// The machine, with another operating system or another of its releases.
    Systems,
    /// Neither.
    Machines,
}

/// What one version changed against the one before.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Update {
    /// The release before.
    pub from: String,
    /// Cases that both ran with a result that repeats, under the same variables.
    pub compared: usize,
    /// Those whose bits changed.
    pub changed: usize,
    /// Settings of variables under which both ran; of a variable, drivers with which it was and was not set.
    pub settings: usize,
    /// What else than this differs between the sides of some of what was compared, and may be what changed it.
    pub across: Across,
    /// Cases that repeat on one side only: whether they would differ is not known.
    pub one_sided: usize,
    /// The changes, the worst first.
    pub changes: Vec<VersionChange>,
}

/// One thing that a version changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct VersionChange {
    /// Why, as far as that is known.
    pub why: Why,
    /// What changed, in a clause.
    pub text: String,
    /// The case that shows it best.
    pub case: String,
    /// How far that case is from what it was.
    pub size: String,
    /// How bad that is.
    pub severity: Severity,
    /// The record in which it was seen first.
    pub first_seen: String,
    /// How many cases changed so, by kernel, the most first; of built-in functions by function.
    pub of: Vec<Counted>,
    /// The cases.
    pub cases: Vec<String>,
    /// The settings of variables under which it was seen; empty text is as the machine is.
    pub settings: Vec<String>,
}

/// A part of a version. What comes before a release is less than its end, and any further number is more.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Candidate(u64, String),
    End,
    Number(u64, String),
}

/// A text's numbers and words apart, so that 9 is before 10, and a candidate before its release. Numbers come before words,
/// so that a change of spelling does not break the order of versions.
fn natural(text: &str) -> Vec<Part> {
    let mut out = Vec::new();
    let mut digits = String::new();
    let mut word = String::new();
    let part = |n: u64, word: String| {
        if ["-rc", "-devel"].iter().any(|c| word.contains(c)) {
            Part::Candidate(n, word)
        } else {
            Part::Number(n, word)
        }
    };
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            if !digits.is_empty() {
                out.push(part(digits.parse().unwrap_or(u64::MAX), std::mem::take(&mut word)));
                digits.clear();
            }
            word.push(c);
        }
    }
    out.extend(Some(part(0, word)).filter(|p| matches!(p, Part::Candidate(..))));
    out.push(Part::End);
    out
}

/// What is gathered of a change before it is told: cases, the settings it was seen under, and what shows it best.
struct Gathered {
    cases: BTreeSet<usize>,
    operations: BTreeSet<String>,
    settings: BTreeSet<String>,
    worst: Difference,
    first: (String, String),
}

/// The nodes of one driver version under one setting of variables, the earliest record first.
type Nodes<'n, 'a> = Vec<&'n Node<'a>>;

/// The timelines of adapters that the records have with more than one version of a driver.
pub(super) fn timelines(drift: &Drifts<'_>) -> Vec<Timeline> {
    let by_driver = |nodes: Vec<&Node<'_>>| {
        let mut drivers: BTreeMap<&Driver, Nodes<'_, '_>> = BTreeMap::new();
        nodes.into_iter().for_each(|n| drivers.entry(&n.identity.driver).or_default().push(n));
        timeline(drift, drivers)
    };
    super::by_adapter(drift.table).into_values().filter_map(by_driver).collect()
}

/// The name of a version among an adapter's: builds are told only where one version has several.
fn named(driver: &Driver, all: &[&Driver]) -> String {
    let builds: BTreeSet<_> = all.iter().filter(|d| d.version == driver.version).map(|d| &d.build).collect();
    if builds.len() > 1 { driver.label() } else { driver.version.clone() }
}

fn timeline(drift: &Drifts<'_>, drivers: BTreeMap<&Driver, Nodes<'_, '_>>) -> Option<Timeline> {
    let all: Vec<&Driver> = drivers.keys().copied().collect();
    // By version: a device's name varies with variables too, such as with the width of vectors.
    let mut versions: BTreeMap<(Vec<Part>, String), Nodes<'_, '_>> = BTreeMap::new();
    for (driver, nodes) in &drivers {
        let name = named(driver, &all);
        versions.entry((natural(&name), name)).or_default().extend(nodes);
    }
    if versions.len() < 2 {
        return None;
    }
    let started = |n: &&Node<'_>| (n.member.shell.run.started.clone(), n.member.id().to_owned());
    let releases: BTreeSet<(String, String)> = all.iter().map(|d| (d.release(), named(d, &all))).collect();
    let mut adapter = String::new();
    let mut before: Option<(String, BTreeMap<String, Nodes<'_, '_>>)> = None;
    let mut out = Vec::new();
    for ((_, label), mut nodes) in versions {
        nodes.sort_by_cached_key(started);
        let first = nodes.first()?;
        if adapter.is_empty() {
            adapter = super::device(&first.identity);
        }
        let release = first.identity.driver.release();
        // An update from a release to the same is told by what the driver says of its version.
        let shared = releases.iter().filter(|(r, _)| *r == release).count() > 1;
        let release = if shared { label.clone() } else { release };
        let records: BTreeSet<&str> = nodes.iter().map(|n| n.member.id()).collect();
        let mut by_setting: BTreeMap<String, Nodes<'_, '_>> = BTreeMap::new();
        for node in &nodes {
            by_setting.entry(super::setting(&node.identity)).or_default().push(node);
        }
        let update = before.as_ref().map(|(from, old)| {
            let both = by_setting.iter().filter_map(|(setting, new)| {
                old.get(setting).map(|old| (setting.as_str(), old.as_slice(), new.as_slice()))
            });
            update(drift, from, both)
        });
        out.push(Version {
            label,
            release: release.clone(),
            first_seen: first.member.name().to_owned(),
            started: first.member.shell.run.started.clone(),
            records: records.len(),
            update,
        });
        before = Some((release, by_setting));
    }
    Some(Timeline { adapter, versions: out })
}

/// What a driver gave where it was first seen to run each case with a result that repeats.
fn earliest(nodes: &[&Node<'_>], cases: usize) -> Vec<Cell> {
    let of = |case: usize| {
        let mut ran = nodes.iter().map(|n| n.cells[case]).filter(|c| *c != Cell::Absent);
        let first = ran.next().unwrap_or(Cell::Absent);
        std::iter::once(first).chain(ran).find(|c| matches!(c, Cell::Settled(_))).unwrap_or(first)
    };
    (0..cases).map(of).collect()
}

/// The causes of a result that some node gave, and what was explained of that node; `None` where no node's are known.
fn caused<'n>(
    table: &Table<'_>,
    nodes: &[&'n Node<'_>],
    case: usize,
    gave: Cell,
) -> Option<(Vec<Cause>, Option<&'n Explained>)> {
    let of = table.cases.get(case)?;
    let strict = of.strict.is_some_and(|strict| gave == Cell::Settled(strict));
    let mut same = nodes.iter().filter(|n| n.cells.get(case) == Some(&gave));
    same.find_map(|node| {
        let explained = node.member.shell.explained_of(&node.engine.id);
        Some((proof::known(explained, &of.id, strict)?, explained))
    })
}

/// Two sides under the same circumstances, which have a name: what was, and what is.
pub(super) type Both<'s, 'n, 'a> = (&'s str, &'s [&'n Node<'a>], &'s [&'n Node<'a>]);

/// The nodes of those machines and systems that have both sides, where there is one; or else of those machines.
fn together<'n, 'a>(old: &[&'n Node<'a>], new: &[&'n Node<'a>]) -> (Nodes<'n, 'a>, Nodes<'n, 'a>, Across) {
    for (with_system, across) in [(true, Across::Nothing), (false, Across::Systems)] {
        let place = |n: &Node<'a>| {
            let environment = &n.member.shell.environment;
            let system = if with_system { environment.os.as_str() } else { "" };
            (environment.machine_id.clone(), system.to_owned())
        };
        let places: BTreeSet<_> = new.iter().map(|n| place(n)).collect();
        let both: BTreeSet<_> = old.iter().map(|n| place(n)).filter(|p| places.contains(p)).collect();
        let of = |nodes: &[&'n Node<'a>]| nodes.iter().copied().filter(|n| both.contains(&place(n))).collect();
        if !both.is_empty() {
            return (of(old), of(new), across);
        }
    }
    (old.to_vec(), new.to_vec(), Across::Machines)
}

/// What changed from one side to the other, under all circumstances in which both are there. Nodes are in the order of time.
pub(super) fn update<'s, 'n: 's, 'a: 'n>(
    drift: &Drifts<'_>,
    from: &str,
    pairs: impl Iterator<Item = Both<'s, 'n, 'a>>,
) -> Update {
    let table = drift.table;
    let mut out = Update { from: from.to_owned(), ..Update::default() };
    let (mut compared, mut changed, mut one_sided) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
    // What has no known cause is told by kernel.
    let mut gathered: BTreeMap<(Why, String), Gathered> = BTreeMap::new();
    for (setting, old, new) in pairs {
        out.settings += 1;
        let (others, nodes, across) = together(old, new);
        let rows = (earliest(&others, table.cases.len()), earliest(&nodes, table.cases.len()));
        let both = |i: &usize| matches!((rows.0[*i], rows.1[*i]), (Cell::Settled(_), Cell::Settled(_)));
        let ran = compared.len();
        compared.extend((0..table.cases.len()).filter(both));
        if compared.len() > ran {
            out.across = out.across.max(across);
        }
        let one = |i: &usize| {
            matches!(
                (rows.0[*i], rows.1[*i]),
                (Cell::Settled(_), Cell::Unsettled) | (Cell::Unsettled, Cell::Settled(_))
            )
        };
        one_sided.extend((0..table.cases.len()).filter(one));
        let causes = |case: usize| {
            let left = caused(table, &others, case, rows.0[case]);
            let both = left.zip(caused(table, &nodes, case, rows.1[case]));
            both.map_or_else(Vec::new, |((l, of_left), (r, of_right))| proof::changed((&l, &r), (of_left, of_right)))
        };
        let found = drift.apart_by(&rows.0, &rows.1, 0..table.cases.len(), &causes);
        changed.extend(found.cases.iter().copied());
        let first = new.first().map(|n| (n.member.shell.run.started.clone(), n.member.name().to_owned()));
        let mut add = |key: (Why, String), cases: &[usize], operations: BTreeSet<String>, worst: Difference| {
            let first = first.clone().unwrap_or_default();
            let there = gathered.entry(key).or_insert_with(|| Gathered {
                cases: BTreeSet::new(),
                operations: BTreeSet::new(),
                settings: BTreeSet::new(),
                worst: worst.clone(),
                first: first.clone(),
            });
            there.cases.extend(cases);
            there.operations.extend(operations);
            there.settings.insert(setting.to_owned());
            there.first = there.first.clone().min(first);
            if worst.severity > there.worst.severity {
                there.worst = worst;
            }
        };
        for group in found.groups {
            if group.why != Why::Unknown {
                add((group.why, String::new()), &group.cases, group.operations, group.worst);
                continue;
            }
            let mut kernels: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
            group.cases.iter().for_each(|c| kernels.entry(&table.cases[*c].kernel).or_default().push(*c));
            for (kernel, cases) in kernels {
                let part = drift.apart(&rows.0, &rows.1, cases.iter().copied());
                if let Some(worst) = part.worst() {
                    add((Why::Unknown, kernel.to_owned()), &cases, BTreeSet::new(), worst.clone());
                }
            }
        }
    }
    (out.compared, out.changed, out.one_sided) = (compared.len(), changed.len(), one_sided.len());
    out.changes = gathered.into_iter().map(|((why, _), g)| told(drift, why, g)).collect();
    out.changes.sort_by(|a, b| b.severity.cmp(&a.severity).then_with(|| (&a.why, &a.case).cmp(&(&b.why, &b.case))));
    out
}

fn told(drift: &Drifts<'_>, why: Why, found: Gathered) -> VersionChange {
    let table = drift.table;
    let mut of: BTreeMap<&str, usize> = BTreeMap::new();
    for case in &found.cases {
        let case = &table.cases[*case];
        *of.entry(if why == Why::Builtin { &case.variant } else { &case.kernel }).or_default() += 1;
    }
    let mut of: Vec<Counted> = of.into_iter().map(|(name, n)| (name.to_owned(), n)).collect();
    of.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    VersionChange {
        text: why.within(&found.operations.into_iter().collect::<Vec<_>>()).text(),
        case: table.cases[found.worst.case].id.clone(),
        size: found.worst.size(),
        severity: found.worst.severity,
        first_seen: found.first.1,
        of,
        cases: found.cases.iter().map(|c| table.cases[*c].id.clone()).collect(),
        settings: found.settings.into_iter().collect(),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nine_is_before_ten() {
        let mut versions = ["Mesa 25.0.7-2", "Mesa 22.3.6", "Mesa 9.2", "Mesa 22.10.0", "Mesa 22.3.6 (LLVM 15.0.6)"];
        versions.sort_by_key(|v| natural(v));
        let expected = ["Mesa 9.2", "Mesa 22.3.6", "Mesa 22.3.6 (LLVM 15.0.6)", "Mesa 22.10.0", "Mesa 25.0.7-2"];
        assert_eq!(versions, expected, "by their numbers");
        let mut versions =
            ["Mesa 25.0.0 (LLVM 19.1.7)", "Mesa 25.0.0-2", "Mesa 25.0.0-rc3 (LLVM 19.1.7)", "Mesa 25.0.0-devel"];
        versions.sort_by_key(|v| natural(v));
        let expected =
            ["Mesa 25.0.0-devel", "Mesa 25.0.0-rc3 (LLVM 19.1.7)", "Mesa 25.0.0-2", "Mesa 25.0.0 (LLVM 19.1.7)"];
        assert_eq!(versions, expected, "what comes before a release, first");
    }
}
