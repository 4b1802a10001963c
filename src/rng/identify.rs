//! Which cards could have given values that someone printed, and how much that says.

use std::collections::BTreeMap;

use serde::Serialize;

use super::convert::TOLERANCE;
use super::source::moved;
use super::{CpuRule, Draw, Element, Geometry, Interval, Observations, Op, RngError, Source};

/// Evidence beyond this many bits is not counted: one wrong class in 2^64 would pass.
const ENOUGH: f64 = 64.0;
/// More classes than this expected to match by chance, and the evidence is thin.
const THIN: f64 = 0.01;
/// Observations that are counted for the nearest class where none matches.
const COUNTED: usize = 20_000;

/// A card that is considered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Candidate {
    /// What it is called.
    pub name: String,
    /// What decides.
    #[serde(flatten)]
    pub geometry: Geometry,
}

/// Candidates that give the same values for this draw, so that nothing can tell them apart.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Class {
    /// Threads of the launch.
    pub threads: u64,
    /// The generator's offset before the draw.
    pub offset: u64,
    /// Who is in it.
    pub members: Vec<Candidate>,
    /// Observations that agree, of those that were looked at.
    pub agreeing: usize,
    /// Observations that were looked at.
    pub counted: usize,
    /// Bits of evidence that separate it from the class that it is hardest to tell from, at most 64; none where there is
    /// no other class.
    pub apart: Option<f64>,
    /// How many of the other classes would be expected to match by chance.
    pub chance: f64,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Identified {
    /// Candidates considered.
    pub searched: usize,
    /// Classes among them for this draw.
    pub classes: usize,
    /// The classes that could have given what was seen.
    pub matching: Vec<Class>,
    /// Candidates that could not.
    pub excluded: usize,
    /// Where none matches, the class that agrees with most observations.
    pub nearest: Option<Class>,
    /// Observations.
    pub observations: usize,
    /// Observations of elements that every candidate places alike: they test seed, offset, operation and shape, and no
    /// card.
    pub shared: usize,
    /// How many of those agree.
    pub shared_agreeing: usize,
    /// Whether the evidence does not tell the matching class from others.
    pub thin: bool,
    /// PyTorch's implementations on the CPU, where their rule is known for this draw.
    pub cpu: Vec<CpuMatch>,
}

/// How an implementation on the CPU fits what was seen.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CpuMatch {
    /// Which.
    pub rule: CpuRule,
    /// Its name for people.
    pub name: &'static str,
    /// Observations that agree.
    pub agreeing: usize,
    /// Observations that were looked at: all.
    pub counted: usize,
    /// Whether all of them agree, the sum included.
    pub matches: bool,
}

/// One thing that was seen, with what it says if it is a coincidence.
struct Seen {
    index: u64,
    what: What,
    /// Minus the binary logarithm of the probability that an independent draw shows it.
    bits: f64,
}

enum What {
    Value(Interval),
    Kept(bool),
}

/// Finds the candidates that could have given `seen` as the draw of a generator with `seed` that had `offset`, and made
/// the draws `before` since.
///
/// # Errors
/// When nothing was seen, a value is none that the operation gives, an element is given twice with values that differ, or
/// the offset is none that a generator has.
pub fn identify(
    draw: &Draw,
    seed: u64,
    offset: u64,
    before: &[Draw],
    candidates: &[Candidate],
    seen: &Observations,
) -> Result<Identified, RngError> {
    let list = observations(draw, seen)?;
    if list.is_empty() && seen.sum.is_none() {
        let why = "nothing was seen: give values, --zeros or --sum".to_owned();
        return Err(RngError::Values { at: String::new(), why });
    }
    if seen.sum.is_some() && draw.op != Op::Dropout {
        return Err(RngError::Unsupported(
            "--sum is for dropout: a sum of rounded values depends on its order".to_owned(),
        ));
    }
    let mut groups: BTreeMap<(u64, u64), Vec<Candidate>> = BTreeMap::new();
    for candidate in candidates {
        let geometry = candidate.geometry;
        groups.entry((geometry.threads(draw.n), moved(offset, before, geometry)?)).or_default().push(candidate.clone());
    }
    let sources: Result<Vec<(Source, Vec<Candidate>)>, RngError> = groups
        .into_iter()
        .map(|((_, offset), members)| Ok((Source::new(draw.clone(), seed, offset, members[0].geometry)?, members)))
        .collect();
    let sources = sources?;
    let matches: Vec<bool> = sources.iter().map(|(source, _)| matches(source, &list, seen.sum)).collect();
    let class = |at: usize| {
        let (source, members) = &sources[at];
        let (apart, chance) = separation(source, at, &sources, &list, seen.sum);
        let counted = list.len().min(COUNTED);
        let agreeing = if matches[at] { counted } else { list[..counted].iter().filter(|s| agrees(source, s)).count() };
        Class {
            threads: source.threads(),
            offset: source.offset(),
            members: members.clone(),
            agreeing,
            counted,
            apart,
            chance,
        }
    };
    let matching: Vec<Class> = (0..sources.len()).filter(|at| matches[*at]).map(class).collect();
    let excluded = sources.iter().zip(&matches).filter(|(_, m)| !**m).map(|((_, members), _)| members.len()).sum();
    let nearest = if matching.is_empty() { (0..sources.len()).map(class).max_by_key(|c| c.agreeing) } else { None };
    let (shared, shared_agreeing) = shared(&sources, &list);
    Ok(Identified {
        searched: candidates.len(),
        classes: sources.len(),
        thin: matching.len() > 1 || matching.iter().any(|c| c.chance > THIN) || sources.len() < 2,
        matching,
        excluded,
        nearest,
        observations: list.len() + usize::from(seen.sum.is_some()),
        shared,
        shared_agreeing,
        cpu: if offset == 0 { on_cpu(draw, seed, before, &list, seen.sum) } else { Vec::new() },
    })
}

/// How PyTorch's implementations on the CPU fit. Rules that give one draw alike are one.
fn on_cpu(draw: &Draw, seed: u64, before: &[Draw], list: &[Seen], sum: Option<Interval>) -> Vec<CpuMatch> {
    let last = list.iter().map(|s| s.index + 1).max().unwrap_or(0);
    let n = if sum.is_some() { draw.n } else { last };
    let masks = draw.op == Op::Dropout || before.iter().any(|d| d.op == Op::Dropout);
    let rules = if masks { &CpuRule::ALL[..] } else { &CpuRule::ALL[..1] };
    let one = |rule: &CpuRule| {
        let values = rule.values(draw, seed, before, n)?;
        let agrees = |seen: &&Seen| {
            let value = usize::try_from(seen.index).ok().and_then(|i| values.get(i)).copied();
            value.is_some_and(|value| match &seen.what {
                What::Kept(kept) => (value > 0.0) == *kept,
                What::Value(interval) => interval.holds(value, slack(draw, value, 0.0)),
            })
        };
        let agreeing = list.iter().filter(agrees).count();
        let sums = sum.is_none_or(|sum| {
            let kept = values.iter().filter(|v| **v > 0.0).count() as u64;
            let (total, slack) = output_sum(draw, kept);
            sum.holds(total, slack)
        });
        let matches = agreeing == list.len() && sums;
        Some(CpuMatch { rule: *rule, name: rule.name(), agreeing, counted: list.len(), matches })
    };
    rules.iter().filter_map(one).collect()
}

/// What was seen, as single elements, those from the end first: there launches differ.
fn observations(draw: &Draw, seen: &Observations) -> Result<Vec<Seen>, RngError> {
    let keep = draw.keep();
    let kept = |index: u64, kept: bool| {
        let p = if kept { keep } else { 1.0 - keep };
        Seen { index, what: What::Kept(kept), bits: -libm::log2(p) }
    };
    let mut list = Vec::new();
    for (index, interval) in &seen.values {
        if draw.op != Op::Dropout {
            let bits = -libm::log2(probability(draw, interval).clamp(f64::MIN_POSITIVE, 1.0));
            list.push(Seen { index: *index, what: What::Value(*interval), bits });
            continue;
        }
        // The output of dropout on ones, or the mask itself.
        let one = interval.holds(draw.kept_value(), 1e-6 * draw.kept_value()) || interval.holds(1.0, 0.0);
        match (interval.holds(0.0, 0.0), one) {
            (true, false) => list.push(kept(*index, false)),
            (false, true) => list.push(kept(*index, true)),
            (true, true) => {}
            (false, false) => {
                let why = format!("dropout on ones gives 0 or {:.6}", draw.kept_value());
                return Err(RngError::Values { at: format!("element {index}"), why });
            }
        }
    }
    if draw.op == Op::Dropout {
        list.extend(seen.mask.iter().map(|(index, is)| kept(*index, *is)));
    } else if !seen.mask.is_empty() {
        return Err(RngError::Unsupported("--zeros is for dropout: give values for rand and randn".to_owned()));
    }
    list.sort_by_key(|s| std::cmp::Reverse(s.index));
    // An element that is given twice is evidence once.
    for i in 1..list.len() {
        if list[i].index != list[i - 1].index {
            continue;
        }
        let both = match (&list[i].what, &list[i - 1].what) {
            (What::Kept(a), What::Kept(b)) => a == b,
            (What::Value(a), What::Value(b)) => a.low <= b.high && b.low <= a.high,
            _ => true,
        };
        if !both {
            let at = format!("element {}", list[i].index);
            return Err(RngError::Values { at, why: "it is given twice, and not alike".to_owned() });
        }
        list[i].bits = 0.0;
    }
    Ok(list)
}

/// How many elements a mask keeps on average.
#[expect(clippy::cast_possible_truncation, clippy::cast_precision_loss, clippy::cast_sign_loss, reason = "at most n")]
fn expected_kept(draw: &Draw) -> u64 {
    (draw.n as f64 * draw.keep()) as u64
}

/// The probability that an independent draw would be taken for what was printed: as wide as a match is accepted, and no
/// narrower than the element type's own steps, however many digits were printed.
fn probability(draw: &Draw, printed: &Interval) -> f64 {
    let middle = f64::midpoint(printed.low, printed.high);
    let radius = match draw.op {
        // No more than four deviations off, the radius of nearly every normal value.
        Op::Randn => slack(draw, middle, 4.0),
        _ => 0.0,
    };
    let wider = radius + draw.half_ulp(middle);
    let interval = Interval { low: printed.low - wider, high: printed.high + wider };
    match draw.op {
        Op::Randn => {
            let below = |x: f64| 0.5 * libm::erfc((draw.mean - x) / draw.std / std::f64::consts::SQRT_2);
            below(interval.high) - below(interval.low)
        }
        _ => (interval.high.min(draw.high) - interval.low.max(draw.low)) / (draw.high - draw.low),
    }
}

/// Whether an observation is what the source gives.
fn agrees(source: &Source, seen: &Seen) -> bool {
    match &seen.what {
        What::Kept(kept) => source.kept(seen.index) == *kept,
        What::Value(interval) => {
            let (value, radius) = source.value(seen.index);
            interval.holds(value, slack(source.draw(), value, radius))
        }
    }
}

/// How far a value of the device may be from ours: none for uniform ones; for normal ones the device's functions, two
/// roundings in binary32, and one in the element type.
fn slack(draw: &Draw, value: f64, radius: f64) -> f64 {
    if draw.op != Op::Randn {
        // Between other bounds, a device may contract the product and the sum: one rounding of either.
        let ends = draw.low.abs().max(draw.high.abs());
        return if draw.is_scaled() { 2.0 * draw.half_ulp(ends) } else { 0.0 };
    }
    let (functions, ulp) = match draw.element {
        Element::F16 => (TOLERANCE, f64::exp2(-10.0)),
        Element::Bf16 => (TOLERANCE, f64::exp2(-7.0)),
        Element::F32 => (TOLERANCE, f64::exp2(-22.0)),
        // The double functions are within two ulp.
        Element::F64 => (f64::exp2(-48.0), f64::exp2(-50.0)),
    };
    draw.std * radius * functions + value.abs().max(draw.mean.abs()) * ulp
}

/// How far any value of the device may be from what is predicted of this draw, at most: 0 where the values are exact.
#[must_use]
pub fn most_slack(draw: &Draw) -> f64 {
    if draw.op != Op::Randn {
        return slack(draw, 0.0, 0.0);
    }
    // sqrt(-2 ln u) of the least u there is.
    let radius = if draw.element == Element::F64 { 8.6 } else { 6.77 };
    slack(draw, draw.mean.abs() + draw.std * radius, radius)
}

fn matches(source: &Source, list: &[Seen], sum: Option<Interval>) -> bool {
    if !list.iter().all(|seen| agrees(source, seen)) {
        return false;
    }
    let Some(sum) = sum else { return true };
    let draw = source.draw();
    let mut kept = 0u64;
    source.each(0..draw.n, |_, block, lane| kept += u64::from(draw.value(block, lane).0 > 0.0));
    let (total, slack) = output_sum(draw, kept);
    sum.holds(total, slack)
}

/// The sum of dropout on ones with so many kept, and how far a sum in binary32 may be from it: nothing while every
/// partial sum is exact, and log2(n) roundings of a tree beyond.
#[expect(clippy::cast_precision_loss, reason = "counts below 2^53")]
fn output_sum(draw: &Draw, kept: u64) -> (f64, f64) {
    let scale = draw.kept_value();
    let total = if kept == 0 { 0.0 } else { kept as f64 * scale };
    let exact = libm::frexp(scale).0 == 0.5 && kept <= 1 << 24;
    let sum = if exact { 0.0 } else { total * f64::exp2(-24.0) * (libm::log2(draw.n as f64) + 1.0) };
    // A sum of 16-bit elements is itself rounded to their type.
    let rounded = if matches!(draw.element, Element::F16 | Element::Bf16) { draw.half_ulp(total) } else { 0.0 };
    (total, sum + rounded)
}

/// The fewest bits that separate a class from another, and how many others are expected to match by chance.
#[expect(clippy::cast_precision_loss, reason = "counts of elements")]
fn separation(
    source: &Source,
    at: usize,
    sources: &[(Source, Vec<Candidate>)],
    list: &[Seen],
    sum: Option<Interval>,
) -> (Option<f64>, f64) {
    let draw = source.draw();
    let (mut apart, mut chance) = (None, 0.0);
    for (_, (other, _)) in sources.iter().enumerate().filter(|(number, _)| *number != at) {
        let mut bits = 0.0;
        if let Some(sum) = sum {
            // The count over the elements that another launch places elsewhere is binomial, and near its mean no value
            // is likelier than 1 / sqrt(2 pi n p q).
            let alike =
                if source.offset() == other.offset() { draw.common(source.threads().min(other.threads())) } else { 0 };
            let differing = draw.n.saturating_sub(alike) as f64;
            // As wide as a match is accepted.
            let accepted = sum.high - sum.low + 2.0 * output_sum(draw, expected_kept(draw)).1;
            let counts = (accepted / draw.kept_value()).max(1.0);
            let likeliest = counts / (std::f64::consts::TAU * differing * draw.keep() * (1.0 - draw.keep())).sqrt();
            bits += if differing > 0.0 { (-libm::log2(likeliest)).max(0.0) } else { 0.0 };
        }
        for seen in list {
            if source.offset() != other.offset() || source.place(seen.index) != other.place(seen.index) {
                bits += seen.bits;
            }
            if bits >= ENOUGH {
                bits = ENOUGH;
                break;
            }
        }
        apart = Some(apart.map_or(bits, |least: f64| least.min(bits)));
        chance += f64::exp2(-bits);
    }
    (apart, chance)
}

/// Observations that no candidate can change, and how many of them agree.
fn shared(sources: &[(Source, Vec<Candidate>)], list: &[Seen]) -> (usize, usize) {
    let Some((first, _)) = sources.first() else { return (0, 0) };
    let least = sources.iter().map(|(s, _)| s.threads()).min().unwrap_or(0);
    let one_offset = sources.iter().all(|(s, _)| s.offset() == first.offset());
    let common = match (sources.len(), one_offset) {
        (1, _) => first.draw().n,
        (_, true) => first.draw().common(least),
        (_, false) => 0,
    };
    let shared: Vec<_> = list.iter().filter(|s| s.index < common).take(COUNTED).collect();
    (shared.len(), shared.iter().filter(|s| agrees(first, s)).count())
}
