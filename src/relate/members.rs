//! Who is in a class: the rows of a table by class, with what is said of each class.

use std::collections::{BTreeMap, BTreeSet};

use super::classes::{Place, letter};
use super::related::{Adapter, Class, label};
use super::table::{Cell, Key, Table};

/// Numbers the classes by how many adapters of how many records are in them.
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

/// Whether every result that has a strict twin equals it, in every run on every member.
pub(super) fn is_strict(table: &Table<'_>, class: (&[Cell], &[bool]), cases: impl Iterator<Item = usize>) -> bool {
    let mut any = false;
    for case in cases {
        match (class.0[case], table.cases[case].strict) {
            (_, Some(_)) if class.1[case] => return false,
            (Cell::Settled(n), Some(strict)) if n != strict => return false,
            (Cell::Settled(_), Some(_)) => any = true,
            _ => {}
        }
    }
    any
}

/// Equal rows of one adapter, and the records that have it.
pub(super) type Row = ((Key, Vec<Cell>), Vec<usize>);

/// The cells of each class's members together, and which of them do not repeat on one.
pub(super) type Joined<'a> = (&'a [Vec<Cell>], &'a [Vec<bool>]);

/// The adapters, those of a class together, and the classes.
pub(super) fn named(
    table: &Table<'_>,
    rows: &[Row],
    joined: Joined<'_>,
    places: &[Place],
) -> (Vec<Adapter>, Vec<Class>) {
    let (joined, unrepeated) = joined;
    // One adapter may have several rows in a class, of records that ran more or less.
    let mut found: BTreeMap<(Key, String), Adapter> = BTreeMap::new();
    let mut machines: Vec<BTreeSet<&str>> = vec![BTreeSet::new(); joined.len()];
    for (((key, cells), nodes), place) in rows.iter().zip(places) {
        let class = match place {
            Place::In(c) => letter(*c),
            Place::Undecided(all) => undecided(all),
            Place::Nothing => String::new(),
        };
        let count = |of: fn(&Cell) -> bool| cells.iter().filter(|c| of(c)).count();
        let first = nodes.first().map(|i| label(&table.nodes[*i])).unwrap_or_default();
        let entry = found.entry((key.clone(), class.clone())).or_insert_with(|| Adapter {
            label: first,
            device: key.device.clone(),
            class,
            settled: 0,
            unsettled: 0,
            records: Vec::new(),
        });
        entry.settled = entry.settled.max(count(|c| matches!(c, Cell::Settled(_))));
        entry.unsettled = entry.unsettled.max(count(|c| *c == Cell::Unsettled));
        for i in nodes {
            let member = table.nodes[*i].member;
            entry.records.push(member.name().to_owned());
            if let Place::In(c) = place {
                machines[*c].insert(&member.shell.environment.machine_id);
            }
        }
    }
    let mut adapters: Vec<Adapter> = found.into_values().collect();
    for adapter in &mut adapters {
        adapter.records.sort();
        adapter.records.dedup();
    }
    let size = |a: &Adapter| (a.class.is_empty(), a.class.ends_with('?'), a.class.len(), a.class.clone());
    adapters.sort_by(|a, b| size(a).cmp(&size(b)).then(b.records.len().cmp(&a.records.len())));
    let classes = joined
        .iter()
        .enumerate()
        .map(|(c, cells)| {
            let letter = letter(c);
            let mine: Vec<usize> = (0..adapters.len()).filter(|i| adapters[*i].class == letter).collect();
            let strict = is_strict(table, (cells, &unrepeated[c]), 0..table.cases.len());
            let mut labels: Vec<&str> = mine.iter().map(|i| adapters[*i].label.as_str()).collect();
            labels.dedup();
            let more = labels.len().saturating_sub(2);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let name = format!("{}{more}", labels.iter().take(2).copied().collect::<Vec<_>>().join("; "));
            Class { letter, adapters: mine, machines: machines[c].len(), strict, name }
        })
        .collect();
    (adapters, classes)
}
