//! How an adapter computes a single operation: by a rule that gives its value at every operand that came up, and at some more.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex, PoisonError};

use super::definitions::ordered;
use super::orders;
use super::search::{ask, mode_of, smallest};
use crate::engines::interpreter::Runner;
use crate::engines::interpreter::asked::{Answers, Words};
use crate::engines::{Engine, RunError};
use crate::model::Liberty;
use crate::model::explained::{Operation, Rule, SumOrder};
use crate::wgsl::primitive::{Kind, Primitive};

/// With this variable set no model is tried, so that what is found without knowledge of a driver can be told.
const WITHOUT_MODELS: &str = "REPRO_AUDIT_WITHOUT_MODELS";

/// Operands beyond those that came up.
const PROBES: u32 = 1 << 12;

/// How some driver computes functions, as WGSL.
pub(in crate::audit) struct Model {
    pub(in crate::audit) name: &'static str,
    pub(in crate::audit) source: &'static str,
}

/// Every model there is; each may be of any adapter, for only bits decide.
pub(in crate::audit) const MODELS: [Model; 4] = [
    Model { name: "swiftshader", source: include_str!("../../../models/swiftshader.wgsl") },
    Model { name: "mesa", source: include_str!("../../../models/mesa.wgsl") },
    Model { name: "mesa_gl", source: include_str!("../../../models/mesa_gl.wgsl") },
    Model { name: "x86", source: include_str!("../../../models/x86.wgsl") },
];

impl Model {
    /// The liberties that the interpreter takes with its functions: a line of its header.
    fn liberties(&self) -> Vec<Liberty> {
        liberties_of(self.source)
    }

    /// Its functions as a shader can have them.
    fn functions(&self) -> String {
        functions_of(self.source)
    }
}

/// The liberties that a header names.
pub(in crate::audit) fn liberties_of(source: &str) -> Vec<Liberty> {
    let line = source.lines().find_map(|l| l.strip_prefix("//! liberties: ")).unwrap_or_default();
    Liberty::PLAIN.into_iter().filter(|l| line.split(", ").any(|name| name == l.name())).collect()
}

/// A model's functions without its header, as a shader can have them.
pub(in crate::audit) fn functions_of(source: &str) -> String {
    source.lines().filter(|l| !l.starts_with("//!")).collect::<Vec<_>>().join("\n")
}

/// Every operation that the adapter was asked for and that it does not compute strictly, with the rules that give all its
/// values.
pub(in crate::audit) fn operations(
    engine: &mut dyn Engine,
    answers: &Arc<Mutex<Answers>>,
) -> Result<Vec<Operation>, RunError> {
    let lock = || answers.lock().unwrap_or_else(PoisonError::into_inner);
    let mut found = Vec::new();
    let mut done = BTreeSet::new();
    // A definition brings operations up that no case has.
    loop {
        let next = lock().primitives().find(|p| !done.contains(*p)).cloned();
        let Some(primitive) = next else { break };
        done.insert(primitive.clone());
        let is_strict = {
            let (given, made) = lock().known(&primitive);
            given.is_empty() || evaluate(&primitive, &[], "", &given)?.is_some_and(|strict| strict == made)
        };
        if is_strict {
            continue;
        }
        ask(engine, answers, &primitive, &probes(&primitive))?;
        let (given, made) = lock().known(&primitive);
        let Some(strict) = evaluate(&primitive, &[], "", &given)? else { continue };
        let asked = Asked { primitive, given, made };
        let other = strict.iter().zip(&asked.made).filter(|(a, b)| a != b).count();
        let rules = rules(&asked, &strict)?;
        let mut definitions = ordered(engine, answers, &asked)?;
        if rules.is_empty() && definitions.is_empty() {
            definitions = super::definitions::definitions(engine, answers, &asked)?;
        }
        found.push(Operation {
            operation: asked.primitive.name(),
            rules,
            definitions,
            operands: asked.given.len() as u64,
            other: other as u64,
        });
    }
    found.sort_by(|a, b| a.operation.cmp(&b.operation));
    let other: BTreeSet<String> = found.iter().map(|o| o.operation.clone()).collect();
    for definition in found.iter_mut().flat_map(|o| &mut o.definitions) {
        definition.operations.retain(|o| other.contains(o));
    }
    Ok(found)
}

/// The order in which an adapter adds, in each sum of products that came up, and in a subgroup.
pub(in crate::audit) fn sums(
    engine: &mut dyn Engine,
    answers: &Arc<Mutex<Answers>>,
) -> Result<Vec<SumOrder>, RunError> {
    let mut all: Vec<Primitive> =
        answers.lock().unwrap_or_else(PoisonError::into_inner).primitives().cloned().collect();
    all.sort();
    let mut found = Vec::new();
    for primitive in &all {
        if let Some(orders) = orders::orders(engine, primitive)? {
            let orders: BTreeSet<String> = orders.iter().map(ToString::to_string).collect();
            found.push(SumOrder { operation: primitive.name(), orders: orders.into_iter().collect() });
        }
    }
    for lanes in SUBGROUPS {
        if let Some(tree) = orders::of_subgroup(engine, lanes)? {
            let operation = format!("subgroupAdd(f32) of {lanes} lanes");
            found.push(SumOrder { operation, orders: vec![tree.to_string()] });
            break;
        }
    }
    Ok(found)
}

/// Sizes of subgroups, the largest first: in a smaller workgroup than its own one has lanes without a number.
const SUBGROUPS: [usize; 6] = [128, 64, 32, 16, 8, 4];

/// An operation with all that an adapter gave for it: operands, and at the same places results.
pub(super) struct Asked {
    pub(super) primitive: Primitive,
    pub(super) given: Vec<Words>,
    pub(super) made: Vec<Words>,
}

/// The rules that give every value: the smallest sets of liberties, or else models.
fn rules(Asked { primitive, given, made }: &Asked, strict: &[Words]) -> Result<Vec<Rule>, RunError> {
    let gives = |liberties: &[Liberty], primitive: &Primitive, functions: &str| -> Result<bool, RunError> {
        Ok(evaluate(primitive, liberties, functions, given)?.is_some_and(|found| found == *made))
    };
    let mut change = Vec::new();
    for liberty in Liberty::PLAIN {
        if evaluate(primitive, &[liberty], "", given)?.is_some_and(|found| found != *strict) {
            change.push(liberty);
        }
    }
    let sets = smallest(&change, |set| gives(set, primitive, ""))?;
    let mut rules: Vec<Rule> = sets.into_iter().map(|liberties| Rule { liberties, model: None }).collect();
    if rules.is_empty() && std::env::var_os(WITHOUT_MODELS).is_none() {
        for model in &MODELS {
            if let Some(by) = primitive.by_model(model.source)
                && gives(&model.liberties(), &by, &model.functions())?
            {
                rules.push(Rule { liberties: Vec::new(), model: Some(model.name.to_owned()) });
            }
        }
    }
    Ok(rules)
}

/// What the interpreter gives with liberties. `None` where it does not compute the operation.
pub(in crate::audit) fn evaluate(
    primitive: &Primitive,
    liberties: &[Liberty],
    functions: &str,
    given: &[Words],
) -> Result<Option<Vec<Words>>, RunError> {
    let words: Vec<u32> = given.iter().flat_map(|words| words.iter().copied()).collect();
    let mut made = Vec::with_capacity(given.len());
    for some in words.chunks(primitive.given().max(1) << 16) {
        let Some(program) = primitive.program(some.to_vec(), functions) else { return Ok(None) };
        let found = Runner::open(mode_of(liberties)).compute(&program)?;
        made.extend(found.chunks(primitive.made()).take(some.len() / primitive.given().max(1)).map(Words::from));
    }
    Ok(Some(made))
}

/// Operands of every kind: patterns spread over all there are, and the edges of a type with one another.
fn probes(primitive: &Primitive) -> Vec<Words> {
    let kinds: Vec<Kind> = primitive.given_kinds().collect();
    // The finaliser of MurmurHash3: every bit of the result depends on every bit of the input.
    let mixed = |mut x: u32| {
        x = (x ^ (x >> 16)).wrapping_mul(0x85eb_ca6b);
        x = (x ^ (x >> 13)).wrapping_mul(0xc2b2_ae35);
        x ^ (x >> 16)
    };
    let word = |kind: Kind, n: u32, k: u32| {
        let word = if n.is_multiple_of(2) {
            mixed(n.wrapping_mul(31).wrapping_add(k.wrapping_mul(0x9e37_79b9)))
        } else {
            EDGES[mixed(n.wrapping_mul(17).wrapping_add(k)) as usize % EDGES.len()]
        };
        match kind {
            Kind::F16 => word >> 16,
            Kind::Bool => word & 1,
            _ => word,
        }
    };
    (0..PROBES).map(|n| kinds.iter().zip(0..).map(|(kind, k)| word(*kind, n, k)).collect()).collect()
}

/// Zeros, the ends of the subnormal and normal ranges, ones, infinities, NaN quiet and signalling, and what lies about where
/// integers end.
const EDGES: [u32; 24] = [
    0,
    0x8000_0000,
    1,
    0x8000_0001,
    0x007f_ffff,
    0x807f_ffff,
    0x0080_0000,
    0x8080_0000,
    0x3f80_0000,
    0xbf80_0000,
    0x3f00_0000,
    0x3f80_0001,
    0x4b00_0000,
    0x4f00_0000,
    0xcf00_0000,
    0x7f7f_ffff,
    0xff7f_ffff,
    0x7f80_0000,
    0xff80_0000,
    0x7fc0_0000,
    0xffc0_0000,
    0x7fc1_2345,
    0x7f80_0001,
    0xff92_3456,
];
