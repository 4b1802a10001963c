//! What changes bits, one thing at a time: the value of a variable on one adapter and driver, and one device against another.
//! What a driver's update changes is in [`super::timeline`].

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::apart::Drifts;
use super::table::Node;
use super::timeline::{Update, update};
use super::{by_adapter, device, setting};
use crate::model::record::AxisLevel;

/// Two sides that differ by one thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The thing: [`AxisLevel::Threads`] of a variable, [`AxisLevel::Adapter`] of a device.
    pub axis: AxisLevel,
    /// The adapter: device and backend.
    pub adapter: String,
    /// Of a variable its setting, of a device the other adapter.
    pub to: String,
    /// What it changed. Its settings are the drivers with which both sides ran.
    pub update: Update,
}

/// The nodes of an adapter by the driver's version and build and by setting, the earliest record first. The device's name is
/// no part: it varies with variables too, such as with the width of vectors.
type ByDriver<'n, 'a> = BTreeMap<(&'n str, Option<&'n str>), BTreeMap<String, Vec<&'n Node<'a>>>>;

/// Each variable of each adapter, against the same driver without it; and each adapter against the one with the most
/// records, each with the driver of its latest record and no variable set.
pub(super) fn steps(drift: &Drifts<'_>) -> Vec<Step> {
    let mut adapters: BTreeMap<String, ByDriver<'_, '_>> = BTreeMap::new();
    for (adapter, nodes) in by_adapter(drift.table) {
        let drivers = adapters.entry(adapter).or_default();
        for node in nodes {
            let driver = &node.identity.driver;
            let of = drivers.entry((driver.version.as_str(), driver.build.as_deref())).or_default();
            of.entry(setting(&node.identity)).or_default().push(node);
        }
    }
    for nodes in adapters.values_mut().flat_map(BTreeMap::values_mut).flat_map(BTreeMap::values_mut) {
        nodes.sort_by_key(|n| (n.member.shell.run.started.as_str(), n.member.id()));
    }
    let mut out: Vec<Step> = adapters.values().flat_map(|drivers| variables(drift, drivers)).collect();
    out.extend(devices(drift, &adapters));
    out
}

fn variables(drift: &Drifts<'_>, drivers: &ByDriver<'_, '_>) -> Vec<Step> {
    let settings: BTreeSet<&str> = drivers.values().flat_map(BTreeMap::keys).map(String::as_str).collect();
    let mut out = Vec::new();
    for set in settings.into_iter().filter(|s| !s.is_empty()) {
        let both: Vec<_> = drivers.iter().filter_map(|(d, of)| Some((d.0, of.get("")?, of.get(set)?))).collect();
        let Some(first) = both.first().and_then(|b| b.2.first()) else { continue };
        let pairs = both.iter().map(|(driver, without, with)| (*driver, without.as_slice(), with.as_slice()));
        let update = update(drift, "", pairs);
        out.push(Step { axis: AxisLevel::Threads, adapter: device(&first.identity), to: set.to_owned(), update });
    }
    out
}

/// An adapter as it is, with the driver of its latest record.
fn latest<'n, 'a>(drivers: &ByDriver<'n, 'a>) -> Option<Vec<&'n Node<'a>>> {
    let plain = drivers.values().filter_map(|of| of.get("")).filter(|nodes| !nodes.is_empty());
    plain.max_by_key(|nodes| nodes.last().map(|n| n.member.shell.run.started.as_str())).cloned()
}

fn devices(drift: &Drifts<'_>, adapters: &BTreeMap<String, ByDriver<'_, '_>>) -> Vec<Step> {
    let mut all: Vec<_> = adapters.values().filter_map(latest).collect();
    all.sort_by_cached_key(|nodes| (std::cmp::Reverse(nodes.len()), nodes.first().map(|n| n.key.clone())));
    let Some((first, others)) = all.split_first() else { return Vec::new() };
    let step = |other: &Vec<&Node<'_>>| -> Option<Step> {
        let update = update(drift, "", std::iter::once(("", first.as_slice(), other.as_slice())));
        let name = |nodes: &[&Node<'_>]| {
            nodes.first().map(|n| format!("{}, {}", device(&n.identity), n.identity.driver.release()))
        };
        Some(Step { axis: AxisLevel::Adapter, adapter: name(first)?, to: name(other)?, update })
    };
    others.iter().filter_map(step).collect()
}
