//! The readers of every text that is no record: settings of a kernel, policies, locks, tables of cards, printed values, case
//! ids and the answers of an engine in another process. Each is an error of one line, or something that is used.

use std::collections::BTreeSet;

use repro_audit::engines::remote;
use repro_audit::gate::{Known, Lock, Policy};
use repro_audit::kernels::user::{Kernel, Settings};
use repro_audit::model::bits::Dtype;
use repro_audit::model::task::Task;
use repro_audit::model::text::line_fault;
use repro_audit::model::{CaseId, CasePattern};
use repro_audit::record::Record;
use repro_audit::rng::{Candidate, Cards, Draw, Element, Form, Observations, Op, Shape, Vector, identify};

use crate::reading::{Read, gate};

/// What texts are read beside: a record that is as it should be, and what is made of it.
pub(crate) struct Beside {
    records: [Record; 1],
    lock: Lock,
    known: BTreeSet<Known>,
    candidates: Vec<Candidate>,
}

impl Beside {
    pub(crate) fn new(record: Record) -> Self {
        let records = [record];
        let lock = Lock::of(&records).unwrap_or_else(|e| panic!("{e}"));
        let known = lock.cases.keys().map(Known::from).collect();
        let cards = Cards::known().expect("the table of this program");
        let candidate = |card: &repro_audit::rng::Card| Candidate { name: card.name.clone(), geometry: card.geometry };
        let candidates = cards.all().iter().step_by(20).map(candidate).collect();
        Self { records, lock, known, candidates }
    }
}

/// A reader: whether the text is what it should be, with every fault of what came of it.
pub(crate) type Reader = fn(&Beside, &str, &mut Read) -> bool;

/// All of them, by the letter that names each to a fuzzer.
pub(crate) const READERS: [(char, Reader); 8] = [
    ('s', settings),
    ('p', policy),
    ('l', lock),
    ('c', cards),
    ('v', values),
    ('z', zeros),
    ('i', ids),
    ('r', replies),
];

/// Shaders that the settings of a fuzzer's text may be for.
const SHADERS: [&str; 4] = [
    include_str!("../../examples/kernels/rms_norm.wgsl"),
    include_str!("../../examples/kernels/histogram.wgsl"),
    include_str!("../cases/c12_const_eval.wgsl"),
    include_str!("../cases/c18_two_passes.wgsl"),
];

fn settings(_: &Beside, text: &str, read: &mut Read) -> bool {
    SHADERS.iter().filter(|source| settings_of(source, text, read)).count() > 0
}

/// Reads settings of this shader, and writes them again.
pub(crate) fn settings_of(source: &str, text: &str, read: &mut Read) -> bool {
    let kernel = Settings::read("k.toml", text)
        .and_then(|settings| Kernel::new("k.wgsl", source, &settings, "k.toml", Vec::new()));
    match kernel {
        Ok(kernel) => {
            if let Err(e) = Settings::read("k.toml", &kernel.settings()) {
                read.faults.push(format!("its settings cannot be read again: {e}"));
            }
            if let Some(id) = kernel.cases().map(ToString::to_string).find(|id| line_fault(id).is_some()) {
                read.faults.push(format!("the case {id:?}"));
            }
            true
        }
        Err(e) => {
            read.error("a kernel", &e);
            false
        }
    }
}

fn policy(beside: &Beside, text: &str, read: &mut Read) -> bool {
    match Policy::parse("p.toml", text) {
        Ok(policy) => {
            if let Err(e) = policy.check_names("p.toml", &beside.known) {
                read.error("names", &e);
            }
            gate(read, &beside.lock, &policy, &beside.records);
            true
        }
        Err(e) => {
            read.error("a policy", &e);
            false
        }
    }
}

fn lock(beside: &Beside, text: &str, read: &mut Read) -> bool {
    match Lock::parse("l.lock", text) {
        Ok(lock) => {
            gate(read, &lock, &Policy::default(), &beside.records);
            true
        }
        Err(e) => {
            read.error("a lock", &e);
            false
        }
    }
}

fn cards(_: &Beside, text: &str, read: &mut Read) -> bool {
    let mut cards = Cards::known().expect("the table of this program");
    match cards.add(text, "c.csv") {
        Ok(()) => true,
        Err(e) => {
            read.error("a table of cards", &e);
            false
        }
    }
}

/// The first line is a shape, and what follows is what was printed.
fn values(beside: &Beside, text: &str, read: &mut Read) -> bool {
    let (shape, printed) = text.split_once('\n').unwrap_or(("10,10", text));
    let add = |seen: &mut Observations, shape: &Shape| seen.add_values(printed, Form::Auto, shape);
    observed(beside, Op::Rand, shape, add, read)
}

/// As [`values`], of a mask's zeros.
fn zeros(beside: &Beside, text: &str, read: &mut Read) -> bool {
    let (shape, printed) = text.split_once('\n').unwrap_or(("10,10", text));
    observed(beside, Op::Dropout, shape, |seen, shape| seen.add_zeros(printed, shape), read)
}

fn observed(
    beside: &Beside,
    op: Op,
    shape: &str,
    add: impl FnOnce(&mut Observations, &Shape) -> Result<(), repro_audit::rng::RngError>,
    read: &mut Read,
) -> bool {
    let found = Shape::parse(shape).and_then(|shape| {
        let draw = Draw::new(op, Element::F32, &shape, Vector::Auto)?;
        let mut seen = Observations::default();
        add(&mut seen, &shape)?;
        identify(&draw, 1, 0, &[], &beside.candidates, &seen)
    });
    match found {
        Ok(_) => true,
        Err(e) => {
            read.error("values", &e);
            false
        }
    }
}

/// Ids and patterns of cases: what is read is written as it was.
fn ids(_: &Beside, text: &str, read: &mut Read) -> bool {
    let mut good = false;
    match CaseId::parse(text) {
        Ok(id) => {
            good = true;
            if CaseId::parse(&id.to_string()).as_ref() != Ok(&id) {
                read.faults.push(format!("'{id}' is read as another case"));
            }
            match CasePattern::parse(text) {
                Ok(pattern) if pattern.matches(&id) => {}
                _ => read.faults.push(format!("'{id}' does not name itself")),
            }
        }
        Err(e) => read.error("a case", &e),
    }
    if let Err(e) = CasePattern::parse(text) {
        read.error("a pattern", &e);
    }
    good
}

/// What an engine in another process writes: its first line, or an answer to a task of three halves.
fn replies(_: &Beside, text: &str, read: &mut Read) -> bool {
    let task = Task { operation: None, program: None, dtype: Dtype::F16, shape: vec![3] };
    let hello = remote::hello(&mut text.as_bytes());
    let reply = remote::reply(&mut text.as_bytes(), &task, 2);
    for e in [hello.as_ref().err(), reply.as_ref().err()].into_iter().flatten() {
        read.error("an engine", &e);
    }
    hello.is_ok() || reply.is_ok()
}
