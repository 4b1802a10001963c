//! What a device's drivers changed, from one version to the next.

use std::collections::BTreeMap;

use serde::Serialize;

use super::apart::{Apart, Drifts, apart, cause};
use super::related::label;
use super::table::{Cell, Node, Table};

/// The drivers of one device that the records have, in the order of their versions.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Timeline {
    /// The device, with the variables that were set.
    pub device: String,
    /// The drivers.
    pub drivers: Vec<Driver>,
}

/// One driver of a device.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Driver {
    /// What it calls itself.
    pub label: String,
    /// The record that has it first, by time.
    pub first_seen: String,
    /// When that was made.
    pub started: String,
    /// How many records have it.
    pub records: usize,
    /// What it changed against the driver before; `None` for the first.
    pub changes: Option<Vec<DriverChange>>,
    /// Cases that both ran.
    pub compared: usize,
}

/// What a driver changed of one kernel.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct DriverChange {
    /// The kernel.
    pub kernel: String,
    /// The cases whose bits changed.
    pub cases: Vec<String>,
    /// The largest distance, in ulp, as far as outputs are stored.
    pub max_ulp: Option<u64>,
    /// Whether every changed case is stored whole: else `max_ulp` is at least that.
    pub whole: bool,
    /// What explains it; empty where nothing does.
    pub because: String,
}

/// A text's numbers and words apart, so that 9 is before 10.
fn natural(text: &str) -> Vec<(u64, String)> {
    let mut out: Vec<(u64, String)> = Vec::new();
    let mut digits = String::new();
    let mut word = String::new();
    for c in text.chars().chain([' ']) {
        if c.is_ascii_digit() {
            digits.push(c);
        } else {
            if !digits.is_empty() {
                out.push((digits.parse().unwrap_or(u64::MAX), std::mem::take(&mut word)));
                digits.clear();
            }
            word.push(c);
        }
    }
    out
}

/// The order of drivers: by what they say of their version, then by its number.
fn version(node: &Node<'_>) -> (Vec<(u64, String)>, Option<String>, String) {
    let adapter = node.engine.adapter.as_ref();
    let info = adapter.map(|a| a.driver_info.as_str()).unwrap_or_default();
    // Numbers before words, so that a change of spelling does not break the order of versions.
    (natural(info), adapter.and_then(|a| a.driver_version.clone()), node.key.driver.clone())
}

/// The timelines of devices that the records have with more than one driver.
pub(super) fn timelines(table: &Table<'_>, drift: &Drifts<'_>) -> Vec<Timeline> {
    let mut devices: BTreeMap<&str, BTreeMap<&str, Vec<&Node<'_>>>> = BTreeMap::new();
    for node in table.nodes.iter().filter(|n| !n.engine.is_embedded()) {
        devices.entry(&node.key.device).or_default().entry(&node.key.driver).or_default().push(node);
    }
    devices.retain(|_, drivers| drivers.len() > 1);
    devices
        .into_iter()
        .map(|(device, drivers)| {
            let mut all: Vec<Vec<&Node<'_>>> = drivers.into_values().collect();
            for nodes in &mut all {
                nodes.sort_by_key(|n| (n.member.shell.run.started.as_str(), n.member.id()));
            }
            all.sort_by_cached_key(|nodes| nodes.first().map(|n| version(n)));
            let mut before: Option<Vec<Cell>> = None;
            let drivers = all
                .iter()
                .filter_map(|nodes| {
                    let first = nodes.first()?;
                    let cells = earliest(nodes, table.cases.len());
                    let changes = before.as_ref().map(|b| changes(drift, b, &cells));
                    let compared = before.as_ref().map_or(0, |b| {
                        let both = |(a, c): &(&Cell, &Cell)| matches!((a, c), (Cell::Settled(_), Cell::Settled(_)));
                        b.iter().zip(&cells).filter(both).count()
                    });
                    before = Some(cells);
                    Some(Driver {
                        label: label(first),
                        first_seen: first.member.name().to_owned(),
                        started: first.member.shell.run.started.clone(),
                        records: nodes.len(),
                        changes,
                        compared,
                    })
                })
                .collect();
            Timeline { device: device.to_owned(), drivers }
        })
        .collect()
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

fn changes(drift: &Drifts<'_>, before: &[Cell], after: &[Cell]) -> Vec<DriverChange> {
    let mut kernels: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (i, case) in drift.table.cases.iter().enumerate() {
        kernels.entry(&case.kernel).or_default().push(i);
    }
    let mut out: Vec<DriverChange> = kernels
        .into_iter()
        .filter_map(|(kernel, cases)| {
            let found: Apart = apart(drift, before, after, cases.into_iter());
            (!found.cases.is_empty()).then(|| DriverChange {
                kernel: kernel.to_owned(),
                cases: found.cases.iter().map(|c| drift.table.cases[*c].id.clone()).collect(),
                max_ulp: found.max_ulp,
                whole: found.whole,
                because: cause(&found, "the one before", "this driver").unwrap_or_default(),
            })
        })
        .collect();
    out.sort_by(|a, b| b.max_ulp.cmp(&a.max_ulp).then(b.cases.len().cmp(&a.cases.len())).then(a.kernel.cmp(&b.kernel)));
    out
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
    }
}
