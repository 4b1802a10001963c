//! Where two sweeps of the same function differ, told by the digests of their blocks.

use crate::model::AdapterIdentity;
use crate::model::bits::{Dtype, is_digest};
use crate::model::record::Record;
use crate::model::sweep::{AdapterSweep, BLOCK, EngineSweep, PART, SAMPLE, SweepFile, Swept};

/// The sweeps of an audit, with their adapters.
#[must_use]
pub fn of(record: &Record) -> Vec<AdapterSweep> {
    let adapter = |id: &str| record.engine(id).and_then(|e| e.adapter.clone());
    let with = |s: &EngineSweep| AdapterSweep {
        engine: s.engine.clone(),
        adapter: adapter(&s.engine).unwrap_or_else(|| AdapterIdentity::unlisted("")),
        functions: s.functions.clone(),
        missing: s.missing.clone(),
    };
    record.sweeps.iter().map(with).collect()
}

/// Two sweeps of one function.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FunctionPair {
    /// The function.
    pub function: String,
    /// The type of its operands.
    pub dtype: Dtype,
    /// Whether all inputs are compared, and not those of the sample alone.
    pub whole: bool,
    /// How many digests were compared.
    pub compared: usize,
    /// Ranges of input patterns, first and last, in which results differ. Those next to each other are one.
    pub ranges: Vec<[u32; 2]>,
    /// How many of the digests differ.
    pub differing: usize,
}

/// The sweeps of two adapters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SweepPair {
    /// The adapters, as they are called.
    pub labels: [String; 2],
    /// Functions of both.
    pub functions: Vec<FunctionPair>,
    /// Functions of both whose digests are of other inputs.
    pub apart: Vec<String>,
    /// Functions of one only.
    pub only: [Vec<String>; 2],
}

/// Why sweeps can't be compared.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SweepPairError {
    /// One file alone, with one adapter.
    #[error("there is one adapter's sweep and nothing to compare it with")]
    Alone,
    /// No adapter of one file is one of the other.
    #[error("no engine is in both files: {0} in the first, {1} in the second")]
    Strangers(String, String),
}

/// Pairs the adapters of two files, or those of one with the first of it. Where each file has one adapter these are a
/// pair, whatever they are called; else those with the same id are.
///
/// # Errors
/// Where there is no pair.
pub fn compare(left: &SweepFile, right: Option<&SweepFile>) -> Result<Vec<SweepPair>, SweepPairError> {
    let Some(right) = right else {
        let Some((first, others)) = left.sweeps.split_first().filter(|(_, others)| !others.is_empty()) else {
            return Err(SweepPairError::Alone);
        };
        return Ok(others.iter().map(|other| pair(first, other)).collect());
    };
    if let ([a], [b]) = (&left.sweeps[..], &right.sweeps[..]) {
        return Ok(vec![pair(a, b)]);
    }
    let pairs: Vec<_> = left
        .sweeps
        .iter()
        .filter_map(|a| right.sweeps.iter().find(|b| b.engine == a.engine).map(|b| pair(a, b)))
        .collect();
    if pairs.is_empty() {
        let names = |file: &SweepFile| file.sweeps.iter().map(|s| s.engine.clone()).collect::<Vec<_>>().join(", ");
        return Err(SweepPairError::Strangers(names(left), names(right)));
    }
    Ok(pairs)
}

/// The adapters of each of two files that [`compare`] finds no pair for.
#[must_use]
pub fn alone(left: &SweepFile, right: &SweepFile) -> [Vec<String>; 2] {
    if left.sweeps.len() == 1 && right.sweeps.len() == 1 {
        return Default::default();
    }
    let without = |these: &SweepFile, others: &SweepFile| -> Vec<String> {
        let lonely = these.sweeps.iter().filter(|s| !others.sweeps.iter().any(|o| o.engine == s.engine));
        lonely.map(called).collect()
    };
    [without(left, right), without(right, left)]
}

/// An adapter as it is called.
fn called(sweep: &AdapterSweep) -> String {
    format!("{} {}", sweep.engine, sweep.adapter.label())
}

/// A function as it is called: one name stands for a function of either type.
#[must_use]
pub fn name(function: &str, dtype: Dtype) -> String {
    if dtype == Dtype::F16 { format!("{function} (f16)") } else { function.to_owned() }
}

fn pair(a: &AdapterSweep, b: &AdapterSweep) -> SweepPair {
    let key = |s: &Swept| (s.function.clone(), s.dtype);
    let without = |these: &[Swept], others: &[Swept]| {
        let lonely = these.iter().filter(|s| !others.iter().any(|o| key(o) == key(s)));
        lonely.map(|s| name(&s.function, s.dtype)).collect::<Vec<_>>()
    };
    let mut found = SweepPair {
        labels: [a, b].map(called),
        functions: Vec::new(),
        apart: Vec::new(),
        only: [without(&a.functions, &b.functions), without(&b.functions, &a.functions)],
    };
    for left in &a.functions {
        let Some(right) = b.functions.iter().find(|s| key(s) == key(left)) else { continue };
        match function(left, right) {
            Some(both) => found.functions.push(both),
            None => found.apart.push(name(&left.function, left.dtype)),
        }
    }
    found
}

/// Compares two sweeps by all their blocks, or by the sample; `None` where neither is in both.
fn function(left: &Swept, right: &Swept) -> Option<FunctionPair> {
    let sound = |list: &[String]| !list.is_empty() && list.iter().all(|d| is_digest(d));
    let both =
        |a: &[String], b: &[String], most: u64| sound(a) && sound(b) && a.len() == b.len() && a.len() as u64 <= most;
    let patterns = |digests: &[String]| (1u64 << 32) / digests.len().max(1) as u64;
    let (whole, a, b, each) = if left.count == right.count && both(&left.blocks, &right.blocks, 4096) {
        (true, &left.blocks, &right.blocks, BLOCK)
    } else if both(&left.sample, &right.sample, SAMPLE / PART) {
        (false, &left.sample, &right.sample, patterns(&left.sample))
    } else {
        return None;
    };
    let mut ranges: Vec<[u32; 2]> = Vec::new();
    let mut differing = 0;
    for (number, _) in (0u64..).zip(a.iter().zip(b)).filter(|(_, (a, b))| a != b) {
        differing += 1;
        let end = if whole { left.count.min(1 << 32) } else { 1 << 32 };
        let (first, last) = (number * each, ((number + 1) * each).min(end).saturating_sub(1));
        let [first, last] = [first, last].map(|p| u32::try_from(p).unwrap_or(u32::MAX));
        match ranges.last_mut() {
            Some(range) if range[1].checked_add(1) == Some(first) => range[1] = last,
            _ => ranges.push([first, last]),
        }
    }
    Some(FunctionPair {
        function: left.function.clone(),
        dtype: left.dtype,
        whole,
        compared: a.len(),
        ranges,
        differing,
    })
}
