//! What every adapter of every record gave for every case, as one table of small numbers.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::facts::pair::{between, may_be_nan_alone};
use crate::facts::{Driver, Identity, identify, status_of_view};
use crate::model::Arithmetic;
use crate::model::bits::{Dtype, digest_words};
use crate::model::record::Outputs;
use crate::record::{Engine, EngineKind, Known, Member, Merged, Status};

/// What one adapter gave for one case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Cell {
    /// It did not run.
    Absent,
    /// Its results do not repeat.
    Unsettled,
    /// Whether they are another engine's is not known: the sign or payload of NaN may be all in which they differ, and not
    /// all of both is stored; or no order is fixed, and one run does not show that they repeat.
    Open,
    /// The digest of this number, in every run.
    Settled(u32),
}

impl Cell {
    /// Whether two adapters are told apart by it.
    pub(super) fn differs(self, other: Self) -> bool {
        matches!((self, other), (Self::Settled(a), Self::Settled(b)) if a != b)
    }
}

/// A case: an id, the shader that computed it, its references and what its output is, so that a changed shader is another
/// case, and nothing that one record states of a case is taken for what another does.
#[derive(Debug, Clone)]
pub(super) struct Case {
    pub(super) id: String,
    pub(super) kernel: String,
    pub(super) variant: String,
    pub(super) dtype: Dtype,
    pub(super) elements: u64,
    /// The strict reference's digest.
    pub(super) strict: Option<u32>,
    /// Whether there is any reference: an order of operations is defined.
    pub(super) has_reference: bool,
    /// The arithmetics whose reference differs from the strict one.
    pub(super) tells: Vec<Arithmetic>,
}

/// Which engine: adapter and variables, and its driver.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Key {
    /// The adapter with the variables that its driver reads.
    pub(super) class: String,
    /// The driver's version and build.
    pub(super) driver: Driver,
}

/// One adapter in one record.
#[derive(Debug)]
pub(super) struct Node<'a> {
    pub(super) key: Key,
    pub(super) identity: Identity,
    pub(super) member: &'a Member,
    pub(super) engine: &'a Engine,
    pub(super) cells: Vec<Cell>,
}

/// A case whose results differ between records although device, driver and variables are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Clash {
    pub(super) key: Key,
    pub(super) case: usize,
    /// Whether two records of one machine and system disagree: then these do not explain it.
    pub(super) same_machine: bool,
    /// The numbers of the digests, and the nodes that gave each.
    pub(super) gave: BTreeMap<u32, Vec<usize>>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Table<'a> {
    pub(super) cases: Vec<Case>,
    pub(super) nodes: Vec<Node<'a>>,
    pub(super) digests: Vec<&'a str>,
    /// The references that a result equals, which follows from its digest and theirs.
    pub(super) equals: HashMap<(usize, u32), &'a [Arithmetic]>,
    pub(super) clashes: Vec<Clash>,
    /// Cases whose strict twin differs between records.
    pub(super) twins: BTreeSet<String>,
    /// Cases in which NaN may be all that differs.
    pub(super) open: BTreeSet<usize>,
    /// How many results each engine gave that the specification forbids.
    pub(super) outside: BTreeMap<Key, usize>,
    /// Results that were judged by what the specification allows, and those that were not.
    pub(super) judged: usize,
    pub(super) unjudged: usize,
    pub(super) failed: usize,
}

/// The digest of an output in which every NaN has the same sign and payload, as far as it is stored: results that differ
/// in NaN alone are the same result.
fn with_one_nan(outputs: &Outputs, digest: &str, dtype: Dtype) -> String {
    let stored = outputs.get(digest).filter(|_| dtype.is_float()).and_then(|s| s.known(digest).ok());
    let Some(known) = stored.filter(|k| k.at.is_none()) else { return digest.to_owned() };
    let (width, per) = (dtype.width(), dtype.per_word());
    let mask = if per == 2 { 0xffff } else { u32::MAX };
    let one = |word: u32| {
        (0..u32::try_from(per).unwrap_or(1)).fold(word, |word, place| {
            let shift = width * place;
            let element = word >> shift & mask;
            if dtype.value(element).is_nan() { word | mask << shift } else { word }
        })
    };
    let words: Vec<u32> = known.values.iter().map(|w| one(*w)).collect();
    if words == known.values { digest.to_owned() } else { digest_words(&words) }
}

impl<'a> Table<'a> {
    /// The table of a set of records.
    pub(super) fn new(merged: &'a Merged) -> Self {
        let mut out = Self {
            cases: Vec::new(),
            nodes: Vec::new(),
            digests: Vec::new(),
            equals: HashMap::new(),
            clashes: Vec::new(),
            twins: BTreeSet::new(),
            open: BTreeSet::new(),
            outside: BTreeMap::new(),
            judged: 0,
            unjudged: 0,
            failed: 0,
        };
        let mut places: HashMap<(&str, Option<&str>, &[u8; 32]), usize> = HashMap::new();
        let mut stricts: HashMap<(&str, Option<&str>), Option<u32>> = HashMap::new();
        let mut numbers: HashMap<(&str, Dtype), u32> = HashMap::new();
        let mut meanings: HashMap<(String, Dtype), u32> = HashMap::new();
        let mut nan: HashMap<(usize, u32), u64> = HashMap::new();
        for member in merged.members() {
            let first = out.nodes.len();
            let mut at: HashMap<&str, usize> = HashMap::new();
            for engine in member.shell.engines.iter().filter(|e| e.kind == EngineKind::Adapter && e.adapter.is_some()) {
                at.insert(&engine.id, out.nodes.len() - first);
                let identity = identify(&member.shell.environment, engine);
                let key = Key { class: identity.class.key(), driver: identity.driver.clone() };
                out.nodes.push(Node { key, identity, member, engine, cells: Vec::new() });
            }
            for case in member.cases() {
                let mut number = |digest: &'a str, digests: &mut Vec<&'a str>| {
                    *numbers.entry((digest, case.dtype)).or_insert_with(|| {
                        let meant = with_one_nan(merged.outputs(), digest, case.dtype);
                        *meanings.entry((meant, case.dtype)).or_insert_with(|| {
                            digests.push(digest);
                            u32::try_from(digests.len() - 1).unwrap_or(u32::MAX)
                        })
                    })
                };
                let strict = case.strict.as_deref().map(|d| number(d, &mut out.digests));
                let place = *places.entry((&case.id, case.shader.as_deref(), &case.meaning)).or_insert_with(|| {
                    out.cases.push(Case {
                        id: case.id.clone(),
                        kernel: case.kernel.clone(),
                        variant: case.variant.clone(),
                        dtype: case.dtype,
                        elements: case.elements,
                        strict,
                        has_reference: case.has_reference,
                        tells: case.tells.clone(),
                    });
                    out.cases.len() - 1
                });
                // One that did not drift has fewer references than one that did.
                let all = &mut out.cases[place].tells;
                all.extend(
                    case.tells.iter().filter(|arithmetic| !all.contains(arithmetic)).copied().collect::<Vec<_>>(),
                );
                if *stricts.entry((&case.id, case.shader.as_deref())).or_insert(strict) != strict {
                    out.twins.insert(case.id.clone());
                }
                for execution in &case.executions {
                    let Some(node) = at.get(execution.engine.as_str()) else { continue };
                    let cell = match execution.digests.as_slice() {
                        [] => Cell::Absent,
                        // Of several, the evidence tells whether they differ in more than NaN.
                        [..] if execution.evidence.distinct > 1 => Cell::Unsettled,
                        // One run of what has no fixed order shows nothing.
                        [..] if !case.has_reference && execution.runs < 2 => Cell::Open,
                        // The strict reference's result, but for NaN at most.
                        [one, ..] => {
                            let own = || number(one, &mut out.digests);
                            Cell::Settled(strict.filter(|_| execution.evidence.strict).unwrap_or_else(own))
                        }
                    };
                    if let Cell::Settled(digest) = cell {
                        let there = out.equals.entry((place, digest)).or_insert(&execution.equals);
                        if execution.equals.len() > there.len() {
                            *there = &execution.equals;
                        }
                        if let Some(n) = execution.nan {
                            nan.insert((place, digest), n);
                        }
                    }
                    let node = &mut out.nodes[first + node];
                    if node.cells.len() <= place {
                        node.cells.resize(place + 1, Cell::Absent);
                    }
                    node.cells[place] = cell;
                    match (status_of_view(execution), execution.evidence.outside) {
                        (Status::Failed, _) => out.failed += 1,
                        (Status::Skipped, _) => {}
                        (Status::OutsideSpecification, _) | (_, Some(1..)) => {
                            out.judged += 1;
                            *out.outside.entry(node.key.clone()).or_default() += 1;
                        }
                        // The strict reference is what the shader says, which the specification allows.
                        (Status::BitExact, _) | (_, Some(0)) => out.judged += 1,
                        (_, None) => out.unjudged += 1,
                    }
                }
            }
        }
        let cases = out.cases.len();
        out.nodes.iter_mut().for_each(|n| n.cells.resize(cases, Cell::Absent));
        out.leave_open(merged.outputs(), &nan);
        out.settle();
        out
    }

    /// What a digest's output holds, as far as it is stored.
    fn known(&self, outputs: &Outputs, number: u32) -> Option<Known> {
        let digest = self.digests.get(number as usize)?;
        outputs.get(digest)?.known(digest).ok()
    }

    /// Leaves open what may differ in NaN alone. `nan` has how many NaN a result of a case has.
    fn leave_open(&mut self, outputs: &Outputs, nan: &HashMap<(usize, u32), u64>) {
        for case in (0..self.cases.len()).filter(|c| self.cases[*c].dtype.is_float()) {
            let settled = |n: &Node<'_>| if let Cell::Settled(n) = n.cells[case] { Some(n) } else { None };
            let found: Vec<u32> = self.nodes.iter().filter_map(settled).collect::<BTreeSet<_>>().into_iter().collect();
            let mut open = BTreeSet::new();
            for (i, a) in found.iter().enumerate() {
                for b in &found[i + 1..] {
                    let counts = [a, b].map(|n| nan.get(&(case, *n)).copied());
                    // Most have none, or not as many: no need to look.
                    if counts.contains(&Some(0)) || matches!(counts, [Some(a), Some(b)] if a != b) {
                        continue;
                    }
                    let of = &self.cases[case];
                    let both = self.known(outputs, *a).zip(self.known(outputs, *b));
                    let stored = both.and_then(|(l, r)| between(of.dtype, of.elements, &l, &r));
                    if may_be_nan_alone(stored.as_ref(), counts) {
                        open.extend([*a, *b]);
                    }
                }
            }
            for node in self.nodes.iter_mut().filter(|n| settled(n).is_some_and(|n| open.contains(&n))) {
                node.cells[case] = Cell::Open;
            }
            if !open.is_empty() {
                self.open.insert(case);
            }
        }
    }

    /// What does not repeat tells nothing apart: a case that is unsettled on an adapter in one record is so in all; and
    /// one of which two records of one machine disagree is, too. A result that a single machine gave, or less than a
    /// tenth of them, where more than half agree on another, is that machine's affair: it is a clash, and splits no class.
    /// Where no order of operations is defined and some adapter shows that it matters, all cases of the variant are unsettled
    /// everywhere.
    fn settle(&mut self) {
        let mut by_key: BTreeMap<Key, Vec<usize>> = BTreeMap::new();
        for (i, node) in self.nodes.iter().enumerate() {
            by_key.entry(node.key.clone()).or_default().push(i);
        }
        let variant = |c: &Case| (c.kernel.clone(), c.variant.clone());
        // Of these, runs of one audit show that the order matters: that two audits differ there is no news.
        let varies = |case: &usize| self.nodes.iter().any(|n| n.cells[*case] == Cell::Unsettled);
        let known: BTreeSet<_> = (0..self.cases.len()).filter(varies).map(|c| variant(&self.cases[c])).collect();
        let mut anywhere: BTreeSet<usize> = BTreeSet::new();
        for (key, members) in &by_key {
            for case in 0..self.cases.len() {
                let mut unsettled = false;
                let mut gave: BTreeMap<u32, Vec<usize>> = BTreeMap::new();
                for i in members {
                    match self.nodes[*i].cells[case] {
                        Cell::Absent | Cell::Open => {}
                        Cell::Unsettled => unsettled = true,
                        Cell::Settled(n) => gave.entry(n).or_default().push(*i),
                    }
                }
                if !unsettled && gave.len() > 1 {
                    let (same_machine, strays) = self.strays(&gave);
                    for i in strays.iter().filter(|_| !same_machine) {
                        self.nodes[*i].cells[case] = Cell::Unsettled;
                    }
                    self.clashes.push(Clash { key: key.clone(), case, same_machine, gave });
                    unsettled = same_machine;
                }
                if unsettled {
                    anywhere.insert(case);
                    for i in members {
                        let cell = &mut self.nodes[*i].cells[case];
                        *cell = if *cell == Cell::Absent { Cell::Absent } else { Cell::Unsettled };
                    }
                }
            }
        }
        let unordered: BTreeSet<_> =
            anywhere.iter().map(|c| &self.cases[*c]).filter(|c| !c.has_reference).map(variant).collect();
        let open = |c: &Case| !c.has_reference && unordered.contains(&variant(c));
        for case in (0..self.cases.len()).filter(|c| open(&self.cases[*c])).collect::<Vec<_>>() {
            for node in self.nodes.iter_mut().filter(|n| n.cells[case] != Cell::Absent) {
                node.cells[case] = Cell::Unsettled;
            }
            let news = !known.contains(&variant(&self.cases[case]));
            self.clashes.retain(|c| c.case != case || c.same_machine && news);
        }
    }

    /// Of several results of one adapter: whether a machine gave two of them, and the nodes whose result strays from what
    /// most machines gave.
    fn strays(&self, gave: &BTreeMap<u32, Vec<usize>>) -> (bool, Vec<usize>) {
        // A machine with another system is another one: drivers call the system's libraries.
        let machine = |i: &usize| {
            let environment = &self.nodes[*i].member.shell.environment;
            (environment.machine_id.as_str(), environment.os.as_str())
        };
        let machines: BTreeMap<u32, BTreeSet<(&str, &str)>> =
            gave.iter().map(|(n, nodes)| (*n, nodes.iter().map(machine).collect())).collect();
        let all: BTreeSet<(&str, &str)> = machines.values().flatten().copied().collect();
        let sum: usize = machines.values().map(BTreeSet::len).sum();
        let most = machines.values().map(BTreeSet::len).max().unwrap_or(0);
        let strays = |count: usize| 2 * most > all.len() && count < most && (count == 1 || 10 * count < all.len());
        let nodes = gave.iter().filter(|(n, _)| machines.get(n).is_some_and(|m| strays(m.len())));
        (sum > all.len(), nodes.flat_map(|(_, nodes)| nodes.iter().copied()).collect())
    }
}
