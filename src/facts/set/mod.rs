//! What many records say together: which engines agree, what tells them apart, and what drivers changed.

mod apart;
mod classes;
mod cover;
mod matrix;
mod members;
mod steps;
mod table;
mod timeline;

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::{Identity, Severity, Soundness, soundness_of_member, soundness_of_set};
use crate::record::{Merged, Role};
use apart::Drifts;
use classes::{Place, classes};
use matrix::{matrix, splits, telling};
use members::{Row, by_size, named, unrepeated};
use table::{Cell, Key, Node, Table};
use timeline::timelines;

pub use cover::{Cover, cover};
pub use steps::Step;
pub use timeline::{Across, Timeline, Update, Version, VersionChange};

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
    /// What keeps the set from being relied on.
    pub soundness: Soundness,
    /// Expected labels that no record has.
    pub missing: Vec<String>,
    /// How many adapters and remote engines there are, whatever their drivers and the variables set.
    pub adapters: usize,
    /// Of those, the remote engines.
    pub remotes: usize,
    /// Those of them that are in a class.
    pub placed: usize,
    /// Those of them that ran one of the cases of `compared` with one result.
    pub met: usize,
    /// Engines: an adapter, a driver and the variables that it reads, wherever they were.
    pub engines: Vec<SetEngine>,
    /// Classes over all cases, the one with the most engines first.
    pub classes: Vec<Class>,
    /// The matrix: kernels by classes.
    pub kernels: Vec<Kernel>,
    /// Cases of all records together, and results whose bits went into the classes.
    pub cases: usize,
    /// Settled results.
    pub results: usize,
    /// Cases in which two adapters with a driver gave different bits, whether or not classes can be made of them.
    pub apart: usize,
    /// Cases that two adapters ran, each with one result; of one adapter alone, those that it ran twice.
    pub compared: usize,
    /// Cases that one engine ran in two records, each with one result.
    pub repeated: usize,
    /// The smallest set of cases that tells the classes apart.
    pub cover: Cover,
    /// Its cases.
    pub telling: Vec<Telling>,
    /// What splits each class from the first.
    pub splits: Vec<Split>,
    /// Results of one engine that differ between records.
    pub conflicts: Vec<Conflict>,
    /// What drivers of one adapter changed.
    pub timelines: Vec<Timeline>,
    /// What a variable or another device changed.
    pub steps: Vec<Step>,
    /// Cases whose strict reference is not the same in all records.
    pub references: Vec<String>,
    /// Results that were judged by what the specification allows.
    pub judged: usize,
    /// Results that were not.
    pub unjudged: usize,
    /// Results that the specification forbids, by engine.
    pub outside: Vec<(String, usize)>,
    /// Executions that failed.
    pub failed: usize,
    /// Cases of which results differ, in the sign or payload of NaN alone perhaps: not all of them is stored. They are
    /// counted neither as the same nor as different.
    pub open: Vec<String>,
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
    /// Its engines that have a driver.
    pub drivers: usize,
    /// What keeps it from being relied on.
    pub soundness: Soundness,
}

/// An engine, in all records that have it in one class.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct SetEngine {
    /// Its label: device, backend, driver, and the variables that were set.
    pub label: String,
    /// The device and backend.
    pub adapter: String,
    /// Whether it is an adapter with a driver, and not the interpreter.
    pub is_driver: bool,
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

impl SetEngine {
    /// Whether it is in a class.
    #[must_use]
    pub fn is_placed(&self) -> bool {
        !self.class.is_empty() && !self.class.ends_with('?')
    }
}

/// Engines that no case tells apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Class {
    /// A, B, C ….
    pub letter: String,
    /// Indices into [`Related::engines`].
    pub engines: Vec<usize>,
    /// Machines on which they were.
    pub machines: usize,
    /// Whether every result that has a strict reference equals it.
    pub strict: bool,
    /// What is in it: devices, drivers, variables.
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
    /// Cases that two engines ran, each with one result.
    pub compared: usize,
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
    /// Whether every result that has a strict reference equals it.
    pub strict: bool,
    /// Cases that ran and repeat.
    pub settled: usize,
    /// Cases that do not repeat.
    pub unsettled: usize,
    /// Cases that differ from those of the kernel's class A.
    pub differing: usize,
    /// How far the case that differs most is from class A, in words.
    pub size: String,
    /// That case.
    pub worst: Option<String>,
    /// How bad that is.
    pub severity: Severity,
    /// Why it differs from class A, in a few clauses.
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
    /// The case that shows it best, and how far the classes are apart there.
    pub worst: Option<(String, String)>,
}

/// Results of one engine for one case that are not the same in all records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Conflict {
    /// The engine.
    pub engine: String,
    /// The case.
    pub case: String,
    /// Its kernel.
    pub kernel: String,
    /// Whether two records of one machine and system disagree.
    pub same_machine: bool,
    /// Each result's digest, and the records that gave it.
    pub results: Vec<(String, Vec<String>)>,
}

/// An engine's device and backend: `llvmpipe [vulkan]`; of the interpreter its mode.
fn device(identity: &Identity) -> String {
    format!("{} [{}]", identity.class.device, identity.class.backend)
}

/// The variables that were set for an engine, in one text; empty where none was.
fn setting(identity: &Identity) -> String {
    identity.class.variables.iter().map(|(n, v)| format!("{n}={v}")).collect::<Vec<_>>().join(" ")
}

/// The nodes of each adapter with its driver, whatever the driver's version: what an update or a variable is of.
fn by_adapter<'t, 'a>(table: &'t Table<'a>) -> BTreeMap<String, Vec<&'t Node<'a>>> {
    let mut out: BTreeMap<String, Vec<&Node<'a>>> = BTreeMap::new();
    for node in table.nodes.iter().filter(|n| !n.engine.is_embedded()) {
        let class = &node.identity.class;
        out.entry(format!("{} {}", class.adapter(), class.family)).or_default().push(node);
    }
    out
}

/// An engine's label: device, backend, driver, and the variables that were set.
fn label(identity: &Identity) -> String {
    let set = setting(identity);
    let set = if set.is_empty() { String::new() } else { format!(", {set}") };
    format!("{}, {}{set}", device(identity), identity.driver.label())
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
    let (engines, classes) = named(&table, &rows, (&joined, &unrepeated), &places);
    let drift = Drifts::new(&table, merged.outputs());
    let matrix = matrix(&drift, &joined, &unrepeated);
    let cover =
        cover(joined.len().min(LARGEST), table.cases.len(), |case, a, b| joined[a][case].differs(joined[b][case]));
    let telling = cover.chosen.iter().map(|c| telling(&table, &joined, *c)).collect();
    let name = |i: usize| table.nodes[i].member.name().to_owned();
    let in_class = rows.iter().zip(&places).filter(|(_, place)| matches!(place, Place::In(_)));
    let placed = adapters(in_class.flat_map(|((_, nodes), _)| nodes).map(|i| &table.nodes[*i])).len();
    let met = met(&table);
    let settled = |n: &&Node<'_>| met.iter().any(|case| matches!(n.cells[*case], Cell::Settled(_)));
    Related {
        id: merged.id(),
        records: origins(merged),
        soundness: soundness_of_set(merged),
        missing: merged.missing().into_iter().map(str::to_owned).collect(),
        splits: splits(&drift, &joined),
        kernels: matrix,
        cases: table.cases.len(),
        apart: apart(&table),
        compared: met.len(),
        met: adapters(table.nodes.iter().filter(settled)).len(),
        repeated: compared(&table, 0..table.cases.len(), |_, n| Some((&n.key, n.member.id()))).len(),
        results: table.nodes.iter().flat_map(|n| &n.cells).filter(|c| matches!(c, Cell::Settled(_))).count(),
        cover,
        telling,
        conflicts: conflicts(&table, name),
        timelines: timelines(&drift),
        steps: steps::steps(&drift),
        references: table.twins.iter().cloned().collect(),
        judged: table.judged,
        unjudged: table.unjudged,
        outside: table.outside.iter().map(|(key, n)| (of_key(&table, key), *n)).collect(),
        failed: table.failed,
        open: table.open.iter().map(|c| table.cases[*c].id.clone()).collect(),
        adapters: adapters(&table.nodes).len(),
        remotes: adapters(table.nodes.iter().filter(|n| n.engine.role() == Role::Remote)).len(),
        placed,
        engines,
        classes,
    }
}

fn order<'a>(node: &'a Node<'a>) -> (&'a Key, &'a str, &'a str) {
    (&node.key, node.member.name(), node.member.id())
}

/// Cases that tell two adapters with a driver apart.
fn apart(table: &Table<'_>) -> usize {
    let rows: Vec<&[Cell]> =
        table.nodes.iter().filter(|n| !n.engine.is_embedded()).map(|n| n.cells.as_slice()).collect();
    let settled = |case: usize| {
        rows.iter().filter_map(move |row| if let Cell::Settled(digest) = row[case] { Some(digest) } else { None })
    };
    (0..table.cases.len()).filter(|case| settled(*case).collect::<BTreeSet<_>>().len() > 1).count()
}

/// Of these cases, those that two of a group ran, each with one result. `who` tells whose a row is, group and member;
/// `None` is nobody's.
fn compared<'a, G: Ord, M: Ord>(
    table: &'a Table<'_>,
    cases: impl Iterator<Item = usize>,
    who: impl Fn(usize, &'a Node<'_>) -> Option<(G, M)>,
) -> Vec<usize> {
    let two = |case: &usize| {
        let rows = table.nodes.iter().enumerate().filter(|(_, n)| matches!(n.cells[*case], Cell::Settled(_)));
        let mut groups: BTreeMap<G, BTreeSet<M>> = BTreeMap::new();
        rows.filter_map(|(i, n)| who(i, n)).for_each(|(group, member)| {
            groups.entry(group).or_default().insert(member);
        });
        groups.values().any(|members| members.len() > 1)
    };
    cases.filter(two).collect()
}

/// The cases in which adapters could be told apart; of one adapter, those that it ran in two records.
fn met(table: &Table<'_>) -> Vec<usize> {
    let alone = adapters(&table.nodes).len() < 2;
    let who = |i: usize, n: &Node<'_>| (alone.then_some(i), n.identity.class.adapter());
    compared(table, 0..table.cases.len(), |i, n| (!n.engine.is_embedded()).then(|| ((), who(i, n))))
}

/// Of these, the adapters with a driver, whatever its version and the variables set.
fn adapters<'n, 'a: 'n>(nodes: impl IntoIterator<Item = &'n Node<'a>>) -> BTreeSet<String> {
    nodes.into_iter().filter(|n| !n.engine.is_embedded()).map(|n| n.identity.class.adapter()).collect()
}

fn of_key(table: &Table<'_>, key: &Key) -> String {
    table.nodes.iter().find(|n| n.key == *key).map(|n| label(&n.identity)).unwrap_or_default()
}

fn conflicts(table: &Table<'_>, name: impl Fn(usize) -> String) -> Vec<Conflict> {
    let labels: BTreeMap<&Key, String> = table.nodes.iter().map(|n| (&n.key, label(&n.identity))).collect();
    let mut out: Vec<Conflict> = table
        .clashes
        .iter()
        .map(|clash| {
            let names = |nodes: &Vec<usize>| -> Vec<String> {
                let names: BTreeSet<String> = nodes.iter().map(|i| name(*i)).collect();
                names.into_iter().collect()
            };
            Conflict {
                engine: labels.get(&clash.key).cloned().unwrap_or_default(),
                case: table.cases[clash.case].id.clone(),
                kernel: table.cases[clash.case].kernel.clone(),
                same_machine: clash.same_machine,
                results: clash.gave.iter().map(|(d, n)| (table.digests[*d as usize].to_owned(), names(n))).collect(),
            }
        })
        .collect();
    for conflict in &mut out {
        conflict.results.sort();
    }
    out.sort_by(|a, b| {
        (std::cmp::Reverse(a.same_machine), &a.engine, &a.case).cmp(&(
            std::cmp::Reverse(b.same_machine),
            &b.engine,
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
            Origin {
                id: m.id().to_owned(),
                name: m.name().to_owned(),
                started: shell.run.started.clone(),
                machine: shell.environment.machine_id.clone(),
                system: format!("{}, {}", shell.environment.os, shell.environment.architecture),
                cpu: shell.environment.cpu.clone(),
                drivers: shell.engines.iter().filter(|e| e.is_driver()).count(),
                soundness: soundness_of_member(m),
            }
        })
        .collect();
    out.sort_by(|a, b| (&a.name, &a.started, &a.id).cmp(&(&b.name, &b.started, &b.id)));
    out
}
