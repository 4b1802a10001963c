//! How far two cards agree about one draw.

use serde::Serialize;

use super::{Draw, Geometry, Source};

/// Parts that the tensor is divided into for the map of where two cards differ.
pub const CELLS: usize = 256;
/// Elements whose values are held at a time.
const CHUNK: u64 = 1 << 14;

/// The comparison of two cards.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Agreement {
    /// The first element that comes from another counter, thread or lane.
    pub first_place: Option<u64>,
    /// The first element whose value differs. Later than `first_place` where the values agree by chance.
    pub first_value: Option<u64>,
    /// Elements whose value differs.
    pub differing: u64,
    /// Elements.
    pub n: u64,
    /// The fraction that differs in each of [`CELLS`] equal parts (fewer for a tensor of fewer elements).
    pub map: Vec<f64>,
}

impl Agreement {
    /// The fraction of elements whose value is the same.
    #[must_use]
    #[expect(clippy::cast_precision_loss, reason = "a fraction for people")]
    pub fn fraction(&self) -> f64 {
        1.0 - self.differing as f64 / self.n as f64
    }
}

/// What one thread finds about one pair.
#[derive(Debug, Clone, Default)]
struct Part {
    first_value: Option<u64>,
    cells: Vec<u64>,
}

/// Compares every pair of sources of one draw, `(0, 1), (0, 2) … (1, 2) …`, element by element, on `workers` threads.
/// `seen` is called with every source's number and its values in order of index within each worker's part.
#[must_use]
pub fn compare(sources: &[Source], workers: usize, seen: &(impl Fn(usize, u64, &[f64]) + Sync)) -> Vec<Agreement> {
    let Some(n) = sources.first().map(|s| s.draw().n) else { return Vec::new() };
    let pairs: Vec<(usize, usize)> =
        (0..sources.len()).flat_map(|a| (a + 1..sources.len()).map(move |b| (a, b))).collect();
    let cells = cell_count(n);
    let share = n.div_ceil(workers.max(1) as u64).max(CHUNK);
    let parts: Vec<Vec<Part>> = std::thread::scope(|scope| {
        let tasks: Vec<_> = (0..n)
            .step_by(usize::try_from(share).unwrap_or(usize::MAX))
            .map(|start| {
                let pairs = &pairs;
                scope.spawn(move || part(sources, pairs, start..n.min(start + share), cells, seen))
            })
            .collect();
        tasks.into_iter().map(|task| task.join().unwrap_or_else(|e| std::panic::resume_unwind(e))).collect()
    });
    pairs.iter().enumerate().map(|(pair, (a, b))| join(&sources[*a], &sources[*b], &parts, pair, cells)).collect()
}

fn cell_count(n: u64) -> usize {
    usize::try_from(n).unwrap_or(CELLS).min(CELLS)
}

/// The cell of element `i`.
fn cell(i: u64, n: u64, cells: usize) -> usize {
    usize::try_from(u128::from(i) * cells as u128 / u128::from(n)).unwrap_or(0)
}

fn part(
    sources: &[Source],
    pairs: &[(usize, usize)],
    range: std::ops::Range<u64>,
    cells: usize,
    seen: &(impl Fn(usize, u64, &[f64]) + Sync),
) -> Vec<Part> {
    let mut found = vec![Part { first_value: None, cells: vec![0; cells] }; pairs.len()];
    let mut values = vec![Vec::new(); sources.len()];
    let mut start = range.start;
    while start < range.end {
        let end = range.end.min(start + CHUNK);
        for (number, (source, values)) in sources.iter().zip(&mut values).enumerate() {
            values.clear();
            source.each(start..end, |_, block, lane| values.push(source.draw().value(block, lane).0));
            seen(number, start, values);
        }
        for ((a, b), part) in pairs.iter().zip(&mut found) {
            for ((i, left), right) in (start..).zip(&values[*a]).zip(&values[*b]) {
                if left.to_bits() != right.to_bits() {
                    part.first_value.get_or_insert(i);
                    part.cells[cell(i, sources[*a].draw().n, cells)] += 1;
                }
            }
        }
        start = end;
    }
    found
}

#[expect(clippy::cast_precision_loss, reason = "fractions for a picture")]
fn join(a: &Source, b: &Source, parts: &[Vec<Part>], pair: usize, cells: usize) -> Agreement {
    let n = a.draw().n;
    let counts: Vec<u64> = (0..cells).map(|c| parts.iter().map(|p| p[pair].cells[c]).sum()).collect();
    let mut sizes = vec![0u64; cells];
    for (c, size) in sizes.iter_mut().enumerate() {
        // The first element of a cell is the least i with i × cells / n = c.
        let first = |c: usize| (c as u128 * u128::from(n)).div_ceil(cells as u128);
        *size = u64::try_from(first(c + 1) - first(c)).unwrap_or(1);
    }
    Agreement {
        first_place: first_place(a, b),
        first_value: parts.iter().find_map(|p| p[pair].first_value),
        differing: counts.iter().sum(),
        n,
        map: counts.iter().zip(sizes).map(|(count, size)| *count as f64 / size.max(1) as f64).collect(),
    }
}

/// The first element whose place differs, found by going through the elements: at most the smaller launch's share.
fn first_place(a: &Source, b: &Source) -> Option<u64> {
    if a.offset() != b.offset() {
        return Some(0);
    }
    if a.threads() == b.threads() {
        return None;
    }
    (0..a.draw().n).find(|i| a.place(*i) != b.place(*i))
}

/// The largest tensor that cards place alike, element for element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CommonSize {
    /// Elements, of sizes that the draw's vector width divides; none where cards of one launch size agree at every size.
    pub elements: Option<u64>,
    /// The next size that the kernel takes, at which the first element differs.
    pub next: Option<u64>,
    /// Up to here cards agree at any size: PyTorch chooses the vector width by the size, and an odd one has none.
    pub any: Option<u64>,
    /// Whether going through the elements of both sizes confirmed it.
    pub verified: bool,
}

/// The largest size at which all cards place every element alike, by the rule (the smallest launch times the vector
/// width) and confirmed by going through the elements at that size and at the next. The generators are taken to have
/// the same offset.
#[must_use]
pub fn common_size(draw: &Draw, cards: &[Geometry]) -> CommonSize {
    let mut capacities: Vec<Geometry> = cards.to_vec();
    capacities.sort_by_key(|card| card.capacity());
    capacities.dedup_by_key(|card| card.capacity());
    let [smallest, others @ ..] = &capacities[..] else {
        return CommonSize { elements: None, next: None, any: None, verified: true };
    };
    if others.is_empty() {
        return CommonSize { elements: None, next: None, any: None, verified: true };
    }
    let elements = draw.common(smallest.capacity());
    let next = elements + u64::from(draw.vector);
    let alike = |n: u64, other: &Geometry| {
        let draw = Draw { n, ..draw.clone() };
        let (one, two) = (smallest.threads(n), other.threads(n));
        one == two || (0..n).all(|i| draw.place(i, one) == draw.place(i, two))
    };
    let verified = others.iter().all(|o| alike(elements, o)) && others.iter().all(|o| !alike(next, o));
    CommonSize { elements: Some(elements), next: Some(next), any: Some(smallest.capacity()), verified }
}
