//! What two files of tensors differ in: what is on one side only, each pair by the comparator of the audit, in which way one
//! is the other, and from which step on.

mod across;
mod limits;
mod pairs;
mod relation;

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

use serde::Serialize;

pub use across::{Exchange, Renamed};
pub use limits::{LIMITS, Limit};
pub use relation::{Of, Relation};

use crate::model::Drift;
use crate::tensors::{Content, Tensor};

/// What is asked of a comparison.
#[derive(Debug, Clone, Default)]
pub struct Asked {
    /// Only tensors whose names fit one of these, `*` standing for anything; all where there is none.
    pub names: Vec<String>,
    /// Names on the left and what they are on the right; a `*` stands for the same on both.
    pub map: Vec<(String, String)>,
    /// Threads that compare.
    pub threads: usize,
}

/// What two files of tensors differ in.
#[derive(Debug, Clone, Serialize)]
pub struct TensorDiff {
    /// Both files.
    pub sides: [Side; 2],
    /// Tensors on both sides, by step, then in the order of the left file.
    pub pairs: Vec<Pair>,
    /// Tensors on the left only, and on the right only.
    pub only: [Vec<Alone>; 2],
    /// Tensors whose names are exchanged.
    pub exchanged: Vec<Exchange>,
    /// Tensors on one side only that equal one on the other side only.
    pub renamed: Vec<Renamed>,
    /// Where steps are known, from which on the sides differ.
    pub onset: Option<Onset>,
}

/// A file of tensors.
#[derive(Debug, Clone, Serialize)]
pub struct Side {
    /// Its path, as it was named.
    pub path: String,
    /// What it is.
    pub format: &'static str,
    /// Tensors that were asked for.
    pub tensors: usize,
    /// What in it could not be read, and why.
    pub skipped: Vec<String>,
    /// Files that hold no tensors, and were not looked into.
    pub other: Vec<String>,
}

/// A tensor that has no counterpart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Alone {
    /// Its name.
    pub name: String,
    /// Its step.
    pub step: Option<u64>,
    /// Its type.
    pub dtype: String,
    /// Its shape.
    pub shape: Vec<u64>,
}

/// Tensors of one name, or that `--map` makes one.
#[derive(Debug, Clone, Serialize)]
pub struct Pair {
    /// The name on the left.
    pub name: String,
    /// The name on the right.
    pub right_name: String,
    /// The step.
    pub step: Option<u64>,
    /// Both types.
    pub dtypes: [String; 2],
    /// Both shapes.
    pub shapes: [Vec<u64>; 2],
    /// Whether elements are numbers; texts and bytes of quantised blocks are equal or not.
    pub numeric: bool,
    /// Whether elements are floats.
    pub float: bool,
    /// How they differ; `None` where types or shapes do.
    pub drift: Option<Drift>,
    /// ‖left − right‖ / ‖left‖ over finite pairs.
    pub relative_l2: Option<f64>,
    /// The cosine of the angle between both, over finite pairs.
    pub cosine: Option<f64>,
    /// In which way one is the other, proven on every element.
    pub relation: Option<Relation>,
    /// The element that differs most.
    pub worst: Option<Place>,
    /// The first element that differs.
    pub first: Option<Place>,
    /// Of series, how many steps are on the left only and on the right only.
    pub steps_only: [u64; 2],
    /// Of series, the first and the last step of both.
    pub steps: Option<(u64, u64)>,
}

/// An element of both sides.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Place {
    /// Its index on each axis.
    pub index: Vec<u64>,
    /// Of a series, its step.
    pub step: Option<u64>,
    /// Its values.
    pub values: [String; 2],
    /// Its patterns; of texts, none.
    pub bits: Option<[String; 2]>,
}

/// From which step on two sides differ.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Onset {
    /// The first step at which anything differs.
    pub step: u64,
    /// The last step before it that both have, where all is equal.
    pub before: Option<u64>,
    /// The name that differs first in that step.
    pub name: String,
    /// Whether something differs at every later step, too.
    pub lasting: bool,
    /// Steps that both have.
    pub steps: u64,
    /// Steps at which something differs.
    pub differing: u64,
}

impl Pair {
    /// Whether types, shapes and all bits are equal.
    #[must_use]
    pub fn is_identical(&self) -> bool {
        self.drift.as_ref().is_some_and(Drift::is_identical) && self.steps_only == [0, 0]
    }

    /// Whether elements of both were compared.
    #[must_use]
    pub fn is_compared(&self) -> bool {
        self.drift.is_some()
    }

    /// The distance from zero of the largest number that flushing explains, where only the worst element's is known: the
    /// least normal one's.
    fn flushed_ulp(&self, drift: &Drift) -> u64 {
        // A subnormal against zero is at most the least normal number away, whose place is that of its pattern.
        let normal = self.dtypes[0].parse::<crate::model::Scalar>().ok().and_then(crate::model::Scalar::specials);
        if drift.classes.flushed > 0 { normal.map_or(u64::MAX, |s| s.normal) } else { 0 }
    }
}

impl TensorDiff {
    /// Whether every tensor of both is equal to the last bit, and nothing was left out.
    #[must_use]
    pub fn is_same(&self) -> bool {
        !self.is_missing_any() && self.is_whole() && self.pairs.iter().all(Pair::is_identical) && !self.pairs.is_empty()
    }

    /// Whether all that is in the files was read.
    #[must_use]
    pub fn is_whole(&self) -> bool {
        self.sides.iter().all(|s| s.skipped.is_empty())
    }

    /// Whether something has no counterpart: a name, a shape, a type, a step.
    #[must_use]
    pub fn is_missing_any(&self) -> bool {
        self.only.iter().any(|o| !o.is_empty()) || self.pairs.iter().any(|p| !p.is_compared() || p.steps_only != [0, 0])
    }

    /// Pairs that were compared and differ.
    pub fn differing(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(|p| p.drift.as_ref().is_some_and(|d| !d.is_identical()))
    }

    /// Pairs whose types or shapes differ.
    pub fn incomparable(&self) -> impl Iterator<Item = &Pair> {
        self.pairs.iter().filter(|p| !p.is_compared())
    }

    /// The first pair that is not equal, by step and in the order of the left file.
    #[must_use]
    pub fn first(&self) -> Option<&Pair> {
        self.pairs.iter().find(|p| !p.is_identical())
    }
}

/// Compares two files of tensors.
#[must_use]
pub fn diff(paths: [&str; 2], contents: &[Content; 2], asked: &Asked) -> TensorDiff {
    let matched = pairs::matched(&contents[0].tensors, &contents[1].tensors, asked);
    let next = AtomicUsize::new(0);
    let work = || {
        let mut done = Vec::new();
        loop {
            let i = next.fetch_add(1, Ordering::Relaxed);
            let Some((left, right)) = matched.both.get(i) else { return done };
            done.push((i, pairs::compare(left, right)));
        }
    };
    let mut found: Vec<(usize, pairs::Compared)> = std::thread::scope(|scope| {
        let threads = asked.threads.clamp(1, matched.both.len().max(1));
        let helpers: Vec<_> = (1..threads).map(|_| scope.spawn(work)).collect();
        let mut all = work();
        for helper in helpers {
            match helper.join() {
                Ok(done) => all.extend(done),
                Err(panic) => std::panic::resume_unwind(panic),
            }
        }
        all
    });
    found.sort_by_key(|(i, _)| *i);
    let (compared, steps): (Vec<Pair>, Vec<pairs::BySteps>) = found.into_iter().map(|(_, done)| done).unzip();
    let side = |k: usize| Side {
        path: paths[k].to_owned(),
        format: contents[k].format,
        tensors: matched.both.len() + matched.only[k].len(),
        skipped: contents[k].skipped.clone(),
        other: contents[k].other.clone(),
    };
    let unequal: Vec<(&Tensor, &Tensor)> =
        compared.iter().zip(&matched.both).filter(|(p, _)| !p.is_identical()).map(|(_, both)| *both).collect();
    TensorDiff {
        sides: [side(0), side(1)],
        exchanged: across::exchanged(&unequal),
        renamed: across::renamed(&matched.only),
        onset: onset(&compared, &steps),
        only: matched.only.map(|alone| alone.into_iter().map(Alone::of).collect()),
        pairs: compared,
    }
}

impl Alone {
    fn of(tensor: &Tensor) -> Self {
        let dtype = tensor.type_name().to_owned();
        Self { name: tensor.name.clone(), step: tensor.step, dtype, shape: tensor.shape.clone() }
    }
}

fn onset(pairs: &[Pair], steps: &[pairs::BySteps]) -> Option<Onset> {
    let mut all: BTreeMap<u64, Option<&str>> = BTreeMap::new();
    for (pair, steps) in pairs.iter().zip(steps) {
        for (step, differs) in steps {
            let first = all.entry(*step).or_default();
            if *differs {
                first.get_or_insert(&pair.name);
            }
        }
    }
    // One step has no before and after.
    if all.len() < 2 {
        return None;
    }
    let (step, name) = all.iter().find_map(|(step, name)| name.map(|name| (*step, name)))?;
    let later = all.range(step..);
    Some(Onset {
        step,
        before: all.range(..step).next_back().map(|(step, _)| *step),
        name: name.to_owned(),
        lasting: later.clone().all(|(_, name)| name.is_some()),
        steps: all.len() as u64,
        differing: later.filter(|(_, name)| name.is_some()).count() as u64,
    })
}
