//! Who is in a class: the rows of a table by class, with what is said of each class.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::{Place, letter};
use super::table::{Cell, Key, Table};
use super::{Class, SetEngine, device, label, setting};
use crate::facts::Identity;

/// Numbers the classes by how many engines of how many records are in them.
pub(super) fn by_size(joined: &mut Vec<Vec<Cell>>, places: &mut [Place], weights: &[usize]) {
    let mut sizes = vec![0usize; joined.len()];
    for (place, weight) in places.iter().zip(weights) {
        if let Place::In(c) = place {
            sizes[*c] += weight;
        }
    }
    let mut order: Vec<usize> = (0..joined.len()).collect();
    order.sort_by_key(|c| (std::cmp::Reverse(sizes[*c]), *c));
    let mut number = vec![0; joined.len()];
    order.iter().enumerate().for_each(|(new, old)| number[*old] = new);
    *joined = order.iter().map(|c| joined[*c].clone()).collect();
    for place in places {
        match place {
            Place::In(c) => *c = number[*c],
            Place::Undecided(all) => {
                all.iter_mut().for_each(|c| *c = number[*c]);
                all.sort_unstable();
            }
            Place::Nothing => {}
        }
    }
}

/// What an undecided one could be: `A/B?`, or `A?` where nothing tells it apart from A and nothing shows that it agrees.
pub(super) fn undecided(classes: &[usize]) -> String {
    classes.iter().map(|c| letter(*c)).collect::<Vec<_>>().join("/") + "?"
}

/// The cases that do not repeat on some member of each class, though others of it may repeat them.
pub(super) fn unrepeated(cases: usize, rows: &[&[Cell]], places: &[Place], classes: usize) -> Vec<Vec<bool>> {
    let mut out = vec![vec![false; cases]; classes];
    for (row, place) in rows.iter().zip(places) {
        if let Place::In(class) = place {
            out[*class].iter_mut().zip(*row).for_each(|(any, cell)| *any |= *cell == Cell::Unsettled);
        }
    }
    out
}

/// Whether every result that has a strict reference equals it, in every run on every member.
pub(super) fn is_strict(table: &Table<'_>, class: (&[Cell], &[bool]), cases: impl Iterator<Item = usize>) -> bool {
    let mut any = false;
    for case in cases {
        match (class.0[case], table.cases[case].strict) {
            (_, Some(_)) if class.1[case] => return false,
            (Cell::Open, Some(_)) => return false,
            (Cell::Settled(n), Some(strict)) if n != strict => return false,
            (Cell::Settled(_), Some(_)) => any = true,
            _ => {}
        }
    }
    any
}

/// Equal rows of one engine, and the records that have it.
pub(super) type Row = ((Key, Vec<Cell>), Vec<usize>);

/// The cells of each class's members together, and which of them do not repeat on one.
pub(super) type Joined<'a> = (&'a [Vec<Cell>], &'a [Vec<bool>]);

/// The engines, those of a class together, and the classes.
pub(super) fn named(
    table: &Table<'_>,
    rows: &[Row],
    joined: Joined<'_>,
    places: &[Place],
) -> (Vec<SetEngine>, Vec<Class>) {
    let (joined, unrepeated) = joined;
    // One engine may have several rows in a class, of records that ran more or less.
    let mut found: BTreeMap<(Key, String), SetEngine> = BTreeMap::new();
    let mut machines: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); joined.len()];
    let mut members: Vec<Vec<&Identity>> = vec![Vec::new(); joined.len()];
    for (((key, cells), nodes), place) in rows.iter().zip(places) {
        let class = match place {
            Place::In(c) => letter(*c),
            Place::Undecided(all) => undecided(all),
            Place::Nothing => String::new(),
        };
        let count = |of: fn(&Cell) -> bool| cells.iter().filter(|c| of(c)).count();
        let Some(first) = nodes.first().map(|i| &table.nodes[*i]) else { continue };
        let entry = found.entry((key.clone(), class.clone())).or_insert_with(|| SetEngine {
            label: label(&first.identity),
            adapter: device(&first.identity),
            is_driver: !first.engine.is_embedded(),
            class,
            settled: 0,
            unsettled: 0,
            records: Vec::new(),
        });
        entry.settled = entry.settled.max(count(|c| matches!(c, Cell::Settled(_))));
        entry.unsettled = entry.unsettled.max(count(|c| *c == Cell::Unsettled));
        for i in nodes {
            let node = &table.nodes[*i];
            entry.records.push(node.member.name().to_owned());
            if let Place::In(c) = place {
                machines[*c].insert(&node.member.shell.environment.machine_id);
                members[*c].push(&node.identity);
            }
        }
    }
    let mut engines: Vec<SetEngine> = found.into_values().collect();
    for engine in &mut engines {
        engine.records.sort();
        engine.records.dedup();
    }
    let size = |a: &SetEngine| (a.class.is_empty(), a.class.ends_with('?'), a.class.len(), a.class.clone());
    engines.sort_by(|a, b| size(a).cmp(&size(b)).then(b.records.len().cmp(&a.records.len())));
    let classes = joined
        .iter()
        .enumerate()
        .map(|(c, cells)| {
            let letter = letter(c);
            Class {
                engines: (0..engines.len()).filter(|i| engines[*i].class == letter).collect(),
                machines: machines[c].len(),
                strict: is_strict(table, (cells, &unrepeated[c]), 0..table.cases.len()),
                name: name(&members[c]),
                letter,
            }
        })
        .collect();
    (engines, classes)
}

/// Adapters that a class's name tells; of each the versions and settings.
const TOLD: usize = 3;

/// A class by what is in it: devices, each with its drivers' versions and the variables that were set.
fn name(members: &[&Identity]) -> String {
    let mut devices: BTreeMap<String, (BTreeSet<String>, BTreeSet<String>)> = BTreeMap::new();
    for identity in members {
        let entry = devices.entry(device(identity)).or_default();
        entry.0.insert(identity.driver.release());
        entry.1.insert(setting(identity));
    }
    let few = |all: &BTreeSet<String>| {
        let shown: Vec<&str> = all.iter().map(String::as_str).filter(|s| !s.is_empty()).take(TOLD).collect();
        let more = all.iter().filter(|s| !s.is_empty()).count() - shown.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        format!("{}{more}", shown.join(", "))
    };
    let told = devices.iter().take(TOLD).map(|(device, (versions, settings))| {
        let versions = few(versions);
        let versions = if versions.is_empty() { String::new() } else { format!(", {versions}") };
        let set = match (few(settings), settings.contains("")) {
            (set, _) if set.is_empty() => String::new(),
            (set, true) => format!(", also with {set}"),
            (set, false) => format!(", with {set}"),
        };
        format!("{device}{versions}{set}")
    });
    let mut out = told.collect::<Vec<_>>().join("; ");
    if devices.len() > TOLD {
        out.push_str(&format!("; {} more", devices.len() - TOLD));
    }
    out
}
