//! What many records say together: which adapters agree, what tells them apart, and what drivers changed.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::attribution::does;
use super::between::{Between, between};
use super::classes::{Place, classes, letter};
use super::cover::{Cover, cover};
use super::table::{Cell, Key, Node, Table};
use super::timeline::{Timeline, timelines};
use crate::record::{EngineStatus, Merged, Outputs};

/// Classes whose distances are measured and that are told apart by the smallest set of cases; smaller ones than these
/// many largest are listed only.
pub const LARGEST: usize = 64;

/// All that a report over merged records shows.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Related {
    /// The merged record's id.
    pub id: String,
    /// Its records, by name.
    pub records: Vec<Origin>,
    /// Expected labels that no record has.
    pub missing: Vec<String>,
    /// Adapters: a device, a driver and the variables set, wherever they were.
    pub adapters: Vec<Adapter>,
    /// Classes over all cases, the one with the most adapters first.
    pub classes: Vec<Class>,
    /// The matrix: kernels by classes.
    pub kernels: Vec<Kernel>,
    /// Cases of all records together, and results whose bits went into the classes.
    pub cases: usize,
    /// Settled results.
    pub results: usize,
    /// The smallest set of cases that tells the classes apart.
    pub cover: Cover,
    /// Its cases.
    pub telling: Vec<Telling>,
    /// What splits each class from the first.
    pub splits: Vec<Split>,
    /// Results of one adapter that differ between records.
    pub conflicts: Vec<Conflict>,
    /// What drivers of one device changed.
    pub timelines: Vec<Timeline>,
    /// Cases whose strict twin is not the same in all records.
    pub twins: Vec<String>,
    /// Results that the specification forbids, by adapter.
    pub outside: Vec<(String, usize)>,
    /// Executions that failed.
    pub failed: usize,
}

/// A record of the set.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Origin {
    /// Its id.
    pub id: String,
    /// Its label, or else its host.
    pub name: String,
    /// When it was made.
    pub started: String,
    /// Its machine.
    pub machine: String,
    /// Operating system and architecture.
    pub system: String,
    /// Processor.
    pub cpu: String,
    /// Its adapters that have a driver.
    pub drivers: usize,
    /// What is wrong with it; empty where nothing is.
    pub trouble: String,
}

/// An adapter, in all records that have it in one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Adapter {
    /// Its label, with the variables that were set.
    pub label: String,
    /// The device.
    pub device: String,
    /// Its class's letter; with a question mark those that it could be where it is undecided; none where nothing of it
    /// repeats.
    pub class: String,
    /// Cases it ran with one result.
    pub settled: usize,
    /// Cases whose results do not repeat.
    pub unsettled: usize,
    /// The records, by name.
    pub records: Vec<String>,
}

/// Adapters that no case tells apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Class {
    /// A, B, C ….
    pub letter: String,
    /// Indices into [`Related::adapters`].
    pub adapters: Vec<usize>,
    /// Machines on which they were.
    pub machines: usize,
    /// Whether every result that has a strict twin equals it.
    pub strict: bool,
    /// In words.
    pub name: String,
}

/// A kernel's row of the matrix.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Kernel {
    /// Its name.
    pub kernel: String,
    /// Its cases.
    pub cases: usize,
    /// How many classes there are over this kernel alone.
    pub classes: usize,
    /// One a class of [`Related::classes`], in their order.
    pub cells: Vec<KernelCell>,
}

/// A kernel on a class.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct KernelCell {
    /// The kernel's own class: the same letter is the same bits. With a question mark those that it could be where it is
    /// undecided; empty where nothing ran.
    pub letter: String,
    /// The number of that letter, for colours.
    pub number: usize,
    /// Whether every result that has a strict twin equals it.
    pub strict: bool,
    /// Cases that ran and repeat.
    pub settled: usize,
    /// Cases that do not repeat.
    pub unsettled: usize,
    /// Cases that differ from those of the kernel's class A.
    pub differing: usize,
    /// The largest distance from class A, in ulp, as far as outputs are stored.
    pub max_ulp: Option<u64>,
    /// Whether every differing case of it is stored whole: else `max_ulp` is at least that.
    pub whole: bool,
    /// What explains the difference from class A, in a sentence without its full stop; empty where nothing does.
    pub because: String,
}

/// A case that tells classes apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Telling {
    /// Its id.
    pub case: String,
    /// The classes by what they gave, in the order of the letters: `A C | B`.
    pub groups: String,
}

/// What splits two classes.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Split {
    /// The letters.
    pub classes: (String, String),
    /// In a sentence or a few.
    pub text: String,
}

/// Results of one adapter for one case that are not the same in all records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The adapter.
    pub adapter: String,
    /// The case.
    pub case: String,
    /// Whether two records of one machine disagree.
    pub same_machine: bool,
    /// Each result's digest, and the records that gave it.
    pub results: Vec<(String, Vec<String>)>,
}

/// An adapter's label with the variables that were set for it.
pub(super) fn label(node: &Node<'_>) -> String {
    let own: Vec<String> = node.engine.variables.iter().map(|(n, v)| format!("{n}={v}")).collect();
    // What the device has beyond the engine's own variables is the environment's.
    let of_place = super::matching::device(node.engine);
    let beyond = node.key.device.strip_prefix(of_place.as_str()).unwrap_or_default();
    let base = node.engine.adapter.as_ref().map_or_else(|| node.engine.label.clone(), |a| a.label());
    let own = if own.is_empty() { String::new() } else { format!(" {}", own.join(" ")) };
    format!("{base}{own}{beyond}")
}

/// What many records say together.
#[must_use]
pub fn relate(merged: &Merged) -> Related {
    let table = Table::new(merged);
    let mut nodes: Vec<usize> = (0..table.nodes.len()).collect();
    nodes.sort_by(|a, b| order(&table.nodes[*a]).cmp(&order(&table.nodes[*b])));
    // Equal rows of one adapter are one row, however many records have it.
    let mut rows: BTreeMap<(Key, Vec<Cell>), Vec<usize>> = BTreeMap::new();
    for i in nodes {
        let node = &table.nodes[i];
        rows.entry((node.key.clone(), node.cells.clone())).or_default().push(i);
    }
    let rows: Vec<Row> = rows.into_iter().collect();
    let cells: Vec<&[Cell]> = rows.iter().map(|((_, c), _)| c.as_slice()).collect();
    let weights: Vec<usize> = rows.iter().map(|(_, n)| n.len()).collect();
    let (mut joined, mut places) = classes(&cells, &weights);
    by_size(&mut joined, &mut places, &weights);
    let unrepeated = unrepeated(table.cases.len(), &cells, &places, joined.len());
    let (adapters, classes) = named(&table, &rows, (&joined, &unrepeated), &places);
    let drift = Drifts { table: &table, outputs: merged.outputs() };
    let matrix = matrix(&drift, &joined, &unrepeated);
    let cover =
        cover(joined.len().min(LARGEST), table.cases.len(), |case, a, b| joined[a][case].differs(joined[b][case]));
    let telling = cover.chosen.iter().map(|c| telling(&table, &joined, *c)).collect();
    let name = |i: usize| table.nodes[i].member.name().to_owned();
    Related {
        id: merged.id(),
        records: origins(merged),
        missing: merged.missing().into_iter().map(str::to_owned).collect(),
        splits: splits(&drift, &joined),
        kernels: matrix,
        cases: table.cases.len(),
        results: table.nodes.iter().flat_map(|n| &n.cells).filter(|c| matches!(c, Cell::Settled(_))).count(),
        cover,
        telling,
        conflicts: conflicts(&table, name),
        timelines: timelines(&table, &drift),
        twins: table.twins.iter().cloned().collect(),
        outside: table.outside.iter().map(|(key, n)| (of_key(&table, key), *n)).collect(),
        failed: table.failed,
        adapters,
        classes,
    }
}

fn order<'a>(node: &'a Node<'a>) -> (&'a Key, &'a str, &'a str) {
    (&node.key, node.member.name(), node.member.id())
}

fn of_key(table: &Table<'_>, key: &Key) -> String {
    table.nodes.iter().find(|n| n.key == *key).map(label).unwrap_or_default()
}

/// Numbers the classes by how many adapters of how many records are in them.
fn by_size(joined: &mut Vec<Vec<Cell>>, places: &mut [Place], weights: &[usize]) {
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
fn undecided(classes: &[usize]) -> String {
    classes.iter().map(|c| letter(*c)).collect::<Vec<_>>().join("/") + "?"
}

/// The cases that do not repeat on some member of each class, though others of it may repeat them.
fn unrepeated(cases: usize, rows: &[&[Cell]], places: &[Place], classes: usize) -> Vec<Vec<bool>> {
    let mut out = vec![vec![false; cases]; classes];
    for (row, place) in rows.iter().zip(places) {
        if let Place::In(class) = place {
            out[*class].iter_mut().zip(*row).for_each(|(any, cell)| *any |= *cell == Cell::Unsettled);
        }
    }
    out
}

/// Whether every result that has a strict twin equals it, in every run on every member.
fn is_strict(table: &Table<'_>, class: (&[Cell], &[bool]), cases: impl Iterator<Item = usize>) -> bool {
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

type Row = ((Key, Vec<Cell>), Vec<usize>);

/// The cells of each class's members together, and which of them do not repeat on one.
type Joined<'a> = (&'a [Vec<Cell>], &'a [Vec<bool>]);

fn named(table: &Table<'_>, rows: &[Row], joined: Joined<'_>, places: &[Place]) -> (Vec<Adapter>, Vec<Class>) {
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

/// Drift between results, from what is stored.
pub(super) struct Drifts<'a> {
    pub(super) table: &'a Table<'a>,
    pub(super) outputs: &'a Outputs,
}

impl Drifts<'_> {
    /// The drift between two results of a case.
    pub(super) fn between(&self, case: usize, left: u32, right: u32) -> Option<Between> {
        let known = |n: u32| {
            let digest = self.table.digests.get(n as usize)?;
            self.outputs.get(digest)?.known(digest).ok()
        };
        let of = &self.table.cases[case];
        between(of.dtype, of.elements, &known(left)?, &known(right)?)
    }

    /// What two results of a case do, as far as their twins tell.
    fn explained(&self, case: usize, left: u32, right: u32) -> (Option<String>, Option<String>) {
        let of = |n| self.table.equals.get(&(case, n)).and_then(|e| does(e));
        (of(left), of(right))
    }
}

/// What the left side does and what the right one does, where a twin tells.
type Sides = (Option<String>, Option<String>);

/// How two rows differ over some cases.
pub(super) struct Apart {
    pub(super) cases: Vec<usize>,
    pub(super) max_ulp: Option<u64>,
    pub(super) whole: bool,
    /// What each side does, and in how many cases, the commonest first.
    pub(super) causes: Vec<(Sides, usize)>,
}

pub(super) fn apart(drift: &Drifts<'_>, left: &[Cell], right: &[Cell], cases: impl Iterator<Item = usize>) -> Apart {
    let mut out = Apart { cases: Vec::new(), max_ulp: None, whole: true, causes: Vec::new() };
    let mut causes: BTreeMap<Sides, usize> = BTreeMap::new();
    for case in cases {
        let (Cell::Settled(a), Cell::Settled(b)) = (left[case], right[case]) else { continue };
        if a == b {
            continue;
        }
        out.cases.push(case);
        match drift.between(case, a, b) {
            Some(found) => {
                out.max_ulp = out.max_ulp.max(Some(found.drift.max_ulp));
                out.whole &= found.is_whole();
            }
            None => out.whole = false,
        }
        *causes.entry(drift.explained(case, a, b)).or_default() += 1;
    }
    out.causes = causes.into_iter().collect();
    out.causes.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(&b.0)));
    out
}

/// The commonest cause of a difference in words; `None` where no twin tells.
pub(super) fn cause(found: &Apart, left: &str, right: &str) -> Option<String> {
    let told = found.causes.iter().find(|((l, r), _)| (l.is_some() || r.is_some()) && l != r)?;
    let ((l, r), n) = told;
    let side = |name: &str, what: &Option<String>| match what {
        Some(what) => format!("{name} {what}"),
        None => format!("{name} equals no twin"),
    };
    let share = if *n == found.cases.len() { String::new() } else { format!(" in {n} of {} cases", found.cases.len()) };
    Some(format!("{}, {}{share}", side(right, r), side(left, l)))
}

/// A distance in words: `by up to 3 ulp`, or `by at least 3 ulp at the worst` where not all is stored.
pub(super) fn distance(max_ulp: Option<u64>, whole: bool) -> String {
    match (max_ulp, whole) {
        (Some(n), true) => format!("by up to {} ulp", in_ulp(n)),
        (Some(n), false) => format!("by at least {} ulp at the worst", in_ulp(n)),
        (None, _) => "by an amount that is not stored".to_owned(),
    }
}

/// A distance; of a large one the digits say nothing.
#[expect(clippy::cast_precision_loss, reason = "three digits are shown")]
pub(super) fn in_ulp(n: u64) -> String {
    if n < 1_000_000 { n.to_string() } else { format!("{:.2e}", n as f64) }
}

fn matrix(drift: &Drifts<'_>, joined: &[Vec<Cell>], unrepeated: &[Vec<bool>]) -> Vec<Kernel> {
    let table = drift.table;
    let mut kernels: Vec<(&str, Vec<usize>)> = Vec::new();
    for (i, case) in table.cases.iter().enumerate() {
        match kernels.iter_mut().find(|(k, _)| *k == case.kernel) {
            Some((_, cases)) => cases.push(i),
            None => kernels.push((&case.kernel, vec![i])),
        }
    }
    let mut out: Vec<Kernel> =
        kernels.iter().map(|(name, cases)| kernel(drift, (joined, unrepeated), name, cases)).collect();
    out.retain(|k| k.cells.iter().any(|c| c.settled + c.unsettled > 0));
    out
}

fn kernel(drift: &Drifts<'_>, joined: Joined<'_>, name: &str, cases: &[usize]) -> Kernel {
    let (joined, unrepeated) = joined;
    let part: Vec<Vec<Cell>> = joined.iter().map(|row| cases.iter().map(|c| row[*c]).collect()).collect();
    let rows: Vec<&[Cell]> = part.iter().map(Vec::as_slice).collect();
    let (mut own, mut places) = classes(&rows, &vec![1; rows.len()]);
    // The first class of all has the kernel's A, so that letters read alike from row to row.
    let mut seen: Vec<usize> = Vec::new();
    for place in &places {
        if let Place::In(c) = place
            && !seen.contains(c)
        {
            seen.push(*c);
        }
    }
    own = seen.iter().map(|c| own[*c].clone()).collect();
    let number = |c: usize| seen.iter().position(|s| *s == c).unwrap_or(c);
    for place in &mut places {
        match place {
            Place::In(c) => *c = number(*c),
            Place::Undecided(all) => {
                all.iter_mut().for_each(|c| *c = number(*c));
                all.sort_unstable();
            }
            Place::Nothing => {}
        }
    }
    let whole_row = |c: usize| -> Vec<Cell> {
        let mut row = vec![Cell::Absent; drift.table.cases.len()];
        cases.iter().zip(&own[c]).for_each(|(case, cell)| row[*case] = *cell);
        row
    };
    let base = if own.is_empty() { Vec::new() } else { whole_row(0) };
    let cells = joined
        .iter()
        .zip(&places)
        .enumerate()
        .map(|(i, (row, place))| {
            let count = |of: fn(&Cell) -> bool| cases.iter().filter(|c| of(&row[**c])).count();
            let (letters, at) = match place {
                Place::In(c) => (letter(*c), *c),
                Place::Undecided(all) => (undecided(all), usize::MAX),
                Place::Nothing => (String::new(), usize::MAX),
            };
            let found = match place {
                Place::In(c) if *c > 0 && i < LARGEST => Some(apart(drift, &base, row, cases.iter().copied())),
                _ => None,
            };
            KernelCell {
                strict: is_strict(drift.table, (row, &unrepeated[i]), cases.iter().copied()),
                settled: count(|c| matches!(c, Cell::Settled(_))),
                unsettled: count(|c| *c == Cell::Unsettled),
                differing: found.as_ref().map_or(0, |f| f.cases.len()),
                max_ulp: found.as_ref().and_then(|f| f.max_ulp),
                whole: found.as_ref().is_none_or(|f| f.whole),
                because: found.as_ref().and_then(|f| cause(f, "A", &letters)).unwrap_or_default(),
                letter: letters,
                number: at,
            }
        })
        .collect();
    Kernel { kernel: name.to_owned(), cases: cases.len(), classes: own.len(), cells }
}

fn telling(table: &Table<'_>, joined: &[Vec<Cell>], case: usize) -> Telling {
    let mut groups: Vec<(u32, Vec<String>)> = Vec::new();
    for (c, row) in joined.iter().enumerate() {
        let Cell::Settled(n) = row[case] else { continue };
        match groups.iter_mut().find(|(m, _)| *m == n) {
            Some((_, letters)) => letters.push(letter(c)),
            None => groups.push((n, vec![letter(c)])),
        }
    }
    let groups: Vec<String> = groups.into_iter().map(|(_, letters)| letters.join(" ")).collect();
    Telling { case: table.cases[case].id.clone(), groups: groups.join(" | ") }
}

fn splits(drift: &Drifts<'_>, joined: &[Vec<Cell>]) -> Vec<Split> {
    let Some(first) = joined.first() else { return Vec::new() };
    let table = drift.table;
    (1..joined.len().min(LARGEST))
        .map(|c| {
            let found = apart(drift, first, &joined[c], 0..table.cases.len());
            let (a, b) = (letter(0), letter(c));
            let mut kernels: BTreeMap<&str, usize> = BTreeMap::new();
            found.cases.iter().for_each(|i| *kernels.entry(&table.cases[*i].kernel).or_default() += 1);
            let mut kernels: Vec<(&str, usize)> = kernels.into_iter().collect();
            kernels.sort_by(|x, y| y.1.cmp(&x.1).then(x.0.cmp(y.0)));
            let named: Vec<String> = kernels.iter().take(4).map(|(k, n)| format!("{k} ({n})")).collect();
            let more = kernels.len().saturating_sub(4);
            let more = if more > 0 { format!(" and {more} more kernels") } else { String::new() };
            let mut text = format!(
                "{b} differs from {a} in {} of {} cases, {}: {}{more}.",
                found.cases.len(),
                table.cases.len(),
                distance(found.max_ulp, found.whole),
                named.join(", ")
            );
            let because = cause(&found, &a, &b);
            text.push(' ');
            text.push_str(&because.map_or_else(|| "No twin tells what splits them.".to_owned(), |b| format!("{b}.")));
            Split { classes: (a, b), text }
        })
        .collect()
}

fn conflicts(table: &Table<'_>, name: impl Fn(usize) -> String) -> Vec<Conflict> {
    let labels: BTreeMap<&Key, String> = table.nodes.iter().map(|n| (&n.key, label(n))).collect();
    let mut out: Vec<Conflict> = table
        .clashes
        .iter()
        .map(|clash| {
            let names = |nodes: &Vec<usize>| -> Vec<String> {
                let names: BTreeSet<String> = nodes.iter().map(|i| name(*i)).collect();
                names.into_iter().collect()
            };
            Conflict {
                adapter: labels.get(&clash.key).cloned().unwrap_or_default(),
                case: table.cases[clash.case].id.clone(),
                same_machine: clash.same_machine,
                results: clash.gave.iter().map(|(d, n)| (table.digests[*d as usize].to_owned(), names(n))).collect(),
            }
        })
        .collect();
    for conflict in &mut out {
        conflict.results.sort();
    }
    out.sort_by(|a, b| {
        (std::cmp::Reverse(a.same_machine), &a.adapter, &a.case).cmp(&(
            std::cmp::Reverse(b.same_machine),
            &b.adapter,
            &b.case,
        ))
    });
    out
}

fn origins(merged: &Merged) -> Vec<Origin> {
    let mut out: Vec<Origin> = merged
        .members()
        .map(|m| {
            let shell = &m.shell;
            let mut trouble = Vec::new();
            let stopped: Vec<&str> =
                shell.engines.iter().filter(|e| e.status != EngineStatus::Complete).map(|e| e.id.as_str()).collect();
            if !stopped.is_empty() {
                trouble.push(format!("{} did not finish", stopped.join(", ")));
            }
            let missed = shell.controls.iter().filter(|c| !c.caught).count();
            if missed > 0 {
                trouble.push(format!("{missed} planted differences went unseen"));
            }
            let drivers = shell.engines.iter().filter(|e| e.is_driver()).count();
            if drivers == 0 {
                trouble.push("no adapter with a driver".to_owned());
            }
            Origin {
                id: m.id().to_owned(),
                name: m.name().to_owned(),
                started: shell.run.started.clone(),
                machine: shell.environment.machine_id.clone(),
                system: format!("{}, {}", shell.environment.os, shell.environment.architecture),
                cpu: shell.environment.cpu.clone(),
                drivers,
                trouble: trouble.join("; "),
            }
        })
        .collect();
    out.sort_by(|a, b| (&a.name, &a.started, &a.id).cmp(&(&b.name, &b.started, &b.id)));
    out
}
